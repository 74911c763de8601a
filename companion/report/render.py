"""The dict, the sound and the pictures as one HTML page."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from statistics import median
from typing import Any

from companion.report.audio import Sound
from companion.report.cards import card, data_uri
from companion.report.film import Film
from companion.report.lanes import timeline
from companion.report.markup import Markup, data_block, el
from companion.report.words import STATES, clock, length, ms, plural, size


def render(data: dict[str, Any], sound: Sound, film: Film) -> str:
    """The whole page. Nothing in it points outside it."""
    style, script = _own("page.css"), _own("page.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "media-src data:; base-uri 'none'; form-action 'none'"
    )
    session = data["session"]
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="referrer", content="no-referrer"),
        el("title", f"Earshot session of {session['when']}"),
        el("style", Markup(style)),
    )
    body = el(
        "body",
        el("a", "Skip to the turns", href="#turns", class_="skip"),
        _header(data, sound, film),
        el("main", _player(data, film), _timeline(data, sound), _turns(data, film), _decisions(data), _log(data)),
        _transport(data, sound),
        el("div", id="tip", role="tooltip", hidden=True),
        data_block("data", _for_the_script(data, sound, film)),
        el("script", Markup(script)),
    )
    return f"<!doctype html>\n{el('html', head, body, lang='en')}\n"


def _own(name: str) -> str:
    """One of the page's own files, shipped beside this one."""
    return files("companion.report").joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


# ------------------------------------------------------------------------------------------------------------ the parts

_ABOUT = (
    "Everything here was recorded by the companion while it ran. Sound and pictures are inside this file; it loads "
    "nothing and tells nobody. It holds a person’s voice and view: share it with care."
)


def _header(data: dict[str, Any], sound: Sound, film: Film) -> Markup:
    s = data["session"]
    device = s["device"] or ", ".join(dict.fromkeys(x for link in s["links"] for x in link["has"])) or "none"
    knows = " (knows only the demo’s phrases)" if s["closed_vocabulary"] else ""
    facts = [
        ("When", s["when"]),
        ("Length", length(s["seconds"])),
        ("Device", device),
        ("Recogniser", f"{s['recogniser']}{knows}" if s["recogniser"] else "not said"),
        ("Model", s["model"] or "none: nothing is asked outside"),
        ("Voices", ", ".join(s["voices"]) or "none"),
        ("Recorded by", f"Earshot {s['recorder']}"),
        ("File", f"{s['file']}, {size(s['size_bytes'])}"),
    ]
    rows = [el("div", el("dt", name), el("dd", value)) for name, value in facts]
    again = el("p", "Decide it all again from what was recorded: ", el("code", f"companion replay {s['file']}"))
    return el(
        "header",
        el("p", "Earshot · one recorded session", class_="brand"),
        el("h1", _summary(data)),
        el("p", _ABOUT, class_="soft"),
        el("dl", *rows, class_="facts"),
        again,
        _warnings(data, sound, film),
    )


def _summary(data: dict[str, Any]) -> str:
    turns = data["turns"]
    parts = [plural(len(turns), "turn") + f" in {length(data['session']['seconds'])}"]
    for outcome in ("stopped", "interrupted", "failed"):
        if count := sum(turn["outcome"] == outcome for turn in turns):
            parts.append(f"{count} {outcome}")
    waits = [turn["latency"]["total_ms"] for turn in turns if turn["latency"]]
    if waits:
        parts.append(f"typically {ms(median(waits))} from last word to answer")
    asked = sum(bool(turn["asked"] or turn["exchanges"]) for turn in turns)
    parts.append(f"{asked} asked the model" if asked else "nothing left the device")
    return ", ".join(parts)


def _warnings(data: dict[str, Any], sound: Sound, film: Film) -> Markup | None:
    found = [*film.notes]
    if data["torn"]:
        found.insert(0, f"This recording is torn: {data['torn']}. The page shows what can be read.")
    elif not data["session"]["ended"]:
        found.insert(0, "This recording has no end: the companion was still running, or was killed.")
    if sound.left_out_s > 0:
        found.append(f"The last {length(sound.left_out_s)} of sound are left out, to keep this page small.")
    for track, count in sound.broken.items():
        if count:
            found.append(f"{plural(count, 'packet')} of the {track}’s sound did not decode.")
    return el("ul", *[el("li", text) for text in found], class_="warnings") if found else None


def _player(data: dict[str, Any], film: Film) -> Markup:
    first = film.strip[0] if film.strip else None
    picture = el(
        "img",
        id="picture",
        alt="What the camera saw at the cursor",
        src=data_uri("image/jpeg", first.jpeg) if first else None,
        hidden=first is None,
    )
    none = el("p", "No picture at this moment.", id="no-picture", hidden=first is not None)
    now = el(
        "div",
        el(
            "p",
            el("span", "", id="now-state", class_="chip"),
            el("span", "", id="now-turn", class_="soft"),
            class_="now",
        ),
        el("p", el("b", "Wearer"), el("span", "", id="now-wearer", dir="auto"), class_="line wearer"),
        el("p", el("b", "Companion"), el("span", "", id="now-companion", dir="auto"), class_="line companion"),
        el("noscript", el("p", "Playing in step needs JavaScript; everything else on this page works without it.")),
        class_="captions",
    )
    figure = el("figure", picture, none, el("figcaption", "", id="picture-note"))
    return el(
        "section", el("h2", "Now", id="now", class_="hidden"), figure, now, class_="player", aria_labelledby="now"
    )


def _timeline(data: dict[str, Any], sound: Sound) -> Markup:
    zoom = el(
        "div",
        el("button", "−", type="button", id="zoom-out", aria_label="Show more time"),
        el("button", "Fit", type="button", id="zoom-fit"),
        el("button", "+", type="button", id="zoom-in", aria_label="Show less time, larger"),
        class_="zoom",
    )
    seen = dict.fromkeys(row["name"] for row in data["states"])
    legend = [el("li", el("i", class_=f"s-{n}"), el("b", n), f" {STATES[n]}") for n in STATES if n in seen]
    left_out = data["ticks_left_out"]
    note = el("p", f"{left_out:,} more decisions have no mark here; the decision log has more.") if left_out else None
    keys = el(
        "p",
        "Click to go there. Space plays, ← → move by a second (with Shift by five), N and P go from turn to "
        "turn. Left ear: the wearer; right ear: the companion.",
        class_="why",
    )
    head = el("div", el("h2", "Timeline", id="timeline"), zoom, class_="head")
    return el(
        "section",
        head,
        timeline(data, sound.peaks),
        note,
        keys,
        el("ul", *legend, class_="legend"),
        aria_labelledby="timeline",
    )


def _turns(data: dict[str, Any], film: Film) -> Markup:
    cards = [card(turn, film.frames) for turn in data["turns"]]
    none = None if cards else el("p", "Nobody asked anything in this session.", class_="soft")
    return el("section", el("h2", "Turns", id="turns"), none, *cards, aria_labelledby="turns")


def _decisions(data: dict[str, Any]) -> Markup:
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


def _log(data: dict[str, Any]) -> Markup:
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


def _transport(data: dict[str, Any], sound: Sound) -> Markup:
    seconds = data["duration_ns"] / 1e9
    source = data_uri("audio/mpeg", sound.mp3) if sound.mp3 else None
    audio = el("audio", id="sound", controls=True, preload="auto", src=source) if source else None
    return el(
        "footer",
        el("button", "Play", type="button", id="play", disabled=True),
        el("img", id="thumb", alt="", hidden=True),
        el("output", clock(0), id="time"),
        el(
            "input",
            type="range",
            id="seek",
            min=0,
            max=f"{seconds:.3f}",
            step=0.01,
            value=0,
            disabled=True,
            aria_label="Place in the session",
        ),
        el("span", clock(seconds), class_="soft"),
        audio,
        class_="transport",
        aria_label="Playback",
    )


def _for_the_script(data: dict[str, Any], sound: Sound, film: Film) -> dict[str, Any]:
    """What moves with the cursor."""
    said = [
        {"start": u["start"], "end": u["end"], "text": " ".join(c["text"] for c in u["chunks"])}
        for u in data["utterances"]
        if u["start"] is not None
    ]
    return {
        "seconds": data["duration_ns"] / 1e9,
        "sound": bool(sound.mp3),
        "film": [
            {"t": p.media_ns / 1e9, "id": p.frame_id, "jpeg": base64.b64encode(p.jpeg).decode()} for p in film.strip
        ],
        "states": [[s["start"], s["name"]] for s in data["states"]],
        "speech": data["speech"],
        "said": said,
        "turns": [{"n": t["turn"], "start": t["start"], "end": t["end"]} for t in data["turns"]],
        "ticks": [[t["t"], t["text"], t["reason"]] for t in data["ticks"]],
    }
