"""Words that ask for private mode, for its end, or whether it is on.

While it is on nothing leaves this machine. So in doubt words ask for it, and only words that can mean nothing else end
it: "stop, private mode" begins it, "stop private mode" ends it. What is said to them is here too, and is true: with
models elsewhere, with one on this machine, with none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from pipelines.events import ModelInfo
from pipelines.thinking import wording

_MODE: Final = r"(?:the )?(?:private|privacy|local|local only|offline|incognito|discreet) mode"
_STATE: Final = r"(?:private|offline|local only|incognito)"
_THINGS: Final = (
    r"(?:anything|things|stuff|data|(?:my |the |any |more )?(?:pictures?|photos?|images?|video|words|questions?|sound)"
    r"(?: (?:and|or) (?:pictures?|photos?|words|questions?|sound))?)"
)
_AWAY: Final = (
    r"(?: (?:out|away|off|anywhere|to (?:anyone|anybody|the cloud|the (?:inter)?net|the model|the models|a model|"
    r"any model|models|the vendor))|(?: off| from| out of)+ (?:this|my|the) (?:device|machine|phone|computer))?"
)
_ANY_MORE: Final = r"(?: any ?more| from now on| for now| until (?:i say|further notice).*)?"
_HERE: Final = r"(?:here|local|on (?:this|my|the) (?:device|machine|phone|computer))"

_ON: Final = (
    rf"{_MODE}(?: on)?",
    rf"(?:go|be|stay|become|turn|keep|get) {_STATE}{_ANY_MORE}",
    rf"(?:start|enter|begin|use|activate|enable|switch (?:in)?to|go (?:in)?to|turn on|switch on) {_MODE}{_ANY_MORE}",
    rf"(?:turn|switch|put) {_MODE} on|(?:i want|i need|give me|let's have) (?:{_MODE}|privacy|some privacy)",
    rf"stop sending(?: {_THINGS})?{_AWAY}{_ANY_MORE}|(?:send|share|upload) nothing{_AWAY}{_ANY_MORE}",
    rf"(?:don't|do not|never|no longer|you (?:must|may|should) not) (?:send|share|upload) {_THINGS}{_AWAY}{_ANY_MORE}",
    rf"nothing (?:leaves|may leave|should leave|goes out|must leave)(?: (?:here|this (?:device|machine)))?{_ANY_MORE}",
    rf"keep (?:it all|everything|all of it|it|this|all this) (?:private|{_HERE}|to yourself){_ANY_MORE}",
    r"(?:no|without the|don't use the|do not use the|stop using the) (?:cloud|internet|network)(?: any ?more)?",
    r"(?:i|we) (?:want|need) to be private|privacy",
)
_OFF: Final = (
    rf"(?:leave|exit|end|quit|stop|finish|cancel|deactivate|disable|turn off|switch off|get out of|no more) {_MODE}",
    rf"(?:turn|switch) {_MODE} off|{_MODE} (?:off|over|is over)|out of {_MODE}",
    rf"(?:stop being|no longer|not|don't be|you (?:don't|do not) (?:have|need) to be) {_STATE}(?: any ?more)?",
    r"(?:go|come|be) (?:back )?online(?: again)?|back online",
    rf"(?:you (?:can|may) |start |begin |go back to )(?:send|sending)(?: {_THINGS})?{_AWAY} again",
)
_ASK: Final = (
    rf"(?:are|aren't) (?:you|we) (?:still |now |really )?(?:in )?(?:{_STATE}|{_MODE})(?: now| right now)?",
    rf"(?:am i|is this) (?:still |now )?in {_MODE}|is {_MODE} (?:still )?(?:on|off|active|enabled)(?: now)?",
    rf"are you (?:still |now )?(?:sending|sharing|uploading)(?: {_THINGS})?{_AWAY}(?: now| right now)?",
    rf"(?:is|are) {_THINGS} (?:still )?(?:being sent|sent out|leaving(?: (?:here|this (?:device|machine)))?){_AWAY}",
    r"does anything leave(?: (?:here|this (?:device|machine)))?(?: now| right now)?",
    r"what mode are you in|can (?:you|anyone) send anything(?: now)?",
)
_BEFORE: Final = (
    r"(?:(?:please|now|then|just|so|and|let's|let us|i want you to|i'd like you to|can you|could you|will you|would you"
    r"|you should|we should) )*"
)
_AFTER: Final = r"(?: (?:please|now|thanks|thank you|again|for me|right now|immediately|at once))*"
_FILLER: Final = frozenset(
    {"please", "now", "thanks", "thank you", "okay", "ok", "earshot", "hey earshot", "ok earshot", "wait", "well", "so"}
)
NOT_IN_PRIVATE: Final = (  # the failure "private_mode": a question would need more than may be used
    "That needs a model elsewhere, and private mode is on. I can still read signs, labels and codes."
)
_END: Final = "To end it, say: leave private mode."


def _any(rows: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(_BEFORE + "(?:" + "|".join(rows) + ")" + _AFTER)


_TABLE: Final = (("ask", _any(_ASK)), ("off", _any(_OFF)), ("on", _any(_ON)))


def private_command(text: str) -> str:
    """What these words do to private mode: "on", "off", "ask", or "" if they are about something else."""
    plain = text.lower().replace("’", "'")
    clauses = [" ".join(re.sub(r"[^\w\s']", " ", part).split()) for part in re.split(r"[.,;:!?–—]+", plain)]
    clauses = [clause for clause in clauses if clause and clause not in _FILLER]
    meant = [next((name for name, row in _TABLE if row.fullmatch(clause)), "") for clause in clauses]
    if len(meant) == 1:
        return meant[0]
    return "on" if "on" in meant and "off" not in meant else ""


def private_said(meant: str, on: bool, models: Sequence[ModelInfo], called: Callable[[str], str]) -> str:
    """What to say to a command. `on`: whether private mode was on before it; `models`: those of the session; `called`:
    what a model is called aloud. Raises KeyError for a command that is none."""
    here = [called(model.name) for model in models if model.local]
    away = [called(model.name) for model in models if not model.local]
    still = f"I ask only {wording.listed(here)}, on this machine." if here else "I answer without a model."
    if meant == "on":
        return f"{'Private mode is on already' if on else 'Private mode'}. Nothing leaves this device. {still}"
    if meant == "ask" and on:
        return f"Yes, private mode is on. Nothing leaves this device. {_END}"
    if meant not in ("ask", "off"):
        raise KeyError(f"private mode knows no command {meant!r}: on, off, ask")
    first = {"off": "Private mode is off." if on else "Private mode was not on.", "ask": "No, private mode is off."}
    if not away:
        return f"{first[meant]} Even so, no model elsewhere is set."
    return f"{first[meant]} Questions that need a model go to {wording.listed(away)}."
