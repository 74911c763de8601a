"""The words of a wearer's secrets (a PIN, a password), and events and texts without them.

A secret is kept in memory, and in the recording of the session in which it was said. Pages and screens that tell of a
session do not say it a second time: of "my PIN is 4711" they show "my PIN is (a secret)", wherever its words stand.
Which told sentence is a secret says `pipelines.memory.sensitive`; names of our own (`recordings.texts.KEPT`) stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final, TypeVar

from pipelines import events as ev
from pipelines.memory.english import CODES, EMPTY
from pipelines.memory.facts import content, fact_of, stem
from pipelines.memory.sensitive import sensitivity
from pipelines.memory.telling import told
from pipelines.thinking.tools.spoken_time import SMALL, TENS
from recordings.texts import KEPT

SECRET: Final = "(a secret)"
_TOLD: Final = frozenset({"memory:tell", "memory:offer", "memory:passing"})  # of a turn in which something is told
_WORD: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
NUMBERS: Final = frozenset({*SMALL, *TENS, "hundred", "thousand"})
SHORTEST_NUMBER: Final = 3
# As KEPT, of a comparison of two runs.
_OURS: Final = frozenset(
    {
        *("Difference.kind", "Difference.cls", "FieldChange.name", "Shift.kind", "Shift.last_kind"),
        *("TurnSummary.only_in", "BudgetResult.name", "BudgetResult.statistic", "Comparison.old", "Comparison.new"),
    }
)
T = TypeVar("T")


class SecretWords:
    """Texts without these words. `phrases`: what of told secrets is secret, as it was said."""

    def __init__(self, phrases: Iterable[str] = ()) -> None:
        self.phrases = frozenset(phrases)
        said = {form for phrase in self.phrases for form in _forms(phrase)}
        longest_first = sorted(said, key=lambda form: (-len(form), form))
        self._pattern = re.compile(rf"(?i)(?<![^\W_])(?:{'|'.join(longest_first)})(?![^\W_])") if said else None

    @classmethod
    def of(cls, events: Iterable[ev.Happening | ev.Decision]) -> SecretWords:
        """Those that these events tell of: stored, found again, or said by the wearer and not stored."""
        phrases: set[str] = set()
        for event in events:
            if isinstance(event, ev.TurnOpened) and event.intent in _TOLD:
                phrases |= _secret_of(told(event.text) or event.text)
            for memory in _memories(event):
                if memory.what != "turn":  # of a question nothing is secret
                    phrases |= _secret_of(memory.text, memory.sensitivity == "secret")
        return cls(phrases)

    def __or__(self, other: SecretWords) -> SecretWords:
        return SecretWords(self.phrases | other.phrases)

    def text(self, text: str) -> str:
        """The same with `SECRET` in the place of each."""
        return self._pattern.sub(SECRET, text) if self._pattern is not None else text

    def hidden(self, events: Iterable[T]) -> Iterator[T]:
        return (self.hide(event) for event in events)

    def hide(self, thing: T) -> T:
        """The same event (or a comparison of two runs) without them; the same object if none is in it."""
        return self._value("", thing) if self._pattern is not None else thing

    def _value(self, name: str, value: Any) -> Any:
        if isinstance(value, str):
            return value if name in KEPT or name in _OURS else self.text(value)
        if isinstance(value, tuple | list):
            after = [self._value(name, item) for item in value]
            return value if all(a is b for a, b in zip(after, value, strict=True)) else type(value)(after)
        if isinstance(value, dict):
            return {key: self._value(name, item) for key, item in value.items()}
        if not is_dataclass(value) or isinstance(value, type):
            return value
        kind = type(value).__name__
        before = {f.name: getattr(value, f.name) for f in fields(value)}
        changed = {key: after for key, old in before.items() if (after := self._value(f"{kind}.{key}", old)) is not old}
        return replace(value, **changed) if changed else value


def _memories(thing: Any) -> Iterator[ev.Memory]:
    """All that are in an event, however deep."""
    if isinstance(thing, ev.Memory):
        yield thing
    elif isinstance(thing, tuple):
        for item in thing:
            yield from _memories(item)
    elif is_dataclass(thing) and not isinstance(thing, type):
        for f in fields(thing):
            yield from _memories(getattr(thing, f.name))


def _secret_of(sentence: str, secret: bool = False) -> set[str]:
    """What nobody else should read of this told sentence: its value; of one without a known shape, all that is more
    than grammar and the name of what is secret."""
    if not sentence or not (secret or sensitivity(sentence) == "secret"):
        return set()
    fact = fact_of(sentence)
    words = list(_WORD.finditer(sentence))
    told = fact.value - fact.subject if fact.relation else fact.all
    value = [i for i, word in enumerate(words) if _says(word[0]) & told or any(map(str.isdigit, word[0]))]
    if not value:
        return set()
    last = len(words) - 1 if all(word[0].lower() in EMPTY for word in words[value[-1] + 1 :]) else value[-1]
    phrase = sentence[words[value[0]].start() : words[last].end()]
    return {phrase, *(words[i][0] for i in value if _rare(words[i][0]))}


def _says(word: str) -> frozenset[str]:
    """Its stems, unless it only names what is secret."""
    return frozenset() if word.lower() in CODES else content(word)


def _rare(word: str) -> bool:
    """Of a secret of several words, one that is hidden where it stands alone: not "four", nor "12"."""
    return not (word.lower() in NUMBERS or (word.isdigit() and len(word) < SHORTEST_NUMBER))


def _forms(phrase: str) -> set[str]:
    """As a pattern, however its words and digits are set apart; also as memory looks for it."""
    words = re.findall(r"[^\W_]+", phrase)
    forms = {r"[\W_]*".join(map(_spaced, words))}
    return forms | ({re.escape(stem(words[0].lower()))} if len(words) == 1 else set())


def _spaced(word: str) -> str:
    """ "4711" is also "4 7 1 1" and "47-11"."""
    return r"[\s.,-]*".join(word) if word.isdigit() else re.escape(word)
