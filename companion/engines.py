"""The slow parts, built once per process and shared by its sessions: ears, reader, voices.

Everything is loaded before the first device is let in, so that nobody's first question pays for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from companion.articles import Articles, ArticlesError, load_articles
from companion.models import best, find
from companion.settings import Settings, SettingsError
from pipelines.hearing.transcriber import Transcriber
from pipelines.hearing.voice_activity import SileroModel
from pipelines.hearing.wake import WakeError, WakeWord
from pipelines.seeing.codes import CodeReader
from pipelines.seeing.measure import warm
from pipelines.seeing.reading import TextReader
from pipelines.speaking.voice import Voice, close_voices, load_voices
from pipelines.turns.audio import AudioTurnModel, load_turn_model
from pipelines.turns.policy import policy as turn_policy


@dataclass(slots=True)
class Engines:
    """What a session needs that is slow to build."""

    voice_activity: SileroModel
    transcriber: Transcriber
    reader: TextReader
    codes: CodeReader
    voices: dict[str, Voice]
    wake: WakeWord | None = None
    turn_model: AudioTurnModel | None = None
    articles: Articles | None = None  # the user's own table, if there is one

    @classmethod
    def load(cls, settings: Settings) -> Engines:
        """Load and warm everything; takes a second or two.

        Raises:
            FileNotFoundError or ValueError: the speech model of the settings is not there or not whole.
            VoiceError: no voice works here.
            SettingsError: the wake word of the settings cannot be listened for, or its turn policy, the rules for its
                language or its audio turn model are not there, or the table of articles cannot be used.
        """
        import cv2

        cv2.setNumThreads(1)  # its threads would fight for the cores that the sound needs
        wake = _wake_word(settings)
        turn_model = _turn_model(settings)
        voices = load_voices()
        reader = TextReader()
        reader.warm()
        transcriber = Transcriber.load(hearing_folder(settings), threads=settings.hearing.threads)
        articles = _articles(settings)
        warm()
        return cls(SileroModel.load(), transcriber, reader, CodeReader(), voices, wake, turn_model, articles)

    def close(self) -> None:
        close_voices(self.voices)


def _wake_word(settings: Settings) -> WakeWord | None:
    name = settings.attention.wake_word
    if not name:
        return None
    try:
        return WakeWord(name)
    except WakeError as why:
        raise SettingsError(str(why)) from why


def _articles(settings: Settings) -> Articles | None:
    if not settings.codes.table:
        return None
    try:
        return load_articles(Path(settings.codes.table).expanduser())
    except ArticlesError as why:
        raise SettingsError(f"codes.table: {why}") from why


def _turn_model(settings: Settings) -> AudioTurnModel | None:
    name = settings.turn.audio_model
    try:
        turn_policy(settings.turn)  # a policy or a language that is not there is told of before anybody speaks
        return load_turn_model(name) if name else None
    except ValueError as why:
        raise SettingsError(str(why)) from why


def hearing_folder(settings: Settings) -> Path:
    """The folder of the speech model: the one that the settings name, else the best pulled one, else the built-in."""
    return find(settings.hearing.model or best())
