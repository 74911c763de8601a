"""Seeking: from any moment on, the same messages as reading everything and skipping what came before."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pipelines import events as ev
from recordings.reader import Recording, Stored
from recordings.recover import recover
from recordings.seek import Seeker
from recordings.session import OPEN_SUFFIX, SessionInfo
from recordings.writer import Recorder, RecorderOptions

SAMPLE = Path(__file__).parent.parent / "recordings" / "samples" / "platform.mcap"
MS = ev.MS


def skipped(everything: list[Stored], t_ns: int) -> list[Stored]:
    first = next((i for i, message in enumerate(everything) if message.t_ns >= t_ns), len(everything))
    return everything[first:]


def moments(last_ns: int, count: int = 60) -> list[int]:
    chance = random.Random(1)
    return [-(10**9), 0, last_ns, last_ns + 1, *(chance.randrange(last_ns) for _ in range(count))]


@pytest.mark.parametrize("topics", [(), ("/mic/opus",)], ids=["everything", "one topic"])
def test_from_any_moment_on_it_is_what_skipping_gives(topics: tuple[str, ...]) -> None:
    recording = Recording(SAMPLE)
    everything = list(recording.messages(topics))
    seeker = Seeker(recording)
    assert seeker.indexed
    for t_ns in moments(max(message.t_ns for message in everything)):
        assert list(seeker.messages_from(t_ns, topics)) == skipped(everything, t_ns)


def test_a_torn_file_is_read_from_its_beginning(tmp_path: Path) -> None:
    torn = tmp_path / "torn.mcap"
    torn.write_bytes(SAMPLE.read_bytes()[:-150_000])
    recording = Recording(torn)
    everything = list(recording.messages())
    seeker = Seeker(recording)
    assert not seeker.indexed and everything
    for t_ns in moments(max(message.t_ns for message in everything), 5):
        assert list(seeker.messages_from(t_ns)) == skipped(everything, t_ns)


def test_a_mended_file_has_an_index_again(tmp_path: Path) -> None:
    torn = tmp_path / f"20261121T010012Z-4f2a9c{OPEN_SUFFIX}"
    torn.write_bytes(SAMPLE.read_bytes()[:-150_000])
    recording = Recording(recover(torn).path)
    everything = list(recording.messages())
    seeker = Seeker(recording)
    assert seeker.indexed
    for t_ns in moments(max(message.t_ns for message in everything), 20):
        assert list(seeker.messages_from(t_ns)) == skipped(everything, t_ns)


def test_a_decision_that_a_timer_stamped_earlier_is_not_lost(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, SessionInfo("seek", 10**18), options=RecorderOptions(floor_bytes=0))
    recorder.happening(ev.VoiceWindow(500 * MS, 500 * MS, 0.9))
    recorder.decision(ev.SpeechPaused(400 * MS, "its deadline", 300 * MS))
    recorder.happening(ev.VoiceWindow(532 * MS, 532 * MS, 0.9))
    seeker = Seeker(Recording(recorder.close()))
    found = [message.t_ns for message in seeker.messages_from(450 * MS, (), ("/event/", "/decision/"))]
    assert found == [500 * MS, 400 * MS, 532 * MS]


def test_an_index_that_lies_is_not_used(tmp_path: Path) -> None:
    data = bytearray(SAMPLE.read_bytes())
    data[-40] ^= 0xFF
    lying = tmp_path / "lying.mcap"
    lying.write_bytes(data)
    recording = Recording(lying)
    assert not Seeker(recording).indexed
    assert len(list(Seeker(recording).messages_from(0))) > 1000
