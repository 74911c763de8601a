"""Holds a recording to what is expected of it: replays it, judges turn by turn, and says what came instead.

The same file also writes expectations out of what a recording did, to be kept as they are or to be edited into what it
should have done.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from companion.expectation import Expectation, ExpectError, Frame, TurnExpectation, Words, load_expectation
from pipelines import events as ev
from recordings.compare import compare
from recordings.differences import Difference
from recordings.reader import Recording
from recordings.run import Run, run_of, turn_name
from recordings.saying import later
from recordings.session import RecordingError

BUDGET_ROOM = 1.25  # a budget written from a recording: so much over what it took there, up to a round 50 ms
AGE_ROOM_MS = 100


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a replay. `run`: all of it; `same`: every decision as recorded, else `first` says which was not."""

    run: Run
    same: bool
    first: tuple[str, ...] = ()


Runner = Callable[[Path, tuple[str, ...]], Ran]


@dataclass(frozen=True, slots=True)
class Failure:
    """One expectation that was not met. `turn` 0: of the whole. `notes`: why that may be."""

    file: Path
    line: int
    turn: int
    key: str
    expected: str
    came: str
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = f"turn {self.turn}, {self.key}" if self.turn else self.key
        lines = [f"{self.file}:{self.line}: {where}", f"  expected  {self.expected}", f"  came      {self.came}"]
        return shown("\n".join([*lines, *(f"  {note}" for note in self.notes)]))


def shown(text: str) -> str:
    """Without anything that a terminal would obey: words come from signs and strangers."""
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)


def check(path: Path, runner: Runner | None = None) -> list[Failure]:
    """Hold the recording to the expectations in this file; what was not met.

    Raises:
        ExpectError, RecordingError, SettingsError: the file, the recording or a setting is not right.
    """
    expectation = load_expectation(path)
    return judge(expectation, run(expectation, runner))


def run(expectation: Expectation, runner: Runner | None = None) -> Ran:
    """Replay what an expectation speaks of."""
    if not expectation.recording.is_file():
        raise ExpectError(
            f"{expectation.file}:{expectation.lines['recording']}: recording: there is no {expectation.recording}; "
            "give the path from this file to the recording"
        )
    return (runner or replayed)(expectation.recording, expectation.sets)


def replayed(path: Path, sets: tuple[str, ...]) -> Ran:
    """The logic replay: the recording as it is, or with settings changed."""
    from companion.replay import Changes, replay, what_if

    if not sets:
        result = replay(path)
        return Ran(run_of("as recorded", result.events), result.same, result.differences)
    old, new = what_if(path, Changes(sets=sets))
    compared = compare(old, new)
    return Ran(new, compared.same, _told(compared.first) if compared.first else ())


def _told(first: Difference) -> tuple[str, ...]:
    """The first difference and why it came about, line by line."""
    changed = "; ".join(f"{f.name}: {f.old!r} became {f.new!r}" for f in first.fields)
    moved = later(first.shift_ns) if first.cls == "time" and first.shift_ns is not None else ""
    what = changed or moved
    head = f"first difference: turn {turn_name(first.turn)}, {first.kind} {first.cls}" + (f" ({what})" if what else "")
    return (head, *(f"  {line}" for line in first.cause.splitlines()))


# ------------------------------------------------------------------------------------------------------------- judging


@dataclass(slots=True)
class Did:
    """What a run did in one turn. `budget_ns`: from the end of speech to the first sound at the ear (at the link, where
    the device does not say what was heard)."""

    asked: str = ""
    intent: str = ""
    frame: ev.FrameChosen | None = None
    requests: list[str] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)
    heard: str = ""
    outcome: str = ""
    speech_end_ns: int = 0
    link_ns: int | None = None
    ear_ns: int | None = None

    @property
    def says(self) -> str:
        return " ".join(self.spoken)

    @property
    def latency_ms(self) -> float | None:
        at_ns = self.ear_ns if self.ear_ns is not None else self.link_ns
        return None if at_ns is None else (at_ns - self.speech_end_ns) / 1e6


def turns_of(run: Run) -> dict[int, Did]:
    """What a run did, by turn, for the turns that were opened in it."""
    found: dict[int, Did] = {}
    looked: dict[int, ev.FrameChosen] = {}
    turn_of: dict[int, int] = {}  # by utterance
    for step in run.steps:
        event = step.event
        match event:
            case ev.TurnOpened():
                end_ns = event.speech_end_ns or event.t_ns
                found[step.turn] = Did(event.text, event.intent, looked.get(step.turn), speech_end_ns=end_ns)
            case ev.FrameChosen():
                looked[step.turn] = event
                if did := found.get(step.turn):
                    did.frame = event
            case ev.Speak():
                turn_of[event.utterance] = step.turn
        if did := found.get(turn_of.get(getattr(event, "utterance", 0), step.turn)):
            _take(did, event)
    return found


def _take(did: Did, event: ev.Happening | ev.Decision) -> None:
    match event:
        case ev.AskModel():
            did.requests.append("\n".join(message.text for message in event.messages))
        case ev.Speak():
            did.spoken.append(event.text)
        case ev.TurnClosed():
            did.outcome, did.heard = event.outcome, event.heard
        case ev.PlayMark(mark="started") if did.link_ns is None:
            did.link_ns = event.t_ns
        case ev.HeardMark(mark="first") if did.ear_ns is None:
            did.ear_ns = event.media_ns


def judge(expectation: Expectation, ran: Ran) -> list[Failure]:
    """What of it was not met, in the order of the file."""
    file, failures = expectation.file, []
    if expectation.same and not ran.same:
        line = expectation.lines["same"]
        failures.append(Failure(file, line, 0, "same", "every decision as recorded", "others", ran.first))
    dids = turns_of(ran.run)
    for turn in expectation.turns:
        failures += judge_turn(expectation, turn, dids.get(turn.turn), ran)
    return failures


def judge_turn(expectation: Expectation, turn: TurnExpectation, did: Did | None, ran: Ran) -> list[Failure]:
    """What was not met of one turn."""
    notes = [
        f"the replay had no {m.kind} for this: {m.what} ({m.answer})" for m in ran.run.misses if m.turn == turn.turn
    ]
    if not ran.same:
        notes += ran.first[:2]

    def failure(key: str, expected: str, came: str) -> Failure:
        line = turn.lines.get(key, turn.lines["turn"])
        return Failure(expectation.file, line, turn.turn, key, expected, came, tuple(notes))

    if did is None or turn.absent:
        if (did is None) == turn.absent:
            return []
        if did is not None:
            return [failure("absent", "no such turn", f"it asked “{did.asked}”")]
        into = ran.run.merged.get(turn.turn)
        came = f"its words became part of turn {into}" if into else "there is no such turn"
        return [failure("turn", "a turn", came)]
    return [failure(key, expected, came) for key, expected, came in _unmet(turn, did)]


def _unmet(turn: TurnExpectation, did: Did) -> Iterator[tuple[str, str, str]]:
    """Key, what was expected and what came, of all that is not as expected."""
    for key, wanted, came in (
        ("asked", turn.asked, did.asked),
        ("says", turn.says, did.says),
        ("heard", turn.heard, did.heard),
    ):
        if wanted is not None and not wanted.fits(came):
            yield key, str(wanted), f"“{came}”" if came else "nothing"
    for name, text, is_text in (("intent", turn.intent, did.intent), ("outcome", turn.outcome, did.outcome)):
        if text is not None and text != is_text:
            yield name, text, is_text or "none: the turn was not closed"
    if turn.frame is not None:
        yield from _frame(turn.frame, did.frame)
    yield from _requests(turn.request_contains, did.requests)
    latency_ms = did.latency_ms
    if turn.budget_ms is not None and (latency_ms is None or latency_ms > turn.budget_ms):
        came = "nothing sounded" if latency_ms is None else f"{latency_ms:,.0f} ms"
        yield "budget_ms", f"at most {turn.budget_ms:,.0f} ms from the last word to the first sound", came


def _frame(wanted: Frame, chosen: ev.FrameChosen | None) -> Iterator[tuple[str, str, str]]:
    frame = chosen.frame if chosen else None
    if not wanted.there or chosen is None or (frame is None and wanted.problem is None):
        if wanted.there or frame is not None:
            came = (
                f"frame {frame.frame_id}" if frame else (chosen.problem or "none") if chosen else "none was looked for"
            )
            yield "frame", "a picture" if wanted.there else "none", came
        return
    frame_id = frame.frame_id if frame else 0
    if wanted.frame_id is not None and frame_id != wanted.frame_id:
        yield "frame", f"frame {wanted.frame_id}", f"frame {frame_id}: {chosen.reason}"
    if wanted.problem is not None and chosen.problem != wanted.problem:
        yield "frame", f"problem {wanted.problem!r}", f"problem {chosen.problem!r}"
    if wanted.max_age_ms is not None and chosen.age_ms > wanted.max_age_ms:
        yield "frame", f"at most {wanted.max_age_ms} ms old", f"{chosen.age_ms} ms old"


def _requests(wanted: tuple[Words, ...], requests: list[str]) -> Iterator[tuple[str, str, str]]:
    for words in wanted:
        if not any(words.within(text) for text in requests):
            came = "; ".join(f"“{text[-200:]}”" for text in requests) or "no model was asked"
            yield "request_contains", str(words), came


# ------------------------------------------------------------------------------------------------------------- writing


def write_expectations(recording: Path, turns: tuple[int, ...], out: Path) -> Path:
    """What the recording did in these turns (() = all), as expectations of it; `out` is replaced.

    Raises:
        RecordingError: there is no such turn, or the file cannot be written.
    """
    dids = turns_of(run_of("recorded", Recording(recording).events()))
    missing = [number for number in turns if number not in dids]
    if missing:
        raise RecordingError(f"{recording} has no turn {missing[0]}; it has {', '.join(map(str, dids)) or 'none'}.")
    lines = [
        "# What this recording does when it is decided again. It is written from what happened: where that was wrong,",
        "# write what should have happened, and the test fails until it does. docs/goldens.md tells of every key.",
        f"recording: {_quoted(recording.name)}",
        "same: true",
        "turns:",
    ]
    for number in turns or tuple(dids):
        lines += _turn_lines(number, dids[number])
    try:
        out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as why:
        raise RecordingError(
            f"{out} was not written: {why.strerror or why}. Choose another folder with --out."
        ) from why
    return out


def _turn_lines(number: int, did: Did) -> Iterator[str]:
    yield f"- turn: {number}"
    yield f"  asked: {_words(did.asked)}"
    yield f"  intent: {_quoted(did.intent)}"
    if did.frame is not None and did.frame.frame is not None:
        age_ms = math.ceil((did.frame.age_ms + AGE_ROOM_MS) / AGE_ROOM_MS) * AGE_ROOM_MS
        frame = f"id: {did.frame.frame.frame_id}, problem: {_quoted(did.frame.problem)}, max_age_ms: {age_ms}"
        yield f"  frame: {{{frame}}}"
    if did.requests and did.asked:
        yield f"  request_contains: {_words(did.asked)}"
    if did.says:
        yield f"  says: {_words(did.says)}"
    if did.outcome:
        yield f"  heard: {_words(did.heard)}"
        yield f"  outcome: {did.outcome}"
    if did.latency_ms is not None:
        budget_ms = math.ceil(max(did.latency_ms, 0) * BUDGET_ROOM / 50) * 50
        yield f"  budget_ms: {budget_ms}  # it took {did.latency_ms:.0f}"


def _words(text: str) -> str:
    """A text to compare with; one between slashes would be read as a regular expression."""
    return f"{{text: {_quoted(text)}}}" if text.startswith("/") and text.endswith("/") else _quoted(text)


def _quoted(text: str) -> str:
    """As YAML in double quotes, which every JSON string is but for what does not print."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in quoted)
