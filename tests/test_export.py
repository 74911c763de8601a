"""A recording as a film and as a Rerun file: the pictures are the camera's own, everything lies where it happened, and
what was said can be read.

The recordings are made: tones at known moments, pictures whose brightness tells which they are, scripted talk.
"""

from __future__ import annotations

import http.client
import importlib.util
import itertools
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from companion.export import rerun as rerun_export
from companion.export import viewer
from companion.export.answers import answers_of
from companion.export.mp4 import FilmOptions, export_mp4
from companion.export.picture import nal_units
from companion.export.rerun import export_rerun
from companion.export.subtitles import Line, lines_of, one_at_a_time, web_vtt
from companion.link.opus_send import FRAME_SAMPLES, OpusEncoder
from pipelines import events as ev
from recordings.reader import Recording
from recordings.session import SessionInfo
from recordings.writer import Recorder, RecorderOptions

MS, NS = ev.MS, ev.NS
T0_NS = 1_795_222_812_123_456_789
SAMPLE = Path(__file__).parent.parent / "recordings" / "samples" / "platform.mcap"
HAS_RERUN = importlib.util.find_spec("rerun") is not None
needs_rerun = pytest.mark.skipif(not HAS_RERUN, reason="rerun-sdk is not installed: pip install '.[rerun]'")

Event = ev.Happening | ev.Decision
Media = Callable[[Recorder], None]


# ------------------------------------------------------------------------------------------------- recordings to export


def recorded(folder: Path, story: Sequence[Event], *media: Media) -> Path:
    recorder = Recorder(folder, SessionInfo("4f2a9c1e", T0_NS, "test glasses"), options=RecorderOptions(floor_bytes=0))
    for event in story:
        (recorder.decision if isinstance(event, ev.Decision) else recorder.happening)(event)  # type: ignore[arg-type]
    for add in media:
        add(recorder)
    assert not recorder.trouble
    return recorder.close()


def encoded(codec: str, size: tuple[int, int], count: int, gop: int = 10) -> list[tuple[bool, bytes]]:
    """Access units of pictures each as bright as its number says: 30 + 6 * number."""
    context: Any = av.CodecContext.create(codec, "w")
    context.width, context.height = size
    context.pix_fmt, context.time_base, context.gop_size = "yuv420p", Fraction(1, 10), gop
    if codec == "libx264":
        context.options = {"preset": "ultrafast", "tune": "zerolatency", "sc_threshold": "0"}
    units = []
    for i in range(count):
        bgr = np.full((size[1], size[0], 3), 30 + 6 * (i % 36), np.uint8)
        frame = av.VideoFrame.from_ndarray(bgr, format="bgr24").reformat(format="yuv420p")
        frame.pts = i
        units += [(bool(packet.is_keyframe), bytes(packet)) for packet in context.encode(frame)]
    return units + [(bool(packet.is_keyframe), bytes(packet)) for packet in context.encode(None)]


def camera(units: Sequence[tuple[bool, bytes]], times_ms: Sequence[int], codec: str = "h264", first: int = 1) -> Media:
    """Units captured at these times, each 30 ms under way."""

    def add(recorder: Recorder) -> None:
        for number, ((key, data), at_ms) in enumerate(zip(units, times_ms, strict=True), first):
            recorder.camera((at_ms + 30) * MS, at_ms * MS, number, at_ms * 90, key, codec, data)

    return add


def tone(seconds: float, *beeps_s: float) -> list[bytes]:
    """Opus packets: silence with beeps of 0.2 s."""
    t = np.arange(int(seconds * 48_000)) / 48_000
    on = np.any([(t >= start) & (t < start + 0.2) for start in beeps_s], axis=0)
    pcm = np.where(on, 9000 * np.sin(2 * np.pi * 500 * t), 0).astype(np.int16)
    encoder = OpusEncoder()
    return [encoder.encode(pcm[i : i + FRAME_SAMPLES]) for i in range(0, len(pcm) - FRAME_SAMPLES + 1, FRAME_SAMPLES)]


def wearer(packets: Sequence[bytes], start_ms: int = 0) -> Media:
    def add(recorder: Recorder) -> None:
        for i, packet in enumerate(packets):
            at_ms = start_ms + 20 * i
            recorder.microphone((at_ms + 40) * MS, at_ms * MS, 960 * i, packet)

    return add


def companion(packets: Sequence[bytes], start_ms: int, utterance: int = 1) -> Media:
    def add(recorder: Recorder) -> None:
        for i, packet in enumerate(packets):
            recorder.answer((start_ms + 20 * i) * MS, utterance, packet)

    return add


def talk(end_ms: int = 12_000) -> list[Event]:
    """A question at 1 to 2 s; an answer from 3 s on that reaches the ear 150 ms later and is stopped 2.1 s in."""
    words = tuple(ev.Word(w, i * 500 * MS, (i + 1) * 500 * MS) for i, w in enumerate(("Once", "there", "was", "a")))
    more = tuple(ev.Word(w, i * 500 * MS, (i + 1) * 500 * MS) for i, w in enumerate(("lamp", "and", "a", "door.")))
    return [
        ev.SessionStarted(0),
        ev.Transcribe(2100 * MS, "a pause", 5, 800 * MS, 2000 * MS),
        ev.Transcribed(2150 * MS, 5, "tell me <a> story", True, "", (), -0.1, 0.0, 20 * MS),
        ev.TurnOpened(2300 * MS, "enough", 1, "tell me <a> story", "model:talk", 1000 * MS, 2000 * MS),
        ev.Speak(2900 * MS, "model", 1, 0, 1, "Once there was a", "model", "auto", 175, False),
        ev.ChunkVoiced(2950 * MS, 1, 0, 2000 * MS, words),
        ev.PlayMark(3000 * MS, 1, 0, "started"),
        ev.HeardMark(3160 * MS, 1, "first", 3150 * MS),
        ev.Speak(3200 * MS, "model", 1, 1, 1, "lamp and a door.", "model", "auto", 175, True),
        ev.ChunkVoiced(3300 * MS, 1, 1, 2000 * MS, more),
        ev.PlayMark(5000 * MS, 1, 1, "started", 2000 * MS),
        ev.Transcribe(5050 * MS, "a pause", 6, 4500 * MS, 5000 * MS),
        ev.Transcribed(5060 * MS, 6, "stop", True, "", (ev.Word("stop", 4600 * MS, 4900 * MS),)),
        ev.PlayMark(5100 * MS, 1, 1, "stopped", 2100 * MS),
        ev.TurnClosed(
            5100 * MS, "the wearer said stop", 1, "stopped", "Once there was a lamp and a door.", "Once there was a"
        ),
        ev.SessionEnded(end_ms * MS),
    ]


TIMES_MS = [500, 610, 700, 790, 1450, 1500, 1600, 1690, 1800, 4000, *range(4100, 11_000, 100)]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    units = encoded("libx264", (320, 180), len(TIMES_MS))
    folder = tmp_path_factory.mktemp("session")
    return recorded(
        folder, talk(), camera(units, TIMES_MS), wearer(tone(11, 1.0, 7.0)), companion(tone(2.1, 0.0), 3000)
    )


@pytest.fixture(scope="module")
def film(session: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("film") / "story.mp4"
    outcome = export_mp4(session, out)
    assert outcome.code == 0, outcome.text
    return out


def streams(path: Path, kind: str) -> list[Any]:
    with av.open(str(path)) as container:
        return [stream for stream in container.streams if stream.type == kind]


def shown(path: Path) -> list[tuple[float, int, int]]:
    """(seconds, width, brightness) of every picture that a player shows."""
    with av.open(str(path)) as container:
        return [
            (float(frame.time), frame.width, round(float(frame.to_ndarray(format="bgr24").mean())))
            for frame in container.decode(video=0)
        ]


def heard(path: Path, track: int = 0) -> np.ndarray:
    """(channels, n) float at 48 kHz, from the file's time zero on."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=track))
    start = frames[0].time or 0.0
    pcm = np.concatenate([frame.to_ndarray() for frame in frames], axis=1)
    assert abs(start) < 0.001 or start < 0
    return pcm[:, max(0, round(-start * 48_000)) :]


def begins(pcm: np.ndarray, after_s: float = 0.0) -> float:
    """When it is first loud, in seconds."""
    loud = np.flatnonzero(np.abs(pcm[round(after_s * 48_000) :]) > 0.05)
    return after_s + loud[0] / 48_000


def subtitles(path: Path) -> list[tuple[float, str]]:
    with av.open(str(path)) as container:
        stream = next(s for s in container.streams if s.type == "subtitle")
        packets = [(float(p.pts * p.time_base), bytes(p)) for p in container.demux(stream) if p.pts is not None]
    texts = [(at, data[2:].decode() if path.suffix == ".mp4" else data.decode()) for at, data in packets]
    return [(at, text) for at, text in texts if text]


# ------------------------------------------------------------------------------------------------------------- the film


def test_the_pictures_are_the_cameras_own_bytes(session: Path, film: Path) -> None:
    recorded_units = [list(nal_units(unit.data)) for unit in Recording(session).camera()]
    with av.open(str(film)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.pts is not None]
    assert [lengths_to_nals(packet) for packet in packets] == recorded_units


def lengths_to_nals(avcc: bytes) -> list[bytes]:
    """ISO/IEC 14496-15, 4.3: each NAL unit after its length in four bytes."""
    nals, at = [], 0
    while at < len(avcc):
        length = int.from_bytes(avcc[at : at + 4], "big")
        nals.append(avcc[at + 4 : at + 4 + length])
        at += 4 + length
    return nals


def test_each_picture_stands_at_the_moment_it_was_captured(session: Path, film: Path) -> None:
    pictures = shown(film)
    captured = [unit.media_ns / NS for unit in Recording(session).camera()]
    assert [at for at, _, _ in pictures] == pytest.approx(captured, abs=0.0001)
    assert [light for _, _, light in pictures[:9]] == pytest.approx([30 + 6 * i for i in range(9)], abs=5)


def test_sound_and_picture_are_as_far_apart_as_they_were(film: Path) -> None:
    """The wearer's beep was captured at 1.0 s and 7.0 s, the answer reached the ear at 3.15 s."""
    both, alone, answer = heard(film), heard(film, 1)[0], heard(film, 2)[0]
    assert begins(alone) == pytest.approx(1.0, abs=0.02) and begins(alone, 5.0) == pytest.approx(7.0, abs=0.02)
    assert begins(answer) == pytest.approx(3.15, abs=0.02)
    assert begins(both[0]) == pytest.approx(1.0, abs=0.02)
    assert [at for at, _, _ in shown(film)][4] == pytest.approx(1.45, abs=0.0001)


def test_the_first_track_has_both_voices_apart_and_no_player_takes_another(film: Path) -> None:
    tracks = streams(film, "audio")
    assert [track.codec_context.channels for track in tracks] == [2, 1, 1]
    assert [bool(track.disposition & av.stream.Disposition.default) for track in tracks] == [True, False, False]
    left, right = heard(film)
    wearers, answers = slice(48_500, 57_000), slice(151_700, 160_000)
    assert np.abs(left[wearers]).max() > 2 * np.abs(right[wearers]).max() > 0.1
    assert np.abs(right[answers]).max() > 2 * np.abs(left[answers]).max() > 0.1


def test_the_film_is_as_long_as_the_session(session: Path, film: Path) -> None:
    with av.open(str(film)) as container:
        assert container.duration / 1e6 == pytest.approx(12.0, abs=0.05)
    assert heard(film).shape[1] / 48_000 == pytest.approx(12.0, abs=0.05)


def test_the_subtitles_say_what_was_heard_and_when(film: Path) -> None:
    texts = subtitles(film)
    assert ("Wearer: tell me <a> story") in texts[0][1] and texts[0][0] == pytest.approx(1.0, abs=0.01)
    answer = next((at, text) for at, text in texts if "Companion" in text)
    assert answer[0] == pytest.approx(3.15, abs=0.01) and answer[1].endswith("Companion: Once there was a —")
    assert any("Wearer: stop" in text for _, text in texts)
    assert not any("lamp" in text for _, text in texts)
    vtt = film.with_suffix(".vtt").read_text("utf-8")
    assert vtt.startswith("WEBVTT\n") and "<v Wearer>Wearer: tell me &lt;a&gt; story</v>" in vtt
    assert "00:00:03.150 --> 00:00:05.150\n<v Companion>Companion: Once there was a —</v>" in vtt


def test_the_film_is_as_private_as_the_recording_and_lies_beside_it(session: Path) -> None:
    outcome = export_mp4(session)
    out = session.with_suffix(".mp4")
    assert outcome.code == 0 and str(out) in outcome.text and "not encoded again" in outcome.text
    for path in (out, out.with_suffix(".vtt")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not list(out.parent.glob("*.part"))


def test_a_real_recording_becomes_a_film(tmp_path: Path) -> None:
    out = tmp_path / "platform.mp4"
    assert export_mp4(SAMPLE, out).code == 0
    captured = [unit.media_ns / NS for unit in Recording(SAMPLE).camera()]
    assert [at for at, _, _ in shown(out)] == pytest.approx(captured, abs=0.001)
    assert any("Platform 9" in text for _, text in subtitles(out))


# ----------------------------------------------------------------------------------------- cameras as they really are


def test_pictures_before_the_first_key_frame_are_left_out(tmp_path: Path) -> None:
    units = encoded("libx264", (320, 180), 24)[4:]
    made = recorded(tmp_path, [ev.SessionStarted(0), ev.SessionEnded(3 * NS)], camera(units, range(100, 2100, 100)))
    out = tmp_path / "film.mp4"
    outcome = export_mp4(made, out)
    assert "6 pictures before a key frame are left out" in outcome.text and "no sound was recorded" in outcome.text
    assert shown(out)[0][0] == pytest.approx(0.7) and len(shown(out)) == 14


def test_a_picture_that_changes_its_size_still_plays(tmp_path: Path) -> None:
    small, large = encoded("libx264", (320, 180), 10), encoded("libx264", (640, 360), 10)
    media = camera([*small, *large], range(100, 2100, 100))
    made = recorded(tmp_path, [ev.SessionStarted(0), ev.SessionEnded(2 * NS)], media)
    out = tmp_path / "film.mp4"
    outcome = export_mp4(made, out)
    assert "changes its size 1 times" in outcome.text
    pictures = shown(out)
    assert [width for _, width, _ in pictures] == [320] * 10 + [640] * 10
    assert [light for _, _, light in pictures[10:]] == pytest.approx([30 + 6 * i for i in range(10)], abs=5)


def test_stamps_that_stand_still_or_run_back_do_not_break_the_film(tmp_path: Path) -> None:
    units = encoded("libx264", (320, 180), 6)
    made = recorded(
        tmp_path, [ev.SessionStarted(0), ev.SessionEnded(NS)], camera(units, [100, 200, 200, 150, 300, 400])
    )
    out = tmp_path / "film.mp4"
    assert export_mp4(made, out).code == 0
    times = [at for at, _, _ in shown(out)]
    assert len(times) == 6 and all(a < b for a, b in itertools.pairwise(times)) and times[-1] == pytest.approx(0.4)


def test_vp8_becomes_webm_by_itself_and_is_refused_in_mp4(tmp_path: Path) -> None:
    units = encoded("libvpx", (320, 180), 20)
    made = recorded(tmp_path, talk(5200), camera(units, range(100, 2100, 100), "vp8"), wearer(tone(3, 1.0)))
    refused = export_mp4(made, tmp_path / "film.mp4")
    assert refused.code == 1 and "vp8" in refused.text and ".webm or .mkv" in refused.text
    assert not (tmp_path / "film.mp4").exists()
    assert export_mp4(made).code == 0
    out = made.with_suffix(".webm")
    assert [at for at, _, _ in shown(out)] == pytest.approx([i / 10 for i in range(1, 21)], abs=0.001)
    with av.open(str(out)) as container:
        recorded_units = [unit.data for unit in Recording(made).camera()]
        assert [bytes(p) for p in container.demux(video=0) if p.pts is not None] == recorded_units
    assert begins(heard(out)[0]) == pytest.approx(1.0, abs=0.03)
    assert any("tell me" in text for _, text in subtitles(out))


def test_two_codecs_in_one_session_give_a_film_of_each(tmp_path: Path) -> None:
    first = camera(encoded("libx264", (320, 180), 12), range(100, 1300, 100))
    second = camera(encoded("libvpx", (320, 180), 6), range(2000, 2600, 100), "vp8", 20)
    made = recorded(tmp_path, [ev.SessionStarted(0), ev.SessionEnded(3 * NS)], first, second)
    outcome = export_mp4(made, tmp_path / "a.mp4")
    assert "6 pictures are in vp8 and left out" in outcome.text and "--out NAME.webm takes those" in outcome.text
    assert export_mp4(made, tmp_path / "b.webm").code == 0
    assert len(shown(tmp_path / "a.mp4")) == 12 and len(shown(tmp_path / "b.webm")) == 6


def test_a_camera_of_single_jpegs_goes_into_matroska(tmp_path: Path) -> None:
    jpegs = [cv2.imencode(".jpg", np.full((180, 320, 3), 40 + 20 * i, np.uint8))[1].tobytes() for i in range(8)]
    media = camera([(True, data) for data in jpegs], range(100, 900, 100), "jpeg")
    made = recorded(tmp_path, [ev.SessionStarted(0), ev.SessionEnded(NS)], media)
    assert export_mp4(made).code == 0
    pictures = shown(made.with_suffix(".mkv"))
    assert [light for _, _, light in pictures] == pytest.approx([40 + 20 * i for i in range(8)], abs=5)


def test_without_pictures_the_film_is_sound_and_says_so(tmp_path: Path) -> None:
    made = recorded(tmp_path, talk(6000), wearer(tone(3, 1.0)))
    outcome = export_mp4(made)
    assert outcome.code == 0 and "no picture: the recording has none; sound only" in outcome.text
    assert "only the wearer is to be heard" in outcome.text
    out = made.with_suffix(".mp4")
    assert not streams(out, "video") and len(streams(out, "audio")) == 1 and len(subtitles(out)) >= 3


@pytest.mark.parametrize("garbage", [b"", b"\0\0\0\1", b"\0\0\1\x67\x42", b"\0\0\1\x65" + bytes(400), b"x" * 5000])
def test_garbage_from_a_camera_is_left_out(tmp_path: Path, garbage: bytes) -> None:
    media = camera([(True, garbage)] * 5, range(100, 600, 100))
    made = recorded(tmp_path, [ev.SessionStarted(0), ev.SessionEnded(2 * NS)], media, wearer(tone(1, 0.5)))
    outcome = export_mp4(made)
    assert outcome.code == 0 and "no picture" in outcome.text


# -------------------------------------------------------------------------------------------------- what cannot be done


def test_what_cannot_be_exported_is_refused_and_nothing_is_left(session: Path, tmp_path: Path) -> None:
    silent = recorded(tmp_path / "silent", talk())
    (tmp_path / "notes.mcap").write_text("hello")
    for path, out, says in (
        (silent, tmp_path / "a.mp4", "neither sound nor pictures"),
        (tmp_path / "notes.mcap", tmp_path / "b.mp4", r"notes.mcap is a text file"),
        (session, tmp_path / "film.avi", "name it .mp4, .webm or .mkv"),
        (session, session, "is no kind of film"),
    ):
        before = session.read_bytes()
        outcome = export_mp4(path, out)
        assert outcome.code == 1 and says in outcome.text
        assert session.read_bytes() == before
    assert not [p for p in tmp_path.iterdir() if p.suffix in (".mp4", ".part", ".vtt", ".avi")]


def test_a_file_that_claims_years_is_refused_at_once(session: Path, tmp_path: Path) -> None:
    outcome = export_mp4(session, tmp_path / "film.mp4", FilmOptions(limit_s=10))
    assert outcome.code == 1 and "its times are wrong" in outcome.text and not (tmp_path / "film.mp4").exists()


@pytest.mark.parametrize("share", [0.3, 0.8])
def test_a_torn_recording_gives_a_film_of_what_is_left(session: Path, tmp_path: Path, share: float) -> None:
    torn = tmp_path / session.name
    torn.write_bytes(session.read_bytes()[: int(session.stat().st_size * share)])
    outcome = export_mp4(torn)
    if outcome.code == 0:
        assert "is torn" in outcome.text
        assert shown(torn.with_suffix(".mp4"))
    else:
        assert "neither sound nor pictures" in outcome.text


# ------------------------------------------------------------------------------------------------------ words and times


def test_a_pause_in_an_answer_moves_the_words_after_it() -> None:
    words = tuple(ev.Word(w, i * 500 * MS, (i + 1) * 500 * MS) for i, w in enumerate(("one", "two", "three", "four")))
    answer = answers_of(
        [
            ev.Speak(0, "", 1, 0, 1, "one two three four", last=True),
            ev.ChunkVoiced(0, 1, 0, 2000 * MS, words),
            ev.PlayMark(1000 * MS, 1, 0, "started"),
            ev.PlayMark(2000 * MS, 1, 0, "paused", 1000 * MS),
            ev.PlayMark(5000 * MS, 1, 0, "resumed", 1000 * MS),
            ev.PlayMark(6000 * MS, 1, 0, "finished", 2000 * MS),
        ]
    )[1]
    got, cut = answer.words(9 * NS)
    assert [word.start_ns // MS for word in got] == [1000, 1500, 5000, 5500] and not cut


def test_a_recording_that_ends_in_the_middle_of_an_answer_tells_what_was_played_until_then() -> None:
    words = tuple(ev.Word(w, i * 500 * MS, (i + 1) * 500 * MS) for i, w in enumerate(("one", "two", "three", "four")))
    story = [
        ev.Speak(0, "", 1, 0, 1, "one two three four", last=True),
        ev.ChunkVoiced(0, 1, 0, 2000 * MS, words),
        ev.PlayMark(1000 * MS, 1, 0, "started"),
    ]
    assert [line.text for line in lines_of(story, 2100 * MS)] == ["one two —"]
    assert lines_of(story[:2], 2100 * MS) == []


def test_who_speaks_together_is_read_together() -> None:
    lines = [Line(0, 3 * NS, "companion", "a long story"), Line(NS, 2 * NS, "wearer", "stop")]
    assert one_at_a_time(lines) == [
        (0, NS, "Companion: a long story"),
        (NS, 2 * NS, "Wearer: stop\nCompanion: a long story"),
        (2 * NS, 3 * NS, "Companion: a long story"),
    ]


def test_long_answers_are_broken_where_they_can_be_read() -> None:
    text = "I am recording. I only know the phrases of the demo; companion models pull gets me all of the rest."
    story = [
        ev.Speak(0, "", 1, 0, 1, text, last=True),
        ev.ChunkVoiced(0, 1, 0, 8 * NS),
        ev.PlayMark(0, 1, 0, "started"),
        ev.PlayMark(8 * NS, 1, 0, "finished", 8 * NS),
    ]
    lines = lines_of(story, 9 * NS)
    assert " ".join(line.text for line in lines) == text and all(len(line.text) <= 84 for line in lines)
    assert lines[0].text.endswith("demo;") and all(a.end_ns <= b.start_ns for a, b in itertools.pairwise(lines))


def test_hostile_words_stay_words() -> None:
    nasty = "a\x1b[2Jb\u202e --> 00:00\n\nWEBVTT <b>&"
    story = [ev.TurnOpened(3 * NS, "", 1, nasty, "model:talk", NS, 2 * NS)]
    vtt = web_vtt(lines_of(story, 4 * NS))
    assert "\x1b" not in vtt and "\u202e" not in vtt and "&lt;b&gt;&amp;" in vtt
    assert vtt.count("-->") == 1 and vtt.count("\n\n") == 1


# ---------------------------------------------------------------------------------------------------------------- Rerun


def test_without_the_extra_the_error_names_it(session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(rerun_export.importlib, "import_module", missing)
    outcome = export_rerun(session, tmp_path / "a.rrd")
    assert outcome.code == 1 and "pip install 'earshot-companion[rerun]'" in outcome.text
    assert not list(tmp_path.iterdir())


@needs_rerun
def test_a_rerun_file_holds_pictures_sound_states_spans_and_words(session: Path, tmp_path: Path) -> None:
    out = tmp_path / "story.rrd"
    outcome = export_rerun(session, out)
    assert outcome.code == 0 and str(out) in outcome.text
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    held = rrd("stats", out)
    for entity in ("/camera/video", "/voices/wearer", "/voices/companion", "/sound", "/talk", "/decisions", "/log"):
        assert entity in held


@needs_rerun
def test_a_rerun_file_of_a_real_recording_is_sound_and_holds_the_cameras_own_bytes(tmp_path: Path) -> None:
    out = tmp_path / "platform.rrd"
    assert export_rerun(SAMPLE, out).code == 0
    assert "verified without error" in rrd("verify", out)
    held = rrd("stats", out)
    for entity in ("/conversation", "/latency/read", "/camera/still"):
        assert entity in held
    data = out.read_bytes()  # lightly compressed; what looks like noise stands in it as it is
    units = [unit.data for unit in Recording(SAMPLE).camera()]
    assert sum(unit[-200:-120] in data for unit in units) > 0.7 * len(units)  # encoded again, none would


def rrd(action: str, path: Path) -> str:
    """What Rerun's own tool says of a file."""
    words = [sys.executable, "-m", "rerun_cli", "rrd", action, str(path)]
    done = subprocess.run(words, capture_output=True, text=True, env=viewer.environment(), timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_the_viewer_is_bound_to_this_machine_and_reports_nothing() -> None:
    words = viewer.command(Path("a.rrd"), 1, 2)
    assert words[words.index("--bind") + 1] == "127.0.0.1" and "--serve-web" in words
    env = viewer.environment({"FORCE_RERUN_ANALYTICS": "1", "HOME": "/home/me"})
    assert env["CI"] and env["HOME"] == "/home/me" and "FORCE_RERUN_ANALYTICS" not in env


def test_the_viewers_page_may_reach_its_own_server_only() -> None:
    """A stand-in for the viewer's page server; ours hands on what it gives, under a policy and without its links."""

    class Theirs(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b'<html><link rel="preconnect" href="https://fonts.example"><link href="/favicon.svg">hello</html>'
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    theirs = ThreadingHTTPServer(("127.0.0.1", 0), Theirs)
    ours = viewer.page_server(theirs.server_port, 9876)
    assert ours.server_address[0] == "127.0.0.1"
    for server in (theirs, ours):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        status, headers, body = got(ours.server_port, f"127.0.0.1:{ours.server_port}")
        assert status == 200 and b"hello" in body and b"fonts.example" not in body and b"/favicon.svg" in body
        assert "connect-src 'self' data: blob: http://127.0.0.1:9876;" in headers["Content-Security-Policy"]
        assert "https:" not in headers["Content-Security-Policy"]
        assert got(ours.server_port, "evil.example")[0] == 403
    finally:
        for server in (ours, theirs):
            server.shutdown()
            server.server_close()


def got(port: int, host: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/", headers={"Host": host})
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read()


def test_the_film_of_a_slice_begins_where_the_slice_does(tmp_path: Path) -> None:
    from companion.derived import cut_session

    sample = Path(__file__).parent.parent / "recordings" / "samples" / "cut-off.mcap"
    assert cut_session(tmp_path, str(sample), 3, out=tmp_path / "slice.mcap").code == 0
    told = export_mp4(tmp_path / "slice.mcap", tmp_path / "slice.mp4")
    assert told.code == 0 and "a slice" in told.text
    with av.open(str(tmp_path / "slice.mp4")) as film:
        assert film.duration is not None and 3 < film.duration / 1e6 < 6, "not the half minute before it"
        first = next(film.decode(video=0))
        assert first.time is not None and first.time < 1
    captions = (tmp_path / "slice.vtt").read_text()
    assert "what is this" in captions and "00:00:0" in captions and "00:00:2" not in captions
