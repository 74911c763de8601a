"""The timeline: one strip of SVG for each lane, all on the same line of time.

Places are percentages of the session's length, so the strips stretch with the page (and with the zoom) without a
script, and the page's content-security policy needs to allow no inline style.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from companion.report.markup import Markup, el, group
from companion.report.words import OUTCOMES, STATES, clock

WAVE_PX = 64
LANE_PX = 24
TICK_LANES = ("hearing", "seeing", "thinking", "speaking")


def timeline(data: dict[str, Any], peaks: dict[str, NDArray[np.float32]]) -> Markup:
    """Names on the left, strips on the right, both in the same order."""
    whole = max(data["duration_ns"] / 1e9, 0.001)
    heard = [row for row in data["speech"] if row["end"] is not None]
    said = [row | {"text": " ".join(c["text"] for c in row["chunks"])} for row in data["utterances"] if row["start"]]
    strips = [
        ("", "ruler", _ruler(whole)),
        ("Picture", "film", _strip("film-strip", 54)),
        ("Wearer", "wave wearer", _wave(peaks.get("wearer"), heard, whole, "wearer’s microphone")),
        ("Companion", "wave companion", _wave(peaks.get("companion"), said, whole, "companion’s answers")),
        ("State", "states", _states(data["states"], whole)),
        ("Turns", "turns", _turns(data["turns"], whole)),
        ("Decisions", "ticks", _ticks(data["ticks"], whole)),
    ]
    rows = el("span", *[el("i", lane, class_=f"t-{lane}") for lane in TICK_LANES], class_="rows")
    names = [el("span", name, rows if kind == "ticks" else None, class_=f"name {kind}") for name, kind, _ in strips]
    inner = [el("div", strip, class_=f"lane {kind}") for _, kind, strip in strips]
    cursor = el("div", id="cursor", aria_hidden="true")
    return el(
        "div",
        el("div", *names, class_="names", aria_hidden="true"),
        el("div", el("div", *inner, cursor, id="inner"), id="scroll"),
        class_="lanes",
    )


def _at(seconds: float, whole: float) -> str:
    return f"{min(max(seconds / whole, 0.0), 1.0) * 100:.3f}%"


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
        for s in range(0, int(whole) + 1, step)
    ]
    return _svg(20, *marks, id="ruler", aria_hidden="true")


def _wave(peaks: NDArray[np.float32] | None, spans: list[dict[str, Any]], whole: float, label: str) -> Markup:
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
    return _svg(WAVE_PX, *boxes, shape, words, label=f"Loudness of the {label}")


def _box(start: float, end: float | None, whole: float, height: int, title: str, kind: str) -> Markup:
    last = whole if end is None else end
    width = f"{max(min(last, whole) - start, 0.0) / whole * 100:.3f}%"
    return el("rect", el("title", title), x=_at(start, whole), width=width, y=0, height=height, class_=kind)


def _labelled(start: float, end: float, whole: float, text: str, title: str, kind: str, **more: object) -> Markup:
    """A box with its name inside, cut off where the box ends."""
    width = f"{max(end - start, 0.0) / whole * 100:.3f}%"
    box = el("rect", width="100%", height=LANE_PX - 4, y=2, rx=3)
    return el(
        "svg",
        el("title", title),
        box,
        el("text", text, x=5, y=LANE_PX / 2 + 4),
        x=_at(start, whole),
        width=width,
        height=LANE_PX,
        class_=kind,
        **more,
    )


def _states(states: list[dict[str, Any]], whole: float) -> Markup:
    boxes = []
    for row in states:
        name = row["name"]
        known = name if name in STATES else "other"
        title = f"{clock(row['start'])} {name}: {STATES.get(name, '')}" + (
            f" ({row['reason']})" if row["reason"] else ""
        )
        boxes.append(_labelled(row["start"], row["end"], whole, name, title, f"state s-{known}"))
    return _svg(LANE_PX, *boxes, label="States of the conversation")


def _turns(turns: list[dict[str, Any]], whole: float) -> Markup:
    boxes = []
    for row in turns:
        outcome = row["outcome"] if row["outcome"] in OUTCOMES and row["outcome"] else "open"
        title = f"turn {row['turn']}: “{row['text']}”, {OUTCOMES.get(row['outcome'], row['outcome'])}"
        boxes.append(
            _labelled(
                row["start"], row["end"], whole, str(row["turn"]), title, f"turn o-{outcome}", data_seek=row["start"]
            )
        )
    return _svg(LANE_PX, *boxes, label="Turns")


def _ticks(ticks: list[dict[str, Any]], whole: float) -> Markup:
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
        marks.append(
            el(
                "circle",
                cx=_at(row["t"], whole),
                cy=_row(TICK_LANES.index(row["lane"])),
                r=4.5,
                role="button",
                tabindex=0 if number == 0 else -1,
                aria_label=words,
                data_tick=number,
                class_=f"tick t-{row['lane']}",
            )
        )
    return _svg(
        height, *rows, el("g", *marks, role="toolbar", aria_label="Decisions: arrow keys go from one to the next")
    )


def _row(index: int) -> int:
    return index * 16 + 14
