"""Lines as a person would say them: what stands in one row together, a paragraph as one, and a few known misreadings.

Verbatim is the law. A repair needs a known pattern on both sides: a lone "10" between two times is the small "TO" of a
parking sign, an "O" among digits before "mg" is a nought. A digit is never changed, with that one exception, and a
number without a unit, a price, a telephone number or a code is left as it was read. Every repair is named.

What is only put together (a price beside its item, the lines of a paragraph) changes no letter and is not a repair:
cells of a row are joined by a comma, which is a pause when spoken, lines of a paragraph by a space.

Pure: lines in, lines out. It can be called again as more lines come; what was sensible stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipelines.events import TextLine


@dataclass(frozen=True, slots=True)
class Sensed:
    """`repairs`: one sentence each, with what was read and what it was taken for; () if every letter is as read."""

    lines: tuple[TextLine, ...]
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SenseOptions:
    """Distances in heights of the lower of two boxes."""

    row_overlap: float = 0.5  # lines share a row if they overlap by this much of the lower one
    near_gap: float = 3.0  # words of a sign ("MON THRU SAT") stand this near; two shop signs do not
    prose_letters: int = 15  # a line of a letter is longer; a line of a menu or label is not
    prose_width: float = 0.6  # of the widest line of its paragraph; a shorter line was ended on purpose
    line_gap: float = 1.2  # white between the lines of a paragraph
    size_ratio: float = 1.5  # a headline is no part of the paragraph below it


_MERIDIEM = r"[AaPp]\.?\s?[Mm]\b\.?"
_CLOCK = r"(?:[01]?\d|2[0-3])[:.][0-5]\d"
TIME = rf"(?:{_CLOCK}(?:\s?{_MERIDIEM})?|(?:1[0-2]|0?[1-9])\s?{_MERIDIEM})"
_TO = r"(?:1[0O]|[TI][0OQ]|TQ|to|To)"
_VALUE = re.compile(r"^[^\w\s]{0,2}\s?\d[\d.,:]*\s?(?:[^\w\s]|EUR|USD|GBP|CHF|kr|kcal|[AaPp]\.?[Mm]\.?)?$")
_UNIT = r"(?:mg|ml|cl|dl|kg|g|mm|cm|km|m|%|kcal|kJ|min|km/h|mph|°\s?[CF]|V|W|Hz)"
_MIXED_BEFORE_UNIT = re.compile(rf"(?<![\w.,])(?=[\dOoIl|]*\d)(?=[\dOoIl|]*[OoIl|])([\dOoIl|]+)(?=\s?{_UNIT}(?!\w))")
_MIXED_CLOCK = re.compile(r"(?<!\w)(?=[\dOoIl|:]*\d)(?=[\dOoIl|:]*[OoIl|])([\dOoIl|]{1,2}:[\dOoIl|]{2})(?!\w)")
_AS_DIGITS = str.maketrans("OoIl|", "00111")
_BETWEEN = re.compile(rf"(?<![\w:.])({TIME})\s*(?:1[0O]|[TI][0Q]|IO)\s+(?={TIME})")
_SQUEEZED = re.compile(
    rf"(?<![\w:.])((?:1[0-2]|0?[1-9])\s?{_MERIDIEM.replace(chr(92) + 'b', '')})(?:T[O0Q]?|\s?T[0Q])\s?(?={TIME})"
)
_TWO_CLOCKS = re.compile(r"(?<!\d)([0-2]\d:[0-5]\d)(?=[0-2]\d:[0-5]\d(?!\d))")
_PAIR = re.compile(r"(?<![\d.,:/-])(?<!\d )([01]\d|2[0-3]) ([0-5]\d)(?![\d.,:/%-])(?! \d\d(?!:))")
_GLUED_NO = re.compile(r"^(NO)(PARKING|STOPPING|STANDING|ENTRY|EXIT|SMOKING|DOGS|TURN|CYCLING|LITTER|WAITING)\b")


def sensible(lines: Sequence[TextLine], options: SenseOptions | None = None) -> Sensed:
    """Lines in reading order -> what is said, in the same order. Never more lines than came."""
    options = options or SenseOptions()
    repairs: list[str] = []
    found = _with_to(list(lines), repairs)
    found = _in_rows(found, options)
    clocks = sum(bool(re.search(_CLOCK.replace("[:.]", ":"), line.text)) for line in found)
    found = [_repaired(line, clocks, repairs) for line in found]
    return Sensed(tuple(_in_paragraphs(found, options, repairs)), tuple(repairs))


def repaired(lines: Sequence[TextLine]) -> Sensed:
    """Only the repairs: no rows and no paragraphs are put together, so each line stays one that is printed."""
    repairs: list[str] = []
    found = _with_to(list(lines), repairs)
    clocks = sum(bool(re.search(_CLOCK.replace("[:.]", ":"), line.text)) for line in found)
    return Sensed(tuple(_repaired(line, clocks, repairs) for line in found), tuple(repairs))


def is_to(before: str, read: str, after: str) -> bool:
    """Is what was read between two others in a row the small "TO" between two times? Nothing else looks like it there,
    so fewer of its letters need to be sure."""
    between = re.search(rf"(?:^|\s){TIME}$", before.strip()) and re.match(rf"{TIME}(?:\s|$)", after.strip())
    return bool(between and re.fullmatch(r"[Tt][O0o]", read.strip()))


def may_be_to(before: str, read: str, after: str) -> bool:
    """Does it stand behind a time, look like a small "TO" read as a figure, and have no time behind it?"""
    time_before = re.search(rf"(?:^|\s){TIME}$", before.strip())
    return bool(time_before and re.fullmatch(_TO, read.strip()) and not re.match(rf"{TIME}(?:\s|$)", after.strip()))


def may_go_on(lines: Sequence[TextLine]) -> bool:
    """Whether what comes next may change how the last of these is said: a time, or what may be a "to"."""
    last = lines[-1].text.strip() if lines else ""
    return bool(re.search(rf"(?:^|\s){TIME}$", last) or re.fullmatch(_TO, last))


def _with_to(lines: list[TextLine], repairs: list[str]) -> list[TextLine]:
    """A small "TO" that stands alone, or before the second time, between two times: all of it is one line."""
    out: list[TextLine] = []
    place = 0
    while place < len(lines):
        line = lines[place]
        ends_in_time = out and re.search(rf"(?:^|\s){TIME}$", out[-1].text)
        alone = re.fullmatch(_TO, line.text.strip()) and place + 1 < len(lines)
        leading = re.fullmatch(rf"({_TO})\s+({TIME})", line.text.strip())
        whole = not line.apart and not (alone and lines[place + 1].apart)
        if whole and ends_in_time and alone and re.match(rf"{TIME}(?:\s|$)", lines[place + 1].text):
            after = lines[place + 1]
            out[-1] = _merged((out[-1], line, after), _spoken_to(out[-1].text, line.text.strip(), after.text, repairs))
            place += 2
            continue
        if whole and ends_in_time and leading:
            text = _spoken_to(out[-1].text, leading[1], leading[2], repairs)
            out[-1] = _merged((out[-1], line), text)
        else:
            out.append(line)
        place += 1
    return out


def _spoken_to(before: str, read: str, after: str, repairs: list[str]) -> str:
    if read.upper() == "TO":
        return f"{before} {read} {after}"
    repairs.append(f'"{read}" between "{before}" and "{after}" taken for "to"')
    return f"{before} to {after}"


def _in_rows(lines: list[TextLine], options: SenseOptions) -> list[TextLine]:
    """Neighbours in reading order that stand in one row: an item and its price, the cells of a table, near words."""
    rows: list[list[TextLine]] = []
    for line in lines:
        if rows and not line.apart and _level(rows[-1][-1], line, options):
            rows[-1].append(line)
        else:
            rows.append([line])
    table = sum(len(row) > 1 for row in rows) > 1
    out: list[TextLine] = []
    for row in rows:
        joined = [row[0]]
        for cell in row[1:]:
            last = joined[-1]
            gap = cell.box[0] - last.box[0] - last.box[2]
            near = gap <= options.near_gap * max(1, min(last.box[3], cell.box[3]))
            if _VALUE.match(cell.text) or table:
                joined[-1] = _merged((last, cell), f"{last.text.rstrip(' .·…')}, {cell.text}")
            elif near:
                joined[-1] = _merged((last, cell), f"{last.text} {cell.text}")
            else:
                joined.append(cell)
        out += joined
    return out


def _level(left: TextLine, right: TextLine, options: SenseOptions) -> bool:
    if not left.box[3] or not right.box[3] or right.box[0] < left.box[0] + 0.8 * left.box[2]:
        return False
    shared = min(left.box[1] + left.box[3], right.box[1] + right.box[3]) - max(left.box[1], right.box[1])
    return shared >= options.row_overlap * min(left.box[3], right.box[3])


def _repaired(line: TextLine, clocks: int, repairs: list[str]) -> TextLine:
    """Known misreadings inside one line. `clocks`: how many lines hold a time, so that "08 15" may be one too."""
    text = line.text
    text = _BETWEEN.sub(r"\1 to ", text)
    text = _SQUEEZED.sub(r"\1 to ", text)
    text = _TWO_CLOCKS.sub(r"\1 ", text)
    text = _MIXED_BEFORE_UNIT.sub(lambda match: match[0].translate(_AS_DIGITS), text)
    text = _MIXED_CLOCK.sub(lambda match: match[0].translate(_AS_DIGITS), text)
    text = _GLUED_NO.sub(r"\1 \2", text)
    if clocks and (re.search(_CLOCK.replace("[:.]", ":"), text) or _PAIR.match(text)):
        text = _PAIR.sub(r"\1:\2", text)
    if text == line.text:
        return line
    repairs.append(f'"{line.text}" taken for "{text}"')
    return replace(line, text=text)


def _in_paragraphs(lines: list[TextLine], options: SenseOptions, repairs: list[str]) -> list[TextLine]:
    """The lines of running text as one, so that the voice does not stop at the paper's edge."""
    out: list[TextLine] = []
    last: TextLine | None = None  # the printed line before, of which out[-1] may hold more
    for line in lines:
        if last is not None and _runs_on(last, line, out[-1].box[2], options):
            text = out[-1].text
            if re.search(r"[a-zß-ÿ]-$", text) and re.match(r"[a-zß-ÿ]", line.text):
                ends, begins = text.split()[-1], line.text.split()[0]
                repairs.append(f'"{ends}" and "{begins}" of the next line taken for "{ends[:-1]}{begins}"')
                text = text[:-1] + line.text
            else:
                text = f"{text} {line.text}"
            out[-1] = _merged((out[-1], line), text)
        else:
            out.append(line)
        last = line
    return out


def _runs_on(line: TextLine, below: TextLine, width: int, options: SenseOptions) -> bool:
    """Does the sentence go on in the line below? `width`: of the paragraph so far."""
    if min(line.box[3], below.box[3]) < 1 or sum(map(str.isalpha, line.text)) < options.prose_letters:
        return False
    smaller, larger = sorted((line.box[3], below.box[3]))
    gap = below.box[1] - line.box[1] - line.box[3]
    if larger > options.size_ratio * smaller or not -smaller < gap <= options.line_gap * smaller:
        return False
    if abs(below.box[0] - line.box[0]) > 2 * larger or line.text[-1:] in ".!?:":
        # A full stop ends the sentence; the next line starts a new one and is said by itself.
        return False
    if line.box[2] < options.prose_width * max(width, below.box[2]):
        return False
    return below.text[:1].islower() or line.text[-1:] in ",;-" or _mid_sentence(line.text)


def _mid_sentence(text: str) -> bool:
    """Ends in a word that nothing ends in: what follows belongs to it, though it begins with a capital or a figure."""
    return text.split()[-1].casefold() in {
        "a", "an", "and", "are", "at", "by", "for", "from", "in", "is", "of", "on", "or", "our", "the", "to", "we",
        "with", "you", "your", "please", "it",
    }  # fmt: skip


def _merged(parts: Sequence[TextLine], text: str) -> TextLine:
    boxes = [part.box for part in parts if part.box[2] and part.box[3]] or [parts[0].box]
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)
    box = (left, top, right - left, bottom - top)
    return TextLine(text, min(part.confidence for part in parts), box, parts[0].apart)
