"""Reports by content: what was replayed once, with this recording, this code and these settings, is not replayed again.

    FOLDER/<sha256 of the recording>/<sha256 of recording, code, function and settings>.json

Nothing is looked up by name or time, so a recording may be moved or copied. Each file appears whole or not at all
(written beside, then renamed), whoever else writes it: equal keys have equal reports. One that is damaged is no report.
A report holds words of its session, so the folder is for its owner only, and all that is known of one recording can be
forgotten at once (`forget`).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from companion.settings import data_folder

FORMAT = "earshot-replays/1"
KEPT_DAYS = 90.0  # a report that nobody asked for in a quarter of a year was made by code that is gone
_DAY_S = 86_400.0
_SHA256 = re.compile("[0-9a-f]{64}")  # nothing else in the folder is ours


def default_folder() -> Path:
    """Beside the recordings and models."""
    return data_folder() / "replays"


class Store:
    """A folder of reports. Any number of processes may use it at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self) -> None:
        """Make the folder. Raises OSError."""
        if not self.folder.is_dir():
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            self.folder.mkdir(mode=0o700, exist_ok=True)

    def get(self, key: str, file_sha256: str) -> dict[str, Any] | None:
        """The report; None if there is none, or none that is whole. It counts as used now."""
        path = self._path(key, file_sha256)
        try:
            entry = json.loads(path.read_bytes())
        except (OSError, ValueError):
            return None
        if not isinstance(entry, dict) or entry.get("format") != FORMAT or entry.get("key") != key:
            return None
        report = entry.get("report")
        if not isinstance(report, dict) or entry.get("sha256") != _sum(report):
            return None
        with suppress(OSError):  # a store that may only be read
            os.utime(path)
        return report

    def put(self, key: str, file_sha256: str, report: dict[str, Any]) -> None:
        """Keep a report, in place of what may be there. Raises OSError as the disk does."""
        path = self._path(key, file_sha256)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        entry = {"format": FORMAT, "key": key, "file": file_sha256, "sha256": _sum(report), "report": report}
        beside = path.with_name(f"{key}.{uuid.uuid4().hex}.tmp")
        fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(json.dumps(entry, ensure_ascii=False).encode("utf-8", "replace"))
        beside.replace(path)

    def forget(self, file_sha256: str) -> bool:
        """Delete all that is known of this recording; True if there was something."""
        folder = self.folder / file_sha256
        if not file_sha256 or not folder.is_dir():
            return False
        shutil.rmtree(folder, ignore_errors=True)
        return True

    def tidy(self, now_unix_s: float | None = None) -> int:
        """Delete what was not used for KEPT_DAYS, and what killed writers left; how many files went."""
        now_s = time.time() if now_unix_s is None else now_unix_s
        oldest_s = {".json": now_s - KEPT_DAYS * _DAY_S, ".tmp": now_s - _DAY_S}
        gone = 0
        for folder in self.folder.iterdir() if self.folder.is_dir() else ():
            if not (_SHA256.fullmatch(folder.name) and folder.is_dir()):
                continue
            for path in folder.iterdir():
                with suppress(OSError):  # gone already, or not ours to delete
                    if _SHA256.match(path.name) and path.stat().st_mtime < oldest_s.get(path.suffix, 0.0):
                        path.unlink()
                        gone += 1
            with suppress(OSError):  # not empty
                folder.rmdir()
        return gone

    def _path(self, key: str, file_sha256: str) -> Path:
        return self.folder / file_sha256 / f"{key}.json"


def _sum(report: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(report, sort_keys=True).encode()).hexdigest()
