"""One recording -> one HTML file that shows and plays the whole session and needs nothing else.

Given a second run (a replay of it, or another recording), the file holds both and what differs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from companion.report.audio import SoundOptions, sound_of
from companion.report.beside import Second, second_of
from companion.report.film import FilmOptions, film_of
from companion.report.gather import gather, gather_run
from companion.report.render import render
from companion.secret_words import SecretWords
from recordings.compare import Comparison, compare
from recordings.reader import Recording
from recordings.run import Run, run_of


def write_page(
    recording: Path, out: Path, other: Path | Run | None = None, comparison: Comparison | None = None
) -> Path:
    """Write the page of `recording` to the file `out`, readable by its owner only, as the recording is; its path.

    `other` is shown beside it; `comparison` is what differs, compared here if it is not given.
    Raises RecordingError, with a way out, if a file is not a recording. A torn one gives a page of what is left.
    """
    source = Recording(recording)
    if other is None:
        data, second = gather(source), None
    else:
        name = "recorded" if isinstance(other, Run) else source.path.name
        first = run_of(name, source.events(), source.settings)
        run = other if isinstance(other, Run) else _run(Recording(other))
        secrets = SecretWords.of(first.events) | SecretWords.of(run.events)
        data = gather(source, secrets=secrets)
        comparison = secrets.hide(comparison or compare(first, run))
        second = _second(run, other, comparison, secrets)
    chosen, looked = set(data["frame_ids"]), set(data["looked_ids"])
    if second is not None:
        data["duration_ns"] = max(data["duration_ns"], second.told["duration_ns"])
        chosen |= set() if second.recorded else second.told["frame_ids"]
        looked |= set() if second.recorded else second.told["looked_ids"]
    sound = sound_of(source, data["duration_ns"])
    film = film_of(source, data["duration_ns"], chosen, sent=looked)
    if second is not None and not second.recorded:
        second.film = film
    data["torn"] = source.torn
    _write(render(data, sound, film, second), out)
    return out


def _run(file: Recording) -> Run:
    return run_of(file.path.name, file.events(), file.settings)


def _second(run: Run, other: Path | Run, comparison: Comparison, secrets: SecretWords) -> Second:
    if isinstance(other, Run):
        return second_of(run, comparison, gather_run(run, secrets=secrets))
    file = Recording(other)
    told = gather(file, secrets=secrets)
    second = second_of(run, comparison, told)
    _add_media(second, file, told)
    return second


def _add_media(second: Second, file: Recording, told: dict[str, Any]) -> None:
    """Another recording's loudness and the pictures its turns speak of; its sound is on its own page."""
    second.recorded = True
    second.peaks = sound_of(file, told["duration_ns"], SoundOptions(play=False)).peaks
    second.film = film_of(file, told["duration_ns"], told["frame_ids"], FilmOptions(limit=1), told["looked_ids"])


def _write(text: str, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f"{out.name}.part")
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text.encode("utf-8", "replace").decode("utf-8"))
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
