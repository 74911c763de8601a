"""What a recording knows of one turn, gathered in one place: its events, its spans, its answers, its requests, how its
question was thought about, and its entry in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit

from companion.export.answers import Answer, answers_of
from companion.secret_words import SecretWords
from companion.terminal import cut, safe
from companion.turn_ledger import Books, Traffic
from companion.turn_thinking import Thinking, Thoughts
from pipelines import events as ev
from pipelines.spans import TurnSpans, spans_of
from pipelines.thinking.ledger import Entry
from recordings.exchange import HttpBegin, HttpChunk, HttpEnd
from recordings.reader import Recording
from recordings.run import run_of
from recordings.session import RecordingError

SOME_TURNS = 12  # of those that a message lists

E = TypeVar("E", bound=ev.Happening | ev.Decision)


@dataclass(slots=True)
class Exchange:
    """One request to a model: where, how much, what came back. Status None: no end of it was recorded."""

    host: str
    sent_bytes: int
    t_ns: int
    received_bytes: int = 0
    first_ns: int | None = None
    status: int | None = None
    took_ns: int = 0
    error: str = ""
    request: int = 0


@dataclass(slots=True)
class TurnFacts:
    """What the recording knows of one turn."""

    number: int
    turns: int
    events: tuple[ev.Happening | ev.Decision, ...]
    opened: ev.TurnOpened
    spans: TurnSpans | None
    answers: list[Answer]
    exchanges: list[Exchange]
    end_ns: int
    thinking: Thinking
    ledger: Entry
    notes: list[str] = field(default_factory=list)

    def all(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def last(self, kind: type[E]) -> E | None:
        found = self.all(kind)
        return found[-1] if found else None


def facts_of(recording: Recording, wanted: int | None) -> TurnFacts:
    """The facts of this turn, or of the last one. Raises RecordingError that lists the turns if it is not there."""
    events = list(recording.events())
    run = run_of("recorded", SecretWords.of(events).hidden(events))
    opened = {event.turn: event for event in run.events if isinstance(event, ev.TurnOpened)}
    name = recording.path.name
    if not opened:
        torn = f" It is torn: {recording.torn}." if recording.torn else ""
        raise RecordingError(f"{name}: nobody asked anything in this recording, so there is no turn to tell of.{torn}")
    number = list(opened)[-1] if wanted is None else wanted
    if number not in opened:
        raise RecordingError(f"{name} has no turn {wanted}. It has:\n{_listed(list(opened.values()))}")
    thoughts, books = Thoughts(), Books()
    for event in run.events:
        thoughts.feed(event)
        books.feed(event)
    exchanges = _exchanges(recording, number)
    answers = [answer for answer in answers_of(run.events).values() if answer.turn == number]
    told = TurnFacts(
        number,
        len(opened),
        tuple(step.event for step in run.steps if step.turn == number),
        opened[number],
        next((spans for spans in spans_of(run.events) if spans.turn == number), None),
        answers,
        exchanges,
        run.last_ns,
        thoughts.of(number),
        books.of(number, [Traffic(x.host, x.request, x.sent_bytes, x.received_bytes) for x in exchanges]),
    )
    if recording.torn:
        told.notes.append(f"torn: {recording.torn}; `companion sessions recover` mends it")
    return told


def _listed(opened: Sequence[ev.TurnOpened]) -> str:
    shown = opened[-SOME_TURNS:]
    rows = [f"  {one.turn:>4}  {clock(one.t_ns)}  “{cut(safe(one.text) or '…', 60)}”" for one in shown]
    left_out = len(opened) - len(shown)
    return "\n".join(([f"  … {left_out} earlier ones"] if left_out else []) + rows)


def _exchanges(recording: Recording, turn: int) -> list[Exchange]:
    found: dict[int, Exchange] = {}
    for part in recording.http():
        if isinstance(part, HttpBegin):
            if part.turn == turn:
                found[part.exchange] = Exchange(_host(part.url), _sent_bytes(part), part.t_ns, request=part.request)
        elif (exchange := found.get(part.exchange)) is not None:
            if isinstance(part, HttpChunk):
                exchange.received_bytes += len(part.data)
                exchange.first_ns = part.t_rel_ns if exchange.first_ns is None else exchange.first_ns
            elif isinstance(part, HttpEnd):
                exchange.status, exchange.took_ns, exchange.error = part.status, part.t_rel_ns, part.error
    return list(found.values())


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc or url
    except ValueError:
        return url


def _sent_bytes(part: HttpBegin) -> int:
    """As sent: the recording holds a picture's hash in the place of the picture, the header knows its size."""
    claimed = dict(zip(part.headers[::2], part.headers[1::2], strict=False)).get("content-length", "")
    known = int(claimed) if claimed.isascii() and claimed.isdigit() and len(claimed) < 12 else 0
    return max(known, len(part.body))


def clock(t_ns: int) -> str:
    """Session time as a clock shows it: 0:17.32."""
    hundredths = round(max(0, t_ns) / ev.NS * 100)
    return f"{hundredths // 6000}:{hundredths % 6000 // 100:02d}.{hundredths % 100:02d}"
