"""What left this device, to whom and why; what was looked at; why an answer was what it was. One entry a turn.

The same entry is made from what history remembers (`entries`, for the ear) and from a recording
(`companion.turn_ledger`, for `companion why` and the page). Here are its shape and all of it in rows; `spoken`
has the few sentences.

Sound never leaves: what was recognised from it does, as words.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pipelines.events import MS, NO_TRACE, FrameScore, Message, ModelInfo, Remembered, Sent, Trace
from pipelines.thinking import wording
from pipelines.thinking.chain import spoken_name

SMALL_TALK: Final = frozenset({"status", "control", "backchannel", "confirm", "none"})  # turns nobody asks "why" about

# Variance of the Laplacian, `pipelines.seeing.quality`: below 10 no text can be read, the plainest good photograph has
# 12.6, a small sign on a wall 100 or more.
SHARPNESS: Final = ((10.0, "blurred"), (30.0, "rather soft"), (100.0, "fairly sharp"), (float("inf"), "sharp"))
PROBLEMS: Final = {"stale": "too old", "overexposed": "too bright", "covered": "black or blank", "dark": "too dark"}
RULES: Final = {
    "read": "words that ask to read are answered on the device",
    "price": "words that ask for a price are answered on the device",
    "code": "words that ask for a code are answered on the device",
    "thing": "words that ask for colour, light or movement are answered on the device",
    "reading": "words that move about in a text are answered on the device",
    "history": "words that ask for what was read before are answered from memory",
    "alarm": "words that set a timer or a reminder need no model",
    "note": "notes need no model",
    "memory": "what is told to be remembered, or to be forgotten, needs no model",
    "recall": "what the wearer told is answered from memory, on this machine",
    "model": "no rule of the device fits these words, so a model is asked",
}


@dataclass(frozen=True, slots=True)
class Gone:
    """What went to one model, or to one host for a tool (`model` ""). Below 0 = not known: `letters`, `bytes_out`,
    `bytes_in`, and `usd`. `local`: it runs on this machine, so nothing left;
    `memories`: of the wearer's, among the letters."""

    model: str
    host: str = ""
    local: bool = False
    questions: int = 1
    letters: int = -1
    earlier: int = 0
    pictures: int = 0
    bytes_out: int = -1
    bytes_in: int = -1
    usd: float = -1.0
    end: str = ""
    memories: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One turn. `kind`: who could answer ("read", "code", "model" …); `heard`: what the ear got of the answer, `cut`:
    not all; `lines`, `codes`: what was read on the device; `looked`, `parts`: whole pictures and parts looked at;
    `used`: tools with effects; `usd`: of all models together, below 0 = not known."""

    turn: int
    question: str
    kind: str = ""
    heard: str = ""
    cut: bool = False
    mode: str = ""
    gone: tuple[Gone, ...] = ()
    trace: Trace = NO_TRACE
    looked: int = 0
    parts: int = 0
    lines: tuple[str, ...] = ()
    codes: int = 0
    used: tuple[str, ...] = ()
    usd: float = -1.0

    @property
    def left(self) -> tuple[Gone, ...]:
        """Of `gone`, what went beyond this machine."""
        return tuple(gone for gone in self.gone if not gone.local)

    @property
    def pictures(self) -> int:
        """That left, each counted once however many models got it."""
        return max((gone.pictures for gone in self.left), default=0)

    @property
    def answered_by(self) -> str:
        """Name of the model, "" = the device itself."""
        return next((gone.model for gone in reversed(self.gone) if gone.model and not gone.end), "")


def sharp_words(sharpness: float) -> str:
    return next((word for limit, word in SHARPNESS if sharpness < limit), SHARPNESS[-1][1])


def host_of(info: ModelInfo | None) -> str:
    """Where a model is asked, from its profile; "" if that is not known."""
    try:
        address = str(json.loads(info.profile or "{}").get("base_url", "")) if info is not None else ""
    except (ValueError, AttributeError):
        return ""
    return address.partition("://")[2].partition("/")[0].rpartition("@")[2]


# ----------------------------------------------------------------------------------------------------- while it is sent


def with_question(sent: tuple[Sent, ...], model: str, messages: Sequence[Message]) -> tuple[Sent, ...]:
    """What was sent before in this turn, and now this. A round with tools' results shows the same pictures again."""
    letters = sum(len(message.text) for message in messages)
    pictures = sum((m.frame_id > 0) + len(m.views) for m in messages if m.role == "user")
    earlier = sum(m.role == "assistant" and not m.calls and bool(m.text) for m in messages)
    memories = sum(m.memories for m in messages)
    old = next((one for one in sent if one.model == model), None)
    if old is None:
        return (*sent, Sent(model, 1, letters, pictures, earlier, memories=memories))
    new = Sent(
        model,
        old.questions + 1,
        old.letters + letters,
        max(old.pictures, pictures),
        max(old.earlier, earlier),
        old.end,
        max(old.memories, memories),
    )
    return tuple(new if one is old else one for one in sent)


def with_end(sent: tuple[Sent, ...], model: str, kind: str = "", left: bool = True) -> tuple[Sent, ...]:
    """It answered ("") or failed. `left`: False if it failed before anything went out."""
    out = []
    for one in sent:
        if one.model != model:
            out.append(one)
        elif left or one.questions > 1:
            out.append(replace(one, end=kind, questions=one.questions - (not left)))
    return tuple(out)


# ---------------------------------------------------------------------------------------------------- from what is kept


def entries(remembered: Iterable[Remembered], models: Sequence[ModelInfo]) -> tuple[Entry, ...]:
    """The session's ledger, oldest first, as far as history knows it. `models`: those of the session."""
    known = {model.name: model for model in models}
    return tuple(_entry(one, known) for one in remembered)


def trace_of(one: Remembered) -> Trace:
    """What the turn came from; nothing for one that was remembered before there were traces."""
    return one.trace


def _entry(one: Remembered, known: dict[str, ModelInfo]) -> Entry:
    trace = trace_of(one)
    whole = [view for view in one.views if not any(view.box)]
    # Before there were traces, history kept the names only, and one question a turn.
    sent = trace.sent or tuple(Sent(name, 1, -1, len(one.views)) for name in one.asked)
    return Entry(
        one.turn,
        one.question,
        one.kind,
        one.heard,
        mode=one.mode,
        gone=tuple(gone_of(part, known.get(part.model)) for part in sent),
        trace=trace,
        looked=max(len({view.frame_id for view in whole}), 1 if trace.frame is not None or one.views else 0),
        parts=len(one.views) - len(whole),
        lines=tuple(line.text for line in one.lines),
        codes=len(one.codes),
        used=one.used,
        usd=one.usd,
    )


def gone_of(part: Sent, info: ModelInfo | None) -> Gone:
    local = info is not None and info.local
    return Gone(
        part.model,
        host_of(info),
        local,
        part.questions,
        part.letters,
        part.earlier,
        part.pictures,
        end=part.end,
        memories=part.memories,
    )


def last_question(ledger: Sequence[Entry]) -> Entry | None:
    """The newest turn that was a question about the world, not about the companion."""
    return next((e for e in reversed(ledger) if e.question and e.kind not in SMALL_TALK), None)


# ------------------------------------------------------------------------------------------------------------- in rows


def rows(entry: Entry, called: Callable[[str], str] = spoken_name) -> list[tuple[str, str]]:
    """All of it, as name and words, for a screen or a page. Words of others are in it as they are."""
    trace = entry.trace
    told = [("to " + _whom(gone, called), _what(gone)) for gone in entry.gone]
    if not entry.gone:
        told = [("left", "nothing left this device for this turn")]
    elif not entry.left:
        told.append(("left", "nothing left this machine"))
    if entry.usd > 0 and len(entry.gone) > 1:
        told.append(("cost", f"${entry.usd:,.4f}"))
    told += [("used", ", ".join(entry.used))] if entry.used else []
    told += [("covered", wording.count(trace.covered, "part") + " of the pictures")] if trace.covered else []
    told += [("kept back", trace.kept_back)] if trace.kept_back else []
    told += [("private", "private mode was on")] if trace.private else []
    told += [("looked at", look)] if (look := look_words(entry)) else []
    told += [("answered by", _answered(entry, called)), ("rule", rule_words(entry))]
    return [(name, words) for name, words in told if words]


def _whom(gone: Gone, called: Callable[[str], str]) -> str:
    where = " on this machine" if gone.local else f" at {gone.host}" if gone.host and gone.host != gone.model else ""
    return (called(gone.model) if gone.model else "") + (where if gone.model else gone.host)


def _what(gone: Gone) -> str:
    parts = []
    if gone.model:
        parts.append(wording.count(gone.questions, "question"))
        parts += [f"{gone.letters:,} letters"] if gone.letters >= 0 else []
        parts += [f"{wording.count(gone.earlier, 'earlier turn')} among them"] if gone.earlier else []
        parts += [f"{_remembered(gone.memories)} among them"] if gone.memories else []
        parts.append(wording.count(gone.pictures, "picture"))
    parts += [f"{gone.bytes_out:,} bytes out"] if gone.bytes_out >= 0 else []
    parts += [f"{gone.bytes_in:,} bytes back"] if gone.bytes_in >= 0 else []
    parts.append("0 s of sound")
    parts += [f"${gone.usd:,.4f}"] if gone.usd >= 0 else []
    parts += [f"no answer: {gone.end}"] if gone.end else []
    return ", ".join(parts)


def _remembered(number: int) -> str:
    return wording.count(number, "thing") + " that I remember"


def look_words(entry: Entry) -> str:
    """Which picture: how many, when it was taken, how sharp it was, what was wrong with it; "" if there was none."""
    if not entry.looked:
        return f"no picture: {entry.trace.problem}" if entry.trace.problem not in ("", "no picture") else ""
    said = wording.count(entry.looked, "picture")
    if entry.parts:
        said += f", and closer at {wording.count(entry.parts, 'part')} of it"
    if (frame := entry.trace.frame) is not None:
        problem = entry.trace.problem
        state = sharp_words(frame.sharpness)
        also = f", but {PROBLEMS.get(problem, problem)}" if problem and problem != state else ""
        said += f", taken {moment_words(entry.trace.before_ms)}, {state}{also}"
    return said


def moment_words(before_ms: int) -> str:
    """When a picture was taken, told from the wearer's last word."""
    if abs(before_ms) < 400:  # as long as a word takes
        return "as you spoke"
    return f"{_seconds(abs(before_ms))} {'before' if before_ms > 0 else 'after'} you had spoken"


def _seconds(ms: int) -> str:
    tenths = round(ms / 100)
    if tenths == 5:
        return "half a second"
    if tenths == 10:
        return "a second"
    return f"{tenths // 10} seconds" if tenths % 10 == 0 or tenths > 100 else f"{tenths / 10:.1f} seconds"


def rule_words(entry: Entry) -> str:
    """Which rule decided who answers, and with how much thought."""
    return "; ".join(filter(None, [RULES.get(entry.kind, ""), entry.trace.reason]))


def _answered(entry: Entry, called: Callable[[str], str]) -> str:
    by = entry.answered_by
    if not by:
        return "" if entry.kind == "model" and entry.gone else "the device itself"
    tried = [called(gone.model) for gone in entry.gone if gone.end]
    return called(by) + (f", after {wording.listed(tried)} gave no answer" if tried else "")


def before_ms(frame: FrameScore | None, speech_end_ns: int) -> int:
    """For `Trace.before_ms`; 0 for a typed question, which has no last word."""
    return (speech_end_ns - frame.media_ns) // MS if frame is not None and speech_end_ns else 0
