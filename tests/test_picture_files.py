"""A picture file that a person names, as `ask --image` and `models try --image` read it: what phones write, what is no
picture, and what would take more memory than there is.

`tiles.heic` is made as iPhones make theirs: 512x512 HEVC tiles (libheif's own encoder), cropped, lying on its side with
`irot`, and the same said once more in EXIF. It shows "Platform 12", "Oxford", "14:05".
"""

from __future__ import annotations

import importlib.util
import os
import struct
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from companion import MEGAPIXELS
from companion.cli import main
from companion.model.trying import PICTURE_PX, picture_of
from companion.picture_file import MOST_BYTES, read_picture
from companion.settings import SettingsError
from tests.test_clip import ask, home

__all__ = ["home"]

TILES = Path(__file__).parent / "data" / "photos" / "tiles.heic"
with_heif = pytest.mark.skipif(importlib.util.find_spec("pi_heif") is None, reason="the extra heic is not installed")
ISPE = struct.pack(">4sIII", b"ispe", 0, 806, 1434)  # of the whole, before it is turned
ROOM_MB = 500


@with_heif
def test_a_photograph_in_tiles_is_read_upright_by_both_commands(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask("what does this say", "--image", str(TILES)) == 0
    assert "Platform 12" in capsys.readouterr().out
    sent = cv2.imdecode(np.frombuffer(picture_of(TILES), np.uint8), cv2.IMREAD_COLOR)
    assert sent is not None and sent.shape[:2] == (round(806 / 1434 * PICTURE_PX), PICTURE_PX)


@with_heif
def test_its_pixels_are_its_own_and_stay(home: Path) -> None:
    """What libheif lends is gone with its own object: read later, it was other things, or nothing at all."""
    bgr, _ = read_picture(TILES)
    before = bgr.copy()
    for _ in range(3):
        read_picture(TILES)
    assert np.array_equal(bgr, before)
    blue, _, red = bgr[300, 400].astype(int)
    assert blue > red + 50, "a blue sign, and no red one: the order of colours"


@with_heif
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda data: data[:6000], "cut off"),
        (lambda data: data.replace(ISPE, struct.pack(">4sIII", b"ispe", 0, 30_000, 30_000)), "30000x30000"),
        (lambda data: data[:700] + bytes(len(data) - 700), "cannot be read"),
        (lambda data: data[:24], "cannot be read"),
    ],
)
def test_a_heic_that_is_torn_or_claims_too_much_is_told_so(
    home: Path, capsys: pytest.CaptureFixture[str], change: object, told: str
) -> None:
    Path("a.heic").write_bytes(change(TILES.read_bytes()))  # type: ignore[operator]
    for command in (["ask", "what is this", "--image", "a.heic"], ["models", "try", "ollama", "--image", "a.heic"]):
        assert main(command) == 2
        line = capsys.readouterr().err.strip()
        assert "--image a.heic: " in line and told in line and "\n" not in line


def test_without_the_extra_both_commands_name_it(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    for command in (["ask", "what is this", "--image", str(TILES)], ["models", "try", "ollama", "--image", str(TILES)]):
        assert main(command) == 2
        assert "earshot-companion[heic]" in capsys.readouterr().err


def _bmp(side: int) -> bytes:
    """Says that it is `side` wide and high, and holds nothing."""
    head = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + head


def _sparse(path: Path, head: bytes, size: int) -> None:
    with path.open("wb") as file:
        file.write(head)
        file.truncate(size)


HOSTILE = {
    "claims.bmp": lambda p: p.write_bytes(_bmp(30_000)),
    "claims.jpg": lambda p: p.write_bytes(
        b"\xff\xd8\xff\xc0\0\x11\x08\xff\xff\xff\xff\x03\1\x22\0\2\x11\1\3\x11\1" + b"\0" * 99
    ),
    "sparse.jpg": lambda p: _sparse(p, b"\xff\xd8\xff\xe0", 4 << 30),
    "sparse.heic": lambda p: _sparse(p, TILES.read_bytes()[:200], 4 << 30),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_file_takes_more_memory_than_a_large_photograph(home: Path, name: str) -> None:
    """In a process of its own, which may have no more than that."""
    HOSTILE[name](home / name)
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from companion.picture_file import read_picture\n"
        "from companion.settings import SettingsError\n"
        "import cv2\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    read_picture(Path(sys.argv[1]))\n"
        "except SettingsError as why:\n    print(why)\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, name],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent.parent), *sys.path])},
    )
    told, taken_mb = done.stdout.strip().splitlines()
    assert f"--image {name}: " in told and int(taken_mb) < ROOM_MB, done.stdout + done.stderr


def test_a_picture_that_is_too_large_is_told_by_its_size_and_the_way_out(home: Path) -> None:
    _sparse(home / "film.jpg", b"\0\0\0\x18ftypisom", MOST_BYTES + 1)
    with pytest.raises(SettingsError, match=r"--image film\.jpg: larger than 200 MB.*--video film\.jpg"):
        read_picture(Path("film.jpg"))
    (home / "claims.bmp").write_bytes(_bmp(30_000))
    with pytest.raises(SettingsError, match=rf"claims\.bmp: .*{MEGAPIXELS} megapixels|claims\.bmp: .*no picture"):
        read_picture(Path("claims.bmp"))


@pytest.mark.parametrize("name", ["a sign.jpg", "a\nsign.jpg", "\N{STATION} sign \N{EYES}.jpg", "-sign.jpg"])
def test_any_name_will_do(home: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    (home / name).write_bytes((Path(name)).read_bytes() if Path(name).exists() else b"milk")
    assert ask("what does this say", f"--image=./{name}") == 2
    assert "no picture" in capsys.readouterr().err
