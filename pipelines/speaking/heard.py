"""What the ear got of what was said: the words whose sound had left by a given position, and not one more.

The history that a model sees holds what was *heard*, so an answer cut short must be cut in the text too. A word counts
once 60 % of its sound is out: by then it is understood, and the last of its sound is often only the pause after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipelines.events import Word
from pipelines.speaking.letters import sounds_of

HEARD_SHARE = 0.6
ALIGNED = 0.8  # Word.probability of a word whose time was measured from the sound, not told by the engine
ESTIMATED = 0.5  # … of one whose time was only reckoned from the length of the text


def heard_text(chunks: Sequence[tuple[str, tuple[Word, ...], int]], position_ns: int) -> str:
    """The words heard when `position_ns` of the utterance had been played.

    `chunks`: (text, words with offsets in the chunk, duration_ns) in playing order. A chunk without words has them
    estimated over its duration.
    """
    heard: list[str] = []
    start_ns = 0
    for text, words, duration_ns in chunks:
        if position_ns <= start_ns and duration_ns > 0:
            break
        known = words or estimated_words(text, duration_ns)
        got = words_heard(known, position_ns - start_ns)
        if got == len(known):
            heard.append(" ".join(text.split()))
        else:
            heard.extend(word.text for word in known[:got])
            break
        start_ns += duration_ns
    return " ".join(part for part in heard if part)


def words_heard(words: Iterable[Word], position_ns: int) -> int:
    """How many of the words, from the first on, were heard by `position_ns` (an offset like theirs)."""
    count = 0
    for word in words:
        if position_ns < word.start_ns + HEARD_SHARE * (word.end_ns - word.start_ns) or position_ns <= 0:
            break
        count += 1
    return count


def estimated_words(text: str, voiced_ns: int) -> tuple[Word, ...]:
    """The words of `text` spread over `voiced_ns` by the sounds that they should have; times are estimates."""
    tokens = text.split()
    rows = [sounds_of(token) for token in tokens]
    speech = [max(1.0, sum(ms for kind, ms in row if kind != "_")) for row in rows]
    pauses = [sum(ms for kind, ms in row if kind == "_") for row in rows[:-1]] + [0.0]
    total = sum(speech) + sum(pauses)
    words, at = [], 0.0
    for token, weight, pause in zip(tokens, speech, pauses, strict=False):
        start, end = at, at + weight
        at = end + pause
        words.append(Word(token, round(voiced_ns * start / total), round(voiced_ns * end / total), ESTIMATED))
    return tuple(words)
