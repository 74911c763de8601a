"""A running companion: engines loaded once, a server for devices, one session and one recording for each of them."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import os
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from companion.bridge.door import bridge
from companion.clock import SessionClock
from companion.compute import ComputeDoor
from companion.engines import Engines, hearing_folder
from companion.exchanges import RecordedExchanges
from companion.lan.certificate import CertificateError
from companion.lan.front_door import FrontDoor
from companion.lan.pairing import PairingError
from companion.link.handler import DeviceLink
from companion.link.server import Doors, LinkServer
from companion.link.settings import LinkSettings
from companion.memory.embed import embedder
from companion.memory.meaning.judge import judge
from companion.memory.meaning.purpose import purpose
from companion.memory.shape import MemoryError_, MemoryStore
from companion.memory.store import open_store
from companion.model.configured import configured
from companion.model.models import Models
from companion.model.profile import ModelProfile
from companion.model.spending import Spending
from companion.net import Net, NetError, NetOptions, is_loopback
from companion.preferences import FILE_NAME as PREFERENCES
from companion.preferences import PreferencesFile
from companion.push.address import AddressError, address
from companion.push.pull import Pull
from companion.push.rtmp import Rtmp
from companion.push.whip import Whip
from companion.session import Parts, Session, Watcher
from companion.settings import Settings, SettingsError, data_folder, recordings_folder
from companion.tools.place import Place
from companion.tools.runner import ToolRunner, key_names
from pipelines.events import Memory, Spent, ToolInfo
from pipelines.thinking.budget import cost_usd
from pipelines.thinking.dialects.answer import Finished
from recordings.environment import environment
from recordings.recover import recover_all
from recordings.retention import Retention, enforce
from recordings.session import SYSTEM_PROMPT, SessionInfo
from recordings.writer import Recorder, RecorderOptions

logger = logging.getLogger(__name__)
DESK = "desk"  # the session of `companion ask`


@dataclass(slots=True)
class _Running:
    session: Session
    recorder: Recorder | None
    door: ComputeDoor


@dataclass(slots=True)
class App:
    """Put together by `start`; `stop` leaves no thread and no task behind."""

    settings: Settings
    watch: Callable[[str], Watcher] = lambda session: lambda event: None
    recorded: Callable[[Path], None] = lambda path: None
    notice: Callable[[str], None] = lambda text: None
    counted: bool = True  # False: what is spent and asked for here is nobody's, and stands in no book
    link_settings: LinkSettings | None = None
    engines: Engines | None = None
    door: ComputeDoor | None = None
    net: Net | None = None
    profiles: tuple[ModelProfile, ...] = ()
    missing: str = ""  # why there is no model
    tools: ToolRunner | None = None
    spending: Spending | None = None
    preferences: PreferencesFile | None = None
    memory: MemoryStore | None = None
    server: LinkServer | None = None
    pull_from: str = ""  # an address or a file whose sound and pictures are fetched
    rtmp: Rtmp | None = None
    pull: Pull | None = None
    front: FrontDoor | None = None  # if devices of the network can reach us
    _running: dict[str, _Running] = field(default_factory=dict)
    _environment: Mapping[str, Any] = field(default_factory=dict)
    _finishing: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self, serve: bool = True) -> str:
        """Load everything, recover what a crash left, listen. Returns the address to open ("" if not serving)."""
        found = configured(self.settings)
        self.profiles, self.missing = found.profiles, found.missing
        for note in found.notes:
            self.notice(note)
        self.net = Net(NetOptions(local_only=self.settings.privacy.local_only))
        self.door = ComputeDoor()
        self.engines = await asyncio.to_thread(Engines.load, self.settings)
        check_voices(self.settings, self.engines)
        if self.profiles and self.counted:
            self.spending = await asyncio.to_thread(Spending, data_folder() / "spending.json", self.notice)
        if self.settings.speaking.remember and self.counted:
            self.preferences = PreferencesFile(data_folder() / PREFERENCES, self.notice)
        if self.settings.memory.on and self.counted:
            await asyncio.to_thread(self._open_memory)
        if self.memory is not None:
            self.door.ahead("memory", self.memory.digest)  # what was told before facts had vectors
        if self.settings.tools.on:
            await self._start_tools(self.net)
        if self.settings.recording.on:
            models = {"speech": hearing_folder(self.settings)}
            self._environment = await asyncio.to_thread(environment, models)
            await asyncio.to_thread(self._tidy)
        if not serve:
            return ""
        # What is loaded stays. To look through it for garbage again and again would stop everybody's sound: for 90 ms
        # at least, measured at 0.3 to 5 s where the system had put memory aside that nobody used.
        gc.collect()
        gc.freeze()
        s = self.settings.server
        if not is_loopback(s.host):
            self.front = self._front_door()
        self.link_settings = LinkSettings(
            host=s.host,
            port=s.port,
            allowed_hosts=(*s.allowed_hosts, *(self.front.hosts if self.front else ())),
            token=s.token or ("" if self.front else secrets.token_urlsafe(18)),
            max_sessions=s.max_sessions,
            resume_within_s=s.resume_within_s,
            recording=self.settings.recording.on,
            push_origins=self.settings.push.origins,
        )
        front = self.front
        self.server = LinkServer(
            self.link_settings,
            self.new_session,
            doors=[*self._doors(), *([front.door] if front else [])],
            tls=front.context if front else None,
            tokens=front.tokens if front else None,
        )
        try:
            url = await self.server.start()
        except OSError as why:
            self.server = None
            failed = f"cannot listen on {s.host}:{s.port} ({why.strerror or why})"
            if isinstance(why, socket.gaierror) or why.errno == errno.EADDRNOTAVAIL:
                way_out = "this is no address of this machine; 127.0.0.1 is for it alone, and `--lan` for its networks"
                raise SettingsError(f"server.host = {s.host}: {failed}: {way_out}") from why
            raise SettingsError(
                f"server.port = {s.port}: {failed}. Another companion? Choose another port: --port N (0 = any free one)"
            ) from why
        if front is not None:
            front.start(self.server)
            url = front.url
        await self._start_push(self.server)
        return url

    async def _start_push(self, server: LinkServer) -> None:
        """What stands beside the server: RTMP, and a stream that is fetched."""
        if self.settings.push.rtmp_port:
            self.rtmp = Rtmp(self.settings.push, server)
            await self.rtmp.start()
        if self.pull_from:
            try:
                at = address(self.pull_from, self.settings.privacy.local_only)
            except (AddressError, NetError) as why:
                raise SettingsError(str(why)) from why
            self.pull = Pull(at, server, self.settings.push.echo)
            self.pull.start()

    def _doors(self) -> list[Doors]:
        """The ways in beside the page's."""
        try:
            whip = Whip(self.settings.push.echo)
        except ValueError as why:
            raise SettingsError(str(why)) from why
        return [whip.routes, *([bridge(self.settings.bridge)] if self.settings.bridge.on else [])]

    def _front_door(self) -> FrontDoor:
        s = self.settings.server
        try:
            folder = data_folder() / "lan"
            return FrontDoor(self.settings.lan, s.host, s.token, folder, self.notice, s.allowed_hosts)
        except (CertificateError, PairingError) as why:
            raise SettingsError(str(why)) from why

    async def _start_tools(self, net: Net) -> None:
        """All of them for models; without one only the notes, which the wearer can take alone."""
        wanted = self.settings.tools
        wanted = wanted if self.profiles else replace(wanted, sandbox=False, search_url="", mcp={})
        place = Place(data_folder(), net, self.settings.privacy.local_only)
        try:
            self.tools = ToolRunner(wanted, place, self._tools_changed, self.notice)
        except ValueError as why:
            raise SettingsError(str(why)) from why
        await self.tools.start()

    def _open_memory(self) -> None:
        """What is remembered. Without it the companion runs all the same, and says so."""
        s = self.settings
        recordings = recordings_folder(s) if s.recording.on else None
        try:
            judge().judge("where is it", ["it is here"])  # read now, not while somebody waits for an answer
            purpose("it is here")
            found = embedder(s.memory, s.privacy.local_only)
            self.memory = open_store(s.memory, data_folder(), found, recordings, self.notice)
        except (MemoryError_, OSError, ValueError) as why:
            self.notice(f"nothing is remembered in this run: {why}")

    def _reminders(self) -> tuple[Memory, ...]:
        if self.memory is None:
            return ()
        try:
            return self.memory.reminders()
        except MemoryError_ as why:
            self.notice(f"the reminders cannot be read: {why}")
            return ()

    def _tidy(self) -> None:
        folder = recordings_folder(self.settings)
        if not folder.is_dir():
            return
        for result in recover_all(folder):
            self.notice(str(result))
        r = self.settings.recording
        for gone in enforce(folder, Retention(r.keep_days, int(r.keep_gb * 1e9)), time.time_ns()):
            self.notice(str(gone))

    def new_session(self, link: DeviceLink, clock: SessionClock) -> Session:
        """One device came: build its session, and begin its recording."""
        assert self.engines is not None and self.door is not None
        recorder = self._recorder(link.session, link.device, clock) if self.settings.recording.on else None
        wall_clock = datetime.now().astimezone().isoformat(timespec="seconds")
        if recorder is not None:
            recorder.read(clock.now_ns(), "wall clock", wall_clock)
            recorder.attach(SYSTEM_PROMPT, "text/plain", self.settings.thinking.system_prompt.encode())
        observer = RecordedExchanges(recorder, clock) if recorder else None
        door = self.door.own()
        parts = Parts(
            clock,
            self.engines,
            self.settings,
            door,
            recorder,
            Models(self.net, self.profiles, observer) if self.profiles and self.net is not None else None,
            self.tools,
            observer,
            partial(self._spent, link.session),
            self.watch(link.session),
            self._session_ended,
            wall_clock,
            self._spent_today(),
            self.missing,
            memory=self.memory,
            memory_closed=self.settings.memory.on and self.counted and self.memory is None,
            reminders=self._reminders(),
        )
        if self.preferences is not None:
            parts.preferences, parts.prefer = self.preferences.load(), self.preferences.save
        session = Session(link, parts)
        self._running[link.session] = _Running(session, recorder, door)
        return session

    def _recorder(self, session: str, device: str, clock: SessionClock) -> Recorder:
        loop = asyncio.get_running_loop()

        began = [False]  # what never began cannot stop: that is a notice, and "recording" is not said at the start

        def on_trouble(text: str) -> None:
            loop.call_soon_threadsafe(self._recording_stopped if began[0] else self._not_recording, session, text)

        assert self.engines is not None
        info = SessionInfo(
            session,
            time.time_ns() - clock.now_ns(),
            device=device,
            settings=self.settings.plain(),
            environment=self._environment,
        )
        names = [p.key_env for p in self.profiles if p.key_env]
        names += key_names(self.settings.tools)
        options = RecorderOptions(secrets=tuple(key for name in names if (key := os.environ.get(name, ""))))
        recorder = Recorder(recordings_folder(self.settings), info, on_trouble, options)
        began[0] = recorder.writing
        return recorder

    def _not_recording(self, session: str, why: str) -> None:
        self.notice(why)

    def _recording_stopped(self, session: str, why: str) -> None:
        self.notice(why)
        if running := self._running.get(session):
            running.session.recording_stopped(why)

    def _tools_changed(self, source: str, tools: tuple[ToolInfo, ...], detail: str) -> None:
        for running in self._running.values():
            running.session.tools_changed(source, tools, detail)

    def _spent_today(self) -> Spent:
        return self.spending.today(_today()) if self.spending is not None else Spent(0, "")

    def _spent(self, session: str, profile: ModelProfile, finished: Finished) -> None:
        """A model has been paid for: into the day's book, and the other sessions share the day's budget."""
        if self.spending is None:
            return
        tokens = finished.input_tokens + finished.output_tokens
        usd = cost_usd(profile.info(), finished.input_tokens, finished.output_tokens, finished.cached_tokens)
        self.spending.add(_today(), profile.name, tokens, usd)
        spent = self._spent_today()
        for name, running in self._running.items():
            if name != session:
                running.session.spent_elsewhere(spent.day, spent.tokens, spent.usd)

    def _session_ended(self, session: Session) -> None:
        running = self._running.pop(session.link.session, None)
        if running is None:
            return
        task = asyncio.get_running_loop().create_task(self._finish(running.door, running.recorder))
        self._finishing.add(task)
        task.add_done_callback(self._finishing.discard)

    async def _finish(self, door: ComputeDoor, recorder: Recorder | None) -> None:
        await asyncio.to_thread(door.close)
        if recorder is None:
            return
        path = await asyncio.to_thread(recorder.close)
        if self.memory is not None:
            await asyncio.to_thread(self._forget_recorded, self.memory)
        if path.exists():
            self.recorded(path)

    def _forget_recorded(self, memory: MemoryStore) -> None:
        """What was forgotten while a recording was being made leaves it now."""
        try:
            memory.tidy()
        except MemoryError_ as why:
            self.notice(f"what was forgotten may still stand in a recording: {why}")

    async def stop(self, reason: str = "the companion stops") -> None:
        """End every session, finish every recording, close every door."""
        if self.rtmp is not None:
            await self.rtmp.stop()
        if self.pull is not None:
            await self.pull.stop()
        if self.server is not None:
            await self.server.stop()
        if self.front is not None:
            await self.front.stop()
        for running in list(self._running.values()):
            running.session.end(reason)
        while self._finishing:
            await asyncio.gather(*self._finishing)
        if self.tools is not None:
            await self.tools.aclose()
        if self.net is not None:
            await self.net.aclose()
        if self.door is not None:
            await asyncio.to_thread(self.door.close)
        if self.memory is not None:
            await asyncio.to_thread(self.memory.close)
        if self.engines is not None:
            await asyncio.to_thread(self.engines.close)
        gc.unfreeze()


def _today() -> str:
    return datetime.now().astimezone().date().isoformat()


def check_voices(settings: Settings, engines: Engines) -> None:
    """Raises SettingsError if the settings want a voice that is not here."""
    wanted = {"speaking.voice": settings.speaking.voice}
    wanted |= {f"speaking.voice_for.{kind}": voice for kind, voice in settings.speaking.voice_for.items()}
    for name, voice in wanted.items():
        if voice not in {"auto", *engines.voices}:
            here = ", ".join(engines.voices)
            raise SettingsError(f"{name} = {voice!r}: no such voice works here; there are: auto, {here}")
