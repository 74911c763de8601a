"""What is spoken: no mark, no address, no reasoning, no talk about tools; figures as a person says them.

Text comes in pieces from a model, so most of this is asked of the stream too: cut into clauses, each made speakable.
"""

from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.speaking.clauses import STREAMED, ClauseChunker, ClauseOptions
from pipelines.speaking.speakable import links_of, speakable, spoken_address


def heard(*pieces: str) -> list[str]:
    """What the voice gets of an answer that comes in these pieces."""
    chunker = ClauseChunker(STREAMED)
    chunks = [chunk for piece in pieces for chunk in chunker.feed(piece)] + chunker.finish()
    return [said for chunk in chunks if (said := speakable(chunk))]


# --------------------------------------------------------------------------------------------------- written and spoken

SAID = [
    # markdown
    ("**Bold** and _it_ `code`", "Bold and it code"),
    ("# Menu\n\nSoup\n- one\n- two", "Menu. Soup, one, two"),
    ("| a | b |\n|---|---|\n| 1 | 2 |", "a, b. 1, 2"),
    ("1. Preheat\n2. Bake", "1, Preheat, 2, Bake"),
    ("- [ ] milk\n- [x] eggs", "milk, eggs"),
    ("1. 250 g flour", "1, 250 grams flour"),
    ("```python\nprint(1)\n```", ""),
    ("The label:\n```\nEXIT\n```", "The label: exit"),
    ("Title\n=====\n\n~~old~~ new<br>line", "Title. old new, line"),
    ("2*3*4", "2 times 3 times 4"),
    ("C# is fine", "C# is fine"),
    ("[[x]] <break time='9s'/>", "x"),
    ("file_name", "file name"),
    ("a → b", "a to b"),
    # addresses
    ("[the menu](https://x.org/a) is", "the menu is"),
    ("see https://www.example.org/menu/4711?x=1.", "see the example site."),
    ("the booking.co.uk website", "the booking site"),
    ("It is open (https://example.org/a).", "It is open."),
    ("It is open.\nhttps://example.org/a", "It is open."),
    ("Open http://[::1 or http://10.0.0.1/x", "Open the link or the link"),
    ("Visit example.org, or mail info@example.org!", "Visit the example site, or mail info at example dot org!"),
    ("the door.It is", "the door.It is"),
    # reasoning, tools, citations
    ("<think>I see a sign. EXIT?</think>It says exit.", "It says exit."),
    ("so it is a sign.</think>\n\nIt says exit.", "It says exit."),
    ('{"name": "look", "arguments": {"a": "}"}} The door is red.', "The door is red."),
    (r'{"a": "say \"}\" now"} It is red.', "It is red."),
    ('<tool_call>\n{"name": "x"}\n</tool_call>', ""),
    ("look_closer(frame=1, box=[1,2])", ""),
    ("It opens at nine [1], and shuts at five [2][3].", "It opens at nine, and shuts at five."),
    ("It opens at nine.【4†source】", "It opens at nine."),
    ("Press [1] to go on", "Press 1 to go on"),
    ("It is open. Source: the town's page", "It is open."),
    ("Let me look closer at the image. The sign says EXIT.", "The sign says exit."),
    ("Let me check: it opens at 9:00 am.", "It opens at 9 AM."),
    ("I searched the web and found that it opens at nine.", "It opens at nine."),
    ("*zooms in on the sign* It says stop.", "It says stop."),
    ("Opened https://x.com/a/ in Chrome. It is 5 degrees.", "It is 5 degrees."),
    ("Hi 😀 there ✅ done 👍🏽", "Hi there done"),
    # money
    ("€4.35", "4 euros 35"),
    ("EUR 4.35", "4 euros 35"),
    ("4,35 €", "4 euros 35"),
    ("€1", "1 euro"),
    ("€0.80", "80 cents"),
    ("€4.05", "4 euros and 5 cents"),
    ("€1,250.00", "1,250 euros"),
    ("1.250,00 €", "1,250 euros"),
    ("1 250 €", "1,250 euros"),
    ("4,- €", "4 euros"),
    ("€4.5 million", "4.5 million euros"),
    ("£2.50", "2 pounds 50"),
    ("$1.99 each", "1 dollar 99 each"),
    ("CHF 4.50", "4 francs 50"),
    ("10–20 €", "10 to 20 euros"),
    ("$5-10", "5 to 10 dollars"),
    ("10 €/kg, 0.35 €/100 g", "10 euros per kilogram, 35 cents per 100 grams"),
    ("50 ct or 99p", "50 cents or 99 pence"),
    # units and amounts
    ("250 g", "250 grams"),
    ("250g", "250 grams"),
    ("1 kg", "1 kilogram"),
    ("8 oz, 2 lb", "8 ounces, 2 pounds"),
    ("3 km/h", "3 kilometres per hour"),
    ("0.5 l", "0.5 litres"),
    ("20 °C", "20 degrees Celsius"),
    ("-5 °C", "minus 5 degrees Celsius"),
    ("18–22 °C", "18 to 22 degrees Celsius"),
    ("12.5 %", "12.5 percent"),
    ("12,5 %", "12.5 percent"),
    ("30 × 40 cm", "30 by 40 centimetres"),
    ("2 x 500 mg", "2 times 500 milligrams"),
    ("3x faster", "3 times faster"),
    ("±2 mm, +/- 5", "plus or minus 2 millimetres, plus or minus 5"),
    ("approx. 5 min. from here", "approximately 5 minutes from here"),
    ("5-10 minutes", "5 to 10 minutes"),
    ("~5 minutes", "about 5 minutes"),
    ("½ cup, 1½ l, 1 1/2 tsp, 3/4", "one half cup, 1 and a half litres, 1 and a half teaspoons, three quarters"),
    ("4.5/5", "4.5 out of 5"),
    ("10² is 100", "10 squared is 100"),
    ("3 < 5", "3 is less than 5"),
    # times and dates
    ("14:05", "14 oh 5"),
    ("14:30", "14 30"),
    ("14:30 Uhr", "14 30"),
    ("14:05:33", "14 oh 5 and 33 seconds"),
    ("9:00", "9 o'clock"),
    ("14:00", "14 hundred"),
    ("2:30 pm", "2 30 PM"),
    ("8 a.m. and 8 A.M.", "8 AM and 8 AM."),
    ("12:05 am", "12 oh 5 AM"),
    ("09:00-17:30", "9 o'clock to 17 30"),
    ("Mon–Fri 9am-5pm", "Monday to Friday 9 AM to 5 PM"),
    ("2026-11-20", "20 November 2026"),
    ("20.11.2026 or 11/20/2026", "20 November 2026 or 20 November 2026"),
    ("11/12/2026", "11 12 2026"),
    ("EXP 05/2027", "EXP May 2027"),
    ("Nov. 5", "November 5"),
    # names and numbers
    ("+49 30 1234567", "plus 4 9, 3 0, 1 2 3 4 5 6 7"),
    ("0800 123 456, 555-1234", "0 8 0 0, 1 2 3, 4 5 6, 5 5 5, 1 2 3 4"),
    ("4006381333931", "4 0 0 6 3 8 1 3 3 3 9 3 1"),
    ("rooms 12-14, room 4711-12", "rooms 12 to 14, room 4711-12"),
    ("No. 7", "number 7"),
    ("No. I do not", "No. I do not"),
    ("#7", "number 7"),
    ("Dr. Smith, Main St. today, St. Mary", "Doctor Smith, Main Street today, Saint Mary"),
    ("e.g. this, i.e. that, etc.", "for example this, that is that, et cetera."),
    ("USB-C", "USB C"),
    ("CO₂", "CO 2"),
    ("hands-free", "hands-free"),
    ("Fish & Chips", "Fish and Chips"),
    ("AT&T", "AT&T"),
    ("@ 5 pm", "at 5 PM"),
    ("and/or", "and or"),
    ("EXIT", "exit"),
    ("NO ENTRY", "no entry"),
    ("DON'T WALK", "don't walk"),
    ("A4 B12 IC 2047 ICE 73", "A4 B12 IC 2047 ICE 73"),
    ("PLATFORM 7", "platform 7"),
    ("the 1990s, 1,250 people, room 4.35, code 4711", "the 1990s, 1,250 people, room 4.35, code 4711"),
    ("v1.2.3 at 10.0.0.1", "v1.2.3 at 10.0.0.1"),
    (" \n", ""),
]


@pytest.mark.parametrize(("written", "said"), SAID)
def test_written_text_is_said_as_a_person_would(written: str, said: str) -> None:
    assert speakable(written) == said
    assert speakable(said) == said


NARRATION = [
    "Let me take a closer look at the picture.",
    "I'll use the search tool to find that.",
    "Okay, I will search for the opening hours.",
    "Sure, let me zoom in on the label first.",
    "Searching the web…",
    "Searching the web for the opening hours of the museum.",
    "Calling look_closer",
    "I'm looking it up.",
    "One moment, please.",
    "Just a second while I check the label.",
    "I need to call the look_closer function.",
    "Now I'll run the calculator tool.",
    "I opened the page in Chrome.",
    "[Searching the web]",
    "Action: look_closer",
    "Tool call: search(query)",
]


@pytest.mark.parametrize("narration", NARRATION)
def test_talk_about_tools_is_not_spoken_and_the_answer_is(narration: str) -> None:
    assert speakable(narration) == ""
    assert " ".join(heard(*f"{narration}\nThe door is red, and it is open.")) == "The door is red, and it is open."


@pytest.mark.parametrize(
    "answer",
    [
        "Let me know if you need more.",
        "A second sign says exit.",
        "One minute from here is a bakery.",
        "Hold on to the rail.",
        "I am looking at a red door.",
        "Opening hours are nine to five.",
        "Opened in 1990, the site is a museum.",
        "Looking at the picture, I see a dog.",
        "Scanning the code gives an address.",
        "I can look closer if you like.",
        "Shall I search the web?",
        "You should check the label.",
        "Let's check that the screw is tight.",
        "I will be brief.",
        "She wears reading glasses.",
        "The sign says: searching for a flat.",
        "(opening hours vary)",
        "Use the camera on the left.",
    ],
)
def test_an_answer_that_sounds_a_little_like_it_is_spoken(answer: str) -> None:
    assert speakable(answer) == answer


@pytest.mark.parametrize(
    ("read", "said"),
    [
        ("Source: Alps", "Source: Alps"),
        ("www.example.org/menu", "example dot org slash menu"),
        ("Visit example.org", "Visit example dot org"),
        ("← Exit", "arrow left Exit"),
        ("Gates 1–5 →", "Gates 1 to 5 arrow right"),
        ("Press [1]", "Press 1"),
        ("Searching the web…", "Searching the web…"),
        ("1. Apples", "1. Apples"),
        ("Let me check: it's open", "Let me check: it's open"),
        ("call_me(now)", "call me(now)"),
        ("ROOM 4711-12", "room 4711-12"),
        ("EXP 05/2027  LOT 0042", "EXP May 2027 LOT 0 0 4 2"),
        ("0.5% / 1,250 kJ", "0.5 percent / 1,250 kilojoules"),
    ],
)
def test_words_read_from_a_picture_lose_nothing(read: str, said: str) -> None:
    assert speakable(read, verbatim=True) == said
    assert speakable(said, verbatim=True) == said


def test_addresses_are_kept_aside_as_written_in_order_and_once() -> None:
    text = (
        "See [the menu](https://example.com/menu?x=1) or <https://b.org/a_b>, then example.net/x.\n"
        "Mail a@b.de. Again: https://b.org/a_b. ![x](data:image/png;base64,AAAA) [local](menu.md)"
    )
    assert links_of(text) == ("https://example.com/menu?x=1", "https://b.org/a_b", "example.net/x")
    assert links_of("The door.It is open at 3.50, e.g. today.") == ()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://example.org/menu/4711", "example dot org slash menu slash 4711"),
        ("HTTPS://WWW.Example.org/", "example dot org"),
        ("http://bank.com@evil.org/x", "bank dot com at evil dot org slash x"),
        ("mailto:a_b@c.de", "mailto colon a underscore b at c dot de"),
        ("x.org/" + "a" * 200, "x dot org slash " + "a" * 114 + ", and 86 more characters"),
    ],
)
def test_an_address_is_read_in_full_so_that_it_can_be_judged(address: str, said: str) -> None:
    assert spoken_address(address) == said


def test_a_site_is_named_by_its_owner_and_not_by_what_it_pretends_to_be() -> None:
    assert speakable("See https://paypal.com.login.evil.net/x now") == "See the evil site now"
    assert speakable("See https://paypal.com@evil.net/x now") == "See the evil site now"
    assert speakable("See https://xn--pypal-4ve.com/x now") == "See the link now"


# ------------------------------------------------------------------------------------------------------------ in pieces


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        (("It costs 3", ".50 in all."), ["It costs 3.50 in all."]),
        (("It costs €", "3.", "50 in all."), ["It costs 3 euros 50 in all."]),
        (("See https://exa", "mple.com/a. It", " is open."), ["See the example site.", "It is open."]),
        (("See [the me", "nu](https://exa", "mple.com/a.b) there."), ["See the menu there."]),
        (("Buy:\n-", " milk\n", "- eggs\n"), ["Buy:", "milk", "eggs"]),
        (("Try this:\n``", "`python\nx = ", "1. Then\n``", "` Done."), ["Try this:", "Done."]),
        (("<thi", "nk>I see. It", " is</thi", "nk>It is red."), ["It is red."]),
        (("**It i", "s red** an", "d shut."), ["It is red and shut."]),
        (("It is 5", " km", " away."), ["It is 5 kilometres away."]),
        (("Let me lo", "ok closer at", " the small print. It is red."), ["It is red."]),
        (('{"name": "look_', 'closer", "arguments": {', '"a": 1}}'), []),
        (("It is open [", "1]. Come", " in."), ["It is open.", "Come in."]),
    ],
)
def test_what_is_torn_between_two_pieces_is_not_half_spoken(pieces: tuple[str, ...], said: list[str]) -> None:
    assert " ".join(heard(*pieces)) == " ".join(said)


def test_the_first_clause_is_let_go_before_the_sentence_ends() -> None:
    chunker = ClauseChunker()
    assert chunker.feed("The red door, ") == ["The red door,"]
    chunker = ClauseChunker()
    assert chunker.feed("The red door on the left side ")[0] == "The red door on the left"


def test_after_talk_about_tools_the_first_clause_is_still_the_first() -> None:
    chunker = ClauseChunker()
    assert chunker.feed("<think>It is long. Very.</think>Let me look closer at the door. The red door, ")[-1] == (
        "The red door,"
    )


def test_code_and_addresses_without_end_are_bounded_and_never_spoken() -> None:
    for begin in ("```python\n", "<think>", '{"a": ', "![x](data:image/png;base64,", "https://example.org/"):
        chunker, said, longest = ClauseChunker(ClauseOptions(max_held_chars=500)), [], 0
        for chunk in [*chunker.feed(begin + 'secret("x"); ' * 300 if begin[-1] in "\n> " else begin + "secret" * 900)]:
            said.append(speakable(chunk))
            longest = max(longest, len(chunk))
        said += [speakable(chunk) for chunk in chunker.finish()]
        assert "secret" not in " ".join(said), begin
        assert longest <= 900


PLAIN = "The door is red. It, shut; open! Ada's well-lit café said “no” - one I let me look USB 7 e.g. Mr."
PLAIN_WORDS = st.lists(st.sampled_from(PLAIN.split()), max_size=14).map(" ".join)


@given(PLAIN_WORDS)
@settings(max_examples=300, deadline=None)
def test_the_short_way_for_plain_text_says_what_the_long_way_says(text: str) -> None:
    assert speakable(text) == speakable(f"\u200b{text}\u200b")


SECRET = "zzqx"
NASTY = st.sampled_from(
    [
        "**",
        "*",
        "_",
        "`",
        "```",
        "~~~",
        "```python\n",
        "#",
        "## ",
        "- ",
        "1. ",
        "> ",
        "| ",
        "|---|\n",
        "\n",
        "\n\n",
        " ",
        "[",
        "]",
        "](",
        ")",
        "(",
        "[1]",
        "[x](https://a.com/b c)",
        "https://exa",
        "mple.com/a.",
        "www.b.co.uk",
        "b.org/x,y",
        "http://[::1",
        "data:image/png;base64,AA==",
        "a@b.de",
        "@",
        "<think>",
        "</think>",
        "<b>",
        "<",
        ">",
        "<|end|>",
        "{",
        "}",
        '{"a": ',
        '"',
        "“",
        "”",
        "'",
        "\\",
        "\\frac{1}{2}",
        "$",
        "€",
        "3",
        ".50",
        ",",
        ".",
        "3,50 €",
        "1.250",
        "/",
        "-",
        "–",
        "+",
        "±",
        "%",
        "°C",
        " km",
        "x",
        "×",
        "½",
        "²",
        "12:30",
        " pm",
        "2026-11-20",
        "0800 123 456",
        "Mon–Fri",
        "St. ",
        "e.g. ",
        "No. ",
        "EXIT",
        "USB-C",
        "CO₂",
        "😀",
        "🇩🇪",
        "1️⃣",
        "\u200b",
        "\u2028",
        "\x00",
        "\ud800",
        "٣",
        "word",
        "the",
        "Let me look closer",
        "Searching the web…",
        "Source: ",
        "Calling ",
        "look_closer(a=1)",
        "Tool call: ",
        "…",
        "...",
        "【4†source】",
        "\ue200cite\ue202turn0search1\ue201",
        "&",
        "=",
        "→",
        "^",
        "~",
    ]
)
NASTY_TEXT = st.lists(NASTY, max_size=25).map("".join) | st.text(max_size=80)
ADDRESS = re.compile(r"https?://|www\.\w|\b[a-z0-9-]+\.(?:com|org|net|de|uk)\b")
EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u200b\u2028\x00]")


def assert_speech(said: str) -> None:
    assert said == " ".join(said.split()), said
    assert not set(said) & set("[]<>|`{}\\^"), said
    assert "**" not in said and "~~" not in said
    assert not ADDRESS.search(said) and not EMOJI.search(said), said


@given(NASTY_TEXT)
@settings(max_examples=600, deadline=None)
def test_whatever_a_model_writes_becomes_speech_and_stays_as_it_is(text: str) -> None:
    said = speakable(text)
    assert_speech(said)
    assert speakable(said) == said
    read = speakable(text, verbatim=True)
    assert not set(read) & set("[]<>|`") and speakable(read, verbatim=True) == read
    links_of(text)


@given(NASTY_TEXT, st.lists(st.integers(0, 300), max_size=8))
@settings(max_examples=300, deadline=None)
def test_cut_anywhere_the_stream_is_spoken_the_same_and_is_speech(text: str, cuts: list[int]) -> None:
    edges = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
    said = heard(*(text[start:end] for start, end in pairwise(edges)))
    assert said == heard(text) == heard(*text)
    for clause in said:
        assert_speech(clause)


HIDDEN = [
    "<think>{}. So {}, then.\n{}</think>",
    "<tool_call name='a'>\n{} {}\n{}</tool_call>",
    "```python\n{} = {}\nprint({})\n```",
    '{{"name": "{}", "arguments": {{"a": "{}. {}"}}}}',
    "[the sign](https://example.com/{}/{}?{})",
    "[THINK]{}, {}. {}[/THINK]",
    "look_closer({}, {}, {})",
]


@given(st.sampled_from(HIDDEN), st.integers(1, 7))
@settings(max_examples=60, deadline=None)
def test_what_is_hidden_is_never_spoken_however_it_is_streamed(shape: str, size: int) -> None:
    text = f"It is red, and shut. {shape.format(SECRET, SECRET, SECRET)} Come in."
    said = heard(*(text[at : at + size] for at in range(0, len(text), size)))
    assert SECRET not in " ".join(said)
    assert said[0] == "It is red," and said[-1].endswith("Come in.")


@pytest.mark.parametrize(
    "seed", ["a.", "[", "(", "**", "<think>", "{", '{"a":', "1/2 ", "0 ", "I'll ", "look at ", "- "]
)
def test_no_text_takes_long(seed: str) -> None:
    text = seed * (20_000 // len(seed))
    start = time.perf_counter()
    speakable(text)
    links_of(text)
    assert time.perf_counter() - start < 5
