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
from pathlib import Path

from companion.guard import declared
from companion.model.configured import model_profile
from companion.net import Net, NetError, NetOptions, Outgoing, Timers
from companion.replay.cassette import Fetch, Heard
from companion.settings import Settings, SettingsError
from recordings.reader import Recording
from recordings.session import RecordingError

_BY_HASH = re.compile(rb"\[sha256:([0-9a-f]{64})\]")


def fetcher(settings: Settings, path: Path) -> Fetch:
    """Asks the model of these settings, with the pictures of the recording `path`.

    Raises:
        SettingsError: the settings name no model, or its key is not set.
    """
    profile = model_profile(settings)
    if profile is None:
        raise SettingsError("--cassette live asks a model, and the settings name none: add --model FILE")
    headers = {"content-type": "application/json", "accept": "text/event-stream"}
    if profile.key_env:
        key = os.environ.get(profile.key_env, "").strip()
        if not key:
            raise SettingsError(f"--cassette live: the environment variable {profile.key_env} is not set")
        headers["authorization"] = f"Bearer {key}"
    timers = Timers(profile.connect_s, profile.first_text_s, max(profile.first_text_s, profile.between_text_s))
    options = NetOptions(local_only=settings.privacy.local_only)

    def fetch(method: str, url: str, body: bytes) -> Heard:
        outgoing = Outgoing("replay-0-0", method, url, headers, _with_pictures(body, path))
        with declared("a model is really asked; its answer is played as it came"):
            return _in_a_thread(outgoing, timers, options)

    return fetch


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
