"""Allergens: that something has none of them, or may be eaten."""

from __future__ import annotations

import re

from pipelines.thinking.rules.claims.phrases import IS, TELLS, VERY, YOU_MAY, any_of
from pipelines.thinking.rules.claims.rule import Rule

_ANY_OF = (
    r"(?:any |an? |the |traces? of |added |tree |detectable |listed |obvious |actual |mention of |signs? of |"
    r"sources? of |\w+ or )*zallergen"
)
PRESENT = re.compile(
    r"\b(?:contains?|may contain|has|have|includes?|lists?|listed|ingredients?|there (?:is|are)|made with|with|"
    r"warns? (?:of|about|that)|traces of|yes)\b"
    r"(?! (?:no|none|not|neither|zero)\b)[^.]*\bzallergen\b|\bzallergen\b[^.]*\b(?:is|are) (?:listed|in it|"
    r"included|an ingredient|present|mentioned)"
)
ALLERGEN = Rule(
    topic="allergen",
    line="I could not find it in the part I can see.",
    line_unasked="About allergens I can only say what I can read.",
    line_after_warning="Whether the rest is safe for you, I can't tell.",
    permits=any_of(
        rf"\b{YOU_MAY} {VERY}(?:eat|have|drink|enjoy|use)\b.*\b(?:allerg\w*|intoleran\w*|c(?:o)?eliac|zallergen)",
        r"\bsafe (?:for|with) (?:\w+ ){0,4}(?:allerg\w*|intoleran\w*|co?eliacs?|vegans?)",
        r"\b(?:suitable|fine|ok|okay|good|appropriate|harmless) for (?:\w+ ){0,4}(?:allerg\w*|intoleran\w*|co?eliacs?)",
        r"(?:\bnot|n't|never) (?:\w+ )?(?:trigger|cause|set off|affect|provoke) (?:\w+ ){0,3}(?:allerg\w*|reaction|"
        r"zill)",
    ),
    states=any_of(
        r"\bzallergen[- ]free\b(?! (?:shelf|section|aisle|range|menu|option))",
        r"\bfree (?:of|from) (?:all |any |the )?(?:zallergen|common allergens|major allergens)",
        rf"\b(?:contains?|includes?|lists?|made with|uses?|using) (?:absolutely )?(?:no|zero|none of the|neither|0)"
        rf" {_ANY_OF}\b",
        rf"\b(?:doesn't|does not|don't|do not|didn't|won't|should not|shouldn't|not)(?: \w+)? (?:contain|include|"
        rf"list|use|appear to contain|seem to contain) {_ANY_OF}\b",
        rf"\b(?:made|baked|cooked|prepared|produced|processed) without {_ANY_OF}\b",
        rf"\bno {_ANY_OF} (?:(?:is|are|was|were|has been|have been) )?(?:in (?:it|this|that|here|the "
        rf"(?:ingredients?|list|product|recipe|food|dish|part))|listed|present|mentioned|included|used|"
        r"added|on the (?:list|label|ingredients?)|among|declared)",
        r"\bzallergen (?:is|are|was|were) (?:not|n't|nowhere)\b|\bzallergen (?:isn't|aren't|doesn't|don't)\b|"
        r"\bnone of (?:the|these|its) ingredients\b|\bno (?:known |listed |common )?allergens\b",
    ),
    permits_asked=any_of(
        rf"\b{YOU_MAY} {VERY}(?:eat|have|drink|enjoy|try|use|take|buy|order|consume)\b",
        r"\bgo ahead\b|\benjoy\b|\b(?:you're|you are|you'll be|you will be|you should be) (?:\w+ )?(?:fine|ok|okay|"
        r"safe|good|all right|alright)\b|\bno (?:risk|danger|problem|worries|reason)\b|"
        r"\bnothing to worry\b|(?:\bnot|n't) (?:a )?(?:problem|danger\w*|harm\w*|risk\w*)\b",
    ),
    states_asked=any_of(
        r"(?<!not )(?<!n't )\bsafe(?:ly)?\b(?! (?:side|if|when))|\b(?:suitable|harmless)\b",
        rf"\b(?:it|that|this|they|everything|all|you) ?{IS} {VERY}(?:fine|ok|okay|good|alright|all right|clear)\b",
        r"\b(?:no|zero|without|not any|n't any|nothing)\b (?:\w+ ){0,2}zallergen\b|(?:\bnot|n't) (?:\w+ "
        r")?(?:look|seem|appear)s? (?:like|so|to)\b|\bno (?:mention|trace|sign|indication|warning|such)s?\b|\bnot "
        r"(?:listed|in (?:it|this|there)|an ingredient|mentioned|"
        r"present|included|contained)\b|\bnone (?:in|of|at|that|is|are|listed)\b|\b(?:doesn't|does not|don't|do not|"
        r"isn't|is not) (?:\w+ )?(?:contain|have|include|list|mention|show|see|there|in it|seem to|"
        r"appear to)\b(?! (?:enough|the (?:label|back|whole)|a label))|\bfree (?:of|from)\b|\b(?:has|have|are|is|"
        r"lists?) none\b|\b(?:is|are|it's) (?:\w+ly )?vegan\b|\bonly (?:contains|has|ingredients)\b",
    ),
    yes=any_of(
        r"\b(?:safe|free|without|suitable|ok|okay|fine|alright|all right|vegan|good for)\b|\b(?:can|may|could|"
        r"should) (?:i|we|he|she|my \w+|they)\b"
    ),
    no=any_of(
        r"\b(?:contains?|any|have|has|is there|are there|made (?:with|of|from)|in (?:it|this|there|that)|traces?|"
        r"does|do|list|listed|dangerous|risk|include|ingredient)\b|"
        r"\bis (?:this|it|that) (?:a |an )?zallergen"
    ),
    tells=any_of(TELLS, r"\b(?:zallergen|ingredients?|traces?|sugar|flour|oil|salt|cocoa|butter|bread|chocolate)\b"),
    begins=any_of(r"\bzallergen\b|\ballerg\w*|\bintoleran\w*|\bco?eliac|\bnone of\b"),
)
