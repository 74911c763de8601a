"""Questions to a model, with their pictures as they may leave, and the tools that it calls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from companion.compute import Asked, Job
from companion.hands.eyes import Eyes
from companion.hands.work import Work
from pipelines import events as ev
from pipelines.seeing.covering import Withheld, cover_of
from pipelines.seeing.encode import jpeg_view
from pipelines.seeing.regions import Cover
from pipelines.thinking.dialects.answer import Failed, Finished, ModelEvent, TextDelta
from pipelines.thinking.dialects.query import Picture, pictures_of

if TYPE_CHECKING:
    from companion.session import Session

COVERS_KEPT = 32  # frames
Sendable = Picture | Withheld | None
"""A picture as it is sent, what may not leave covered; why it is kept back; None: it is no longer held, and asking
fails with that."""


class Asking:
    """Each question is a task whose cancellation closes its socket."""

    def __init__(self, session: Session, work: Work, eyes: Eyes) -> None:
        self._session = session
        self._work = work
        self._eyes = eyes
        self._asking: dict[int, asyncio.Task[None]] = {}
        self._pictures: dict[int, list[Job]] = {}  # being made, by request
        self._covers: dict[int, Cover] = {}  # by frame

    def close(self) -> None:
        for task in self._asking.values():
            task.cancel()

    @property
    def under_way(self) -> bool:
        return bool(self._asking)

    def cancel(self, request: int) -> None:
        for job in self._pictures.pop(request, []):
            job.cancel()
        if task := self._asking.pop(request, None):
            task.cancel()

    def ask_model(self, d: ev.AskModel) -> None:
        job = Job()
        ready = self._sendables(d) if self._may_ask(d) else {}  # begun before anything else: the model waits for them
        task = asyncio.get_running_loop().create_task(self._ask(d, job, ready), name=f"ask-{d.request}")
        self._work.jobs[d.request] = job
        self._asking[d.request] = task
        task.add_done_callback(lambda _: self._over(d.request))

    def _over(self, request: int) -> None:
        self._asking.pop(request, None)
        self._pictures.pop(request, None)

    def _may_ask(self, d: ev.AskModel) -> bool:
        """In private mode only models of this machine: a second lock, nothing should have asked for another."""
        return not self._session.director.private or self._session.director.is_local(d.model)

    async def _ask(self, d: ev.AskModel, job: Job, ready: Mapping[ev.View, Awaitable[Sendable]]) -> None:
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
        if not self._may_ask(d):
            tell(ev.ModelFailed(0, d.request, "private_mode", f"{d.model} is not on this machine"))
            return
        images: dict[ev.View, Picture] = {}
        for view, coming in ready.items():
            data = await coming
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

    def _sendables(self, d: ev.AskModel) -> dict[ev.View, Awaitable[Sendable]]:
        """Each picture of a question, being made."""
        views = [view for m in d.messages for view in pictures_of(m, d.image_px, d.image_quality)]
        return {view: self._sendable(d, view) for view in dict.fromkeys(views)}

    def _sendable(self, d: ev.AskModel, view: ev.View) -> Awaitable[Sendable]:
        ready: asyncio.Future[Sendable] = asyncio.get_running_loop().create_future()
        if (made := self._eyes.prepared(view)) is not None:
            ready.set_result(made)
            return ready

        def work() -> Picture:
            if (made := self._eyes.prepared(view)) is not None:
                return made
            picture = self._eyes.picture(view.frame_id)
            return jpeg_view(picture, view, self._cover(view.frame_id, picture))

        def failed(error: Exception) -> None:
            if not ready.done():
                ready.set_result(error if isinstance(error, Withheld) else None)

        def done(data: Picture, _cost_ns: int) -> None:
            if not ready.done():
                ready.set_result(data)

        job = self._session.parts.door.compute("still", work, done, failed, Asked(d, view))
        self._pictures.setdefault(d.request, []).append(job)
        return ready

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

    def run_tool(self, d: ev.RunTool) -> None:
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
            self._work.jobs.pop(d.request, None)
            session.deliver(replace(result, t_ns=session.clock.now_ns(), cost_ns=cost_ns))

        def failed(error: Exception) -> None:
            self._work.jobs.pop(d.request, None)
            session.log("ERROR", f"the tool {d.name} failed: {error!r}")
            session.deliver(ev.ToolDone(session.clock.now_ns(), d.request, "It failed.", "failed"))

        self._work.jobs[d.request] = session.parts.door.task("tool", work, done, failed, Asked(d))


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
