"""When turns end: wearers who pause, whose sound is the same whatever a policy does.

A session is one wearer in one place who says ten things, a command and a question in turn, each in a slot of its own:
the words, 2.2 s of silence, and a tap that ends whatever is still being said. A *cut-off* is a turn that opens before
the last sample of the wearer's words; it is *mended* if the companion takes it back before anything sounds and the
whole words become the next turn. The decision's latency counts from that last sample.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipelines import events as ev
from pipelines.events import MS, NS
from pipelines.hearing.gate import parse_phrases
from pipelines.hearing.transcriber import Transcriber, embedded_folder
from pipelines.thinking.intent import understand
from tests.bench.turns.dialogues import WEARER_DBFS, Line, line, lines, wearer
from tests.bench.turns.policies import Policy
from tests.bench.turns.recorded import recorded
from tests.bench.turns.standins import SameSound
from tests.bench.turns.voices import at_level, speaker, spread
from tests.bench.turns.world import Place, Placed, World

LINES = 10  # of one session
LEAD_S, TAIL_S, GAP_S = 1.0, 2.2, 0.8
DECIDED_WITHIN_NS = int((TAIL_S - 0.1) * NS)
VARIES_DB = 2.0  # a wearer says one thing louder than another
SAME_SHARE = 0.6  # of the wearer's words: a turn with fewer of them is not the whole
EMBEDDED_COST_MS = 25.0  # docs/benches.md, hearing


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one thing that was said. Times in ms. `early`: texts of turns that opened before its end, with
    whether each was mended; `decided`: after the true end, None = never; `text_late`: how much later than the silence
    that ends the turn its words were known."""

    kind: str
    text: str
    snr_db: float
    pause_ms: int
    before: str
    early: tuple[tuple[str, bool], ...] = ()
    decided: float | None = None
    heard: str = ""
    text_late: float = 0.0
    recognised: int = 0
    sent_early: int = 0
    wasted: int = 0
    extra: int = 0
    rule: str = ""

    @property
    def cut(self) -> bool:
        return bool(self.early)

    @property
    def noticed(self) -> bool:
        return any(not mended for _, mended in self.early)


def turns(seed: int, index: int, policies: tuple[Policy, ...], count: int = LINES) -> dict[str, list[Outcome]]:
    """One wearer's session, once for each policy, over the same sound."""
    random = np.random.default_rng((seed, 1, index))
    person = wearer(index, random)
    commands, questions = lines("command", random), lines("question", random)
    script = [next(commands) if i % 2 == 0 else next(questions) for i in range(count)]
    levels = [person.dbfs + float(random.uniform(-VARIES_DB, VARIES_DB)) for _ in script]
    clips = [asked.clip(person.who, dbfs) for asked, dbfs in zip(script, levels, strict=True)]
    same, found = SameSound(), {}

    async def talk(world: World) -> None:
        await world.wait(LEAD_S)
        for clip in clips:
            placed = world.say(clip, dbfs=person.dbfs)
            await world.until(placed.end_ns + int(TAIL_S * NS))
            if not (world.session.playout.idle and world.session.director.state == "listening"):
                world.tap()
            await world.until(placed.end_ns + int((TAIL_S + GAP_S) * NS))

    for policy in policies:
        place = Place((seed, 1, index), person.noise, person.dbfs - person.snr_db, sets=policy.sets)
        world = World(place, voice_activity=same.again()).run(talk)
        found[policy.name] = [
            outcome(world, placed, asked, person.snr_db) for placed, asked in zip(world.placed, script, strict=True)
        ]
    return found


def outcome(world: World, placed: Placed, line: Line, snr_db: float) -> Outcome:
    """What became of one thing that was said, read off the decisions."""
    start_ns, end_ns = placed.start_ns, placed.end_ns
    over_ns = end_ns + DECIDED_WITHIN_NS
    opened = world.all(ev.TurnOpened, start_ns, over_ns)
    early = [o for o in opened if o.t_ns < end_ns]
    after = [o for o in opened if o.t_ns >= end_ns]
    asked = [a for a in world.all(ev.AskModel, start_ns, over_ns) if a.speculative]
    kept = sum(s.outcome == "kept" for s in world.all(ev.Speculation, start_ns, over_ns))
    final = after[0] if after else None
    whole = bool(final and alike(final, line.text))
    return Outcome(
        line.kind,
        line.text,
        snr_db,
        round(line.pause_s * 1000),
        line.before if line.cut else "",
        tuple((o.text, whole and taken_back(world, o)) for o in early),
        (final.t_ns - end_ns) / MS if final else None,
        final.text if final else "",
        text_late(world, final) if final else 0.0,
        len(world.all(ev.Transcribe, start_ns, over_ns)),
        len(asked),
        max(0, len(asked) - kept),
        max(0, len(after) - 1),
        rule(world, final) if final else "",
    )


def taken_back(world: World, opened: ev.TurnOpened) -> bool:
    """Was this turn closed as not finished, before anything sounded?"""
    closed = next((c for c in world.all(ev.TurnClosed, opened.t_ns) if c.turn == opened.turn), None)
    if closed is None or closed.outcome != "continued":
        return False
    return not any(m.mark == "started" for m in world.all(ev.PlayMark, opened.t_ns, closed.t_ns))


def alike(opened: ev.TurnOpened, text: str) -> bool:
    """Is it the turn of these words, give or take the recogniser's errors? A command that steers has only its name."""
    got, wanted = opened.text.lower().split(), text.lower().split()
    steers = opened.intent == understand(text).label and opened.text == understand(text).name
    return steers or sum(word in got for word in wanted) >= SAME_SHARE * len(wanted)


def text_late(world: World, opened: ev.TurnOpened) -> float:
    """How many ms after the silence that ends this turn its words were known; 0 if they were known before."""
    paused = [p for p in world.all(ev.SpeechPaused) if p.t_ns <= opened.t_ns]
    words = [t for t in world.all(ev.Transcribed) if t.t_ns <= opened.t_ns]
    wait_ms = waited(world, opened)
    if not paused or not words or wait_ms is None:
        return 0.0
    return max(0.0, (words[-1].t_ns - paused[-1].media_ns) / MS - wait_ms)


def waited(world: World, opened: ev.TurnOpened) -> int | None:
    """The silence that was to end this turn, as it was judged last."""
    judged = [j for j in world.all(ev.TurnJudged) if j.t_ns <= opened.t_ns]
    if judged:
        return judged[-1].wait_ms
    noted = [n.reason for n in world.all(ev.Noted) if n.t_ns <= opened.t_ns and n.what == "end of turn"]
    found = re.search(r"after (\d+) ms", noted[-1]) if noted else None
    return int(found[1]) if found else None


def rule(world: World, opened: ev.TurnOpened) -> str:
    judged = [j for j in world.all(ev.TurnJudged) if j.t_ns <= opened.t_ns]
    return judged[-1].rule if judged else ""


# ------------------------------------------------------------------------------------------- clips that people spoke


def real(seed: int, name: str, policies: tuple[Policy, ...]) -> dict[str, dict[str, Any]]:
    """One recording of a person, its words laid over its sound by their letters: where turns open."""
    text, sound = recorded(name)
    clip = at_level(spread(text, sound), WEARER_DBFS)
    same, found = SameSound(), {}

    async def talk(world: World) -> None:
        await world.wait(LEAD_S)
        placed = world.say(clip)
        await world.until(placed.end_ns + int(TAIL_S * NS))

    for policy in policies:
        world = World(Place((seed, 8), sets=policy.sets), voice_activity=same.again()).run(talk)
        (placed,) = world.placed
        got = outcome(world, placed, Line(text, "clip"), 30.0)
        at_s = [(o.t_ns - placed.start_ns) / NS for o in world.all(ev.TurnOpened) if o.t_ns < placed.end_ns]
        found[policy.name] = {
            "early": [(round(at, 2), *early) for at, early in zip(at_s, got.early, strict=True)],
            "decided_ms": got.decided,
            "seconds": round(clip.seconds, 2),
        }
    return found


# ------------------------------------------------------------------------------------------- the recogniser that ships


def embedded(seed: int, index: int, policy: Policy) -> list[Outcome]:
    """The small recogniser of the package on phrases that it knows, pauses as people make them."""
    random = np.random.default_rng((seed, 9, index))
    folder = embedded_folder()
    known = sorted(parse_phrases((folder.parent / "phrases.txt").read_text(encoding="utf-8")))
    asked = [p for p in known if understand(p).kind not in {"control", "backchannel", "none"} and len(p.split()) > 1]
    who = speaker(random)
    script = [line(str(text), "phrase", random) for text in random.permutation(asked)[:LINES]]
    clips = [phrase.clip(who, WEARER_DBFS) for phrase in script]

    async def talk(world: World) -> None:
        await world.wait(LEAD_S)
        for clip in clips:
            placed = world.say(clip)
            await world.until(placed.end_ns + int(TAIL_S * NS))
            if not (world.session.playout.idle and world.session.director.state == "listening"):
                world.tap()
            await world.until(placed.end_ns + int((TAIL_S + GAP_S) * NS))

    place = Place((seed, 9, index), noise_dbfs=WEARER_DBFS - 20.0, sets=policy.sets)
    world = World(place, Transcriber.load(folder), EMBEDDED_COST_MS).run(talk)
    return [outcome(world, placed, phrase, 20.0) for placed, phrase in zip(world.placed, script, strict=True)]
