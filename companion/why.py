"""Why a turn went as it did, on one screen: heard, saw, how the question was asked, sent, said, what the ear got, the
ledger of what left, and where the time went.

Everything is told from what was recorded, nothing is computed again but the picture's size. What the recording does not
know is said to be unknown. The screen never grows beyond its lines: each part has a share, and what is cut shows "…".
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from companion.sessions import Outcome
from companion.terminal import Screen, cut, safe, wrapped
from companion.thumbnail import cells, picture_of, thumbnail
from companion.turn_facts import Exchange, TurnFacts, clock, facts_of
from companion.turn_recall import recalls
from companion.turn_thinking import Asked, Thinking, spending
from pipelines import events as ev
from pipelines.thinking import ledger
from recordings.reader import Recording
from recordings.session import RecordingError

MARGIN = 8  # columns for the name of a part
THUMB_COLUMNS, THUMB_ROWS = 32, 9  # 16:9 at two pixels a cell
FACT_ROWS = 12  # beside the thumbnail and a little below it
EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")
MODEL_ROWS = (4, 6)  # for mode and models, tools, plans, cost together: at least, at most
LEDGER_ROWS = 6  # at most; what the other parts leave
WENT_ROWS = 9  # for the spans, before the model's part gets more than it must
RECALL_ROWS = 3  # at most
SOME_FRAMES = 6  # of those that were candidates, around the chosen one


def why(path: Path, turn: int | None = None, screen: Screen | None = None) -> Outcome:
    """One turn of a recording (default: the last one) on one screen. Code 1 if the file or the turn is not there."""
    screen = screen or Screen()
    try:
        recording = Recording(path)
        lines = _lines(recording, facts_of(recording, turn), screen)
    except RecordingError as reason:
        return Outcome(str(reason), 1)
    return Outcome("\n".join(lines))


# ----------------------------------------------------------------------------------------------------------- the screen


def _lines(recording: Recording, told: TurnFacts, screen: Screen) -> list[str]:
    """The parts one below the other. Those before the last have their shares; the last takes what is left."""
    lines = [_head(recording, told, screen)]
    lines += _part("HEARD", _heard(told, screen), screen)
    lines += _part("SAW", _saw(recording, told, screen), screen)
    lines += _part("RECALL", _recalled(told, screen), screen)
    after = _part("SENT", _sent(recording, told, screen), screen)
    after += _part("SAID", _said(told, screen), screen)
    after += _part("EAR", _ear(told, screen), screen)
    least, most = MODEL_ROWS
    spare = screen.lines - len(lines) - len(after) - len(told.notes) - least - WENT_ROWS // 2
    after += _part("LEDGER", _ledger(told, screen, max(0, min(LEDGER_ROWS, spare))), screen)
    room = min(most, max(least, screen.lines - len(lines) - len(after) - len(told.notes) - WENT_ROWS))
    lines += [*_part("MODEL", _model(told.thinking, screen, room), screen), *after]
    notes = [cut(f"note: {safe(note)}", screen.width) for note in told.notes]
    left = screen.lines - len(lines) - len(notes)
    return [*lines, *_part("WENT", _went(told, screen, max(2, left)), screen), *notes]


def _head(recording: Recording, told: TurnFacts, screen: Screen) -> str:
    of = f" of {told.turns}" if told.number <= told.turns else ""  # a slice holds one turn under its own number
    text = f"turn {told.number}{of}, at {clock(told.opened.t_ns)} of {recording.path.name}"
    return screen.styled(cut(safe(text), screen.width), "1")


def _part(name: str, rows: Sequence[str], screen: Screen) -> list[str]:
    if not rows:
        return []
    heads = [screen.styled(name, "36") + " " * (MARGIN - len(name)), *[" " * MARGIN] * (len(rows) - 1)]
    return [(head + row).rstrip() for head, row in zip(heads, rows, strict=True)]


def _text(text: str, screen: Screen, lines: int, beside: int = 0) -> list[str]:
    return wrapped(text, screen.width - MARGIN - beside, lines)


def _heard(told: TurnFacts, screen: Screen) -> list[str]:
    o = told.opened
    words = _text(f"“{o.text}”" if o.text else "(no words were understood)", screen, 2)
    spoken = f"spoken {clock(o.speech_start_ns)} to {clock(o.speech_end_ns)}" if o.speech_end_ns else "typed"
    return [*words, *_text(f"{spoken}; {_how_sure(told)}", screen, 2), *_text(f"{o.intent}: {o.reason}", screen, 2)]


def _how_sure(told: TurnFacts) -> str:
    heard = [h for h in told.all(ev.Transcribed) if h.text == told.opened.text or not told.opened.text]
    if not heard:
        return "nothing is recorded of how the words were recognised" if told.opened.speech_end_ns else "as typed"
    h = heard[-1]
    verdict = "accepted" if h.accepted else f"not accepted: {h.why or 'the recogniser was not sure'}"
    sure = f"log-probability {h.avg_logprob:.3f}, no speech {h.no_speech:.3f}"
    meant = f"; by its meaning: {h.purpose} ({h.purposeful:.2f})" if h.purpose else ""
    return f"{verdict}, {sure}, recognised in {h.cost_ns / 1e6:.0f} ms{meant}"


# ----------------------------------------------------------------------------------------------------------------- saw


def _saw(recording: Recording, told: TurnFacts, screen: Screen) -> list[str]:
    chosen = told.last(ev.FrameChosen)
    if chosen is None:
        scored = max((len(look.frames) for look in told.all(ev.Looked)), default=0)
        meanwhile = f" ({scored} were scored while the words were recognised)" if scored else ""
        return _text(f"nothing: no frame was chosen{meanwhile}", screen, 1)
    if chosen.frame is None:
        return _text(f"no picture: {chosen.problem or 'none'}; {chosen.reason}", screen, 2)
    picture, source = picture_of(recording, chosen.frame.frame_id)
    thumb = thumbnail(picture, THUMB_COLUMNS, THUMB_ROWS, screen.colours) if picture is not None else []
    if picture is None or not thumb:
        return _frame_facts(told, chosen, chosen.frame, source, screen, 0)
    across, _ = cells(picture, THUMB_COLUMNS, THUMB_ROWS)
    beside = across + 2
    right = _frame_facts(told, chosen, chosen.frame, source, screen, beside)
    left = [row + "  " for row in thumb] + [" " * beside] * (len(right) - len(thumb))
    return [a + b for a, b in zip(left, [*right, *[""] * (len(left) - len(right))], strict=True)]


def _frame_facts(
    told: TurnFacts, chosen: ev.FrameChosen, f: ev.FrameScore, source: str, screen: Screen, beside: int
) -> list[str]:
    age = f"{chosen.age_ms} ms old when chosen"
    if told.opened.speech_end_ns:
        late_ms = round((f.media_ns - told.opened.speech_end_ns) / ev.MS)
        age += f", {abs(late_ms)} ms {'after' if late_ms >= 0 else 'before'} the last word"
    facts = [
        (f"frame {f.frame_id}, {f.width}x{f.height}, {source}", 1),
        (age, 2),
        (f"sharpness {f.sharpness:.0f}, brightness {f.brightness:.0f}, motion {f.motion:.1f}", 1),
        (f"PROBLEM: {chosen.problem}" if chosen.problem else "", 1),
        (f"why: {chosen.reason}", 2 if beside else 1),
        (_candidates(told, chosen, f), 2 if beside else 1),
        (f"rule {chosen.policy}" if chosen.policy else "", 1),
        (_read(told), 3 if beside else 2),
    ]
    return [row for text, lines in facts if text for row in _text(text, screen, lines, beside)][:FACT_ROWS]


def _candidates(told: TurnFacts, chosen: ev.FrameChosen, f: ev.FrameScore) -> str:
    """The frames it was chosen from, with their sharpness; the chosen one is marked."""
    looks = [look for look in told.all(ev.Looked) if f in look.frames]
    if not looks:
        return f"1 of {chosen.candidates} candidates" if chosen.candidates else ""
    frames = looks[-1].frames
    first = max(0, min(frames.index(f) - SOME_FRAMES // 2, len(frames) - SOME_FRAMES))
    shown = frames[first : first + SOME_FRAMES]
    marks = " ".join(f"{'>' if one == f else ''}{one.frame_id}:{one.sharpness:.0f}" for one in shown)
    return f"of {len(frames)}, frame:sharpness {marks}"


def _read(told: TurnFacts) -> str:
    text, codes = told.last(ev.TextRead), told.last(ev.CodesRead)
    found = [line.text for line in text.lines] if text else []
    found += [f"{code.kind} {code.payload}" for code in codes.codes] if codes else []
    if not (text or codes):
        return ""
    doubts = [f"{len(text.unread)} not read surely"] if text and text.unread else []
    doubts += [f"text runs off the {' and the '.join(text.cut)} edge"] if text and text.cut else []
    return "read: " + (" / ".join(found) if found else "nothing") + "".join(f"; {doubt}" for doubt in doubts)


def _recalled(told: TurnFacts, screen: Screen) -> list[str]:
    """The searches in memory, if there were any that found or failed something."""
    return [row for text in recalls(told.events)[:RECALL_ROWS] for row in _text(text, screen, 2)][:RECALL_ROWS]


# --------------------------------------------------------------------------------------------------------------- model


def _model(t: Thinking, screen: Screen, room: int) -> list[str]:
    """How it was asked; nothing for a turn whose question was put to nobody, or if it is not recorded to whom."""
    if not (t.mode or t.used or t.plans or t.progress or any(asked.model for asked in t.asked)):
        return []
    facts = [fact for fact in (_mode(t), _tools(t), _plans(t), _cost(t)) if fact]
    rows: list[str] = []
    for number, fact in enumerate(facts, 1):
        rows += _text(fact, screen, max(1, room - len(rows) - (len(facts) - number)))
    return rows


def _mode(t: Thinking) -> str:
    mode = f"{t.mode}{', as the wearer asked' if t.explicit else ''}" if t.mode else ""
    last = {change.worker: change for change in t.progress}
    who = ", ".join(f"{c.worker} {c.state}{f' ({c.model})' if c.model else ''}" for c in last.values())
    return ": ".join(filter(None, [mode, who or _models(t.asked)]))


def _models(asked: Sequence[Asked]) -> str:
    """One after the other, each with what came of the last question to it before the next one was asked."""
    runs = [a for i, a in enumerate(asked) if i + 1 == len(asked) or asked[i + 1].model != a.model]
    return ", then ".join(map(_asked, runs))


def _asked(a: Asked) -> str:
    end = a.end or "said nothing"
    failed = f" ({a.why})" if a.why else ""
    return f"{a.model or 'the model'} {end}{failed}"


def _tools(t: Thinking) -> str:
    given = f" {t.used[0].arguments}" if len(t.used) == 1 else ""  # of several, the page tells
    used = [f"{u.name}{given}{f' failed: {u.failed}' if u.failed else ''}" for u in t.used]
    parts = [
        f"{shown.part[2]}x{shown.part[3]} of frame {shown.frame_id}" for _, shown in t.parts if len(shown.part) == 4
    ]
    closer = f"looked closer at {' and '.join(parts)}" if parts else ""
    tools = f"{len(used)} tool{'s' if len(used) > 1 else ''}: {', '.join(used)}" if used else ""
    return "; ".join(filter(None, [closer, tools]))


def _plans(t: Thinking) -> str:
    return "; ".join(f"asked the wearer before {plan.tool}: {plan.outcome or 'not decided'}" for plan in t.plans)


def _cost(t: Thinking) -> str:
    s = spending([t])
    if not s.tokens:
        return ""
    cached = f" ({s.cached_tokens:,} cached)" if s.cached_tokens else ""
    reasoning = f" ({s.reasoning_tokens:,} reasoning)" if s.reasoning_tokens else ""
    price = f", ${s.usd:,.4f}" if s.priced else ", price not known"
    unknown = f" and what {', '.join(s.unpriced)} costs" if s.priced and s.unpriced else ""
    return f"{s.input_tokens:,} tokens in{cached}, {s.output_tokens:,} out{reasoning}{price}{unknown}"


# ---------------------------------------------------------------------------------------------------------- sent, said


def _sent(recording: Recording, told: TurnFacts, screen: Screen) -> list[str]:
    asked = told.last(ev.AskModel)
    if asked is None and not told.exchanges:
        return _text("nothing left this device for this turn", screen, 1)
    rows = []
    if asked is not None:
        letters = sum(len(message.text) for message in asked.messages)
        what = f"{len(asked.messages)} messages, {letters:,} letters"
        rows += _text(f"{what}, {_picture_sent(recording, asked, told)}", screen, 2)
    if not told.exchanges:
        return [*rows, *_text("no request was recorded: it is not known to whom it went", screen, 1)]
    for exchange in told.exchanges[-2:]:
        rows += _text(_exchange(exchange), screen, 2)
    return rows[:4]


def _picture_sent(recording: Recording, asked: ev.AskModel, told: TurnFacts) -> str:
    frames = {message.frame_id for message in asked.messages if message.frame_id > 0}
    frames |= {view.frame_id for message in asked.messages for view in message.views}
    if not frames:
        return "no picture"
    parts = sum(1 for message in asked.messages for view in message.views if any(view.box))
    closer = f" and {parts} part{'s' if parts > 1 else ''} of it" if parts else ""
    of_turn = {0, *(one.request for one in told.all(ev.AskModel))}  # 0: an older recording does not say
    stills = (still for still in recording.stills() if still.sent_to and still.request in of_turn)
    sent = [still for still in stills if still.frame_id in frames]
    hashes = dict.fromkeys(still.sha256 or hashlib.sha256(still.jpeg).hexdigest() for still in sent)
    named = "".join(f", SHA-256 {one[:16]}…" for one in hashes)
    return f"frame {', '.join(map(str, sorted(frames)))}{closer}, at most {asked.image_px} px{named}"


def _exchange(x: Exchange) -> str:
    first = f", the first of them after {x.first_ns / 1e6:,.0f} ms" if x.first_ns is not None else ""
    if x.status is None:
        answer = "no end of the answer was recorded"
    else:
        answer = f"status {x.status or 'none'} after {x.took_ns / 1e6:,.0f} ms" + (f" ({x.error})" if x.error else "")
    return f"{x.sent_bytes:,} bytes to {x.host}: {answer}; {x.received_bytes:,} bytes came back{first}"


def _said(told: TurnFacts, screen: Screen) -> list[str]:
    closed = told.last(ev.TurnClosed)
    speaks = [event for event in told.all(ev.Speak) if event.text]
    said = (closed.said if closed else "") or " ".join(event.text for event in speaks)
    failures = [
        ": ".join(filter(None, (f.kind, f.detail)))
        for f in told.events
        if isinstance(f, ev.ModelFailed | ev.WorkFailed)
    ]
    failed = [row for text in failures[-1:] for row in _text(f"failed: {text}", screen, 2)]
    if not said:
        return [*_text("nothing", screen, 1), *failed]
    voices = dict.fromkeys(f"{event.kind}, voice {event.voice or 'auto'}" for event in speaks)
    how = _text("; ".join(voices), screen, 1) if voices else []
    return [*_text(f"“{said}”", screen, 3), *how, *failed]


def _ear(told: TurnFacts, screen: Screen) -> list[str]:
    closed = told.last(ev.TurnClosed)
    sounded = [answer for answer in told.answers if answer.marks]
    if not sounded:
        return _text("nothing of it: no sound was handed to the link", screen, 1)
    first = f"first sound at {clock(sounded[0].time_of(0))}"
    where = first if sounded[0].heard_by_device else f"{first} at our own output; the device did not say when it heard"
    if closed is None:
        ended = "the turn was not closed when the recording ended"
        return _text(f"{ended}; {where}", screen, 2)
    if closed.heard == closed.said:
        return _text(f"all of it, {where}", screen, 2)
    got = f"“{closed.heard} —”" if closed.heard else "nothing"
    last = sounded[-1]
    played_ns, voiced_ns = last.played_ns(told.end_ns), last.voiced_ns
    at = f"cut at {played_ns / 1e9:.2f} s of {voiced_ns / 1e9:.2f} s rendered ({clock(last.time_of(played_ns))})"
    return [*_text(got, screen, 2), *_text(f"{closed.outcome}, {closed.reason}: {at}; {where}", screen, 2)]


# -------------------------------------------------------------------------------------------------------------- ledger


def _ledger(told: TurnFacts, screen: Screen, room: int) -> list[str]:
    """What left to whom, what was kept back, who answered and by which rule; nothing where there is no room for it."""
    facts = [f"{name}: {words}" for name, words in ledger.rows(told.ledger) if name != "left" or told.ledger.gone]
    rows: list[str] = []
    for number, fact in enumerate(facts[:room], 1):
        rows += _text(fact, screen, max(1, min(2, room - len(rows) - (len(facts) - number))))
    return rows[:room]


# ----------------------------------------------------------------------------------------------------------- waterfall


def _went(told: TurnFacts, screen: Screen, room: int) -> list[str]:
    """Bars of the spans, laid end to end; spans of no length share one line."""
    if told.spans is None:
        why_not = "nothing sounded" if not told.answers else "no spoken words ended before the answer began"
        return _text(f"not known: {why_not}", screen, 1)
    end = "the ear" if told.spans.heard_by_device else "our own output"
    total_ms, link_ms = told.spans.total_ms, told.spans.link_ms
    head = _text(f"{total_ms:,.0f} ms from the last word to {end}, {link_ms:,.0f} of them the link", screen, 1)
    spans = [span for span in told.spans.spans if span.ms >= 0.5]
    nothing = [span.name for span in told.spans.spans if span.ms < 0.5]
    tail = _text(f"no wait: {', '.join(nothing)}", screen, 1) if nothing else []
    fit = max(0, room - len(head) - len(tail))
    if len(spans) > fit:
        spans = sorted(sorted(spans, key=lambda span: -span.ms)[:fit], key=lambda span: span.start_ns)
    zero, total_ns = told.spans.spans[0].start_ns, max(1.0, told.spans.total_ms * 1e6)
    across = screen.width - MARGIN - 24
    rows = []
    for span in spans:
        bar = _bar((span.start_ns - zero) / total_ns, (span.end_ns - zero) / total_ns, across)
        rows.append(f"{span.name:<14}{span.ms:>6,.0f} ms " + screen.styled(bar, "33"))
    return [*head, *rows, *tail][:room]


def _bar(start: float, end: float, width: int) -> str:
    """A bar from `start` to `end` (0..1) of a line `width` columns long; never shorter than a hair."""
    left = min(int(start * width), width - 1)
    eighths = max(1, round((end * width - left) * 8))
    return " " * left + "█" * (eighths // 8) + EIGHTHS[eighths % 8]
