"""The bench of the first word counts what a wearer hears: from the recording, word by word, turn by turn."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines import events as ev
from pipelines.director import Director
from pipelines.events import MS
from tests.bench.first_word.things import THINGS, Thing
from tests.bench.first_word.told import Told, matched, told
from tests.scripted import ScriptedSession, World

LATE_MS = 25  # from the first packet to the ear


def answered(words: str, world: World) -> Told:
    """One question, each of its answer's sounds heard by the device a little after it left."""
    s = ScriptedSession(world)
    s.say(words, 1000)
    s.run_until(9000)
    director, events = Director(s.options), list[ev.Happening | ev.Decision]()
    for event in s.tape:
        events += [event, *director.feed(event)]
        if isinstance(event, ev.PlayMark) and event.mark == "started" and event.chunk == 0:
            events.append(ev.HeardMark(event.t_ns, event.utterance, "first", event.t_ns + LATE_MS * MS))
    (found,) = told(events)
    return found


def test_what_a_sign_says_begins_with_its_first_word() -> None:
    found = answered("what does this sign say", World(word_ms=100))
    assert found.read and found.words[0] == ("Platform", 0.0)
    assert found.lead_ms(("platform",)) == 0.0


def test_the_first_printed_word_is_the_one_behind_our_own() -> None:
    price = (ev.TextLine("EUR 3.40", 0.99, (100, 100, 300, 40)),)
    found = answered("what is the price", World(lines=price, word_ms=100))
    assert found.said == "The price is 3 euros 40." and found.read
    assert found.lead_ms(("3",)) == 300.0, "behind three words of ours"
    assert found.lead_ms(("zeppelin",)) is None


def test_where_we_say_a_word_while_reading_the_printed_one_comes_after_it() -> None:
    """The acknowledgement is the first sound; what was read follows in a chunk of its own, and not right after it."""
    quick, slow = (answered("what does this sign say", World(word_ms=100, read_ms=ms)) for ms in (200, 2500))
    printed = quick.said.split()[0].strip(".,").lower()
    assert slow.words[0][0] == "I" and slow.sound_ms < 2500
    first = slow.lead_ms((printed,))
    assert first is not None and slow.sound_ms + first > 2500


def test_that_nothing_can_be_read_is_no_reading() -> None:
    nothing, cut_short = (answered("read the sign", World(lines=(), read_ms=ms)) for ms in (250, 60_000))
    assert nothing.owned and not nothing.read
    assert cut_short.said and not cut_short.owned, "that it is reading is no answer yet"


def test_questions_find_their_turns_though_the_clocks_differ_and_one_was_not_heard() -> None:
    asked, begins = [2.0, 9.5, 15.2, 21.0], [102.02, 108.0, 115.18, 121.03]
    assert matched(asked, begins) == [0, None, 2, 3]
    assert matched(asked, []) == [None] * 4
    assert matched([], begins) == []


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: thing.name)
def test_a_seed_draws_the_same_picture_and_another_seed_another(thing: Thing) -> None:
    one, again, other = (thing.draw(np.random.default_rng((seed, 0))) for seed in (5, 5, 6))
    assert one.picture.shape == (720, 1280, 3) and one.picture.dtype == np.uint8
    assert np.array_equal(one.picture, again.picture) and one.first == again.first
    assert not np.array_equal(one.picture, other.picture)
