"""Medicine: how much, how often, with what."""

from __future__ import annotations

from pipelines.thinking.rules.claims.phrases import TELLS, VERY, YOU_MAY, any_of
from pipelines.thinking.rules.claims.rule import Rule

_COUNT = (
    r"(?:[0-9]+(?:[.,][0-9]+)?|one|two|three|four|five|six|seven|eight|nine|ten|half|a|an|another|a few|a couple of|"
    r"several|double|more|less|fewer|some|extra|both|that many)"
)
_INGEST = (
    r"(?:take|swallow|have|use|give|administer|inject|inhale|apply|chew|drink|combine|mix|stop taking|skip|double|"
    r"increase|reduce|lower|raise|halve|split|crush|switch|try|continue|finish)"
)
_JOURNEY = (
    r"(?! (?:the |a |an |your |that |this )?(?:next |first |second |third |other |last |left |right |\d+ |bus|train|"
    r"tram|stairs|lift|elevator|escalator|exit|turn|road|street|path|photo|picture|seat|look|taxi|metro|ferry|line|"
    r"left|step|ticket|map|note|break|rest|care))"
)
DOSE = Rule(
    topic="dose",
    line="I can't advise on medicine. I can read you what the label says.",
    line_unasked="I can't advise on medicine. I can read you what the label says.",
    permits=any_of(
        rf"(?:\A\W*|\byou (?:\w+ ){{0,2}}|\b(?:should|can|could|may|must|please|just|to|then|and|better|always|only|"
        rf"now|him|her|them) ){_INGEST} "
        rf"(?:him |her |them |it |your \w+ )?{VERY}(?:up to |about |around |at least |at most |only |no more than |"
        rf"not more than |more than |between )*{_COUNT} (?:\w+ ){{0,3}}zmed\b",
        rf"\b{YOU_MAY} {VERY}{_INGEST} (?:\w+ ){{0,5}}zmed\b",
        rf"\b(?:do not|don't|never|not|must not|shouldn't|should not) (?:{_INGEST}|exceed) (?:(?:more|less) than "
        rf")?(?:[0-9]|one|two|three|four|five|six|eight|ten|half)",
        rf"\b{YOU_MAY} {VERY}(?:need|want) {_COUNT} (?:\w+ ){{0,2}}zmed\b",
        r"\b(?:increase|double|reduce|halve|lower|raise|skip|adjust|up|cut|triple|stop|change|split) (?:\w+ "
        r"){0,3}(?:zmed|dosage)\b",
        rf"\b(?:fine|safe|ok|okay|harmless|no problem|alright|all right|good|possible|best|recommended|advisable) "
        rf"(?:for you )?to {VERY}{_INGEST} (?:\w+ ){{0,4}}(?:zmed|alcohol|wine|beer|"
        r"together|both|two)\b",
        r"\b(?:can|may|could) be (?:\w+ )?(?:taken|combined|mixed|used|given) (?:\w+ ){0,2}(?:with|together|daily|"
        r"every|twice|by|for|alongside|during|up to)\b",
        r"\b(?:maximum|recommended|usual|normal|typical|correct|right|standard|daily|proper|common|safe|adult|"
        r"child's|children's|starting) (?:\w+ )?(?:zmed|dosage|intake|amounts?) (?:\w+ ){0,4}(?:is|are|"
        r"would be|should be|of|ranges?)\b",
        r"\b(?:adults?|children|kids|toddlers|patients|people|most people) (?:\w+ ){0,5}(?:take|takes|need|get|"
        r"given|have|swallow)\b (?:up to |about |no more than )*(?:[0-9]|one|two|three|four|half)",
        rf"\b{_COUNT} (?:\w+ )?zmed (?:\w+ ){{0,2}}(?:every|per|a day|daily|twice|each (?:day|morning|meal|night)|"
        rf"with (?:food|"
        r"water|meals)|before|after (?:meals|food|eating)|should|would|is (?:enough|fine|safe|ok|okay|recommended|"
        r"the|too)|are (?:enough|fine|safe|ok|okay|recommended|too)|at (?:once|a time|night|bedtime)|"
        r"in the (?:morning|evening)|for (?:adults|children|an adult|a child|you|your|pain|headache))",
        r"\bmix(?:es)? well with (?:alcohol|wine|beer)\b",
    ),
    states=any_of(
        r"\b(?:no|not any) (?:interactions?|side effects?)\b(?! (?:are |is )?(?:listed|printed|mentioned|on the))"
    ),
    permits_asked=any_of(
        rf"\b{YOU_MAY} {VERY}(?:{_INGEST}|be fine|go ahead)\b{_JOURNEY}(?! (?:the|a) (?:look|photo|picture))",
        r"\b(?:give|gives|giving) (?:him|her|them|your \w+|it|the child|a child) (?:\w+ ){0,2}(?:[0-9]|one|two|"
        r"three|half|a)\b",
        r"\b(?:needs?|gets?) (?:\w+ )?(?:[0-9]|one|two|three|half)\b|\bwithin the limit\b|\b(?:would|will|might) be "
        r"(?:better|best|enough|fine|ok|okay|safe|good)\b",
        r"\b(?:about|around|roughly|approximately|maybe|say|probably|just|only) (?:[0-9.]+|one|two|three|half|a) "
        r"(?:\w+ )?zmed\b(?! (?:\w+ )?(?:left|remain\w*|inside|in))",
        rf"\A\W*(?:just |please |better |then |so |now |only |always |simply )*(?:take|swallow|skip|double|increase|"
        rf"reduce|stop taking|give (?:him|her|them|it))\b{_JOURNEY}",
        r"\b(?:need|want|recommend|suggest|advise|stick to|stick with|limit (?:it|yourself) to|go with|start with|"
        r"try|no more than|at most|up to|maximum of|not more than|more than|exceed)\b (?:\w+ ){0,3}"
        r"(?:[0-9]+|one|two|three|four|five|six|eight|ten|half)\b",
        r"\bevery (?:[0-9]+|two|three|four|five|six|eight|twelve|few)(?: (?:to|or) \w+)? (?:hours|days)\b|\b(?:once|"
        r"twice|(?:two|three|four|2|3|4) times) (?:a |per |each |every )?(?:day|daily|week)\b",
        r"\bgo ahead\b|\b(?:you're|you are|you'll be|you will be|you should be|that should be|it should be|should "
        r"be|that's|that is|it's|it is|would be|is|are) (?:\w+ly |totally |quite )?(?:fine|ok|okay|safe|"
        r"enough|harmless|alright|all right|plenty|sufficient|too (?:much|many|little))\b(?! (?:print|to (?:read|"
        r"see|ask)))",
        r"\b(?:one|two|three|four|half|[0-9]+) (?:more )?(?:is|are|should be|would be|will be|will do|should do|"
        r"would do)\b(?! (?:printed|written|listed|in the))",
        r"\bno (?:problem|harm|danger|risk)\b|\bwon't (?:hurt|harm)\b|\b(?:can|may|could|should) be (?:taken|"
        r"combined|mixed)\b|\b(?:mix|combine|goes?) (?:\w+ )?with (?:alcohol|wine|beer|other)\b",
    ),
    states_asked=any_of(r"(?<!not )(?<!n't )\bsafe(?:ly)?\b(?! (?:place|if|when))"),
    yes=any_of(
        r"\bhow (?:many|much|often)\b|\bdos(?:e|age|es)\b",
        r"\b(?:can|should|may|could|must|shall|do) (?:i|we|he|she|they|my \w+)\b(?! (?:read|see|find))",
        r"\b(?:safe|enough|too (?:much|many|little)|overdose|harmful|dangerous|okay|ok|fine|alright|all right)\b",
    ),
    no=any_of(
        r"\b(?:can|should|may|could|must|shall|do) (?:i|we|he|she|they|my \w+)\b(?! (?:read|see|find))",
        r"\b(?:safe|enough|too (?:much|many|little)|overdose|harmful|dangerous|side effects?|interact\w*)\b",
    ),
    tells=any_of(
        TELLS,
        r"\b(?:(?:is|are|contains?|of) (?:a |an |the )?(?:[0-9.]+ )?zmed|strength|expir\w*|dates?|brand|name|active|"
        r"label's)\b",
    ),
    begins=any_of(
        rf"\bzmed\b|\b(?:dosages?|intake|alcohol|adults?|children|side effects?|interactions?)\b|\b(?:take|taking|"
        rf"swallow|inject) (?:\w+ )?{_COUNT}\b|\b(?:be|been|to) (?:taken|combined|mixed)\b|"
        rf"\b{YOU_MAY} {VERY}(?:take|swallow)\b{_JOURNEY}",
    ),
)
