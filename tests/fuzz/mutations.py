"""Ways to make a good recording bad: torn, flipped, shuffled, lying about lengths, well formed but absurd, foreign.

Each takes a die and the bytes of a good file and gives the bytes of a bad one; the same seed gives the same file.
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Callable
from random import Random
from typing import Any, get_type_hints

from recordings.schema import encode
from recordings.topics import class_of
from tests.fuzz.parts import (
    ATTACHMENT,
    CHUNK,
    MAGIC,
    MESSAGE,
    METADATA,
    Chunk,
    Note,
    Part,
    attachment,
    metadata,
    note_of,
    put_together,
    take_apart,
    topics_of,
)

Mutation = Callable[[Random, bytes], bytes]
HUGE = (2**63, 2**64 - 1, 2**32, 2**31 - 1, 10**15, 65 * 2**20)
NUMBERS = (0, 1, -1, 2, 5, 255, 10**6, 10**9, -(10**9), 10**12, 2**31, 2**53, 2**62, 2**63 - 1, -(2**63))
TEXTS = (
    "",
    "x",
    "\0",
    "connected",
    "started",
    "finished",
    "stopped",
    "🙂" * 50,
    "</script><script>alert(1)</script>",
    "../../etc/passwd",
    "a" * 70_000,
    "\u2028\u202e",
    "%s%n{0}",
)


# -------------------------------------------------------------------------------------------------- bytes go wrong


def flipped(die: Random, good: bytes) -> bytes:
    data = bytearray(good)
    for _ in range(die.choice((1, 2, 10, 100))):
        data[die.randrange(len(data))] = die.randrange(256)
    return bytes(data)


def truncated(die: Random, good: bytes) -> bytes:
    return good[: die.randrange(len(good))]


def torn_in_the_middle(die: Random, good: bytes) -> bytes:
    at = die.randrange(len(good))
    return good[:at] + good[at + die.choice((1, 7, 4096, 100_000)) :]


def zeroed(die: Random, good: bytes) -> bytes:
    at, length = die.randrange(len(good)), die.choice((1, 512, 4096, 65536))
    return good[:at] + bytes(min(length, len(good) - at)) + good[at + length :]


def grown(die: Random, good: bytes) -> bytes:
    return good + die.choice((good, b"\0" * 1000, die.randbytes(500), MAGIC))


# ------------------------------------------------------------------------------------------------ records go wrong


def shuffled(die: Random, good: bytes) -> bytes:
    parts = take_apart(good)
    chunks = [i for i, part in enumerate(parts) if part.kind == CHUNK]
    for _ in range(die.choice((1, 3, 10))):
        i, j = die.choice(chunks), die.choice(chunks)
        if die.random() < 0.3:
            parts.insert(i, Part(CHUNK, parts[j].body))
        else:
            parts[i], parts[j] = parts[j], parts[i]
    if die.random() < 0.5:
        del parts[die.randrange(len(parts))]
    return put_together(parts)


def lying_about_lengths(die: Random, good: bytes) -> bytes:
    parts = take_apart(good)
    part = die.choice(parts)
    part.length = die.choice((*HUGE, len(part.body) + die.choice((-1, 1, 9, 100)), 0))
    if part.kind == CHUNK and die.random() < 0.5:
        part.length = -1
        chunk = Chunk.of(part.body)
        die.choice(chunk.parts).length = die.choice((*HUGE, 0, 1))
        part.body = chunk.part().body
    return put_together(parts)


def claiming_to_be_compressed(die: Random, good: bytes) -> bytes:
    """A chunk of a few bytes that says it becomes terabytes."""
    parts = take_apart(good)
    i = die.choice([i for i, part in enumerate(parts) if part.kind == CHUNK])
    chunk = Chunk.of(parts[i].body)
    chunk.compression = die.choice(("zstd", "lz4", "gzip", "", "z" * 5000))
    chunk.plain_size = die.choice(HUGE)
    if die.random() < 0.5:
        chunk.parts = [Part(MESSAGE, zlib.compress(bytes(10**7)))]
    parts[i] = chunk.part()
    return put_together(parts)


def noise_in_records(die: Random, good: bytes) -> bytes:
    parts = take_apart(good)
    for part in die.sample(parts, min(len(parts), 5)):
        if part.body and part.kind != CHUNK:
            data = bytearray(part.body)
            for _ in range(die.choice((1, 5))):
                data[die.randrange(len(data))] = die.randrange(256)
            part.body = bytes(data)
    return put_together(parts)


# ----------------------------------------------------------------------------------- well formed, with sound checksums


def _notes(die: Random, good: bytes, change: Callable[[Random, Note, dict[int, str]], list[Note]]) -> bytes:
    """Every message goes through `change`; checksums are made to fit, so that nothing but the content is wrong."""
    parts = take_apart(good)
    topics = topics_of(parts)
    for part in parts:
        if part.kind == CHUNK:
            chunk = Chunk.of(part.body)
            inner: list[Part] = []
            for one in chunk.parts:
                if one.kind == MESSAGE:
                    inner += [note.part() for note in change(die, note_of(one), topics)]
                else:
                    inner.append(one)
            chunk.parts = inner
            part.body = chunk.part().body
    return put_together(parts)


def noise_in_messages(die: Random, good: bytes) -> bytes:
    rate = die.choice((0.001, 0.02, 0.3))

    def change(die: Random, note: Note, topics: dict[int, str]) -> list[Note]:
        if die.random() < rate and note.payload:
            data = bytearray(note.payload)
            for _ in range(die.choice((1, 2, 8))):
                data[die.randrange(len(data))] = die.randrange(256)
            note.payload = bytes(data)
        return [note]

    return _notes(die, good, change)


def messages_out_of_place(die: Random, good: bytes) -> bytes:
    """Lost, doubled, on other channels, at other times."""
    rate = die.choice((0.01, 0.1, 0.5))

    def change(die: Random, note: Note, topics: dict[int, str]) -> list[Note]:
        if die.random() > rate:
            return [note]
        match die.randrange(5):
            case 0:
                return []
            case 1:
                return [note] * die.choice((2, 3, 50))
            case 2:
                note.channel = die.choice([*topics, 60_000])
            case 3:
                note.log_time = die.choice((0, 2**63, 2**64 - 1, note.log_time - 10**10, note.log_time + 10**18))
            case _:
                note.publish_time, note.sequence = die.choice((0, 2**64 - 1)), 0
        return [note]

    return _notes(die, good, change)


def absurd_events(die: Random, good: bytes) -> bytes:
    """Events and entries of the right shape whose values no session has: numbers at their limits, texts of any kind."""
    rate = die.choice((0.005, 0.05, 0.5))

    def change(die: Random, note: Note, topics: dict[int, str]) -> list[Note]:
        kind = class_of(topics.get(note.channel, ""))
        if kind is not None and die.random() < rate:
            note.payload = encode(absurd(die, kind))
        return [note]

    return _notes(die, good, change)


def absurd(die: Random, hint: Any) -> Any:
    """A value of this type that nobody thought of."""
    if hint is int:
        return die.choice((*NUMBERS, die.randrange(10**11)))
    if hint is float:
        return die.choice((0.0, -0.0, 1.0, -1.0, 1e308, -1e308, float("inf"), float("nan"), die.random()))
    if hint is bool:
        return die.random() < 0.5
    if hint is str:
        return die.choice(TEXTS)
    if hint is bytes:
        return die.randbytes(die.choice((0, 1, 100)))
    if getattr(hint, "__origin__", None) is tuple:
        inner = hint.__args__
        if inner[-1] is ...:
            return tuple(absurd(die, inner[0]) for _ in range(die.choice((0, 1, 3, 40))))
        return tuple(absurd(die, one) for one in inner)
    if type(None) in getattr(hint, "__args__", ()):
        other = next(a for a in hint.__args__ if a is not type(None))
        return None if die.random() < 0.4 else absurd(die, other)
    return hint(**{name: absurd(die, inner) for name, inner in get_type_hints(hint).items()})


# ---------------------------------------------------------------------------------------------- the card, the tables


def another_card(die: Random, good: bytes) -> bytes:
    parts = take_apart(good)
    card = {
        "format": die.choice(("earshot/1", "earshot/2", "", "x" * 5000)),
        "session": die.choice(TEXTS),
        "t0_unix_ns": die.choice(("0", "-1", "NaN", "9" * 5000, str(2**63), str(-(2**70)), "1e18", "")),
        "device": die.choice(TEXTS),
        "recorder": die.choice(TEXTS),
    }
    if die.random() < 0.2:
        del card[die.choice(list(card))]
    for part in parts:
        if part.kind == METADATA:
            part.body = metadata("session", card).body
    return put_together(parts)


def another_table(die: Random, good: bytes) -> bytes:
    """settings.json or environment.json that is deep, large, or something else."""
    deep = die.choice((500, 100_000))
    table = die.choice(
        (
            b"[" * deep + b"]" * deep,
            b'{"a":' * deep + b"1" + b"}" * deep,
            b"{",
            b"null",
            b"\xff\xfe",
            b"NaN",
            b'{"turn": 5}',
            b'{"turn": {"complete_silence_ms": "soon"}}',
            b'{"turn": {"complete_silence_ms": 1e400}}',
            b'{"turn": {"complete_silence_ms": -5}}',
            b'{"turn": {"no_such_setting": 1}}',
            b'{"x": ' + b"9" * 6000 + b"}",
            json.dumps({"model": {"name": "a" * 10**6}}).encode(),
        )
    )
    name = die.choice(("settings.json", "environment.json", "provenance.json", "prompts/system.txt"))
    parts = take_apart(good)
    places = [i for i, part in enumerate(parts) if part.kind == ATTACHMENT and name.encode() in part.body[:64]]
    if places:
        parts[places[0]] = attachment(name, table)
    else:
        parts.insert(1, attachment(name, table))
    return put_together(parts)


# ------------------------------------------------------------------------------------------------------ foreign files


def foreign(die: Random, good: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("session.mcap", bytes(10**6))
    noise = die.randbytes(2000)
    return die.choice(
        (
            b"",
            MAGIC,
            MAGIC + MAGIC,
            MAGIC[:5],
            MAGIC + noise,
            noise,
            bytes(5000),
            b"\0\0\0\x20ftypisom" + noise,
            b"\x1aE\xdf\xa3" + noise,
            b"RIFF\xff\xff\xff\xffWAVEfmt " + noise,
            b"OggS" + noise,
            b"SQLite format 3\0" + noise,
            packed.getvalue(),
            gzip.compress(good),
            b"<!doctype html><title>Not found</title>",
            "Grüße\n".encode("utf-16"),
            good[: len(MAGIC)].replace(b"0", b"9") + good[len(MAGIC) :],
        )
    )


MUTATIONS: tuple[Mutation, ...] = (
    flipped,
    truncated,
    torn_in_the_middle,
    zeroed,
    grown,
    shuffled,
    lying_about_lengths,
    claiming_to_be_compressed,
    noise_in_records,
    noise_in_messages,
    messages_out_of_place,
    absurd_events,
    another_card,
    another_table,
    foreign,
)


def hostile(seed: int, good: list[bytes]) -> tuple[str, bytes]:
    """The hostile file of this seed, and how it was made: one mutation of the table in turn, sometimes two."""
    die = Random(seed)
    mutation = MUTATIONS[seed % len(MUTATIONS)]
    data = mutation(die, die.choice(good))
    name = mutation.__name__
    if die.random() < 0.25:
        data, name = (truncated(die, data) if data else data), f"{name}, truncated"
    return name, data
