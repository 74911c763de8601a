"""How well our own voice is taken out of the microphone's sound: rooms, delays, barge-in, and what it costs.

Run: `python -m tests.bench.bench_echo`. On an audio clock, the same figures every time but for the cost; two minutes.

Echo only: our voice tells stories, nobody else speaks. `heard as voice`: share of 32 ms windows at or above 0.5, and
how often a listener takes it for speech (a false stop). Barge-in: a wearer says a phrase over the story; from its
first sample to ducking (64 ms of voice) and to certainty (192 ms).
"""

from __future__ import annotations

import json
import statistics
import time

import numpy as np

from pipelines.events import MS
from pipelines.hearing.echo import RATE_HZ, TICK, EchoCanceller
from pipelines.hearing.voice_activity import Window
from pipelines.speaking.voice import close_voices, load_voices
from pipelines.thinking.options import TurnOptions
from tests.echo_room import (
    STORY,
    TICK_NS,
    Room,
    Sound,
    cancelled,
    erle_db,
    pcm16,
    phrase,
    quiet_room,
    runs,
    spoken,
    starts_ns,
    windows,
)

DELAYS_MS = (40, 120, 250, 450)
LEVELS_DB = (-20, -10, 0)
STORIES = 4
PHRASES = ("stop", "wait", "what_does_this_sign_say", "louder", "tell_me_more", "what_is_this", "never_mind", "go_on")
PAUSE_S = 1.0
CERTAIN_NS = TurnOptions().barge_certain_ms * MS
TAIL_NS = 200 * MS  # how long after a phrase it may still be heard


def main() -> None:
    voices = load_voices(["espeak"])
    story = spoken(voices["espeak"], STORY)
    close_voices(voices)
    pause = np.zeros(int(PAUSE_S * RATE_HZ))
    far = np.concatenate([pause, *[part for _ in range(STORIES) for part in (story, pause)]])
    figures: dict[str, object] = {"bench": "echo"}
    minutes = len(far) / RATE_HZ / 60
    print(f"{minutes:.1f} minutes of echo in each room; the wearer speaks as loud as our voice is sent")
    print(f"{'room':34} {'ERLE dB':>14} {'heard as voice':>22} {'false stops':>12} {'duck ms':>14} {'certain ms':>16}")
    rows = []
    for room in (*(Room(d, level) for level in LEVELS_DB for d in DELAYS_MS), *hard_rooms()):
        row = measured(room, far, len(pause), len(pause) + len(story))
        rows.append(row)
        print(line(room, row), flush=True)
    figures["rooms"] = rows
    figures["echo_minutes"] = round(minutes * len(rows), 1)
    figures["false_stops"] = sum(row["false_stops"] for row in rows)  # type: ignore[misc]
    figures["ms_per_packet"] = cost_ms(far)
    print(f"\n{figures['false_stops']} false stops in {figures['echo_minutes']} minutes of nothing but echo")
    print(f"{figures['ms_per_packet']} ms for each 20 ms packet of the microphone")
    print(json.dumps(figures))


def hard_rooms() -> list[Room]:
    """A hall, and a small loudspeaker that is driven too hard."""
    return [Room(120, -10, tail_ms=500), Room(120, -10, drive=6.0), Room(250, 0, tail_ms=350, drive=6.0)]


def measured(room: Room, far: Sound, first: int, until: int) -> dict[str, object]:
    near = room.echo(far) + quiet_room(len(far))
    clean = cancelled(near, far)
    raw_windows, clean_windows = windows(pcm16(near)), windows(clean)
    ducks, certain, missed = barge_ins(room, far, near, first)
    end = len(far) - RATE_HZ
    return {
        "room": vars_of(room),
        "erle_db": round(erle_db(near, clean, first + 2 * RATE_HZ, end), 1),
        "erle_first_half_second_db": round(erle_db(near, clean, first, first + RATE_HZ // 2), 1),
        "voice_raw": round(share(raw_windows), 3),
        "voice_clean": round(share(clean_windows), 4),
        "false_stops_raw": len(starts_ns(raw_windows, taken_out=False)),
        "false_stops": len(starts_ns(clean_windows)),
        "duck_ms": ducks,
        "certain_ms": certain,
        "not_heard": missed,
    }


def barge_ins(room: Room, far: Sound, near: Sound, first: int) -> tuple[list[int], list[int], int]:
    """(ms to the duck, ms to certainty, how many were never heard) of each phrase, in the middle of a story."""
    spots = np.linspace(first + 3 * RATE_HZ, len(far) - 8 * RATE_HZ, len(PHRASES)).astype(int)
    both = near.copy()
    ends = []
    for at, name in zip(spots, PHRASES, strict=True):
        sound = phrase(name)
        both[at : at + len(sound)] += sound
        ends.append(at + len(sound))
    speech = runs(windows(cancelled(both, far)))
    ducks, certain, missed = [], [], 0
    for at, end in zip(spots, ends, strict=True):
        spoken_ns = (end - at) * TICK_NS // TICK + TAIL_NS
        heard = [(at_ns - at * TICK_NS // TICK, voice_ns) for at_ns, voice_ns in speech]
        said = [(round(after_ns / MS), voice_ns) for after_ns, voice_ns in heard if 0 < after_ns <= spoken_ns]
        if not said:
            missed += 1
            continue
        ducks.append(said[0][0])
        certain += [ms for ms, voice_ns in said if voice_ns >= CERTAIN_NS][:1]
    return sorted(ducks), sorted(certain), missed


def share(found: list[Window]) -> float:
    return sum(w.probability >= 0.5 for w in found) / len(found)


def cost_ms(far: Sound) -> float:
    canceller, pcm = EchoCanceller(), pcm16(far)
    costs = []
    for k in range(1500):
        part, at_ns = pcm[k * TICK : (k + 1) * TICK], k * 20_000_000
        canceller.played(part, at_ns)
        began = time.perf_counter()
        canceller.clean(part, at_ns)
        costs.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(costs), 3)


def vars_of(room: Room) -> dict[str, float]:
    return {"delay_ms": room.delay_ms, "level_db": room.level_db, "tail_ms": room.tail_ms, "drive": room.drive}


def line(room: Room, row: dict[str, object]) -> str:
    name = f"{room.delay_ms} ms, {room.level_db:g} dB, tail {room.tail_ms} ms{', driven' if room.drive else ''}"
    ducks, certain = row["duck_ms"], row["certain_ms"]
    assert isinstance(ducks, list) and isinstance(certain, list)
    missed = f" ({row['not_heard']} not heard)" if row["not_heard"] else ""
    return (
        f"{name:34} {row['erle_db']:>6} {'(' + str(row['erle_first_half_second_db']) + ')':>7} "
        f"{row['voice_raw']:>10} -> {row['voice_clean']:<8} {row['false_stops_raw']:>5} -> {row['false_stops']:<4} "
        f"{spread(ducks):>14} {spread(certain):>16}{missed}"
    )


def spread(values: list[int]) -> str:
    return f"{statistics.median(values):.0f}, at most {max(values)}" if values else "-"


if __name__ == "__main__":
    main()
