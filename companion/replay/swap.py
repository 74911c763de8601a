"""Deciders as they stand, with other options: a copy in which every option is the new one."""

from __future__ import annotations

import copy
from dataclasses import fields, is_dataclass
from typing import Any

from pipelines.director import Director, DirectorOptions


def with_options(director: Director, options: DirectorOptions) -> Director:
    """A copy of these deciders that goes on with `options`. What they know stays: it was found out under the old ones.

    The option objects are frozen and shared by reference, so copying with the old ones standing for the new ones
    replaces them wherever they are held.
    """
    memo: dict[int, Any] = {}
    _pair(director.options, options, memo)
    return copy.deepcopy(director, memo)


def _pair(old: Any, new: Any, memo: dict[int, Any]) -> None:
    memo[id(old)] = new
    for f in fields(old):
        value = getattr(old, f.name)
        if is_dataclass(value):
            _pair(value, getattr(new, f.name), memo)
