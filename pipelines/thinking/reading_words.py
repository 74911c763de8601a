"""What wearers say to move about in a text that was read to them. Data: one row a command, whole utterances only.

A row matches if nothing but politeness is left beside it: "could you read the next line please" is a command, "what is
the next line of the poem" is a question. Whatever is not a whole row is somebody else's. Words that steer the voice
("again", "slower", "go on", "from the beginning") are in `steering_words` and come before these.

=================  ===================================================  ==============================================
command            for example                                          subject
=================  ===================================================  ==============================================
next_line          "next line", "and the one after that"
previous_line      "go back a line"
this_line          "read that line again"
from_the_top       "from the top", "read it all again"
last_line          "read the last line"
line               "read line three"                                    its number, "3"
rest               "read the rest", "keep reading"
spell              "spell that", "how do you spell Leeds"               the word; "" = the line; "last word"
only               "only the prices", "what is the phone number"        prices, times, dates, numbers, phone numbers
how_many_lines     "how many lines are there"
lines_left         "how many lines are left"
find               "where does it say platform"                         the words
=================  ===================================================  ==============================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

MOST_LETTERS: Final = 120  # of a whole command; longer is a remark or a question


@dataclass(frozen=True, slots=True)
class Command:
    """`name` as in the table; `subject` in small letters as it was heard, "" if there is none. `loose`: the words are
    said of other things as well ("next", "is there more"), so they are a command only right after a reading."""

    name: str
    subject: str = ""
    loose: bool = field(default=False, compare=False)


_BEFORE: Final = (
    r"(?:(?:please|hey|okay|ok|earshot|and|now|then|so|just|no|yes|well|sorry|oh|um|uh|wait|great|good|"
    r"(?:can|could|would|will) you(?: please)?|(?:i'd|i would) like you to|i (?:want|need) you to|let's|"
    r"(?:can|could|may) (?:i|we) (?:hear|have)|(?:i want|i'd like|i would like) to hear|let me hear) )*"
)
_AFTER: Final = (
    r"(?: (?:please|now|then|thanks|thank you|earshot|for me|to me|if you can|will you|would you|okay|aloud|out loud))*"
)
_SAY: Final = r"(?:(?:read|tell me|give me|say|go to|skip to|jump to|move (?:on )?to|repeat)(?: me)?(?: out)? )?"
_READ: Final = r"(?:read|say|give me|tell me|repeat)(?: me)?"
_LINE: Final = r"(?:lines?|rows?|sentences?)"
_ONE: Final = r"(?:line|row|sentence|entry)"
_IT: Final = r"(?:it|that|this|the (?:text|sign|page|letter|menu|label|receipt|list))"
_ALL: Final = (
    r"(?:it all|all of (?:it|that)|everything|the whole (?:thing|text|page|letter|sign|menu|label|list|receipt))"
)
_WORDS: Final = r"(?P<subject>[\w'&.-]+(?: [\w'&.-]+){0,4}?)"
_WORD: Final = r"(?P<subject>[\w'&.-]+)"
_ORDINALS: Final = (
    ("one", "first"), ("two", "second"), ("three", "third"), ("four", "fourth"), ("five", "fifth"), ("six", "sixth"),
    ("seven", "seventh"), ("eight", "eighth"), ("nine", "ninth"), ("ten", "tenth"), ("eleven", "eleventh"),
    ("twelve", "twelfth"),
)  # fmt: skip
_NUMBERS: Final = {word: str(n) for n, words in enumerate(_ORDINALS, 1) for word in words}
_NUMBER: Final = rf"(?P<subject>\d{{1,3}}|{'|'.join(_NUMBERS)})"
_SORTS: Final = (
    ("prices", r"(?:the )?(?:prices?|costs|amounts)"),
    ("times", r"(?:the )?(?:times?|hours|opening (?:hours|times)|departure times)"),
    ("dates", r"(?:the )?dates?"),
    ("phone numbers", r"(?:the )?(?:phone|telephone|mobile) numbers?"),
    ("numbers", r"(?:the )?(?:numbers|figures|digits)"),
)


def _only(sort: str, words: str) -> tuple[str, tuple[str, ...]]:
    """The row of one sort of figures. "What are the times" alone is too near to a question about today."""
    asked = "" if sort in {"times", "dates"} else "?"
    return f"only:{sort}", (
        rf"(?:{_READ} |i want )?(?:only|just|nothing but) {words}",
        rf"(?:{_READ} )?{words} only|all {words}",
        rf"{_READ} (?:all )?(?:of )?{words}(?: (?:on|in) {_IT})?",
        rf"what (?:is|are) {words}(?: (?:on|in) {_IT}){asked}",
        rf"(?:skip|jump|go) to {words}",
        rf"(?:what|which) {words} (?:does|did) {_IT} say",
    )


_ROWS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (
        "next_line",
        (
            rf"{_SAY}(?:the )?next {_ONE}|(?:the )?following {_ONE}",
            rf"(?:what is|what does) the next {_ONE}(?: say)?",
            rf"(?:go )?(?:down (?:a|one) {_ONE}|(?:a|one) {_ONE} (?:down|further|on))",
            rf"skip (?:a|this|that|the|one) {_ONE}|(?:move )?on to the next {_ONE}",
            rf"{_SAY}the {_ONE} after(?: that| this)?",
            rf"what (?:comes|is|does it say) after (?:that|this) {_ONE}",
        ),
    ),
    ("next_line?", (rf"next|{_SAY}(?:the )?next one|{_SAY}the one after(?: that| this)?",)),
    ("previous_line?", (rf"{_SAY}(?:the )?previous one|{_SAY}the one before(?: that| this)?",)),
    (
        "previous_line",
        (
            rf"{_SAY}(?:the )?previous {_ONE}|{_SAY}the {_ONE} before(?: that| this)?",
            rf"(?:what is|what was|what did|what does) the previous {_ONE}(?: say)?",
            rf"(?:go |move |skip )?back (?:a|one) {_ONE}|(?:go )?(?:up (?:a|one) {_ONE}|(?:a|one) {_ONE} (?:up|back))",
            rf"what (?:comes|came|is|was) before (?:that|this) {_ONE}",
        ),
    ),
    (
        "this_line",
        (
            rf"{_READ} (?:that|this|the(?: same| last| current)?) {_ONE} (?:again|once more|one more time)",
            rf"repeat (?:that|this|the|the same|the last|the current) {_ONE}",
            rf"(?:that|this|the same|the last) {_ONE} again|again (?:that|this|the same|the last) {_ONE}",
            rf"what (?:was|did|is) (?:that|this) {_ONE}(?: say)?",
        ),
    ),
    (
        "from_the_top",
        (
            r"(?:(?:start|begin|read|go|take|again|back)(?: it| that)?(?: again| over| all)? )?from the top(?: again)?",
            rf"(?:start|read|begin)(?: {_IT}| again| {_ALL})+ from the (?:start|beginning|top)(?: again)?",
            r"(?:go )?back to the (?:top|start|beginning)",
            rf"(?:read |repeat |say ){_ALL}(?: again| once more)|repeat {_ALL}|{_ALL} again",
        ),
    ),
    (
        "last_line",
        (
            rf"{_SAY}(?:only |just )?the (?:very )?(?:last|final) {_ONE}|{_READ} the bottom {_ONE}",
            rf"(?:what is|what does) the (?:very )?(?:last|final) {_ONE}(?: say)?",
            rf"what does {_IT} say at the (?:very )?(?:end|bottom)|(?:go|skip|jump) to the (?:end|bottom)",
        ),
    ),
    (
        "line",
        (
            rf"(?:{_READ}|go to|skip to|jump to|repeat) (?:the )?{_ONE} (?:number )?{_NUMBER}(?: again)?",
            rf"what (?:does|is (?:in|on)) {_ONE} (?:number )?{_NUMBER}(?: say)?",
            rf"{_SAY}the {_NUMBER} {_ONE}(?: again)?",
            rf"what does the {_NUMBER} {_ONE} say",
        ),
    ),
    (
        "rest?",
        (
            rf"(?:read|give me|tell me|say)(?: me)? the rest(?: of {_IT})?|the rest|keep reading|read on",
            rf"(?:go on|carry on|continue) reading|read (?:further|more)|what is the rest(?: of {_IT})?",
            rf"what else does {_IT} say",
        ),
    ),
    (
        "spell",
        (
            r"spell(?: out)? (?:that|it|this)(?: out)?(?: letter by letter)?|letter by letter",
            r"(?:read|say) (?:that|it|this) letter by letter",
            r"how is (?:that|it|this) (?:spelled|spelt|written)",
            r"how (?:do|would) you (?:spell|write) (?:that|it|this)(?: word| name)?",
            rf"spell (?:out )?(?:that|this|the|the whole|the last) {_ONE}",
            r"spell (?:out )?(?:that|this|the) (?:word|name)",
            r"spell (?:out )?(?:that|this|the) (?P<subject>(?:last|first) word)",
            rf"spell (?:out )?(?:the )?(?:word|name|street|place) {_WORD}",
            rf"spell(?: out)? {_WORD}(?: letter by letter)?",
            rf"how (?:do|would|did) (?:you|they|i) (?:spell|write) (?:the (?:word|name) )?{_WORD}",
            rf"how is (?:the (?:word|name) )?{_WORD} (?:spelled|spelt|written)(?: there| here)?",
        ),
    ),
    (
        "how_many_lines",
        (
            rf"how many {_LINE}(?: of text)?(?: (?:are there(?: in all)?|is it|is that|did you read|altogether))?",
            rf"how many {_LINE}(?: of text)? (?:does {_IT} have|has {_IT}|in (?:total|all)|can you (?:see|read))",
            rf"how many {_LINE} (?:are (?:there )?)?(?:on|in) {_IT}|how long is {_IT}|count the {_LINE}",
        ),
    ),
    (
        "lines_left",
        (
            rf"how many (?:more )?{_LINE} (?:are (?:there )?left|left|remain|to go|to come|are still to come)",
            rf"how many more {_LINE}",
        ),
    ),
    (
        "lines_left?",
        (
            r"how many more|how much (?:more )?is (?:there )?left|how much more is there",
            r"is there (?:any )?more(?: text)?|was that (?:all|everything|it)",
        ),
    ),
    (
        "find",
        (
            rf"where (?:does|did) {_IT} (?:say|mention) (?:the word )?(?:anything about )?{_WORDS}",
            rf"does {_IT} (?:say|mention) (?:the word |anything about |something about )?{_WORDS}",
            rf"(?:which|what) {_ONE} (?:says|has|mentions|contains) (?:the word )?{_WORDS}",
            rf"{_SAY}(?:the |all )?{_LINE} (?:with|about|that (?:says?|mentions?|has)) (?:the word )?{_WORDS}",
            rf"what does {_IT} say about (?:the )?{_WORDS}",
            rf"(?:find|look for|search for) (?:the word )?{_WORDS} (?:in|on) (?:{_IT}|there)",
            rf"(?:find|look for|search for) the word {_WORD}",
            rf"is there (?:anything|something) about (?:the )?{_WORDS} (?:in|on) (?:{_IT}|there)",
        ),
    ),
    *(_only(sort, words) for sort, words in _SORTS),
)
_PATTERNS: Final = tuple((name, re.compile(_BEFORE + rf"(?:{row})" + _AFTER)) for name, rows in _ROWS for row in rows)


# A subject that begins or ends like this is the rest of a question, not a word of the text.
def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NO_SUBJECT: Final = _set(
    "who whom whose what when where why how if whether which that this it they them he she him her me my you your we "
    "us our i a an something anything nothing someone anyone so to is are was were do does did can could check checker "
    "checking bound cast correctly right better well out up for me backwards everything all"
)
_BARE_SPELL: Final = _NO_SUBJECT | _set("the of and or in on at by with line word name words names")


def reading_command(text: str) -> Command | None:
    """The command these words are, None if they are a question or a remark. Never raises."""
    words = _normal(text)
    if not words or len(words) > MOST_LETTERS:
        return None
    for name, pattern in _PATTERNS:
        if match := pattern.fullmatch(words):
            loose = name.endswith("?")
            subject = match.groupdict().get("subject") or ""
            name, _, sort = name.removesuffix("?").partition(":")
            if not _fits(name, subject):
                continue
            if name == "line":
                subject = _NUMBERS.get(subject, subject)
            return Command(name, sort or subject, loose)
    return None


def _fits(name: str, subject: str) -> bool:
    if name == "line" or not subject or subject in {"last word", "first word"}:
        return True
    words = subject.split()
    if name == "spell":
        return words[0] not in _BARE_SPELL
    return words[0] not in _NO_SUBJECT and words[-1] not in {"and", "or", "the", "of", "a"}


_CONTRACTED: Final = re.compile(r"\b(what|where|how|that|it|there)'s\b")


def _normal(text: str) -> str:
    """Small letters, no punctuation but what stands inside a word, "what's" in full, single blanks."""
    text = _CONTRACTED.sub(r"\1 is", text[: 4 * MOST_LETTERS].lower().replace("’", "'"))
    text = re.sub(r"(?<!\w)['&.-]+|['.-]+(?!\w)|[^\w\s'&.-]", " ", text)
    return " ".join(text.split())
