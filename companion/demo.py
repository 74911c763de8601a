"""`companion demo`: a newcomer sees and hears the whole product in a minute.

Three processes: the companion (this one, with the live timeline), the simulated glasses, and a small stand-in for a
model, named as such. They meet on the loopback interface over real WebRTC and real HTTP. At the end it prints where the
recording, the sound and the page are, and fails if the simulator's ear did not hear what the scene expects.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

from companion.app import App
from companion.notes import start_notes
from companion.replay import replay
from companion.report.page import write_page
from companion.settings import Settings
from companion.timeline import Timeline

STAND_IN_STARTS_S = 20.0
SCENE_LIMIT_S = 180.0
STOP_S = 5.0


async def demo(settings: Settings, scene: str, seed: int, out: Path, play: bool) -> int:
    """Run the scene; exit status 0 only if every expectation of it held, and the session replays."""
    out.mkdir(parents=True, exist_ok=True)
    async with contextlib.AsyncExitStack() as stack:
        stand_in_url = await _stand_in(stack, scene)
        settings = demo_settings(settings, stand_in_url, out)
        recorded: list[Path] = []
        app = App(
            settings,
            watch=lambda session: Timeline(),
            recorded=recorded.append,
            notice=lambda text: print(f"notice: {text}", flush=True),
            counted=False,
        )
        print(f"stand-in model (no real one): {stand_in_url}", flush=True)
        try:
            url = await app.start()
            for line in start_notes(app)[1:]:
                print(line, flush=True)
            print(
                f"{'seconds':>9} {'what':>11}  (“glasses”: the simulated wearer; the rest: the companion)", flush=True
            )
            status = await _simulate(scene, url, seed, out, play)
        finally:
            await app.stop()
    return await asyncio.to_thread(_finish, status, recorded, out)


def demo_settings(settings: Settings, stand_in_url: str, out: Path) -> Settings:
    """The user's settings, with the stand-in as the model, a free port, and one kind of answer in the other voice."""
    model = settings.model
    if not model.base_url:
        model = replace(model, name="the stand-in", base_url=stand_in_url, model="stand-in")
    return replace(
        settings,
        model=model,
        server=replace(settings.server, host="127.0.0.1", port=0),
        hearing=replace(settings.hearing, model="embedded"),
        recording=replace(settings.recording, on=True, folder=str(out)),
        speaking=replace(settings.speaking, voice_for={"history": "pyttsx3", **settings.speaking.voice_for}),
    )


async def _stand_in(stack: contextlib.AsyncExitStack, scene: str) -> str:
    """Start the stand-in model, behaving as the scene says; its address. It ends with the stack."""
    process = await _start("device_sim.stand_in_model", "--port", "0", "--scene", scene, stdout=asyncio.subprocess.PIPE)
    stack.push_async_callback(_end, process)
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), STAND_IN_STARTS_S)
    if not line:
        raise OSError(f"the stand-in model did not start (exit {await process.wait()}); run it alone to see why")
    return str(json.loads(line)["url"])


async def _simulate(scene: str, url: str, seed: int, out: Path, play: bool) -> int:
    """Run the simulator against us; its exit status."""
    args = ["run", scene, "--to", url, "--seed", str(seed), "--out", str(out), "--brief"]
    process = await _start("device_sim.cli", *args, *(["--play"] if play else []))
    try:
        return await asyncio.wait_for(process.wait(), SCENE_LIMIT_S)
    except TimeoutError:
        print(f"the scene did not end within {SCENE_LIMIT_S:.0f} s", flush=True)
        return 1
    finally:
        await _end(process)


async def _start(module: str, *args: str, stdout: int | None = None) -> asyncio.subprocess.Process:
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return await asyncio.create_subprocess_exec(sys.executable, "-m", module, *args, stdout=stdout, env=env)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()


def _finish(status: int, recorded: list[Path], out: Path) -> int:
    """Replay the recording, write the page, say where everything is."""
    if not recorded:
        print("no recording was made; the notices above say why")
        return status or 1
    recording = recorded[-1]
    replayed = replay(recording)
    page = write_page(recording, recording.with_suffix(".html"))
    print(f"\nreplay:    {replayed.line}")
    print(f"recording: {recording}")
    print(f"heard:     {out / 'heard.wav'}")
    print(f"page:      {page}")
    print("the demo " + ("did all it should" if status == 0 and replayed.same else "FAILED: see above"))
    return status or (0 if replayed.same else 1)
