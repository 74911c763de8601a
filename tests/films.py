"""Videos as phones and screen recorders make them, written here: pictures, rendered phrases, containers, codecs."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

SPEECH = Path(__file__).resolve().parent.parent / "device_sim" / "speech"
RATE_HZ = 48_000
FPS = 15
Picture = NDArray[np.uint8]
Pcm = NDArray[np.int16]


def said(*parts: str | float) -> Pcm:
    """Rendered phrases by name ("what_does_this_say") and pauses in seconds, one after another; (n,) at 48 kHz."""
    return np.concatenate([_phrase(p) if isinstance(p, str) else np.zeros(round(p * RATE_HZ), np.int16) for p in parts])


def _phrase(name: str) -> Pcm:
    return spoken(SPEECH / f"{name}.wav")


def spoken(path: Path) -> Pcm:
    """A sound file as (n,) at 48 kHz."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
    with av.open(str(path)) as file:
        frames = [out for frame in file.decode(audio=0) for out in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray()[0] for frame in [*frames, *resampler.resample(None)]])


def still(picture: Picture, seconds: float) -> list[tuple[float, Picture]]:
    """(second, picture), as `film` wants them."""
    return [(i / FPS, picture) for i in range(round(seconds * FPS))]


@contextmanager
def usual_scheduling() -> Iterator[None]:
    """SVT-AV1, where the user may, puts the thread that calls it on the real-time scheduler and leaves it there; all
    that is started afterwards would be ahead of everything else on the machine."""
    if not hasattr(os, "sched_setscheduler"):
        yield
        return
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, *before)


def film(
    path: Path,
    shown: Sequence[tuple[float, Picture]] = (),
    sound: Pcm | None = None,
    video: str = "libx264",
    audio: str = "aac",
    start_s: float = 0.0,
    fps: int = FPS,
    good: bool = False,
) -> Path:
    """Write a video. `shown`: when each picture begins, in any rhythm; `start_s`: the time stamp of its beginning;
    `good`: as many bits as a phone spends."""
    with usual_scheduling(), av.open(str(path), "w") as out:
        seen = _video_stream(out, video, shown[0][1].shape, fps, good) if shown else None
        heard: Any = out.add_stream(audio, rate=RATE_HZ, layout="mono") if sound is not None else None
        clips = [(at, 0, picture) for at, picture in shown]
        if sound is not None:
            clips += [(at / RATE_HZ, 1, at) for at in range(0, len(sound), RATE_HZ // 50)]  # type: ignore[misc]
        for at, kind, what in sorted(clips, key=lambda clip: clip[:2]):
            stream = heard if kind else seen
            frame: Any
            if kind:
                assert sound is not None
                piece = sound[what : what + RATE_HZ // 50].reshape(1, -1)  # type: ignore[operator,misc]
                frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(piece), format="s16", layout="mono")
                frame.sample_rate = RATE_HZ
                frame.time_base = Fraction(1, RATE_HZ)
                frame.pts = round((at + start_s) * RATE_HZ)
            else:
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(what), format="bgr24")
                frame.time_base = Fraction(1, 90_000)
                frame.pts = round((at + start_s) * 90_000)
            for packet in stream.encode(frame):
                out.mux(packet)
        for stream in (seen, heard):
            for packet in stream.encode() if stream is not None else ():
                out.mux(packet)
    return path


def _video_stream(out: Any, codec: str, shape: tuple[int, ...], fps: int, good: bool) -> Any:
    stream = out.add_stream(codec, rate=fps)
    stream.height, stream.width = shape[:2]
    stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    stream.codec_context.time_base = Fraction(1, 90_000) if codec != "mjpeg" else Fraction(1, fps)
    fast = {
        "libx264": {"preset": "ultrafast"},
        "libx265": {"preset": "ultrafast", "x265-params": "log-level=none"},
        "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
        "libvpx": {"deadline": "realtime", "cpu-used": "8"},
        "libsvtav1": {"preset": "12", "svtav1-params": "log=0"},
        "mjpeg": {"qscale": "3"},
    }
    stream.options = {**fast.get(codec, {}), **({"crf": "18"} if good and codec in ("libx264", "libx265") else {})}
    if good and codec.startswith("libvpx"):
        stream.bit_rate = 8_000_000
    return stream


def held_at(path: Path, degrees: int, mirrored: bool = False) -> Path:
    """Say in an MP4 file, as phones do, that its pictures must be turned clockwise by so much; `mirrored`: from left to
    right before that, as some cameras of the front are."""
    one, data = 1 << 16, bytearray(path.read_bytes())
    a, b = {0: (one, 0), 90: (0, one), 180: (-one, 0), 270: (0, -one)}[degrees]
    at = data.index(b"tkhd") + 4
    at += (44 if data[at] else 32) + 8  # after the times, the length, the layer and the volume
    x = -1 if mirrored else 1
    data[at : at + 36] = struct.pack(">9i", x * a, x * b, 0, -b, a, 0, 0, 0, 1 << 30)
    path.write_bytes(bytes(data))
    return path
