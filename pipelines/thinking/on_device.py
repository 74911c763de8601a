"""What the device tells of a picture by itself: text, prices, codes, colours, light, movement. No model is asked.

Told of the frame that was meant, it asks for what the question needs, and says the answer: text as it is recognised,
sentence by sentence, the rest when it is known. What was read is kept, so that the wearer can move about in it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from pipelines.events import (
    Code,
    CodesRead,
    FrameScore,
    Happening,
    Measure,
    Measured,
    Noted,
    ReadCodes,
    ReadText,
    TextLine,
    TextRead,
)
from pipelines.seeing.sense import may_go_on, repaired
from pipelines.thinking import things, unit_price, wording
from pipelines.thinking.intent import Intent
from pipelines.thinking.sheet import Sheet, SheetBuilder, edge_hint, sheet
from pipelines.thinking.things import Asked
from pipelines.thinking.world import World

MEASURED: Final = frozenset({"colour", "light", "moving"})
Say = Callable[[str, str, bool], None]  # words, their kind, whether they are the last


class OnDevice:
    """One question. `say` gives words out, in order; `certain`: do something once the turn is certain."""

    def __init__(
        self, world: World, turn: int, intent: Intent, say: Say, certain: Callable[[Callable[[], None]], None]
    ) -> None:
        self._world = world
        self._turn = turn
        self._intent = intent
        self._say = say
        self._certain = certain
        self._problem = ""
        self._request = 0
        self._builder: SheetBuilder | None = None
        self._waiting: tuple[TextLine, ...] = ()  # read, and not yet certain how it is said
        self._known = 0  # lines that came in parts
        self._prices: list[str] = []  # told so far
        self.unread = 0  # parts that could not be read
        self.doing = "looking"
        self.lines: tuple[TextLine, ...] = ()
        self.codes: tuple[Code, ...] = ()

    def begin(self, frame: FrameScore, before: FrameScore | None, problem: str) -> None:
        """Look at this frame. `before`: another one, some time before it; `problem`: what is wrong with it, if it can
        be used all the same."""
        self._problem = problem
        scribe, frame_id, name = self._world.scribe, frame.frame_id, self._intent.name
        self._request = scribe.number()
        where = {"request": self._request, "turn": self._turn, "frame_id": frame_id}
        if self._intent.kind == "code" or name == "article":
            self.doing = "tool:scan_code"
            scribe.emit(ReadCodes, "what the code holds is read here, and never opened", **where)
        elif self._intent.kind == "thing" and name in MEASURED:
            before_id = before.frame_id if before is not None and name == "moving" else 0
            scribe.emit(Measure, f"{name} is measured here, on the device", **where, before_id=before_id)
        else:
            self.doing = "tool:read_text"
            scribe.emit(ReadText, "text is read here, on the device", **where)

    def waits_for(self, request: int) -> bool:
        return request == self._request != 0

    @property
    def open(self) -> tuple[int, ...]:
        """The request that is under way."""
        return (self._request,) if self._request else ()

    def take(self, event: Happening) -> None:
        """What came of it."""
        if isinstance(event, TextRead) and event.more:
            self._read_on(event)
            return
        self._request = 0
        if isinstance(event, TextRead):
            self._read(event)
        elif isinstance(event, CodesRead):
            self._codes_read(event)
        elif isinstance(event, Measured):
            self._say(things.said(Asked(self._intent.name, self._intent.subject), event), "thing", True)  # type: ignore[arg-type]

    def failed(self, kind: str) -> None:
        """The work failed: what was said stays said."""
        self._request = 0
        self._say(wording.WORK_FAILED.get(kind, wording.WORK_FAILED["look"]), "failure", True)

    # ----------------------------------------------------------------------------------------------------------- text

    def _read_on(self, event: TextRead) -> None:
        self._known += len(event.lines)
        self._waiting += event.lines
        if self._intent.kind == "price":
            self._price_on()
        if self._intent.kind != "read" or may_go_on(self._waiting):
            return
        if self._builder is None:
            self._builder = SheetBuilder()
        more, self._waiting = self._repaired(self._waiting), ()
        self.lines += more
        self._speak(self._builder.add(more))
        self._lay(self._builder.sheet(), self.lines)

    def _read(self, event: TextRead) -> None:
        self.unread = len(event.unread)
        self._problem = self._problem or event.hampered
        if self._intent.kind == "read" and self._builder is not None:
            self._rest(event, self._builder)
            return
        self.lines = self._repaired(event.lines)
        if self._intent.kind == "status":
            self._say(wording.sight_of(self._problem, len(event.lines)), "status", True)
        elif self._intent.kind == "thing" and self._intent.name == "text_lines":
            asked = Asked("text_lines", self._intent.subject)
            self._say(things.said_lines(asked, len(event.lines), len(event.unread)), "thing", True)
        elif not event.lines and (self._problem or not event.unread):
            kind = self._intent.kind if self._intent.kind in wording.NO_TEXT else "read"
            self._say(wording.FRAME_PROBLEMS.get(self._problem) or wording.NO_TEXT[kind], "failure", True)
        elif self._intent.kind == "thing":
            wanted = self._intent.subject
            found = unit_price.words(unit_price.unit_prices(self.lines, wanted), wanted)
            self._say(" ".join(filter(None, (found, edge_hint(event.cut)))), "thing", True)
        elif self._intent.kind == "price":
            self._end_of_prices(event)
        else:
            read = sheet(self.lines, event.unread, event.cut)
            self._end(list(read.spoken), read)

    def _price_on(self) -> None:
        """Several prices are told as they come, but for the last of them: it may be the one that ends the sentence. Of
        a single one, or of none, nothing is known before all has been read."""
        self.lines = repaired(self._waiting).lines
        found, told = wording.prices(self.lines)[:-1], len(self._prices)
        if len(found) > told and found[:told] == self._prices:
            self._say(wording.prices_part(found[told:], begun=told > 0, more=True), "reading", False)
            self._prices = found

    def _end_of_prices(self, event: TextRead) -> None:
        """What is left of them. If there is none, and the picture is why, that is said in its place."""
        problem = self._problem
        if problem in wording.READ_ALL_THE_SAME and not self._prices and not wording.prices(self.lines):
            self._say(wording.FRAME_PROBLEMS[problem], "failure", True)
            return
        told = (self._price_rest(), wording.unread_too(self.unread), edge_hint(event.cut))
        self._say(" ".join(filter(None, told)), "reading", problem not in wording.READ_ALL_THE_SAME)
        if problem in wording.READ_ALL_THE_SAME:
            self._say(wording.READ_ALL_THE_SAME[problem], "status", True)

    def _price_rest(self) -> str:
        """All has been read: what was not told yet."""
        left = wording.prices(self.lines)
        if not self._prices:
            return wording.price_answer(left) if left else wording.NO_TEXT["price"]
        for price in self._prices:
            if price in left:
                left.remove(price)
        return wording.prices_part(left, begun=True) if left else ""

    def _rest(self, event: TextRead, builder: SheetBuilder) -> None:
        """All of the text is known: what was not said of it yet, and what could not be read."""
        more = self._repaired((*self._waiting, *event.lines[self._known :]))
        self.lines += more
        spoken = builder.add(more) + builder.finish(event.unread, event.cut)
        self._end(spoken, builder.sheet(len(event.unread)))

    def _end(self, spoken: list[str], read: Sheet) -> None:
        self._speak(spoken)
        self._lay(read, self.lines)
        if self._problem in wording.READ_ALL_THE_SAME:
            self._say(wording.READ_ALL_THE_SAME[self._problem], "status", True)
        else:
            self._say("", "reading", True)

    def _repaired(self, lines: tuple[TextLine, ...]) -> tuple[TextLine, ...]:
        found = repaired(lines)
        for repair in found.repairs:
            self._world.scribe.emit(Noted, repair, what="text repaired")
        return found.lines

    def _lay(self, read: Sheet, lines: tuple[TextLine, ...]) -> None:
        self._certain(partial(self._world.read_aloud.take, self._turn, read, lines))

    def _speak(self, sentences: list[str]) -> None:
        for sentence in sentences:
            self._say(sentence, "reading", False)

    # ---------------------------------------------------------------------------------------------------------- codes

    def _codes_read(self, event: CodesRead) -> None:
        self.codes = event.codes
        if not event.codes and (self._problem or not event.unread):
            self._say(wording.FRAME_PROBLEMS.get(self._problem) or wording.NO_TEXT["code"], "failure", True)
            return
        articles = [things.Article(c.payload, c.article, c.note) if c.article else None for c in event.codes]
        if self._intent.name == "article" and event.codes:
            found = next((article for article in articles if article is not None), None)
            self._say(things.said_article(found, event.table), "code", True)
        else:
            self._say(
                things.all_described(event.codes, articles, event.unread), "code" if event.codes else "failure", True
            )
