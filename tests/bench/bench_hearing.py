"""How well the recogniser hears its phrases, and how often it refuses everything else.

The sound goes through `pipelines.hearing.transcriber` as the product calls it. Sets: the recorded clips of
tests/data/speech; every phrase by four espeak-ng voices that training never heard, at 20 dB; sentences that are no
phrase (training/held_out_sentences.txt) and phrases that break off, by the same voices; silence and noise; and human
speech, where a folder of it is at hand. Rendered voices are no people: the figures compare models, and say nothing of
a wearer in a street.

    python -m tests.bench.bench_hearing [--model FOLDER] [--speech FOLDER] [--show 5]

`--speech` (or EARSHOT_BENCH_SPEECH): a folder of recordings in which no phrase is said; FILE.txt beside FILE holds what
is said, if known. No training environment is needed, only the `espeak` extra.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from time import perf_counter, process_time

import av
import numpy as np
from faster_whisper import decode_audio
from numpy.typing import NDArray

from device_sim.espeak import Accent, espeak
from pipelines.events import Transcribed
from pipelines.hearing.gate import letters_only, parse_phrases
from pipelines.hearing.transcriber import Hearing, Transcriber, embedded_folder
from pipelines.hearing.voice_activity import SAMPLE_RATE_HZ
from pipelines.thinking.intent import understand
from pipelines.weighing import refused_stop

ROOT = Path(__file__).resolve().parents[2]
CLIPS = ROOT / "tests" / "data" / "speech"
SPEECH = ROOT.parent / "shared" / "data" / "speech"
PHRASES = ROOT / "pipelines" / "hearing" / "phrases.txt"
SENTENCES = ROOT / "training" / "held_out_sentences.txt"

# Accent and variant; two women's voices, two men's. `held_out` checks that training still leaves them alone.
VOICES = (
    Accent("en-us+steph", 165, 55),
    Accent("en-gb-x-rp+Andrea", 180, 50),
    Accent("en-us+paul", 175, 45),
    Accent("en+victor", 160, 50),
)
SNR_DB = 20.0
LEAD_S, TAIL_S = 0.3, 0.3  # what the conversation cuts around the words: its pre-roll, and the pause it waits for
NOISES = 120
STOPS = ("stop", "stop it")  # said over an answer: a phrase, and none
# No order to stop, and most of them close to one in sound.
SHORT = tuple(
    """top|hop|shop|step|stock|stuff|spot|start|star|store|stamp|up|drop|talk|hot|the shop|bus stop|at the top
yeah|right|mhm|okay|no|yes|thanks|really|wow|great""".replace("\n", "|").split("|")
)
OVER_SNR_DB = (12.0, 20.0, 30.0)  # by turns
TIMES = {"stop": 15, "stop it": 15, "": 6}  # so often is each said by each voice; "": each of the others

Sound = NDArray[np.float32]  # (n,) in [-1, 1], 16 kHz mono


@dataclass(frozen=True, slots=True)
class Clip:
    """`text`: the phrase that should come out; "" if nothing may be believed. `said`: for the list of mistakes."""

    said: str
    text: str
    sound: Sound


@dataclass(frozen=True, slots=True)
class Heard:
    clip: Clip
    hearing: Hearing
    wall_ms: float
    core_ms: float

    @property
    def exact(self) -> bool:
        same = letters_only(self.hearing.text) == letters_only(self.clip.text)
        return self.hearing.accepted and bool(self.clip.text) and same


# ------------------------------------------------------------------------------------------------------------ the sets


def held_out() -> None:
    """Every voice of this bench must belong to training's test split."""
    source = (ROOT / "training" / "voices.py").read_text(encoding="utf-8")
    found = re.search(r'^TEST_VARIANTS = _names\("([^"]*)"\)', source, re.MULTILINE)
    kept = found[1].split() if found else []
    heard = [voice.voice for voice in VOICES if voice.voice.partition("+")[2] not in kept]
    if heard:
        raise SystemExit(f"{', '.join(heard)}: not among TEST_VARIANTS of training/voices.py; take others for VOICES")


def spoken(text: str, voice: Accent, seed: int, lead_s: float = LEAD_S, snr_db: float = SNR_DB) -> Sound:
    """The text with silence around it and steady pinkish noise, at a drawn level."""
    random = np.random.default_rng(seed)
    dry = at_16k(espeak().speak(text, voice), espeak().rate_hz)
    loud = np.flatnonzero(np.abs(dry) > 0.01 * np.abs(dry).max())
    dry = dry[loud[0] : loud[-1] + 1]
    clip = np.pad(dry, (round(lead_s * SAMPLE_RATE_HZ), round(TAIL_S * SAMPLE_RATE_HZ)))
    noise = pink(len(clip), random) * float(np.sqrt(np.mean(dry**2))) * 10 ** (-snr_db / 20)
    return as_16_bit((clip + noise) / np.abs(clip + noise).max() * 10 ** (random.uniform(-20, -3) / 20))


def at_16k(sound: Sound, rate_hz: int) -> Sound:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE_HZ)
    frame = av.AudioFrame.from_ndarray(sound[np.newaxis], format="flt", layout="mono")
    frame.sample_rate = rate_hz
    frames = [*resampler.resample(frame), *resampler.resample(None)]
    return np.concatenate([f.to_ndarray()[0] for f in frames if f.samples]).astype(np.float32)


def pink(n: int, random: np.random.Generator) -> Sound:
    """(n,) noise of unit power that falls by 3 dB an octave."""
    spectrum = np.fft.rfft(random.standard_normal(n))
    spectrum *= np.maximum(np.arange(len(spectrum)), 3.0) ** -0.5
    noise = np.fft.irfft(spectrum, n)
    return np.asarray(noise / np.sqrt(np.mean(noise**2)), np.float32)


def as_16_bit(sound: NDArray[np.floating]) -> Sound:
    """As it comes out of the sound ring."""
    return np.asarray(np.round(np.clip(sound, -1, 1) * 32767) / 32768, np.float32)


def recorded(kind: str) -> Iterator[Clip]:
    for line in (CLIPS / "index.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if entry["kind"] == kind:
            said = f"{entry['text']} ({entry['file']})"
            yield Clip(said, entry["text"] if kind == "phrase" else "", decode_audio(str(CLIPS / entry["file"])))


def phrases() -> list[str]:
    return sorted(parse_phrases(PHRASES.read_text(encoding="utf-8")))


def rendered_phrases() -> Iterator[Clip]:
    for i, text in enumerate(phrases()):
        for j, voice in enumerate(VOICES):
            yield Clip(f"{text} ({voice.voice})", text, spoken(text, voice, 10 * i + j))


def rendered(texts: list[str], seed: int) -> Iterator[Clip]:
    """Each text once, the voices taking turns; none of it may be believed."""
    for i, (text, voice) in enumerate(zip(texts, cycle(VOICES), strict=False)):
        yield Clip(f"{text} ({voice.voice})", "", spoken(text, voice, seed + i))


def sentences() -> list[str]:
    lines = SENTENCES.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def broken_off() -> list[str]:
    """Word prefixes of phrases that are no phrases: what a wearer who pauses has said so far."""
    known = set(phrases())
    heads = {" ".join(words[:n]) for words in map(str.split, known) for n in range(1, len(words))}
    return sorted(heads - known)


def not_speech() -> Iterator[Clip]:
    """Silence, steady noise, hum, clicks and tones, 1 to 4 s at drawn levels."""
    random = np.random.default_rng(3)
    kinds = ("silence", "pink noise", "white noise", "hum", "clicks", "tones")
    for i in range(NOISES):
        kind, n = kinds[i % len(kinds)], int(random.uniform(1, 4) * SAMPLE_RATE_HZ)
        level = 10 ** (random.uniform(-50, -6) / 20)
        sound = noise_of(kind, n, random)
        peak = np.abs(sound).max()
        yield Clip(f"{kind} {i}", "", as_16_bit(sound / peak * level if peak else sound))


def noise_of(kind: str, n: int, random: np.random.Generator) -> NDArray[np.floating]:
    t = np.arange(n) / SAMPLE_RATE_HZ
    if kind == "silence":
        return np.zeros(n, np.float32)
    if kind == "pink noise":
        return pink(n, random)
    if kind == "white noise":
        return random.standard_normal(n)
    if kind == "hum":
        return np.asarray(sum(np.sin(2 * np.pi * 50 * k * t + random.uniform(0, 6)) / k for k in range(1, 12)))
    sound = 0.003 * random.standard_normal(n)
    for _ in range(int(random.integers(2, 9))):
        start = int(random.integers(n))
        rest = t[: n - start]
        if kind == "clicks":
            sound[start:] += random.standard_normal(n - start) * np.exp(-rest / 0.008)
        else:
            sound[start:] += np.sin(2 * np.pi * random.uniform(100, 2000) * rest) * (rest < 0.4)
    return sound


def human(folder: Path) -> Iterator[Clip]:
    """Each recording whole, and in pieces of 1 to 4 s that overlap by half."""
    for path in sorted(p for p in folder.iterdir() if p.suffix in {".wav", ".flac", ".ogg", ".mp3"}):
        sound = decode_audio(str(path))
        yield Clip(f"{path.name}, whole", "", sound[: 28 * SAMPLE_RATE_HZ])
        for seconds in (1, 2, 3, 4):
            size = seconds * SAMPLE_RATE_HZ
            for start in range(0, len(sound) - size // 2, size // 2):
                yield Clip(f"{path.name} at {start / SAMPLE_RATE_HZ:.1f} s", "", sound[start : start + size])


def stopped(transcriber: Transcriber, words: tuple[str, ...], times: int) -> dict[str, float]:
    """How many of these, said over an answer, would end it: in percent, by the recogniser's gate alone, and as
    `pipelines.weighing` has it."""
    random, believed, ended = np.random.default_rng(4), 0, 0
    for i in range(len(words) * times):
        for voice in VOICES:
            lead_s, snr_db = random.uniform(0.1, 0.5), float(random.choice(OVER_SNR_DB))
            sound = spoken(words[i % len(words)], voice, 300_000 + i, lead_s, snr_db)
            hearing = transcriber.transcribe(sound)
            said = hearing.text, hearing.accepted, hearing.why, hearing.words, hearing.avg_logprob
            heard = Transcribed(0, 0, *said)
            sure = heard.accepted and understand(heard.text).name == "stop"
            believed += sure
            ended += sure or (not heard.accepted and refused_stop(heard))
    n = len(words) * times * len(VOICES)
    return {"n": n, "believed_percent": round(100 * believed / n, 1), "ended_percent": round(100 * ended / n, 1)}


# ---------------------------------------------------------------------------------------------------------- the report


def judged(transcriber: Transcriber, clips: Iterator[Clip]) -> list[Heard]:
    out = []
    for clip in clips:
        wall, core = perf_counter(), process_time()
        hearing = transcriber.transcribe(clip.sound)
        out.append(Heard(clip, hearing, (perf_counter() - wall) * 1e3, (process_time() - core) * 1e3))
    return out


def row(name: str, heard: list[Heard], show: int) -> dict[str, float]:
    """One line of the table, then the mistakes; what goes into the JSON. "wrong": believed, and not what was said."""
    right = sum(h.exact for h in heard)
    believed = [h for h in heard if h.hearing.accepted and not h.exact]
    wanted = any(h.clip.text for h in heard)
    refused = sum(not h.hearing.accepted for h in heard)
    wall_ms, core_ms = statistics.median(h.wall_ms for h in heard), statistics.median(h.core_ms for h in heard)
    exact = f"{100 * right / len(heard):.1f}" if wanted else ""
    rejected = "" if wanted else f"{100 * refused / len(heard):.1f}"
    print(
        f"{name:<34}{len(heard):>6}{exact:>9}{rejected:>10}{len(believed):>9}{wall_ms:>9.1f}{core_ms:>9.1f}", flush=True
    )
    mistakes = [h for h in heard if h.clip.text and not h.exact] if wanted else believed
    for h in mistakes[:show]:
        why = h.hearing.why or f"accepted, {h.hearing.avg_logprob:.2f}"
        print(f"      {h.clip.said} -> {h.hearing.text!r}: {why}")
    share = {"exact_percent": right} if wanted else {"rejected_percent": refused}
    figures = {key: round(100 * count / len(heard), 2) for key, count in share.items()}
    times = {"median_ms": round(wall_ms, 1), "median_core_ms": round(core_ms, 1)}
    return {"n": len(heard), **figures, "wrongly_believed": len(believed), **times}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--model", type=Path, default=embedded_folder(), help="folder of a speech model (embedded)")
    asked.add_argument("--speech", type=Path, default=Path(os.environ.get("EARSHOT_BENCH_SPEECH") or SPEECH))
    asked.add_argument("--show", type=int, default=5, metavar="N", help="mistakes listed for each set")
    given = asked.parse_args()
    held_out()
    transcriber = Transcriber.load(given.model)
    transcriber.transcribe(spoken("hello", VOICES[0], 1))  # the first call sets things up
    sets: dict[str, Callable[[], Iterator[Clip]]] = {
        "phrases, recorded clips": lambda: recorded("phrase"),
        "phrases, 4 voices at 20 dB": rendered_phrases,
        "sentences, recorded clips": lambda: recorded("sentence"),
        "sentences, 4 voices at 20 dB": lambda: rendered(sentences(), 100_000),
        "phrases broken off, 20 dB": lambda: rendered(broken_off(), 200_000),
        "silence and noise": not_speech,
    }
    if given.speech.is_dir():
        sets["human speech, no phrase in it"] = lambda: human(given.speech)
    else:
        print(f"human speech left out: no folder {given.speech}; give one with --speech or EARSHOT_BENCH_SPEECH")
    print(f"{transcriber.name}\n{'set':<34}{'n':>6}{'exact %':>9}{'refused %':>10}{'wrong':>9}{'ms':>9}{'core ms':>9}")
    all_heard = {name: judged(transcriber, clips()) for name, clips in sets.items()}
    rows = {name: row(name, heard, given.show) for name, heard in all_heard.items()}
    over = {said: stopped(transcriber, (said,), TIMES[said]) for said in STOPS}
    over["other short words"] = stopped(transcriber, SHORT, TIMES[""])
    print(f"\n{'over an answer':<34}{'n':>6}{'ends it by the gate alone':>28}{'with what is asked over answers':>34}")
    for name, found in over.items():
        print(f"{name:<34}{found['n']:>6}{found['believed_percent']:>26.1f} %{found['ended_percent']:>32.1f} %")
    print(json.dumps({"bench": "hearing", "model": transcriber.name, "sets": rows, "over_an_answer": over}))


if __name__ == "__main__":
    main()
