"""The camera: every picture of the scene is encoded before the scene starts, and replayed as packets while it runs.

Encoding 720p live costs a third of a core and would disturb what we measure; replaying costs 2 %. What a real encoder
can do live, and a tape cannot, is answer a request for a key frame (PLI). So each `see` is a tape in two parts:

    intro   every frame is a key frame (they are smeared, hence small): a request is always answered already
    loop    2 s, key frame first; a request jumps to its first frame. The head is held within a few pixels, so the jump
            looks like the twitch that it is. Longest wait for a key frame: one frame interval.

H.264 constrained baseline, no B frames, parameter sets in front of every key frame, one access unit a packet.
"""

from __future__ import annotations

import asyncio
import fractions
import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av.video.frame import PictureType

from device_sim.cards import Picture
from device_sim.picture import frames
from device_sim.scene import Camera, Scene, See

CLOCK_HZ = 90_000


@dataclass(frozen=True)
class Tape:
    """One `see`, encoded: access units in Annex B. `loop[0]` is a key frame, every unit of `intro` is one."""

    intro: tuple[bytes, ...]
    loop: tuple[bytes, ...]

    def fingerprint(self) -> str:
        return hashlib.sha256(b"|".join(self.intro + self.loop)).hexdigest()


class Tapes:
    """Every picture of a scene, rendered and encoded once; equal `see` steps share a tape."""

    def __init__(self, scene: Scene) -> None:
        self._tapes: dict[tuple[object, ...], Tape] = {}
        self.before = Tape((), ())  # what the camera shows until the first `see`
        if scene.camera is None:
            return
        for step in (See(0, "black", motion="hold"), *scene.sees()):
            key = _key(step)
            if key not in self._tapes:
                self._tapes[key] = _tape(step, scene.camera, scene.seed, len(self._tapes))
        self.before = self.of(See(0, "black", motion="hold"))

    def of(self, see: See) -> Tape:
        return self._tapes[_key(see)]

    def fingerprint(self) -> str:
        return hashlib.sha256("".join(tape.fingerprint() for tape in self._tapes.values()).encode()).hexdigest()


def _key(see: See) -> tuple[object, ...]:
    return see.card, see.values, see.motion


def _tape(see: See, camera: Camera, seed: int, number: int) -> Tape:
    intro, loop = frames(see, camera, np.random.default_rng([seed, number]))
    return Tape(tuple(encode(intro, camera, all_key=True)), tuple(encode(loop, camera, all_key=False)))


def encode(pictures: Iterable[Picture], camera: Camera, all_key: bool) -> list[bytes]:
    """BGR pictures -> one Annex B access unit each. One thread, fixed options: equal pictures give equal bytes."""
    codec = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt = camera.width, camera.height, "yuv420p"
    codec.time_base = fractions.Fraction(1, camera.fps)
    codec.framerate = fractions.Fraction(camera.fps, 1)
    codec.bit_rate = camera.kbps * 1000
    codec.gop_size = 100_000  # key frames only where we ask for one
    codec.thread_count = 1
    codec.profile = "Baseline"
    limits = f"vbv-maxrate={camera.kbps * 3 // 2}:vbv-bufsize={camera.kbps}"
    fixed = f"repeat-headers=1:scenecut=0:bframes=0:sliced-threads=0:{limits}"
    codec.options = {"preset": "superfast", "tune": "zerolatency", "x264-params": fixed}
    units: list[bytes] = []
    for i, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p")
        frame.pts, frame.time_base = i, codec.time_base
        frame.pict_type = PictureType.I if all_key or i == 0 else PictureType.NONE
        units += [bytes(packet) for packet in codec.encode(frame)]
    if units:
        units += [bytes(packet) for packet in codec.encode(None)]
    return units


class CameraTrack(MediaStreamTrack):  # type: ignore[misc]
    """Hands out the current tape's packets at the camera's rate. The wearer's eyes are moved with `show`."""

    kind = "video"

    def __init__(self, camera: Camera, tape: Tape) -> None:
        super().__init__()
        self._fps = camera.fps
        self._tape, self._at = tape, 0
        self._frame, self._start_ns = 0, 0
        self.key_requests = 0
        self.last_pts, self.last_ns = 0, 0  # of the frame handed out last: its timestamp and when it was captured

    def show(self, tape: Tape) -> None:
        self._tape, self._at = tape, 0

    def request_key(self) -> None:
        """A PLI arrived: the next frame is a key frame."""
        self.key_requests += 1
        if self._at >= len(self._tape.intro):
            self._at = len(self._tape.intro)

    def go_on(self) -> None:
        """What was captured while nobody took it is gone; another stream begins with a key frame."""
        if self._start_ns:
            passed = (time.monotonic_ns() - self._start_ns) * self._fps // 1_000_000_000
            self._frame = max(self._frame, passed)
            self._at = min(self._at, len(self._tape.intro))

    async def recv(self) -> av.Packet:
        if self.readyState != "live":
            raise MediaStreamError
        now_ns = time.monotonic_ns()
        if not self._start_ns:
            self._start_ns = now_ns
        due_ns = self._start_ns + self._frame * 1_000_000_000 // self._fps
        if due_ns > now_ns:
            await asyncio.sleep((due_ns - now_ns) / 1e9)
        packet = av.Packet(self._next_unit())
        packet.pts = self._frame * CLOCK_HZ // self._fps
        packet.time_base = fractions.Fraction(1, CLOCK_HZ)
        self.last_pts, self.last_ns = packet.pts, due_ns
        self._frame += 1
        return packet

    def _next_unit(self) -> bytes:
        intro, loop = self._tape.intro, self._tape.loop
        unit = intro[self._at] if self._at < len(intro) else loop[self._at - len(intro)]
        self._at += 1
        if self._at == len(intro) + len(loop):
            self._at = len(intro)
        return unit
