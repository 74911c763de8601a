"""How a turn's question was asked, as HTML: mode, models, pictures in the order of sending, tools, plans, cost, links.

Words of models, tools and pages are shown as words. An address is a link only if it is plain http or https; nothing is
followed until somebody clicks on it.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from companion.report.film import Film
from companion.report.markup import Markup, data_uri, el, group
from companion.report.words import PLANS, clock, dollars, ms, plural
from companion.turn_thinking import Asked, Planned, Progress, Shown, Spending, Step, Thinking, Used, spending

ENDS = {
    "": "nothing came back",
    "answered": "answered",
    "wanted tools": "wanted tools used first",
    "failed": "failed",
    "dropped": "was dropped",
}
BAD_STATES = ("failed", "too slow")
_WEB = re.compile(r"https?://[^\s\x00-\x20\x7f]{1,1990}", re.IGNORECASE)


def thinking(turn: dict[str, Any], film: Film) -> Markup | None:
    """The section of a card; None for a turn whose question was put to nobody."""
    t: Thinking = turn["thinking"]
    if not (t.mode or t.steps or t.progress or t.asides):
        return None
    plain = len(t.steps) == 1 and isinstance(t.steps[0], Asked) and t.steps[0].end == "answered"
    alone = t.steps[0] if plain and isinstance(t.steps[0], Asked) else None
    left_out = el("p", f"{plural(t.left_out, 'more step')} in the recording", class_="soft") if t.left_out else None
    steps = el("ol", *map(_step, t.steps), class_="steps") if t.steps and alone is None else None
    return el(
        "section",
        el("h4", "How it was asked"),
        _how(t, alone),
        _strip(turn, film),
        _workers(t.workers),
        steps,
        left_out,
        _asides(t.asides),
        class_="thinking",
    )


def strip_of(turn: dict[str, Any]) -> list[tuple[int, Shown]]:
    """The turn's pictures with their numbers, as sent; none if the chosen frame, which is shown anyway, is all."""
    t: Thinking = turn["thinking"]
    chosen = (turn["frame"] or {}).get("id")
    if all(shown.frame_id == chosen and not shown.part for shown in t.pictures):
        return []
    return list(enumerate(t.pictures, 1))


def spent(s: Spending, models_known: bool = True) -> str:
    """Tokens and dollars in words; "" if nothing is known of them."""
    if not s.tokens:
        return ""
    cached = f" ({s.cached_tokens:,} cached)" if s.cached_tokens else ""
    reasoning = f" ({s.reasoning_tokens:,} of them reasoning)" if s.reasoning_tokens else ""
    words = f"{s.input_tokens:,} tokens in{cached}, {s.output_tokens:,} out{reasoning}"
    if not models_known or not (s.priced or s.unpriced):
        return words
    unknown = f"no price is known for {', '.join(s.unpriced) or 'the model'}" if s.unpriced else ""
    return "; ".join(filter(None, [words, dollars(s.usd) if s.priced else "", unknown]))


# ---------------------------------------------------------------------------------------------------------------- how


def _how(t: Thinking, alone: Asked | None) -> Markup:
    """One line for the whole: the mode, who answered, what it took."""
    mode = None
    if t.mode:
        by = "as the wearer asked" if t.explicit else "as the companion chose"
        mode = group(el("span", t.mode, class_="chip"), f" {by}. ")
    one = None
    if alone is not None:
        cut_off = f", {alone.why}" if alone.why else ""
        one = group(el("b", alone.model or "The model"), f" answered in {ms(alone.took_ns / 1e6)}{cut_off}. ")
    models = {asked.model for asked in t.asked}
    several = f"{plural(len(models), 'model')} asked {plural(len(t.asked), 'time')}. " if len(t.asked) > 1 else ""
    known = any(asked.usd is not None for asked in t.asked) or bool(t.mode)
    cost = spent(spending([t]), known)
    why = el("p", t.reason, class_="why", dir="auto") if t.reason else None
    return group(el("p", mode, one, several, el("span", cost, class_="cost") if cost else None, class_="how"), why)


# ----------------------------------------------------------------------------------------------------------- pictures


def _strip(turn: dict[str, Any], film: Film) -> Markup | None:
    shown = strip_of(turn)
    if not shown:
        return None
    t: Thinking = turn["thinking"]
    return el("ol", *[_picture(number, one, t, film) for number, one in shown], class_="pictures")


def _picture(number: int, shown: Shown, t: Thinking, film: Film) -> Markup:
    width, height = shown.size
    if shown.part:
        kept = film.parts.get((shown.frame_id, shown.part))
        image = _image(kept.jpeg, f"Picture {number}, a part of frame {shown.frame_id}") if kept else None
        place = f"part of frame {shown.frame_id} at {_place(shown)}"
        exact = f"SHA-256 {kept.sha256[:16]}…" if kept and kept.sent_to else ""
    else:
        small = film.where.get(shown.frame_id)
        image = _image(small, f"Picture {number}, frame {shown.frame_id}") if small else None
        image = framed(image, shown.frame_id, (width, height), t) if image else None
        place, exact = f"frame {shown.frame_id}, whole", ""
    sent = f"sent with at most {shown.px} px" if shown.px else ""
    told = "; ".join(filter(None, [place, sent, exact]))
    own_name = shown.name.removeprefix(f"picture {number}")
    caption = el("figcaption", el("b", f"Picture {number}"), own_name, el("span", told, class_="soft"))
    return el("li", el("figure", image or el("p", "not kept", class_="soft"), caption))


def _place(shown: Shown) -> str:
    if len(shown.part) != 4:
        return "a place that is not known"
    x, y, w, h = shown.part
    return f"{x}, {y}, {w}×{h} px" + (f" of {shown.size[0]}×{shown.size[1]}" if all(shown.size) else "")


def _image(jpeg: bytes, alt: str) -> Markup:
    return el("img", src=data_uri("image/jpeg", jpeg), alt=alt)


def framed(image: Markup, frame_id: int, size: tuple[int, int], t: Thinking) -> Markup:
    """A picture of a frame with a rectangle around each part of it that a model looked at, by its number."""
    parts = [(n, p.part) for n, p in t.parts if p.frame_id == frame_id and len(p.part) == 4 and min(p.part[2:]) > 0]
    width, height = size
    if not parts or width < 1 or height < 1:
        return image
    marks = [_mark(number, part, width) for number, part in parts]
    names = ", ".join(str(number) for number, _ in parts)
    svg = el(
        "svg",
        *marks,
        viewBox=f"0 0 {width} {height}",
        preserveAspectRatio="none",
        role="img",
        aria_label=f"Where picture {names} is in it",
    )
    return el("span", image, svg, class_="framed")


def _mark(number: int, part: tuple[int, ...], width: int) -> Markup:
    x, y, w, h = part
    place = {"x": x, "y": y, "width": w, "height": h}
    letter = width // 22
    return group(
        el("rect", class_="under", **place),
        el("rect", class_="over", **place),
        el("text", str(number), x=x + letter // 4, y=y + letter, font_size=letter),
    )


# -------------------------------------------------------------------------------------------------------------- steps


def _step(step: Step) -> Markup:
    if isinstance(step, Asked):
        return _asked(step)
    return _used(step) if isinstance(step, Used) else _planned(step)


def _jump(t_ns: int) -> Markup:
    at = round(t_ns / 1e9, 4)
    return el("button", clock(at), type="button", class_="jump", data_seek=at)


def _asked(a: Asked) -> Markup:
    bad = a.end in ("failed", "dropped")
    role = el("span", a.worker, class_="chip") if a.worker else None
    end = ENDS.get(a.end, a.end) + (f" after {ms(a.took_ns / 1e6)}" if a.end else "")
    why = f": {a.why}" if a.why else ""
    mode = f" ({a.mode})" if a.mode else ""
    pictures = f"with picture {_numbers(a.pictures)}" if a.pictures else "without a picture"
    cost = Spending(a.input_tokens, a.cached_tokens, a.output_tokens, a.reasoning_tokens, a.usd or 0, a.usd is not None)
    notes = "; ".join(filter(None, [pictures, spent(cost)]))
    unsaid = f" … ({a.unsaid:,} more letters)" if a.unsaid else ""
    said = el("blockquote", a.said + unsaid, dir="auto") if a.said and a.worker else None
    return el(
        "li",
        el("p", _jump(a.t_ns), role, el("b", a.model or "the model"), f"{mode} ", _end(end, why, bad)),
        el("p", notes, class_="soft"),
        el("p", a.reason, class_="why", dir="auto") if a.reason else None,
        said,
        class_="asked failed-step" if bad else "asked",
    )


def _end(end: str, why: str, bad: bool) -> Markup:
    return el("span", end, why, class_="bad" if bad else None, dir="auto")


def _numbers(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers[:20])) + (f" and {len(numbers) - 20} more" if len(numbers) > 20 else "")


def _used(u: Used) -> Markup:
    took = f" after {ms(u.took_ns / 1e6)}" if u.took_ns else ""
    end = f"failed: {u.failed}" if u.failed else f"gave a result{took}" if u.over else "gave no result any more"
    other = u.ran and _plain(u.ran) != _plain(u.arguments)
    ran = el("p", "run with ", el("code", u.ran, dir="auto"), class_="soft") if other else None
    result = None
    if u.text:
        fold = len(u.text) > 240 or u.text.count("\n") > 3
        summary = el("summary", f"What it gave, {plural(len(u.text), 'letter')} here")
        whole = el("pre", u.text, tabindex=0, dir="auto")
        result = el("details", summary, whole, class_="fold") if fold else el("p", "→ ", el("bdi", u.text))
    crops = el("p", f"and picture {_numbers(u.pictures)}", class_="soft") if u.pictures else None
    name = el("b", u.name)
    return el(
        "li",
        el("p", _jump(u.t_ns), el("span", "tool", class_="chip"), name, " ", _end(end, "", bool(u.failed))),
        el("p", el("code", u.arguments or "{}", dir="auto"), el("span", f" {u.source}", class_="soft")),
        ran,
        result,
        crops,
        class_="used failed-step" if u.failed else "used",
    )


def _plain(arguments: str) -> str:
    """Arguments without blanks and in one order of letters: enough to tell whether they are the same."""
    return "".join(sorted(arguments.replace(" ", "")))


def _planned(p: Planned) -> Markup:
    bad = p.outcome != "allowed"
    return el(
        "li",
        el("p", _jump(p.t_ns), el("span", "plan", class_="chip"), el("b", p.tool), " ", _outcome(p, bad)),
        el("p", el("code", p.arguments or "{}", dir="auto")),
        el("blockquote", p.text, dir="auto") if p.text else None,
        el("p", "to allow it: ", el("q", p.phrase, dir="auto"), class_="soft") if p.phrase else None,
        el("p", "; ".join(filter(None, [p.reason, p.why])), class_="why", dir="auto"),
        class_="planned",
    )


def _outcome(p: Planned, bad: bool) -> Markup:
    return el("span", PLANS.get(p.outcome, p.outcome), class_="bad" if bad else "good", dir="auto")


# --------------------------------------------------------------------------------------------------- workers, asides


def _workers(workers: dict[str, list[Progress]]) -> Markup | None:
    if not workers:
        return None
    head = el("thead", el("tr", *[el("th", name, scope="col") for name in ("At work", "Model", "How far")]))
    rows = [el("tr", *_worker(name, changes)) for name, changes in workers.items()]
    return el("div", el("table", head, el("tbody", *rows)), class_="workers", tabindex=0)


def _worker(name: str, changes: list[Progress]) -> tuple[Markup, Markup, Markup]:
    states = []
    for change in changes:
        why = f" ({change.why})" if change.why and change.state in BAD_STATES else ""
        kind = "bad" if change.state in BAD_STATES else None
        states.append(group(_jump(change.t_ns), " ", el("span", change.state, why, class_=kind)))
    models = " → ".join(dict.fromkeys(change.model for change in changes if change.model)) or "none"
    return el("th", name, scope="row"), el("td", models), el("td", *[el("div", state) for state in states])


def _asides(asides: list[tuple[str, str]]) -> Markup | None:
    if not asides:
        return None
    rows = [el("li", el("span", kind, class_="soft"), " ", _address(text)) for kind, text in asides]
    return el("div", el("h4", "Set aside, not spoken"), el("ul", *rows), class_="asides")


def _address(text: str) -> Markup:
    """Where it leads stands first, so that a long address cannot hide it."""
    host = _host(text)
    if not host:
        return el("bdi", text)
    return group(el("a", host, href=text, rel="noreferrer noopener", target="_blank"), " ", el("bdi", text))


def _host(text: str) -> str:
    """The host of a plain web address, "" for everything else."""
    if not _WEB.fullmatch(text):
        return ""
    try:
        return urlsplit(text).hostname or ""
    except ValueError:
        return ""
