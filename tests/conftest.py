"""What every test has: a data folder of its own, so that none reads or writes the notes, the spending and the
preferences of whoever runs the tests, or of another test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


def _own(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder: Path = tmp_path_factory.mktemp("own") / "earshot-data"
    return str(folder)


@pytest.fixture(autouse=True, scope="module")
def _own_data_folder_of_a_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """For what is made once for all tests of a file: that is before any of them has a folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EARSHOT_DATA", _own(tmp_path_factory))
        yield


@pytest.fixture(autouse=True)
def _own_data_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARSHOT_DATA", _own(tmp_path_factory))
