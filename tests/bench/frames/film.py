"""Encodes what a head sees, as a live sender would, into a ring."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from pipelines.events import MS, NS
from pipelines.seeing.ring import AccessUnit, FrameRing
from tests.bench.frames.turns import Turn
from tests.bench.frames.world import Camera, Eye, Picture

KEY_EVERY_NS = 2 * NS  # as asked for by `companion.link.camera`


class Sender:
    """An encoder with the settings of a browser: no reordering, a key frame only when it is asked for one."""

    def __init__(self, codec: str, width: int, height: int, fps: int, bit_rate: int) -> None:
        import av

        encoder: Any = av.CodecContext.create({"h264": "libx264", "vp8": "libvpx"}[codec], "w")
        encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
        encoder.time_base, encoder.framerate, encoder.gop_size = Fraction(1, fps), Fraction(fps), 100_000
        encoder.bit_rate, encoder.thread_count = bit_rate, 1
        live = {"preset": "ultrafast", "tune": "zerolatency", "forced-idr": "1"}
        encoder.options = live if codec == "h264" else {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
        self._encoder, self._count, self.codec = encoder, 0, codec

    def encode(self, picture: Picture, key: bool = False) -> tuple[bytes, bool]:
        import av

        frame: Any = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p")
        frame.pts = self._count
        frame.pict_type = int(av.video.frame.PictureType.I if key else av.video.frame.PictureType.NONE)
        self._count += 1
        packet = self._encoder.encode(frame)[0]
        return bytes(packet), packet.is_keyframe


def captured(turn: Turn, eye: Eye, camera: Camera, from_ns: int, until_ns: int) -> Iterator[AccessUnit]:
    """The units of a turn, numbered from 1."""
    rng = np.random.default_rng(turn.seed)
    sender = Sender(turn.codec, camera.width, camera.height, turn.fps, 900_000)
    step_ns, keyed_ns = NS // turn.fps, -KEY_EVERY_NS
    at_ns = from_ns + int(rng.integers(step_ns))
    asked = False
    for number in range(1, 10_000):
        if at_ns > until_ns:
            return
        onset = not asked and at_ns >= turn.start_ns + 200 * MS  # speech is noticed, and the request travels
        key = onset or at_ns - keyed_ns >= KEY_EVERY_NS
        asked, keyed_ns = asked or onset, at_ns if key else keyed_ns
        shutter_ns = int(camera.shutter_s * NS)
        picture = eye.seen(turn.gaze(at_ns), turn.gaze(at_ns - shutter_ns))
        data, is_key = sender.encode(picture, key)
        yield AccessUnit(number, at_ns, is_key, turn.codec, data)  # type: ignore[arg-type]
        at_ns += step_ns


def filled(units: Iterator[AccessUnit] | list[AccessUnit]) -> FrameRing:
    ring = FrameRing()
    for unit in units:
        ring.add(unit)
    return ring
