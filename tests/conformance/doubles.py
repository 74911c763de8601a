"""Starting and steering the doubles: each is a process of its own on a free loopback port, and ends with the tests."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.conformance import places

START_S = 60  # a cold disk and a slow machine; then something is wrong


@contextmanager
def running(command: list[str], env: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process for as long as the block lasts; what it prints goes to `log`."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, env={**os.environ, **env}, stdout=out, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _until(ready: Any, process: subprocess.Popen[bytes], log: Path) -> Any:
    """What `ready` gives as soon as that is something. Raises RuntimeError with the log if the process gives up."""
    ends = time.monotonic() + START_S
    while time.monotonic() < ends:
        if found := ready():
            return found
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} did not come up in {START_S} s:\n{log.read_text()[-2000:]}")


# ------------------------------------------------------------------------------------------------------------- aimock


class Aimock:
    """aimock's control plane: what it answers next, how it misbehaves, and what arrived."""

    def __init__(self, url: str, key: str = "") -> None:
        self.url = url
        self._key = key

    def answers(self, response: Mapping[str, Any], **how: Any) -> None:
        """From now on it answers everything so. `how`: latency, streamingProfile, truncateAfterChunks, …"""
        self.fixtures([{"match": {}, "response": response, **how}])

    def answers_by_turn(self, *responses: Mapping[str, Any]) -> None:
        """Which answer, by the number of the assistant's messages before it."""
        self.fixtures([{"match": {"turnIndex": at}, "response": r} for at, r in enumerate(responses)])

    def answers_by_request(self, *responses: Mapping[str, Any]) -> None:
        """Which answer, by the number of requests before it."""
        self.fixtures([{"match": {"sequenceIndex": at}, "response": r} for at, r in enumerate(responses)])

    def fixtures(self, fixtures: list[dict[str, Any]]) -> None:
        """Forgets everything, and answers by these. Raises RuntimeError if aimock does not take them."""
        self._call("POST", "/reset")
        self._call("POST", "/fixtures", {"fixtures": fixtures})

    def journal(self) -> list[dict[str, Any]]:
        """Requests since `answers`, oldest first, as aimock understood them: in the terms of OpenAI's chat."""
        entries: list[dict[str, Any]] = self._call("GET", "/journal")
        return entries

    def _call(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/__aimock{path}", data, method=method)
        request.add_header("content-type", "application/json")
        if self._key:
            request.add_header("authorization", f"Bearer {self._key}")
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return json.loads(response.read())
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"aimock refused {method} {path}: {error.read().decode()}") from error


@contextmanager
def aimock(folder: Path, key: str = "") -> Iterator[Aimock]:
    """`key`: the one it accepts; "" = it wants none."""
    nothing = folder / "fixtures"
    nothing.mkdir()
    log = folder / "aimock.log"
    command = [str(places.node()), str(places.AIMOCK / "dist" / "cli.js")]
    # A long text in a few pieces, whatever its wire: the pieces are what timers and cuts act on.
    command += ["--port", "0", "--fixtures", str(nothing), "--chunk-size", "8", "--log-level", "info"]
    with running(command, {"AIMOCK_API_KEYS": key} if key else {}, log) as process:

        def address() -> str:
            found = re.search(r"listening on (http://\S+)", log.read_text())
            return found[1] if found else ""

        yield Aimock(_until(address, process, log), key)


# ------------------------------------------------------------------------------------------------------- vendors' types


class Judge:
    """The vendors' types in their own Python, asked line by line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.versions: dict[str, str] = self._read()
        self.asked = 0

    def problems(self, wire: str, body: Mapping[str, Any]) -> list[str]:
        """What a vendor's types find wrong with a body, [] = nothing."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"wire": wire, "body": body}) + "\n")
        self._process.stdin.flush()
        self.asked += 1
        problems: list[str] = self._read()["problems"]
        return problems

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "vendor_types.py ended: its reason stands above"
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def judge() -> Iterator[Judge]:
    command = [str(places.VENDOR_PYTHON), str(places.HERE / "vendor_types.py")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        yield Judge(process)
        assert process.stdin is not None
        process.stdin.close()


# ------------------------------------------------------------------------------------------------------- transformers


@contextmanager
def transformers_serve(folder: Path) -> Iterator[tuple[str, str]]:
    """`transformers serve` with a vision model of random weights: its URL with /v1, and the model's name."""
    model = folder / "tiny-vision"
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    made = [str(places.TRANSFORMERS_PYTHON), str(places.HERE / "tiny_model.py"), str(model)]
    subprocess.run(made, env={**os.environ, **offline}, check=True, capture_output=True, timeout=5 * START_S)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(places.TRANSFORMERS_PYTHON.parent / "transformers"), "serve", str(model)]
    command += ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    log = folder / "serve.log"
    with running(command, offline, log) as process:
        _until(lambda: _answers(f"http://127.0.0.1:{port}/health"), process, log)
        yield f"http://127.0.0.1:{port}/v1", str(model)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as response:
            return bool(response.status == 200)
    except OSError:
        return False
