"""Sound and pictures that do not come as RTP: what the session gets of them, and when it says they were captured."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from companion.clock import SessionClock
from companion.ingest import Pictures, Sounds
from companion.link.opus_receive import SOUND_DELAY_NS
from companion.link.opus_send import OpusEncoder
from pipelines.events import MS
from pipelines.seeing import decode
from pipelines.seeing.ring import AccessUnit, FrameRing


class Heard:
    """A handler that keeps what it is given."""

    def __init__(self) -> None:
        self.sound: list[tuple[bytes, np.ndarray[Any, Any], int, int]] = []
        self.units: list[AccessUnit] = []

    def on_microphone(
        self, packet: bytes, pcm: np.ndarray[Any, Any], rtp: int, arrival_ns: int, media_ns: int, concealed: bool
    ) -> None:
        self.sound.append((packet, pcm, rtp, media_ns))

    def on_camera(self, unit: AccessUnit, rtp: int, arrival_ns: int) -> None:
        self.units.append(unit)


class Now:
    """A session clock that a test sets."""

    def __init__(self) -> None:
        self.ns = 0

    def now_ns(self) -> int:
        return self.ns


def tone(seconds: float, rate_hz: int, hz: float = 440.0) -> np.ndarray[Any, Any]:
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    return np.asarray(np.sin(2 * np.pi * hz * t) * 12_000, np.int16)


def sounds() -> tuple[Sounds, Heard, Now]:
    heard, now = Heard(), Now()
    return Sounds(cast(Any, heard), cast(SessionClock, now)), heard, now


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000])
def test_pcm_of_any_rate_is_heard_as_it_was_and_stamped_when_it_was(rate_hz: int) -> None:
    into, heard, now = sounds()
    whole, block = tone(2.0, rate_hz), rate_hz // 50 + 7  # blocks that are no whole 20 ms
    for at in range(0, len(whole), block):
        now.ns = (at + block) * 1_000_000_000 // rate_hz
        into.pcm(whole[at : at + block], rate_hz, at * 1_000_000_000 // rate_hz)
    pcm = np.concatenate([s[1] for s in heard.sound])
    assert 1.9 <= len(pcm) / 16_000 <= 2.0, "nothing is missing but the last 20 ms and what the resampler holds"
    spectrum = np.abs(np.fft.rfft(pcm[8_000:24_000].astype(float)))
    assert spectrum.argmax() == 440, "one second: a bin is a hertz"
    for i, (_, _, _, media_ns) in enumerate(heard.sound[5:], start=5):
        assert abs(media_ns + SOUND_DELAY_NS - i * 20 * MS) <= 12 * MS


def test_a_gap_in_the_capture_times_is_silence_and_the_times_after_it_are_right() -> None:
    into, heard, now = sounds()
    encoder = OpusEncoder()
    packets = [encoder.encode(block) for block in tone(1.0, 48_000).reshape(-1, 960)]
    for i, packet in enumerate(packets):
        late_ns = 300 * MS if i >= 25 else 0
        now.ns = i * 20 * MS + late_ns + 25 * MS
        into.opus(packet, i * 20 * MS + late_ns)
    assert len(heard.sound) == 50 + 15, "what the device left out is heard as silence"
    assert not any(pcm.any() for _, pcm, _, _ in heard.sound[28:38])
    assert abs(heard.sound[-1][3] + SOUND_DELAY_NS - (49 * 20 + 300) * MS) <= MS


def test_a_device_clock_set_back_breaks_nothing() -> None:
    into, heard, now = sounds()
    encoder = OpusEncoder()
    packet = encoder.encode(tone(0.02, 48_000))
    for i in range(100):
        now.ns = i * 20 * MS
        into.opus(packet, i * 20 * MS - (5_000 * MS if i >= 50 else 0))
    assert len(heard.sound) == 100
    assert all(media_ns >= 0 for _, _, _, media_ns in heard.sound)


def test_a_time_in_the_future_is_taken_as_now() -> None:
    into, heard, now = sounds()
    now.ns = 10 * MS
    into.opus(OpusEncoder().encode(tone(0.02, 48_000)), 10_000 * MS)
    assert heard.sound[0][3] <= 10 * MS


def test_a_rate_that_is_none_is_refused_by_name() -> None:
    into, _, _ = sounds()
    with pytest.raises(ValueError, match="12 Hz is no rate of sound"):
        into.pcm(np.zeros(10, np.int16), 12, 0)


def test_a_picture_nobody_encoded_can_be_looked_at_again() -> None:
    heard, now = Heard(), Now()
    into = Pictures(cast(Any, heard), cast(SessionClock, now), iter(range(1, 100)).__next__)
    for i in range(40):
        now.ns = i * 33 * MS
        picture = np.full((240, 320, 3), (0, 0, 250) if i == 35 else (250, 0, 0), np.uint8)
        into.picture(picture, i * 33 * MS)
    assert [u.frame_id for u in heard.units] == list(range(1, 41))
    assert heard.units[0].key and sum(u.key for u in heard.units) >= 2
    ring = FrameRing()
    assert {ring.add(unit) for unit in heard.units} == {""}
    shown = decode.Pictures(ring).pictures([36])[36]
    assert shown.shape == (240, 320, 3)
    assert shown[120, 160, 2] > 200 > 60 > shown[120, 160, 0], "the red one, at its own number"


def test_a_jpeg_camera_is_all_key_frames() -> None:
    heard, now = Heard(), Now()
    into = Pictures(cast(Any, heard), cast(SessionClock, now), iter(range(1, 100)).__next__)
    into.jpeg(b"\xff\xd8\xff\xd9", 5)
    assert [(u.codec, u.key) for u in heard.units] == [("jpeg", True)]


def test_a_shape_that_is_no_picture_is_refused_by_name() -> None:
    into = Pictures(cast(Any, SimpleNamespace()), cast(SessionClock, Now()), lambda: 1)
    with pytest.raises(ValueError, match="shape"):
        into.picture(np.zeros((10, 10), np.uint8), 0)
