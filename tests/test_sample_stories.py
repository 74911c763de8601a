"""Each sample shows the fault it is named for, and what docs/samples.md says mends it. `make samples` makes them anew.

A recording made on a machine that stalled at the wrong moment fails here: record that one again.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from companion.replay import Changes, what_if
from pipelines import events as ev
from recordings.reader import Recording
from recordings.run import Run

SAMPLES = Path(__file__).parent.parent / "recordings" / "samples"
MAX_BYTES = 2_000_000
NAMES = ("cut-off", "wrong-frame", "slow-turn", "model-error")
SECOND_NS = 1_000_000_000


def sample(name: str) -> Path:
    return SAMPLES / f"{name}.mcap"


def changed(name: str, *sets: str) -> tuple[Run, Run]:
    return what_if(sample(name), Changes(sets=sets))


def asked(run: Run, turn: int) -> str:
    (opened,) = (s.event for s in run.steps if isinstance(s.event, ev.TurnOpened) and s.event.turn == turn)
    return opened.text


def said(run: Run, turn: int) -> str:
    (closed,) = (s.event for s in run.steps if isinstance(s.event, ev.TurnClosed) and s.event.turn == turn)
    return closed.said


def sent(run: Run, turn: int) -> bool:
    return any(isinstance(s.event, ev.AskModel) and s.event.turn == turn for s in run.steps)


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_small_and_whole(name: str) -> None:
    assert sample(name).stat().st_size <= MAX_BYTES
    recording = Recording(sample(name))
    assert not recording.torn
    turns = [d for d in recording.decisions() if isinstance(d, ev.TurnClosed)]
    assert [turn.turn for turn in turns] == [1, 2, 3]


@pytest.mark.parametrize("mended", ["turn.end_silence_ms=700", "turn.open_silence_ms=700"])
def test_cut_off_with_more_patience_the_code_is_read_here_and_nothing_leaves(mended: str) -> None:
    recorded, new = changed("cut-off", mended)
    assert asked(recorded, 3) == "what is this" and sent(recorded, 3)
    assert asked(new, 3) == "what is this code" and not sent(new, 3)
    assert "example dot org" in said(new, 3)
    assert [said(new, turn) for turn in (1, 2)] == [said(recorded, turn) for turn in (1, 2)]


def test_wrong_frame_at_the_word_it_is_the_sign() -> None:
    recorded, new = changed("wrong-frame", "choice.moment=word")
    assert "euros" in said(recorded, 2) and "Platform" not in said(recorded, 2)
    assert "Platform" in said(new, 2) and "euros" not in said(new, 2)


def test_slow_turn_a_shorter_patience_is_spoken_sooner() -> None:
    recorded, new = changed("slow-turn", "turn.answer_timeout_ms=3000")

    def first_text_ns(turn: int) -> int:
        open_ns = next(s.event.t_ns for s in recorded.steps if isinstance(s.event, ev.AskModel) and s.turn == turn)
        return (
            next(s.event.t_ns for s in recorded.steps if isinstance(s.event, ev.ModelText) and s.turn == turn) - open_ns
        )

    assert first_text_ns(2) > 5 * SECOND_NS > first_text_ns(1)
    assert said(recorded, 2).startswith("One moment. I see something")
    assert "takes too long" in said(new, 2)
    assert said(new, 1) == said(recorded, 1) and said(new, 3) == said(recorded, 3)


def test_model_error_is_heard_twice_and_what_needs_no_model_goes_on() -> None:
    turns = [d for d in Recording(sample("model-error")).decisions() if isinstance(d, ev.TurnClosed)]
    assert [turn.outcome for turn in turns] == ["failed", "failed", "answered"]
    assert "cut off" in turns[0].said and "busy" in turns[1].said and "Platform" in turns[2].said
