"""Which memories fit a question: by its words and by its vector, newest first among equals; nothing if none.

How well one fits is the share of the question's words that it has, weighted by how much each of them says (a name most,
"number" and "time" least), or how close its vector lies, whichever is more. Below FLOOR it does not fit. Few rows are
looked at one by one: those that the index and the signs put in front.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from companion.memory import words
from companion.memory.nearest import Ids, Nearest, Wanted, signs
from companion.memory.rows import COLUMNS, of_row, with_ids
from companion.memory.vectors import VectorIndex
from pipelines.events import Memory

FLOOR: Final = 0.4
POSTINGS: Final = 2000  # the newest rows with a word that are looked at; a word that more have says little
CANDIDATES: Final = 64  # looked at one by one, for each way of finding
MOST_TERMS: Final = 12
OLD: Final = 0.12  # what age can cost at most
HALF_LIFE_S: Final = 30 * 86_400.0
_MOST: Final = 0.25  # if so many rows count, kinds are not looked up in the index
_SOFT, _NAME, _KNOWN_NAME, _UNKNOWN = 0.25, 2.0, 1.5, 0.6


@dataclass(frozen=True, slots=True)
class Query:
    """As the decision `Recall`. `what` is not empty."""

    text: str
    wanted: Wanted
    subject: str = ""
    limit: int = 8


class Finder:
    """Searches one database."""

    def __init__(self, connection: Any, index: VectorIndex) -> None:
        self._connection = connection
        self._index = index

    def find(self, query: Query, now_s: float) -> tuple[Memory, ...]:
        """Best first, with scores."""
        return tuple(memory for memory, _ in self.ranked(query, now_s))

    def ranked(self, query: Query, now_s: float, floor: float = FLOOR) -> tuple[tuple[Memory, float], ...]:
        """Best first, each with how well it fits apart from its age. What fits less than `floor` does not."""
        about = words.terms(query.subject) or ([query.subject.casefold()] if query.subject.strip() else [])
        asked = list(dict.fromkeys(words.terms(query.text)))[:MOST_TERMS]
        if not asked and query.text.strip():
            return ()  # nothing but "what is it"
        if not asked:
            return tuple((memory, 1.0) for memory in self._latest(query, frozenset(about)))
        nearest = self._index.nearest
        mask = nearest.mask(query.wanted)
        if not mask.any():
            return ()
        span = self._span(nearest, mask)
        hits, weights = self._words(asked, query, about, span, mask)
        vector = self._index.query(query.text)
        close = nearest.closest(signs(vector), mask, CANDIDATES) if vector is not None and vector.any() else _NO_ROWS
        candidates = nearest.ids(np.union1d(hits, close))
        return self._judged(candidates, query, weights, frozenset(about), vector, now_s, floor)

    def _latest(self, query: Query, about: frozenset[str]) -> tuple[Memory, ...]:
        """Newest first; all of them have score 1."""
        wanted = query.wanted
        where = f"what IN ({', '.join('?' * len(wanted.what))}) AND at_s >= ?"
        where += "" if wanted.replaced else " AND replaced_s = 0"
        where += " AND at_s <= ?" if wanted.until_s else ""
        values = [*wanted.what, wanted.since_s, *([wanted.until_s] if wanted.until_s else [])]
        if about:
            where += " AND id IN (SELECT rowid FROM word WHERE word MATCH ?)"
            values.append(all_of(about))
        rows = self._connection.execute(
            f"SELECT {COLUMNS} FROM memory WHERE {where} ORDER BY at_s DESC, id DESC LIMIT ?", (*values, query.limit)
        )
        return tuple(replace(of_row(row), score=1.0) for row in rows)

    def _span(self, nearest: Nearest, mask: NDArray[np.bool_]) -> tuple[int, int]:
        rows = np.flatnonzero(mask)[[0, -1]]
        first, last = nearest.ids(rows)
        return int(first), int(last)

    def _words(
        self, asked: Sequence[str], query: Query, about: Sequence[str], span: tuple[int, int], mask: NDArray[np.bool_]
    ) -> tuple[NDArray[np.intp], Mapping[str, float]]:
        """The rows with most of what was asked, and what each word weighs."""
        nearest, kinds = self._index.nearest, query.wanted.what
        if mask.mean() > _MOST:
            kinds = ()  # what else is found is left out afterwards
        telling = [term for term in asked if term not in words.SOFT] or asked
        found = {term: self._rows(all_of((term, *about)), kinds, span) for term in telling}
        named = words.names_in(query.text)
        weights = {term: self._weight(term, len(found.get(term, ())), term in named) for term in asked}
        often = [term for term, rows in found.items() if len(rows) >= POSTINGS]
        sums = np.zeros(nearest.count, np.float32)
        for term, rows in found.items():
            sums[nearest.rows(rows)] += weights[term]
        if len(often) > 1:  # each alone was cut off; together they are rarer
            together = self._rows(all_of((*often, *about)), kinds, span)
            at = nearest.rows(together)
            sums[at] = np.maximum(sums[at], sum(weights[term] for term in often))
        sums[~mask] = 0
        some = np.flatnonzero(sums)
        if len(some) > CANDIDATES:
            newest = some * (0.01 / max(1, nearest.count))
            some = some[np.argpartition(-(sums[some] + newest), CANDIDATES)[:CANDIDATES]]
        return some, weights

    def _rows(self, match: str, kinds: Sequence[str], span: tuple[int, int]) -> Ids:
        """The newest with these words, by id. `kinds` (): of any kind."""
        if kinds:
            match = f"({match}) AND what : ({' OR '.join(kinds)})"
        found = self._connection.execute(
            "SELECT group_concat(rowid) FROM "
            "(SELECT rowid FROM word WHERE word MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid DESC LIMIT ?)",
            (match, *span, POSTINGS),
        ).fetchone()[0]
        return np.fromstring(str(found), np.int64, sep=",")[::-1] if found else np.zeros(0, np.int64)

    def _weight(self, term: str, rows: int, named: bool) -> float:
        if term in words.SOFT:
            return _SOFT
        if rows == 0:
            return _NAME if named else _UNKNOWN
        if named or self._is_subject(term):
            return _KNOWN_NAME
        count = max(2, self._index.nearest.count)
        return 0.6 + 0.4 * math.log((count + 1) / (rows + 1)) / math.log(count + 1)

    def _is_subject(self, term: str) -> bool:
        found = self._connection.execute(
            "SELECT 1 FROM memory WHERE subject = ? COLLATE NOCASE AND subject <> ''", (term,)
        )
        return found.fetchone() is not None

    def _judged(
        self,
        ids: Ids,
        query: Query,
        weights: Mapping[str, float],
        about: frozenset[str],
        vector: NDArray[np.float32] | None,
        now_s: float,
        floor: float,
    ) -> tuple[tuple[Memory, float], ...]:
        total, alike = sum(weights.values()), self._index.embedder.floor
        close = self._cosines(ids, vector)
        out: list[tuple[float, float, int, tuple[Any, ...], float]] = []
        for row in with_ids(self._connection, [int(i) for i in ids], ", words"):
            has = frozenset(row[-1].split())
            if not about <= has:
                continue
            row_id, at_s = row[0], row[_AT]
            share = sum(weight for term, weight in weights.items() if term in has) / total
            near = min(1.0, max(0.0, (close.get(row_id, 0.0) - alike) / (1 - alike)))
            fits = 0.9 * max(share, near) + 0.1 * min(share, near)
            if max(share, near) < floor:
                continue
            age_s = max(0.0, now_s - at_s)
            out.append(
                (round(fits * (1 - OLD * (1 - 2 ** (-age_s / HALF_LIFE_S))), 4), at_s, row_id, row, max(share, near))
            )
        out.sort(key=lambda one: one[:3], reverse=True)
        return tuple((replace(of_row(row), score=score), fit) for score, _, _, row, fit in out[: query.limit])

    def _cosines(self, ids: Ids, vector: NDArray[np.float32] | None) -> dict[int, float]:
        if vector is None or not len(ids):
            return {}
        marks = ", ".join("?" * len(ids))
        rows = self._connection.execute(
            f"SELECT id, vector FROM vector WHERE id IN ({marks})", [int(i) for i in ids]
        ).fetchall()
        rows = [row for row in rows if len(row[1]) == vector.shape[1]]
        if not rows:
            return {}
        small = np.frombuffer(b"".join(row[1] for row in rows), np.int8).reshape(len(rows), -1).astype(np.float32)
        lengths = np.maximum(np.linalg.norm(small, axis=1), 1e-6)
        return dict(zip((row[0] for row in rows), (small @ vector[0] / lengths).tolist(), strict=True))


_AT: Final = COLUMNS.split(", ").index("at_s")
_NO_ROWS: Final = np.zeros(0, np.intp)


def all_of(terms: Sequence[str] | frozenset[str]) -> str:
    """An FTS5 query for rows that have all of these."""
    return " AND ".join('words : "' + term.replace('"', "") + '"' for term in sorted(terms))
