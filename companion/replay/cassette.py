"""The network of a replay: recorded answers, chunk by chunk, as long after the question as they came.

A request is known by its key: the SHA-256 of method, address and body as they are kept, that is, without secrets and
with pictures by their hash. Modes:

    strict  the same request (the n-th of the same ones) gets the recorded answer; any other is a miss
    turn    the n-th request of a turn gets the answer of the recorded turn's n-th, whatever it says, on the same wire
    live    as strict, and a miss is really asked, and played as it came

A question that was taken back before it left has no answer and is no miss, as long as it is taken back again.

A miss shows what differs from the nearest recorded request, line by line.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable
from urllib.parse import urlsplit

from companion.net import NetError, Reply
from companion.replay.door import Misses
from companion.replay.loop import VirtualLoop
from companion.replay.replies import OURS, Heard, LiveReply, Silence, begun, until
from companion.replay.tape import Asking, Exchange, Tape
from pipelines import events as ev
from recordings.exchange import Redactor
from recordings.session import RecordingError

MODES = ("strict", "turn", "live")
DIFF_LINES = 60


Fetch = Callable[[str, str, bytes], Heard]


class Cassette:
    """Implements `companion.net.Tape`. `deciding(request)`: the replay's own `AskModel` with that number. `gives_up`:
    who asks has no timer of its own, and is told when the recorded companion waited no longer."""

    def __init__(
        self,
        loop: VirtualLoop,
        tape: Tape,
        misses: Misses,
        mode: str,
        fetch: Fetch | None = None,
        gives_up: bool = False,
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"cassette mode {mode!r}: choose one of {', '.join(MODES)}")
        self._loop = loop
        self._tape = tape
        self._misses = misses
        self._mode = mode
        self._fetch = fetch
        self._gives_up = gives_up
        self._recorded = [e for a in tape.askings.values() for e in a.exchanges]
        self._asking_of = {id(e): a for a in tape.askings.values() for e in a.exchanges}
        self._by_key: dict[str, list[Exchange]] = defaultdict(list)
        for exchange in self._recorded:
            self._by_key[key_of(exchange.begin.method, exchange.begin.url, exchange.begin.body)].append(exchange)
        self._used: set[int] = set()
        self._asked: dict[int, ev.AskModel] = {}
        self._matched: dict[int, Asking] = {}

    def deciding(self, d: ev.AskModel) -> None:
        self._asked[d.request] = d

    def asking(self, request: int) -> Asking | None:
        """The recorded question by which this one is being answered."""
        return self._matched.get(request)

    def match_unsent(self, d: ev.AskModel, asking: Asking | None) -> None:
        """A question that never reached the network in the recording (no key, no picture) is known by its decision."""
        if asking is not None and not asking.exchanges:
            self._matched[d.request] = asking

    async def answer(self, exchange: str, method: str, url: str, body: bytes) -> Reply:
        request = int(exchange.split("-")[2].partition(".")[0])
        d = self._asked[request]
        kept = Redactor().body(body)
        if (taken_back_ns := self._taken_back(d)) is not None:
            await until(self._loop, taken_back_ns + 1)
        found = self._find(d, method, url, kept)
        if found is None:
            return await self._missed(d, method, url, kept, body)
        self._used.add(id(found))
        self._matched[request] = self._asking_of[id(found)]
        return await begun(self._loop, d.t_ns, found, self._given_up(found))

    def _given_up(self, exchange: Exchange) -> bool:
        """Whether its end was a timer's that rang, and not the question's that was cancelled."""
        end, cancelled_ns = exchange.end, self._tape.cancelled_ns.get(exchange.asked.request)
        if not self._gives_up or end is None or not end.error.startswith(OURS):
            return False
        return cancelled_ns is None or exchange.begin.t_ns + end.t_rel_ns < cancelled_ns

    def _taken_back(self, d: ev.AskModel) -> int | None:
        """When this question would be cancelled as it was in the recording, where it never left; None: it left."""
        own = self._tape.askings.get(d.request)
        cancelled_ns = self._tape.cancelled_ns.get(d.request)
        if own is None or cancelled_ns is None or own.exchanges or own.came or own.ask.messages != d.messages:
            return None
        return d.t_ns + cancelled_ns - own.ask.t_ns

    def _find(self, d: ev.AskModel, method: str, url: str, body: bytes) -> Exchange | None:
        same = self._by_key.get(key_of(method, url, body), ())
        unused = [e for e in same if id(e) not in self._used]
        if unused:
            return min(unused, key=lambda e: abs(e.asked.t_ns - d.t_ns))
        if self._mode == "turn":
            turn = [e for e in self._recorded if e.asked.turn == d.turn and id(e) not in self._used]
            turn = [
                e for e in turn if _wire(e.begin.url) == _wire(url)
            ]  # bytes of another wire say nothing in this one
            if turn:
                near, diff = self._nearest(method, url, body)
                self._misses.missed("model", self._what(d, near), "answered by the same turn's recorded answer", diff)
                return turn[0]
        return None

    async def _missed(self, d: ev.AskModel, method: str, url: str, kept: bytes, body: bytes) -> Reply:
        """`kept`: the body as it is compared; `body`: as it would be sent, pictures perhaps by their hash."""
        near, diff = self._nearest(method, url, kept)
        what = self._what(d, near)
        if self._mode == "live" and self._fetch is not None:
            asked_ns = self._loop.now_ns
            try:
                heard = self._fetch(method, url, body)
            except RecordingError as why:
                self._misses.stop("model", str(why))
                return Silence()
            self._misses.missed("model", what, "asked live", diff)
            if not heard.status:
                await until(self._loop, asked_ns + heard.end_ns)
                raise NetError(*(heard.error or ("network", "no answer")))
            return LiveReply(self._loop, asked_ns, heard)
        self._misses.missed("model", what, "stopped here", diff)
        self._misses.stop("model", what)
        return Silence()

    def _what(self, d: ev.AskModel, near: Exchange | None) -> str:
        nearest = f"; nearest is that of turn {near.asked.turn}" if near else "; none was recorded"
        return f"turn {d.turn}'s question was never asked in this recording{nearest}"

    def _nearest(self, method: str, url: str, body: bytes) -> tuple[Exchange | None, str]:
        mine = request_lines(method, url, body)
        best: tuple[float, Exchange | None, list[str]] = (-1.0, None, [])
        for exchange in self._recorded:
            theirs = request_lines(exchange.begin.method, exchange.begin.url, exchange.begin.body)
            likeness = difflib.SequenceMatcher(None, theirs, mine, autojunk=False).ratio()
            if likeness > best[0]:
                best = likeness, exchange, theirs
        _, near, theirs = best
        if near is None:
            return None, ""
        diff = difflib.unified_diff(theirs, mine, f"recorded, turn {near.asked.turn}", "now", lineterm="", n=1)
        return near, "\n".join(list(diff)[:DIFF_LINES])


def _wire(url: str) -> str:
    """What tells one wire format's address from another's: "completions", "messages", "streamGenerateContent"."""
    return re.split("[/:]", urlsplit(url).path)[-1]


def key_of(method: str, url: str, body: bytes) -> str:
    """What a request is known by. Only of requests as they are kept: without secrets."""
    return hashlib.sha256("\n".join([method, url, _canonical(body)]).encode("utf-8", "replace")).hexdigest()


def _canonical(body: bytes) -> str:
    try:
        return json.dumps(json.loads(body), sort_keys=True, ensure_ascii=False)
    except ValueError:
        return body.decode("utf-8", "replace")


def request_lines(method: str, url: str, body: bytes) -> list[str]:
    """A request as lines that can be compared."""
    try:
        text = json.dumps(json.loads(body), indent=1, sort_keys=True, ensure_ascii=False)
    except ValueError:
        text = body.decode("utf-8", "replace")
    return [f"{method} {url}", *text.splitlines()]
