"""A plan in spoken words: what would be done with which arguments, and the phrase that allows exactly this.

Every word is ours or an argument's, never the model's account of it. What is too long to be heard is shortened, and
says so; where something goes to comes first. An argument that tells the wearer what to say is not read aloud.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pipelines.events import ToolInfo
from pipelines.speaking.speakable import spoken_address
from pipelines.thinking.tools.built_in import source_words, spoken_name
from pipelines.thinking.tools.plain_text import strangeness, words
from pipelines.thinking.tools.policy import ADDRESS_KEYS

MAX_WORDS: Final = 25  # of one argument: ten seconds of speech
FIRST_WORDS: Final = 10  # that are read of a longer one
MAX_FIELDS: Final = 4  # beside the recipients and the content
MAX_RECIPIENTS: Final = 3  # named in the phrase
MAX_NAMED: Final = 6  # named in the read-back; further ones are counted
MAX_DEPTH: Final = 8
KEEP: Final = "yes, keep it"

_Leaf = tuple[tuple[str, ...], Any]

_SENDS: Final = (
    "send",
    "message",
    "mail",
    "email",
    "post",
    "reply",
    "text",
    "sms",
    "forward",
    "share",
    "tell",
    "notify",
)
_RECIPIENTS: Final = ("to", "cc", "bcc", "recipient", "recipients", "email", "phone", "channel", "chat", "contact")
_CONTENT: Final = ("text", "message", "body", "content")
_TELLING: Final = ("say", "says", "saying", "speak", "answer", "reply", "repeat", "respond")
_ADDRESS = re.compile(r"\S*(?:://|@)\S*|www\.\S+", re.IGNORECASE)
_UNSPOKEN = re.compile(r"[^\w\s.,;:!?'’%€$£+*/=()-]")
_NUMBER_OF_A_PHONE = re.compile(r"\+?[\d\s()/.-]{7,}")


def plan_text(tool: ToolInfo, args: Mapping[str, Any]) -> tuple[str, str]:
    """What is read to the wearer, and the phrase in it: "yes, send to Anna"."""
    if tool.source == "built in" and tool.name == "offer_memory":
        return f"Shall I remember: {_said(args.get('text'))}? Then say: {KEEP}.", KEEP
    plan, phrase = _plan(tool, args)
    return f"{plan}. To allow it, say: {phrase}.", phrase


def _plan(tool: ToolInfo, args: Mapping[str, Any]) -> tuple[str, str]:
    if tool.source == "built in" and tool.name == "web_search":
        others = _fields(_leaves({k: v for k, v in args.items() if k != "query"}))
        key = _key_word(str(args.get("query", "")))
        phrase = f"yes, search for {key}" if key else "yes, search the web"
        return f"I would search the web for: {_said(args.get('query'))}{others}", phrase
    if tool.source == "built in" and tool.name == "forget_everything":
        return "I would delete all that I remember, for good", "yes, forget everything"
    if tool.source == "built in" and tool.name == "propose_memory":
        others = _fields(_leaves({k: v for k, v in args.items() if k != "text"}))
        return f"I would remember: {_said(args.get('text'))}{others}", KEEP
    if tool.source == "built in" and tool.name == "add_note":
        others = _fields(_leaves({k: v for k, v in args.items() if k != "text"}))
        return f"I would write in your notes: {_said(args.get('text'))}{others}", "yes, add the note"
    leaves = _leaves(args)
    recipients = [str(value) for path, value in leaves if _goes_to(path) and value not in (None, "")]
    if recipients and any(word in _SENDS for word in _name_words(tool.name)):
        return _message(tool, leaves, recipients)
    return _other(tool, leaves)


def _message(tool: ToolInfo, leaves: Sequence[_Leaf], recipients: Sequence[str]) -> tuple[str, str]:
    """Something goes to somebody."""
    content = next((leaf for leaf in leaves if leaf[0][-1].lower() in _CONTENT and isinstance(leaf[1], str)), None)
    rest = _fields([leaf for leaf in leaves if leaf != content and not _goes_to(leaf[0])])
    what = f": {_said(content[1])}" if content else ""
    named = [_recipient(name) for name in recipients[:MAX_NAMED]]
    if len(recipients) > MAX_NAMED:
        named.append(f"{len(recipients) - MAX_NAMED} others")
    plan = f"I would send this to {_and(named)} with {spoken_name(tool)}{what}{rest}"
    if not 0 < len(recipients) <= MAX_RECIPIENTS:
        return plan, f"yes, send to {len(recipients)} recipients"
    return plan, f"yes, send to {_and([_recipient(name, short=True) for name in recipients])}"


def _other(tool: ToolInfo, leaves: Sequence[_Leaf]) -> tuple[str, str]:
    fields = _fields(leaves)
    doing = " ".join(_spoken_action(tool))
    own = tool.source in ("built in", "sandbox")
    name = spoken_name(tool) if own else source_words(tool)
    if not doing:
        return f"I would use {spoken_name(tool)}{fields}", f"yes, use {name}"
    return f"I would use {spoken_name(tool)} to {doing}{fields}", f"yes, {doing} with {name}"


def _leaves(value: Any, path: tuple[str, ...] = ()) -> list[_Leaf]:
    """Every single value with the keys that lead to it, so that nothing hides inside something else."""
    if len(path) < MAX_DEPTH and isinstance(value, Mapping):
        return [leaf for key, item in value.items() for leaf in _leaves(item, (*path, str(key)))]
    if len(path) < MAX_DEPTH and isinstance(value, list | tuple):
        return [leaf for item in value for leaf in _leaves(item, path)]
    return [(path, value)]


def _goes_to(path: Sequence[str]) -> bool:
    return any(key.lower() in _RECIPIENTS for key in path)


def _fields(leaves: Sequence[_Leaf]) -> str:
    """ ", with title: Dinner, and 3 more fields": where it goes to first."""
    addresses = [leaf for leaf in leaves if any(key.lower() in ADDRESS_KEYS for key in leaf[0])]
    others = [leaf for leaf in leaves if leaf not in addresses]
    shown = [*addresses[:MAX_NAMED], *others[: max(0, MAX_FIELDS - len(addresses))]]
    said = [f"with {_key(' '.join(path))}: {_said(value)}" for path, value in shown]
    if more := len(leaves) - len(shown):
        said.append(f"and {_count(more, 'more field')}")
    return "".join(f", {part}" for part in said)


def _key(key: str) -> str:
    """An argument's name is the server's, or a model's where a server allows any: cut, and in plain words."""
    found = _name_words(key)
    return " ".join(found) if found and len(" ".join(found)) <= 30 else "a field with a strange name"


def _said(value: Any) -> str:
    """One argument, speakable and honest about what is left out."""
    if isinstance(value, str):
        return _said_text(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "nothing"
    if isinstance(value, int | float):
        return str(value) if len(str(value)) <= 20 else f"a number of {len(str(value))} digits"
    return f"{len(value)} things inside each other"


def _said_text(text: str) -> str:
    found = words(text)
    if "yes" in found and any(word in _TELLING for word in found):
        return f"{_count(len(found), 'word')} that I do not read aloud, because they tell you what to say"
    strange = strangeness(text)
    parts = [_said_word(part) for part in text.split()]
    clean = [part for part in parts if part]
    if len(clean) > MAX_WORDS:
        spoken = f"{len(clean)} words starting with: {' '.join(clean[:FIRST_WORDS])}"
    else:
        spoken = " ".join(clean)
    if len(clean) < len(parts):
        unsaid = len(parts) - len(clean)
        spoken = f"{spoken}, and {_count(unsaid, 'sign')} that I can't say".removeprefix(", and ")
    spoken = spoken.rstrip(" .,;:") or "nothing"
    return f"{spoken}, with {strange}" if strange else spoken


def _said_word(word: str) -> str:
    if _ADDRESS.fullmatch(word):
        return spoken_address(word.rstrip(".,;:!?"), 60)
    clean = _UNSPOKEN.sub("", word).replace("_", " ").strip()
    if len(clean) > 30:
        return f"{len(clean)} characters without a blank"
    return clean


def _recipient(name: str, short: bool = False) -> str:
    """A name, an address or a number as it is said; `short`: as the wearer has to say it."""
    if _NUMBER_OF_A_PHONE.fullmatch(name.strip()):
        digits = re.sub(r"\D", "", name)
        if short:
            return f"the number ending in {' '.join(digits[-3:])}"
        return "the number " + ("plus " if name.strip().startswith("+") else "") + " ".join(digits)
    spoken = _said_text(name)
    found = spoken.split()
    if short and len(found) > 6:
        return " ".join(found[:6]).rstrip(",;:.")
    return spoken


def _spoken_action(tool: ToolInfo) -> list[str]:
    """What the tool's name says it does, without the server's: "calendar.create_event" -> create event."""
    found, source = _name_words(tool.name), source_words(tool).split()
    if found[: len(source)] == source and len(found) > len(source):
        found = found[len(source) :]
    return found if len(found) <= 4 and all(len(word) <= 16 for word in found) else []


def _name_words(name: str) -> list[str]:
    """A name of a program in words: "createEvent" and "create_event" -> create, event."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name[:80])
    return re.findall(r"[a-z0-9]+", parted.lower())


def _key_word(query: str) -> str:
    """The word of a query that names it best: its longest of plain letters, the first of those."""
    plain = [word for word in words(query) if word.isascii() and word.isalpha() and 3 <= len(word) <= 14]
    return max(plain, key=len, default="")


def _and(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else "".join(names)


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
