"""`companion replay`: one recording or many, as they were or with something changed, and what comes of it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from companion.guard import Undeclared
from companion.replay.exact import replay
from companion.replay.job import compared, job_of
from companion.replay.whatif import Changes
from companion.replay_report.junit import junit
from companion.replay_report.text import text
from recordings.compare import Comparison
from recordings.rules import Rules, load_rules
from recordings.run import Run
from recordings.session import RecordingError

SAME, DIFFERENT = 0, 1


def command(args: argparse.Namespace, find: Callable[[str], Path]) -> int:
    """Exit status: 0 the same (or within the rules and budgets), 1 not, 2 something could not be replayed."""
    changes = Changes(
        tuple(args.set), _model(args.model), args.prompt, args.cassette, args.free_run, compute=not args.no_compute
    )
    targets = [Path(t) if Path(t).exists() else find(t) for t in args.recording]
    if len(targets) > 1 or targets[0].is_dir() or args.jobs:
        return _many(args, targets, changes)
    asked = changes.nothing and not (args.rules or args.json or args.junit or args.page)
    try:
        return _exact(targets[0], args.verbose) if asked else _changed(args, targets[0], changes)
    except Undeclared as why:
        raise RecordingError(f"{targets[0]} cannot be replayed: {why}") from why


def _model(given: str | None) -> Path | str | None:
    """A file, or the name of a profile."""
    if given is None:
        return None
    return Path(given) if given.endswith(".toml") or Path(given).is_file() else given


def _exact(path: Path, verbose: bool) -> int:
    result = replay(path)
    print(result.line)
    if verbose or not result.same:
        print("\n".join(result.differences[: None if verbose else 2]))
    return SAME if result.same else DIFFERENT


def _changed(args: argparse.Namespace, path: Path, changes: Changes) -> int:
    rules = load_rules(args.rules) if args.rules else Rules()
    old, new, comparison = compared(path, changes, rules)
    print(text(comparison, verbose=args.verbose))
    _write(args, path, old, new, comparison)
    return SAME if comparison.same and comparison.held else DIFFERENT


def _write(args: argparse.Namespace, path: Path, old: Run, new: Run, comparison: Comparison) -> None:
    if args.json:
        args.json.write_text(json.dumps(comparison.plain(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"report: {args.json}")
    if args.junit:
        args.junit.write_text(junit(comparison, path.name), encoding="utf-8")
        print(f"junit: {args.junit}")
    if args.page:
        from companion.report.page import write_page

        print(f"page: {write_page(path, args.page, new, comparison)}")


def _many(args: argparse.Namespace, targets: list[Path], changes: Changes) -> int:
    from companion.batch import BatchOptions, batch

    options = BatchOptions(
        jobs=args.jobs,
        engine=args.engine,
        scheduler=args.scheduler,
        store=args.store,
        keep=changes.cassette != "live",
    )
    done = batch(targets, job_of(changes, args.rules), "companion.replay.job:run_job", options)
    print(done.text)
    if args.json:
        args.json.write_text(json.dumps(done.summary.plain(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if args.junit:
        args.junit.write_text(done.summary.junit(), encoding="utf-8")
    return done.code
