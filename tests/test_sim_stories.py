"""A few stories of the street, played live: glasses, companion and stand-in model, each a process of its own. They share
a companion and play at the same time; `make scenes` plays all there are, one by one.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from device_sim import scene
from tests.live import Part, Take, record

PLAYED = ("covered_lens", "two_people_talking", "medicine_box", "shop_shelf")
MIN_STORIES = 25


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Take]:
    parts = [Part(name, 1) for name in PLAYED]
    return {take.part.scene: take for take in record(tmp_path_factory.mktemp("stories"), *parts)}


@pytest.mark.parametrize("name", PLAYED)
def test_the_wearer_hears_what_the_story_expects(takes: dict[str, Take], name: str) -> None:
    take = takes[name]
    assert take.passed, take.printed
    assert take.verdict["passed"] >= 1, take.printed


def test_there_are_stories_enough_and_each_says_what_it_is_about() -> None:
    scenes = [scene.load(scene.find(name), 1) for name in scene.bundled()]
    judged = [s for s in scenes if any(isinstance(step, scene.Expect) for step in s.steps)]
    assert len(judged) >= MIN_STORIES
    assert all(len(s.about) > 40 for s in judged)


def test_each_scene_is_named_in_the_manual() -> None:
    manual = (Path(__file__).parent.parent / "docs" / "scenes.md").read_text("utf-8")
    assert not [name for name in scene.bundled() if f"`{name}`" not in manual]
