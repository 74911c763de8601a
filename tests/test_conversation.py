"""The wearer's experience of turn-taking, as scripts in virtual time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import conversation as floor
from pipelines import events as ev
from pipelines.conversation import TABLE, Conversation, IllegalSignalError
from pipelines.director import Director
from pipelines.events import MS
from pipelines.hearing.gate import NOT_A_PHRASE
from pipelines.weighing import refused_stop
from recordings.digest import digest
from tests.scripted import SIGN, ScriptedSession, World


def test_a_sign_is_read_on_the_device_and_nothing_is_sent() -> None:
    s = ScriptedSession()
    s.say("what does this sign say", at_ms=500)
    s.run_until(12_000)
    assert "platform 7" in s.spoken(1).lower()
    assert "basel" in s.spoken(1).lower()
    assert not s.all(ev.AskModel)
    assert [c.outcome for c in s.all(ev.TurnClosed)] == ["answered"]
    assert s.state == floor.LISTENING


def test_a_whole_command_is_answered_soon_a_question_a_little_later_and_half_of_one_is_waited_for() -> None:
    s = ScriptedSession()
    end = s.say("what does this sign say", at_ms=500)
    s.run_until(9_000)
    opened = s.all(ev.TurnOpened)[0]
    assert opened.t_ns - end * MS <= 350 * MS
    s2 = ScriptedSession()
    end = s2.say("what is behind the door", at_ms=500)
    s2.run_until(9_000)
    assert 350 * MS < s2.all(ev.TurnOpened)[0].t_ns - end * MS < 500 * MS
    s3 = ScriptedSession()
    end = s3.say("what colour is the", at_ms=500)
    s3.run_until(9_000)
    assert s3.all(ev.TurnOpened)[0].t_ns - end * MS > 1_000 * MS, "nobody ends there"


def test_a_pause_inside_a_question_neither_ends_it_nor_leaves_a_trace() -> None:
    s = ScriptedSession()
    s.say("what colour", at_ms=500)
    end = s.say("is the door", at_ms=1_500)  # 400 ms of silence in between
    s.run_until(9_000)
    opened = s.all(ev.TurnOpened)
    assert [o.text for o in opened] == ["what colour is the door"]
    assert opened[0].t_ns > end * MS
    assert len(s.all(ev.AskModel)) == 1


def test_a_question_for_the_model_carries_the_frame_and_is_spoken_as_it_comes() -> None:
    s = ScriptedSession()
    s.say("what is behind the door", at_ms=500)
    s.run_until(9_000)
    (ask,) = s.all(ev.AskModel)
    assert ask.messages[-1].frame_id == 7
    assert s.spoken(1) == "The door is red."


def test_history_answers_what_was_read_before() -> None:
    s = ScriptedSession()
    s.say("what does this sign say", at_ms=500)
    s.say("what was the platform", at_ms=9_000)
    s.run_until(20_000)
    assert s.spoken(2).startswith("Platform 7.")
    s = ScriptedSession()
    s.say("what was the platform", at_ms=500)
    s.run_until(5_000)
    assert "not read any platform" in s.spoken(1)


@pytest.mark.parametrize(("asked", "told"), [("what was the platform", "platform 7"), ("what did you look at", "sign")])
def test_what_is_being_read_aloud_counts_as_read(asked: str, told: str) -> None:
    """The answer before is cut short by the question, and ends only when that is certain."""
    s = ScriptedSession(World(word_ms=600))
    s.say("what does this sign say", at_ms=500)
    s.say(asked, at_ms=3_000)
    s.run_until(30_000)
    assert [c.outcome for c in s.all(ev.TurnClosed)] == ["interrupted", "answered"]
    assert told in s.spoken(2).lower()


def test_stop_silences_a_long_answer_and_history_keeps_only_what_was_heard() -> None:
    s = ScriptedSession(World(model_answer="Once upon a time there was a lamp, and it was lit. " * 6))
    s.say("tell me a story", at_ms=500)
    end = s.say("stop", at_ms=6_000, ms=350)
    s.run_until(12_000)
    (stop,) = s.all(ev.StopPlay)
    assert stop.t_ns - end * MS <= 250 * MS, "stop acts without waiting for a silence"
    (closed,) = s.all(ev.TurnClosed)
    assert closed.outcome == "stopped"
    assert closed.said.startswith(closed.heard) and len(closed.heard.split()) < len(closed.said.split())
    assert s.director.history.entries[-1].heard == closed.heard
    assert s.state == floor.LISTENING
    assert not any(d.t_ns > stop.t_ns for d in s.all(ev.Speak))


@pytest.mark.parametrize("heard", ["stop", "stop it", "stop ?"])
def test_a_stop_over_an_answer_counts_though_the_recogniser_is_a_little_unsure_of_it(heard: str) -> None:
    s = ScriptedSession(World(model_answer="Once upon a time there was a lamp, and it was lit. " * 6))
    s.say("tell me a story", at_ms=500)
    end = s.say(f"~{heard}", at_ms=6_000, ms=350)
    s.run_until(9_000)
    (stop,) = s.all(ev.StopPlay)
    assert stop.t_ns - end * MS <= 250 * MS
    assert [c.outcome for c in s.all(ev.TurnClosed)] == ["stopped"]


@pytest.mark.parametrize("heard", ["? stop", "wait", "? up", "stop reading the news ?"])
def test_other_words_of_which_the_recogniser_is_unsure_end_no_answer(heard: str) -> None:
    s = ScriptedSession(World(model_answer="Once upon a time there was a lamp, and it was lit."))
    s.say("tell me a story", at_ms=500)
    s.say(f"~{heard}", at_ms=4_000, ms=350)
    s.run_until(15_000)
    assert not s.all(ev.StopPlay)
    assert [c.outcome for c in s.all(ev.TurnClosed)] == ["answered"]


@pytest.mark.parametrize(("voiced_ms", "ends"), [(600, True), (2_500, False)])
def test_a_long_sound_that_was_completed_to_a_stop_is_none(voiced_ms: int, ends: bool) -> None:
    word = ev.Word("stop", 0, voiced_ms * MS, 0.8)
    heard = ev.Transcribed(0, 1, "stop", False, f"{NOT_A_PHRASE} (that is not how it is said)", (word,), -0.1)
    assert refused_stop(heard) is ends


def test_a_cough_over_the_answer_ducks_it_and_it_goes_on() -> None:
    s = ScriptedSession(World(model_answer="Once upon a time there was a lamp, and it was lit."))
    s.say("tell me a story", at_ms=500)
    s.say("(cough)", at_ms=4_000, ms=130)
    s.run_until(15_000)
    assert [d.on for d in s.all(ev.Duck)] == [True, False]
    assert not s.all(ev.StopPlay)
    assert s.all(ev.TurnClosed)[0].outcome == "answered"


def test_words_of_agreement_pause_the_answer_and_it_resumes() -> None:
    s = ScriptedSession(World(model_answer="Once upon a time there was a lamp, and it was lit."))
    s.say("tell me a story", at_ms=500)
    s.say("okay", at_ms=4_000, ms=400)
    s.run_until(15_000)
    assert [d.on for d in s.all(ev.PausePlay)] == [True, False]
    assert s.all(ev.TurnClosed)[0].outcome == "answered"


def test_a_camera_that_gives_nothing_is_told_and_so_is_its_return() -> None:
    s = ScriptedSession()
    s.run_until(1_000)
    s.feed(ev.MediaFlow(1_000 * MS, "camera", False, "nothing has come from it for 2.7 s"))
    s.run_until(6_000)
    assert s.spoken() == "No picture comes from the camera. Is it on?"
    s.feed(ev.MediaFlow(6_000 * MS, "camera", True, "it sends again"))
    s.run_until(9_000)
    assert s.spoken().endswith("I see again.")


def test_a_dead_microphone_is_told_once_the_answer_is_over() -> None:
    s = ScriptedSession()
    s.say("what does this sign say", at_ms=500)
    s.run_until(3_200)
    before = s.spoken()
    s.feed(ev.MediaFlow(3_200 * MS, "microphone", False))
    s.run_until(12_000)
    assert s.spoken().startswith(before) and s.spoken().endswith("I hear nothing. Is the microphone on?")


def test_another_question_over_the_answer_drops_it_and_is_answered() -> None:
    s = ScriptedSession(World(model_answer="Once upon a time there was a lamp, and it was lit. " * 4))
    s.say("tell me a story", at_ms=500)
    s.say("what does this sign say", at_ms=5_000)
    s.run_until(20_000)
    assert [c.outcome for c in s.all(ev.TurnClosed)] == ["interrupted", "answered"]
    assert "platform 7" in s.spoken(2).lower()


def test_a_model_is_told_only_what_the_ear_got_of_an_interrupted_answer() -> None:
    s = ScriptedSession(World(model_answer="Once upon a time there was a lamp, and it was lit. " * 4))
    s.say("tell me a story", at_ms=500)
    s.say("what colour is the door", at_ms=5_000)
    s.run_until(20_000)
    closed = s.all(ev.TurnClosed)[0]
    (told,) = [m.text for m in s.all(ev.AskModel)[1].messages if m.role == "assistant"]
    assert told == closed.heard
    assert 3 <= len(told.split()) < len(closed.said.split())


def test_wait_holds_the_answer_and_go_on_continues_it() -> None:
    s = ScriptedSession(World(model_answer="Once upon a time there was a lamp, and it was lit."))
    s.say("tell me a story", at_ms=500)
    s.say("wait", at_ms=4_000, ms=400)
    s.run_until(9_000)
    assert s.state == floor.LISTENING and not s.all(ev.TurnClosed)
    s.say("go on", at_ms=9_500)
    s.run_until(20_000)
    assert [c.outcome for c in s.all(ev.TurnClosed)] == ["answered"]


def test_please_over_an_answer_is_a_plea_to_stop_and_before_a_request_it_is_waited_after() -> None:
    """Of "please stop" a canceller may leave no more than its first word."""
    s = ScriptedSession(World(model_answer="The door is red. " * 40))
    s.say("what is behind the door", at_ms=500)
    end = s.say("please", at_ms=6_000, ms=350)
    s.run_until(8_000)
    (stopped,) = [e for e in s.all(ev.StopPlay) if e.t_ns > 6_000 * MS]
    assert stopped.t_ns - end * MS <= 600 * MS
    assert len(s.all(ev.TurnOpened)) == 1
    s.say("please", at_ms=12_000, ms=350)
    end = s.say("read the sign", at_ms=12_900)
    s.run_until(20_000)
    assert s.all(ev.TurnOpened)[-1].text == "please read the sign"


def test_a_tap_silences_like_stop() -> None:
    s = ScriptedSession(World(model_answer="Once upon a time there was a lamp, and it was lit. " * 4))
    s.say("tell me a story", at_ms=500)
    s.tap(at_ms=5_000)
    s.run_until(9_000)
    (closed,) = s.all(ev.TurnClosed)
    assert closed.outcome == "stopped"
    assert 3 <= len(closed.heard.split()) <= 12, "the words are reckoned to the moment of the tap"
    assert s.director.history.entries[-1].heard == closed.heard


@pytest.mark.parametrize(
    ("world", "words"),
    [
        (World(frame=None), "no picture"),
        (World(frame=ev.FrameScore(7, 0, 1280, 720, 30.0, 8.0, 15.0, 1.0)), "too dark"),
        (World(lines=()), "no text that i can read"),
        (World(model=""), ""),
    ],
)
def test_a_bad_look_is_said_not_guessed(world: World, words: str) -> None:
    s = ScriptedSession(world)
    s.say("what does this sign say", at_ms=500)
    s.run_until(12_000)
    assert words in s.spoken(1).lower()
    assert len(s.all(ev.TurnClosed)) == 1


def test_without_a_model_it_says_what_it_can_still_do() -> None:
    s = ScriptedSession(World(model=""))
    s.say("what is behind the door", at_ms=500)
    s.run_until(12_000)
    assert "none is set" in s.spoken(1) and "signs" in s.spoken(1)


@pytest.mark.parametrize("kind", ["network", "auth", "overloaded", "stalled", "protocol"])
def test_a_failing_model_is_heard_of_and_the_conversation_goes_on(kind: str) -> None:
    s = ScriptedSession(World(model_failure=kind))
    s.say("what is behind the door", at_ms=500)
    s.say("what does this sign say", at_ms=8_000)
    s.run_until(20_000)
    assert s.spoken(1) and "platform 7" in s.spoken(2).lower()


def test_unknown_words_are_refused_once_not_guessed() -> None:
    s = ScriptedSession(World(understands=False))
    s.say("how tall is the eiffel tower", at_ms=500)
    s.say("and the other one", at_ms=9_000)
    s.run_until(16_000)
    assert "demo's phrases" in s.spoken()
    assert not s.all(ev.AskModel)


def test_a_transcript_that_never_comes_is_not_waited_for_for_ever() -> None:
    s = ScriptedSession(World(transcribe_ms=60_000))
    s.say("what does this sign say", at_ms=500)
    s.run_until(30_000)
    assert s.state == floor.LISTENING
    assert s.spoken()


def test_a_recogniser_that_fails_is_not_blamed_on_the_wearer() -> None:
    s = ScriptedSession(World(transcribe_fails=True))
    s.say("what does this sign say", at_ms=500)
    s.run_until(9_000)
    assert "My hearing stumbled" in s.spoken()


def test_an_open_recogniser_says_so_otherwise() -> None:
    s = ScriptedSession(World(understands=False, closed_vocabulary=False))
    s.say("how tall is the eiffel tower", at_ms=500)
    s.run_until(9_000)
    assert s.spoken() == "I did not understand that."


def test_a_second_refusal_soon_after_is_a_tone() -> None:
    s = ScriptedSession(World(understands=False, closed_vocabulary=False))
    s.say("how tall is the eiffel tower", at_ms=500)
    s.say("and the other one", at_ms=6_000)
    s.run_until(16_000)
    assert len(s.all(ev.TurnOpened)) == 1
    assert [e.name for e in s.all(ev.Earcon)] == ["failed"]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("again", "I have not said anything yet."),
        ("private mode", "Nothing leaves this device"),
        ("what can i say", "what does this sign say"),
        ("what did you send", "Nothing has left this device."),
        ("how much is this", "no price"),
        ("what is this code", "no code"),
    ],
)
def test_small_questions_have_true_answers(said: str, answer: str) -> None:
    s = ScriptedSession()
    s.say(said, at_ms=500)
    s.run_until(30_000)
    assert answer in s.spoken(1)


@pytest.mark.parametrize(
    ("broken", "said", "words"),
    [
        ("look", "what does this sign say", "could not look"),
        ("read_codes", "what is this code", "code reader stumbled"),
    ],
)
def test_an_engine_that_raises_is_said(broken: str, said: str, words: str) -> None:
    s = ScriptedSession(World(broken=broken))
    s.say(said, at_ms=500)
    s.run_until(9_000)
    assert words in s.spoken(1)


def test_a_model_is_told_what_is_wrong_with_the_picture() -> None:
    blurred = ev.FrameScore(7, 0, 1280, 720, sharpness=2.0, brightness=120.0, contrast=50.0, motion=1.0)
    s = ScriptedSession(World(frame=blurred))
    s.say("what is behind the door", at_ms=500)
    s.run_until(9_000)
    assert "My picture is blurred" in s.all(ev.AskModel)[0].messages[-1].text


def test_a_question_that_points_at_nothing_is_asked_without_a_bad_picture() -> None:
    dark = ev.FrameScore(7, 0, 1280, 720, sharpness=30.0, brightness=8.0, contrast=15.0, motion=1.0)
    s = ScriptedSession(World(frame=dark))
    s.say("who built the eiffel tower", at_ms=500)
    s.run_until(9_000)
    (ask,) = s.all(ev.AskModel)
    assert ask.messages[-1].frame_id == 0


def test_an_old_picture_is_not_answered_from() -> None:
    s = ScriptedSession(World(frame_age_ms=3_000))
    s.say("what does this sign say", at_ms=4_500)
    s.run_until(12_000)
    assert "too old to trust" in s.spoken(1)


def test_an_answer_that_never_comes_is_given_up_aloud() -> None:
    s = ScriptedSession(World(model_first_ms=90_000))
    s.say("what is behind the door", at_ms=500)
    s.run_until(60_000)
    assert "takes too long" in s.spoken(1)
    assert s.all(ev.Cancel) and s.state == floor.LISTENING


def test_louder_over_an_answer_does_not_end_it() -> None:
    s = ScriptedSession(World(model_answer="Once upon a time there was a lamp, and it was lit. " * 3))
    s.say("tell me a story", at_ms=500)
    s.say("louder", at_ms=4_000, ms=400)
    s.run_until(25_000)
    assert [v.gain_db for v in s.all(ev.SetVolume)] == [4.0]
    assert [c.outcome for c in s.all(ev.TurnClosed)] == ["answered"]


def test_louder_while_held_keeps_it_held() -> None:
    s = ScriptedSession(World(model_answer="Once upon a time there was a lamp, and it was lit. " * 2))
    s.say("tell me a story", at_ms=500)
    s.say("wait", at_ms=4_000, ms=400)
    s.say("louder", at_ms=6_000, ms=400)
    s.say("go on", at_ms=9_000)
    s.run_until(25_000)
    assert s.all(ev.SetVolume) and [c.outcome for c in s.all(ev.TurnClosed)] == ["answered"]


def test_an_answer_cut_off_by_its_server_counts_as_failed() -> None:
    s = ScriptedSession(World(model_answer="The door is", model_ends_in="truncated"))
    s.say("what is behind the door", at_ms=500)
    s.run_until(12_000)
    assert s.spoken(1).startswith("The door is") and "cut off" in s.spoken(1)
    assert s.all(ev.TurnClosed)[0].outcome == "failed"


def test_sound_without_a_pause_opens_no_turn() -> None:
    s = ScriptedSession()
    s.say("(radio)", at_ms=500, ms=60_000)
    s.run_until(70_000)
    assert not s.all(ev.TurnOpened) or all(t.intent == "status:not_understood" for t in s.all(ev.TurnOpened))
    assert any(n.what == "utterance too long" for n in s.all(ev.Noted))


def test_the_companion_speaks_first_and_tells_what_it_sees() -> None:
    s = ScriptedSession(World(greet=True))
    s.run_until(4_000)
    assert s.spoken().startswith("I can hear you. I see some writing, sharp enough.")
    s = ScriptedSession(World(greet=True, frame=None))
    s.run_until(4_000)
    assert "no picture" in s.spoken()


def test_a_typed_question_is_a_turn() -> None:
    s = ScriptedSession()
    s._at(500 * MS, lambda: s.feed(ev.Typed(s.now_ns, "what does this sign say")))
    s.run_until(9_000)
    assert "platform 7" in s.spoken(1).lower()


def test_feeding_the_tape_back_gives_the_same_decisions() -> None:
    s = ScriptedSession(World(model_answer="Once upon a time there was a lamp, and it was lit. " * 4))
    s.say("what does this sign say", at_ms=500)
    s.say("tell me a story", at_ms=9_000)
    s.say("stop", at_ms=14_000, ms=400)
    s.run_until(20_000)
    again = Director(s.options)
    replayed = [d for event in s.tape for d in again.feed(event)]
    replayed += again.wake(s.now_ns)
    assert digest(replayed) == digest(s.decisions)


def test_a_late_timer_changes_nothing() -> None:
    """Deadlines are stamped with their time, however late somebody looks."""
    s = ScriptedSession()
    s.say("what does this sign say", at_ms=500)
    s.run_until(9_000)
    (opened,) = s.all(ev.TurnOpened)
    lazy = Director(s.options)  # nobody ever wakes it: deadlines are delivered by the next happening
    decisions = [d for event in s.tape for d in lazy.feed(event)]
    assert opened in decisions


def test_every_state_can_end_and_every_signal_leads_to_a_state() -> None:
    for state, row in TABLE.items():
        assert "ended" in row
        assert set(row.values()) <= set(TABLE), state


def test_a_signal_out_of_place_names_state_and_signal() -> None:
    with pytest.raises(IllegalSignalError, match=r"resume_speaking.*waiting"):
        Conversation().signal("resume_speaking")


_WORDS = ["what does this sign say", "stop", "okay", "tell me a story", "wait", "go on", "(cough)", "again", "louder"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(_WORDS), st.integers(40, 4_000), st.integers(80, 2_500)), max_size=9),
    st.booleans(),
    st.sampled_from(["", "network"]),
)
def test_no_conversation_gets_stuck(script: list[tuple[str, int, int]], greet: bool, failure: str) -> None:
    """Whoever says what when: the floor is free again in the end, and the tape replays alike."""
    world = World(greet=greet, model_failure=failure, model_answer="Once there was a lamp, and it was lit. " * 3)
    s = ScriptedSession(world)
    at = 300
    for text, gap, length in script:
        at = s.say(text, at + gap, length)
    s.run_until(at + 90_000)
    held = any(w == "wait" for w, _, _ in script)
    assert s.state == floor.LISTENING
    opened, closed = {o.turn for o in s.all(ev.TurnOpened)}, [c.turn for c in s.all(ev.TurnClosed)]
    assert len(closed) == len(set(closed))
    assert set(closed) == opened or held
    again = Director(s.options)
    replayed = [d for event in s.tape for d in again.feed(event)] + again.wake(s.now_ns)
    assert digest(replayed) == digest(s.decisions)


def test_signs_are_the_fixture_they_claim() -> None:
    assert SIGN[0].text == "PLATFORM 7"


def test_a_stamp_from_the_end_of_time_ends_the_session_and_does_not_ring_until_then() -> None:
    """A damaged file can claim any time: a sound that comes back every few seconds would be decided for ever."""
    s = ScriptedSession(World(model_answer="The door is red. " * 40))
    s.say("what is behind the door", at_ms=500)
    s.run_until(4_000)
    assert s.state == floor.SPEAKING
    s.feed(ev.SessionEnded(1 << 62, "over"))
    assert 0 < len([e for e in s.all(ev.Earcon) if e.t_ns > 4_000 * MS]) <= 10_000
