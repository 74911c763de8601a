"""A video as a session: what is heard and seen in it, what is answered, and what a file that is none is told."""

from __future__ import annotations

import asyncio
import importlib.util
import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from companion.cli import main
from companion.clip import tracks
from companion.clip.ahead import Ahead
from companion.clip.found import ClipError, examine
from companion.clip.hold import AFTER_NS, Hold
from companion.clip.questions import Asked, asked, typed
from companion.clip.skipping import SkippingLoop, frozen
from companion.clip.source import Shown
from companion.clip.tracks import Span
from companion.replay import replay
from companion.settings import SettingsError
from pipelines import events as ev
from pipelines.events import MS, NS
from pipelines.thinking.dialects.query import pictures_of
from recordings.reader import Recording
from tests.films import FPS, film, held_at, said, still
from tests.test_session import sign

ENCODERS = av.codecs_available
LONGEST_S = 60.0


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user with nothing: no settings, no recordings, nobody at the keyboard."""
    monkeypatch.setenv("EARSHOT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.chdir(tmp_path)
    return tmp_path


SMALL = cv2.resize(sign("PLATFORM 12", "Oxford"), (640, 360), interpolation=cv2.INTER_AREA)
OTHER = cv2.resize(sign("EXIT 4"), (640, 360), interpolation=cv2.INTER_AREA)


def ask(*words: str, sets: tuple[str, ...] = ()) -> int:
    flags = ["hearing.model=embedded", "speaking.voice=espeak", *sets]
    return main(["ask", *words, *(w for item in flags for w in ("--set", item))])


def recorded() -> Recording:
    (file,) = Path("data").rglob("*.mcap")
    return Recording(file)


def decisions(kind: type[Any]) -> list[Any]:
    return [d for d in recorded().decisions() if type(d) is kind]


def replays() -> bool:
    return replay(recorded().path).same


# --------------------------------------------------------------------------------------------- heard, seen, answered


@pytest.mark.parametrize(
    ("name", "video", "audio"),
    [
        ("phone.mp4", "libx264", "aac"),
        ("phone.mov", "libx265", "aac"),
        ("browser.webm", "libvpx-vp9", "libopus"),
        ("camera.avi", "mjpeg", "pcm_s16le"),
    ],
)
def test_what_is_asked_in_a_video_is_answered_from_what_it_shows(
    home: Path, capsys: pytest.CaptureFixture[str], name: str, video: str, audio: str
) -> None:
    if not {video, audio} <= ENCODERS:
        pytest.skip(f"this PyAV cannot write {video} with {audio}")
    sound = said(0.8, "what_does_this_sign_say", 1.5)
    film(home / name, still(SMALL, len(sound) / 48_000), sound, video, audio)
    assert ask("--video", name, "--wav", "answer.wav", "--page", "page.html") == 0
    printed = capsys.readouterr().out
    assert "“what does this sign say”" in printed
    assert "platform 12" in printed.lower() and "oxford" in printed.lower()
    recording = recorded()
    assert recording.info.device == "clip"
    assert len(list(recording.microphone())) > 100 and len(list(recording.stills())) == 1
    assert [t.outcome for t in decisions(ev.TurnClosed)] == ["answered"]
    assert list(recording.answers()), "the spoken answer is in the recording, for the page and the film"
    assert replays()
    assert "<html" in Path("page.html").read_text() and Path("answer.wav").stat().st_size > 48_000
    assert main(["why"]) == 0
    assert "what does this sign say" in capsys.readouterr().out
    assert not [t for t in threading.enumerate() if t.name.startswith("clip-")]


def test_pictures_of_a_clip_have_the_same_times_in_each_run(home: Path) -> None:
    """Else another one of them lies on the grid of those that are looked at, and another one may be chosen."""
    film(home / "sign.mp4", still(SMALL, 1.0))
    seen = []
    for run in ("one", "two"):
        ask("--video", "sign.mp4", "what does this say", sets=(f"recording.folder={run}",))
        (file,) = Path(run).rglob("*.mcap")
        seen.append([unit.media_ns for unit in Recording(file).camera()][: FPS // 2])
    first, second = ([at_ns % (200 * MS) for at_ns in times] for times in seen)
    assert len(first) == FPS // 2 and first == second


def test_a_clip_waits_while_its_question_is_answered(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Half a second behind the first question comes the second; the answer to the first takes longer than that."""
    sound = said(0.8, "what_does_this_sign_say", 0.6, "spell_that", 1.5)
    film(home / "quick.mp4", still(SMALL, len(sound) / 48_000), sound)
    assert ask("--video", "quick.mp4") == 0
    assert [t.outcome for t in decisions(ev.TurnClosed)] == ["answered", "answered"]
    assert [t.text for t in decisions(ev.TurnOpened)] == ["what does this sign say", "spell that"]
    assert "O, X, F, O, R, D" in capsys.readouterr().out, "all of it was heard, so its last word is spelled"
    first = decisions(ev.TurnClosed)[0]
    assert first.heard == first.said
    assert replays()


def test_a_clip_that_keeps_rolling_talks_into_its_answer(home: Path) -> None:
    sound = said(0.8, "what_does_this_sign_say", 1.2, "spell_that", 1.5)
    film(home / "quick.mp4", still(SMALL, len(sound) / 48_000), sound)
    ask("--video", "quick.mp4", "--keep-rolling")
    assert decisions(ev.TurnClosed)[0].outcome != "answered"
    assert replays()


def test_a_silent_video_is_asked_about_at_moments(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film(home / "pan.mp4", still(SMALL, 2.0) + [(2.0 + t, p) for t, p in still(OTHER, 2.0)])
    assert ask("--video", "pan.mp4", "1.0: what does this say", "what does this say") == 0
    told = [t.said.lower() for t in decisions(ev.TurnClosed)]
    assert "platform 12" in told[0] and "exit 4" in told[1]
    assert not list(recorded().microphone()), "nobody is said to have been silent where there was no microphone"
    assert replays()


def test_a_moment_may_stand_beside_its_question(home: Path) -> None:
    film(home / "pan.mp4", still(SMALL, 1.0) + [(1.0 + t, p) for t, p in still(OTHER, 1.0)])
    assert ask("--video", "pan.mp4", "what does this say", "--at", "0.5") == 0
    assert "platform 12" in decisions(ev.TurnClosed)[0].said.lower()


def test_sound_that_goes_on_after_the_last_picture_is_answered_from_that_picture(home: Path) -> None:
    film(home / "short.mp4", still(SMALL, 0.6), said(2.5, "what_does_this_sign_say", 1.2))
    assert ask("--video", "short.mp4") == 0
    assert "platform 12" in decisions(ev.TurnClosed)[0].said.lower()
    assert replays()


def test_sound_alone_is_heard_and_it_is_said_that_nothing_is_seen(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film(home / "voice.m4a", sound=said(0.5, "what_does_this_sign_say", 1.0))
    assert ask("--video", "voice.m4a") == 1
    assert "I have no picture" in capsys.readouterr().out
    assert replays()


def test_what_is_said_in_a_video_changes_nothing_for_later_sessions(home: Path) -> None:
    sound = said(0.5, "be_quiet", 1.5)
    film(home / "rude.mp4", still(SMALL, len(sound) / 48_000), sound)
    ask("--video", "rude.mp4")
    heard = [e.text for e in recorded().happenings() if isinstance(e, ev.Transcribed) and e.accepted]
    assert heard == ["be quiet"], "it was understood"
    assert not list(home.rglob("preferences.json"))


def test_a_deaf_companion_answers_only_what_is_typed(home: Path) -> None:
    sound = said(0.5, "spell_that", 1.0)
    film(home / "talk.mp4", still(SMALL, len(sound) / 48_000), sound)
    assert ask("--video", "talk.mp4", "--deaf", "what does this say") == 0
    assert [t.text for t in decisions(ev.TurnOpened)] == ["what does this say"]


def test_a_video_in_which_nothing_is_asked_is_not_a_success(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film(home / "mute.mp4", still(SMALL, 1.0))
    assert ask("--video", "mute.mp4") == 1
    told = capsys.readouterr().err
    assert "nothing was asked" in told and "companion ask --video" in told


def test_what_was_not_understood_is_not_answered(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A whole sentence of noise-like speech: two phrases played backwards."""
    sound = np.concatenate([said(0.5), said("tell_me_about_this_place", "what_colour_is_the_door")[::-1], said(1.5)])
    film(home / "babble.mp4", still(SMALL, len(sound) / 48_000), sound)
    assert ask("--video", "babble.mp4") == 1
    assert "platform" not in capsys.readouterr().out.lower()


def test_skipping_the_waiting_gives_the_answers_of_real_time(home: Path) -> None:
    sound = said(0.5, "what_does_this_sign_say", 1.0)
    film(home / "clip.mp4", still(SMALL, len(sound) / 48_000), sound)
    told, took = [], []
    for words in ((), ("--real-time",)):
        assert ask("--video", "clip.mp4", *words, sets=(f"recording.folder=rec{len(told)}",)) == 0
        (file,) = Path(f"rec{len(told)}").glob("*.mcap")
        (closed,) = [d for d in Recording(file).decisions() if isinstance(d, ev.TurnClosed)]
        told.append((closed.said, closed.heard))
        took.append(closed.t_ns)
        assert replay(file).same
    assert told[0] == told[1]
    assert abs(took[0] - took[1]) < NS, "its clock says what a clock on the wall would have said"


def test_a_model_takes_the_time_it_takes(home: Path) -> None:
    """Beside skipped waiting, the network is not skipped: nothing times out that has not."""
    door = np.full((360, 640, 3), 160, np.uint8)
    cv2.rectangle(door, (220, 30), (420, 350), (20, 20, 200), -1)
    sound = said(0.5, "what_colour_is_the_door", 1.0)
    film(home / "door.mp4", still(door, len(sound) / 48_000), sound)
    with subprocess.Popen(
        [sys.executable, "-m", "device_sim.stand_in_model"], stdout=subprocess.PIPE, text=True
    ) as model:
        try:
            assert model.stdout is not None
            url = json.loads(model.stdout.readline())["url"]
            sets = (f"model.base_url={url}", "model.model=stand-in", "model.first_text_s=2", "model.between_text_s=2")
            assert ask("--video", "door.mp4", sets=sets) == 0
        finally:
            model.terminate()
    assert "red" in decisions(ev.TurnClosed)[0].said.lower()
    assert replays()


# --------------------------------------------------------------------------------------------------- pictures, typed


def test_pictures_follow_each_other_and_questions_may_name_one(home: Path) -> None:
    cv2.imwrite("a.png", SMALL)
    cv2.imwrite("b.jpg", OTHER)
    words = ["1: what does this say", "what does this say", "what did the sign say"]
    assert ask(*words, "--image", "a.png", "--image", "b.jpg") == 0
    told = [t.said.lower() for t in decisions(ev.TurnClosed)]
    assert "platform 12" in told[0] and "exit 4" in told[1] and "exit 4" in told[2]
    assert recorded().info.device == "desk"
    assert replays()


def test_two_pictures_are_compared_when_asked_what_changed(home: Path) -> None:
    cv2.imwrite("a.png", SMALL)
    cv2.imwrite("b.png", OTHER)
    ask(
        "what changed",
        "--image",
        "a.png",
        "--image",
        "b.png",
        sets=("model.base_url=http://127.0.0.1:9", "model.model=x"),
    )
    (asked_for,) = decisions(ev.AskModel)
    sent = [v.frame_id for m in asked_for.messages for v in pictures_of(m, asked_for.image_px, asked_for.image_quality)]
    assert sorted(sent) == [1, 2]


def test_follow_ups_come_from_a_pipe_to_an_empty_line(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cv2.imwrite("a.png", SMALL)
    monkeypatch.setattr(sys, "stdin", io.StringIO("what does this say\nspell that\n"))
    assert ask("--image", "a.png") == 0
    assert [t.text for t in decisions(ev.TurnOpened)] == ["what does this say", "spell that"]
    assert decisions(ev.TurnClosed)[1].said == "O, X, F, O, R, D."
    assert replays()


def test_lines_of_a_pipe_are_questions_until_an_empty_one() -> None:
    read, write = os.pipe()
    os.write(write, b"what does this say\n  spell that \n\nnever asked\n")

    async def collect() -> list[str]:
        with open(read, encoding="utf-8") as source:  # noqa: PTH123 - a descriptor, not a path
            return [line async for line in typed(source)]

    assert asyncio.run(collect()) == ["what does this say", "spell that"]
    os.close(write)


def test_a_large_photograph_is_made_smaller_and_still_read(home: Path) -> None:
    cv2.imwrite("big.png", cv2.resize(sign("PLATFORM 12", "Oxford"), (8000, 4500)))
    assert ask("what does this say", "--image", "big.png") == 0
    assert "platform 12" in decisions(ev.TurnClosed)[0].said.lower()


@pytest.mark.parametrize(
    ("words", "at", "found"),
    [
        (["12.5: what does this say"], [], [Asked("what does this say", 12.5)]),
        (["1:05: read this"], [], [Asked("read this", 65.0)]),
        (["2: read this", "and this"], [7.0], [Asked("read this", 2.0), Asked("and this", 7.0)]),
        (["what does 12: mean"], [], [Asked("what does 12: mean")]),
    ],
)
def test_a_question_says_when_it_is_asked(words: list[str], at: list[float], found: list[Asked]) -> None:
    assert asked(words, at) == found


@pytest.mark.parametrize(("words", "at", "told"), [([""], [], "empty"), (["what"], [1.0, 2.0], "--at 2")])
def test_a_moment_without_a_question_is_refused(words: list[str], at: list[float], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        asked(words, at)


# ---------------------------------------------------------------------------------------------------- files, as found


def shown(path: Path, span: Span = Span()) -> list[Shown]:  # noqa: B008 - frozen
    return list(tracks.pictures(examine(path, LONGEST_S), span))


def heard(path: Path, span: Span = Span()) -> NDArray[np.int16]:  # noqa: B008 - frozen
    return np.concatenate(list(tracks.sound(examine(path, LONGEST_S), span)))


def flat(level: int, height: int = 96, width: int = 160) -> NDArray[np.uint8]:
    return np.full((height, width, 3), level, np.uint8)


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "libx264"),
        ("a.mov", "libx265"),
        ("a.webm", "libvpx-vp9"),
        ("a.mkv", "libvpx"),
        ("a.mp4", "libsvtav1"),
        ("a.avi", "mjpeg"),
    ],
)
def test_every_codec_of_phones_and_browsers_is_shown_whole_and_in_order(tmp_path: Path, name: str, codec: str) -> None:
    if codec not in ENCODERS:
        pytest.skip(f"this PyAV cannot write {codec}")
    film(tmp_path / name, [(i / FPS, flat(40 + 6 * i)) for i in range(FPS * 2)], video=codec)
    found = shown(tmp_path / name)
    levels = [float(s.picture[..., 1].mean()) for s in found]  # type: ignore[call-overload]
    assert len(found) == FPS * 2
    assert levels == sorted(levels) and levels[-1] - levels[0] > 150
    assert [round(s.at_ns * FPS / NS) for s in found] == list(range(FPS * 2))


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_phone_held_upright_or_upside_down_is_seen_as_it_was_held(
    tmp_path: Path, degrees: int, mirrored: bool
) -> None:
    upright = flat(200, 160, 96)
    upright[:80, :48] = (0, 0, 220)  # red: top left
    lying = np.rot90(upright, degrees // 90)  # what must be turned clockwise by so much to stand upright
    lying = lying[:, ::-1] if mirrored else lying
    path = held_at(film(tmp_path / "held.mp4", still(np.ascontiguousarray(lying), 0.4)), degrees, mirrored)
    picture = shown(path)[0].picture
    assert isinstance(picture, np.ndarray)
    assert picture.shape == upright.shape
    red = picture[..., 2].astype(int) - picture[..., 0] > 100
    assert red[40, 24] and not red[120, 24] and not red[40, 72] and not red[120, 72]


def test_pictures_that_come_when_they_like_keep_their_moments(tmp_path: Path) -> None:
    moments = [0.0, 0.05, 0.4, 0.45, 2.0, 3.7]
    film(tmp_path / "vfr.mkv", [(t, flat(40 + 30 * i)) for i, t in enumerate(moments)])
    assert [round(s.at_ns / NS, 2) for s in shown(tmp_path / "vfr.mkv")] == moments


def test_a_film_of_sixty_pictures_a_second_is_shown_as_one_of_thirty(tmp_path: Path) -> None:
    film(tmp_path / "fast.mp4", [(i / 60, flat(50 + i)) for i in range(120)])
    assert 59 <= len(shown(tmp_path / "fast.mp4")) <= 61


@pytest.mark.parametrize("name", ["late.mkv", "late.mp4"])
def test_a_file_whose_time_begins_anywhere_begins_at_its_beginning(tmp_path: Path, name: str) -> None:
    click = np.zeros(48_000, np.int16)
    click[24_000:24_480] = 20_000
    film(
        tmp_path / name, still(flat(40), 0.5) + [(0.5 + t, flat(220)) for t, _ in still(flat(0), 0.5)], click, start_s=5
    )
    found, sound = shown(tmp_path / name), heard(tmp_path / name)
    turned = next(s.at_ns for s in found if s.picture[0, 0, 0] > 128)  # type: ignore[index,call-overload]
    assert found[0].at_ns < NS // 10
    assert abs(np.abs(sound.astype(int)).argmax() * NS // 48_000 - turned) < 100 * MS, "sound and picture stay together"


def test_a_hole_in_the_sound_is_silence_of_its_length(tmp_path: Path) -> None:
    tone = (np.sin(np.arange(48_000) / 10) * 15_000).astype(np.int16)
    with av.open(str(tmp_path / "hole.mkv"), "w") as out:
        stream: Any = out.add_stream("pcm_s16le", rate=48_000, layout="mono")
        for at_s, piece in ((0, tone[:24_000]), (2, tone[24_000:])):
            frame = av.AudioFrame.from_ndarray(piece.reshape(1, -1), format="s16", layout="mono")
            frame.sample_rate, frame.pts = 48_000, at_s * 48_000
            for packet in (*stream.encode(frame), *stream.encode()) if at_s else stream.encode(frame):
                out.mux(packet)
    sound = np.abs(heard(tmp_path / "hole.mkv").astype(int))
    assert abs(len(sound) / 48_000 - 2.5) < 0.05
    assert sound[12_000:24_000].max() > 10_000 and sound[30_000:90_000].max() == 0 and sound[97_000:].max() > 10_000


def test_a_part_of_a_file_begins_with_what_was_seen_then(tmp_path: Path) -> None:
    click = np.zeros(48_000 * 4, np.int16)
    click[48_000 * 2 : 48_000 * 2 + 480] = 20_000
    film(tmp_path / "long.mp4", [(i / FPS, flat(20 + 3 * i)) for i in range(FPS * 4)], click)
    part = Span(1.5, 2.5)
    found, sound = shown(tmp_path / "long.mp4", part), heard(tmp_path / "long.mp4", part)
    assert abs(len(found) - FPS) <= 1 and found[0].at_ns < 2 * NS // FPS
    assert abs(float(found[0].picture.mean()) - (20 + 3 * 1.5 * FPS)) < 8  # type: ignore[union-attr]
    assert abs(len(sound) / 48_000 - 1.0) < 0.03
    assert abs(np.abs(sound.astype(int)).argmax() / 48_000 - 0.5) < 0.03


def test_more_than_four_k_is_made_smaller(tmp_path: Path) -> None:
    film(tmp_path / "huge.avi", still(flat(90, 2880, 5120), 0.2), video="mjpeg")
    picture = shown(tmp_path / "huge.avi")[0].picture
    assert isinstance(picture, np.ndarray) and picture.shape == (1080, 1920, 3)


def test_a_file_that_breaks_off_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = film(tmp_path / "whole.mkv", [(i / FPS, flat(i % 200)) for i in range(FPS * 4)], said(4.0))
    torn = tmp_path / "torn.mkv"
    torn.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert 5 < len(shown(torn)) < FPS * 4
    holed = bytearray(whole.read_bytes())
    holed[len(holed) // 3 : len(holed) // 3 + 400] = b"\x55" * 400
    torn.write_bytes(bytes(holed))
    assert len(shown(torn)) > 5


def _unfinished(path: Path) -> None:
    film(path, still(flat(90), 1.0), said(1.0))
    path.write_bytes(path.read_bytes().partition(b"moov")[0])  # what says where everything is stands at the end


def _torn(path: Path) -> None:
    film(path, still(flat(90), 1.0), said(1.0))
    data = bytearray(path.read_bytes())
    at = data.index(b"mdat")
    data[at + 4 : data.index(b"moov")] = bytes(data.index(b"moov") - at - 4)
    path.write_bytes(bytes(data))


def _of_tomorrow(path: Path) -> None:
    film(path, still(flat(90), 0.3))
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzz9"))


def _no_frames(path: Path) -> None:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        out.start_encoding()


def _subtitles(path: Path) -> None:
    path.write_bytes(b"1\n00:00:00,000 --> 00:00:01,000\nHello\n")


def _playlist(path: Path) -> None:
    path.write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/elsewhere.ts\n")


@pytest.mark.parametrize(
    ("name", "make", "told"),
    [
        ("no.mp4", lambda p: None, "no such file"),
        ("folder.mp4", lambda p: p.mkdir(), "folder"),
        ("empty.mp4", lambda p: p.write_bytes(b""), "empty"),
        ("noise.mp4", lambda p: p.write_bytes(np.random.default_rng(5).bytes(50_000)), "no video"),
        ("text.mp4", lambda p: p.write_text("milk, eggs\n" * 100), "no video"),
        ("words.srt", _subtitles, "no video"),
        ("list.m3u8", _playlist, "play list"),
        ("cut.mp4", _unfinished, "not whole"),
        ("torn.mp4", _torn, "nothing in it can be decoded"),
        ("of_tomorrow.mp4", _of_tomorrow, "codec is not known here (video (unknown))"),
        ("no_frames.mp4", _no_frames, "neither picture nor sound"),
        ("pipe.mp4", lambda p: os.mkfifo(p), "a pipe"),
        ("photo.jpg", lambda p: cv2.imwrite(str(p), flat(90)), "--image"),
        ("photo.png", lambda p: cv2.imwrite(str(p), flat(90)), "--image"),
    ],
)
def test_what_is_no_video_is_named_with_what_it_is_and_the_way_out(
    home: Path, capsys: pytest.CaptureFixture[str], name: str, make: Any, told: str
) -> None:
    make(Path(name))
    assert ask("--video", name) == 2
    line = capsys.readouterr().err.strip()
    assert name in line and told in line and "\n" not in line and "Traceback" not in line
    assert not list(home.rglob("*.mcap")), "nothing is recorded of what never began"


def test_pictures_of_an_unknown_codec_are_named_and_the_sound_still_counts(
    home: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    film(home / "clip.mp4", still(flat(90), 1.0), said(0.2, "who_are_you", 0.5))
    (home / "clip.mp4").write_bytes((home / "clip.mp4").read_bytes().replace(b"avc1", b"zzz9"))
    ask("--video", "clip.mp4")
    assert "clip.mp4: its pictures cannot be used" in caplog.text
    assert "who are you" in capsys.readouterr().out


def test_a_part_that_ends_before_it_begins_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film(home / "clip.mp4", still(flat(90), 0.5))
    assert ask("--video", "clip.mp4", "what is this", "--from", "0.4", "--to", "0.1") == 2
    assert "--from 0.4 --to 0.1" in capsys.readouterr().err


def test_a_file_cut_off_is_told_in_words(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _unfinished(home / "cut.mp4")
    assert ask("--video", "cut.mp4") == 2
    told = capsys.readouterr().err
    assert "Errno" not in told and told.count("cut.mp4") == 1, told


def test_pictures_with_notes_of_their_camera_are_shown_as_others_are(tmp_path: Path) -> None:
    """EXIF in the pictures of a film: a kind of side data that PyAV 18 has no name for, and fails at."""
    jpeg = cv2.imencode(".jpg", flat(90))[1].tobytes()
    tiff = b"II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\x04\0\0\0Cam\0\0\0\0\0"  # one entry: the maker
    exif = b"\xff\xe1" + (len(tiff) + 8).to_bytes(2, "big") + b"Exif\0\0" + tiff
    with av.open(str(tmp_path / "cam.avi"), "w") as out:
        stream = out.add_stream("mjpeg", rate=FPS)
        stream.height, stream.width, stream.pix_fmt = *flat(90).shape[:2], "yuvj420p"
        for i in range(5):
            packet = av.Packet(jpeg[:2] + exif + jpeg[2:])
            packet.stream, packet.pts, packet.dts, packet.time_base = stream, i, i, Fraction(1, FPS)
            out.mux(packet)
    shown = list(tracks.pictures(examine(tmp_path / "cam.avi", LONGEST_S), Span()))
    assert len(shown) == 5


HEIC = Path(__file__).parent / "data" / "photos" / "sign.heic"  # lies on its side, and says so: "PLATFORM 12", "Oxford"


def test_a_photograph_of_an_iphone_is_read_or_the_extra_named(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if importlib.util.find_spec("pi_heif") is not None:
        assert ask("what does this say", "--image", str(HEIC)) == 0
        assert "Platform 12" in capsys.readouterr().out
        cut = home / "cut.heic"
        cut.write_bytes(HEIC.read_bytes()[:900])
        assert ask("what does this say", "--image", str(cut)) == 2
        assert "cut off" in capsys.readouterr().err
        monkeypatch.setitem(sys.modules, "pi_heif", None)
    assert ask("what does this say", "--image", str(HEIC)) == 2
    told = capsys.readouterr().err
    assert "earshot-companion[heic]" in told and "JPEG" in told and "--video" not in told
    assert ask("what does this say", "--video", str(HEIC)) == 2
    assert f"--image {HEIC}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("data", "told"),
    [(b"", "empty"), (b"\xff\xd8\xff\xe0" + bytes(200), "(JPEG) that is damaged"), (b"milk" * 50, "no picture")],
)
def test_a_picture_that_cannot_be_read_says_what_it_is(
    home: Path, capsys: pytest.CaptureFixture[str], data: bytes, told: str
) -> None:
    (home / "a.jpg").write_bytes(data)
    assert ask("what does this say", "--image", "a.jpg") == 2
    assert told in capsys.readouterr().err


def test_a_video_given_as_a_picture_is_told_so(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film(home / "clip.mp4", still(flat(90), 0.3))
    assert ask("what does this say", "--image", "clip.mp4") == 2
    assert "--video clip.mp4" in capsys.readouterr().err


def test_a_clip_that_is_too_long_is_refused_and_a_part_of_it_is_not(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film(home / "long.mp4", still(SMALL, 4.0))
    limit = ("clip.longest_s=2",)
    assert ask("--video", "long.mp4", "what does this say", sets=limit) == 2
    told = capsys.readouterr().err
    assert "long.mp4" in told and "4 s" in told and "--from" in told and "clip.longest_s" in told
    assert ask("--video", "long.mp4", "--from", "1", "--to", "2", "what does this say", sets=limit) == 0
    with pytest.raises(ClipError, match=r"ends at 4\.0 s"):
        examine(home / "long.mp4", LONGEST_S, from_s=9.0)


# ------------------------------------------------------------------------------------------------ how it is carried out


def test_never_more_is_made_ahead_than_there_is_room_for() -> None:
    made: list[int] = []

    def endless() -> Iterator[int]:
        while True:
            made.append(len(made))
            yield made[-1]

    async def use() -> None:
        ahead = Ahead(endless(), 4)
        assert [await ahead.take() for _ in range(10)] == list(range(10))
        assert len(made) <= 10 + 4 + 1
        ahead.close()
        assert await ahead.take() is None

    asyncio.run(use())
    assert not [t for t in threading.enumerate() if t.name == "clip-ahead"]


def test_what_goes_wrong_in_the_thread_is_raised_where_it_is_waited_for() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ClipError("gone")

    async def use() -> None:
        ahead = Ahead(broken(), 4)
        assert await ahead.take() == 1
        with pytest.raises(ClipError, match="gone"):
            await ahead.take()
        ahead.close()

    asyncio.run(use())


def test_waiting_is_skipped_and_work_is_not() -> None:
    async def use() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SkippingLoop)
        began = loop.time()
        await asyncio.sleep(3600)  # the test would not live to see the end of it
        assert 3600 <= loop.time() - began < 3660
        rang: list[bool] = []
        loop.call_later(600, rang.append, True)
        before = loop.time()
        await asyncio.to_thread(time.sleep, 0.05)
        assert 0.05 <= loop.time() - before < 600 and not rang, "somebody worked: no time was skipped"
        with frozen():
            before = loop.time()
            await asyncio.to_thread(time.sleep, 0.05)
            assert loop.time() == before, "what a camera would not have cost is not counted"
        working = True
        loop.at_work = lambda: working
        done = asyncio.Event()
        threading.Timer(0.05, lambda: loop.call_soon_threadsafe(done.set)).start()
        await done.wait()
        assert not rang
        working = False
        await asyncio.sleep(700)
        assert rang

    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        runner.run(use())


def test_a_clip_is_held_from_the_question_to_a_breath_after_the_answer() -> None:
    hold = Hold()
    line = [("listening", False), ("hearing", False), ("settling", False), ("thinking", True), ("speaking", True)]
    held = []
    for i, (state, answering) in enumerate(line):
        hold.feed(i * MS, state, answering)
        held.append(hold.on)
    assert held == [False, False, False, True, True]
    hold.feed(10 * MS, "listening", False)
    assert hold.on, "the next words do not follow on the heels of the answer"
    hold.feed(4 * MS + AFTER_NS, "listening", False)
    assert not hold.on
    rolling = Hold(never=True)
    rolling.feed(0, "speaking", True)
    assert not rolling.on
