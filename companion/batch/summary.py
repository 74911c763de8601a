"""What came of a batch: for a person, for a program (JSON), for a build server (JUnit)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from companion.batch.jobs import Report

SAME, DIFFERENT, FAILED = "same", "different", "failed"
SHOWN = 20  # of each kind; the JSON has them all
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Result:
    """One recording's outcome. `skipped`: the report is of an earlier run with the same recording, code and settings;
    `copies`: other files with the same content; `why`: of one that could not be replayed."""

    path: Path
    report: Report | None = None
    why: str = ""
    skipped: bool = False
    attempts: int = 1
    wall_s: float = 0.0
    sha256: str = ""
    copies: tuple[Path, ...] = ()

    @property
    def status(self) -> str:
        if self.report is None:
            return FAILED
        return SAME if self.report["same"] else DIFFERENT

    @property
    def first(self) -> str:
        """The first difference, or why there is none to tell."""
        if self.report is None:
            return self.why + (f" ({self.attempts} attempts)" if self.attempts > 1 else "")
        return str(self.report.get("first") or "") or "different; the report names no first difference"

    @property
    def media_s(self) -> float:
        length = (self.report or {}).get("media_s")
        return float(length) if isinstance(length, int | float) else 0.0


@dataclass(frozen=True)
class Summary:
    """All results, in the order of the files. `unreached`: what an interrupted batch did not come to."""

    results: Sequence[Result]
    wall_s: float = 0.0
    unreached: Sequence[Path] = ()
    notes: Sequence[str] = ()  # lines to add to what is printed

    @property
    def counts(self) -> dict[str, int]:
        """How many contents came out how; files that are copies of another are counted apart."""
        out = {status: sum(result.status == status for result in self.results) for status in (SAME, DIFFERENT, FAILED)}
        out["skipped"] = sum(result.skipped for result in self.results)
        out["copies"] = sum(len(result.copies) for result in self.results)
        out["unreached"] = len(self.unreached)
        return out

    @property
    def code(self) -> int:
        """0 all the same, 1 something differs, 2 something could not be replayed, 130 interrupted."""
        counts = self.counts
        if self.unreached:
            return 130
        return 2 if counts[FAILED] else 1 if counts[DIFFERENT] else 0

    @property
    def times_real_time(self) -> float:
        replayed_s = sum(result.media_s for result in self.results if not result.skipped)
        return replayed_s / self.wall_s if self.wall_s > 0 else 0.0

    def text(self) -> str:
        counts = self.counts
        lines = []
        for status, head in ((DIFFERENT, "different, each with its first difference:"), (FAILED, "not replayed:")):
            these = [result for result in self.results if result.status == status]
            if these:
                lines += [head, *(f"  {result.path}: {result.first}" for result in these[:SHOWN])]
            if len(these) > SHOWN:
                lines.append(f"  and {len(these) - SHOWN} more")
        many = len(self.results) + len(self.unreached)
        total = f"{many} {'recording' if many == 1 else 'recordings'}: "
        total += ", ".join(f"{counts[s]} {s}" for s in (SAME, DIFFERENT, FAILED) if counts[s] or s == SAME)
        if counts["skipped"]:
            total += f"; {counts['skipped']} skipped, nothing changed since they were replayed"
        if counts["copies"]:
            total += f"; {counts['copies']} more {'file is a copy' if counts['copies'] == 1 else 'files are copies'}"
        total += f"; {self.wall_s:.1f} s" + (f", {self.times_real_time:.0f}x real time" if self.times_real_time else "")
        lines.append(total)
        return "\n".join([*lines, *self.notes])

    def plain(self) -> dict[str, Any]:
        """For JSON: counts, and each recording with its report."""
        return {
            "counts": self.counts,
            "code": self.code,
            "wall_s": round(self.wall_s, 3),
            "times_real_time": round(self.times_real_time, 1),
            "notes": list(self.notes),
            "unreached": [str(path) for path in self.unreached],
            "recordings": [
                {
                    "file": str(result.path),
                    "sha256": result.sha256,
                    "status": result.status,
                    "skipped": result.skipped,
                    "attempts": result.attempts,
                    "wall_s": round(result.wall_s, 3),
                    "copies": [str(path) for path in result.copies],
                    "why": result.why,
                    "report": result.report,
                }
                for result in self.results
            ],
        }

    def junit(self) -> str:
        """One test case a file: a difference is a failure, what could not be replayed is an error."""
        suite = ElementTree.Element("testsuite", name="companion replay", time=f"{self.wall_s:.3f}")
        for result in self.results:
            for path in (result.path, *result.copies):
                _add_case(suite, path, result)
        for path in self.unreached:
            case = ElementTree.SubElement(suite, "testcase", classname="replay", name=_xml(str(path)), time="0")
            ElementTree.SubElement(case, "skipped", message="interrupted before it was replayed")
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            suite.set(name, str(len(suite.findall(f"testcase/{tag}"))))
        suite.set("tests", str(len(suite)))
        ElementTree.indent(suite)
        return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suite, encoding="unicode") + "\n"


def _add_case(suite: ElementTree.Element, path: Path, result: Result) -> None:
    time_s = 0.0 if path != result.path else result.wall_s
    case = ElementTree.SubElement(suite, "testcase", classname="replay", name=_xml(str(path)), time=f"{time_s:.3f}")
    if result.status == DIFFERENT:
        ElementTree.SubElement(case, "failure", message=_xml(result.first), type="difference")
    elif result.status == FAILED:
        ElementTree.SubElement(case, "error", message=_xml(result.first), type="not replayed")


def _xml(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
