"""How hard a question is thought about, from the words alone: a mode, and how closely the picture is looked at.

Who decides, first one wins:

1. the wearer, in this very sentence: "quick, …", "think about it: …", "take your time and …";
2. the wearer, until further notice: "thinking mode" (`mode_command` hears it, the caller keeps it);
3. a hard question ("compare", "why", "how do I fix"), but only while thinking costs nothing more; where it would cost,
   the answer stays quick and ends with the offer to think about it;
4. the settings' default.

So a mode above the default is never chosen unless somebody said so or it is free. The words that name a mode are taken
out of the question: a model shall not muse about "take your time".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pipelines.thinking.intent import normal
from pipelines.thinking.options import ModeOptions

MODES: Final = ("instant", "thinking", "contemplating")  # the cheapest first


@dataclass(frozen=True, slots=True)
class Route:
    """How one question is asked. `text`: the question without words that name a mode; `explicit`: this sentence names
    the mode; `frame`: "glance", "look", "read", or "" for no picture; `offer`: say how to ask for more."""

    mode: str
    explicit: bool
    text: str
    frame: str
    offer: bool
    reason: str


def route(text: str, standing: str, options: ModeOptions, free: bool, visual: bool) -> Route:
    """`standing`: the mode asked for until further notice, "" = none; `free`: no model that may be asked costs
    anything; `visual`: the question comes with a picture. Raises ValueError for a mode that is not in MODES."""
    for name in (options.default, standing or options.default):
        if name not in MODES:
            raise ValueError(f"there is no mode {name!r}: choose one of {', '.join(MODES)}")
    mode, question, named = _named(text)
    explicit, offer, reason = bool(mode), False, f"the wearer said “{named}”"
    if not explicit and _TOOL.search(normal(question)):
        mode, explicit, reason = "thinking", True, "the wearer asks for what needs a tool"
    elif not explicit:
        mode, offer, reason = _unnamed(question, standing, options, free)
    return Route(mode, explicit, question, _frame(question, mode) if visual else "", offer, reason)


def _unnamed(question: str, standing: str, options: ModeOptions, free: bool) -> tuple[str, bool, str]:
    """Mode, offer and reason where the sentence itself names no mode."""
    if standing:
        return standing, False, "the mode that the wearer asked for until further notice"
    hard = _hard(question)
    if not hard or options.default != "instant":
        return options.default, False, "the default"
    if free:
        return "thinking", False, f"a hard question (“{hard}”), and thinking costs nothing here"
    return options.default, options.offer, f"the default: a hard question (“{hard}”), but thinking would cost more"


# ------------------------------------------------------------------------------------- modes named in the sentence

_BREAK = r"(?:\s*[,:;.!?…]+\s*|\s+[-–—]+\s+)"  # a hyphen inside a word ("quick-witted") is none
# Recognisers that write no commas leave only this to tell "quick what is this" from "quick brown fox".
_ASKS = (
    r"(?:what|what's|who|who's|where|where's|when|which|whose|how|how's|why|is|are|was|were|does|do|did|can|could|"
    r"will|would|should|has|have|read|tell|name|say|show|describe|translate|find|compare|explain|count|look|give|"
    r"check|calculate|search|look|google|note|remind|set|write|send|mail|help|guide|identify|list|summari[sz]e)\b"
)
_ON = rf"(?:{_BREAK}(?:and (?:then )?)?|\s+and (?:then )?|\s+(?={_ASKS}))"
_FILLED = r"^\s*(?:(?:hey|hi|okay|ok|so|now|well|please|earshot|um|uh|hmm)\b[\s,.!]*)*"
_KINDLY = r"(?:(?:can|could) you (?:please )?|i want you to |i'd like you to |please )?"
_IT = r"(?:it|this|that)"
_HOW = r"(?:(?:very |really )?(?:hard|harder|carefully|deeply|properly)|again|twice)"

# What a sentence may begin with. Each pattern eats the words that name the mode and leaves the question.
_LEADS: Final = tuple(
    (mode, re.compile(_FILLED + f"(?P<named>{pattern})", re.IGNORECASE))
    for mode, pattern in (
        ("instant", rf"(?:just |real |very )?(?:quick|quickly|briefly)(?:{_BREAK}|\s+(?={_ASKS}))"),
        (
            "instant",
            rf"(?:in short|in brief|(?:a )?(?:quick|short|brief) (?:question|answer))(?:{_BREAK}|\s+(?={_ASKS}))",
        ),
        ("instant", rf"{_KINDLY}(?:answer|tell me) (?:quickly|briefly|in short|at once){_BREAK}"),
        ("instant", rf"(?:don't|do not|no need to) think(?: about {_IT})?{_BREAK}"),
        ("instant", rf"(?:in|use|with) (?:instant|quick) mode{_BREAK}"),
        ("contemplating", rf"{_KINDLY}take (?:all )?your time(?: with {_IT}| please)?{_ON}"),
        ("contemplating", rf"{_KINDLY}take your time to (?=\w)"),
        ("contemplating", rf"{_KINDLY}really think(?: hard| carefully)?(?: about {_IT})?{_ON}"),
        ("contemplating", r"(?:please )?really think(?: hard| carefully)? (?:about )?(?=whether\b|if\b)"),
        ("contemplating", r"(?:please )?really think(?: hard| carefully)? about (?=\w)"),
        ("contemplating", rf"{_KINDLY}contemplate(?: {_IT})?{_ON}"),
        ("contemplating", rf"{_KINDLY}contemplate (?=\w)"),
        ("contemplating", rf"(?:in|use|with) contemplating mode{_BREAK}"),
        ("thinking", rf"{_KINDLY}think(?: {_HOW})? before you (?:answer|speak)(?: me)?{_ON}"),
        ("thinking", rf"{_KINDLY}think (?:{_IT} (?:through|over)|step by step){_ON}"),
        ("thinking", rf"{_KINDLY}think {_HOW}(?: about {_IT})?{_ON}"),
        ("thinking", rf"{_KINDLY}think about {_IT}(?: {_HOW})?{_ON}"),
        ("thinking", rf"{_KINDLY}think {_HOW} (?:about )?(?=whether\b|if\b)"),
        ("thinking", rf"{_KINDLY}think {_HOW} about (?=\w)"),
        ("thinking", r"think about (?=\w)"),
        ("thinking", rf"think{_BREAK}"),
        ("thinking", rf"(?:in|use|with) thinking mode{_BREAK}"),
    )
)

_END_CHARS: Final = 120  # no such ending is longer; looking for it in pages of text would take minutes

# What a sentence may end with.
_TAILS: Final = tuple(
    (
        mode,
        re.compile(
            rf"^(?P<rest>.+?)(?P<join>[,.;:?!…]+\s*|\s+[-–—]+\s+|\s+)(?:(?:and|but|so|please)\s+)*"
            rf"(?P<named>{pattern})(?:\s+please)?[\s.,!?…]*$",
            re.IGNORECASE | re.DOTALL,
        ),
    )
    for mode, pattern in (
        ("instant", r"(?:quick|briefly|in short|(?:make it|be|real) quick|keep it short|be brief|quick answer)"),
        ("contemplating", rf"(?:take (?:all )?your time(?: with {_IT})?|really think(?: about {_IT}| hard)?)"),
        ("thinking", rf"think (?:about {_IT}(?: {_HOW})?|{_HOW}(?: about {_IT})?|{_IT} (?:through|over))"),
    )
)

# Without a comma before them, "think about it" may belong to whoever is spoken of: "what does my wife think about it".
_SOMEBODY_THINKS: Final = re.compile(
    r"\b(?:i|you|we|they|he|she|who|people|everyone|everybody|anyone|do|does|did|don't|doesn't|didn't|should|would|"
    r"could|can|might|may|must|will|won't|not|never|to|let|lets|let's|make|makes|made|help|helps|how|why|when)\b",
    re.IGNORECASE,
)


def _named(text: str) -> tuple[str, str, str]:
    """The mode that the sentence names ("" if none), the question without the words that name it, and those words."""
    text = text.replace("’", "'").strip()
    for mode, pattern in _LEADS:
        if (match := pattern.match(text)) and normal(text[match.end() :]):
            return mode, _begun_like(text, text[match.end() :].strip()), _bare(match["named"])
    begin, end = text[:-_END_CHARS], text[-_END_CHARS:]
    for mode, pattern in _TAILS:
        match = pattern.match(end)
        rest = (begin + match["rest"]).strip() if match else ""
        if match is None or not normal(rest):
            continue
        marked = bool(match["join"].strip())
        if not marked and (mode == "instant" or _SOMEBODY_THINKS.search(rest)):
            continue
        return mode, rest + ("?" if "?" in match["join"] else ""), _bare(match["named"])
    return "", text, ""


def _begun_like(text: str, rest: str) -> str:
    return rest[:1].upper() + rest[1:] if text[:1].isupper() else rest


def _bare(named: str) -> str:
    return named.strip(" ,:;.!?…-–—").lower()


# --------------------------------------------------------------------------------------- hard questions, close looks

_HARD: Final = re.compile(
    r"\bcompar(?:e|ison)\b|\bdifference between\b|\bpros and cons\b|\b(?:dis)?advantages\b|\btrade-?offs?\b"
    r"|\bwhich (?:one |of \w+ )?is (?:the )?(?:better|best|cheaper|cheapest|healthier|healthiest)\b"
    r"|\bbetter (?:deal|value|choice|buy)\b"
    r"|^why (?!not\b)|\b(?:explain|tell me|understand|know|and|but) why\b"
    r"|^plan (?:a|an|the|my|our|me|how|what)\b|\bhelp me (?:to )?plan\b"
    r"|\b(?:make|need|write|draw up|give me|make me) (?:a |an )?(?:\w+ )?plan\b"
    r"|\bstep by step\b|\bin detail\b|\bexplain how\b"
    r"|\bwhich\b.{0,40}\bshould (?:i|we)\b|^should (?:i|we) (?:buy|choose|repair|replace|keep|sell|change|invest)\b"
    r"|\bcalculate\b|\bcompute\b|\bsolve\b|\bprove\b|\bwork out (?:how|what|whether|why|the|this)\b"
    r"|\bhow (?:do|can|should|could|would) (?:i|we|you) "
    r"(?:fix|repair|mend|build|assemble|solve|improve|prevent|install|set up|get rid of)\b"
    r"|\bwhat(?:'s| is) wrong with\b|\bwhat went wrong\b|\btroubleshoot\b|\bwhat (?:would|will) happen if\b"
)

# What no model can do without a tool, so that a quick answer could only say no.
_TOOL: Final = re.compile(
    r"\b(?:search|look (?:it |this |that )?up|google|check|find(?: out)?)\b.{0,60}\b(?:web|internet|online)\b"
    r"|^(?:please )?(?:google|search for|look up)\b"
    r"|\b(?:use|ask|with) (?:the |my )?\w+ tool\b"
    r"|^(?:please )?(?:send|email|mail|text|message)\b.{0,80}\b(?:to|that)\b"
)

_READING: Final = re.compile(
    r"\b(?:read|reads|labels?|prices?|priced|cost|costs|signs?|expiry|expires?|expired|expiration|best before|use by|"
    r"ingredients?|calories|nutrition(?:al)?|menu|letters?|screen|display|receipt|ticket|timetable|schedule|form|"
    r"instructions|manual|serial|headline|newspaper|subtitles?|handwriting|written|writing|spelled|translate|text)\b"
    r"|\bwhat (?:does|do|did) .{1,40}\bsay\b|\bsays?$|\bhow much (?:is|are|sugar|salt|fat|protein)\b"
)


def _hard(question: str) -> str:
    """The words that make this a question worth thinking about, "" if there are none."""
    found = _HARD.search(normal(question))
    return found.group().strip() if found else ""


def _frame(question: str, mode: str) -> str:
    if _READING.search(normal(question)):
        return "read"
    return "glance" if mode == "instant" else "look"


# ----------------------------------------------------------------------------------------------------- whole commands

_POLITE: Final = r"(?:(?:please|hey|okay|ok|earshot|well|so|hmm|um|uh|no|yes|but|and|then) )*"
_MODE_WORDS: Final = {
    "instant": "instant",
    "quick": "instant",
    "fast": "instant",
    "thinking": "thinking",
    "contemplating": "contemplating",
    "contemplation": "contemplating",
    "normal": "",
    "default": "",
}
_MODE: Final = "(?P<mode>" + "|".join(_MODE_WORDS) + ") mode"

_COMMANDS: Final = tuple(
    (re.compile(rf"{_POLITE}(?:{pattern})(?: please| thanks| thank you| earshot)*"), command)
    for pattern, command in (
        (r"(?:just )?answer(?: me| it)?(?: right)? now|just answer(?: me| it)?|answer me", "answer now"),
        (r"(?:that's |that is )?enough thinking|stop thinking(?: about it)?(?: and (?:just )?answer)?", "answer now"),
        (r"just tell me|tell me now|(?:just )?give me (?:the|an|your) answer(?: now)?", "answer now"),
        (r"what have you got(?: so far)?", "answer now"),
        (rf"(?:can you |could you )?think about {_IT}(?: {_HOW}| more)?", "again:thinking"),
        (rf"(?:can you |could you )?think (?:{_HOW}|more)(?: about {_IT})?", "again:thinking"),
        (rf"think {_IT} (?:through|over)", "again:thinking"),
        (rf"take (?:all )?your time(?: with {_IT})?", "again:contemplating"),
        (rf"(?:really think|contemplate)(?: hard)?(?: about)?(?: {_IT})?", "again:contemplating"),
        (rf"(?:(?:go|switch)(?: back)? (?:in)?to |use |turn on |start )?(?:the )?{_MODE}(?: on| from now on)?", "stay"),
        (
            r"(?:from now on|always) think(?: harder| about (?:it|everything|my questions))?(?: from now on)?",
            "stay:thinking",
        ),
        (r"think from now on", "stay:thinking"),
        (r"from now on take your time|always take your time", "stay:contemplating"),
        (r"(?:from now on|always) (?:answer|be) (?:quick|quickly|instantly|at once)", "stay:instant"),
        (r"(?:leave|end|exit|turn off|stop) (?:the )?(?:thinking|contemplating|instant|contemplation) mode", "stay:"),
        (r"(?:thinking|contemplating|instant|contemplation) mode off", "stay:"),
        (rf"how far are you(?: with {_IT})?|(?:is there )?any progress|how much longer", "progress"),
        (r"(?:are you )?still (?:thinking|working)(?: about it| on it)?", "progress"),
        (r"are you (?:done|finished|ready|nearly done)(?: thinking)?(?: yet)?", "progress"),
    )
)


def mode_command(text: str) -> str:
    """A whole utterance that is about thinking itself, or "" if it is a question like any other.

    "answer now"; "again:MODE": the last question once more in that mode; "stay:MODE": that mode until further notice,
    where "stay:" means the default again; "progress": how far the thinking is.
    """
    words = normal(text.replace("’", "'"))
    for pattern, command in _COMMANDS:
        if match := pattern.fullmatch(words):
            return f"stay:{_MODE_WORDS[match['mode']]}" if command == "stay" else command
    return ""
