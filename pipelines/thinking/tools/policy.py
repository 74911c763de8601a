"""May this tool be used with these arguments, now? Allow, ask the wearer, or refuse.

    permission    untainted turn                                      tainted turn
    local read    allow                                               allow
    net read      allow, unless an argument looks like a secret,      allow only what the wearer said (below), else ask
                  is strange or overlong, or names a host that is
                  not in the settings: then ask
    write         ask; but a note that the wearer dictated word       ask; a memory is refused after a
                  for word is allowed                                 tool's result or the web
    send          ask                                                 ask
    anything else refuse                                              refuse

A turn is tainted by what its wearer did not say (`taint`). Then a model may have been talked into things, and every
string that it writes may carry something out. So a net read passes unasked only if the arguments are one flat object
with declared keys, and each string in it is *the wearer's own words*: one unbroken run of one utterance, in its order,
from which at most function words ("the", "of") are missing. And it is not the model's spelling that leaves then, but
the run as the wearer said it, function words and all (`Verdict.args`): capitals, punctuation, blanks and left-out words
can carry nothing. What a bad model has left is the choice of the run, a few bits a call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pipelines.events import ToolInfo
from pipelines.thinking.options import ToolOptions
from pipelines.thinking.tools.plain_text import secret_in, strangeness, words, words_as_written
from pipelines.thinking.tools.taint import Taint

PERMISSIONS: Final = ("local read", "net read", "write", "send")
SERVER_DEFAULT: Final = "send"  # of a server's tool that the settings say nothing of; its own hints are not trusted
MAX_QUERY: Final = 300  # characters of one string that leave unasked
MAX_CHOICES: Final = 4  # values beside strings, in a tainted turn
MAX_COUNT: Final = 20  # the largest number that passes in a tainted turn: "how many results"

# Keys whose value says where something goes to, whatever the tool.
ADDRESS_KEYS: Final = (
    "to", "cc", "bcc", "recipient", "recipients", "address", "addresses", "email", "emails", "mail", "phone", "number",
    "channel", "chat", "contact", "contacts", "user", "person", "people", "room", "group", "attendees", "guests",
    "participants", "invitees", "url", "uri", "link", "webhook", "endpoint", "host", "domain",
)  # fmt: skip
_URL = re.compile(r"://|^\s*(?:www\.|//|mailto:|data:|javascript:)", re.IGNORECASE)
_HTTP_HOST = re.compile(r"https?://([a-z0-9.-]+)(?::\d{1,5})?(?=[/?#]|$)", re.IGNORECASE | re.ASCII)
_FUNCTION_WORDS: Final = (
    "a", "an", "the", "of", "for", "to", "in", "on", "at", "is", "are", "am", "do", "does", "me", "my", "please", "by",
)  # fmt: skip
_DICTATED = re.compile(
    r"\s*(?:please\s+)?(?:remember|note(?: down)?|write(?: this| that| it)? down|(?:take|make|add) a note)"
    r"(?: that| of)?[\s:,]+(?P<note>.+)",
    re.IGNORECASE | re.DOTALL,
)


def dictated(said: str) -> str:
    """The note that these words dictate; "" if they dictate none."""
    match = _DICTATED.fullmatch(said.strip())
    return " ".join(match["note"].split()) if match and words(match["note"]) else ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`action`: "allow", "confirm" or "refuse"; `reason`: for the log. `args`: what the tool is to be called with; they
    differ from the model's only where the wearer's own words took their place."""

    action: str
    reason: str
    args: Mapping[str, Any] = field(default_factory=dict)


def judge(
    tool: ToolInfo, args: Mapping[str, Any], taint: Taint, wearer_words: Sequence[str], options: ToolOptions
) -> Verdict:
    """What to do with a model's call. `args` have passed the tool's schema. `wearer_words`: what the wearer said or
    typed of late, one utterance each, as it was recognised."""
    if tool.permission not in PERMISSIONS:
        return Verdict("refuse", f"{tool.name}: tools that may {tool.permission or 'do anything'} are not used", args)
    if tool.permission == "local read":
        return Verdict("allow", "it reads on this device", args)
    if disguise := _disguised_address(args):
        return Verdict("refuse", f"{tool.name}: the address has {disguise}", args)
    if tool.permission == "send":
        return Verdict("confirm", "it sends something", args)
    if tool.permission == "write":
        return _write(tool, args, taint, wearer_words)
    return _net_read(tool, args, taint, wearer_words, options)


def _write(tool: ToolInfo, args: Mapping[str, Any], taint: Taint, wearer_words: Sequence[str]) -> Verdict:
    if tool.source == "built in" and tool.name == "propose_memory" and ("web" in taint.sources or _of_tools(taint)):
        return Verdict("refuse", f"what {', '.join(taint.sources)} said is not remembered", args)
    if taint:
        return Verdict("confirm", f"it writes, in a turn that has seen {', '.join(taint.sources)}", args)
    if tool.source == "built in" and tool.name == "add_note" and list(args) == ["text"]:
        for said in reversed(wearer_words):
            match = _DICTATED.fullmatch(said)
            if match and words(match["note"]) and words(match["note"]) == words(str(args["text"])):
                return Verdict("allow", "the wearer dictated this note", {"text": " ".join(match["note"].split())})
    return Verdict("confirm", "it writes", args)


def _of_tools(taint: Taint) -> bool:
    return any(source.startswith("tool:") for source in taint.sources)


def _net_read(
    tool: ToolInfo, args: Mapping[str, Any], taint: Taint, wearer_words: Sequence[str], options: ToolOptions
) -> Verdict:
    for _, text in _strings(args):
        if problem := _unfit(text, options, taint):
            return Verdict("confirm", f"{tool.name}: an argument has {problem}", args)
    if not taint:
        return Verdict("allow", "nothing but the wearer's words led to it", args)
    own = _in_own_words(tool, args, wearer_words)
    if own is None:
        seen = ", ".join(taint.sources)
        return Verdict("confirm", f"not the wearer's words, in a turn that has seen {seen}", args)
    return Verdict("allow", "only the wearer's own words leave", own)


def _unfit(text: str, options: ToolOptions, taint: Taint) -> str:
    """ "" or what in this string should not leave unasked, whoever wrote it."""
    if len(text) > MAX_QUERY:
        return f"{len(text)} characters"
    if strange := strangeness(text):
        return strange
    if _URL.search(text):
        match = _HTTP_HOST.match(text.strip())
        if taint or match is None or match[1].lower() not in options.search_hosts or text.count("://") > 1:
            return "the address of a host that the settings do not name" if not taint else "an address"
    return secret_in(text)


def _disguised_address(args: Mapping[str, Any]) -> str:
    for key, text in _strings(args):
        if key.lower() in ADDRESS_KEYS and (strange := strangeness(text)):
            return strange
    return ""


def _strings(value: Any, key: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Every string in the arguments with the key it stands under, an outer one that says where to before an inner one;
    keys themselves too, under ""."""
    if depth > 16:
        return
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield "", str(name)
            yield from _strings(item, key if key.lower() in ADDRESS_KEYS else str(name), depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item, key, depth + 1)


def _in_own_words(tool: ToolInfo, args: Mapping[str, Any], wearer_words: Sequence[str]) -> dict[str, Any] | None:
    """The arguments with the wearer's own words in them; None if anything in them is not the wearer's."""
    declared = _declared(tool)
    own: dict[str, Any] = {}
    choices = 0
    for key, value in args.items():
        if key not in declared:
            return None
        if isinstance(value, str) and not _is_choice(value, declared[key]):
            run = next((r for said in reversed(wearer_words) if (r := own_run(said, value))), "")
            if not run:
                return None
            own[key] = run
            continue
        small = isinstance(value, int) and 0 <= value <= MAX_COUNT  # true and false among them
        choices += 1
        if not (value is None or small or isinstance(value, str)) or choices > MAX_CHOICES:
            return None
        own[key] = value
    return own


def own_run(said: str, text: str) -> str:
    """The unbroken run of the wearer's words that `text` consists of, as the wearer said it; "" if it is none.

    The words of `text` stand in `said` in the same order, one after the other, but for function words left out.
    """
    wanted, heard = words(text), words(said)
    written = words_as_written(said)
    for start in range(len(heard) if wanted else 0):
        at = 0
        for place in range(start, len(heard)):
            if heard[place] == wanted[at]:
                at += 1
                if at == len(wanted):
                    return " ".join(written[start : place + 1])
            elif place == start or heard[place] not in _FUNCTION_WORDS:
                break
    return ""


def _declared(tool: ToolInfo) -> Mapping[str, Any]:
    try:
        properties = json.loads(tool.parameters).get("properties")
    except (ValueError, AttributeError, RecursionError):
        return {}
    return properties if isinstance(properties, dict) else {}


def _is_choice(value: str, schema: Any) -> bool:
    """One of a few values that the tool itself names."""
    allowed = schema.get("enum") if isinstance(schema, dict) else None
    return isinstance(allowed, list) and len(allowed) <= MAX_COUNT and value in allowed
