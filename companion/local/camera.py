"""One camera of this machine, opened by FFmpeg's driver for it (v4l2, avfoundation, dshow), read in a thread."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from companion.local.devices import CAMERA, Device, LocalError

DRIVERS = {"linux": "v4l2", "darwin": "avfoundation", "win32": "dshow"}
DEV = Path("/dev")
AGAIN_S = 2.0  # between two tries to open a camera that is gone
Bgr = npt.NDArray[np.uint8]


def driver() -> str:
    """Raises LocalError where there is none."""
    found = DRIVERS.get(sys.platform, "")
    if not any(found in name.split(",") for name in av.formats_available):
        raise LocalError(
            f"cameras cannot be opened on {sys.platform} with this PyAV; use the page in a browser instead"
        )
    return found


def cameras() -> list[Device]:
    """Raises LocalError if cameras cannot be listed here."""
    from av.device import enumerate_input_devices

    try:
        found = [info for info in enumerate_input_devices(driver()) if "video" in (info.media_types or ["video"])]
    except (av.FFmpegError, ValueError, OSError) as why:
        raise LocalError(
            f"cameras cannot be listed ({why}); use the page in a browser for it, and here --set local.camera=none"
        ) from why
    if not found and (shut := shut_to_us(DEV)):
        raise LocalError(
            f"{shut} is there, and you may not read it: add yourself to its group (sudo usermod -aG video $USER), and "
            "log in anew"
        )
    usual = next((i for i, info in enumerate(found) if info.is_default), 0)
    return [Device(CAMERA, i, f.description or f.name, f.name, f.name, i == usual) for i, f in enumerate(found)]


def shut_to_us(folder: Path) -> str:
    """A Linux camera that its driver does not list because we may not open it, "" for none."""
    return next((str(node) for node in sorted(folder.glob("video[0-9]*")) if not os.access(node, os.R_OK)), "")


def opened(device: Device, width: int, height: int, fps: int) -> Any:
    """The camera as a container; as it likes if it cannot do that size and rate. Raises LocalError with its name."""
    wanted = {"video_size": f"{width}x{height}", "framerate": str(fps)}
    why: Exception | None = None
    for options in (wanted, {"framerate": str(fps)}, {}):
        try:
            return av.open(device.address, format=driver(), options=options)
        except (av.FFmpegError, OSError, ValueError) as error:
            why = error
    raise LocalError(
        f"the camera {device.name!r} cannot be opened ({why}); is another program using it? May you read "
        f"{device.address}?"
    ) from why


class LocalCamera:
    """Reads from `start` to `close`, in a thread. `shown(bgr)` gets each picture there; `gone(device, why)` and
    `back(device)` are called there too. The camera that went away is opened again when it is there again; another never
    is."""

    def __init__(
        self,
        device: Device,
        open_camera: Callable[[], Any],
        shown: Callable[[Bgr], None],
        gone: Callable[[Device, str], None],
        back: Callable[[Device], None],
    ) -> None:
        self.device = device
        self._open, self._shown, self._gone, self._back = open_camera, shown, gone, back
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Raises LocalError if it cannot be opened now."""
        first = self._open()
        self._thread = threading.Thread(target=self._run, args=(first,), name="local-camera", daemon=True)
        self._thread.start()

    def _run(self, container: Any) -> None:
        while not self._closed.is_set():
            why = self._read(container)
            if self._closed.is_set():
                return
            self._gone(self.device, why)
            container = self._again()
            if container is not None:
                self._back(self.device)

    def _read(self, container: Any) -> str:
        """Until it ends; why it did."""
        try:
            for frame in container.decode(video=0):
                if self._closed.is_set():
                    return ""
                self._shown(np.asarray(frame.to_ndarray(format="bgr24"), np.uint8))
        except (av.FFmpegError, OSError) as why:
            return str(why)
        finally:
            container.close()
        return "it gives no more pictures"

    def _again(self) -> Any:
        while not self._closed.wait(AGAIN_S):
            try:
                return self._open()
            except LocalError:
                continue
        return None

    def close(self) -> None:
        self._closed.set()
        if self._thread is not None:
            self._thread.join(AGAIN_S)


def tried(device: Device, width: int, height: int, fps: int, pictures: int = 15) -> str:
    """Open it, and tell what came. Raises LocalError."""
    container = opened(device, width, height, fps)
    try:
        began, count, size = time.monotonic(), 0, ""
        for frame in container.decode(video=0):
            count, size = count + 1, f"{frame.width}x{frame.height}"
            if count == 1:
                began = time.monotonic()
            if count > pictures:
                break
        rate = (count - 1) / max(1e-3, time.monotonic() - began)
        return f"{size}, {rate:.0f} pictures a second" if count else "it opens, and gives no picture"
    except av.FFmpegError as why:
        raise LocalError(f"the camera {device.name!r} opens, and gives no picture ({why})") from why
    finally:
        container.close()
