"""Mouth to ear as a table: each turn tiled without a gap, from the last speech sample to the first answer sample heard.

A span runs from the moment before it to its own moment. Moments that lie before the one before them (work that ran
while something else was still waited for, a model that was asked before the turn was certain) take no time of their
own, so the spans always add up to the whole: what a wearer waited is explained to the last nanosecond, and work hidden
behind a wait shows as zero.

The whole begins where the sound of the last word ended, not where voice activity did: that ends up to 100 ms later.
Where it ends is the device's word, on our clock. What the link took of it, up and down, has spans of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from pipelines import events as ev

# (name, what it is, how the moment at its end is found)
SPANS: Final[tuple[tuple[str, str], ...]] = (
    ("link up", "the last sound of the last word, from the mouth to the companion"),
    ("notice pause", "voice activity: the sound has ended, is it really silent?"),
    ("recognise", "sound to words"),
    ("end of turn", "waiting in case the wearer goes on"),
    ("look", "scoring frames and choosing one"),
    ("read", "text or codes read from the picture"),
    ("recall", "looking into memory, or giving that up; only what it delays beyond all of the above"),
    ("model", "the model's first words, the tools it used before them, or patience with it until something was said"),
    ("wording", "words to the first clause"),
    ("voice", "clause to sound"),
    ("queue", "until the first packet is handed to the link"),
    ("link down", "packet to the ear: the first audible sample received by the device"),
)


LINK: Final = ("link up", "link down")  # theirs, not ours


@dataclass(frozen=True, slots=True)
class Span:
    name: str
    start_ns: int
    end_ns: int

    @property
    def ms(self) -> float:
        return (self.end_ns - self.start_ns) / 1e6


@dataclass(slots=True)
class TurnSpans:
    """One turn's tiling. `total_ms` is the sum of its spans; without a heard mark it ends at our own first packet."""

    turn: int
    text: str
    intent: str
    spans: tuple[Span, ...] = ()
    heard_by_device: bool = False

    @property
    def total_ms(self) -> float:
        return (self.spans[-1].end_ns - self.spans[0].start_ns) / 1e6 if self.spans else 0.0

    @property
    def link_ms(self) -> float:
        """What the way to us and back took of it, a packet's 20 ms included."""
        return sum(span.ms for span in self.spans if span.name in LINK)


@dataclass(slots=True)
class _Moments:
    """When each thing happened first for the turn being made."""

    at: dict[str, int] = field(default_factory=dict)
    voice_end_ns: int = 0  # where voice activity has the end of the words,
    sound_end_ns: int = 0  # and where their sound ended
    asked: set[int] = field(default_factory=set)  # requests of this turn
    recalls: set[int] = field(default_factory=set)  # and of them those that the answer or the model waited for
    model: bool = False  # a model was asked
    opened: ev.TurnOpened | None = None
    utterance: int = 0

    def first(self, name: str, t_ns: int) -> None:
        self.at.setdefault(name, t_ns)


class SpanKeeper:
    """Feed it every event of a session in order; it calls `done` with each turn's spans once its answer is heard.

    A turn whose device sends no heard marks is closed, without the link's share, when the turn closes.
    """

    def __init__(self, done: Callable[[TurnSpans], None]) -> None:
        self._done = done
        self._now = _Moments()  # the utterance being heard; becomes a turn, or is forgotten
        self._windows: list[tuple[int, int]] = []
        self._waiting: dict[int, _Moments] = {}  # utterance -> turn that waits for its first heard mark

    def feed(self, event: ev.Happening | ev.Decision) -> None:
        handler = getattr(self, "_on_" + type(event).__name__, None)
        if handler is not None:
            handler(event)

    def _on_VoiceWindow(self, e: ev.VoiceWindow) -> None:  # noqa: N802
        self._windows.append((e.media_ns, e.t_ns))
        del self._windows[:-64]

    def _on_SpeechPaused(self, e: ev.SpeechPaused) -> None:  # noqa: N802
        sound_end_ns = e.loud_ns or e.media_ns
        # The window that the end lies in goes on after it; the link brought the end as late as it brought the window.
        late_ns = next((t - media for media, t in self._windows if media >= sound_end_ns), 0)
        arrival = min(sound_end_ns + late_ns, e.t_ns)
        self._now = _Moments({"notice pause": e.t_ns, "link up": arrival}, e.media_ns, sound_end_ns)

    def _request(self, e: ev.Transcribe | ev.Look | ev.ReadText | ev.ReadCodes | ev.AskModel) -> None:
        self._now.asked.add(e.request)
        self._now.model = self._now.model or isinstance(e, ev.AskModel)
        for moments in self._waiting.values():
            moments.asked.add(e.request)

    _on_Transcribe = _on_Look = _on_ReadText = _on_ReadCodes = _on_AskModel = _request  # noqa: N815

    def _result(self, name: str, e: ev.Happening, request: int) -> None:
        if request in self._now.asked and not self._now.utterance:  # what ends after the answer is worded is no wait
            self._now.first(name, e.t_ns)

    def _on_Transcribed(self, e: ev.Transcribed) -> None:  # noqa: N802
        self._result("recognise", e, e.request)

    def _on_Looked(self, e: ev.Looked) -> None:  # noqa: N802
        self._result("look", e, e.request)

    def _on_TextRead(self, e: ev.TextRead) -> None:  # noqa: N802
        self._result("read", e, e.request)

    def _on_CodesRead(self, e: ev.CodesRead) -> None:  # noqa: N802
        self._result("read", e, e.request)

    def _on_Recall(self, e: ev.Recall) -> None:  # noqa: N802
        if not self._now.model and not self._now.utterance:  # later ones are a model's own
            self._now.recalls.add(e.request)

    def _on_Recalled(self, e: ev.Recalled | ev.Cancel) -> None:  # noqa: N802
        if e.request in self._now.recalls and not self._now.utterance:
            self._now.recalls.remove(e.request)  # what comes after it was given up delays nothing
            self._now.at["recall"] = e.t_ns

    _on_Cancel = _on_Recalled  # noqa: N815

    def _on_ModelText(self, e: ev.ModelText) -> None:  # noqa: N802
        self._result("model", e, e.request)

    def _on_ModelFailed(self, e: ev.ModelFailed) -> None:  # noqa: N802
        self._result("model", e, e.request)

    def _on_TurnOpened(self, e: ev.TurnOpened) -> None:  # noqa: N802
        if self._now.utterance:  # typed: no speech came before it
            self._now = _Moments()
        self._now.opened = e
        self._now.first("end of turn", e.t_ns)

    def _on_Speak(self, e: ev.Speak) -> None:  # noqa: N802
        opened = self._now.opened
        if opened is not None and e.turn == opened.turn and not self._now.utterance and e.text:
            self._now.utterance = e.utterance
            if self._now.model:
                self._now.first("model", e.t_ns)
            self._now.first("wording", e.t_ns)
            self._waiting[e.utterance] = self._now

    def _on_ChunkVoiced(self, e: ev.ChunkVoiced) -> None:  # noqa: N802
        if (moments := self._waiting.get(e.utterance)) is not None:
            moments.first("voice", e.t_ns)

    def _on_PlayMark(self, e: ev.PlayMark) -> None:  # noqa: N802
        if (moments := self._waiting.get(e.utterance)) is not None and e.mark == "started":
            moments.first("queue", e.t_ns)
            moments.at["voice"] = min(moments.at.get("voice", e.t_ns), e.t_ns)

    def _on_HeardMark(self, e: ev.HeardMark) -> None:  # noqa: N802
        if e.mark == "first" and (moments := self._waiting.pop(e.utterance, None)) is not None:
            moments.first("link down", e.media_ns)
            self._finish(moments)

    def _on_TurnClosed(self, e: ev.TurnClosed) -> None:  # noqa: N802
        for utterance, moments in list(self._waiting.items()):
            if moments.opened is not None and moments.opened.turn == e.turn:
                del self._waiting[utterance]
                self._finish(moments)

    def _finish(self, moments: _Moments) -> None:
        opened = moments.opened
        if opened is None or "queue" not in moments.at or not opened.speech_end_ns:
            return
        spans = []
        at = moments.sound_end_ns if moments.voice_end_ns == opened.speech_end_ns else opened.speech_end_ns
        for name, _ in SPANS:
            if name in moments.at:
                end = max(at, moments.at[name])
                spans.append(Span(name, at, end))
                at = end
        heard = "link down" in moments.at
        self._done(TurnSpans(opened.turn, opened.text, opened.intent, tuple(spans), heard))


def spans_of(events: Iterable[ev.Happening | ev.Decision]) -> list[TurnSpans]:
    """The tiling of every answered turn of a session."""
    found: list[TurnSpans] = []
    keeper = SpanKeeper(found.append)
    for event in events:
        keeper.feed(event)
    return found
