"""When the wearer meant: from what was said, and when, to the moment whose frame is meant. Pure.

A table, read from the top; the first line that fits decides:

| what was said                                  | the moment                                        | frames |
|------------------------------------------------|---------------------------------------------------|--------|
| "what changed", "compare now and before"       | the end of the words, and the earliest remembered | 2      |
| two pointing words, 0.7 s or more apart        | the middle of each                                | 2      |
| a pointing word ("this", "here", "read it")    | its middle                                        | 1      |
| none, and it is to be read                     | all of the utterance: its best frame              | 1      |
| none                                           | the onset: people look at what they will ask for  | 1      |

Recognisers are wrong about words and their times, so a pointing word without a time that can be (zero, or outside of
the utterance) is placed by its share of the letters, and `rule` says so. Words that were typed mean now.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.events import MS, NS, Word

SLACK_NS = 500 * MS  # a recogniser's times overshoot the utterance by its padding
APART_NS = 700 * MS  # to look from one thing to another and say "that" takes as long
REACH_NS = NS  # how far around a moment frames are looked at; the choice itself reaches 0.9 s
MEMORY_NS = 6 * NS  # the frame ring


@dataclass(frozen=True, slots=True)
class Moment:
    """`around_ns`: the moment, session clock; `span_ns`: it lasts as long to both sides; `before_ns`: the other moment,
    if `frames` is 2 (0 = as early as is remembered). `start_ns`, `end_ns`: the window to look at. `rule`: in words."""

    around_ns: int
    frames: int
    rule: str
    span_ns: int = 0
    before_ns: int = 0
    start_ns: int = 0
    end_ns: int = 0


@dataclass(frozen=True, slots=True)
class Pointing:
    """The words of one language. All are regular expressions on normalised words with single spaces around them; what
    points is the group "at"."""

    changed: str  # asks for two frames
    at: tuple[str, ...]  # points
    never: str  # looks as if it pointed, and does not


_BEFORE_THAT: Final = "is|was|are|does|do|did|read|scan|describe|translate|at|of|whats|what|whos"
_TIMES: Final = "morning|afternoon|evening|night|week|weekend|month|year|time|moment|day|days|summer|winter"
_EN: Final = Pointing(
    changed=(
        r" (?:what(?: has| is|s)?|has anything|did anything|anything|something) (?:changed?|different|moved|gone) "
        r"| (?:before and (?:now|after)|now and before|spot the difference|different (?:now|from before|than before)"
        r"|compare (?:this|that|it|now)? ?(?:with|to|and) before|whats the difference|what is the difference) $"
    ),
    at=(
        r" (?P<at>this|these|those|here) ",
        rf" (?:{_BEFORE_THAT}) (?P<at>that) ",
        r" (?:and|or|than|like|about|on|in|with|to) (?P<at>that) $",
        r"^ (?P<at>that) (?:is|was|looks|sign|thing|one)? ?",
        r" (?:read|scan|describe|translate|identify|at|see) (?P<at>it) ",
        r" (?:does|did) (?P<at>it) (?:say|cost|mean|read|look)",
        r" (?:how much|what|who|whose|what colou?r|how old|how big) (?:is|was) (?P<at>it) $",
        r" (?:whats|whos) (?P<at>it) $",
    ),
    never=rf" (?:this|that|these|those) (?:{_TIMES}) | (?:from|come|get|near|around|left|live|lives) here ",
)
POINTING: Final = {"en": _EN}


def meant(text: str, words: Sequence[Word], start_ns: int, end_ns: int, purpose: str, language: str = "en") -> Moment:
    """The moment that an utterance of [start_ns, end_ns], session clock, is about. `words`: as recognised, with times
    of the same clock; empty or without times if there are none. `purpose`: as `pipelines.seeing.choice` knows it.
    A language without a table has no pointing words."""
    pointing = POINTING.get(language)
    said = _said(text)
    if pointing is not None and re.search(pointing.changed, said):
        return _moment(
            end_ns, 2, "what changed: now, and as early as I remember", before_ns=0, start_ns=end_ns - MEMORY_NS
        )
    found = _pointed(pointing, text, words, start_ns, end_ns) if pointing is not None else []
    if len(found) > 1 and found[-1][1] - found[0][1] >= APART_NS:
        first, last = found[0], found[-1]
        rule = f"two frames: {first[0]}, then {last[0]}"
        return _moment(last[1], 2, rule, before_ns=first[1], start_ns=first[1] - REACH_NS)
    if found:
        return _moment(found[0][1], 1, found[0][0])
    if end_ns <= start_ns:
        return _moment(end_ns, 1, "typed: now")
    if purpose == "read":
        middle_ns, span_ns = (start_ns + end_ns) // 2, (end_ns - start_ns) // 2
        return _moment(middle_ns, 1, "no pointing word: the best frame of the utterance", span_ns=span_ns)
    return _moment(start_ns, 1, "no pointing word: the onset of the utterance")


def fixed(where: str, start_ns: int, end_ns: int) -> Moment:
    """The same moment whatever was said: the "onset" of the utterance, or its "end", as a companion takes it that does
    not know the words. For trying on a recording."""
    return _moment(start_ns if where == "onset" else end_ns, 1, f"the {where} of the utterance, as set")


def _moment(
    around_ns: int, frames: int, rule: str, span_ns: int = 0, before_ns: int = 0, start_ns: int | None = None
) -> Moment:
    start_ns = around_ns - span_ns - REACH_NS if start_ns is None else start_ns
    return Moment(around_ns, frames, rule, span_ns, before_ns, max(0, start_ns), around_ns + span_ns + REACH_NS)


def _pointed(pointing: Pointing, text: str, words: Sequence[Word], start_ns: int, end_ns: int) -> list[tuple[str, int]]:
    """(how it is known, its middle) of each pointing word, in order. Words with times are believed before the text."""
    tokens = [(token, word) for word in words for token in _said(word.text).split()]
    if not tokens or _said(text).split() != [token for token, _ in tokens]:
        tokens = tokens if tokens and _places(pointing, [token for token, _ in tokens]) else []
        tokens = tokens or [(token, Word(token)) for token in _said(text).split()]
    spoken = [token for token, _ in tokens]
    found = []
    for place in _places(pointing, spoken):
        word = tokens[place][1]
        middle_ns = (word.start_ns + word.end_ns) // 2
        if _believable(word, start_ns, end_ns):
            found.append((f"at the word {spoken[place]!r}", middle_ns))
        elif end_ns > start_ns:
            middle_ns = start_ns + round((end_ns - start_ns) * _share(spoken, place))
            found.append((f"at the word {spoken[place]!r}, whose time is guessed from its place", middle_ns))
    return found


def _places(pointing: Pointing, spoken: Sequence[str]) -> list[int]:
    """Which of the words point, by number."""
    line = f" {' '.join(spoken)} "
    barred = [match.span() for match in re.finditer(pointing.never, line)]
    places = set()
    for pattern in pointing.at:
        for match in re.finditer(f"(?={pattern})", line):  # looked ahead, since matches share their spaces
            start, end = match.span("at")
            if not any(a <= start and end <= b for a, b in barred):
                places.add(line.count(" ", 0, start) - 1)
    return sorted(places)


def _believable(word: Word, start_ns: int, end_ns: int) -> bool:
    inside = start_ns - SLACK_NS <= word.start_ns <= word.end_ns <= end_ns + SLACK_NS
    return inside and word.end_ns > 0 and word.end_ns > word.start_ns


def _share(spoken: Sequence[str], place: int) -> float:
    """Where the middle of a word lies in the utterance, 0..1, if every letter and every gap takes as long."""
    before = sum(len(word) + 1 for word in spoken[:place])
    return (before + len(spoken[place]) / 2) / max(1, sum(len(word) + 1 for word in spoken) - 1)


def _said(text: str) -> str:
    """Lower case, no punctuation, single spaces, also at both ends; "what's" becomes "whats"."""
    words = re.sub(r"[^\w\s]", " ", re.sub(r"['’]", "", text.lower())).split()
    return f" {' '.join(words)} "
