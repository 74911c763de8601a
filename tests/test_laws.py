"""The laws of the house that a tool can hold: deciders read no clock and open nothing, and live equals replay."""

from __future__ import annotations

import asyncio
import datetime
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines import events as ev
from recordings.digest import digest
from tests.scripted import ScriptedSession, World

FORBIDDEN: list[tuple[Any, str]] = [
    (time, "time"),
    (time, "time_ns"),
    (time, "monotonic"),
    (time, "monotonic_ns"),
    (time, "perf_counter"),
    (time, "perf_counter_ns"),
    (time, "sleep"),
    (socket, "socket"),
    (random, "random"),
    (threading, "Thread"),
    (asyncio, "get_running_loop"),
]


def _raises(name: str) -> Callable[..., None]:
    def forbidden(*args: object, **kwargs: object) -> None:
        raise AssertionError(f"a decider called {name}")

    return forbidden


def _talk() -> ScriptedSession:
    s = ScriptedSession(
        World(greet=True, codes=(ev.Code("qr", "https://example.org/menu/7"),), model_answer="It is a red door. " * 5)
    )
    at = 9_000
    for words in ("what does this sign say", "what is this code", "what was the platform", "what colour is the door"):
        at = s.say(words, at) + 9_000
    s.say("tell me a story", at)
    s.say("stop", at + 3_500, 350)
    return s.run_until(at + 12_000)


def test_deciders_run_with_every_clock_and_socket_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = _talk()
    for module, name in FORBIDDEN:
        monkeypatch.setattr(module, name, _raises(f"{module.__name__}.{name}"))

    class NoDate(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> NoDate:
            raise AssertionError("a decider asked for the date")

    monkeypatch.setattr(datetime, "datetime", NoDate)
    assert digest(_talk().decisions) == digest(expected.decisions)


def test_every_turn_of_the_talk_is_answered() -> None:
    s = _talk()
    outcomes = [c.outcome for c in s.all(ev.TurnClosed)]
    assert outcomes == ["answered"] * 4 + ["stopped"]
    assert "not opened" in s.spoken(2)


def test_every_decision_says_why() -> None:
    assert all(d.reason for d in _talk().decisions)


def test_nothing_leaves_but_by_a_decision_that_names_it() -> None:
    s = _talk()
    asked = s.all(ev.AskModel)
    assert [a.turn for a in asked] == [4, 5]
    assert all("stand-in" in a.reason for a in asked)


@pytest.mark.parametrize(
    "work",
    [
        "from pipelines.hearing.voice_activity import SileroModel; SileroModel.load()",
        "from companion.memory.meaning.encoder import vector; vector('my locker is 214')",
    ],
)
def test_no_library_of_ours_keeps_an_id_of_this_machine_to_send_home(tmp_path: Path, work: str) -> None:
    """onnxruntime does, in its user's cache, unless it is told not to before it is imported."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("ORT_", "XDG_"))}
    subprocess.run([sys.executable, "-c", work], env={**env, "HOME": str(tmp_path)}, check=True, timeout=120)
    written = [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()]
    assert not [name for name in written if "Microsoft" in name or "deviceid" in name], written
