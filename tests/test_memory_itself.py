"""What is asked of memory itself, in words that no table has: all of a time, all about somebody, what was before, and
what is to go. No word of talk is an order to forget."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.memory import sentences
from tests.bench.memory.dialogue import Script, Step, play


@pytest.mark.parametrize(
    ("words", "name", "subject"),
    [
        ("talk me through what I asked you to hold on to on Friday", "overview", ""),
        ("was there something I wanted you to note down yesterday?", "overview", ""),
        ("what have you written down for me since I got up", "overview", ""),
        ("give me a quick summary of all you've stored about me", "overview", ""),
        ("can you tell me everything about mr pendleton", "about", "mr pendleton"),
        ("I'm about to meet Ottilie, so tell me what you've got on her", "about", "ottilie"),
        ("tell me what you've got saved on callum", "about", "callum"),
        ("on what day did I mention that to you", "source", ""),
        ("what did I have down for the bin day before I corrected it", "before", "bin day"),
        ("do you still remember the old gate code", "before", "the old gate code"),
        ("what had you noted before it changed", "before_that", ""),
        ("and originally?", "before_that", ""),
    ],
)
def test_what_is_asked_of_memory_itself_is_understood(words: str, name: str, subject: str) -> None:
    wanted = sentences.understood(words)
    assert wanted is not None and (wanted.kind, wanted.name, wanted.subject) == ("recall", name, subject)


@pytest.mark.parametrize(
    ("words", "name", "subject"),
    [
        ("whatever I mentioned in the last half hour, don't keep it", "forget_since", "the last half hour"),
        ("I don't want you to store anything from today", "forget_since", "today"),
        ("no, don't save what I only just told you", "forget_that", ""),
        ("I've broken up with Ottilie, so delete everything", "forget_about", "ottilie"),
        ("I don't want you holding on to anything about Ottilie any more", "forget_about", "ottilie"),
    ],
)
def test_what_is_to_go_is_understood_by_what_such_an_order_needs(words: str, name: str, subject: str) -> None:
    wanted = sentences.understood(words)
    assert wanted is not None and (wanted.kind, wanted.name, wanted.subject) == ("memory", name, subject)


@pytest.mark.parametrize(
    "words",
    [
        "I forgot my keys today",
        "don't forget the milk",
        "did you forget everything I said today",
        "should I delete everything I said today",
        "I don't remember what I just said",
        "I don't know anything about cars",
        "I don't keep anything on my desk",
        "I wish I could forget everything about Ottilie",
        "we never keep anything from today's lunch",
        "today never happened",
        "everything is gone today",
        "clear all my appointments today",
        "I shouldn't have said that",
        "whatever I told you today, keep it",
    ],
)
def test_talk_and_questions_forget_nothing(words: str) -> None:
    wanted = sentences.understood(words)
    assert wanted is None or not wanted.name.startswith("forget")


@pytest.mark.parametrize(
    "words",
    [
        "how was the museum before it rained",
        "what do I do before I change it",
        "what do I have to remember to pack",
        "read me everything on this page",
        "what have you heard about the election",
        "you know everything about me",
        "that's what I told you yesterday",
        "how do you know when bread is done",
    ],
)
def test_what_only_sounds_like_it_asks_nothing_of_memory_itself(words: str) -> None:
    wanted = sentences.understood(words)
    assert wanted is None or wanted.name not in {"overview", "about", "before", "before_that", "source"}


def test_a_dialogue_about_memory_itself(tmp_path: Path) -> None:
    """What changed is told as it was, all of a day, and all about somebody, until they are to go."""
    script = Script(
        "itself",
        "time",
        (
            Step("day", hour=9.0),
            Step("say", "remember that the spare key is under the mat"),
            Step("say", "remember that Ottilie is allergic to nuts"),
            Step("say", "remember that Ottilie works at the harbour"),
            Step("day", days=1, hour=10.0),
            Step("say", "remember that the spare key is behind the shed"),
            Step("ask", "where is the spare key", ("shed",)),
            Step("ask", "and before I changed it?", ("mat",), ("shed",)),
            Step("ask", "what did I tell you the first time about the spare key", ("mat",), ("shed",)),
            Step("ask", "run through what I gave you to remember yesterday", ("mat", "nuts", "harbour"), ("shed",)),
            Step("ask", "what have you noted from me so far today", ("shed",), ("nuts",)),
            Step("ask", "can you tell me everything about ottilie", ("nuts", "harbour")),
            Step("say", "I've fallen out with Ottilie, so wipe the lot"),
            Step("none", "what do you know about ottilie"),
            Step("say", "nothing I said today is to be kept"),
            Step("gone", words=("Ottilie", "harbour")),
        ),
    )
    played = play(script, tmp_path)
    assert played.right, "\n".join(played.log)
