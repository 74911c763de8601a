"""What the wearer was reminded of: reminders that were said are history, kept as long as turns are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipelines.events import Memory
from pipelines.memory.dates import spoken
from pipelines.memory.facts import content
from pipelines.thinking.tools.alarms import sentence

KIND: Final = ("reminder",)
MOST: Final = 20  # nobody listens to more
NOTHING: Final = "I have not reminded you of that."
NOTHING_AT_ALL: Final = "I have not reminded you of anything."


def told(about: str, memories: Sequence[Memory]) -> list[Memory]:
    """Those that were said and name it, the latest first; `about` "" = all."""
    wanted = content(about)
    done = [m for m in memories if m.what == "reminder" and not (m.due_s or m.place or m.replaced_s)]
    return sorted((m for m in done if wanted <= content(m.text)), key=lambda m: (-m.at_s, -m.id))[:MOST]


def sentences(about: str, found: Sequence[Memory], t_ns: int, wall_clock: str) -> list[str]:
    """ "Yesterday at 18:30 I reminded you: pay the rent." One each."""
    said = []
    for memory in found:
        when = spoken(memory.at_s, t_ns, wall_clock)
        what = f"reminded you: {sentence(memory.text)}" if memory.text else "reminded you, of nothing in particular."
        said.append(f"{when[:1].upper()}{when[1:]} I {what}" if when else f"I {what}")
    return said or [NOTHING if content(about) else NOTHING_AT_ALL]
