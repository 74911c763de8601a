"""Keeps secrets out of what is recorded: a stream of bytes in, the same stream with each secret blanked out."""

from __future__ import annotations

_SHORTEST_SECRET = 8  # blanking "ollama" or "x" wherever it occurs would spoil the record and protect nothing


class Blanker:
    """Replaces secrets by as many asterisks in a stream of bytes, wherever it is cut; nothing else changes.

    It holds back only what may be the beginning of a secret. Secrets under 8 bytes are left alone.
    """

    def __init__(self, secrets: list[bytes] | tuple[bytes, ...]) -> None:
        self._secrets = [s for s in secrets if len(s) >= _SHORTEST_SECRET]
        self._held = b""

    def whole(self, data: bytes) -> bytes:
        """`data` with every secret blanked, apart from the stream."""
        for secret in self._secrets:
            data = data.replace(secret, b"*" * len(secret))
        return data

    def feed(self, data: bytes) -> bytes:
        data = self.whole(self._held + data)
        keep = max((_overlap(data, s) for s in self._secrets), default=0)
        cut = len(data) - keep
        self._held = data[cut:]
        return data[:cut]

    def finish(self) -> bytes:
        rest, self._held = self._held, b""
        return rest


def _overlap(data: bytes, secret: bytes) -> int:
    """How many bytes at the end of `data` are a beginning of `secret`, all of it excluded."""
    return next((n for n in range(min(len(secret) - 1, len(data)), 0, -1) if data.endswith(secret[:n])), 0)
