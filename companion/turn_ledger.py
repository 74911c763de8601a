"""The ledger of a recorded session: what left in each turn, to whom, how many bytes; what was looked at; which rule.

Fed one event at a time, of a recording or of a replay; `of` adds what the network saw. What an older recording does not
know stays unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipelines import events as ev
from pipelines.events import Sent, Trace
from pipelines.thinking import failures
from pipelines.thinking.budget import cost_usd
from pipelines.thinking.ledger import Entry, Gone, before_ms, gone_of, with_end, with_question
from pipelines.thinking.talk import NOT_SENT

STAYED = NOT_SENT | {"withheld", "private_mode", "private", "budget_turn", "budget_day"}  # kinds: nothing left
LINES = 40  # of one turn that are told


@dataclass(frozen=True, slots=True)
class Traffic:
    """One exchange with the network. `request`: what it was for, 0 = an older recording does not say."""

    host: str
    request: int
    bytes_out: int
    bytes_in: int


@dataclass(slots=True)
class _Turn:
    opened: ev.TurnOpened | None = None
    closed: ev.TurnClosed | None = None
    chosen: ev.FrameChosen | None = None
    mode: ev.ModeChosen | None = None
    sent: tuple[Sent, ...] = ()
    usd: dict[str, float] = field(default_factory=dict)
    models: dict[int, str] = field(default_factory=dict)  # request -> who was asked
    used: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    codes: int = 0
    looked: set[int] = field(default_factory=set)
    parts: set[ev.View] = field(default_factory=set)
    covered: int = 0
    kept_back: str = ""
    refusals: list[str] = field(default_factory=list)
    private: bool = False


class Books:
    """Takes the events one by one; a method for each kind that the ledger knows."""

    def __init__(self) -> None:
        self._turns: dict[int, _Turn] = {}
        self._models: dict[str, ev.ModelInfo] = {}
        self._first = ""
        self._tools: dict[str, ev.ToolInfo] = {}
        self._turn_of: dict[int, int] = {}  # by request
        self._private = False

    def feed(self, event: ev.Happening | ev.Decision) -> None:
        handler = getattr(self, "_on_" + type(event).__name__, None)
        if handler is not None:
            handler(event)

    def of(self, turn: int, traffic: Sequence[Traffic] = ()) -> Entry:
        """This turn's entry, with what crossed the network for it."""
        t = self._turns.get(turn, _Turn())
        kind = t.opened.intent.partition(":")[0] if t.opened else ""
        gone = [replace(gone_of(one, self._models.get(one.model)), usd=t.usd.get(one.model, -1.0)) for one in t.sent]
        frame = t.chosen.frame if t.chosen else None
        speech_end_ns = t.opened.speech_end_ns if t.opened else 0
        trace = Trace(
            frame,
            before_ms(frame, speech_end_ns),
            t.chosen.problem if t.chosen else "",
            t.chosen.policy if t.chosen else "",
            t.sent,
            t.covered,
            t.kept_back or ("" if gone or kind != "model" else next(iter(t.refusals), "")),
            t.private,
            t.mode.reason if t.mode else "",
        )
        return Entry(
            turn,
            t.opened.text if t.opened else "",
            kind,
            t.closed.heard if t.closed else "",
            t.closed is not None and t.closed.heard != t.closed.said,
            t.mode.mode if t.mode else "",
            tuple(_with_traffic(gone, t.models, traffic)),
            trace,
            max(len(t.looked), int(frame is not None)),
            len(t.parts),
            tuple(t.lines),
            t.codes,
            tuple(dict.fromkeys(t.used)),
            sum(t.usd.values()) if t.usd else -1.0,
        )

    def _turn(self, number: int) -> _Turn:
        return self._turns.setdefault(number, _Turn(private=self._private))

    # ------------------------------------------------------------------------------------------------- what there is

    def _on_SessionStarted(self, e: ev.SessionStarted) -> None:  # noqa: N802
        self._models = {info.name: info for info in e.models}
        self._first = e.model
        self._tools = {tool.name: tool for tool in e.tools}

    def _on_ToolsChanged(self, e: ev.ToolsChanged | ev.Resumed) -> None:  # noqa: N802
        self._tools |= {tool.name: tool for tool in e.tools}
        self._private = bool(getattr(e, "private", self._private))

    _on_Resumed = _on_ToolsChanged  # noqa: N815

    def _on_Noted(self, e: ev.Noted) -> None:  # noqa: N802
        if e.what in ("private mode on", "private mode off"):
            self._private = e.what.endswith("on")

    # ------------------------------------------------------------------------------------------------- what was seen

    def _on_TurnOpened(self, e: ev.TurnOpened) -> None:  # noqa: N802
        self._turn(e.turn).opened = e

    def _on_TurnClosed(self, e: ev.TurnClosed) -> None:  # noqa: N802
        self._turn(e.turn).closed = e

    def _on_ModeChosen(self, e: ev.ModeChosen) -> None:  # noqa: N802
        self._turn(e.turn).mode = e

    def _on_FrameChosen(self, e: ev.FrameChosen) -> None:  # noqa: N802
        self._turn(e.turn).chosen = e

    def _on_ReadText(self, e: ev.ReadText | ev.ReadCodes) -> None:  # noqa: N802
        self._turn_of[e.request] = e.turn

    _on_ReadCodes = _on_ReadText  # noqa: N815

    def _on_TextRead(self, e: ev.TextRead) -> None:  # noqa: N802
        number = self._turn_of.get(e.request, 0)
        if number > 0 and not e.more:  # the last of them holds all lines once more
            turn = self._turn(number)
            turn.lines += [line.text for line in e.lines][: LINES - len(turn.lines)]

    def _on_CodesRead(self, e: ev.CodesRead) -> None:  # noqa: N802
        if (number := self._turn_of.get(e.request, 0)) > 0:
            self._turn(number).codes += len(e.codes)

    # ------------------------------------------------------------------------------------------------- what was sent

    def _on_AskModel(self, e: ev.AskModel) -> None:  # noqa: N802
        turn, model = self._turn(e.turn), e.model or self._first
        self._turn_of[e.request], turn.models[e.request] = e.turn, model
        turn.sent = with_question(turn.sent, model, e.messages)
        for message in e.messages:
            turn.looked |= {message.frame_id} if message.frame_id > 0 else set()
            turn.looked |= {view.frame_id for view in message.views if not any(view.box)}
            turn.parts |= {replace(view, name="") for view in message.views if any(view.box)}

    def _on_ModelDone(self, e: ev.ModelDone) -> None:  # noqa: N802
        turn = self._turn(self._turn_of.get(e.request, 0))
        model = turn.models.get(e.request, "")
        turn.sent = with_end(turn.sent, model)
        info = self._models.get(model)
        if info is not None and max(info.input_usd, info.output_usd) >= 0:
            usd = cost_usd(info, e.input_tokens, e.output_tokens, e.cached_tokens)
            turn.usd[model] = turn.usd.get(model, 0.0) + usd

    def _on_ModelFailed(self, e: ev.ModelFailed) -> None:  # noqa: N802
        turn = self._turn(self._turn_of.get(e.request, 0))
        left = e.kind not in STAYED
        turn.sent = with_end(turn.sent, turn.models.get(e.request, ""), e.kind, left)
        turn.kept_back = turn.kept_back if left else failures.spoken(e.kind)

    def _on_RunTool(self, e: ev.RunTool) -> None:  # noqa: N802
        self._turn_of[e.request] = e.turn
        tool = self._tools.get(e.name)
        if tool is None or tool.permission != "local read":
            self._turn(e.turn).used.append(e.name)

    def _on_Speak(self, e: ev.Speak) -> None:  # noqa: N802
        if e.turn > 0 and e.kind in ("failure", "status") and e.text:
            self._turn(e.turn).refusals.append(e.text)

    def _on_PictureCovered(self, e: Any) -> None:  # noqa: N802
        """Parts of a picture were covered before it was sent with this request, or it was kept back."""
        turn = self._turn(self._turn_of.get(e.request, 0))
        turn.covered += e.covered
        turn.kept_back = e.withheld or turn.kept_back


def _with_traffic(gone: list[Gone], models: dict[int, str], traffic: Sequence[Traffic]) -> list[Gone]:
    """With the bytes of each; a host that no model explains was asked by a tool."""
    out = list(gone)
    for one in traffic:
        model = models.get(one.request, "")
        at = next((i for i, g in enumerate(out) if g.model and g.model == model), None)
        if at is None and not one.request:
            near = [i for i, g in enumerate(out) if g.host == one.host or (g.model and not g.host)]
            at = near[0] if near else None
        if at is None:
            at = next((i for i, g in enumerate(out) if not g.model and g.host == one.host), None)
        if at is None:
            out.append(Gone("", one.host))
            at = len(out) - 1
        g = out[at]
        out[at] = replace(
            g,
            host=g.host or one.host,
            bytes_out=max(0, g.bytes_out) + one.bytes_out,
            bytes_in=max(0, g.bytes_in) + one.bytes_in,
        )
    return out
