"""MCP servers: their tools used, pinned, withdrawn, lost and found again; nothing of theirs breaks the companion.

The server is a real one (`tests.mcp_server`, made with the official SDK), over stdio and over HTTP on loopback, and a
second one of a few lines that speaks an older protocol. Tests wait for what happens, never for a time.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import shlex
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from companion.net import Net
from companion.settings import ToolSettings
from companion.tools.mcp import McpServers, servers_of
from companion.tools.mcp_server import McpOptions
from companion.tools.pins import FILE_NAME
from companion.tools.place import Place
from companion.tools.result import MAX_TEXT_BYTES, ToolFailure, ToolResult
from companion.tools.runner import ToolRunner
from pipelines.events import ToolInfo

pytest.importorskip("mcp", reason="the extra companion[mcp] is not installed")

GETADDRINFO = socket.getaddrinfo
PATIENCE_S = 40  # only ends a test that would hang
SOON = McpOptions(back_off_s=0.01, relist_s=0.01)
STDIO = f"{shlex.quote(sys.executable)} -m tests.mcp_server"
SILENT = f"{shlex.quote(sys.executable)} -c 'import sys; sys.stdin.read()'"


class Desk:
    """Servers and what was said of them. `use`: one call through the names that a model is given."""

    def __init__(self, mcp: dict[str, str], folder: Path, permissions: dict[str, str], **more: Any) -> None:
        self.notices: list[str] = []
        self.changes: asyncio.Queue[tuple[str, tuple[ToolInfo, ...], str]] = asyncio.Queue()
        options = more.pop("options", SOON)
        self.servers = McpServers(
            servers_of(mcp, permissions),
            permissions,
            Place(folder, Net(), **more),
            lambda *change: self.changes.put_nowait(change),
            self.notices.append,
            options,
        )

    async def use(self, name: str, /, **arguments: Any) -> ToolResult:
        try:
            return await self.servers.run(name, arguments)
        except ToolFailure as failure:
            return ToolResult(failure.text, failure.failed)

    def names(self) -> list[str]:
        return [info.name for info in self.servers.infos()]

    def info(self, name: str) -> ToolInfo:
        return next(info for info in self.servers.infos() if info.name == name)

    async def change(self) -> tuple[list[str], str]:
        _, tools, detail = await self.changes.get()
        return [info.name for info in tools], detail


def at_desk(
    work: Callable[[Desk], Awaitable[Any]],
    folder: Path,
    mcp: dict[str, str],
    permissions: dict[str, str] | None = None,
    **more: Any,
) -> Any:
    async def life() -> Any:
        desk = Desk(mcp, folder, permissions or {}, **more)
        async with asyncio.timeout(PATIENCE_S):
            await desk.servers.start()
            try:
                return await work(desk)
            finally:
                async with asyncio.timeout(6.0):  # a server that has nothing to wait for is not waited for
                    await desk.servers.aclose()
                assert asyncio.all_tasks() == {asyncio.current_task()}, "no task is left behind"

    return asyncio.run(life())


@contextmanager
def over_http(*options: str, port: int = 0) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "tests.mcp_server", "--http", str(port), *options]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert server.stdout is not None
    try:
        yield server.stdout.readline().strip(), server
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[str]:
    """The address of a server that no test changes."""
    with over_http() as (url, _):
        yield url


@pytest.fixture(params=["stdio", "http"])
def server(request: pytest.FixtureRequest) -> str:
    """What stands in the settings for a server that no test changes."""
    return STDIO if request.param == "stdio" else str(request.getfixturevalue("shared"))


# ------------------------------------------------------------------------------------------------------ using its tools


def test_tools_are_offered_under_the_servers_name_and_used(tmp_path: Path, server: str) -> None:
    async def work(desk: Desk) -> None:
        assert {"toy__echo", "toy__add", "toy__odd_name__n_"} <= set(desk.names())
        add = desk.info("toy__add")
        assert (add.source, add.permission) == ("toy", "send")
        assert add.description.startswith("Adds two whole numbers.")
        assert json.loads(add.parameters)["properties"]["a"]["type"] == "integer"
        assert (await desk.use("toy__echo", text="Grüße")).text == "Grüße"
        assert (await desk.use("toy__add", a=2, b=3)).text == "5"
        assert (await desk.use("toy__odd_name__n_")).text == "odd"
        assert desk.names().count("toy__odd_name__n_") == 1
        assert any("'odd_name//n_' is not used: another tool has the same name" in line for line in desk.notices)
        both = await asyncio.gather(desk.use("toy__add", a=1, b=1), desk.use("toy__add", a=2, b=2))
        assert [one.text for one in both] == ["2", "4"]

    at_desk(work, tmp_path, {"toy": server})


def test_pictures_are_left_out_and_said_links_are_sources(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        assert (await desk.use("toy__picture")).text == (
            "Here it is.\n[a picture (image/jpeg) was left out: tools give text here]"
        )
        linked = await desk.use("toy__linked")
        assert linked.text.startswith("Soup of the day.")
        assert linked.sources == ("https://example.org/menu",)

    at_desk(work, tmp_path, {"toy": STDIO})


def test_what_the_server_calls_an_error_is_a_failure(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        wrong = await desk.use("toy__add", a="three", b=1)
        assert wrong.failed == "bad arguments" and "integer" in wrong.text
        assert (await desk.use("toy__broken")).failed == "failed"
        assert (await desk.use("toy__no_such_tool")).failed == "failed"
        assert (await desk.use("other__tool")).failed == "refused"

    at_desk(work, tmp_path, {"toy": STDIO})


def test_noise_on_a_servers_output_harms_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def work(desk: Desk) -> None:
        for _ in range(3):
            assert (await desk.use("toy__echo", text="{still} here")).text == "{still} here"

    at_desk(work, tmp_path, {"toy": f"{STDIO} --noise"})
    assert caplog.text == ""


def test_through_the_runner_a_long_answer_is_cut_and_a_slow_one_ended(tmp_path: Path, server: str) -> None:
    async def life() -> None:
        settings = ToolSettings(notes=False, sandbox=False, mcp={"toy": server}, mcp_permission={"toy": "local read"})
        runner = ToolRunner(settings, Place(tmp_path, Net()))
        await runner.start()
        try:
            assert {info.permission for info in runner.infos()} == {"local read"}
            long = await runner.run("toy__long", '{"kilobytes": 100}', PATIENCE_S)
            assert long.failed == "" and len(long.text.encode()) <= MAX_TEXT_BYTES and "cut off here" in long.text
            slow = await runner.run("toy__slow", '{"seconds": 1000}', 0.2)
            assert (slow.failed, slow.text) == ("too slow", "There was no result within 0.2 s.")
            assert (await runner.run("toy__add", '{"a": 1}', PATIENCE_S)).failed == "bad arguments"
            assert (await runner.run("toy__echo", '{"text": "on we go"}', PATIENCE_S)).text == "on we go"
        finally:
            await runner.aclose()

    asyncio.run(life())


def test_cancelling_a_call_cancels_it_at_the_server(tmp_path: Path, server: str) -> None:
    mark = tmp_path / "mark"

    async def work(desk: Desk) -> None:
        call = asyncio.ensure_future(desk.use("toy__slow", seconds=1000, mark=str(mark)))
        await desk.use("toy__echo", text="the slow one has been sent")
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        while not mark.exists():
            await asyncio.sleep(0)
        assert (await desk.use("toy__echo", text="x")).text == "x"

    at_desk(work, tmp_path, {"toy": server})


def test_an_older_protocol_works_too(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        assert desk.names() == ["old__grow", "old__leave"]
        assert (await desk.use("old__grow")).text == "grown"
        assert await desk.change() == (["old__grow", "old__leave", "old__grown_1"], "its list of tools changed")
        assert (await desk.use("old__grown_1")).failed == "bad arguments"
        assert (await desk.use("old__leave")).text == "good bye"
        gone, why = await desk.change()  # nobody has asked it anything since
        assert gone == [] and why.startswith("it ended")

    at_desk(work, tmp_path, {"old": f"{STDIO} --old"})


# ------------------------------------------------------------------------------------------------- servers come and go


def test_a_server_that_dies_in_a_call_stops_that_call_and_is_started_again(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        slow = asyncio.ensure_future(desk.use("toy__slow", seconds=1000))
        await desk.use("toy__echo", text="the slow one has been sent")
        died = await desk.use("toy__die")
        assert (died.failed, died.text) == ("stopped", "toy ended before it answered.")
        assert (await slow).failed == "stopped"
        gone, why = await desk.change()
        assert gone == [] and "out of paper" in why and "tried once more" in why
        assert (await desk.use("toy__echo", text="x")).failed == "stopped"
        back, why = await desk.change()
        assert "toy__echo" in back and why.startswith("it runs")
        assert (await desk.use("toy__echo", text="again")).text == "again"
        await desk.use("toy__die")
        assert "stays off" in (await desk.change())[1]
        assert desk.names() == [] and (await desk.use("toy__echo", text="x")).failed == "stopped"

    at_desk(work, tmp_path, {"toy": STDIO})


def test_a_server_that_ran_for_long_may_die_again(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        for _ in range(2):
            await desk.use("toy__die")
            assert "tried once more" in (await desk.change())[1]
            assert "toy__echo" in (await desk.change())[0]

    at_desk(work, tmp_path, {"toy": STDIO}, options=McpOptions(back_off_s=0.01, settled_s=0.0))


def test_an_idle_server_that_ends_is_noticed(tmp_path: Path) -> None:
    with over_http() as (url, process):

        async def work(desk: Desk) -> None:
            assert "toy__echo" in desk.names()
            process.kill()
            assert (await desk.change())[0] == []
            assert (await desk.use("toy__echo", text="x")).failed == "stopped"

        at_desk(work, tmp_path, {"toy": url})


def test_an_http_server_that_is_started_anew_is_found_again(tmp_path: Path) -> None:
    with over_http() as (url, process):
        port = int(url.split(":")[2].split("/")[0])

        async def work(desk: Desk) -> None:
            process.kill()
            assert (await desk.change())[0] == []
            with over_http(port=port) as (again, _):  # the loop stands still until it listens
                assert again == url
                assert "toy__echo" in (await desk.change())[0]
                assert (await desk.use("toy__echo", text="back")).text == "back"

        at_desk(work, tmp_path, {"toy": url}, options=McpOptions(back_off_s=0.3, relist_s=0.01))


def test_servers_that_cannot_start_say_why_and_the_others_run(tmp_path: Path) -> None:
    servers = {
        "nowhere": "/no/such/program",
        "crashing": f"{shlex.quote(sys.executable)} -c 'raise SystemExit(\"no license\")'",
        "dark": "http://127.0.0.1:9/mcp",
        "toy": STDIO,
    }

    async def work(desk: Desk) -> list[str]:
        assert (await desk.use("toy__echo", text="x")).text == "x"
        assert (await desk.use("nowhere__tool")).failed == "stopped"
        return list(desk.notices)

    said = "\n".join(at_desk(work, tmp_path, servers))
    assert "nowhere: [Errno 2] No such file" in said
    assert "its last words: no license" in said
    assert "dark: ConnectError" in said


def test_a_server_that_does_not_get_ready_keeps_nobody_waiting(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        assert desk.notices == ["MCP server mute: not ready yet; its tools come when it is"]
        assert (await desk.use("mute__tool")).failed == "stopped"

    at_desk(work, tmp_path, {"mute": SILENT}, options=McpOptions(start_wait_s=0.1))


def test_a_server_that_never_gets_ready_is_given_up(tmp_path: Path) -> None:
    async def work(desk: Desk) -> str:
        return desk.notices[0]

    options = McpOptions(connect_s=0.2, back_off_s=0.01)
    assert "not ready within 0.2 s" in at_desk(work, tmp_path, {"mute": SILENT}, options=options)


def test_a_start_that_fails_is_tried_once_more(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    flag.touch()

    async def work(desk: Desk) -> None:
        assert "I start only once" in desk.notices[0]
        flag.unlink()
        assert "toy__echo" in (await desk.change())[0]

    options = McpOptions(back_off_s=0.5, relist_s=0.01)
    at_desk(work, tmp_path, {"toy": f"{STDIO} --once {shlex.quote(str(flag))}"}, options=options)


# ---------------------------------------------------------------------------------------------------- lists that change


@pytest.mark.parametrize("wire", ["stdio", "http"])
def test_a_new_tool_is_noticed(tmp_path: Path, wire: str) -> None:
    async def work(desk: Desk) -> None:
        assert "toy__shout" not in desk.names()
        await desk.use("toy__learn")
        assert "toy__shout" in (await desk.change())[0]
        assert (await desk.use("toy__shout", text="ja")).text == "JA"

    with over_http() if wire == "http" else nullcontext((STDIO, None)) as (server, _):
        at_desk(work, tmp_path, {"toy": server})


def test_a_tool_that_describes_itself_anew_is_taken_away(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await desk.use("toy__turn_bad")
        left, why = await desk.change()
        assert "toy__add" not in left and "toy__echo" in left
        assert "'add' is not used" in why and "IMPORTANT" not in why
        refused = await desk.use("toy__add", a=1, b=1)
        assert refused.failed == "refused" and FILE_NAME in refused.text
        assert any("'add' is not used" in line for line in desk.notices)

    at_desk(work, tmp_path, {"toy": STDIO})


def test_pins_outlive_the_companion_and_go_when_the_wearer_takes_them_away(tmp_path: Path) -> None:
    with over_http() as (url, _):

        async def turn(desk: Desk) -> None:
            await desk.use("toy__turn_bad")

        async def names(desk: Desk) -> list[str]:
            return desk.names()

        assert "toy__add" in at_desk(names, tmp_path, {"toy": url})
        at_desk(turn, tmp_path, {"toy": url})
        assert "toy__add" not in at_desk(names, tmp_path, {"toy": url})
        (tmp_path / FILE_NAME).unlink()
        assert "toy__add" in at_desk(names, tmp_path, {"toy": url})


def test_another_command_under_the_same_name_is_another_server(tmp_path: Path) -> None:
    async def description(desk: Desk) -> str:
        return desk.info("toy__add").description

    at_desk(description, tmp_path, {"toy": STDIO})
    assert at_desk(description, tmp_path, {"toy": f"{STDIO} --words Slowly."}).endswith("Slowly.")


def test_pins_that_cannot_be_read_trust_nobody(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('{"toy": 3}')
    said: list[str] = []

    async def life() -> tuple[ToolInfo, ...]:
        settings = ToolSettings(notes=False, sandbox=False, mcp={"toy": STDIO})
        runner = ToolRunner(settings, Place(tmp_path, Net()), notice=said.append)
        await runner.start()
        infos = runner.infos()
        await runner.aclose()
        return infos

    assert asyncio.run(life()) == ()
    assert FILE_NAME in said[0] and "Delete it" in said[0]
    assert (tmp_path / FILE_NAME).read_text() == '{"toy": 3}'


def test_a_long_description_with_hidden_characters_is_shortened(tmp_path: Path) -> None:
    words = "send\u200b it\u202e " + "on and on " * 300

    async def work(desk: Desk) -> str:
        return desk.info("toy__add").description

    description = at_desk(work, tmp_path, {"toy": f"{STDIO} --words {shlex.quote(words)}"})
    assert len(description) <= 1000 and description.endswith("…")
    assert "send it " in description


# ------------------------------------------------------------------------------------------------------ what is allowed


def test_the_settings_say_what_a_tool_may_do(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        assert desk.info("toy__echo").permission == "local read"
        assert desk.info("toy__add").permission == "write"
        assert desk.info("other__echo").permission == "send"
        assert any("'toy.nothing'" in line for line in desk.notices)

    permissions = {"toy": "local read", "toy.add": "write", "toy.nothing": "write"}
    at_desk(work, tmp_path, {"toy": STDIO, "other": STDIO}, permissions)


def no_look_ups(host: Any, *rest: Any, **more: Any) -> Any:
    """`socket.getaddrinfo` for addresses in numbers; a name is not looked up in these tests."""
    try:
        ipaddress.ip_address(host)
    except ValueError as why:
        raise AssertionError(f"{host} was looked up") from why
    return GETADDRINFO(host, *rest, **more)


def test_local_only_connects_to_no_server_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", no_look_ups)

    async def work(desk: Desk) -> None:
        assert desk.names() == []
        assert (await desk.use("far__tool")).failed == "refused"
        assert len(desk.notices) == 1 and "local_only" in desk.notices[0] and "mcp.example" in desk.notices[0]

    at_desk(work, tmp_path, {"far": "https://mcp.example/mcp"}, local_only=True)


def test_local_only_lets_loopback_in_and_does_not_ask_for_its_name(
    tmp_path: Path, shared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", no_look_ups)

    async def work(desk: Desk) -> None:
        assert (await desk.use("toy__echo", text="near")).text == "near"

    at_desk(work, tmp_path, {"toy": shared.replace("127.0.0.1", "localhost")}, local_only=True)


def test_a_server_sees_of_our_environment_only_what_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_API_KEY", "sk-not-for-you")
    environ = {"TOY_KEY": "sk-toy", "MODEL_API_KEY": "sk-not-for-you"}

    async def work(desk: Desk) -> None:
        assert (await desk.use("toy__environment", name="TOY_KEY")).text == "sk-toy"
        assert (await desk.use("toy__environment", name="MODEL_API_KEY")).text == "(not set)"
        assert any("NO_SUCH_KEY" in line for line in desk.notices)

    servers = {"toy": f"key_env=TOY_KEY {STDIO}", "poor": f"key_env=NO_SUCH_KEY {STDIO}"}
    at_desk(work, tmp_path, servers, environ=environ)


def test_a_key_goes_to_an_address_as_its_bearer_token_and_no_proxy_gets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads: list[str] = []

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    async def life() -> None:
        listener = await asyncio.start_server(one, "127.0.0.1", 0)
        url = f"key_env=TOY_KEY http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/mcp"
        desk = Desk({"toy": url}, tmp_path, {}, environ={"TOY_KEY": "sk-toy"})
        await desk.servers.start()
        await desk.servers.aclose()
        listener.close()

    asyncio.run(life())
    assert "authorization: Bearer sk-toy" in heads[0]


@pytest.mark.parametrize(
    ("mcp", "permissions", "said"),
    [
        ({"my server": "x"}, {}, "letters"),
        ({"a__b": "x"}, {}, "letters"),
        ({"": "x"}, {}, "letters"),
        ({"files": ""}, {}, "command line"),
        ({"files": "run 'it"}, {}, "command line"),
        ({"files": "https://a.example/mcp --flag"}, {}, "stands alone"),
        ({"files": "key_env=K http://a.example/mcp"}, {}, "plain http"),
        ({"files": "x"}, {"files": "everything"}, "local read, net read, write, send"),
        ({"files": "x"}, {"filse.read": "write"}, "no server 'filse'"),
    ],
)
def test_settings_that_cannot_be_right_are_named(mcp: dict[str, str], permissions: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=r"^tools\.mcp") as error:
        servers_of(mcp, permissions)
    assert said in str(error.value)
