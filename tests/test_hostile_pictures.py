"""Pictures made to break a decoder, and odd ones that are honest: each gives a picture the right way up, or none.

Never an exception, and never more memory than the largest picture that is allowed. All files are made here.
"""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import textwrap
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from pipelines.events import NS
from pipelines.seeing.decode import MAX_PIXELS, Pictures, from_jpeg
from pipelines.seeing.look import look
from pipelines.seeing.ring import AccessUnit, Codec, FrameRing
from tests.test_seeing import fill, film, numbered

ROOT = Path(__file__).resolve().parent.parent
WIDTH, HEIGHT = 400, 240
RED, GREEN, BLUE, WHITE = (0, 0, 255), (0, 255, 0), (255, 0, 0), (255, 255, 255)  # BGR


def quarters() -> np.ndarray:
    """Red and green above, blue and white below: shows which way up it is."""
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[: HEIGHT // 2, : WIDTH // 2], picture[: HEIGHT // 2, WIDTH // 2 :] = RED, GREEN
    picture[HEIGHT // 2 :, : WIDTH // 2], picture[HEIGHT // 2 :, WIDTH // 2 :] = BLUE, WHITE
    return picture


def corners(picture: np.ndarray) -> list[tuple[int, ...]]:
    """Colours near the four corners: above left, above right, below left, below right; each channel 0 or 255."""
    return [tuple(int(c > 127) * 255 for c in picture[y, x]) for y in (9, -10) for x in (9, -10)]


def saved(image: Image.Image, kind: str, **how: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


PLAIN = Image.fromarray(quarters()[..., ::-1])
JPEG, PNG = saved(PLAIN, "JPEG", quality=92), saved(PLAIN, "PNG")
CLEAR = Image.fromarray(np.dstack([quarters()[..., ::-1], np.zeros((HEIGHT, WIDTH), np.uint8)]))
UPRIGHT = [RED, GREEN, BLUE, WHITE]


def claiming(data: bytes, width: int, height: int) -> bytes:
    """The same file with another size in its header."""
    out = bytearray(data)
    if data[:4] == b"\x89PNG":
        out[16:24] = struct.pack(">II", width, height)
        out[29:33] = struct.pack(">I", zlib.crc32(out[12:29]))
    else:
        at = data.index(b"\xff\xc0")
        out[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(out)


def png_of_zeros(width: int, height: int, depth: int = 8) -> bytes:
    """A real picture, all black, some kilobytes of file however large it is."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    squeeze, rows = zlib.compressobj(9), bytes(1 + width * 3 * depth // 8)
    body = b"".join(squeeze.compress(rows) for _ in range(height)) + squeeze.flush()
    head = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def hidden_size(marker: int, width: int = 20_000, height: int = 20_000) -> bytes:
    """A JPEG with a marker that has no length before its frame. Who takes the next two bytes for a length, jumps over
    the true frame to a false one that claims 16 x 16."""
    large = claiming(JPEG, width, height)
    data = b"\xff\xd8\xff" + bytes([marker]) + large[2:]
    jump = 4 + int.from_bytes(data[4:6], "big")
    return data + bytes(max(0, jump - len(data))) + b"\xff\xc0\x00\x11\x08\x00\x10\x00\x10\x03\x01\x22\x00"


def moved_header() -> bytes:
    """A PNG whose first chunk is a text with a small size where the header's would be."""
    text = struct.pack(">II", 16, 16) + bytes(5)
    body = b"tEXt" + text
    first = struct.pack(">I", len(text)) + body + struct.pack(">I", zlib.crc32(body))
    return PNG[:8] + first + claiming(PNG, 20_000, 20_000)[8:]


TOO_LARGE = {
    "jpeg 65500 x 65500": claiming(JPEG, 65_500, 65_500),
    "png 65500 x 65500": claiming(PNG, 65_500, 65_500),
    "png of 2^31 - 1 a side": claiming(PNG, 2**31 - 1, 2**31 - 1),
    "png one pixel high": claiming(PNG, MAX_PIXELS + 1, 1),
    "a true bomb": png_of_zeros(7000, 7000),
    "a size hidden behind a marker 01": hidden_size(0x01),
    "a size hidden behind a stuffed byte": hidden_size(0x00),
    "a size hidden behind a restart": hidden_size(0xD3),
    "a size hidden behind a second start": hidden_size(0xD8),
    "a header that is not first": moved_header(),
}
EMPTY = {
    "nothing": b"",
    "only a beginning, jpeg": b"\xff\xd8",
    "only a beginning, png": PNG[:8],
    "jpeg 0 x 0": claiming(JPEG, 0, 0),
    "jpeg without a height": claiming(JPEG, WIDTH, 0),
    "png 0 x 0": claiming(PNG, 0, 0),
    "fill bytes without end": b"\xff\xd8" + b"\xff" * 100_000,
    "segments of length 0": b"\xff\xd8" + b"\xff\xe1\x00\x00" * 1000,
    "text called jpg": b"This is a shopping list: eggs, milk, bread.\n" * 50,
    "html called jpg": b"<!doctype html><title>404</title>",
    "text behind a jpeg's first bytes": b"\xff\xd8\xff\xe0" + b"hello " * 400,
    "zip called jpg": b"PK\x03\x04" + bytes(400),
}


class TestTooLargeOrNone:
    @pytest.mark.parametrize("name", TOO_LARGE)
    def test_a_picture_that_claims_too_much_is_not_even_tried(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        def never(*_: object) -> None:
            raise AssertionError("a decoder was asked to make room for it")

        monkeypatch.setattr(cv2, "imdecode", never)
        assert from_jpeg(TOO_LARGE[name]) is None

    @pytest.mark.parametrize("name", EMPTY)
    def test_what_is_no_picture_gives_none(self, name: str) -> None:
        assert from_jpeg(EMPTY[name]) is None

    def test_memory_stays_bounded_whatever_comes(self, tmp_path: Path) -> None:
        """In a process of its own: how much more it ever held than for a small picture, under four at the limit."""
        large = png_of_zeros(6300, 6300)
        files = {
            **TOO_LARGE,
            **EMPTY,
            "at the limit": large,
            "16 bit": png_of_zeros(5000, 5000, 16),
            "cut": large[:-99],
        }
        for index, data in enumerate(files.values()):
            (tmp_path / f"{index:02d}").write_bytes(data)
        script = """
            import json, resource, sys
            from pathlib import Path
            import cv2, numpy
            from pipelines.seeing.decode import from_jpeg
            cv2.setNumThreads(1)
            from_jpeg(Path(sys.argv[2]).read_bytes())
            unit = 1 if sys.platform == "darwin" else 1024
            most = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
            start, shapes = most(), []
            for path in sorted(Path(sys.argv[1]).iterdir()):
                picture = from_jpeg(path.read_bytes())
                shapes.append(None if picture is None else picture.shape)
                del picture
            print(json.dumps([most() - start, shapes]))
        """
        small = tmp_path.parent / "small.jpg"
        small.write_bytes(JPEG)
        command = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path), str(small)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
        grew, shapes = json.loads(done.stdout)
        told = dict(zip(files, shapes, strict=True))
        assert told["at the limit"] == [6300, 6300, 3] and told["16 bit"] == [5000, 5000, 3]
        assert [name for name in (*TOO_LARGE, *EMPTY) if told[name] is not None] == []
        assert grew < 4 * 3 * MAX_PIXELS, f"{grew / 1e6:.0f} MB"


class TestDamaged:
    @pytest.mark.parametrize("part", range(20))
    @pytest.mark.parametrize(
        "whole", [JPEG, saved(PLAIN, "JPEG", progressive=True), PNG], ids=["jpeg", "progressive", "png"]
    )
    def test_a_file_that_ends_early_gives_none_or_a_picture_of_its_size(self, whole: bytes, part: int) -> None:
        picture = from_jpeg(whole[: len(whole) * part // 20])
        assert picture is None or (picture.shape == (HEIGHT, WIDTH, 3) and part >= 4)

    @pytest.mark.parametrize("whole", [JPEG, PNG], ids=["jpeg", "png"])
    def test_wrong_bytes_anywhere_never_raise(self, whole: bytes) -> None:
        random = np.random.default_rng(11)
        for _ in range(60):
            data = bytearray(whole)
            for at in random.integers(2, len(data), int(random.integers(1, 20))):
                data[at] = int(random.integers(256))
            picture = from_jpeg(bytes(data))
            assert picture is None or (picture.ndim == 3 and 0 < picture.shape[0] * picture.shape[1] <= MAX_PIXELS)

    def test_what_follows_the_end_does_no_harm(self) -> None:
        picture = from_jpeg(JPEG + b"trailer " * 999)
        assert picture is not None and corners(picture) == UPRIGHT


class TestOddAndHonest:
    @pytest.mark.parametrize("kind", ["JPEG", "PNG"])
    @pytest.mark.parametrize(
        ("value", "there"),
        [  # what EXIF 2.32 says of tag 274: where the stored row 0 and column 0 are
            (1, [RED, GREEN, BLUE, WHITE]),
            (2, [GREEN, RED, WHITE, BLUE]),
            (3, [WHITE, BLUE, GREEN, RED]),
            (4, [BLUE, WHITE, RED, GREEN]),
            (5, [RED, BLUE, GREEN, WHITE]),
            (6, [BLUE, RED, WHITE, GREEN]),
            (7, [WHITE, GREEN, BLUE, RED]),
            (8, [GREEN, WHITE, RED, BLUE]),
        ],
    )
    def test_it_is_turned_as_its_exif_says(self, value: int, there: list[tuple[int, ...]], kind: str) -> None:
        if kind == "PNG" and tuple(map(int, cv2.__version__.split(".")[:2])) < (4, 11):
            pytest.skip("OpenCV turns PNG files since 4.11; cameras send JPEG")
        exif = Image.Exif()
        exif[274] = value
        picture = from_jpeg(saved(PLAIN, kind, exif=exif))
        assert picture is not None and corners(picture) == there
        assert picture.shape == ((WIDTH, HEIGHT, 3) if value > 4 else (HEIGHT, WIDTH, 3))

    @pytest.mark.parametrize("value", [0, 9, 65_535])
    def test_a_turn_that_does_not_exist_is_no_turn(self, value: int) -> None:
        exif = Image.Exif()
        exif[274] = value
        picture = from_jpeg(saved(PLAIN, "JPEG", exif=exif))
        assert picture is not None and corners(picture) == UPRIGHT

    @pytest.mark.parametrize(
        ("name", "data"),
        [
            ("cmyk", saved(PLAIN.convert("CMYK"), "JPEG")),
            ("progressive", saved(PLAIN, "JPEG", progressive=True)),
            ("16 bits a channel", cv2.imencode(".png", quarters().astype(np.uint16) * 257)[1].tobytes()),
            ("alpha, all of it transparent", saved(CLEAR, "PNG")),
            ("palette", saved(PLAIN.convert("P"), "PNG")),
        ],
    )  # fmt: skip
    def test_other_ways_to_keep_colours_are_seen_as_they_are(self, name: str, data: bytes) -> None:
        picture = from_jpeg(data)
        assert picture is not None and picture.dtype == np.uint8 and corners(picture) == UPRIGHT, name

    @pytest.mark.parametrize("kind", ["JPEG", "PNG"])
    def test_grey_becomes_three_equal_channels(self, kind: str) -> None:
        picture = from_jpeg(saved(PLAIN.convert("L"), kind))
        assert picture is not None and picture.shape == (HEIGHT, WIDTH, 3)
        assert np.ptp(picture.astype(int), axis=2).max() == 0 and len(np.unique(picture[[9, -10]][:, [9, -10]])) == 4

    @pytest.mark.parametrize("kind", ["PNG", "MPO", "GIF", "WEBP", "TIFF"])
    def test_of_several_pictures_in_a_file_the_first_or_none(self, kind: str) -> None:
        data = saved(PLAIN, kind, save_all=True, append_images=[PLAIN.rotate(180)])
        picture = from_jpeg(data)
        if kind in {"PNG", "MPO"}:
            assert picture is not None and corners(picture) == UPRIGHT
        else:
            assert picture is None, "neither JPEG nor PNG: a camera does not send it"


# -------------------------------------------------------------------------------------------------------- in the ring


def shown(ring: FrameRing) -> dict[int, np.ndarray]:
    """All that comes out of a ring, by looking, by asking and by following."""
    pictures = Pictures(ring)
    ids = [unit.frame_id for chain in ring.chains() for unit in chain]
    pictures.follow()
    scores = look(ring, pictures, 0, 60 * NS)
    found = pictures.pictures(ids)
    assert {score.frame_id for score in scores} <= set(ids)
    pictures.rest()
    assert pictures.held_bytes == 0
    return found


def in_ring(codec: Codec, *units: bytes) -> FrameRing:
    ring = FrameRing()
    for index, data in enumerate(units):
        ring.add(AccessUnit(index + 1, index * NS // 30, index == 0 or codec == "jpeg", codec, data))
    return ring


def exp_golomb(*values: int) -> str:
    """ue(v) of ITU-T H.264, 9.1."""
    return "".join("0" * ((v + 1).bit_length() - 1) + f"{v + 1:b}" for v in values)


def claims_h264(width: int, height: int) -> bytes:
    """A sequence parameter set of the baseline profile, level 5.1 (ITU-T H.264, 7.3.2.1.1), with its start code."""
    bits = exp_golomb(0, 0, 2, 1) + "0" + exp_golomb(width // 16 - 1, height // 16 - 1) + "1" + "1" + "0" + "0" + "1"
    bits += "0" * (-len(bits) % 8)
    body = bytes([0x67, 66, 0, 51]) + int(bits, 2).to_bytes(len(bits) // 8, "big")
    for number in range(4):  # emulation prevention
        body = body.replace(bytes([0, 0, number]), bytes([0, 0, 3, number]))
    return b"\x00\x00\x00\x01" + body


class TestInTheRing:
    @pytest.mark.parametrize("name", [*TOO_LARGE, *(name for name in EMPTY if EMPTY[name])])
    def test_hostile_files_are_missing_and_their_neighbours_are_not(self, name: str) -> None:
        bad = {**TOO_LARGE, **EMPTY}[name]
        found = shown(in_ring("jpeg", JPEG, bad, JPEG))
        assert sorted(found) == [1, 3] and corners(found[1]) == corners(found[3]) == UPRIGHT

    @pytest.mark.parametrize("codec", ["h264", "vp8"])
    def test_units_that_end_early_never_raise_nor_show_another_frame(self, codec: Codec) -> None:
        units = [data for data, _ in film(codec, numbered(6))]
        for at in (0, 3):
            for part in range(20):
                cut = [*units]
                cut[at] = cut[at][: len(cut[at]) * part // 20]
                found = shown(in_ring(codec, *cut))
                assert set(found) <= set(range(1, 7))
                assert all(picture.shape == (240, 320, 3) for picture in found.values())

    @pytest.mark.parametrize("codec", ["h264", "vp8", "jpeg"])
    def test_wrong_bytes_in_a_stream_never_raise(self, codec: Codec) -> None:
        random = np.random.default_rng(3)
        units = [JPEG] * 4 if codec == "jpeg" else [data for data, _ in film(codec, numbered(4))]
        for _ in range(40):
            bad = [bytearray(unit) for unit in units]
            for unit in bad:
                for at in random.integers(0, len(unit), int(random.integers(0, 6))):
                    unit[at] = int(random.integers(256))
            for picture in shown(in_ring(codec, *map(bytes, bad))).values():
                assert 0 < picture.shape[0] * picture.shape[1] <= MAX_PIXELS

    def test_a_vp8_frame_that_claims_268_megapixels_is_missing(self) -> None:
        key, *rest = [data for data, _ in film("vp8", numbered(3))]
        assert key[3:6] == b"\x9d\x01\x2a", "RFC 6386, 9.1: the start code, then width and height"
        assert shown(in_ring("vp8", key[:6] + struct.pack("<HH", 0x3FFF, 0x3FFF) + key[10:], *rest)) == {}

    def test_an_h264_stream_that_claims_gigapixels_is_missing(self) -> None:
        key, *rest = [data for data, _ in film("h264", numbered(3))]
        after = key.index(b"\x00\x00\x00\x01\x68")  # the picture parameter set stays, and the slice
        assert sorted(shown(in_ring("h264", claims_h264(320, 240) + key[after:], *rest))) == [1, 2, 3], "as it was"
        assert shown(in_ring("h264", claims_h264(65_536, 65_536) + key[after:], *rest)) == {}

    def test_the_codec_of_another_unit_is_a_missing_picture(self) -> None:
        h264, vp8 = (film(codec, numbered(1))[0][0] for codec in ("h264", "vp8"))
        for codec, data in (("h264", JPEG), ("vp8", JPEG), ("h264", vp8), ("vp8", h264), ("jpeg", h264)):
            assert shown(in_ring(codec, data)) == {}  # type: ignore[arg-type]

    def test_a_good_stream_after_a_hostile_one_is_seen(self) -> None:
        ring = in_ring("vp8", b"\x10\x02\x00\x9d\x01\x2a" + struct.pack("<HH", 0x3FFF, 0x3FFF) + bytes(300))
        fill(ring, film("h264", numbered(4)), "h264", first_id=10, start_ns=NS)
        assert sorted(shown(ring)) == [10, 11, 12, 13]

    def test_what_is_held_of_many_large_pictures_is_bounded(self) -> None:
        large = saved(Image.fromarray(np.zeros((2400, 3200, 3), np.uint8)), "JPEG")
        ring = in_ring("jpeg", *[large] * 12)
        pictures = Pictures(ring)
        for frame_id in range(1, 13):
            assert pictures.pictures([frame_id])[frame_id].shape == (2400, 3200, 3)
        assert 0 < pictures.held_bytes <= 2 * 3 * 2400 * 3200, "not twelve of them"
