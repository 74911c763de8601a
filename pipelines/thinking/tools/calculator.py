"""A calculator for what models and people write: + - * / ** ( ) %, "mod", "15% of 80". Exact, bounded, never `eval`.

Values are fractions, so 0.1 + 0.2 is 0.3. Where an answer is not exact (a root, a third) it says "about".
A percentage after + or - is one of what stands before it, as on a pocket calculator: 200 + 10% is 220.

    sum     = product (("+" | "-") (percentage | product))*
    product = signed (("*" | "/" | "mod" | "of" | "%") signed)*       "%" between two operands is the remainder
    signed  = ("+" | "-") signed | power
    power   = postfix ("**" signed)?
    postfix = (number | "(" sum ")") "%"?
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, DecimalException
from fractions import Fraction
from typing import Final

MAX_CHARS: Final = 200
MAX_DEPTH: Final = 20
MAX_BITS: Final = 10_000  # of a numerator or denominator: 3000 digits
DIGITS: Final = 10  # of an answer that is not exact

_TOKEN = re.compile(
    r"\s*(?:(\d+\.?\d*|\.\d+)(?:e([+-]?\d{1,3})(?!\d))?|(\*\*|of\b|mod\b|[-+*/()%]))", re.ASCII | re.IGNORECASE
)
_SAME_SIGNS = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "^": "¬", "\u00a0": " "})
_ROOT = Context(prec=40, rounding=ROUND_HALF_EVEN, Emax=99_999, Emin=-99_999)


class CannotCalculate(ValueError):  # noqa: N818 - reads as the sentence it carries
    """Its text says why, as a sentence for the one who asked."""


@dataclass(frozen=True, slots=True)
class Value:
    """`percent`: written with a sign of its own, so that "200 + 10%" can be told from "200 + 0.1"."""

    number: Fraction
    exact: bool = True
    percent: bool = False


def calculate(expression: str) -> str:
    """What the expression comes to, as text: "220", "about 0.3333333333". Raises CannotCalculate."""
    if len(expression) > MAX_CHARS:
        raise CannotCalculate(f"The expression is longer than {MAX_CHARS} characters.")
    reader = _Reader(_tokens(expression))
    value = reader.sum()
    if reader.next:
        raise CannotCalculate(f'I don\'t understand "{reader.next}" at that place.')
    return _written(value)


def _tokens(expression: str) -> list[str]:
    text = expression.translate(_SAME_SIGNS).replace("¬", "**").strip().removesuffix("=")
    if re.search(r"\d,\d", text):
        raise CannotCalculate("A comma is not allowed in a number: write 1234.5 for 1,234.5.")
    tokens, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise CannotCalculate(f'I don\'t understand "{text[at:].strip()[:20]}". Only numbers and + - * / ** ( ) %.')
        tokens.append(match.group().strip().lower())
        at = match.end()
    if not tokens:
        raise CannotCalculate("There is nothing to calculate.")
    return tokens


class _Reader:
    """Recursive descent over the grammar above; how deep is bounded."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    @property
    def next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self.next
        self._at += 1
        return token

    def sum(self) -> Value:
        left = self._product()
        while self.next in ("+", "-"):
            minus = self._take() == "-"
            right = self._product()
            number = left.number * right.number if right.percent else right.number
            left = _checked(left.number - number if minus else left.number + number, left.exact and right.exact)
        return left

    def _product(self) -> Value:
        left = self._signed()
        while self.next in ("*", "/", "of", "mod", "%"):
            sign = self._take()
            right = self._signed()
            if sign in ("/", "mod", "%") and not right.number:
                raise CannotCalculate("I can't divide by zero.")
            if sign in ("*", "of"):
                number = left.number * right.number
            else:
                number = left.number / right.number if sign == "/" else left.number % right.number
            left = _checked(number, left.exact and right.exact)
        return left

    def _signed(self) -> Value:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise CannotCalculate(f"The expression is nested deeper than {MAX_DEPTH}.")
        if self.next in ("+", "-"):
            minus = self._take() == "-"
            value = self._signed()
            value = Value(-value.number if minus else value.number, value.exact, value.percent)
        else:
            value = self._power()
        self._depth -= 1
        return value

    def _power(self) -> Value:
        base = self._postfix()
        if self.next != "**":
            return base
        self._take()
        return _power(base, self._signed())

    def _postfix(self) -> Value:
        token = self._take()
        if token == "(":
            value = self.sum()
            if self._take() != ")":
                raise CannotCalculate("A bracket is not closed.")
            value = Value(value.number, value.exact)
        elif token[:1].isdigit() or token[:1] == ".":
            value = _checked(Fraction(token), True)
        elif token:
            raise CannotCalculate(f'I don\'t understand "{token}" at that place.')
        else:
            raise CannotCalculate("The expression ends too early.")
        if self.next == "%" and not self._operand_follows():
            self._take()
            value = Value(value.number / 100, value.exact, True)
        return value

    def _operand_follows(self) -> bool:
        after = self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else ""
        return after[:1].isdigit() or after[:1] == "." or after == "("


def _power(base: Value, exponent: Value) -> Value:
    if not base.number and exponent.number < 0:
        raise CannotCalculate("I can't divide by zero.")
    if exponent.number.denominator != 1:
        return _root(base, exponent.number)
    size = max(base.number.numerator.bit_length(), base.number.denominator.bit_length())
    if abs(exponent.number) * size > MAX_BITS:
        raise CannotCalculate("The number is too large for me.")
    return _checked(Fraction(base.number ** int(exponent.number)), base.exact and exponent.exact)


def _root(base: Value, exponent: Fraction) -> Value:
    """A power that is not whole: to 40 digits; exact only if taking it back gives the base."""
    if base.number < 0:
        raise CannotCalculate("I can't take that root of a number below zero.")
    if abs(exponent) > MAX_BITS:
        raise CannotCalculate("The number is too large for me.")
    try:
        number = _ROOT.divide(Decimal(base.number.numerator), Decimal(base.number.denominator))
        power = _ROOT.divide(Decimal(exponent.numerator), Decimal(exponent.denominator))
        root = Fraction(_ROOT.power(number, power).normalize(_ROOT))
    except (DecimalException, OverflowError) as error:
        raise CannotCalculate("The number is too large for me.") from error
    small = exponent.denominator <= 12 and abs(exponent.numerator) <= 12
    exact = small and base.exact and root**exponent.denominator == base.number**exponent.numerator
    return _checked(root, exact)


def _checked(number: Fraction, exact: bool) -> Value:
    if max(number.numerator.bit_length(), number.denominator.bit_length()) > MAX_BITS:
        raise CannotCalculate("The number is too large for me.")
    return Value(number, exact)


def _written(value: Value) -> str:
    """Exact if it is and has at most 15 digits behind the point; else ten digits that count, and "about"."""
    number = value.number
    if value.exact and 10**15 % number.denominator == 0 and abs(number) < 10**30:
        return _plain(Decimal(number.numerator) * (10**15 // number.denominator), -15)
    rounding = Context(prec=DIGITS, rounding=ROUND_HALF_EVEN, Emax=99_999, Emin=-99_999)
    rounded = rounding.divide(Decimal(number.numerator), Decimal(number.denominator))
    if rounded and not -10 <= rounded.adjusted() < 30:
        return f"about {rounded.normalize(rounding):e}"
    return "about " + _plain(rounded, 0)


def _plain(number: Decimal, exponent: int) -> str:
    wide = Context(prec=6_000)
    text = f"{number.scaleb(exponent, wide):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
