"""Checks a device: waits for it, greets it, and holds what it does against docs/bridge.md.

comes ── observed (3 s) ── asked for a key frame or a photo ── plays two sounds, one of them cut ── cut off
  comes back within 30 s, with resume ── goodbye
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterable

import numpy as np
from aiohttp import web

from companion.bridge.answer import AnswerSound
from companion.bridge.conform.peer import NS, Peer, expect
from companion.bridge.conform.report import Absent, Report, Wrong
from companion.bridge.door import PATH
from companion.bridge.frames import READ_BYTES, Frame, Kind, opus_samples
from companion.bridge.hello import Hello, read_hello
from companion.link.errors import Refused
from companion.link.opus_send import FRAME_NS, FRAME_SAMPLES, RATE_HZ, AnswerEncoder
from companion.link.server import LinkServer

HELLO_S, COMES_BACK_S, SOON_S, PHOTO_S, HEARD_S = 10.0, 30.0, 2.0, 5.0, 3.0
OBSERVED_S = 3.0
PINGS, PING_S = 8, 0.1
SOUND_FRAMES = 50  # a second; of the second sound half is sent, and that it was cut is said there
SESSION = "conform"
FIRST, SECOND = 1, 2  # utterances


class Listening:
    """A door for `LinkServer`; `run` waits for one device and judges it."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._came: asyncio.Queue[tuple[Peer, asyncio.Event]] = asyncio.Queue()
        self._slot = self._sequence = 0

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
        try:
            hello = await self._greet(peer, resumed=False)
            if hello is None:
                return True
            began_ns = time.monotonic_ns()
            await self._ping(peer)
            await asyncio.sleep(OBSERVED_S)
            self._judge_clock(peer)
            self._judge_sound(peer, hello, began_ns)
            await self._judge_camera(peer, hello)
            await self._judge_speaker(peer, hello)
            await self._judge_unknown(peer)
            self._report.judged("what it sends is messages and frames", "frames", lambda: _no_faults(peer))
        finally:
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

    # ----------------------------------------------------------------------------------------------------- the clock

    async def _ping(self, peer: Peer) -> None:
        self._pings: dict[int, int] = {}
        for number in range(1, PINGS + 1):
            self._pings[number] = time.monotonic_ns()
            await peer.say(type="ping", id=number)
            await asyncio.sleep(PING_S)

    def _judge_clock(self, peer: Peer) -> None:
        def judge() -> str:
            pongs = {m.get("id"): (at_ns, m.get("device_ns")) for at_ns, m in peer.got("pong")}
            missing = [number for number in self._pings if number not in pongs]
            expect(not missing, f"no pong for {len(missing)} of {PINGS} pings (ids {missing[:4]})")
            late_ms = max((pongs[n][0] - self._pings[n]) // 1_000_000 for n in self._pings)
            expect(late_ms <= 1000, f"a pong came {late_ms} ms after its ping; answer at once")
            clock = [pongs[n][1] for n in self._pings]
            expect(all(isinstance(ns, int) for ns in clock), f"device_ns is {clock[0]!r}; whole nanoseconds")
            went_s = (clock[-1] - clock[0]) / NS  # type: ignore[operator]
            true_s = (self._pings[PINGS] - self._pings[1]) / NS
            expect(
                abs(went_s - true_s) <= 0.05 + late_ms / 1000,
                f"its clock went {went_s:.3f} s in {true_s:.3f} s; in ns?",
            )
            return f"at most {late_ms} ms"

        self._report.judged("pings are answered with its clock", "clock", judge)

    def _offset_ns(self, peer: Peer) -> int | None:
        """Its clock minus ours, by the pong that came fastest; None: it answered none."""
        pongs = [(at_ns, m) for at_ns, m in peer.got("pong") if m.get("id") in self._pings]
        times = [(at - self._pings[m["id"]], m["device_ns"] - (at + self._pings[m["id"]]) // 2) for at, m in pongs]
        return int(min(times)[1]) if times else None

    # ------------------------------------------------------------------------------------------------ what it sends

    def _judge_sound(self, peer: Peer, hello: Hello, began_ns: int) -> None:
        frames = [(at_ns, f) for at_ns, f in peer.frames if f.kind.sound]
        self._report.judged("sound comes, as announced", "hello", lambda: _announced(frames, hello.record.microphone))
        self._report.judged("sound is counted by one", "frames", lambda: _counted(frames))
        self._report.judged("sound has its capture times", "frames", lambda: self._times(peer, frames))
        self._report.judged("sound is without gaps", "frames", lambda: _gapless(frames, hello, began_ns))

    def _times(self, peer: Peer, frames: list[tuple[int, Frame]]) -> str:
        if not frames:
            raise Absent("nothing came")
        times = [f.time_ns for _, f in frames]
        expect(all(times), "a time is 0: not known. The picture at a word cannot be found then")
        back = next(((a, b) for a, b in itertools.pairwise(times) if b <= a), None)
        expect(back is None, f"a capture time of {back and back[1]} after {back and back[0]}; they grow")
        offset_ns = self._offset_ns(peer)
        if offset_ns is None:
            return "no pong: its clock is not known"
        ages = [(at_ns + offset_ns - f.time_ns) / 1e6 for at_ns, f in frames]
        expect(
            min(ages) > -20, f"captured {-min(ages):.0f} ms after it came: the times are not on the clock of the pongs"
        )
        expect(min(ages) < 2000, f"captured at least {min(ages):.0f} ms before it came; is the time another clock's?")
        return f"{min(ages):.0f} to {max(ages):.0f} ms old when it came"

    async def _judge_camera(self, peer: Peer, hello: Hello) -> None:
        record = hello.record
        asked_ns = time.monotonic_ns()
        if record.camera:
            await peer.say(type="camera", do="photo" if record.photo_only else "key_frame")

        def fresh() -> list[tuple[int, Frame]]:
            wanted = record.photo_only or record.camera == "jpeg"
            return [(at, f) for at, f in peer.frames if not f.kind.sound and at >= asked_ns and (wanted or f.key)]

        within_s = PHOTO_S + record.photo_delay_ms / 1000 if record.photo_only else SOON_S
        await peer.until(fresh, within_s if record.camera else 0)
        pictures = [(at_ns, f) for at_ns, f in peer.frames if not f.kind.sound]
        self._report.judged("pictures come, as announced", "hello", lambda: _announced(pictures, record.camera))
        self._report.judged("pictures are counted by one", "frames", lambda: _counted(pictures))
        self._report.judged("pictures have their capture times", "frames", lambda: self._times(peer, pictures))

        def judge() -> str:
            if not record.camera or (record.camera == "jpeg" and not record.photo_only):
                raise Absent("no camera" if not record.camera else "every JPEG is a key frame")
            what = "photo" if record.photo_only else "key frame"
            expect(fresh(), f"no {what} within {within_s:g} s of being asked")
            return f"{(fresh()[0][0] - asked_ns) // 1_000_000} ms after it was asked for"

        self._report.judged("a key frame, or a photo, when it is asked for", "messages", judge)

    # ---------------------------------------------------------------------------------------------------- its speaker

    async def _judge_speaker(self, peer: Peer, hello: Hello) -> None:
        names = ("it plays an answer and says what was heard", "of one that is cut it says how far it came")
        if hello.answer is None:
            for name in names:
                self._report.judged(name, "what-was-heard", lambda: _absent("no speaker"))
            return
        sound = AnswerSound(hello.answer)
        for utterance, name in ((FIRST, names[0]), (SECOND, names[1])):
            begin_ns, end_ns = await self._say_something(peer, sound, utterance)
            await peer.until(lambda u=utterance: _marks(peer, u, "last"), HEARD_S)  # type: ignore[misc]
            self._report.judged(
                name,
                "what-was-heard",
                lambda u=utterance, b=begin_ns, e=end_ns: self._heard(peer, u, b, e),  # type: ignore[misc]
            )

    async def _say_something(self, peer: Peer, sound: AnswerSound, utterance: int) -> tuple[int, int]:
        """A second of a tone in real time; the second one is cut in its middle."""
        encoder, cut = AnswerEncoder(), utterance == SECOND
        begin_ns = self._slot * FRAME_NS
        await peer.say(type="speaking", utterance=utterance, sound_ns=begin_ns)
        start_s = asyncio.get_running_loop().time()
        frames = SOUND_FRAMES // 2 if cut else SOUND_FRAMES
        for i in range(frames):
            t = np.arange(i * FRAME_SAMPLES, (i + 1) * FRAME_SAMPLES) / RATE_HZ
            packet = encoder.encode((6000 * np.sin(2 * np.pi * 440 * t)).astype(np.int16))
            await peer.send(Frame(sound.kind, self._sequence, self._slot * FRAME_NS, sound.frame(packet)).pack())
            self._slot, self._sequence = self._slot + 1, self._sequence + 1
            await asyncio.sleep(max(0.0, start_s + (i + 1) * FRAME_NS / NS - asyncio.get_running_loop().time()))
        end_ns = self._slot * FRAME_NS
        await peer.say(type="spoken", utterance=utterance, sound_ns=end_ns, cut=cut)
        self._slot += SOUND_FRAMES
        return begin_ns, end_ns

    def _heard(self, peer: Peer, utterance: int, begin_ns: int, end_ns: int) -> str:
        first, last = (_marks(peer, utterance, mark) for mark in ("first", "last"))
        expect(first, f"no heard with mark first for utterance {utterance}")
        expect(last, f"no heard with mark last within {HEARD_S:g} s of spoken")
        came_ns, begun = first[0]
        ended = last[0][1]
        for message in (begun, ended):
            expect(isinstance(message.get("sound_ns"), int), f"sound_ns is {message.get('sound_ns')!r}")
            expect(isinstance(message.get("device_ns"), int), f"device_ns is {message.get('device_ns')!r}")
        at_ns, to_ns = begun["sound_ns"], ended["sound_ns"]
        expect(begin_ns <= at_ns <= begin_ns + 3 * FRAME_NS, f"first is at {at_ns}; the utterance begins at {begin_ns}")
        expect(begin_ns < to_ns <= end_ns, f"last is at {to_ns}; the utterance ends at {end_ns}")
        if utterance == FIRST:
            expect(to_ns >= end_ns - FRAME_NS, f"last is at {to_ns}, and all of it was to be played, to {end_ns}")
        took_ms = (ended["device_ns"] - begun["device_ns"]) / 1e6
        lasts_ms = (to_ns - at_ns) / 1e6
        expect(
            abs(took_ms - lasts_ms) < 250, f"{lasts_ms:.0f} ms of sound were played in {took_ms:.0f} ms of its clock"
        )
        offset_ns = self._offset_ns(peer)
        late_ms = (came_ns + offset_ns - begun["device_ns"]) / 1e6 if offset_ns is not None else 0.0
        expect(-50 < late_ms < 2000, f"first was played {late_ms:.0f} ms before we heard of it")
        return f"{(to_ns - begin_ns) // 1_000_000} of {(end_ns - begin_ns) // 1_000_000} ms"

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


def _marks(peer: Peer, utterance: int, mark: str) -> list[tuple[int, dict[str, int]]]:
    return [(at, m) for at, m in peer.got("heard") if m.get("utterance") == utterance and m.get("mark") == mark]


def _no_faults(peer: Peer) -> None:
    expect(not peer.faults, f"{len(peer.faults)} that are neither; the first: {peer.faults[:1]}")


def _absent(why: str) -> str:
    raise Absent(why)


def _wrong(why: str) -> str:
    raise Wrong(why)


def _announced(frames: list[tuple[int, Frame]], codec: str) -> str:
    if not codec and not frames:
        raise Absent("not announced")
    expect(codec, f"{len(frames)} frames came, and hello did not announce them")
    expect(frames, f"{codec} was announced, and none came")
    wrong = next((f.kind.name for _, f in frames if f.kind.name.lower() != codec), "")
    expect(not wrong, f"a frame of {wrong}; hello announced {codec}")
    return f"{len(frames)} frames"


def _counted(frames: list[tuple[int, Frame]]) -> str:
    if not frames:
        raise Absent("nothing came")
    numbers = [f.sequence for _, f in frames]
    for before, after in itertools.pairwise(numbers):
        step = (after - before) % (1 << 32)
        expect(0 < step < 1 << 31, f"sequence {after} after {before}; it grows by one")
    holes = (numbers[-1] - numbers[0]) % (1 << 32) + 1 - len(numbers)
    return f"{holes} left out" if holes else ""


def _lasts_ns(frame: Frame, hello: Hello) -> int:
    if frame.kind == Kind.OPUS:
        return opus_samples(frame.payload) * NS // RATE_HZ
    return len(frame.payload) // 2 * NS // hello.record.microphone_hz


def _gapless(frames: list[tuple[int, Frame]], hello: Hello, began_ns: int) -> str:
    """Each frame begins where the one before ended, and there is as much of it as time passed."""
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
