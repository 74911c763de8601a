"""What was recalled for a turn, on the session page: which memories, by which words, how old, how long it took."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from companion.report.markup import Markup
from companion.report.page import write_page
from companion.report.recalled import recalled
from companion.turn_recall import Recalls
from pipelines import events as ev
from pipelines.spans import spans_of
from tests.desk import desk
from tests.test_report import Reader

NOON_S = 1_795_348_800.0  # 2026-11-22 12:00 UTC
NOON = "2026-11-22T12:00:00+00:00"
LOCKER = ev.Memory(7, "fact", "my locker is 214", "locker", "told", at_s=NOON_S - 26 * 3600)
SECRET = ev.Memory(8, "fact", "my locker code is 4419", "locker code", "told", "secret", at_s=NOON_S)
ASKED = ev.Recall(ev.NS, "in case it helps", request=1, turn=1, query="what is my locker")


def section(*events: ev.Happening | ev.Decision) -> Markup:
    book = Recalls(NOON)
    for event in (ASKED, *events):
        book.feed(event)
    shown = recalled({"recalls": book.of(1)})
    assert shown is not None
    return shown


def test_a_card_tells_what_was_recalled_beside_what_was_looked_at_and_what_left(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with desk(tmp_path / "rec") as session:
            await session.ask("my locker is 214")
            await session.ask("what's my locker number")
            await session.ask("what can I say")

    asyncio.run(scenario())
    (recording,) = (tmp_path / "rec").glob("*.mcap")
    page = Reader(write_page(recording, recording.with_suffix(".html")).read_text("utf-8"))
    told = page.text("turn-2").split("Recalled, on the device")[1]
    assert "1 memory in" in told and "ms" in told
    assert "my locker is 214" in told and "found by locker" in told and "told by the wearer just now" in told
    assert "Ledger" in told, "beside what left"
    assert "Recalled" not in page.text("turn-3"), "nothing was looked for"


def test_a_memory_is_as_old_as_the_session_says_and_a_secret_is_not_shown() -> None:
    shown = section(ev.Recalled(ev.NS + 12 * ev.MS, 1, (LOCKER, SECRET)))
    assert "2 memories in 12\u00a0ms" in shown and "told by the wearer yesterday at 10:00" in shown
    assert "(a secret)" in shown and "4419" not in shown


def test_what_came_too_late_failed_or_was_nothing_is_said_so() -> None:
    late = section(ev.Cancel(2 * ev.NS, request=1, kind="recall"), ev.Recalled(3 * ev.NS, 1, (LOCKER,)))
    assert "not waited for any longer, so it was not used" in late
    assert "failed in 5.0\u00a0ms: locked" in section(ev.Recalled(ev.NS + 5 * ev.MS, 1, trouble="locked"))
    assert "nothing in 5.0\u00a0ms" in section(ev.Recalled(ev.NS + 5 * ev.MS, 1))
    assert "nothing is recorded of what came of it" in section()


def test_words_from_the_database_are_words_on_the_page() -> None:
    evil = ev.Memory(9, "fact", "<script>alert(1)</script>", "locker", "told")
    assert "<script>" not in section(ev.Recalled(2 * ev.NS, 1, (evil,)))


def test_the_time_that_recall_took_of_an_answer_is_a_span_and_the_whole_stays_tiled() -> None:
    def spans(*between: ev.Happening | ev.Decision) -> dict[str, float]:
        speak = ev.Speak(1500 * ev.MS, utterance=1, turn=1, text="Your locker is 214.", last=True)
        (turn,) = spans_of(
            [
                ev.SpeechPaused(900 * ev.MS, 800 * ev.MS, 500 * ev.MS, 0),
                ev.TurnOpened(1000 * ev.MS, turn=1, text="what is my locker", speech_end_ns=800 * ev.MS),
                replace(ASKED, t_ns=1000 * ev.MS),
                *between,
                speak,
                ev.PlayMark(1600 * ev.MS, 1, 0, "started"),
                ev.TurnClosed(1700 * ev.MS, turn=1, outcome="answered"),
            ]
        )
        assert turn.total_ms == 800.0
        return {span.name: span.ms for span in turn.spans}

    found = ev.Recalled(1400 * ev.MS, 1, (LOCKER,))
    assert spans(found)["recall"] == 400.0 and spans(found)["wording"] == 100.0
    given_up = ev.Cancel(1150 * ev.MS, request=1, kind="recall")
    assert spans(given_up, found)["recall"] == 150.0
