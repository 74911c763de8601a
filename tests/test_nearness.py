"""Near and far voices, by level alone: real voice activity over speech of several voices."""

from __future__ import annotations

import itertools
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from faster_whisper.audio import decode_audio
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.events import MS, Resumed, SpeechPaused, SpeechStarted, VoiceWindow
from pipelines.hearing.nearness import Nearness
from pipelines.hearing.segmenter import Segmenter, SegmenterOptions
from pipelines.hearing.voice_activity import WINDOW_SAMPLES, SileroModel, level_dbfs
from pipelines.speaking.espeak import EspeakOptions, EspeakVoice
from pipelines.speaking.voice import VoiceError
from pipelines.thinking.options import AttentionOptions

CLIPS = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "speech"
RATE = 16_000
PRE_ROLL_MS = 300  # of sound is kept before every beginning: what begins later than that loses words

VOICES = ("en-us", "en-gb-x-rp", "en-us+f3", "en-gb-scotland+m3")
TALK = (
    "what does this sign say",
    "could you tell me what is in front of me and whether there is a seat free",
    "remind me to call Anna tomorrow at seven",
    "um, I think it was, uh, the second platform on the left",
    "is there anything behind that red car over there",
)


@pytest.fixture(scope="module")
def model() -> SileroModel:
    return SileroModel.load()


@pytest.fixture(scope="module")
def clips(model: SileroModel) -> list[np.ndarray]:
    """Speech of several voices, people's where it is there, all equally loud: -22 dBFS over its voiced windows."""
    try:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as fresh:
            sounds = fresh.submit(_rendered).result()
    except VoiceError as why:
        pytest.skip(str(why))
    people = sorted(CLIPS.glob("LJ*.wav")) + sorted(CLIPS.glob("*.flac")) if CLIPS.is_dir() else []
    sounds += [np.asarray(decode_audio(str(path)), np.float32) for path in people]
    return [_at(sound, -22.0, model) for sound in sounds]


def _rendered() -> list[np.ndarray]:
    """In a process of its own: espeak-ng says a text a little differently after others than at first, and what is
    heard here must not depend on which tests came before."""
    sounds = []
    for voice, text in itertools.product([EspeakVoice(EspeakOptions(name)) for name in VOICES], TALK):
        pcm = np.concatenate([b.pcm for b in voice.render(text, 160, lambda: False)]).astype(np.float32) / 32768
        sounds.append(np.pad(pcm[: len(pcm) // 3 * 3].reshape(-1, 3).mean(1), (4000, 8000)))
    return sounds


def _windows(sound: np.ndarray, model: SileroModel, from_ms: int = 0) -> list[VoiceWindow]:
    probabilities = model.probabilities(sound)
    whole = np.pad(sound, (0, len(probabilities) * WINDOW_SAMPLES - len(sound))).astype(np.float32)
    return [
        VoiceWindow(end_ns, end_ns, float(p), level_dbfs(whole[i * WINDOW_SAMPLES : (i + 1) * WINDOW_SAMPLES]))
        for i, p in enumerate(probabilities)
        if (end_ns := from_ms * MS + (i + 1) * 32 * MS)
    ]


def _at(sound: np.ndarray, dbfs: float, model: SileroModel) -> np.ndarray:
    levels = [w.level_dbfs for w in _windows(sound.astype(np.float32), model) if w.probability >= 0.35]
    rms = 10 * np.log10(np.mean(10 ** (np.array(levels) / 10)))
    return (sound * 10 ** ((dbfs - rms) / 20)).astype(np.float32)


def _louder(sound: np.ndarray, db: float) -> np.ndarray:
    return (sound * 10 ** (db / 20)).astype(np.float32)


def _taught(by: np.ndarray, model: SileroModel) -> Nearness:
    nearness = Nearness(AttentionOptions())
    windows = _windows(by, model)
    for window in windows:
        assert nearness.feed(window) is window, "before the level is known everything counts"
    nearness.learn(0, windows[-1].media_ns)
    assert nearness.wearer_dbfs < 0
    return nearness


def _speech(
    nearness: Nearness | None, windows: list[VoiceWindow], options: SegmenterOptions | None = None
) -> list[tuple[int, int]]:
    """(start, end) of each run of speech, in ms from the first window."""
    segmenter, zero_ns = Segmenter(options), windows[0].media_ns
    found = [d for w in windows for d in segmenter.feed(nearness.feed(w) if nearness else w)]
    found += segmenter.close(windows[-1].t_ns, "the end")
    starts = [d.media_ns for d in found if isinstance(d, SpeechStarted)]
    ends = [d.media_ns for d in found if isinstance(d, SpeechPaused)]
    return [((a - zero_ns) // MS, (b - zero_ns) // MS) for a, b in zip(starts, ends, strict=True)]


@pytest.mark.parametrize("change_db", [6, 3, 0, -3])
def test_the_wearer_is_heard_whole_though_they_are_louder_or_quieter_than_before(
    clips: list[np.ndarray], model: SileroModel, change_db: int
) -> None:
    late, split = [], 0
    slow = SegmenterOptions(off=0.35, pause_ms=96)  # so that what splits speech here is nearness
    for clip in clips:
        heard = _speech(None, _windows(clip, model), slow)
        again = _speech(_taught(clip, model), _windows(_louder(clip, change_db), model, 60_000), slow)
        assert again and again[-1][1] >= heard[-1][1] - 100, "fading syllables stay"
        late.append(again[0][0] - heard[0][0])
        split += len(again) - len(heard)
    assert max(late) <= 364, "the sound kept before the start covers 300 ms and the first two windows"
    assert sorted(late)[len(late) // 2] <= 32
    assert split <= 3, "quiet words inside a sentence are no pauses"


@pytest.mark.parametrize("below_db", [12, 15, 20])
def test_a_television_never_opens_a_turn(clips: list[np.ndarray], model: SileroModel, below_db: int) -> None:
    """Whoever of these is the wearer, and whoever is on television."""
    seconds = 0.0
    for turn in range(0, len(clips), 3):
        nearness = _taught(clips[turn], model)
        evening = np.concatenate([clips[(turn * 7 + i * 5) % len(clips)] for i in range(len(clips))])
        windows = _windows(_louder(evening, -below_db), model, 60_000)
        assert _speech(None, windows), "it is loud enough to be taken for speech"
        assert _speech(nearness, windows) == []
        seconds += len(evening) / RATE
    assert seconds > 300


@pytest.mark.parametrize("noise_dbfs", [-42, -32, -27])
def test_a_hum_makes_no_television_near(clips: list[np.ndarray], model: SileroModel, noise_dbfs: int) -> None:
    hum = np.random.default_rng(5).standard_normal(3_000_000).astype(np.float32) * 10 ** (noise_dbfs / 20)
    television = np.concatenate([np.zeros(RATE, np.float32), *clips])
    for turn in (0, 7, 13):
        own = np.concatenate([np.zeros(RATE, np.float32), clips[turn]])
        nearness = _taught(own + hum[: len(own)], model)
        far = _windows(_louder(television, -13) + hum[: len(television)], model, 60_000)
        assert len(_speech(nearness, far)) == 0
        assert _speech(nearness, _windows(own + hum[: len(own)], model, 300_000))


def test_a_television_behind_the_last_word_does_not_keep_the_turn_open(
    clips: list[np.ndarray], model: SileroModel
) -> None:
    for turn, clip in enumerate(clips[:20]):
        nearness = _taught(clip, model)
        own = _speech(None, _windows(clip, model))
        television = np.concatenate([clips[(turn + i) % len(clips)] for i in range(3, 18, 3)])[RATE:]
        room = np.zeros(len(clip) + 6 * RATE, np.float32)
        room[2 * RATE : 2 * RATE + len(clip)] = clip
        room[: len(television)] += _louder(television, -12)[: len(room)]
        heard = _speech(nearness, _windows(room, model, 60_000))
        assert heard[0][0] >= 2000 - 200 and heard[0][0] <= 2000 + own[0][0] + PRE_ROLL_MS
        assert heard[-1][1] <= 2000 + own[-1][1] + 400


def test_a_far_voice_neither_ducks_nor_stops_the_answer_and_the_wearer_does(
    clips: list[np.ndarray], model: SileroModel
) -> None:
    nearness = _taught(clips[0], model)
    assert _speech(nearness, _windows(_louder(clips[7], -13), model, 60_000)) == []
    stop = _windows(_louder(clips[3], -2), model, 90_000)
    plain = _speech(None, stop)
    assert _speech(nearness, stop)[0][0] - plain[0][0] <= 32


def test_the_level_follows_the_wearer_and_not_everything(clips: list[np.ndarray], model: SileroModel) -> None:
    nearness = _taught(clips[0], model)
    first = nearness.wearer_dbfs
    nearness.learn(900_000 * MS, 901_000 * MS)  # nothing was heard then
    assert nearness.wearer_dbfs == first
    at_ms = 60_000
    for _ in range(6):
        windows = _windows(_louder(clips[2], -5), model, at_ms)
        for window in windows:
            nearness.feed(window)
        nearness.learn(at_ms * MS, windows[-1].media_ns)
        at_ms += 20_000
    assert first - 6 < nearness.wearer_dbfs < first - 3


def test_a_tap_teaches_anew_when_the_voice_has_become_too_quiet(clips: list[np.ndarray], model: SileroModel) -> None:
    """A wearer who whispers is not locked out for good."""
    nearness = _taught(clips[0], model)
    whisper = _louder(clips[5], -20)
    assert _speech(nearness, _windows(whisper, model, 60_000)) == []
    nearness.trust(98_000 * MS)
    windows = _windows(whisper, model, 90_000)
    assert _speech(nearness, windows) == _speech(None, windows)
    nearness.learn(90_000 * MS, windows[-1].media_ns)
    assert _speech(nearness, _windows(whisper, model, 120_000)) != []


def test_it_can_be_off_and_forgets_with_the_microphone(clips: list[np.ndarray], model: SileroModel) -> None:
    off = Nearness(AttentionOptions(near_db=0))
    windows = _windows(clips[0], model)
    for window in windows:
        off.feed(window)
    off.learn(0, windows[-1].media_ns)
    far = _windows(_louder(clips[5], -20), model, 60_000)
    assert _speech(off, far) == _speech(None, far)
    nearness = _taught(clips[0], model)
    nearness.forget()
    assert _speech(nearness, far) == _speech(None, far)


def test_going_on_from_the_level_alone_decides_alike(clips: list[np.ndarray], model: SileroModel) -> None:
    nearness = _taught(clips[0], model)
    for window in _windows(np.concatenate([clips[1], np.zeros(RATE, np.float32)]), model, 60_000):
        nearness.feed(window)
    assert nearness.at_rest
    other = Nearness(AttentionOptions())
    other.stand(nearness.rest(Resumed(0, 0)))
    for clip, db, at_ms in ((clips[4], -8, 90_000), (clips[9], -2, 120_000)):
        windows = _windows(_louder(clip, db), model, at_ms)
        assert [nearness.feed(w) for w in windows] == [other.feed(w) for w in windows]
        nearness.learn(at_ms * MS, windows[-1].media_ns)
        other.learn(at_ms * MS, windows[-1].media_ns)
        assert nearness.wearer_dbfs == other.wearer_dbfs


@given(st.lists(st.tuples(st.integers(0, 3000), st.floats(0, 1), st.floats(-120, 0)), max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_sound_can_be_weighed(sound: list[tuple[int, float, float]]) -> None:
    nearness, at_ns = Nearness(AttentionOptions()), 0
    nearness.wearer_dbfs = -20.0
    for gap_ms, probability, level in sound:
        at_ns += gap_ms * MS
        window = VoiceWindow(at_ns, at_ns, probability, level, 5)
        out = nearness.feed(window)
        assert out == window or out == replace(window, probability=0.0, loud_ns=0)
    nearness.learn(0, at_ns)
    assert nearness.wearer_dbfs < 0
