"""Two voices at once: wearers who speak over an answer, and the answer that comes back into the microphone.

A question is typed, its answer plays, and somewhere in it the wearer says something: another question, "stop", a short
word of agreement, or nothing but a cough. On some devices the answer never reaches the microphone; on others it comes
back through a small loudspeaker and a room, and the companion has to cancel it. What reached the ear is read off the
20 ms pieces that were taken from the playout.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines import events as ev
from pipelines.events import MS, NS
from tests.bench.turns import sentences
from tests.bench.turns.dialogues import Wearer, filled, short, wearer
from tests.bench.turns.policies import Policy
from tests.bench.turns.recorded import RECORDED, recorded
from tests.bench.turns.rooms import EchoPath, cough
from tests.bench.turns.voices import Clip, at_level, pieces, said
from tests.bench.turns.world import Place, World, heard_words

DELAYS_MS = (40.0, 120.0, 250.0, 450.0)
ECHO_DB = (-12.0, -6.0, 0.0)  # of the echo beside the wearer who speaks over it …
ALONE_DB = (-6.0, 0.0, 6.0)  # … and where nobody does
KINDS = ("turn", "backchannel", "stop", "cough")
NO_WORDS = ("ahem", "hmm", "ha ha")  # a throat that is cleared, a laugh: the recogniser refuses them
ROUNDS = 3  # of all kinds, in one session
RAMP_NS = 5 * MS
SILENT_DB = 30.0
RESUMED_WITHIN_NS = int(2.6 * NS)
ANSWER_AUDIBLE_DBFS = -45.0
CONVERGED_S = 6.0  # an echo canceller has heard the room by then
ECHO_S = 75.0


@dataclass(frozen=True, slots=True)
class Overlap:
    """Something over an answer. Times in ms, None = it never happened. `silent`: from the wearer's first sample until
    the answer was 30 dB down; `loudest`: of what was sent after that, dB beside the answer; `stopped`: from the
    wearer's last sample until the answer was dropped; `unheard`: words that history has and the ear never got, below 0:
    it got more; `misheard`: the scripted recogniser gave a wrong word."""

    kind: str
    echo: str
    text: str
    silent: float | None = None
    loudest: float = 0.0
    stopped: float | None = None
    resumed: bool = False
    opened: str = ""
    unheard: int | None = None
    misheard: bool = False
    before: bool = False  # the answer was down already as they began: a false alarm


def path_of(index: int) -> EchoPath | None:
    """Every second device cancels its own echo; the others have each delay at each level."""
    if index % 2 == 0:
        return None
    at = index // 2
    return EchoPath(DELAYS_MS[at % 4], -26.0 + ECHO_DB[at // 4 % 3])


def overlaps(seed: int, index: int, policy: Policy) -> list[Overlap]:
    """One session of a wearer who speaks over answers."""
    random = np.random.default_rng((seed, 2, index))
    person = wearer(0, random)
    snr_db = (30.0, 20.0)[index // 2 % 2]
    place = Place((seed, 2, index), person.noise, person.dbfs - snr_db, path_of(index), policy.sets)
    return session(place, person, [(kind, None) for kind in KINDS * ROUNDS], random)


def people(seed: int, index: int, policy: Policy) -> list[Overlap]:
    """The same with what people said into other microphones: once without echo, then over each delay. Not the oldest
    recording: its own noise hides where its words begin."""
    random = np.random.default_rng((seed, 7, index))
    person = wearer(0, random)
    clips = [clip for name in RECORDED if name.startswith("LJ") for clip in pieces(*recorded(name))] * ROUNDS
    path = EchoPath(DELAYS_MS[index - 1], person.dbfs - 6.0) if index else None
    place = Place((seed, 7, index), "pink", person.dbfs - 40.0, path, policy.sets)
    return session(place, person, [("turn", at_level(clip, person.dbfs)) for clip in clips], random, clips[0])


def session(
    place: Place,
    person: Wearer,
    script: list[tuple[str, Clip | None]],
    random: np.random.Generator,
    first: Clip | None = None,
) -> list[Overlap]:
    """Answers that are spoken over, one after another: by this kind of sound, or by this clip."""
    path = place.echo
    name = "none" if path is None else f"{path.delay_ms:.0f} ms, {path.dbfs:.0f} dBFS"
    opening = first or said("can i reach the station on foot before dark", person.who)
    found: list[Overlap] = []

    async def talk(world: World) -> None:
        await world.wait(1.0)
        placed = world.say(at_level(opening, person.dbfs))
        await world.until(placed.end_ns)
        await world.sounds()
        await world.wait(CONVERGED_S)
        world.tap()
        await world.quiet()
        for kind, clip in script:
            await world.wait(0.5)
            world.type("tell me about it")
            if await world.sounds():
                await world.wait(float(random.uniform(1.2, 3.0)))
                found.append(await overlap(world, kind, clip, person, name, random))
            world.tap()
            await world.quiet(5)

    World(place).run(talk)
    return found


async def overlap(
    world: World, kind: str, clip: Clip | None, person: Wearer, echo: str, random: np.random.Generator
) -> Overlap:
    """Say it over the answer that sounds now; what came of it."""
    if kind == "cough" and random.random() < 0.5:
        start_ns, text = world.now_ns, "(cough)"
        end_ns = world.sound(cough(person.dbfs, random))
    elif kind == "cough":  # with a voice in it, as far as voice activity can tell
        noise = short(str(random.choice(NO_WORDS)), 0.35, person)
        placed = world.say(noise, dbfs=person.dbfs, heard=False)
        start_ns, end_ns, text = placed.start_ns, placed.end_ns, f"({noise.text})"
    else:
        clip = clip or _clip(kind, person, random)
        placed = world.say(clip, dbfs=person.dbfs)
        start_ns, end_ns, text = placed.start_ns, placed.end_ns, clip.text
    began = [m for m in world.all(ev.PlayMark) if m.mark == "started" and m.utterance > 0]
    utterance = began[-1].utterance
    await world.until(end_ns + RESUMED_WITHIN_NS)
    stops = [s for s in world.all(ev.StopPlay, start_ns) if s.utterance == utterance]
    opened = world.all(ev.TurnOpened, start_ns)
    silent, loudest = silence(world, start_ns, stops[0].t_ns if stops else world.now_ns)
    still = any(p.dbfs > ANSWER_AUDIBLE_DBFS for p in world.pulled[-50:])
    over = bool(stops or opened)
    return Overlap(
        kind,
        echo,
        text,
        silent,
        loudest,
        max(0.0, (stops[0].t_ns - end_ns) / MS) if stops else None,
        still and not over,
        opened[0].text if opened else "",
        unheard(world, utterance) if stops else None,
        any(s < end_ns and e > start_ns for s, e in world.recogniser.misheard),
        ducked(world, start_ns),
    )


def _clip(kind: str, person: Wearer, random: np.random.Generator) -> Clip:
    if kind == "backchannel":
        return short(str(random.choice(sentences.BACKCHANNELS)), float(random.uniform(0.2, 0.4)), person)
    texts = sentences.STOPS if kind == "stop" else sentences.INTERRUPTIONS
    return at_level(said(filled(str(random.choice(texts)), random), person.who), person.dbfs)


def ducked(world: World, at_ns: int) -> bool:
    """Was the answer down just before that moment?"""
    orders = [d for d in world.events if isinstance(d, ev.Duck | ev.PausePlay) and d.t_ns < at_ns]
    lows = {type(d): d.on for d in orders}
    return any(lows.values())


def silence(world: World, start_ns: int, until_ns: int) -> tuple[float | None, float]:
    """(ms from the onset until what is sent is silent, the loudest thing that is sent from there until it is dropped or
    goes on, beside the answer before)."""
    orders = [
        d
        for d in world.events
        if d.t_ns >= start_ns and (isinstance(d, ev.StopPlay) or (isinstance(d, ev.Duck | ev.PausePlay) and d.on))
    ]
    if not orders:
        return None, 0.0
    taken_ns = next((p.t_ns for p in world.pulled if p.t_ns >= orders[0].t_ns), world.now_ns)
    again = [d.t_ns for d in world.events if isinstance(d, ev.Duck) and not d.on and d.t_ns > taken_ns]
    over_ns = min([until_ns, *again[:1]])
    usual = [p.dbfs for p in world.pulled if start_ns - 2 * NS <= p.t_ns < start_ns and p.dbfs > -100]
    after = [p.dbfs for p in world.pulled if taken_ns + 20 * MS <= p.t_ns < over_ns]
    loudest = max(after, default=-120.0) - float(np.percentile(usual, 90)) if usual else -120.0
    return (taken_ns + RAMP_NS - start_ns) / MS, loudest


def unheard(world: World, utterance: int) -> int | None:
    """Words that history has of the answer beyond those that left aloud."""
    spoken = [s for s in world.all(ev.Speak) if s.utterance == utterance]
    entry = next((e for e in world.session.director.history.entries if e.turn == spoken[0].turn), None)
    if entry is None:
        return None
    return len(entry.heard.split()) - heard_words(world, utterance)


# ------------------------------------------------------------------------------------------------ nobody but ourselves


@dataclass(frozen=True, slots=True)
class Alone:
    """An answer that plays into its own microphone. `spoke_s`: how long it sounded."""

    echo: str
    spoke_s: float
    ducks: int
    pauses: int
    stops: int
    turns: int
    heard: tuple[str, ...]


def alone(seed: int, index: int, policy: Policy) -> Alone:
    """75 s in which the companion speaks and nobody else does."""
    delay, level = DELAYS_MS[index % 4], ALONE_DB[index // 4 % 3]
    path = EchoPath(delay, -26.0 + level)
    typed = 0

    async def talk(world: World) -> None:
        nonlocal typed
        await world.wait(1.0)
        while world.now_ns < ECHO_S * NS:
            world.type("tell me everything about it")
            typed += 1
            await world.sounds()
            await world.quiet(ECHO_S - world.now_ns / NS)
            await world.wait(0.4)

    place = Place((seed, 3, index), "pink", -60.0, path, policy.sets)
    world = World(place, answer=sentences.LONG_ANSWER).run(talk)
    opened = world.all(ev.TurnOpened)
    return Alone(
        f"{delay:.0f} ms, {path.dbfs:.0f} dBFS",
        sum(p.dbfs > ANSWER_AUDIBLE_DBFS for p in world.pulled) * 0.02,
        sum(d.on for d in world.all(ev.Duck)),
        sum(d.on for d in world.all(ev.PausePlay)),
        len([s for s in world.all(ev.StopPlay) if "session ends" not in s.reason]),
        len(opened) - typed,
        tuple(t.text for t in world.all(ev.Transcribed) if t.text)[:6],
    )
