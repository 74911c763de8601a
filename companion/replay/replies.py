"""Answers of a replay's network: recorded ones, chunk by chunk, and what was fetched just now."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from companion.net import NetError, OutOfTimeError, Reply
from companion.replay.loop import VirtualLoop
from companion.replay.tape import Exchange
from pipelines.thinking import failures

OURS = "closed by us"  # how a recorded exchange ended because we gave up


@dataclass(frozen=True, slots=True)
class Heard:
    """A response that was really fetched: chunks with their times in ns from the request."""

    status: int
    headers: tuple[tuple[str, str], ...]
    chunks: tuple[tuple[int, bytes], ...]
    end_ns: int
    error: tuple[str, str] | None = None  # kind and detail


async def until(loop: VirtualLoop, due_ns: int) -> None:
    if loop.now_ns < due_ns:
        reached = loop.create_future()
        loop.call_at_ns(due_ns, lambda: None if reached.done() else reached.set_result(None))
        await reached


async def _for_ever() -> None:
    await asyncio.get_running_loop().create_future()


async def begun(loop: VirtualLoop, asked_ns: int, exchange: Exchange, given_up: bool) -> Reply:
    """The response's head, when it came; or what happened instead of it."""
    head, end = exchange.head, exchange.end
    status = head.status if head else end.status if end else 200 if exchange.chunks else 0
    if not status:
        await _ended(loop, asked_ns, exchange, given_up)
    first = head or (exchange.chunks[0] if exchange.chunks else end)
    if first is not None:
        await until(loop, asked_ns + exchange.after_ns(first))
    pairs = head.headers if head else ()
    headers = tuple(zip(pairs[::2], pairs[1::2], strict=False))
    return _TapedReply(loop, asked_ns, exchange, status, _without_length(headers), given_up)


async def _ended(loop: VirtualLoop, asked_ns: int, exchange: Exchange, given_up: bool) -> None:
    """The exchange's end, when it came. Raises what it raised; one that we closed ourselves has none, unless it was
    because time was up."""
    end = exchange.end
    if end is None or (end.error.startswith(OURS) and not given_up):
        await _for_ever()
        return
    await until(loop, asked_ns + exchange.after_ns(end))
    if given_up:
        raise OutOfTimeError
    if end.error or not end.status:
        raise _net_error(end.error)


def _without_length(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Redaction may have changed the length, and the body comes as it was decoded."""
    return tuple((k, v) for k, v in headers if k not in ("content-length", "transfer-encoding", "content-encoding"))


def _net_error(error: str) -> NetError:
    kind, _, detail = error.partition(": ")
    return NetError(kind, detail) if kind in failures.KINDS else NetError("network", error)


class _TapedReply:
    def __init__(
        self,
        loop: VirtualLoop,
        asked_ns: int,
        exchange: Exchange,
        status: int,
        headers: tuple[tuple[str, str], ...],
        given_up: bool,
    ) -> None:
        self.status, self.headers = status, headers
        self._loop, self._asked_ns, self._exchange, self._given_up = loop, asked_ns, exchange, given_up

    async def __aiter__(self) -> AsyncIterator[bytes]:
        exchange = self._exchange
        for chunk in exchange.chunks:
            await until(self._loop, self._asked_ns + exchange.after_ns(chunk))
            yield chunk.data
        await _ended(self._loop, self._asked_ns, exchange, self._given_up)


class LiveReply:
    """What was fetched just now, at the pace at which it came."""

    def __init__(self, loop: VirtualLoop, asked_ns: int, heard: Heard) -> None:
        self.status, self.headers = heard.status, _without_length(heard.headers)
        self._loop, self._asked_ns, self._heard = loop, asked_ns, heard

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for after_ns, data in self._heard.chunks:
            await until(self._loop, self._asked_ns + after_ns)
            yield data
        await until(self._loop, self._asked_ns + self._heard.end_ns)
        if self._heard.error:
            raise NetError(*self._heard.error)


class Silence:
    """No answer at all; the replay is being stopped."""

    status = 200
    headers: tuple[tuple[str, str], ...] = ()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        await _for_ever()
        yield b""
