"""What left the device and what came back: every model exchange of a session, request and response as text.

The bytes were cleaned of secrets and pictures before they were recorded; here they are only made readable and bounded.
"""

from __future__ import annotations

import contextlib
import json
from typing import Any
from urllib.parse import urlsplit

from recordings.exchange import HttpBegin, HttpChunk, HttpEnd
from recordings.reader import Recording

NS = 1_000_000_000
BODY_LETTERS = 24_000  # of one request, and of one response; a long history fits
RESPONSE_LINES = 400  # network chunks shown of one response


def exchanges_of(recording: Recording) -> dict[int, list[dict[str, Any]]]:
    """Turn -> its exchanges, in the order in which they began."""
    begun: dict[int, dict[str, Any]] = {}
    by_turn: dict[int, list[dict[str, Any]]] = {}
    for part in recording.http():
        if isinstance(part, HttpBegin):
            begun[part.exchange] = told = _begin(part)
            by_turn.setdefault(part.turn, []).append(told)
        elif (known := begun.get(part.exchange)) is not None:
            _chunk(known, part) if isinstance(part, HttpChunk) else _end(known, part)
    return by_turn


def _begin(part: HttpBegin) -> dict[str, Any]:
    headers = [f"{name}: {value}" for name, value in zip(part.headers[::2], part.headers[1::2], strict=False)]
    return {
        "t": round(part.t_ns / NS, 4),
        "to": _host(part.url),
        "line": f"{part.method} {part.url}",
        "headers": headers,
        "body": _readable(part.body),
        "sent_bytes": max(_claimed(part), len(part.body)),
        "shorter": " (shorter here: a picture is named by its SHA-256)" if _claimed(part) > len(part.body) else "",
        "chunks": [],
        "chunks_left_out": 0,
        "letters": 0,
        "received_bytes": 0,
        "status": None,
        "ms": None,
        "error": "",
    }


def _chunk(told: dict[str, Any], part: HttpChunk) -> None:
    told["received_bytes"] += len(part.data)
    text = part.data.decode("utf-8", "replace")
    if len(told["chunks"]) >= RESPONSE_LINES or told["letters"] > BODY_LETTERS:
        told["chunks_left_out"] += 1
        return
    told["letters"] += len(text)
    told["chunks"].append({"ms": part.t_rel_ns / 1e6, "text": _bounded(text)})


def _end(told: dict[str, Any], part: HttpEnd) -> None:
    told |= {"status": part.status, "ms": part.t_rel_ns / 1e6, "error": part.error}


def _claimed(part: HttpBegin) -> int:
    """The body's size as sent; the recording holds a picture's name in the place of the picture."""
    headers = dict(zip(part.headers[::2], part.headers[1::2], strict=False))
    claimed = headers.get("content-length", "")
    return int(claimed) if claimed.isascii() and claimed.isdigit() and len(claimed) < 12 else 0


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc or url
    except ValueError:
        return url


def _readable(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    with contextlib.suppress(ValueError, RecursionError):  # not JSON: shown as it is
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return _bounded(text)


def _bounded(text: str) -> str:
    if len(text) <= BODY_LETTERS:
        return text
    return f"{text[:BODY_LETTERS]}\n… {len(text) - BODY_LETTERS:,} more letters are in the recording"
