"""Carries decisions out: each kind of decision has one method here, and does nothing else than it says.

Slow work goes through the compute door and comes back as a happening; a question to the model is a task whose
cancellation closes its socket.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from companion.compute import Asked, Job, Stream
from pipelines import events as ev
from pipelines.seeing.covering import Withheld, cover_of
from pipelines.seeing.decode import Pictures
from pipelines.seeing.encode import jpeg_view
from pipelines.seeing.kept import KeptPictures
from pipelines.seeing.look import look
from pipelines.seeing.measure import measure
from pipelines.seeing.regions import Cover
from pipelines.speaking import earcons
from pipelines.speaking.voice import Rendered, Voice
from pipelines.thinking.dialects.answer import Failed, Finished, ModelEvent, TextDelta
from pipelines.thinking.dialects.query import Picture, pictures_of
from pipelines.turns.audio import score
from recordings.stored import VoiceBlock

if TYPE_CHECKING:
    from companion.session import Session

STILL_PX = 1280  # longest side of a picture kept for the page
STILL_QUALITY = 80
OUT_HZ = 48_000
COVERS_KEPT = 32  # frames
REST_NS = 2 * ev.NS  # after that
FOLLOW_NS = 150 * ev.MS  # while the wearer speaks, what the camera sent is decoded this often
PENDING_NS = 30 * ev.NS  # speech rendered ahead of the ear; half of what the playout would take


class Hands:
    """The doing half of a session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._pictures = Pictures(session.frames)
        self._kept = KeptPictures(lambda frame_id: self._pictures.pictures([frame_id]).get(frame_id))
        self._jobs: dict[int, Job] = {}
        self._asking: dict[int, asyncio.Task[None]] = {}
        self._voicing: dict[int, list[Job]] = {}
        self._muted = session.parts.preferences.muted
        self._decoding = threading.Lock()  # several lanes want pictures, one may decode at a time
        self._follows, self._followed_ns = False, 0
        self._covers: dict[int, Cover] = {}  # by frame

    @property
    def asking(self) -> bool:
        """Whether a model is being asked."""
        return bool(self._asking)

    def carry_out(self, decision: ev.Decision) -> None:
        act = self._ACTS.get(type(decision))
        if act is not None:
            act(self, decision)

    def close(self) -> None:
        for job in (*self._jobs.values(), *(j for jobs in self._voicing.values() for j in jobs)):
            job.cancel()
        for task in self._asking.values():
            task.cancel()

    # ---------------------------------------------------------------------------------------------------- slow work

    def _work(self, kind: str, d: Any, work: Callable[[], ev.Happening]) -> None:
        """Through the door; the happening that `work` makes is stamped when it comes back."""
        session, request = self._session, d.request

        def done(result: Any, cost_ns: int) -> None:
            self._jobs.pop(request, None)
            session.deliver(replace(result, t_ns=session.clock.now_ns(), cost_ns=cost_ns))

        def failed(error: Exception) -> None:
            self._failed(kind, request, error)

        self._jobs[request] = session.parts.door.compute(kind, work, done, failed, Asked(d))

    def _failed(self, kind: str, request: int, error: Exception) -> None:
        session = self._session
        self._jobs.pop(request, None)
        session.log("ERROR", f"{kind} failed: {error!r}")
        session.deliver(ev.WorkFailed(session.clock.now_ns(), request, kind, str(error)[:500]))

    def _transcribe(self, d: ev.Transcribe) -> None:
        session = self._session
        sound = session.parts.door.held(lambda: session.sound.cut(d.start_ns, d.end_ns))

        def work() -> ev.Transcribed:
            hearing = session.parts.engines.transcriber.transcribe(sound().astype(np.float32) / 32768.0)
            words = tuple(
                replace(w, start_ns=d.start_ns + w.start_ns, end_ns=d.start_ns + w.end_ns) for w in hearing.words
            )
            scores = float(hearing.avg_logprob), float(hearing.no_speech)
            return ev.Transcribed(0, d.request, hearing.text, hearing.accepted, hearing.why, words, *scores)

        self._work("transcribe", d, work)

    def _score_turn(self, d: ev.ScoreTurn) -> None:
        session = self._session
        sound = session.parts.door.held(lambda: session.sound.cut(d.start_ns, d.end_ns))

        def work() -> ev.TurnScored:
            model = session.parts.engines.turn_model
            if model is None:
                raise LookupError("no audio turn model is loaded: name one in turn.audio_model")
            return ev.TurnScored(0, d.request, score(model, sound().astype(np.float32) / 32768.0))

        self._work("turn", d, work)

    def _look(self, d: ev.Look) -> None:
        self._work("look", d, lambda: ev.Looked(0, d.request, self._scores(d.start_ns, d.end_ns)))

    def _scores(self, start_ns: int, end_ns: int) -> tuple[ev.FrameScore, ...]:
        with self._decoding:
            return look(self._session.frames, self._pictures, start_ns, end_ns)

    def _picture(self, frame_id: int) -> Any:
        with self._decoding:
            picture = self._kept.get(frame_id)
        if picture is None:
            raise LookupError(f"frame {frame_id} is no longer in the ring or cannot be decoded")
        return picture

    def _read_text(self, d: ev.ReadText) -> None:
        """Lines as they are recognised, and at the end all of them."""
        session = self._session
        whole: list[ev.TextRead] = []

        def items() -> Iterator[ev.TextRead]:
            lines: tuple[ev.TextLine, ...] = ()
            for part in session.parts.engines.reader.parts(self._picture(d.frame_id)):
                lines += part.lines
                if part.more:
                    yield ev.TextRead(0, d.request, d.frame_id, part.lines, more=True)
                else:
                    unread = tuple(line for line, _ in part.doubtful)
                    yield ev.TextRead(0, d.request, d.frame_id, lines, unread=unread, cut=part.cut)

        def each(found: ev.TextRead) -> None:
            if found.more:
                session.deliver(replace(found, t_ns=session.clock.now_ns()))
            else:
                whole.append(found)

        def done(cost_ns: int) -> None:
            self._jobs.pop(d.request, None)
            session.deliver(replace(whole[-1], t_ns=session.clock.now_ns(), cost_ns=cost_ns))

        def failed(error: Exception) -> None:
            self._failed("read_text", d.request, error)

        self._jobs[d.request] = session.parts.door.stream(Stream("read_text", items), each, done, failed, Asked(d))

    def _measure(self, d: ev.Measure) -> None:
        def work() -> ev.Measured:
            before = self._picture(d.before_id) if d.before_id else None
            return replace(measure(self._picture(d.frame_id), before), request=d.request, frame_id=d.frame_id)

        self._work("measure", d, work)

    def _follow(self, d: ev.Follow) -> None:
        self._follows, self._followed_ns = d.on, self._session.clock.now_ns() if not d.on else 0

    def saw(self) -> None:
        """A picture has come from the camera: decode along, if somebody speaks; else let go of what was decoded, once
        an answer has what it needs of it."""
        since_ns = self._session.clock.now_ns() - self._followed_ns
        if self._follows and since_ns >= FOLLOW_NS:
            self._followed_ns += since_ns
            self._session.parts.door.ahead("look", self._decode_along)
        elif not self._follows and self._followed_ns and since_ns >= REST_NS:
            self._followed_ns = 0
            self._session.parts.door.ahead("look", self._rest)

    def _decode_along(self) -> None:
        with self._decoding:
            self._pictures.follow()

    def _rest(self) -> None:
        with self._decoding:
            self._pictures.rest()

    def _read_codes(self, d: ev.ReadCodes) -> None:
        engines = self._session.parts.engines

        def named(code: ev.Code) -> ev.Code:
            found = engines.articles.find(code.payload, code.kind) if engines.articles is not None else None
            return replace(code, article=found.name, note=found.note) if found is not None else code

        def work() -> ev.CodesRead:
            codes = tuple(named(code) for code in engines.codes.read(self._picture(d.frame_id)))
            return ev.CodesRead(0, d.request, d.frame_id, codes, table=engines.articles is not None)

        self._work("read_codes", d, work)

    def _keep_still(self, d: ev.KeepStill) -> None:
        session = self._session
        recorder = session.parts.recorder
        if recorder is None:
            return

        view = ev.View(d.frame_id, d.box, STILL_PX, STILL_QUALITY)

        def keep(data: bytes, _cost_ns: int) -> None:
            recorder.still(session.clock.now_ns(), view, data)

        session.parts.door.compute(
            "still",
            lambda: jpeg_view(self._picture(d.frame_id), view),
            keep,
            lambda error: session.log("WARNING", f"picture {d.frame_id} could not be kept: {error}"),
            Asked(d, view),
        )

    # ------------------------------------------------------------------------------------------------------ the model

    def _ask_model(self, d: ev.AskModel) -> None:
        job = Job()
        task = asyncio.get_running_loop().create_task(self._ask(d, job), name=f"ask-{d.request}")
        self._jobs[d.request] = job
        self._asking[d.request] = task
        task.add_done_callback(lambda _: self._asking.pop(d.request, None))

    async def _ask(self, d: ev.AskModel, job: Job) -> None:
        session, models = self._session, self._session.parts.models

        def tell(event: ev.Happening) -> None:
            def take(t_ns: int) -> None:
                if not job.cancelled():
                    session.deliver(replace(event, t_ns=t_ns))

            session.clock.happened(event, d.t_ns, take)

        model = models.get(d.model) if models is not None else None
        if model is None:
            tell(ev.ModelFailed(0, d.request, "no_model", f"no model {d.model!r} is set"))
            return
        if session.director.private and not session.director.is_local(d.model):  # a second lock: nothing asked for it
            tell(ev.ModelFailed(0, d.request, "private_mode", f"{d.model} is not on this machine"))
            return
        images: dict[ev.View, Picture] = {}
        for view in [v for m in d.messages for v in pictures_of(m, d.image_px, d.image_quality)]:
            data = await self._sendable(d, view) if view not in images else None
            if isinstance(data, Withheld):
                session.log("WARNING", f"frame {view.frame_id} is kept back: {data}")
                if view.frame_id in self._covers:  # in a replay it comes from the recording
                    tell(ev.PictureCovered(0, d.request, view.frame_id, withheld=str(data)[:500]))
                tell(ev.ModelFailed(0, d.request, "withheld", str(data)[:500]))
                return
            if data is not None:
                images[view] = data
                if session.parts.recorder and isinstance(data, bytes):
                    now_ns, name = session.clock.now_ns(), model.profile.name
                    session.parts.recorder.still(now_ns, view, data, sent_to=name, request=d.request)
        for frame_id in dict.fromkeys(view.frame_id for view in images):
            if (cover := self._covers.get(frame_id)) is not None and cover.boxes:
                tell(ev.PictureCovered(0, d.request, frame_id, len(cover.boxes)))
        tools = tuple(t for t in session.director.tools if t.name in d.tools)

        def heard(event: ModelEvent) -> None:
            if isinstance(event, Finished):
                session.parts.spent(model.profile, event)
            tell(_of_model(d.request, event))

        try:
            await model.ask(d, tools, images, heard, f"turn-{d.turn}-{d.request}")
        except Exception as error:  # a fault of ours: the wearer hears of it like of any other failure
            session.log("ERROR", f"asking {model.profile.name} failed: {error!r}")
            tell(ev.ModelFailed(0, d.request, "protocol", repr(error)[:500]))

    async def _sendable(self, d: ev.AskModel, view: ev.View) -> Picture | Withheld | None:
        """The picture as it is sent, what may not leave covered; why it is kept back; None if it is no longer held:
        asking then fails with that."""
        ready: asyncio.Future[Picture | Withheld | None] = asyncio.get_running_loop().create_future()

        def work() -> Picture:
            picture = self._picture(view.frame_id)
            return jpeg_view(picture, view, self._cover(view.frame_id, picture))

        def failed(error: Exception) -> None:
            if not ready.done():
                ready.set_result(error if isinstance(error, Withheld) else None)

        def done(data: Picture, _cost_ns: int) -> None:
            if not ready.done():
                ready.set_result(data)

        self._session.parts.door.compute("still", work, done, failed, Asked(d, view))
        return await ready

    def _cover(self, frame_id: int, picture: Any) -> Cover | None:
        """What the wearer's rules cover in this frame; the same for every view of it."""
        rules = self._session.parts.settings.privacy.rules
        if rules.none:
            return None
        if frame_id not in self._covers:
            self._covers[frame_id] = cover_of(picture, rules, self._read_whole)
            while len(self._covers) > COVERS_KEPT:
                self._covers.pop(next(iter(self._covers)))
        return self._covers[frame_id]

    def _read_whole(self, picture: Any) -> tuple[tuple[ev.TextLine, ...], tuple[ev.TextLine, ...]]:
        found = self._session.parts.engines.reader.read_all(picture)
        return found.lines, tuple(line for line, _ in found.doubtful)

    def _run_tool(self, d: ev.RunTool) -> None:
        """A tool with effects; what comes of it, failures too, is a happening."""
        session, runner = self._session, self._session.parts.tools
        limit_s = session.director.options.general.tools.time_limit_ms / 1000

        async def work() -> ev.ToolDone:
            if runner is None:
                return ev.ToolDone(0, d.request, "There is no such tool here.", "failed")
            name = f"turn-{d.turn}-{d.request}"
            done = await runner.run(d.name, d.arguments, limit_s, name, session.parts.observer)
            return ev.ToolDone(0, d.request, done.text, done.failed, done.sources)

        def done(result: ev.ToolDone, cost_ns: int) -> None:
            self._jobs.pop(d.request, None)
            session.deliver(replace(result, t_ns=session.clock.now_ns(), cost_ns=cost_ns))

        def failed(error: Exception) -> None:
            self._jobs.pop(d.request, None)
            session.log("ERROR", f"the tool {d.name} failed: {error!r}")
            session.deliver(ev.ToolDone(session.clock.now_ns(), d.request, "It failed.", "failed"))

        self._jobs[d.request] = session.parts.door.task("tool", work, done, failed, Asked(d))

    def _cancel(self, d: ev.Cancel) -> None:
        if job := self._jobs.pop(d.request, None):
            job.cancel()
        if task := self._asking.pop(d.request, None):
            task.cancel()

    # -------------------------------------------------------------------------------------------------------- speaking

    def _speak(self, d: ev.Speak) -> None:
        """Render in the voice lane; blocks go to the playout as they come, chunks in the order they were given out."""
        session = self._session
        rendered: list[tuple[int, tuple[ev.Word, ...]]] = []
        job = Job()

        def block(piece: Rendered) -> None:
            rendered.append((len(piece.pcm), piece.words))
            if session.parts.recorder:
                now_ns = session.clock.now_ns()
                session.parts.recorder.voiced(VoiceBlock(now_ns, d.utterance, d.chunk, len(piece.pcm), piece.words))
            session.playout.add(d.utterance, d.chunk, piece.pcm, last=False, words=piece.words, first=d.first)

        def done(cost_ns: int) -> None:
            samples = sum(n for n, _ in rendered)
            self._end_chunk(d, samples, tuple(w for _, words in rendered for w in words), cost_ns)

        def failed(error: Exception) -> None:
            session.log("ERROR", f"no voice could say chunk {d.chunk}: {error}")
            session.deliver(ev.WorkFailed(session.clock.now_ns(), d.utterance, "voice", str(error)[:500]))

        def render() -> Iterator[Rendered]:
            if d.text:  # an empty chunk only ends the utterance, in its turn behind the others
                yield from _with_fallback(self._voices(d.voice), d.text, d.rate_wpm, job.cancelled)

        def room() -> bool:  # a voice is a hundred times faster than the ear: let it wait
            return session.playout.pending_ns(d.utterance) <= PENDING_NS

        self._voicing.setdefault(d.utterance, []).append(job)
        session.parts.door.stream(Stream("voice", render, room), block, done, failed, Asked(d), job)

    def _voices(self, wanted: str) -> list[Voice]:
        """The wanted voice first, the others behind it in case it fails."""
        voices = self._session.parts.engines.voices
        first = [voices[wanted]] if wanted in voices else []
        return first + [v for name, v in voices.items() if name != wanted]

    def _end_chunk(self, d: ev.Speak, samples: int, words: tuple[ev.Word, ...], cost_ns: int) -> None:
        session = self._session
        now_ns = session.clock.now_ns()
        duration_ns = samples * ev.NS // OUT_HZ
        session.deliver(ev.ChunkVoiced(now_ns, d.utterance, d.chunk, duration_ns, words, cost_ns))
        if d.last:
            session.playout.add(d.utterance, d.chunk, np.zeros(0, np.int16), last=True)
            self._voicing.pop(d.utterance, None)

    def _stop_play(self, d: ev.StopPlay) -> None:
        for job in self._voicing.pop(d.utterance, []):
            job.cancel()
        self._session.playout.stop(d.utterance)
        self._session.link.cut_answer(d.utterance)

    def _duck(self, d: ev.Duck) -> None:
        self._session.playout.duck(d.on)

    def _pause(self, d: ev.PausePlay) -> None:
        self._session.playout.pause(d.on)

    def _rewind(self, d: ev.RewindPlay) -> None:
        self._session.playout.rewind(d.utterance, d.position_ns)

    def _volume(self, d: ev.SetVolume) -> None:
        self._session.playout.gain_db = d.gain_db

    def _earcon(self, d: ev.Earcon) -> None:
        self._session.chimes.add(earcons.earcon(d.name))

    def _prefer(self, d: ev.Prefer) -> None:
        self._muted = d.preferences.muted
        self._session.parts.prefer(d.preferences)

    # ------------------------------------------------------------------------------------------------- to the device

    def _key_frame(self, d: ev.AskKeyFrame) -> None:
        self._session.link.ask_key_frame()

    def _shed(self, d: ev.Shed) -> None:
        self._session.log("WARNING" if d.what else "INFO", d.reason)
        if self._session.left_out.now(d.what):
            self._session.link.ask_key_frame()

    def _caption(self, d: ev.Caption) -> None:
        heard = d.who == "wearer" or (self._session.speaker and not self._muted)
        if self._session.left_out.shows(known_otherwise=heard):
            self._session.link.send_message({"type": "caption", "who": d.who, "text": d.text})

    def _state(self, d: ev.StateChanged) -> None:
        self._session.link.send_message({"type": "state", "state": d.new})

    def _aside(self, d: ev.Aside) -> None:
        self._session.link.send_message({"type": "aside", "turn": d.turn, "kind": d.kind, "text": d.text})

    def _frame(self, d: ev.FrameChosen) -> None:
        if self._session.left_out.shows(known_otherwise=True):
            self._session.link.send_message({"type": "frame", "turn": d.turn, "why": d.reason})

    _ACTS: ClassVar[dict[type[ev.Decision], Callable[[Hands, Any], None]]] = {
        ev.Transcribe: _transcribe,
        ev.ScoreTurn: _score_turn,
        ev.Look: _look,
        ev.ReadText: _read_text,
        ev.ReadCodes: _read_codes,
        ev.Measure: _measure,
        ev.Follow: _follow,
        ev.KeepStill: _keep_still,
        ev.AskModel: _ask_model,
        ev.RunTool: _run_tool,
        ev.Aside: _aside,
        ev.Cancel: _cancel,
        ev.Speak: _speak,
        ev.StopPlay: _stop_play,
        ev.Duck: _duck,
        ev.PausePlay: _pause,
        ev.RewindPlay: _rewind,
        ev.SetVolume: _volume,
        ev.Earcon: _earcon,
        ev.Prefer: _prefer,
        ev.AskKeyFrame: _key_frame,
        ev.Shed: _shed,
        ev.Caption: _caption,
        ev.StateChanged: _state,
        ev.FrameChosen: _frame,
    }


def _with_fallback(voices: list[Voice], text: str, rate_wpm: int, cancelled: Callable[[], bool]) -> Iterator[Rendered]:
    """Blocks of the first voice that works. A voice that fails after its first block is not begun anew."""
    for i, voice in enumerate(voices):
        began = False
        try:
            for block in voice.render(text, rate_wpm, cancelled):
                began = True
                yield block
            return
        except RuntimeError:
            if began or i == len(voices) - 1:
                raise


def _of_model(request: int, event: ModelEvent) -> ev.Happening:
    """What came of a request, to be stamped."""
    if isinstance(event, TextDelta):
        return ev.ModelText(0, request, event.text)
    if isinstance(event, Failed):
        return ev.ModelFailed(0, request, event.kind, event.detail[:500])
    return ev.ModelDone(
        0,
        request,
        event.finish,
        event.input_tokens,
        event.output_tokens,
        event.cached_tokens,
        event.reasoning_tokens,
        event.calls,
        event.carry,
    )
