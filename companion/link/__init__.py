"""The link to a device: WebRTC on one side, encoded media and plain messages on the other.

`server` answers offers, `session` is one connected device, `handler` is what the rest of the companion sees of it. The
wire itself is described in `docs/wire.md`. aiortc is imported in this folder only, and every private name of it that we
lean on is in `internals`.
"""
