"""What the request bodies of all wire formats need: pictures as text, tools, arguments, and what was carried."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from pipelines.events import Message, ToolCall, ToolInfo
from pipelines.thinking.dialects.query import Query, pictures_of
from pipelines.thinking.dialects.text import mended


def pictures(message: Message, query: Query) -> list[tuple[str, str]]:
    """The name (perhaps "") and the base64 of each JPEG that a message attaches. Raises ValueError, see `Dialect`."""
    out: list[tuple[str, str]] = []
    for view in pictures_of(message, query.image_px, query.image_quality):
        if view not in query.images:
            raise ValueError(f"frame {view.frame_id} is attached to a message, but its picture was not given: {view}")
        image = query.images[view]
        out.append((view.name, image if isinstance(image, str) else base64.b64encode(image).decode("ascii")))
    return out


def data_url(data: str) -> str:
    """A JPEG's base64 as an address."""
    return f"data:image/jpeg;base64,{data}"


def schema_of(tool: ToolInfo) -> dict[str, Any]:
    """The JSON schema of a tool's arguments. Raises ValueError naming the tool if it is none."""
    schema = _object(tool.parameters)
    if schema is None:
        raise ValueError(f"the parameters of the tool {tool.name!r} are no JSON schema: {tool.parameters[:80]!r}")
    return schema


def arguments_of(call: ToolCall) -> dict[str, Any]:
    """A call's arguments as an object, empty if the model wrote something else: servers refuse a conversation with
    such a call in it, and the tool's answer tells the model what was wrong."""
    return _object(call.arguments) or {}


def arguments_text(call: ToolCall) -> str:
    """The same as JSON text: the model's own, if that is an object."""
    return call.arguments if _object(call.arguments) is not None else "{}"


def result_text(message: Message) -> str:
    """A tool's answer where the wire has no field to say that it failed."""
    says_so = not message.failed or message.text.lower().startswith("error")
    return message.text if says_so else f"Error: {message.text}"


def carried(wire: str, value: object) -> str:
    """What one wire wants back, marked so that no other takes it for its own; "" if nothing."""
    return mended(json.dumps({wire: value}, ensure_ascii=False, separators=(",", ":"))) if value else ""


def carry_of(wire: str, carry: str) -> Any:
    """What `carried` was given for this wire; None if it is another's, or nothing."""
    return (_object(carry) or {}).get(wire) if carry else None


def with_extra(body: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Adds a profile's own fields; an object in both places is joined, so that a setting inside it hides no other."""
    for name, value in extra.items():
        mine = body.get(name)
        body[name] = {**mine, **value} if isinstance(mine, dict) and isinstance(value, Mapping) else value
    return body


def _object(text: str) -> dict[str, Any] | None:
    """The object that a text holds, None if none; half characters in it are mended, since no body can hold them."""
    try:
        value = json.loads(text)
        if "\\ud" in text.lower():
            value = json.loads(mended(json.dumps(value, ensure_ascii=False)))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
