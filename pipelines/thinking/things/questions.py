"""Questions that the device answers by measuring: colours, light, movement, lines of text, unit prices, articles.

Only whole utterances count, since a word more may change the question ("what colour is the bus that is coming"). What
could be a traffic light or a road is marked so (`subject` "traffic"), and is never judged. What a thing *is* stays the
model's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from pipelines.thinking.rules import topics

Name = Literal["colour", "light", "moving", "text_lines", "unit_price", "article"]
TRAFFIC: Final = "traffic"


@dataclass(frozen=True, slots=True)
class Asked:
    """`subject`: for colours those that were named ("red or green"), for unit prices the unit ("kg", "100 g", "l",
    "100 ml", "piece", "m"), for movement "somebody" or "it", for lines "any" if only their presence was asked, for
    light "lamp"; TRAFFIC for what may be a road or its lights; else ""."""

    name: Name
    subject: str = ""


_IT = r"(?:this|that|it|these|those|they)"
_THING = (
    rf"(?:{_IT}|(?:this|that|the|my|these|those) (?:thing|object|item|one|shirt|t shirt|blouse|sweater|jumper|pullover|"
    r"jacket|coat|dress|skirt|trousers|pants|jeans|socks?|shoes?|hat|scarf|tie|gloves?|bag|cup|mug|bottle|tin|can|box|"
    r"packet|package|pen|book|cover|card|folder|wall|door|car|chair|sofa|table|carpet|towel|blanket|pillow|curtains?|"
    r"flower|apple|pepper|thread|yarn|wool|fabric|cloth|paint|bike|plate|bowl|ribbon|button|ball|sign))"
)
_BE = r"(?:is|are|was)"
_ANY = (
    r"(?:white|black|gr[ea]y|red|orange|brown|beige|yellow|green|turquoise|blue|navy|purple|violet|pink|amber|lilac|"
    r"magenta)"
)
_SHADE = rf"(?:(?:light|dark|pale|bright|deep) )?(?P<{{}}>{_ANY})"
_LIGHTS = r"(?:(?:traffic|pedestrian|walk|crossing|street ?crossing|red|green)[ -]?(?:man|lights?|signal)|signal)"

_LAMP = r"(?:the|a|any|my|that|this) (?:(?:room|ceiling|desk|kitchen|hall|bathroom|bedside) )?(?:lights?|lamps?)"
_HERE = r"(?: in here| here| there| outside| out there| out| inside)"
_TEXT = r"(?:lines?(?: of (?:text|writing))?|text|writing)"
_ON_IT = r"(?: on (?:this|it|that))"

# What ends or begins many questions without changing them.
_BEFORE: Final = re.compile(
    r"(?:(?:and|so|ok|okay|hey|please|now|well|earshot|um|uh|hm|(?:can|could|would|will) you (?:please )?(?:tell|say) "
    r"(?:to )?me|(?:please )?tell me|do you (?:know|see)|i (?:want|would like) to know|say) )+"
)
_AFTER: Final = re.compile(
    r"(?: (?:please|right now|now|at the moment|currently|then|again|exactly|actually|earshot|(?:here )?in (?:the|this|"
    r"my) room|in front of me|that i(?: a|')m holding|i(?: a|')m holding|in my hands?|for me|do you think|"
    r"can you (?:tell|see)))+\Z"
)

_TABLE: Final[tuple[tuple[Name, str, tuple[str, ...]], ...]] = (
    # name, subject ("*" = from the pattern's groups), patterns on the words as `_plain` gives them
    (
        "light",
        TRAFFIC,  # first: roads and their lights are never judged
        (
            rf"{_BE} (?:the|that|this|my) (?:{_LIGHTS}|lights?) (?:still )?{_ANY}(?: or {_ANY})?(?: yet)?",
            rf"(?:has|did|is) (?:the|that|my) (?:{_LIGHTS}|lights?) (?:turned?|changed?|gone|go)(?: {_ANY})?(?: yet)?",
            rf"(?:has|did|is) it (?:turned?|changed?|gone|go|still) (?:to )?{_ANY}(?: yet)?",
            rf"(?:is|has) it {_ANY}(?: or {_ANY})? yet",
            rf"(?:what|which) colou?r {_BE} (?:the|that|this|my) (?:{_LIGHTS}|lights?)",
            rf"what (?:does|do|is) (?:the|that|this) {_LIGHTS}(?: show| say| at)?",
            rf"{_BE} (?:the|that|this) {_LIGHTS} on",
            r"do i have (?:a )?green(?: light)?",
        ),
    ),
    (
        "colour",
        "",
        (
            rf"(?:what|which) colou?rs? (?:is|are|was|has|have|does) {_THING}(?: have| got)?",
            rf"(?:what|which) (?:is|are) the colou?rs? of {_THING}",
            r"what is (?:its|the) colou?r|(?:what|which) colou?rs?",
            r"(?:what|which) colou?rs? (?:do you see|can you see|are (?:there|in (?:this|the picture)))",
            rf"(?:name|describe) (?:the|its) colou?rs?|the colou?r of {_THING}",
        ),
    ),
    (
        "colour",
        "*",
        (
            rf"is there (?:any|anything|something) {_SHADE.format('a')}",
            rf"{_BE} {_THING} {_SHADE.format('a')}(?: or {_SHADE.format('b')})?(?: or {_SHADE.format('c')})?",
        ),
    ),
    (
        "light",
        "lamp",
        (
            rf"(?:is|are) {_LAMP} (?:turned |switched |still )*(?:on|off|out|burning)(?: or (?:on|off))?",
            rf"(?:did i|have i) (?:leave|left|turn|turned|switch|switched) {_LAMP} (?:on|off)",
            r"is there (?:a )?(?:light|lamp) on",
        ),
    ),
    (
        "light",
        "",
        (
            rf"is it (?:(?:still|very|too|getting|quite) )?(?:dark|light|bright|dim|night)(?: or \w+)?{_HERE}?",
            rf"how (?:bright|dark|light) is it{_HERE}?|how is the light{_HERE}?",
            rf"is (?:there|here) (?:enough |any |much )?light{_HERE}?",
            r"is (?:the|this|my) room (?:dark|bright|light|lit|dim)",
        ),
    ),
    (
        "moving",
        "somebody",
        (
            rf"(?:is|was) (?:any|some)(?:body|one) (?:moving|walking)(?: around| about)?{_HERE}?",
            r"(?:does|did) (?:any|some)(?:body|one) move",
        ),
    ),
    (
        "moving",
        "",
        (
            rf"(?:is|was) (?:any|some)thing moving(?: around)?{_HERE}?|(?:does|did) (?:any|some)thing move",
            rf"is there (?:any |some )?(?:movement|motion){_HERE}?|what is moving{_HERE}?",
            r"any(?:thing moving| movement)|(?:any )?(?:movement|motion)",
        ),
    ),
    ("moving", "it", (rf"is {_THING} (?:still )?(?:moving|turning|spinning)|is {_THING} standing still",)),
    (
        "text_lines",
        "",
        (
            rf"how (?:many|much) {_TEXT}(?: (?:is|are) (?:there|here){_ON_IT}?)?",
            rf"how (?:many|much) {_TEXT}(?: (?:is|are))?{_ON_IT}",
            r"how many lines (?:does|do|has) (?:it|this|that|(?:the|this) (?:page|sign|label|letter))(?: have| got)?",
        ),
    ),
    (
        "text_lines",
        "any",
        (
            rf"is there (?:any |some )?(?:text|writing|print)(?:{_ON_IT}|{_HERE}| in the picture| to read)?",
            rf"is anything (?:written|printed)(?:{_ON_IT}|{_HERE})?",
            rf"(?:does|has) (?:this|it|that) (?:have )?(?:any )?(?:text|writing){_ON_IT}?",
        ),
    ),
    ("unit_price", "", (r"(?:what is )?(?:the |its )?(?:unit|base|basic) price(?: of (?:this|that|it))?",)),
    (
        "unit_price",
        "*",
        (
            r"(?:how much|what) (?:is|does|do|are) (?:this|that|it|these|they)(?: cost| come to)? {a} (?P<unit>{unit})",
            r"how much (?:is|are) (?:this|that|it|these|they) (?P<each>each)|how much (?P<each2>each)",
            r"(?:what|how much) is (?:it|that) (?:per|by the) (?P<unit2>{unit})",
            r"(?:what is |how much is )?(?:the )?(?:price|cost) {a} (?P<unit3>{unit})",
            r"(?:how much )?(?:per|a|for) (?P<unit4>{unit})",
            r"(?:how much|what) (?:is|does) (?:a|one|each) (?P<unit5>{unit})(?: of (?:this|that|it))?(?: cost)?",
            r"what is the (?P<unit6>{unit}) price",
        ),
    ),
    (
        "article",
        "",
        (
            r"(?:what|which) (?:article|item number|product number|ean)(?: number)? is (?:this|that|it)",
            r"(?:is|have i got|do i have) (?:this|that|it) (?:in|on) my (?:list|table|articles)",
            r"(?:look up|find|check) (?:this|that|it|the (?:article|bar ?code|number)) in my (?:list|table|articles)",
            r"look (?:this|it|that) up in my (?:list|table|articles)|look up the (?:article|bar ?code)",
            r"what (?:does|do) my (?:list|table) say(?: about (?:this|that|it))?",
            r"what is (?:the|this|that|its) (?:article|ean|product) number",
            r"(?:what|which) (?:article|product) (?:has|belongs to|is) (?:this|that|the) (?:bar ?)?code",
        ),
    ),
)
_UNITS: Final[tuple[tuple[str, str], ...]] = (
    (r"(?:100|a hundred|one hundred|hundred) ?(?:grams?|grammes?|g)", "100 g"),
    (r"(?:100|a hundred|one hundred|hundred) ?(?:millilit(?:re|er)s?|mils?|ml)", "100 ml"),
    (r"kilo(?:s|gram|grams|gramme)?|kg", "kg"),
    (r"lit(?:re|er)s?|l", "l"),
    (r"met(?:re|er)s?", "m"),
    (
        r"pieces?|items?|units?|bottles?|cans?|tins?|packs?|packets?|eggs?|rolls?|tablets?|bags?|bars?|cups?|one",
        "piece",
    ),
)
_UNIT = "|".join(pattern for pattern, _ in _UNITS)
_A = r"(?:a|per|each|by the|for|of|(?:for|of) (?:a|one|each))"
_PATTERNS: Final = tuple(
    (re.compile(pattern.replace("{unit}", _UNIT).replace("{a}", _A)), name, subject)
    for name, subject, patterns in _TABLE
    for pattern in patterns
)


def thing_asked(text: str) -> Asked | None:
    """What is to be measured for these words; None if they are no such question, or one that could hurt in another way
    than by a road: the rules for those stand between a model and the voice."""
    words = _plain(text)
    for pattern, name, subject in _PATTERNS:
        match = pattern.fullmatch(words)
        if match is None:
            continue
        if subject not in {TRAFFIC, "lamp"} and (about := topics(text)):
            return Asked(name, TRAFFIC) if "road" in about and name in {"light", "moving", "colour"} else None
        return Asked(name, _named(match) if subject == "*" else subject)
    return None


def _named(match: re.Match[str]) -> str:
    groups = match.groupdict()
    if unit := next((value for key, value in groups.items() if key.startswith(("unit", "each")) and value), ""):
        return next((name for pattern, name in _UNITS if re.fullmatch(pattern, unit)), "piece")
    colours = [colour for key in "abc" if (colour := groups.get(key))]
    return " or ".join(colour.replace("gray", "grey").replace("violet", "purple") for colour in colours)


def _plain(text: str) -> str:
    """Lower case, no marks, "what's" as "what is", without the words that only lead in or out."""
    words = text.lower().replace("’", "'")
    words = re.sub(r"\b(what|it|that|there|how|which|colou?r)'s\b", r"\1 is", words)
    words = re.sub(r"\b(is|are|does|do|has)n't\b", r"\1", words)
    words = " ".join(re.sub(r"[^\w\s']", " ", words).split())
    if lead := _BEFORE.match(words):
        words = words[lead.end() :]
    words = re.sub(r"^if (it|this|that|there|anything|anyone|anybody|something|the \w+) (is|are)\b", r"\2 \1", words)
    words = re.sub(r"^(what|which) (colou?rs?) (this|that|it|these) (is|are)$", r"\1 \2 \4 \3", words)
    tail = _AFTER.search(words)
    return words[: tail.start()] if tail else words
