"""The vendors' own types as a judge of request bodies. Runs in a Python with their packages, and knows nothing of us.

Their packages describe a request by types for an editor, not for a check, so three things let wrong bodies pass if the
types are used as they are. Each is closed here:

* `Iterable[...]` is validated lazily, which means never: it is read as a list.
* A TypedDict allows unknown keys, and response models inside unions allow them too: the first are rebuilt to forbid
  them, the others are dropped, since a body that goes out as JSON holds none.
* Google's enumerations take any word in any case, and bytes take any alphabet: what was understood is written out again
  and must be the body, word for word.

    python vendor_types.py            # lines of {"wire": …, "body": {…}} in, lines of {"problems": […]} out
"""

from __future__ import annotations

import collections.abc
import json
import sys
import types
import typing
import warnings
from importlib.metadata import version
from typing import Any

import typing_extensions
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

MAX_PROBLEMS = 6
_JSON_LEAVES = (str, int, float, bool, type(None), object, Any)
_UNIONS = (typing.Union, types.UnionType)
_GONE = object()  # a type that no JSON body can hold


class Rebuilder:
    """Types of a vendor as types that are checked eagerly, to the bottom, with no key more."""

    def __init__(self) -> None:
        self._made: dict[type, type] = {}

    def strict(self, kind: Any) -> Any:
        """The type rebuilt, or `_GONE`."""
        origin, args = typing.get_origin(kind), typing.get_args(kind)
        if origin in (typing.Annotated, typing_extensions.Annotated, *_WRAPPERS):
            return self.strict(args[0])
        if isinstance(kind, typing.TypeAliasType if sys.version_info >= (3, 12) else typing_extensions.TypeAliasType):
            return self.strict(kind.__value__)
        if kind in _JSON_LEAVES or origin in (typing.Literal, typing_extensions.Literal):
            return Any if kind is object else kind
        if typing_extensions.is_typeddict(kind):
            return self._typed_dict(kind)
        if origin in _UNIONS:
            return self._union(args)
        if self._is_mapping(origin or kind):
            return dict[str, self.strict(args[1]) if args else Any]
        if args and self._is_sequence(origin):
            inside = self.strict(args[0])
            return _GONE if inside is _GONE else list[inside]
        return _GONE

    def _union(self, members: tuple[Any, ...]) -> Any:
        kept = [k for k in (self.strict(m) for m in members) if k is not _GONE]
        return typing.Union[tuple(kept)] if kept else _GONE  # noqa: UP007

    def _typed_dict(self, kind: Any) -> type:
        if kind in self._made:
            return self._made[kind]
        made = typing_extensions.TypedDict(kind.__name__, {})  # noqa: UP013
        made.__pydantic_config__ = ConfigDict(extra="forbid", strict=True)
        self._made[kind] = made  # before its fields: some types hold themselves
        hints = typing_extensions.get_type_hints(kind, include_extras=True)
        fields = {key: self.strict(hint) for key, hint in hints.items()}
        made.__annotations__ = {key: hint for key, hint in fields.items() if hint is not _GONE}
        needed = frozenset(k for k, hint in hints.items() if _needed(kind, k, hint))
        made.__required_keys__ = needed & made.__annotations__.keys()
        made.__optional_keys__ = frozenset(made.__annotations__) - needed
        return made

    @staticmethod
    def _is_mapping(origin: Any) -> bool:
        return isinstance(origin, type) and issubclass(origin, collections.abc.Mapping)

    @staticmethod
    def _is_sequence(origin: Any) -> bool:
        named = getattr(origin, "__name__", "")
        return origin in (list, collections.abc.Iterable, collections.abc.Sequence) or named == "SequenceNotStr"


_WRAPPERS = (typing.Required, typing.NotRequired, typing_extensions.Required, typing_extensions.NotRequired)


def _needed(kind: Any, key: str, hint: Any) -> bool:
    """Whether a key must be there. `__required_keys__` misses `Required[...]` in a module of postponed annotations."""
    origin = typing.get_origin(hint)
    if origin in (typing.Required, typing_extensions.Required):
        return True
    return key in kind.__required_keys__ and origin not in (typing.NotRequired, typing_extensions.NotRequired)


def _typed(kind: Any) -> TypeAdapter[Any]:
    strict = Rebuilder().strict(kind)
    assert strict is not _GONE, kind
    return TypeAdapter(strict)


def _openai_chat() -> TypeAdapter[Any]:
    from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming

    return _typed(CompletionCreateParamsStreaming)


def _openai_responses() -> TypeAdapter[Any]:
    from openai.types.responses.response_create_params import ResponseCreateParamsStreaming

    return _typed(ResponseCreateParamsStreaming)


def _anthropic() -> TypeAdapter[Any]:
    from anthropic.types.message_create_params import MessageCreateParamsStreaming

    return _typed(MessageCreateParamsStreaming)


def _gemini() -> TypeAdapter[Any]:
    """The fields of a generateContent body, as REST names them; the package itself has no type of the whole."""
    from google.genai import types as g
    from pydantic import create_model
    from pydantic.alias_generators import to_camel

    fields: dict[str, Any] = {
        "contents": (list[g.Content], ...),
        "system_instruction": (g.Content, None),
        "tools": (list[g.Tool], None),
        "tool_config": (g.ToolConfig, None),
        "generation_config": (g.GenerationConfig, None),
        "safety_settings": (list[g.SafetySetting], None),
        "cached_content": (str, None),
    }
    config = ConfigDict(extra="forbid", alias_generator=to_camel, val_json_bytes="base64", ser_json_bytes="base64")
    return TypeAdapter(create_model("GenerateContentRequest", __config__=config, **fields))


_JUDGES = {"chat": _openai_chat, "responses": _openai_responses, "anthropic": _anthropic, "gemini": _gemini}


class Judge:
    """Problems of a body in one wire format; the types of a vendor are loaded when first asked for."""

    def __init__(self) -> None:
        self._adapters: dict[str, TypeAdapter[Any]] = {}

    def problems(self, wire: str, body: Any) -> list[str]:
        """What is wrong with the body, [] = nothing. Raises KeyError: no such wire."""
        if wire not in self._adapters:
            self._adapters[wire] = _JUDGES[wire]()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # Google's types only warn of a word that they do not know
                understood = self._adapters[wire].validate_json(json.dumps(body), by_alias=True, by_name=False)
        except ValidationError as error:
            return _told(error)
        except (UserWarning, AttributeError) as error:  # the latter: they take every value for a text
            return [str(error)]
        return _changed(understood, body) if isinstance(understood, BaseModel) else []


def _told(error: ValidationError) -> list[str]:
    """What is wrong, where. Of a union, only the members that call themselves what the body says (`type`, `role`)."""
    errors = error.errors(include_url=False, include_context=False)
    others = {e["loc"][:-1] for e in errors if e["type"] == "literal_error" and e["loc"][-1] in ("type", "role")}
    meant = [e for e in errors if not any(e["loc"][:n] in others for n in range(1, len(e["loc"]) + 1))]
    found = sorted(meant or errors, key=lambda e: -len(e["loc"]))
    return [f"{_path(e['loc'])}: {e['msg']} (was {str(e['input'])[:60]!r})" for e in found[:MAX_PROBLEMS]]


def _path(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(step) for step in loc if not str(step).startswith("list[")) or "body"


def _changed(understood: BaseModel, body: Any) -> list[str]:
    """Where what was understood, written out again, is not what was said."""
    again = json.loads(understood.model_dump_json(by_alias=True, exclude_unset=True))
    return list(_differences(again, body, ""))[:MAX_PROBLEMS]


def _differences(a: Any, b: Any, where: str) -> collections.abc.Iterator[str]:
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(a.keys() | b.keys()):
            if key in a and key in b:
                yield from _differences(a[key], b[key], f"{where}.{key}")
            else:
                yield f"{where}.{key}: {'not said' if key in a else 'not understood'}"
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for at, (one, other) in enumerate(zip(a, b, strict=True)):
            yield from _differences(one, other, f"{where}.{at}")
    elif _plain(a) != _plain(b):
        yield f"{where}: said {str(b)[:60]!r}, understood as {str(a)[:60]!r}"


def _plain(value: Any) -> Any:
    """Base64 in the one alphabet: bytes are written out in the other."""
    return value.replace("-", "+").replace("_", "/") if isinstance(value, str) else (type(value), value)


def main() -> None:
    packages = ("openai", "anthropic", "google-genai", "pydantic")
    print(json.dumps({name: version(name) for name in packages}), flush=True)
    judge = Judge()
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps({"problems": judge.problems(asked["wire"], asked["body"])}), flush=True)


if __name__ == "__main__":
    main()
