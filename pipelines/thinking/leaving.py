"""Which of the words read in a picture may leave: what a rule hides in the picture is not told in words either."""

from __future__ import annotations

from pipelines.events import FrameScore, TextLine
from pipelines.seeing.regions import cover_for, uncovered
from pipelines.thinking.world import World


def leaving(world: World, frame: FrameScore | None, lines: tuple[TextLine, ...]) -> tuple[TextLine, ...]:
    """Words read in a picture that may leave: all but those that the wearer's rules hide in the picture itself."""
    if frame is None or world.options.send.none:
        return lines
    return uncovered(lines, cover_for(world.options.send, frame.width, frame.height, lines))
