"""The sound and the pictures of a file on one timeline that begins at 0, decoded piece by piece.

Each track opens the file for itself, so a file with its sound far from its pictures needs no more memory than another.
What cannot be decoded is left out; a file that ends in the middle ends there.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import av
import numpy as np

from companion.clip.found import Found, opened
from companion.clip.source import Pcm, Shown
from companion.link.opus_send import FRAME_SAMPLES, RATE_HZ
from companion.upright import upright
from pipelines.events import NS

log = logging.getLogger(__name__)

CLOSEST_NS = NS // 31  # between two pictures: a film of 60 a second is shown as one of 30
SLACK = RATE_HZ // 25  # samples: what time stamps say is believed if it is further than 40 ms from what was counted
BAD_IN_A_ROW = 300  # packets that do not decode, after which the rest of the file is not tried


@dataclass(frozen=True, slots=True)
class Span:
    """The part of a file that is played, seconds of the file's own time from its beginning. `to_s` 0: to its end."""

    from_s: float = 0.0
    to_s: float = 0.0


def sound(found: Found, span: Span) -> Iterator[Pcm]:
    """20 ms blocks, (960,) int16 at 48 kHz, without a gap from the span's beginning to the sound's end."""
    rest, counted = np.zeros(0, np.int16), 0  # counted: samples given out or in `rest`
    limit = round((span.to_s - span.from_s) * RATE_HZ) if span.to_s else 0
    for at, samples in _samples(found, span):
        gap = at - counted
        if gap > SLACK:
            yield from _blocks(rest)
            rest = rest[len(rest) // FRAME_SAMPLES * FRAME_SAMPLES :]
            silence = gap if not limit else min(gap, limit - counted)
            while silence > 0:  # a gap may be long: it is never held whole
                piece = min(silence, RATE_HZ)
                rest = np.concatenate([rest, np.zeros(piece, np.int16)])
                yield from _blocks(rest)
                rest = rest[len(rest) // FRAME_SAMPLES * FRAME_SAMPLES :]
                silence, counted = silence - piece, counted + piece
        elif gap < -SLACK:
            samples = samples[-gap:]
        if limit and counted + len(samples) > limit:
            samples = samples[: max(0, limit - counted)]
        counted += len(samples)
        rest = np.concatenate([rest, samples])
        yield from _blocks(rest)
        rest = rest[len(rest) // FRAME_SAMPLES * FRAME_SAMPLES :]
        if limit and counted >= limit:
            break
    if len(rest):
        yield np.pad(rest, (0, FRAME_SAMPLES - len(rest)))


def _blocks(samples: Pcm) -> Iterator[Pcm]:
    for at in range(0, len(samples) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        yield samples[at : at + FRAME_SAMPLES]


def _samples(found: Found, span: Span) -> Iterator[tuple[int, Pcm]]:
    """(number of the first sample from the span's beginning, samples at 48 kHz mono)"""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
    expected = 0
    for frame in _frames(found, found.sound, span):
        at = expected if frame.time is None else round((frame.time - found.start_s - span.from_s) * RATE_HZ)
        frame.pts = None
        try:
            out = [f.to_ndarray()[0] for f in resampler.resample(frame)]
        except (av.FFmpegError, ValueError):  # the layout or rate has changed on the way
            resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
            out = [f.to_ndarray()[0] for f in resampler.resample(frame)]
        samples = np.concatenate(out) if out else np.zeros(0, np.int16)
        if at < 0:
            samples, at = samples[-at:], 0
        expected = at + len(samples)
        if len(samples):
            yield at, samples


def pictures(found: Found, span: Span) -> Iterator[Shown]:
    """Upright, in order, at most 1920 px a side and about 30 a second; the span begins with what stood before it."""
    last_ns, expected_ns = -NS, -round(span.from_s * NS)
    limit_ns = round((span.to_s - span.from_s) * NS) if span.to_s else 0
    waits: tuple[int, Any] | None = None  # the last picture before the span: what is seen as it begins
    for frame in _frames(found, found.picture, span):
        at_ns = expected_ns
        if frame.time is not None:
            at_ns = round((frame.time - found.start_s - span.from_s) * NS)
        expected_ns = at_ns + round(NS / found.fps)
        if at_ns < 0:
            waits = 0, frame
            continue
        if limit_ns and at_ns >= limit_ns:
            break
        if waits is not None and at_ns > 0:
            yield Shown(0, upright(waits[1]))
            last_ns = 0
        waits = None
        if at_ns - last_ns < CLOSEST_NS:
            continue
        last_ns = at_ns
        yield Shown(at_ns, upright(frame))
    if waits is not None:
        yield Shown(0, upright(waits[1]))


def _there(found: Found, span: Span) -> int:
    """Where the span begins, to seek to; 0 where that cannot be done: a raw stream is decoded from its beginning.
    Tried on a container of its own, since a failure leaves it at its end."""
    there = round((span.from_s + found.start_s) * av.time_base) if span.from_s > 0 else 0
    if there:
        with opened(found.path) as container:
            try:
                container.seek(there)
            except av.FFmpegError:
                return 0
    return there


def _frames(found: Found, index: int, span: Span) -> Iterator[Any]:
    """Decoded frames of one stream from just before the span's beginning; what is broken is left out."""
    with opened(found.path) as container:
        stream = container.streams[index]
        stream.thread_type = "AUTO"
        if there := _there(found, span):
            container.seek(there)
        bad = good = 0
        packets = container.demux(stream)
        while bad < BAD_IN_A_ROW:
            try:
                packet = next(packets)
            except StopIteration:
                break
            except av.FFmpegError as why:
                log.warning("%s: its %s breaks off: %s", found.path.name, stream.type, why)
                break
            try:
                frames = packet.decode()
            except (av.FFmpegError, ValueError):
                bad += 1
                continue
            for frame in frames:
                good, bad = good + 1, 0
                yield frame
        if not good:
            log.warning("%s: nothing of its %s could be decoded", found.path.name, stream.type)
