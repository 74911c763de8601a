"""A session's own sound in its device's microphone: whether it is taken out, and what is handed to the canceller."""

from __future__ import annotations

import logging

import numpy as np
import numpy.typing as npt

from companion.link.resample import ThirdRate
from pipelines.hearing import duplex
from pipelines.hearing.echo import EchoCanceller, available
from pipelines.thinking.options import EchoOptions

logger = logging.getLogger(__name__)
NO_CANCELLER = (
    "the device's loudspeaker is open, and the echo canceller is not installed: deaf while speaking. "
    "Take it out with: pip install 'earshot-companion[aec]'"
)

Pcm = npt.NDArray[np.int16]


class OwnSound:
    """One connection's canceller, fed with exactly what was handed to the link."""

    def __init__(self) -> None:
        self._canceller = EchoCanceller()
        self._third = ThirdRate()
        self._silent = True

    def played(self, pcm: Pcm | None, now_ns: int, stamp: int | None = None) -> None:
        """20 ms leave now: (960,) int16, 48 kHz mono, after gain and ducking; None: silence. `stamp`: of the link's
        slot that they are for, in such samples; None: it has none."""
        slot = None if stamp is None else stamp // 960
        if pcm is None and self._silent:
            self._canceller.played(None, now_ns, slot)
            return
        self._silent = pcm is None  # one more tick of silence brings the end of the sound through the filter
        self._canceller.played(self._third(pcm if pcm is not None else np.zeros(960, np.int16)), now_ns, slot)

    def taken_out(self, pcm: Pcm, media_ns: int) -> tuple[Pcm, int]:
        """The microphone's sound without ours, (n,) int16 16 kHz, and when its first sample was captured."""
        return self._canceller.clean(pcm, media_ns)


def own_sound(options: EchoOptions, echo: str, half_duplex: bool = False) -> OwnSound | None:
    """What a device needs that says this of its echo, and whether it cannot listen while it speaks; None: nothing, or
    nothing can be done."""
    how = duplex.way(options.mode, echo, available(), half_duplex)
    if how == duplex.HALF_DUPLEX and options.mode != duplex.HALF_DUPLEX and not half_duplex:
        logger.warning("%s", NO_CANCELLER)
    return OwnSound() if how == duplex.CANCEL else None
