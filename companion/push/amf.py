"""AMF0, the form of RTMP's commands: enough to read what encoders send, and to write what they want to hear. Pure."""

from __future__ import annotations

import struct
from collections.abc import Mapping

Value = float | bool | str | None | dict[str, "Value"] | list["Value"]
NUMBER, BOOLEAN, STRING, OBJECT, NULL, UNDEFINED, ARRAY, END, STRICT, DATE, LONG = 0, 1, 2, 3, 5, 6, 8, 9, 10, 11, 12
DEEPEST = 8
MOST = 1024  # values in one message: a connect has a dozen


class AmfError(ValueError):
    """These bytes are no AMF0."""


def read(data: bytes) -> list[Value]:
    """All values of a message. Raises AmfError."""
    reader, values = _Reader(data), list[Value]()
    while reader.at < len(data):
        values.append(reader.value())
    return values


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.at = 0
        self._data = data
        self._values = 0

    def value(self, depth: int = 0) -> Value:
        self._values += 1
        if depth > DEEPEST or self._values > MOST:
            raise AmfError("too much in one message")
        kind = self._take(1)[0]
        if kind == NUMBER:
            return float(struct.unpack(">d", self._take(8))[0])
        if kind == BOOLEAN:
            return self._take(1) != b"\0"
        if kind == STRING:
            return self._text(2)
        if kind == LONG:
            return self._text(4)
        if kind in (NULL, UNDEFINED):
            return None
        if kind == ARRAY:
            self._take(4)
        if kind in (OBJECT, ARRAY):
            return self._fields(depth)
        if kind == STRICT:
            return [self.value(depth + 1) for _ in range(min(self._number(4), MOST))]
        if kind == DATE:
            return float(struct.unpack(">d", self._take(10)[:8])[0])
        raise AmfError(f"a value of kind {kind}")

    def _fields(self, depth: int) -> dict[str, Value]:
        fields: dict[str, Value] = {}
        while name := self._text(2):
            fields[name] = self.value(depth + 1)
        if self._take(1)[0] != END:
            raise AmfError("an object without an end")
        return fields

    def _text(self, size: int) -> str:
        return self._take(self._number(size)).decode(errors="replace")

    def _number(self, size: int) -> int:
        return int.from_bytes(self._take(size), "big")

    def _take(self, size: int) -> bytes:
        taken = self._data[self.at : self.at + size]
        if len(taken) < size:
            raise AmfError("it ends too early")
        self.at += size
        return taken


def write(*values: float | str | Mapping[str, float | str] | None) -> bytes:
    """The same the other way."""
    return b"".join(_written(value) for value in values)


def _written(value: float | str | Mapping[str, float | str] | None) -> bytes:
    if value is None:
        return bytes([NULL])
    if isinstance(value, str):
        return bytes([STRING]) + _named(value)
    if isinstance(value, Mapping):
        fields = b"".join(_named(name) + _written(field) for name, field in value.items())
        return bytes([OBJECT]) + fields + b"\0\0" + bytes([END])
    return bytes([NUMBER]) + struct.pack(">d", value)


def _named(text: str) -> bytes:
    raw = text.encode()
    return len(raw).to_bytes(2, "big") + raw
