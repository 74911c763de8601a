"""Questions about the companion itself, answered from what it knows: what can I say, what did you send, what did you
look at? No model is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipelines.events import Remembered
from pipelines.thinking import wording
from pipelines.thinking.world import World

_PLAIN = {
    "hello": "Hello. I am listening.",
    "who": wording.WHO,
    "hear": "Yes, I can hear you.",
    "hearing_failed": wording.WORK_FAILED["transcribe"],
    "not_yet": wording.NOT_YET,
    "nothing_asked": wording.NOTHING_ASKED,
}


def answer(name: str, world: World) -> str:
    """The sentence for a question of that name. Raises KeyError for a name that is not known."""
    if name == "help":
        return wording.help_text(bool(world.model), world.camera, world.closed_vocabulary)
    if name == "sent":
        return sent(world.history.entries, world.chain.called)
    if name == "looked":
        return looked(world.history.entries)
    if name == "sources":
        return sources(world.history.entries)
    if name == "not_understood":
        return wording.CLOSED_VOCABULARY if world.closed_vocabulary else wording.NOT_UNDERSTOOD
    return _PLAIN[name]


def sent(entries: Sequence[Remembered], called: Callable[[str], str]) -> str:
    """What left the device in this session, to whom, and what it cost. `called`: what a model is called aloud."""
    asked = [entry for entry in entries if entry.asked]
    used = list(dict.fromkeys(name for entry in entries for name in entry.used))
    also = f" I also used {wording.listed(used)}." if used else ""
    if not asked:
        return f"No question went to a model.{also}" if used else "Nothing has left this device."
    names = list(dict.fromkeys(called(name) for entry in asked for name in entry.asked))
    pictures = sum(len(entry.views) for entry in asked)
    questions = wording.count(len(asked), "question")
    shown = f" and {wording.count(pictures, 'picture')}" if pictures else ", and no picture"
    usd = sum(entry.usd for entry in asked)
    cost = f" It cost {wording.money(usd)}." if usd > 0 else ""
    return f"In this session I sent {questions}{shown} to {wording.listed(names)}.{cost}{also}"


def looked(entries: Sequence[Remembered]) -> str:
    """What the last answer that needed a look was looking at."""
    found = next((e for e in reversed(entries) if e.question and (e.views or e.lines or e.codes)), None)
    if found is None:
        return "I have not looked at anything yet."
    whole = [view for view in found.views if not any(view.box)]
    parts = [view for view in found.views if any(view.box)]
    frames = max(1, len({view.frame_id for view in whole}))
    said = f"For “{found.question}” I looked at {wording.count(frames, 'picture')}"
    if parts:
        said += f", and closer at {wording.count(len(parts), 'part')} of it"
    if found.lines:
        said += f". I read {wording.count(len(found.lines), 'line')} of text there"
    return said + "."


def sources(entries: Sequence[Remembered]) -> str:
    """Where the last answer that had sources was from; the addresses themselves are on the page."""
    found = next((e for e in reversed(entries) if e.sources), None)
    if found is None:
        return "I have used no sources for that."
    hosts = list(dict.fromkeys(wording.host(source) for source in found.sources))
    return f"For “{found.question}” I used {wording.listed(hosts[:4])}. The links are on the page."
