"""All vectors in memory, as 512 signs each: what lies close is found by counting bits, and computed only for a few.

A row takes 81 bytes whatever made its vector: 8.1 MB for 100,000 memories, 81 MB for a million. The signs are those of
the vector's products with 512 fixed directions; two vectors at the angle a differ in a / pi of them, give or take 2 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from companion.memory.embed import Vectors

SIGNS: Final = 512
_LONGS: Final = SIGNS // 64
KINDS: Final = ("fact", "place", "turn", "reminder")
Ids = NDArray[np.int64]
Signs = NDArray[np.uint64]


@lru_cache(maxsize=4)
def _directions(dimensions: int) -> Vectors:
    """(dimensions, SIGNS), the same on every machine."""
    state = np.random.RandomState(8)  # its stream is frozen, unlike that of newer generators
    return np.asarray(state.standard_normal((dimensions, SIGNS)), np.float32)


def signs(vectors: Vectors) -> Signs:
    """(n, 8) of uint64; a vector of zeros has none set."""
    bits = np.packbits(vectors @ _directions(vectors.shape[1]) > 0, axis=1)
    return bits.view(np.uint64)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows count. `what`: kinds; times as in `Recall`."""

    what: tuple[str, ...]
    since_s: float = 0.0
    until_s: float = 0.0
    replaced: bool = False


class Nearest:
    """Rows in the order of their ids. Grows by half; what is removed is moved over."""

    def __init__(self) -> None:
        self.count = 0
        self._room(1024)

    def _room(self, rows: int) -> None:
        def grown(old: NDArray[Any] | None, shape: tuple[int, ...], kind: Any) -> NDArray[Any]:
            new = np.zeros(shape, kind)
            if old is not None:
                new[..., : self.count] = old[..., : self.count]
            return new

        first = not hasattr(self, "_ids")
        self._ids: Ids = grown(None if first else self._ids, (rows,), np.int64)
        self._at_s: NDArray[np.float64] = grown(None if first else self._at_s, (rows,), np.float64)
        self._kind: NDArray[np.uint8] = grown(None if first else self._kind, (rows,), np.uint8)
        self._signs: Signs = grown(None if first else self._signs, (_LONGS, rows), np.uint64)

    @property
    def size_bytes(self) -> int:
        return self._ids.nbytes + self._at_s.nbytes + self._kind.nbytes + self._signs.nbytes

    @property
    def last_id(self) -> int:
        return int(self._ids[self.count - 1]) if self.count else 0

    def add(self, ids: Sequence[int], at_s: Sequence[float], kind: Sequence[int], found: Signs) -> None:
        """Rows behind those that are there. `kind`: see `kind_of`."""
        count, new = self.count, len(ids)
        if count + new > len(self._ids):
            self._room(max(count + new, len(self._ids) * 3 // 2))
        to = slice(count, count + new)
        self._ids[to], self._at_s[to], self._kind[to], self._signs[:, to] = ids, at_s, kind, found.T
        self.count += new

    def sign(self, row_id: int, found: Signs) -> None:
        """The vector of a row that had none."""
        at = self._at(row_id)
        if at >= 0:
            self._signs[:, at] = found[0]

    def replace(self, row_id: int) -> None:
        """This one was superseded."""
        at = self._at(row_id)
        if at >= 0:
            self._kind[at] |= REPLACED

    def remove(self, ids: Sequence[int]) -> None:
        keep = ~np.isin(self._ids[: self.count], np.asarray(ids, np.int64))
        kept = int(keep.sum())
        for array in (self._ids, self._at_s, self._kind, self._signs):
            array[..., :kept] = array[..., : self.count][..., keep]
            array[..., kept : self.count] = 0
        self.count = kept

    def mask(self, wanted: Wanted) -> NDArray[np.bool_]:
        """(count,) which rows count."""
        n = self.count
        kinds = np.zeros(256, bool)
        for what in wanted.what:
            kinds[kind_of(what, False)] = True
            kinds[kind_of(what, True)] = wanted.replaced
        out: NDArray[np.bool_] = kinds[self._kind[:n]]
        if wanted.since_s:
            out &= self._at_s[:n] >= wanted.since_s
        if wanted.until_s:
            out &= self._at_s[:n] <= wanted.until_s
        return out

    def rows(self, ids: Ids) -> NDArray[np.intp]:
        """Where these stand; those that are not there are left out."""
        at = np.searchsorted(self._ids[: self.count], ids)
        inside = at < self.count
        at, ids = at[inside], ids[inside]
        found: NDArray[np.intp] = at[self._ids[at] == ids]
        return found

    def ids(self, rows: NDArray[np.intp]) -> Ids:
        return self._ids[rows]

    def closest(self, query: Signs, mask: NDArray[np.bool_], count: int) -> NDArray[np.intp]:
        """Rows with the fewest differing signs, in no order."""
        n = self.count
        differ = np.zeros(n, np.uint16)
        for column, long in zip(self._signs, query[0], strict=True):
            differ += np.bitwise_count(column[:n] ^ long)
        differ[~mask] = SIGNS + 1
        count = min(count, n)
        if count == 0:
            return np.zeros(0, np.intp)
        upto = np.searchsorted(np.cumsum(np.bincount(differ, minlength=SIGNS + 2)), count)  # faster than sorting
        best = np.flatnonzero(differ < upto)
        more = np.flatnonzero(differ == upto)[: count - len(best)] if upto <= SIGNS else best[:0]
        return np.concatenate((best[differ[best] <= SIGNS], more))

    def _at(self, row_id: int) -> int:
        found = self.rows(np.array([row_id], np.int64))
        return int(found[0]) if found.size else -1


REPLACED: Final = 128


def kind_of(what: str, replaced: bool) -> int:
    """A kind as a small number; kinds of a later version share one."""
    known = KINDS.index(what) if what in KINDS else len(KINDS)
    return known | (REPLACED if replaced else 0)
