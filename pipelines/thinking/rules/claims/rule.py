"""One table of claims, and how it is matched.

A claim counts unless something before it in its part of the sentence takes it back: "I can't tell whether", "it is
not", "make sure that". A condition does not take back a permission: "if nothing comes, you can cross" is one.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

_PARTS = re.compile(
    r"[,;:—–]\s*|\s-\s|\b(?:but|so|however|although|though|yet|because|since|then|meaning|which means)\b|"
    r"\band (?=(?:you|it|it's|the|there|this|that|they|we|i|no|go|just|take|is|are|can)\b)"
)
_TAKEN_BACK = re.compile(
    r"\b(?:can't|cannot|can not|could not|couldn't|unable|never|unclear|unsure|whether|don't|do not|doesn't|does "
    r"not|didn't|"
    r"isn't|is not|aren't|are not|wasn't|won't|shouldn't|should not|mustn't|must not|not(?! only| to worry)|nobody|"
    r"no one|"
    r"hardly|unlikely|rather than|instead of|ask|asking|avoid|no guarantee|no way|doubt|too risky|dangerous|nor)\b"
)
_ON_CONDITION = re.compile(
    r"\b(?:if|until|unless|make sure|making sure|ensure|check|checking|wait|once|when|before|verify|in case|only)\b"
)
_REASSURING = re.compile(
    r"\b(?:don't|do not|no|not to|never) (?:worr\w+|hesitate|fear|mind)\b|\bwhy (?:not|don't you)\b|\bif (?:you "
    r"(?:want|like)|so)\b"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """What is stopped for one topic, each a pattern on `normal` words.

    `permits`, `states`: claims that are stopped always; with `_asked`, those for a question about the topic. `yes`,
    `no`: questions to which a bare yes or no would be such a claim. `begins`: words without which there is no claim,
    unless the question is about the topic. `tells`: words that show that something seen, read or feared is told; to
    such a question a sentence without any of them is an opinion, and stopped."""

    topic: str
    line: str
    line_unasked: str
    permits: str
    states: str
    permits_asked: str
    states_asked: str
    yes: str
    no: str
    begins: str
    tells: str
    line_after_warning: str = ""

    def claims(self, words: str, concerned: bool) -> bool:
        """Whether these words (`normal`) make a claim. `concerned`: the question is about the topic."""
        if not self.may_begin(words, concerned):
            return False
        words = _REASSURING.sub(" ", words)
        permits = (self.permits, self.permits_asked) if concerned else (self.permits,)
        states = (self.states, self.states_asked) if concerned else (self.states,)
        for part in _PARTS.split(words):
            if any(_claimed(pattern, part, False) for pattern in permits):
                return True
            if any(_claimed(pattern, part, True) for pattern in states):
                return True
        return False

    def may_begin(self, words: str, concerned: bool) -> bool:
        return concerned or _compiled(self.begins).search(words) is not None

    def tells_something(self, words: str) -> bool:
        return _compiled(self.tells).search(words) is not None

    def is_about(self, question: str) -> bool:
        return self.yes_hurts(question) or self.no_hurts(question)

    def yes_hurts(self, question: str) -> bool:
        return _compiled(self.yes).search(question) is not None

    def no_hurts(self, question: str) -> bool:
        return _compiled(self.no).search(question) is not None


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """The tables are long, and most turns need none of them: each is compiled when it is first asked."""
    return re.compile(pattern)


def _claimed(pattern: str, part: str, conditions_count: bool) -> bool:
    for found in _compiled(pattern).finditer(part):
        before = part[: found.start()]
        if _TAKEN_BACK.search(before) or (conditions_count and _ON_CONDITION.search(before)):
            continue
        return True
    return False
