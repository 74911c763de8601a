"""What was looked for in memory for a turn, as HTML: each search, what it found, by which words, how old that was."""

from __future__ import annotations

from typing import Any

from companion.report.markup import Markup, el, group
from companion.report.words import clock, ms, plural
from companion.secret_words import SECRET
from companion.turn_recall import Found, Search, by

SHOWN = 8  # of what a search found; the rest is counted
HOW = {"told": "told by the wearer", "inferred": "said, and kept as the wearer wished", "asked": "asked and answered"}


def recalled(turn: dict[str, Any]) -> Markup | None:
    """The section of a card; None for a turn that looked for nothing."""
    searches: list[Search] = turn["recalls"]
    if not searches:
        return None
    return el("section", el("h4", "Recalled, on the device"), el("ol", *map(_search, searches)), class_="recalled")


def _search(search: Search) -> Markup:
    at = round(search.t_ns / 1e9, 4)
    jump = el("button", clock(at), type="button", class_="jump", data_seek=at)
    sought = group("looked for ", el("q", search.query, dir="auto")) if search.query else "looked for everything"
    shown = [_found(found, search.query) for found in search.found[:SHOWN]]
    if (more := len(search.found) - SHOWN) > 0:
        shown.append(el("li", f"and {more:,} more", class_="soft"))
    bad = search.given_up or bool(search.trouble)
    end = el("span", _end(search), class_="bad" if bad else None, dir="auto")
    reason = el("p", search.reason, class_="why", dir="auto") if search.reason else None
    return el("li", el("p", jump, sought, ": ", end), reason, el("ul", *shown) if shown else None)


def _end(search: Search) -> str:
    took = f" in {ms(search.took_ms)}" if search.took_ms is not None else ""
    if search.given_up:
        return f"not waited for any longer, so it was not used{f' (it came{took})' if took else ''}"
    if search.took_ms is None:
        return "nothing is recorded of what came of it"
    if search.trouble:
        return f"failed{took}: {search.trouble}"
    return f"{plural(len(search.found), 'memory', 'memories') if search.found else 'nothing'}{took}"


def _found(found: Found, query: str) -> Markup:
    text = el("span", SECRET, class_="soft") if found.text == SECRET else el("bdi", found.text)
    told = [HOW.get(found.how, found.how) + (f" {found.said}" if found.said else ""), f"found{by(found, query)}"]
    told += ["replaced since by something newer"] if found.replaced else []
    told = [words for words in told if words != "found"]
    return el("li", text, el("span", f"{'; '.join(told)}; {found.what} {found.id}", class_="soft"))
