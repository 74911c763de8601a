"""Whose words open a turn, and when: the gate before everything that could leave. A decider: no clock, no sound.

    "open"       words count, with no end in sight: `start` is "open", a button is held, or a turn is under way
    "follow-up"  words that begin before `until_ns` count: after the wake phrase, a tap, or an answer
    "closed"     only the wake phrase counts (`start` "push": not even that); a tap or a held button opens
    "asleep"     the wearer said so: only "wake up", the phrase, the wake word, a tap or a button end it

     start     begins as   the phrase or word opens    a tap opens    after an answer
     "open"    open        it is always open           -              open
     "wake"    closed      for `follow_up_ms`          the same       follow-up, for `follow_up_ms`
     "push"    closed      -                           the same       closed

What counts is when words *began*: in one of the last few spans of time in which the gate stood open. So speech that
begins inside a follow-up counts though it ends behind it, and speech that began before the gate opened does not, though
it goes on behind it. The phrase itself is the exception: it counts wherever the recogniser hears it, and what was said
before it in the same breath is never given on.

A recogniser may hear the phrase in one pause and lose it when the same utterance is recognised again, longer. The gate
is open then from the beginning of that utterance, so no word is lost; what the phrase has become is cut off by looking
for it less strictly, which is safe where it is known that it was said.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from pipelines.events import MS, AttentionChanged, Resumed, WakeHeard, Word
from pipelines.hearing.phrase import FRONT_WORDS, Found, Phrase, after, find_any, letters
from pipelines.scribe import Scribe
from pipelines.thinking.options import AttentionOptions

OPEN: Final = "open"
FOLLOW_UP: Final = "follow-up"
CLOSED: Final = "closed"
ASLEEP: Final = "asleep"

PHRASE_NS: Final = 2_000 * MS  # the wake word began this long before its end at most, pauses included
BEFORE_PRESS_NS: Final = 300 * MS  # people begin to speak while the finger still moves
HELD_AT_MOST_NS: Final = 60_000 * MS  # a release that was lost must not leave the gate open
SPANS: Final = 4  # remembered: words of the one before last are still being recognised
FOREVER: Final = 1 << 62

_WAKE_UP: Final = frozenset({"wake up", "wake up please", "please wake up", "wake up now"})


@dataclass(frozen=True, slots=True)
class Admission:
    """`ok`: these words count. `text`: them, without the wake phrase and what was before it; "" = only the phrase was
    said: listen. `why`: for the log."""

    ok: bool
    text: str
    why: str


@dataclass(slots=True)
class _Span:
    """The gate stood open for speech that began in [from_ns, until_ns]."""

    from_ns: int
    until_ns: int
    after_phrase: bool = False  # the wake phrase or word was said at its beginning


@lru_cache(maxsize=16)
def _phrases(phrases: tuple[str, ...], wake_word: str) -> tuple[Phrase, ...]:
    """Those of the settings, and the wake word as it is spoken. (A model's file name says nothing of that.)"""
    spoken = (wake_word,) if wake_word and not wake_word.endswith(".json") else ()
    return tuple(Phrase(phrase) for phrase in (*phrases, *spoken))


class Attention:
    """Owns the gate. The director asks `admits` before words are acted on, prepared or sent, each time they were
    recognised; tells it of wake words, taps, buttons and turns; and delivers `deadline_ns` by `rang`."""

    def __init__(self, options: AttentionOptions, scribe: Scribe) -> None:
        self._options = options
        self._scribe = scribe
        self._spans: deque[_Span] = deque(maxlen=SPANS)
        self._wake_ns = -PHRASE_NS  # when the wake word engine heard its word last
        self._asleep = False
        self._turn = False
        self._held_ns: int | None = None
        self._until_before_ns = 0  # when the gate would have closed if the button had not been pressed
        self._told = (OPEN if options.start == "open" else CLOSED, 0)

    # ------------------------------------------------------------------------------------------------ how it stands

    @property
    def state(self) -> str:
        return self._told[0]

    @property
    def held(self) -> bool:
        """A button is held down: the turn ends when it is let go, not before."""
        return self._held_ns is not None

    @property
    def at_rest(self) -> bool:
        """No button is held and no turn is under way."""
        return not self.held and not self._turn

    def begin(self) -> None:
        """The session begins. Writes down the state if words do not simply count."""
        if self._options.start != "open":
            self._scribe.emit(AttentionChanged, f"start is {self._options.start!r}", old="", new=self.state)

    def _tell(self, reason: str) -> None:
        old, new = self._told, self._now()
        if new != old:
            self._told = new
            self._scribe.emit(AttentionChanged, reason, old=old[0], new=new[0], until_ns=new[1])

    def _now(self) -> tuple[str, int]:
        if self._asleep:
            return ASLEEP, 0
        if self._options.start == "open" or self.held:
            return OPEN, 0
        until_ns = self._spans[-1].until_ns if self._spans else 0
        if until_ns == FOREVER:
            return OPEN, 0
        return (FOLLOW_UP, until_ns) if until_ns > self._scribe.now_ns else (CLOSED, 0)

    # ---------------------------------------------------------------------------------------------- what opens it

    def _open(self, from_ns: int, until_ns: int, after_phrase: bool = False) -> None:
        """A span that goes on with the last one, if that has not ended, is the same span."""
        last = self._spans[-1] if self._spans else None
        if last is None or (last.until_ns < self._scribe.now_ns and from_ns > last.until_ns):
            self._spans.append(_Span(from_ns, until_ns, after_phrase))
            return
        if after_phrase and last.after_phrase and last.from_ns == from_ns:
            last.until_ns = max(last.until_ns, until_ns)  # the same utterance, recognised again
        elif after_phrase:
            self._spans.append(_Span(from_ns, max(until_ns, last.until_ns), True))
            last.until_ns = min(last.until_ns, self._scribe.now_ns)
        else:
            last.from_ns = min(last.from_ns, from_ns)
            last.until_ns = max(last.until_ns, until_ns)

    def _follow_up_ns(self) -> int:
        return self._scribe.now_ns + self._options.follow_up_ms * MS

    def on_wake(self, event: WakeHeard) -> None:
        """The wake word engine heard its word."""
        if self._options.start == "push":
            return
        self._wake_ns, self._asleep = event.media_ns, False
        if self._options.start == "wake":
            self._open(event.media_ns - PHRASE_NS, self._follow_up_ns(), after_phrase=True)
        self._tell(f"the wake word {event.phrase!r}, score {event.score:.2f}")

    def on_tap(self) -> bool:
        """A tap while nothing is being answered. True if it opened the gate, and so shall do nothing else."""
        if self._turn or (self._options.start == "open" and not self._asleep):
            return False
        self._asleep = False
        if self._options.start != "open":
            self._open(self._scribe.now_ns - BEFORE_PRESS_NS, self._follow_up_ns())
        self._tell("the wearer tapped")
        return True

    def pressed(self) -> None:
        """The button to talk is held down. In every start: words count until it is let go."""
        if self.held:
            return
        self._held_ns, self._asleep = self._scribe.now_ns, False
        before_ns = self._spans[-1].until_ns if self._spans else 0
        self._until_before_ns = before_ns if before_ns < FOREVER else 0
        self._open(self._held_ns - BEFORE_PRESS_NS, FOREVER)
        self._tell("the button is held")

    def released(self) -> None:
        """It is let go: what began while it was held still counts."""
        if not self.held:
            return
        self._held_ns = None
        if not self._turn or self._options.start == "push":
            self._spans[-1].until_ns = max(self._scribe.now_ns, self._until_before_ns)
        self._tell("the button was let go")

    def turn_opened(self) -> None:
        """Words were taken as a question: until its answer has been said, others need no phrase. (Not with "push".)"""
        self._turn = True
        if self._options.start == "wake":
            self._open(self._scribe.now_ns, FOREVER)
            self._tell("a turn is under way")
        elif self._options.start == "push" and not self.held:
            self._close()  # a tap is good for one question
            self._tell("the question was asked")

    def turn_ended(self, now_ns: int) -> None:
        """The answer is over, or was dropped: a follow-up begins."""
        self._turn = False
        if self._options.start == "wake" and not self.held:
            until_ns = now_ns + self._options.follow_up_ms * MS
            if self._spans and self._spans[-1].until_ns == FOREVER:
                self._spans[-1].until_ns = until_ns
            else:
                self._open(now_ns, until_ns)
            self._tell("a follow-up needs no phrase")

    # ---------------------------------------------------------------------------------------------------- asleep

    def sleep(self) -> None:
        """Until it is woken nothing counts, whatever `start` is."""
        self._asleep, self._held_ns, self._turn = True, None, False
        self._close()
        self._tell("the wearer said so")

    def wake_up(self) -> None:
        """As after the phrase."""
        if not self._asleep:
            return
        self._asleep = False
        if self._options.start != "open":
            self._open(self._scribe.now_ns, self._follow_up_ns())
        self._tell("the wearer said so")

    def _close(self) -> None:
        if self._spans:
            self._spans[-1].until_ns = min(self._spans[-1].until_ns, self._scribe.now_ns)

    def link_lost(self) -> None:
        """No button is held on a device that is gone."""
        self.released()

    # ------------------------------------------------------------------------------------------------ whose words

    def admits(self, text: str, start_ns: int, end_ns: int, now_ns: int, words: Sequence[Word] = ()) -> Admission:
        """Do these words count, which were said in [start_ns, end_ns] and are known at `now_ns`? `words`: the same with
        their times, where the recogniser gave them. May be asked again of the same utterance when it has grown longer.
        """
        said = text.split()
        found = self._find(said) if self._options.start != "push" else None
        if self._asleep:
            if found is not None:
                self._asleep = False
            elif self._options.start != "push" and " ".join(map(letters, said)) in _WAKE_UP:
                return Admission(True, text, "asked to wake up")
            else:
                return Admission(False, "", "asleep")
        if self._options.start == "open":
            self._tell("the wake phrase")
            return self._openly(text, said, start_ns, end_ns)
        if found is not None:
            from_ns = start_ns if found.start <= FRONT_WORDS else end_ns  # what was before it never counts
            self._open(from_ns, now_ns + self._options.follow_up_ms * MS, after_phrase=True)
            self._tell("the wake phrase")
            return Admission(True, self._behind(said), "the wake phrase")
        span = next((s for s in reversed(self._spans) if s.from_ns <= start_ns <= s.until_ns), None)
        if span is not None:
            behind = self._loosely(said) if span.after_phrase and self._at_front(span, start_ns) else text
            return Admission(True, behind, "the gate was open when they began")
        if start_ns <= self._wake_ns <= end_ns:
            return self._from_the_word_on(said, words)
        return Admission(False, "", "nobody was asked: no wake phrase" if self._options.start == "wake" else "not held")

    def _find(self, said: list[str], known: bool = False) -> Found | None:
        return find_any(_phrases(self._options.phrases, self._options.wake_word), said, known)

    def _openly(self, text: str, said: list[str], start_ns: int, end_ns: int) -> Admission:
        """The phrase is politeness here: it is taken off the front, and alone it is a greeting."""
        woken = start_ns <= self._wake_ns <= end_ns
        place = self._find(said)
        if place is not None and place.start == 0:
            return Admission(True, self._behind(said) or text, "open")
        return Admission(True, (self._loosely(said) or text) if woken else text, "open")

    def _behind(self, said: list[str]) -> str:
        """What stands behind the phrase, said once or several times."""
        rest = said
        while (place := self._find(rest)) is not None:
            rest = after(rest, place).split()
        return " ".join(rest)

    def _at_front(self, span: _Span, start_ns: int) -> bool:
        """The utterance is the one in which the phrase was, and not one that was said behind it."""
        return start_ns <= max(span.from_ns, self._wake_ns)

    def _loosely(self, said: list[str]) -> str:
        place = self._find(said, known=True)
        return after(said, place) if place is not None else " ".join(said)

    def _from_the_word_on(self, said: list[str], words: Sequence[Word]) -> Admission:
        """The engine heard its word in the middle of other talk, and the recogniser wrote something else."""
        known = [word.text.strip() for word in words if word.end_ns > self._wake_ns]
        if words:
            return Admission(True, self._loosely(known), "the wake word, by the times of the words")
        return Admission(False, "", "the wake word was among other words, and cannot be told from them: say it again")

    # ------------------------------------------------------------------------------------------------------- time

    def deadline_ns(self) -> int | None:
        """When `rang` shall be called, if nothing changes before."""
        held_ns = None if self._held_ns is None else self._held_ns + HELD_AT_MOST_NS
        if held_ns is not None:
            return held_ns
        state, until_ns = self._told
        return until_ns if state == FOLLOW_UP else None

    def rang(self, now_ns: int) -> None:
        if self._held_ns is not None and now_ns >= self._held_ns + HELD_AT_MOST_NS:
            self.released()
        self._tell("nobody went on")

    # ------------------------------------------------------------------------------------------------------ at rest

    def rest(self, resumed: Resumed) -> Resumed:
        """The same with this part's state written in."""
        until_ns = self._spans[-1].until_ns if self._spans else 0
        return replace(resumed, attention=self.state, attention_until_ns=until_ns)

    def stand(self, resumed: Resumed) -> None:
        """Stand where that was written."""
        self._spans.clear()
        if resumed.attention_until_ns:
            self._spans.append(_Span(0, resumed.attention_until_ns))
        self._asleep = resumed.attention == ASLEEP
        if resumed.attention:
            self._told = (resumed.attention, resumed.attention_until_ns if resumed.attention == FOLLOW_UP else 0)
