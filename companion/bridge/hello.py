"""The device's first message: what it can do, how it wants the answer, and which session it comes back to. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from companion.link.errors import Refused
from companion.link.handler import Message
from companion.link.record import DeviceRecord
from companion.link.said import NAME_CHARACTERS, bad, flag, listed, number, part, read_record, shown, text

PROTOCOL = 1
MAX_TEXT_BYTES = 64 * 1024
SPEAKER_HZ = (8_000, 16_000, 24_000, 48_000)


@dataclass(frozen=True, slots=True)
class Answer:
    """How the device wants our sound. `silence`: also while there is nothing to say, one frame every 20 ms."""

    codec: str
    rate_hz: int
    silence: bool


@dataclass(frozen=True, slots=True)
class Hello:
    record: DeviceRecord
    answer: Answer | None
    resume: str


def read_message(line: str) -> Message:
    """A text message: a JSON object with a type. Raises `Refused` (400)."""
    if len(line) > MAX_TEXT_BYTES or len(line.encode("utf-8", "surrogatepass")) > MAX_TEXT_BYTES:
        raise _bad_message(f"it is longer than {MAX_TEXT_BYTES} bytes")
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as why:
        raise _bad_message(f"it is not JSON: {str(why)[:80]}") from why
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise _bad_message("it is no object with a text field type")
    return message


def _bad_message(detail: str) -> Refused:
    return Refused(400, "bad_message", f"a text message cannot be read: {detail}", 'send JSON like {"type": "bye"}')


def read_hello(message: Message) -> Hello:
    """Raises `Refused` (400), which names the field, its value and what would be right; (422) for a protocol or a codec
    that we do not have."""
    if message["type"] != "hello":
        raise bad("type", message["type"], 'the first message is {"type": "hello", "protocol": 1, …}')
    if message.get("protocol") != PROTOCOL or isinstance(message.get("protocol"), bool):
        raise Refused(422, "wrong_protocol", f"protocol {shown(message.get('protocol'))}", f"we speak {PROTOCOL}")
    camera, microphone, speaker = (part(message, name) for name in ("camera", "microphone", "speaker"))
    sound = _codec(microphone, "microphone", ("opus", "pcm16"))
    said = read_record(message)
    record = replace(
        said,
        camera=_codec(camera, "camera", ("h264", "jpeg")),
        microphone=sound,
        microphone_hz=said.microphone_hz or (48_000 if sound == "opus" else 0),
        speaker=bool(speaker),
    )
    if record.microphone == "pcm16" and not record.microphone_hz:
        raise bad("microphone.rate", None, "PCM16 needs its rate in Hz")
    return Hello(record, _answer(speaker), text(message, "resume", NAME_CHARACTERS))


def _answer(speaker: Message) -> Answer | None:
    if not speaker:
        return None
    codec = _codec(speaker, "speaker", ("opus", "pcm16"))
    rate_hz = int(number(speaker, "speaker.rate", 0, 192_000)) or 48_000
    if codec == "pcm16" and rate_hz not in SPEAKER_HZ:
        raise Refused(422, "wrong_rate", f"speaker.rate is {rate_hz}", f"one of {listed(SPEAKER_HZ)}")
    return Answer(codec, 48_000 if codec == "opus" else rate_hz, flag(speaker, "speaker.silence"))


def _codec(of: Message, name: str, known: Sequence[str]) -> str:
    if not of:
        return ""
    codec = of.get("codec")
    if codec not in known:
        raise Refused(422, "no_usable_codec", f"{name}.codec is {shown(codec)}", f"what works: {listed(known)}")
    return str(codec)
