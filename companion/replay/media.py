"""Recorded sound and pictures, put where a session's work looks for them: only when a replay has to compute something.

The engines are the live ones, loaded when the first of them is needed and kept for the process.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import av
import numpy as np
from numpy.typing import NDArray

from companion.engines import hearing_folder
from companion.link.resample import ThirdRate
from companion.replay.tape import Tape
from companion.replay.unecho import RecordedOwnSound, recorded_own_sound
from companion.session import Session
from companion.settings import Settings
from pipelines.events import NS
from pipelines.seeing.ring import AccessUnit
from pipelines.speaking.voice import Voice, close_voices, load_voices
from recordings.reader import Recording
from recordings.session import RecordingError

SOUND_NS = 38 * NS  # what the live session keeps of the microphone
PICTURES_NS = 14 * NS  # its frames, from a key frame on
FRAME_SAMPLES = 320  # 20 ms at 16 kHz


class RecordedMedia:
    """`prepare(session, now_ns)` is what `Ports.media` wants. Raises RecordingError if the file has no media."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sound_to: WeakKeyDictionary[Session, int] = WeakKeyDictionary()  # how far each has been given sound
        self._pictures_to: WeakKeyDictionary[Session, int] = WeakKeyDictionary()
        self._own_sound: WeakKeyDictionary[Session, RecordedOwnSound | None] = WeakKeyDictionary()

    def prepare(self, session: Session, now_ns: int) -> None:
        """Everything that the live session would have at `now_ns`."""
        recording = Recording(self._path)
        began = session not in self._sound_to
        heard = self._give_sound(recording, session, now_ns)
        seen = self._give_pictures(recording, session, now_ns)
        if began and not heard and not seen:
            raise RecordingError(
                f"{self._path} holds neither sound nor pictures of this moment, so nothing can be computed anew"
            )

    def _give_sound(self, recording: Recording, session: Session, now_ns: int) -> bool:
        since_ns = max(self._sound_to.get(session, -1), now_ns - SOUND_NS)
        opus, to_16_khz, found = _decoder(), ThirdRate(), False
        if session not in self._own_sound:
            self._own_sound[session] = recorded_own_sound(self._path, session.parts.settings.echo)
        own_sound = self._own_sound[session]
        for packet in recording.microphone():
            if packet.t_ns > now_ns:
                break
            if packet.t_ns <= since_ns:
                continue
            found = True
            pcm, media_ns = _pcm(opus, to_16_khz, packet.packet), packet.media_ns
            if own_sound is not None:
                pcm, media_ns = own_sound.heard(pcm, packet)
            session.sound.add(pcm, media_ns)
        self._sound_to[session] = now_ns
        return found

    def _give_pictures(self, recording: Recording, session: Session, now_ns: int) -> bool:
        since_ns = max(self._pictures_to.get(session, -1), now_ns - PICTURES_NS)
        found = False
        for unit in recording.camera():
            if unit.t_ns > now_ns:
                break
            if unit.t_ns > since_ns:
                found = True
                session.frames.add(AccessUnit(unit.frame_id, unit.media_ns, unit.key, unit.codec, unit.data))  # type: ignore[arg-type]
        self._pictures_to[session] = now_ns
        return found


def _decoder() -> Any:
    codec = av.CodecContext.create("libopus", "r")
    codec.sample_rate = 48_000
    codec.layout = "mono"
    return codec


def _pcm(opus: Any, to_16_khz: ThirdRate, packet: bytes) -> NDArray[np.int16]:
    """20 ms; silence for a packet that was lost."""
    if packet:
        try:
            frames = opus.decode(av.Packet(packet))
        except av.FFmpegError:
            frames = []
        if frames:
            plane = frames[0].to_ndarray()
            mono = plane.mean(axis=0) if plane.shape[0] > 1 else plane[0]
            whole = mono if mono.dtype == np.int16 else np.clip(np.rint(mono * 32768), -32768, 32767).astype(np.int16)
            return to_16_khz(whole[: len(whole) // 3 * 3])
    return np.zeros(FRAME_SAMPLES, np.int16)


class LiveEngines:
    """The live engines, each loaded when it is first used."""

    _loaded: dict[str, Any] = {}  # noqa: RUF012 - one of each for the process

    def __init__(self, settings: Settings, tape: Tape) -> None:
        self._settings = settings
        started = tape.started
        self._voices = started.voices if started else ()
        self.voice_activity = None
        self._recogniser = started.recogniser if started else ""

    @property
    def transcriber(self) -> Any:
        from pipelines.hearing.transcriber import Transcriber

        folder = hearing_folder(self._settings)
        loaded = self._once(str(folder), lambda: Transcriber.load(folder, threads=1))
        if self._recogniser and loaded.name != self._recogniser:
            raise RecordingError(
                f"this session was heard by the speech model {self._recogniser!r}, and here is {loaded.name!r}: "
                f"give its folder with --set hearing.model=FOLDER"
            )
        return loaded

    @property
    def voices(self) -> dict[str, Voice]:
        """Raises RecordingError if the best voice here is not the one that spoke: its words would take another time."""
        loaded: dict[str, Voice] = self._once("voices", self._load_voices)
        if list(loaded)[:1] != list(self._voices[:1]):
            raise RecordingError(f"the voice of this session was {self._voices[:1]}, and here it is {list(loaded)[:1]}")
        return loaded

    def _load_voices(self) -> dict[str, Voice]:
        voices = load_voices()
        atexit.register(close_voices, voices)
        return voices

    @property
    def reader(self) -> Any:
        from pipelines.seeing.reading import TextReader

        return self._once("reader", TextReader)

    @property
    def articles(self) -> Any:
        from companion.articles import load_articles

        table = self._settings.codes.table
        return self._once(f"articles {table}", lambda: load_articles(Path(table).expanduser())) if table else None

    @property
    def codes(self) -> Any:
        from pipelines.seeing.codes import CodeReader

        return self._once("codes", CodeReader)

    @property
    def turn_model(self) -> Any:
        """Raises RecordingError if the audio turn model of the settings is not there."""
        from pipelines.turns.audio import load_turn_model

        name = self._settings.turn.audio_model
        if not name:
            return None
        try:
            return self._once(f"turn {name}", lambda: load_turn_model(name))
        except ValueError as why:
            raise RecordingError(str(why)) from why

    def _once(self, name: str, load: Callable[[], Any]) -> Any:
        if name not in self._loaded:
            self._loaded[name] = load()
        return self._loaded[name]
