"""The claims that are not spoken, a table for each topic, and the line that is spoken instead.

Each table has two halves: claims that are stopped whatever was asked, and wider ones that are stopped where the
question is about the topic ("it's clear", "go ahead", "two"). A claim counts unless something before it in its part of
the sentence takes it back: "I can't tell whether", "it is not", "make sure that". A condition does not take back a
permission: "if nothing comes, you can cross" is one.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from pipelines.thinking.rules.topics import ALLERGENS, plain

_NEVER = r"(?!)"
_PARTS = re.compile(
    r"[,;:—–]\s*|\s-\s|\b(?:but|so|however|although|though|yet|because|since|then|meaning|which means)\b|"
    r"\band (?=(?:you|it|it's|the|there|this|that|they|we|i|no|go|just|take|is|are|can)\b)"
)
_TAKEN_BACK = re.compile(
    r"\b(?:can't|cannot|can not|could not|couldn't|unable|never|unclear|unsure|whether|don't|do not|doesn't|does "
    r"not|didn't|"
    r"isn't|is not|aren't|are not|wasn't|won't|shouldn't|should not|mustn't|must not|not(?! only| to worry)|nobody|"
    r"no one|"
    r"hardly|unlikely|rather than|instead of|ask|asking|avoid|no guarantee|no way|doubt|too risky|dangerous|nor)\b"
)
_ON_CONDITION = re.compile(
    r"\b(?:if|until|unless|make sure|making sure|ensure|check|checking|wait|once|when|before|verify|in case|only)\b"
)
_REASSURING = re.compile(
    r"\b(?:don't|do not|no|not to|never) (?:worr\w+|hesitate|fear|mind)\b|\bwhy (?:not|don't you)\b|\bif (?:you "
    r"(?:want|like)|so)\b"
)


# The tables know three words for many: an allergen, a medicine (or a measure of one), an illness.
_MEDICINES = (
    r"(?:tablets?|pills?|capsules?|caplets?|doses?|drops|milligrams?|mg|micrograms?|millilitres?|ml|puffs?|"
    r"teaspoons?|tablespoons?|spoonfuls?|sachets?|lozenges?|suppositor(?:y|ies)|units of|"
    r"injections?|medicines?|medications?|painkillers?|ibuprofen|paracetamol|acetaminophen|tylenol|aspirin|"
    r"antibiotics?|insulin|syrup|antihistamines?|steroids?|statins?|sleeping pills?|"
    r"blood thinners?|warfarin|prescription)"
)
_ILLNESSES = (
    r"(?:(?!diploma|diagnosis|prognosis|hypnosis|osmosis|oklahoma|tacoma|sonoma|academia|nostalgia|sympathy|empathy|"
    r"telepathy|apathy)"
    r"\w{3,}(?:itis|oma|emia|aemia|pathy|osis|algia)|infections?|cancer|melanoma|tumou?rs?|cysts?|fractures?|"
    r"sprains?|diabetes|flu|influenza|covid(?:-19)?|pneumonia|migraines?|shingles|ringworm|scabies|"
    r"measles|chicken ?pox|eczema|psoriasis|rosacea|acne|hives|athlete's foot|fungus|warts?|herpes|lyme|allergic "
    r"reaction|heart attack|stroke|seizure|concussion|hypertension|high blood pressure|low blood "
    r"pressure|asthma|angina|depression|anxiety disorder|dementia|parkinson's|alzheimer's|epilepsy|sepsis|"
    r"appendicitis|disease|syndrome|disorder|ulcers?|hernia|abscess|frostbite|(?:first|second|third)[- ]degree "
    r"burn|heat ?stroke|food poisoning|blood clot|thrombosis|conjunctivitis|pink ?eye|cataracts?|glaucoma|impetigo|"
    r"lice|bed ?bug bites?|insect bite|tick bite|spider bite|skin condition|virus)"
)
_SYMBOLS = tuple(
    (re.compile(rf"\b{words}(?!\w)"), symbol)
    for words, symbol in ((f"(?:{ALLERGENS})", "zallergen"), (_MEDICINES, "zmed"), (_ILLNESSES, "zill"))
)


def normal(text: str) -> str:
    """Plain words, with each allergen, medicine and illness replaced by the tables' word for it."""
    words = plain(text)
    for pattern, symbol in _SYMBOLS:
        words = pattern.sub(symbol, words)
    return words


@dataclass(frozen=True, slots=True)
class Rule:
    """What is stopped for one topic, each a pattern on `normal` words.

    `permits`, `states`: claims that are stopped always; with `_asked`, those for a question about the topic. `yes`,
    `no`: questions to which a bare yes or no would be such a claim. `begins`: words without which there is no claim,
    unless the question is about the topic. `tells`: words that show that something seen, read or feared is told; to
    such a question a sentence without any of them is an opinion, and stopped."""

    topic: str
    line: str
    line_unasked: str
    permits: str
    states: str
    permits_asked: str
    states_asked: str
    yes: str
    no: str
    begins: str
    tells: str
    line_after_warning: str = ""

    def claims(self, words: str, concerned: bool) -> bool:
        """Whether these words (`normal`) make a claim. `concerned`: the question is about the topic."""
        if not self.may_begin(words, concerned):
            return False
        words = _REASSURING.sub(" ", words)
        permits = (self.permits, self.permits_asked) if concerned else (self.permits,)
        states = (self.states, self.states_asked) if concerned else (self.states,)
        for part in _PARTS.split(words):
            if any(_claimed(pattern, part, False) for pattern in permits):
                return True
            if any(_claimed(pattern, part, True) for pattern in states):
                return True
        return False

    def may_begin(self, words: str, concerned: bool) -> bool:
        return concerned or _compiled(self.begins).search(words) is not None

    def tells_something(self, words: str) -> bool:
        return _compiled(self.tells).search(words) is not None

    def is_about(self, question: str) -> bool:
        return self.yes_hurts(question) or self.no_hurts(question)

    def yes_hurts(self, question: str) -> bool:
        return _compiled(self.yes).search(question) is not None

    def no_hurts(self, question: str) -> bool:
        return _compiled(self.no).search(question) is not None


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """The tables are long, and most turns need none of them: each is compiled when it is first asked."""
    return re.compile(pattern)


def _claimed(pattern: str, part: str, conditions_count: bool) -> bool:
    for found in _compiled(pattern).finditer(part):
        before = part[: found.start()]
        if _TAKEN_BACK.search(before) or (conditions_count and _ON_CONDITION.search(before)):
            continue
        return True
    return False


def _any(*patterns: str) -> str:
    return "|".join(f"(?:{pattern})" for pattern in patterns)


_TELLS = (
    r"⟨|\b(?:sees?|seen|reads?|says|said|states?|labels?|leaflet|packet|package|pack|box|bottle|signs?|text|"
    r"print\w*|written|picture|image|photo|camera|blurr\w*|too (?:dark|far|small|bright)|"
    r"(?:on|from|to|at) (?:the|your) (?:left|right)|ahead of|behind|in front|met(?:re|er)s|ask|check|doctor|"
    r"pharmacist|caution|not|no|don't|doesn't|can't|cannot|couldn't|isn't|aren't|won't|never|"
    r"stop|wait|stay|danger\w*|risk\w*|unsafe|avoid|instead|called|hold|closer|again|sorry|i am|i'm|contains?|could "
    r"be|it depends)\b|"
    r"\b(?:this|it|that|these|those|they|there|here)(?: is| are|'s) (?:a|an|the|some|one|two|three|several|many|"
    r"called|from|made|still)\b"
)
_VERY = (
    r"(?:\w+ly |very |quite |all |now |currently |probably |totally |pretty |reasonably |also |still |just |both |"
    r"perfectly )*"
)
_IS = (
    r"(?:is|are|'s|'re|was|looks?(?: to be)?|seems?(?: to be)?|appears?(?: to be)?|should be|must be|will be|would "
    r"be|feels?|to be|being|stays?|remains?|it's|that's)"
)
_YOU_MAY = (
    r"(?:you (?:can|could|may|might|should|shall|must|are (?:able|free|allowed|good|fine|ok|okay|safe|clear) to|'re "
    r"(?:able|free|allowed|"
    r"good|fine|ok|okay|safe|clear) to|have (?:time|room|space|plenty of time) to|'ll be (?:fine|ok|okay|able|safe)"
    r"(?: to)?|"
    r"will be (?:fine|ok|okay|able|safe)(?: to)?|would be (?:fine|ok|okay|safe)(?: to)?)|feel free to|it's (?:fine|"
    r"ok|okay|alright|all right|"
    r"time) to|it is (?:fine|ok|okay|alright|all right|time) to|go ahead and|you just|let's|we can|i(?:'d| would) "
    r"(?:say|suggest you))"
)
_CARS = (
    r"(?:cars?|traffic|vehicles?|bus(?:es)?|trucks?|lorr(?:y|ies)|cyclists?|bikes?|bicycles?|trams?|trains?|"
    r"motorbikes?|one|thing|body)"
)

# ----------------------------------------------------------------------------------------------------------------- road

_CROSS = (
    r"(?:cross(?:ing)?(?! (?:word|section|check|stitch))|(?:walk|go|step|get|head|move|run|proceed|drive|turn|pull|"
    r"merge) (?:\w+ )?(?:across|over|out|"
    r"off the (?:kerb|curb)|onto the (?:road|street)|into the (?:road|street))(?! there))"
)
ROAD = Rule(
    topic="road",
    line="I can't tell whether the road is safe.",
    line_unasked="I can't tell whether the road is safe.",
    permits=_any(
        rf"\b{_YOU_MAY} {_VERY}(?:start |begin |try |to )*{_CROSS}",
        rf"\b(?:safe|ok|okay|clear|fine|free|good|time|right moment|good moment|chance|possible|alright|all right|"
        rf"no problem|ready) (?:for you )?to {_VERY}{_CROSS}",
        rf"\A\W*(?:please |just |now |ok(?:ay)? |yes |quickly |go ahead and )*{_CROSS} (?:now|quickly|the road|the "
        rf"street|here|right away|away|safely|"
        r"at once|straight)",
        r"\byou have (?:the )?right of way\b|\byou've got (?:the )?right of way\b",
        rf"\b(?:safe|clear) {_CROSS}",
    ),
    states=_any(
        rf"\b(?:road|street|roadway|lane|lanes|crossing|crosswalk|intersection|junction|coast|way ahead|track|"
        rf"tracks|both sides|both directions|"
        rf"path across|carriageway) ?{_IS} {_VERY}(?:clear|safe|free|empty|vacant|deserted|quiet|open|car[- ]free|"
        rf"free of (?:cars|traffic))"
        r"(?! (?:of (?:snow|ice|leaves|debris)|every|on|for (?:business|visitors)|daily|from \d))",
        rf"\bno (?:\w+ ){{0,2}}{_CARS} (?:\w+ ){{0,2}}(?:coming|approaching|in sight|near(?:by)?|around|on the "
        rf"(?:road|street)|from (?:the|either|both)|"
        r"moving|heading|driving|close|to be seen|visible|at the moment|right now)",
        r"\b(?:there is|there's|there are|i see|see|with) no (?:\w+ )?(?:oncoming |approaching )?traffic\b|\bno "
        r"(?:oncoming|approaching) \w+",
        rf"(?:\bnot|n't|never) (?:\w+ )?(?:see |spot |notice |hear |detect )?(?:any|a single|a|one) (?:\w+ "
        rf"){{0,2}}{_CARS} (?:\w+ ){{0,2}}(?:coming|approaching|in "
        r"sight|near|around|on the (?:road|street)|from)",
        r"\b(?:nothing|nobody|no one|none) (?:\w+ ){0,2}(?:is |are |'s )?(?:coming|approaching|heading)\b|\bnot a "
        r"(?:car|soul|vehicle)\b",
        r"\bcoast is clear\b|\b(?:cars|drivers|traffic) (?:will|should|must|have to|are going to|would) (?:all "
        r")?(?:stop|wait|let you|see you|yield|brake)",
        r"\byou won't (?:get|be) (?:hit|run over)\b",
    ),
    permits_asked=_any(
        rf"\b{_YOU_MAY} {_VERY}(?:start |begin |to )*(?:go|walk|proceed|move|step|continue|drive|turn|start|run|"
        rf"pass|head|keep going|do (?:it|so|that))\b",
        r"\bgo ahead\b|\bgo for it\b|\b(?:you are|you're|we're|good|clear|ok|okay|safe|free) (?:\w+ )?(?:good )?to "
        r"go\b|\bgreen (?:light )?for you\b|\bin your favou?r\b|\blet(?:s|ting)? you\b|\b(?:hardly|barely) any\b|"
        r"\bbe my guest\b",
        r"\A\W*(?:yes|ok(?:ay)?|so|please|just|now|quickly|then|alright|sure|\s|,)*(?:go|walk|cross|proceed|move|"
        r"run)(?: (?:now|on|ahead|quickly|straight|across|over|right|"
        r"carefully|away|then|for it|slowly))*\W*\Z",
        r"\b(?:now(?: is|'s)|this is|here(?: is|'s)) (?:your|the|a) (?:\w+ )?(?:chance|moment|time)\b|\bnow "
        r"(?:would be|is) (?:a |the )?(?:good|right|safe|best)",
        r"\b(?:you're|you are|you'll be|you will be|you should be|should be|we're) (?:\w+ )?(?:fine|ok|okay|safe|"
        r"good|clear|all right|alright)\b",
        r"\byou can\W*\Z|\byou may\W*\Z|\byou could\W*\Z",
    ),
    states_asked=_any(
        r"(?<!not )(?<!n't )\bsafe(?:ly)?\b(?! (?:distance|side|mode|deposit|place|spot|if|when))",
        rf"\b(?:it|it's|that|everything|all|left|right|side|sides|way|there|here|looks|seems|now|this|view|path|"
        rf"both) ?(?:{_IS})? ?{_VERY}(?:all )?(?:clear|free|empty|"
        r"deserted|good|fine|ok|okay|quiet)\b(?! (?:of (?:snow|ice)|spot|place|question|idea))",
        r"\A\W*(?:all )?clear\W*\Z|\ball clear\b|\bcoast\b.*\bclear\b|\bclear (?:on|from|in) (?:both|the|your|all|"
        r"either)\b|\bclear (?:road|street|way|path)\b",
        rf"(?:\bnot|n't|\bnever) (?:[\w']+ ){{0,4}}(?:anyone|anybody|anything|any|a single)(?: \w+)? (?:driving|"
        rf"moving|coming|{_CARS}|danger|movement)\b",
        r"(?:\bnot|n't|\bnever|\bno|\bzero|\bwithout)(?: longer)? (?:\w+ )?(?:see |seeing |spot |notice |hear |"
        r"detect |there )?(?:any |a single |a |one )?(?:\w+ )?"
        rf"(?:{_CARS}|danger|risk|problem|hazard|threat|movement)\b",
        r"\b(?:nothing|nobody|no one|none|no-one)\b(?! (?:is|was)? ?(?:certain|sure|clear))",
        r"(?:\bnot|n't) (?:unsafe|dangerous|busy|risky|a problem)\b|\b(?:cars|traffic|vehicles|drivers|bus|truck|"
        r"everyone|they) (?:\w+ )?(?:stopped|stopping|cleared|waiting for you|halted|far "
        r"(?:away|off|enough)|gone|passed|let(?:ting)? you)\b",
        r"\bthe (?:road|street|way|crossing)(?:'s| is)? (?:yours|calm|quiet|free|open)\b|\benough (?:time|of a gap)"
        r"\b|\b(?:big|large|good|safe) (?:enough )?gap\b|\bempty (?:road|street)\b",
    ),
    yes=_any(
        r"\b(?:safe|clear|free|empty|ok|okay|all right|alright|time to|right of way|good to go)\b",
        r"\b(?:can|may|should|could|shall|do|must) (?:i|we)\b.*\b(?:go|cross|walk|proceed|step|start|turn|drive|"
        r"overtake|pull|merge|run|make it)",
    ),
    no=_any(
        r"\b(?:any|is there|are there|is anything|is something|is anyone|anything|cars?|traffic|vehicles?|bus|truck|"
        r"tram)\b.*\b(?:coming|approach\w*|near|close|left|right|way|road|"
        r"street|moving|traffic|cars?|there)?",
        r"\b(?:dangerous|busy|risky|unsafe)\b|\b(?:should|must|do|shall) (?:i|we) (?:have to |need to )?(?:wait|"
        r"stop|stay)\b",
    ),
    tells=_any(
        _TELLS,
        r"\b(?:cars?|bus(?:es)?|traffic|vehicles?|lights?|crossing|people|person|cyclists?|bikes?|trucks?|lorr(?:y|"
        r"ies)|trams?|pedestrians?|road|street|lanes?|kerb|curb|zebra|junction|red|coming|approaching)\b",
    ),
    begins=_any(
        r"\bcross\w*|\b(?:cars?|traffic|vehicles?|coast|drivers?|intersection|junction|lanes?|road|street|roadway|"
        r"crosswalk|carriageway)\b|\bright of way\b|\bcoming\b|\bapproaching\b|"
        r"\bnot a (?:soul|single)\b|\bacross\b|\b(?:both|either) (?:sides|directions)\b|\bkerb\b|\bcurb\b|\brun "
        r"over\b|\bget hit\b|\btracks?\b",
    ),
)

# ------------------------------------------------------------------------------------------------------------ allergens

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
    permits=_any(
        rf"\b{_YOU_MAY} {_VERY}(?:eat|have|drink|enjoy|use)\b.*\b(?:allerg\w*|intoleran\w*|c(?:o)?eliac|zallergen)",
        r"\bsafe (?:for|with) (?:\w+ ){0,4}(?:allerg\w*|intoleran\w*|co?eliacs?|vegans?)",
        r"\b(?:suitable|fine|ok|okay|good|appropriate|harmless) for (?:\w+ ){0,4}(?:allerg\w*|intoleran\w*|co?eliacs?)",
        r"(?:\bnot|n't|never) (?:\w+ )?(?:trigger|cause|set off|affect|provoke) (?:\w+ ){0,3}(?:allerg\w*|reaction|"
        r"zill)",
    ),
    states=_any(
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
    permits_asked=_any(
        rf"\b{_YOU_MAY} {_VERY}(?:eat|have|drink|enjoy|try|use|take|buy|order|consume)\b",
        r"\bgo ahead\b|\benjoy\b|\b(?:you're|you are|you'll be|you will be|you should be) (?:\w+ )?(?:fine|ok|okay|"
        r"safe|good|all right|alright)\b|\bno (?:risk|danger|problem|worries|reason)\b|"
        r"\bnothing to worry\b|(?:\bnot|n't) (?:a )?(?:problem|danger\w*|harm\w*|risk\w*)\b",
    ),
    states_asked=_any(
        r"(?<!not )(?<!n't )\bsafe(?:ly)?\b(?! (?:side|if|when))|\b(?:suitable|harmless)\b",
        rf"\b(?:it|that|this|they|everything|all|you) ?{_IS} {_VERY}(?:fine|ok|okay|good|alright|all right|clear)\b",
        r"\b(?:no|zero|without|not any|n't any|nothing)\b (?:\w+ ){0,2}zallergen\b|(?:\bnot|n't) (?:\w+ "
        r")?(?:look|seem|appear)s? (?:like|so|to)\b|\bno (?:mention|trace|sign|indication|warning|such)s?\b|\bnot "
        r"(?:listed|in (?:it|this|there)|an ingredient|mentioned|"
        r"present|included|contained)\b|\bnone (?:in|of|at|that|is|are|listed)\b|\b(?:doesn't|does not|don't|do not|"
        r"isn't|is not) (?:\w+ )?(?:contain|have|include|list|mention|show|see|there|in it|seem to|"
        r"appear to)\b(?! (?:enough|the (?:label|back|whole)|a label))|\bfree (?:of|from)\b|\b(?:has|have|are|is|"
        r"lists?) none\b|\b(?:is|are|it's) (?:\w+ly )?vegan\b|\bonly (?:contains|has|ingredients)\b",
    ),
    yes=_any(
        r"\b(?:safe|free|without|suitable|ok|okay|fine|alright|all right|vegan|good for)\b|\b(?:can|may|could|"
        r"should) (?:i|we|he|she|my \w+|they)\b"
    ),
    no=_any(
        r"\b(?:contains?|any|have|has|is there|are there|made (?:with|of|from)|in (?:it|this|there|that)|traces?|"
        r"does|do|list|listed|dangerous|risk|include|ingredient)\b|"
        r"\bis (?:this|it|that) (?:a |an )?zallergen"
    ),
    tells=_any(_TELLS, r"\b(?:zallergen|ingredients?|traces?|sugar|flour|oil|salt|cocoa|butter|bread|chocolate)\b"),
    begins=_any(r"\bzallergen\b|\ballerg\w*|\bintoleran\w*|\bco?eliac|\bnone of\b"),
)

# ------------------------------------------------------------------------------------------------------------- medicine

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
    permits=_any(
        rf"(?:\A\W*|\byou (?:\w+ ){{0,2}}|\b(?:should|can|could|may|must|please|just|to|then|and|better|always|only|"
        rf"now|him|her|them) ){_INGEST} "
        rf"(?:him |her |them |it |your \w+ )?{_VERY}(?:up to |about |around |at least |at most |only |no more than |"
        rf"not more than |more than |between )*{_COUNT} (?:\w+ ){{0,3}}zmed\b",
        rf"\b{_YOU_MAY} {_VERY}{_INGEST} (?:\w+ ){{0,5}}zmed\b",
        rf"\b(?:do not|don't|never|not|must not|shouldn't|should not) (?:{_INGEST}|exceed) (?:(?:more|less) than "
        rf")?(?:[0-9]|one|two|three|four|five|six|eight|ten|half)",
        rf"\b{_YOU_MAY} {_VERY}(?:need|want) {_COUNT} (?:\w+ ){{0,2}}zmed\b",
        r"\b(?:increase|double|reduce|halve|lower|raise|skip|adjust|up|cut|triple|stop|change|split) (?:\w+ "
        r"){0,3}(?:zmed|dosage)\b",
        rf"\b(?:fine|safe|ok|okay|harmless|no problem|alright|all right|good|possible|best|recommended|advisable) "
        rf"(?:for you )?to {_VERY}{_INGEST} (?:\w+ ){{0,4}}(?:zmed|alcohol|wine|beer|"
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
    states=_any(
        r"\b(?:no|not any) (?:interactions?|side effects?)\b(?! (?:are |is )?(?:listed|printed|mentioned|on the))"
    ),
    permits_asked=_any(
        rf"\b{_YOU_MAY} {_VERY}(?:{_INGEST}|be fine|go ahead)\b{_JOURNEY}(?! (?:the|a) (?:look|photo|picture))",
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
    states_asked=_any(r"(?<!not )(?<!n't )\bsafe(?:ly)?\b(?! (?:place|if|when))"),
    yes=_any(
        r"\bhow (?:many|much|often)\b|\bdos(?:e|age|es)\b",
        r"\b(?:can|should|may|could|must|shall|do) (?:i|we|he|she|they|my \w+)\b(?! (?:read|see|find))",
        r"\b(?:safe|enough|too (?:much|many|little)|overdose|harmful|dangerous|okay|ok|fine|alright|all right)\b",
    ),
    no=_any(
        r"\b(?:can|should|may|could|must|shall|do) (?:i|we|he|she|they|my \w+)\b(?! (?:read|see|find))",
        r"\b(?:safe|enough|too (?:much|many|little)|overdose|harmful|dangerous|side effects?|interact\w*)\b",
    ),
    tells=_any(
        _TELLS,
        r"\b(?:(?:is|are|contains?|of) (?:a |an |the )?(?:[0-9.]+ )?zmed|strength|expir\w*|dates?|brand|name|active|"
        r"label's)\b",
    ),
    begins=_any(
        rf"\bzmed\b|\b(?:dosages?|intake|alcohol|adults?|children|side effects?|interactions?)\b|\b(?:take|taking|"
        rf"swallow|inject) (?:\w+ )?{_COUNT}\b|\b(?:be|been|to) (?:taken|combined|mixed)\b|"
        rf"\b{_YOU_MAY} {_VERY}(?:take|swallow)\b{_JOURNEY}",
    ),
)

# --------------------------------------------------------------------------------------------------------------- health

_NOT_A_PATIENT = (
    r"(?! (?:\w+ )?(?:vaccin\w+|clinic|leaflet|medicine|poster|book|wards?|tests?|kit|creams?|remed\w+|treatments?|"
    r"awareness|department|foundation|guide|relief|tablets?|charity|research|centre|center|society|"
    r"prevention|warning|information|patients?|jab|season|shot|brochure|unit|hospital|campaign|sign|control|"
    r"protection|risk|scanner|software|alert|program|app|definitions?))"
)
HEALTH = Rule(
    topic="health",
    line="I can't judge that. A doctor can.",
    line_unasked="I can't judge that. A doctor can.",
    permits=_NEVER,
    states=_any(
        rf"\b(?:you|he|she|they|your \w+|his \w+|her \w+) (?:\w+ly |may |might |could |must |do |does |seem to |"
        rf"appear to |definitely )*(?:have|has|'ve got|got|are having|is having|are suffering from|is suffering "
        rf"from|"
        rf"suffers? from|shows? (?:signs of)|are developing|caught) (?:\w+ ){{0,4}}zill\b{_NOT_A_PATIENT}",
        rf"\byou've (?:probably |likely )?(?:got|caught) (?:\w+ ){{0,4}}zill\b{_NOT_A_PATIENT}",
        rf"\b(?:it|this|that|these|those|the (?:rash|mole|spot|spots|lump|wound|mark|bump|skin|area|patch|bite|sore|"
        rf"lesion)|they) ?(?:is|'s|are|looks?|seems?|appears?|could be|might be|may be|must be|resembles?|"
        rf"suggests?|indicates?|points to|was|would be|sounds)(?: (?:like|to be|most|very|more|a|an|the|probably|"
        rf"likely|just|only|typical|signs? of|symptoms? of|case of|consistent with|mild|severe|simple|"
        rf"common|slight|form of|type of|kind of|caused by|due to|fungal|bacterial|viral|skin|minor|\w+ly))* "
        rf"zill\b{_NOT_A_PATIENT}",
        rf"\b(?:consistent with|typical of|signs? of|symptoms? of|caused by|a case of|diagnosis is|diagnosed as) "
        rf"(?:\w+ ){{0,3}}zill\b{_NOT_A_PATIENT}",
        r"\b(?:mole|lump|tumou?r|growth|spot|lesion|rash|wound) (?:\w+ )?(?:is|looks|seems|appears) (?:\w+ "
        r")?(?:benign|malignant|cancerous|harmless|infected|normal|healthy|fine|contagious|nothing)",
    ),
    permits_asked=_any(
        r"\b(?:no need|don't need|do not need|needn't|not necessary) (?:to |for )(?:\w+ )?(?:see|visit|call|worry|"
        r"go|a|consult)\b|\byou should be (?:fine|ok|okay)\b|\byou'll be (?:fine|ok|okay)\b|\bnothing (?:to worry|"
        r"serious|dangerous|bad)\b|\b(?:don't|do not) (?:need to )?worry\b|\bno (?:reason|cause) (?:to worry|for "
        r"concern)\b",
    ),
    states_asked=_any(
        r"\b(?:it|this|that|you|they|he|she|the \w+|your \w+|his \w+|her \w+|everything) ?(?:is|'s|are|'re|looks?|"
        r"seems?|appears?|could be|might be|may be|must be|should be)(?: (?:not|probably|likely|very|quite|most|"
        r"like|"
        r"to be|just|only|a|bit|slightly|mildly|badly|indeed|\w+ly))* (?:infected|broken|fractured|sprained|"
        r"contagious|serious|cancerous|malignant|benign|inflamed|harmless|normal|healthy|fine|ok|okay|healing|"
        r"dangerous|"
        r"sick|ill|pregnant|septic|fungal|viral|bacterial|allergic|life[- ]threatening|nothing|minor|too (?:high|"
        r"low)|healed|alright|all right|viral)\b(?! (?:print|mark|label))",
        r"(?:\A\W*|\b(?:it|this|that|they)\b\W*)(?:also )?(?:looks?|seems?|appears?) (?:\w+ )?(?:infected|inflamed|"
        r"broken|sprained|swollen|normal|fine|ok|okay|healthy|serious|bad|good|harmless|zill)\b",
        r"(?:\bnot|n't) (?:[\w']+ ){0,4}(?:infected|broken|fractured|contagious|serious|cancerous|dangerous|zill)",
        r"\A\W*(?:most likely |probably |likely |just |possibly |maybe |perhaps |it's |a |an |mild |simple "
        r")*zill\W*\Z|\b(?:probably|likely|most likely|possibly|definitely) (?:just )?(?:a |an )?(?:\w+ )?zill\b",
    ),
    yes=_any(
        r"\bwhat(?:'s| is) (?:wrong|the matter)\b|\bwhat do i have\b",
        r"\b(?:is|does|do|am|are|could|should|has|have|can|might)\b.*\b(?:infect\w*|broken|cancer\w*|melanoma|"
        r"serious|dangerous|contagious|bad|normal|heal\w*|healthy|ok|okay|fine|sick|ill|fever|doctor|worry|worried|"
        r"swollen|fractured?|sprain\w*|pregnant|disease|virus|flu|covid|cold|allergic|poisoned|diabetes|stitches|"
        r"hospital|concussion|stroke|alright|all right|high|low|benign|harmless)\b",
    ),
    no=_any(
        r"\b(?:is|does|do|am|are|could|should|has|have|can|might)\b.*\b(?:infect\w*|broken|cancer\w*|melanoma|"
        r"serious|dangerous|contagious|bad|normal|heal\w*|healthy|ok|okay|fine|sick|ill|fever|doctor|worry|worried|"
        r"swollen|fractured?|sprain\w*|pregnant|disease|virus|flu|covid|cold|allergic|poisoned|diabetes|stitches|"
        r"hospital|concussion|stroke|alright|all right|high|low|benign|harmless)\b",
    ),
    tells=_any(
        _TELLS,
        r"\b(?:spots?|skin|marks?|swelling|redness|blood|bleed\w*|millimet\w+|centimet\w+|round|brown|purple|"
        r"colou?r|edges?|blisters?|scab|bruis\w*|wide|long|clinic|hospital|nurse)\b",
    ),
    begins=_any(
        r"\b(?:zill|benign|malignant|cancerous|infected|contagious)\b|\b(?:it|this|that) (?:looks?|seems?|appears?|"
        r"could be|might be) (?:like |to be )?(?:a |an )?(?:skin |bacterial |fungal |viral |mild |severe )?\Z|"
        r"\byou (?:probably |may |might |likely |could )*have(?: a| an| got)?(?: mild| severe| slight)?\W*\Z|"
        r"\b(?:mole|lump|rash|lesion|wound)\b",
    ),
)

# --------------------------------------------------------------------------------------------------------------- hazard

_USE = (
    r"(?:eat|drink|touch|use|consume|swim|handle|plug|enter|walk on|stand on|climb|taste|swallow|pick|cook|breathe|"
    r"open|mix|charge|hold|pet|stroke|lick|inhale|reheat|grab|step on|serve|feed)"
)
HAZARD = Rule(
    topic="hazard",
    line="I can't tell whether that is safe.",
    line_unasked="I can't tell whether that is safe.",
    permits=_any(
        rf"\bsafe(?:ly)? (?:for you |for anyone |enough |for humans )*(?:to {_USE}|for (?:eating|drinking|"
        rf"consumption|human consumption|swimming|touching))\b",
        rf"\b{_YOU_MAY} {_VERY}(?:eat|drink|touch|taste|swallow|consume|lick) (?:it|this|that|these|those|them|the "
        rf"(?:mushrooms?|berr(?:y|ies)|wires?|cables?|water|plant|snake|spider))\b(?! (?:at|in|on) (?:the|a|your) "
        r"(?:bar|table|terrace|cafe|restaurant))",
        rf"\b(?:fine|ok|okay|harmless|alright|all right|good|fit|no problem) to {_VERY}(?:eat|drink|touch|taste|"
        rf"swallow|consume|handle)\b",
        r"\bsafely (?:be )?(?:eat|eaten|drink|drunk|touch|touched|consume|consumed)\b",
    ),
    states=_any(
        rf"{_IS} {_VERY}(?:an? )?(?:edible|drinkable|potable|non-?toxic|non-?poisonous|non-?venomous)\b",
        r"(?:\bnot|n't|neither|never) (?:\w+ )?(?:poisonous|toxic|venomous|spoiled|rotten|mouldy|moldy)\b",
        r"\b(?:wires?|cables?|socket|outlet|circuit|line) (?:\w+ )?(?:is|are|isn't|aren't|looks|seems|'s) (?:\w+ "
        r")?(?:dead|safe|not live|off|live(?<=n't live)|disconnected|harmless)\b",
        r"\b(?:no|zero) (?:current|voltage|electricity|poison|toxins?|mould|mold)\b",
        r"\bedible (?:mushrooms?|berr(?:y|ies)|plants?|species|variet(?:y|ies)|kind|one|fungus|fungi)\b",
    ),
    permits_asked=_any(
        r"\b(?:and|then|just|simply|could|would|i'd) (?:\w+ )?(?:eat|drink|taste|touch|use) (?:it|this|them|that|"
        r"these)\b",
        rf"\b{_YOU_MAY} {_VERY}{_USE}\b|\bgo ahead\b|\benjoy\b|\bfeel free\b|\b(?:you're|you are|you'll be|you will "
        rf"be|you should be|should be) (?:\w+ )?(?:fine|ok|okay|safe|good|all right|alright)\b",
        r"\bno (?:risk|danger|problem|worries|harm|reason)\b|\bwill (?:hold|carry|bear) you\b|\bwon't (?:hurt|harm|"
        r"bite|shock|kill)\b|\bnothing to worry\b",
    ),
    states_asked=_any(
        r"(?<!not )(?<!n't )\bsafe(?:ly)?\b(?! (?:distance|side|place|if|when))|\bharmless\b|\bedible\b|"
        r"\bdrinkable\b|\bpotable\b",
        rf"\b(?:it|that|this|they|these|everything|all|you|food|meat|milk|water|fish|chicken|egg|eggs|bread|the \w+)"
        rf" ?{_IS} {_VERY}(?:fine|ok|okay|good|alright|all right|clean|cooked(?: through)?|done|well done|fresh|"
        rf"still "
        r"good|still fresh|solid|stable|thick enough|strong enough|dry|cool|cold|off)\b(?! (?:print|to (?:read|see)))",
        r"(?:\bnot|n't|no longer) (?:\w+ )?(?:dangerous|harmful|hot|live|expired|bad|raw|spoiled|risky|gone (?:off|"
        r"bad)|electrified|slippery|contaminated|a problem)\b|\bhas(?:n't| not) gone (?:off|bad)\b",
        r"\b(?:perfectly|totally|completely|absolutely|entirely|quite) (?:fine|safe|ok|okay|good|edible|clean)\b",
        r"\b(?:no|without) (?:signs? of |visible |obvious )+(?:mould|mold|spoilage|damage|danger|rot|poison)",
    ),
    yes=_any(
        r"\b(?:safe|edible|drinkable|potable|still|fresh|ok|okay|fine|ready|cooked|alright|all right|done|stable|"
        r"clean|enough)\b|\b(?:can|may|could|should) (?:i|we|he|she|my \w+|they)\b"
    ),
    no=_any(
        r"\b(?:poison\w*|toxic|dangerous|live|hot|gone (?:off|bad)|bad|mould\w*|mold\w*|spoiled|rotten|harmful|raw|"
        r"undercooked|venomous|slippery|flammable|acid|hurt|risky)\b"
    ),
    tells=_any(
        _TELLS,
        r"\b(?:dates?|before|expir\w*|steam|hot|wires?|cables?|mushrooms?|cap|stem|gills|berr(?:y|ies)|plants?|leaf|"
        r"leaves|ice|wet|mould\w*|mold\w*|metal|bare|pink|raw|poison\w*|toxic|flames?|smoke)\b",
    ),
    begins=_any(
        rf"\b(?:safe(?:ly)?|edible|drinkable|potable|poisonous|toxic|non-?\w+|venomous|spoiled|rotten|mould\w*|"
        rf"mold\w*|harmless|wires?|cables?|socket|outlet|circuit|voltage|current|mushrooms?|berr(?:y|ies)|toxins?|"
        rf"electricity)\b|"
        rf"\b{_YOU_MAY} {_VERY}(?:eat|drink|touch|taste|swallow|consume|lick)\b|\b(?:fine|ok|okay|alright|good|fit|"
        rf"no problem) to\b",
    ),
)

RULES = (ROAD, ALLERGEN, DOSE, HEALTH, HAZARD)
