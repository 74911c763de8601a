"""`companion doctor`: what works on this machine, what is missing, and how to get it."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from companion.settings import Settings, SettingsError, data_folder, recordings_folder


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `needed`: without it the companion cannot run."""

    name: str
    fine: bool
    text: str
    needed: bool = True

    def __str__(self) -> str:
        mark = "ok  " if self.fine else ("FAIL" if self.needed else "-   ")
        return f"{mark} {self.name:<14} {self.text}"


def examine(settings: Settings) -> list[Check]:
    """Look at everything; never raises for what it looks at."""
    return [
        c
        for look in (_python, _hearing, _voices, _reading, _model, _disk, _memory, _port, _extras)
        for c in look(settings)
    ]


def _tried(name: str, what: Callable[[], str], way_out: str) -> Check:
    try:
        return Check(name, True, what())
    except Exception as why:  # a doctor reports whatever is wrong
        return Check(name, False, f"{why} ({way_out})" if way_out else str(why))


def _python(_: Settings) -> Iterator[Check]:
    version = sys.version.split()[0]
    yield Check("python", sys.version_info >= (3, 11), f"{version} on {sys.platform}")


def _hearing(settings: Settings) -> Iterator[Check]:
    def load() -> str:
        from companion.engines import hearing_folder
        from pipelines.hearing.transcriber import Transcriber

        t = Transcriber.load(hearing_folder(settings))
        if t.closed_vocabulary:
            return f"{t.name}: only the demo's phrases; `companion models pull base.en` fetches an open one"
        return t.name

    yield _tried("hearing", load, "see `companion models list`")


def _voices(_: Settings) -> Iterator[Check]:
    def load() -> str:
        from pipelines.speaking.voice import close_voices, load_voices

        voices = load_voices()
        close_voices(voices)
        return ", ".join(voices)

    yield _tried("voices", load, "pip install 'earshot-companion[espeak]'")


def _reading(_: Settings) -> Iterator[Check]:
    def load() -> str:
        from pipelines.seeing.reading import TextReader

        TextReader().warm()
        return "text and codes are read on this machine"

    yield _tried("reading", load, "pip install rapidocr")


def _model(settings: Settings) -> Iterator[Check]:
    from companion.model.configured import configured
    from companion.model.listing import ready, state
    from companion.model.probing import probe

    try:
        found = configured(settings)
    except SettingsError as why:
        yield Check("model", False, str(why))
        return
    for note in found.notes:
        yield Check("model", False, note, needed=False)
    if not found.profiles and not found.notes:
        text = "none is set: questions that need one are answered with that; see `companion models`"
        yield Check("model", False, text, needed=False)
    served = probe(found.profiles)
    for profile in found.profiles:
        text = f"{profile.name}: {profile.model} at {profile.host}; {state(profile, served)}"
        yield Check("model", ready(profile, served), text, needed=False)


def _disk(settings: Settings) -> Iterator[Check]:
    folder = recordings_folder(settings)
    there = next(p for p in (folder, *folder.parents) if p.exists())
    free_gb = shutil.disk_usage(there).free / 1e9
    yield Check("recordings", free_gb > 1, f"{folder}, {free_gb:.1f} GB free")


def _memory(settings: Settings) -> Iterator[Check]:
    from companion.memory.embed import embedder
    from companion.memory.shape import MemoryError_
    from companion.memory.store import FOLDER, open_store

    folder = data_folder() / FOLDER
    if not settings.memory.on:
        yield Check("memory", True, "off: memory.on = false")
        return
    if not folder.is_dir():
        yield Check("memory", True, f"nothing is remembered yet; it will be in {folder}")
        return
    notices: list[str] = []
    try:
        found = embedder(settings.memory, settings.privacy.local_only)
        store = open_store(settings.memory, data_folder(), found, notice=notices.append)
    except (MemoryError_, OSError, ValueError) as why:
        yield Check("memory", False, str(why), needed=False)
        return
    try:
        faults = [*notices, *store.check()]
        count = sum(1 for _ in store.all())
    finally:
        store.close()
    yield Check("memory", not faults, "; ".join([f"{count} memories in {folder}", *faults]), needed=False)


def _port(settings: Settings) -> Iterator[Check]:
    server = settings.server
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((server.host, server.port))
            yield Check("port", True, f"{server.host}:{server.port} is free")
        except OSError as why:
            text = f"{server.host}:{server.port} cannot be used: {why.strerror}; try --port 0"
            yield Check("port", False, text, needed=False)


def _extras(settings: Settings) -> Iterator[Check]:
    if importlib.util.find_spec("espeakng_loader"):
        yield Check("espeak extra", True, "installed")
    else:
        text = "not installed; pip install 'earshot-companion[espeak]' gives a voice with word times"
        yield Check("espeak extra", False, text, needed=False)
    yield _echo()
    yield _local()
    if settings.attention.wake_word:
        yield _wake_word(settings.attention.wake_word)


def _echo() -> Check:
    from pipelines.hearing.echo import available

    if available():
        return Check("aec extra", True, "installed: a device whose loudspeaker is open is listened to while we speak")
    text = "not installed; with an open loudspeaker we are deaf while speaking: pip install 'earshot-companion[aec]'"
    return Check("aec extra", False, text, needed=False)


def _local() -> Check:
    from companion.local.devices import LocalError
    from companion.local.portaudio import portaudio

    try:
        portaudio()
    except LocalError as why:
        return Check("local extra", False, f"{why} (for `companion run --local` alone)", needed=False)
    return Check("local extra", True, "installed: `companion devices` lists what is plugged in")


def _wake_word(name: str) -> Check:
    def load() -> str:
        from pipelines.hearing.wake import WakeWord

        return f"{WakeWord(name).phrase!r} is listened for"

    return _tried("wake word", load, "")
