# tables, a row a line
"""Statements as speech orders them, in the usual order: a subject said first and taken up again ("my seat it's 9F"), a
change told before its value ("they moved me, my locker is 88"), an owner told behind ("seat 9F is mine").

Rows: a pattern on a sentence without punctuation, and the sentence that it is. Case stays. The first that fits counts.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_OWN: Final = r"(?:my|our|the|this)"
_NP: Final = r"[\w-]+(?:'s)?(?: [\w-]+){0,3}?"
_IT: Final = r"(?:it's|it is|they're|they are|that's|that is|he's|she's)"
_I: Final = r"(?:i|we)"
_HAVE: Final = r"(?:(?:'ve| have| had|'s| has|'d)(?: got)?(?: just)?| just)?"
_NOW: Final = r"(?: now)?"
PLACED: Final = (
    r"(?:locker|room|seat|row|gate|carriage|coach|cabin|ward|platform|table|desk|track|floor|apartment|"
    r"flat|terminal|"
    r"bay|stand|spot|pitch|box|bed|lane)"
)
_NUMBER: Final = (
    r"(?:(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|(?:twen|thir|"
    r"for|fif|six|"
    r"seven|eigh|nine)ty|hundred|thousand|and a half|[a-z]|[a-z]?\d+[a-z]?)(?: |$))+"
)
_COUNTED: Final = (
    r"(?:code|number|pin|password|pass ?code|combination|room|seat|locker|gate|platform|size|lock|birthday)"
)
# No verb of its own: "my passport's in the drawer" is, "my dentist's name is" is not.
_NO_VERB: Final = (
    r"(?!.*\b(?:is|are|was|were|has|have|had|can|can't|will|likes?|lives?|works?|loves?|hates?|got|goes|does|moved|"
    r"opens|takes|starts|needs|wants|costs|comes|gets|plays|speaks|lands|leaves|"
    r"changed|isn't|aren't)\b)"
)
_STARTS: Final = (
    r"(?:in|on|at|under|behind|beside|by|near|inside|outside|above|below|next|a|an|the|still|now|called|"
    r"named|living|"
    r"allergic|married|into|not|level|upstairs|downstairs)\b"
)

_TABLE: Final[tuple[tuple[str, str], ...]] = (
    (r"(?P<s>.+?) (?:(?:has |have )?been |has |have |was )?moved to (?:in|at|on) (?P<v>.+)", r"\g<s> moved to \g<v>"),
    (rf"(?P<s>{_OWN} {_NP})(?:'s| has| have| was)? (?:been|got) moved to (?P<v>the (?!\w+(?:st|nd|rd|th)\b).+)",
     r"\g<s> is at \g<v>"),
    (rf"where (?P<s>{_OWN} {_NP}) (?P<is>is|are) {_IT} (?P<v>.+)", r"\g<s> \g<is> \g<v>"),
    (r"i(?:'m| am| have|'ve got) (?P<s>blood (?:type|group)) (?P<v>.+)", r"my \g<s> is \g<v>"),
    ((rf"{_I}{_HAVE} moved (?P<s>{_OWN} {_NP}) "
     r"(?P<v>(?:in|on|at|under|behind|beside|by|near|next|inside|outside)\b.+)"), r"i put \g<s> \g<v>"),
    # the subject first, and taken up again
    ((rf"(?P<s>(?:{_OWN}|(?:[\w-]+ )?[\w-]+'s) {_NP})(?: (?:has |have |just )*changed)? {_IT} (?:now "
     rf")?(?P<v>.+)"), r"\g<s> is \g<v>"),
    (rf"{_IT} (?:now )?(?P<s>{PLACED}) (?:number )?(?P<v>[\w-]+(?: [\w-]+){{0,3}})", r"my \g<s> is \g<v>"),
    # the owner behind
    (
        (rf"(?:{_I} (?:always |usually |mostly )?(?:have|take|drink|go to|see|use|eat|wear|like|need) )?"
        r"(?P<v>(?!(?:i|we|i'm|we're|i've|we've|they)\b).+?)"
        rf"(?: to \w+)? (?:so |and )?(?:that|it)(?:'s| is) (?P<s>(?:my|our) .+)"),
        r"\g<s> is \g<v>",
    ),
    (rf"(?:the )?(?P<s>{PLACED}) (?:number )?(?P<v>.+) is (?:mine|ours)", r"my \g<s> is \g<v>"),
    # what somebody is in, has or needs, and its number
    (
        (rf"{_I}(?:{_HAVE}|'m| am|'re| are)(?: staying| sitting| got| have| need| in| at| on| using| use)* "
        rf"(?P<s>{PLACED}) (?:number )?(?P<v>{_NUMBER})(?:(?:at|in|of|on) the \w+)?"),
        r"my \g<s> is \g<v>",
    ),
    (rf"{_I}(?:'m| am|'re| are) sitting (?:in|at|on) (?:number )?(?P<v>{_NUMBER})", r"my seat is \g<v>"),
    (
        rf"{_I} (?:wear|have|take|am|'m)(?: a)? size (?P<v>{_NUMBER})(?:in )?(?P<s>\w+?)s?",
        r"my \g<s> size is \g<v>",
    ),
    (r"i(?:'m| am)(?: a)?(?: size)? (?P<v>(?!one in)" + _NUMBER + r")in (?P<s>\w+?)s?", r"my \g<s> size is \g<v>"),
    (
        (rf"the (?P<s>{_NP}) (?:that )?{_I}(?:'m|'ve| am|'re| are| have)? ?(?:need|take|use|using|have|"
        rf"got|want|wear|see|"
        rf"go to|drink|in|on) (?P<is>is|are) (?P<v>.+)"),
        r"my \g<s> \g<is> \g<v>",
    ),
    (rf"the (?P<s>{PLACED}(?: number)?) here is (?P<v>.+)", r"my \g<s> is \g<v>"),
    (rf"(?P<s>{_OWN} {_NP}) here (?P<is>is|are) (?P<v>.+)", r"\g<s> \g<is> \g<v>"),
    (r"(?P<s>[\w-]+(?: [\w-]+)?) here (?P<is>is|are) (?P<v>.+)", r"the \g<s> \g<is> \g<v>"),
    # what something is called
    ((rf"{_I}{_HAVE} (?:named|called|call) (?P<s>(?:my|our|the) [\w-]+) (?P<v>[\w-]+(?: "
     rf"[\w-]+)?)"), r"\g<s> is called \g<v>"),
    # a change, then its value
    (
        (rf"(?:i|we){_HAVE} (?:changed|switched|swapped) (?P<s>\w+?)s? (?:and )?(?:now )?(?:i'm|i am|i|we're|we) "
        rf"(?:now )?(?:in|at|on|go to|have|see|take) (?P<v>.+)"),
        r"my \g<s> is \g<v>",
    ),
    (
        (rf"(?:i|we|they|he|she){_HAVE} (?:moved|changed|switched|swapped|replaced) (?:my |our |the )?(?P<s>{_NP}) "
        rf"(?:(?:and|so|now) )*(?:{_IT}|to) (?:now )?(?P<v>.+)"),
        r"my \g<s> is \g<v>",
    ),
    (
        (rf"(?:i|we|they|he|she){_HAVE} ?(?:gave|given|got|have|assigned)? ?(?:me |us )?(?:a |an )?(?:new|another|"
        rf"different) (?P<s>{_NP}) (?:and )?(?:now )?(?:{_IT}|called) (?:now )?(?P<v>.+)"),
        r"my \g<s> is \g<v>",
    ),
    (rf"(?:the |my |our )?new (?P<s>{_NP}) (?:{_IT}|is) (?:now )?(?P<v>.+)", r"my \g<s> is \g<v>"),
    (rf"new (?P<s>{_NP}(?: (?:for|of|to) (?:the |my )?{_NP})?) (?P<v>{_NUMBER})", r"the \g<s> is \g<v>"),
    (
        (rf"(?P<s>{_OWN} {_NP})(?:'s| has| have| was| were| is)?(?: been| got| just)* (?:changed|"
        rf"switched) to (?P<v>.+)"),
        r"\g<s> is \g<v>",
    ),
    (
        (rf"(?P<s>{_OWN} {_NP}) (?:isn't|is not|aren't|are not) (?:there|here|that|it)(?: any ?more| any "
        rf"longer)? {_IT} "
        rf"(?:now )?(?P<v>.+)"),
        r"\g<s> is \g<v>",
    ),
    (rf"{_I}{_HAVE} (?:just )?park(?:ed)? {_IT} (?P<v>.+)", r"i parked \g<v>"),
    (r"(?P<s>[\w-]+) (?:has |have )?(?:moved|got .+?|changed .+?) (?P=s) (?P<v>.+)", r"\g<s> \g<v>"),
    (
        (rf"{_I} (?:always |usually )?(?:take|have|drink|use|like) (?P<v>.+?)(?: now)? for (?:the |my )?"
        r"(?P<s>coffee|tea|breakfast|lunch|dinner|dessert|bus|train)"),
        r"my \g<s> is \g<v>",
    ),
    (r"just (?P<v>(?:put|left|parked|hid|locked) .+)", r"i \g<v>"),
    (r"(?P<v>(?:left|parked|hid|locked) (?:up )?(?:my|the|our) .+)", r"i \g<v>"),
    # the verb left out, or a letter of it
    ((r"(?!.*\b(?:is|are|takes?|has|wears?)\b)"
      rf"(?P<s>(?:(?:{_OWN}|[\w-]+'s) )?(?:{_NP} )?{_COUNTED}) (?P<v>{_NUMBER})"), r"\g<s> is \g<v>"),
    (rf"(?P<s>(?:my|our|the) [\w-]+(?: [\w-]+){{0,3}})'s {_NO_VERB}(?P<v>.+)", r"\g<s> is \g<v>"),
    (rf"(?P<s>(?:[\w-]+ )?[\w-]+)'s {_NO_VERB}(?P<v>{_STARTS}.*|[\w-]+)", r"\g<s> is \g<v>"),
    (r"i part (?P<v>(?:(?:the|my) \w+|it|in|on|at|level|behind|near)\b.*)", r"i parked \g<v>"),
    ((rf"{_I}{_HAVE} (?:left|put) (?P<s>(?:the|my|our) (?:car|bike|van|motorbike|scooter|truck)) "
     rf"(?P<v>.+)"), r"i parked \g<s> \g<v>"),
)  # fmt: skip
_PATTERNS: Final = tuple((re.compile(pattern, re.IGNORECASE), plain) for pattern, plain in _TABLE)
_FIRST: Final = re.compile(  # what happened, said before how it is now
    r"(?:(?:they|i|we|he|she|it|no)\b(?: [\w']+){1,6}?) (?P<rest>(?:my|our|the|i|we)\b.+)", re.IGNORECASE
)
_HAPPENED: Final = re.compile(
    r"\b(?:moved|changed|switched|took|had to|got|gave|swapped|found|lost|picked)\b", re.IGNORECASE
)


_MANY: Final = re.compile(r"\b(?:they're|they are)\b", re.IGNORECASE)  # "the presents, they're in the freezer"


@lru_cache(maxsize=4096)
def in_order(text: str) -> str:
    """The sentence in the usual order of words; as it is if no row fits."""
    said = " ".join(re.sub(r"[,;:]\s", " ", text).split())
    for pattern, plain in _PATTERNS:
        if match := pattern.fullmatch(said):
            put = " ".join(match.expand(plain).split())
            return re.sub(r" is ", " are ", put, count=1) if _MANY.search(said) and " is " in plain else put
    return text


def last_clause(text: str) -> str:
    """What stands behind an event that was told first: "I had to move, the car is on level 3"; "" if none does."""
    match = _FIRST.fullmatch(" ".join(re.sub(r"[,;:]\s", " ", text).split()))
    if match is None or not _HAPPENED.search(text[: len(text) - len(match["rest"])]):
        return ""
    return match["rest"]
