"""The slow parts, built once per process and shared by its sessions: ears, reader, voices.

Everything is loaded before the first device is let in, so that nobody's first question pays for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from companion.models import best, find
from companion.settings import Settings
from pipelines.hearing.transcriber import Transcriber
from pipelines.hearing.voice_activity import SileroModel
from pipelines.seeing.codes import CodeReader
from pipelines.seeing.reading import TextReader
from pipelines.speaking.voice import Voice, close_voices, load_voices


@dataclass(slots=True)
class Engines:
    """What a session needs that is slow to build."""

    voice_activity: SileroModel
    transcriber: Transcriber
    reader: TextReader
    codes: CodeReader
    voices: dict[str, Voice]

    @classmethod
    def load(cls, settings: Settings) -> Engines:
        """Load and warm everything; takes a second or two.

        Raises:
            FileNotFoundError or ValueError: the speech model of the settings is not there or not whole.
            VoiceError: no voice works here.
        """
        import cv2

        cv2.setNumThreads(1)  # its threads would fight for the cores that the sound needs
        voices = load_voices()
        reader = TextReader()
        reader.warm()
        transcriber = Transcriber.load(hearing_folder(settings), threads=settings.hearing.threads)
        return cls(SileroModel.load(), transcriber, reader, CodeReader(), voices)

    def close(self) -> None:
        close_voices(self.voices)


def hearing_folder(settings: Settings) -> Path:
    """The folder of the speech model: the one that the settings name, else the best pulled one, else the built-in."""
    return find(settings.hearing.model or best())
