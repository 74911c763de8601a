"""What is being said, and how much of it the ear has got: a decider over chunks, play marks and heard marks.

An utterance is one answer, spoken in chunks. The mouth gives out `Speak` decisions and keeps, for each chunk, its text
and (once rendered) its words and length, so that any playing position can be turned back into the words heard.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.events import ChunkVoiced, PlayMark, Speak, StopPlay, Word
from pipelines.scribe import Scribe
from pipelines.speaking.heard import heard_text
from pipelines.thinking.options import SpeakingOptions


@dataclass(slots=True)
class _Chunk:
    text: str
    words: tuple[Word, ...] = ()
    duration_ns: int = 0


@dataclass(slots=True)
class Utterance:
    """One answer as it is spoken. `position_ns`: sound of it that is known to have left (or to have been heard)."""

    number: int
    turn: int
    kind: str
    chunks: list[_Chunk] = field(default_factory=list)
    started: bool = False
    complete: bool = False  # its last chunk has been given out
    failed: bool = False  # a part of it told of a failure
    position_ns: int = 0
    running_since_ns: int | None = None  # it has been sounding from `position_ns` on since then

    def mark(self, event: PlayMark) -> None:
        """Take the playout's word on where it is."""
        self.position_ns = max(self.position_ns, event.position_ns)
        self.running_since_ns = event.t_ns if event.mark in {"started", "resumed"} else None

    def settle(self, now_ns: int) -> None:
        """Reckon the position for a moment between two marks: sound leaves in real time, and none that is not there."""
        if self.running_since_ns is not None:
            voiced_ns = sum(chunk.duration_ns for chunk in self.chunks)
            reached_ns = self.position_ns + now_ns - self.running_since_ns
            self.position_ns = max(self.position_ns, min(voiced_ns, reached_ns))
            self.running_since_ns = None

    @property
    def said(self) -> str:
        return " ".join(c.text for c in self.chunks if c.text)

    def heard(self, position_ns: int | None = None) -> str:
        """The words that the ear got up to the position (default: the latest known)."""
        at = self.position_ns if position_ns is None else position_ns
        voiced = [(c.text, c.words, c.duration_ns) for c in self.chunks if c.duration_ns > 0]
        return heard_text(voiced, at)


class Mouth:
    """Gives out `Speak` decisions; one utterance at a time is current, earlier ones stay known for late marks."""

    def __init__(self, scribe: Scribe, options: SpeakingOptions) -> None:
        self._scribe = scribe
        self._options = options
        self._known: dict[int, Utterance] = {}
        self.rate_change_wpm = 0  # by the wearer's "slower" and "faster"
        self.current: Utterance | None = None

    @property
    def rate_wpm(self) -> int:
        return self._options.rate_wpm + self.rate_change_wpm

    def begin(self, turn: int, kind: str) -> Utterance:
        utterance = Utterance(self._scribe.number(), turn, kind)
        self._known[utterance.number] = utterance
        for old in list(self._known)[:-8]:
            del self._known[old]
        self.current = utterance
        return utterance

    def say(self, utterance: Utterance, text: str, kind: str, reason: str, last: bool) -> None:
        """Speak one more chunk, in the voice for words of its kind. An empty last chunk only ends the utterance."""
        utterance.chunks.append(_Chunk(text))
        utterance.complete = utterance.complete or last
        self._scribe.emit(
            Speak,
            reason,
            utterance=utterance.number,
            chunk=len(utterance.chunks) - 1,
            turn=utterance.turn,
            text=text,
            kind=kind,
            voice=self._options.voice_for.get(kind, self._options.voice),
            rate_wpm=self.rate_wpm,
            last=last,
        )

    def voiced(self, event: ChunkVoiced) -> None:
        utterance = self._known.get(event.utterance)
        if utterance is not None and event.chunk < len(utterance.chunks):
            chunk = utterance.chunks[event.chunk]
            chunk.words, chunk.duration_ns = event.words, event.duration_ns

    def find(self, number: int) -> Utterance | None:
        return self._known.get(number)

    def drop(self, reason: str) -> Utterance | None:
        """Stop the current utterance; returns it if there was one."""
        utterance, self.current = self.current, None
        if utterance is not None:
            utterance.settle(self._scribe.now_ns)
            self._scribe.emit(StopPlay, reason, utterance=utterance.number)
        return utterance

    def done(self, utterance: Utterance) -> None:
        if self.current is utterance:
            self.current = None
