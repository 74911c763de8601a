"""Health: what somebody has, and that it is nothing."""

from __future__ import annotations

from pipelines.thinking.rules.claims.phrases import TELLS, any_of
from pipelines.thinking.rules.claims.rule import Rule

_NEVER = r"(?!)"
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
    states=any_of(
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
    permits_asked=any_of(
        r"\b(?:no need|don't need|do not need|needn't|not necessary) (?:to |for )(?:\w+ )?(?:see|visit|call|worry|"
        r"go|a|consult)\b|\byou should be (?:fine|ok|okay)\b|\byou'll be (?:fine|ok|okay)\b|\bnothing (?:to worry|"
        r"serious|dangerous|bad)\b|\b(?:don't|do not) (?:need to )?worry\b|\bno (?:reason|cause) (?:to worry|for "
        r"concern)\b",
    ),
    states_asked=any_of(
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
    yes=any_of(
        r"\bwhat(?:'s| is) (?:wrong|the matter)\b|\bwhat do i have\b",
        r"\b(?:is|does|do|am|are|could|should|has|have|can|might)\b.*\b(?:infect\w*|broken|cancer\w*|melanoma|"
        r"serious|dangerous|contagious|bad|normal|heal\w*|healthy|ok|okay|fine|sick|ill|fever|doctor|worry|worried|"
        r"swollen|fractured?|sprain\w*|pregnant|disease|virus|flu|covid|cold|allergic|poisoned|diabetes|stitches|"
        r"hospital|concussion|stroke|alright|all right|high|low|benign|harmless)\b",
    ),
    no=any_of(
        r"\b(?:is|does|do|am|are|could|should|has|have|can|might)\b.*\b(?:infect\w*|broken|cancer\w*|melanoma|"
        r"serious|dangerous|contagious|bad|normal|heal\w*|healthy|ok|okay|fine|sick|ill|fever|doctor|worry|worried|"
        r"swollen|fractured?|sprain\w*|pregnant|disease|virus|flu|covid|cold|allergic|poisoned|diabetes|stitches|"
        r"hospital|concussion|stroke|alright|all right|high|low|benign|harmless)\b",
    ),
    tells=any_of(
        TELLS,
        r"\b(?:spots?|skin|marks?|swelling|redness|blood|bleed\w*|millimet\w+|centimet\w+|round|brown|purple|"
        r"colou?r|edges?|blisters?|scab|bruis\w*|wide|long|clinic|hospital|nurse)\b",
    ),
    begins=any_of(
        r"\b(?:zill|benign|malignant|cancerous|infected|contagious)\b|\b(?:it|this|that) (?:looks?|seems?|appears?|"
        r"could be|might be) (?:like |to be )?(?:a |an )?(?:skin |bacterial |fungal |viral |mild |severe )?\Z|"
        r"\byou (?:probably |may |might |likely |could )*have(?: a| an| got)?(?: mild| severe| slight)?\W*\Z|"
        r"\b(?:mole|lump|rash|lesion|wound)\b",
    ),
)
