"""What each command does, once its words are understood."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from companion.models import ModelError
from companion.settings import Settings, SettingsError, load, recordings_folder
from pipelines.speaking.voice import VoiceError
from recordings.session import RecordingError

if TYPE_CHECKING:
    from companion.app import App

MENDABLE = (SettingsError, ModelError, VoiceError, RecordingError, OSError)


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
    server = settings.server
    if getattr(args, "port", None) is not None:
        server = replace(server, port=args.port)
    if getattr(args, "token", None):
        server = replace(server, token=args.token)
    return replace(settings, server=server)


def _cmd_run(args: argparse.Namespace) -> int:
    from companion.app import App
    from companion.timeline import Timeline

    app = App(
        _settings(args),
        watch=lambda session: (lambda event: None) if args.quiet else Timeline(),
        recorded=lambda path: print(f"recorded: {path}", flush=True),
        notice=lambda text: print(f"notice: {text}", flush=True),
    )
    return asyncio.run(_serve(app))


async def _serve(app: App) -> int:
    from companion.notes import start_notes

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    try:
        url = await app.start()
    except BaseException:
        await app.stop()
        raise
    print(f"Earshot listens on {url}", flush=True)
    for line in start_notes(app):
        print(line, flush=True)
    await stop.wait()
    await app.stop()
    return 0


def _cmd_demo(args: argparse.Namespace) -> int:
    from companion.demo import demo

    return asyncio.run(demo(load(args.config, args.set), args.scene, args.seed, args.out, not args.silent))


def _cmd_ask(args: argparse.Namespace) -> int:
    from companion.ask import ask

    return asyncio.run(ask(_settings(args), args.question, args.image, args.wav))


def _cmd_replay(args: argparse.Namespace) -> int:
    from companion.replay import replay
    from companion.sessions import find

    path = Path(args.recording)
    if not path.is_file():
        path = find(recordings_folder(load(args.config, args.set)), args.recording)
    result = replay(path)
    print(result.line)
    if args.verbose:
        print("\n".join(result.differences))
    return 0 if result.same else 1


def _cmd_sessions(args: argparse.Namespace) -> int:
    from companion import sessions

    folder = recordings_folder(load(args.config, args.set))
    if args.action == "page":
        from companion.report.page import write_page

        path = Path(args.session) if Path(args.session).is_file() else sessions.find(folder, args.session)
        print(write_page(path, args.out or path.with_suffix(".html")))
        return 0
    actions: dict[str, Callable[[], sessions.Outcome]] = {
        "list": lambda: sessions.list_sessions(folder),
        "show": lambda: sessions.show(folder, args.session),
        "delete": lambda: sessions.delete(folder, args.session),
        "recover": lambda: sessions.recover(folder, args.session),
    }
    outcome = actions[args.action]()
    print(outcome.text)
    return outcome.code


def _cmd_models(args: argparse.Namespace) -> int:
    from companion import models

    if args.action == "list":
        print(models.listing())
    elif args.action == "path":
        print(models.find(args.name))
    else:
        path = models.pull(args.name, print)
        print(f"{args.name} is in {path}\nUse it: companion run --set hearing.model={args.name}")
    return 0


def _cmd_doctor(args: argparse.Namespace) -> int:
    from companion.doctor import examine

    checks = examine(load(args.config, args.set))
    for check in checks:
        print(check)
    return 0 if all(c.fine or not c.needed for c in checks) else 1


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "run": _cmd_run,
    "demo": _cmd_demo,
    "ask": _cmd_ask,
    "replay": _cmd_replay,
    "sessions": _cmd_sessions,
    "models": _cmd_models,
    "doctor": _cmd_doctor,
}
