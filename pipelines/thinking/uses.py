"""The tools that a model uses within one question: each call answered at once, awaited, or put to the wearer first.

Looking closer, looking again, reading, timers and arithmetic are done here; what has effects is a `RunTool`, and what
`policy` wants the wearer to allow is a `Plan`. However it goes, each call gets words for the model: a wrong call is
told what was wrong, a dead server that it stopped. Pictures follow in a message of the user's: no other may hold any.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipelines.events import (
    MS,
    CodesRead,
    FrameScore,
    Happening,
    ImageRule,
    KeepStill,
    Look,
    Looked,
    Memorise,
    Memorised,
    Message,
    ReadCodes,
    ReadText,
    Recall,
    Recalled,
    RunTool,
    TextLine,
    TextRead,
    ToolCall,
    ToolDone,
    ToolInfo,
    ToolUsed,
    View,
    WorkFailed,
)
from pipelines.memory.dates import at_s
from pipelines.memory.errand import fact
from pipelines.memory.prompt import share
from pipelines.memory.reminder_store import NOT_STORED
from pipelines.seeing import views
from pipelines.seeing.choice import choose
from pipelines.thinking.leaving import leaving
from pipelines.thinking.tools import built_in, policy, pure, schema, spotlight
from pipelines.thinking.tools.taint import Taint, of_tool
from pipelines.thinking.world import UNUSABLE, World

RECALLED = 12  # memories that are looked at for one call
LOOK_AGAIN_NS = 400 * MS  # a fresh frame is one of the last so many
LOGGED_CHARS = 2000  # of a call's arguments, in the trace


@dataclass(frozen=True, slots=True)
class Plan:
    """Something that the wearer must allow first."""

    number: int
    tool: ToolInfo
    arguments: Mapping[str, Any]
    reason: str


@dataclass(slots=True)
class _Use:
    """One call of a tool. `result`: None while it is awaited; `promise`: what it will be if that is stored."""

    call: ToolCall
    arguments: Mapping[str, Any]
    result: str | None = None
    failed: str = ""
    views: tuple[View, ...] = ()
    memories: int = 0
    promise: str = ""


@dataclass(frozen=True, slots=True)
class Bench:
    """What the tools work on. `frames`: the pictures that the model has been shown, in order, as they were sent;
    `words`: the wearer's own; `tainted`: what the turn has seen that the wearer did not say; `alone`: nobody can be
    asked, so what would have to be allowed is not."""

    turn: int
    frames: tuple[tuple[FrameScore, View], ...] = ()
    words: tuple[str, ...] = ()
    tainted: tuple[str, ...] = ()
    alone: bool = False


class Uses:
    """`begin` with the calls of one response; `ready` when all have results; `hand_back` gives them. `wants`: put a
    plan to the wearer, `decided` goes on. `rule`: how the model that asks counts pictures."""

    def __init__(
        self, world: World, bench: Bench, wants: Callable[[Plan], None], rule: Callable[[], ImageRule]
    ) -> None:
        self._world = world
        self._scribe = world.scribe
        self._bench = bench
        self._wants = wants
        self._rule = rule
        self._frames = list(bench.frames)
        self._taint = Taint(*bench.tainted)
        self._tools: tuple[ToolInfo, ...] = ()
        self._uses: list[_Use] = []
        self._awaited: dict[int, _Use] = {}  # by request, or by plan
        self.turn = bench.turn
        self.sources: tuple[str, ...] = ()
        self.effects: tuple[str, ...] = ()  # what was run of tools that have effects, by their spoken names
        self.views: list[View] = [view for _, view in bench.frames]

    def of_turn(self, turn: int) -> None:
        """What comes now is of another turn, and told of there."""
        self.turn, self.views, self.effects, self.sources = turn, [], (), ()

    @property
    def ready(self) -> bool:
        """There are calls, and every one has its result."""
        return bool(self._uses) and all(use.result is not None for use in self._uses)

    @property
    def waiting_for(self) -> str:
        """Name of a tool that is awaited; "" if none is."""
        return next((use.call.name for use in self._uses if use.result is None), "")

    @property
    def open(self) -> tuple[int, ...]:
        """Requests and plans that are awaited; not those that store a reminder, which is set in any case."""
        return tuple(sorted(number for number, use in self._awaited.items() if not use.promise))

    def waits_for(self, request: int) -> bool:
        return request in self._awaited

    def begin(self, calls: Sequence[ToolCall], tools: tuple[ToolInfo, ...]) -> None:
        """Use these tools, as far as they may be."""
        self._tools = tools
        self._uses = [_Use(call, {}) for call in calls]
        at_once = self._world.options.modes.tools_at_once
        for i, use in enumerate(self._uses):
            if i >= at_once:
                self._settle(use, f"Not used: at most {at_once} tools at a time.", "too many")
            else:
                self._begin(use)

    def take(self, event: Happening) -> None:
        """What came of a request."""
        if isinstance(event, TextRead) and event.more:
            return  # all of it comes at once
        use = self._awaited.pop(event.request, None)  # type: ignore[attr-defined]
        if use is not None:
            self._came(use, event)

    def decided(self, plan: Plan, outcome: str) -> None:
        """What the wearer said to a plan: "allowed", or why not."""
        use = self._awaited.pop(plan.number, None)
        if use is None:
            return
        if outcome == "allowed":
            self._run(plan.tool, use, plan.arguments, "the wearer allowed exactly this")
        else:
            self._settle(use, f"The wearer did not allow this ({outcome}). Do not try it again.", "not allowed")

    def drop(self, why: str) -> None:
        """Wait for nothing any more; what has no result gets these words."""
        for use in self._uses:
            if use.result is None:
                self._settle(use, why, "dropped")
        self._awaited.clear()

    def hand_back(self) -> list[Message]:
        """The results as messages: the tools' in the order of the calls, then one of the user's with the pictures."""
        out: list[Message] = []
        shown: list[View] = []
        for use in self._uses:
            call = use.call
            where = {"call_id": call.call_id, "name": call.name, "memories": use.memories}
            out.append(Message("tool", use.result or "", failed=bool(use.failed), **where))  # type: ignore[arg-type]
            shown += use.views
        if shown:
            out.append(Message("user", f"Here: {' and '.join(v.name for v in shown)}.", views=tuple(shown)))
        self._uses = []
        return out

    # ----------------------------------------------------------------------------------------------------- each call

    def _begin(self, use: _Use) -> None:
        tool = next((t for t in self._tools if t.name == use.call.name), None)
        if tool is None:
            names = ", ".join(t.name for t in self._tools) or "none"
            self._settle(use, f"There is no tool {use.call.name!r}. There are: {names}.", "unknown tool")
            return
        use.arguments, problem = schema.read_arguments(tool.parameters, use.call.arguments)
        if problem:
            self._settle(use, problem, "bad arguments")
        elif tool.name in built_in.OWN:
            self._use_own(tool.name, use)
        else:
            self._judged(tool, use)

    def _judged(self, tool: ToolInfo, use: _Use) -> None:
        """What has effects: only as far as it is allowed."""
        verdict = policy.judge(tool, use.arguments, self._taint, self._bench.words, self._world.options.tools)
        if verdict.action == "allow":
            self._run(tool, use, verdict.args, verdict.reason)
        elif verdict.action == "refuse":
            self._settle(use, f"Not allowed: {verdict.reason}.", "not allowed")
        elif self._bench.alone:
            self._settle(use, "Not allowed here: the wearer would have to be asked.", "not allowed")
        else:
            number = self._scribe.number()
            self._awaited[number] = use
            self._wants(Plan(number, tool, use.arguments, verdict.reason))

    def _run(self, tool: ToolInfo, use: _Use, wanted: Mapping[str, Any], reason: str) -> None:
        """With exactly these arguments: those that were judged, or that were read back."""
        if tool.name in built_in.MEMORY and tool.source == "built in":
            self._use_memory(tool, use, wanted)
            return
        arguments = json.dumps(wanted, ensure_ascii=False, sort_keys=True)
        if tool.permission != "local read":
            self.effects += (built_in.spoken_name(tool),)
        self._await(use, RunTool, reason, name=tool.name, arguments=arguments)

    def _use_memory(self, tool: ToolInfo, use: _Use, wanted: Mapping[str, Any]) -> None:
        """What is remembered, or is to be since the wearer allowed it. In private mode nothing is stored."""
        world = self._world
        if tool.name == "recall_memory":
            query = str(wanted["query"])
            self._await(use, Recall, "the model wants to know what is remembered", query=query, limit=RECALLED)
        elif world.private:
            self._settle(use, "Private mode is on: nothing is stored.", "not allowed")
        else:
            self.effects += (built_in.spoken_name(tool),)
            said_s = at_s(self._scribe.now_ns, world.wall_clock)
            memory = replace(fact(str(wanted["text"]), said_s, "inferred"), turn=self.turn)
            self._await(use, Memorise, "the wearer agreed to what the model concluded", memory=memory)

    def _await(self, use: _Use, kind: Any, reason: str, **fields: Any) -> None:
        request = self._scribe.number()
        self._awaited[request] = use
        self._scribe.emit(kind, reason, request=request, turn=self.turn, **fields)

    def _settle(self, use: _Use, text: str, failed: str, shown: tuple[View, ...] = ()) -> None:
        use.result, use.failed, use.views = text, failed, shown
        self._scribe.emit(
            ToolUsed,
            failed or "as the model asked",
            turn=self.turn,
            name=use.call.name,
            arguments=use.call.arguments[:LOGGED_CHARS],
            text=text,
            failed=failed,
            views=shown,
        )

    # ----------------------------------------------------------------------------------------------- what we do here

    def _use_own(self, name: str, use: _Use) -> None:
        world, arguments = self._world, use.arguments
        if name in pure.NAMES:
            text, failed = pure.answer(name, arguments, pure.Now(self._scribe.now_ns, world.wall_clock))
            self._settle(use, text, failed)
        elif name in built_in.TIMERS:
            self._use_timer(name, use)
        elif name == "look_again":
            end_ns = self._scribe.now_ns
            self._await(use, Look, "the model wants a fresh look", start_ns=end_ns - LOOK_AGAIN_NS, end_ns=end_ns)
        elif name == "compare_frames":
            self._compare(use)
        else:
            self._use_frame(name, use)

    def _use_timer(self, name: str, use: _Use) -> None:
        """A reminder is said to be set when it is stored, as one that the wearer sets by words."""
        world = self._world
        text, failed = world.alarms.use(name, use.arguments, self._scribe.now_ns, world.wall_clock)
        if self._taint:
            world.reminders.store.only_now()
        if storing := world.reminders.store.keep_new(self.turn, world.private):
            use.promise = text
            self._awaited[storing[-1]] = use
        else:
            self._settle(use, text, failed)

    def _use_frame(self, name: str, use: _Use) -> None:
        number = use.arguments.get("frame", 1)
        found = self._frame(number)
        if found is None:
            self._settle(use, self._no_frame(number), "bad arguments")
            return
        frame, sent = found
        if name == "look_closer":
            self._look_closer(use, frame, sent)
        elif name == "read_text":
            self._await(use, ReadText, "the model wants the text read here", frame_id=frame.frame_id)
        else:
            self._await(use, ReadCodes, "the model wants codes read here", frame_id=frame.frame_id)

    def _frame(self, number: Any) -> tuple[FrameScore, View] | None:
        return self._frames[number - 1] if isinstance(number, int) and 0 < number <= len(self._frames) else None

    def _no_frame(self, number: Any) -> str:
        count = len(self._frames)
        there = f"there are pictures 1 to {count}" if count > 1 else "there is picture 1" if count else "there is none"
        return f"There is no picture {number}; {there}."

    def _look_closer(self, use: _Use, frame: FrameScore, sent: View) -> None:
        """A part of the original frame, at three times the density of the picture as it was sent, or more."""
        number, rule = len(self._frames) + 1, self._rule()
        part = views.in_pixels(use.arguments["box"], frame.width, frame.height)
        view = views.crop(frame.frame_id, frame.width, frame.height, part, sent.px, rule, f"picture {number}")
        reason = "the part that the model looks at"
        self._scribe.emit(KeepStill, reason, turn=self.turn, frame_id=frame.frame_id, box=view.box)
        self._show(use, frame, view, f"That part, enlarged, follows as picture {number}.")

    def _show(self, use: _Use, frame: FrameScore, view: View, words: str) -> None:
        self._frames.append((frame, view))
        self.views.append(view)
        self._settle(use, words, "", (view,))

    def _compare(self, use: _Use) -> None:
        wanted = [use.arguments.get("first", 1), use.arguments.get("second", 2)]
        both = [self._frame(number) for number in wanted]
        shown = []
        for number, found in zip(wanted, both, strict=True):
            if found is None:
                self._settle(use, self._no_frame(number), "bad arguments")
                return
            _, view = found
            shown.append(View(view.frame_id, view.box, view.px, view.quality, f"picture {number} again"))
        self._settle(use, f"Pictures {wanted[0]} and {wanted[1]} follow side by side.", "", tuple(shown))

    # ----------------------------------------------------------------------------------------------------- what came

    def _came(self, use: _Use, event: Any) -> None:
        if isinstance(event, WorkFailed):
            self._settle(use, "That did not work here.", "failed")
        elif isinstance(event, Looked):
            self._looked(use, event)
        elif isinstance(event, TextRead):
            self._read(use, event)
        elif isinstance(event, CodesRead):
            self._taint.add("camera")
            said = "\n".join(f"{code.kind}: {code.payload}" for code in event.codes)
            said += f"\n{event.unread} more that cannot be read" if event.unread else ""
            self._settle(use, spotlight.untrusted("codes in the picture", said) if said else "There is no code.", "")
        elif isinstance(event, ToolDone):
            self._ran(use, event)
        elif isinstance(event, Recalled):
            self._recalled(use, event)
        elif isinstance(event, Memorised) and use.promise:
            self._settle(use, f"{use.promise} {NOT_STORED}" if event.trouble else use.promise, event.trouble)
        elif isinstance(event, Memorised):
            self._settle(use, "It could not be stored." if event.trouble else "It is remembered.", event.trouble)

    def _recalled(self, use: _Use, event: Recalled) -> None:
        """As much as a question may hold, and only what may go to the models that are asked."""
        world, query = self._world, str(use.arguments["query"])
        chars, now = world.options.memory.prompt_chars, (self._scribe.now_ns, world.wall_clock)
        found = share(query, event.memories, world.askable, chars, *now)
        if found.tainted:
            self._taint.add("memory")
        use.memories = len(found.memories)
        self._settle(use, found.text or "Nothing is remembered of that.", event.trouble)

    def _ran(self, use: _Use, event: ToolDone) -> None:
        if event.failed:
            self._settle(use, f"{event.text or 'It gave no result.'} ({event.failed})", event.failed)
            return
        self._taint.add(of_tool(use.call.name))
        self.sources += tuple(s for s in event.sources if s not in self.sources)
        self._settle(use, spotlight.untrusted(f"result of {use.call.name}", event.text), "")

    def _looked(self, use: _Use, event: Looked) -> None:
        now_ns = self._scribe.now_ns
        choice = choose(event.frames, now_ns, now_ns, "describe", self._world.choice)
        if choice.frame is None or choice.problem in UNUSABLE:
            problem = choice.problem or "no picture"
            self._settle(use, f"There is no usable picture now: {problem}.", "failed")
            return
        frame, number = choice.frame, len(self._frames) + 1
        px, quality = views.sized("look", self._rule(), frame.width, frame.height)
        self._scribe.emit(KeepStill, "a fresh look for the model", turn=self.turn, frame_id=frame.frame_id)
        self._taint.add("camera")
        note = f" It is {choice.problem}." if choice.problem else ""
        view = View(frame.frame_id, views.WHOLE, px, quality, f"picture {number}")
        self._show(use, frame, view, f"The fresh look follows as picture {number}.{note}")

    def _read(self, use: _Use, event: TextRead) -> None:
        self._taint.add("camera")
        found, box = self._frame(use.arguments.get("frame", 1)), use.arguments.get("box")
        lines = leaving(self._world, found[0] if found is not None else None, event.lines)
        if box and found is not None:
            lines = _lines_in(lines, views.in_pixels(box, found[0].width, found[0].height))
        said = "\n".join(line.text for line in lines)
        self._settle(
            use, spotlight.untrusted("text in the picture", said) if said else "No text can be read there.", ""
        )


def _lines_in(lines: Sequence[TextLine], box: views.Box) -> tuple[TextLine, ...]:
    """Those whose middle lies in the box."""
    x, y, width, height = box

    def inside(line: TextLine) -> bool:
        across, down = line.box[0] + line.box[2] / 2, line.box[1] + line.box[3] / 2
        return x <= across <= x + width and y <= down <= y + height

    return tuple(line for line in lines if inside(line))
