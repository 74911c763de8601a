"""When each word of an answer sounded at the wearer's ear, and where the answer was cut.

The playout's marks tie positions in an utterance to moments at which its sound was handed to the link; the device's
first heard mark says how much later it reached the ear. Everything between two marks ran in real time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pipelines import events as ev
from pipelines.speaking.heard import estimated_words, words_heard

LINK_LIMIT_NS = 2 * ev.NS  # a way to the ear longer than this is a wrong clock, not a slow link


@dataclass(slots=True)
class Chunk:
    """One clause: its words with their offsets in it, and its length; 0 = it was never rendered."""

    text: str
    words: tuple[ev.Word, ...] = ()
    duration_ns: int = 0


@dataclass(slots=True)
class Answer:
    """One utterance as it was spoken. `ear_ns`: from the link to the ear; 0 if the device never said."""

    utterance: int
    turn: int = 0
    chunks: dict[int, Chunk] = field(default_factory=dict)
    marks: list[ev.PlayMark] = field(default_factory=list)
    ear_ns: int = 0
    heard_by_device: bool = False

    def time_of(self, position_ns: int) -> int:
        """When the sound at this position reached the ear, session clock."""
        at = self.marks[0] if self.marks else ev.PlayMark(0, self.utterance, 0, "started")
        for mark in self.marks:
            if mark.mark in ("started", "resumed") and mark.position_ns <= position_ns:
                at = mark
        return at.t_ns + position_ns - at.position_ns + self.ear_ns

    def played_ns(self, end_ns: int) -> int:
        """How much of its sound had been played when the recording ended at `end_ns`."""
        if not self.marks:
            return 0
        last = self.marks[-1]
        running_ns = max(0, end_ns - last.t_ns) if last.mark in ("started", "resumed") else 0
        return min(self.voiced_ns, last.position_ns + running_ns)

    @property
    def voiced_ns(self) -> int:
        return sum(chunk.duration_ns for chunk in self.chunks.values())

    def words(self, end_ns: int) -> tuple[list[ev.Word], bool]:
        """The words that the ear got, with the session times at which it got them; and whether more was meant."""
        got: list[ev.Word] = []
        played_ns, at_ns, cut = self.played_ns(end_ns), 0, False
        for _, chunk in sorted(self.chunks.items()):
            known = chunk.words or estimated_words(chunk.text, chunk.duration_ns)
            count = words_heard(known, played_ns - at_ns) if chunk.duration_ns else 0
            for word in known[:count]:
                start_ns, stop_ns = self.time_of(at_ns + word.start_ns), self.time_of(at_ns + word.end_ns)
                got.append(ev.Word(word.text, start_ns, max(start_ns, stop_ns)))
            if count < len(known):
                cut = True
                break
            at_ns += chunk.duration_ns
        return got, cut


def answers_of(events: Iterable[ev.Happening | ev.Decision]) -> dict[int, Answer]:
    """Every utterance of a session by its number."""
    found: dict[int, Answer] = {}
    for event in events:
        match event:
            case ev.Speak():
                answer = found.setdefault(event.utterance, Answer(event.utterance))
                answer.turn = event.turn
                if event.text:
                    answer.chunks[event.chunk] = Chunk(event.text)
            case ev.ChunkVoiced() if event.utterance in found:
                if (chunk := found[event.utterance].chunks.get(event.chunk)) is not None:
                    chunk.words, chunk.duration_ns = event.words, max(0, event.duration_ns)
            case ev.PlayMark() if event.utterance in found:
                found[event.utterance].marks.append(event)
            case ev.HeardMark(mark="first") if event.utterance in found:
                _reached(found[event.utterance], event)
            case _:
                pass
    return found


def _reached(answer: Answer, event: ev.HeardMark) -> None:
    answer.heard_by_device = True
    left = next((mark.t_ns for mark in answer.marks if mark.mark == "started"), None)
    if left is not None and 0 <= event.media_ns - left <= LINK_LIMIT_NS:
        answer.ear_ns = event.media_ns - left
