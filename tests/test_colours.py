"""Colours, light and movement from pictures: drawn scenes, and photographs where they are at hand."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.events import Measured
from pipelines.seeing.colours import NAMES, name_of, reduced, tinted
from pipelines.seeing.measure import measure
from pipelines.thinking.things import MOVES, Asked, said

PHOTOS = Path(os.environ.get("EARSHOT_PHOTOS", Path(__file__).resolve().parents[2] / "shared" / "data" / "photos"))
with_photos = pytest.mark.skipif(not PHOTOS.is_dir(), reason="no photographs here: set EARSHOT_PHOTOS to their folder")

# Well-known colours that no name stands on, and the names that people would take for them.
OTHERS = {
    "auburn 9a3001": "brown/dark red", "chestnut 742802": "brown/dark red", "pine 2b5d34": "dark green",
    "cadet blue 5f9ea0": "dark turquoise/turquoise/blue", "jeans 3f5372": "dark blue/blue", "sky 9cc4e4": "light blue",
    "denim 3b638c": "blue/dark blue", "grape 6c3461": "dark purple/purple", "khaki f0e68c": "beige/light yellow",
    "royal blue 3a5fcd": "blue", "steel 738595": "grey/blue", "gunmetal 53585f": "grey/dark grey",
    "snow fafafa": "white", "coal 222222": "black/dark grey", "wine 722f37": "dark red", "ruby 9b111e": "dark red/red",
    "post box d0021b": "red", "brick 9b4a3b": "brown/red", "wood a3763f": "light brown",
    "cardboard b08d64": "light brown/beige",
    "skin e0ac69": "light brown/beige/light orange", "banana e8d44d": "yellow", "taxi f7c600": "yellow",
    "orange fruit e08a2c": "orange", "pumpkin ff7518": "orange", "grass 4c7a34": "green/olive green/dark green",
    "leaf 3a5f2b": "dark green/olive green", "lime a4de02": "yellow-green", "mint 98ffcc": "turquoise/light green",
    "teal 367588": "dark turquoise/blue", "aqua 2ad4d4": "turquoise", "lilac c8a2c8": "light purple",
    "violet 7f3fbf": "purple", "flamingo fc8eac": "pink", "magenta d6006e": "dark pink", "ivory fff8e7": "white/beige",
    "rust b7410e": "brown/orange", "night 0b1340": "navy", "chocolate 4b2e1e": "dark brown/brown",
}  # fmt: skip


HELD = {
    "d0021b": "red", "1e7b34": "green/dark green", "2050c8": "blue", "f2c80f": "yellow", "ff7a00": "orange",
    "141414": "black/dark grey", "fbfbfb": "white/light grey", "6a3d1c": "brown/dark brown", "0a1238": "navy",
    "ff8fc0": "pink", "6f2c91": "purple", "14b8a6": "turquoise", "7a0c16": "dark red",
}  # fmt: skip


def bgr(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour)
    return blue, green, red


def scene(thing: str, wall: str = "c8c4bc", seed: int = 1, size: tuple[int, int] = (1280, 720)) -> np.ndarray:
    """A thing held up before a wall: shading from the side, grain, JPEG, as a camera gives it."""
    width, height = size
    picture = np.full((height, width, 3), bgr(wall), np.float32)
    left, top, right, bottom = int(0.36 * width), int(0.22 * height), int(0.64 * width), int(0.8 * height)
    cv2.rectangle(picture, (left, top), (right, bottom), bgr(thing), -1)
    cv2.rectangle(picture, (left + 120, bottom), (right - 120, height), bgr("c68642"), -1)  # an arm
    picture *= np.linspace(1.05, 0.82, width, dtype=np.float32)[None, :, None]
    picture += np.random.default_rng(seed).normal(0, 4, picture.shape).astype(np.float32)
    data = cv2.imencode(".jpg", np.clip(picture, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 80])[1]
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


def first(picture: np.ndarray) -> str:
    return measure(picture).colours[0].name


class TestNames:
    @pytest.mark.parametrize("name", list(NAMES))
    def test_each_name_is_given_to_the_colours_it_stands_on(self, name: str) -> None:
        known = NAMES[name][1].split()
        right = [name_of(*bytes.fromhex(colour)) == name for colour in known]
        assert sum(right) >= 0.8 * len(right), [c for c, ok in zip(known, right, strict=True) if not ok]

    @pytest.mark.parametrize(("colour", "names"), OTHERS.items())
    def test_other_colours_get_a_name_that_people_would_give(self, colour: str, names: str) -> None:
        assert name_of(*bytes.fromhex(colour.split()[-1])) in names.split("/")

    def test_greys_stay_grey_however_light(self) -> None:
        for level in range(256):
            assert name_of(level, level, level).split()[-1] in {"black", "grey", "white"}

    def test_a_slight_tint_of_the_camera_makes_no_white_blue(self) -> None:
        assert name_of(228, 236, 240) in {"white", "light grey"} and name_of(242, 240, 230) in {"white", "light grey"}


class TestThings:
    @pytest.mark.parametrize(("thing", "names"), HELD.items())
    @pytest.mark.parametrize("wall", ["c8c4bc", "6f6a64", "e8e8e6", "5c7f92", "9a7b4f"])
    def test_the_thing_held_up_and_not_the_wall(self, thing: str, names: str, wall: str) -> None:
        found = measure(scene(thing, wall)).colours
        assert found[0].name in names.split("/") and found[0].share > 0.5

    def test_two_colours_of_one_thing(self) -> None:
        picture = scene("d0021b")
        cv2.rectangle(picture, (461, 360), (819, 575), bgr("fbfbfb"), -1)
        assert {c.name for c in measure(picture).colours} == {"red", "white"}

    def test_a_thing_that_fills_the_picture(self) -> None:
        picture = np.full((720, 1280, 3), bgr("2050c8"), np.uint8)
        found = measure(picture)
        assert [c.name for c in found.colours] == ["blue"]
        assert said(Asked("colour"), found).startswith("It looks blue, but") and found.light == "coloured"

    def test_light_that_tints_everything_is_told(self) -> None:
        shelf = scene("f0e0d0", "909090")
        cv2.rectangle(shelf, (60, 60), (300, 500), bgr("303030"), -1)
        lamp = (shelf * np.array([0.15, 0.3, 1.0])).astype(np.uint8)
        assert not tinted(reduced(shelf)) and measure(lamp).light == "coloured"
        assert "may be the light" in said(Asked("colour"), measure(lamp))

    def test_in_the_dark_there_are_no_colours(self) -> None:
        found = measure((scene("d0021b") * 0.06).astype(np.uint8))
        assert (found.light, found.colours) == ("dark", ())


class TestLight:
    @pytest.mark.parametrize(("factor", "light"), [(0.05, "dark"), (0.3, "dim"), (0.8, "normal"), (2.5, "bright")])
    def test_the_same_room_in_less_and_more_light(self, factor: float, light: str) -> None:
        assert measure(np.clip(scene("2050c8") * factor, 0, 255).astype(np.uint8)).light == light

    def test_a_white_wall_and_a_black_table_are_not_light_and_dim(self) -> None:
        assert measure(scene("2050c8", "e8e8e6")).light == "normal"
        assert measure(scene("fbfbfb", "2c2826")).light == "normal"


def room(seed: int, size: tuple[int, int] = (1280, 720)) -> np.ndarray:
    """Something to look at: blurred noise of several sizes and a few boxes."""
    random = np.random.default_rng(seed)
    width, height = size[0] + 400, size[1] + 300
    picture = np.full((height, width, 3), 120, np.float32)
    for cells in (6, 20, 60):
        noise = random.normal(0, 22, (cells * height // width + 1, cells, 3)).astype(np.float32)
        picture += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(14):
        x, y = int(random.integers(0, width - 100)), int(random.integers(0, height - 100))
        box = (x + int(random.integers(40, 300)), y + int(random.integers(40, 250)))
        cv2.rectangle(picture, (x, y), box, random.uniform(20, 235, 3).tolist(), -1)
    return np.clip(picture, 0, 255).astype(np.uint8)


def view(
    of: np.ndarray,
    dx: float = 0,
    dy: float = 0,
    tilt: float = 0,
    gain: float = 1,
    seed: int = 0,
    blob: int | None = None,
    size: float = 1,
) -> np.ndarray:
    """What a head sees of a room: shifted by pixels, tilted by degrees, other exposure, grain.
    `blob`: x of a person, `size` of 520 px height."""
    of = of.copy()
    if blob is not None:
        cv2.ellipse(of, (blob, 620), (int(90 * size), int(260 * size)), 0, 0, 360, (60, 40, 30), -1)
        cv2.circle(of, (blob, int(620 - 290 * size)), int(70 * size), (140, 160, 205), -1)
    height, width = of.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), tilt, 1)
    matrix[:, 2] += (dx, dy)
    seen = cv2.warpAffine(of, matrix, (width, height))[150 : height - 150, 200 : width - 200].astype(np.float32) * gain
    seen += np.random.default_rng(seed).normal(0, 5, seen.shape)
    return np.clip(seen, 0, 255).astype(np.uint8)


def moves(before: np.ndarray, now: np.ndarray) -> str:
    share = measure(now, before).moving
    return "unknown" if share < 0 else "yes" if share >= MOVES else "no"


class TestMovement:
    @pytest.mark.parametrize("seed", range(8))
    def test_nothing_moves_however_the_head_does(self, seed: int) -> None:
        there = room(seed)
        before = view(there, seed=1)
        for dx, dy, tilt, gain in ((0, 0, 0, 1), (9, 4, 0, 1), (60, -25, 0, 1), (140, 30, 0, 1), (20, 10, 0.6, 1),
                                   (10, 0, -0.8, 1.1), (0, 0, 0, 0.8), (15, -10, 2, 1)):  # fmt: skip
            assert moves(before, view(there, dx, dy, tilt, gain, seed=2)) != "yes", (dx, dy, tilt, gain)

    @pytest.mark.parametrize("seed", range(8))
    def test_a_person_who_walks_is_seen_with_a_still_head_and_a_turning_one(self, seed: int) -> None:
        there = room(seed)
        before = view(there, seed=1, blob=700)
        for dx, dy, tilt in ((0, 0, 0), (12, 5, 0), (45, -15, 0.4), (10, 0, 1.5)):
            assert moves(before, view(there, dx, dy, tilt, seed=2, blob=800)) == "yes", (dx, dy, tilt)

    def test_a_head_that_turned_to_another_scene_tells_nothing(self) -> None:
        assert moves(view(room(1)), view(room(2))) == "unknown"
        assert moves(view(room(1)), view(room(1), dx=390)) == "unknown"

    def test_one_picture_tells_nothing_of_movement(self) -> None:
        there = view(room(1))
        assert measure(there).moving == measure(there, there[:360, :640]).moving == -1.0


class TestOddPictures:
    @pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (7, 9), (64, 64), (40, 4000)])
    def test_any_size_is_measured(self, shape: tuple[int, int]) -> None:
        picture = np.full((*shape, 3), 200, np.uint8)
        found = measure(picture, picture)
        assert isinstance(found, Measured) and sum(c.share for c in found.colours) <= 1.001

    @pytest.mark.parametrize("shape", [(0, 10, 3), (10, 10), (10, 10, 4)])
    def test_what_is_no_picture_is_named(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(ValueError, match="shape"):
            measure(np.zeros(shape, np.uint8))
        with pytest.raises(ValueError, match="before has shape"):
            measure(np.zeros((10, 10, 3), np.uint8), np.zeros(shape, np.uint8))


def photo(name: str) -> np.ndarray:
    picture = cv2.imread(str(PHOTOS / f"{name}.jpg"))
    assert picture is not None
    return picture


STILL = ["eggs_banana_avocado", "book_atomic_habits", "staircase", "motivational_sign", "parking_sign"]
LIGHTS = {
    "parking_sign": "dim",  # at night
    "staircase": "normal",
    "motivational_sign": "normal",
    "Window_Overexposed": "bright",
    "Fingers_Overexposed_1": "bright",
}
COLOURS = {
    "staircase": "dark brown",
    "Window_Overexposed": "white",
    "en_page": "white",
    "Laptop_Discord_1": "black",
    "Shelves_Blurry_1": "white/grey/light grey",
}


@with_photos
class TestPhotographs:
    @pytest.mark.parametrize("path", sorted(PHOTOS.glob("*.jpg")), ids=lambda path: path.stem)
    def test_no_photograph_is_taken_for_coloured_light(self, path: Path) -> None:
        assert measure(photo(path.stem)).light != "coloured"

    @pytest.mark.parametrize(("name", "light"), LIGHTS.items())
    def test_light(self, name: str, light: str) -> None:
        assert measure(photo(name)).light == light

    @pytest.mark.parametrize(("name", "colour"), COLOURS.items())
    def test_colours(self, name: str, colour: str) -> None:
        assert first(photo(name)) in colour.split("/")

    @pytest.mark.parametrize("tint", [(0.15, 0.15, 1.0), (1.0, 0.15, 0.15), (0.35, 0.65, 1.0), (0.2, 1.0, 0.2)])
    @pytest.mark.parametrize(
        "name", ["Shelves_Blurry_1", "book_atomic_habits", "eggs_banana_avocado", "Fingers_Overexposed_1"]
    )
    def test_the_same_in_coloured_light(self, name: str, tint: tuple[float, float, float]) -> None:
        assert measure((photo(name) * np.array(tint)).astype(np.uint8)).light == "coloured"

    @pytest.mark.parametrize("name", STILL)
    def test_a_turning_head_over_a_photograph_moves_nothing(self, name: str) -> None:
        there = cv2.resize(photo(name), (1680, 1020))
        assert moves(view(there, seed=1), view(there, 30, 12, 0.3, 0.95, seed=2)) == "no"
        assert moves(view(there, seed=1, blob=700), view(there, 30, 12, 0.3, seed=2, blob=820)) == "yes"
