"""What the rest of the companion sees of the memory: its shape and its troubles; nothing here is slow to load."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from numpy.typing import NDArray

from pipelines.events import Memory

TROUBLES: Final = {
    "locked": "another program holds it; try again, or stop that program",
    "full": "the disk is full; make room",
    "read-only": "it may not be written to; check who owns the file and its folder",
    "broken": "the file is damaged; `companion memory check` says more, the next start saves what still reads",
    "disk": "the disk does not do what is asked of it: over a quota, or failing; make room, or see the system's log",
    "sealed": "nothing was changed. Set the right passphrase; one that is lost cannot be replaced, and to begin anew "
    "you move the file away",
    "newer": "a newer companion wrote it, and it was left alone; update this one",
    "closed": "it is closed already",
    "moved": "its file was moved or deleted while it was open, and nothing more is stored; start the companion again",
}


class MemoryError_(Exception):  # noqa: N801, N818
    """Something could not be stored, found or forgotten. `trouble`: one of TROUBLES; `detail`: for the log; `way_out`:
    instead of the usual one."""

    def __init__(self, trouble: str, detail: str = "", way_out: str = "") -> None:
        super().__init__(f"the memory: {detail or trouble}: {way_out or TROUBLES[trouble]}")
        self.trouble = trouble
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Gone:
    """What was forgotten. `count`: memories; `files`: small pictures and recordings that were deleted or rewritten;
    `later`: recordings that are still being made, and are rewritten once they are closed."""

    count: int
    files: int
    later: int = 0


class MemoryStore(Protocol):
    """For any one thread at a time; every method raises MemoryError_."""

    def memorise(
        self, memory: Memory, replaces: tuple[int, ...] = (), picture: NDArray[Any] | None = None
    ) -> tuple[Memory, tuple[Memory, ...]]:
        """Store it. What was stored, with its id, and what it took the place of. `picture`: (h, w, 3) uint8 BGR."""
        ...

    def recall(
        self,
        query: str,
        what: tuple[str, ...] = (),
        subject: str = "",
        limit: int = 8,
        since_s: float = 0.0,
        until_s: float = 0.0,
        replaced: bool = False,
        question: str = "",
    ) -> tuple[Memory, ...]:
        """What fits, best first, with `score`; nothing if nothing does. `query` "": the latest. `question`: what facts
        are to answer, in the wearer's words; then they come with `fits`, and some more that are told otherwise."""
        ...

    def digest(self) -> bool:
        """A little work that makes a later `recall` quicker; whether there is more."""
        ...

    def forget(
        self,
        ids: tuple[int, ...] = (),
        subject: str = "",
        since_s: float = 0.0,
        until_s: float = 0.0,
        everything: bool = False,
    ) -> Gone:
        """Remove it from every file. Exactly one kind of thing is meant, as in the decision `Forget`."""
        ...

    def reminders(self) -> tuple[Memory, ...]:
        """Those that stand, the next one first."""
        ...

    def picture(self, name: str) -> bytes:
        """The small picture of that name, JPEG; b"" if there is none."""
        ...

    def all(self) -> Iterator[Memory]:
        """Everything, superseded ones too, oldest first."""
        ...

    def export(self, file: Path) -> int:
        """Write everything as JSON; how many memories."""
        ...

    def tidy(self) -> None:
        """Let turns go that were kept long enough, and recordings that were to be forgotten and are closed now."""
        ...

    def close(self) -> None: ...
