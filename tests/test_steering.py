"""Words that steer: pace, loudness, length, silence, sleep, and the short sounds beside them. In virtual time."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.replay import replay
from pipelines import conversation as floor
from pipelines import events as ev
from pipelines.director import Director, DirectorOptions
from pipelines.events import MS, NS
from pipelines.speaking.espeak import EspeakVoice
from pipelines.steering import GAIN_RANGE_DB, RATE_RANGE_WPM
from pipelines.thinking import wording
from pipelines.thinking.intent import complete, understand
from pipelines.thinking.options import Options, SpeakingOptions
from recordings.digest import digest
from tests.desk import DeskSession, desk
from tests.scripted import Reply, ScriptedSession, World
from tests.steering_wordings import MEANT, NOT_MEANT

STORY = "Once upon a time there was a lamp and it was lit. Nobody knew who had lit it or why it never went out."
WORDS = STORY.split()


def story(**world: object) -> ScriptedSession:
    return ScriptedSession(World(model_answer=STORY, **world))  # type: ignore[arg-type]


def heard_by(s: ScriptedSession) -> list[str]:
    """What really sounded, word by word, reckoned from the play marks alone: each word whose sound was more than half
    out."""
    chunks = {(d.utterance, d.chunk): d.text.split() for d in s.all(ev.Speak)}
    order: dict[int, list[str]] = {}
    for (utterance, _), words in sorted(chunks.items()):
        order.setdefault(utterance, []).extend(words)
    reached = dict.fromkeys(order, 0)
    for mark in s.all(ev.PlayMark):
        reached[mark.utterance] = max(reached[mark.utterance], mark.position_ns)
    word_ns = s.world.word_ms * MS
    return [word for u, words in order.items() for i, word in enumerate(words) if reached[u] > (i + 0.55) * word_ns]


# ----------------------------------------------------------------------------------------------------------- the words


@pytest.mark.parametrize(("name", "said"), [(name, said) for name, all_ in MEANT.items() for said in all_])
def test_people_say_it_in_their_own_way(name: str, said: str) -> None:
    intent = understand(said)
    assert intent.label == f"control:{name}" and complete(intent)


@pytest.mark.parametrize("said", NOT_MEANT)
def test_a_question_with_the_same_words_is_a_question(said: str) -> None:
    assert understand(said).kind != "control"


# ------------------------------------------------------------------------------------------------- pace, in mid-answer


@pytest.mark.parametrize(("word", "wpm"), [("slower", 150), ("faster", 200), ("a bit slower please", 150)])
def test_the_rest_of_the_answer_goes_on_at_the_new_pace_from_the_word_that_was_reached(word: str, wpm: int) -> None:
    s = story()
    s.say("tell me a story", at_ms=500)
    s.say(word, at_ms=4_000, ms=500)
    s.run_until(30_000)
    assert s.all(ev.Speak)[-1].rate_wpm == wpm and s.all(ev.Speak)[0].rate_wpm == 175
    (closed,) = s.all(ev.TurnClosed)
    assert (closed.outcome, closed.heard) == ("answered", STORY)
    sounded = heard_by(s)
    assert len(sounded) <= len(WORDS) + 1, "no more than one word twice"
    assert list(dict.fromkeys(sounded)) == list(dict.fromkeys(WORDS)), "and none left out"
    assert s.director.history.entries[-1].heard == STORY


def test_the_pace_may_change_twice_and_the_answer_may_then_be_stopped() -> None:
    s = story()
    s.say("tell me a story", at_ms=500)
    s.say("slower", at_ms=3_500, ms=400)
    s.say("slower", at_ms=5_500, ms=400)
    s.say("stop", at_ms=8_000, ms=400)
    s.run_until(20_000)
    (closed,) = s.all(ev.TurnClosed)
    heard, sounded = closed.heard.split(), list(dict.fromkeys(heard_by(s)))
    assert closed.outcome == "stopped" and 4 < len(heard) < len(WORDS)
    assert heard == WORDS[: len(heard)]
    assert abs(len(set(heard)) - len(sounded)) <= 1, "history has what the ear got over all three"
    assert s.director.history.entries[-1].heard == closed.heard


def test_words_that_come_after_the_change_are_said_at_the_new_pace_too() -> None:
    s = story(model_words_ms=400)  # slower than the voice: the answer is not whole when the wearer speaks
    s.say("tell me a story", at_ms=500)
    s.say("faster", at_ms=5_000, ms=400)
    s.run_until(40_000)
    (closed,) = s.all(ev.TurnClosed)
    assert closed.heard == STORY and s.all(ev.Speak)[-1].rate_wpm == 200


def test_the_devices_late_word_on_the_part_before_the_change_still_counts() -> None:
    s = story()
    s.say("tell me a story", at_ms=500)
    s.say("slower", at_ms=4_000, ms=400)
    s.run_until(6_000)
    first = s.all(ev.Speak)[0].utterance
    position = max(m.position_ns for m in s.all(ev.PlayMark) if m.utterance == first)
    s.feed(ev.HeardMark(s.now_ns, first, "last", s.now_ns, position - 700 * MS))
    s.say("stop", at_ms=7_000, ms=400)
    s.run_until(12_000)
    (closed,) = s.all(ev.TurnClosed)
    assert closed.heard.startswith("Once upon a time a lamp"), "the ear never got “there was”"
    assert closed.said == STORY


def test_held_it_stays_held_and_goes_on_slower() -> None:
    s = story()
    s.say("tell me a story", at_ms=500)
    s.say("wait", at_ms=3_500, ms=400)
    s.say("slower", at_ms=6_000, ms=400)
    s.run_until(9_000)
    assert s.state == floor.LISTENING
    position = {m.utterance: m.position_ns for m in s.all(ev.PlayMark)}
    assert max(position) == s.all(ev.Speak)[0].utterance, "nothing of the rest has sounded yet"
    s.say("go on", at_ms=9_500)
    s.run_until(30_000)
    (closed,) = s.all(ev.TurnClosed)
    assert (closed.outcome, closed.heard) == ("answered", STORY) and s.all(ev.Speak)[-1].rate_wpm == 150


def test_typed_words_steer_the_answer_under_way_too() -> None:
    s = story()
    s.say("tell me a story", at_ms=500)
    s.type("slower", at_ms=4_000)
    s.run_until(30_000)
    assert [c.heard for c in s.all(ev.TurnClosed)] == [STORY] and s.all(ev.Speak)[-1].rate_wpm == 150


def test_at_the_end_of_the_range_the_wearer_is_told() -> None:
    s = ScriptedSession(options=DirectorOptions(Options(speaking=SpeakingOptions(rate_wpm=90, greet=False))))
    s.say("slower", at_ms=500)
    s.say("slower", at_ms=5_000)
    s.run_until(9_000)
    assert s.spoken(1) == wording.STEERED["slower"] and s.spoken(2) == "That is as slow as I get."
    assert s.all(ev.Speak)[-1].rate_wpm == RATE_RANGE_WPM[0]


# ------------------------------------------------------------------------------------------------ again, in mid-answer


def test_again_over_an_answer_begins_it_anew() -> None:
    s = story()
    s.say("tell me a story", at_ms=500)
    s.say("again", at_ms=4_000, ms=500)
    s.run_until(30_000)
    (closed,) = s.all(ev.TurnClosed)
    assert (closed.outcome, closed.heard) == ("answered", STORY)
    assert heard_by(s)[-len(WORDS) :] == WORDS and len(heard_by(s)) > len(WORDS) + 3
    assert len(s.all(ev.TurnOpened)) == 1 and len(s.all(ev.AskModel)) == 1, "the model is not asked twice"


def test_stopped_soon_after_again_history_keeps_what_was_heard_the_first_time() -> None:
    s = story()
    s.say("tell me a story", at_ms=500)
    s.say("again", at_ms=5_000, ms=500)
    s.say("stop", at_ms=6_200, ms=400)
    s.run_until(15_000)
    (closed,) = s.all(ev.TurnClosed)
    second = [d for d in s.all(ev.Speak) if d.utterance != s.all(ev.Speak)[0].utterance]
    reached = max(m.position_ns for m in s.all(ev.PlayMark) if m.utterance == second[0].utterance)
    assert len(closed.heard.split()) > reached // (300 * MS) + 2
    assert WORDS[: len(closed.heard.split())] == closed.heard.split()


def test_say_that_again_slower_does_both() -> None:
    s = story()
    s.say("tell me a story", at_ms=500)
    s.say("say that again slower", at_ms=4_000)
    s.run_until(40_000)
    assert [c.heard for c in s.all(ev.TurnClosed)] == [STORY]
    assert [d.rate_wpm for d in s.all(ev.Speak)][-1] == 150 and heard_by(s)[-len(WORDS) :] == WORDS


def test_again_after_the_answer_says_the_last_one_once_more() -> None:
    s = ScriptedSession()
    s.say("what does this sign say", at_ms=500)
    s.say("again", at_ms=14_000)
    s.run_until(30_000)
    assert s.spoken(1) == s.spoken(2) and "Platform 7" in s.spoken(2)


def test_again_while_nothing_has_been_said_yet_does_not_drop_the_question() -> None:
    s = ScriptedSession(World(model_first_ms=4_000))
    s.say("what colour is the door", at_ms=500)
    s.say("again", at_ms=3_500, ms=400)
    s.run_until(20_000)
    assert "red" in s.spoken(1) and len(s.all(ev.TurnOpened)) == 1


# ------------------------------------------------------------------------------------------------ loudness and length


def test_louder_acts_at_once_and_the_answer_goes_on() -> None:
    s = story()
    s.say("tell me a story", at_ms=500)
    end = s.say("speak up please", at_ms=4_000)
    s.run_until(30_000)
    (volume,) = s.all(ev.SetVolume)
    assert volume.gain_db == 4.0 and volume.t_ns - end * MS <= 600 * MS
    assert [c.outcome for c in s.all(ev.TurnClosed)] == ["answered"]


def test_it_gets_no_louder_than_it_can() -> None:
    s = ScriptedSession()
    for i in range(5):
        s.say("louder", at_ms=500 + 4_000 * i)
    s.run_until(24_000)
    assert max(v.gain_db for v in s.all(ev.SetVolume)) == GAIN_RANGE_DB[1]
    assert s.spoken().endswith("That is as loud as I get.")


@pytest.mark.parametrize(
    ("said", "verbosity", "told", "confirmed"),
    [
        ("shorter answers please", "short", "asked for shorter answers", "Shorter answers from now on."),
        ("more detail please", "long", "asked for more detail", "More detail from now on."),
    ],
)
def test_the_length_of_answers_goes_into_what_the_model_is_asked(
    said: str, verbosity: str, told: str, confirmed: str
) -> None:
    s = ScriptedSession()
    s.say("what colour is the door", at_ms=500)
    s.say(said, at_ms=8_000)
    s.say("what colour is the door", at_ms=15_000)
    s.say("normal answers", at_ms=22_000)
    s.say("what colour is the door", at_ms=28_000)
    s.run_until(36_000)
    first, second, third = (ask.messages[0].text for ask in s.all(ev.AskModel))
    assert told in second and told not in first and third == first, "and the beginning is the same again, for caches"
    assert confirmed in s.spoken(2)
    assert [p.preferences.verbosity for p in s.all(ev.Prefer)] == [verbosity, ""]


def test_without_a_model_the_length_is_said_to_matter_nothing() -> None:
    s = ScriptedSession(World(model=""))
    s.say("keep it short", at_ms=500)
    s.run_until(6_000)
    assert s.spoken(1) == wording.NO_MODEL_TO_SHORTEN


# ----------------------------------------------------------------------------------------------------------------- mute


def test_muted_answers_are_shown_and_a_sound_tells_that_they_were_understood() -> None:
    s = ScriptedSession()
    s.say("mute", at_ms=500)
    s.say("what does this sign say", at_ms=8_000)
    s.run_until(16_000)
    assert s.spoken(1) == wording.STEERED["mute"], "the last words for now"
    assert s.spoken(2) == "" and s.state == floor.LISTENING
    shown = [c.text for c in s.all(ev.Caption) if c.who == "companion"]
    assert "Platform 7" in " ".join(shown[1:])
    assert [e.name for e in s.all(ev.Earcon)] == ["heard"]
    closed = s.all(ev.TurnClosed)[-1]
    assert closed.outcome == "answered" and closed.heard == "" and "Platform 7" in closed.said
    entry = s.director.history.entries[-1]
    assert entry.heard == "" and "Platform 7" in entry.shown, "history is true: nothing was heard, this was shown"


def test_a_model_is_told_that_an_answer_was_only_shown() -> None:
    s = ScriptedSession()
    s.say("mute", at_ms=500)
    s.say("what colour is the door", at_ms=8_000)
    s.say("what colour is the door", at_ms=15_000)
    s.run_until(22_000)
    texts = [m.text for m in s.all(ev.AskModel)[-1].messages if m.role == "assistant"]
    assert texts[-1] == "(shown as text, not spoken) The door is red."


def test_muted_in_mid_answer_it_falls_silent_and_the_rest_is_shown() -> None:
    s = story(model_words_ms=400)
    s.say("tell me a story", at_ms=500)
    s.say("mute", at_ms=5_000, ms=400)
    s.run_until(30_000)
    (closed,) = s.all(ev.TurnClosed)
    assert closed.said == STORY and 2 < len(closed.heard.split()) < 12
    assert s.director.history.entries[-1].shown == STORY
    shown = " ".join(c.text for c in s.all(ev.Caption) if c.who == "companion")
    assert shown == STORY
    assert not any(d.text for d in s.all(ev.Speak) if d.t_ns > 6_500 * MS)


def test_unmuted_it_speaks_again() -> None:
    s = ScriptedSession()
    s.say("mute", at_ms=500)
    s.say("what does this sign say", at_ms=8_000)
    s.say("speak again", at_ms=14_000)
    s.say("again", at_ms=18_000)
    s.run_until(30_000)
    assert s.spoken(3) == "I speak again." and "Platform 7" in s.spoken(4), "what was only shown can be heard now"


def test_a_question_that_stays_unanswered_ticks_while_muted_and_fails_with_a_sound() -> None:
    s = ScriptedSession(World(model_first_ms=6_000, model_failure="offline"))
    s.say("mute", at_ms=500)
    s.say("what colour is the door", at_ms=8_000)
    s.run_until(25_000)
    assert [e.name for e in s.all(ev.Earcon)] == ["heard", "thinking", "thinking", "failed"]


def test_an_emergency_is_spoken_though_muted() -> None:
    s = ScriptedSession()
    s.say("mute", at_ms=500)
    s.say("call an ambulance", at_ms=8_000)
    s.run_until(12_000)
    assert "call one one two" in s.spoken(2)


def test_a_plan_is_read_aloud_though_muted_and_can_be_allowed() -> None:
    """What allows an action must have been heard."""
    schema = '{"type": "object", "properties": {"to": {"type": "string"}, "text": {"type": "string"}}}'
    mail = ev.ToolInfo("send_message", "Send a message.", schema, "send", "mail")
    call = ev.ToolCall("1", "send_message", '{"to": "Anna", "text": "running late"}')

    script = iter([Reply(calls=(call,)), Reply("It is sent.")])
    s = ScriptedSession(
        World(models=(ev.ModelInfo("one", trains="no", profile="{}"),), tools=(mail,), reply=lambda ask: next(script))
    )
    s.say("mute", at_ms=500)
    s.say("think about it tell Anna that I am running late", at_ms=8_000)
    s.run_until(25_000)
    (asked,) = s.all(ev.ConfirmAsked)
    aloud = " ".join(d.text for d in s.all(ev.Speak) if d.kind == "confirm")
    assert asked.phrase in aloud and s.all(ev.TurnClosed)[-1].outcome == "asked"
    s.say(asked.phrase, at_ms=26_000)
    s.run_until(40_000)
    assert len(s.all(ev.RunTool)) == 1
    assert "It is sent." not in s.spoken(), "the answer itself is only shown"


def test_a_session_that_begins_muted_says_so() -> None:
    s = ScriptedSession(World(greet=True))
    s.feed(replace(s.all(ev.SessionStarted)[0], preferences=ev.Preferences(muted=True)))
    s.run_until(4_000)
    assert s.spoken() == wording.STILL_MUTED


# ---------------------------------------------------------------------------------------------------------- remembered


def test_what_is_asked_for_is_remembered_and_holds_from_the_first_word_of_the_next_session() -> None:
    s = ScriptedSession()
    for i, said in enumerate(("faster", "louder", "shorter answers", "no sounds")):
        s.say(said, at_ms=500 + 5_000 * i)
    s.run_until(22_000)
    kept = s.all(ev.Prefer)[-1].preferences
    assert kept == ev.Preferences(25, 4.0, "short", False, True)

    later = ScriptedSession()
    later.feed(replace(later.all(ev.SessionStarted)[0], preferences=kept))
    later.say("what colour is the door", at_ms=500)
    later.run_until(9_000)
    assert [v.gain_db for v in later.all(ev.SetVolume)] == [4.0]
    assert all(d.rate_wpm == 200 for d in later.all(ev.Speak))
    assert "shorter answers" in later.all(ev.AskModel)[0].messages[0].text
    assert not later.all(ev.Prefer), "nothing new to remember"


def test_what_the_settings_forbid_is_not_remembered() -> None:
    s = ScriptedSession(options=DirectorOptions(Options(speaking=SpeakingOptions(remember=False))))
    s.say("louder", at_ms=500)
    s.run_until(4_000)
    assert s.all(ev.SetVolume) and not s.all(ev.Prefer)


def test_preferences_out_of_range_are_brought_into_it() -> None:
    s = ScriptedSession()
    s.feed(replace(s.all(ev.SessionStarted)[0], preferences=ev.Preferences(9_000, 99.0)))
    s.say("hello", at_ms=500)
    s.run_until(4_000)
    assert s.all(ev.SetVolume)[0].gain_db == GAIN_RANGE_DB[1]
    assert s.all(ev.Speak)[0].rate_wpm == RATE_RANGE_WPM[1]


def test_a_rest_keeps_them() -> None:
    s = ScriptedSession(World(frame=None))
    s.say("faster", at_ms=500)
    s.say("mute", at_ms=5_000)
    s.run_until(16_000)
    assert s.director.at_rest
    rest = s.director.rest(s.now_ns)
    assert rest.preferences == ev.Preferences(rate_change_wpm=25, muted=True) and rest.rate_change_wpm == 25


# --------------------------------------------------------------------------------------------------------------- sleep


def test_it_goes_to_sleep_and_wakes_up_when_it_is_told() -> None:
    s = ScriptedSession()
    attention = s.director._room.attention
    s.say("go to sleep", at_ms=500)
    s.run_until(6_000)
    assert attention.state == "asleep" and "Say wake up" in s.spoken(1)
    assert [e.name for e in s.all(ev.Earcon)] == ["asleep"]
    s.say("wake up", at_ms=8_000)
    s.run_until(12_000)
    assert attention.state != "asleep" and s.spoken(2) == "I am awake."


# ------------------------------------------------------------------------------------------------------ what can I say


def _spoken_s(text: str) -> float:
    """Its length in the real voice where that is here, else reckoned at 160 words a minute, pauses included."""
    try:
        voice = EspeakVoice()
    except (RuntimeError, OSError, ImportError):
        return len(text.split()) / 160 * 60
    return sum(len(block.pcm) for block in voice.render(text, 175, lambda: False)) / 48_000


@pytest.mark.parametrize(
    ("model", "camera", "closed"), list(itertools.product((False, True), (False, True), (False, True)))
)
def test_what_can_i_say_is_short_and_true(model: bool, camera: bool, closed: bool) -> None:
    text = wording.help_text(model, camera, closed)
    assert _spoken_s(text) <= 12, "twelve seconds at the usual pace"
    assert ("sign" in text) == camera and ("think about it" in text) == model
    for phrase in ("stop", "wait", "again", "slower", "louder", *(() if closed else ("mute", "shorter answers"))):
        assert phrase in text and understand(phrase).kind == "control"
    assert ("mute" in text) != closed and not (closed and "timer" in text)


def test_the_closed_recogniser_knows_all_that_it_is_told_to_say() -> None:
    import pipelines.hearing

    known = set((Path(pipelines.hearing.__file__).parent / "phrases.txt").read_text().splitlines())
    for model, camera in itertools.product((False, True), (False, True)):
        text = wording.help_text(model, camera, True).lower()
        for asked in (
            "what does this sign say",
            "how much is this",
            "what is this code",
            "what do you see",
            "tell me a story",
            "what did you send",
        ):
            assert asked not in text or asked in known
        assert {"stop", "wait", "again", "slower", "louder"} <= known


# ------------------------------------------------------------------------------------------------ whatever is said when

_WORDS = [
    *("tell me a story", "what does this sign say", "stop", "okay", "wait", "go on", "(cough)", "again"),
    *("louder", "slower", "faster", "say that again slower", "mute", "speak again", "keep it short", "no sounds"),
    *("go to sleep", "wake up", "what can i say"),
]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(_WORDS), st.integers(40, 4_000), st.integers(80, 2_500), st.booleans()), max_size=10
    ),
    st.sampled_from([80, 700]),
)
def test_however_it_is_steered_it_ends_and_history_is_what_was_heard(
    script: list[tuple[str, int, int, bool]], model_words_ms: int
) -> None:
    s = story(model_words_ms=model_words_ms)
    at = 300
    for text, gap, length, typed in script:
        if typed:
            at += gap + 400  # the voice before it has ended by then
            s.type(text, at)
        else:
            at = s.say(text, at + gap, length)
    s.run_until(at + 120_000)
    assert s.state == floor.LISTENING
    opened, closed = {o.turn for o in s.all(ev.TurnOpened)}, s.all(ev.TurnClosed)
    assert len(closed) == len({c.turn for c in closed})
    assert {c.turn for c in closed} == opened or any(text == "wait" for text, *_ in script)
    for turn in closed:
        assert turn.said.startswith(turn.heard) or turn.heard.startswith(turn.said)
    again = Director(s.options)
    replayed = [d for event in s.tape for d in again.feed(event)] + again.wake(s.now_ns)
    assert digest(replayed) == digest(s.decisions)


# ----------------------------------------------------------------------------------------- with a real voice, playout


@pytest.mark.parametrize("word", ["slower", "again", "say that again slower"])
def test_in_a_real_session_the_pace_changes_at_a_word_and_it_replays(word: str, tmp_path: Path) -> None:
    async def go() -> DeskSession:
        async with desk(tmp_path) as s:
            s.type("what can i say")
            async with asyncio.timeout(60):
                while len(s.all(ev.ChunkVoiced)) < len(s.all(ev.Speak)):
                    await s.news.wait()
                    s.news.clear()
            for _ in range(150):  # three seconds
                s.session.pull()
                await asyncio.sleep(0)
            s.type("wait")  # sound is pulled faster than it is heard here: held, it is known how far it is
            s.session.pull()
            s.type(word)
            s.type("go on")
            await s.until(ev.TurnClosed)
            return s

    s = asyncio.run(go())
    text = wording.help_text(False, True, True)
    (closed,) = s.all(ev.TurnClosed)
    assert (closed.outcome, closed.said, closed.heard) == ("answered", text, text)
    speaks = s.all(ev.Speak)
    last = [d for d in speaks if d.utterance == speaks[-1].utterance]
    assert speaks[-1].rate_wpm == (175 if word == "again" else 150)
    rest = " ".join(d.text for d in last if d.text)
    assert (rest == text) == ("again" in word) and text.endswith(rest)
    reached = max(m.position_ns for m in s.all(ev.PlayMark) if m.utterance == speaks[0].utterance)
    assert 2 * NS < reached < 4 * NS
    (recording,) = tmp_path.glob("*.mcap")
    assert replay(recording).same
