"""Where the time between the last word and the answer went: one bar for all of it, and a row for each span.

Of two runs both bars stand under each other on one scale, and each span's row says what it cost in either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from companion.report.markup import Markup, el
from companion.report.words import ms
from pipelines.spans import LINK, SPANS

WHAT = dict(SPANS)
COLOURS = {
    name: f"b-{n}" for n, name in enumerate([*(name for name, _ in SPANS if name != "recall"), "recall"])
}  # of old names: as ever
NAMED_FROM = 1 / 50  # of the whole: smaller parts have no name under the bar, only a row in the table

Latency = dict[str, Any]


def waterfall(latency: Latency | None) -> Markup:
    """A turn's spans, tiled without a gap."""
    if latency is None:
        return el("p", "No latency: no spoken words ended before the answer began, or nothing sounded.", class_="why")
    total = max(latency["total_ms"], 0.001)
    end = _end(latency)
    whole = el("tr", el("th", end, scope="row"), el("td"), el("td", ms(latency["total_ms"]), class_="number"))
    rows = [_row(span, total) for span in latency["spans"]]
    link_ms = sum(span["ms"] for span in latency["spans"] if span["name"] in LINK)
    link = el("tr", el("th", "of it the link", scope="row"), el("td"), el("td", ms(link_ms), class_="number"))
    table = el("table", _caption(), el("tbody", *rows), el("tfoot", whole, link), class_="waterfall")
    return el(
        "div",
        el("details", el("summary", el("strong", ms(latency["total_ms"])), f" {end}", _tiles(latency, total)), table),
        _legend([latency]),
        class_="latency",
    )


def two_waterfalls(names: tuple[str, str], a: Latency | None, b: Latency | None) -> Markup:
    """The same turn's spans in two runs, on one scale of time."""
    if a is None and b is None:
        return waterfall(None)
    total = max(0.001, *(run["total_ms"] for run in (a, b) if run))
    ends = [_end(run) for run in (a, b) if run]
    bars = [
        el(
            "div",
            el("span", name, class_=f"run {which}"),
            _tiles(run, total) if run else el("span", "no answer sounded", class_="soft"),
            el("span", ms(run["total_ms"]) if run else "", class_="number"),
            class_="tiled",
        )
        for name, run, which in zip(names, (a, b), ("a", "b"), strict=True)
    ]
    costs = [{span["name"]: span["ms"] for span in run["spans"]} if run else {} for run in (a, b)]
    rows = [_pair(name, costs) for name, _ in SPANS if any(name in cost for cost in costs)]
    head = el("thead", el("tr", *[el("th", name, scope="col") for name in ("Span", *names, "Change")]))
    table = el("table", _caption(), head, el("tbody", *rows), class_="waterfall two")
    summary = el(
        "summary", el("strong", " → ".join(ms(run["total_ms"]) if run else "–" for run in (a, b))), f" {ends[0]}"
    )
    return el("div", el("details", summary, table), *bars, _legend([run for run in (a, b) if run]), class_="latency")


def _end(latency: Latency) -> str:
    return "from the last word to " + ("the wearer’s ear" if latency["to_ear"] else "our own output")


def _caption() -> Markup:
    return el("caption", "Where the time of this answer went, without a gap", class_="hidden")


def _tiles(latency: Latency, total: float) -> Markup:
    tiles = [
        _bar(span, total, 14, el("title", f"{span['name']}: {ms(span['ms'])}"))
        for span in latency["spans"]
        if span["ms"] > 0
    ]
    return el("svg", *tiles, width="100%", height=14, aria_hidden="true")


def _legend(runs: Sequence[Latency]) -> Markup:
    named: dict[str, list[float]] = {}
    for run in runs:
        for span in run["spans"]:
            if span["ms"] >= run["total_ms"] * NAMED_FROM:
                named.setdefault(span["name"], []).append(span["ms"])
    alone = len(runs) == 1
    names = [
        el("li", el("i", class_=COLOURS[name]), f"{name} {ms(named[name][0])}" if alone else name)
        for name, _ in SPANS
        if name in named
    ]
    return el("ul", *names, class_="legend", aria_hidden="true")


def _row(span: dict[str, Any], total: float) -> Markup:
    strip = el("svg", _bar(span, total, 12), width="100%", height=12, aria_hidden="true")
    number = el("td", ms(span["ms"]), class_="number")
    row = (_name(span["name"]), el("td", strip, class_="bars"), number)
    return el("tr", *row, class_=None if span["ms"] >= 0.5 else "nothing")


def _pair(name: str, costs: list[dict[str, float]]) -> Markup:
    a, b = (cost.get(name) for cost in costs)
    cells = [el("td", "–" if cost is None else ms(cost), class_="number") for cost in (a, b)]
    change = (b or 0.0) - (a or 0.0)
    said = "" if abs(change) < 0.05 else f"{'+' if change > 0 else '−'}{ms(abs(change))}"
    row_class = None if said else "nothing"
    return el("tr", _name(name), *cells, el("td", said, class_="number change"), class_=row_class)


def _name(name: str) -> Markup:
    return el("th", name, el("span", WHAT[name], class_="soft"), scope="row")


def _bar(span: dict[str, Any], total: float, height: int, *inside: Markup) -> Markup:
    width = max(span["ms"] / total * 100, 0.25)
    at, kind = min(span["at_ms"] / total * 100, 99.75), f"bar {COLOURS[span['name']]}"
    return el("rect", *inside, x=f"{at:.2f}%", width=f"{width:.2f}%", height=height, class_=kind)
