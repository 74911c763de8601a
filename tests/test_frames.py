"""Frames at the word: decoding along, scores from luma, one look between two turns of the head, key frames in time."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.link import camera as camera_file
from companion.link.camera import KEY_FRAME_AFTER_NS, Camera
from pipelines.events import MS, NS, FrameScore
from pipelines.seeing import decode
from pipelines.seeing.choice import ChoiceOptions, choose, choose_two, same_look
from pipelines.seeing.decode import Pictures
from pipelines.seeing.encode import jpeg
from pipelines.seeing.grid import on_grid
from pipelines.seeing.held import ASKED, Held
from pipelines.seeing.look import look
from pipelines.seeing.moment import meant
from pipelines.seeing.quality import QualityOptions, problem_of, score
from pipelines.seeing.ring import UNIT_OVERHEAD_BYTES, AccessUnit, Codec, FrameRing
from pipelines.seeing.shot import Shot
from tests.bench.frames.film import captured, filled
from tests.bench.frames.turns import turn
from tests.bench.frames.world import Camera as Lens
from tests.bench.frames.world import Eye, panorama
from tests.test_seeing import FRAME_NS, card, fill, film, noisy, numbered, unit, wall


@pytest.fixture
def fed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The frame ids of all units that are given to a decoder."""
    ids: list[int] = []
    real = decode._ChainDecoder._feed

    def feed(self: Any, chain: list[AccessUnit], index: int, wanted: Any) -> Any:
        ids.append(chain[index].frame_id)
        return real(self, chain, index, wanted)

    monkeypatch.setattr(decode._ChainDecoder, "_feed", feed)
    return ids


def shaken(count: int) -> list[np.ndarray]:
    """A sign that trembles."""
    sign = cv2.resize(card(), (320, 180))
    return [noisy(np.roll(sign, i % 5, axis=1), 3, i) for i in range(count)]


# ------------------------------------------------------------------------------------------------------ decoding along


class TestFollowing:
    @pytest.mark.parametrize(("codec", "b_frames"), [("h264", 0), ("vp8", 0), ("h264", 2)])
    def test_scores_are_the_same_whether_it_was_decoded_along_or_not(self, codec: Codec, b_frames: int) -> None:
        ring = FrameRing()
        followed = Pictures(ring)
        for index, (data, key) in enumerate(film(codec, shaken(40), gop=12, b_frames=b_frames)):
            ring.add(AccessUnit(index + 1, index * FRAME_NS, key, codec, data))
            if index % 4 == 0:
                followed.follow()
        assert look(ring, followed, 0, 2 * NS) == look(ring, Pictures(ring), 0, 2 * NS) != ()

    def test_a_question_after_it_decodes_nothing_again(self, fed: list[int]) -> None:
        ring = FrameRing()
        pictures = Pictures(ring)
        for index, (data, key) in enumerate(film("h264", shaken(30), gop=10)):
            ring.add(AccessUnit(index + 1, index * FRAME_NS, key, "h264", data))
            pictures.follow()
        assert fed == list(range(1, 31)), "each unit once"
        scores = look(ring, pictures, 0, NS)
        chosen = choose(scores, 500 * MS, NS, "read").frame
        assert chosen is not None
        assert pictures.pictures([chosen.frame_id])
        assert len(fed) == 30

    def test_it_begins_with_the_last_second(self, fed: list[int]) -> None:
        ring = FrameRing()
        fill(ring, film("h264", shaken(90), gop=15), "h264")
        assert Pictures(ring).follow() == 45  # two whole chains, and the one that the second before reaches into
        assert fed[0] == 46

    def test_it_goes_on_when_the_chain_it_was_in_has_gone(self) -> None:
        ring = FrameRing(seconds=0.4)
        pictures = Pictures(ring)
        units = film("vp8", shaken(60), gop=10)
        fill(ring, units[:10], "vp8")
        assert pictures.follow() == 10
        fill(ring, units[10:], "vp8", first_id=11, start_ns=10 * FRAME_NS)
        assert pictures.follow() > 0
        assert pictures.follow() == 0
        assert look(ring, pictures, NS, 2 * NS) == look(ring, Pictures(ring), NS, 2 * NS)

    def test_codec_size_and_rotation_may_change_on_the_way(self) -> None:
        ring = FrameRing()
        pictures = Pictures(ring)
        films: list[tuple[Codec, list[np.ndarray]]] = [
            ("vp8", numbered(6)),
            ("h264", numbered(6)),
            ("h264", numbered(6, 240, 320)),
            ("vp8", numbered(6, 160, 120)),
        ]
        for part, (codec, drawn) in enumerate(films):
            fill(ring, film(codec, drawn), codec, first_id=1 + 6 * part, start_ns=6 * part * FRAME_NS)
            pictures.follow()
        sizes = [(s.width, s.height) for s in look(ring, pictures, 0, NS)]
        assert list(dict.fromkeys(sizes)) == [(320, 240), (240, 320), (160, 120)]

    def test_a_broken_unit_costs_the_rest_of_its_chain_and_no_more(self) -> None:
        ring = FrameRing()
        pictures = Pictures(ring)
        units = film("h264", numbered(30), gop=10)
        units[4] = (b"\x00\x00\x00\x01\x65 this is no picture" * 9, False)
        for index, (data, key) in enumerate(units):
            ring.add(AccessUnit(index + 1, index * FRAME_NS, key, "h264", data))
            pictures.follow()
        ids = [s.frame_id for s in look(ring, pictures, 0, NS)]
        assert ids[0] == 1 and 11 in ids and not set(ids) & set(range(5, 11))

    def test_what_is_held_is_bounded_and_let_go_of(self) -> None:
        ring = FrameRing()
        pictures = Pictures(ring, max_bytes=700_000)
        for index, (data, key) in enumerate(film("h264", shaken(60), gop=30)):
            ring.add(AccessUnit(index + 1, index * FRAME_NS, key, "h264", data))
            pictures.follow()
            assert pictures._held.nbytes <= 700_000
        assert len(pictures._held) >= 6
        pictures.rest()
        assert pictures.held_bytes == 0
        assert sorted(pictures.pictures([3, 60])) == [3, 60], "what is asked for later is decoded again"

    @pytest.mark.parametrize("codec", ["h264", "vp8"])
    def test_what_was_seen_at_the_onset_need_not_be_decoded_again(self, codec: Codec) -> None:
        ring = FrameRing()
        pictures = Pictures(ring, max_bytes=1_400_000)  # a dozen of these
        for index, (data, key) in enumerate(film(codec, shaken(90), gop=30)):
            ring.add(AccessUnit(index + 1, index * FRAME_NS, key, codec, data))
            if index >= 30 and index % 5 == 0:
                pictures.follow(onset_ns=30 * FRAME_NS)
        meant = [s.frame_id for s in look(ring, pictures, 24 * FRAME_NS, 31 * FRAME_NS)]
        assert len(meant) >= 3 and sorted(pictures.pictures(meant)) == meant
        assert pictures._back is None

    def test_of_what_does_not_all_fit_the_steady_views_stay(self) -> None:
        """A head that turns and rests by turns, every 67 ms: a question takes a steady frame, so those stay."""
        ring, sign = FrameRing(), cv2.resize(card(), (320, 180))
        views = [np.roll(sign, 40 * ((i // 2 + 1) // 2), axis=1) for i in range(60)]
        drawn = [
            noisy(view, 3, i) if i // 2 % 2 else view for i, view in enumerate(views)
        ]  # those after a turn seem sharper
        fill(ring, film("h264", drawn, gop=60), "h264")
        pictures = Pictures(ring, max_bytes=1_400_000)  # half of them
        pictures.follow()
        seen = {s.frame_id: s.motion for s in look(ring, pictures, 200 * MS, 2 * NS)}
        kept = [motion for frame_id, motion in seen.items() if frame_id in pictures._held]
        assert 10 <= len(kept) <= len(seen) - 10
        assert sum(motion < 1 for motion in kept) >= 0.9 * len(kept)

    def test_a_little_at_a_time_comes_to_the_same(self) -> None:
        ring = FrameRing()
        fill(ring, film("h264", shaken(50), gop=15), "h264")
        whole, parts = Pictures(ring), Pictures(ring)
        whole.follow()
        counts = [parts.follow(most=4) for _ in range(20)]
        assert max(counts) == 4 and counts[-1] == 0, "it ends"
        assert look(ring, parts, 0, 2 * NS) == look(ring, whole, 0, 2 * NS)

    def test_jpegs_are_not_decoded_along(self) -> None:
        ring = FrameRing()
        ring.add(AccessUnit(1, 0, True, "jpeg", jpeg(card(), 640, 80)))
        assert Pictures(ring).follow() == 0

    @settings(max_examples=30, deadline=None)
    @given(
        st.lists(
            st.tuples(st.sampled_from(["h264", "vp8", "jpeg"]), st.booleans(), st.binary(max_size=60)), max_size=20
        )
    )
    def test_garbage_is_followed_without_a_complaint(self, arriving: list[tuple[Codec, bool, bytes]]) -> None:
        ring = FrameRing()
        pictures = Pictures(ring)
        for index, (codec, key, data) in enumerate(arriving):
            ring.add(AccessUnit(index + 1, index * FRAME_NS, key, codec, data))
            pictures.follow()
        ids = [s.frame_id for s in look(ring, pictures, 0, NS)]
        assert len(set(ids)) == len(ids)


class TestHeld:
    def shot(self, number: int, at_ms: int, size: int = 100) -> Shot:
        return Shot(number, at_ms * MS, np.zeros((1, size, 1), np.uint8))

    def test_the_sharper_of_two_neighbours_stays(self) -> None:
        held = Held(300)
        for number, at_ms, worth in ((1, 0, 5), (2, 500, 9), (3, 600, 2), (4, 1200, 1)):
            held.add(self.shot(number, at_ms), worth)
        assert [n for n in range(1, 5) if n in held] == [1, 2, 4]

    def test_pictures_that_were_asked_for_stay_longest_but_not_for_ever(self) -> None:
        held = Held(600)
        for number in range(1, 30):
            held.add(self.shot(number, number * 400), 1, asked=number <= 10)
        asked = [n for n in range(1, 11) if n in held]
        assert len(asked) == ASKED and asked == [7, 8, 9, 10] and held.nbytes <= 600

    def test_what_was_seen_as_the_wearer_began_to_speak_stays_while_they_speak(self) -> None:
        held = Held(1200)
        held.began(1000 * MS)
        for number in range(1, 60):  # a picture each 67 ms: the onset is the fifteenth
            held.add(self.shot(number, number * 67), 0 if 12 <= number <= 15 else 9)
        assert {12, 13, 14, 15} <= {n for n in range(1, 60) if n in held}
        assert held.nbytes <= 1200

    def test_no_room_for_the_onset_alone_drops_of_it_before_what_is_asked_for(self) -> None:
        held = Held(300)
        held.add(self.shot(1, 100), asked=True)
        held.began(300 * MS)
        for number in range(2, 8):
            held.add(self.shot(number, 40 * number))
        assert 1 in held and 7 in held and held.nbytes <= 300

    def test_one_that_is_too_large_for_all_stays_alone(self) -> None:
        held = Held(300)
        held.add(self.shot(1, 0))
        held.add(self.shot(2, 100, size=5000))
        assert len(held) == 1 and 2 in held and held.nbytes == 5000


# -------------------------------------------------------------------------------------------------------------- scores


class TestScores:
    @pytest.mark.parametrize("codec", ["h264", "vp8"])
    def test_luma_of_the_decoder_measures_as_the_picture_does(self, codec: Codec) -> None:
        ring = FrameRing()
        fill(ring, film(codec, [noisy(card(), 2, i) for i in range(3)]), codec)
        pictures = Pictures(ring)
        (told,) = [m.score for m in pictures.measures([2]).values()]
        shown = score(2, told.media_ns, pictures.pictures([2])[2], None)
        assert told.brightness == pytest.approx(shown.brightness, abs=2)
        assert told.contrast == pytest.approx(shown.contrast, rel=0.03)
        assert told.sharpness == pytest.approx(shown.sharpness, rel=0.1)

    @pytest.mark.parametrize("fps", [15, 30, 60])
    def test_a_step_is_a_fifteenth_of_a_second_whatever_the_frame_rate(self, fps: int) -> None:
        chain = [unit(i + 1, 7 + i * NS // fps, key=i == 0) for i in range(2 * fps)]
        stamps = [place.unit.media_ns for place in on_grid([chain])]
        assert len(stamps) == pytest.approx(30, abs=1)
        assert np.diff(stamps) == pytest.approx(NS / 15, abs=2)

    def test_stamps_that_stand_still_hide_nothing_for_long(self) -> None:
        chain = [unit(i + 1, 5 * NS, key=i == 0) for i in range(50)]
        assert len(on_grid([chain])) >= 6

    def test_no_turn_of_the_head_is_lost_between_two_scores(self) -> None:
        still, moved = noisy(card(), 1), np.roll(card(), 400, axis=1)
        drawn = [cv2.resize(p, (320, 180)) for p in [still] * 20 + [moved] * 20]
        ring = FrameRing()
        fill(ring, film("h264", drawn, gop=40), "h264")
        for limit in (3, 5, 30):
            assert max(s.motion for s in look(ring, Pictures(ring), 0, 2 * NS, limit)) > 20

    def test_a_reflection_is_glare_and_white_paper_is_not(self) -> None:
        def verdict(picture: np.ndarray) -> str:
            return problem_of(score(1, 0, picture, None), QualityOptions())

        y, x = np.mgrid[:720, :1280]
        away = np.hypot(x - 640, y - 360) / 200
        lamp = 255 * np.exp(-(np.maximum(away - 1, 0) ** 2) / 0.12)
        assert verdict(np.clip(card() + lamp[:, :, None], 0, 255).astype(np.uint8)) == "glare"
        assert verdict(np.where(card() == 250, 255, card()).astype(np.uint8)) == ""
        assert score(1, 0, card(), None).glare == 0


# ------------------------------------------------------------------------------------------------- the look at the word


def seen(frame_id: int, at_ms: int, sharpness: float = 100, motion: float = 2, brightness: float = 120) -> FrameScore:
    return FrameScore(frame_id, at_ms * MS, 1280, 720, sharpness, brightness, 50, motion)


def scene(*parts: tuple[int, float, float]) -> list[FrameScore]:
    """(until ms, sharpness, motion) one after the other, a frame each 67 ms."""
    frames, at_ms = [], 0
    for until_ms, sharpness, motion in parts:
        while at_ms < until_ms:
            frames.append(seen(len(frames) + 1, at_ms, sharpness, motion))
            at_ms += 67
    return frames


AWAY = scene((1000, 100, 2), (1250, 15, 45), (2500, 900, 2))  # a soft sign, a turn, a sharp street


class TestTheLook:
    def test_a_sharper_frame_beyond_a_turn_of_the_head_does_not_win(self) -> None:
        for around_ms in (500, 700, 900, 1000):
            choice = choose(AWAY, around_ms * MS, 2500 * MS, "read")
            assert choice.frame is not None and choice.frame.media_ns < 1010 * MS
        assert "beyond a turn of the head" in choice.reason
        assert choice.policy == "sharp-steady-near/read/same-look"

    def test_without_looks_it_would(self) -> None:
        free = ChoiceOptions(turned=0)
        choice = choose(AWAY, 900 * MS, 2500 * MS, "read", free)
        assert choice.frame is not None and choice.frame.sharpness == 900
        assert choice.policy == "sharp-steady-near/read/any-look"

    def test_a_word_in_the_middle_of_a_turn_means_where_the_head_comes_to_rest(self) -> None:
        late = choose(AWAY, 1200 * MS, 2500 * MS, "read").frame
        assert late is not None and late.sharpness == 900

    def test_a_head_that_trembles_still_looks_at_the_same_thing(self) -> None:
        frames = scene((2000, 100, 14))
        assert same_look(frames, NS, ChoiceOptions()) == frames

    def test_a_bad_frame_of_the_right_thing_is_told_rather_than_a_good_one_of_another(self) -> None:
        dark = [
            seen(f.frame_id, f.media_ns // MS, f.sharpness, f.motion, 5 if f.media_ns < 1010 * MS else 120)
            for f in AWAY
        ]
        assert choose(dark, 700 * MS, 2500 * MS, "read").problem == "dark"

    def test_a_moment_that_lasts_takes_the_best_of_it(self) -> None:
        choice = choose(AWAY, 1200 * MS, 2500 * MS, "read", span_ns=NS)
        assert choice.frame is not None and choice.frame.sharpness == 900

    def test_what_changed_takes_the_earliest_good_frame_and_the_last_one(self) -> None:
        frames = scene((200, 10, 30), (6000, 100, 2))
        before, now = choose_two(frames, 0, 6000 * MS, 6100 * MS, "describe")
        assert before.frame is not None and now.frame is not None
        assert 200 * MS <= before.frame.media_ns < NS and now.frame.media_ns > 5 * NS
        assert (before.problem, now.problem) == ("", "")

    def test_nothing_to_compare_with_is_said(self) -> None:
        frames = scene((500, 100, 2))
        before, now = choose_two(frames, 0, 500 * MS, 600 * MS, "describe")
        assert before.frame is None and before.problem == "no picture" and now.frame is not None
        before, now = choose_two([], 0, 0, 0, "describe")
        assert (before.problem, now.problem) == ("no picture", "no picture")

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 4000), st.floats(0, 255)), min_size=1, max_size=20), st.integers(0, 4000))
    def test_a_look_is_one_piece_around_the_moment(self, values: list[tuple[int, float]], around_ms: int) -> None:
        frames = [seen(i, at_ms, motion=motion) for i, (at_ms, motion) in enumerate(values)]
        line = sorted(frames, key=lambda f: (f.media_ns, f.frame_id))
        found = same_look(frames, around_ms * MS, ChoiceOptions())
        assert found and found == line[line.index(found[0]) : line.index(found[-1]) + 1]

    @pytest.mark.parametrize("index", range(3))
    def test_the_thing_at_the_word_is_found_though_the_head_has_turned_away(self, index: int) -> None:
        one, lens = turn(index), Lens()
        now_ns = one.end_ns + 350 * MS
        moment = meant(one.text, one.words, one.start_ns, one.end_ns, one.purpose)
        eye = Eye(panorama(lens, index), lens, index)
        ring = filled(captured(one, eye, lens, moment.start_ns, now_ns))
        scores = look(ring, Pictures(ring), moment.start_ns, min(now_ns, moment.end_ns))
        frame = choose(scores, moment.around_ns, now_ns, one.purpose, span_ns=moment.span_ns).frame
        assert frame is not None and one.shows_meant(frame.media_ns)


# ---------------------------------------------------------------------------------------------------- ring and camera


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 1, FRAME_NS, -FRAME_NS, 3600 * NS, -3600 * NS]),
            st.sampled_from(["key", "delta", "lost", "gap"]),
            st.sampled_from(["h264", "vp8"]),
            st.integers(1, 3000),
        ),
        max_size=120,
    )
)
def test_whatever_stamps_and_losses_come_the_ring_is_bounded_and_every_look_is_answered(
    arriving: list[tuple[int, str, Codec, int]],
) -> None:
    ring, at_ns = FrameRing(seconds=1, max_bytes=20_000), 5 * NS
    for index, (step_ns, kind, codec, size) in enumerate(arriving):
        at_ns += step_ns
        if kind == "gap":
            ring.interrupted()
        elif kind != "lost":
            ring.add(unit(index + 1, at_ns, kind == "key", size, codec))
        held = [one for chain in ring.chains() for one in chain]
        assert ring.size_bytes == sum(len(one.data) + UNIT_OVERHEAD_BYTES for one in held) <= 20_000
        assert all(chain[0].key for chain in ring.chains())
    ids = [place.unit.frame_id for place in on_grid(ring.chains())]
    assert len(ids) == len(set(ids)) and bool(ids) == bool(len(ring))


class _Clock:
    def __init__(self) -> None:
        self.at_ns = 0

    def now_ns(self) -> int:
        return self.at_ns


def requests(monkeypatch: pytest.MonkeyPatch, seconds: float, key_at_s: tuple[float, ...]) -> list[float]:
    """When key frames are asked for, in seconds, while a camera of 30 frames/s gives them as told."""
    asked: list[float] = []
    clock = _Clock()

    async def send(*_: object) -> None:
        asked.append(clock.at_ns / NS)

    async def story() -> None:
        monkeypatch.setattr(camera_file, "tap_packets", lambda *_: None)
        monkeypatch.setattr(camera_file, "send_picture_loss", send)
        handler = SimpleNamespace(on_camera=lambda *_: None)
        device: Any = SimpleNamespace()
        camera = Camera(SimpleNamespace(), clock, device, handler, lambda: 1)  # type: ignore[arg-type]
        camera.media_clock = SimpleNamespace(media_ns=lambda _rtp, now: now, restart=lambda: None)  # type: ignore[assignment]
        due = sorted(key_at_s)
        for index in range(round(30 * seconds)):
            clock.at_ns = index * FRAME_NS
            key = bool(due) and clock.at_ns >= due[0] * NS
            due = due[1:] if key else due
            data = b"\x10" + (b"\x00" if key else b"\x01") + b"\x00\x00\x9d\x01\x2a" + bytes(20)
            packet: Any = SimpleNamespace(ssrc=5, sequence_number=index, timestamp=index * 3000, marker=1, payload=data)
            packet._data = data[1:]
            camera._packet(packet, "vp8")
            await asyncio.sleep(0)

    asyncio.run(story())
    return asked


def test_a_key_frame_is_asked_for_when_none_came_for_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert KEY_FRAME_AFTER_NS == 2 * NS
    assert requests(monkeypatch, 3.5, (0.0, 1.5)) == []
    assert requests(monkeypatch, 3.9, (0.0, 1.0)) == pytest.approx([3.0], abs=0.1)


def test_a_sender_that_does_not_heed_is_asked_every_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert requests(monkeypatch, 6.9, (0.0,)) == pytest.approx([2.0, 4.0, 6.0], abs=0.2)


def test_a_dark_wall_is_a_look_too() -> None:
    ring = FrameRing()
    ring.add(AccessUnit(1, 0, True, "jpeg", jpeg(wall(grey=10), 640, 80)))
    (only,) = look(ring, Pictures(ring), 0, NS)
    assert choose([only], 0, 0, "read").problem == "covered"
