"""The doubles, one process each for all tests that want it; a missing one skips its tests and says how to get it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance import doubles, places
from tests.conformance.doubles import Aimock, Judge
from tests.conformance.wires import KEY

FIGURES = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def aimock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aimock]:
    if why := places.why_no_aimock():
        pytest.skip(why)
    with doubles.aimock(tmp_path_factory.mktemp("aimock")) as double:
        yield double


@pytest.fixture(scope="session")
def locked_aimock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aimock]:
    """aimock that wants a key."""
    if why := places.why_no_aimock():
        pytest.skip(why)
    with doubles.aimock(tmp_path_factory.mktemp("locked"), key=KEY) as double:
        yield double


@pytest.fixture(scope="session")
def judge(pytestconfig: pytest.Config) -> Iterator[Judge]:
    if why := places.why_no_vendor_types():
        pytest.skip(why)
    with doubles.judge() as process:
        yield process
        told = ", ".join(f"{name} {version}" for name, version in process.versions.items())
        tell(pytestconfig, f"vendors' types: {process.asked} bodies against {told}")


@pytest.fixture(scope="session")
def vision_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """URL (with /v1) and model of a server that really looks at pictures."""
    if why := places.why_no_transformers():
        pytest.skip(why)
    if places.SERVER_URL:
        yield places.SERVER_URL, places.SERVER_MODEL
        return
    with doubles.transformers_serve(Path(tmp_path_factory.mktemp("transformers"))) as server:
        yield server


def tell(config: pytest.Config, figure: str) -> None:
    """A figure for the end of the run."""
    config.stash.setdefault(FIGURES, []).append(figure)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if figures := config.stash.get(FIGURES, []):
        terminalreporter.section("figures")
        for figure in figures:
            terminalreporter.line(figure)
