"""Questions about the companion itself, answered from what it knows: what can I say, what did you send, what did you
look at, why did you say that? No model is asked; what was sent and seen is in the `ledger`."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.events import Remembered
from pipelines.thinking import ledger, wording
from pipelines.thinking.world import World

_PLAIN = {
    "hello": "Hello. I am listening.",
    "who": wording.WHO,
    "hear": "Yes, I can hear you.",
    "hearing_failed": wording.WORK_FAILED["transcribe"],
    "not_yet": wording.NOT_YET,
    "nothing_asked": wording.NOTHING_ASKED,
}
_LEDGER = {
    "sent": ledger.spoken.sent,
    "sent_last": ledger.spoken.sent_last,
    "sent_whom": ledger.spoken.sent_whom,
    "why": ledger.spoken.why,
}


def answer(name: str, world: World) -> str:
    """The sentence for a question of that name. Raises KeyError for a name that is not known."""
    if name == "help":
        return wording.help_text(bool(world.model), world.camera, world.closed_vocabulary)
    if name in _LEDGER:
        return _LEDGER[name](ledger.entries(world.history.entries, world.chain.models), world.chain.called)
    if name == "looked":
        return ledger.spoken.looked(ledger.entries(world.history.entries, world.chain.models))
    if name == "sources":
        return sources(world.history.entries)
    if name == "not_understood":
        said = wording.CLOSED_VOCABULARY if world.closed_vocabulary else wording.NOT_UNDERSTOOD
        return f"{said} {wording.NARROW_BAND}" if wording.narrow(world.device) else said
    return _PLAIN[name]


def sources(entries: Sequence[Remembered]) -> str:
    """Where the last answer that had sources was from; the addresses themselves are on the page."""
    found = next((e for e in reversed(entries) if e.sources), None)
    if found is None:
        return "I have used no sources for that."
    hosts = list(dict.fromkeys(wording.host(source) for source in found.sources))
    return f"For “{found.question}” I used {wording.listed(hosts[:4])}. The links are on the page."
