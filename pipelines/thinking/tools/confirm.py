"""Asking the wearer before something leaves or changes: the plan is read back, and only its own words allow it.

    no plan ── ask ──> reading ── spoken_until ──> waiting ── the phrase, whole ─────────────> "allowed"
                          ^                           │
                          └── take_reprompt, once ────┤ a bare yes, a part of the phrase, the phrase too early
                                                      ├ no, stop, cancel ────────────────────> "refused"
                                                      ├ nothing for `confirm_ms` ────────────> "silence"
                                                      ├ any other words, or not enough again > "other words"
                                                      └ ask again ───────────────────────────> that one is "stale"

What allows a plan: words that the recogniser stands by; spoken after the read-back's last word had reached the ear, and
`MARGIN_NS`; and that are, whole,

    ["please"] "yes" ["please"] VERB ["it" | "this" | "that"] REST ["please"]

where VERB REST is the plan's phrase after its "yes". Articles, capitals, accents and punctuation do not count, digits
may be words, and "@" and "." in an address may be "at" and "dot". To keep what the
wearer said themselves, any plain yes will do. Else nothing may be left out and nothing added, so that
our own voice leaking into the microphone ("to allow it, say: yes, send to Anna") is not a yes, nor is the same words
inside other talk. Our own voice is ignored where it is recognised as such; it neither allows a plan nor ends it.
"""

from __future__ import annotations

import copy
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipelines.events import MS, ToolInfo
from pipelines.thinking.options import ToolOptions
from pipelines.thinking.tools.plain_text import words
from pipelines.thinking.tools.read_back import plan_text

__all__ = ["Confirmation", "OpenPlan", "plan_text"]

# After the last word at the ear: the room's echo of it and the jitter of both clocks. People answer after about 200 ms;
# who is quicker is asked once more.
MARGIN_NS: Final = 250 * MS
# The whole phrase said this shortly before the end of the read-back is no echo of it, which would have begun earlier.
EAGER_NS: Final = 400 * MS
# A read-back that has not been heard to its end by then never will be.
READING_NS: Final = 90_000 * MS

_AFFIRMING: Final = (
    "yes", "yeah", "yep", "yup", "ya", "ok", "okay", "sure", "fine", "right", "alright", "please", "go", "do",
    "allow", "confirm", "confirmed", "correct", "exactly", "absolutely", "definitely", "affirmative",
)  # fmt: skip
# What people say around a yes: "yes of course", "I want that", "go ahead". Other words make it another sentence.
_AROUND: Final = (
    "i", "you", "can", "may", "want", "to", "it", "this", "that", "thats", "now", "so", "thank", "thanks", "and", "of",
    "course", "ahead", "good", "lets", "agree", "allowed",
)  # fmt: skip
_YES: Final = ("yes", "yeah", "yep", "yup", "sure", "please", "do", "absolutely", "definitely")
MOST_YES: Final = 5  # words of a plain yes: more of them are another sentence
_REFUSING: Final = (
    "no", "nope", "nah", "not", "dont", "never", "stop", "cancel", "forget", "refuse", "wait", "nothing", "abort",
)  # fmt: skip
_FILLERS: Final = ("uh", "um", "hm", "hmm", "mm", "mhm", "ah", "oh", "er", "eh", "mm-hm", "uhm")
_ARTICLES: Final = ("a", "an", "the")
_OBJECTS: Final = ("it", "this", "that")
_DIGITS: Final = {
    word: str(n)
    for n, word in enumerate(("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"))
}


@dataclass(frozen=True, slots=True)
class OpenPlan:
    """What the wearer is asked. `args` are a copy: what was read back is what will be done."""

    number: int
    tool: ToolInfo
    args: Mapping[str, Any]
    text: str
    phrase: str
    asked_ns: int


class Confirmation:
    """At most one open plan, and what words mean for it. Time is the session's, in ns."""

    def __init__(self, options: ToolOptions | None = None) -> None:
        self._options = options or ToolOptions()
        self.plan: OpenPlan | None = None
        self.stale = 0  # number of the plan that the last `ask` took the place of, 0 if none was open
        self._spoken_ns: int | None = None  # when the last word of the read-back was at the ear; None: not yet
        self._deadline_ns = 0
        self._reprompt = ""
        self._reprompted = False

    @property
    def deadline_ns(self) -> int | None:
        """When silence has become a no, unless the wearer is speaking just then; None if no plan is open."""
        return self._deadline_ns if self.plan else None

    def ask(self, number: int, tool: ToolInfo, args: Mapping[str, Any], now_ns: int) -> tuple[str, str]:
        """Open a plan: the words to speak, and the phrase in them. One that was open is stale (`stale`)."""
        self.stale = self.plan.number if self.plan else 0
        text, phrase = plan_text(tool, args)
        self.plan = OpenPlan(number, tool, copy.deepcopy(dict(args)), text, phrase, now_ns)
        self._reprompt, self._reprompted = "", False
        self._read_again(now_ns)
        return text, phrase

    def spoken_until(self, t_ns: int) -> int:
        """The last word of the read-back, or of the reprompt, had reached the ear then. Returns the new deadline.

        If it is spoken once more after that, `reading` must be called first, or our own voice might be taken for a yes.
        """
        self._spoken_ns = t_ns
        self._deadline_ns = t_ns + self._options.confirm_ms * MS
        return self._deadline_ns

    def reading(self, now_ns: int) -> None:
        """Our voice says the plan (again): nothing allows it until `spoken_until`."""
        if self.plan is not None:
            self._read_again(now_ns)

    def hear(
        self,
        text: str,
        accepted: bool,
        speech_start_ns: int,
        speech_end_ns: int,
        now_ns: int,
        own_words: Sequence[str] = (),
    ) -> str:
        """What these words mean: an outcome, which ends the plan, or "" if it stays open (see `take_reprompt`).

        `accepted`: the recogniser stands by them; the times are of the first and last voiced sample. `own_words`: what
        our own voice said at or shortly before that time; the read-back itself may be among it.
        """
        if self.plan is None:
            return ""
        if speech_start_ns >= self._deadline_ns:
            return self._end("silence")
        heard = _heard(text)
        if not [word for word in heard if word not in _FILLERS]:
            return ""
        early = self._spoken_ns is None or speech_start_ns < self._spoken_ns + MARGIN_NS
        early = early or not speech_start_ns <= speech_end_ns <= now_ns
        if self._allows(heard):
            return self._said_the_phrase(heard, accepted, early, speech_start_ns, own_words)
        return self._said_otherwise(heard, accepted, early, own_words)

    def take_reprompt(self) -> str:
        """What to say after words that were not enough, once; "" if there is nothing to say."""
        text, self._reprompt = self._reprompt, ""
        return text

    def expire(self, now_ns: int) -> str:
        """ "silence" if the deadline has come, which ends the plan."""
        return self._end("silence") if self.plan and now_ns >= self._deadline_ns else ""

    def end(self) -> None:
        """The plan is over, whatever the reason. Nothing allows it any more."""
        self.plan = None
        self._spoken_ns, self._deadline_ns = None, 0
        self._reprompt, self._reprompted = "", False

    def drop(self) -> str:
        """ "dropped" if a plan was open: what it was for is over."""
        return self._end("dropped") if self.plan else ""

    # ------------------------------------------------------------------------------------------------------ judging

    def _said_the_phrase(
        self, heard: Sequence[str], accepted: bool, early: bool, start_ns: int, own_words: Sequence[str]
    ) -> str:
        if self._in_other_speech_of_ours(own_words):
            return ""
        if early:  # an echo of the read-back, or a wearer who did not wait for its end
            eager = self._spoken_ns is not None and start_ns >= self._spoken_ns - EAGER_NS
            return self._not_enough() if eager else ""
        return self._end("allowed") if accepted else self._not_enough()

    def _said_otherwise(self, heard: Sequence[str], accepted: bool, early: bool, own_words: Sequence[str]) -> str:
        refusing = any(word in _REFUSING for word in heard)
        if refusing and len(heard) <= 2:  # at any time: a no is never taken for an echo
            return self._end("refused")
        if refusing and self._by_a_yes and not all(word in (*_REFUSING, *_AROUND, *_AFFIRMING) for word in heard):
            return self._end("other words")  # nobody has to decline what was only offered before they go on
        if self._is_our_voice(heard, early, own_words):
            return ""
        if refusing:
            return self._end("refused")
        if not accepted:
            return ""
        return self._not_enough() if self._nearly(heard) else self._end("other words")

    def _allows(self, heard: Sequence[str]) -> bool:
        """The grammar above."""
        body = list(heard)
        core = self._core()
        if self._by_a_yes and heard[0] in _YES and all(word in (*_AFFIRMING, *_AROUND, *core) for word in heard):
            return len(heard) <= MOST_YES
        if body[:1] == ["please"]:
            body = body[1:]
        if body[:1] != ["yes"]:
            return False
        body = body[1:]
        if body[:1] == ["please"]:
            body = body[1:]
        if body[-1:] == ["please"]:
            body = body[:-1]
        if len(body) == len(core) + 1 and body[1] in _OBJECTS:
            del body[1]
        return bool(core) and body == core

    @property
    def _by_a_yes(self) -> bool:
        """It asks whether the wearer's own words are to be kept: any plain yes will do."""
        return self.plan is not None and (self.plan.tool.source, self.plan.tool.name) == ("built in", "offer_memory")

    def _nearly(self, heard: Sequence[str]) -> bool:
        """A wearer who means yes, as far as can be heard, but did not say the phrase."""
        core = self._core()
        if len(heard) > len(core) + 4:
            return False
        shared = sum(word in heard for word in core)
        affirms = shared or any(word in _AFFIRMING for word in heard)
        little_else = all(word in core or word in _AFFIRMING or word in _AROUND or word in _FILLERS for word in heard)
        return bool(affirms and little_else) or shared * 2 > len(core)

    def _is_our_voice(self, heard: Sequence[str], early: bool, own_words: Sequence[str]) -> bool:
        """Most of it stands, in this order, in what we said; after the read-back only if it is more than the phrase."""
        if not early and len(heard) <= len(self._core()) + 1:
            return False
        said = [self._text_words(), *(_heard(text) for text in own_words)]
        return any(_common(heard, ours) * 10 >= len(heard) * 7 for ours in said)

    def _in_other_speech_of_ours(self, own_words: Sequence[str]) -> bool:
        """Our voice said the phrase at that time, and not as the end of a read-back, whose own time is known."""
        core = self._core()
        said = [_heard(text) for text in own_words]
        return any(_count(core, words) > _count(["say", "yes", *core], words) for words in said)

    def _not_enough(self) -> str:
        """Once the wearer is told the words; then it is a no."""
        if self._reprompted:
            return self._end("other words")
        self._reprompted = True
        self._reprompt = self._reprompt_text()
        assert self.plan is not None
        self._read_again(self._spoken_ns if self._spoken_ns is not None else self.plan.asked_ns)
        return ""

    def _read_again(self, from_ns: int) -> None:
        self._spoken_ns = None
        self._deadline_ns = from_ns + READING_NS

    def _end(self, outcome: str) -> str:
        self.end()
        return outcome

    def _reprompt_text(self) -> str:
        return f"Please say: {self.plan.phrase}." if self.plan else ""

    def _core(self) -> list[str]:
        """The words of the phrase after its "yes"."""
        return _heard(self.plan.phrase)[1:] if self.plan else []

    def _text_words(self) -> list[str]:
        return _heard(self.plan.text) if self.plan else []


def _heard(text: str) -> list[str]:
    """Words as they are compared: no articles, no accents, digits one by one, addresses as they are said."""
    text = re.sub(r"(?<=\w)\.(?=\w)", " dot ", text.replace("@", " at "))
    text = re.sub(r"\d", lambda m: f" {m.group()} ", text)
    found = [_DIGITS.get(word, word) for word in map(_unaccented, words(text))]
    return [word for word in found if word not in _ARTICLES]


def _unaccented(word: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", word) if not unicodedata.combining(char))


def _count(run: Sequence[str], said: Sequence[str]) -> int:
    """How often the words of `run` stand in `said`, one after the other."""
    return sum(list(said[at : at + len(run)]) == list(run) for at in range(len(said) - len(run) + 1)) if run else 0


def _common(heard: Sequence[str], said: Sequence[str]) -> int:
    """How many words of `heard` stand in `said` in the same order (the longest common subsequence)."""
    row = [0] * (len(said) + 1)
    for word in heard[:200]:
        above = 0
        for at, ours in enumerate(said, 1):
            above, row[at] = row[at], above + 1 if word == ours else max(row[at], row[at - 1])
    return row[-1]
