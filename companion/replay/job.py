"""One recording's replay as a job for a batch: plain values in, a plain report out, the same on any machine."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from companion.engines import hearing_folder
from companion.model.catalogue import load as load_catalogue
from companion.model.catalogue import users_file
from companion.replay.exact import replay
from companion.replay.whatif import Changes, what_if
from companion.replay_report.text import first_line
from companion.settings import load
from recordings.compare import Comparison, compare
from recordings.environment import environment
from recordings.rules import Rules, load_rules
from recordings.run import Run


@dataclass(frozen=True, slots=True)
class Job:
    """The files that are named in it count by their content. `speech`: SHA-256 of the speech model's files, where
    words may have to be recognised anew; `profile`: the model profile that `changes` names, as it is here and now."""

    path: Path = Path()
    changes: Changes = field(default_factory=Changes)
    rules: Path | None = None
    speech: str = ""
    profile: str = ""


def job_of(changes: Changes, rules: Path | None) -> Job:
    """A job that means the same in another folder and on another day."""
    model = changes.model if isinstance(changes.model, str) else _absolute(changes.model)
    profile = load_catalogue(users_file()).profile(model).to_json() if isinstance(model, str) else ""
    whole = replace(changes, model=model, prompt=_absolute(changes.prompt))
    speech = ""
    if changes.compute and not changes.nothing:
        speech = str(environment({"speech": hearing_folder(load())}).get("models", ""))
    return Job(Path(), whole, _absolute(rules), speech, profile)


def _absolute(path: Path | None) -> Path | None:
    return path.resolve() if path is not None else None


def run_job(job: Job) -> dict[str, Any]:
    """The report: {"same", "first", "media_s"}; exact ones with {"digest"}, others with {"comparison"}, for which see
    docs/replay-report.md."""
    if job.changes.nothing and job.rules is None:
        result = replay(job.path)
        first = result.differences[1] if len(result.differences) > 1 else ""
        return {"same": result.same, "first": first, "media_s": result.seconds, "digest": result.digest}
    old, _, comparison = compared(job.path, job.changes, load_rules(job.rules) if job.rules else Rules())
    report: dict[str, Any] = {"same": comparison.same and comparison.held, "first": first_line(comparison)}
    return report | {"media_s": old.last_ns / 1e9, "comparison": comparison.plain()}


def compared(path: Path, changes: Changes, rules: Rules) -> tuple[Run, Run, Comparison]:
    """The recorded run, the changed one, and what differs."""
    old, new = what_if(path, changes)
    return old, new, compare(old, new, rules)
