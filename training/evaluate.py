"""Measure the embedded recogniser as it is shipped: ``python -m training.evaluate``.

The one idea: everything is judged through stock ``faster_whisper.WhisperModel`` with the product's own call
(``transcribe`` below), on voices and sentences that training never met. ``--choose-gate`` picks the thresholds on
``dev`` voices; the figures come from ``test`` voices.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import random
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import faster_whisper.transcribe
import numpy as np
from faster_whisper import WhisperModel, decode_audio

from training import acoustics, render, texts, voices
from training.convert import FOLDER
from training.voices import SAMPLE_RATE_HZ, Voice

# The dynamic window the model is trained for: the utterance's frames and one second of zeros, at least two seconds.
WINDOW_TAIL_FRAMES = 100
WINDOW_MIN_FRAMES = 200
WINDOW_FULL_FRAMES = 3_000

SEED = 7_000_000
NEW_VOICE_MARGIN = 1.5  # a stranger is less sure to be understood than a dev voice; short words suffer first
RENDERINGS = 12  # of each phrase; every sixth by the natural voice


def pad_to_window(features: np.ndarray, length: int = WINDOW_FULL_FRAMES, *, axis: int = -1) -> np.ndarray:
    """(80, n) to (80, window), zeros at the end; takes the place of faster-whisper's pad_or_trim."""
    frames = features.shape[axis]
    window = min(length, max(WINDOW_MIN_FRAMES, frames + WINDOW_TAIL_FRAMES))
    return np.pad(features[:, :window], ((0, 0), (0, max(0, window - frames))))


def load(folder: Path = FOLDER, threads: int = 1) -> WhisperModel:
    return WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=threads)


@dataclass(frozen=True)
class Heard:
    text: str
    avg_logprob: float
    no_speech_prob: float
    duration_s: float
    wall_s: float = 0.0


def transcribe(model: WhisperModel, samples: np.ndarray, full_window: bool = False) -> Heard:
    """The product's call on (n,) float32, 16 kHz mono, one utterance as the segmenter cut it."""
    original = faster_whisper.transcribe.pad_or_trim
    begun = time.perf_counter()
    if not full_window:
        faster_whisper.transcribe.pad_or_trim = pad_to_window
    try:
        segments, _ = model.transcribe(
            samples,
            language="en",
            task="transcribe",
            beam_size=1,
            temperature=0.0,
            without_timestamps=True,
            condition_on_previous_text=False,
            suppress_tokens=[],
            suppress_blank=True,
            max_new_tokens=24,
            no_speech_threshold=None,
            log_prob_threshold=None,
            compression_ratio_threshold=None,
            vad_filter=False,
            word_timestamps=False,
        )
        found = list(segments)
    finally:
        faster_whisper.transcribe.pad_or_trim = original
    wall_s, duration_s = time.perf_counter() - begun, len(samples) / SAMPLE_RATE_HZ
    if not found:
        return Heard("", -10.0, 1.0, duration_s, wall_s)
    text = " ".join(segment.text.strip() for segment in found)
    return Heard(text, found[0].avg_logprob, found[0].no_speech_prob, duration_s, wall_s)


@dataclass(frozen=True)
class Gate:
    """When a transcript counts as understood. ``edge_s``: the most silence a segmenter leaves around speech."""

    min_avg_logprob: float = -0.3
    max_no_speech_prob: float = 0.5
    min_s_per_char: float = 0.02
    max_s_per_char: float = 0.16
    edge_s: float = 1.0

    def accepts(self, heard: Heard) -> bool:
        """Exactly one phrase, sure enough, and as long as its letters take."""
        chars = len(heard.text)
        return (
            heard.text in texts.phrases()
            and heard.avg_logprob >= self.min_avg_logprob
            and heard.no_speech_prob <= self.max_no_speech_prob
            and heard.duration_s >= self.min_s_per_char * chars
            and heard.duration_s - self.edge_s <= self.max_s_per_char * chars
        )

    @staticmethod
    def read(folder: Path = FOLDER) -> Gate:
        names = {field.name for field in dataclasses.fields(Gate)}
        values = json.loads((folder / "gate.json").read_text(encoding="utf-8"))
        return Gate(**{name: value for name, value in values.items() if name in names})

    def write(self, folder: Path = FOLDER) -> None:
        window = {
            "window_tail_frames": WINDOW_TAIL_FRAMES,
            "window_min_frames": WINDOW_MIN_FRAMES,
        }
        text = json.dumps({**dataclasses.asdict(self), **window}, indent=2) + "\n"
        (folder / "gate.json").write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class Case:
    """One clip of the evaluation. ``text`` is what is said, whatever the model should make of it."""

    kind: str  # phrase | sentence | prefix | cut | real | noise
    text: str
    voice: str
    snr_db: float
    samples: np.ndarray


def eval_voice(rng: random.Random, split: str, natural: bool) -> Voice:
    if natural:
        return Voice("flite", voices.TEST_FLITE[0], rng.uniform(1.0, 1.35), rng.uniform(0.9, 1.15))
    accent, variant = rng.choice(voices.ACCENTS), rng.choice(voices.espeak_variants(split))
    return Voice("espeak", f"{accent}+{variant}", rng.uniform(0.8, 1.2), rng.uniform(0.6, 1.4))


def place(clean: np.ndarray, snr_db: float, seed: list[int]) -> np.ndarray:
    """The clip around clean speech: everything drawn but the signal-to-noise ratio, and no change of speed."""
    rng = np.random.default_rng(seed)
    scene = dataclasses.replace(acoustics.draw_scene(rng, snr_db, speed_range=0.0), narrow_band=False)
    return acoustics.apply(clean, scene, rng, babble_for(seed[0]))


_BABBLE: dict[int, list[np.ndarray]] = {}


def babble_for(seed: int) -> list[np.ndarray]:
    if seed not in _BABBLE:
        rng = random.Random(seed)
        _BABBLE[seed] = [voices.speak(texts.draw_other(rng), eval_voice(rng, "test", False)) for _ in range(20)]
    return _BABBLE[seed]


def cases_of(kind: str, items: Iterable[str], split: str, snr_db: float, seed: int, every: int = 6) -> Iterator[Case]:
    """``items`` said by voices of ``split``; each ``every``-th by the natural test voice (never on ``dev``)."""
    for i, text in enumerate(items):
        rng = random.Random(seed * 1_000_003 + i)
        voice = eval_voice(rng, split, natural=split == "test" and i % every == every - 1)
        yield Case(kind, text, voice.label, snr_db, place(voices.speak(text, voice), snr_db, [seed, i]))


def phrase_cases(split: str, snr_db: float, renderings: int = RENDERINGS) -> Iterator[Case]:
    items = (phrase for phrase in texts.phrases() for _ in range(renderings))
    return cases_of("phrase", items, split, snr_db, SEED + (split == "dev"))


def sentence_cases(split: str, snr_db: float = 20.0) -> Iterator[Case]:
    if split == "dev":
        rng = random.Random(SEED)
        return cases_of("sentence", [texts.draw_other(rng) for _ in range(800)], split, snr_db, SEED + 11)
    return cases_of("sentence", [s for s in texts.held_out_sentences() for _ in range(2)], split, snr_db, SEED + 10, 2)


def prefix_cases(split: str, snr_db: float = 20.0) -> Iterator[Case]:
    items = sorted({head for phrase in texts.phrases() for head in texts.prefixes(phrase)})
    return cases_of("prefix", [head for head in items for _ in range(2)], split, snr_db, SEED + 20, 2)


def cut_cases(split: str, snr_db: float = 20.0, n: int = 300) -> Iterator[Case]:
    for i in range(n):
        target, clean, phrase = render.cut_short(random.Random(SEED * 31 + i), split)
        yield Case("cut", f"{target} ({phrase})", "espeak", snr_db, place(clean, snr_db, [SEED + 30, i]))


def noise_cases(n: int = 300) -> Iterator[Case]:
    for i in range(n):
        samples = acoustics.not_speech(np.random.default_rng([SEED + 40, i]))
        yield Case("noise", "", "none", 0.0, samples)
    yield Case("noise", "", "none", 0.0, np.zeros(2 * SAMPLE_RATE_HZ, dtype=np.float32))


def real_cases(folder: Path) -> Iterator[Case]:
    """Human speech that is no phrase, whole and in pieces of 1, 2, 3 and 4 s."""
    for path in sorted([*folder.glob("*.wav"), *folder.glob("*.flac")]):
        samples = decode_audio(str(path))
        yield Case("real", f"{path.stem} whole", "human", 0.0, samples[: 28 * SAMPLE_RATE_HZ])
        for seconds in (1, 2, 3, 4):
            size = seconds * SAMPLE_RATE_HZ
            for start in range(0, len(samples) - size // 2, size // 2):
                name = f"{path.stem} {start / SAMPLE_RATE_HZ:.1f} s"
                yield Case("real", name, "human", 0.0, samples[start : start + size])


Result = tuple[Case, Heard]


def run(model: WhisperModel, cases: Iterable[Case], full_window: bool = False) -> list[Result]:
    return [(case, transcribe(model, case.samples, full_window)) for case in cases]


def choose_gate(model: WhisperModel) -> Gate:
    """Thresholds on the dev voices: refuse as much as possible while losing under 1 % of correct phrases."""
    spoken = [*run(model, phrase_cases("dev", 20.0, 6)), *run(model, phrase_cases("dev", 12.0, 3))]
    right = [heard for case, heard in spoken if heard.text == case.text]
    per_char = [(h.duration_s / len(h.text), (h.duration_s - Gate.edge_s) / len(h.text)) for h in right]
    return Gate(
        min_avg_logprob=round(NEW_VOICE_MARGIN * float(np.quantile([h.avg_logprob for h in right], 0.006)), 3),
        max_no_speech_prob=round(min(0.9, 0.05 + float(np.quantile([h.no_speech_prob for h in right], 0.998))), 3),
        min_s_per_char=round(0.8 * min(low for low, _ in per_char), 4),
        max_s_per_char=round(1.3 * max(0.1, *(high for _, high in per_char)), 4),
    )


def report(name: str, results: list[Result], gate: Gate, show: int) -> dict[str, float | int]:
    """One row: for phrases exact and accepted, for all else accepted (which is wrong)."""
    phrase_rows = [(c, h) for c, h in results if c.kind == "phrase"]
    accepted = [(c, h) for c, h in results if gate.accepts(h)]
    row: dict[str, float | int] = {"n": len(results)}
    if phrase_rows:
        row["exact"] = round(sum(h.text == c.text for c, h in results) / len(results), 4)
        row["exact_and_accepted"] = round(sum(h.text == c.text for c, h in accepted) / len(results), 4)
        row["wrong_accepted"] = sum(h.text != c.text for c, h in accepted)
        for engine in ("espeak", "flite"):
            rows = [(c, h) for c, h in results if c.voice.startswith(engine)]
            row[f"exact_{engine}"] = round(sum(h.text == c.text for c, h in rows) / max(1, len(rows)), 4)
        misses = [(c, h) for c, h in results if not (h.text == c.text and gate.accepts(h))]
    else:
        row["phrase_before_gate"] = sum(h.text in texts.phrases() for _, h in results)
        row["accepted"] = len(accepted)
        row["rejected"] = round(1 - len(accepted) / len(results), 4)
        misses = accepted
    print(name, json.dumps(row), flush=True)
    for case, heard in misses[:show]:
        print(f"    {case.text!r} by {case.voice} -> {heard.text!r} {heard.avg_logprob:.2f} {heard.no_speech_prob:.2f}")
    return row


def timing(results: list[Result]) -> float:
    return round(1000 * float(np.median([heard.wall_s for _, heard in results])), 1)


def write_test_clips(folder: Path) -> None:
    """One clip a phrase and 60 sentences that are none, by test voices at 20 dB, as Ogg Opus of 24 kbit/s."""
    folder.mkdir(parents=True, exist_ok=True)
    sentences = texts.held_out_sentences()
    chosen = [sentences[i * len(sentences) // 60] for i in range(60)]
    cases = [
        *cases_of("phrase", texts.phrases(), "test", 20.0, SEED + 50, every=3),
        *cases_of("sentence", chosen, "test", 20.0, SEED + 60, every=3),
    ]
    with (folder / "index.jsonl").open("w", encoding="utf-8") as index:
        for i, case in enumerate(cases):
            name = f"{case.kind}_{i:03d}.ogg"
            (folder / name).write_bytes(acoustics.encode_opus(case.samples, 24_000))
            entry = {"file": name, "kind": case.kind, "text": case.text, "voice": case.voice, "snr_db": case.snr_db}
            index.write(json.dumps(entry) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--choose-gate", action="store_true", help="write gate.json from dev voices first")
    parser.add_argument(
        "--write-test-clips", type=Path, metavar="FOLDER", help="write the clips of the test-suite and stop"
    )
    parser.add_argument("--renderings", type=int, default=RENDERINGS, help="of each phrase")
    parser.add_argument("--real-speech", type=Path, help="a folder of recordings in which no phrase is said")
    parser.add_argument("--show", type=int, default=12, help="failures listed for each set")
    options = parser.parse_args()
    if options.write_test_clips:
        write_test_clips(options.write_test_clips)
        return
    model = load(options.folder)
    if options.choose_gate:
        choose_gate(model).write(options.folder)
    gate = Gate.read(options.folder)
    print("gate", gate)
    spoken = list(phrase_cases("test", 20.0, options.renderings))
    rows = {"phrases 20 dB": run(model, spoken)}
    rows["phrases 10 dB"] = run(model, phrase_cases("test", 10.0, options.renderings))
    rows["phrases 20 dB at 30 s"] = run(model, spoken[:: max(1, len(spoken) // 140)], full_window=True)
    rows["sentences"] = run(model, sentence_cases("test"))
    rows["prefixes"] = run(model, prefix_cases("test"))
    rows["cut inside a word"] = run(model, cut_cases("test"))
    rows["silence and noise"] = run(model, noise_cases())
    if options.real_speech:
        rows["real speech"] = run(model, real_cases(options.real_speech))
    for group, sentences in texts.held_out_groups().items():
        rows[f"sentences: {group}"] = [(c, h) for c, h in rows["sentences"] if c.text in sentences]
    for name, results in rows.items():
        report(name, results, gate, options.show)
    print("median ms: dynamic", timing(rows["phrases 20 dB"]), "30 s", timing(rows["phrases 20 dB at 30 s"]))


if __name__ == "__main__":
    main()
