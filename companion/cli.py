"""The command line: what a person types, and help that teaches. Each command's work lives in a module of its own.

Imports of anything slow happen inside the commands, so that `companion --help` answers at once.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from companion import __version__

if TYPE_CHECKING:
    Sub = argparse._SubParsersAction[argparse.ArgumentParser]

EPILOG = """\
A first time:
  companion demo                    watch and hear a simulated wearer ask and be answered
  companion run                     start, then open the printed address in a browser on this machine
  companion ask "what does this say" --image menu.jpg
                                    one question about one picture, without a microphone

Every session is one recording:
  companion sessions list           what was recorded
  companion sessions show ID        what was asked, seen and answered, and where the time went
  companion replay ID               decide it all again; the decisions must come out the same

More words, a model:
  companion models pull base.en     fetch an open speech model once (the built-in one knows only the demo's phrases)
  companion run --set model.base_url=http://localhost:11434/v1 --set model.model=NAME
                                    ask a model on this machine; docs/model.md has vendors

Settings: earshot.toml here or in ~/.config/earshot, environment EARSHOT_SECTION__KEY, or --set section.key=value.
"""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    p = argparse.ArgumentParser(
        prog="companion",
        description="Earshot, the open companion for camera glasses: it hears, and it sees the one frame that matters.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("--version", action="version", version=f"earshot-companion {__version__}")
    sub = p.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _run(sub)
    _demo(sub)
    _ask(sub)
    _replay(sub)
    _sessions(sub)
    _models(sub)
    doctor = sub.add_parser("doctor", help="say what works on this machine, and what is missing")
    _settings_flags(doctor)
    return p


def _settings_flags(p: argparse.ArgumentParser) -> None:
    p.add_argument("--config", type=Path, metavar="FILE", help="settings file (default: earshot.toml, if there is one)")
    p.add_argument(
        "--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="one setting; may be repeated"
    )


def _run(sub: Sub) -> None:
    p = sub.add_parser("run", help="wait for devices and answer their wearers")
    p.add_argument("--port", type=int, help="port to listen on (0 = any free one)")
    p.add_argument("--token", help="token that devices must show (default: a new one at each start)")
    p.add_argument("--local-only", action="store_true", help="make no connection that leaves this machine")
    p.add_argument("--no-recording", action="store_true", help="write nothing to disk")
    p.add_argument("--quiet", action="store_true", help="print no timeline")
    _settings_flags(p)


def _demo(sub: Sub) -> None:
    p = sub.add_parser("demo", help="a simulated wearer asks aloud and is answered aloud, over real WebRTC")
    p.add_argument("--seed", type=int, default=1, help="draws the sign, the code, the label and the door (default 1)")
    p.add_argument("--scene", default="demo", help="another scene: a bundled name or a file")
    p.add_argument("--out", type=Path, default=Path("demo-out"), help="where recording, sound and page go")
    p.add_argument("--silent", action="store_true", help="do not play the sound here")
    _settings_flags(p)


def _ask(sub: Sub) -> None:
    p = sub.add_parser("ask", help="one typed question, with or without pictures; the answer in text and sound")
    p.add_argument("question", help='e.g. "what does this say"')
    p.add_argument("--image", type=Path, metavar="FILE", help="the picture it is about (JPEG or PNG)")
    p.add_argument("--wav", type=Path, metavar="FILE", help="write the spoken answer here")
    p.add_argument("--local-only", action="store_true", help="make no connection that leaves this machine")
    _settings_flags(p)


def _replay(sub: Sub) -> None:
    p = sub.add_parser("replay", help="decide a recorded session again; exit 0 only if every decision is the same")
    p.add_argument("recording", help="a file, or the beginning of a session's name (companion sessions list)")
    p.add_argument("--verbose", action="store_true", help="show the first decisions that differ")
    _settings_flags(p)


def _sessions(sub: Sub) -> None:
    p = sub.add_parser("sessions", help="list, show, open, delete and recover recordings")
    inner = p.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, text in (
        ("list", "what was recorded"),
        ("show", "one session: asked, seen, answered, and where the time went"),
        ("page", "write one session as a page: pictures, sound in step, waterfall"),
        ("delete", "delete sessions"),
        ("recover", "mend what a crash left"),
    ):
        a = inner.add_parser(name, help=text)
        if name in {"show", "page"}:
            a.add_argument("session", help="the beginning of its name, or a file")
        if name == "delete":
            a.add_argument("session", nargs="+", help="the beginning of each name")
        if name == "recover":
            a.add_argument("session", nargs="?", default="", help="one file (default: all that need it)")
        if name == "page":
            a.add_argument("--out", type=Path, help="the page's file (default: beside the recording)")
        _settings_flags(a)


def _models(sub: Sub) -> None:
    p = sub.add_parser("models", help="speech models: list what is here, fetch one")
    inner = p.add_subparsers(dest="action", required=True, metavar="ACTION")
    inner.add_parser("list", help="what is built in and what was fetched")
    pull = inner.add_parser("pull", help="fetch an open Whisper model once; afterwards no network is needed")
    pull.add_argument("name", help="tiny.en, base.en, small.en, tiny, base or small")
    path = inner.add_parser("path", help="print the folder of a model")
    path.add_argument("name")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit status. Errors a person can mend are one line on standard error, status 2."""
    args = parser().parse_args(argv)
    from companion import commands

    try:
        return commands.run(args)
    except commands.MENDABLE as why:
        print(f"companion: {why}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
