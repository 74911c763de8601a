"""A model's words on their way to the voice: cut into clauses, made speakable, held against the output rules, links
kept aside. Nothing of a model is spoken that has not passed here."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.events import TextLine
from pipelines.speaking.clauses import STREAMED, ClauseChunker
from pipelines.speaking.speakable import links_of, speakable
from pipelines.thinking.rules import OutputRules


class Spoken:
    """Text in, clauses for the voice out, in order. `links`: what was taken out of them, in order, each once."""

    def __init__(self, question: str, lines: Sequence[TextLine] = ()) -> None:
        self._chunker = ClauseChunker(STREAMED)
        self._rules = OutputRules(question, lines)
        self.links: tuple[str, ...] = ()
        self.began = False

    def feed(self, text: str) -> list[str]:
        return [said for chunk in self._chunker.feed(text) if (said := self._pass(chunk))]

    def flush(self) -> list[str]:
        """What is held back of the text so far; more may follow."""
        rest = [said for chunk in self._chunker.finish() if (said := self._pass(chunk))]
        self._chunker = ClauseChunker(STREAMED)
        if held := self._rules.flush():
            rest.append(held)
            self.began = True
        return rest

    def closing(self) -> str:
        """A sentence that the rules want at the end; "" if none."""
        return self._rules.closing()

    def _pass(self, chunk: str) -> str:
        self.links += tuple(link for link in links_of(chunk) if link not in self.links)
        said = speakable(chunk)
        said = self._rules.passed(said) if said else ""
        self.began = self.began or bool(said)
        return said
