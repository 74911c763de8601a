"""Replay: the same decisions from the same file, whatever the world was like; and what a change changes.

The recordings come from the studio: the real shell, recorder and model client in an untidy world on virtual time.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companion.guard import Undeclared
from companion.model.configured import model_profiles
from companion.replay import Changes, replay, what_if
from companion.replay.exact import run_again
from companion.replay.loop import VirtualLoop
from companion.replay.stage import Ports, Scene, Stage
from companion.replay.tape import read_tape
from companion.settings import Settings, SettingsError
from device_sim import stand_in_model as stand_in
from pipelines import events as ev
from pipelines.events import MS
from recordings.compare import compare
from recordings.digest import digest
from recordings.exchange import HttpBegin, HttpChunk, HttpEnd, HttpHead
from recordings.reader import Recording
from recordings.session import RecordingError
from tests.scripted import SHARP, Reply, World
from tests.studio import SECRET, Studio, conversation

SAMPLES = Path(__file__).parent.parent / "recordings" / "samples"
LAMP = "Once upon a time there was a lamp, and it was lit. " * 4
worlds = st.builds(
    World,
    model=st.sampled_from(["stand-in", "stand-in", ""]),
    model_failure=st.sampled_from(["", "", "", "network", "server", "stalled"]),
    model_ends_in=st.sampled_from(["", "", "truncated"]),
    model_answer=st.sampled_from(["The door is red.", LAMP]),
    frame=st.sampled_from([SHARP, SHARP, None]),
    greet=st.booleans(),
    broken=st.sampled_from(["", "", "", "look", "read_codes"]),
    transcribe_ms=st.sampled_from([30, 120, 900]),
)
few = settings(
    max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def recorded(folder: Path, seed: int = 1, turns: int = 5, world: World | None = None, *sets: str) -> Path:
    """A session of so many turns."""
    studio = Studio(folder, seed, world or World(), sets=sets)
    end_ms = 0
    for words, at_ms in conversation(seed, turns):
        end_ms = max(end_ms, studio.say(words, at_ms))
    return studio.record(end_ms / 1000 + 8)


# ------------------------------------------------------------------------------------------------------------ the same


@few
@given(seed=st.integers(0, 10_000), world=worlds)
def test_any_session_replays_to_the_decisions_made_live(
    tmp_path_factory: pytest.TempPathFactory, seed: int, world: World
) -> None:
    """Late timers, uneven sound, slow work, a failing model: the whole shell decides again as it did."""
    path = recorded(tmp_path_factory.mktemp("live"), seed, 4, world)
    result = replay(path)
    assert result.same, result.line + "\n" + "\n".join(result.differences)
    assert list(run_again(read_tape(path))) == list(Recording(path).events()), "happenings, too, are made again alike"


@few
@given(seed=st.integers(0, 10_000), world=worlds)
def test_changing_nothing_that_matters_changes_nothing_turn_by_turn(
    tmp_path_factory: pytest.TempPathFactory, seed: int, world: World
) -> None:
    """Every turn begun from its recorded state comes out as it was, interruptions included."""
    path = recorded(tmp_path_factory.mktemp("live"), seed, 5, world)
    old, new = what_if(path, Changes(sets=("recording.keep_days=3",)))
    comparison = compare(old, new)
    assert comparison.same, comparison.first
    assert [d.t_ns for d in old.decisions] == [d.t_ns for d in new.decisions]


def test_ten_runs_give_one_digest_and_no_media_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = recorded(tmp_path)

    def opened(self: Recording) -> None:
        raise AssertionError("a replay of what was decided reads no sound and no picture")

    for media in ("microphone", "camera", "answers", "stills"):
        monkeypatch.setattr(Recording, media, opened)
    assert len({replay(path).digest for _ in range(10)}) == 1


def test_a_torn_recording_replays_up_to_its_tear(tmp_path: Path) -> None:
    path = recorded(tmp_path)
    whole = path.read_bytes()
    for share in (0.3, 0.6, 0.95):
        torn = tmp_path / f"torn{share}.mcap"
        torn.write_bytes(whole[: int(len(whole) * share)])
        result = replay(torn)
        assert result.same and "torn" in result.line, result.line


def test_a_changed_tape_is_found_out(tmp_path: Path) -> None:
    tape = read_tape(recorded(tmp_path))
    tape.settings = {**tape.settings, "turn": {**tape.settings["turn"], "complete_silence_ms": 900}}
    again = [e for e in run_again(tape) if isinstance(e, ev.Decision)]
    assert digest(again) != digest(tape.decisions)


# -------------------------------------------------------------------------------------------------- what is undeclared


def run_with(path: Path, meddle: object) -> None:
    """Replay with a session that does something it may not, at its first question to a model."""
    tape = read_tape(path)
    stage = Stage(tape, Settings.from_plain(tape.settings), Scene(), Ports())
    done: list[bool] = []

    def watch(stage: Stage, _: object) -> None:
        if any(isinstance(e, ev.AskModel) for e in stage.played.events) and not done:
            done.append(True)
            meddle(stage)  # type: ignore[operator]

    stage.watch = watch
    stage.play()


def call_back_from_a_thread(stage: Stage) -> None:
    loop = stage.loop
    from companion.guard import declared

    def from_elsewhere() -> None:
        with contextlib.suppress(Undeclared):
            loop.call_soon_threadsafe(print)

    with declared("the test itself starts the thread"):
        thread = threading.Thread(target=from_elsewhere)
        thread.start()
        thread.join()


@pytest.mark.parametrize(
    ("meddle", "named"),
    [
        (lambda stage: time.time(), "time.time"),
        (lambda stage: random.random(), "random"),
        (lambda stage: stage.loop.run_in_executor(None, print), "run_in_executor"),
        (lambda stage: stage.loop.add_reader(0, print), "add_reader"),
        (call_back_from_a_thread, "call_soon_threadsafe"),
        (lambda stage: asyncio.ensure_future(asyncio.open_connection("127.0.0.1", 9), loop=stage.loop), "create_conn"),
    ],
)
def test_what_would_not_be_the_same_again_stops_the_replay_with_the_place(
    tmp_path: Path, meddle: object, named: str
) -> None:
    path = recorded(tmp_path, 3, 6)
    if named == "create_conn":
        with pytest.raises(Undeclared, match=named):
            run_with(path, lambda stage: stage.loop.create_connection().send(None))
        return
    with pytest.raises(Undeclared) as caught:
        run_with(path, meddle)
    assert named in str(caught.value) and "test_replay.py" in str(caught.value)


def test_a_run_that_waits_for_nothing_ends_with_an_error_instead_of_hanging() -> None:
    loop = VirtualLoop()
    with pytest.raises(RuntimeError, match="never come"):
        loop.run_until_complete(loop.create_future())
    loop.close()


# -------------------------------------------------------------------------------------------------------------- what if


@few
@given(seed=st.integers(0, 10_000), later_ms=st.integers(1, 1500))
def test_moving_a_silence_deadline_moves_exactly_the_turns_that_it_ended_by_as_much(
    tmp_path_factory: pytest.TempPathFactory, seed: int, later_ms: int
) -> None:
    """Nothing is said in between: whole commands end 500 ms after the last word, and `later_ms` after that now."""
    studio = Studio(tmp_path_factory.mktemp("live"), seed, World(transcribe_ms=60, read_ms=20, look_ms=10))
    dice = random.Random(seed)
    asked = [dice.choice(["who are you", "can you hear me", "what colour is the door"]) for _ in range(5)]
    for i, words in enumerate(asked):
        studio.say(words, 2_000 + 12_000 * i)
    path = studio.record(62)
    _, old = what_if(path, Changes(sets=("turn.complete_silence_ms=500",)))
    _, new = what_if(path, Changes(sets=(f"turn.complete_silence_ms={500 + later_ms}",)))
    comparison = compare(old, new)
    by_timer = {i + 1 for i, words in enumerate(asked) if words != "what colour is the door"}
    assert {d.turn for d in comparison.differences} == by_timer
    assert all(d.cls == "time" and d.shift_ns == later_ms * MS for d in comparison.differences)
    for turn in by_timer:
        opened = [d for d in comparison.differences if d.turn == turn]
        after = [s for s in old.steps if s.turn == turn and isinstance(s.event, ev.Decision)]
        after = [s for s in after if getattr(s.event, "signal", "") != "ended"]
        first = next(i for i, s in enumerate(after) if isinstance(s.event, ev.TurnOpened))
        assert len(opened) == len(after) - first, "all that follows from the turn's end moves with it"


def test_a_longer_silence_joins_what_was_cut_in_two(tmp_path: Path) -> None:
    """The wearer paused in the middle; the recogniser is not here, so what it would have heard stays open."""
    studio = Studio(tmp_path, 1, World())
    studio.say("who are you", 2_000)
    studio.say("what is this", 10_000)
    studio.say("code", 10_000 + 900 + 850)
    path = studio.record(24)
    old, new = what_if(path, Changes(sets=("turn.end_silence_ms=1400",)))
    assert [e.text for e in old.events if isinstance(e, ev.TurnOpened)][:2] == ["who are you", "what is this"]
    assert [e.text for e in new.events if isinstance(e, ev.TurnOpened)] == ["who are you"]
    (miss,) = new.misses
    assert miss.kind in ("look", "transcribe") and miss.answer == "stopped here"


def test_a_question_that_was_never_asked_is_a_miss_with_its_difference(tmp_path: Path) -> None:
    studio = Studio(tmp_path, 2, World())
    studio.say("what colour is the door", 2_000)
    path = studio.record(12)
    prompt = tmp_path / "prompt.txt"
    prompt.write_text("Answer like a pirate.")
    _, strict = what_if(path, Changes(prompt=prompt))
    (miss,) = strict.misses
    assert miss.kind == "model" and miss.answer == "stopped here" and miss.turn == 1
    assert "Answer like a pirate." in miss.diff and miss.diff.startswith("--- recorded, turn 1")
    _, by_turn = what_if(path, Changes(prompt=prompt, cassette="turn"))
    assert [e.said for e in by_turn.events if isinstance(e, ev.TurnClosed)] == ["The door is red."]


@contextlib.contextmanager
def stand_in_model() -> Iterator[str]:
    """The stand-in for a model, on a thread of its own; its base URL."""
    loop, ready, urls = asyncio.new_event_loop(), threading.Event(), []

    async def serve() -> None:
        runner, url = await stand_in.start(stand_in.make_app())
        urls.append(url)
        ready.set()
        try:
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    task = loop.create_task(serve())
    thread = threading.Thread(target=run, args=(loop, task))
    thread.start()
    ready.wait(20)
    try:
        yield urls[0]
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()


def run(loop: asyncio.AbstractEventLoop, task: asyncio.Task[None]) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        loop.run_until_complete(task)
    loop.close()


def test_what_was_never_asked_is_really_asked_with_the_recorded_picture() -> None:
    """The model broke off live; another one answers the same question about the same picture."""
    broken = SAMPLES / "model-error.mcap"
    with stand_in_model() as url:
        old, new = what_if(broken, Changes(sets=(f"model.base_url={url}",), cassette="live"))
    said = {run.name: [e.said for e in run.events if isinstance(e, ev.TurnClosed)] for run in (old, new)}
    before, after = said.values()
    assert "cut off" in before[0] and after[0].startswith("I see something") and after[2] == before[2]
    assert [m.answer for m in new.misses if m.kind == "model"] == ["asked live", "asked live"]


def test_a_model_that_cannot_be_reached_is_heard_of_as_it_would_be_live() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/v1"
        _, new = what_if(SAMPLES / "model-error.mcap", Changes(sets=(f"model.base_url={url}",), cassette="live"))
    closed = next(e for e in new.events if isinstance(e, ev.TurnClosed))
    assert closed.outcome == "failed" and "reach the model" in closed.said


def test_free_run_marks_what_the_wearer_never_heard(tmp_path: Path) -> None:
    path = recorded(tmp_path, 5, 5)
    _, new = what_if(path, Changes(sets=("turn.complete_silence_ms=900",), free_run=True))
    marked = [s.counterfactual for s in new.steps]
    assert any(marked) and marked == sorted(marked), "from one moment on, everything"
    _, same = what_if(path, Changes(free_run=True))
    assert not any(s.counterfactual for s in same.steps)


def test_words_said_into_a_later_answer_are_counterfactual_in_their_turn(tmp_path: Path) -> None:
    studio = Studio(tmp_path, 4, World(model_answer=LAMP))
    studio.say("tell me a story", 2_000)
    studio.say("stop", 6_000)
    path = studio.record(14)
    _, new = what_if(path, Changes(sets=("turn.end_silence_ms=1500",)))
    stopped = next(s for s in new.steps if isinstance(s.event, ev.TurnClosed))
    opened = next(s for s in new.steps if isinstance(s.event, ev.TurnOpened))
    assert stopped.counterfactual and not opened.counterfactual


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (Changes(sets=("turn.end_silence=700",)), "end_silence_ms"),
        (Changes(sets=("turn.end_silence_ms=soon",)), "soon"),
        (Changes(prompt=Path("nowhere.txt")), "nowhere.txt"),
        (Changes(model=Path("nowhere.toml")), "nowhere.toml"),
    ],
)
def test_a_change_that_cannot_be_is_named(tmp_path: Path, changes: Changes, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        what_if(recorded(tmp_path, 1, 1), changes)


def test_an_older_file_replays_and_says_that_it_cannot_be_asked_what_if() -> None:
    sample = SAMPLES / "platform.mcap"
    assert replay(sample).same
    with pytest.raises(RecordingError, match="not be asked what if"):
        what_if(sample, Changes(sets=("turn.end_silence_ms=700",)))


def test_another_model_is_another_profile(tmp_path: Path) -> None:
    studio = Studio(tmp_path, 2, World())
    studio.say("what colour is the door", 2_000)
    path = studio.record(12)
    profile = tmp_path / "other.toml"
    profile.write_text('[model]\nname = "the other"\nbase_url = "http://127.0.0.1:9/v1"\nmodel = "other"\n')
    _, new = what_if(path, Changes(model=profile, cassette="turn"))
    started = next(e for e in new.events if isinstance(e, ev.SessionStarted))
    assert started.model == "the other" and "other" in new.misses[0].diff


def test_a_replayed_state_is_the_state(tmp_path: Path) -> None:
    """What the deciders know at rest survives being written down and read again, to the last field."""
    from companion.replay.segments import observe
    from pipelines.director import Director
    from recordings.schema import decode, encode

    tape = read_tape(recorded(tmp_path, 7, 6))
    options = Settings.from_plain(tape.settings).director()
    observer, _ = observe(tape, Settings.from_plain(tape.settings))
    assert len(observer.rests) > 6
    for rest in observer.rests:
        stored = decode("Resumed", encode(rest.resumed))
        director = Director(options)
        director.feed(tape.started or ev.SessionStarted(0))
        assert director.feed(stored) == []  # type: ignore[arg-type]
        assert director.rest(rest.resumed.t_ns) == replace(rest.resumed)


def test_a_recording_has_the_response_to_the_byte_and_no_secret(tmp_path: Path) -> None:
    """Head, chunks as they came, times; of the headers those that everybody may see."""
    studio = Studio(tmp_path, 2, World())
    studio.say("what colour is the door", 2_000)
    path = studio.record(12)
    begin, head, *chunks, end = list(Recording(path).http())
    assert isinstance(begin, HttpBegin) and begin.request == studio_request(path) and begin.turn == 1
    assert isinstance(head, HttpHead) and (head.status, head.headers) == (200, ("content-type", "text/event-stream"))
    assert isinstance(end, HttpEnd) and not end.error
    body = b"".join(c.data for c in chunks if isinstance(c, HttpChunk))
    assert body.count(b"data: ") == 6 and body.endswith(b"data: [DONE]\n\n")
    times = [c.t_rel_ns for c in chunks if isinstance(c, HttpChunk)]
    assert times == sorted(times) and head.t_rel_ns <= times[0] and times[-1] <= end.t_rel_ns
    assert SECRET.encode() not in path.read_bytes()


def studio_request(path: Path) -> int:
    return next(e.request for e in Recording(path).events() if isinstance(e, ev.AskModel))


# ------------------------------------------------------------------------------------- a question taken back at once


class _TakesBack(Studio):
    """The wearer goes on speaking `after_ms` after a question left early; 0: with what is handled in the same step of
    the loop, as when a busy machine has let packets wait."""

    after_ms = 0.0

    def _see(self, event: ev.Happening | ev.Decision) -> None:
        super()._see(event)
        if isinstance(event, ev.AskModel) and not any(isinstance(e, ev.Cancel) for e in self.events):
            self.loop.call_at_ns(event.t_ns + int(self.after_ms * MS), self._go_on) if self.after_ms else self._go_on()

    def _go_on(self) -> None:
        self._speech.append((self.loop.now_ns - 300 * MS, self.loop.now_ns + 900 * MS, "please"))
        for _ in range(2):
            self._window()


@pytest.mark.parametrize("after_ms", [0.0, 3.0])
@pytest.mark.parametrize("question", ["what colour is the door", "tell me a story"])
def test_a_question_that_was_taken_back_before_it_left_is_taken_back_in_a_replay(
    tmp_path: Path, question: str, after_ms: float
) -> None:
    """It has no answer on the tape, and none is missing."""
    studio = _TakesBack(tmp_path, sets=("turn.policy=fixed",))
    studio.after_ms = after_ms
    studio.say(question, 2_000)
    path = studio.record(12)
    asked = [e for e in studio.events if isinstance(e, ev.AskModel)]
    assert asked[0].speculative and len(asked) > 1
    assert any(isinstance(e, ev.Cancel) and e.request == asked[0].request for e in studio.events)
    result = replay(path)
    assert result.same, result.line + "\n" + "\n".join(result.differences)
    old, new = what_if(path, Changes(sets=("recording.keep_days=3",)))
    comparison = compare(old, new)
    assert comparison.same and not new.misses, comparison.first


class _Freezes(Studio):
    """The machine does nothing else for twelve seconds in the middle of a model's answer, so that its next words are
    read before the timer that had waited for them is looked at."""

    _pauses = 0

    async def pause_ms(self, ms: float) -> None:
        await super().pause_ms(ms)
        self._pauses += 1
        if self._pauses == 9:  # the rest of a word comes next
            self.loop.now_ns += 12 * ev.NS


def test_a_timer_that_rang_late_on_a_frozen_machine_rings_as_late_in_a_replay(tmp_path: Path) -> None:
    studio = _Freezes(tmp_path, world=World(model_answer=LAMP))
    studio.say("tell me a story", 2_000)
    path = studio.record(60)
    words = [e for e in studio.events if isinstance(e, ev.ModelText)]
    between_ns = max(b.t_ns - a.t_ns for a, b in pairwise(words))
    assert between_ns > model_profiles(studio.settings)[0].between_text_s * ev.NS, "longer than a model may be silent"
    assert replay(path).same


def test_a_model_that_was_given_up_is_given_up_in_a_replay(tmp_path: Path) -> None:
    """By a timer of our own, which the tape has the moment of."""
    hanging = World(reply=lambda asked: Reply("Once upon a time", hangs=True))
    studio = Studio(tmp_path, world=hanging)
    studio.say("tell me a story", 2_000)
    path = studio.record(60)
    assert [e.kind for e in studio.events if isinstance(e, ev.ModelFailed)] == ["stalled"]
    assert replay(path).same
