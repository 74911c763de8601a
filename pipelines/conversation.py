"""The turn-taking machine: who has the floor. Everything that affects that state lives in this file.

Theory of operation. One wearer, one companion, one floor. The wearer always wins it: whatever the companion is doing,
a voice moves the machine towards hearing it. Two rules:

1. The machine holds no time, no text and no sound. It is told *signals* by `pipelines.director`, which watches those.
2. A signal that the table does not list for the present state is a bug in the caller, and raises: nothing is ignored
   by accident. What may safely be ignored is listed as going back to the same state.

      connected                speech_started               speech_paused               turn_over
   waiting -------> listening ----------------> hearing ----------------> settling ----------------> thinking
                      ^  ^                         ^   speech_started        |                           |
                      |  |                         +-------------------------+                           | answer_sounds
                      |  +---------------------------------------------------+ nothing_said              v
                      +-------------------------------------------------------------- answer_done --- speaking
                                                                                                         |
      speaking --speech_started--> doubting (ducked) --voice_certain--> yielding (held) --speech_paused--> weighing
                                        |                                                               ^
                                        +--------------------------- speech_paused ---------------------+
      weighing (held): was it "stop" (dropped), a turn (turn_over), or a cough and "mm-hm" (resume_*)?
"""

from __future__ import annotations

from typing import Final

WAITING: Final = "waiting"  # no device yet, or it is lost
LISTENING: Final = "listening"  # nobody speaks
HEARING: Final = "hearing"  # the wearer speaks
SETTLING: Final = "settling"  # the wearer paused; the turn may be over
THINKING: Final = "thinking"  # the turn is over, nothing sounds yet
SPEAKING: Final = "speaking"  # the answer sounds
DOUBTING: Final = "doubting"  # a voice over the answer, too short to be sure: ducked
YIELDING: Final = "yielding"  # the wearer speaks over the answer: held
WEIGHING: Final = "weighing"  # the wearer paused after that: what was it?
CLOSED: Final = "closed"

TABLE: Final[dict[str, dict[str, str]]] = {
    WAITING: {
        "connected": LISTENING,
        "turn_over": THINKING,  # a typed question needs no microphone
        "speech_started": HEARING,
        "answer_sounds": SPEAKING,
        "link_lost": WAITING,
        "ended": CLOSED,
    },
    LISTENING: {
        "connected": LISTENING,
        "speech_started": HEARING,
        "turn_over": THINKING,
        "answer_sounds": SPEAKING,  # the greeting, and words about the link
        "link_lost": WAITING,
        "ended": CLOSED,
    },
    HEARING: {
        "speech_paused": SETTLING,
        "answer_sounds": YIELDING,
        "turn_over": THINKING,
        "link_lost": WAITING,
        "ended": CLOSED,
    },
    SETTLING: {
        "speech_started": HEARING,
        "turn_over": THINKING,
        "nothing_said": LISTENING,
        "answer_sounds": WEIGHING,
        "link_lost": WAITING,
        "ended": CLOSED,
    },
    THINKING: {
        "answer_sounds": SPEAKING,
        "answer_done": LISTENING,  # nothing to say aloud
        "dropped": LISTENING,
        "speech_started": YIELDING,
        "turn_over": THINKING,
        "link_lost": WAITING,
        "ended": CLOSED,
    },
    SPEAKING: {
        "answer_sounds": SPEAKING,
        "answer_done": LISTENING,
        "dropped": LISTENING,
        "speech_started": DOUBTING,
        "turn_over": THINKING,
        "link_lost": WAITING,
        "ended": CLOSED,
    },
    DOUBTING: {
        "answer_sounds": DOUBTING,
        "voice_certain": YIELDING,
        "speech_paused": WEIGHING,  # a cough, or "stop": short words are short
        "answer_done": HEARING,
        "dropped": HEARING,  # whoever has tapped is still speaking
        "turn_over": THINKING,
        "link_lost": WAITING,
        "ended": CLOSED,
    },
    YIELDING: {
        "answer_sounds": YIELDING,
        "speech_paused": WEIGHING,
        "answer_done": HEARING,
        "dropped": HEARING,
        "turn_over": THINKING,
        "link_lost": WAITING,
        "ended": CLOSED,
    },
    WEIGHING: {
        "answer_sounds": WEIGHING,
        "speech_started": YIELDING,
        "resume_speaking": SPEAKING,
        "resume_thinking": THINKING,
        "turn_over": THINKING,
        "answer_done": SETTLING,
        "dropped": LISTENING,
        "link_lost": WAITING,
        "ended": CLOSED,
    },
    CLOSED: {"ended": CLOSED, "link_lost": CLOSED},
}

ANSWERING: Final = frozenset({THINKING, SPEAKING, DOUBTING, YIELDING, WEIGHING})
OVERLAP: Final = frozenset({DOUBTING, YIELDING, WEIGHING})  # the wearer's voice met the answer: it is ducked or held

HEARD: Final = frozenset({HEARING, SETTLING, *OVERLAP})  # the wearer speaks, or has just done so


class IllegalSignalError(RuntimeError):
    """A signal arrived that the table does not list for the present state: a bug in the caller."""

    def __init__(self, state: str, signal: str) -> None:
        legal = ", ".join(sorted(TABLE[state]))
        super().__init__(f"the signal {signal!r} means nothing while {state!r}; legal there: {legal}")


class Conversation:
    """The machine itself: a state, and one way to change it."""

    def __init__(self) -> None:
        self.state: str = WAITING

    def signal(self, name: str) -> tuple[str, str]:
        """Take one signal; returns (old state, new state).

        Raises:
            IllegalSignalError: the table has no such transition.
        """
        old = self.state
        new = TABLE[old].get(name)
        if new is None:
            raise IllegalSignalError(old, name)
        self.state = new
        return old, new

    def rest(self) -> None:
        """Nobody speaks and nothing is under way: where a slice of a session begins."""
        self.state = LISTENING

    def can(self, name: str) -> bool:
        return name in TABLE[self.state]
