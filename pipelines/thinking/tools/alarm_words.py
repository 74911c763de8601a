"""What the wearer's own words ask of timers and reminders: a table of patterns, no model.

"Set a timer for five minutes", "remind me at half past six to call Anna", "how long is left", "cancel the timer".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pipelines.thinking.tools import spoken_time
from pipelines.thinking.tools.spoken_time import DURATION, TIME

MAX_CHARS: Final = 300  # nobody says more about a timer


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the wearer's words ask for. `action`: "set", "list", "left", "cancel" or "snooze"; `kind`: "timer",
    "reminder" or "" for either; `text`: its name, or what to say; `seconds` 0 and `at` None: no time was said; `days`:
    so many days ahead of today, `weekday`: on the next such day (0 = Monday), -1 = neither; `place`: where it is said
    in place of a time, "here" or in the wearer's words."""

    action: str
    kind: str = "timer"
    seconds: int = 0
    at: spoken_time.DayTime | None = None
    text: str = ""
    every: bool = False
    days: int = -1
    weekday: int = -1
    place: str = ""


def understood(text: str) -> Wanted | None:
    """What the wearer's words ask of timers and reminders; None if they are about something else."""
    if len(text) > MAX_CHARS:
        return None
    words = bare(text)
    for pattern, action, kind in _PATTERNS:
        if match := pattern.fullmatch(words):
            return _wanted(action, kind, {k: v for k, v in match.groupdict().items() if v})
    return None


def bare(text: str) -> str:
    """The words as the patterns want them: plain, and without what is only polite."""
    return _POLITE.sub("", spoken_time.plain(text)).strip()


_POLITE = re.compile(
    r"^(?:(?:please|hey|okay|ok|earshot|(?:can|could|will|would) you(?: please)?|i want you to) )+| please$",
    re.IGNORECASE,
)
_SET = r"(?:set|start|make|create|begin|give me|put on|add)(?: me)?(?: up)?(?: an?| the| another| my)?"
_FOR = rf"(?P<for>{DURATION})"
_WHEN = rf"(?:(?:in|after|for) {_FOR}|(?:at |for |by )?(?P<at>{TIME}))"
_TAIL = rf"(?:(?:in|after) {_FOR}|(?P<at>(?:tomorrow )?(?:at|by) {TIME}|tomorrow at {TIME}))"
_NAME = r"(?P<text>(?!and\b|to\b)\w+(?: \w+)?)"
_THE = r"(?:the|my)"
_THINGS = r"(?:timers?|alarms?|reminders?)"
_ALL_THINGS = rf"{_THINGS}(?: and {_THINGS})?"
_TO = r"(?:to|about|that|of)"
_CALLED = rf"(?:for|called|named) (?:{_THE} )?{_NAME}"
_CANCEL = r"(?:cancel|delete|stop|remove|clear|turn off|end|forget)"
_LEFT = r"(?: is| are| do i have)?(?: still)? (?:left|to go|remaining)"
_SET_NOW = r"(?: set| have| running| got| on| active)?"

# Words, action, kind. The first that matches the whole utterance wins.
_TABLE: Final[tuple[tuple[str, str, str], ...]] = (
    (rf"(?:{_SET} )?{_FOR}(?: {_NAME})? timer", "set", "timer"),
    (rf"(?:{_SET} )?(?:timer|alarm)(?: (?:for|of|in|to))? {_FOR}", "set", "timer"),
    (rf"{_SET} (?:timer|alarm) (?:for|of|in) {_FOR} {_CALLED}", "set", "timer"),
    (rf"{_SET} timer {_CALLED} (?:for|of|in) {_FOR}", "set", "timer"),
    (rf"{_SET} (?:alarm|timer) (?:for|at|to) (?P<at>{TIME})", "set", "reminder"),
    (rf"wake me(?: up)? {_WHEN}", "set", "reminder"),
    (rf"{_SET} {_NAME} timer (?:for|of|in) {_FOR}", "set", "timer"),
    (rf"{_SET} timer", "set", "timer"),
    (rf"remind me {_WHEN}(?: {_TO} (?P<text>.+))?", "set", "reminder"),
    (rf"remind me {_TO} (?P<text>.+?) {_TAIL}", "set", "reminder"),
    (rf"{_WHEN} remind me {_TO} (?P<text>.+)", "set", "reminder"),
    (rf"{_SET} reminder {_WHEN}(?: (?:{_TO}|for) (?P<text>.+))?", "set", "reminder"),
    (rf"{_SET} reminder (?:{_TO}|for) (?P<text>.+?) {_TAIL}", "set", "reminder"),
    (rf"(?:remind me|set a reminder)(?: {_TO} (?P<text>.+))?", "set", "reminder"),
    (
        rf"how (?:long|much(?: time| longer)?|many minutes){_LEFT}(?: (?:on|of|for) {_THE} (?:{_NAME} )?timer)?",
        "left",
        "timer",
    ),
    (
        rf"how (?:long|much time) (?:has|does|is) {_THE} (?:{_NAME} )?timer (?:got|have|(?:have |got )?left)",
        "left",
        "timer",
    ),
    (
        rf"when (?:is|does|will) {_THE} (?:{_NAME} )?timer(?: be)? (?:over|done|end|finish|up|ring|go off)",
        "left",
        "timer",
    ),
    (rf"(?:how is|check|what about) {_THE} (?:{_NAME} )?timer", "left", "timer"),
    (
        rf"{_CANCEL}(?P<every> all| every| both)?(?: of)?(?: the| my| that| this)?(?: {_NAME})? (?P<kind>{_THINGS})",
        "cancel",
        "",
    ),
    (rf"{_CANCEL} {_THE} (?P<kind>timer|reminder) (?:{_TO}|for|called) (?:{_THE} )?(?P<text>.+)", "cancel", ""),
    (rf"(?:what|which|how many) {_ALL_THINGS}(?: are| do| have| is)?(?: there| i| you)?{_SET_NOW}", "list", ""),
    (rf"(?:list|tell me|show me|read|what are)(?: all)?(?: {_THE})? {_ALL_THINGS}", "list", ""),
    (rf"(?:do i have|are there|is there|have i got)(?: any| a)? {_THINGS}{_SET_NOW}", "list", ""),
)
_PATTERNS: Final = tuple((re.compile(p, re.IGNORECASE), action, kind) for p, action, kind in _TABLE)


def _wanted(action: str, kind: str, found: Mapping[str, str]) -> Wanted | None:
    if "kind" in found:
        kind = {"r": "reminder", "t": "timer"}.get(found["kind"][0].lower(), "")
    seconds = spoken_time.seconds_of(found["for"]) if "for" in found else 0
    at = spoken_time.day_time_of(found["at"]) if "at" in found else None
    if seconds is None or ("at" in found and at is None):
        return None
    text = found.get("text", "")
    if action == "cancel" and text.lower() in ("the", "my", "a", "any"):
        text = ""
    plural = found.get("kind", "").lower().endswith("s")
    return Wanted(action, kind, seconds, at, text, bool(found.get("every")) or plural)
