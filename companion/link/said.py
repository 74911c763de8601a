"""What a device says of itself, read: on the bridge its hello, over WebRTC the field `device` of its offer. Pure.

What its codecs are, and whether it has a speaker, is not read here: one wire says it in hello, the other in SDP.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from companion.link.errors import Refused
from companion.link.handler import Message
from companion.link.record import DeviceRecord

ECHO = ("none", "cancelled", "open")  # of the companion's own sound in a device's microphone
MICROPHONE_HZ = (8_000, 48_000)  # and every whole rate between
HALF_DUPLEX = {False: (), True: ("speaker", "camera"), "speaker": ("speaker",), "camera": ("camera",)}
NAME_CHARACTERS, INPUTS, INPUT_CHARACTERS = 80, 32, 40
LARGEST_PX, LONGEST_PHOTO_MS = 8192, 60_000
SLOWEST_FPS, FASTEST_FPS = 0.1, 120.0


def read_record(message: Message) -> DeviceRecord:
    """Raises `Refused` (400), which names the field, its value and what would be right."""
    camera, microphone = part(message, "camera"), part(message, "microphone")
    rests_for = _rests_for(message)
    return DeviceRecord(
        name=text(message, "name", NAME_CHARACTERS),
        width=int(number(camera, "camera.width", 0, LARGEST_PX)),
        height=int(number(camera, "camera.height", 0, LARGEST_PX)),
        fps=number(camera, "camera.fps", 0, FASTEST_FPS),
        idle_fps=number(camera, "camera.idle_fps", SLOWEST_FPS, FASTEST_FPS),
        photo_only=flag(camera, "camera.photo_only"),
        photo_delay_ms=int(number(message, "photo_delay_ms", 0, LONGEST_PHOTO_MS)),
        microphone_hz=int(number(microphone, "microphone.rate", *MICROPHONE_HZ)),
        echo=_word(message, "echo", ECHO),
        rests_for_speaker="speaker" in rests_for,
        rests_for_camera="camera" in rests_for,
        inputs=_inputs(message),
    )


def part(message: Message, name: str) -> Message:
    """A part of the device that it may lack: {} if it does."""
    value = message.get(name)
    if value is None or value is False:
        return {}
    if not isinstance(value, dict) or not value:
        raise bad(name, value, 'an object like {"codec": …}, or leave it out')
    return value


def _word(message: Message, name: str, known: Sequence[str]) -> str:
    word = message.get(name, "")
    if not isinstance(word, str) or (word and word not in known):
        raise bad(name, word, f"one of {listed(known)}, or leave it out")
    return word


def text(message: Message, name: str, longest: int) -> str:
    value = message.get(name, "")
    if not isinstance(value, str) or len(value) > longest:
        raise bad(name, value, f"text of at most {longest} characters")
    if any("\ud800" <= character <= "\udfff" for character in value):  # cannot be written into a recording
        raise bad(name, value, "whole characters; that is half of one")
    return value


def flag(message: Message, path: str) -> bool:
    value = message.get(path.rpartition(".")[2], False)
    if not isinstance(value, bool):
        raise bad(path, value, "true or false")
    return value


def _rests_for(message: Message) -> tuple[str, ...]:
    """What the microphone rests for."""
    value = message.get("half_duplex", False)
    if isinstance(value, bool | str) and value in HALF_DUPLEX:
        return HALF_DUPLEX[value]
    raise bad("half_duplex", value, 'true, false, "speaker" or "camera"')


def number(message: Message, path: str, least: float, most: float) -> float:
    """0 if it is not there."""
    value = message.get(path.rpartition(".")[2], 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or (value and not least <= value <= most):
        raise bad(path, value, f"a number from {least:g} to {most:g}, or leave it out")
    return float(value)


def _inputs(message: Message) -> tuple[str, ...]:
    inputs = message.get("inputs", [])
    if not isinstance(inputs, list) or len(inputs) > INPUTS:
        raise bad("inputs", inputs, f"a list of at most {INPUTS} kinds of events")
    if wrong := [i for i in inputs if not isinstance(i, str) or len(i) > INPUT_CHARACTERS]:
        raise bad("inputs", wrong[0], f"names of at most {INPUT_CHARACTERS} characters")
    return tuple(inputs)


def bad(name: str, value: object, right: str) -> Refused:
    return Refused(400, "bad_hello", f"the field {name} is {shown(value)}", right)


def shown(value: object) -> str:
    return ascii(value)[:60]


def listed(words: Sequence[Any]) -> str:
    return ", ".join(str(word) for word in words)
