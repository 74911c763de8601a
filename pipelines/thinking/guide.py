"""Leading the wearer through a task: which step they are at, kept over turns, each step with its own fresh look.

The steps come from the model, one at a time; that a task is under way, its goal, the number of the step, what was said
of it and what was last seen are kept here, so a model that forgets does not lose the thread.
"""

from __future__ import annotations

import re
from typing import Final

from pipelines.events import Guide
from pipelines.thinking.intent import normal

_START: Final = re.compile(
    r"(?:please )?(?:(?:guide|walk|lead|take|talk) me through|help me (?:to )?(?=(?:assemble|install|build|fix|repair|"
    r"set up|change|replace|mount|put together|make|cook|clean|connect)\b)|show me step by step how to|"
    r"tell me step by step how to)\s*(?P<goal>.+)"
)
_NEXT: Final = frozenset(
    {
        "next",
        "next step",
        "done",
        "done what now",
        "what now",
        "what next",
        "whats next",
        "what's next",
        "okay next",
        "ok next",
        "finished",
        "i did that",
        "i'm done",
        "ready",
        "go on",
        "continue",
    }
)
_BACK: Final = frozenset({"back", "previous step", "go back", "last step", "the step before"})
_AGAIN: Final = frozenset({"again", "repeat", "repeat that", "say that again", "what was that", "repeat the step"})
_END: Final = frozenset(
    {
        "stop guiding",
        "stop the guide",
        "we are done",
        "we're done",
        "all done",
        "that's it",
        "i am finished with it",
        "end the guide",
        "stop guiding me",
    }
)
INSTRUCTION: Final = (
    "You lead the wearer through a task, one step at a time. Say only the step that is due, in one or two short "
    "sentences; never list later steps. Look at the picture first: if it shows that the last step is not done, or "
    "done wrongly, say what to mend instead. If the whole task is done, say so."
)


def goal_of(text: str) -> str:
    """What the wearer wants to be led through; "" if they ask for something else."""
    found = _START.fullmatch(normal(text))
    return found["goal"] if found else ""


def command(text: str) -> str:
    """What these words mean while a task is under way: "next", "back", "again", "end", or "" (a remark or another
    question: "it does not fit")."""
    words = normal(text)
    for name, known in (("next", _NEXT), ("back", _BACK), ("again", _AGAIN), ("end", _END)):
        if words in known:
            return name
    return ""


_TROUBLE: Final = re.compile(
    r"\b(?:does ?n[o']?t|doesn't|won't|will not|can't|cannot|is ?n[o']?t|isn't|stuck|broke|broken|wrong|missing|"
    r"too (?:tight|loose|long|short|big|small)|which one|where is|is (?:this|that|it) right|like this)\b"
)


def about_the_step(text: str) -> bool:
    """Whether these words tell of trouble with the step, or ask about it."""
    return bool(_TROUBLE.search(normal(text)))


def begun(goal: str) -> Guide:
    return Guide(goal)


def moved(guide: Guide, name: str) -> Guide:
    """The task at the step that the wearer's words lead to."""
    step = {"next": guide.step + 1, "back": max(1, guide.step - 1)}.get(name, guide.step)
    return Guide(guide.goal, step, guide.said, guide.seen)


def told(guide: Guide, said: str, seen: str) -> Guide:
    """After a step was spoken: what the ear got of it, and what was seen meanwhile."""
    return Guide(guide.goal, guide.step, said[:400], seen[:200])


def brief(guide: Guide, name: str) -> str:
    """What the model is told beside the wearer's words and the fresh picture."""
    parts = [INSTRUCTION, f"The task: {guide.goal}. Step {guide.step} is due."]
    if guide.said:
        parts.append(f"What you said last: {guide.said}")
    if guide.seen:
        parts.append(f"At your last look you saw: {guide.seen}")
    if name == "":
        parts.append("The wearer speaks of the step that is due; help with that, and stay at this step.")
    return " ".join(parts)
