"""What was said and what was seen in this session, kept as the ear got it, and how to find it again.

What is remembered of a turn is what the wearer *heard* of the answer, not what was generated: an answer cut off after
four words is four words long in here, and so in every later query. Of an answer that was shown while the voice was
muted the ear got nothing; its words are kept apart, and a later query says that they were only shown.

A query holds the last turns as words: no picture is sent twice, its caption stands for it. What vendors have seen
before costs a tenth, as long as it begins with exactly the same bytes. So the window does not slide by one turn each
time, which would change its first byte every time; it fills up, then lets go of its older half at once. And it cannot
overflow: each turn has its share of the window's tokens, and what is longer is cut, and says so.

Memory is bounded as well: by turns, and by what is kept of each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from pipelines.events import Code, Message, Remembered, TextLine
from pipelines.thinking import wording
from pipelines.thinking.intent import normal
from pipelines.thinking.privacy import private_reason
from pipelines.thinking.sheet import rows_of, sheet
from pipelines.thinking.things import all_described

NUMBERED = frozenset({"platform", "gate", "room", "line", "bus", "track", "floor", "seat"})

OWN: Final = frozenset({"memory", "recall"})  # kinds of turns about what is remembered
WINDOW_TOKENS: Final = 3000  # of all earlier turns in a query: a page and a half, half a cent at most
LEAST_TURN_TOKENS: Final = 100  # a turn cut shorter than this says nothing; rather fewer turns
LETTERS_PER_TOKEN: Final = 3  # cautious: English has four
CUT: Final = " [... left out ...] "

CAPTION_CHARS: Final = 160
WORDS_LETTERS: Final = 6000  # of one question or one answer: five minutes of speech
LINES: Final = 80  # of one picture: more than a page of print
LINE_CHARS: Final = 200
CODES: Final = 16
CODE_CHARS: Final = 3000  # a QR code holds 2,953 bytes
ASIDES: Final = 24  # views, sources or links of one turn
ASIDE_CHARS: Final = 500


class History:
    """The session's turns, oldest first. When there are more than `turns`, the older half is forgotten."""

    def __init__(self, turns: int = 200) -> None:
        self._turns = max(2, turns)
        self._entries: list[Remembered] = []
        self._private: list[bool] = []  # for each entry: it is nobody's business

    def resume(self, entries: Sequence[Remembered]) -> None:
        """Remember exactly these turns."""
        self._entries, self._private = [], []
        for entry in entries:
            self.add(entry)

    def __len__(self) -> int:
        return len(self._entries)

    def forget(self, meant: Callable[[Remembered], bool]) -> None:
        """Remember the turns no longer of which this is true."""
        kept = [not meant(entry) for entry in self._entries]
        self._entries = [entry for entry, keep in zip(self._entries, kept, strict=True) if keep]
        self._private = [secret for secret, keep in zip(self._private, kept, strict=True) if keep]

    @property
    def entries(self) -> Sequence[Remembered]:
        return tuple(self._entries)

    def add(self, entry: Remembered) -> None:
        """Remember this turn, too; what is beyond any measure of it is cut."""
        if len(self._entries) == self._turns:
            gone = self._turns // 2
            del self._entries[:gone], self._private[:gone]
        entry = _bounded(entry)
        self._entries.append(entry)
        self._private.append(bool(private_reason(entry.question, entry.lines)))

    def cut(self, turn: int, heard: str, shown: str = "") -> None:
        """What the ear got of this turn's answer turned out to be this much; `shown`: what was shown in its place."""
        for i, entry in enumerate(self._entries):
            if entry.turn == turn:
                by_answer = entry.caption and entry.caption == caption_of((), (), entry.heard)
                caption = caption_of((), (), heard) if by_answer else entry.caption
                self._entries[i] = _bounded(replace(entry, heard=heard, caption=caption, shown=shown or entry.shown))

    def messages(
        self, last: int, limit_tokens: int = WINDOW_TOKENS, private: bool = False, here: bool = False
    ) -> tuple[Message, ...]:
        """The last turns as a conversation, for a query: `last` of them at most, half as many at least, in about
        `limit_tokens` tokens at most. Pictures are not repeated, what was heard is. `private`: the query goes to
        nobody who learns from it, so turns that are nobody's business may go along; otherwise they are left out.
        `here`: it stays on this machine; only then turns of private mode go along, and what was told to be remembered:
        of that, each later question takes along what fits it."""
        asked = [
            (entry, secret)
            for entry, secret in zip(self._entries, self._private, strict=True)
            if entry.question
            and (here or not (entry.trace.private or entry.kind in OWN))  # what was not understood is no question
        ]
        most = min(last, limit_tokens // LEAST_TURN_TOKENS)
        if most < 1:
            return ()
        share = limit_tokens // most * LETTERS_PER_TOKEN
        window = asked[_window_start(len(asked), most) :]
        return tuple(m for entry, secret in window if private or not secret for m in _as_messages(entry, share))

    def what_was(self, subject: str, now_ns: int) -> str:
        """Answers "what was the SUBJECT" from what was read in this session; says so if it was not.

        The newest picture that names it wins; the answer tells how long ago that was.
        """
        found = self._find(subject)
        if found is None:
            return f"I have not read any {subject} in this session."
        said, entry = found
        return f"{said} I read it {wording.ago((now_ns - entry.t_ns) / 1e9)}."

    def has(self, subject: str) -> bool:
        """Something that was read in this session names it."""
        return self._find(subject) is not None

    def _find(self, subject: str) -> tuple[str, Remembered] | None:
        subject = normal(subject)
        for entry in reversed(self._entries):
            if subject in {"price", "cost"} and (found := wording.prices(entry.lines)):
                return _with_unread(wording.price_answer(found), entry), entry
            if subject == "code" and entry.codes:
                return all_described(entry.codes), entry
            if subject in {"sign", "label", "menu", "page", "letter"} and entry.lines:
                return _with_unread(" ".join(sheet(entry.lines).spoken), entry), entry
            if said := _line_about(subject, entry.lines):
                return said, entry
        return None


def _with_unread(said: str, entry: Remembered) -> str:
    return " ".join(filter(None, (said, wording.unread_too(entry.unread))))


def _line_about(subject: str, lines: Sequence[TextLine]) -> str:
    """The line that names the subject, with its number if the number stands on the next line."""
    rows = [" ".join(lines[i].text for i in row) for row in rows_of(lines)]
    for i, row in enumerate(rows):
        words = normal(row).split()
        if subject not in words:
            continue
        if subject in NUMBERED:
            after = words[words.index(subject) + 1 :]
            if after:
                return f"{subject.capitalize()} {after[0]}."
            following = normal(rows[i + 1]).split() if i + 1 < len(rows) else []
            if following and (len(following[0]) == 1 or any(map(str.isdigit, following[0]))):  # and no destination
                return f"{subject.capitalize()} {following[0]}."
        return wording.sentence(row)
    return ""


# ------------------------------------------------------------------------------------------------ as words for a query


def _window_start(count: int, most: int) -> int:
    """Which of `count` turns the window begins with. It moves by half a window at a time, and depends on the count
    alone, so that a session taken up again asks alike."""
    half = max(1, most // 2)
    return max(0, -(-(count - most) // half) * half)


def _as_messages(entry: Remembered, share: int) -> list[Message]:
    """One turn in at most `share` letters: half of them for the question and the picture's note, the rest for the
    answer."""
    note = ""
    if entry.caption or entry.views:
        note = f" [picture: {_cut(entry.caption.translate(_BRACKETS), share // 4) or 'not kept'}]"
    question = _cut(entry.question, share // 2 - _letters(note)) + note
    out = [Message("user", question)]
    if answer := f"{wording.SHOWN}{entry.shown}" if entry.shown else entry.heard:
        if entry.kind == "read" and entry.lines:
            answer = wording.READ_OUT + answer
        out.append(Message("assistant", _cut(answer, share - _letters(question))))
    return out


def _letters(text: str) -> int:
    """Length, where each letter beyond ASCII counts as a token's worth."""
    return len(text) + (LETTERS_PER_TOKEN - 1) * sum(not char.isascii() for char in text)


def _cut(text: str, letters: int) -> str:
    """Both ends of a text that is too long, and between them the word that something is missing."""
    short, room = text, letters - len(CUT)
    while _letters(short) > letters and room > 0:
        short = text[: room * 2 // 3] + CUT + text[len(text) - room // 3 :]
        room = min(room - 1, room * 9 // 10)
    return short


def caption_of(lines: Sequence[TextLine], codes: Sequence[Code], heard: str) -> str:
    """Words that stand for a picture once it is gone, at most CAPTION_CHARS: the text and the codes in it, or else how
    the answer, as far as it was heard, begins. Without brackets, so that text in a picture cannot end the note that
    it stands in."""
    parts = []
    if lines:
        parts.append("text " + " / ".join(line.text for line in lines[:LINES]))
    if codes:
        parts.append(all_described(codes[:CODES]))  # which tells no password and no secret
    words = "; ".join(parts) or heard.split(". ")[0]
    words = " ".join(words[: 4 * CAPTION_CHARS].translate(_BRACKETS).split())
    return words if len(words) <= CAPTION_CHARS else words[: CAPTION_CHARS - 2].rstrip() + " …"


_BRACKETS: Final = str.maketrans("[]", "()")


# ------------------------------------------------------------------------------------------------------------- bounds


def _bounded(entry: Remembered) -> Remembered:
    """The same turn, of which nothing is longer than anybody asks for again."""
    return replace(
        entry,
        question=_cut(entry.question, WORDS_LETTERS),
        heard=_cut(entry.heard, WORDS_LETTERS),
        shown=_cut(entry.shown, WORDS_LETTERS),
        caption=_shortened(entry.caption, CAPTION_CHARS),
        lines=tuple(replace(x, text=_shortened(x.text, LINE_CHARS)) for x in entry.lines[:LINES]),
        codes=tuple(replace(x, payload=_shortened(x.payload, CODE_CHARS)) for x in entry.codes[:CODES]),
        views=entry.views[:ASIDES],
        asked=entry.asked[:ASIDES],
        sources=tuple(_shortened(x, ASIDE_CHARS) for x in entry.sources[:ASIDES]),
        links=tuple(_shortened(x, ASIDE_CHARS) for x in entry.links[:ASIDES]),
    )


def _shortened(text: str, chars: int) -> str:
    return text if len(text) <= chars else text[: chars - 1] + "…"
