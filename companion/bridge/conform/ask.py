"""Checks a companion, or whatever else takes devices at /device: what it refuses, answers, sends and remembers."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from yarl import URL

from companion.bridge.conform.peer import NS, Peer, expect
from companion.bridge.conform.report import FAILED, PASSED, SKIPPED, Absent, Report, Wrong
from companion.bridge.frames import MAX_MESSAGE_BYTES, Frame, Kind
from companion.link.opus_send import SILENCE
from companion.net_websocket import HandshakeError, websocket

HELLO_LIMIT_S = 10.0
SOON_S = 5.0
ANSWER_S = 20.0
FRAME_NS = 20_000_000
QUESTION = "can you hear me"
FORMS = (("opus", 48_000), ("pcm16", 8_000), ("pcm16", 16_000), ("pcm16", 24_000), ("pcm16", 48_000))
Message = dict[str, Any]


class Asked:
    """All checks of one address. `url` carries the token."""

    def __init__(self, url: URL, report: Report, local_only: bool = False, question: str = QUESTION) -> None:
        self._token = url.query.get("token", "")
        self._url = url.with_query(None)
        self._report, self._local_only, self._question = report, local_only, question

    async def run(self) -> None:
        """Raises NetError if nobody is there."""
        await self._door()
        waited = asyncio.create_task(self._refused(4408, within_s=HELLO_LIMIT_S + SOON_S))
        await self._check("hello is answered with a session", "hello", self._hello)
        await self._check("pings come, with ids that grow", "clock", self._pings)
        await self._check("what it does not know is ignored", "connecting", self._unknown)
        for what, code, section, sent in REFUSED:
            await self._check(f"refused: {what}", section, partial(self._refused, code, *sent))
        for codec, rate in FORMS:
            name = f"an answer as {codec} at {rate} Hz, 20 ms every 20 ms"
            await self._check(name, "what-was-heard", partial(self._answer, codec, rate))
        await self._check("what is typed with a number is received, and taken once", "what-was-typed", self._typed)
        await self._check("a device that was lost finds its session", "coming-back", self._resumed)
        await self._check("a session that was said goodbye to is over", "ending", self._over)
        await self._check("who says nothing is sent away after 10 s", "hello", lambda: waited)

    async def _check(self, name: str, section: str, check: Callable[[], Awaitable[str]]) -> None:
        try:
            self._report.add(name, section, PASSED, await check())
        except Wrong as wrong:
            self._report.add(name, section, FAILED, str(wrong))
        except Absent as absent:
            self._report.add(name, section, SKIPPED, str(absent))

    # ------------------------------------------------------------------------------------------------------- the door

    async def _door(self) -> None:
        doors: tuple[tuple[str, str, dict[str, str], int], ...] = (
            ("no token", "", {}, 401),
            ("a wrong token", self._token[:-1] + "~", {}, 401),
            ("another page's Origin", self._token, {"Origin": "https://page.example"}, 403),
        )
        for what, token, headers, status in doors:
            await self._check(f"refused: {what}", "connecting", partial(self._shut, token, headers, status))

    async def _shut(self, token: str, headers: dict[str, str], status: int) -> str:
        if not self._token:
            raise Absent("the address has no token in it: give the one that was printed, ?token=…")
        try:
            async with websocket(self._url, {**_bearer(token), **headers}, self._local_only):
                pass
        except HandshakeError as refused:
            if refused.status != status:
                raise Wrong(f"refused with {refused.status}, not {status}") from None
            return ""
        raise Wrong("it was let in")

    @asynccontextmanager
    async def _open(self) -> Any:
        try:
            async with websocket(self._url, _bearer(self._token), self._local_only) as socket:
                peer = Peer(socket)
                try:
                    yield peer
                finally:
                    peer.stop()
        except HandshakeError as refused:
            raise Wrong(f"the right token was refused with {refused.status}") from None

    async def _greeted(self, peer: Peer, **more: Any) -> Message:
        """Say hello; the answer. Pings are answered from now on."""
        await peer.say(type="hello", protocol=1, name="companion conform", **more)
        peer.answers_pings = True
        await peer.until(lambda: peer.messages or peer.closed, SOON_S)
        first = peer.messages[0][1] if peer.messages else {}
        if first.get("type") != "hello":
            raise Wrong(f"its first message is {json.dumps(first)[:120]} (closed with {peer.code}), not hello")
        if not isinstance(first.get("session"), str) or not first["session"]:
            raise Wrong(f"its hello names no session: {json.dumps(first)[:120]}")
        return first

    # ---------------------------------------------------------------------------------------------------- the checks

    async def _hello(self) -> str:
        async with self._open() as peer:
            hello = await self._greeted(peer, speaker={"codec": "pcm16", "rate": 16_000})
            await _bye(peer)
            for field, kind in (("resumed", bool), ("recording", bool), ("limits", dict)):
                if not isinstance(hello.get(field), kind):
                    raise Wrong(f"the field {field} of hello is {hello.get(field)!r}")
            if hello.get("protocol") != 1 or hello["resumed"]:
                raise Wrong(f"protocol 1 and resumed false, not {json.dumps(hello)[:160]}")
            if hello.get("answer") != {"codec": "pcm16", "rate": 16_000}:
                raise Wrong(f"the answer was asked for as PCM16 at 16000, and is {hello.get('answer')}")
        return ""

    async def _pings(self) -> str:
        async with self._open() as peer:
            await self._greeted(peer)
            if not await peer.until(lambda: len(peer.got("ping")) >= 3, SOON_S):
                raise Wrong(f"{len(peer.got('ping'))} pings in {SOON_S:g} s; ten a second at the beginning")
            ids = [ping.get("id") for _, ping in peer.got("ping")]
            await _bye(peer)
            if ids != sorted(set(ids)):
                raise Wrong(f"the ids of pings are {ids[:8]}; they grow")
        return ""

    async def _unknown(self) -> str:
        async with self._open() as peer:
            await self._greeted(peer, something_of_tomorrow=True)
            await peer.say(type="something_of_tomorrow", x=1)
            count = len(peer.got("ping"))
            if not await peer.until(lambda: len(peer.got("ping")) > count + 2 or peer.closed, SOON_S) or peer.closed:
                raise Wrong(f"a message of an unknown type closed the connection ({peer.code})")
            await _bye(peer)
        return ""

    async def _refused(self, code: int, *sent: Message | str | bytes, within_s: float = SOON_S) -> str:
        name = ""
        async with self._open() as peer:
            for item in sent:
                if item == HELLO:
                    name = (await self._greeted(peer, **ALL_PARTS))["session"]
                else:
                    await peer.send(item)
            if not await peer.until(lambda: peer.closed, within_s):
                raise Wrong(f"it went on; it closes with {code}")
            if peer.code != code:
                raise Wrong(f"it closed with {peer.code}, not {code}")
            said = peer.got("refused")
            if not (said and all(said[0][1].get(f) for f in ("error", "detail", "hint"))):
                raise Wrong("it closed without the message refused, with error, detail and hint in it")
        if name:
            await self._goodbye(name)
        return ""

    async def _goodbye(self, name: str) -> None:
        """The session waits after a refusal: it is found again, and ended."""
        async with self._open() as peer:
            resumed = (await self._greeted(peer, resume=name)).get("resumed")
            await _bye(peer)
            expect(resumed, "it closed as it should, and the session could not be gone on with")

    async def _answer(self, codec: str, rate: int) -> str:
        async with self._open() as peer:
            await self._greeted(peer, speaker={"codec": codec, "rate": rate})
            await peer.say(type="typed", text=self._question)
            spoken = await peer.until(lambda: peer.got("spoken"), ANSWER_S)
            await _bye(peer)
            if not spoken or not peer.got("speaking"):
                raise Wrong(f"typed: {self._question!r}, and no utterance was spoken in {ANSWER_S:g} s")
            begin = peer.got("speaking")[0][1]["sound_ns"]
            frames = [f for _, f in peer.frames if f.time_ns >= begin]
            _check_sound(frames, Kind.OPUS if codec == "opus" else Kind.PCM16, rate)
            took_s = (peer.frames[-1][0] - peer.frames[0][0]) / NS
            lasts_s = (peer.frames[-1][1].time_ns - peer.frames[0][1].time_ns) / NS
            if abs(took_s - lasts_s) > 0.5:
                raise Wrong(f"{lasts_s:.2f} s of sound came in {took_s:.2f} s; it comes in real time")
        return ""

    async def _typed(self) -> str:
        async with self._open() as peer:
            hello = await self._greeted(peer)
            if "typed" not in hello:
                raise Absent("its hello has no field typed: it does not say what it received")
            for sent, number in enumerate((1, 1, 2), 1):
                await peer.say(type="typed", text=self._question, number=number)
                if not await peer.until(lambda sent=sent: len(peer.got("received")) >= sent, SOON_S):
                    raise Wrong(f"typed with number {number}, and it did not say received")
            last = [told.get("typed") for _, told in peer.got("received")]
            expect(last == [1, 1, 2], f"sent 1, 1 and 2, it received {last}")
            await peer.until(lambda: len(_understood(peer)) >= 2, ANSWER_S)
            expect(
                len(_understood(peer)) == 2, f"two questions, one of them sent twice: {len(_understood(peer))} turns"
            )
            peer.cut()
        async with self._open() as peer:
            again = await self._greeted(peer, resume=hello["session"])
            await _bye(peer)
            expect(again.get("typed") == 2, f"2 was received before, and after coming back it is {again.get('typed')}")
        return ""

    async def _resumed(self) -> str:
        async with self._open() as peer:
            name = (await self._greeted(peer))["session"]
            peer.cut()
        async with self._open() as peer:
            hello = await self._greeted(peer, resume=name)
            await _bye(peer)
            if not hello.get("resumed") or hello.get("session") != name:
                raise Wrong(f"asked for {name}, and hello says session {hello.get('session')}, resumed false")
        return ""

    async def _over(self) -> str:
        async with self._open() as peer:
            name = (await self._greeted(peer))["session"]
            if not await _bye(peer):
                raise Wrong("bye did not end the connection")
        return await self._refused(4404, {"type": "hello", "protocol": 1, "resume": name})


def _understood(peer: Peer) -> list[Message]:
    """Captions of the wearer's words: one a turn."""
    return [caption for _, caption in peer.got("caption") if caption.get("who") == "wearer"]


async def _bye(peer: Peer) -> object:
    """Say it, and wait until the place is free again."""
    await peer.say(type="bye")
    return await peer.until(lambda: peer.closed, SOON_S)


def _check_sound(frames: list[Frame], kind: Kind, rate: int) -> None:
    if not frames:
        raise Wrong("speaking was announced, and no sound came after its place")
    if wrong := [f.kind.name for f in frames if f.kind != kind]:
        raise Wrong(f"a frame of kind {wrong[0]}; {kind.name} was asked for")
    for before, after in itertools.pairwise(frames):
        step_ns = after.time_ns - before.time_ns
        if after.sequence != before.sequence + 1 or step_ns < FRAME_NS or step_ns % FRAME_NS:
            raise Wrong(f"sequence {before.sequence} to {after.sequence}, and {step_ns} ns on the line of sound")
    if kind == Kind.PCM16 and (sizes := {len(f.payload) for f in frames} - {rate // 50 * 2}):
        raise Wrong(f"frames of {sizes} bytes; 20 ms at {rate} Hz are {rate // 50 * 2}")


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


HELLO: Message = {"type": "hello", "protocol": 1}  # stands for: greet, with all parts, and wait for the answer
ALL_PARTS: Message = {"microphone": {"codec": "opus"}, "camera": {"codec": "h264"}}
_SOUND = Frame(Kind.OPUS, 3, 1, SILENCE).pack()
REFUSED: tuple[tuple[str, int, str, tuple[Message | str | bytes, ...]], ...] = (
    ("a first message that is no hello", 4400, "hello", ({"type": "typed", "text": "hello"},)),
    ("a first message that is binary", 4400, "hello", (_SOUND,)),
    ("a protocol of tomorrow", 4422, "hello", ({"type": "hello", "protocol": 99},)),
    ("a codec of tomorrow", 4422, "hello", ({"type": "hello", "protocol": 1, "camera": {"codec": "av9"}},)),
    ("a session that never was", 4404, "coming-back", ({"type": "hello", "protocol": 1, "resume": "never"},)),
    ("text that is no JSON", 4400, "refused", (HELLO, "hello?")),
    ("a frame shorter than its header", 4400, "frames", (HELLO, b"\1\0\0")),
    ("a frame of an unknown kind", 4400, "frames", (HELLO, b"\x63" + _SOUND[1:])),
    ("a frame of a kind that hello did not announce", 4400, "frames", (HELLO, Frame(Kind.PCM16, 0, 1, b"\0\0").pack())),
    ("a sequence that stands still", 4400, "frames", (HELLO, _SOUND, _SOUND)),
    ("H.264 without start codes", 4400, "frames", (HELLO, Frame(Kind.H264, 0, 1, b"\0\0\0\x09AVCC").pack())),
    ("a message of more than 4 MiB", 4413, "refused", (HELLO, bytes(MAX_MESSAGE_BYTES + 1))),
)
