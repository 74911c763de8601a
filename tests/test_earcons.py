"""The short sounds: told apart, quiet, laid over whatever is said, and made at the right moments only."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pipelines import events as ev
from pipelines.director import DirectorOptions
from pipelines.events import MS, NS
from pipelines.speaking import earcons
from pipelines.speaking.chimes import MOST, Chimes
from pipelines.speaking.playout import TICK_SAMPLES, Playout
from pipelines.thinking.options import Options, SpeakingOptions
from tests.scripted import Reply, ScriptedSession, World

STORY = "Once upon a time there was a lamp and it was lit. Nobody knew who had lit it or why it never went out."


def contour(name: str) -> np.ndarray:
    """(12,) float64: the pitch in octaves over 440 Hz at twelve moments of 300 ms; silence is one octave below all."""
    pcm = np.zeros(14_400)
    sound = earcons.earcon(name)
    pcm[: len(sound)] = sound
    out = []
    for piece in np.split(pcm, 12):
        spectrum = np.abs(np.fft.rfft(piece * np.hanning(len(piece)), 8 * len(piece)))
        loud = np.sqrt(np.mean(piece**2)) > 60
        out.append(np.log2(np.argmax(spectrum) * 48_000 / (8 * len(piece)) / 440) if loud else -2.0)
    return np.array(out)


def test_earcons_are_told_apart_by_their_pitch() -> None:
    assert set(earcons.NAMES) == {"heard", "thinking", "failed", "cut_off", "camera_lost", "private", "asleep"}
    distances = {
        (a, b): float(np.sqrt(np.mean((contour(a) - contour(b)) ** 2)))
        for a, b in itertools.combinations(earcons.NAMES, 2)
    }
    closest = min(distances, key=lambda pair: distances[pair])
    assert distances[closest] > 1 / 3, f"{closest} are {distances[closest]:.2f} octaves apart: four semitones at least"


@pytest.mark.parametrize("name", earcons.NAMES)
def test_earcons_are_short_and_not_loud(name: str) -> None:
    pcm = earcons.earcon(name)
    assert len(pcm) <= 0.3 * 48_000 and np.abs(pcm).max() < 0.25 * 32768


def test_an_earcon_is_laid_over_the_answer_and_moves_nothing_of_it() -> None:
    tone = (3000 * np.sin(np.arange(TICK_SAMPLES * 20) / 9)).astype(np.int16)
    plain, covered = Playout(), Playout()
    for playout in (plain, covered):
        playout.add(1, 0, tone, last=True)
    chimes = Chimes()
    chimes.add(earcons.earcon("heard"))
    for _ in range(22):
        alone, both = plain.take(), chimes.over(covered.take())
        assert (alone.marks, alone.utterance) == (both.marks, both.utterance)
    assert chimes.idle
    chimes.add(earcons.earcon("heard"))
    tick = chimes.over(covered.take())
    assert tick.pcm is not None and tick.utterance == 0, "in silence it is nobody's sound"


def test_a_heap_of_earcons_is_no_tune() -> None:
    chimes = Chimes()
    for _ in range(20):
        chimes.add(earcons.earcon("heard"))
    ticks = 0
    while not chimes.idle:
        chimes.over(Playout().take())
        ticks += 1
    assert ticks <= MOST * 5


def test_a_question_that_takes_long_ticks_sparsely_until_something_sounds() -> None:
    s = ScriptedSession(World(model_first_ms=10_000))
    s.say("what colour is the door", at_ms=500)
    s.run_until(20_000)
    ticks = [e.t_ns for e in s.all(ev.Earcon) if e.name == "thinking"]
    opened = s.all(ev.TurnOpened)[0].t_ns
    answered = next(d.t_ns for d in s.all(ev.Speak) if d.kind == "model")
    assert next(d.kind for d in s.all(ev.Speak)) == "status", "before them there were words"
    assert [round((t - opened) / NS, 1) for t in ticks] == [4.9, 8.9] and ticks[-1] < answered


def test_a_quick_answer_has_no_sound_but_its_own() -> None:
    s = ScriptedSession()
    s.say("what colour is the door", at_ms=500)
    s.say("what does this sign say", at_ms=8_000)
    s.run_until(20_000)
    assert not s.all(ev.Earcon)


def test_an_answer_that_breaks_off_says_so_with_its_own_sound_when_the_ear_gets_there() -> None:
    s = ScriptedSession(World(model_answer="The door is red and,", model_ends_in="truncated"))
    s.say("what colour is the door", at_ms=500)
    s.run_until(15_000)
    (earcon,) = s.all(ev.Earcon)
    failure = next(d for d in s.all(ev.Speak) if d.kind == "failure")
    began = next(m for m in s.all(ev.PlayMark) if m.utterance == failure.utterance and m.chunk == failure.chunk)
    assert earcon.name == "cut_off" and earcon.t_ns == began.t_ns


def test_a_failure_has_its_sound_and_its_words() -> None:
    s = ScriptedSession(World(model_failure="offline"))
    s.say("what colour is the door", at_ms=500)
    s.run_until(8_000)
    assert [e.name for e in s.all(ev.Earcon)] == ["failed"] and s.spoken(1)


def test_a_camera_that_stopped_is_heard_once() -> None:
    s = ScriptedSession()
    s.say("what does this sign say", at_ms=500)
    s.run_until(9_000)
    s.world.frame_age_ms = 5_000
    s.say("what does this sign say", at_ms=10_000)
    s.say("what does this sign say", at_ms=16_000)
    s.run_until(24_000)
    assert [e.name for e in s.all(ev.Earcon)] == ["camera_lost", "failed"], "then it is a failure like any other"
    s.world.frame_age_ms = 0
    s.say("what does this sign say", at_ms=25_000)
    s.run_until(34_000)
    s.world.frame_age_ms = 5_000
    s.say("what does this sign say", at_ms=36_000)
    s.run_until(44_000)
    assert [e.name for e in s.all(ev.Earcon)][2:] == ["camera_lost"]


def test_no_sound_is_made_while_the_wearer_speaks() -> None:
    s = ScriptedSession(World(model_first_ms=30_000))
    s.say("what colour is the door", at_ms=500)
    s.say("hm", at_ms=2_800, ms=5_000)  # over the time of two ticks
    s.run_until(8_500)
    speech = [(500, 2_000), (2_800, 7_800)]
    for earcon in s.all(ev.Earcon):
        assert not any(start * MS + 64 * MS < earcon.t_ns < end * MS for start, end in speech)


@pytest.mark.parametrize("how", ["settings", "words"])
def test_sounds_can_be_switched_off(how: str) -> None:
    speaking = SpeakingOptions(earcons=how != "settings")
    s = ScriptedSession(World(model_first_ms=10_000), DirectorOptions(Options(speaking=speaking)))
    if how == "words":
        s.say("no sounds", at_ms=500)
    s.say("what colour is the door", at_ms=5_000)
    s.run_until(20_000)
    assert not s.all(ev.Earcon)
    assert s.all(ev.AskModel)


def test_a_setting_that_cannot_be_heard_over_an_answer_is_answered_with_a_sound() -> None:
    s = ScriptedSession(World(model_answer=STORY))
    s.say("tell me a story", at_ms=500)
    s.say("shorter answers please", at_ms=4_000)
    s.run_until(30_000)
    assert [c.heard for c in s.all(ev.TurnClosed)] == [STORY]
    assert [e.name for e in s.all(ev.Earcon)] == ["heard"]


def test_a_thought_that_is_acknowledged_in_words_ticks_after_them() -> None:
    s = ScriptedSession(World(reply=lambda ask: Reply("Oak.", first_ms=12_000)))
    s.say("think about it what wood is this", at_ms=500)
    s.run_until(20_000)
    assert "think" in s.spoken(1)
    assert {e.name for e in s.all(ev.Earcon)} == {"thinking"}
