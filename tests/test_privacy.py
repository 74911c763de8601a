"""Which turns are nobody's business, and which only sound so."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.events import ModelInfo, TextLine
from pipelines.thinking.chain import spoken_name
from pipelines.thinking.privacy import private_reason
from pipelines.thinking.private_words import private_command, private_said

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


# -------------------------------------------------------------------------------------------------------- private mode

ON = [
    "Private mode.",
    "private mode on",
    "Private mode, please.",
    "Okay, private mode",
    "go private",
    "Please go private now",
    "Can you go into private mode?",
    "enter private mode",
    "switch to private mode",
    "turn on private mode",
    "turn private mode on",
    "let's go private",
    "I want some privacy",
    "stay private from now on",
    "local only mode",
    "go offline",
    "stop sending",
    "Stop sending pictures.",
    "stop sending my pictures to the cloud",
    "stop sending anything",
    "don't send anything",
    "Don’t send anything anywhere",
    "do not send any pictures",
    "don't share anything from now on",
    "send nothing",
    "nothing leaves this device",
    "keep everything on this device",
    "keep it private",
    "no cloud",
    "don't use the cloud any more",
    "Stop. Private mode!",
    "wait, stop sending pictures",
]
OFF = [
    "leave private mode",
    "Leave private mode, please.",
    "exit private mode",
    "end private mode",
    "stop private mode",
    "turn off private mode",
    "Turn private mode off",
    "private mode off",
    "no more private mode",
    "stop being private",
    "you don't have to be private any more",
    "back online",
    "go back online",
    "you can send again",
    "you may send pictures again",
    "start sending again",
    "please switch off private mode now",
]
ASK = [
    "are you private",
    "Are you in private mode?",
    "are we still private",
    "is private mode on?",
    "is private mode still active",
    "am I in private mode",
    "are you sending anything",
    "Are you sending my pictures anywhere right now?",
    "is anything being sent",
    "does anything leave this device",
    "are you offline",
]
OTHER = [
    "private parking",
    "Is this private parking?",
    "is this private property",
    "is there a private beach here",
    "who is Private Ryan",
    "how much is a private jet",
    "Is this sign for private cars only?",
    "go to the private entrance",
    "what does private mode do",
    "is this private",
    "send Anna a message",
    "don't send it to Anna",
    "stop sending Anna messages",
    "send again",
    "send the picture to Anna",
    "stop",
    "is this letter private",
    "read this private letter",
    "what did you send",
    "are you sending Anna the picture",
    "is the shop online",
    "how do I leave private mode in Firefox",
    "put my phone in private mode",
    "the sign says private",
    "keep to the left",
    "nothing",
    "",
    "...",
]


@pytest.mark.parametrize(
    ("said", "meant"),
    [(said, name) for name, row in (("on", ON), ("off", OFF), ("ask", ASK), ("", OTHER)) for said in row],
)
def test_private_mode_is_asked_for_ended_and_asked_about_by_voice(said: str, meant: str) -> None:
    assert private_command(said) == meant
    assert private_command(said.upper()) == meant


def test_in_doubt_it_is_private_and_only_clear_words_end_it() -> None:
    assert private_command("stop, private mode") == "on" and private_command("stop private mode") == "off"
    assert private_command("private mode. leave private mode") == ""
    assert private_command("are you there? private mode.") == "on"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80), st.sampled_from([*ON, *OFF, *ASK]), st.text(max_size=20))
def test_any_words_are_judged_without_fault_and_in_time(noise: str, said: str, more: str) -> None:
    assert private_command(noise + said + more) in {"on", "off", "ask", ""}
    assert private_command("please " * 300 + noise) in {"on", "off", "ask", ""}


def test_what_is_said_to_it_is_true_for_the_models_there_are() -> None:
    away, here = ModelInfo("muse-spark"), ModelInfo("ollama", local=True)

    def said(meant: str, on: bool, *models: ModelInfo) -> str:
        return private_said(meant, on, models, spoken_name)

    assert said("on", False, away) == "Private mode. Nothing leaves this device. I answer without a model."
    assert said("on", True, away, here).endswith("I ask only Ollama, on this machine.")
    assert said("ask", True, away).startswith("Yes, private mode is on.") and "leave private mode" in said("ask", True)
    assert said("ask", False, away, here) == ("No, private mode is off. Questions that need a model go to Muse Spark.")
    assert said("off", True, away) == "Private mode is off. Questions that need a model go to Muse Spark."
    assert said("off", False, here) == "Private mode was not on. Even so, no model elsewhere is set."
    with pytest.raises(KeyError, match="stop"):
        said("stop", True)
