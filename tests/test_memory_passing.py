"""What is told in passing: what is offered to be remembered, when it is not, and what becomes of a yes and a no."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import events as ev
from pipelines.memory import along, other_words, wording
from pipelines.memory.dates import Span
from pipelines.memory.loose import loosely
from pipelines.memory.offering import stated
from pipelines.memory.passing import statement
from pipelines.memory.telling import told
from tests.scripted import SHARP
from tests.test_memory_turns import LOCAL, Days, facts_stored

KEY = "spare key's under the flowerpot by the way"


@pytest.fixture
def days(tmp_path: Path) -> Iterator[Days]:
    made = Days(tmp_path)
    yield made
    made.end()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("um so the car's behind the library just so I find it later", "the car is behind the library"),
        ("spare batteries in the shoebox under the bed", "the spare batteries are in the shoebox under the bed"),
        ("left my umbrella at Gino's", "I left my umbrella at Gino's"),
        ("the key's under, no wait, it's behind the planter", "the key is behind the planter"),
        ("wifi's fernleaf, sorry, fernleaf22", "my wifi is fernleaf22"),
        ("the code for the bike shed, that's 2 8 7 1", "the code for the bike shed is 2 8 7 1"),
        ("locker number is a hundred and twelve for future reference", "the locker number is a hundred and twelve"),
        ("bins go out on Tuesdays", "the bins go out on Tuesdays"),
        ("Lena's just moved to Graz", "Lena moved to Graz"),
        ("it's Hugo who has the tent", "Hugo has the tent"),
        ("they've put us in block D", "my block is D"),
        ("not there any more, reparked it by the church", "I parked by the church"),
        ("I can't stand olives", "I can't stand olives"),
        ("Felipe is vegan by the way", "Felipe is vegan"),
        ("parking costs two fifty an hour", "parking costs two fifty an hour"),
    ],
)  # fmt: skip
def test_a_fact_is_found_in_what_somebody_says_around_it(said: str, kept: str) -> None:
    found = statement(said)
    assert found is not None and found.text == kept


@pytest.mark.parametrize(
    "said",
    [
        "the door is on the left",
        "the sign says no entry",
        "there's a dog on the pavement",
        "she said she'd be late",
        "he told me the code is 1234",
        "maybe the key is under the mat",
        "if the shop is closed we'll go home",
        "your table is ready sir",
        "excuse me could you pass the salt",
        "I love this song",
        "my phone's dead",
        "my feet hurt",
        "my train's delayed",
        "the weather's been great",
        "it's on the table",
        "water boils at a hundred degrees",
        "read that to me",
        "is the key under the mat",
        "I need to buy milk",
        "I parked badly",
        "turn it up a bit",
        "the capital of France is Paris",
    ],
)
def test_talk_and_what_is_in_the_picture_are_no_facts(said: str) -> None:
    assert statement(said) is None


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("i'm on the late shift next week", "i'm on the late shift next week"),
        ("for the kitchen walls it's mustard two coats", "for the kitchen walls it's mustard two coats"),
        ("we got engaged on the ninth of May", "we got engaged on the ninth of May"),
        ("Aunt Dora only drinks peppermint tea", "Aunt Dora only drinks peppermint tea"),
    ],
)  # fmt: skip
def test_without_a_model_what_no_grammar_knows_is_offered_in_the_wearers_own_words(
    days: Days, said: str, kept: str
) -> None:
    talked = days.begin(0)
    assert statement(said) is None and loosely(said) is not None
    assert talked(said).startswith("Shall I remember")
    talked("yes")
    (memory,) = facts_stored(talked)
    assert memory.text == kept
    assert "Shall I" not in days.begin(1, models=(LOCAL,))(said), "a model takes it up"


@pytest.mark.parametrize(
    "said",
    [
        "it's freezing out here",
        "i'm shattered today",
        "i could murder a cup of tea",
        "the soup is cold",
        "there's a car behind us",
        "thanks very much love",
        "the sign says no entry",
        "how are you doing",
        "is it going to rain",
        "maybe he lives in Oslo",
    ],
)
def test_chatter_and_what_is_in_the_picture_are_not_offered_without_a_model_either(days: Days, said: str) -> None:
    assert "Shall I" not in days.begin(0)(said)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("do me a favour and keep in mind Uschi's train is at ten", "Uschi's train is at ten"),
        ("could you save Uschi's birthday, it's the fifth of May", "Uschi's birthday is the fifth of May"),
        ("keep for reference that the blue drill is Uschi's", "the blue drill is Uschi's"),
        ("save 5 5 2 as my library number", "my library number is 5 5 2"),
        ("the tent went to Uschi, log that for the summer", "the tent went to Uschi"),
        ("the pump runs at one one four, don't let me lose that", "the pump runs at one one four"),
        ("just so I'm tactful remember Uschi is a Quaker", "Uschi is a Quaker"),
        ("when Uschi visits we drink mint tea so remember it", "when Uschi visits we drink mint tea"),
        ("remember which hook is mine it's the third", "which hook is mine is the third"),
        ("remember no hazelnuts for Uschi when we cook", "no hazelnuts for Uschi when we cook"),
        ("ugh my library books are due on Friday remember that", "my library books are due on Friday"),
        ("put it somewhere safe that my eye test's on the ninth", "my eye test is on the ninth"),
    ],
)
def test_what_is_asked_to_be_kept_is_kept_without_the_request(said: str, kept: str) -> None:
    assert told(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        "remember to buy milk",
        "don't forget to call Uschi",
        "remember where I put it",
        "remember when we went to Spain",
        "he couldn't remember that the shop was closed",
        "my mum told me to remember that",
        "do you remember my locker",
        "tell me everything you remember about me",
        "the last hour you should not remember",
        "keep it down",
        "keep an eye on the door, it's open",
        "log in to the wifi, it's down",
        "save this page",
    ],
)
def test_orders_questions_and_what_others_remember_tell_nothing(said: str) -> None:
    assert told(said) == ""


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Uschi went home with my cake tins", "Uschi went home with my cake tins"),
        ("we planted a rowan for grandad", "we planted a rowan for grandad"),
        ("the pump code is five five three eight", "the pump code is five five three eight"),
    ],
)
def test_what_says_enough_is_offered_as_it_was_said(said: str, kept: str) -> None:
    assert stated(said) == kept


@pytest.mark.parametrize(
    "said",
    ["ooh it's chilly this morning", "no way that's insane", "my feet are killing me", "wake me up at half five"],
)
def test_the_weather_and_how_one_feels_are_not_offered(said: str) -> None:
    assert statement(said) is None and loosely(said) is None


def test_for_whom_a_note_is_taken_is_not_kept(days: Days) -> None:
    talked = days.begin(0)
    talked("make a note for me Uschi got a dog")
    assert [memory.text for memory in facts_stored(talked)] == ["Uschi got a dog"]


def test_a_note_where_nobody_takes_notes_is_remembered(days: Days) -> None:
    talked = days.begin(0)
    assert talked("make a note my shoe size is a six and a half wide").startswith("I will remember")
    assert talked("what is my shoe size").startswith("Your shoe size is a six and a half")


@pytest.mark.parametrize("yes", ["yes", "yes please", "yeah do that", "yes, keep it"])
def test_it_is_kept_after_any_plain_yes_and_found_again(days: Days, yes: str) -> None:
    talked = days.begin(0)
    assert talked(KEY) == "Shall I remember: The spare key is under the flowerpot? Then say: yes, keep it."
    assert not facts_stored(talked)
    assert talked(yes) == wording.KEPT_NOW
    later = days.begin(1)
    assert later("where's that spare key at").startswith("The spare key is under the flowerpot.")
    assert later("where do you know that from").startswith("You told me")


@pytest.mark.parametrize("answer", ["okay", "right", "what time is it", "yes but only until Monday because he moves"])
def test_nothing_else_is_a_yes(days: Days, answer: str) -> None:
    talked = days.begin(0)
    talked(KEY)
    talked(answer)
    assert not facts_stored(talked)


def test_after_a_no_the_same_is_not_offered_again_in_whatever_words(days: Days) -> None:
    talked = days.begin(0)
    talked(KEY)
    assert talked("no") == wording.NOT_KEPT
    assert "Shall I" not in talked("the spare key is under the flowerpot")
    assert not facts_stored(talked)
    assert "Shall I" in talked("the first aid kit lives on top of the fridge"), "something else is"


def test_silence_is_a_quiet_no(days: Days) -> None:
    talked = days.begin(0)
    talked(KEY)
    talked.at_ms += 20_000
    talked.session.run_until(talked.at_ms)
    assert [e.outcome for e in talked.session.all(ev.ConfirmEnded)] == ["silence"]
    assert talked.session.all(ev.Speak)[-1].text.startswith("Shall I remember")


def test_who_goes_on_with_something_else_need_not_decline(days: Days) -> None:
    talked = days.begin(0)
    talked("my locker is 214")
    talked(KEY)
    assert talked("no wait my locker is not 214 what was my locker") != wording.NOT_KEPT
    assert [e.outcome for e in talked.session.all(ev.ConfirmEnded)] == ["other words"]


def test_a_yes_to_news_takes_the_old_ones_place(days: Days) -> None:
    talked = days.begin(0)
    talked("remember that the spare key is under the flowerpot")
    talked("spare key's with the neighbour now")
    assert talked("yes") == "I will remember that. No longer: the spare key is under the flowerpot."
    assert talked("where is the spare key").startswith("The spare key is with the neighbour.")


def test_what_is_known_is_not_offered(days: Days) -> None:
    talked = days.begin(0)
    talked("remember that the spare key is under the flowerpot")
    assert talked(KEY) == wording.KNOWN


def test_a_secret_is_not_said_once_more(days: Days) -> None:
    talked = days.begin(0)
    asked = talked("the code for the bike shed, that's 2871")
    assert "Shall I remember" in asked and "2871" not in asked


def test_private_mode_offers_nothing(days: Days) -> None:
    talked = days.begin(0)
    talked("private mode")
    assert "Shall I" not in talked(KEY)
    assert not talked.session.all(ev.ConfirmAsked)


def test_with_a_model_only_a_plain_fact_is_offered_and_talk_is_the_models(days: Days) -> None:
    talked = days.begin(0, models=(LOCAL,))
    assert "Shall I" in talked(KEY)
    talked("no")
    assert not talked.asked()
    for said in ("what a day I had", "parking costs two fifty an hour"):
        talked(said)
    assert len(talked.asked()) == 2


def test_what_was_just_read_in_a_picture_is_not_offered_when_it_is_said(days: Days) -> None:
    talked = days.begin(0, frame=SHARP)
    assert "Platform 7" in talked("what does this sign say")
    assert "Shall I" not in talked("platform 7 Basel 14:05")
    assert "Shall I" not in talked("my platform is 7 Basel") or not facts_stored(talked)


@pytest.mark.parametrize("offers", [True, False])
def test_it_can_be_switched_off(days: Days, offers: bool) -> None:
    talked = days.begin(0, offers=offers)
    assert ("Shall I" in talked(KEY)) is offers


@pytest.mark.parametrize(
    "question",
    [
        "what did the dentist say",
        "where can I park",
        "how do I get to the hotel",
        "who is doing my job interview",
        "what did we do for our anniversary",
        "how old is the cat",
        "whose torch is it",
        "where does Jonas live",
    ],
)
def test_what_was_told_of_it_is_no_answer_to_something_else(question: str) -> None:
    told = ["the dentist is next Thursday at half three", "the car is parked in row K", "the hotel is in Bath",
            "my job interview is on Friday at ten", "our anniversary is the ninth of June", "the cat is called Biscuit",
            "the torch hangs on the hook", "Jonas works at the post office"]  # fmt: skip
    memories = [ev.Memory(i, "fact", text, at_s=float(i)) for i, text in enumerate(told, 1)]
    assert not along.answers(question, memories, Span())


@pytest.mark.parametrize(
    ("words", "subject"),
    [
        ("you can let go of my locker number now", "locker number"),
        ("the umbrella thing, delete it", "umbrella"),
        ("drop everything you've got on Jonas", "jonas"),
        ("get rid of the gate code would you", "gate code"),
    ],
)
def test_what_is_to_go_is_named_in_many_ways(words: str, subject: str) -> None:
    wanted = other_words.forgetting(words)
    assert wanted is not None and wanted.subject == subject


@pytest.mark.parametrize(
    "words",
    ["drop me at the station", "lose that weight", "scratch my back", "get rid of the spider", "clear the table",
     "don't delete my locker", "cancel the reminder about Anna", "did you delete my locker?", "take me to the gate"],
)  # fmt: skip
def test_nothing_is_forgotten_by_a_manner_of_speaking(words: str) -> None:
    assert other_words.forgetting(words) is None
