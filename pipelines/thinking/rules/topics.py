"""What a question is about, as far as it could hurt, told from the wearer's words and the text in their picture.

A false alarm costs a sentence; a miss may cost more. So a topic is given in doubt, but an emergency is not cried at
signs, exits, alarms on a wall, or words that are to be translated.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipelines.events import TextLine

# In the order in which they are given. "hazard": food, water, current, chemicals, ice.
TOPICS: Final = ("emergency", "road", "allergen", "dose", "health", "hazard")

EMERGENCY = "If this is an emergency, call one one two, or your local emergency number, now."

_INSTRUCTIONS: Final = {
    "emergency": "This may be an emergency, and they were told to call for help. Be brief and calm. No diagnosis.",
    "road": "Never say that a road is clear or safe, or that they can cross or go. Say what you see, and that you "
    "can't tell whether the road is safe.",
    "allergen": "About allergens, quote what the label says, in quotation marks. Never say that something is safe or "
    "free of an allergen; say that you could not find it in the part you can see.",
    "dose": "About medicine, quote the label's printed words after “the label says”, in quotation marks. Give no dose "
    "advice of your own. Name what you can't read.",
    "health": "Describe what you see. Don't diagnose, and don't say that something is harmless.",
    "hazard": "Never say that something is safe to eat, to drink, to touch or to walk on. Say what you see.",
}

ALLERGENS: Final = (
    r"(?:pea|hazel|wal|coco|cashew |brazil |pine |tree )?nuts?|almonds?|cashews?|pistachios?|pecans?|macadamias?|"
    r"peanuts?|"
    r"gluten|wheat|barley|rye|lactose|dairy|milk|egg|eggs|soya?|soy ?beans?|sesame|shell ?fish|crustaceans?|shrimps?|"
    r"prawns?|fish|mollus[ck]s?|celery|mustard|lupin|sulphites?|sulfites?|casein|whey|latex|allergens?|penicillin"
)
_MEDICINE: Final = (
    r"tablets?|pills?|capsules?|medicines?|medications?|drugs?|painkillers?|ibuprofen|paracetamol|acetaminophen|"
    r"tylenol|"
    r"aspirin|antibiotics?|insulin|syrup|inhaler|cough drops|eye drops|ear drops|ointment|suppositor(?:y|ies)|sachets?|"
    r"vitamins?|supplements?|antihistamines?|steroids?|statins?|metformin|warfarin|blood thinners?"
)


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


# ------------------------------------------------------------------------------------------------------------ emergency

# Words that only the one in need, or the one beside them, says. They count whatever else is said.
_CRIES: Final = _any(
    r"\bi (?:can't|cannot|can not|can barely|can hardly) breathe?\b(?! a word)",
    r"\b(?:he|she|they|baby|child|kid|son|daughter|wife|husband|mum|mom|mother|dad|father|man|woman|friend|someone|"
    r"somebody|"
    r"grandma|grandpa|patient|girl|boy|person|dog) (?:\w+ )?(?:(?:can't|cannot|can not) breathe|"
    r"(?:is not|isn't|is no longer|not|stopped|has stopped|'s not|'s stopped) breathing)\b",
    r"\b(?:he|she|they)(?:'s| is| are|'re) (?:not breathing|unconscious|unresponsive|choking|drowning|having a "
    r"(?:\w+ )?"
    r"(?:seizure|stroke|fit|heart attack)|bleeding (?:badly|heavily|a lot|to death|out)|turning blue|dying|not "
    r"waking up)\b",
    r"\b(?:someone|somebody|man|woman|child|baby|person|wife|husband|mother|father|mum|mom|dad|son|daughter|friend|"
    r"neighbou?r|grandma|grandpa|boy|girl|colleague) (?:next to me |here |there |in front of me )?(?:is|has|just|'s)? ?"
    r"(?:just )?(?:unconscious|unresponsive|collapsed|fainted|passed out|choking|drowning|having a (?:\w+ "
    r")?(?:seizure|stroke|"
    r"fit|heart attack)|been (?:stabbed|shot|hit|run over)|bleeding (?:badly|heavily|a lot)|swallowed (?:a |some |"
    r"the )?"
    r"(?:batter|bleach|pill|poison|magnet|detergent|chemical))",
    r"\b(?:he|she|they)(?:'s| has| have)? (?:just )?(?:collapsed|fainted|passed out|stopped breathing|overdosed|"
    r"been (?:stabbed|"
    r"shot|run over|hit by)|(?:swallowed|drank|drunk|ate|eaten) (?:a |some |the )?(?:\w+ )?(?:batter|bleach|pill|"
    r"poison|magnet|detergent))",
    r"\b(?:baby|child|kid|son|daughter|toddler|boy|girl) (?:has |just )*(?:swallowed|drank|drunk|ate|eaten) (?:a |"
    r"some |the )?(?:\w+ )?(?:batter|bleach|pill|"
    r"poison|magnet|detergent|chemical|medicine|tablet)",
    r"\bi(?:'m| am| think i'm| think i am) (?:choking|bleeding (?:badly|heavily|a lot|out|to death)|having (?:a |an "
    r")?(?:\w+ )?"
    r"(?:heart attack|stroke|seizure|allergic reaction|asthma attack|overdose)|drowning|suffocating|going to "
    r"(?:pass out|"
    r"faint|die|kill myself)|being (?:attacked|followed|robbed)|dying\b(?! to| of (?:boredom|laughter|curiosity|thirst|"
    r"hunger))|trapped|about to (?:pass out|faint|collapse))",
    r"\bi(?:'ve| have)? (?:just )?(?:overdosed|been (?:stabbed|shot|attacked|bitten by a snake|electrocuted|"
    r"poisoned)|took an "
    r"overdose|taken an overdose|(?:took|taken|swallowed|drank|drunk) (?:\w+ )?(?:too many|too much|all (?:my|the|of)|"
    r"bleach|poison|a whole (?:box|pack|bottle) of)(?! (?:\w+ )?(?:photos?|pictures?|time|selfies|videos?|notes|coffee|"
    r"water|cake|turns|steps)))",
    r"\b(?:i want|i'm going|i am going|i plan) to (?:kill myself|die|end my life|hurt myself|end it all)\b|\bi(?:'m|"
    r" am|"
    r" feel) suicidal\b",
    r"\b(?:i have|i've got|i feel|i'm having|i am having|he has|she has|he's having|she's having|having|got|with|"
    r"sudden|"
    r"severe|bad|terrible|strong) (?:a |an |some |really |very |such |bad |strong |severe |terrible |sudden |"
    r"crushing )*"
    r"(?:chest pains?|pains? in (?:my|his|her|the) chest)\b",
    r"\b(?:my|his|her) chest (?:hurts|is hurting|feels (?:tight|crushed)|is (?:so |very )?tight)\b|^chest pains?\b",
    r"\bpain in my (?:chest|left arm)\b",
    r"\bmy (?:throat|tongue|airway|face) is (?:swelling|closing|swollen|getting (?:tight|swollen))\b",
    r"\bi(?:'ve| have)? (?:fell|fallen)(?: down)? and (?:i )?(?:can't|cannot) (?:get up|move|stand)\b",
    r"\b(?:won't|doesn't|can't) stop (?:the )?bleeding\b|\bbleeding (?:won't|doesn't|does not) stop\b",
    r"\bthis is an emergency\b|\bit's an emergency\b|\bmedical emergency here\b",
)
# Cries for help, and things that are on fire or in the air: unless they are asked about as words or objects.
_CALLS: Final = _any(
    r"\b(?:call|get|fetch|phone|ring|send|need) (?:me |us |him |her |for )?(?:an? |the )?(?:ambulance|paramedics?|"
    r"police|fire brigade|fire department|fire engine|emergency services)\b",
    r"\b(?:call|dial|phone) (?:911|112|999|nine one one|one one two|nine nine nine)\b",
    r"\b(?:there is|there's|there was|i see|i smell|we have) (?:a |an )?(?:big |huge |real )?(?:fire|explosion|gas "
    r"leak|smell of "
    r"gas|gas|car crash|bad accident|car accident|serious accident)\b(?! (?:alarm|exit|extinguisher|sign|truck|"
    r"engine|station|"
    r"door|drill|brigade|hydrant|blanket|escape|station|heater|cooker|stove|bill|meter|hob|price|pump|in the "
    r"(?:fire ?place|"
    r"hearth|stove|oven))s?)",
    r"\b(?:house|home|kitchen|flat|apartment|building|car|pan|stove|oven|bed|curtains?|room|roof|battery|phone|"
    r"shirt|hair|"
    r"something|it|he|she|everything|bin|toaster)(?: is|'s| caught| are) (?:on )?fire\b",
    r"\bcarbon monoxide alarm is\b|\bthere's been (?:an? )?(?:\w+ )?(?:accident|explosion|crash)\b",
    r"\b(?:heart attack|stroke|overdose|seizure|anaphylactic shock|anaphylaxis)\b.*\b(?:help|now|quick|hurry)\b|"
    r"\bhelp\b.*\b(?:heart attack|stroke|overdosed?|seizure|anaphyla)",
    r"\bhelp me,? (?:please,? )?(?:i'm|i am|i've|i have|he|she|someone|they)\b|^(?:please )?help,? (?:fire|police|"
    r"emergency)\b|"
    r"^(?:fire|emergency)[!. ]*$",
    r"\b(?:may|might|could) be (?:having )?(?:a |an )?(?:heart attack|stroke|overdose)\b",
)
# The words are looked at, not meant.
_ONLY_WORDS: Final = _any(
    r"\b(?:how (?:do|would|can) (?:you|i|we) (?:say|spell|pronounce|write)|translate|spell|what does .{0,60} "
    r"mean\b(?! if)|"
    r"meaning of|define)\b",
)
_ONLY_OBJECTS: Final = _any(
    r"\b(?:read|sign|signs|leaflet|poster|book|film|movie|song|game|article|chapter|label|button|number on|brochure|"
    r"page|"
    r"notice|show|episode|toy|story|joke|history|museum|phone number|how (?:do|can|should) i know|who (?:do|should) "
    r"i call)\b",
    r"\b(?:was|were) there (?:a|an)\b|\bin case of\b|\bwhat (?:to do|should i do|do i do) (?:if|when|in)\b|\bif "
    r"there(?:'s| is| was)\b",
    r"\b(?:nice|cosy|cozy|camp|bon|lit|light|warm|open) ?fire\b",
)


def _emergency(words: str) -> bool:
    if _ONLY_WORDS.search(words):
        return False
    if _CRIES.search(words):
        return True
    return _CALLS.search(words) is not None and _ONLY_OBJECTS.search(words) is None


# ----------------------------------------------------------------------------------------------------------- the others

_ROAD: Final = _any(
    r"\bcross(?:ing)?\b(?!\w| word| stitch| check| bun| section| the (?:finish|t\b))",
    r"\b(?:traffic|pedestrian) lights?\b|\b(?:is|has) (?:the|it|my) (?:light )?(?:turned |gone )?(?:green|red)"
    r"\b.*\b(?:walk|go|cross|light)\b",
    r"\b(?:is|has) the (?:pedestrian |traffic )?light\b|\bwalk signal\b|\bzebra\b",
    r"\b(?:any|are there|see|is there|more|a) (?:\w+ ){0,2}(?:cars?|traffic|vehicles?|bus(?:es)?|trucks?|lorr(?:y|"
    r"ies)|cyclists?|bikes?|"
    r"trams?)\b.*\b(?:coming|approach\w*|near|close|left|right|way|road|street|moving)\b",
    r"\b(?:cars?|traffic|vehicles?|bus|truck|tram)\b.*\bcoming\b|\bis (?:any(?:thing|one|body)|something) coming\b",
    r"\b(?:road|street|lane|way|intersection|junction|coast|track|tracks) (?:\w+ )?(?:clear|safe|free|empty)\b",
    r"\b(?:is|are) (?:the|this) (?:road|street|way|intersection|junction|crossing|tracks?) (?:\w+ )?(?:clear|safe|"
    r"free|empty|busy)\b",
    r"\b(?:can|may|should|could|shall|do|must) (?:i|we) (?:just |now |safely )?(?:go|walk|cross|proceed|step (?:off|"
    r"onto|into|out)|"
    r"start walking)(?: (?:now|yet|across|over|on|ahead|already|here|safely))*\s*[?.]?$",
    r"\bsafe to (?:go|walk|proceed|step|pass|turn|drive|overtake|cross)\b|\b(?:can|may|should) i (?:turn|drive|"
    r"overtake|pull out|merge)\b",
)
_ALLERGEN_WORD: Final = re.compile(rf"\b(?:{ALLERGENS})\b")
_ALLERGY: Final = _any(
    r"\ballerg\w+|\bintoleran\w+|\bco?eliac\b|\banaphyla\w+|\bepi ?pen\b|\bfree[- ]from\b|\btraces? of\b",
    r"\b(?:gluten|nut|lactose|dairy|egg|soya?|wheat|milk|sesame|peanut)[- ]free\b",
)
_CONTAINS: Final = _any(
    r"\bcontains?\b|\bingredients?\b|\b(?:any|is there|are there|has|have|with|without|made (?:with|of|from)|free "
    r"(?:of|from))\b",
    r"\bcan i (?:eat|have|drink)\b|\bsafe\b",
)
_DOSE: Final = _any(
    rf"\b(?:{_MEDICINE}|dos(?:e|es|age|ages)|milligrams?|mg|prescri\w+|overdos\w*|side effects?|puffs?)\b",
    r"\b(?:after|before|while|when|stop|start) taking (?:this|these|it|them|my)\b",
    r"\btake (?:only |just )?(?:one|two|three|four|another|[0-9]+|a second|half)(?: more)?(?: of (?:these|them|"
    r"those|this))?"
    r"(?=\W*\Z| (?:with|before|after|at once|now|today|every|together|per|a day)\b| of (?:these|them|those)\b)",
    r"\bhow (?:many|much|often) .{0,30}\b(?:take|swallow|give|inject|apply)\b",
)
_DOSE_LINES: Final = _any(
    r"\b\d+(?:[.,]\d+)? ?(?:mg|mcg|µg|iu|i\.e\.)\b",
    rf"\b(?:{_MEDICINE}|dosage|dose|prescription only|active ingredient|pharmac\w+)\b",
)
_NOT_A_DOSE: Final = re.compile(
    r"\b(?:tablet (?:computer|screen|pc)|my tablet(?:'s)? (?:battery|screen)|dishwasher tablets?|maple syrup)\b"
)
_HEALTH: Final = _any(
    r"\b(?:rash|mole|moles|wound|bruise|blister|lump|swelling|swollen|infect\w*|inflam\w*|diagnos\w*|symptoms?|"
    r"disease|illness|"
    r"cancer|tumou?r|melanoma|fever|fracture\w*|sprain\w*|x-?ray|mri|ecg|blood (?:pressure|sugar|test)|pregnan\w*|"
    r"diabet\w*|"
    r"bite|stung|tick|burn|burnt|scar|wart|eczema|acne|psoriasis|contagious|contagion|heart rate|pulse|concussion)\b",
    r"\b(?:my|his|her|our) (?:skin|eye|eyes|ear|tongue|throat|tooth|teeth|toe|finger|nail|ankle|wrist|knee|foot|leg|"
    r"arm|back|"
    r"stool|urine|pee|poo|gums?|scalp|head|stomach|belly|baby)\b",
    r"\b(?:am i|is (?:he|she)|are they) (?:\w+ )?(?:sick|ill|healthy|infected|pregnant|ok|okay|all right|alright|"
    r"dehydrated)\b",
    r"\bdo i (?:have|need) (?:a |an |to see )?(?:doctor|hospital|stitches|cold|flu|covid|fever|infection|cancer|"
    r"corona)\b",
)
_HAZARD: Final = _any(
    r"\b(?:safe|ok|okay|fine|alright|all right|dangerous|good) to (?:eat|drink|touch|use|swim|handle|plug|enter|"
    r"open|consume|reheat|mix|stand|climb|breathe|store|keep|wash|bathe|charge)\b",
    r"\b(?:edible|poison\w*|toxic|venomous|drinkable|potable|mould\w*|mold\w*|spoiled|rotten|gone (?:off|bad)|"
    r"expired|still (?:good|ok|okay|"
    r"fine|edible|fresh|safe)|undercooked|raw|cooked through|mushrooms?|berr(?:y|ies)|tap water)\b",
    r"\b(?:wires?|cables?|socket|outlet|fuse|electri\w*|voltage|live wire|power line|breaker|circuit)\b",
    r"\b(?:can|may|should|could) (?:i|we|my \w+|he|she) (?:still |safely )?(?:eat|drink|touch|taste|pick|swim|mix|"
    r"pet|stroke) ",
    r"\b(?:is|are|was|were) (?:this|it|the \w+|my \w+|these|they) (?:\w+ )?(?:cooked|fresh|ripe|done enough|ready "
    r"to eat|off)\b",
    r"\bis (?:this|it|the \w+) (?:dangerous|harmful|hot|live|thick enough|stable|slippery|safe|bleach|acid|"
    r"flammable)\b",
)


def topics(question: str, lines: Sequence[TextLine] = ()) -> tuple[str, ...]:
    """What of `TOPICS` the question touches, in their order. `lines`: text read from the picture that goes with it; a
    medicine's label makes a question about it one of "dose" and "health"."""
    words = plain(question)
    seen = plain(" ".join(line.text for line in lines))
    found = {
        "emergency": _emergency(words),
        "road": _ROAD.search(words) is not None,
        "allergen": _ALLERGY.search(words) is not None
        or (_ALLERGEN_WORD.search(words) is not None and _CONTAINS.search(words) is not None),
        "dose": (_DOSE.search(words) is not None and _NOT_A_DOSE.search(words) is None)
        or (_DOSE_LINES.search(seen) is not None and _NOT_A_DOSE.search(seen) is None),
        "health": _HEALTH.search(words) is not None,
        "hazard": _HAZARD.search(words) is not None,
    }
    found["road"] = found["road"] and not (found["dose"] and "drive" in words)  # after taking it, not over it
    found["hazard"] = found["hazard"] and not found["road"]
    found["health"] = found["health"] or found["dose"]
    return tuple(topic for topic in TOPICS if found[topic])


def before(question: str) -> str:
    """A line to be spoken at once, before any model is asked; "" if none. No country's number is the only
    one that it names."""
    return EMERGENCY if _emergency(plain(question)) else ""


def instruction(about: Sequence[str]) -> str:
    """What a model is told about these topics; "" if there are none."""
    return " ".join(_INSTRUCTIONS[topic] for topic in TOPICS if topic in about)


def plain(text: str) -> str:
    """Lower case, straight quotes, single blanks: what the tables are written for."""
    return " ".join(text.replace("’", "'").replace("‘", "'").lower().split())
