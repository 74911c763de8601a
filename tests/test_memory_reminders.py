"""Reminders that outlive the session: set, told, missed, put off, cancelled, forgotten."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from pipelines import events as ev
from pipelines.events import Memory
from pipelines.memory import reminded
from pipelines.memory import reminders as words
from pipelines.memory.reminder_orders import NO_PLACE, NOTHING_TO_SNOOZE
from pipelines.memory.reminder_store import NOT_STORED
from pipelines.memory.reminder_words import understood
from tests.scripted import Reply, ScriptedSession, World
from tests.test_tool_turns import THINK, TOOLS, A, call, in_turn

SET_AT_S = 1_795_266_300.0  # Saturday, 21 November 2026, 14:05 in Zurich
MINUTE = 60_000


@dataclass
class Kept:
    """What a database keeps of reminders, in memory: enough for the deciders."""

    rows: dict[int, Memory] = field(default_factory=dict)
    trouble: str = ""
    store_ms: int = 3

    def memorise(self, d: ev.Memorise) -> ev.Memorised:
        if self.trouble:
            return ev.Memorised(0, d.request, d.memory, trouble=self.trouble)
        stored = replace(d.memory, id=max(self.rows, default=0) + 1)
        for old in d.replaces:
            self.rows.pop(old)
        self.rows[stored.id] = stored
        return ev.Memorised(0, d.request, stored)

    def forget(self, d: ev.Forget) -> ev.Forgotten:
        if self.trouble:
            return ev.Forgotten(0, d.request, trouble=self.trouble)
        gone = [i for i in self.rows if d.everything or i in d.ids]
        for i in gone:
            del self.rows[i]
        return ev.Forgotten(0, d.request, len(gone))

    def recall(self, d: ev.Recall) -> ev.Recalled:
        return ev.Recalled(0, d.request, tuple(m for m in self.rows.values() if not d.what or m.what in d.what))

    @property
    def due(self) -> tuple[Memory, ...]:
        return tuple(m for m in self.rows.values() if m.due_s or m.place)


class Day(ScriptedSession):
    """A session of a wearer whose reminders last, at a wall clock."""

    def __init__(
        self,
        kept: Kept,
        wall_clock: str = "2026-11-21T14:05:00+01:00",
        on: bool = True,
        replies: tuple[Reply, ...] = (),
        camera: bool = True,
    ) -> None:
        self.kept, self.on = kept, on
        world = World(wall_clock=wall_clock)
        world.frame = world.frame if camera else None
        if replies:
            world.models, world.tools, world.reply = (A,), TOOLS, in_turn(*replies)
        super().__init__(world)

    def feed(self, event: ev.Happening) -> None:
        if isinstance(event, ev.SessionStarted) and self.on:
            event = replace(event, memory=True, reminders=self.kept.due)
        super().feed(event)

    def _one(self, d: ev.Decision) -> None:
        if isinstance(d, ev.Memorise) and d.memory.what == "reminder":
            self._later(self.kept.store_ms, lambda: self._answer(d.request, self.kept.memorise(d)))
        elif isinstance(d, ev.Recall):
            self._later(3, lambda: self._answer(d.request, self.kept.recall(d)))
        elif isinstance(d, ev.Forget):
            self._later(3, lambda: self._answer(d.request, self.kept.forget(d)))
        else:
            super()._one(d)

    @property
    def alarms(self) -> int:
        return len(self.director._room.alarms.entries)

    def at(self, place: str, ms: int) -> None:
        self._at(ms * 1_000_000, lambda: self.feed(ev.DeviceEvent(self.now_ns, "place", place)))


def test_a_reminder_is_on_the_disk_with_its_time_and_is_spoken_when_due() -> None:
    day = Day(kept := Kept())
    day.type("Remind me in 20 minutes to call Anna.", 1000)
    day.run_until(2000)
    assert [(m.text, m.due_s) for m in kept.due] == [("call Anna", SET_AT_S + 1 + 20 * 60)]
    day.run_until(19 * MINUTE)
    assert "Reminder" not in day.spoken()
    day.run_until(21 * MINUTE)
    assert day.spoken(0) == "Reminder: call Anna."
    assert not kept.due


def test_what_came_due_while_it_was_off_is_said_at_the_next_start_and_only_then() -> None:
    day = Day(kept := Kept())
    day.type("Remind me to pay the rent at half past six.", 1000)
    day.run_until(3000)
    night = Day(kept, "2026-11-21T22:00:00+01:00")
    assert night.run_until(10_000).spoken(0) == "While I was off: pay the rent, at 18:30."
    assert Day(kept, "2026-11-22T08:00:00+01:00").run_until(10_000).spoken() == ""


@pytest.mark.parametrize("heard_ms", [0, 100, 700])
def test_one_that_was_cut_off_by_the_end_of_the_process_is_said_once_more_and_not_again(heard_ms: int) -> None:
    day = Day(kept := Kept())
    day.type("Remind me in 20 minutes to call Anna.", 0)
    day.run_until(20 * MINUTE + heard_ms)  # and then the process is killed
    assert len(kept.due) == 1
    again = Day(kept, "2026-11-21T14:26:00+01:00").run_until(20_000)
    assert again.spoken(0) == "While I was off: call Anna, at 14:25." and not kept.due
    assert Day(kept, "2026-11-21T14:27:00+01:00").run_until(20_000).spoken() == ""


def test_what_it_reminded_of_is_told_when_asked_and_what_is_still_to_come_is_not() -> None:
    day = Day(Kept())
    day.type("What did you remind me of?", 0)
    day.type("Remind me in ten minutes to call Anna.", 10_000)
    day.type("Remind me in twenty minutes to water the plants.", 20_000)
    day.type("Remind me tomorrow at nine to pay the rent.", 30_000)
    day.type("What did you remind me of today?", 25 * MINUTE)
    day.type("Did you remind me to pay the rent?", 26 * MINUTE)
    day.type("Did you remind me to call Anna?", 27 * MINUTE)
    day.run_until(28 * MINUTE)
    assert day.spoken(1) == reminded.NOTHING_AT_ALL
    plants, anna = "Today at 14:25 I reminded you: water the plants.", "Today at 14:15 I reminded you: call Anna."
    assert f"{plants} {anna}" in day.spoken()
    assert day.spoken().endswith(f"{reminded.NOTHING} {anna}")
    assert "rent" not in day.spoken().split(plants)[1]


def test_one_that_is_still_to_come_is_spoken_in_the_session_of_its_time() -> None:
    day = Day(kept := Kept())
    day.type("Remind me tomorrow at nine to water the plants.", 1000)
    day.run_until(4000)
    assert day.spoken(1) == "I will remind you tomorrow at 9:00: water the plants."
    morning = Day(kept, "2026-11-22T08:55:00+01:00")
    assert morning.run_until(4 * MINUTE).spoken() == ""
    assert morning.run_until(6 * MINUTE).spoken(0) == "Reminder: water the plants."
    assert not kept.due


def test_another_time_zone_changes_nothing_about_when_it_is_due() -> None:
    day = Day(kept := Kept())
    day.type("Remind me in two hours to take the pills.", 0)
    day.run_until(4000)
    assert Day(kept, "2026-11-21T09:00:00-05:00").run_until(4 * MINUTE).spoken() == ""
    assert Day(kept, "2026-11-21T10:00:00-05:00").run_until(10 * MINUTE).spoken(0) == "Reminder: take the pills."


@pytest.mark.parametrize(
    ("snooze", "minutes"),
    [("Snooze", 10), ("In five minutes again", 5), ("Remind me again in half an hour", 30)],
)
def test_it_is_put_off_by_voice_also_over_a_restart(snooze: str, minutes: int) -> None:
    day = Day(kept := Kept())
    day.type("Remind me in ten minutes to stir the soup.", 0)
    day.type(snooze, 11 * MINUTE)
    day.run_until(11 * MINUTE + 3000)
    assert [(m.text, round(m.due_s - SET_AT_S)) for m in kept.due] == [("stir the soup", (11 + minutes) * 60)]
    later = Day(kept, "2026-11-21T14:16:10+01:00")
    assert later.run_until((minutes + 2) * MINUTE).spoken(0) == "Reminder: stir the soup."


def test_snooze_said_aloud_into_the_reminder_puts_it_off_and_ticks_it_off() -> None:
    day = Day(kept := Kept())
    day.type("Remind me in ten minutes to stir the soup with the large wooden spoon.", 0)
    day.say("snooze", 10 * MINUTE + 900)
    day.run_until(10 * MINUTE + 10_000)
    assert "I will say it again in" in day.spoken()
    assert [(m.text, round((m.due_s - SET_AT_S) / 60)) for m in kept.due] == [
        ("stir the soup with the large wooden spoon", 20)
    ]
    assert "Reminder: stir the soup" in day.run_until(21 * MINUTE).spoken().split("again in")[1]
    assert not kept.due


def test_snooze_with_nothing_to_put_off_says_so() -> None:
    day = Day(Kept())
    day.type("Snooze", 0)
    assert day.run_until(3000).spoken() == NOTHING_TO_SNOOZE


def test_a_cancelled_reminder_is_forgotten_on_the_disk_and_not_listed() -> None:
    day = Day(kept := Kept())
    day.type("Remind me on Monday to pay the rent.", 0)
    day.type("Remind me tomorrow to call Anna.", 10_000)
    day.type("Cancel the reminder to call Anna.", 20_000)
    day.type("What reminders do I have?", 30_000)
    day.run_until(40_000)
    assert day.spoken(4) == "On Monday at 9:00, the reminder: pay the rent."
    assert [m.text for m in kept.rows.values()] == ["pay the rent"]


def test_the_reminders_of_earlier_days_are_listed_and_cancelled() -> None:
    day = Day(kept := Kept())
    day.type("Remind me in three days to return the books.", 0)
    day.run_until(4000)
    later = Day(kept, "2026-11-22T10:00:00+01:00")
    later.type("What did I ask you to remind me of?", 0)
    later.type("Cancel the reminder.", 10_000)
    later.run_until(20_000)
    assert "return the books" in later.spoken(1)
    assert not kept.rows


def test_private_mode_stores_nothing_and_says_so() -> None:
    day = Day(kept := Kept())
    day.type("Private mode.", 0)
    day.type("Remind me in ten minutes to call the bank.", 10_000)
    day.run_until(20_000)
    assert words.ONLY_NOW in day.spoken()
    assert not kept.rows and not day.all(ev.Memorise)
    assert "call the bank" in day.run_until(12 * MINUTE).spoken(0)


PROMISE = "I will remind you in ten minutes: call Anna."


def test_it_is_promised_when_it_is_stored_and_not_before() -> None:
    day = Day(kept := Kept(store_ms=1500))
    day.type("Remind me in ten minutes to call Anna.", 0)
    assert day.run_until(1400).spoken() == "" and not kept.rows
    assert day.run_until(1600).spoken(1) == PROMISE and kept.rows


def test_a_store_as_quick_as_ours_lets_nobody_wait_for_the_promise() -> None:
    day = Day(Kept())
    day.type("Remind me in ten minutes to call Anna.", 1000)
    day.run_until(1010)
    assert day.spoken(1) == PROMISE
    assert [turn.outcome for turn in day.run_until(20_000).all(ev.TurnClosed)] == ["answered"]


def test_what_cannot_be_stored_is_promised_until_it_is_switched_off_and_no_longer() -> None:
    day = Day(kept := Kept(trouble="full"))
    day.type("Remind me in ten minutes to call Anna.", 0)
    assert day.run_until(10_000).spoken() == f"{PROMISE} {NOT_STORED}"
    kept.trouble = ""
    assert "Reminder: call Anna." in day.run_until(12 * MINUTE).spoken(0)


def test_who_did_not_wait_for_the_promise_is_told_that_it_is_not_kept() -> None:
    day = Day(Kept(trouble="full", store_ms=1500))
    day.type("Remind me in ten minutes to call Anna.", 0)
    day.tap(500)
    assert day.run_until(1400).spoken() == ""
    assert day.run_until(10_000).spoken() == NOT_STORED


def test_snooze_is_promised_when_it_is_stored() -> None:
    day = Day(kept := Kept())
    day.type("Remind me in ten minutes to stir the soup.", 0)
    day.run_until(10 * MINUTE + 30_000)
    kept.trouble = "locked"
    day.type("Snooze", 11 * MINUTE)
    day.run_until(11 * MINUTE + 10_000)
    assert day.spoken(2) == f"I will say it again in ten minutes. {NOT_STORED}"


@pytest.mark.parametrize("trouble", ["", "full"])
def test_a_model_is_told_that_a_reminder_is_set_when_it_is_stored(trouble: str) -> None:
    calls = (call("set_timer", seconds=600, text="call Anna"),)
    kept = Kept(trouble=trouble, store_ms=1500)
    day = Day(kept, replies=(Reply(calls=calls), Reply("Done.")), camera=False)
    day.type("Think about it, when do people like to be called?", 0)
    day.run_until(1000)
    assert day.alarms == 1 and not day.all(ev.ToolUsed)
    (used,) = day.run_until(30_000).all(ev.ToolUsed)
    assert used.text == (f"{PROMISE} {NOT_STORED}" if trouble else PROMISE)
    assert bool(kept.rows) is not bool(trouble)


def test_a_reminder_that_cannot_be_deleted_is_said_to_come_again() -> None:
    day = Day(kept := Kept())
    day.type("Remind me in ten minutes to call Anna.", 0)
    day.run_until(9000)
    kept.trouble = "locked"
    day.type("Cancel the reminder.", 10_000)
    assert words.NOT_CANCELLED in day.run_until(20_000).spoken(0)


def test_what_was_forgotten_is_not_said_any_more() -> None:
    day = Day(Kept())
    day.type("Remind me in ten minutes to meet Karl.", 0)
    day.run_until(5000)
    day.director._room.scribe.emit(ev.Forget, "by voice", request=90, subject="Karl")
    assert "Karl" not in day.run_until(12 * MINUTE).spoken(0)


def test_here_again_is_when_the_device_tells_the_same_place_after_another() -> None:
    day = Day(kept := Kept())
    day.at("geo:7f3a", 0)
    day.type("Remind me to buy milk when I'm here again.", 1000)
    day.at("geo:7f3a", 30_000)
    day.at("geo:1111", 60_000)
    day.run_until(90_000)
    assert day.spoken() == "I will remind you when you are here again: buy milk."
    later = Day(kept, "2026-11-22T10:00:00+01:00")
    later.at("geo:1111", 1000)
    later.at("geo:7f3a", 60_000)
    assert later.run_until(50_000).spoken() == ""
    assert later.run_until(90_000).spoken(0) == "Reminder: buy milk."
    assert not kept.due


def test_without_a_place_it_says_that_it_cannot_tell() -> None:
    day = Day(kept := Kept())
    day.type("Remind me when I am here again to look for the door.", 0)
    assert day.run_until(5000).spoken() == NO_PLACE
    assert not kept.rows


def test_without_memory_everything_is_as_it_was() -> None:
    day = Day(Kept(), on=False)
    day.type("Remind me in ten minutes to call Anna.", 0)
    day.type("Snooze", 11 * MINUTE)
    day.run_until(12 * MINUTE)
    assert "Reminder: call Anna." in day.spoken(0)
    assert not day.all(ev.Memorise)
    assert day.all(ev.TurnOpened)[-1].intent.startswith("model")


@pytest.mark.parametrize(
    "said",
    [
        "remind me in two weeks to see the dentist",
        "remind me about the gas bill on Friday",
        "remind me to call mum at six tomorrow",
        "at nine on Tuesday remind me to call",
        "when I get home remind me to feed the cat",
    ],
)
def test_days_and_places_are_understood(said: str) -> None:
    wanted = understood(said)
    assert wanted is not None and wanted.text and " at " not in wanted.text


def test_a_reminder_that_a_model_sets_after_seeing_a_picture_is_not_stored() -> None:
    """Text in a picture can talk a model into it; it ends with the session."""
    day = Day(
        kept := Kept(), replies=(Reply(calls=(call("set_timer", seconds=600, text="call 0900"),)), Reply("Done."))
    )
    day.type(THINK, 0)
    day.run_until(20_000)
    assert [used.name for used in day.all(ev.ToolUsed)] == ["set_timer"]
    assert not kept.rows
    assert "call 0900" in day.run_until(12 * MINUTE).spoken(0)
