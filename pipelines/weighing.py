"""What was said over an answer: a word that acts at once, one that leaves the answer alone, or a turn."""

from __future__ import annotations

from typing import Final, Protocol

from pipelines import conversation as floor
from pipelines.answerer import Answerer
from pipelines.ear import Ear
from pipelines.events import MS, Transcribed
from pipelines.hearing.gate import NOT_A_PHRASE
from pipelines.room import Room
from pipelines.steering import ADJUSTMENTS
from pipelines.thinking.intent import Intent, normal, understand

NO = frozenset({"no", "no no", "nope", "no thanks", "no thank you", "don't", "please don't"})  # to a plan being read
# What a closed recogniser refuses is a "stop" over an answer from here on; what that gains and costs: bench_hearing.
STOP_LOGPROB: Final = -0.4
STOP_NS: Final = 1500 * MS  # nobody says it for longer: the recogniser completed a piece of something else


class Weigher(Protocol):
    """The listener."""

    ear: Ear

    def control(self, intent: Intent) -> None: ...
    def resume(self, reason: str) -> None: ...


def weighed(room: Room, answerer: Answerer, listener: Weigher, intent: Intent) -> bool:
    """Words that act at once, or leave the answer alone. True if dealt with; else they are a turn."""
    heard, planned = listener.ear.heard, not answerer.permission.at_rest
    if heard and not heard.accepted and refused_stop(heard):
        listener.control(Intent("control", "stop"))
    elif intent.kind == "control" and intent.name in {"stop", "wait"}:
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


def refused_stop(heard: Transcribed) -> bool:
    """Did the wearer say "stop", although the words as a whole are none that the recogniser knows ("stop it", "stop"
    and a word it never learned), or it was a little too unsure of them? Whoever speaks over an answer most likely wants
    it to end, and an answer that goes on over a "stop" is worse than one that ends too early."""
    if not heard.why.startswith(NOT_A_PHRASE) or heard.avg_logprob < STOP_LOGPROB:
        return False
    if heard.words and heard.words[-1].end_ns - heard.words[0].start_ns > STOP_NS:
        return False
    words = heard.text.removesuffix("?").strip()
    intent = understand(words)
    return words.split()[:1] == ["stop"] and (intent.kind, intent.name) == ("control", "stop")
