"""Recordings as tests: pytest collects every `*.expect.yaml` and replays the recording that it names.

One test for the whole (`same`) and one for each turn; the recording is replayed once for all of them. A failure says
what was expected, what came, and the first decision that differs; of our own code it shows nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from companion.expect import Failure, Ran
    from companion.expectation import Expectation

SUFFIX = ".expect.yaml"  # companion.expectation.SUFFIX: that module is only loaded where there is such a file


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """pytest's hook: one collector for each expectation file."""
    return ExpectFile.from_parent(parent, path=file_path) if file_path.name.endswith(SUFFIX) else None


class ExpectFile(pytest.File):
    """One file of expectations; replays its recording when the first of its tests runs."""

    expectation: Expectation
    _ran: Ran | None = None
    _failed: Exception | None = None

    def collect(self) -> Iterator[pytest.Item]:
        from companion.expectation import ExpectError, load_expectation

        try:
            self.expectation = load_expectation(self.path)
        except ExpectError as why:
            raise self.CollectError(str(why)) from None
        if self.expectation.same:
            yield ExpectItem.from_parent(self, name="same", turn=0)
        for turn in self.expectation.turns:
            yield ExpectItem.from_parent(self, name=f"turn {turn.turn}", turn=turn.turn)

    def failures(self) -> list[Failure]:
        """What was not met in the whole file. Raises, each time it is asked, what kept the recording from replaying."""
        from companion.expect import judge, run

        if self._failed is not None:
            raise self._failed
        if self._ran is None:
            try:
                self._ran = run(self.expectation)
            except Exception as why:
                self._failed = why
                raise
        return judge(self.expectation, self._ran)


class NotMetError(Exception):
    """Expectations of one turn, or of the whole, that were not met."""

    def __init__(self, failures: list[Failure]) -> None:
        super().__init__("\n".join(map(str, failures)))


class ExpectItem(pytest.Item):
    """One turn of a file, or the whole (`turn` 0)."""

    def __init__(self, *, turn: int, **more: Any) -> None:
        super().__init__(**more)
        self.turn = turn

    def runtest(self) -> None:
        assert isinstance(self.parent, ExpectFile)
        mine = [failure for failure in self.parent.failures() if failure.turn == self.turn]
        if mine:
            raise NotMetError(mine)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """pytest's hook: what is shown of a failure."""
        from companion.expectation import ExpectError
        from companion.settings import SettingsError
        from recordings.session import RecordingError

        if isinstance(excinfo.value, NotMetError | ExpectError | SettingsError | RecordingError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """pytest's hook: where the test stands."""
        assert isinstance(self.parent, ExpectFile)
        expectation = self.parent.expectation
        lines = next((t.lines for t in expectation.turns if t.turn == self.turn), expectation.lines)
        return self.path, lines.get("turn", lines.get("same", 1)) - 1, f"{self.path.name}: {self.name}"
