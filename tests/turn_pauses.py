"""Turns with human pauses, for judging when a turn is held to be over: words and numbers only, no sound.

The pauses are those of hand-labelled human speech: of the silences inside an utterance of 0.2 s and more, 74 % last
0.3 s and longer, 46 % 0.5 s, 26 % 0.7 s and 6 % 1.0 s. `python -m tests.turn_pauses` prints cut-offs and waits for the
shipped policy and for fixed silences.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import median

from pipelines.thinking.intent import understand
from pipelines.thinking.options import TurnOptions
from pipelines.turns.pauses import Pauses
from pipelines.turns.policy import Said, TurnPolicy, policy

SENTENCES = Path(__file__).parent / "data" / "turns"
LONGER = ((200, 1.0), (300, 0.74), (500, 0.46), (700, 0.26), (1000, 0.06), (1500, 0.0))
PAUSED = 0.44  # share of the turns with one pause inside
AFTER_FILLER = 0.2  # of those pauses
# From the end of speech until its words are there: voice activity lags by some 60 ms, recognition starts 32 ms after
# that and takes what base.en takes. No turn ends sooner.
RECOGNISED_MS = (92 + 89, 92 + 143)
WORD_ERRORS = 0.05


def sentences(part: str, language: str = "english") -> list[str]:
    """One part of a file in `data/turns`: "questions tune", "commands later", …"""
    found: dict[str, list[str]] = {}
    for line in (SENTENCES / f"{language}.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            own = found.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            own.append(line)
    return found[part]


def prefixes(said: Sequence[str]) -> Iterator[str]:
    """Every beginning of every sentence, without the whole."""
    for text in said:
        words = text.split()
        yield from (" ".join(words[:n]) for n in range(1, len(words)))


def pause_ms(dice: random.Random) -> float:
    """One human pause inside a turn."""
    share = dice.random()
    for (short, above), (long, below) in pairwise(LONGER):
        if below <= share <= above:
            return short + (long - short) * (above - share) / (above - below)
    raise AssertionError(share)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`cut`: share of the turns that were ended inside; `decided_ms`: the middle from true end to decision."""

    cut: float
    decided_ms: float
    slow_ms: float  # 95 % are decided by then


def trial(
    said: Sequence[str],
    judge: TurnPolicy,
    *,
    seed: int = 7,
    rounds: int = 20,
    errors: float = WORD_ERRORS,
    slowness: float = 1.0,
    learn: bool = False,
) -> Outcome:
    """Say every sentence `rounds` times. `slowness`: this wearer's pauses beside everybody's; `learn`: from them."""
    dice = random.Random(seed)
    vocabulary = sorted({word for text in said for word in text.split()})
    pauses = Pauses()
    cut, waits, turns = 0, [], 0

    def ends_ms(text: str) -> float:
        """The silence that ends the turn after these words, once they are there."""
        heard = " ".join(dice.choice(vocabulary) if dice.random() < errors else word for word in text.split())
        kept = pauses.kept if learn else ()
        wait_ms = judge.judge(Said(heard, understand(heard), True, pauses_ms=kept)).wait_ms
        return max(wait_ms, dice.uniform(*RECOGNISED_MS))

    for _ in range(rounds):
        for text in dice.sample(list(said), len(said)):
            words = text.split()
            turns += 1
            if len(words) > 1 and dice.random() < PAUSED:
                at = dice.randrange(1, len(words))
                begun = " ".join(words[:at]) + (" um" if dice.random() < AFTER_FILLER else "")
                silence_ms = pause_ms(dice) * slowness
                if silence_ms > ends_ms(begun):
                    cut += 1
                    continue
                pauses.inside(round(silence_ms))
            waits.append(ends_ms(text))
    return Outcome(cut / turns, median(waits), sorted(waits)[len(waits) * 95 // 100])


def main() -> None:
    for kind in ("commands", "questions"):
        for parts in (("tune", "held"), ("later",)) if kind == "commands" else (("tune",), ("held",)):
            said = [text for part in parts for text in sentences(f"{kind} {part}")]
            part = " ".join(parts)
            rows = [("words", TurnOptions())]
            rows += [(f"fixed {ms}", TurnOptions(policy="fixed", open_silence_ms=ms)) for ms in (300, 500, 700, 1000)]
            for name, options in rows:
                got = trial(said, policy(replace(options, silence_max_ms=5000)))
                times = f"{got.decided_ms:4.0f} ms ({got.slow_ms:4.0f})"
                print(f"{kind:9} {part:9} {name:10} cut off {got.cut:5.1%}  after {times}")


if __name__ == "__main__":
    main()
