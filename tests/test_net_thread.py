"""What the outgoing door does in its thread: everything crosses in order and once, whoever leaves takes their socket
along, nobody reads ahead without end, and nothing of it stays behind. Loopback only; tests wait for events."""

from __future__ import annotations

import asyncio
import gc
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import httpx
import pytest

from companion.net import Net, NetError, NetOptions, Outgoing, Timers
from companion.net_httpx import _Real
from companion.net_thread import AHEAD, NAME, NetThread

PATIENCE_S = 20  # only ends a test that would hang


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == NAME]


def scenario(run: Callable[[], Awaitable[None]]) -> None:
    """Afterwards no task is left on the loop and no thread beside it."""
    gc.collect()
    before = threads()

    async def whole() -> None:
        async with asyncio.timeout(PATIENCE_S):
            await run()
        for _ in range(10):  # turns of the loop, in which abandoned generators are closed
            await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(whole())
    assert threads() == before


async def nothing() -> None: ...


@asynccontextmanager
async def a_thread() -> AsyncIterator[NetThread]:
    thread = NetThread(nothing)
    try:
        yield thread
    finally:
        await thread.aclose()


async def others(thread: NetThread) -> int:
    """How many pieces of work are under way over there."""

    async def count() -> AsyncGenerator[int, None]:
        yield len(asyncio.all_tasks()) - 1

    (under_way,) = [n async for n in thread.begin(count)]
    return under_way


async def settled(thread: NetThread) -> None:
    while await others(thread):
        pass


class Counting:
    """Work that gives the numbers up to `until`. `made` of them so far; `over`: it has ended, or was ended."""

    def __init__(self, until: int = sys.maxsize, then: Exception | None = None) -> None:
        self.until, self.then = until, then
        self.made = 0
        self.over = threading.Event()

    async def __call__(self) -> AsyncGenerator[int, None]:
        try:
            while self.made < self.until:
                self.made += 1
                yield self.made
                await asyncio.sleep(0)
            if self.then is not None:
                raise self.then
        finally:
            self.over.set()


async def hang() -> AsyncGenerator[int, None]:
    await asyncio.Event().wait()
    yield 1


# -------------------------------------------------------------------------------------------------------- the thread


@pytest.mark.parametrize("many", [0, 1, AHEAD - 1, AHEAD, AHEAD + 1, 1000])
def test_everything_crosses_once_and_in_order(many: int) -> None:
    async def run() -> None:
        async with a_thread() as thread:
            both = [thread.begin(Counting(many)) for _ in range(2)]

            async def read(at: int) -> list[int]:
                return [n async for n in both[at]]

            assert list(await asyncio.gather(read(0), read(1))) == [list(range(1, many + 1))] * 2
            assert [n async for n in both[0]] == [], "an end stays an end"

    scenario(run)


def test_an_error_crosses_after_what_came_before_it() -> None:
    async def run() -> None:
        async with a_thread() as thread:
            why, came = KeyError("over there"), []
            with pytest.raises(KeyError) as caught:
                async for n in thread.begin(Counting(3, why)):
                    came.append(n)
            assert came == [1, 2, 3] and caught.value is why

    scenario(run)


def test_work_waits_for_a_slow_reader() -> None:
    async def run() -> None:
        async with a_thread() as thread:
            endless, read = Counting(), 0
            crossing = thread.begin(endless)
            for more in (0, 1, AHEAD, 5 * AHEAD):
                for _ in range(more):
                    read = await anext(crossing)
                for _ in range(5 * AHEAD):  # rounds of the loop over there, in each of which it could go on
                    await others(thread)
                assert read + AHEAD // 2 <= endless.made <= read + AHEAD
            crossing.close()

    scenario(run)


@pytest.mark.parametrize("when", ["before it begins", "while it is silent", "between items", "while it waits for room"])
def test_who_closes_ends_the_work(when: str) -> None:
    async def run() -> None:
        async with a_thread() as thread:
            work = Counting()
            crossing = thread.begin(hang if when == "while it is silent" else work)
            if when == "between items":
                await anext(crossing)
            elif when != "before it begins":
                while not work.made and when == "while it waits for room":
                    await others(thread)
                assert await others(thread) == 1
            crossing.close()
            await settled(thread)
            assert work.over.is_set() == (work.made > 0)
            crossing.close()  # once more does no harm

    scenario(run)


def test_the_end_of_the_thread_ends_all_work_and_says_so() -> None:
    async def run() -> None:
        ends: list[str] = []
        work = Counting()

        async def last() -> None:
            assert work.over.is_set() and threading.current_thread().name == NAME
            ends.append("last")

        thread = NetThread(last)
        silent, busy, unheard = thread.begin(hang), thread.begin(work), thread.begin(hang)
        await anext(busy)
        waiting = asyncio.ensure_future(anext(silent))
        await others(thread)
        assert len(threads()) == 1
        await thread.aclose()
        assert ends == ["last"] and not threads()
        for wait in (waiting, anext(unheard)):
            with pytest.raises(NetError, match="closed by us"):
                await wait
        with pytest.raises(NetError, match="closed by us"):
            async for _ in busy:
                pass
        with pytest.raises(NetError, match="closed by us"):
            thread.begin(hang)
        await thread.aclose()
        busy.close()
        assert ends == ["last"]

    scenario(run)


def test_without_work_there_is_no_thread() -> None:
    async def run() -> None:
        async with a_thread():
            assert not threads()

    scenario(run)


def test_who_stops_waiting_for_the_end_leaves_it_ending() -> None:
    async def run() -> None:
        thread = NetThread(nothing)
        thread.begin(hang)
        closing = asyncio.ensure_future(thread.aclose())
        await asyncio.sleep(0)
        closing.cancel()
        with suppress(asyncio.CancelledError):
            await closing
        await thread.aclose()

    scenario(run)


def test_a_loop_that_is_closed_in_the_middle_ends_the_work() -> None:
    work = Counting()
    thread = NetThread(nothing)

    async def ask() -> None:
        crossing = thread.begin(work)
        for _ in range(AHEAD):
            await anext(crossing)

    asyncio.run(ask())

    async def and_end() -> None:
        crossing = thread.begin(Counting(2 * AHEAD))  # another loop may go on with the same thread
        assert [n async for n in crossing][-1] == 2 * AHEAD
        await thread.aclose()

    asyncio.run(and_end())
    assert work.over.wait(PATIENCE_S) and not threads()


LEAVES = """
import asyncio, sys
from companion.net import Net, Outgoing

async def ask(how, url):
    net = Net()
    if how == "silent":
        asking = asyncio.ensure_future(net.stream(Outgoing("x", "GET", url + "silent")).__aenter__())
        async with net.stream(Outgoing("x", "GET", url + "endless")) as incoming:
            await anext(aiter(incoming))
    else:
        stream = net.stream(Outgoing("x", "GET", url + "endless"))  # held: dropped, it would close what it opened
        incoming = await stream.__aenter__()
        await anext(aiter(incoming))
        if how == "abandoned":
            asyncio.get_running_loop().shutdown_asyncgens = nothing
    if how == "exit":
        sys.exit(3)

async def nothing(): ...

asyncio.run(ask(*sys.argv[1:]))
print("left")
"""


@pytest.mark.parametrize("how", ["silent", "endless", "abandoned", "exit"])
def test_a_process_that_just_ends_does_so_at_once_and_quietly(how: str) -> None:
    async def run() -> None:
        async with serving() as (url, _):
            command = [sys.executable, "-W", "error", "-c", LEAVES, how, url]
            left = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=PATIENCE_S)
            assert left.stderr == ""
            assert (left.returncode, left.stdout) == ((3, "") if how == "exit" else (0, "left\n"))

    scenario(run)


# ---------------------------------------------------------------------------------------------------------- the door


class Served:
    """What a server saw. `peers`: one a connection; `asked`: one a request; `open`: connections."""

    def __init__(self) -> None:
        self.peers: list[str] = []
        self.asked: list[str] = []
        self.open = 0
        self.changed = asyncio.Condition()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with self.changed:
            await self.changed.wait_for(holds)


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[str, Served]]:
    """/whole: three chunks. /large: 3 MB. /endless: never done. /silent: nothing. /head: no body ever. /cut: breaks off
    in it. /closed: no answer. /noise: not HTTP."""
    served = Served()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.open += 1
        served.peers.append(str(writer.get_extra_info("peername")))
        try:
            while True:
                asked = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
                async with served.changed:
                    served.asked.append(asked)
                    served.changed.notify_all()
                await answer(asked, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            pass
        finally:
            writer.close()
            async with served.changed:
                served.open -= 1
                served.changed.notify_all()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", served
        await served.until(lambda: not served.open)
    finally:
        server.close()


async def answer(asked: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    if asked == "/whole":
        writer.write(chunked + b"3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n")
    elif asked == "/large":
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(LARGE) + LARGE)
    elif asked == "/noise":
        writer.write(b"this is no HTTP\r\n\r\n")
    elif asked == "/closed":
        raise ConnectionError
    elif asked == "/cut":
        writer.write(chunked + b"9\r\ncut")
        await writer.drain()
        raise ConnectionError
    elif asked == "/endless":
        writer.write(chunked)
        while True:
            writer.write(b"1000\r\n" + bytes(0x1000) + b"\r\n")
            await writer.drain()
            await asyncio.sleep(0)
    elif asked in ("/silent", "/head"):
        writer.write(chunked if asked == "/head" else b"")
        await reader.readexactly(1)
    await writer.drain()


LARGE = bytes(range(256)) * 12_000


@asynccontextmanager
async def a_door(local_only: bool = False, max_connections: int = 64) -> AsyncIterator[Net]:
    net = Net(NetOptions(local_only, max_connections=max_connections))
    try:
        yield net
    finally:
        await net.aclose()


async def read_on(net: Net, url: str, reading: asyncio.Event) -> None:
    async with net.stream(Outgoing("x", "GET", url)) as incoming:
        reading.set()
        async for _ in incoming:
            pass


async def body(net: Net, url: str) -> list[bytes]:
    async with net.stream(Outgoing("x", "GET", url)) as incoming:
        return [chunk async for chunk in incoming]


def test_a_body_arrives_whole_and_in_pieces_that_bound_what_is_read_ahead() -> None:
    async def run() -> None:
        async with serving() as (url, _), a_door() as net:
            assert await body(net, url + "whole") == [b"one", b"two", b"three"]
            large = await body(net, url + "large")
            assert b"".join(large) == LARGE and AHEAD * max(map(len, large)) <= 1 << 20

    scenario(run)


def test_one_thread_and_one_connection_serve_one_question_after_the_other() -> None:
    async def run() -> None:
        async with serving() as (url, served), a_door() as net:
            for _ in range(5):
                await body(net, url + "whole")
                assert len(threads()) == 1
            assert len(served.asked) == 5 and len(served.peers) == 1

    scenario(run)


@pytest.mark.parametrize("path", ["silent", "head", "endless"])
@pytest.mark.parametrize("leaving", ["cancelled", "closes the door"])
def test_who_leaves_closes_the_socket(path: str, leaving: str) -> None:
    async def run() -> None:
        async with serving() as (url, served), a_door() as net:
            reading = asyncio.Event()
            asking = asyncio.ensure_future(read_on(net, url + path, reading))
            await (served.until(lambda: bool(served.asked)) if path == "silent" else reading.wait())
            if leaving == "cancelled":
                asking.cancel()
            else:
                await net.aclose()
            with pytest.raises(asyncio.CancelledError if leaving == "cancelled" else NetError):
                await asking
            await served.until(lambda: not served.open)
            if leaving == "cancelled":
                assert await body(net, url + "whole") == [b"one", b"two", b"three"]

    scenario(run)


@pytest.mark.parametrize("path", ["silent", "head"])
def test_who_waits_no_longer_closes_the_socket(path: str) -> None:
    async def run() -> None:
        async with serving() as (url, served), a_door() as net:
            with pytest.raises(NetError) as caught:
                async with net.stream(Outgoing("x", "GET", url + path), Timers(2.0, 0.05)) as incoming:
                    await anext(aiter(incoming))
            assert caught.value.kind == "stalled"
            await served.until(lambda: bool(served.asked) and not served.open)

    scenario(run)


def test_a_response_that_is_forgotten_closes_the_socket() -> None:
    async def run() -> None:
        async with serving() as (url, served), a_door() as net:
            forgotten = net.stream(Outgoing("x", "GET", url + "endless"))
            await anext(aiter(await forgotten.__aenter__()))
            assert served.open == 1
            del forgotten
            gc.collect()
            await served.until(lambda: not served.open)

    scenario(run)


def test_who_leaves_before_there_is_a_connection_frees_their_place() -> None:
    async def run() -> None:
        async with serving() as (url, served), a_door(max_connections=1) as net:
            first = asyncio.ensure_future(body(net, url + "silent"))
            await served.until(lambda: bool(served.asked))
            second = asyncio.ensure_future(body(net, url + "whole"))
            for _ in range(20):
                await asyncio.sleep(0)
            for task in (second, first):
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            assert await body(net, url + "whole") == [b"one", b"two", b"three"]
            assert served.asked == ["/silent", "/whole"]

    scenario(run)


def test_whenever_a_question_is_dropped_its_place_is_free_again() -> None:
    """In the thread's own steps, one after the other: none of them leaves a connection that nobody can have."""

    async def run() -> None:
        async with serving() as (url, _):
            port = int(url.split(":")[2][:-1])
            for known in (False, True):
                for steps in range(40):
                    transport = _Real(NetOptions(max_connections=1))
                    if known:
                        assert len([part async for part in transport._exchange(request(port, "whole"))]) == 4
                    dropped = transport._exchange(request(port, "silent"))
                    asking = asyncio.ensure_future(anext(dropped))
                    for _ in range(steps):
                        await asyncio.sleep(0)
                    asking.cancel()
                    with pytest.raises(asyncio.CancelledError):
                        await asking
                    assert len([part async for part in transport._exchange(request(port, "whole"))]) == 4
                    await transport._last()

    scenario(run)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full queue refuses instead of being silent")
def test_who_leaves_while_the_connection_is_being_made_leaves_nothing() -> None:
    async def run() -> None:
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            queue = [socket.socket() for _ in range(3)]
            for waiting in queue:
                waiting.setblocking(False)
                waiting.connect_ex(full.getsockname())
            transport = _Real(NetOptions())
            asking = asyncio.ensure_future(transport.handle_async_request(request(full.getsockname()[1])))
            while not await others(transport._thread):
                await asyncio.sleep(0)  # the request has not crossed yet
            for _ in range(50):
                assert await others(transport._thread), "it is being made, and will not be"
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            await settled(transport._thread)
            await transport.aclose()
            for waiting in queue:
                waiting.close()

    scenario(run)


def request(port: int, path: str = "", read_s: float = PATIENCE_S) -> httpx.Request:
    timeout = httpx.Timeout(PATIENCE_S, read=read_s).as_dict()
    return httpx.Request("GET", f"http://127.0.0.1:{port}/{path}", extensions={"timeout": timeout})


@pytest.mark.parametrize("what", ["refused", "silent", "noise", "cut", "closed"])
def test_an_error_is_the_same_as_without_the_thread(what: str) -> None:
    async def run() -> None:
        async with serving() as (url, _):
            with socket.create_server(("127.0.0.1", 0)) as gone:
                refused = gone.getsockname()[1]
            port = refused if what == "refused" else int(url.split(":")[2][:-1])
            said = []
            for transport in (httpx.AsyncHTTPTransport(trust_env=False), _Real(NetOptions())):
                with pytest.raises(httpx.HTTPError) as caught:
                    asked = request(port, what, read_s=0.05 if what == "silent" else PATIENCE_S)
                    await (await transport.handle_async_request(asked)).aread()
                await transport.aclose()
                said.append((type(caught.value), str(caught.value)))
            assert said[0] == said[1]

    scenario(run)


def test_what_is_refused_here_and_what_is_on_tape_never_starts_the_thread() -> None:
    class Standing:
        """A tape of one answer."""

        status = 200
        headers: tuple[tuple[str, str], ...] = ()

        async def answer(self, exchange: str, method: str, url: str, body: bytes) -> Standing:
            return self

        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"recorded"

    async def run() -> None:
        net = Net(tape=Standing())
        assert await body(net, "http://model.example/v1") == [b"recorded"] and not threads()
        await net.aclose()
        async with a_door(local_only=True) as careful:
            with pytest.raises(NetError, match="local_only"):
                await body(careful, "http://model.example/v1")
            assert not threads()

    scenario(run)
