"""`companion sessions open`: one page of a session, or of two runs side by side, in the browser at once.

The page is a file that needs nothing else, so no server is started and no port is opened. It holds what the recording
holds, so nobody but its owner can read it: beside a recording of the sessions folder (where `delete` finds it), else
in a private temporary folder.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import webbrowser
from collections.abc import Callable
from pathlib import Path

from companion.report.page import write_page
from companion.sessions import Outcome
from recordings.session import NAME, RecordingError


def open_page(
    path: Path,
    other: Path | None = None,
    browser: Callable[[str], object] = webbrowser.open,
    out: Path | None = None,
) -> Outcome:
    """Write the page of `path`, with `other` beside it if given, and show it. `out`: where it is to lie.

    `browser` gets the page's file:// address and says whether it could be opened; the code is 1 if not.
    """
    try:
        page = _written(path, other, out)
    except RecordingError as why:
        return Outcome(str(why), 1)
    except OSError as why:
        where = f"the page of {path.name} could not be written: {why.strerror or why}"
        return Outcome(f"{where} ({why.filename or out}). `--out FILE` writes it to another place.", 1)
    address = page.resolve().as_uri()
    try:
        shown, reason = bool(browser(address)), ""
    except (webbrowser.Error, OSError) as why:
        shown, reason = False, f" ({why})"
    if shown:
        return Outcome(f"page: {page}")
    way_out = f"Open {address} in one, or copy the file to a machine that has one: it needs nothing else."
    return Outcome(f"page: {page}\nNo browser could be opened here{reason}. {way_out}", 1)


def _written(path: Path, other: Path | None, out: Path | None) -> Path:
    if out is not None:
        return write_page(path, out, other)
    if NAME.match(path.name) and os.access(path.parent, os.W_OK):
        return write_page(path, path.parent / _name(path, other), other)
    folder = Path(tempfile.mkdtemp(prefix="earshot-page-"))
    try:
        return write_page(path, folder / _name(path, other), other)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _name(path: Path, other: Path | None) -> str:
    return f"{_stem(path)}.html" if other is None else f"{_stem(path)}-beside-{_stem(other)}.html"


def _stem(path: Path) -> str:
    """A recording's name without what says that it is one."""
    found = NAME.match(path.name)
    return found["stem"] if found else path.stem
