"""What a voice costs, how early it may begin, and how well we know what of it was heard.

Milliseconds to the first block and for a whole sentence; words of a model's stream until the first chunk leaves for the
voice; and, for the voice that does not say when it speaks a word, words that history would hold too many or too few,
against the engine's own word events.

Run: `python -m tests.bench.bench_voices`. Times are medians over a few repeats; nothing is asserted.
"""

from __future__ import annotations

import json
import statistics
import time

import numpy as np

from pipelines.events import NS
from pipelines.speaking.align import aligned_words
from pipelines.speaking.clauses import STREAMED, ClauseChunker, ClauseOptions
from pipelines.speaking.heard import estimated_words
from pipelines.speaking.resample import OUT_HZ
from pipelines.speaking.speakable import speakable
from pipelines.speaking.voice import close_voices, load_voices
from tests.test_align import WRITTEN, errors, truth

TEXTS = {
    "clause": "It is a red sign,",
    "sentence": "The red sign on the door says the museum closes at five.",
    "long": "The museum opens at nine and closes at five. Tickets cost 4 euros 35. " * 4,
}
REPEATS = 15
ANSWERS = (  # as models begin them
    "I can see a wide street with a red bus coming toward you. There is a crossing on the right.",
    "The bottle on the left is olive oil, and the one beside it is vinegar.",
    "That looks like a beech, judging by its smooth grey bark.",
    "Yes, there is one free seat by the window.",
    "It was painted in 1889 by Vincent van Gogh while he stayed at Saint-Rémy.",
    "The departure board shows platform 12 for the 9:45 train to Ghent.",
    "You are standing in front of a small bakery that seems to be closed.",
    "Two people are talking to each other at the far end of the hall.",
    "No.",
    "A jacket like this one usually costs between 80 and 120 euros.",
    "The keys are lying on the table next to your blue cup.",
    "Water boils at a lower temperature up here because the air pressure drops with height.",
    "To reset it, hold the round button for about ten seconds until the light blinks.",
    "The plant needs more light; its leaves have started to turn yellow.",
    "Mary Shelley wrote it when she was only eighteen years old.",
    "This kind of screw is called a hex bolt and you need a 10 mm spanner.",
)
CUTS = {
    "sentence": ClauseOptions(first_clause=False),
    "clause or 6 words": ClauseOptions(),
    "clause or 4 words": STREAMED,
}
RATES_WPM = (120, 175, 250, 340)


def main() -> None:
    started = time.perf_counter()
    voices = load_voices()
    figures: dict[str, object] = {"bench": "voices"}
    print(f"load_voices: {', '.join(voices)} in {(time.perf_counter() - started) * 1000:.0f} ms")
    for voice in voices.values():
        for label, text in TEXTS.items():
            first_ms, whole_ms = [], []
            for _ in range(REPEATS):
                start = time.perf_counter()
                blocks = voice.render(text, 175, bool)
                parts = [next(blocks).pcm]
                first_ms.append((time.perf_counter() - start) * 1000)
                parts += [block.pcm for block in blocks]
                whole_ms.append((time.perf_counter() - start) * 1000)
            pcm = np.concatenate(parts).astype(float)
            figures[f"{voice.name} {label}"] = {
                "first_block_ms": round(statistics.median(first_ms), 2),
                "whole_ms": round(statistics.median(whole_ms), 2),
                "sound_s": round(len(pcm) / 48_000, 2),
            }
            level = 20 * np.log10(np.sqrt(np.mean(pcm**2)) / 32768)
            print(
                f"{voice.name:8} {label:8} first block {statistics.median(first_ms):6.2f} ms (min {min(first_ms):.2f}) "
                f"whole {statistics.median(whole_ms):6.2f} ms (min {min(whole_ms):.2f}) {len(pcm) / 48_000:5.2f} s of "
                f"sound, {level:.1f} dBFS RMS, peak {np.abs(pcm).max():.0f}"
            )
    close_voices(voices)
    figures["first chunk"] = first_chunks()
    figures["heard"] = heard()
    print(json.dumps(figures))


def first_chunks() -> dict[str, object]:
    """Words of the stream that have come when the first chunk leaves, for each way to cut."""
    print(f"\nfirst chunk of {len(ANSWERS)} answers   words come   after the first, at 50 and at 10 words a second")
    out: dict[str, object] = {}
    for name, options in CUTS.items():
        came = [words_to_first_chunk(answer, options) for answer in ANSWERS]
        mean = statistics.mean(came)
        waits = [round((mean - 1) / pace * 1000) for pace in (50, 10)]
        print(f"{name:28}{mean:8.1f}     {waits[0]:5} ms {waits[1]:6} ms")
        out[name] = {"words": round(mean, 2), "ms_at_50": waits[0], "ms_at_10": waits[1]}
    return out


def words_to_first_chunk(answer: str, options: ClauseOptions) -> int:
    chunker = ClauseChunker(options)
    words = answer.split(" ")
    for count, word in enumerate(words, 1):
        if chunker.feed(" " * (count > 1) + word):
            return count
    return len(words)  # the end of the stream ends it


def heard() -> dict[str, object]:
    """Words in history against words that had sounded, wherever the answer is cut off."""
    print(f"\nheard words, {len(WRITTEN)} texts    exact     within 1    too many    95th percentile   cost")
    out: dict[str, object] = {}
    for rate in RATES_WPM:
        found: dict[str, list[int]] = {"found in the sound": [], "spread by spelling": []}
        cost_s = []
        for text in map(speakable, WRITTEN):
            pcm, voiced, true = truth(text, "en", rate)
            start = time.perf_counter()
            words = aligned_words(text, pcm, voiced)
            cost_s.append((time.perf_counter() - start) / (voiced / OUT_HZ))
            found["found in the sound"] += errors(true, words, voiced)
            found["spread by spelling"] += errors(true, estimated_words(text, voiced * NS // OUT_HZ), voiced)
        for name, wrong in found.items():
            off = np.array(wrong)
            exact, near, over = (float(np.mean(x)) * 100 for x in (off == 0, np.abs(off) <= 1, off > 0))
            p95 = int(np.percentile(np.abs(off), 95))
            cost = f"{statistics.median(cost_s) * 1000:.1f} ms a second" if name.startswith("found") else ""
            print(f"{rate:4} wpm {name:20}{exact:7.1f} %  {near:8.1f} %  {over:8.1f} %  {p95:10}          {cost}")
            out[f"{name}, {rate} wpm"] = {
                "exact_percent": round(exact, 1),
                "within_1_percent": round(near, 2),
                "too_many_percent": round(over, 1),
                "p95": p95,
            }
    return out


if __name__ == "__main__":
    main()
