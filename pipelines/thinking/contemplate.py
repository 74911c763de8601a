"""Several models at one question: three workers who look at it differently, and one who makes one answer of it.

    reader ──┐
    knower ──┼──> all done, failed or too slow ──> synthesiser ──> the answer, announced when nobody speaks
    sceptic ─┘

It goes on in the background, while the wearer may talk of other things. What it tells of its progress is the state of
its workers and nothing else. If workers fail, those that answered are enough; if the synthesiser fails, the best worker
speaks for all; and the trace says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from pipelines.events import MS, Happening, Message, Sent, View, WorkerChanged
from pipelines.thinking.talk import Ask, Plan, Talk
from pipelines.thinking.tools import spotlight
from pipelines.thinking.world import World

ROLES: tuple[tuple[str, str], ...] = (
    (
        "reader",
        (
            "You are the reader of three who work at this question apart. Say what can be seen and read that bears on "
            "it, exactly, and what cannot be made out. Quote text. Leave the conclusion to others."
        ),
    ),
    (
        "knower",
        (
            "You are the knower of three who work at this question apart. Answer it from what you know, with the facts "
            "and the reasons that it rests on, and how sure each of them is."
        ),
    ),
    (
        "sceptic",
        (
            "You are the sceptic of three who work at this question apart. Answer it, and say what the obvious answer "
            "would get wrong: what is assumed, what is missing, what would change it."
        ),
    ),
)
SYNTHESISER = (
    "You are the synthesiser. Three others have worked at the wearer's question apart; their notes follow as material. "
    "Make one answer of them for somebody who listens and sees no screen: at most four short sentences, the answer "
    "first, then what it rests on. Where they contradict each other, say what is not certain. Add nothing new."
)
BEST = ("knower", "sceptic", "reader")  # who speaks for all if there is no synthesis
ASKED, DONE, FAILED, SLOW = "asked", "done", "failed", "too slow"


@dataclass(slots=True)
class Worker:
    """One of those at work. `state`: "asked", "done", "failed" or "too slow"."""

    role: str
    talk: Talk
    state: str = ASKED
    text: str = ""


@dataclass(slots=True)
class Tally:
    """What it took, for history."""

    asked: tuple[str, ...] = ()
    views: tuple[View, ...] = ()
    tokens: int = 0
    usd: float = 0.0
    sent: tuple[Sent, ...] = ()

    def add(self, talk: Talk) -> None:
        self.sent += talk.sent
        self.asked += tuple(name for name in talk.asked if name not in self.asked)
        self.views += tuple(view for view in talk.views if view not in self.views)
        self.tokens += talk.tokens
        self.usd += talk.usd


@dataclass(slots=True)
class Finding:
    """What came of it. `failure`: "" or the kind of failure if there is no answer; `note`: what the trace must say."""

    text: str = ""
    failure: str = ""
    note: str = ""
    tally: Tally = field(default_factory=Tally)


class _Ear:
    """Listens to one worker's talk for the contemplation."""

    def __init__(self, owner: Contemplation, role: str) -> None:
        self._owner, self._role = owner, role

    def talk_said(self, text: str) -> None:
        self._owner.heard(self._role, text)

    def talk_noticed(self, text: str) -> None:
        """Nothing is spoken in the background."""

    def talk_wants(self, plan: Plan) -> None:
        raise AssertionError(f"{plan.tool.name!r}: workers have no tools that must be allowed")

    def talk_done(self, talk: Talk) -> None:
        self._owner.ended(self._role, DONE, "")

    def talk_failed(self, talk: Talk, kind: str) -> None:
        self._owner.ended(self._role, FAILED, kind)


class Contemplation:
    """`begin`, then `take` what comes; `finding` is there when `over`. `set_timer(name, ns or 0)`: "workers" and
    "synthesis"; call `late(name)` when one rings."""

    def __init__(self, world: World, ask: Ask, question: str, set_timer: Callable[[str, int], None]) -> None:
        self._world = world
        self._ask = ask
        self._set_timer = set_timer
        self.question = question
        self.turn = ask.turn
        self.began_ns = world.scribe.now_ns
        self.workers: list[Worker] = []
        self.synthesis: Worker | None = None
        self.finding: Finding | None = None
        self._frame = (0, 85)

    @property
    def over(self) -> bool:
        return self.finding is not None

    def begin(self, image_px: int, image_quality: int) -> None:
        """Ask all workers at once."""
        modes = self._world.options.modes
        self._frame = (image_px, image_quality)
        models = [m.name for m in self._world.chain.models]
        system, *rest = self._ask.messages
        tools = tuple(t for t in self._ask.tools if t.permission == "local read")
        for i, (role, part) in enumerate(ROLES):
            ask = replace(
                self._ask,
                worker=role,
                # The same beginning, pictures included, for all: a vendor's cache pays for it once.
                messages=(system, *rest, Message("user", part)),
                tools=tools,
                prefer=models[i % len(models)] if models else "",
                max_tokens=modes.worker_tokens,
            )
            self.workers.append(Worker(role, Talk(self._world, ask, _Ear(self, role))))
        self._set_timer("workers", self._world.scribe.now_ns + modes.worker_ms * MS)
        for worker in list(self.workers):
            worker.talk.begin(image_px, image_quality)
            if worker.state == ASKED:
                self._changed(worker, ASKED, "three work at it apart")

    # --------------------------------------------------------------------------------------------- what comes of it

    def _all(self) -> Sequence[Worker]:
        return (*self.workers, *((self.synthesis,) if self.synthesis else ()))

    def waits_for(self, request: int) -> bool:
        return any(not w.talk.over and w.talk.waits_for(request) for w in self._all())

    def take(self, event: Happening) -> None:
        for worker in self._all():
            if worker.talk.waits_for(event.request):  # type: ignore[attr-defined]
                worker.talk.take(event)
                return

    def heard(self, role: str, text: str) -> None:
        worker = self._find(role)
        worker.text += text

    def _find(self, role: str) -> Worker:
        return next(w for w in self._all() if w.role == role)

    def ended(self, role: str, state: str, kind: str) -> None:
        """A worker is done, or has failed; what it said before it failed is no answer."""
        worker = self._find(role)
        if state == DONE and not worker.text.strip():
            state, kind = FAILED, "empty"
        self._changed(worker, state, kind or "has answered")
        if worker is self.synthesis:
            self._finish("" if state == DONE else f"the synthesis failed ({kind})")
        else:
            self._on()

    def late(self, name: str) -> None:
        """A deadline has come: whoever is not done by now is left out."""
        if name == "workers":
            self._leave_out("not done in time")
            self._on()
        elif self.synthesis is not None and self.synthesis.state == ASKED:
            self._no_synthesis("the synthesis took too long")

    def answer_now(self) -> None:
        """Make an answer of what there is; said again, without the synthesis."""
        if self.synthesis is None:
            self._leave_out("the wearer wants the answer now")
            self._on()
        elif self.synthesis.state == ASKED:
            self._no_synthesis("the wearer wants the answer now")

    def _no_synthesis(self, reason: str) -> None:
        assert self.synthesis is not None
        self.synthesis.talk.cancel(reason)
        self._changed(self.synthesis, SLOW, reason)
        self._finish(reason)

    def _leave_out(self, reason: str) -> None:
        for worker in self.workers:
            if worker.state == ASKED:
                worker.talk.cancel(reason)
                self._changed(worker, SLOW, reason)

    def stop(self, reason: str) -> None:
        """Drop everything, at once."""
        for worker in self._all():
            if not worker.talk.over:
                worker.talk.cancel(reason)
        self._timers_off()
        self.finding = self.finding or Finding(failure="stopped", tally=self._tally())

    def _timers_off(self) -> None:
        self._set_timer("workers", 0)
        self._set_timer("synthesis", 0)

    def _changed(self, worker: Worker, state: str, reason: str) -> None:
        worker.state = state
        model = worker.talk.asked[-1] if worker.talk.asked else ""
        self._world.scribe.emit(WorkerChanged, reason, turn=self.turn, worker=worker.role, state=state, model=model)

    # -------------------------------------------------------------------------------------------------- one answer

    def _on(self) -> None:
        """When nobody is at work any more: bring it together."""
        if self.over or self.synthesis is not None or len(self.workers) < len(ROLES):
            return
        if any(w.state == ASKED for w in self.workers):
            return
        self._set_timer("workers", 0)
        if not any(w.state == DONE for w in self.workers):
            self._finish("no worker answered")
            return
        modes = self._world.options.modes
        ask = replace(
            self._ask,
            worker="synthesiser",
            mode="thinking",
            messages=(*self._ask.messages, Message("user", self._material())),
            tools=(),
            max_tokens=modes.synthesis_tokens,
            tainted=(*self._ask.tainted, "tool:workers"),
        )
        self.synthesis = Worker("synthesiser", Talk(self._world, ask, _Ear(self, "synthesiser")))
        self._set_timer("synthesis", self._world.scribe.now_ns + modes.synthesis_ms * MS)
        self.synthesis.talk.begin(*self._frame)
        if self.synthesis.state == ASKED:
            self._changed(self.synthesis, ASKED, self.progress())

    def _material(self) -> str:
        notes = [spotlight.untrusted(f"notes of the {w.role}", w.text.strip()) for w in self.workers if w.state == DONE]
        absent = [w.role for w in self.workers if w.state != DONE]
        missing = f"\nNothing came from the {' and the '.join(absent)}." if absent else ""
        return f"{SYNTHESISER}\n" + "\n".join(notes) + missing

    def _finish(self, trouble: str) -> None:
        self._timers_off()
        tally = self._tally()
        absent = [f"{w.role} {w.state}" for w in self.workers if w.state != DONE]
        note = "; ".join([*absent, *([trouble] if trouble else [])])
        if self.synthesis is not None and self.synthesis.state == DONE:
            self.finding = Finding(self.synthesis.text, note=note, tally=tally)
            return
        answered = {w.role: w.text for w in self.workers if w.state == DONE}
        best = next((answered[role] for role in BEST if role in answered), "")
        self.finding = Finding(best, "" if best else self._worst(), note, tally)

    def _tally(self) -> Tally:
        tally = Tally()
        for worker in self._all():
            tally.add(worker.talk)
        return tally

    def _worst(self) -> str:
        """Why there is no answer at all: the failure of most use to the wearer."""
        slow = any(w.state == SLOW for w in self.workers)
        kinds = [w.talk.failure for w in self.workers if w.talk.failure]
        return kinds[0] if kinds else "stalled" if slow else "empty"

    def progress(self) -> str:
        """How far they are, in words; true at the moment it is said."""
        done = sum(w.state == DONE for w in self.workers)
        failed = sum(w.state in (FAILED, SLOW) for w in self.workers)
        count = len(self.workers)
        if self.synthesis is not None:
            return f"{_number(done)} of {_number(count).lower()} answered. I am putting it together."
        are = "are done" if done > 1 else "is done" if done else "is done yet"
        parts = [f"{_number(done)} of {_number(count).lower()} {are}"]
        parts += [f"{_number(failed).lower()} failed"] if failed else []
        return ", ".join(parts) + "."


def _number(n: int) -> str:
    return ("None", "One", "Two", "Three")[n] if 0 <= n <= 3 else str(n)
