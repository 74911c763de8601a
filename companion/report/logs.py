"""The foot of the page: every decision with its reason, to search in, and the notes, the link and the log."""

from __future__ import annotations

from typing import Any

from companion.report.markup import Markup, el
from companion.report.words import clock, plural


def decision_log(data: dict[str, Any]) -> Markup:
    kinds = sorted({row["kind"] for row in data["decisions"]})
    choose = el(
        "div",
        el("label", "Search ", el("input", type="search", id="find", autocomplete="off")),
        el("label", "Kind ", el("select", el("option", "all", value=""), *[el("option", k) for k in kinds], id="kind")),
        el("output", "", id="found"),
        class_="filter",
    )
    rows = [
        el(
            "tr",
            el("td", _jump(row["t"])),
            el("td", row["kind"]),
            el("td", row["reason"], dir="auto"),
            el("td", el("code", row["detail"])),
            data_kind=row["kind"],
        )
        for row in data["decisions"]
    ]
    head = el("thead", el("tr", *[el("th", name, scope="col") for name in ("Time", "Decision", "Why", "With")]))
    left_out = data["decisions_left_out"]
    note = (
        el("p", f"{left_out:,} more decisions are left out here, the lesser ones first; the recording has them all.")
        if left_out
        else None
    )
    table = el(
        "div",
        el("table", head, el("tbody", *rows, id="decisions")),
        class_="wide",
        tabindex=0,
        role="region",
        aria_label="Decision log",
    )
    summary = el("summary", el("h2", "Decision log", id="log"), f" {plural(len(rows), 'decision')}")
    return el("section", el("details", summary, choose, note, table), aria_labelledby="log")


def notes_and_log(data: dict[str, Any]) -> Markup:
    notes = [
        el("tr", el("td", _jump(n["t"])), el("td", n["kind"]), el("td", n["text"], dir="auto")) for n in data["notes"]
    ]
    links = [
        el(
            "tr",
            el("td", _jump(n["t"])),
            el("td", f"link {n['state']}"),
            el("td", "; ".join(filter(None, [", ".join(n["has"]), n["detail"]]))),
        )
        for n in data["session"]["links"]
    ]
    lines = [
        el(
            "tr",
            el("td", _jump(n["t"])),
            el("td", f"{n['level']} {n['name']}"),
            el("td", n["text"], dir="auto"),
            class_="bad" if n["level"] in ("ERROR", "FATAL") else None,
        )
        for n in data["logs"]
    ]
    left_out = data["logs_left_out"]

    def part(title: str, rows: list[Markup], extra: str = "") -> Markup:
        inside = (
            el("div", el("table", el("tbody", *rows)), class_="wide") if rows else el("p", "Nothing.", class_="soft")
        )
        return el("details", el("summary", el("h3", title), f" {plural(len(rows), 'line')}{extra}"), inside)

    return el(
        "section",
        el("h2", "Notes and log", id="notes"),
        part("Notes of the deciders", notes),
        part("Link", links),
        part("Log", lines, f", the last of {left_out + len(lines):,}" if left_out else ""),
        aria_labelledby="notes",
    )


def _jump(t: float) -> Markup:
    return el("button", clock(t), type="button", class_="jump", data_seek=t)
