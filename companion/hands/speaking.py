"""Words rendered in a voice and given to the playout; what is played is ducked, paused, rewound, stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from companion.compute import Asked, Job, Stream
from pipelines import events as ev
from pipelines.speaking.voice import Rendered, Voice
from recordings.stored import VoiceBlock

if TYPE_CHECKING:
    from companion.session import Session

OUT_HZ = 48_000
PENDING_NS = 30 * ev.NS  # speech rendered ahead of the ear; half of what the playout would take


class Speaking:
    """Knows what is being voiced, so that it can be stopped."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._voicing: dict[int, list[Job]] = {}  # by utterance

    def close(self) -> None:
        for jobs in self._voicing.values():
            for job in jobs:
                job.cancel()

    def speak(self, d: ev.Speak) -> None:
        """Render in the voice lane; blocks go to the playout as they come, chunks in the order they were given out."""
        session = self._session
        rendered: list[tuple[int, tuple[ev.Word, ...]]] = []
        job = Job()

        def block(piece: Rendered) -> None:
            rendered.append((len(piece.pcm), piece.words))
            if session.parts.recorder:
                now_ns = session.clock.now_ns()
                session.parts.recorder.voiced(VoiceBlock(now_ns, d.utterance, d.chunk, len(piece.pcm), piece.words))
            session.playout.add(d.utterance, d.chunk, piece.pcm, last=False, words=piece.words, first=d.first)

        def done(cost_ns: int) -> None:
            samples = sum(n for n, _ in rendered)
            self._end_chunk(d, samples, tuple(w for _, words in rendered for w in words), cost_ns)

        def failed(error: Exception) -> None:
            session.log("ERROR", f"no voice could say chunk {d.chunk}: {error}")
            session.deliver(ev.WorkFailed(session.clock.now_ns(), d.utterance, "voice", str(error)[:500]))

        def render() -> Iterator[Rendered]:
            if d.text:  # an empty chunk only ends the utterance, in its turn behind the others
                yield from _with_fallback(self._voices(d.voice), d.text, d.rate_wpm, job.cancelled)

        def room() -> bool:  # a voice is a hundred times faster than the ear: let it wait
            return session.playout.pending_ns(d.utterance) <= PENDING_NS

        self._voicing.setdefault(d.utterance, []).append(job)
        session.parts.door.stream(Stream("voice", render, room), block, done, failed, Asked(d), job)

    def _voices(self, wanted: str) -> list[Voice]:
        """The wanted voice first, the others behind it in case it fails."""
        voices = self._session.parts.engines.voices
        first = [voices[wanted]] if wanted in voices else []
        return first + [v for name, v in voices.items() if name != wanted]

    def _end_chunk(self, d: ev.Speak, samples: int, words: tuple[ev.Word, ...], cost_ns: int) -> None:
        session = self._session
        now_ns = session.clock.now_ns()
        duration_ns = samples * ev.NS // OUT_HZ
        session.deliver(ev.ChunkVoiced(now_ns, d.utterance, d.chunk, duration_ns, words, cost_ns))
        if d.last:
            session.playout.add(d.utterance, d.chunk, np.zeros(0, np.int16), last=True)
            self._voicing.pop(d.utterance, None)

    def stop_play(self, d: ev.StopPlay) -> None:
        for job in self._voicing.pop(d.utterance, []):
            job.cancel()
        self._session.playout.stop(d.utterance)
        self._session.link.cut_answer(d.utterance)

    def duck(self, d: ev.Duck) -> None:
        self._session.playout.duck(d.on)

    def pause(self, d: ev.PausePlay) -> None:
        self._session.playout.pause(d.on)

    def rewind(self, d: ev.RewindPlay) -> None:
        self._session.playout.rewind(d.utterance, d.position_ns)

    def volume(self, d: ev.SetVolume) -> None:
        self._session.playout.gain_db = d.gain_db


def _with_fallback(voices: list[Voice], text: str, rate_wpm: int, cancelled: Callable[[], bool]) -> Iterator[Rendered]:
    """Blocks of the first voice that works. A voice that fails after its first block is not begun anew."""
    for i, voice in enumerate(voices):
        began = False
        try:
            for block in voice.render(text, rate_wpm, cancelled):
                began = True
                yield block
            return
        except RuntimeError:
            if began or i == len(voices) - 1:
                raise
