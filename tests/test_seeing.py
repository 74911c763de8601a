"""Seeing: the frame ring, lazy decoding, quality, the choice of a frame, text, codes and encoding.

Pictures are drawn in code, so nothing here needs a camera. The photographs of camera glasses that the thresholds were
checked on are not ours to ship: put the folder's path into EARSHOT_PHOTOS and the tests that use them run too.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.events import MS, NS, FrameScore, TextLine
from pipelines.seeing.choice import ChoiceOptions, choose
from pipelines.seeing.codes import CodeReader
from pipelines.seeing.decode import Pictures, from_jpeg
from pipelines.seeing.encode import jpeg
from pipelines.seeing.kept import KeptPictures
from pipelines.seeing.layout import OrderOptions, TrustOptions, in_reading_order, trusted
from pipelines.seeing.look import evenly, look, seldom
from pipelines.seeing.quality import QualityOptions, luma, problem_of, score
from pipelines.seeing.reading import TextReader
from pipelines.seeing.ring import (
    CODEC_CHANGED,
    EMPTY,
    NO_KEY_FRAME,
    OUTGROWN,
    TOO_LARGE,
    UNIT_OVERHEAD_BYTES,
    AccessUnit,
    Codec,
    FrameRing,
)

ROOT = Path(__file__).resolve().parent.parent
FRAME_NS = NS // 30
SIGN = ("PLATFORM 7", "Trains to Leeds", "Mind the gap")
FONT = cv2.FONT_HERSHEY_SIMPLEX


# --------------------------------------------------------------------------------------------- pictures made in code


def wall(width: int = 1280, height: int = 720, grey: int = 125) -> np.ndarray:
    return np.full((height, width, 3), grey, np.uint8)


def noisy(picture: np.ndarray, steps: float = 3, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, steps, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def card(lines: tuple[str, ...] = SIGN, size: float = 2.2) -> np.ndarray:
    """A white sign on a grey wall, 1280x720."""
    picture = wall()
    cv2.rectangle(picture, (240, 120), (1040, 600), (250, 250, 250), -1)
    for index, text in enumerate(lines):
        at = (290, 230 + round(index * 55 * size))
        cv2.putText(picture, text, at, FONT, size, (20, 20, 20), 5, cv2.LINE_AA)
    return picture


def blurred(picture: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(picture, (0, 0), sigma)


def on_wall(*patches: np.ndarray) -> np.ndarray:
    picture = wall()
    for index, patch in enumerate(patches):
        left = 60 + index * 600
        picture[200 : 200 + patch.shape[0], left : left + patch.shape[1]] = patch
    return picture


def qr(payload: str, size: int = 220) -> np.ndarray:
    modules = cv2.QRCodeEncoder.create().encode(payload)
    modules = cv2.copyMakeBorder(modules, 4, 4, 4, 4, cv2.BORDER_CONSTANT, value=255)
    return cv2.cvtColor(cv2.resize(modules, (size, size), interpolation=cv2.INTER_NEAREST), cv2.COLOR_GRAY2BGR)


def ean(digits: str, module_px: int = 3) -> np.ndarray:
    """EAN-13 or EAN-8 as bars (GS1 General Specifications, section 5.2)."""
    odd = ["0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011"]
    sets = ["LLLLLL", "LLGLGG", "LLGGLG", "LLGGGL", "LGLLGG", "LGGLLG", "LGGGLL", "LGLGLG", "LGLGGL", "LGGLGL"]
    right = ["".join("10"[int(bit)] for bit in bits) for bits in odd]
    if len(digits) == 13:
        sides = zip(digits[1:7], sets[int(digits[0])], strict=True)
        left = "".join(odd[int(d)] if s == "L" else right[int(d)][::-1] for d, s in sides)
        rest = digits[7:]
    else:
        left, rest = "".join(odd[int(d)] for d in digits[:4]), digits[4:]
    bits = "0" * 12 + "101" + left + "01010" + "".join(right[int(d)] for d in rest) + "101" + "0" * 12
    row = np.array([0 if bit == "1" else 255 for bit in bits], np.uint8).repeat(module_px)
    patch = np.full((190, row.size), 255, np.uint8)
    patch[20:-20] = row
    return cv2.cvtColor(patch, cv2.COLOR_GRAY2BGR)


def film(codec: Codec, pictures: list[np.ndarray], gop: int = 10, b_frames: int = 0) -> list[tuple[bytes, bool]]:
    """Pictures encoded as a live sender would: (access unit, is it a key frame)."""
    import av

    encoder = av.CodecContext.create({"h264": "libx264", "vp8": "libvpx"}[codec], "w")
    encoder.height, encoder.width = pictures[0].shape[:2]
    encoder.pix_fmt, encoder.time_base, encoder.framerate = "yuv420p", Fraction(1, 30), Fraction(30)
    encoder.gop_size, encoder.bit_rate, encoder.thread_count = gop, 800_000, 1
    if codec == "vp8":
        encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    else:
        encoder.options = {"preset": "ultrafast", "bf": str(b_frames)}
        encoder.options |= {} if b_frames else {"tune": "zerolatency"}
    units = []
    for index, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        frame.pts = index
        units += encoder.encode(frame)
    return [(bytes(packet), packet.is_keyframe) for packet in units + encoder.encode(None)]


def numbered(count: int, width: int = 320, height: int = 240) -> list[np.ndarray]:
    """Pictures that carry their number, from 1, as eight black or white bands."""
    pictures = []
    for number in range(1, count + 1):
        bands = [240 if number >> bit & 1 else 20 for bit in range(8)]
        row = np.repeat(np.array(bands, np.uint8), width // 8)
        pictures.append(np.broadcast_to(row[None, :, None], (height, row.size, 3)).copy())
    return pictures


def number_of(picture: np.ndarray) -> int:
    width = picture.shape[1] // 8
    return sum(1 << bit for bit in range(8) if picture[:, bit * width : (bit + 1) * width].mean() > 128)


def fill(ring: FrameRing, units: list[tuple[bytes, bool]], codec: Codec, first_id: int = 1, start_ns: int = 0) -> None:
    for index, (data, key) in enumerate(units):
        ring.add(AccessUnit(first_id + index, start_ns + index * FRAME_NS, key, codec, data))


def unit(frame_id: int, media_ns: int, key: bool = False, size: int = 1000, codec: Codec = "h264") -> AccessUnit:
    return AccessUnit(frame_id, media_ns, key, codec, bytes(size))


# ------------------------------------------------------------------------------------------------------------ the ring


class TestRing:
    def test_units_before_the_first_key_frame_are_refused_and_counted(self) -> None:
        ring = FrameRing()
        assert ring.needs_key
        assert ring.add(unit(1, 0)) == NO_KEY_FRAME
        assert ring.add(unit(2, FRAME_NS, key=True)) == ""
        assert not ring.needs_key
        assert ring.refused == {NO_KEY_FRAME: 1}
        assert ring.latest() == unit(2, FRAME_NS, key=True)

    def test_an_empty_ring_answers_with_nothing(self) -> None:
        ring = FrameRing()
        assert (ring.latest(), ring.between(0, NS), ring.chain(1), ring.before(NS), len(ring)) == (
            None,
            [],
            [],
            None,
            0,
        )

    def test_a_chain_runs_from_its_key_frame_to_the_frame(self) -> None:
        ring = FrameRing()
        for index in range(20):
            ring.add(unit(index + 1, index * FRAME_NS, key=index % 10 == 0))
        assert [u.frame_id for u in ring.chain(14)] == [11, 12, 13, 14]
        assert ring.chain(99) == []

    def test_old_chains_go_whole_once_the_next_one_covers_the_time(self) -> None:
        ring = FrameRing(seconds=1)
        for index in range(75):
            ring.add(unit(index + 1, index * FRAME_NS, key=index % 30 == 0))
        ids = [u.frame_id for u in ring.between(0, 10 * NS)]
        assert ids == list(range(31, 76))  # the second at its end, back to a key frame

    def test_the_bytes_are_bounded_by_whole_chains(self) -> None:
        ring = FrameRing(seconds=60, max_bytes=20 * (1000 + UNIT_OVERHEAD_BYTES))
        for index in range(100):
            ring.add(unit(index + 1, index * FRAME_NS, key=index % 8 == 0))
        assert ring.size_bytes <= 20 * (1000 + UNIT_OVERHEAD_BYTES)
        assert ring.between(0, 10 * NS)[0].key

    def test_one_unit_larger_than_the_ring_is_refused_and_breaks_its_chain(self) -> None:
        ring = FrameRing(max_bytes=10_000)
        ring.add(unit(1, 0, key=True))
        assert ring.add(unit(2, FRAME_NS, size=10_000)) == TOO_LARGE
        assert ring.add(unit(3, 2 * FRAME_NS)) == NO_KEY_FRAME
        assert ring.refused == {TOO_LARGE: 1, NO_KEY_FRAME: 1}
        assert [u.frame_id for u in ring.chain(1)] == [1]

    def test_a_sender_that_never_gives_a_key_frame_again_is_let_go_and_asked(self) -> None:
        ring = FrameRing(max_bytes=10_000)
        reasons = [ring.add(unit(index + 1, index * FRAME_NS, key=index == 0)) for index in range(12)]
        assert OUTGROWN in reasons
        assert ring.needs_key and ring.latest() is None and ring.size_bytes == 0

    def test_another_codec_must_begin_with_a_key_frame(self) -> None:
        ring = FrameRing()
        ring.add(unit(1, 0, key=True))
        assert ring.add(unit(2, FRAME_NS, codec="vp8")) == CODEC_CHANGED
        assert ring.add(unit(3, 2 * FRAME_NS)) == NO_KEY_FRAME
        assert ring.add(unit(4, 3 * FRAME_NS, key=True, codec="vp8")) == ""

    def test_stamps_that_stand_still_or_run_backwards_do_no_harm(self) -> None:
        ring = FrameRing(seconds=1)
        for index, media_ns in enumerate((5 * NS, 5 * NS, 3 * NS, 4 * NS)):
            assert ring.add(unit(index + 1, media_ns, key=index == 0)) == ""
        assert [u.frame_id for u in ring.between(0, 6 * NS)] == [3, 4, 1, 2]
        assert [u.frame_id for u in ring.chain(4)] == [1, 2, 3, 4]  # decoded as they arrived
        assert ring.before(5 * NS) == unit(4, 4 * NS)

    def test_an_empty_unit_is_refused_but_harmless(self) -> None:
        ring = FrameRing()
        ring.add(unit(1, 0, key=True))
        assert ring.add(unit(2, FRAME_NS, size=0)) == EMPTY
        assert ring.add(unit(3, 2 * FRAME_NS)) == ""

    def test_a_ring_without_room_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="seconds=0"):
            FrameRing(seconds=0)

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.integers(-5 * NS, 20 * NS),
                st.booleans(),
                st.sampled_from(["h264", "vp8", "jpeg"]),
                st.integers(0, 6000),
            ),
            max_size=80,
        )
    )
    def test_whatever_arrives_every_unit_held_can_be_reached_from_a_key_frame(
        self, arriving: list[tuple[int, bool, Codec, int]]
    ) -> None:
        ring = FrameRing(seconds=2, max_bytes=12_000)
        for index, (media_ns, key, codec, size) in enumerate(arriving):
            ring.add(unit(index + 1, media_ns, key, size, codec))
            assert 0 <= ring.size_bytes <= 12_000
        for held in ring.between(-10 * NS, 30 * NS):
            chain = ring.chain(held.frame_id)
            assert chain[-1] == held
            assert chain[0].key or chain[0].codec == "jpeg"
            assert {u.codec for u in chain} == {held.codec}


# ------------------------------------------------------------------------------------------------------------ decoding


class TestPictures:
    @pytest.mark.parametrize(("codec", "b_frames"), [("h264", 0), ("vp8", 0), ("h264", 2)])
    def test_each_wanted_frame_is_the_right_one(self, codec: Codec, b_frames: int) -> None:
        ring = FrameRing()
        fill(ring, film(codec, numbered(30), b_frames=b_frames), codec)
        found = Pictures(ring).pictures([3, 17, 25, 30])
        assert sorted(found) == [3, 17, 25, 30]
        if not b_frames:  # with reordered frames a unit's place in the stream is not the picture's
            assert {frame_id: number_of(picture) for frame_id, picture in found.items()} == {i: i for i in found}

    def test_a_later_question_about_the_same_chain_gives_the_same_pictures(self) -> None:
        ring = FrameRing()
        fill(ring, film("h264", numbered(20), gop=20), "h264")
        step_by_step = Pictures(ring)
        for frame_id in (4, 9, 2, 15):  # forwards, back, forwards
            alone = Pictures(ring).pictures([frame_id])[frame_id]
            assert np.array_equal(step_by_step.pictures([frame_id])[frame_id], alone)

    def test_a_chain_is_decoded_once_for_all_its_wanted_frames(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from pipelines.seeing import decode

        started: list[int] = []
        real = decode._ChainDecoder

        def counted(key: AccessUnit) -> decode._ChainDecoder:
            started.append(key.frame_id)
            return real(key)

        monkeypatch.setattr(decode, "_ChainDecoder", counted)
        ring = FrameRing()
        fill(ring, film("h264", numbered(20)), "h264")
        pictures = Pictures(ring)
        pictures.pictures([12, 14, 19, 20])
        pictures.pictures([12, 20])  # kept
        assert started == [11]

    @pytest.mark.parametrize("codec", ["h264", "vp8"])
    def test_after_a_broken_unit_the_rest_of_its_chain_is_missing(self, codec: Codec) -> None:
        ring = FrameRing()
        units = film(codec, numbered(30))
        units[13] = (b"\x00\x00\x00\x01\x65 this is no picture" * 9, False)
        fill(ring, units, codec)
        assert sorted(Pictures(ring).pictures([5, 12, 14, 16, 20, 21, 30])) == [5, 12, 21, 30]

    @settings(max_examples=25, deadline=None)
    @given(st.binary(min_size=1, max_size=400), st.sampled_from(["h264", "vp8", "jpeg"]))
    def test_garbage_is_a_missing_picture_never_an_exception(self, data: bytes, codec: Codec) -> None:
        ring = FrameRing()
        ring.add(AccessUnit(1, 0, True, codec, data))
        found = Pictures(ring).pictures([1, 2])
        assert set(found) <= {1}, "a frame that never came is never shown"

    def test_codec_and_size_may_change_in_the_stream(self) -> None:
        ring = FrameRing()
        fill(ring, film("vp8", numbered(5)), "vp8")
        fill(ring, film("h264", numbered(5, 240, 320)), "h264", first_id=6, start_ns=NS)
        ring.add(AccessUnit(11, 2 * NS, True, "jpeg", jpeg(wall(640, 480, 90), 640, 80)))
        sizes = {i: p.shape[:2] for i, p in Pictures(ring).pictures([3, 8, 11]).items()}
        assert sizes == {3: (240, 320), 8: (320, 240), 11: (480, 640)}

    def test_pictures_are_read_only_because_they_are_shared(self) -> None:
        ring = FrameRing()
        ring.add(AccessUnit(1, 0, True, "jpeg", jpeg(wall(), 640, 80)))
        with pytest.raises(ValueError, match="read-only"):
            Pictures(ring).pictures([1])[1][0, 0] = 0

    def test_a_jpeg_that_claims_gigapixels_is_not_even_tried(self) -> None:
        data = bytearray(jpeg(wall(64, 64), 64, 80))
        at = data.index(b"\xff\xc0")
        data[at + 5 : at + 9] = b"\xff\xff\xff\xff"
        assert from_jpeg(bytes(data)) is None
        assert from_jpeg(b"") is None
        png = bytearray(cv2.imencode(".png", wall(64, 64))[1].tobytes())
        assert from_jpeg(bytes(png)) is not None
        png[16:24] = b"\x00\x01\x00\x00" * 2
        assert from_jpeg(bytes(png)) is None


# ------------------------------------------------------------------------------------------------------------- quality


def verdict(picture: np.ndarray) -> str:
    return problem_of(score(1, 0, picture, None), QualityOptions())


class TestQuality:
    def test_a_sharp_sign_has_no_problem(self) -> None:
        assert verdict(card()) == ""
        assert verdict(noisy(card())) == ""

    def test_words_for_what_is_wrong(self) -> None:
        assert verdict(blurred(card(), 6)) == "blurred"
        assert verdict(noisy((card() * 0.08).astype(np.uint8))) == "dark"
        assert verdict(noisy(wall(grey=3))) == "covered"
        assert verdict(noisy(np.full((720, 1280, 3), (50, 40, 150), np.uint8))) == "covered"  # a finger
        assert verdict(noisy(wall(grey=255))) == "overexposed"

    def test_more_blur_is_less_sharpness(self) -> None:
        values = [score(1, 0, blurred(card(), sigma), None).sharpness for sigma in (0.5, 1, 2, 4, 8)]
        assert values == sorted(values, reverse=True)

    def test_the_scale_is_the_same_for_every_camera(self) -> None:
        small = cv2.resize(card(), (640, 360), interpolation=cv2.INTER_AREA)
        assert score(1, 0, small, None).sharpness == pytest.approx(score(1, 0, card(), None).sharpness, rel=0.02)

    def test_motion_is_the_mean_change_of_luma(self) -> None:
        before = luma(wall(grey=100))
        assert score(2, 0, wall(grey=112), before).motion == pytest.approx(12)
        assert score(2, 0, wall(grey=112), None).motion == 0
        assert score(2, 0, wall(480, 640, 112), before).motion == 0  # another size: nothing to compare

    def test_odd_shapes_are_measured_too(self) -> None:
        for shape in ((1, 1, 3), (1, 2000, 3), (2000, 1, 3)):
            assert score(1, 0, np.zeros(shape, np.uint8), None).brightness == 0


# -------------------------------------------------------------------------------------------------------------- choice


def seen(frame_id: int, at_ms: int, sharpness: float = 100, motion: float = 1, brightness: float = 120) -> FrameScore:
    return FrameScore(frame_id, at_ms * MS, 1280, 720, sharpness, brightness, 50, motion)


class TestChoice:
    def test_no_frame_is_no_picture(self) -> None:
        choice = choose([], 0, 0, "read")
        assert (choice.frame, choice.problem) == (None, "no picture")

    def test_reading_takes_the_sharpest_steady_frame_around_the_word(self) -> None:
        frames = [seen(1, 800, 90), seen(2, 900, 200), seen(3, 1000, 110), seen(4, 1100, 60, motion=30)]
        choice = choose(frames, 1000 * MS, 1300 * MS, "read")
        assert choice.frame == frames[1] and choice.problem == "" and choice.age_ms == 400
        assert choice.reason == "sharpest of 4 around the moment meant, 400 ms old, sharpness 200"

    def test_a_sharp_frame_of_something_else_does_not_win(self) -> None:
        frames = [seen(1, 1000, 80), seen(2, 2500, 900)]  # the head has turned away since the word
        choice = choose(frames, 1000 * MS, 2600 * MS, "read")
        assert choice.frame == frames[0]

    def test_describing_stays_closer_to_the_moment_than_reading(self) -> None:
        frames = [seen(1, 500, 190), seen(2, 1000, 100)]
        assert choose(frames, 1000 * MS, 1000 * MS, "describe").frame == frames[1]

    def test_a_moving_frame_loses_against_a_steady_one(self) -> None:
        frames = [seen(1, 950, 105, motion=40), seen(2, 1050, 100, motion=1)]
        choice = choose(frames, 1000 * MS, 1100 * MS, "read")
        assert choice.frame == frames[1]
        assert "steadier or nearer" in choice.reason

    def test_a_frame_with_a_problem_is_taken_only_if_there_is_no_other(self) -> None:
        dark, fine = seen(1, 1000, 500, brightness=5), seen(2, 1400, 30)
        choice = choose([dark, fine], 1000 * MS, 1500 * MS, "read")
        assert choice.frame == fine and "1 left out as unusable" in choice.reason
        assert choose([dark], 1000 * MS, 1500 * MS, "read").problem == "dark"

    def test_too_soft_to_read_may_be_sharp_enough_to_describe(self) -> None:
        soft = [seen(1, 1000, 6)]
        assert choose(soft, 1000 * MS, 1000 * MS, "read").problem == "blurred"
        assert choose(soft, 1000 * MS, 1000 * MS, "describe").problem == ""

    def test_the_last_photo_of_a_camera_that_takes_few_counts_for_longer(self) -> None:
        frames = [seen(1, 1000)]
        assert choose(frames, 4500 * MS, 5000 * MS, "read").problem == "stale"
        assert choose(frames, 4500 * MS, 5000 * MS, "read", seldom=True).problem == ""
        assert choose(frames, 4500 * MS, 6500 * MS, "read", seldom=True).problem == "stale"

    def test_an_old_look_is_stale_and_says_its_age(self) -> None:
        choice = choose([seen(1, 1000)], 9000 * MS, 9300 * MS, "read")
        assert choice.problem == "stale" and choice.age_ms == 8300
        assert choice.reason.endswith("stale")
        assert choose([seen(1, 1000)], 1000 * MS, 9000 * MS, "read").problem == "stale"
        assert choose([seen(1, 1000)], 2900 * MS, 3000 * MS, "read").problem == ""

    def test_equal_frames_are_told_apart_the_same_way_whatever_their_order(self) -> None:
        frames = [seen(1, 900), seen(2, 1100), seen(3, 1100), seen(4, 900)]
        picked = {choose(order, 1000 * MS, 1200 * MS, "code").frame for order in (frames, frames[::-1])}
        assert picked == {frames[2]}

    def test_an_unknown_purpose_is_an_error_that_names_the_others(self) -> None:
        with pytest.raises(ValueError, match=r"'sing'.*code, describe, read"):
            choose([], 0, 0, "sing")

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(st.tuples(st.integers(0, 9000), st.floats(0, 2000), st.floats(0, 255), st.floats(0, 255)), max_size=9),
        st.integers(0, 9000),
        st.randoms(use_true_random=False),
    )
    def test_the_choice_does_not_depend_on_the_order_of_the_frames(self, values, around_ms, shuffle) -> None:
        frames = [seen(i, *value) for i, value in enumerate(values)]
        mixed = frames[:]
        shuffle.shuffle(mixed)
        now_ns = 9100 * MS
        assert choose(frames, around_ms * MS, now_ns, "read", ChoiceOptions()) == choose(
            mixed, around_ms * MS, now_ns, "read", ChoiceOptions()
        )


# ---------------------------------------------------------------------------------------------------------------- look


class TestLook:
    def ring(self) -> FrameRing:
        ring = FrameRing()
        fill(ring, film("h264", numbered(40)), "h264")
        return ring

    def test_a_few_frames_evenly_spread_oldest_first(self) -> None:
        ring = self.ring()
        scores = look(ring, Pictures(ring), 10 * FRAME_NS, 31 * FRAME_NS, limit=5)
        assert [s.frame_id for s in scores] == [11, 15, 21, 27, 31]
        assert all((s.width, s.height) == (320, 240) for s in scores)
        assert all(s.motion > 20 for s in scores)  # the first one too, though nothing was before it

    def test_nothing_inside_gives_the_latest_before(self) -> None:
        ring = self.ring()
        assert [s.frame_id for s in look(ring, Pictures(ring), 5 * NS, 6 * NS)] == [40]
        assert look(ring, Pictures(ring), -2 * NS, -NS) == ()

    def test_frames_that_cannot_be_decoded_are_left_out(self) -> None:
        ring = FrameRing()
        for index in range(3):
            data = jpeg(card(), 640, 80) if index == 1 else b"no picture"
            ring.add(AccessUnit(index + 1, index * FRAME_NS, True, "jpeg", data))
        assert [s.frame_id for s in look(ring, Pictures(ring), 0, NS)] == [2]

    def test_the_last_frame_is_always_among_them(self) -> None:
        units = [unit(index, index) for index in range(17)]
        for limit in range(1, 20):
            picked = evenly(units, limit)
            assert len(picked) == min(limit, 17) and picked[-1] is units[-1]
            assert picked == sorted(set(picked), key=units.index)

    def test_a_look_at_no_frame_is_an_error(self) -> None:
        ring = self.ring()
        with pytest.raises(ValueError, match="limit=0"):
            look(ring, Pictures(ring), 0, NS, limit=0)


# ------------------------------------------------------------------------------------------------- reading: the layout


def test_a_camera_that_takes_a_photo_now_and_then_is_told_from_a_stream_that_has_stopped() -> None:
    photos, stream, rare = FrameRing(), FrameRing(), FrameRing()
    assert not seldom(photos), "nothing has come"
    for index, at_ms in enumerate((2100, 2650)):  # the first is placed by its arrival, late
        photos.add(unit(index + 1, at_ms * MS, key=True))
    for index in range(30):
        stream.add(unit(index + 1, index * 100 * MS, key=index == 0))
    for index in range(6):
        rare.add(unit(index + 1, index * 700 * MS, key=index == 0))
    assert seldom(photos) and not seldom(stream) and not seldom(rare)


def found(text: str, x: int, y: int, width: int, height: int = 20, confidence: float = 0.99) -> TextLine:
    return TextLine(text, confidence, (x, y, width, height))


def order(*fragments: TextLine) -> list[str]:
    return [line.text for line in in_reading_order(fragments, OrderOptions())]


class TestReadingOrder:
    def test_rows_from_top_to_bottom_and_left_to_right(self) -> None:
        assert order(found("EXIT", 300, 100, 60), found("WAY", 0, 104, 60), found("GATE 2", 0, 10, 90)) == [
            "GATE 2",
            "WAY",
            "EXIT",
        ]

    def test_a_badge_beside_a_title_is_no_part_of_it(self) -> None:
        title = found("to Build Good Habits", 287, 777, 290, height=44)
        assert order(title, found("MILLION", 605, 772, 101, height=31)) == ["to Build Good Habits", "MILLION"]
        assert order(title, found("now", 590, 785, 60, height=31)) == ["to Build Good Habits now"], "one foot"

    def test_near_fragments_of_a_row_are_one_line_with_the_weaker_confidence(self) -> None:
        lines = in_reading_order(
            [found("NO", 10, 10, 30), found("PARKING", 50, 12, 90, confidence=0.9)], OrderOptions()
        )
        assert lines == (TextLine("NO PARKING", 0.9, (10, 10, 130, 22)),)

    def test_a_badge_beside_smaller_print_stays_apart(self) -> None:
        assert order(found("to Build Good Habits", 305, 763, 289, 51), found("1 MILLION", 627, 758, 96, 30)) == [
            "to Build Good Habits",
            "1 MILLION",
        ]

    def test_a_menu_is_read_across_with_its_prices(self) -> None:
        menu = [found(name, 10, 30 * i, 80) for i, name in enumerate(("Tea", "Coffee", "Hot chocolate", "Water"))]
        prices = [found(price, 400, 30 * i + 2, 40) for i, price in enumerate(("2.50", "3.00", "3.60", "1.00"))]
        assert order(*menu, *prices)[:4] == ["Tea", "2.50", "Coffee", "3.00"]

    def test_two_columns_of_prose_are_read_one_after_the_other(self) -> None:
        left = [found(f"the left column line {i}", 0, 30 * i, 300) for i in range(4)]
        right = [found(f"the right column line {i}", 400, 30 * i + 3, 300) for i in range(4)]
        assert order(*right, *left) == [f.text for f in left + right]

    def test_nothing_in_nothing_out(self) -> None:
        assert order() == []

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(
            st.tuples(st.integers(0, 900), st.integers(0, 600), st.integers(1, 300), st.integers(1, 60)), max_size=24
        )
    )
    def test_no_fragment_is_lost_or_said_twice(self, boxes: list[tuple[int, int, int, int]]) -> None:
        fragments = [found(f"word{i}", *box) for i, box in enumerate(boxes)]
        said = " ".join(order(*fragments)).split()
        assert sorted(said) == sorted(f.text for f in fragments)


class TestTrust:
    @pytest.mark.parametrize(
        ("text", "confidence", "height", "said"),
        [
            ("PLATFORM 7", 0.99, 30, True),
            ("3 PMT0 7PM", 0.74, 30, False),  # misread on a real street sign
            ("D", 0.68, 125, False),  # seen in a face
            ("2", 1.0, 30, True),
            ("食牛油果", 0.83, 120, False),  # a label on its side, one sign lost
            ("EXIT", 0.97, 30, True),
            ("~·|-_:a", 0.95, 30, False),
            ("....", 0.99, 30, False),
            ("", 1.0, 30, False),
            ("£3.60", 0.98, 30, True),
            ("small print here", 0.99, 6, False),
        ],
    )
    def test_what_is_said_aloud(self, text: str, confidence: float, height: int, said: bool) -> None:
        assert (trusted(found(text, 0, 0, 200, height, confidence), TrustOptions()) == "") is said


# ------------------------------------------------------------------------------------------------- reading: the engine


@pytest.fixture(scope="module")
def reader() -> TextReader:
    return TextReader()


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def refused(*args: object, **kwargs: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refused)
    monkeypatch.setattr(socket, "create_connection", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    yield


def words_of(lines: tuple[TextLine, ...]) -> list[str]:
    return [line.text for line in lines]


class TestTextReader:
    def test_the_models_come_with_the_wheel_and_nothing_is_fetched(self, no_network: None) -> None:
        import rapidocr

        folder = Path(rapidocr.__file__).parent
        before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.onnx")}
        fresh = TextReader()
        fresh.warm()
        assert words_of(fresh.read(card())) == list(SIGN)
        assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.onnx")} == before

    def test_a_sign_is_read_whole_and_in_order_with_boxes_on_it(self, reader: TextReader) -> None:
        lines = reader.read(card())
        assert words_of(lines) == list(SIGN)
        for line in lines:
            x, y, width, height = line.box
            assert x >= 240 and y >= 120 and x + width <= 1040 and y + height <= 600
        assert all(line.confidence > 0.9 for line in lines)

    @pytest.mark.parametrize("turn", [cv2.ROTATE_180, cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_90_COUNTERCLOCKWISE])
    def test_a_turned_sign_reads_the_same_and_its_boxes_are_where_the_text_is(
        self, reader: TextReader, turn: int
    ) -> None:
        picture = cv2.rotate(card(), turn)
        lines = reader.read(picture)
        assert words_of(lines) == list(SIGN)
        for line in lines:
            x, y, width, height = line.box
            inside = picture[y : y + height, x : x + width]
            assert inside.min() < 60 and (inside < 60).mean() > 0.05

    def test_small_and_large_pictures_of_it(self, reader: TextReader) -> None:
        large = cv2.resize(card(), (3840, 2160), interpolation=cv2.INTER_CUBIC)
        lines = reader.read(large)
        assert words_of(lines) == list(SIGN)
        assert max(line.box[0] + line.box[2] for line in lines) > 1600  # in pixels of the large picture
        assert reader.read(np.full((4, 4, 3), 200, np.uint8)) == ()
        assert reader.read(np.full((2, 900, 3), 200, np.uint8)) == ()

    def test_no_text_is_said_to_be_no_text(self, reader: TextReader) -> None:
        stripes = wall()
        stripes[:, ::24] = 30
        stripes[:, 1::24] = 30
        for picture in (wall(), noisy(wall(), 12), stripes, blurred(card(), 25)):
            assert reader.read(picture) == ()

    def test_what_is_not_trusted_is_kept_aside_with_the_reason(self, reader: TextReader) -> None:
        reading = reader.read_all(noisy(blurred(card(("Mind the gap",), size=0.9), 7), 2))
        for line, reason in reading.doubtful:
            assert reason and line not in reading.lines

    def test_a_read_only_picture_can_be_read(self, reader: TextReader) -> None:
        picture = card()
        picture.setflags(write=False)
        assert words_of(reader.read(picture)) == list(SIGN)

    def test_a_picture_of_the_wrong_shape_is_an_error(self, reader: TextReader) -> None:
        with pytest.raises(ValueError, match="shape"):
            reader.read(np.zeros((0, 10, 3), np.uint8))


# --------------------------------------------------------------------------------------------------------------- codes


class TestCodes:
    def test_a_qr_code_gives_its_exact_payload_and_place(self) -> None:
        (code,) = CodeReader().read(on_wall(qr("https://example.org/menu?t=7&x=%20 ")))
        assert (code.kind, code.payload) == ("qr", "https://example.org/menu?t=7&x=%20 ")
        x, y, width, height = code.box
        assert x >= 60 and y >= 200 and x + width <= 280 and y + height <= 420

    def test_two_codes_from_left_to_right(self) -> None:
        codes = CodeReader().read(on_wall(qr("left one"), qr("right one")))
        assert [c.payload for c in codes] == ["left one", "right one"]

    def test_letters_beyond_ascii(self) -> None:
        assert CodeReader().read(on_wall(qr("café 2 €")))[0].payload == "café 2 €"

    @pytest.mark.parametrize(
        ("digits", "kind", "payload"),
        [
            ("4006381333931", "ean13", "4006381333931"),
            ("96385074", "ean8", "96385074"),
            ("0036000291452", "upca", "036000291452"),
        ],
    )
    def test_barcodes(self, digits: str, kind: str, payload: str) -> None:
        (code,) = CodeReader().read(on_wall(ean(digits)))
        assert (code.kind, code.payload) == (kind, payload)

    def test_small_and_inverted_codes(self) -> None:
        assert CodeReader().read(on_wall(qr("https://example.org/menu?t=7", 100)))[0].payload.endswith("t=7")
        assert CodeReader().read(255 - on_wall(qr("white on black", 300)))[0].payload == "white on black"

    def test_no_code_in_a_sign_or_in_nothing(self) -> None:
        reader = CodeReader()
        for picture in (card(), noisy(wall(), 20), np.zeros((1, 1, 3), np.uint8), np.zeros((3, 500, 3), np.uint8)):
            assert reader.read(picture) == ()

    def test_payloads_that_are_not_utf8_are_not_lost(self) -> None:
        from pipelines.seeing.codes import _as_text

        assert _as_text(b"caf\xe9") == "caf\u00e9"


# ------------------------------------------------------------------------------------------------------------ encoding


class TestJpeg:
    def test_the_longest_side_is_reduced_and_never_enlarged(self) -> None:
        for longest, shape in ((640, (360, 640)), (1280, (720, 1280)), (4000, (720, 1280))):
            picture = from_jpeg(jpeg(card(), longest, 80))
            assert picture is not None and picture.shape[:2] == shape

    def test_a_sliver_keeps_a_pixel(self) -> None:
        picture = from_jpeg(jpeg(np.zeros((1, 3000, 3), np.uint8), 100, 80))
        assert picture is not None and picture.shape[:2] == (1, 100)

    @pytest.mark.parametrize(
        ("shape", "longest", "quality"), [((0, 4, 3), 9, 80), ((4, 4, 3), 0, 80), ((4, 4, 3), 9, 0)]
    )
    def test_what_cannot_be_encoded_is_named(self, shape: tuple[int, ...], longest: int, quality: int) -> None:
        with pytest.raises(ValueError, match="jpeg:"):
            jpeg(np.zeros(shape, np.uint8), longest, quality)


# ------------------------------------------------------------------------------------------------------------ the room


def test_importing_the_room_loads_no_heavy_library() -> None:
    rooms = ["ring", "decode", "quality", "choice", "look", "encode", "layout", "reading", "codes"]
    code = "import sys; " + "; ".join(f"import pipelines.seeing.{room}" for room in rooms)
    code += "; print(*[name for name in ('cv2', 'av', 'rapidocr', 'onnxruntime') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


# --------------------------------------------------------------------------------------------------------- photographs

PHOTOS = Path(os.environ.get("EARSHOT_PHOTOS", ROOT.parent / "shared" / "data" / "photos"))
with_photos = pytest.mark.skipif(not PHOTOS.is_dir(), reason="no photographs here: set EARSHOT_PHOTOS to their folder")


def photo(name: str) -> np.ndarray:
    picture = from_jpeg((PHOTOS / f"{name}.jpg").read_bytes())
    assert picture is not None
    return picture


@with_photos
@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("Shelves_Blurry_1", "blurred"),
        ("Window_Overexposed", "overexposed"),
        ("Fingers_Overexposed_1", "overexposed"),
        ("parking_sign", ""),
        ("book_atomic_habits", ""),
        ("motivational_sign", ""),
        ("eggs_banana_avocado", ""),
        ("staircase", ""),
        ("en_page", ""),
    ],
)
def test_the_quality_of_real_photographs(name: str, problem: str) -> None:
    assert verdict(photo(name)) == problem


@with_photos
@pytest.mark.parametrize(
    "name",
    [
        "staircase",
        "sample_rotated",
        "Shelves_Blurry_1",
        "Window_Overexposed",
        "Fingers_Overexposed_1",
    ],
)
def test_nothing_is_said_where_nothing_can_be_trusted(reader: TextReader, name: str) -> None:
    assert reader.read(photo(name)) == ()


@with_photos
def test_a_label_that_lies_on_its_side_is_all_that_is_read_among_eggs_and_bananas(reader: TextReader) -> None:
    assert set(words_of(reader.read(photo("eggs_banana_avocado")))) <= {"即食牛油果", "RIPE AVOCADO"}


@with_photos
def test_a_real_book_is_read_in_order(reader: TextReader) -> None:
    said = " / ".join(words_of(reader.read(photo("book_atomic_habits"))))
    assert "Tiny Changes, / Remarkable Results / Atomic / Habits / An Easy & Proven Way" in said
    assert said.endswith("James Clear")


@with_photos
def test_a_real_street_sign_at_night_gives_words_but_no_misread_times(reader: TextReader) -> None:
    said = words_of(reader.read(photo("parking_sign")))
    assert {"NO PARKING", "TUESDAY", "STREET CLEANING"} <= set(said)
    assert not any("0 7" in line for line in said)  # "TO" read as "10" or "T0"
    tens = {line.replace(" ", "") for line in said if line.startswith("10")}
    assert tens <= {"10P.M."}, "this stands on the sign; another 10 would be a TO"


def test_a_picture_that_was_used_is_still_there_when_the_ring_has_let_go_of_it() -> None:
    there = {n: np.full((10, 10, 3), n, np.uint8) for n in range(5)}
    kept = KeptPictures(there.get, max_bytes=900)  # three of them
    assert all(kept.get(n) is not None for n in (0, 1, 2))
    there.clear()
    assert kept.get(0) is not None and kept.get(7) is None
    there[3] = np.zeros((10, 10, 3), np.uint8)
    assert kept.get(3) is not None
    there.clear()
    assert kept.get(1) is None, "the one that was not used for longest goes first"
    assert kept.get(0) is not None and kept.get(3) is not None
