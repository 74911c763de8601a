"""One question to one model: bytes out, pieces of text in, and exactly one ending, whatever the network does.

Tries once more only for failures that may pass, and only while the wearer has heard nothing: a sentence is never
begun twice. Two timers watch the answer, one to its first text and one between its texts; a server that keeps the
line warm with comments does not fool them.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from companion.model.port import ModelProfile
from companion.net import Incoming, Net, NetError, Observer, Outgoing, Timers
from pipelines.events import Message
from pipelines.thinking import failures
from pipelines.thinking.dialects.answer import Failed, Finished, ModelEvent, TextDelta
from pipelines.thinking.dialects.chat import ChatParser, Picture, request_body

log = logging.getLogger("companion.model")

MAX_ERROR_BYTES = 64 << 10  # of an error's body: its first line says it all


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """What does not differ from model to model."""

    # A server that was busy for a moment is asked again after this.
    retry_wait_s: float = 0.3
    # The longest `retry-after` that a wearer is kept waiting for; beyond it the failure is spoken at once.
    longest_retry_wait_s: float = 2.0
    # The model has said why it stopped; usage and the end of the stream are worth this much waiting.
    after_finish_s: float = 0.5


class ModelClient:
    """Asks one model, several questions at once if need be. `observer`: the recording of the session it belongs to."""

    def __init__(
        self,
        net: Net,
        profile: ModelProfile,
        observer: Observer | None = None,
        options: ClientOptions = ClientOptions(),
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.profile = profile
        self._net = net
        self._observer = observer
        self._options = options
        self._environ = environ

    async def ask(
        self,
        messages: tuple[Message, ...],
        images: Mapping[int, Picture],
        on_event: Callable[[ModelEvent], None],
        exchange_name: str,
        max_tokens: int = 0,
    ) -> Finished | Failed:
        """Runs one query; `on_event` gets each TextDelta as it comes, then one Finished or Failed, which is also
        returned. Cancelling the task closes the socket and emits nothing more.

        images: frame id to picture, for the messages that attach one. max_tokens: 0 = the profile's.
        """
        outgoing = self._outgoing(messages, images, exchange_name, max_tokens)
        if isinstance(outgoing, Failed):
            return self._give_up(outgoing, on_event)
        ending, spoke = await self._attempt(outgoing, on_event)
        if isinstance(ending, Finished):
            return ending
        wait_s = self._options.retry_wait_s if ending.retry_after_s is None else ending.retry_after_s
        worth_it = failures.KINDS[ending.kind].retry and wait_s <= self._options.longest_retry_wait_s
        if not spoke and worth_it:
            log.info("%s: %s (%s); asking once more", exchange_name, ending.kind, self._scrubbed(ending.detail))
            await asyncio.sleep(wait_s)
            again = Outgoing(f"{exchange_name}.2", outgoing.method, outgoing.url, outgoing.headers, outgoing.body)
            ending, _ = await self._attempt(again, on_event)
        return ending if isinstance(ending, Finished) else self._give_up(ending, on_event)

    def _give_up(self, failed: Failed, on_event: Callable[[ModelEvent], None]) -> Failed:
        failed = Failed(failed.kind, self._scrubbed(failed.detail), failed.retry_after_s)
        hint = failures.KINDS[failed.kind].hint
        log.warning("%s gave no answer: %s: %s. %s", self.profile.name, failed.kind, failed.detail, hint)
        on_event(failed)
        return failed

    def _outgoing(
        self, messages: tuple[Message, ...], images: Mapping[int, Picture], name: str, max_tokens: int
    ) -> Outgoing | Failed:
        profile = self.profile
        headers = {"content-type": "application/json", "accept": "text/event-stream"}
        if profile.key_env:
            key = self._key()
            if not key:
                return Failed("no_key", f"the environment variable {profile.key_env} is not set")
            if not (key.isascii() and key.isprintable()):
                return Failed("no_key", f"the environment variable {profile.key_env} holds characters no key has")
            headers["authorization"] = f"Bearer {key}"
        lost = [m.frame_id for m in messages if m.frame_id > 0 and m.frame_id not in images]
        if lost:
            return Failed("no_picture", f"frame {lost[0]} was to be sent, but its picture is gone")
        body = request_body(messages, images, profile.model, max_tokens or profile.max_tokens, profile.chat_options)
        return Outgoing(name, "POST", profile.chat_url, headers, json.dumps(body, ensure_ascii=False).encode())

    async def _attempt(
        self, outgoing: Outgoing, on_event: Callable[[ModelEvent], None]
    ) -> tuple[Finished | Failed, bool]:
        """One request: how it ended, and whether text was given out. A Finished has been given out, a Failed not."""
        answer = _Answer(on_event)
        try:
            async with asyncio.timeout(self.profile.first_text_s) as deadline:
                async with self._net.stream(outgoing, self._timers(), self._observer) as incoming:
                    if not 200 <= incoming.status < 300:
                        return await _refusal(incoming), False
                    await self._read(incoming, answer, deadline)
        except TimeoutError:
            limit_s = self.profile.between_text_s if answer.spoke else self.profile.first_text_s
            answer.end(Failed("stalled", f"no {'further ' if answer.spoke else ''}text in {limit_s:g} s"))
        except NetError as error:
            answer.end(Failed(error.kind, error.detail))
        answer.end(None)
        assert answer.ending is not None
        return answer.ending, answer.spoke

    async def _read(self, incoming: Incoming, answer: _Answer, deadline: asyncio.Timeout) -> None:
        """Feeds the answer to its end, moving the deadline on with each text; afterwards to the end of the response, so
        that the connection can be used again."""
        now_s = asyncio.get_running_loop().time
        closing = False
        async for chunk in incoming:
            spoke_now = answer.feed(chunk)
            if isinstance(answer.ending, Failed):
                return
            if answer.finishing or answer.ending:
                if not closing:
                    deadline.reschedule(now_s() + self._options.after_finish_s)
                closing = True
            elif spoke_now:
                deadline.reschedule(now_s() + self.profile.between_text_s)

    def _timers(self) -> Timers:
        """The socket's timers: only a backstop to the text timers above, which see more."""
        longest_s = max(self.profile.first_text_s, self.profile.between_text_s)
        return Timers(self.profile.connect_s, self.profile.first_text_s, longest_s)

    def _key(self) -> str:
        return self._environ.get(self.profile.key_env, "").strip() if self.profile.key_env else ""

    def _scrubbed(self, text: str) -> str:
        key = self._key()
        return text.replace(key, "[key]") if key else text


class _Answer:
    """What has come of one answer. Text and a Finished are given out at once; the first ending is kept."""

    def __init__(self, on_event: Callable[[ModelEvent], None]) -> None:
        self.ending: Finished | Failed | None = None
        self.spoke = False
        self._parser = ChatParser()
        self._on_event = on_event

    @property
    def finishing(self) -> bool:
        return self._parser.finishing

    def feed(self, chunk: bytes) -> bool:
        """Whether text came."""
        return self._take(self._parser.feed(chunk))

    def end(self, failed: Failed | None) -> None:
        """The response is over, `failed` if it broke. An answer that was whole by then stays whole; of a broken one the
        text that was held back still comes out."""
        if self.ending is not None:
            return
        rest = self._parser.finish()
        if failed is not None:
            rest = [failed if isinstance(event, Failed) else event for event in rest]
        self._take(rest)

    def _take(self, events: list[ModelEvent]) -> bool:
        text = False
        for event in events:
            if isinstance(event, TextDelta):
                text = self.spoke = True
            else:
                self.ending = event
            if not isinstance(event, Failed):
                self._on_event(event)
        return text


async def _refusal(incoming: Incoming) -> Failed:
    """A response that is no answer: what its status and the beginning of its body say."""
    body = bytearray()
    try:
        async for chunk in incoming:
            body += chunk
            if len(body) >= MAX_ERROR_BYTES:
                break
    except NetError as error:
        log.debug("the body of HTTP %d broke off: %s", incoming.status, error.detail)
    failure = failures.of_status(incoming.status, bytes(body), incoming.headers.get("retry-after", ""))
    return Failed(failure.kind, failure.detail, failure.retry_after_s)
