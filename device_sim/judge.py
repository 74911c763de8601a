"""The verdict: for every expectation pass, fail or unjudged, with the figures; for every turn its times.

Times are measured from outside, in the sound that arrived: mouth to ear is the last speech sample sent to the first
sample of an answer received. What was said is judged by ear (byear.py); captions only where a scene asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from device_sim import byear
from device_sim.ear import RATE_HZ, Ear
from device_sim.espeak import NoVoiceError
from device_sim.record import Record, Turn
from device_sim.scene import Expect, Scene

PASS, FAIL, UNJUDGED = "pass", "fail", "unjudged"


@dataclass(frozen=True)
class Finding:
    """One expectation's outcome. `line` is the scene file's."""

    line: int
    turn: int
    expected: str
    outcome: str
    why: str
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TurnTimes:
    """Times of one turn in milliseconds; None where there was nothing to measure.

    `mouth_to_ear_ms`: last speech sample sent (turn 0: the scene's start) -> first sample of an answer received.
    `from_mouth_ms`: the same from the moment at which the wearer made that sample: it waited for its packet to be full.
    `first_sound_ms`: as `mouth_to_ear_ms` to any sound, earcons included.
    `barge_in_ms`: if the companion was audible when the wearer began: first speech sample sent -> silence.
    `silence_ms`: the same from the last speech sample sent; negative if silence came while the wearer still spoke.
    """

    turn: int
    words: str
    at_s: float
    speech_ms: float
    mouth_to_ear_ms: float | None
    from_mouth_ms: float | None
    first_sound_ms: float | None
    barge_in_ms: float | None
    silence_ms: float | None


@dataclass(frozen=True)
class Verdict:
    scene: str
    seed: int
    drawn: dict[str, str]
    outcome: str
    passed: int
    failed: int
    unjudged: int
    seconds: float
    cpu_percent: float  # of one core, while the scene played: what the simulator itself cost
    findings: list[Finding]
    turns: list[TurnTimes]
    notes: list[str]
    session: str = ""  # the companion's name for it, which its recording carries
    network: dict[str, int] = field(default_factory=dict)  # what became of our media packets, if the scene spoils them

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def judge(scene: Scene, record: Record, ear: Ear, tell: Callable[[Finding], None] = lambda finding: None) -> Verdict:
    """Judge a finished scene; `tell` hears of every finding as it is made."""
    findings: list[Finding] = []
    for finding in _findings(record, ear):
        tell(finding)
        findings.append(finding)
    count = {outcome: sum(f.outcome == outcome for f in findings) for outcome in (PASS, FAIL, UNJUDGED)}
    seconds = (record.end_ns - record.begin_ns) / 1e9
    notes = [record.ended_early] if record.ended_early else []
    if count[UNJUDGED]:
        notes.append(f"{count[UNJUDGED]} by-ear expectations are unjudged: only timing and captions were judged")
    return Verdict(
        scene=scene.name,
        seed=scene.seed,
        drawn=dict(scene.drawn),
        outcome=FAIL if count[FAIL] else PASS,
        passed=count[PASS],
        failed=count[FAIL],
        unjudged=count[UNJUDGED],
        seconds=round(seconds, 2),
        cpu_percent=round(100 * record.cpu_s / seconds, 1),
        findings=findings,
        turns=[times(turn, record, ear) for turn in record.turns],
        notes=notes,
        session=record.session,
        network=dict(record.network),
    )


def times(turn: Turn, record: Record, ear: Ear) -> TurnTimes:
    interrupts = turn.number > 0 and ear.speaking_at(turn.begin_ns)
    silence_ns = ear.silence_after(turn.begin_ns, turn.until_ns) if interrupts else None
    answer_ns = ear.answer_after(turn.end_ns, turn.until_ns)
    return TurnTimes(
        turn=turn.number,
        words=turn.words,
        at_s=round((turn.begin_ns - record.begin_ns) / 1e9, 3),
        speech_ms=round((turn.end_ns - turn.begin_ns) / 1e6, 1),
        mouth_to_ear_ms=_ms(answer_ns, turn.end_ns),
        from_mouth_ms=_ms(answer_ns, turn.mouth_ns) if turn.mouth_ns else None,
        first_sound_ms=None if interrupts else _ms(ear.sound_after(turn.end_ns, turn.until_ns), turn.end_ns),
        barge_in_ms=_ms(silence_ns, turn.begin_ns),
        silence_ms=_ms(silence_ns, turn.end_ns),
    )


def _ms(at_ns: int | None, from_ns: int) -> float | None:
    return None if at_ns is None else round((at_ns - from_ns) / 1e6, 1)


def _findings(record: Record, ear: Ear) -> Iterator[Finding]:
    for wait, number in record.gave_up:
        what = {"answer": "an answer to begin", "quiet": "the companion to finish"}[wait.until]
        yield Finding(wait.line, number, f"{what} within {wait.seconds:g} s", FAIL, "waited in vain")
    for step, number, same in record.came_back:
        which = ("a new session", "the same session")
        outcome = PASS if same == step.resumes else FAIL
        yield Finding(step.line, number, f"comes back into {which[step.resumes]}", outcome, f"it was {which[same]}")
    if record.ended_early:
        yield Finding(0, len(record.turns) - 1, "the scene plays to its end", FAIL, record.ended_early)
    for expect, number in record.expected:
        turn = record.turns[number]
        if expect.hears:
            yield _hears(expect, turn, ear)
        if expect.not_hears:
            yield _not_hears(expect, turn, ear)
        if expect.caption:
            yield _caption(expect, turn, record)
        if expect.speaks is not None:
            yield _speaks(expect, turn, ear)
        if expect.answers_within_ms is not None:
            yield _answers(expect, turn, ear, expect.answers_within_ms)
        if expect.silence_within_ms is not None:
            yield _silence(expect, turn, ear, expect.silence_within_ms)


def _hears(expect: Expect, turn: Turn, ear: Ear) -> Finding:
    expected = f'hears "{expect.hears}", not {len(expect.decoys)} decoys'
    try:
        choice = byear.choose(ear.cut(turn.end_ns, turn.until_ns), RATE_HZ, expect.hears, expect.decoys)
    except NoVoiceError as error:
        return Finding(expect.line, turn.number, expected, UNJUDGED, str(error))
    figures = {"margin": choice.margin, "distance": choice.distance, "scores": choice.scores}
    if choice.passes(expect.hears):
        return Finding(expect.line, turn.number, expected, PASS, f"margin {choice.margin:g}", figures)
    if not choice.best:
        why, figures = "nothing was said", {}
    elif choice.distance > byear.MAX_DISTANCE:
        why = f"nothing like it was said (distance {choice.distance:g}, at most {byear.MAX_DISTANCE:g})"
    elif choice.best != expect.hears:
        why = f'sounds more like "{choice.best}" (by {-choice.margin:g})'
    else:
        why = f"too close to call (margin {choice.margin:g}, at least {byear.MIN_MARGIN:g})"
    return Finding(expect.line, turn.number, expected, FAIL, why, figures)


def _not_hears(expect: Expect, turn: Turn, ear: Ear) -> Finding:
    expected = f'does not hear "{expect.not_hears}"'
    try:
        choice = byear.choose(ear.cut(turn.end_ns, turn.until_ns), RATE_HZ, expect.not_hears, ())
    except NoVoiceError as error:
        return Finding(expect.line, turn.number, expected, UNJUDGED, str(error))
    said = choice.distance <= byear.HEARD_DISTANCE
    why = f"distance {choice.distance:g}, said below {byear.HEARD_DISTANCE:g}" if choice.best else "nothing was said"
    return Finding(expect.line, turn.number, expected, FAIL if said else PASS, why)


def _caption(expect: Expect, turn: Turn, record: Record) -> Finding:
    said = " ".join(
        str(message.get("text", ""))
        for arrival_ns, message in record.messages
        if message.get("type") == "caption"
        and message.get("who") == "companion"
        and turn.begin_ns <= arrival_ns < turn.until_ns
    )
    found = re.search(expect.caption, said, re.IGNORECASE) is not None
    why = f"captions: {said[:120]!r}"
    return Finding(expect.line, turn.number, f"captions match /{expect.caption}/", PASS if found else FAIL, why)


def _speaks(expect: Expect, turn: Turn, ear: Ear) -> Finding:
    first_ms = _ms(ear.answer_after(turn.end_ns, turn.until_ns), turn.end_ns)
    spoke = first_ms is not None
    expected = "the companion speaks" if expect.speaks else "the companion says nothing"
    why = f"began after {first_ms:.0f} ms" if first_ms is not None else "no answer was audible"
    return Finding(expect.line, turn.number, expected, PASS if spoke == expect.speaks else FAIL, why)


def _answers(expect: Expect, turn: Turn, ear: Ear, limit_ms: float) -> Finding:
    first_ms = _ms(ear.answer_after(turn.end_ns, turn.until_ns), turn.end_ns)
    ok = first_ms is not None and first_ms <= limit_ms
    why = "no answer was audible" if first_ms is None else f"{first_ms:.0f} ms"
    figures = {"mouth_to_ear_ms": first_ms}
    return Finding(expect.line, turn.number, f"answers within {limit_ms:g} ms", PASS if ok else FAIL, why, figures)


def _silence(expect: Expect, turn: Turn, ear: Ear, limit_ms: float) -> Finding:
    """Silence in the received sound, counted from the end of the wearer's words. It must have been audible before, or
    there was nothing to silence."""
    expected = f"silence within {limit_ms:g} ms"
    if not ear.speaking_at(turn.begin_ns):
        return Finding(expect.line, turn.number, expected, FAIL, "nothing was being said when the wearer spoke")
    silence_ms = _ms(ear.silence_after(turn.begin_ns, turn.until_ns), turn.end_ns)
    if silence_ms is None:
        return Finding(expect.line, turn.number, expected, FAIL, "it went on talking")
    ok = silence_ms <= limit_ms
    figures = {"silence_ms": silence_ms}
    why = f"{silence_ms:.0f} ms after the last word"
    return Finding(expect.line, turn.number, expected, PASS if ok else FAIL, why, figures)
