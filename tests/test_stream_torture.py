"""What networks and servers do to a stream, done to all four wire formats: cut anywhere, torn, mangled, endless.

Whatever comes, an answer has exactly one ending, no word from before the fault is lost, and memory stays small.
"""

from __future__ import annotations

import itertools
import json
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.thinking import failures
from pipelines.thinking.dialects import DIALECTS
from pipelines.thinking.dialects.answer import Failed, Finished, ModelEvent, TextDelta
from tests.wire_scripts import WIRES, Event, Script, error, events_of, sse, stream, whole

CALLS = (("id_1", "weather", '{"place": "Zürich \u2028"}'), ("id_2", "clock", "{}"))
# Text that a careless reader breaks: line ends of other standards, characters of several bytes, a byte order mark.
HARD = Script(("a\u2028b\u0085c", "\x0b\x0c\x1c ", "naïve 😀", "\ufeff", " end"), ("hm\u2029",), CALLS)
MIB = 1 << 20


def read(wire: str, *chunks: bytes) -> list[ModelEvent]:
    parser = DIALECTS[wire].parser()
    events = [event for chunk in chunks for event in parser.feed(chunk)] + parser.finish()
    assert parser.feed(b"data: more\n\n") == parser.finish() == [], "nothing comes after the ending"
    return events


def text_of(events: list[ModelEvent]) -> str:
    return "".join(e.text for e in events if isinstance(e, TextDelta))


def ending_of(events: list[ModelEvent]) -> Finished | Failed:
    endings = [e for e in events if not isinstance(e, TextDelta)]
    assert endings == events[-1:], "one ending, and it comes last"
    if isinstance(endings[0], Failed):
        assert endings[0].kind in failures.KINDS
        assert 0 < len(endings[0].detail) < 500
    return endings[0]


def raw(wire: str, script: Script, end: bytes = b"\n") -> bytes:
    """A stream whose characters are sent as they are, not as JSON escapes."""
    events = [
        (name, e if isinstance(e, str) else json.dumps(e, ensure_ascii=False)) for name, e in events_of(wire, script)
    ]
    return sse(events, end)


def by_bytes(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]


def said(script: Script) -> str:
    return "".join(script.texts)


# ------------------------------------------------------------------------------------------------------ still a stream


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_lines_end_as_they_like_and_characters_are_whole(wire: str, end: bytes) -> None:
    for data in (raw(wire, HARD, end), stream(wire, HARD, end)):
        for chunks in ([data], by_bytes(data)):
            events = read(wire, *chunks)
            assert text_of(events) == said(HARD)
            ending = ending_of(events)
            assert isinstance(ending, Finished)
            assert [(c.call_id, c.name, json.loads(c.arguments)) for c in ending.calls] == [
                (i, n, json.loads(a)) for i, n, a in CALLS
            ]


@pytest.mark.parametrize("wire", WIRES)
def test_a_mark_comments_and_unknown_fields_are_passed_over(wire: str) -> None:
    noise = b": PROCESSING\r\n\r\n:\n\nid: 7\nretry: 10\n\nevent: ping\ndata: {}\n\ndata:\n\n"
    events = stream(wire, HARD).split(b"\n\n")
    data = b"\xef\xbb\xbf" + noise + (b"\n\n" + noise).join(events)
    assert read(wire, *by_bytes(data)) == read(wire, stream(wire, HARD))


@pytest.mark.parametrize("wire", WIRES)
def test_an_event_may_take_several_lines(wire: str) -> None:
    pretty = [
        (name, e if isinstance(e, str) else json.dumps(e, indent=1).replace("\n", "\ndata: "))
        for name, e in events_of(wire, HARD)
    ]
    assert read(wire, sse(pretty)) == read(wire, stream(wire, HARD))


@pytest.mark.parametrize("wire", WIRES)
def test_a_last_event_without_its_blank_line_counts(wire: str) -> None:
    for left in (b"", b"\n"):
        assert read(wire, stream(wire, HARD).rstrip(b"\n") + left) == read(wire, stream(wire, HARD))


@pytest.mark.parametrize("wire", WIRES)
@given(at=st.lists(st.integers(0, 6000), max_size=12), hard=st.booleans(), end=st.sampled_from([b"\n", b"\r", b"\r\n"]))
@settings(max_examples=60, deadline=None)
def test_where_the_bytes_are_cut_changes_nothing(wire: str, at: list[int], hard: bool, end: bytes) -> None:
    data = raw(wire, HARD, end) if hard else whole(wire, Script((), (), CALLS))
    assert read(wire, *cut(data, at)) == read(wire, data)


def cut(data: bytes, at: list[int]) -> list[bytes]:
    edges = [0, *sorted(a % (len(data) + 1) for a in at), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


# ------------------------------------------------------------------------------------------------------- no stream left


@pytest.mark.parametrize("wire", WIRES)
def test_wherever_the_stream_breaks_off_what_was_said_stays_and_no_tool_runs(wire: str) -> None:
    data = raw(wire, HARD)
    complete = read(wire, data)
    for length in range(len(data)):
        events = read(wire, data[:length])
        assert said(HARD).startswith(text_of(events))
        ending = ending_of(events)
        if isinstance(ending, Finished):
            assert ending.calls == ending_of(complete).calls, "an answer that is whole is the whole answer"  # type: ignore[union-attr]
        else:
            assert ending.kind in ("truncated", "protocol")
            assert ending.kind == "truncated" or not text_of(events)


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("after", range(6))
def test_every_word_before_the_fault_comes_out(wire: str, after: int) -> None:
    """`<th` is held back, for it may become `<think>`: it must come out all the same."""
    script = Script(("<th", "e", " end", "\n<tool_", "x", " <")[:after], stop="")
    faults: dict[str, bytes] = {
        "overloaded": sse([error(wire)]),
        "protocol": b"data: {oops\n\n",
        "truncated": b"",
    }
    for kind, fault in faults.items():
        data = stream(wire, script) + fault
        events = read(wire, data + (stream(wire, HARD) if fault else b""))
        ending = ending_of(events)
        assert text_of(events) == said(script)
        assert isinstance(ending, Failed)
        assert ending.kind == kind or not events_of(wire, script), "without an event it is no stream at all"


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("answer", [HARD, Script((), (), CALLS)])
def test_no_end_is_no_answer(wire: str, answer: Script) -> None:
    unended = Script(answer.texts, answer.thoughts, answer.calls, stop="")
    ending = ending_of(read(wire, stream(wire, unended)))
    assert isinstance(ending, Failed) and ending.kind == "truncated"


PAGE = b"\r\n<!DOCTYPE html><html><title>Welcome, please log in</title>" + b"<p>terms</p>" * 1000


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("page", [PAGE, b"\xef\xbb\xbf" + PAGE, PAGE[:80], b"<?xml version='1.0'?><error/>"])
def test_a_login_page_is_known_as_one(wire: str, page: bytes) -> None:
    for chunks in ([page], by_bytes(page)):
        ending = ending_of(read(wire, *chunks))
        assert isinstance(ending, Failed) and ending.kind == "portal"
        assert "page" in ending.detail


ODD = {
    "nothing": (b"", "truncated"),
    "blanks": (b" \r\n" * 100, "protocol"),
    "words": (b"Internal Server Error", "protocol"),
    "a list": (b"data: [1]\n\n", "protocol"),
    "null": (b"data: null\n\n", "protocol"),
    "brackets without end": (b"data: " + b"[" * 100_000 + b"\n\n", "protocol"),
    "a number without end": (b"data: " + b"7" * 100_000 + b"\n\n", "protocol"),
    "broken JSON": (b'{"choices": [', "protocol"),
    "deep JSON": (b'{"error": ' + b"[" * 5000 + b"]" * 5000 + b"}", "protocol"),
    "JSON that is no UTF-8": (b'{"error": "\xff', "protocol"),
}


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("case", ODD)
def test_odd_bodies_have_a_name(wire: str, case: str) -> None:
    data, kind = ODD[case]
    ending = ending_of(read(wire, data))
    assert isinstance(ending, Failed) and ending.kind == kind


CALL_OF = {
    "chat": b'{"choices": [{"delta": {"tool_calls": [{"function": {"name": "clock", "arguments": %s}}]}}]}',
    "responses": b'{"type":"response.output_item.done","item":{"type":"function_call","name":"clock","arguments":%s}}',
    "anthropic": b'{"type": "content_block_start", "content_block": {"type": "tool_use", "name": "x", "input": %s}}',
    "gemini": b'{"candidates": [{"content": {"parts": [{"functionCall": {"name": "clock", "args": %s}}]}}]}',
}


@pytest.mark.parametrize("wire", WIRES)
def test_what_is_nested_at_any_depth_is_read_or_refused(wire: str) -> None:
    """Around the depth at which JSON can just be read, but no longer be written."""
    errors = (b'{"error": %s}', b'{"error": {"message": %s}}', b'{"type": "error", "x": %s}')
    for event, as_read in (*zip(errors, itertools.repeat("overloaded")), (CALL_OF[wire], "truncated")):
        kinds = []
        for depth in (100, *range(820, 1000), 100_000):
            events = read(wire, b"data: " + event % (b"[" * depth + b"]" * depth) + b"\n\n")
            ending = ending_of(events)
            assert isinstance(ending, Failed) and not text_of(events), "no tool runs, and nothing of it is said"
            kinds.append(ending.kind)
        assert kinds[0] == as_read and kinds[-1] == "protocol"
        deepest = kinds.index("protocol")
        assert set(kinds[:deepest]) == {as_read} and set(kinds[deepest:]) == {"protocol"}, (
            "one border, and no third way"
        )


# ------------------------------------------------------------------------------------------------------------ too much


def endless(*begin: bytes, filling: bytes = b"x" * MIB, chunks: int = 1024) -> Iterator[bytes]:
    """A gigabyte, made as it is asked for."""
    yield from begin
    for _ in range(chunks):
        yield filling


ENDLESS = {
    "a line": (b"data: ", b"x" * MIB),
    "an event of many lines": (b"data: x\n", b"data: xxxxxxx\n" * 80_000),
    "a comment": (b": ", b"x" * MIB),
    "words": (b"", b"x" * MIB),
    "JSON": (b'{"choices": "', b"x" * MIB),
    "a page": (b"<html>", b"x" * MIB),
    "blanks": (b"", b" " * MIB),
}


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("case", ENDLESS)
def test_a_gigabyte_is_given_up_early_and_costs_little_memory(wire: str, case: str) -> None:
    begin, filling = ENDLESS[case]
    parser = DIALECTS[wire].parser()
    spoken = stream(wire, Script(("Well", "<th"), stop="")) if case in ("a line", "a comment") else b""
    tracemalloc.start()
    events: list[ModelEvent] = []
    used = 0
    for chunk in endless(spoken, begin, filling=filling):
        events += parser.feed(chunk)
        used += len(chunk)
        if events and isinstance(events[-1], Failed):
            break
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    ending = ending_of(events + parser.finish())
    assert isinstance(ending, Failed) and ending.kind == ("portal" if case == "a page" else "protocol")
    assert text_of(events) == ("Well<th" if spoken else "")
    assert used <= 6 * MIB and peak <= 24 * MIB


@pytest.mark.parametrize("wire", WIRES)
def test_one_chunk_of_any_size_is_not_copied_whole(wire: str) -> None:
    parser = DIALECTS[wire].parser()
    chunk = b"data: " + b"x" * (64 * MIB)
    tracemalloc.start()
    parser.feed(b": hello\n\n")
    ending = ending_of(parser.feed(chunk))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(ending, Failed) and "1048576" in ending.detail
    assert peak <= 8 * MIB


@pytest.mark.parametrize("wire", WIRES)
def test_an_answer_without_end_is_cut_at_the_limit(wire: str) -> None:
    script = Script(("x" * 60_000, "y" * 40_000, "z"))
    events = read(wire, stream(wire, script))
    assert len(text_of(events)) == 100_000
    ending = ending_of(events)
    assert isinstance(ending, Failed) and "100000" in ending.detail


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("text", ["<tool_call></tool_call>\n", "<", "\n", "\n<tool_call", "<think>", " "])
def test_no_text_makes_the_filters_slow_or_large(wire: str, text: str) -> None:
    """Filters that look at everything again for each tag would need hours for these."""
    many = text * (90_000 // len(text))
    assert isinstance(ending_of(read(wire, stream(wire, Script((many,))))), Finished | Failed)
    pieces = Script(tuple(many[i : i + 100] for i in range(0, len(many), 100)))
    assert text_of(read(wire, stream(wire, pieces))).count("z") == 0


@pytest.mark.parametrize(
    ("wire", "name"), [("anthropic", "thinking"), ("responses", "reasoning"), ("gemini", "thought")]
)
def test_what_is_only_carried_has_a_limit_too(wire: str, name: str) -> None:
    big = "A" * 600_000
    events: list[Event]
    if wire == "anthropic":
        events = [("", {"type": "content_block_start", "content_block": {"type": "redacted_thinking", "data": big}})]
    elif wire == "responses":
        item = {"type": "reasoning", "id": "rs", "encrypted_content": big}
        events = [("", {"type": "response.output_item.done", "item": item})]
    else:
        part = {"functionCall": {"name": "clock"}, "thoughtSignature": big}
        events = [("", {"candidates": [{"content": {"parts": [part]}}]})]
    ending = ending_of(read(wire, sse([*events_of(wire, Script(("Well",), stop="")), *events * 2])))
    assert isinstance(ending, Failed) and name in ending.detail


# -------------------------------------------------------------------------------------------------------- made-up bytes


@pytest.mark.parametrize("wire", WIRES)
@given(noise=st.binary(max_size=300), at=st.lists(st.integers(0, 4000), max_size=6))
@settings(max_examples=100, deadline=None)
def test_noise_has_one_ending_and_loses_no_word(wire: str, noise: bytes, at: list[int]) -> None:
    begun = stream(wire, Script(("The", " door"), stop=""))
    for data in (noise, b"data: " + noise + b"\n\n", begun + noise, begun + b"data: " + noise + b"\n\n"):
        events = read(wire, *cut(data, at))
        assert events == read(wire, data)
        ending_of(events)
        assert not data.startswith(begun) or text_of(events).startswith("The door")


# Words of all four formats, so that what is made up comes near to what is real.
_NAMES = """
type index delta content text choices message tool_calls function name arguments id call_id usage error code status
finish_reason stop_reason object item output output_index response incomplete_details reason input thinking signature
data content_block partial_json candidates parts functionCall args finishReason promptFeedback blockReason thought
thoughtSignature usageMetadata input_tokens output_tokens prompt_tokens refusal encrypted_content summary
reasoning_content
"""
_WORDS = """
text message function_call reasoning tool_use thinking redacted_thinking content_block_start content_block_delta
message_delta message_start message_stop text_delta input_json_delta thinking_delta signature_delta error
response.completed response.incomplete response.failed response.output_item.done response.output_text.delta
response.refusal.delta output_text stop length STOP MAX_TOKENS end_turn <think> <tool_call>
"""
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1, 2)
    | st.floats()
    | st.sampled_from([*_WORDS.split(), "\ud800", "\n"])
    | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES.split()), inner, max_size=5),
    max_leaves=25,
)
_EVENTS = st.tuples(
    st.sampled_from(["", "error", "message_stop"]),
    st.dictionaries(st.sampled_from(_NAMES.split()), _VALUES, max_size=6),
)


@pytest.mark.parametrize("wire", WIRES)
@given(made_up=st.lists(_EVENTS, max_size=5), into=st.integers(0, 12), alone=st.booleans())
@settings(max_examples=150, deadline=None)
def test_events_of_odd_shapes_have_one_ending(wire: str, made_up: list[Event], into: int, alone: bool) -> None:
    """They come in the middle of a real answer, or one of them in place of a stream."""
    real = events_of(wire, HARD)
    data = json.dumps(made_up[0][1]).encode() if alone and made_up else sse([*real[:into], *made_up, *real[into:]])
    events = read(wire, data)
    assert events == read(wire, *by_bytes(data))
    ending = ending_of(events)
    written = [
        text_of(events),
        *(part for c in getattr(ending, "calls", ()) for part in (c.call_id, c.name, c.arguments)),
    ]
    assert all(part.encode("utf-8") is not None for part in (*written, getattr(ending, "carry", "")))
    if isinstance(ending, Finished):
        assert len({c.call_id for c in ending.calls}) == len(ending.calls) and all(c.name for c in ending.calls)
        assert text_of(events).strip() or ending.calls
