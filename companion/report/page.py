"""One recording -> one HTML file that shows and plays the whole session and needs nothing else."""

from __future__ import annotations

import os
from pathlib import Path

from companion.report.audio import sound_of
from companion.report.film import film_of
from companion.report.gather import gather
from companion.report.render import render
from recordings.reader import Recording


def write_page(recording: Path, out: Path) -> Path:
    """Write the page of `recording` to the file `out`, readable by its owner only, as the recording is; its path.

    Raises RecordingError, with a way out, if the file is not a recording. A torn one gives a page of what is left.
    """
    source = Recording(recording)
    data = gather(source)
    sound = sound_of(source, data["duration_ns"])
    film = film_of(source, data["duration_ns"], data["frame_ids"])
    data["torn"] = source.torn
    text = render(data, sound, film)
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f"{out.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text.encode("utf-8", "replace").decode("utf-8"))
    part.replace(out)
    return out
