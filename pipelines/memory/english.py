"""English words by what they are for memory: data, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COLOURS: Final = _words("""
red green blue yellow orange brown black white grey gray pink purple beige silver gold navy turquoise
""")
KIN: Final = _words("""
mother father mum mom dad sister brother son daughter wife husband partner girlfriend boyfriend friend aunt
uncle cousin niece nephew grandmother grandfather grandma grandpa baby child kids children parents neighbour
neighbor colleague boss teacher dog cat
""")
CODES: Final = _words("""
password passcode passphrase pin code combination key
""")

# Words that say nothing by themselves: grammar, and what every question about memory holds.
EMPTY: Final = _words("""
a an the is are was were be been am being do does did doing done have has had of to in on at for by with from
and or but so my mine your our ours his her their its i me you we us he she they them it this that these those
there here what where who whom whose when which how why will would can could should shall might must not no n't
's 're 've 'm 'll 'd please now still again any some just about as if than then too very also really exactly
currently tell told say said know knew remember remind recall think thing things something anything everything
ever one ones got get s t re ve m ll d don doesn didn isn aren wasn can't cannot never longer again into onto up
down out
""")

# What means the same for finding.
SAME: Final[Mapping[str, str]] = {
    "allergy": "allergic", "allergies": "allergic", "allergen": "allergic", "left": "leave", "kept": "keep",
    "hid": "hide", "hidden": "hide", "laid": "lay", "bought": "buy", "met": "meet", "ate": "eat", "eating": "eat",
    "born": "birthday", "mobile": "phone", "telephone": "phone", "cell": "phone", "bicycle": "bike", "mum": "mother",
    "mom": "mother", "mommy": "mother", "dad": "father", "wi-fi": "wifi", "fi": "wifi", "gray": "grey",
    "color": "colour", "colors": "colour", "favorite": "favourite", "flat": "apartment", "driving": "drive",
    "living": "live", "children": "child", "kids": "child", "people": "person", "knives": "knife",
    "parking": "park", "neighbor": "neighbour",
    "pill": "medicine", "pills": "medicine", "tablet": "medicine", "tablets": "medicine", "medication": "medicine",
    "medications": "medicine", "medicines": "medicine", "married": "partner", "husband": "partner", "wife": "partner",
    "spouse": "partner", "fiance": "partner", "work": "job", "works": "job", "working": "job",
    "called": "name", "shut": "close", "shuts": "close", "begins": "start", "begin": "start",
}  # fmt: skip
