"""Vectors: built in, from a server of one's own, from a folder; without them the words are still searched."""

from __future__ import annotations

import json
import sys
import threading
import types
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from companion.memory.embed import EmbedError, HashedGrams, Model2Vec, Vectors, embedder, normal
from companion.memory.embed_server import ServerEmbedder
from companion.memory.nearest import KINDS, Nearest, Wanted, signs
from companion.memory.settings import MemorySettings
from companion.memory.store import open_store
from pipelines.events import Memory

MEANINGS = ("dog hound puppy", "car vehicle automobile", "house home building")


def meaning(text: str) -> list[float]:
    """A stand-in for a model that knows that some words mean the same."""
    found = [float(any(word in text.lower() for word in group.split())) for group in MEANINGS]
    return [*found, 0.0 if any(found) else 1.0]


class StandInServer(HTTPServer):
    """Answers /v1/embeddings out of order; `status` and `body`, if set, instead."""

    status = 200
    body: bytes | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[list[str]] = []


class _Handler(BaseHTTPRequestHandler):
    server: StandInServer

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        assert self.path == "/v1/embeddings" and asked["model"] == "a-model"
        self.server.asked.append(asked["input"])
        rows = [{"index": i, "embedding": meaning(text)} for i, text in enumerate(asked["input"])]
        body = self.server.body or json.dumps({"data": rows[::-1]}).encode()
        self.send_response(self.server.status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[StandInServer]:
    with StandInServer() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def settings_for(server: StandInServer) -> MemorySettings:
    return MemorySettings(embeddings=f"http://127.0.0.1:{server.server_port}/v1", embeddings_model="a-model")


def test_a_server_finds_what_means_the_same_and_is_not_asked_while_storing(
    tmp_path: Path, server: StandInServer
) -> None:
    settings = settings_for(server)
    store = open_store(settings, tmp_path, embedder(settings, local_only=True))
    store.memorise(Memory(text="the puppy is called Rex"))
    store.memorise(Memory(text="the garage is closed"))
    assert server.asked == []
    assert [one.text for one in store.recall("what is my hound called")] == ["the puppy is called Rex"]
    assert server.asked == [["what is my hound called", "the puppy is called Rex", "the garage is closed"]]
    assert store.recall("which building") == ()
    assert server.asked[1:] == [["which building"]]
    store.close()


@pytest.mark.parametrize(("status", "body"), [(500, b"oops"), (200, b"<html>"), (200, b'{"data": []}'), (302, b"")])
def test_a_server_that_fails_leaves_the_words(
    tmp_path: Path, server: StandInServer, status: int, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_for(server)
    store = open_store(settings, tmp_path, embedder(settings))
    store.memorise(Memory(text="the puppy is called Rex"))
    server.status, server.body = status, body
    assert [one.text for one in store.recall("which puppy")] == ["the puppy is called Rex"]
    assert store.recall("which hound") == ()
    assert len(caplog.records) == 1 and "searched by their words" in caplog.text
    server.status, server.body = 200, None
    assert store.recall("which hound")
    store.close()


@pytest.mark.parametrize(
    "url", ["https://api.example.com/v1", "http://93.184.216.34/v1", "http://localhost.example/v1"]
)
def test_a_server_that_is_not_ones_own_is_refused(url: str) -> None:
    with pytest.raises(EmbedError, match="only a server of your own"):
        ServerEmbedder(url, "m", local_only=False)


def test_local_only_allows_this_machine_alone() -> None:
    assert ServerEmbedder("http://192.168.1.5:1234/v1", "m", local_only=False)
    with pytest.raises(EmbedError, match="local_only"):
        ServerEmbedder("http://192.168.1.5:1234/v1", "m", local_only=True)


def test_settings_that_cannot_be_are_refused_with_the_way_out() -> None:
    for wrong, way in (("magic", "built-in"), ("http://localhost:1/v1", "embeddings_model")):
        with pytest.raises(ValueError, match=way):
            MemorySettings(embeddings=wrong)
    with pytest.raises(ValueError, match="retention_days"):
        MemorySettings(retention_days=-1)


def test_model2vec_names_its_extra_and_fetches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "model2vec", None)
    with pytest.raises(EmbedError, match=r"earshot-companion\[memory-model2vec\]"):
        embedder(MemorySettings(embeddings=f"model2vec:{tmp_path}"))
    stand_in = types.ModuleType("model2vec")
    stand_in.StaticModel = types.SimpleNamespace(from_pretrained=_model)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "model2vec", stand_in)
    with pytest.raises(EmbedError, match="no such folder"):
        Model2Vec(tmp_path / "minishlab" / "potion")
    (tmp_path / "m").mkdir()
    store = open_store(MemorySettings(), tmp_path, Model2Vec(tmp_path / "m"))
    store.memorise(Memory(text="the puppy is called Rex"))
    assert store.recall("which hound")
    store.close()


def _model(folder: str) -> Any:
    def encode(texts: Sequence[str]) -> Vectors:
        return np.array([meaning(text) for text in texts], np.float32)

    return types.SimpleNamespace(encode=encode)


def test_the_built_in_vectors_are_the_same_everywhere_and_know_related_spellings() -> None:
    found = HashedGrams().embed(["the allergy", "allergic", "a zebra", "", "the"])
    assert found.shape == (5, 256) and found.dtype == np.float32
    assert np.allclose(np.linalg.norm(found, axis=1), [1, 1, 1, 0, 0], atol=1e-6)
    assert found[0] @ found[1] > 0.9 and abs(found[0] @ found[2]) < 0.3
    again = HashedGrams().embed(["the allergy"])
    assert again.tobytes() == found[:1].tobytes()


def test_counting_signs_finds_the_vectors_that_lie_closest() -> None:
    state = np.random.RandomState(1)
    vectors = normal(state.standard_normal((5000, 64)).astype(np.float32))
    index = Nearest()
    for first in range(0, 5000, 700):  # it grows on the way
        part = vectors[first : first + 700]
        ids = range(first + 1, first + len(part) + 1)
        index.add(list(ids), [0.0] * len(part), [0] * len(part), signs(part))
    mask = index.mask(Wanted(KINDS))
    hit = 0
    for at in range(100):
        query = normal(vectors[at : at + 1] + 0.08 * state.standard_normal((1, 64)).astype(np.float32))
        best = int(np.argmax(vectors @ query[0])) + 1
        hit += best in index.ids(index.closest(signs(query), mask, 64))
    assert hit == 100
    assert index.size_bytes < 5000 * 1.5 * 81 + 100_000


def test_rows_that_were_removed_are_gone_and_the_others_keep_their_place() -> None:
    vectors = normal(np.eye(6, 8, dtype=np.float32) + 0.01)
    index = Nearest()
    index.add([1, 2, 3, 5, 8, 9], [float(i) for i in range(6)], [0] * 6, signs(vectors))
    index.remove([2, 8, 77])
    index.replace(5)
    assert index.count == 4 and index.last_id == 9
    assert list(index.ids(index.rows(np.array([1, 2, 3, 8, 9, 10])))) == [1, 3, 9]
    mask = index.mask(Wanted(("fact",)))
    assert list(index.ids(np.flatnonzero(mask))) == [1, 3, 9]
    assert list(index.ids(index.closest(signs(vectors[5:6]), mask, 1))) == [9]
    assert list(np.flatnonzero(index.mask(Wanted(("fact",), 2.0, 3.0, True)))) == [1, 2]
    assert len(index.closest(signs(vectors[:1]), mask, 50)) == 3
