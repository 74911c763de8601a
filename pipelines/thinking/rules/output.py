"""What a model's words may not say, held sentence by sentence on their way to the voice.

A sentence that claims that a road is safe, that food is free of an allergen, how much of a medicine to take, what
somebody suffers from, or that something may be eaten, drunk or touched, is not spoken; a line that says what we cannot
know is spoken in its place, once. Presence may be told ("it contains hazelnuts"), danger may be told, and so may doubt
("I can't tell whether it is safe").

What is printed may be read. A quotation is what stands in quotation marks, or after a colon up to the end of the
sentence, and is said to be of a sign, a label …: “The sign says: road clear of snow” passes, “the road is clear” does
not. For medicine and allergens the printed words themselves pass too, where they were read from the picture (`lines`),
at least three in a row with no "not" cut off before them; a number in a quotation that the label has not is no
quotation.

A sentence is judged whole. Of a sentence that may become such a claim nothing is let go before its end; everything
else passes clause by clause, without delay.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.events import TextLine
from pipelines.speaking.speakable import speakable
from pipelines.thinking.rules.claims import ALLERGEN, DOSE, PRESENT, ROAD, RULES, Rule, normal
from pipelines.thinking.rules.topics import plain, topics

MAX_HELD_WORDS = 40  # of one sentence; then it is judged as it stands
MAX_QUOTED_SENTENCES = 8  # a quotation mark that nobody closes ends here

_SENTENCES = re.compile(r"(?:[^.!?…]|[.!?…](?=[^\s\"”’')\]]))+(?:[.!?…]+[\"”’')\]]*|\Z)\s*")
_ENDED = re.compile(r"[.!?…][\"”’')\]]*\s*\Z")

# ---------------------------------------------------------------------------------------------------------- quotations

_PAPER = (
    r"(?:sign|signs|label|labels|packet|package|packaging|pack|box|bottle|tub|tin|can|carton|wrapper|leaflet|notice|"
    r"board|"
    r"screen|text|page|print|poster|display|instructions?|ingredients?|list|ticket|menu|card|warning|plate|sticker|"
    r"letter|"
    r"tag|note|panel|line|lines|headline|title|caption|it|this|one|front|back|side)"
)
_SAYS = r"(?:says?|said|reads?|states?|tells?|warns?|lists?|claims?|shows?|prints?|printed|written|directs?|announces?)"
_SOURCE = re.compile(
    rf"\b{_PAPER}\b[^.!?:\"“]{{0,40}}\b{_SAYS}\b[^.!?\"“]{{0,30}}\Z|\b(?:printed|written|i (?:can )?read|quote)"
    rf"\b[^.!?\"“]{{0,30}}\Z"
)
_COLON = re.compile(
    rf"\b{_PAPER}\b[^.!?:]{{0,40}}\b{_SAYS}\b[^.!?:,;]{{0,25}}:\s|\b(?:printed|written|i (?:can )?read)"
    rf"\b[^.!?:,;]{{0,25}}:\s"
)
_SAID_BY_PAPER = re.compile(rf"\b{_PAPER}\b[^.!?:]{{0,40}}\b{_SAYS}\b")
_MARKS = {"“": "”", "„": "“", "«": "»", '"': '"'}
_QUOTED = " ⟨⟩ "  # what a quotation becomes, for the tables
_NOT_PRINTED = frozenset({"not", "never", "no", "don't", "without", "cannot", "avoid", "nicht"})
_NUMBER_WORDS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "ten": "10", "eleven": "11", "twelve": "12", "twice": "2", "once": "1", "half": "½",
}  # fmt: skip
_TOKEN = re.compile(r"[a-zà-ÿ']+|[0-9]+(?:[.,][0-9]+)*|½")
_DIRECTLY_BEFORE = re.compile(
    r"\byou(?:'d| would| should| can| could| may| must| need to| have to| ought to|'re| are)?\W*\Z"
)

# ------------------------------------------------------------------------------------------------------------- answers

_YES = re.compile(
    r"\A(?:oh|well|ok(?:ay)?|so|hm+|ah|,|\s)*(?:(?:yes|yeah|yep|yup|sure|of course|absolutely|definitely|certainly|"
    r"correct|"
    r"affirmative|exactly|indeed|by all means|no problem|go ahead|go for it|feel free|please do|totally|perfectly)\b|"
    r"(?:right|you can|you may|you could|you should|it is|it's|it was|that is|that's|this is|they are|it should be|"
    r"it can be|"
    r"it does|it seems so|seems so|i think so|i believe so|i'd say so|probably|most likely|likely|all good|looks "
    r"(?:good|"
    r"fine|ok(?:ay)?|safe|clear)|you're|fine|safe|clear|go|now|good|should be|they do|it has|it looks like it)"
    r"(?:[\s,]+(?:fine|safe|ok|okay|good|now|yes|indeed|clear|to|go|ahead|all|probably|likely|so|be|looks|think|i|"
    r"it|is|does|"
    r"that|alright|right|well))*[\s.!…]*\Z)"
)
_NO = re.compile(
    r"\A(?:oh|well|ok(?:ay)?|so|hm+|ah|,|\s)*(?:no(?=[,.!;:…—–-]|\s*\Z|\s+(?:it|there|you|they|this|that|these|i|"
    r"not|need)\b)|"
    r"nope\b|negative\b|none\b|nothing\b|(?:probably|likely|maybe|certainly|definitely|of course|hopefully|i think|"
    r"i hope|apparently) not\b|not (?:at all|that i|as far|right now|at the moment|now|yet|for now|according|really|"
    r"any|from)\b|"
    r"(?:(?:it|they|this|that) )?(?:doesn't|does not|isn't|is not|don't|do not|aren't|are not)(?: (?:appear|seem|"
    r"look|to|contain|"
    r"have|include|any|it|them|that|so|be|like|think))*[\s.!…]*\Z|i (?:don't|do not) (?:think|believe) so\b|"
    r"i (?:don't|do not|can't|cannot) (?:see|find|spot) (?:any|it|them|one|that)\W*\Z|"
    r"there (?:isn't|aren't|is not|are not|is none|are none)(?: any| one)*\W*\Z)"
)
# A word that says no harm was said: "No." to "is it safe?", "Yes." to "is it poisonous?", thanks, a turn of phrase.
_SAFE_SIDE = re.compile(
    r"\A\W*(?:no|yes|yeah|nope|negative|none|⟨⟩|ok(?:ay)?|well|hello|hm+|let me|please|thank\w*|hello)\b|\A\W*\Z"
)
_SUGGESTS = re.compile(r"\A\W*(?:so |then |well,? )*(?:why not|why don't you|how about|shall we|what about)\b")
_DOUBT = re.compile(
    r"\b(?:can't|cannot|can not|couldn't|could not|unable to|not able to) (?:\w+ )?(?:tell|say|judge|know|be sure|"
    r"see (?:the|that|it|this|"
    r"enough|well|from)|read|confirm|assess)\b|\bnot sure\b|\bunsure\b|\bdon't know\b|\bdo not know\b|\bimpossible "
    r"to\b|\bno idea\b"
)
_NUMBER_ONLY = re.compile(
    r"\A\W*(?:(?:about|around|just|only|up to|maybe|at most|take|or|to|and|a|an|every|per|each|times|twice|once|the|"
    r"usually|maximum|"
    r"one|two|three|four|five|six|seven|eight|nine|ten|half|[0-9]+(?:[.,][0-9]+)?|tablets?|pills?|capsules?|drops?|"
    r"puffs?|teaspoons?|"
    r"milligrams?|millilitres?|mg|ml|hours?|days?|day|daily|more|of|them|it|meals?|with|after|before|food|water)\W+)*"
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|half|[0-9]+(?:[.,][0-9]+)?|tablets?|pills?|capsules?|"
    r"drops?|puffs?|teaspoons?|"
    r"milligrams?|millilitres?|mg|ml|hours?|daily|day|days|more|of them|meals?)\W*\Z"
)

# --------------------------------------------------------------------------------------------------------- what to add

_HAS_QUALIFIED = re.compile(
    r"\b(?:part (?:that )?i can|(?:that|what|as far as) i can (?:see|read)|visible part|could not find|couldn't "
    r"find|can't find)\b"
)
_WARNED = re.compile(
    r"\b(?:can't tell|cannot tell|not safe|unsafe|don't cross|do not cross|wait|stay|stop|not able to tell|can't "
    r"judge)\b|"
    r"\A(?:no|wait|stop|don't)\b|\b(?:is|turned) red\b|\b(?:is|are|'s) (?:\w+ )?(?:coming|approaching)\b"
)
_REFERRED = re.compile(r"\b(?:pharmacist|doctor|physician|pharmacy|gp)\b")
_ON_A_DOSE = re.compile(
    r"\b(?:how (?:many|much|often|long)|dos(?:e|es|age)|take|taking|swallow|give|inject|mix|combine|alcohol|safe|"
    r"enough|too (?:many|much)|"
    r"side effects?|driv(?:e|ing)|pregnan\w+|can i|should i|may i)\b"
)
_NUMBERED_DOSE = re.compile(r"\b(?:tablets?|pills?|capsules?|dose|take|swallow|puffs?|drops|hours)\b")
# asked for, what shows that it was told, its name
_FIELDS = (
    (
        re.compile(r"\b(?:expir\w*|use[- ]by|best[- ]before|sell[- ]by|still (?:good|valid)|out of date)\b"),
        re.compile(
            r"\b(?:19|20)[0-9]{2}\b|\b(?:january|february|march|april|may|june|july|august|september|october|"
            r"november|december)\b|[0-9]{1,2} [0-9]{2}\b"
        ),
        "expiry date",
    ),
    (
        re.compile(r"\b(?:strength|how strong|milligrams?|mg)\b"),
        re.compile(r"[0-9] ?(?:mg|milligram|microgram|gram|percent|units|millilit)|\bmilligram"),
        "strength",
    ),
    (
        re.compile(r"\b(?:how (?:many|often)|dos(?:e|age)|how much .*\b(?:take|give|swallow))\b"),
        re.compile(r"[0-9]|\b(?:one|two|three|four|once|twice|half|every|daily)\b"),
        "directions",
    ),
    (re.compile(
        r"\bingredients?\b"
    ), re.compile(r"\b(?:contain|ingredient|sugar|flour|water|oil|salt)\w*"), "ingredients"),
)  # fmt: skip
_UNREADABLE = re.compile(
    r"\b(?:can't|cannot|could not|couldn't|unable to|not able to) (?:\w+ )?(?:read|see|make out|find|tell)\b|"
    r"\bunreadable\b|"
    r"\bnot (?:legible|readable|visible|printed|shown)\b|\billegible\b|\b(?:blurr\w+|hidden|covered)\b"
)


class OutputRules:
    """For one answer: give it the clauses in order, speak what comes back, and `closing` at the end.

    `question`: the wearer's words; `lines`: text read from the picture that the answer is about."""

    def __init__(self, question: str, lines: Sequence[TextLine] = ()) -> None:
        self.topics = topics(question, lines)
        self._question = plain(question)
        self._lines = tuple(line.text for line in lines)
        self._printed: tuple[str, ...] | None = None  # tokens of the lines, made when they are first needed
        self._asked = self._question  # what a bare yes or no would answer
        self._held = ""  # of the sentence under way, not spoken yet
        self._let_go = ""  # of the sentence under way, spoken
        self._quote = ""  # the mark that ends the quotation under way
        self._quoted_sentences = 0
        self._source_before = False  # the sentence before announced a quotation
        self._said: tuple[str, ...] = ()  # lines that were put in place of others
        self._heard = ""  # what passed, in plain words

    def passed(self, clause: str) -> str:
        """What may be spoken in place of the clause, "" if nothing (yet): the beginning of a sentence that may become a
        claim is held back until its end."""
        out: list[str] = []
        for piece in _SENTENCES.findall(clause) or [clause]:
            self._held = f"{self._held} {piece.strip()}".strip()
            if _ENDED.search(piece) or len(self._held.split()) > MAX_HELD_WORDS:
                out.append(self._sentence())
            elif not self._may_become_a_claim(f"{self._let_go} {self._held}"):
                out.append(self._held)
                self._let_go, self._held = f"{self._let_go} {self._held}".strip(), ""
        return self._heard_too(out)

    def flush(self) -> str:
        """What is held back, judged as it stands; more may follow."""
        return self._heard_too([self._sentence()]) if self._held else ""

    def closing(self) -> str:
        """What is still held back, and a sentence to add at the end; "" if neither."""
        held = self.flush()
        return " ".join(part for part in (held, *self._missing(), *self._advice()) if part)

    # ---------------------------------------------------------------------------------------------------- a sentence

    def _sentence(self) -> str:
        """The sentence under way is over: what of it may be spoken, besides what was."""
        whole, new = f"{self._let_go} {self._held}".strip(), self._held
        self._let_go = self._held = ""
        own = self._without_quotations(whole)
        words = normal(own)
        asked, self._asked = self._asked, words if words.endswith("?") else self._question
        if words.endswith("?") and not _SUGGESTS.match(words):  # to ask is not to claim
            return new
        for rule in RULES:
            if self._breaks(rule, words, asked) and not self._printed_so(rule, own, asked):
                kept = self._presence(rule, whole) if new == whole else ""
                return " ".join(part for part in (kept, self._instead(rule, kept)) if part)
        return new

    def _breaks(self, rule: Rule, words: str, asked: str) -> bool:
        concerned = rule.topic in self.topics or (asked is not self._question and rule.is_about(asked))
        if rule.claims(words, concerned):
            return True
        if not concerned or _DOUBT.search(words):
            return False
        if rule.yes_hurts(asked) and _YES.match(words):
            return True
        if rule.no_hurts(asked) and _NO.match(words):
            return True
        if rule.is_about(asked) and not rule.tells_something(words):
            return not _SAFE_SIDE.match(words)
        return rule is DOSE and _ON_A_DOSE.search(asked) is not None and _NUMBER_ONLY.match(words) is not None

    def _presence(self, rule: Rule, sentence: str) -> str:
        """Of a sentence about allergens, the part that warns: "it contains milk" of "it contains milk but no nuts"."""
        if rule is not ALLERGEN:
            return ""
        for part in re.split(
            r"\s*[;,]?\s+(?:but|and|however|although|while|yet)\s+|\s*[;,—–]\s+", sentence.strip(" .!")
        ):
            words = normal(part)
            if PRESENT.search(words) and not rule.claims(words, True):
                return f"{part[:1].upper()}{part[1:]}."
        return ""

    def _instead(self, rule: Rule, kept: str) -> str:
        line = rule.line
        if rule is ALLERGEN and (kept or PRESENT.search(normal(self._heard))):
            line = rule.line_after_warning
        elif rule.topic not in self.topics:
            line = rule.line_unasked
        if rule.topic in self._said:
            return ""
        self._said += (rule.topic,)
        return line

    def _may_become_a_claim(self, begun: str) -> bool:
        """Whether to wait for the end of the sentence. Wide where the question is about such a thing."""
        words = normal(begun)
        return any(rule.may_begin(words, rule.topic in self.topics) for rule in RULES)

    def _heard_too(self, parts: Sequence[str]) -> str:
        said = " ".join(part for part in parts if part)
        self._heard = f"{self._heard} {plain(said)}".strip()
        return said

    # ----------------------------------------------------------------------------------------------------- quotations

    def _without_quotations(self, sentence: str) -> str:
        """The sentence with what it quotes from something printed taken out. Other quotation marks change nothing."""
        out, at, announced = "", 0, self._source_before
        if self._quote:
            end = sentence.find(self._quote)
            self._quoted_sentences += 1
            if end < 0 and self._quoted_sentences < MAX_QUOTED_SENTENCES:
                return _QUOTED
            at, out, self._quote = (end + 1, _QUOTED, "") if end >= 0 else (0, "", "")
        while at < len(sentence):
            char = sentence[at]
            closer = _MARKS.get(char, "")
            before = plain(out)
            if closer and (_SOURCE.search(before) or (announced and not before)):
                end = sentence.find(closer, at + 1)
                if self._misquotes(sentence[at + 1 : end if end >= 0 else None]):
                    out += " "
                    at += 1
                    continue
                out += _QUOTED
                if end < 0:
                    self._quote, self._quoted_sentences = closer, 0
                    break
                at = end + 1
                continue
            out += " " if char in '“”„«»"' else char
            at += 1
        colon = _COLON.search(plain(out) + " ")
        self._source_before = colon is not None and not plain(out)[colon.end() - 1 :].strip()
        if colon is not None and not self._misquotes(plain(out)[colon.end() - 1 :]):
            out = plain(out)[: colon.end() - 1] + _QUOTED
        return out

    def _misquotes(self, quotation: str) -> bool:
        """A dose in quotation marks that counts what the label that was read does not count."""
        words = plain(quotation)
        if not _NUMBERED_DOSE.search(words) or not any(_NUMBERED_DOSE.search(line) for line in map(plain, self._lines)):
            return False
        printed = _counted(self._tokens_printed())
        return any(pair not in printed for pair in _counted(_tokens(words)))

    def _tokens_printed(self) -> tuple[str, ...]:
        if self._printed is None:
            self._printed = _tokens(" ".join(plain(speakable(line, verbatim=True)) for line in self._lines))
        return self._printed

    def _printed_so(self, rule: Rule, sentence: str, asked: str) -> bool:
        """The claim is the printed one: without the words that stand in the lines, nothing of it is left."""
        words = plain(sentence)
        if not self._lines or (rule not in (DOSE, ALLERGEN) and not _SAID_BY_PAPER.search(words)):
            return False
        rest = self._without_printed(words, at_least=2 if rule is ALLERGEN else 3)
        if rule is DOSE and any(
            token[0].isnumeric() for token in _tokens(rest)
        ):  # a number that is not in the print's row
            return False
        return rest != words and not self._breaks(rule, normal(rest), asked)

    def _without_printed(self, words: str, at_least: int) -> str:
        printed = self._tokens_printed()
        found = list(_TOKEN.finditer(words))
        tokens = [_NUMBER_WORDS.get(m.group(), m.group()) for m in found]
        out, at, done = "", 0, 0
        while at < len(tokens):
            length = self._longest(tokens, at, printed)
            if length >= at_least and not _DIRECTLY_BEFORE.search(words[: found[at].start()]):
                out += words[done : found[at].start()] + _QUOTED
                done = found[at + length - 1].end()
                at += length
            else:
                at += 1
        return out + words[done:]

    @staticmethod
    def _longest(tokens: Sequence[str], at: int, printed: Sequence[str]) -> int:
        """How many tokens from `at` stand in a row in the print, with no "not" cut off before them."""
        best = 0
        for start, token in enumerate(printed):
            if token != tokens[at] or (start and printed[start - 1] in _NOT_PRINTED):
                continue
            length = 1
            while (
                at + length < len(tokens)
                and start + length < len(printed)
                and tokens[at + length] == printed[start + length]
            ):
                length += 1
            best = max(best, length)
        return best

    # ---------------------------------------------------------------------------------------------------------- the end

    def _missing(self) -> list[str]:
        """What was asked about a label, and neither told nor said to be unreadable."""
        if "dose" not in self.topics and "allergen" not in self.topics:
            return []
        if _UNREADABLE.search(self._heard) or not self._heard or DOSE.topic in self._said:
            return []
        names = [name for asked, told, name in _FIELDS if asked.search(self._question) and not told.search(self._heard)]
        return [f"I could not read the {' or the '.join(names)}."] if names else []

    def _advice(self) -> list[str]:
        out: list[str] = []
        may_go = "road" in self.topics and (ROAD.is_about(self._question) or "light" in self._question)
        if may_go and ROAD.topic not in self._said and not _WARNED.search(self._heard):
            out.append(ROAD.line)
        if "allergen" in self.topics and ALLERGEN.topic not in self._said:
            warned = PRESENT.search(normal(self._heard)) or (
                ALLERGEN.no_hurts(self._question) and _YES.match(self._heard)
            )
            if not (warned or _HAS_QUALIFIED.search(self._heard)):
                out.append("That is only the part I can see.")
        on_a_dose = "dose" in self.topics and _ON_A_DOSE.search(self._question) is not None
        if (on_a_dose or DOSE.topic in self._said) and not _REFERRED.search(self._heard):
            out.append("Check with a pharmacist.")
        return out


def _tokens(words: str) -> tuple[str, ...]:
    return tuple(_NUMBER_WORDS.get(token, token) for token in _TOKEN.findall(words))


def _counted(tokens: Sequence[str]) -> list[tuple[str, str]]:
    """Each number with the word after it: what is counted."""
    after = [*tokens[1:], ""]
    return [(token, word.rstrip("s")) for token, word in zip(tokens, after, strict=True) if token[0].isdigit() and word]
