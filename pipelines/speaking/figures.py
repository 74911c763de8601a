"""Figures as people say them: money, units, times, dates, ranges, fractions, telephone numbers.

One pass over a text, rule by rule; each rule is a pattern and what is said for it. Plain numbers stay numbers, since
every voice reads them. A rule's words never match a rule again, so a second pass changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable

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
    "Mbit/s": ("megabit per second", "megabits per second"),
    "kcal": ("kilocalorie", "kilocalories"),
    "km²": ("square kilometre", "square kilometres"),
    "cm²": ("square centimetre", "square centimetres"),
    "m²": ("square metre", "square metres"),
    "cm³": ("cubic centimetre", "cubic centimetres"),
    "m³": ("cubic metre", "cubic metres"),
    "sq ft": ("square foot", "square feet"),
    "fl oz": ("fluid ounce", "fluid ounces"),
    "km": ("kilometre", "kilometres"),
    "cm": ("centimetre", "centimetres"),
    "mm": ("millimetre", "millimetres"),
    "kg": ("kilogram", "kilograms"),
    "mg": ("milligram", "milligrams"),
    "mcg": ("microgram", "micrograms"),
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
    "KB": ("kilobyte", "kilobytes"),
    "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"),
    "TB": ("terabyte", "terabytes"),
    "dB": ("decibel", "decibels"),
    "hPa": ("hectopascal", "hectopascals"),
    "kPa": ("kilopascal", "kilopascals"),
    "mins": ("minute", "minutes"),
    "min": ("minute", "minutes"),
    "ms": ("millisecond", "milliseconds"),
    "secs": ("second", "seconds"),
    "sec": ("second", "seconds"),
    "hrs": ("hour", "hours"),
    "hr": ("hour", "hours"),
    "lbs": ("pound", "pounds"),
    "lb": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "ft": ("foot", "feet"),
    "yd": ("yard", "yards"),
    "mi": ("mile", "miles"),
    "tbsp": ("tablespoon", "tablespoons"),
    "tsp": ("teaspoon", "teaspoons"),
    "pcs": ("piece", "pieces"),
    "ct": ("cent", "cents"),
    "¢": ("cent", "cents"),
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
_WITH_BLANK = frozenset({"ms", "mi", "ct", "sec", "secs"})  # "50 ct", never "50ct": glued they are mostly codes

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_MONTH_OF = {name[:3].lower(): name for name in _MONTHS} | {"sept": "September"}
_DAY_OF = {
    "mon": "Monday", "tue": "Tuesday", "tues": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "thur": "Thursday",
    "thurs": "Thursday", "fri": "Friday", "sat": "Saturday", "sun": "Sunday",
}  # fmt: skip

# value: (alone, after a whole number, before a unit)
_FRACTIONS = {
    "1/2": ("one half", "a half", "half a"),
    "1/3": ("one third", "a third", "a third of a"),
    "2/3": ("two thirds", "two thirds", "two thirds of a"),
    "1/4": ("one quarter", "a quarter", "a quarter of a"),
    "3/4": ("three quarters", "three quarters", "three quarters of a"),
    "1/8": ("one eighth", "an eighth", "an eighth of a"),
}
_FRACTION_SIGNS = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅛": "1/8"}

# ----------------------------------------------------------------------------------------------------------- patterns

_N = r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:[.,][0-9]+)?"
_CODES = "|".join(sorted((re.escape(code) for code in _MONEY), key=len, reverse=True))
_UNIT_NAMES = "|".join(map(re.escape, _UNITS))
_SIGNS = "€$£¥₹"
_PER = (
    "kg|g|mg|l|L|ml|cl|h|hr|min|m²|pc|pcs|piece|person|adult|child|night|day|hour|minute|month|year|week|cup|serving|"
    "portion|100"
)
_MEASURED = (
    rf"(?:\s?(?:{_UNIT_NAMES}|{_CODES})(?![\w²³])|\s(?:minutes?|hours?|days?|weeks?|months?|years?|euros?|dollars?|"
)
_MEASURED += r"pounds?|people|pages?|steps?|times|met(?:re|er)s?|kilomet(?:re|er)s?|grams?|percent|degrees?|stops?)\b)"
_DATE_TAIL = r"(?![0-9]|[./-][0-9])"


_SWAPPED = str.maketrans(".,'’ ", ",.,,,")


def _european(match: re.Match[str]) -> str:
    """ "1.250,50" -> "1,250.50": point and comma change places."""
    return match.group().translate(_SWAPPED)


def _money(code: str, number: str, scale: str) -> str:
    one, many, hundredth, hundredths = _MONEY[code]
    if scale:
        word = {"m": "million", "bn": "billion", "k": "thousand"}.get(scale, scale)
        return f"{number} {word} {many}"
    whole, point, part = number.rpartition(".") if re.search(r"\.[0-9]+$", number) else number.rpartition(",")
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
    number, unit = match["number"], match["unit"]
    if unit in _WITH_BLANK and not match["blank"]:
        return match.group()
    one, many = _UNITS[unit]
    if re.fullmatch(r"[0-9]+,[0-9]{1,2}", number):
        number = number.replace(",", ".")
    dot = "" if unit[-1].isalpha() else match["dot"] or ""  # "5 min. from here": the point belonged to the short form
    return f"{number} {one if number == '1' else many}{dot}"


def _time(match: re.Match[str]) -> str:
    hour, minute, second, half = int(match["h"]), int(match["m"]), match["s"], match["half"]
    after = f" and {int(second)} seconds" if second and int(second) else ""
    if half:
        clock = f"{hour}" if minute == 0 else f"{hour} oh {minute}" if minute < 10 else f"{hour} {minute}"
        return f"{clock}{after} {half.upper()}M"
    if minute == 0:
        clock = f"{hour} o'clock" if 1 <= hour <= 12 else f"{hour} hundred" if hour else "midnight"
    else:
        clock = f"{hour} oh {minute}" if minute < 10 else f"{hour} {minute}"
    return clock + after


def _whole_hour(match: re.Match[str]) -> str:
    hour = int(match[1])
    return f"{hour} o'clock" if 1 <= hour <= 12 else f"{hour} hundred"


def _date(day: int, month: int, year: str) -> str:
    return f"{day} {_MONTHS[month - 1]}{f' {year}' if year else ''}"


def _iso_date(match: re.Match[str]) -> str:
    return _date(int(match[3]), int(match[2]), match[1]) + (" at " if match[4] else "")


def _dotted_date(match: re.Match[str]) -> str:
    day, month, year = int(match[1]), int(match[2]), match[3] or ""
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return match.group()
    return _date(day, month, f"20{year}" if len(year) == 2 else year)


def _slashed_date(match: re.Match[str]) -> str:
    """Which number is the month is only certain if the other is above 12; else the numbers are read as they stand."""
    first, second = int(match[1]), int(match[2])
    year = f"20{match[3]}" if len(match[3]) == 2 else match[3]
    if first > 12 >= second >= 1 and first <= 31:
        return _date(first, second, year)
    if second > 12 >= first >= 1 and second <= 31:
        return _date(second, first, year)
    return f"{first} {second} {match[3]}"


def _fraction(match: re.Match[str]) -> str:
    alone, after, before = _FRACTIONS[match["fraction"]]
    whole, unit = match["whole"], match["unit"]
    if whole:
        return f"{whole} and {after}" + (f" {_UNITS[unit][1]}" if unit else "")
    if unit:
        one = _UNITS[unit][0]
        return f"{before}n {one}" if before.endswith(" a") and re.match(r"ounce|hour", one) else f"{before} {one}"
    return alone


def _digits(text: str) -> str:
    """Digit by digit, with a pause between groups."""
    groups = re.findall(r"[0-9]+", text)
    return ("plus " if text.lstrip("( ").startswith("+") else "") + ", ".join(" ".join(group) for group in groups)


def _telephone(match: re.Match[str]) -> str:
    return _digits(match.group()) if 7 <= sum(map(str.isdigit, match.group())) <= 16 else match.group()


def _long_number(match: re.Match[str]) -> str:
    return match.group() if match.group().endswith("00000") else " ".join(match.group())


def _ordinal(mark: str | None) -> str:
    return mark if mark in {"st", "nd", "rd", "th"} else ""


def _rising(match: re.Match[str]) -> str:
    """ "rooms 12-14" is a range, "room 4711-12" a number."""
    first, last = match[2], match[3]
    return f"{match[1]} {first} to {last}" if int(first) < int(last) else match.group()


_Rule = tuple[str, re.Pattern[str], str | Callable[[re.Match[str]], str]]


def _rule(needs: str, pattern: str, by: str | Callable[[re.Match[str]], str], flags: int = 0) -> _Rule:
    """`needs`: characters of which one must be in the text for the pattern to match, "" = any text. Saves most of the
    time, since a clause has few signs."""
    return needs, re.compile(pattern, flags), by


_MONTH_WORDS = "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
_DAY_WORDS = "Mon|Tues?|Wed|Thurs?|Thu|Fri|Sat|Sun|MON|TUES?|WED|THURS?|THU|FRI|SAT|SUN"

_RULES: tuple[_Rule, ...] = (
    # as written elsewhere in Europe: 1.250,50 and 1 250 € and 4,- €
    _rule(",", r"(?<![\w.,])[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]{1,2}(?![\w.,]*[0-9])", _european),
    _rule(".'’ ", r"(?<![\w.,])[0-9]{1,3}(?:[.'’  ][0-9]{3})+(?=\s?(?:€|EUR|CHF))(?![0-9])", _european),
    _rule("€", r"(?<=€)\s?[0-9]{1,3}(?:\.[0-9]{3})+(?![0-9.,]*[0-9])", lambda m: _european(m).strip(",")),
    _rule("-–—", r"(?<=[0-9])[,.]\s?[-–—]+(?![0-9])", ""),
    # dates
    _rule(
        "-",
        r"(?<![\w.-])((?:19|20)[0-9]{2})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(?:(T)(?=[0-9])|(?![\w-]))",
        _iso_date,
    ),
    _rule(".", rf"(?<![\w./])([0-3]?[0-9])\.\s?([01]?[0-9])\.\s?((?:19|20)[0-9]{{2}}){_DATE_TAIL}", _dotted_date),
    _rule(".", rf"(?<![\w./])([0-3][0-9])\.([01][0-9])\.([0-9]{{2}})?(?=[\s,;)]|$){_DATE_TAIL}", _dotted_date),
    _rule("/", rf"(?<![\w./])([0-3]?[0-9])/([0-3]?[0-9])/((?:19|20)[0-9]{{2}}|[0-9]{{2}}){_DATE_TAIL}", _slashed_date),
    _rule("/", r"(?<![\w./])(0?[1-9]|1[0-2])/(20[0-9]{2})(?![\w/])", lambda m: f"{_MONTHS[int(m[1]) - 1]} {m[2]}"),
    _rule("", rf"\b({_MONTH_WORDS})\b\.?(?=\s?[0-9])", lambda m: f"{_MONTH_OF[m[1].lower()]} "),
    _rule(
        "",
        rf"(?<=[0-9])(\.|st|nd|rd|th)?\s({_MONTH_WORDS})\b\.?",
        lambda m: f"{_ordinal(m[1])} {_MONTH_OF[m[2].lower()]}",
    ),
    _rule(".", rf"(?<=[0-9])\.\s(?=(?:{'|'.join(_MONTHS)})\b)", " "),
    _rule(
        "-–—to",
        rf"\b({_DAY_WORDS})\b\.?\s?(?:[-–—]|to)\s?({_DAY_WORDS})\b\.?",
        lambda m: f"{_DAY_OF[m[1].lower()]} to {_DAY_OF[m[2].lower()]}",
    ),
    _rule(
        "", rf"\b({_DAY_WORDS})\b\.?(?=,?\s[0-9]{{1,2}}(?::[0-9]{{2}}|\s?[ap]\.?m\b))", lambda m: _DAY_OF[m[1].lower()]
    ),
    # telephone and other long numbers
    _rule("+", r"(?<![\w.,+])\+[0-9]{1,3}[  ./-]?(?:\(0\)[  ]?)?(?:[0-9(][0-9()  ./-]{5,18})[0-9](?![\w])", _telephone),
    _rule(
        "0", r"(?<![\w.,/-])\(?0[0-9]{2,5}\)?[  /-][0-9](?:[0-9]|[  -](?=[0-9])){3,12}(?![\w/:.,]*[0-9])", _telephone
    ),
    _rule(
        "-.)",
        r"(?<![\w.,/-])(?:1[ .-])?(?:\([0-9]{3}\)\s?|[0-9]{3}[.-])[0-9]{3}[ .-][0-9]{4}(?![\w-])|"
        r"(?<![\w.,/-])[0-9]{3}-[0-9]{4}(?![\w-])",
        _telephone,
    ),
    _rule("", r"(?<![\w.,/:-])[0-9]{7,20}(?![\w/:-]|[.,][0-9])", _long_number),
    _rule("0", r"(?<![\w.,/:-])0[0-9]{2,}(?![\w/:-]|[.,][0-9])", lambda m: " ".join(m.group())),
    # ranges, before their ends are read
    _rule(
        "-–—", rf"(?<!\w)({_CODES})\s?({_N})\s?[-–—]\s?(?=[0-9])(?![0-9.,]*[A-Za-z-])", lambda m: f"{m[2]} to {m[1]}"
    ),
    _rule("–—", rf"(?<=[0-9%°])\s?[–—]\s?(?=[0-9{_SIGNS}])", " to "),
    _rule("-", rf"(?<![\w.,-])([0-9]+(?:[.,][0-9]+)?)\s?-\s?(?=[0-9]+(?:[.,][0-9]+)?{_MEASURED})", r"\1 to "),
    _rule(
        "-",
        r"\b(pages?|ages?|aged|gates?|rooms?|platforms?|seats?|chapters?|years?) ([0-9]+)-([0-9]+)\b",
        _rising,
        re.I,
    ),
    _rule("-–—", r"(?<=:[0-9][0-9])\s?[-–—]\s?(?=[0-9]{1,2}[:.]?[0-9]*)", " to "),
    _rule(
        "-–—",
        r"(?<![\w.,:/-])([0-9]{1,2}(?:[:.][0-9]{2})?\s?(?:[ap]\.?m\b\.?)?)\s?[-–—]\s?(?=[0-9]{1,2}(?:[:.][0-9]{2})?\s?[ap]\.?m\b)",
        r"\1 to ",
        re.I,
    ),
    # signs before numbers
    _rule("±+", r"(?<!\w)(?:±|\+/-|\+-)\s?(?=[0-9])", "plus or minus "),
    _rule("-−–", r"(?:(?<=\s)|(?<=\()|^)[-−–](?=[0-9])", "minus "),
    _rule("+", r"(?:(?<=\s)|(?<=\()|^)\+(?=[0-9])", "plus "),
    # fractions
    _rule("½⅓⅔¼¾⅛", "[½⅓⅔¼¾⅛]", lambda m: f" {_FRACTION_SIGNS[m.group()]}"),
    _rule(
        "/",
        rf"(?<![\w./,])(?:(?P<whole>[0-9]+)\s+)?(?P<fraction>1/2|1/3|2/3|1/4|3/4|1/8)(?![\w/.,]*[0-9])"
        rf"(?:\s?(?P<unit>{_UNIT_NAMES})(?![\w²³/%°]))?(?!\w)",
        _fraction,
    ),
    _rule("/", r"(?<=[0-9]\.[0-9])/(?=(?:5|10)(?![0-9]))|(?<=[0-9])/(?=(?:5|10) stars\b)", " out of "),
    # money, with what it buys
    _rule(
        "/",
        rf"((?<!\w)(?:{_CODES})\s?(?:{_N})|(?<![\w.,])(?:{_N})\s?(?:{_CODES}|{_UNIT_NAMES}))\s?/\s?(?=(?:{_PER})\b)",
        r"\1 per ",
    ),
    _rule("p", rf"(?<=\bper )({_UNIT_NAMES})(?![\w²³])", lambda m: _UNITS[m[1]][0]),
    _rule(
        _SIGNS + "RDPFY",
        rf"(?<![\w])({_CODES})\s?({_N})(?:\s?(million|billion|thousand|m|bn|k)\b)?(?![0-9])",
        lambda m: _money(m[1], m[2], m[3] or ""),
    ),
    _rule(_SIGNS + "RDPFY", rf"(?<![\w.,])({_N})\s?({_CODES})(?!\w)", lambda m: _money(m[2], m[1], "")),
    _rule("p", r"(?<![\w.,])([0-9]{1,2})p\b(?!\.\s?m)", r"\1 pence"),
    # amounts and sizes
    _rule(
        "×xX✕",
        r"(?<=[0-9])(\s?\w{0,2}?)\s?[×xX✕]\s?(?=[0-9]+(?:[.,][0-9]+)?(?P<amount>\s?(?:k?g|mg|m?l|L|cl|oz|lbs?|euros?|dollars?|"
        r"pounds?|tablets?|pieces?|=)(?![\w])|\s*=)?)",
        lambda m: f"{m[1]} {'times' if m['amount'] else 'by'} ",
    ),
    _rule("x×", r"(?<![\w.,])([0-9]+(?:[.,][0-9]+)?)\s?[x×](?![\w])", r"\1 times"),
    _rule("x×", r"(?<!\w)[x×](?=[0-9]+(?!\w))", "times "),
    _rule(
        "",
        rf"(?<![\w.,])(?P<number>{_N})(?P<blank>[  ]?)(?P<unit>{_UNIT_NAMES})(?![\w²³/%°])(?P<dot>\.(?=\s[a-z0-9]))?",
        _unit,
    ),
    # the clock
    _rule(
        ":",
        r"(?<![0-9:.])(?P<h>[01]?[0-9]|2[0-3]):(?P<m>[0-5][0-9])(?::(?P<s>[0-5][0-9]))?(?![0-9:])"
        r"(?:\s?(?P<half>[apAP])\.?\s?[mM]\b(?:\.(?=\s+[a-z0-9]|,))?(?!\w)|\s?(?:o'clock|Uhr|h(?:rs)?)\b)?",
        _time,
    ),
    _rule(
        ".",
        r"(?<![\w.,:])(?P<h>1?[0-9])\.(?P<m>[0-5][0-9])(?P<s>)\s?(?P<half>[apAP])\.?[mM]\b(?:\.(?=\s+[a-z0-9]|,))?(?!\w)",
        _time,
    ),
    _rule("U", r"(?<![\w.,:])(1?[0-9]|2[0-4]) Uhr\b", _whole_hour),
    _rule("mM", r"(?<=[0-9])\s?([ap])\.?\s?m\b(?:\.(?=\s+[a-z0-9]|,))?(?!\w)", lambda m: f" {m[1].upper()}M", re.I),
    _rule("M", r"(?<=[0-9])(?:\s)([AP])\.M\.(?=\s+[a-z0-9]|,)", r" \1M"),
    _rule(":", r"(?<![0-9:])([0-9]{1,2}):([0-9])(?![0-9:])", r"\1 to \2"),
    # the rest
    _rule("o.№#r", r"\b(?:No|Nr|no|nr|Nos)\.\s?(?=[0-9])|№\s?|(?<!\w)#(?=[0-9])", "number "),
    _rule("§", r"§\s?(?=[0-9])", "section "),
    _rule("²", r"(?<=[0-9])²(?!\w)", " squared"),
    _rule("³", r"(?<=[0-9])³(?!\w)", " cubed"),
    _rule("^", r"(?<=[0-9])\^(?=[0-9])", " to the power of "),
    _rule("~≈", r"(?<![\w~≈])[~≈]\s?(?=[0-9€$£])", "about "),
    _rule("<", r"(?<=[0-9])\s*<\s*(?=[0-9])", " is less than "),
    _rule(">", r"(?<=[0-9])\s*>\s*(?=[0-9])", " is more than "),
    _rule("+", r"(?<=[0-9])\s*\+\s*(?=[0-9])", " plus "),
    _rule("+", r"(?<=[0-9])\+(?!\s?[0-9+])(?!\w)", " plus"),
    _rule("÷", r"(?<=[0-9])\s*÷\s*(?=[0-9])", " divided by "),
    _rule("-−", r"(?<=[0-9])\s(?:-|−)\s(?=[0-9])", " minus "),
    _rule("/", r"(?<=[0-9])/(?=[0-9])", " "),
)


def spoken_figures(text: str) -> str:
    """The text with its figures in words where a voice would stumble over the signs."""
    chars = set(text)
    if chars.isdisjoint(_DIGITS) and chars.isdisjoint("-–—"):
        return text
    for needs, pattern, by in _RULES:
        if not needs or any(char in text for char in needs):
            text = pattern.sub(by, text)
    return text


_DIGITS = "0123456789½⅓⅔¼¾⅛"
