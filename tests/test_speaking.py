"""Speaking: text becomes chunks, chunks become sound, sound becomes 20 ms ticks, and we know what was heard of it.

The voices are the real ones; what they render is judged by numbers: levels, silence, clicks, word times.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.events import MS, NS, Word
from pipelines.speaking import earcons, espeak, voice
from pipelines.speaking.clauses import STREAMED, ClauseChunker, ClauseOptions
from pipelines.speaking.espeak import EspeakOptions, EspeakVoice
from pipelines.speaking.heard import ALIGNED, heard_text
from pipelines.speaking.playout import RAMP_SAMPLES, TICK_SAMPLES, Mark, Playout, PlayoutFull, PlayoutOptions, Tick
from pipelines.speaking.resample import To48k
from pipelines.speaking.system_voice import SystemVoice, SystemVoiceOptions
from pipelines.speaking.voice import Rendered, Voice, VoiceError, close_voices, load_voices

SENTENCE = "The red sign on the door says the museum closes at five."

# -------------------------------------------------------------------------------------------------------------- chunks


def chunks_of(text: str, options: ClauseOptions | None = None) -> list[str]:
    chunker = ClauseChunker(options or ClauseOptions())
    return chunker.feed(text) + chunker.finish()


@pytest.mark.parametrize(
    ("text", "chunks"),
    [
        ("Yes. The door is open.", ["Yes.", "The door is open."]),
        (
            "It is a menu, with two soups, and a fish. Both are hot.",
            ["It is a menu,", "with two soups, and a fish.", "Both are hot."],
        ),
        ("Yes, of course, it does.", ["Yes, of course,", "it does."]),
        ("The door is open and the light is on.", ["The door is open", "and the light is on."]),
        (
            "The museum on the far corner closes at the usual hour today.",
            ["The museum on the far corner", "closes at the usual hour today."],
        ),
        ("It costs 4.35 euros. See example.org for more.", ["It costs 4.35 euros.", "See example.org for more."]),
        ("Ask Dr. Smith or J. R. Hill. They know.", ["Ask Dr. Smith or J. R. Hill.", "They know."]),
        ("Bring fruit, e.g. an apple. Not two.", ["Bring fruit, e.g. an apple.", "Not two."]),
        ("Take bus No. 7 there. Then walk.", ["Take bus No. 7 there.", "Then walk."]),
        ("No. It is shut.", ["No.", "It is shut."]),
        ("It shuts at 5 p.m. today. Hurry!", ["It shuts at 5 p.m. today.", "Hurry!"]),
        ("It shuts at 5 p.m. The shop is near.", ["It shuts at 5 p.m.", "The shop is near."]),
        ("Well... let me see. Yes.", ["Well... let me see.", "Yes."]),
        ("1. Apples\n2. Pears\n", ["1. Apples", "2. Pears"]),
        ("It is on platform 7. The train waits.", ["It is on platform 7.", "The train waits."]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("It says one — two three. Four.", ["It says one —", "two three.", "Four."]),
        ("你好。再见。", ["你好。", "再见。"]),
        ("Really?! Yes.", ["Really?!", "Yes."]),
        ("   \n ", []),
        ("The price of it is only 3 € for two.", ["The price of it is only", "3 € for two."]),
        ("It is open from 9 – 17 every day.", ["It is open from", "9 – 17 every day."]),
        ("It costs between 3 and 5 euros today.", ["It costs between 3 and 5 euros", "today."]),
        ("I think you should see Dr. Hill today.", ["I think you should see Dr. Hill", "today."]),
        ("The phone number there is 555 1234 99.", ["The phone number there", "is 555 1234 99."]),
        (
            "It leaves today from platform number 7. Then walk.",
            ["It leaves today from platform number", "7.", "Then walk."],
        ),
        (
            "See [the menu of the whole long day](https://example.com/a.b) now.",
            ["See [the menu of the whole long day](https://example.com/a.b)", "now."],
        ),
        ("See [one. Two](https://example.com/a) now.", ["See [one. Two](https://example.com/a) now."]),
        ("Let me look closer at the image, to be sure.", ["Let me look closer at the image, to be sure."]),
        (
            "Let me look closer. The door is red, and it is open.",
            ["Let me look closer.", "The door is red,", "and it is open."],
        ),
        ("<think>Hm. So,\nyes.</think>It is red.", ["<think>Hm. So,\nyes.</think>", "It is red."]),
        ("Run this:\n```python\nprint(1)\n```\nDone.", ["Run this:", "```python\nprint(1)\n```", "Done."]),
        ('{"a":\n {"b": 1}}\nIt is red.', ['{"a":\n {"b": 1}}', "It is red."]),
        ('<tool_call name="x">look. It\n</tool_call> Red.', ['<tool_call name="x">look. It\n</tool_call>', "Red."]),
    ],
)
def test_text_is_cut_where_a_speaker_would_breathe(text: str, chunks: list[str]) -> None:
    assert chunks_of(text) == chunks


TOKENS = "The No. 7 e.g. Dr. door, and but so open; 4.35 1. J. ... p.m. Yes! 。 — \n"
TEXTS = st.text(st.sampled_from("aBé 7.,;:!?…—-\n\"'(*1No。"), max_size=200) | st.lists(
    st.sampled_from(TOKENS.split(" ")),
    max_size=60,
).map(" ".join)


@given(TEXTS, st.lists(st.integers(0, 200), max_size=12))
@settings(max_examples=200, deadline=None)
def test_the_chunks_do_not_depend_on_how_the_stream_was_cut_and_nothing_is_lost(text: str, cuts: list[int]) -> None:
    chunker, chunks = ClauseChunker(), []
    edges = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
    for start, end in pairwise(edges):
        chunks += chunker.feed(text[start:end])
    chunks += chunker.finish()
    assert chunks == chunks_of(text)
    assert "".join("".join(chunks).split()) == "".join(text.split())
    assert all(chunk.strip() for chunk in chunks)


@given(st.lists(st.sampled_from(["word", "and", "the", "sign"]), min_size=9, max_size=300))
@settings(deadline=None)
def test_without_any_punctuation_the_first_chunk_has_4_to_8_words_and_none_more_than_60(words: list[str]) -> None:
    chunks = chunks_of(" ".join(words))
    assert 4 <= len(chunks[0].split()) <= 8
    assert all(len(chunk.split()) <= 60 for chunk in chunks)


@pytest.mark.parametrize(
    ("text", "chunks", "words"),
    [
        (
            "I can see a wide street with a red bus. It waits.",
            ["I can see", "a wide street with a red bus.", "It waits."],
            4,
        ),
        ("I can see the door of a shop.", ["I can see", "the door of a shop."], 4),
        ("This is red and the other is not.", ["This is red", "and the other is not."], 4),
        ("The door is open and the light is on.", ["The door is open", "and the light is on."], 5),
        ("The red door is open, I think.", ["The red door", "is open, I think."], 5),
        ("There are three red bottles on the shelf.", ["There are three red bottles", "on the shelf."], 7),
        ("It costs 12 euros 50 for adults today.", ["It costs 12 euros 50", "for adults today."], 7),
        ("You need about 3.5 litres of water for it.", ["You need about 3.5 litres", "of water for it."], 7),
        ("This is Mary Ann Smith from the office.", ["This is Mary Ann Smith", "from the office."], 7),
        ("Ask Dr. J. R. Hill or somebody else.", ["Ask Dr. J. R. Hill", "or somebody else."], 7),
        ("The U.S. Army built this bridge in a month.", ["The U.S. Army built this bridge", "in a month."], 8),
        ("See https://example.com/a.b for more of it.", ["See https://example.com/a.b for more of it."], 6),
        ("A wooden table stands in the middle of it.", ["A wooden table stands", "in the middle of it."], 6),
        ("Yes, it is. Go on.", ["Yes, it is.", "Go on."], 4),
        ("You are looking at a street in Lisbon.", ["You are looking", "at a street in Lisbon."], 4),
        ("You can walk over now to the door.", ["You can walk over now", "to the door."], 7),  # may be a permission
    ],
)
def test_a_stream_is_heard_after_about_four_words_and_nothing_is_torn(text: str, chunks: list[str], words: int) -> None:
    """`words`: how many of the stream's words have come when the first chunk goes."""
    assert chunks_of(text, STREAMED) == chunks
    chunker, came = ClauseChunker(STREAMED), 0
    for came, word in enumerate(text.split(" "), 1):
        if chunker.feed(" " * (came > 1) + word):
            break
    assert came == words


def test_a_slow_stream_lets_a_clause_go_when_it_is_as_long_as_what_sounds() -> None:
    text = (
        "The hall is long and high, with two rows of dark columns that carry a painted ceiling, and at its far end "
        "there is a stair, which leads up to a gallery, where people stand and look down, and a small door beside it."
    )
    assert chunks_of(text, STREAMED) == [
        "The hall is long",
        "and high, with two rows of dark columns that carry a painted ceiling,",
        "and at its far end there is a stair, which leads up to a gallery, where people stand and look down,",
        "and a small door beside it.",
    ]
    assert len(chunks_of(text)) < 4  # words that are all there already are cut less


@given(TEXTS, st.lists(st.integers(0, 200), max_size=12))
@settings(max_examples=200, deadline=None)
def test_a_stream_loses_nothing_however_it_was_cut(text: str, cuts: list[int]) -> None:
    chunker, chunks = ClauseChunker(STREAMED), []
    edges = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
    for start, end in pairwise(edges):
        chunks += chunker.feed(text[start:end])
    chunks += chunker.finish()
    assert chunks == chunks_of(text, STREAMED)
    assert "".join("".join(chunks).split()) == "".join(text.split())
    assert all(chunk.strip() for chunk in chunks)


DETERMINERS = ["the", "a", "this", "her", "two", "some"]
THINGS = [
    "red door",
    "old wooden table",
    "12 euros 50",
    "Mary Smith",
    "Dr. Hill",
    "4.35 percent",
    "No. 7 bus",
    "big sign",
]


@given(st.lists(st.tuples(st.sampled_from(DETERMINERS), st.sampled_from(THINGS)), min_size=1, max_size=8))
@settings(max_examples=300, deadline=None)
def test_a_thing_with_its_name_price_or_number_is_never_torn(names: list[tuple[str, str]]) -> None:
    things = [thing if thing[0].isdigit() or thing[0].isupper() else f"{det} {thing}" for det, thing in names]
    text = "I see " + " with ".join(things) + "."
    chunks = chunks_of(text, STREAMED)
    for thing in things:
        assert any(thing in chunk for chunk in chunks), chunks


# --------------------------------------------------------------------------------------------------------------- voices


def never() -> bool:
    return False


def rendered(speaker: Voice, text: str, rate_wpm: int = 175) -> tuple[np.ndarray, list[Word]]:
    blocks = list(speaker.render(text, rate_wpm, never))
    pcm = np.concatenate([block.pcm for block in blocks]) if blocks else np.zeros(0, np.int16)
    return pcm, [word for block in blocks for word in block.words]


@pytest.fixture(scope="module")
def voices() -> Iterator[dict[str, Voice]]:
    found = load_voices()
    yield found
    close_voices(found)


@pytest.fixture(params=["espeak", "pyttsx3"])
def speaker(request: pytest.FixtureRequest, voices: dict[str, Voice]) -> Voice:
    return voices[request.param]


def level_dbfs(pcm: np.ndarray) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(pcm.astype(float) ** 2)) / 32768 + 1e-9))


def test_both_voices_work_here_and_the_one_with_word_times_is_first(voices: dict[str, Voice]) -> None:
    assert list(voices) == ["espeak", "pyttsx3"]


def test_speech_begins_within_20_ms_is_loud_enough_and_not_clipped(speaker: Voice) -> None:
    pcm, _ = rendered(speaker, SENTENCE)
    loud = np.flatnonzero(np.abs(pcm.astype(int)) > 100)
    assert pcm.dtype == np.int16 and 2.5 < len(pcm) / 48_000 < 4.5
    assert loud[0] < 0.02 * 48_000
    assert 0.19 < (len(pcm) - loud[-1]) / 48_000 < 0.21  # the pause after a sentence
    assert -26 < level_dbfs(pcm) < -14 and np.abs(pcm.astype(int)).max() < 32_000


@pytest.mark.parametrize("text", [SENTENCE, "Café – “Öl” costs 4 euros 35, on the 1,234 of it 😀", "USB C"])
def test_the_words_are_the_tokens_of_the_text_in_order_and_inside_the_sound(speaker: Voice, text: str) -> None:
    pcm, words = rendered(speaker, text)
    assert [word.text for word in words] == text.split()
    assert words[0].start_ns >= 0 and words[-1].end_ns <= len(pcm) * NS // 48_000
    assert all(word.start_ns <= word.end_ns <= after.start_ns for word, after in pairwise(words))
    assert all(word.probability == (1.0 if speaker.name == "espeak" else ALIGNED) for word in words)


def test_espeak_says_when_a_word_is_spoken(voices: dict[str, Voice]) -> None:
    """Silence between two sentences must lie between the words that the times put on its sides."""
    pcm, words = rendered(voices["espeak"], "Open the door. Quickly, close it.")
    quickly = words[3]
    at = quickly.start_ns * 48_000 // NS
    assert quickly.text == "Quickly,"
    assert level_dbfs(pcm[at - 4800 : at]) < -40 < level_dbfs(pcm[at : at + 9600])


def test_a_faster_rate_is_shorter(speaker: Voice) -> None:
    assert len(rendered(speaker, SENTENCE, 260)[0]) < 0.8 * len(rendered(speaker, SENTENCE, 175)[0])


@pytest.mark.parametrize("text", ["", "  ", "\x00"])
def test_nothing_to_say_is_no_sound(speaker: Voice, text: str) -> None:
    assert len(rendered(speaker, text)[0]) == 0


def test_text_is_read_never_obeyed(voices: dict[str, Voice]) -> None:
    """espeak's orders inside text: control-A "200S" (rate), [[phonemes]], SSML. None may change how it speaks."""
    plain = len(rendered(voices["espeak"], "200 S hello there my friend")[0])
    ordered = len(rendered(voices["espeak"], "\x01200S hello there my friend")[0])
    assert ordered > 0.7 * plain
    assert voice.for_engine("a[[b]]<c>\x01\x00d\ud800") == "a  b   c   d "


def test_a_cancelled_espeak_ends_at_once_and_speaks_as_before_afterwards(voices: dict[str, Voice]) -> None:
    asked = 0

    def soon() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    before = len(rendered(voices["espeak"], SENTENCE)[0])
    assert sum(len(block.pcm) for block in voices["espeak"].render(SENTENCE, 175, soon)) == 0
    assert asked < 8
    assert abs(len(rendered(voices["espeak"], SENTENCE)[0]) - before) < 2000


def test_an_error_in_the_callers_check_reaches_the_caller_through_the_c_library(voices: dict[str, Voice]) -> None:
    def broken() -> bool:
        raise KeyError("broken")

    with pytest.raises(KeyError):
        list(voices["espeak"].render(SENTENCE, 175, broken))


def test_a_block_handed_out_holds_no_lock(voices: dict[str, Voice]) -> None:
    halted = voices["espeak"].render(SENTENCE, 175, never)
    next(halted)
    assert len(rendered(EspeakVoice(), "Yes.")[0]) > 0


def test_both_voices_at_once_from_two_threads_stay_whole(voices: dict[str, Voice]) -> None:
    lengths: dict[str, list[int]] = {name: [] for name in voices}

    def speak(name: str) -> None:
        for _ in range(6):
            lengths[name].append(len(rendered(voices[name], SENTENCE)[0]))

    threads = [threading.Thread(target=speak, args=(name,)) for name in voices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in voices:
        assert len(lengths[name]) == 6 and max(lengths[name]) - min(lengths[name]) < 2000


def test_resampling_has_no_seam_no_delay_and_loses_nothing() -> None:
    tone = (8000 * np.sin(2 * np.pi * 1000 * np.arange(22_050) / 22_050)).astype(np.int16)
    cut, whole = To48k(22_050), To48k(22_050)
    parts = [cut.feed(tone[at : at + 1323]) for at in range(0, len(tone), 1323)] + [cut.finish()]
    once = np.concatenate([whole.feed(tone), whole.finish()])
    ideal = 8000 * np.sin(2 * np.pi * 1000 * np.arange(48_000) / 48_000)
    assert np.array_equal(np.concatenate(parts), once) and abs(len(once) - 48_000) < 3
    assert np.abs(once[500:47_000] - ideal[500:47_000]).max() < 8


def test_voices_that_cannot_be_had_say_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(VoiceError, match=r"no voice is called 'siri'.*espeak, pyttsx3"):
        load_voices(["siri"])
    with pytest.raises(VoiceError, match=r"espeak-ng has no voice 'xx-none'"):
        list(EspeakVoice(EspeakOptions(voice="xx-none")).render("Hi.", 0, never))
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(VoiceError, match=r"pip install 'earshot-companion\[espeak\]'"):
        espeak._Library()


WORKER = """import json, sys, time
print(json.dumps({"ready": READY, "engine": "fake", "error": "no such driver"}), flush=True)
for line in sys.stdin:
    print("something odd", file=sys.stderr, flush=True)
    DO
"""


def fake_worker(folder: Path, do: str, ready: bool = True) -> Path:
    file = folder / "worker.py"
    file.write_text(WORKER.replace("READY", str(ready)).replace("DO", do))
    return file


@pytest.mark.parametrize(
    ("do", "said"),
    [
        ("time.sleep(60)", "gave no answer in 0 s and was ended .*something odd"),
        ("sys.exit(1)", "ended by itself .*something odd"),
        ("print(json.dumps({'id': json.loads(line)['id'], 'error': 'boom'}), flush=True)", "could not say 'Hi.': boom"),
        ("print(json.dumps({'id': json.loads(line)['id'], 'ok': True}), flush=True)", "wrote no sound"),
    ],
)
def test_a_system_voice_that_hangs_dies_or_fails_is_a_clear_error(tmp_path: Path, do: str, said: str) -> None:
    speaker = SystemVoice(SystemVoiceOptions(timeout_ms=50), fake_worker(tmp_path, do))
    with pytest.raises(VoiceError, match=said):
        list(speaker.render("Hi.", 0, never))
    with pytest.raises(VoiceError, match=said):  # and again: it is started anew
        list(speaker.render("Hi.", 0, never))
    speaker.close()


def test_a_system_voice_that_does_not_start_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match=r"does not start here: no such driver; on Linux it needs libespeak-ng"):
        SystemVoice(worker=fake_worker(tmp_path, "pass", ready=False))


def test_the_system_voice_leaves_no_process_no_file_and_no_noise(capfd: pytest.CaptureFixture[str]) -> None:
    speaker = SystemVoice()
    child, folder = speaker._child, Path(speaker._folder.name)
    assert child is not None
    assert list(speaker.render(SENTENCE, 175, lambda: True)) == []
    assert len(rendered(speaker, "Yes.")[0]) > 0
    assert [file.name for file in folder.iterdir()] == ["errors.txt"]
    speaker.close()
    speaker.close()
    assert child.poll() is not None and not folder.exists()
    assert capfd.readouterr() == ("", "")
    with pytest.raises(VoiceError, match="was closed"):
        list(speaker.render("Hi.", 0, never))


@pytest.mark.parametrize("name", earcons.NAMES)
def test_earcons_are_short_quiet_and_do_not_click(name: str) -> None:
    pcm = earcons.earcon(name).astype(int)
    loudest = max(level_dbfs(pcm[at : at + 960]) for at in range(0, len(pcm) - 960, 48))
    assert len(pcm) <= 0.3 * 48_000 and abs(loudest - earcons.LEVEL_DBFS) < 0.5
    assert abs(pcm[0]) < 40 and abs(pcm[-1]) < 40 and np.abs(np.diff(pcm)).max() < 600


def test_earcons_are_different_sounds_and_others_are_refused() -> None:
    assert len({earcons.earcon(name).tobytes() for name in earcons.NAMES}) == len(earcons.NAMES)
    with pytest.raises(ValueError, match="no earcon is called 'boing'; there are: heard"):
        earcons.earcon("boing")


# -------------------------------------------------------------------------------------------------------------- playout


def noise(samples: int, seed: int = 1, peak: int = 20_000) -> np.ndarray:
    return np.random.default_rng(seed).integers(-peak, peak, samples).astype(np.int16)


def tone(seconds: float) -> np.ndarray:
    n = round(seconds * 48_000)
    return (12_000 * np.sin(2 * np.pi * 300 * np.arange(n) / 48_000)).astype(np.int16)


def play(playout: Playout, ticks: int) -> list[Tick]:
    return [playout.take() for _ in range(ticks)]


def sound(ticks: list[Tick]) -> np.ndarray:
    return np.concatenate([np.zeros(TICK_SAMPLES, np.int16) if tick.pcm is None else tick.pcm for tick in ticks])


def marks(ticks: list[Tick]) -> list[Mark]:
    return [mark for tick in ticks for mark in tick.marks]


def biggest_step(pcm: np.ndarray) -> int:
    return int(np.abs(np.diff(pcm.astype(int))).max())


STEP = 480  # the steepest that `tone` is by itself, and a little for the ramps: 12,000 * 2 pi * 300 / 48,000 = 471


def test_what_goes_in_comes_out_with_a_mark_for_each_chunk() -> None:
    playout, first, second = Playout(), noise(1500), noise(900, 2)
    playout.add(7, 0, first, last=False)
    playout.add(7, 1, second, last=True)
    ticks = play(playout, 4)
    assert np.array_equal(sound(ticks)[:2400], np.concatenate([first, second])) and playout.idle
    assert marks(ticks) == [
        Mark(7, 0, "started", 0),
        Mark(7, 1, "started", 1500 * NS // 48_000),
        Mark(7, 1, "finished", 50 * MS),
    ]
    assert [tick.utterance for tick in ticks] == [7, 7, 7, 0] and ticks[3].pcm is None


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3000)), max_size=12), st.integers(0, 3))
@settings(max_examples=100, deadline=None)
def test_nothing_is_lost_or_doubled_and_positions_only_grow(pieces: list[tuple[int, int]], takes: int) -> None:
    playout, ticks, put = Playout(), [], {1: [], 2: [], 3: []}
    for index, (utterance, samples) in enumerate(pieces):
        put[utterance].append(noise(samples, index))
        playout.add(utterance, index, put[utterance][-1], last=False)
        ticks += play(playout, takes)
    for utterance in put:
        playout.add(utterance, 99, np.zeros(0, np.int16), last=True)
    while not playout.idle:
        ticks.append(playout.take())
    for utterance, parts in put.items():
        mine = [mark for mark in marks(ticks) if mark.utterance == utterance]
        expected = sum(map(len, parts))
        assert mine[-1] == Mark(utterance, 99, "finished", expected * NS // 48_000)
        assert all(mark.position_ns <= after.position_ns for mark, after in pairwise(mine))
        assert len([mark for mark in mine if mark.mark == "started"]) == len(parts) + 1
        energy = sum(
            int((tick.pcm.astype(int) ** 2).sum())
            for tick in ticks
            if tick.utterance == utterance and tick.pcm is not None
        )
        assert energy == sum(int((part.astype(int) ** 2).sum()) for part in parts)


@given(st.integers(0, 60), st.booleans(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_after_a_stop_only_5_ms_of_fade_are_heard(before: int, paused: bool, ducked: bool) -> None:
    playout = Playout()
    playout.duck(ducked)
    playout.add(1, 0, noise(48_000), last=False)
    played = play(playout, before)
    playout.pause(paused)
    playout.stop(1)
    playout.add(1, 1, noise(4800), last=True)
    playout.add(2, 0, noise(4800), last=True)
    playout.pause(False)
    after = play(playout, 10)
    mine = [tick.pcm for tick in after if tick.utterance == 1 and tick.pcm is not None]
    assert len(mine) <= 1 and all(not pcm[RAMP_SAMPLES:].any() for pcm in mine)
    assert playout.dropped_samples == 4800
    stopped = [mark for mark in marks(played + after) if mark.mark == "stopped"]
    assert len(stopped) == 1 and stopped[0].utterance == 1
    assert Mark(2, 0, "finished", 100 * MS) in marks(after)


def test_a_stop_does_not_click_and_says_where_it_cut() -> None:
    playout = Playout()
    playout.add(1, 0, tone(1.0), last=True)
    ticks = play(playout, 7)
    playout.stop(1)
    ticks += play(playout, 3)
    assert biggest_step(sound(ticks)) <= STEP
    assert marks(ticks)[-1] == Mark(1, 0, "stopped", 145 * MS)
    playout.stop(1)
    assert playout.take() == Tick(None)


def test_stopping_what_never_began_is_marked_and_its_late_sound_is_dropped() -> None:
    playout = Playout()
    playout.stop(5)
    playout.add(5, 0, noise(960), last=True)
    assert playout.take() == Tick(None, 0, (Mark(5, 0, "stopped", 0),)) and playout.idle


def test_ducking_falls_by_35_db_inside_one_tick_and_comes_back_without_a_click() -> None:
    playout = Playout()
    playout.add(1, 0, tone(1.0), last=True)
    before = play(playout, 5)
    playout.duck(True)
    low = play(playout, 5)
    playout.duck(False)
    again = play(playout, 5)
    assert level_dbfs(sound(low)[RAMP_SAMPLES:]) == pytest.approx(level_dbfs(sound(before)) - 35, abs=0.3)
    assert level_dbfs(sound(again)[RAMP_SAMPLES:]) == pytest.approx(level_dbfs(sound(before)), abs=0.1)
    assert biggest_step(sound(before + low + again)) <= STEP


@pytest.mark.parametrize(
    ("words", "resumed_ms"),
    [
        ((), 205),  # 300 ms back
        ((Word("one", 0, 400 * MS), Word("two", 400 * MS, 700 * MS)), 400),  # the word it was in
        ((Word("one", 0, 900 * MS),), 205),  # a long word: not more than 300 ms
    ],
)
def test_a_pause_holds_and_resumes_at_the_word_it_was_in(words: tuple[Word, ...], resumed_ms: int) -> None:
    playout = Playout()
    playout.add(1, 0, tone(1.0), last=True, words=words)
    ticks = play(playout, 25)
    playout.pause(True)
    held = play(playout, 10)
    playout.pause(False)
    rest = play(playout, 60)
    assert marks(held) == [Mark(1, 0, "paused", 505 * MS)] and all(tick.pcm is None for tick in held[1:])
    assert marks(rest) == [Mark(1, 0, "resumed", resumed_ms * MS), Mark(1, 0, "finished", NS)]
    assert biggest_step(sound(ticks + held + rest)) <= STEP


def test_a_pause_taken_back_before_it_was_heard_changes_nothing() -> None:
    playout = Playout()
    playout.add(1, 0, noise(9600), last=True)
    first = play(playout, 3)
    playout.pause(True)
    playout.pause(False)
    assert np.array_equal(sound(first + play(playout, 7)), noise(9600))


@given(st.floats(-60, 40), st.integers(1, 32_767))
@settings(max_examples=60, deadline=None)
def test_no_gain_clips_or_wraps(gain_db: float, peak: int) -> None:
    playout = Playout()
    playout.gain_db = gain_db
    pcm = noise(4800, peak=peak)
    playout.add(1, 0, pcm, last=True)
    out = sound(play(playout, 5)).astype(int)
    assert np.all(out * pcm.astype(int) >= 0)
    assert gain_db <= 0 or np.abs(out).max() <= 32_767
    assert playout.gain_db <= playout.options.max_gain_db


def test_more_than_a_minute_of_waiting_sound_is_refused_and_counted() -> None:
    playout = Playout(PlayoutOptions(max_pending_s=0.5))
    playout.add(1, 0, noise(24_000), last=False)
    with pytest.raises(PlayoutFull, match=r"utterance 1 would have 0.5 s waiting, 0 s are allowed: add it in chunks"):
        playout.add(1, 1, noise(480), last=True)
    play(playout, 1)
    playout.add(1, 1, noise(480), last=True)
    assert playout.refused == 1 and playout.pending_ns(1) == 490 * MS
    with pytest.raises(ValueError, match="utterance 1: chunk 2 comes after the last one"):
        playout.add(1, 2, noise(480), last=True)


def test_an_utterance_that_waits_for_its_voice_is_silent_and_counted() -> None:
    playout = Playout()
    playout.add(1, 0, noise(500), last=False)
    ticks = play(playout, 3)
    playout.add(1, 1, noise(500, 2), last=True)
    ticks += play(playout, 1)
    assert playout.underruns == 2 and [tick.utterance for tick in ticks] == [1, 0, 0, 1]


# ---------------------------------------------------------------------------------------------------------------- heard

ONE = ("It is open.", (Word("It", 0, 100 * MS), Word("is", 100 * MS, 200 * MS), Word("open.", 200 * MS, 600 * MS)), NS)
TWO = ("Go in.", (Word("Go", 0, 100 * MS), Word("in.", 100 * MS, 300 * MS)), 500 * MS)


@pytest.mark.parametrize(
    ("position_ms", "heard"),
    [
        (0, ""),
        (59, ""),
        (60, "It"),
        (199, "It is"),
        (439, "It is"),
        (440, "It is open."),
        (1000, "It is open."),
        (1060, "It is open. Go"),
        (9999, "It is open. Go in."),
    ],
)
def test_a_word_is_heard_once_most_of_its_sound_is_out(position_ms: int, heard: str) -> None:
    assert heard_text([ONE, TWO], position_ms * MS) == heard


def test_without_word_times_they_are_estimated_over_the_chunk() -> None:
    assert heard_text([("one two three four", (), 4 * NS)], 2 * NS) == "one two"
    assert heard_text([], 5 * NS) == ""


def test_a_whole_answer_spoken_and_cut_is_known_to_the_word(voices: dict[str, Voice]) -> None:
    pcm, words = rendered(voices["espeak"], SENTENCE)
    block = Rendered(pcm, tuple(words))
    playout = Playout()
    playout.add(1, 0, block.pcm, last=True, words=block.words)
    play(playout, 75)
    playout.stop(1)
    (stopped,) = playout.take().marks
    chunks = [(SENTENCE, block.words, len(pcm) * NS // 48_000)]
    assert heard_text(chunks, stopped.position_ns) == "The red sign on the door says the"
