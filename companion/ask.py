"""`companion ask`: questions about pictures or a video, typed or heard in it, in one session that is recorded."""

from __future__ import annotations

import asyncio
import math
import sys
import wave
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import av
import numpy as np

from companion.app import DESK, App
from companion.clip.film import Film
from companion.clip.found import Found, examine
from companion.clip.hold import Hold
from companion.clip.player import Player, Program, Timed
from companion.clip.questions import Asked, typed
from companion.clip.skipping import SkippingLoop
from companion.clip.slides import Slides, jpeg_of
from companion.clip.telling import Telling
from companion.clip.tracks import Span
from companion.clock import SessionClock
from companion.link.handler import Message
from companion.link.opus_send import RATE_HZ, SILENCE
from companion.link.record import NOT_SAID
from companion.session import Session
from companion.settings import Settings, SettingsError
from pipelines.events import NS

CLIP = "clip"  # the device of a session with a video
LEAST_NS = NS  # what follows the last word of a clip, at least
SLACK_S = 0.1  # so far behind a clip's end still means its end


@dataclass(frozen=True, slots=True)
class Request:
    """What a command line asked for. `more`: questions go on on standard input; `rolls`: a clip is not held while it is
    answered; `deaf`: what is said in it counts for nothing; `real_time`: waiting is sat out."""

    questions: tuple[Asked, ...] = ()
    images: tuple[Path, ...] = ()
    video: Path | None = None
    span: Span = field(default_factory=Span)
    wav: Path | None = None
    page: Path | None = None
    more: bool = False
    rolls: bool = False
    deaf: bool = False
    real_time: bool = False


class Desk:
    """A `DeviceLink` that is nobody's glasses: captions are the answer."""

    echo = "none"
    record = NOT_SAID

    def __init__(self, device: str = DESK) -> None:
        self.session = self.device = device

    def send_message(self, message: Message) -> None:
        """Captions come to us as decisions already."""

    def ask_key_frame(self) -> None:
        """Key frames come often enough by themselves."""

    def answer_at(self, utterance: int, position_ns: int) -> None:
        """Nobody listens."""

    def cut_answer(self, utterance: int) -> None:
        """Nobody interrupts."""

    async def close(self, reason: str = "") -> None:
        """Whoever plays into the session ends it."""


def ask(settings: Settings, request: Request) -> int:
    """Ask, print what is answered, write what is wanted. Exit status 0 if every question was answered, 1 if not.

    Raises:
        SettingsError: a file cannot be used, or the words are no question.
    """
    if request.page is not None and not settings.recording.on:
        raise SettingsError(f"--page {request.page}: a page is made of a recording; leave recording.on true")
    with asyncio.Runner(loop_factory=None if request.real_time else SkippingLoop) as runner:
        return runner.run(_Asking(settings, request).run())


class _Asking:
    """One run of the command."""

    def __init__(self, settings: Settings, request: Request) -> None:
        if request.video is not None:  # whoever speaks in it changes nothing for who asks
            settings = replace(settings, speaking=replace(settings.speaking, remember=False))
            settings = replace(settings, memory=replace(settings.memory, on=False))
        self._settings, self._request = settings, request
        one = len(request.questions) == 1 and request.video is None and not request.more
        self._told = Telling(questions=not one)
        self._recorded: list[Path] = []
        self._packets: list[bytes] = []

    async def run(self) -> int:
        request, told = self._request, self._told
        program = await asyncio.to_thread(self._program)
        source = program.source
        app = App(self._settings, watch=lambda session: told, recorded=self._recorded.append, notice=_notice)
        try:
            await source.ready()
            await app.start(serve=False)
            session = app.new_session(Desk(CLIP if request.video else DESK), SessionClock())
            _watch_work(app, session)
            detail = request.video.name if request.video is not None else DESK
            session.on_state("connected", source.microphone, source.camera, False, detail)
            hold = Hold(never=request.rolls)
            player = Player(session, program, hold, self._heard, lambda: told.news, self._late)
            await self._converse(session, player)
            session.end("all was asked")
        finally:
            source.close()
            await app.stop()
        await asyncio.to_thread(self._written)
        return 0 if told.all_answered else 1

    def _program(self) -> Program:
        request, longest_s = self._request, self._settings.clip.longest_s
        early = [question for question in request.questions if question.at is not None]
        if request.video is not None:
            found = examine(request.video, longest_s, request.span.from_s, request.span.to_s)
            if request.deaf and not request.questions and not request.more:
                raise SettingsError("--deaf: then nothing in the video is a question; type one")
            timed = [_in_time(question, found, request.span) for question in early]
            return Program(Film(found, request.span, request.deaf), timed, round(longest_s * NS))
        for question in early:
            if not 1 <= (question.at or 0) <= len(request.images) or question.at != int(question.at or 0):
                raise SettingsError(
                    f"{question.at:g}: {question.words}: there is no such picture; without --video the number is that "
                    f"of a picture, and there are {len(request.images)}"
                )
        slides = Slides([jpeg_of(path) for path in request.images])
        return Program(slides, [Timed(slides.seen_ns(int(q.at or 0)), q.words) for q in early])

    async def _converse(self, session: Session, player: Player) -> None:
        """Play, type, and wait for the last answer."""
        playing = asyncio.create_task(player.run())
        talking = asyncio.create_task(self._talk(session, player))
        try:
            await asyncio.wait([playing, talking], return_when=asyncio.FIRST_COMPLETED)
            if playing.done():  # it never ends by itself
                playing.result()
            await talking
        finally:
            for task in (playing, talking):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _talk(self, session: Session, player: Player) -> None:
        request = self._request
        await player.end.wait()
        if player.cut_short:
            _notice(f"{request.video} goes on, and clip.longest_s is reached; the rest is not played")
        if request.video is not None:
            await asyncio.sleep(LEAST_NS / NS)
        await player.settled()
        later = [question.words for question in request.questions if question.at is None]
        for words in later:
            await player.ask(words)
            if len(request.questions) == 1 and not self._told.asked:
                raise SettingsError(f"{words!r} only steers an answer that is being spoken; ask a question")
            await player.settled()
        if request.more:
            async for words in typed(sys.stdin):
                await player.ask(words)
                await player.settled()
        await player.settled(wholly=True)
        if not self._told.asked:
            silent = request.video is not None and not player.listens
            heard = "there is no sound in it" if silent else "no question was heard or typed"
            name = f"--video {request.video}" if request.video is not None else "--image FILE"
            _notice(f'nothing was asked: {heard}; type one: companion ask {name} "what does this say"')

    def _late(self, question: Timed, end_ns: int) -> None:
        """What plays is shorter than its file says, or the file does not say how long it is, or plays too long."""
        if self._request.video is None:
            return
        from_s = self._request.span.from_s
        _notice(
            f"{question.words!r} was to be asked at {question.at_ns / NS + from_s:g} s, and {self._request.video} "
            f"plays to {end_ns / NS + from_s:.1f} s only: it is asked there"
        )

    def _heard(self, packet: bytes, utterance: int) -> None:
        if self._request.wav is not None and packet not in (SILENCE, b""):
            self._packets.append(packet)

    def _written(self) -> None:
        request = self._request
        if request.wav is not None:
            _write_wav(request.wav, self._packets)
        if request.page is not None and self._recorded:
            from companion.report.page import write_page

            print(f"page: {write_page(self._recorded[-1], request.page)}")


def _in_time(question: Asked, found: Found, span: Span) -> Timed:
    """Raises SettingsError if what is played is over by then, or has not begun, as far as the file says."""
    at, where = question.at or 0.0, f"{found.path} is {found.duration_s:.1f} s long"
    end_s = min(span.to_s or math.inf, found.duration_s or math.inf)
    if span.to_s and end_s == span.to_s:
        where = f"--to {span.to_s:g} is where it ends"
    if at > end_s + SLACK_S:
        raise SettingsError(
            f"{at:g}: {question.words}: {where}; give an earlier moment, or none to ask when all has been shown"
        )
    if at < span.from_s:
        raise SettingsError(f"{at:g}: {question.words}: --from {span.from_s:g} is where it begins; give a later moment")
    return Timed(round((at - span.from_s) * NS), question.words)


def _watch_work(app: App, session: Session) -> None:
    """Real time while anybody works for this session."""
    loop, door = asyncio.get_running_loop(), app.door
    if isinstance(loop, SkippingLoop) and door is not None:
        loop.at_work = lambda: door.busy or session.asking


def _notice(text: str) -> None:
    print(f"notice: {text}", file=sys.stderr)


def _write_wav(path: Path, packets: list[bytes]) -> None:
    codec = av.CodecContext.create("libopus", "r")
    codec.format, codec.layout, codec.sample_rate = "s16", "mono", RATE_HZ
    sound = [f.to_ndarray()[0] for packet in packets for f in codec.decode(av.Packet(packet))]
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(np.concatenate([np.zeros(0, np.int16), *sound]).tobytes())
