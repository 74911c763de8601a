"""`companion compare`: one recorded session, asked again over all four wires, and what differs is only the wire."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from companion import cli
from companion.compare.command import compare_models
from companion.settings import Settings, SettingsError
from device_sim.stand_in_model import SEEN, make_app, start
from recordings.session import RecordingError

SAMPLES = Path(__file__).parents[1] / "recordings" / "samples"
WIRES = {"chat": "/v1", "responses": "/v1", "anthropic": "/v1", "gemini": "/v1beta"}


class Server:
    """The stand-in in a thread of its own; `seen` is what arrived."""

    def __init__(self) -> None:
        self.app = make_app()
        self.loop = asyncio.new_event_loop()
        self.root = ""
        up = threading.Event()

        def serve() -> None:
            asyncio.set_event_loop(self.loop)
            self._runner, url = self.loop.run_until_complete(start(self.app))
            self.root = url.removesuffix("/v1")
            up.set()
            self.loop.run_forever()
            self.loop.run_until_complete(self._runner.cleanup())

        self._thread = threading.Thread(target=serve)
        self._thread.start()
        up.wait()

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def profiles(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tables = [
        f'[on-{wire}]\ndialect = "{wire}"\nbase_url = "{server.root}{path}"\nmodel = "stand-in"\n'
        f"price = {{input_usd = 1.0, output_usd = 2.0}}\n"
        for wire, path in WIRES.items()
    ]
    file = tmp_path / "models.toml"
    file.write_text("\n".join(tables), encoding="utf-8")
    monkeypatch.setenv("EARSHOT_MODELS", str(file))
    return file


def test_the_same_session_over_four_wires_differs_only_in_the_wire(server: Server, profiles: Path) -> None:
    names = [f"on-{wire}" for wire in WIRES]
    compared = compare_models(SAMPLES / "slow-turn.mcap", names, Settings())
    assert not compared.skipped
    answers = {name: [a.answer for a in compared.answers[name].values()] for name in names}
    assert len({json.dumps(said) for said in answers.values()}) == 1
    assert len(answers["on-chat"]) == 3 and all(answers["on-chat"])
    seen = server.app[SEEN]
    assert sorted(set(seen.wires)) == sorted(WIRES)
    assert all(
        a.pictures == b.pictures for a, b in zip(*[compared.answers[n].values() for n in names[:2]], strict=True)
    )
    assert all(a.input_tokens > 0 and a.first_ms is not None for n in names for a in compared.answers[n].values())


def test_the_command_prints_a_row_a_model_and_writes_json_and_a_page(
    profiles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, page = tmp_path / "c.json", tmp_path / "c.html"
    sample = str(SAMPLES / "slow-turn.mcap")
    argv = ["compare", sample, "--models", "on-chat,on-gemini", "--turn", "1", "--json", str(out), "--page", str(page)]
    assert cli.main(argv) == 0
    printed = capsys.readouterr().out
    assert "recorded" in printed and "on-chat" in printed and "on-gemini" in printed
    assert "first word" in printed and "tokens" in printed
    told = json.loads(out.read_text(encoding="utf-8"))
    assert [a["turn"] for a in told["answers"]["on-gemini"]] == [1]
    html = page.read_text(encoding="utf-8")
    assert "on-gemini" in html and "<script" not in html
    assert page.stat().st_mode & 0o077 == 0


def test_a_model_without_its_key_is_left_out_and_named(profiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    compared = compare_models(SAMPLES / "slow-turn.mcap", ["openai", "on-chat"], Settings())
    assert "OPENAI_API_KEY" in compared.skipped["openai"] and "on-chat" in compared.answers


def test_a_model_that_is_not_there_is_an_error_that_names_the_others(profiles: Path) -> None:
    with pytest.raises(SettingsError, match="on-chat"):
        compare_models(SAMPLES / "slow-turn.mcap", ["nobody"], Settings())


def test_a_recording_without_questions_to_a_model_says_so(profiles: Path) -> None:
    with pytest.raises(RecordingError, match="no model was asked"):
        compare_models(SAMPLES / "wrong-frame.mcap", ["on-chat"], Settings())
