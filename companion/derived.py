"""What a person can make of a recording for somebody else: a slice, a test, a copy without what must not be shared; and
whether a file is whole.

Each function takes the folder and plain words, and returns the text to print and the exit code. What they say of a new
file they have looked up in it: a slice is replayed and verified before it is called done.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from companion.expect import check, shown, write_expectations
from companion.expectation import SUFFIX, ExpectError
from companion.replay import replay
from companion.replay.rests import rest_before
from companion.sessions import Outcome, find
from companion.settings import Settings, SettingsError
from pipelines.conversation import IllegalSignalError
from pipelines.director import Director
from pipelines.events import Decision, Happening, SessionEnded
from recordings.cut import Cut, Wanted, cut
from recordings.reader import Recording
from recordings.redact import KINDS, redact
from recordings.saying import counted
from recordings.schema import SchemaError
from recordings.session import DONE_SUFFIX, RecordingError
from recordings.verify import Verification, verify

TESTS = Path("tests")
TEST_RECORDINGS = TESTS / "recordings"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_FAILURES = (RecordingError, SettingsError, ExpectError, OSError)


def verify_session(folder: Path, wanted: str) -> Outcome:
    """Whether a file is whole and what it claims to be; 0 only if all is well."""
    try:
        found = verify(find(folder, wanted))
    except _FAILURES as why:
        return Outcome(str(why), 1)
    return Outcome(shown(str(found)), 0 if found.well else 1)


def cut_session(folder: Path, wanted: str, turn: int, as_test: str = "", out: Path | None = None) -> Outcome:
    """A slice around one turn; with `as_test` also what it did, as expectations. 0 only if the slice replays."""
    try:
        source = find(folder, wanted)
        if as_test:
            return _test(source, turn, as_test, out)
        made = _slice(source, out or Path(f"{_stem(source)}-turn{turn}{DONE_SUFFIX}"), turn)
        return _told([*_cut_lines(made), *_replays(made)])
    except _FAILURES as why:
        return Outcome(str(why), 1)


def redact_session(folder: Path, wanted: str, drop: Sequence[str], out: Path | None = None) -> Outcome:
    """A copy without these kinds (or levels, each may be several with commas); 0 only if it is whole."""
    try:
        source = find(folder, wanted)
        names = [name.strip() for part in drop for name in part.split(",") if name.strip()]
        path = out or Path(f"{_stem(source)}-without-{'-'.join(names) or 'nothing'}{DONE_SUFFIX}")
        made = redact(source, path, names)
        sizes = f"{_size(made.derived.size_bytes)} of {_size(made.derived.source_bytes)}"
        lines = [f"{path}: {sizes}, without:"]
        lines += [f"  {kind}: {KINDS[kind]}" for kind in made.kinds]
        if made.unknown:
            lines.append(f"  left out as unknown to this version: {', '.join(made.unknown)}")
        if made.derived.dropped_attachments:
            lines.append(f"  left out of what was attached: {', '.join(made.derived.dropped_attachments)}")
        if made.still_in:
            more = " ".join(f"--drop {kind}" for kind in made.still_in)
            lines.append(f"still in it, and telling of the same: {', '.join(made.still_in)}. To drop these too: {more}")
        text = "it replays as the original does" if made.replays else f"it does not replay: {made.why}"
        return _told([*lines, text, *_whole(verify(path))])
    except _FAILURES as why:
        return Outcome(str(why), 1)


# ------------------------------------------------------------------------------------------------------------- cutting


def closing_of(settings: Settings) -> Callable[[Iterable[Happening], SessionEnded], list[Decision]]:
    """What the deciders decide when the session ends after these happenings."""

    def closing(happenings: Iterable[Happening], ended: SessionEnded) -> list[Decision]:
        director = Director(settings.director())
        try:
            for event in happenings:
                director.feed(event)
            director.wake(ended.t_ns)  # what timers caused up to here is in the slice already
            return director.feed(ended)
        except IllegalSignalError as why:
            raise RecordingError(
                f"what the slice says happened cannot have happened: {why}. `companion sessions verify` checks the file"
            ) from why

    return closing


def _slice(source: Path, out: Path, turn: int) -> Cut:
    settings = Settings.from_plain(Recording(source).settings, f"{source}: settings.json")
    try:
        return cut(source, out, Wanted(turn), rest_before(source, turn), closing_of(settings))
    except SchemaError as why:
        raise RecordingError(
            f"{source} has a time that no file can hold: {str(why)[:200]}. `companion sessions verify` says more."
        ) from why


def _test(source: Path, turn: int, name: str, out: Path | None) -> Outcome:
    if not _NAME.fullmatch(name):
        raise RecordingError(f"--as-test {name!r}: give a name of letters, digits, '-' and '_', without a folder.")
    folder = out or (TEST_RECORDINGS if TESTS.is_dir() else Path())
    slice_file, expect_file = folder / f"{name}{DONE_SUFFIX}", folder / f"{name}{SUFFIX}"
    if expect_file.exists():
        raise RecordingError(f"{expect_file} is there already: choose another name, or move it away.")
    made = _slice(source, slice_file, turn)
    write_expectations(slice_file, tuple(sorted({turn, *made.others})), expect_file)
    failures = check(expect_file)
    lines = [*_cut_lines(made), f"{expect_file}: what it did, as expectations; edit them into what it should have done"]
    problems = [f"WRONG: {failure}" for failure in failures] + _whole(verify(slice_file))
    return _told([*lines, *problems, f"run it: pytest {expect_file}"])


def _cut_lines(made: Cut) -> list[str]:
    derived = made.derived
    begin_s, end_s = made.start_ns / 1e9, made.end_ns / 1e9
    sizes = f"{_size(derived.size_bytes)} of {_size(derived.source_bytes)}"
    lines = [f"{derived.path}: {made.wanted}, {begin_s:.1f} s to {end_s:.1f} s of the session, {sizes}"]
    if made.others:
        turns = "turn" if len(made.others) == 1 else "turns"
        lines.append(f"in it as well, because it cannot be told apart: {turns} {', '.join(map(str, made.others))}")
    if made.remembered:
        lines.append(f"it holds the words of {counted(made.remembered, 'earlier turn')}, which were remembered then")
    if made.under_way:
        lines.append(f"it holds the words of {' and of '.join(made.under_way)} from before it")
    if made.others or made.remembered or made.under_way:
        lines.append(
            f"before you share it: `companion sessions redact {derived.path} --drop words` takes all words out"
        )
    if derived.torn:
        lines.append(f"the original is torn: {derived.torn}")
    return lines


def _replays(made: Cut) -> list[str]:
    result = replay(made.derived.path)
    wrong = [] if result.same else [f"WRONG: {line}" for line in (result.line, *result.differences[:4])]
    return [*(wrong or [f"it replays: {result.line}"]), *_whole(verify(made.derived.path))]


def _whole(found: Verification) -> list[str]:
    """Lines that a new file should never need."""
    return [f"WRONG: {fault}" for fault in found.faults]


def _told(lines: list[str]) -> Outcome:
    return Outcome(shown("\n".join(lines)), int(any(line.startswith("WRONG") for line in lines)))


def _stem(path: Path) -> str:
    return path.name.partition(".mcap")[0]


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e3:,.0f} kB" if size_bytes < 1_000_000 else f"{size_bytes / 1e6:,.1f} MB"
