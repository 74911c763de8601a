"""The four ways in which models are asked over HTTP, written from their vendors' documents: one file a wire.

A wire reads a request's JSON into `Asked`, refusing what the vendor would refuse, and writes an `Answer` piece by piece
as the vendor streams it. Nothing here knows a socket.
"""

from __future__ import annotations

from device_sim.wires import anthropic, chat, gemini, responses
from device_sim.wires.wire import Wire

__all__ = ["WIRES", "Wire"]

WIRES: tuple[Wire, ...] = (chat.WIRE, responses.WIRE, anthropic.WIRE, gemini.WIRE)
