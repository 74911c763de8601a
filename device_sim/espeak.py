"""Reference voices for the judge: libespeak-ng through ctypes, in process, no files.

The library comes with the `espeak` extra (espeakng-loader), or from the system. It is loaded when somebody first asks
for a phrase; where there is none, `NoVoiceError` says so and the judge leaves what needs ears unjudged.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SYNCHRONOUS, _CHARS_UTF8, _RATE, _PITCH = 2, 1, 1, 3  # from speak_lib.h
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class NoVoiceError(Exception):
    """No espeak-ng here."""


@dataclass(frozen=True)
class Accent:
    """A way of speaking: an espeak-ng voice name (with variant), words a minute, pitch 0..99."""

    voice: str = "en-us"
    rate_wpm: int = 175
    pitch: int = 50


class Espeak:
    """The library is one global machine: one instance a process, one phrase at a time."""

    def __init__(self) -> None:
        path, data = _find()
        try:
            self._lib: Any = ctypes.CDLL(path)
        except OSError as error:
            raise NoVoiceError(f"{path}: {error}") from error
        self.rate_hz = int(self._lib.espeak_Initialize(_SYNCHRONOUS, 0, data, 0))
        if self.rate_hz <= 0:
            raise NoVoiceError(f"{path}: espeak-ng does not start (data folder {data!r})")
        self._pieces: list[NDArray[np.int16]] = []
        self._callback = _CALLBACK(self._collect)  # kept: ctypes does not
        self._lock = threading.Lock()
        self._voice = ""

    def speak(self, text: str, accent: Accent) -> NDArray[np.float32]:
        """(n,) float32 in [-1, 1], mono at `rate_hz`."""
        with self._lock:
            self._pieces.clear()
            self._lib.espeak_SetSynthCallback(self._callback)
            if accent.voice != self._voice:  # loading a voice costs more than a short phrase
                if self._lib.espeak_SetVoiceByName(accent.voice.encode()) != 0:
                    raise NoVoiceError(f"espeak-ng has no voice {accent.voice!r}")
                self._voice = accent.voice
            self._lib.espeak_SetParameter(_RATE, accent.rate_wpm, 0)
            self._lib.espeak_SetParameter(_PITCH, accent.pitch, 0)
            data = text.encode() + b"\0"
            self._lib.espeak_Synth(data, ctypes.c_size_t(len(data)), 0, 1, 0, _CHARS_UTF8, None, None)
            self._lib.espeak_Synchronize()
            pcm = np.concatenate([np.zeros(0, np.int16), *self._pieces])
        return np.asarray(pcm / 32768.0, np.float32)

    def _collect(self, samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            self._pieces.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0


@functools.cache
def espeak() -> Espeak:
    return Espeak()


def _find() -> tuple[str, bytes | None]:
    """(library, folder with its data); None = the one it was built with."""
    try:
        import espeakng_loader
    except ImportError:
        found = ctypes.util.find_library("espeak-ng")
        if found is None:
            raise NoVoiceError("espeak-ng is not installed; pip install 'earshot-companion[espeak]'") from None
        return found, None
    return espeakng_loader.get_library_path(), espeakng_loader.get_data_path().encode()
