"""One job: one recording, one function, one report; the same wherever it runs.

A job is a pure function of three things: the recording's content, the code, and the job's settings. It is described by
any frozen dataclass with a field `path`, which the batch fills in; all its other fields are its settings. The function
is named ("companion.replay.job:run_job") rather than given, so that it can be sent to another process or machine, and
returns a report: a dict that JSON can hold.

What a report may say, all of it optional but the first:

    same     bool   nothing differs, or only within the rules
    first    str    the first difference, in one line, without the file's name
    media_s  float  length of the session, for "times real time"
"""

from __future__ import annotations

import importlib
import json
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from companion.batch.fingerprint import code_digest, sha256_of
from companion.batch.store import Store
from recordings.session import RecordingError

Report = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Task:
    """One job with all that another process needs. `key`: its place in the store; `store`: the store's folder, "" if
    nothing is to be kept. Size and time of writing tell a worker that the file is still the one that was looked at."""

    number: int
    fn_name: str
    job: Any
    path: Path
    file_sha256: str
    size_bytes: int
    written_ns: int
    code: str
    key: str
    store: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one task: a report, or why there is none. `again`: trying once more may help (the disk, the memory,
    a process that died), unlike an exception of a pure function. `found`: it lay in the store. `unkept`: why the worker
    could not put it there."""

    number: int
    report: Report | None = None
    why: str = ""
    again: bool = False
    found: bool = False
    unkept: str = ""
    wall_s: float = 0.0
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class ReplayJob:
    """For `replay_file`: a recording decided again with its own settings."""

    path: Path = Path()


def replay_file(job: ReplayJob) -> Report:
    """Decide one recording again; the simplest job there is."""
    from companion.replay.job import Job, run_job

    return run_job(Job(job.path))


def function_named(fn_name: str) -> Callable[[Any], Mapping[str, Any]]:
    """The function behind "package.module:function". Raises RecordingError if there is none."""
    module, _, name = fn_name.partition(":")
    try:
        found: Callable[[Any], Mapping[str, Any]] = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as why:
        raise RecordingError(f"{fn_name!r} names no function ({why}); write it as package.module:function.") from why
    return found


def carry_out(task: Task) -> Answer:
    """Do one task, here and now: from the store if its report is there, else by running it, and then it is kept.

    Never raises but for KeyboardInterrupt: whatever a job raises is its answer.
    """
    began = time.perf_counter()
    try:
        if task.store and (kept := Store(Path(task.store)).get(task.key, task.file_sha256)) is not None:
            return Answer(task.number, kept, found=True)
        _check_sameness(task)
        report = _plain(function_named(task.fn_name)(task.job), task.fn_name)
        _check_unchanged(task)
        unkept = keep(task, report)
    except (OSError, MemoryError) as why:
        return Answer(task.number, why=_said(why), again=True, wall_s=time.perf_counter() - began)
    except (
        Exception,
        SystemExit,
    ) as why:  # one recording's trouble is a line of the summary, never the end of the batch
        return Answer(task.number, why=_said(why), wall_s=time.perf_counter() - began)
    return Answer(task.number, report, unkept=unkept, wall_s=time.perf_counter() - began)


def keep(task: Task, report: Report) -> str:
    """Put a report into the store; why that failed, "" if it did not."""
    if not task.store:
        return ""
    if not Path(task.store).is_dir():  # on another machine it may not be
        return f"{task.store} is not there"
    try:
        Store(Path(task.store)).put(task.key, task.file_sha256, report)
    except OSError as why:
        return f"{why.strerror or why} ({task.store})"
    return ""


def _check_sameness(task: Task) -> None:
    """That this process has the code and the recording that the key speaks of; or the store would hold a lie."""
    here = code_digest(task.fn_name)
    if here != task.code:
        raise RecordingError(
            f"{platform.node()} runs other code ({here[:12]}) than the batch was started with ({task.code[:12]}): "
            "do not change code while a batch runs, and install the same Earshot and packages on every machine."
        )
    if not task.path.exists():
        raise RecordingError(
            f"{task.path} is not there on {platform.node()}: it was deleted meanwhile, or this machine does not see "
            "the recordings under the same path as the one that started the batch."
        )
    at = task.path.stat()
    if (at.st_size, at.st_mtime_ns) != (task.size_bytes, task.written_ns) and sha256_of(task.path) != task.file_sha256:
        raise RecordingError(f"{task.path} was changed since the batch began: run the same command again.")


def _check_unchanged(task: Task) -> None:
    if task.path.stat().st_size != task.size_bytes:
        raise RecordingError(f"{task.path} was changed while it was replayed: run the same command again.")


def _plain(report: Mapping[str, Any], fn_name: str) -> Report:
    """The report as it comes back from the store, so that a new one and a kept one are equal."""
    try:
        out: Report = json.loads(json.dumps(report, allow_nan=False))
    except (TypeError, ValueError) as why:
        raise RecordingError(f"{fn_name} returned something that JSON cannot hold ({why}).") from why
    if not isinstance(out, dict) or not isinstance(out.get("same"), bool):
        raise RecordingError(f'{fn_name} returned {str(report)[:80]!r}: a report is a dict with a bool "same".')
    return out


def _said(why: BaseException) -> str:
    """What it said of itself; its kind too if it is not one of the errors that are written for people."""
    text = str(why) or "no more is known"
    return text if isinstance(why, RecordingError) else f"{type(why).__name__}: {text}"
