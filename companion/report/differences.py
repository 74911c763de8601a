"""What differs between two runs, in words: the first difference with its cause, then turn by turn, then the waits."""

from __future__ import annotations

from collections import Counter
from typing import Any

from companion.report.beside import CLASSES, Second, in_words, turn_name
from companion.report.lanes import MARKS
from companion.report.markup import Markup, el, group
from companion.report.words import clock, ms, plural, shift
from recordings.compare import BudgetResult, Shift

OPEN_TURNS = 3  # with differences, that are unfolded from the start
FOLDED_FROM = 4  # decisions of a turn that only moved, from which on they are folded away behind one line


def panel(second: Second) -> Markup:
    """The whole section."""
    same = None
    if second.first is None:
        same = el("p", "Nothing: every decision of B is the one of A, in all that was compared.", class_="left none")
    return el(
        "section",
        el("h2", "What differs", id="differs"),
        same or _counts(second),
        _settings(second),
        _first(second),
        _merged(second),
        *_turns(second),
        _left_out(second),
        _timing(second),
        class_="differs",
        aria_labelledby="differs",
    )


def sign(cls: str) -> Markup:
    """The mark of a class, as the timeline shows it."""
    shape = el("path", d=MARKS[cls])
    return el("svg", shape, viewBox="-8 -8 16 16", width=16, height=16, class_=f"sign d-{cls}", aria_hidden="true")


def _counts(second: Second) -> Markup:
    real, imagined = second.comparison.counts, second.comparison.counterfactual
    items = []
    for cls, name in CLASSES.items():
        here, there = getattr(real, cls), getattr(imagined, cls)
        if here or there:
            more = f" ({there:,} of them counterfactual)" if there else ""
            items.append(el("li", sign(cls), el("b", f"{here + there:,}"), f" {name}{more}"))
    if second.hatched or imagined.total:
        items.append(el("li", el("i", class_="cf"), _COUNTERFACTUAL))
    return el("ul", *items, class_="legend")


_COUNTERFACTUAL = (
    "counterfactual: the wearer of the recording never heard what B said before it, so what follows is only a hint"
)


def _settings(second: Second) -> Markup | None:
    if not second.settings:
        return None
    rows = [
        el("li", el("code", name), f" {'(not set)' if old == '–' else old} → ", el("b", new))
        for name, old, new in second.settings[:40]
    ]
    return el("div", el("h3", "Settings that differ"), el("ul", *rows, class_="settings"))


def _first(second: Second) -> Markup | None:
    row = second.first
    if row is None:
        return None
    head = el(
        "header",
        sign(row["cls"]),
        el("h3", "The first difference"),
        el("span", turn_name(row["turn"]), class_="soft"),
        el("span", "counterfactual", class_="chip cf") if row["counterfactual"] else None,
        _jump(row),
    )
    because = el("div", el("h4", "Because"), _cause(row["cause"])) if row["cause"] else None
    lead = el("p", in_words(row), class_="lead")
    return el("article", head, lead, _fields(row), because, _diff(row), class_="card first", id="first-difference")


def _merged(second: Second) -> Markup | None:
    if not second.merged:
        return None
    words = "The words of A’s turn {} became part of turn {} in B."
    return el("ul", *[el("li", words.format(old, new)) for old, new in sorted(second.merged.items())], class_="merged")


def _turns(second: Second) -> list[Markup]:
    rows: dict[int, list[dict[str, Any]]] = {}
    for row in second.differences:
        rows.setdefault(row["turn"], []).append(row)
    return [_turn(turn, found, second, open=n < OPEN_TURNS) for n, (turn, found) in enumerate(rows.items())]


def _turn(turn: int, rows: list[dict[str, Any]], second: Second, open: bool) -> Markup:
    told = second.turn(turn)
    kinds = Counter(row["cls"] for row in rows)
    counts = [el("span", sign(cls), f"{kinds[cls]} {CLASSES[cls]}") for cls in CLASSES if kinds[cls]]
    asked = el("q", told.asked, dir="auto") if told and told.asked else None
    summary = el(
        "summary",
        el("h3", turn_name(turn)),
        asked,
        el("span", *counts, class_="counts"),
        el("span", "counterfactual", class_="chip cf") if turn in second.hatched_turns else None,
    )
    moved = [row for row in rows if row["cls"] == "time"]
    fold = len(moved) >= FOLDED_FROM
    shown = [row for row in rows if row not in moved] if fold else rows
    shifts = (
        el("ul", *[el("li", _shift(one)) for one in told.shifts], class_="shifts") if told and told.shifts else None
    )
    folded = el(
        "details", el("summary", f"{plural(len(moved), 'decision')} that only moved"), _table(moved), class_="fold"
    )
    inside = (_table(shown) if shown else None, shifts, folded if fold else None)
    return el("details", summary, *inside, open=open, class_="turn-differs", id=f"differs-{turn}")


def _shift(moved: Shift) -> str:
    """ "From Transcribe to the end of the turn (14 decisions): 400 ms later"."""
    moves = shift(moved.shift_ns / 1e6)
    if moved.decisions == 1:
        return f"{moved.kind}: {moves}"
    ends = "the end of the turn" if moved.to_end else moved.last_kind
    which = "All of it" if moved.whole and moved.to_end else f"From {moved.kind} to {ends}"
    return f"{which} ({plural(moved.decisions, 'decision')}): {moves}"


def _table(rows: list[dict[str, Any]]) -> Markup:
    head = el("thead", el("tr", *[el("th", name, scope="col") for name in ("At", "What", "A → B", "Because")]))
    return el("div", el("table", head, el("tbody", *map(_row, rows))), class_="wide", tabindex=0)


def _row(row: dict[str, Any]) -> Markup:
    return el(
        "tr",
        el("td", _jump(row)),
        el("td", sign(row["cls"]), in_words(row)),
        el("td", _fields(row), _diff(row)),
        el("td", _cause(row["cause"]) if row["cause"] else None),
        class_="cf" if row["counterfactual"] else None,
    )


def _cause(cause: str) -> Markup:
    return el("ul", *[el("li", line, dir="auto") for line in cause.split("\n")[:20]], class_="cause")


def _fields(row: dict[str, Any]) -> Markup | None:
    if not row["fields"]:
        return None
    pairs = [
        group(el("dt", name), el("dd", el("del", old, dir="auto"), " → ", el("ins", new, dir="auto")))
        for name, old, new in row["fields"][:40]
    ]
    return el("dl", *pairs, class_="changes")


def _diff(row: dict[str, Any]) -> Markup | None:
    """Of a miss: the request that was made against the nearest one on the tape."""
    if not row["detail"]:
        return None
    lines = [el("span", line, "\n", class_=_DIFF.get(line[:1])) for line in row["detail"].split("\n")]
    summary = el("summary", "Against the nearest request on the tape")
    return el("details", summary, el("pre", *lines, class_="diff", tabindex=0), open=True, class_="fold")


_DIFF = {"+": "plus", "-": "minus", "@": "place"}


def _left_out(second: Second) -> Markup | None:
    if not second.left_out:
        return None
    return el("p", f"{second.left_out:,} more differences are left out here; `companion replay --json` lists all.")


def _timing(second: Second) -> Markup | None:
    if not second.comparison.timing:
        return None
    names = ("How long the wearer waited", "A", "B", "Budget")
    head = el("thead", el("tr", *[el("th", name, scope="col") for name in names]))
    rows = [_budget(result) for result in second.comparison.timing]
    return el(
        "details", el("summary", el("h3", "Waits")), el("table", head, el("tbody", *rows), class_="waits"), open=True
    )


def _budget(result: BudgetResult) -> Markup:
    limit = "none" if result.limit_ms is None else f"{ms(result.limit_ms)}: {'kept' if result.held else 'NOT KEPT'}"
    figures = ["–" if value is None else ms(value) for value in (result.old_ms, result.new_ms)]
    statistic = (
        result.statistic.removesuffix("_ms")
        .replace("p50", "median")
        .replace("p95", "95 of 100")
        .replace("max", "longest")
    )
    cells = [el("td", text, class_="number") for text in (*figures, limit)]
    title = el("th", result.name, el("span", f" {statistic}", class_="soft"), scope="row")
    return el("tr", title, *cells, class_=None if result.held else "bad")


def _jump(row: dict[str, Any]) -> Markup:
    return el("button", clock(row["t"]), type="button", class_="jump", data_seek=row["t"])
