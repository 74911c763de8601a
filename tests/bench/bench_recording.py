"""What recording costs: microseconds a message, share of a core, bytes on top of the media, and how fast one seeks.

Two minutes of 720p30 H.264 at 1.5 Mbit/s, Opus at 32 kbit/s both ways, voice activity every 32 ms and a turn every ten
seconds, with model exchanges, stills, sound taken and all the rest, go through the recorder as fast as it takes them,
and then for a while at life's pace, with cold caches and four wake-ups a second. CPU time counts the caller and the
recorder's thread together. At last a file of a gigabyte is written, and 50 random moments in it are looked up.
Usage: python -m tests.bench.bench_recording [--minutes 2] [--life 20] [--gigabytes 1] [--folder DIR]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pipelines.events import MS, NS, HeardMark, ModelText, Speak, Transcribed, TurnOpened, View, VoiceWindow, Word
from recordings.digest import digest
from recordings.exchange import HttpBegin, HttpChunk, HttpEnd
from recordings.reader import Recording
from recordings.recover import recover
from recordings.seek import Seeker
from recordings.session import OPEN_SUFFIX, SessionInfo
from recordings.stored import VoiceBlock
from recordings.writer import Recorder, RecorderOptions

FRAME_NS, PACKET_NS, WINDOW_NS, TURN_NS = NS // 30, 20 * MS, 32 * MS, 10 * NS
WORDS = tuple(
    Word(word, i * 200 * MS, i * 200 * MS + 150 * MS, 0.9) for i, word in enumerate(["what", "does", "it", "say"])
)


BYTES_A_SECOND = 213_000  # of file, with everything on


def cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def due(every_ns: int, until_ns: int) -> Iterator[int]:
    return iter(range(every_ns, until_ns, every_ns))


class Feed:
    """Hands a session to a recorder in time order, and counts what it costs the caller."""

    def __init__(self, recorder: Recorder, media_only: bool = False) -> None:
        self.recorder, self.media_only = recorder, media_only
        chance = random.Random(1)
        self.pictures = [chance.randbytes(size) for size in (4300, 5200, 6100, 7000)]
        self.key_picture, self.packet = chance.randbytes(40_000), chance.randbytes(80)
        self.jpeg = chance.randbytes(60_000)
        self.calls = self.media = self.turns = 0
        self.took_us: list[float] = []

    def run(self, length_ns: int, pace: bool = False, flush_ns: int = 0) -> Feed:
        """`pace`: as slowly as life; else as fast as the writer keeps up. `flush_ns`: write here, so often."""
        rhythm = (FRAME_NS, PACKET_NS, WINDOW_NS, TURN_NS)[: 2 if self.media_only else 4]
        moments = [(t, kind) for kind, every in enumerate(rhythm) for t in due(every, length_ns)]
        kinds = (self._frame, self._packet, self._window, self._turn)
        began_ns, flushed_ns = time.monotonic_ns(), 0
        for t_ns, kind in sorted(moments):
            if pace:
                time.sleep(max(0, began_ns + t_ns - time.monotonic_ns()) / NS)
            if flush_ns and t_ns - flushed_ns >= flush_ns:
                self.recorder._write_waiting()
                flushed_ns = t_ns
            while len(self.recorder._queue) > 1500:
                time.sleep(0.001)
            begun = time.perf_counter()
            kinds[kind](t_ns)
            self.took_us.append((time.perf_counter() - begun) * 1e6)
        return self

    def _frame(self, t_ns: int) -> None:
        number = t_ns // FRAME_NS
        data = self.key_picture if number % 60 == 0 else self.pictures[number % 4]
        self.recorder.camera(t_ns, t_ns - 40 * MS, number, number * 3000, number % 60 == 0, "h264", data)
        self.media += len(data)
        self.calls += 1

    def _packet(self, t_ns: int) -> None:
        recorder, packet = self.recorder, self.packet
        recorder.microphone(t_ns, t_ns - 30 * MS, t_ns // PACKET_NS * 960, packet)
        self.media += len(packet)
        self.calls += 1
        if not self.media_only:
            recorder.pull(t_ns)
            recorder.answer(t_ns, 1, packet)
            self.media += len(packet)
            self.calls += 2

    def _window(self, t_ns: int) -> None:
        self.recorder.happening(VoiceWindow(t_ns, t_ns - 30 * MS, 0.5, -30.0))
        self.calls += 1
        if t_ns // WINDOW_NS % 6 == 0:
            self.recorder.happening(HeardMark(t_ns, 1, "progress", t_ns - 20 * MS, t_ns % NS))
            self.calls += 1

    def _turn(self, t_ns: int) -> None:
        recorder = self.recorder
        self.turns += 1
        number = self.turns
        recorder.happening(Transcribed(t_ns, 1, "what does it say", True, "", WORDS, -0.3, 0.01, 150 * MS))
        recorder.decision(TurnOpened(t_ns, "looks finished", number, "what does it say", "read", t_ns - NS, t_ns))
        recorder.decision(Speak(t_ns, "", number, 0, 1, "It says platform four.", "reading", "espeak", 170, True))
        recorder.still(t_ns, View(number), self.jpeg, "model.example")
        self.media += len(self.jpeg)
        body = b'{"model":"m","messages":[{"role":"user","content":"what does it say"}]}' + b" " * 2000
        recorder.http(t_ns, HttpBegin(number, number, t_ns, "POST", "https://model.example/v1", (), body))
        for i in range(25):
            chunk = b'data: {"choices":[{"index":0,"delta":{"content":"word "}}]}\n\n'
            recorder.http(t_ns + i * MS, HttpChunk(number, i * MS, chunk))
            recorder.happening(ModelText(t_ns + i * MS, number, "word "))
        recorder.http(t_ns, HttpEnd(number, 200, 30 * MS))
        for i in range(3):
            recorder.voiced(VoiceBlock(t_ns, number, i, 48_000, WORDS))
        self.calls += 59


def media_overhead_percent(folder: Path, length_ns: int) -> float:
    """Bytes on top of video and microphone when nothing else is recorded."""
    recorder = Recorder(folder, SessionInfo("bench2", time.time_ns()), print, RecorderOptions(floor_bytes=0))
    fed = Feed(recorder, media_only=True).run(length_ns)
    return (recorder.close().stat().st_size / fed.media - 1) * 100


def at_lifes_pace(folder: Path, seconds: float) -> dict[str, float]:
    """Share of a core while everything is recorded as fast as it happens, the feeding itself taken off.

    The feeding is measured by the same loop over a recorder that has nothing to write to.
    """

    class Nothing(Recorder):
        def _put(self, item: object) -> None:
            pass

    options = RecorderOptions(floor_bytes=0)
    spent = []
    for kind in (Nothing, Recorder):
        recorder = kind(folder, SessionInfo(f"life{len(spent)}", time.time_ns()), print, options)
        begun = cpu_s()
        fed = Feed(recorder).run(int(seconds * NS), pace=True)
        path = recorder.close()
        spent.append(cpu_s() - begun)
    return {
        "life_percent_of_a_core": (spent[1] - spent[0]) / seconds * 100,
        "life_percent_with_feeding": spent[1] / seconds * 100,
        "life_overhead_percent": (path.stat().st_size / fed.media - 1) * 100,
    }


def seeking(folder: Path, gigabytes: float, seeks: int = 50) -> dict[str, float]:
    """Write a file of this size (skipped without the room for it), then look up random moments."""
    if shutil.disk_usage(folder).free < gigabytes * 2e9:
        print(f"no room in {folder} for a file of {gigabytes} GB: seeking was not measured")
        return {}
    length_ns = int(gigabytes * 1e9 / BYTES_A_SECOND * NS)
    recorder = Recorder(folder, SessionInfo("seek", time.time_ns()), print, RecorderOptions(floor_bytes=0, flush_s=1e6))
    Feed(recorder).run(length_ns, flush_ns=250 * MS)  # as many chunks as a life of that length leaves
    path = recorder.close()
    with path.open("rb") as file:  # as cold as we can make it without being the superuser
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    begun = time.perf_counter()
    seeker = Seeker(Recording(path))
    opened_ms = (time.perf_counter() - begun) * 1e3
    chance, took_ms = random.Random(2), []
    for _ in range(seeks):
        t_ns = chance.randrange(length_ns - NS)
        begun = time.perf_counter()
        found = next(seeker.messages_from(t_ns))
        took_ms.append((time.perf_counter() - begun) * 1e3)
        assert 0 <= found.t_ns - t_ns < NS
    took_ms.sort()
    return {
        "seek_file_bytes": path.stat().st_size,
        "seek_open_ms": opened_ms,
        "seek_ms_p50": took_ms[len(took_ms) // 2],
        "seek_ms_max": took_ms[-1],
    }


def measure(folder: Path, minutes: float) -> dict[str, float]:
    length_ns = int(minutes * 60 * NS)
    begun_cpu, begun = cpu_s(), time.perf_counter()
    recorder = Recorder(folder, SessionInfo("bench1", time.time_ns()), print, RecorderOptions(floor_bytes=0))
    opened_ms = (time.perf_counter() - begun) * 1e3
    fed = Feed(recorder).run(length_ns)
    calls, media, took_us = fed.calls, fed.media, fed.took_us
    path = recorder.close()
    cpu = cpu_s() - begun_cpu
    took_us.sort()
    size = path.stat().st_size
    begun = time.perf_counter()
    recording = Recording(path)
    events = sum(1 for _ in recording.events())
    read_s = time.perf_counter() - begun
    lost = sum(entry.level == "ERROR" for entry in recording.logs())
    begun = time.perf_counter()
    decisions = list(recording.decisions())
    digest(decisions)
    digest_s = time.perf_counter() - begun
    torn = path.rename(path.with_name(path.name.replace(".mcap", OPEN_SUFFIX)))
    with torn.open("r+b") as file:
        file.truncate(size - 100_000)
    begun = time.perf_counter()
    kept = recover(torn).messages
    recover_s = time.perf_counter() - begun
    return {
        "open_ms": opened_ms,
        "messages": calls,
        "us_per_message_cpu": cpu / calls * 1e6,
        "percent_of_a_core": cpu / (length_ns / 1e9) * 100,
        "caller_us_p50": took_us[len(took_us) // 2],
        "caller_us_p99": took_us[int(len(took_us) * 0.99)],
        "media_bytes": media,
        "file_bytes": size,
        "media_overhead_percent": media_overhead_percent(folder, length_ns),
        "all_overhead_percent": (size / media - 1) * 100,
        "dropped": lost,
        "events": events,
        "read_events_s": read_s,
        "digest_s": digest_s,
        "recover_s": recover_s,
        "recovered_messages": kept,
    }


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--minutes", type=float, default=2.0)
    asked.add_argument("--life", type=float, default=20.0, help="seconds at life's pace; 0 = leave out")
    asked.add_argument("--gigabytes", type=float, default=1.0, help="size of the file that is sought in; 0 = leave out")
    asked.add_argument("--folder", type=Path)
    options = asked.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        figures = measure(Path(folder), options.minutes)
        if options.life:
            figures |= at_lifes_pace(Path(folder), options.life)
        if options.gigabytes:
            figures |= seeking(Path(folder), options.gigabytes)
    for name, value in figures.items():
        print(f"{name:<24}{value:>16,.2f}")
    print(
        json.dumps({"bench": "recording", "minutes": options.minutes, **{k: round(v, 3) for k, v in figures.items()}})
    )


if __name__ == "__main__":
    main()
