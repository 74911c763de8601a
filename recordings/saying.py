"""How a comparison says happenings, moments and values: one short line each, for a person who asks why."""

from __future__ import annotations

from typing import Any, Final

from pipelines import events as ev
from pipelines.events import MS, NS

_TEXT_LENGTH: Final = 60  # of a quoted text; the recording has the whole of it


def moment(t_ns: int) -> str:
    """A moment of the session, to the millisecond: "3.412 s"."""
    sign, ms = ("-", -t_ns // MS) if t_ns < 0 else ("", t_ns // MS)
    return f"{sign}{ms // 1000}.{ms % 1000:03d} s"


def milliseconds(ns: int) -> str:
    """A length, exact to the nanosecond and no longer than needed: "400 ms", "0.25 ms"."""
    whole, rest = divmod(abs(ns), MS)
    tail = f".{rest:06d}".rstrip("0") if rest else ""
    return f"{'-' if ns < 0 else ''}{whole}{tail} ms"


def later(shift_ns: int) -> str:
    """ "400 ms later", "12 ms earlier", "at the same time"."""
    if not shift_ns:
        return "at the same time"
    return f"{milliseconds(abs(shift_ns))} {'later' if shift_ns > 0 else 'earlier'}"


def quoted(text: str, length: int = _TEXT_LENGTH) -> str:
    """A text in quotation marks, on one line, cut to a length."""
    flat = " ".join(text[: 4 * length + 100].split())
    return f"“{flat if len(flat) <= length else flat[: length - 1] + '…'}”"


def value(name: str, given: Any, length: int = _TEXT_LENGTH) -> str:
    """A field's value: texts quoted, times as moments, nothing as "none"; lists and tables by what is in them."""
    if given is None:
        return "none"
    if isinstance(given, str):
        return quoted(given, length)
    if isinstance(given, bool):
        return "yes" if given else "no"
    if isinstance(given, int) and name.endswith("_ns"):
        return moment(given) if abs(given) >= NS else milliseconds(given)
    if isinstance(given, int) and name.endswith("_ms"):
        return f"{given} ms"
    if isinstance(given, list):
        return f"{len(given)} item{'' if len(given) == 1 else 's'}"
    if isinstance(given, dict):
        inside = ", ".join(f"{k} {value(str(k), v, 20)}" for k, v in list(given.items())[:3])
        return f"{{{inside}{', …' if len(given) > 3 else ''}}}"
    return f"{given:g}" if isinstance(given, float) else str(given)


def change(name: str, old: Any, new: Any, length: int = _TEXT_LENGTH, between: str = " → ") -> str:
    """What a field was and is. Of two long texts the place is shown where they part."""
    if isinstance(old, str) and isinstance(new, str) and max(len(old), len(new)) > length:
        same = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
        start = max(0, same - length // 3)
        if start > 1:
            old, new = ("…" + text[start : start + 4 * length] for text in (old, new))
    return f"{value(name, old, length)}{between}{value(name, new, length)}"


def counted(count: int, one: str, many: str = "") -> str:
    """ "1 decision", "12 decisions"."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def happening(event: ev.Happening) -> str:
    """What came from outside, in words. A model's text is said as a whole by whoever knows the whole."""
    match event:
        case ev.VoiceWindow():
            return f"voice activity (probability {event.probability:.2f})"
        case ev.Transcribed(accepted=True):
            return f"the words recognised, {quoted(event.text)}"
        case ev.Transcribed():
            return f"words not accepted by the recogniser ({quoted(event.why or 'no reason given')})"
        case ev.Looked():
            return f"a look: {counted(len(event.frames), 'frame')} scored"
        case ev.TextRead():
            lines = " / ".join(line.text for line in event.lines[:8])
            return f"text read from frame {event.frame_id}, {quoted(lines)}"
        case ev.CodesRead():
            more = f", {event.unread} not readable" if event.unread else ""
            return f"{counted(len(event.codes), 'code')} read from frame {event.frame_id}{more}"
        case ev.ModelText():
            return f"the model's words, {quoted(event.text)}"
        case ev.ModelDone():
            return f"the end of the model's answer ({quoted(event.finish or 'no word why', 30)})"
        case ev.ModelFailed():
            return f"the model's failure {quoted(event.kind, 30)}"
        case ev.WorkFailed():
            return f"failed work in the lane {quoted(event.kind, 30)}"
        case _:
            return _device_happening(event)


def _device_happening(event: ev.Happening) -> str:
    match event:
        case ev.ChunkVoiced():
            return f"chunk {event.chunk} rendered, {milliseconds(event.duration_ns)} of speech"
        case ev.PlayMark():
            return f"the play mark {quoted(event.mark, 30)} of chunk {event.chunk}"
        case ev.HeardMark():
            return f"the device's word on what was heard, {quoted(event.mark, 30)}"
        case ev.DeviceEvent():
            return f"the device's event {quoted(event.kind, 30)}" + (
                f", {quoted(event.value, 30)}" if event.value else ""
            )
        case ev.Typed():
            return f"the typed question {quoted(event.text)}"
        case ev.LinkChanged():
            return f"the link, {quoted(event.state, 30)}"
        case ev.MediaFlow():
            return f"the {quoted(event.track, 30)} " + ("gives something again" if event.flows else "gives nothing")
        case ev.PhotoCame():
            return f"the photo that was asked for, frame {event.frame_id}"
        case ev.SessionStarted():
            return "the start of the session"
        case ev.Resumed():
            return "the state that the turn begins in"
        case ev.SessionEnded():
            return "the end of the session"
        case _:
            return f"the happening {type(event).__name__}"
