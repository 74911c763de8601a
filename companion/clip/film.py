"""A video file as a source."""

from __future__ import annotations

from companion.clip import tracks
from companion.clip.ahead import Ahead
from companion.clip.found import ClipError, Found
from companion.clip.source import Pcm, Shown
from companion.clip.tracks import Span

PICTURES_AHEAD = 6  # 6 MB each at 1080p
BLOCKS_AHEAD = 100  # 2 s of sound


class Film:
    """Implements `Source`. Decodes in two threads, which `close` ends."""

    def __init__(self, found: Found, span: Span, deaf: bool = False) -> None:
        """`deaf`: its sound is not listened to."""
        self._found = found
        self.microphone, self.camera = found.sound >= 0 and not deaf, found.picture >= 0
        self._sound = Ahead(tracks.sound(found, span), BLOCKS_AHEAD) if self.microphone else None
        self._pictures = Ahead(tracks.pictures(found, span), PICTURES_AHEAD) if self.camera else None
        self._heard = self._sound is None

    async def ready(self) -> None:
        if await self.over():
            raise ClipError(
                f"--video {self._found.path}: nothing in it can be decoded ({self._found.what}); it may be torn, "
                "or cut off: copy it again"
            )

    async def sound(self) -> Pcm | None:
        block = await self._sound.take() if self._sound is not None and not self._heard else None
        self._heard = block is None
        return block

    async def pictures(self, until_ns: int) -> list[Shown]:
        given: list[Shown] = []
        if self._pictures is None:
            return given
        while (shown := await self._pictures.peek()) is not None and shown.at_ns < until_ns:
            given.append(shown)
            await self._pictures.take()
        return given

    async def over(self) -> bool:
        seen = self._pictures is None or await self._pictures.peek() is None
        heard = self._sound is None or await self._sound.peek() is None
        return seen and heard

    def close(self) -> None:
        for track in (self._sound, self._pictures):
            if track is not None:
                track.close()
