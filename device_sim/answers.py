"""What the stand-in answers, before any wire: thoughts, words, tool calls, and how many tokens it says that was.

It looks at a picture just far enough to prove that pixels arrived: it names the colour in the middle. What it thinks,
which tools it wants and what it says of their results follow from its `Behaviour`.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from device_sim import malice
from device_sim.asked import Asked, Call
from device_sim.behaviour import Behaviour, Wanted

__all__ = ["STORY", "Answer", "Usage", "answer_to", "colour_in_the_middle"]

THOUGHT = "The wearer asks something and I turn it over in my head before I say a single word of it aloud"
REASONED = "_reasoned"  # at the end of a call's id: it was made after thinking, which some wires want back


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens. `cached` is part of `input`, `reasoning` of `output`."""

    input: int
    output: int
    cached: int = 0
    reasoning: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `finish`: "stop", "calls", "length" (the request's cap was reached) or "refusal"."""

    thoughts: tuple[str, ...]
    words: tuple[str, ...]
    calls: tuple[Call, ...]
    finish: str
    usage: Usage
    shows_thoughts: bool = True


def answer_to(asked: Asked, behaviour: Behaviour) -> Answer:
    """The answer to a request. Words and thoughts are pieces with their blanks, to be sent one by one."""
    thoughts = _pieces(" ".join(itertools.islice(itertools.cycle(THOUGHT.split()), _thinking(asked, behaviour))))
    said, wanted = _said_and_wanted(asked, behaviour)
    words = [] if behaviour.refuses else _pieces(said)
    calls = [] if behaviour.refuses else _calls(asked, wanted, bool(thoughts))
    finish = "refusal" if behaviour.refuses else "calls" if calls else "stop"
    if 0 < asked.max_tokens < len(thoughts) + len(words):  # thinking counts: a low cap makes such a model silent
        finish, calls = "length", []
        thoughts = thoughts[: asked.max_tokens]
        words = words[: asked.max_tokens - len(thoughts)]
    wrote = len(thoughts) + len(words) if behaviour.output_tokens < 0 else behaviour.output_tokens
    usage = Usage(
        behaviour.input_tokens, wrote, min(behaviour.cached_tokens, behaviour.input_tokens), min(len(thoughts), wrote)
    )
    return Answer(tuple(thoughts), tuple(words), tuple(calls), finish, usage, asked.thoughts)


def _thinking(asked: Asked, behaviour: Behaviour) -> int:
    """Words of thinking. "none" is no thinking, unless the behaviour says otherwise: some models cannot stop it."""
    at = dict(behaviour.reasoning_at)
    return at.get(asked.effort, 0 if asked.effort == "none" else behaviour.reasoning)


def _pieces(text: str) -> list[str]:
    return re.findall(r"\s*\S+", text)


def _said_and_wanted(asked: Asked, behaviour: Behaviour) -> tuple[str, tuple[Wanted, ...]]:
    if behaviour.malicious:
        return malice.act(asked, behaviour.malicious)
    wanted = _round(asked, behaviour)
    if wanted:
        return behaviour.before, wanted
    if behaviour.then:
        return _filled(behaviour.then, asked), ()
    return (_as_worker(asked) if behaviour.workers and asked.role else plain(asked)), ()


def _round(asked: Asked, behaviour: Behaviour) -> tuple[Wanted, ...]:
    """The calls that it makes now; none if it may not, or has made them all."""
    rounds = behaviour.tools
    if not asked.parallel:
        rounds = tuple((wanted,) for calls in rounds for wanted in calls)
    if not rounds or not asked.may_call or (asked.rounds >= len(rounds) and not behaviour.endless):
        return ()
    return rounds[min(asked.rounds, len(rounds) - 1)]


def _calls(asked: Asked, wanted: tuple[Wanted, ...], reasoned: bool) -> list[Call]:
    end = REASONED if reasoned else ""
    first = asked.calls + 1
    return [Call(f"call_{first + i}{end}", call.name, call.arguments) for i, call in enumerate(wanted)]


def _filled(text: str, asked: Asked) -> str:
    results = [result.text for result in asked.results]
    values = {
        "result": results[-1] if results else "nothing",
        "results": "; ".join(results) or "nothing",
        "colour": _colour(asked) or "no colour",
        "question": asked.question,
        "pictures": str(len(asked.pictures)),
    }
    return re.sub(r"\{(\w+)\}", lambda hole: values.get(hole[1], hole[0]), text)


# ---------------------------------------------------------------------------------------------------- what it says


def plain(asked: Asked) -> str:
    """About the question and the first picture that came with it."""
    if "story" in asked.question.lower():
        return STORY
    if not asked.pictures:
        return "I got no picture."
    colour = _colour(asked)
    if not colour:
        return "I got a picture that I cannot open."
    thing = re.search(r"\b(door)\b|colou?r\s+(?:is|are|has)\s+(?:the|this|that|my)\s+(\w+)", asked.question.lower())
    return f"The {thing[1] or thing[2]} is {colour}." if thing else f"I see something {colour}."


def _as_worker(asked: Asked) -> str:
    """One of several at the same question; the last says how many of the others' answers reached it."""
    colour = _colour(asked)
    begins = {"reader": "The reader sees", "knower": "The knower takes it for", "sceptic": "The sceptic would only say"}
    if asked.role in begins:
        return f"{begins[asked.role]} something {colour}." if colour else f"{begins[asked.role]} nothing: no picture."
    got = sum(any(begin in text for text in (asked.system, *asked.said)) for begin in begins.values())
    return f"From {got} answers put together: I see something {colour}." if colour else f"From {got} answers: nothing."


def _colour(asked: Asked) -> str:
    """The word for the first picture's colour, "" if there is none that opens."""
    if not asked.pictures or not asked.pictures[0]:
        return ""
    picture = cv2.imdecode(np.frombuffer(asked.pictures[0], np.uint8), cv2.IMREAD_COLOR)
    return "" if picture is None else colour_in_the_middle(picture)


# Where a hue begins, in OpenCV's half degrees; common words, so that a recogniser and an ear know them.
_HUES = (
    (0, "red"),
    (9, "orange"),
    (21, "yellow"),
    (34, "green"),
    (86, "blue"),
    (130, "purple"),
    (152, "pink"),
    (169, "red"),
)


def colour_in_the_middle(bgr: np.ndarray[Any, np.dtype[np.uint8]]) -> str:
    """The word for the dominant saturated colour in the middle half of a picture; "white", "grey" or "black" if under a
    tenth of it has one. bgr: (h, w, 3) uint8."""
    height, width = bgr.shape[:2]
    middle = bgr[height // 4 : height - height // 4, width // 4 : width - width // 4]
    hue, saturation, value = (plane.astype(np.int32) for plane in cv2.split(cv2.cvtColor(middle, cv2.COLOR_BGR2HSV)))
    vivid = (saturation > 90) & (value > 60)
    if vivid.mean() < 0.1:
        light = float(np.median(value))
        return "white" if light > 180 else "grey" if light > 70 else "black"
    names = np.searchsorted([h for h, _ in _HUES], hue[vivid], side="right") - 1
    weight: dict[str, int] = {}
    for index, weighed in enumerate(np.bincount(names, weights=saturation[vivid], minlength=len(_HUES))):
        weight[_HUES[index][1]] = weight.get(_HUES[index][1], 0) + int(weighed)
    return max(weight, key=lambda name: weight[name])


STORY = (
    "Once there was a lamp that lived on a quiet pier. Every evening it looked over the water and waited for the "
    "boats to come home. One night the fog was so thick that nobody could see the shore. The lamp shone as "
    "brightly as it could, but the light went only a few steps and stopped. So the lamp asked the old bell for "
    "help. The bell had not spoken for years, and its voice was rough. Still it rang, slowly at first, and then "
    "with all its heart. Out on the water the boats heard it and turned. One after the other they found the pier, "
    "and the last of them carried new oil for the lamp and a rope for the bell."
)
