"""HTML that is safe by how it is made: whatever is not `Markup` already is escaped where it is put in."""

from __future__ import annotations

import base64
import json
from html import escape
from typing import Any

VOID = frozenset({"meta", "link", "img", "input", "br", "hr"})
LONGEST = 50_000  # letters of one text on the page; what a model is asked fits, and what an attacker writes does not
LONGEST_ATTRIBUTE = 2_000
_IN_A_SCRIPT = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


class Markup(str):
    """Text that is HTML. Only this module and the page's own files make it."""

    __slots__ = ()


def el(name: str, /, *children: object, **attributes: object) -> Markup:
    """One element. Attribute names: `class_` and `data_x` as Python must spell them; None and False leave one out."""
    words = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        spelled = key.rstrip("_").replace("_", "-")
        words.append(spelled if value is True else f'{spelled}="{escape(_cut(str(value), _limit(key)), quote=True)}"')
    opening = f"<{' '.join(words)}>"
    return Markup(opening if name in VOID else f"{opening}{group(*children)}</{name}>")


def group(*children: object) -> Markup:
    """Children one after the other; None and "" vanish."""
    return Markup("".join(_one(child) for child in children))


def _one(child: object) -> str:
    if child is None or child is False:
        return ""
    if isinstance(child, Markup):
        return child
    if isinstance(child, list | tuple):
        return group(*child)
    return escape(_cut(str(child), LONGEST), quote=True)


def _limit(attribute: str) -> int:
    return 1 << 40 if attribute in ("src", "d") else LONGEST_ATTRIBUTE


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]} … ({len(text) - longest:,} more letters)"


def data_uri(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def data_block(identity: str, value: Any) -> Markup:
    """JSON for the page's script; nothing in it can end the block."""
    text = json.dumps(_shortened(value), ensure_ascii=False, separators=(",", ":")).translate(_IN_A_SCRIPT)
    return Markup(f'<script type="application/json" id="{escape(identity, quote=True)}">{text}</script>')


def _shortened(value: Any) -> Any:
    """The same with its texts cut; pictures are longer than any text and stay whole."""
    if isinstance(value, dict):
        return {key: inner if key == "jpeg" else _shortened(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_shortened(inner) for inner in value]
    return _cut(value, LONGEST_ATTRIBUTE) if isinstance(value, str) else value
