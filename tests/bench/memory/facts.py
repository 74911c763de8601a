# tables, a row a line
"""Kinds of facts: how people tell them, ask for them, and what an answer has to have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.bench.memory import pools
from tests.bench.memory.pools import Draw


@dataclass(frozen=True)
class Kind:
    """`tell` and `ask`: ways to put it, with {who} and {what}; `also`: what of `{what}` counts, if not all of it;
    `changes`: there is one value at a time, and these tell a newer one; `old`: ask for the one before."""

    name: str
    tell: tuple[str, ...]
    ask: tuple[str, ...]
    who: Callable[[Draw], str]
    what: Callable[[Draw], str]
    changes: tuple[str, ...] = ()
    old: tuple[str, ...] = ()


def _nobody(draw: Draw) -> str:
    return ""


def _of(pool: tuple[str, ...]) -> Callable[[Draw], str]:
    return lambda draw: draw.one(pool)


def _number(draw: Draw) -> str:
    return draw.number()


def _appointment(draw: Draw) -> str:
    return f"{draw.one(pools.DAYS)} at {draw.choice(('nine', 'ten', 'three', 'four'))}"


KINDS = (
    Kind(
        "allergy",
        (
            "Remember that {who} is allergic to {what}.",
            "Please keep in mind that {who} has an allergy to {what}.",
            "Don't forget that {who} is allergic to {what}.",
            "Could you remember that {who} can't eat {what}?",
        ),
        (
            "What is {who} allergic to?",
            "What is it that {who} can't eat?",
            "Which food is {who} allergic to?",
            "Do you know what {who} is allergic to?",
        ),
        _of(pools.PEOPLE),
        _of(pools.FOODS),
    ),
    Kind(
        "locker",
        (
            "My locker is {what}.",
            "Remember that my locker number is {what}.",
            "Please remember, my locker is number {what}.",
        ),
        (
            "What is my locker number?",
            "Which locker is mine?",
            "Do you remember my locker?",
            "What number is my locker?",
        ),
        _nobody,
        _number,
        (
            "My locker is {what} now.",
            "I have a new locker, remember that my locker is {what}.",
            "My locker number is now {what}.",
        ),
        ("What was my locker before?", "What was my old locker number?"),
    ),
    Kind(
        "parked",
        (
            "I parked the car {what}.",
            "I've just parked {what}.",
            "Remember that the car is parked {what}.",
            "Remember that I parked {what}.",
        ),
        ("Where did I park?", "Where is my car?", "Where did I leave the car?", "Where have I parked the car?"),
        _nobody,
        _of(pools.PARKED),
        ("I parked the car {what} today.", "I've parked {what}.", "Remember that the car is parked {what} now."),
        ("Where was the car before?", "Where was my car parked before?"),
    ),
    Kind(
        "thing",
        (
            "I put my {who} {what}.",
            "Remember that my {who} is {what}.",
            "I left my {who} {what}.",
            "I'm putting my {who} {what}.",
        ),
        (
            "Where did I put my {who}?",
            "Where is my {who}?",
            "Where did I leave my {who}?",
            "Do you know where my {who} is?",
        ),
        _of(pools.THINGS),
        _of(pools.SPOTS),
        ("I moved my {who}, remember that my {who} is {what}.", "I've put my {who} {what} now."),
        ("Where was my {who} before?",),
    ),
    Kind(
        "person",
        (
            "Remember that my {who} is called {what}.",
            "My {who}'s name is {what}, remember that.",
            "Remember that the name of my {who} is {what}.",
        ),
        (
            "What is my {who}'s name?",
            "What is my {who} called?",
            "Who is my {who}?",
            "Do you remember the name of my {who}?",
        ),
        _of(pools.RELATIONS),
        _of(pools.PEOPLE),
        ("Remember that my {who} is called {what} now.", "Remember that my new {who} is called {what}."),
        ("What was my {who} called before?", "What was my {who}'s name before?"),
    ),
    Kind(
        "birthday",
        (
            "Remember that {who}'s birthday is on {what}.",
            "Please remember that {who} has birthday on {what}.",
            "Note that {who}'s birthday is {what}.",
        ),
        ("When is {who}'s birthday?", "What day is {who}'s birthday?", "Do you know when {who} has birthday?"),
        _of(pools.PEOPLE),
        _of(pools.DATES),
    ),
    Kind(
        "likes",
        (
            "Remember that {who} likes {what}.",
            "Keep in mind that {who} loves {what}.",
            "Remember that {who} really likes {what}.",
        ),
        ("What does {who} like?", "Do you know what {who} likes?", "What was it that {who} likes?"),
        _of(pools.PEOPLE),
        _of(pools.LIKES),
    ),
    Kind(
        "home",
        (
            "Remember that {who} lives in {what}.",
            "Keep in mind that {who} lives in {what}.",
            "Don't forget that {who} lives in {what} these days.",
        ),
        ("Where does {who} live?", "In which town does {who} live?", "Do you know where {who} lives?"),
        _of(pools.PEOPLE),
        _of(pools.CITIES),
        (
            "Remember that {who} has moved to {what}.",
            "Remember that {who} lives in {what} now.",
            "Actually, remember that {who} lives in {what}.",
        ),
        ("Where did {who} live before?",),
    ),
    Kind(
        "work",
        (
            "Remember that {who} works at {what}.",
            "Please remember that {who} works for {what}.",
            "Bear in mind that {who} works at {what}.",
        ),
        ("Where does {who} work?", "Which company does {who} work for?", "Do you know where {who} works?"),
        _of(pools.PEOPLE),
        _of(pools.COMPANIES),
        ("Remember that {who} works at {what} now.", "Remember that {who} now works for {what}."),
        ("Where did {who} work before?",),
    ),
    Kind(
        "appointment",
        (
            "Remember that my dentist appointment is on {what}.",
            "My dentist appointment is on {what}.",
            "Please remember, my dentist appointment is {what}.",
        ),
        (
            "When is my dentist appointment?",
            "When do I have to be at the dentist?",
            "What time is my dentist appointment?",
        ),
        _nobody,
        _appointment,
        ("My dentist appointment is on {what} now.", "Remember that my dentist appointment has moved to {what}."),
        ("When was my dentist appointment before?",),
    ),
    Kind(
        "code",
        (
            "Remember that the wifi password is {what}.",
            "Please remember the wifi password is {what}.",
            "Remember, the password for the wifi is {what}.",
        ),
        (
            "What is the wifi password?",
            "What's the password for the wifi?",
            "Tell me the wifi password.",
            "Do you know the wifi password?",
        ),
        _nobody,
        _of(pools.CODES),
        (
            "The wifi password has changed, remember that the wifi password is {what}.",
            "Remember that the wifi password is now {what}.",
        ),
        ("What was the old wifi password?", "What was the wifi password before?"),
    ),
    Kind(
        "room",
        ("My room number is {what}.", "Remember that I'm in room {what}.", "Remember that my hotel room is {what}."),
        ("What is my room number?", "Which room am I in?", "What room do I have?"),
        _nobody,
        _number,
        ("My room number is {what} now.", "They moved me, remember that my room is {what}."),
        ("What was my room number before?",),
    ),
    Kind(
        "colour",
        (
            "Remember that {who}'s coat is {what}.",
            "Keep in mind that {who} has a {what} coat.",
            "Remember that the colour of {who}'s coat is {what}.",
        ),
        ("What colour is {who}'s coat?", "Which colour does {who}'s coat have?"),
        _of(pools.PEOPLE),
        _of(pools.COLOURS),
    ),
)
BY_NAME: Mapping[str, Kind] = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True)
class Told:
    """A fact of a dialogue. `words`: what an answer has to have."""

    kind: Kind
    who: str
    what: str

    @property
    def words(self) -> tuple[str, ...]:
        return (essential(self.what),)

    def tell(self, draw: Draw) -> str:
        return draw.choice(self.kind.tell).format(who=self.who, what=self.what)

    def ask(self, draw: Draw, who: str = "") -> str:
        return draw.choice(self.kind.ask).format(who=who or self.who, what="")

    def change(self, draw: Draw) -> tuple[Told, str]:
        newer = Told(self.kind, self.who, self.kind.what(draw))
        return newer, draw.choice(self.kind.changes).format(who=newer.who, what=newer.what)

    def ask_old(self, draw: Draw) -> str:
        return draw.choice(self.kind.old).format(who=self.who)


def essential(what: str) -> str:
    """The words that make it: without what stands before them anyway."""
    drop = ("on", "in", "the", "under", "behind", "next", "to", "inside", "of", "opposite", "at")
    words = what.split()
    while words[0] in drop:
        words = words[1:]
    return " ".join(words)


def draw_fact(draw: Draw, kind: Kind) -> Told:
    return Told(kind, kind.who(draw), kind.what(draw))
