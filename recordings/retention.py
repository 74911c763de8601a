"""Recordings are kept for a while and up to a size, then the oldest go; never one that is being recorded.

Only files that carry a recording's name are looked at, so whatever else lies in the folder is safe.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recordings.partfile import in_use
from recordings.session import NAME

DAY_NS = 86_400 * 1_000_000_000


@dataclass(frozen=True, slots=True)
class Retention:
    """How much is kept. 0 switches a limit off."""

    max_age_days: float = 30.0  # a month: long enough to look into a complaint, short enough to forget
    max_bytes: int = 20_000_000_000  # about 28 hours of 720p video and sound


@dataclass(frozen=True, slots=True)
class Deleted:
    """One recording that went. `problem`: why it could not be deleted; "" = it is gone."""

    path: Path
    size_bytes: int
    reason: str
    problem: str = ""

    def __str__(self) -> str:
        what = f"{self.path.name} ({self.size_bytes / 1e6:.1f} MB): {self.reason}"
        return f"{what}, but it could not be deleted: {self.problem}" if self.problem else f"{what}, deleted"


def enforce(folder: Path, retention: Retention, now_unix_ns: int) -> list[Deleted]:
    """Delete what is beyond the limits, oldest first; what was deleted and why."""
    kept: list[tuple[int, int, Path]] = []  # last written, bytes, file
    for path in folder.glob("*.mcap*"):
        if NAME.match(path.name) and path.is_file() and not path.is_symlink():
            at = path.stat()
            kept.append((at.st_mtime_ns, at.st_size, path))
    kept.sort()
    total = sum(size for _, size, _ in kept)
    gone: list[Deleted] = []
    for written_ns, size, path in kept:
        age_days = (now_unix_ns - written_ns) / DAY_NS
        if 0 < retention.max_age_days < age_days:
            reason = f"{age_days:.0f} days old, kept are {retention.max_age_days:g}"
        elif 0 < retention.max_bytes < total:
            reason = f"all recordings had {total / 1e9:.2f} GB, kept are {retention.max_bytes / 1e9:.2f}"
        else:
            continue
        if in_use(path):
            continue
        deleted = _delete(path, size, reason)
        gone.append(deleted)
        if not deleted.problem:
            total -= size
    return gone


def _delete(path: Path, size: int, reason: str) -> Deleted:
    try:
        path.unlink()
    except OSError as why:
        return Deleted(path, size, reason, why.strerror or str(why))
    return Deleted(path, size, reason)
