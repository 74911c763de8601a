"""Decisions as marks on a timeline: which are worth one, in which lane, said in which words; and which to spare."""

from __future__ import annotations

from typing import Any

from pipelines import events as ev

# Decisions worth a tick on the timeline: kind -> lane. The rest is in the decision log.
TICKS = {
    "SpeechStarted": "hearing",
    "SpeechPaused": "hearing",
    "Transcribe": "hearing",
    "ScoreTurn": "hearing",
    "TurnJudged": "hearing",
    "AttentionChanged": "hearing",
    "TurnOpened": "hearing",
    "Look": "seeing",
    "FrameChosen": "seeing",
    "KeepStill": "seeing",
    "ReadText": "seeing",
    "ReadCodes": "seeing",
    "ModeChosen": "thinking",
    "AskModel": "thinking",
    "Speculation": "thinking",
    "RunTool": "thinking",
    "ToolUsed": "thinking",
    "WorkerChanged": "thinking",
    "ConfirmAsked": "thinking",
    "ConfirmEnded": "thinking",
    "Aside": "thinking",
    "Cancel": "thinking",
    "Noted": "thinking",
    "Prefer": "thinking",
    "Shed": "thinking",
    "Speak": "speaking",
    "Duck": "speaking",
    "PausePlay": "speaking",
    "RewindPlay": "speaking",
    "StopPlay": "speaking",
    "Earcon": "speaking",
    "TurnClosed": "speaking",
}
MINOR = frozenset(
    {"SetVolume", "Caption", "AskKeyFrame", "AskFrameRate", "Duck", "SpeechStarted", "SpeechPaused", "Earcon", "Aside"}
)


def fewer(rows: list[dict[str, Any]], limit: int) -> list[dict[str, Any]]:
    """At most `limit` rows: the minor ones go first, then evenly."""
    if len(rows) <= limit:
        return rows
    kept = [row for row in rows if row["kind"] not in MINOR]
    if len(kept) <= limit:
        room = limit - len(kept)
        minor = [row for row in rows if row["kind"] in MINOR]
        chosen = {id(row) for row in [*kept, *minor[:: max(1, -(-len(minor) // room))]]} if room else set(map(id, kept))
        return [row for row in rows if id(row) in chosen]
    return [kept[i * len(kept) // limit] for i in range(limit)]


def in_words(e: ev.Decision) -> str:
    """One line for a tick: what was decided, without the why."""
    match e:
        case ev.SpeechStarted():
            return "the wearer begins to speak"
        case ev.SpeechPaused():
            return "the wearer pauses"
        case ev.Transcribe():
            return f"recognise {(e.end_ns - e.start_ns) / 1e9:.2f} s of sound"
        case ev.ScoreTurn():
            return "ask the audio turn model: finished?"
        case ev.TurnJudged():
            return f"{e.wait_ms} ms of silence end the turn ({e.rule})"
        case ev.AttentionChanged():
            return f"attention: {e.old} → {e.new}"
        case ev.TurnOpened():
            return f"turn {e.turn}: “{e.text}” → {e.intent}"
        case ev.Look():
            return "score the frames of the question"
        case ev.FrameChosen():
            return f"frame {e.frame.frame_id} chosen" if e.frame else "no frame chosen"
        case ev.KeepStill():
            return f"keep {part(e.box)}frame {e.frame_id} as a picture"
        case ev.ReadText() | ev.ReadCodes():
            return f"read {'text' if isinstance(e, ev.ReadText) else 'codes'} in frame {e.frame_id}"
        case ev.AskModel():
            role = f", as the {e.worker}" if e.worker else ""
            early = ", before the turn is certain" if e.speculative else ""
            return f"ask {e.model or 'the model'}{f' ({e.mode})' if e.mode else ''}{role}{early}"
        case ev.Speculation():
            return f"the question that was asked early: {e.outcome}"
        case ev.Shed():
            return f"no time for: {', '.join(e.what)}" if e.what else "time for everything again"
        case ev.Prefer():
            return "remember what the wearer prefers"
        case ev.ModeChosen():
            return f"mode: {e.mode}{', as the wearer asked' if e.explicit else ''}"
        case ev.RunTool():
            return f"use {e.name} {e.arguments}"
        case ev.ToolUsed():
            return f"{e.name} failed: {e.failed}" if e.failed else f"{e.name} gave “{e.text}”"
        case ev.WorkerChanged():
            return f"the {e.worker}: {e.state}{f' ({e.model})' if e.model else ''}"
        case ev.ConfirmAsked():
            return f"ask the wearer: “{e.text}”"
        case ev.ConfirmEnded():
            return f"plan {e.plan}: {e.outcome}"
        case ev.Aside():
            return f"{e.kind} set aside: {e.text}"
        case ev.Cancel():
            return f"forget request {e.request} ({e.kind})"
        case ev.Speak():
            return f"say “{e.text}”" if e.text else "the answer is complete"
        case ev.Duck():
            return "lower the answer" if e.on else "answer back to full loudness"
        case ev.PausePlay():
            return "hold the answer" if e.on else "go on with the answer"
        case ev.RewindPlay():
            return f"back to {e.position_ns / 1e9:.1f} s of the answer"
        case ev.StopPlay():
            return "drop the rest of the answer"
        case ev.Earcon():
            return f"earcon “{e.name}”"
        case ev.TurnClosed():
            return f"turn {e.turn} closed: {e.outcome}"
        case ev.Noted():
            return f"noted: {e.what}"
        case _:
            return type(e).__name__


def part(box: tuple[int, ...]) -> str:
    """Which part of a frame a box is, before the frame's name: "the part at 10, 20 of 300×200 pixels of "; "" = all."""
    if not any(box):
        return ""
    return f"the part at {box[0]}, {box[1]} of {box[2]}×{box[3]} pixels of " if len(box) == 4 else "a part of "
