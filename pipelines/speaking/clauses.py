"""A stream of text cut into chunks worth speaking: the first at the first clause, the rest at sentence ends.

The first chunk decides how soon the answer is heard, so it ends at the first of

* the end of a sentence or a line, of any length ("Yes.");
* `, ; : —` after 3 words or more;
* the blank before "and", "but", "so", "because" … with 4 words or more before it;
* 6 words; the cut then moves back before "the", "of", "and" …, which belong to what follows, but keeps 4 words.

Later chunks end at sentence or line ends only, since there is sound to cover the wait; one that grows past 30 words
ends at the next clause, and past 60 anywhere.

The text is read one character at a time and every choice is made from what has been read, so the chunks are the same
however the stream was cut. What is unclear stays joined, which costs a little time and never sounds wrong:

====================  ===========================================================================================
"4.35", "example.org"  no blank after the point: inside a token nothing ends
"Dr.", "e.g.", "J."    never an end
"No.", "p.m.", "..."   an end only if the next word begins like a sentence; "No. 7" and "5 p.m. today" are joined
"1. Apples", "a) Tea"  a number or letter that begins a chunk is a list marker
====================  ===========================================================================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClauseOptions:
    first_clause: bool = True  # False: sentences only, from the start
    first_min_words: int = 3  # "Yes, of course" would sound cut off after "Yes,"
    first_min_words_before_joiner: int = 4  # no pause is written there, so a little more must stand before it
    first_max_words: int = 6  # 2 s of speech cover the wait for more; 8 would cost 200 ms at 10 words a second
    clause_after_words: int = 30  # about 10 s: a sentence of this length is let go at its next comma
    max_words: int = 60  # 20 s; bounds memory and the playout's queue
    max_token_chars: int = 400  # no word is that long: bounds memory for text without blanks


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SENTENCE_END = ".!?…"
_WIDE_END = "。！？"  # sentence ends that no blank follows
_CLAUSE_END = ",;:—–"
_CLOSERS = "\"')]}”’»*_`"
_JOINERS = _set("and but so or because while which although though then where when if")
_LEANS_ON_NEXT = _set(
    "the a an of to and or but in on at by for with from is are was were be its it's his her their your my this that "
    "these those no not very as than into over under near about"
)
_NEVER_END = _set(
    "dr mr mrs ms prof st jr sr e.g i.e eg ie vs cf approx ca fig figs vol pp art nr tel ext dept est incl excl mt ft "
    "jan feb mar apr jun jul aug sept sep oct nov dec mon tue wed thu fri rd ave"
)
_ASK_NEXT = _set("no nos p.m a.m pm am etc inc ltd co corp u.s u.k e.u min max hr hrs sec")
_MARKER = re.compile(r"(\d{1,3}|[a-zA-Z])[.)]|[-*•]")
_INITIAL = re.compile(r"([A-Z]\.)+")


class ClauseChunker:
    """Feed text as it comes, get chunks as they are complete; `finish` gives the rest and begins anew.

    Nothing is lost or changed but blanks: the chunks joined are the text, up to white space.
    """

    def __init__(self, options: ClauseOptions = ClauseOptions()) -> None:
        self._options = options
        self._begin()

    def _begin(self) -> None:
        self._tokens: list[str] = []  # complete tokens of the chunk under way
        self._token: list[str] = []  # characters of the token under way
        self._undecided = ""  # "", or the last token, whose end the next character decides
        self._first = self._options.first_clause

    def feed(self, text: str) -> list[str]:
        chunks: list[str] = []
        for char in text:
            if char.isspace():
                self._token_ends(chunks)
                if char == "\n":
                    self._line_ends(chunks)
            else:
                if self._undecided:
                    self._decide(char, chunks)
                self._token.append(char)
                if char in _WIDE_END or len(self._token) >= self._options.max_token_chars:
                    self._tokens.append(self._take_token())
                    self._emit(chunks)
        return chunks

    def finish(self) -> list[str]:
        chunks: list[str] = []
        self._token_ends(chunks)
        self._emit(chunks)
        self._begin()
        return chunks

    # ------------------------------------------------------------------------------------------------------- rules

    def _token_ends(self, chunks: list[str]) -> None:
        token = self._take_token()
        if not token:
            return
        word = token.strip("\"'“‘([{*_`,.;:!?…").lower()
        if self._first and word in _JOINERS and self._words() >= self._options.first_min_words_before_joiner:
            self._emit(chunks)
        marker = _MARKER.fullmatch(token) is not None and not self._tokens
        self._tokens.append(token)
        if marker:
            return
        bare = token.rstrip(_CLOSERS)
        if bare[-1:] and bare[-1] in _SENTENCE_END:
            ends = _ends_sentence(bare)
            if ends is None:
                self._undecided = bare
            elif ends:
                self._emit(chunks)
            return
        if bare[-1:] and bare[-1] in _CLAUSE_END and self._words() >= self._clause_minimum():
            self._emit(chunks)
        elif self._first and self._words() >= self._options.first_max_words:
            self._emit_before_leaning_words(chunks)
        elif self._words() >= self._options.max_words:
            self._emit(chunks)

    def _decide(self, next_char: str, chunks: list[str]) -> None:
        """The token before may have ended a sentence; the first character after it tells."""
        token, self._undecided = self._undecided, ""
        opens = next_char.isupper() or next_char in "\"“‘'(*¿¡"
        if opens or (next_char.isdigit() and not token.lower().startswith(("no", "min", "max", "nos"))):
            self._emit(chunks)

    def _line_ends(self, chunks: list[str]) -> None:
        if self._words() and not (len(self._tokens) == 1 and _MARKER.fullmatch(self._tokens[0])):
            self._emit(chunks)

    def _clause_minimum(self) -> int:
        return self._options.first_min_words if self._first else self._options.clause_after_words

    # ---------------------------------------------------------------------------------------------------- mechanics

    def _take_token(self) -> str:
        token = "".join(self._token)
        self._token.clear()
        return token

    def _words(self) -> int:
        return sum(any(map(str.isalnum, token)) for token in self._tokens)

    def _emit(self, chunks: list[str]) -> None:
        if self._tokens:
            chunks.append(" ".join(self._tokens))
            self._first = False
        self._tokens = []
        self._undecided = ""

    def _emit_before_leaning_words(self, chunks: list[str]) -> None:
        cut = len(self._tokens)
        while cut > 4 and self._tokens[cut - 1].lower() in _LEANS_ON_NEXT:
            cut -= 1
        rest = self._tokens[cut:]
        del self._tokens[cut:]
        self._emit(chunks)
        self._tokens = rest


def _ends_sentence(token: str) -> bool | None:
    """Whether a token that ends with one of `.!?…` ends a sentence; None: the next word decides."""
    if token[-1] in "!?":
        return True
    if token.endswith(("…", "...")):
        return None
    word = token.rstrip(".").lstrip("\"'“‘([{*_`").lower()
    if word in _NEVER_END or _INITIAL.fullmatch(token):
        return None if word in _ASK_NEXT else False
    return None if word in _ASK_NEXT else True
