"""Checks a device: waits for it, greets it, and holds what it does against docs/bridge.md.

comes ── observed (3 s) ── asked for a key frame or a photo, and for fewer pictures ── plays two sounds, one of them cut
  ── cut off ── comes back within 30 s, with resume ── goodbye
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from aiohttp import web

from companion.bridge.conform.clock import PeerClock
from companion.bridge.conform.looking import Looking
from companion.bridge.conform.peer import Peer, expect
from companion.bridge.conform.playing import Playing
from companion.bridge.conform.report import Report, Wrong
from companion.bridge.conform.stream import announced, counted, gapless, timed
from companion.bridge.door import PATH
from companion.bridge.frames import READ_BYTES
from companion.bridge.hello import Hello, read_hello
from companion.link.errors import Refused
from companion.link.server import LinkServer

HELLO_S, COMES_BACK_S, SOON_S = 10.0, 30.0, 2.0
OBSERVED_S = 3.0
SESSION = "conform"


class Listening:
    """A door for `LinkServer`; `run` waits for one device and judges it."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._came: asyncio.Queue[tuple[Peer, asyncio.Event]] = asyncio.Queue()

    def door(self, server: LinkServer) -> Iterable[web.RouteDef]:
        return [web.get(PATH, self._connect)]

    async def _connect(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(timeout=SOON_S, compress=False, max_msg_size=READ_BYTES)
        await socket.prepare(request)
        peer, done = Peer(socket), asyncio.Event()
        await self._came.put((peer, done))
        await done.wait()
        peer.stop()
        return socket

    async def run(self, within_s: float) -> bool:
        """False: nobody came."""
        try:
            peer, done = await asyncio.wait_for(self._came.get(), within_s)
        except TimeoutError:
            return False
        pinging: asyncio.Task[None] | None = None
        try:
            hello = await self._greet(peer, resumed=False)
            if hello is None:
                return True
            clock = PeerClock(peer)
            await clock.first()
            pinging = asyncio.create_task(clock.go_on())
            await asyncio.sleep(OBSERVED_S)
            self._report.judged("pings are answered with its clock", "clock", clock.judge)
            self._judge_sound(peer, clock, hello)
            await Looking(peer, clock, self._report).judge(hello)
            await Playing(peer, clock, self._report).judge(hello)
            await self._judge_unknown(peer)
            self._report.judged("what it sends is messages and frames", "frames", lambda: _no_faults(peer))
        finally:
            if pinging is not None:
                pinging.cancel()
            peer.cut()
            done.set()
        await self._judge_return()
        return True

    async def _greet(self, peer: Peer, resumed: bool) -> Hello | None:
        found: list[Hello] = []

        def judge() -> str:
            expect(peer.messages, f"its first message is not a text message within {HELLO_S:g} s; that is hello")
            early = bool(peer.frames) and peer.frames[0][0] < peer.messages[0][0]
            expect(not early, "sound or pictures came before hello")
            try:
                found.append(read_hello(peer.messages[0][1]))
            except Refused as refused:
                raise Wrong(f"{refused.detail}: {refused.hint}") from None
            if resumed:
                named = found[0].resume
                expect(named == SESSION, f'it came back with resume {named!r}, and its session is "{SESSION}"')
            return f"{found[0].record.name or 'no name'}: {_parts(found[0])}"

        await peer.until(lambda: peer.messages or peer.frames or peer.closed, HELLO_S)
        if not resumed:
            self._report.judged("hello comes first, and says what the device is", "hello", judge)
        else:
            self._report.judged("it comes back into its session", "coming-back", judge)
        if not found:
            return None
        answer = found[0].answer
        form = {"codec": answer.codec, "rate": answer.rate_hz} if answer is not None else None
        await peer.say(
            type="hello",
            protocol=1,
            session=SESSION,
            resumed=resumed,
            recording=False,
            answer=form,
            limits={},
            something_of_tomorrow=True,
        )
        return found[0]

    def _judge_sound(self, peer: Peer, clock: PeerClock, hello: Hello) -> None:
        frames, offset_ns = [(at_ns, f) for at_ns, f in peer.frames if f.kind.sound], clock.offset_ns()
        judged = self._report.judged
        judged("sound comes, as announced", "hello", lambda: announced(frames, hello.record.microphone))
        judged("sound is counted by one", "frames", lambda: counted(frames))
        judged("sound has its capture times", "frames", lambda: timed(frames, offset_ns))
        judged("sound is without gaps", "frames", lambda: gapless(frames, hello))

    # --------------------------------------------------------------------------------------------------- life and end

    async def _judge_unknown(self, peer: Peer) -> None:
        await peer.say(type="something_of_tomorrow", x=1)
        await peer.say(type="ping", id=99)
        alive = await peer.until(lambda: any(m.get("id") == 99 for _, m in peer.got("pong")), SOON_S)

        def judge() -> None:
            expect(alive, f"it did not answer a ping after a message of an unknown type (closed: {peer.closed})")

        self._report.judged("what it does not know is ignored", "connecting", judge)

    async def _judge_return(self) -> None:
        try:
            peer, done = await asyncio.wait_for(self._came.get(), COMES_BACK_S)
        except TimeoutError:
            why = f"it was cut off, and did not connect again within {COMES_BACK_S:g} s"
            self._report.judged("it comes back into its session", "coming-back", lambda: _wrong(why))
            return
        try:
            if await self._greet(peer, resumed=True) is not None:
                await peer.say(type="bye", reason="the check is over")
                await peer.close()
                closed = await peer.until(lambda: peer.closed, SOON_S)
                self._report.judged(
                    "a goodbye is answered by closing", "ending", lambda: expect(closed, "the connection stays open")
                )
        finally:
            done.set()


def _parts(hello: Hello) -> str:
    record = hello.record
    parts = [f"microphone {record.microphone}" if record.microphone else "no microphone"]
    parts.append(
        f"camera {record.camera}{', photos only' if record.photo_only else ''}" if record.camera else "no camera"
    )
    parts.append(
        f"speaker {hello.answer.codec} at {hello.answer.rate_hz}" if hello.answer is not None else "no speaker"
    )
    return ", ".join(parts)


def _no_faults(peer: Peer) -> None:
    expect(not peer.faults, f"{len(peer.faults)} that are neither; the first: {peer.faults[:1]}")


def _wrong(why: str) -> str:
    raise Wrong(why)
