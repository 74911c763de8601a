"""Really asking a model in the middle of a replay: time stands still there, while the answer comes in here.

The request goes out by the one door (`companion.net`), on a loop and a thread of its own; what came, and when, is then
played at that pace.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from companion.guard import declared
from companion.model.profile import ModelProfile
from companion.net import Net, NetError, NetOptions, Outgoing, Timers
from companion.replay.cassette import Fetch
from companion.replay.replies import Heard
from companion.settings import Settings, SettingsError
from pipelines.thinking.dialects import DIALECTS
from recordings.reader import Recording
from recordings.session import RecordingError

MODE = "contemplating"  # whose patience is the longest
_BY_HASH = re.compile(rb"\[sha256:([0-9a-f]{64})\]")


def fetcher(settings: Settings, profiles: Sequence[ModelProfile], path: Path) -> Fetch:
    """Asks these models, with the pictures of the recording `path`.

    Raises:
        SettingsError: there is no model, or its key is not set.
    """
    if not profiles:
        raise SettingsError("--cassette live asks a model, and the settings name none: add --model NAME or FILE")
    headers = {_address(profile): _headers(profile) for profile in profiles}
    options = NetOptions(local_only=settings.privacy.local_only)

    def fetch(method: str, url: str, body: bytes) -> Heard:
        profile = next((p for p in profiles if _address(p) == url), profiles[0])
        first_s = profile.first_text_s(MODE)
        timers = Timers(profile.connect_s, first_s, max(first_s, profile.between_text_s))
        outgoing = Outgoing("replay-0-0", method, url, headers[_address(profile)], _with_pictures(body, path))
        with declared("a model is really asked; its answer is played as it came"):
            return _in_a_thread(outgoing, timers, options)

    return fetch


def _address(profile: ModelProfile) -> str:
    return profile.base_url.rstrip("/") + DIALECTS[profile.dialect].path(profile.model)


def _headers(profile: ModelProfile) -> dict[str, str]:
    key = os.environ.get(profile.key_env, "").strip() if profile.key_env else ""
    if profile.key_env and not key:
        raise SettingsError(f"--cassette live: the environment variable {profile.key_env} is not set")
    return {
        "content-type": "application/json",
        "accept": "text/event-stream",
        **DIALECTS[profile.dialect].headers(key),
    }


def _with_pictures(body: bytes, path: Path) -> bytes:
    """The request with its pictures, which a replay only knows by their hash. Raises RecordingError if one is gone."""
    wanted = {found.decode() for found in _BY_HASH.findall(body)}
    if not wanted:
        return body
    stills = {s.sha256: s.jpeg for s in Recording(path).stills() if s.sha256 in wanted}
    if gone := wanted - stills.keys():
        raise RecordingError(
            f"{path} no longer holds the picture {min(gone)[:16]}… of this question, so it cannot be asked live"
        )
    return _BY_HASH.sub(lambda found: base64.b64encode(stills[found[1].decode()]), body)


def _in_a_thread(outgoing: Outgoing, timers: Timers, options: NetOptions) -> Heard:
    found: list[Heard] = []
    thread = threading.Thread(target=lambda: found.append(asyncio.run(_fetch(outgoing, timers, options))))
    thread.start()
    thread.join()
    return found[0]


async def _fetch(outgoing: Outgoing, timers: Timers, options: NetOptions) -> Heard:
    net, began_ns = Net(options), time.perf_counter_ns()
    status, error = 0, None
    headers: tuple[tuple[str, str], ...] = ()
    chunks: list[tuple[int, bytes]] = []
    try:
        async with net.stream(outgoing, timers) as incoming:
            status, headers = incoming.status, tuple(incoming.headers.items())
            async for chunk in incoming:
                chunks.append((time.perf_counter_ns() - began_ns, chunk))
    except NetError as why:
        error = (why.kind, why.detail)
        if not status:
            return Heard(0, (), (), time.perf_counter_ns() - began_ns, error)
    finally:
        await net.aclose()
    return Heard(status, headers, tuple(chunks), time.perf_counter_ns() - began_ns, error)
