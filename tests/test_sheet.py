"""Text read aloud: the printed words and no others, in sentences a person would make of the lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipelines.events import TextLine
from pipelines.thinking.sheet import KINDS, Sheet, SheetBuilder, aloud, figures, kind_of, sheet

HEIGHT = 30


def page(*rows: str, down: int = 42, height: int = HEIGHT) -> list[TextLine]:
    """A picture of these rows, 14 pixels a letter; "|" stands between cells of one row."""
    out = []
    for number, row in enumerate(rows):
        x = 100
        for cell in row.split("|"):
            width = 14 * len(cell)
            out.append(TextLine(cell, 0.99, (x, 50 + number * down, width, height)))
            x += width + 120
    return out


def on_its_side(lines: Sequence[TextLine]) -> list[TextLine]:
    """The same page, turned by a quarter: the lines run upwards in the picture."""
    return [TextLine(x.text, x.confidence, (x.box[1], 4000 - x.box[0] - x.box[2], x.box[3], x.box[2])) for x in lines]


def marks(texts: Sequence[str]) -> str:
    """What must never change: letters, digits, signs that stand at one of them, and the points inside numbers."""
    signs = "[€$£%+@&/#]"
    return "".join(re.findall(rf"[^\W_]|(?<=\w){signs}|{signs}(?=\w)|(?<=\d)[.,:](?=\d)", "\n".join(texts)))


def printed(read: Sheet) -> list[str]:
    return [said for said, lines in zip(read.said, read.lines, strict=True) if lines]


# ------------------------------------------------------------------------------------------------ as a person reads it

READ: list[tuple[str, list[str]]] = [
    ("a sign: a sentence a line", ["Platform 7", "Leeds", "14:05"], ["Platform 7.", "Leeds.", "14:05."]),
    ("hours in one row", ["NO PARKING", "8 A.M.|TO|3 P.M."], ["NO PARKING.", "8 A.M. TO 3 P.M."]),
    ("hours over three rows", ["8 A.M.", "to", "3 P.M.", "except Sundays"], ["8 A.M. to 3 P.M. except Sundays."]),
    ("a dash between hours", ["8 A.M.", "-", "3 P.M."], ["8 A.M. - 3 P.M."]),
    ("days beside each other are two", ["MON|SAT", "AREA"], ["MON.", "SAT.", "AREA."]),
    ("a line that goes on", ["Push bar", "to open"], ["Push bar to open."]),
    ("capitals that go on", ["WELCOME TO", "LEEDS"], ["WELCOME TO LEEDS."]),
    ("two orders", ["PUSH", "PULL"], ["PUSH.", "PULL."]),
    ("a question and its answer", ["Lost?", "call 0113 496 0000"], ["Lost?", "call 0113 496 0000."]),
    ("a menu: dish and price", ["Soup of the day|£4.50", "Salad|£5"], ["Soup of the day, £4.50.", "Salad, £5."]),
    ("a currency sign apart", ["Soup|12|€"], ["Soup, 12 €."]),
    ("two dishes in one row", ["Soup|4.50|Salad|5.20"], ["Soup, 4.50.", "Salad, 5.20."]),
    ("dots up to the price", ["Tea ........ 2.10", "Cake … 3.40"], ["Tea, 2.10.", "Cake, 3.40."]),
    ("a price does not run on", ["Salmon|£12", "with rice"], ["Salmon, £12.", "with rice."]),
    ("a price tag", ["Bananas", "£1.20", "per kg"], ["Bananas, £1.20 per kg."]),
    ("an amount is no price", ["Oat biscuits", "400 g"], ["Oat biscuits.", "400 g."]),
    ("a departure board", ["14:32|Leeds|7", "14:40|York|12"], ["14:32, Leeds, 7.", "14:40, York, 12."]),
    ("an address", ["12 High Street,", "Leeds LS1 4AB"], ["12 High Street, Leeds LS1 4AB."]),
    ("a broken word", ["Please inform our recep-", "tion at once"], ["Please inform our reception at once."]),
    ("a word with its own hyphen", ["A place for self-", "service"], ["A place for self-service."]),
    ("a number is never glued", ["Order 555-", "1234"], ["Order 555.", "1234."]),
    ("steps", ["1. Open the box", "2. Take out the", "filter"], ["1. Open the box.", "2. Take out the filter."]),
    ("bullets", ["• milk", "• eggs", "- bread"], ["milk.", "eggs.", "bread."]),
    ("a minus stays", ["Store at", "- 18 °C"], ["Store at - 18 °C."]),
    ("another script", ["我是中国人"], ["我是中国人."]),
    (
        "a letter",
        [
            "Northern Water",
            "Dear Mrs Smith,",
            "we shall turn off the water in your street on Mon-",
            "day, 14 June, from 8 A.M. to 3 P.M. Please draw",
            "enough water before. Questions? Call",
            "0113 496 0000 at any time of the",
            "day.",
            "Yours sincerely,",
            "J. Doe",
        ],
        [
            "Northern Water.",
            "Dear Mrs Smith.",
            "we shall turn off the water in your street on Monday, 14 June, from 8 A.M. to 3 P.M.",
            "Please draw enough water before.",
            "Questions?",
            "Call 0113 496 0000 at any time of the day.",
            "Yours sincerely.",
            "J. Doe.",
        ],
    ),
    (
        "a paragraph that came as one line",
        ["The train was late and we were waiting in the rain. Nobody knew when. It came at 8."],
        ["The train was late and we were waiting in the rain.", "Nobody knew when.", "It came at 8."],
    ),
    ("two short orders in one line", ["No dogs. No bikes."], ["No dogs. No bikes."]),
    (
        "titles end no sentence",
        ["Dear Mr. Jones,", "your appointment is with Dr.", "Miller on the second floor."],
        ["Dear Mr. Jones.", "your appointment is with Dr. Miller on the second floor."],
    ),
    (
        "a label",
        ["Oat biscuits", "Ingredients: Oats, wheat flour, sugar, palm", "oil, salt. May contain nuts."],
        ["Oat biscuits.", "Ingredients: Oats, wheat flour, sugar, palm oil, salt.", "May contain nuts."],
    ),
]


@pytest.mark.parametrize(("name", "rows", "said"), READ, ids=[row[0] for row in READ])
def test_lines_become_the_sentences_that_a_person_would_read(name: str, rows: list[str], said: list[str]) -> None:
    assert printed(sheet(page(*rows))) == said


# Of a very short line nobody can tell from its box which way it runs.
LONG_CELLS = [row for row in READ if all(len(cell) >= 4 for line in row[1] for cell in line.split("|"))]


@pytest.mark.parametrize(("name", "rows", "said"), LONG_CELLS, ids=[row[0] for row in LONG_CELLS])
def test_a_page_on_its_side_is_read_alike(name: str, rows: list[str], said: list[str]) -> None:
    assert printed(sheet(on_its_side(page(*rows)))) == said


KIND = [
    ("sign", ["NO SMOKING"]),
    ("sign", ["Platform 7", "Leeds", "14:05"]),
    ("menu", ["Lunch menu", "Soup 4.50", "Salad 5.20"]),
    ("receipt", ["CITY MARKET", "MILK 1.29", "BREAD 0.95", "TOTAL 2.24", "CASH 5.00", "CHANGE 2.76"]),
    ("label", ["Oat biscuits", "Ingredients: oats", "Net weight 400 g"]),
    ("label", ["Ibuprofen", "400 mg tablets", "Keep out of reach of children"]),
    ("letter", ["Northern Water", "Dear customer,", "we write to you"]),
    ("list", ["1. Open the box", "2. Take out the filter", "3. Close it"]),
    ("text", ["The train was late and we were all", "waiting in the rain. Nobody knew", "when it would come."]),
]


@pytest.mark.parametrize(("kind", "rows"), KIND)
def test_the_kind_of_text_is_told_from_its_words(kind: str, rows: list[str]) -> None:
    assert sheet(page(*rows)).kind == kind and kind in KINDS


def test_a_headline_does_not_run_into_small_print() -> None:
    lines = [TextLine("Atomic", 0.99, (100, 50, 600, 200)), TextLine("an easy way", 0.99, (100, 260, 300, 50))]
    assert printed(sheet(lines)) == ["Atomic.", "an easy way."]


def test_a_new_paragraph_is_not_joined() -> None:
    lines = [TextLine("Ring the bell", 0.99, (100, 50, 300, 30)), TextLine("opening hours", 0.99, (100, 160, 300, 30))]
    assert printed(sheet(lines)) == ["Ring the bell.", "opening hours."]


def test_a_line_that_runs_up_beside_a_sign_is_no_part_of_its_sentence() -> None:
    lines = (
        TextLine("EXCEPT VEHICLES WITH", 0.99, (307, 559, 125, 23)),
        TextLine("1899", 0.99, (271, 566, 15, 51)),
        TextLine("AREA C PERMITS", 0.99, (311, 580, 115, 21)),
    )
    assert sheet(lines).said[:2] == ("EXCEPT VEHICLES WITH.", "1899.")


def test_prices_are_not_given_to_the_wrong_article() -> None:
    """Two columns that were read one after the other: nobody can say which price is whose."""
    column = page("Soup", "Salad")
    prices = [TextLine(text, 0.99, (600, 50 + i * 42, 80, 30)) for i, text in enumerate(("£4", "£5"))]
    assert printed(sheet(column + prices)) == ["Soup.", "Salad.", "£4.", "£5."]


# ----------------------------------------------------------------------------------------------------- how it is spoken


def test_short_text_begins_with_its_own_first_word() -> None:
    """Who asks what a sign says has asked for its words: a lead of ours would take longer than the first of them."""
    assert sheet(page("PLATFORM 7", "Leeds")).spoken == ("Platform 7.", "Leeds.")


def test_long_text_says_first_what_it_is_and_how_long() -> None:
    rows = ["Dear customer,", *(f"Sentence number {n}." for n in range(22))]
    spoken = sheet(page(*rows)).spoken
    assert spoken[0] == "A letter of 23 lines. It begins: Dear customer." and len(spoken) == 23


def test_a_row_with_its_price_is_counted_once() -> None:
    read = sheet(page(*(f"Dish number {n}|{n}.50" for n in range(1, 15))))
    assert read.spoken[0] == "A menu of 14 lines. It begins: Dish number 1, 1.50." and read.count == 14


def test_a_long_text_that_is_cut_off_says_so_before_it_is_read() -> None:
    read = sheet(page(*(f"Sentence number {n}." for n in range(13))), cut=["left"])
    assert read.spoken[0] == (
        "A text of 13 lines. The text runs off the left edge: turn a little to the left. It begins: Sentence number 0."
    )
    assert read.closing == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("8 A.M. TO 3 P.M.", "8 AM to 3 PM."),
        ("NO PARKING", "No parking."),
        ("Soup of the day, £4.50.", "Soup of the day, 4 pounds 50."),
        ("& Break Bad Ones", "And Break Bad Ones."),
        ("Really?", "Really?"),
        ("Opening hours:", "Opening hours:"),
        ("www.example.org/menu", "Example dot org slash menu."),
    ],
)
def test_a_printed_sentence_is_made_fit_for_the_voice(text: str, said: str) -> None:
    assert aloud(text) == said


# ----------------------------------------------------------------------------------------------- what cannot be read


def rubbish(x: int, y: int, width: int = 200) -> TextLine:
    return TextLine("rubb1sh", 0.4, (x, y, width, HEIGHT))


def test_an_unreadable_line_is_named_where_it_stands() -> None:
    lines = page("Platform 7", "", "Leeds")
    lines = [line for line in lines if line.text]
    spoken = sheet(lines, [rubbish(100, 92)]).spoken
    assert spoken == ("Platform 7.", "Here is one line that I cannot read.", "Leeds.")


def test_an_unreadable_part_of_a_row_is_named_in_its_place() -> None:
    """A parking sign: the hours begin at 8, and nobody knows when they end."""
    spoken = sheet(page("NO PARKING", "8 A.M.", "MON"), [rubbish(230, 92)]).spoken
    assert spoken == (
        "No parking.",
        "8 AM.",
        "Here is one part that I cannot read.",
        "Mon.",
    )


def test_several_unreadable_lines_are_counted() -> None:
    spoken = sheet(page("First", "Last", down=400), [rubbish(100, 150), rubbish(100, 200)]).spoken
    assert spoken == ("First.", "Here are two lines that I cannot read.", "Last.")


def test_something_unreadable_at_the_top_is_not_taken_for_the_text() -> None:
    assert sheet(page("Leeds"), [rubbish(100, 5)]).spoken == (
        "At the top is one line that I cannot read.",
        "Leeds.",
    )


def test_lines_are_not_joined_over_something_unreadable() -> None:
    lines = [line for line in page("Push bar", "", "to open") if line.text]
    assert printed(sheet(lines, [rubbish(100, 92)])) == ["Push bar.", "to open."]


def test_many_unreadable_places_are_only_counted() -> None:
    rows = [f"Line number {n}" for n in range(8)]
    read = sheet(page(*rows, down=100), [rubbish(100, 100 + 100 * n) for n in range(7)])
    assert len(printed(read)) == len(read.said) == 8
    assert read.closing == ("In between there are seven parts that I cannot read.",)


def test_on_a_page_on_its_side_the_unreadable_line_keeps_its_place() -> None:
    lines = on_its_side([line for line in page("Platform 7", "", "Leeds") if line.text])
    gap = on_its_side([rubbish(100, 92)])
    assert sheet(lines, gap).spoken[1] == "Here is one line that I cannot read."


def test_where_nothing_can_be_read_no_writing_is_claimed() -> None:
    assert sheet([], [rubbish(0, 0)]).spoken == ("There may be writing, but none that I can read.",)


def test_what_is_unreadable_is_never_spoken() -> None:
    assert not any("rubb" in said.lower() for said in sheet(page("A", "B"), [rubbish(100, 92)] * 3).spoken)


@pytest.mark.parametrize(
    ("cut", "said"),
    [
        ((), ()),
        (("right",), ("The text runs off the right edge: turn a little to the right.",)),
        (("left",), ("The text runs off the left edge: turn a little to the left.",)),
        (("top",), ("The text runs off the top edge: look up a little.",)),
        (("bottom",), ("The text runs off the bottom edge: look down a little.",)),
        (("right", "left"), ("The text runs off the left and right edges: step back a little.",)),
        (
            ("left", "right", "top", "bottom"),
            ("The text runs off the left, right, top and bottom edges: step back a little.",),
        ),
    ],
)
def test_text_that_runs_off_the_picture_says_what_to_do(cut: tuple[str, ...], said: tuple[str, ...]) -> None:
    assert sheet(page("Leeds"), cut=cut).closing == said


def test_an_unknown_edge_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'middle'; the edges are left, right, top, bottom"):
        sheet(page("Leeds"), cut=["middle"])


# -------------------------------------------------------------------------------------------------------- in parts


def test_reading_begins_while_the_rest_is_being_recognised() -> None:
    builder, lines = SheetBuilder(), page("Platform 7", "Leeds", "14:05")
    assert builder.add(lines[:2]) == ["Platform 7."]
    assert builder.add(lines[2:]) == ["Leeds."]
    assert builder.finish(cut=["right"]) == [
        "14 oh 5.",
        "The text runs off the right edge: turn a little to the right.",
    ]


def test_a_sentence_that_certainly_ends_does_not_wait() -> None:
    assert SheetBuilder().add(page("Mind the gap.")) == ["Mind the gap."]


def test_sentences_of_a_letter_come_as_soon_as_they_are_whole() -> None:
    builder = SheetBuilder()
    builder.add(page("Dear customer,", "we write to you about the water in your"))
    assert builder.add(page("street. It will be off on Monday from")) == [
        "We write to you about the water in your street."
    ]


def test_in_parts_an_unreadable_line_is_named_by_the_words_before_it() -> None:
    builder, lines = SheetBuilder(), page("Platform 7", "", "Leeds")
    builder.add([line for line in lines if line.text])
    assert builder.finish([rubbish(100, 92)])[-1] == "After “Platform 7” there is one line that I cannot read."


def test_in_parts_and_without_any_text() -> None:
    builder = SheetBuilder()
    assert builder.add([]) == [] and builder.finish([rubbish(1, 1)]) == [
        "There may be writing, but none that I can read."
    ]


# ------------------------------------------------------------------------------------------------------------ figures

FIGURES = [
    ("prices", "Soup £4.50 or 3,20 € or EUR 5", ["£4.50", "3,20 €", "EUR 5"]),
    ("prices", "1,250.00 USD, room 12, 14:05", ["1,250.00 USD"]),
    ("times", "8 A.M. to 3 P.M. and 14:05", ["8 A.M. to 3 P.M.", "14:05"]),
    ("times", "Mon-Fri 7:30-18:00, 9-5pm, noon", ["7:30-18:00", "9-5pm", "noon"]),
    ("times", "Platform 7, £4.50, LS1 4AB, 01.02.2026", []),
    ("dates", "due 14 June 2026, 01/02/2026 or 2026-02-01", ["14 June 2026", "01/02/2026", "2026-02-01"]),
    ("dates", "Platform 7 at 14:05, may contain nuts", []),
    ("phone numbers", "Call 0113 496 0000 or +44 20 7946 0000.", ["0113 496 0000", "+44 20 7946 0000"]),
    ("phone numbers", "on 01.02.2026 at 14:05, £1,250.00, 5012345678900", []),
    ("numbers", "Platform 7, LS1 4AB, £4.50.", ["7", "LS1", "4AB", "£4.50"]),
]


@pytest.mark.parametrize(("what", "text", "found"), FIGURES)
def test_figures_are_cut_out_as_printed(what: str, text: str, found: list[str]) -> None:
    assert figures.figures(what, text) == found


def test_an_unknown_sort_of_figure_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="unknown sort 'colours'; one of prices"):
        figures.figures("colours", "red")


@given(st.text(max_size=80), st.sampled_from(figures.WHAT))
def test_a_figure_always_stands_in_the_text(text: str, what: str) -> None:
    assert all(found in text for found in figures.figures(what, text, bare=True))


# --------------------------------------------------------------------------------------------------------- invariants

PRINT = (
    "Platform 7 Leeds 14:05 8 A.M. TO to 3 P.M. £4.50 4.50 € 5% Soup of the day, and & Dear Mr. Smith, street. Call "
    "0113 496 0000 TOTAL 2.24 infor- mation self- service - – • 1. (a) Ingredients: oats… ... www.x.org a@b.org per kg "
    "Monday Please draw water? Yes! 12/03/2026 LS1 4AB 我是 é"
)
TEXTS = st.one_of(st.lists(st.sampled_from(PRINT.split()), min_size=1, max_size=9).map(" ".join), st.text(max_size=30))


@st.composite
def pages(draw: st.DrawFn, most: int = 12) -> list[TextLine]:
    lines, x, y = [], 50, 50
    for text in draw(st.lists(TEXTS, min_size=1, max_size=most)):
        height = draw(st.sampled_from([30, 30, 30, 90]))
        way = draw(st.sampled_from(["below", "below", "below", "beside", "far", "none"]))
        width = max(10, 14 * len(text))
        if way == "beside":
            x += 900
        else:
            x, y = 50, y + (45 if way == "below" else 300)
        lines.append(TextLine(text, 0.9, (0, 0, 0, 0) if way == "none" else (x, y, width, height)))
    return lines if draw(st.booleans()) else on_its_side(lines)


GAPS = st.lists(st.builds(rubbish, st.integers(0, 2000), st.integers(0, 2000)), max_size=8)
CUTS = st.lists(st.sampled_from(["left", "right", "top", "bottom"]), max_size=4)


@settings(max_examples=300)
@given(pages(40), GAPS, CUTS)
def test_no_word_is_lost_or_added_and_no_digit_changes(
    lines: list[TextLine], unread: list[TextLine], cut: list[str]
) -> None:
    read = sheet(lines, unread, cut)
    assert marks(printed(read)) == marks([line.text for line in lines])
    assert read.count <= len(lines) and read.unread == len(unread)


@settings(max_examples=200)
@given(pages(), GAPS)
def test_sentences_keep_the_order_of_the_lines_and_miss_none(lines: list[TextLine], unread: list[TextLine]) -> None:
    read = sheet(lines, unread)
    flat = [number for numbers in read.lines for number in numbers]
    assert flat == sorted(flat)
    assert {n for n, line in enumerate(lines) if marks([line.text])} <= set(flat)


@settings(max_examples=300)
@given(pages(), st.data(), CUTS)
def test_fed_in_parts_it_says_the_same(lines: list[TextLine], data: st.DataObject, cut: list[str]) -> None:
    first = data.draw(st.integers(1, len(lines)))
    assume(kind_of([line.text for line in lines[:first]]) == kind_of([line.text for line in lines]))
    builder = SheetBuilder()
    told = builder.add(lines[:first])
    while first < len(lines):
        size = data.draw(st.integers(1, 5))
        told += builder.add(lines[first : first + size])
        first += size
    told += builder.finish(cut=cut)
    assert told == list(sheet(lines, cut=cut).spoken) and builder.sheet() == sheet(lines, cut=cut)


@given(pages(), st.data(), GAPS)
def test_whatever_kind_it_is_taken_for_parts_lose_no_word(
    lines: list[TextLine], data: st.DataObject, unread: list[TextLine]
) -> None:
    builder = SheetBuilder()
    for line in lines:
        builder.add([line])
    builder.finish(unread)
    assert marks(printed(builder.sheet())) == marks([line.text for line in lines])


def test_what_follows_a_line_whose_beginning_is_unread_is_a_sentence_of_its_own() -> None:
    sat, rest = page("SAT", "EXCEPT VEHICLES")
    torn = TextLine("SAT", 0.99, sat.box, apart=True)
    assert printed(sheet([sat, rest])) == ["SAT EXCEPT VEHICLES."]
    assert printed(sheet([torn, rest])) == ["SAT.", "EXCEPT VEHICLES."]


def test_what_cannot_be_read_in_a_row_is_named_before_the_rest_of_it() -> None:
    """The word "PARKING" beside an unread "NO" in white on red says the opposite."""
    lines = [
        TextLine(text, 0.99, (at, y, 140, HEIGHT)) for text, at, y in (("No stopping", 100, 20), ("Tuesday", 100, 140))
    ]
    lines.insert(1, TextLine("PARKING", 0.99, (160, 80, 140, HEIGHT), apart=True))
    builder = SheetBuilder()
    said = builder.add(lines) + builder.finish([rubbish(100, 80, 50)])
    assert said == ["No stopping.", "Here is one part that I cannot read.", "Parking.", "Tuesday."]
    assert builder.sheet().unread == 1
