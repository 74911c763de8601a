"""What of a picture is kept by itself: nothing that looks private, neither in words nor in the small picture.

Nobody asked for the letter that lies on the table to be remembered. So lines that look private are left out, with what
stands beside and below them, and are black in the picture: by the words of papers (`pipelines.thinking.privacy`), by
those of told secrets (`sensitive`), and by numbers that look like a card's or a passport's. Of codes only web addresses
without what follows "?" and bar codes of goods are kept: others hold logins, tickets, payments. The wearer's rules for
what may leave (`pipelines.seeing.regions`) hold for what is kept, too.

What the reader did not find is not known to be private: a rule for a region is the way to be sure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from pipelines.events import Code, TextLine
from pipelines.memory.sensitive import sensitivity
from pipelines.seeing.regions import Box, SendRules, cover_for, grown, private_among, uncovered, unplaced
from pipelines.thinking.privacy import private_reason

GOODS: Final = frozenset({"ean13", "ean8", "upca", "upce", "isbn"})
_LABEL: Final = re.compile(
    r"\b(?:(?:api|secret|private|access|licen[cs]e|product|network|security|wi-?fi|wlan|wpa ?[23]?) ?(?:key|token)"
    r"|your (?:\w+ ){0,2}code|passwort|kennwort|mot de passe|contraseña|geheimzahl"
    r"|(?:id|identity|member(?:ship)?|customer|policy|patient) (?:no|nr|number|card))\b",
    re.IGNORECASE,
)
_CARD: Final = re.compile(r"(?<!\d)\d(?:[ .\n-]{0,2}\d){13,18}(?!\d)")
_OF_A_PERSON: Final = re.compile(
    r"[A-Z0-9<]*<<[A-Z0-9<]{5,}"  # the foot of a passport
    r"|\b\d{3}-\d{2}-\d{4}\b|\b756\.\d{4}\.\d{4}\.\d{2}\b|\b[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b"  # US, CH, UK
)
_WEB: Final = re.compile(
    r"(?P<kept>(?:https?://)?(?:[\w-]+\.)+[a-z]{2,}(?::\d+)?(?:/[\w.~%+-]*)*)(?:[?#].*)?", re.IGNORECASE
)
_TOKEN: Final = re.compile(r"/(?=[^/]*\d)[^/]{16,}")  # a part of a path that is no word


@dataclass(frozen=True, slots=True)
class Kept:
    """`sensitivity`: of the words that are kept; `hide`: boxes in pixels that are black in the picture; `picture`: it
    may be kept, with these black; `why`: what was left out, in words, "" = nothing."""

    lines: tuple[TextLine, ...] = ()
    codes: tuple[Code, ...] = ()
    hide: tuple[Box, ...] = ()
    picture: bool = True
    why: str = ""

    @property
    def sensitivity(self) -> str:
        """Of the words that are kept."""
        return sensitivity(". ".join(line.text for line in self.lines))


def keep(
    lines: Sequence[TextLine],
    unread: Sequence[TextLine],
    codes: Sequence[Code],
    size: tuple[int, int],
    rules: SendRules,
) -> Kept:
    """What may be kept of a picture of this size (width, height). `unread`: text that could not be read surely."""
    width, height = size
    cover = cover_for(rules, width, height, lines, unread)
    private = private_among(lines, unread, looks_private)
    shown = uncovered([line for line in lines if line not in private], cover)
    plain = [(code, public(code)) for code in uncovered(codes, cover)]
    boxes = [box for box, _ in cover.boxes]
    secret: list[TextLine | Code] = [
        *private,
        *(unread if private else ()),
        *(code for code, kept in plain if kept != code),
    ]
    picture = not cover.withheld and (not secret or min(size) > 0) and not any(unplaced(one.box) for one in secret)
    boxes += [box for one in secret if not unplaced(one.box) and (box := grown(one.box, width, height))[2:] > (0, 0)]
    kept = tuple(code for _, code in plain if code is not None)
    why = _why(len(lines) - len(shown), len(codes) - len(kept), picture, cover.withheld)
    return Kept(shown, kept, tuple(dict.fromkeys(boxes)) if picture else (), picture, why)


def looks_private(lines: Sequence[TextLine]) -> bool:
    """Whether what stands on these lines together is nobody's business. A bank's name over its door is no secret, a sum
    is one."""
    text = "\n".join(line.text for line in lines)
    if private_reason("", lines) or _LABEL.search(text) or _OF_A_PERSON.search(text):
        return True
    if any(_is_card(found.group()) for found in _CARD.finditer(text)):
        return True
    kind = sensitivity(text)
    if len(lines) > 1:  # words that do not belong together, perhaps: a sum and a bank
        return kind == "secret" or any(looks_private((line,)) for line in lines)
    return kind in {"secret", "health"} or (kind == "money" and any(letter.isdigit() for letter in text))


def public(code: Code) -> Code | None:
    """What of a code is kept: all, an address without what follows "?", or None."""
    if code.article or code.kind in GOODS:
        return code
    web = _WEB.fullmatch(code.payload.strip())
    if web is None or looks_private((TextLine(code.payload, 1.0),)):
        return None
    kept = _TOKEN.split(web["kept"])[0]
    return code if kept == code.payload.strip() else replace(code, payload=kept)


def _is_card(text: str) -> bool:
    """The check digit of payment cards (ISO/IEC 7812-1) fits."""
    digits = [int(letter) for letter in text if letter.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return digits[0] in {3, 4, 5, 6} and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _why(lines: int, codes: int, picture: bool, withheld: str) -> str:
    if withheld:
        return f"nothing that was read, and no picture: {withheld}"
    parts = [f"{count} {name}{'s' * (count > 1)}" for count, name in ((lines, "line"), (codes, "code")) if count]
    parts += [] if picture else ["the picture"]
    return f"{' and '.join(parts)} left out: not to be kept" if parts else ""
