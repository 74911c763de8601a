"""What a lens, a room, a headset and a network do to a scene, measured in the pictures and the sound themselves; and
what a verdict says of failures, of what was sent, and of known gaps.
"""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from device_sim import findings, judge, scene
from device_sim.device import Camera, Lens, Microphone, Network
from device_sim.ear import Ear
from device_sim.expects import Expect
from device_sim.failures import failures, others
from device_sim.mic import read_wav
from device_sim.network import BadNetwork
from device_sim.picture import frames
from device_sim.record import Record, Turn
from device_sim.sent import Requests
from device_sim.sounds import RATE_HZ, captured, farther, noise_bed
from device_sim.steps import SPEECH, See
from pipelines.thinking import wording
from pipelines.thinking.failures import KINDS
from pipelines.thinking.rules.claims import RULES

CAMERA = Camera(504, 896, 10, 500)
LABEL = See(1, "label", (("name", "Green tea"), ("weight", "400 g"), ("price", "EUR 4.45")), "hold")


def pictures(lens: Lens, see: See = LABEL) -> list[np.ndarray]:
    """(n, h, w, 3) of two seconds, in grey values as float."""
    _, loop = frames(see, CAMERA, np.random.default_rng(3), lens)
    return [cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(float) for picture in loop]


def sharpness(picture: np.ndarray) -> float:
    return float(cv2.Laplacian(cv2.GaussianBlur(picture, (0, 0), 1), cv2.CV_64F).var())


def jumps(shown: list[np.ndarray]) -> float:
    """How much one picture differs from the one before."""
    return float(np.mean([np.abs(a - b).mean() for a, b in itertools.pairwise(shown)]))


# --------------------------------------------------------------------------------------------------------------- lens


def test_smear_and_defocus_take_sharpness_and_shake_takes_stillness() -> None:
    plain = pictures(Lens())
    assert sharpness(pictures(Lens(blur=40))[3]) < 0.5 * sharpness(plain[3])
    assert sharpness(pictures(Lens(defocus=10))[3]) < 0.3 * sharpness(plain[3])
    assert jumps(pictures(Lens(shake=15))) > 1.5 * jumps(plain)


def test_the_dark_is_dark_and_has_grain_and_the_sun_blows_out() -> None:
    plain, dark, bright = pictures(Lens())[3], pictures(Lens(light=0.1))[3], pictures(Lens(light=6))[3]
    assert dark.mean() < 0.2 * plain.mean()
    corner = (slice(0, 60), slice(0, 60))
    assert (dark - cv2.GaussianBlur(dark, (0, 0), 3))[corner].std() > 1.3 * (
        plain - cv2.GaussianBlur(plain, (0, 0), 3)
    )[corner].std()
    assert (bright > 250).mean() > 0.5


def test_glare_whitens_the_middle_and_a_finger_hides_a_side() -> None:
    plain, lit, hidden = pictures(Lens())[3], pictures(Lens(glare=0.9))[3], pictures(Lens(finger=0.3))[3]
    middle = (slice(350, 550), slice(150, 350))
    assert (lit[middle] > 250).mean() > (plain[middle] > 250).mean() + 0.2
    changed = np.abs(hidden - plain).mean(axis=0) > 15
    assert 0.15 < changed.mean() < 0.5 and (changed[:50].all() or changed[-50:].all())
    assert pictures(Lens(finger=1))[3].mean() < 12


def test_a_quarter_turn_is_a_quarter_turn_and_everything_still_fits() -> None:
    camera = Camera(640, 640, 10, 500)
    upright, turned = (
        frames(LABEL, camera, np.random.default_rng(3), lens)[1][3] for lens in (Lens(), Lens(turned=90))
    )
    back = cv2.rotate(turned, cv2.ROTATE_90_COUNTERCLOCKWISE).astype(float)
    assert np.abs(back - upright)[40:-40, 40:-40].mean() < 6


def test_a_tall_picture_sees_the_thing_undistorted() -> None:
    """The green bar of the label is as wide beside its height as in a wide picture."""
    shapes = []
    for camera in (Camera(1280, 720, 5, 500), CAMERA):
        picture = frames(LABEL, camera, np.random.default_rng(3))[1][0]
        hsv = cv2.cvtColor(picture, cv2.COLOR_BGR2HSV)
        rows, columns = np.nonzero((hsv[..., 0] > 50) & (hsv[..., 0] < 70) & (hsv[..., 1] > 100))
        shapes.append((np.ptp(columns) + 1) / (np.ptp(rows) + 1))
    assert shapes[1] == pytest.approx(shapes[0], rel=0.1)


# -------------------------------------------------------------------------------------------------------------- sound


def bed(noise: str) -> np.ndarray:
    microphone = Microphone(noise=noise, noise_dbfs=-30)
    phrases = [read_wav(path) for path in sorted(SPEECH.glob("*.wav"))]
    return noise_bed(microphone, 10 * RATE_HZ, lambda: phrases, np.random.default_rng(3)).astype(float)


def share_above(sound: np.ndarray, hz: float) -> float:
    power = np.abs(np.fft.rfft(sound)) ** 2
    return float(power[np.fft.rfftfreq(len(sound), 1 / RATE_HZ) > hz].sum() / power.sum())


@pytest.mark.parametrize("noise", ["room", "bus", "voices", "wind"])
def test_a_noise_has_the_level_that_was_asked_for(noise: str) -> None:
    assert 20 * np.log10(bed(noise).std() / 32768) == pytest.approx(-30, abs=0.7)


def test_noises_sound_like_what_they_are() -> None:
    assert share_above(bed("wind"), 500) < 0.05, "wind is deep"
    assert share_above(bed("voices"), 500) > 0.2, "voices are not"
    loudness = np.abs(bed("wind")).reshape(100, -1).mean(axis=1)
    assert loudness.std() > 0.4 * loudness.mean(), "gusts"


def test_a_telephone_band_ends_where_it_ends_and_too_much_gain_clips() -> None:
    speech = read_wav(SPEECH / "what_does_this_sign_say.wav").astype(float)
    narrow = captured(speech, Microphone(rate_hz=8000)).astype(float)
    assert share_above(narrow, 3700) < 0.01 < share_above(speech, 3700)
    assert np.corrcoef(narrow, speech)[0, 1] > 0.8
    loud = captured(speech, Microphone(gain_db=24))
    assert (np.abs(loud.astype(int)) >= 32767).mean() > 0.05


def test_somebody_else_has_another_voice_and_no_other_words_are_louder() -> None:
    speech = read_wav(SPEECH / "stop.wav")
    other = farther(speech)
    assert len(other) > 1.1 * len(speech)
    assert other.astype(float).std() == pytest.approx(speech.astype(float).std(), rel=0.25)


# ------------------------------------------------------------------------------------------------------------ network


def test_a_network_changes_while_it_is_used_and_the_answer_has_losses_of_its_own() -> None:
    sent: list[bytes] = []

    async def socket(data: bytes) -> None:
        sent.append(data)

    async def run() -> tuple[int, int]:
        bad = BadNetwork(Network(), 1, socket)
        packet = bytes([0x80, 96]) + bytes(60)
        for network in (Network(), Network(loss=0.9), Network()):
            bad.network = network
            for _ in range(100):
                await bad.send(packet)
        while bad._under_way:
            await asyncio.sleep(0)
        bad.network = Network(down_loss=0.5)
        arrived = sum([await bad.receive() for _ in range(200)])
        return arrived, bad.counts.answer_lost

    arrived, lost = asyncio.run(run())
    assert 200 < len(sent) < 230
    assert arrived + lost == 200 and 60 < arrived < 140


# ------------------------------------------------------------------------------------------------------------ verdicts


def test_the_table_of_failures_is_what_the_companion_says() -> None:
    said = {
        *(kind.spoken for kind in KINDS.values()),
        *wording.FRAME_PROBLEMS.values(),
        *wording.NO_TEXT.values(),
        *(rule.line for rule in RULES),
        *(wording.NO_MODEL, wording.NO_SOUND, wording.CLOSED_VOCABULARY, wording.LOST, wording.LOST_WORDS),
    }
    unknown = {kind: spoken.sentence for kind, spoken in failures().items() if spoken.sentence not in said}
    assert not unknown
    heard = [spoken.heard for spoken in failures().values()]
    assert len(set(heard)) == len(heard)


def test_decoys_of_a_failure_are_other_failures() -> None:
    for kind, spoken in failures().items():
        assert len(others(kind)) == 6 and spoken.heard not in others(kind)


def outcome_of(expect: Expect, turn: Turn, **record: object) -> list[findings.Finding]:
    told = Record(0, 10**10, [turn], [(expect, 0)], **record)  # type: ignore[arg-type]
    return list(findings.found(told, Ear(0)))


TURN = Turn(0, "", 0, 0, 10**10)


@pytest.mark.parametrize(
    ("sent", "expected", "outcome"),
    [
        (None, "nothing", judge.UNJUDGED),
        (Requests(), "nothing", judge.PASS),
        (Requests(1, 0), "nothing", judge.FAIL),
        (Requests(1, 0), "words", judge.PASS),
        (Requests(2, 1), "words", judge.FAIL),
        (Requests(2, 1), "pictures", judge.PASS),
    ],
)
def test_what_was_sent_is_what_reached_the_model(sent: Requests | None, expected: str, outcome: str) -> None:
    (finding,) = outcome_of(Expect(3, sends=expected), replace(TURN, sent=sent))
    assert finding.outcome == outcome


def test_a_known_gap_is_told_as_one_and_so_is_one_that_is_no_more() -> None:
    (gap,) = outcome_of(Expect(3, speaks=True, known_gap="nobody taught it"), TURN)
    assert (gap.outcome, gap.gap) == (judge.GAP, "nobody taught it")
    (closed,) = outcome_of(Expect(3, speaks=False, known_gap="it used to babble"), TURN)
    assert closed.outcome == judge.CLOSED
    (plain,) = outcome_of(Expect(3, speaks=True), TURN)
    assert plain.outcome == judge.FAIL


def test_a_verdict_counts_gaps_apart_and_says_which_pass_unexpectedly(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text("steps:\n  - wait: 1\n")
    record = Record(0, 10**10, [TURN])
    record.expected = [(Expect(3, speaks=True, known_gap="no voice"), 0), (Expect(4, speaks=False, known_gap="x"), 0)]
    verdict = judge.judge(scene.load(path), record, Ear(0))
    assert (verdict.outcome, verdict.failed, verdict.gaps, verdict.closed) == (judge.GAP, 0, 1, 1)
    assert any("line 4: passes unexpectedly" in note for note in verdict.notes)


def test_no_media_is_a_failure_unless_it_was_expected() -> None:
    (fine,) = outcome_of(Expect(3, connects=False), TURN, connected=False)
    (wrong,) = outcome_of(Expect(3, connects=False), TURN)
    assert (fine.outcome, wrong.outcome) == (judge.PASS, judge.FAIL)
