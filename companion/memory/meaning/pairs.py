"""A question, a fact, and what lies between them, as numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from companion.memory.meaning.english import EMPTY, KIN, SOFT
from companion.memory.meaning.lexicon import DIMENSIONS, Vectors, common, stem, vectors, weight
from pipelines.memory.cleaning import clean
from pipelines.memory.facts import fact_of, is_time, numeric
from pipelines.memory.topical import has_place
from pipelines.thinking.intent import normal

NAME: Final = "<name>"  # stands for a word that is only a name
MOST: Final = 24  # words of a text that count
_SAME_WORD: Final = 0.9  # from here on two words are one
_LOOSE: Final = 0.75  # as far as likeness alone goes

_FRAMES: Final = re.compile(
    r"\b(?:can you |could you |would you )?(?:please )?(?:remind me|tell me|do you (?:still |happen to )?"
    r"(?:know|remember|recall)|have you (?:got )?any idea|any idea|do i know|did i (?:ever )?(?:tell|say|mention)"
    r"(?: to)?(?: you)?|you remember|i(?:'ve| have)? (?:forgot(?:ten)?|can't (?:remember|think|recall)))\b"
)
_WH: Final = re.compile(r"\b(where|when|who|whom|whose|how|why|what|which)\b")
_ME: Final = re.compile(r"\b(?:i|me|my|mine|we|us|our|ours|myself|i'm|i've|i'd|we're|we've|i'll)\b")
_WHEN: Final = re.compile(
    r"\b(?:what|which) (?:time|day|date|month|year|week)\b|\bdate\b|\bbirthday\b|\bhow long\b|\buntil when\b"
)
_AMOUNT: Final = re.compile(r"\bhow (?:many|much|old|tall|heavy|big|long|far)\b")
_NUMBER: Final = re.compile(
    r"\b(?:what|which)(?: is| are)?(?: the| my| our)?(?: \w+)?(?: \w+)? (?:number|numbers|size|code|pin|combination)\b"
)
_BEHIND: Final = re.compile(r"\b(?:what|which) (\w+)")
_ADVICE: Final = re.compile(r"\b(?:how (?:do|to|can|should)|should|could|can you|would you|why)\b")
_CAPITAL: Final = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]+")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question. `words`: all of them, as the judge knows them; `content`: those that say something, with `weights`
    and whether each is the name of somebody or something; `kind`: "where", "when", "who", "number", "how", "why",
    "what", "" = no such word."""

    words: tuple[str, ...]
    content: tuple[str, ...]
    weights: tuple[float, ...]
    named: tuple[bool, ...]
    vectors: Vectors
    kind: str
    me: bool
    behind: str
    advice: bool
    asks: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A fact. `first`: its first three words that say something; `subject`: those of what it is about."""

    words: tuple[str, ...]
    content: tuple[str, ...]
    vectors: Vectors
    first: tuple[str, ...]
    subject: frozenset[str]
    names: tuple[str, ...]
    me: bool
    opens_with_me: bool
    place: bool
    time: bool
    number: bool


def tokens(text: str) -> list[str]:
    """Its words, without apostrophes and contractions."""
    said = normal(text)
    said = re.sub(r"\b(what|where|who|when|how|which|that|there|it|he|she|here)'s\b", r"\1 is", said)
    said = re.sub(r"\b(i|you|we|they)'(?:ve|re|m|d|ll)\b", r"\1", said)
    said = re.sub(r"\bwhere'd\b", "where did", said)
    said = re.sub(r"n't\b", " not", said).replace("cannot", "can not")
    said = re.sub(r"\bfor (?:a|his|her|their|my|our) living\b", "for a job", said)  # not where somebody lives
    found = (word.removesuffix("'s").strip("'") for word in re.findall(r"[^\W_]+(?:'[^\W_]+)?", said))
    return [word for word in found if word]


@lru_cache(maxsize=256)
def asked(question: str) -> Asked:
    """The question, taken apart."""
    raw = clean(question).text.replace("’", "'")
    capitals = {word.lower() for word in _CAPITAL.findall(raw)}
    said = _FRAMES.sub(" ", normal(raw))
    words = tokens(said)
    plain = " ".join(words)
    owners = {word[:-2] for word in said.split() if word.endswith("'s")} - EMPTY
    content = tuple(dict.fromkeys(word for word in words if word not in EMPTY))
    names = {word for word in content if not common(word)}
    named = tuple(word in owners | capitals | KIN | names for word in content)
    behind = _BEHIND.search(plain)
    return Asked(
        _known(words, {w for w, is_name in zip(content, named, strict=True) if is_name and not common(w)}),
        content,
        tuple(weight(word) * (0.5 if word in SOFT else 1.0) for word in content),
        named,
        vectors(content),
        _kind(plain),
        _ME.search(said) is not None,
        behind[1] if behind and behind[1] not in EMPTY else "",
        _ADVICE.search(plain) is not None,
        _WH.search(said) is not None,
    )


def _kind(plain: str) -> str:
    match = _WH.search(plain)
    kind = {"whom": "who", "whose": "who", "which": "what"}.get(match[1], match[1]) if match else ""
    if kind in {"what", ""} and _WHEN.search(plain):
        return "when"
    if (kind == "how" and _AMOUNT.search(plain)) or (kind in {"what", ""} and _NUMBER.search(plain)):
        return "number"
    return kind


@lru_cache(maxsize=4096)
def told(text: str) -> Told:
    """The fact, taken apart."""
    raw = clean(text).text
    said = normal(raw)
    words = tokens(said)
    content = tuple(dict.fromkeys(word for word in words if word not in EMPTY))
    capitals = {word.lower() for word in _CAPITAL.findall(raw)}
    names = tuple(word for word in content if word in KIN or word in capitals or not common(word))
    about = fact_of(text).subject
    return Told(
        _known(words, {word for word in names if word not in KIN and not common(word)}),
        content,
        vectors(content),
        tuple([word for word in words if word not in EMPTY][:3]),
        frozenset(word for word in content if stem(word) in about or word in about),
        names,
        _ME.search(said) is not None,
        words[:1] != [] and words[0] in {"i", "my", "we", "our", "me"},
        has_place(text),
        is_time(text),
        numeric(text) or any(map(str.isdigit, text)),
    )


def _known(words: Sequence[str], names: set[str]) -> tuple[str, ...]:
    return tuple(NAME if word in names else word for word in words)[:MOST]


def between(question: Asked, fact: Told) -> NDArray[np.float32]:
    """What lies between them: `FEATURES` numbers."""
    cover, at = _cover(question, fact)
    weights, total = question.weights, sum(question.weights) or 1e-9
    same = [c >= _SAME_WORD for c in cover]
    matched = {fact.content[i] for i, is_same in zip(at, same, strict=True) if is_same}
    unmatched = [word for word, is_same in zip(question.content, same, strict=True) if not is_same]
    left = [word for word in fact.content if word not in matched]
    missed = [w for w, is_same, named in zip(weights, same, question.named, strict=True) if named and not is_same]
    foreign = [name for name in fact.names if name not in matched]
    of_subject = fact.subject & matched
    rest = _likeness(unmatched, left)
    k = question.kind
    return np.array(
        [
            sum(w for w, is_same in zip(weights, same, strict=True) if is_same) / total,
            sum(w * c for w, c in zip(weights, cover, strict=True)) / total,
            max((w * (1 - c) for w, c in zip(weights, cover, strict=True)), default=0.0),
            max(missed, default=0.0),
            len(missed),
            sum(question.named) - len(missed),
            len(question.content),
            len(matched),
            len(unmatched),
            max((w for w, is_same in zip(weights, same, strict=True) if is_same), default=0.0),
            _cosine(unmatched, left),
            _cosine(question.content, fact.content),
            rest,
            len(left),
            len(matched) / max(1, len(fact.content)),
            sum(word in matched for word in fact.first) / max(1, len(fact.first)),
            bool(fact.first) and fact.first[0] in matched,
            len(of_subject) / len(fact.subject) if fact.subject else -0.5,
            question.me,
            fact.me,
            fact.opens_with_me,
            question.me and not fact.me,
            fact.me and not question.me,
            len(foreign),
            bool(foreign) and not any(question.named),
            k == "where" and fact.place,
            k == "where" and not fact.place,
            k == "when" and fact.time,
            k == "when" and not fact.time,
            k == "number" and fact.number,
            k == "number" and not fact.number,
            k == "who" and bool(fact.names),
            k == "who" and not fact.names,
            k == "what",
            k == "how",
            k == "why",
            k == "",
            question.advice,
            question.asks,
            fact.place,
            fact.time,
            fact.number,
            bool(fact.subject) and not of_subject,
            question.behind != "" and question.behind in unmatched,
            k == "what" and fact.time,
            k == "what" and fact.place,
            k == "what" and fact.number,
        ],
        np.float32,
    )


FEATURES: Final = 47


def _cover(question: Asked, fact: Told) -> tuple[list[float], list[int]]:
    """How well each word of the question is covered by one of the fact, 0 to 1, and by which. A name only by itself."""
    if not fact.content:
        return [0.0] * len(question.content), [0] * len(question.content)
    close = np.clip(question.vectors @ fact.vectors.T, 0.0, _LOOSE)
    stems = [stem(word) for word in fact.content]
    cover, at = [], []
    for i, word in enumerate(question.content):
        same = stem(word)
        if same in stems:
            cover.append(1.0)
            at.append(stems.index(same))
        elif word in KIN:
            cover.append(0.0)
            at.append(0)
        else:
            at.append(int(close[i].argmax()))
            cover.append(float(close[i, at[-1]]))
    return cover, at


def _likeness(some: Sequence[str], others: Sequence[str]) -> float:
    """Of the two words that are closest."""
    found = [word for word in some if word not in KIN]
    if not found or not others:
        return 0.0
    return float(np.clip(vectors(tuple(found)) @ vectors(tuple(others)).T, 0.0, _LOOSE).max())


def _cosine(some: Sequence[str], others: Sequence[str]) -> float:
    """Of what the words mean together."""
    a, b = _mean(some), _mean(others)
    return float(a @ b)


def _mean(words: Sequence[str]) -> Vectors:
    if not words:
        return np.zeros(DIMENSIONS, np.float32)
    total: Vectors = np.array([weight(word) for word in words], np.float32) @ vectors(tuple(words))
    length = float(np.linalg.norm(total))
    return total / length if length else total
