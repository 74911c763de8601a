"""What of the remembered goes along with a question to a model: what fits, what may leave, in a bounded share.

It is marked as the wearer's own notes with their dates, as material and not instructions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.events import Memory, ModelInfo
from pipelines.memory.dates import iso_day, time_words
from pipelines.memory.facts import content
from pipelines.memory.likely import LIKELY
from pipelines.memory.sensitive import may_leave
from pipelines.thinking.intent import normal
from pipelines.thinking.tools import spotlight

LINE_CHARS: Final = 300  # of one memory
LABEL: Final = "what the user's own memory holds"
NOTHING_FITS: Final = (
    "(The user asks for something of their own, and their memory holds nothing about it. Unless the picture shows it, "
    "say that they have not told you.)"
)
_BACK: Final = re.compile(
    r"\b(?:again|already|before|earlier|previous(?:ly)?|last time|back then|remember|"
    r"(?:did|do|have|had) (?:i|you|we)|(?:i|you|we) (?:asked|said|told|saw|read|talked|spoke)|was|were)\b"
)


@dataclass(frozen=True, slots=True)
class Share:
    """`text`: for the query, "" = nothing goes along; `memories`: what is in it; `private`: why no model that learns
    may get it, ""; `tainted`: words that the wearer did not say are in it."""

    text: str = ""
    memories: tuple[Memory, ...] = ()
    private: str = ""
    tainted: bool = False


NONE: Final = Share()


def share(
    question: str,
    memories: Sequence[Memory],
    models: Sequence[ModelInfo],
    chars: int,
    t_ns: int,
    wall_clock: str,
    looks: bool = False,
) -> Share:
    """At most `chars` letters of what was recalled for this question, whichever of these models gets it. `looks`: it is
    asked of a picture that goes along: what others showed says nothing of this one, unless the question is of them."""
    kept: list[Memory] = []
    lines: list[str] = []
    used = len(spotlight.untrusted(LABEL, ""))
    asked = content(question)
    past = speaks_of_past(question)
    for memory in memories if past else _each_once(memories):
        if looks and not past and memory.what != "fact":
            continue
        about = content(f"{memory.subject} {memory.text} {memory.answer} {memory.place}")
        near = bool(asked & about) or memory.fits >= LIKELY  # or it is told in other words
        if not near or not may_leave(memory, question, models):
            continue
        line = line_of(memory, t_ns, wall_clock)
        if used + len(line) + 3 > chars:
            break
        used += len(line) + 3  # the mark before it
        lines.append(line)
        kept.append(memory)
    if not kept:
        return NONE
    private = next((m.sensitivity for m in kept if m.sensitivity in {"secret", "money", "health"}), "")
    private = "private" if private in {"secret", "money"} else private
    tainted = any(m.how != "told" for m in kept)
    return Share(spotlight.untrusted(LABEL, "\n".join(lines)), tuple(kept), private, tainted)


def speaks_of_past(question: str) -> bool:
    """It names a time, or what was asked, said or seen before."""
    said = normal(question)
    return bool(time_words(said) or _BACK.search(said))


def _each_once(memories: Sequence[Memory]) -> list[Memory]:
    """Of questions in the same words only the one asked last."""
    last: dict[str, Memory] = {}
    for memory in memories:
        if memory.what == "turn":
            words = normal(memory.text)
            last[words] = max(last.get(words, memory), memory, key=lambda m: (m.at_s, m.id))
    return [m for m in memories if m.what != "turn" or last[normal(m.text)] is m]


def line_of(memory: Memory, t_ns: int, wall_clock: str) -> str:
    """One memory with its date and where it is from."""
    day = iso_day(memory.at_s, t_ns, wall_clock)
    until = f", no longer since {iso_day(memory.replaced_s, t_ns, wall_clock)}" if memory.replaced_s else ""
    who = {"told": "the user said", "inferred": "concluded, the user agreed", "seen": "seen", "asked": "the user asked"}
    said = memory.text if not memory.answer else f"{memory.text} - answered: {memory.answer}"
    where = f" [{memory.place}]" if memory.place else ""
    said = " ".join(said.split())
    said = said if len(said) <= LINE_CHARS else said[: LINE_CHARS - 1] + "…"
    return f"{day or 'earlier'}{until}, {who.get(memory.how, memory.how)}: {said}{where}"
