"""The process in which FFmpeg fetches a stream: it opens one address, and hands on sound and pictures as they come.

Told what to open by the first line of its input (JSON); ends when its input does, or a file. What is live is opened
anew when it breaks, soon and then ever less often. A file is played in its own time. FFmpeg may open nothing beside
that address: no playlist that leads elsewhere, no redirect of HTTP. (One of RTSP it follows: there is no switch.)
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import av

from companion.push.convert import Reencode, mono
from companion.push.pipe import PieceWriter
from companion.upright import AS_IT_IS, held, upright

OPEN_S, READ_S = 8.0, 8.0  # how long an address may say nothing
QUICK = {"probesize": "32768", "analyzeduration": "500000", "fpsprobesize": "0", "fflags": "nobuffer"}
SOON_S, SOON = 0.5, 20  # ten seconds of tries every half second: a camera that lost its network is back in time
LATER_S = 5.0
HOW: dict[str, tuple[str | None, dict[str, str]]] = {
    "file": (None, {"protocol_whitelist": "file"}),
    "rtsp": ("rtsp", {"rtsp_transport": "tcp", "protocol_whitelist": "rtsp,tcp", **QUICK}),
    "rtsps": ("rtsp", {"rtsp_transport": "tcp", "protocol_whitelist": "rtsp,rtsps,tls,tcp", **QUICK}),
    "http": ("mpjpeg", {"protocol_whitelist": "http,tcp", "max_redirects": "0", **QUICK}),
    "https": ("mpjpeg", {"protocol_whitelist": "http,https,tls,tcp", "max_redirects": "0", **QUICK}),
}
PASSED_ON = {"h264": "v", "mjpeg": "i"}  # codecs that need no decoding


class Player:
    """One open stream."""

    def __init__(self, source: Any, live: bool, out: PieceWriter, turned: bool = False) -> None:
        """`turned`: its pictures lie, and must be decoded to be set upright."""
        self._source, self._live, self._out, self._turned = source, live, out, turned
        self._video = next(iter(source.streams.video), None)
        self._audio = next(iter(source.streams.audio), None)
        self._reencode = Reencode()
        self._start_s = time.monotonic()
        self._first_us: int | None = None
        self._annex_b: Any = None
        self._as = ""  # what the pictures are handed on as, if they need no decoding
        if self._video is not None:
            self._video.thread_count = 1  # several threads hold back as many pictures
            self._as = self._passed_on(self._video)

    @property
    def sends(self) -> dict[str, bool]:
        return {"microphone": self._audio is not None, "camera": self._video is not None}

    def play(self) -> None:
        """To the end of the stream."""
        streams = [stream for stream in (self._video, self._audio) if stream is not None]
        for packet in self._source.demux(streams):
            if packet.stream is self._video and self._as:
                self._pass_on(packet)
            elif packet.stream is self._video:
                for frame in _decoded(packet):
                    at_us = self._due_us(frame)
                    for unit in self._reencode(_upright(frame)):
                        self._out.put("v", at_us, unit)
            else:
                for frame in _decoded(packet):
                    self._sound(frame)

    def _passed_on(self, video: Any) -> str:
        """What packets go out as without decoding; "" with B frames, which come in another order than they are shown
        in, for pictures that lie, and for other codecs."""
        codec = video.codec_context
        if self._turned:
            return ""
        if codec.name == "h264" and (codec.has_b_frames or codec.max_b_frames > 0):
            return ""
        if codec.name == "h264" and bytes(codec.extradata or b"")[:1] == b"\x01":
            self._annex_b = av.BitStreamFilterContext("h264_mp4toannexb", video)
        return PASSED_ON.get(codec.name, "")

    def _pass_on(self, packet: av.Packet) -> None:
        if packet.size == 0:
            return
        for whole in self._annex_b.filter(packet) if self._annex_b is not None else [packet]:
            self._out.put(self._as, self._due_us(whole), bytes(whole))

    def _sound(self, frame: av.AudioFrame) -> None:
        at_us = self._due_us(frame)
        self._out.sound(at_us + round(frame.samples * 1e6 / frame.sample_rate), mono(frame), frame.sample_rate)

    def _due_us(self, timed: Any) -> int:
        """Its time in the stream, from 0 on; of a file, once that time has come."""
        stamp = timed.pts if timed.pts is not None else timed.dts
        now_us = round((time.monotonic() - self._start_s) * 1e6)
        at_us = now_us if stamp is None else int(stamp * timed.time_base * 1_000_000)
        if self._first_us is None:
            self._first_us = at_us
        at_us -= self._first_us
        if not self._live:
            time.sleep(max(0.0, self._start_s + at_us / 1e6 - time.monotonic()))
        return at_us


def _decoded(packet: av.Packet) -> Iterator[Any]:
    try:
        yield from packet.decode()
    except av.FFmpegError:
        return  # broken on its way; the next key frame mends it


def _upright(frame: av.VideoFrame) -> av.VideoFrame:
    return frame if held(frame) == AS_IT_IS else av.VideoFrame.from_ndarray(upright(frame), format="bgr24")


def lies(url: str) -> bool:
    """Whether a file's pictures must be turned, which only a decoded one says. Raises what opening it does."""
    form, options = HOW["file"]
    with av.open(url, format=form, options=options) as source:
        if not source.streams.video:
            return False
        frame = next((f for packet in source.demux(video=0) for f in _decoded(packet)), None)
    return frame is not None and held(frame) != AS_IT_IS


def wait_s(failures: int) -> float:
    """Before the next try, after so many failures in a row."""
    return SOON_S if failures <= SOON else min(LATER_S, SOON_S * 2 ** (failures - SOON))


def once(told: dict[str, Any], out: PieceWriter) -> bool:
    """Open it and play it to its end; whether it could be opened."""
    scheme = told["url"].split(":", 1)[0].lower()
    form, options = HOW[scheme]
    opened = False
    try:
        turned = scheme == "file" and lies(told["url"])
        with av.open(told["url"], format=form, options=options, timeout=(OPEN_S, READ_S)) as source:
            player = Player(source, told["live"], out, turned)
            out.event(event="open", **player.sends)
            opened = True
            player.play()
        out.event(event="end", why="the stream has ended")
    except (av.FFmpegError, ValueError) as why:
        out.event(event="end", why=_words(why))
    return opened


def main() -> None:
    told = json.loads(sys.stdin.readline())
    out = PieceWriter(sys.stdout.buffer)
    threading.Thread(target=_end_with_input, daemon=True).start()
    failures = 0
    while True:
        failures = 0 if once(told, out) else failures + 1
        if not told["live"]:
            os._exit(0)
        time.sleep(wait_s(failures))


def _words(why: Exception) -> str:
    """What happened, without the address: that may hold a password."""
    return (getattr(why, "strerror", None) or str(why).split(":")[0] or type(why).__name__)[:200]


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
