"""A room in which the companion's voice comes out of an open loudspeaker: sound for tests and benchmarks of echo.

Everything is 16 kHz mono on an audio clock: what leaves the companion, what the microphone gets, what the canceller
makes of it. Packets are late and early as a link makes them; nothing here reads a clock.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from companion.link.resample import ThirdRate
from device_sim.scene import SPEECH
from pipelines.events import MS, NS, VoiceWindow
from pipelines.hearing.double_talk import DoubleTalk
from pipelines.hearing.echo import RATE_HZ, TICK, EchoCanceller
from pipelines.hearing.segmenter import Segmenter, SpeechStarted
from pipelines.hearing.voice_activity import SileroModel, VoiceActivity, Window
from pipelines.speaking.voice import Voice
from pipelines.thinking.options import EchoOptions

Sound = NDArray[np.float64]  # (n,) in units of int16, 16 kHz mono
TICK_NS = 20 * MS
STORY = (
    "Once there was a lighthouse on a rock far out at sea. Its keeper lit the lamp every night, and every night ships "
    "passed by. One winter the lamp would not burn. The keeper took his own small light, climbed the stairs, and stood "
    "at the window until morning. Not one ship was lost. Would you like to hear another? The train to Leeds leaves "
    "from platform seven at five past two. Wait for it at the stop, and tell me when you are there."
)


@dataclass(frozen=True)
class Room:
    """`delay_ms`: from here to the microphone; `level_db`: how loud we come back; `tail_ms`: until it has died away by
    60 dB; `drive`: above 0, the loudspeaker bends what is loud."""

    delay_ms: int
    level_db: float
    tail_ms: int = 200
    drive: float = 0.0

    def echo(self, far: Sound, seed: int = 0) -> Sound:
        """What the microphone gets of `far`, as long as it is."""
        rng = np.random.default_rng(seed)
        loud = np.tanh(far / 32768 * self.drive) / self.drive * 32768 if self.drive else far
        count = self.tail_ms * RATE_HZ // 1000
        tail = rng.normal(0, 1, count) * np.exp(-6.9 * np.arange(count) / count)
        response = 0.3 * tail / np.sqrt((tail**2).sum())
        response[0] += 1
        late = np.zeros(self.delay_ms * RATE_HZ // 1000)
        heard = np.convolve(loud, response)[: len(far)]
        return np.concatenate([late, heard])[: len(far)] * 10 ** (self.level_db / 20)


def spoken(voice: Voice, text: str) -> Sound:
    """As the session hands it to the canceller: rendered at 48 kHz, brought to 16 kHz."""
    pcm = np.concatenate([block.pcm for block in voice.render(text, 175, bool)])
    return ThirdRate()(pcm[: len(pcm) // 960 * 960]).astype(float)


def phrase(name: str) -> Sound:
    """What a wearer says, from its first speech sample on."""
    with wave.open(str(SPEECH / f"{name}.wav")) as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(float)
    return sound[int(np.argmax(np.abs(sound) > 0.05 * np.abs(sound).max())) :]


def quiet_room(count: int, dbfs: float = -62.0, seed: int = 1) -> Sound:
    return np.random.default_rng(seed).normal(0, 32768 * 10 ** (dbfs / 20), count)


def pcm16(sound: Sound) -> NDArray[np.int16]:
    return np.clip(np.rint(sound), -32768, 32767).astype(np.int16)


def cancelled(
    near: Sound, far: Sound, jitter_ms: float = 6.0, lost: range = range(0), seed: int = 2
) -> NDArray[np.int16]:
    """`near` through the canceller, as a link brings both: each packet up to `jitter_ms` late and stamped within 2 ms
    of the truth; those numbered in `lost` never come. Aligned with `near` again, and as long as its whole packets."""
    rng = np.random.default_rng(seed)
    canceller = EchoCanceller()
    count = min(len(near), len(far)) // TICK
    near16, far16 = pcm16(near), pcm16(far)
    late_ms = np.arange(count) * 20.0 + rng.uniform(0, jitter_ms, (2, count))
    leaves_ms, comes_ms = np.maximum.accumulate(late_ms, axis=1)  # late or not, one after the other
    leaves = [(round(ms * MS), 0, k) for k, ms in enumerate(leaves_ms)]
    comes = [(round((ms + 24) * MS), 1, k) for k, ms in enumerate(comes_ms)]
    out = np.zeros(count * TICK + TICK, np.int16)
    for at_ns, kind, k in sorted([*leaves, *comes]):
        part = slice(k * TICK, (k + 1) * TICK)
        if kind == 0:
            canceller.played(far16[part] if far16[part].any() else None, at_ns)
        elif k not in lost:
            stamp_ns = k * TICK_NS + round(rng.uniform(-2, 2) * MS)
            clean, _ = canceller.clean(near16[part], max(0, stamp_ns))
            out[part] = clean
    return out[128 : count * TICK]  # AEC3's own delay


def windows(pcm: NDArray[np.int16]) -> list[Window]:
    return VoiceActivity(SileroModel.load()).feed(pcm, len(pcm) * NS // RATE_HZ)


def starts_ns(found: list[Window], taken_out: bool = True) -> list[int]:
    """When a listener takes it for speech, over an answer: the ends of the windows that made it certain."""
    return [at_ns for at_ns, voice_ns in runs(found, taken_out) if voice_ns == 0]


def runs(found: list[Window], taken_out: bool = True) -> list[tuple[int, int]]:
    """(end of the window, voiced sound before it in this run of speech; 0 = it has just begun) while it is speech."""
    segmenter, double_talk = Segmenter(), DoubleTalk(EchoOptions())
    segmenter.over(sounding=not taken_out)
    speech: list[tuple[int, int]] = []
    for w in found:
        window = VoiceWindow(w.media_ns, w.media_ns, w.probability, w.level_dbfs)
        window = double_talk.feed(window) if taken_out else window
        began = any(isinstance(c, SpeechStarted) for c in segmenter.feed(window))
        if segmenter.speaking:
            speech.append((w.media_ns, 0 if began else segmenter.voiced_run_ns))
    return speech


def erle_db(near: Sound, clean: NDArray[np.int16], since: int, until: int) -> float:
    """How much weaker the echo is behind the canceller, over these samples."""
    before, after = (np.mean(np.asarray(s[since:until], float) ** 2) + 1e-3 for s in (near, clean))
    return float(10 * np.log10(before / after))
