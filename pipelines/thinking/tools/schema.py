"""A model's arguments against a tool's parameters: JSON text in, a checked object out, or what to tell the model.

Understood of JSON schema: type, enum, const, required, properties, additionalProperties, items, minItems, maxItems,
minimum, maximum, minLength, maxLength. Anything else in a schema is ignored; the tool has to check it. Nothing here
raises, whatever the model wrote and whatever a tool's author wrote.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

MAX_CHARS: Final = 32_768
MAX_DEPTH: Final = 12
MAX_VALUES: Final = 2_000
_SHOWN: Final = 60  # characters of a wrong value that the model is shown again

_ARTICLES: Final = {
    "object": "an object", "array": "an array", "string": "a string", "number": "a number",
    "integer": "a whole number", "boolean": "true or false", "null": "null",
}  # fmt: skip


class _WrongError(ValueError):
    """What is wrong with the arguments and what is right, as a sentence."""


def read_arguments(parameters: str, arguments: str) -> tuple[dict[str, Any], str]:
    """The arguments as an object and "", or {} and a sentence for the model that says what is wrong and what is right.

    `parameters`: JSON schema as text; one that is no JSON object allows everything. Empty arguments are {}.
    """
    try:
        value = _parsed(arguments)
        schema = _schema(parameters)
        return _object(value, schema), ""
    except _WrongError as wrong:
        return {}, str(wrong)


def _parsed(arguments: str) -> Any:
    if len(arguments) > MAX_CHARS:
        raise _WrongError(f"The arguments have {len(arguments)} characters; at most {MAX_CHARS} are allowed.")
    if not arguments.strip():
        return {}
    try:
        value = json.loads(arguments, object_pairs_hook=_pairs, parse_constant=_constant)
    except _WrongError:
        raise
    except (ValueError, RecursionError) as error:
        raise _WrongError(f"The arguments are not valid JSON ({str(error)[:80]}). Send one JSON object.") from error
    _bounded(value)
    return value


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers may take different ones of two equal keys: what is confirmed must be what is sent."""
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _WrongError(f"The key {_shown(twice)} stands twice in one object. Give it once.")
    return found


def _constant(name: str) -> Any:
    raise _WrongError(f"The arguments hold {name}, which is no JSON. Use a number or null.")


def _bounded(value: Any) -> None:
    """Nothing deeper, longer or stranger than a recording or a tool can take. Walks without recursion."""
    stack, count = [(value, 1)], 0
    while stack:
        item, depth = stack.pop()
        count += 1
        if depth > MAX_DEPTH or count > MAX_VALUES:
            raise _WrongError(f"The arguments are too large: at most {MAX_VALUES} values, nested {MAX_DEPTH} deep.")
        if isinstance(item, float) and item in (float("inf"), float("-inf")):
            raise _WrongError("A number in the arguments is too large.")
        if isinstance(item, str) and any("\ud800" <= char <= "\udfff" for char in item):
            raise _WrongError("A string in the arguments holds half a character (a lone surrogate).")
        if isinstance(item, dict):
            stack += [(part, depth + 1) for pair in item.items() for part in pair]
        elif isinstance(item, list):
            stack += [(part, depth + 1) for part in item]


def _schema(parameters: str) -> Mapping[str, Any]:
    try:
        schema = json.loads(parameters) if len(parameters) <= 1 << 20 else {}
    except (ValueError, RecursionError):
        schema = {}
    return schema if isinstance(schema, dict) else {}


def _object(value: Any, schema: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _WrongError(f"The arguments must be one JSON object, not {_shown(value)}.")
    checked = _checked(value, {**schema, "type": "object"}, "", 1)
    assert isinstance(checked, dict)
    return checked


def _checked(value: Any, schema: Any, where: str, depth: int) -> Any:
    """The value, a whole number made an int where the schema wants one. Raises _WrongError."""
    if not isinstance(schema, dict) or depth > MAX_DEPTH + 1:
        return value
    value = _of_type(value, schema.get("type"), where)
    _allowed(value, schema, where)
    if isinstance(value, dict):
        return _fields(value, schema, where, depth)
    if isinstance(value, list):
        _long_enough(len(value), schema, "minItems", "maxItems", "values", where)
        items = schema.get("items")
        return [_checked(item, items, f"{where}[{at}]", depth + 1) for at, item in enumerate(value)]
    if isinstance(value, str):
        _long_enough(len(value), schema, "minLength", "maxLength", "characters", where)
    return value


def _of_type(value: Any, wanted: Any, where: str) -> Any:
    names = [wanted] if isinstance(wanted, str) else wanted if isinstance(wanted, list) else []
    names = [name for name in names if isinstance(name, str) and name in _ARTICLES]
    if not names or any(_is(value, name) for name in names):
        return value
    if "integer" in names and isinstance(value, float) and value.is_integer() and abs(value) < 1 << 53:
        return int(value)
    raise _WrongError(f"{_the(where)} must be {' or '.join(_ARTICLES[name] for name in names)}, not {_shown(value)}.")


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    kinds: dict[str, Any] = {
        "object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "null": type(None),
    }  # fmt: skip
    return name in kinds and isinstance(value, kinds[name])


def _allowed(value: Any, schema: Mapping[str, Any], where: str) -> None:
    allowed = schema.get("enum")
    if "const" in schema:
        allowed = [schema["const"]]
    if isinstance(allowed, list) and not any(type(value) is type(one) and value == one for one in allowed):
        raise _WrongError(f"{_the(where)} must be one of {_shown(allowed, 300)}, not {_shown(value)}.")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    low, high = _bound(schema, "minimum"), _bound(schema, "maximum")
    if (low is not None and value < low) or (high is not None and value > high):
        if low is None or high is None:
            limits = f"at least {low}" if high is None else f"at most {high}"
        else:
            limits = f"from {low} to {high}"
        raise _WrongError(f"{_the(where)} must be {limits}, not {_shown(value)}.")


def _bound(schema: Mapping[str, Any], key: str) -> float | int | None:
    value = schema.get(key)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _long_enough(count: int, schema: Mapping[str, Any], low: str, high: str, what: str, where: str) -> None:
    least, most = _bound(schema, low), _bound(schema, high)
    if least is not None and count < least:
        raise _WrongError(f"{_the(where)} must have at least {least} {what}, not {count}.")
    if most is not None and count > most:
        raise _WrongError(f"{_the(where)} must have at most {most} {what}, not {count}.")


def _fields(value: dict[str, Any], schema: Mapping[str, Any], where: str, depth: int) -> dict[str, Any]:
    properties = schema.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    required = schema.get("required")
    for key in required if isinstance(required, list) else ():
        if isinstance(key, str) and key not in value:
            raise _WrongError(f"{_the(f'{where}.{key}' if where else key)} is missing.")
    others = schema.get("additionalProperties")
    unknown = [key for key in value if key not in properties]
    if unknown and others is False:
        known = ", ".join(f'"{key}"' for key in properties) or "none"
        raise _WrongError(f"There is no argument {_shown(unknown[0])}; there are: {known[:300]}.")
    return {
        key: _checked(item, properties.get(key, others), f"{where}.{key}" if where else key, depth + 1)
        for key, item in value.items()
    }


def _the(where: str) -> str:
    return f'The argument "{where[:_SHOWN]}"' if where else "The object of arguments"


def _shown(value: Any, limit: int = _SHOWN) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else text[:limit] + "…"
