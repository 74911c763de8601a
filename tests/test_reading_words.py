"""Moving about in a text by voice: the many ways to say it, and the questions that only sound like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.thinking.reading_words import Command, reading_command
from pipelines.thinking.steering_words import steers

MEANT: dict[str, tuple[str, ...]] = {
    "next_line": (
        "Next line.",
        "next line please",
        "Read the next line.",
        "Could you read me the next line, please?",
        "and the next line",
        "okay, next one",
        "the next one",
        "Next!",
        "what's the next line?",
        "What does the next line say?",
        "go to the next line",
        "skip to the next line",
        "move on to the next line",
        "one line down",
        "go down a line",
        "skip this line",
        "skip a line please",
        "and the one after that",
        "the line after that",
        "what comes after that line",
        "next row",
        "next sentence, thanks",
        "the following line",
    ),
    "previous_line": (
        "Previous line.",
        "the previous one",
        "read the previous line",
        "go back a line",
        "back one line please",
        "one line up",
        "go up a line",
        "the line before that",
        "can you read the line before",
        "what was the previous line",
        "What did the previous line say?",
        "what came before that line",
    ),
    "this_line": (
        "Read that line again.",
        "repeat that line",
        "that line again please",
        "read the last line again",
        "repeat the last line",
        "say this line once more",
        "what was that line",
        "What did that line say?",
        "the same line again",
        "can you repeat the line",
    ),
    "from_the_top": (
        "From the top.",
        "start from the top",
        "read it from the top",
        "again from the top please",
        "take it from the top",
        "read it from the beginning",
        "read it all again",
        "read the whole thing again",
        "back to the top",
        "go back to the beginning",
        "start again from the beginning",
        "repeat everything",
        "everything again please",
    ),
    "last_line": (
        "Read the last line.",
        "the last line please",
        "what's the last line",
        "What does the last line say?",
        "just the last line",
        "the very last line",
        "skip to the end",
        "what does it say at the end",
        "what does the letter say at the bottom",
        "the final sentence",
        "read the bottom line",
    ),
    "rest": (
        "Read the rest.",
        "the rest please",
        "keep reading",
        "read on",
        "go on reading",
        "continue reading please",
        "read me the rest of the letter",
        "what else does it say?",
        "read further",
    ),
    "spell": (
        "Spell that.",
        "spell it please",
        "can you spell that for me",
        "Could you spell that out?",
        "how is that spelled",
        "How do you spell that?",
        "how is it spelt",
        "letter by letter please",
        "read it letter by letter",
        "spell that line",
        "spell the last line",
        "spell that word",
        "spell the name",
    ),
    "how_many_lines": (
        "How many lines are there?",
        "how many lines",
        "how many lines of text",
        "how many lines is it",
        "how many lines does it have",
        "how many lines did you read",
        "how many lines are on the sign",
        "how long is the letter",
        "count the lines",
    ),
    "lines_left": (
        "How many lines are left?",
        "how many more lines",
        "how much is left",
        "how many lines to go",
        "is there more",
        "Is there any more text?",
        "was that everything",
        "was that all",
    ),
}
MEANT_WITH: tuple[tuple[str, str, str], ...] = (
    ("Read line three.", "line", "3"),
    ("read line 12 please", "line", "12"),
    ("the third line", "line", "3"),
    ("what does line two say", "line", "2"),
    ("go to line five", "line", "5"),
    ("read the first line again", "line", "1"),
    ("What does the second line say?", "line", "2"),
    ("what's on line four", "line", "4"),
    ("Spell Leeds.", "spell", "leeds"),
    ("can you spell Marylebone please", "spell", "marylebone"),
    ("How do you spell Worcestershire?", "spell", "worcestershire"),
    ("spell the word receipt", "spell", "receipt"),
    ("how is Leeds spelled", "spell", "leeds"),
    ("spell the last word", "spell", "last word"),
    ("spell out the first word", "spell", "first word"),
    ("spell O'Neill", "spell", "o'neill"),
    ("how is the name Siobhan written", "spell", "siobhan"),
    ("Only the prices.", "only", "prices"),
    ("just the prices please", "only", "prices"),
    ("read only the prices", "only", "prices"),
    ("can you read me the prices", "only", "prices"),
    ("what are the prices", "only", "prices"),
    ("what are the prices on the menu", "only", "prices"),
    ("nothing but the prices", "only", "prices"),
    ("skip to the prices", "only", "prices"),
    ("the prices only", "only", "prices"),
    ("all the prices", "only", "prices"),
    ("only the times", "only", "times"),
    ("just the opening hours", "only", "times"),
    ("read me the times", "only", "times"),
    ("what are the opening hours on the sign", "only", "times"),
    ("what times does it say", "only", "times"),
    ("only the numbers", "only", "numbers"),
    ("read the numbers", "only", "numbers"),
    ("only the phone numbers", "only", "phone numbers"),
    ("what's the phone number", "only", "phone numbers"),
    ("just the telephone number please", "only", "phone numbers"),
    ("read me the phone number on the letter", "only", "phone numbers"),
    ("only the dates", "only", "dates"),
    ("what dates does the letter say", "only", "dates"),
    ("Where does it say platform?", "find", "platform"),
    ("where does it say no parking", "find", "no parking"),
    ("where does the letter mention the word deposit", "find", "deposit"),
    ("does it say anything about nuts", "find", "nuts"),
    ("does it mention gluten", "find", "gluten"),
    ("does the label say peanuts", "find", "peanuts"),
    ("which line says Leeds", "find", "leeds"),
    ("read the line with platform", "find", "platform"),
    ("read me the line about refunds", "find", "refunds"),
    ("go to the line that says total", "find", "total"),
    ("what does it say about the deposit", "find", "deposit"),
    ("find soup on the menu", "find", "soup"),
    ("find the word total", "find", "total"),
    ("is there anything about allergies on the label", "find", "allergies"),
)
# Questions for a model, steering, and talk that only sounds like a command.
NOT_MEANT: tuple[str, ...] = (
    "read me a story",
    "read me a poem",
    "read this",
    "read the sign",
    "what does this sign say",
    "what is the next line of the poem",
    "what's the next line of the song",
    "what is the last line of Ulysses",
    "spell check this email",
    "spell check",
    "spellcheck this",
    "cast a spell",
    "what is a spell",
    "spell your name",
    "spell my name",
    "spell it correctly",
    "spell the name of the capital of France",
    "spell a word with five letters",
    "how do you spell relief in three words",
    "how do you write a letter",
    "how do you write to a lawyer",
    "how do you spell something like that",
    "how is this written in French",
    "how is that",
    "how is it",
    "how do you write that in German",
    "what's the bottom line",
    "what is next",
    "what's next on my calendar",
    "who is next",
    "when is the next train",
    "next week",
    "next to the door",
    "the next bus please",
    "what is the next station",
    "go to the end of the street",
    "how do I get to the end of the line",
    "which line goes to Leeds",
    "what line is this",
    "which line is this",
    "take the red line",
    "is this the Central line",
    "line three",
    "when does line three leave",
    "how do I get to line three",
    "drop me a line",
    "hold the line",
    "how many lines are there in the London Underground",
    "how many lines does a sonnet have",
    "how many people are there",
    "how many lines should an essay have",
    "how long is the journey",
    "how long is the letter A in Morse code",
    "how much is left on my card",
    "how much is this",
    "is there more coffee",
    "is there more to life",
    "was that a bus",
    "was that all you needed from the shop",
    "the rest of my life",
    "I need a rest",
    "give it a rest",
    "what are the prices in other shops",
    "what are the times tables",
    "what times are good for you",
    "what is the time",
    "what are the opening hours of the museum",
    "what's the phone number of the police",
    "only the good die young",
    "only the brave",
    "just the two of us",
    "just the thing",
    "all the best",
    "compare the prices",
    "are the prices fair",
    "where does it hurt",
    "where does it say that",
    "where does it come from",
    "does it say when it opens",
    "does it say who wrote it",
    "does it say how to open it",
    "does it say what the price is",
    "does it mean anything",
    "does this bus go to Leeds",
    "what does it say about me",
    "what does it say about you that you like it",
    "find a restaurant",
    "find my keys",
    "find me a seat on the train",
    "look for the exit",
    "find soup",
    "is there anything about me on the news",
    "which sentence is better",
    "read between the lines",
    "write the next line",
    "translate the next line",
    "what does the next line mean",
    "explain the last line",
    "translate it from the top",
    "from the top of the hill what can you see",
    "look at it from the top down",
    "back to the start of the year",
    "again",
    "slower",
    "say that again",
    "go on",
    "stop",
    "stop reading",
    "from the beginning",
    "start over",
    "repeat that",
    "wait",
    "",
    "   ",
    "...",
    "the",
    "hm",
    "a line",
    "and",
    "please",
    "we ordered everything again",
    "I read the last line already",
    "who read the last line",
    "my next line is a joke",
    "remind me to read the rest",
    "set a timer for the rest of the hour",
)


@pytest.mark.parametrize(("name", "said"), [(name, said) for name, all_said in MEANT.items() for said in all_said])
def test_a_command_is_understood_in_the_ways_people_say_it(name: str, said: str) -> None:
    assert reading_command(said) == Command(name)


@pytest.mark.parametrize(("said", "name", "subject"), MEANT_WITH)
def test_a_command_about_something_tells_about_what(said: str, name: str, subject: str) -> None:
    assert reading_command(said) == Command(name, subject)


@pytest.mark.parametrize("said", NOT_MEANT)
def test_questions_and_remarks_are_left_to_others(said: str) -> None:
    assert reading_command(said) is None


def test_no_command_takes_words_that_steer_the_voice() -> None:
    both = [said for group in MEANT.values() for said in group if steers(said.lower().strip(".?!"))]
    assert both == [], "these words already mean something else"


@pytest.mark.parametrize("said", ["next line", "only the prices", "spell Leeds", "read the line with platform"])
@pytest.mark.parametrize("before", ["", "Please ", "okay, ", "Hey Earshot, could you ", "no, wait, "])
@pytest.mark.parametrize("after", ["", " please", ", thank you.", " for me", " now, please!"])
def test_politeness_changes_nothing(before: str, said: str, after: str) -> None:
    command = reading_command(said)
    assert command is not None and reading_command(before + said + after) == command


@pytest.mark.parametrize("said", ["next", "next one", "is there more?", "was that all", "the rest", "how much is left"])
def test_words_that_are_said_of_many_things_are_marked_as_loose(said: str) -> None:
    command = reading_command(said)
    assert command is not None and command.loose


@pytest.mark.parametrize("said", ["next line", "how many lines are left", "only the prices", "spell that"])
def test_words_that_can_only_mean_the_text_are_not_loose(said: str) -> None:
    command = reading_command(said)
    assert command is not None and not command.loose


@given(st.text(max_size=600))
def test_anything_at_all_is_a_command_or_none(text: str) -> None:
    command = reading_command(text)
    assert command is None or command.name


@pytest.mark.parametrize("word", ["please ", "and ", "so ", "could you ", "spell ", "the next line "])
def test_endless_words_are_no_command(word: str) -> None:
    assert reading_command(word * 500) is None
