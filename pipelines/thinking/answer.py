"""One answer in the making: from what the wearer wants, over a look, to words for the voice.

An answer may be *prepared* while the turn is not yet certain: it looks and reads, on the device and without a trace
outside. What it would say is held until `confirm`, and so is what it would send, unless it may ask *early*: then the
question leaves at once, and what comes of it is held. If the wearer goes on speaking instead, `cancel` leaves nothing
behind but the note that it left.

    Looking    the moment and the frame that were meant        looking.py
    OnDevice   what the device tells of it by itself           on_device.py
    Errand     what needs neither a look nor a model           errand.py
    Along      what is remembered of it                        pipelines/memory/along.py
    Asking     a model's question, and its words to the voice  asking.py
    Holding    what waits until the turn is certain            holding.py
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from pipelines.events import (
    Cancel,
    Code,
    Happening,
    Looked,
    Memorised,
    Memory,
    TextLine,
    TextRead,
    ToolDone,
    Trace,
    View,
    WorkFailed,
)
from pipelines.memory.along import Along
from pipelines.memory.errand import KINDS as MEMORY_KINDS
from pipelines.memory.errand import MemoryErrand
from pipelines.thinking import errand, ledger, rules, status, things, wording
from pipelines.thinking.asking import Asking
from pipelines.thinking.errand import Errand
from pipelines.thinking.holding import Holding
from pipelines.thinking.intent import Intent
from pipelines.thinking.leaving import leaving
from pipelines.thinking.looking import Looking
from pipelines.thinking.on_device import OnDevice
from pipelines.thinking.question import Asker, Question
from pipelines.thinking.router import Route
from pipelines.thinking.talk import Plan, Talk
from pipelines.thinking.world import World


class Answer:
    """Give it events; it has its asker say words, in order, once it is confirmed."""

    def __init__(self, world: World, question: Question, asker: Asker, early: bool = False) -> None:
        """`early`: it may ask a model before the turn is certain."""
        self._world = world
        self._scribe = world.scribe
        self.question = question
        self._open: set[int] = set()  # looks, and reading for a model
        self._holding = Holding(asker)
        self._asking = Asking(world, question, asker, self._holding, early)
        self._looking = Looking(world, question, self._asking.route)
        memory = question.intent.kind in MEMORY_KINDS
        self._errand: Errand | MemoryErrand = (
            MemoryErrand(world, question, self._holding, asker) if memory else Errand(world, question, self._holding)
        )
        self._along = Along(world, question)
        self._problem = ""  # of a look, not said yet
        self._ready = False  # all is there that a question to a model needs, but for what is remembered
        self._from_memory: tuple[Memory, ...] = ()
        self._waits_for_photo = self._photographed = False
        self._device: OnDevice | None = None  # what answers without a model, once there is a frame

    # ------------------------------------------------------------------------------------------ beginning and end

    def begin(self, looked: Looked | None, look_request: int) -> None:
        """Start working. `look_request`/`looked`: a look already under way for this utterance, and its result."""
        intent, say = self.question.intent, self._holding.say
        line = rules.before(self.question.text) if intent.kind == "model" else ""
        if line:
            say(line, "status", last=not self._world.model)
        elif intent.kind == "model" and intent.name != "talk":
            self._along.begin()
        if intent.kind == "model" and not self._world.model:
            self._no_model()
        elif intent.subject == things.TRAFFIC:
            say(things.NO_TRAFFIC, "thing")
        elif intent.kind in errand.KINDS or intent.kind in MEMORY_KINDS:
            self._errand.begin()
        elif intent.visual or (intent.kind, intent.name) == ("status", "see"):
            self._look(looked, look_request)
        elif intent.kind == "model":
            self._ask_model()
        elif intent.kind == "history":
            self._holding.say_of_then(self._what_was, "history")
        elif intent.kind == "status":
            self._holding.say_of_then(partial(status.answer, intent.name, self._world), "status")
        else:
            raise ValueError(f"no answer can be made for the intent {intent.label!r}")

    def _what_was(self) -> str:
        return self._world.history.what_was(self.question.intent.subject, self._scribe.now_ns)

    def _no_model(self) -> None:
        """There is none to ask: the device answers what it remembers, or says why there is no answer."""
        if self.finished or not self._along.over:
            return
        missing = self._world.missing
        reason = wording.NO_MODEL if missing in {"", "no_model"} else self._world.failure(missing)
        self._holding.say(self._along.abstention() or reason, "status")

    def confirm(self) -> None:
        """The turn is certain: say and send what was held."""
        self._holding.confirm()
        self._asking.confirm()

    def cancel(self, reason: str) -> None:
        """Forget everything that is under way."""
        of_device = self._device.open if self._device is not None else ()
        along = {self._along.request} - {0}
        for request in sorted((*self._open, *of_device, *self._errand.open, *along)):
            self._scribe.emit(Cancel, reason, request=request, kind="answer")
        self._open.clear()
        self._waits_for_photo = False
        self._errand.forget()
        self._along.forget()
        self._holding.forget()
        self._asking.cancel(reason)
        self._holding.finished = True

    def go_on(self, turn: int, said: str, plan: Plan, outcome: str) -> None:
        """The wearer has decided on the plan, in a turn of its own: the answer goes on as that turn's."""
        self.question = replace(self.question, turn=turn, text=said)
        if isinstance(self._errand, MemoryErrand):
            self._holding.finished = False
            self._errand.decided(turn, plan, outcome)
        else:
            self._asking.go_on(turn, plan, outcome)

    def waits_for(self, request: int) -> bool:
        waiting = (self.talk, self._device, self._errand, self._along)
        return request in self._open or any(one is not None and one.waits_for(request) for one in waiting)

    def take(self, event: Happening) -> None:
        """What came of one of its requests."""
        request: int = event.request  # type: ignore[attr-defined]
        if self.talk is not None and self.talk.waits_for(request):
            self.talk.take(event)
            return
        if self._device is not None and self._device.waits_for(request):
            if isinstance(event, WorkFailed):
                self._device.failed(event.kind)
            else:
                self._device.take(event)
            return
        if self._along.waits_for(request):
            self._along.take(event)
            self._recalled()
            return
        if isinstance(self._errand, MemoryErrand) and self._errand.waits_for(request):
            self._errand.take(event)
            return
        if isinstance(event, TextRead) and event.more:
            return  # a model is told of all of it at once
        self._open.discard(request)
        if isinstance(event, Looked):
            self._looked(event)
        elif isinstance(event, TextRead):
            self._looking.text = event.lines
            self._looking.problem = self._looking.problem or event.hampered
            self._ask_model()
        elif isinstance(event, WorkFailed):
            self._errand.forget()
            self._work_failed(event)
        elif isinstance(event, ToolDone | Memorised) and isinstance(self._errand, Errand):
            self._errand.take(event)

    # ---------------------------------------------------------------------------------------- by a look, and a model

    def _look(self, looked: Looked | None, look_request: int) -> None:
        moment = self._looking.moment
        if self._world.photos.on:
            self._photo()
        elif moment.frames > 1:
            self._open.add(self._looking.ask(moment.start_ns))
        elif looked is not None:
            self._looked(looked)
        else:
            self._open.add(look_request or self._looking.ask())

    def _photo(self) -> None:
        """The photo of this question, if it has been taken; else it is waited for."""
        photos = self._world.photos
        if photos.since(self.question.start_ns):
            self._open.add(self._looking.ask_photo())
        elif photos.after_words:
            self._holding.when_certain(self._take_photo)
        else:
            self._take_photo()

    def _take_photo(self) -> None:
        self._looking.doing = "photo"
        self._waits_for_photo = self._photographed = True
        self._world.photos.wait()

    def photo_over(self) -> None:
        """The photo that was asked for has come, or does not come any more."""
        if self._waits_for_photo:
            self._waits_for_photo = False
            came = self._world.photos.since(self.question.start_ns)
            self._open.add(self._looking.ask_photo() if came else self._looking.ask())

    def _looked(self, event: Looked) -> None:
        """Go on with the frame that was meant; refuse a bad look with the reason."""
        intent, looking, photos = self.question.intent, self._looking, self._world.photos
        if not looking.choose(event):
            missing = looking.problem in {"", "no picture", "stale"}
            if missing and photos.after_words and not self._photographed:  # the camera rested while words were heard
                self._holding.when_certain(self._take_photo)
            else:
                self._bad_look("no photo" if missing and self._photographed else looking.problem or "no picture")
            return
        if age := looking.told_age:
            self._holding.say(age, "status", last=False)
        if intent.kind != "model":
            holding = self._holding
            self._device = OnDevice(self._world, self.question.turn, intent, holding.say, holding.when_certain)
            self._device.begin(looking.frames[0], looking.beside(), looking.problem)
        else:
            looking.add_others()
            if self.route.frame == "read":  # the text first if it is about text
                self._open.add(looking.read_text())
            else:
                self._ask_model()

    def _bad_look(self, problem: str) -> None:
        if not self._along.over:  # what is remembered may be the answer
            self._problem = problem
            return
        if self.question.intent.kind == "model" and self.question.intent.name == "ask":
            self._ask_model()
            return
        self._holding.say(wording.FRAME_PROBLEMS.get(problem, wording.FRAME_PROBLEMS["no picture"]), "failure")

    def _work_failed(self, event: WorkFailed) -> None:
        if event.kind == "read_text":  # the text was only to help a model
            self._ask_model()
            return
        self._holding.say(wording.WORK_FAILED.get(event.kind, wording.WORK_FAILED["look"]), "failure")

    def _ask_model(self) -> None:
        if self._along.over and not self.finished:
            self._asking.ask(self._looking.sight, self._along.memories)
        self._ready = True

    # ---------------------------------------------------------------------------------------------------- by memory

    def recall_over(self) -> None:
        """What is remembered is not waited for any longer."""
        if not self._along.over:
            self._scribe.emit(Cancel, "memory takes too long", request=self._along.request, kind="recall")
            self._along.forget()
            self._recalled()

    def _recalled(self) -> None:
        """What is remembered is the answer; or it goes along with the question."""
        found = self._along.answering()
        if found or (self._world.model and (said := self._along.abstention())):
            text = self._along.said(found) if found else said
            self._answer_here(text, tuple(found))
        elif not self._world.model:
            self._no_model()
        elif self._problem:
            self._bad_look(self._problem)
        elif self._ready:
            self._ask_model()

    def _answer_here(self, text: str, found: tuple[Memory, ...]) -> None:
        for request in sorted(self._open):
            self._scribe.emit(Cancel, "it is answered from memory", request=request, kind="answer")
        self._open.clear()
        self._waits_for_photo = False
        self._from_memory = found
        self.question = replace(self.question, intent=Intent("recall", "fits" if found else "only"))
        self._holding.say(text, "memory")

    # ------------------------------------------------------------------------------------------------- while it works

    @property
    def route(self) -> Route:
        return self._asking.route

    @property
    def talk(self) -> Talk | None:
        return self._asking.talk

    @property
    def early(self) -> bool:
        """A model was asked, and the turn is not certain."""
        return self._asking.early

    @property
    def said(self) -> bool:
        """Words of the answer itself were given out, or are held for it."""
        return self._holding.said

    @property
    def finished(self) -> bool:
        return self._holding.finished

    @property
    def waits_for_wearer(self) -> bool:
        """A plan has been read to them."""
        return self._asking.waits_for_wearer or (
            isinstance(self._errand, MemoryErrand) and self._errand.waits_for_wearer
        )

    def acknowledgement(self) -> str:
        """A short true word while nothing has come yet; "" if there is nothing to acknowledge."""
        if self.finished:
            return ""
        if self.talk is not None:
            return self._asking.acknowledgement()
        device = self._device
        working = self._open or self._waits_for_photo or self._errand.open or (device is not None and device.open)
        return wording.doing(device.doing if device is not None else self._looking.doing) if working else ""

    def progress(self) -> str:
        """What it is busy with, in words; "" if nothing is being thought about."""
        return self._asking.progress()

    def answer_now(self) -> bool:
        """The wearer wants it now. False if nothing is being thought about."""
        return self._asking.answer_now()

    # -------------------------------------------------------------------------------------------------------- history

    @property
    def views(self) -> tuple[View, ...]:
        if self.talk is not None:
            return self.talk.views
        return tuple(View(frame.frame_id) for frame in self._looking.frames)

    @property
    def trace(self) -> Trace:
        """What the answer came from."""
        talk, looking = self.talk, self._looking
        return Trace(
            looking.chosen,
            ledger.before_ms(looking.chosen, self.question.end_ns),
            looking.problem,
            looking.policy,
            talk.sent if talk is not None else (),
            talk.covered if talk is not None else 0,
            self._world.failure(talk.failure) if talk is not None and talk.failure and not talk.sent else "",
            self._world.private,
            self.route.reason if self.question.intent.kind == "model" else "",
        )

    @property
    def recalled(self) -> tuple[Memory, ...]:
        """What was remembered that it came from, or that went along with the question."""
        return self._from_memory or self._asking.recalled

    @property
    def lines(self) -> tuple[TextLine, ...]:
        """Text that was read in the picture."""
        return self._device.lines if self._device is not None else self._looking.text

    @property
    def unread(self) -> int:
        """Parts of that text that could not be read."""
        return self._device.unread if self._device is not None else 0

    @property
    def leaving(self) -> tuple[TextLine, ...]:
        """Of that text, what a later query may be told."""
        return leaving(self._world, self._looking.chosen, self.lines)

    @property
    def codes(self) -> tuple[Code, ...]:
        return self._device.codes if self._device is not None else ()

    @property
    def asked(self) -> tuple[str, ...]:
        return self.talk.asked if self.talk is not None else ()

    @property
    def links(self) -> tuple[str, ...]:
        return self._asking.links
