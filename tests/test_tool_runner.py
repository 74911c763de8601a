"""Tools that reach outside: the wearer's notes, web search at the wearer's address, and that every failure is a value.

The search here is a small server on loopback that answers with fixed bytes.
"""

from __future__ import annotations

import asyncio
import json
import os
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.net import Net, NetOptions
from companion.settings import ToolSettings
from companion.tools import search
from companion.tools.notes import FILE_NAME, MAX_CHARS
from companion.tools.place import Place
from companion.tools.result import MAX_TEXT_BYTES, ToolFailure, ToolResult, bounded
from companion.tools.runner import ToolRunner
from pipelines.thinking.tools.built_in import built_in

PATIENCE_S = 20  # only ends a test that would hang
NOTES = ToolSettings(sandbox=False)


def with_runner(
    work: Callable[[ToolRunner], Awaitable[Any]],
    folder: Path,
    settings: ToolSettings = NOTES,
    local_only: bool = False,
) -> Any:
    async def life() -> Any:
        door = Net(NetOptions(local_only))
        runner = ToolRunner(settings, Place(folder, door, local_only))
        await runner.start()
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await work(runner)
        finally:
            await runner.aclose()
            await door.aclose()

    return asyncio.run(life())


def run(folder: Path, *calls: tuple[str, dict[str, Any]], settings: ToolSettings = NOTES) -> ToolResult:
    """What came of the last of these calls."""

    async def work(runner: ToolRunner) -> ToolResult:
        result = ToolResult()
        for name, arguments in calls:
            result = await runner.run(name, json.dumps(arguments), PATIENCE_S)
        return result

    result: ToolResult = with_runner(work, folder, settings)
    return result


# ------------------------------------------------------------------------------------------------------- what there is


def test_only_what_can_be_used_here_is_offered(tmp_path: Path) -> None:
    def names(settings: ToolSettings) -> list[str]:
        async def work(runner: ToolRunner) -> list[str]:
            return [info.name for info in runner.infos()]

        found: list[str] = with_runner(work, tmp_path, settings)
        return found

    assert names(NOTES) == ["add_note", "list_notes"]
    assert names(ToolSettings(notes=False, sandbox=False)) == []
    assert names(ToolSettings(sandbox=False, search_url="http://127.0.0.1:1/?q={query}")) == [
        "add_note",
        "list_notes",
        "web_search",
    ]
    assert names(ToolSettings(on=False, search_url="http://127.0.0.1:1/?q={query}", mcp={"x": "y"})) == []


def test_small_programs_are_offered_where_the_extra_is(tmp_path: Path) -> None:
    pytest.importorskip("pydantic_monty", reason="the extra companion[sandbox] is not installed")

    async def work(runner: ToolRunner) -> ToolResult:
        assert runner.infos() == (built_in("run_program"),)
        return await runner.run("run_program", json.dumps({"code": "print('x' * 50_000)"}), PATIENCE_S)

    result = with_runner(work, tmp_path, ToolSettings(notes=False))
    assert result.failed == "" and len(result.text) <= MAX_TEXT_BYTES
    assert result.text.endswith("[cut off here: only the first 16 KiB are shown]")


def test_without_the_extras_the_rest_still_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("mcp", "pydantic_monty"):
        monkeypatch.setitem(sys.modules, module, None)
    said: list[str] = []

    async def work() -> list[str]:
        settings = ToolSettings(mcp={"files": "some-server"})
        runner = ToolRunner(settings, Place(tmp_path, Net()), notice=said.append)
        await runner.start()
        names = [info.name for info in runner.infos()]
        assert (await runner.run("files__read", "{}", 1)).failed == "stopped"
        await runner.aclose()
        return names

    monkeypatch.setattr("companion.tools.sandbox.installed", lambda: True)
    assert asyncio.run(work()) == ["add_note", "list_notes"]
    assert any("earshot-companion[mcp]" in line for line in said)
    assert any("earshot-companion[sandbox]" in line for line in said)


def test_a_tool_that_is_not_there_and_arguments_that_do_not_fit(tmp_path: Path) -> None:
    assert run(tmp_path, ("web_search", {"query": "x"})).failed == "failed"
    assert run(tmp_path, ("add_note", {})).failed == "bad arguments"
    assert run(tmp_path, ("add_note", {"text": 7})).failed == "bad arguments"

    async def work(runner: ToolRunner) -> ToolResult:
        return await runner.run("add_note", '{"text": "half', PATIENCE_S)

    assert with_runner(work, tmp_path).failed == "bad arguments"
    assert not (tmp_path / FILE_NAME).exists()


def test_what_a_library_raises_becomes_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(self: object, about: str = "") -> ToolResult:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("companion.tools.notes.Notes.listed", broken)
    result = run(tmp_path, ("list_notes", {}))
    assert (result.failed, result.text) == ("failed", "The tool broke: ZeroDivisionError.")


def test_importing_the_package_loads_no_library() -> None:
    code = (
        "import sys, companion.tools, companion.tools.runner;"
        "print([m for m in ('mcp', 'httpx', 'httpx2', 'pydantic_monty', 'numpy') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


@given(st.text(max_size=60), st.integers(64, 200))
def test_text_is_cut_to_valid_utf8_and_says_so(text: str, room: int) -> None:
    cut = bounded(text + "\ud800", room)
    assert len(cut.encode()) <= room
    assert bounded(cut, room) == cut
    long = bounded("€" * room, room)
    assert len(long.encode()) <= room and "cut off" in long


# --------------------------------------------------------------------------------------------------------------- notes


def test_notes_are_listed_latest_first_with_their_time(tmp_path: Path) -> None:
    calls = [("add_note", {"text": text}) for text in ("milk", "call Anna\nabout Friday", "Grüße 🥐")]
    result = run(tmp_path, *calls, ("list_notes", {}))
    lines = result.text.split("\n")
    assert [lines[0].partition(": ")[2], lines[-1].partition(": ")[2]] == ["Grüße 🥐", "milk"]
    assert "call Anna\nabout Friday" in result.text
    assert lines[0][:2] == "20" and lines[0][10] == " "  # 2026-11-21 14:05


def test_notes_can_be_looked_for(tmp_path: Path) -> None:
    calls = [("add_note", {"text": text}) for text in ("buy milk", "the code is 4711", "buy stamps, and Milk too")]
    assert run(tmp_path, *calls, ("list_notes", {"about": "MILK buy"})).text.count("\n") == 1
    assert run(tmp_path, ("list_notes", {"about": "boiler"})).text == "There are no notes about 'boiler'."


def test_without_notes_it_says_so(tmp_path: Path) -> None:
    assert run(tmp_path / "not yet", ("list_notes", {})).text == "There are no notes."


def test_nobody_else_may_read_the_notes(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    run(folder, ("add_note", {"text": "x"}))
    file = folder / FILE_NAME
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    file.chmod(0o644)
    run(folder, ("add_note", {"text": "y"}))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_note_is_on_the_disk_before_it_is_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bytes] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        real(handle)
        synced.append((tmp_path / FILE_NAME).read_bytes())

    monkeypatch.setattr(os, "fsync", fsync)
    assert run(tmp_path, ("add_note", {"text": "milk"})).text == "Noted."
    assert b'"text": "milk"}\n' in synced[-1]


def test_a_line_that_cannot_be_read_is_skipped_and_said(tmp_path: Path) -> None:
    run(tmp_path, ("add_note", {"text": "first"}))
    with (tmp_path / FILE_NAME).open("ab") as file:
        file.write(b'\xff\xfe noise\n[1, 2]\n{"at": 3, "text": "x"}\n{"at": "2026-11-21T10:00:00+01:00", "te')
    result = run(tmp_path, ("add_note", {"text": "after the crash"}), ("list_notes", {}))
    assert "first" in result.text and "after the crash" in result.text
    assert "[4 lines of the notes file cannot be read]" in result.text


def test_many_notes_are_not_all_listed_and_that_is_said(tmp_path: Path) -> None:
    line = json.dumps({"at": "2026-11-21T10:00:00+01:00", "text": "x" * 500}) + "\n"
    (tmp_path / FILE_NAME).write_text(line * 5000)
    result = run(tmp_path, ("list_notes", {}))
    assert "older ones are not listed]" in result.text and "still older ones" in result.text
    assert "cannot be read" not in result.text
    assert len(result.text.encode()) <= MAX_TEXT_BYTES


def test_notes_written_at_once_are_all_there(tmp_path: Path) -> None:
    async def work(runner: ToolRunner) -> str:
        await asyncio.gather(*(runner.run("add_note", json.dumps({"text": f"note {n}"}), 10) for n in range(15)))
        return (await runner.run("list_notes", "{}", 10)).text

    assert sorted(line.split()[-1] for line in with_runner(work, tmp_path).split("\n")) == sorted(map(str, range(15)))


def test_a_note_that_cannot_be_written_is_not_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result = run(tmp_path / "file", ("add_note", {"text": "x"}))
    assert result.failed == "failed" and "cannot be reached" in result.text
    assert run(tmp_path, ("add_note", {"text": " "})).failed == "bad arguments"
    assert run(tmp_path, ("add_note", {"text": "x" * (MAX_CHARS + 1)})).failed == "bad arguments"


# -------------------------------------------------------------------------------------------------------------- search

SEARX = {
    "query": "boiler",
    "answers": [{"answer": "A boiler heats &amp; stores water."}],
    "results": [
        {"title": "The <b>boiler</b>", "url": "https://example.org/a", "content": "It  hums\n at &lt;60°."},
        {"title": "The same again", "url": "https://example.org/a", "content": "twice"},
        {"title": "No address", "content": "x"},
        {"title": "Not the web", "url": "javascript://example.org/%0aalert(1)", "content": "x"},
        {"title": "Second", "url": "http://example.com/b?x=1", "content": None},
        "noise",
    ],
}


class Ledger:
    """What the recording would be shown."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, str, tuple[tuple[str, str], ...]]] = []
        self.data = b""
        self.ended: list[tuple[str, int, str]] = []

    def begin(self, exchange: str, method: str, url: str, headers: tuple[tuple[str, str], ...], body: bytes) -> None:
        self.begun.append((exchange, url, headers))

    def head(self, exchange: str, status: int, headers: tuple[tuple[str, str], ...]) -> None: ...

    def chunk(self, exchange: str, data: bytes) -> None:
        self.data += data

    def end(self, exchange: str, status: int, error: str) -> None:
        self.ended.append((exchange, status, error))


class Endpoint:
    """A search that answers every request with the same bytes. `requests`: their heads; `left`: a client went away."""

    def __init__(self, body: bytes, status: str = "200 OK", extra: str = "", hang: bool = False) -> None:
        self._answer = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{extra}\r\n".encode() + body
        self._hang = hang
        self.requests: list[str] = []
        self.asked = asyncio.Event()
        self.left = asyncio.Event()

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._one, "127.0.0.1", 0)
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/search?q={{query}}&format=json"
        server.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
        self.asked.set()
        if self._hang:
            await reader.read()
            self.left.set()
        else:
            writer.write(self._answer)
            await writer.drain()
        writer.close()


def look_up(
    tmp_path: Path, endpoint_of: Callable[[], Endpoint], query: str = "boiler", limit_s: float = PATIENCE_S, **more: Any
) -> tuple[ToolResult, Endpoint, Ledger]:
    async def life() -> tuple[ToolResult, Endpoint, Ledger]:
        endpoint, ledger, net = endpoint_of(), Ledger(), Net(NetOptions(local_only=True))
        async with endpoint.serve() as url:
            place = Place(tmp_path, net, True, {"SEARCH_KEY": "sk-search-123456"})
            runner = ToolRunner(ToolSettings(notes=False, sandbox=False, search_url=url, **more), place)
            result = await runner.run("web_search", json.dumps({"query": query}), limit_s, "turn-3-17", ledger)
        await net.aclose()
        return result, endpoint, ledger

    return asyncio.run(life())


def answering(answer: Any, **more: Any) -> Callable[[], Endpoint]:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return lambda: Endpoint(body, **more)


def test_results_are_numbered_and_their_addresses_are_sources(tmp_path: Path) -> None:
    result, endpoint, _ = look_up(tmp_path, answering(SEARX), "what's a boiler? ü & co")
    assert result.failed == ""
    assert result.text == (
        "Answer: A boiler heats & stores water.\n"
        "1. The boiler (example.org)\n"
        "   It hums at <60°.\n"
        "2. Second (example.com)"
    )
    assert result.sources == ("https://example.org/a", "http://example.com/b?x=1")
    assert endpoint.requests[0].startswith(
        "GET /search?q=what%27s%20a%20boiler%3F%20%C3%BC%20%26%20co&format=json HTTP/1.1"
    )


@pytest.mark.parametrize(
    "answer",
    [
        [{"title": "One", "url": "https://a.example/"}],
        {"items": [{"title": "One", "link": "https://a.example/", "snippet": "s"}]},
        {"web": {"results": [{"title": "One", "url": "https://a.example/", "description": "s"}]}},
        {"webPages": {"value": [{"name": "One", "url": "https://a.example/", "snippet": "s"}]}},
        {"organic": [{"title": "One", "link": "https://a.example/"}]},
    ],
)
def test_other_searches_are_understood_too(tmp_path: Path, answer: Any) -> None:
    result, _, _ = look_up(tmp_path, answering(answer))
    assert result.text.startswith("1. One (a.example)") and result.sources == ("https://a.example/",)


def test_the_exchange_is_on_the_ledger_without_the_key(tmp_path: Path) -> None:
    body = {"results": [{"title": "One", "url": "https://a.example/", "content": "sk-search-123456"}]}
    _, endpoint, ledger = look_up(tmp_path, answering(body), search_key_env="SEARCH_KEY")
    assert "authorization: bearer sk-search-123456" in endpoint.requests[0].lower()
    [(exchange, url, headers)] = ledger.begun
    assert exchange == "turn-3-17" and "q=boiler" in url
    assert "sk-search" not in str(headers) and b"sk-search" not in ledger.data
    assert ledger.ended == [("turn-3-17", 200, "")]


def test_a_missing_key_sends_nothing(tmp_path: Path) -> None:
    result, endpoint, _ = look_up(tmp_path, answering(SEARX), search_key_env="NO_SUCH_KEY")
    assert result.failed == "failed" and "NO_SUCH_KEY" in result.text
    assert endpoint.requests == []


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        (answering(b"<!DOCTYPE html><title>Login</title>"), "web page instead of JSON"),
        (answering(b"\xff\x00garbage"), "not JSON"),
        (answering(b"[" * 200_000), "not JSON"),
        (answering({"hits": 3}), "no list of results"),
        (answering(b"3"), "no list of results"),
        (answering(SEARX, status="403 Forbidden"), "search.formats"),
        (answering(SEARX, status="429 Too Many Requests"), "too often (429)"),
        (answering(SEARX, status="500 Oops"), "fault (500)"),
        (answering(SEARX, status="302 Found", extra="Location: http://evil.example/\r\n"), "not followed"),
        (answering(b" " * (search.MAX_ANSWER_BYTES + 1)), "more than 2 MiB"),
    ],
)
def test_an_answer_that_is_none_fails_with_its_reason(
    tmp_path: Path, endpoint: Callable[[], Endpoint], said: str
) -> None:
    result, _, _ = look_up(tmp_path, endpoint)
    assert result.failed == "failed" and said in result.text, result
    assert result.sources == ()


def test_nothing_found_is_no_failure(tmp_path: Path) -> None:
    result, _, _ = look_up(tmp_path, answering({"results": []}))
    assert (result.failed, result.text) == ("", "The search found nothing.")


def test_many_and_long_results_are_cut(tmp_path: Path) -> None:
    rows = [{"title": "t" * 999, "url": f"https://a.example/{n}", "content": "<i>w</i> " * 999} for n in range(50)]
    result, _, _ = look_up(tmp_path, answering({"results": rows}))
    assert len(result.sources) == search.SHOWN
    assert len(result.text) < search.SHOWN * (search.TITLE_CHARS + search.SNIPPET_CHARS + 50)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["results", "web", "title", "url", "content", "answers", "answer", "data", "x"]), inner
            )
        ),
        max_leaves=20,
    )
)
def test_no_json_breaks_the_reader_of_results(answer: Any) -> None:
    try:
        assert isinstance(search._told(answer), ToolResult)
    except ToolFailure as failure:
        assert failure.failed == "failed"


def test_a_search_that_does_not_answer_is_too_slow_and_is_hung_up_on(tmp_path: Path) -> None:
    result, _, ledger = look_up(tmp_path, lambda: Endpoint(b"", hang=True), limit_s=0.2)
    assert (result.failed, result.text) == ("too slow", "There was no result within 0.2 s.")
    assert "out of time" in ledger.ended[0][2]


def test_cancelling_closes_the_socket(tmp_path: Path) -> None:
    async def life() -> None:
        endpoint, net = Endpoint(b"", hang=True), Net()
        async with endpoint.serve() as url, asyncio.timeout(PATIENCE_S):
            settings = ToolSettings(notes=False, sandbox=False, search_url=url)
            runner = ToolRunner(settings, Place(tmp_path, net))
            task = asyncio.ensure_future(runner.run("web_search", '{"query": "x"}', 60))
            await endpoint.asked.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await endpoint.left.wait()
        await net.aclose()

    asyncio.run(life())


def test_nothing_listens_there(tmp_path: Path) -> None:
    settings = ToolSettings(notes=False, sandbox=False, search_url="http://127.0.0.1:9/?q={query}")
    result = run(tmp_path, ("web_search", {"query": "x"}), settings=settings)
    assert result.failed == "failed" and "http://127.0.0.1:9" in result.text


def test_local_only_refuses_a_search_elsewhere(tmp_path: Path) -> None:
    async def work(runner: ToolRunner) -> ToolResult:
        return await runner.run("web_search", '{"query": "x"}', PATIENCE_S)

    settings = ToolSettings(notes=False, sandbox=False, search_url="https://searx.example/search?q={query}")
    result = with_runner(work, tmp_path, settings, local_only=True)
    assert result.failed == "refused" and "nothing was sent" in result.text


@pytest.mark.parametrize(
    ("url", "key_env", "said"),
    [
        ("https://searx.example/search?q=", "", "{query}"),
        ("searx.example/?q={query}", "", "http"),
        ("file:///etc/passwd?{query}", "", "http"),
        ("https://{query}.example/", "", "part of the host"),
        ("http://searx.example/?q={query}", "KEY", "plain http"),
    ],
)
def test_a_search_address_that_cannot_be_right_is_named_at_the_start(url: str, key_env: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"tools\.search_url") as error:
        search.SearchOptions(url, key_env)
    assert said in str(error.value)


def test_another_header_gets_the_bare_key() -> None:
    options = search.SearchOptions("https://a.example/?q={query}", "KEY", "x-api-key")
    asked = search.Search(Net(), options, {"KEY": "abc"})
    assert asked._headers()["x-api-key"] == "abc"
