"""What a recording tells of its turns: when the answer's first sound was in the ear, and when the first printed word.

Both count from where the sound of the wearer's last word ended, as `companion why` does. The device says when the first
sound of an answer reached it; the voice says where in its sound each word begins. Between the two an answer may have
words of our own in front ("The price is", "I am reading."): that part is called the lead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipelines import events as ev
from pipelines.spans import TurnSpans, spans_of
from pipelines.thinking.sheet import ONLY_UNREAD

NEAR_S = 0.5  # a question that was asked and one that was recorded are the same if they begin within this


@dataclass(frozen=True, slots=True)
class Told:
    """One answered question. `begins_s`: when the wearer began to speak, on the session's clock. `said`: the answer, of
    which `read`: some is printed words; `owned`: some tells that nothing can be read. `words`: each spoken word and the
    milliseconds from the answer's first sound to where it begins."""

    begins_s: float
    spans: TurnSpans
    said: str
    read: bool
    owned: bool
    words: tuple[tuple[str, float], ...]

    @property
    def sound_ms(self) -> float:
        """Until the first sound of the answer."""
        return self.spans.total_ms

    def lead_ms(self, first: Sequence[str]) -> float | None:
        """From the first sound to the first of these words (lower case); None if none of them was spoken."""
        return next((at_ms for word, at_ms in self.words if _letters(word) in first), None)


def told(events: Iterable[ev.Happening | ev.Decision]) -> list[Told]:
    """The answered questions of one session, in order. Only those whose first sound the device has told of."""
    kept = list(events)
    opened = {e.turn: e for e in kept if isinstance(e, ev.TurnOpened)}
    speaks = [e for e in kept if isinstance(e, ev.Speak) and e.text]
    voiced = {(e.utterance, e.chunk): e for e in kept if isinstance(e, ev.ChunkVoiced)}
    left_ns: dict[tuple[int, int], int] = {}  # when the first packet of each chunk left
    for mark in kept:
        if isinstance(mark, ev.PlayMark) and mark.mark == "started":
            left_ns.setdefault((mark.utterance, mark.chunk), mark.t_ns)
    found = []
    for spans in spans_of(kept):
        if not spans.heard_by_device:
            continue
        chunks = [s for s in speaks if s.turn == spans.turn]
        found.append(
            Told(
                opened[spans.turn].speech_start_ns / 1e9,
                spans,
                " ".join(s.text for s in chunks),
                any(s.kind == "reading" and s.text != ONLY_UNREAD for s in chunks),
                any(s.kind == "failure" or s.text == ONLY_UNREAD for s in chunks),
                _words(chunks, voiced, left_ns),
            )
        )
    return found


def _words(
    chunks: Sequence[ev.Speak], voiced: dict[tuple[int, int], ev.ChunkVoiced], left_ns: dict[tuple[int, int], int]
) -> tuple[tuple[str, float], ...]:
    """Of the chunks that left, the words with their times from the moment at which the first of them left."""
    places = [(chunk.utterance, chunk.chunk) for chunk in chunks]
    sounded = [place for place in places if place in voiced and place in left_ns]
    return tuple(
        (word.text, (left_ns[place] - left_ns[sounded[0]] + word.start_ns) / 1e6)
        for place in sounded
        for word in voiced[place].words
    )


def _letters(word: str) -> str:
    return "".join(char for char in word.casefold() if char.isalnum())


def matched(asked_s: Sequence[float], begins_s: Sequence[float]) -> list[int | None]:
    """For each question that was asked the index of its turn in the recording, None if it has none.

    The two clocks begin at different moments, so the shift between them is the one by which most questions meet a turn.
    """
    best: list[int | None] = [None] * len(asked_s)
    for shift in (begins - asked for begins in begins_s for asked in asked_s):
        tried = [_nearest(asked + shift, begins_s) for asked in asked_s]
        if sum(index is not None for index in tried) > sum(index is not None for index in best):
            best = tried
    return best


def _nearest(at_s: float, begins_s: Sequence[float]) -> int | None:
    index = min(range(len(begins_s)), key=lambda i: abs(begins_s[i] - at_s), default=None)
    return index if index is not None and abs(begins_s[index] - at_s) <= NEAR_S else None
