"""The environment of a session: what it ran on, so that two can be laid side by side."""

from __future__ import annotations

import json
import platform
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from recordings import environment as room
from recordings.environment import cpu_class, differing, environment

WHEEL = """numpy/__init__.py,sha256=aaaa,100
numpy/core.so,sha256=bbbb,200
"""
INSTALLED = """../../../bin/f2py,sha256=cccc,210
numpy-2.0.dist-info/INSTALLER,sha256=dddd,4
numpy-2.0.dist-info/RECORD,,
numpy/__pycache__/__init__.cpython-311.pyc,,
"""


def a_package(folder: Path, record: str, **files: str) -> PathDistribution:
    info = folder / "numpy-2.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: numpy\nVersion: 2.0\n")
    (info / "RECORD").write_text(record)
    for name, text in files.items():
        (info / f"{name}.json").write_text(text)
    return PathDistribution(info)


def test_it_names_code_packages_models_and_the_processor(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"weights")
    table = environment({"ears": tmp_path})
    assert len(table["code"]) == len(table["package_contents"]["numpy"]) == 64
    assert table["packages"]["numpy"] and table["threads"]["usable"] >= 1
    assert table["models"]["ears"]["model.bin"] == environment({"ears": tmp_path})["models"]["ears"]["model.bin"]
    assert json.loads(json.dumps(table)) == table


def test_two_tables_differ_where_they_say_different_things(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"weights")
    here = environment({"ears": tmp_path})
    assert list(differing(here, here)) == []
    there = {**here, "packages": {**here["packages"], "numpy": "1.0"}, "code": "f" * 64}
    del there["cpu"]  # an older recording did not know it
    assert list(differing(here, there)) == [
        ("code", here["code"], "f" * 64),
        ("packages.numpy", here["packages"]["numpy"], "1.0"),
    ]


def test_the_same_wheel_has_the_same_contents_wherever_it_is_installed(tmp_path: Path) -> None:
    one = room._content_sha256(a_package(tmp_path / "one", WHEEL + INSTALLED))
    other = room._content_sha256(a_package(tmp_path / "other", INSTALLED.replace("cccc", "eeee") + WHEEL))
    patched = room._content_sha256(a_package(tmp_path / "patched", WHEEL.replace("bbbb", "ffff") + INSTALLED))
    assert one == other != patched


def test_a_package_linked_to_its_sources_has_no_contents(tmp_path: Path) -> None:
    linked = a_package(tmp_path, WHEEL, direct_url='{"dir_info": {"editable": true}}')
    assert room._content_sha256(linked) == ""


def test_the_code_is_hashed_by_name_and_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in room.OWN_FOLDERS:
        (tmp_path / folder).mkdir()
    (tmp_path / "recordings" / "environment.py").write_text("x = 1\n")
    monkeypatch.setattr(room, "__file__", str(tmp_path / "recordings" / "environment.py"))

    def hashed() -> str:
        return room.code_sha256.__wrapped__()

    first = hashed()
    (tmp_path / "companion" / "notes.txt").write_text("not code")
    assert hashed() == first
    (tmp_path / "recordings" / "environment.py").write_text("x = 2\n")
    changed = hashed()
    (tmp_path / "recordings" / "environment.py").rename(tmp_path / "pipelines" / "environment.py")
    assert len({first, changed, hashed()}) == 3


def test_it_is_made_once_a_process() -> None:
    environment({})
    hits = room._packages.cache_info().hits, room.code_sha256.cache_info().hits
    environment({})
    assert (room._packages.cache_info().hits, room.code_sha256.cache_info().hits) == (hits[0] + 1, hits[1] + 1)


@pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64", "arm64"), reason="another family of processors")
def test_the_processor_has_a_class() -> None:
    assert cpu_class() in ("avx512", "avx2", "avx", "neon")
