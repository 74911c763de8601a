"""What was recalled for an answer, and by which words, is told of a recording."""

from __future__ import annotations

import asyncio
from pathlib import Path

from companion.turn_recall import recalls
from companion.why import why
from pipelines import events as ev
from tests.desk import desk

PLACE = ev.Memory(7, "fact", "my locker is 214", "locker", "told")
SECRET = ev.Memory(8, "fact", "my locker code is 4419", "locker code", "told", "secret")


def test_why_tells_what_was_recalled_and_by_which_words(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with desk(tmp_path / "rec") as session:
            await session.ask("my locker is 214")
            await session.ask("what's my locker number")

    asyncio.run(scenario())
    (recording,) = (tmp_path / "rec").glob("*.mcap")
    told = " ".join(why(recording).text.split())
    assert "RECALL looked for" in told and "“my locker is 214”, told by" in told and "locker" in told


def test_a_search_that_was_given_up_says_so_and_secrets_are_not_shown() -> None:
    asked = ev.Recall(0, request=1, turn=1, query="what is my locker")
    late = ev.Recalled(200 * ev.MS, 1, (PLACE,))
    assert "214" in recalls([asked, late])[0] and "200 ms" in recalls([asked, late])[0]
    given_up = ev.Cancel(150 * ev.MS, request=1, kind="recall")
    assert "not waited for any longer" in recalls([asked, given_up, late])[0]
    assert "4419" not in recalls([asked, ev.Recalled(1, 1, (SECRET,))])[0]
