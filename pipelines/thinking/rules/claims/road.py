"""The road: that it is clear, that nothing comes, that one may cross."""

from __future__ import annotations

from pipelines.thinking.rules.claims.phrases import IS, TELLS, VERY, YOU_MAY, any_of
from pipelines.thinking.rules.claims.rule import Rule

_CARS = (
    r"(?:cars?|traffic|vehicles?|bus(?:es)?|trucks?|lorr(?:y|ies)|cyclists?|bikes?|bicycles?|trams?|trains?|"
    r"motorbikes?|one|thing|body)"
)
_CROSS = (
    r"(?:cross(?:ing)?(?! (?:word|section|check|stitch))|(?:walk|go|step|get|head|move|run|proceed|drive|turn|pull|"
    r"merge) (?:\w+ )?(?:across|over|out|"
    r"off the (?:kerb|curb)|onto the (?:road|street)|into the (?:road|street))(?! there))"
)
ROAD = Rule(
    topic="road",
    line="I can't tell whether the road is safe.",
    line_unasked="I can't tell whether the road is safe.",
    permits=any_of(
        rf"\b{YOU_MAY} {VERY}(?:start |begin |try |to )*{_CROSS}",
        rf"\b(?:safe|ok|okay|clear|fine|free|good|time|right moment|good moment|chance|possible|alright|all right|"
        rf"no problem|ready) (?:for you )?to {VERY}{_CROSS}",
        rf"\A\W*(?:please |just |now |ok(?:ay)? |yes |quickly |go ahead and )*{_CROSS} (?:now|quickly|the road|the "
        rf"street|here|right away|away|safely|"
        r"at once|straight)",
        r"\byou have (?:the )?right of way\b|\byou've got (?:the )?right of way\b",
        rf"\b(?:safe|clear) {_CROSS}",
    ),
    states=any_of(
        rf"\b(?:road|street|roadway|lane|lanes|crossing|crosswalk|intersection|junction|coast|way ahead|track|"
        rf"tracks|both sides|both directions|"
        rf"path across|carriageway) ?{IS} {VERY}(?:clear|safe|free|empty|vacant|deserted|quiet|open|car[- ]free|"
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
    permits_asked=any_of(
        rf"\b{YOU_MAY} {VERY}(?:start |begin |to )*(?:go|walk|proceed|move|step|continue|drive|turn|start|run|"
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
    states_asked=any_of(
        r"(?<!not )(?<!n't )\bsafe(?:ly)?\b(?! (?:distance|side|mode|deposit|place|spot|if|when))",
        rf"\b(?:it|it's|that|everything|all|left|right|side|sides|way|there|here|looks|seems|now|this|view|path|"
        rf"both) ?(?:{IS})? ?{VERY}(?:all )?(?:clear|free|empty|"
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
    yes=any_of(
        r"\b(?:safe|clear|free|empty|ok|okay|all right|alright|time to|right of way|good to go)\b",
        r"\b(?:can|may|should|could|shall|do|must) (?:i|we)\b.*\b(?:go|cross|walk|proceed|step|start|turn|drive|"
        r"overtake|pull|merge|run|make it)",
    ),
    no=any_of(
        r"\b(?:any|is there|are there|is anything|is something|is anyone|anything|cars?|traffic|vehicles?|bus|truck|"
        r"tram)\b.*\b(?:coming|approach\w*|near|close|left|right|way|road|"
        r"street|moving|traffic|cars?|there)?",
        r"\b(?:dangerous|busy|risky|unsafe)\b|\b(?:should|must|do|shall) (?:i|we) (?:have to |need to )?(?:wait|"
        r"stop|stay)\b",
    ),
    tells=any_of(
        TELLS,
        r"\b(?:cars?|bus(?:es)?|traffic|vehicles?|lights?|crossing|people|person|cyclists?|bikes?|trucks?|lorr(?:y|"
        r"ies)|trams?|pedestrians?|road|street|lanes?|kerb|curb|zebra|junction|red|coming|approaching)\b",
    ),
    begins=any_of(
        r"\bcross\w*|\b(?:cars?|traffic|vehicles?|coast|drivers?|intersection|junction|lanes?|road|street|roadway|"
        r"crosswalk|carriageway)\b|\bright of way\b|\bcoming\b|\bapproaching\b|"
        r"\bnot a (?:soul|single)\b|\bacross\b|\b(?:both|either) (?:sides|directions)\b|\bkerb\b|\bcurb\b|\brun "
        r"over\b|\bget hit\b|\btracks?\b",
    ),
)
