"""What was said as lines to read: the wearer's words when they were spoken, the companion's when the ear got them.

Only what was heard is written; an answer that was cut ends with a dash. Texts come from signs, models and strangers, so
they are flattened to one line of printable letters and escaped for the format they go into.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from companion.export.answers import answers_of
from pipelines import events as ev
from pipelines.speaking.heard import estimated_words

NAMES = {"wearer": "Wearer", "companion": "Companion"}
NOT_UNDERSTOOD = "(not understood)"
TYPED_NS = 2 * ev.NS  # a typed question has no length; this long it can be read
SHORTEST_NS = ev.NS  # a line that stands for less is not read


@dataclass(frozen=True, slots=True)
class SubtitleOptions:
    """How much stands on the screen at once."""

    letters: int = 84  # two lines of 42, what broadcasters allow
    sentence_letters: int = 30  # from here on a sentence's end ends the line too
    pause_ns: int = 800 * ev.MS  # a silence this long ends it


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `who`: "wearer" or "companion"."""

    start_ns: int
    end_ns: int
    who: str
    text: str


def lines_of(
    events: Sequence[ev.Happening | ev.Decision], end_ns: int, options: SubtitleOptions | None = None
) -> list[Line]:
    """Everything that was said and heard, by start; lines of one speaker do not overlap."""
    o = options or SubtitleOptions()
    wearer = sorted(_wearer(events, o), key=lambda line: line.start_ns)
    companion = sorted(_companion(events, end_ns, o), key=lambda line: line.start_ns)
    lines = [*_readable(wearer, end_ns), *_readable(companion, end_ns)]
    return sorted(lines, key=lambda line: (line.start_ns, line.who))


def _companion(events: Iterable[ev.Happening | ev.Decision], end_ns: int, o: SubtitleOptions) -> Iterator[Line]:
    for answer in answers_of(events).values():
        words, cut = answer.words(end_ns)
        if words and cut:
            words[-1] = ev.Word(f"{words[-1].text} —", words[-1].start_ns, words[-1].end_ns)
        yield from _grouped(words, "companion", o)


def _wearer(events: Iterable[ev.Happening | ev.Decision], o: SubtitleOptions) -> list[Line]:
    """Turns are certain; what was understood but opened none ("stop") is told too, once for each stretch of speech."""
    asked: dict[int, ev.Transcribe] = {}
    others: dict[int, tuple[int, int, str]] = {}
    turns: list[tuple[int, int, str]] = []
    for event in events:
        match event:
            case ev.Transcribe():
                asked[event.request] = event
            case ev.Transcribed() if event.request in asked and event.accepted and event.text:
                sound, words = asked[event.request], event.words
                times = (words[0].start_ns, words[-1].end_ns) if words else (sound.start_ns, sound.end_ns)
                others[sound.start_ns] = (*times, event.text)
            case ev.TurnOpened() if event.speech_end_ns:
                turns.append((event.speech_start_ns, event.speech_end_ns, event.text or NOT_UNDERSTOOD))
            case ev.TurnOpened() if event.text:
                turns.append((event.t_ns, event.t_ns + TYPED_NS, event.text))
            case _:
                pass
    free = [one for one in others.values() if not any(one[0] < turn[1] and turn[0] < one[1] for turn in turns)]
    return [line for start, end, text in (*turns, *free) for line in _spread(start, end, text, o)]


def _spread(start_ns: int, end_ns: int, text: str, o: SubtitleOptions) -> Iterator[Line]:
    """Words whose own times mean little, laid over the time in which they were spoken."""
    words = estimated_words(plain(text), max(1, end_ns - start_ns))
    return _grouped([ev.Word(w.text, start_ns + w.start_ns, start_ns + w.end_ns) for w in words], "wearer", o)


def _grouped(words: Sequence[ev.Word], who: str, o: SubtitleOptions) -> Iterator[Line]:
    group: list[ev.Word] = []
    for word in words:
        if group and (_ends(group, o) or word.start_ns - group[-1].end_ns > o.pause_ns):
            yield _line(group, who)
            group = []
        elif group and _letters(group) + 1 + len(word.text) > o.letters:
            at = _best_break(group, o)
            yield _line(group[:at], who)
            group = group[at:]
        group.append(ev.Word(plain(word.text)[: o.letters], word.start_ns, word.end_ns))
    if group:
        yield _line(group, who)


def _line(group: Sequence[ev.Word], who: str) -> Line:
    return Line(group[0].start_ns, group[-1].end_ns, who, " ".join(word.text for word in group))


def _letters(group: Sequence[ev.Word]) -> int:
    return sum(len(word.text) + 1 for word in group) - 1


def _ends(group: Sequence[ev.Word], o: SubtitleOptions) -> bool:
    return _letters(group) >= o.sentence_letters and group[-1].text.endswith((".", "!", "?", "…"))


def _best_break(group: Sequence[ev.Word], o: SubtitleOptions) -> int:
    """Where a line that is too long is best broken: after the last comma or full stop, if enough comes before it."""
    for at in range(len(group) - 1, 0, -1):
        if group[at - 1].text.endswith((".", "!", "?", "…", ",", ";", ":")) and _letters(group[:at]) > o.letters // 3:
            return at
    return len(group)


def _readable(lines: Sequence[Line], end_ns: int) -> Iterator[Line]:
    """No line shorter than can be read, unless the next one of the same speaker, or the end, comes first."""
    for i, line in enumerate(lines):
        latest = lines[i + 1].start_ns if i + 1 < len(lines) else max(end_ns, line.end_ns)
        start_ns = max(0, line.start_ns)
        end = min(max(line.end_ns, start_ns + SHORTEST_NS), latest)
        if end > start_ns and line.text.strip():
            yield Line(start_ns, end, line.who, line.text)


def plain(text: str) -> str:
    """One line of printable letters: no control, no direction mark, no line break."""
    shown = (" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join("".join(shown).split())


def one_at_a_time(lines: Sequence[Line]) -> list[tuple[int, int, str]]:
    """(start, end, text) without overlap, for a track that shows one thing at once: who speaks together stands
    together."""
    edges = sorted({edge for line in lines for edge in (line.start_ns, line.end_ns)})
    shown: list[tuple[int, int, str]] = []
    open_lines: list[Line] = []
    rest = list(lines)
    for start, end in pairwise(edges):
        while rest and rest[0].start_ns <= start:
            open_lines.append(rest.pop(0))
        open_lines = [line for line in open_lines if line.end_ns > start]
        if not open_lines:
            continue
        text = "\n".join(labelled(line) for line in sorted(open_lines, key=lambda line: line.who, reverse=True))
        shown.append((start, end, text))
    return shown


def labelled(line: Line) -> str:
    return f"{NAMES[line.who]}: {line.text}"


def web_vtt(lines: Sequence[Line]) -> str:
    """The lines as a WebVTT file (W3C WebVTT, section 4)."""
    parts = ["WEBVTT"]
    for line in lines:
        text = html.escape(labelled(line), quote=False)
        parts.append(f"{_stamp(line.start_ns)} --> {_stamp(line.end_ns)}\n<v {NAMES[line.who]}>{text}</v>")
    return "\n\n".join(parts) + "\n"


def _stamp(t_ns: int) -> str:
    seconds, ms = divmod(round(t_ns / ev.MS), 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{ms:03d}"
