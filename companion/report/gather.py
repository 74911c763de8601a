"""A recording as one plain dict for the page: who and when, what was said and decided, and every turn's story.

One pass over the events, nothing computed again. Texts in the dict are as recorded, that is, untrusted; escaping is
`markup`'s business. Times are seconds of the session clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from companion.report.exchanges import exchanges_of
from companion.report.teller import NS, Teller, seconds
from companion.report.thinking import strip_of
from companion.report.ticks import fewer
from companion.secret_words import SecretWords
from companion.turn_thinking import spending
from recordings.reader import Recording
from recordings.run import Run


@dataclass(frozen=True)
class GatherOptions:
    """What bounds the dict. What is left out is counted, and the page says so."""

    decisions: int = 3000  # rows of the decision log: 10 minutes of lively talk; about 0.3 kB each
    ticks: int = 1500  # more are no longer told apart on a screen
    logs: int = 500
    turns: int = 1000  # cards; an hour of lively talk has 300
    spans: int = 6000  # boxes of one lane
    detail_letters: int = 600  # of one decision's fields


def gather(
    recording: Recording, options: GatherOptions | None = None, secrets: SecretWords | None = None
) -> dict[str, Any]:
    """Everything the page says of a recording, but sound and pictures. `secrets`: that it does not say, default its
    own."""
    o = options or GatherOptions()
    events = list(recording.events())
    secrets = secrets or SecretWords.of(events)
    teller = Teller(o.detail_letters)
    for event in secrets.hidden(events):
        teller.feed(event)
    logs = list(secrets.hidden(recording.logs()))
    last_ns = max([teller.last_ns, *(line.t_ns for line in logs)], default=0)
    data = _told(teller, exchanges_of(recording, secrets=secrets), o) | {
        "session": _session(recording, teller, last_ns),
        "duration_ns": last_ns,
        "notes": teller.notes,
        "logs": [{"t": seconds(x.t_ns), "level": x.level, "name": x.name, "text": x.text} for x in logs[-o.logs :]],
        "logs_left_out": max(0, len(logs) - o.logs),
    }
    data["torn"] = recording.torn
    return data


def gather_run(run: Run, options: GatherOptions | None = None, secrets: SecretWords | None = None) -> dict[str, Any]:
    """The part of it that a replayed run has too: what was said and decided, and every turn's story."""
    o = options or GatherOptions()
    teller = Teller(o.detail_letters)
    for event in (secrets or SecretWords.of(run.events)).hidden(run.events):
        teller.feed(event)
    return _told(teller, {}, o) | {"duration_ns": teller.last_ns}


def _told(teller: Teller, exchanges: dict[int, list[dict[str, Any]]], o: GatherOptions) -> dict[str, Any]:
    teller.end()
    turns = teller.told_turns(exchanges)
    lanes = {"states": teller.states, "speech": teller.speech, "utterances": list(teller.utterances.values())}
    whole = {"turns": (turns, o.turns)} | {name: (rows, o.spans) for name, rows in lanes.items()}
    bounded = [
        f"{len(rows) - most:,} more {name} are left out." for name, (rows, most) in whole.items() if len(rows) > most
    ]
    return {name: rows[:most] for name, (rows, most) in whole.items()} | {
        "bounded": bounded,
        "begins": seconds(teller.first_ns or 0),
        "ticks": fewer(teller.ticks, o.ticks),
        "ticks_left_out": max(0, len(teller.ticks) - o.ticks),
        "decisions": fewer(teller.decisions, o.decisions),
        "decisions_left_out": max(0, len(teller.decisions) - o.decisions),
        "frame_ids": teller.frame_ids,
        "looked_ids": {shown.frame_id for turn in turns for _, shown in strip_of(turn) if not shown.part},
    }


def _session(recording: Recording, teller: Teller, last_ns: int) -> dict[str, Any]:
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
        "models": list(teller.thoughts.models.values()),
        "spending": spending(list(teller.thoughts.turns.values())),
        "spent": teller.thoughts.spent,
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
