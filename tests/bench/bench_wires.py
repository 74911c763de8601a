"""The bridge beside WebRTC: what it takes to keep one wearer connected, and how soon a device is there, and back.

720p at 30 frames a second and a microphone arrive, nobody speaks, recording is on. Both wires are measured in turn,
round after round, each row the median. "There" is from opening the WebSocket to the session's first picture; "back" is
from a cut connection over another one to its first picture there.

    python -m tests.bench.bench_wires [--seconds 15] [--rounds 2] [--tries 20]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from tests.bench.bench_idle import SETTLE_S, cpu_s, rss_mb
from tests.bench.bench_media import SCENE, WITH_CAMERA, await_connected
from tests.companions import companion, simulator
from tests.test_bridge import CAMERA, H264, MICROPHONE, Device
from tests.test_bridge import companion as link_only
from tests.test_link import camera_packets

WIRES = ("webrtc", "bridge")


def measured(wire: str, seconds: float) -> tuple[float, float]:
    """(share of a core, memory in MB) of a fresh companion."""
    with tempfile.TemporaryDirectory() as name, companion(Path(name) / "rec", "--set", "speaking.greet=false") as c:
        scene = Path(name) / "scene.yaml"
        scene.write_text(SCENE.format(device=WITH_CAMERA), "utf-8")
        command = simulator(scene, c.url, Path(name), "--brief", "--wire", wire)
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as glasses:
            await_connected(c.process, 1)
            time.sleep(SETTLE_S)
            before, began = cpu_s(c.process.pid), time.monotonic()
            time.sleep(seconds)
            share = (cpu_s(c.process.pid) - before) / (time.monotonic() - began)
            memory_mb = rss_mb(c.process.pid)
            glasses.kill()
        return share, memory_mb


async def connected(tries: int) -> tuple[list[float], list[float]]:
    """Milliseconds until there, and until back."""
    there, back = [], []
    async with link_only(max_sessions=1000) as here:
        for _ in range(tries):
            first, again = Device(), Device()
            began = time.perf_counter()
            name = (await first.hello(here, microphone=MICROPHONE, camera=CAMERA))["session"]
            await first.frame(H264, camera_packets("h264")[0])
            session = here.sessions[-1]
            await session.until(lambda s=session: len(s.units) == 1)  # type: ignore[misc]
            there.append(1000 * (time.perf_counter() - began))
            first.cut()
            began = time.perf_counter()
            await again.hello(here, microphone=MICROPHONE, camera=CAMERA, resume=name)
            await again.frame(H264, camera_packets("h264")[0])
            await session.until(lambda s=session: len(s.units) == 2)  # type: ignore[misc]
            back.append(1000 * (time.perf_counter() - began))
            await again.close()
            await first.close()
    return there, back


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seconds", type=float, default=15.0)
    asked.add_argument("--rounds", type=int, default=2)
    asked.add_argument("--tries", type=int, default=20)
    given = asked.parse_args()
    found: dict[str, list[tuple[float, float]]] = {wire: [] for wire in WIRES}
    for _ in range(given.rounds):
        for wire in WIRES:
            found[wire].append(measured(wire, given.seconds))
    core = {wire: statistics.median(share for share, _ in pairs) for wire, pairs in found.items()}
    memory = {wire: statistics.median(mb for _, mb in pairs) for wire, pairs in found.items()}
    there, back = asyncio.run(connected(given.tries))
    for wire in WIRES:
        print(f"{wire:<10}{100 * core[wire]:>8.1f} % of a core{memory[wire]:>8.0f} MB")
    for name, ms in (("there", there), ("back", back)):
        print(f"{name:<10}{statistics.median(ms):>8.1f} ms median{max(ms):>8.1f} ms at most, of {len(ms)}")
    figures = {
        "bench": "wires",
        "core_percent": {wire: round(100 * core[wire], 1) for wire in WIRES},
        "memory_mb": {wire: round(memory[wire]) for wire in WIRES},
        "there_ms": round(statistics.median(there), 1),
        "back_ms": round(statistics.median(back), 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
