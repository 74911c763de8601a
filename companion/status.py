"""What a device with a screen shows of the session: the message `status` of docs/wire.md."""

from __future__ import annotations

from companion.link.handler import Message
from pipelines.director import Director


def status_message(director: Director, recording: bool) -> Message:
    """How things stand now. Equal messages show the same."""
    now = director.standing
    return {
        "type": "status",
        "model": now.model,
        "local": now.local,
        "private": now.private,
        "mode": now.mode,
        "attention": now.attention,
        "voice": not now.muted,
        "recording": recording,
    }
