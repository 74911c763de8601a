"""What reading a model's stream costs per token in each wire format, writing a request, and importing the model side.

    python -m tests.bench.bench_dialects [--tokens 2000]

A token is one event of the stream with a few letters, each in a network chunk of its own. Parsing goes from bytes to
`TextDelta`s, JSON and all. The import is timed from outside, in fresh processes, less that of an empty Python.
"""

from __future__ import annotations

import argparse
import base64
import json
import statistics
import subprocess
import sys
from collections.abc import Callable
from time import perf_counter

from pipelines.events import Message, ToolInfo, View
from pipelines.thinking.dialects import DIALECTS
from pipelines.thinking.dialects.answer import Finished, TextDelta
from pipelines.thinking.dialects.query import Query, Quirks
from tests.wire_scripts import WIRES, Script, events_of, sse

WANTED_US = 50.0  # a token
WANTED_S = 0.15  # the import
IMPORTED = "companion.model.client"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--tokens", type=int, default=2000, help="how long the answer is")
    tokens = arguments.parse_args().tokens
    figures: dict[str, object] = {"bench": "dialects", "tokens": tokens}
    print(f"{'wire':<12}{'token us':>10}{'slowest us':>12}{'reasoning us':>14}{'request ms':>12}")
    for wire in WIRES:
        text, slowest = token_us(wire, Script(tuple(words(tokens))))
        thought, _ = token_us(wire, Script(("Red.",), tuple(words(tokens))))
        request = request_ms(wire)
        figures[wire] = {
            "token_us": round(text, 1),
            "slowest_token_us": round(slowest, 1),
            "reasoning_us": round(thought, 1),
            "request_ms": round(request, 2),
        }
        print(f"{wire:<12}{text:>10.1f}{slowest:>12.1f}{thought:>14.1f}{request:>12.2f}")
    seconds = import_s()
    print(f"\nimport {IMPORTED}: {seconds:.3f} s (wanted: at most {WANTED_S}); wanted a token: at most {WANTED_US} us")
    print(json.dumps({**figures, "import_s": round(seconds, 3)}))


def words(count: int) -> list[str]:
    return [f" word{number % 10}" if number % 12 else "\nnext" for number in range(1, count + 1)]


def token_us(wire: str, script: Script, rounds: int = 5) -> tuple[float, float]:
    """Microseconds of the parser for one event: the mean of the best round, and its 999th of 1000."""
    chunks = [sse([event]) for event in events_of(wire, script)]
    best: tuple[float, float] = (float("inf"), 0.0)
    for _ in range(rounds):
        parser, took, events = DIALECTS[wire].parser(), [], []
        for chunk in chunks:
            start = perf_counter()
            got = parser.feed(chunk)
            took.append((perf_counter() - start) * 1e6)
            events += got
        events += parser.finish()
        assert isinstance(events[-1], Finished), events[-1]
        assert "".join(e.text for e in events if isinstance(e, TextDelta)) == "".join(script.texts)
        slowest = sorted(took)[int(len(took) * 0.999)]
        best = min(best, (statistics.mean(took), slowest))
    return best


def request_ms(wire: str) -> float:
    """The body of a usual question, to JSON: 12 earlier turns, 8 tools, one picture of 110 kB."""
    schema = '{"type": "object", "properties": {"place": {"type": "string"}, "days": {"type": "integer"}}}'
    tools = tuple(ToolInfo(f"tool_{n}", "What it does, in one sentence.", schema) for n in range(8))
    turns = [Message(role, "Some words of a turn. " * 4) for _ in range(6) for role in ("user", "assistant")]
    messages = (Message("system", "Be short. " * 60), *turns, Message("user", "What is this?", frame_id=7))
    picture = base64.b64encode(b"\xff\xd8" + bytes(range(256)) * 320)
    query = Query("some-model", messages, {View(7, px=768): picture}, 1024, "low", tools, 768)
    return timed(lambda: json.dumps(DIALECTS[wire].body(query, Quirks()), ensure_ascii=False).encode()) * 1e3


def timed(work: Callable[[], object], rounds: int = 20) -> float:
    took = []
    for _ in range(rounds):
        start = perf_counter()
        work()
        took.append(perf_counter() - start)
    return min(took)


def import_s(rounds: int = 7) -> float:
    """Seconds that importing the model side adds to a fresh Python with warm files, best against best: whatever else
    the machine does only adds to either."""
    without, with_it = [min(_run(code) for _ in range(rounds)) for code in ("pass", f"import {IMPORTED}")]
    return with_it - without


def _run(code: str) -> float:
    start = perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return perf_counter() - start


if __name__ == "__main__":
    main()
