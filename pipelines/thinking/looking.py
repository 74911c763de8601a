"""The looking half of an answer: which moment was meant, which frame of it is taken, and which pictures are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipelines.events import MS, FrameChosen, FrameScore, KeepStill, Look, Looked, ReadText, TextLine
from pipelines.seeing.choice import choose, choose_two, same_look
from pipelines.seeing.moment import Moment, fixed, meant
from pipelines.thinking import wording
from pipelines.thinking.compose import Sight, others
from pipelines.thinking.question import Question
from pipelines.thinking.router import Route
from pipelines.thinking.world import UNUSABLE, World

MOVED_NS = 250 * MS  # two frames so far apart show what moves


class Looking:
    """`ask` for a look, `choose` of what it saw; then `frames`, `problem` and `chosen` stand."""

    def __init__(self, world: World, question: Question, route: Route) -> None:
        self._world = world
        self._scribe = world.scribe
        self._question = question
        self._route = route
        self._seen: Sequence[FrameScore] = ()
        self._seldom = False  # the camera gives a picture now and then
        self._before: FrameScore | None = None  # the picture to compare with, if two were meant
        self.moment = self._meant()
        self.frames: list[FrameScore] = []  # the one that was meant first; none if it cannot be used
        self.chosen: FrameScore | None = None
        self.problem = ""
        self.policy = ""
        self.text: tuple[TextLine, ...] = ()  # read to help a model
        self.doing = "looking"

    @property
    def sight(self) -> Sight:
        """What a model is told of it."""
        return Sight(tuple(self.frames), self.problem, self.text)

    def _meant(self) -> Moment:
        q, where = self._question, self._world.choice.moment
        if where != "word":
            return fixed(where, q.start_ns, q.end_ns)
        return meant(q.text, q.words, q.start_ns, q.end_ns, self._purpose)

    @property
    def _purpose(self) -> str:
        """What the picture is wanted for, as `pipelines.seeing.choice` knows it."""
        intent = self._question.intent
        if intent.kind in {"read", "price"} or intent.name in {"text_lines", "unit_price"}:
            return "read"
        if intent.kind == "code" or intent.name == "article":
            return "code"
        return "read" if intent.kind == "model" and self._route.frame == "read" else "describe"

    def ask(self, from_ns: int | None = None, until_ns: int = 0) -> int:
        """Have the frames around the question scored, or those since `from_ns`, up to `until_ns` if that is later; the
        number of the request."""
        q, options = self._question, self._world.options.look
        request = self._scribe.number()
        self._scribe.emit(
            Look,
            f"{q.intent.label} needs a picture",
            request=request,
            turn=q.turn,
            start_ns=max(0, q.start_ns - options.before_ms * MS if from_ns is None else from_ns),
            end_ns=max(q.end_ns + options.after_ms * MS, until_ns),
        )
        return request

    def ask_photo(self) -> int:
        """The photo that came for this question, and what came before if that is meant too; the request's number."""
        came_ns, moment = self._world.photos.came_ns, self.moment
        return self.ask(min(moment.start_ns, came_ns) if moment.frames > 1 else came_ns, came_ns + 1)

    @property
    def told_age(self) -> str:
        """Words on the age of a photo that came late, or that was there before the question; "" if it needs none."""
        photos, options = self._world.photos.on, self._world.choice
        if self.chosen is None or not (photos or self._seldom):
            return ""
        age_ms = (self._scribe.now_ns - self.chosen.media_ns) // MS
        return wording.old_picture(age_ms) if age_ms > (options.max_age_ms if photos else options.stale_ms) else ""

    def choose(self, event: Looked) -> bool:
        """Choose the frame that was meant. False if it cannot be used: `problem` says why, if there is a frame."""
        moment, now_ns, options = self.moment, self._scribe.now_ns, self._world.choice
        self._seldom = event.seldom
        if self._world.photos.on:
            options = replace(options, max_age_ms=max(options.max_age_ms, self._world.photos.longest_ms))
        if moment.frames > 1:
            first, choice = choose_two(
                event.frames, moment.before_ns, moment.around_ns, now_ns, self._purpose, options, event.seldom
            )
            self._before = first.frame
        else:
            purpose, span_ns = self._purpose, moment.span_ns
            choice = choose(event.frames, moment.around_ns, now_ns, purpose, options, span_ns, event.seldom)
        self._seen, self.problem, self.chosen, self.policy = event.frames, choice.problem, choice.frame, choice.policy
        self._scribe.emit(
            FrameChosen,
            f"{moment.rule}: {choice.reason}",
            turn=self._question.turn,
            frame=choice.frame,
            age_ms=choice.age_ms,
            candidates=len(event.frames),
            problem=choice.problem,
            policy=choice.policy,
        )
        if choice.frame is None or choice.problem in UNUSABLE:
            return False
        self.frames = [choice.frame]
        self._keep(choice.frame, "the picture this turn is about")
        return True

    def add_others(self) -> None:
        """Two pictures if two were meant, more if there is time to think about them."""
        if self._before is not None:
            self.frames.append(self._before)
            self._keep(self._before, "the picture to compare with")
        elif self._route.mode != "instant":
            of_it = same_look(self._seen, self.frames[0].media_ns, self._world.choice)
            for frame in others(of_it, self.frames[0], self._world.options.modes.pictures - 1):
                self.frames.append(frame)
                self._keep(frame, "another picture of the same question")

    def read_text(self) -> int:
        """Have the text in the frame read, to help a model; the number of the request."""
        request, self.doing = self._scribe.number(), "tool:read_text"
        reason, frame_id = "where is the text that is asked about?", self.frames[0].frame_id
        self._scribe.emit(ReadText, reason, request=request, turn=self._question.turn, frame_id=frame_id)
        return request

    def beside(self) -> FrameScore | None:
        """A frame some time before or after the chosen one, the nearest, to see what moves; None if there is none."""
        chosen_ns = self.frames[0].media_ns
        apart = [f for f in self._seen if abs(f.media_ns - chosen_ns) >= MOVED_NS]
        return min(apart, key=lambda f: (abs(f.media_ns - chosen_ns), f.media_ns), default=None)

    def _keep(self, frame: FrameScore, reason: str) -> None:
        self._scribe.emit(KeepStill, reason, turn=self._question.turn, frame_id=frame.frame_id)
