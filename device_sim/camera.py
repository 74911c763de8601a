"""The camera: every picture of the scene is encoded before the scene starts, and replayed as packets while it runs.

Encoding 720p live costs a third of a core and would disturb what we measure; replaying costs 2 %. What a real encoder
can do live, and a tape cannot, is answer a request for a key frame (PLI). So each `see` is a tape in two parts:

    intro   every frame is a key frame (they are smeared, hence small): a request is always answered already
    loop    2 s, key frame first; a request jumps to its first frame. The head is held within a few pixels, so the jump
            looks like the twitch that it is. Longest wait for a key frame: one frame interval.

H.264 constrained baseline, no B frames, parameter sets in front of every key frame, one access unit a packet. A frame
that never came is an empty unit. Pictures that come seldom (a photo now and then, a radio that has no room for more)
are key frames all, and none of them waits for the next.
"""

from __future__ import annotations

import asyncio
import fractions
import hashlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import av
import cv2
import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av.video.frame import PictureType

from device_sim.cards import Picture
from device_sim.device import Camera, Lens
from device_sim.now import Look, Now
from device_sim.picture import frames
from device_sim.scene import Scene
from device_sim.steps import Change, See

CLOCK_HZ = 90_000
BLINK_S = 0.05  # how often a camera that takes a photo now and then looks whether it is to take one at once


@dataclass(frozen=True)
class Tape:
    """One look, encoded: access units in Annex B, "" for a frame that never came. `loop[0]` is a key frame, every unit
    of `intro` is one; with `single` all are."""

    intro: tuple[bytes, ...]
    loop: tuple[bytes, ...]
    fps: float = 15.0
    single: bool = False

    def fingerprint(self) -> str:
        return hashlib.sha256(b"|".join(self.intro + self.loop)).hexdigest()


class Tapes:
    """Every picture of a scene, rendered and encoded once; equal looks share a tape."""

    def __init__(self, scene: Scene) -> None:
        self._tapes: dict[tuple[object, ...], Tape] = {}
        self._scene = scene
        self.before = Tape((), ())  # what the camera shows until the first `see`
        if scene.camera is None:
            return
        for look in _looks(scene):
            if look.key not in self._tapes:
                self._tapes[look.key] = _tape(look, scene.camera, scene.seed, len(self._tapes))
        self.before = self.of(Now(scene).look())

    def of(self, look: Look | See) -> Tape:
        """Of a look; a bare `see` is looked at as the device does by itself."""
        if isinstance(look, See):
            now = Now(self._scene)
            now.take(look)
            look = now.look()
        return self._tapes[look.key]

    def fingerprint(self) -> str:
        return hashlib.sha256("".join(tape.fingerprint() for tape in self._tapes.values()).encode()).hexdigest()


def _looks(scene: Scene) -> Iterator[Look]:
    """Every look of a scene, in the order of time."""
    now = Now(scene)
    yield now.look()
    for step in scene.moments():
        now.take(step)
        if isinstance(step, (See, Change)):
            yield now.look(held=isinstance(step, Change))


def _tape(look: Look, camera: Camera, seed: int, number: int) -> Tape:
    rng = np.random.default_rng([seed, number])
    intro, loop = frames(look.see, camera, rng, look.lens, look.single)
    if camera.codec == "jpeg":
        intro, loop = ([_jpeg(picture, camera.jpeg_quality) for picture in part] for part in (intro, loop))
    if look.lens.off:
        return Tape((), (b"",), look.fps)
    if look.single:
        return Tape((), tuple(encode(loop, camera, all_key=True)), look.fps, True)
    units = [*encode(intro, camera, all_key=True)], _lossy(loop, camera, look.lens, rng)
    return Tape(tuple(units[0]), tuple(units[1]), look.fps)


def _lossy(loop: list[Picture], camera: Camera, lens: Lens, rng: np.random.Generator) -> list[bytes]:
    """The loop as the camera's driver gives it to the encoder: some come twice, some not at all."""
    dropped, again = rng.random((2, len(loop)))
    for i in range(1, len(loop)):
        if again[i] < lens.duplicate:
            loop[i] = loop[i - 1]
    came = [i == 0 or dropped[i] >= lens.drop for i in range(len(loop))]
    units = iter(encode((picture for picture, there in zip(loop, came, strict=True) if there), camera, all_key=False))
    return [next(units) if there else b"" for there in came]


def _jpeg(picture: Picture, quality: int) -> Picture:
    """As it is after a JPEG of that quality."""
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


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
    """Hands out the current tape's packets at its rate, each `delay_ms` after it was captured. The wearer's eyes are
    moved with `show`; `photo` takes one at once, where the camera takes single pictures."""

    kind = "video"

    def __init__(self, camera: Camera, tape: Tape) -> None:
        super().__init__()
        self._delay_ns = round(camera.delay_ms * 1e6)
        self._shown: list[tuple[int, Tape]] = []  # what is to be shown, from which capture time on
        self._tape, self._at = tape, 0
        self._start_ns = self._due_ns = 0
        self._on_its_way: list[tuple[int, int]] = []  # photos: taken, there
        self._asked = False
        self._single = camera.photos
        self._only_asked = camera.photo_on == "asked" and not camera.photo_every_s
        self.key_requests = 0
        self.last_pts, self.last_ns = 0, 0  # of the frame handed out last: its timestamp and when it was captured
        self.last_key = False  # … and whether it is a key frame

    def show(self, tape: Tape) -> None:
        if self._delay_ns:
            self._shown.append((time.monotonic_ns(), tape))
        else:
            self._turn(tape)

    def photo(self) -> None:
        """Take one now, if this camera takes photos."""
        self._asked = self._single

    @property
    def fps(self) -> float:
        return self._tape.fps

    @property
    def photo_under_way(self) -> bool:
        """One was taken and has not arrived yet."""
        now_ns = time.monotonic_ns()
        return any(taken <= now_ns < there for taken, there in self._on_its_way)

    def request_key(self) -> None:
        """A PLI arrived: the next frame is a key frame."""
        self.key_requests += 1
        self.key_next()

    def key_next(self) -> None:
        """The next frame is a key frame."""
        if self._at >= len(self._tape.intro) and not self._tape.single:
            self._at = len(self._tape.intro)

    def go_on(self) -> None:
        """What was captured while nobody took it is gone; another stream begins with a key frame."""
        if self._start_ns:
            while self._due_ns < time.monotonic_ns():
                self._due_ns += self._frame_ns()
            self._at = min(self._at, len(self._tape.intro))

    async def recv(self) -> av.Packet:
        unit = b""
        while not unit:
            if self.readyState != "live":
                raise MediaStreamError
            captured_ns = await self._next_frame()
            unit = self._next_unit()
        if self._single:
            self._on_its_way = [*self._on_its_way[-3:], (captured_ns, captured_ns + self._delay_ns)]
        await _until(captured_ns + self._delay_ns)
        packet = av.Packet(unit)
        packet.pts = (captured_ns - self._start_ns) * CLOCK_HZ // 1_000_000_000
        packet.time_base = fractions.Fraction(1, CLOCK_HZ)
        self.last_pts, self.last_ns = packet.pts, captured_ns
        return packet

    async def _next_frame(self) -> int:
        """Wait for its moment; when it is captured."""
        if not self._start_ns:
            self._start_ns = self._due_ns = time.monotonic_ns()
        if self._single:
            while not self._asked and self.readyState == "live":
                if not self._only_asked and time.monotonic_ns() >= self._due_ns:
                    break
                await asyncio.sleep(BLINK_S)
            captured_ns, self._asked = time.monotonic_ns(), False
        else:
            captured_ns = self._due_ns
            await _until(captured_ns)
        while self._shown and self._shown[0][0] <= captured_ns:
            self._turn(self._shown.pop(0)[1])
        self._due_ns = captured_ns + self._frame_ns()
        return captured_ns

    def _turn(self, tape: Tape) -> None:
        self._tape, self._at = tape, 0

    def _frame_ns(self) -> int:
        return round(1e9 / self._tape.fps)

    def _next_unit(self) -> bytes:
        intro, loop = self._tape.intro, self._tape.loop
        unit = intro[self._at] if self._at < len(intro) else loop[self._at - len(intro)]
        self.last_key = self._at <= len(intro) or self._tape.single
        self._at += 1
        if self._at == len(intro) + len(loop):
            self._at = len(intro)
        return unit


async def _until(at_ns: int) -> None:
    left_ns = at_ns - time.monotonic_ns()
    if left_ns > 0:
        await asyncio.sleep(left_ns / 1e9)
