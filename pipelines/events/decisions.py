"""What the deciders answer. See `pipelines.events`."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.events.shapes import NO_MEMORY, NO_PREFERENCES, FrameScore, Memory, Message, Preferences, View


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
    """The wearer fell silent; `media_ns`: last voiced sample so far, from which silence counts. `loud_ns`: the last
    loud one, which is what an ear would call the end; 0 = not known."""

    media_ns: int = 0
    loud_ns: int = 0


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
    """The turn is over. `outcome`: "answered", "stopped", "interrupted", "failed", "continued" (the wearer had not
    finished: their whole words are the next turn). `heard`: what the ear got."""

    turn: int = 0
    outcome: str = ""
    said: str = ""
    heard: str = ""


@dataclass(frozen=True, slots=True)
class TurnJudged(Decision):
    """How much silence ends the turn, from what was said so far. `policy` and `rule`: by their names in the table;
    `wait_ms`: silence since the last voiced sample; `learned`: what this wearer's own pauses made of it (1 = nothing);
    `finished`: what the audio turn model held, below 0 = not asked."""

    policy: str = ""
    rule: str = ""
    wait_ms: int = 0
    learned: float = 1.0
    finished: float = -1.0


@dataclass(frozen=True, slots=True)
class ScoreTurn(Decision):
    """Ask the audio turn model of the sound captured in [start_ns, end_ns)."""

    request: int = 0
    start_ns: int = 0
    end_ns: int = 0


@dataclass(frozen=True, slots=True)
class Speculation(Decision):
    """What became of a query that left before the turn was certain. `outcome`: "kept", "dropped" (the wearer went on),
    "refused" (it did not leave: too many of late, or no time)."""

    turn: int = 0
    request: int = 0
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class AttentionChanged(Decision):
    """Whether words open a turn now. States: "open", "follow-up", "closed", "asleep"; `until_ns`: of a follow-up."""

    old: str = ""
    new: str = ""
    until_ns: int = 0


@dataclass(frozen=True, slots=True)
class Prefer(Decision):
    """Remember this for the sessions to come."""

    preferences: Preferences = NO_PREFERENCES


@dataclass(frozen=True, slots=True)
class Shed(Decision):
    """There is not time for everything: `what` is left out from now on (all of it, not only what is new); () = nothing.
    `late_ms`: how late the microphone's sound was."""

    level: int = 0
    what: tuple[str, ...] = ()
    late_ms: int = 0


@dataclass(frozen=True, slots=True)
class Transcribe(Decision):
    """Recognise the microphone's sound captured in [start_ns, end_ns). Session clock."""

    request: int = 0
    start_ns: int = 0
    end_ns: int = 0


@dataclass(frozen=True, slots=True)
class Look(Decision):
    """Score the frames captured in [start_ns, end_ns); the latest before it if there is none inside. `glimpse`: only
    the latest of them that can be decoded by itself, or none, with its `scene`."""

    request: int = 0
    turn: int = 0
    start_ns: int = 0
    end_ns: int = 0
    glimpse: bool = False


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
    """Keep this frame, or the part of it in `box`, in the recording as a picture (JPEG), whether or not it leaves the
    device."""

    turn: int = 0
    frame_id: int = 0
    box: tuple[int, int, int, int] = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class AskKeyFrame(Decision):
    """Ask the sender for a key frame (RTCP PLI); a camera that takes photos, for a photo."""


@dataclass(frozen=True, slots=True)
class AskFrameRate(Decision):
    """Ask the device for at most so many pictures a second, until it is asked for others."""

    fps: float = 0.0


@dataclass(frozen=True, slots=True)
class ReadText(Decision):
    request: int = 0
    turn: int = 0
    frame_id: int = 0


@dataclass(frozen=True, slots=True)
class Measure(Decision):
    """Colours, light and movement of `frame_id`; `before_id`: a frame some 300 ms before it, 0 = there is none."""

    request: int = 0
    turn: int = 0
    frame_id: int = 0
    before_id: int = 0


@dataclass(frozen=True, slots=True)
class Follow(Decision):
    """Decode along with the camera while this is on: what is asked for next is already there."""

    on: bool = False


@dataclass(frozen=True, slots=True)
class ReadCodes(Decision):
    request: int = 0
    turn: int = 0
    frame_id: int = 0


@dataclass(frozen=True, slots=True)
class AskModel(Decision):
    """Send a query to a model. With `RunTool`, the only decision by which anything leaves the device."""

    request: int = 0
    turn: int = 0
    messages: tuple[Message, ...] = ()
    max_tokens: int = 0
    image_px: int = 0  # longest side of the picture as sent
    model: str = ""  # which one; "" = the first
    mode: str = ""  # "instant", "thinking" or "contemplating": how hard it shall think
    worker: str = ""  # one of several at the same question: "reader", "knower", "sceptic", "synthesiser"
    tools: tuple[str, ...] = ()  # names of the tools that it may use
    image_quality: int = 85
    speculative: bool = False  # sent while the turn was not yet certain


@dataclass(frozen=True, slots=True)
class RunTool(Decision):
    """Use a tool that is not the deciders' own. `arguments`: JSON text that fits the tool's parameters."""

    request: int = 0
    turn: int = 0
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Memorise(Decision):
    """Store this, on this machine. `replaces`: ids that it takes the place of; `frame_id` > 0: with a small picture of
    that frame, in which the boxes of `hide` are black: x, y, width, height in its pixels, one box after the other."""

    request: int = 0
    turn: int = 0
    memory: Memory = NO_MEMORY
    replaces: tuple[int, ...] = ()
    frame_id: int = 0
    hide: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Recall(Decision):
    """Look for what is remembered. `query`: words, "" = the latest; `what`: kinds, () = all but reminders; `since_s`,
    `until_s`: said or seen in between, 0 = whenever; `replaced`: what was superseded too; `question`: what facts are to
    answer, in the wearer's own words, "" = nothing is judged."""

    request: int = 0
    turn: int = 0
    query: str = ""
    what: tuple[str, ...] = ()
    subject: str = ""
    limit: int = 8
    since_s: float = 0.0
    until_s: float = 0.0
    replaced: bool = False
    question: str = ""


@dataclass(frozen=True, slots=True)
class Forget(Decision):
    """Remove it from everywhere: database, search index, small pictures, recordings, traces. Exactly one is meant:
    `ids`, `subject` (a person or a thing: all that names it), `since_s` .. `until_s`, or `everything`."""

    request: int = 0
    turn: int = 0
    ids: tuple[int, ...] = ()
    subject: str = ""
    since_s: float = 0.0
    until_s: float = 0.0
    everything: bool = False


@dataclass(frozen=True, slots=True)
class ToolUsed(Decision):
    """What a model got for one call of a tool. `failed`: "" or why it got no result."""

    turn: int = 0
    name: str = ""
    arguments: str = ""
    text: str = ""
    failed: str = ""
    views: tuple[View, ...] = ()


@dataclass(frozen=True, slots=True)
class ModeChosen(Decision):
    """How this turn's question is asked. `explicit`: the wearer said so; `frame`: "glance", "look", "read" or ""."""

    turn: int = 0
    mode: str = ""
    explicit: bool = False
    frame: str = ""


@dataclass(frozen=True, slots=True)
class WorkerChanged(Decision):
    """One of several models at the same question got further. `state`: "asked", "done", "failed", "too slow"."""

    turn: int = 0
    worker: str = ""
    state: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class ConfirmAsked(Decision):
    """The wearer is asked before something leaves or changes. `phrase`: the words that allow exactly this plan."""

    plan: int = 0
    turn: int = 0
    tool: str = ""
    arguments: str = ""
    text: str = ""
    phrase: str = ""


@dataclass(frozen=True, slots=True)
class ConfirmEnded(Decision):
    """`turn`: in which it was decided; `outcome`: "allowed", or why not: "refused", "silence", "other words", "stale",
    "dropped"."""

    plan: int = 0
    turn: int = 0
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Aside(Decision):
    """Something for the page that is not spoken. `kind`: "link" or "source"."""

    turn: int = 0
    kind: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Cancel(Decision):
    """Forget a request: close its socket, drop its result."""

    request: int = 0
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Speak(Decision):
    """Say one chunk of an utterance. `kind`: what sort of words they are ("reading", "code", "history", "model",
    "status", "failure", "steered", "notice"), which picks the voice; `last`: nothing follows in this utterance;
    `first`: it is heard before what is held or waits."""

    utterance: int = 0
    chunk: int = 0
    turn: int = 0
    text: str = ""
    kind: str = ""
    voice: str = ""
    rate_wpm: int = 0
    last: bool = False
    first: bool = False


@dataclass(frozen=True, slots=True)
class Duck(Decision):
    """Lower (or restore) the answer's loudness at once: the wearer may be speaking."""

    on: bool = False


@dataclass(frozen=True, slots=True)
class PausePlay(Decision):
    """Hold the answer where it is (`on`), or go on from there."""

    on: bool = False


@dataclass(frozen=True, slots=True)
class RewindPlay(Decision):
    """Go back in this utterance to the last word that begins at or before `position_ns`, and play from there on when it
    plays again: what was sent after that was never heard."""

    utterance: int = 0
    position_ns: int = 0


@dataclass(frozen=True, slots=True)
class StopPlay(Decision):
    """Drop what is left of this utterance, rendered or not."""

    utterance: int = 0


@dataclass(frozen=True, slots=True)
class SetVolume(Decision):
    gain_db: float = 0.0


@dataclass(frozen=True, slots=True)
class Earcon(Decision):
    """A short sound with a meaning: "heard", "thinking", "failed", "cut_off", "camera_lost", "private", "asleep"."""

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
