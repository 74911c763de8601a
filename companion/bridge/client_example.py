"""A whole device for the bridge in one file: copy it and put your microphone, camera and loudspeaker in.

It needs aiohttp. It says what is in a WAV file (16 kHz, mono, 16 bits) as if somebody spoke it now, shows a JPEG file
once a second, plays the answer into another WAV file, and asks what else is given. What it means: docs/bridge.md.

    python client_example.py 'http://127.0.0.1:8484/?token=…' question.wav sign.jpg answer.wav ['a typed question' …]
"""

from __future__ import annotations

import asyncio
import itertools
import json
import struct
import sys
import time
import wave
from collections import deque
from pathlib import Path
from typing import Any

import aiohttp

HEADER = struct.Struct("<BBHIQ")  # kind, flags, reserved, sequence, time in ns
PCM16, JPEG, PHOTO = 2, 4, 2
RATE_HZ, TICK_NS, TICK_BYTES = 16_000, 20_000_000, 640
BUFFER, STAYS_S = 3, 20  # ticks of sound to have before playing: they arrive one every 20 ms, more or less
SOUND = {"codec": "pcm16", "rate": RATE_HZ}
HELLO = {"type": "hello", "protocol": 1, "name": "reference client", "microphone": SOUND, "speaker": SOUND}


class Device:
    def __init__(self, url: str, say: bytes, show: bytes, *typed: str) -> None:
        self.url, self.say, self.show = url.replace("http", "ws", 1).replace("/?", "/device?"), say, show
        self.session, self.played = "", bytearray()  # the session to go on with when the connection was lost
        self.typed = dict(enumerate(typed, 1))  # by number; what is not known to have arrived

    async def run(self) -> None:
        """Until one side says bye; after a lost connection into the same session."""
        async with aiohttp.ClientSession() as http:
            while True:
                try:
                    async with http.ws_connect(self.url, compress=0) as ws:
                        if await self.connected(ws):
                            return
                except OSError as error:
                    print("no connection:", error, flush=True)
                await asyncio.sleep(0.5)

    async def connected(self, ws: aiohttp.ClientWebSocketResponse) -> bool:
        """One connection's life. True: it ended with a goodbye."""
        await ws.send_json({**HELLO, "camera": {"codec": "jpeg", "fps": 1}, "echo": "none", "resume": self.session})
        self.queue: deque[tuple[int, bytes]] = deque()  # sound to play: its place on the line in ns, its samples
        self.spoken: dict[int, list[Any]] = {}  # utterance -> [begins at, ends at or None, told at]
        tasks = [asyncio.create_task(work) for work in (self.microphone(ws), self.camera(ws), self.speaker(ws))]
        try:
            async for message in ws:
                if message.type == aiohttp.WSMsgType.BINARY:
                    self.queue.append((HEADER.unpack_from(message.data)[4], message.data[HEADER.size :]))
                elif message.type == aiohttp.WSMsgType.TEXT and not await self.told(ws, json.loads(message.data)):
                    return True
            return False
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def told(self, ws: aiohttp.ClientWebSocketResponse, message: dict[str, Any]) -> bool:
        """False: it is over."""
        kind = message["type"]
        if kind == "ping":
            await ws.send_json({"type": "pong", "id": message["id"], "device_ns": time.monotonic_ns()})
        elif kind == "hello":
            self.session = message["session"]
            print("connected, resumed:", message["resumed"], "recording:", message["recording"], flush=True)
            for number, text in self.typed.items():
                await ws.send_json({"type": "typed", "text": text, "number": number})
            self.typed = self.typed if "typed" in message else {}  # else nobody would say that it was received
        elif kind == "received":
            self.typed = {number: text for number, text in self.typed.items() if number > message["typed"]}
        elif kind == "caption":
            print(message["who"], "said:", message["text"], flush=True)
        elif kind == "camera" and message["do"] == "photo":
            await self.picture(ws, PHOTO)
        elif kind == "camera" and message["do"] == "rate":
            self.fps = min(1, message["fps"])
        elif kind == "speaking":
            self.spoken[message["utterance"]] = [message["sound_ns"], None, 0]
        elif kind == "spoken" and message["utterance"] in self.spoken:
            self.spoken[message["utterance"]][1] = message["sound_ns"]
        elif kind == "refused":
            print("refused:", message["detail"], "-", message["hint"], flush=True)
            self.session = ""  # that one is over: the next connection begins another
        return bool(kind != "bye")

    async def microphone(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        """20 ms every 20 ms, each with the moment at which its first sample was captured."""
        begin_ns = time.monotonic_ns()
        for n in itertools.count():
            await asyncio.sleep(max(0.0, (begin_ns + (n + 1) * TICK_NS - time.monotonic_ns()) / 1e9))
            pcm, self.say = self.say[:TICK_BYTES], self.say[TICK_BYTES:]
            await ws.send_bytes(HEADER.pack(PCM16, 0, 0, n, begin_ns + n * TICK_NS) + pcm.ljust(TICK_BYTES, b"\0"))

    async def camera(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.pictures, self.fps = 0, 1.0
        while True:
            if self.fps:
                await self.picture(ws)
            await asyncio.sleep(1 / (self.fps or 1))

    async def picture(self, ws: aiohttp.ClientWebSocketResponse, flags: int = 0) -> None:
        self.pictures += 1
        await ws.send_bytes(HEADER.pack(JPEG, flags, 0, self.pictures, time.monotonic_ns()) + self.show)

    async def speaker(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        """Play 20 ms every 20 ms, silence if there is nothing; and tell what was heard."""
        due_ns, playing, behind_ns = time.monotonic_ns(), False, 0
        while True:
            await asyncio.sleep(max(0.0, (due_ns - time.monotonic_ns()) / 1e9))
            due_ns += TICK_NS
            playing = len(self.queue) >= (1 if playing else BUFFER)
            at_ns, pcm = self.queue.popleft() if playing else (0, bytes(TICK_BYTES))
            behind_ns = at_ns + TICK_NS if playing else behind_ns
            self.played += pcm
            await self.heard(ws, behind_ns)

    async def heard(self, ws: aiohttp.ClientWebSocketResponse, behind_ns: int) -> None:
        """Of each utterance: its first sample, five times a second how far it is, and its end."""
        now_ns = time.monotonic_ns()
        for utterance, (begin_ns, end_ns, told_ns) in [*self.spoken.items()]:
            mark = "first" if not told_ns else "last" if end_ns and behind_ns >= end_ns else "progress"
            if behind_ns > begin_ns and (mark != "progress" or now_ns - told_ns > 2e8):
                sound = {"sound_ns": begin_ns if mark == "first" else behind_ns, "device_ns": now_ns}
                await ws.send_json({"type": "heard", "utterance": utterance, "mark": mark, **sound})
                self.spoken[utterance][2] = now_ns
            if mark == "last":
                del self.spoken[utterance]


if __name__ == "__main__":
    url, question, picture, out, *typed = sys.argv[1:]
    with wave.open(question) as words:
        device = Device(url, words.readframes(words.getnframes()), Path(picture).read_bytes(), *typed)
    try:
        asyncio.run(asyncio.wait_for(device.run(), STAYS_S))
    except TimeoutError:
        print("the time is over", flush=True)
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        file.writeframes(bytes(device.played))
