"""`companion devices`, and what `companion run --local` opens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from companion.app import App
from companion.link.errors import Refused
from companion.local import camera, portaudio
from companion.local.connection import Chosen, LocalConnection
from companion.local.devices import CAMERA, LOUDSPEAKER, MICROPHONE, NONE, Device, LocalError, again, listed, pick
from companion.local.settings import LocalSettings

AGAIN_S = 2.0  # between two looks whether devices are back
HOW = """\
* is what the system would take. Choose by name, by a part of it, or by number; none does without:
  companion run --local --set local.camera=0 --set "local.microphone=USB" --set local.loudspeaker=none
  companion run --local --set local.headset=true      the loudspeaker is at the ear, so it is not in the microphone"""


def devices(settings: LocalSettings, try_them: bool) -> tuple[str, int]:
    """What there is, in words; 1 if something could not be looked at, or a chosen one is not there."""
    lines, code = [], 0
    for kind, find, wanted in _kinds(settings):
        lines.append(f"{kind.upper()}S")
        try:
            found = find()
            lines += listed(kind, found)
            if wanted:
                taken = pick(kind, found, wanted)
                lines.append(f"     local.{kind} = {wanted!r}: {taken.name if taken else 'none'}")
            if try_them and kind == CAMERA:
                lines += [f"     {device.name}: {_tried(device, settings)}" for device in found]
        except LocalError as why:
            lines.append(f"     {why}")
            code = 1
    return "\n".join([*lines, HOW]), code


def _kinds(settings: LocalSettings) -> tuple[tuple[str, Callable[[], list[Device]], str], ...]:
    return (
        (CAMERA, camera.cameras, settings.camera),
        (MICROPHONE, portaudio.microphones, settings.microphone),
        (LOUDSPEAKER, portaudio.loudspeakers, settings.loudspeaker),
    )


def _tried(device: Device, settings: LocalSettings) -> str:
    try:
        return camera.tried(device, settings.width, settings.height, settings.fps)
    except LocalError as why:
        return str(why)


def chosen(settings: LocalSettings) -> Chosen:
    """Raises LocalError if one that is wanted is not there, or all are unwanted."""
    found = [
        pick(kind, find(), wanted) if wanted.strip().lower() != NONE else None
        for kind, find, wanted in _kinds(settings)
    ]
    if found[1] is None and found[0] is None:
        raise LocalError("local.camera and local.microphone are both none: nothing would be heard or seen")
    return Chosen(*found)


class Local:
    """This machine as a device of a running companion. If its devices were away for so long that the session ended, the
    next one begins when they are back."""

    def __init__(self, app: App, settings: LocalSettings) -> None:
        self._app, self._settings = app, settings
        self._devices: Chosen | None = None
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Raises LocalError if something that is wanted cannot be had."""
        self._devices = await asyncio.to_thread(chosen, self._settings)
        connection = await self._connected()
        self._app.notice(f"this machine is a device: {self._devices.line}")
        self._keeping = asyncio.create_task(self._keep(connection))

    def stop(self) -> None:
        """No session is begun any more; the one that is had ends with the companion's server."""
        if self._keeping is not None:
            self._keeping.cancel()

    async def _keep(self, connection: LocalConnection) -> None:
        while True:
            await connection.over.wait()
            self._app.notice("the session of this machine is over; the next begins when its devices are there")
            while True:
                await asyncio.sleep(AGAIN_S)
                try:
                    connection = await self._connected()
                    break
                except LocalError:
                    continue

    async def _connected(self) -> LocalConnection:
        server, wanted, settings = self._app.server, self._devices, self._settings
        assert server is not None and wanted is not None
        if self._keeping is not None:
            await asyncio.to_thread(portaudio.look_again)
            wanted = await asyncio.to_thread(found_again, wanted)
        try:
            wearer = server.place()
        except Refused as why:
            raise LocalError(f"--local: {why.detail}; {why.hint}") from why
        connection = wearer.place(lambda resumed: LocalConnection(wearer, wanted, settings, self._app.notice))
        try:
            connection.open()
        except LocalError:
            await connection.close("it could not be opened")
            raise
        return connection


def found_again(wanted: Chosen) -> Chosen:
    """The same devices, as they are plugged in now. Raises LocalError if one is not."""
    kinds = (
        (wanted.camera, camera.cameras),
        (wanted.microphone, portaudio.microphones),
        (wanted.loudspeaker, portaudio.loudspeakers),
    )
    found = []
    for device, find in kinds:
        back = again(find(), device) if device is not None else None
        if device is not None and back is None:
            raise LocalError(f"the {device.kind} {device.name!r} is not there")
        found.append(back)
    return Chosen(*found)
