"""One recording's replay as a job for a batch: plain values in, a plain report out, the same on any machine."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from companion.replay.exact import replay
from companion.replay.whatif import Changes, what_if
from companion.replay_report.text import headline
from recordings.compare import Comparison, compare
from recordings.rules import Rules, load_rules
from recordings.run import Run


@dataclass(frozen=True, slots=True)
class Job:
    """`files`: SHA-256 over the files that are named in it, so that a job with another prompt is another job."""

    path: Path = Path()
    changes: Changes = field(default_factory=Changes)
    rules: Path | None = None
    files: str = ""


def job_of(path: Path, changes: Changes, rules: Path | None) -> Job:
    """A job whose named files are known by their content. Raises OSError if one cannot be read."""
    named = [p for p in (changes.model, changes.prompt, rules) if p is not None]
    content = hashlib.sha256(b"\0".join(p.read_bytes() for p in named)).hexdigest() if named else ""
    return Job(path, changes, rules, content)


def run_job(job: Job) -> dict[str, Any]:
    """The report: {"same", "first", "media_s", "digest"}, and with changes {"comparison"}: docs/replay-report.md."""
    if job.changes.nothing:
        result = replay(job.path)
        first = result.differences[1] if len(result.differences) > 1 else ""
        return {"same": result.same, "first": first, "media_s": result.seconds, "digest": result.digest}
    old, _, comparison = compared(job.path, job.changes, load_rules(job.rules) if job.rules else Rules())
    report: dict[str, Any] = {"same": comparison.same, "first": "" if comparison.same else headline(comparison)}
    return report | {"media_s": old.last_ns / 1e9, "comparison": comparison.plain()}


def compared(path: Path, changes: Changes, rules: Rules) -> tuple[Run, Run, Comparison]:
    """The recorded run, the changed one, and what differs."""
    old, new = what_if(path, changes)
    return old, new, compare(old, new, rules)
