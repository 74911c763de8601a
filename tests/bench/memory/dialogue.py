"""A dialogue over days as data, and how it is judged: by the words that an answer has to have, and must not have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

from tests.bench.memory.day import Day, Wearer

FIRST = datetime(2026, 11, 2, tzinfo=timezone(timedelta(hours=1)))  # a Monday
# What an answer says if there is nothing: one of these, and no fact.
NOTHING = (
    "don't know", "haven't told", "did not see", "didn't see", "have not seen", "haven't seen", "nothing stored",
    "no such question", "nothing else before", "no timer and no reminder", "i find no", "can't tell",
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """`do`: "day" (a restart, `days` after the first, at `hour`), "say" (typed; what is answered does not matter),
    "tell" (as "say"; if it asks whether to keep it, that is allowed), "ask" (the answer must have all of `words`, each
    a word or alternatives apart by "|", and none of `never`), "none" (it must say that there is nothing), "hear" (as
    "ask", of what is said unasked within `hour` hours), "allow"
    (say what was read back), or "gone" (none of `words` is found, or in any file)."""

    do: str
    text: str = ""
    words: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    days: int = 0
    hour: float = 0.0


@dataclass(frozen=True)
class Script:
    """One dialogue."""

    name: str
    category: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Check:
    """How one step came out. `kind`: "answer", "nothing" or "gone"."""

    kind: str
    right: bool
    said: str
    heard: str
    why: str = ""


@dataclass
class Played:
    """A dialogue that was held. `log`: every line of it."""

    script: Script
    checks: list[Check] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        return all(check.right for check in self.checks)


def play(script: Script, folder: Path) -> Played:
    """Hold it over a database in an empty folder."""
    wearer, played = Wearer(folder, FIRST), Played(script)
    day = wearer.begin(0, 9.0)
    try:
        for step in script.steps:
            if step.do == "day":
                day = wearer.begin(step.days, step.hour)
                played.log.append(f"--- day {step.days + 1}, {step.hour:g} h")
            else:
                _step(step, wearer, day, played)
    finally:
        wearer.end()
    return played


def _step(step: Step, wearer: Wearer, day: Day, played: Played) -> None:
    if step.do == "gone":
        found = [f"{word} in {' '.join(files)}" for word in step.words if (files := wearer.on_disk(word))]
        recalled = [(word, m) for word in step.words for m in wearer.store.recall(word, replaced=True)]
        found += [f"{word} recalled" for word, m in recalled if _has(f"{m.subject} {m.text} {m.answer}", word)]
        _check(played, "gone", step, "", "; ".join(found))
        return
    if step.do == "allow":
        heard = day.allow()
    elif step.do == "hear":
        heard = day.wait(step.hour * 3600)
    else:
        heard = day.ask(step.text)
    played.log += [f"> {step.text or step.do}", f"  {heard}"]
    if step.do == "tell" and day.asked:
        played.log.append(f"  (allowed) {day.allow()}")
    if step.do in {"ask", "hear"}:
        _check(played, "answer", step, heard, judged(heard, step.words, step.never))
    elif step.do == "none":
        says_so = any(part in heard.lower() for part in NOTHING)
        _check(played, "nothing", step, heard, judged(heard, (), step.never) or ("" if says_so else "no abstention"))


def _check(played: Played, kind: str, step: Step, heard: str, why: str) -> None:
    if why:
        played.log.append(f"  WRONG: {why}; wanted {step.words or 'nothing'}, never {step.never}")
    played.checks.append(Check(kind, not why, step.text, heard, why))


def judged(heard: str, words: Sequence[str], never: Sequence[str]) -> str:
    """ "" if the answer has all the words and none of the others, else what is wrong with it."""
    missing = [word for word in words if not any(_has(heard, part) for part in word.split("|"))]
    false = [word for word in never if _has(heard, word)]
    return "; ".join([f"{word!r} is missing" for word in missing] + [f"{word!r} was said" for word in false])


def _has(heard: str, word: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word.lower())}(?!\w)", heard.lower()) is not None
