"""How much silence ends a turn: a named policy, and the table that it reads.

    what was said ──► finished? often longer? a whole command? ──┐
    how it sounded (an audio turn model, if there is one) ───────┼──► first rule that holds ──► wait
    this wearer's own pauses ────────────────────────────────────┘        × learned, ≤ silence_max

A policy knows no clock: it is asked once in each pause, when the words are there, and says how long the silence has to
be, counted from the last loud sample of the wearer's voice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from pipelines.thinking.intent import Intent, complete
from pipelines.thinking.options import TurnOptions
from pipelines.turns.finished import Reading, grammar, read
from pipelines.turns.pauses import Pauses

SOUNDS_FINISHED: Final = 0.9  # an audio turn model that is surer than this may shorten the wait
SOUNDS_UNFINISHED: Final = 0.2  # and one that is less sure than this lengthens it


@dataclass(frozen=True, slots=True)
class Said:
    """What is known in the pause. `accepted`, `why`: the recogniser's gate; `steering`: a plan waits for a yes or no;
    `audio`: what an audio turn model holds, 0 to 1 that the wearer has finished, below 0 = not asked; `pauses_ms`: this
    wearer's, see `Pauses.kept`."""

    text: str
    intent: Intent
    accepted: bool
    why: str = ""
    steering: bool = False
    audio: float = -1.0
    pauses_ms: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """`wait_ms`: silence since the last loud sample that ends the turn; `rule`: by its name in the table; `learned`:
    what this wearer's pauses made of the wait, 1 = nothing."""

    wait_ms: int
    rule: str
    reason: str
    learned: float = 1.0


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules ask for. `read`: what grammar makes of the words; `whole`: a whole command."""

    said: Said
    read: Reading
    whole: bool = False

    @property
    def unfinished(self) -> str:
        return self.read.unfinished

    @property
    def goes_on(self) -> str:
        return self.read.goes_on

    @property
    def steers(self) -> bool:
        return self.said.intent.kind == "control"

    @property
    def may_go_on(self) -> str:
        return self.read.goes_on or self.read.may_go_on

    @property
    def sounds_finished(self) -> bool:
        return self.said.audio >= SOUNDS_FINISHED

    @property
    def sounds_unfinished(self) -> bool:
        return 0 <= self.said.audio <= SOUNDS_UNFINISHED


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. `option`: the field of `TurnOptions` that gives the wait; `learns`: the wearer's pauses stretch it;
    `why`: for people and for the log."""

    name: str
    when: Callable[[Facts], bool]
    option: str
    learns: bool
    why: str


def _detail(facts: Facts, rule: Rule) -> str:
    """The rule's reason with what it found."""
    said = facts.said
    found = {
        "not understood": said.why or "no words",
        "unfinished": facts.unfinished,
        "sounds finished": facts.unfinished,
        "open-ended command": facts.goes_on,
        "this or more": facts.goes_on,
        "command or more": facts.may_go_on,
        "often longer": facts.goes_on,
        "command": said.intent.label if complete(said.intent) else facts.read.command,
        "steers": said.intent.label,
        "question": said.intent.label,
    }.get(rule.name, "")
    return f"{rule.why}: {found}" if found else rule.why


# The first rule that holds decides.
WORDS: Final = (
    Rule("not understood", lambda f: not f.said.accepted, "unknown_silence_ms", False, "not understood"),
    Rule("steers", lambda f: f.steers and not f.may_go_on, "complete_silence_ms", False, "words that steer"),
    Rule(
        "sounds finished",
        lambda f: bool(f.unfinished) and f.sounds_finished,
        "extendable_silence_ms",
        True,
        "it sounds finished, though the words do not look so",
    ),
    Rule("unfinished", lambda f: bool(f.unfinished), "unfinished_silence_ms", True, "not finished"),
    Rule("plan", lambda f: f.said.steering, "open_silence_ms", False, "words that may be about the plan"),
    Rule("sounds unfinished", lambda f: f.sounds_unfinished, "extendable_silence_ms", True, "it sounds unfinished"),
    Rule(
        "open-ended command",
        lambda f: (
            f.whole
            and bool(f.goes_on)
            and (f.said.intent.kind in {"alarm", "note"} or f.said.intent.label == "memory:tell")
        ),
        "extendable_silence_ms",
        False,
        "a command that could be all, but often is not",
    ),
    Rule(
        "this or more",
        lambda f: f.whole and bool(f.goes_on) and f.said.intent.kind in {"read", "code"},
        "extendable_silence_ms",
        False,
        "“this” could be all, but mostly is not",
    ),
    Rule(
        "command or more",
        lambda f: f.whole and bool(f.may_go_on),
        "open_silence_ms",
        False,
        "a command, or its beginning",
    ),
    Rule("command", lambda f: f.whole, "complete_silence_ms", False, "a whole command"),
    Rule("often longer", lambda f: bool(f.goes_on), "extendable_silence_ms", True, "it could be all, but often is not"),
    Rule("whole question", lambda f: f.sounds_finished, "complete_silence_ms", True, "it looks and sounds finished"),
    Rule("question", lambda f: True, "open_silence_ms", True, "an open question"),
)

FIXED: Final = (
    Rule("not understood", lambda f: not f.said.accepted, "unknown_silence_ms", False, "not understood"),
    Rule("fixed", lambda f: True, "open_silence_ms", False, "the same silence for everything"),
)

POLICIES: Final[Mapping[str, tuple[Rule, ...]]] = {"words": WORDS, "fixed": FIXED}


class TurnPolicy:
    """One policy with its options. Pure: the same words give the same verdict."""

    def __init__(self, options: TurnOptions) -> None:
        self._options = options  # everything is looked up in these: a replay may put others in their place
        grammar(options.language)  # read now, so that nobody's first pause waits for it

    @property
    def name(self) -> str:
        return self._options.policy

    def judge(self, said: Said) -> Verdict:
        """How long to wait after these words; a few hundredths of a millisecond."""
        options = self._options
        facts = _facts(said, options.language)
        rule = next(rule for rule in POLICIES[self.name] if rule.when(facts))
        reason = _detail(facts, rule)
        if options.end_silence_ms:
            return Verdict(options.end_silence_ms, rule.name, f"{reason}; but the same silence is set for everything")
        learned = Pauses(said.pauses_ms).stretch if rule.learns and options.learn_pauses else 1.0
        wait_ms = round(getattr(options, rule.option) * learned)
        return Verdict(min(wait_ms, options.silence_max_ms), rule.name, reason, learned)


def policy(options: TurnOptions) -> TurnPolicy:
    """The policy that the options name.

    Raises ValueError for a policy or a language that there is not, naming those that there are."""
    if options.policy not in POLICIES:
        raise ValueError(f"there is no turn policy {options.policy!r}: choose one of {', '.join(POLICIES)}")
    return TurnPolicy(options)


def _facts(said: Said, language: str) -> Facts:
    if not said.accepted:
        return Facts(said, Reading())
    reading = read(said.text, language)
    return Facts(said, reading, complete(said.intent) or bool(reading.command))
