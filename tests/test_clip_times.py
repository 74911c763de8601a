"""A question for a moment that the video does not have is told so, and never asked elsewhere in silence."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from companion.clip import tracks
from companion.clip.found import examine
from companion.clip.tracks import Span
from pipelines import events as ev
from pipelines.events import NS
from tests.films import FPS, film, still
from tests.test_clip import OTHER, SMALL, ask, decisions, home

__all__ = ["home"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("12.5: what does this say",), ("12.5: what does this say", "clip.mp4 is 2.0 s long", "earlier")),
        (("what does this say", "--at", "65"), ("65: what does this say", "clip.mp4 is 2.0 s long")),
        (("1.8: what does this say", "--to", "1"), ("1.8: what does this say", "--to 1 ")),
        (("0.2: what does this say", "--from", "1"), ("0.2: what does this say", "--from 1 ", "later")),
    ],
)
def test_a_moment_that_is_not_played_is_refused_with_the_clips_length(
    home: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], told: tuple[str, ...]
) -> None:
    film(home / "clip.mp4", still(SMALL, 2.0))
    assert ask("--video", "clip.mp4", *words) == 2
    line = capsys.readouterr().err
    assert all(part in line for part in told), line
    assert not list(home.rglob("*.mcap"))


def test_its_very_end_is_a_moment_of_it(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film(home / "clip.mp4", still(SMALL, 2.0))
    assert ask("--video", "clip.mp4", "2: what does this say") == 0
    assert "notice" not in capsys.readouterr().err


def test_a_clip_that_plays_shorter_than_it_says_is_told_as_the_question_is_asked_at_its_end(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(7).integers(0, 256, (30, *SMALL.shape), np.uint8)
    film(home / "whole.mkv", [*still(SMALL, 2.0), *((2.0 + i / FPS, noise[i]) for i in range(len(noise)))])
    data = (home / "whole.mkv").read_bytes()  # the noise is nearly all of it
    (home / "cut.mkv").write_bytes(data[: len(data) // 4])
    ask("--video", "cut.mkv", "3.9: what does this say", "what is this")
    told = capsys.readouterr()
    assert "'what does this say' was to be asked at 3.9 s, and cut.mkv plays to 2." in told.err
    assert [t.text for t in decisions(ev.TurnOpened)] == ["what does this say", "what is this"]


RAW_FPS = 25  # what FFmpeg takes a stream for that does not say


def _raw(home: Path) -> Path:
    with av.open(str(home / "clip.mkv")) as source, av.open(str(home / "raw.h264"), "w", format="h264") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    return home / "raw.h264"


def test_pictures_without_any_time_of_their_own_are_shown_in_their_rhythm(home: Path) -> None:
    film(home / "clip.mkv", [*still(SMALL, 1.0), *((1.0 + at, OTHER) for at, _ in still(OTHER, 1.0))])
    shown = list(tracks.pictures(examine(_raw(home), 60.0), Span()))
    assert [round(s.at_ns / NS * RAW_FPS) for s in shown] == list(range(2 * FPS))
    part = list(tracks.pictures(examine(home / "raw.h264", 60.0), Span(0.5, 1.0)))
    assert 0 <= part[0].at_ns < NS / RAW_FPS and len(part) in (12, 13)


def test_what_lies_behind_the_longest_that_is_played_is_asked_where_it_stops_and_told(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A raw stream says nothing of its length."""
    film(home / "clip.mkv", still(SMALL, 3.0))
    _raw(home)
    assert ask("--video", "raw.h264", "2.5: what does this say", sets=("clip.longest_s=1",)) == 0
    told = capsys.readouterr()
    assert "was to be asked at 2.5 s, and raw.h264 plays to 1.0 s only" in told.err and "Platform 12" in told.out
