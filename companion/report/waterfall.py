"""Where the time between the last word and the answer went: one bar for all of it, and a row for each span."""

from __future__ import annotations

from typing import Any

from companion.report.markup import Markup, el
from companion.report.words import ms
from pipelines.spans import SPANS

WHAT = dict(SPANS)
COLOURS = {name: f"b-{number % 8}" for number, (name, _) in enumerate(SPANS)}  # the same in every turn
NAMED_FROM = 1 / 50  # of the whole: smaller parts have no name under the bar, only a row in the table


def waterfall(latency: dict[str, Any] | None) -> Markup:
    """A turn's spans, tiled without a gap."""
    if latency is None:
        return el("p", "No latency: no spoken words ended before the answer began, or nothing sounded.", class_="why")
    total = max(latency["total_ms"], 0.001)
    spans = latency["spans"]
    end = "from the last word to " + ("the wearer’s ear" if latency["to_ear"] else "our own output")
    caption = el("caption", "Where the time of this answer went, without a gap", class_="hidden")
    whole = el("tr", el("th", end, scope="row"), el("td"), el("td", ms(latency["total_ms"]), class_="number"))
    rows = [_row(span, total) for span in spans]
    table = el("table", caption, el("tbody", *rows), el("tfoot", whole), class_="waterfall")
    tiles = [
        _bar(span, total, 14, el("title", f"{span['name']}: {ms(span['ms'])}")) for span in spans if span["ms"] > 0
    ]
    bar = el("svg", *tiles, width="100%", height=14, aria_hidden="true")
    names = [
        el("li", el("i", class_=COLOURS[span["name"]]), f"{span['name']} {ms(span['ms'])}")
        for span in spans
        if span["ms"] >= total * NAMED_FROM
    ]
    return el(
        "div",
        el("details", el("summary", el("strong", ms(latency["total_ms"])), f" {end}", bar), table),
        el("ul", *names, class_="legend", aria_hidden="true"),
        class_="latency",
    )


def _row(span: dict[str, Any], total: float) -> Markup:
    name = el("th", span["name"], el("span", WHAT[span["name"]], class_="soft"), scope="row")
    strip = el("svg", _bar(span, total, 12), width="100%", height=12, aria_hidden="true")
    number = el("td", ms(span["ms"]), class_="number")
    return el("tr", name, el("td", strip, class_="bars"), number, class_=None if span["ms"] >= 0.5 else "nothing")


def _bar(span: dict[str, Any], total: float, height: int, *inside: Markup) -> Markup:
    width = max(span["ms"] / total * 100, 0.25)
    at, kind = min(span["at_ms"] / total * 100, 99.75), f"bar {COLOURS[span['name']]}"
    return el("rect", *inside, x=f"{at:.2f}%", width=f"{width:.2f}%", height=height, class_=kind)
