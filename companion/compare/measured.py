"""What one run of a session says of each question that went to a model: the answer, when it began, what it took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from companion.model.profile import ModelProfile
from pipelines import events as ev
from pipelines.thinking.budget import cost_usd
from recordings.run import Run


@dataclass(frozen=True, slots=True)
class Answered:
    """One turn in one run. `first_ms`: from asking to the first word, None if there was none; `usd` None: no price is
    known; `failure`: kind of failure, "" if it was answered; `asked`: the models that were asked, in order."""

    turn: int
    question: str
    answer: str
    asked: tuple[str, ...] = ()
    first_ms: float | None = None
    whole_ms: float | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float | None = None
    failure: str = ""
    pictures: int = 0


def answers_of(run: Run, profiles: Mapping[str, ModelProfile]) -> dict[int, Answered]:
    """By turn, those turns of the run in which a model was asked. `profiles`: for prices, by name."""
    events: dict[int, list[ev.Happening | ev.Decision]] = {}
    for step in run.steps:
        events.setdefault(step.turn, []).append(step.event)
    found = {turn: _answered(turn, own, profiles) for turn, own in events.items()}
    return {turn: answered for turn, answered in sorted(found.items()) if answered is not None}


def _answered(
    turn: int, events: list[ev.Happening | ev.Decision], profiles: Mapping[str, ModelProfile]
) -> Answered | None:
    asks = {e.request: e for e in events if isinstance(e, ev.AskModel)}
    if not asks:
        return None
    opened = next((e for e in events if isinstance(e, ev.TurnOpened)), None)
    began_ns = min(ask.t_ns for ask in asks.values())
    words = [e.t_ns for e in events if isinstance(e, ev.ModelText)]
    done = [e for e in events if isinstance(e, ev.ModelDone)]
    failed = [e.kind for e in events if isinstance(e, ev.ModelFailed)]
    prices = [_usd(e, asks, profiles) for e in done]
    return Answered(
        turn,
        opened.text if opened else "",
        " ".join(e.text for e in events if isinstance(e, ev.Speak) and e.text),
        tuple(dict.fromkeys(ask.model for ask in asks.values())),
        (words[0] - began_ns) / 1e6 if words else None,
        (max(e.t_ns for e in done) - began_ns) / 1e6 if done else None,
        sum(e.input_tokens for e in done),
        sum(e.output_tokens for e in done),
        sum(p for p in prices if p is not None) if prices and all(p is not None for p in prices) else None,
        failed[-1] if failed and not done else "",
        sum((m.frame_id > 0) + len(m.views) for m in next(iter(asks.values())).messages),
    )


def _usd(done: ev.ModelDone, asks: Mapping[int, ev.AskModel], profiles: Mapping[str, ModelProfile]) -> float | None:
    ask = asks.get(done.request)
    profile = profiles.get(ask.model) if ask else None
    if profile is None:
        return None
    info = profile.info()
    if info.local:
        return 0.0
    return cost_usd(info, done.input_tokens, done.output_tokens, done.cached_tokens) if info.output_usd >= 0 else None
