"""Whose words open a turn, and when: the gate, the wearer's own phrase, tap, button and sleep."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.settings import Settings, SettingsError
from pipelines.attention import FOREVER, Attention
from pipelines.events import (
    MS,
    NS,
    AttentionChanged,
    Resumed,
    WakeHeard,
    Word,
)
from pipelines.hearing.phrase import Phrase, find_any
from pipelines.scribe import Scribe
from pipelines.thinking.options import AttentionOptions

ROOT = Path(__file__).resolve().parent.parent
WAKE = AttentionOptions(start="wake", wake_word="okay_nabu")
PUSH = AttentionOptions(start="push")


class Gate:
    """An `Attention` and its time: words are said for a second unless told otherwise, and known 200 ms later."""

    def __init__(self, options: AttentionOptions = WAKE) -> None:
        self.scribe = Scribe()
        self.attention = Attention(options, self.scribe)
        self.attention.begin()

    def at(self, ms: int) -> Gate:
        """Time goes on; a deadline that passes is delivered."""
        due_ns = self.attention.deadline_ns()
        if due_ns is not None and due_ns <= ms * MS:
            self.scribe.now_ns = due_ns
            self.attention.rang(due_ns)
        self.scribe.now_ns = ms * MS
        return self

    def hears(self, text: str, from_ms: int, to_ms: int = 0, words: tuple[Word, ...] = ()) -> str | None:
        """What of these words counts; None: they do not."""
        to_ms = to_ms or from_ms + 1000
        self.at(max(to_ms + 200, self.scribe.now_ns // MS))
        admission = self.attention.admits(text, from_ms * MS, to_ms * MS, self.scribe.now_ns, words)
        assert admission.why
        assert admission.ok or not admission.text, "what does not count is not given on"
        return admission.text if admission.ok else None

    def wake_word(self, ms: int) -> None:
        self.at(ms)
        self.attention.on_wake(WakeHeard(ms * MS, ms * MS, "okay nabu", 0.97))

    def answered(self, from_ms: int, to_ms: int) -> None:
        self.at(from_ms).attention.turn_opened()
        self.at(to_ms).attention.turn_ended(to_ms * MS)

    @property
    def story(self) -> list[str]:
        return [d.new for d in self.scribe._written if isinstance(d, AttentionChanged)]


# --------------------------------------------------------------------------------------------------------- open, closed


def test_without_a_gate_all_words_count_and_nothing_is_written_down() -> None:
    gate = Gate(AttentionOptions())
    assert gate.hears("what does this say", 1000) == "what does this say"
    gate.answered(2300, 5000)
    assert gate.hears("and this", 60_000) == "and this"
    assert gate.attention.state == "open" and gate.story == [] and gate.attention.deadline_ns() is None


def test_without_a_gate_the_phrase_is_politeness_and_alone_a_greeting() -> None:
    gate = Gate(AttentionOptions())
    assert gate.hears("Hey Earshot, what does this say?", 1000) == "what does this say?"
    assert gate.hears("hey earshot", 5000) == "hey earshot"
    assert gate.hears("is the shop out of earshot", 9000) == "is the shop out of earshot"


def test_behind_the_gate_nothing_counts_without_the_phrase() -> None:
    gate = Gate()
    assert gate.story == ["closed"]
    for i, talk in enumerate(("what does this say", "stop", "the platform is out of earshot", "okay", "")):
        assert gate.hears(talk, 1000 + 2000 * i) is None
    assert gate.attention.state == "closed"


def test_phrase_and_question_in_one_breath() -> None:
    assert Gate().hears("Hey Earshot, what does this say?", 1000, 3000) == "what does this say?"
    assert Gate().hears("so um hey ear shot what does this say", 1000, 3000) == "what does this say"
    assert Gate().hears("hey earshot hey earshot read this", 1000, 3000) == "read this"


@pytest.mark.parametrize("pause_ms", [0, 100, 200, 300, 1000, 5000])
def test_phrase_a_pause_and_the_question_as_words_of_their_own(pause_ms: int) -> None:
    gate = Gate()
    assert gate.hears("hey earshot", 1000, 1700) == ""  # only the phrase: listen
    assert gate.attention.state == "follow-up"
    assert gate.hears("what does this say", 1700 + pause_ms, 3000 + pause_ms) == "what does this say"


@pytest.mark.parametrize(
    ("grown", "counts"),
    [
        ("hey earshot what does this say", "what does this say"),
        ("hay airshot, what does this say", "what does this say"),
        ("hate her shot what does this say", "what does this say"),  # far off: but it is known that it was said
        ("what does this say", "what does this say"),  # or lost altogether
    ],
)
def test_phrase_heard_in_the_first_pause_and_lost_when_the_utterance_has_grown(grown: str, counts: str) -> None:
    gate = Gate()
    assert gate.hears("hey earshot", 1000, 1700) == ""
    assert gate.hears(grown, 1000, 3200) == counts


def test_what_was_said_before_the_phrase_stays_here() -> None:
    gate = Gate()
    assert gate.hears("my pin is one two three four hey earshot what time is it", 1000, 6000) == "what time is it"
    # And when the recogniser has lost the phrase in the longer utterance, nothing of it counts.
    assert gate.hears("my pin is one two three four he's a shot what time is it in Rome", 1000, 7500) is None


# -------------------------------------------------------------------------------------------------- how the gate closes


def test_a_follow_up_needs_no_phrase_and_ends() -> None:
    gate = Gate()
    assert gate.hears("hey earshot what does this say", 1000, 3000)
    gate.answered(3300, 6000)
    assert gate.attention.state == "follow-up" and gate.attention.deadline_ns() == 14_000 * MS
    assert gate.hears("how much is it", 13_900, 15_000) == "how much is it"  # it began in time
    assert gate.attention.state == "closed"
    assert gate.hears("and that one", 16_000) is None


def test_during_the_answer_the_conversation_goes_on() -> None:
    gate = Gate()
    assert gate.hears("hey earshot what do you see", 1000, 3000)
    gate.at(3300).attention.turn_opened()
    assert gate.attention.state == "open"
    assert gate.hears("no the other one", 30_000) == "no the other one"


def test_speech_that_began_before_the_gate_opened_does_not_count() -> None:
    gate = Gate()
    gate.at(5000).attention.on_tap()
    assert gate.hears("and then she told me about the thing and", 1000, 7000) is None
    assert gate.hears("what does this say", 5500) == "what does this say"


def test_no_follow_up_where_none_is_wanted() -> None:
    gate = Gate(replace(WAKE, follow_up_ms=0))
    assert gate.hears("hey earshot what does this say", 1000, 3000)
    gate.answered(3300, 6000)
    assert gate.hears("the news at nine", 6100) is None


# ------------------------------------------------------------------------------------------------- the wake word engine


def test_words_behind_the_wake_word_count_with_and_without_it_in_the_words() -> None:
    for heard in ("okay nabu what does this say", "Okay, na boo, what does this say", "what does this say"):
        gate = Gate()
        gate.wake_word(1900)  # up to 0.25 s behind its end, so already in the next word
        assert gate.attention.state == "follow-up"
        assert gate.hears(heard, 1000, 3000) == "what does this say"
    gate = Gate()
    gate.wake_word(1900)
    assert gate.hears("ok now boo what does this say", 1000, 3000) == "ok now boo what does this say"  # odd, not lost
    gate = Gate()
    gate.wake_word(1900)
    assert gate.hears("what does this say", 2100, 3000) == "what does this say"


def test_a_wake_word_in_the_middle_of_other_talk_gives_on_only_what_follows() -> None:
    times = [
        ("my", 1.0),
        ("pin", 1.3),
        ("is", 1.6),
        ("one", 1.9),
        ("ok", 5.0),
        ("now", 5.3),
        ("boo", 5.6),
        ("help", 5.9),
    ]
    words = tuple(Word(w, int(t * NS), int((t + 0.3) * NS)) for w, t in times)
    gate = Gate()
    gate.wake_word(5900)
    assert gate.hears("my pin is one ok now boo help", 1000, 6200, words) == "help"
    gate = Gate()
    gate.wake_word(5900)
    assert gate.hears("my pin is one ok now boo help", 1000, 6200) is None
    assert gate.hears("help me", 6500) == "help me"  # said again it counts: the gate is open


# ---------------------------------------------------------------------------------------------------------- tap, button


@pytest.mark.parametrize("options", [WAKE, PUSH])
def test_a_tap_opens(options: AttentionOptions) -> None:
    gate = Gate(options)
    assert gate.at(1000).attention.on_tap()
    assert gate.hears("what does this say", 1100, 2200) == "what does this say"


def test_a_tap_while_a_turn_is_answered_or_with_nothing_to_open_is_not_ours() -> None:
    gate = Gate()
    gate.attention.turn_opened()
    assert not gate.attention.on_tap()
    assert not Gate(AttentionOptions()).attention.on_tap()


def test_push_to_talk_counts_what_began_while_it_was_held() -> None:
    gate = Gate(PUSH)
    assert gate.hears("hey earshot what does this say", 100) is None
    gate.at(2000).attention.pressed()
    assert gate.attention.held and gate.attention.state == "open"
    assert gate.hears("what does", 1900, 2600) == "what does"  # the finger was a little late
    gate.at(3400).attention.released()
    assert not gate.attention.held and gate.attention.state == "closed"
    assert gate.hears("what does this say", 1900, 3500) == "what does this say"
    gate.answered(4000, 6000)
    assert gate.hears("nice weather", 6500) is None, "push has no follow-up"


def test_a_tap_with_push_is_good_for_one_question() -> None:
    gate = Gate(PUSH)
    gate.at(1000).attention.on_tap()
    assert gate.hears("what does this say", 1200, 2200)
    gate.at(2500).attention.turn_opened()
    gate.at(4000).attention.turn_ended(4000 * MS)
    assert gate.hears("nice weather", 4500) is None


def test_a_release_that_is_lost_does_not_leave_the_gate_open() -> None:
    gate = Gate(PUSH)
    gate.at(1000).attention.pressed()
    assert gate.attention.deadline_ns() == 61_000 * MS
    assert gate.hears("the news at nine", 70_000) is None
    gate.at(80_000).attention.pressed()
    gate.at(81_000).attention.link_lost()
    assert not gate.attention.held and gate.hears("the news at ten", 82_000) is None


def test_a_button_during_a_follow_up_takes_nothing_of_it_away() -> None:
    gate = Gate()
    gate.answered(1000, 2000)
    gate.at(3000).attention.pressed()
    gate.at(3100).attention.released()
    assert gate.hears("how much is it", 4000) == "how much is it"


# --------------------------------------------------------------------------------------------------------------- asleep


@pytest.mark.parametrize("options", [AttentionOptions(), WAKE])
def test_asleep_only_waking_counts(options: AttentionOptions) -> None:
    gate = Gate(options)
    gate.at(1000).attention.sleep()
    assert gate.attention.state == "asleep"
    assert gate.hears("what does this say", 2000) is None
    assert gate.hears("did you wake up early", 4000) is None
    assert gate.hears("Wake up!", 6000) == "Wake up!" and gate.attention.state == "asleep"  # the command wakes it
    gate.attention.wake_up()
    assert gate.hears("what does this say", 8000) == "what does this say"


@pytest.mark.parametrize("options", [AttentionOptions(), WAKE])
def test_the_phrase_wakes_and_its_question_counts(options: AttentionOptions) -> None:
    gate = Gate(options)
    gate.attention.sleep()
    assert gate.hears("hey earshot what does this say", 2000) == "what does this say"
    assert gate.attention.state in {"open", "follow-up"}


@pytest.mark.parametrize("options", [AttentionOptions(), WAKE, PUSH])
def test_hands_wake_too(options: AttentionOptions) -> None:
    gate = Gate(options)
    gate.at(1000).attention.sleep()
    assert gate.at(2000).attention.on_tap() and gate.attention.state != "asleep"
    gate.at(3000).attention.sleep()
    gate.at(4000).attention.pressed()
    assert gate.hears("what does this say", 4100) == "what does this say"


# -------------------------------------------------------------------------------------------------- at rest, and always


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["phrase", "talk", "tap", "press", "release", "wake", "open", "end", "sleep", "up", "late"]),
        st.integers(1, 12_000),
    ),
    max_size=14,
)


def _step(gate: Gate, what: str, ms: int) -> str | None:
    attention, now_ns = gate.at(gate.scribe.now_ns // MS + ms).attention, gate.scribe.now_ns
    match what:
        case "phrase":
            return attention.admits("hey earshot read this", now_ns - 900 * MS, now_ns, now_ns).text
        case "talk":
            return attention.admits("the news at nine", now_ns - 900 * MS, now_ns, now_ns).text
        case "wake":
            attention.on_wake(WakeHeard(now_ns, now_ns, "okay nabu", 0.9))
        case "end":
            attention.turn_ended(now_ns)
        case "late":
            gate.at(now_ns // MS + 70_000)
        case _:
            call = {"tap": "on_tap", "press": "pressed", "release": "released", "open": "turn_opened"}
            getattr(attention, call.get(what) or {"sleep": "sleep", "up": "wake_up"}[what])()
    return None


@given(st.sampled_from([AttentionOptions(), WAKE, PUSH]), _STEPS, _STEPS)
@settings(max_examples=150, deadline=None)
def test_going_on_from_what_is_written_down_at_rest_decides_alike(
    options: AttentionOptions, before: list[tuple[str, int]], behind: list[tuple[str, int]]
) -> None:
    gate = Gate(options)
    for what, ms in before:
        _step(gate, what, ms)
    for what in ("release", "end"):
        _step(gate, what, 1000)
    assert gate.attention.at_rest
    gate.at(gate.scribe.now_ns // MS + 3000)  # nobody speaks at rest: what comes then began behind it
    gate.scribe.take()
    other = Gate(options)
    other.scribe.now_ns = gate.scribe.now_ns
    other.attention.stand(gate.attention.rest(Resumed(gate.scribe.now_ns, 0)))
    other.scribe.take()
    for what, ms in behind:
        assert _step(gate, what, ms) == _step(other, what, ms)
        assert gate.attention.state == other.attention.state
        assert gate.attention.deadline_ns() == other.attention.deadline_ns()
        assert gate.scribe.take() == other.scribe.take()


@given(_STEPS)
@settings(max_examples=150, deadline=None)
def test_talk_never_counts_while_the_gate_says_that_it_is_closed(steps: list[tuple[str, int]]) -> None:
    gate = Gate()
    for what, ms in steps:
        _step(gate, what, ms)
        gate.at(gate.scribe.now_ns // MS + 1)
        if gate.attention.state in {"closed", "asleep"}:
            now_ns = gate.scribe.now_ns + 50 * MS
            assert not gate.attention.admits("the news at nine", now_ns, now_ns + NS, now_ns + NS).ok
        assert len(gate.attention._spans) <= 4
        assert copy.deepcopy(gate.attention).state == gate.attention.state


def test_options_that_cannot_work_are_refused_with_the_way_out() -> None:
    for wrong, told in (
        ({"start": "always"}, "open, wake or push"),
        ({"phrases": ["hey"]}, "at least 5 letters"),
        ({"near_db": -3.0}, "between 0"),
        ({"start": "wake", "phrases": []}, "neither a phrase nor a wake word"),
        ({"follow_up_ms": -1}, "no follow-up"),
    ):
        with pytest.raises(SettingsError, match=told):
            Settings.from_plain({"attention": wrong}, "earshot.toml")
    assert FOREVER > 10**18


# ----------------------------------------------------------------------------------- the phrase as recognisers write it

HEARD_AS = """
hey earshot|Hey, Earshot!|HEY EARSHOT|hey ear shot|hey ear-shot|hay earshot|hey airshot
hey air shot|hey ear shop|hey earshop|hey ear shut|hey er shot|he earshot|hey year shot
hey eershot|hey earsot|hey earshots|hey ershot|hey irshot|Hey Earshort|okay earshot|ok earshot
O.K. Earshot|ok, ear shot|okay ear shot|okay airshot|okey earshot
"""

NOT_IT = """
he was out of earshot|they are short|hey your shot|okay your shot|hey nice shot|hey are you short
earshot|okay are you sure|he hears a shot|within earshot of the door|hey our shot|okay our shot
hey good shot|hey hot shot|hey you|they heard shots|hey there|okay|hey|okay shut it|hey earl
okay ear doctor|my ears hurt|hey earn it|okay earnest|hey a shot|okay a shot|hey big shot
the air is hot|hey share it|a near shot|hey eight shots|hey he shot|they shot|hey her shirt
hey your shirt|okay short|hey short|hey airport|hey air show|hey earth|okay earth|hey year one
okay year four|hey yearbook|what is near shore|hey sure thing|okay or what|hey here we are
okay here I shop|hey this car is hot|they are shot|can you hear shooting|okay here is what I thought
hey what a shot
"""


def test_the_phrase_is_found_as_recognisers_write_it_and_not_in_ordinary_words() -> None:
    phrases = (Phrase("hey earshot"), Phrase("okay earshot"))
    heard, not_it = (text.strip().replace("\n", "|").split("|") for text in (HEARD_AS, NOT_IT))
    assert [t for t in heard if find_any(phrases, t.split()) is None] == []
    assert [t for t in not_it if find_any(phrases, t.split()) is not None] == []
    assert len(heard) >= 27 and len(not_it) >= 50


def test_behind_other_words_it_must_be_as_good_as_exact() -> None:
    phrases = (Phrase("hey earshot"),)
    for phrase, is_it in (("hey ear shot", True), ("hey year shot", False)):
        assert (find_any(phrases, f"as I was saying {phrase} what is this".split()) is not None) == is_it


def test_pages_of_ordinary_words_do_not_hold_it() -> None:
    phrases = (Phrase("hey earshot"), Phrase("okay earshot"))
    words = (ROOT / "LICENSE").read_text().split() + (ROOT / "docs" / "session-format.md").read_text().split()
    calls = [i for i in range(0, len(words), 8) if find_any(phrases, words[i : i + 12])]
    assert calls == [] and len(words) > 2500


@given(st.text(max_size=80))
@settings(max_examples=100, deadline=None)
def test_any_text_can_be_looked_through(text: str) -> None:
    found = Phrase("hey earshot").find(text.split())
    assert found is None or 0 <= found.start < found.end <= len(text.split())


def test_another_phrase_of_the_wearers_own() -> None:
    gate = Gate(replace(WAKE, phrases=("hallo Brille", "computer")))
    assert gate.hears("Hallo, Brille! Was steht da?", 1000) == "Was steht da?"
    assert gate.hears("Computer what is this", 20_000) == "what is this"
    assert gate.hears("the commuters are off", 60_000) is None
