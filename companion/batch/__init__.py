"""Many recordings replayed: in parallel, each content once, and only what may come out otherwise than last time.

    batch([Path("recordings")], ReplayJob(), "companion.batch.jobs:replay_file", BatchOptions(jobs=4))

finds the recordings, hashes them, takes from the store what an earlier run with the same bytes, code and settings has
left there, gives the rest to an engine, and sums up. A report is kept as soon as it is there, so a batch that was
interrupted, killed or lost a machine goes on where it was when it is started again.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from companion.batch import fingerprint
from companion.batch.engines import ENGINES, Executor, Inline, ProcessPool
from companion.batch.find import Found, find_recordings, look_into
from companion.batch.jobs import Answer, ReplayJob, Task, function_named, keep
from companion.batch.progress import Progress
from companion.batch.store import Store, default_folder
from companion.batch.summary import Result, Summary
from recordings.session import RecordingError

__all__ = ["BatchOptions", "Done", "ReplayJob", "Result", "Summary", "batch", "find_recordings"]

REPLAY = "companion.batch.jobs:replay_file"


@dataclass(frozen=True)
class BatchOptions:
    """How a batch is run; none of it changes what comes out."""

    jobs: int = 0  # processes at a time; 0 = one for each processor, for a replay never waits for anything else
    engine: str = "process"  # "process", "inline" or "dask"
    scheduler: str = ""  # address of a Dask scheduler; "" = workers on this machine
    store: Path | None = None  # folder of reports; None = "replays" beside the recordings
    keep: bool = True  # False: neither look into the store nor fill it, for a job that asks a live model is not pure
    retries: int = 2  # more attempts for a job whose process died: once by bad luck, hardly three times
    limit_s: float = 600.0  # for one job: an hour of recording takes seconds, its perception some minutes


@dataclass(frozen=True)
class Done:
    """What to print, the exit code, and all results."""

    text: str
    code: int
    summary: Summary


@dataclass
class _Batch:
    """One run of a batch: what was found, and what came of it so far."""

    found: list[Found]
    job: Any
    fn_name: str
    options: BatchOptions
    store: Store | None
    progress: Progress
    results: dict[int, Result] = field(default_factory=dict)
    unkept: str = ""

    def tasks(self) -> list[Task]:
        code = fingerprint.code_digest(self.fn_name)
        settings = fingerprint.settings_text(self.job)
        store = str(self.store.folder.resolve()) if self.store else ""
        return [
            Task(
                number,
                self.fn_name,
                replace(self.job, path=one.path.resolve()),
                one.path.resolve(),
                one.sha256,
                one.size_bytes,
                one.written_ns,
                code,
                fingerprint.key_of(one.sha256, code, self.fn_name, settings),
                store,
            )
            for number, one in enumerate(self.found)
        ]

    def run(self, tasks: list[Task], executor: Executor) -> None:
        """Answer every task, from what is known already if it is."""
        left = []
        for task in tasks:
            one = self.found[task.number]
            if one.problem:
                self.add(Answer(task.number, why=one.problem))
            elif self.store and (report := self.store.get(task.key, task.file_sha256)) is not None:
                self.add(Answer(task.number, report, found=True))
            else:
                left.append(task)

        def answered(answer: Answer) -> None:
            if answer.unkept and answer.report is not None and self.store:
                self.unkept = keep(tasks[answer.number], answer.report)
            self.add(replace(answer, found=False))  # one found by a worker is from this run: somebody died after it

        self.progress.restart_clock()
        if left:
            executor.map(left, answered, self.options.retries)

    def add(self, answer: Answer) -> None:
        one = self.found[answer.number]
        if answer.number in self.results:
            raise AssertionError(f"{one.path} was answered twice: a fault of the engine")
        result = Result(
            one.path,
            answer.report,
            answer.why,
            skipped=answer.found,
            attempts=answer.attempts,
            wall_s=answer.wall_s,
            sha256=one.sha256,
            copies=one.copies,
        )
        self.results[answer.number] = result
        self.progress.add(result, one.size_bytes)

    def summary(self, wall_s: float) -> Summary:
        done = [self.results[number] for number in sorted(self.results)]
        unreached = [one.path for number, one in enumerate(self.found) if number not in self.results]
        notes = []
        if unreached:
            kept = "and kept; the same command goes on from there" if self.store and not self.unkept else ""
            notes.append(f"interrupted: {len(done)} of {len(self.found)} are done {kept}".rstrip())
        if self.unkept:
            notes.append(f"some reports were not kept for the next time: {self.unkept}")
        return Summary(done, wall_s, unreached, notes)


def batch(
    targets: Sequence[Path],
    job: Any = None,
    fn_name: str = REPLAY,
    options: BatchOptions | None = None,
    stream: TextIO | None = None,
    executor: Executor | None = None,
) -> Done:
    """Replay what is meant by `targets`; `job` holds the settings, as `companion.batch.jobs` says.

    `stream`: where the progress goes (stderr). `executor`: in place of the one that the options name. Ctrl-C ends it
    in good order: what is done is kept and summed up.

    Raises:
        RecordingError: a target, the function, the store or the engine is not there, or an option makes no sense.
    """
    began_s = time.monotonic()
    options, job = options or BatchOptions(), job or ReplayJob()
    jobs = options.jobs or os.cpu_count() or 1
    _check(options, job)
    function_named(fn_name)
    fingerprint.forget_code()
    executor = executor or _executor(options, jobs)
    paths = find_recordings(targets)
    store = _store(options)
    stream = stream or sys.stderr
    try:
        found = look_into(paths, jobs, Progress(len(paths), 0, stream).looking)
    except KeyboardInterrupt:
        none = Summary([], time.monotonic() - began_s, paths, ["interrupted before anything was replayed"])
        return Done(none.text(), none.code, none)
    progress = Progress(len(found), sum(one.size_bytes for one in found), stream)
    run = _Batch(found, job, fn_name, options, store, progress)
    try:
        run.run(run.tasks(), executor)
        if store:
            store.tidy()
    except KeyboardInterrupt:
        if len(run.results) == len(found):  # while tidying up
            progress.close()
            raise
    progress.close()
    summary = run.summary(time.monotonic() - began_s)
    return Done(summary.text(), summary.code, summary)


def _check(options: BatchOptions, job: Any) -> None:
    if not is_dataclass(job) or "path" not in {one.name for one in fields(job)}:
        raise RecordingError(f"{job!r} is no job: it must be a dataclass with a field `path`.")
    if options.engine not in ENGINES:
        raise RecordingError(f"--engine {options.engine}: there are {', '.join(ENGINES)}.")
    for name, value, least in (
        ("--jobs", options.jobs, 0),
        ("retries", options.retries, 0),
        ("limit_s", options.limit_s, 1),
    ):
        if value < least:
            raise RecordingError(f"{name} {value}: at least {least}.")


def _executor(options: BatchOptions, jobs: int) -> Executor:
    if options.engine == "inline":
        return Inline()
    if options.engine == "dask":
        from companion.batch.dask_engine import Dask

        return Dask(jobs, options.limit_s, options.scheduler)
    return ProcessPool(jobs, options.limit_s)


def _store(options: BatchOptions) -> Store | None:
    if not options.keep:
        return None
    store = Store(options.store or default_folder())
    try:
        store.open()
    except OSError as why:
        raise RecordingError(
            f"{store.folder} cannot hold the reports: {why.strerror or why}. Choose a folder with --store."
        ) from why
    return store
