"""One RTMP publisher, from its first byte to its end: bytes in, bytes for it and what it said out. Pure.

    handshake ─> connect ─> createStream ─> publish KEY ─> media ─> deleteStream, or the connection ends
                                               └─ another key: refused and closed, before any of its media is read

Encoders differ in what else they send in between (releaseStream, FCPublish, _checkbw …); none of it needs an answer.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass

from companion.push import amf
from companion.push.chunks import (
    ACKNOWLEDGED,
    AUDIO,
    COMMAND,
    DATA,
    LONGEST,
    PEER_WINDOW,
    VIDEO,
    WINDOW,
    Chunks,
    RtmpMessage,
    chunked,
)

VERSION = 3
HELLO = 1536  # bytes of each of the handshake's parts
WINDOW_BYTES = 2_500_000
ENDS = ("deleteStream", "closeStream", "FCUnpublish")


@dataclass(frozen=True, slots=True)
class Published:
    """It has shown the key."""


@dataclass(frozen=True, slots=True)
class Described:
    """What it says that it sends."""

    microphone: bool
    camera: bool


@dataclass(frozen=True, slots=True)
class Media:
    kind: int  # AUDIO or VIDEO
    at_ms: int  # of its own clock, 32 bits
    body: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """It said goodbye (`goodbye`), or was refused: close the connection once what is to be sent has been."""

    why: str
    goodbye: bool = False


Said = Published | Described | Media | Ended


class RtmpPeer:
    """`feed` gives what it said; `to_send` is what it shall get. Raises ChunkError and AmfError for no RTMP."""

    def __init__(self, key: str, free: Callable[[], bool] = lambda: True, salt: bytes = bytes(HELLO - 8)) -> None:
        """`free()`: nobody else publishes. `salt`: random bytes of our part of the handshake."""
        self._key, self._free, self._salt = key, free, salt
        self._shaken = 0  # bytes of the peer's handshake that have come
        self._hello = b""
        self._chunks = Chunks()
        self._acknowledged = 0
        self._publishes = False
        self.to_send = bytearray()

    @property
    def shaken(self) -> bool:
        """It has said hello as RTMP does: no port scanner."""
        return self._shaken > HELLO

    def feed(self, data: bytes) -> list[Said]:
        data = self._shake(data)
        out: list[Said] = []
        for message in self._chunks.feed(data):
            if message.kind == COMMAND:
                out += self._command(message)
            elif self._publishes and message.kind in (AUDIO, VIDEO):
                out.append(Media(message.kind, message.at_ms, message.body))
            elif self._publishes and message.kind == DATA:
                out += _described(amf.read(message.body))
            if self._publishes:
                self._chunks.longest = LONGEST
            if out and isinstance(out[-1], Ended):
                break
        if self._chunks.received - self._acknowledged > WINDOW_BYTES // 4:
            self._acknowledged = self._chunks.received
            self._send(ACKNOWLEDGED, (self._acknowledged & 0xFFFFFFFF).to_bytes(4, "big"), channel=2)
        return out

    def _shake(self, data: bytes) -> bytes:
        """Take the handshake off the front; what comes after it."""
        need = 1 + 2 * HELLO - self._shaken
        if need <= 0:
            return data
        part, rest = data[:need], data[need:]
        before, self._shaken = self._shaken, self._shaken + len(part)
        if before <= HELLO:
            self._hello += part
            if self._hello and self._hello[0] != VERSION:
                raise amf.AmfError(f"the first byte is {self._hello[0]}: this is no RTMP")
            if before < 1 + HELLO <= self._shaken:
                self.to_send += bytes([VERSION]) + bytes(8) + self._salt + self._hello[1 : 1 + HELLO]
        return rest

    def _command(self, message: RtmpMessage) -> list[Said]:
        values = amf.read(message.body)
        name, number = values[0] if values else "", _number(values)
        if name == "connect":
            self._send(WINDOW, WINDOW_BYTES.to_bytes(4, "big"), channel=2)
            self._send(PEER_WINDOW, WINDOW_BYTES.to_bytes(4, "big") + b"\2", channel=2)
            about: dict[str, float | str] = {"fmsVer": "FMS/3,0,1,123", "capabilities": 31.0}
            self._say("_result", number, about, _status("status", "NetConnection.Connect.Success", "welcome"))
        elif name == "createStream":
            self._say("_result", number, None, 1.0)
        elif name == "publish":
            return self._publish(values, message.stream)
        elif name == "play":
            return [Ended("it asked to play, and there is nothing to be played here")]
        elif name in ENDS and self._publishes:
            return [Ended("the device ended its push", goodbye=True)]
        return []

    def _publish(self, values: list[amf.Value], stream: int) -> list[Said]:
        given = values[3] if len(values) > 3 and isinstance(values[3], str) else ""
        key = given.partition("?")[0]
        if not hmac.compare_digest(key.encode(errors="surrogatepass"), self._key.encode()):
            self._tell(stream, _status("error", "NetStream.Publish.BadName", "the stream key is wrong"))
            return [Ended("it came with a wrong stream key" if given else "it came without a stream key")]
        if not self._free():
            self._tell(stream, _status("error", "NetStream.Publish.BadName", "somebody publishes here already"))
            return [Ended("it came while somebody else pushes")]
        self._publishes = True
        self._tell(stream, _status("status", "NetStream.Publish.Start", "go on"))
        return [Published()]

    def refuse(self, why: str) -> None:
        """Tell it that what it publishes is not taken."""
        self._tell(1, _status("error", "NetStream.Publish.Rejected", why))

    def _tell(self, stream: int, status: dict[str, float | str]) -> None:
        self._send(COMMAND, amf.write("onStatus", 0.0, None, status), stream, channel=5)

    def _say(self, *values: float | str | dict[str, float | str] | None) -> None:
        self._send(COMMAND, amf.write(*values))

    def _send(self, kind: int, body: bytes, stream: int = 0, channel: int = 3) -> None:
        self.to_send += chunked(kind, body, stream, channel)


def _number(values: list[amf.Value]) -> float:
    number = values[1] if len(values) > 1 else 0.0
    return number if isinstance(number, float) else 0.0


def _status(level: str, code: str, description: str) -> dict[str, float | str]:
    return {"level": level, "code": code, "description": description}


def _described(values: list[amf.Value]) -> list[Said]:
    """From onMetaData; [] if this is something else."""
    fields = next((value for value in values if isinstance(value, dict)), None)
    if "onMetaData" not in values or fields is None:
        return []
    return [Described(fields.get("audiocodecid") is not None, fields.get("videocodecid") is not None)]
