"""What comes from outside the deciders. See `pipelines.events`."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.events.shapes import (
    IN_TIME,
    NO_MEMORY,
    NO_PREFERENCES,
    NOWHERE,
    UNKNOWN_DEVICE,
    Alarm,
    Code,
    Colour,
    Device,
    FrameScore,
    Guide,
    Lateness,
    Memory,
    ModelInfo,
    Preferences,
    Remembered,
    TextLine,
    ToolCall,
    ToolInfo,
    Trip,
    Whereabouts,
    Word,
)


@dataclass(frozen=True, slots=True)
class Happening:
    """Base of everything that comes from outside the deciders."""

    t_ns: int


@dataclass(frozen=True, slots=True)
class SessionStarted(Happening):
    """The first event. The deciders know nothing of the world that is not in the settings or in here."""

    recogniser: str = ""  # name of the speech model
    closed_vocabulary: bool = False  # True: it knows only the phrases it was trained on
    model: str = ""  # name of the model profile that questions go to; "" = none configured
    voices: tuple[str, ...] = ()  # voices that work here, best first
    recording: bool = True
    wall_clock: str = ""  # local ISO time at t=0, for answers that name a time
    models: tuple[ModelInfo, ...] = ()  # that may be asked, the preferred one first
    tools: tuple[ToolInfo, ...] = ()  # that models may use here
    spent_tokens: int = 0  # on models, today, before this session
    spent_usd: float = 0.0
    missing: str = ""  # why there is no model: a kind of failure
    preferences: Preferences = NO_PREFERENCES  # what the wearer asked for in earlier sessions
    wake_word: str = ""  # what the wake word engine listens for; "" = there is none
    turn_model: str = ""  # the audio turn model that is asked; "" = none
    cancels_echo: bool = False  # the companion can take its own voice out of the microphone's sound
    memory: bool = (
        False  # what is told and asked is to be remembered beyond the session; if it cannot be, each try fails
    )
    reminders: tuple[Memory, ...] = ()  # of earlier sessions, still to come or missed
    offers: bool = False  # a fact that is told in passing is offered to be remembered


@dataclass(frozen=True, slots=True)
class LinkChanged(Happening):
    """The device came, went, or changed what it sends. `state`: "connected", "lost" or "closed"."""

    state: str
    microphone: bool = False
    camera: bool = False
    speaker: bool = False
    detail: str = ""
    echo: str = ""  # what the device says of its own sound in its microphone: "none", "cancelled", "open"; "" = nothing
    resumed: bool = False  # the same wearer's session goes on, over a new connection
    device: Device = UNKNOWN_DEVICE


@dataclass(frozen=True, slots=True)
class MediaFlow(Happening):
    """Nothing comes any more from a microphone or a camera that is connected, or it comes again. `track`: "microphone"
    or "camera"."""

    track: str
    flows: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PhotoCame(Happening):
    """The first picture since an `AskKeyFrame`, of a device whose camera rests until it is asked. `media_ns`: when it
    was taken."""

    frame_id: int
    media_ns: int


@dataclass(frozen=True, slots=True)
class VoiceWindow(Happening):
    """Voice activity in 32 ms of microphone sound whose last sample was captured at `media_ns`. `loud_ns`: when the
    last sample in it was captured that is loud enough to be speech beside what was heard just before; 0 = none, or
    unknown."""

    media_ns: int
    probability: float
    level_dbfs: float = -120.0
    loud_ns: int = 0


@dataclass(frozen=True, slots=True)
class WakeHeard(Happening):
    """The wake word engine heard its word, which ended at `media_ns`."""

    media_ns: int
    phrase: str
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class TurnScored(Happening):
    """What an audio turn model holds of one pause: `probability` that the wearer has finished."""

    request: int
    probability: float
    cost_ns: int = 0


@dataclass(frozen=True, slots=True)
class Transcribed(Happening):
    """Words recognised for one `Transcribe` decision. `accepted` is the recogniser's own gate; `why` says what it held
    against the words if not. `purpose`: what they are for, where there is a memory ("tell", "ask", "forget", "about",
    "other", "chat"), and `purposeful`: how likely that is. `cost_ns`: time in the engine."""

    request: int
    text: str
    accepted: bool
    why: str = ""
    words: tuple[Word, ...] = ()
    avg_logprob: float = 0.0
    no_speech: float = 0.0
    cost_ns: int = 0
    purpose: str = ""
    purposeful: float = 0.0


@dataclass(frozen=True, slots=True)
class Looked(Happening):
    """Scores of the frames that were in the ring in the time a `Look` asked for, oldest first; none = no picture.
    `seldom`: the camera gives a picture now and then, two at most in the two seconds up to its last one."""

    request: int
    frames: tuple[FrameScore, ...] = ()
    cost_ns: int = 0
    seldom: bool = False


@dataclass(frozen=True, slots=True)
class TextRead(Happening):
    """Text found in one frame, in reading order: all of it, or, while `more` is True, the next lines of it. `unread`:
    where there is text that could not be read surely (its words are not to be believed); `cut`: at which edges of the
    picture text runs off ("left", "right", "top", "bottom"); `hampered`: what of the picture keeps text from being
    read: "glare", "blurred", or ""."""

    request: int
    frame_id: int
    lines: tuple[TextLine, ...] = ()
    cost_ns: int = 0
    unread: tuple[TextLine, ...] = ()
    cut: tuple[str, ...] = ()
    more: bool = False
    hampered: str = ""


@dataclass(frozen=True, slots=True)
class Measured(Happening):
    """What one frame, and what came before it, says without a model. `colours`: of what is in the middle, the largest
    share first; `light`: "dark", "dim", "normal", "bright" or "coloured" (all of it has one
    tint); `moving`: share of the picture that moves, beyond what a
    turning head explains, 0..1, below 0 = unknown (one frame only)."""

    request: int
    frame_id: int
    colours: tuple[Colour, ...] = ()
    light: str = ""
    moving: float = -1.0
    cost_ns: int = 0


@dataclass(frozen=True, slots=True)
class PictureCovered(Happening):
    """Before a picture left for `request`, so many parts of it were covered by the wearer's rules; or it was withheld:
    why."""

    request: int
    frame_id: int = 0
    covered: int = 0
    withheld: str = ""


@dataclass(frozen=True, slots=True)
class CodesRead(Happening):
    """Codes found in one frame, left to right."""

    request: int
    frame_id: int
    codes: tuple[Code, ...] = ()
    cost_ns: int = 0
    table: bool = False  # the wearer has a table of articles
    unread: int = 0  # QR codes that are there besides, and cannot be read


@dataclass(frozen=True, slots=True)
class ModelText(Happening):
    """A piece of the model's answer."""

    request: int
    text: str


@dataclass(frozen=True, slots=True)
class ModelDone(Happening):
    """The model's answer ended. `finish`: the wire's word for why ("stop", "length", …); `calls`: tools it wants used
    before it goes on; `carry`: what the wire format wants back with them. Of `input_tokens`, `cached_tokens` were
    cheaper; of `output_tokens`, `reasoning_tokens` were never to be seen."""

    request: int
    finish: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    calls: tuple[ToolCall, ...] = ()
    carry: str = ""


@dataclass(frozen=True, slots=True)
class ModelFailed(Happening):
    """The model gave no (whole) answer. `kind`: one of `pipelines.thinking.failures.KINDS`; `detail` is for the log."""

    request: int
    kind: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ToolDone(Happening):
    """What came of a `RunTool`. `text`: for the model; `failed`: "" or why there is no result ("stopped", "too slow",
    "refused", "bad arguments", "failed"); `sources`: web addresses that the text is from."""

    request: int
    text: str = ""
    failed: str = ""
    sources: tuple[str, ...] = ()
    cost_ns: int = 0


@dataclass(frozen=True, slots=True)
class Memorised(Happening):
    """What came of a `Memorise`: it is on the disk. `trouble`: "" or why it is not, e.g. "locked", "full", "broken"."""

    request: int
    memory: Memory = NO_MEMORY
    replaced: tuple[Memory, ...] = ()
    trouble: str = ""
    cost_ns: int = 0


@dataclass(frozen=True, slots=True)
class Recalled(Happening):
    """What came of a `Recall`, best first."""

    request: int
    memories: tuple[Memory, ...] = ()
    trouble: str = ""
    cost_ns: int = 0


@dataclass(frozen=True, slots=True)
class Forgotten(Happening):
    """What came of a `Forget`. `count`: memories that are gone; `files`: recordings and pictures that were deleted or
    rewritten; `trouble`: "" or what could not be done."""

    request: int
    count: int = 0
    files: int = 0
    trouble: str = ""
    cost_ns: int = 0


@dataclass(frozen=True, slots=True)
class ToolsChanged(Happening):
    """The tools of one source are these from now on. `detail`: why, for the log."""

    source: str
    tools: tuple[ToolInfo, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Spent(Happening):
    """What all sessions of this companion together have spent on models so far on this day (local date)."""

    day: str
    tokens: int = 0
    usd: float = 0.0


@dataclass(frozen=True, slots=True)
class WorkFailed(Happening):
    """An engine raised. `kind`: the lane ("transcribe", "look", "read_text", "read_codes", "voice")."""

    request: int
    kind: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ChunkVoiced(Happening):
    """A chunk of speech was rendered and queued: its words with their offsets in the chunk, and its length."""

    utterance: int
    chunk: int
    duration_ns: int
    words: tuple[Word, ...] = ()
    cost_ns: int = 0


@dataclass(frozen=True, slots=True)
class PlayMark(Happening):
    """Where playing stands on our side. `mark`: "started" (first packet of the chunk handed to the link), "finished"
    (last packet of the last chunk), "stopped" (cut at `position_ns`), "paused", "resumed". `position_ns`: sound of this
    utterance that has left, over all chunks."""

    utterance: int
    chunk: int
    mark: str
    position_ns: int = 0


@dataclass(frozen=True, slots=True)
class HeardMark(Happening):
    """The device's own word on what reached the ear. `mark`: "first" (first audible sample of the utterance received),
    "progress", "last". `media_ns` is the device's time mapped to the session clock; `position_ns` as in PlayMark."""

    utterance: int
    mark: str
    media_ns: int
    position_ns: int = 0


@dataclass(frozen=True, slots=True)
class ClockMapped(Happening):
    """One ping answered: device clock = session clock + `offset_ns`, give or take half of `round_trip_ns`."""

    offset_ns: int
    round_trip_ns: int


@dataclass(frozen=True, slots=True)
class DeviceEvent(Happening):
    """The wearer or the device did something: "tap", "battery", … `value` as the device said it."""

    kind: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Typed(Happening):
    """A question that was typed, not spoken. It opens a turn as spoken words do. `purpose`, `purposeful`: as in
    `Transcribed`."""

    text: str
    purpose: str = ""
    purposeful: float = 0.0


@dataclass(frozen=True, slots=True)
class Resumed(Happening):
    """The deciders are put where they stood at rest: nobody speaks, nothing is under way, no timer runs.

    Begins a slice cut out of a session, and each turn that is replayed by itself. `number`: the last request or
    utterance number given out; `turn`: the last turn; `rate_change_wpm`: how far the wearer moved the pace;
    `refused_ns`: when words were last refused aloud; `voice_ns`, `window_ns`: last voiced sample and last window;
    `mode`: the one the wearer asked for until further notice; `tools`: those that have changed since the start."""

    number: int = 0
    turn: int = 0
    link: LinkChanged | None = None
    history: tuple[Remembered, ...] = ()
    greeted: bool = False
    gain_db: float = 0.0
    rate_change_wpm: int = 0
    last_said: str = ""
    last_said_kind: str = ""
    refused_ns: int = 0
    voice_ns: int = 0
    window_ns: int = 0
    mode: str = ""
    alarms: tuple[Alarm, ...] = ()
    spent_day: str = ""
    spent_tokens: int = 0
    spent_usd: float = 0.0
    guide: Guide | None = None
    trips: tuple[Trip, ...] = ()
    tools: tuple[ToolInfo, ...] = ()
    preferences: Preferences = NO_PREFERENCES
    attention: str = ""  # "open", "follow-up", "closed", "asleep"; "" = as the settings say
    attention_until_ns: int = 0  # when a follow-up ends
    pauses_ms: tuple[int, ...] = ()  # of this wearer, inside their turns, the latest last
    wearer_dbfs: float = 0.0  # how loud their voice comes in; 0 = not known yet
    half_duplex: bool = False  # it was found that the microphone hears our own voice
    shed: int = 0  # how much is left out for want of time
    early_ns: tuple[int, ...] = ()  # when questions were asked that turned out to be too early, in the last minute
    pictures: str = ""  # "seen": looks have found some; "lost": they find none any more; "" = there were none yet
    echoes: int = 0  # of our own voice that were known as such
    echoed_ns: int = -60_000_000_000  # the last of them
    noise_dbfs: float = 0.0  # what the microphone gives when nobody speaks; 0 = not known yet
    lateness: Lateness = IN_TIME
    reading: tuple[int, ...] = ()  # the turn whose text was read last, and the line of it that was heard last
    private: bool = False  # the wearer asked that nothing leaves
    ear_delay_ns: int = -1  # how long after it leaves here our sound is in the ear; below 0 = not known
    microphone: str = ""  # the one that the device said it listens with
    reminders: tuple[Memory, ...] = ()  # of those alarms, what is in the wearer's database
    place: str = ""  # where the device said that it is
    whereabouts: Whereabouts = NOWHERE
    recalled: tuple[Memory, ...] = ()  # what "that" is: what was told or answered from memory last
    untold: tuple[str, ...] = ()  # of a list out of memory, what was not said yet
    offered: tuple[str, ...] = ()  # facts told in passing that the wearer was asked about
    slow_camera: bool = False  # it was asked for fewer pictures
    lull_ns: int = 0  # when it will be, if nobody speaks until then; 0 = it will not


@dataclass(frozen=True, slots=True)
class SessionEnded(Happening):
    """The last event; deadlines up to here are delivered before it."""

    reason: str = ""
