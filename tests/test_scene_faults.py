"""What a scene can do to a session: a pause in a phrase, a head that turns during it, a bad network, a radio, a model
that fails for one question only.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from device_sim import scene
from device_sim.behaviour import Behaviour, Rule, rule_for
from device_sim.camera import Tapes
from device_sim.errors import SceneError
from device_sim.mic import PACKET, RATE_HZ, Voices, read_wav, with_pause
from device_sim.network import BadNetwork, is_media
from device_sim.radio import TALK_FROM, TALK_TO, talk
from device_sim.scene import Network, Pause, Say, See

SOUND, PICTURE = 96, 102  # payload types
FAULTY = ("cut_off", "wrong_frame", "slow_turn", "model_error", "barge_in", "packet_loss", "noisy", "long")


def scene_of(folder: Path, text: str, seed: int = 0) -> scene.Scene:
    path = folder / "small.yaml"
    path.write_text("device: {camera: {width: 320, height: 180, fps: 10, kbps: 200}}\n" + text)
    return scene.load(path, seed)


# --------------------------------------------------------------------------------------------------------- the wearer


def test_a_pause_moves_the_rest_of_a_phrase_and_changes_nothing_else() -> None:
    whole = read_wav(scene.SPEECH / "what_is_this_code.wav")
    halting = with_pause(whole, Pause(at_ms=640, ms=360))
    at, gap = 640 * RATE_HZ // 1000, 360 * RATE_HZ // 1000
    assert np.array_equal(halting[:at], whole[:at])
    assert not halting[at : at + gap].any()
    assert np.array_equal(halting[at + gap :], whole[at:])


def test_the_same_words_with_and_without_a_pause_are_two_clips(tmp_path: Path) -> None:
    steps = "steps:\n  - say: stop\n  - {say: stop, pause: {at_ms: 200, ms: 300}}\n"
    played = scene_of(tmp_path, steps)
    plain, halting = (step for step in played.steps if isinstance(step, Say))
    voices = Voices(played)
    assert len(voices.of(halting).packets) - len(voices.of(plain).packets) == 300 * RATE_HZ // 1000 // PACKET


def test_a_pause_behind_the_end_of_a_phrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match=r"pause at 9000 ms: the phrase is only .* ms long"):
        Voices(scene_of(tmp_path, "steps:\n  - {say: stop, pause: {at_ms: 9000, ms: 300}}\n"))


def test_what_is_seen_during_a_phrase_has_its_tape(tmp_path: Path) -> None:
    card = "{card: sign, platform: 7, destination: Leeds, time: '14:05', motion: glance}"
    acts = f"[{{at_ms: 600, see: room}}, {{at_ms: 0, see: {card}}}]"
    steps = f"steps:\n  - {{say: read this, meanwhile: {acts}}}\n"
    played = scene_of(tmp_path, steps)
    (say,) = (step for step in played.steps if isinstance(step, Say))
    assert [act.at_ms for act in say.meanwhile] == [0, 600], "in the order of time, however they are written"
    sign, room = played.sees()
    tapes = Tapes(played)
    assert len(tapes.of(sign).intro) == 2 < len(tapes.of(room).intro), "a glance is quicker than a turn of the head"


REFUSED = {
    "steps:\n  - {wait: 1, pause: {at_ms: 200, ms: 300}}\n": ("pause", "only `say` takes it"),
    "steps:\n  - {say: stop, pause: {at_ms: 200}}\n": ("pause", "`ms` is missing"),
    "steps:\n  - {say: stop, meanwhile: [{at_ms: 5}]}\n": ("meanwhile[0]", "either `see` or `tap`"),
    "steps:\n  - {say: stop, meanwhile: [{at_ms: 5, say: stop}]}\n": ("meanwhile[0].say", "no such key here"),
    "model: [{cut_afer: 2}]\nsteps:\n  - wait: 1\n": ("model[0].cut_afer", "did you mean 'cut_after'"),
    "model: [{hang: always}]\nsteps:\n  - wait: 1\n": ("'always' is not known", "headers"),
    "model: [{words_per_s: 0}]\nsteps:\n  - wait: 1\n": ("words_per_s", "from 0.1"),
    "companion: {speed: 3}\nsteps:\n  - wait: 1\n": ("companion.speed", "section.key"),
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:40].replace("\n", "|"))
def test_a_fault_that_is_misspelt_is_refused_with_place_and_way_out(text: str, tmp_path: Path) -> None:
    with pytest.raises(SceneError) as caught:
        scene_of(tmp_path, text)
    for fragment in REFUSED[text]:
        assert fragment in str(caught.value)


def test_a_network_out_of_range_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("device: {network: {loss: 5}}\nsteps:\n  - wait: 1\n")
    with pytest.raises(SceneError, match=r"device\.network\.loss: 5 is out of range; write a number from 0 to 0\.9"):
        scene.load(path)


@pytest.mark.parametrize("name", FAULTY)
def test_the_bundled_faults_say_what_is_wrong(name: str) -> None:
    played = scene.load(scene.find(name), 5)
    assert played.companion or played.model or name in ("barge_in", "packet_loss", "noisy", "long")
    assert len(played.about) > 80


# ------------------------------------------------------------------------------------------------------------ the radio


def test_the_radio_talks_for_a_while_and_leaves_a_gap() -> None:
    rng = np.random.default_rng(3)
    room = np.asarray(rng.normal(0, 20, 10 * RATE_HZ), np.int16)
    phrases = [read_wav(path) for path in sorted(scene.SPEECH.glob("*.wav"))[:5]]
    heard = talk(room, RATE_HZ, -30.0, phrases, rng)
    first, last = round(len(room) * TALK_FROM), round(len(room) * TALK_TO)
    assert np.array_equal(heard[:first], room[:first]) and np.array_equal(heard[last:], room[last:])
    level_dbfs = 20 * np.log10(heard[first:last].astype(float).std() / 32768)
    assert abs(level_dbfs - -30.0) < 0.5


# ---------------------------------------------------------------------------------------------------------- the network


def packets(kind: int, count: int) -> list[bytes]:
    """RTP packets of one payload type, numbered."""
    return [bytes([0x80, kind]) + number.to_bytes(2, "big") + bytes(60) for number in range(count)]


def sent_through(network: Network, seed: int, given: list[bytes]) -> list[bytes]:
    """What reaches the other side, in that order."""
    arrived: list[bytes] = []

    async def socket(data: bytes) -> None:
        arrived.append(data)

    async def run() -> None:
        bad = BadNetwork(network, seed, socket)
        for data in given:
            await bad.send(data)
        while len(arrived) < bad.counts.packets - bad.counts.lost + bad.counts.twice:
            await asyncio.sleep(0)

    asyncio.run(run())
    return arrived


def test_packets_are_lost_and_doubled_about_as_often_as_asked() -> None:
    given = packets(SOUND, 2000)
    arrived = sent_through(Network(loss=0.05, duplicate=0.1), 1, given)
    assert 60 < len(given) - len(set(arrived)) < 140
    assert 140 < len(arrived) - len(set(arrived)) < 240


def test_jitter_turns_the_order_round_and_loses_nothing() -> None:
    given = packets(SOUND, 200)
    arrived = sent_through(Network(jitter_ms=20), 1, given)
    assert sorted(arrived) == given and arrived != given


def test_the_seed_decides_for_each_kind_of_packet_by_itself() -> None:
    network = Network(loss=0.3)
    sound, picture = packets(SOUND, 100), packets(PICTURE, 100)
    alone = sent_through(network, 7, sound)
    mixed = sent_through(network, 7, [p for pair in zip(picture, sound, strict=True) for p in pair])
    assert [p for p in mixed if p[1] == SOUND] == alone
    assert sent_through(network, 8, sound) != alone


def test_handshake_control_and_messages_pass_untouched() -> None:
    stun, dtls, sender_report = bytes([0, 1, 0, 8]), bytes([22, 254, 253]), bytes([0x80, 200, 0, 6])
    assert not any(map(is_media, (b"", stun, dtls, sender_report)))
    assert is_media(packets(SOUND, 1)[0]) and is_media(bytes([0x80, SOUND | 0x80, 0, 0])), "with and without the marker"
    assert sent_through(Network(loss=0.9), 1, [stun, dtls, sender_report] * 50) == [stun, dtls, sender_report] * 50


# ------------------------------------------------------------------------------------------------------------ the model


def test_a_rule_speaks_of_one_question_and_leaves_the_others_alone(tmp_path: Path) -> None:
    rules = scene_of(
        tmp_path,
        "model:\n  - {asked: In Front, first_text_s: 6}\n  - {asked: story, cut_after: 9, status: 503}\n"
        "steps:\n  - wait: 1\n",
    ).model
    assert rule_for(rules, "What is in front of me?").behaviour == Behaviour(first_text_s=6)
    assert rule_for(rules, "tell me a story").behaviour == Behaviour(cut_after=9, status=503)
    assert rule_for(rules, "what colour is the door") == Rule()
    assert rule_for((), "anything") == Rule()


def test_every_kind_of_behaviour_can_be_named(tmp_path: Path) -> None:
    every = (
        "{hang: headers, status: 500, status_times: 1, retry_after: '2', garbage: true, portal: false, bare_end: true}"
    )
    (rule,) = scene_of(tmp_path, f"model: [{every}]\nsteps:\n  - wait: 1\n").model
    assert rule.behaviour == Behaviour(
        hang="headers", status=500, status_times=1, retry_after="2", garbage=True, bare_end=True
    )
    assert isinstance(rule.behaviour.status, int)


def test_pictures_of_a_scene_are_listed_once_each_in_order() -> None:
    played = scene.load(scene.find("wrong_frame"), 5)
    assert [see.card for see in played.sees()] == ["label", "sign", "room"]
    assert all(isinstance(see, See) for see in played.sees())
