"""Words as they are looked for: without endings, accents and capitals, and one for several that mean the same.

"Keys" and "key", "allergic" and "allergy", "mum" and "mother" meet here. What comes out is no language; it only has to
be the same for what is stored and for what is asked. Changing anything here needs a new VERSION: the index is made
again.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

VERSION: Final = 2

_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_POSSESSIVE = re.compile(r"['’]s?$|['’](?=\w)")
_VOWEL = re.compile("[aeiouy]")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Function words of English, and those of German, Spanish and French that are no English words.

STOP: Final = _words(
    """a an the this that these those i me my mine myself we us our ours you your yours he him his she her hers it
    its they them their theirs is am are was were be been being do does did done have has had will would shall
    should can could may might must im ive id ill youre thats whats wheres isnt arent dont doesnt didnt cant
    couldnt wont and or but if so as of at by for with about into to from in on off out up down over under than
    then there here what which who whom whose when where why how not no nor only own same too very just also any
    some all please hey okay ok yes der das den dem des ein eine einen einem einer und oder ich du er sie es wir
    ihr mein meine dein ist sind waren habe wo wer wie wann auf mit von zu zum zur fur nicht el la los un una
    unos unas y o de del en mi mis tu tus su sus era que donde quien como cuando con por para le les l d et ou
    est sont etait je mes mon tes qui quoi quand dans sur avec ne pas"""
)
# They say how something is asked for or told rather than what it is.
_SOFT_WORDS: Final = _words(
    """number name code colour color time day date place thing stuff kind sort leave left put see saw seen say said
    tell told remember forget forgot know knew find found look keep kept go went come came get got call called
    make made want need use last next now today yesterday tomorrow tonight week month year hour morning evening
    afternoon night again anything something everything much many long old new ever still usual always live
    lived work sure"""
)
_SAME: Final = {
    word: group[0]
    for group in (
        line.split()
        for line in """phone mobile cellphone cell smartphone telephone handy
        mother mum mom mama mummy mommy
        father dad papa daddy
        doctor physician gp dr
        medicine medication medicament medical med meds pill tablet
        glasses spectacles specs eyeglasses
        wallet purse billfold
        car automobile auto
        bicycle bike
        fridge refrigerator
        sofa couch settee
        television tv telly
        apartment flat
        elevator lift
        toilet bathroom restroom wc loo
        trash garbage rubbish bin
        vacation holiday
        child kid children
        birthday birth born
        backpack rucksack knapsack
        password passcode passphrase
        shop store
        photo photograph picture
        brother brothers
        partner spouse husband wife wives married
        job profession occupation
        colour color
        leave left
        see saw seen
        say said
        tell told
        forget forgot forgotten
        buy bought
        eat ate eaten
        drive drove driven
        meet met
        park parked
        person people
        man men
        woman women
        foot feet
        tooth teeth
        knife knives""".splitlines()
    )
    for word in group[1:]
}


def tokens(text: str) -> list[str]:
    """The words of a text in small letters without accents, in order."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return [_POSSESSIVE.sub("", token) for token in _TOKEN.findall(plain.casefold())]


def terms(text: str) -> list[str]:
    """What of a text is looked for: no function words, each as its stem; in order, with repeats."""
    return [term(token) for token in tokens(text) if token not in STOP]


@lru_cache(maxsize=50_000)
def term(token: str) -> str:
    """The one form for all forms of a word."""
    token = _SAME.get(token, token)
    cut = stem(token)
    return stem(_SAME[cut]) if cut in _SAME else cut


def stem(word: str) -> str:
    """Without its English ending; words of three letters and those with digits stay as they are."""
    if len(word) <= 3 or not word.isalpha():
        return word
    word = _singular(word)
    for ending in ("ing", "ed"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= 3 and _VOWEL.search(rest):
            word = rest[:-1] if rest[-1] == rest[-2] and rest[-1] not in "ls" else rest
            break
    for ending, shortest in (("ation", 4), ("ical", 4), ("ness", 4), ("ment", 4), ("al", 5), ("ic", 4), ("ly", 4)):
        if word.endswith(ending) and len(word) - len(ending) >= shortest:
            return word.removesuffix(ending)
    if word[-1] in "ey" and len(word) >= 4 and not (word[-1] == "y" and len(word) == 4):
        return word[:-1]
    return word


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "sses", "xes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


SOFT: Final = frozenset(term(word) for word in _SOFT_WORDS)  # as terms


def names_in(text: str) -> frozenset[str]:
    """Terms of words that are written with a capital though they do not begin a sentence."""
    found = set()
    for match in re.finditer(r"(?<=[\w,;:] )[^\W\d_a-z][^\W_]+(?:['’]s)?", text):
        found.update(terms(match[0]))
    return frozenset(found)
