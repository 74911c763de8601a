"""What the companion asks of a camera in words: a key frame, a photo, so many pictures a second.

A stream that is slowed down gives key frames only: what lies between two of them would have nothing to stand on.
"""

from __future__ import annotations

import av

from device_sim.camera import CameraTrack

KEY, PHOTO = 1, 2  # flags of a picture, docs/bridge.md
NS = 1_000_000_000


class AskedPictures:
    """The camera as one connection sees it: another one begins with all that the camera has. `flags`: of the picture
    that came last."""

    kind = "video"

    def __init__(self, camera: CameraTrack) -> None:
        self._camera = camera
        self.flags = 0
        self._fps: float | None = None  # None: as many as there are
        self._due_ns = 0
        self._photo = False

    def ask(self, do: object, fps: object = None) -> None:
        """What is not known is passed over."""
        if do == "key_frame":
            self._camera.request_key()
        elif do == "photo":
            self._photo = True
            self._camera.photo()
            self._camera.key_next()
        elif do == "rate" and isinstance(fps, (int, float)) and not isinstance(fps, bool) and fps >= 0:
            self._fps, self._due_ns = fps if fps < self._camera.fps else None, self._camera.last_ns
            self._camera.key_next()

    def go_on(self) -> None:
        self._camera.go_on()

    async def recv(self) -> av.Packet:
        """The next picture that is wanted."""
        while True:
            packet = await self._camera.recv()
            flags = self._flags()
            if flags is not None:
                self.flags = flags
                return packet

    def _flags(self) -> int | None:
        """Of the picture that the camera gave last; None: it is not to be sent."""
        camera = self._camera
        if self._photo and camera.last_key:
            self._photo = False
            return KEY | PHOTO
        if self._fps is None:
            return KEY if camera.last_key else 0
        if not self._fps or camera.last_ns < self._due_ns:
            return None
        if not camera.last_key:
            camera.key_next()
            return None
        period_ns = round(NS / self._fps)
        self._due_ns = max(self._due_ns + period_ns, camera.last_ns)
        return KEY
