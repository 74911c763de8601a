"""One answer in the making: from what the wearer wants, over a look, to words for the voice.

An answer may be *prepared* while the turn is not yet certain: it looks and reads, on the device and without a trace
outside. What it would say, and what it would send, is held until `confirm`; if the wearer goes on speaking instead,
`cancel` leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pipelines.events import (
    AskModel,
    Cancel,
    CodesRead,
    FrameChosen,
    FrameScore,
    KeepStill,
    Look,
    Looked,
    Message,
    ModelDone,
    ModelFailed,
    ModelText,
    ReadCodes,
    ReadText,
    TextLine,
    TextRead,
    WorkFailed,
)
from pipelines.events import Code as ReadCode
from pipelines.scribe import Scribe
from pipelines.seeing.choice import ChoiceOptions, choose
from pipelines.speaking.clauses import ClauseChunker
from pipelines.speaking.speakable import speakable
from pipelines.thinking import failures, wording
from pipelines.thinking.history import History
from pipelines.thinking.intent import Intent
from pipelines.thinking.options import Options

UNUSABLE = frozenset({"no picture", "stale", "dark", "covered", "overexposed"})


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, and when: the moments decide which frame was meant."""

    turn: int
    text: str
    intent: Intent
    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True)
class World:
    """What an answer may know of its surroundings."""

    scribe: Scribe
    options: Options
    choice: ChoiceOptions
    history: History
    model: str
    closed_vocabulary: bool


class Answer:
    """Give it events; it calls `say(text, kind, last)` with words, in order, once it is confirmed."""

    def __init__(self, world: World, question: Question, say: Callable[[str, str, bool], None]) -> None:
        self._world = world
        self._scribe = world.scribe
        self.question = question
        self._say_now = say
        self._held: list[Callable[[], None]] = []  # partials, not lambdas: a replay copies the deciders as they stand
        self._open: set[int] = set()  # requests under way
        self._confirmed = False
        self._chunker = ClauseChunker()
        self._spoke = False
        self._frame: FrameScore | None = None
        self._frame_problem = ""
        self.finished = False
        self.lines: tuple[TextLine, ...] = ()
        self.codes: tuple[ReadCode, ...] = ()
        self.sent_to = ""

    # ------------------------------------------------------------------------------------------ beginning and end

    def begin(self, looked: Looked | None, look_request: int) -> None:
        """Start working. `look_request`/`looked`: a look already under way for this utterance, and its result."""
        intent = self.question.intent
        if intent.kind == "model" and not self._world.model:
            self.say(wording.NO_MODEL, "status")
        elif intent.visual or (intent.kind, intent.name) == ("status", "see"):
            if looked is not None:
                self.on_looked(looked)
            else:
                self._open.add(look_request or self._look().request)
        elif intent.kind == "model":
            self._ask_model()
        elif intent.kind == "history":
            self.say(self._world.history.what_was(intent.subject, self._scribe.now_ns), "history")
        elif intent.kind == "status":
            self.say(self._status(intent.name), "status")
        else:
            raise ValueError(f"no answer can be made for the intent {intent.label!r}")

    def confirm(self) -> None:
        """The turn is certain: say and send what was held."""
        self._confirmed = True
        held, self._held = self._held, []
        for act in held:
            act()

    def cancel(self, reason: str) -> None:
        """Forget everything that is under way."""
        for request in sorted(self._open):
            self._scribe.emit(Cancel, reason, request=request, kind="answer")
        self._open.clear()
        self._held.clear()
        self.finished = True

    def waits_for(self, request: int) -> bool:
        return request in self._open

    def say(self, text: str, kind: str, last: bool = True) -> None:
        self.finished = self.finished or last
        self._when_confirmed(partial(self._say_now, text, kind, last))

    def _when_confirmed(self, act: Callable[[], None]) -> None:
        if self._confirmed:
            act()
        else:
            self._held.append(act)

    # ------------------------------------------------------------------------------------------------------ looking

    def _look(self) -> Look:
        q, options = self.question, self._world.options.look
        return self._scribe.emit(
            Look,
            f"{q.intent.label} needs a picture",
            request=self._scribe.number(),
            turn=q.turn,
            start_ns=max(0, q.start_ns - options.before_ms * 1_000_000),
            end_ns=q.end_ns + options.after_ms * 1_000_000,
        )

    def on_looked(self, event: Looked) -> None:
        """Choose the frame that was meant; refuse a bad look with the reason."""
        self._open.discard(event.request)
        intent = self.question.intent
        purpose = {"read": "read", "price": "read", "code": "code"}.get(intent.kind, "describe")
        choice = choose(event.frames, self.question.end_ns, self._scribe.now_ns, purpose, self._world.choice)
        self._frame, self._frame_problem = choice.frame, choice.problem
        self._scribe.emit(
            FrameChosen,
            choice.reason,
            turn=self.question.turn,
            frame=choice.frame,
            age_ms=choice.age_ms,
            candidates=len(event.frames),
            problem=choice.problem,
            policy=choice.policy,
        )
        if choice.frame is None or choice.problem in UNUSABLE:
            self._bad_look(choice.problem or "no picture")
            return
        self._scribe.emit(
            KeepStill, "the picture this turn is about", turn=self.question.turn, frame_id=choice.frame.frame_id
        )
        if intent.kind == "code":
            self._request(ReadCodes, "what the code holds is read here, and never opened", choice.frame)
        elif intent.kind in {"read", "price", "status"}:
            self._request(ReadText, "text is read here, on the device", choice.frame)
        else:
            self._ask_model()

    def _bad_look(self, problem: str) -> None:
        if self.question.intent.kind == "model" and self.question.intent.name == "ask":
            self._frame = None
            self._ask_model()
            return
        self.say(wording.FRAME_PROBLEMS.get(problem, wording.FRAME_PROBLEMS["no picture"]), "failure")

    def _request(self, kind: type[ReadText] | type[ReadCodes], reason: str, frame: FrameScore) -> None:
        number = self._scribe.number()
        self._open.add(number)
        self._scribe.emit(kind, reason, request=number, turn=self.question.turn, frame_id=frame.frame_id)

    def on_text(self, event: TextRead) -> None:
        self._open.discard(event.request)
        self.lines = event.lines
        intent = self.question.intent
        if intent.kind == "status":
            self.say(wording.sight_of(self._frame_problem, len(event.lines)), "status")
        elif not event.lines:
            problem = wording.FRAME_PROBLEMS.get(self._frame_problem)
            self.say(problem or wording.NO_TEXT[intent.kind], "failure")
        elif intent.kind == "price":
            found = wording.prices(event.lines)
            self.say(wording.price_answer(found) if found else wording.NO_TEXT["price"], "reading")
        else:
            self._say_in_chunks(wording.reading(event.lines), "reading")

    def on_codes(self, event: CodesRead) -> None:
        self._open.discard(event.request)
        self.codes = event.codes
        if event.codes:
            self._say_in_chunks(wording.code_answer(event.codes), "code")
        else:
            problem = wording.FRAME_PROBLEMS.get(self._frame_problem)
            self.say(problem or wording.NO_TEXT["code"], "failure")

    def _say_in_chunks(self, text: str, kind: str) -> None:
        chunker = ClauseChunker()
        chunks = [*chunker.feed(text), *chunker.finish()]
        for i, chunk in enumerate(chunks):
            self.say(chunk, kind, last=i == len(chunks) - 1)

    # ------------------------------------------------------------------------------------------------- asking a model

    def _ask_model(self) -> None:
        self._open.add(request := self._scribe.number())
        self._when_confirmed(partial(self._send, request))

    def _send(self, request: int) -> None:
        thinking, question = self._world.options.thinking, self.question
        note = f" (My picture is {self._frame_problem}.)" if self._frame and self._frame_problem else ""
        frame_id = self._frame.frame_id if self._frame else 0
        earlier = self._world.history.messages(thinking.history_turns)
        messages = (
            Message("system", thinking.system_prompt),
            *earlier,
            Message("user", question.text + note, frame_id),
        )
        self.sent_to = self._world.model
        self._scribe.emit(
            AskModel,
            f"{question.intent.label} is for a model; sends the words"
            f"{f', those of {len(earlier) // 2} earlier turns' if earlier else ''}"
            f"{' and one picture' if frame_id else ''} to {self._world.model}",
            request=request,
            turn=question.turn,
            messages=messages,
            max_tokens=thinking.max_tokens,
            image_px=thinking.image_px,
        )

    def on_model_text(self, event: ModelText) -> None:
        for chunk in self._chunker.feed(event.text):
            self._say_model(chunk, last=False)

    def on_model_done(self, event: ModelDone) -> None:
        self._open.discard(event.request)
        rest = [c for c in self._chunker.finish() if speakable(c)]
        for i, chunk in enumerate(rest):
            self._say_model(chunk, last=i == len(rest) - 1)
        if not rest and self._spoke:
            self.say("", "model")
        elif not rest:
            self.say(failures.spoken("refused"), "failure")

    def _say_model(self, chunk: str, last: bool) -> None:
        if text := speakable(chunk):
            self._spoke = True
            self.say(text, "model", last)

    def on_model_failed(self, event: ModelFailed) -> None:
        """Never a silent restart in mid-sentence: what was said stays said, and the failure is spoken after it."""
        self._open.discard(event.request)
        for chunk in self._chunker.finish():
            self._say_model(chunk, last=False)
        self.say(failures.spoken(event.kind), "failure")

    def on_work_failed(self, event: WorkFailed) -> None:
        self._open.discard(event.request)
        self.say(wording.WORK_FAILED.get(event.kind, wording.WORK_FAILED["look"]), "failure")

    # --------------------------------------------------------------------------------------------------------- status

    def _status(self, name: str) -> str:
        world = self._world
        if name == "help":
            return wording.HELP + (wording.HELP_MODEL if world.model else "")
        if name == "sent":
            sent = [e for e in world.history.entries if e.kind == "model"]
            return (
                f"I asked {world.model} {len(sent)} times in this session." if sent else "Nothing has left this device."
            )
        if name == "looked":
            looked = [e for e in world.history.entries if e.lines or e.codes or e.kind == "model"]
            return (
                f"For “{looked[-1].question}” I looked at one picture."
                if looked
                else "I have not looked at anything yet."
            )
        return {
            "hello": "Hello. I am listening.",
            "who": wording.WHO,
            "hear": "Yes, I can hear you.",
            "not_understood": wording.CLOSED_VOCABULARY if world.closed_vocabulary else wording.NOT_UNDERSTOOD,
            "hearing_failed": wording.WORK_FAILED["transcribe"],
            "not_yet": wording.NOT_YET,
        }[name]
