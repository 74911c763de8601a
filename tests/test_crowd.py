"""The wearer among many voices, before it is known how loud they are: real voice activity over the simulator's café."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from device_sim.device import Microphone
from device_sim.mic import _phrases, read_wav, speech_bounds
from device_sim.sounds import noise_bed
from device_sim.steps import SPEECH
from pipelines.events import MS, NS, Resumed, SpeechPaused, SpeechStarted, VoiceWindow
from pipelines.hearing.nearness import Nearness
from pipelines.hearing.segmenter import Segmenter
from pipelines.hearing.voice_activity import WINDOW_SAMPLES, SileroModel, level_dbfs
from pipelines.thinking.options import AttentionOptions

RATE = 16_000
WEARER_DBFS = -21.0  # the bundled phrases
SAID = (
    "what_does_this_sign_say",
    "what_colour_is_the_door",
    "tell_me_a_story",
    "hey_earshot",
    "what_is_in_front_of_me",
)


@pytest.fixture(scope="module")
def model() -> SileroModel:
    return SileroModel.load()


def windows(sound: np.ndarray, model: SileroModel, from_ns: int = 0) -> list[VoiceWindow]:
    """`sound`: (n,) int16."""
    pcm = (np.asarray(sound) / 32768).astype(np.float32)
    whole = pcm[: len(pcm) // WINDOW_SAMPLES * WINDOW_SAMPLES]
    levels = [level_dbfs(part) for part in whole.reshape(-1, WINDOW_SAMPLES)]
    ends = [from_ns + (i + 1) * 32 * MS for i in range(len(levels))]
    voiced = model.probabilities(whole)
    return [VoiceWindow(t, t, float(p), level) for t, p, level in zip(ends, voiced, levels, strict=True)]


def cafe(seed: int, below_db: float, seconds: int = 10) -> np.ndarray:
    bed = Microphone(noise="voices", noise_dbfs=WEARER_DBFS - below_db)
    return noise_bed(bed, seconds * RATE, _phrases, np.random.default_rng(seed)).astype(np.float64)


class Heard:
    """What nearness and segmenter make of it: speech that was told, and of each pause whether a voice stood out."""

    def __init__(self) -> None:
        self.nearness, self._segmenter = Nearness(AttentionOptions()), Segmenter()
        self.started: list[int] = []
        self.paused: list[tuple[int, tuple[int, int] | None]] = []  # when it was told; from when to when, if by level

    def feed(self, heard: list[VoiceWindow]) -> Heard:
        for window in heard:
            for change in self._segmenter.feed(self.nearness.feed(window)):
                if isinstance(change, SpeechStarted):
                    self.started.append(change.media_ns)
                elif isinstance(change, SpeechPaused):
                    self.paused.append((window.media_ns, self.nearness.stood_out()))
        return self


@pytest.mark.parametrize("below_db", [9.0, 12.0])
def test_the_end_of_the_wearers_words_is_found_though_others_go_on(model: SileroModel, below_db: float) -> None:
    ends, begins = [], []
    for seed in range(4):
        for number, name in enumerate(SAID):
            speech, sound = read_wav(SPEECH / f"{name}.wav").astype(np.float64), cafe(seed, below_db)
            first, last = speech_bounds(speech.astype(np.int16))
            at = RATE * (2 + number % 2)
            sound[at : at + len(speech)] += speech
            began_ns, ended_ns = (at + first) * NS // RATE, (at + last) * NS // RATE
            told = Heard().feed(windows(sound.clip(-32768, 32767), model)).paused
            by_level = [(t, near) for t, near in told if near is not None]
            assert not [t for t, _ in by_level if began_ns < t < ended_ns - 100 * MS], f"{name} was cut, seed {seed}"
            ends.append(min(t for t, _ in told if t >= ended_ns - 100 * MS) - ended_ns)
            begins += [near[0] - began_ns for t, near in by_level if t >= ended_ns - 100 * MS][:1]
    assert max(ends) < 600 * MS and sorted(ends)[len(ends) // 2] < 400 * MS
    assert len(begins) >= 14, "of 20; in the others the babble itself happened to pause"
    if below_db == 12.0:  # closer than that, some of the babble is as loud as the wearer
        assert all(-100 * MS <= late <= 100 * MS for late in begins), "and the babble before them is no part of it"


def test_one_voice_in_a_quiet_room_is_nobodys_crowd(model: SileroModel) -> None:
    for path in sorted(Path(SPEECH).glob("*.wav")):
        heard = windows(np.pad(read_wav(path), (RATE // 2, RATE)), model)
        plain, ours = Segmenter(), Heard().feed(heard)
        pauses = [w.media_ns for w in heard for d in plain.feed(w) if isinstance(d, SpeechPaused)]
        assert [t for t, _ in ours.paused] == pauses, path.stem


def test_who_has_heard_only_the_crowd_for_long_hears_the_wearer_then(model: SileroModel) -> None:
    """Half a minute of babble was no utterance; a voice that stands out of it afterwards is one."""
    babble, ours = windows(cafe(3, 12.0), model), Heard()
    ours.feed(babble)
    assert ours.started and not ours.paused
    ours.nearness.all_others()
    speech, sound = read_wav(SPEECH / "what_does_this_sign_say.wav").astype(np.float64), cafe(3, 12.0)
    sound[3 * RATE : 3 * RATE + len(speech)] += speech
    ours.feed(windows(sound.clip(-32768, 32767), model, from_ns=babble[-1].media_ns))
    assert len(ours.paused) >= 2 and ours.paused[0][1] is None, "first the babble is let go"
    assert 2.8 < (ours.started[1] - babble[-1].media_ns) / NS < 3.5


def test_a_crowd_is_no_state_to_rest_in_and_silence_ends_it(model: SileroModel) -> None:
    ours = Heard().feed(windows(cafe(1, 12.0, 3), model))
    talking = ours.nearness.at_rest
    for i in range(20):
        ours.nearness.feed(VoiceWindow(0, 3 * NS + i * 32 * MS, 0.01, -70.0))
    assert (talking, ours.nearness.at_rest) == (False, True)
    assert ours.nearness.rest(Resumed(0)).wearer_dbfs == 0.0
