"""Recorded sessions kept beside the code: what was decided then is decided now. `make samples` records them anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from companion.replay import replay
from pipelines import events as ev
from recordings.reader import Recording

SAMPLES = sorted((Path(__file__).parent.parent / "recordings" / "samples").glob("*.mcap"))


def test_there_are_samples() -> None:
    assert SAMPLES


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda p: p.stem)
def test_a_sample_is_decided_again_alike(sample: Path) -> None:
    result = replay(sample)
    assert result.same, (
        f"{result.line}\n" + "\n".join(result.differences) + "\nIf the change is meant, record it anew: make samples"
    )


def test_the_platform_sample_tells_its_story() -> None:
    (sample,) = [s for s in SAMPLES if s.stem == "platform"]
    recording = Recording(sample)
    turns = [d for d in recording.decisions() if isinstance(d, ev.TurnClosed)]
    assert [t.outcome for t in turns] == ["answered", "answered"]
    assert "platform 9" in turns[0].said.lower() and turns[1].said.startswith("Platform 9.")
    assert not list(recording.http()), "nothing left the device"
