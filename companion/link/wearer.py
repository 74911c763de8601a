"""One wearer's place at the companion: a session outlives the connections that it is had over.

    offer ──> connected ──> lost ─────────────────────────> connected (resumed) ──> …
                 │            └─ nobody for resume_within_s ──> closed
                 └─ either side says goodbye ─────────────────> closed

Only loss waits: silence on the line, or a network path that is gone. A device that offers again with the session's name
gets a new connection to the same session. The old one counts until the new one stands; then it is closed, even if it
still looked alive (the device changed its network before anybody had noticed). The session's clock, its frame numbers
and its recording go on; RTP timelines and the device's clock begin anew with each connection.

Beside the connection that counts there may be an *ear*: one that only plays. A camera app has no way back for sound, so
a page or a loudspeaker listens in its stead; as long as it stands, the answer goes there. Its coming and going is no
loss of the device, and a session ends without asking it.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from companion.clock import SessionClock
from companion.link.connection import Connection
from companion.link.errors import surviving
from companion.link.flow import ALIVE_NS, LOOK_S, watch
from companion.link.gate import EarGate, Gate
from companion.link.handler import DeviceLink, LinkHandler, Message
from companion.link.record import NOT_SAID, DeviceRecord
from companion.link.settings import LinkSettings
from companion.link.typed_once import TypedOnce

log = logging.getLogger(__name__)

Made = TypeVar("Made", bound=Connection)
NewSession = Callable[[DeviceLink, SessionClock], LinkHandler]
AGAIN = ("caption", "aside")  # what a person reads is sent once more if it may have gone to nobody
DOUBT_NS = 10_000_000_000  # of a device that answers no ping, only the newest are sent once more
KEPT_MESSAGES = 32  # for a device that is away: the last ones, as a data channel that is not open yet keeps them


class Wearer:
    """Implements `DeviceLink` for as long as the session lives, whatever connection there is."""

    def __init__(
        self, session: str, settings: LinkSettings, new_session: NewSession, gone: Callable[[str], None]
    ) -> None:
        """`gone(session)` is called once, when the session is over for the link."""
        self.session = session
        self.clock = SessionClock()
        self._settings, self._new_session, self._gone = settings, new_session, gone
        self._handler: LinkHandler | None = None
        self._now: Connection | None = None  # the connection that counts
        self._coming: Connection | None = None  # set up, not connected yet
        self._ear: Connection | None = None  # the one that plays, if it is not the one that counts
        self._gates: dict[Connection, Gate] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._giving_up: asyncio.Task[None] | None = None
        self._kept: deque[Message] = deque(maxlen=KEPT_MESSAGES)
        self._sent: deque[tuple[int, Connection, Message]] = deque(maxlen=KEPT_MESSAGES)  # with when, and over what
        self._frames = itertools.count(1)
        self.typed = TypedOnce(self.send_message)
        self._state = "new"
        self._waiting: asyncio.TimerHandle | None = None
        self._looking: asyncio.TimerHandle | None = None

    @property
    def over(self) -> bool:
        return self._state == "closed"

    @property
    def echo(self) -> str:
        return self._now.echo if self._now is not None else ""

    @property
    def device(self) -> str:
        """What the first connection was made of, or the one that counts."""
        connection = self._now or next(iter(self._gates), None)
        return connection.kind if connection is not None else ""

    @property
    def record(self) -> DeviceRecord:
        return self._now.record if self._now is not None else NOT_SAID

    def place(self, make: Callable[[bool], Made]) -> Made:
        """A new connection, made by `make(resumed)`; it counts as soon as it says that it stands."""
        connection = make(self._handler is not None)
        self._gates[connection] = Gate(partial(self._plays, connection), self.typed)
        before, self._coming = self._coming, connection
        if before is not None:
            self._retire(before, "the device offered again")
        return connection

    def listen(self, make: Callable[[bool], Made]) -> Made:
        """A connection that only plays, made by `make(resumed)`: the answer goes to it from when it says that it
        stands. The last one that came is the ear."""
        connection = make(self._handler is not None)
        self._gates[connection] = EarGate(partial(self._plays, connection), self.typed)
        return connection

    @property
    def heard(self) -> bool:
        """Whether anything plays the answer."""
        return self._sends()[2]

    def _plays(self, connection: Connection) -> bool:
        return connection is (self._ear or self._now)

    def _sends(self, of: Connection | None = None) -> tuple[bool, bool, bool]:
        microphone, camera, speaker = (of or self._now or _NOTHING).sends
        return microphone, camera, speaker or self._ear is not None

    # ------------------------------------------------------------------------------------- what a connection tells us

    def gate(self, connection: Connection) -> Gate:
        """Where a connection's media go; the session behind it is made when the first offer turned out to be good."""
        if self._handler is None:
            self._handler = self._new_session(self, self.clock)
        gate = self._gates[connection]
        gate.handler = self._handler
        return gate

    def next_frame(self) -> int:
        """The number of the next picture; one row for all connections."""
        return next(self._frames)

    def connected(self, connection: Connection, detail: str = "") -> None:
        """This connection stands, or is alive again. `detail`: where it leads, for the recording."""
        if self.over or connection not in self._gates:
            return
        if isinstance(self._gates[connection], EarGate):
            self._hear_by(connection)
            return
        resumed = connection is not self._now and self._state in ("connected", "lost")
        if resumed:
            self._take_over(connection)
        if connection is self._coming:
            self._coming = None
        self._now = connection
        self._gates[connection].open = True
        self._watch(connection)
        self._wait_no_more()
        self._tell("connected", detail, resumed)
        late = [*self._doubtful(connection), *self._kept]
        self._kept.clear()
        for message in late:
            self.send_message(message)

    def _doubtful(self, now: Connection) -> list[Message]:
        """What went out over an earlier connection, and is not known to have arrived: rather twice than never."""
        over_others = [sent for sent in self._sent if sent[1] is not now]
        for sent in over_others:
            self._sent.remove(sent)
        return [message for sent_ns, before, message in over_others if sent_ns >= _sure_ns(before)]

    def _take_over(self, connection: Connection) -> None:
        before, self._now = self._now, None
        if self._state == "connected":
            self._tell("lost", "the device came back over another connection", of=before)
        if before is not None:
            self._retire(before, "another connection took this session over")

    def lost(self, connection: Connection, detail: str) -> None:
        """Nothing comes over this connection any more; it may come back."""
        if connection is self._ear:
            self._deaf(detail)
        elif connection is self._now and not self.over:
            self._tell("lost", detail, of=connection)
            self._wait()

    def ended(self, connection: Connection, reason: str, goodbye: bool) -> None:
        """This connection is gone. `goodbye`: because somebody wanted it so."""
        gate = self._gates.pop(connection, None)
        if connection is self._ear:
            self._deaf(reason)
        if isinstance(gate, EarGate):
            return
        if connection is self._coming:
            self._coming = None
        if self.over or (connection is not self._now and (self._now or self._state != "new")):
            return
        stood, self._now = connection is self._now, None
        goodbye = goodbye and self._coming is None  # a device that changes over may close the old one a little early
        if goodbye or not stood or not self._settings.resume_within_s:
            self._end(reason)
            return
        self._tell("lost", reason, of=connection)
        self._wait()

    def _hear_by(self, ear: Connection) -> None:
        before, self._ear = self._ear, ear
        self._gates[ear].open = True
        if before is not None and before is not ear:
            self._retire(before, "another one listens now")
        self._tell_ear(f"the answer is played by another connection ({ear.kind})")

    def _deaf(self, reason: str) -> None:
        self._ear = None
        self._tell_ear(f"who played the answer is gone: {reason}")

    def _tell_ear(self, detail: str) -> None:
        """Whether anything plays has changed, and nothing else."""
        if self._state == "connected" and self._handler is not None:
            with surviving("a session's handler failed in on_state"):
                self._handler.on_state("connected", *self._sends(), detail)

    # ------------------------------------------------------------------------------------------------------ DeviceLink

    def send_message(self, message: Message) -> None:
        there = [self._now] if self._state == "connected" else []
        takers = [connection for connection in (*there, self._ear) if connection is not None]
        for connection in takers:
            connection.send_message(message)
            if connection is self._now and message.get("type") in AGAIN:
                self._sent.append((self.clock.now_ns(), connection, message))
        if not takers:
            self._kept.append(message)

    def ask_key_frame(self) -> None:
        if self._now is not None:
            self._now.ask_key_frame()

    def cut_answer(self, utterance: int) -> None:
        if (player := self._ear or self._now) is not None:
            player.cut_answer(utterance)

    def answer_at(self, utterance: int, position_ns: int) -> None:
        if (player := self._ear or self._now) is not None:
            player.answer_at(utterance, position_ns)

    async def close(self, reason: str = "") -> None:
        """End the session: every connection is closed, and nobody is waited for."""
        reason = reason or "the companion closed the connection"
        self._wait_no_more()
        await asyncio.gather(*(connection.close(reason) for connection in list(self._gates)), *self._leaving)
        self._end(reason)

    # -------------------------------------------------------------------------------- whether anything really comes

    def _watch(self, connection: Connection) -> None:
        microphone, camera, _ = connection.sends
        gate, record = self._gates[connection], connection.record
        gate.flow = watch(record, microphone, camera, self.clock.now_ns())
        gate.in_turn = self.clock.now_ns if record.rests_for_speaker else None
        if self._looking is None:
            self._look()

    def _look(self) -> None:
        """Now and then, while a connection counts and stands."""
        self._looking = None
        gate = self._gates.get(self._now) if self._now is not None else None
        if self.over or self._now is None or gate is None or gate.flow is None:
            return
        now_ns = self.clock.now_ns()
        if self._state == "connected" and now_ns - self._now.heard_ns < ALIVE_NS:  # else it is the link, not the track
            for change in gate.flow.look(now_ns):
                log.warning("session %s: %s: %s", self.session, change.track, change.detail)
                if gate.handler is not None:
                    with surviving("a session's handler failed in on_flow"):
                        gate.handler.on_flow(change.track, change.flows, change.detail)
        self._looking = asyncio.get_running_loop().call_later(LOOK_S, self._look)

    # ------------------------------------------------------------------------------------------------- life and end

    def _wait(self) -> None:
        """For the device to come back, but not for ever."""
        wait_s = self._settings.resume_within_s
        if self._waiting is None and wait_s:
            self._waiting = asyncio.get_running_loop().call_later(wait_s, self._give_up)

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self._waiting = None
        reason = f"the device did not come back within {self._settings.resume_within_s:g} s"
        self._giving_up = asyncio.ensure_future(self.close(reason))

    def _retire(self, connection: Connection, reason: str) -> None:
        """Close a connection that another one has replaced; nobody waits for that."""
        if connection in self._gates:
            self._gates[connection].open = False
        task = asyncio.ensure_future(connection.close(reason))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    def _end(self, reason: str) -> None:
        if self.over:
            return
        self._wait_no_more()
        if self._looking is not None:
            self._looking.cancel()
        for connection in list(self._gates):
            self._retire(connection, reason)
        self._gone(self.session)
        self._tell("closed", reason)

    def _tell(self, state: str, detail: str, resumed: bool = False, of: Connection | None = None) -> None:
        if state == self._state or self.over:
            return
        self._state = state
        if self._handler is None:
            return
        with surviving("a session's handler failed in on_state"):
            self._handler.on_state(state, *self._sends(of), detail, resumed=resumed)


def _sure_ns(connection: Connection) -> int:
    """What was sent over it before this moment has arrived, or is too old to be told again."""
    return max(connection.arrived_ns, connection.heard_ns - DOUBT_NS)


class _Nothing:
    sends = (False, False, False)


_NOTHING = _Nothing()
