"""What is being said, and how much of it the ear has got: a decider over chunks, play marks and heard marks.

An utterance is one answer, spoken in chunks. The mouth gives out `Speak` decisions and keeps, for each chunk, its text
and (once rendered) its words and length, so that any playing position can be turned back into the words heard.

An answer may change over to another utterance while it sounds: from the word that was reached (at another pace, or
silently), or from its first word (“again”). The earlier one is stopped, the later one knows what the ear got before:

    slower    A: one two three | four five      B:           four  five      before = "one two three"
    again     A: one two three | four five      B: one two | three four five    at least "one two three" was heard

Silent chunks are shown and not spoken: nobody heard them, and only the end of their utterance is given out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.events import ChunkVoiced, PlayMark, Speak, StopPlay, Word
from pipelines.scribe import Scribe
from pipelines.speaking.heard import estimated_words, heard_text, words_heard
from pipelines.thinking.options import SpeakingOptions


@dataclass(slots=True)
class _Chunk:
    text: str
    kind: str = ""
    silent: bool = False
    words: tuple[Word, ...] = ()
    duration_ns: int = 0


@dataclass(slots=True)
class Utterance:
    """One answer as it is spoken. `position_ns`: sound of it that is known to have left (or to have been heard);
    `before`: words that the ear got of this answer in earlier utterances, which this one goes on from; `heard_before`:
    words of it that were heard already, whatever is heard of this one; `script`: (text, kind) of the whole answer;
    `later`: the utterance that took over."""

    number: int
    turn: int
    kind: str
    chunks: list[_Chunk] = field(default_factory=list)
    started: bool = False
    complete: bool = False  # its last chunk has been given out
    failed: bool = False  # a part of it told of a failure
    position_ns: int = 0
    running_since_ns: int | None = None  # it has been sounding from `position_ns` on since then
    before: str = ""
    heard_before: str = ""
    script: list[tuple[str, str]] = field(default_factory=list)
    later: Utterance | None = None

    def mark(self, event: PlayMark) -> None:
        """Take the playout's word on where it is."""
        self.position_ns = max(self.position_ns, event.position_ns)
        self.running_since_ns = event.t_ns if event.mark in {"started", "resumed"} else None

    def rewind(self, position_ns: int) -> None:
        """What lies behind this position was not heard, whatever has left."""
        self.position_ns, self.running_since_ns = position_ns, None

    def settle(self, now_ns: int) -> None:
        """Reckon the position for a moment between two marks: sound leaves in real time, and none that is not there."""
        if self.running_since_ns is not None:
            voiced_ns = sum(chunk.duration_ns for chunk in self.chunks)
            reached_ns = self.position_ns + now_ns - self.running_since_ns
            self.position_ns = max(self.position_ns, min(voiced_ns, reached_ns))
            self.running_since_ns = None

    @property
    def said(self) -> str:
        """All words of the answer so far, spoken or shown, whichever utterance they were in."""
        return _joined(*(text for text, _ in self.script))

    @property
    def spoken(self) -> str:
        """The same without what was only shown: what the ear has got once all of it has been played."""
        return _joined(self.before, *(c.text for c in self.chunks if not c.silent))

    @property
    def shown(self) -> str:
        """All its words so far, if some of them were only shown; else ""."""
        return self.said if any(c.silent and c.text for c in self.chunks) else ""

    def reached(self, position_ns: int | None = None) -> str:
        """The words of the answer up to the position (default: the latest known)."""
        at = self.position_ns if position_ns is None else position_ns
        voiced = [(c.text, c.words, c.duration_ns) for c in self.chunks if c.duration_ns > 0]
        return _joined(self.before, heard_text(voiced, at))

    def heard(self, position_ns: int | None = None) -> str:
        """The words that the ear got up to the position, or got before."""
        reached = self.reached(position_ns)
        return reached if len(reached.split()) >= len(self.heard_before.split()) else self.heard_before

    @property
    def latest(self) -> Utterance:
        """The one that goes on with this answer now."""
        return self if self.later is None else self.later.latest

    def heard_at(self, position_ns: int) -> str:
        """The device's word on how much of this utterance reached the ear -> what the ear got of the whole answer, also
        if another utterance has taken over meanwhile."""
        heard, utterance = self.heard(position_ns), self
        while utterance.later is not None:
            later = utterance.later
            if later.before:
                later.before = utterance.reached(position_ns) if utterance is self else utterance.reached()
            later.heard_before = heard
            utterance, heard = later, later.heard()
        return heard

    def quiet_at(self, now_ns: int) -> bool:
        """Nothing of it sounds just then: it has not begun, or waits for more words."""
        if self.running_since_ns is None:
            return True
        voiced_ns = sum(chunk.duration_ns for chunk in self.chunks)
        return self.position_ns + now_ns - self.running_since_ns >= voiced_ns

    def tells_of_failure(self, chunk: int) -> str:
        """What an earcon says of this chunk: "failed", "cut_off" (it comes after words of the answer), or ""."""
        told = (self.chunks[chunk].text, "failure") if 0 <= chunk < len(self.chunks) else ("", "")
        if told not in self.script:  # also if it is the rest of one that was told of already
            return ""
        earlier = self.script[: self.script.index(told)]
        return "cut_off" if any(kind == "model" and text for text, kind in earlier) else "failed"

    def rest(self) -> list[tuple[str, str]]:
        """(text, kind) of what has not been heard, from the word that was reached."""
        left, start_ns = [], 0
        for chunk in self.chunks:
            text = chunk.text
            if chunk.duration_ns > 0:
                words = chunk.words or estimated_words(text, chunk.duration_ns)
                got, tokens = words_heard(words, self.position_ns - start_ns), text.split()
                text = " ".join(tokens[got:] if len(tokens) == len(words) else [word.text for word in words[got:]])
                start_ns += chunk.duration_ns
            if text and not chunk.silent:
                left.append((text, chunk.kind))
        return left


def _joined(*texts: str) -> str:
    return " ".join(text for text in texts if text)


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

    def say(self, utterance: Utterance, text: str, kind: str, reason: str, last: bool, silent: bool = False) -> None:
        """Speak one more chunk, in the voice for words of its kind. An empty last chunk only ends the utterance.
        `silent`: its words are shown elsewhere, and not spoken."""
        utterance.chunks.append(_Chunk(text, kind, silent))
        utterance.script.append((text, kind))
        utterance.complete = utterance.complete or last
        if silent and not last:
            return
        self._scribe.emit(
            Speak,
            reason,
            utterance=utterance.number,
            chunk=len(utterance.chunks) - 1,
            turn=utterance.turn,
            text="" if silent else text,
            kind=kind,
            voice=self._options.voice_for.get(kind, self._options.voice),
            rate_wpm=self.rate_wpm,
            last=last,
        )

    def interject(self, text: str, kind: str, reason: str) -> Utterance:
        """Say this in front of what is held, as an utterance of our own; what is current stays so."""
        current, utterance = self.current, self.begin(0, kind)
        utterance.chunks.append(_Chunk(text, kind))
        utterance.complete, self.current = True, current
        self._scribe.emit(
            Speak,
            reason,
            utterance=utterance.number,
            text=text,
            kind=kind,
            voice=self._options.voice_for.get(kind, self._options.voice),
            rate_wpm=self.rate_wpm,
            last=True,
            first=True,
        )
        return utterance

    def voiced(self, event: ChunkVoiced) -> None:
        utterance = self._known.get(event.utterance)
        if utterance is not None and event.chunk < len(utterance.chunks):
            chunk = utterance.chunks[event.chunk]
            chunk.words, chunk.duration_ns = event.words, event.duration_ns

    def find(self, number: int) -> Utterance | None:
        return self._known.get(number)

    def go_on_anew(self, reason: str, silent: bool = False) -> bool:
        """Say the rest of the current utterance as things are set now, from the word that was reached. False if there
        is none, or nothing of it is left."""
        utterance = self.current
        if utterance is None:
            return False
        utterance.settle(self._scribe.now_ns)
        left = utterance.rest()
        return bool(left) and self._change_over(utterance, left, reason, utterance.reached(), silent)

    def begin_again(self, reason: str) -> bool:
        """Say the current utterance once more from its first word. False if there is none."""
        utterance = self.current
        if utterance is None or not any(text for text, _ in utterance.script):
            return False
        utterance.settle(self._scribe.now_ns)
        return self._change_over(utterance, utterance.script, reason, "")

    def _change_over(
        self, old: Utterance, words: list[tuple[str, str]], reason: str, before: str, silent: bool = False
    ) -> bool:
        self._scribe.emit(StopPlay, reason, utterance=old.number)
        new = self.begin(old.turn, old.kind)
        new.started, new.failed = old.started, old.failed
        new.before, new.heard_before = before, old.heard()
        old.later = new
        words = [(text, kind) for text, kind in words if text]
        for i, (text, kind) in enumerate(words):
            self.say(new, text, kind, reason, old.complete and i == len(words) - 1, silent)
        new.script = [entry for entry in old.script if entry[0]]
        return True

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
