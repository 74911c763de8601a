"""Which frame the wearer meant: a pure choice among scored frames, with its reason in words.

    moving      ▁▁▁▁█████▁▁▁▁▁▁▁▁▁▁▁▁▁████▁▁▁▁▁▁▁▁
    looking at  the door |   the sign   |   the street
    words                "what does this say"
    candidates                ├───────────┤   same look as at "this": no turn of the head in between

First the look: from the frame nearest to the moment meant, in both directions, up to where the view has changed. How
much it has changed is the sum of motion on the way, each step relative to the picture's own contrast, so that a dull
wall and a busy shelf have the same limit. A frame beyond may show another thing, however sharp it is.

Then the frame: among those of the look that are within reach, worth is `sharpness x steadiness x nearness`, each 0..1;
the purpose says how much each counts. One without a problem goes before one with a problem, whatever its worth: a
blurred frame at the word is no use to anybody. Equal worth: the nearer, then the newer frame, so the same scores give
the same choice on any machine. Only if no frame is within reach, the nearest is taken, and told to be stale if it is
too far.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from pipelines.events import MS, FrameScore
from pipelines.seeing.quality import QualityOptions, problem_of

NO_PICTURE = "no picture"
STALE = "stale"
MOMENTS = ("word", "onset", "end")


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
    lenient = QualityOptions(blurred=3.0, glare=0.15)  # what a thing is can be told from a picture too soft to read
    return MappingProxyType(
        {
            "read": Purpose(1.0, 0.5, 0.5, half_ms=500, reach_ms=900, quality=strict),
            "code": Purpose(1.0, 0.5, 0.5, half_ms=500, reach_ms=900, quality=strict),
            "describe": Purpose(0.5, 0.5, 1.0, half_ms=300, reach_ms=700, quality=lenient),
        }
    )


@dataclass(frozen=True, slots=True)
class ChoiceOptions:
    """Weights for each purpose, what ends a look, and when a look is too old to answer from."""

    purposes: Mapping[str, Purpose] = field(default_factory=_purposes)
    moment: str = "word"  # "word": as `pipelines.seeing.moment` tells; "onset", "end": always that of the utterance
    moving: float = 8.0  # mean luma difference at which steadiness is 1/2: a head turn gives 15..40, a held sign 1..4
    still: float = 0.3  # motion / contrast of a step that changes nothing; a trembling head has 0.27 (90 %) ..
    turned: float = 0.5  # sum of what is above `still` at which the view is another; a turning one has 0.79 or more
    settle_ms: int = 300  # a word said while the head still turns means what it comes to rest on within this time
    apart_ms: int = 1000  # the two frames of "what changed" are at least this far apart
    stale_ms: int = 2000  # a head has turned by then: a frame this long before the moment shows another thing
    max_age_ms: int = 5000  # before now, whatever the moment: the ring is not much longer

    def __post_init__(self) -> None:
        if self.moment not in MOMENTS:
            raise ValueError(f"choice.moment = {self.moment!r}: there is no such moment; choose {', '.join(MOMENTS)}")


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
    span_ns: int = 0,
    seldom: bool = False,
) -> Choice:
    """The frame meant at `around_ns`, seen from `now_ns`. With `span_ns` the moment is as long as that to both sides,
    and the best frame in it is taken whatever the head did. `seldom`: the camera gives a picture now and then, and its
    last one counts up to `max_age_ms`. Raises ValueError for a purpose that is not in the table.
    """
    options = options or ChoiceOptions()
    wanted = _wanted(purpose, options)
    policy = f"sharp-steady-near/{purpose}/{'any-look' if span_ns or not options.turned else 'same-look'}"
    if not frames:
        return Choice(None, NO_PICTURE, 0, "no frame arrived in the time that was meant", policy)
    reach_ns = span_ns + int(wanted.reach_ms * MS)
    near = [frame for frame in frames if abs(frame.media_ns - around_ns) <= reach_ns]
    look = near if span_ns else same_look(near, around_ns, options)
    usable = [frame for frame in look if not problem_of(frame, wanted.quality)]
    if near:
        best = _worthiest(usable or look, around_ns, span_ns, wanted, options)
    else:
        best = min(frames, key=lambda frame: (_distance_ms(frame, around_ns, 0), -frame.media_ns, -frame.frame_id))
    age_ms = max(0, (now_ns - best.media_ns) // MS)
    problem = problem_of(best, wanted.quality)
    late_ms = (min(around_ns - span_ns, now_ns) - best.media_ns) // MS
    if (late_ms > options.stale_ms and not seldom) or age_ms > options.max_age_ms:
        problem = STALE
    reason = _reason(best, len(near) - len(look), look, usable, age_ms, problem)
    return Choice(best, problem, age_ms, reason, policy)


def choose_two(
    frames: Sequence[FrameScore],
    before_ns: int,
    around_ns: int,
    now_ns: int,
    purpose: str,
    options: ChoiceOptions | None = None,
    seldom: bool = False,
) -> tuple[Choice, Choice]:
    """(before, now) for "what changed": the frame meant at `around_ns`, and one meant at `before_ns`, which may be as
    old as the ring remembers. Before has no frame if nothing was seen `apart_ms` before the other. Errors as `choose`.
    """
    options = options or ChoiceOptions()
    now = choose(frames, around_ns, now_ns, purpose, options, seldom=seldom)
    policy = now.policy.replace("near/", "near-two/", 1)
    now = Choice(now.frame, now.problem, now.age_ms, now.reason, policy)
    limit_ns = (now.frame.media_ns if now.frame is not None else around_ns) - options.apart_ms * MS
    earlier = [frame for frame in frames if frame.media_ns <= limit_ns]
    if not earlier:
        return Choice(
            None, NO_PICTURE, 0, f"nothing was seen {options.apart_ms} ms before the other frame", policy
        ), now
    first_ns = min(frame.media_ns for frame in earlier)
    before = choose(earlier, max(before_ns, first_ns), max(before_ns, first_ns), purpose, options)
    assert before.frame is not None
    problem = problem_of(before.frame, _wanted(purpose, options).quality)  # it is meant to be old
    age_ms = max(0, (now_ns - before.frame.media_ns) // MS)
    return Choice(before.frame, problem, age_ms, f"the frame to compare with, {age_ms} ms old", policy), now


def same_look(frames: Sequence[FrameScore], around_ns: int, options: ChoiceOptions) -> list[FrameScore]:
    """Those of the frames between which and the moment the head did not turn, oldest first. Never empty if there are
    frames: a moment in the middle of a turn belongs to the nearest rest within `settle_ms`, else to its own frame."""
    line = sorted(frames, key=lambda frame: (frame.media_ns, frame.frame_id))
    if not line or options.turned <= 0:
        return line
    steps = [max(0.0, turn_of(frame) - options.still) for frame in line]  # steps[i]: from line[i - 1] to line[i]
    by_distance = sorted(range(len(line)), key=lambda i: (abs(line[i].media_ns - around_ns), -i))
    anchor = next((i for i in by_distance if _at_rest(i, steps, options)), by_distance[0])
    if abs(line[anchor].media_ns - around_ns) > max(
        options.settle_ms * MS, abs(line[by_distance[0]].media_ns - around_ns)
    ):
        anchor = by_distance[0]
    first, strayed = anchor, steps[anchor]
    while first > 0 and strayed < options.turned:
        first -= 1
        strayed += steps[first]
    last, strayed = anchor, 0.0
    while last + 1 < len(line) and strayed + steps[last + 1] < options.turned:
        last += 1
        strayed += steps[last]
    return line[first : last + 1]


def turn_of(frame: FrameScore) -> float:
    """How much of the view changed since the frame before it: 0 = nothing, about 1 = all of it. Two pictures that have
    nothing in common differ by 2 / sqrt(pi) = 1.13 standard deviations on average, if luma is normally distributed."""
    return frame.motion / max(frame.contrast, 8.0)  # below this contrast there is only noise to compare


def _at_rest(index: int, steps: Sequence[float], options: ChoiceOptions) -> bool:
    """Did little change on at least one side of the frame? Behind the newest nothing has, as far as is known."""
    return min(steps[index : index + 2] if index + 1 < len(steps) else [0.0]) < options.turned / 4


def worth(
    frame: FrameScore, sharpest: float, around_ns: int, purpose: Purpose, options: ChoiceOptions, span_ns: int = 0
) -> tuple[float, float, float]:
    """(sharpness, steadiness, nearness) of a frame, each 0..1, weighted: their product is what it is worth."""
    return (
        (frame.sharpness / sharpest if sharpest > 0 else 1.0) ** purpose.sharpness,
        (options.moving / (options.moving + frame.motion)) ** purpose.steadiness,
        (purpose.half_ms / (purpose.half_ms + _distance_ms(frame, around_ns, span_ns))) ** purpose.nearness,
    )


def _worthiest(
    frames: Sequence[FrameScore], around_ns: int, span_ns: int, purpose: Purpose, options: ChoiceOptions
) -> FrameScore:
    sharpest = max(frame.sharpness for frame in frames)

    def rank(frame: FrameScore) -> tuple[float, float, int, int]:
        sharp, steady, near = worth(frame, sharpest, around_ns, purpose, options, span_ns)
        # Nine digits: far below any difference that matters, far above what powers differ by between C libraries.
        distance_ms = _distance_ms(frame, around_ns, span_ns)
        return (round(sharp * steady * near, 9), -distance_ms, frame.media_ns, frame.frame_id)

    return max(frames, key=rank)


def _wanted(purpose: str, options: ChoiceOptions) -> Purpose:
    if (wanted := options.purposes.get(purpose)) is None:
        known = ", ".join(sorted(options.purposes))
        raise ValueError(f"choose: purpose {purpose!r} is not known; use one of {known}")
    return wanted


def _distance_ms(frame: FrameScore, around_ns: int, span_ns: int) -> float:
    return max(0, abs(frame.media_ns - around_ns) - span_ns) / MS


def _reason(
    best: FrameScore,
    beyond: int,
    look: Sequence[FrameScore],
    usable: Sequence[FrameScore],
    age_ms: int,
    problem: str,
) -> str:
    count = len(usable or look)
    if not look:
        what = "no frame at the moment meant, the nearest one"
    elif count == 1:
        what = "the only usable frame" if usable else "the only frame"
    elif best.sharpness == max(frame.sharpness for frame in (usable or look)):
        what = f"sharpest of {count} around the moment meant"
    else:
        what = f"best of {count} around the moment meant, steadier or nearer than the sharpest"
    left_out = len(look) - len(usable) if usable else 0
    others = f", {left_out} left out as unusable" if left_out else ""
    others += f", {beyond} beyond a turn of the head" if beyond else ""
    return f"{what}, {age_ms} ms old, sharpness {best.sharpness:.0f}{others}" + (f": {problem}" if problem else "")
