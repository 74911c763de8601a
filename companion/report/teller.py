"""A run's events as plain rows for the page: who spoke, what was decided and why, and every turn's story.

Fed one event at a time, of a recording or of a replay; nothing is computed again. Texts in the rows are as recorded,
that is, untrusted. Times are seconds of the session clock.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

from companion.report.ticks import TICKS, in_words
from companion.turn_ledger import Books, Traffic
from companion.turn_recall import Recalls
from companion.turn_thinking import Thoughts
from pipelines import events as ev
from pipelines.spans import SpanKeeper, TurnSpans

NS = 1_000_000_000
RECENT = 8  # earlier questions of the turn that one is held against: three workers ask at once, again and again


def seconds(t_ns: int) -> float:
    return round(t_ns / NS, 4)


@dataclass
class _Turn:
    """A turn while it is being put together."""

    number: int
    told: dict[str, Any] = field(default_factory=dict)
    utterances: dict[int, dict[str, Any]] = field(default_factory=dict)


class Teller:
    """Takes the events one by one; a method for each kind that the page tells of."""

    def __init__(self, detail_letters: int) -> None:
        self._detail_letters = detail_letters
        self.last_ns = 0
        self.first_ns: int | None = None  # a slice of a session begins late; what it starts from stands at zero
        self.started: ev.SessionStarted | None = None
        self.ended = ""
        self.links: list[dict[str, Any]] = []
        self.states: list[dict[str, Any]] = []
        self.speech: list[dict[str, Any]] = []
        self.utterances: dict[int, dict[str, Any]] = {}
        self.ticks: list[dict[str, Any]] = []
        self.decisions: list[dict[str, Any]] = []
        self.notes: list[dict[str, Any]] = []
        self.frame_ids: set[int] = set()
        self._turns: dict[int, _Turn] = {}
        self._spans: dict[int, TurnSpans] = {}
        self._keeper = SpanKeeper(lambda spans: self._spans.__setitem__(spans.turn, spans))
        self._turn_of_request: dict[int, int] = {}
        self._hearing: ev.Transcribed | None = None
        self.thoughts = Thoughts()
        self._books = Books()
        self._recalls = Recalls()

    def feed(self, event: ev.Happening | ev.Decision) -> None:
        self.last_ns = max(self.last_ns, event.t_ns)
        if self.first_ns is None and type(event).__name__ not in ("SessionStarted", "Resumed"):
            self.first_ns = event.t_ns
        self._keeper.feed(event)
        self.thoughts.feed(event)
        self._books.feed(event)
        self._recalls.feed(event)
        handler = getattr(self, "_on_" + type(event).__name__, None)
        if handler is not None:
            handler(event)
        if isinstance(event, ev.Decision):
            self._row(event)

    def end(self) -> None:
        """Close what was open when the recording ended."""
        for row in [*self.states[-1:], *self.speech[-1:], *self.utterances.values()]:
            if row["end"] is None:
                row["end"] = seconds(self.last_ns)
        self.states.sort(key=lambda row: float(row["start"]))  # turns that were replayed one by one may overlap

    def told_turns(self, exchanges: dict[int, list[dict[str, Any]]]) -> list[dict[str, Any]]:
        starts = sorted(turn.told["start"] for turn in self._turns.values())
        for number, turn in self._turns.items():
            turn.told["utterances"] = list(turn.utterances.values())
            turn.told["latency"] = _latency(self._spans.get(number))
            turn.told["exchanges"] = crossed = exchanges.get(number, [])
            traffic = [Traffic(x["to"], x["request"], x["sent_bytes"], x["received_bytes"]) for x in crossed]
            turn.told["ledger"] = self._books.of(number, traffic)
            turn.told["thinking"] = self.thoughts.of(number)
            turn.told["recalls"] = self._recalls.of(number)
            if turn.told["end"] is None:  # stopped, or torn off: it is shown up to the one after it
                after = bisect_right(starts, turn.told["start"])
                turn.told["end"] = min([*starts[after : after + 1], seconds(self.last_ns)])
        return [t.told for t in self._turns.values() if t.number > 0]

    # ------------------------------------------------------------------------------------------------- every decision

    def _row(self, e: ev.Decision) -> None:
        kind = type(e).__name__
        detail = {k: v for k, v in ev.plain(e).items() if k not in ("event", "t_ns", "reason")}
        text = json.dumps(detail, ensure_ascii=False)
        if len(text) > self._detail_letters:
            text = text[: self._detail_letters] + f" … ({len(text):,} letters)"
        reason = e.reason[: self._detail_letters]
        self.decisions.append({"t": seconds(e.t_ns), "kind": kind, "reason": reason, "detail": text})
        if kind in TICKS:
            words = in_words(e)[: self._detail_letters]
            tick = {"t": seconds(e.t_ns), "kind": kind, "lane": TICKS[kind], "text": words, "reason": reason}
            self.ticks.append(tick)

    # ------------------------------------------------------------------------------------------------ who, when, where

    def _on_SessionStarted(self, e: ev.SessionStarted) -> None:  # noqa: N802
        self.started = e

    def _on_SessionEnded(self, e: ev.SessionEnded) -> None:  # noqa: N802
        self.ended = e.reason or "ended"

    def _on_LinkChanged(self, e: ev.LinkChanged) -> None:  # noqa: N802
        has = [name for name, on in (("microphone", e.microphone), ("camera", e.camera), ("speaker", e.speaker)) if on]
        self.links.append({"t": seconds(e.t_ns), "state": e.state, "has": has, "detail": e.detail})

    def _on_MediaFlow(self, e: ev.MediaFlow) -> None:  # noqa: N802
        state = f"{e.track} {'flows' if e.flows else 'silent'}"
        self.links.append({"t": seconds(e.t_ns), "state": state, "has": [], "detail": e.detail})

    def _on_StateChanged(self, e: ev.StateChanged) -> None:  # noqa: N802
        if self.states and self.states[-1]["end"] is None:
            if e.old == e.new:
                return
            self.states[-1]["end"] = max(seconds(e.t_ns), self.states[-1]["start"])
        elif e.old and not self.states:
            self.states.append({"start": 0.0, "end": seconds(e.t_ns), "name": e.old, "reason": ""})
        self.states.append({"start": seconds(e.t_ns), "end": None, "name": e.new, "reason": e.reason or e.signal})

    def _on_SpeechStarted(self, e: ev.SpeechStarted) -> None:  # noqa: N802
        self.speech.append({"start": seconds(e.media_ns), "end": None, "text": ""})

    def _on_SpeechPaused(self, e: ev.SpeechPaused) -> None:  # noqa: N802
        if self.speech:
            self.speech[-1]["end"] = seconds(e.media_ns)

    def _on_Transcribe(self, e: ev.Transcribe) -> None:  # noqa: N802
        self._turn_of_request[e.request] = len(self.speech) - 1

    def _on_Transcribed(self, e: ev.Transcribed) -> None:  # noqa: N802
        self._hearing = e
        at = self._turn_of_request.get(e.request, -1)
        if 0 <= at < len(self.speech):
            self.speech[at]["text"] = e.text if e.accepted else f"({e.why or 'not understood'})"

    # ------------------------------------------------------------------------------------------------------ each turn

    def _turn(self, number: int, t_ns: int) -> dict[str, Any]:
        if number not in self._turns:
            told: dict[str, Any] = {
                "turn": number,
                "t": seconds(t_ns),
                "start": seconds(t_ns),
                "speech_end": None,
                "end": None,
            }
            told |= {"text": "", "intent": "", "reason": "", "hearing": None, "frame": None, "read": [], "asked": []}
            told |= {"failures": [], "outcome": "", "said": "", "heard": "", "closed_why": ""}
            self._turns[number] = _Turn(number, told)
        return self._turns[number].told

    def _on_TurnOpened(self, e: ev.TurnOpened) -> None:  # noqa: N802
        told = self._turn(e.turn, e.t_ns)
        told |= {"text": e.text, "intent": e.intent, "reason": e.reason, "t": seconds(e.t_ns)}
        if e.speech_end_ns:
            told |= {"start": seconds(e.speech_start_ns), "speech_end": seconds(e.speech_end_ns)}
        h = self._hearing
        if h is not None and (h.text == e.text or not e.text):
            told["hearing"] = {
                "accepted": h.accepted,
                "why": h.why,
                "logprob": h.avg_logprob,
                "no_speech": h.no_speech,
                "cost_ms": h.cost_ns / 1e6,
                "text": h.text,
            }

    def _on_Look(self, e: ev.Look) -> None:  # noqa: N802
        self._turn_of_request[e.request] = e.turn

    def _on_ReadText(self, e: ev.ReadText | ev.ReadCodes) -> None:  # noqa: N802
        self._turn_of_request[e.request] = e.turn
        self.frame_ids.add(e.frame_id)

    _on_ReadCodes = _on_ReadText  # noqa: N815

    def _on_KeepStill(self, e: ev.KeepStill) -> None:  # noqa: N802
        self.frame_ids.add(e.frame_id)

    def _on_FrameChosen(self, e: ev.FrameChosen) -> None:  # noqa: N802
        f = e.frame
        told = {"reason": e.reason, "policy": e.policy, "problem": e.problem, "age_ms": e.age_ms, "of": e.candidates}
        if f is not None:
            self.frame_ids.add(f.frame_id)
            told |= {"id": f.frame_id, "t": seconds(f.media_ns), "width": f.width, "height": f.height}
            told |= {"sharpness": f.sharpness, "brightness": f.brightness, "contrast": f.contrast, "motion": f.motion}
        self._turn(e.turn, e.t_ns)["frame"] = told

    def _on_TextRead(self, e: ev.TextRead) -> None:  # noqa: N802
        if e.more:  # the last of them holds all lines once more
            return
        found = [(x.text, f"text, {x.confidence:.0%} sure") for x in e.lines]
        found += [(x.text or "…", f"not read surely ({x.confidence:.0%}), so not said") for x in e.unread]
        found += [("…", f"text runs off the {' and the '.join(e.cut)} edge")] if e.cut else []
        self._read(e.request, e.t_ns, found)

    def _on_CodesRead(self, e: ev.CodesRead) -> None:  # noqa: N802
        self._read(e.request, e.t_ns, [(x.payload, f"{x.kind} code, not opened") for x in e.codes])

    def _read(self, request: int, t_ns: int, found: list[tuple[str, str]]) -> None:
        if (number := self._turn_of_request.get(request, 0)) > 0:
            self._turn(number, t_ns)["read"] += [{"text": text, "what": what} for text, what in found]

    def _on_AskModel(self, e: ev.AskModel) -> None:  # noqa: N802
        self._turn_of_request[e.request] = e.turn
        self.frame_ids |= {m.frame_id for m in e.messages if m.frame_id > 0}
        self.frame_ids |= {view.frame_id for m in e.messages for view in m.views}
        told = self._turn(e.turn, e.t_ns)["asked"]
        messages = [_message(m) for m in e.messages]
        as_before = max((_alike(messages, one["all"]) for one in told[-RECENT:]), default=0)
        who = {"model": e.model, "mode": e.mode, "worker": e.worker}
        row = {"t": seconds(e.t_ns), "reason": e.reason, "image_px": e.image_px, "tools": list(e.tools)} | who
        told.append(row | {"all": messages, "messages": messages[as_before:], "as_before": as_before})

    def _on_ModelFailed(self, e: ev.ModelFailed | ev.WorkFailed) -> None:  # noqa: N802
        row = {"t": seconds(e.t_ns), "kind": e.kind, "text": e.detail}
        self.notes.append({**row, "kind": f"{type(e).__name__}: {e.kind}"})
        if (number := self._turn_of_request.get(e.request, 0)) in self._turns:
            self._turns[number].told["failures"].append(row)

    _on_WorkFailed = _on_ModelFailed  # noqa: N815

    def _on_Noted(self, e: ev.Noted) -> None:  # noqa: N802
        self.notes.append({"t": seconds(e.t_ns), "kind": e.what, "text": e.reason})

    def _on_DeviceEvent(self, e: ev.DeviceEvent) -> None:  # noqa: N802
        self.notes.append({"t": seconds(e.t_ns), "kind": f"device: {e.kind}", "text": e.value})

    def _on_TurnClosed(self, e: ev.TurnClosed) -> None:  # noqa: N802
        told = self._turn(e.turn, e.t_ns)
        told |= {"outcome": e.outcome, "said": e.said, "heard": e.heard, "end": seconds(e.t_ns), "closed_why": e.reason}

    # ---------------------------------------------------------------------------------------------------- each answer

    def _on_Speak(self, e: ev.Speak) -> None:  # noqa: N802
        said = self.utterances.get(e.utterance)
        if said is None:
            said = {"utterance": e.utterance, "turn": e.turn, "start": None, "end": None, "cut": False, "chunks": []}
            self.utterances[e.utterance] = said
            if e.turn > 0:
                self._turn(e.turn, e.t_ns)
                self._turns[e.turn].utterances[e.utterance] = said
        if e.text:
            said["chunks"].append({"t": seconds(e.t_ns), "text": e.text, "kind": e.kind, "voice": e.voice})

    def _on_PlayMark(self, e: ev.PlayMark) -> None:  # noqa: N802
        if (said := self.utterances.get(e.utterance)) is None:
            return
        if e.mark == "started" and said["start"] is None:
            said["start"] = seconds(e.t_ns)
        if e.mark in ("finished", "stopped"):
            said["end"], said["cut"] = seconds(e.t_ns), e.mark == "stopped"


def _message(m: ev.Message) -> dict[str, Any]:
    """One message of a query as the page tells it."""
    told: dict[str, Any] = {"role": m.role, "text": m.text, "frame_id": m.frame_id}
    told |= {"name": m.name, "failed": m.failed, "calls": [(call.name, call.arguments) for call in m.calls]}
    return told | {"views": [(v.frame_id, v.box if any(v.box) else (), v.px, v.name) for v in m.views]}


def _alike(messages: list[dict[str, Any]], earlier: list[dict[str, Any]]) -> int:
    """How many messages at the beginning are those of an earlier query."""
    pairs = enumerate(zip(messages, earlier, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(messages), len(earlier)))


def _latency(spans: TurnSpans | None) -> dict[str, Any] | None:
    if spans is None or not spans.spans:
        return None
    zero = spans.spans[0].start_ns
    rows = [{"name": s.name, "at_ms": (s.start_ns - zero) / 1e6, "ms": s.ms} for s in spans.spans]
    return {"total_ms": spans.total_ms, "to_ear": spans.heard_by_device, "spans": rows}
