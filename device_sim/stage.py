"""The scene as it plays: one step after the other, in real time, each told in one line.

The stage knows no verdicts. It moves eyes and mouth, waits for what the ear hears, and writes down what happened when.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import asdict

from device_sim.camera import Tapes
from device_sim.device import described
from device_sim.errors import SceneError
from device_sim.mic import Spoken
from device_sim.now import Now
from device_sim.record import Record, Turn
from device_sim.scene import Ask, Change, Event, Expect, LoseNetwork, Say, Scene, See, Step, Tap, Wait
from device_sim.sent import Sent
from device_sim.way import Way

QUIET_NS = 700_000_000  # this long without a sound, and nothing announced as going on: it has finished
AT_IT = ("thinking", "speaking")  # states in which more of an answer is to come
STUCK_NS = 5_000_000_000  # this long without a sound: finished, whatever was announced
LOOK_S = 0.02  # how often a wait looks at the ear: the packets' own rate

Tell = Callable[[float, str, str], None]  # (seconds into the scene, what, words)


class Stage:
    def __init__(self, scene: Scene, wire: Way, tapes: Tapes, tell: Tell, sent: Sent | None = None) -> None:
        self._scene, self._wire, self._tapes, self._tell, self._sent = scene, wire, tapes, tell, sent
        self._now = Now(scene)
        now_ns = time.monotonic_ns()
        self.record = Record(now_ns, messages=wire.messages)
        self.record.turns.append(Turn(0, "", now_ns, now_ns))
        self._answer_ns: int | None = None  # when the current turn's answer began, once it has
        self._state = ""  # the companion's own word for what it does, if it tells
        wire.on_message = self._caption

    async def play(self) -> Record:
        """Play every step; a lost companion ends the scene early, and the record says so."""
        cpu_s = time.process_time()
        lost = asyncio.create_task(self._wire.lost.wait())
        steps = asyncio.create_task(self._steps())
        await asyncio.wait((lost, steps), return_when=asyncio.FIRST_COMPLETED)
        if not steps.done():
            self.record.ended_early = f"at {self._now_s():.1f} s {self._wire.lost_why}"
            self._say("lost", self._wire.lost_why)
        for task in (lost, steps):
            task.cancel()
        results = await asyncio.gather(lost, steps, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result
        self.record.end_ns, self.record.cpu_s = time.monotonic_ns(), time.process_time() - cpu_s
        self.record.close_turn(self.record.end_ns)
        await self._count_sent()
        if self.record.ended_early:
            missed = sum(isinstance(step, Expect) for step in self._scene.steps) - len(self.record.expected)
            self.record.ended_early += f"; {missed} expectations were not reached" if missed else ""
        if self._wire.camera is not None:
            self.record.key_requests = self._wire.camera.key_requests
        self.record.session, self.record.returns = self._wire.session, list(self._wire.returns)
        counts = self._wire.network_counts
        self.record.network = asdict(counts) if counts.packets else {}
        return self.record

    async def _steps(self) -> None:
        for step in self._scene.steps:
            await self._step(step)

    async def _step(self, step: Step) -> None:
        match step:
            case See():
                self._see(step)
            case Say():
                await self._speak(step)
            case Ask():
                await self._type(step)
            case Change():
                self._change(step)
            case Tap():
                self._wire.send({"type": "event", "kind": step.kind})
                self._photo("tap")
                self._say("tap", step.kind)
            case Event():
                self._wire.send({"type": "event", "kind": step.kind, "value": step.value})
                self._say("event", f"{step.kind} {step.value}")
            case Wait():
                await self._wait(step)
            case LoseNetwork():
                await self._lose_network(step)
            case Expect():
                self.record.expected.append((step, len(self.record.turns) - 1))

    def _see(self, step: See) -> None:
        if self._wire.camera is None:
            raise SceneError(f"{self._scene.file}:{step.line}: see: the device has no camera")
        self._now.take(step)
        self._wire.camera.show(self._tapes.of(self._now.look()))
        self._say("see", " ".join([step.card, *(value for _, value in step.values)]))

    def _change(self, step: Change) -> None:
        before = self._now.look() if self._wire.camera is not None else None
        self._now.take(step)
        self._wire.be(self._now)
        if self._wire.camera is not None and self._now.look() != before:
            self._wire.camera.show(self._tapes.of(self._now.look(held=True)))
        self._say("now", described(step.to))

    def _photo(self, when: str) -> None:
        camera = self._scene.camera
        if self._wire.camera is not None and camera is not None and camera.photo_on == when:
            self._wire.camera.photo()

    async def _speak(self, step: Say) -> None:
        """A new turn opens with its first speech sample."""
        if self._wire.mic is None:
            raise SceneError(f"{self._scene.file}:{step.line}: say: the device has no microphone")
        await self._count_sent()
        spoken: Spoken = self._wire.mic.say(step)
        await spoken.started.wait()
        self.record.close_turn(spoken.first_ns)
        if not step.other:
            self._photo("speech")
        words = f'"{step.words}"' + (f", a pause of {step.pause.ms} ms in it" if step.pause else "")
        words += f', and somebody else over it: "{step.over.words}"' if step.over else ""
        self._say("other" if step.other else "say", words)
        named = f"somebody else: {step.words}" if step.other else step.words
        self.record.turns.append(Turn(len(self.record.turns), named, spoken.first_ns, spoken.first_ns))
        self._answer_ns = None
        await asyncio.gather(spoken.done.wait(), self._meanwhile(step, spoken.first_ns))
        self.record.turns[-1].end_ns, self.record.turns[-1].mouth_ns = spoken.last_ns, spoken.mouth_ns

    async def _type(self, step: Ask) -> None:
        """A new turn opens as it is sent."""
        await self._count_sent()
        now_ns = time.monotonic_ns()
        self.record.close_turn(now_ns)
        self.record.turns.append(Turn(len(self.record.turns), step.words, now_ns, now_ns))
        self._answer_ns = None
        self._wire.send({"type": "typed", "text": step.words})
        self._say("typed", f'"{step.words}"')

    async def _count_sent(self) -> None:
        """What the turn that ends here sent to the model."""
        if self._sent is not None:
            self.record.turns[-1].sent = await self._sent.since_last_asked()

    async def _meanwhile(self, say: Say, first_ns: int) -> None:
        for act in say.meanwhile:
            due_ns = first_ns + act.at_ms * 1_000_000
            await asyncio.sleep(max(0.0, (due_ns - time.monotonic_ns()) / 1e9))
            await self._step(act.step)

    async def _wait(self, step: Wait) -> None:
        if not step.until:
            await asyncio.sleep(step.seconds)
            return
        ready = self._answered if step.until == "answer" else self._quiet
        give_up_ns = time.monotonic_ns() + round(step.seconds * 1e9)
        while not ready():
            if time.monotonic_ns() > give_up_ns:
                self.record.gave_up.append((step, len(self.record.turns) - 1))
                self._say("wait", f"gave up after {step.seconds:g} s: {step.until}")
                return
            await asyncio.sleep(LOOK_S)

    async def _lose_network(self, step: LoseNetwork) -> None:
        if step.seconds and self.record.connected:
            self._wire.lose_network()
            self._say("network", f"gone for {step.seconds:g} s")
            await asyncio.sleep(step.seconds)
        same = await self._wire.come_back()
        self.record.came_back.append((step, len(self.record.turns) - 1, same))
        self._say("network", "another connection, " + ("the same session" if same else "a new session"))

    def _answered(self) -> bool:
        turn = self.record.turns[-1]
        began_ns = self._wire.ear.answer_after(turn.end_ns)
        if began_ns is not None and self._answer_ns is None:
            self._answer_ns = began_ns
            if turn.number:
                self._say("ear", f"answer begins {(began_ns - turn.end_ns) / 1e6:.0f} ms after the last word")
            else:
                self._say("ear", "the companion speaks first")
        return began_ns is not None

    def _quiet(self) -> bool:
        silent_ns = time.monotonic_ns() - max(self._wire.ear.last_audible_ns, self.record.begin_ns)
        busy = self._wire.marks.speaking or self._state in AT_IT
        return silent_ns > STUCK_NS or (silent_ns > QUIET_NS and not busy)

    def _caption(self, arrival_ns: int, message: dict[str, object]) -> None:
        if message.get("type") == "state":
            self._state = str(message.get("state", ""))
        if message.get("type") == "caption":
            who = "hears" if message.get("who") == "wearer" else "says"
            self._say(who, str(message.get("text", "")))

    def _now_s(self) -> float:
        return (time.monotonic_ns() - self.record.begin_ns) / 1e9

    def _say(self, what: str, words: str) -> None:
        self._tell(self._now_s(), what, words)
