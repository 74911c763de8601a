"""What every test has: a data folder of its own, so that none reads or writes the notes, the spending and the
preferences of whoever runs the tests, or of another test."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_data_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder: Path = tmp_path_factory.mktemp("own") / "earshot-data"
    monkeypatch.setenv("EARSHOT_DATA", str(folder))
