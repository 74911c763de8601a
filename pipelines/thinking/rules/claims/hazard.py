"""Food, plants, animals, current, ice: that something can be eaten, touched, stood upon."""

from __future__ import annotations

from pipelines.thinking.rules.claims.phrases import IS, TELLS, VERY, YOU_MAY, any_of
from pipelines.thinking.rules.claims.rule import Rule

_USE = (
    r"(?:eat|drink|touch|use|consume|swim|handle|plug|enter|walk on|stand on|climb|taste|swallow|pick|cook|breathe|"
    r"open|mix|charge|hold|pet|stroke|lick|inhale|reheat|grab|step on|serve|feed)"
)
HAZARD = Rule(
    topic="hazard",
    line="I can't tell whether that is safe.",
    line_unasked="I can't tell whether that is safe.",
    permits=any_of(
        rf"\bsafe(?:ly)? (?:for you |for anyone |enough |for humans )*(?:to {_USE}|for (?:eating|drinking|"
        rf"consumption|human consumption|swimming|touching))\b",
        rf"\b{YOU_MAY} {VERY}(?:eat|drink|touch|taste|swallow|consume|lick) (?:it|this|that|these|those|them|the "
        rf"(?:mushrooms?|berr(?:y|ies)|wires?|cables?|water|plant|snake|spider))\b(?! (?:at|in|on) (?:the|a|your) "
        r"(?:bar|table|terrace|cafe|restaurant))",
        rf"\b(?:fine|ok|okay|harmless|alright|all right|good|fit|no problem) to {VERY}(?:eat|drink|touch|taste|"
        rf"swallow|consume|handle)\b",
        r"\bsafely (?:be )?(?:eat|eaten|drink|drunk|touch|touched|consume|consumed)\b",
    ),
    states=any_of(
        rf"{IS} {VERY}(?:an? )?(?:edible|drinkable|potable|non-?toxic|non-?poisonous|non-?venomous)\b",
        r"(?:\bnot|n't|neither|never) (?:\w+ )?(?:poisonous|toxic|venomous|spoiled|rotten|mouldy|moldy)\b",
        r"\b(?:wires?|cables?|socket|outlet|circuit|line) (?:\w+ )?(?:is|are|isn't|aren't|looks|seems|'s) (?:\w+ "
        r")?(?:dead|safe|not live|off|live(?<=n't live)|disconnected|harmless)\b",
        r"\b(?:no|zero) (?:current|voltage|electricity|poison|toxins?|mould|mold)\b",
        r"\bedible (?:mushrooms?|berr(?:y|ies)|plants?|species|variet(?:y|ies)|kind|one|fungus|fungi)\b",
    ),
    permits_asked=any_of(
        r"\b(?:and|then|just|simply|could|would|i'd) (?:\w+ )?(?:eat|drink|taste|touch|use) (?:it|this|them|that|"
        r"these)\b",
        rf"\b{YOU_MAY} {VERY}{_USE}\b|\bgo ahead\b|\benjoy\b|\bfeel free\b|\b(?:you're|you are|you'll be|you will "
        rf"be|you should be|should be) (?:\w+ )?(?:fine|ok|okay|safe|good|all right|alright)\b",
        r"\bno (?:risk|danger|problem|worries|harm|reason)\b|\bwill (?:hold|carry|bear) you\b|\bwon't (?:hurt|harm|"
        r"bite|shock|kill)\b|\bnothing to worry\b",
    ),
    states_asked=any_of(
        r"(?<!not )(?<!n't )\bsafe(?:ly)?\b(?! (?:distance|side|place|if|when))|\bharmless\b|\bedible\b|"
        r"\bdrinkable\b|\bpotable\b",
        rf"\b(?:it|that|this|they|these|everything|all|you|food|meat|milk|water|fish|chicken|egg|eggs|bread|the \w+)"
        rf" ?{IS} {VERY}(?:fine|ok|okay|good|alright|all right|clean|cooked(?: through)?|done|well done|fresh|"
        rf"still "
        r"good|still fresh|solid|stable|thick enough|strong enough|dry|cool|cold|off)\b(?! (?:print|to (?:read|see)))",
        r"(?:\bnot|n't|no longer) (?:\w+ )?(?:dangerous|harmful|hot|live|expired|bad|raw|spoiled|risky|gone (?:off|"
        r"bad)|electrified|slippery|contaminated|a problem)\b|\bhas(?:n't| not) gone (?:off|bad)\b",
        r"\b(?:perfectly|totally|completely|absolutely|entirely|quite) (?:fine|safe|ok|okay|good|edible|clean)\b",
        r"\b(?:no|without) (?:signs? of |visible |obvious )+(?:mould|mold|spoilage|damage|danger|rot|poison)",
    ),
    yes=any_of(
        r"\b(?:safe|edible|drinkable|potable|still|fresh|ok|okay|fine|ready|cooked|alright|all right|done|stable|"
        r"clean|enough)\b|\b(?:can|may|could|should) (?:i|we|he|she|my \w+|they)\b"
    ),
    no=any_of(
        r"\b(?:poison\w*|toxic|dangerous|live|hot|gone (?:off|bad)|bad|mould\w*|mold\w*|spoiled|rotten|harmful|raw|"
        r"undercooked|venomous|slippery|flammable|acid|hurt|risky)\b"
    ),
    tells=any_of(
        TELLS,
        r"\b(?:dates?|before|expir\w*|steam|hot|wires?|cables?|mushrooms?|cap|stem|gills|berr(?:y|ies)|plants?|leaf|"
        r"leaves|ice|wet|mould\w*|mold\w*|metal|bare|pink|raw|poison\w*|toxic|flames?|smoke)\b",
    ),
    begins=any_of(
        rf"\b(?:safe(?:ly)?|edible|drinkable|potable|poisonous|toxic|non-?\w+|venomous|spoiled|rotten|mould\w*|"
        rf"mold\w*|harmless|wires?|cables?|socket|outlet|circuit|voltage|current|mushrooms?|berr(?:y|ies)|toxins?|"
        rf"electricity)\b|"
        rf"\b{YOU_MAY} {VERY}(?:eat|drink|touch|taste|swallow|consume|lick)\b|\b(?:fine|ok|okay|alright|good|fit|"
        rf"no problem) to\b",
    ),
)
