"""The ledger for the ear: what did you send, who got it, what did you look at, why did you say that.

Three short sentences at most; all of it stands on the page and in `companion why`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from pipelines.thinking import wording
from pipelines.thinking.ledger.book import PROBLEMS, Entry, Gone, last_question, look_words, sharp_words

Called = Callable[[str], str]

NOTHING: Final = "Nothing has left this device."
NOTHING_ASKED: Final = "You have not asked me anything yet."
NOT_LOOKED: Final = "I have not looked at anything yet."
NO_SOUND: Final = "Sound never leaves this device."
WORDS: Final = 9  # of a question that is told again
LINE_WORDS: Final = 6  # of a line that was read
TRIED_WORDS: Final = 2  # models that are named for having failed


def sent(ledger: Sequence[Entry], called: Called) -> str:
    """What left in this session: the last question first, then all of it."""
    gone = [entry for entry in ledger if entry.left]
    used = list(dict.fromkeys(name for entry in ledger for name in entry.used))
    if not gone:
        if used:
            return f"No question went to a model. I used {wording.listed(used)}."
        here = next((entry.gone[-1] for entry in reversed(ledger) if entry.gone), None)
        return f"{NOTHING} {_first(called(here.model))} runs on this machine." if here is not None else NOTHING
    last, sentences = last_question(ledger), []
    if len(gone) > 1 and last is gone[-1]:
        sentences.append(f"Last I sent {_things(last)} to {_whom(last.left, called)}.")
    elif last is not None and last is not gone[-1]:
        sentences.append("For your last question nothing left this device.")
    pictures = sum(entry.pictures for entry in gone)
    shown = f" and {wording.count(pictures, 'picture')}" if pictures else ", and no picture"
    usd = sum(max(0.0, entry.usd) for entry in gone)
    cost = f", for {wording.money(usd)}" if usd > 0 else ""
    whom = _whom([part for entry in gone for part in entry.left], called)
    sentences.append(f"In this session I sent {wording.count(len(gone), 'question')}{shown} to {whom}{cost}.")
    return " ".join([*sentences, _also(gone, used)])


def sent_last(ledger: Sequence[Entry], called: Called) -> str:
    """What left for the last question."""
    entry = last_question(ledger)
    if entry is None:
        return NOTHING_ASKED if ledger else NOTHING
    about = f"For {quoted(entry.question)}"
    if not entry.left:
        if entry.gone:
            return f"{about} I asked {called(entry.gone[-1].model)}, which runs on this machine. Nothing left it."
        kept = f" {_sentence(entry.trace.kept_back)}" if entry.trace.kept_back else ""
        return f"{about} nothing left this device.{kept}{_used(entry)}"
    cost = f", for {wording.money(entry.usd)}" if entry.usd > 0 else ""
    first = f"{about} I sent {_things(entry)} to {_whom(entry.left, called)}{cost}."
    return " ".join([first, _also([entry], list(entry.used))])


def sent_whom(ledger: Sequence[Entry], called: Called) -> str:
    """Who got what was sent last."""
    entry = next((e for e in reversed(ledger) if e.left), None)
    if entry is None:
        return NOTHING
    hosts = [wording.host(gone.host) for gone in entry.left if gone.host and gone.host != gone.model]
    where = f", at {wording.listed(list(dict.fromkeys(hosts)))}" if hosts else ""
    late = "" if entry is last_question(ledger) else " That was not for your last question: nothing left for that."
    return f"{quoted(entry.question)} went to {_whom(entry.left, called)}{where}.{late}"


def looked(ledger: Sequence[Entry]) -> str:
    """What the last answer that needed a look was looking at."""
    entry = next((e for e in reversed(ledger) if e.question and (e.looked or e.lines or e.codes)), None)
    if entry is None:
        return NOT_LOOKED
    said = [f"For {quoted(entry.question)} I looked at {look_words(entry) or 'one picture'}."]
    if entry.lines:
        more = f", and {wording.count(len(entry.lines) - 1, 'more line')}" if len(entry.lines) > 1 else ""
        said.append(f"I read there: {quoted(entry.lines[0], LINE_WORDS)}{more}.")
    elif entry.codes:
        said.append(f"I found {wording.count(entry.codes, 'code')} there.")
    return " ".join(said)


def why(ledger: Sequence[Entry], called: Called) -> str:
    """Why the last answer was what it was: what was heard, who answered from what, and what to doubt about it."""
    entry = last_question(ledger)
    if entry is None:
        return NOTHING_ASKED
    return " ".join(filter(None, [f"I heard {quoted(entry.question)}.", _who_answered(entry, called), _doubt(entry)]))


def _who_answered(entry: Entry, called: Called) -> str:
    source = _source(entry)
    if by := entry.answered_by:
        tried = list(dict.fromkeys(called(gone.model) for gone in entry.gone if gone.end))[:TRIED_WORDS]
        first = f", since {wording.listed(tried)} gave no answer" if tried else ""
        return f"{_first(called(by))} answered{source}{first}."
    if entry.kind == "model":
        asked = list(dict.fromkeys(called(gone.model) for gone in entry.gone))[:TRIED_WORDS]
        return f"I asked {wording.listed(asked)} and got no answer." if asked else "No model was asked."
    return f"I answered that on this device, without a model{source}."


def _source(entry: Entry) -> str:
    """What it came from: ", from one sharp picture and two lines of text"."""
    parts = []
    if entry.looked:
        frame = entry.trace.frame
        state = "" if frame is None else f"{sharp_words(frame.sharpness)} "
        parts.append(wording.count(entry.looked, f"{state}picture"))
    if entry.lines:
        parts.append(wording.count(len(entry.lines), "line") + " of text in it")
    if entry.codes:
        parts.append(wording.count(entry.codes, "code") + " in it")
    if told := max((gone.memories for gone in entry.gone), default=0):
        parts.append(wording.count(told, "thing") + " that I remember")
    if not parts and entry.answered_by:
        return ", from your words alone"
    if entry.kind == "recall":
        return ", from what you told me"
    if entry.kind == "history":
        return ", from what I had read before"
    return f", from {wording.listed(parts)}" if parts else ""


def _doubt(entry: Entry) -> str:
    """What may have gone wrong, the weightiest only; else how to put it right."""
    trace = entry.trace
    if trace.kept_back:
        return _sentence(trace.kept_back)
    if trace.problem and entry.looked:
        return f"The picture was {PROBLEMS.get(trace.problem, trace.problem)}, so do not trust it much."
    if trace.covered:
        return f"Your rules covered {wording.count(trace.covered, 'part')} of the picture."
    if entry.cut:
        return "You have not heard all of it."
    return "If I heard you wrong, say it again."


# ---------------------------------------------------------------------------------------------------------- their parts


def quoted(text: str, words: int = WORDS) -> str:
    """The beginning of it, without marks that would end a sentence."""
    said = text.strip().translate(_ENDS).split()
    return f"“{' '.join(said[:words])}{' …' if len(said) > words else ''}”"


_ENDS: Final = str.maketrans({".": " ", "!": " ", "?": " ", "“": "", "”": "", '"': ""})


def _things(entry: Entry) -> str:
    earlier = max(gone.earlier for gone in entry.left)
    memories = max(gone.memories for gone in entry.left)
    parts = ["your words"] + ([wording.count(earlier, "earlier turn")] if earlier else [])
    parts += [wording.count(memories, "thing") + " that I remember"] if memories else []
    shown = wording.count(entry.pictures, "picture") if entry.pictures else "no picture"
    return wording.listed([*parts, shown])


def _whom(gone: Sequence[Gone], called: Called) -> str:
    names = list(dict.fromkeys(called(part.model) if part.model else wording.host(part.host) for part in gone))
    return wording.listed(names)


def _also(gone: Sequence[Entry], used: Sequence[str]) -> str:
    """The last sentence: what else went out, what did not."""
    covered = sum(entry.trace.covered for entry in gone)
    parts = [f"I also used {wording.listed(list(used))}"] if used else []
    was = "was" if covered == 1 else "were"
    parts += [f"{wording.count(covered, 'part')} of the pictures {was} covered"] if covered else []
    return _first(" and ".join(parts)) + "." if parts else NO_SOUND


def _used(entry: Entry) -> str:
    return f" I used {wording.listed(list(entry.used))}." if entry.used else ""


def _sentence(text: str) -> str:
    text = _first(" ".join(text.translate(_ENDS).split()))
    return f"{text}." if text else ""


def _first(text: str) -> str:
    return text[:1].upper() + text[1:]
