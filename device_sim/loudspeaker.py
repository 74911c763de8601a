"""`--play`: what the wearer hears, on this machine's loudspeaker, through whichever player is installed.

A player is a child process fed through a bounded queue by a thread of its own: a stuck sound card drops sound here and
delays nothing in the scene.
"""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from device_sim.ear import RATE_HZ, Sound

_RAW = ("-r", str(RATE_HZ), "-c", "1")
PLAYERS: tuple[tuple[str, ...], ...] = (
    ("paplay", "--raw", f"--rate={RATE_HZ}", "--channels=1", "--format=s16le", "--latency-msec=60"),
    ("aplay", "-q", "-t", "raw", "-f", "S16_LE", *_RAW, "-"),
    ("play", "-q", "-t", "raw", "-e", "signed", "-b", "16", *_RAW, "-"),
)
QUEUE_PACKETS = 100  # 2 s


class Loudspeaker:
    """Feed `play` from the ear. `complain` is told once if there is nothing to play on."""

    def __init__(self, complain: Callable[[str], None]) -> None:
        self._complain, self._queue = complain, queue.Queue[bytes | None](QUEUE_PACKETS)
        command = next((c for c in PLAYERS if shutil.which(c[0])), None)
        if command is None:
            complain(
                f"nothing to play with: install one of {', '.join(c[0] for c in PLAYERS)}; heard.wav has the sound"
            )
        elif not _sound_card():
            complain("no sound card here; heard.wav has the sound")
            command = None
        self._thread = threading.Thread(target=self._run, args=(command,), name="loudspeaker") if command else None
        if self._thread is not None:
            self._thread.start()

    def play(self, pcm: Sound, arrival_ns: int) -> None:
        if self._thread is not None and not self._queue.full():
            self._queue.put_nowait(pcm.tobytes())

    def close(self) -> None:
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(timeout=3)

    def _run(self, command: tuple[str, ...]) -> None:
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as player:
            assert player.stdin is not None
            broken = False
            while (pcm := self._queue.get()) is not None:
                if broken:
                    continue
                try:
                    player.stdin.write(pcm)
                    player.stdin.flush()
                except OSError:
                    broken = True
                    self._complain(f"{command[0]} stopped playing; heard.wav has the sound")
            try:
                player.stdin.close()
            except OSError:
                return


def _sound_card() -> bool:
    """Whether sound can come out at all. macOS always can; Linux says in /proc, or there is a sound server."""
    if sys.platform != "linux":
        return True
    cards = Path("/proc/asound/cards")
    server = Path(os.environ.get("XDG_RUNTIME_DIR", "/nonexistent")) / "pulse" / "native"
    listed = cards.read_text() if cards.is_file() else ""
    return "PULSE_SERVER" in os.environ or server.exists() or (bool(listed.strip()) and "no soundcards" not in listed)
