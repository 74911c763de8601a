"""What left the device and what came back: every model exchange of a session, request and response, exact and readable.

The bytes were cleaned of secrets and pictures before they were recorded; here they are only shown twice, laid out for
reading and as they are (bytes that are not UTF-8 as \\xNN), and bounded. What is left out is counted and said.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from companion.secret_words import SecretWords
from recordings.exchange import HttpBegin, HttpChunk, HttpEnd, HttpHead
from recordings.reader import Recording

NS = 1_000_000_000


@dataclass(frozen=True)
class ExchangeOptions:
    """How much of a page the exchanges may take; each body is on it twice."""

    body_letters: int = 48_000  # of one request, and of one response; a long history fits
    chunks: int = 600  # network reads of one response; a token each makes about 500
    page_letters: int = 3_000_000  # of all bodies together; then only heads and sizes


def exchanges_of(
    recording: Recording, options: ExchangeOptions | None = None, secrets: SecretWords | None = None
) -> dict[int, list[dict[str, Any]]]:
    """Turn -> its exchanges, in the order in which they began."""
    return Exchanges(options or ExchangeOptions(), secrets).of(recording.http())


class Exchanges:
    """Puts the parts of exchanges together as they come."""

    def __init__(self, options: ExchangeOptions, secrets: SecretWords | None = None) -> None:
        self._o = options
        self._secrets = secrets or SecretWords()
        self._left = options.page_letters
        self._begun: dict[int, dict[str, Any]] = {}
        self._by_turn: dict[int, list[dict[str, Any]]] = {}

    def of(self, parts: Iterable[object]) -> dict[int, list[dict[str, Any]]]:
        """Parts of a later kind are passed over; those of an exchange whose begin was lost too."""
        for part in parts:
            if isinstance(part, HttpBegin):
                self._begun[part.exchange] = told = self._begin(part)
                self._by_turn.setdefault(part.turn, []).append(told)
            elif (known := self._begun.get(getattr(part, "exchange", -1))) is not None:
                self._more(known, part)
        for told in self._begun.values():
            told["response"] = self._bounded(_response(bytes(told.pop("kept", b"")), self._o.body_letters))
        return self._by_turn

    def _begin(self, part: HttpBegin) -> dict[str, Any]:
        raw = self._bounded(_exact(part.body))
        return {
            "t": round(part.t_ns / NS, 4),
            "to": _host(part.url),
            "line": f"{part.method} {part.url}",
            "headers": _headers(part.headers),
            "body": raw,
            "pretty": self._bounded(_laid_out(part.body.decode("utf-8", "replace"), self._o.body_letters) or ""),
            "request": part.request,
            "sent_bytes": max(_claimed(part), len(part.body)),
            "shorter": " (shorter here: a picture is named by its SHA-256)" if _claimed(part) > len(part.body) else "",
            "chunks": [],
            "chunks_left_out": 0,
            "kept": bytearray(),
            "response": "",
            "received_bytes": 0,
            "head": None,
            "status": None,
            "ms": None,
            "error": "",
        }

    def _more(self, told: dict[str, Any], part: object) -> None:
        if isinstance(part, HttpChunk):
            self._chunk(told, part)
        elif isinstance(part, HttpEnd):
            told |= {"status": part.status, "ms": part.t_rel_ns / 1e6, "error": part.error}
        elif isinstance(part, HttpHead):  # older files have none
            told["head"] = {"ms": part.t_rel_ns / 1e6, "status": part.status, "headers": _headers(part.headers)}

    def _chunk(self, told: dict[str, Any], part: HttpChunk) -> None:
        told["received_bytes"] += len(part.data)
        if len(told["chunks"]) >= self._o.chunks or len(told["kept"]) > self._o.body_letters or self._left <= 0:
            told["chunks_left_out"] += 1
            return
        told["kept"] += part.data[: self._o.body_letters]
        raw = self._bounded(_exact(part.data))
        told["chunks"].append({"ms": part.t_rel_ns / 1e6, "bytes": len(part.data), "text": raw})

    def _bounded(self, text: str) -> str:
        text = self._secrets.text(text)
        room = max(0, min(self._o.body_letters, self._left))
        self._left -= min(len(text), room)
        if len(text) <= room:
            return text
        return f"{text[:room]}\n… {len(text) - room:,} more letters are in the recording"


def _response(data: bytes, limit: int) -> str:
    """The response for reading: the JSON of each server-sent event laid out, or the whole if it is JSON; "" if none."""
    text = data.decode("utf-8", "replace")
    whole = _laid_out(text, limit)
    if whole is not None:
        return whole
    lines, found = [], False
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        name, colon, value = line.partition(":")
        laid = _laid_out(value, limit) if colon and name == "data" else None
        found |= laid is not None
        lines.append(f"data: {laid}" if laid is not None else line)
    return "\n".join(lines).strip("\n") if found else ""


def _exact(data: bytes) -> str:
    """Bytes as text that hides nothing: what is not UTF-8, and what a browser would swallow, is shown as \\xNN."""
    return data.decode("utf-8", "backslashreplace").translate(_UNSEEN)


_UNSEEN = {code: f"\\x{code:02x}" for code in [*range(32), 127] if chr(code) not in "\n\t"}


def _headers(flat: tuple[str, ...]) -> list[tuple[str, str]]:
    return list(zip(flat[::2], flat[1::2], strict=False))


def _claimed(part: HttpBegin) -> int:
    """The body's size as sent; the recording holds a picture's name in the place of the picture."""
    claimed = dict(_headers(part.headers)).get("content-length", "")
    return int(claimed) if claimed.isascii() and claimed.isdigit() and len(claimed) < 12 else 0


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc or url
    except ValueError:
        return url


def _laid_out(text: str, limit: int) -> str | None:
    """JSON with a line for each value, made only as far as it is shown; None if it is none."""
    text = text.strip()
    if text[:1] not in ("{", "["):
        return None
    parts, letters = [], 0
    with contextlib.suppress(ValueError, RecursionError):
        for piece in json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(json.loads(text)):
            parts.append(piece)
            letters += len(piece)
            if letters > limit:
                break
        return "".join(parts)
    return None
