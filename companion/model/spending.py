"""What models have cost, day by day: a small file beside the recordings, shared by every companion of this user.

`spending.json` holds tokens and US dollars per local day and model, for the last 90 days. It is read again before each
change and replaced in one step under a lock, so that two companions at once lose nothing. A file that cannot be read is
moved aside and said; one that cannot be written costs nothing but the memory of it after this process.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import math
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.events import Spent

log = logging.getLogger("companion.model")

KEEP_DAYS = 90
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

Book = dict[str, dict[str, dict[str, float]]]  # day -> model -> {"tokens", "usd"}


@dataclass(frozen=True, slots=True)
class _Entry:
    day: str
    model: str
    tokens: int
    usd: float


class Spending:
    """The book. Quick enough for the loop: about 1 ms for a line, once an answer.

    `notice` is told, once for each trouble, what a person should know."""

    def __init__(self, file: Path, notice: Callable[[str], None] = log.warning) -> None:
        self._file = file
        self._notice = notice
        self._unwritten: list[_Entry] = []
        self._told = ""

    def today(self, day: str) -> Spent:
        """What was spent so far on this day (local ISO date) by every companion of this user, on all models together;
        the money of those whose price is known. Its `t_ns` is 0."""
        lines = self._read().get(day, {}).values()
        late = [entry for entry in self._unwritten if entry.day == day]
        tokens = sum(int(line["tokens"]) for line in lines) + sum(entry.tokens for entry in late)
        usd = sum(line["usd"] for line in lines) + sum(entry.usd for entry in late)
        return Spent(0, day, tokens, round(usd, 9))

    def add(self, day: str, model: str, tokens: int, usd: float) -> None:
        """Writes down what a model cost; usd below 0 = its price is not known. Raises ValueError for an amount
        that is none."""
        if not _DAY.fullmatch(day) or tokens < 0 or not math.isfinite(usd):
            raise ValueError(f"spending: {tokens!r} tokens and {usd!r} USD on {day!r} are no amounts of a day")
        self._unwritten.append(_Entry(day, model, tokens, max(0.0, usd)))
        try:
            with self._locked():
                book = self._read()
                for entry in self._unwritten:
                    _enter(book, entry)
                self._write(book)
        except OSError as why:
            self._tell(f"{self._file}: today's spending cannot be written, and is only remembered: {why}")
            return
        self._unwritten, self._told = [], ""

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(self._file.with_suffix(".lock"), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _read(self) -> Book:
        try:
            text = self._file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as why:
            return self._damaged(str(why))
        try:
            return _book(json.loads(text))
        except (ValueError, RecursionError) as why:
            return self._damaged(str(why))

    def _damaged(self, why: str) -> Book:
        """A file that is no book is kept for whoever wants to look, and another one begun."""
        aside = self._file.with_suffix(".damaged.json")
        with contextlib.suppress(OSError):  # it could not be read either: what is told stays true
            self._file.replace(aside)
        self._tell(
            f"{self._file} could not be read ({why}); it is now {aside.name}, and today's spending counts from 0"
        )
        return {}

    def _write(self, book: Book) -> None:
        kept = {day: book[day] for day in sorted(book)[-KEEP_DAYS:]}
        part = self._file.with_suffix(".part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w") as file:
            json.dump(kept, file, indent=1)
        part.replace(self._file)

    def _tell(self, text: str) -> None:
        if text != self._told:
            self._told = text
            self._notice(text)


def _enter(book: Book, entry: _Entry) -> None:
    line = book.setdefault(entry.day, {}).setdefault(entry.model, {"tokens": 0, "usd": 0.0})
    line["tokens"] += entry.tokens
    line["usd"] = round(line["usd"] + entry.usd, 9)


def _book(data: Any) -> Book:
    """What was read, if it is a book. Raises ValueError."""
    if not isinstance(data, dict):
        raise ValueError("not a table of days")
    for day, models in data.items():
        if not _DAY.fullmatch(day) or not isinstance(models, dict):
            raise ValueError(f"{day!r} is no day")
        for model, line in models.items():
            amounts = [line.get("tokens"), line.get("usd")] if isinstance(line, dict) else [None]
            if not all(isinstance(a, int | float) and math.isfinite(a) and a >= 0 for a in amounts):
                raise ValueError(f"{day}: {model!r} has no amounts")
    return data
