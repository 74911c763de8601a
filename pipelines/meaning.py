"""What the wearer's words mean just now: some mean something only while a task or a thought is under way, and some
point back to what was asked before."""

from __future__ import annotations

import re
from dataclasses import replace

from pipelines import conversation as floor
from pipelines.memory import offering, purposes, sentences
from pipelines.memory.phrasing import as_question
from pipelines.memory.place_words import sought
from pipelines.room import Room
from pipelines.thinking import guide, rules
from pipelines.thinking.intent import Intent, normal, understand
from pipelines.thinking.question import Question
from pipelines.thinking.reading_words import reading_command
from pipelines.thinking.router import mode_command, route
from pipelines.thinking.steering_words import steers
from pipelines.thinking.tools.alarm_words import understood

_STEERS = frozenset({"control", "alarm", "note"})
_ASKED = frozenset({"model", "read", "price", "code", "thing"})  # kinds that can be thought about once more
_HELD = re.compile(  # the thing itself, and not "this door", which may be anywhere in the picture
    r"\b(?:this|that|it|these|those|they)(?: (?:more |rather |light |dark )?(?:red|green|blue|yellow|orange|brown|"
    r"black|white|gr[ae]y|pink|purple|beige|navy)\b.*)?$|\b(?:i am holding|i'm holding|in my hands?)\b"
)


_POINTS = re.compile(r"\b(?:this|that|these|those|here|see|look|looking|front|picture|show|describe)\b")


def meaning(room: Room, text: str) -> Intent:
    """The wearer's words -> what to do with them."""
    if room.floor.state in (floor.YIELDING, floor.WEIGHING) and normal(text) == "please":
        return Intent("control", "stop")  # over an answer: a plea, or what the canceller left of "please stop"
    if room.reminders.means(text):
        return Intent("alarm", "alarm")
    if room.mind.on and (intent := _of_memory(room, text)) is not None:
        return intent
    kind, _, mode = mode_command(text).partition(":")
    if kind == "again":
        last = _last_question(room)
        if last is None:
            return Intent("status", "nothing_asked")
        intent = understand(last)
        name = intent.name if intent.kind == "model" else "look" if intent.visual else "ask"
        return Intent("model", name, f"again:{mode}")
    if kind == "stay":
        return Intent("control", f"{mode or 'normal'}_mode")
    if kind:
        return Intent("control", kind.replace(" ", "_"))
    intent = _here(room, text, _of_task(room, text) or _hurried(room, text) or understand(text))
    return purposes.instead(room, text, intent, offering.instead(room, text, intent))


def _of_memory(room: Room, text: str) -> Intent | None:
    """What is told to be remembered, asked of memory or to be forgotten; None: something else."""
    intent = Intent("recall", "seen") if sought(text) is not None else sentences.understood(text)
    if intent is None and room.mind.on and _known_to_wearer(text):
        return Intent("model", "ask")
    if intent is None and (plain := understand(text)).name == "what_was" and not room.history.has(plain.subject):
        intent = Intent("recall", "was", plain.subject)
    if intent is None or rules.before(text) or steers(normal(text)) or understood(text) is not None:
        return None
    mind, name = room.mind, intent.name
    if name == "offer" and mind.offers and (room.private or offering.old_hat(room, offering.stated(text))):
        return None
    if name == "source" and not mind.last:
        return Intent("status", "why") if understand(text).kind == "model" else None
    return None if name == "more" and not mind.rest else intent


def _known_to_wearer(text: str) -> bool:
    """A question that looks like one about the picture ("what is it that Anna can't eat", "what colour is Tom's coat"),
    and in plain words is about somebody or something that only the wearer knows."""
    intent = understand(text)
    looks = (intent.kind, intent.name) in {("model", "look"), ("thing", "colour")}
    own = sentences.of_person(text) or sentences.of_wearer(text) or sentences.personal(text)
    return looks and own and not _POINTS.search(as_question(text))


def _here(room: Room, text: str, intent: Intent) -> Intent:
    """What it means where things stand: nothing was read yet, or there is a model."""
    if intent.kind == "reading" and (instead := _not_of_the_text(room, text, intent)) is not None:
        return instead
    held = _HELD.search(normal(text))
    if (intent.kind, intent.name) == ("thing", "colour") and room.chain.models and not held:
        return Intent("model", "look")  # which of the things in the picture is the door, a model can tell
    return intent


def _not_of_the_text(room: Room, text: str, intent: Intent) -> Intent | None:
    """What else words about a text mean if none was read, or if they are also said of other things; None: nothing."""
    command = reading_command(text)
    if command is not None and command.loose and not _just_read(room):
        return understand(text, reading=False)
    if room.read_aloud.has_text or intent.name == "spell":
        return None
    if (intent.name, intent.subject) == ("only", "prices"):
        return Intent("price", "price")
    if intent.name in {"only", "find"}:
        return Intent("model", "look") if room.chain.models else Intent("read", "read")
    return understand(text, reading=False) if intent.name == "how_many_lines" else None


def _just_read(room: Room) -> bool:
    """The last thing that was said was text."""
    entries = room.history.entries
    return bool(entries) and entries[-1].kind in {"read", "reading"}


def _hurried(room: Room, text: str) -> Intent | None:
    """“Quick, read this” is “read this”: what the device answers itself is quick anyway. So is what only steers."""
    asked = route(text, "", room.options.general.modes, False, False)
    if not asked.explicit or asked.text == text:
        return None
    intent = understand(asked.text)
    here = intent.kind != "model" or intent.name == "talk" if asked.mode == "instant" else intent.kind in _STEERS
    return intent if here else None


def question(room: Room, turn: int, text: str, intent: Intent, start_ns: int, end_ns: int) -> Question:
    """The question that these words ask, with what they point back to."""
    asked = Question(turn, text, intent, start_ns, end_ns)
    if intent.subject.startswith("again:"):
        last = _last_question(room) or text
        return replace(asked, text=last, said=text, mode=intent.subject.removeprefix("again:"), guide=room.guide)
    if intent.name == "guide":
        task = guide.begun(guide.goal_of(text)) if room.guide is None else guide.moved(room.guide, intent.subject)
        return replace(asked, guide=task)
    return asked


def _of_task(room: Room, text: str) -> Intent | None:
    """Words about a task that the wearer is led through, or wants to be."""
    if room.guide is None:
        return Intent("model", "guide", "start") if guide.goal_of(text) and room.chain.models else None
    name = guide.command(text)
    if name == "end":
        return Intent("control", "guide_end")
    if name in {"next", "back"}:
        return Intent("model", "guide", name)
    return Intent("model", "guide") if not name and guide.about_the_step(text) else None


def _last_question(room: Room) -> str | None:
    asked = [entry for entry in room.history.entries if entry.question and entry.kind in _ASKED]
    return asked[-1].question if asked else None
