"""Are these words our own? What the microphone gave is compared with what we were saying just then. A decider.

A word of ours can come back only while it sounds in the wearer's room: as long after it left here as the device takes
to play it, give or take. So only the words of that moment count, in their order, and a wearer who repeats a word
("platform seven?") once it is over is heard:

    we say      It leaves from platform seven. |
    comes back     It leaves from platform seven.          <- ours: the same words, a device's delay later
    wearer                                         Platform seven?   <- theirs
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from pipelines.events import MS
from pipelines.hearing.played import Played
from pipelines.thinking.options import EchoOptions

EARLY_NS = 150 * MS  # word times are that wrong, and a clock that is mapped by pings too
LATE_NS = 250 * MS  # and a room answers for a while
UNKNOWN_LATE_NS = 600 * MS  # where the device does not say how late it plays: up to 450 ms, and the same margin
ALIKE = 0.75  # a recogniser that hears an echo gets some letters wrong
SHORT = 3  # letters: words of so few must be the same
_WORD = re.compile(r"[a-zà-öø-ÿа-я]+(?:'[a-z]+)?", re.IGNORECASE)
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TENS = ("", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_NUMBER = re.compile(r"\d+")


class OwnVoice:
    """Asked of words that were heard."""

    def __init__(self, options: EchoOptions, played: Played) -> None:
        """`played`: what is known of our own sound, kept up to date by whoever owns it."""
        self._options = options
        self.played = played

    def share(self, text: str, start_ns: int, end_ns: int) -> float:
        """How much of these words, captured in [start_ns, end_ns), we were saying just then: 0 to 1. Session clock."""
        heard = plain_words(text)
        return _common(heard, self._said(start_ns, end_ns)) / len(heard) if heard else 0.0

    def ours(self, text: str, start_ns: int, end_ns: int) -> bool:
        """So much of it that it is an echo."""
        return self.share(text, start_ns, end_ns) >= self._options.guard_share

    def beside_ours(self, text: str, start_ns: int, end_ns: int) -> str:
        """The words without those at either end that we were saying just then: "yeah of the" over "of the old gate"."""
        ours = self._said(start_ns, end_ns)
        words = text.split()
        while words and any(_common(plain_words(words[at]), ours) for at in (0, -1)):
            words.pop(0 if _common(plain_words(words[0]), ours) else -1)
        return " ".join(words)

    def settled(self, now_ns: int) -> bool:
        """Nothing of ours can come back any more."""
        return not self.played.sounds_ns(now_ns, self._window()[1])

    def _said(self, start_ns: int, end_ns: int) -> list[str]:
        """The words of ours that what was captured in this time may contain."""
        early_ns, late_ns = self._window()
        ours: list[str] = []
        for word, since_ns, until_ns in self.played.words():
            if since_ns + early_ns < end_ns and until_ns + late_ns > start_ns:
                ours += plain_words(word)
        return ours

    def _window(self) -> tuple[int, int]:
        """A word that sounds in [a, b) as it leaves here comes back in [a + early, b + late)."""
        delay_ns = self.played.delay_ns
        if delay_ns is None:
            return 0, UNKNOWN_LATE_NS
        return delay_ns - EARLY_NS, delay_ns + LATE_NS


def plain_words(text: str) -> list[str]:
    """Lower-case words without signs; numbers up to 99 as they are said, longer ones digit by digit."""
    return [word.lower() for word in _WORD.findall(_NUMBER.sub(_said, text.replace("’", "'")))]


def _said(match: re.Match[str]) -> str:
    digits = match[0]
    if len(digits) == 2 and digits[0] == "1":
        return f" {_TEENS[int(digits[1])]} "
    if len(digits) == 2 and digits[0] != "0":
        return f" {_TENS[int(digits[0])]} {_DIGITS[int(digits[1])] if digits[1] != '0' else ''} "
    return " " + " ".join(_DIGITS[int(digit)] for digit in digits if digit.isascii()) + " "


def _common(heard: list[str], ours: list[str]) -> int:
    """The most words of `heard` that stand in `ours` in the same order (longest common subsequence)."""
    row = [0] * (len(ours) + 1)
    for word in heard:
        before, row = row, [0] * (len(ours) + 1)
        for i, mine in enumerate(ours):
            row[i + 1] = before[i] + 1 if _alike(word, mine) else max(before[i + 1], row[i])
    return row[-1]


def _alike(a: str, b: str) -> bool:
    if a == b or min(len(a), len(b)) <= SHORT:
        return a == b
    return SequenceMatcher(None, a, b, autojunk=False).ratio() >= ALIKE
