"""Which turns are nobody's business, and which only sound so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.events import TextLine
from pipelines.thinking.privacy import private_reason

HEALTH = [
    "Which medicine is this?",
    "Can I take this pill with milk?",
    "What is the dosage?",
    "How many tablets are two tablets a day for a week?",
    "Is this a sleeping tablet?",
    "What are the side effects?",
    "I'm pregnant, can I eat this?",
    "Read me my HIV test",
    "What does this diagnosis mean?",
    "What are the symptoms of flu?",
    "I feel dizzy, what should I do?",
    "My therapist wrote this, what does it say?",
    "I am allergic to nuts, is it in here?",
    "I’m severely allergic to milk",
    "Does my rash look worse?",
    "Is this infected?",
    "Read my blood test.",
    "My blood pressure is what?",
    "Is ibuprofen in this?",
    "Explain this medical report.",
    "I was diagnosed with asthma.",
    "I feel suicidal",
    "Do these antidepressants make me tired?",
    "AIDS",
]
PRIVATE = [
    "Read my bank statement.",
    "What is the account balance?",
    "What is my PIN?",
    "what's the pin code",
    "enter the pin for me",
    "Read the password on the router.",
    "What's the passport number?",
    "Check my passport.",
    "This is private, what does it say?",
    "It's confidential: what is this?",
    "Don't share this with anyone.",
    "Do not show it to anyone",
    "Don't tell anyone, but what is this?",
    "Keep it secret, what is this worth?",
    "Between you and me, is it fake?",
    "A private question: what is this?",
    "Read this confidential letter.",
    "What is my salary on this pay slip?",
    "My credit card, what is its number?",
    "What's the security code?",
    "Read my diary.",
    "What is the IBAN?",
    "What is my address here?",
]
NEITHER = [
    "What is this?",
    "Where is the pharmacy?",
    "Where is the hospital?",
    "Is there private parking here?",
    "Is this private property?",
    "Who is Private Ryan?",
    "How much is a private jet?",
    "Why won't this tablet charge?",
    "Which tablet computer is best?",
    "Where do I put the drawing pin?",
    "How many bowling pins are left?",
    "Show me the pin on the map",
    "What are the symptoms of a bad car battery?",
    "Diagnose the noise of this engine",
    "Does my computer have a virus?",
    "Is this wood treatment any good?",
    "How many doses of coffee?",
    "Where is the Tropic of Cancer?",
    "What is on the pillow?",
    "Is this a bank?",
    "Do they take credit cards?",
    "Where is the passport office?",
    "Share this joke with me.",
    "What is the average salary of a nurse?",
    "Which doctor is in Doctor Who?",
    "How many calories does it have?",
    "What are the ingredients?",
    "Who sells hearing aids?",
    "What is the secret garden about?",
    "",
]


@pytest.mark.parametrize("said", HEALTH)
def test_health_is_nobodys_business(said: str) -> None:
    assert private_reason(said) == "health"
    assert private_reason(said.replace("'", "’")) == "health"


@pytest.mark.parametrize("said", PRIVATE)
def test_private_papers_and_confidences_are_nobodys_business(said: str) -> None:
    assert private_reason(said) == "private"


@pytest.mark.parametrize("said", NEITHER)
def test_everyday_words_that_only_sound_so_are_not(said: str) -> None:
    assert private_reason(said) == ""


def read(*texts: str) -> tuple[TextLine, ...]:
    return tuple(TextLine(text, 0.97) for text in texts)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (read("Ibuprofen 400 mg", "20 tablets", "active ingredient"), "health"),
        (read("Paracetamol", "500 mg film-coated tablets"), "health"),
        (read("PRESCRIPTION", "Dr. Weber"), "health"),
        (read("take two", "tablets daily"), "health"),  # over the end of a line
        (read("Statement of account", "Balance 12.40"), "private"),
        (read("DE89 3704 0044 0532 0130 00"), "private"),
        (read("4111 1111 1111 1111", "VALID THRU 12/29"), "private"),
        (read("PASSPORT", "P<UTOERIKSSON"), "private"),
        (read("WiFi password: hunter2"), "private"),
        (read("PRIVATE PROPERTY", "NO PARKING"), ""),
        (read("Platform 7", "Basel SBB 14:32"), ""),
        (read("Sugar 12 g", "Salt 400 mg"), ""),
        (read("Tel. 0800 123 4567"), ""),
        ((), ""),
    ],
)
def test_papers_say_what_they_are(lines: tuple[TextLine, ...], reason: str) -> None:
    assert private_reason("What does this say?", lines) == reason


@given(st.text(max_size=300), st.lists(st.text(max_size=80), max_size=4))
def test_any_words_get_an_answer(said: str, lines: list[str]) -> None:
    assert private_reason(said, read(*lines)) in {"", "health", "private"}


@pytest.mark.parametrize("piece", ["my ", "a1", "12 ", "take ", "don't share ", " "])
def test_pages_of_text_are_no_burden(piece: str) -> None:
    found = private_reason(piece * (100_000 // len(piece)), read(piece * 20_000))
    assert found in {"", "health", "private"}
