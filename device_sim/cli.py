"""`device-sim`: play a scene to a companion and judge by ear what came back."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from device_sim import profile as profiles
from device_sim import scene as scenes
from device_sim.address import Address
from device_sim.bridge_wire import BridgeWire
from device_sim.camera import Tapes
from device_sim.ear import Ear
from device_sim.errors import NoMediaError, SimulatorError
from device_sim.judge import FAIL, Finding, TurnTimes, Verdict, judge
from device_sim.loudspeaker import Loudspeaker
from device_sim.mic import Voices
from device_sim.record import Record
from device_sim.scene import Expect, Scene
from device_sim.sent import Sent
from device_sim.stage import Stage, Tell
from device_sim.way import Way
from device_sim.wire import Wire

PASSED, FAILED, COULD_NOT_RUN = 0, 1, 2
WIRES: dict[str, Callable[[Scene, Tapes, Voices, Ear], Way]] = {"webrtc": Wire, "bridge": BridgeWire}

HELP = """\
Camera glasses that do not exist: a camera, a microphone and an ear, played from a scene file over real WebRTC.

  device-sim scenes                                       what is bundled
  device-sim run demo --to 'http://127.0.0.1:8484/?token=…'     play one; the address is what `companion run` prints
  device-sim run demo --to … --seed 7 --out out/          other sign, code, price, colours; verdict and sound in out/
  device-sim run bench --to … --set rounds=20             fix a drawn value
  device-sim run demo --to … --wire bridge                the same over a WebSocket (docs/bridge.md)
  device-sim run demo --to 'https://…/?token=…' --fingerprint '3AF0 91BC …'    as a phone, to `companion run --lan`
  device-sim run demo --to … --profile frame              as another device; `device-sim profiles` lists them
  device-sim check my_scene.yaml                          read it, say what is wrong, play nothing

A scene says what the wearer sees, says and expects; docs/scenes.md is its manual. Every expectation is judged by the
sound that came back. Exit code: 0 all passed (or failed as a known gap does), 1 some failed, 2 could not run.
"""


def main(argv: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    logging.basicConfig(level=logging.DEBUG if options.verbose else logging.ERROR, format="%(name)s: %(message)s")
    try:
        return int(options.command(options))
    except SimulatorError as error:
        print(f"device-sim: {error}", file=sys.stderr)
        return COULD_NOT_RUN
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="device-sim", description=HELP, formatter_class=form)
    parser.add_argument("--verbose", action="store_true", help="log what the wire does")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="play a scene to a companion and judge what comes back")
    run.add_argument("scene", metavar="SCENE", help="a bundled scene's name or a path")
    run.add_argument("--to", required=True, metavar="URL", help="the companion's address, with ?token=… or --token")
    run.add_argument("--token", default="", metavar="T")
    run.add_argument(
        "--fingerprint", default="", metavar="SHA256", help="of an https companion's own certificate, as it prints it"
    )
    run.add_argument("--out", type=Path, metavar="DIR", help="write verdict.json and heard.wav there")
    run.add_argument("--wire", choices=WIRES, default="webrtc", help="how it connects (default webrtc)")
    run.add_argument("--model", default="", metavar="URL", help="the stand-in model's address: judges what was sent")
    run.add_argument("--play", action="store_true", help="let it be heard on this machine's loudspeaker")
    run.add_argument("--speak", action="store_true", help="say what a scene would `ask`, instead of typing it")
    run.add_argument("--brief", action="store_true", help="no clock and no captions: the companion prints these too")
    run.set_defaults(command=_run)
    check = commands.add_parser("check", help="read a scene and say what is wrong with it")
    check.add_argument("scene", metavar="SCENE")
    check.set_defaults(command=_check)
    for command in (run, check):
        command.add_argument(
            "--seed", type=int, default=0, metavar="N", help="what is drawn, and every noise (default 0)"
        )
        command.add_argument("--profile", default="", metavar="NAME", help="as if on this device (device-sim profiles)")
        command.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="fix a drawn value")
    commands.add_parser("scenes", help="list the bundled scenes").set_defaults(command=_scenes)
    commands.add_parser("profiles", help="list the devices that are known").set_defaults(command=_profiles)
    commands.add_parser("phrases", help="list the bundled phrases that `say` knows").set_defaults(command=_phrases)
    return parser


def _load(options: argparse.Namespace, speech: Path | None = None) -> Scene:
    fixed = {}
    for item in options.set:
        name, equals, value = item.partition("=")
        if not equals:
            raise SimulatorError(f"--set {item}: expected NAME=VALUE, such as --set platform=7")
        fixed[name] = value
    return scenes.load(scenes.find(options.scene), options.seed, fixed, options.profile, speech)


def _scenes(options: argparse.Namespace) -> int:
    for name in scenes.bundled():
        about = scenes.load(scenes.find(name)).about
        print(textwrap.fill(f"{name:<12}{about}", 100, subsequent_indent=" " * 12))
    return PASSED


def _profiles(options: argparse.Namespace) -> int:
    for name in profiles.profiles():
        print(textwrap.fill(f"{name:<24}{profiles.about(name)}", 100, subsequent_indent=" " * 24))
    return PASSED


def _phrases(options: argparse.Namespace) -> int:
    for path in sorted(scenes.SPEECH.glob("*.wav")):
        print(path.stem.replace("_", " "))
    return PASSED


def _check(options: argparse.Namespace) -> int:
    scene = _load(options)
    drawn = ", ".join(f"{name} {value}" for name, value in scene.drawn.items())
    print(
        f"{scene.file}: fine; {len(scene.steps)} steps" + (f"; drawn with seed {scene.seed}: {drawn}" if drawn else "")
    )
    return PASSED


def _run(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as speech:
        return _play(options, _load(options, Path(speech) if options.speak else None))


def _play(options: argparse.Namespace, scene: Scene) -> int:
    address = Address.parse(options.to, options.token, options.fingerprint)
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
    tell = _tell_briefly if options.brief else _tell
    sent = Sent(options.model) if options.model else None
    verdict = asyncio.run(perform(scene, address, options.out, options.play, tell, sent, options.wire))
    return FAILED if verdict.outcome == FAIL else PASSED


async def perform(
    scene: Scene,
    address: Address,
    out: Path | None = None,
    play: bool = False,
    tell: Tell = lambda *_: None,
    sent: Sent | None = None,
    over: str = "webrtc",
) -> Verdict:
    """Render, connect, play, judge; write verdict.json and heard.wav if `out` is given. `sent`: who is asked what
    reached the model; without it that is not judged."""
    begin_s = time.monotonic()
    tapes, voices = await asyncio.to_thread(lambda: (Tapes(scene), Voices(scene)))
    tell(0.0, "scene", f"{scene.name}, seed {scene.seed}; rendered in {time.monotonic() - begin_s:.1f} s")
    ear = Ear(time.monotonic_ns())
    wire = WIRES[over](scene, tapes, voices, ear)
    speaker = Loudspeaker(lambda why: tell(0.0, "play", why)) if play else None
    if speaker is not None:
        ear.on_sound.append(speaker.play)
    try:
        if sent is not None:
            await sent.since_last_asked()
        connected = await _connect(scene, wire, address, tell)
        stage = Stage(scene, wire, tapes, tell, sent)
        stage.record.connected = connected
        record = await stage.play()
    finally:
        await wire.close()
        if speaker is not None:
            await asyncio.to_thread(speaker.close)
    verdict = await asyncio.to_thread(judge, scene, record, ear, _tell_finding)
    _tell_end(verdict, record)
    if out is not None:
        ear.save(out / "heard.wav", record.begin_ns, record.end_ns)
        (out / "verdict.json").write_text(json.dumps(verdict.plain(), indent=2) + "\n", "utf-8")
        print(f"{'':9}{'wrote':<7}{out / 'verdict.json'}, {out / 'heard.wav'}")
    return verdict


async def _connect(scene: Scene, wire: Way, address: Address, tell: Tell) -> bool:
    """Whether media comes through. A scene that expects that it does not goes on without; any other ends."""
    try:
        await wire.connect(address)
    except NoMediaError as error:
        if not any(isinstance(step, Expect) and step.connects is False for step in scene.steps):
            raise
        tell(0.0, "link", str(error))
        return False
    return True


def _tell(at_s: float, what: str, words: str) -> None:
    print(f"{at_s:6.1f} s {what:<7}{words}", flush=True)


def _tell_briefly(at_s: float, what: str, words: str) -> None:
    """Beside a companion that prints the same session with its own clock: only what it cannot know."""
    if what not in ("hears", "says"):
        print(f"{'glasses':>21}  {what} {words}", flush=True)


def _tell_finding(finding: Finding) -> None:
    gap = f" (known gap: {finding.gap})" if finding.gap else ""
    print(f"{'':9}{finding.outcome:<9}turn {finding.turn:<3}{finding.expected}: {finding.why}{gap}", flush=True)


def _tell_end(verdict: Verdict, record: Record) -> None:
    for turn in verdict.turns:
        if turn.turn:
            print(f"{'':9}{'times':<9}turn {turn.turn:<3}{_times(turn)}  ({turn.words})")
    for note in verdict.notes:
        print(f"{'':9}{'note':<9}{note}")
    if verdict.network:
        print(f"{'':9}{'network':<9}" + ", ".join(f"{count} {what}" for what, count in verdict.network.items()))
    counts = f"{verdict.passed} passed, {verdict.failed} failed, {verdict.unjudged} unjudged"
    counts += f", {verdict.gaps} known gaps" if verdict.gaps else ""
    counts += f", {verdict.closed} pass unexpectedly" if verdict.closed else ""
    cost = f"{record.key_requests} key frames asked for; the simulator took {verdict.cpu_percent:g} % of a core"
    print(f"{verdict.seconds:6.1f} s {verdict.outcome.upper():<7}{counts}; {cost}")


def _times(turn: TurnTimes) -> str:
    if turn.barge_in_ms is not None:
        return f"silent {turn.barge_in_ms:.0f} ms after the wearer began, {turn.silence_ms:.0f} ms after the last word"
    return "no answer" if turn.mouth_to_ear_ms is None else f"mouth to ear {turn.mouth_to_ear_ms:.0f} ms"


if __name__ == "__main__":
    sys.exit(main())
