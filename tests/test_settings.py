"""One file, the environment, flags: what wins, and what a mistake looks like to the person who made it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from companion.model.configured import model_profiles
from companion.settings import Settings, SettingsError, load


def test_defaults_need_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load(env={"XDG_CONFIG_HOME": str(tmp_path)})
    assert settings == Settings()
    assert settings.server.host == "127.0.0.1" and settings.recording.on and not settings.model.base_url


def test_later_wins_file_then_environment_then_flag(tmp_path: Path) -> None:
    file = tmp_path / "earshot.toml"
    file.write_text("[turn]\ncomplete_silence_ms = 250\nopen_silence_ms = 800\nunknown_silence_ms = 1000\n")
    env = {"EARSHOT_TURN__OPEN_SILENCE_MS": "810", "EARSHOT_TURN__UNKNOWN_SILENCE_MS": "1010"}
    turn = load(file, ["turn.unknown_silence_ms=1020"], env).turn
    assert (turn.complete_silence_ms, turn.open_silence_ms, turn.unknown_silence_ms) == (250, 810, 1020)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[turn]\ncomplete_silence = 1\n", ["line 2", "turn.complete_silence", "complete_silence_ms"]),
        ("[server]\n\nport = 'abc'\n", ["line 3", "server.port", "'abc'", "number"]),
        ("[recording]\non = 1\n", ["line 2", "recording.on", "true or false"]),
        ("turn = 3\n", ["'turn' is a section"]),
        ("[turn\n", ["not TOML"]),
        ("[segmenter]\non = 0.2\n", ["segmenter", "off <= on"]),
        ("[turns]\nx = 1\n", ["there is no setting 'turns'", "line 1"]),
    ],
)
def test_a_mistake_in_the_file_names_line_value_and_way_out(tmp_path: Path, text: str, words: list[str]) -> None:
    file = tmp_path / "earshot.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load(file, env={})
    assert str(file) in str(caught.value)
    for word in words:
        assert word in str(caught.value)


def test_a_mistake_in_the_environment_or_a_flag_names_it() -> None:
    with pytest.raises(SettingsError, match="EARSHOT_SERVER__PORT"):
        load(env={"EARSHOT_SERVER__PORT": "many"})
    with pytest.raises(SettingsError, match=r"--set server\.port=many"):
        load(sets=["server.port=many"], env={})
    with pytest.raises(SettingsError, match=r"section\.key=value"):
        load(sets=["server.port"], env={})


def test_what_a_recording_keeps_is_read_back_and_holds_no_token() -> None:
    settings = load(sets=["server.token=secret-token", "speaking.voice_for=history:pyttsx3"], env={})
    kept = settings.plain()
    assert "secret-token" not in str(kept)
    again = Settings.from_plain(kept)
    assert again.speaking.voice_for == {"history": "pyttsx3"}
    assert asdict(again.turn) == asdict(settings.turn)


def test_no_model_is_no_model_and_half_a_model_is_a_mistake() -> None:
    assert model_profiles(Settings()) == ()
    with pytest.raises(SettingsError, match="base_url"):
        model_profiles(load(sets=["model.model=llava"], env={}))
    with pytest.raises(SettingsError, match=r"model\.model is empty"):
        model_profiles(load(sets=["model.base_url=http://localhost:1/v1"], env={}))
    with pytest.raises(SettingsError, match="https"):
        model_profiles(load(sets=["model.model=x", "model.base_url=http://example.org/v1"], env={}))
    (local,) = model_profiles(load(sets=["model.model=x", "model.base_url=http://localhost:11434/v1"], env={}))
    assert local is not None and local.host == "localhost"
