"""The shapes that events carry: words, pictures, text, tools, models, messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised or spoken word. `start_ns`/`end_ns`: session clock if heard, offset in the utterance if said."""

    text: str
    start_ns: int = 0
    end_ns: int = 0
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the wearer asked for by voice and wants to find again. Zeros and "" are as the settings say.

    `rate_change_wpm`: faster or slower; `gain_db`: louder or quieter; `verbosity`: "", "short" or "long"; `muted`:
    answers are shown and not spoken; `quiet`: no earcons."""

    rate_change_wpm: int = 0
    gain_db: float = 0.0
    verbosity: str = ""
    muted: bool = False
    quiet: bool = False


NO_PREFERENCES: Final = Preferences()


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late sound comes, as far as it was followed up to `at_ns`: `usual_ns` on this path; since when it is late
    again and again, or in time (0 = it is not); when something was last brought back, and how much more patiently than
    the settings say the next is."""

    usual_ns: int = 0
    at_ns: int = 0
    late_since_ns: int = 0
    timely_since_ns: int = 0
    eased_ns: int = 0
    patience: int = 1


IN_TIME: Final = Lateness()


@dataclass(frozen=True, slots=True)
class Device:
    """What a device says that it can do, as far as behaviour depends on it; "", 0 and False = it did not say.

    `rests_for_speaker`, `rests_for_camera`: its microphone rests while that works; `half_duplex`: for both, as older
    recordings say it; `photo_only`: its camera streams nothing and takes a picture when asked, which comes within
    `photo_delay_ms`; `microphone_hz`: twice the highest frequency that it hears; `idle_fps`: so few pictures a second
    its camera may be asked for while nobody needs more, 0 = it does not change."""

    name: str = ""
    half_duplex: bool = False
    photo_only: bool = False
    photo_delay_ms: int = 0
    microphone_hz: int = 0
    rests_for_speaker: bool = False
    rests_for_camera: bool = False
    idle_fps: float = 0.0

    @property
    def deaf_while_speaking(self) -> bool:
        return self.half_duplex or self.rests_for_speaker

    @property
    def deaf_while_looking(self) -> bool:
        return self.half_duplex or self.rests_for_camera


UNKNOWN_DEVICE: Final = Device()


@dataclass(frozen=True, slots=True)
class FrameScore:
    """What cheap measurements say of one picture. See `pipelines.seeing.quality` for each scale."""

    frame_id: int
    media_ns: int
    width: int = 0
    height: int = 0
    sharpness: float = 0.0  # variance of the Laplacian at 640 px width; below `blurred` the text cannot be read
    brightness: float = 0.0  # mean luma, 0..255
    contrast: float = 0.0  # standard deviation of luma, 0..127
    motion: float = 0.0  # mean absolute luma difference to the frame before, 0..255
    glare: float = 0.0  # share of the picture that is blown out, 0..1
    scene: tuple[int, ...] = ()  # luma of 8 x 6 parts, row by row; only of a glimpse


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of text read from a picture, in reading order. `box`: x, y, width, height in pixels of the frame;
    `apart`: something that cannot be read stands in its row, between it and the line before."""

    text: str
    confidence: float
    box: tuple[int, int, int, int] = (0, 0, 0, 0)
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """One QR code or barcode. `kind`: "qr", "ean13", "ean8", "upca" …; `payload` is what it holds, never opened;
    `article`, `note`: what the wearer's own table has under its number."""

    kind: str
    payload: str
    box: tuple[int, int, int, int] = (0, 0, 0, 0)
    article: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour in a word that people use ("dark green"), and the share of what was looked at that has it, 0..1."""

    name: str
    share: float


@dataclass(frozen=True, slots=True)
class View:
    """One picture as a model is shown it: a frame, or a part of one. `box`: x, y, width, height in pixels of the frame,
    all 0 = the whole; `px`: longest side as sent, 0 = as it is; `quality`: of the JPEG, 1 to 100; `name`: what the
    model is told it is ("the picture", "crop 2 of frame 31")."""

    frame_id: int
    box: tuple[int, int, int, int] = (0, 0, 0, 0)
    px: int = 0
    quality: int = 85
    name: str = ""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model wants a tool used. `arguments`: JSON text as the model wrote it, perhaps not valid; `carry`: what the
    wire format wants back beside the call, as it came, "" if nothing."""

    call_id: str
    name: str
    arguments: str = ""
    carry: str = ""


@dataclass(frozen=True, slots=True)
class ToolInfo:
    """A tool that exists in this session. `parameters`: JSON schema as text; `permission`: "local read", "net read",
    "write" or "send"; `source`: "built in", "sandbox", or the name of the MCP server it comes from."""

    name: str
    description: str
    parameters: str = '{"type": "object", "properties": {}}'
    permission: str = "local read"
    source: str = "built in"


@dataclass(frozen=True, slots=True)
class ImageRule:
    """How a vendor counts a picture's tokens. `kind`: "patches" (one a square of `patch_px`, at most `max_tokens`),
    "fixed" (`low`, `medium` or `high`, whatever its size), "" (not known). `max_px`: longest side it takes, 0 = any."""

    kind: str = ""
    patch_px: int = 0
    max_tokens: int = 0
    max_px: int = 0
    low: int = 0
    medium: int = 0
    high: int = 0


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that may be asked, as far as deciders need to know it. `trains`: "no", "opt-out", "discount" or
    "unknown": whether its vendor learns from what it is sent. Prices in US dollars a million tokens, below 0 = not
    known. `spoken`: what it is called aloud, "" = its name; `profile`: the whole profile as JSON text, for a replay."""

    name: str
    local: bool = False
    vision: bool = True
    tools: bool = True
    trains: str = "unknown"
    input_usd: float = -1.0
    output_usd: float = -1.0
    cached_usd: float = -1.0
    image: ImageRule = ImageRule()
    max_images: int = 0
    min_output_tokens: int = 0
    profile: str = ""
    spoken: str = ""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A timer or a reminder that will be spoken. `kind`: "timer" or "reminder"; `text`: what it is for; `place`: where
    it is spoken, as the device names it, in place of a time; `memory`: its id in the wearer's database, 0 = not (yet)
    there, below 0 = it ends with the session."""

    number: int
    due_ns: int
    kind: str = "timer"
    text: str = ""
    place: str = ""
    memory: int = 0


@dataclass(frozen=True, slots=True)
class Memory:
    """One thing that is remembered beyond a session. `what`: "fact" (told, or inferred and confirmed), "place" (what
    was seen at a scene change), "turn" (a question and its answer) or "reminder". `id`: in the wearer's database, 0 =
    not stored yet; `text`: in the words that were used; `answer`: of a turn; `subject`: whom or what it is about, as
    said; `how`: "told", "inferred", "seen", "asked"; `sensitivity`: "", "health", "money", "secret", "person"; `at_s`:
    when it was said or seen, seconds since 1970; `due_s`: of a reminder; `place`: in words that the wearer used;
    `session`, `turn`: where it comes from; `thumb`: name of its small picture; `replaced_s`: when something newer took
    its place, 0 = it stands; `score`: how well it fits what was looked for, 0 to 1; `fits`: how likely a fact
    answers the question that it was looked for with, 0 to 1."""

    id: int = 0
    what: str = "fact"
    text: str = ""
    subject: str = ""
    how: str = "told"
    sensitivity: str = ""
    at_s: float = 0.0
    due_s: float = 0.0
    place: str = ""
    answer: str = ""
    session: str = ""
    turn: int = 0
    thumb: str = ""
    replaced_s: float = 0.0
    score: float = 0.0
    fits: float = 0.0


NO_MEMORY: Final = Memory()


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What is known of where the wearer is. `look_ns`: when the next glimpse is due, 0 = none is; `stored_ns`: when a
    place was last stored; `last`, `stored`: the `scene` of the last glimpse and of the place that was stored; `told`,
    `told_ns`: the place in the wearer's own words, and when they said so; `same`: how many glimpses in a row saw
    what was stored."""

    look_ns: int = 0
    stored_ns: int = 0
    last: tuple[int, ...] = ()
    stored: tuple[int, ...] = ()
    told: str = ""
    told_ns: int = 0
    same: int = 0


NOWHERE: Final = Whereabouts()


@dataclass(frozen=True, slots=True)
class Sent:
    """What went to one model in one turn. `letters`: of all words, instructions included; `earlier`: turns before this
    one among them; `end`: "" = it answered, else the kind of failure; `memories`: what went along of the wearer's."""

    model: str
    questions: int = 1
    letters: int = 0
    pictures: int = 0
    earlier: int = 0
    end: str = ""
    memories: int = 0


@dataclass(frozen=True, slots=True)
class Trace:
    """What an answer came from, beside what history keeps anyway. `frame`: the one chosen; `before_ms`: how long before
    the wearer's last word it was taken, below 0 = after it; `problem`, `policy`: of that choice; `covered`: parts that
    were covered in the pictures sent; `kept_back`: why something was not sent, in words; `private`: private mode was
    on; `reason`: why it was asked in this mode."""

    frame: FrameScore | None = None
    before_ms: int = 0
    problem: str = ""
    policy: str = ""
    sent: tuple[Sent, ...] = ()
    covered: int = 0
    kept_back: str = ""
    private: bool = False
    reason: str = ""


NO_TRACE = Trace()


@dataclass(frozen=True, slots=True)
class Remembered:
    """One turn as history keeps it. `heard`: what the ear got of the answer; `lines`/`codes`: what was read from the
    picture, whole, whatever of it was spoken; `views`: what was looked at, in order; `caption`: words that stand for
    the picture in later queries; `asked`: models that were sent something; `used`: tools with effects
    that were; `links`, `sources`: kept aside, unspoken; `shown`: the answer, if it was shown and not
    (only) spoken; `trace`: what it came from; `unread`: parts of the picture's text that could not be read;
    `recalled`: what was remembered that it came from."""

    turn: int
    t_ns: int
    question: str
    heard: str = ""
    kind: str = ""
    lines: tuple[TextLine, ...] = ()
    codes: tuple[Code, ...] = ()
    mode: str = ""
    caption: str = ""
    views: tuple[View, ...] = ()
    asked: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    tokens: int = 0
    usd: float = 0.0
    used: tuple[str, ...] = ()
    shown: str = ""
    trace: Trace = NO_TRACE
    unread: int = 0
    recalled: tuple[Memory, ...] = ()


@dataclass(frozen=True, slots=True)
class Guide:
    """A task that the wearer is led through, step by step. `step` counts from 1; `seen`: a caption of the last look."""

    goal: str
    step: int = 1
    said: str = ""
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Trip:
    """A model that failed: `failures` in a row; not asked again before `until_ns`."""

    model: str
    failures: int = 0
    until_ns: int = 0
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a query. `role`: "system", "user", "assistant" or "tool". `frame_id` > 0 attaches that picture, at
    the query's `image_px`; `views` attach more, behind it; only the user's messages may have pictures. An assistant's
    message may hold `calls`, and `carry` as it came with them; a tool's message answers the call `call_id` of the tool
    `name`, and `failed` says that there is no result. `memories`: so many of the wearer's are in the text."""

    role: str
    text: str
    frame_id: int = 0
    views: tuple[View, ...] = ()
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""
    name: str = ""
    failed: bool = False
    carry: str = ""
    memories: int = 0
