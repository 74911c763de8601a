"""What was said over an answer: a word that acts at once, one that leaves the answer alone, or a turn."""

from __future__ import annotations

from typing import Protocol

from pipelines import conversation as floor
from pipelines.answerer import Answerer
from pipelines.ear import Ear
from pipelines.room import Room
from pipelines.steering import ADJUSTMENTS
from pipelines.thinking.intent import Intent, normal

NO = frozenset({"no", "no no", "nope", "no thanks", "no thank you", "don't", "please don't"})  # to a plan being read


class Weigher(Protocol):
    """The listener."""

    ear: Ear

    def control(self, intent: Intent) -> None: ...
    def resume(self, reason: str) -> None: ...


def weighed(room: Room, answerer: Answerer, listener: Weigher, intent: Intent) -> bool:
    """Words that act at once, or leave the answer alone. True if dealt with; else they are a turn."""
    heard, planned = listener.ear.heard, not answerer.permission.at_rest
    if intent.kind == "control" and intent.name in {"stop", "wait"}:
        listener.control(intent)
    elif intent.name == "progress" and answerer.steering.tell_progress():
        listener.resume("asked how far it is")
    elif planned and heard and normal(heard.text) in NO:
        listener.control(Intent("control", "stop"))
    elif planned and intent.kind not in {"none", "backchannel"}:
        listener.resume("the plan has not been read to its end: too early to decide")
    elif intent.name in ADJUSTMENTS:
        listener.resume(answerer.steering.adjust(intent.name))
    elif intent.kind == "control" and intent.name != "go_on":
        listener.control(intent)
        if room.floor.state == floor.WEIGHING:
            listener.resume("there was nothing to do")
    elif intent.kind == "control":
        listener.resume("the wearer said go on")
    elif intent.kind == "backchannel":
        listener.resume("those words do not interrupt")
    elif intent.kind == "none":
        listener.resume("no words I know")
    else:
        return False
    return True
