"""The model that the settings describe, as a profile."""

from __future__ import annotations

from companion.model.port import ModelProfile
from companion.settings import Settings, SettingsError


def model_profile(settings: Settings) -> ModelProfile | None:
    """The model of the settings, or None if there is none.

    Raises:
        SettingsError: it is half described, or cannot be asked safely.
    """
    m = settings.model
    if not m.base_url and not m.model:
        return None
    for name, value in (("model.base_url", m.base_url), ("model.model", m.model)):
        if not value:
            raise SettingsError(f"{name} is empty: a model needs base_url and model, e.g. --set {name}=…")
    try:
        return ModelProfile(
            name=m.name or m.model,
            base_url=m.base_url,
            model=m.model,
            key_env=m.key_env,
            first_text_s=m.first_text_s,
            between_text_s=m.between_text_s,
            max_tokens=settings.thinking.max_tokens,
            image_detail=m.image_detail,
            image_px=settings.thinking.image_px,
            plain_http=m.plain_http,
        )
    except ValueError as why:
        raise SettingsError(f"the settings' [model]: {why}") from why
