"""The link was lost in the middle of things: what the ear missed, what is held, and what is said when it is back.

A device that falls silent is missed only seconds later, and all that was sent meanwhile was sent to nobody. So the
answer is held, taken back to the last word that the ear surely got, and goes on from there when the device is back,
behind one short notice. What comes meanwhile (a model's words, a timer) waits.

    said     "The train to Oxford leaves from platform seven at ..."
    heard    ──────────────────┤  the device's own word; without it: what had been sent by its last sign of life
    sent     ──────────────────────────────┤ (lost)
    back     "I lost the connection. Going on."  ├─ "Oxford leaves from platform seven at ..."

The answer may even have been sent to its end: it is opened again. History never holds more than what was heard.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines import conversation as floor
from pipelines.answerer import Answerer
from pipelines.events import (
    MS,
    Caption,
    ChunkVoiced,
    ClockMapped,
    Duck,
    Happening,
    HeardMark,
    PausePlay,
    PlayMark,
    RewindPlay,
    StopPlay,
    Typed,
    VoiceWindow,
    WorkFailed,
)
from pipelines.room import Room
from pipelines.speaking.mouth import Utterance
from pipelines.thinking import wording

KIND = "notice"  # spoken even while muted
LONG_NS = 5_000 * MS  # a gap in which nothing was being said is worth a word from here on
ON_ITS_WAY_NS = 300 * MS  # from the link to the ear: a sign of life so long after the last sound speaks for that, too
SAYS_SO_NS = 1_500 * MS  # a device that tells what it heard has told of the end by then
UTTERANCES_KEPT = 4
MARKS_KEPT = 64
SIGNS_OF_LIFE = (VoiceWindow, HeardMark, Typed, ClockMapped)


@dataclass(slots=True)
class _Sent:
    """One utterance on its way. `marks`: (moment, position, does it go on from there); `heard_ns`: the device's word on
    how far it was heard; `ended_ns`: when the last of it was sent."""

    marks: list[tuple[int, int, bool]]
    heard_ns: int | None = None
    ended_ns: int | None = None
    heard_out: bool = False

    def at(self, t_ns: int) -> int:
        """How much of it had been sent by then."""
        position_ns = 0
        for i, (since_ns, from_ns, runs) in enumerate(self.marks):
            if since_ns > t_ns:
                break
            position_ns = from_ns + (t_ns - since_ns if runs else 0)
            if i + 1 < len(self.marks):
                position_ns = min(position_ns, max(from_ns, self.marks[i + 1][1]))
        return position_ns


class Reconnect:
    """Sees every happening before it is handled; owns the notice. The director asks it at each `LinkChanged`."""

    def __init__(self, room: Room, answerer: Answerer) -> None:
        self._room = room
        self._answerer = answerer
        self.away = False
        self._alive_ns = 0
        self._since_ns = 0  # the last sign of life before the loss
        self._sent: dict[int, _Sent] = {}
        self._words_lost = False
        self._notice = 0  # the utterance that tells of the loss, in front of an answer
        self._told = 0  # the last such utterance: it is not worth going back to
        self._before_turn = 0  # `next_turn` when it was given out: if that changes, the answer behind it is another
        self._hold_again = False  # the wearer had said "wait"
        self._reopened: tuple[int, int] = (0, 0)  # an utterance that was sent but not heard, and its turn

    @property
    def at_rest(self) -> bool:
        """Nothing that was sent may still turn out not to have been heard."""
        return not self.away and not self._notice and self._unheard() == 0

    # ------------------------------------------------------------------------------------------------ what is watched

    def see(self, event: Happening) -> None:
        """A happening, before anybody else handles it."""
        if isinstance(event, SIGNS_OF_LIFE):
            self._alive_ns = event.t_ns
        if isinstance(event, PlayMark):
            self._on_play(event)
        elif isinstance(event, HeardMark):
            self._on_heard(event)
        elif isinstance(event, ChunkVoiced) and event.utterance == self._notice:
            self._go_on("the notice can be heard")
        elif isinstance(event, WorkFailed) and event.kind == "voice" and event.request == self._notice:
            self._notice = 0
            self._go_on("no voice could say the notice")

    def _on_play(self, event: PlayMark) -> None:
        sent = self._sent.setdefault(event.utterance, _Sent([]))
        while len(self._sent) > UTTERANCES_KEPT:
            del self._sent[next(iter(self._sent))]
        sent.marks.append((event.t_ns, event.position_ns, event.mark in {"started", "resumed"}))
        del sent.marks[:-MARKS_KEPT]
        sent.ended_ns = event.t_ns if event.mark == "finished" else None
        sent.heard_out = event.mark == "stopped"  # what was stopped is not gone back to
        if event.mark not in {"finished", "stopped"}:
            return
        if event.utterance == self._notice:
            self._notice = 0
            if self._hold_again:
                self._hold_again = False
                self._room.scribe.emit(PausePlay, "the wearer had said wait", on=True)
        number, turn = self._reopened
        if event.utterance == number and (utterance := self._answerer.mouth.find(number)) is not None:
            self._reopened = (0, 0)
            utterance.mark(event)
            self._room.history.cut(turn, utterance.heard())

    def _on_heard(self, event: HeardMark) -> None:
        if (sent := self._sent.get(event.utterance)) is not None and event.mark != "first":
            sent.heard_ns = event.position_ns
            sent.heard_out = event.mark == "last"

    def catch_up(self) -> None:
        """Behind every happening: what is being waited for may have changed."""
        room, answerer = self._room, self._answerer
        if self.away:
            room.deadlines.clear("acknowledge", "ticking")  # nobody is there to hear it
            if answerer.mouth.current is not None:  # it is not late: it is held
                room.deadlines.clear("answer_timeout")
        elif (
            self._notice and not self._hold_again and (not answerer.busy or answerer.next_turn != self._before_turn)
        ):  # stopped, or another question: the notice led over to what is gone
            room.scribe.emit(StopPlay, "the answer behind the notice is gone", utterance=self._notice)
            self._notice = 0

    # ------------------------------------------------------------------------------------------------------- the loss

    def lost(self) -> None:
        """The device is gone, and may come back. Before anybody lets go of anything."""
        room, mouth = self._room, self._answerer.mouth
        if self.away:
            return
        self.away, self._since_ns = True, self._alive_ns
        state = room.floor.state
        self._words_lost = state in {floor.HEARING, floor.SETTLING} | floor.OVERLAP
        if self._notice:
            room.scribe.emit(StopPlay, "the link is lost again", utterance=self._notice)
            self._notice = 0
        if mouth.current is None and (number := self._unheard()):
            self._open_again(number)
        if self._answerer.busy:
            room.scribe.emit(Duck, "the link is lost", on=False)
            room.scribe.emit(PausePlay, "the link is lost: what is said is held", on=True)
        if (utterance := mouth.current) is not None and utterance.started:
            self._take_back(utterance)

    def _unheard(self) -> int:
        """The utterance that was sent to its end last, if the ear may not have got it all; else 0."""
        for number, sent in reversed(self._sent.items()):
            if sent.ended_ns is None or sent.heard_out or number == self._told:
                continue
            link, told = self._room.link, sent.heard_ns is not None
            if not told and (link is None or not link.microphone):
                return 0  # a device that gives no sign of life at all
            alive_since_ns = self._alive_ns - sent.ended_ns
            return number if alive_since_ns < (SAYS_SO_NS if told else ON_ITS_WAY_NS) else 0
        return 0

    def _open_again(self, number: int) -> None:
        """It counted as said, and was not heard: as words of our own, because its turn is closed already."""
        mouth = self._answerer.mouth
        utterance = mouth.find(number)
        if utterance is None or utterance.heard(self._reached(number)) == utterance.spoken:
            return
        self._reopened = (number, utterance.turn)
        utterance.turn = 0
        mouth.current = utterance

    def _take_back(self, utterance: Utterance) -> None:
        position_ns = self._reached(utterance.number)
        utterance.rewind(position_ns)
        heard = utterance.heard()
        if utterance.number == self._reopened[0]:
            self._room.history.cut(self._reopened[1], heard)
        reason = f"the ear surely got: {heard!r}" if heard else "the ear may have got nothing of it"
        self._room.scribe.emit(RewindPlay, reason, utterance=utterance.number, position_ns=position_ns)
        sent = self._sent.setdefault(utterance.number, _Sent([]))
        sent.marks = [(self._room.now_ns, position_ns, False)]
        sent.heard_ns = None

    def _reached(self, number: int) -> int:
        """How much of an utterance the ear got: as the device says, else as had been sent by its last sign of life."""
        sent = self._sent.get(number)
        if sent is None:
            return 0
        return sent.heard_ns if sent.heard_ns is not None else sent.at(self._alive_ns)

    # ----------------------------------------------------------------------------------------------------- the return

    def back(self, greets: bool) -> None:
        """The device is here again, and the floor is free. `greets`: the greeting is still to come."""
        room, answerer = self._room, self._answerer
        self.away = False
        if answerer.steering.held:
            self._hold_again = True
            self._interject(self._notice_text(wording.BACK))
        elif answerer.busy:
            self._take_the_floor()
        else:
            room.loud_again("the device is back")
            if self._words_lost or (room.now_ns - self._since_ns > LONG_NS and not greets):
                answerer.say(self._notice_text(wording.BACK), KIND, True, turn=0)
                self._told = answerer.mouth.current.number if answerer.mouth.current is not None else 0

    def _take_the_floor(self) -> None:
        room, utterance = self._room, self._answerer.mouth.current
        if utterance is not None and utterance.started:
            room.signal("answer_sounds", "the answer goes on where the ear left it")
        else:
            room.signal("turn_over", "the answer is still to come")
        if utterance is None:
            then = wording.STILL_ON_IT
        elif utterance.shown or (not utterance.turn and not utterance.started):
            then = wording.BACK  # to be read, or no answer: a greeting, a timer
        else:
            then = wording.GOING_ON if utterance.heard() else wording.HERE_IT_IS
        self._interject(self._notice_text(then))

    def _notice_text(self, then: str) -> str:
        if not self._words_lost:
            return f"{wording.LOST} {then}"
        return f"{wording.LOST_WORDS} {wording.AGAIN_PLEASE if then == wording.BACK else then}"

    def _interject(self, text: str) -> None:
        """In front of what is held, which goes on when this can be heard."""
        notice = self._answerer.mouth.interject(text, KIND, "the device is back")
        self._notice = self._told = notice.number
        self._before_turn = self._answerer.next_turn
        self._room.scribe.emit(Caption, "spoken", who="companion", text=text)

    def _go_on(self, reason: str) -> None:
        if not self.away and self._room.floor.state not in floor.OVERLAP:
            self._room.loud_again(reason)
