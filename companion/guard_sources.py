"""What a replay may not ask, and who may ask nevertheless: the two tables of the guard (`companion.guard`).

A *source* gives a value that another run would not give again: a clock, a die, the network, a thread, a process. Who
asks one in a replay is either named here with the reason why no decision can depend on it, or it stops the replay.

Not in the table: `os.environ` and files (they hold settings and keys, read before a session begins; a session's own
are in its recording), the order of sets and `id()` (replays under several hash seeds find those), and whatever native
code asks without Python.
"""

from __future__ import annotations

import concurrent.futures
import concurrent.futures.process
import concurrent.futures.thread
import datetime
import multiprocessing.process
import os
import random
import secrets
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy

CLOCK = (
    "Ask the session clock (SessionClock.now_ns), which is virtual in a replay; a date or time of day that has to be "
    "read must be recorded as a read."
)
WAIT = "Wait with the loop (call_later, asyncio.sleep), whose time is virtual in a replay."
DICE = "Seed it from something recorded (random.Random(seed)), or record the value as a read."
NETWORK = "Go through companion/net.py, whose transport a replay replaces by the tape."
WORK = "Go through the compute door, which a replay answers from the tape or runs at the taped cost."


@dataclass(frozen=True, slots=True)
class Source:
    """One attribute that is guarded. `own`: modules that are part of the thing itself, so never who asked for it.
    `harmless(args, kwargs)`: this call gives the same on every run. `shared`: other modules may hold it by name."""

    holder: Any
    name: str
    called: str
    way_out: str
    own: tuple[str, ...] = ()
    harmless: Callable[[tuple[Any, ...], dict[str, Any]], bool] | None = None
    shared: bool = True


@dataclass(frozen=True, slots=True)
class Allowed:
    """Modules (with all below them) that may ask what `called` begins with; "" = anything."""

    module: str
    called: tuple[str, ...]
    reason: str


ALLOWED = (
    Allowed("logging", ("time.",), "stamps its records; a log line decides nothing"),
    Allowed("warnings", ("time.",), "as logging"),
    Allowed("httpx._client", ("time.",), "measures Response.elapsed, which nothing here reads"),
    Allowed("http.cookiejar", ("time.",), "stamps cookies, which companion/net.py never sends back"),
    Allowed("tempfile", ("random.", "os."), "draws names of files; no decision knows them"),
    Allowed("hypothesis", ("",), "a test's own library measures the test"),
    Allowed("_pytest", ("",), "a test's own library measures the test"),
    Allowed("coverage", ("",), "a test's own library measures the test"),
)


def guarded_sources() -> Iterator[Source]:
    """Every source that exists on this platform."""
    yield from _clocks()
    yield from _dice()
    yield from _outside()
    yield from _numpy_dice()


def _clocks() -> Iterator[Source]:
    for name in ("time", "monotonic", "perf_counter", "process_time", "thread_time", "clock_gettime"):
        for called in (name, f"{name}_ns"):
            if hasattr(time, called):
                yield Source(time, called, f"time.{called}", CLOCK)
    yield Source(time, "sleep", "time.sleep", WAIT, harmless=lambda args, _: args == (0,))
    for name in ("localtime", "gmtime", "ctime"):
        yield Source(time, name, f"time.{name}", CLOCK, harmless=lambda args, _: args[:1] not in ((), (None,)))
    yield Source(time, "strftime", "time.strftime", CLOCK, harmless=lambda args, _: len(args) > 1)


def _dice() -> Iterator[Source]:
    for name in ("random", "randint", "randrange", "choice", "choices", "shuffle", "sample", "uniform", "triangular"):
        yield Source(random, name, f"random.{name}", DICE)
    for name in ("gauss", "normalvariate", "lognormvariate", "expovariate", "betavariate", "gammavariate"):
        yield Source(random, name, f"random.{name}", DICE)
    for name in ("paretovariate", "vonmisesvariate", "weibullvariate", "getrandbits", "randbytes", "seed"):
        yield Source(random, name, f"random.{name}", DICE)
    own = ("random",)
    yield Source(random.Random, "seed", "random.Random", DICE, own, _is_seeded, shared=False)
    for name in ("random", "getrandbits", "randbytes"):
        yield Source(
            random.SystemRandom, name, f"random.SystemRandom.{name}", DICE, ("random", "secrets"), shared=False
        )
    for name in ("choice", "randbelow", "randbits", "token_bytes", "token_hex", "token_urlsafe"):
        yield Source(secrets, name, f"secrets.{name}", DICE, ("secrets",))
    yield Source(uuid, "uuid1", "uuid.uuid1", DICE)
    yield Source(uuid, "uuid4", "uuid.uuid4", DICE)
    for name in ("urandom", "getrandom"):
        if hasattr(os, name):
            yield Source(os, name, f"os.{name}", DICE)


def _is_seeded(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether `Random.seed(self, a)` was given something to start from."""
    return (args[1] if len(args) > 1 else kwargs.get("a")) is not None


def _numpy_dice() -> Iterator[Source]:
    die = numpy.random
    yield Source(die, "default_rng", "numpy.random.default_rng", DICE, harmless=lambda args, kw: bool(args or kw))
    for name in ("rand", "randn", "randint", "random", "random_sample", "uniform", "normal", "choice", "shuffle"):
        yield Source(die, name, f"numpy.random.{name}", DICE)
    for name in ("permutation", "standard_normal", "bytes"):
        yield Source(die, name, f"numpy.random.{name}", DICE)


def _outside() -> Iterator[Source]:
    # A socket made from a descriptor (`socketpair`, as a loop uses to wake itself) reaches nobody outside.
    own = ("socket", "ssl")
    yield Source(socket.socket, "__init__", "socket.socket", NETWORK, own, _from_descriptor, shared=False)
    for name in ("connect", "connect_ex", "sendto"):
        yield Source(socket.socket, name, f"socket.socket.{name}", NETWORK, own, shared=False)
    for name in ("getaddrinfo", "gethostbyname", "gethostname"):
        yield Source(socket, name, f"socket.{name}", NETWORK, own)
    yield Source(threading.Thread, "start", "threading.Thread.start", WORK, ("threading",), shared=False)
    pools = (concurrent.futures.thread.ThreadPoolExecutor, concurrent.futures.process.ProcessPoolExecutor)
    for pool in pools:
        yield Source(pool, "submit", f"{pool.__name__}.submit", WORK, ("concurrent.futures",), shared=False)
    process = multiprocessing.process.BaseProcess
    yield Source(process, "start", "multiprocessing.Process.start", WORK, ("multiprocessing",), shared=False)
    yield Source(subprocess.Popen, "__init__", "subprocess.Popen", WORK, ("subprocess",), shared=False)
    for name in ("fork", "system", "posix_spawn"):
        if hasattr(os, name):
            yield Source(os, name, f"os.{name}", WORK, ("subprocess", "multiprocessing"))


def _from_descriptor(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether `socket.__init__(self, family, type, proto, fileno)` only wraps a descriptor that is there."""
    return (args[4] if len(args) > 4 else kwargs.get("fileno")) is not None


class _Stands(type):
    """`isinstance` and `issubclass` answer for a stand-in as they do for the class that it stands for."""

    def __instancecheck__(cls, instance: object) -> bool:
        real = cls.__dict__.get("stands_for")
        return isinstance(instance, real) if real else super().__instancecheck__(instance)

    def __subclasscheck__(cls, subclass: type) -> bool:
        real = cls.__dict__.get("stands_for")
        return issubclass(subclass, real) if real else super().__subclasscheck__(subclass)


def calendar(check: Callable[[Source], None]) -> list[tuple[Source, type]]:
    """Stand-ins for `datetime.datetime` and `datetime.date`, whose own methods nothing can replace.

    A stand-in gives out real dates only, and calls `check` before one that is today's.
    """

    def stand_in(real: Any, asked: tuple[str, ...]) -> tuple[Source, type]:
        source = Source(datetime, real.__name__, f"datetime.{real.__name__}", CLOCK)

        def asking(name: str) -> Any:
            named = Source(real, name, f"datetime.{real.__name__}.{name}", CLOCK)

            def ask(cls: type, *args: Any, **kwargs: Any) -> Any:
                check(named)
                return getattr(real, name)(*args, **kwargs)

            return classmethod(ask)

        body: dict[str, Any] = {name: asking(name) for name in asked}
        body |= {"__new__": lambda cls, *args, **kwargs: real(*args, **kwargs), "__module__": "datetime"}
        return source, _Stands(real.__name__, (real,), {**body, "stands_for": real})

    return [stand_in(datetime.datetime, ("now", "utcnow", "today")), stand_in(datetime.date, ("today",))]
