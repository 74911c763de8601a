"""A question played to the deciders in virtual time, its pictures looked at, read and measured by the real engines.

No model is set, as in `local_only`: what is not answered on the device is not answered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from companion.articles import Articles, load_articles
from pipelines import events as ev
from pipelines.director import DirectorOptions
from pipelines.events import MS
from pipelines.seeing.codes import CodeReader
from pipelines.seeing.look import LIMIT, evenly
from pipelines.seeing.measure import measure
from pipelines.seeing.quality import Luma, coarse, luma, motion, score_luma
from pipelines.seeing.reading import Reading, TextReader
from tests.bench.truth.question import Question
from tests.bench.truth.scenes import Scene
from tests.scripted import ScriptedSession, World

FIRST_MS = 8000
GAP_MS = 15_000  # from one turn to the next; an answer is spoken at `WORD_MS` a word
WORD_MS = 60
FRAME_MS = 100  # between two frames that are looked at
FIRST_PART_MS, NEXT_PART_MS = 130, 40


class Eyes:
    """The engines, built once; what they found in a picture is kept, since several questions share one."""

    def __init__(self) -> None:
        self.reader, self.codes = TextReader(), CodeReader()
        self._read: dict[int, tuple[np.ndarray, list[Reading]]] = {}
        self._scored: dict[int, tuple[np.ndarray, ev.FrameScore, Luma]] = {}

    def read(self, picture: np.ndarray) -> list[Reading]:
        if id(picture) not in self._read:
            self._read[id(picture)] = picture, list(self.reader.parts(picture))
        return self._read[id(picture)][1]

    def scored(self, picture: np.ndarray) -> tuple[ev.FrameScore, Luma]:
        if id(picture) not in self._scored:
            now = luma(picture)
            size = picture.shape[1], picture.shape[0]
            self._scored[id(picture)] = picture, score_luma(0, 0, size, now, None), coarse(now)
        return self._scored[id(picture)][1:]


class Played(ScriptedSession):
    """`ScriptedSession` whose eyes are real."""

    def __init__(self, question: Question, eyes: Eyes) -> None:
        self._question, self._eyes = question, eyes
        self._begins = [FIRST_MS + index * GAP_MS for index in range(len(question.turns))]
        self._seen: dict[int, np.ndarray] = {}  # by frame
        self._articles = _articles(question.table)
        camera = question.turns[-1][1].camera
        world = World(model="", word_ms=WORD_MS)
        super().__init__(world if camera else replace(world, frame=None), DirectorOptions())

    def answer(self) -> tuple[str, list[str]]:
        """The answer to the last question, and which of its sentences were printed words."""
        for (words, _), at_ms in zip(self._question.turns, self._begins, strict=True):
            self.say(words, at_ms)
        self.run_until(self._begins[-1] + GAP_MS)
        opened = self.all(ev.TurnOpened)
        if not opened:
            return "", []
        turn = opened[-1].turn
        spoken = [d for d in self.all(ev.Speak) if d.turn == turn and d.text]
        return " ".join(d.text for d in spoken), [d.text for d in spoken if d.kind == "reading"]

    # ------------------------------------------------------------------------------------------------ what there is

    def _picture_at(self, at_ms: int) -> np.ndarray | None:
        """What the camera sees then; None once it has stopped."""
        index = max((i for i, begins in enumerate(self._begins) if begins - 3000 <= at_ms), default=0)
        scene, since_ms = self._question.turns[index][1], at_ms - self._begins[index]
        if scene.until_ms is not None and since_ms >= scene.until_ms:
            return scene.then
        return _of_loop(scene, since_ms)

    def _frames(self, start_ns: int, end_ns: int) -> tuple[ev.FrameScore, ...]:
        """As `pipelines.seeing.look`: what was captured in the window, else the last before it."""
        now_ms = self.now_ns // MS
        times = [t for t in range(0, now_ms + 1, FRAME_MS) if self._picture_at(t) is not None]
        inside = [t for t in times if start_ns <= t * MS < end_ns] or times[-1:]
        scores, before = [], None
        for at_ms in evenly(inside, LIMIT):
            picture = self._picture_at(at_ms)
            assert picture is not None
            score, small = self._eyes.scored(picture)
            frame_id = 1 + at_ms // FRAME_MS
            self._seen[frame_id] = picture
            scores.append(replace(score, frame_id=frame_id, media_ns=at_ms * MS, motion=motion(small, before)))
            before = small
        return tuple(scores)

    def _one(self, d: ev.Decision) -> None:
        match d:
            case ev.Look() if self.world.frame is not None:
                self._later(self.world.look_ms, lambda: self._looked(d))
            case ev.ReadText():
                for after_ms, part in self._parts(d):
                    self._later(after_ms, lambda part=part: self._answer(d.request, part))  # type: ignore[misc]
            case ev.ReadCodes():
                self._later(30, lambda: self._answer(d.request, self._codes(d)))
            case ev.Measure():
                before = self._seen[d.before_id] if d.before_id else None
                found = measure(self._seen[d.frame_id], before)
                found = replace(found, request=d.request, frame_id=d.frame_id)
                self._later(15, lambda: self._answer(d.request, found))
            case _:
                super()._one(d)

    def _looked(self, d: ev.Look) -> None:
        self._answer(d.request, ev.Looked(0, d.request, self._frames(d.start_ns, d.end_ns)))

    def _parts(self, d: ev.ReadText) -> Iterator[tuple[int, ev.TextRead]]:
        """As `companion.hands` gives them: lines as they are recognised, and at the end all of them."""
        lines: tuple[ev.TextLine, ...] = ()
        for number, part in enumerate(self._eyes.read(self._seen[d.frame_id])):
            lines += part.lines
            after_ms = FIRST_PART_MS + NEXT_PART_MS * number
            if part.more:
                yield after_ms, ev.TextRead(0, d.request, d.frame_id, part.lines, more=True)
            else:
                unread = tuple(line for line, _ in part.doubtful)
                yield after_ms, ev.TextRead(0, d.request, d.frame_id, lines, unread=unread, cut=part.cut)

    def _codes(self, d: ev.ReadCodes) -> ev.CodesRead:
        seen, codes = self._eyes.codes.read_all(self._seen[d.frame_id]), []
        for code in seen.codes:
            found = self._articles.find(code.payload, code.kind) if self._articles is not None else None
            codes.append(replace(code, article=found.name, note=found.note) if found is not None else code)
        return ev.CodesRead(
            0, d.request, d.frame_id, tuple(codes), table=self._articles is not None, unread=seen.unread
        )


def _of_loop(scene: Scene, since_ms: int) -> np.ndarray:
    return scene.loop[since_ms // scene.each_ms % len(scene.loop)]


def _articles(table: str) -> Articles | None:
    if not table:
        return None
    with TemporaryDirectory() as folder:
        path = Path(folder) / "articles.csv"
        path.write_text(table, encoding="utf-8")
        return load_articles(path)
