"""The wake word engine, on words that espeak says and on speech of people. Needs the extra `wake`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from faster_whisper.audio import decode_audio

from companion.engines import Engines
from companion.link.handler import DeviceLink
from companion.session import Parts, Session
from companion.settings import Settings, SettingsError
from pipelines.events import NS, SessionStarted, WakeHeard
from pipelines.hearing.wake import BUILT_IN, NS_PER_SAMPLE, Wake, WakeError, WakeStream, WakeWord
from pipelines.speaking.espeak import EspeakOptions, EspeakVoice
from pipelines.speaking.voice import VoiceError

CLIPS = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "speech"
RATE = 16_000


def test_without_its_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymicro_wakeword", None)
    with pytest.raises(WakeError, match=r"pip install 'earshot-companion\[wake\]'"):
        WakeWord("okay_nabu")


def test_a_word_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(WakeError, match="okay_nabu, hey_jarvis"):
        WakeWord("hey_earshot")


def test_a_model_that_does_not_load_is_refused_by_name(tmp_path: Path) -> None:
    pytest.importorskip("pymicro_wakeword")
    for text in (None, "{}", '{"model": "x.tflite", "wake_word": "hey you", "micro": {}}'):
        path = tmp_path / "mine.json"
        if text is not None:
            path.write_text(text)
        with pytest.raises(WakeError, match=r"mine\.json.*does not load"):
            WakeWord(str(path))


def test_the_companion_does_not_start_without_the_word_that_was_asked_for() -> None:
    with pytest.raises(SettingsError, match="there is no such word"):
        Engines.load(Settings.from_plain({"attention": {"wake_word": "hey_you"}}, "earshot.toml"))


# ------------------------------------------------------------------------------------------------------ with the engine


@pytest.fixture(scope="module")
def said() -> Callable[[str, str], np.ndarray]:
    pytest.importorskip("pymicro_wakeword", reason="the wake word engine: pip install 'earshot-companion[wake]'")

    def render(text: str, voice: str = "en-gb-x-rp") -> np.ndarray:
        try:
            speaker = EspeakVoice(EspeakOptions(voice))
        except VoiceError as why:
            pytest.skip(str(why))
        pcm = np.concatenate([b.pcm for b in speaker.render(text, 160, lambda: False)])
        return pcm[: len(pcm) // 3 * 3].reshape(-1, 3).mean(1).astype(np.int16)

    return render


def _room(*sounds: np.ndarray | float) -> np.ndarray:
    """Sounds and pauses in seconds, one behind the other."""
    return np.concatenate([s if isinstance(s, np.ndarray) else np.zeros(int(s * RATE), np.int16) for s in sounds])


def _hear(stream: WakeStream, pcm: np.ndarray, packet: int = 320, from_ns: int = 0) -> list[Wake]:
    heard = []
    for at in range(0, len(pcm), packet):
        piece = pcm[at : at + packet]
        if (woke := stream.feed(piece, from_ns + (at + len(piece)) * NS_PER_SAMPLE)) is not None:
            heard.append(woke)
    return heard


@pytest.mark.parametrize(
    ("name", "text"), [("okay_nabu", "okay nabu"), ("hey_mycroft", "hey mycroft"), ("alexa", "alexa")]
)
def test_the_word_wakes_once_when_it_ends(said: Callable[..., np.ndarray], name: str, text: str) -> None:
    word = said(text)
    for words in (text, f"{text}, what does this sign say"):  # alone, and in one breath with a question
        heard = _hear(WakeWord(name).stream(), _room(1.5, said(words), 1.5))
        assert [w.phrase for w in heard] == [text]
        end_ns = int((1.5 + len(word) / RATE) * NS)
        assert -NS // 5 <= heard[0].media_ns - end_ns <= NS // 4
        assert 0.8 < heard[0].score <= 1


def test_said_again_it_wakes_again(said: Callable[..., np.ndarray]) -> None:
    heard = _hear(WakeWord("okay_nabu").stream(), _room(1.5, said("okay nabu"), 2.0, said("okay nabu"), 1.0))
    assert len(heard) == 2


def test_other_speech_does_not_wake(said: Callable[..., np.ndarray]) -> None:
    talk = ["okay", "hey", "okay, now what do we do", "hey, what is the name of this", "call Anna at seven tomorrow"]
    sounds = [said(text, voice) for text in talk for voice in ("en-us", "en-gb-x-rp", "en-us+f3")]
    people = [*sorted(CLIPS.glob("LJ*.wav")), *sorted(CLIPS.glob("*.flac"))] if CLIPS.is_dir() else []
    sounds += [(np.asarray(decode_audio(str(path))) * 32767).astype(np.int16) for path in people]
    evening = _room(*[part for sound in sounds for part in (sound, 0.4)])
    assert {name: _hear(WakeWord(name).stream(), evening) for name in BUILT_IN} == {name: [] for name in BUILT_IN}


def test_packets_of_any_size_give_the_same(said: Callable[..., np.ndarray]) -> None:
    room, word = _room(1.5, said("okay nabu"), 1.0), WakeWord("okay_nabu")
    whole = _hear(word.stream(), room, 320)
    assert whole
    for packet in (160, 333, 960):
        assert [w.media_ns for w in _hear(word.stream(), room, packet)] == [w.media_ns for w in whole]


def test_two_microphones_have_nothing_to_do_with_each_other(said: Callable[..., np.ndarray]) -> None:
    word, room = WakeWord("okay_nabu"), _room(1.5, said("okay nabu"), 1.0)
    one, other = word.stream(), word.stream()
    heard: tuple[list[Wake], list[Wake]] = ([], [])
    for at in range(0, len(room), 320):
        piece, end_ns = room[at : at + 320], (at + 320) * NS_PER_SAMPLE
        heard[0].extend(w for w in [one.feed(piece, end_ns)] if w)
        heard[1].extend(w for w in [other.feed(np.zeros_like(piece), end_ns)] if w)
    assert len(heard[0]) == 1 and heard[1] == []


def test_behind_a_hole_in_the_sound_half_a_word_does_not_wake(said: Callable[..., np.ndarray]) -> None:
    stream, word = WakeWord("okay_nabu").stream(), said("okay nabu")
    half = len(word) // 2
    assert _hear(stream, _room(1.5, word[:half])) == []
    stream.reset()
    assert _hear(stream, _room(word[half:], 1.0), from_ns=60 * NS) == []


def test_it_is_cheap_enough_to_run_where_the_sound_comes_in(said: Callable[..., np.ndarray]) -> None:
    stream, packet = WakeWord("okay_nabu").stream(), said("what does this sign say")[:320]
    costs = []
    for i in range(300):
        began = time.perf_counter()
        stream.feed(packet, i * 20_000_000)
        costs.append(time.perf_counter() - began)
    assert sorted(costs)[len(costs) // 2] < 0.0005, "half a millisecond for 20 ms of sound"


def test_a_session_tells_the_deciders_of_the_word(said: Callable[..., np.ndarray]) -> None:
    settings = Settings.from_plain({"attention": {"start": "wake", "wake_word": "okay_nabu"}}, "earshot.toml")
    seen: list[Any] = []
    quiet = SimpleNamespace(run=lambda frame, state: (np.zeros(1, np.float32), state))
    ears = SimpleNamespace(name="none", closed_vocabulary=True)
    engines = SimpleNamespace(transcriber=ears, voices={}, voice_activity=quiet, wake=WakeWord("okay_nabu"))
    clock = SimpleNamespace(now_ns=lambda: 100 * NS, wake_at=lambda due_ns, wake: SimpleNamespace(cancel=lambda: None))
    link = cast(DeviceLink, SimpleNamespace(session="wake", echo="", send_message=lambda message: None))
    door = cast(Any, SimpleNamespace())
    session = Session(link, Parts(cast(Any, clock), cast(Engines, engines), settings, door, watch=seen.append))
    room = _room(1.5, said("okay nabu"), 1.0)
    for at in range(0, len(room) - 319, 320):
        session.on_microphone(b"", room[at : at + 320], at * 3, 0, at * NS_PER_SAMPLE, False)
    assert [e.wake_word for e in seen if isinstance(e, SessionStarted)] == ["okay_nabu"]
    heard = [e for e in seen if isinstance(e, WakeHeard)]
    assert [e.phrase for e in heard] == ["okay nabu"] and heard[0].t_ns == 100 * NS
    assert 1.5 * NS < heard[0].media_ns < 3 * NS
