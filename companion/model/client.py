"""One question to one model: bytes out, pieces of text in, and exactly one ending, whatever the network does.

Tries once more only for failures that may pass, and only while the wearer has heard nothing: a sentence is never
begun twice. Two timers watch the answer, one to its first text and one between its texts; a server that keeps the
line warm with comments or with reasoning does not fool them. Which model is asked next after a failure is not decided
in here.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from companion.model.profile import ModelProfile, ModeRule
from companion.net import Incoming, Limit, Net, NetError, Observer, Outgoing, OutOfTimeError, Timers
from pipelines.events import AskModel, ToolInfo, View
from pipelines.thinking import failures
from pipelines.thinking.dialects import DIALECTS
from pipelines.thinking.dialects.answer import Failed, Finished, ModelEvent, TextDelta
from pipelines.thinking.dialects.query import Parser, Picture, Query, pictures_of

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
        self._dialect = DIALECTS[profile.dialect]
        self._net = net
        self._observer = observer
        self._options = options
        self._environ = environ

    async def ask(
        self,
        asked: AskModel,
        tools: tuple[ToolInfo, ...],
        images: Mapping[View, Picture],
        on_event: Callable[[ModelEvent], None],
        exchange_name: str,
    ) -> Finished | Failed:
        """Runs one query; `on_event` gets each TextDelta as it comes, then one Finished or Failed, which is also
        returned. Cancelling the task closes the socket and emits nothing more.

        tools: what the model is offered, whole. images: every picture that the messages attach, by its view.
        """
        try:
            rule = self.profile.rule(asked.mode)
            outgoing = self._outgoing(asked, rule, tools, images, exchange_name)
        except ValueError as error:  # a message of ours that cannot be sent
            outgoing = Failed("bad_request", str(error))
        if isinstance(outgoing, Failed):
            return self._give_up(outgoing, on_event)
        waits = self._waits(rule, bool(tools))
        ending, spoke = await self._attempt(outgoing, waits, on_event)
        if isinstance(ending, Finished):
            return ending
        wait_s = self._options.retry_wait_s if ending.retry_after_s is None else ending.retry_after_s
        worth_it = failures.KINDS[ending.kind].retry and wait_s <= self._options.longest_retry_wait_s
        if not spoke and worth_it:
            log.info("%s: %s (%s); asking once more", exchange_name, ending.kind, self._scrubbed(ending.detail))
            await asyncio.sleep(wait_s)
            ending, _ = await self._attempt(replace(outgoing, name=f"{exchange_name}.2"), waits, on_event)
        return ending if isinstance(ending, Finished) else self._give_up(ending, on_event)

    def _give_up(self, failed: Failed, on_event: Callable[[ModelEvent], None]) -> Failed:
        failed = replace(failed, detail=self._scrubbed(failed.detail))
        hint = failures.KINDS[failed.kind].hint
        log.warning("%s gave no answer: %s: %s. %s", self.profile.name, failed.kind, failed.detail, hint)
        on_event(failed)
        return failed

    def _outgoing(
        self,
        asked: AskModel,
        rule: ModeRule,
        tools: tuple[ToolInfo, ...],
        images: Mapping[View, Picture],
        name: str,
    ) -> Outgoing | Failed:
        """The request, or why there is none. Raises ValueError for a message that no wire has a place for."""
        profile, key = self.profile, self._key()
        if profile.key_env and not key:
            return Failed("no_key", f"the environment variable {profile.key_env} is not set")
        if not (key.isascii() and (key.isprintable() or not key)):
            return Failed("no_key", f"the environment variable {profile.key_env} holds characters no key has")
        if unsendable := self._unsendable(asked, images):
            return unsendable
        query = Query(
            model=profile.model,
            messages=asked.messages,
            images=images,
            max_tokens=max(asked.max_tokens or rule.max_tokens, profile.min_output_tokens),
            effort=rule.effort,
            tools=tools if profile.tools else (),
            image_px=asked.image_px,
            image_quality=asked.image_quality,
        )
        body = self._dialect.body(query, profile.quirks)
        headers = {"content-type": "application/json", "accept": "text/event-stream", **self._dialect.headers(key)}
        url = profile.base_url.rstrip("/") + self._dialect.path(profile.model)
        return Outgoing(name, "POST", url, headers, json.dumps(body, ensure_ascii=False).encode())

    def _unsendable(self, asked: AskModel, images: Mapping[View, Picture]) -> Failed | None:
        """What is wrong with the pictures, before anything is sent."""
        views = [v for m in asked.messages for v in pictures_of(m, asked.image_px, asked.image_quality)]
        lost = next((view for view in views if view not in images), None)
        if lost is not None:
            return Failed("no_picture", f"frame {lost.frame_id} was to be sent, but its picture is gone")
        if views and not self.profile.vision:
            return Failed("no_vision", f"{self.profile.name} takes no pictures, and there are {len(views)}")
        most = self.profile.max_images
        if most and len(views) > most:
            return Failed("too_many", f"{len(views)} pictures; {self.profile.name} takes {most} at once")
        return None

    async def _attempt(
        self, outgoing: Outgoing, waits: _Waits, on_event: Callable[[ModelEvent], None]
    ) -> tuple[Finished | Failed, bool]:
        """One request: how it ended, and whether text was given out. A Finished has been given out, a Failed not."""
        answer = _Answer(self._dialect.parser(), on_event)
        timers = Timers(self.profile.connect_s, waits.first_s, max(waits.first_s, waits.between_s))  # only a backstop
        try:
            async with (
                self._net.limit(waits.first_s) as deadline,
                self._net.stream(outgoing, timers, self._observer) as incoming,
            ):
                if not 200 <= incoming.status < 300:
                    return await _refusal(incoming), False
                await self._read(incoming, answer, deadline, waits)
        except (TimeoutError, OutOfTimeError):
            limit_s = waits.between_s if answer.spoke else waits.first_s
            answer.end(Failed("stalled", f"no {'further ' if answer.spoke else ''}text in {limit_s:g} s"))
        except NetError as error:
            answer.end(Failed(error.kind, error.detail))
        answer.end(None)
        assert answer.ending is not None
        return answer.ending, answer.spoke

    async def _read(self, incoming: Incoming, answer: _Answer, deadline: Limit, waits: _Waits) -> None:
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
                deadline.reschedule(now_s() + waits.between_s)

    def _waits(self, rule: ModeRule, tools: bool) -> _Waits:
        """With tools, an answer may go on after its words with reasoning or a call's arguments, which are no text."""
        between_s = self.profile.between_text_s
        return _Waits(rule.first_text_s, max(between_s, rule.first_text_s) if tools else between_s)

    def _key(self) -> str:
        return key_of(self.profile, self._environ)

    def _scrubbed(self, text: str) -> str:
        key = self._key()
        return text.replace(key, "[key]") if key else text


def key_of(profile: ModelProfile, environ: Mapping[str, str] = os.environ) -> str:
    """The key that this model is asked with, "" if it wants none or none is set."""
    return environ.get(profile.key_env, "").strip() if profile.key_env else ""


@dataclass(frozen=True, slots=True)
class _Waits:
    """How long the wearer is kept waiting: for the first text, and for each further one."""

    first_s: float
    between_s: float


class _Answer:
    """What has come of one answer. Text and a Finished are given out at once; the first ending is kept."""

    def __init__(self, parser: Parser, on_event: Callable[[ModelEvent], None]) -> None:
        self.ending: Finished | Failed | None = None
        self.spoke = False
        self._parser = parser
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
