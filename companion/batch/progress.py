"""How far a batch is: one line that is rewritten on a terminal, a plain line now and then anywhere else."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from typing import TextIO

from companion.batch.summary import Result

TERMINAL_S = 0.1  # as often as an eye follows
PLAIN_S = 5.0  # a log of a long run stays readable


class Progress:
    """Counts results as they come. `sizes` of what is to be done, in bytes: the time left goes by them."""

    def __init__(self, total: int, total_bytes: int, stream: TextIO, now: Callable[[], float] | None = None) -> None:
        self._total, self._total_bytes = total, total_bytes
        self._stream, self._now = stream, now or time.monotonic
        self._terminal = stream.isatty()
        self._began_s = self._printed_s = self._now()
        self._done = self._done_bytes = self._replayed_bytes = 0
        self._counts = {"same": 0, "different": 0, "failed": 0}
        self._skipped = 0
        self._media_s = 0.0

    def add(self, result: Result, size_bytes: int) -> None:
        self._done += 1
        self._done_bytes += size_bytes
        self._counts[result.status] += 1
        self._skipped += result.skipped
        if not result.skipped:
            self._replayed_bytes += size_bytes
            self._media_s += result.media_s
        self._show()

    def looking(self, done: int) -> None:
        """While files are hashed, before anything is replayed."""
        self._show(f"looking at {done} of {self._total}")

    def restart_clock(self) -> None:
        """Replaying begins."""
        self._began_s = self._now()

    def line(self) -> str:
        parts = [f"{self._done}/{self._total}"]
        parts += [f"{count} {name}" for name, count in self._counts.items() if count or name == "same"]
        if self._skipped:
            parts.append(f"{self._skipped} skipped")
        took_s = self._now() - self._began_s
        if self._media_s and took_s > 0:
            parts.append(f"{self._media_s / took_s:.0f}x real time")
        if self._replayed_bytes and took_s > 0 and self._done < self._total:
            left_s = took_s * (self._total_bytes - self._done_bytes) / self._replayed_bytes
            parts.append(f"{duration(left_s)} left")
        return ", ".join(parts)

    def close(self) -> None:
        """The last word: on a terminal the line goes, for the summary says it better."""
        if self._terminal:
            self._stream.write("\r\x1b[K")
        else:
            self._stream.write(f"replayed {self.line()}\n")
        self._stream.flush()

    def _show(self, text: str = "") -> None:
        now_s = self._now()
        if now_s - self._printed_s < (TERMINAL_S if self._terminal else PLAIN_S):
            return
        self._printed_s = now_s
        text = text or f"replaying {self.line()}"
        if self._terminal:
            columns = shutil.get_terminal_size().columns
            self._stream.write(f"\r{text[: columns - 1]}\x1b[K")
        else:
            self._stream.write(f"{text}\n")
        self._stream.flush()


def duration(seconds: float) -> str:
    """For people: "8 s", "3 min", "2 h 10 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
