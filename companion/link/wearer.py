"""One wearer's place at the companion: a session outlives the connections that it is had over.

    offer ──> connected ──> lost ─────────────────────────> connected (resumed) ──> …
                 │            └─ nobody for resume_within_s ──> closed
                 └─ either side says goodbye ─────────────────> closed

Only loss waits: silence on the line, or a network path that is gone. A device that offers again with the session's name
gets a new connection to the same session. The old one counts until the new one stands; then it is closed, even if it
still looked alive (the device changed its network before anybody had noticed). The session's clock, its frame numbers
and its recording go on; RTP timelines and the device's clock begin anew with each connection.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import deque
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from companion.clock import SessionClock
from companion.link.connection import Connection
from companion.link.errors import surviving
from companion.link.flow import ALIVE_NS, LOOK_S, FlowWatch, watch
from companion.link.handler import DeviceLink, LinkHandler, Message
from companion.link.opus_send import SILENCE
from companion.link.record import NOT_SAID, DeviceRecord
from companion.link.settings import LinkSettings
from pipelines.seeing.ring import AccessUnit

log = logging.getLogger(__name__)

Made = TypeVar("Made", bound=Connection)
NewSession = Callable[[DeviceLink, SessionClock], LinkHandler]
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
        self._gates: dict[Connection, Gate] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._giving_up: asyncio.Task[None] | None = None
        self._kept: deque[Message] = deque(maxlen=KEPT_MESSAGES)
        self._frames = itertools.count(1)
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
        self._gates[connection] = Gate()
        before, self._coming = self._coming, connection
        if before is not None:
            self._retire(before, "the device offered again")
        return connection

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

    def connected(self, connection: Connection) -> None:
        """This connection stands, or is alive again."""
        if self.over or connection not in self._gates:
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
        self._tell("connected", "", resumed)
        while self._kept:
            connection.send_message(self._kept.popleft())

    def _take_over(self, connection: Connection) -> None:
        before, self._now = self._now, None
        if self._state == "connected":
            self._tell("lost", "the device came back over another connection", of=before)
        if before is not None:
            self._retire(before, "another connection took this session over")

    def lost(self, connection: Connection, detail: str) -> None:
        """Nothing comes over this connection any more; it may come back."""
        if connection is self._now and not self.over:
            self._tell("lost", detail, of=connection)
            self._wait()

    def ended(self, connection: Connection, reason: str, goodbye: bool) -> None:
        """This connection is gone. `goodbye`: because somebody wanted it so."""
        self._gates.pop(connection, None)
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

    # ------------------------------------------------------------------------------------------------------ DeviceLink

    def send_message(self, message: Message) -> None:
        if self._now is not None and self._state == "connected":
            self._now.send_message(message)
        else:
            self._kept.append(message)

    def ask_key_frame(self) -> None:
        if self._now is not None:
            self._now.ask_key_frame()

    def cut_answer(self, utterance: int) -> None:
        if self._now is not None:
            self._now.cut_answer(utterance)

    def answer_at(self, utterance: int, position_ns: int) -> None:
        if self._now is not None:
            self._now.answer_at(utterance, position_ns)

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
        gate.in_turn = self.clock.now_ns if record.half_duplex else None
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
        sends = (of or self._now or _NOTHING).sends
        with surviving("a session's handler failed in on_state"):
            self._handler.on_state(state, *sends, detail, resumed=resumed)


class _Nothing:
    sends = (False, False, False)


_NOTHING = _Nothing()


class Gate:
    """Implements `LinkHandler`: hands on what one connection brings, while that is the connection that counts."""

    def __init__(self) -> None:
        self.handler: LinkHandler | None = None
        self.open = False
        self.flow: FlowWatch | None = None
        self.in_turn: Callable[[], int] | None = None  # the clock, if its microphone rests while we speak

    def on_microphone(
        self, packet: bytes, pcm: npt.NDArray[np.int16], rtp: int, arrival_ns: int, media_ns: int, concealed: bool
    ) -> None:
        if self.open and self.handler is not None:
            if self.flow is not None:
                self.flow.sound(pcm, concealed, arrival_ns)
            self.handler.on_microphone(packet, pcm, rtp, arrival_ns, media_ns, concealed=concealed)

    def on_camera(self, unit: AccessUnit, rtp: int, arrival_ns: int) -> None:
        if self.open and self.handler is not None:
            if self.flow is not None:
                self.flow.picture(arrival_ns)
            self.handler.on_camera(unit, rtp, arrival_ns)

    def on_message(self, message: Message) -> None:
        if self.open and self.handler is not None:
            self.handler.on_message(message)

    def on_state(
        self, state: str, microphone: bool, camera: bool, speaker: bool, detail: str, resumed: bool = False
    ) -> None:
        """Nothing: what a connection's state means for the session is the wearer's business."""

    def on_flow(self, track: str, flows: bool, detail: str) -> None:
        """Nothing: the wearer's place watches it."""

    def next_answer(self) -> tuple[bytes, int]:
        if not self.open or self.handler is None:
            return SILENCE, 0
        packet, utterance = self.handler.next_answer()
        if self.flow is not None and self.in_turn is not None and packet != SILENCE:
            self.flow.speaks(self.in_turn())
        return packet, utterance

    def on_heard(self, utterance: int, mark: str, media_ns: int, position_ns: int) -> None:
        if self.open and self.handler is not None:
            self.handler.on_heard(utterance, mark, media_ns, position_ns)

    def on_clock(self, offset_ns: int, round_trip_ns: int) -> None:
        if self.open and self.handler is not None:
            self.handler.on_clock(offset_ns, round_trip_ns)

    def on_sender_report(self, track: str, ntp: int, rtp: int, arrival_ns: int) -> None:
        if self.open and self.handler is not None:
            self.handler.on_sender_report(track, ntp, rtp, arrival_ns)
