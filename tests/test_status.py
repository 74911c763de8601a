"""What a device with a screen is told of how the session stands."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from companion.ask import Desk
from pipelines import events as ev
from tests.desk import desk

FAR = ["model.base_url=https://example.org/v1", "model.model=far", "model.name=far-away"]


def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The messages `status` that a session at a desk sends."""
    sent: list[dict[str, Any]] = []

    def keep(_: Desk, message: dict[str, Any]) -> None:
        if message["type"] == "status":
            sent.append(message)

    monkeypatch.setattr(Desk, "send_message", keep)
    return sent


def test_a_screen_is_told_how_things_stand_when_they_change_and_only_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = told(monkeypatch)

    async def talk() -> None:
        async with desk(tmp_path, *FAR) as d:
            assert sent == [
                {
                    "type": "status",
                    "model": "Far Away",
                    "local": False,
                    "private": False,
                    "mode": "instant",
                    "attention": "open",
                    "voice": True,
                    "recording": True,
                }
            ]
            for words, change in (
                ("thinking mode", {"mode": "thinking"}),
                ("contemplating mode", {"mode": "contemplating"}),
                ("quick mode", {"mode": "instant"}),
                ("private mode", {"private": True, "model": ""}),
                ("leave private mode", {"private": False, "model": "Far Away"}),
                ("captions only", {"voice": False}),
                ("speak again", {"voice": True}),
                ("go to sleep", {"attention": "asleep"}),
                ("wake up", {"attention": "open"}),
            ):
                before = sent[-1]
                await d.ask(words)
                assert sent[-1] == before | change, words
            count = len(sent)
            await d.ask("again")
            assert len(sent) == count

            d.session.on_state("lost", False, False, False, "away")
            d.session.on_state("connected", False, True, False, "back", resumed=True)
            assert len(sent) == count + 1 and sent[-1] == sent[-2], "a page that was loaded anew knows nothing"
        assert not d.all(ev.AskModel)

    asyncio.run(talk())


def test_a_session_that_is_not_recorded_and_has_no_model_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = told(monkeypatch)

    async def talk() -> None:
        async with desk(tmp_path, "recording.on=false"):
            assert (sent[0]["recording"], sent[0]["model"], sent[0]["local"]) == (False, "", False)

    asyncio.run(talk())
