"""Text as permission is decided over it: its words, what is strange about it, and what in it looks like a secret."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Alphabets with letters that look alike. A word in two of them is a disguise; a word in one may be a name.
_LOOK_ALIKE: Final = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "GEORGIAN", "LISU")
_JOINERS: Final = ("\u200d", "\ufe0f")  # inside emoji
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")

_SECRETS: Final = (
    (re.compile(r"(?:\d[ \-./]?){9,}"), "a long number"),
    (re.compile(r"[\w.+-]+@[\w-]+\.\w"), "an address"),
    (re.compile(r"(?:%[0-9a-fA-F]{2}.{0,2}){3}"), "encoded characters"),
    (re.compile(r"-----BEGIN|\b(?:sk-|ghp_|xox[abp]-|AKIA|eyJ)[\w-]{6}"), "a key"),
    (
        re.compile(r"\b(?:password|passcode|passphrase|pin|cvv|iban|api.?key|token)\b\s*(?:is\b|[:=])", re.I),
        "a password",
    ),
    (re.compile(r"(?:(?<![\w'])\w[\s.,_-]+){5,}\w(?!\w)"), "spelled letters"),
    (re.compile(r"\b(?=[0-9a-fA-F-]*\d)[0-9a-fA-F-]{12,}\b"), "a code"),
    (re.compile(r"\S{31}"), "a very long word"),
)
_CHUNK = re.compile(r"[A-Za-z0-9+/_=\-]{12,}")


def words(text: str) -> list[str]:
    """Lower-case words; an apostrophe is dropped inside one, everything else that is no letter or digit parts them."""
    return [re.sub(r"['’]", "", word).casefold() for word in words_as_written(text)]


def words_as_written(text: str) -> list[str]:
    """The same words as they stand there."""
    return _WORD.findall(unicodedata.normalize("NFC", text))


def strangeness(text: str) -> str:
    """ "" or what about the characters would make an ear and a reader understand different things."""
    for char in text:
        if _invisible(char) and char not in _JOINERS:
            return "invisible characters"
        if char.isalnum() and not char.isascii() and unicodedata.normalize("NFKC", char).isascii():
            return "letters in disguise"
    if re.search(r"[\u0300-\u036f]{3}", unicodedata.normalize("NFC", text)):
        return "piled up accents"
    for word in words_as_written(text):
        if not word.isascii() and len(_alphabets(word)) > 1:
            return "letters of two alphabets in one word"
    return ""


def _alphabets(word: str) -> list[str]:
    names = [unicodedata.name(char, "").split(" ")[0] for char in word if char.isalpha()]
    return [alphabet for alphabet in _LOOK_ALIKE if alphabet in names]


def without_invisible(text: str) -> str:
    """The text without characters that nobody sees; ends of lines and tabs stay."""
    return "".join(char for char in text if not _invisible(char) or char in _JOINERS)


def _invisible(char: str) -> bool:
    if char in "\n\t\r":
        return False
    variation = "\ufe00" <= char <= "\ufe0f" or "\U000e0000" <= char <= "\U000e01ef"
    return (
        variation or unicodedata.category(char) in ("Cf", "Cc", "Co", "Cn", "Cs", "Zl", "Zp") or char in "\u115f\u3164"
    )


def secret_in(text: str) -> str:
    """ "" or what in it looks like something that should not leave unasked: a number, a key, something encoded."""
    for pattern, what in _SECRETS:
        if pattern.search(text):
            return what
    for chunk in _CHUNK.findall(text):
        turns = len(re.findall(r"[a-z][A-Z]|[A-Za-z]\d|\d[A-Za-z]", chunk))
        if turns >= 3:  # "GitHub" has one, base64 has many
            return "something encoded"
    return ""
