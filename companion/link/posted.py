"""What was posted with an offer, and what to say if aiortc holds something against it."""

from __future__ import annotations

import json
from typing import Any

from aiortc.exceptions import InvalidAccessError, InvalidStateError, OperationError

from companion.link.errors import Refused
from companion.link.offer import WORKING_CODECS
from companion.link.record import NOT_SAID, DeviceRecord
from companion.link.said import ECHO, read_record

UNANSWERABLE = (OperationError, InvalidStateError, InvalidAccessError, ValueError, KeyError)


def read_body(body: bytes) -> dict[str, Any]:
    """What a request's body says, with an SDP in it. Raises `Refused` if there is none."""
    shape = 'the body must be {"sdp": "v=0…", "type": "offer"}'
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "bad_json", f"the body is not JSON: {str(error)[:120]}", shape) from error
    if not isinstance(data, dict) or not isinstance(data.get("sdp"), str):
        raise Refused(400, "bad_json", "the body has no text field sdp", shape)
    if data.get("type") != "offer":
        raise Refused(400, "bad_json", f"the field type is {str(data.get('type'))[:40]!r}, not 'offer'", shape)
    return data


def read_echo(body: dict[str, Any]) -> str:
    """What the device says of its own sound in its microphone, "" = nothing. Raises `Refused` for unknown words."""
    said = body.get("echo") or ""
    if said and said not in ECHO:
        raise Refused(
            400, "bad_echo", f"the field echo is {str(said)[:40]!r}", f"one of {', '.join(ECHO)}, or leave it out"
        )
    return str(said)


def read_device(body: dict[str, Any]) -> DeviceRecord:
    """What the device says of itself. Raises `Refused` for a field that is wrong."""
    said = body.get("device")
    if said is None:
        return NOT_SAID
    if not isinstance(said, dict):
        raise Refused(400, "bad_device", f"the field device is {ascii(said)[:40]}", 'an object like {"name": …}')
    try:
        return read_record(said)
    except Refused as refused:
        raise Refused(400, "bad_device", f"in device, {refused.detail}", refused.hint) from refused


def unanswerable(error: Exception) -> Refused:
    """What aiortc held against an offer that had passed our own check."""
    detail = f"{type(error).__name__}: {str(error)[:200]}"
    if isinstance(error, OperationError):
        works = "; ".join(f"{kind}: {codecs}" for kind, codecs in WORKING_CODECS.items())
        return Refused(422, "no_usable_codec", detail, f"what works: {works}")
    return Refused(400, "bad_sdp", f"this offer cannot be used: {detail}", "send what createOffer() gave, unchanged")
