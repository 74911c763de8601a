"""Settings of `companion ask --video`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClipSettings:
    """What a video may be."""

    longest_s: float = 1800.0  # its sound and pictures become a recording: about 15 MB a minute
