"""Questions about what a thing was before it changed, whatever their words: "what did I have down for the locker before
I changed it", "and the first time?". What is left without the words for that is the thing; nothing: what was told last.
"""

from __future__ import annotations

import re
from typing import Final

from pipelines.memory.dates import time_words
from pipelines.memory.held_words import I_TOLD, YOU_HAVE, YOU_STORE, without, words_in
from pipelines.thinking.intent import Intent

LONGEST: Final = 6  # words in the name of a thing

_CHANGED: Final = (
    r"(?:changed|corrected|updated|fixed|altered|swapped|replaced|put (?:it|that) right|told you otherwise)"
)
_CHANGE: Final = re.compile(  # nobody says so of anything else
    rf"\b(?:before|until|till|prior to|up to when)(?: (?:when|all))? (?:(?:i|we|it|that) (?:(?:had|"
    rf"got|was|were|have) )*{_CHANGED}"
    rf"(?: (?:it|that|them|this|over|round|things))?\b|(?:the|that|this|my) (?:last )?(?:change|correction|"
    rf"update|switch)\b)"
)
_FIRST: Final = re.compile(
    r"\b(?:the )?(?:very )?first time(?: round| around)?\b|\b(?:the )?(?:last|previous) time (?:a)?round\b|"
    r"\boriginally\b|"
    r"\binitially\b|\bat first\b|\bto (?:begin|start) with\b|\bpreviously\b|\bformerly\b|\bearlier(?: on)?\b|"
    r"\bbeforehand\b|"
    r"\bbefore (?:that|then|this|now)\b|\bprior to (?:that|this)\b|\bfirst of all\b|\bin the past\b|\bbefore$"
)
_FIRST_TOLD: Final = re.compile(
    r"(?<=you )first\b|(?<=said )first\b|(?<=say )first\b|(?<=told )first\b|(?<=down )first\b"
)
_USED: Final = re.compile(
    r"\bit used to be (?:something|somewhere|someone|somebody) else(?: did it not)?\b|\bused? to (?:be|have)\b"
)
_DOWN: Final = re.compile(
    r"\b(?:did|had|have) (?:i|you|we) (?:(?:had|have) )?(?:have|had|got|put|noted?)(?: it)? (?:down )?(?:for|on|"
    r"as)\b|\b(?:did|had|have) (?:i|you|we) (?:(?:had|have) )?(?:have|had|put|got|noted?)(?: down)?\b"
)
_ASKS: Final = re.compile(r"\b(?:what|which|where|who|when|how)\b")
_HOW: Final = re.compile(r"\bhow (?:was|were) (?:it|things) (?:with|for|on)\b|\bstand\b")
_STILL: Final = re.compile(
    r"(?:.*\b)?(?:do|can|would) you (?:still )?(?:happen to )?(?:know|remember|have|recall|tell me)(?: (?:what|"
    r"who|where|which))?"
    r"(?: (?:was|were|is))? (?P<s>(?:the|my|our) (?:old|previous|former|earlier|original) .+?)(?: (?:was|were|is))?"
)
_OLD: Final = re.compile(
    r"(?:.*\b)?(?:what|which|where|who) (?:was|were|is) (?P<s>(?:the|my|our) (?:old|previous|former|earlier|original)"
    r"(?: [\w'-]+)+?)(?: (?:again|then|please))*"
)
_OLD_ONE: Final = re.compile(
    r"\b(?:the|my|our) (?:old|previous|former|last|earlier|original|first) (?:one|answer|version)\b(?:,? what "
    r"was (?:that|it)\b)?"
)
_ENDS: Final = words_in("""
what which where who when how was were is did do does used to be it that this and so but then the for with on about of
as i you we can could would still tell me go back one again please had have has said say told answer stand ok okay hey
just something else not there before oh well right know they them in at by all round around remind it's
""")


_ALONE: Final = re.compile(
    rf"(?:and|but|so) (?:what about )?(?:(?:the )?first time|the (?:old|previous|earlier) one|originally|previously|"
    rf"{_CHANGE.pattern})(?: (?:round|then|though))*"
)


def asked(words: str) -> Intent | None:
    """What was before; None if that is not what these words ask. `words`: plain."""
    if _ALONE.fullmatch(words):
        return Intent("recall", "before_that")
    if not _ASKS.search(words) and not _STILL.fullmatch(words):
        return None
    if time_words(words):
        return None
    if (match := _STILL.fullmatch(words)) and not _OLD_ONE.fullmatch(match["s"]):
        return _of(match["s"])
    held = I_TOLD.search(words) or YOU_HAVE.search(words) or YOU_STORE.search(words) or _DOWN.search(words)
    old = re.search(rf"\b(?:was|were) {_OLD_ONE.pattern[2:]}|{_OLD_ONE.pattern} what was (?:that|it)\b", words)
    changed = _CHANGE.search(words)
    first = _FIRST.search(words) or (_FIRST_TOLD.search(words) if held else None)
    else_ = re.search(r"\bused to be (?:something|somewhere|someone|somebody) else\b", words)
    manner = first and _HOW.search(words)
    used = re.search(r"\bhow did (?:it|things) used? to be\b|\bwhat used to be the\b", words)
    if not (changed or else_ or (first and held) or manner or used or old):
        match = _OLD.fullmatch(words)
        return _of(match["s"]) if match and re.match(r"(?:go back|and|so)\b", words) else None
    rest = without(words, _CHANGE, _USED, _OLD_ONE, _I_FIRST, _FIRST, _FIRST_TOLD, I_TOLD, YOU_STORE, YOU_HAVE, _DOWN)
    return _of(" ".join(_stripped(rest.split())))


_I_FIRST: Final = re.compile(r"\bi (?:first|originally|initially) (?=told|said|gave|had|put)")


def _stripped(words: list[str]) -> list[str]:
    """Without the words at both ends that name nothing."""
    while words and words[0] in _ENDS:
        words = words[1:]
    while words and words[-1] in _ENDS:
        words = words[:-1]
    return words


def _of(subject: str) -> Intent | None:
    if not subject:
        return Intent("recall", "before_that")
    words = subject.split()
    if len(words) > LONGEST or set(words) & {"i", "you", "did", "what", "because", "if"}:
        return None
    return Intent("recall", "before", subject)
