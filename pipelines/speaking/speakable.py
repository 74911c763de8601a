"""Written text made fit for the ear: what a person reading it aloud to a friend would say.

What nobody wants to hear goes first (`unspoken`: reasoning, code, addresses, citations, the model's talk about its
tools), then markdown loses its marks, figures are spoken (`figures`), symbols and short forms become words, and words
in capitals are read as words. Running it twice changes nothing more, so text may pass here at any stage.

With `verbatim` the text was read from a picture or is somebody's own words: nothing is left out, addresses are read in
full, since what looks like a mark or a source line may be what the sign says.

`links_of` gives the addresses that were left out. `spoken_address` reads one (from a QR code) in full, so that a wearer
can judge it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pipelines.speaking.figures import spoken_figures
from pipelines.speaking.unspoken import (
    HOST,
    URL,
    links_of,
    without_addresses,
    without_citations,
    without_machinery,
    without_narration,
)

__all__ = ["links_of", "speakable", "spoken_address"]

MAX_PASSES = 8  # text that was made to hide marks in marks needs more than one; honest text needs one and a check

# ------------------------------------------------------------------------------------------------------------- tables


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SHORT_FORMS: dict[str, str] = {
    "e.g.": "for example",
    "i.e.": "that is",
    "vs.": "versus",
    "approx.": "approximately",
    "ca.": "about",
    "incl.": "including",
    "excl.": "excluding",
    "etc.": "et cetera",
    "a.k.a.": "also known as",
    "tel.": "telephone",
    "ext.": "extension",
    "dept.": "department",
    "Dr.": "Doctor",
    "Mr.": "Mister",
    "Mrs.": "Missus",
    "Prof.": "Professor",
    "Ave.": "Avenue",
    "Blvd.": "Boulevard",
    "Rd.": "Road",
    "w/o": "without",
    "w/": "with",
}
_BEFORE_A_NUMBER = {
    "p.": "page",
    "pp.": "pages",
    "fig.": "figure",
    "vol.": "volume",
    "max.": "maximum",
    "min.": "minimum",
}

# Words of two and three letters that signs print in capitals; any other short word in capitals is a code and is kept.
_SIGN_WORDS = _set(
    "no in on off up out to at of or and the for not all do go my we us by be is it as an if me so are you our one "
    "two six ten way key use pay buy new now wet dry hot ice tea bar pub bus car cab tax men her his old big day "
    "end gap gas red sun mon sat fri ask see eat max any bag box can per air oil ham egg pie cup jam nut may run "
    "sit art zoo top low bin"
)
# Capitals that are read letter by letter, of four letters and more; the rest is lower-cased if it has a vowel.
_SPELT = _set("HTML HTTP ASAP IBAN ISDN OLED USSR UEFI RSVP HDMI ISBN IMEI HTTPS ATM")

_ADDRESS_SIGNS = {
    ".": "dot", "/": "slash", ":": "colon", "@": "at", "-": "dash", "_": "underscore", "?": "question mark",
    "=": "equals", "&": "and", "#": "hash", "%": "percent", "+": "plus", "~": "tilde", ",": "comma", ";": "semicolon",
    "!": "exclamation mark", "*": "star", "'": "quote", "(": "bracket", ")": "bracket", "[": "bracket", "]": "bracket",
    "$": "dollar", "\\": "backslash", "|": "bar",
}  # fmt: skip


_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\U0001fb00-\U0001fbff\u2190-\u21ff\u2300-\u23ff\u2500-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\ufe00-\ufe0f\u200b-\u200f\u2028-\u202e\u2060\u20e3\ufeff\U000e0000-\U000e007f\ue000-\uf8ff•◦‣]+"
)
_ARROWS = {
    "←": "arrow left",
    "→": "arrow right",
    "↑": "arrow up",
    "↓": "arrow down",
    "➜": "arrow right",
    "➔": "arrow right",
}
_MAIL = re.compile(r"(?:\bmailto:)?\b([\w.+-]+)@([\w-]+(?:\.[\w-]+)+)\b", re.IGNORECASE)
_CAPITALS = re.compile(r"(?<![\w'’.&])[^\W\d_]{2,}(?:['’][^\W\d_]+)?(?![\w.]*\d)(?![\w&])")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉\u00a0\u202f\u2009", "0123456789   ")

# Text that no rule would touch, which is most of an answer: words, commas and stops, single blanks. Anything else goes
# the long way.
_NOTHING_TO_DO = re.compile(
    r"(?!\s)(?:[a-zA-ZäöüÄÖÜßéèàçñ](?![A-Z])|[,;:!?][ ]?(?![,;:!? ])|[.](?=\s|\Z)(?!\s\s)|['’\"“”](?!\s\s)|-(?=\w)|"
    r"[ ](?![ ,.;:!?\-–+]))*",
)
_SHORTENED = re.compile(
    r"\b(?:[a-zA-Z]|[Dd]r|[Mm]rs?|[Pp]rof|[Aa]ve|[Bb]lvd|[RrSs][dt]|vs|[Aa]pprox|ca|[Ii]ncl|[Ee]xcl|[Ee]tc|[Tt]el|"
    r"[Ee]xt|[Dd]ept|"
    r"pp?|fig|vol|max|min|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|Mon|Tues?|Wed|Thurs?|Thu|Fri|Sat|Sun)\b[.]|"
    r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b|\b(?:[a-zA-Z]-|thought|sources?|references?|citations?|action|tool|"
    r"function)\b",
    re.IGNORECASE,
)


def speakable(text: str, verbatim: bool = False) -> str:
    """The text as it should be said. One line; empty if there is nothing to say. Never raises."""
    if _NOTHING_TO_DO.fullmatch(text) and not _SHORTENED.search(text):
        return (text if verbatim else " ".join(without_narration(text).split())).strip()
    rules = _VERBATIM if verbatim else _OWN
    for _ in range(MAX_PASSES):
        before = text
        for rule in rules:
            text = rule(text)
        text = text.strip()
        if text == before:
            return text
    return _bare(text)


def _bare(text: str) -> str:
    """The last resort for text that hides marks in marks without end: words and nothing else."""
    return " ".join(re.findall(r"[a-z]+", text.lower()))


def spoken_address(address: str, limit: int = 120) -> str:
    """An address read out in full: "https://example.org/menu/4711" -> "example dot org slash menu slash 4711".

    Only "http(s)://", a leading "www." and a last slash are left out; any other scheme and a user name before an "@"
    are said, since they change where the address leads. After `limit` characters the rest is counted, not read.
    """
    rest = address.strip()
    rest = re.sub(r"^https?://", "", rest, flags=re.IGNORECASE)
    rest = re.sub(r"^www\.", "", rest, flags=re.IGNORECASE).rstrip("/")
    host, slash, path = rest.partition("/")
    rest = host.lower() + slash + path
    more = len(rest) - limit
    if more > 0:
        rest = rest[:limit]
    spoken = re.sub(r"[^\w\s]|_", lambda m: f" {_ADDRESS_SIGNS.get(m.group(), m.group())} ", rest)
    spoken = " ".join(spoken.split())
    return f"{spoken}, and {more} more characters" if more > 0 else spoken


# --------------------------------------------------------------------------------------------------- rules with a mind


def _block_marks(text: str) -> str:
    """Marks that stand at the beginning of a line, and tables."""
    if "|" in text:
        text = re.sub(r"^\s*\|?(?:\s*:?-{2,}:?\s*\|)+[\s:|-]*$", "", text, flags=re.MULTILINE)
        text = re.sub(r"^[ \t]*\|[ \t]*|[ \t]*\|[ \t]*$", "", text, flags=re.MULTILINE)
        text = re.sub(r"[ \t]*\|[ \t]*", ", ", text)
    text = re.sub(r"^[ \t]*(?:(?:[-*_=][ \t]*){3,})$", "", text, flags=re.MULTILINE)
    if "#" in text:
        text = re.sub(r"^([ \t]*#{1,6}[ \t]+.*?)[ \t]*#+[ \t]*$", r"\1", text, flags=re.MULTILINE)
    text = re.sub(r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-*+•–][ \t]+(?:\[[ xX]?\][ \t]+)?)+", "", text, flags=re.MULTILINE)
    return re.sub(r"^[ \t]*([0-9]{1,2}(?=[.)])|[a-zA-Z](?=\)))[.)][ \t]+(?=\S)", r"\1, ", text, flags=re.MULTILINE)


def _line_marks(text: str) -> str:
    """Emphasis, struck text, inline code, and what formulas are set with."""
    text = re.sub(r"(?<=\d)[ \t]?\*[ \t]?(?=\d)", " times ", text)
    if "\\" in text:
        text = re.sub(r"\\d?frac\{([^{}]*)\}\{([^{}]*)\}", r"\1 over \2", text)
        text = re.sub(r"\\(?:times|cdot)\b", " times ", text)
        text = re.sub(r"\\(?:approx|sim)\b", " about ", text)
        text = re.sub(r"\\(?:text|mathrm|mathbf)\{([^{}]*)\}|\\([*_#$%&`~|.!()\[\]{}-])", r"\1\2", text)
    return re.sub(r"\*+|~~+|`+|(?<!\w)_{1,3}(?=\w)|(?<=\w)_{1,3}(?!\w)|(?<!\w)_+(?!\w)", "", text)


def _lines(text: str) -> str:
    """Line ends become pauses: a full stop after a paragraph, a comma after a line."""
    if "\n" in text:
        text = re.sub(r"(?<=[\w)\"'”’%])[ \t]*\n[ \t]*\n\s*(?=\S)", ". ", text)
        text = re.sub(r"(?<=[\w)\"'”’%])[ \t]*\n[ \t]*(?=\S)", ", ", text)
    return re.sub(r"\s+", " ", text)


def _read_addresses(text: str) -> str:
    """Addresses in full: "example.org/menu" -> "example dot org slash menu"."""
    return HOST.sub(_read_address, URL.sub(_read_address, text))


def _read_address(match: re.Match[str]) -> str:
    raw = match.group().strip("<>")
    end = re.search(r"[.,;:!?'\"]*\Z", raw)
    tail = end.group() if end else ""
    return spoken_address(raw[: len(raw) - len(tail)]) + tail


def _mails(text: str) -> str:
    if "@" not in text:
        return text
    text = _MAIL.sub(lambda m: f"{spoken_address(m.group(1))} at {spoken_address(m.group(2))}", text)
    return re.sub(r"(?<!\w)@\s?(?=\w)", "at ", text)


def _arrows(text: str) -> str:
    return re.sub(r"[←→↑↓➜➔]", lambda m: f" {_ARROWS[m.group()]} ", text)


def _short_forms(text: str) -> str:
    if "." not in text and "/" not in text:
        return text
    return _SHORT.sub(_short_form, text)


_SHORT = re.compile(
    r"(?<![\w.])(?:(?P<street>(?<=[A-Za-z] )[Ss]t\.(?!\s+[A-Z]))|(?P<saint>St\.\s(?=[A-Z]))|"
    rf"(?P<number>(?i:{'|'.join(map(re.escape, _BEFORE_A_NUMBER))})\s?(?=[0-9]))|"
    rf"(?P<short>(?i:{'|'.join(map(re.escape, sorted(_SHORT_FORMS, key=len, reverse=True)))}))(?!\w)(?P<end>\s*\Z)?)"
)


def _short_form(match: re.Match[str]) -> str:
    if match["street"]:
        return "Street"
    if match["saint"]:
        return "Saint "
    if match["number"]:
        return _BEFORE_A_NUMBER[match["number"].strip().lower()] + " "
    short = match["short"]
    said = _SHORT_FORMS.get(short) or _SHORT_FORMS.get(short.lower()) or _SHORT_FORMS.get(short.capitalize()) or short
    if said == short:
        return match.group()
    if short[0].isupper() and not said[0].isupper():
        said = said[0].upper() + said[1:]
    return said + ("." if match["end"] is not None and short.endswith(".") else "")


def _capitals(match: re.Match[str]) -> str:
    """A word in capitals is a word, not letters; short codes (IC, USB, WC) and words without a vowel stay."""
    word = match.group()
    if not word.isupper() or word in _SPELT:
        return word
    numbered = match.string[match.end() :].lstrip(" ")[:1].isdigit()  # "ICE 73", "BUS 42"
    if len(word) <= 3 and (numbered or word.lower() not in _SIGN_WORDS):
        return word
    return word.lower() if re.search(r"[AEIOUYÄÖÜÉÈÀ]", word) else word


def _replaced(pattern: str, by: str, flags: int = 0) -> Callable[[str], str]:
    compiled = re.compile(pattern, flags)
    return lambda text: compiled.sub(by, text)


_WORDS: tuple[Callable[[str], str], ...] = (
    _mails,
    _replaced(r"(?<=[\w.)])\s*(?:→|⇒|->|=>|➜|➔)\s*(?=\w)", " to "),
    lambda text: _EMOJI.sub(" ", text),
    lambda text: text.translate(_SUBSCRIPTS),
    _lines,
    _replaced(r"\b(CO|H|O|N)2(O?)\b", r"\1 2 \2"),
    spoken_figures,
    _short_forms,
    _replaced(r"(?<=\w)(?:\s+&\s+|(?<=[a-z])&)(?=\w)", " and "),
    _replaced(r"(?<=\s)&(?=\s)", "and"),
    _replaced(r"\s*≥\s*", " at least "),
    _replaced(r"\s*≤\s*", " at most "),
    _replaced(r"(?<=\w)\s*≈\s*(?=\w)", " is about "),
    _replaced(r"(?<=\w)\s*≠\s*(?=\w)", " is not "),
    _replaced(r"(?<=\w)\s\+\s(?=\w)", " plus "),
    _replaced(r"(?<=[\w])\s*=\s*(?=[\w])", " equals "),
    _replaced(r"\band/or\b", "and or"),
    _replaced(r"(?<=[^\W\d_])\s?/\s?(?=[^\W\d_])", " or "),
    _replaced(
        r"(?<=\b[A-Z]{2})-(?=[A-Z0-9]\w*)|(?<=[A-Z]{3})-(?=[A-Z0-9]\w*)|(?<=\b[A-Z])-(?=\d)|(?<=-[A-Z])-(?=[A-Z0-9])",
        " ",
    ),
    _replaced(r"(?<=\w)_+(?=\w)", " "),
    lambda text: _CAPITALS.sub(_capitals, text),
    _replaced(r"[<>\[\]{}\\^|`©®™\x00-\x08\x0e-\x1f\x7f]+", " "),
    _replaced(r"\(\s*[,.;:]*\s*\)|“\s*”|\"\s*\"(?!\w)", " "),
    _replaced(r"\s+([,.;:!?])(?=\s|$|[,.;:!?\"”’)])", r"\1"),
    _replaced(r"([,;:])(?:\s*[,;:])+", r"\1"),
    _replaced(r"([,;:])\s*(?=[.!?](?:\s|$))", ""),
    _replaced(r"(?<=[.!?])\s+\.(?=\s|$)|^[\s,.;:!?…*•–—-]+(?=\s|$)", ""),
    _replaced(r"\s+", " "),
)
_OWN: tuple[Callable[[str], str], ...] = (
    without_machinery,
    without_citations,
    without_narration,
    without_addresses,
    _block_marks,
    _line_marks,
    *_WORDS,
)
_VERBATIM: tuple[Callable[[str], str], ...] = (_read_addresses, _arrows, _line_marks, *_WORDS)
