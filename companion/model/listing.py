"""What `companion models` says of the models that answer: which there are, and whether each could be asked now."""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from urllib.parse import urlsplit

from companion.model.catalogue import Entry
from companion.model.client import key_of
from companion.model.probing import Served
from companion.model.profile import ModelProfile
from companion.terminal import safe

NAME_COLUMNS = 22
SHOWN_MODELS = 6  # of a server's; the others are counted
TRAINING = {
    "no": "does not train",
    "opt-out": "trains unless told not to",
    "discount": "TRAINS, that is its price",
    "unknown": "training: ?",
}


def state(profile: ModelProfile, served: Mapping[str, Served | None], environ: Mapping[str, str] = os.environ) -> str:
    """Whether it could be asked: what of its key, and for a server on this machine, whether it answers."""
    if not profile.key_env:
        key = "needs no key"
    else:
        key = "key set" if key_of(profile, environ) else f"no key ({profile.key_env})"
    if profile.base_url not in served:
        return key
    there = served[profile.base_url]
    if there is None:
        return "not running"
    missing = bool(there.models) and profile.model not in there.models and profile.model != "default"
    return "answers, has no such model" if missing else f"answers, {key}"


def ready(profile: ModelProfile, served: Mapping[str, Served | None], environ: Mapping[str, str] = os.environ) -> bool:
    """Whether nothing that is known here stands in the way of asking it."""
    return state(profile, served, environ) in ("key set", "needs no key", "answers, key set", "answers, needs no key")


def listing(
    profiles: Sequence[ModelProfile],
    asked: Sequence[str],
    served: Mapping[str, Served | None],
    environ: Mapping[str, str] = os.environ,
    width: int = 96,
) -> str:
    """Two or three lines a model. `asked`: names of those that the settings ask, in order; `served`: from `probe`."""
    lines = []
    for profile in profiles:
        mark = f"{asked.index(profile.name) + 1}" if profile.name in asked else " "
        lines.append(f"{mark} {safe(profile.name):<{NAME_COLUMNS}} {state(profile, served, environ)}")
        lines += [f"    {line}" for line in _packed(_facts(profile, served), width - 4)]
    return "\n".join(lines)


def _packed(facts: Sequence[str], width: int) -> list[str]:
    """Facts side by side while they fit; one is broken only if it is wider than the screen."""
    lines: list[str] = []
    for fact in facts:
        if lines and len(lines[-1]) + len(fact) + 3 <= width:
            lines[-1] += f" · {fact}"
        else:
            lines += textwrap.wrap(fact, width, break_on_hyphens=False)
    return lines


def _facts(profile: ModelProfile, served: Mapping[str, Served | None]) -> list[str]:
    privacy, checked = profile.privacy, profile.checked
    facts = [f"{profile.model} at {urlsplit(profile.base_url).netloc}, {profile.dialect}", price(profile)]
    facts += ["on this machine"] if privacy.local else [TRAINING[privacy.trains]]
    facts += [f"kept: {privacy.retention}"] if privacy.retention and not privacy.local else []
    facts += [f"region: {privacy.region or '?'}"] if not privacy.local else []
    facts += [] if profile.vision else ["no pictures"]
    facts += [] if profile.tools else ["no tools"]
    held = [name for name, value in (("types", checked.types), ("double", checked.double)) if value]
    facts.append(f"checked: {', '.join(held) or 'nothing'}; live {checked.live or 'never'}")
    there = served.get(profile.base_url)
    if there is not None and there.models:
        more = len(there.models) - SHOWN_MODELS
        names = ", ".join(safe(name)[:60] for name in there.models[:SHOWN_MODELS])
        facts.append(f"it has: {names}{f' and {more} more' if more > 0 else ''}")
    return [safe(fact) for fact in facts]


def price(profile: ModelProfile) -> str:
    """In words, for a million tokens."""
    p = profile.price
    if profile.privacy.local and p.input_usd < 0:
        return "free"
    if p.input_usd < 0 or p.output_usd < 0:
        return "price not known"
    return f"${p.input_usd:g} in, ${p.output_usd:g} out{f' ({p.as_of})' if p.as_of else ''}"


def shown(entry: Entry) -> str:
    """One profile as TOML that could stand in the user's file, with where each value comes from behind it."""
    profile = entry.profile
    plain, tables = [], []
    for key, value in asdict(profile).items():
        if key == "name":
            continue
        if isinstance(value, dict):
            inside = [_line(k, v, entry.sources, f"{key}.{k}") for k, v in value.items()]
            tables.append("\n".join([f"\n[{_key(profile.name)}.{key}]", *inside]))
        else:
            plain.append(_line(key, value, entry.sources, key))
    return "\n".join([f"[{_key(profile.name)}]", *plain, *tables])


def _line(key: str, value: object, sources: Mapping[str, str], path: str) -> str:
    source = sources.get(path) or next((s for k, s in sources.items() if k.startswith(f"{path}.")), "default")
    return f"{f'{key} = {_toml(value)}':<56}  # {safe(source)}"


def _key(name: str) -> str:
    return name if name and all(c.isascii() and (c.isalnum() or c in "-_") for c in name) else _text(name)


def _toml(value: object) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(str(k))} = {_toml(v)}" for k, v in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return repr(value)


def _text(value: str) -> str:
    """A TOML string; JSON's differ in one character that has to be escaped here."""
    return json.dumps(value).replace("\x7f", "\\u007f")
