"""The guard of a replay: whoever asks for what another run would not get is named, everybody else is left alone."""

from __future__ import annotations

import asyncio
import concurrent.futures
import datetime
import logging
import os
import random
import secrets
import socket
import subprocess
import sys
import threading
import time
import types
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy
import pytest

import companion
import pipelines
import recordings
from companion.guard import Undeclared, declared, declared_only
from companion.guard_sources import ALLOWED, guarded_sources

SOURCES: list[tuple[str, Callable[[], object]]] = [
    ("time.time()", lambda: time.time()),
    ("time.time_ns()", lambda: time.time_ns()),
    ("time.monotonic()", lambda: time.monotonic()),
    ("time.monotonic_ns()", lambda: time.monotonic_ns()),
    ("time.perf_counter()", lambda: time.perf_counter()),
    ("time.perf_counter_ns()", lambda: time.perf_counter_ns()),
    ("time.process_time()", lambda: time.process_time()),
    ("time.sleep()", lambda: time.sleep(0.001)),
    ("time.localtime()", lambda: time.localtime()),
    ("time.strftime()", lambda: time.strftime("%H")),
    ("datetime.datetime.now()", lambda: datetime.datetime.now()),
    ("datetime.datetime.utcnow()", lambda: datetime.datetime.utcnow()),
    ("datetime.datetime.today()", lambda: datetime.datetime.today()),
    ("datetime.date.today()", lambda: datetime.date.today()),
    ("random.random()", lambda: random.random()),
    ("random.choice()", lambda: random.choice([1, 2])),
    ("random.shuffle()", lambda: random.shuffle([1, 2])),
    ("random.Random()", lambda: random.Random()),
    ("random.SystemRandom.random()", lambda: random.SystemRandom().random()),
    ("numpy.random.default_rng()", lambda: numpy.random.default_rng()),
    ("numpy.random.normal()", lambda: numpy.random.normal()),
    ("os.urandom()", lambda: os.urandom(8)),
    ("uuid.uuid1()", lambda: uuid.uuid1()),
    ("uuid.uuid4()", lambda: uuid.uuid4()),
    ("secrets.token_hex()", lambda: secrets.token_hex(4)),
    ("secrets.randbelow()", lambda: secrets.randbelow(4)),
    ("socket.socket()", lambda: socket.socket()),
    ("socket.socket()", lambda: socket.create_server(("127.0.0.1", 0))),
    ("socket.getaddrinfo()", lambda: socket.getaddrinfo("localhost", 80)),
    ("threading.Thread.start()", lambda: threading.Thread(target=print).start()),
    ("threading.Thread.start()", lambda: threading.Timer(1, print).start()),
    ("ThreadPoolExecutor.submit()", lambda: concurrent.futures.ThreadPoolExecutor(1).submit(print)),
    ("subprocess.Popen()", lambda: subprocess.run([sys.executable, "-c", ""])),
    ("os.system()", lambda: os.system("true")),
]


def held() -> dict[str, object]:
    """Every guarded thing, as it stands in its own module now."""
    found: dict[str, object] = {s.called: getattr(s.holder, s.name) for s in guarded_sources()}
    return found | {"datetime": datetime.datetime, "date": datetime.date, "connect": socket.socket.connect}


@pytest.fixture(autouse=True)
def nothing_stays_patched() -> Any:
    before = held()
    own_names = set(vars(socket.socket))
    yield
    assert held() == before
    assert set(vars(socket.socket)) == own_names


@pytest.mark.parametrize(("called", "ask"), SOURCES, ids=[f"{i}-{name}" for i, (name, _) in enumerate(SOURCES)])
def test_a_source_stops_the_replay_and_its_place_is_named(called: str, ask: Callable[[], object]) -> None:
    with pytest.raises(Undeclared) as caught, declared_only():
        ask()
    error = caught.value
    assert str(error).startswith(called)
    assert error.file == __file__ and error.line == ask.__code__.co_firstlineno and "lambda" in error.function
    assert f"{__file__}, line {error.line}" in str(error)
    assert any(way in str(error) for way in ("session clock", "the loop", "Seed it", "net.py", "compute door"))


def test_connecting_a_socket_from_before_is_caught() -> None:
    with (
        socket.socket() as ours,
        pytest.raises(Undeclared, match=r"socket\.socket\.connect\(\).*net\.py"),
        declared_only(),
    ):
        ours.connect(("127.0.0.1", 9))


@pytest.mark.parametrize("package", ["companion", "pipelines", "recordings", "somebody_elses"])
def test_a_name_imported_long_ago_is_caught(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    code = """
from time import monotonic as tick
from datetime import datetime
from random import randint
def ask(): return tick()
def day(): return datetime.now()
def die(): return randint(1, 6)
"""
    module = types.ModuleType(f"{package}.of_a_test")
    exec(compile(code, f"/{package}/of_a_test.py", "exec"), module.__dict__)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    before = dict(module.__dict__)
    for name, called, line in (
        ("ask", "time.monotonic", 5),
        ("day", "datetime.datetime.now", 6),
        ("die", "randint", 7),
    ):
        with pytest.raises(Undeclared, match=called) as caught, declared_only():
            module.__dict__[name]()
        assert (caught.value.file, caught.value.line, caught.value.function) == (
            f"/{package}/of_a_test.py",
            line,
            name,
        )
    assert module.__dict__ == before


def test_an_ordinary_loop_keeps_no_time_in_a_replay() -> None:
    loop = asyncio.new_event_loop()
    try:
        with (
            pytest.raises(Undeclared, match=r"time\.monotonic\(\) \(by way of asyncio\.base_events\)"),
            declared_only(),
        ):
            loop.call_later(1, print)
    finally:
        loop.close()


def test_what_was_swallowed_comes_back_at_the_end() -> None:
    with pytest.raises(Undeclared, match=r"time\.time\(\)"), declared_only() as guard:
        with pytest.raises(RuntimeError):
            time.time()
        with pytest.raises(RuntimeError):
            uuid.uuid4()
        assert guard.first is not None and guard.first.called == "time.time"


def test_the_first_is_named_even_if_something_else_fails_after_it() -> None:
    with pytest.raises(Undeclared, match="uuid4"), declared_only():
        try:
            uuid.uuid4()
        except Undeclared as why:
            raise KeyError("no id") from why


def test_an_error_of_another_kind_passes_and_nothing_is_left() -> None:
    with pytest.raises(KeyError), declared_only():
        raise KeyError("mine")
    assert time.time() > 0


def test_what_is_the_same_on_every_run_passes() -> None:
    with declared_only():
        assert random.Random(5).random() == random.Random(5).random()
        assert numpy.random.default_rng(7).integers(9) == numpy.random.default_rng(7).integers(9)
        assert time.strftime("%Y", time.gmtime(0)) == "1970"
        assert time.localtime(0).tm_year in (1969, 1970)
        time.sleep(0)
        left, right = socket.socketpair()
        left.send(b"x")
        assert right.recv(1) == b"x"
        left.close()
        right.close()


def test_dates_stay_dates() -> None:
    real = datetime.datetime
    with declared_only():
        made = [
            datetime.datetime(2026, 11, 21),
            datetime.datetime.fromtimestamp(0, datetime.UTC),
            datetime.datetime.fromisoformat("2026-11-21T01:02:03+01:00"),
            datetime.datetime.strptime("2026", "%Y"),
            datetime.datetime.combine(datetime.date(2026, 1, 1), datetime.time()),
        ]
        assert all(type(one) is real for one in made)
        assert all(isinstance(one, datetime.datetime) and isinstance(one, datetime.date) for one in made)
        assert issubclass(real, datetime.datetime) and not isinstance(datetime.date(2026, 1, 1), datetime.datetime)
    assert type(made[0]) is datetime.datetime


def test_other_threads_have_the_real_thing() -> None:
    go, asked = threading.Event(), []

    def other() -> None:
        go.wait()
        asked.append((time.monotonic(), datetime.datetime.now(), os.urandom(1), uuid.uuid4()))

    thread = threading.Thread(target=other)
    thread.start()
    with declared_only():
        go.set()
        thread.join()
    assert len(asked) == 1


def test_two_threads_can_replay_at_once() -> None:
    both, caught = threading.Barrier(2), []

    def replays() -> None:
        with pytest.raises(Undeclared), declared_only():
            both.wait()
            caught.append(1)
            time.time()

    threads = [threading.Thread(target=replays) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert caught == [1, 1]


def test_a_guard_within_a_guard_is_the_same_one() -> None:
    with pytest.raises(Undeclared), declared_only() as outer:
        with declared_only() as inner:
            assert inner is outer
        time.time()


def test_the_replay_may_declare_what_it_does_itself() -> None:
    with declared_only() as guard:
        with guard.declared("the replay's own speed is measured"):
            assert time.perf_counter() > 0
        with declared("the replay's own speed is measured"):
            assert time.perf_counter() > 0
        with pytest.raises(ValueError, match="say why"), guard.declared(""):
            pass
    with declared("nobody is guarded here"):
        assert time.time() > 0


def test_a_log_line_passes(caplog: pytest.LogCaptureFixture) -> None:
    with declared_only():
        logging.getLogger("companion").warning("said in a replay")
    assert "said in a replay" in caplog.text


def test_a_client_on_a_recorded_transport_passes() -> None:
    answers = httpx.MockTransport(lambda request: httpx.Response(200, json={"ok": True}, headers={"set-cookie": "a=b"}))
    with httpx.Client(transport=answers) as client, declared_only():
        assert client.get("https://model.example/v1").json() == {"ok": True}


def test_a_library_that_is_loaded_only_now_may_look_at_the_clock_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "loaded_late.py").write_text("import time\nfrom time import monotonic\nbegan = time.time()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with declared_only():
        import loaded_late  # type: ignore[import-not-found]
    monkeypatch.delitem(sys.modules, "loaded_late")
    assert loaded_late.began > 0 and loaded_late.monotonic is time.monotonic


def test_every_exception_has_its_reason() -> None:
    assert all(row.reason and row.called for row in ALLOWED)


def test_no_default_and_no_class_of_ours_holds_a_source_where_the_guard_cannot_see_it() -> None:
    real = {id(getattr(s.holder, s.name)) for s in guarded_sources()}
    kept = []
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] not in (companion.__name__, pipelines.__name__, recordings.__name__):
            continue
        for thing in [thing for thing in vars(module).values() if getattr(thing, "__module__", "") == name]:
            inside = [*vars(thing).values()] if isinstance(thing, type) else []
            functions = [f for f in (thing, *inside) if isinstance(f, types.FunctionType)]
            defaults = [d for f in functions for d in (*(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values())]
            kept += [f"{name}: {d!r}" for d in (*inside, *defaults) if id(d) in real]
    assert not kept, "pass it in, or call it through its module"
