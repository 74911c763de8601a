"""Recordings: what goes in comes out, whatever happens to the process, the disk or the file in between."""

from __future__ import annotations

import errno
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcap.reader import make_reader

from companion import sessions
from pipelines import events as ev
from pipelines.events import Kinds
from recordings import partfile, schema
from recordings.digest import Digest, digest, line
from recordings.environment import environment
from recordings.exchange import HttpBegin, HttpChunk, HttpEnd, Redactor, header_pairs
from recordings.overview import overview
from recordings.reader import Recording
from recordings.recover import Recovered, recover, recover_all
from recordings.retention import Retention, enforce
from recordings.session import RecordingError, SessionInfo
from recordings.stored import MediaIndex
from recordings.writer import Recorder, RecorderOptions

MS, NS = ev.MS, ev.NS
T0_NS = 1_795_222_812_123_456_789
ALL = {**Kinds.HAPPENINGS, **Kinds.DECISIONS}
NO_FLOOR = RecorderOptions(floor_bytes=0)
ROOT = Path(__file__).resolve().parent.parent


def info(session: str = "4f2a9c1e", **more: Any) -> SessionInfo:
    return SessionInfo(session, T0_NS, "test glasses", **more)


def a_conversation(recorder: Recorder) -> list[ev.Happening | ev.Decision]:
    """Two turns, one answered here and one by a model, with sound and pictures around; the events as handed in."""
    told: list[ev.Happening | ev.Decision] = [
        ev.SessionStarted(0, "tiny", True, "stub", ("espeak",)),
        ev.LinkChanged(1 * MS, "connected", True, True, True),
        ev.VoiceWindow(90 * MS, 64 * MS, 0.93, -22.5),
        ev.SpeechStarted(90 * MS, "voice", 60 * MS),
        ev.TurnOpened(900 * MS, "the words look finished", 1, "what does this sign say", "read", 60 * MS, 700 * MS),
        ev.FrameChosen(910 * MS, "sharpest", 1, ev.FrameScore(7, 400 * MS, 1280, 720, 88.5), 300, 5),
        ev.Speak(950 * MS, "", 1, 0, 1, "It says", "status", "espeak", 170),
        ev.Speak(951 * MS, "", 1, 1, 1, "Platform 4.", "reading", "espeak", 150, True),
        ev.PlayMark(960 * MS, 1, 0, "started"),
        ev.HeardMark(1000 * MS, 1, "first", 990 * MS),
        ev.TurnClosed(2500 * MS, "", 1, "answered", "It says Platform 4.", "It says Platform"),
        ev.TurnOpened(3000 * MS, "", 2, "is it busy", "model", 2600 * MS, 2900 * MS),
        ev.AskModel(3010 * MS, "", 9, 2, (ev.Message("user", "is it busy", 7),), 100, 768),
        ev.Speak(3400 * MS, "", 2, 0, 2, "Quite busy.", "model", "espeak", 170, True),
        ev.PlayMark(3450 * MS, 2, 0, "started"),
    ]
    for i in range(50):
        recorder.microphone((i * 20 + 5) * MS + 3, i * 20 * MS, 960 * i, b"opus%d" % i)
        if i % 2 == 0:
            recorder.camera((i * 20 + 9) * MS, i * 20 * MS, i + 1, 3600 * i, i % 10 == 0, "h264", b"\0\0\1" + bytes(i))
    for event in told:
        (recorder.decision if isinstance(event, ev.Decision) else recorder.happening)(event)  # type: ignore[arg-type]
    body = b'{"model":"stub"}'
    recorder.http(3020 * MS, HttpBegin(1, 2, 3020 * MS, "POST", "https://model.example/v1/chat?key=abc", (), body))
    recorder.http(3200 * MS, HttpChunk(1, 180 * MS, b"data: Quite\n\n"))
    recorder.http(3300 * MS, HttpEnd(1, 200, 280 * MS))
    recorder.still(3015 * MS, ev.View(7), b"\xff\xd8jpeg", "model.example")
    recorder.answer(3460 * MS, 2, b"answer opus")
    recorder.clock_sample(3470 * MS, -5 * NS, 3 * MS)
    recorder.sender_report(3480 * MS, "camera", 0xEC9F_1234_8000_0000, 4_000_000_000)
    recorder.log(3490 * MS, "WARNING", "link", "one packet late")
    recorder.attach("prompt.txt", "text/plain", b"be brief")
    return told


@pytest.fixture
def recorded(tmp_path: Path) -> tuple[Path, list[ev.Happening | ev.Decision]]:
    recorder = Recorder(tmp_path / "rec", info(settings={"turn": {"silence_ms": 400}}), options=NO_FLOOR)
    told = a_conversation(recorder)
    return recorder.close(), told


# ------------------------------------------------------------------------------------------------------------- schemas


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    plain: dict[Any, st.SearchStrategy[Any]] = {
        int: st.integers(-(2**63), 2**63 - 1),
        float: st.floats(allow_nan=False),
        bool: st.booleans(),
        str: st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        bytes: st.binary(max_size=20),
    }
    if hint in plain:
        return plain[hint]
    if getattr(hint, "__origin__", None) is tuple:
        inner = hint.__args__
        if inner[-1] is ...:
            return st.lists(values_of(inner[0]), max_size=3).map(tuple)
        return st.tuples(*map(values_of, inner))
    if type(None) in getattr(hint, "__args__", ()):
        return st.none() | values_of(next(a for a in hint.__args__ if a is not type(None)))
    return st.builds(hint, **{name: values_of(inner) for name, inner in get_type_hints(hint).items()})


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_event_comes_back_as_it_was(name: str) -> None:
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(values_of(ALL[name]))
    def comes_back(event: Any) -> None:
        again = schema.decode(name, schema.encode(event))
        assert again == event
        assert repr(again) == repr(event)  # -0.0, and int or float

    comes_back()


def test_an_older_file_gives_defaults_and_a_newer_one_is_read_as_far_as_it_is_known() -> None:
    assert schema.decode("VoiceWindow", b"") == ev.VoiceWindow(0, 0, 0.0, -120.0)
    assert schema.decode("Transcribed", b"").words == ()
    assert schema.decode_as(ev.Word, b"") == ev.Word("", 0, 0, 1.0)
    assert schema.decode_as(ev.TextLine, b"").box == (0, 0, 0, 0)
    newer = schema.encode(ev.ModelText(5, 6, "hello")) + b"\xfa\x3e\x03new"  # field 1007, bytes
    assert schema.decode("ModelText", newer) == ev.ModelText(5, 6, "hello")


def test_written_zero_is_not_the_default() -> None:
    window = ev.VoiceWindow(1, 1, 0.0, 0.0)
    assert schema.decode("VoiceWindow", schema.encode(window)) == window


def test_half_an_emoji_is_stored_as_a_replacement_mark() -> None:
    assert schema.decode("ModelText", schema.encode(ev.ModelText(1, 1, "a\ud83d"))).text == "a\ufffd"


def test_what_cannot_be_stored_says_what_and_why() -> None:
    with pytest.raises(schema.SchemaError, match=r"ModelText cannot be stored.*range"):
        schema.encode(ev.ModelText(1, 2**70, "x"))
    with pytest.raises(schema.SchemaError, match="newer version"):
        schema.decode("Telepathy", b"")
    with pytest.raises(schema.SchemaError, match="no ModelText"):
        schema.decode("ModelText", b"\xff\xff\xff")


# ---------------------------------------------------------------------------------------------------------- round trip


def test_a_session_comes_back_in_the_order_in_which_it_was_accepted(recorded: Any) -> None:
    path, told = recorded
    recording = Recording(path)
    assert list(recording.events()) == told
    assert list(recording.decisions()) == [e for e in told if isinstance(e, ev.Decision)]
    assert list(recording.happenings()) == [e for e in told if isinstance(e, ev.Happening)]
    assert recording.torn == ""
    sequences = [message.sequence for message in recording.messages()]
    assert sequences == list(range(1, len(sequences) + 1))


def test_media_comes_back_to_the_nanosecond_and_the_byte(recorded: Any) -> None:
    recording = Recording(recorded[0])
    packets = list(recording.microphone())
    assert [(p.t_ns, p.media_ns, p.rtp, p.packet) for p in packets] == [
        ((i * 20 + 5) * MS + 3, i * 20 * MS, 960 * i, b"opus%d" % i) for i in range(50)
    ]
    units = list(recording.camera())
    assert [u.frame_id for u in units] == [i + 1 for i in range(0, 50, 2)]
    assert [u.frame_id for u in units if u.key] == [1, 11, 21, 31, 41]
    assert units[3].data == b"\0\0\1" + bytes(6) and units[3].codec == "h264" and units[3].rtp == 3600 * 6
    assert [(a.utterance, a.packet) for a in recording.answers()] == [(2, b"answer opus")]
    (still,) = recording.stills()
    assert (still.frame_id, still.jpeg, still.sent_to) == (7, b"\xff\xd8jpeg", "model.example")


def test_the_rest_comes_back_too(recorded: Any) -> None:
    recording = Recording(recorded[0])
    assert recording.info.session == "4f2a9c1e" and recording.info.t0_unix_ns == T0_NS
    assert recording.settings == {"turn": {"silence_ms": 400}}
    assert recording.attachment("prompt.txt") == b"be brief" and recording.attachment("no.txt") is None
    begin, chunk, end = recording.http()
    assert isinstance(begin, HttpBegin) and isinstance(chunk, HttpChunk) and isinstance(end, HttpEnd)
    assert chunk.t_rel_ns == 180 * MS and end.status == 200
    ping, report = recording.clock()
    assert (ping.offset_ns, report.ntp_s, report.ntp_fraction, report.rtp) == (
        -5 * NS,
        0xEC9F1234,
        0x80000000,
        4_000_000_000,
    )
    assert [entry.text for entry in recording.logs()][-1] == "one packet late"


def test_other_programs_can_read_it(recorded: Any) -> None:
    """The stock reader, and messages built from the schemas in the file alone (as its protobuf decoder does)."""
    decoder = pytest.importorskip("mcap_protobuf.decoder")
    with recorded[0].open("rb") as file:
        reader = make_reader(file, validate_crcs=True, decoder_factories=[decoder.DecoderFactory()])
        by_topic: dict[str, list[Any]] = {}
        for _, channel, _, message in reader.iter_decoded_messages():
            by_topic.setdefault(channel.topic, []).append(message)
        summary = reader.get_summary()
    assert by_topic["/decision/TurnOpened"][0].text == "what does this sign say"
    assert by_topic["/decision/FrameChosen"][0].frame.sharpness == 88.5
    assert by_topic["/camera/video"][0].format == "h264"
    assert by_topic["/camera/video"][1].timestamp.ToNanoseconds() == T0_NS + 40 * MS
    assert summary is not None and summary.statistics is not None
    assert summary.statistics.message_count == sum(map(len, by_topic.values()))


def test_a_recording_is_private_and_named_for_its_start(recorded: Any) -> None:
    path = recorded[0]
    assert path.name == "20261121T010012Z-4f2a9c.mcap"
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700


def test_two_sessions_of_one_second_do_not_meet(tmp_path: Path) -> None:
    recorders = [Recorder(tmp_path, info(), options=NO_FLOOR) for _ in range(2)]
    assert len({recorder.close() for recorder in recorders}) == 2


def test_it_can_be_read_while_it_is_being_written(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, info(), options=NO_FLOOR)
    assert [entry.level for entry in Recording(recorder.path).logs()] == ["INFO"]  # on disk before anything happened
    assert overview(recorder.path).state == "recording"
    recorder.close()


# -------------------------------------------------------------------------------------------------------------- trouble


def full_disk(monkeypatch: pytest.MonkeyPatch, after_writes: int, partly: int = 0) -> None:
    """From the n-th write on the disk is full; the first one that fails may leave some bytes behind."""
    real, count = partfile.write_some, iter(range(1_000_000))

    def write(fd: int, data: memoryview) -> int:
        n = next(count)
        if n < after_writes:
            return real(fd, data)
        if n == after_writes and partly:
            return real(fd, data[:partly])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(partfile, "write_some", write)


def test_a_full_disk_stops_the_recording_and_not_the_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = threading.Event()
    told: list[str] = []

    def trouble(text: str) -> None:
        told.append(text)
        heard.set()

    recorder = Recorder(tmp_path, info(), trouble, NO_FLOOR)
    full_disk(monkeypatch, after_writes=1, partly=100)
    a_conversation(recorder)
    recorder._wake.set()  # what was accepted is written whole; the next write finds the disk full
    while not heard.wait(0.01):
        recorder.happening(ev.Typed(5 * NS, "hello"))
        recorder._wake.set()
    recorder.happening(ev.Typed(6 * NS, "still talking"))
    path = recorder.close()
    assert len(told) == 1 and "No space left on device" in told[0] and str(path) in told[0]
    assert path.suffix == ".part" and not recorder.writing
    monkeypatch.undo()
    mended = recover(path)
    assert mended.messages == len(list(Recording(mended.path).messages())) > 0


def test_a_disk_that_is_full_at_once_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full_disk(monkeypatch, after_writes=0)
    told: list[str] = []
    recorder = Recorder(tmp_path, info(), told.append, NO_FLOOR)
    a_conversation(recorder)
    recorder.close()
    assert len(told) == 1 and "No space" in told[0] and recorder.trouble == told[0]


def test_too_little_space_is_said_before_anything_is_written(tmp_path: Path) -> None:
    told: list[str] = []
    recorder = Recorder(tmp_path, info(), told.append, RecorderOptions(floor_bytes=2**62))
    a_conversation(recorder)
    recorder.close()
    assert len(told) == 1 and "Make room" in told[0] and list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    told: list[str] = []
    recorder = Recorder(tmp_path / "file" / "rec", info(), told.append, NO_FLOOR)
    assert not recorder.writing and len(told) == 1 and str(tmp_path / "file") in told[0]
    recorder.close()


def test_space_that_runs_out_ends_the_file_properly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = threading.Event()
    options = RecorderOptions(floor_bytes=1, space_check_bytes=0)
    recorder = Recorder(tmp_path, info(), lambda text: heard.set(), replace(options, floor_bytes=4000))
    monkeypatch.setattr(partfile.PartFile, "free_bytes", lambda self: 10)
    recorder.happening(ev.Typed(1, "hello"))
    assert heard.wait(10)
    path = recorder.close()
    assert path.suffix == ".mcap" and list(Recording(path).events()) == [ev.Typed(1, "hello")]
    assert "ended early" in recorder.trouble


def test_when_the_disk_is_too_slow_pictures_go_first_and_events_never(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stalled, go_on = threading.Event(), threading.Event()
    recorder = Recorder(tmp_path, info(), options=replace(NO_FLOOR, queue_items=40, camera_items=30))
    real = partfile.write_some

    def stall(fd: int, data: memoryview) -> int:
        stalled.set()
        assert go_on.wait(10)
        return real(fd, data)

    monkeypatch.setattr(partfile, "write_some", stall)
    recorder.happening(ev.Typed(0, "first"))
    assert stalled.wait(10)
    for i in range(100):
        recorder.camera(i, i, i, i, True, "h264", b"unit")
        recorder.happening(ev.Typed(i, str(i)))
    go_on.set()
    recording = Recording(recorder.close())
    assert [e.text for e in recording.happenings() if isinstance(e, ev.Typed)] == ["first", *map(str, range(100))]
    pictures = len(list(recording.camera()))
    assert 0 < pictures < 100
    assert f"recorder dropped {100 - pictures}" in [entry.text for entry in recording.logs() if entry.level == "ERROR"]


def test_one_thing_that_cannot_be_stored_costs_only_itself(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, info(), options=NO_FLOOR)
    recorder.happening(ev.Typed(1, "before"))
    recorder.happening(ev.ModelText(2, 2**80, "too large a number"))
    recorder.happening(ev.Typed(-(2**70), "too early"))
    recorder.microphone(-(2**70), 0, 5, b"lost")
    recorder.microphone(3, 2, 6, b"kept!!")
    recorder.happening(ev.Typed(3, "after"))
    recording = Recording(recorder.close())
    assert [e.text for e in recording.happenings() if isinstance(e, ev.Typed)] == ["before", "after"]
    assert [(p.rtp, p.packet) for p in recording.microphone()] == [(6, b"kept!!")]
    assert sum("could not be stored" in entry.text for entry in recording.logs()) == 3


# ------------------------------------------------------------------------------------------------------------- recovery

PACED_SESSION = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from pipelines.events import VoiceWindow
from recordings.session import SessionInfo
from recordings.writer import Recorder, RecorderOptions
info = SessionInfo("abcdef", 1_795_222_812_000_000_000)
recorder = Recorder(Path(sys.argv[2]), info, print, RecorderOptions(floor_bytes=0))
start_ns = time.monotonic_ns()
for i in range(10_000):
    t_ns = time.monotonic_ns() - start_ns
    recorder.microphone(t_ns, t_ns, 960 * i, bytes(60))
    recorder.camera(t_ns, t_ns, i, i, i % 50 == 0, "h264", bytes(6000))
    recorder.happening(VoiceWindow(t_ns, t_ns, 0.5))
    print(t_ns, flush=True)
    time.sleep(0.02)
"""


def test_a_killed_process_loses_at_most_half_a_second(tmp_path: Path) -> None:
    """Real processes, killed at random moments; the child prints the time of each thing after handing it over."""
    chance = random.Random(7)
    folders = [tmp_path / f"{i}" for i in range(4)]
    script = [sys.executable, "-c", PACED_SESSION, str(ROOT)]
    children = [subprocess.Popen([*script, str(f)], stdout=subprocess.PIPE, text=True) for f in folders]
    for child, folder in zip(children, folders, strict=True):
        assert child.stdout is not None
        last_ns = int(child.stdout.readline())
        stop_ns = int(chance.uniform(0.05, 1.5) * NS)
        while last_ns < stop_ns:
            last_ns = int(child.stdout.readline())
        os.kill(child.pid, signal.SIGKILL)
        rest = child.communicate()[0].split()
        last_ns = int(rest[-1]) if rest else last_ns
        (mended,) = recover_all(folder)
        assert isinstance(mended, Recovered), mended
        assert mended.path.suffix == ".mcap" and not list(folder.glob("*.part"))
        kept_ns = max((p.t_ns for p in Recording(mended.path).microphone()), default=0)
        assert last_ns - kept_ns <= 500 * MS


def test_cut_off_anywhere_a_file_is_mended_or_left_alone_with_a_clear_word(recorded: Any, tmp_path: Path) -> None:
    whole = recorded[0].read_bytes()
    total = len(list(Recording(recorded[0]).messages()))
    for cut in sorted({*range(0, len(whole), len(whole) // 190), *range(len(whole) - 20, len(whole) + 1)}):
        part = tmp_path / "20260101T000000Z-cut.mcap.part"
        part.write_bytes(whole[:cut])
        try:
            mended = recover(part)
        except RecordingError as why:
            assert "no whole message" in str(why) and "companion sessions delete" in str(why)
            assert part.read_bytes() == whole[:cut]
            continue
        assert not part.exists() and mended.path.name == "20260101T000000Z-cut.mcap"
        assert len(list(Recording(mended.path).messages())) == mended.messages <= total
        with mended.path.open("rb") as file:
            reader = make_reader(file, validate_crcs=True)
            assert sum(1 for _ in reader.iter_messages()) == mended.messages
        assert recover(mended.path).was_whole
        assert mended.was_whole == (cut == len(whole)) and (mended.dropped_bytes == 0) <= (cut >= 0)
        assert overview(mended.path).counts == overview(recorded[0]).counts or mended.messages < total
        mended.path.unlink()


def test_a_torn_file_can_be_read_as_it_is(recorded: Any, tmp_path: Path) -> None:
    torn = tmp_path / "torn.mcap"
    torn.write_bytes(recorded[0].read_bytes()[:-9000])
    recording = Recording(torn)
    list(recording.events())
    assert re.search(r"at byte \d+", recording.torn)


def test_what_is_being_recorded_is_not_mended(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, info(), options=NO_FLOOR)
    assert list(recover_all(tmp_path)) == []
    with pytest.raises(RecordingError, match="recorded right now"):
        recover(recorder.path)
    recorder.close()


def test_a_failed_mending_leaves_the_original(recorded: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torn = tmp_path / "20260101T000000Z-torn.mcap.part"
    torn.write_bytes(recorded[0].read_bytes()[:-500])
    before = torn.read_bytes()

    def no_space(fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(RecordingError, match="No space left"):
        recover(torn)
    assert torn.read_bytes() == before and [p.name for p in tmp_path.glob("*2026*")] == [torn.name]
    assert not list(tmp_path.glob(".*"))


def test_when_much_would_be_lost_the_original_is_kept(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, info(), options=NO_FLOOR)
    for i in range(30):
        recorder.camera(i, i, i, i, True, "h264", bytes([i]) * 900_000)
    path = recorder.close()
    data = bytearray(path.read_bytes())
    data[9_000_000] ^= 1  # a bit flipped long ago, not a crash
    path.write_bytes(data)
    mended = recover(path)
    assert mended.original is not None and mended.original.read_bytes() == data
    assert 0 < len(list(Recording(path).camera())) < 30 and not Recording(path).torn


def foreign(kind: str) -> bytes:
    return {
        "empty": b"",
        "text": b"dear diary",
        "mp4": b"\0\0\0\x18ftypisom" + bytes(100),
        "noise": bytes(range(256)),
        "zip": b"PK\x03\x04" + bytes(50),
    }[kind]


@pytest.mark.parametrize("kind", ["empty", "text", "mp4", "noise", "zip"])
def test_a_file_that_is_no_recording_is_named_for_what_it_is(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "x.mcap"
    path.write_bytes(foreign(kind))
    with pytest.raises(RecordingError) as why:
        Recording(path)
    assert str(path) in str(why.value) and "companion sessions" in str(why.value)
    with pytest.raises(RecordingError):
        recover(path)
    assert path.read_bytes() == foreign(kind)


def test_another_programs_mcap_file_is_left_alone(tmp_path: Path) -> None:
    from mcap.writer import CompressionType, Writer

    path = tmp_path / "robot.mcap"
    with path.open("wb") as file:
        writer = Writer(file, compression=CompressionType.NONE)
        writer.start(library="robot 9000")
        writer.add_message(writer.register_channel("/wheel", "json", 0), 1, b"{}", 1)
        writer.flush()
    before = path.read_bytes()
    for use in (Recording, recover):
        with pytest.raises(RecordingError, match=r"not a session of Earshot.*robot 9000"):
            use(path)
    assert path.read_bytes() == before


def test_a_missing_file_and_a_newer_format_have_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="No such file"):
        Recording(tmp_path / "no.mcap")
    path = Recorder(tmp_path, replace(info(), format="earshot/9"), options=NO_FLOOR).close()
    with pytest.raises(RecordingError, match=r"earshot/9.*install"):
        Recording(path)


def read_everything(path: Path) -> None:
    recording = Recording(path)
    read: list[Callable[[], Any]] = [recording.events, recording.microphone, recording.camera, recording.answers]
    for each in [*read, recording.stills, recording.http, recording.clock, recording.logs]:
        list(each())
    recording.attachment("x")


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    at=st.floats(0, 1),
    new=st.binary(min_size=1, max_size=12) | st.sampled_from([b"\xff" * 8, bytes(8), b"\x05" + b"\xff" * 7 + b"\x7f"]),
    remade=st.booleans(),
)
def test_damaged_bytes_never_do_worse_than_an_error(recorded: Any, at: float, new: bytes, remade: bool) -> None:
    """Overwritten anywhere, also with lengths beyond all bounds, and also where every checksum was made to fit."""
    whole = recorded[0].read_bytes()
    place = int(at * (len(whole) - len(new)))
    data = bytearray(whole)
    data[place : place + len(new)] = new
    if remade:
        forget_checksums(data)
    path = recorded[0].with_name("20260101T000000Z-fuzz.mcap")
    path.write_bytes(data)
    for use in (read_everything, overview, recover, read_everything):
        try:
            use(path)
        except RecordingError as why:
            assert path.name in str(why)


def forget_checksums(data: bytearray) -> None:
    """Set the checksum of every chunk that can be reached to 0, which means "none" in MCAP."""
    at = 8
    while at + 9 <= len(data):
        kind, length = data[at], int.from_bytes(data[at + 1 : at + 9], "little")
        if kind == 6 and at + 37 <= len(data):
            data[at + 33 : at + 37] = bytes(4)
        at += 9 + length


# ------------------------------------------------------------------------------------------------------------ redaction

KEY = "sk-test-ABCDEFGHIJKLMNOPQRSTUV"


def test_no_secret_reaches_the_disk(tmp_path: Path) -> None:
    secret = "hunter2-the-link-token"
    table = {"model": {"name": "stub", "api_key": KEY, "max_tokens": 50}, "link": {"token": secret}, "note": KEY}
    recorder = Recorder(tmp_path, info(settings=table), options=replace(NO_FLOOR, secrets=(secret,)))
    headers = ("Authorization", f"Bearer {KEY}", "X-Api-Key", KEY, "Cookie", "a=b", "Content-Type", "application/json")
    url = f"https://me:{secret}@model.example/v1?key={secret}&alt=sse&access_token=zzz#frag"
    body = json.dumps({"api_key": "plain-value-1", "max_tokens": 5, "messages": [{"text": f"my key is {KEY}"}]})
    recorder.http(1, HttpBegin(1, 1, 1, "POST", url, headers, body.encode()))
    recorder.http(2, HttpChunk(1, 1, b"data: bad key " + KEY.encode() + b" " + secret.encode()))
    recorder.http(3, HttpEnd(1, 401, 2, f"401 for {url}"))
    recorder.log(4, "ERROR", "net", f"GET {url} with Bearer abcdefghijk failed")
    path = recorder.close()
    raw = path.read_bytes()
    for gone in (KEY, secret, "plain-value-1", "zzz", "abcdefghijk", "a=b", "frag"):
        assert gone.encode() not in raw, gone
    recording = Recording(path)
    begin = next(recording.http())
    assert isinstance(begin, HttpBegin)
    assert begin.headers == ("content-type", "application/json")
    assert begin.url == "https://model.example/v1?key=[redacted]&alt=sse&access_token=[redacted]"
    assert json.loads(begin.body)["max_tokens"] == 5 and recording.settings["model"]["max_tokens"] == 50


def test_a_picture_in_a_request_is_kept_once() -> None:
    import base64
    import hashlib

    jpeg = random.Random(1).randbytes(3000)
    body = b'{"url":"data:image/jpeg;base64,' + base64.b64encode(jpeg) + b'"}'
    kept = Redactor().body(body)
    assert kept == b'{"url":"data:image/jpeg;base64,[sha256:' + hashlib.sha256(jpeg).hexdigest().encode() + b']"}'


@pytest.mark.parametrize("cut", range(60))
def test_a_secret_split_over_two_reads_is_found(cut: int, tmp_path: Path) -> None:
    secret = "hunter2-the-link-token"
    data = b"data: no " + KEY.encode() + b" or " + secret.encode() + b"!\n"
    recorder = Recorder(tmp_path, info(), options=replace(NO_FLOOR, secrets=(secret,)))
    recorder.http(1, HttpBegin(1, 1, 1, "POST", "https://model.example/"))
    recorder.http(2, HttpChunk(1, 1, data[:cut]))
    recorder.http(3, HttpChunk(1, 2, data[cut:]))
    recorder.http(4, HttpEnd(1, 200, 3))
    parts = list(Recording(recorder.close()).http())
    assert b"".join(p.data for p in parts if isinstance(p, HttpChunk)) == b"data: no [redacted] or [redacted]!\n"
    assert isinstance(parts[-1], HttpEnd)


def test_headers_pass_by_an_allow_list() -> None:
    assert header_pairs({"Date": "d", "Set-Cookie": "x", "Retry-After": "3"}) == ("date", "d", "retry-after", "3")


# --------------------------------------------------------------------------------------------------------------- digest


def test_the_digest_is_of_decisions_alone_and_the_same_live_and_read_back(recorded: Any) -> None:
    path, told = recorded
    live = Digest()
    for event in told:
        if isinstance(event, ev.Decision):
            live.add(event)
    assert live.hexdigest() == digest(Recording(path).decisions()) and live.count == 9


def test_the_digest_sees_every_field_and_no_accident_of_type() -> None:
    assert digest([ev.SetVolume(1, "", 0)]) == digest([ev.SetVolume(1, "", 0.0)])
    one = ev.Speak(1, "", 1, 2, 3, "words", "model", "espeak", 170, True)
    others = [replace(one, text="Words"), replace(one, last=False), replace(one, t_ns=2), replace(one, reason="x")]
    assert len({digest([each]) for each in (one, *others)}) == 5
    assert digest([ev.Duck(1, "", True)]) != digest([ev.PausePlay(1, "", True)])
    assert line(ev.Duck(1, "", True)).startswith('["Duck",')


def test_the_digest_does_not_depend_on_the_process(recorded: Any) -> None:
    code = "import sys; from recordings.reader import Recording; from recordings.digest import digest; "
    code += "print(digest(Recording(sys.argv[1]).decisions()))"
    seen = set()
    for seed in ("0", "1", "31337"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        done = subprocess.run([sys.executable, "-c", code, str(recorded[0])], env=env, capture_output=True, text=True)
        seen.add(done.stdout.strip() or done.stderr)
    assert seen == {digest(Recording(recorded[0]).decisions())}


# ------------------------------------------------------------------------------------------------------------ retention


def some_files(folder: Path, ages_days: list[float], now_ns: int, size: int = 100) -> list[Path]:
    paths = []
    for i, age in enumerate(ages_days):
        path = folder / f"2026010{i + 1}T000000Z-{i}.mcap"
        path.write_bytes(bytes(size))
        os.utime(path, ns=(now_ns - int(age * 86_400) * NS,) * 2)
        paths.append(path)
    return paths


def test_old_recordings_go_and_nothing_else_does(tmp_path: Path) -> None:
    old, young = some_files(tmp_path, [40, 2], T0_NS)
    (mine := tmp_path / "holiday.mcap").write_bytes(b"mine")
    os.utime(mine, ns=(0, 0))
    (gone,) = enforce(tmp_path, Retention(max_age_days=30), T0_NS)
    assert gone.path == old and "40 days old" in gone.reason
    assert young.exists() and mine.exists() and not old.exists()


def test_when_there_is_too_much_the_oldest_go_first(tmp_path: Path) -> None:
    paths = some_files(tmp_path, [5, 4, 3, 2, 1], T0_NS)
    gone = enforce(tmp_path, Retention(max_bytes=250), T0_NS)
    assert [each.path for each in gone] == paths[:3] and "GB" in gone[0].reason
    assert enforce(tmp_path, Retention(0, 0), T0_NS) == []


def test_what_is_being_recorded_is_never_deleted(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, info(), options=NO_FLOOR)
    os.utime(recorder.path, ns=(0, 0))
    assert enforce(tmp_path, Retention(1, 1), T0_NS) == [] and recorder.path.exists()
    path = recorder.close()
    os.utime(path, ns=(0, 0))
    assert [each.path for each in enforce(tmp_path, Retention(1, 1), T0_NS)] == [path]


def test_what_cannot_be_deleted_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    some_files(tmp_path, [40], T0_NS)

    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    (kept,) = enforce(tmp_path, Retention(), T0_NS)
    assert kept.problem == "Permission denied" and "could not be deleted" in str(kept)


# ----------------------------------------------------------------------------------------------------- what people see


def test_the_list_says_what_there_is(recorded: Any) -> None:
    path, _ = recorded
    (path.parent / "20260102T000000Z-torn.mcap.part").write_bytes(path.read_bytes()[:-9000])
    (path.parent / "20260103T000000Z-empty.mcap.part").write_bytes(b"")
    told = sessions.list_sessions(path.parent)
    assert told.code == 0
    rows = {row.split()[0]: row for row in told.text.splitlines()}
    assert re.search(r"0:03 +\d+ kB +2$", rows["20261121T010012Z-4f2a9c"])
    assert "torn" in rows["20260102T000000Z-torn"] and "is empty" in rows["20260103T000000Z-empty"]


def test_an_empty_folder_says_how_to_fill_it(tmp_path: Path) -> None:
    assert "companion demo" in sessions.list_sessions(tmp_path / "none").text


def test_a_session_is_told_turn_by_turn(recorded: Any) -> None:
    text = sessions.show(recorded[0].parent, "4f2a").text
    assert "“what does this sign say”  (read)" in text and "frame 7, 300 ms old, 1 of 5" in text
    assert "answered, 290 ms from last word to ear" in text and "“It says Platform”" in text
    assert "not closed when the recording ended, 550 ms from last word to link" in text
    assert "POST to model.example: status 200 after 280 ms, 13 bytes came back" in text
    first, second = text.split("turn 2")
    assert "left      nothing" in first and "1 picture" in second


def test_sessions_are_found_by_the_start_of_their_name(recorded: Any) -> None:
    folder = recorded[0].parent
    for wanted in ("20261121", "20261121t0100", "4F2A", "last", str(recorded[0])):
        assert sessions.find(folder, wanted) == recorded[0]
    some_files(folder, [1, 1], T0_NS)
    for wanted, answer in (("2026010", "give more of the name"), ("zzz", "companion sessions list"), ("", "list")):
        told = sessions.show(folder, wanted)
        assert told.code == 1 and answer in told.text


def test_deleting_is_all_or_nothing(recorded: Any) -> None:
    folder = recorded[0].parent
    assert sessions.delete(folder, ["4f2a", "zzz"]).code == 1 and recorded[0].exists()
    told = sessions.delete(folder, ["4f2a"])
    assert told.code == 0 and "deleted 20261121T010012Z-4f2a9c.mcap" in told.text and not recorded[0].exists()


def test_what_is_being_recorded_cannot_be_deleted(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, info(), options=NO_FLOOR)
    assert "stop that session first" in sessions.delete(tmp_path, ["last"]).text and recorder.path.exists()
    recorder.close()


def test_mending_tells_the_truth(recorded: Any) -> None:
    folder = recorded[0].parent
    assert sessions.recover(folder) == sessions.Outcome(f"Nothing to mend in {folder}.")
    torn = recorded[0].rename(folder / "20261121T010012Z-4f2a9c.mcap.part")
    torn.write_bytes(torn.read_bytes()[:-9000])
    told = sessions.recover(folder)
    assert told.code == 0 and re.search(r"messages, .* s kept, [\d,]+ bytes dropped \(.*at byte", told.text)
    assert sessions.recover(folder, "4f2a").text.endswith("whole")
    (folder / "20260103T000000Z-empty.mcap.part").write_bytes(b"")
    assert sessions.recover(folder).code == 1


# ---------------------------------------------------------------------------------------------------------- small print


def test_the_environment_names_packages_and_models(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"weights")
    table = environment({"ears": tmp_path})
    assert table["packages"]["mcap"] and len(table["models"]["ears"]["model.bin"]) == 64
    assert json.loads(json.dumps(table)) == table


def test_a_media_index_costs_few_bytes() -> None:
    index = MediaIndex("microphone", (3_000_000_000,) * 12, (0,) * 12, (False,) * 12, (80,) * 12)
    assert len(schema.encode(index)) < 12 * 12


def test_deleting_a_session_takes_its_pages_and_films_along(recorded: Any) -> None:
    """They hold what the session holds: its voices and its view."""
    folder, stem = recorded[0].parent, recorded[0].stem
    made = [folder / f"{stem}{rest}" for rest in (".html", "-beside-other.html", ".mp4", ".vtt", ".rrd")]
    made.append(folder / f"other-beside-{stem}.html")
    for file in made:
        file.write_text("what was made of it")
    bystander = folder / "notes.html"
    bystander.write_text("mine")
    assert sessions.delete(folder, [stem]).code == 0
    assert not recorded[0].exists() and not any(file.exists() for file in made) and bystander.exists()
