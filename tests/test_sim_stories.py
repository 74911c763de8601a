"""Two stories of the street, played live at the same time: glasses, companion and stand-in model, each a process of its
own, so that also what reached the model is judged. `make scenes` plays all there are.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from device_sim import scene
from tests.all_scenes import Row, play

PLAYED = ("dark_room", "medicine_box")
MIN_STORIES = 25


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    folder = tmp_path_factory.mktemp("stories")
    with ThreadPoolExecutor(len(PLAYED)) as pool:
        return {row.scene: row for row in pool.map(lambda name: play(name, 1, "", folder), PLAYED)}


@pytest.mark.parametrize("name", PLAYED)
def test_the_wearer_hears_what_the_story_expects(rows: dict[str, Row], name: str) -> None:
    assert rows[name].outcome == "pass", rows[name]
    assert rows[name].passed >= 3


def test_there_are_stories_enough_and_each_says_what_it_is_about() -> None:
    scenes = [scene.load(scene.find(name), 1) for name in scene.bundled()]
    judged = [s for s in scenes if any(isinstance(step, scene.Expect) for step in s.steps)]
    assert len(judged) >= MIN_STORIES
    assert all(len(s.about) > 30 for s in judged)


def test_each_scene_is_named_in_the_manual_and_so_is_each_gap() -> None:
    manual = (Path(__file__).parent.parent / "docs" / "scenes.md").read_text("utf-8")
    assert not [name for name in scene.bundled() if f"`{name}`" not in manual]
    for name in scene.bundled():
        for step in scene.load(scene.find(name), 1).steps:
            if isinstance(step, scene.Expect) and step.known_gap:
                assert f"| `{name}` | {step.known_gap} |" in manual
