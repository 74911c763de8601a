"""Web search at an address that the wearer's settings give: a SearxNG of one's own, or a vendor's search with a key.

The query goes out by the one door (`companion.net`), so `local_only` holds and the exchange is on the ledger. Answers
are JSON; of what other searches call their fields, the usual names are understood. Nothing that is found is opened.
"""

from __future__ import annotations

import html
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

from companion.net import Incoming, Net, NetError, Observer, Outgoing, Timers, is_loopback
from companion.tools.result import Failure, ToolFailure, ToolResult

MAX_ANSWER_BYTES: Final = 2 << 20
MAX_QUERY_CHARS: Final = 300
SHOWN: Final = 8  # results; nobody has ten read out
TITLE_CHARS: Final = 150
SNIPPET_CHARS: Final = 500
TIMERS: Final = Timers(connect_s=5.0, first_byte_s=10.0, between_chunks_s=5.0)

_LISTS: Final = ("results", "items", "organic", "organic_results", "data")  # where searches keep their results
_TITLES: Final = ("title", "name")
_ADDRESSES: Final = ("url", "link", "href")
_SNIPPETS: Final = ("content", "snippet", "description", "body", "text")
_KINDS: Final[Mapping[str, Failure]] = {"stalled": "too slow", "local_only": "refused"}


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """Where to search. Raises ValueError that names the setting, its value and the way out."""

    url: str  # with "{query}" where the query goes
    key_env: str = ""  # name of the environment variable that holds the key; never the key itself
    key_header: str = "authorization"  # that one gets "Bearer " before the key, any other the bare key

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"tools.search_url = {self.url!r}: it has to begin with http:// or https:// and a host")
        if "{query}" not in self.url:
            raise ValueError(
                f"tools.search_url = {self.url!r}: write {{query}} where the query goes, as in ?q={{query}}"
            )
        if "{query}" in parts.netloc:
            raise ValueError(f"tools.search_url = {self.url!r}: the query cannot be part of the host")
        if self.key_env and parts.scheme == "http" and not is_loopback(parts.hostname):
            raise ValueError(
                f"tools.search_url = {self.url!r}: a key would go over plain http, readable on the way. Use https"
            )


@dataclass(frozen=True, slots=True)
class _Found:
    title: str
    url: str
    snippet: str


class Search:
    """Asks one search. `environ`: where the key is looked up, at each query."""

    def __init__(self, net: Net, options: SearchOptions, environ: Mapping[str, str] = os.environ) -> None:
        self._net = net
        self._options = options
        self._environ = environ

    async def find(self, query: str, exchange: str, observer: Observer | None = None) -> ToolResult:
        """Numbered results and their addresses. `exchange`: what ledger and recording call it. Raises ToolFailure."""
        query = " ".join(query.split())
        if not 0 < len(query) <= MAX_QUERY_CHARS:
            raise ToolFailure("bad arguments", f"A query has 1 to {MAX_QUERY_CHARS} characters.")
        outgoing = Outgoing(
            exchange, "GET", self._options.url.replace("{query}", quote(query, safe="")), self._headers()
        )
        try:
            async with self._net.stream(outgoing, TIMERS, observer) as incoming:
                body = await _body(incoming)
        except NetError as error:
            raise ToolFailure(
                _KINDS.get(error.kind, "failed"), f"The search gave no answer: {error.detail}."
            ) from error
        return _told(_parsed(body))

    def _headers(self) -> dict[str, str]:
        headers = {"accept": "application/json"}
        options = self._options
        if options.key_env:
            key = self._environ.get(options.key_env, "").strip()
            if not (key and key.isascii() and key.isprintable()):
                raise ToolFailure(
                    "failed", f"There is no key for the search: the variable {options.key_env} is not set."
                )
            bearer = options.key_header.lower() == "authorization"
            headers[options.key_header] = f"Bearer {key}" if bearer else key
        return headers


async def _body(incoming: Incoming) -> bytes:
    """The whole answer of a search that went well. Raises ToolFailure for any other."""
    if incoming.status != 200:
        raise ToolFailure("failed", f"The search refused: {_meaning(incoming.status)}.")
    data = bytearray()
    async for chunk in incoming:
        data += chunk
        if len(data) > MAX_ANSWER_BYTES:
            raise ToolFailure("failed", f"The search answered with more than {MAX_ANSWER_BYTES >> 20} MiB.")
    return bytes(data)


def _meaning(status: int) -> str:
    if 300 <= status < 400:
        return f"it wants to send the query elsewhere (status {status}), which is not followed"
    known = {
        401: "it does not take the key",
        403: "it does not allow this; a SearxNG has to list json under search.formats in its settings",
        404: "nothing is at that address",
        429: "it was asked too often",
    }
    return f"{known.get(status, 'it has a fault' if status >= 500 else 'it does not understand the query')} ({status})"


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        if body.lstrip()[:1] == b"<":
            said = "with a web page instead of JSON: the address may lack format=json, or this network wants a login"
        else:
            said = "with something that is not JSON"
        raise ToolFailure("failed", f"The search answered {said}.") from error


def _told(answer: Any) -> ToolResult:
    """Direct answers first, then the numbered results, each with its host; the addresses themselves are sources."""
    rows = _rows(answer)
    if rows is None:
        raise ToolFailure("failed", "The search answered with JSON in which there is no list of results.")
    found = _found(rows)
    lines = [f"Answer: {text}" for text in _answers(answer)]
    if not found and not lines:
        return ToolResult("The search found nothing.")
    for number, one in enumerate(found, 1):
        lines.append(f"{number}. {one.title} ({urlsplit(one.url).hostname})")
        lines += [f"   {one.snippet}"] if one.snippet else []
    return ToolResult("\n".join(lines), sources=tuple(one.url for one in found))


def _rows(answer: Any) -> Sequence[Any] | None:
    """The list of results: the answer itself, or under one of the usual names, or one level below ("web": {…})."""
    if isinstance(answer, list):
        return answer
    if not isinstance(answer, dict):
        return None
    for holder in (answer, answer.get("web"), answer.get("webPages"), answer.get("data")):
        if isinstance(holder, dict):
            for name in (*_LISTS, "value"):
                if isinstance(rows := holder.get(name), list):
                    return rows
    return None


def _found(rows: Sequence[Any]) -> list[_Found]:
    found: list[_Found] = []
    for row in rows:
        if not isinstance(row, dict):
            continue
        url = _first(row, _ADDRESSES)
        title = _plain(_first(row, _TITLES), TITLE_CHARS)
        if _is_web(url) and title and url not in [f.url for f in found]:
            found.append(_Found(title, url, _plain(_first(row, _SNIPPETS), SNIPPET_CHARS)))
        if len(found) == SHOWN:
            break
    return found


def _answers(answer: Any) -> list[str]:
    """SearxNG's direct answers: texts, or objects with one."""
    given = answer.get("answers") if isinstance(answer, dict) else None
    texts = [a.get("answer") if isinstance(a, dict) else a for a in given[:2]] if isinstance(given, list) else []
    return [plain for text in texts if isinstance(text, str) and (plain := _plain(text, SNIPPET_CHARS))]


def _first(row: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((value for name in names if isinstance(value := row.get(name), str) and value.strip()), "")


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and len(url) <= 2000
    except ValueError:
        return False


def _plain(text: str, longest: int) -> str:
    """One line without markup: engines mark the words they found with <b> and write &amp;."""
    text = " ".join(html.unescape(re.sub(r"<[^<>]{0,200}>", "", text[: longest * 8])).split())
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
