"""What was sent, looked at and why: short enough for the ear, the same facts on the page and in `companion why`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.report.page import write_page
from companion.terminal import Screen
from companion.turn_ledger import Books, Traffic
from companion.why import why
from pipelines import events as ev
from pipelines.events import NO_TRACE, Sent, Trace
from pipelines.thinking.chain import spoken_name
from pipelines.thinking.ledger import (
    Entry,
    entries,
    moment_words,
    rows,
    sharp_words,
    spoken,
    with_end,
    with_question,
)
from recordings.exchange import HttpBegin, HttpChunk, HttpEnd
from recordings.reader import Recording
from recordings.writer import Recorder
from tests.scripted import Reply, ScriptedSession, World
from tests.test_report import HOSTILE, Reader, Told, recorded
from tests.test_report_thinking import PRICED, UNPRICED, conversation, kept

MS, NS = ev.MS, ev.NS
FAR = ev.ModelInfo("muse-spark", trains="no", profile=json.dumps({"base_url": "https://api.vendor.example/v1"}))
NEAR = ev.ModelInfo("here", local=True, profile=json.dumps({"base_url": "http://127.0.0.1:11434/v1"}))
SHARP = ev.FrameScore(7, 900 * MS, 1280, 720, 300.0, 120.0, 40.0, 1.0)


@dataclass(frozen=True, slots=True)
class Kept(ev.Remembered):
    """A turn as history keeps it, with what it came from."""

    trace: Trace = NO_TRACE


def turn(number: int, question: str, kind: str = "model", trace: Trace = NO_TRACE, **more: object) -> ev.Remembered:
    return Kept(number, number * NS, question, "An answer.", kind, trace=trace, **more)  # type: ignore[arg-type]


def asked(number: int, question: str, *sent: Sent, usd: float = 0.0, **trace: object) -> ev.Remembered:
    whole = Trace(SHARP, 100, sent=sent or (Sent("muse-spark", 1, 800, 1),), **trace)  # type: ignore[arg-type]
    return turn(number, question, trace=whole, views=(ev.View(7),), asked=("muse-spark",), usd=usd)


def read(number: int, question: str = "what does this sign say", **trace: object) -> ev.Remembered:
    lines = (ev.TextLine("KEEP DRY", 0.9), ev.TextLine("This side up!", 0.9))
    whole = Trace(SHARP, 100, **trace)  # type: ignore[arg-type]
    return turn(number, question, "read", whole, lines=lines, views=(ev.View(7),))


def told(name: str, *history: ev.Remembered) -> str:
    book = entries(history, (FAR, NEAR))
    said: str = spoken.looked(book) if name == "looked" else getattr(spoken, name)(book, spoken_name)
    assert sentences(said) <= 3 and len(said.split()) <= 60, said
    return said


def sentences(said: str) -> int:
    return len(re.findall(r"[.!?](?:\s|$)", re.sub(r"“[^”]*”", "", said)))


# ------------------------------------------------------------------------------------------------------- what was sent


def test_nothing_was_sent() -> None:
    assert told("sent") == told("sent_last") == told("sent_whom") == "Nothing has left this device."
    assert told("sent", read(1)) == told("sent_whom", read(1)) == "Nothing has left this device."
    assert told("sent_last", read(1)) == "For “what does this sign say” nothing left this device."


def test_what_was_sent_is_told_for_the_last_question_and_for_the_session() -> None:
    first, second = asked(1, "what is this", usd=0.01), asked(2, "and who made it", Sent("muse-spark", 1, 900, 0, 1))
    one = told("sent", first)
    assert "one question and one picture to Muse Spark, for about one cent" in one and "Sound never leaves" in one
    both = told("sent", first, second)
    assert both.startswith("Last I sent your words, one earlier turn and no picture to Muse Spark.")
    assert "In this session I sent two questions and one picture to Muse Spark" in both
    assert told("sent", first, read(2)).startswith("For your last question nothing left this device. In this session")
    assert told("sent_last", first, second).startswith("For “and who made it” I sent your words, one earlier turn")


def test_a_model_on_this_machine_is_not_told_as_something_that_left() -> None:
    here = asked(1, "what is this", Sent("here", 1, 800, 1))
    assert told("sent", here) == "Nothing has left this device. Here runs on this machine."
    assert told("sent_last", here).endswith("I asked Here, which runs on this machine. Nothing left it.")
    mixed = asked(1, "what is this", Sent("here", 1, 800, 3, 0, "empty"), Sent("muse-spark", 1, 800, 1))
    assert "one question and one picture to Muse Spark" in told("sent", mixed), "only what left is counted"


def test_who_got_it_is_told_with_the_place() -> None:
    assert told("sent_whom", asked(1, "what is this")) == (
        "“what is this” went to Muse Spark, at api dot vendor dot example."
    )
    assert "not for your last question" in told("sent_whom", asked(1, "what is this"), read(2))


def test_what_was_covered_kept_back_and_used_is_told() -> None:
    assert "Two parts of the pictures were covered." in told("sent", asked(1, "what is this", covered=2))
    back = turn(1, "what is this", trace=Trace(SHARP, kept_back="your rules keep this picture back."))
    assert told("sent_last", back) == (
        "For “what is this” nothing left this device. Your rules keep this picture back."
    )
    mail = turn(1, "write to Anna", used=("mail",))
    assert told("sent", mail) == "No question went to a model. I used mail."
    assert "I also used mail" in told("sent", asked(1, "what is this"), mail)


def test_a_history_of_before_still_tells_whom_it_asked() -> None:
    old = ev.Remembered(1, NS, "what is this", "A door.", "model", views=(ev.View(7),), asked=("muse-spark",))
    book = entries((old,), (FAR,))
    assert "one question and one picture to Muse Spark" in spoken.sent(book, spoken_name)
    assert spoken.looked(book) == "For “what is this” I looked at one picture."


def test_questions_about_the_companion_are_not_the_last_question() -> None:
    status = turn(2, "what did you send", "status")
    assert told("sent_last", asked(1, "what is this"), status).startswith("For “what is this” I sent")
    assert told("why", asked(1, "what is this"), status).startswith("I heard “what is this”.")


def test_rounds_with_tools_are_one_model_with_its_questions_added_up_and_its_pictures_not() -> None:
    first = (ev.Message("system", "Be short."), ev.Message("user", "what is this", 7))
    more: tuple[ev.Message, ...] = (*first, ev.Message("assistant", "", calls=(ev.ToolCall("1", "look_closer"),)))
    more += (ev.Message("user", "", views=(ev.View(7, (1, 2, 3, 4)),)),)
    sent = with_question(with_question((), "a", first), "a", more)
    assert sent == (Sent("a", 2, 2 * 21, 2, 0),)
    assert with_end(with_question((), "a", first), "a", "no_key", left=False) == ()
    assert with_end(sent, "a", "overloaded")[0].end == "overloaded"


# --------------------------------------------------------------------------------------------------------- looked, why


def test_what_was_looked_at_is_told_with_its_age_sharpness_and_text() -> None:
    assert told("looked") == "I have not looked at anything yet."
    assert told("looked", read(1)) == (
        "For “what does this sign say” I looked at one picture, taken as you spoke, sharp. "
        "I read there: “KEEP DRY”, and one more line."
    )
    soft = replace(SHARP, sharpness=20.0)
    late = turn(1, "what is this", trace=Trace(soft, 1300, "stale"), views=(ev.View(7), ev.View(7, (1, 2, 3, 4))))
    assert told("looked", late) == (
        "For “what is this” I looked at one picture, and closer at one part of it, taken 1.3 seconds before you had "
        "spoken, rather soft, but too old."
    )


def test_when_and_how_sharp_in_words_that_people_use() -> None:
    assert [moment_words(ms) for ms in (-300, 0, 399, 500, 1000, -2000, 2300)] == [
        *["as you spoke"] * 3,
        "half a second before you had spoken",
        "a second before you had spoken",
        "2 seconds after you had spoken",
        "2.3 seconds before you had spoken",
    ]
    assert [sharp_words(s) for s in (5, 20, 60, 300, float("inf"))] == [
        *("blurred", "rather soft", "fairly sharp", "sharp", "sharp")
    ]


def test_why_says_what_was_heard_who_answered_from_what_and_what_to_doubt() -> None:
    assert told("why") == "You have not asked me anything yet."
    assert told("why", read(1)) == (
        "I heard “what does this sign say”. I answered that on this device, without a model, from one sharp picture "
        "and two lines of text in it. If I heard you wrong, say it again."
    )
    retried = asked(1, "what is this", Sent("here", 1, 9, 1, 0, "overloaded"), Sent("muse-spark", 1, 9, 1))
    assert "Muse Spark answered, from one sharp picture, since Here gave no answer." in told("why", retried)
    assert told("why", asked(1, "what is this", problem="stale")).endswith(
        "The picture was too old, so do not trust it much."
    )
    talk = turn(1, "tell me a story", trace=Trace(sent=(Sent("muse-spark", 1, 9),)))
    assert "Muse Spark answered, from your words alone." in told("why", talk)
    kept_back = turn(1, "what is this", trace=Trace(kept_back="private mode is on"))
    assert "No model was asked. Private mode is on." in told("why", kept_back)
    failed = asked(1, "what is this", Sent("muse-spark", 1, 9, 1, 0, "network"))
    assert "I asked Muse Spark and got no answer." in told("why", failed)


texts = st.text(max_size=200)


@given(
    st.lists(
        st.builds(
            lambda n, q, kind, line, sent, problem, back: turn(
                n, q, kind, Trace(SHARP, 0, problem, "p", sent, 1, back), lines=(ev.TextLine(line, 0.9),)
            ),
            st.integers(1, 9),
            texts,
            st.sampled_from(["model", "read", "status", "history"]),
            texts,
            st.lists(st.builds(Sent, st.sampled_from(["here", "muse-spark", "gone"])), max_size=3).map(tuple),
            st.sampled_from(["", "stale", "dark"]),
            st.sampled_from(["", "Private mode is on. Really!"]),
        ),
        max_size=4,
    )
)
def test_whatever_was_said_or_read_three_sentences_are_enough(history: list[ev.Remembered]) -> None:
    for name in ("sent", "sent_last", "sent_whom", "looked", "why"):
        assert told(name, *history)


def test_a_scripted_session_tells_it_by_voice() -> None:
    s = ScriptedSession(World(models=(PRICED,), reply=lambda ask: Reply("It is a door.")))
    s.say("what wood is this", 1000)
    s.say("what did you send", 10_000)
    s.run_until(20_000)
    assert "one question and one picture to First Model" in s.spoken(2)


# ------------------------------------------------------------------------------------------------------ from recordings


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """First over the network, then a model on this machine; what crossed the network is recorded."""
    near = replace(UNPRICED, local=True, profile=json.dumps({"base_url": "http://127.0.0.1:11434/v1"}))
    far = replace(PRICED, profile=FAR.profile)
    story = [replace(e, models=(far, near)) if isinstance(e, ev.SessionStarted) else e for e in conversation()]

    def media(recorder: Recorder) -> None:
        kept(recorder, story)
        for i, e in enumerate([e for e in story if isinstance(e, ev.AskModel)], 1):
            host = "127.0.0.1:11434" if e.model == "second-model" else "api.vendor.example"
            size = ("content-length", "30000")
            begin = HttpBegin(i, e.turn, e.t_ns, "POST", f"https://{host}/v1", size, b"{}", e.request)
            recorder.http(e.t_ns, begin)
            recorder.http(e.t_ns, HttpChunk(i, 10, b"x" * 160))
            recorder.http(e.t_ns, HttpEnd(i, 200, 20))

    return recorded(tmp_path_factory.mktemp("ledger"), story, media)


def books(session: Path) -> Books:
    out = Books()
    for event in Recording(session).events():
        out.feed(event)
    return out


def test_a_recording_gives_each_model_its_bytes_and_what_stayed_here_is_told_apart(session: Path) -> None:
    entry = books(session).of(1)
    assert [(g.model, g.questions, g.local, g.end, g.bytes_out) for g in entry.gone] == [
        ("first-model", 1, False, "overloaded", -1),
        ("second-model", 2, True, "", -1),
    ]
    assert [g.model for g in entry.left] == ["first-model"] and entry.pictures == 1
    assert entry.answered_by == "second-model" and entry.parts == 1
    requests = [e.request for e in Recording(session).decisions() if isinstance(e, ev.AskModel) and e.turn == 1]
    crossed = [Traffic("api.vendor.example", requests[0], 500, 10), Traffic("search.example", 99, 70, 7)]
    first, _, third = books(session).of(1, crossed).gone
    assert (first.bytes_out, first.bytes_in) == (500, 10)
    assert (third.model, third.host, third.bytes_out) == ("", "search.example", 70), "a tool asked it"


def test_a_question_that_was_refused_before_it_left_is_kept_back_and_says_why(tmp_path: Path) -> None:
    s = Told(World(models=(PRICED,), reply=lambda ask: Reply("", failure="no_key")))
    s.say("what wood is this", 1000)
    s.run_until(9000)
    entry = books(recorded(tmp_path, s.story)).of(1)
    assert entry.gone == () and entry.trace.kept_back == "I have no key for the model."
    assert ("left", "nothing left this device for this turn") in rows(entry)


def test_why_on_a_screen_has_the_ledger(session: Path) -> None:
    text = " ".join(why(session, 1, Screen(100, 40, "none")).text.split())
    ledger = text.split("LEDGER ")[1].split(" WENT")[0]
    assert "to First Model at api.vendor.example: one question," in ledger and "30,000 bytes out" in ledger
    assert "0 s of sound" in ledger and "no answer: overloaded" in ledger
    assert "to Second Model on this machine: two questions" in ledger
    assert "taken as you spoke, sharp" in ledger
    assert "answered by: Second Model, after First Model gave no answer" in ledger
    assert "rule: no rule of the device fits these words, so a model is asked" in ledger


def test_the_page_has_the_same_facts(session: Path, tmp_path: Path) -> None:
    page = Reader(write_page(session, tmp_path / "page.html").read_text("utf-8"))
    told = page.text("turn-1").split("Ledger")[1]
    assert "first-model at api.vendor.example no answer: overloaded 1 655 1 0 s 30,000 160 not known" in told
    assert "second-model on this machine 2" in told and "60,000" in told
    assert "Answered by Second Model, after First Model gave no answer" in told
    assert "to api.vendor.example · 30 kB" in told, "what stayed on this machine is not counted as having left"


def test_a_question_to_this_machine_only_is_not_said_to_have_left(tmp_path: Path) -> None:
    s = Told(World(models=(NEAR,), reply=lambda ask: Reply("A door.")))
    s.say("what wood is this", 1000)
    s.run_until(9000)

    def media(recorder: Recorder) -> None:
        for e in s.story:
            if isinstance(e, ev.AskModel):
                recorder.still(e.t_ns, ev.View(7, px=64), b"\xff\xd8\xff\xd9", "here", e.request)

    session = recorded(tmp_path, s.story, media)
    page = Reader(write_page(session, tmp_path / "page.html").read_text("utf-8")).text("turn-1")
    assert "Asked on this machine, nothing left it" in page and "Left the device:" not in page
    assert "nothing left this machine" in " ".join(why(session).text.split())


def test_hostile_words_are_only_words_on_the_page(tmp_path: Path) -> None:
    model = replace(FAR, name=HOSTILE, profile='{"base_url": "https://<b>x</b>/v1"}')
    story: list[ev.Happening | ev.Decision] = [
        ev.SessionStarted(0, model=HOSTILE, models=(model,)),
        ev.TurnOpened(2 * NS, HOSTILE, 1, HOSTILE, "model:ask", 1 * NS, 1500 * MS),
        ev.ModeChosen(2 * NS, HOSTILE, 1, "instant"),
        ev.AskModel(2 * NS, HOSTILE, 3, 1, (ev.Message("user", HOSTILE),), 100, 768, HOSTILE),
        ev.ModelFailed(3 * NS, 3, HOSTILE, HOSTILE),
        ev.Speak(3 * NS, HOSTILE, 9, 0, 1, HOSTILE, "failure"),
        ev.TurnClosed(4 * NS, HOSTILE, 1, "failed", HOSTILE, HOSTILE),
    ]
    html = write_page(recorded(tmp_path, story), tmp_path / "page.html").read_text("utf-8")
    assert "<img src=x" not in html and "<b>x</b>" not in html and html.count("<script") == 2


def test_an_entry_of_a_turn_that_nobody_knows_says_that_nothing_left() -> None:
    assert rows(Books().of(4)) == [
        ("left", "nothing left this device for this turn"),
        ("answered by", "the device itself"),
    ]
    assert rows(Entry(1, "")) == rows(Books().of(4))
