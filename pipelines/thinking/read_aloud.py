"""The place in a text that was read aloud, and how a wearer moves about in it.

Holds the last sheet and which of its sentences the ear got last. A command is answered with sentences to say, or with a
true excuse. What is answered counts as heard until `heard` or `ear_got` tells how far the ear really came; the place
follows the ear (law 5). Spelling, counting and picking out figures leave the place where it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from pipelines.events import TextLine
from pipelines.thinking.reading_words import Command
from pipelines.thinking.sheet import Sheet, aloud, counted, figures, kind_of, rows_of, sheet
from pipelines.thinking.spelling import spelled
from pipelines.thinking.wording import doing, unread_too

NOTHING_READ: Final = "I have not read any text yet."
NO_PLACE: Final = -1
NEAR: Final = 0.75  # of difflib's ratio: "leads" is 0.80 to "leeds", "platform" 0.50 to "plates"
FOUND_SAID: Final = 3  # more lines with the same word are counted
SPELL_LETTERS: Final = 40  # a longer line takes half a minute to spell


@dataclass(frozen=True, slots=True)
class Reply:
    """What to say, a sentence each, fit for the voice. `kind`: "reading" if printed words are in it, else "status"."""

    said: tuple[str, ...]
    kind: str = "reading"


class ReadAloud:
    """One text at a time: the last that was read."""

    def __init__(self) -> None:
        self._turn = 0
        self._sheet: Sheet | None = None
        self._texts: tuple[str, ...] = ()  # the printed lines
        self._rows: tuple[tuple[int, ...], ...] = ()  # their numbers by rows, which is what people count
        self._place = NO_PLACE  # the sentence heard last
        self._before = NO_PLACE  # where it was before the last reply
        self._batch: tuple[int, ...] = ()  # the sentence of each thing said last; NO_PLACE = none of the text
        self._spoken: tuple[str, ...] = ()  # what was said last

    # ------------------------------------------------------------------------------------------------- what was read

    def take(self, turn: int, read: Sheet, lines: Sequence[TextLine]) -> None:
        """This was read out in `turn`, or more of it; `lines`: all that the sheet was made of. A sheet without a
        printed line leaves the text before it where it is."""
        if not any(read.lines):
            return
        self._turn, self._sheet, self._texts = turn, read, tuple(line.text for line in lines)
        self._rows = rows_of(lines)
        self._place = NO_PLACE
        self._reply(read.spoken, range(len(read.said)))

    def stand(self, state: tuple[int, int], lines: Sequence[TextLine]) -> None:
        """Stand again where `state()` was told; `lines`: those of that turn, as history keeps them. A line that holds
        two sentences is begun again. ValueError for a line number below -1."""
        turn, line = state
        if line < NO_PLACE:
            raise ValueError(f"a place in a text is (turn, line), line -1 or more; got {state!r}")
        if not lines or not turn:
            self._turn, self._sheet, self._texts, self._rows = 0, None, (), ()
            self._place = self._before = NO_PLACE
            self._batch, self._spoken = (), ()
            return
        self.take(turn, sheet(lines), lines)
        self._place = self._before = self._sentence_of(line) if line >= 0 else NO_PLACE
        self._batch, self._spoken = (), ()

    def state(self) -> tuple[int, int]:
        """(turn whose text it is, 0 = none; number of the line that was heard last, -1 = none of it)."""
        if self._sheet is None or self._place == NO_PLACE:
            return self._turn, NO_PLACE
        for index in range(self._place, NO_PLACE, -1):
            if lines := self._sheet.lines[index]:
                return self._turn, lines[0]
        return self._turn, NO_PLACE

    @property
    def has_text(self) -> bool:
        """There is something to move about in."""
        return self._sheet is not None and bool(self._sheet.said)

    # ------------------------------------------------------------------------------------------ how far the ear came

    def heard(self, count: int) -> None:
        """Of what was said last the ear got so many sentences, the last of them at least in part."""
        if not self._batch:
            return
        places = [place for place in self._batch[: max(0, count)] if place != NO_PLACE]
        self._place = places[-1] if places else self._before

    def ear_got(self, text: str) -> None:
        """As `heard`, from the words that the ear got, whatever was said before them ("I am reading."); a sentence
        counts from its second word on. Told once of each reply: a second text is another answer's, and changes
        nothing."""
        rest = _begun(_answered(_plain(text)), [word for said in self._spoken for word in _plain(said)])
        count, begins = 0, self._sheet.lead if self._sheet is not None else ""  # a word can be spelled without a text
        for said in self._spoken:
            size = len(_plain(said))
            lead = len(_plain(begins)) if said.startswith(begins) else 0
            if rest < lead + min(2, size - lead):
                break
            count, rest = count + 1, rest - size
        self.heard(count)
        self._batch, self._spoken = (), ()

    # ------------------------------------------------------------------------------------------------------ commands

    def answer(self, command: Command) -> Reply:
        """What to say to it. ValueError for a command that nobody knows."""
        if command.name not in _ANSWERS:
            raise ValueError(f"no such reading command: {command.name!r}; one of {', '.join(_ANSWERS)}")
        by_itself = command.name == "spell" and command.subject not in {"", "first word", "last word"}
        if not self.has_text and not by_itself:
            return Reply((NOTHING_READ,), "status")
        reply: Reply = getattr(self, _ANSWERS[command.name])(command.subject)
        return reply

    def _next(self, _subject: str) -> Reply:
        return self._at(self._place + 1, "That was the last line.")

    def _previous(self, _subject: str) -> Reply:
        return self._at(self._place - 1, "That was the first line.")

    def _this(self, _subject: str) -> Reply:
        return self._at(max(0, self._place), "")

    def _last(self, _subject: str) -> Reply:
        return self._at(self._printed()[-1], "")

    def _top(self, _subject: str) -> Reply:
        read = self._read
        return self._reply(read.spoken, range(len(read.said)))

    def _rest(self, _subject: str) -> Reply:
        read = self._read
        rest = range(self._place + 1, len(read.said))
        if not rest:
            return self._excuse("That was all of it.")
        return self._reply((*(aloud(read.said[index]) for index in rest), *read.closing), rest)

    def _line(self, subject: str) -> Reply:
        number = int(subject) if subject.isdigit() else 0
        if not 1 <= number <= len(self._rows):
            return self._excuse(f"There {_lines(len(self._rows))}, and no line {subject}.")
        row = self._rows[number - 1]
        return self._reply((aloud(", ".join(self._texts[index] for index in row)),), (self._sentence_of(row[0]),))

    def _how_many(self, _subject: str) -> Reply:
        read = self._read
        more = f", and {counted(read.unread, 'part')} that I cannot read" if read.unread else ""
        return self._excuse(f"There {_lines(len(self._rows))}{more}.")

    def _left(self, _subject: str) -> Reply:
        heard = self._heard_lines()
        left = sum(heard.isdisjoint(row) for row in self._rows)
        return self._excuse(f"There {_lines(left)} left." if left else "That was all of it.")

    def _only(self, subject: str) -> Reply:
        read = self._read
        bare = kind_of(self._texts) in {"menu", "receipt"}  # by all of it: a sheet in parts goes by its headline
        found = [one for text in self._figure_texts() for one in figures.figures(subject, text, bare)]
        single = subject.removesuffix("s")
        more = tuple(filter(None, (unread_too(read.unread),)))
        if not found:
            return self._keep(Reply((f"I find no {single} in what I read.", *more), "status"))
        said = [aloud(one).rstrip(".") for one in found]
        head = f"The {single} is" if len(said) == 1 else f"{counted(len(said), single).capitalize()}:"
        return self._keep(Reply((f"{head} {', '.join(said)}.", *more)))

    def _find(self, subject: str) -> Reply:
        read, wanted = self._read, _plain(subject)
        hits = [index for index in self._printed() if _holds(_plain(read.said[index]), wanted)]
        near = ""
        if not hits and len(wanted) == 1 and (near := self._nearest(wanted[0])):
            hits = [index for index in self._printed() if near in _plain(read.said[index])]
        if not hits:
            return self._excuse(f"I do not find {subject} in what I read.")
        said = [aloud(read.said[index]) for index in hits[:FOUND_SAID]]
        if near:
            said[0] = f"The nearest word is {near}. {said[0]}"
        if len(hits) > FOUND_SAID:
            said.append(f"And {counted(len(hits) - FOUND_SAID, 'more line').replace('more lines', 'more')}.")
        return self._reply(said, hits[:FOUND_SAID])

    def _spell(self, subject: str) -> Reply:
        if subject in {"", "first word", "last word"}:
            text = self._read.said[max(0, self._place)].rstrip(".:") if self._read.lines[max(0, self._place)] else ""
            if subject and text:
                text = text.split()[0 if subject == "first word" else -1]
            if not text:
                return self._excuse("That was not a line of the text.")
            if sum(map(str.isalnum, text)) > SPELL_LETTERS:
                return self._excuse("That line is long. Say spell, and the word you want.")
            return self._keep(Reply((spelled(text),)))
        if printed := self._word(subject):
            return self._keep(Reply((spelled(printed),)))
        if near := self._nearest(subject):
            return self._keep(Reply((f"The nearest word is {near}:", spelled(self._word(near)))))
        if self.has_text:
            return self._excuse(f"I have not read {subject}. As I heard it: {spelled(subject)}")
        return self._excuse(f"As I heard it: {spelled(subject)}")

    # ------------------------------------------------------------------------------------------------------- helpers

    @property
    def _read(self) -> Sheet:
        assert self._sheet is not None
        return self._sheet

    def _printed(self) -> list[int]:
        return [index for index, lines in enumerate(self._read.lines) if lines]

    def _at(self, index: int, excuse: str) -> Reply:
        if not 0 <= index < len(self._read.said):
            return self._excuse(excuse)
        return self._reply((aloud(self._read.said[index]),), (index,))

    def _reply(self, said: Sequence[str], places: Sequence[int]) -> Reply:
        self._before = self._place
        self._spoken = tuple(said)
        self._batch = (*places, *(NO_PLACE for _ in range(len(said) - len(places))))
        self.heard(len(said))
        return Reply(tuple(said))

    def _excuse(self, text: str) -> Reply:
        return self._keep(Reply((text,), "status"))

    def _keep(self, reply: Reply) -> Reply:
        """A reply that leaves the place as it is, however much of it is heard."""
        self._before, self._batch, self._spoken = self._place, (NO_PLACE,) * len(reply.said), reply.said
        return reply

    def _sentence_of(self, line: int) -> int:
        """The sentence that begins in this line, or else the one that holds it, or else the one before it."""
        read = self._read
        begins = [index for index in self._printed() if read.lines[index][0] == line]
        holds = [index for index in self._printed() if line in read.lines[index]]
        before = [index for index in self._printed() if read.lines[index][0] < line]
        return (begins or holds or before[-1:] or [NO_PLACE])[0]

    def _heard_lines(self) -> set[int]:
        return {line for lines in self._read.lines[: self._place + 1] for line in lines}

    def _figure_texts(self) -> list[str]:
        """Sentences rather than lines, since "8 A.M." / "to" / "3 P.M." is one time; a row's price stays its last."""
        return [self._read.said[index].rstrip(".") for index in self._printed()]

    def _word(self, wanted: str) -> str:
        """As it is printed, "" if it is not."""
        words = (word.strip(_AROUND) for text in self._texts for word in text.split())
        return next((word for word in words if _key(word) == _key(wanted)), "")

    def _nearest(self, wanted: str) -> str:
        """The word of the text that is most like it, in small letters; what was heard may be spelt otherwise."""
        words = {word for text in self._texts for word in _plain(text) if len(word) > 2}
        scored = [(SequenceMatcher(None, wanted, word).ratio(), word) for word in sorted(words)]
        score, word = max(scored, default=(0.0, ""))
        return word if score >= NEAR else ""


_AROUND: Final = ".,;:!?()[]\"'“”‘’«»"
_ANSWERS: Final = {
    "next_line": "_next",
    "previous_line": "_previous",
    "this_line": "_this",
    "from_the_top": "_top",
    "last_line": "_last",
    "line": "_line",
    "rest": "_rest",
    "spell": "_spell",
    "only": "_only",
    "how_many_lines": "_how_many",
    "lines_left": "_left",
    "find": "_find",
}


def _lines(n: int) -> str:
    return f"{'is' if n == 1 else 'are'} {counted(n, 'line')}"


def _plain(text: str) -> list[str]:
    return re.findall(r"\w+(?:['’&.-]\w+)*", text.lower().replace("’", "'"))


def _key(word: str) -> str:
    return "".join(char for char in word.lower() if char.isalnum())


def _answered(heard: list[str]) -> list[str]:
    """Without what is said while one waits for an answer: "Reading" may be a town's sign, too."""
    for busy in ("looking", "tool:read_text"):
        ours = _plain(doing(busy))
        if heard[: len(ours)] == ours[: len(heard)]:
            heard = heard[len(ours) :]
    return heard


def _begun(heard: list[str], said: list[str]) -> int:
    """How many words of `said` were heard, from where its first words (three, or all there are) begin in `heard`."""
    for start in range(len(heard)):
        size = min(3, len(said), len(heard) - start)
        if size and heard[start : start + size] == said[:size]:
            return min(len(said), len(heard) - start)
    return 0


def _holds(words: list[str], wanted: list[str]) -> bool:
    """The words in this order, beside each other; a plural finds the singular and the other way round."""
    size = len(wanted)
    return size > 0 and any(all(map(_same, words[i : i + size], wanted)) for i in range(len(words) - size + 1))


def _same(a: str, b: str) -> bool:
    return a.removesuffix("s") == b.removesuffix("s") or _key(a) == _key(b)
