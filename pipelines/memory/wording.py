"""What is said of memory: short, true, and what was told in the words that were used, turned round ("my" -> "your")."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipelines.events import Memory
from pipelines.memory.dates import spoken
from pipelines.memory.facts import fact_of

PERHAPS: Final = "I am not sure that you mean this."
UNKNOWN: Final = "I don't know that; you haven't told me."
NO_MEMORY: Final = "I can't remember things here."
PRIVATE: Final = "Private mode is on, so I store nothing."
NOT_STORED: Final = {
    "full": "I could not store that: the disk is full.",
    "locked": "I could not store that: the memory is locked.",
    "off": "I could not store that: my memory could not be opened.",
    "": "I could not store that.",
}
NOT_RECALLED: Final = "I could not look into my memory."
NOT_FORGOTTEN: Final = "I could not forget all of it. Please say it again."
SECRET_STORED: Final = "I will remember that. It never leaves this device."
KNOWN: Final = "I know that already."
NOTHING_MEANT: Final = "I don't know what to forget. Say: forget what I told you about, and the name."
NOTHING_TO_KEEP: Final = "There is nothing that I could remember of that."
NOTHING_FORGOTTEN: Final = "I have nothing stored about that."
NOTHING_IN_TIME: Final = "I have nothing stored from that time."
NOTHING_THEN: Final = "I have nothing stored that you told me then."
NOTHING_AT_ALL: Final = "I have nothing stored about you."
NO_SOURCE: Final = "I did not take that from my memory."
NOT_KEPT: Final = "All right, I do not keep it."
KEPT: Final = "All right, I keep it."
NO_MORE: Final = "That was all."
NEVER_ASKED: Final = "I find no such question of yours."
NOTHING_BEFORE: Final = "You told me nothing else before."
NOT_WITHOUT_MODEL: Final = "You haven't told me that, and no model is set."
TURNS_NOT_STORED: Final = "I can no longer store what we talk about."
NOT_OPENED: Final = "My memory could not be opened, so I cannot store what we talk about."
STORED: Final = "I will remember: "
KEPT_NOW: Final = "I will remember that."
OVERVIEW: Final = 4  # sentences of a list at a time
TURNS_TOLD: Final = 3

_TURNED: Final = {
    "i": "you", "me": "you", "my": "your", "mine": "yours", "myself": "yourself", "i'm": "you're", "i've": "you've",
    "i'll": "you'll", "i'd": "you'd", "we": "you", "us": "you", "our": "your", "ours": "yours", "we're": "you're",
    "we've": "you've",
}  # fmt: skip
_AM: Final = (("I am", "you are"), ("I was", "you were"), ("i am", "you are"), ("i was", "you were"))


def turned(text: str) -> str:
    """What the wearer said, as it is said to them: "my locker is 214" -> "Your locker is 214"."""
    for mine, yours in _AM:
        text = re.sub(rf"\b{mine}\b", yours, text)
    said = re.sub(r"[A-Za-z]+(?:['’][A-Za-z]+)?", lambda m: _TURNED.get(m[0].lower().replace("’", "'"), m[0]), text)
    return said[:1].upper() + said[1:]


def sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text[-1] in ".!?" else f"{text}."


def _low(text: str) -> str:
    """A sentence of ours inside another: "Your locker" -> "your locker", names stay."""
    return text[:1].lower() + text[1:] if re.match(r"You(?:r|'|\b)|The\b|A\b|It\b", text) else text


def told(memory: Memory) -> str:
    """A fact as it is said."""
    return sentence(turned(memory.text) if memory.how in {"told", "inferred"} else memory.text)


def stored(memory: Memory, replaced: Sequence[Memory]) -> str:
    """After it is on the disk."""
    if memory.sensitivity == "secret":
        return SECRET_STORED
    if memory.how != "told":
        return KEPT_NOW
    said = f"{STORED}{_low(turned(memory.text))}."
    if replaced:
        said += f" No longer: {_low(turned(replaced[0].text))}."
    return said


def agreed(memory: Memory, replaced: Sequence[Memory]) -> str:
    """The same of what was just read back."""
    said = KEPT_NOW
    if replaced and memory.sensitivity != "secret":
        said += f" No longer: {_low(turned(replaced[0].text))}."
    return said


def known(memory: Memory, when: str) -> str:
    return f"You told me that {when} already." if when and when != "just now" else KNOWN


def answer(memories: Sequence[Memory], t_ns: int, wall_clock: str) -> str:
    """The facts that answer a question. Of a thing that may have been moved since, with when it was told."""
    said = [told(memory) for memory in memories]
    first = memories[0]
    if len(memories) == 1 and fact_of(first.text).relation in {"where", "parked"}:
        when = spoken(first.at_s, t_ns, wall_clock)
        if when and when != "just now":
            said.append(f"You told me {when}.")
    return " ".join(said)


def perhaps(memories: Sequence[Memory], t_ns: int, wall_clock: str) -> str:
    """A fact that may be what is meant, and may be not."""
    return f"{PERHAPS} {answer(memories, t_ns, wall_clock)}"


def meant(memory: Memory) -> str:
    """It may be what is to be forgotten."""
    text = "a secret" if memory.sensitivity == "secret" else f"this: {turned(memory.text).rstrip('.')}"
    return f"I am not sure that you mean {text}. If you do, say: forget that."


def neither(not_read: str) -> str:
    """Neither told nor read in this session. `not_read`: the sentence for that."""
    return f"You haven't told me, and {not_read}"


def before(memories: Sequence[Memory], t_ns: int, wall_clock: str) -> str:
    if not memories:
        return NOTHING_BEFORE
    when = spoken(memories[0].replaced_s, t_ns, wall_clock)
    until = f", until {when.removeprefix('on ')}" if when and when != "just now" else ""
    return f"Before, you told me: {_low(turned(memories[0].text)).rstrip('.')}{until}."


def source(memories: Sequence[Memory], t_ns: int, wall_clock: str) -> str:
    """Where the last answer of memory comes from."""
    if not memories:
        return NO_SOURCE
    out = []
    for memory in memories[:3]:
        when = spoken(memory.at_s, t_ns, wall_clock)
        when = f" {when}" if when else " earlier"
        if memory.how == "inferred":
            said = f"I concluded that, and you agreed{when}."
        elif memory.what == "turn" or memory.how == "asked":
            said = f"We talked about that{when}."
        elif memory.how == "seen":
            said = f"I saw that{when}."
        else:
            said = f"You told me{when}."
        out.append(f"{told(memory)} {said}" if len(memories) > 1 else said)
    return " ".join(dict.fromkeys(out))


def overview(memories: Sequence[Memory], whole: int) -> list[str]:
    """What is known, grouped by whom it is about, a sentence a group. Secrets are counted, and not said."""
    shown = [m for m in memories if m.sensitivity != "secret"]
    groups: dict[str, list[str]] = {}
    for memory in shown:
        about = memory.subject or fact_of(memory.text).about or "other things"
        groups.setdefault(about.lower(), []).append(told(memory))
    out = [" ".join(said[:3]) for said in groups.values()]
    if secrets := len(memories) - len(shown):
        out.append(
            f"And {count(secrets, 'secret')}, which I say only when you ask for {'it' if secrets == 1 else 'them'}."
        )
    return [f"You told me {count(whole, 'thing')}.", *out] if out else []


def turns(memories: Sequence[Memory], t_ns: int, wall_clock: str) -> str:
    """What was asked and answered, the newest first."""
    out = []
    for memory in memories[:TURNS_TOLD]:
        when = spoken(memory.at_s, t_ns, wall_clock)
        asked = f"{when[:1].upper()}{when[1:]} you asked: " if when else "You asked: "
        question = memory.text.strip().rstrip("?.! ")
        reply = f" I said: {sentence(_short(memory.answer))}" if memory.answer else ""
        out.append(f"{asked}{question}.{reply}")
    return " ".join(out)


def _short(text: str, words: int = 30) -> str:
    said = text.split()
    return " ".join(said[:words]) + (" …" if len(said) > words else "")


def forgotten(number: int, files: int) -> str:
    """After it is gone; the exact count."""
    also = f", and {count(files, 'file')} with {'it' if number == 1 else 'them'}" if files else ""
    return f"I have forgotten {count(number, 'thing')}{also}."


def count(number: int, what: str) -> str:
    """ "one thing", "12 things"."""
    small = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return f"{small[number] if 0 <= number < len(small) else number} {what}{'' if number == 1 else 's'}"
