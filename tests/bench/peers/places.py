"""Where the neutral client and the other frameworks live, and how their environments are made.

The client is not ours and lies outside this repository: `--harness` or EARSHOT_BENCH name its folder (it holds
`harness/` and `peers/`), else `shared/bench` beside the repository is tried. It is copied into the work folder, since
it writes beside itself. Each framework gets a virtual environment of its own in the work folder (`.peers/`), or, if
EARSHOT_PEERS names one, in that: made on first use, and left alone if it is there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
NEEDED = ("harness/run.py", "harness/client.py", "harness/media.py", "peers/pipecat_bot.py")
CLIENT_PACKAGES = ("aiortc==1.16.0", "aiohttp", "numpy", "pillow")
INSTALL_LIMIT_S = 1800


class AbsentError(RuntimeError):
    """Something that is not part of this repository is missing. The message says what, and what to do."""


@dataclass(frozen=True, slots=True)
class Places:
    """`bench`: our copy of the client; `results`: one file a run; `venvs`: a folder with an environment a framework."""

    bench: Path
    results: Path
    venvs: Path

    def python(self, environment: str) -> Path:
        return self.venvs / environment / "bin" / "python"


def find(harness: Path | None, work: Path | None) -> Places:
    """Raises AbsentError if the client is not there."""
    source = harness or Path(os.environ.get("EARSHOT_BENCH") or REPOSITORY.parent / "shared" / "bench")
    missing = [name for name in NEEDED if not (source / name).is_file()]
    if missing:
        raise AbsentError(
            f"the neutral client is not in {source} (no {missing[0]}): it is no part of this repository; name its "
            "folder with --harness or EARSHOT_BENCH"
        )
    work = work or REPOSITORY / ".peers"
    bench = work / "bench"
    for part in ("harness", "peers"):
        shutil.copytree(source / part, bench / part, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    results = work / "results"
    results.mkdir(parents=True, exist_ok=True)
    given = os.environ.get("EARSHOT_PEERS")
    return Places(bench, results, Path(given).expanduser() if given else work)


def make_environment(places: Places, name: str, packages: tuple[str, ...], imports: str) -> None:
    """See that `import …` works in the environment, which is made if it is not there. Raises AbsentError."""
    python = places.python(name)
    if not python.exists():
        print(f"  making the environment {name} in {python.parent.parent} (once) …", flush=True)
        _run([sys.executable, "-m", "venv", str(python.parent.parent)], name)
        try:
            _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], name)
        except AbsentError:
            shutil.rmtree(
                python.parent.parent, ignore_errors=True
            )  # half an environment would be taken for a whole one
            raise
    _run([str(python), "-c", f"import {imports}"], name)


def _run(command: list[str], name: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_LIMIT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AbsentError(f"its environment {name} could not be made: {error}") from error
    if done.returncode != 0:
        lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip() and "WARNING" not in line]
        raise AbsentError(
            f"its environment {name} could not be made or used: {lines[-1][:200] if lines else 'no reason'}"
        )
