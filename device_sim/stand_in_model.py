"""A stand-in for a model, so that the whole way can be tried without a vendor: it is no model and says so.

It speaks four wires at once, OpenAI Chat and Responses, Anthropic Messages and Gemini (wires/), and looks at the
picture it was sent just far enough to prove that pixels arrived: it names the colour in the middle (answers.py). By
options it thinks, uses tools, misbehaves in every way that a server or a network can (behaviour.py), or does what a
stranger's sign tells it to (malice.py), which is what the companion's tests run against.

    python -m device_sim.stand_in_model --port 0
    python -m device_sim.stand_in_model --scene slow_turn       # as that scene's `model:` says
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import json
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import web

from device_sim import scene as scenes
from device_sim.answers import STORY, Answer, answer_to
from device_sim.asked import Asked, Call, RefusedError
from device_sim.behaviour import MALICE, Behaviour, Rule, rule_for
from device_sim.errors import SimulatorError
from device_sim.wires import WIRES, Wire
from device_sim.wires.wire import MODEL_ID, Writer

__all__ = ["MODEL_ID", "SEEN", "STORY", "Behaviour", "Rule", "Seen", "main", "make_app", "start"]

STORY_WORDS = 40  # an answer longer than this is told at a story's pace
ABOUT = (
    "This is Earshot's stand-in for a model: a test double that names the colour in the middle of a picture. "
    "It is not a language model.\n"
)


@dataclass(slots=True)
class Seen:
    """What arrived so far, for tests and for the log. The lists go together: one entry a request that was taken."""

    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    peers: list[object] = field(default_factory=list)  # address and port that each request came from
    wires: list[str] = field(default_factory=list)  # "chat", "responses", "anthropic", "gemini"
    paths: list[str] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)  # what it was read as
    refused: list[tuple[str, str, str]] = field(default_factory=list)  # requests not taken: wire, path, why
    arrived: asyncio.Event = field(default_factory=asyncio.Event)  # a request is being answered
    gone: asyncio.Event = field(default_factory=asyncio.Event)  # a client left before its answer was complete
    answered: dict[Rule, int] = field(default_factory=dict)  # requests that each rule got


RULES = web.AppKey("rules", tuple[Rule, ...])
SEEN = web.AppKey("seen", Seen)


def make_app(behaviour: Behaviour | None = None, rules: Sequence[Rule] = ()) -> web.Application:
    """The server as an aiohttp application; `app[SEEN]` tells what arrived. `rules` come before `behaviour`."""
    app = web.Application(client_max_size=64 << 20)
    app[RULES] = (*rules, Rule("", behaviour or Behaviour()))
    app[SEEN] = Seen()
    app.router.add_get("/", _about)
    app.router.add_get("/seen", _seen)
    app.router.add_get("/v1/models", _models)
    app.router.add_get("/v1beta/models", _gemini_models)
    for wire in WIRES:
        for path in wire.paths:
            app.router.add_post(path, functools.partial(_asked, wire))
    return app


async def start(app: web.Application, host: str = "127.0.0.1", port: int = 0) -> tuple[web.AppRunner, str]:
    """Serves it; returns the runner (`await runner.cleanup()` stops it) and the base URL with `/v1`."""
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    return runner, f"http://{host}:{runner.addresses[0][1]}/v1"


async def _about(_: web.Request) -> web.Response:
    return web.Response(text=ABOUT)


async def _seen(request: web.Request) -> web.Response:
    """How much was asked so far, and how many pictures came with it: for the simulator's verdict."""
    asked = request.app[SEEN].asked
    return web.json_response({"requests": len(asked), "pictures": sum(len(one.pictures) for one in asked)})


async def _models(_: web.Request) -> web.Response:
    """As OpenAI lists them, with what Anthropic's list and llama.cpp's have beside."""
    about = {"id": MODEL_ID, "object": "model", "created": 0, "owned_by": "earshot", "description": ABOUT.strip()}
    beside = {"type": "model", "display_name": "Stand-in", "architecture": {"input_modalities": ["text", "image"]}}
    return web.json_response({"object": "list", "data": [{**about, **beside}], "has_more": False})


async def _gemini_models(_: web.Request) -> web.Response:
    can = {"supportedGenerationMethods": ["streamGenerateContent"]}
    about = {"name": f"models/{MODEL_ID}", "displayName": "Stand-in", "description": ABOUT.strip(), **can}
    return web.json_response({"models": [about]})


async def _asked(wire: Wire, request: web.Request) -> web.StreamResponse:
    seen = request.app[SEEN]
    try:
        body = await _json(request)
        asked = wire.read(body, {name.lower(): value for name, value in request.headers.items()}, request.query)
    except RefusedError as refused:
        seen.refused.append((wire.name, request.path, refused.why))
        return web.json_response(wire.error(refused.status, refused.why, refused.param), status=refused.status)
    seen.requests.append(body)
    seen.headers.append(dict(request.headers))
    seen.peers.append(request.transport.get_extra_info("peername") if request.transport else None)
    seen.wires.append(wire.name)
    seen.paths.append(request.path)
    seen.asked.append(asked)
    seen.arrived.set()
    rules: tuple[Rule, ...] = request.app[RULES]
    rule = rule_for(rules, asked.question, asked.role)
    seen.answered[rule] = seen.answered.get(rule, 0) + 1
    instead = _instead(wire, rule.behaviour, seen.answered[rule])
    if instead is not None:
        return instead
    try:
        if rule.behaviour.hang == "headers":
            await asyncio.Event().wait()
        answer = answer_to(asked, rule.behaviour)
        return await _stream(request, wire.writer(body, answer), answer, rule.behaviour)
    except (asyncio.CancelledError, ConnectionResetError):
        seen.gone.set()
        raise


async def _json(request: web.Request) -> Any:
    try:
        return await request.json()
    except ValueError as error:
        raise RefusedError(f"this is no JSON: {error}") from None


def _instead(wire: Wire, behaviour: Behaviour, count: int) -> web.Response | None:
    """What the `count`-th request of a rule gets instead of an answer, if anything."""
    if behaviour.status and (not behaviour.status_times or count <= behaviour.status_times):
        headers = {"retry-after": behaviour.retry_after} if behaviour.retry_after else None
        error = wire.error(behaviour.status, f"told to answer {behaviour.status}", "")
        return web.json_response(error, status=behaviour.status, headers=headers)
    if behaviour.garbage:
        return web.Response(body=bytes(range(1, 250)) * 4, content_type="text/event-stream")
    if behaviour.portal:
        return web.Response(text="<!DOCTYPE html><html><body>Welcome! Log in.</body></html>", content_type="text/html")
    return None


async def _stream(request: web.Request, writer: Writer, answer: Answer, behaviour: Behaviour) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "text/event-stream", "cache-control": "no-cache"})
    await response.prepare(request)
    while behaviour.hang == "comments":
        await response.write(writer.beat())
        await asyncio.sleep(0.02)
    pace_s = 1 / (behaviour.story_words_per_s if len(answer.words) > STORY_WORDS else behaviour.words_per_s)
    await response.write(writer.begin())
    async for index, piece in _paced((*answer.thoughts, *answer.words, *answer.calls), behaviour.first_text_s, pace_s):
        number = index - len(answer.thoughts)
        fault = _fault(behaviour, number)
        if fault in ("cut", "stall"):
            if isinstance(piece, Call):
                await response.write(writer.half_call(piece))
            if fault == "cut" and request.transport:
                request.transport.abort()  # and now wait to be told that the connection is gone
            await asyncio.Event().wait()
        if fault == "error":
            await response.write(writer.fail("overloaded: told to fail"))
        if fault:
            return response
        await response.write(_written(writer, piece, number))
    await response.write(writer.end(behaviour.bare_end))
    return response


def _fault(behaviour: Behaviour, number: int) -> str:
    """What goes wrong in front of the `number`-th word or call. Thoughts have numbers below 0: they always come."""
    at = {
        "cut": behaviour.cut_after,
        "stall": behaviour.stall_after,
        "error": behaviour.error_after,
        "end": behaviour.end_after,
    }
    return next((fault for fault, after in at.items() if number == after >= 0), "")


def _written(writer: Writer, piece: str | Call, number: int) -> bytes:
    if isinstance(piece, Call):
        return writer.call(piece)
    return writer.text(piece) if number >= 0 else writer.thought(piece)


async def _paced(pieces: Sequence[str | Call], first_s: float, pace_s: float) -> AsyncIterator[tuple[int, str | Call]]:
    """The pieces at their pace, by deadlines: a late wake-up does not slow the whole answer."""
    now_s = asyncio.get_running_loop().time
    begin_s = now_s() + first_s
    for index, piece in enumerate(pieces):
        await asyncio.sleep(max(0.0, begin_s + index * pace_s - now_s()))
        yield index, piece


# ------------------------------------------------------------------------------------------------------ command line


def main(argv: list[str] | None = None) -> int:
    """Serves until it is told to stop; the first line on standard output is JSON with the address."""
    args = _parser().parse_args(argv)
    pace = Behaviour(first_text_s=3.0, words_per_s=2.0, story_words_per_s=2.0) if args.slow else Behaviour()
    behaviour = replace(
        pace,
        hang=args.hang,
        status=401 if args.refuse else args.status,
        status_times=args.times,
        garbage=args.garbage,
        portal=args.portal,
        cut_after=args.cut_after,
        stall_after=args.stall_after,
        reasoning=args.reasoning,
        malicious=tuple(MALICE if args.malicious == [] else args.malicious or ()),
    )
    try:
        rules = [rule for name in args.scene for rule in scenes.load(scenes.find(name)).model]
    except SimulatorError as error:
        print(f"stand-in-model: {error}", file=sys.stderr)
        return 2
    asyncio.run(_serve(make_app(behaviour, rules), args.host, args.port))
    return 0


async def _serve(app: web.Application, host: str, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner, url = await start(app, host, port)
    print(json.dumps({"url": url, "model": MODEL_ID, "about": ABOUT.strip()}), flush=True)
    await stop.wait()
    await runner.cleanup()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="stand-in-model", description=ABOUT)
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to serve on (default: loopback)")
    add("--port", type=int, default=0, help="0 picks a free one")
    add("--hang", nargs="?", const="headers", default="", choices=["", "headers", "comments"], help="never answer")
    add("--refuse", action="store_true", help="refuse every key (401)")
    add("--status", type=int, default=0, help="answer with this HTTP status")
    add("--times", type=int, default=0, help="with --status: only so many times, then behave")
    add("--garbage", action="store_true", help="answer with bytes that are no stream")
    add("--portal", action="store_true", help="answer with a web page that wants a login")
    add("--cut-after", type=int, default=-1, metavar="WORDS", help="break the connection after so many words")
    add("--stall-after", type=int, default=-1, metavar="WORDS", help="fall silent after so many words")
    add("--reasoning", type=int, default=0, metavar="WORDS", help="think so many words before each answer")
    add("--malicious", nargs="*", choices=MALICE, help="do what a stranger's sign says: all of it, or these")
    add("--scene", action="append", default=[], metavar="SCENE", help="as a scene's `model:` says; may be given again")
    add("--slow", action="store_true", help="3 s to the first word, then 2 words/s")
    return parser


if __name__ == "__main__":
    sys.exit(main())
