"""How each expectation is judged: by ear, by the clock, by what reached the model; captions only where a scene asks.

Every judgement is a `Finding` with its reason and figures. One that fails as the scene says that it does today is a
known gap; one that passes against the scene's word is told too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from device_sim import byear
from device_sim.ear import RATE_HZ, Ear
from device_sim.espeak import NoVoiceError
from device_sim.expects import Expect
from device_sim.failures import failures, others
from device_sim.record import Record, Turn

PASS, FAIL, UNJUDGED = "pass", "fail", "unjudged"
GAP, CLOSED = "gap", "closed"  # a known gap: fails, as the scene says; passes, though the scene says that it does not


@dataclass(frozen=True)
class Finding:
    """One expectation's outcome. `line` is the scene file's."""

    line: int
    turn: int
    expected: str
    outcome: str
    why: str
    figures: dict[str, Any] = field(default_factory=dict)
    gap: str = ""  # the scene's reason for a known gap


def ms(at_ns: int | None, from_ns: int) -> float | None:
    return None if at_ns is None else round((at_ns - from_ns) / 1e6, 1)


def found(record: Record, ear: Ear) -> Iterator[Finding]:
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
        for finding in _of(expect, record.turns[number], record, ear):
            yield _known(finding, expect.known_gap)


def _known(finding: Finding, gap: str) -> Finding:
    if not gap or finding.outcome not in (PASS, FAIL):
        return finding
    return replace(finding, outcome=GAP if finding.outcome == FAIL else CLOSED, gap=gap)


def _of(expect: Expect, turn: Turn, record: Record, ear: Ear) -> Iterator[Finding]:
    if expect.connects is not None:
        yield _connects(expect, turn, record)
    if expect.hears:
        yield _hears(expect, turn, ear)
    if expect.fails:
        yield _fails(expect, turn, ear)
    if expect.sends:
        yield _sends(expect, turn)
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


def _connects(expect: Expect, turn: Turn, record: Record) -> Finding:
    expected = "media comes through" if expect.connects else "no media comes through"
    why = "it did" if record.connected else "it did not"
    return Finding(expect.line, turn.number, expected, PASS if record.connected == expect.connects else FAIL, why)


def _sends(expect: Expect, turn: Turn) -> Finding:
    expected = f"sends {expect.sends}"
    if turn.sent is None:
        return Finding(expect.line, turn.number, expected, UNJUDGED, "give the stand-in model's address with --model")
    sent = turn.sent
    kind = "pictures" if sent.pictures else "words" if sent.count else "nothing"
    why = f"{sent.count} requests with {sent.pictures} pictures"
    return Finding(expect.line, turn.number, expected, PASS if kind == expect.sends else FAIL, why)


def _fails(expect: Expect, turn: Turn, ear: Ear) -> Finding:
    """A failure of that kind is heard of, by ear, and of no other kind."""
    heard = failures()[expect.fails].heard
    finding = _hears(replace(expect, hears=heard, decoys=others(expect.fails)), turn, ear)
    return replace(finding, expected=f'tells of {expect.fails}: "{heard}"')


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
    first_ms = ms(ear.answer_after(turn.end_ns, turn.until_ns), turn.end_ns)
    spoke = first_ms is not None
    expected = "the companion speaks" if expect.speaks else "the companion says nothing"
    why = f"began after {first_ms:.0f} ms" if first_ms is not None else "no answer was audible"
    return Finding(expect.line, turn.number, expected, PASS if spoke == expect.speaks else FAIL, why)


def _answers(expect: Expect, turn: Turn, ear: Ear, limit_ms: float) -> Finding:
    first_ms = ms(ear.answer_after(turn.end_ns, turn.until_ns), turn.end_ns)
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
    silence_ms = ms(ear.silence_after(turn.begin_ns, turn.until_ns), turn.end_ns)
    if silence_ms is None:
        return Finding(expect.line, turn.number, expected, FAIL, "it went on talking")
    ok = silence_ms <= limit_ms
    figures = {"silence_ms": silence_ms}
    why = f"{silence_ms:.0f} ms after the last word"
    return Finding(expect.line, turn.number, expected, PASS if ok else FAIL, why, figures)
