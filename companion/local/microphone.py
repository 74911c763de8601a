"""One microphone of this machine, opened by PortAudio. It stays that one: if it goes away, that is told, not mended by
taking another."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from companion.local.devices import Device, LocalError
from companion.local.portaudio import portaudio

BLOCK_S = 0.02
SILENT_S = 2.0  # no sound at all, not even silence, for so long: it is gone
Pcm = npt.NDArray[np.int16]


class LocalMicrophone:
    """`open` until `close`. `heard(samples, rate_hz, age_s)` is called on PortAudio's thread: (n,) int16 mono, whose
    first sample was captured `age_s` ago. `alive` says whether it still gives sound."""

    def __init__(self, device: Device, heard: Callable[[Pcm, int, float], None]) -> None:
        self.device, self._heard = device, heard
        self._stream: Any = None
        self._rate_hz = 0
        self._last_s = 0.0

    def open(self) -> None:
        """Raises LocalError with the device's name if it cannot be opened."""
        sd = portaudio()
        index = int(self.device.address)
        try:
            self._rate_hz = int(sd.query_devices(index)["default_samplerate"]) or 48_000
            self._stream = sd.InputStream(
                device=index,
                channels=1,
                dtype="int16",
                samplerate=self._rate_hz,
                blocksize=round(self._rate_hz * BLOCK_S),
                latency="low",
                callback=self._called,
            )
            self._last_s = time.monotonic()
            self._stream.start()
        except (sd.PortAudioError, ValueError) as why:
            self.close()
            raise LocalError(
                f"the microphone {self.device.name!r} cannot be opened ({why}); is another program using it? "
                "`companion devices` lists what there is"
            ) from why

    def _called(self, samples: Any, frames: int, when: Any, status: Any) -> None:
        self._last_s = time.monotonic()
        age_s = when.currentTime - when.inputBufferAdcTime if when.inputBufferAdcTime else 0.0
        self._heard(samples[:, 0].copy(), self._rate_hz, max(age_s, frames / self._rate_hz))

    @property
    def alive(self) -> bool:
        """Whether it is open and has given something in the last seconds."""
        return self._stream is not None and self._stream.active and time.monotonic() - self._last_s < SILENT_S

    def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close(ignore_errors=True)
