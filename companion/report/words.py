"""How the page says numbers and names, in plain English."""

from __future__ import annotations

ROUTES = {
    "read": "read from the picture, on the device",
    "code": "a code in the picture, read on the device",
    "history": "from what was said before, on the device",
    "model": "a question for the model",
    "command": "a command",
    "confirm": "what the wearer said to a plan",
    "alarm": "a timer or a reminder, on the device",
    "status": "the companion about itself",
    "memory": "to be remembered or forgotten, on the device",
    "recall": "from memory, on the device",
}
OUTCOMES = {
    "answered": "answered",
    "stopped": "stopped by the wearer",
    "interrupted": "interrupted",
    "failed": "failed",
    "asked": "waits for the wearer’s word",
    "": "still open at the end",
}
PLANS = {
    "": "never decided",
    "allowed": "allowed",
    "refused": "refused",
    "silence": "not allowed: nobody said so in time",
    "other words": "not allowed: the wearer spoke of something else",
    "stale": "not allowed: another plan took its place",
    "dropped": "dropped: what it was for was over",
}
STATES = {
    "waiting": "no device",
    "listening": "nobody speaks",
    "hearing": "the wearer speaks",
    "settling": "a pause: is the turn over?",
    "thinking": "the turn is over, nothing sounds yet",
    "speaking": "the answer sounds",
    "doubting": "a voice over the answer: lowered",
    "yielding": "the wearer speaks over the answer: held",
    "weighing": "the wearer paused after that: what was it?",
    "closed": "over",
}


def clock(seconds: float) -> str:
    """Seconds as a clock shows them: 0:17.32, 1:02:03.40."""
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths, 6000)
    tail = f"{rest // 100:02d}.{rest % 100:02d}"
    return f"{minutes // 60}:{minutes % 60:02d}:{tail}" if minutes >= 60 else f"{minutes}:{tail}"


def length(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f}\u00a0s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min {rest:02d} s"


def ms(value: float) -> str:
    return f"{value:,.0f}\u00a0ms" if value >= 10 or value == 0 else f"{value:.1f}\u00a0ms"


def size(count: int) -> str:
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1e3:.0f} kB" if count < 1_000_000 else f"{count / 1e6:.1f} MB"


def dollars(usd: float) -> str:
    """An amount as a bill has it, to a hundredth of a cent: $0.0123."""
    if 0 < usd < 0.0001:
        return "under $0.0001"
    return f"${usd:,.4f}" if usd < 1 else f"${usd:,.2f}"


def plural(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def route(intent: str) -> str:
    """What kind of answer an intent such as "read:read" leads to."""
    head, _, tail = intent.partition(":")
    return ROUTES.get(head, intent) + (f" ({tail.replace('_', ' ')})" if tail and tail != head else "")


def shift(shift_ms: float) -> str:
    """A move in time: "400 ms later"."""
    return f"{ms(abs(shift_ms))} {'later' if shift_ms > 0 else 'earlier'}" if shift_ms else "at the same time"
