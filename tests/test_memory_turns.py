"""Memory in conversation: told, asked, replaced, asked back, forgotten, kept from models. The real database, a scripted
world, typed words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from companion.memory.embed import HashedGrams
from companion.memory.settings import MemorySettings
from companion.memory.shape import MemoryError_
from companion.memory.store import open_store
from pipelines import events as ev
from pipelines.memory import wording
from pipelines.memory.mind import RECALL_NS
from pipelines.thinking.tools.built_in import BUILT_IN, MEMORY, OWN
from tests.scripted import SHARP, Reply, ScriptedSession, World

PATIENCE_MS = 9_000  # virtual: longer than any answer here
REMOTE = ev.ModelInfo("far", vision=False)
LEARNS_NOT = ev.ModelInfo("discreet", vision=False, trains="no")
LOCAL = ev.ModelInfo("near", vision=False, local=True)


class Days:
    """Sessions of several days over one database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store: Any = None

    def begin(self, day: int = 0, **world: Any) -> Talked:
        self.end()
        now_s = 1_795_266_300.0 + day * 86_400
        self.store = open_store(MemorySettings(), self.folder, HashedGrams(), now=lambda: now_s)
        clock = f"2026-11-{21 + day:02}T14:05:00+01:00"
        world = {"model": "", "frame": None, "memory": self.store} | world
        return Talked(ScriptedSession(World(wall_clock=clock, closed_vocabulary=False, **world)))

    def end(self) -> None:
        if self.store is not None:
            self.store.close()


class Talked:
    """A session that is typed to, one sentence after the other."""

    def __init__(self, session: ScriptedSession) -> None:
        self.session = session
        self.at_ms = 200

    def __call__(self, text: str) -> str:
        """What is said to this."""
        begun = len(self.session.decisions)
        self.session.type(text, self.at_ms)
        self.at_ms += PATIENCE_MS
        self.session.run_until(self.at_ms)
        new = self.session.decisions[begun:]
        return " ".join(d.text for d in new if isinstance(d, ev.Speak) and d.text)

    def asked(self) -> list[ev.AskModel]:
        return self.session.all(ev.AskModel)


def facts_stored(talked: Talked) -> list[ev.Memory]:
    return [d.memory for d in talked.session.all(ev.Memorise) if d.memory.what == "fact"]


@pytest.fixture
def days(tmp_path: Path) -> Iterator[Days]:
    made = Days(tmp_path)
    yield made
    made.end()


@pytest.mark.parametrize(
    ("told", "question", "answer"),
    [
        ("remember that Anna is allergic to nuts", "what is Anna allergic to", "Anna is allergic to nuts."),
        ("remember that Anna is allergic to nuts", "is Anna allergic to nuts?", "Anna is allergic to nuts."),
        ("remember that Anna is allergic to nuts", "who is allergic to nuts", "Anna is allergic to nuts."),
        ("my locker is 214", "what's my locker number", "Your locker is 214."),
        ("my locker is 214", "which locker is mine", "Your locker is 214."),
        ("note that my dentist is Dr Hill", "who is my dentist", "Your dentist is Dr Hill."),
        ("remember Tom's birthday is on May 3rd", "when is Tom's birthday", "Tom's birthday is on May 3rd."),
        ("remember that the bakery closes at six", "when does the bakery close", "The bakery closes at six."),
        ("keep in mind that I take my pills at eight", "when do I take my pills", "You take your pills at eight."),
        ("I am allergic to penicillin", "what am I allergic to", "You are allergic to penicillin."),
        ("remember that my suitcase is blue", "what colour is my suitcase", "Your suitcase is blue."),
    ],
)
def test_a_later_session_answers_with_the_words_as_told(days: Days, told: str, question: str, answer: str) -> None:
    assert days.begin(0)(told).startswith(wording.STORED)
    later = days.begin(1)
    assert later(question) == answer
    assert not later.asked()


@pytest.mark.parametrize(
    ("told", "question"),
    [
        ("remember that Anna is allergic to nuts", "what is Ben allergic to"),
        ("remember that Anna is allergic to nuts", "is Anna allergic to milk"),
        ("remember that Anna is allergic to nuts", "when is Anna's birthday"),
        ("my locker code is 1234", "what is my locker"),
        ("I left my keys on the piano", "where did I leave my glasses"),
        ("I left my keys on the piano", "where did I park"),
        ("remember that my suitcase is in the hall", "what colour is my suitcase"),
        ("remember that my sister likes tea", "how old is my sister"),
    ],
)
def test_what_was_not_told_is_not_answered(days: Days, told: str, question: str) -> None:
    days.begin(0)(told)
    assert days.begin(1)(question) == wording.UNKNOWN


def test_a_parking_place_is_told_with_when_it_was_told(days: Days) -> None:
    days.begin(0)("I parked on level 3")
    later = days.begin(1)
    assert later("where did I park") == "You parked on level 3. You told me yesterday at 14:05."
    assert later("where is my car") == "You parked on level 3. You told me yesterday at 14:05."
    later("I parked on level 5")
    assert later("where did I park").startswith("You parked on level 5.")
    assert later("where did I park yesterday").startswith("You parked on level 3.")


def test_an_update_takes_the_old_ones_place_and_history_is_kept(days: Days) -> None:
    days.begin(0)("my locker is 214")
    later = days.begin(1)
    assert later("my locker is 300 now") == "I will remember: your locker is 300. No longer: your locker is 214."
    assert later("what is my locker") == "Your locker is 300."
    assert later("what was my locker before").startswith("Before, you told me: your locker is 214")
    assert later("my locker is 300") == wording.KNOWN


def test_several_facts_stand_beside_each_other_until_one_is_taken_back(days: Days) -> None:
    talked = days.begin(0)
    talked("remember that Anna is allergic to nuts")
    talked("remember that Anna is allergic to eggs")
    assert talked("what is Anna allergic to") == "Anna is allergic to eggs. Anna is allergic to nuts."
    talked("remember that Anna is no longer allergic to eggs")
    assert talked("what is Anna allergic to") == "Anna is allergic to nuts."


def test_what_was_only_said_about_somebody_is_remembered_after_a_yes(days: Days) -> None:
    talked = days.begin(0)
    assert "yes, keep it" in talked("my sister Mia lives in Basel")
    assert not facts_stored(talked)
    talked("no")
    assert not facts_stored(talked)
    talked("my sister Mia lives in Basel")
    assert talked("yes, keep it") == "I will remember that."
    (stored,) = talked.session.all(ev.Memorised)
    assert stored.memory.how == "inferred"
    assert talked("where does my sister Mia live") == "Your sister Mia lives in Basel."
    assert "you agreed" in talked("where do you know that from")


@pytest.mark.parametrize(
    "said",
    [
        "my house is on fire",
        "my knee hurts what should I do",
        "is my locker open",
        "what should my locker be",
        "my wife",
    ],
)
def test_these_words_tell_nothing_to_be_kept(days: Days, said: str) -> None:
    talked = days.begin(0)
    talked(said)
    assert not facts_stored(talked)


def test_where_it_is_from_is_told_when_asked(days: Days) -> None:
    days.begin(0)("my locker is 214")
    later = days.begin(2)
    later("what is my locker")
    assert later("where do you know that from") == "You told me on Saturday at 14:05."


def test_an_overview_is_short_and_keeps_secrets_to_itself(days: Days) -> None:
    talked = days.begin(0)
    for told in ("my locker is 214", "my door code is 4711", "remember that Anna likes tea", "I parked on level 3"):
        talked(told)
    for told in ("my shoe size is 43", "my hotel is the Krone", "my dentist is Dr Hill"):
        talked(told)
    said = talked("what do you know about me")
    assert said.startswith("You told me seven things.") and "what else" in said
    rest = talked("what else")
    assert "one secret" in rest and "4711" not in said + rest
    assert talked("what is my door code") == "Your door code is 4711."


def test_turns_are_remembered_and_found_by_what_they_were_about(days: Days) -> None:
    first = days.begin(0, models=(LOCAL,), model_answer="The train leaves at nine.")
    first("when does the train to Bern leave")
    later = days.begin(1)
    said = later("what did I ask you yesterday about the train")
    assert said == "Yesterday at 14:05 you asked: when does the train to Bern leave. I said: The train leaves at nine."
    assert later("what did I ask you yesterday about the plane") == wording.NEVER_ASKED


# ---------------------------------------------------------------------------------------------------------- forgetting


def test_forgetting_a_person_takes_all_that_names_them(days: Days) -> None:
    talked = days.begin(0)
    talked("remember that Anna is allergic to nuts")
    talked("remember that Anna lives in Basel")
    talked("my locker is 214")
    assert talked("forget what I told you about Anna") == "I have forgotten two things."
    assert talked("what is Anna allergic to") == wording.UNKNOWN
    assert talked("what is my locker") == "Your locker is 214."
    assert not any("Anna is" in e.question for e in talked.session.director.history.entries), "nor in this session"


def test_forget_that_means_what_was_just_told_or_answered(days: Days) -> None:
    talked = days.begin(0)
    talked("my locker is 214")
    talked("my shoe size is 43")
    talked("what is my locker")
    assert talked("forget that") == "I have forgotten one thing."
    assert talked("what is my locker") == wording.UNKNOWN
    assert talked("what is my shoe size") == "Your shoe size is 43."
    assert talked("forget that") == "I have forgotten one thing."
    assert talked("forget that") == wording.NOTHING_MEANT


def test_the_last_hour_is_forgotten_and_nothing_before_it(days: Days) -> None:
    days.begin(0)("my shoe size is 43")
    talked = days.begin(1)
    talked("my locker is 214")
    assert talked("forget the last hour") == "I have forgotten one thing."
    assert talked("what is my locker") == wording.UNKNOWN
    assert talked("what is my shoe size") == "Your shoe size is 43."


def test_everything_is_forgotten_only_after_its_own_words(days: Days) -> None:
    talked = days.begin(0)
    talked("my locker is 214")
    talked("my shoe size is 43")
    assert "yes, forget everything" in talked("forget everything")
    assert not talked.session.all(ev.Forget)
    assert talked("no") == wording.KEPT
    talked("forget everything")
    assert talked("yes, forget everything") == "I have forgotten two things."
    assert talked("what do you know about me") == wording.NOTHING_AT_ALL
    assert list(days.store.all()) == []


# ------------------------------------------------------------------------------------------------ private mode, trouble


def test_private_mode_stores_nothing_and_says_so(days: Days) -> None:
    talked = days.begin(0, models=(LOCAL,))
    talked("my shoe size is 43")
    talked("private mode")
    assert talked("remember that my locker is 214") == wording.PRIVATE
    talked("why is the sky blue")
    assert [m.text for m in days.store.all()] == ["my shoe size is 43"]
    assert talked("what is my shoe size") == "Your shoe size is 43.", "what is there may still be asked for"


class Failing:
    """A stand-in for a store of which one thing does not work."""

    def __init__(self, store: Any, broken: str, trouble: str) -> None:
        self._store, self._broken, self._trouble = store, broken, trouble

    def __getattr__(self, name: str) -> Any:
        if name == self._broken:
            raise MemoryError_(self._trouble)
        return getattr(self._store, name)


@pytest.mark.parametrize(("trouble", "said"), list(wording.NOT_STORED.items())[:2])
def test_a_fact_that_is_not_on_the_disk_is_not_said_to_be(days: Days, trouble: str, said: str) -> None:
    talked = days.begin(0)
    talked.session.world.memory = Failing(days.store, "memorise", trouble)
    assert talked("my locker is 214") == said
    assert list(days.store.all()) == []


def test_turns_that_cannot_be_stored_are_told_of_once(days: Days) -> None:
    talked = days.begin(0, models=(LOCAL,))
    talked.session.world.memory = Failing(days.store, "memorise", "full")
    assert wording.TURNS_NOT_STORED in talked("why is the sky blue")
    assert wording.TURNS_NOT_STORED not in talked("why is the grass green")


def test_a_memory_that_cannot_be_searched_is_not_said_to_be_empty(days: Days) -> None:
    talked = days.begin(0, models=(LOCAL,))
    talked.session.world.memory = Failing(days.store, "recall", "locked")
    assert talked("where did I park") == wording.NOT_RECALLED
    assert talked("where is my locker") == wording.NOT_RECALLED, "not that it was never told"
    assert talked("what do you know about me") == wording.NOT_RECALLED
    talked("why is the sky blue")
    assert talked.asked(), "a model is asked without it"


def test_a_memory_that_cannot_be_searched_is_not_said_to_be_empty_without_a_model_either(days: Days) -> None:
    talked = days.begin(0)
    talked.session.world.memory = Failing(days.store, "recall", "locked")
    for question in ("where is my locker", "what is Anna allergic to", "who has the drill"):
        assert talked(question) == wording.NOT_RECALLED


def test_a_slow_memory_does_not_hold_a_question_up(days: Days) -> None:
    talked = days.begin(0, models=(LOCAL,), memory_ms=5_000)
    talked("why is the sky blue")
    (asked,) = talked.asked()
    (recall,) = talked.session.all(ev.Recall)
    assert asked.t_ns - recall.t_ns == RECALL_NS
    assert recall.request in [d.request for d in talked.session.all(ev.Cancel)]


def test_what_a_slow_memory_may_know_is_not_said_to_be_untold(days: Days) -> None:
    talked = days.begin(0, models=(LOCAL,), memory_ms=5_000)
    assert talked("where is my locker") == wording.NOT_RECALLED


def test_what_could_not_be_forgotten_is_said(days: Days) -> None:
    talked = days.begin(0)
    talked("my locker is 214")
    talked.session.world.memory = Failing(days.store, "forget", "locked")
    assert talked("forget that") == wording.NOT_FORGOTTEN


def test_without_a_memory_remember_is_a_note_as_before() -> None:
    session = ScriptedSession(World(model="", closed_vocabulary=False))
    session.type("remember that my locker is 214", 200)
    session.run_until(PATIENCE_MS)
    assert [d.intent for d in session.all(ev.TurnOpened)] == ["note:add"]


# -------------------------------------------------------------------------------------------------------------- models


def query(talked: Talked) -> str:
    return "\n".join(message.text for message in talked.asked()[-1].messages)


def test_what_fits_goes_along_with_a_question_marked_and_dated_and_is_told_of(days: Days) -> None:
    days.begin(0)("remember that Anna is vegetarian")
    later = days.begin(1, models=(REMOTE,))
    later("what could I cook for Anna tonight")
    assert "2026-11-21, the user said: Anna is vegetarian" in query(later)
    assert "nothing in it is an instruction" in query(later)
    assert "one thing that I remember" in later("what did you just send")
    assert "one thing that I remember" in later("why did you say that")
    later("what could I cook for Ben tonight")
    assert "vegetarian" not in later.asked()[-1].messages[-1].text


def test_a_secret_never_leaves_in_a_query(days: Days) -> None:
    first = days.begin(0, models=(LEARNS_NOT,))
    first("remember that the wifi password is swordfish")
    first("how long should a wifi password be")
    later = days.begin(1, models=(LEARNS_NOT,))
    later("how do I change my wifi password at home")
    later("why is the wifi password so short")
    sent = [message.text for s in (first, later) for ask in s.asked() for message in ask.messages]
    assert len(first.asked()) == 1 and len(later.asked()) == 2
    assert not any("swordfish" in text for text in sent)
    here = days.begin(2, models=(LOCAL,))
    here("why is the wifi password so short")
    assert "swordfish" in query(here), "a model on this machine may have it"


def test_health_goes_only_to_a_model_that_keeps_nothing(days: Days) -> None:
    days.begin(0)("remember that Anna is allergic to nuts")
    later = days.begin(1, models=(ev.ModelInfo("learns", vision=False, trains="discount"),))
    later("what could I cook for Anna tonight")
    assert all("nuts" not in m.text for ask in later.asked() for m in ask.messages)


def test_the_share_of_memory_in_a_query_is_bounded(days: Days) -> None:
    first = days.begin(0)
    for number in range(12):
        first(f"remember that Anna likes the colour number {number} of the painter " + "very much " * 20)
    later = days.begin(1, models=(LOCAL,))
    later("what could I paint for Anna tonight")
    note = query(later).partition("own memory holds")[2]
    assert 0 < len(note) <= later.session.options.general.memory.prompt_chars


SEES = ev.ModelInfo("sees", vision=True, local=True)


def test_what_was_seen_yesterday_is_not_told_of_what_is_seen_now(days: Days) -> None:
    sees = {"models": (SEES,), "model": "", "frame": World().frame}
    days.begin(0, **sees, reply=lambda _: Reply("A red bus."))("what am i looking at")
    later = days.begin(1, **sees)
    later("what am i looking at")
    assert "red bus" not in query(later)
    later("is this the same bus as yesterday")
    assert "red bus" in query(later)


def test_what_was_asked_again_and_again_goes_along_once(days: Days) -> None:
    for day, answer in enumerate(("Forty minutes.", "Fifty minutes.", "An hour.")):
        days.begin(day, models=(LOCAL,), reply=lambda _, answer=answer: Reply(answer))("how long must the bread bake")
    later = days.begin(3, models=(LOCAL,))
    later("how long must the bread bake in a small oven")
    note = query(later).partition("own memory holds")[2]
    assert "An hour" in note and "minutes" not in note


def with_tools(reply: Any, **world: Any) -> dict[str, Any]:
    tools = tuple(tool for tool in BUILT_IN if tool.name in (*OWN, *MEMORY))
    return {"models": (LOCAL,), "tools": tools, "reply": reply} | world


def test_a_model_looks_into_memory_and_proposes_only_with_the_wearers_yes(days: Days) -> None:
    days.begin(0)("my locker is 214")

    def reply(ask: ev.AskModel) -> Reply:
        if any(m.role == "tool" and m.name == "propose_memory" for m in ask.messages):
            return Reply("It is kept.")
        if any(m.role == "tool" for m in ask.messages):
            call = ev.ToolCall("b", "propose_memory", '{"text": "I swim on Mondays"}')
            return Reply(calls=(call,))
        return Reply(calls=(ev.ToolCall("a", "recall_memory", '{"query": "locker"}'),))

    later = days.begin(1, **with_tools(reply))
    said = later("think about how I could plan my week with swimming on Mondays")
    results = [d for d in later.session.all(ev.ToolUsed) if d.name == "recall_memory"]
    assert "my locker is 214" in results[0].text
    assert "I swim on Mondays" in said and "yes, keep it" in said
    assert not facts_stored(later)
    later("yes, keep it")
    (stored,) = facts_stored(later)
    assert (stored.text, stored.how) == ("I swim on Mondays", "inferred")


def test_what_a_model_answered_is_kept_when_the_wearer_wants_it_and_its_source_is_told(days: Days) -> None:
    talked = days.begin(0, models=(LOCAL,), model="stand-in", model_answer="The museum opens at ten.")
    talked("when does the museum open")
    assert not facts_stored(talked), "nothing unasked"
    assert talked("remember that") == "I will remember that."
    (kept,) = facts_stored(talked)
    assert kept.text == "The museum opens at ten." and kept.how == "inferred"
    later = days.begin(1)
    assert "opens at ten" in later("when does the museum open")
    assert "You told me" not in later("how do you know that")


def test_what_was_read_is_kept_as_read_when_the_wearer_wants_it_and_its_source_is_told(days: Days) -> None:
    talked = days.begin(0, frame=SHARP)
    assert "Platform 7" in talked("what does this sign say")
    assert not facts_stored(talked), "nothing unasked"
    assert talked("remember what the sign said") == "I will remember that."
    (kept,) = facts_stored(talked)
    assert (kept.text, kept.how) == ("PLATFORM 7 / BASEL / 14:05", "seen"), "as it stands there"
    later = days.begin(1)
    assert "PLATFORM 7" in later("what do you remember about Basel")
    assert "I saw that" in later("how do you know that")
