"""What `companion models` does for the models that answer: list them, show one, try one."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

from companion.model.catalogue import Catalogue, Entry, load, users_file
from companion.model.configured import check_training, configured, inline_profile
from companion.model.listing import listing, shown
from companion.model.probing import probe
from companion.model.profile import ModelProfile
from companion.settings import Settings, SettingsError
from companion.terminal import screen_of

WIDEST = 100


def list_models(settings: Settings) -> str:
    """Every model that could be asked, with what stands in the way of each; servers on this machine are looked for."""
    profiles = _profiles(settings, _catalogue(settings))
    try:
        found = configured(settings)
        asked, notes = [profile.name for profile in found.profiles], list(found.notes)
    except SettingsError as why:
        asked, notes = [], [str(why)]
    width = max(80, min(WIDEST, screen_of(sys.stdout).width))
    lines = [listing(profiles, asked, probe(profiles), width=width), ""]
    if asked:
        lines.append(f"asked, in this order: {', '.join(asked)}")
    else:
        lines.append('none is asked. To choose: companion run --model NAME, or [model] use = ["NAME"] in earshot.toml')
    return "\n".join(
        [
            *lines,
            *notes,
            "Prices are for a million tokens.",
            "More about one: companion models show NAME; ask it: companion models try NAME",
        ]
    )


def show_model(settings: Settings, name: str) -> str:
    """One profile as TOML, with where each value comes from. Raises SettingsError if there is none of this name."""
    inline = inline_profile(settings)
    if inline is not None and inline.name == name:
        return shown(Entry(inline, dict.fromkeys(("base_url", "model"), "the settings' [model]")))
    return shown(_catalogue(settings).entry(name))


def try_one(settings: Settings, name: str, image: Path | None, question: str, mode: str) -> int:
    """Asks one model about a picture and prints how that went. Exit status: 0 a whole answer came, 1 not. Raises
    SettingsError."""
    from companion.model.trying import QUESTION, card, picture_of, try_model
    from pipelines.thinking.dialects.answer import Finished

    profile = profile_named(settings, name)
    check_training(profile, settings.model.allow_training)
    picture = picture_of(image) if image else card()
    logging.getLogger("companion.model").setLevel(logging.ERROR)  # what would be logged is printed
    local_only = settings.privacy.local_only
    tried = asyncio.run(try_model(profile, question or QUESTION, picture, mode, local_only))
    print(tried.told(max(80, min(WIDEST, screen_of(sys.stdout).width))))
    return 0 if isinstance(tried.ending, Finished) else 1


def profile_named(settings: Settings, name: str) -> ModelProfile:
    """The profile of this name, in the settings or in the catalogue. Raises SettingsError if there is none."""
    inline = inline_profile(settings)
    return inline if inline is not None and inline.name == name else _catalogue(settings).profile(name)


def _catalogue(settings: Settings) -> Catalogue:
    return load(users_file(settings.model.profiles))


def _profiles(settings: Settings, catalogue: Catalogue) -> list[ModelProfile]:
    inline = inline_profile(settings)
    named = [catalogue.profile(name) for name in catalogue.names]
    return ([inline] if inline else []) + [p for p in named if inline is None or p.name != inline.name]
