"""What the ear got, on a voice that does not say when it speaks a word: found in the sound, judged by what the engine
itself knows.

pyttsx3 on Linux drives the same library as our own voice "espeak", so the same text at the same rate has the same
sound, and the library's word events are the truth about it. None of these sentences was used to set a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from pipelines.events import MS, NS, Word
from pipelines.speaking import espeak
from pipelines.speaking.align import aligned_words, levels
from pipelines.speaking.heard import ALIGNED, ESTIMATED, estimated_words, words_heard
from pipelines.speaking.letters import sounds_of
from pipelines.speaking.resample import OUT_HZ, To48k
from pipelines.speaking.speakable import speakable
from pipelines.speaking.system_voice import SystemVoice
from pipelines.speaking.voice import for_engine, pause_after_ms, trim

WRITTEN = (
    "There are three bottles on the shelf, and the green one in the middle is olive oil.",
    "It says: opening hours, Monday to Friday from 8:30 to 17:00, Saturday until 1 p.m.",
    "The ticket costs €12.50 for adults, £4 for children, and nothing at all for the under-fives.",
    "Flight BA 2490 leaves at 18:45 from gate B32; boarding closes 20 minutes before.",
    "Take the second street on your right, walk about 350 m, then you will see St. Mary's church.",
    "Dr. Alvarez sees patients on the 4th floor, room 417, by appointment only.",
    "The label lists water, sugar, 12 % cocoa butter, whey powder, and traces of hazelnut.",
    "Your package weighs 2.75 kg and was shipped on 14 March 2025 from Rotterdam.",
    "Nobody is at the counter. A sign with an arrow points to the left, where two people are waiting.",
    "It was built between 1887 and 1912, e.g. long before the railway came through this valley.",
    "The USB-C port is on the back, next to HDMI 2 and the power switch.",
    "Call 0800 555 0199, extension 42, and ask for Mr. Okonkwo.",
    "Quite an unusual mixture of thyme, knowledge, rhythm and psychology.",
    "1,250,000 people live here, which is 3.5 times as many as in 1960.",
    "Yes. The light has just changed. Wait for the tram, though; it has not stopped yet.",
    "Tickets cost 4 euros 35. Students pay half of that, pensioners nothing. On Mondays it is shut, except in August.",
    "Bake it at 180 degrees for 25 to 30 minutes, until the crust is golden brown.",
    "The Wi-Fi password is capital K, seven, seven, lower case m, dash, nine.",
)
TRIES = 6  # one text comes out up to 35 ms longer at another time (12 renderings of each measured): a like one is taken
EVERY_MS = 20  # a cut position; the link sends no finer


def truth(text: str, voice: str, rate_wpm: int) -> tuple[np.ndarray, int, tuple[Word, ...]]:
    """The sound at 48 kHz, how much of it is speech, and the words by the engine's own events."""
    safe = for_engine(text)
    with espeak._LOCK:
        library = espeak._library()
        pcm, starts = library.speak(safe, voice, rate_wpm, bool)
    pcm, cut, voiced = trim(pcm, library.rate_hz, pause_after_ms(safe))
    marks = [(char, max(0, sample - cut)) for char, sample in starts]
    up = To48k(library.rate_hz)
    at_48k = np.concatenate([up.feed(pcm), up.finish()])
    return at_48k, voiced * OUT_HZ // library.rate_hz, espeak._words(safe, marks, voiced, library.rate_hz, 0)


def errors(true: tuple[Word, ...], found: tuple[Word, ...], voiced: int) -> list[int]:
    """Words too many (or, below 0, too few) that history would hold, for each position where the sound could stop."""
    positions = range(EVERY_MS * MS, voiced * NS // OUT_HZ, EVERY_MS * MS)
    return [words_heard(found, at) - words_heard(true, at) for at in positions]


@pytest.fixture(scope="module")
def system_voice() -> Iterator[SystemVoice]:
    speaker = SystemVoice()
    yield speaker
    speaker.close()


@pytest.mark.parametrize("rate_wpm", [120, 175, 250, 340])
def test_wherever_the_system_voice_is_cut_off_history_is_right_within_a_word(
    system_voice: SystemVoice, rate_wpm: int
) -> None:
    wrong: list[int] = []
    for text in map(speakable, WRITTEN):
        (block,) = system_voice.render(text, rate_wpm, bool)
        for _ in range(TRIES):
            pcm, voiced, true = truth(text, "en", rate_wpm)
            if abs(len(block.pcm) - len(pcm)) < 0.03 * OUT_HZ:
                break
        assert abs(len(block.pcm) - len(pcm)) < 0.03 * OUT_HZ, "not the same sound: the truth is none"
        assert [word.text for word in block.words] == text.split()
        wrong += errors(true, block.words, voiced)
    assert len(wrong) > 2000
    assert np.percentile(np.abs(wrong), 95) <= 1
    assert np.mean(np.abs(wrong) <= 1) > 0.995
    assert np.mean(np.array(wrong) == 0) > 0.88
    assert np.mean(np.array(wrong) > 0) < 0.10  # words that the ear never got


@pytest.mark.parametrize("voice", ["en-us", "en-gb-scotland", "en+f3", "en+whisper"])
def test_the_table_of_levels_suits_other_voices_too(voice: str) -> None:
    wrong: list[int] = []
    for text in map(speakable, WRITTEN[:9]):
        pcm, voiced, true = truth(text, voice, 190)
        wrong += errors(true, aligned_words(text, pcm, voiced), voiced)
    assert np.percentile(np.abs(wrong), 95) <= 1 and np.mean(np.array(wrong) == 0) > 0.85


@pytest.mark.parametrize(
    ("voice", "text"),
    [
        ("de", "Der rote Zug steht auf Gleis sieben, und die Türen schließen gleich. Es kostet 12 Euro 50."),
        ("es", "La farmacia de la esquina cierra a las nueve, pero el supermercado está abierto toda la noche."),
    ],
)
def test_rules_of_english_spelling_are_good_enough_for_other_languages(voice: str, text: str) -> None:
    pcm, voiced, true = truth(text, voice, 175)
    wrong = errors(true, aligned_words(text, pcm, voiced), voiced)
    assert max(map(abs, wrong)) <= 1 and np.mean(np.array(wrong) == 0) > 0.8


def test_what_the_engine_rewrites_by_itself_is_found_too() -> None:
    """Text that did not pass `speakable`: the engine turns signs and numbers into words, and we guess which."""
    wrong: list[int] = []
    for text in WRITTEN:
        pcm, voiced, true = truth(text, "en", 175)
        wrong += errors(true, aligned_words(text, pcm, voiced), voiced)
    assert np.percentile(np.abs(wrong), 95) <= 1


def test_spelling_says_enough_where_the_sound_stays_with_the_voice() -> None:
    """Neither words nor sound of a chunk are known: its words are spread by what they are made of."""
    wrong: list[int] = []
    for text in map(speakable, WRITTEN):
        _, voiced, true = truth(text, "en", 175)
        wrong += errors(true, estimated_words(text, voiced * NS // OUT_HZ), voiced)
    assert np.percentile(np.abs(wrong), 95) <= 1 and np.mean(np.array(wrong) == 0) > 0.65


def test_a_pause_in_the_sound_lies_between_the_words_around_it() -> None:
    pcm, voiced, _ = truth("Open the door. Quickly, close it.", "en-us", 175)
    words = aligned_words("Open the door. Quickly, close it.", pcm, voiced)
    silent = [at for at in range(voiced // 480) if np.abs(pcm[at * 480 : at * 480 + 480]).max() < 60]
    longest = max(
        (len(run), run[0]) for run in (list(g) for g in np.split(silent, np.where(np.diff(silent) > 1)[0] + 1))
    )
    start_ms, end_ms = longest[1] * 10, (longest[1] + longest[0]) * 10
    assert abs(words[2].end_ns // MS - start_ms) < 60 and abs(words[3].start_ns // MS - end_ms) < 60


@pytest.mark.parametrize("text", ["Yes.", "a", "—", "7", "😀 !", "x" * 300, "word " * 200, "你好 世界", "Öl, Œuvre"])
@pytest.mark.parametrize("seconds", [0.01, 0.3, 4.0])
def test_any_text_over_any_sound_gives_its_tokens_in_order_inside_the_sound(text: str, seconds: float) -> None:
    n = int(seconds * OUT_HZ)
    for pcm in (np.zeros(n, np.int16), np.random.default_rng(1).integers(-9000, 9000, n).astype(np.int16)):
        words = aligned_words(text, pcm, n)
        assert [word.text for word in words] == text.split()
        assert all(0 <= w.start_ns <= w.end_ns <= n * NS // OUT_HZ + MS for w in words)
        assert all(a.end_ns <= b.start_ns for a, b in pairwise(words))
        assert all(w.probability in (ALIGNED, ESTIMATED) for w in words)


@pytest.mark.parametrize(
    ("token", "kinds"),
    [
        ("sheet,", "svt_"),
        ("the", "fv"),
        ("night.", "nvt_"),
        ("baked", "tvtt"),
        ("box", "tvts"),
        ("12", "tnvnf"),
        ("HDMI", "vstvvnv"),
        ("—", "_"),
        ("😀", ""),
    ],
)
def test_letters_become_rough_sounds(token: str, kinds: str) -> None:
    assert "".join(kind for kind, _ in sounds_of(token)) == kinds


def test_levels_are_relative_so_a_quiet_voice_is_a_voice() -> None:
    pcm, voiced, _ = truth("The green one is olive oil.", "en", 175)
    assert np.abs(levels(pcm[:voiced]) - levels(pcm[:voiced] // 8)).mean() < 1.5
