"""The recorder: takes what happens without ever making it wait, and has it on disk a quarter of a second later.

Callers only append to a bounded queue. One thread of the recorder's own encodes, writes and flushes every FLUSH_S, so
a crash loses at most that and what the system had not taken yet. Order in the file is the order of acceptance; the
message's sequence number counts it over all channels.

Trouble with the disk never reaches a caller: the recorder says so once through `on_trouble`, keeps what is written,
and from then on takes things only to drop them. `on_trouble` runs in the constructor, or later on the recorder's
thread: hand it on with `loop.call_soon_threadsafe`.
"""

from __future__ import annotations

import shutil
import threading
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipelines.events import Decision, Happening, View
from recordings.channels import Channels, Item, Kind
from recordings.exchange import HttpPart, Redactor
from recordings.partfile import PartFile, make_folder
from recordings.session import OPEN_SUFFIX, SessionInfo
from recordings.stored import ClockSample, Read, StillIndex, VoiceBlock, Woken

_NAME = "recorder"  # under which it speaks in the log


@dataclass(frozen=True)
class RecorderOptions:
    """What bounds a recorder. The defaults are for a talking session with 720p video."""

    flush_s: float = 0.25  # lost in a crash: at most this and the write itself; costs 0.2 % of file size
    queue_items: int = 4096  # about half a minute of everything; a disk that stalls longer loses media, never events
    camera_items: int = 3072  # camera is dropped first: from this fill on the rest of the queue is for the others
    camera_bytes: int = 64 * 1024 * 1024  # memory that waiting pictures may take, however large the sender makes them
    floor_bytes: int = 200 * 1000 * 1000  # free space below which recording does not start
    space_check_bytes: int = 32 * 1024 * 1024  # free space is looked at again after this much was written
    close_s: float = 10.0  # how long close() waits for a slow disk before it leaves the file to recovery
    secrets: tuple[str, ...] = ()  # key values from the settings, so that they are found wherever they turn up


class Recorder:
    """One session into one file. Every method but `close` returns at once and may be called from any thread."""

    def __init__(
        self,
        folder: Path,
        info: SessionInfo,
        on_trouble: Callable[[str], None] = lambda text: None,
        options: RecorderOptions | None = None,
    ) -> None:
        self.info = info
        self.options = options or RecorderOptions()
        self.trouble = ""  # why nothing is written any more; "" while all is well
        self.path = folder / f"{info.stem}{OPEN_SUFFIX}"
        self._on_trouble = on_trouble
        self._redactor = Redactor(self.options.secrets)
        self._queue: deque[Item] = deque()
        self._lock = threading.Lock()
        self._camera_bytes = 0
        self._dropped = 0
        self._last_t_ns = 0
        self._closing = False
        self._wake = threading.Event()
        self._file: PartFile | None = None
        self._channels: Channels | None = None
        self._thread: threading.Thread | None = None
        self._open(folder)

    @property
    def writing(self) -> bool:
        """True while what is handed in reaches the disk."""
        return self._file is not None and not self.trouble

    # ------------------------------------------------------------------------------------------------ what is accepted

    def happening(self, event: Happening) -> None:
        self._put(Item(Kind.EVENT, event.t_ns, getattr(event, "media_ns", event.t_ns), event))

    def decision(self, event: Decision) -> None:
        self._put(Item(Kind.DECISION, event.t_ns, event.t_ns, event))

    def microphone(self, t_ns: int, media_ns: int, rtp: int, packet: bytes) -> None:
        """20 ms of Opus as received at `t_ns`, captured at `media_ns`; b"" for a packet that was lost and concealed."""
        self._put(Item(Kind.MICROPHONE, t_ns, media_ns, bytes(packet), rtp=rtp))

    def camera(self, t_ns: int, media_ns: int, frame_id: int, rtp: int, key: bool, codec: str, data: bytes) -> None:
        """One access unit as received; `codec`: "h264" (Annex B), "vp8" or "jpeg"."""
        self._put(Item(Kind.CAMERA, t_ns, media_ns, bytes(data), rtp=rtp, number=frame_id, key=key, text=codec))

    def answer(self, t_ns: int, utterance: int, packet: bytes) -> None:
        """20 ms of Opus as handed to the link."""
        self._put(Item(Kind.ANSWER, t_ns, t_ns, bytes(packet), number=utterance))

    def still(self, t_ns: int, view: View, jpeg: bytes, sent_to: str = "", request: int = 0) -> None:
        """A picture to keep, exactly as sent; `sent_to` names who got it with that request, "" if it did not leave."""
        box = view.box if any(view.box) else ()
        index = StillIndex(t_ns, view.frame_id, "", sent_to, box, view.px, view.quality, request)
        self._put(Item(Kind.STILL, t_ns, t_ns, (index, bytes(jpeg))))

    def http(self, t_ns: int, part: HttpPart) -> None:
        """One step of a model exchange; secrets are taken out before it is written."""
        self._put(Item(Kind.HTTP, t_ns, t_ns, part))

    def clock_sample(self, t_ns: int, offset_ns: int, round_trip_ns: int) -> None:
        """A ping that came back: device clock = session clock + `offset_ns`."""
        self._put(Item(Kind.CLOCK, t_ns, t_ns, ClockSample(t_ns, "ping", offset_ns, round_trip_ns)))

    def sender_report(self, t_ns: int, track: str, ntp: int, rtp: int) -> None:
        """An RTCP sender report; `ntp` is its 64-bit NTP time."""
        sample = ClockSample(t_ns, "sender report", 0, 0, track, ntp >> 32, ntp & 0xFFFFFFFF, rtp)
        self._put(Item(Kind.CLOCK, t_ns, t_ns, sample))

    def pull(self, t_ns: int) -> None:
        """The device's side took 20 ms of sound."""
        self._put(Item(Kind.PULL, t_ns, t_ns, None))

    def voiced(self, block: VoiceBlock) -> None:
        """A piece of rendered speech reached the playout."""
        self._put(Item(Kind.VOICED, block.t_ns, block.t_ns, block))

    def woken(self, woken: Woken) -> None:
        """A deadline was seen to."""
        self._put(Item(Kind.WOKEN, woken.t_ns, woken.t_ns, woken))

    def read(self, t_ns: int, site: str, value: str) -> None:
        """Something was read from outside, e.g. the wall clock."""
        self._put(Item(Kind.READ, t_ns, t_ns, Read(t_ns, site, value)))

    def log(self, t_ns: int, level: str, name: str, text: str) -> None:
        """One line of the log; `level`: DEBUG, INFO, WARNING, ERROR or FATAL."""
        self._put(Item(Kind.LOG, t_ns, t_ns, text, text=level, name=name))

    def attach(self, name: str, media_type: str, data: bytes) -> None:
        """A whole file inside the recording, e.g. a prompt. Not redacted: give it nothing secret."""
        self._put(Item(Kind.ATTACHMENT, self._last_t_ns, self._last_t_ns, bytes(data), text=media_type, name=name))

    def _put(self, item: Item) -> None:
        options = self.options
        size = len(item.thing) if item.kind is Kind.CAMERA else 0
        with self._lock:
            if self._file is None or self.trouble or self._closing:
                return
            waiting = len(self._queue)
            if item.kind.is_media and waiting >= options.queue_items:
                full = True
            else:
                full = size > 0 and (
                    waiting >= options.camera_items or self._camera_bytes + size > options.camera_bytes
                )
            if full:
                self._dropped += 1
                return
            self._camera_bytes += size
            self._last_t_ns = max(self._last_t_ns, item.t_ns)
            self._queue.append(item)
        if waiting > options.queue_items // 4:
            self._wake.set()

    # ------------------------------------------------------------------------------------------------- opening, closing

    def _open(self, folder: Path) -> None:
        try:
            make_folder(folder)
            free = shutil.disk_usage(folder).free
            if free < self.options.floor_bytes:
                self._stop(
                    f"not recording: only {free // 1_000_000} MB are free in {folder}, "
                    f"{self.options.floor_bytes // 1_000_000} MB are needed. Make room or choose another folder."
                )
                return
            self._file = PartFile(folder, self.info.stem)
            self.path = self._file.path
            self._channels = Channels(self._file, self.info, self._redactor)
        except OSError as why:
            self._stop(f"not recording: {why.strerror or why} ({folder}). Make the folder writable or choose another.")
        except (ValueError, TypeError) as why:
            self._stop(f"not recording: the settings or the environment cannot be written down: {why}")
        if self.trouble:
            if self._file is not None:
                self._file.abandon()
            return
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def close(self) -> Path:
        """Write what waits, finish the file and give it its final name; its path. Blocks while the disk works.

        If the recorder was in trouble the path is that of the unfinished file, which may not exist.
        """
        with self._lock:
            self._closing = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(self.options.close_s)
            if self._thread.is_alive():
                self._stop(f"{self.path} was left unfinished: the disk did not answer within {self.options.close_s} s")
        return self.path

    def _run(self) -> None:
        try:
            while not self._closing:
                self._wake.wait(self.options.flush_s)
                self._wake.clear()
                self._write_waiting()
            self._write_waiting()
            self._finish()
        except OSError as why:
            self._stop(f"recording stopped: {why.strerror or why}. What was recorded until now is kept in {self.path}.")
        except Exception as why:  # the session goes on whatever happens here, and hears of it
            self._stop(f"recording stopped by a fault: {why!r}\n{traceback.format_exc()}")
        finally:
            if self._file is not None:
                self._file.abandon()

    def _write_waiting(self) -> None:
        if self._file is None or self._channels is None or self.trouble:
            return
        with self._lock:
            batch, self._queue = self._queue, deque()
            dropped, self._dropped, self._camera_bytes = self._dropped, 0, 0
            last_t_ns = self._last_t_ns
        if dropped:
            batch.append(Item(Kind.LOG, last_t_ns, last_t_ns, f"recorder dropped {dropped}", text="ERROR", name=_NAME))
        if not batch:
            return
        self._channels.write(batch)
        if self._file.unchecked_bytes > self.options.space_check_bytes:
            self._check_space(self._file)

    def _check_space(self, file: PartFile) -> None:
        free = file.free_bytes()
        if free < self.options.floor_bytes // 4:  # leave the machine room to live, and recovery room to work
            self._finish()
            self._stop(
                f"recording ended early: only {free // 1_000_000} MB are left on the disk. It is in {self.path}."
            )

    def _finish(self) -> None:
        if self._file is not None and self._channels is not None and not self.trouble:
            self._channels.finish()
            self.path = self._file.finish()

    def _stop(self, text: str) -> None:
        with self._lock:
            first, self.trouble = not self.trouble, self.trouble or text
            self._queue.clear()
        if first:
            self._on_trouble(text)
