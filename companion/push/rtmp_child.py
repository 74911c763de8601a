"""The process that speaks RTMP with strangers, so that nothing of theirs is read in the companion's own.

It is told where to listen and the key by the first line of its input (JSON), and ends when its input does. A further
line {"drop": n} closes publisher n. What it hands on is in `companion.push.pipe`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from typing import Any

from companion.link.media_clock import Unwrap
from companion.push import flv
from companion.push.amf import AmfError
from companion.push.chunks import VIDEO, ChunkError
from companion.push.convert import AacSound, FlvPictures
from companion.push.pipe import PieceWriter
from companion.push.rtmp_peer import HELLO, Described, Ended, Media, Published, RtmpPeer

READ = 64 * 1024
PUBLISH_WITHIN_S = 5.0  # who has not shown a key by then is closed
SILENT_S = 30.0  # a network that is gone says nothing
BUSY_S = 1.0  # a publisher that was silent for so long may be replaced
MOST = 16  # connections at once


class Listener:
    def __init__(self, key: str, out: PieceWriter) -> None:
        self._key, self._out = key, out
        self._count = 0
        self._open = 0
        self._publisher: Publisher | None = None

    async def peer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its first byte to its last."""
        if self._open >= MOST:
            writer.close()
            return
        self._open += 1
        try:
            await self._serve(reader, writer)
        finally:
            self._open -= 1
            writer.close()

    def drop(self, number: int) -> None:
        if self._publisher is not None and self._publisher.number == number:
            self._publisher.writer.close()

    def _free(self) -> bool:
        publisher = self._publisher
        return publisher is None or time.monotonic() - publisher.heard_s > BUSY_S

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = RtmpPeer(self._key, self._free, os.urandom(HELLO - 8))
        publisher: Publisher | None = None
        ended = Ended("the connection ended")
        limit = asyncio.get_running_loop().time() + PUBLISH_WITHIN_S
        try:
            while True:
                async with asyncio.timeout(SILENT_S) if publisher else asyncio.timeout_at(limit):
                    data = await reader.read(READ)
                if not data:
                    break
                said = peer.feed(data)
                for one in said:
                    if isinstance(one, Published):
                        self._count += 1
                        publisher = Publisher(self._count, self._out, writer)
                        before, self._publisher = self._publisher, publisher
                        if before is not None:
                            before.writer.close()
                    elif isinstance(one, Ended):
                        ended = one
                    elif publisher is not None and publisher is self._publisher:
                        publisher.take(one)
                writer.write(bytes(peer.to_send))
                peer.to_send.clear()
                if said and isinstance(said[-1], Ended):
                    await writer.drain()
                    break
        except TimeoutError:
            ended = Ended(f"nothing came for {SILENT_S:g} s" if publisher else "it showed no key in time")
        except (ChunkError, AmfError) as why:
            ended = Ended(f"what it sent is no RTMP: {why}")
        except flv.NotTakenError as why:
            ended = Ended(str(why))
            peer.refuse(str(why))
            writer.write(bytes(peer.to_send))
        except (OSError, ValueError) as why:
            ended = Ended(f"{why}" or type(why).__name__)
        if publisher is None:
            if peer.shaken:
                self._out.event(event="refused", why=ended.why)
            return
        if self._publisher is publisher:
            self._publisher = None
        self._out.event(event="gone", number=publisher.number, why=ended.why, goodbye=ended.goodbye)


class Publisher:
    """One that has shown the key: its media go out as they come."""

    def __init__(self, number: int, out: PieceWriter, writer: asyncio.StreamWriter) -> None:
        self.number, self.writer, self._out = number, writer, out
        self.heard_s = time.monotonic()
        self._unwrap = Unwrap()
        self._begun = False
        self._pictures, self._sound = FlvPictures(), AacSound()

    def take(self, said: Described | Media) -> None:
        self.heard_s = time.monotonic()
        if isinstance(said, Described):
            self._begin(said.microphone, said.camera)
            return
        self._begin(True, True)
        at_ms = self._unwrap(said.at_ms)
        if said.kind == VIDEO:
            if (tag := flv.video(said.body)) is not None:
                for shown_ms, unit in self._pictures.feed(tag, at_ms):
                    self._out.put("v", shown_ms * 1000, unit)
        elif (tag := flv.audio(said.body)) is not None and (pcm := self._sound.feed(tag)) is not None:
            self._out.sound(at_ms * 1000, pcm, self._sound.rate_hz)

    def _begin(self, microphone: bool, camera: bool) -> None:
        if self._begun:
            return
        self._begun = True
        peer = (self.writer.get_extra_info("peername") or ("?",))[0]
        self._out.event(event="publish", number=self.number, microphone=microphone, camera=camera, peer=peer)


async def listen(told: dict[str, Any], out: PieceWriter) -> None:
    loop = asyncio.get_running_loop()
    listener, over = Listener(told["key"], out), asyncio.Event()
    try:
        server = await asyncio.start_server(listener.peer, told["host"], told["port"], limit=READ)
    except OSError as why:
        out.event(event="failed", why=why.strerror or str(why))
        return
    out.event(event="listening", port=server.sockets[0].getsockname()[1])

    def obey() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(listener.drop, int(json.loads(line)["drop"]))
        loop.call_soon_threadsafe(over.set)

    threading.Thread(target=obey, daemon=True).start()
    await over.wait()


def main() -> None:
    told = json.loads(sys.stdin.readline())
    out = PieceWriter(sys.stdout.buffer)
    asyncio.run(listen(told, out))
    os._exit(0)  # connections still open end with us, and nothing of ours waits to be written


if __name__ == "__main__":
    main()
