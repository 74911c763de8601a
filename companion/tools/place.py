"""Where tools run: what they share of the companion that runs them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from companion.net import Net


@dataclass(frozen=True, slots=True)
class Place:
    """`folder`: the data folder, for notes and pins; `net`: the door, which the search goes through; `environ`: where
    keys are looked up."""

    folder: Path
    net: Net
    local_only: bool = False
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
