"""A place in a request's JSON that knows its path: what is found there is what the vendor documents, or is refused."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from device_sim.asked import RefusedError

IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")
MISSING = object()


@dataclass(frozen=True, slots=True)
class At:
    """`value` at `path`, such as "messages[1].content". Each reading raises RefusedError with the path."""

    value: Any
    path: str = ""

    def refused(self, why: str) -> RefusedError:
        return RefusedError(f"{self.path or 'body'}: {why}", self.path)

    def known(self, *names: str) -> At:
        """A JSON object with no other fields than these."""
        unknown = [name for name in self.object() if name not in names]
        if unknown:
            raise RefusedError(
                f"{self.path or 'body'}: unknown field {unknown[0]!r}", f"{self.path}.{unknown[0]}".lstrip(".")
            )
        return self

    def object(self) -> dict[str, Any]:
        if not isinstance(self.value, dict):
            raise self.refused("expected an object")
        return self.value

    def has(self, name: str) -> bool:
        """The field is there, and not null."""
        return self.object().get(name) is not None

    def get(self, name: str) -> At:
        """A field that has to be there."""
        found = self.object().get(name, MISSING)
        path = f"{self.path}.{name}".lstrip(".")
        if found is MISSING:
            raise RefusedError(f"{path}: field required", path)
        return At(found, path)

    def items(self) -> Iterator[At]:
        if not isinstance(self.value, list):
            raise self.refused("expected a list")
        return (At(item, f"{self.path}[{i}]") for i, item in enumerate(self.value))

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.refused("expected a string")
        return self.value

    def filled(self) -> str:
        """A text that is not empty."""
        if not self.text():
            raise self.refused("must not be empty")
        return self.text()

    def one_of(self, names: Iterable[str]) -> str:
        known = list(names)
        if self.value not in known:
            raise self.refused(f"{self.value!r} is not supported; expected one of {', '.join(known)}")
        return str(self.value)

    def number(self, low: int) -> int:
        if isinstance(self.value, bool) or not isinstance(self.value, int) or self.value < low:
            raise self.refused(f"expected a whole number from {low}")
        return self.value

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.refused("expected true or false")
        return self.value

    def base64(self) -> bytes:
        try:
            return base64.b64decode(self.text(), validate=True)
        except (binascii.Error, ValueError):
            raise self.refused("this is no base64") from None

    def data_url(self) -> bytes:
        """The bytes of `data:image/jpeg;base64,…`; nothing is fetched from anywhere."""
        kind, found, data = self.text().removeprefix("data:").partition(";base64,")
        if not found or kind not in IMAGE_TYPES:
            raise self.refused(f"expected data:…;base64,… of {', '.join(IMAGE_TYPES)}")
        return At(data, self.path).base64()


def not_stored(body: At) -> None:
    """The wearer's pictures are not to be kept by anybody."""
    if body.has("store") and body.get("store").flag():
        raise RefusedError("store: true keeps the wearer's words and pictures; send false", "store")


def streamed(body: At) -> None:
    if not body.has("stream") or not body.get("stream").flag():
        raise RefusedError("stream: this stand-in only streams; send true", "stream")
