"""The story of each turn, told from a recording: what was asked, seen, answered, heard, how fast, and what left.

Everything here is read from events that were recorded anyway; nothing is computed again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pipelines.events import (
    AskModel,
    FrameChosen,
    HeardMark,
    PlayMark,
    Speak,
    TurnClosed,
    TurnOpened,
)
from recordings.exchange import HttpBegin, HttpChunk, HttpEnd
from recordings.reader import Recording


@dataclass
class Turn:
    """One turn. `latency_ns`: from the last voiced sample to the first answer sample at `latency_to` ("ear" if the
    device said when it was heard, "link" if only our side is known); None if it cannot be told."""

    number: int
    t_ns: int = 0
    asked: str = ""
    intent: str = ""
    frame: str = ""
    said: str = ""
    heard: str = ""
    outcome: str = ""
    latency_ns: int | None = None
    latency_to: str = ""
    left: list[str] = field(default_factory=list)  # what left the companion, one line for each request


def turns_of(recording: Recording) -> list[Turn]:
    """The turns of a session, in the order in which they were opened."""
    teller = _Teller()
    for event in recording.events():
        match event:
            case TurnOpened():
                teller.opened(event)
            case FrameChosen():
                teller.turn(event.turn).frame = _frame(event)
            case Speak():
                teller.turn_of_utterance[event.utterance] = event.turn
                teller.spoken.setdefault(event.turn, []).append(event.text)
            case AskModel():
                teller.asked[event.turn] = _asked(event)
            case PlayMark(mark="started"):
                teller.first(event.utterance, event.t_ns, "link")
            case HeardMark(mark="first"):
                teller.first(event.utterance, event.media_ns, "ear")
            case TurnClosed():
                turn = teller.turn(event.turn)
                turn.outcome, turn.said, turn.heard = event.outcome, event.said, event.heard
            case _:
                pass
    teller.add_exchanges(recording)
    return teller.told()


class _Teller:
    def __init__(self) -> None:
        self.turns: dict[int, Turn] = {}
        self.speech_end_ns: dict[int, int] = {}
        self.turn_of_utterance: dict[int, int] = {}
        self.spoken: dict[int, list[str]] = {}
        self.asked: dict[int, str] = {}  # what the model was asked, by turn

    def turn(self, number: int) -> Turn:
        return self.turns.setdefault(number, Turn(number))

    def opened(self, event: TurnOpened) -> None:
        turn = self.turn(event.turn)
        turn.t_ns, turn.asked, turn.intent = event.t_ns, event.text, event.intent
        if event.speech_end_ns:
            self.speech_end_ns[event.turn] = event.speech_end_ns

    def first(self, utterance: int, at_ns: int, where: str) -> None:
        """The first sound of an utterance was at `where`; the ear's word counts more than the link's."""
        number = self.turn_of_utterance.get(utterance)
        if number is None or number not in self.speech_end_ns or number not in self.turns:
            return
        turn = self.turns[number]
        if not turn.latency_to or (turn.latency_to == "link" and where == "ear"):
            turn.latency_ns, turn.latency_to = at_ns - self.speech_end_ns[number], where

    def add_exchanges(self, recording: Recording) -> None:
        """Say of every request on the network where it went, how large it was and what came back."""
        begun: dict[int, HttpBegin] = {}
        received: dict[int, int] = {}
        for part in recording.http():
            if isinstance(part, HttpBegin):
                begun[part.exchange] = part
            elif isinstance(part, HttpChunk):
                received[part.exchange] = received.get(part.exchange, 0) + len(part.data)
            elif isinstance(part, HttpEnd) and (begin := begun.pop(part.exchange, None)):
                self.turn(begin.turn).left.append(_sent(begin, part, received.get(part.exchange, 0)))
        for begin in begun.values():
            self.turn(begin.turn).left.append(f"{_request(begin)}, not answered when the recording ended")

    def told(self) -> list[Turn]:
        for number, texts in self.spoken.items():
            if number in self.turns and not self.turns[number].said:
                self.turns[number].said = " ".join(texts)
        for number, question in self.asked.items():
            turn = self.turn(number)
            turn.left.insert(0, question if turn.left else f"{question} was to leave, but no request was recorded")
        return [turn for turn in self.turns.values() if turn.number > 0]


def _frame(event: FrameChosen) -> str:
    if event.frame is None:
        return f"no picture ({event.problem or event.reason})"
    text = f"frame {event.frame.frame_id}, {event.age_ms} ms old, 1 of {event.candidates}"
    return f"{text}, {event.problem}" if event.problem else text


def _asked(event: AskModel) -> str:
    pictures = sum(1 for message in event.messages if message.frame_id > 0)
    letters = sum(len(message.text) for message in event.messages)
    return f"a question of {letters:,} letters" + (f" and {pictures} picture(s)" if pictures else "")


def _request(begin: HttpBegin) -> str:
    return f"{begin.method} to {urlsplit(begin.url).netloc or begin.url}"


def _sent(begin: HttpBegin, end: HttpEnd, received_bytes: int) -> str:
    answer = f"status {end.status}" if end.status else "no answer"
    text = f"{_request(begin)}: {answer} after {end.t_rel_ns / 1e6:,.0f} ms, {received_bytes:,} bytes came back"
    return f"{text} ({end.error})" if end.error else text
