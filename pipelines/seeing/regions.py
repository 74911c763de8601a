"""Which parts of a picture may not leave, and how they are made unrecognisable before anything is cut out of it.

Two kinds of rules: regions of the picture that are always covered (a badge on the wearer's own jacket, the corner where
their screen stands), and text that the device reads and that looks private. Here is decided which boxes of a frame are
covered, or that nothing may be sent at all; `covering` does it, in the whole frame. Views are cut and scaled after
that, so that a crop or a closer look shows nothing that the whole hides.

Everything fails closed: a rule that cannot be applied, a text whose place is not known, a picture of another size than
the one that was judged withholds the picture. Text that the reader does not find is not covered by `blur_text`; a
region is, whatever is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from pipelines.events import TextLine
from pipelines.thinking.privacy import private_reason

Box = tuple[int, int, int, int]  # x, y, width, height in pixels of the frame

DO: Final = ("black", "blur", "drop")
WHEN: Final = ("always", "text", "private")
BLUR_TEXT: Final = ("off", "private", "all")

WINDOW_LINES: Final = 4  # a card's number and an account's name stand on this many lines at most
AFTER_LINES: Final = 2  # "Password:" stands above what it is ...
AFTER_HEIGHTS: Final = 4  # ... not further away than this many heights of a line
MARGIN: Final = 0.4  # of a line's height, added on each side: the reader's boxes are tight


@dataclass(frozen=True, slots=True)
class Region:
    """`box`: x, y, width, height in thousandths of the picture. `do`: "black" and "blur" cover it, "drop" sends no
    picture at all. `when`: "always", "text" (only if text was read in it) or "private" (only if that looks private).

    Raises ValueError for a box that is not inside the picture, and for words that are not in the tables.
    """

    box: tuple[int, ...]
    do: str = "black"
    when: str = "always"

    def __post_init__(self) -> None:
        if len(self.box) != 4:
            raise ValueError(f"box = {list(self.box)} needs four numbers: x, y, width, height in thousandths")
        x, y, w, h = self.box
        if min(x, y) < 0 or min(w, h) < 1 or x + w > 1000 or y + h > 1000:
            raise ValueError(
                f"box = {list(self.box)} is not inside the picture: thousandths, [0, 0, 1000, 1000] is all of it"
            )
        _one_of("do", self.do, DO)
        _one_of("when", self.when, WHEN)


@dataclass(frozen=True, slots=True)
class SendRules:
    """All that keeps parts of pictures from leaving. `blur_text`: "off", "private" (lines that look private and those
    beside them are blacked out) or "all" (every line is)."""

    regions: tuple[Region, ...] = ()
    blur_text: str = "off"

    def __post_init__(self) -> None:
        _one_of("blur_text", self.blur_text, BLUR_TEXT)

    @property
    def none(self) -> bool:
        return not self.regions and self.blur_text == "off"

    @property
    def need_text(self) -> bool:
        """Whether the text of a picture must be known before it may leave."""
        return self.blur_text != "off" or any(region.when != "always" for region in self.regions)


@dataclass(frozen=True, slots=True)
class Cover:
    """What is covered in a frame of `size` (width, height): boxes in pixels, each with "black" or "blur". `texts`: how
    many lines of text are among them; `withheld`: why the picture may not be sent, "" = it may."""

    size: tuple[int, int]
    boxes: tuple[tuple[Box, str], ...] = ()
    texts: int = 0
    withheld: str = ""


def _one_of(name: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} = {value!r} is not known; use one of {', '.join(allowed)}")


# ------------------------------------------------------------------------------------------------------------- deciding


def cover_for(
    rules: SendRules,
    width: int,
    height: int,
    lines: Sequence[TextLine] | None,
    unread: Sequence[TextLine] = (),
) -> Cover:
    """What is covered in a frame of this size. `lines`: the text read in it, None = it was not read; `unread`: text
    that could not be read surely: not to be believed, but it may be private all the same."""
    size = (width, height)
    if rules.none:
        return Cover(size)
    if width < 1 or height < 1:
        return Cover(size, withheld=f"a picture of {width}x{height} has no place that a rule could cover")
    if lines is None and rules.need_text:
        return Cover(size, withheld="a rule asks for the text in the picture, and it was not read")
    seen = (*(lines or ()), *unread)
    private = private_among(lines or (), unread)
    secret = list(dict.fromkeys((*private, *unread))) if private else []  # the unread stands on the same paper
    boxes: list[tuple[Box, str]] = []
    for region in rules.regions:
        box = _in_pixels(region.box, width, height)
        within = secret if region.when == "private" else seen
        if region.when != "always" and not any(unplaced(line.box) or _meet(line.box, box) for line in within):
            continue
        if region.do == "drop":
            return Cover(size, withheld=f"the rule for {list(region.box)} drops such pictures")
        boxes.append((box, region.do))
    texts = {"off": [], "private": secret, "all": list(seen)}[rules.blur_text]
    if lost := next((line for line in texts if unplaced(line.box)), None):
        return Cover(size, withheld=f"it is not known where a text of {len(lost.text)} letters stands")
    boxes += [(box, "black") for line in texts if (box := grown(line.box, width, height))[2:] > (0, 0)]
    return Cover(size, tuple(boxes), len(texts))


def _looks_private(lines: Sequence[TextLine]) -> bool:
    return bool(private_reason("", lines))


def private_lines(
    lines: Sequence[TextLine], private: Callable[[Sequence[TextLine]], bool] = _looks_private
) -> tuple[TextLine, ...]:
    """Those that look private, with what stands beside and below them: a label is rarely the secret itself.
    `private`: judges lines that stand together."""
    if not private(lines):
        return ()
    found: set[int] = set()
    for first in range(len(lines)):
        for last in range(first + 1, min(len(lines), first + WINDOW_LINES) + 1):
            if private(lines[first:last]):
                if last - first > 1 and private(lines[first + 1 : last]):
                    break  # it is those below alone
                found |= set(range(first, last))
                found |= {i for i in range(last, last + AFTER_LINES) if i < len(lines) and _near(lines, last - 1, i)}
                break
    if not found:  # it takes more lines than a window has
        return tuple(lines)
    beside = {i for i, line in enumerate(lines) if any(_same_row(line.box, lines[j].box) for j in found)}
    return tuple(line for i, line in enumerate(lines) if i in found | beside)


def private_among(
    lines: Sequence[TextLine],
    unread: Sequence[TextLine],
    private: Callable[[Sequence[TextLine]], bool] = _looks_private,
) -> tuple[TextLine, ...]:
    """Of both, which stand in no order to each other but that of their places."""
    if not unread:
        return private_lines(lines, private)
    mixed = sorted((*lines, *unread), key=lambda line: (line.box[1] + line.box[3] // 2, line.box[0]))
    found = (line for some in (lines, unread, mixed) for line in private_lines(some, private))
    return tuple(dict.fromkeys(found))


class _Placed(Protocol):
    @property
    def box(self) -> Box: ...


T = TypeVar("T", bound=_Placed)


def uncovered(found: Sequence[T], cover: Cover) -> tuple[T, ...]:
    """Of the text or codes read in a frame, what may leave as words: nothing that its picture would hide."""
    if cover.withheld:
        return ()
    if not cover.boxes:
        return tuple(found)
    return tuple(
        one for one in found if not unplaced(one.box) and not any(_meet(one.box, box) for box, _ in cover.boxes)
    )


def _in_pixels(box: tuple[int, ...], width: int, height: int) -> Box:
    """Every pixel that the box touches."""
    x, y, w, h = box
    left, top = x * width // 1000, y * height // 1000
    right, bottom = -(-(x + w) * width // 1000), -(-(y + h) * height // 1000)
    return left, top, right - left, bottom - top


def grown(box: Box, width: int, height: int) -> Box:
    """A little larger on each side, within the picture."""
    x, y, w, h = box
    margin = int(min(w, h) * MARGIN) + 2
    left, top = max(0, x - margin), max(0, y - margin)
    return left, top, min(width, x + w + margin) - left, min(height, y + h + margin) - top


def unplaced(box: Box) -> bool:
    """It is not known where it is."""
    return box[2] < 1 or box[3] < 1


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


def _near(lines: Sequence[TextLine], one: int, other: int) -> bool:
    a, b = lines[one].box, lines[other].box
    gap = max(b[1] - (a[1] + a[3]), a[1] - (b[1] + b[3]))
    return unplaced(a) or unplaced(b) or gap <= AFTER_HEIGHTS * max(a[3], b[3])


def _same_row(a: Box, b: Box) -> bool:
    overlap = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return overlap * 2 > min(a[3], b[3]) > 0
