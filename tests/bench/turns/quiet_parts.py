"""When nothing should happen: noise, silence, other people, a television set; and the gate that is opened by a phrase.

What counts is what leaves: queries to the model, those that left early included. Turns without one (the companion says
that it did not understand) are counted beside them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines import events as ev
from pipelines.events import NS
from pipelines.thinking.intent import understand
from tests.bench.turns import sentences
from tests.bench.turns.dialogues import WEARER_DBFS, chatter, lines, wearer
from tests.bench.turns.policies import Policy
from tests.bench.turns.rooms import NOISES, RACKETS, far_away, music, racket
from tests.bench.turns.turn_parts import alike
from tests.bench.turns.voices import RATE_HZ, Clip, at_level, joined, said
from tests.bench.turns.world import Place, World

NOISE_S = 60.0
CHATTER_S = 60.0
BELOW_DB = (0.0, 6.0, 12.0, 18.0)
LEARNED_TURNS = 3
WAKINGS = 6
GATE = ("attention.start=wake",)


@dataclass(frozen=True, slots=True)
class Nothing:
    """A stretch in which nothing should happen."""

    what: str
    seconds: float
    queries: int
    turns: int
    spoken: int
    heard: tuple[str, ...] = ()
    wearer_lost: int = 0  # turns of the wearer, said before, that nothing came of


def noise(seed: int, index: int, policy: Policy) -> Nothing:
    """A minute without a voice: every sixth one silent, the others with a steady noise and short loud ones over it."""
    random = np.random.default_rng((seed, 4, index))
    silent = index % 6 == 0
    kind = str(NOISES[index % len(NOISES)])
    level = -120.0 if index % 12 == 0 else -75.0 if silent else float(random.uniform(-60, -30))

    async def sit(world: World) -> None:
        while world.now_ns < NOISE_S * NS:
            await world.wait(float(random.uniform(1.5, 6.0)))
            if not silent:
                sort = str(random.choice(RACKETS))
                world.sound(racket(sort, float(random.uniform(-45, -15)), random))

    world = World(Place((seed, 4, index), kind, level, sets=policy.sets)).run(sit)
    return _nothing(world, "silence" if silent else "noise", 0, world.loop.now_ns)


def others(seed: int, index: int, kind: str, below_db: float, gated: bool, policy: Policy) -> Nothing:
    """A minute of other people or a television set, so much weaker than the wearer. Open microphone: the wearer has
    asked a few things before, so that their voice is known; behind the gate nobody has said the phrase."""
    random = np.random.default_rng((seed, 5, index, int(below_db), gated, kind == "tv"))
    person = wearer(0, random)
    words = chatter(kind, CHATTER_S, person.dbfs - below_db, random)
    sound = far_away(words.sound, random)
    if kind == "tv":
        behind = music(len(sound) / RATE_HZ, person.dbfs - below_db - 10, random)
        sound = np.asarray(sound[: len(behind)] + behind[: len(sound)], np.float32)
    distant = Clip(words.text, sound, words.words)
    questions = lines("question", random)
    since, lost = 0, 0

    async def sit(world: World) -> None:
        nonlocal since, lost
        await world.wait(1.0)
        for _ in range(0 if gated else LEARNED_TURNS):
            placed = world.say(at_level(said(next(questions).text, person.who), person.dbfs), dbfs=person.dbfs)
            await world.until(placed.end_ns + 2 * NS)
            lost += not world.all(ev.TurnOpened, placed.end_ns)
            world.tap()
            await world.quiet(3)
            await world.wait(0.5)
        since = world.now_ns
        placed = world.say(distant, "other", person.dbfs - below_db)
        await world.until(placed.end_ns + 2 * NS)

    sets = (*policy.sets, *(GATE if gated else ()))
    world = World(Place((seed, 5, index), person.noise, person.dbfs - 30, sets=sets)).run(sit)
    return _nothing(world, f"{kind} {below_db:.0f} dB", since, world.loop.now_ns, lost)


def _nothing(world: World, what: str, from_ns: int, until_ns: int, lost: int = 0) -> Nothing:
    queries = [*world.all(ev.AskModel, from_ns, until_ns), *world.all(ev.RunTool, from_ns, until_ns)]
    opened = world.all(ev.TurnOpened, from_ns, until_ns)
    return Nothing(
        what,
        (until_ns - from_ns) / NS,
        len(queries),
        len(opened),
        len([s for s in world.all(ev.Speak, from_ns, until_ns) if s.text]),
        tuple(f"{o.intent}: {o.text}" for o in opened)[:4],
        lost,
    )


@dataclass(frozen=True, slots=True)
class Woken:
    """The wake phrase and words right behind it. `gap_ms`: between them."""

    text: str
    gap_ms: int
    answered: bool
    first_word: bool
    misheard: bool
    heard: str
    tv: bool


def woken(seed: int, index: int, policy: Policy) -> list[Woken]:
    """A wearer who opens the gate by its phrase; in every other session a television set is on, 18 dB below them."""
    random = np.random.default_rng((seed, 6, index))
    person, tv = wearer(0, random), index % 2 == 1
    script = lines("command", random), lines("question", random)
    found: list[Woken] = []

    async def talk(world: World) -> None:
        await world.wait(1.0)
        if tv:
            words = chatter("tv", 20.0 * WAKINGS, person.dbfs - 18, random)
            world.say(Clip("", far_away(words.sound, random), words.words), "other", person.dbfs - 18)
        for i in range(WAKINGS):
            text, gap_s = next(script[i % 2]).text, float(random.uniform(0.0, 0.3))
            phrase = said(str(random.choice(sentences.WAKE)), person.who)
            clip = at_level(joined([phrase, said(text, person.who)], [gap_s]), person.dbfs)
            placed = world.say(clip, dbfs=person.dbfs)
            await world.until(placed.end_ns + 2 * NS)
            opened = world.all(ev.TurnOpened, placed.start_ns)
            heard = opened[-1].text if opened else ""
            wrong = any(s < placed.end_ns and e > placed.start_ns for s, e in world.recogniser.misheard)
            answered = bool(opened) and alike(opened[-1], text)
            steers = answered and text.split()[0] not in heard and opened[-1].intent == understand(text).label
            first = steers or text.split()[0] in heard.split()[:3]  # the phrase may have stayed in
            found.append(Woken(text, round(gap_s * 1000), answered, first, wrong, heard, tv))
            world.tap()
            await world.quiet(3)
            await world.wait(9.0)  # the follow-up is over

    sets = (*policy.sets, *GATE)
    World(Place((seed, 6, index), person.noise, WEARER_DBFS - 30, sets=sets)).run(talk)
    return found
