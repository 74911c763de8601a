"""Two short sounds for a device's loudspeaker, one of them cut in its middle, and what it says was heard of them."""

from __future__ import annotations

import asyncio

import numpy as np

from companion.bridge.answer import AnswerSound
from companion.bridge.conform.clock import PeerClock
from companion.bridge.conform.peer import NS, Peer, expect
from companion.bridge.conform.report import Absent, Report
from companion.bridge.frames import Frame
from companion.bridge.hello import Hello
from companion.link.opus_send import FRAME_NS, FRAME_SAMPLES, RATE_HZ, OpusEncoder

HEARD_S = 3.0
SOUND_FRAMES = 50  # a second; of the second sound half is sent, and that it was cut is said there
FIRST, SECOND = 1, 2  # utterances
NAMES = {FIRST: "it plays an answer and says what was heard", SECOND: "of one that is cut it says how far it came"}
SECTION = "what-was-heard"


class Playing:
    """To one device; `judge` plays both sounds."""

    def __init__(self, peer: Peer, clock: PeerClock, report: Report) -> None:
        self._peer, self._clock, self._report = peer, clock, report
        self._slot = self._sequence = 0

    async def judge(self, hello: Hello) -> None:
        for utterance, name in NAMES.items():
            if hello.answer is None:
                self._report.judged(name, SECTION, _no_speaker)
                continue
            begin_ns, end_ns = await self._play(AnswerSound(hello.answer), utterance)
            await self._peer.until(lambda u=utterance: self._marks(u, "last"), HEARD_S)  # type: ignore[misc]
            self._report.judged(
                name,
                SECTION,
                lambda u=utterance, b=begin_ns, e=end_ns: self._heard(u, b, e),  # type: ignore[misc]
            )

    async def _play(self, sound: AnswerSound, utterance: int) -> tuple[int, int]:
        """A second of a tone in real time; the second one is cut in its middle."""
        encoder, cut = OpusEncoder(), utterance == SECOND
        begin_ns = self._slot * FRAME_NS
        await self._peer.say(type="speaking", utterance=utterance, sound_ns=begin_ns)
        start_s = asyncio.get_running_loop().time()
        frames = SOUND_FRAMES // 2 if cut else SOUND_FRAMES
        for i in range(frames):
            t = np.arange(i * FRAME_SAMPLES, (i + 1) * FRAME_SAMPLES) / RATE_HZ
            packet = encoder.encode((6000 * np.sin(2 * np.pi * 440 * t)).astype(np.int16))
            await self._peer.send(Frame(sound.kind, self._sequence, self._slot * FRAME_NS, sound.frame(packet)).pack())
            self._slot, self._sequence = self._slot + 1, self._sequence + 1
            await asyncio.sleep(max(0.0, start_s + (i + 1) * FRAME_NS / NS - asyncio.get_running_loop().time()))
        end_ns = self._slot * FRAME_NS
        await self._peer.say(type="spoken", utterance=utterance, sound_ns=end_ns, cut=cut)
        self._slot += SOUND_FRAMES
        return begin_ns, end_ns

    def _marks(self, utterance: int, mark: str) -> list[tuple[int, dict[str, int]]]:
        heard = self._peer.got("heard")
        return [(at, m) for at, m in heard if m.get("utterance") == utterance and m.get("mark") == mark]

    def _heard(self, utterance: int, begin_ns: int, end_ns: int) -> str:
        first, last = (self._marks(utterance, mark) for mark in ("first", "last"))
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
        offset_ns = self._clock.offset_ns()
        late_ms = (came_ns + offset_ns - begun["device_ns"]) / 1e6 if offset_ns is not None else 0.0
        expect(-50 < late_ms < 2000, f"first was played {late_ms:.0f} ms before we heard of it")
        return f"{(to_ns - begin_ns) // 1_000_000} of {(end_ns - begin_ns) // 1_000_000} ms"


def _no_speaker() -> str:
    raise Absent("no speaker")
