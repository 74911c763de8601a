"""How each turn's question was thought about, told from events: mode, models, pictures, tools, workers, plans, cost.

Fed one event at a time, of a recording or of a replay. A step is one thing that was done, in the order of doing; what
came of it is filled in when it comes. What an older recording does not know stays empty. Texts are as recorded, that
is, untrusted, but no longer than is ever shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pipelines import events as ev
from pipelines.thinking.budget import cost_usd
from pipelines.thinking.dialects.query import pictures_of

ARGUMENTS = 600  # letters that are kept of each
RESULT = 1500
PLAN = 1000
ADDRESS = 2000
NAME = 200
BEGINNING = 80  # of each, once there are too many
FIRST = "picture 1"  # what models call the one that has no name of its own

Part = tuple[int, ...]  # x, y, width, height in pixels of the frame; () = the whole


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as a model was shown it. `size`: width and height of its frame, zeros if that was not recorded."""

    frame_id: int
    part: Part = ()
    px: int = 0
    name: str = ""
    size: tuple[int, int] = (0, 0)


@dataclass(slots=True)
class Asked:
    """One question to one model. `pictures`: numbers in `Thinking.pictures`, counted from 1. `end`: "" (nothing came),
    "answered", "wanted tools", "failed" or "dropped". `usd` None: its price is not known."""

    t_ns: int
    model: str
    mode: str
    worker: str
    reason: str
    pictures: tuple[int, ...] = ()
    end: str = ""
    why: str = ""
    took_ns: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    usd: float | None = None
    said: str = ""  # by a worker, its beginning; the answer itself is told elsewhere
    unsaid: int = 0  # more letters of it


@dataclass(slots=True)
class Used:
    """One use of a tool. `ran`: the arguments that it ran with, if it ran outside the deciders; `source`: who gives it,
    and what it may do. `over`: its result is there."""

    t_ns: int
    name: str
    arguments: str = ""
    ran: str = ""
    reason: str = ""
    source: str = ""
    text: str = ""
    failed: str = ""
    took_ns: int = 0
    pictures: tuple[int, ...] = ()
    over: bool = False


@dataclass(slots=True)
class Planned:
    """Something that the wearer was asked to allow. `outcome`: "" = never decided."""

    t_ns: int
    tool: str
    arguments: str
    text: str
    phrase: str
    reason: str
    outcome: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """One change of a worker's state."""

    t_ns: int
    worker: str
    state: str
    model: str
    why: str


Step = Asked | Used | Planned


@dataclass(slots=True)
class Spending:
    """What a number of questions took. `unpriced`: models among them whose price is not known."""

    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    usd: float = 0.0
    priced: bool = False
    unpriced: tuple[str, ...] = ()

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


@dataclass(slots=True)
class Thinking:
    """One turn's. `explicit`: the wearer asked for the mode; `frame`: how the picture was to be looked at."""

    mode: str = ""
    explicit: bool = False
    frame: str = ""
    reason: str = ""
    steps: list[Step] = field(default_factory=list)
    left_out: int = 0  # steps
    pictures: list[Shown] = field(default_factory=list)
    progress: list[Progress] = field(default_factory=list)
    asides: list[tuple[str, str]] = field(default_factory=list)  # kind, address

    @property
    def asked(self) -> list[Asked]:
        return [step for step in self.steps if isinstance(step, Asked)]

    @property
    def used(self) -> list[Used]:
        return [step for step in self.steps if isinstance(step, Used)]

    @property
    def plans(self) -> list[Planned]:
        return [step for step in self.steps if isinstance(step, Planned)]

    @property
    def workers(self) -> dict[str, list[Progress]]:
        found: dict[str, list[Progress]] = {}
        for change in self.progress:
            found.setdefault(change.worker, []).append(change)
        return found

    @property
    def parts(self) -> list[tuple[int, Shown]]:
        """The pictures that are a part of a frame, with their numbers."""
        return [(number, shown) for number, shown in enumerate(self.pictures, 1) if shown.part]

    def outline(self) -> tuple[object, ...]:
        """All of it without moments and costs: equal for two runs that did the same."""
        steps: list[object] = []
        for s in self.steps:
            match s:
                case Asked():
                    steps.append((s.model, s.mode, s.worker, s.pictures, s.end, s.why, s.said))
                case Used():
                    steps.append((s.name, s.arguments, s.ran, s.text, s.failed, s.pictures))
                case Planned():
                    steps.append((s.tool, s.arguments, s.text, s.outcome))
        progress = [(p.worker, p.state, p.model) for p in self.progress]
        return self.mode, self.explicit, self.frame, steps, self.pictures, progress, self.asides


def spending(thoughts: Sequence[Thinking]) -> Spending:
    """What all questions of these turns took together, as far as the models said."""
    total = Spending()
    for asked in (asked for thinking in thoughts for asked in thinking.asked):
        total.input_tokens += asked.input_tokens
        total.cached_tokens += asked.cached_tokens
        total.output_tokens += asked.output_tokens
        total.reasoning_tokens += asked.reasoning_tokens
        if not asked.input_tokens + asked.output_tokens:
            continue
        if asked.usd is None:
            total.unpriced = tuple(dict.fromkeys((*total.unpriced, asked.model)))
        else:
            total.usd += asked.usd
            total.priced = True
    return total


def shortened(text: str, letters: int) -> str:
    """The text, or its beginning and how much is left out."""
    return text if len(text) <= letters else f"{text[:letters]} … ({len(text) - letters:,} more letters)"


class Thoughts:
    """Takes the events one by one; a method for each kind that it tells of."""

    def __init__(self, steps_a_turn: int = 60, steps: int = 3000, letters: int = 2_000_000) -> None:
        self._steps_a_turn = steps_a_turn  # a question in all modes at once has about 20
        self._steps_left = steps
        self._letters_left = letters  # of all texts together; then only their beginnings are kept
        self.turns: dict[int, Thinking] = {}
        self.spent: ev.Spent | None = None
        self.models: dict[str, ev.ModelInfo] = {}
        self._first = ""  # the model that "" stands for
        self._tools: dict[str, ev.ToolInfo] = {}
        self._sizes: dict[int, tuple[int, int]] = {}
        self._asked: dict[int, Asked] = {}
        self._used: dict[int, Used] = {}
        self._waiting: dict[tuple[int, str], list[Used]] = {}  # by turn and name: uses whose result is not there
        self._plans: dict[int, Planned] = {}

    def feed(self, event: ev.Happening | ev.Decision) -> None:
        handler = getattr(self, "_on_" + type(event).__name__, None)
        if handler is not None:
            handler(event)

    def of(self, turn: int) -> Thinking:
        """This turn's; an empty one if nothing was thought about."""
        return self.turns.get(turn) or Thinking()

    def _turn(self, number: int) -> Thinking:
        return self.turns.setdefault(number, Thinking())

    def _add(self, turn: int, step: Step) -> None:
        thinking = self._turn(turn)
        if len(thinking.steps) >= self._steps_a_turn or self._steps_left <= 0:
            thinking.left_out += 1
            return
        self._steps_left -= 1
        thinking.steps.append(step)

    def _short(self, text: str, letters: int) -> str:
        room = min(letters, max(BEGINNING, self._letters_left))
        self._letters_left -= min(len(text), room)
        return shortened(text, room)

    # ------------------------------------------------------------------------------------------------- what there is

    def _on_SessionStarted(self, e: ev.SessionStarted) -> None:  # noqa: N802
        self.models = {info.name: info for info in e.models}
        self._first = e.model
        self._tools = {tool.name: tool for tool in e.tools}

    def _on_ToolsChanged(self, e: ev.ToolsChanged) -> None:  # noqa: N802
        self._tools |= {tool.name: tool for tool in e.tools}

    def _on_Resumed(self, e: ev.Resumed) -> None:  # noqa: N802
        self._tools |= {tool.name: tool for tool in e.tools}

    def _on_Spent(self, e: ev.Spent) -> None:  # noqa: N802
        self.spent = e

    def _on_Looked(self, e: ev.Looked) -> None:  # noqa: N802
        self._sizes |= {f.frame_id: (f.width, f.height) for f in e.frames}

    def _on_FrameChosen(self, e: ev.FrameChosen) -> None:  # noqa: N802
        if e.frame is not None:
            self._sizes[e.frame.frame_id] = (e.frame.width, e.frame.height)

    # ---------------------------------------------------------------------------------------------------- the models

    def _on_ModeChosen(self, e: ev.ModeChosen) -> None:  # noqa: N802
        thinking = self._turn(e.turn)
        thinking.mode, thinking.explicit, thinking.frame = (
            self._short(e.mode, NAME),
            e.explicit,
            self._short(e.frame, NAME),
        )
        thinking.reason = self._short(e.reason, ARGUMENTS)

    def _on_AskModel(self, e: ev.AskModel) -> None:  # noqa: N802
        pictures = self._pictures(e.turn, _sent_with(e))
        model = self._short(e.model or self._first, NAME)
        asked = Asked(
            e.t_ns,
            model,
            self._short(e.mode, NAME),
            self._short(e.worker, NAME),
            self._short(e.reason, ARGUMENTS),
            pictures,
        )
        self._asked[e.request] = asked
        self._add(e.turn, asked)

    def _pictures(self, turn: int, views: Iterator[ev.View]) -> tuple[int, ...]:
        """Their numbers among the turn's pictures; those that were not shown before are added."""
        pictures, numbers = self._turn(turn).pictures, []
        for view in views:
            part = view.box if any(view.box) else ()
            name = self._short(view.name.removesuffix(" again") or FIRST, NAME)
            key = (view.frame_id, part, name)
            at = next((i for i, p in enumerate(pictures) if (p.frame_id, p.part, p.name) == key), None)
            if at is None and len(pictures) >= self._steps_a_turn:
                break
            if at is None:
                at = len(pictures)
                size = self._sizes.get(view.frame_id, (0, 0))
                pictures.append(Shown(view.frame_id, part, view.px, name, size))
            numbers.append(at + 1)
        return tuple(dict.fromkeys(numbers))

    def _on_ModelText(self, e: ev.ModelText) -> None:  # noqa: N802
        asked = self._asked.get(e.request)
        if asked is not None and asked.worker:
            said = asked.said + e.text
            asked.said, asked.unsaid = said[:RESULT], asked.unsaid + len(said[RESULT:])

    def _on_ModelDone(self, e: ev.ModelDone) -> None:  # noqa: N802
        if (asked := self._asked.get(e.request)) is None:
            return
        self._end(asked, e.t_ns, "wanted tools" if e.calls else "answered", "")
        asked.why = "cut off at its limit" if e.finish in ("length", "max_tokens") else ""
        asked.input_tokens, asked.cached_tokens = e.input_tokens, e.cached_tokens
        asked.output_tokens, asked.reasoning_tokens = e.output_tokens, e.reasoning_tokens
        info = self.models.get(asked.model)
        if info is not None and max(info.input_usd, info.output_usd) >= 0:
            asked.usd = cost_usd(info, e.input_tokens, e.output_tokens, e.cached_tokens)

    def _on_ModelFailed(self, e: ev.ModelFailed) -> None:  # noqa: N802
        if (asked := self._asked.get(e.request)) is not None:
            self._end(asked, e.t_ns, "failed", self._short(": ".join(filter(None, (e.kind, e.detail))), ARGUMENTS))

    def _on_Cancel(self, e: ev.Cancel) -> None:  # noqa: N802
        asked, used = self._asked.get(e.request), self._used.get(e.request)
        if asked is not None and not asked.end:
            self._end(asked, e.t_ns, "dropped", self._short(e.reason, ARGUMENTS))
        if used is not None and not used.over:
            used.failed, used.over = f"dropped: {self._short(e.reason, ARGUMENTS)}", True

    def _end(self, asked: Asked, t_ns: int, end: str, why: str) -> None:
        asked.end, asked.why, asked.took_ns = end, why, max(0, t_ns - asked.t_ns)

    def _on_WorkerChanged(self, e: ev.WorkerChanged) -> None:  # noqa: N802
        told = [self._short(text, NAME) for text in (e.worker, e.state, e.model, e.reason)]
        progress = self._turn(e.turn).progress
        if len(progress) < self._steps_a_turn:
            progress.append(Progress(e.t_ns, *told))

    # ----------------------------------------------------------------------------------------------------- the tools

    def _on_RunTool(self, e: ev.RunTool) -> None:  # noqa: N802
        ran = self._short(e.arguments, ARGUMENTS)
        used = Used(e.t_ns, self._short(e.name, NAME), ran, ran, self._short(e.reason, ARGUMENTS), self._source(e.name))
        self._used[e.request] = used
        self._waiting.setdefault((e.turn, e.name), []).append(used)
        self._add(e.turn, used)

    def _on_ToolDone(self, e: ev.ToolDone) -> None:  # noqa: N802
        if (used := self._used.get(e.request)) is not None:
            used.took_ns = max(0, e.t_ns - used.t_ns)

    def _on_ToolUsed(self, e: ev.ToolUsed) -> None:  # noqa: N802
        used = self._running(e)
        if used is None:
            used = Used(e.t_ns, self._short(e.name, NAME), source=self._source(e.name))
            self._add(e.turn, used)
        used.arguments, used.over = self._short(e.arguments, ARGUMENTS), True
        used.text, used.failed = self._short(e.text, RESULT), self._short(e.failed, NAME)
        used.pictures = self._pictures(e.turn, iter(e.views))

    def _running(self, e: ev.ToolUsed) -> Used | None:
        """The use that ran outside and that this is the result of: the one that has just come back, if any has."""
        waiting = self._waiting.get((e.turn, e.name), [])
        used = next((used for used in waiting if used.took_ns), waiting[0] if waiting else None)
        if used is not None:
            waiting.remove(used)
        return used

    def _source(self, name: str) -> str:
        tool = self._tools.get(name)
        return self._short(f"{tool.source}, {tool.permission}", NAME) if tool is not None else ""

    # ----------------------------------------------------------------------------------------------------- the wearer

    def _on_ConfirmAsked(self, e: ev.ConfirmAsked) -> None:  # noqa: N802
        told = (self._short(e.arguments, ARGUMENTS), self._short(e.text, PLAN), self._short(e.phrase, NAME))
        self._plans[e.plan] = plan = Planned(e.t_ns, self._short(e.tool, NAME), *told, self._short(e.reason, ARGUMENTS))
        self._add(e.turn, plan)

    def _on_ConfirmEnded(self, e: ev.ConfirmEnded) -> None:  # noqa: N802
        if (plan := self._plans.get(e.plan)) is not None:
            plan.outcome, plan.why = self._short(e.outcome, NAME), self._short(e.reason, ARGUMENTS)

    def _on_Aside(self, e: ev.Aside) -> None:  # noqa: N802
        asides = self._turn(e.turn).asides
        if len(asides) < self._steps_a_turn:
            asides.append((self._short(e.kind, NAME), self._short(e.text, ADDRESS)))


def _sent_with(asked: ev.AskModel) -> Iterator[ev.View]:
    """The pictures of a query in the order in which they were sent. A message that may have none has sent none."""
    for message in asked.messages:
        if message.role == "user":
            yield from pictures_of(message, asked.image_px, asked.image_quality)
