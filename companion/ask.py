"""`companion ask`: one typed question, with or without a picture, through a wearer's session, without WebRTC.

A desk takes the place of the device: it shows the picture, types the question, and pulls the answer's sound as fast as
it comes instead of in real time.
"""

from __future__ import annotations

import asyncio
import sys
import wave
from pathlib import Path

import numpy as np

from companion.app import DESK, App
from companion.clock import SessionClock
from companion.link.handler import Message
from companion.link.record import NOT_SAID
from companion.session import Session
from companion.settings import Settings, SettingsError
from pipelines import events as ev
from pipelines.seeing.ring import AccessUnit

ANSWER_LIMIT_S = 60.0
TICKS_AT_ONCE = 50  # pulled between two looks at the loop: a second of sound


class Desk:
    """A `DeviceLink` that is nobody's glasses: captions are the answer."""

    session = device = DESK
    echo = "none"
    record = NOT_SAID

    def __init__(self) -> None:
        self.closed = False

    def send_message(self, message: Message) -> None:
        """Captions come to us as decisions already."""

    def ask_key_frame(self) -> None:
        """There is one picture, and it is whole."""

    def answer_at(self, utterance: int, position_ns: int) -> None:
        """Nobody listens."""

    def cut_answer(self, utterance: int) -> None:
        """Nobody interrupts."""

    async def close(self, reason: str = "") -> None:
        self.closed = True


async def ask(settings: Settings, question: str, image: Path | None, wav: Path | None) -> int:
    """Ask, print the answer, write its sound if wanted. Exit status 0 if it was answered, 1 if it failed.

    Raises:
        SettingsError: the picture cannot be read, or the words are no question.
    """
    picture = _picture(image) if image else None
    closed = asyncio.Event()
    outcome: list[str] = []

    def watch(event: ev.Happening | ev.Decision) -> None:
        if isinstance(event, ev.Caption) and event.who == "companion":
            print(event.text, flush=True)
        elif isinstance(event, ev.TurnClosed):
            outcome.append(event.outcome)
            closed.set()

    app = App(settings, watch=lambda session: watch, notice=lambda text: print(f"notice: {text}", file=sys.stderr))
    try:
        await app.start(serve=False)
        session = app.new_session(Desk(), SessionClock())
        pcm = await _one_turn(session, question, picture, closed)
        session.end("answered")
        if wav is not None:
            _write(wav, pcm)
    finally:
        await app.stop()
    return 0 if outcome == ["answered"] else 1


async def _one_turn(
    session: Session, question: str, picture: bytes | None, closed: asyncio.Event
) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    session.on_state("connected", False, picture is not None, False, "desk")
    if picture is not None:
        now_ns = session.clock.now_ns()
        session.on_camera(AccessUnit(1, now_ns, True, "jpeg", picture), 0, now_ns)
    session.on_message({"type": "typed", "text": question})
    if not session.director.turn_open:
        raise SettingsError(f"{question!r} only steers an answer that is being spoken; ask a question")
    sound = []
    deadline = asyncio.get_running_loop().time() + ANSWER_LIMIT_S
    while not closed.is_set() and asyncio.get_running_loop().time() < deadline:
        for _ in range(TICKS_AT_ONCE):
            tick = session.pull()
            if tick is None:
                break
            sound.append(tick)
        await asyncio.sleep(0.005)
    return np.concatenate(sound) if sound else np.zeros(0, np.int16)


def _picture(path: Path) -> bytes:
    """The picture as JPEG bytes; PNG and others are converted."""
    import cv2

    from pipelines.seeing.encode import jpeg

    try:
        data = path.read_bytes()
    except OSError as why:
        raise SettingsError(f"--image {path}: cannot be read: {why.strerror}") from why
    if data[:2] == b"\xff\xd8":
        return data
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if bgr is None:
        raise SettingsError(f"--image {path}: this is no picture that can be read; JPEG and PNG work")
    return jpeg(np.asarray(bgr, np.uint8), max(bgr.shape[:2]), 95)


def _write(path: Path, pcm: np.ndarray[tuple[int], np.dtype[np.int16]]) -> None:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(48_000)
        out.writeframes(pcm.tobytes())
