"""What a scene expects of a turn, and how it is read from YAML. Who judges it: judge.py."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

from device_sim.failures import failures
from device_sim.yamlnode import Place

MAX_DECOYS = 6  # a closed choice among 7: chance is 14 %, and judging stays under a second
SENDS = ("nothing", "words", "pictures")  # what reached the model in a turn: nothing, words alone, a picture too


@dataclass(frozen=True)
class Expect:
    """What must be true of the turn that the last `say` opened. Absent expectations are None or empty."""

    line: int
    hears: str = ""
    not_hears: str = ""
    decoys: tuple[str, ...] = ()
    fails: str = ""  # a kind of failure, which is heard of
    caption: str = ""
    speaks: bool | None = None
    sends: str = ""  # of SENDS
    connects: bool | None = None
    answers_within_ms: float | None = None
    silence_within_ms: float | None = None
    known_gap: str = ""  # why this is not so today; what is expected is what would be right


KEYS = (
    "hears",
    "not_hears",
    "decoys",
    "decoys_from",
    "fails",
    "caption",
    "speaks",
    "sends",
    "connects",
    "answers_within_ms",
    "silence_within_ms",
    "known_gap",
)
BESIDE = {"decoys", "decoys_from", "known_gap"}  # which are no expectation by themselves


def read_expect(line: int, place: Place, drawn: Mapping[str, str], choices: Mapping[str, list[str]]) -> Expect:
    keys = place.fields(KEYS)
    if not set(keys) - BESIDE:
        raise place.error("nothing is expected", "give hears, not_hears, fails, caption, speaks, sends, …")
    decoys: list[str] = [item.text() for item in keys["decoys"].items()] if "decoys" in keys else []
    if "decoys_from" in keys:
        decoys += _drawn_decoys(keys, drawn, choices)
    if "hears" in keys and not decoys:
        raise keys["hears"].error("nothing to tell it from", "add `decoys: […]` or `decoys_from: name`")
    if "caption" in keys:
        _check_pattern(keys["caption"])
    return Expect(
        line,
        hears=_text(keys, "hears"),
        not_hears=_text(keys, "not_hears"),
        decoys=tuple(decoys[:MAX_DECOYS]),
        fails=keys["fails"].one_of(failures()) if "fails" in keys else "",
        caption=_text(keys, "caption"),
        speaks=keys["speaks"].flag() if "speaks" in keys else None,
        sends=keys["sends"].one_of(SENDS) if "sends" in keys else "",
        connects=keys["connects"].flag() if "connects" in keys else None,
        answers_within_ms=_milliseconds(keys, "answers_within_ms"),
        silence_within_ms=_milliseconds(keys, "silence_within_ms"),
        known_gap=_text(keys, "known_gap"),
    )


def _drawn_decoys(keys: Mapping[str, Place], drawn: Mapping[str, str], choices: Mapping[str, list[str]]) -> list[str]:
    """The `hears` phrase with what else the seed could have drawn for one name, in an order the seed fixes."""
    if "hears" not in keys:
        raise keys["decoys_from"].error("there is no `hears` to make decoys of", "add `hears: …`")
    name = keys["decoys_from"].one_of(choices)
    raw = keys["hears"].raw()
    if f"{{{name}}}" not in raw:
        raise keys["hears"].error(f"{{{name}}} is not in it, but decoys are drawn from it", f"write {{{name}}}")
    others = [value for value in choices[name] if value != drawn[name]]
    random.Random(f"{drawn[name]}:{name}").shuffle(others)
    place = keys["hears"]
    return [place.with_values({**drawn, name: value}).text() for value in others[:MAX_DECOYS]]


def _text(keys: Mapping[str, Place], name: str) -> str:
    return keys[name].text() if name in keys else ""


def _milliseconds(keys: Mapping[str, Place], name: str) -> float | None:
    return keys[name].number(0, 60_000) if name in keys else None


def _check_pattern(place: Place) -> None:
    try:
        re.compile(place.text())
    except re.error as error:
        raise place.error(f"not a regular expression: {error}", "escape ( ) [ ] . * + ? with a backslash") from None
