"""One model exchange as HTML: the request as it was sent, the response as it came, piece by piece, with its times."""

from __future__ import annotations

from typing import Any

from companion.report.markup import Markup, el, group
from companion.report.words import clock, ms, plural, size


def exchange(x: dict[str, Any]) -> Markup:
    """Request and response, each to unfold: laid out for reading, and byte for byte."""
    return group(_request(x), _response(x))


def _request(x: dict[str, Any]) -> Markup:
    return el(
        "details",
        el("summary", f"Request to {x['to']} at {clock(x['t'])}, {size(x['sent_bytes'])}{x['shorter']}"),
        el("pre", _head(x["line"], x["headers"]), tabindex=0),
        _fold("Body, laid out", x["pretty"], open=True),
        _fold("Body, as sent" if x["pretty"] else "Body", x["body"], open=not x["pretty"]),
        class_="http",
    )


def _response(x: dict[str, Any]) -> Markup:
    head = x["head"]
    status = x["status"] if x["status"] is not None else head and head["status"]
    said = "no response was recorded" if status is None else f"status {status or 'none'}"
    took = f" after {ms(x['ms'])}" if x["ms"] is not None else ""
    came = f"Response: {said}{took}, {size(x['received_bytes'])}" + (f", {x['error']}" if x["error"] else "")
    lines: list[object] = []
    if head:
        text = _head(f"status {head['status']}", head["headers"])
        lines.append(group(_stamp(head["ms"], "head"), text, "\n"))
    for chunk in x["chunks"]:
        ended = "" if chunk["text"].endswith("\n") else "\n"
        lines.append(group(_stamp(chunk["ms"], plural(chunk["bytes"], "byte")), "\n", chunk["text"], ended))
    if x["chunks_left_out"]:
        lines.append(f"… {plural(x['chunks_left_out'], 'more network read')} in the recording")
    pieces = el("pre", *lines, tabindex=0) if lines else el("p", "nothing came back", class_="soft")
    return el(
        "details",
        el("summary", came),
        pieces if not x["response"] else _fold("As it came, read by read", pieces, open=True),
        _fold("Laid out", x["response"]),
        class_="http",
    )


def _head(line: str, headers: list[tuple[str, str]]) -> str:
    return "\n".join([line, *(f"{name}: {value}" for name, value in headers)])


def _stamp(at_ms: float, what: str) -> Markup:
    return el("span", f"+{at_ms:,.1f} ms  ", el("small", what), class_="stamp")


def _fold(title: str, inside: str | Markup, open: bool = False) -> Markup | None:
    if not inside:
        return None
    shown = inside if isinstance(inside, Markup) else el("pre", inside, tabindex=0)
    return el("details", el("summary", title), shown, open=open, class_="fold")
