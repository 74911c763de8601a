"""Is somebody speaking in these 32 ms? Silero v6, fed as the microphone's sound comes in.

The weights are the ONNX file inside the faster-whisper wheel; its signature differs from that of the `silero-vad`
package: `input` (n, 576) float32 = 64 samples of context + 512 new ones, `h` and `c` (1, 1, 128) float32 as LSTM state;
out come n probabilities and the new state. Given the same sound, this streamed form and faster-whisper's own batch form
give the same probabilities (tests/test_hearing.py holds that).

`SileroModel` is shared by the process and holds no state of any stream; `VoiceActivity` is one stream.
"""

from __future__ import annotations

import importlib.util
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.hearing.loudness import Loudness

SAMPLE_RATE_HZ = 16_000
NS_PER_SAMPLE = 62_500  # at 16 kHz, exactly
WINDOW_SAMPLES = 512
WINDOW_NS = WINDOW_SAMPLES * NS_PER_SAMPLE  # 32 ms
CONTEXT_SAMPLES = 64
FLOOR_DBFS = -120.0  # what digital silence is called

_ASSET = Path("assets") / "silero_vad_v6.onnx"

Floats = NDArray[np.float32]
Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Window:
    """Voice activity in 32 ms of sound whose last sample was captured at `media_ns`; `loud_ns`: the last loud one, 0 =
    none (`pipelines.hearing.loudness`)."""

    media_ns: int
    probability: float
    level_dbfs: float
    loud_ns: int = 0


@dataclass(frozen=True, slots=True)
class LstmState:
    """What the network remembers of a stream. `h`, `c`: (1, 1, 128) float32."""

    h: Floats
    c: Floats


SILENCE = LstmState(np.zeros((1, 1, 128), np.float32), np.zeros((1, 1, 128), np.float32))


class SileroModel:
    """The network without a stream. Safe to share: onnxruntime sessions may be run from several threads."""

    def __init__(self, session: Any) -> None:
        self._session = session

    @staticmethod
    def load() -> SileroModel:
        """The one model of this process. Raises FileNotFoundError if the faster-whisper wheel does not carry it."""
        return _load(str(_asset_path()))

    def run(self, windows: Floats, state: LstmState) -> tuple[Floats, LstmState]:
        """`windows`: (n, 576) float32, each 64 samples of context and 512 new ones. Returns (n,) and the next state."""
        probabilities, h, c = self._session.run(None, {"input": windows, "h": state.h, "c": state.c})
        return probabilities.reshape(-1), LstmState(h, c)

    def probabilities(self, pcm: Floats) -> Floats:
        """All windows of a clip at once, its tail zero-padded. `pcm`: (n,) float32 in [-1, 1], 16 kHz mono."""
        count = -(-len(pcm) // WINDOW_SAMPLES)
        if count == 0:
            return np.zeros(0, np.float32)
        padded = np.zeros(CONTEXT_SAMPLES + count * WINDOW_SAMPLES, np.float32)
        padded[CONTEXT_SAMPLES : CONTEXT_SAMPLES + len(pcm)] = pcm
        windows = np.lib.stride_tricks.sliding_window_view(padded, CONTEXT_SAMPLES + WINDOW_SAMPLES)[::WINDOW_SAMPLES]
        return self.run(np.ascontiguousarray(windows), SILENCE)[0]


class VoiceActivity:
    """One stream of sound. Takes chunks of any size and gives a `Window` for every 512 samples that are complete."""

    def __init__(self, session: SileroModel) -> None:
        self._model = session
        self._frame = np.zeros((1, CONTEXT_SAMPLES + WINDOW_SAMPLES), np.float32)
        self._waiting: Samples = np.zeros(0, np.int16)
        self._state = SILENCE
        self._loudness = Loudness()
        self._last_ns = -(1 << 62)

    def reset(self) -> None:
        """Forget the sound so far: after a hole in the stream, what was heard before says nothing of what follows."""
        self._frame[:] = 0
        self._waiting = np.zeros(0, np.int16)
        self._state = SILENCE
        self._loudness = Loudness()

    def feed(self, pcm: Samples, end_media_ns: int) -> list[Window]:
        """`pcm`: (n,) int16, 16 kHz mono; `end_media_ns`: when its last sample was captured. Times never go back."""
        if pcm.dtype != np.int16 or pcm.ndim != 1:
            raise ValueError(
                f"voice activity wants (n,) int16 at 16 kHz, got {pcm.shape} {pcm.dtype}: convert it first"
            )
        waiting = np.concatenate((self._waiting, pcm)) if len(self._waiting) else pcm
        whole = len(waiting) // WINDOW_SAMPLES
        windows = []
        for index in range(whole):
            stop = (index + 1) * WINDOW_SAMPLES
            media_ns = end_media_ns - (len(waiting) - stop) * NS_PER_SAMPLE
            self._last_ns = max(self._last_ns, media_ns)
            windows.append(self._window(waiting[stop - WINDOW_SAMPLES : stop], self._last_ns))
        self._waiting = waiting[whole * WINDOW_SAMPLES :].copy()
        return windows

    def _window(self, pcm: Samples, media_ns: int) -> Window:
        frame = self._frame
        frame[0, :CONTEXT_SAMPLES] = frame[0, -CONTEXT_SAMPLES:]
        np.multiply(pcm, np.float32(1 / 32768), out=frame[0, CONTEXT_SAMPLES:])
        probabilities, self._state = self._model.run(frame, self._state)
        probability, level = float(probabilities[0]), level_dbfs(frame[0, CONTEXT_SAMPLES:])
        loud = self._loudness.last_loud(frame[0, CONTEXT_SAMPLES:], probability, level)
        loud_ns = media_ns - (WINDOW_SAMPLES - loud) * NS_PER_SAMPLE if loud else 0
        return Window(media_ns, probability, level, loud_ns)


def level_dbfs(pcm: Floats) -> float:
    """Root mean square of (n,) float32 in [-1, 1] in dB below full scale, never less than -120."""
    power = float(np.dot(pcm, pcm)) / max(1, len(pcm))
    return max(FLOOR_DBFS, 10 * math.log10(power)) if power > 0 else FLOOR_DBFS


def _asset_path() -> Path:
    # find_spec, not import: importing faster_whisper costs half a second and none of it is needed here.
    spec = importlib.util.find_spec("faster_whisper")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("voice activity needs the faster-whisper package: pip install 'faster-whisper>=1.2.1'")
    path = Path(spec.origin).parent / _ASSET
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: this faster-whisper carries no Silero v6, install 1.2.1 or newer")
    return path


@lru_cache(maxsize=1)
def _load(path: str) -> SileroModel:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # A window takes some 60 us: more threads only cost wake-ups.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    return SileroModel(onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"]))
