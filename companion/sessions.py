"""What a person can do with their recordings: list them, look into one, delete, mend a torn one.

Each function takes the folder and plain words, and returns the text to print and the exit code; no argument parsing
and no printing happens here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from companion.terminal import harmless
from recordings.overview import Overview, overview
from recordings.partfile import in_use
from recordings.reader import Recording, what_it_is
from recordings.recover import recover as recover_file
from recordings.recover import recover_all
from recordings.session import DAMAGED_SUFFIX, DONE_SUFFIX, NAME, OPEN_SUFFIX, RecordingError
from recordings.turns import Turn, turns_of

_SUFFIXES = (DONE_SUFFIX, OPEN_SUFFIX, DAMAGED_SUFFIX)
_STATES = {
    "finished": "",
    "recording": "recording now",
    "torn": "torn: `companion sessions recover` mends it",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to print, and the exit code: 0 done, 1 not done (the text says why and what to do)."""

    text: str
    code: int = 0


def list_sessions(folder: Path) -> Outcome:
    """All sessions of the folder, oldest first."""
    files = _files(folder)
    if not files:
        return Outcome(f"No recordings in {folder}. `companion demo` makes one, and so does every `companion run`.")
    rows: list[tuple[str, ...]] = [("SESSION", "WHEN", "LENGTH", "SIZE", "TURNS", "")]
    total = 0
    for path in files:
        total += path.stat().st_size
        try:
            rows.append(_row(overview(path)))
        except RecordingError:
            rows.append((_stem(path), "", "", _size(path.stat().st_size), "", f"unreadable: {what_it_is(path)}"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if column in (2, 3, 4) else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    lines.append(f"{len(files)} in {folder}, {_size(total)}")
    return Outcome("\n".join(lines))


def show(folder: Path, wanted: str) -> Outcome:
    """One session, turn by turn. `wanted`: the beginning of its name or id, "last", or a file."""
    try:
        path = find(folder, wanted)
        about, recording = overview(path), Recording(path)
        turns = turns_of(recording)
        logs = [line for line in recording.logs() if line.level in ("ERROR", "FATAL")]
    except RecordingError as why:
        return Outcome(str(why), 1)
    info = about.info
    lines = [
        f"{path}",
        f"{_when(info.t0_unix_ns)}, {_length(about.duration_ns)}, {_size(about.size_bytes)}, "
        f"{len(turns)} {'turn' if len(turns) == 1 else 'turns'}"
        + (f", device: {info.device}" if info.device else "")
        + f", recorded by Earshot {info.recorder}",
    ]
    if recording.torn and about.state != "recording":
        lines.append(f"torn: {recording.torn}; `companion sessions recover {_stem(path)}` mends it")
    for turn in turns:
        lines += ["", *_turn_lines(turn)]
    if logs:
        told = (f"  {_clock(line.t_ns)}  {harmless(line.name)}: {harmless(line.text)}" for line in logs)
        lines += ["", "errors in the log:", *told]
    return Outcome("\n".join(lines))


def delete(folder: Path, wanted: Sequence[str]) -> Outcome:
    """Delete sessions, each named by the beginning of its name or id, or "last"; none if one of them is not found."""
    try:
        stems = {_stem(find(folder, one)) for one in wanted}
    except RecordingError as why:
        return Outcome(f"{why} Nothing was deleted.", 1)
    paths = [path for stem in sorted(stems) for path in _of(folder, stem)]
    for path in paths:
        if in_use(path):
            return Outcome(f"{path.name} is being recorded right now: stop that session first. Nothing was deleted.", 1)
    lines, code = [], 0
    for path in paths:
        size = path.stat().st_size
        try:
            _forget_reports(path)
            path.unlink()
            lines.append(f"deleted {path.name} ({_size(size)})")
        except OSError as why:
            lines.append(f"{path.name} was not deleted: {why.strerror or why}. Check the permissions of {folder}.")
            code = 1
    return Outcome("\n".join(lines), code)


def recover(folder: Path, wanted: str = "") -> Outcome:
    """Mend one session, or every torn one if none is named. The code is 1 if one of them could not be mended."""
    if wanted:
        try:
            return Outcome(str(recover_file(find(folder, wanted))))
        except RecordingError as why:
            return Outcome(str(why), 1)
    results = list(recover_all(folder))
    if not results:
        return Outcome(f"Nothing to mend in {folder}.")
    return Outcome("\n".join(map(str, results)), int(any(isinstance(one, RecordingError) for one in results)))


def find(folder: Path, wanted: str) -> Path:
    """The one recording that `wanted` means. Raises RecordingError that lists the choices if it is none or several."""
    if Path(wanted).suffix and Path(wanted).is_file():
        return Path(wanted)
    files = _files(folder)
    if wanted == "last" and files:
        return files[-1]
    found: dict[str, Path] = {}
    for path in files:  # a finished file comes before its damaged original
        stem = _stem(path)
        began = any(name.lower().startswith(wanted.lower()) for name in (stem, stem.partition("-")[2]))
        if wanted and began:
            found.setdefault(stem, path)
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        raise RecordingError(f"{wanted!r} may be any of {', '.join(found)}: give more of the name.")
    there = f"There are {len(files)}; `companion sessions list` shows them." if files else "There are none yet."
    raise RecordingError(f"No recording in {folder} begins with {wanted!r}. {there}")


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    named = [path for path in folder.iterdir() if NAME.match(path.name) and path.is_file()]
    return sorted(named, key=lambda path: (_stem(path), _SUFFIXES.index(path.name[len(_stem(path)) :])))


def forget_made(path: Path) -> None:
    """Delete what was made of a recording beside it, and what batches kept of it. Raises OSError."""
    _forget_reports(path)
    for made in _of(path.parent, _stem(path)):
        if not made.name.endswith(_SUFFIXES):
            made.unlink(missing_ok=True)


def _forget_reports(path: Path) -> None:
    """What batches kept of a session quotes its words."""
    from companion.batch.fingerprint import sha256_of
    from companion.batch.store import Store, default_folder

    if path.name.endswith(DONE_SUFFIX) and (kept := default_folder()).is_dir():
        Store(kept).forget(sha256_of(path))


def _of(folder: Path, stem: str) -> list[Path]:
    """A session's file, and the pages and films made of it beside it: they hold what it holds."""
    made = [*folder.glob(f"{stem}.html"), *folder.glob(f"{stem}-beside-*.html"), *folder.glob(f"*-beside-{stem}.html")]
    made += [path for suffix in (".mp4", ".webm", ".mkv", ".vtt", ".rrd") for path in folder.glob(f"{stem}{suffix}")]
    return [p for suffix in _SUFFIXES if (p := folder / f"{stem}{suffix}").is_file()] + sorted(set(made))


def _stem(path: Path) -> str:
    found = NAME.match(path.name)
    return found["stem"] if found else path.name


def _row(about: Overview) -> tuple[str, ...]:
    state = _STATES[about.state]
    if about.path.name.endswith(DAMAGED_SUFFIX):
        state = "damaged original of a mended session"
    when, length = _when(about.info.t0_unix_ns), _length(about.duration_ns)
    return (_stem(about.path), when, length, _size(about.size_bytes), str(about.turns), state)


def _turn_lines(turn: Turn) -> list[str]:
    facts = [("asked", f"“{turn.asked}”" + (f"  ({turn.intent})" if turn.intent else ""))]
    if turn.frame:
        facts.append(("looked at", turn.frame))
    if turn.said:
        facts.append(("answered", f"“{turn.said}”"))
    if turn.heard != turn.said and turn.outcome:
        facts.append(("heard", f"“{turn.heard}”" if turn.heard else "nothing of it"))
    outcome = turn.outcome or "not closed when the recording ended"
    if turn.latency_ns is not None:
        outcome += f", {turn.latency_ns / 1e6:,.0f} ms from last word to {turn.latency_to}"
    facts.append(("outcome", outcome))
    facts.append(("left", "; ".join(turn.left) or "nothing"))
    head = f"turn {turn.number}  at {_clock(turn.t_ns)}"
    return [head, *(f"  {name:<10}{harmless(value)}" for name, value in facts)]


def _when(unix_ns: int) -> str:
    try:
        return f"{datetime.fromtimestamp(unix_ns // 1_000_000_000).astimezone():%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return "at no date"


def _length(ns: int) -> str:
    minutes, seconds = divmod(round(ns / 1e9), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}" if minutes >= 60 else f"{minutes}:{seconds:02d}"


def _clock(ns: int) -> str:
    minutes, seconds = divmod(ns / 1e9, 60)
    return f"{int(minutes)}:{seconds:06.3f}"


def _size(size_bytes: int) -> str:
    if size_bytes < 1_000_000:
        return f"{size_bytes / 1e3:.0f} kB"
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes < 1_000_000_000 else f"{size_bytes / 1e9:.2f} GB"
