"""`companion memory`: list, search, forget, export, check what is remembered on this machine."""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from companion.memory.embed import EmbedError, embedder
from companion.memory.store import Store, open_store
from companion.sessions import Outcome
from companion.settings import Settings, SettingsError, data_folder, recordings_folder
from companion.terminal import harmless
from pipelines.events import Memory
from recordings.saying import counted

_UNITS: Final = {"m": 60.0, "h": 3600.0, "d": 86_400.0}


def run(settings: Settings, args: argparse.Namespace) -> Outcome:
    """Do what was asked. Raises MemoryError_, SettingsError."""
    notices: list[str] = []
    try:
        maker = embedder(settings.memory, settings.privacy.local_only)
    except EmbedError as why:
        raise SettingsError(str(why)) from why
    store = open_store(settings.memory, data_folder(), maker, recordings_folder(settings), notices.append)
    try:
        done = _ACTIONS[args.action](store, args)
    finally:
        store.close()
    return Outcome("\n".join([*(f"notice: {notice}" for notice in notices), done.text]), done.code)


def _list(store: Store, args: argparse.Namespace) -> Outcome:
    rows = [one for one in store.all() if not args.what or one.what == args.what]
    rows = [one for one in rows if args.replaced or not one.replaced_s]
    if not rows:
        return Outcome(f"Nothing is remembered in {store.file}.")
    return Outcome("\n".join([*_lines(rows), f"{counted(len(rows), 'memory', 'memories')} in {store.file}"]))


def _search(store: Store, args: argparse.Namespace) -> Outcome:
    query = " ".join(args.words)
    found = store.recall(query, (args.what,) if args.what else (), limit=args.limit, replaced=args.replaced)
    if not found:
        return Outcome(f"Nothing that is remembered fits {query!r}.", 1)
    return Outcome("\n".join(f"{one.score:.2f}  {line}" for one, line in zip(found, _lines(found), strict=True)))


def _forget(store: Store, args: argparse.Namespace) -> Outcome:
    since_s = time.time() - _seconds(args.last) if args.last else 0.0
    try:
        gone = store.forget(tuple(args.id), args.about, since_s, 0.0, args.everything)
    except ValueError:
        return Outcome(
            "Say what to forget, and one thing: --id N (repeated), --about NAME, --last 2h, or --everything.", 2
        )
    if not (gone.count or gone.files or gone.later):
        return Outcome("There was nothing to forget.", 1)
    lines = [f"forgotten: {counted(gone.count, 'memory', 'memories')}"]
    if gone.files:
        lines.append(
            f"with {counted(gone.files, 'file')}: small pictures that were deleted, recordings without words now"
        )
    if gone.later:
        lines.append(f"{counted(gone.later, 'session')} being recorded right now: rewritten once it is closed")
    return Outcome("\n".join(lines))


def _export(store: Store, args: argparse.Namespace) -> Outcome:
    if args.file.exists():
        return Outcome(f"{args.file} is there already: choose another name, or move it away.", 2)
    count = store.export(args.file)
    return Outcome(
        f"{counted(count, 'memory', 'memories')} in {args.file}, readable by you alone; forgetting does not reach it"
    )


def _check(store: Store, args: argparse.Namespace) -> Outcome:
    count = sum(1 for _ in store.all())
    if faults := store.check():
        return Outcome("\n".join(f"{store.file}: {fault}" for fault in faults), 1)
    return Outcome(
        f"{store.file}: sound, {counted(count, 'memory', 'memories')}, {store.index_bytes / 1e6:.1f} MB of vectors"
    )


_ACTIONS: Final = {"list": _list, "search": _search, "forget": _forget, "export": _export, "check": _check}


def _seconds(text: str) -> float:
    """ "90m", "2h", "7d". Raises SettingsError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([mhd])", text)
    if not found or not float(found[1]):
        raise SettingsError(f"--last {text!r}: write it as 30m, 2h or 7d")
    return float(found[1]) * _UNITS[found[2]]


def _lines(memories: Iterable[Memory]) -> list[str]:
    return [_line(one) for one in memories]


def _line(memory: Memory) -> str:
    when = datetime.fromtimestamp(memory.at_s).strftime("%Y-%m-%d %H:%M") if 0 < memory.at_s < 4e9 else "?"
    parts = [f"{memory.id:>6}  {when}  {memory.what:<8}", harmless(memory.text)]
    parts += [f"→ {harmless(memory.answer)}"] if memory.answer else []
    parts += [f"({harmless(memory.place)})"] if memory.place else []
    parts += ["[replaced]"] if memory.replaced_s else []
    return "  ".join(parts)
