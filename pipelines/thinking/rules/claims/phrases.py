"""Pieces of patterns that several tables share."""

from __future__ import annotations

TELLS = (
    r"⟨|\b(?:sees?|seen|reads?|says|said|states?|labels?|leaflet|packet|package|pack|box|bottle|signs?|text|"
    r"print\w*|written|picture|image|photo|camera|blurr\w*|too (?:dark|far|small|bright)|"
    r"(?:on|from|to|at) (?:the|your) (?:left|right)|ahead of|behind|in front|met(?:re|er)s|ask|check|doctor|"
    r"pharmacist|caution|not|no|don't|doesn't|can't|cannot|couldn't|isn't|aren't|won't|never|"
    r"stop|wait|stay|danger\w*|risk\w*|unsafe|avoid|instead|called|hold|closer|again|sorry|i am|i'm|contains?|could "
    r"be|it depends)\b|"
    r"\b(?:this|it|that|these|those|they|there|here)(?: is| are|'s) (?:a|an|the|some|one|two|three|several|many|"
    r"called|from|made|still)\b"
)
VERY = (
    r"(?:\w+ly |very |quite |all |now |currently |probably |totally |pretty |reasonably |also |still |just |both |"
    r"perfectly )*"
)
IS = (
    r"(?:is|are|'s|'re|was|looks?(?: to be)?|seems?(?: to be)?|appears?(?: to be)?|should be|must be|will be|would "
    r"be|feels?|to be|being|stays?|remains?|it's|that's)"
)
YOU_MAY = (
    r"(?:you (?:can|could|may|might|should|shall|must|are (?:able|free|allowed|good|fine|ok|okay|safe|clear) to|'re "
    r"(?:able|free|allowed|"
    r"good|fine|ok|okay|safe|clear) to|have (?:time|room|space|plenty of time) to|'ll be (?:fine|ok|okay|able|safe)"
    r"(?: to)?|"
    r"will be (?:fine|ok|okay|able|safe)(?: to)?|would be (?:fine|ok|okay|safe)(?: to)?)|feel free to|it's (?:fine|"
    r"ok|okay|alright|all right|"
    r"time) to|it is (?:fine|ok|okay|alright|all right|time) to|go ahead and|you just|let's|we can|i(?:'d| would) "
    r"(?:say|suggest you))"
)


def any_of(*patterns: str) -> str:
    """One pattern of several: any of them."""
    return "|".join(f"(?:{pattern})" for pattern in patterns)
