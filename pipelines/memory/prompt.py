"""What of the remembered goes along with a question to a model: what fits, what may leave, in a bounded share.

It is marked as the wearer's own notes with their dates, as material and not instructions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.events import Memory, ModelInfo
from pipelines.memory.dates import iso_day
from pipelines.memory.facts import content
from pipelines.memory.sensitive import may_leave
from pipelines.thinking.tools import spotlight

LINE_CHARS: Final = 300  # of one memory
LABEL: Final = "what the user's own memory holds"
NOTHING_FITS: Final = (
    "(The user asks for something of their own, and their memory holds nothing about it. Unless the picture shows it, "
    "say that they have not told you.)"
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
) -> Share:
    """At most `chars` letters of what was recalled for this question, whichever of these models gets it."""
    kept: list[Memory] = []
    lines: list[str] = []
    used = len(spotlight.untrusted(LABEL, ""))
    asked = content(question)
    for memory in memories:
        about = content(f"{memory.subject} {memory.text} {memory.answer} {memory.place}")
        if not asked & about or not may_leave(memory, question, models):
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
