"""Small programs of a model: what they may do, what they may not, and that the companion does not notice."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from companion.tools.result import MAX_TEXT_BYTES, ToolFailure, ToolResult
from companion.tools.sandbox import Sandbox, SandboxOptions, in_text

pytest.importorskip("pydantic_monty", reason="the extra companion[sandbox] is not installed")

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=timezone(timedelta(hours=1)))
QUICK = SandboxOptions(time_s=0.2)


def with_sandbox(work: Callable[[Sandbox], Awaitable[Any]], options: SandboxOptions = QUICK) -> Any:
    async def life() -> Any:
        sandbox = Sandbox(options, lambda: NOON)
        await sandbox.start()
        try:
            async with asyncio.timeout(30):
                return await work(sandbox)
        finally:
            await sandbox.aclose()

    return asyncio.run(life())


def run(code: str, options: SandboxOptions = QUICK) -> ToolResult:
    """What came of it, and that the next program runs as if nothing had been."""

    async def work(sandbox: Sandbox) -> ToolResult:
        try:
            result = await sandbox.run(code)
        except ToolFailure as failure:
            result = ToolResult(failure.text, failure.failed)
        assert (await sandbox.run("6 * 7")).text == "42"
        return result

    result: ToolResult = with_sandbox(work, options)
    return result


# ------------------------------------------------------------------------------------------------------ what they may


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("2 + 2", "4"),
        ("print('a')\nprint('b')", "a\nb"),
        ("print('a')\n[1, 'x', None]", "a\n[1, 'x', None]"),
        ("{'a': (1, 2.5), 'b': {3}}", "{'a': (1, 2.5), 'b': {3}}"),
        ("'plain text'", "plain text"),
        ("x = 3", "The program ran and printed nothing."),
        ("calculate('15% of 80')", "12"),
        ("now()", "2026-11-21T12:00:00+01:00"),
        ("import math, json, re\nmath.floor(2.7)", "2"),
        ("from datetime import datetime\ndatetime.now().isoformat()", "2026-11-21T12:00:00"),
        ("class A:\n    pass\nA()", "<MontyClassProxy>"),
    ],
)
def test_a_program_says_what_it_prints_and_the_value_of_its_last_line(code: str, said: str) -> None:
    result = run(code)
    assert (result.failed, result.text) == ("", said)


def test_programs_know_nothing_of_each_other() -> None:
    async def work(sandbox: Sandbox) -> None:
        await sandbox.run("secret = 5")
        with pytest.raises(ToolFailure, match="secret"):
            await sandbox.run("secret")

    with_sandbox(work)


def test_a_program_that_fails_says_why_and_what_it_printed_before() -> None:
    result = run("print('so far')\n1 / 0")
    assert result.failed == "failed"
    assert "so far" in result.text and "ZeroDivisionError" in result.text
    assert run("this is no program").failed == "bad arguments"
    assert run("calculate(7)").text.count("calculate takes text") == 1
    assert "understand" in run("calculate('seven apples')").text


# -------------------------------------------------------------------------------------------------- what they may not

HOSTILE = [
    "import os\nos.system('touch {mark}')",
    "__import__('os').system('touch {mark}')",
    "import subprocess\nsubprocess.run(['touch', '{mark}'])",
    "import socket\nsocket.create_connection(('127.0.0.1', 80))",
    "import urllib.request",
    "import ctypes",
    "import importlib",
    "import builtins",
    "import inspect",
    "import pydantic_monty",
    "().__class__.__base__.__subclasses__()",
    "'{{0.__class__.__mro__}}'.format(1)",
    "(lambda: 0).__globals__",
    "calculate.__globals__",
    "open('/etc/passwd').read()",
    "open('{mark}', 'w').write('x')",
    "import pathlib\npathlib.Path('/etc/passwd').read_text()",
    "import pathlib\npathlib.Path('{mark}').write_text('x')",
    "import os\nos.listdir('/')",
    "import os\nos.environ['HOME']",
    "import os\nos.getenv('HOME')",
    "import sys\nsys.exit(3)",
    "raise SystemExit",
    "eval(\"__import__('os')\")",
    "exec(\"import os\\nos.remove('/tmp/x')\")",
    "while True: pass",
    "while True: print('x')",
    "while True: calculate('1')",
    "sum(range(10**10))",
    "x = 'a' * 10**9",
    "x = [0]\nwhile True: x = x + x",
    "9**9**9",
    "1 << 10**10",
    "def f(): return f()\nf()",
    "import json\njson.loads('[' * 100000)",
    "raise ValueError('x' * 50_000_000)",
    "calculate('9' * 10_000_000)",
    "calculate('9**9**9')",
    "(" * 3000,
]


@pytest.mark.parametrize("code", HOSTILE, ids=lambda code: code[:30].replace("\n", " "))
def test_a_hostile_program_is_refused_and_nothing_of_it_gets_out(code: str, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    result = run(code.replace("{mark}", str(mark)).replace("{{", "{").replace("}}", "}"))
    assert result.failed, f"it ran: {result.text[:200]}"
    assert not mark.exists()
    assert "root:" not in result.text and os.environ.get("HOME", "?") not in result.text
    assert len(result.text) < 4000


def test_a_pattern_that_explodes_elsewhere_is_just_answered() -> None:
    assert run("import re\nre.match('(a+)+$', 'a' * 40 + 'b') is None").text == "True"


def test_time_and_memory_end_a_program_and_say_so() -> None:
    slow = run("while True: pass", SandboxOptions())
    assert (slow.failed, slow.text) == ("too slow", "The program was stopped after 1 s.")
    assert "64 MiB" in run("x = [0]\nwhile True: x = x + x").text


def test_a_pause_takes_no_time() -> None:
    assert run("import time\nfor _ in range(9): time.sleep(3600)\n'awake'").text == "awake"


def test_a_program_may_ask_us_often_but_not_without_end() -> None:
    assert run("for n in range(50): calculate('1 + 1')").failed == ""
    assert run("for n in range(200): calculate('1 + 1')").failed == "failed"


def test_a_program_that_is_too_long_is_not_run() -> None:
    assert run("1\n" * 5000).failed == "bad arguments"


def test_the_loop_runs_on_while_a_program_does_not_end() -> None:
    async def work(sandbox: Sandbox) -> int:
        program = asyncio.ensure_future(sandbox.run("while True: pass"))
        turns = 0
        while not program.done():
            await asyncio.sleep(0)
            turns += 1
        with pytest.raises(ToolFailure):
            await program
        return turns

    assert with_sandbox(work) > 1000


def test_a_cancelled_program_ends_and_leaves_room_for_the_next() -> None:
    async def work(sandbox: Sandbox) -> None:
        for _ in range(5):  # more than there are workers
            program = asyncio.ensure_future(sandbox.run("while True: pass"))
            await asyncio.sleep(0.01)
            program.cancel()
            with pytest.raises(asyncio.CancelledError):
                await program
        assert (await sandbox.run("'still here'")).text == "still here"

    with_sandbox(work, SandboxOptions(time_s=20.0, dead_after_s=40.0))


def test_several_programs_at_once_wait_for_a_worker() -> None:
    async def work(sandbox: Sandbox) -> list[str]:
        results = await asyncio.gather(*(sandbox.run(f"{n} * 2") for n in range(8)))
        return [r.text for r in results]

    assert with_sandbox(work) == [str(2 * n) for n in range(8)]


# ------------------------------------------------------------------------------------------------- values, written out


def test_a_value_that_shares_its_parts_is_given_up_before_it_fills_the_memory() -> None:
    result = run("a = [1] * 100\n" + "a = [a] * 100\n" * 30 + "a")
    assert result.failed == "" and result.text.startswith("[[[")
    assert result.text.endswith("…") and len(result.text) < 2 * MAX_TEXT_BYTES


def test_a_value_that_holds_itself_is_given_up() -> None:
    loop: list[Any] = [1]
    loop.append(loop)
    assert in_text(loop).startswith("[1, [1, [1,") and len(in_text(loop)) < 500


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "[]"),
        ((1,), "(1)"),
        ({"k": [1, 2]}, "{'k': [1, 2]}"),
        (10**5000, "a number too long to write"),
        (b"ab", "b'ab'"),
        (timedelta(days=1), "datetime.timedelta(days=1)"),
        (object(), "<object>"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_are_written_as_python_writes_them(value: object, said: str) -> None:
    assert in_text(value) == said


def test_a_long_list_stops_where_the_room_ends() -> None:
    text = in_text(list(range(10_000)), room=50)
    assert text.startswith("[0, 1, 2") and text.endswith("…") and len(text) < 80
