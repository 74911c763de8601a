"""The live run's own decision log is the first golden: five different sessions over WebRTC replay to the same digest.

All five play at the same time, each in its own session of one companion: beside being quicker, that makes its threads
and timers late in ways that a session alone would not. `make test-live` (EARSHOT_LIVE=1) records a longer one too.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from companion.replay import replay
from pipelines import events as ev
from recordings.digest import digest
from recordings.reader import Recording
from tests.live import Part, Take, record

SEED = 5
SCENES = ("barge_in", "packet_loss", "model_error", "long", "noisy")
SHORT = Path(__file__).parent.parent / "recordings" / "samples" / "cut-off.mcap"
HASH_SEEDS = range(10)
LONG_ROUNDS = 8  # of about 27 s
LIMIT_S = 120.0


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Take]:
    parts = [Part(scene, SEED) for scene in SCENES]
    return {take.part.scene: take for take in record(tmp_path_factory.mktemp("live"), *parts)}


def assert_replays(take: Take) -> None:
    """Decided again from the recording: the same decisions, and the digest of what was decided live."""
    recording = Recording(take.recording)
    assert not recording.torn
    live = digest(list(recording.decisions()))
    replayed = replay(take.recording)
    assert replayed.same, f"{replayed.line}\n" + "\n".join(replayed.differences)
    assert live[:16] in replayed.line, f"live was {live}: {replayed.line}"


def decisions(take: Take, kind: type[ev.Decision]) -> list[ev.Decision]:
    return [d for d in Recording(take.recording).decisions() if type(d) is kind]


def outcomes(take: Take) -> list[str]:
    return [d.outcome for d in decisions(take, ev.TurnClosed) if isinstance(d, ev.TurnClosed)]


@pytest.mark.parametrize("scene", SCENES)
def test_a_live_session_is_decided_again_alike(takes: dict[str, Take], scene: str) -> None:
    assert_replays(takes[scene])


def test_the_five_are_different_and_each_has_what_it_is_for(takes: dict[str, Take]) -> None:
    digests = {digest(list(Recording(take.recording).decisions())) for take in takes.values()}
    assert len(digests) == len(SCENES)
    assert {"stopped", "interrupted"} <= set(outcomes(takes["barge_in"])), "talked over in more than one way"
    assert decisions(takes["barge_in"], ev.Duck) and decisions(takes["barge_in"], ev.PausePlay)
    lossy = takes["packet_loss"]
    assert lossy.verdict["network"]["lost"] > 50 and lossy.verdict["network"]["late"] > 50
    assert any(not sound.packet for sound in Recording(lossy.recording).microphone()), "holes in the sound were filled"
    assert outcomes(takes["model_error"])[:2] == ["failed", "failed"]
    assert len(outcomes(takes["long"])) >= 6
    judged = decisions(takes["noisy"], ev.TurnJudged)
    assert any(isinstance(d, ev.TurnJudged) and d.rule == "not understood" for d in judged), (
        "the noise and the radio were heard, and not believed"
    )


@pytest.mark.skipif(not os.environ.get("EARSHOT_LIVE"), reason="takes four minutes: make test-live")
def test_a_session_of_minutes_is_decided_again_alike(tmp_path: Path) -> None:
    (take,) = record(tmp_path, Part("long", SEED, {"rounds": str(LONG_ROUNDS)}))
    assert take.passed, take.printed
    assert take.verdict["seconds"] > 180
    assert_replays(take)


# -------------------------------------------------------------------------------------------- the same on any machine


def replaying(hash_seed: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "companion.cli", "replay", str(SHORT)]
    env = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)


@contextmanager
def busy_cores() -> Iterator[None]:
    """Every core has something else to do."""
    with ExitStack() as stack:
        for _ in range(os.cpu_count() or 1):
            process = stack.enter_context(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            stack.callback(process.kill)
        yield


def digest_printed(process: subprocess.Popen[str]) -> str:
    out, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, out
    found = re.search(r"^same ([0-9a-f]{16}) ", out, re.MULTILINE)
    assert found, out
    return found[1]


def test_ten_hash_seeds_and_a_busy_machine_make_no_difference() -> None:
    half = len(HASH_SEEDS) // 2
    digests = {digest_printed(replaying(seed)) for seed in HASH_SEEDS[:half]}
    with busy_cores():
        digests |= {digest_printed(replaying(seed)) for seed in HASH_SEEDS[half:]}
    assert digests == {digest(list(Recording(SHORT).decisions()))[:16]}
