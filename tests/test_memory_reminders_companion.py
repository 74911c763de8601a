"""Reminders with a whole companion, in a process of its own that is killed, and simulated glasses over the bridge."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from companion.memory.embed import HashedGrams
from companion.memory.settings import MemorySettings
from companion.memory.store import open_store
from device_sim import scene
from device_sim.address import Address
from device_sim.bridge_wire import BridgeWire
from device_sim.camera import Tapes
from device_sim.ear import Ear
from device_sim.mic import Voices
from pipelines.memory import wording
from pipelines.memory.reminder_store import NOT_STORED
from tests.companions import companion

WITHIN_S = 60.0
AHEAD_S = 20  # long enough to be killed before it is due
HERE, ELSEWHERE = "geo:47.5,7.6", "geo:46.2,6.1"
SCENE = "name: sitting\nsteps:\n  - see: {card: room, motion: hold}\n  - wait: 600\n"


class Glasses:
    """What a wearer does, and what is said to them."""

    def __init__(self, wire: BridgeWire) -> None:
        self._wire = wire

    def at(self, place: str) -> None:
        self._wire.send({"type": "event", "kind": "place", "value": place})

    async def told(self, text: str, answer: str) -> None:
        """Until the answer is over: its caption comes before anybody has heard it."""
        over = self._count("spoken")
        self._wire.send({"type": "typed", "text": text})
        await self.hear(answer)
        await self._until(lambda: self._count("spoken") > over, f"the end of {answer!r}")

    async def hear(self, words: str) -> None:
        await self._until(lambda: words in self.captions, repr(words))

    async def _until(self, true: Callable[[], bool], what: str) -> None:
        end_s = time.monotonic() + WITHIN_S
        while not true():
            assert time.monotonic() < end_s, f"{what} was not said: {self.captions}"
            await asyncio.sleep(0.05)

    def _count(self, kind: str) -> int:
        return sum(m.get("type") == kind for _, m in self._wire.messages)

    @property
    def captions(self) -> str:
        """What the companion said; not what it understood, in which the same words may stand."""
        said = [m for _, m in self._wire.messages if m.get("type") == "caption" and m.get("who") == "companion"]
        return " ".join(str(m.get("text", "")) for m in said)


@asynccontextmanager
async def glasses(folder: Path, url: str) -> AsyncIterator[Glasses]:
    path = folder / "sitting.yaml"
    path.write_text(SCENE, "utf-8")
    loaded = scene.load(path)
    wire = BridgeWire(loaded, Tapes(loaded), Voices(loaded), Ear(0))
    try:
        await wire.connect(Address.parse(url))
        yield Glasses(wire)
    finally:
        await wire.close()


def test_a_database_that_was_moved_aside_is_told_with_the_promise(tmp_path: Path) -> None:
    data = tmp_path / "data"

    async def wears() -> None:
        async with glasses(tmp_path, here.url) as wearer:
            await wearer.told("Remind me in ten minutes to buy milk.", "buy milk.")
            assert NOT_STORED not in wearer.captions
            (data / "memory").rename(data / "aside")
            await wearer.told("Remind me in two hours to call Anna.", f"call Anna. {NOT_STORED}")
            await wearer.told("Remember that Anna is allergic to nuts.", wording.NOT_STORED[""])
            assert wording.STORED not in wearer.captions

    with companion(data, "--quiet", "--set", "speaking.greet=false") as here:
        asyncio.run(wears())


def test_by_time_and_by_place_they_survive_a_kill_are_said_once_and_put_off(tmp_path: Path) -> None:
    data = tmp_path / "data"
    quiet = ("--quiet", "--set", "speaking.greet=false")

    async def before() -> float:
        async with glasses(tmp_path, here.url) as wearer:
            wearer.at(HERE)
            again = "I will remind you when you are here again: buy milk."
            await wearer.told("Remind me to buy milk when I'm here again.", again)
            await wearer.told(f"Remind me in {AHEAD_S} seconds to call Anna.", "call Anna.")
            here.kill()
            return time.monotonic() + AHEAD_S

    async def after() -> None:
        async with glasses(tmp_path, there.url) as wearer:
            await wearer.hear("While I was off: call Anna")
            wearer.at(ELSEWHERE)
            wearer.at(HERE)
            await wearer.hear("Reminder: buy milk.")
            await wearer.told("Snooze.", "I will say it again in")
            await wearer.told("What did you remind me of?", "I reminded you: call Anna.")
            assert wearer.captions.count("While I was off") == 1

    with companion(data, *quiet) as here:
        due_s = asyncio.run(before())
    time.sleep(max(0.0, due_s - time.monotonic()))  # it comes due while nothing runs
    with companion(data, *quiet) as there:
        asyncio.run(after())
        there.kill()
    store = open_store(MemorySettings(), data, HashedGrams())
    try:
        assert [(one.text, one.place, one.due_s > time.time()) for one in store.reminders()] == [("buy milk", "", True)]
        assert store.check() == []
    finally:
        store.close()
