"""Pictures made while the words are still being recognised: the same as made later, and only what may be made ahead."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import cv2
import numpy as np
import pytest

from companion.compute import Asked, Job
from companion.hands.eyes import Eyes
from companion.hands.work import Work
from companion.session import Session
from pipelines import events as ev
from pipelines.director import Director
from pipelines.seeing.encode import jpeg_view
from pipelines.seeing.regions import Region, SendRules
from pipelines.seeing.ring import AccessUnit, FrameRing

ONSET_NS = 2 * ev.NS


class AtOnce:
    """A stand-in for the door that does all work when it is asked for it."""

    def compute(
        self, kind: str, work: Callable[[], Any], done: Callable[[Any, int], None], failed: Any, asked: Asked
    ) -> Job:
        done(work(), 0)
        return Job()

    def ahead(self, kind: str, work: Callable[[], bool]) -> None:
        work()


def wall(seed: int) -> Any:
    picture = np.random.default_rng(seed).integers(0, 255, (45, 80, 3), np.uint8)
    return cv2.resize(picture, (640, 360), interpolation=cv2.INTER_NEAREST)


@pytest.fixture
def eyes() -> Eyes:
    frames = FrameRing()
    for i in range(40):
        data = bytes(cv2.imencode(".jpg", wall(i // 20))[1])  # the head turns after 1.3 s
        frames.add(AccessUnit(i, i * ev.NS // 15, True, "jpeg", data))
    settings = SimpleNamespace(privacy=SimpleNamespace(rules=SendRules()))
    parts = SimpleNamespace(door=AtOnce(), settings=settings)
    clock = SimpleNamespace(now_ns=lambda: 3 * ev.NS)
    session = SimpleNamespace(frames=frames, parts=parts, clock=clock, director=Director(), deliver=lambda event: None)
    return Eyes(cast(Session, session), Work(cast(Session, session)))


def look(eyes: Eyes) -> None:
    before_ns = eyes._session.director.options.general.look.before_ms * ev.MS
    eyes.look(ev.Look(0, request=1, start_ns=ONSET_NS - before_ns, end_ns=ONSET_NS + ev.NS))


def ready(eyes: Eyes) -> list[ev.View]:
    views = (ev.View(frame_id, px=320, quality=70) for frame_id in range(40))
    return [view for view in views if eyes.prepared(view) is not None]


def test_what_was_looked_at_as_speech_began_is_ready_as_the_model_was_last_shown_one(eyes: Eyes) -> None:
    look(eyes)
    assert not ready(eyes), "nobody has been shown a picture, so nobody knows how large"
    look(eyes)
    (view,) = ready(eyes)
    assert abs(view.frame_id * ev.NS // 15 - ONSET_NS) < 700 * ev.MS and view.frame_id >= 20
    assert eyes.prepared(view) == jpeg_view(eyes.picture(view.frame_id), view)
    look(eyes)
    assert ready(eyes) == [view], "once is enough"


def test_a_part_of_it_or_another_size_is_not_taken_for_it(eyes: Eyes) -> None:
    ready(eyes)
    look(eyes)
    (view,) = ready(eyes)
    assert eyes.prepared(ev.View(view.frame_id, px=321, quality=70)) is None
    assert eyes.prepared(ev.View(view.frame_id, (0, 0, 9, 9), px=320, quality=70)) is None


def test_what_a_rule_may_keep_back_is_not_made_ahead(eyes: Eyes) -> None:
    eyes._session.parts.settings.privacy.rules = SendRules(regions=(Region((0, 0, 1000, 1000), "black"),))  # type: ignore[misc]
    ready(eyes)
    look(eyes)
    assert not ready(eyes)
