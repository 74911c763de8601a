"""Pictures that were used lately, decoded, so that they can be looked at again when the ring has long let go of them.

A question that is thought about takes longer than the ring remembers: its pictures are sent again with each tool's
result, and looked at more closely. Bounded by bytes; the one that was not used for longest goes first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from pipelines.seeing.shot import Picture

MAX_BYTES = 64 << 20  # two dozen pictures of 720p


class KeptPictures:
    """`get` by frame id, decoding with `decode` what is not kept. Not for two threads at once."""

    def __init__(self, decode: Callable[[int], Picture | None], max_bytes: int = MAX_BYTES) -> None:
        self._decode = decode
        self._max_bytes = max_bytes
        self._kept: OrderedDict[int, Picture] = OrderedDict()

    def get(self, frame_id: int) -> Picture | None:
        """(h, w, 3) uint8 BGR; None if it is neither kept nor to be had."""
        picture = self._kept.pop(frame_id, None)
        if picture is None:
            picture = self._decode(frame_id)
        if picture is not None:
            self._kept[frame_id] = picture
            while len(self._kept) > 1 and sum(kept.nbytes for kept in self._kept.values()) > self._max_bytes:
                self._kept.popitem(last=False)
        return picture
