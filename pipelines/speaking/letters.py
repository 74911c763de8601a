"""Written words as a rough row of sounds: enough to find them in a voice's sound, and to say how long they take.

Six kinds of sound are told apart, since any voice's loudness and brightness tell them apart too:

====  =============================  ===================
kind  what it is                     written, for example
====  =============================  ===================
"v"   a vowel, or two that glide     a, ee, igh, ou
"n"   hums: nasals and glides        m, n, l, r, w
"s"   hisses                         s, z, sh, ch, x
"f"   breathes                       f, th, v, h
"t"   closes and bursts              p, t, k, b, d, g
"_"   silence                        after a comma, a stop
====  =============================  ===================

The rules are those of English spelling, which most words of other languages survive: a vowel stays a vowel. Numbers and
letters that are read one by one are spelt out first. It need not be right about each sound: what is wrong in one word
is caught by the next.
"""

from __future__ import annotations

import functools
import re

# milliseconds at a brisk pace; only their ratios matter
SOUND_MS: dict[str, float] = {"v": 98, "n": 62, "s": 92, "f": 62, "t": 72, "_": 160}
# in "the", "of", "and", which nobody stresses
_LIGHT_MS: dict[str, float] = {"v": 52, "n": 48, "s": 70, "f": 50, "t": 58}
_STOP_MS, _COMMA_MS = 330, 160

Sound = tuple[str, float]  # its kind, and how many milliseconds it is expected to last


def _words(text: str) -> list[str]:
    return text.split()


_LIGHT = frozenset(_words(
    "the a an of to and or but in on at by for with from is are was were be it its it's his her their your my this "
    "that as not you i he she we they so if has have had can will do does than der die das und el la los las "
    "de le les et"
))  # fmt: skip
_KINDS = {"n": "mnlrwyñ", "s": "szjç", "f": "fvhþ", "t": "ptkbdgcq", "v": "aeiouäöüàáâèéêëìíîïòóôùúûÿœæøå"}
_KIND_OF = {letter: kind for kind, letters in _KINDS.items() for letter in letters}
_GROUPS = {  # letters that are one sound, or none; longest first
    "eigh": "v", "ough": "v", "augh": "v", "tch": "s", "sch": "s", "igh": "v", "dge": "s", "que": "t", "tion": "svn",
    "sion": "svn", "cious": "svs", "tious": "svs", "sh": "s", "ch": "s", "ph": "f", "th": "f", "wh": "n", "ck": "t",
    "gh": "", "ng": "n", "qu": "tn", "x": "ts", "kn": "n", "wr": "n", "ce": "sv", "ci": "sv", "cy": "sv", "ss": "s",
}  # fmt: skip
_GROUP = re.compile("|".join([*_GROUPS, r"[aeiouyäöüàáâèéêëìíîïòóôùúûÿœæøå]+", r"(\w)\1", r"\w"]))
_SILENT_END = re.compile(r"(?<=[aeiouy][^aeiouy\W])e(?=s?\Z)|(?<=[aeiouy][^aeiouy\W]{2})e\Z|(?<=[^aeioutd])e(?=d\Z)")

_NAMES = dict(zip(
    "abcdefghijklmnopqrstuvwxyz",
    _words(
        "ay bee see dee ee eff jee aitch eye jay kay ell em en oh pee kyoo are ess tee you vee dubbelyou eks wigh zee"
    ),
    strict=True,
))  # fmt: skip
_SIGNS = {"%": "percent", "&": "and", "+": "plus", "=": "equals", "@": "at", "°": "degrees", "#": "number"} | {
    "€": "euro", "$": "dollar", "£": "pound"
}  # fmt: skip
_ONES = _words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = _words("- - twenty thirty forty fifty sixty seventy eighty ninety")
_PART = re.compile(r"\d[\d,]*(?:\.\d+)?|[^\W\d_]+(?:['’][^\W\d_]+)*|[%&+=@°#€$£]")


def sounds_of(token: str) -> tuple[Sound, ...]:
    """The sounds of one token of a text, a pause after it included if its punctuation asks for one."""
    spoken = [word for part in _PART.findall(token) for word in _spelt(part)]
    sounds = tuple(sound for word in spoken for sound in _sounds_of_word(word))
    end = token.rstrip("\"'”’)]»")[-1:]
    if end and end in ".!?…":
        return (*sounds, ("_", _STOP_MS))
    return (*sounds, ("_", _COMMA_MS)) if end and end in ",;:—–" else sounds


def _spelt(part: str) -> list[str]:
    """A number or an abbreviation as the words that are read for it; any other word as it is."""
    if part[0].isdigit():
        return _number(part)
    if part in _SIGNS:
        return [_SIGNS[part]]
    word = part.lower()
    if 1 < len(part) <= 5 and part.isupper():  # `speakable` has left only those in capitals that are read so
        return [_NAMES.get(letter, letter) for letter in word]
    return [word] if len(word) > 1 or word in "aio" else [_NAMES.get(word, word)]


def _number(digits: str) -> list[str]:
    whole, _, decimals = digits.replace(",", "").partition(".")
    tail = ["point", *(_ONES[int(d)] for d in decimals)] if decimals else []
    if len(whole) > 9 or (len(whole) > 1 and whole[0] == "0"):
        return [_ONES[int(d)] for d in whole] + tail
    return _counted(int(whole)) + tail


def _counted(n: int) -> list[str]:
    if n < 20:
        return [_ONES[n]]
    if n < 100:
        return [_TENS[n // 10], *([_ONES[n % 10]] if n % 10 else [])]
    for size, name in ((1_000_000, "million"), (1000, "thousand"), (100, "hundred")):
        if n >= size:
            rest = _counted(n % size) if n % size else []
            return [*_counted(n // size), name, *rest]
    raise AssertionError(n)


@functools.lru_cache(maxsize=4096)
def _sounds_of_word(word: str) -> tuple[Sound, ...]:
    plain = _SILENT_END.sub("", word.replace("’", "").replace("'", ""))
    lasts = _LIGHT_MS if word in _LIGHT else SOUND_MS
    kinds: list[str] = []
    for found in _GROUP.finditer(plain):
        letters = found.group()
        if letters in _GROUPS:
            kinds += _GROUPS[letters]
        elif letters[0] == "y" and found.start() == 0:
            kinds += "nv" if len(letters) > 1 else "n"
        else:
            kinds.append("v" if letters[0] == "y" else _KIND_OF.get(letters[0], "t"))
    return tuple((kind, lasts[kind]) for kind in kinds or "v")
