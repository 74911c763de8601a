"""What a session ran on: enough to say why a replay elsewhere may hear or see something else."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

# Whatever decodes, recognises, reads or speaks: other versions may give other results for the same input.
PACKAGES = (
    "earshot-companion aiortc av ctranslate2 espeakng-loader faster-whisper httpx mcap numpy onnxruntime "
    "opencv-python-headless protobuf pyttsx3 rapidocr"
)


def environment(models: Mapping[str, Path]) -> dict[str, Any]:
    """The table for `SessionInfo.environment`. `models`: name -> file, or folder of files, whose SHA-256 is kept.

    Reads every model file once per process: call it while starting up, not while somebody speaks.
    """
    return {
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpus": os.cpu_count() or 0,
        "packages": {name: found for name in PACKAGES.split() if (found := _version(name))},
        "models": {name: _hashes(path) for name, path in models.items()},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _hashes(path: Path) -> dict[str, str]:
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    root = path if path.is_dir() else path.parent
    return {str(file.relative_to(root)): _sha256(file, file.stat().st_size, file.stat().st_mtime_ns) for file in files}


@lru_cache(maxsize=256)
def _sha256(path: Path, _size: int, _written_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
