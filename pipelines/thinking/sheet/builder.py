"""What is said of text that was read: the printed words, in sentences that a person would make of the lines.

Verbatim is the law: letters and digits of the lines come out in their order, none lost, none added; only blanks, stops
and commas between them are ours. What could not be read is named where it stands, in words that cannot be taken for
the text, and never guessed. A short text begins with its own first word, since any lead of ours would come before it;
a long one says first what it is. All is decided line by line, so that reading aloud can begin while the rest of the
page is being recognised: fed in parts or whole, the sentences are the same, once the first part tells the kind of text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.events import TextLine
from pipelines.speaking.speakable import speakable
from pipelines.thinking.sheet.flow import broken_word, closed_by, joint, sentence_ends
from pipelines.thinking.sheet.kind import kind_of, name_of
from pipelines.thinking.sheet.page import pair, place_of, rows_of

LONG_LINES: Final = 12  # a longer text says first what it is: about half a minute of listening
LONG_LETTERS: Final = 60  # a longer line is given out by its sentences, a shorter one ("No dogs. No bikes.") whole
GAPS_NAMED: Final = 4  # more places that cannot be read are counted at the end: naming each would bury the text
TURNS: Final = {
    "left": "turn a little to the left",
    "right": "turn a little to the right",
    "top": "look up a little",
    "bottom": "look down a little",
}
ONLY_UNREAD: Final = "There may be writing, but none that I can read."

_LEADERS: Final = re.compile(r"(?<![.·•_…\s])\s*(?:…+|(?:[.·•_]\s?){3,})\s*(?=[\d€$£])")  # "Soup ........ 4.50"
_BULLET: Final = re.compile(r"^(?:[•▪◦‣*·]\s*)+(?=\w)|^[-–—]\s+(?=[^\W\d_])")
_ENDED: Final = re.compile(r"[.!?:…。！？][\"'”’)\]]*$")
_LINK_IN_CAPITALS: Final = re.compile(r"\b(?:TO|AND|OR|FOR|AT|FROM|IN|BY)\b(?=\s\d)")
_AMPERSAND: Final = re.compile(r"^&\s*(?=\w)")
_NUMBERS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One text as it is read out. `kind`: one of kind.KINDS. `said`: printed words, a sentence each, with what is
    said in the place of unreadable parts; `lines`: for each of them the numbers of its lines, from 0; () = words of our
    own. `lead` goes before the first printed sentence, "" before a short text; `closing` after the last. `count`,
    `unread`: rows read, and parts that could not be. `spoken` is all of it in order, fit for the voice."""

    kind: str
    said: tuple[str, ...] = ()
    lines: tuple[tuple[int, ...], ...] = ()
    lead: str = ""
    closing: tuple[str, ...] = ()
    count: int = 0
    unread: int = 0

    @property
    def spoken(self) -> tuple[str, ...]:
        out = list(map(aloud, self.said))
        first = next((index for index, lines in enumerate(self.lines) if lines), None)
        if first is not None:
            out[first] = f"{self.lead} {out[first]}".lstrip()
        return (*out, *self.closing)


def sheet(lines: Sequence[TextLine], unread: Sequence[TextLine] = (), cut: Sequence[str] = ()) -> Sheet:
    """The whole text at once; `lines` in reading order. `unread`: where something stands that could not be read; `cut`:
    edges of the picture that the text runs off. ValueError for an edge that is not left, right, top or bottom."""
    edges = edge_hint(cut)
    places: dict[int, list[bool]] = {}
    for gap in unread:
        index, in_row = place_of(gap, lines)
        places.setdefault(index, []).append(in_row)
    if len(places) > GAPS_NAMED:
        places = {}
    builder = SheetBuilder(names=GAPS_NAMED if places or not unread else 0)
    builder.decide(lines, len(rows_of(lines)))
    for index, line in enumerate(lines):
        if index in places:
            builder.gap(places[index])
        builder.push(line)
    if lines and len(lines) in places:
        builder.gap(places[len(lines)])
    if edges and builder.lead:  # who listens for a minute wants to know it before
        builder.lead = builder.lead.replace(" It begins:", f" {edges} It begins:")
        cut = ()
    builder.finish((), cut)
    return builder.sheet(len(unread), "" if places and lines else _uncounted(len(unread), bool(lines)))


class SheetBuilder:
    """The same in parts: `add` lines as they are recognised, `finish` with what is known of the whole picture. Each
    returns the sentences that can be said now, fit for the voice."""

    def __init__(self, names: int = GAPS_NAMED) -> None:
        """`names`: so many parts that cannot be read are named before the line that they stand before in its row."""
        self.kind = ""  # decided by the first part
        self.lead = ""
        self._said: list[str] = []
        self._lines: list[tuple[int, ...]] = []
        self._closing: list[str] = []
        self._told = self._closed = 0  # how many of them were handed out
        self._led = False  # the lead was
        self._all: list[TextLine] = []
        self._text = ""  # the sentence that may still go on
        self._starts: list[tuple[int, int]] = []  # in it: where each line begins, and its number
        self._apart = False  # something unreadable stands before the next line
        self._last = ""  # the last line, whole
        self._running = False  # it was joined to the one before it
        self._fragment = False  # its beginning is not known
        self._unread = 0
        self._names = names
        self._named: set[int] = set()  # lines before which that was done

    def decide(self, lines: Sequence[TextLine], total: int = 0) -> None:
        """Settle the kind by these lines; `total`: how many there are in all, 0 = nobody knows yet."""
        if self.kind:
            return
        self.kind = kind_of([line.text for line in lines])
        if total > LONG_LINES:
            self.lead = f"{name_of(self.kind)} of {total} lines. It begins:"
        elif not total and len(rows_of(lines)) > LONG_LINES:
            self.lead = f"{name_of(self.kind)} of more than {LONG_LINES} lines. It begins:"

    def add(self, lines: Sequence[TextLine]) -> list[str]:
        """The next lines in reading order -> what can be said now. The last sentence waits for its next line, unless
        it is certain to end here."""
        if lines:
            self.decide(lines)
        for line in lines:
            self.push(line)
        return self._news()

    def gap(self, in_row: Sequence[bool]) -> None:
        """Here stands something that cannot be read, one entry each; True: in the row of a line that was read."""
        self._flush()
        self._said.append(_gap_words(in_row, "Here" if self._all else "At the top"))
        self._lines.append(())
        self._unread += len(in_row)
        self._apart = True

    def finish(self, unread: Sequence[TextLine] = (), cut: Sequence[str] = ()) -> list[str]:
        """Everything was recognised -> what is left to say. Parts that could not be read are named by the line before
        them, since that has been said already. ValueError as in `sheet`."""
        edges = edge_hint(cut)
        self._flush()
        self._closing += self._late(unread)
        self._unread += max(0, len(unread) - len(self._named))
        if edges:
            self._closing.append(edges)
        return self._news()

    def sheet(self, unread: int = 0, note: str = "") -> Sheet:
        """As far as it was given out. `unread`: of the whole picture, if more than was named; `note`: said of them."""
        closing = (*((note,) if note else ()), *self._closing)
        count = max(unread, self._unread)
        kind = self.kind or "sign"
        return Sheet(kind, tuple(self._said), tuple(self._lines), self.lead, closing, len(rows_of(self._all)), count)

    # --------------------------------------------------------------------------------------------------- making them

    def push(self, line: TextLine) -> None:
        """One line more; what it makes sayable is told by the next `add` or `finish`."""
        text, index = _clean(line.text), len(self._all)
        before = self._all[-1] if self._all else None
        if text and line.apart and not self._apart and len(self._named) < self._names:
            self._named.add(index)  # at once: "no" may be what is missing before "parking"
            self.gap([True])
        self._all.append(line)
        if not text:
            return
        between = None
        if before is not None and self._text and not self._apart and not line.apart:
            beside = pair(before, line)
            if beside.beside or not self._fragment:
                between = joint(self._last, text, beside, self.kind, running=self._running)
        self._fragment = self._apart or line.apart or (self._fragment and between is not None)
        self._apart = False
        self._last, self._running = text, between is not None
        if between is None:
            self._flush()
            self._text, self._starts = text, [(0, index)]
            if len(text) > LONG_LETTERS:
                self._split()
        else:
            self._join(between, text, index)
        if closed_by(self._text):
            self._flush()

    def _join(self, between: str, text: str, index: int) -> None:
        if between == "-":
            head = self._text[:-1] if broken_word(self._text) else self._text
        elif between == ", ":
            head = self._text.rstrip(" ,;:") + ", "
        else:
            head = self._text + between
        self._starts.append((len(head), index))
        self._text = head + text
        self._split()

    def _split(self) -> None:
        """Give out what is complete of the sentence that may still go on."""
        start = 0
        for end in sentence_ends(self._text):
            self._emit(start, end)
            start = end
        if start:
            last = max(number for begin, number in self._starts if begin <= start)
            self._starts = [(0, last), *((begin - start, number) for begin, number in self._starts if begin > start)]
            self._text = self._text[start:]

    def _flush(self) -> None:
        if self._text:
            self._emit(0, len(self._text))
        self._text, self._starts = "", []

    def _emit(self, start: int, end: int) -> None:
        said = _stopped(self._text[start:end])
        if not any(char.isalnum() for char in said):
            return
        ends = [*(begin for begin, _ in self._starts[1:]), len(self._text)]
        spans = zip(self._starts, ends, strict=True)
        self._said.append(said)
        self._lines.append(tuple(number for (begin, number), stop in spans if begin < end and stop > start))

    def _late(self, unread: Sequence[TextLine]) -> list[str]:
        if not unread:
            return []
        if not self._all:
            return [ONLY_UNREAD]
        places: dict[int, list[bool]] = {}
        for gap in unread:
            index, in_row = place_of(gap, self._all)
            if not (in_row and index in self._named):
                places.setdefault(index, []).append(in_row)
        if len(places) > GAPS_NAMED:
            return [_uncounted(sum(map(len, places.values())), True)]
        return [self._late_words(index, places[index]) for index in sorted(places)]

    def _late_words(self, index: int, in_row: Sequence[bool]) -> str:
        if index == 0:
            return _gap_words(in_row, "At the top")
        tail = " ".join(aloud(self._all[index - 1].text).rstrip(".").split()[-4:])
        return _gap_words(in_row, f"After “{tail}” there")

    def _news(self) -> list[str]:
        news = []
        for said, lines in zip(self._said[self._told :], self._lines[self._told :], strict=True):
            led = self._led or not lines
            news.append(aloud(said) if led else f"{self.lead} {aloud(said)}".lstrip())
            self._led = self._led or bool(lines)
        news += self._closing[self._closed :]
        self._told, self._closed = len(self._said), len(self._closing)
        return news


def aloud(text: str) -> str:
    """Printed words fit for the voice: figures and signs spoken, words in capitals as words; a capital at the
    beginning and a stop at the end, so that the voice pauses there."""
    text = _LINK_IN_CAPITALS.sub(lambda match: match.group().lower(), text)
    said = speakable(_AMPERSAND.sub("and ", text), verbatim=True) or text
    said = said[:1].upper() + said[1:]
    return said if _ENDED.search(said) else said + "."


def edge_hint(cut: Sequence[str]) -> str:
    """What to do about text that runs off the picture; "" if none does. ValueError for an unknown edge."""
    if unknown := [edge for edge in cut if edge not in TURNS]:
        raise ValueError(f"text is cut off at {unknown[0]!r}; the edges are {', '.join(TURNS)}")
    edges = [edge for edge in TURNS if edge in cut]
    if not edges:
        return ""
    if len(edges) == 1:
        return f"The text runs off the {edges[0]} edge: {TURNS[edges[0]]}."
    named = f"{', '.join(edges[:-1])} and {edges[-1]}"
    return f"The text runs off the {named} edges: step back a little."


def counted(n: int, what: str) -> str:
    """ "one line", "two lines", "14 lines"."""
    return f"{_NUMBERS[n] if 0 <= n < len(_NUMBERS) else n} {what}{'' if n == 1 else 's'}"


def _gap_words(in_row: Sequence[bool], where: str) -> str:
    be = "is" if len(in_row) == 1 else "are"
    return f"{where} {be} {counted(len(in_row), 'part' if all(in_row) else 'line')} that I cannot read."


def _uncounted(unread: int, lines: bool) -> str:
    if not unread:
        return ""
    return f"In between there are {counted(unread, 'part')} that I cannot read." if lines else ONLY_UNREAD


def _clean(text: str) -> str:
    return _BULLET.sub("", _LEADERS.sub(", ", " ".join(text.split())))


def _stopped(text: str) -> str:
    text = text.strip().rstrip(",;–—- ")
    return text if not text or _ENDED.search(text) else text + "."
