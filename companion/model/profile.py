"""A model that can be asked, as data: where it is, how it is spoken to, what it costs, what becomes of what it is sent.

Nothing about a vendor is code. Swapping a model means another profile: `profiles.toml` beside this file, the user's own
file over it (`catalogue`), or a few keys in the settings (`configured`). A profile holds the *name* of the environment
variable with the key, never a key, so it can be shown, recorded and sent along with a bug report.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass
from typing import Any, TypeVar, get_origin, get_type_hints
from urllib.parse import urlsplit

from companion.net import is_loopback
from pipelines.events import ImageRule, ModelInfo
from pipelines.thinking.dialects.query import Quirks
from recordings.exchange import SECRET_SETTING

MODES = ("instant", "thinking", "contemplating")  # as the router has them, which takes 50 ms to import
TRAINS = ("no", "opt-out", "discount", "unknown")
DETAILS = ("", "auto", "low", "high", "original")

# How hard to think, in the words of each wire. Sources: the request types of openai 3.54, anthropic 2.12 and
# google-genai 3.4. Which of them one model takes is another matter: that stands in its profile.
_OPENAI_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
EFFORTS = {
    "chat": _OPENAI_EFFORTS,
    "responses": _OPENAI_EFFORTS,
    "anthropic": ("low", "medium", "high", "xhigh", "max"),
    "gemini": ("MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH"),
}
_SWITCHES = ("enable_thinking", "chat_template_kwargs")  # where a chat server only knows thinking or not
EFFORT_FIELDS = ("", "reasoning_effort", "reasoning", *_SWITCHES)


@dataclass(frozen=True, slots=True)
class ModeRule:
    """How one mode is asked. `effort`: the wire's own word, "" = send none; `first_text_s`: from asking to the first
    word (reasoning models think first, local ones load first); `max_tokens`: of the answer, reasoning included, where
    the question names no cap itself."""

    effort: str = ""
    first_text_s: float = 20.0
    max_tokens: int = 1500


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars a million tokens; below 0 = not known. `as_of`: when that was so."""

    input_usd: float = -1.0
    output_usd: float = -1.0
    cached_usd: float = -1.0
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class Privacy:
    """What becomes of what was sent. `trains`: whether the vendor learns from it: "no"; "opt-out": unless told not to;
    "discount": that is what makes it cheap; "unknown". `retention`, `region`: in words, "" = not known. `local`: the
    model runs on this machine."""

    trains: str = "unknown"
    retention: str = ""
    region: str = ""
    local: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """What this profile's requests and answers were held against, in words, "" = nothing: the vendor's own types, an
    independent double, the vendor itself."""

    types: str = ""
    double: str = ""
    live: str = "never"


@dataclass(frozen=True, slots=True)
class ModelProfile:
    """One model. Raises ValueError that names the profile, the field, the value and the way out."""

    name: str  # what it is called in settings, on the command line and in the ledger
    base_url: str  # up to and with the version, as vendors print it: "https://api.openai.com/v1"
    model: str  # the server's own name for it
    spoken: str = ""  # what it is called aloud; "" = `name`
    dialect: str = "chat"  # the wire format: one of EFFORTS
    key_env: str = ""  # name of the environment variable that holds the key; "" = the server wants none
    instant: ModeRule = ModeRule()
    thinking: ModeRule = ModeRule()
    contemplating: ModeRule = ModeRule()
    between_text_s: float = 8.0  # between two pieces of text: once it talks, silence means that it is gone
    connect_s: float = 5.0
    quirks: Quirks = field(default_factory=Quirks)
    image: ImageRule = field(default_factory=ImageRule)
    vision: bool = True
    tools: bool = True
    max_images: int = 0  # in one request; 0 = not known
    # Reasoning that cannot be switched off comes out of the same cap: under about 1000 some models stay silent.
    min_output_tokens: int = 0
    price: Price = Price()
    privacy: Privacy = Privacy()
    plain_http: bool = False  # another machine over http: key, words and pictures are readable on the way
    checked: Checked = Checked()

    def __post_init__(self) -> None:
        for name in ("name", "base_url", "model"):
            self._require(bool(getattr(self, name).strip()), name, getattr(self, name), "must not be empty")
        self._require(self.dialect in EFFORTS, "dialect", self.dialect, f"must be one of {', '.join(EFFORTS)}")
        self._check_url()
        named = not self.key_env or (self.key_env.isascii() and self.key_env.isidentifier())
        shown = f"({len(self.key_env)} characters)"
        self._require(named, "key_env", shown, "must be the *name* of an environment variable, not the key")
        for name in ("between_text_s", "connect_s"):
            self._seconds(name, getattr(self, name))
        for mode in MODES:
            self._check_mode(mode, self.rule(mode))
        self._check_quirks()
        self._check_numbers()
        trains = self.privacy.trains
        self._require(trains in TRAINS, "privacy.trains", trains, f"must be one of {', '.join(TRAINS)}")

    def _check_url(self) -> None:
        try:
            parts = urlsplit(self.base_url)
            host, _ = parts.hostname or "", parts.port
        except ValueError as error:
            raise ValueError(
                f"profile {self.name}: base_url = {self.base_url!r} is no address ({error}): write https://host/v1"
            ) from error
        fine = parts.scheme in ("http", "https") and bool(host)
        self._require(fine, "base_url", self.base_url, "must look like https://host/v1")
        plain = not (parts.username or parts.password or parts.query or parts.fragment)
        shown = self.base_url if plain else f"{parts.scheme}://…@{host}…"
        self._require(
            plain, "base_url", shown, "must hold no key, password or query: the key belongs into key_env's variable"
        )
        here = not self.privacy.local or is_loopback(host)
        self._require(
            here, "privacy.local", True, f"but base_url points to {host!r}, not to this machine: set it false"
        )
        safe = parts.scheme == "https" or is_loopback(host) or self.plain_http
        self._require(
            safe, "base_url", self.base_url, "sends pictures readable by everybody on the way: use https, or plain_http"
        )

    def _check_mode(self, mode: str, rule: ModeRule) -> None:
        allowed = EFFORTS[self.dialect]
        if self.dialect == "chat" and self.quirks.effort_field in _SWITCHES:
            allowed = ("on", "off")
        fine = not rule.effort or rule.effort in allowed
        self._require(fine, f"{mode}.effort", rule.effort, f'must be "" (send none) or one of {", ".join(allowed)}')
        self._seconds(f"{mode}.first_text_s", rule.first_text_s)
        tokens = rule.max_tokens
        self._require(1 <= tokens <= 1_000_000, f"{mode}.max_tokens", tokens, "must be 1 to 1000000")

    def _check_quirks(self) -> None:
        quirks = self.quirks
        for name, value, known in (
            ("image_detail", quirks.image_detail, DETAILS),
            ("effort_field", quirks.effort_field, EFFORT_FIELDS),
            ("max_tokens_field", quirks.max_tokens_field, ("max_tokens", "max_completion_tokens")),
            ("thinking", quirks.thinking, ("", "adaptive", "disabled", "between_tools")),
            ("media_resolution", quirks.media_resolution, ("", "low", "medium", "high")),
        ):
            self._require(value in known, f"quirks.{name}", value, f"must be one of {', '.join(map(repr, known))}")
        secret = next((key for key in _keys_in(quirks.extra) if SECRET_SETTING.search(key)), "")
        # A profile is recorded as it is, and shown; what is called like a key may hold one.
        self._require(not secret, "quirks.extra", secret, "must hold no key: name its variable in key_env")
        kept = quirks.extra.get("store", False)
        self._require(kept is False, "quirks.extra.store", kept, "must stay false: no exchange is left with a vendor")

    def _check_numbers(self) -> None:
        for name, value, most in (
            ("max_images", self.max_images, 10_000),
            ("min_output_tokens", self.min_output_tokens, 1_000_000),
            ("image.patch_px", self.image.patch_px, 4096),
            ("image.max_px", self.image.max_px, 65_536),
        ):
            self._require(0 <= value <= most, name, value, f"must be 0 to {most}")
        kind = self.image.kind
        self._require(kind in ("", "patches", "fixed"), "image.kind", kind, 'must be "patches", "fixed" or ""')
        sized = kind != "patches" or self.image.patch_px > 0
        self._require(sized, "image.patch_px", self.image.patch_px, "must be the side of a patch in pixels")
        for name in ("input_usd", "output_usd", "cached_usd"):
            usd = getattr(self.price, name)
            self._require(usd == -1 or 0 <= usd <= 10_000, f"price.{name}", usd, "must be 0 to 10000, or -1: not known")

    def _seconds(self, name: str, value: float) -> None:
        self._require(0 < value <= 600, name, value, "must be seconds, more than 0 and at most 600")

    def _require(self, fine: bool, name: str, value: object, rule: str) -> None:
        if not fine:
            raise ValueError(f"profile {self.name or '(without a name)'}: {name} = {value!r} {rule}")

    def rule(self, mode: str) -> ModeRule:
        """How a mode is asked; "" is instant. Raises ValueError for one that does not exist."""
        if mode not in ("", *MODES):
            raise ValueError(f"there is no mode {mode!r}: choose one of {', '.join(MODES)}")
        rule: ModeRule = getattr(self, mode or "instant")
        return rule

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).hostname or ""

    @property
    def loopback(self) -> bool:
        """Whether asking it opens no connection that leaves this machine."""
        return is_loopback(self.host)

    @property
    def called(self) -> str:
        """Its name as it is spoken."""
        return self.spoken or self.name

    def first_text_s(self, mode: str) -> float:
        """From asking in this mode to the first word."""
        return self.rule(mode).first_text_s

    def info(self) -> ModelInfo:
        """What the deciders are told of it, with the whole profile for a replay. A local model costs nothing."""
        local = self.privacy.local
        price = Price(0.0, 0.0, 0.0) if local and self.price.input_usd < 0 else self.price
        return ModelInfo(
            name=self.name,
            local=local,
            vision=self.vision,
            tools=self.tools,
            trains=self.privacy.trains,
            input_usd=price.input_usd,
            output_usd=price.output_usd,
            cached_usd=price.cached_usd,
            image=self.image,
            max_images=self.max_images,
            min_output_tokens=self.min_output_tokens,
            profile=self.to_json(),
            spoken=self.spoken,
        )

    def to_json(self) -> str:
        """The whole profile; `from_json` reads it back as it was."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> ModelProfile:
        """Raises ValueError if the text is no profile."""
        data = json.loads(text)
        if not isinstance(data, dict):
            raise ValueError(f"a profile is a JSON object, not {type(data).__name__}")
        return cls.of_table(str(data.get("name", "")), data)

    @classmethod
    def of_table(cls, name: str, table: Mapping[str, Any]) -> ModelProfile:
        """A profile out of nested tables; keys that are missing get the defaults above.

        Raises:
            ValueError: a key is unknown, missing or of the wrong type, or its value cannot work.
        """
        return _built(cls, {**table, "name": name}, f"profile {name}: ")


T = TypeVar("T")
_KINDS = {str: "text in quotes", bool: "true or false", int: "a whole number", float: "a number"}


def _built(cls: type[T], table: Mapping[str, Any], lead: str, path: str = "") -> T:
    """A dataclass out of a table, checked by its type hints."""
    hints = get_type_hints(cls)
    known = {f.name: f for f in fields(cls)}  # type: ignore[arg-type]
    for key in table:
        if key not in known:
            raise ValueError(f"{lead}there is no key {path}{key!s}; known here: {', '.join(known)}")
    for key, f in known.items():
        if key not in table and f.default is MISSING and f.default_factory is MISSING:
            raise ValueError(f"{lead}{path}{key} is missing")
    return cls(**{key: _value(hints[key], raw, lead, f"{path}{key}") for key, raw in table.items()})


def _value(hint: Any, raw: Any, lead: str, path: str) -> Any:
    if is_dataclass(hint) or get_origin(hint) is Mapping:
        if not isinstance(raw, Mapping):
            raise ValueError(f"{lead}{path} = {raw!r} is not right: it takes a table")
        return dict(raw) if not is_dataclass(hint) else _built(hint, raw, lead, f"{path}.")  # type: ignore[arg-type]
    fine = isinstance(raw, int | float if hint is float else hint) and (hint is bool or not isinstance(raw, bool))
    if not fine or (hint is float and not math.isfinite(raw)):
        shown = repr(raw) if path != "key_env" else "(not shown)"
        raise ValueError(f"{lead}{path} = {shown} is not right: it takes {_KINDS[hint]}")
    return float(raw) if hint is float else raw


def _keys_in(value: object) -> Iterator[str]:
    """Every name in a table, however deep."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _keys_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _keys_in(inner)
