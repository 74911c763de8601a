"""Which frame the wearer meant: a pure choice among scored frames, with its reason in words.

A frame is worth `sharpness x steadiness x nearness`, each 0..1: sharpness relative to the sharpest candidate,
steadiness from how little moved, nearness from the distance to the moment meant (the word, or the end of the
utterance). The purpose says how much each counts. Candidates are the frames within reach of the moment; only if none
is within reach, the nearest one is taken, and is told to be stale if it is too far. Among candidates, one without a
problem goes before one with a problem, whatever its worth: a blurred frame at the word is no use to anybody.

Equal worth: the nearer, then the newer frame, so the same scores give the same choice on any machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from pipelines.events import MS, FrameScore
from pipelines.seeing.quality import QualityOptions, problem_of

NO_PICTURE = "no picture"
STALE = "stale"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a frame is wanted for. The weights are exponents: 0 ignores the factor, 2 counts it twice."""

    sharpness: float
    steadiness: float
    nearness: float
    half_ms: float  # at this distance from the moment, nearness is 1/2
    reach_ms: float  # frames further from the moment than this may show something else
    quality: QualityOptions


def _purposes() -> Mapping[str, Purpose]:
    strict = QualityOptions()
    lenient = QualityOptions(blurred=3.0)  # what a thing is can be told from a picture too soft to read
    return MappingProxyType(
        {
            "read": Purpose(1.0, 0.5, 0.5, half_ms=500, reach_ms=900, quality=strict),
            "code": Purpose(1.0, 0.5, 0.5, half_ms=500, reach_ms=900, quality=strict),
            "describe": Purpose(0.5, 0.5, 1.0, half_ms=300, reach_ms=700, quality=lenient),
        }
    )


@dataclass(frozen=True, slots=True)
class ChoiceOptions:
    """Weights for each purpose, and when a look is too old to answer from."""

    purposes: Mapping[str, Purpose] = field(default_factory=_purposes)
    moving: float = 8.0  # mean luma difference at which steadiness is 1/2: a head turn gives 15..40, a held sign 1..4
    stale_ms: int = 2000  # a head has turned by then: a frame this long before the moment shows another thing
    max_age_ms: int = 5000  # before now, whatever the moment: the ring is not much longer


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen frame, or None. `problem`: "" or what the wearer must be told; `policy` names the rule for replay."""

    frame: FrameScore | None
    problem: str
    age_ms: int
    reason: str
    policy: str


def choose(
    frames: Sequence[FrameScore],
    around_ns: int,
    now_ns: int,
    purpose: str,
    options: ChoiceOptions | None = None,
) -> Choice:
    """The frame meant at `around_ns`, seen from `now_ns`. Raises ValueError for a purpose that is not in the table."""
    options = options or ChoiceOptions()
    wanted = options.purposes.get(purpose)
    if wanted is None:
        raise ValueError(f"choose: purpose {purpose!r} is not known; use one of {', '.join(sorted(options.purposes))}")
    policy = f"sharp-steady-near/{purpose}"
    if not frames:
        return Choice(None, NO_PICTURE, 0, "no frame arrived in the time that was meant", policy)
    near = [frame for frame in frames if _distance_ms(frame, around_ns) <= wanted.reach_ms]
    usable = [frame for frame in near if not problem_of(frame, wanted.quality)]
    if near:
        best = _worthiest(usable or near, around_ns, wanted, options)
    else:
        best = min(frames, key=lambda frame: (_distance_ms(frame, around_ns), -frame.media_ns, -frame.frame_id))
    age_ms = max(0, (now_ns - best.media_ns) // MS)
    problem = problem_of(best, wanted.quality)
    late_ms = (min(around_ns, now_ns) - best.media_ns) // MS
    if late_ms > options.stale_ms or age_ms > options.max_age_ms:
        problem = STALE
    return Choice(best, problem, age_ms, _reason(best, near, usable, age_ms, problem), policy)


def worth(
    frame: FrameScore, sharpest: float, around_ns: int, purpose: Purpose, options: ChoiceOptions
) -> tuple[float, float, float]:
    """(sharpness, steadiness, nearness) of a frame, each 0..1, weighted: their product is what it is worth."""
    return (
        (frame.sharpness / sharpest if sharpest > 0 else 1.0) ** purpose.sharpness,
        (options.moving / (options.moving + frame.motion)) ** purpose.steadiness,
        (purpose.half_ms / (purpose.half_ms + _distance_ms(frame, around_ns))) ** purpose.nearness,
    )


def _worthiest(frames: Sequence[FrameScore], around_ns: int, purpose: Purpose, options: ChoiceOptions) -> FrameScore:
    sharpest = max(frame.sharpness for frame in frames)

    def rank(frame: FrameScore) -> tuple[float, float, int, int]:
        sharp, steady, near = worth(frame, sharpest, around_ns, purpose, options)
        # Nine digits: far below any difference that matters, far above what powers differ by between C libraries.
        return (round(sharp * steady * near, 9), -_distance_ms(frame, around_ns), frame.media_ns, frame.frame_id)

    return max(frames, key=rank)


def _distance_ms(frame: FrameScore, around_ns: int) -> float:
    return abs(frame.media_ns - around_ns) / MS


def _reason(
    best: FrameScore, near: Sequence[FrameScore], usable: Sequence[FrameScore], age_ms: int, problem: str
) -> str:
    count = len(usable or near)
    if not near:
        what = "no frame at the moment meant, the nearest one"
    elif count == 1:
        what = "the only usable frame" if usable else "the only frame"
    elif best.sharpness == max(frame.sharpness for frame in (usable or near)):
        what = f"sharpest of {count} around the moment meant"
    else:
        what = f"best of {count} around the moment meant, steadier or nearer than the sharpest"
    left_out = len(near) - len(usable) if usable else 0
    others = f", {left_out} left out as unusable" if left_out else ""
    return f"{what}, {age_ms} ms old, sharpness {best.sharpness:.0f}{others}" + (f": {problem}" if problem else "")
