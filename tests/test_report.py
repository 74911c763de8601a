"""The page of a session: it tells each turn, plays each sound where it was, escapes everything, and needs nothing else.

The recordings are scripted conversations in virtual time with made sound (tones at known moments) and made video.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from companion.link.opus_send import FRAME_SAMPLES, OpusEncoder
from companion.report.audio import SoundOptions, sound_of
from companion.report.exchanges import ExchangeOptions, Exchanges
from companion.report.film import FilmOptions, film_of
from companion.report.gather import GatherOptions, gather
from companion.report.page import write_page
from companion.report.transcript import lines_of
from pipelines import events as ev
from pipelines.seeing.decode import from_jpeg
from recordings.exchange import HttpBegin, HttpChunk, HttpEnd, HttpHead
from recordings.reader import Recording
from recordings.session import RecordingError, SessionInfo
from recordings.writer import Recorder, RecorderOptions
from tests.scripted import ScriptedSession, World

MS, NS = ev.MS, ev.NS
T0_NS = 1_795_222_812_123_456_789
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'></script>&amp;{{7*7}}\u2028"


# ------------------------------------------------------------------------------------------- recordings made for a page


@dataclass
class Told(ScriptedSession):
    """A scripted session that keeps happenings and decisions in the one order in which they came."""

    story: list[ev.Happening | ev.Decision] = field(default_factory=list)

    def feed(self, event: ev.Happening) -> None:
        self.story.append(event)
        super().feed(event)

    def _carry_out(self, decisions: list[ev.Decision]) -> None:
        self.story.extend(decisions)
        super()._carry_out(decisions)

    def with_heard_marks(self) -> list[ev.Happening | ev.Decision]:
        """The story as a device that acknowledges tells it: each utterance reaches the ear 40 ms after it left."""
        told: list[ev.Happening | ev.Decision] = []
        for event in self.story:
            told.append(event)
            if isinstance(event, ev.PlayMark) and event.mark == "started" and event.chunk == 0:
                told.append(ev.HeardMark(event.t_ns + 50 * MS, event.utterance, "first", event.t_ns + 40 * MS))
        return told


def tone(seconds: float, hertz: float, beeps_s: tuple[float, ...], beep_s: float = 0.2) -> np.ndarray:
    """(n,) int16 at 48 kHz: silence with beeps that begin at the given seconds."""
    t = np.arange(int(seconds * 48_000)) / 48_000
    on = np.zeros_like(t, bool)
    for start in beeps_s:
        on |= (t >= start) & (t < start + beep_s)
    return np.where(on, 9000 * np.sin(2 * np.pi * hertz * t), 0).astype(np.int16)


def packets(pcm: np.ndarray) -> list[bytes]:
    encoder = OpusEncoder()
    return [encoder.encode(pcm[i : i + FRAME_SAMPLES]) for i in range(0, len(pcm) - FRAME_SAMPLES + 1, FRAME_SAMPLES)]


def video(count: int, fps: int = 10, gop: int = 20) -> list[tuple[bool, bytes]]:
    """Access units of a picture whose brightness steps up with time, so that each second looks different."""
    codec: Any = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt, codec.time_base = 320, 180, "yuv420p", Fraction(1, fps)
    codec.gop_size = gop
    codec.options = {"preset": "ultrafast", "tune": "zerolatency", "sc_threshold": "0"}
    units = []
    for i in range(count):
        bgr = np.full((180, 320, 3), 40 + 15 * (i // fps) % 200, np.uint8)
        frame = av.VideoFrame.from_ndarray(bgr, format="bgr24").reformat(format="yuv420p")
        frame.pts = i
        units += [(bool(packet.is_keyframe), bytes(packet)) for packet in codec.encode(frame)]
    return units


def recorded(
    folder: Path,
    story: list[ev.Happening | ev.Decision],
    more: Callable[[Recorder], None] = lambda recorder: None,
    settings: dict[str, Any] | None = None,
) -> Path:
    card = SessionInfo("4f2a9c1e", T0_NS, "test glasses", settings=settings or {})
    recorder = Recorder(folder, card, options=RecorderOptions(floor_bytes=0))
    for event in story:
        (recorder.decision if isinstance(event, ev.Decision) else recorder.happening)(event)  # type: ignore[arg-type]
    more(recorder)
    assert not recorder.trouble
    return recorder.close()


def a_session() -> list[ev.Happening | ev.Decision]:
    """Twenty seconds: a sign is read, a model is asked, and its long answer is stopped."""
    s = Told(World(model_answer="Once there was a lamp. " * 8))
    s.say("what does this sign say", 1000)
    s.say("what do you think of this place", 8000)
    s.say("stop", 13_500, 500)
    s.run_until(20_000)
    return [*s.with_heard_marks(), ev.SessionEnded(20_000 * MS, "the device left")]


def with_media(recorder: Recorder) -> None:
    """Sound and light for it: wearer's beeps at 1 s and 8 s, the companion's at 5 s, video, a still, an exchange."""
    for i, packet in enumerate(packets(tone(20, 500, (1.0, 8.0)))):
        if not 6000 <= i * 20 < 7000:  # a second of the link was lost
            recorder.microphone((i * 20 + 9) * MS, i * 20 * MS, 960 * i, packet)
    for i, packet in enumerate(packets(tone(2, 900, (0.0,)))):
        recorder.answer((5000 + i * 20) * MS, 1, packet)
    for i, (key, data) in enumerate(video(200)):
        recorder.camera((i * 100 + 30) * MS, i * 100 * MS, i + 1, 9000 * i, key, "h264", data)
    jpeg = bytes(cv2.imencode(".jpg", np.full((180, 320, 3), 200, np.uint8))[1])
    recorder.still(10_500 * MS, ev.View(7), jpeg, "stand-in")
    body = json.dumps({"model": "stub", "messages": [{"role": "user", "content": "what do you think"}]}).encode()
    headers = ("content-length", "31337", "content-type", "application/json")
    recorder.http(10_600 * MS, HttpBegin(1, 2, 10_600 * MS, "POST", "https://model.example/v1/chat", headers, body))
    recorder.http(10_800 * MS, HttpChunk(1, 200 * MS, b'data: {"content": "Once"}\n\n'))
    recorder.http(10_900 * MS, HttpEnd(1, 200, 300 * MS))
    recorder.log(3000 * MS, "ERROR", "session", "something to look at")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("session"), a_session(), with_media)


@pytest.fixture(scope="module")
def page(session: Path) -> str:
    return write_page(session, session.with_suffix(".html")).read_text("utf-8")


class Reader(HTMLParser):
    """A page as a browser would take it: elements with attributes, and text by the id of the nearest element."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: dict[str, list[str]] = {"": []}
        self._open: list[tuple[str, str]] = []
        self.feed(text)
        assert not self._open, f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.elements.append((tag, found))
        if tag not in ("meta", "img", "input"):
            self._open.append((tag, found.get("id", "")))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        for identity in {identity for _, identity in self._open} | {""}:
            self.words.setdefault(identity, []).append(data)

    def text(self, identity: str = "") -> str:
        return " ".join(" ".join(self.words.get(identity, [])).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def sound_in(page: str) -> tuple[np.ndarray, int]:
    """(2, n) float32 and the rate, of the track that the page carries."""
    source = next(a["src"] for a in Reader(page).all("audio"))
    assert source.startswith("data:audio/mpeg;base64,")
    with av.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))) as file:
        frames = [frame.to_ndarray() for frame in file.decode(audio=0)]
        return np.concatenate(frames, axis=1).astype(np.float32), file.streams.audio[0].rate or 0


def begins(track: np.ndarray, rate_hz: int, from_s: float) -> float:
    """The second at which sound first rises after `from_s`."""
    loud = np.abs(track[int(from_s * rate_hz) :]) > 0.3 * np.abs(track).max()
    return from_s + float(np.argmax(loud)) / rate_hz


# ------------------------------------------------------------------------------------------------------- what it tells


def test_a_turn_is_told_with_what_was_heard_seen_answered_and_how_long_it_took(page: str) -> None:
    told = Reader(page).text("turn-1")
    assert "what does this sign say" in told and "read from the picture, on the device" in told
    assert "PLATFORM 7" in told and "text, 99% sure" in told
    assert "Platform 7. Basel." in told and "the ear got all of it" in told
    assert "Frame 7" in told and "Sharpness 300" in told and "Why this one" in told
    assert "Nothing left the device for this turn" in told
    assert "from the last word to the wearer’s ear" in told and "recognise" in told and "sound to words" in told


def test_the_spans_of_a_turn_add_up_to_its_whole(session: Path) -> None:
    latency = gather(Recording(session))["turns"][0]["latency"]
    assert latency["to_ear"]
    assert sum(span["ms"] for span in latency["spans"]) == pytest.approx(latency["total_ms"])
    edges = [span["at_ms"] for span in latency["spans"]] + [latency["total_ms"]]
    ends = [span["at_ms"] + span["ms"] for span in latency["spans"]]
    assert edges[1:] == pytest.approx(ends)


def test_what_left_the_device_is_shown_with_its_request_and_response(page: str) -> None:
    told = Reader(page).text("turn-2")
    assert "Left the device: words" in told and "to model.example" in told
    assert "what do you think of this place" in told
    assert "POST https://model.example/v1/chat" in told and '"content": "what do you think"' in told
    assert "+200" in told and 'data: {"content": "Once"}' in told and "status 200 after 300" in told
    assert "31 kB" in told and "named by its SHA-256" in told


def exchanged(folder: Path, *parts: HttpBegin | HttpHead | HttpChunk | HttpEnd) -> str:
    """The page's words on turn 2 of a session in which these parts of an exchange were recorded."""

    def media(recorder: Recorder) -> None:
        for part in parts:
            recorder.http(10_600 * MS, part)

    made = recorded(folder, a_session(), media)
    return Reader(write_page(made, folder / "page.html").read_text("utf-8")).text("turn-2")


def test_a_request_is_shown_laid_out_and_as_sent_and_a_response_read_by_read(tmp_path: Path) -> None:
    told = exchanged(
        tmp_path,
        HttpBegin(
            1, 2, 10_600 * MS, "POST", "https://model.example/v1", ("accept", "*/*"), b'{"a":[1,{"b":"\xc3\xa9"}]}'
        ),
        HttpHead(1, 90 * MS, 206, ("content-type", "text/event-stream")),
        HttpChunk(1, 120 * MS, b'data: {"delta":"On'),
        HttpChunk(1, 140_500_000, b'ce \xc3"}\r\n\n'),
        HttpEnd(1, 206, 150 * MS, "the network broke"),
    )
    assert "accept: */*" in told
    assert '{ "a": [ 1, { "b": "é" } ] }' in told, "laid out"
    assert '{"a":[1,{"b":"é"}]}' in told, "as sent"
    assert "+90.0 ms head status 206 content-type: text/event-stream" in told
    assert '+120.0 ms 18 bytes data: {"delta":"On' in told
    assert '+140.5 ms 9 bytes ce \\xc3"}\\x0d' in told, "what is no text is shown byte by byte"
    assert "the network broke" in told
    assert 'data: { "delta": "Once �" }' in told, "and the response is laid out as a whole"


def test_exchanges_of_an_older_file_have_no_head_and_one_torn_off_still_has_what_came(tmp_path: Path) -> None:
    begin = HttpBegin(1, 2, 10_600 * MS, "POST", "https://model.example/v1", (), b"not json")
    told = exchanged(tmp_path, begin, HttpChunk(1, 5 * MS, b"half"), HttpChunk(9, 5 * MS, b"of no exchange"))
    assert "not json" in told and "laid out" not in told
    assert "no response was recorded" in told and "+5.0 ms 4 bytes half" in told and "of no exchange" not in told


def test_exchanges_are_bounded_and_what_is_left_out_is_counted() -> None:
    nested = b"[" * 900 + b"1," * 500_000 + b"1" + b"]" * 900
    begin = HttpBegin(1, 1, 0, "POST", "https://model.example", (), nested)
    chunks = [HttpChunk(1, i * MS, b"x" * 100) for i in range(1000)]
    options = ExchangeOptions(body_letters=5000, chunks=40, page_letters=50_000)
    told = Exchanges(options).of([begin, *chunks, HttpEnd(1, 200, 1000 * MS)])[1][0]
    assert len(told["body"]) < 5100 and len(told["pretty"]) < 5100 and "more letters" in told["body"]
    assert len(told["chunks"]) == 40 and told["chunks_left_out"] == 960 and told["received_bytes"] == 100_000
    many = [HttpBegin(i, i, 0, "POST", "https://model.example", (), b"y" * 4000) for i in range(100)]
    shown = [row[0]["body"] for row in Exchanges(options).of(many).values()]
    assert sum(map(len, shown)) < 60_000 and "more letters are in the recording" in shown[-1]


def test_the_transcript_has_every_word_in_the_order_of_saying_and_each_line_seeks(session: Path, page: str) -> None:
    lines = lines_of(gather(Recording(session)))
    assert [(line["who"], line["turn"]) for line in lines[:3]] == [("wearer", 1), ("companion", 1), ("wearer", 2)]
    assert [line["t"] for line in lines] == sorted(line["t"] for line in lines)
    read = Reader(page)
    told = read.text("transcript-box")
    assert told.index("what does this sign say") < told.index("Platform 7. Basel.") < told.index("what do you think")
    assert "(cut off)" in told
    cells = [a for a in read.all("td") if a.get("class", "").startswith("line ")]
    assert [float(a["data-seek"]) for a in cells] == [line["t"] for line in lines]


def test_words_that_no_turn_came_of_are_in_the_transcript_too() -> None:
    turn = {"turn": 1, "start": 1.0, "speech_end": 2.0, "t": 2.3, "text": "stop", "hearing": None}
    speech = [{"start": 1.0, "end": 2.0, "text": "stop"}, {"start": 5.0, "end": 6.0, "text": "(not sure)"}]
    lines = lines_of({"turns": [turn], "speech": speech, "utterances": []})
    assert [(line["text"], line["note"]) for line in lines] == [("stop", ""), ("(not sure)", "no turn came of it")]


def test_an_answer_that_was_cut_off_says_what_the_ear_did_not_get(session: Path, page: str) -> None:
    turn = gather(Recording(session))["turns"][1]
    assert turn["outcome"] in ("stopped", "interrupted") and turn["heard"] != turn["said"]
    assert turn["said"].startswith(turn["heard"])
    struck = page.split('id="turn-2"')[1].split("<del>")[1].split("</del>")[0]
    assert struck and turn["said"].endswith(struck)
    assert "struck out: the ear did not get it" in Reader(page).text("turn-2")


def test_the_header_says_what_this_is_and_how_to_replay_it(session: Path, page: str) -> None:
    read = Reader(page).text()
    assert "20.0 s" in read and "test glasses" in read and "scripted" in read and "2026-11-21 02:00:12" in read
    assert f"companion replay {session.name}" in read and "Recorded by Earshot 0.1.0" in read
    assert "something to look at" in read


def test_each_state_and_decision_has_its_place_and_reason(session: Path) -> None:
    data = gather(Recording(session))
    states = data["states"]
    assert {"listening", "hearing", "settling", "thinking", "speaking"} <= {row["name"] for row in states}
    assert all(a["end"] == b["start"] for a, b in pairwise(states))
    kinds = {tick["kind"] for tick in data["ticks"]}
    assert {"TurnOpened", "FrameChosen", "ReadText", "AskModel", "Speak", "TurnClosed"} <= kinds
    assert all(tick["reason"] for tick in data["ticks"] if tick["kind"] in ("TurnOpened", "FrameChosen", "AskModel"))


# ------------------------------------------------------------------------------------------------------ sound, pictures


def test_every_beep_lies_where_it_was_on_its_own_side(page: str) -> None:
    (wearer, companion), rate_hz = sound_in(page)
    assert begins(wearer, rate_hz, 0.2) == pytest.approx(1.0, abs=0.03)
    assert begins(wearer, rate_hz, 4.0) == pytest.approx(8.0, abs=0.03)
    assert begins(companion, rate_hz, 0.0) == pytest.approx(5.0, abs=0.03)
    assert np.abs(wearer[int(4.9 * rate_hz) : int(5.3 * rate_hz)]).max() < 0.02
    assert np.abs(companion[int(0.9 * rate_hz) : int(1.3 * rate_hz)]).max() < 0.02


def test_late_and_jittering_packets_do_not_move_the_sound(tmp_path: Path) -> None:
    """Stamps wander by up to 12 ms and some packets are lost; the second beep still begins at its own time."""

    def media(recorder: Recorder) -> None:
        for i, packet in enumerate(packets(tone(6, 500, (1.0, 4.0)))):
            wander = (i * 7919 % 25 - 12) * MS
            lost = i in (110, 111, 160)
            recorder.microphone((i * 20 + 30) * MS, max(0, i * 20 * MS + wander), 960 * i, b"" if lost else packet)

    made = recorded(tmp_path, [ev.SessionStarted(0), ev.SessionEnded(6 * NS)], media)
    (wearer, _), rate_hz = sound_in(write_page(made, tmp_path / "page.html").read_text("utf-8"))
    assert begins(wearer, rate_hz, 0.2) == pytest.approx(1.0, abs=0.03)
    assert begins(wearer, rate_hz, 2.0) == pytest.approx(4.0, abs=0.03)


def test_there_is_a_picture_for_every_second_and_the_chosen_frame_is_large(session: Path, page: str) -> None:
    film = film_of(Recording(session), 20 * NS, {7, 101})
    assert len(film.strip) >= 18
    gaps = np.diff([picture.media_ns / NS for picture in film.strip])
    assert gaps.max() <= 2.0
    kept, decoded = film.frames[7], film.frames[101]
    assert kept.exact and kept.sent_to == "stand-in" and kept.media_ns == 600 * MS
    assert decoded.media_ns == 10_000 * MS and not decoded.exact
    brightness = float(np.mean(from_jpeg(decoded.jpeg)))  # type: ignore[arg-type]
    assert brightness == pytest.approx(40 + 15 * 10, abs=12)
    assert any(image.get("alt", "").startswith("Frame 7") for image in Reader(page).all("img"))


def test_a_camera_that_stands_still_costs_one_picture(tmp_path: Path) -> None:
    still = video(10)[0][1]

    def media(recorder: Recorder) -> None:
        for i in range(100):
            recorder.camera(i * 100 * MS, i * 100 * MS, i + 1, 9000 * i, True, "h264", still)

    made = recorded(tmp_path, [ev.SessionStarted(0), ev.SessionEnded(10 * NS)], media)
    assert len(film_of(Recording(made), 10 * NS, set()).strip) == 1


# ---------------------------------------------------------------------------------------------- safe, whole and bounded


def test_nothing_that_was_heard_read_or_answered_becomes_part_of_the_page(tmp_path: Path) -> None:
    world = World(lines=(ev.TextLine(HOSTILE, 0.9),), codes=(ev.Code(HOSTILE, HOSTILE),), model_answer=HOSTILE)
    s = Told(world)
    s.say("what does this sign say", 1000)
    s.run_until(9000)
    hostile: list[ev.Happening | ev.Decision] = [
        *s.story,
        ev.StateChanged(9100 * MS, HOSTILE, "listening", HOSTILE, HOSTILE),
        ev.LinkChanged(9100 * MS, HOSTILE, True, True, True, HOSTILE),
        ev.TurnOpened(9200 * MS, HOSTILE, 9, HOSTILE, HOSTILE, 9000 * MS, 9100 * MS),
        ev.FrameChosen(9210 * MS, HOSTILE, 9, None, 0, 0, HOSTILE, HOSTILE),
        ev.AskModel(9220 * MS, HOSTILE, 99, 9, (ev.Message(HOSTILE, HOSTILE, 3),), 9, 9),
        ev.ModelFailed(9230 * MS, 99, HOSTILE, HOSTILE),
        ev.Speak(9240 * MS, HOSTILE, 99, 0, 9, HOSTILE, HOSTILE, HOSTILE, 1, True),
        ev.PlayMark(9240 * MS, 99, 0, "started"),
        ev.DeviceEvent(9250 * MS, HOSTILE, HOSTILE),
        ev.Noted(9260 * MS, HOSTILE, HOSTILE),
        ev.TurnClosed(9300 * MS, HOSTILE, 9, HOSTILE, HOSTILE, "<b>"),
        ev.SessionEnded(9400 * MS, HOSTILE),
    ]

    def media(recorder: Recorder) -> None:
        recorder.log(9000 * MS, "INFO", HOSTILE, HOSTILE)
        recorder.still(9000 * MS, ev.View(3), HOSTILE.encode(), HOSTILE)
        recorder.http(9220 * MS, HttpBegin(1, 9, 9220 * MS, HOSTILE, HOSTILE, ("accept", HOSTILE), HOSTILE.encode()))
        recorder.http(9221 * MS, HttpChunk(1, MS, HOSTILE.encode()))
        recorder.http(9222 * MS, HttpEnd(1, 200, 2 * MS, HOSTILE))

    text = write_page(recorded(tmp_path, hostile, media), tmp_path / "page.html").read_text("utf-8")
    read = Reader(text)
    assert [a.get("type", "") for a in read.all("script")] == ["application/json", ""]
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on")]
    assert not [a for a in read.all("img") if not a.get("src", "data:").startswith("data:")]
    assert read.text().count("alert(1)") > 15  # shown as words


def test_the_page_points_nowhere_outside_itself(page: str) -> None:
    read = Reader(page)
    for tag, attributes in read.elements:
        for name in ("src", "href", "srcset", "action", "poster", "data", "xlink:href"):
            if name in attributes:
                assert re.match(r"data:(image/jpeg|audio/mpeg);base64,|#", attributes[name]), (tag, name)
    style = page.split("<style>")[1].split("</style>")[0]
    script = page.rsplit("<script>", 1)[1].split("</script>")[0]
    assert "url(" not in style and "@import" not in style
    assert not re.search(r"fetch|XMLHttpRequest|WebSocket|import\(|https?:", script)
    policy = next(a["content"] for a in read.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy
    for own in (style, script):
        assert base64.b64encode(hashlib.sha256(own.encode()).digest()).decode() in policy
    assert not [1 for _, attributes in read.elements if "style" in attributes]


def test_it_has_landmarks_headings_and_names_for_all_controls(page: str) -> None:
    read = Reader(page)
    assert [tag for tag, _ in read.elements if tag in ("main", "h1")] == ["h1", "main"]
    assert all("alt" in image for image in read.all("img"))
    ids = [a["id"] for _, a in read.elements if "id" in a]
    assert len(ids) == len(set(ids))
    assert all(section.get("aria-labelledby", ids[0]) in ids for section in read.all("section"))
    ticks = [a for a in read.all("circle") if "data-tick" in a]
    assert len([a for a in ticks if a["tabindex"] == "0"]) == 1 and all(a["aria-label"] for a in ticks)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_torn_recording_gives_a_page_of_what_is_left(session: Path, tmp_path: Path, share: float) -> None:
    whole = session.read_bytes()
    torn = tmp_path / session.name
    torn.write_bytes(whole[: int(len(whole) * share)])
    read = Reader(write_page(torn, tmp_path / "page.html").read_text("utf-8"))
    assert "This recording is torn" in read.text() and "what can be read" in read.text()


def test_a_session_without_sound_or_picture_is_still_told(tmp_path: Path) -> None:
    story = a_session()
    read = Reader(write_page(recorded(tmp_path, story), tmp_path / "page.html").read_text("utf-8"))
    assert not read.all("audio") and "what does this sign say" in read.text("turn-1")
    empty = recorded(tmp_path / "empty", [])
    assert "Nobody asked anything" in Reader(write_page(empty, tmp_path / "empty.html").read_text("utf-8")).text()


def test_a_file_that_is_no_recording_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "notes.mcap").write_text("hello")
    with pytest.raises(RecordingError, match=r"notes\.mcap"):
        write_page(tmp_path / "notes.mcap", tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_the_page_is_as_private_as_the_recording(session: Path, tmp_path: Path) -> None:
    out = write_page(session, tmp_path / "deep" / "page.html")
    assert out.stat().st_mode & 0o077 == 0 and [path.name for path in out.parent.iterdir()] == ["page.html"]


def test_a_long_session_stays_within_bounds_and_says_what_is_left_out(tmp_path: Path) -> None:
    """Half an hour of a hundred and fifty turns: rows and marks are bounded; every turn is kept."""
    s = Told(World(model="", word_ms=100))
    for i in range(150):
        s.say("what does this sign say", 2000 + i * 12_000, 900)
    s.run_until(1_800_000)
    made = recorded(tmp_path, [e for e in s.story if not isinstance(e, ev.VoiceWindow)])
    data = gather(Recording(made), GatherOptions(decisions=500, ticks=200))
    assert len(data["turns"]) == 150
    assert len(data["decisions"]) <= 500 and data["decisions_left_out"] > 0
    assert len(data["ticks"]) <= 200 and data["ticks_left_out"] > 0
    page = write_page(made, tmp_path / "page.html")
    assert page.stat().st_size < 4_000_000


def test_sound_and_film_of_a_long_session_are_made_coarser(session: Path) -> None:
    recording = Recording(session)
    fine = sound_of(recording, 20 * NS)
    coarse = sound_of(recording, 20 * NS, SoundOptions(coarse_from_s=5, peaks_limit=100, limit_s=15))
    assert len(coarse.mp3) < 0.6 * len(fine.mp3) and len(coarse.peaks["wearer"]) <= 100
    assert coarse.left_out_s == pytest.approx(5.0)
    assert len(fine.mp3) * 4 / 3 / 20 * 60 < 1_000_000
    few = film_of(recording, 20 * NS, set(), FilmOptions(limit=5))
    assert 4 <= len(few.strip) <= 6
    hurried = film_of(recording, 20 * NS, set(), FilmOptions(decode_units=0))
    assert hurried.notes and all((picture.frame_id - 1) % 20 == 0 for picture in hurried.strip)


def test_ten_minutes_with_everything_on_stay_under_twenty_megabytes(tmp_path: Path) -> None:
    """Worst-case pictures (noise, a new one each time), sound in both directions, fifty questions with a long body."""
    s = Told(World(model="", word_ms=100))
    for i in range(50):
        s.say("what does this sign say", 2000 + i * 12_000, 900)
    s.run_until(600_000)
    rng = np.random.default_rng(1)
    noise = [bytes(cv2.imencode(".jpg", rng.integers(0, 255, (360, 640, 3), np.uint8))[1]) for _ in range(12)]
    sound = packets(tone(2, 500, (0.5,)))

    def media(recorder: Recorder) -> None:
        for i in range(300):
            recorder.camera(i * 2 * NS, i * 2 * NS, i + 1, 9000 * i, True, "jpeg", noise[i % 12])
        for i in range(30_000):
            recorder.microphone(i * 20 * MS, i * 20 * MS, 960 * i, sound[i % 100])
            recorder.answer(i * 20 * MS, 1, sound[i % 100])
        for i in range(50):
            recorder.still(i * 12 * NS, ev.View(1000 + i), noise[i % 12], "model.example")
            recorder.http(
                0, HttpBegin(i, i + 1, 0, "POST", "https://model.example", (), b'{"a": "' + b"words " * 8000 + b'"}')
            )

    made = recorded(tmp_path, [e for e in s.story if not isinstance(e, ev.VoiceWindow)], media)
    page = write_page(made, tmp_path / "page.html")
    assert page.stat().st_size < 20_000_000
    told = Reader(page.read_text("utf-8")).text()
    assert "to keep this page small" in told and "more letters are in the recording" in told


def test_a_slice_of_a_session_begins_where_something_happens(tmp_path: Path) -> None:
    story = a_session()
    late = [story[0], *[e for e in story if e.t_ns >= 7 * NS]]
    assert gather(Recording(recorded(tmp_path, late)))["begins"] >= 7.0


def test_a_hostile_recording_with_endless_texts_gives_a_page_of_sane_size(tmp_path: Path) -> None:
    flood = HOSTILE * 20_000
    story: list[ev.Happening | ev.Decision] = [ev.SessionStarted(0)]
    for i in range(20):
        story.append(ev.TurnOpened(i * NS, flood, i + 1, flood, flood, i * NS, i * NS + 1))
        story.append(ev.StateChanged(i * NS, flood, "listening", flood, flood))
    made = recorded(tmp_path, story)
    page = write_page(made, tmp_path / "page.html")
    assert page.stat().st_size < 12_000_000
    assert [a.get("type", "") for a in Reader(page.read_text("utf-8")).all("script")] == ["application/json", ""]


def test_a_turn_that_was_never_closed_is_shown_up_to_the_next_one(tmp_path: Path) -> None:
    story = [ev.TurnOpened(t * NS, "", t, "what", "model", t * NS, t * NS + 1) for t in (1, 4)]
    turns = gather(Recording(recorded(tmp_path, [*story, ev.SessionEnded(9 * NS)])))["turns"]
    assert [(turn["start"], turn["end"]) for turn in turns] == [(1.0, 4.0), (4.0, 9.0)]


def test_a_flood_of_states_is_bounded_and_counted(tmp_path: Path) -> None:
    story: list[ev.Happening | ev.Decision] = [ev.StateChanged(i * MS, "", "a", "b", "c") for i in range(300)]
    data = gather(Recording(recorded(tmp_path, story)), GatherOptions(spans=100))
    assert len(data["states"]) <= 100 and "201 more states are left out" in " ".join(data["bounded"])
