"""Where it is said: room, microphone, noise, level and codec around a clean utterance.

The one idea: a ``Scene`` is drawn from a random generator and applied in one fixed order, so a clip is a function of
(clean speech, scene, generator), and evaluation can fix one condition while the rest stays drawn.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import av
import numpy as np
import scipy.fft
import scipy.signal

from training.voices import SAMPLE_RATE_HZ

NOISES = ("white", "pink", "babble", "hum", "brown")


@dataclass(frozen=True)
class Scene:
    """Pre-roll and tail are what a voice-activity segmenter leaves around speech."""

    pre_s: float
    tail_s: float
    noise: str
    snr_db: float
    gain_dbfs: float  # peak of the clip
    speed: float  # resampling: pitch, formants and pace together
    room: bool
    equaliser_db: float
    opus_bit_rate: int | None = None
    narrow_band: bool = False


def draw_scene(rng: np.random.Generator, snr_db: float | None = None, speed_range: float = 0.13) -> Scene:
    """A scene of training, or of evaluation when ``snr_db`` is fixed."""
    return Scene(
        pre_s=rng.uniform(0.1, 0.5),
        tail_s=rng.uniform(0.1, 0.4),
        noise=str(rng.choice(NOISES, p=[0.2, 0.3, 0.2, 0.1, 0.2])),
        snr_db=rng.uniform(5, 40) if snr_db is None else snr_db,
        gain_dbfs=-30 * rng.uniform(0, 1) ** 1.3,
        speed=float(np.exp(rng.uniform(-speed_range, speed_range))),
        room=rng.random() < 0.7,
        equaliser_db=rng.uniform(0, 6),
        opus_bit_rate=int(rng.choice([24_000, 32_000])) if rng.random() < 0.08 else None,
        narrow_band=rng.random() < 0.06,
    )


def apply(clean: np.ndarray, scene: Scene, rng: np.random.Generator, babble: list[np.ndarray]) -> np.ndarray:
    """The clip a segmenter would hand on: (n,) float32 in [-1, 1], 16 kHz mono."""
    dry = change_speed(clean, scene.speed)
    speech = filter_speech(dry, scene, rng)
    pre, tail = int(scene.pre_s * SAMPLE_RATE_HZ), int(scene.tail_s * SAMPLE_RATE_HZ)
    clip = np.pad(speech, (pre, tail))[: pre + len(dry) + tail]
    if scene.narrow_band:
        clip = narrow(clip)
    active = np.sqrt(np.mean(np.square(speech)) + 1e-12)
    clip = clip + make_noise(scene.noise, len(clip), rng, babble) * active * 10 ** (-scene.snr_db / 20)
    clip = clip / (np.abs(clip).max() + 1e-9) * 10 ** (scene.gain_dbfs / 20)
    if scene.opus_bit_rate:
        clip = opus_round_trip(clip, scene.opus_bit_rate)
    return np.round(np.clip(clip, -1, 1) * 32767).astype(np.float32) / 32768


def change_speed(samples: np.ndarray, speed: float) -> np.ndarray:
    down = round(200 * speed)
    return samples if down == 200 else scipy.signal.resample_poly(samples, 200, down).astype(np.float32)


def filter_speech(speech: np.ndarray, scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """Microphone response and room in one pass through the frequency domain; keeps the room's tail."""
    tail = 6400 if scene.room else 0
    size = scipy.fft.next_fast_len(len(speech) + tail, real=True)
    frequencies_hz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE_HZ)
    knots_hz = np.array([0, 150, 400, 1000, 2200, 4000, 8000])
    gains_db = rng.uniform(-1, 1, len(knots_hz)) * scene.equaliser_db
    spectrum = scipy.fft.rfft(speech, size) * 10 ** (np.interp(frequencies_hz, knots_hz, gains_db) / 20)
    if scene.room:
        spectrum = spectrum * scipy.fft.rfft(room_response(rng), size)
    return scipy.fft.irfft(spectrum, size)[: len(speech) + tail].astype(np.float32)


def room_response(rng: np.random.Generator, decay_s: float | None = None, ratio_db: float | None = None) -> np.ndarray:
    """A direct path, then exponentially decaying noise: 0.1-0.6 s to -60 dB, direct to reverberant 0-18 dB."""
    decay_s = rng.uniform(0.1, 0.6) if decay_s is None else decay_s
    ratio_db = rng.uniform(0, 18) if ratio_db is None else ratio_db
    t = np.arange(6400) / SAMPLE_RATE_HZ
    tail = rng.standard_normal(6400) * np.exp(-6.9 * t / decay_s)
    tail[: int(rng.uniform(0.001, 0.012) * SAMPLE_RATE_HZ)] = 0
    response = tail / np.sqrt(np.sum(tail**2) + 1e-12) * 10 ** (-ratio_db / 20)
    response[0] = 1
    return response


def narrow(samples: np.ndarray) -> np.ndarray:
    """What a telephone-band link leaves: 8 kHz sampling."""
    return scipy.signal.resample_poly(scipy.signal.resample_poly(samples, 1, 2), 2, 1)[: len(samples)]


def make_noise(kind: str, n: int, rng: np.random.Generator, babble: list[np.ndarray]) -> np.ndarray:
    """(n,) noise of unit power."""
    if kind == "babble" and babble:
        noise = np.zeros(n)
        for _ in range(int(rng.integers(2, 7))):
            voice = babble[int(rng.integers(len(babble)))]
            shifted = np.roll(np.resize(voice, max(n, len(voice))), int(rng.integers(n)))[:n]
            noise += shifted * rng.uniform(0.3, 1)
    elif kind == "hum":
        t = np.arange(n) / SAMPLE_RATE_HZ
        base_hz = rng.choice([50.0, 60.0, 100.0, 120.0])
        noise = sum(
            rng.uniform(0, 1) / k * np.sin(2 * np.pi * base_hz * k * t + rng.uniform(0, 6)) for k in range(1, 12)
        )
        noise = noise + 0.1 * rng.standard_normal(n)
    else:
        slope = {"white": 0.0, "pink": -0.5, "brown": -1.0}.get(kind, -0.5)
        size = scipy.fft.next_fast_len(n, real=True)
        spectrum = scipy.fft.rfft(rng.standard_normal(size))
        spectrum *= np.maximum(np.arange(len(spectrum)), 3.0) ** slope
        noise = scipy.fft.irfft(spectrum, size)[:n]
    return noise / (np.sqrt(np.mean(np.square(noise))) + 1e-9)


def not_speech(rng: np.random.Generator, kind: str | None = None) -> np.ndarray:
    """Silence, steady noise, clicks, coughs and tones, 0.3-4 s: what a segmenter may let through by mistake."""
    kind = kind or str(rng.choice(["silence", "noise", "clicks", "cough", "tones", "music"]))
    n = int(rng.uniform(0.3, 4) * SAMPLE_RATE_HZ)
    t = np.arange(n) / SAMPLE_RATE_HZ
    noise = make_noise(str(rng.choice(["white", "pink", "brown", "hum"])), n, rng, [])
    if kind == "silence":
        clip = noise * 10 ** rng.uniform(-5, -3)
        return np.round(clip * 32767).astype(np.float32) / 32768
    if kind == "noise":
        swell = 1 + rng.uniform(0, 0.9) * np.sin(2 * np.pi * rng.uniform(0.2, 5) * t + rng.uniform(0, 6))
        clip = noise * swell
    else:
        clip = noise * 10 ** rng.uniform(-2.5, -1)
        for _ in range(int(rng.integers(1, 8))):
            start = int(rng.integers(n))
            clip[start:] += _burst(kind, n - start, rng)
    clip = clip / (np.abs(clip).max() + 1e-9) * 10 ** (rng.uniform(-40, 0) / 20)
    return np.round(clip * 32767).astype(np.float32) / 32768


def _burst(kind: str, n: int, rng: np.random.Generator) -> np.ndarray:
    t = np.arange(n) / SAMPLE_RATE_HZ
    if kind == "clicks":
        return rng.standard_normal(n) * np.exp(-t / rng.uniform(0.001, 0.015)) * rng.uniform(1, 5)
    if kind == "cough":
        body = scipy.signal.lfilter([1], [1, -1.6 * rng.uniform(0.8, 1), 0.8], rng.standard_normal(n))
        return body * np.minimum(t / 0.01, 1) * np.exp(-t / rng.uniform(0.04, 0.15))
    base_hz, length_s = rng.uniform(100, 2000), rng.uniform(0.1, 0.8)
    partials = range(1, 2 if kind == "tones" else 8)
    tone = sum(np.sin(2 * np.pi * base_hz * k * t + rng.uniform(0, 6)) / k for k in partials)
    return tone * np.exp(-t / length_s) if kind == "music" else tone * (t < length_s)


def spoil(clean: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Speech that says nothing: backwards, cut up and shuffled, or two at once."""
    kind = rng.integers(3)
    if kind == 0:
        return clean[::-1].copy()
    if kind == 1:
        piece = int(rng.uniform(0.08, 0.2) * SAMPLE_RATE_HZ)
        pieces = [clean[i : i + piece] for i in range(0, len(clean), piece)]
        return np.concatenate([pieces[i] for i in rng.permutation(len(pieces))])
    n = max(len(clean), len(other))
    return np.resize(clean, n) + np.resize(other, n) * rng.uniform(0.7, 1.3)


def opus_round_trip(samples: np.ndarray, bit_rate: int) -> np.ndarray:
    """Encode and decode as Ogg Opus; keeps the length."""
    decoded = decode_opus(encode_opus(samples, bit_rate))[: len(samples)]
    return np.pad(decoded, (0, len(samples) - len(decoded)))


def encode_opus(samples: np.ndarray, bit_rate: int) -> bytes:
    """(n,) float32 at 16 kHz to an Ogg Opus file."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=SAMPLE_RATE_HZ, layout="mono")
        stream.bit_rate = bit_rate
        pcm = np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16)[None, :]
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE_HZ
        resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE_HZ, frame_size=320)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def decode_opus(data: bytes) -> np.ndarray:
    """An Ogg Opus file to (n,) float32 at 16 kHz."""
    resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE_HZ)
    with av.open(io.BytesIO(data)) as container:
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
        frames += resampler.resample(None)
    pcm = np.concatenate([frame.to_ndarray()[0] for frame in frames if frame.samples])
    return pcm.astype(np.float32) / 32768
