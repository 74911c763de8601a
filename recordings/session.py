"""What a recording says about itself, and the names that writer, reader and recovery must agree on."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

FORMAT = "earshot/1"
RECORDER = "0.1.0"

OPEN_SUFFIX = ".mcap.part"  # while the recorder has it open, and after a crash
DONE_SUFFIX = ".mcap"
DAMAGED_SUFFIX = ".mcap.damaged"  # an original that recovery could not keep whole and would not throw away
NAME = re.compile(r"^(?P<stem>\d{8}T\d{6}Z-[0-9a-z]+(?:-\d+)?)\.mcap(?:\.part|\.damaged)?$")

MICROPHONE = "/mic/opus"
CAMERA = "/camera/video"
STILL = "/camera/still"
ANSWER = "/answer/opus"
MEDIA_INDEX = "/media/index"
STILL_INDEX = "/media/still"
CLOCK = "/net/clock"
HTTP = "/model/http"
PULLS = "/answer/pulls"
VOICED = "/answer/voiced"
WOKEN = "/shell/woken"
READ = "/nondet/read"
LOG = "/log"
EVENT = "/event/"
DECISION = "/decision/"

SESSION_METADATA = "session"
SETTINGS = "settings.json"
ENVIRONMENT = "environment.json"
PROVENANCE = "provenance.json"
SYSTEM_PROMPT = "prompts/system.txt"


class RecordingError(Exception):
    """A recording cannot be read, mended or found. The message names the file, what is wrong with it, and a way out."""


@dataclass(frozen=True)
class SessionInfo:
    """A session's identity card: written first, so that even one second of recording explains itself.

    `t0_unix_ns` is the wall clock at session clock zero; every stored time is `t0_unix_ns` plus a session time.
    `settings` and `environment` become the attachments settings.json and environment.json.
    """

    session: str
    t0_unix_ns: int
    device: str = ""
    recorder: str = RECORDER
    format: str = FORMAT
    settings: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)

    def metadata(self) -> dict[str, str]:
        """The card as MCAP metadata: strings only."""
        return {
            "format": self.format,
            "session": self.session,
            "t0_unix_ns": str(self.t0_unix_ns),
            "device": self.device,
            "recorder": self.recorder,
        }

    @classmethod
    def from_metadata(cls, data: Mapping[str, str]) -> SessionInfo:
        """The card read back. Raises KeyError or ValueError if it is not one of ours."""
        return cls(data["session"], int(data["t0_unix_ns"]), data.get("device", ""), data["recorder"], data["format"])

    @property
    def stem(self) -> str:
        """File name without its suffix: start in UTC and a short id, e.g. `20261121T010012Z-4f2a9c`."""
        started = datetime.fromtimestamp(self.t0_unix_ns // 1_000_000_000, UTC)
        short = re.sub(r"[^0-9a-z]", "", self.session.lower())[:6] or "session"
        return f"{started:%Y%m%dT%H%M%SZ}-{short}"


def json_bytes(value: Any) -> bytes:
    """A settings or environment table as JSON that reads the same on any machine."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, default=str).encode("utf-8", "replace")
