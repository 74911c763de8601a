"""What people said into other microphones: a few recordings beside the project, which it does not ship."""

from __future__ import annotations

import re
from pathlib import Path

from faster_whisper import decode_audio

from tests.bench.turns.voices import Sound

SPEECH = Path(__file__).resolve().parents[4] / "shared" / "data" / "speech"
RECORDED = ("LJ001-0002.wav", "LJ001-0006.wav", "jfk.flac")
JFK = "and so my fellow americans ask not what your country can do for you ask what you can do for your country"


def there() -> bool:
    """Are they at hand?"""
    return all((SPEECH / name).is_file() for name in RECORDED)


def recorded(name: str) -> tuple[str, Sound]:
    """The words of a recording, lower case without punctuation, and its sound."""
    path = SPEECH / name
    written = path.with_suffix(".txt")
    text = written.read_text(encoding="utf-8") if written.is_file() else JFK
    return " ".join(re.sub(r"[^\w\s']", "", text.lower()).split()), decode_audio(str(path))
