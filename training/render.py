"""Training clips as log-mel features: ``python -m training.render OUT --first 0 --shards 10``.

The one idea: clip number i is a function of i alone (its generators are seeded with it), so any number of processes
can fill shards in any order and the result is the same. Shards hold float16 features and the target text.
The natural voices (flite, festival) are slow to start, so their clean utterances are rendered once into a pool.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import functools
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor

from training import acoustics, texts, voices
from training.voices import SAMPLE_RATE_HZ, Voice

SEED = 20_261_122
SHARD_CLIPS = 1_000
POOL_OTHERS_EACH = 800
POOL_PHRASE_VARIANTS = 4
NATURAL_SHARE = 0.5  # of the clips; the rest is espeak-ng, whose variants are endless but robotic
NATURAL_SPEED_RANGE = 0.2  # wider than for espeak-ng: four speakers must stand for many

KINDS = (("phrase", 0.42), ("other", 0.43), ("cut", 0.1), ("spoiled", 0.025), ("not_speech", 0.025))


@dataclass(frozen=True)
class Clip:
    """``phonemes`` is empty where the words are not whole."""

    samples: np.ndarray
    target: str
    phonemes: str
    speech: bool


def pool_jobs() -> list[tuple[str, Voice]]:
    """Texts and voices of the natural pool: every phrase in five ways by each voice, and other texts."""
    rng = random.Random(SEED)
    jobs = []
    for engine, names in (("flite", voices.TRAIN_FLITE), ("festival", voices.TRAIN_FESTIVAL)):
        for name in names:
            phrase_list = [phrase for phrase in texts.phrases() for _ in range(POOL_PHRASE_VARIANTS)]
            for text in phrase_list + [texts.draw_other(rng) for _ in range(POOL_OTHERS_EACH)]:
                jobs.append((text, Voice(engine, name, rng.uniform(0.8, 1.45), rng.uniform(0.8, 1.25))))
    return jobs


def render_pool(path: Path, processes: int) -> None:
    """Write the pool: one float16 array of all samples, and where each utterance lies in it."""
    jobs = pool_jobs()
    pieces = [jobs[i : i + 50] for i in range(0, len(jobs), 50)]
    with concurrent.futures.ProcessPoolExecutor(processes) as executor:
        clips = [clip for part in executor.map(_render_jobs, pieces) for clip in part]
    np.savez(
        path,
        samples=np.concatenate(clips).astype(np.float16),
        offsets=np.cumsum([0, *map(len, clips)]),
        texts=np.array([text for text, _ in jobs]),
    )


def _render_jobs(jobs: list[tuple[str, Voice]]) -> list[np.ndarray]:
    if jobs[0][1].engine == "festival":
        return [voices.trim(clip) for clip in voices.speak_festival(jobs)]
    return [voices.speak(text, voice) for text, voice in jobs]


class Pool:
    """Clean utterances of the natural voices, drawn by kind of text."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as file:
            self._samples, self._offsets = file["samples"], file["offsets"]
            self._texts = [str(text) for text in file["texts"]]
        known = set(texts.phrases())
        self._phrases: dict[str, list[int]] = {phrase: [] for phrase in known}
        self._others: list[int] = []
        for i, text in enumerate(self._texts):
            if text in known:
                self._phrases[text].append(i)
            elif not sounds_like_a_phrase(text):
                self._others.append(i)

    def draw(self, rng: random.Random, phrase: bool) -> tuple[str, np.ndarray]:
        i = rng.choice(self._phrases[texts.draw_phrase(rng)]) if phrase else rng.choice(self._others)
        return self._texts[i], self._samples[self._offsets[i] : self._offsets[i + 1]].astype(np.float32)


# Sounds that noise makes equal; espeak-ng's own choice between the vowels differs from accent to accent.
_ALIKE = str.maketrans("bdɡvðzʒiɐʌæuɔɒɚɜ", "ptkfθsʃɪəəɛʊɑɑəə")


def _coarse(text: str) -> str:
    return voices.espeak().phonemes(text).translate(_ALIKE)


@functools.cache
def _phrase_sounds() -> frozenset[str]:
    return frozenset(map(_coarse, texts.phrases()))


def sounds_like_a_phrase(text: str) -> bool:
    """Whether it differs from a phrase in spelling only ("weight"), or too little to be taught ("scan this coat")."""
    return _coarse(text) in _phrase_sounds()


def draw_other(rng: random.Random) -> str:
    while sounds_like_a_phrase(text := texts.draw_other(rng)):
        pass
    return text


def say(rng: random.Random, pool: Pool, phrase: bool) -> tuple[str, np.ndarray, bool]:
    """(text, clean samples, whether the voice is a natural one)."""
    if rng.random() < NATURAL_SHARE:
        return *pool.draw(rng, phrase), True
    text = texts.draw_phrase(rng) if phrase else draw_other(rng)
    return text, voices.speak(text, voices.draw_espeak_voice(rng, "train")), False


def cut_short(rng: random.Random, split: str = "train") -> tuple[str, np.ndarray, str]:
    """A phrase that breaks off inside a word: (target, clean samples, phrase). Only espeak-ng tells word times."""
    while True:
        phrase = texts.draw_phrase(rng)
        words = phrase.split()
        if len(words) == 1 and len(words[0]) < 5:
            continue
        samples, starts_s = voices.espeak().speak(phrase, voices.draw_espeak_voice(rng, split))
        start, stop = voices.active_span(samples)
        if len(starts_s) != len(words):
            continue
        edges = [int(s * SAMPLE_RATE_HZ) for s in starts_s] + [stop]
        i = rng.randrange(len(words))
        at = int(edges[i] + rng.uniform(0.25, 0.6) * (edges[i + 1] - edges[i]))
        if at - start < 0.12 * SAMPLE_RATE_HZ:
            continue
        fade = np.ones(at - start, dtype=np.float32)
        fade[-160:] = np.linspace(1, 0, 160)
        return " ".join([*words[:i], texts.UNKNOWN]), samples[start:at] * fade, phrase


def make_clip(index: int, pool: Pool, babble: list[np.ndarray]) -> Clip:
    """Training clip number ``index``."""
    rng = random.Random(SEED * 1_000_003 + index)
    noise_rng = np.random.default_rng([SEED, index])
    kinds, weights = zip(*KINDS, strict=True)
    kind = rng.choices(kinds, weights)[0]
    if kind == "not_speech":
        return Clip(acoustics.not_speech(noise_rng), texts.UNKNOWN, "", speech=False)
    natural, phonemes = False, ""
    if kind == "cut":
        target, clean, _ = cut_short(rng)
    else:
        text, clean, natural = say(rng, pool, phrase=kind == "phrase")
        target, phonemes = texts.target(text), voices.espeak().phonemes(text)
        if kind == "spoiled":
            target, phonemes = texts.UNKNOWN, ""
            clean = acoustics.spoil(clean, say(rng, pool, phrase=rng.random() < 0.5)[1], noise_rng)
    scene = acoustics.draw_scene(noise_rng, speed_range=NATURAL_SPEED_RANGE if natural else 0.13)
    return Clip(acoustics.apply(clean, scene, noise_rng, babble), target, phonemes, speech=True)


def render_shard(folder: Path, number: int) -> Path:
    """Write ``shard_NNNNN.npz`` through a temporary name, so that a reader never sees half of one."""
    path = folder / f"shard_{number:05d}.npz"
    if path.exists():
        return path
    pool, extract = Pool(folder / "pool.npz"), FeatureExtractor(feature_size=80)
    rng = random.Random(SEED + number)
    babble = [say(rng, pool, phrase=False)[1] for _ in range(30)]
    clips = [make_clip(number * SHARD_CLIPS + i, pool, babble) for i in range(SHARD_CLIPS)]
    features = [extract(clip.samples).astype(np.float16) for clip in clips]
    temporary = path.with_suffix(".part.npz")
    np.savez(
        temporary,
        features=np.concatenate(features, axis=1),
        offsets=np.cumsum([0, *(f.shape[1] for f in features)]),
        targets=np.array([clip.target for clip in clips]),
        phonemes=np.array([clip.phonemes for clip in clips]),
        speech=np.array([clip.speech for clip in clips]),
    )
    return temporary.rename(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--shards", type=int, default=60, help=f"of {SHARD_CLIPS} clips")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if not (options.folder / "pool.npz").exists():
        render_pool(options.folder / "pool.npz", options.processes)
    numbers = range(options.first, options.first + options.shards)
    with concurrent.futures.ProcessPoolExecutor(options.processes) as executor:
        for path in executor.map(render_shard, [options.folder] * len(numbers), numbers):
            print(path, flush=True)


if __name__ == "__main__":
    main()
