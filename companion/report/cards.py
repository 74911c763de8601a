"""Each turn as a card: what was asked, seen, answered and heard, what left the device, and where the time went.

Of two runs, what the second did otherwise stands below, with both waterfalls on one scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from companion.report.film import Film
from companion.report.ledger import ledger, stayed
from companion.report.markup import Markup, data_uri, el, group
from companion.report.recalled import recalled
from companion.report.thinking import framed, thinking
from companion.report.ticks import part
from companion.report.waterfall import two_waterfalls, waterfall
from companion.report.wire import exchange
from companion.report.words import OUTCOMES, clock, ms, plural, route, size
from pipelines.thinking.ledger import Entry


@dataclass(frozen=True)
class Beside:
    """The same turn in the second run. `turn` None: it has none; `note`: what became of it there."""

    names: tuple[str, str]
    turn: dict[str, Any] | None
    film: Film
    note: str = ""
    counterfactual: bool = False
    differences: int = 0


def card(turn: dict[str, Any], film: Film, beside: Beside | None = None, only_b: bool = False) -> Markup:
    """One turn; of two runs, both."""
    number, outcome = turn["turn"], turn["outcome"]
    head = el(
        "header",
        el("h3", el("a", f"Turn {number}", href=f"#turn={number}")),
        el("span", "only in B", class_="chip d-added") if only_b else None,
        el(
            "span",
            OUTCOMES.get(outcome, outcome),
            class_=f"chip o-{outcome if outcome in OUTCOMES and outcome else 'open'}",
        ),
        el("span", route(turn["intent"]), class_="soft") if turn["intent"] else None,
        el(
            "button",
            f"▶ {clock(turn['start'])}",
            type="button",
            data_seek=f"{max(0, turn['start'] - 0.3):.3f}",
            data_play=True,
            aria_label=f"Play turn {number} from {clock(turn['start'])}",
        ),
    )
    cost = None if beside else waterfall(turn["latency"])
    talk = el("div", _asked(turn), _answered(turn), _failures(turn), cost, class_="talk")
    body = el("div", talk, _frame(turn, film), class_="body")
    second = _beside(turn, beside) if beside else None
    asked = (recalled(turn), thinking(turn, film), ledger(turn), _left(turn, film))
    return el("article", head, body, *asked, second, class_="card", id=f"turn-{number}")


def _beside(turn: dict[str, Any], beside: Beside) -> Markup:
    """What is otherwise in the second run, and both waterfalls."""
    other = beside.turn
    link = None
    if beside.differences:
        link = el("a", plural(beside.differences, "difference"), href=f"#differs-{turn['turn']}")
    head = el(
        "header",
        el("h4", el("span", "B ", class_="letter"), beside.names[1]),
        el("span", "counterfactual", class_="chip cf") if beside.counterfactual else None,
        link,
    )
    note = el("p", beside.note) if beside.note else None
    if other is None:
        return el("section", head, note or el("p", "This turn does not exist in B."), class_="beside")
    parts = [
        _asked(other) if _differs(turn, other, "text", "reason", "intent") else None,
        _answered(other) if _differs(turn, other, "said", "heard", "outcome") else None,
        _failures(other) if _differs(turn, other, "failures") else None,
    ]
    saw_other = _frame_id(turn) != _frame_id(other) or _differs(turn, other, "read")
    frame = _frame(other, beside.film) if saw_other else None
    asked_other = turn["thinking"].outline() != other["thinking"].outline()
    thought = thinking(other, beside.film) if asked_other else None
    same = None
    if not any(parts) and frame is None and thought is None:
        same = el("p", "Heard, seen and answered as in A.", class_="soft")
    chip = None
    if other["outcome"] != turn["outcome"]:
        chip = el("p", "Outcome: ", el("b", OUTCOMES.get(other["outcome"], other["outcome"])))
    body = el("div", el("div", note, same, chip, *parts, class_="talk"), frame, class_="body")
    both = two_waterfalls(("A", "B"), turn["latency"], other["latency"])
    asked = bool(other["exchanges"]) or _differs(turn, other, "asked")
    left = _left(other, beside.film) if asked else None
    kind = "beside cf" if beside.counterfactual else "beside"
    return el("section", head, body, thought, both, left, class_=kind)


def _differs(a: dict[str, Any], b: dict[str, Any], *names: str) -> bool:
    return any(_timeless(a[name]) != _timeless(b[name]) for name in names)


def _timeless(value: Any) -> Any:
    """A story without its moments."""
    if isinstance(value, list):
        return [_timeless(row) for row in value]
    return {k: v for k, v in value.items() if k != "t"} if isinstance(value, dict) else value


def _frame_id(turn: dict[str, Any]) -> int | None:
    return turn["frame"].get("id") if turn["frame"] else None


def _asked(turn: dict[str, Any]) -> Markup:
    hearing = turn["hearing"]
    notes = []
    words = turn["text"]
    if hearing is not None:
        if not hearing["accepted"]:
            notes.append(f"not understood: {hearing['why'] or 'the recogniser was not sure'}")
            words = words or hearing["text"]
        if hearing["logprob"]:
            notes.append(f"log-probability of the words {hearing['logprob']:.2f}")
        if hearing["cost_ms"]:
            notes.append(f"recognised in {ms(hearing['cost_ms'])}")
    if turn["reason"]:
        notes.append(turn["reason"])
    quote = el("blockquote", words, dir="auto") if words else el("p", "(no words were understood)", class_="soft")
    return el(
        "section",
        el("h4", "Heard"),
        quote,
        el("p", "; ".join(dict.fromkeys(notes)), class_="why") if notes else None,
        class_="heard",
    )


def _answered(turn: dict[str, Any]) -> Markup:
    said = turn["said"] or " ".join(c["text"] for u in turn["utterances"] for c in u["chunks"])
    heard = turn["heard"]
    if not said:
        return el("section", el("h4", "Answered"), el("p", "nothing", class_="soft"), class_="answered")
    voices = dict.fromkeys(
        f"{c['kind']}{', voice ' + c['voice'] if c['voice'] not in ('', 'auto') else ''}"
        for u in turn["utterances"]
        for c in u["chunks"]
    )
    closed = bool(turn["outcome"])
    if not closed or heard == said:
        quote, note = el("blockquote", said, dir="auto"), "the ear got all of it" if closed else ""
    elif said.startswith(heard):
        rest = el("del", said[len(heard) :])
        quote = el("blockquote", heard, rest, dir="auto")
        note = "struck out: the ear did not get it" if heard else "the ear got nothing of it"
    else:
        quote, note = el("blockquote", said, dir="auto"), f"the ear got: “{heard}”"
    kinds = ", ".join(voice for voice in voices if voice)
    why = "; ".join(filter(None, [note, turn["closed_why"], f"kind of words: {kinds}" if kinds else ""]))
    return el("section", el("h4", "Answered"), quote, el("p", why, class_="why") if why else None, class_="answered")


def _failures(turn: dict[str, Any]) -> Markup | None:
    if not turn["failures"]:
        return None
    rows = [el("li", f"{clock(f['t'])} {': '.join(filter(None, (f['kind'], f['text'])))}") for f in turn["failures"]]
    return el("section", el("h4", "Failed on the way"), el("ul", *rows), class_="failed")


def _frame(turn: dict[str, Any], film: Film) -> Markup | None:
    told = turn["frame"]
    if told is None:
        return None
    if "id" not in told:
        why = "; ".join(filter(None, [told["problem"], told["reason"]]))
        return el("figure", el("figcaption", el("strong", "No picture. "), why))
    picture = film.frames.get(told["id"])
    image = el("p", "This picture is not in the recording any more.", class_="soft")
    if picture:
        alt = f"Frame {told['id']}, which turn {turn['turn']} is about"
        image = el("img", src=data_uri("image/jpeg", picture.jpeg), alt=alt)
        image = framed(image, told["id"], (told["width"], told["height"]), turn["thinking"])
    facts = [
        ("Why this one", told["reason"]),
        ("Problem", told["problem"]),
        ("Captured", f"{clock(told['t'])}, {told['age_ms']} ms old when chosen, 1 of {told['of']}"),
        ("Sharpness", f"{told['sharpness']:.0f}; brightness {told['brightness']:.0f}, motion {told['motion']:.1f}"),
        ("Policy", told["policy"]),
        ("Left the device", _to_whom(picture.sent_to if picture else "", turn["ledger"])),
    ]
    rows = [group(el("dt", name), el("dd", value, dir="auto")) for name, value in facts if value]
    read = None
    if turn["read"]:
        lines = [el("li", el("bdi", x["text"]), el("span", x["what"], class_="soft")) for x in turn["read"]]
        read = group(el("h4", "Read in it, on the device"), el("ul", *lines, class_="read"))
    title = el("p", el("strong", f"Frame {told['id']}"), f" · {told['width']}×{told['height']}", class_="soft")
    return el("figure", image, el("figcaption", title, el("dl", *rows), read))


def _to_whom(model: str, entry: Entry) -> str:
    if not model:
        return "no"
    local = any(gone.model == model and gone.local for gone in entry.gone)
    return f"no: shown to {model} on this machine" if local else f"sent to {model}"


def _left(turn: dict[str, Any], film: Film) -> Markup:
    if not turn["asked"] and not turn["exchanges"]:
        return el("p", "Nothing left the device for this turn.", class_="left none")
    here = {gone.host for gone in turn["ledger"].gone if gone.local}
    crossed = [x for x in turn["exchanges"] if x["to"] not in here] or turn["exchanges"]
    hosts = ", ".join(dict.fromkeys(x["to"] for x in crossed)) or "the model (no request was recorded)"
    sent = sum(x["sent_bytes"] for x in crossed)
    sent_pictures = turn["thinking"].pictures if turn["asked"] else []
    frames = sorted({shown.frame_id for shown in sent_pictures if not shown.part})
    parts = sum(1 for shown in sent_pictures if shown.part)
    pictures = [f"frame {', '.join(map(str, frames))}"] if frames else []
    pictures += [plural(parts, "part of a frame", "parts of frames")] if parts else []
    what = f"words{' and ' + ' and '.join(pictures) if pictures else ', no picture'}"
    where = "Asked on this machine, nothing left it" if stayed(turn["ledger"]) else "Left the device"
    summary = el("summary", el("strong", f"{where}: {what}"), f" · to {hosts}", f" · {size(sent)}" if sent else "")
    asked = [_messages(one, film, number) for number, one in enumerate(turn["asked"], 1)]
    return el("details", summary, *asked, *map(exchange, turn["exchanges"]), class_="left")


def _messages(asked: dict[str, Any], film: Film, number: int) -> Markup:
    """One question as it was put; what it shares with the one before is not told twice."""
    to = asked["model"] or "the model"
    role = f", as the {asked['worker']}" if asked["worker"] else ""
    title = f"The question, as put to {to}{role}" if number == 1 else f"Question {number}, as put to {to}{role}"
    before = asked["as_before"]
    shared = f"begins with the {plural(before, 'message')} of a question before it" if before else ""
    tools = f"tools it may use: {', '.join(asked['tools'])}" if asked["tools"] else ""
    rows = [el("li", _message(message, asked["image_px"], film)) for message in asked["messages"]]
    return el(
        "section",
        el("h4", title),
        el("p", "; ".join(filter(None, [asked["reason"], shared, tools])), class_="why"),
        el("ol", *rows, class_="messages", start=before + 1 if before else None),
    )


def _message(message: dict[str, Any], image_px: int, film: Film) -> Markup:
    name = f" ({message['name']}{', failed' if message['failed'] else ''})" if message["name"] else ""
    calls = [el("p", "wants ", el("b", tool), " ", el("code", given, dir="auto")) for tool, given in message["calls"]]
    words = message["text"] or ("" if calls else "(no words)")
    notes = []
    if message["frame_id"] > 0:
        kept = film.frames.get(message["frame_id"])
        exact = f", {size(kept.size_bytes)}, SHA-256 {kept.sha256[:16]}…" if kept and kept.sha256 else ""
        notes.append(f"with frame {message['frame_id']}, at most {image_px} px{exact}")
    for frame_id, box, px, shown in message["views"]:
        kept = film.parts.get((frame_id, box)) if box else film.frames.get(frame_id)
        exact = f", {size(kept.size_bytes)}, SHA-256 {kept.sha256[:16]}…" if kept and kept.sha256 else ""
        notes.append(f"with {part(box)}frame {frame_id}, at most {px} px{exact}" + (f": {shown}" if shown else ""))
    return group(
        el("strong", message["role"], name),
        el("p", words, dir="auto", class_=None if message["text"] else "soft") if words else None,
        *calls,
        *[el("p", note, class_="soft") for note in notes],
    )
