"""What a device sends, as rows of frames with their arrival times: announced, counted, timed and without gaps."""

from __future__ import annotations

import itertools

from companion.bridge.conform.peer import NS, expect
from companion.bridge.conform.report import Absent
from companion.bridge.frames import Frame, Kind, opus_samples
from companion.bridge.hello import Hello
from companion.link.opus_send import RATE_HZ

Arrived = list[tuple[int, Frame]]  # arrival on our monotonic clock, the frame


def announced(frames: Arrived, codec: str) -> str:
    if not codec and not frames:
        raise Absent("not announced")
    expect(codec, f"{len(frames)} frames came, and hello did not announce them")
    expect(frames, f"{codec} was announced, and none came")
    wrong = next((f.kind.name for _, f in frames if f.kind.name.lower() != codec), "")
    expect(not wrong, f"a frame of {wrong}; hello announced {codec}")
    return f"{len(frames)} frames"


def counted(frames: Arrived) -> str:
    if not frames:
        raise Absent("nothing came")
    numbers = [f.sequence for _, f in frames]
    for before, after in itertools.pairwise(numbers):
        step = (after - before) % (1 << 32)
        expect(0 < step < 1 << 31, f"sequence {after} after {before}; it grows by one")
    holes = (numbers[-1] - numbers[0]) % (1 << 32) + 1 - len(numbers)
    return f"{holes} left out" if holes else ""


def timed(frames: Arrived, offset_ns: int | None) -> str:
    """`offset_ns`: its clock minus ours; None: not known."""
    if not frames:
        raise Absent("nothing came")
    times = [f.time_ns for _, f in frames]
    expect(all(times), "a time is 0: not known. The picture at a word cannot be found then")
    back = next(((a, b) for a, b in itertools.pairwise(times) if b <= a), None)
    expect(back is None, f"a capture time of {back and back[1]} after {back and back[0]}; they grow")
    if offset_ns is None:
        return "no pong: its clock is not known"
    ages = [(at_ns + offset_ns - f.time_ns) / 1e6 for at_ns, f in frames]
    expect(min(ages) > -20, f"captured {-min(ages):.0f} ms after it came: the times are not on the clock of the pongs")
    expect(min(ages) < 2000, f"captured at least {min(ages):.0f} ms before it came; is the time another clock's?")
    return f"{min(ages):.0f} to {max(ages):.0f} ms old when it came"


def gapless(frames: Arrived, hello: Hello) -> str:
    """Sound: each frame begins where the one before ended, and there is as much of it as time passed."""
    if not frames:
        raise Absent("nothing came")
    if any(f.kind == Kind.OPUS and len(f.payload) <= 2 for _, f in frames):
        return "DTX: gaps are silence"
    holes = [
        (b.time_ns - a.time_ns - _lasts_ns(a, hello)) / 1e6
        for (_, a), (_, b) in itertools.pairwise(frames)
        if abs(b.time_ns - a.time_ns - _lasts_ns(a, hello)) > 10_000_000
    ]
    expect(
        len(holes) <= 1, f"{len(holes)} times a frame does not begin where the one before ended, once by {holes[:1]} ms"
    )
    sound_s = sum(_lasts_ns(f, hello) for _, f in frames) / NS
    time_s = (frames[-1][0] - frames[0][0]) / NS
    expect(abs(sound_s - time_s) < 0.3 + 0.05 * time_s, f"{sound_s:.2f} s of sound came in {time_s:.2f} s")
    return f"{sound_s:.2f} s of sound in {time_s:.2f} s"


def _lasts_ns(frame: Frame, hello: Hello) -> int:
    if frame.kind == Kind.OPUS:
        return opus_samples(frame.payload) * NS // RATE_HZ
    return len(frame.payload) // 2 * NS // hello.record.microphone_hz
