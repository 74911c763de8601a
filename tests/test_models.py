"""Speech models: where they live, how one is found, and how one is fetched (from a host made of a dictionary)."""

from __future__ import annotations

import errno
import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from companion import models
from companion.models import HostUnreachableError, ModelError, RemoteFile

CONTENT = {
    "config.json": b"{}",
    "tokenizer.json": b"[]",
    "vocabulary.txt": b"a\nb\n",
    "model.bin": bytes(range(256)) * 8192,  # 2 MB, so that its progress is told
    "README.md": b"not wanted",
    ".gitattributes": b"not wanted either",
}


class FakeHub:
    """A host that can be away, damage a file, or break off in the middle."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.away = ""
        self.damages = ""
        self.breaks_at = ""

    def files(self, repository: str) -> tuple[str, list[RemoteFile]]:
        if self.away:
            raise HostUnreachableError(self.away)
        assert repository == "Systran/faster-whisper-base.en"
        large = {
            name: hashlib.sha256(data).hexdigest() if name == "model.bin" else "" for name, data in CONTENT.items()
        }
        return "0123456789abcdef", [RemoteFile(name, len(data), large[name]) for name, data in CONTENT.items()]

    def fetch(self, repository: str, revision: str, name: str, folder: Path, on_bytes: Callable[[int], None]) -> None:
        self.asked.append(name)
        if name == self.breaks_at:
            raise HostUnreachableError("connection reset")
        (folder / ".cache").mkdir(exist_ok=True)
        data = CONTENT[name]
        if name == self.damages:
            data = data[:-1] + b"?"
        for at in range(0, len(data), 100_000):
            on_bytes(len(data[at : at + 100_000]))
        (folder / name).write_bytes(data)


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EARSHOT_DATA", str(tmp_path))
    return tmp_path


class Pulling:
    """`pull` with the fake host, and what was said meanwhile."""

    def __init__(self) -> None:
        self.hub = FakeHub()
        self.lines: list[str] = []
        self.loaded: list[Path] = []

    def __call__(self, name: str = "base.en") -> Path:
        return models.pull(name, self.lines.append, self.hub, self.loaded.append)


@pytest.fixture
def pull() -> Pulling:
    return Pulling()


def test_a_model_is_fetched_verified_loaded_and_only_then_there(pull: Pulling, data_folder: Path) -> None:
    folder = pull()
    assert folder == data_folder / "models" / "base.en" == models.find("base.en")
    assert sorted(p.name for p in folder.iterdir()) == ["config.json", "model.bin", "tokenizer.json", "vocabulary.txt"]
    assert pull.loaded == [data_folder / "models" / ".pulling-base.en"]
    assert not pull.loaded[0].exists()
    said = "\n".join(pull.lines)
    assert "4 files, 2 MB" in said and "model.bin: 50 % of 2 MB" in said
    assert "companion run --set hearing.model=base.en" in said


def test_a_second_pull_asks_nobody(pull: Pulling) -> None:
    pull()
    pull.hub.away = "nobody should ask"
    pull()
    assert "already" in pull.lines[-1]


def test_a_broken_off_pull_goes_on_where_it_stopped(pull: Pulling, data_folder: Path) -> None:
    pull.hub.breaks_at = "model.bin"
    with pytest.raises(HostUnreachableError):
        pull()
    assert not (data_folder / "models" / "base.en").exists()
    with pytest.raises(ModelError, match=r"companion models pull base\.en"):
        models.find("base.en")
    pull.hub.breaks_at, pull.hub.asked = "", []
    pull()
    assert pull.hub.asked == ["model.bin"]


def test_a_damaged_file_is_not_kept(pull: Pulling, data_folder: Path) -> None:
    pull.hub.damages = "model.bin"
    with pytest.raises(ModelError, match=r"model\.bin .* damaged \(its SHA-256 differs\): pull again"):
        pull()
    assert not (data_folder / "models" / ".pulling-base.en" / "model.bin").exists()
    pull.hub.damages = ""
    assert pull().is_dir()


def test_a_model_that_does_not_load_is_not_installed(pull: Pulling, data_folder: Path) -> None:
    def load(folder: Path) -> None:
        raise RuntimeError("Unsupported model binary version")

    with pytest.raises(ModelError, match="Unsupported model binary version"):
        models.pull("base.en", pull.lines.append, pull.hub, load)
    assert not (data_folder / "models" / "base.en").exists()


def test_without_a_network_the_way_out_is_named(pull: Pulling) -> None:
    pull.hub.away = "name resolution failed"
    with pytest.raises(HostUnreachableError) as caught:
        pull()
    assert str(caught.value).startswith("could not reach the model host")
    assert "name resolution failed" in str(caught.value)
    assert "any CTranslate2 Whisper folder works by path: companion run --set hearing.model=PATH" in str(caught.value)


def test_an_error_of_the_hosts_client_becomes_ours_but_a_full_disk_stays_one() -> None:
    def fail(error: Exception) -> None:
        raise error

    with pytest.raises(HostUnreachableError, match="no route"):
        models._reaching(lambda: fail(ConnectionError("no route\nand much more")))
    with pytest.raises(OSError, match="No space") as caught:
        models._reaching(lambda: fail(OSError(errno.ENOSPC, "No space left on device")))
    assert not isinstance(caught.value, ModelError)


def test_unknown_names_are_answered_with_the_known(pull: Pulling) -> None:
    with pytest.raises(ModelError, match=r"no model called 'huge' .*tiny\.en, base\.en, small\.en"):
        pull("huge")


def test_a_folder_is_found_by_path_and_what_it_lacks_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "model.bin").write_bytes(b"x")
    with pytest.raises(
        ModelError, match=r"missing: config\.json, tokenizer\.json, vocabulary\.json or vocabulary\.txt"
    ):
        models.find(str(folder))
    for name in ("config.json", "tokenizer.json", "vocabulary.json"):
        (folder / name).write_text("{}")
    assert models.find(str(folder)) == folder
    with pytest.raises(ModelError, match="there is no speech model folder"):
        models.find(str(tmp_path / "nowhere"))


def test_the_list_shows_what_is_here_and_what_could_be(pull: Pulling) -> None:
    pull()
    lines = models.listing().splitlines()
    assert lines[0].startswith("embedded")
    assert lines[1].startswith("base.en") and "2.1 MB" in lines[1]
    assert "base.en" not in lines[-1] and "tiny.en" in lines[-1]
    assert [m.name for m in models.installed()] == ["embedded", "base.en"]


def test_the_folder_follows_the_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert models.models_folder() == tmp_path / "models"
    monkeypatch.delenv("EARSHOT_DATA")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "darwin")
    assert models.models_folder() == tmp_path / "Library" / "Application Support" / "Earshot" / "models"
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert models.models_folder() == tmp_path / ".local" / "share" / "earshot" / "models"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "x"))
    assert models.models_folder() == tmp_path / "x" / "earshot" / "models"


def test_looking_for_models_loads_neither_the_hosts_client_nor_the_recogniser() -> None:
    program = (
        "import sys; from companion import models; models.installed(); models.listing();"
        "print(sorted({'huggingface_hub', 'faster_whisper', 'onnxruntime', 'ctranslate2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
