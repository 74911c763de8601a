"""Which tools a mode offers. The order is always the same, so that the front of a query stays in a vendor's cache."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from pipelines.events import ToolInfo
from pipelines.thinking.tools.built_in import BUILT_IN
from pipelines.thinking.tools.policy import PERMISSIONS

_PICTURES: Final = ("look_closer", "look_again", "compare_frames")  # of no use to a model that sees nothing
_PLACES: Final[Mapping[str, int]] = {tool.name: place for place, tool in enumerate(BUILT_IN)}


def _none(tool: ToolInfo) -> bool:
    """A quick answer is one question and one answer: every tool would be a round more, and its words are paid for."""
    return False


def _any(tool: ToolInfo) -> bool:
    return tool.permission in PERMISSIONS


def _only_reads(tool: ToolInfo) -> bool:
    """Workers run side by side and nobody hears them: they must not ask the wearer anything."""
    return tool.permission == "local read"


_MODES: Final[Mapping[str, Callable[[ToolInfo], bool]]] = {
    "instant": _none,
    "thinking": _any,
    "contemplating": _only_reads,
}


def offered(tools: Sequence[ToolInfo], mode: str, vision: bool) -> tuple[ToolInfo, ...]:
    """The tools of this session that a model gets in this mode: our own first, then by server and name.

    Two of one name: our own is kept, or else the one that comes first here, so that no server can take another's
    place. Raises ValueError for a mode that is none.
    """
    if mode not in _MODES:
        raise ValueError(f"no mode {mode!r}: there are {', '.join(_MODES)}")
    kept: dict[str, ToolInfo] = {}
    for tool in sorted(tools, key=_place):  # before the mode is asked: a name means one tool in every mode
        kept.setdefault(tool.name, tool)
    return tuple(t for t in kept.values() if _MODES[mode](t) and (vision or t.name not in _PICTURES))


def _place(tool: ToolInfo) -> tuple[int, str, str]:
    own = tool.source in ("built in", "sandbox")
    return (_PLACES.get(tool.name, len(_PLACES)) if own else len(_PLACES) + 1), tool.source, tool.name
