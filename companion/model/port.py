"""Who is asked: the `Model` port that the session shell calls, and the profile that describes one model.

A vendor is data. Swapping a model means another profile, not other code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from companion.net import is_loopback
from pipelines.events import Message
from pipelines.thinking.dialects.answer import Failed, Finished, ModelEvent
from pipelines.thinking.dialects.chat import ChatOptions


class Model(Protocol):
    """What the session needs of a model. `ask` runs one query to its end; cancelling its task closes the socket."""

    profile: ModelProfile

    async def ask(
        self,
        messages: tuple[Message, ...],
        images: Mapping[int, bytes],
        on_event: Callable[[ModelEvent], None],
        exchange_name: str,
        max_tokens: int = 0,
    ) -> Finished | Failed: ...


# Hosts whose differences are known (facts/model.md section 2): not keeping exchanges, and the name of the cap.
KNOWN_HOSTS: dict[str, dict[str, Any]] = {
    "api.openai.com": {"store_false": True, "max_tokens_field": "max_completion_tokens"},
    "api.meta.ai": {"max_tokens_field": "max_completion_tokens"},
}

_DETAILS = ("auto", "low", "high", "original")


@dataclass(frozen=True, slots=True)
class ModelProfile:
    """One model that can be asked. Raises ValueError that names the field, the value and the way out."""

    name: str
    # Up to and with the version, as vendors print it: "https://api.openai.com/v1".
    base_url: str
    model: str
    # Name of the environment variable that holds the key; "" = the server wants none. Never the key itself.
    key_env: str = ""
    # From asking to the first word: reasoning models think first, local ones load first.
    first_text_s: float = 20.0
    # Between two pieces of text: once it talks, silence means that it is gone.
    between_text_s: float = 8.0
    connect_s: float = 5.0
    # Room for reasoning that cannot be switched off: a cap under about 1000 makes some models silent.
    max_tokens: int = 1500
    image_detail: str = "high"
    # Longest side of a picture as sent; 1280 is what glasses give (360x640 to 720x1280).
    image_px: int = 1280
    # The model runs on this machine: base_url must be loopback, and the ledger may say so.
    local: bool = False
    # A model on another machine over http: key, words and pictures are readable on the way. Say so to allow it.
    plain_http: bool = False
    # Further fields of the request body, as the vendor calls them (`reasoning_effort`, …).
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("name", "base_url", "model"):
            _require(bool(getattr(self, name).strip()), name, getattr(self, name), "must not be empty")
        self._check_url()
        named = not self.key_env or (self.key_env.isascii() and self.key_env.isidentifier())
        _require(
            named,
            "key_env",
            f"({len(self.key_env)} characters)",
            "must be the *name* of an environment variable, not the key",
        )
        for name in ("first_text_s", "between_text_s", "connect_s"):
            value = getattr(self, name)
            _require(0 < value <= 600, name, value, "must be seconds, more than 0 and at most 600")
        _require(1 <= self.max_tokens <= 1_000_000, "max_tokens", self.max_tokens, "must be 1 to 1000000")
        _require(
            self.image_detail in _DETAILS, "image_detail", self.image_detail, f"must be one of {', '.join(_DETAILS)}"
        )
        _require(64 <= self.image_px <= 8192, "image_px", self.image_px, "must be 64 to 8192 pixels")

    def _check_url(self) -> None:
        try:
            parts = urlsplit(self.base_url)
            host, _ = parts.hostname or "", parts.port
        except ValueError as error:
            raise ValueError(f"model.base_url = {self.base_url!r} is no address: {error}") from error
        fine = parts.scheme in ("http", "https") and bool(host)
        _require(fine, "base_url", self.base_url, "must look like https://host/v1")
        plain = not (parts.username or parts.password or parts.query or parts.fragment)
        shown = self.base_url if plain else f"{parts.scheme}://…@{host}…"
        _require(
            plain, "base_url", shown, "must hold no key, password or query: the key belongs into key_env's variable"
        )
        _require(
            not self.local or is_loopback(host), "local", True, f"but base_url points to {host!r}, not to this machine"
        )
        safe = parts.scheme == "https" or is_loopback(host) or self.plain_http
        _require(
            safe,
            "base_url",
            self.base_url,
            "sends pictures readable by everybody on the way: use https, or set plain_http",
        )

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).hostname or ""

    @property
    def chat_url(self) -> str:
        return self.base_url.rstrip("/") + "/chat/completions"

    @property
    def chat_options(self) -> ChatOptions:
        known = KNOWN_HOSTS.get(self.host, {})
        return ChatOptions(image_detail=self.image_detail, extra=self.extra, **known)


def _require(fine: bool, name: str, value: object, rule: str) -> None:
    if not fine:
        raise ValueError(f"model.{name} = {value!r} {rule}")
