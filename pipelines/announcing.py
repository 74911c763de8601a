"""What the companion says of its own accord, once the floor is free: notices, timers, answers that took their time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines import conversation as floor
from pipelines.events import Aside, TurnOpened
from pipelines.remembering import remember_thought
from pipelines.room import Room
from pipelines.thinking import wording
from pipelines.thinking.contemplate import Contemplation
from pipelines.thinking.spoken import Spoken

if TYPE_CHECKING:
    from pipelines.answerer import Answerer


class Announcing:
    """Owns the notices that wait to be said."""

    def __init__(self, room: Room, answerer: Answerer) -> None:
        self._room = room
        self._answerer = answerer
        self._waiting: list[tuple[str, str, str]] = []  # words, their kind, and what they are about

    @property
    def at_rest(self) -> bool:
        return not self._waiting

    def announce(self, text: str, kind: str = "failure", about: str = "") -> None:
        """Something the wearer must know, said as soon as the floor is free."""
        self.later(text, kind, about)
        self.catch_up()

    def later(self, text: str, kind: str, about: str = "") -> None:
        """The same, but not just now."""
        self._waiting.append((text, kind, about))

    def forget(self, about: str) -> None:
        """What waits to be said about this is not true any more."""
        self._waiting = [waiting for waiting in self._waiting if waiting[2] != about]

    def alarms_due(self) -> None:
        """Timers and reminders whose time has come."""
        room = self._room
        for alarm in room.alarms.due(room.now_ns):
            about = room.reminders.rang(alarm) if alarm.kind == "reminder" else ""
            self.announce(room.alarms.spoken(alarm), "alarm", about)

    def catch_up(self) -> None:
        """Say what waits to be announced, if nobody is speaking."""
        room, answerer = self._room, self._answerer
        background = answerer.background
        for text, about in room.reminders.to_say():
            self.later(text, "alarm" if about else "failure", about)
        self._waiting = [waiting for waiting in self._waiting if room.reminders.stands(waiting[2])]
        answerer.earcons.catch_up()
        if answerer.busy or room.floor.state != floor.LISTENING:
            return
        room.reminders.store.said_all()
        if self._waiting:
            text, kind, about = self._waiting.pop(0)
            room.reminders.told(about)
            if kind == "alarm":
                answerer.earcons.make("heard", "a timer is over")
            answerer.say(text, kind, True, turn=0)
        elif background.ready and answerer.permission.at_rest:
            self._tell(background.ready.pop(0))
        elif background.progress_due:
            answerer.say(background.told(), "status", True, turn=0)

    def _tell(self, found: Contemplation) -> None:
        """What several models found, as a turn of its own."""
        room, finding, say = self._room, found.finding, self._answerer.say
        assert finding is not None
        turn = self._answerer.count_turn()
        reason = f"the answer to turn {found.turn} is ready" + (f" ({finding.note})" if finding.note else "")
        room.scribe.emit(TurnOpened, reason, turn=turn, text=found.question, intent="model:contemplated")
        room.signal("turn_over", "an answer that was thought about is ready")
        spoken = Spoken(found.question)
        said = [*spoken.feed(finding.text), *spoken.flush()]
        for link in spoken.links:
            room.scribe.emit(Aside, "not spoken", turn=turn, kind="link", text=link)
        remember_thought(room, found, turn, spoken.links)
        if finding.failure or not said:
            text = room.world().failure(finding.failure or "refused")
            say(f"{wording.about(found.question)} {text}", "failure", True, turn)
            return
        said += [closing for closing in (spoken.closing(),) if closing]
        for i, text in enumerate([wording.about(found.question), *said]):
            say(text, "model", i == len(said), turn)
