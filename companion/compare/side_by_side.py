"""The comparison as people and programs read it: text for a terminal, JSON, and one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from companion.compare.measured import Answered
from companion.report.markup import Markup, el, group
from companion.terminal import cut, safe, wrapped

ANSWER_LINES = 4
_STYLE = (
    ":root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}body{margin:2rem auto;max-width:72rem;"
    "padding:0 1rem}table{border-collapse:collapse;width:100%;margin:0 0 2rem;table-layout:fixed}"
    "th,td{border:1px solid color-mix(in srgb,currentColor 25%,transparent);padding:.5rem .6rem;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere}th{font-weight:600}.n{font-variant-numeric:tabular-nums}"
    ".bad{color:light-dark(#a40000,#ff9a8a)}h2{font-size:1.05rem;margin:1.5rem 0 .5rem}p{margin:.3rem 0 1rem}"
    "@media(max-width:700px){table,tbody,tr,td,th{display:block;width:auto}tr{margin-bottom:1rem}"
    'td::before{content:attr(data-label) ": ";opacity:.7}thead{display:none}}'
)


@dataclass(frozen=True, slots=True)
class Compared:
    """`answers`: by name of the model ("recorded" is the recording itself), then by turn. `skipped`: model -> why it
    was not asked."""

    recording: str
    answers: Mapping[str, Mapping[int, Answered]]
    skipped: Mapping[str, str]

    @property
    def turns(self) -> list[int]:
        return sorted({turn for own in self.answers.values() for turn in own})

    def question(self, turn: int) -> str:
        return next((own[turn].question for own in self.answers.values() if turn in own), "")


def plain(compared: Compared) -> dict[str, Any]:
    """As JSON."""
    answers = {name: [asdict(a) for a in own.values()] for name, own in compared.answers.items()}
    return {"recording": compared.recording, "answers": answers, "skipped": dict(compared.skipped)}


def text(compared: Compared, width: int = 80) -> str:
    """A block a turn, a row a model."""
    names = list(compared.answers)
    column = max([len(name) for name in names], default=8) + 2
    lines: list[str] = []
    for turn in compared.turns:
        lines.append(f"turn {turn}  “{cut(safe(compared.question(turn)), width - 14)}”")
        for name in names:
            answered = compared.answers[name].get(turn)
            lines += _rows(name, answered, column, width)
        lines.append("")
    lines += [_sum_line(name, own, column) for name, own in compared.answers.items()]
    lines += [f"{safe(name)} was not asked: {safe(why)}" for name, why in compared.skipped.items()]
    return "\n".join(lines)


def _rows(name: str, answered: Answered | None, column: int, width: int) -> list[str]:
    lead = f"  {safe(name):<{column}}"
    if answered is None:
        return [f"{lead}did not ask a model in this turn"]
    said = wrapped(answered.answer or "(nothing)", width - column - 2, ANSWER_LINES)
    rest = [" " * (column + 2) + line for line in (*said[1:], _figures(answered))]
    return [lead + said[0], *rest]


def _figures(a: Answered) -> str:
    failed = f"failed: {a.failure} · " if a.failure else ""
    return f"[{failed}first word {_ms(a.first_ms)} · {a.input_tokens} in, {a.output_tokens} out · {_usd(a.usd)}]"


def _ms(ms: float | None) -> str:
    return "–" if ms is None else f"{ms:.0f} ms"


def _usd(usd: float | None) -> str:
    return "price not known" if usd is None else "free" if usd == 0 else f"${usd:.5f}"


def _sum_line(name: str, own: Mapping[int, Answered], column: int) -> str:
    firsts = sorted(a.first_ms for a in own.values() if a.first_ms is not None)
    middle = firsts[len(firsts) // 2] if firsts else None
    tokens = sum(a.input_tokens + a.output_tokens for a in own.values())
    failed = sum(bool(a.failure) for a in own.values())
    known = [a.usd for a in own.values()]
    usd = sum(u for u in known if u is not None) if known and None not in known else None
    failures = f", {failed} failed" if failed else ""
    answers = "1 answer" if len(own) == 1 else f"{len(own)} answers"
    first = f"first word {_ms(middle)} in the middle"
    return f"{safe(name):<{column}}  {answers}{failures} · {first} · {tokens} tokens · {_usd(usd)}"


def page(compared: Compared) -> Markup:
    """One HTML file that needs nothing else."""
    names = list(compared.answers)
    body = group(
        el("h1", "The same questions, several models"),
        el("p", f"{compared.recording}. Times are from asking to the first word; tokens are as the models counted."),
        *[_table(compared, turn, names) for turn in compared.turns],
        *[el("p", f"{name} was not asked: {why}", class_="bad") for name, why in compared.skipped.items()],
    )
    head = group(
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", f"Models compared · {compared.recording}"),
        Markup(f"<style>{_STYLE}</style>"),
    )
    return Markup("<!doctype html>" + el("html", el("head", head), el("body", el("main", body)), lang="en"))


def _table(compared: Compared, turn: int, names: Sequence[str]) -> Markup:
    headings = ("model", "answer", "first word", "tokens", "cost")
    rows = [_table_row(name, compared.answers[name].get(turn), headings) for name in names]
    widths = ("16%", "46%", "13%", "13%", "12%")
    return group(
        el("h2", f"Turn {turn}: “{compared.question(turn)}”"),
        el(
            "table",
            el("thead", el("tr", *[el("th", h, style=f"width:{w}") for h, w in zip(headings, widths, strict=True)])),
            el("tbody", *rows),
        ),
    )


def _table_row(name: str, a: Answered | None, headings: Sequence[str]) -> Markup:
    if a is None:
        return el("tr", el("th", name), el("td", "no model was asked", colspan="4"))
    answer = group(a.answer or "(nothing)", el("div", f"failed: {a.failure}", class_="bad") if a.failure else None)
    cells = (answer, _ms(a.first_ms), f"{a.input_tokens} in, {a.output_tokens} out", _usd(a.usd))
    numbers = [el("td", c, data_label=h, class_="n") for c, h in zip(cells, headings[1:], strict=True)]
    return el("tr", el("th", name, scope="row"), *numbers)


def write(out: Path, content: str) -> None:
    """Readable by its owner only, as the recording is."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.touch(mode=0o600)
    out.chmod(0o600)
    out.write_text(content, encoding="utf-8")
