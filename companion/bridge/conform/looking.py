"""What a device's camera does when it is asked: a key frame or a photo soon, and as many pictures as are wanted."""

from __future__ import annotations

import asyncio
import time

from companion.bridge.conform.clock import PeerClock
from companion.bridge.conform.peer import Peer
from companion.bridge.conform.report import Absent, Report, Wrong
from companion.bridge.conform.stream import Arrived, announced, counted, timed
from companion.bridge.hello import Hello

SOON_S, PHOTO_S = 2.0, 5.0
SETTLES_S, RESTS_S = 0.5, 1.5  # what is under way may still come; then none does
USUAL_FPS = 5.0


class Looking:
    def __init__(self, peer: Peer, clock: PeerClock, report: Report) -> None:
        self._peer, self._clock, self._report = peer, clock, report

    async def judge(self, hello: Hello) -> None:
        asked = await self._asked(hello)
        pictures = self._since(0)
        judged, offset_ns = self._report.judged, self._clock.offset_ns()
        judged("pictures come, as announced", "hello", lambda: announced(pictures, hello.record.camera))
        judged("pictures are counted by one", "frames", lambda: counted(pictures))
        judged("pictures have their capture times", "frames", lambda: timed(pictures, offset_ns))
        judged("a key frame, or a photo, when it is asked for", "messages", lambda: _told(asked))
        slowed = await self._slowed(hello)
        judged("so many pictures a second as are asked for", "messages", lambda: _told(slowed))

    def _since(self, at_ns: int) -> Arrived:
        return [(at, f) for at, f in self._peer.frames if not f.kind.sound and at >= at_ns]

    async def _asked(self, hello: Hello) -> str | Exception:
        record = hello.record
        if not record.camera:
            return Absent("no camera")
        what = "photo" if record.photo_only else "key frame"
        asked_ns = time.monotonic_ns()
        await self._peer.say(type="camera", do="photo" if record.photo_only else "key_frame")

        def fresh() -> Arrived:
            wanted = record.photo_only or record.camera == "jpeg"
            return [(at, f) for at, f in self._since(asked_ns) if wanted or f.key]

        within_s = PHOTO_S + record.photo_delay_ms / 1000 if record.photo_only else SOON_S
        came = await self._peer.until(fresh, within_s)
        if record.camera == "jpeg" and not record.photo_only:
            return Absent("every JPEG is a key frame")
        if not came:
            return Wrong(f"no {what} within {within_s:g} s of being asked")
        return f"{(fresh()[0][0] - asked_ns) // 1_000_000} ms after it was asked for"

    async def _slowed(self, hello: Hello) -> str | Exception:
        if not hello.record.camera:
            return Absent("no camera")
        if hello.record.photo_only:
            return Absent("it sends no stream")
        await self._peer.say(type="camera", do="rate", fps=0)
        await asyncio.sleep(SETTLES_S)
        quiet_ns = time.monotonic_ns()
        await asyncio.sleep(RESTS_S)
        came = len(self._since(quiet_ns))
        again_ns = time.monotonic_ns()
        await self._peer.say(type="camera", do="rate", fps=USUAL_FPS)
        back = await self._peer.until(lambda: self._since(again_ns), SOON_S)
        if came:
            return Wrong(f"{came} pictures in {RESTS_S:g} s after none were asked for (rate, fps 0)")
        if not back:
            return Wrong(f"no picture within {SOON_S:g} s of being asked for {USUAL_FPS:g} a second again")
        return ""


def _told(outcome: str | Exception) -> str:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome
