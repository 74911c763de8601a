"""Tool calls in the making: pieces in, whole calls out, never more or longer than a model has reason for."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import count

from pipelines.events import ToolCall
from pipelines.thinking.dialects.text import mended

MAX_CALLS = 32  # of one answer; a round of tools wants a handful
MAX_ARGUMENT_CHARS = 64 << 10  # of one call
MAX_NAME_CHARS = 1000  # of a name, and of an id


@dataclass(slots=True)
class _Call:
    call_id: str = ""
    name: str = ""
    carry: str = ""
    pieces: list[str] = field(default_factory=list)
    chars: int = 0


class CallPieces:
    """The calls of one answer, in the order in which they began. `key`: what the wire knows a call by in its pieces.

    `problem`: what is wrong with them, "" so far; afterwards nothing more is taken.
    """

    def __init__(self) -> None:
        self.problem = ""
        self._calls: list[_Call] = []
        self._at: dict[str, _Call] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def begin(self, key: str, name: str, call_id: str = "", carry: str = "") -> None:
        """A new call, known by `key` from now on."""
        if len(self._calls) >= MAX_CALLS:
            self._wrong(f"more than {MAX_CALLS} tool calls in one answer")
        elif len(name) > MAX_NAME_CHARS or len(call_id) > MAX_NAME_CHARS:
            self._wrong(f"a tool call whose name or id is longer than {MAX_NAME_CHARS} characters")
        else:
            self._at[key] = _Call(call_id, name, carry)
            self._calls.append(self._at[key])

    def id_of(self, key: str) -> str | None:
        """The id of the call that `key` stands for, "" if it has none so far; None if there is no such call."""
        call = self._at.get(key)
        return call.call_id if call else None

    def identify(self, key: str, name: str, call_id: str) -> None:
        """What a later piece says of a call that began without it."""
        call = self._at[key]
        call.name, call.call_id = call.name or name, call.call_id or call_id

    def add(self, key: str, arguments: object) -> None:
        """More of a call's arguments: a piece of JSON text, or the whole as an object."""
        call = self._at.get(key)
        if call is None or arguments is None or self.problem:
            return
        try:
            piece = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
        except RecursionError:  # nested deeper than it can be written, though it could be read
            return self._wrong(f"arguments of the tool {call.name[:80]!r} are nested too deeply")
        call.chars += len(piece)
        if call.chars > MAX_ARGUMENT_CHARS:
            self._wrong(f"arguments of the tool {call.name[:80]!r} are longer than {MAX_ARGUMENT_CHARS} characters")
        else:
            call.pieces.append(piece)

    def whole(self) -> tuple[ToolCall, ...]:
        """The calls, each with an id of its own (one is made up where the server gave none, or gave it twice) and with
        arguments ("{}" if there were none). A call without a name is a `problem`."""
        if any(not call.name for call in self._calls):
            self._wrong("a tool call without the name of a tool")
        if self.problem:
            return ()
        given = {call.call_id for call in self._calls}
        spare = (made_up for made_up in map("call_{}".format, count()) if made_up not in given)
        used: set[str] = set()
        out: list[ToolCall] = []
        for call in self._calls:
            call_id = call.call_id if call.call_id and call.call_id not in used else next(spare)
            used.add(call_id)
            arguments = "".join(call.pieces).strip() or "{}"
            out.append(ToolCall(mended(call_id), mended(call.name), mended(arguments), call.carry))
        return tuple(out)

    def _wrong(self, problem: str) -> None:
        self.problem = self.problem or problem
