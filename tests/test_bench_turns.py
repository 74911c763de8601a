"""The bench of turn-taking draws people as the facts describe them, and the same ones for the same seed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines import events as ev
from pipelines.events import MS, NS
from pipelines.hearing.gate import letters_only, parse_phrases
from pipelines.speaking.voice import VoiceError
from pipelines.thinking.intent import understand
from tests.bench.turns import dialogues, sentences
from tests.bench.turns.dialogues import Line, lines, pause_s
from tests.bench.turns.recogniser import JITTER_MS, Heard, ScriptedRecogniser
from tests.bench.turns.rooms import Echo, EchoPath, cough, noise
from tests.bench.turns.voices import RATE_HZ, Speaker, at_level, loudness, said, sounding

ROOT = Path(__file__).resolve().parents[1]
PHRASES = parse_phrases((ROOT / "pipelines/hearing/phrases.txt").read_text(encoding="utf-8"))
CLIPS = {path.stem.replace("_", " ") for path in (ROOT / "device_sim/speech").glob("*.wav")}
ON_THE_DEVICE = {"read", "price", "code", "history", "alarm", "note", "status", "control"}
WHO = Speaker()


def drawn(kind: str, count: int, seed: int = 1) -> list[Line]:
    source = lines(kind, np.random.default_rng(seed))
    return [next(source) for _ in range(count)]


@pytest.fixture(scope="session")
def espeak() -> None:
    try:
        said("hello", WHO)
    except VoiceError as error:
        pytest.skip(str(error))


# ------------------------------------------------------------------------------------------------------- what is said


def test_one_seed_gives_one_script() -> None:
    assert drawn("command", 60) == drawn("command", 60)
    assert drawn("question", 60) != drawn("question", 60, seed=2)


def test_people_pause_as_the_facts_say() -> None:
    random = np.random.default_rng(4)
    pauses = np.array([pause_s(random) for _ in range(20_000)])
    for at_least_s, share in ((0.3, 0.74), (0.5, 0.46), (0.7, 0.26), (1.0, 0.06)):
        assert np.mean(pauses >= at_least_s) == pytest.approx(share, abs=0.015)
    said_lines = [*drawn("command", 1000), *drawn("question", 1000)]
    assert np.mean([line.cut > 0 for line in said_lines]) == pytest.approx(0.44, abs=0.04)


def test_a_pause_is_inside_the_words() -> None:
    for line in drawn("question", 300):
        assert 0 <= line.cut < len(line.text.split())
        assert (line.cut == 0) == (line.pause_s == 0)
        assert line.before == "" if not line.cut else line.text.startswith(line.before.split(" um")[0].split(" uh")[0])


@pytest.mark.parametrize("kind", ["command", "question"])
def test_sentences_are_held_out(kind: str) -> None:
    """None is a phrase of the embedded recogniser, or one that the simulator can say."""
    known = {letters_only(phrase) for phrase in PHRASES | CLIPS}
    assert not known & {letters_only(line.text) for line in drawn(kind, 400)}


def test_the_policy_has_never_seen_them() -> None:
    """No file of the policy has one of these sentences, or five words of it in a row; nor have its tests a question.
    Commands are worded as the companion wants them, so its tests may have the same."""
    policy = [*(ROOT / "pipelines/turns").rglob("*.py"), *(ROOT / "pipelines/turns").rglob("*.toml")]
    tests = [
        *(ROOT / "tests/data/turns").glob("*.txt"),
        ROOT / "tests/test_turn_policy.py",
        ROOT / "tests/turn_pauses.py",
    ]
    for templates, files in ((sentences.COMMANDS, policy), (sentences.QUESTIONS, [*policy, *tests])):
        texts = {str(path): path.read_text(encoding="utf-8").lower() for path in files if path.is_file()}
        for part in (part.strip() for template in templates for part in re.split(r"\{\w+\}", template)):
            if len(part.split()) >= 5:
                assert not [path for path, text in texts.items() if part in text], part


def test_commands_are_carried_out_here_and_questions_are_not() -> None:
    for line in drawn("command", 300):
        assert understand(line.text).kind in ON_THE_DEVICE, line.text
    for line in drawn("question", 300):
        assert understand(line.text).kind == "model", line.text


def test_words_over_an_answer_mean_what_they_should() -> None:
    assert {understand(text).name for text in sentences.STOPS} == {"stop"}
    assert {understand(text).kind for text in sentences.BACKCHANNELS} == {"backchannel"}
    random = np.random.default_rng(3)
    assert {understand(dialogues.filled(text, random)).kind for text in sentences.INTERRUPTIONS} == {"model"}


def test_every_slot_is_filled() -> None:
    names = {name for text in (*sentences.COMMANDS, *sentences.QUESTIONS) for name in re.findall(r"\{(\w+)\}", text)}
    assert names <= set(sentences.SLOTS)


# ------------------------------------------------------------------------------------------------------- how it sounds


def test_a_clip_begins_and_ends_with_its_sound(espeak: None) -> None:
    clip = at_level(said("where does that road go", WHO), -26.0)
    start, end = sounding(clip.sound)
    assert start <= 2 * 64 and end >= len(clip.sound) - 2 * 64
    assert 20 * np.log10(loudness(clip.sound)) == pytest.approx(-26.0, abs=0.5)
    assert [w.text for w in clip.words] == ["where", "does", "that", "road", "go"]
    assert all(0 <= w.start_s <= w.end_s <= clip.seconds + 0.01 for w in clip.words)


def test_a_pause_is_silent_and_as_long_as_drawn(espeak: None) -> None:
    line = Line("where does that road go", "question", 3, 0.6)
    clip = line.clip(WHO, -26.0)
    ((start_s, end_s),) = clip.pauses
    assert end_s - start_s == pytest.approx(0.6, abs=0.001)
    assert not clip.sound[int(start_s * RATE_HZ) + 1 : int(end_s * RATE_HZ) - 1].any()
    assert clip.words[2].end_s <= start_s + 0.01 and clip.words[3].start_s >= end_s - 0.01


def test_a_short_word_of_agreement_is_short(espeak: None) -> None:
    person = dialogues.Wearer(WHO, -26.0, 30.0, "pink")
    for text in sentences.BACKCHANNELS:
        assert 0.12 < dialogues.short(text, 0.3, person).seconds < 0.45, text


def test_noise_has_the_level_and_no_seam() -> None:
    for kind in ("pink", "street", "fan", "hiss"):
        sound = noise(kind, 4.0, -40.0, np.random.default_rng(1))
        assert 10 * np.log10(np.mean(sound**2)) == pytest.approx(-40.0, abs=0.1)
        assert abs(float(sound[0]) - float(sound[-1])) < 6 * float(np.std(np.diff(sound)))
    assert len(cough(-26.0, np.random.default_rng(1))) < RATE_HZ


def test_an_echo_comes_back_after_its_delay_and_at_its_level() -> None:
    echo = Echo(EchoPath(delay_ms=120.0, dbfs=-26.0), np.random.default_rng(1))
    sound = noise("pink", 2.0, -20.0, np.random.default_rng(2)).repeat(3)
    ticks = np.round(32767 * sound).astype(np.int16).reshape(-1, 960)
    heard = []
    for tick in range(100):
        echo.play(ticks[tick] if tick >= 10 else None)
        heard.append(echo.heard((tick - 1) * 320, 320))
    got = np.concatenate(heard)  # from one packet before the loudspeaker's first sample on
    first = int(np.flatnonzero(np.abs(got) > 1e-3)[0]) / 16 - 20
    assert first == pytest.approx(200 + 120, abs=3)
    assert 10 * np.log10(np.mean(got[-16000:] ** 2)) == pytest.approx(-26.0, abs=2.0)


# ------------------------------------------------------------------------------------------------- what is understood


def recogniser(words: str, seed: int = 1) -> ScriptedRecogniser:
    heard = ScriptedRecogniser(np.random.default_rng(seed))
    heard.words = [Heard(w, i * 300 * MS, (i * 300 + 250) * MS, -26.0) for i, w in enumerate(words.split())]
    return heard


def asked(heard: ScriptedRecogniser, start_ms: int, end_ms: int) -> Any:
    heard.asked(start_ms * MS, end_ms * MS)
    return heard.transcribe(np.full((end_ms - start_ms) * 16, 0.05, np.float32))


def test_the_recogniser_knows_what_lies_inside_and_nothing_else() -> None:
    words = " ".join(f"w{i}" for i in range(40))
    got = asked(recogniser(words), 3000, 6000)
    assert 7 <= len(set(got.text.split()) & {f"w{i}" for i in range(10, 20)}) <= 10
    assert not asked(recogniser("one two"), 2000, 3000).accepted


def test_one_word_in_twenty_is_wrong_and_times_are_off_by_so_much() -> None:
    wrong, off = 0, []
    for seed in range(100):
        heard = recogniser(" ".join(["yes"] * 20), seed)
        got = asked(heard, 0, 6000)
        wrong += len(heard.misheard)
        off += [w.start_ns / MS - 300 * i for i, w in enumerate(got.words)] if len(got.words) == 20 else []
    assert wrong / 2000 == pytest.approx(0.05, abs=0.012)
    assert max(map(abs, off)) <= JITTER_MS


def test_the_louder_of_two_is_heard_and_what_was_cancelled_is_not() -> None:
    heard = recogniser("near")
    heard.words += [Heard("far", 0, 250 * MS, -36.0, "other"), Heard("mine", NS, NS + 250 * MS, -20.0, "own")]
    heard.asked(0, 2 * NS)
    loud, quiet = np.full(32_000, 0.1, np.float32), np.full(32_000, 0.001, np.float32)
    assert "far" not in heard.transcribe(loud).text
    assert "mine" not in heard.transcribe(quiet).text
    assert "min" in heard.transcribe(loud).text


# ---------------------------------------------------------------------------------------------------- a whole session


def test_the_same_seed_gives_the_same_decisions(espeak: None) -> None:
    from tests.bench.turns.policies import OURS, Policy
    from tests.bench.turns.turn_parts import turns

    policies = (OURS, Policy("fixed 700 ms", ("turn.end_silence_ms=700",)))
    first, second = (turns(3, 1, policies, count=2) for _ in range(2))
    assert first == second
    assert {o.kind for o in first["ours"]} == {"command", "question"}
    late = [o.decided for o in first["fixed 700 ms"] if o.decided is not None and not o.cut]
    assert all(600 < ms < 1100 for ms in late), late


def test_a_cut_off_is_seen_and_a_whole_turn_is_none(espeak: None) -> None:
    from tests.bench.turns.turn_parts import outcome
    from tests.bench.turns.world import Place, World

    paused, whole = (
        Line("translate the second line into german", "question", 3, 0.9),
        Line("scan the qr code", "command"),
    )

    async def talk(world: World) -> None:
        await world.wait(1.0)
        for line in (paused, whole):
            placed = world.say(line.clip(WHO, -26.0))
            await world.until(placed.end_ns + int(2.2 * NS))
            world.tap()
            await world.quiet(3)
            await world.wait(1.0)

    world = World(Place((1, 2), sets=("turn.end_silence_ms=400", "turn.continue_ms=0"))).run(talk)
    cut, kept = (outcome(world, p, line, 30.0) for p, line in zip(world.placed, (paused, whole), strict=True))
    assert cut.cut and not kept.cut
    assert kept.decided == pytest.approx(450, abs=90)
    assert len(world.all(ev.TurnOpened)) >= 3
