"""Mouth to ear: every millisecond of a turn has a name, and hidden work takes none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import events as ev
from pipelines.events import MS
from pipelines.hearing.loudness import HOP_SAMPLES, Loudness
from pipelines.hearing.voice_activity import WINDOW_SAMPLES, level_dbfs
from pipelines.room import DirectorOptions
from pipelines.spans import LINK, SPANS, TurnSpans, spans_of
from pipelines.thinking.options import Options, TurnOptions
from tests.scripted import WINDOW_NS, ScriptedSession, World


def _events(s: ScriptedSession, heard: bool = True) -> list[ev.Happening | ev.Decision]:
    """The session in the order in which it happened, with the device's word added for each utterance."""
    director = type(s.director)(s.options)
    out: list[ev.Happening | ev.Decision] = []
    for event in s.tape:
        out.append(event)
        out += director.feed(event)
        if heard and isinstance(event, ev.PlayMark) and event.mark == "started" and event.chunk == 0:
            out.append(ev.HeardMark(event.t_ns + 30_000_000, event.utterance, "first", event.t_ns + 25_000_000))
    return out


def test_spans_tile_the_turn_without_a_gap() -> None:
    s = ScriptedSession()
    end_ms = s.say("what does this sign say", at_ms=500)
    s.run_until(12_000)
    (turn,) = spans_of(_events(s))
    assert turn.spans[0].start_ns == s.all(ev.TurnOpened)[0].speech_end_ns
    for before, after in zip(turn.spans, turn.spans[1:], strict=False):
        assert before.end_ns == after.start_ns
    assert turn.heard_by_device and turn.spans[-1].name == "link down"
    assert abs(turn.total_ms - sum(span.ms for span in turn.spans)) < 1e-6
    assert turn.spans[0].start_ns <= end_ms * 1_000_000


def test_work_hidden_behind_the_wait_takes_no_time_of_its_own() -> None:
    s = ScriptedSession(World(look_ms=1, read_ms=1))
    s.say("what does this sign say", at_ms=500)
    s.run_until(12_000)
    (turn,) = spans_of(_events(s))
    by_name = {span.name: span.ms for span in turn.spans}
    assert by_name["look"] == 0 and by_name["read"] == 0 and by_name["end of turn"] > 0


def test_without_the_devices_word_the_link_is_left_out_not_guessed() -> None:
    s = ScriptedSession()
    s.say("what does this sign say", at_ms=500)
    s.run_until(12_000)
    (turn,) = spans_of(_events(s, heard=False))
    assert not turn.heard_by_device and turn.spans[-1].name == "queue"


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 900), st.integers(1, 900), st.integers(1, 2000), st.integers(1, 2000), st.booleans())
def test_any_costs_add_up(transcribe: int, look: int, read: int, model: int, ask: bool) -> None:
    s = ScriptedSession(World(transcribe_ms=transcribe, look_ms=look, read_ms=read, model_first_ms=model))
    s.say("what colour is the door" if ask else "what does this sign say", at_ms=500)
    s.run_until(20_000)
    names = [name for name, _ in SPANS]
    for turn in spans_of(_events(s)):
        assert all(span.end_ns >= span.start_ns for span in turn.spans)
        assert sorted((span.name for span in turn.spans), key=names.index) == [span.name for span in turn.spans]
        total_ns = turn.spans[-1].end_ns - turn.spans[0].start_ns
        assert sum(span.end_ns - span.start_ns for span in turn.spans) == total_ns


# ------------------------------------------------------------------------------------------ where it begins, and ends


class Finely(ScriptedSession):
    """Voice activity goes on for 60 ms after the sound, as the real one does, and the link takes its time."""

    up_ms = 25

    def _window(self) -> None:
        media_ns = max(0, self.now_ns - self.up_ms * MS)
        start_ns = media_ns - WINDOW_NS
        voiced = any(start <= media_ns - WINDOW_NS // 2 < end + 60 * MS for start, end, _ in self._speech)
        loud = [min(media_ns, end) for start, end, _ in self._speech if start < media_ns and start_ns < end]
        level = -25.0 if voiced else -60.0
        self.feed(ev.VoiceWindow(self.now_ns, media_ns, 0.9 if voiced else 0.02, level, max(loud, default=0)))
        self._at(self.now_ns + WINDOW_NS, self._window)


def _named(turn: TurnSpans) -> dict[str, float]:
    return {span.name: span.ms for span in turn.spans}


def test_it_begins_where_the_sound_ended_to_the_sample() -> None:
    for end_offset_ms in range(0, 32, 5):
        s = Finely()
        end_ms = s.say("what does this sign say", at_ms=503 + end_offset_ms, ms=1_400)
        s.run_until(12_000)
        (turn,) = spans_of(_events(s))
        (heard,) = [e for e in _events(s) if isinstance(e, ev.HeardMark)]
        assert turn.spans[0].start_ns == end_ms * MS
        assert turn.total_ms == (heard.media_ns - end_ms * MS) / 1e6, "all of it is explained"


def test_the_link_has_its_own_share_and_voice_activity_pays_for_its_own_slowness() -> None:
    shares = []
    for up_ms in (25, 125):
        s = Finely()
        s.up_ms = up_ms  # type: ignore[misc]
        s.say("what does this sign say", at_ms=503, ms=1_400)
        s.run_until(12_000)
        (turn,) = spans_of(_events(s))
        named = _named(turn)
        assert named["link up"] == up_ms and named["link down"] == 25
        assert turn.link_ms == up_ms + 25 == sum(named[name] for name in LINK)
        assert named["notice pause"] >= 32
        shares.append(named["notice pause"])
    assert abs(shares[0] - shares[1]) <= 32


def test_a_question_that_left_early_hides_the_model_behind_the_wait() -> None:
    def at(speculate: bool) -> dict[str, float]:
        turn_options = TurnOptions(speculate=speculate, policy="fixed", open_silence_ms=900)
        s = Finely(World(model_first_ms=200), DirectorOptions(Options(turn=turn_options)))
        s.say("what colour is the door", at_ms=503, ms=1_400)
        s.run_until(14_000)
        early = [d for d in s.all(ev.AskModel) if d.speculative]
        assert bool(early) == speculate
        assert not early or early[0].t_ns < s.all(ev.TurnOpened)[0].t_ns, "asked before the turn was certain"
        (turn,) = spans_of(_events(s))
        for before, after in zip(turn.spans, turn.spans[1:], strict=False):
            assert before.end_ns == after.start_ns
        return _named(turn)

    waited, hidden = at(speculate=False), at(speculate=True)
    assert waited["model"] >= 200 and hidden["model"] == 0
    assert sum(hidden.values()) < sum(waited.values()) - 150


def test_a_question_that_left_too_early_leaves_no_trace_in_the_time_of_the_next() -> None:
    turn_options = TurnOptions(policy="fixed", open_silence_ms=600)
    s = Finely(World(model_first_ms=100), DirectorOptions(Options(turn=turn_options)))
    s.say("what colour is the door", at_ms=503, ms=1_400)
    end_ms = s.say("what does this sign say", at_ms=2_350, ms=1_400)
    s.run_until(20_000)
    (turn,) = spans_of(_events(s))
    assert turn.spans[0].start_ns == end_ms * MS
    assert all(span.end_ns >= span.start_ns >= end_ms * MS for span in turn.spans)


def test_an_older_recording_begins_at_the_last_voiced_sample() -> None:
    s = ScriptedSession()
    s.say("what does this sign say", at_ms=500)
    s.run_until(12_000)
    (turn,) = spans_of(_events(s))
    assert turn.spans[0].start_ns == s.all(ev.SpeechPaused)[-1].media_ns


# ------------------------------------------------------------------------------------------- what is loud, and what not


def ends(room_dbfs: float, fade_ms: int = 0, voice_ms: int = 1_000) -> float:
    """A voice at -20 dBFS after a second of the room, faded out over `fade_ms`; how long after its full loudness ended
    it is said to end, in ms. Voice activity says voice for 80 ms too long."""
    rng = np.random.default_rng(5)
    rate = 16_000
    room = rng.normal(0, 10 ** (room_dbfs / 20), 3 * rate)
    voice = 10 ** (-20 / 20) * np.sqrt(2) * np.sin(2 * np.pi * 180 * np.arange(voice_ms * rate // 1000) / rate)
    fade = voice[: fade_ms * rate // 1000] * np.linspace(1, 0, fade_ms * rate // 1000)
    sound = room.copy()
    sound[rate : rate + len(voice)] += voice
    sound[rate + len(voice) : rate + len(voice) + len(fade)] += fade
    true_end, loudness, last = rate + len(voice), Loudness(), 0
    for at in range(0, 3 * rate - WINDOW_SAMPLES, WINDOW_SAMPLES):
        pcm = sound[at : at + WINDOW_SAMPLES].astype(np.float32)
        voiced = rate - WINDOW_SAMPLES < at < true_end + 80 * rate // 1000
        loud = loudness.last_loud(pcm, 0.9 if voiced else 0.02, level_dbfs(pcm))
        last = at + loud if loud else last
    return (last - true_end) / rate * 1000


@pytest.mark.parametrize("room_dbfs", [-90.0, -60.0, -45.0])
def test_the_end_of_a_voice_is_known_to_ten_milliseconds(room_dbfs: float) -> None:
    """10 ms are what a level is taken over; voice activity goes on for 80."""
    for extra_ms in range(0, 32, 7):
        assert -4 <= ends(room_dbfs, voice_ms=1_000 + extra_ms) <= 10 + HOP_SAMPLES / 16


def test_in_a_loud_room_the_room_is_not_taken_for_the_voice() -> None:
    assert -4 <= ends(-38.0) <= 14


def test_a_voice_that_dies_away_ends_where_it_is_24_db_down() -> None:
    assert 80 <= ends(-70.0, fade_ms=100) <= 106


def test_silence_is_never_loud() -> None:
    loudness = Loudness()
    pcm = np.zeros(WINDOW_SAMPLES, np.float32)
    assert all(loudness.last_loud(pcm, 0.0, -120.0) == 0 for _ in range(100))
