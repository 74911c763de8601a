"""What history keeps of an answer that was given, and of a thought that was finished or dropped."""

from __future__ import annotations

from dataclasses import replace

from pipelines.events import Remembered
from pipelines.room import Room
from pipelines.thinking import guide
from pipelines.thinking.answer import Answer
from pipelines.thinking.contemplate import Contemplation
from pipelines.thinking.history import caption_of


def remember_answer(room: Room, answer: Answer, heard: str, shown: str) -> None:
    """`heard`: what the ear got of it; `shown`: all of it, if it was shown and not (only) spoken."""
    entry, task = _of_answer(answer, heard, room.now_ns, shown), answer.question.guide
    room.history.add(entry)
    room.mind.turn_over(entry, room.private or entry.trace.private, room.started.wall_clock)
    if answer.question.intent.kind in {"read", "reading"}:
        room.read_aloud.ear_got(shown or heard)
    if task is not None and room.guide is not None:
        room.guide = guide.told(room.guide, shown or heard, entry.caption)


def remember_sent(room: Room, answer: Answer) -> None:
    """An answer that was forgotten: what left is told when the wearer asks; no later question is told of it."""
    if answer.asked:
        entry = _of_answer(answer, "", room.now_ns)
        room.history.add(replace(entry, turn=0, question="", caption=""))


def remember_thought(room: Room, thought: Contemplation, turn: int = 0, links: tuple[str, ...] = ()) -> None:
    """`turn`: in which its answer is told; 0: none is, so it is no question of a later query, but it was sent."""
    if (entry := _of_thought(thought, turn, links, room.now_ns)) is not None:
        room.history.add(entry)


def _of_answer(answer: Answer, heard: str, now_ns: int, shown: str = "") -> Remembered:
    q, talk = answer.question, answer.talk
    entry = Remembered(
        q.turn,
        now_ns,
        q.text,
        heard,
        "model" if answer.asked else q.intent.kind,
        answer.lines,
        answer.codes,
        answer.route.mode if q.intent.kind == "model" else "",
        caption_of(answer.leaving, answer.codes, shown or heard) if answer.views else "",
        answer.views,
        answer.asked,
        shown=shown,
        trace=answer.trace,
        unread=answer.unread,
        recalled=answer.recalled,
    )
    if talk is None:
        return entry
    return replace(entry, sources=talk.sources, links=answer.links, tokens=talk.tokens, usd=talk.usd, used=talk.effects)


def _of_thought(thought: Contemplation, turn: int, links: tuple[str, ...], now_ns: int) -> Remembered | None:
    """None if nothing was sent."""
    tally = thought.finding.tally if thought.finding is not None else None
    if tally is None or not tally.asked:
        return None
    return Remembered(
        turn,
        now_ns,
        thought.question if turn else "",
        kind="model",
        mode="contemplating",
        views=tally.views,
        asked=tally.asked,
        links=links,
        tokens=tally.tokens,
        usd=tally.usd,
    )
