"""Stored shapes are derived from the dataclasses, never written twice.

A dataclass becomes the protobuf message `earshot.<ClassName>`: int -> int64, float -> double, bool, str -> string,
bytes, another dataclass -> message, `tuple[X, ...]` -> repeated, `X | None` -> optional; a field's number is its
position. A scalar whose default is not zero is `optional` too, so that "written as zero" and "not written by an
older version" stay apart. Reading ignores fields it does not know and gives missing ones their default.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from operator import attrgetter
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from pipelines.events import Kinds

PACKAGE = "earshot"
_PROTO = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    int: _PROTO.TYPE_INT64,
    float: _PROTO.TYPE_DOUBLE,
    bool: _PROTO.TYPE_BOOL,
    str: _PROTO.TYPE_STRING,
    bytes: _PROTO.TYPE_BYTES,
}
_ZERO: dict[type, Any] = {int: 0, float: 0.0, bool: False, str: "", bytes: b""}


class SchemaError(TypeError):
    """A dataclass or a value that cannot be stored, or stored bytes that are not the message they claim to be."""


@dataclass(frozen=True, slots=True)
class _Field:
    """One field of a dataclass, taken apart."""

    name: str
    kind: type  # scalar type or nested dataclass
    repeated: bool
    optional: bool  # `| None`
    default: Any  # MISSING if it must be given

    @property
    def presence(self) -> bool:
        """True if "not written" must be told from "written as zero"."""
        if self.repeated or self.kind not in _ZERO:
            return False
        return self.optional or (self.default is not MISSING and not _same_bits(self.default, _ZERO[self.kind]))

    @property
    def when_missing(self) -> Any:
        """What a reader gets for a field that the writer did not know."""
        if self.default is not MISSING:
            return self.default
        if self.optional:
            return None
        return () if self.repeated else _ZERO.get(self.kind)


def _same_bits(a: Any, b: Any) -> bool:
    return type(a) is type(b) and repr(a) == repr(b)


def _fields_of(cls: type) -> list[_Field]:
    hints = typing.get_type_hints(cls)
    found = []
    for f in fields(cls):
        default = f.default_factory() if f.default_factory is not MISSING else f.default
        found.append(_field(f"{cls.__name__}.{f.name}", f.name, hints[f.name], default))
    return found


def _field(where: str, name: str, hint: Any, default: Any) -> _Field:
    optional = repeated = False
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        inner = [a for a in typing.get_args(hint) if a is not type(None)]
        if len(inner) != 1:
            raise SchemaError(f"{where}: {hint} has no stored form; of unions only `X | None` has one")
        optional, hint = True, inner[0]
    if typing.get_origin(hint) is tuple:
        inner = [a for a in typing.get_args(hint) if a is not ...]
        if len(set(inner)) != 1 or optional:
            raise SchemaError(f"{where}: {hint} has no stored form; use `tuple[X, ...]` of one type, not optional")
        if default and ... in typing.get_args(hint):
            raise SchemaError(f"{where}: a tuple of any length must default to (), or an empty one is not readable")
        repeated, hint = True, inner[0]
    if hint not in _SCALARS and not is_dataclass(hint):
        raise SchemaError(f"{where}: {hint} has no stored form; use int, float, bool, str, bytes or a dataclass")
    return _Field(name, hint, repeated, optional, default)


class Shape:
    """How one dataclass is stored: its message class, and accessors made once so that an event costs microseconds."""

    def __init__(self, cls: type) -> None:
        self.cls = cls
        self.name = f"{PACKAGE}.{cls.__name__}"
        self.fields = _fields_of(cls)
        self.nested = {f.name: shape_of(f.kind) for f in self.fields if is_dataclass(f.kind)}
        self.file = _describe(self)
        _POOL.Add(self.file)
        self._proto: Any = message_factory.GetMessageClass(_POOL.FindMessageTypeByName(self.name))
        self._names = tuple(f.name for f in self.fields)
        self._get = _getter(self._names)
        self._to_message = [(f.name, _writing(f, self.nested[f.name])) for f in self.fields if f.name in self.nested]
        self._to_event = [(i, fix) for i, f in enumerate(self.fields) if (fix := _reading(f, self.nested.get(f.name)))]

    def message(self, event: object) -> Any:
        """The protobuf message that stores `event`."""
        values = dict(zip(self._names, self._get(event), strict=True))
        for name, convert in self._to_message:
            values[name] = convert(values[name])
        return self._proto(**values)

    def event(self, message: Any) -> Any:
        """The dataclass that `message` stores."""
        values = list(self._get(message))
        for index, fix in self._to_event:
            values[index] = fix(message, values[index])
        return self.cls(*values)

    def parse(self, data: bytes) -> Any:
        return self.event(self._proto.FromString(data))

    def descriptor_set(self) -> bytes:
        """The serialized FileDescriptorSet that makes a channel readable without this code."""
        files: dict[str, Any] = {}
        self._collect(files)
        return bytes(descriptor_pb2.FileDescriptorSet(file=list(files.values())).SerializeToString())

    def _collect(self, files: dict[str, Any]) -> None:
        for shape in self.nested.values():
            shape._collect(files)
        files.setdefault(self.file.name, self.file)


def _getter(names: tuple[str, ...]) -> Callable[[object], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda thing: tuple(getattr(thing, name) for name in names)


def _writing(f: _Field, shape: Shape) -> Callable[[Any], Any]:
    if f.repeated:
        return lambda items: [shape.message(item) for item in items]
    return lambda item: None if item is None else shape.message(item)


def _reading(f: _Field, shape: Shape | None) -> Callable[[Any, Any], Any] | None:
    """How a value read from a message becomes the field's value; None if it is it already."""
    name, missing = f.name, f.when_missing
    if f.repeated and shape:
        read = shape.event
        return lambda message, items: tuple([read(item) for item in items])
    if f.repeated:
        return lambda message, items: tuple(items) or (() if missing is None else missing)
    if shape and missing is None and not f.optional:
        return lambda message, item: shape.event(item)
    if shape:
        return lambda message, item: shape.event(item) if message.HasField(name) else missing
    if f.presence:
        return lambda message, value: value if message.HasField(name) else missing
    return None


def _describe(shape: Shape) -> Any:
    """The file descriptor of one message: one file a class, so that a schema carries no more than it needs."""
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{PACKAGE}/{shape.cls.__name__}.proto", package=PACKAGE, syntax="proto3"
    )
    message = file.message_type.add(name=shape.cls.__name__)
    for number, f in enumerate(shape.fields, 1):
        stored = message.field.add(name=f.name, number=number)
        stored.label = _PROTO.LABEL_REPEATED if f.repeated else _PROTO.LABEL_OPTIONAL
        if nested := shape.nested.get(f.name):
            stored.type, stored.type_name = _PROTO.TYPE_MESSAGE, f".{nested.name}"
            if nested.file.name not in file.dependency:
                file.dependency.append(nested.file.name)
        else:
            stored.type = _SCALARS[f.kind]
        if f.presence:  # proto3 `optional` is a oneof of one, by the protobuf specification
            stored.proto3_optional, stored.oneof_index = True, len(message.oneof_decl)
            message.oneof_decl.add(name=f"_{f.name}")
    return file


_POOL = descriptor_pool.DescriptorPool()
_SHAPES: dict[str, Shape] = {}


def shape_of(cls: type) -> Shape:
    """The stored shape of a dataclass. Raises SchemaError if it has none, or if two classes share the name."""
    shape = _SHAPES.get(cls.__name__)
    if shape is None:
        shape = _SHAPES[cls.__name__] = Shape(cls)
    if shape.cls is not cls:
        raise SchemaError(f"two dataclasses are called {cls.__name__}; a stored name must be unique: rename one")
    return shape


def kind_named(name: str) -> type | None:
    """The event class of that name; None if this version knows none."""
    return Kinds.HAPPENINGS.get(name) or Kinds.DECISIONS.get(name)


def encode(event: object) -> bytes:
    """An event (or any storable dataclass) as protobuf bytes. Raises SchemaError if a value does not fit its field."""
    shape = shape_of(type(event))
    try:
        try:
            return bytes(shape.message(event).SerializeToString())
        except UnicodeEncodeError:  # half an emoji, as JSON escapes split over two chunks give it
            return bytes(shape.message(_storable(event)).SerializeToString())
    except (TypeError, ValueError, AttributeError) as why:
        raise SchemaError(f"{type(event).__name__} cannot be stored: {why}. The value was {event!r:.300}") from why


def decode(name: str, data: bytes) -> Any:
    """The event called `name` from its bytes. Raises SchemaError for an unknown name or bytes that are not it."""
    cls = kind_named(name)
    if cls is None:
        raise SchemaError(f"no event is called {name!r} here; the recording may be of a newer version of Earshot")
    return decode_as(cls, data)


def decode_as(cls: type, data: bytes) -> Any:
    """An instance of `cls` from its bytes."""
    try:
        return shape_of(cls).parse(data)
    except DecodeError as why:
        raise SchemaError(f"{len(data)} bytes are no {cls.__name__}: {why}") from why


def _storable(value: Any) -> Any:
    """`value` with what UTF-8 cannot hold replaced by U+FFFD, all the way down."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, tuple):
        return tuple(_storable(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _storable(getattr(value, f.name)) for f in fields(value)})
    return value
