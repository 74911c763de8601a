"""HTML that is safe by how it is made: whatever is not `Markup` already is escaped where it is put in."""

from __future__ import annotations

import json
from html import escape
from typing import Any

VOID = frozenset({"meta", "link", "img", "input", "br", "hr"})
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
        words.append(spelled if value is True else f'{spelled}="{escape(str(value), quote=True)}"')
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
    return escape(str(child), quote=True)


def data_block(identity: str, value: Any) -> Markup:
    """JSON for the page's script; nothing in it can end the block."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_IN_A_SCRIPT)
    return Markup(f'<script type="application/json" id="{escape(identity, quote=True)}">{text}</script>')
