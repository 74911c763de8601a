"""A database in which some facts were told, one a second from a Monday on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from companion.memory.embed import HashedGrams
from companion.memory.settings import MemorySettings
from companion.memory.store import Store, open_store
from pipelines.memory.errand import fact
from tests.bench.memory.dialogue import FIRST

MONDAY_S = FIRST.timestamp()


def opened(folder: Path) -> Store:
    return open_store(MemorySettings(), folder, HashedGrams())


@contextmanager
def remembered(folder: Path, told: Sequence[str]) -> Iterator[Store]:
    """Closed behind it. What the facts mean is not worked out yet."""
    store = opened(folder)
    for at, text in enumerate(told):
        store.memorise(fact(text, MONDAY_S + at))
    yield store
    store.close()
