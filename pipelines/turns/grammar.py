"""Rules about words, written as data: a word is the set of classes it may belong to, a rule is a pattern over words.

A language file (`languages/en.toml`) holds

- `[words]`: class -> words. A word may stand in several classes; one in none gets the classes of its ending;
- `[endings]`: class -> endings of words that stand in no class;
- `[contractions]`: "what's" -> "what is";
- `[phrases]`: named pieces of patterns, used as `<name>`;
- `leads`: words before the sentence proper; they are left out unless nothing else was said;
- `[[command]]`, `[[finished]]`, `[[unfinished]]`, `[[goes_on]]`, `[[may_go_on]]`: `when` (a pattern or several),
  `unless`, `why`, `like` (examples);
- `[[restart]]`: how a new sentence begins inside what was said ("my knee hurts what should I do"); what stands before
  it is left out for the other rules.

A pattern is elements with spaces between them: a class, or a word in single quotes; `a|b` one of several; `!a|b` none
of them; `any`; `?`, `*`, `+` behind an element or a group; `( … )` and `|` between spaces; `^` and `$` for the two ends
of what was said. To be fast, each set of classes is one letter, and each rule a regular expression over letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_FIRST_LETTER: Final = 0xE000  # letters that stand for sets of classes: Unicode's private use area
_WORDS: Final = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['’-][^\W\d_]+)*['’]?")
_ELEMENT: Final = re.compile(r"(!?)((?:'[^']+'|[a-z_0-9]+)(?:\|(?:'[^']+'|[a-z_0-9]+))*)([?*+]?)")
_GROUPING: Final = re.compile(r"\(|\)[?*+]?|\||\^|\$")
MAX_WORDS: Final = 60  # only the last so many are looked at: nobody's grammar reaches further back


@dataclass(frozen=True, slots=True)
class Rule:
    """`when` finds something, and `unless`, if there is one, does not."""

    when: re.Pattern[str]
    unless: re.Pattern[str] | None
    why: str
    like: tuple[str, ...]

    def holds(self, letters: str) -> bool:
        return bool(self.when.search(letters)) and not (self.unless and self.unless.search(letters))


class Grammar:
    """The rules of one language, compiled. Raises ValueError for data that are no such rules, naming the place."""

    def __init__(self, language: str, data: Mapping[str, Any]) -> None:
        self.language = language
        self._endings = [(end, kind) for kind, ends in data.get("endings", {}).items() for end in ends.split()]
        self._contractions = {k: v.split() for k, v in data.get("contractions", {}).items()}
        self._leads = frozenset(data.get("leads", "").split())
        self._phrases: dict[str, str] = {}
        self._kinds: dict[str, set[str]] = {}
        for kind, words in data["words"].items():
            for word in words.split():
                self._kinds.setdefault(word, set()).add(kind)
        self._classes = {*data["words"], *data.get("endings", {}), "number", "possessive", "unknown", "any"}
        texts = [*data.get("phrases", {}).values(), *_texts(data)]
        self._literals = {word for text in texts for word in re.findall(r"'([^']+)'", text)}
        for word in self._literals:
            self._kinds.setdefault(word, set(self._by_ending(word)))
        self._letters: dict[frozenset[str], str] = {}
        for word in [*self._kinds, *self._samples()]:
            self._letters.setdefault(self._kinds_of(word), chr(_FIRST_LETTER + len(self._letters)))
        for name, text in data.get("phrases", {}).items():
            self._phrases[name] = self._expression(text, f"the phrase {name}")
        self._restart = [rule.when for rule in self._rules(data, "restart")]
        self.command = tuple(self._rules(data, "command"))
        self.finished = tuple(self._rules(data, "finished"))
        self.unfinished = tuple(self._rules(data, "unfinished"))
        self.goes_on = tuple(self._rules(data, "goes_on"))
        self.may_go_on = tuple(self._rules(data, "may_go_on"))

    def letters(self, text: str) -> str:
        """The words as letters that rules can be held against; "" if there are none."""
        words: list[str] = []
        for found in _WORDS.findall(text.lower().replace("’", "'")):
            words.extend(self._contractions.get(found, (found,)))
        begin = 0
        while begin < len(words) and words[begin] in self._leads:
            begin += 1
        begin %= max(1, len(words))
        letters = "".join(self._letters[self._kinds_of(word)] for word in words[begin:][-MAX_WORDS:])
        return letters[max((m.start() for p in self._restart for m in p.finditer(letters)), default=0) :]

    # ------------------------------------------------------------------------------------------------------- words

    def _kinds_of(self, word: str) -> frozenset[str]:
        kinds = self._kinds.get(word)
        found = set(kinds) if kinds is not None else set(self._by_ending(word))
        if word in self._literals:
            found.add(f"'{word}'")
        return frozenset(found)

    def _by_ending(self, word: str) -> Iterator[str]:
        """The classes of a word that stands in no list."""
        if word[0].isdigit():
            yield "number"
            return
        if word.endswith(("'s", "s'")):
            yield "possessive"
            return
        yield "unknown"
        for end, kind in self._endings:
            if len(word) >= len(end) + 3 and word.endswith(end):
                yield kind
                return

    def _samples(self) -> Iterator[str]:
        """One word of every sort that stands in no list."""
        yield from ("7", "anna's", "xxxx")
        for end, _ in self._endings:
            yield f"xxx{end}"

    # ---------------------------------------------------------------------------------------------------- patterns

    def _rules(self, data: Mapping[str, Any], name: str) -> Iterator[Rule]:
        for i, rule in enumerate(data.get(name, ())):
            where = f"rule {i + 1} of [[{name}]]"
            when, unless = (
                "|".join(self._expression(p, where) for p in _several(rule.get(key, ()))) for key in ("when", "unless")
            )
            if not when:
                raise ValueError(f"{where} of the language {self.language!r} has no `when`")
            but = re.compile(unless) if unless else None
            yield Rule(re.compile(when), but, rule.get("why", ""), tuple(_several(rule.get("like", ()))))

    def _expression(self, text: str, where: str) -> str:
        return "".join(self._piece(piece, where) for piece in text.split())

    def _piece(self, piece: str, where: str) -> str:
        if _GROUPING.fullmatch(piece):
            return "(?:" if piece == "(" else piece
        if match := re.fullmatch(r"<(\w+)>([?*+]?)", piece):
            if match[1] in self._phrases:
                return f"(?:{self._phrases[match[1]]}){match[2]}"
        elif match := _ELEMENT.fullmatch(piece):
            names = match[2].split("|")
            if all(name[0] == "'" or name in self._classes for name in names):
                return self._set(bool(match[1]), names) + match[3]
        raise ValueError(f"{piece!r} in {where} of the language {self.language!r} is no class, word, phrase or sign")

    def _set(self, none_of: bool, names: list[str]) -> str:
        if names == ["any"]:
            return "."
        letters = "".join(letter for kinds, letter in self._letters.items() if kinds.intersection(names))
        if not letters:
            return "." if none_of else "(?!)"
        return f"[{'^' if none_of else ''}{letters}]"


def _several(value: str | Iterable[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _texts(data: Mapping[str, Any]) -> Iterator[str]:
    for name in ("restart", "command", "finished", "unfinished", "goes_on", "may_go_on"):
        for rule in data.get(name, ()):
            for key in ("when", "unless"):
                yield from _several(rule.get(key, ()))
