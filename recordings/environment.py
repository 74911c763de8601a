"""What a session ran on: enough to say why a replay elsewhere may hear or see something else.

Two tables are compared with `differing`: our own code by its hash, packages by version and by the hash of what they
installed, models by the hash of each file, the processor by its class and threads. A table is made once per process.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

# Whatever decodes, recognises, reads or speaks: other versions may give other results for the same input.
PACKAGES = (
    "earshot-companion aiortc av ctranslate2 espeakng-loader faster-whisper httpx mcap numpy onnxruntime "
    "opencv-python-headless protobuf pyttsx3 rapidocr"
)
OWN_FOLDERS = ("companion", "pipelines", "recordings")

# What decides which kernels numpy, onnxruntime and ctranslate2 pick; sums in another order round differently.
_CPU_CLASSES = (("avx512", {"avx512f"}), ("avx2", {"avx2", "fma"}), ("avx", {"avx"}), ("neon", {"asimd"}))
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "CT2_NUM_THREADS")
# Written by the installer, not by the package: they tell where and how it was installed.
_INSTALLERS = ("INSTALLER", "REQUESTED", "RECORD", "direct_url.json", "uv_cache.json")


def environment(models: Mapping[str, Path]) -> dict[str, Any]:
    """The table for `SessionInfo.environment`. `models`: name -> file, or folder of files, whose SHA-256 is kept.

    Reads every model file once per process: call it while starting up, not while somebody speaks.
    """
    versions, contents = _packages()
    return {
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpus": os.cpu_count() or 0,
        "cpu": cpu_class(),
        "threads": _threads(),
        "code": code_sha256(),
        "packages": dict(versions),
        "package_contents": dict(contents),
        "models": {name: _hashes(path) for name, path in models.items()},
    }


def differing(one: Mapping[str, Any], other: Mapping[str, Any], under: str = "") -> Iterator[tuple[str, Any, Any]]:
    """(where, its value here, its value there) of every entry that two tables have different values for.

    An entry that only one of them has is not one: an older recording knew less.
    """
    for name in sorted(one.keys() & other.keys()):
        here, there = one[name], other[name]
        if isinstance(here, Mapping) and isinstance(there, Mapping):
            yield from differing(here, there, f"{under}{name}.")
        elif here != there:
            yield f"{under}{name}", here, there


@lru_cache(maxsize=1)
def code_sha256() -> str:
    """One hash over all our own Python files, by name and content: equal hashes mean that the same code decides."""
    root = Path(__file__).resolve().parent.parent
    total = hashlib.sha256()
    for folder in OWN_FOLDERS:
        for file in sorted((root / folder).rglob("*.py"), key=lambda path: path.relative_to(root).as_posix()):
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            total.update(f"{file.relative_to(root).as_posix()} {content}\n".encode())
    return total.hexdigest()


@lru_cache(maxsize=1)
def cpu_class() -> str:
    """The widest vector instructions that matter: "avx512", "avx2", "avx", "neon"; "" if that cannot be told."""
    if platform.machine().lower() in ("arm64", "aarch64"):
        return "neon"
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return ""
    flags = set(next((line.partition(":")[2] for line in lines if line.startswith(("flags", "Features"))), "").split())
    return next((name for name, needed in _CPU_CLASSES if needed <= flags), "")


def _threads() -> dict[str, Any]:
    """How many threads a library may take by default, and what was set to change that."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 0
    return {"usable": usable} | {name: os.environ[name] for name in _THREAD_VARIABLES if name in os.environ}


@lru_cache(maxsize=1)
def _packages() -> tuple[dict[str, str], dict[str, str]]:
    """Version, and hash of the contents, by package."""
    versions: dict[str, str] = {}
    contents: dict[str, str] = {}
    for name in PACKAGES.split():
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        versions[name] = found.version
        if content := _content_sha256(found):
            contents[name] = content
    return versions, contents


def _content_sha256(package: Distribution) -> str:
    """The hash of what a package's RECORD says it installed, the same in every place that it is installed in.

    Scripts (they begin with the interpreter's path), compiled files and the installer's notes are left out. "" for a
    package that is installed as a link to its sources: our own is, and `code` is its hash.
    """
    lines = []
    for line in (package.read_text("RECORD") or "").splitlines():
        path, _, rest = line.partition(",")
        name = path.rpartition("/")[2]
        if rest.startswith("sha256=") and not path.startswith(("..", "/")) and name not in _INSTALLERS:
            lines.append(line)
    linked = package.read_text("direct_url.json") or ""
    if not lines or '"editable": true' in linked or '"editable":true' in linked:
        return ""
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _hashes(path: Path) -> dict[str, str]:
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    root = path if path.is_dir() else path.parent
    return {str(file.relative_to(root)): _sha256(file, file.stat().st_size, file.stat().st_mtime_ns) for file in files}


@lru_cache(maxsize=256)
def _sha256(path: Path, _size: int, _written_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
