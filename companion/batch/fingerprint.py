"""What a replay's outcome depends on, as hashes: the recording's bytes, the code, the settings of the job.

No cache of file hashes by name, size and time of writing: tools that copy keep all three (rsync -t, tar), and a stale
"same" is the worst thing that a comparison can say. Hashing costs 0.6 s a GB, less than replaying it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import platform
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any

from recordings.environment import environment
from recordings.session import RecordingError

FLOORS = ("companion", "recordings", "pipelines")
_NOT_CODE = {"__pycache__", "samples"}


def sha256_of(path: Path) -> str:
    """The SHA-256 of one file's content. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def forget_code() -> None:
    """Look at the code anew: a batch begins."""
    code_digest.cache_clear()


@lru_cache(maxsize=8)
def code_digest(fn_name: str = "") -> str:
    """The SHA-256 of everything that decides besides the recording and the job's settings.

    That is: every file of the packages of the floors as they are installed (source, built-in models, tables; recorded
    samples are no code), the source file of the job's function if it lies elsewhere, the versions of Python and of
    all packages that decode, recognise, read or parse, and the machine's architecture. A comment that changed counts
    as a change; the other mistake would be the worse one. Speech models that a person fetched are not in it: a job
    that uses one names its file as a `Path` among its settings.

    Once per process: a worker that started before an edit says so rather than keep what it computes.
    """
    sha = hashlib.sha256()
    about = environment({})
    machine = [sys.version, platform.machine(), about["packages"]]
    sha.update(json.dumps(machine, sort_keys=True).encode())
    for floor in FLOORS:
        for root in _folders_of(floor):
            _add_files(sha, floor, root)
    module = fn_name.partition(":")[0]
    if module and module.partition(".")[0] not in FLOORS:
        source = importlib.util.find_spec(module)
        if source and source.origin and Path(source.origin).is_file():
            sha.update(f"{module} {sha256_of(Path(source.origin))}\n".encode())
    return sha.hexdigest()


def _folders_of(package: str) -> list[Path]:
    spec = importlib.util.find_spec(package)
    return [Path(folder) for folder in (spec.submodule_search_locations or [])] if spec else []


def _add_files(sha: Any, name: str, root: Path) -> None:
    for file in sorted(root.rglob("*")):
        inside = file.relative_to(root)
        if file.is_file() and not _NOT_CODE.intersection(inside.parts):
            sha.update(f"{name}/{inside.as_posix()} {sha256_of(file)}\n".encode())


def settings_text(job: Any) -> str:
    """All fields of a job but `path`, as JSON that is equal exactly if they are. A `Path` among them stands for the
    content of that file or folder: a prompt that was edited is another setting.

    Raises:
        RecordingError: a file named there cannot be read, or a value has no form that could be compared.
    """
    own = {field.name: _canonical(getattr(job, field.name)) for field in fields(job) if field.name != "path"}
    return json.dumps([type(job).__qualname__, own], sort_keys=True, separators=(",", ":"))


def key_of(file_sha256: str, code: str, fn_name: str, settings: str) -> str:
    """The name under which a report is kept."""
    return hashlib.sha256(json.dumps([file_sha256, code, fn_name, settings]).encode()).hexdigest()


def _canonical(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, Path):
        return {"file": value.name, "sha256": _content(value)}
    if isinstance(value, Enum):
        return value.name
    if is_dataclass(value) and not isinstance(value, type):
        return [type(value).__qualname__, {f.name: _canonical(getattr(value, f.name)) for f in fields(value)}]
    if isinstance(value, Mapping):
        return {"map": sorted(([_canonical(k), _canonical(v)] for k, v in value.items()), key=json.dumps)}
    if isinstance(value, set | frozenset):
        return {"set": sorted((_canonical(one) for one in value), key=json.dumps)}
    if isinstance(value, tuple | list):
        return [_canonical(one) for one in value]
    raise RecordingError(
        f"a job's setting {value!r} ({type(value).__name__}) cannot be compared with an earlier run's: "
        "use plain values, paths, tuples, mappings and dataclasses of these."
    )


def _content(path: Path) -> str:
    try:
        if not path.is_dir():
            return sha256_of(path)
        sha = hashlib.sha256()
        _add_files(sha, "", path)
        return sha.hexdigest()
    except OSError as why:
        raise RecordingError(f"{path} cannot be read: {why.strerror or why}. Name a file that is there.") from why
