"""A server that really looks: `transformers serve` with a vision model of random weights.

Its words mean nothing. That it decoded the pictures shows in its token counts: each picture is so many tokens more.
"""

from __future__ import annotations

import pytest

from pipelines.events import AskModel, Message, View
from tests.conformance.conftest import tell
from tests.conformance.tap import tapped
from tests.conformance.wires import ask, picture, profile, question, run

pytestmark = pytest.mark.conformance
its_wires = pytest.mark.parametrize("wire", ["chat", "responses"])

VISION_SERVER = tuple[str, str]
WORDS = 16  # a model of random weights would go on for ever


def looking_at(pictures: int) -> AskModel:
    """The same words with so many pictures; all are in the user's message."""
    views = tuple(View(number, px=768) for number in range(1, pictures + 1))
    return question(Message("user", "hi", views=views), max_tokens=WORDS)


def _root(url: str) -> str:
    return url.removesuffix("/v1")


@its_wires
def test_an_answer_streams_and_ends_well(vision_server: VISION_SERVER, wire: str) -> None:
    url, model = vision_server
    heard = run(ask(profile(wire, _root(url), model, first_text_s=60.0), question("hi", max_tokens=WORDS)))
    assert heard.text
    assert len(heard.events) > 2, "it came in pieces"
    assert heard.why in ("stopped", "cut")
    assert heard.finished.input_tokens > 0 and heard.finished.output_tokens > 0


@its_wires
def test_every_picture_arrives_and_is_decoded(
    vision_server: VISION_SERVER, wire: str, pytestconfig: pytest.Config
) -> None:
    url, model = vision_server
    who = profile(wire, _root(url), model, first_text_s=60.0)
    none, one, two = (run(ask(who, looking_at(n), jpeg=picture())).finished.input_tokens for n in range(3))
    tell(pytestconfig, f"prompt tokens at {wire} with 0, 1, 2 pictures: {none}, {one}, {two}")
    assert one - none == two - one > 0


@its_wires
def test_what_is_no_picture_is_refused(vision_server: VISION_SERVER, wire: str) -> None:
    """So the bytes are looked at, and its refusal (HTTP 500 in plain text) is understood."""
    url, model = vision_server
    who = profile(wire, _root(url), model, first_text_s=60.0)
    heard = run(ask(who, looking_at(1), jpeg=b"\xff\xd8\xff\xe0 no picture at all"))
    assert (heard.text, heard.failed.kind) == ("", "overloaded")


def test_a_chat_stream_without_done_ends_well(vision_server: VISION_SERVER) -> None:
    url, model = vision_server

    async def listen() -> tuple[bytes, str]:
        async with tapped(_root(url)) as tap:
            heard = await ask(profile("chat", tap.url, model, first_text_s=60.0), question("hi", max_tokens=WORDS))
            return bytes(tap.came), heard.why

    came, why = run(listen())
    assert b"[DONE]" not in came, "the server has learned to say it: this test has lost its subject"
    assert why in ("stopped", "cut")
