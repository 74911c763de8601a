"""Words that steer the companion, in the ways that people say them. Data: one row an effect, whole utterances only.

A row matches if nothing but politeness is left beside it: “could you speak a bit slower please” is “slower”, “how much
slower is the bus” is a question. Whatever is not a whole row is somebody else's.
"""

from __future__ import annotations

import re
from typing import Final

_BEFORE: Final = (
    r"(?:(?:please|hey|okay|ok|earshot|and|now|just|so|no|well|sorry|oh|"
    r"(?:can|could|would|will) you(?: please)?|(?:i'd|i would) like you to|i (?:want|need) you to) )*"
)
_AFTER: Final = (
    r"(?: (?:please|now|thanks|thank you|earshot|for me|a bit|a little|a little bit|from now on|if you can|"
    r"will you|would you|okay))*"
)
_MORE: Final = r"(?:(?:a (?:little|tiny)? ?bit|a little|a lot|much|even|slightly|still|way) )?"
_SAY: Final = r"(?:(?:speak|talk|say it|say that|go|answer|be) )?"
_TOO: Final = (
    r"(?:(?:you're|you are|that's|that is|it's|it is)(?: (?:still|talking|speaking|going|reading))? )?"
    r"(?:(?:far|much|a bit|way|still) )?too"
)
_ANSWERS: Final = r"(?:your |the )?(?:answers?|replies|reply|responses?)"
_SOUNDS: Final = r"(?:(?:the|your|those|all) )*(?:sounds|beeps|tones|chimes|beeping|sound effects|earcons)"
_MOMENT: Final = r"(?:a|one) (?:moment|second|minute|sec)"
_VOLUME: Final = r"(?:the |your )?(?:volume|sound|voice)"

_ROWS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (
        "stop",
        (
            r"stop(?: (?:it|that|talking|speaking|reading))?|never ?mind|forget it|cancel(?: (?:it|that))?",
            r"quiet|be quiet|silence|hush|shush|shut up|enough|(?:that's|that is) enough",
        ),
    ),
    ("wait", (rf"wait(?: {_MOMENT})?|hold on(?: {_MOMENT})?|pause|(?:just )?{_MOMENT}",)),
    ("go_on", (r"go on|continue|resume|carry on|keep going|go ahead",)),
    (
        "again",
        (
            r"(?:say |read |repeat |tell me )?(?:that |it )?(?:once more|one more time|again)",
            r"repeat(?: (?:that|it|yourself|what you said))?|what did you (?:just )?say",
            r"(?:i )?(?:didn't|did not|couldn't) (?:catch|hear|get) (?:that|it|you)",
            r"come again|pardon(?: me)?|i beg your pardon|start (?:over|again)|from the beginning",
        ),
    ),
    (
        "again_slower",
        (
            r"(?:say |repeat )?(?:that |it )?(?:again|once more) (?:but )?(?:slower|more slowly|slowly)",
            r"repeat (?:that |it )?(?:slower|more slowly|slowly)",
        ),
    ),
    (
        "slower",
        (
            rf"{_SAY}{_MORE}(?:slower|more slowly|slowly)|slow (?:it |that |this )?down|slow down {_MORE}",
            rf"not so (?:fast|quick|quickly)|less (?:fast|quickly)|{_TOO} (?:fast|quick)",
            r"you (?:speak|talk|read) too (?:fast|quickly)",
        ),
    ),
    (
        "faster",
        (
            rf"{_SAY}{_MORE}(?:faster|quicker|more quickly)|speed (?:it |that |this )?up|hurry up|pick up the pace",
            rf"not so (?:slow|slowly)|{_TOO} slow|you (?:speak|talk|read) too (?:slow|slowly)",
        ),
    ),
    (
        "normal_speed",
        (
            r"(?:speak|talk)(?: at)?(?: (?:a|your|the))? (?:normally|(?:normal|usual) (?:speed|pace))",
            r"(?:back to )?(?:normal|usual|default) (?:speed|pace)|reset (?:the |your )?(?:speed|pace)",
        ),
    ),
    (
        "louder",
        (
            rf"{_SAY}{_MORE}(?:louder|more loudly)|speak up|raise your voice|(?:more )?volume up|more volume",
            rf"turn (?:it|that|{_VOLUME}) up|turn up {_VOLUME}|(?:increase|raise) (?:the|your) volume",
            rf"i (?:can't|cannot|can barely|can hardly) hear you|{_TOO} (?:quiet|soft)",
        ),
    ),
    (
        "quieter",
        (
            rf"{_SAY}{_MORE}(?:quieter|softer|more quietly|more softly|less loud|less loudly)|not so (?:loud|loudly)",
            rf"volume down|less volume|(?:lower|keep) your voice(?: down)?|{_TOO} loud",
            rf"turn (?:it|that|{_VOLUME}) down|turn down {_VOLUME}|(?:lower|decrease|reduce) (?:the|your) volume",
        ),
    ),
    ("normal_volume", (r"(?:back to )?(?:normal|usual|default) (?:volume|loudness)|reset (?:the |your )?volume",)),
    (
        "short",
        (
            rf"(?:give me |make |keep |i want |use )?{_MORE}(?:short|shorter|brief|briefer) {_ANSWERS}",
            rf"(?:keep|make) (?:it|that|{_ANSWERS}) {_MORE}(?:short|shorter|brief|briefer)|{_MORE}shorter",
            rf"(?:be|answer) {_MORE}(?:brief|briefer|shorter|more briefly|more concise|concise)",
            r"(?:say|talk|speak) less|fewer words|less (?:detail|details|talking)|(?:don't|do not) talk so much",
            rf"you talk too much|(?:{_ANSWERS} are|that was) {_MORE}too long|too long",
        ),
    ),
    (
        "long",
        (
            rf"(?:give me |make |i want |use )?{_MORE}(?:long|longer|detailed|more detailed|fuller) {_ANSWERS}",
            rf"make {_ANSWERS} {_MORE}longer|say more|talk more|{_MORE}longer|more words",
            r"(?:give me |use )?more details?|(?:be|answer) (?:more detailed|in more detail)|(?:go )?into more detail",
            rf"(?:{_ANSWERS} are|that was) {_MORE}too short",
        ),
    ),
    (
        "normal_length",
        (rf"(?:give me )?(?:normal|usual|default) {_ANSWERS}|normal length", r"answer (?:normally|as usual)"),
    ),
    (
        "mute",
        (
            r"mute(?: (?:yourself|your voice))?|go (?:mute|silent)|(?:silent|mute) mode|voice off|sound off",
            r"(?:don't|do not|stop) (?:speak|talk|speaking|talking) (?:aloud|out loud|any ?more)",
            r"(?:captions|text|subtitles) only|only (?:captions|text|subtitles)|(?:only )?show me (?:the|your) answers",
            r"turn (?:the |your )?(?:voice|sound) off|turn off (?:the |your )?(?:voice|sound)",
        ),
    ),
    (
        "unmute",
        (
            r"un ?mute(?: (?:yourself|your voice))?|mute off|(?:leave|end) (?:silent|mute) mode|voice on|sound on",
            r"(?:you (?:can|may) )?(?:speak|talk)(?: to me)?(?: again| aloud| out loud)|(?:speak|talk) to me",
            r"turn (?:the |your )?(?:voice|sound) (?:back )?on|turn (?:back )?on (?:the |your )?(?:voice|sound)",
        ),
    ),
    (
        "sounds_off",
        (rf"(?:no|no more|stop) {_SOUNDS}|{_SOUNDS} off|turn off {_SOUNDS}", rf"turn {_SOUNDS} off|stop beeping"),
    ),
    ("sounds_on", (rf"{_SOUNDS} (?:back )?on|turn on {_SOUNDS}|turn {_SOUNDS} (?:back )?on",)),
    ("sleep", (r"(?:you can )?go to sleep|sleep(?: mode)?|stop listening|(?:don't|do not) listen(?: to me)?",)),
    ("wake_up", (r"wake up|stop sleeping|(?:start )?listen(?: to me)? again|start listening",)),
)
_PATTERNS: Final = tuple((name, re.compile(_BEFORE + rf"(?:{row})" + _AFTER)) for name, rows in _ROWS for row in rows)


def steers(words: str) -> str:
    """What these normalised words do to the companion: the name of a row, or "" if they are a question or a remark."""
    return next((name for name, pattern in _PATTERNS if pattern.fullmatch(words)), "")
