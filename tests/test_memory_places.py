"""What is remembered of what was seen: when it is looked, what is kept of it, and that it costs next to nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import pytest

from pipelines import events as ev
from pipelines.director import DirectorOptions
from pipelines.memory.place_words import place_told, sought
from pipelines.memory.places import caption, changed
from pipelines.seeing.quality import coarse, luma, scene
from pipelines.thinking.options import Options, PlaceOptions
from tests.scripted import SHARP, ScriptedSession, World

SECOND = 1000
DOOR = tuple(range(48))
SHELF = tuple(reversed(DOOR))


@dataclass
class Walk(ScriptedSession):
    """A wearer who looks at one scene after another. `seen`: (from second, scene, text there)."""

    seen: tuple[tuple[int, tuple[int, ...], str], ...] = ((0, DOOR, "PUSH"),)
    on: bool = True
    stored: list[ev.Memorise] = field(default_factory=list)

    def feed(self, event: ev.Happening) -> None:
        if isinstance(event, ev.SessionStarted):
            event = replace(event, memory=True)
        super().feed(event)

    def _now_seen(self) -> tuple[int, tuple[int, ...], str]:
        return [part for part in self.seen if part[0] * 10**9 <= self.now_ns][-1]

    def _one(self, d: ev.Decision) -> None:
        if isinstance(d, ev.Look) and d.glimpse:
            frame = replace(SHARP, media_ns=self.now_ns, scene=self._now_seen()[1])
            self._later(10, lambda: self._answer(d.request, ev.Looked(0, d.request, (frame,))))
        elif isinstance(d, ev.ReadText):
            text = self._now_seen()[2]
            lines = (ev.TextLine(text, 0.98),) if text else ()
            self._later(250, lambda: self._answer(d.request, ev.TextRead(0, d.request, d.frame_id, lines)))
        elif isinstance(d, ev.Memorise) and d.memory.what == "place":
            self.stored.append(d)
        else:
            super()._one(d)


def walk(*seen: tuple[int, tuple[int, ...], str], on: bool = True) -> Walk:
    options = DirectorOptions(Options(places=PlaceOptions(on=on)))
    return Walk(World(), options, seen=seen or ((0, DOOR, "PUSH"),))


def test_another_place_is_stored_once_with_what_is_written_there_and_a_picture() -> None:
    s = walk((0, DOOR, "PUSH"), (90, SHELF, "FLOUR"))
    s.run_until(300 * SECOND)
    assert [(d.memory.what, d.memory.text, d.memory.how) for d in s.stored] == [
        ("place", "PUSH. Mostly orange", "seen"),
        ("place", "FLOUR. Mostly orange", "seen"),
    ]
    assert all(d.frame_id == SHARP.frame_id for d in s.stored)
    assert s.stored[1].t_ns > 90 * 10**9


def test_not_more_than_one_a_minute_is_stored_however_the_view_changes() -> None:
    s = walk(*((n * 9, (DOOR, SHELF)[n % 2], f"SIGN {n}") for n in range(60)))
    s.run_until(540 * SECOND)
    times = [d.t_ns / 1e9 for d in s.stored]
    assert 5 <= len(times) <= 9
    assert all(b - a >= 60 for a, b in pairwise(times))


def test_a_view_that_does_not_rest_is_not_stored() -> None:
    views = np.random.default_rng(5).integers(0, 255, (100, 48)).tolist()
    s = walk(*((n * 3, tuple(view), "SIGN") for n, view in enumerate(views)))
    assert not s.run_until(200 * SECOND).stored


def test_one_frame_every_few_seconds_and_no_reading_while_nothing_changes() -> None:
    s = walk()
    s.run_until(300 * SECOND)
    assert len(s.all(ev.Look)) <= 300 / 4 + 1
    assert len(s.all(ev.ReadText)) == 1


def test_without_the_wish_nothing_is_looked_at() -> None:
    s = walk(on=False)
    s.run_until(60 * SECOND)
    assert not s.all(ev.Look)


def test_in_private_mode_nothing_is_looked_at() -> None:
    s = walk()
    s.type("private mode", 500)
    s.run_until(60 * SECOND)
    assert not s.stored and not s.all(ev.Look)


def test_a_question_ends_the_looking_about_and_is_answered() -> None:
    s = walk()
    s.say("what does the sign say", 8200)  # the second glimpse was at 8 s, and the text is being read
    s.run_until(20 * SECOND)
    assert {d.kind for d in s.all(ev.Cancel)} >= {"places"}
    assert s.spoken(1) == "Push."


def test_the_place_that_the_wearer_named_is_kept_with_what_is_seen() -> None:
    s = walk((0, DOOR, ""), (60, SHELF, "FLOUR"))
    s.type("I'm in the kitchen now.", 20 * SECOND)
    s.run_until(200 * SECOND)
    assert [(d.memory.place, d.memory.text) for d in s.stored] == [("kitchen", "FLOUR. Mostly orange")]


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("I'm in the kitchen", "kitchen"),
        ("we are at the central station now", "central station"),
        ("This is my office.", "office"),
        ("I am sitting in the waiting room", "waiting room"),
        ("I'm in a hurry", ""),
        ("is this the kitchen", ""),
        ("what is in the kitchen", ""),
    ],
)
def test_where_they_are(said: str, place: str) -> None:
    assert place_told(said) == place


@pytest.mark.parametrize(
    ("said", "thing", "place"),
    [
        ("What did the sign at the door say?", "", "door"),
        ("where did I last see the blue folder", "blue folder", ""),
        ("where have I seen my umbrella", "umbrella", ""),
        ("what was written on the board in the hall", "", "hall"),
    ],
)
def test_what_is_asked_of_what_was_seen(said: str, thing: str, place: str) -> None:
    found = sought(said)
    assert found is not None and (found.thing, found.place) == (thing, place)


def test_a_caption_says_what_the_device_can_tell() -> None:
    lines = (ev.TextLine("PLATFORM 7", 0.99), ev.TextLine("BASEL", 0.98))
    codes = (ev.Code("qr", "example.org"), ev.Code("ean13", "4006381333931", article="Marker"))
    said = caption(lines, codes, (ev.Colour("orange", 0.5),))
    assert said == "PLATFORM 7, BASEL. QR code: example.org. Bar code: Marker. Mostly orange"


def test_a_trembling_view_is_the_same_scene_and_a_turned_one_is_another() -> None:
    random = np.random.default_rng(5)
    blocks = random.integers(20, 230, (12, 26, 3), dtype=np.uint8)
    wide = np.kron(blocks, np.ones((60, 80, 1), np.uint8))

    def seen(x: int, gain: float = 1.0) -> tuple[int, ...]:
        view = (wide[:, x : x + 1280] * gain).astype(np.uint8)
        return scene(coarse(luma(view)))

    options = PlaceOptions()
    assert changed(seen(300), seen(304)) <= options.rests
    assert changed(seen(300), seen(300, 0.7)) <= options.another
    assert changed(seen(300), seen(700)) >= options.another
