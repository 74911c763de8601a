"""What crosses the network, into the recording: the bytes, cut as they came, when they came.

The session names an exchange "turn-T-R" (turn T, request R); a second try of it is "turn-T-R.2". In the recording they
are numbered in the order in which they began.
"""

from __future__ import annotations

from companion.clock import SessionClock
from recordings.exchange import HttpBegin, HttpChunk, HttpEnd, HttpHead, header_pairs
from recordings.writer import Recorder


class RecordedExchanges:
    """The network door's observer for one session."""

    def __init__(self, recorder: Recorder, clock: SessionClock) -> None:
        self._recorder = recorder
        self._clock = clock
        self._count = 0
        self._began: dict[str, tuple[int, int]] = {}

    def begin(self, exchange: str, method: str, url: str, headers: tuple[tuple[str, str], ...], body: bytes) -> None:
        now_ns = self._clock.now_ns()
        self._count += 1
        turn, request = (int(number.partition(".")[0]) for number in exchange.split("-")[1:3])
        self._began[exchange] = (self._count, now_ns)
        begin = HttpBegin(self._count, turn, now_ns, method, url, header_pairs(headers), body, request)
        self._recorder.http(now_ns, begin)

    def head(self, exchange: str, status: int, headers: tuple[tuple[str, str], ...]) -> None:
        now_ns = self._clock.now_ns()
        number, began_ns = self._began[exchange]
        self._recorder.http(now_ns, HttpHead(number, now_ns - began_ns, status, header_pairs(headers)))

    def chunk(self, exchange: str, data: bytes) -> None:
        now_ns = self._clock.now_ns()
        number, began_ns = self._began[exchange]
        self._recorder.http(now_ns, HttpChunk(number, now_ns - began_ns, data))

    def end(self, exchange: str, status: int, error: str) -> None:
        now_ns = self._clock.now_ns()
        number, began_ns = self._began.pop(exchange)
        self._recorder.http(now_ns, HttpEnd(number, status, now_ns - began_ns, error))
