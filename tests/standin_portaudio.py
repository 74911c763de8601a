"""A stand-in for PortAudio (`sounddevice`): sound devices that do not exist, kept going by threads of their own.

No sound card was at hand where this was written. The stand-in has of `sounddevice` what is used of it, with its names.
"""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK_S = 0.02


class PortAudioError(Exception):
    """As the real one."""


class StandInPortAudio:
    """`plugged`: names that are there; each is a microphone at 48 kHz if it says so, else a loudspeaker. What goes into
    a microphone is what `say` was given, then silence; what a loudspeaker played is in `played`."""

    PortAudioError = PortAudioError

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.plugged = set(names)
        self.played: dict[str, list[NDArray[np.int16]]] = {name: [] for name in names}
        self.opened: list[str] = []
        self._said: dict[str, list[NDArray[np.int16]]] = {name: [] for name in names}
        self._seen = list(names)
        self.InputStream = lambda **given: _Stream(self, given, listens=True)
        self.OutputStream = lambda **given: _Stream(self, given, listens=False)

    def say(self, name: str, pcm: NDArray[np.int16]) -> None:
        block = round(48_000 * BLOCK_S)
        self._said[name].extend(pcm[at : at + block] for at in range(0, len(pcm) - block + 1, block))

    def next_block(self, name: str) -> NDArray[np.int16]:
        waiting = self._said[name]
        return waiting.pop(0) if waiting else np.zeros(round(48_000 * BLOCK_S), np.int16)

    def query_hostapis(self) -> list[dict[str, Any]]:
        return [{"name": "stand-in"}]

    def query_devices(self, index: int | None = None) -> Any:
        found = [
            {
                "index": i,
                "name": name,
                "hostapi": 0,
                "max_input_channels": int("mic" in name),
                "max_output_channels": int("mic" not in name),
                "default_samplerate": 48_000.0,
            }
            for i, name in enumerate(self._seen)
        ]
        return found if index is None else found[index]

    @property
    def default(self) -> Any:
        listens = [i for i, name in enumerate(self._seen) if "mic" in name]
        speaks = [i for i, name in enumerate(self._seen) if "mic" not in name]
        return SimpleNamespace(device=((listens or [-1])[0], (speaks or [-1])[0]))

    def _terminate(self) -> None:
        """What is plugged in is looked at again when it starts."""

    def _initialize(self) -> None:
        self._seen = [name for name in self.names if name in self.plugged]


class _Stream:
    def __init__(self, sd: StandInPortAudio, given: dict[str, Any], listens: bool) -> None:
        self._sd, self._listens = sd, listens
        self._name = sd._seen[given["device"]]
        self._callback, self._samples = given["callback"], given["blocksize"]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stand-in-card", daemon=True)
        if self._name not in sd.plugged:
            raise PortAudioError("Device unavailable")
        sd.opened.append(self._name)

    def start(self) -> None:
        self._thread.start()

    @property
    def active(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        due_s = time.monotonic()
        while not self._stop.is_set() and self._name in self._sd.plugged:
            due_s += BLOCK_S
            time.sleep(max(0.0, due_s - time.monotonic()))
            when = SimpleNamespace(currentTime=1.0, inputBufferAdcTime=1.0 - BLOCK_S, outputBufferDacTime=1.0 + BLOCK_S)
            if self._listens:
                self._callback(self._sd.next_block(self._name).reshape(-1, 1), self._samples, when, None)
            else:
                out = np.zeros((self._samples, 1), np.int16)
                self._callback(out, self._samples, when, None)
                self._sd.played[self._name].append(out[:, 0])

    def close(self, ignore_errors: bool = True) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
