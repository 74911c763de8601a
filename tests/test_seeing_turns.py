"""What a wearer gets of seeing, turn by turn: text read and moved about in, things told on the device, private mode,
and what is told of what was looked at and sent. The world is scripted, the deciders are real."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipelines import events as ev
from pipelines.director import Director, DirectorOptions
from pipelines.events import MS
from pipelines.seeing.regions import Region, SendRules
from pipelines.thinking.options import Options
from tests.scripted import SHARP, SIGN, Reply, ScriptedSession, World

AWAY = ev.ModelInfo("far-model", trains="no", profile="{}")
HERE = ev.ModelInfo("near-model", local=True, trains="no", profile="{}")
MENU = (
    ev.TextLine("Soup of the day €4.20", 0.97, (100, 100, 400, 40)),
    ev.TextLine("Pasta €9.80", 0.97, (100, 160, 400, 40)),
    ev.TextLine("Open 8 A.M. to 3 P.M.", 0.97, (100, 220, 400, 40)),
)


def talk(world: World, *said: str, every_ms: int = 9000, options: Options | None = None) -> ScriptedSession:
    """Say one thing after another, each once the one before is answered."""
    s = ScriptedSession(world, DirectorOptions(options or Options()))
    for i, text in enumerate(said):
        s.say(text, 1000 + i * every_ms)
    return s.run_until(1000 + len(said) * every_ms)


# ------------------------------------------------------------------------------------------------------------- reading


def test_what_was_read_can_be_moved_about_in() -> None:
    s = talk(World(lines=MENU), "what does this sign say", "read the first line", "next line", "only the prices")
    assert "Soup of the day" in s.spoken(1) and "3 PM" in s.spoken(1)
    assert s.spoken(2).startswith("Soup of the day") and "Pasta" not in s.spoken(2)
    assert s.spoken(3).startswith("Pasta")
    assert "4" in s.spoken(4) and "9" in s.spoken(4) and "8 A" not in s.spoken(4)


def test_a_word_is_spelled_as_it_is_printed() -> None:
    s = talk(World(lines=SIGN), "what does this sign say", "spell basel")
    assert "B, A, S, E, L" in s.spoken(2)


def test_next_line_after_an_interruption_follows_the_ear() -> None:
    s = ScriptedSession(World(lines=tuple(ev.TextLine(f"Line {w} of the notice.", 0.99) for w in
                                          ("one", "two", "three", "four", "five", "six"))))  # fmt: skip
    s.say("what does this sign say", 1000)
    s.run_until(5200)
    heard = [d for d in s.all(ev.Speak) if d.kind == "reading" and d.text]
    s.say("stop", 5300)
    s.run_until(8000)
    s.say("next line", 8500)
    s.run_until(14_000)
    entry = s.director.history.entries[0]
    got = sum(word in entry.heard for word in ("one", "two", "three", "four", "five", "six"))
    assert 0 < got < 6, "it was stopped in the middle"
    word = ("one", "two", "three", "four", "five", "six")[got]
    assert word in s.spoken(s.all(ev.TurnOpened)[-1].turn), (entry.heard, heard)


@pytest.mark.parametrize("asked_after_ms", [50, 150, 300, 500, 900])
def test_asking_something_else_before_anything_was_read_ends_nothing(asked_after_ms: int) -> None:
    s = ScriptedSession(World(models=(AWAY,), read_ms=2000))
    s.say("what does this sign say", 1000, 1000)
    s.type("tell me a story", 2300 + asked_after_ms)
    s.run_until(12_000)
    s.say("next line", 12_500)
    s.run_until(20_000)
    turns = s.all(ev.TurnOpened)
    assert turns[-1].intent == "reading:next_line" and "not read any text" in s.spoken(turns[-1].turn)


def test_a_word_is_spelled_though_nothing_was_read() -> None:
    assert "not read any text" in talk(World(), "spell the last word").spoken(1)
    s = talk(World(), "spell leeds", "spell leeds", "next line")
    assert "L, E, E, D, S" in s.spoken(1) and "L, E, E, D, S" in s.spoken(2)
    assert "not read any text" in s.spoken(3)


def test_without_text_the_words_mean_what_else_they_may() -> None:
    s = talk(World(lines=MENU), "only the prices")
    assert s.all(ev.ReadText), "the picture is read for prices"
    assert "9 " in s.spoken(1) or "9." in s.spoken(1)
    assert "not read any text" in talk(World(), "next line").spoken(1)


def test_a_model_is_asked_what_a_text_that_was_not_read_says() -> None:
    s = talk(World(models=(AWAY,)), "where does it say platform")
    assert s.all(ev.AskModel) and "not read any text" not in s.spoken(1)


def test_unreadable_parts_are_named_and_never_said() -> None:
    class Doubtful(ScriptedSession):
        def _one(self, d: ev.Decision) -> None:
            if isinstance(d, ev.ReadText):
                unread = (ev.TextLine("xx81", 0.4, (100, 260, 300, 40)),)
                found = ev.TextRead(0, d.request, d.frame_id, MENU, unread=unread, cut=("right",))
                self._later(200, lambda: self._answer(d.request, replace(found, t_ns=self.now_ns)))
            else:
                super()._one(d)

    s = Doubtful(World())
    s.say("read this to me", 1000)
    said = s.run_until(20_000).spoken(1)
    assert "cannot read" in said and "xx81" not in said
    assert "right" in said, "which way to turn"


def test_text_read_of_a_picture_with_a_reflection_ends_with_what_to_doubt() -> None:
    s = talk(World(lines=MENU, frame=replace(SHARP, glare=0.1)), "what does this sign say")
    assert "Pasta" in s.spoken(1)
    assert s.spoken(1).endswith("Light is shining on it, so I may have missed something. Tilt it a little.")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (ev.CodesRead(0, 0, 0, (ev.Code("qr", "Lunch"),), unread=1), "can read 1 of them"),
        (ev.CodesRead(0, 0, 0, unread=1), "I see a QR code, but I cannot read it"),
        (ev.CodesRead(0, 0, 0), "I find no code"),
    ],
)
def test_a_code_that_cannot_be_read_is_told(found: ev.CodesRead, said: str) -> None:
    class Unreadable(ScriptedSession):
        def _one(self, d: ev.Decision) -> None:
            if isinstance(d, ev.ReadCodes):
                event = replace(found, request=d.request, frame_id=d.frame_id)
                self._later(30, lambda: self._answer(d.request, replace(event, t_ns=self.now_ns)))
            else:
                super()._one(d)

    s = Unreadable(World())
    s.say("what is this code", 1000)
    assert said in s.run_until(20_000).spoken(1)


# --------------------------------------------------------------------------------------------------- told on the device


def test_a_colour_is_told_on_the_device_and_nothing_leaves() -> None:
    s = talk(World(models=(AWAY,)), "what colour is this", "what did you send")
    assert "orange" in s.spoken(1) and not s.all(ev.AskModel)
    assert "Nothing has left" in s.spoken(2)


def test_which_thing_is_the_door_is_for_a_model_if_there_is_one() -> None:
    assert talk(World(models=(AWAY,)), "what colour is the door").all(ev.AskModel)
    assert talk(World(model=""), "what colour is the door").all(ev.Measure)


def test_traffic_lights_are_not_judged() -> None:
    s = talk(World(models=(AWAY,)), "is the light green")
    assert "can't judge traffic lights" in s.spoken(1) and not s.all(ev.AskModel) and not s.all(ev.Measure)


def test_a_unit_price_is_worked_out_exactly() -> None:
    shelf = (ev.TextLine("Coffee 500 g", 0.97), ev.TextLine("4.98 €", 0.97))
    assert "9.96" in talk(World(lines=shelf), "how much is that per kilo").spoken(1).replace(" 96", ".96").replace(
        "9 euros.96", "9.96"
    )


def test_an_article_of_the_wearers_own_table_is_called_by_its_name() -> None:
    code = ev.Code("ean13", "4006381333931", article="yellow text marker", note="in the desk")
    said = talk(World(codes=(code,)), "what is this code").spoken(1)
    assert "yellow text marker" in said and "in the desk" in said


# -------------------------------------------------------------------------------------------------------- which picture


def test_what_changed_shows_the_model_two_pictures() -> None:
    class Turning(ScriptedSession):
        def _one(self, d: ev.Decision) -> None:
            if isinstance(d, ev.Look):
                first_ns = max(0, d.end_ns - 4000 * MS)
                frames = [replace(SHARP, frame_id=i + 1, media_ns=first_ns + i * 500 * MS) for i in range(9)]
                inside = tuple(f for f in frames if d.start_ns <= f.media_ns < d.end_ns)
                self._later(40, lambda: self._answer(d.request, ev.Looked(self.now_ns, d.request, inside)))
            else:
                super()._one(d)

    s = Turning(World(models=(AWAY,)))
    s.say("what changed", 6000)
    s.run_until(14_000)
    question = s.all(ev.AskModel)[0].messages[-1]
    ids = {question.frame_id, *(view.frame_id for view in question.views)}
    assert len(ids) == 2


def test_the_word_and_the_rule_are_in_the_recording() -> None:
    s = talk(World(models=(AWAY,)), "what is behind this door")
    chosen = s.all(ev.FrameChosen)[0]
    assert "this" in chosen.reason


# --------------------------------------------------------------------------------------------------------- private mode


def test_in_private_mode_nothing_leaves_and_the_wearer_is_told_why() -> None:
    s = talk(World(models=(AWAY,)), "private mode", "what is behind the door", "what did you send")
    assert "Nothing leaves" in s.spoken(1)
    assert not s.all(ev.AskModel) and "private mode is on" in s.spoken(2)
    assert any(e.name == "private" for e in s.all(ev.Earcon))
    assert "Nothing has left" in s.spoken(3)


def test_in_private_mode_a_model_on_this_machine_answers() -> None:
    s = talk(World(models=(AWAY, HERE)), "private mode", "what is behind the door")
    assert [d.model for d in s.all(ev.AskModel)] == ["near-model"]


def test_what_was_said_in_private_mode_does_not_leave_when_it_ends() -> None:
    s = talk(
        World(models=(AWAY, HERE)), "private mode", "what is behind the door", "leave private mode", "what is up there"
    )
    last = s.all(ev.AskModel)[-1]
    assert last.model == "far-model"
    assert "behind the door" not in " ".join(m.text for m in last.messages)


def test_private_mode_ends_what_is_being_asked() -> None:
    s = ScriptedSession(World(models=(AWAY,), reply=lambda ask: Reply("A long answer.", hangs=True)))
    s.say("what is behind the door", 1000)
    s.say("private mode", 4000)
    s.run_until(12_000)
    assert any(isinstance(d, ev.Cancel) for d in s.decisions)
    assert s.director.private


@pytest.mark.parametrize("said", ["is this private parking", "what does private mode on a phone do"])
def test_other_words_about_private_things_change_nothing(said: str) -> None:
    s = talk(World(models=(AWAY,)), said)
    assert not s.director.private


# --------------------------------------------------------------------------------------------------- what is told of it


def test_what_was_looked_at_and_why_it_said_so() -> None:
    s = talk(World(models=(AWAY,)), "what is behind the door", "what did you look at", "why did you say that")
    assert "sharp" in s.spoken(2)
    assert "Far Model" in s.spoken(3) or "far model" in s.spoken(3).lower()


def test_words_that_a_rule_hides_are_not_told_either() -> None:
    secret = ev.TextLine("Room code 4711", 0.98, (50, 50, 300, 40))
    plain = ev.TextLine("Welcome", 0.98, (50, 500, 300, 40))
    rules = SendRules((Region((0, 0, 1000, 200)),))
    s = talk(
        World(models=(AWAY,), lines=(secret, plain)),
        "what is written on that wall in the corner",
        options=Options(send=rules),
    )
    sent = " ".join(m.text for m in s.all(ev.AskModel)[0].messages)
    assert "Welcome" in sent and "4711" not in sent


def test_rested_and_stood_up_again_it_reads_on_where_it_was() -> None:
    s = talk(World(lines=MENU), "what does this sign say", "read the first line")
    resumed = s.director.rest(s.now_ns)
    again = Director(DirectorOptions())
    again.feed(ev.SessionStarted(0))
    again.feed(resumed)
    decided = again.feed(ev.Typed(resumed.t_ns + MS, "next line"))
    assert "Pasta" in " ".join(d.text for d in decided if isinstance(d, ev.Speak))


# ------------------------------------------------------------------------------- in the middle of words over an answer


@pytest.mark.parametrize("after_ms", range(60, 200, 20))
def test_a_tap_in_the_first_moment_of_a_voice_over_the_answer_ends_only_the_answer(after_ms: int) -> None:
    s = ScriptedSession(World(lines=MENU))
    s.say("what does this sign say", 1000)
    s.run_until(5000)
    s.say("next line", 5000, 1200)
    s.tap(5000 + after_ms)
    s.say("what did you send", 10_000)
    s.run_until(16_000)
    assert "Nothing has left" in s.spoken(s.all(ev.TurnOpened)[-1].turn)


@pytest.mark.parametrize("word", ["wait", "stop", "louder"])
def test_a_word_typed_while_a_voice_is_over_the_answer_is_heeded(word: str) -> None:
    s = ScriptedSession(World(lines=MENU))
    s.say("what does this sign say", 1000)
    s.run_until(5000)
    s.say("tell me about this place and what else there is to see", 5000, 3000)
    s.type(word, 5900)
    s.say("what did you send", 12_000)
    s.run_until(18_000)
    assert "Nothing has left" in s.spoken(s.all(ev.TurnOpened)[-1].turn)


class Hampered(ScriptedSession):
    """The reader finds these lines, and that something keeps it from reading others."""

    lines: tuple[ev.TextLine, ...] = ()
    hampered = ""

    def _one(self, d: ev.Decision) -> None:
        if isinstance(d, ev.ReadText):
            unread = (ev.TextLine("EU.. 45", 0.8, (100, 160, 300, 40)),)
            found = ev.TextRead(0, d.request, d.frame_id, self.lines, unread=unread, hampered=self.hampered)
            self._later(200, lambda: self._answer(d.request, replace(found, t_ns=self.now_ns)))
        else:
            super()._one(d)


def test_a_price_that_a_lamp_hides_is_told_with_what_to_do_and_none_is_made_up() -> None:
    s = Hampered(World())
    s.lines, s.hampered = (ev.TextLine("Tomato soup", 0.99, (100, 100, 400, 40)),), "glare"
    s.say("how much is this", 1000)
    assert s.run_until(20_000).spoken(1) == "Light is shining on it. Tilt it a little and ask again."


def test_a_price_beside_something_that_a_lamp_hides_is_told_with_what_to_doubt() -> None:
    s = Hampered(World())
    s.lines, s.hampered = MENU[1:2], "glare"
    s.say("how much is this", 1000)
    said = s.run_until(20_000).spoken(1)
    assert said.startswith("The price is") and "cannot read" in said and "Light is shining on it" in said


def test_writing_that_is_only_blur_is_told_to_be_blurred() -> None:
    s = Hampered(World())
    s.hampered = "blurred"
    s.say("what does this sign say", 1000)
    assert s.run_until(20_000).spoken(1) == "The picture is blurred. Hold still and ask again."


class NowAndThen(ScriptedSession):
    """A camera that took its last picture some seconds before it was looked at, as is its way, or not."""

    age_ms, seldom = 3500, True

    def _one(self, d: ev.Decision) -> None:
        if isinstance(d, ev.Look):
            taken = replace(SHARP, media_ns=max(0, d.end_ns - self.age_ms * MS))
            looked = ev.Looked(0, d.request, (taken,), seldom=self.seldom)
            self._later(40, lambda: self._answer(d.request, replace(looked, t_ns=self.now_ns)))
        else:
            super()._one(d)


@pytest.mark.parametrize(
    ("age_ms", "seldom", "said"),
    [
        (3500, True, "My picture is 3 seconds old. Platform"),
        (3500, False, "My last picture is too old"),
        (8000, True, "My last picture is too old"),
        (500, True, "Platform"),
    ],
)
def test_the_last_photo_of_a_camera_that_takes_few_is_used_and_its_age_is_told(
    age_ms: int, seldom: bool, said: str
) -> None:
    s = NowAndThen(World())
    s.age_ms, s.seldom = age_ms, seldom
    s.say("what does this sign say", 10_000)
    assert s.run_until(30_000).spoken(1).startswith(said)
