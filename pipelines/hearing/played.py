"""When which part of our own answers sounded, on the session clock: for whoever must tell it from the wearer's voice.

Play marks say where playing stood and when; the device's own word (`HeardMark`) says how much later the ear had it, and
so the microphone. Pure: times come with the events.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pipelines.events import MS, NS, ChunkVoiced, HeardMark, PlayMark, Resumed, Speak, Word
from pipelines.speaking.heard import estimated_words

DELAY_LIMIT_NS = NS  # a device that plays later than this is wrong about its clock, or its sound is not our business
LETTER_NS = 80 * MS  # of a text that is not yet rendered: 12 letters a second
KEPT = 4  # utterances: what was said before them is long over


@dataclass(slots=True)
class Chunk:
    text: str = ""
    words: tuple[Word, ...] = ()
    duration_ns: int = 0  # 0 = not yet rendered to its end

    @property
    def length_ns(self) -> int:
        return self.duration_ns or LETTER_NS * len(self.text)


@dataclass(slots=True)
class Run:
    """Sound of one utterance without a pause between: from `since_ns` on, beginning at `position_ns` of it."""

    since_ns: int
    position_ns: int
    until_ns: int | None = None  # None: it goes on


@dataclass(slots=True)
class Spoken:
    """One utterance: its chunks in order, and when it sounded."""

    chunks: dict[int, Chunk] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)

    def ends_ns(self, run: Run) -> int:
        """When a run fell silent, or will if nothing more is said."""
        if run.until_ns is not None:
            return run.until_ns
        return run.since_ns + sum(chunk.length_ns for chunk in self.chunks.values()) - run.position_ns

    def words(self) -> list[tuple[str, int, int]]:
        """(word, since, until) on the session clock, of everything that has sounded or is going to."""
        found: list[tuple[str, int, int]] = []
        at_ns = 0
        for _, chunk in sorted(self.chunks.items()):
            for word in chunk.words or estimated_words(chunk.text, chunk.length_ns):
                found += self._heard(word.text, at_ns + word.start_ns, at_ns + word.end_ns)
            at_ns += chunk.length_ns
        return found

    def _heard(self, text: str, start_ns: int, end_ns: int) -> list[tuple[str, int, int]]:
        out = []
        for run in self.runs:
            since_ns = run.since_ns + start_ns - run.position_ns
            until_ns = since_ns + end_ns - start_ns
            if until_ns > run.since_ns and (run.until_ns is None or since_ns < run.until_ns):
                out.append((text, since_ns, until_ns))
        return out


class Played:
    """The last few utterances. `delay_ns`: how long after it left here sound is in the ear, by the device's own word;
    None: it has not said."""

    def __init__(self) -> None:
        self.utterances: dict[int, Spoken] = {}
        self.delay_ns: int | None = None

    def on_speak(self, event: Speak) -> None:
        self._of(event.utterance).chunks[event.chunk] = Chunk(event.text)

    def on_voiced(self, event: ChunkVoiced) -> None:
        chunk = self._of(event.utterance).chunks.setdefault(event.chunk, Chunk())
        chunk.words, chunk.duration_ns = event.words, event.duration_ns

    def on_play(self, event: PlayMark) -> None:
        runs = self._of(event.utterance).runs
        if event.mark in {"started", "resumed"}:
            if runs and runs[-1].until_ns is None:
                runs[-1].until_ns = event.t_ns
            runs.append(Run(event.t_ns, event.position_ns))
        elif runs and runs[-1].until_ns is None:
            runs[-1].until_ns = event.t_ns

    def on_heard(self, event: HeardMark) -> None:
        """The device's own word on what reached the ear: from it comes how late an echo is."""
        spoken = self.utterances.get(event.utterance)
        if event.mark != "first" or spoken is None or not spoken.runs:
            return
        delay_ns = event.media_ns - spoken.runs[0].since_ns
        if 0 <= delay_ns <= DELAY_LIMIT_NS:
            self.delay_ns = delay_ns

    def rest(self, resumed: Resumed) -> Resumed:
        """The same with how late the ear is written in."""
        return replace(resumed, ear_delay_ns=-1 if self.delay_ns is None else self.delay_ns)

    def stand(self, resumed: Resumed) -> None:
        """Stand where that was written."""
        self.delay_ns = None if resumed.ear_delay_ns < 0 else resumed.ear_delay_ns

    def sounds_ns(self, at_ns: int, after_ns: int) -> bool:
        """Whether something of ours sounds at this moment, or did within `after_ns` before it, as it left here."""
        for spoken in self.utterances.values():
            for run in spoken.runs:
                if run.since_ns <= at_ns < spoken.ends_ns(run) + after_ns:
                    return True
        return False

    def words(self) -> list[tuple[str, int, int]]:
        """(word, since, until) of every word that sounded of late, in the order of time, as it left here."""
        found = [word for spoken in self.utterances.values() for word in spoken.words()]
        return sorted(found, key=lambda word: word[1:])

    def _of(self, utterance: int) -> Spoken:
        spoken = self.utterances.get(utterance)
        if spoken is None:
            spoken = self.utterances[utterance] = Spoken()
            for old in list(self.utterances)[:-KEPT]:
                del self.utterances[old]
        return spoken
