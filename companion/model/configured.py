"""The models that the settings ask for, in the order in which they are tried.

First the one that is described by the keys of [model] itself (`base_url`, `model`, …), then the profiles named by
`model.use`. A profile that is cheap because its vendor learns from what it is sent is asked only if
`model.allow_training` names it. Under `privacy.local_only` only models on this machine are left; if none is, there is
none, and the notes say so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from companion.model.catalogue import load, users_file
from companion.model.profile import ModelProfile, ModeRule
from companion.settings import Settings, SettingsError
from pipelines.thinking.dialects.query import Quirks

# Hosts that a model without a profile is likely to be at, and how they differ from other servers of the chat format.
_KNOWN_HOSTS: dict[str, dict[str, Any]] = {
    "api.openai.com": {"store_false": True, "max_tokens_field": "max_completion_tokens"},
    "api.meta.ai": {"max_tokens_field": "max_completion_tokens"},
}


@dataclass(frozen=True, slots=True)
class Configured:
    """`profiles`: the preferred one first. `notes`: what was left out and why, a line each, for the log. `missing`: if
    there are none, the kind of failure that tells the wearer so: "no_model", or "local_only" if all were left out."""

    profiles: tuple[ModelProfile, ...] = ()
    notes: tuple[str, ...] = ()
    missing: str = ""


def configured(settings: Settings) -> Configured:
    """The models of the settings.

    Raises:
        SettingsError: one is half described, not known, named twice, cannot be asked safely, or learns from what it is
            sent and nobody allowed that.
    """
    m = settings.model
    if not 64 <= (px := settings.thinking.image_px) <= 8192:
        raise SettingsError(f"thinking.image_px = {px}: the longest side of a picture must be 64 to 8192 pixels")
    inline = inline_profile(settings)
    found = [inline] if inline else []
    if m.use:
        catalogue = load(users_file(m.profiles))
        found += [catalogue.profile(name) for name in m.use]
    names = [profile.name for profile in found]
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(f"the model {name!r} is named twice, in model.use and [model]: leave one out")
    for profile in found:
        check_training(profile, m.allow_training)
    if not settings.privacy.local_only:
        return Configured(tuple(found), missing="" if found else "no_model")
    kept = tuple(profile for profile in found if profile.loopback)
    notes = [f"{p.name} at {p.host} is not asked: local_only is on" for p in found if not p.loopback]
    if found and not kept:
        notes.append("no model is left under local_only: name one on this machine, or turn it off")
    return Configured(kept, tuple(notes), "" if kept else "local_only" if found else "no_model")


def model_profiles(settings: Settings) -> tuple[ModelProfile, ...]:
    """The models of the settings, the preferred one first. Raises SettingsError as `configured` does."""
    return configured(settings).profiles


def check_training(profile: ModelProfile, allowed: tuple[str, ...]) -> None:
    """Raises SettingsError if the vendor learns from what this model is sent, and that was not allowed by name."""
    if profile.privacy.trains == "discount" and profile.name not in allowed:
        raise SettingsError(
            f"{profile.name} is cheap because its vendor learns from every word and picture that it is sent. If you "
            f'want that, say so: [model] allow_training = ["{profile.name}"], or '
            f"--set model.allow_training={profile.name}"
        )


def inline_profile(settings: Settings) -> ModelProfile | None:
    """The model that the keys of [model] describe, or None if they describe none. Raises SettingsError."""
    m = settings.model
    if not m.base_url and not m.model:
        return None
    for name, value in (("model.base_url", m.base_url), ("model.model", m.model)):
        if not value:
            raise SettingsError(f"{name} is empty: a model needs base_url and model, e.g. --set {name}=…")
    rule = ModeRule("", m.first_text_s, settings.thinking.max_tokens)
    try:
        profile = ModelProfile(
            name=m.name or m.model,
            base_url=m.base_url,
            model=m.model,
            key_env=m.key_env,
            instant=rule,
            thinking=rule,
            contemplating=rule,
            between_text_s=m.between_text_s,
            plain_http=m.plain_http,
            quirks=Quirks(image_detail=m.image_detail),
        )
        known = _KNOWN_HOSTS.get(profile.host)
        return replace(profile, quirks=replace(profile.quirks, **known)) if known else profile
    except ValueError as why:
        raise SettingsError(f"the settings' [model]: {why}") from why
