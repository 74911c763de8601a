"""A turn's entry in the ledger, as HTML: what left, to whom, what was looked at, who answered and by which rule."""

from __future__ import annotations

from typing import Any

from companion.report.markup import Markup, el, group
from pipelines.thinking import ledger as book
from pipelines.thinking.ledger import Entry

_GONE = ("To", "Questions", "Letters", "Pictures", "Sound", "Bytes out", "Bytes back", "Cost")


def ledger(turn: dict[str, Any]) -> Markup:
    """The section of a card."""
    entry: Entry = turn["ledger"]
    facts = [(name, words) for name, words in book.rows(entry) if not name.startswith("to ")]
    told = [group(el("dt", name.capitalize()), el("dd", words, dir="auto")) for name, words in facts]
    return el("section", el("h4", "Ledger"), _gone(entry), el("dl", *told) if told else None, class_="ledger")


def stayed(entry: Entry) -> bool:
    """Whether all that was asked was asked on this machine."""
    return bool(entry.gone) and not entry.left


def _gone(entry: Entry) -> Markup | None:
    if not entry.gone:
        return None
    head = el("thead", el("tr", *[el("th", name, scope="col") for name in _GONE]))
    return el("div", el("table", head, el("tbody", *map(_row, entry.gone))), class_="gone", tabindex=0)


def _row(gone: book.Gone) -> Markup:
    where = "on this machine" if gone.local else f"at {gone.host}" if gone.host else "host not recorded"
    end = el("span", f" no answer: {gone.end}", class_="bad") if gone.end else None
    to = el("th", gone.model or "a tool", el("span", f" {where}", class_="soft"), end, scope="row")
    earlier = f" with {gone.earlier} earlier turn{'s' * (gone.earlier != 1)}" if gone.earlier else ""
    model = bool(gone.model)
    cells = [
        str(gone.questions) if model else "",
        _known(gone.letters) + earlier if model else "",
        str(gone.pictures) if model else "",
        "0 s",
        _known(gone.bytes_out),
        _known(gone.bytes_in),
        f"${gone.usd:,.4f}" if gone.usd >= 0 else "not known" if model else "",
    ]
    return el("tr", to, *[el("td", cell) for cell in cells])


def _known(count: int) -> str:
    return f"{count:,}" if count >= 0 else "not recorded"
