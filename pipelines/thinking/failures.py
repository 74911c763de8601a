"""Every way in which asking a model can fail: what the wearer hears, what the log hints at, whether to try once more.

`KINDS` is the table. `of_status` and `of_error` map what a server said onto it: the words of the server's own error
first (they are more exact than the number), then the number.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pipelines.thinking.private_words import NOT_IN_PRIVATE


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of failure. `spoken`: short, true and free of jargon; `hint`: the way out, for the log;
    `retry`: asking once more may help, as long as nothing of the answer was spoken."""

    spoken: str
    hint: str
    retry: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure. `kind`: a key of KINDS; `detail`: cause for the log; `retry_after_s`: what the server asked for."""

    kind: str
    detail: str = ""
    retry_after_s: float | None = None


STILL_WORKS = "I can still read signs, labels and codes."

KINDS: dict[str, Kind] = {
    # nothing was sent
    "no_model": Kind(f"No model is set up. {STILL_WORKS}", "name one under [model] in the settings"),
    "no_key": Kind("I have no key for the model.", "put the key into the environment variable that the settings name"),
    "no_picture": Kind("I lost the picture before I could send it.", "the frame was no longer held: ask again"),
    "local_only": Kind(
        f"I am set to send nothing out. {STILL_WORKS}",
        "local_only is on: use a model on this machine, or turn it off",
    ),
    "private_mode": Kind(
        NOT_IN_PRIVATE, "private mode is on: say “leave private mode”, or add a model on this machine"
    ),
    "withheld": Kind(
        "Your rules keep this picture back, so I sent nothing.", "privacy.regions or privacy.blur_text: see the log"
    ),
    "opt_in": Kind(
        "That model learns from what it is sent, and nobody has allowed that.",
        "if you want it, name the profile in model.allow_training",
    ),
    "private": Kind(
        "That is private, and the models I may ask learn from what they are sent.",
        "add a model that learns nothing to model.use: one on this machine, or one whose privacy.trains is no",
    ),
    "budget_turn": Kind(
        "That question has used up what one may cost.", "budget.turn_usd or budget.turn_tokens is reached"
    ),
    "budget_day": Kind(
        "I have used up what I may spend on models today.", "budget.day_usd or budget.day_tokens is reached"
    ),
    "no_vision": Kind("That model can't see pictures.", "its profile says vision = false: put one that sees before it"),
    "too_many": Kind("That was more pictures than the model takes.", "more than the profile's max_images"),
    # the way there
    "network": Kind(f"I can't reach the model. {STILL_WORKS}", "check the network and the model's base_url", True),
    "portal": Kind(
        "This network wants a login first.",
        "a web page answered in the model's place: open a browser and log in, or check base_url",
    ),
    "stalled": Kind("The model stopped answering.", "no answer in time: raise first_text_s for a slow model"),
    "truncated": Kind("The model's answer was cut off.", "the connection ended before the answer did", True),
    "protocol": Kind("I don't understand what the model sent.", "not the format we asked for: check base_url"),
    # the server's word
    "auth": Kind("The model refused my key.", "check the key and that it may use this model"),
    "quota": Kind("The budget for the model is used up.", "check billing and spend limits at the vendor"),
    "rate_limit": Kind("I am asking the model too often. Try again in a moment.", "the vendor's rate limit", True),
    "overloaded": Kind("The model is busy. Try again in a moment.", "the server is overloaded or failing", True),
    "bad_request": Kind("The model could not take my question.", "the server says why: see the detail"),
    "too_large": Kind("That was too much for the model.", "send a smaller picture (image_px) or less history"),
    "unknown_model": Kind("The model I was told to ask is not there.", "check model and base_url in the settings"),
    "refused": Kind("The model won't answer that.", "the model or its filter declined"),
    "empty": Kind("The model gave no answer.", "no text at all: raise max_tokens if the model reasons first"),
}


def spoken(kind: str) -> str:
    """The sentence for the wearer; a kind that is not in the table is answered like an answer nobody understands."""
    return KINDS.get(kind, KINDS["protocol"]).spoken


# Words in a server's error `type`, `code` or `message`, most exact first; sources: facts/model.md section 2d and the
# error tables of OpenAI, Anthropic, Meta, OpenRouter, llama.cpp.
_WORDS: tuple[tuple[str, str], ...] = (
    ("insufficient_quota", "quota"),
    ("enforced_spend_limit", "quota"),
    ("insufficient balance", "quota"),
    ("billing", "quota"),
    ("insufficient credits", "quota"),
    ("context_length_exceeded", "too_large"),
    ("maximum context length", "too_large"),
    ("request_too_large", "too_large"),
    ("exceed_context_size", "too_large"),
    ("context window", "too_large"),
    ("prompt is too long", "too_large"),
    ("image exceeds", "too_large"),
    ("invalid_api_key", "auth"),
    ("authentication", "auth"),
    ("api key not valid", "auth"),
    ("incorrect api key", "auth"),
    ("permission_error", "auth"),
    ("model_not_found", "unknown_model"),
    ("content_policy", "refused"),
    ("content_filter", "refused"),
    ("moderation", "refused"),
    ("rate_limit", "rate_limit"),
    ("overloaded", "overloaded"),
    ("server_error", "overloaded"),
    ("loading model", "overloaded"),
)

_STATUS: dict[int, str] = {
    400: "bad_request",
    401: "auth",
    402: "quota",
    403: "auth",
    404: "unknown_model",
    405: "protocol",
    407: "portal",  # a proxy wants a password
    408: "overloaded",
    413: "too_large",
    422: "bad_request",
    429: "rate_limit",
    511: "portal",  # network authentication required
}

_EXCERPT = 200  # characters of a server's words that go into the log


def of_status(status: int, body: bytes = b"", retry_after: str = "") -> Failure:
    """A response whose status is not 200. `retry_after`: the header of that name, "" if there was none."""
    wait_s = _seconds(retry_after)
    if 300 <= status < 400:
        return Failure("portal", f"HTTP {status}: redirected, and redirects are not followed", wait_s)
    if status == 403 and looks_like_page(body):
        return Failure("portal", f"HTTP {status} with a web page: {excerpt(body)}", wait_s)
    said = _error_in(body)
    if said is not None:
        found = of_error(said, status)
        return Failure(found.kind, found.detail, found.retry_after_s if wait_s is None else wait_s)
    return Failure(_by_status(status), f"HTTP {status}: {excerpt(body)}", wait_s)


def of_error(error: object, status: int = 0) -> Failure:
    """An error object as servers write it (`{"message", "type", "code"}`, or a bare string), in a failed response or
    inside a stream that began well. `status`: the response's, 0 inside a stream."""
    parts = _words_of(error)
    detail = excerpt(" ".join(parts).encode("utf-8", "replace"))
    lead = f"HTTP {status}: " if status else "in the stream: "
    wait_s = _retry_delay(error)
    kind = _by_words(" ".join(parts).lower())
    if kind == "quota" and wait_s is not None:
        kind = "rate_limit"  # Gemini speaks of plan and billing there too, but what comes back in seconds is no budget
    if not kind:
        if not status and isinstance(error, dict):
            status = _as_status(error.get("code")) or _as_status(error.get("status"))
        kind = _by_status(status) if status else "overloaded"
    return Failure(kind, lead + detail, wait_s)


def looks_like_page(body: bytes) -> bool:
    """Whether this is HTML or XML, as captive portals and proxies send in a model's place."""
    return body.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def excerpt(body: bytes) -> str:
    """The beginning of a body for the log: one line, printable, bounded."""
    text = body[: 4 * _EXCERPT].decode("utf-8", "replace")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_EXCERPT] or "(empty)"


def _by_words(low: str) -> str:
    return next((kind for words, kind in _WORDS if words in low), "")


def _by_status(status: int) -> str:
    if status in _STATUS:
        return _STATUS[status]
    if status >= 500:
        return "overloaded"
    return "bad_request" if status >= 400 else "protocol"


def _error_in(body: bytes) -> object | None:
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, list) and value:  # Gemini's compatible endpoint wraps its error in a list
        value = value[0]
    if not isinstance(value, dict):
        return None
    return value.get("error") or (value if "message" in value else None)


def _words_of(error: object) -> list[str]:
    if not isinstance(error, dict):
        return [str(error)]
    fields = [error.get(name) for name in ("type", "code", "status", "message")]
    details = error.get("details")
    if isinstance(details, dict):
        fields.append(details.get("error_code"))
    return [str(f) for f in fields if f not in (None, "")] or [json.dumps(error)]


def _retry_delay(error: object) -> float | None:
    """How long Gemini asks us to wait: `details: [{"retryDelay": "12s"}]`."""
    details = error.get("details") if isinstance(error, dict) else None
    for detail in details if isinstance(details, list) else []:
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str) and delay.endswith("s"):
            return _seconds(delay[:-1])
    return None


def _as_status(code: object) -> int:
    if isinstance(code, str) and code.isdecimal():
        code = int(code[:4])
    return code if isinstance(code, int) and 400 <= code <= 599 else 0


def _seconds(retry_after: str) -> float | None:
    """Seconds only: the header may also hold a date, and nothing in here has a clock."""
    try:
        value = float(retry_after)
    except ValueError:
        return None
    return value if 0 <= value < 1e6 else None
