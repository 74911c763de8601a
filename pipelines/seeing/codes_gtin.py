"""The numbers under bar codes (GTIN): when one can be believed, and when two forms mean the same article.

The last digit checks the others: weighted 3, 1, 3 … from the right, they sum to a multiple of ten (GS1 General
Specifications, section 7.9). Any one wrong digit shows, and so do most swapped neighbours. EAN-8, UPC-A and EAN-13 are
one number space once zeros are put before them (section 1.3, GTIN-14); UPC-E is a UPC-A with its zeros left out.
"""

from __future__ import annotations

LENGTHS = (8, 12, 13, 14)


def checks(digits: str) -> bool:
    """Whether the last digit fits the others. False for anything but digits."""
    if not (digits.isascii() and digits.isdigit() and len(digits) in LENGTHS):
        return False
    return check_digit(digits[:-1]) == digits[-1]


def check_digit(rest: str) -> str:
    """The check digit for the digits before it."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(rest)))
    return str(-total % 10)


def expanded(upce: str) -> str:
    """UPC-E, eight digits -> the UPC-A it stands for; "" if it stands for none (GS1, section 5.2.2.4)."""
    if not (upce.isascii() and upce.isdigit() and len(upce) == 8 and upce[0] in "01"):
        return ""
    system, d, check = upce[0], upce[1:7], upce[7]
    if d[5] in "012":
        body = d[:2] + d[5] + "0000" + d[2:5]
    elif d[5] == "3":
        body = d[:3] + "00000" + d[3:5]
    elif d[5] == "4":
        body = d[:4] + "00000" + d[4]
    else:
        body = d[:5] + "0000" + d[5]
    return system + body + check


def gtin(digits: str, kind: str = "") -> str:
    """The same number in 14 digits, so that forms can be compared; "" if it cannot be believed. `kind` "upce": eight
    digits are meant so."""
    if kind == "upce" and len(digits) == 8:
        digits = expanded(digits)
    return digits.zfill(14) if checks(digits) else ""
