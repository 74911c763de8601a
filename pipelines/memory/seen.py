"""What is said to questions about what was seen: when, where, what was read there; or that it was not seen.

Honest about what the device can see: it knows no things by sight, only letters, codes, colours, and what it was told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipelines.events import Memory
from pipelines.memory.dates import spoken
from pipelines.memory.facts import content
from pipelines.memory.place_words import Sought

NOT_SEEN: Final = "I did not see that, and you haven't told me."
NOT_KEPT: Final = "I did not see that: I don't keep what I see. The setting memory.places turns it on."
NOTHING_READ: Final = "I saw that place, but read nothing there."
LONGEST: Final = 200  # letters of a caption that are said


def fitting_places(sought: Sought, memories: Sequence[Memory]) -> list[Memory]:
    """Places that hold every word that was asked for, the latest first. A place word counts where the wearer named it,
    and where it was read."""
    thing, place = content(sought.thing), content(sought.place)
    found = []
    for memory in memories:
        words = content(f"{memory.text} {memory.place}")
        if memory.what == "place" and not memory.replaced_s and (thing | place) <= words and (thing or place):
            found.append(memory)
    return sorted(found, key=lambda memory: (-memory.at_s, -memory.id))


def answer(sought: Sought, found: Sequence[Memory], t_ns: int, wall_clock: str) -> str:
    """When it was, where, and what was read: of the latest."""
    first = found[0]
    when = spoken(first.at_s, t_ns, wall_clock) or "earlier"
    where = f" in the {first.place}" if first.place else ""
    if not first.text:
        return f"{when[:1].upper()}{when[1:]} you were{where}. I read nothing there."
    text = first.text if len(first.text) <= LONGEST else first.text[:LONGEST].rsplit(" ", 1)[0] + " …"
    lead = "I read" if sought.text else "I last saw it"
    seen = f"{when}{where}: {text}"
    return f"{lead} {seen}." if not text.endswith((".", "…")) else f"{lead} {seen}"
