"""What was typed arrives, and counts once, though the connection breaks before anybody knows whether it has arrived."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from companion.bridge.client_example import Device as ReferenceClient
from device_sim.bridge_wire import BridgeWire
from device_sim.unreceived import MOST, Unreceived
from tests.shaky import Shaky, shaky
from tests.test_bridge import MICROPHONE, Device, companion, jpeg_picture
from tests.test_link import TOKEN, Companion, Session, run
from tests.test_sim_bridge import glasses

QUESTION, NEXT = "what was the platform", "and the time"


def typed(session: Session) -> list[str]:
    return [message["text"] for message in session.messages if message["type"] == "typed"]


def received(device: Device) -> list[int]:
    return [message["typed"] for message in device.got("received")]


def test_a_numbered_question_is_received_and_counts_once_over_any_connection() -> None:
    async def story() -> None:
        async with companion() as here:
            first, again = Device(), Device()
            hello = await first.hello(here, microphone=MICROPHONE)
            assert hello["typed"] == 0
            session = here.sessions[0]
            await first.say(type="typed", text=QUESTION, number=1)
            await first.say(type="typed", text=QUESTION, number=1)
            await first.until(lambda: received(first) == [1, 1])
            first.cut()
            hello = await again.hello(here, microphone=MICROPHONE, resume=hello["session"])
            assert hello["resumed"] and hello["typed"] == 1
            await again.say(type="typed", text=QUESTION, number=1)
            await again.say(type="typed", text=NEXT, number=2)
            await again.until(lambda: received(again) == [1, 2])
            assert typed(session) == [QUESTION, NEXT]
            await again.close()
            await first.close()

    run(story)


def test_a_device_that_does_not_number_works_as_before() -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device()
            await device.hello(here)
            for text in (QUESTION, QUESTION, NEXT):
                await device.say(type="typed", text=text)
            await here.sessions[0].until(lambda: len(here.sessions[0].messages) == 3)
            assert typed(here.sessions[0]) == [QUESTION, QUESTION, NEXT] and not received(device)
            await device.close()

    run(story)


def test_what_the_session_could_not_take_is_not_said_to_be_received() -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device()
            await device.hello(here)
            session = here.sessions[0]
            taken, session.on_message = session.on_message, _falls_over  # type: ignore[method-assign]
            await device.say(type="typed", text=QUESTION, number=1)
            await device.say(type="event", kind="tap")
            await device.until(lambda: len(device.got("ping")) >= 2)
            assert not received(device)
            session.on_message = taken  # type: ignore[method-assign]
            await device.say(type="typed", text=QUESTION, number=1)
            await device.until(lambda: received(device) == [1])
            assert typed(session) == [QUESTION]
            await device.close()

    run(story)


def _falls_over(message: dict[str, Any]) -> None:
    raise ValueError("a session that cannot take it")


@pytest.mark.parametrize("number", [0, -1, 1.5, True, "1", [], 2**53, 1e300])
def test_a_number_that_is_none_is_refused_by_its_name(number: Any) -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device()
            await device.hello(here)
            await device.say(type="typed", text=QUESTION, number=number)
            code, refused = await device.refused()
            assert (code, refused["error"]) == (4400, "bad_message")
            assert "number" in refused["detail"] and str(number) in refused["detail"]
            assert not typed(here.sessions[0])
            await device.close()

    run(story)


# ------------------------------------------------------------------------------------------------- devices that do so


@asynccontextmanager
async def worn(folder: Path, **settings: Any) -> AsyncIterator[tuple[Companion, Shaky, BridgeWire]]:
    """A companion, simulated glasses, and a way between them that can be broken."""
    async with (
        companion(**settings) as here,
        shaky(here.server.port) as way,
        glasses(folder, here.at("/").replace(str(here.server.port), str(way.port))) as wire,
    ):
        yield here, way, wire


@pytest.mark.parametrize("break_", [Shaky.cut, Shaky.hush])
def test_the_glasses_send_what_was_lost_on_the_way_once_more(tmp_path: Path, break_: Callable[[Shaky], None]) -> None:
    async def story() -> None:
        async with worn(tmp_path) as (here, way, wire):
            session = here.sessions[0]
            break_(way)
            wire.send({"type": "typed", "text": QUESTION})  # nobody is told yet: it goes out, and is swallowed
            await _until(lambda: way.knocks >= 2)
            wire.send({"type": "typed", "text": NEXT})
            way.restore()
            await session.until(lambda: len(typed(session)) >= 2)
            wire.send({"type": "typed", "text": "thanks"})
            await session.until(lambda: "thanks" in typed(session))
            assert typed(session) == [QUESTION, NEXT, "thanks"]
            assert wire.returns == [True] and len(here.sessions) == 1

    run(story)


def test_the_glasses_ask_nothing_twice_though_they_were_not_told_that_it_arrived(tmp_path: Path) -> None:
    async def story() -> None:
        async with worn(tmp_path) as (here, way, wire):
            session = here.sessions[0]
            session.link.typed._say = lambda message: None  # it is lost on the way down
            wire.send({"type": "typed", "text": QUESTION})
            await session.until(lambda: typed(session) == [QUESTION])
            way.cut()
            way.restore()
            await _until(lambda: wire.returns)
            wire.send({"type": "typed", "text": NEXT})
            await session.until(lambda: NEXT in typed(session))
            assert typed(session) == [QUESTION, NEXT]

    run(story)


def test_a_new_session_is_asked_what_the_old_one_never_heard(tmp_path: Path) -> None:
    async def story() -> None:
        async with worn(tmp_path, resume_within_s=0.2) as (here, way, wire):
            wire.send({"type": "typed", "text": QUESTION})
            first = here.sessions[0]
            await first.until(lambda: typed(first))
            await _until(lambda: any(message["type"] == "received" for _, message in wire.messages))
            way.cut()
            wire.send({"type": "typed", "text": NEXT})
            await first.until(lambda: first.states[-1][0] == "closed")
            way.restore()
            await _until(lambda: wire.returns == [False])
            second = here.sessions[1]
            await second.until(lambda: typed(second))
            assert typed(first) == [QUESTION] and typed(second) == [NEXT]

    run(story)


def test_the_reference_client_sends_it_once_more_and_once_only() -> None:
    async def story() -> None:
        async with companion() as here, shaky(here.server.port) as way:
            way.on_down = lambda data: way.hush() if b'"hello"' in data else None  # what follows goes nowhere
            url = f"http://127.0.0.1:{way.port}/?token={TOKEN}"
            client = ReferenceClient(url, b"", jpeg_picture(), QUESTION, NEXT)
            living = asyncio.create_task(client.run())
            await _until(lambda: client.session)
            assert not typed(here.sessions[0])
            way.on_down = lambda data: None
            way.cut()
            way.restore()
            session = here.sessions[0]
            await session.until(lambda: len(typed(session)) >= 2)
            await _until(lambda: not client.typed)
            way.cut()
            way.restore()
            await session.until(lambda: [state[0] for state in session.states].count("connected") == 3)
            known = len(session.sounds)
            await session.until(lambda: len(session.sounds) > known)  # what was sent first has come before them
            assert typed(session) == [QUESTION, NEXT] and len(here.sessions) == 1
            living.cancel()
            await asyncio.gather(living, return_exceptions=True)

    run(story)


def test_to_an_older_companion_that_says_received_of_nothing_nothing_is_sent_twice() -> None:
    waiting = Unreceived()
    waiting.numbered({"type": "typed", "text": QUESTION})
    assert [m["text"] for m in waiting.greeted({"type": "hello"})] == [QUESTION]
    assert waiting.greeted({"type": "hello"}) == []


def test_who_is_away_for_long_keeps_the_newest() -> None:
    waiting = Unreceived()
    for n in range(MOST + 3):
        waiting.numbered({"type": "typed", "text": str(n)})
    kept = waiting.greeted({"type": "hello", "typed": 0})
    assert [m["text"] for m in kept] == [str(n) for n in range(3, MOST + 3)]
    assert [m["number"] for m in waiting.greeted({"type": "hello", "typed": MOST + 2})] == [MOST + 3]


async def _until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)
