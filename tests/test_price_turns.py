"""What a price costs, asked of a picture that is read part by part: nothing is said that is not known yet, nothing is
left out, and who asks of a full shelf hears the first price before the last one is read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import events as ev
from tests.scripted import ScriptedSession, World

PART_MS = 300


class InParts(ScriptedSession):
    """The reader gives one row after another, each `PART_MS` after the one before; then the whole."""

    unread: tuple[ev.TextLine, ...] = ()

    def _one(self, d: ev.Decision) -> None:
        if not isinstance(d, ev.ReadText):
            super()._one(d)
            return
        lines = self.world.lines
        for number, line in enumerate(lines[:-1], 1):
            part = ev.TextRead(0, d.request, d.frame_id, (line,), more=True)
            self._later(number * PART_MS, lambda part=part: self._answer(d.request, part))  # type: ignore[misc]
        whole = ev.TextRead(0, d.request, d.frame_id, lines, unread=self.unread)
        self._later(len(lines) * PART_MS, lambda: self._answer(d.request, whole))


def rows(*texts: str) -> tuple[ev.TextLine, ...]:
    return tuple(ev.TextLine(text, 0.98, (100, 100 + 90 * i, 300, 40)) for i, text in enumerate(texts))


def asked(*texts: str, parts: bool = True) -> ScriptedSession:
    s = (InParts if parts else ScriptedSession)(World(lines=rows(*texts)))
    s.say("what is the price", 1000)
    return s.run_until(30_000)


def read_ns(s: ScriptedSession) -> int:
    return next(e.t_ns for e in s.all(ev.TextRead) if not e.more)


def answer(s: ScriptedSession) -> list[ev.Speak]:
    return [d for d in s.all(ev.Speak) if d.turn == 1 and d.text and d.kind != "status"]


def test_of_many_prices_the_first_is_told_before_the_last_is_read() -> None:
    s = asked("Tea", "EUR 3.40", "Rice", "EUR 5.65", "Oil", "EUR 6.60", "Salt", "Soap")
    first = answer(s)[0]
    assert first.t_ns < read_ns(s) and "3 euros 40" in first.text and "5 euros" not in first.text


@pytest.mark.parametrize("shelf", [("Tea", "EUR 3.40", "500 g", "Best before March"), ("Tea", "500 g", "Of the day")])
def test_a_single_price_and_that_there_is_none_are_told_when_all_has_been_read(shelf: tuple[str, ...]) -> None:
    s = asked(*shelf)
    assert [d.t_ns >= read_ns(s) for d in answer(s)] == [True]
    assert answer(s)[0].text == (
        "The price is 3 euros 40." if "EUR 3.40" in shelf else "I find no price that I can read."
    )


@settings(deadline=None)
@given(st.lists(st.sampled_from(["EUR 3.40", "$5.65", "500 g", "Tea", "now $2.40", "was $3.20 now $2"]), min_size=1))
def test_read_in_parts_or_at_once_the_same_is_said(texts: list[str]) -> None:
    in_parts = " ".join(d.text for d in answer(asked(*texts[:8])))
    assert in_parts == " ".join(d.text for d in answer(asked(*texts[:8], parts=False)))


@pytest.mark.parametrize(
    ("shelf", "told"),
    [
        (("EUR 3.40", "EUR 5.65", "EUR 6.60"), "I read the prices 3 euros 40, 5 euros 65, 6 euros 60."),
        (("Tea", "EUR 3.40"), "The price is 3 euros 40."),
        (("Tea", "Rice"), "I find no price that I can read."),
    ],
)
@pytest.mark.parametrize(
    ("parts", "more"),
    [(1, "And there is one part that I cannot read."), (2, "And there are two parts that I cannot read.")],
)
def test_that_a_price_may_stand_where_nothing_could_be_read_is_said(
    shelf: tuple[str, ...], told: str, parts: int, more: str
) -> None:
    s = InParts(World(lines=rows(*shelf)))
    s.unread = rows("EVR 9,9", "8UR")[:parts]
    s.say("what is the price", 1000)
    s.say("what was the price", 12_000)
    s.run_until(24_000)
    assert " ".join(d.text for d in answer(s)) == f"{told} {more}"
    if "euros" in told:
        assert s.spoken(2) == f"{told} {more} I read it just now."


def test_what_was_told_before_a_stop_can_be_asked_for_again() -> None:
    s = InParts(World(lines=rows("EUR 3.40", "EUR 5.65", "EUR 6.60", *(f"Row {i}" for i in range(30)))))
    s.say("what is the price", 1000)
    s.run_until(5500)
    assert answer(s) and not [e for e in s.all(ev.TextRead) if not e.more]
    s.say("stop", 5600)
    s.say("what was the price", 9000)
    assert "3 euros 40" in s.run_until(16_000).spoken(s.all(ev.TurnOpened)[-1].turn)
