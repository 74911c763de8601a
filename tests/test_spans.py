"""Mouth to ear: every millisecond of a turn has a name, and hidden work takes none."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import events as ev
from pipelines.spans import SPANS, spans_of
from tests.scripted import ScriptedSession, World


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
