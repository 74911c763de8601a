"""A stream of text cut into chunks worth speaking: the first at the first clause, the rest at sentence ends.

The first chunk decides how soon the answer is heard, so it ends at the first of

* the end of a sentence or a line, of any length ("Yes.");
* `, ; : —` after 3 words or more;
* the blank before "and", "but", "so", "because" … with 4 words or more before it;
* 4 words, in a stream (`STREAMED`): the cut moves back before "the", "of", "is", a number …, which belong to what
  follows, and waits while what was named may not be named whole yet: "the red / door", "12 euros / 50", "Mary / Hill";
  with 3 words that stand by themselves it is cut already where the fourth begins with "a" or "the": "I can see / a…";
* 6 words (8 in a stream); the cut moves back in the same way, but keeps 4 words, and waits for nothing.

The first chunk is the first that has something to say: talk about tools ("Let me look closer at …") is never cut in the
middle, so that it can be left out whole, and what follows it counts as the beginning.

Later chunks end at sentence or line ends only, since there is sound to cover the wait; one that grows past 30 words
ends at the next clause, and past 60 anywhere. In a stream a clause is enough once the chunk has as many words as were
given out before it: a stream twice as fast as the voice then leaves a gap only in a sentence without a comma.

The text is read one character at a time and every choice is made from what has been read, so the chunks are the same
however the stream was cut. What is unclear stays joined, which costs a little time and never sounds wrong:

====================  ===========================================================================================
"4.35", "example.org"  no blank after the point: inside a token nothing ends
"Dr.", "e.g.", "J."    never an end
"No.", "p.m.", "..."   an end only if the next word begins like a sentence; "No. 7" and "5 p.m. today" are joined
"1. Apples", "a) Tea"  a number or letter that begins a line or a sentence is a list marker
"3 €", "9 – 17"        nothing ends between a number and what it counts, or inside a range
"[a link](https://…"   nothing ends before the address is complete
"```", "<think>", "{"  code, reasoning and calls are cut nowhere but at their own end; a very long one comes in parts,
                       each of which begins as the whole did
====================  ===========================================================================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipelines.speaking.speakable import speakable
from pipelines.speaking.unspoken import narrates, opening


@dataclass(frozen=True, slots=True)
class ClauseOptions:
    first_clause: bool = True  # False: sentences only, from the start
    first_min_words: int = 3  # "Yes, of course" would sound cut off after "Yes,"
    first_min_words_before_joiner: int = 4  # no pause is written there, so a little more must stand before it
    first_max_words: int = 6  # 2 s of speech cover the wait for more; 8 would cost 200 ms at 10 words a second
    first_soft_words: int = 0  # more than 0: from so many words on the first chunk ends wherever nothing is torn
    first_before_article: bool = False  # … and a word sooner before what begins with "a" or "the"
    clause_after_words: int = 30  # about 10 s: a sentence of this length is let go at its next comma
    clause_after_given: bool = False  # … or as soon as it is as long as all that was given out before
    max_words: int = 60  # 20 s; bounds memory and the playout's queue
    max_token_chars: int = 400  # no word is that long: bounds memory for text without blanks
    max_held_chars: int = 4000  # of code or reasoning in one chunk


# words that come one by one and are waited for
STREAMED = ClauseOptions(first_soft_words=4, first_before_article=True, clause_after_given=True)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SENTENCE_END = ".!?…"
_WIDE_END = "。！？"  # sentence ends that no blank follows
_CLAUSE_END = ",;:—–"
_CLOSERS = "\"')]}”’»*_`"
_JOINERS = _set("and but so or because while which although though then where when if")
_LEANS_ON_NEXT = _set(
    "the a an of to and or but in on at by for with from is are was were be its it's his her their your my this that "
    "these those no not very as than into over under near about between behind beside"
)
_SUBJECTS_AND_HELPERS = _set(
    "i you he she we they there who which what whose i'm you're he's she's we're they're there's that's what's i'll "
    "you'll i've you've can could will would shall should may might must do does did don't doesn't has have had can't "
    "before after through across along toward towards against inside outside around without within until since above "
    "below cannot won't isn't aren't also just only still quite rather really too so more most less looks seems says "
    "please"
)
# words that begin or go on naming a thing: what follows is still part of its name
_NAMING = _set(
    "the a an his her their your my our its this these those that some any many several few all both each every no "
    "another other such one two three four five six seven eight nine ten eleven twelve twenty thirty hundred half "
    "first second third last next left right front back top bottom upper lower main whole same"
)
_DESCRIBING = _set(  # as well, but not in "it is red"
    "new old big small large little long short tall wide narrow high low red green blue yellow white black brown grey "
    "gray orange pink purple dark light bright good open closed wooden glass metal different"
)
_ARTICLES = _set("the a an")
_LAST_OF_ARTICLES = "aeAE"
_BEING = _set("is are was were be looks seems it's that's")
# words with which no name goes on: it is whole before them
_AFTER_A_NAME = _set(
    "of to and or but in on at by for with from is are was were be has have had can could will would should may might "
    "must do does did not that which who where when while because so if as than into onto over under near about around "
    "behind beside between next above below through across along towards toward against inside outside before after "
    "since until without within up down out off away says say said reads shows it he she they you i we there "
    "here now then the a an"
)
# words that a sentence may begin with that permits something: `thinking.rules` judges it by more than three words
_MAY_PERMIT = _set(
    "can could may might should must go ahead take eat drink cross walk yes sure safe clear fine ok okay free good "
    "no not none nothing never without contains"
)

_NEVER_END = _set(
    "dr mr mrs ms prof st jr sr e.g i.e eg ie vs cf approx ca fig figs vol pp art nr tel ext dept est incl excl mt ft "
    "u.s u.k e.u u.n jan feb mar apr jun jul aug sept sep oct nov dec mon tue wed thu fri rd ave"
)
_ASK_NEXT = _set("no nos p.m a.m pm am etc inc ltd co corp min max hr hrs sec")
_MARKER = re.compile(r"(\d{1,3}|[a-zA-Z])[.)]|[-*•]")
_INITIAL = re.compile(r"([A-Z]\.)+")
_OPEN_LINK = re.compile(r"\[[^\]]*\Z|\]\([^)]*\Z")
_ADDRESS = re.compile(r"\w+://|data:|www\.", re.IGNORECASE)
_REST_OF_ADDRESS = "data:,"  # what the rest of an endless address is put behind, so that nobody speaks it


class ClauseChunker:
    """Feed text as it comes, get chunks as they are complete; `finish` gives the rest and begins anew.

    Nothing is lost or changed but blanks: the chunks joined are the text, up to white space.
    """

    def __init__(self, options: ClauseOptions = ClauseOptions()) -> None:
        self._options = options
        self._begin()

    def _begin(self) -> None:
        self._tokens: list[str] = []  # complete tokens of the chunk under way
        self._words = 0  # of them; a token of signs alone is none
        self._token: list[str] = []  # characters of the token under way
        self._undecided = ""  # "", or the last token, whose end the next character decides
        self._given = 0  # words of the chunks that were given out
        self._first = self._options.first_clause
        self._fresh = True  # the chunk under way began where a line or a sentence does
        self._until = ""  # what ends the stretch of code or reasoning under way, "" if none is
        self._depth = 0  # of braces, in a stretch that ends with one

    def feed(self, text: str) -> list[str]:
        chunks: list[str] = []
        for char in text:
            if self._until:
                self._hold(char, chunks)
            elif char.isspace():
                self._token_ends(chunks)
                if char == "\n" and not self._until:
                    self._line_ends(chunks)
            else:
                if self._undecided:
                    self._decide(char, chunks)
                self._token.append(char)
                if char in _WIDE_END or len(self._token) >= self._options.max_token_chars:
                    self._token_is_long(char, chunks)
                elif char in "`~{>]▷":
                    self._may_open()
                elif char in _LAST_OF_ARTICLES:
                    self._article_may_begin(chunks)
        return chunks

    def finish(self) -> list[str]:
        chunks: list[str] = []
        if self._until:
            self._until = ""
            self._add(self._take_token())
        self._token_ends(chunks)
        self._emit(chunks)
        self._begin()
        return chunks

    # ------------------------------------------------------------------------------- code, reasoning, endless addresses

    def _may_open(self) -> None:
        self._until = opening("".join(self._token))
        self._depth = 1

    def _hold(self, char: str, chunks: list[str]) -> None:
        """A character of a stretch that is no speech. Its blanks are kept: a fence is told by its lines."""
        if self._until == " " and char.isspace():
            self._until = ""
            self._token_ends(chunks)
            return
        self._token.append(char)
        if self._until == "}":
            self._depth += (char == "{") - (char == "}")
            ended = self._depth == 0
        else:
            last = "".join(self._token[-len(self._until) :])
            ended = last.lower() == self._until.lower() and set(self._token) != {char}
        if ended:
            self._add(self._take_token())
            if self._until != "}":
                self._emit(chunks)
            self._until = ""
        elif len(self._token) >= self._options.max_held_chars:
            held = "".join(self._token)
            self._add(self._take_token())
            self._emit(chunks)
            self._token = list(_beginning(held, self._until))

    def _token_is_long(self, char: str, chunks: list[str]) -> None:
        address = char not in _WIDE_END and _ADDRESS.search("".join(self._token)) is not None
        self._add(self._take_token())
        self._emit(chunks)
        if address:
            self._token, self._until = list(_REST_OF_ADDRESS), " "

    # ------------------------------------------------------------------------------------------------------- rules

    def _token_ends(self, chunks: list[str]) -> None:
        token = self._take_token()
        if not token:
            return
        if until := opening(token):  # "<tool_call name=…": its end is after the blank
            self._token, self._until, self._depth = [*token, " "], until, 1
            return
        word = token.strip("\"'“‘([{*_`,.;:!?…").lower()
        if self._first and word in _JOINERS and self._words >= self._options.first_min_words_before_joiner:
            self._emit_clause(chunks)
        marker = self._fresh and not self._tokens and _MARKER.fullmatch(token) is not None
        self._add(token)
        if marker:
            return
        bare = token.rstrip(_CLOSERS)
        if bare[-1:] and bare[-1] in _SENTENCE_END:
            ends = _ends_sentence(bare)
            if ends is None:
                self._undecided = bare
            elif ends and not self._in_link():
                self._emit(chunks)
            return
        if bare[-1:] and bare[-1] in _CLAUSE_END and self._words >= self._clause_minimum():
            self._emit_clause(chunks)
        elif self._first and 0 < self._options.first_soft_words <= self._words < self._options.first_max_words + 2:
            self._emit_what_is_whole(chunks)
        elif self._first and self._words >= self._options.first_max_words:
            self._emit_before_leaning_words(chunks)
        elif self._words >= self._options.max_words or len(self._tokens) >= 4 * self._options.max_words:
            self._emit(chunks)

    def _decide(self, next_char: str, chunks: list[str]) -> None:
        """The token before may have ended a sentence; the first character after it tells."""
        token, self._undecided = self._undecided, ""
        opens = next_char.isupper() or next_char in "\"“‘'(*¿¡"
        if opens or (next_char.isdigit() and not token.lower().startswith(("no", "min", "max", "nos"))):
            self._emit(chunks)

    def _article_may_begin(self, chunks: list[str]) -> None:
        """A word begins with "a" or "the": nearly always an article, or one as small. What stands by itself before it
        is spoken now, not a word later."""
        early = self._first and self._options.first_before_article and self._words >= self._options.first_min_words
        if not early or "".join(self._token).lower() not in _ARTICLES or not _whole(self._tokens, len(self._tokens)):
            return
        if not (self._in_link() or narrates(" ".join(self._tokens)) or _may_permit(self._tokens)):
            self._emit(chunks, fresh=False)

    def _line_ends(self, chunks: list[str]) -> None:
        if self._words and not (len(self._tokens) == 1 and self._fresh and _MARKER.fullmatch(self._tokens[0])):
            self._emit(chunks)

    def _clause_minimum(self) -> int:
        options = self._options
        if self._first:
            return options.first_min_words
        if options.clause_after_given:
            return min(options.clause_after_words, max(options.first_max_words, self._given))
        return options.clause_after_words

    def _in_link(self) -> bool:
        return self._words < self._options.max_words and _OPEN_LINK.search(" ".join(self._tokens)) is not None

    def _may_cut(self) -> bool:
        """A cut in the middle of a sentence would not tear what belongs together."""
        if self._words >= self._options.max_words:
            return True
        tokens = self._tokens
        counting = tokens[-1][-1].isdigit() or (len(tokens) > 1 and tokens[-1] in "–—" and tokens[-2][-1].isdigit())
        return not (counting or self._in_link() or (self._first and narrates(" ".join(tokens))))

    # ---------------------------------------------------------------------------------------------------- mechanics

    def _take_token(self) -> str:
        token = "".join(self._token)
        self._token.clear()
        return token

    def _add(self, token: str) -> None:
        self._tokens.append(token)
        self._words += any(map(str.isalnum, token))

    def _emit(self, chunks: list[str], fresh: bool = True) -> None:
        if self._tokens:
            chunk = " ".join(self._tokens)
            chunks.append(chunk)
            self._first = self._first and not speakable(chunk)
            self._given += 0 if self._first else self._words
            self._fresh = fresh
        self._tokens = []
        self._words = 0
        self._undecided = ""

    def _emit_clause(self, chunks: list[str]) -> None:
        if self._may_cut():
            self._emit(chunks, fresh=self._tokens[-1].endswith(":"))

    def _emit_before_leaning_words(self, chunks: list[str]) -> None:
        if self._in_link() or narrates(" ".join(self._tokens)):
            return
        cut = len(self._tokens)
        while cut > 4 and _leans(self._tokens[cut - 1]):
            cut -= 1
        if self._tokens[cut - 1][-1].isdigit() and self._words < self._options.first_max_words + 2:
            return  # "It costs between 3 and 5": two words more tell what is counted
        self._emit_up_to(cut, chunks)

    def _emit_what_is_whole(self, chunks: list[str]) -> None:
        """Let go what can be spoken by itself: nothing that leans on the next word, no name that may go on."""
        if self._in_link() or narrates(" ".join(self._tokens)):
            return
        if self._words < self._options.first_max_words and _may_permit(self._tokens):
            return
        for cut in range(len(self._tokens), 0, -1):
            if _words_of(self._tokens[:cut]) < self._options.first_min_words:
                return
            if _whole(self._tokens, cut):
                self._emit_up_to(cut, chunks)
                return

    def _emit_up_to(self, cut: int, chunks: list[str]) -> None:
        rest = self._tokens[cut:]
        del self._tokens[cut:]
        self._words = _words_of(self._tokens)
        self._emit(chunks, fresh=False)
        for token in rest:
            self._add(token)


def _may_permit(tokens: list[str]) -> bool:
    return tokens[0].lower() != "i" and any(token.lower().strip(",") in _MAY_PERMIT for token in tokens)


def _words_of(tokens: list[str]) -> int:
    return sum(any(map(str.isalnum, token)) for token in tokens)


def _whole(tokens: list[str], cut: int) -> bool:
    """The tokens before the cut can be spoken by themselves, as far as those after it are known."""
    after = tokens[cut].lower() if cut < len(tokens) else ""
    last = tokens[cut - 1].lower()
    if after in _AFTER_A_NAME - _ARTICLES and (last[-1].isdigit() or (last in _NAMING and last not in _LEANS_ON_NEXT)):
        return True  # "the one on the left / is", "12 euros 50 / for"
    if after[:1].isdigit() or _leans_at_all(tokens[cut - 1]):
        return False
    return after in _AFTER_A_NAME or not _names(tokens[:cut])


def _names(tokens: list[str]) -> bool:
    """The tokens end within a name that may go on: "a red", "the front door", "12 euros", "Mary"."""
    for back, token in enumerate(reversed(tokens)):
        word = token.lower()
        if back == 3 or (word in _AFTER_A_NAME and word not in _NAMING):
            return False
        before = [other.lower() for other in tokens[-3 - back : len(tokens) - 1 - back]]
        if word in _NAMING or word[-1].isdigit() or (token[0].isupper() and before):
            return True
        if word in _DESCRIBING and not (before and before[-1] in _BEING and "there" not in before):
            return True
    return False


def _leans_at_all(token: str) -> bool:
    return _leans(token) or token.lower() in _SUBJECTS_AND_HELPERS or token.lower() in _NAMING


def _leans(token: str) -> bool:
    """A token that belongs to the one after it: "the", "3" (euros), "Dr." (Smith), "€" (3)."""
    return token.lower() in _LEANS_ON_NEXT or token[-1].isdigit() or token[-1] == "." or token in "€$£¥₹~≈±+-–—×@&"


def _beginning(held: str, until: str) -> str:
    """What the next part of a stretch that is too long for one chunk begins with."""
    if until == "}":
        return '{"more": '
    if until in ("```", "~~~"):
        line = held.partition("\n")[0].rpartition(until)[2].strip()
        return f"{until}{line if line.isalnum() else ''}\n"
    if until == " ":
        return _REST_OF_ADDRESS
    return until.replace("/", "") if "/" in until else "<|channel|>analysis "


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
