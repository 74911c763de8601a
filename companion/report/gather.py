"""A recording's events as one plain dict for the page: who spoke, what was decided and why, and every turn's story.

One pass over the events, nothing computed again. Texts in the dict are as recorded, that is, untrusted; escaping is
`render`'s business. Times are seconds of the session clock.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from companion.report.exchanges import exchanges_of
from companion.report.ticks import TICKS, fewer, in_words
from pipelines import events as ev
from pipelines.spans import SpanKeeper, TurnSpans
from recordings.reader import Recording

NS = 1_000_000_000


@dataclass(frozen=True)
class GatherOptions:
    """What bounds the dict. What is left out is counted, and the page says so."""

    decisions: int = 3000  # rows of the decision log: 10 minutes of lively talk; about 0.3 kB each
    ticks: int = 1500  # more are no longer told apart on a screen
    logs: int = 500
    detail_letters: int = 600  # of one decision's fields


@dataclass
class _Turn:
    """A turn while it is being put together."""

    number: int
    told: dict[str, Any] = field(default_factory=dict)
    utterances: dict[int, dict[str, Any]] = field(default_factory=dict)


def gather(recording: Recording, options: GatherOptions | None = None) -> dict[str, Any]:
    """Everything the page says, but sound and pictures."""
    o = options or GatherOptions()
    teller = _Teller(o)
    for event in recording.events():
        teller.feed(event)
    teller.end()
    logs = list(recording.logs())
    last_ns = max([teller.last_ns, *(line.t_ns for line in logs)], default=0)
    data = {
        "session": _session(recording, teller, last_ns),
        "duration_ns": last_ns,
        "states": teller.states,
        "speech": teller.speech,
        "utterances": list(teller.utterances.values()),
        "ticks": fewer(teller.ticks, o.ticks),
        "ticks_left_out": max(0, len(teller.ticks) - o.ticks),
        "turns": teller.told_turns(exchanges_of(recording)),
        "decisions": fewer(teller.decisions, o.decisions),
        "decisions_left_out": max(0, len(teller.decisions) - o.decisions),
        "notes": teller.notes,
        "logs": [{"t": _s(x.t_ns), "level": x.level, "name": x.name, "text": x.text} for x in logs[-o.logs :]],
        "logs_left_out": max(0, len(logs) - o.logs),
        "frame_ids": teller.frame_ids,
    }
    data["torn"] = recording.torn
    return data


def _session(recording: Recording, teller: _Teller, last_ns: int) -> dict[str, Any]:
    info, started = recording.info, teller.started
    return {
        "file": recording.path.name,
        "size_bytes": recording.path.stat().st_size,
        "id": info.session,
        "when": _when(info.t0_unix_ns, started.wall_clock if started else ""),
        "seconds": last_ns / NS,
        "device": info.device,
        "links": teller.links,
        "recorder": info.recorder,
        "recogniser": started.recogniser if started else "",
        "closed_vocabulary": bool(started and started.closed_vocabulary),
        "model": started.model if started else "",
        "voices": list(started.voices) if started else [],
        "ended": teller.ended,
    }


def _when(unix_ns: int, wall_clock: str) -> str:
    """The start as the wearer's own clock showed it, or in UTC if that is not known."""
    try:
        zone = datetime.fromisoformat(wall_clock).tzinfo or UTC
        return f"{datetime.fromtimestamp(unix_ns // NS, zone):%Y-%m-%d %H:%M:%S %Z}"
    except (ValueError, OverflowError, OSError):
        return (
            f"{unix_ns // NS} s after 1970" if abs(unix_ns) > 200 * 365 * 86400 * NS else _when(unix_ns, "1970-01-01")
        )


def _s(t_ns: int) -> float:
    return round(t_ns / NS, 4)


class _Teller:
    """Takes the events one by one; a method for each kind that the page tells of."""

    def __init__(self, options: GatherOptions) -> None:
        self._o = options
        self.last_ns = 0
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

    def feed(self, event: ev.Happening | ev.Decision) -> None:
        self.last_ns = max(self.last_ns, event.t_ns)
        self._keeper.feed(event)
        handler = getattr(self, "_on_" + type(event).__name__, None)
        if handler is not None:
            handler(event)
        if isinstance(event, ev.Decision):
            self._row(event)

    def end(self) -> None:
        """Close what was open when the recording ended."""
        for row in [*self.states[-1:], *self.speech[-1:], *self.utterances.values()]:
            if row["end"] is None:
                row["end"] = _s(self.last_ns)

    def told_turns(self, exchanges: dict[int, list[dict[str, Any]]]) -> list[dict[str, Any]]:
        for number, turn in self._turns.items():
            turn.told["utterances"] = list(turn.utterances.values())
            turn.told["latency"] = _latency(self._spans.get(number))
            turn.told["exchanges"] = exchanges.get(number, [])
            if turn.told["end"] is None:
                turn.told["end"] = _s(self.last_ns)
        return [t.told for t in self._turns.values() if t.number > 0]

    # ------------------------------------------------------------------------------------------------- every decision

    def _row(self, e: ev.Decision) -> None:
        kind = type(e).__name__
        detail = {k: v for k, v in ev.plain(e).items() if k not in ("event", "t_ns", "reason")}
        text = json.dumps(detail, ensure_ascii=False)
        if len(text) > self._o.detail_letters:
            text = text[: self._o.detail_letters] + f" … ({len(text):,} letters)"
        self.decisions.append({"t": _s(e.t_ns), "kind": kind, "reason": e.reason, "detail": text})
        if kind in TICKS:
            tick = {"t": _s(e.t_ns), "kind": kind, "lane": TICKS[kind], "text": in_words(e), "reason": e.reason}
            self.ticks.append(tick)

    # ------------------------------------------------------------------------------------------------ who, when, where

    def _on_SessionStarted(self, e: ev.SessionStarted) -> None:  # noqa: N802
        self.started = e

    def _on_SessionEnded(self, e: ev.SessionEnded) -> None:  # noqa: N802
        self.ended = e.reason or "ended"

    def _on_LinkChanged(self, e: ev.LinkChanged) -> None:  # noqa: N802
        has = [name for name, on in (("microphone", e.microphone), ("camera", e.camera), ("speaker", e.speaker)) if on]
        self.links.append({"t": _s(e.t_ns), "state": e.state, "has": has, "detail": e.detail})

    def _on_StateChanged(self, e: ev.StateChanged) -> None:  # noqa: N802
        if self.states and self.states[-1]["end"] is None:
            if e.old == e.new:
                return
            self.states[-1]["end"] = _s(e.t_ns)
        elif e.old and not self.states:
            self.states.append({"start": 0.0, "end": _s(e.t_ns), "name": e.old, "reason": ""})
        self.states.append({"start": _s(e.t_ns), "end": None, "name": e.new, "reason": e.reason or e.signal})

    def _on_SpeechStarted(self, e: ev.SpeechStarted) -> None:  # noqa: N802
        self.speech.append({"start": _s(e.media_ns), "end": None, "text": ""})

    def _on_SpeechPaused(self, e: ev.SpeechPaused) -> None:  # noqa: N802
        if self.speech:
            self.speech[-1]["end"] = _s(e.media_ns)

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
            told: dict[str, Any] = {"turn": number, "t": _s(t_ns), "start": _s(t_ns), "speech_end": None, "end": None}
            told |= {"text": "", "intent": "", "reason": "", "hearing": None, "frame": None, "read": [], "asked": []}
            told |= {"failures": [], "outcome": "", "said": "", "heard": "", "closed_why": ""}
            self._turns[number] = _Turn(number, told)
        return self._turns[number].told

    def _on_TurnOpened(self, e: ev.TurnOpened) -> None:  # noqa: N802
        told = self._turn(e.turn, e.t_ns)
        told |= {"text": e.text, "intent": e.intent, "reason": e.reason, "t": _s(e.t_ns)}
        if e.speech_end_ns:
            told |= {"start": _s(e.speech_start_ns), "speech_end": _s(e.speech_end_ns)}
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
            told |= {"id": f.frame_id, "t": _s(f.media_ns), "width": f.width, "height": f.height}
            told |= {"sharpness": f.sharpness, "brightness": f.brightness, "contrast": f.contrast, "motion": f.motion}
        self._turn(e.turn, e.t_ns)["frame"] = told

    def _on_TextRead(self, e: ev.TextRead) -> None:  # noqa: N802
        self._read(e.request, e.t_ns, [(x.text, f"text, {x.confidence:.0%} sure") for x in e.lines])

    def _on_CodesRead(self, e: ev.CodesRead) -> None:  # noqa: N802
        self._read(e.request, e.t_ns, [(x.payload, f"{x.kind} code, not opened") for x in e.codes])

    def _read(self, request: int, t_ns: int, found: list[tuple[str, str]]) -> None:
        if (number := self._turn_of_request.get(request, 0)) > 0:
            self._turn(number, t_ns)["read"] += [{"text": text, "what": what} for text, what in found]

    def _on_AskModel(self, e: ev.AskModel) -> None:  # noqa: N802
        self._turn_of_request[e.request] = e.turn
        self.frame_ids |= {m.frame_id for m in e.messages if m.frame_id > 0}
        messages = [{"role": m.role, "text": m.text, "frame_id": m.frame_id} for m in e.messages]
        self._turn(e.turn, e.t_ns)["asked"].append(
            {"t": _s(e.t_ns), "reason": e.reason, "messages": messages, "image_px": e.image_px}
        )

    def _on_ModelFailed(self, e: ev.ModelFailed | ev.WorkFailed) -> None:  # noqa: N802
        row = {"t": _s(e.t_ns), "kind": e.kind, "text": e.detail}
        self.notes.append({**row, "kind": f"{type(e).__name__}: {e.kind}"})
        if (number := self._turn_of_request.get(e.request, 0)) in self._turns:
            self._turns[number].told["failures"].append(row)

    _on_WorkFailed = _on_ModelFailed  # noqa: N815

    def _on_Noted(self, e: ev.Noted) -> None:  # noqa: N802
        self.notes.append({"t": _s(e.t_ns), "kind": e.what, "text": e.reason})

    def _on_DeviceEvent(self, e: ev.DeviceEvent) -> None:  # noqa: N802
        self.notes.append({"t": _s(e.t_ns), "kind": f"device: {e.kind}", "text": e.value})

    def _on_TurnClosed(self, e: ev.TurnClosed) -> None:  # noqa: N802
        told = self._turn(e.turn, e.t_ns)
        told |= {"outcome": e.outcome, "said": e.said, "heard": e.heard, "end": _s(e.t_ns), "closed_why": e.reason}

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
            said["chunks"].append({"t": _s(e.t_ns), "text": e.text, "kind": e.kind, "voice": e.voice})

    def _on_PlayMark(self, e: ev.PlayMark) -> None:  # noqa: N802
        if (said := self.utterances.get(e.utterance)) is None:
            return
        if e.mark == "started" and said["start"] is None:
            said["start"] = _s(e.t_ns)
        if e.mark in ("finished", "stopped"):
            said["end"], said["cut"] = _s(e.t_ns), e.mark == "stopped"


def _latency(spans: TurnSpans | None) -> dict[str, Any] | None:
    if spans is None or not spans.spans:
        return None
    zero = spans.spans[0].start_ns
    rows = [{"name": s.name, "at_ms": (s.start_ns - zero) / 1e6, "ms": s.ms} for s in spans.spans]
    return {"total_ms": spans.total_ms, "to_ear": spans.heard_by_device, "spans": rows}
