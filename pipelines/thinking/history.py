"""What was said and what was seen in this session, kept as the ear got it, and how to find it again.

What is remembered of a turn is what the wearer *heard* of the answer, not what was generated: an answer cut off after
four words is four words long in here, and so in every later query.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from pipelines.events import Message, Remembered, TextLine
from pipelines.thinking import wording
from pipelines.thinking.intent import normal

NUMBERED = frozenset({"platform", "gate", "room", "line", "bus", "track", "floor", "seat"})


class History:
    """The session's turns, oldest first, bounded."""

    def __init__(self, turns: int = 200) -> None:
        self._entries: deque[Remembered] = deque(maxlen=turns)

    def resume(self, entries: Sequence[Remembered]) -> None:
        """Remember exactly these turns."""
        self._entries.clear()
        self._entries.extend(entries)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def entries(self) -> Sequence[Remembered]:
        return tuple(self._entries)

    def add(self, entry: Remembered) -> None:
        self._entries.append(entry)

    def cut(self, turn: int, heard: str) -> None:
        """What the ear got of this turn's answer turned out to be this much."""
        for i, entry in enumerate(self._entries):
            if entry.turn == turn:
                self._entries[i] = replace(entry, heard=heard)

    def messages(self, last: int) -> tuple[Message, ...]:
        """The last turns as a conversation, for a query. Pictures are not repeated; what was heard is."""
        out: list[Message] = []
        asked = [entry for entry in self._entries if entry.question]  # what was not understood is no question
        for entry in asked[-last:] if last > 0 else []:
            out.append(Message("user", entry.question))
            if entry.heard:
                out.append(Message("assistant", entry.heard))
        return tuple(out)

    def what_was(self, subject: str, now_ns: int) -> str:
        """Answers "what was the SUBJECT" from what was read in this session; says so if it was not.

        The newest picture that names it wins; the answer tells how long ago that was.
        """
        found = self._find(subject)
        if found is None:
            return f"I have not read any {subject} in this session."
        said, entry = found
        return f"{said} I read it {wording.ago((now_ns - entry.t_ns) / 1e9)}."

    def _find(self, subject: str) -> tuple[str, Remembered] | None:
        subject = normal(subject)
        for entry in reversed(self._entries):
            if subject in {"price", "cost"} and (found := wording.prices(entry.lines)):
                return wording.price_answer(found), entry
            if subject == "code" and entry.codes:
                return wording.code_answer(entry.codes), entry
            if subject in {"sign", "label", "menu", "page", "letter"} and entry.lines:
                return wording.reading(entry.lines), entry
            if said := _line_about(subject, entry.lines):
                return said, entry
        return None


def _line_about(subject: str, lines: Sequence[TextLine]) -> str:
    """The line that names the subject, with its number if the number stands on the next line."""
    for i, line in enumerate(lines):
        words = normal(line.text).split()
        if subject not in words:
            continue
        if subject in NUMBERED:
            after = words[words.index(subject) + 1 :]
            if after:
                return f"{subject.capitalize()} {after[0]}."
            if i + 1 < len(lines) and (following := normal(lines[i + 1].text).split()):
                return f"{subject.capitalize()} {following[0]}."
        return wording.sentence(line.text)
    return ""
