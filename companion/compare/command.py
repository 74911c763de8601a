"""`companion compare RECORDING --models A,B`: asks each, and prints or writes what came of it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from companion.compare import side_by_side
from companion.compare.measured import Answered, answers_of
from companion.compare.side_by_side import Compared
from companion.model.catalogue import Catalogue, load, users_file
from companion.model.profile import ModelProfile
from companion.replay.whatif import Changes, what_if
from companion.sessions import find
from companion.settings import Settings, SettingsError, recordings_folder
from companion.terminal import screen_of
from recordings.session import RecordingError

ANSWERED, NOBODY = 0, 1


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Exit status: 0 if at least one model was asked, 1 if none could be. Raises SettingsError, RecordingError."""
    given = Path(args.recording)
    path = given if given.exists() else find(recordings_folder(settings), args.recording)
    compared = compare_models(path, _names(args.models), settings, args.turn)
    print(side_by_side.text(compared, screen_of(sys.stdout).width))
    if args.json:
        content = json.dumps(side_by_side.plain(compared), indent=1, ensure_ascii=False) + "\n"
        side_by_side.write(args.json, content)
        print(f"figures: {args.json}")
    if args.page:
        side_by_side.write(args.page, side_by_side.page(compared))
        print(f"page: {args.page}")
    return ANSWERED if len(compared.answers) > 1 else NOBODY


def _names(given: str) -> list[str]:
    names = list(dict.fromkeys(name.strip() for name in given.split(",") if name.strip()))
    if not names:
        raise SettingsError("--models: name at least one profile, several with commas; `companion models` lists them")
    return names


def compare_models(path: Path, names: list[str], settings: Settings, turn: int | None = None) -> Compared:
    """Ask these profiles the recording's questions. Raises SettingsError for a name that is not in the catalogue."""
    catalogue = load(users_file(settings.model.profiles))
    profiles = {name: catalogue.profile(name) for name in names}
    answers: dict[str, dict[int, Answered]] = {}
    skipped: dict[str, str] = {}
    for name, profile in profiles.items():
        if why := _unusable(profile, settings):
            skipped[name] = why
            continue
        recorded, asked = what_if(path, Changes(_sets(settings, name), name, cassette="live"))
        stopped = [miss.what for miss in asked.misses if miss.answer == "stopped here"]
        if stopped:
            skipped[name] = stopped[0]
            continue
        answers.setdefault("recorded", _wanted(answers_of(recorded, _known(catalogue)), turn))
        answers[name] = _wanted(answers_of(asked, {name: profile}), turn)
    if answers and not any(answers.values()):
        raise RecordingError(
            f"{path}: no model was asked in {f'turn {turn}' if turn else 'any turn'} of this recording"
        )
    return Compared(path.name, answers, skipped)


def _sets(settings: Settings, name: str) -> tuple[str, ...]:
    """What holds here and not in the recording: nothing may leave if nothing may leave now."""
    local = ("privacy.local_only=true",) if settings.privacy.local_only else ()
    allowed = (f"model.allow_training={name}",) if name in settings.model.allow_training else ()
    return (*local, *allowed)


def _wanted(answers: dict[int, Answered], turn: int | None) -> dict[int, Answered]:
    return {n: answered for n, answered in answers.items() if turn is None or n == turn}


def _known(catalogue: Catalogue) -> dict[str, ModelProfile]:
    return {name: catalogue.profile(name) for name in catalogue.names}


def _unusable(profile: ModelProfile, settings: Settings) -> str:
    """Why this model cannot be asked here; "" if it can."""
    if profile.key_env and not os.environ.get(profile.key_env, "").strip():
        return f"its key is missing: set {profile.key_env}"
    if settings.privacy.local_only and not profile.loopback:
        return "local_only is on, and it is not on this machine"
    if profile.privacy.trains == "discount" and profile.name not in settings.model.allow_training:
        return f"its vendor learns from what it is sent: allow it with --set model.allow_training={profile.name}"
    return ""
