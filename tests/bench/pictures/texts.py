"""What is written on the drawn pictures: signs, menus, receipts, labels, letters and screens.

A row is what a person reads as one line. Where a row has cells ("Soup | 4.20"), they stand apart on the paper and are
one line in the truth. Made up for this corpus; names, numbers and addresses belong to nobody.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Doc:
    """One thing with writing. `rows`: cells of every row; `sizes`: letter height of a row in units of the smallest."""

    family: str
    rows: tuple[tuple[str, ...], ...]
    sizes: tuple[float, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(" ".join(row) for row in self.rows)


def _doc(family: str, *rows: str) -> Doc:
    """`#` before a row makes it a headline, `|` parts its cells."""
    sizes = tuple(1.6 if row.startswith("#") else 1.0 for row in rows)
    return Doc(family, tuple(tuple(cell.strip() for cell in row.lstrip("#").split("|")) for row in rows), sizes)


DOCS: tuple[Doc, ...] = (
    _doc("sign", "#PLATFORM 7", "Trains to Leeds", "Mind the gap", "08:15 09:40"),
    _doc("sign", "#NO PARKING", "8 A.M. to 3 P.M.", "Monday to Friday", "TOW AWAY ZONE"),
    _doc("sign", "#EXIT", "Fire door", "Keep shut"),
    _doc("sign", "#Town Hall", "Library", "Swimming pool 400 m", "Car park"),
    _doc("menu", "#TODAY", "Tomato soup | 4.20", "Pasta with pesto | 9.80", "Apple cake | 3.50"),
    _doc(
        "menu", "#Breakfast", "Two eggs on toast | $6.50", "Porridge | $4.75", "Coffee | $2.90", "Orange juice | $3.20"
    ),
    _doc("menu", "#Pizza", "Margherita | 8.00", "Four seasons | 10.50", "Garlic bread | 4.00", "Water | 2.00"),
    _doc("menu", "#Drinks", "Green tea | 2.60", "Hot chocolate | 3.40", "Lemonade | 2.95"),
    _doc(
        "receipt",
        "#CORNER SHOP",
        "Milk 1 l | 1.29",
        "Bread | 2.45",
        "Butter 250 g | 2.99",
        "TOTAL | 6.73",
        "CARD | 6.73",
        "Thank you",
    ),
    _doc("receipt", "#BAKERY", "4 rolls | 1.80", "Plum cake | 3.60", "TOTAL | 5.40", "CASH | 10.00", "CHANGE | 4.60"),
    _doc("receipt", "#Hardware", "Light bulb | 5.99", "Tape 10 m | 3.49", "Screws | 2.25", "Sum | 11.73"),
    _doc("receipt", "#BUS TICKET", "Zone 1 to 3", "Adult | 2.80", "Valid until | 16:45"),
    _doc("label", "#Paracetamol", "500 mg tablets", "Take one tablet", "twice a day", "after food"),
    _doc("label", "#Whole milk", "Use by 12 March", "Keep below 5 C", "1 litre"),
    _doc("label", "#Cough syrup", "Shake before use", "10 ml every 6 hours", "Not for children under 6"),
    _doc("label", "#Red lentils", "Cook for 15 minutes", "500 g", "Best before 08 2027"),
    _doc(
        "letter",
        "Dear Mrs Holm",
        "Your appointment is on Tuesday",
        "the 4th of May at 10:30. Please",
        "bring your card and a list of",
        "your medicines.",
        "Kind regards",
        "Dr Amelia Stone",
    ),
    _doc(
        "letter",
        "The lift is out of order from",
        "Monday to Wednesday. We are",
        "sorry for the trouble. If you",
        "need help, please ring 0412.",
        "The house office",
    ),
    _doc(
        "letter",
        "Hello neighbour",
        "A parcel for you is with us",
        "on the second floor. We are at",
        "home after six in the evening.",
        "Best wishes, Jonas",
    ),
    _doc("letter", "We could not deliver your", "parcel today. Collect it from", "12 Mill Lane before Friday."),
    _doc("screen", "#Departures", "08:15 Leeds | Platform 4", "08:40 York | Platform 2", "09:05 Hull | cancelled"),
    _doc("screen", "#Wireless", "Home network", "Connected", "Password saved"),
    _doc("screen", "#Oven", "Fan heat 180", "Time left 25 min", "Start 18:20"),
    _doc("screen", "#Counter 3", "Now serving 142", "Please wait"),
)
