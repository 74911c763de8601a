"""Hostile devices at the bridge: whatever they send ends in an answer with a code of ours, and nothing else.

Some thousands of messages here; `make fuzz` sends more than a hundred thousand (BRIDGE_CASES of them, from the seed
FUZZ_FIRST on). Most go through a whole connection with a stand-in for its socket, some through a real one.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import struct
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companion.bridge import frames
from companion.bridge.connection import BridgeConnection
from companion.bridge.frames import Frame, Kind
from companion.bridge.hello import read_hello, read_message
from companion.bridge.inbox import NS, PICTURES_WAITING, SOUND_WAITING_NS, Inbox
from companion.bridge.outbox import MESSAGE_BYTES_WAITING, MESSAGES_WAITING, SOUND_WAITING, UNDER_WAY, Outbox
from companion.bridge.times import CaptureTimes
from companion.link.errors import Refused
from companion.link.media_clock import DeviceClock
from companion.link.settings import LinkSettings
from companion.link.wearer import Wearer
from tests.test_bridge import Device, companion, jpeg_picture, packed
from tests.test_link import TOKEN, Session, camera_packets, run, tone_packets

CASES = int(os.environ.get("BRIDGE_CASES", "120000"))
FIRST = int(os.environ.get("FUZZ_FIRST", "0"))
CODES = {1000, 4400, 4404, 4413, 4422, 4429}
Item = str | bytes

# ------------------------------------------------------------------------------------------------------ the pure parts


@given(st.binary(max_size=400))
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_bytes_but_a_refusal_or_a_frame_that_packs_the_same(data: bytes) -> None:
    try:
        frame = frames.read(data)
    except Refused as refused:
        assert refused.status in (400, 413) and refused.detail and refused.hint
    else:
        assert frame.pack() == data


@settings(deadline=None)
@given(st.sampled_from(Kind), st.integers(0, 2**32 - 1), st.integers(0, 2**63 - 1), st.integers(0, 3))
def test_a_frame_is_read_as_it_was_packed(kind: Kind, sequence: int, time_ns: int, flags: int) -> None:
    payload = {Kind.OPUS: b"\xf8\xff\xfe", Kind.PCM16: b"ab", Kind.H264: b"\0\0\1e", Kind.JPEG: b"\xff\xd8"}[kind]
    frame = Frame(kind, sequence, time_ns, payload, flags)
    assert frames.read(frame.pack()) == frame
    assert frame.pack() == packed(kind, sequence, time_ns, payload, flags)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=100),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
FIELDS = ("protocol", "name", "camera", "microphone", "speaker", "echo", "half_duplex", "inputs", "photo_delay_ms")
PARTS = st.dictionaries(st.sampled_from(("codec", "rate", "width", "height", "fps", "photo_only", "silence")), anything)


@given(st.dictionaries(st.sampled_from((*FIELDS, "resume")), anything | PARTS), st.booleans())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_hello_but_a_refusal_or_a_record(fields: dict[str, Any], right: bool) -> None:
    message = {**fields, "type": "hello", **({"protocol": 1} if right else {})}
    try:
        hello = read_hello(read_message(json.dumps(message)))
    except Refused as refused:
        assert refused.status in (400, 422) and refused.detail and refused.hint and len(str(refused)) < 400
    else:
        assert hello.record.camera in ("", "h264", "jpeg") and hello.record.microphone in ("", "opus", "pcm16")


STEPS = st.lists(
    st.tuples(st.sampled_from(("sound", "key", "picture", "take")), st.integers(0, 2 * NS), st.booleans()),
    max_size=400,
)


@given(STEPS)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_waits_is_bounded_in_order_and_counted(steps: list[tuple[str, int, bool]]) -> None:
    inbox, now_ns, put, taken = Inbox(), 0, {True: 0, False: 0}, {True: [], False: []}  # type: ignore[var-annotated]
    for what, number, flag in steps:
        if what == "sound":
            inbox.put_sound(Frame(Kind.OPUS, put[True], 0, b"s"), number // 10)
            put[True] += 1
        elif what == "take":
            now_ns += number // 20
            if (frame := inbox.take(now_ns)) is not None:
                taken[frame.kind.sound].append(frame.sequence)
        else:
            unit = b"\0\0\1" + (b"\x65" if what == "key" else b"\x41")
            inbox.put_picture(Frame(Kind.H264, put[False], 0, unit), broken=flag and number > NS)
            put[False] += 1
        assert inbox._sound_ns <= SOUND_WAITING_NS and len(inbox._pictures) <= PICTURES_WAITING
    left = len(inbox._sounds), len(inbox._pictures)
    assert taken[True] == sorted(taken[True]) and taken[False] == sorted(taken[False])
    assert len(taken[True]) + inbox.dropped.sound + left[0] == put[True], "everything is somewhere"
    assert len(taken[False]) + inbox.dropped.pictures + left[1] == put[False]


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(("sound", "message", "ping", "pong", "take")), st.integers(1, 99))))
def test_what_is_to_be_sent_is_bounded_and_sound_that_waits_holds_no_message_up(steps: list[tuple[str, int]]) -> None:
    outbox, made, got = Outbox(), 0, 0
    for what, number in steps:
        for _ in range(number):
            if what == "sound":
                outbox.put_sound(b"%d" % made)
                made += 1
            elif what == "message":
                outbox.put_message("x" * number * 100)
            elif what == "take":
                got += isinstance(outbox.take(), bytes)
        if what == "ping":
            outbox.pinged(number)
        elif what == "pong":
            outbox.answered(number)
        assert len(outbox._sounds) <= SOUND_WAITING and len(outbox._messages) <= MESSAGES_WAITING
        assert outbox._message_bytes <= MESSAGE_BYTES_WAITING
        assert outbox._arrived is None or outbox._sent - outbox._arrived <= max(UNDER_WAY, outbox._sent)
    assert made == got + outbox.dropped.sound + len(outbox._sounds)
    outbox.put_message("last")
    said = [item for _ in range(1000) if isinstance(item := outbox.take(), str)]
    assert said[-1] == "last"


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2**63 - 1), st.integers(0, 10**12)), max_size=50))
def test_no_time_that_a_device_tells_is_later_than_now_or_runs_backwards(told: list[tuple[int, int]]) -> None:
    clock = DeviceClock()
    times, now_ns, last_ns = CaptureTimes(clock), 0, 0
    for device_ns, passed_ns in told:
        now_ns += passed_ns
        media_ns = times.media_ns(device_ns, now_ns)
        assert last_ns <= media_ns <= now_ns
        last_ns = media_ns
        clock.answered(now_ns, device_ns, now_ns + 1000)


# ---------------------------------------------------------------------------------------------------- hostile messages


class Hostile:
    """One device's messages, by a seed: good ones, and good ones that something was done to."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._numbers = [0, 0]
        r = self._random
        self.hello: dict[str, Any] = {"type": "hello", "protocol": 1, "echo": r.choice(("none", "open"))}
        self.sound = r.choice((Kind.OPUS, Kind.PCM16))
        self.picture = r.choice((Kind.H264, Kind.JPEG))
        self.hello["microphone"] = {"codec": self.sound.name.lower(), "rate": r.choice((8_000, 16_000, 44_100))}
        self.hello["camera"] = {"codec": self.picture.name.lower(), "photo_only": r.random() < 0.2}
        self.hello["speaker"] = {"codec": "pcm16", "rate": r.choice((8_000, 48_000))}

    def items(self, count: int) -> list[Item]:
        return [self._item() for _ in range(count)]

    def _item(self) -> Item:
        r = self._random
        good: Item = self._message() if r.random() < 0.4 else self._frame()
        if r.random() < 0.8:
            return good
        return self._spoilt(good) if isinstance(good, bytes) else self._spoilt(good.encode()).decode("utf-8", "replace")

    def _frame(self) -> bytes:
        r = self._random
        kind = r.choice((self.sound, self.picture))
        if r.random() < 0.02:
            kind = r.choice(list(Kind))
        n = r.randrange(30)
        payload = {
            Kind.OPUS: tone_packets()[n] if r.random() < 0.7 else r.randbytes(r.randrange(1, 60)),
            Kind.PCM16: r.randbytes(2 * r.randrange(1, 800)),
            Kind.H264: camera_packets("h264")[n] if r.random() < 0.7 else b"\0\0\1" + r.randbytes(r.randrange(1, 60)),
            Kind.JPEG: JPEG_PICTURE if r.random() < 0.5 else b"\xff\xd8" + r.randbytes(r.randrange(1, 60)),
        }[kind]
        number = self._numbers[kind.sound]
        self._numbers[kind.sound] = number + r.choice((1, 1, 1, 1, 1, 2, 300, 2**31 - 1))
        time_ns = r.choice((0, 1, r.randrange(10**10), r.randrange(2**63), 2**63 - 1))
        return packed(kind, number % 2**32, time_ns, payload, r.choice((0, 0, 1, 2, 3)))

    def _message(self) -> str:
        r = self._random
        kind = r.choice(("pong", "heard", "event", "typed", "event", "heard", "unknown"))
        names = ("id", "device_ns", "utterance", "sound_ns", "mark", "kind", "value", "text", "rtp", "media")
        message = {name: self._value() for name in names if r.random() < 0.8}
        if kind == "heard" and r.random() < 0.6:
            message |= {"utterance": r.choice((0, 7, 8)), "mark": r.choice(("first", "progress", "last"))}
        if kind == "typed" and r.random() < 0.6:
            message["number"] = r.choice((1, 2, 2, 3, 2**53 - 1, self._value()))
        return json.dumps({"type": kind, **message})

    def _value(self) -> Any:
        r = self._random
        numbers = (r.randrange(-5, 400), r.randrange(-(2**70), 2**70), 1e308, float("nan"))
        texts = ("", "tap", "first", "\u202e\0\ud800", "x" * 5_000)
        return r.choice((*numbers, *texts, None, True, [1], {"a": 1}))

    def _spoilt(self, data: bytes) -> bytes:
        r = self._random
        at = r.randrange(len(data)) if data else 0
        return r.choice(
            (
                data[:at],
                data[:at] + r.randbytes(r.randrange(1, 9)) + data[at:],
                data[:at] + bytes([r.randrange(256)]) + data[at + 1 :],
                data[at:] + data[:at],
                data + data,
                r.randbytes(r.randrange(80)),
                struct.pack("<BBHIQ", r.randrange(6), r.randrange(4), 0, r.randrange(2**32), r.randrange(2**64))
                + data[16:],
            )
        )


JPEG_PICTURE = jpeg_picture()


@dataclass
class StandInSocket:
    """In place of a WebSocket: gives what a device sends, takes what we send."""

    items: list[Item]
    sent: list[Item] = field(default_factory=list)
    read: int = 0  # so many of the items
    code: int | None = None
    closed = False
    close_code = 1006
    _req = None

    async def __aiter__(self) -> AsyncIterator[Any]:
        for item in self.items:
            if self.closed:
                return
            self.read += 1
            kind = aiohttp.WSMsgType.BINARY if isinstance(item, bytes) else aiohttp.WSMsgType.TEXT
            yield aiohttp.WSMessage(kind, item, None)
            if len(self.sent) % 7 == 0:
                await asyncio.sleep(0)

    async def send_str(self, text: str) -> None:
        self.sent.append(text)

    async def send_bytes(self, data: bytes) -> None:
        self.sent.append(data)

    async def close(self, code: int = 1000, message: bytes = b"") -> None:
        assert len(message) <= 123 and message.decode() is not None
        self.closed, self.code = True, code


async def assert_it_ends_with_a_code(seed: int, count: int) -> tuple[int, int]:
    """One device with so many messages, through a whole connection: how many were read before one was refused, and what
    of them reached the session. Whatever it sends, it ends with a code of ours and leaves nothing running."""
    device = Hostile(seed)
    sessions: list[Session] = []

    def new_session(link: Any, clock: Any) -> Session:
        sessions.append(Session(link, clock))
        sessions[-1].to_say = [(packet, 7) for packet in tone_packets()[:3]]
        return sessions[-1]

    gone: list[str] = []
    wearer = Wearer("fuzz", LinkSettings(token=TOKEN, resume_within_s=0), new_session, gone.append)
    socket: Any = StandInSocket(device.items(count))
    hello = read_hello(read_message(json.dumps(device.hello)))
    connection = wearer.place(lambda resumed: BridgeConnection(wearer, socket, hello, LinkSettings(), resumed))
    await connection.run()
    assert gone == ["fuzz"] and socket.code in CODES, (seed, socket.code)
    assert sessions[0].states[0][0] == "connected" and sessions[0].states[-1][0] == "closed"
    assert asyncio.all_tasks() == {asyncio.current_task()}, (seed, "something is left running")
    for sound in sessions[0].sounds:
        assert 0 <= sound["media_ns"] <= sound["arrival_ns"]
    return socket.read, len(sessions[0].sounds) + len(sessions[0].units) + len(sessions[0].messages)


def through_connections(first: int, cases: int, caplog: pytest.LogCaptureFixture) -> tuple[int, list[Any]]:
    """So many messages are read: how many of them reached a session, and the first seed with what was logged as a fault
    of ours."""
    caplog.set_level(logging.ERROR)

    async def story() -> tuple[int, list[Any]]:
        read = used = 0
        seed = first
        while read < cases and not caplog.records:
            got = await assert_it_ends_with_a_code(seed, 10)
            read, used, seed = read + got[0], used + got[1], seed + 1
        print(f"{read} messages in {seed - first} connections, {used} sounds, pictures and messages of them used")
        return used, [(seed - 1, fault.getMessage(), fault.exc_text) for fault in caplog.records]

    return asyncio.run(story())


def test_hostile_messages_end_in_a_code_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    used, faults = through_connections(FIRST, 2_000, caplog)
    assert not faults
    assert used > 400, "what is good gets through"


async def knock(here: Any, seed: int) -> None:
    """The same over a real WebSocket, with what only a socket can do beside it."""
    r, hostile, device = random.Random(seed), Hostile(seed), Device()
    await device.open(here)
    first = hostile.items(1)[0] if r.random() < 0.3 else json.dumps(hostile.hello)
    for item in (first, *hostile.items(r.randrange(12))):
        try:
            await (device.ws.send_bytes(item) if isinstance(item, bytes) else device.ws.send_str(_utf8(item)))
        except ConnectionError:
            break
    how = r.randrange(4)
    if how == 0:
        device.cut()
    elif how == 1:
        await device.ws.ping(r.randbytes(r.randrange(120)))
    await device.close(code=r.choice((1000, 1001, 1011, 4000)))


def _utf8(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def over_sockets(first: int, connections: int, caplog: pytest.LogCaptureFixture) -> tuple[bool, int, list[str]]:
    """After so many hostile devices: whether a good one is greeted, sessions that stay behind it, faults of ours."""
    caplog.set_level(logging.ERROR)

    async def story() -> tuple[bool, int, list[str]]:
        async with companion(
            max_sessions=10**6, resume_within_s=0, requests_per_minute=10**6, connections_per_minute=10**6
        ) as here:
            for seed in range(first, first + connections):
                await knock(here, seed)
            good = Device()
            greeted = (await good.hello(here))["type"] == "hello" and not good.got("refused")
            await good.close()
            with suppress(TimeoutError):
                async with asyncio.timeout(20):
                    while here.server.sessions:
                        await asyncio.sleep(0.05)
            left = here.server.sessions
        return greeted, left, [record.getMessage() for record in caplog.records]

    return asyncio.run(story())


def test_hostile_devices_leave_a_companion_that_works_and_no_session_behind(caplog: pytest.LogCaptureFixture) -> None:
    assert over_sockets(FIRST, 60, caplog) == (True, 0, [])


def test_without_the_token_no_byte_gets_in() -> None:
    """Whatever is sent along with the handshake: nothing is upgraded, nothing is built."""

    async def story() -> None:
        async with companion() as here:
            for seed in range(40):
                r = random.Random(seed)
                guess = r.choice(("", TOKEN[:-1], TOKEN + "a", TOKEN.upper(), "ä" * 20, "%00", "x" * 4000))
                reader, writer = await asyncio.open_connection("127.0.0.1", here.server.port)
                head = f"GET /device?token={guess} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
                head += (
                    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                )
                hello = json.dumps(Hostile(seed).hello).encode()
                writer.write(head.encode() + b"\r\n" + b"\x81" + bytes([min(125, len(hello))]) + hello[:125])
                answer = await reader.read(20)
                assert answer.startswith((b"HTTP/1.1 401", b"HTTP/1.1 429", b"HTTP/1.1 400", b"HTTP/1.0 400")), answer
                writer.close()
            assert not here.sessions and here.server.sessions == 0

    run(story)


# ------------------------------------------------------------------------------------------------------------ make fuzz


@pytest.mark.fuzz
def test_more_than_a_hundred_thousand_hostile_messages(caplog: pytest.LogCaptureFixture) -> None:
    used, faults = through_connections(FIRST, CASES, caplog)
    assert not faults and used > CASES // 5
    assert over_sockets(FIRST, max(60, CASES // 100), caplog) == (True, 0, [])
