"""The utterance being heard: what is known of it, and whether it is meant for us.

Words may be somebody else's (a far voice, our own out of the loudspeaker), or said while nobody asked us. Those open no
turn and interrupt nothing, and nothing of them leaves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipelines.events import Looked, Noted, Transcribed, Word
from pipelines.hearing.duplex import CANCEL
from pipelines.room import Room
from pipelines.thinking.answer import Answer
from pipelines.thinking.intent import normal, understand

NOT_FOR_US = "not for us"  # how the reason begins if the words were heard well, and were not meant
OUR_OWN = f"{NOT_FOR_US}: our own voice"


@dataclass(slots=True)
class Ear:
    """`quiet_ns`: from when on silence counts. `answer`: prepared, not yet certain. `earlier`: the words of the turn
    that this utterance may go on with, and `tail_ns`: where what was said after them begins. `finished`: what the audio
    turn model holds of the last pause, below 0 = nothing; `whole`: the wearer has let go of the button, nothing more
    comes; `worded`: words were understood at an earlier pause."""

    start_ns: int = 0
    end_ns: int = 0
    quiet_ns: int = 0
    request: int = 0
    heard: Transcribed | None = None
    look_request: int = 0
    looked: Looked | None = None
    answer: Answer | None = None
    earlier: str = ""
    tail_ns: int = 0
    score_request: int = 0
    finished: float = -1.0
    whole: bool = False
    worded: bool = False

    @property
    def words(self) -> tuple[Word, ...]:
        """One by one, with their times, as far as the recogniser gives them."""
        return self.heard.words if self.heard is not None else ()

    def going_on(self) -> Ear:
        """The same utterance, of which more is being said."""
        return Ear(
            self.start_ns, self.end_ns, earlier=self.earlier, tail_ns=self.tail_ns, whole=self.whole, worded=self.worded
        )


def meant(room: Room, heard: Transcribed, ear: Ear, busy: bool) -> Transcribed:
    """The words as far as they are meant for us: without a wake phrase, or not accepted, with the reason. `busy`: an
    answer is being made or said, so whoever speaks is speaking to us. Over a cancelled answer a short word may come
    with some of ours beside it."""
    if not heard.accepted:
        return heard
    now_ns = room.now_ns
    since_ns = min([ear.start_ns, *(word.start_ns for word in heard.words[:1])])  # recognition begins a little earlier
    if room.own_voice.ours(heard.text, since_ns, ear.end_ns):
        if room.duplex.guarded(now_ns):
            room.scribe.emit(Noted, "the microphone hears us: deaf while we speak, from now on", what="half duplex")
        return replace(heard, accepted=False, why=OUR_OWN)
    if busy and room.duplex.mode == CANCEL:
        short = room.own_voice.beside_ours(heard.text, since_ns, ear.end_ns)
        if understand(short).kind in {"control", "backchannel"}:
            heard = replace(heard, text=short)
    admission = room.attention.admits(heard.text, ear.start_ns, ear.end_ns, now_ns, heard.words)
    if admission.ok:
        return replace(heard, text=admission.text)
    if busy and room.attention.state != "asleep":
        return heard
    return replace(heard, accepted=False, why=f"{NOT_FOR_US}: {admission.why}")


def tail(earlier: str, text: str) -> str | None:
    """What follows the earlier words; None if the utterance does not begin with them: it was heard differently."""
    before, words = normal(earlier).split(), normal(text).split()
    return " ".join(words[len(before) :]) if words[: len(before)] == before else None
