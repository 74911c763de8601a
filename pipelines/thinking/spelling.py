"""A word letter by letter, as one says it on the telephone: letters, digits and signs by name, long words in groups."""

from __future__ import annotations

from typing import Final

GROUP: Final = 4  # as many as one keeps in mind while writing them down
LONG: Final = 8  # a longer word is given in groups
SIGNS: Final = {
    ".": "dot", ",": "comma", ":": "colon", ";": "semicolon", "-": "dash", "–": "dash", "—": "dash", "_": "underscore",
    "/": "slash", "\\": "backslash", "@": "at sign", "&": "ampersand", "#": "hash", "%": "percent", "+": "plus",
    "=": "equals", "*": "star", "'": "apostrophe", "’": "apostrophe", "!": "exclamation mark", "?": "question mark",
    "(": "open bracket", ")": "close bracket", "[": "open square bracket", "]": "close square bracket",
    "€": "euro sign", "$": "dollar sign", "£": "pound sign", "¥": "yen sign", "°": "degree sign", '"': "quote",
    "“": "quote", "”": "quote", "|": "bar", "~": "tilde", "<": "less than", ">": "greater than", "^": "caret",
}  # fmt: skip


def spelled(text: str) -> str:
    """ "Leeds" -> "L, E, E, D, S."; words apart by a stop, groups of a long one by a semicolon. Whether a letter is
    large is told only where it matters: where large and small stand mixed within one word ("aB3x")."""
    return " ".join(f"{_word(word)}." for word in text.split())


def _word(word: str) -> str:
    mixed = _mixed(word)
    names = [_name(char, mixed) for char in word]
    if len(names) <= LONG:
        return ", ".join(names)
    groups = [names[start : start + GROUP] for start in range(0, len(names), GROUP)]
    if len(groups[-1]) == 1:
        groups[-2:] = [groups[-2] + groups[-1]]
    return "; ".join(", ".join(group) for group in groups)


def _mixed(word: str) -> bool:
    letters = [char for char in word if char.isalpha()]
    odd = not (word.isupper() or word.islower() or word.istitle())
    return odd and any(char.isupper() for char in letters[1:])


def _name(char: str, mixed: bool) -> str:
    if char.isalpha():
        case = ("capital " if char.isupper() else "small ") if mixed and char.lower() != char.upper() else ""
        return case + (char.upper() if len(char.upper()) == 1 else char)
    return char if char.isdigit() else SIGNS.get(char, char)
