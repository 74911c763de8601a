"""Told, asked in a later session, and where it comes from: the real shell, the real database, typed words."""

from __future__ import annotations

import asyncio
from pathlib import Path

from companion.replay.exact import replay
from companion.settings import data_folder
from pipelines import events as ev
from pipelines.memory import wording
from tests.desk import desk


def test_what_was_told_is_answered_in_the_next_session_and_replays(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with desk(tmp_path / "rec") as first:
            said = await first.ask("remember that Anna is allergic to nuts")
            assert said == "I will remember: Anna is allergic to nuts."
            stored = first.events.index(first.all(ev.Memorised)[0])
            spoken = next(i for i, e in enumerate(first.events) if isinstance(e, ev.Speak) and e.text == said)
            assert stored < spoken, "not before it is on the disk"
        async with desk(tmp_path / "rec") as second:
            assert await second.ask("what is Anna allergic to") == "Anna is allergic to nuts."
            assert not second.all(ev.AskModel)
            said = await second.ask("where do you know that from")
            assert said.startswith("You told me"), said
        async with desk(tmp_path / "rec") as third:
            said = await third.ask("forget what I told you about Anna")
            assert said.startswith("I have forgotten one thing"), said
            assert await third.ask("what is Anna allergic to") == wording.UNKNOWN

    asyncio.run(scenario())


def test_a_session_replays_the_same_although_the_database_has_changed_since(tmp_path: Path) -> None:
    async def told() -> None:
        async with desk(tmp_path / "rec") as session:
            await session.ask("my locker is 214")
            await session.ask("what is my locker")
            await session.ask("my locker is 300 now")
            assert await session.ask("what's my locker") == "Your locker is 300."
            assert await session.ask("what was my locker before") == "Before, you told me: your locker is 214."

    async def changed() -> None:
        async with desk(tmp_path / "other") as session:
            await session.ask("my locker is 12")

    asyncio.run(told())
    asyncio.run(changed())
    (recording,) = (tmp_path / "rec").glob("*.mcap")
    again = replay(recording)
    assert again.same, again.differences


def test_a_database_that_cannot_be_opened_is_told_and_the_session_goes_on(tmp_path: Path) -> None:
    data_folder().mkdir(parents=True)
    (data_folder() / "memory").write_text("no folder")

    async def scenario() -> None:
        async with desk(tmp_path / "rec") as session:
            assert await session.ask("remember that my locker is 214") == wording.NOT_STORED["off"]
            assert await session.ask("where is my locker") == wording.NOT_RECALLED
            assert "minute" in await session.ask("set a timer for one minute")

    asyncio.run(scenario())
    (recording,) = (tmp_path / "rec").glob("*.mcap")
    again = replay(recording)
    assert again.same, again.differences
