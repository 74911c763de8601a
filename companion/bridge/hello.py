"""The device's first message: what it can do, how it wants the answer, and which session it comes back to. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from companion.link.errors import Refused
from companion.link.handler import Message
from companion.link.record import DeviceRecord

PROTOCOL = 1
MAX_TEXT_BYTES = 64 * 1024
SPEAKER_HZ = (8_000, 16_000, 24_000, 48_000)
MICROPHONE_HZ = (8_000, 48_000)  # and every whole rate between
HALF_DUPLEX = {False: (), True: ("speaker", "camera"), "speaker": ("speaker",), "camera": ("camera",)}
ECHO = ("", "none", "cancelled", "open")
NAME_CHARACTERS, INPUTS, INPUT_CHARACTERS = 80, 32, 40
LARGEST_PX, FASTEST_FPS, LONGEST_PHOTO_MS = 8192, 120.0, 60_000


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


def read_message(text: str) -> Message:
    """A text message: a JSON object with a type. Raises `Refused` (400)."""
    if len(text) > MAX_TEXT_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_TEXT_BYTES:
        raise _bad_message(f"it is longer than {MAX_TEXT_BYTES} bytes")
    try:
        message = json.loads(text)
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
        raise _bad("type", message["type"], 'the first message is {"type": "hello", "protocol": 1, …}')
    if message.get("protocol") != PROTOCOL or isinstance(message.get("protocol"), bool):
        raise Refused(422, "wrong_protocol", f"protocol {_shown(message.get('protocol'))}", f"we speak {PROTOCOL}")
    camera, microphone, speaker = (_part(message, name) for name in ("camera", "microphone", "speaker"))
    rests_for = _rests_for(message)
    sound = _codec(microphone, "microphone", ("opus", "pcm16"))
    record = DeviceRecord(
        name=_text(message, "name", NAME_CHARACTERS),
        camera=_codec(camera, "camera", ("h264", "jpeg")),
        width=int(_number(camera, "camera.width", 0, LARGEST_PX)),
        height=int(_number(camera, "camera.height", 0, LARGEST_PX)),
        fps=_number(camera, "camera.fps", 0, FASTEST_FPS),
        photo_only=_flag(camera, "camera.photo_only"),
        photo_delay_ms=int(_number(message, "photo_delay_ms", 0, LONGEST_PHOTO_MS)),
        microphone=sound,
        microphone_hz=int(_number(microphone, "microphone.rate", *MICROPHONE_HZ)) or (48_000 if sound == "opus" else 0),
        speaker=bool(speaker),
        echo=_word(message, "echo", ECHO),
        rests_for_speaker="speaker" in rests_for,
        rests_for_camera="camera" in rests_for,
        inputs=_inputs(message),
    )
    if record.microphone == "pcm16" and not record.microphone_hz:
        raise _bad("microphone.rate", None, "PCM16 needs its rate in Hz")
    return Hello(record, _answer(speaker), _text(message, "resume", NAME_CHARACTERS))


def _answer(speaker: Message) -> Answer | None:
    if not speaker:
        return None
    codec = _codec(speaker, "speaker", ("opus", "pcm16"))
    rate_hz = int(_number(speaker, "speaker.rate", 0, 192_000)) or 48_000
    if codec == "pcm16" and rate_hz not in SPEAKER_HZ:
        raise Refused(422, "wrong_rate", f"speaker.rate is {rate_hz}", f"one of {_list(SPEAKER_HZ)}")
    return Answer(codec, 48_000 if codec == "opus" else rate_hz, _flag(speaker, "speaker.silence"))


# ------------------------------------------------------------------------------------------------------------- fields


def _part(message: Message, name: str) -> Message:
    """A part of the device that it may lack: {} if it does."""
    part = message.get(name)
    if part is None or part is False:
        return {}
    if not isinstance(part, dict) or not part:
        raise _bad(name, part, 'an object like {"codec": …}, or leave it out')
    return part


def _codec(part: Message, name: str, known: Sequence[str]) -> str:
    if not part:
        return ""
    codec = part.get("codec")
    if codec not in known:
        raise Refused(422, "no_usable_codec", f"{name}.codec is {_shown(codec)}", f"what works: {_list(known)}")
    return str(codec)


def _word(message: Message, name: str, known: Sequence[str]) -> str:
    word = message.get(name, "")
    if not isinstance(word, str) or word not in known:
        raise _bad(name, word, f"one of {_list([w for w in known if w])}, or leave it out")
    return word


def _text(message: Message, name: str, longest: int) -> str:
    text = message.get(name, "")
    if not isinstance(text, str) or len(text) > longest:
        raise _bad(name, text, f"text of at most {longest} characters")
    return text


def _flag(message: Message, path: str) -> bool:
    value = message.get(path.rpartition(".")[2], False)
    if not isinstance(value, bool):
        raise _bad(path, value, "true or false")
    return value


def _rests_for(message: Message) -> tuple[str, ...]:
    """What the microphone rests for."""
    value = message.get("half_duplex", False)
    if isinstance(value, bool | str) and value in HALF_DUPLEX:
        return HALF_DUPLEX[value]
    raise _bad("half_duplex", value, 'true, false, "speaker" or "camera"')


def _number(message: Message, path: str, least: float, most: float) -> float:
    """0 if it is not there."""
    value = message.get(path.rpartition(".")[2], 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or (value and not least <= value <= most):
        raise _bad(path, value, f"a number from {least:g} to {most:g}, or leave it out")
    return float(value)


def _inputs(message: Message) -> tuple[str, ...]:
    inputs = message.get("inputs", [])
    if not isinstance(inputs, list) or len(inputs) > INPUTS:
        raise _bad("inputs", inputs, f"a list of at most {INPUTS} kinds of events")
    if wrong := [i for i in inputs if not isinstance(i, str) or len(i) > INPUT_CHARACTERS]:
        raise _bad("inputs", wrong[0], f"names of at most {INPUT_CHARACTERS} characters")
    return tuple(inputs)


def _bad(name: str, value: object, right: str) -> Refused:
    return Refused(400, "bad_hello", f"the field {name} is {_shown(value)}", right)


def _shown(value: object) -> str:
    return ascii(value)[:60]


def _list(words: Sequence[Any]) -> str:
    return ", ".join(str(word) for word in words)
