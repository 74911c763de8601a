"""The user's own table of articles: bar code number -> a name, from a CSV file that a spreadsheet can write.

    number,name,note
    4006381333931,yellow text marker,in the desk
    036000291452,paper tissues

The note may be missing, so may the first line; ";" may stand for ",". The table is read once, at the start. Every
number must have its right check digit: a slip in typing is found here, and not in the shop. UPC-A and EAN-13 of one
article are one number.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.seeing.codes_gtin import LENGTHS, check_digit, gtin
from pipelines.thinking.things import Article

MAX_BYTES = 16 << 20
MAX_ARTICLES = 100_000
MAX_NAME_CHARS = 120
MAX_NOTE_CHARS = 240


class ArticlesError(ValueError):
    """The table cannot be used. Names the file, the line, the value and the way out."""


@dataclass(frozen=True, slots=True)
class Articles:
    """The table, in memory; about 400 bytes an article."""

    by_number: dict[str, Article] = field(default_factory=dict)  # 14 digits -> article

    def find(self, payload: str, kind: str = "") -> Article | None:
        """The article of a bar code, if it is in the table. `kind` as in `events.Code`."""
        number = gtin(payload, kind)
        return self.by_number.get(number) if number else None

    def __len__(self) -> int:
        return len(self.by_number)


def load_articles(path: Path) -> Articles:
    """Read the table. Raises ArticlesError for what cannot be used, with the line and the way out."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ArticlesError(f"{path}: {size} bytes; a table of articles has at most {MAX_BYTES}: split it")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as why:
        raise ArticlesError(
            f"{path}: {why.strerror or why}; set codes.table to a CSV file of number,name or leave it out"
        ) from why
    except UnicodeDecodeError as why:
        line = path.read_bytes()[: why.start].count(b"\n") + 1
        raise ArticlesError(f"{path}, line {line}: byte {why.start} is not UTF-8; save it as “CSV UTF-8”") from why
    found: dict[str, Article] = {}
    lines: dict[str, int] = {}
    for line, row in _rows(text, path):
        number, article = _article(row, f"{path}, line {line}")
        if number in found:
            raise ArticlesError(
                f"{path}, line {line}: {row[0].strip()} is in line {lines[number]} too; leave one of them out"
            )
        if len(found) >= MAX_ARTICLES:
            raise ArticlesError(f"{path}, line {line}: more than {MAX_ARTICLES} articles; split the table")
        found[number], lines[number] = article, line
    return Articles(found)


def _rows(text: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows that hold something, each with the line that it ends in."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    began = False
    try:
        for row in reader:
            if not any(cell.strip() for cell in row) or row[0].lstrip().startswith("#"):
                continue
            heading = not began and not any(c.isdigit() for c in row[0])
            began = True
            if not heading:
                yield reader.line_num, row
    except csv.Error as why:
        where = f"{path}, line {reader.line_num}"
        raise ArticlesError(f"{where}: {why}; put names with quotes or commas in quotes") from why


def _article(row: list[str], where: str) -> tuple[str, Article]:
    if len(row) < 2 or any(cell.strip() for cell in row[3:]):
        raise ArticlesError(f"{where}: {len(row)} columns; give number,name or number,name,note")
    written = row[0].strip()
    digits = written.replace(" ", "").replace("-", "")
    name = " ".join(row[1].split())
    note = " ".join(row[2].split()) if len(row) > 2 else ""
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in LENGTHS:
        raise ArticlesError(
            f"{where}: the number {written[:40]!r} is no bar code number (8, 12, 13 or 14 digits); a spreadsheet that "
            "drops zeros or writes 4E+12 needs that column as text"
        )
    number = gtin(digits)
    if not number:
        right = check_digit(digits[:-1])
        raise ArticlesError(
            f"{where}: the number {written!r} has a wrong digit: the last would be {right}; compare it with the article"
        )
    if not name or not name.isprintable() or len(name) > MAX_NAME_CHARS:
        raise ArticlesError(f"{where}: the name {name[:40]!r}; give one of 1 to {MAX_NAME_CHARS} characters")
    if len(note) > MAX_NOTE_CHARS or not note.isprintable():
        raise ArticlesError(f"{where}: the note {note[:40]!r}…; at most {MAX_NOTE_CHARS} characters")
    return number, Article(written, name, note)
