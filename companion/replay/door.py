"""The compute door of a replay: what slow work gave, and when, comes from the tape.

The same work (the same sound, the same frame, the same words to say) has the same result, as long after its decision as
it took in the recording. Work that the recording did not do is a miss: it is done now, by the real engine, from the
recorded sound and pictures, and delivered as late as such work usually was; or, if that is not wanted or the media is
not there, the replay stops at this point. Where the voice is not here, its words are estimated from how it said others.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, TypeVar

import numpy as np

from companion.compute import Asked, Job, Stream
from companion.guard import declared
from companion.replay.loop import VirtualLoop
from companion.replay.tape import Asking, Result, Tape, Voicing, lane_of, work_key
from pipelines import events as ev
from pipelines.seeing.covering import Withheld
from pipelines.speaking.voice import Rendered
from recordings.session import RecordingError

T = TypeVar("T")
OUT_HZ = 48_000
LETTER_NS = 65_000_000  # speech at 175 words a minute
USUAL_NS = {  # where a recording has no such work to go by; two shared cores
    "transcribe": 120 * ev.MS,
    "turn": 30 * ev.MS,
    "look": 40 * ev.MS,
    "read_text": 250 * ev.MS,
    "read_codes": 30 * ev.MS,
    "measure": 15 * ev.MS,
    "still": 15 * ev.MS,
    "voice": 10 * ev.MS,
    "tool": 1_000 * ev.MS,
}


class Misses(Protocol):
    """Is told what the tape does not have."""

    def missed(self, kind: str, what: str, answer: str, diff: str = "") -> None: ...

    def stop(self, kind: str, what: str) -> None:
        """The replay cannot go on from here."""
        ...


class TapedDoor:
    """`strict`: the recording's own decisions are being replayed, so what has no result was cancelled and gets none.
    `prepare`: puts the recorded media where the session's work looks for it; None: there is none, or none is wanted."""

    def __init__(self, loop: VirtualLoop, tape: Tape, misses: Misses, strict: bool) -> None:
        self._loop = loop
        self._tape = tape
        self._misses = misses
        self._strict = strict
        self._free_ns: dict[str, int] = {}  # when each lane has given its last result
        self.prepare: Callable[[], None] | None = None
        self.asking: Callable[[ev.AskModel], Asking | None] = lambda d: tape.askings.get(d.request)

    def held(self, take: Callable[[], T]) -> Callable[[], T]:
        return take  # nothing runs later here, and mostly nothing runs at all

    # --------------------------------------------------------------------------------------------------------- results

    def compute(
        self,
        kind: str,
        work: Callable[[], T],
        done: Callable[[T, int], None],
        failed: Callable[[Exception], None],
        asked: Asked,
    ) -> Job:
        job, d = Job(), asked.decision
        if isinstance(d, ev.AskModel):
            assert asked.view is not None
            self._picture(job, d, asked.view, work, done, failed)
            return job
        result = self._result(d)
        if result is not None and result.event is not None:
            self._give(job, d, result, done, failed)
        elif not self._strict:
            self._when_missed(job, kind, d, result, lambda: self._work_now(job, kind, d, work, done, failed))
        return job

    def _result(self, d: Any) -> Result | None:
        """The recorded work that is this work; of several the one asked for nearest in time."""
        found = self._tape.results.get(work_key(d))
        return min(found, key=lambda r: abs(r.asked.t_ns - d.t_ns)) if found else None

    def _give(self, job: Job, d: Any, result: Result, done: Callable[..., None], failed: Callable[..., None]) -> None:
        event, kind = result.event, lane_of(d)
        assert result.after_ns is not None
        due_ns = self._in_lane(kind, d.t_ns + result.after_ns)

        def give() -> None:
            if job.cancelled():
                return
            if isinstance(event, ev.WorkFailed):
                failed(RuntimeError(event.detail))
            else:
                done(replace(event, request=d.request), event.cost_ns)

        self._loop.call_at_ns(due_ns, give, rank=result.rank)

    def _in_lane(self, kind: str, due_ns: int) -> int:
        """A lane gives its results in order."""
        due_ns = self._free_ns[kind] = max(due_ns, self._free_ns.get(kind, 0))
        return due_ns

    # ---------------------------------------------------------------------------------------------------------- misses

    def _when_missed(self, job: Job, kind: str, d: Any, result: Result | None, act: Callable[[], None]) -> None:
        """Act on a miss when its result would be due: until then the session may have lost interest."""
        due_ns = d.t_ns + self._tape.latency_ns(kind, USUAL_NS[kind])
        if result is not None and (cancelled_ns := self._cancelled_after(result)) is not None:
            due_ns = max(due_ns, d.t_ns + cancelled_ns + 1)
        self._loop.call_at_ns(self._in_lane(kind, due_ns), lambda: None if job.cancelled() else act())

    def _cancelled_after(self, result: Result) -> int | None:
        at_ns = self._tape.cancelled_ns.get(result.asked.request)
        return None if at_ns is None else at_ns - result.asked.t_ns

    def _work_now(
        self,
        job: Job,
        kind: str,
        d: Any,
        work: Callable[[], T],
        done: Callable[[T, int], None],
        failed: Callable[[Exception], None],
    ) -> None:
        what = _in_words(d)
        if self.prepare is None:
            self._misses.stop(kind, what)
            return
        cost_ns = self._tape.latency_ns(kind, USUAL_NS.get(kind, 0))
        try:
            with declared("an engine computes what the tape does not have; its result comes at the usual cost"):
                self.prepare()
                result = work()
        except RecordingError as why:
            self._misses.stop(kind, f"{what}: {why}")
        except Exception as why:  # as live: whatever an engine raises is the session's to speak about
            self._misses.missed(kind, f"{what}: {why}", "failed as it would have live")
            failed(why)
        else:
            self._misses.missed(kind, what, "computed anew")
            done(result, cost_ns)

    # ----------------------------------------------------------------------------------------------------------- tools

    def task(
        self,
        kind: str,
        work: Callable[[], Awaitable[T]],
        done: Callable[[T, int], None],
        failed: Callable[[Exception], None],
        asked: Asked,
    ) -> Job:
        """A tool with effects is never used again: what it gave is on the tape, or there is no result."""
        job, d = Job(), asked.decision
        assert isinstance(d, ev.RunTool)
        result = self._result(d)
        if result is not None and result.event is not None:
            self._give(job, d, result, done, failed)
        elif not self._strict:
            due_ns = d.t_ns + self._tape.latency_ns(kind, USUAL_NS[kind])
            gone: Any = ev.ToolDone(0, d.request, "There is no result of this on the recording.", "failed")

            def tell() -> None:
                if not job.cancelled():
                    self._misses.missed(
                        kind, f"{d.name} with {d.arguments}", "told as failed: tools are not used again"
                    )
                    done(gone, 0)

            self._loop.call_at_ns(due_ns, tell)
        return job

    # -------------------------------------------------------------------------------------------------------- pictures

    def _picture(
        self,
        job: Job,
        d: ev.AskModel,
        view: ev.View,
        work: Callable[[], T],
        done: Callable[[Any, int], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """The picture that goes to a model, by its hash: the request is matched without any picture being read."""
        asking = self.asking(d)
        found = asking.picture(view) if asking else None
        if found is not None:
            after_ns, sha256 = found
            self._loop.call_at_ns(d.t_ns + after_ns, lambda: done(f"[sha256:{sha256}]", 0))
        elif self._strict:
            # It was gone live, too, and asking failed; else the question was taken back before its picture was made.
            gone = asking is not None and not asking.exchanges and bool(asking.came)
            if asking is not None and asking.withheld:
                why = Withheld(asking.withheld)
                self._loop.call_at_ns(d.t_ns, lambda: failed(why))
            elif gone:
                self._loop.call_at_ns(d.t_ns, lambda: failed(LookupError(f"frame {view.frame_id} was gone")))
        else:
            due_ns, taken_back_ns = d.t_ns + USUAL_NS["still"], self._tape.cancelled_ns.get(d.request)
            if asking is not None and taken_back_ns is not None and not asking.came:
                due_ns = max(due_ns, d.t_ns + taken_back_ns - asking.ask.t_ns + 1)
            now = partial(self._work_now, job, "still", d, work, done, failed)
            self._loop.call_at_ns(due_ns, lambda: None if job.cancelled() else now())

    def ahead(self, kind: str, work: Callable[[], bool]) -> None:
        """Here nothing is cheaper for being done sooner."""

    # --------------------------------------------------------------------------------------------------------- streams

    def stream(
        self,
        stream: Stream[T],
        each: Callable[[T], None],
        done: Callable[[int], None],
        failed: Callable[[Exception], None],
        asked: Asked,
        job: Job | None = None,
    ) -> Job:
        job, d = job or Job(), asked.decision
        if isinstance(d, ev.ReadText):
            self._read(job, d, stream, each, done, failed)
            return job
        assert isinstance(d, ev.Speak)
        voicing = self._voicing(d)
        if voicing is None and not self._strict:
            voicing = self._say_now(d, stream)
            self._misses.missed("voice", f"{d.voice} saying “{d.text}”", "computed anew" if voicing else "estimated")
            voicing = voicing or self._estimate(d)
        if voicing is not None:
            self._say(job, d, voicing, each, done, failed)
        return job

    def _read(
        self,
        job: Job,
        d: ev.ReadText,
        stream: Stream[Any],
        each: Callable[[Any], None],
        done: Callable[[int], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Text in parts: what was read so far, each when it came, and then the whole."""

        def whole(event: Any, cost_ns: int) -> None:
            each(event)
            done(cost_ns)

        result = self._result(d)
        if result is not None and (result.event is not None or self._strict):
            for after_ns, rank, event in result.parts:
                due_ns, part = self._in_lane(stream.kind, d.t_ns + after_ns), replace(event, request=d.request)
                self._loop.call_at_ns(due_ns, lambda p=part: None if job.cancelled() else each(p), rank=rank)
            if result.event is not None:  # else it was cancelled after these parts
                self._give(job, d, result, whole, failed)
        elif not self._strict:

            def work() -> Any:
                parts = list(stream.items())
                for part in parts[:-1]:
                    each(part)
                return parts[-1]

            act = partial(self._work_now, job, stream.kind, d, work, whole, failed)
            self._when_missed(job, stream.kind, d, result, act)

    def _voicing(self, d: ev.Speak) -> Voicing | None:
        """The same words in the same voice, from the same place if they were said more than once."""
        found = list(self._tape.voicings.get((d.text, d.voice, d.rate_wpm), ()))
        if not self._strict:
            found = [v for v in found if v.voiced or v.failed]
        return min(found, key=lambda v: abs(v.speak.t_ns - d.t_ns)) if found else None

    def _say(
        self,
        job: Job,
        d: ev.Speak,
        voicing: Voicing,
        each: Callable[[Any], None],
        done: Callable[[int], None],
        failed: Callable[[Exception], None],
    ) -> None:
        def later(after_ns: int, rank: int, act: Callable[[], None]) -> None:
            due_ns = self._in_lane("voice", d.t_ns + after_ns)
            self._loop.call_at_ns(due_ns, lambda: None if job.cancelled() else act(), rank=rank)

        for after_ns, rank, block in voicing.blocks or list(_whole(voicing)):
            rendered = Rendered(np.zeros(block.samples, np.int16), block.words)
            later(after_ns, rank, lambda r=rendered: each(r))  # type: ignore[misc]
        if voicing.voiced is not None:
            after_ns, rank, event = voicing.voiced
            later(after_ns, rank, lambda: done(event.cost_ns))
        elif voicing.failed is not None:
            after_ns, rank, trouble = voicing.failed
            later(after_ns, rank, lambda: failed(RuntimeError(trouble.detail)))

    def _say_now(self, d: ev.Speak, stream: Stream[Any]) -> Voicing | None:
        """Let the real voice say it; None if that is not wanted, or it is not here."""
        if self.prepare is None:
            return None
        try:
            with declared("a voice says what the tape does not have; it comes as late as voices usually did"):
                pieces: list[Rendered] = list(stream.items())
        except (RecordingError, RuntimeError, OSError):
            return None
        after_ns = self._usual_voice_ns()
        blocks = [(after_ns, 0, Block(len(piece.pcm), piece.words)) for piece in pieces]
        words = tuple(word for piece in pieces for word in piece.words)
        duration_ns = sum(len(piece.pcm) for piece in pieces) * ev.NS // OUT_HZ
        return Voicing(d, blocks, (after_ns, 0, ev.ChunkVoiced(0, d.utterance, d.chunk, duration_ns, words)))

    def _usual_voice_ns(self) -> int:
        took = sorted(v.voiced[0] for vs in self._tape.voicings.values() for v in vs if v.voiced and v.speak.text)
        return took[len(took) // 2] if took else USUAL_NS["voice"]

    def _estimate(self, d: ev.Speak) -> Voicing:
        """As fast as this session's voices said letters, at the wanted pace; from the same words if they were said."""
        voiced = [v for vs in self._tape.voicings.values() for v in vs if v.voiced and v.speak.text]
        said = [v for v in voiced if v.speak.text == d.text] or voiced
        letters = sum(len(v.speak.text) for v in said)
        pace = {v.speak.rate_wpm for v in said if v.speak.rate_wpm}
        spoken_ns = sum(v.voiced[2].duration_ns for v in said if v.voiced)
        if d.rate_wpm and pace:
            spoken_ns = spoken_ns * round(sum(pace) / len(pace)) // d.rate_wpm
        letter_ns = spoken_ns // letters if letters else LETTER_NS
        samples = len(d.text) * letter_ns * OUT_HZ // ev.NS
        words, at = [], 0
        for word in d.text.split():
            length_ns = (len(word) + 1) * letter_ns
            words.append(ev.Word(word, at, at + length_ns - letter_ns))
            at += length_ns
        event = ev.ChunkVoiced(0, d.utterance, d.chunk, samples * ev.NS // OUT_HZ, tuple(words))
        return Voicing(d, voiced=(self._usual_voice_ns(), 0, event))


def _whole(voicing: Voicing) -> Iterator[tuple[int, int, Any]]:
    """Files without blocks say how long the chunk was: one block."""
    if voicing.voiced is not None and voicing.voiced[2].duration_ns:
        after_ns, rank, event = voicing.voiced
        yield after_ns, rank, Block(event.duration_ns * OUT_HZ // ev.NS, event.words)


class Block:
    """As much of a `VoiceBlock` as is needed."""

    def __init__(self, samples: int, words: tuple[ev.Word, ...]) -> None:
        self.samples, self.words = samples, words


def _in_words(d: Any) -> str:
    if isinstance(d, ev.Transcribe):
        return f"the words of {d.start_ns / 1e9:.3f} to {d.end_ns / 1e9:.3f} s"
    if isinstance(d, ev.ScoreTurn):
        return f"the turn model's view of {d.start_ns / 1e9:.3f} to {d.end_ns / 1e9:.3f} s"
    if isinstance(d, ev.Look):
        return f"a look at {d.start_ns / 1e9:.3f} to {d.end_ns / 1e9:.3f} s"
    if isinstance(d, ev.ReadText | ev.ReadCodes):
        return f"{'text' if isinstance(d, ev.ReadText) else 'codes'} in frame {d.frame_id}"
    return f"a picture for {type(d).__name__}"
