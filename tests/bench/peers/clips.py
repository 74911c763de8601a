"""What is said: bundled phrases in a voice that the built-in recogniser never heard, made as loud as the client likes.

Questions go to the model; they are finished, so "describe this", which may wait for its noun, is not among them.
Commands are answered on the companion, readings too, but after a look at the camera's picture. The others' recogniser
is a stub, so to them a clip is only so much speech.
"""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

SPEECH = Path(__file__).resolve().parents[3] / "device_sim" / "speech"
QUESTIONS = ("what_colour_is_the_door", "what_am_i_looking_at", "tell_me_about_this_place", "what_is_in_front_of_me")
COMMANDS = ("can_you_hear_me", "who_are_you", "what_can_i_say")
READINGS = ("read_the_sign", "what_is_the_price")
BARGE = "stop_please"
RATE_HZ = 16_000
LEVEL_DBFS = -20.0  # of the clip's root mean square: what the client's own clips have
_PEAK = 32_000


def write(names: tuple[str, ...], folder: Path) -> list[Path]:
    """The clips as files that the client takes: 16 kHz, mono, 16 bit. Raises ValueError for any other."""
    folder.mkdir(parents=True, exist_ok=True)
    out = []
    for name in names:
        with wave.open(str(SPEECH / f"{name}.wav")) as source:
            kind = (source.getnchannels(), source.getsampwidth(), source.getframerate())
            if kind != (1, 2, RATE_HZ):
                raise ValueError(
                    f"{name}.wav has {kind[0]} channels, {8 * kind[1]} bit, {kind[2]} Hz: 1, 16, {RATE_HZ}"
                )
            sound = np.frombuffer(source.readframes(source.getnframes()), np.int16).astype(float)
        gain = 10 ** (LEVEL_DBFS / 20) * 32768 / max(1.0, float(np.sqrt(np.mean(sound**2))))
        loud = np.clip(sound * gain, -_PEAK, _PEAK).astype(np.int16)
        out.append(folder / f"{name}.wav")
        with wave.open(str(out[-1]), "wb") as target:
            target.setnchannels(1)
            target.setsampwidth(2)
            target.setframerate(RATE_HZ)
            target.writeframes(loud.tobytes())
    return out
