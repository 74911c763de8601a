"""How the reader spends its time, and what it believes."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.seeing.edges import EdgeOptions
from pipelines.seeing.layout import OrderOptions
from pipelines.seeing.trust import TrustOptions


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """How the reader spends its time."""

    threads: int = 1  # the second core belongs to speech recognition, which runs at the same moment
    # Longest side for finding boxes. 736: a 720p sign in 0.07 s; what is small is looked at again, larger.
    detect_px: int = 736
    second_look_px: int = 1280  # tried once if nothing was found in a larger picture: small print; 0.2 s
    max_px: int = 2560  # larger pictures are reduced first, which bounds memory and time
    max_boxes: int = 60  # about a page, at about 15 ms a box; the largest are kept
    surely_upright: float = 0.93  # the widest box reads 0.97 and more upright, "08:5 0:40" at 0.76 upside down
    tall_ratio: float = 1.5  # a box this much taller than wide may hold a line that runs up or down
    askew: float = 6.0  # degrees; what leans less reads as well as level
    small_px: float = 20.0  # height of the middle box as the finder saw it; below, an enlarged look finds more
    level_px: float = 32.0  # the height it is enlarged to
    looks: int = 2  # at the levelled part; the second only if the first found the writing to reach further
    trust: TrustOptions = field(default_factory=TrustOptions)
    order: OrderOptions = field(default_factory=OrderOptions)
    edges: EdgeOptions = field(default_factory=EdgeOptions)
