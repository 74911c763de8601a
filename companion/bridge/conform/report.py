"""What was checked, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
PAGE = "docs/bridge.md"


class Wrong(Exception):  # noqa: N818  (it is a finding about the other side, not a fault of ours)
    """The other side does not keep to the page; the message says what it did, and what would be right."""


class Absent(Exception):  # noqa: N818
    """The other side has no such part; the message names it."""


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    section: str  # of docs/bridge.md
    outcome: str
    why: str = ""


@dataclass(slots=True)
class Report:
    """Each check is told as it is made."""

    tell: Callable[[str], None] = lambda line: None
    checks: list[Check] = field(default_factory=list)

    def add(self, name: str, section: str, outcome: str, why: str = "") -> None:
        self.checks.append(Check(name, section, outcome, why))
        self.tell(f"{outcome:<8}{name:<58}{PAGE}#{section}" + (f"\n        {why}" if why else ""))

    def judged(self, name: str, section: str, judge: Callable[[], str | None]) -> None:
        """Run one check: it returns (with a remark, if it has one), or raises `Wrong` or `Absent`."""
        try:
            self.add(name, section, PASSED, judge() or "")
        except Wrong as wrong:
            self.add(name, section, FAILED, str(wrong))
        except Absent as absent:
            self.add(name, section, SKIPPED, str(absent))

    @property
    def failed(self) -> int:
        return sum(check.outcome == FAILED for check in self.checks)

    def summary(self) -> str:
        counts = {outcome: sum(c.outcome == outcome for c in self.checks) for outcome in (PASSED, FAILED, SKIPPED)}
        return ", ".join(f"{count} {outcome}" for outcome, count in counts.items())

    def plain(self) -> str:
        return json.dumps({"failed": self.failed, "checks": [asdict(check) for check in self.checks]}, indent=2)
