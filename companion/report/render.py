"""The dict, the sound and the pictures as one HTML page."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from statistics import median
from typing import Any

from companion.report.audio import Sound
from companion.report.beside import Second, in_words, summary
from companion.report.cards import Beside, card
from companion.report.differences import panel
from companion.report.film import Film
from companion.report.lanes import hatch_pattern, timeline
from companion.report.logs import decision_log, notes_and_log
from companion.report.markup import Markup, data_block, data_uri, el
from companion.report.thinking import spent
from companion.report.transcript import transcript
from companion.report.words import STATES, clock, dollars, length, ms, plural, size


def render(data: dict[str, Any], sound: Sound, film: Film, second: Second | None = None) -> str:
    """The whole page, of one run or of two. Nothing in it points outside it."""
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
    main = el(
        "main",
        _player(data, film),
        _timeline(data, sound, second),
        panel(second) if second else None,
        transcript(data, second),
        _turns(data, film, second),
        decision_log(data),
        notes_and_log(data),
    )
    body = el(
        "body",
        el("a", "Skip to the turns", href="#turns", class_="skip"),
        hatch_pattern() if second else None,
        _header(data, sound, film, second),
        main,
        _transport(data, sound),
        el("div", id="tip", role="tooltip", hidden=True),
        data_block("data", _for_the_script(data, sound, film, second)),
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


def _header(data: dict[str, Any], sound: Sound, film: Film, second: Second | None) -> Markup:
    s = data["session"]
    device = s["device"] or ", ".join(dict.fromkeys(x for link in s["links"] for x in link["has"])) or "none"
    knows = " (knows only the demo’s phrases)" if s["closed_vocabulary"] else ""
    facts = [
        ("When", s["when"]),
        ("Length", length(s["seconds"])),
        ("Device", device),
        ("Recogniser", f"{s['recogniser']}{knows}" if s["recogniser"] else "not said"),
        ("Model", _models(s)),
        ("Spent on models", _spent(s)),
        ("Voices", ", ".join(s["voices"]) or "none"),
        ("Recorded by", f"Earshot {s['recorder']}"),
        ("File", f"{s['file']}, {size(s['size_bytes'])}"),
    ]
    rows = [el("div", el("dt", name), el("dd", value)) for name, value in facts if value]
    again = el("p", "Decide it all again from what was recorded: ", el("code", f"companion replay {s['file']}"))
    brand = "one recorded session"
    if second:
        brand = "two recorded sessions" if second.recorded else "a recorded session, and a second run of it"
    return el(
        "header",
        el("p", f"Earshot · {brand}", class_="brand"),
        el("h1", summary(second) if second else _summary(data)),
        _who_is_who(second) if second else None,
        el("p", _ABOUT, class_="soft"),
        el("dl", *rows, class_="facts"),
        again,
        _warnings(data, sound, film, second),
    )


def _models(s: dict[str, Any]) -> str:
    """In the order in which they are asked."""
    if len(s["models"]) < 2:
        return s["model"] or "none: nothing is asked outside"
    first, *others = [f"{m.name}{' (here)' if m.local else ''}" for m in s["models"]]
    return f"{first}, else {', '.join(others)}"


def _spent(s: dict[str, Any]) -> str:
    here = spent(s["spending"], bool(s["models"]))
    today = s["spent"]
    if not here or today is None or not today.usd:
        return here
    return f"{here}; by all sessions together on {today.day[:40]} {dollars(today.usd)}"


def _who_is_who(second: Second) -> Markup:
    what = "another recording" if second.recorded else "decided again from the recording of A"
    rows = [
        el(
            "li",
            el("span", "A ", class_="letter"),
            el("b", second.names[0]),
            " as it was recorded; its sound and pictures",
        ),
        el("li", el("span", "B ", class_="letter"), el("b", second.names[1]), f" {what}"),
    ]
    return el("ul", *rows, class_="runs")


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


def _warnings(data: dict[str, Any], sound: Sound, film: Film, second: Second | None) -> Markup | None:
    found = [*film.notes, *data["bounded"], *(second.told["bounded"] if second else [])]
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


def _timeline(data: dict[str, Any], sound: Sound, second: Second | None) -> Markup:
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
        "Click to go there. Space plays, ← → move by a second (with Shift by five), comma and full stop by 10 ms, "
        "N and P go from turn to turn. Left ear: the wearer; right ear: the companion. A page opened with #t=12.5 or "
        "#turn=3 behind its name begins there.",
        class_="why",
    )
    head = el("div", el("h2", "Timeline", id="timeline"), zoom, class_="head")
    return el(
        "section",
        head,
        timeline(data, sound.peaks, second),
        note,
        keys,
        el("ul", *legend, class_="legend"),
        aria_labelledby="timeline",
    )


def _turns(data: dict[str, Any], film: Film, second: Second | None) -> Markup:
    cards = [card(turn, film, _beside(turn["turn"], second)) for turn in data["turns"]]
    if second:
        known = {turn["turn"] for turn in data["turns"]}
        cards += [card(turn, second.film, only_b=True) for turn in second.told["turns"] if turn["turn"] not in known]
    none = None if cards else el("p", "Nobody asked anything in this session.", class_="soft")
    return el("section", el("h2", "Turns", id="turns"), none, *cards, aria_labelledby="turns")


def _beside(number: int, second: Second | None) -> Beside | None:
    if second is None:
        return None
    turn = next((turn for turn in second.told["turns"] if turn["turn"] == number), None)
    into = second.merged.get(number)
    note = f"In B these words became part of turn {into}." if into is not None else ""
    hatched = number in second.hatched_turns
    return Beside(second.names, turn, second.film, note, hatched, second.by_turn[number])


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


def _for_the_script(data: dict[str, Any], sound: Sound, film: Film, second: Second | None) -> dict[str, Any]:
    """What moves with the cursor, and what the marks say."""
    said = [
        {"start": u["start"], "end": u["end"], "text": " ".join(c["text"] for c in u["chunks"])}
        for u in data["utterances"]
        if u["start"] is not None
    ]
    marks, turns = [[t["t"], t["text"], t["reason"]] for t in data["ticks"]], data["turns"]
    if second:
        marks += [[t["t"], t["text"], t["reason"]] for t in second.told["ticks"]]
        marks += [[d["t"], in_words(d), d["cause"]] for d in second.differences]
        known = {t["turn"] for t in turns}
        turns = turns + [t for t in second.told["turns"] if t["turn"] not in known]
    return {
        "seconds": data["duration_ns"] / 1e9,
        "begins": data["begins"],
        "sound": bool(sound.mp3),
        "film": [
            {"t": p.media_ns / 1e9, "id": p.frame_id, "jpeg": base64.b64encode(p.jpeg).decode()} for p in film.strip
        ],
        "states": [[s["start"], s["name"]] for s in data["states"]],
        "speech": data["speech"],
        "said": said,
        "turns": [{"n": t["turn"], "start": t["start"], "end": t["end"]} for t in turns],
        "ticks": marks,
    }
