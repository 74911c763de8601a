"""One of each event that there is, with every field filled: what a later version adds is in it by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

from pipelines import events as ev
from pipelines.events import MS, NS, Kinds
from recordings.session import SessionInfo
from recordings.writer import Recorder, RecorderOptions

T0_NS = 1_795_222_812_123_456_789
BOX = (40, 30, 200, 100)

# What stands in a text field, by "Class.field".
Words = Callable[[str], str]


def filled(cls: type, words: Words, t_ns: int = 1) -> Any:
    """One of this class with no field left empty; whatever is a number is `t_ns` or 1."""
    hints = get_type_hints(cls)
    values = {f.name: _value(hints[f.name], f"{cls.__name__}.{f.name}", words) for f in fields(cls)}
    return cls(**(values | {"t_ns": t_ns} if "t_ns" in values else values))


def _value(hint: Any, name: str, words: Words) -> Any:
    if hint is str:
        return words(name)
    if hint in (int, float, bool):
        return hint(1)
    if hint is bytes:
        return words(name).encode()
    inner = [a for a in getattr(hint, "__args__", ()) if a not in (type(None), ...)]
    if getattr(hint, "__origin__", None) is tuple:
        several = hint.__args__[-1] is not ... and len(inner) > 1
        return tuple(_value(one, name, words) for one in inner) if several else (_value(inner[0], name, words),)
    if is_dataclass(hint) and isinstance(hint, type):
        return filled(hint, words)
    return _value(inner[0], name, words)  # something or None


def record_everything(folder: Path, words: Words = lambda name: f"the {name.lower().replace('.', ' ')}") -> Path:
    """A session of all kinds of events, 10 ms apart, with a picture and a part of it, both kept and sent."""
    recorder = Recorder(folder, SessionInfo("every", T0_NS, "a test"), options=RecorderOptions(floor_bytes=0))
    first, last = ev.SessionStarted, ev.SessionEnded
    between = [cls for cls in (*Kinds.HAPPENINGS.values(), *Kinds.DECISIONS.values()) if cls not in (first, last)]
    for i, cls in enumerate([first, *between, last]):
        event = filled(cls, words, i * 10 * MS)
        (recorder.decision if isinstance(event, ev.Decision) else recorder.happening)(event)
    recorder.camera(9 * MS, 1 * MS, 1, 3600, True, "h264", b"\0\0\1" + bytes(60))
    for view in (ev.View(1), ev.View(1, BOX, 640, 88)):
        recorder.still(NS, view, b"\xff\xd8 kept")
        recorder.still(NS, view, b"\xff\xd8 sent", "a model", 1)
    return recorder.close()
