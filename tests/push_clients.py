"""Programs that push, made of FFmpeg's own muxers: each in a process of its own, as they are at people's homes.

They show a sign and, after a while, ask what it says. As a command:

    python -m tests.push_clients whip http://127.0.0.1:8484/whip/at/me --token T --seconds 6
    python -m tests.push_clients rtmp rtmp://127.0.0.1:1935/live/KEY --b-frames 2
    python -m tests.push_clients file clip.mp4 --codec mpeg4

It prints "opening" and the machine's monotonic time in ns when it begins to connect, "pushing" when its first picture
has left, and at last JSON of what it sent.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import tempfile
import time
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from device_sim.scene import SPEECH

RATE_HZ = 48_000
FPS = 30
SIGN = ("PLATFORM 7", "BASEL 14:05")


@cache
def sign(width: int, height: int) -> np.ndarray[Any, Any]:
    """A white board with black words, (height, width, 3) BGR."""
    picture = np.full((height, width, 3), (90, 120, 80), np.uint8)
    picture[height // 6 : -height // 6, width // 10 : -width // 10] = 245
    for i, words in enumerate(SIGN):
        at = (width // 7, height * (3 + 2 * i) // 7)
        cv2.putText(picture, words, at, cv2.FONT_HERSHEY_SIMPLEX, width / 360, (15, 15, 15), max(2, width // 200))
    return picture


def talk(phrase: str, at_s: float, seconds: float) -> np.ndarray[Any, Any]:
    """(n,) int16 at `RATE_HZ`: a quiet room, and one bundled phrase in it."""
    rng = np.random.default_rng(7)
    sound = rng.normal(0, 30, round(seconds * RATE_HZ))
    if phrase:
        with wave.open(str(SPEECH / f"{phrase}.wav")) as file:
            said = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float64)
            factor = RATE_HZ / file.getframerate()
        said = np.interp(np.arange(round(len(said) * factor)) / factor, np.arange(len(said)), said)
        start = round(at_s * RATE_HZ)
        said = said[: max(0, len(sound) - start)]
        sound[start : start + len(said)] += said
    return np.clip(sound, -32768, 32767).astype(np.int16)


@dataclass(frozen=True)
class Encoding:
    """How the pictures are encoded."""

    codec: str = "libx264"
    size: tuple[int, int] = (640, 360)
    b_frames: int = 0
    profile: str = "baseline"
    gop: int = 30
    fps: int = FPS

    def options(self) -> dict[str, str]:
        if self.codec == "libvpx":
            return {"deadline": "realtime", "cpu-used": "8"}
        if self.codec != "libx264":
            return {}
        preset = {"preset": "ultrafast", "profile": self.profile, "bf": str(self.b_frames)}
        return preset | ({} if self.b_frames else {"tune": "zerolatency"})


def frames(encoding: Encoding, seconds: float) -> Iterator[av.VideoFrame]:
    picture = sign(*encoding.size)
    for i in range(round(seconds * encoding.fps)):
        moved = np.roll(picture, i % 3, axis=1)  # a hand is never quite still
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(moved), format="bgr24")
        frame.pts, frame.time_base = i, Fraction(1, encoding.fps)
        yield frame.reformat(format="yuv420p")


def blocks(sound: np.ndarray[Any, Any], samples: int) -> Iterator[av.AudioFrame]:
    for at in range(0, len(sound) - samples, samples):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound[at : at + samples]).reshape(1, -1), "s16", "mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, at, Fraction(1, RATE_HZ)
        yield frame


def push(out: Any, encoding: Encoding, voice: str, sound: np.ndarray[Any, Any], paced: bool) -> dict[str, int]:
    """Everything into an output container, in time if `paced`."""
    seconds = len(sound) / RATE_HZ
    video = out.add_stream(encoding.codec, rate=encoding.fps, options=encoding.options())
    video.width, video.height, video.pix_fmt = *encoding.size, "yuv420p"
    video.codec_context.gop_size = encoding.gop
    video.codec_context.max_b_frames = encoding.b_frames
    audio = out.add_stream(voice, rate=RATE_HZ)
    audio.codec_context.layout = "stereo" if voice == "libopus" else "mono"
    out.start_encoding()
    samples = audio.codec_context.frame_size or 1024
    convert = av.AudioResampler(format=audio.codec_context.format, layout=audio.codec_context.layout, rate=RATE_HZ)
    sent = {"video": 0, "audio": 0}
    pending = blocks(sound, samples)
    block = next(pending, None)
    start = time.monotonic()
    for frame in frames(encoding, seconds):
        at_s = float(frame.pts * frame.time_base)
        if paced:
            time.sleep(max(0.0, start + at_s - time.monotonic()))
        for packet in video.encode(frame):
            out.mux(packet)
            sent["video"] += 1
            if sent["video"] == 1:
                print("pushing", time.monotonic_ns(), flush=True)
        while block is not None and float(block.pts * block.time_base) <= at_s:
            for converted in convert.resample(block):
                for packet in audio.encode(converted):
                    out.mux(packet)
                    sent["audio"] += 1
            block = next(pending, None)
    for stream in (video, audio):
        for packet in stream.encode(None):
            out.mux(packet)
    return sent


def p256_certificate(folder: Path) -> tuple[Path, Path]:
    """What FFmpeg's WHIP muxer needs to be given: its own certificate is one that WebRTC stacks refuse."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "push")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
    certificate = made.not_valid_after(now + datetime.timedelta(days=30)).sign(key, hashes.SHA256())
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.TraditionalOpenSSL
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    return cert_file, key_file


def main(argv: Sequence[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    width, height = (int(n) for n in args.size.split("x"))
    encoding = Encoding(args.codec, (width, height), args.b_frames, args.profile, fps=args.fps)
    sound = talk(args.say, args.say_at, args.seconds)
    with tempfile.TemporaryDirectory() as folder:
        cert, key = p256_certificate(Path(folder))
        print("opening", time.monotonic_ns(), flush=True)
        if args.how == "whip":
            options = {"authorization": args.token, "cert_file": str(cert), "key_file": str(key)}
            out = av.open(args.to, "w", format="whip", options=options)
        elif args.how == "rtmp":
            out = av.open(args.to, "w", format="flv", options={"flvflags": "no_duration_filesize"})
        else:
            out = av.open(args.to, "w", format=args.format or None)
        voice = {"whip": "libopus", "rtmp": "aac"}.get(args.how, args.voice)
        try:
            with out:
                sent = push(out, encoding, voice, sound, args.how != "file")
        except av.FFmpegError as why:
            print(json.dumps({"error": str(why)}))
            return 1
    print(json.dumps(sent))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.push_clients")
    parser.add_argument("how", choices=("whip", "rtmp", "file"))
    parser.add_argument("to")
    parser.add_argument("--token", default="")
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--say", default="what_does_this_sign_say")
    parser.add_argument("--say-at", type=float, default=1.5)
    parser.add_argument("--codec", default="libx264")
    parser.add_argument("--profile", default="baseline")
    parser.add_argument("--b-frames", type=int, default=0)
    parser.add_argument("--size", default="640x360")
    parser.add_argument("--fps", type=int, default=FPS)
    parser.add_argument("--voice", default="aac", help="of a file")
    parser.add_argument("--format", default="", help="of a file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
