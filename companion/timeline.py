"""The live timeline on a terminal: what was heard, which frame and why, what was answered, where the time went."""

from __future__ import annotations

import sys
from typing import TextIO

from companion.terminal import harmless
from pipelines import events as ev
from pipelines.spans import SpanKeeper, TurnSpans
from pipelines.thinking.wording import narrow as narrow_band


class Timeline:
    """Feed it every event of a session; it prints a line for what a person wants to know."""

    def __init__(self, out: TextIO | None = None, colour: bool | None = None) -> None:
        self._out = out or sys.stdout
        self._colour = self._out.isatty() if colour is None else colour
        self._spans = SpanKeeper(self._latency)
        self._now_ns = 0
        self._heard: dict[int, str] = {}

    def __call__(self, event: ev.Happening | ev.Decision) -> None:
        self._now_ns = event.t_ns
        line = self._line(event)
        if line:
            self._print(*line)
        self._spans.feed(event)

    def _line(self, e: ev.Happening | ev.Decision) -> tuple[str, str] | None:
        match e:
            case ev.LinkChanged():
                parts = [n for n, on in (("mic", e.microphone), ("camera", e.camera), ("speaker", e.speaker)) if on]
                narrow = "; hears only the telephone band" if e.microphone and narrow_band(e.device) else ""
                return "link", f"{e.state} ({', '.join(parts) or 'nothing'}{narrow}) {e.detail}".rstrip()
            case ev.MediaFlow():
                return "link", f"{e.track}: {e.detail}"
            case ev.TurnOpened():
                return "heard", f"“{e.text or '…'}”  → {e.intent}" + (f"  ({e.reason})" if not e.text else "")
            case ev.FrameChosen() if e.frame is not None:
                trouble = f"  PROBLEM: {e.problem}" if e.problem else ""
                return "frame", f"#{e.frame.frame_id}: {e.reason}{trouble}"
            case ev.FrameChosen():
                return "frame", f"none: {e.reason}"
            case ev.AskModel():
                return "sent", e.reason
            case ev.Speak() if e.text:
                return "says", f"{e.text}" + ("" if e.voice in {"", "auto"} else f"  [{e.voice}]")
            case ev.TurnClosed() if e.outcome in {"stopped", "interrupted"}:
                return e.outcome, f"the ear got: “{e.heard}”"
            case ev.ModelFailed() | ev.WorkFailed():
                return "failed", f"{e.kind}: {e.detail}"
            case ev.Shed():
                return "load", e.reason
            case ev.PausePlay() if e.on:
                return "held", e.reason
            case ev.SessionEnded():
                return "end", e.reason
            case _:
                return None

    def _latency(self, turn: TurnSpans) -> None:
        parts = " · ".join(f"{s.name} {s.ms:.0f}" for s in turn.spans if s.ms >= 0.5)
        end = "mouth to ear" if turn.heard_by_device else "mouth to our own output"
        self._print("timing", f"{turn.total_ms:.0f} ms {end}, the link {turn.link_ms:.0f} of it = {parts}")

    def _print(self, label: str, text: str) -> None:
        stamp = f"{self._now_ns / 1e9:7.2f} s"
        shown = f"{label:>11}"
        if self._colour:
            code = {"heard": "36", "says": "32", "failed": "31", "timing": "90", "frame": "33"}.get(label, "0")
            shown = f"\x1b[{code}m{shown}\x1b[0m"
        # A sign or a model may say what a terminal would obey.
        print(f"{stamp} {shown}  {harmless(text)}", file=self._out, flush=True)
