"""A statement in the orders that speech may have turned it from: "the key it's under the mat", "it's Hugo who has it",
"they've changed the code, it's 8811 now", "the meeting's been pushed to Thursday".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipelines.memory.clauses import PLACED as NUMBERED
from pipelines.memory.clauses import in_order

_IT: Final = r"(?:it's|it is|that's|that is|he's|he is|she's|she is|they're|they are|there's)"


def orders(said: str) -> Iterator[str]:
    """The sentence in the orders that speech may have turned it from."""
    noun = r"(?P<s>(?:[\w'-]+ ){0,5}?[\w'-]+)"
    rows = (
        ((rf"(?:(?:they|we|i)(?:'ve| have)? )?(?:got )?(?:changed|a new|an? other|new|another|switched|swapped)"
         rf"(?: (?:the|my|our))? {noun} (?:so |and |now )*{_IT} (?:now )?(?P<r>.+)"), r"the \g<s> is \g<r>"),
        (rf"(?:got |we've got |i've got |they gave (?:me|us) )?(?:a |the )?new {noun} (?:is )?(?P<r>{_VALUED})",
         r"my \g<s> is \g<r>"),
        ((rf"(?P<s>(?:my|our|the) [\w'-]+(?: [\w'-]+)? (?:for|of|to|on|at) (?:my |our |"
         rf"the )?[\w'-]+(?: [\w'-]+)?) {_IT} (?P<r>.+)"),
         r"\g<s> is \g<r>"),
        (rf"(?:.*? )?(?P<s>(?:my|our|the) [\w'-]+(?: [\w'-]+)?) (?:so |and |now |but )*{_IT} (?:now )?(?P<r>.+)",
         r"\g<s> is \g<r>"),
        (rf"{noun}(?: isn't| is not|'s not| aren't) .+? (?:any ?more|any longer|now) {_IT} (?:now )?(?P<r>.+)",
         r"\g<s> is \g<r>"),
        (rf"(?P<s>(?:[\w'-]+ ){{0,2}}[\w'-]+) {_IT} (?:now )?(?P<r>.+)", r"\g<s> is \g<r>"),
        (r"it(?:'s| is) (?P<s>.+?) (?:that|who|which) (?P<r>.+)", r"\g<s> \g<r>"),
        (r"it(?:'s| is) (?P<r>.+?) (?P<s>i|we) (?P<v>take|wear|need|have|use|drink)(?P<w> (?:in|for) \w+)?",
         r"\g<s> \g<v> \g<r>\g<w>"),
        ((rf"they(?:'ve| have)? (?:just )?(?:put|moved|sat|booked|placed|got) (?:me|us) (?:in|into|to|on|at) "
         rf"(?:the )?(?P<s>{NUMBERED}|block|class|group|bay|house|hall|carriage|car) (?P<r>[\w -]+)"),
         r"my \g<s> is \g<r>"),
        ((rf"(?:i'm|i am|we're|we are) (?:now )?(?:in|on|at) (?P<s>{NUMBERED}|block|class|"
         rf"group) (?:number )?(?P<r>[\w -]+)"),
         r"my \g<s> is \g<r>"),
        ((rf"(?P<s>.+?)(?:'s| has| have| is| are| got| was)* (?:been )?(?:just )?(?:moved|pushed|shifted|"
         rf"put back|changed|"
         rf"switched|brought forward|postponed)(?: back| forward)? (?:to|"
         rf"into) (?P<r>(?:the )?{_VALUED})"), r"\g<s> is \g<r>"),
        ((rf"(?P<s>.+?)(?:'s| has| have| is| are| got| was)* (?:been )?(?:just )?(?:moved|pushed|shifted|"
         rf"put back|changed|"
         rf"switched|brought forward|postponed)(?: back| forward)? (?:to|into) (?P<r>.*{_TIME}.*)"),
         r"\g<s> is on \g<r>"),
        (r"(?P<s>.+?)(?:'s| has| have| is| are| got| was)* (?:been )?(?:just )?moved (?:again )?(?:to|into) (?P<r>.+)",
         r"\g<s> moved to \g<r>"),
        ((r"(?P<s>.+?)(?:'s| has| have)* moved (?:again )?(?P<r>[\w-]+(?: [\w-]+)?) (?:this time|"
         r"now)"), r"\g<s> moved to \g<r>"),
        (rf"i (?:now )?(?:take|catch|get|ride|use) the (?P<n>{_VALUED[:-4]}) (?P<s>bus|tram|train|line)(?P<r>.*)",
         r"my \g<s> is the \g<n>\g<r>"),
        ((r"i (?:have|'ve got|got)? ?(?:an? |my )?(?P<s>appointment|meeting) (?:with|at) (?:the |"
         r"my )?(?P<w>[\w-]+) (?P<r>.+)"),
         r"my \g<w> \g<s> is \g<r>"),
        ((r"(?:not there (?:any ?more|now) )?(?:i )?(?:re-?parked|moved) (?:it|the car) (?P<r>(?:to|by|in|on|at|"
         r"near|behind|"
         r"next|outside|under|over|round|opposite)\b.+)"), r"I parked \g<r>"),
    )  # fmt: skip
    for pattern, plain in rows:
        if match := re.fullmatch(pattern, said, re.IGNORECASE):
            yield match.expand(plain)
    yield said
    if (again := in_order(said)) != said:
        yield again


_TIME: Final = (
    r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?|january|february|march|april|may|june|july|august|september|"
    r"october|november|december|tomorrow|noon|midnight|tonight|half past|quarter (?:past|to)|o'clock)\b"
)
_VALUED: Final = r"(?:\d[\w-]*|zero|oh|one|two|three|four|five|six|seven|eight|nine|ten|[a-z]+\d+)\b.*"
