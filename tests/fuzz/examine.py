"""Gives hostile recordings to everything that reads recordings, and reports whatever is not a clear error.

Usage: python -m tests.fuzz.examine --first 0 --cases 500 [--slow 5] FILE...   (FILE: good recordings to start from)

Every reader may give what it could read or raise an error of ours with a way out in it. Anything else is a finding:
another exception, more memory than `MEMORY_BYTES`, longer than `LONGEST_S`, or a changed original. The last line is
JSON: {"cases": …, "findings": […], "peak_mb": …}.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from companion import sessions
from companion.derived import cut_session, redact_session
from companion.export.mp4 import export_mp4
from companion.replay import Changes, replay, what_if
from companion.report.page import write_page
from companion.settings import SettingsError
from companion.why import why
from recordings.overview import overview
from recordings.reader import Recording
from recordings.recover import recover
from recordings.run import run_of
from recordings.seek import Seeker
from recordings.session import RecordingError
from recordings.turns import turns_of
from recordings.verify import verify
from tests.fuzz.mutations import hostile

LONGEST_S = 20  # for one reader and one file of a megabyte: a hundred times what a good one takes
MEMORY_BYTES = 300 * 1024 * 1024
_MEDIA = ("microphone", "camera", "answers", "stills", "pulls", "voiced")
_OTHERS = ("messages", "events", "http", "clock", "logs", "woken", "reads")
CLEAR = (RecordingError, SettingsError)


class TooLongError(BaseException):
    """A reader did not come back."""


def read_all(path: Path) -> None:
    recording = Recording(path)
    for name in (*_MEDIA, *_OTHERS):
        with suppress(RecordingError):
            for _ in getattr(recording, name)():
                pass
    assert isinstance(recording.attachments, dict) and isinstance(recording.settings, dict)


def seek(path: Path) -> None:
    seeker = Seeker(Recording(path))
    for t_ns in (-(10**9), 0, 10**9, 2**62):
        for _ in seeker.messages_from(t_ns, (), ("/event/",)):
            pass


def steps(path: Path) -> None:
    recording = Recording(path)
    run_of("recorded", recording.events(), recording.settings)


def told(path: Path) -> None:
    """What `companion sessions list` and `show` say; they never raise."""
    sessions.list_sessions(path.parent)
    sessions.show(path.parent, str(path))


def recovered(path: Path) -> None:
    """Mended in a folder of its own, where it may be changed; what comes out must be whole and readable."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copy(path, Path(folder) / "20261121T010012Z-aaaaaa.mcap.part"))
        before = digest_of(copy)
        try:
            result = recover(copy)
        except RecordingError:
            assert digest_of(copy) == before, "recovery refused a file and changed it"
            raise
        assert Recording(result.path).info is not None
        assert overview(result.path).state == "finished", "a recovered file is not whole"
        assert not Seeker(Recording(result.path)).recording.torn


def explained(path: Path) -> None:
    why(path)


def derived(path: Path) -> None:
    """A slice and a redacted copy; both give an outcome and never raise, and leave the original alone."""
    with tempfile.TemporaryDirectory() as folder:
        redact_session(path.parent, str(path), ["camera", "words", "device"], Path(folder) / "redacted.mcap")
        cut_session(path.parent, str(path), 1, "", Path(folder) / "cut.mcap")


def changed(path: Path) -> None:
    what_if(path, Changes(sets=("turn.complete_silence_ms=500",), compute=False))


def film(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        export_mp4(path, Path(folder) / "film.mp4")


def page(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_page(path, Path(folder) / "page.html")


def turns(path: Path) -> None:
    turns_of(Recording(path))


READERS: tuple[Callable[[Path], object], ...] = (
    read_all,
    seek,
    steps,
    turns,
    overview,
    told,
    recovered,
    verify,
    explained,
    derived,
    replay,
    changed,
)
SLOW: tuple[Callable[[Path], object], ...] = (page, film)  # they decode sound and pictures: not for every file


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def examine(path: Path, readers: tuple[Callable[[Path], object], ...]) -> Iterator[str]:
    """What is wrong with how the readers took this file, one line for each finding."""
    before = digest_of(path)
    for reader in readers:
        base = peak_bytes(reset=True)
        try:
            with at_most(LONGEST_S):
                reader(path)
        except CLEAR as why:
            if len(str(why)) < 20 or len(str(why)) > 20_000:
                yield f"{reader.__name__}: an error that does not explain itself: {str(why)[:200]!r}"
        except TooLongError:
            yield f"{reader.__name__}: longer than {LONGEST_S} s"
        except Exception as why:
            last = traceback.extract_tb(why.__traceback__)[-1]
            yield f"{reader.__name__}: {type(why).__name__}: {str(why)[:150]} ({last.filename}:{last.lineno})"
        grown = peak_bytes() - base
        if grown > MEMORY_BYTES:
            yield f"{reader.__name__}: took {grown >> 20} MB"
    if digest_of(path) != before:
        yield "the original was changed"


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    def late(number: int, frame: object) -> None:
        raise TooLongError

    signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def peak_bytes(reset: bool = False) -> int:
    """The most memory this process has had since the last reset (Linux), or ever."""
    if reset:
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def run(first: int, cases: int, every_slow: int, good: list[Path]) -> dict[str, object]:
    """Examine the files of these seeds; `every_slow`: for one in so many a page and a film are made too, 0 = never."""
    sources = [path.read_bytes() for path in good]
    findings: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "20261121T010012Z-ffffff.mcap"
        for seed in range(first, first + cases):
            how, data = hostile(seed, sources)
            path.write_bytes(data)
            readers = READERS + (SLOW if every_slow and seed // 15 % every_slow == 0 else ())
            findings += [f"seed {seed} ({how}): {found}" for found in examine(path, readers)]
    return {"cases": cases, "findings": findings, "peak_mb": peak_bytes() >> 20}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--first", type=int, default=0)
    asked.add_argument("--cases", type=int, default=150)
    asked.add_argument("--slow", type=int, default=5)
    asked.add_argument("good", type=Path, nargs="+")
    options = asked.parse_args()
    result = run(options.first, options.cases, options.slow, options.good)
    for finding in result["findings"]:  # type: ignore[attr-defined]
        print(finding)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
