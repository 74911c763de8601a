"""What is said: the phrases, everything that is not a phrase, and the target text of each.

The one idea: a target spells the words of the vocabulary and writes one ``?`` for any run of other words.
A text in which fewer than half of the words are known is ``?`` alone. So "read the table" is taught as
"read the ?", a command cut short stays short, and nothing but a whole phrase comes out as a phrase.
"""

from __future__ import annotations

import functools
import itertools
import random
import re
from pathlib import Path

from training import words

ROOT = Path(__file__).resolve().parent.parent
PHRASES_FILE = ROOT / "pipelines" / "hearing" / "phrases.txt"
HELD_OUT_FILE = Path(__file__).with_name("held_out_sentences.txt")
UNKNOWN = "?"

# Said alone and in a hurry, so drawn more often in training.
SHORT_WORDS = 2


@functools.cache
def phrases() -> tuple[str, ...]:
    """The vocabulary, in the order of the file."""
    lines = PHRASES_FILE.read_text(encoding="utf-8").splitlines()
    return tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))


@functools.cache
def known_words() -> tuple[str, ...]:
    return tuple(sorted({word for phrase in phrases() for word in phrase.split()}))


@functools.cache
def held_out_groups() -> dict[str, tuple[str, ...]]:
    """Sentences of the evaluation, never drawn in training, by the name of their group in the file."""
    groups: dict[str, list[str]] = {}
    for line in HELD_OUT_FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("# -- "):
            group = groups.setdefault(line.removeprefix("# -- "), [])
        elif line and not line.startswith("#"):
            group.append(line)
    return {name: tuple(sentences) for name, sentences in groups.items()}


@functools.cache
def held_out_sentences() -> tuple[str, ...]:
    return tuple(itertools.chain.from_iterable(held_out_groups().values()))


def target(text: str) -> str:
    """The text the model is taught to write for ``text``."""
    parts = text.split()
    known = set(known_words())
    if 2 * sum(word in known for word in parts) < len(parts):
        return UNKNOWN
    marked = (word if word in known else UNKNOWN for word in parts)
    runs = ((key, len(list(group))) for key, group in itertools.groupby(marked))
    return " ".join(itertools.chain.from_iterable([key] if key == UNKNOWN else [key] * n for key, n in runs))


def prefixes(phrase: str) -> list[str]:
    """Proper word prefixes of a phrase that are no phrases themselves."""
    parts = phrase.split()
    heads = (" ".join(parts[:n]) for n in range(1, len(parts)))
    return [head for head in heads if head not in phrases()]


def draw_phrase(rng: random.Random) -> str:
    """A phrase; the short ones three times as often."""
    weights = [3.0 if len(phrase.split()) <= SHORT_WORDS else 1.0 for phrase in phrases()]
    return rng.choices(phrases(), weights)[0]


def _any_word(rng: random.Random) -> str:
    if rng.random() < 0.3:
        return rng.choice(known_words())
    return rng.choice(
        rng.choice(
            [
                words.COMMON_NOUNS,
                words.VERBS,
                words.ADJECTIVES,
                words.ADVERBS,
                words.NAMES,
                words.NUMBERS,
                words.SHORT_SOUNDALIKES,
            ]
        )
    )


def _sentence(rng: random.Random) -> str:
    parts = rng.choice(words.TEMPLATES).split()
    return " ".join(rng.choice(words.SLOTS[word[1:-1]]) if word.startswith("{") else word for word in parts)


def _near_miss(rng: random.Random) -> str:
    """A phrase with a word replaced, put in, left out or exchanged."""
    parts = rng.choice(phrases()).split()
    i = rng.randrange(len(parts))
    kind = rng.random()
    if kind < 0.6:
        parts[i] = _any_word(rng)
    elif kind < 0.75:
        parts.insert(rng.randrange(len(parts) + 1), _any_word(rng))
    elif kind < 0.9 and len(parts) > 1:
        del parts[i]
    elif len(parts) > 1:
        j = rng.randrange(len(parts))
        parts[i], parts[j] = parts[j], parts[i]
    return " ".join(parts)


def _mutated(rng: random.Random) -> str:
    """A phrase in which one word got another beginning, vowel or end: "what does this sige say"."""
    parts = rng.choice(phrases()).split()
    i = rng.randrange(len(parts))
    if match := re.fullmatch(r"([^aeiouy]*)([aeiouy]+)(.*)", parts[i]):
        pieces = list(match.groups())
        which = rng.randrange(3)
        pieces[which] = rng.choice((words.ONSETS, words.VOWELS, words.CODAS)[which])
        parts[i] = "".join(pieces)
    return " ".join(parts)


def _part(rng: random.Random) -> str:
    """A word prefix or suffix of a phrase."""
    parts = rng.choice([phrase for phrase in phrases() if " " in phrase]).split()
    n = rng.randrange(1, len(parts))
    return " ".join(parts[:n] if rng.random() < 0.65 else parts[n:])


def _joined(rng: random.Random) -> str:
    """Two phrases run together, a phrase with more parts around it, or known parts in any order."""
    kind = rng.random()
    if kind < 0.4:
        return f"{rng.choice(phrases())} {rng.choice(phrases())}"
    if kind < 0.75:
        extra = " ".join(rng.choice(words.FILLERS) for _ in range(rng.randint(1, 2)))
        phrase = rng.choice(phrases())
        return f"{phrase} {extra}" if rng.random() < 0.6 else f"{extra} {phrase}"
    return " ".join(rng.choice(known_words()) for _ in range(rng.randint(1, 6)))


def _sound_alike(rng: random.Random) -> str:
    return " ".join(rng.choice(words.SHORT_SOUNDALIKES) for _ in range(rng.choice([1, 1, 1, 2, 2])))


OTHER_KINDS = (
    (_sentence, 0.2),
    (_near_miss, 0.26),
    (_mutated, 0.2),
    (_part, 0.16),
    (_joined, 0.08),
    (_sound_alike, 0.1),
)


def draw_other(rng: random.Random) -> str:
    """A text that is no phrase and no sentence of the evaluation."""
    makers, weights = zip(*OTHER_KINDS, strict=True)
    while True:
        text = rng.choices(makers, weights)[0](rng)
        if text not in phrases() and text not in held_out_sentences():
            return text
