"""Every word that was said, by whom and when, in the order of saying; a second run's words beside the first one's."""

from __future__ import annotations

from typing import Any

from companion.report.beside import Second
from companion.report.markup import Markup, el
from companion.report.words import clock

ROWS = 3000  # of one run; an hour of lively talk


def lines_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    """What was said: the wearer's words as they were understood, the companion's as they sounded. Oldest first."""
    lines = [
        {"t": turn["start"], "end": turn["speech_end"] or turn["t"], "who": "wearer", "turn": turn["turn"]}
        | {"text": turn["text"] or (turn["hearing"] or {}).get("text", "") or "(no words)", "note": ""}
        for turn in data["turns"]
    ]
    taken = [(turn["start"] - 0.05, turn["speech_end"] or turn["start"]) for turn in data["turns"]]
    for row in data["speech"]:
        if row["text"] and not any(start <= row["start"] <= end for start, end in taken):
            line = {"t": row["start"], "end": row["end"], "who": "wearer", "turn": 0, "text": row["text"]}
            lines.append(line | {"note": "no turn came of it"})
    for said in data["utterances"]:
        if said["start"] is not None and said["chunks"]:
            words = " ".join(chunk["text"] for chunk in said["chunks"])
            line = {"t": said["start"], "end": said["end"], "who": "companion", "turn": max(0, said["turn"])}
            lines.append(line | {"text": words, "note": "cut off" if said["cut"] else ""})
    return sorted(lines, key=lambda line: float(line["t"]))


def transcript(data: dict[str, Any], second: Second | None) -> Markup:
    """One column, or two of which each row holds what both runs have of one turn and one voice."""
    lines = lines_of(data)
    if second is None:
        rows = [el("tr", *_cells(line)) for line in lines[:ROWS]]
        left_out = max(0, len(lines) - ROWS)
        head = None
    else:
        pairs = _paired(lines, lines_of(second.told))
        rows = [_pair(a, b, second) for a, b in pairs[:ROWS]]
        left_out = max(0, len(pairs) - ROWS)
        titles = ("", f"A {second.names[0]}", "", f"B {second.names[1]}")
        head = el("thead", el("tr", *[el("th", title, scope="col" if title else None) for title in titles]))
    note = el("p", f"{left_out:,} more lines are left out here.") if left_out else None
    table = el("table", el("caption", "Who said what, and when", class_="hidden"), head, el("tbody", *rows, id="lines"))
    box = el("div", table, class_="wide", tabindex=0, role="region", aria_label="Transcript", id="transcript-box")
    none = el("p", "Nothing was said.", class_="soft")
    kind = "transcript two" if second else "transcript"
    return el(
        "section",
        el("h2", "Transcript", id="transcript"),
        box if rows else none,
        note,
        class_=kind,
        aria_labelledby="transcript",
    )


def _cells(line: dict[str, Any] | None, own: bool = True, same: bool = False) -> tuple[Markup, Markup]:
    if line is None:
        return el("td"), el("td", "–", class_="soft")
    jump = el("button", clock(line["t"]), type="button", class_="jump", data_seek=line["t"])
    note = el("span", f" ({line['note']})", class_="soft") if line["note"] else None
    words = el("bdi", line["text"]) if not same else el("span", "the same words", class_="soft")
    kind = f"line {line['who']}{' own' if own else ''}"
    said = el("td", words, note, class_=kind, data_seek=line["t"], data_end=line["end"], dir="auto")
    return el("td", jump), said


def _paired(
    a: list[dict[str, Any]], b: list[dict[str, Any]]
) -> list[tuple[dict[str, Any] | None, dict[str, Any] | None]]:
    """Lines of both runs that belong to the same turn and voice, the n-th with the n-th; by time."""
    places: dict[tuple[int, str, int], list[dict[str, Any] | None]] = {}
    for side, lines in enumerate((a, b)):
        seen: dict[tuple[int, str], int] = {}
        for line in lines:
            key = (line["turn"], line["who"])
            nth = seen[key] = seen.get(key, 0) + 1
            places.setdefault((*key, nth), [None, None])[side] = line
    pairs = [(found[0], found[1]) for found in places.values()]
    return sorted(pairs, key=lambda pair: float((pair[0] or pair[1] or {})["t"]))


def _pair(a: dict[str, Any] | None, b: dict[str, Any] | None, second: Second) -> Markup:
    same = a is not None and b is not None and a["text"] == b["text"]
    cf = b is not None and any(start <= b["t"] <= end for start, end in second.hatched)
    kind = ("" if same and (a or {})["note"] == (b or {})["note"] else "differs") + (" cf" if cf else "")
    return el("tr", *_cells(a), *_cells(b, own=False, same=same), class_=kind.strip() or None)
