"""A stand-in for a model, so that the whole way can be tried without a vendor: it is no model and says so.

It speaks the OpenAI chat format (`POST /v1/chat/completions`, streamed) and looks at the picture it was sent just far
enough to prove that pixels arrived: it names the colour in the middle. By options it misbehaves in every way that a
server or a network can (behaviour.py), which is what the companion's failure tests run against.

    python -m device_sim.stand_in_model --port 0
    python -m device_sim.stand_in_model --scene slow_turn       # as that scene's `model:` says
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from aiohttp import web

from device_sim import scene as scenes
from device_sim.behaviour import Behaviour, Rule, rule_for
from device_sim.errors import SimulatorError

__all__ = ["MODEL_ID", "SEEN", "STORY", "Behaviour", "Rule", "Seen", "answer_to", "main", "make_app", "start"]

MODEL_ID = "stand-in"
STORY_WORDS = 40  # an answer longer than this is told at a story's pace
ABOUT = (
    "This is Earshot's stand-in for a model: a test double that names the colour in the middle of a picture. "
    "It is not a language model.\n"
)


@dataclass(slots=True)
class Seen:
    """What arrived so far, for tests and for the log."""

    requests: list[dict[str, Any]]
    headers: list[Mapping[str, str]]
    peers: list[object]  # address and port that each request came from
    arrived: asyncio.Event  # a request is being answered
    gone: asyncio.Event  # a client left before its answer was complete
    answered: dict[Rule, int]  # requests that each rule got


RULES = web.AppKey("rules", tuple[Rule, ...])
SEEN = web.AppKey("seen", Seen)


def make_app(behaviour: Behaviour | None = None, rules: Sequence[Rule] = ()) -> web.Application:
    """The server as an aiohttp application; `app[SEEN]` tells what arrived. `rules` come before `behaviour`."""
    app = web.Application(client_max_size=64 << 20)
    app[RULES] = (*rules, Rule("", behaviour or Behaviour()))
    app[SEEN] = Seen([], [], [], asyncio.Event(), asyncio.Event(), {})
    app.router.add_get("/", _about)
    app.router.add_get("/v1/models", _models)
    app.router.add_post("/v1/chat/completions", _completions)
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


async def _models(_: web.Request) -> web.Response:
    about = {"id": MODEL_ID, "object": "model", "owned_by": "earshot", "description": ABOUT.strip()}
    return web.json_response({"object": "list", "data": [about]})


async def _completions(request: web.Request) -> web.StreamResponse:
    seen = request.app[SEEN]
    try:
        body = await request.json()
        answer = answer_to(body)
        rules: tuple[Rule, ...] = request.app[RULES]
        rule = rule_for(rules, _last_question(body["messages"])[0])
    except (ValueError, KeyError, TypeError) as error:
        return _error(400, f"not a chat request: {error!r}", "invalid_request_error")
    seen.requests.append(body)
    seen.headers.append(dict(request.headers))
    seen.peers.append(request.transport.get_extra_info("peername") if request.transport else None)
    seen.arrived.set()
    behaviour, count = rule.behaviour, seen.answered.get(rule, 0) + 1
    seen.answered[rule] = count
    if behaviour.status and (not behaviour.status_times or count <= behaviour.status_times):
        headers = {"retry-after": behaviour.retry_after} if behaviour.retry_after else None
        return _error(behaviour.status, f"told to answer {behaviour.status}", "", headers)
    if behaviour.garbage:
        return web.Response(body=bytes(range(1, 250)) * 4, content_type="text/event-stream")
    if behaviour.portal:
        return web.Response(text="<!DOCTYPE html><html><body>Welcome! Log in.</body></html>", content_type="text/html")
    try:
        if behaviour.hang == "headers":
            await asyncio.Event().wait()
        return await _stream(request, answer, behaviour)
    except (asyncio.CancelledError, ConnectionResetError):
        seen.gone.set()
        raise


def _error(status: int, message: str, kind: str, headers: dict[str, str] | None = None) -> web.Response:
    error = {"message": message, "type": kind or None, "param": None, "code": None}
    return web.json_response({"error": error}, status=status, headers=headers)


async def _stream(request: web.Request, answer: str, behaviour: Behaviour) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "text/event-stream", "cache-control": "no-cache"})
    await response.prepare(request)
    while behaviour.hang == "comments":
        await response.write(b": still thinking\n\n")
        await asyncio.sleep(0.02)
    pieces = re.findall(r"\s*\S+", answer)
    pace_s = 1 / (behaviour.story_words_per_s if len(pieces) > STORY_WORDS else behaviour.words_per_s)
    await response.write(_chunk({"role": "assistant", "content": ""}))
    async for index, piece in _paced(pieces, behaviour.first_text_s, pace_s):
        if index == behaviour.cut_after and request.transport:
            request.transport.abort()  # and now wait to be told that the connection is gone
        if index in (behaviour.cut_after, behaviour.stall_after):
            await asyncio.Event().wait()
        if index == behaviour.error_after:
            error = {"message": "told to fail", "type": "overloaded_error", "code": 503}
            await response.write(b"data: " + json.dumps({"error": error}).encode() + b"\n\n")
            return response
        await response.write(_chunk({"content": piece}))
    usage = {"prompt_tokens": 100, "completion_tokens": len(pieces), "total_tokens": 100 + len(pieces)}
    if behaviour.bare_end:
        await response.write(_chunk({}, "stop", usage=usage))
        return response
    await response.write(_chunk({}, "stop"))
    await response.write(_chunk(None, usage=usage) + b"data: [DONE]\n\n")
    return response


async def _paced(pieces: list[str], first_s: float, pace_s: float) -> AsyncIterator[tuple[int, str]]:
    """The pieces at their pace, by deadlines: a late wake-up does not slow the whole answer."""
    now_s = asyncio.get_running_loop().time
    begin_s = now_s() + first_s
    for index, piece in enumerate(pieces):
        await asyncio.sleep(max(0.0, begin_s + index * pace_s - now_s()))
        yield index, piece


def _chunk(delta: dict[str, Any] | None, finish: str | None = None, usage: dict[str, int] | None = None) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    chunk: dict[str, Any] = {
        "id": "stand-in-1",
        "object": "chat.completion.chunk",
        "model": MODEL_ID,
        "choices": choices,
    }
    if usage:
        chunk["usage"] = usage
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


# ------------------------------------------------------------------------------------------------- what it answers


def answer_to(body: dict[str, Any]) -> str:
    """The answer to a chat request: about its last user message and the picture in it."""
    question, jpeg = _last_question(body["messages"])
    if "story" in question.lower():
        return STORY
    if jpeg is None:
        return "I got no picture."
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        return "I got a picture that I cannot open."
    colour = colour_in_the_middle(picture)
    asked = re.search(r"\b(door)\b|colou?r\s+(?:is|are|has)\s+(?:the|this|that|my)\s+(\w+)", question.lower())
    thing = (asked.group(1) or asked.group(2)) if asked else ""
    return f"The {thing} is {colour}." if thing else f"I see something {colour}."


def _last_question(messages: list[dict[str, Any]]) -> tuple[str, bytes | None]:
    content = [m["content"] for m in messages if m["role"] == "user"][-1]
    if isinstance(content, str):
        return content, None
    text, jpeg = "", None
    for part in content:
        if part["type"] == "text":
            text += part["text"]
        elif part["type"] == "image_url":
            _, comma, data = part["image_url"]["url"].partition(";base64,")
            jpeg = base64.b64decode(data, validate=True) if comma else jpeg
    return text, jpeg


# Where a hue begins, in OpenCV's half degrees; common words, so that a recogniser and an ear know them.
_HUES = (
    (0, "red"),
    (9, "orange"),
    (21, "yellow"),
    (34, "green"),
    (86, "blue"),
    (130, "purple"),
    (152, "pink"),
    (169, "red"),
)


def colour_in_the_middle(bgr: np.ndarray[Any, np.dtype[np.uint8]]) -> str:
    """The word for the dominant saturated colour in the middle half of a picture; "white", "grey" or "black" if under a
    tenth of it has one. bgr: (h, w, 3) uint8."""
    height, width = bgr.shape[:2]
    middle = bgr[height // 4 : height - height // 4, width // 4 : width - width // 4]
    hue, saturation, value = (plane.astype(np.int32) for plane in cv2.split(cv2.cvtColor(middle, cv2.COLOR_BGR2HSV)))
    vivid = (saturation > 90) & (value > 60)
    if vivid.mean() < 0.1:
        light = float(np.median(value))
        return "white" if light > 180 else "grey" if light > 70 else "black"
    names = np.searchsorted([h for h, _ in _HUES], hue[vivid], side="right") - 1
    weight: dict[str, int] = {}
    for index, weighed in enumerate(np.bincount(names, weights=saturation[vivid], minlength=len(_HUES))):
        weight[_HUES[index][1]] = weight.get(_HUES[index][1], 0) + int(weighed)
    return max(weight, key=lambda name: weight[name])


STORY = (
    "Once there was a lamp that lived on a quiet pier. Every evening it looked over the water and waited for the "
    "boats to come home. One night the fog was so thick that nobody could see the shore. The lamp shone as "
    "brightly as it could, but the light went only a few steps and stopped. So the lamp asked the old bell for "
    "help. The bell had not spoken for years, and its voice was rough. Still it rang, slowly at first, and then "
    "with all its heart. Out on the water the boats heard it and turned. One after the other they found the pier, "
    "and the last of them carried new oil for the lamp and a rope for the bell."
)


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
    add("--scene", action="append", default=[], metavar="SCENE", help="as a scene's `model:` says; may be given again")
    add("--slow", action="store_true", help="3 s to the first word, then 2 words/s")
    return parser


if __name__ == "__main__":
    sys.exit(main())
