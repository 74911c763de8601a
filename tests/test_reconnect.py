"""A link that is lost and found: what was not heard is said, what was heard is not said again, and one notice is.

The deciders, the playout and the whole shell in virtual time; the link itself is in `test_resume.py`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from companion.link.speaker import Ledger
from companion.replay import replay
from pipelines import events as ev
from pipelines.events import MS
from pipelines.room import DirectorOptions
from pipelines.speaking.playout import Playout
from pipelines.thinking.options import ModeOptions, Options
from recordings.reader import Recording
from recordings.turns import turns_of
from recordings.verify import verify
from tests.lossy import LossySession
from tests.scripted import Reply, World
from tests.studio import T0_NS, Studio

STORY = (
    "Once there was a lamp on a quiet pier. It looked over the water every evening. "
    "One night the fog was thick. So the lamp asked the old bell for help. The bell rang and the boats came home."
)
NOTICE = "I lost the connection. Going on."


def told(reports: bool = True, story: str = STORY, **world: object) -> LossySession:
    """A wearer who asked for a story; it begins to be told at about 2.5 s, at 300 ms a word."""
    options = DirectorOptions(Options(modes=ModeOptions(acknowledge_ms=300_000)))  # no "one moment" in these stories
    s = LossySession(World(model_answer=story, model_words_ms=20, **world), options, reports)  # type: ignore[arg-type]
    s.say("what do you see", at_ms=500)
    return s


def assert_once_in_order(heard: list[str], story: str = STORY, most_twice: int = 2) -> None:
    """Every word of the story in its order, none missing; at most so many are heard twice."""
    wanted, at, again = story.split(), 0, 0
    for word in heard:
        if at < len(wanted) and word == wanted[at]:
            at += 1
            continue
        back = next((n for n in range(1, 5) if at - n >= 0 and wanted[at - n] == word), 0)
        assert back, f"{word!r} is out of place; so far {' '.join(wanted[:at])!r}, of {heard}"
        again += back
        at -= back - 1
    assert at == len(wanted), f"it ends after {' '.join(wanted[:at])!r}"
    assert again <= most_twice, f"{again} words twice: {heard}"


def without_notice(s: LossySession, back_ms: int, notice: str = NOTICE) -> list[str]:
    before, after = s.heard()[: len(s.heard()) - len(s.heard(back_ms))], s.heard(back_ms)
    words = notice.split()
    assert after[: len(words)] == words, after
    assert " ".join(after).count("connection") == 1
    return before + after[len(words) :]


def without_notices(heard: list[str]) -> list[str]:
    """Also without those that were not said to their end."""
    words, notice, at = [], NOTICE.split(), 0
    for word in heard:
        at = at + 1 if word == notice[min(at, len(notice) - 1)] else 1 if word == notice[0] else 0
        if not at:
            words.append(word)
    return words


# ------------------------------------------------------------------------------------------------------ the deciders


@pytest.mark.parametrize("reports", [True, False], ids=["told by the device", "known from sending"])
@pytest.mark.parametrize("cut_ms", range(3_000, 11_000, 777))
@pytest.mark.parametrize("away_ms", [400, 3_000, 6_500, 20_000])
def test_the_rest_is_heard_once_and_in_order_behind_one_notice(cut_ms: int, away_ms: int, reports: bool) -> None:
    s = told(reports)
    s.cut(cut_ms)
    s.back(cut_ms + away_ms)
    s.run_until(cut_ms + away_ms + 25_000)
    assert_once_in_order(without_notice(s, cut_ms + away_ms))
    assert s.state == "listening" and s.director.at_rest
    assert [t.outcome for t in s.all(ev.TurnClosed)] == ["answered"]
    assert s.director.history.entries[-1].heard == STORY


def test_a_device_that_never_comes_back_leaves_the_words_that_were_heard() -> None:
    s = told()
    s.cut(6_000)
    s.gone_for_good(41_000)
    s.run_until(42_000)
    (closed,) = s.all(ev.TurnClosed)
    assert closed.outcome == "interrupted"
    assert STORY.startswith(closed.heard) and abs(len(closed.heard.split()) - len(s.heard())) <= 1
    assert s.director.history.entries[-1].heard == closed.heard


def test_an_answer_that_was_sent_to_its_end_but_not_heard_is_cut_in_the_history_at_once() -> None:
    s = told()
    s.cut(12_000)
    s.run_until(18_000)
    heard = s.director.history.entries[-1].heard
    assert STORY.startswith(heard) and abs(len(heard.split()) - len(s.heard())) <= 2
    s.back(20_000)
    s.run_until(40_000)
    assert s.director.history.entries[-1].heard == STORY


def test_goodbye_ends_at_once_as_ever() -> None:
    s = told()
    s.gone_for_good(6_000)
    s.run_until(7_000)
    assert s.state == "closed" and s.all(ev.TurnClosed)[0].outcome == "interrupted"
    assert not s.all(ev.RewindPlay)


@pytest.mark.parametrize(("away_ms", "notice"), [(800, ""), (4_000, ""), (6_000, "I lost the connection. I am back.")])
def test_where_nothing_was_being_said_only_a_long_gap_is_told_of(away_ms: int, notice: str) -> None:
    s = LossySession()
    s.cut(3_000)
    s.back(3_000 + away_ms)
    s.run_until(20_000)
    assert s.heard_text() == notice and s.state == "listening" and s.director.at_rest
    s.say("who are you", at_ms=21_000)
    s.run_until(30_000)
    assert "I am Earshot" in s.heard_text(21_000)


def test_words_that_were_lost_are_asked_for_again() -> None:
    s = LossySession()
    s.say("what colour is the door", at_ms=3_000)
    s.cut(3_900)
    s.back(5_400)
    s.run_until(13_000)
    assert s.heard_text() == "I lost the connection, and your last words. Please say them again."
    assert not s.all(ev.TurnOpened)


def test_what_the_model_says_meanwhile_is_kept() -> None:
    s = told(model_first_ms=4_000)
    s.cut(3_000)
    s.back(13_000)
    s.run_until(40_000)
    assert s.heard_text(13_000) == f"I lost the connection. Here is the answer. {STORY}"
    assert [t.outcome for t in s.all(ev.TurnClosed)] == ["answered"]


def test_an_answer_still_in_the_making_is_told_of_and_comes() -> None:
    s = told(story="The door is red.", model_first_ms=12_000)
    s.cut(3_000)
    s.back(10_000)
    s.run_until(25_000)
    assert "I lost the connection. I am still on your question. The door is red." in s.heard_text()


def test_patience_with_a_model_runs_on_while_the_device_is_away() -> None:
    s = told(reply=lambda ask: Reply(hangs=True))
    s.cut(4_000)
    s.back(60_000)
    s.run_until(75_000)
    assert s.heard_text(60_000) == "I lost the connection. Here is the answer. That takes too long. I gave up on it."
    assert s.state == "listening" and s.director.at_rest


def test_a_held_answer_is_not_too_late() -> None:
    s = told()
    s.cut(2_200)
    s.back(62_000)
    s.run_until(85_000)
    assert s.heard_text(60_000) == f"I lost the connection. Here is the answer. {STORY}"


def test_a_timer_that_rang_meanwhile_is_announced_behind_the_answer() -> None:
    s = LossySession(World(model_answer=STORY, model_words_ms=20))
    s.say("set a timer for ten seconds", at_ms=500)
    s.say("what do you see", at_ms=6_000)
    s.cut(9_500)
    s.back(20_000)
    s.run_until(50_000)
    after = s.heard_text(20_000)
    assert after.startswith(NOTICE) and after.index("boats came home.") < after.index("timer")


def test_stop_while_the_notice_is_said_stops_all_of_it() -> None:
    s = told()
    s.cut(6_000)
    s.back(12_000)
    s.say("stop", at_ms=12_500)
    s.run_until(25_000)
    assert s.state == "listening" and s.director.at_rest and s.playout.idle
    assert len(s.heard(12_000)) <= 4
    assert [t.outcome for t in s.all(ev.TurnClosed)] == ["stopped"]


def test_another_question_over_the_notice_is_answered_instead() -> None:
    s = told()
    s.cut(6_000)
    s.back(12_000)
    s.say("who are you", at_ms=12_500)
    s.run_until(30_000)
    assert s.heard_text(13_500).endswith("I look when you ask.") and "boats" not in s.heard_text(12_000)
    assert s.playout.idle


def test_a_cough_over_the_notice_takes_nothing_away() -> None:
    s = told()
    s.cut(6_000)
    s.back(12_000)
    s.say("(cough)", at_ms=12_700, ms=150)
    s.run_until(40_000)
    assert_once_in_order([w for w in s.heard() if w not in {"I", "lost", "connection.", "Going", "on."}], most_twice=3)
    assert [t.outcome for t in s.all(ev.TurnClosed)] == ["answered"], "a cough is no other question"
    assert s.director.history.entries[-1].heard == STORY


def test_what_the_wearer_holds_stays_held() -> None:
    s = told()
    s.say("wait", at_ms=5_000)
    s.cut(8_000)
    s.back(15_000)
    s.run_until(25_000)
    assert s.heard_text(15_000) == "I lost the connection. I am back."
    s.say("go on", at_ms=26_000)
    s.run_until(50_000)
    assert s.heard_text(26_000).endswith("boats came home.")


def test_lost_again_and_again_it_is_still_said_once() -> None:
    s = told()
    for cut_ms, back_ms in ((4_000, 10_500), (11_000, 17_000), (20_000, 20_600), (24_000, 31_000)):
        s.cut(cut_ms)
        s.back(back_ms)
    s.run_until(60_000)
    assert_once_in_order(without_notices(s.heard()), most_twice=8)
    assert [t.outcome for t in s.all(ev.TurnClosed)] == ["answered"]
    assert s.state == "listening" and s.playout.idle


def test_the_greeting_is_not_repeated_and_not_lost() -> None:
    s = LossySession(World(greet=True))
    s.cut(300)
    s.back(9_000)
    s.run_until(20_000)
    assert s.heard_text().count("I can hear you.") == 1
    s.cut(21_000)
    s.back(30_000)
    s.run_until(40_000)
    assert s.heard_text(21_000) == "I lost the connection. I am back."


def test_a_picture_from_before_is_not_now() -> None:
    s = LossySession(World(frame_age_ms=7_000))
    s.cut(3_000)
    s.back(10_000)
    s.say("what does this sign say", at_ms=13_000)
    s.run_until(25_000)
    assert "too old" in s.heard_text(13_000) or "no picture" in s.heard_text(13_000)


# ------------------------------------------------------------------------------------------------------- the playout


def sound(samples: int, value: int = 1000) -> np.ndarray:
    return np.full(samples, value, np.int16)


def word_by_word(count: int, word: int = 4800) -> Playout:
    """So many words of 100 ms, each of a value of its own, all of utterance 1."""
    playout = Playout()
    for i in range(count):
        playout.add(
            1, 0, sound(word, 100 * (i + 1)), i == count - 1, (ev.Word(f"w{i}", i * 100 * MS, (i + 1) * 100 * MS),)
        )
    return playout


def taken(playout: Playout, ticks: int) -> tuple[np.ndarray, list[tuple[int, str, int]]]:
    pcm, marks = [], []
    for _ in range(ticks):
        tick = playout.take()
        pcm.append(tick.pcm if tick.pcm is not None else np.zeros(960, np.int16))
        marks += [(m.utterance, m.mark, m.position_ns // MS) for m in tick.marks]
    return np.concatenate(pcm), marks


def test_going_back_begins_at_the_word_and_fades_in() -> None:
    playout = word_by_word(20)
    taken(playout, 40)  # 800 ms
    playout.pause(True)
    playout.rewind(1, 350 * MS)
    held, marks = taken(playout, 5)
    assert not held.any() and not marks
    playout.pause(False)
    pcm, marks = taken(playout, 85)
    assert marks[0] == (1, "resumed", 300) and marks[-1] == (1, "finished", 2000)
    assert pcm[0] < 100 and pcm[300] == 400 and pcm[85 * 960 - 1] == 2000
    assert playout.idle


def test_what_was_finished_can_be_gone_back_in_and_is_finished_again() -> None:
    playout = word_by_word(10)
    _, marks = taken(playout, 60)
    assert marks[-1] == (1, "finished", 1000) and playout.idle
    playout.pause(True)
    playout.rewind(1, 640 * MS)
    playout.add(2, 0, sound(9600, 7), True, first=True)
    playout.pause(False)
    pcm, marks = taken(playout, 40)
    assert marks == [
        (2, "started", 0),
        (2, "finished", 200),
        (1, "resumed", 600),
        (1, "finished", 1000),
    ]
    assert pcm[0] == 7 and pcm[10 * 960 + 300] == 700


def test_only_ten_seconds_can_be_gone_back_and_no_more_is_kept() -> None:
    playout = word_by_word(300)
    taken(playout, 1400)  # 28 s
    assert sum(len(pcm) for _, pcm in playout._head().pieces) <= 13 * 48_000  # type: ignore[union-attr]
    playout.pause(True)
    playout.rewind(1, 0)
    playout.pause(False)
    _, marks = taken(playout, 1)
    assert marks[0][:2] == (1, "resumed") and 17_800 <= marks[0][2] <= 18_100


def test_going_back_in_what_is_unknown_or_not_begun_does_nothing() -> None:
    playout = word_by_word(3)
    playout.rewind(1, 0)
    playout.rewind(77, 0)
    _, marks = taken(playout, 20)
    assert [m[1] for m in marks] == ["started", "finished"]
    playout.add(2, 0, sound(960), True)
    taken(playout, 2)
    playout.rewind(1, 0)  # another was finished since
    assert playout.idle


def test_what_comes_first_does_not_shorten_what_is_held() -> None:
    playout = word_by_word(10)
    taken(playout, 22)  # in the middle of word 4
    playout.pause(True)
    taken(playout, 3)
    playout.add(2, 0, sound(960, 7), True, first=True)
    playout.pause(False)
    pcm, marks = taken(playout, 40)
    assert marks[:3] == [(2, "started", 0), (2, "finished", 20), (1, "resumed", 400)]
    assert pcm[-1] in (0, 1000)


def test_the_ledger_knows_where_sound_is_that_was_gone_back_to() -> None:
    ledger = Ledger()
    for i in range(100):
        ledger.sent(5, i * 960)
    assert ledger.position_ns(5, 50 * 960) == 1_000 * MS
    ledger.moved(5, 500 * MS)
    ledger.sent(5, 100 * 960)
    ledger.sent(5, 101 * 960)
    assert ledger.position_ns(5, 101 * 960) == 520 * MS
    assert ledger.position_ns(5, 50 * 960) == 1_000 * MS, "what was sent before keeps its place"
    other = Ledger()  # of the connection after
    other.moved(5, 500 * MS)
    assert other.position_ns(5, 0) is None
    other.sent(5, 960_000)
    assert other.position_ns(5, 960_000 + 480) == 510 * MS


# ------------------------------------------------------------------------------------------------ the shell, and replay


class LossyStudio(Studio):
    """A studio whose device goes at some moments and is back at others, over another connection."""

    gaps_ms: tuple[tuple[int, int, int], ...] = ()  # (gone, missed, back)

    def record(self, seconds: float, t0_unix_ns: int = T0_NS) -> Path:
        self.up = True
        for gone_ms, missed_ms, back_ms in self.gaps_ms:
            self._acts.append((gone_ms * MS, self._gone))
            self._acts.append((missed_ms * MS, lambda: self.session.on_state("lost", True, True, True, "silent")))
            self._acts.append((back_ms * MS, self._back))
        return super().record(seconds, t0_unix_ns)

    def _gone(self) -> None:
        self.up = False

    def _back(self) -> None:
        self.up = True
        self.session.on_state("connected", True, True, True, "", resumed=True)

    def _window(self) -> None:
        if self.up:
            super()._window()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_session_that_was_lost_and_found_is_decided_again_alike(tmp_path: Path, seed: int) -> None:
    studio = LossyStudio(tmp_path, seed, World(model_answer=STORY, model_words_ms=20))
    studio.gaps_ms = ((6_000, 11_000, 15_000), (18_000, 19_500, 19_500), (60_000, 65_000, 80_000))
    studio.say("what do you see", at_ms=1_000)
    studio.say("what does this sign say", at_ms=52_000)
    studio.say("who are you", at_ms=84_000)
    path = studio.record(100)
    played = replay(path)
    assert played.same, played.line
    rewinds = [e for e in studio.events if isinstance(e, ev.RewindPlay)]
    assert len(rewinds) >= 2
    resumed = [e for e in studio.events if isinstance(e, ev.LinkChanged) and e.resumed]
    assert len(resumed) == 3
    notices = [e for e in studio.events if isinstance(e, ev.Speak) and "lost the connection" in e.text]
    assert len(notices) == 3
    assert not verify(path).faults
    turns = turns_of(Recording(path))
    assert [t.outcome for t in turns] == ["answered"] * 3
