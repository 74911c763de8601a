"""The timeline: one strip of SVG for each lane, all on the same line of time, a second run's under the first one's.

Places are percentages of the page's length, so the strips stretch with the page (and with the zoom) without a script,
and the page's content-security policy needs to allow no inline style.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from companion.report.beside import CLASSES, Second, in_words
from companion.report.markup import Markup, el, group
from companion.report.words import OUTCOMES, STATES, clock

WAVE_PX = 64
LANE_PX = 24
TICK_LANES = ("hearing", "seeing", "thinking", "speaking")
MARKS = {  # a shape for each class of difference, so that colour is not all that tells them apart
    "missing": "M-6-5H6L0 5Z",
    "added": "M-6 5H6L0-5Z",
    "changed": "M0-6L6 0L0 6L-6 0Z",
    "time": "M-7 0L-3-4V-1.5H3V-4L7 0L3 4V1.5H-3V4Z",
    "miss": "M-5-3L-3-5L0-2L3-5L5-3L2 0L5 3L3 5L0 2L-3 5L-5 3L-2 0Z",
}
Peaks = Mapping[str, NDArray[np.float32]]
Strip = tuple[str, str, Markup]  # name, classes, the strip itself


def timeline(data: dict[str, Any], peaks: Peaks, second: Second | None = None) -> Markup:
    """Names on the left, strips on the right, both in the same order."""
    whole = max(data["duration_ns"] / 1e9, 0.001)
    strips: list[Strip] = [("", "ruler", _ruler(whole)), ("Picture", "film", _strip("film-strip", 54))]
    if second is None:
        strips += _run(data, peaks, whole, 0)
    else:
        strips += [_divider("A", second.names[0]), *_run(data, peaks, whole, 0)]
        strips += [_divider("B", second.names[1]), *_run(second.told, second.peaks, whole, len(data["ticks"]), second)]
        strips += [("Differences", "marks", _marks(second, whole, len(data["ticks"]) + len(second.told["ticks"])))]
    inner = [el("div", strip, class_=f"lane {kind}") for _, kind, strip in strips]
    first = _first(second, whole) if second is not None and second.first else None
    return el(
        "div",
        el("div", *[_named(name, kind) for name, kind, _ in strips], class_="names", aria_hidden="true"),
        el("div", el("div", *inner, first, el("div", id="cursor", aria_hidden="true"), id="inner"), id="scroll"),
        class_="lanes",
    )


def _named(name: str, kind: str) -> Markup:
    rows: Markup | None = None
    if kind.startswith("ticks"):
        rows = el("span", *[el("i", lane, class_=f"t-{lane}") for lane in TICK_LANES], class_="rows")
    elif kind == "marks":
        rows = el("span", *[el("i", CLASSES[cls], class_=f"d-{cls}") for cls in MARKS], class_="rows")
    return el("span", name, rows, class_=f"name {kind}")


def _divider(letter: str, name: str) -> Strip:
    return letter, f"run {letter.lower()}", el("b", el("span", f"{letter} ", class_="letter"), name)


def _run(
    data: dict[str, Any], peaks: Peaks, whole: float, ticks_from: int, second: Second | None = None
) -> list[Strip]:
    """One run's lanes. A replayed run has no sound of its own: its speech and answers are boxes with their words."""
    heard = [row for row in data["speech"] if row["end"] is not None]
    said = [row | {"text": " ".join(c["text"] for c in row["chunks"])} for row in data["utterances"] if row["start"]]
    hatch = _hatch(second, whole) if second else None
    both = []
    for name, spans, track in (("Wearer", heard, "microphone"), ("Companion", said, "answers")):
        who = name.lower()
        if second is None or who in peaks:
            both.append((name, f"wave {who}", _wave(peaks.get(who), spans, whole, f"{who}’s {track}", hatch)))
        else:
            both.append((name, f"words {who}", _words(spans, whole, f"{who}’s {track}", hatch)))
    return [
        *both,
        ("State", "states", _states(data["states"], whole, hatch)),
        ("Turns", "turns", _turns(data["turns"], whole, hatch)),
        ("Decisions", "ticks", _ticks(data["ticks"], whole, ticks_from, hatch)),
    ]


def _at(seconds: float, whole: float) -> str:
    return f"{min(max(seconds / whole, 0.0), 1.0) * 100:.3f}%"


def _wide(start: float, end: float | None, whole: float) -> str:
    first, last = max(start, 0.0), whole if end is None else min(end, whole)
    return f"{max(last - first, 0.0) / whole * 100:.3f}%"


def _strip(identity: str, height: int) -> Markup:
    return el("div", id=identity, class_="strip", data_height=height)


def _svg(height: int, *children: object, label: str = "", **more: object) -> Markup:
    return el(
        "svg", *children, width="100%", height=height, role="img" if label else None, aria_label=label or None, **more
    )


def _ruler(whole: float) -> Markup:
    step = next((s for s in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800) if whole / s <= 12), 3600)
    marks = [
        group(
            el("line", x1=_at(s, whole), x2=_at(s, whole), y1=14, y2=20),
            el("text", clock(s)[:-3], x=_at(s, whole), y=11, dx=3) if s / whole < 0.96 else None,
        )
        for s in range(0, min(int(whole), 100 * step) + 1, step)
    ]
    return _svg(20, *marks, id="ruler", aria_hidden="true")


def hatch_pattern() -> Markup:
    """What the hatched stretches are filled with; stands once on the page."""
    line = el("line", x1=0, y1=0, x2=0, y2=7)
    pattern = el(
        "pattern", line, id="hatch", patternUnits="userSpaceOnUse", width=7, height=7, patternTransform="rotate(45)"
    )
    return el("svg", el("defs", pattern), width=0, height=0, aria_hidden="true", class_="defs")


def _hatch(second: Second, whole: float) -> Markup:
    title = el("title", "counterfactual: it follows an answer that the wearer of the recording never heard")
    return group(
        *[
            el(
                "rect",
                title,
                x=_at(a, whole),
                width=_wide(a, b, whole),
                y=0,
                height="100%",
                fill="url(#hatch)",
                class_="hatch",
            )
            for a, b in second.hatched
        ]
    )


def _wave(
    peaks: NDArray[np.float32] | None, spans: list[dict[str, Any]], whole: float, label: str, hatch: object
) -> Markup:
    """Loudness (its square root, as ears hear it) as a mirrored shape over the stretches in which somebody speaks."""
    boxes = [_box(row["start"], row["end"], whole, WAVE_PX, row.get("text", ""), "span") for row in spans]
    shape = None
    if peaks is not None and len(peaks):
        middle = WAVE_PX / 2
        high = np.sqrt(peaks / max(float(peaks.max()), 0.02)) * (middle - 3)
        up = "L".join(f"{i} {middle - h:.0f}" for i, h in enumerate(high))
        down = "L".join(f"{i} {middle + h:.0f}" for i, h in reversed(list(enumerate(high))))
        path = el("path", d=f"M{up}L{down}Z")
        shape = el(
            "svg", path, width="100%", height=WAVE_PX, viewBox=f"0 0 {len(peaks)} {WAVE_PX}", preserveAspectRatio="none"
        )
    empty = not boxes and (peaks is None or not len(peaks) or float(peaks.max()) == 0)
    words = el("text", "no sound was recorded", x=8, y=WAVE_PX / 2 + 4, class_="none") if empty else None
    return _svg(WAVE_PX, *boxes, hatch, shape, words, label=f"Loudness of the {label}")


def _box(start: float, end: float | None, whole: float, height: int, title: str, kind: str) -> Markup:
    return el(
        "rect", el("title", title), x=_at(start, whole), width=_wide(start, end, whole), y=0, height=height, class_=kind
    )


def _labelled(start: float, end: float, whole: float, text: str, title: str, kind: str, **more: object) -> Markup:
    """A box with its name inside, cut off where the box ends."""
    return el(
        "svg",
        el("title", title),
        el("rect", width="100%", height=LANE_PX - 4, y=2, rx=3),
        el("text", text, x=5, y=LANE_PX / 2 + 4),
        x=_at(start, whole),
        width=_wide(start, end, whole),
        height=LANE_PX,
        class_=kind,
        **more,
    )


def _words(spans: list[dict[str, Any]], whole: float, label: str, hatch: object) -> Markup:
    boxes = [
        _labelled(row["start"], row["end"], whole, row["text"][:200], f"{clock(row['start'])} {row['text']}", "spoken")
        for row in spans
    ]
    return _svg(LANE_PX, *boxes, hatch, label=f"Words of the {label}")


def _states(states: list[dict[str, Any]], whole: float, hatch: object) -> Markup:
    boxes = []
    for row in states:
        name = row["name"]
        known = name if name in STATES else "other"
        why = f" ({row['reason']})" if row["reason"] else ""
        title = f"{clock(row['start'])} {name}: {STATES.get(name, '')}{why}"
        boxes.append(_labelled(row["start"], row["end"], whole, name, title, f"state s-{known}"))
    return _svg(LANE_PX, *boxes, hatch, label="States of the conversation")


def _turns(turns: list[dict[str, Any]], whole: float, hatch: object) -> Markup:
    boxes = []
    for row in turns:
        number = row["turn"]
        outcome = row["outcome"] if row["outcome"] in OUTCOMES and row["outcome"] else "open"
        title = f"turn {number}: “{row['text']}”, {OUTCOMES.get(row['outcome'], row['outcome'])}"
        place = (row["start"], row["end"], whole, f"{number}  {row['text'][:200]}", title, f"turn o-{outcome}")
        boxes.append(_labelled(*place, data_seek=row["start"], data_turn=number))
    return _svg(LANE_PX, *boxes, hatch, label="Turns")


def _ticks(ticks: list[dict[str, Any]], whole: float, from_index: int, hatch: object) -> Markup:
    """One mark for each decision, in a row for each floor of the work; one tab stop, arrows go from mark to mark."""
    height = len(TICK_LANES) * 16 + 8
    rows = [
        group(
            el("line", x1=0, x2="100%", y1=_row(i), y2=_row(i), class_="rule"),
            el("text", lane, x=4, y=_row(i) - 3, class_="rule"),
        )
        for i, lane in enumerate(TICK_LANES)
    ]
    marks = []
    for number, row in enumerate(ticks):
        words = f"{clock(row['t'])} {row['text']}" + (f": {row['reason']}" if row["reason"] else "")
        place = {"cx": _at(row["t"], whole), "cy": _row(TICK_LANES.index(row["lane"])), "r": 4.5}
        marks.append(el("circle", **place, **_mark(number, from_index, words), class_=f"tick t-{row['lane']}"))
    return _svg(height, hatch, *rows, el("g", *marks, role="toolbar", aria_label=_MARKS_LABEL.format("Decisions")))


_MARKS_LABEL = "{}: arrow keys go from one to the next"


def _mark(number: int, from_index: int, words: str) -> dict[str, object]:
    tab = 0 if number == 0 else -1
    return {"role": "button", "tabindex": tab, "aria_label": words, "data_tick": from_index + number}


def _marks(second: Second, whole: float, from_index: int) -> Markup:
    """A mark for each difference, in a row for each class; a move in time is a line from the old moment to the new."""
    rows = list(MARKS)
    lines = [
        group(
            el("line", x1=0, x2="100%", y1=_row(i), y2=_row(i), class_="rule"),
            el("text", CLASSES[cls], x=4, y=_row(i) - 3, class_="rule"),
        )
        for i, cls in enumerate(rows)
    ]
    moves, marks = [], []
    for number, row in enumerate(second.differences):
        y = _row(rows.index(row["cls"]))
        kind = f"tick d-{row['cls']}" + (" cf" if row["counterfactual"] else "")
        words = f"{clock(row['t'])} {in_words(row)}" + (f": {row['cause']}" if row["cause"] else "")
        if row["old"] is not None and row["new"] is not None and row["old"] != row["new"]:
            ends = {"x1": _at(row["old"], whole), "x2": _at(row["new"], whole), "y1": y, "y2": y}
            moves.append(el("line", **ends, class_=f"move d-{row['cls']}"))
        shape = el("path", d=MARKS[row["cls"]], **_mark(number, from_index, words), class_=kind)
        marks.append(el("svg", shape, x=_at(row["t"], whole), y=y, width=1, height=1, class_="place"))
    bar = el("g", *marks, role="toolbar", aria_label=_MARKS_LABEL.format("Differences"))
    return _svg(len(rows) * 16 + 8, *lines, *moves, bar)


def _first(second: Second, whole: float) -> Markup:
    """A line through all lanes where the two runs part."""
    assert second.first is not None
    x = _at(second.first["t"], whole)
    line = el("line", x1=x, x2=x, y1=0, y2="100%")
    return el("svg", line, width="100%", height="100%", id="first-line", aria_hidden="true")


def _row(index: int) -> int:
    return index * 16 + 14
