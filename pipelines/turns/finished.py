"""Do these words look finished? From grammar alone: the rules of one language, see `grammar.py`.

A prefix of a sentence gives itself away in four cases out of five: it ends on a word that is waiting for another ("what
is the"), or it has no verb yet ("how many people"), no object ("how do I open"), no main clause ("if I leave now").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from pipelines.turns.grammar import Grammar, Rule
from pipelines.turns.languages import LANGUAGES

_TRAILS_OFF: Final = re.compile(r"(?:…|\.\.\.?|[,;:—–-])\s*$")  # how recognisers write a voice that stays up


@cache
def grammar(language: str) -> Grammar:
    """Raises ValueError for a language without rules, naming those that have some."""
    if language not in LANGUAGES:
        raise ValueError(f"there are no rules for the language {language!r}: choose one of {', '.join(LANGUAGES)}")
    return Grammar(language, LANGUAGES[language])


@dataclass(frozen=True, slots=True)
class Reading:
    """Each is "" or why. `unfinished`: the words are waiting for more; `goes_on`: they could be all, and often are not
    ("read this" … "to me"); `may_go_on`: they are all, and now and then are not ("an alarm for six" … "thirty");
    `command`: they have the form of a whole command, even if one of them was misheard."""

    unfinished: str = ""
    goes_on: str = ""
    may_go_on: str = ""
    command: str = ""


def read(text: str, language: str = "en") -> Reading:
    """What grammar makes of these words.

    Raises ValueError for a language without rules."""
    rules = grammar(language)
    letters = rules.letters(text)
    if not letters:
        return Reading()
    may_go_on = _first(rules.may_go_on, letters) or ""
    if not _TRAILS_OFF.search(text) and (command := _first(rules.command, letters)):
        return Reading("", "", may_go_on, command)
    if unfinished := _unfinished(rules, letters, text):
        return Reading(unfinished)
    return Reading("", _first(rules.goes_on, letters) or "", may_go_on)


def finished(text: str, language: str = "en") -> str:
    """ "" if the words could be all that the wearer wants to say; else why they look unfinished."""
    return read(text, language).unfinished


def goes_on(text: str, language: str = "en") -> str:
    """ "" or why words that look finished often are not the end."""
    return read(text, language).goes_on


def _unfinished(rules: Grammar, letters: str, text: str) -> str:
    if _TRAILS_OFF.search(text):
        return "it trails off"
    if _first(rules.finished, letters) is not None:
        return ""
    return _first(rules.unfinished, letters) or ""


def _first(rules: tuple[Rule, ...], letters: str) -> str | None:
    return next((rule.why for rule in rules if rule.holds(letters)), None)
