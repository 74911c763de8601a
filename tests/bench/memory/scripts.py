# tables, a row a line
"""The dialogues of each category, by seed: what is told, what lies in between, what is asked, on which day."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.bench.memory import pools
from tests.bench.memory.dialogue import Script, Step
from tests.bench.memory.facts import BY_NAME, KINDS, Kind, Told, draw_fact
from tests.bench.memory.pools import Draw

EACH = 25  # dialogues of a category
SMALL_TALK = (
    "What time is it?",
    "Set a timer for three minutes.",
    "How are you?",
    "Tell me a joke.",
    "What can I say?",
    "It is cold today.",
    "I'm so tired.",
    "What is in front of me?",
    "Thank you.",
    "Is my train late?",
)
CHANGING = tuple(kind for kind in KINDS if kind.changes)
OF_PEOPLE = tuple(
    kind for kind in KINDS if kind.who is BY_NAME["allergy"].who or kind.name in {"home", "work", "likes"}
)


def day(days: int, hour: float) -> Step:
    return Step("day", days=days, hour=hour)


def say(text: str) -> Step:
    return Step("say", text)


def ask(text: str, words: tuple[str, ...], never: tuple[str, ...] = ()) -> Step:
    return Step("ask", text, words, never)


def none(text: str, never: tuple[str, ...] = ()) -> Step:
    return Step("none", text, never=never)


def _talk(draw: Draw) -> list[Step]:
    return [say(draw.choice(SMALL_TALK)) for _ in range(draw.random.randrange(3))]


def _kinds(draw: Draw, first: Kind, count: int) -> list[Kind]:
    rest = [kind for kind in KINDS if kind is not first]
    return [first, *draw.random.sample(rest, count - 1)]


def extraction(draw: Draw, n: int) -> list[Step]:
    """Told once among other things, asked on the same day and on another."""
    facts = [draw_fact(draw, kind) for kind in _kinds(draw, KINDS[n % len(KINDS)], 3)]
    steps = [step for fact in facts for step in (say(fact.tell(draw)), *_talk(draw))]
    others = [word for fact in facts[1:] for word in fact.words]
    steps.append(ask(facts[0].ask(draw), facts[0].words, tuple(others)))
    steps.append(day(1, 10))
    steps += _talk(draw)
    steps += [ask(fact.ask(draw), fact.words) for fact in draw.random.sample(facts, 2)]
    return steps


def sessions(draw: Draw, n: int) -> list[Step]:
    """Told over several days; what is known of one person comes from all of them."""
    kinds = draw.random.sample([BY_NAME[name] for name in ("allergy", "likes", "home", "work", "birthday")], 3)
    who, other = draw.one(pools.PEOPLE), draw.one(pools.PEOPLE)
    steps, facts = [], []
    for number, kind in enumerate(kinds):
        fact, foreign = Told(kind, who, kind.what(draw)), Told(kind, other, kind.what(draw))
        facts.append((fact, foreign))
        steps += [day(number, 9 + number), *_talk(draw), say(fact.tell(draw)), say(foreign.tell(draw))]
    about = draw.choice(
        (
            "What do you know about {who}?",
            "Tell me everything you know about {who}.",
            "What have I told you about {who}?",
        )
    )
    own = tuple(word for fact, _ in facts for word in fact.words)
    foreign_words = tuple(word for _, fact in facts for word in fact.words)
    steps += [day(4, 12), ask(about.format(who=who), own, foreign_words)]
    fact, foreign = facts[n % 3]
    steps += [ask(fact.ask(draw), fact.words, foreign.words), ask(foreign.ask(draw), foreign.words, fact.words)]
    return steps


def time(draw: Draw, n: int) -> list[Step]:
    """When: reminders over days and restarts, when something was told, what was told on a day."""
    return (_reminded, _missed, _told_when, _on_that_day, _put_off)[n % 5](draw)


def _reminded(draw: Draw) -> list[Step]:
    task = draw.one(pools.TASKS)
    said = draw.choice(
        (
            "Remind me tomorrow at eleven to {task}.",
            "Remind me to {task} tomorrow at eleven.",
            "Tomorrow at eleven remind me to {task}.",
        )
    )
    fact = draw_fact(draw, BY_NAME["locker"])
    return [
        say(said.format(task=task)),
        *_talk(draw),
        say(fact.tell(draw)),
        day(1, 10.5),
        *_talk(draw),
        Step("hear", "", (task,), (), hour=0.6),
        ask(fact.ask(draw), fact.words, (task,)),
    ]


def _missed(draw: Draw) -> list[Step]:
    task = draw.one(pools.TASKS)
    said = draw.choice(
        ("Remind me in two hours to {task}.", "Remind me on Wednesday to {task}.", "In an hour remind me to {task}.")
    )
    return [
        say(said.format(task=task)),
        *_talk(draw),
        day(3, 8),
        Step("hear", "", (task,), (), hour=0.01),
        day(4, 8),
        Step("hear", "", (), (task,), hour=0.01),
    ]


def _put_off(draw: Draw) -> list[Step]:
    task, gone = draw.one(pools.TASKS), draw.one(pools.TASKS)
    return [
        say(f"Remind me in half an hour to {task}."),
        say(f"Remind me tomorrow to {gone}."),
        Step("hear", "", (task,), (gone,), hour=0.6),
        say(draw.choice(("Snooze for an hour.", "Remind me again in an hour.", "In an hour again."))),
        day(0, 10.2),
        ask(draw.choice(("What reminders do I have?", "Which reminders are set?")), (task, gone)),
        say(draw.choice((f"Cancel the reminder to {gone}.", f"Delete my reminder to {gone}."))),
        Step("hear", "", (task,), (gone,), hour=0.9),
        day(2, 9),
        Step("hear", "", (), (task, gone), hour=0.05),
    ]


def _told_when(draw: Draw) -> list[Step]:
    fact = draw_fact(draw, draw.random.choice(OF_PEOPLE))
    back = draw.choice(
        ("When did I tell you that?", "How do you know that?", "Who told you that?", "Since when do you know that?")
    )
    return [
        day(1, 10),
        say(fact.tell(draw)),
        *_talk(draw),
        day(2, 15),
        ask(fact.ask(draw), fact.words),
        ask(back, ("yesterday",)),
        day(4, 9),
        ask(fact.ask(draw), fact.words),
        ask(back, ("tuesday",)),
    ]


def _on_that_day(draw: Draw) -> list[Step]:
    kind = BY_NAME["parked"]
    first = draw_fact(draw, kind)
    second, text = first.change(draw)
    when = draw.choice(("yesterday", "on Monday"))
    return [
        say(first.tell(draw)),
        *_talk(draw),
        day(1, 9),
        say(text),
        *_talk(draw),
        ask("Where is my car?", second.words, first.words),
        ask(f"Where did I park {when}?", first.words, second.words),
    ]


def update(draw: Draw, n: int) -> list[Step]:
    """A newer value takes the place of the older one, which is kept and told when it is asked for."""
    first = draw_fact(draw, CHANGING[n % len(CHANGING)])
    second, text = first.change(draw)
    other = draw_fact(draw, next(kind for kind in KINDS if kind.name == ("likes" if n % 2 else "birthday")))
    steps = [say(first.tell(draw)), say(other.tell(draw)), ask(first.ask(draw), first.words)]
    steps += [day(1, 14), *_talk(draw), say(text), ask(first.ask(draw), second.words, first.words)]
    steps += [
        day(2, 9),
        *_talk(draw),
        ask(first.ask(draw), second.words, first.words),
        ask(other.ask(draw), other.words),
    ]
    if n % 2:
        steps.append(ask(first.ask_old(draw), first.words, second.words))
    return steps


def abstention(draw: Draw, n: int) -> list[Step]:
    """What was not told is not known, however near to it something was told."""
    kinds = _kinds(draw, KINDS[n % len(KINDS)], 4)
    told = [draw_fact(draw, kind) for kind in kinds[:2]]
    untold = [draw_fact(draw, kind) for kind in kinds[2:]]
    words = tuple(word for fact in told for word in fact.words)
    steps = [step for fact in told for step in (say(fact.tell(draw)), *_talk(draw))]
    steps.append(day(1, 11))
    steps += [none(fact.ask(draw), words) for fact in untold]
    for fact in told:  # the same of somebody or something else
        if fact.who:
            pool = next(pool for pool in (pools.PEOPLE, pools.THINGS, pools.RELATIONS) if fact.who in pool)
            steps.append(none(fact.ask(draw, draw.one(pool)), words))
    thing = draw.one(pools.THINGS)
    steps.append(none(draw.choice((f"Where did I last see my {thing}?", f"Where have I seen my {thing}?")), words))
    steps.append(
        none(draw.choice(("What did the sign at the entrance say?", "What was on the sign at the entrance?")), words)
    )
    steps += [ask(fact.ask(draw), fact.words) for fact in told]
    return steps


def forgetting(draw: Draw, n: int) -> list[Step]:
    """What is forgotten is in no answer, no index and no file; the rest is still known."""
    return (_one, _person, _last_hour, _everything, _thing)[n % 5](draw)


def _one(draw: Draw) -> list[Step]:
    kept, gone = (draw_fact(draw, kind) for kind in draw.random.sample(list(KINDS), 2))
    return [
        say(kept.tell(draw)),
        *_talk(draw),
        say(gone.tell(draw)),
        say(draw.choice(("Forget that.", "Please forget that again.", "Delete that."))),
        Step("gone", words=gone.words),
        ask(kept.ask(draw), kept.words),
        none(gone.ask(draw), gone.words),
        day(1, 9),
        Step("gone", words=gone.words),
        none(gone.ask(draw), gone.words),
        ask(kept.ask(draw), kept.words),
    ]


def _person(draw: Draw) -> list[Step]:
    first, second = draw.random.sample(OF_PEOPLE, 2)
    who, other = draw.one(pools.PEOPLE), draw.one(pools.PEOPLE)
    gone = [Told(kind, who, kind.what(draw)) for kind in (first, second)]
    kept = Told(first, other, first.what(draw))
    how = draw.choice(
        (
            "Forget everything about {who}.",
            "Forget what you know about {who}.",
            "Delete everything that I told you about {who}.",
            "Forget {who}.",
        )
    )
    words = (who, *(word for fact in gone for word in fact.words))
    return [
        say(gone[0].tell(draw)),
        say(kept.tell(draw)),
        day(1, 9),
        *_talk(draw),
        say(gone[1].tell(draw)),
        ask(gone[0].ask(draw), gone[0].words),
        say(how.format(who=who)),
        Step("gone", words=words),
        none(gone[1].ask(draw), words[1:]),
        day(2, 10),
        none(gone[0].ask(draw), words[1:]),
        ask(kept.ask(draw), kept.words),
        Step("gone", words=words[1:]),
    ]


def _last_hour(draw: Draw) -> list[Step]:
    kept, gone = (draw_fact(draw, kind) for kind in draw.random.sample(list(KINDS), 2))
    how = draw.choice(
        ("Forget the last hour.", "Forget what I told you in the last hour.", "Delete everything from the last hour.")
    )
    return [
        say(kept.tell(draw)),
        day(0, 14),
        *_talk(draw),
        say(gone.tell(draw)),
        ask(gone.ask(draw), gone.words),
        say(how),
        Step("gone", words=gone.words),
        none(gone.ask(draw), gone.words),
        ask(kept.ask(draw), kept.words),
        day(1, 9),
        none(gone.ask(draw), gone.words),
        ask(kept.ask(draw), kept.words),
        Step("gone", words=gone.words),
    ]


def _everything(draw: Draw) -> list[Step]:
    facts = [draw_fact(draw, kind) for kind in draw.random.sample(list(KINDS), 3)]
    task = draw.one(pools.TASKS)
    how = draw.choice(("Forget everything.", "Forget everything you know about me.", "Delete your whole memory."))
    words = (*(word for fact in facts for word in fact.words), task)
    return [
        *(say(fact.tell(draw)) for fact in facts),
        say(f"Remind me tomorrow at ten to {task}."),
        day(1, 9),
        *_talk(draw),
        say(how),
        Step("allow"),
        Step("gone", words=words),
        none(facts[0].ask(draw), words),
        Step("hear", "", (), (task,), hour=1.2),
        day(2, 9),
        none(facts[1].ask(draw), words),
        Step("gone", words=words),
    ]


def _thing(draw: Draw) -> list[Step]:
    kept, gone = draw_fact(draw, BY_NAME["code"]), draw_fact(draw, BY_NAME["thing"])
    how = draw.choice(
        (
            "Forget where my {who} is.",
            "Forget what I told you about my {who}.",
            "Forget about my {who}.",
            "Delete everything about my {who}.",
        )
    )
    return [
        say(gone.tell(draw)),
        say(kept.tell(draw)),
        day(1, 9),
        *_talk(draw),
        ask(gone.ask(draw), gone.words),
        say(how.format(who=gone.who)),
        Step("gone", words=gone.words),
        none(gone.ask(draw), gone.words),
        ask(kept.ask(draw), kept.words),
        day(2, 9),
        none(gone.ask(draw), gone.words),
        Step("gone", words=gone.words),
    ]


CATEGORIES: Mapping[str, Callable[[Draw, int], list[Step]]] = {
    "extraction": extraction,
    "sessions": sessions,
    "time": time,
    "update": update,
    "abstention": abstention,
    "forgetting": forgetting,
}


def scripts(seed: int, each: int = EACH) -> list[Script]:
    """`each` dialogues of every category."""
    out = []
    for number, (category, make) in enumerate(CATEGORIES.items()):
        for n in range(each):
            draw = Draw(seed * 100_000 + number * 1000 + n)
            out.append(Script(f"{category}-{n}", category, tuple(make(draw, n))))
    return out
