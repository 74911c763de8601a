"""What of the remembered is nobody's business, told from its words, and what each class means.

class    e.g.                          said aloud              to a model that is not on this machine
secret   a password, a door code       only when asked for it  never
money    a salary, an account          yes                     only to one whose vendor learns nothing from it
health   an allergy, a medicine        yes                     only to one whose vendor learns nothing from it
person   anybody but the wearer        yes                     only with a question that names them
""       a locker, a parking place     yes                     with a question that it fits
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipelines.events import Memory, ModelInfo
from pipelines.memory.english import KIN
from pipelines.memory.facts import content, fact_of, stem, words_of
from pipelines.thinking.chain import keeps_private
from pipelines.thinking.intent import normal
from pipelines.thinking.privacy import private_reason

_SECRET: Final = re.compile(
    r"\b(?:pass ?(?:words?|codes?|phrases?)|pin|pins|cvv|cvc|(?:door|gate|alarm|safe|locker|lock|entry|security|access|"
    r"key ?pad|garage|bike lock|sim|unlock|secret|recovery|verification)(?:'s)? (?:codes?|number combination)|"
    r"combinations?|(?:seed|recovery) phrase|my secret|secret (?:is|that)|codes? (?:for|to|of) (?:the|my|our)|"
    r"my code)\b"
)
_MONEY: Final = re.compile(
    r"\b(?:iban|salary|wages?|debts?|loan|mortgage|savings|bank|account (?:number|balance)|"
    r"(?:credit|debit|bank) cards?|tax(?:es)?|income|i (?:earn|owe)|owes? me|rent is)\b"
)
_HEALTH: Final = re.compile(
    r"\b(?:allerg(?:ic|y|ies)|diabet(?:es|ic)|asthma|coeliac|celiac|intoleran(?:t|ce)|pregnan(?:t|cy)|medicines?|"
    r"medications?|pills?|tablets?|insulin|blood (?:type|group|pressure|sugar)|ill|sick|cancer|depress(?:ed|ion)|"
    r"disab(?:led|ility)|epilep(?:sy|tic)|surgery|operation|therap(?:y|ist)|diagnos(?:is|ed)|dialysis|pacemaker|"
    r"hearing aids?|wheelchair|penicillin)\b"
)
_NO_PERSON: Final = frozenset({"i", "we", "it", "this", "that", "the", "my", "our", "a", "an", "there"})
_TITLES: Final = frozenset(["mr", "mrs", "ms", "miss", "dr", "doctor", "professor"])


def sensitivity(text: str) -> str:
    """The class of a told sentence: "secret", "money", "health", "person" or ""."""
    said = normal(text)
    if _SECRET.search(said):
        return "secret"
    if _MONEY.search(said):
        return "money"
    reason = private_reason(text)
    if reason == "health" or _HEALTH.search(said):
        return "health"
    if reason:
        return "secret"
    return "person" if _of_somebody(text) else ""


def _of_somebody(text: str) -> bool:
    """It is about a person other than the wearer: kin, or a name."""
    words = words_of(text)
    if {stem(word) for word in KIN} & {stem(word) for word in words[:4]} or _TITLES & set(words):
        return True
    first = text.split()[:1]
    named = bool(first) and first[0][:1].isupper() and words[:1] and words[0] not in _NO_PERSON
    fact = fact_of(text)
    return bool(named) and fact.about not in {"", "me"} and len(fact.about.split()) <= 2


def may_leave(memory: Memory, question: str, models: Sequence[ModelInfo]) -> bool:
    """Whether it may go along with this question, whichever of these models is asked."""
    if not models or all(model.local for model in models):
        return True
    if memory.sensitivity == "secret":
        return False
    if memory.sensitivity in {"money", "health"}:
        return all(keeps_private(model) for model in models)
    if memory.sensitivity == "person":
        return bool(content(memory.subject or memory.text) & content(question))
    return True
