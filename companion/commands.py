"""What each command does, once its words are understood."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from companion.memory.shape import MemoryError_
from companion.models import ModelError
from companion.net import is_loopback
from companion.settings import ModelSettings, Settings, SettingsError, data_folder, load, recordings_folder
from pipelines.speaking.voice import VoiceError
from recordings.session import RecordingError

if TYPE_CHECKING:
    from types import ModuleType

    from companion.app import App
    from companion.sessions import Outcome

MENDABLE = (SettingsError, ModelError, MemoryError_, VoiceError, RecordingError, OSError)


def run(args: argparse.Namespace) -> int:
    """Dispatch on the command's name."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    return _COMMANDS[args.command](args)


def _settings(args: argparse.Namespace) -> Settings:
    settings = load(args.config, args.set)
    if getattr(args, "local_only", False):
        settings = replace(settings, privacy=replace(settings.privacy, local_only=True))
    if getattr(args, "no_recording", False):
        settings = replace(settings, recording=replace(settings.recording, on=False))
    if names := [name for part in getattr(args, "model", []) for name in part.split(",") if name]:
        settings = replace(settings, model=_only_models(settings, names))
    if mode := getattr(args, "mode", None):
        settings = replace(settings, modes=replace(settings.modes, default=mode))
    server = settings.server
    if getattr(args, "lan", False) and is_loopback(server.host):
        server = replace(server, host="0.0.0.0")
    if getattr(args, "port", None) is not None:
        try:
            server = replace(server, port=args.port)
        except ValueError as why:
            raise SettingsError(f"--port {args.port}: {why}") from why
    if getattr(args, "token", None):
        server = replace(server, token=args.token)
    return replace(settings, server=server)


def _only_models(settings: Settings, names: Sequence[str]) -> ModelSettings:
    """[model] as it is if exactly these models shall be asked, in this order; the one that [model] itself describes is
    left out unless it is named."""
    m = settings.model
    named = (m.name or m.model) in names
    others = tuple(name for name in names if not named or name != (m.name or m.model))
    return replace(m, use=others) if named else replace(m, use=others, base_url="", model="")


def _cmd_run(args: argparse.Namespace) -> int:
    from companion.app import App
    from companion.timeline import Timeline

    app = App(
        _settings(args),
        watch=lambda session: (lambda event: None) if args.quiet else Timeline(),
        recorded=lambda path: print(f"recorded: {path}", flush=True),
        notice=lambda text: print(f"notice: {text}", flush=True),
        pull_from=args.pull_from,
    )
    return asyncio.run(_serve(app, args.local))


async def _serve(app: App, with_local: bool = False) -> int:
    from companion.local.command import Local
    from companion.notes import start_notes

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    try:
        url = await app.start()
        local = Local(app, app.settings.local)
        if with_local:
            await local.start()
    except BaseException:
        await app.stop()
        raise
    print(f"Earshot listens on {url}", flush=True)
    for line in start_notes(app):
        print(line, flush=True)
    await stop.wait()
    local.stop()
    await app.stop()
    return 0


def _cmd_pair(args: argparse.Namespace) -> int:
    from companion.lan.command import pair

    settings = load(args.config, args.set)
    print(pair(settings, data_folder() / "lan", args.new, args.token, args.list, args.revoke))
    return 0


def _cmd_demo(args: argparse.Namespace) -> int:
    from companion.demo import demo

    return asyncio.run(demo(load(args.config, args.set), args.scene, args.seed, args.out, not args.silent))


def _cmd_ask(args: argparse.Namespace) -> int:
    from companion.ask import Request, ask
    from companion.clip.questions import MORE, asked
    from companion.clip.tracks import Span

    words = [text for text in args.question if text != MORE]
    more = len(words) < len(args.question) or (not words and (args.video is None or sys.stdin.isatty()))
    request = Request(
        tuple(asked(words, args.at)),
        tuple(args.image),
        args.video,
        Span(args.from_s, args.to_s),
        args.wav,
        args.page,
        more,
        args.keep_rolling,
        args.deaf,
        args.real_time,
    )
    return ask(_settings(args), request)


def _cmd_replay(args: argparse.Namespace) -> int:
    from companion.replay.command import command
    from companion.sessions import find

    return command(args, lambda name: find(recordings_folder(load(args.config)), name))


def _cmd_compare(args: argparse.Namespace) -> int:
    from companion.compare.command import run as compare

    return compare(args, _settings(args))


def _cmd_why(args: argparse.Namespace) -> int:
    from companion.sessions import find
    from companion.terminal import screen_of
    from companion.why import why

    path = find(recordings_folder(load(args.config, args.set)), args.session)
    return _told(why(path, args.turn, screen_of(sys.stdout)))


def _cmd_sessions(args: argparse.Namespace) -> int:
    from companion import sessions

    folder = recordings_folder(load(args.config, args.set))
    actions: dict[str, Callable[[], Outcome]] = {
        "list": lambda: sessions.list_sessions(folder),
        "show": lambda: sessions.show(folder, args.session),
        "delete": lambda: sessions.delete(folder, args.session),
        "recover": lambda: sessions.recover(folder, args.session),
        "open": lambda: _open(args, folder),
        "verify": lambda: _derived().verify_session(folder, args.session),
        "cut": lambda: _derived().cut_session(folder, args.session, args.turn, args.as_test, args.out),
        "redact": lambda: _derived().redact_session(folder, args.session, args.drop, args.out),
        "export": lambda: _export(args, folder),
    }
    return _told(actions[args.action]())


def _told(outcome: Outcome) -> int:
    if outcome.text:
        print(outcome.text)
    return outcome.code


def _derived() -> ModuleType:
    from companion import derived

    return derived


def _open(args: argparse.Namespace, folder: Path) -> Outcome:
    from companion.opening import open_page
    from companion.sessions import find

    path = find(folder, args.session)
    other = find(folder, args.other) if args.other else None
    if args.out:
        return open_page(path, other, browser=lambda address: True, out=args.out)
    return open_page(path, other)


def _export(args: argparse.Namespace, folder: Path) -> Outcome:
    from companion.sessions import find

    path = find(folder, args.session)
    if args.to == "mp4":
        from companion.export.mp4 import export_mp4

        return export_mp4(path, args.out)
    from companion.export.rerun import export_rerun

    return export_rerun(path, args.out, args.view)


def _cmd_memory(args: argparse.Namespace) -> int:
    from companion.memory.command import run as remember

    return _told(remember(load(args.config, args.set), args))


def _cmd_models(args: argparse.Namespace) -> int:
    from companion import models
    from companion.model import commands as answering

    settings = _settings(args)
    if args.action == "try":
        return answering.try_one(settings, args.name, args.image, args.question, args.mode)
    if args.action == "show":
        print(answering.show_model(settings, args.name))
    elif args.action == "path":
        print(models.find(args.name))
    elif args.action == "pull":
        path = models.pull(args.name, print)
        print(f"{args.name} is in {path}\nUse it: companion run --set hearing.model={args.name}")
    else:
        print(f"MODELS THAT ANSWER\n{answering.list_models(settings)}\n\nSPEECH MODELS\n{models.listing()}")
    return 0


def _cmd_conform(args: argparse.Namespace) -> int:
    from companion.bridge.conform.command import run as conform

    return conform(args, load(args.config, args.set).privacy.local_only or args.local_only)


def _cmd_devices(args: argparse.Namespace) -> int:
    from companion.local.command import devices

    text, code = devices(load(args.config, args.set).local, args.try_them)
    print(text)
    return code


def _cmd_doctor(args: argparse.Namespace) -> int:
    from companion.doctor import examine

    checks = examine(load(args.config, args.set))
    for check in checks:
        print(check)
    return 0 if all(c.fine or not c.needed for c in checks) else 1


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "run": _cmd_run,
    "pair": _cmd_pair,
    "demo": _cmd_demo,
    "ask": _cmd_ask,
    "replay": _cmd_replay,
    "compare": _cmd_compare,
    "why": _cmd_why,
    "sessions": _cmd_sessions,
    "memory": _cmd_memory,
    "models": _cmd_models,
    "conform": _cmd_conform,
    "devices": _cmd_devices,
    "doctor": _cmd_doctor,
}
