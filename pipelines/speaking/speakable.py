"""Written text made fit for the ear: what a person reading it aloud to a friend would say.

A list of rules, applied in order; each is a pattern and what is said for it. Markdown loses its marks, addresses are
named and not spelt, symbols, units and money are spoken, words in capitals are read as words. Numbers stay numbers:
the voice reads them. Running it twice changes nothing more, so text may pass here at any stage.

`spoken_address` is for the other need: to read an address (from a QR code) in full, so that a wearer can judge it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

# ------------------------------------------------------------------------------------------------------------- tables

# sign or code: (one, many, hundredth one, hundredth many)
_MONEY: dict[str, tuple[str, str, str, str]] = {
    "€": ("euro", "euros", "cent", "cents"),
    "EUR": ("euro", "euros", "cent", "cents"),
    "$": ("dollar", "dollars", "cent", "cents"),
    "US$": ("dollar", "dollars", "cent", "cents"),
    "USD": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "GBP": ("pound", "pounds", "penny", "pence"),
    "CHF": ("franc", "francs", "centime", "centimes"),
    "¥": ("yen", "yen", "", ""),
    "JPY": ("yen", "yen", "", ""),
    "₹": ("rupee", "rupees", "paisa", "paise"),
    "INR": ("rupee", "rupees", "paisa", "paise"),
}

# unit after a number: (one, many). Longest first where one begins another; letters that are also words need the blank
# or the digit that the pattern asks for.
_UNITS: dict[str, tuple[str, str]] = {
    "km/h": ("kilometre per hour", "kilometres per hour"),
    "m/s": ("metre per second", "metres per second"),
    "mph": ("mile per hour", "miles per hour"),
    "kWh": ("kilowatt hour", "kilowatt hours"),
    "mAh": ("milliamp hour", "milliamp hours"),
    "kcal": ("kilocalorie", "kilocalories"),
    "km²": ("square kilometre", "square kilometres"),
    "m²": ("square metre", "square metres"),
    "m³": ("cubic metre", "cubic metres"),
    "km": ("kilometre", "kilometres"),
    "cm": ("centimetre", "centimetres"),
    "mm": ("millimetre", "millimetres"),
    "kg": ("kilogram", "kilograms"),
    "mg": ("milligram", "milligrams"),
    "µg": ("microgram", "micrograms"),
    "μg": ("microgram", "micrograms"),
    "ml": ("millilitre", "millilitres"),
    "mL": ("millilitre", "millilitres"),
    "cl": ("centilitre", "centilitres"),
    "dl": ("decilitre", "decilitres"),
    "kW": ("kilowatt", "kilowatts"),
    "kJ": ("kilojoule", "kilojoules"),
    "kHz": ("kilohertz", "kilohertz"),
    "MHz": ("megahertz", "megahertz"),
    "GHz": ("gigahertz", "gigahertz"),
    "Hz": ("hertz", "hertz"),
    "kB": ("kilobyte", "kilobytes"),
    "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"),
    "TB": ("terabyte", "terabytes"),
    "min": ("minute", "minutes"),
    "ms": ("millisecond", "milliseconds"),
    "lbs": ("pound", "pounds"),
    "lb": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "ft": ("foot", "feet"),
    "°C": ("degree Celsius", "degrees Celsius"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "°": ("degree", "degrees"),
    "%": ("percent", "percent"),
    "g": ("gram", "grams"),
    "m": ("metre", "metres"),
    "l": ("litre", "litres"),
    "L": ("litre", "litres"),
    "W": ("watt", "watts"),
    "V": ("volt", "volts"),
    "h": ("hour", "hours"),
}

_SHORT_FORMS: dict[str, str] = {
    "e.g.": "for example",
    "i.e.": "that is",
    "vs.": "versus",
    "approx.": "approximately",
    "incl.": "including",
    "excl.": "excluding",
    "w/o": "without",
    "w/": "with",
}


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Words of two and three letters that signs print in capitals; any other short word in capitals is a code and is kept.
_SIGN_WORDS = _set(
    "no in on off up out to at of or and the for not all do go my we us by be is it as an if me so are you our one "
    "two six ten way key use pay buy new now wet dry hot ice tea bar pub bus car cab tax men her his old big day "
    "end gap gas red sun mon sat fri ask see eat max any bag box can per air oil ham egg pie cup jam nut may run "
    "sit art zoo top low bin"
)
# Capitals that are read letter by letter, of four letters and more; the rest is lower-cased if it has a vowel.
_SPELT = _set("HTML HTTP HTTPS ASAP IBAN ISDN OLED USSR UEFI")

# ------------------------------------------------------------------------------------------------------- one-off rules

_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?"
_CODES = "|".join(sorted((re.escape(code) for code in _MONEY), key=len, reverse=True))
_MONEY_BEFORE = re.compile(rf"(?<![\w])({_CODES})\s?({_NUMBER})(?:\s?(million|billion|thousand|m|bn|k)\b)?(?![\d])")
_MONEY_AFTER = re.compile(rf"(?<![\w.,])({_NUMBER})\s?({_CODES})(?!\w)")
_UNIT_NAMES = "|".join(map(re.escape, _UNITS))
_UNIT = re.compile(rf"(?<![\w.,])(?P<number>{_NUMBER})(?P<blank>[  ]?)(?P<unit>{_UNIT_NAMES})(?![\w²³/%°])")
_SIZE = re.compile(r"(?<=\d)\s?[×x]\s?(?=\d)")
_RANGE = re.compile(r"(?<=\d)\s?–\s?(?=[\d€$£])|(?<=:\d\d)\s?-\s?(?=\d{1,2}:\d\d)")
_TIME = re.compile(r"(?<![\d:.])([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?(?![\d:])(?:\s?(?:o'clock|h(?:rs)?\b))?")
_HALF_DAY = re.compile(r"(?<=\d)\s?([ap])\.?m\b\.?(?!\w)", re.IGNORECASE)
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\U0001fb00-\U0001fbff\u2190-\u21ff\u2300-\u23ff\u2500-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\ufe00-\ufe0f\u200b-\u200f\u2028-\u202e\u2060\u20e3\ufeff\U000e0000-\U000e007f•◦‣]+"
)
_URL = re.compile(r"<?\b(?:https?://|www\.)[^\s<>)\]]+>?", re.IGNORECASE)
_MAIL = re.compile(r"\b([\w.+-]+)@([\w-]+(?:\.[\w-]+)+)\b")
_HOST = re.compile(
    r"\b((?:[a-z0-9-]+\.)+(?:com|org|net|io|de|uk|eu|fr|nl|es|it|ch|at|info|app|dev|ai|gov|edu))\b(/[^\s<>)\]]*)?",
    re.IGNORECASE,
)
_CAPITALS = re.compile(r"(?<![\w'’.&])[^\W\d_]{2,}(?:['’][^\W\d_]+)?(?![\w.]*\d)(?![\w&])")


def speakable(text: str) -> str:
    """The text as it should be said. One line; empty if there is nothing to say."""
    for rule in _RULES:
        text = rule(text)
    return text.strip()


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


_ADDRESS_SIGNS = {
    ".": "dot", "/": "slash", ":": "colon", "@": "at", "-": "dash", "_": "underscore", "?": "question mark",
    "=": "equals", "&": "and", "#": "hash", "%": "percent", "+": "plus", "~": "tilde", ",": "comma", ";": "semicolon",
    "!": "exclamation mark", "*": "star", "'": "quote", "(": "bracket", ")": "bracket", "[": "bracket", "]": "bracket",
    "$": "dollar", "\\": "backslash", "|": "bar",
}  # fmt: skip


# --------------------------------------------------------------------------------------------------- rules with a mind


def _markdown(text: str) -> str:
    text = re.sub(r"(?<=\d)[ \t]?\*[ \t]?(?=\d)", " times ", text)
    text = re.sub(r"```[\w+-]*\n?|~~~[\w+-]*\n?", "", text)
    text = re.sub(r"!?\[([^\]]*)\]\([^)\s]*(?:\s+\"[^\"]*\")?\)", r"\1", text)
    text = re.sub(r"^\s*\|?(?:\s*:?-{2,}:?\s*\|)+[\s:|-]*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^[ \t]*(?:[-*_][ \t]*){3,}$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^([ \t]*#{1,6}[ \t]+.*?)[ \t]*#+[ \t]*$", r"\1", text, flags=re.MULTILINE)
    text = re.sub(r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-*+•][ \t]+)+", "", text, flags=re.MULTILINE)
    text = re.sub(r"^[ \t]*\|[ \t]*|[ \t]*\|[ \t]*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"[ \t]*\|[ \t]*", ", ", text)
    return re.sub(r"\*+|~~|`+|(?<!\w)_{1,3}(?=\w)|(?<=\w)_{1,3}(?!\w)", "", text)


def _lines(text: str) -> str:
    """Line ends become pauses: a full stop after a paragraph, a comma after a line."""
    text = re.sub(r"(?<=[\w)\"'”’%])[ \t]*\n[ \t]*\n\s*", ". ", text)
    text = re.sub(r"(?<=[\w)\"'”’%])[ \t]*\n[ \t]*(?=\S)", ", ", text)
    return re.sub(r"\s+", " ", text)


def _host(match: re.Match[str]) -> str:
    """The name of the site only; the path of an address means nothing to the ear."""
    raw = match.group().strip("<>")
    end = re.search(r"[.,;:!?'\"]*$", raw)
    tail = end.group() if end else ""
    host = urlsplit(raw if "://" in raw else f"//{raw}").netloc.rstrip(".,;:!?'\"")
    return f"a link to {spoken_address(host)}{tail}"


def _mail(match: re.Match[str]) -> str:
    return f"{spoken_address(match.group(1))} at {spoken_address(match.group(2))}"


def _amount(code: str, number: str, scale: str = "") -> str:
    one, many, hundredth, hundredths = _MONEY[code]
    if scale:
        word = {"m": "million", "bn": "billion", "k": "thousand"}.get(scale, scale)
        return f"{number} {word} {many}"
    whole, point, part = number.rpartition(".") if re.search(r"\.\d+$", number) else number.rpartition(",")
    if not point or (point == "," and len(part) == 3):
        whole, part = number, ""
    elif len(part) != 2 or not hundredth:
        return f"{number} {many}"
    name = one if whole == "1" else many
    if not part or part == "00":
        return f"{whole} {name}"
    cents = f"{int(part)} {hundredth if int(part) == 1 else hundredths}"
    if whole == "0":
        return cents
    return f"{whole} {name} {int(part)}" if int(part) >= 10 else f"{whole} {name} and {cents}"


def _unit(match: re.Match[str]) -> str:
    one, many = _UNITS[match["unit"]]
    return f"{match['number']} {one if match['number'] == '1' else many}"


def _time(match: re.Match[str]) -> str:
    hour, minute = int(match.group(1)), int(match.group(2))
    if minute == 0:
        return f"{hour} o'clock" if 1 <= hour <= 12 else f"{hour} hundred" if hour else "midnight"
    return f"{hour} oh {minute}" if minute < 10 else f"{hour} {minute}"


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


def _short_forms(text: str) -> str:
    for short, said in _SHORT_FORMS.items():
        text = re.sub(rf"(?<![\w.]){re.escape(short)}(?!\w)", said, text)
    return text


_RULES: tuple[Callable[[str], str], ...] = (
    _markdown,
    lambda text: _URL.sub(_host, text),
    lambda text: _MAIL.sub(_mail, text),
    lambda text: _HOST.sub(_host, text),
    _replaced(r"\s*(?:→|⇒|->|=>)\s*", " to "),
    lambda text: _EMOJI.sub(" ", text),
    _lines,
    _short_forms,
    lambda text: _RANGE.sub(" to ", text),
    lambda text: _MONEY_BEFORE.sub(lambda m: _amount(m[1], m[2], m[3] or ""), text),
    lambda text: _MONEY_AFTER.sub(lambda m: _amount(m[2], m[1]), text),
    lambda text: _SIZE.sub(" by ", text),
    lambda text: _UNIT.sub(_unit, text),
    lambda text: _TIME.sub(_time, text),
    lambda text: _HALF_DAY.sub(lambda m: f" {m[1].lower()} m", text),
    _replaced(r"\b(?:No|Nr|no|nr)\.\s?(?=\d)|№\s?|(?<!\w)#(?=\d)", "number "),
    _replaced(r"(?<=\w)(?:\s+&\s+|(?<=[a-z])&)(?=\w)", " and "),
    _replaced(r"(?<!\w)[~≈]\s?(?=\d)", "about "),
    _replaced(r"\s*≥\s*", " at least "),
    _replaced(r"\s*≤\s*", " at most "),
    _replaced(r"(?<=\d)\s*<\s*(?=\d)", " is less than "),
    _replaced(r"(?<=\d)\s*>\s*(?=\d)", " is more than "),
    _replaced(r"(?<=\d)\s*\+\s*(?=\d)", " plus "),
    _replaced(r"(?<=[\w])\s*=\s*(?=[\w])", " equals "),
    _replaced(r"\band/or\b", "and or"),
    _replaced(r"(?<=[^\W\d_])\s?/\s?(?=[^\W\d_])", " or "),
    _replaced(r"(?<=\d)/(?=\d)", " "),
    _replaced(r"(?<=\b[A-Z]{2})-(?=[A-Z0-9]\w*)|(?<=[A-Z]{3})-(?=[A-Z0-9]\w*)|(?<=\b[A-Z])-(?=\d)", " "),
    _replaced(r"(?<=\w)_(?=\w)", " "),
    lambda text: _CAPITALS.sub(_capitals, text),
    _replaced(r"[<>\[\]{}\\^|©®™]+", " "),
    _replaced(r"\s+([,.;:!?])(?=\s|$)", r"\1"),
    _replaced(r"([,;:])(?:\s*[,;:])+", r"\1"),
    _replaced(r"\s+", " "),
)
