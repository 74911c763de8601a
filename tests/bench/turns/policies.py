"""What is compared on the same sound: our policy, the same with all its waits stretched, and fixed silences."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.thinking.options import TurnOptions

FIXED_MS = (300, 400, 500, 700, 1000)
STRETCHED = (0.6, 0.8, 1.25, 1.5, 2.0)
WAITS = ("complete_silence_ms", "open_silence_ms", "unfinished_silence_ms", "unknown_silence_ms")


@dataclass(frozen=True, slots=True)
class Policy:
    """A name, and settings as `section.key=value`."""

    name: str
    sets: tuple[str, ...] = ()


OURS = Policy("ours")


def fixed() -> tuple[Policy, ...]:
    """So much silence ends every turn, whatever was said."""
    return tuple(Policy(f"fixed {ms} ms", (f"turn.end_silence_ms={ms}",)) for ms in FIXED_MS)


def stretched() -> tuple[Policy, ...]:
    """Our policy with each of its waits so many times as long: how latency is paid for in cut-offs."""
    defaults = TurnOptions()
    return tuple(
        Policy(f"ours x {by:g}", tuple(f"turn.{name}={round(getattr(defaults, name) * by)}" for name in WAITS))
        for by in STRETCHED
    )
