"""What recording costs: microseconds a message, share of a core, and bytes on top of the media.

Two minutes of 720p30 H.264 at 1.5 Mbit/s, Opus at 32 kbit/s both ways, voice activity every 32 ms and a turn every ten
seconds go through the recorder as fast as it takes them. CPU time counts the caller and the recorder's thread
together. Usage: python tests/bench/bench_recording.py [--minutes 2] [--folder DIR]
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pipelines.events import MS, NS, Speak, Transcribed, TurnOpened, VoiceWindow, Word
from recordings.digest import digest
from recordings.reader import Recording
from recordings.recover import recover
from recordings.session import OPEN_SUFFIX, SessionInfo
from recordings.writer import Recorder, RecorderOptions

FRAME_NS, PACKET_NS, WINDOW_NS, TURN_NS = NS // 30, 20 * MS, 32 * MS, 10 * NS
WORDS = tuple(
    Word(word, i * 200 * MS, i * 200 * MS + 150 * MS, 0.9) for i, word in enumerate(["what", "does", "it", "say"])
)


def cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def due(every_ns: int, until_ns: int) -> Iterator[int]:
    return iter(range(every_ns, until_ns, every_ns))


def feed(recorder: Recorder, length_ns: int, media_only: bool = False) -> tuple[int, int, list[float]]:
    """Hand in a session in time order; (calls, media bytes, microseconds of each call)."""
    chance = random.Random(1)
    rhythm = (FRAME_NS, PACKET_NS, WINDOW_NS, TURN_NS)[: 2 if media_only else 4]
    moments = [(t, kind) for kind, every in enumerate(rhythm) for t in due(every, length_ns)]
    pictures = [chance.randbytes(size) for size in (4300, 5200, 6100, 7000)]
    key_picture, packet = chance.randbytes(40_000), chance.randbytes(80)
    calls = media = 0
    took_us = []
    for t_ns, kind in sorted(moments):
        while len(recorder._queue) > 1500:  # far faster than life: let the writer keep up, as it would
            time.sleep(0.001)
        begun = time.perf_counter()
        if kind == 0:
            number = t_ns // FRAME_NS
            data = key_picture if number % 60 == 0 else pictures[number % 4]
            recorder.camera(t_ns, t_ns - 40 * MS, number, number * 3000, number % 60 == 0, "h264", data)
            media += len(data)
        elif kind == 1:
            recorder.microphone(t_ns, t_ns - 30 * MS, t_ns // PACKET_NS * 960, packet)
            media += len(packet)
            if not media_only:
                recorder.answer(t_ns, 1, packet)
                media += len(packet)
                calls += 1
        elif kind == 2:
            recorder.happening(VoiceWindow(t_ns, t_ns - 30 * MS, 0.5, -30.0))
        else:
            recorder.happening(Transcribed(t_ns, 1, "what does it say", True, "", WORDS, -0.3, 0.01, 150 * MS))
            recorder.decision(TurnOpened(t_ns, "looks finished", 1, "what does it say", "read", t_ns - NS, t_ns))
            recorder.decision(Speak(t_ns, "", 1, 0, 1, "It says platform four.", "reading", "espeak", 170, True))
            calls += 2
        took_us.append((time.perf_counter() - begun) * 1e6)
        calls += 1
    return calls, media, took_us


def media_overhead_percent(folder: Path, length_ns: int) -> float:
    """Bytes on top of video and microphone when nothing else is recorded."""
    recorder = Recorder(folder, SessionInfo("bench2", time.time_ns()), print, RecorderOptions(floor_bytes=0))
    _, media, _ = feed(recorder, length_ns, media_only=True)
    return (recorder.close().stat().st_size / media - 1) * 100


def measure(folder: Path, minutes: float) -> dict[str, float]:
    length_ns = int(minutes * 60 * NS)
    begun_cpu, begun = cpu_s(), time.perf_counter()
    recorder = Recorder(folder, SessionInfo("bench1", time.time_ns()), print, RecorderOptions(floor_bytes=0))
    opened_ms = (time.perf_counter() - begun) * 1e3
    calls, media, took_us = feed(recorder, length_ns)
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
    asked.add_argument("--folder", type=Path)
    options = asked.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        figures = measure(Path(folder), options.minutes)
    for name, value in figures.items():
        print(f"{name:<24}{value:>16,.2f}")
    print(
        json.dumps({"bench": "recording", "minutes": options.minutes, **{k: round(v, 3) for k, v in figures.items()}})
    )


if __name__ == "__main__":
    main()
