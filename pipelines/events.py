"""Everything that can happen in a session, and everything that can be decided in it.

Two families of frozen dataclasses, and no third place that lists them:

* a **Happening** comes from outside the deciders: the wearer's voice, a picture's scores, words recognised, text read,
  a model's words, the device's acknowledgement, a timer. `t_ns` is the moment at which it was accepted.
* a **Decision** is what the deciders answer: open a turn, look, read, ask, speak, fall silent. `t_ns` is the moment at
  which it was decided: the happening's own, or the deadline's when a timer caused it. `reason` says why, in words.

Times are nanoseconds of the session clock, counted from the session's start. `media_ns` is when something was
*captured* by the device, on the same clock; it is never later than the `t_ns` of the event that carries it.

The stored schema of every event is derived from its dataclass (`recordings.schema`). To add a field, give it a
default; never rename or reuse one. Field types are limited to: int, float, bool, str, bytes, another dataclass of this
file, a tuple of these, or one of these `| None`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import Any, ClassVar, TypeVar

NS = 1_000_000_000
MS = 1_000_000


# ------------------------------------------------------------------------------------------- shapes that events carry


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised or spoken word. `start_ns`/`end_ns`: session clock if heard, offset in the utterance if said."""

    text: str
    start_ns: int = 0
    end_ns: int = 0
    probability: float = 1.0


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


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of text read from a picture, in reading order. `box`: x, y, width, height in pixels of the frame."""

    text: str
    confidence: float
    box: tuple[int, int, int, int] = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Code:
    """One QR code or barcode. `kind`: "qr", "ean13", "ean8", "upca" …; `payload` is what it holds, never opened."""

    kind: str
    payload: str
    box: tuple[int, int, int, int] = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Remembered:
    """One turn as history keeps it. `heard`: what the ear got of the answer; `lines`/`codes`: what was read from the
    picture, whole, whatever of it was spoken."""

    turn: int
    t_ns: int
    question: str
    heard: str = ""
    kind: str = ""
    lines: tuple[TextLine, ...] = ()
    codes: tuple[Code, ...] = ()


# ---------------------------------------------------------------------------------------------------------- happenings


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


@dataclass(frozen=True, slots=True)
class LinkChanged(Happening):
    """The device came, went, or changed what it sends. `state`: "connected", "lost" or "closed"."""

    state: str
    microphone: bool = False
    camera: bool = False
    speaker: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class VoiceWindow(Happening):
    """Voice activity in 32 ms of microphone sound whose last sample was captured at `media_ns`."""

    media_ns: int
    probability: float
    level_dbfs: float = -120.0


@dataclass(frozen=True, slots=True)
class Transcribed(Happening):
    """Words recognised for one `Transcribe` decision. `accepted` is the recogniser's own gate; `why` says what it held
    against the words if not. `cost_ns`: time in the engine."""

    request: int
    text: str
    accepted: bool
    why: str = ""
    words: tuple[Word, ...] = ()
    avg_logprob: float = 0.0
    no_speech: float = 0.0
    cost_ns: int = 0


@dataclass(frozen=True, slots=True)
class Looked(Happening):
    """Scores of the frames that were in the ring in the time a `Look` asked for, oldest first; none = no picture."""

    request: int
    frames: tuple[FrameScore, ...] = ()
    cost_ns: int = 0


@dataclass(frozen=True, slots=True)
class TextRead(Happening):
    """Text found in one frame, in reading order."""

    request: int
    frame_id: int
    lines: tuple[TextLine, ...] = ()
    cost_ns: int = 0


@dataclass(frozen=True, slots=True)
class CodesRead(Happening):
    """Codes found in one frame, left to right."""

    request: int
    frame_id: int
    codes: tuple[Code, ...] = ()
    cost_ns: int = 0


@dataclass(frozen=True, slots=True)
class ModelText(Happening):
    """A piece of the model's answer."""

    request: int
    text: str


@dataclass(frozen=True, slots=True)
class ModelDone(Happening):
    """The model's answer ended. `finish`: the dialect's word for why ("stop", "length", …)."""

    request: int
    finish: str = ""
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class ModelFailed(Happening):
    """The model gave no (whole) answer. `kind`: one of `pipelines.thinking.failures.KINDS`; `detail` is for the log."""

    request: int
    kind: str
    detail: str = ""


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
    """A question that was typed, not spoken. It opens a turn as spoken words do."""

    text: str


@dataclass(frozen=True, slots=True)
class Resumed(Happening):
    """The deciders are put where they stood at rest: nobody speaks, nothing is under way, no timer runs.

    Begins a slice cut out of a session, and each turn that is replayed by itself. `number`: the last request or
    utterance number given out; `turn`: the last turn; `rate_change_wpm`: how far the wearer moved the pace;
    `refused_ns`: when words were last refused aloud; `voice_ns`, `window_ns`: last voiced sample and last window."""

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


@dataclass(frozen=True, slots=True)
class SessionEnded(Happening):
    """The last event; deadlines up to here are delivered before it."""

    reason: str = ""


# ----------------------------------------------------------------------------------------------------------- decisions


@dataclass(frozen=True, slots=True)
class Decision:
    """Base of everything the deciders decide. The digest of a session is taken over these, in order, all fields."""

    t_ns: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StateChanged(Decision):
    """The conversation went from one state to another (`pipelines.conversation`)."""

    old: str = ""
    new: str = ""
    signal: str = ""


@dataclass(frozen=True, slots=True)
class SpeechStarted(Decision):
    """The wearer began to speak; `media_ns`: first voiced sample, pre-roll not counted."""

    media_ns: int = 0


@dataclass(frozen=True, slots=True)
class SpeechPaused(Decision):
    """The wearer fell silent; `media_ns`: last voiced sample so far."""

    media_ns: int = 0


@dataclass(frozen=True, slots=True)
class TurnOpened(Decision):
    """A turn is certain: the wearer said something that asks for an answer."""

    turn: int = 0
    text: str = ""
    intent: str = ""
    speech_start_ns: int = 0
    speech_end_ns: int = 0


@dataclass(frozen=True, slots=True)
class TurnClosed(Decision):
    """The turn is over. `outcome`: "answered", "stopped", "interrupted", "failed". `heard`: what the ear got."""

    turn: int = 0
    outcome: str = ""
    said: str = ""
    heard: str = ""


@dataclass(frozen=True, slots=True)
class Transcribe(Decision):
    """Recognise the microphone's sound captured in [start_ns, end_ns). Session clock."""

    request: int = 0
    start_ns: int = 0
    end_ns: int = 0


@dataclass(frozen=True, slots=True)
class Look(Decision):
    """Score the frames captured in [start_ns, end_ns); the latest before it if there is none inside."""

    request: int = 0
    turn: int = 0
    start_ns: int = 0
    end_ns: int = 0


@dataclass(frozen=True, slots=True)
class FrameChosen(Decision):
    """This frame is the one the wearer meant. `problem`: "" or what is wrong with it (dark, blurred, stale …)."""

    turn: int = 0
    frame: FrameScore | None = None
    age_ms: int = 0
    candidates: int = 0
    problem: str = ""
    policy: str = ""


@dataclass(frozen=True, slots=True)
class KeepStill(Decision):
    """Keep this frame in the recording as a picture (JPEG), whether or not it leaves the device."""

    turn: int = 0
    frame_id: int = 0


@dataclass(frozen=True, slots=True)
class AskKeyFrame(Decision):
    """Ask the sender for a key frame (RTCP PLI)."""


@dataclass(frozen=True, slots=True)
class ReadText(Decision):
    request: int = 0
    turn: int = 0
    frame_id: int = 0


@dataclass(frozen=True, slots=True)
class ReadCodes(Decision):
    request: int = 0
    turn: int = 0
    frame_id: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a query. `role`: "system", "user" or "assistant"; `frame_id` > 0 attaches that picture."""

    role: str
    text: str
    frame_id: int = 0


@dataclass(frozen=True, slots=True)
class AskModel(Decision):
    """Send a query to the configured model. The only decision by which anything leaves the device."""

    request: int = 0
    turn: int = 0
    messages: tuple[Message, ...] = ()
    max_tokens: int = 0
    image_px: int = 0  # longest side of the picture as sent


@dataclass(frozen=True, slots=True)
class Cancel(Decision):
    """Forget a request: close its socket, drop its result."""

    request: int = 0
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Speak(Decision):
    """Say one chunk of an utterance. `kind`: what sort of words they are ("reading", "code", "history", "model",
    "status", "failure"), which picks the voice; `last`: nothing follows in this utterance."""

    utterance: int = 0
    chunk: int = 0
    turn: int = 0
    text: str = ""
    kind: str = ""
    voice: str = ""
    rate_wpm: int = 0
    last: bool = False


@dataclass(frozen=True, slots=True)
class Duck(Decision):
    """Lower (or restore) the answer's loudness at once: the wearer may be speaking."""

    on: bool = False


@dataclass(frozen=True, slots=True)
class PausePlay(Decision):
    """Hold the answer where it is (`on`), or go on from there."""

    on: bool = False


@dataclass(frozen=True, slots=True)
class StopPlay(Decision):
    """Drop what is left of this utterance, rendered or not."""

    utterance: int = 0


@dataclass(frozen=True, slots=True)
class SetVolume(Decision):
    gain_db: float = 0.0


@dataclass(frozen=True, slots=True)
class Earcon(Decision):
    """A short sound with a meaning: "heard", "thinking", "failed"."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class Caption(Decision):
    """Text for a screen, where there is one. `who`: "wearer" or "companion"."""

    who: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Noted(Decision):
    """A decision not to act, or a fact worth a line in the log. `what` is a short stable name."""

    what: str = ""


# -------------------------------------------------------------------------------------------------------------- helpers


K = TypeVar("K", Happening, Decision)


def _family(base: type[K]) -> dict[str, type[K]]:
    """The direct subclasses by name. `slots` makes each class twice; the later one is the one in use."""
    return {cls.__name__: cls for cls in base.__subclasses__()}


class Kinds:
    """Every event of this file by name, in one table made from the classes themselves."""

    HAPPENINGS: ClassVar[dict[str, type[Happening]]] = _family(Happening)
    DECISIONS: ClassVar[dict[str, type[Decision]]] = _family(Decision)


def plain(event: object) -> dict[str, Any]:
    """An event as nested dicts, lists and scalars, in field order; equal events give equal output on any machine.

    Floats are given as they are: deciders take them from events, so live and replay see the same bits.
    """
    out: dict[str, Any] = {"event": type(event).__name__} if isinstance(event, Happening | Decision) else {}
    for f in fields(event):  # type: ignore[arg-type]
        out[f.name] = _plain_value(getattr(event, f.name))
    return out


def _plain_value(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return plain(value)
    if isinstance(value, tuple):
        return [_plain_value(v) for v in value]
    if isinstance(value, bytes):
        return value.hex()
    return value
