"""The verdict: for every expectation pass, fail or unjudged, with the figures; for every turn its times.

Times are measured from outside, in the sound that arrived: mouth to ear is the last speech sample sent to the first
sample of an answer received. How each expectation is judged: findings.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from device_sim.ear import Ear
from device_sim.findings import CLOSED, FAIL, GAP, PASS, UNJUDGED, Finding, found, ms
from device_sim.record import Record, Turn
from device_sim.scene import Scene

__all__ = ["CLOSED", "FAIL", "GAP", "PASS", "UNJUDGED", "Finding", "TurnTimes", "Verdict", "judge", "times"]


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
    gaps: int = 0  # expectations that fail as the scene says that they do today
    closed: int = 0  # of these that pass, against what the scene says
    profile: str = ""

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def judge(scene: Scene, record: Record, ear: Ear, tell: Callable[[Finding], None] = lambda finding: None) -> Verdict:
    """Judge a finished scene; `tell` hears of every finding as it is made."""
    findings: list[Finding] = []
    for finding in found(record, ear):
        tell(finding)
        findings.append(finding)
    count = {outcome: sum(f.outcome == outcome for f in findings) for outcome in (PASS, FAIL, UNJUDGED, GAP, CLOSED)}
    seconds = (record.end_ns - record.begin_ns) / 1e9
    notes = [record.ended_early] if record.ended_early else []
    if record.returns:
        same = sum(record.returns)
        notes.append(
            f"the connection broke {len(record.returns)} times; back by itself, {same} times in the same session"
        )
    if count[UNJUDGED]:
        notes.append(f"{count[UNJUDGED]} expectations are unjudged: only timing and captions were judged")
    for finding in findings:
        if finding.outcome == CLOSED:
            notes.append(f"line {finding.line}: passes unexpectedly: remove its known_gap ({finding.gap})")
    return Verdict(
        scene=scene.name,
        seed=scene.seed,
        drawn=dict(scene.drawn),
        outcome=FAIL if count[FAIL] else GAP if count[GAP] else PASS,
        passed=count[PASS] + count[CLOSED],
        failed=count[FAIL],
        unjudged=count[UNJUDGED],
        gaps=count[GAP],
        closed=count[CLOSED],
        profile=scene.device.profile,
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
        mouth_to_ear_ms=ms(answer_ns, turn.end_ns),
        from_mouth_ms=ms(answer_ns, turn.mouth_ns) if turn.mouth_ns else None,
        first_sound_ms=None if interrupts else ms(ear.sound_after(turn.end_ns, turn.until_ns), turn.end_ns),
        barge_in_ms=ms(silence_ns, turn.begin_ns),
        silence_ms=ms(silence_ns, turn.end_ns),
    )
