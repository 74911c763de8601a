"""What is said for a thing that was measured: short, true, and honest about what a picture cannot say.

Never a judgement that somebody could step onto a road with: traffic lights are not judged at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipelines.events import Colour, Measured
from pipelines.thinking.things.codes import Article, in_table
from pipelines.thinking.things.questions import TRAFFIC, Asked

NO_TRAFFIC: Final = "I can't judge traffic lights, and I can't tell whether the road is safe."
NO_TRAFFIC_SHORT: Final = "I can't judge traffic lights."
SIGNALS: Final = frozenset({"red", "green", "amber", "yellow", "orange"})

MOVES: Final = 0.012  # share of the picture from which something moves; sensor noise and a turning head stay below
MOVES_MUCH: Final = 0.15
CLEAR_SHARE: Final = 0.55  # of the thing: one colour with as much is its colour

_LIGHT: Final = {
    "dark": "It looks dark to me.",
    "dim": "It looks dim to me.",
    "normal": "It looks light enough to me.",
    "bright": "It looks very bright to me.",
    "coloured": "It looks lit, and the light may be coloured.",
}
_ONE_PICTURE: Final = "The camera evens light out, so I can't tell more from one picture."
_FAMILIES: Final = {
    "navy": "blue", "lilac": "purple", "violet": "purple", "magenta": "pink", "amber": "orange",
}  # fmt: skip


def said(asked: Asked, measured: Measured) -> str:
    """The answer to a question about colour, light or movement. Raises ValueError for the others: they have no
    measurement (`said_lines`, `unit_price.words`, `described`)."""
    if asked.subject == TRAFFIC:
        return NO_TRAFFIC
    if asked.name == "colour":
        return _colour(asked.subject, measured)
    if asked.name == "light":
        return _light(asked.subject, measured.light)
    if asked.name == "moving":
        return _moving(asked.subject, measured)
    raise ValueError(f"said: a question of the kind {asked.name!r} is not measured; colour, light and moving are")


def said_lines(asked: Asked, lines: int, unread: int = 0) -> str:
    """How much text there is: `lines` read, `unread` places where text is that could not be read."""
    if not lines and not unread:
        return "I find no text that I can read."
    some = f"{unread} more that I can't read" if unread else ""
    if not lines:
        return f"There is some writing, and I can't read it: {unread} line{'' if unread == 1 else 's'}."
    counted = f"{lines} line{'' if lines == 1 else 's'} of text"
    begin = "Yes, I read" if asked.subject == "any" else "I read"
    return f"{begin} {counted}, and {some}." if some else f"{begin} {counted}."


def said_article(found: Article | None, table: bool) -> str:
    """The answer to "what article is this" where a code was read; `table`: the wearer has one."""
    if found is not None:
        return in_table(found)
    return "Its number is not in your table." if table else "You have no table of articles set."


# -------------------------------------------------------------------------------------------------------------- colours


def _colour(wanted: str, measured: Measured) -> str:
    if measured.light == "dark":
        return "It is too dark for colours."
    if not measured.colours:
        return "I can't make out a colour."
    told = _looks(measured.colours)
    first = measured.colours[0]
    names = wanted.split(" or ") if wanted else []
    signal = SIGNALS & set(names)
    if measured.light == "coloured" and _base(first.name) in {"black", "grey", "white"}:
        told += " The light may be coloured, so I am not sure."
    elif measured.light == "coloured":
        told = f"{told[:-1]}, but everything in the picture has a tint like that, so it may be the light."
    elif measured.light == "dim":
        told += " The light is dim, so I am not sure."
    elif measured.light == "bright":
        told += " The picture is very bright, so I am not sure."
    elif len(names) == 1 and first.share >= CLEAR_SHARE:
        told = ("Yes. " if _same(names[0], first.name) else "No. ") + told if _sure(names[0], first.name) else told
    return f"{told} {NO_TRAFFIC_SHORT}" if signal else told


def _looks(colours: Sequence[Colour]) -> str:
    """ "It looks dark green." / "It looks mostly red, with some white." / "It looks red, white and blue." """
    first, rest = colours[0], [c.name for c in colours[1:]]
    if not rest:
        return f"It looks {first.name}."
    others = rest[0] if len(rest) == 1 else f"{rest[0]} and {rest[1]}"
    if first.share >= CLEAR_SHARE:
        return f"It looks mostly {first.name}, with some {others}."
    return (
        f"It looks {first.name}, {rest[0]} and {rest[1]}." if len(rest) > 1 else f"It looks {first.name} and {others}."
    )


def _base(name: str) -> str:
    word = name.removesuffix("-green").split()[-1] if name != "yellow-green" else "green"
    return _FAMILIES.get(word, word)


def _same(wanted: str, seen: str) -> bool:
    return _base(wanted) == _base(seen)


def _sure(wanted: str, seen: str) -> bool:
    """Whether a bare yes or no is fair: between neighbours people disagree themselves."""
    near = (
        {"red", "orange", "pink", "brown"}, {"orange", "yellow", "brown", "beige"}, {"blue", "purple", "turquoise"},
        {"green", "turquoise", "yellow"}, {"purple", "pink"}, {"white", "grey", "beige"}, {"grey", "black"},
        {"black", "blue", "brown"},
    )  # fmt: skip
    a, b = _base(wanted), _base(seen)
    return a == b or not any(a in group and b in group for group in near)


# --------------------------------------------------------------------------------------------------- light and movement


def _light(subject: str, light: str) -> str:
    looks = _LIGHT.get(light, "I can't tell how light it is.")
    if subject == "lamp":
        return f"I can't tell a lamp from daylight in one picture. {looks}"
    return looks if light == "dark" else f"{looks} {_ONE_PICTURE}"


def _moving(subject: str, measured: Measured) -> str:
    if measured.light == "dark":
        return "It is too dark for me to see movement."
    if measured.moving < 0:
        return "I can't tell. Hold your head still for a second, and ask again."
    if measured.moving < MOVES:
        return "I see nothing move just now. What is small, slow or out of the picture escapes me."
    much = "A large part of the picture moves" if measured.moving >= MOVES_MUCH else "Something moves in the picture"
    who = {"somebody": ", but not who or what it is", "it": ", but not whether it is that"}.get(subject, "")
    return f"{much}. I can tell that it moves{who}." if who else f"{much}."
