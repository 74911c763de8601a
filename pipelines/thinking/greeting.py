"""The first words of a session: what can be heard and seen, found out and not assumed."""

from __future__ import annotations

from pipelines.events import MS, LinkChanged, Look, Looked, ReadText, TextRead, WorkFailed
from pipelines.seeing.choice import choose
from pipelines.thinking import wording
from pipelines.thinking.world import UNUSABLE, World

LOOK_BACK_NS = 1_000 * MS


class Greeting:
    """Looks once, reads once, and words what came of it. `ready` when nothing is awaited any more."""

    def __init__(self, world: World, recording: bool) -> None:
        self._world = world
        self._recording = recording
        self._request = 0
        self._looking = False
        self._sight = ""
        self.hears = False
        self.said = False

    @property
    def ready(self) -> bool:
        return self._looking and not self._request

    @property
    def busy(self) -> bool:
        return bool(self._request)

    def waits_for(self, request: int) -> bool:
        return bool(request) and request == self._request

    def look(self, link: LinkChanged | None) -> None:
        scribe = self._world.scribe
        self._looking = True
        if link is None or not link.camera:
            self._sight = wording.FRAME_PROBLEMS["no picture"]
            return
        if link.device.photo_only:
            self._sight = wording.PHOTO_CAMERA
            return
        self._request = scribe.number()
        scribe.emit(
            Look,
            "what is there to see at the start?",
            request=self._request,
            start_ns=max(0, scribe.now_ns - LOOK_BACK_NS),
            end_ns=scribe.now_ns,
        )

    def on_looked(self, event: Looked) -> None:
        scribe = self._world.scribe
        choice = choose(event.frames, scribe.now_ns, scribe.now_ns, "describe", self._world.choice)
        self._request = 0
        if choice.frame is None or choice.problem in UNUSABLE or choice.problem == "blurred":
            self._sight = wording.sight_of(choice.problem or "no picture", 0)
            return
        self._request = scribe.number()
        scribe.emit(ReadText, "is there anything to read?", request=self._request, frame_id=choice.frame.frame_id)

    def on_text(self, event: TextRead) -> None:
        self._request = 0
        self._sight = wording.sight_of("", len(event.lines))

    def on_failed(self, event: WorkFailed) -> None:
        self._request = 0
        self._sight = wording.WORK_FAILED.get(event.kind, wording.WORK_FAILED["look"])

    def text(self) -> str:
        notes = [wording.DEMO_PHRASES_NOTE] if self._world.closed_vocabulary else []
        return wording.greeting(self.hears, self._sight, self._recording, notes)
