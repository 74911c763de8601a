"""Model exchanges as they are kept: every network chunk with its time, and no secret among them.

Redaction happens on the way to the disk, never later. Headers pass by an allow-list; URLs lose the values of
key-like parameters and any user:password; bodies, chunks and errors lose the secrets that the settings know, and
whatever looks like one. A long run of base64 (a picture) is replaced by its SHA-256, under which /media/still has it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

GONE = "[redacted]"
_GONE = GONE.encode()

# Everything else may carry a credential, an account or a tracking id.
_PLAIN_HEADERS = (
    "accept accept-encoding anthropic-version cache-control content-encoding content-length content-type date "
    "openai-processing-ms openai-version retry-after server transfer-encoding user-agent"
)
_LIMIT_HEADERS = (
    f"x-ratelimit-{what}-{of}" for what in ("limit", "remaining", "reset") for of in ("requests", "tokens")
)
ALLOWED_HEADERS = frozenset([*_PLAIN_HEADERS.split(), *_LIMIT_HEADERS])

_SECRET_PARAMETER = re.compile(r"key|token|secret|sig|auth|password|credential|session", re.I)
_SECRET_FIELD = re.compile(
    rb'("(?:[a-z0-9_-]*(?:api[_-]?key|secret|password|passwd|authorization|cookie|credential)[a-z0-9_-]*'
    rb'|(?:access|refresh|id|auth|bearer|session)[_-]?token)"\s*:\s*)"(?:[^"\\]|\\.)*"',
    re.I,
)
SECRET_SETTING = re.compile(r"(?:^|[_-])(?:key|token|secret|password|authorization|cookie|credential)s?$", re.I)
# Shapes of keys that vendors hand out, and of JSON web tokens and bearer headers.
_SECRET_SHAPES = re.compile(
    rb"(?:\b(?:sk|pk|rk)-[A-Za-z0-9_-]{16,}|\bAIza[0-9A-Za-z_-]{30,}|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgsk_[A-Za-z0-9]{20,}"
    rb"|\bhf_[A-Za-z0-9]{20,}|\bxox[abprs]-[A-Za-z0-9-]{10,}|\bAKIA[0-9A-Z]{16}\b"
    rb"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}|(?<=[Bb]earer )[A-Za-z0-9._~+/=-]{8,})"
)
_LONGEST_SHAPE = 512
_SECRET_BEGINNING = re.compile(
    rb"(?:\b(?:[spr]k-|AIza|gh[pousr]_|gsk_|hf_|xox[abprs]-|AKIA|eyJ)|[Bb]earer )[A-Za-z0-9._~+/=-]*\Z"
    rb"|\b(?:[spr]k?|AI?z?|AKI?|gh?[pousr]?|gsk?|hf?|xo?x?[abprs]?|ey?|[Bb]e?a?r?e?r?)\Z"
)
_PICTURE = re.compile(rb"(?<=;base64,)[A-Za-z0-9+/]{8,}={0,2}|[A-Za-z0-9+/]{1024,}={0,2}")


@dataclass(frozen=True, slots=True)
class HttpBegin:
    """A request as sent. `headers`: alternating name, value, in order of name."""

    exchange: int
    turn: int
    t_ns: int
    method: str
    url: str
    headers: tuple[str, ...] = ()
    body: bytes = b""
    request: int = 0  # the `AskModel` that it belongs to


@dataclass(frozen=True, slots=True)
class HttpHead:
    """The response began, `t_rel_ns` after the request. `headers` as in HttpBegin: those of the allow-list."""

    exchange: int
    t_rel_ns: int
    status: int = 0
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HttpChunk:
    """Bytes of the response as they came from the network, `t_rel_ns` after the begin."""

    exchange: int
    t_rel_ns: int
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class HttpEnd:
    """The response is over. `status` 0: there was none; `error`: why it ended early, "" if it did not."""

    exchange: int
    status: int
    t_rel_ns: int
    error: str = ""


HttpPart = HttpBegin | HttpHead | HttpChunk | HttpEnd


def header_pairs(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Headers that may be kept, as `HttpBegin.headers` wants them."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    kept = sorted((name.lower(), value) for name, value in pairs if name.lower() in ALLOWED_HEADERS)
    return tuple(text for pair in kept for text in pair)


@dataclass(frozen=True)
class Redactor:
    """Takes secrets out of what is about to be stored. `secrets`: the key values that the settings hold."""

    secrets: tuple[str, ...] = ()
    _known: tuple[bytes, ...] = field(init=False, repr=False, default=())

    def __post_init__(self) -> None:
        worth = {s.encode("utf-8", "replace") for s in self.secrets if len(s) >= 6}
        object.__setattr__(self, "_known", tuple(sorted(worth, key=len, reverse=True)))

    def part(self, part: HttpPart) -> HttpPart:
        """The same part without secrets."""
        if isinstance(part, HttpBegin):
            headers = self._headers(part.headers)
            return replace(part, url=self.url(part.url), headers=headers, body=self.body(part.body))
        if isinstance(part, HttpHead):
            return replace(part, headers=self._headers(part.headers))
        if isinstance(part, HttpChunk):
            # No picture comes back; and long base64 of a vendor (sealed reasoning) has to be sent again as it was.
            return replace(part, data=self._without_secrets(part.data))
        return replace(part, error=self.text(part.error))

    def _headers(self, pairs: tuple[str, ...]) -> tuple[str, ...]:
        return header_pairs(zip(pairs[::2], (self.text(value) for value in pairs[1::2]), strict=False))

    def body(self, data: bytes) -> bytes:
        """A request's or response's bytes without secrets and pictures."""
        return self._without_secrets(_PICTURE.sub(_picture_name, data))

    def _without_secrets(self, data: bytes) -> bytes:
        for secret in self._known:
            data = data.replace(secret, _GONE)
        data = _SECRET_FIELD.sub(rb'\1"' + _GONE + b'"', data)
        return _SECRET_SHAPES.sub(_GONE, data)

    def unfinished(self, data: bytes) -> int:
        """How many bytes at the end of `data` may be the beginning of a secret."""
        found = _SECRET_BEGINNING.search(data, max(0, len(data) - _LONGEST_SHAPE))
        longest = len(data) - found.start() if found else 0
        for secret in self._known:
            begun = (n for n in range(min(len(secret) - 1, len(data)), 0, -1) if data.endswith(secret[:n]))
            longest = max(longest, next(begun, 0))
        return longest

    def table(self, value: Any) -> Any:
        """Settings without the values of entries that are called like secrets (`api_key`, `token` …)."""
        if isinstance(value, Mapping):
            return {
                name: GONE
                if isinstance(inner, str) and inner and SECRET_SETTING.search(str(name))
                else self.table(inner)
                for name, inner in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.table(inner) for inner in value]
        return self.text(value) if isinstance(value, str) else value

    def text(self, text: str) -> str:
        """A log line or an error without secrets; URLs in it are cleaned as `url` does."""
        text = re.sub(r"\bhttps?://[^\s\"'<>]+", lambda found: self.url(found[0]), text)
        return self.body(text.encode("utf-8", "replace")).decode("utf-8", "replace")

    def url(self, url: str) -> str:
        """A URL without user, password, fragment, and the values of parameters that are called like secrets."""
        try:
            scheme, host, path, query, _ = urlsplit(url)
        except ValueError:
            return GONE
        kept = []
        for pair in query.split("&") if query else ():
            name, equals, _ = pair.partition("=")
            kept.append(f"{name}={GONE}" if equals and _SECRET_PARAMETER.search(name) else pair)
        clean = urlunsplit((scheme, host.rpartition("@")[2], path, "&".join(kept), ""))
        return self.body(clean.encode("utf-8", "replace")).decode("utf-8", "replace")


class ExchangeRedactor:
    """Redacts exchanges whose chunks come one by one: a secret that is split over two network reads is found too.

    The end of a chunk that may be the beginning of a secret is held back and goes with the next chunk, or with the end.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._held: dict[int, bytes] = {}

    def parts(self, part: HttpPart) -> list[HttpPart]:
        """What to write for this part: itself without secrets, and before an end what was held back."""
        redact = self._redactor.part
        if isinstance(part, HttpChunk):
            data = self._held.pop(part.exchange, b"") + part.data
            hold = self._redactor.unfinished(data)
            if hold:
                self._held[part.exchange] = data[-hold:]
            return [redact(replace(part, data=data[: len(data) - hold]))]
        if isinstance(part, HttpEnd) and (held := self._held.pop(part.exchange, b"")):
            return [redact(HttpChunk(part.exchange, part.t_rel_ns, held)), redact(part)]
        return [redact(part)]


def _picture_name(found: re.Match[bytes]) -> bytes:
    try:
        data = base64.b64decode(found[0] + b"=" * (-len(found[0]) % 4))
    except binascii.Error:
        data = found[0]
    return b"[sha256:" + hashlib.sha256(data).hexdigest().encode() + b"]"
