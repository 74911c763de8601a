"""A seat for models that hear from the sound itself whether the wearer has finished.

None is built in. A package offers one by an entry point of the group `earshot.turn_models`, whose object, called
without arguments, gives an `AudioTurnModel`; `turn.audio_model` names it. It is asked in the pause, beside the
recogniser and through its own lane, and may lengthen or shorten a wait as the table in `policy.py` says: the words keep
their say.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

GROUP: Final = "earshot.turn_models"
HZ: Final = 16_000
LONGEST_S: Final = 8  # of sound that a model is given: the end of what was said


class AudioTurnModel(Protocol):
    """Called by one lane at a time; knows no session and no clock."""

    name: str

    def finished(self, pcm: NDArray[np.float32]) -> float:
        """How likely it is, 0 to 1, that whoever spoke has finished. `pcm`: (n,) float32 in [-1, 1], mono, 16 kHz, at
        most 8 s, its end is the pause."""
        ...


def load_turn_model(name: str) -> AudioTurnModel:
    """The plug-in of that name. Raises ValueError if there is none, naming those that are installed."""
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in found:
        there = ", ".join(sorted(found)) or "none is installed"
        raise ValueError(f"there is no audio turn model {name!r} ({there}): install one, or set turn.audio_model to ''")
    model: AudioTurnModel = found[name].load()()
    return model


def score(model: AudioTurnModel, pcm: NDArray[np.float32]) -> float:
    """What the model holds of the end of `pcm`, (n,) float32 at 16 kHz. Raises ValueError if that is no probability."""
    held = float(model.finished(pcm[-LONGEST_S * HZ :]))
    if not 0.0 <= held <= 1.0:
        raise ValueError(f"the audio turn model {model.name!r} gave {held}, which is no probability")
    return held
