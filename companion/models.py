"""Speech models: which are here, where they live, and how one is fetched, once, on request.

The one idea: a model is a folder, and a folder under its final name is whole. `pull` writes into a hidden folder beside
it, compares every file with what the host says of it (size, SHA-256), loads the result once, and only then renames. An
interrupted pull leaves the hidden folder, and the next one goes on from there.

Fetching is the one named exception to "nothing leaves": it happens only in `pull`, which a person types.
huggingface_hub, already a dependency of faster-whisper, is imported by us nowhere else.
"""

from __future__ import annotations

import errno
import hashlib
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from companion.settings import data_folder
from pipelines.hearing.transcriber import Transcriber, check_folder, embedded_folder, missing_files

REPOSITORIES = {
    name: f"Systran/faster-whisper-{name}" for name in ("tiny.en", "base.en", "small.en", "tiny", "base", "small")
}
EMBEDDED = "embedded"
BEST_FIRST = (
    "base.en",
    "small.en",
    "tiny.en",
    "base",
    "small",
    "tiny",
)  # base.en: the best that keeps pace on a laptop
WANTED_FILES = (
    "config.json",
    "preprocessor_config.json",
    "model.bin",
    "tokenizer.json",
    "vocabulary.json",
    "vocabulary.txt",
)
HOST = "huggingface.co"
DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)  # ours to solve, not the host's

Progress = Callable[[str], None]


class ModelError(Exception):
    """A speech model cannot be found or fetched; the message says what to do."""


class HostUnreachableError(ModelError):
    """The model host did not answer."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file as the host describes it. `sha256`: "" where the host gives none (small text files)."""

    name: str
    size_bytes: int
    sha256: str = ""


class Hub(Protocol):
    """The two questions we ask a model host. Raises HostUnreachableError."""

    def files(self, repository: str) -> tuple[str, list[RemoteFile]]:
        """The current revision and its files."""
        ...

    def fetch(self, repository: str, revision: str, name: str, folder: Path, on_bytes: Callable[[int], None]) -> None:
        """Write one file into `folder`, going on where an earlier try stopped; `on_bytes`: bytes more than before."""
        ...


@dataclass(frozen=True, slots=True)
class InstalledModel:
    name: str
    folder: Path
    size_bytes: int
    problem: str = ""  # "" or what is missing


def models_folder() -> Path:
    """Where pulled models live: in the user's data folder, beside the recordings."""
    return data_folder() / "models"


def installed() -> list[InstalledModel]:
    """The embedded model first, then what was pulled, by name."""
    folder = models_folder()
    pulled = sorted(p for p in folder.iterdir() if p.is_dir() and p.name[0] != ".") if folder.is_dir() else []
    return [_describe(EMBEDDED, embedded_folder()), *(_describe(p.name, p) for p in pulled)]


def listing() -> str:
    """What `companion models list` prints: a line a model, then what could be pulled."""
    models = installed()
    lines = []
    for model in models:
        state = f"incomplete, missing {model.problem}" if model.problem else f"{model.size_bytes / 1e6:.1f} MB"
        note = "  only the demo's phrases" if model.name == EMBEDDED else ""
        lines.append(f"{model.name:<10} {state:<12} {model.folder}{note}")
    more = [name for name in REPOSITORIES if name not in {m.name for m in models}]
    if more:
        lines.append(f"to fetch one: companion models pull NAME   ({', '.join(more)})")
    return "\n".join(lines)


def best() -> str:
    """The name of the most able model that is here and whole; the built-in one, which knows little, comes last."""
    here = {model.name for model in installed() if not model.problem}
    return next((name for name in BEST_FIRST if name in here), EMBEDDED)


def find(name_or_path: str) -> Path:
    """The folder of a whole model: "embedded" (or ""), a pulled model's name, or a path. Raises ModelError."""
    if name_or_path in ("", EMBEDDED):
        folder = embedded_folder()
    elif (models_folder() / name_or_path).is_dir() and "/" not in name_or_path:
        folder = models_folder() / name_or_path
    elif name_or_path in REPOSITORIES:
        raise ModelError(f"the speech model {name_or_path} is not here yet: companion models pull {name_or_path}")
    else:
        folder = Path(name_or_path).expanduser()
    try:
        check_folder(folder)
    except FileNotFoundError as error:
        raise ModelError(str(error)) from error
    return folder


def pull(
    name: str,
    progress: Progress = print,
    hub: Hub | None = None,
    load: Callable[[Path], object] = Transcriber.load,
) -> Path:
    """Fetch a model, verify it, load it once, give its folder; nothing to do if it is there. Raises ModelError."""
    if name not in REPOSITORIES:
        raise ModelError(f"no model called {name!r} to fetch; there are: {', '.join(REPOSITORIES)}. {_by_path()}")
    final, partial = models_folder() / name, models_folder() / f".pulling-{name}"
    if final.is_dir() and not missing_files(final):
        progress(f"{name} is already in {final}")
        return final
    try:
        partial.mkdir(parents=True, exist_ok=True)
        _fetch(REPOSITORIES[name], partial, progress, hub or _hugging_face())
        check_folder(partial)
        load(partial)
    except HostUnreachableError as error:
        raise HostUnreachableError(f"could not reach the model host {HOST}: {error}; {_by_path()}") from error
    except ModelError:
        raise
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(
            f"{name} was fetched into {partial} but is no use: {error}; delete it and pull again"
        ) from error
    shutil.rmtree(partial / ".cache", ignore_errors=True)  # the hub client's notes for going on after a break
    shutil.rmtree(final, ignore_errors=True)
    partial.rename(final)
    progress(f"{name} is ready in {final}. Use it: companion run --set hearing.model={name}")
    return final


def _fetch(repository: str, folder: Path, progress: Progress, hub: Hub) -> None:
    """Every wanted file into `folder`, verified; files that are already right are not fetched again."""
    revision, found = hub.files(repository)
    wanted = [file for file in found if file.name in WANTED_FILES]
    total = sum(file.size_bytes for file in wanted)
    progress(f"{repository}: {len(wanted)} files, {total / 1e6:.0f} MB, revision {revision[:12]}")
    for file in wanted:
        if not wrong_with(folder / file.name, file):
            progress(f"  {file.name}: already here")
            continue
        (folder / file.name).unlink(missing_ok=True)
        hub.fetch(repository, revision, file.name, folder, _counter(file, progress))
        problem = wrong_with(folder / file.name, file)
        if problem:
            (folder / file.name).unlink(missing_ok=True)
            raise ModelError(f"{file.name} of {repository} arrived damaged ({problem}): pull again")
        progress(f"  {file.name}: {file.size_bytes / 1e6:.1f} MB, verified")


def wrong_with(path: Path, file: RemoteFile) -> str:
    """ "" if the file at `path` is what the host described, else what is wrong."""
    if not path.is_file():
        return "missing"
    size = path.stat().st_size
    if size != file.size_bytes:
        return f"{size} bytes instead of {file.size_bytes}"
    if file.sha256 and _sha256(path) != file.sha256:
        return "its SHA-256 differs"
    return ""


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _counter(file: RemoteFile, progress: Progress, step_percent: int = 10) -> Callable[[int], None]:
    """A line each tenth of a large file."""
    done, said = 0, 0

    def count(more: int) -> None:
        nonlocal done, said
        done += more
        percent = 100 * done // max(1, file.size_bytes)
        if file.size_bytes > 1_000_000 and step_percent * (percent // step_percent) > said and percent < 100:
            said = step_percent * (percent // step_percent)
            progress(f"  {file.name}: {said} % of {file.size_bytes / 1e6:.0f} MB")

    return count


def _by_path() -> str:
    return "any CTranslate2 Whisper folder works by path: companion run --set hearing.model=PATH"


def _describe(name: str, folder: Path) -> InstalledModel:
    size = sum(p.stat().st_size for p in folder.iterdir() if p.is_file()) if folder.is_dir() else 0
    return InstalledModel(name, folder, size, ", ".join(missing_files(folder)))


def _hugging_face() -> Hub:
    """The real host, through its own client, which resumes, retries and checks as it goes."""
    import huggingface_hub

    class HuggingFace:
        def files(self, repository: str) -> tuple[str, list[RemoteFile]]:
            info: Any = _reaching(
                lambda: huggingface_hub.HfApi().model_info(repository, files_metadata=True, timeout=15)
            )
            siblings: Iterable[Any] = info.siblings or ()
            return str(info.sha), [
                RemoteFile(s.rfilename, int(s.size or 0), s.lfs.sha256 if s.lfs else "") for s in siblings
            ]

        def fetch(
            self, repository: str, revision: str, name: str, folder: Path, on_bytes: Callable[[int], None]
        ) -> None:
            bar = _bar(on_bytes)
            _reaching(
                lambda: huggingface_hub.hf_hub_download(
                    repository, name, revision=revision, local_dir=folder, tqdm_class=bar
                )
            )

    return HuggingFace()


def _reaching(ask: Callable[[], Any]) -> Any:
    """Call the host's client; whatever it raises (its own errors, its transport's) becomes one error of ours."""
    try:
        return ask()
    except Exception as error:
        if isinstance(error, OSError) and error.errno in DISK_ERRORS:
            raise
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise HostUnreachableError(first_line) from error


def _bar(on_bytes: Callable[[int], None]) -> Any:
    """A progress bar class that draws nothing and hands on how many bytes came."""
    from tqdm import tqdm  # type: ignore[import-untyped]

    class Bar(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{**kwargs, "disable": True})
            on_bytes(int(kwargs.get("initial") or 0))  # came in an earlier try

        def update(self, n: float | None = 1) -> bool | None:
            on_bytes(int(n or 0))
            return None

    return Bar
