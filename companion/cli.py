"""The command line: what a person types, and help that teaches. Each command's work lives in a module of its own.

Imports of anything slow happen inside the commands, so that `companion --help` answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from companion import __version__

MODES = ("instant", "thinking", "contemplating")  # as in pipelines.thinking.router; nothing slow is imported here

if TYPE_CHECKING:
    Sub = argparse._SubParsersAction[argparse.ArgumentParser]

EPILOG = """\
A first time:
  companion demo                    watch and hear a simulated wearer ask and be answered
  companion run                     start, then open the printed address in a browser on this machine
  companion run --lan               the same for a phone in your network: scan the code; companion pair: another one
  companion ask "what does this say" --image menu.jpg
                                    one question about one picture, without a microphone

Every session is one recording:
  companion sessions list           what was recorded
  companion sessions open ID        the same on a page, with pictures and sound; show ID: as text
  companion why                     the last turn on one screen: heard, saw, sent, said, and where the time went
  companion replay ID               run it again; the decisions must come out the same
  companion replay ID --set turn.open_silence_ms=1200
                                    what would have been different

What is remembered beyond a session:
  companion memory list             all of it; search WORDS, forget --about NAME, export FILE
  companion memory forget --last 2h also from the recordings

More words, a model:
  companion models pull base.en     fetch an open speech model once (the built-in one knows only the demo's phrases)
  companion models                  models that can be asked: which have a key, which servers here answer
  companion models try NAME         ask one about a picture
  companion run --model NAME        ask that one; --model A,B asks B when A fails
  companion compare ID --models A,B the same recorded questions to several models, side by side

Settings: earshot.toml here or in ~/.config/earshot, environment EARSHOT_SECTION__KEY, or --set section.key=value.
"""


REPLAY_EPILOG = """\
  companion replay last                                       the same decisions, bit for bit?
  companion replay last --set turn.open_silence_ms=1200       what would that have changed, turn by turn?
  companion replay last --prompt new.txt --cassette live      ask the model again, with other instructions
  companion replay last --model gemini --cassette live        ask another model
  companion replay last --set look.before_ms=0 --page d.html  both runs side by side, with pictures and sound
  companion replay recordings/ --jobs 2 --junit report.xml    all of them; what did not change is not run again

Exit status: 0 the same (or within the rules and budgets), 1 something differs, 2 it could not be replayed.
"""


ASK_EPILOG = """\
  companion ask "what does this say" "spell that" --image menu.jpg      one picture, and what follows from the answer
  companion ask "1: what does this say" "what changed" --image a.jpg --image b.jpg
                                          pictures one after another; 1: asked while the first is shown
  companion ask --image menu.jpg          questions from the keyboard or a pipe, to an empty line
  companion ask --video clip.mp4          what is said in the video is the question
  companion ask --video clip.mp4 "12.5: what does this say" "how much is it"
                                          typed at 12.5 s, and at the end
  companion ask --video clip.mp4 -        and then from the keyboard

Exit status: 0 every question was answered, 1 one was not, 2 a mistake that you can mend.
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
    _pair(sub)
    _demo(sub)
    _ask(sub)
    _replay(sub)
    _compare(sub)
    _why(sub)
    _sessions(sub)
    _memory(sub)
    _models(sub)
    _conform(sub)
    _devices(sub)
    doctor = sub.add_parser("doctor", help="say what works on this machine, and what is missing")
    _settings_flags(doctor)
    return p


def _settings_flags(p: argparse.ArgumentParser, inner: bool = False) -> None:
    """`inner`: of an action whose command has these flags too; what was given there then stays."""
    none: Any = argparse.SUPPRESS if inner else None
    empty: Any = argparse.SUPPRESS if inner else []
    p.add_argument(
        "--config",
        type=Path,
        default=none,
        metavar="FILE",
        help="settings file (default: earshot.toml, if there is one)",
    )
    p.add_argument(
        "--set", action="append", default=empty, metavar="SECTION.KEY=VALUE", help="one setting; may be repeated"
    )


def _model_flag(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="NAME",
        help="the model to ask (`companion models` lists them); repeated or with commas: the next ones when it fails",
    )


def _run(sub: Sub) -> None:
    p = sub.add_parser("run", help="wait for devices and answer their wearers")
    p.add_argument("--port", type=int, help="port to listen on (0 = any free one)")
    p.add_argument("--lan", action="store_true", help="let a phone in the same network in: TLS, and a code to pair it")
    p.add_argument("--token", help="token that devices must show (default: a new one at each start)")
    p.add_argument("--local-only", action="store_true", help="make no connection that leaves this machine")
    p.add_argument("--no-recording", action="store_true", help="write nothing to disk")
    p.add_argument("--quiet", action="store_true", help="print no timeline")
    p.add_argument(
        "--from",
        dest="pull_from",
        default="",
        metavar="URL",
        help="fetch sound and pictures: rtsp://…, http://… (motion JPEG), or a file, played in its own time",
    )
    p.add_argument("--local", action="store_true", help="also use this machine's camera, microphone and loudspeaker")
    _model_flag(p)
    _settings_flags(p)


def _pair(sub: Sub) -> None:
    p = sub.add_parser("pair", help="let another phone or program in, list those that may come in, shut one out")
    p.add_argument("--new", default="", metavar="NAME", help="what the device will be called (default: phone, phone 2)")
    p.add_argument("--token", action="store_true", help="print a token at once, for a program that reads no code")
    p.add_argument("--list", action="store_true", help="those that were paired, and when they were here last")
    p.add_argument("--revoke", default="", metavar="NAME", help="shut one out, at once")
    _settings_flags(p)


def _demo(sub: Sub) -> None:
    p = sub.add_parser("demo", help="a simulated wearer asks aloud and is answered aloud, over real WebRTC")
    p.add_argument("--seed", type=int, default=1, help="draws the sign, the code, the label and the door (default 1)")
    p.add_argument("--scene", default="demo", help="another scene: a bundled name or a file")
    p.add_argument("--out", type=Path, default=Path("demo-out"), help="where recording, sound and page go")
    p.add_argument("--silent", action="store_true", help="do not play the sound here")
    _settings_flags(p)


def _ask(sub: Sub) -> None:
    p = sub.add_parser(
        "ask",
        help="questions about pictures or a video, typed or heard in it; the answers in text and sound",
        epilog=ASK_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("question", nargs="*", help='e.g. "what does this say"; several are asked one after another')
    p.add_argument(
        "--image", type=Path, action="append", default=[], metavar="FILE", help="a picture (JPEG, PNG, WebP, HEIC)"
    )
    p.add_argument(
        "--video", type=Path, metavar="FILE", help="a video (MP4, MOV, WebM, MKV, AVI), with or without sound"
    )
    p.add_argument("--at", type=float, action="append", default=[], metavar="SECONDS", help="when a question is typed")
    p.add_argument(
        "--from", type=float, default=0.0, dest="from_s", metavar="SECONDS", help="play the video from there"
    )
    p.add_argument("--to", type=float, default=0.0, dest="to_s", metavar="SECONDS", help="play the video to there")
    p.add_argument("--keep-rolling", action="store_true", help="do not hold the video while a question is answered")
    p.add_argument("--deaf", action="store_true", help="do not listen to the video's sound")
    p.add_argument("--real-time", action="store_true", help="sit out every pause, as a device would")
    p.add_argument("--wav", type=Path, metavar="FILE", help="write the spoken answers here")
    p.add_argument("--page", type=Path, metavar="FILE", help="write the session as a page")
    p.add_argument("--local-only", action="store_true", help="make no connection that leaves this machine")
    p.add_argument("--mode", choices=MODES, help="how hard the model thinks, unless the question says it")
    _model_flag(p)
    _settings_flags(p)


def _devices(sub: Sub) -> None:
    p = sub.add_parser("devices", help="this machine's cameras, microphones and loudspeakers, and how to choose them")
    p.add_argument("--try", action="store_true", dest="try_them", help="open each camera for a moment")
    _settings_flags(p)


def _replay(sub: Sub) -> None:
    p = sub.add_parser(
        "replay",
        help="run a recorded session again, as it was or with something changed, and see what differs",
        epilog=REPLAY_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("recording", nargs="+", help="files, folders, or the beginning of a session's name (or: last)")
    change = p.add_argument_group("what if")
    change.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="another setting")
    change.add_argument(
        "--model", metavar="NAME", help="another model: the name of a profile, or a TOML file with the keys of [model]"
    )
    change.add_argument("--prompt", type=Path, metavar="FILE", help="another system prompt")
    change.add_argument(
        "--cassette",
        choices=("strict", "turn", "live"),
        default="strict",
        help="a request to the model: only the recorded one is answered; the same turn's recorded answer is taken; "
        "what is not recorded is really asked",
    )
    change.add_argument("--free-run", action="store_true", help="do not begin every turn from the recorded state")
    change.add_argument("--no-compute", action="store_true", help="do not let engines do what the recording lacks")
    report = p.add_argument_group("report")
    report.add_argument("--rules", type=Path, metavar="FILE", help="tolerances and time budgets (TOML)")
    report.add_argument("--json", type=Path, metavar="FILE", help="write the report as JSON")
    report.add_argument("--junit", type=Path, metavar="FILE", help="write the report as JUnit XML")
    report.add_argument("--page", type=Path, metavar="FILE", help="write both runs, side by side, as one page")
    report.add_argument("--verbose", action="store_true", help="show every difference")
    many = p.add_argument_group("many recordings")
    many.add_argument("--jobs", type=int, default=0, metavar="N", help="so many at a time (default: one a processor)")
    many.add_argument("--engine", choices=("process", "inline", "dask"), default="process", help="what runs them")
    many.add_argument("--scheduler", default="", metavar="ADDRESS", help="of Dask (default: workers on this machine)")
    many.add_argument("--store", type=Path, metavar="DIR", help="where reports are kept, so that nothing is done twice")
    p.add_argument("--config", type=Path, metavar="FILE", help="settings file, for where recordings are")


def _compare(sub: Sub) -> None:
    p = sub.add_parser(
        "compare", help="ask several models the questions of a recording, and set answers, time and cost side by side"
    )
    p.add_argument("recording", help="a file, the beginning of a session's name, or: last")
    p.add_argument("--models", required=True, metavar="A,B,C", help="names of profiles (`companion models` lists them)")
    p.add_argument("--turn", type=int, metavar="N", help="only this turn (default: all that went to a model)")
    p.add_argument("--json", type=Path, metavar="FILE", help="write what came as JSON")
    p.add_argument("--page", type=Path, metavar="FILE", help="write it as one page")
    _settings_flags(p)


def _sessions(sub: Sub) -> None:
    p = sub.add_parser("sessions", help="list, show, open, check, mend, cut, redact, export and delete recordings")
    inner = p.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, text in (
        ("list", "what was recorded"),
        ("show", "one session: asked, seen, answered, and where the time went"),
        ("open", "one session as a page, in the browser; a second one beside it"),
        ("verify", "check a file to its last byte"),
        ("recover", "mend what a crash left"),
        ("cut", "one turn as a file of its own that still replays, or as a test"),
        ("redact", "a copy without some of what it holds"),
        ("export", "as a video with both voices and subtitles, or for Rerun"),
        ("delete", "delete sessions"),
    ):
        a = inner.add_parser(name, help=text)
        _SESSION_ARGUMENTS[name](a)
        _settings_flags(a)


def _one(a: argparse.ArgumentParser) -> None:
    a.add_argument("session", help="the beginning of its name, a file, or: last")


def _open(a: argparse.ArgumentParser) -> None:
    _one(a)
    a.add_argument("other", nargs="?", default="", help="a second one, to be shown beside it")
    a.add_argument("--out", type=Path, metavar="FILE", help="write the page there, and open no browser")


def _cut(a: argparse.ArgumentParser) -> None:
    _one(a)
    a.add_argument("--turn", type=int, required=True, metavar="N", help="the turn to keep")
    a.add_argument("--as-test", default="", metavar="NAME", help="write NAME.mcap and NAME.expect.yaml for pytest")
    a.add_argument("--out", type=Path, metavar="PATH", help="the new file, or the folder of the test")


def _redact(a: argparse.ArgumentParser) -> None:
    _one(a)
    a.add_argument(
        "--drop",
        action="append",
        required=True,
        metavar="KIND",
        help="camera, stills, microphone, answer, http, words, device, or a level: no-video, no-media, text-hashed; "
        "several with commas",
    )
    a.add_argument("--out", type=Path, metavar="FILE", help="the new file")


def _export(a: argparse.ArgumentParser) -> None:
    _one(a)
    a.add_argument("--to", choices=("mp4", "rerun"), default="mp4")
    a.add_argument("--out", type=Path, metavar="FILE")
    a.add_argument("--view", action="store_true", help="rerun: open the viewer, on this machine only")


def _delete(a: argparse.ArgumentParser) -> None:
    a.add_argument("session", nargs="+", help="the beginning of each name")


def _recover(a: argparse.ArgumentParser) -> None:
    a.add_argument("session", nargs="?", default="", help="one file (default: all that need it)")


_SESSION_ARGUMENTS = {
    "list": lambda a: None,
    "show": _one,
    "open": _open,
    "verify": _one,
    "recover": _recover,
    "cut": _cut,
    "redact": _redact,
    "export": _export,
    "delete": _delete,
}


def _memory(sub: Sub) -> None:
    p = sub.add_parser("memory", help="list, search, forget, export and check what is remembered beyond a session")
    inner = p.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = inner.add_parser("list", help="all of it, oldest first")
    search = inner.add_parser("search", help="what fits some words, best first, as it is found for a question")
    search.add_argument("words", nargs="+", help="what is looked for")
    search.add_argument("--limit", type=int, default=8, metavar="N", help="at most so many (default 8)")
    for a in (listed, search):
        a.add_argument("--what", choices=("fact", "place", "turn", "reminder"), default="", help="only this kind")
        a.add_argument("--replaced", action="store_true", help="also what something newer took the place of")
    forget = inner.add_parser("forget", help="remove it for good: from the database, its pictures and the recordings")
    forget.add_argument("--id", type=int, action="append", default=[], metavar="N", help="one of the list; repeatable")
    forget.add_argument("--about", default="", metavar="NAME", help="all that names this person or thing")
    forget.add_argument("--last", default="", metavar="TIME", help="all of the last 30m, 2h, 7d, and what overlaps it")
    forget.add_argument("--everything", action="store_true", help="all, and every recording")
    export = inner.add_parser("export", help="write all of it as JSON, with the pictures")
    export.add_argument("file", type=Path, metavar="FILE")
    check = inner.add_parser("check", help="whether the file is sound to its last byte")
    for a in (listed, search, forget, export, check):
        _settings_flags(a)


def _why(sub: Sub) -> None:
    p = sub.add_parser("why", help="one turn on one screen: heard, saw, sent, said, heard by the ear, and the time")
    p.add_argument("session", nargs="?", default="last", help="the beginning of its name, or a file (default: last)")
    p.add_argument("--turn", type=int, metavar="N", help="default: the last one")
    _settings_flags(p)


def _conform(sub: Sub) -> None:
    p = sub.add_parser("conform", help="check a device, or a companion, against the bridge's protocol (docs/bridge.md)")
    which = p.add_mutually_exclusive_group(required=True)
    which.add_argument("url", nargs="?", metavar="URL", help="a companion to check: ws://HOST:PORT/device?token=…")
    which.add_argument("--listen", action="store_true", help="wait for a device and check that")
    p.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    p.add_argument("--host", default="127.0.0.1", help="with --listen: the address to listen on (default 127.0.0.1)")
    p.add_argument("--port", type=int, default=0, help="with --listen: the port (default: any free one)")
    p.add_argument("--token", default="", help="with --listen: what the device must show (default: a new one)")
    p.add_argument("--wait", type=float, default=300.0, metavar="S", help="with --listen: how long (default 300 s)")
    p.add_argument("--question", default="can you hear me", help="what is typed to have an answer spoken")
    p.add_argument("--local-only", action="store_true", help="make no connection that leaves this machine")
    _settings_flags(p)


def _models(sub: Sub) -> None:
    p = sub.add_parser(
        "models", help="models that answer, and speech models: which there are, and what they need; try one, fetch one"
    )
    _settings_flags(p)
    inner = p.add_subparsers(dest="action", metavar="ACTION")
    listed = inner.add_parser(
        "list", help="all of them: key, price, privacy, and whether servers here answer (default)"
    )
    _settings_flags(listed, inner=True)
    show = inner.add_parser("show", help="one model's profile, with where each value comes from")
    show.add_argument("name", help="a name out of the list")
    _settings_flags(show, inner=True)
    trial = inner.add_parser("try", help="really ask one model about a picture; it costs what a question costs")
    trial.add_argument("name", help="a name out of the list")
    trial.add_argument("--image", type=Path, metavar="FILE", help="the picture (default: a drawn card with a word)")
    trial.add_argument("--question", default="", metavar="TEXT", help="what to ask about it")
    trial.add_argument("--mode", choices=MODES, default="instant", help="how hard it thinks (default: instant)")
    trial.add_argument("--local-only", action="store_true", help="make no connection that leaves this machine")
    _settings_flags(trial, inner=True)
    pull = inner.add_parser("pull", help="fetch an open speech model once; afterwards no network is needed")
    pull.add_argument("name", help="tiny.en, base.en, small.en, tiny, base or small")
    path = inner.add_parser("path", help="print the folder of a speech model")
    path.add_argument("name")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit status. Errors a person can mend are one line on standard error, status 2."""
    args = parser().parse_args(argv)
    from companion import commands

    try:
        return commands.run(args)
    except BrokenPipeError:  # who read our output has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except commands.MENDABLE as why:
        print(f"companion: {why}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
