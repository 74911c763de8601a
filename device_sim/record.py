"""What happened in a scene: turns, waits, expectations, with monotonic times. The stage writes, the judge reads."""

from __future__ import annotations

from dataclasses import dataclass, field

from device_sim.expects import Expect
from device_sim.marks import Message
from device_sim.sent import Requests
from device_sim.steps import LoseNetwork, Wait


@dataclass
class Turn:
    """From one `say` to the next. Turn 0 is the companion's own beginning, before the wearer has said anything."""

    number: int
    words: str
    begin_ns: int  # first speech sample sent (turn 0: the scene's start)
    end_ns: int  # last speech sample sent
    until_ns: int = 0  # the next turn's begin, or the scene's end
    mouth_ns: int = 0  # the wearer made the last sound of it; 0 = turn 0
    sent: Requests | None = None  # what reached the model in it; None: nobody could be asked


@dataclass
class Record:
    begin_ns: int
    end_ns: int = 0
    turns: list[Turn] = field(default_factory=list)
    expected: list[tuple[Expect, int]] = field(default_factory=list)  # with the turn it speaks of
    gave_up: list[tuple[Wait, int]] = field(default_factory=list)
    came_back: list[tuple[LoseNetwork, int, bool]] = field(default_factory=list)  # in which turn; the same session?
    returns: list[bool] = field(default_factory=list)  # by itself, after a loss no step asked for; the same session?
    messages: list[tuple[int, Message]] = field(default_factory=list)
    ended_early: str = ""  # why the scene could not go on to its end
    connected: bool = True  # media came through when the scene began
    key_requests: int = 0
    cpu_s: float = 0.0  # processor time the simulator itself took while the scene played
    session: str = ""  # what the companion calls this connection
    network: dict[str, int] = field(default_factory=dict)  # what became of our media packets, if the scene spoils them

    def close_turn(self, at_ns: int) -> None:
        if self.turns:
            self.turns[-1].until_ns = at_ns
