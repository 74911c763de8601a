"""The router: what the wearer says about thinking is heard, and nothing dearer is chosen behind their back."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.thinking.options import ModeOptions
from pipelines.thinking.router import MODES, Route, mode_command, route


def routed(text: str, standing: str = "", free: bool = False, visual: bool = True, default: str = "instant") -> Route:
    return route(text, standing, ModeOptions(default=default), free, visual)


EXPLICIT = [
    # what is said, the mode it names, what is left of it
    ("Quick, what's this?", "instant", "What's this?"),
    ("quick what is this", "instant", "what is this"),
    ("quickly, which bus is that", "instant", "which bus is that"),
    ("Hey Earshot, quick: who wrote this?", "instant", "Who wrote this?"),
    ("In short, why is the sky blue?", "instant", "Why is the sky blue?"),
    ("in brief what is this building", "instant", "what is this building"),
    ("Quick question, how old is this?", "instant", "How old is this?"),
    ("A short answer: what does this do?", "instant", "What does this do?"),
    ("Answer quickly: what is that?", "instant", "What is that?"),
    ("Don't think about it, what is this?", "instant", "What is this?"),
    ("What is this, in short?", "instant", "What is this"),
    ("Compare these two, make it quick.", "instant", "Compare these two"),
    ("Think about it: which of these is cheaper?", "thinking", "Which of these is cheaper?"),
    ("think about it which of these is cheaper", "thinking", "which of these is cheaper"),
    ("Think hard about this plant: is it edible?", "thinking", "This plant: is it edible?"),
    ("think carefully about whether this fits", "thinking", "whether this fits"),
    ("Think carefully: does this fit?", "thinking", "Does this fit?"),
    ("Please think very hard, what is wrong here?", "thinking", "What is wrong here?"),
    ("Think it through: can this be repaired?", "thinking", "Can this be repaired?"),
    ("Think step by step: how many tiles do I need?", "thinking", "How many tiles do I need?"),
    ("Think before you answer: is this a poison ivy?", "thinking", "Is this a poison ivy?"),
    ("Can you think about it and tell me which one is older?", "thinking", "Tell me which one is older?"),
    ("Think about what this costs over a year.", "thinking", "What this costs over a year."),
    ("Think: what am I missing?", "thinking", "What am I missing?"),
    ("Use thinking mode: what is this?", "thinking", "What is this?"),
    ("Which one is cheaper? Think about it.", "thinking", "Which one is cheaper?"),
    ("Which one is cheaper, think carefully.", "thinking", "Which one is cheaper"),
    ("What is this plant, and think about it please", "thinking", "What is this plant"),
    ("which one is cheaper think about it", "thinking", "which one is cheaper"),
    ("What does my wife mean? Think about it!", "thinking", "What does my wife mean?"),
    ("Take your time: what is the best route?", "contemplating", "What is the best route?"),
    ("Take your time and compare these two.", "contemplating", "Compare these two."),
    ("take your time what is this machine", "contemplating", "what is this machine"),
    ("Take your time to compare these two.", "contemplating", "Compare these two."),
    ("Contemplate whether this bridge holds.", "contemplating", "Whether this bridge holds."),
    ("Contemplate this: is it art?", "contemplating", "Is it art?"),
    ("Really think about it, is this a good offer?", "contemplating", "Is this a good offer?"),
    ("Really think about this contract.", "contemplating", "This contract."),
    ("Please really think whether I should sign.", "contemplating", "Whether I should sign."),
    ("Is this a good offer? Take your time.", "contemplating", "Is this a good offer?"),
    ("Is this contract fair, really think about it", "contemplating", "Is this contract fair"),
]

PLAIN = [
    # no mode is named in these, though they hold its words
    "A quick brown fox jumps over what?",
    "Quick-witted people, who are they?",
    "quick brown fox who wrote that",
    "How do I dry this quickly?",
    "What is a quick recipe with eggs?",
    "What do you think about it?",
    "what do you think about this",
    "what does my wife think about it",
    "Do you really think this is safe?",
    "really think it is safe",
    "Would you really think about buying this?",
    "I think about it every day",
    "Let me think about it.",
    "what would people think about it",
    "Do I have to take your time?",
    "Who is the thinker of this statue?",
    "What does contemplate mean?",
    "Where is the contemplation room?",
    "What's in short supply here?",
    "In short supply are what goods?",
    "Is thinking hard for children?",
    "Can you think of a word for this?",
    "I think that is a red door, is it?",
    "What is this?",
    "What colour is the door?",
    "Where did I park?",
    "",
    "   ",
    "…",
]


@pytest.mark.parametrize(("said", "mode", "left"), EXPLICIT)
@pytest.mark.parametrize("standing", ["", *MODES])
def test_a_mode_named_in_the_sentence_wins_and_its_words_are_taken_out(
    said: str, mode: str, left: str, standing: str
) -> None:
    got = routed(said, standing=standing, free=True)
    assert (got.mode, got.explicit, got.text, got.offer) == (mode, True, left, False)
    assert got.reason.startswith("the wearer said")


@pytest.mark.parametrize("said", PLAIN)
def test_words_that_only_sound_like_a_mode_name_none(said: str) -> None:
    got = routed(said)
    assert (got.mode, got.explicit, got.text) == ("instant", False, said.strip())


HARD = [
    "Compare these two yoghurts.",
    "What is the difference between these cables?",
    "Why is the leaf yellow?",
    "Tell me why it blinks.",
    "Plan a dinner with what you see.",
    "Help me plan my day.",
    "I need a training plan.",
    "Explain step by step how this works.",
    "Which one should I take?",
    "Which of these should we buy?",
    "Should I repair this or not?",
    "What are the pros and cons of this?",
    "Calculate the area of this room.",
    "Work out how many tiles I need.",
    "How do I fix this tap?",
    "How can I get rid of this stain?",
    "What's wrong with this plug?",
    "What would happen if I cut the red wire?",
    "Which is cheaper?",
]
EASY = [
    "What is this?",
    "What does this floor plan say?",
    "Why not?",
    "Where should I sign?",
    "Where can I work out here?",
    "Who is this statue of?",
    "Which bus is that?",
    "How do I look?",
    "Is there a step here?",
]


@pytest.mark.parametrize("said", HARD)
def test_a_hard_question_is_thought_about_where_that_is_free_and_offered_where_it_is_not(said: str) -> None:
    assert routed(said, free=True).mode == "thinking"
    assert not routed(said, free=True).offer
    dear = routed(said, free=False)
    assert (dear.mode, dear.explicit, dear.offer) == ("instant", False, True)
    silent = route(said, "", ModeOptions(offer=False), False, True)
    assert not silent.offer


@pytest.mark.parametrize("said", HARD)
def test_who_asked_for_quick_answers_until_further_notice_gets_them(said: str) -> None:
    got = routed(said, standing="instant", free=True)
    assert (got.mode, got.offer) == ("instant", False)


@pytest.mark.parametrize("said", EASY)
def test_an_easy_question_is_answered_at_once_even_if_thinking_is_free(said: str) -> None:
    got = routed(said, free=True)
    assert (got.mode, got.offer) == ("instant", False)


READING = [
    "Read this.",
    "What does the sign on the left say?",
    "How many calories does it have?",
    "What's the expiry date?",
    "What are the ingredients?",
    "What is on the menu?",
    "How much is this?",
    "What is on the screen?",
    "Translate this letter.",
    "Quick, what is the price?",
    "When does this milk expire?",
]


@pytest.mark.parametrize("said", READING)
def test_words_about_text_are_looked_at_closely_in_every_mode(said: str) -> None:
    assert {routed(said, standing=mode).frame for mode in MODES} == {"read"}
    assert routed(said, visual=False).frame == ""


def test_the_picture_is_as_large_as_the_mode_deserves() -> None:
    frames = [routed("What is this?", standing=mode).frame for mode in MODES]
    assert frames == ["glance", "look", "look"]
    assert routed("Who was ready already, the reddish one?").frame == "glance"  # "read" is not in "ready"
    assert routed("Think about it: what is this?").frame == "look"


ALL = [said for said, _, _ in EXPLICIT] + PLAIN + HARD + EASY + READING
RANK = {mode: rank for rank, mode in enumerate(MODES)}


def test_cost_never_rises_in_silence() -> None:
    assert len(set(ALL)) >= 100
    cases = itertools.product(ALL, ["", *MODES], MODES, [False, True], [False, True])
    for said, standing, default, free, visual in cases:
        got = routed(said, standing=standing, free=free, visual=visual, default=default)
        dearer = RANK[got.mode] > RANK[default]
        assert not dearer or got.explicit or free or got.mode == standing, (said, standing, default, free)
        assert got.mode == "thinking" or not dearer or got.explicit or standing == got.mode


WORDS = sorted({word for said in ALL for word in said.split()})


@given(st.lists(st.sampled_from(WORDS), max_size=12), st.sampled_from(["", *MODES]), st.booleans())
def test_nor_in_any_jumble_of_such_words(words: list[str], standing: str, free: bool) -> None:
    got = routed(" ".join(words), standing=standing, free=free)
    assert got.mode == "instant" or got.explicit or free or got.mode == standing
    assert not got.explicit or got.text != " ".join(words)
    assert got == routed(" ".join(words), standing=standing, free=free)


def test_an_unknown_mode_is_named() -> None:
    with pytest.raises(ValueError, match="'fast'"):
        routed("what is this", default="fast")


COMMANDS = [
    ("Answer now.", "answer now"),
    ("Just answer!", "answer now"),
    ("Okay, answer me now, please", "answer now"),
    ("That’s enough thinking.", "answer now"),
    ("stop thinking and answer", "answer now"),
    ("Think about it.", "again:thinking"),
    ("think about this", "again:thinking"),
    ("Think harder!", "again:thinking"),
    ("Please think again", "again:thinking"),
    ("No, think carefully about it.", "again:thinking"),
    ("Could you think about it?", "again:thinking"),
    ("Take your time.", "again:contemplating"),
    ("really think about it", "again:contemplating"),
    ("Contemplate it", "again:contemplating"),
    ("Thinking mode.", "stay:thinking"),
    ("From now on, think.", "stay:thinking"),
    ("switch to thinking mode please", "stay:thinking"),
    ("instant mode", "stay:instant"),
    ("quick mode", "stay:instant"),
    ("Contemplating mode", "stay:contemplating"),
    ("from now on take your time", "stay:contemplating"),
    ("Go back to normal mode.", "stay:"),
    ("normal mode", "stay:"),
    ("Leave thinking mode", "stay:"),
    ("thinking mode off", "stay:"),
    ("How far are you?", "progress"),
    ("Are you still thinking?", "progress"),
    ("any progress", "progress"),
    ("are you done yet", "progress"),
]
NO_COMMANDS = [
    "What do you think about it?",
    "what is thinking mode",
    "Is there an instant mode on this camera?",
    "Answer the phone now",
    "Just answer the door",
    "Think about it: which one is cheaper?",
    "Take your time and compare these",
    "How far are you from Berlin?",
    "how far is it",
    "Is the cake done yet?",
    "a quick brown fox",
    "Tell me a story",
    "stop",
    "",
]


@pytest.mark.parametrize(("said", "command"), COMMANDS)
def test_a_whole_utterance_about_thinking_is_a_command(said: str, command: str) -> None:
    assert mode_command(said) == command


@pytest.mark.parametrize("said", NO_COMMANDS)
def test_a_question_is_no_command(said: str) -> None:
    assert mode_command(said) == ""


def test_what_stays_is_a_mode_that_can_be_given_back_to_the_router() -> None:
    stays = {mode_command(said).removeprefix("stay:") for said, command in COMMANDS if command.startswith("stay:")}
    assert stays == {"", *MODES}
    assert all(routed("what is this", standing=mode).mode == (mode or "instant") for mode in stays)


@pytest.mark.parametrize("piece", ["and ", "!", "quick ", "think about it, ", "take your time ", "plan ", " ", "a, b "])
def test_pages_of_text_are_no_burden(piece: str) -> None:
    """Patterns that look for the end of a sentence took minutes here: typed text has any length."""
    pages = piece * (60_000 // len(piece))
    assert routed(pages).mode in MODES
    assert mode_command(pages) == ""
    assert routed(f"{'the door and the window ' * 2000}, think about it").mode == "thinking"


@pytest.mark.parametrize(
    "words",
    [
        "search the web for the opening hours of the zoo",
        "look up online who painted this",
        "google the train times",
        "please look up the capital of Peru",
        "use the lamp tool",
        "tell me, with the calendar tool, when I am free",
        "send a message to Anna that I am late",
        "find out on the internet what this costs",
    ],
)
def test_what_needs_a_tool_gets_the_mode_that_has_them(words: str) -> None:
    found = routed(words)
    assert found.mode == "thinking" and found.explicit


@pytest.mark.parametrize(
    "words", ["what does the web of this spider look like", "send in the clowns", "what is this tool"]
)
def test_what_only_sounds_like_a_tool_does_not(words: str) -> None:
    assert routed(words).mode == "instant"
