"""What a voice costs: milliseconds to its first block and for a whole sentence, and what the sound is like.

Run: `python -m tests.bench.bench_voices`. Figures are medians over a few repeats; nothing is asserted.
"""

from __future__ import annotations

import json
import statistics
import time

import numpy as np

from pipelines.speaking.voice import close_voices, load_voices

TEXTS = {
    "clause": "It is a red sign,",
    "sentence": "The red sign on the door says the museum closes at five.",
    "long": "The museum opens at nine and closes at five. Tickets cost 4 euros 35. " * 4,
}
REPEATS = 15


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
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
