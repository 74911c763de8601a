"""The simulator, by itself: what it sends, hears and judges. The other end here is a parrot, not a companion.

The parrot answers offers as a companion would, listens for the wearer to fall silent and says its next line in a voice
of its own. It shares no code with the real one, so these tests hold for any companion that keeps to the wire.
"""

from __future__ import annotations

import asyncio
import contextlib
import fractions
import functools
import json
import random
import re
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from aiohttp import web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack

from device_sim import byear, cards, cli, scene
from device_sim.address import Address
from device_sim.camera import CameraTrack, Tapes, encode
from device_sim.ear import RATE_HZ, Ear
from device_sim.errors import SceneError, WireError
from device_sim.espeak import Accent, NoVoiceError, espeak
from device_sim.loudspeaker import Loudspeaker
from device_sim.marks import Marks
from device_sim.mic import MicTrack, Voices, read_wav, speech_bounds
from device_sim.picture import frames
from device_sim.scene import See

SECOND_NS = 1_000_000_000
PARROT_VOICE = Accent("en-us+m3", 180)


def live(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test on an event loop of its own."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


# ----------------------------------------------------------------------------------------------------------- the parrot


def spoken(text: str, accent: Accent = PARROT_VOICE) -> np.ndarray:
    """(n,) int16, 48 kHz mono."""
    voice = espeak()
    return resampled(voice.speak(text, accent) * 0.7, voice.rate_hz, RATE_HZ)


def resampled(sound: np.ndarray, from_hz: int, to_hz: int) -> np.ndarray:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=to_hz)
    frame = av.AudioFrame.from_ndarray(
        (np.clip(sound, -1, 1) * 32767).astype(np.int16)[None], format="s16", layout="mono"
    )
    frame.sample_rate = from_hz
    return np.concatenate([f.to_ndarray()[0] for part in (frame, None) for f in resampler.resample(part)])


def opus_48k(pcm: np.ndarray) -> list[bytes]:
    codec = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format, codec.bit_rate = RATE_HZ, "mono", "s16", 32_000
    packets: list[bytes] = []
    for i in range(0, len(pcm) - 959, 960):
        frame = av.AudioFrame.from_ndarray(pcm[None, i : i + 960], format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE_HZ, i
        packets += [bytes(p) for p in codec.encode(frame)]
    return packets


class Mouth(MediaStreamTrack):
    """20 ms packets: what was queued, else silence."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.silence = opus_48k(np.zeros(4800, np.int16))[3]
        self.queue: list[bytes] = []
        self.count, self.begin_s = 0, 0.0

    async def recv(self) -> av.Packet:
        self.begin_s = self.begin_s or time.monotonic()
        await asyncio.sleep(max(0.0, self.begin_s + self.count * 0.02 - time.monotonic()))
        packet = av.Packet(self.queue.pop(0) if self.queue else self.silence)
        packet.pts, packet.time_base = self.count * 960, fractions.Fraction(1, 48_000)
        self.count += 1
        return packet


class Parrot:
    """Says `lines[0]` when the link is up and one more whenever the wearer falls silent; shuts up if spoken to."""

    def __init__(self, lines: Sequence[str], token: str = "secret", status: int = 0, leaves: bool = False) -> None:
        self.lines = [opus_48k(spoken(line)) for line in lines]
        self.token, self.status, self.leaves = token, status, leaves
        self.messages: list[dict] = []
        self.video_units = 0
        self.mouth = Mouth()
        self.url = ""
        self._loud = self._quiet = 0
        self._decoder = av.CodecContext.create("libopus", "r")
        self._decoder.sample_rate, self._decoder.layout, self._decoder.format = 16_000, "mono", "s16"
        self._utterance = 0
        self._channel = None

    async def offer(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.Response(status=401)
        if self.status:
            return web.Response(status=self.status, text="an offer without sound")
        body = await request.json()
        self.pc = pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        pc.on("datachannel", self._opened)
        await pc.setRemoteDescription(RTCSessionDescription(body["sdp"], body["type"]))
        pc.addTrack(self.mouth)
        for receiver in pc.getReceivers():
            if receiver._RTCRtpReceiver__kind == "audio":
                receiver._handle_rtp_packet = self._hear
            else:
                self.eye = receiver
                self._see_before, receiver._handle_rtp_packet = receiver._handle_rtp_packet, self._see
        await pc.setLocalDescription(await pc.createAnswer())
        return web.json_response({"sdp": pc.localDescription.sdp, "type": "answer", "session": "parrot"})

    def _opened(self, channel: object) -> None:
        self._channel = channel
        channel.on("message", lambda text: self.messages.append(json.loads(text)))
        channel.send(json.dumps({"type": "ping", "id": 7}))
        self._next()

    def _next(self) -> None:
        if self.lines and self._channel is not None:
            self._utterance += 1
            origin = self.mouth_origin()
            packets = self.lines.pop(0)
            self.mouth.queue = list(packets)
            begin = (origin + self.mouth.count * 960) % 2**32
            end = (begin + len(packets) * 960) % 2**32
            for message in (
                {"type": "caption", "who": "companion", "text": f"line {self._utterance}"},
                {"type": "speaking", "utterance": self._utterance, "rtp": begin},
                {"type": "spoken", "utterance": self._utterance, "rtp": end, "cut": False},
            ):
                self._channel.send(json.dumps(message))
            if self.leaves:
                self._channel.send(json.dumps({"type": "bye", "reason": "tired"}))

    def mouth_origin(self) -> int:
        sender = self.pc.getSenders()[0]
        return (sender._RTCRtpSender__rtp_timestamp - (self.mouth.count - 1) * 960) % 2**32

    async def _hear(self, packet: object, arrival_time_ms: int) -> None:
        pcm = np.concatenate([f.to_ndarray().reshape(-1) for f in self._decoder.decode(av.Packet(packet.payload))])
        loud = float(np.sqrt(np.mean(pcm.astype(float) ** 2))) > 32768 * 10 ** (-38 / 20)
        self._loud, self._quiet = (self._loud + 1, 0) if loud else (self._loud, self._quiet + 1)
        if self._loud >= 5:
            self.mouth.queue.clear()
        if self._loud >= 5 and self._quiet >= 25:
            self._loud = 0
            self._next()

    async def _see(self, packet: object, arrival_time_ms: int) -> None:
        self.video_units += packet.marker
        if self.video_units == 10 and packet.marker:
            await self.eye._send_rtcp_pli(packet.ssrc)


@contextlib.asynccontextmanager
async def listening(parrot: Parrot) -> AsyncIterator[str]:
    """The parrot's address, with its token."""
    app = web.Application()
    app.router.add_post("/api/offer", parrot.offer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/?token={parrot.token}"
    finally:
        if hasattr(parrot, "pc"):
            await parrot.pc.close()
        await runner.cleanup()


def small_scene(folder: Path, steps: str, head: str = "", seed: int = 0) -> scene.Scene:
    path = folder / "small.yaml"
    path.write_text(f"device: {{camera: {{width: 320, height: 180, fps: 10, kbps: 200}}}}\n{head}\nsteps:\n{steps}")
    return scene.load(path, seed)


# ----------------------------------------------------------------------------------------------------- the scene format

BROKEN = {
    "steps:\n  - sea: room\n": ("bad.yaml:2", "steps[0].sea", "did you mean 'see'"),
    "steps:\n  - see: {card: sign, platform: 4}\n": ("bad.yaml:2", "destination", "missing"),
    "steps:\n  - see: {card: poster}\n": ("'poster' is not known", "sign"),
    "steps:\n  - say: what does this sine say\n": ("bad.yaml:2: steps[0].say", "device-sim phrases"),
    "steps:\n  - wait: qiet\n": ("steps[0].wait", "did you mean 'quiet'"),
    "steps:\n  - wait: answer\n    within_s: soon\n": ("bad.yaml:3", "'soon' is not a number"),
    "steps:\n  - expect: {hears: platform 4}\n": ("hears", "decoys"),
    "steps:\n  - expect: {hears: 'platform {gate}', decoys: [a]}\n": ("{gate} was never drawn", "draw"),
    "steps:\n  - expect: {caption: '('}\n": ("not a regular expression", "backslash"),
    "draw:\n  gate: {from: 9, to: 2}\nsteps:\n  - wait: 1\n": ("bad.yaml:2: draw.gate", "0 values"),
    "device: {camera: none, microphone: none}\nsteps:\n  - wait: 1\n": ("neither camera nor microphone",),
    "device: {camera: {fps: 500}}\nsteps:\n  - wait: 1\n": ("device.camera.fps", "from 1 to 30"),
    "device: {microphone: none}\nsteps:\n  - say: stop\n": ("bad.yaml:3: say", "no microphone"),
    "device: {camera: none}\nsteps:\n  - see: room\n": ("bad.yaml:3: see", "no camera"),
    "steps:\n  - wait: 1\n    see: room\n": ("2 actions", "exactly one"),
    "steps: [wait\n": ("not YAML", "colons"),
    "": ("empty",),
    "about: nothing happens\n": ("`steps` is missing",),
}


@pytest.mark.parametrize("text", BROKEN, ids=lambda text: text[:40].replace("\n", "|"))
def test_a_broken_scene_is_refused_with_place_and_way_out(text: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(SceneError) as caught:
        scene.load(path)
    for fragment in BROKEN[text]:
        assert fragment in str(caught.value)
    assert cli.main(["check", str(path)]) == cli.COULD_NOT_RUN


@pytest.mark.parametrize("name", scene.bundled())
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_bundled_scenes_are_sound(name: str, seed: int) -> None:
    assert scene.load(scene.find(name), seed).about


def test_decoys_are_what_the_seed_could_have_drawn_and_never_the_truth() -> None:
    for seed in range(20):
        demo = scene.load(scene.find("demo"), seed)
        for step in demo.steps:
            if isinstance(step, scene.Expect) and step.hears:
                assert step.decoys and step.hears not in step.decoys
                assert not any("{" in text for text in (step.hears, *step.decoys))


def test_values_can_be_fixed_by_hand() -> None:
    assert len(scene.load(scene.find("bench"), 0, {"rounds": "2"}).steps) < len(
        scene.load(scene.find("bench"), 0).steps
    )
    with pytest.raises(SceneError, match="nothing of that name is drawn"):
        scene.load(scene.find("bench"), 0, {"round": "2"})


# --------------------------------------------------------------------------------------------------------- what is sent


def test_any_words_are_typed_or_spoken_as_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "told.yaml"
    path.write_text("draw: {n: [61]}\nsteps:\n  - ask: my locker is {n}\n", "utf-8")
    (typed,) = scene.load(path).steps
    assert isinstance(typed, scene.Ask) and typed.words == "my locker is 61"
    (spoken,) = scene.load(path, speech=tmp_path).steps
    assert isinstance(spoken, scene.Say) and spoken.words == typed.words
    assert 1.0 < len(read_wav(spoken.wav)) / 16_000 < 4.0


def test_same_seed_same_bytes_other_seed_other_bytes(tmp_path: Path) -> None:
    steps = "  - see: {card: label, name: Tea, weight: 1 g, price: EUR 1}\n  - say: stop\n"
    prints = []
    for seed in (5, 5, 6):
        small = small_scene(tmp_path, steps, seed=seed)
        prints.append((Tapes(small).fingerprint(), Voices(small).fingerprint()))
    assert prints[0] == prints[1]
    assert prints[0][0] != prints[2][0] and prints[0][1] != prints[2][1]


def decoded(units: Sequence[bytes]) -> list[np.ndarray]:
    decoder = av.CodecContext.create("h264", "r")
    found = [f for unit in units for f in decoder.decode(av.Packet(unit))] + decoder.decode(None)
    return [f.to_ndarray(format="bgr24") for f in found]


def nal_types(unit: bytes) -> list[int]:
    return [unit[m.end()] & 31 for m in re.finditer(b"\0\0\1", unit)]


@pytest.mark.parametrize("seed", [1, 2])
def test_cards_can_be_read_after_the_camera(seed: int) -> None:
    """By other people's readers, at the bit rate of a phone hop: the sign, the label and the code of two seeds."""
    cv2, rapidocr = pytest.importorskip("cv2"), pytest.importorskip("rapidocr")
    demo = scene.load(scene.find("demo"), seed)
    assert demo.camera is not None
    camera, reader = replace(demo.camera, fps=5), rapidocr.RapidOCR()
    for see in (step for step in demo.steps if isinstance(step, See) and step.card in ("sign", "qr", "label")):
        _, loop = frames(see, camera, np.random.default_rng(seed))
        picture = decoded(encode(loop[:4], camera, all_key=False))[3]
        values = dict(see.values)
        if see.card == "qr":
            assert cv2.QRCodeDetector().detectAndDecode(picture)[0] == values["payload"]
            continue
        read = " ".join(reader(picture).txts or ())
        for value in values.values():
            assert value in read


@pytest.mark.parametrize("colour", scene.DOOR_COLOURS)
def test_a_door_has_its_colour(colour: str) -> None:
    card = cards.draw("door", {"colour": colour}, 1280, 720, np.random.default_rng(0))
    middle = card[card.shape[0] // 2, card.shape[1] // 2].astype(float)
    nearest = min(cards.PAINTS, key=lambda name: float(np.abs(middle - np.array(cards.PAINTS[name])).sum()))
    assert nearest == colour


@live
async def test_a_key_frame_request_is_answered_with_the_next_frame(tmp_path: Path) -> None:
    small = small_scene(tmp_path, "  - see: room\n")
    tapes = Tapes(small)
    assert small.camera is not None and isinstance(small.steps[0], See)
    track = CameraTrack(small.camera, tapes.before)
    track.show(tapes.of(small.steps[0]))
    tape = tapes.of(small.steps[0])
    assert all(5 in nal_types(unit) and 7 in nal_types(unit) for unit in tape.intro)
    assert sum(5 in nal_types(unit) for unit in tape.loop) == 1
    for _ in range(len(tape.intro) + 3):
        unit = bytes(await track.recv())
    assert 5 not in nal_types(unit)
    track.request_key()
    assert {7, 8, 5} <= set(nal_types(bytes(await track.recv())))
    assert 5 not in nal_types(bytes(await track.recv()))


def test_pictures_are_baseline_h264(tmp_path: Path) -> None:
    small = small_scene(tmp_path, "  - see: room\n")
    unit = Tapes(small).before.loop[0]
    at = next(m.end() for m in re.finditer(b"\0\0\1", unit) if unit[m.end()] & 31 == 7)
    assert unit[at + 1] == 66


def test_speech_comes_out_of_the_coder_where_it_went_in() -> None:
    demo = scene.load(scene.find("demo"))
    voices = Voices(demo)
    for say in (step for step in demo.steps if isinstance(step, scene.Say)):
        clip, wav = voices.of(say), read_wav(say.wav).astype(float)
        decoder = av.CodecContext.create("libopus", "r")
        decoder.sample_rate, decoder.layout, decoder.format = 48_000, "mono", "s16"
        out = np.concatenate([f.to_ndarray()[0] for p in clip.packets for f in decoder.decode(av.Packet(p))])[::3]
        size = 2 * max(len(out), len(wav))
        match = np.fft.irfft(np.fft.rfft(out.astype(float), size) * np.conj(np.fft.rfft(wav, size)), size)
        lag = int(match.argmax())
        assert min(lag, size - lag) <= 16  # 1 ms at 16 kHz
        first, last = speech_bounds(wav.astype(np.int16))
        assert 0 <= clip.first == first * 3 < clip.last == last * 3 < len(clip.packets) * 960


@live
async def test_the_microphone_knows_when_each_speech_sample_left() -> None:
    demo = scene.load(scene.find("demo"))
    say = next(step for step in demo.steps if isinstance(step, scene.Say) and step.words == "stop")
    voices = Voices(demo)
    track = MicTrack(voices)
    await track.recv()
    said, clip = track.say(say), voices.of(say)
    sent = [bytes(await track.recv()) for _ in clip.packets]
    assert tuple(sent) == clip.packets and said.done.is_set()
    assert (said.first_rtp, said.last_rtp) == (960 + clip.first, 960 + clip.last)
    assert said.first_ns < said.last_ns


# -------------------------------------------------------------------------------------------------------- what is heard


def sound(*parts: tuple[str, float]) -> np.ndarray:
    """("tone" | "quiet", seconds)… as int16 at 48 kHz."""
    pieces = []
    for kind, seconds in parts:
        n = round(seconds * RATE_HZ)
        pieces.append(8000 * np.sin(np.arange(n) * 0.08) if kind == "tone" else np.zeros(n))
    return np.concatenate(pieces).astype(np.int16)


def heard(pcm: np.ndarray, first_rtp: int = 0) -> Ear:
    """An ear that got this sound from 0 s on, each packet when its last sample exists."""
    ear = Ear(0)
    for i, packet in enumerate(opus_48k(pcm)):
        ear.receive(packet, (first_rtp + 960 * i) % 2**32, (i + 1) * 20_000_000)
    return ear


def seconds(at_ns: int | None) -> float | None:
    return None if at_ns is None else at_ns / SECOND_NS


def test_an_answer_begins_with_lasting_sound_not_with_an_earcon() -> None:
    ear = heard(sound(("quiet", 1), ("tone", 0.08), ("quiet", 0.6), ("tone", 1), ("quiet", 1)))
    assert seconds(ear.sound_after(0)) == pytest.approx(1.02, abs=0.03)
    assert seconds(ear.answer_after(0)) == pytest.approx(1.70, abs=0.03)
    assert ear.answer_after(3 * SECOND_NS) is None


def test_sound_that_goes_on_is_no_new_answer() -> None:
    ear = heard(sound(("tone", 2), ("quiet", 0.5), ("tone", 1)))
    assert seconds(ear.answer_after(SECOND_NS)) == pytest.approx(2.52, abs=0.03)
    assert ear.answer_after(SECOND_NS, 2 * SECOND_NS) is None


def test_silence_has_to_last() -> None:
    ear = heard(sound(("tone", 1), ("quiet", 0.2), ("tone", 1), ("quiet", 1)))
    assert seconds(ear.silence_after(SECOND_NS // 2)) == pytest.approx(2.2, abs=0.03)
    assert ear.silence_after(SECOND_NS // 2, 2 * SECOND_NS) is None
    assert ear.silence_after(int(2.5 * SECOND_NS)) == int(2.5 * SECOND_NS)


def test_timestamps_may_wrap_and_a_lost_packet_leaves_a_hole() -> None:
    tone = sound(("tone", 1))
    whole = heard(tone, first_rtp=2**32 - 9600)
    assert np.abs(whole.cut(0, SECOND_NS)).max() > 7000
    ear = Ear(0)
    for i, packet in enumerate(opus_48k(tone)):
        if i != 20:
            ear.receive(packet, (2**32 - 9600 + 960 * i) % 2**32, (i + 1) * 20_000_000)
    ear.receive(b"", 0, 2 * SECOND_NS)
    ear.receive(b"\xff\xff\xff", 0, 2 * SECOND_NS)
    assert ear.packets == 49 and ear.undecodable == 2
    at = round(0.42 * SECOND_NS)  # packet 20 begins at 0.40 s and would have arrived, and been put, 20 ms later
    assert not ear.cut(at + 5_000_000, at + 15_000_000).any()


@pytest.mark.parametrize("announced", ["before", "after"])
def test_heard_marks_do_not_depend_on_which_came_first(announced: str) -> None:
    ear, packets = Ear(0), opus_48k(sound(("quiet", 0.2), ("tone", 0.6), ("quiet", 0.2)))
    marks, told = Marks(ear), []
    messages = [
        {"type": "speaking", "utterance": 4, "rtp": 1000 + 9600},
        {"type": "spoken", "utterance": 4, "rtp": 1000 + 38400, "cut": False},
    ]
    if announced == "before":
        told += marks.announce(messages[0], 0)
    for i, packet in enumerate(packets):
        ear.receive(packet, 1000 + 960 * i, (i + 1) * 20_000_000)
        told += marks.arrived((i + 1) * 20_000_000)
        if i == 15 and announced == "after":
            told += marks.announce(messages[0], (i + 1) * 20_000_000)
    told += marks.announce(messages[1], SECOND_NS)
    kinds = [m["mark"] for m in told]
    assert kinds[0] == "first" and kinds[-1] == "last" and set(kinds[1:-1]) == {"progress"}
    assert told[0]["rtp"] == pytest.approx(1000 + 9600, abs=480) and told[-1]["rtp"] == 1000 + 38400
    assert not marks.speaking


def test_nonsense_announcements_are_ignored() -> None:
    marks = Marks(Ear(0))
    assert marks.announce({"type": "speaking", "utterance": "one", "rtp": None}, 1) == []
    assert not marks.speaking


# ------------------------------------------------------------------------------------------------------- judging by ear


def questions(count: int) -> list[tuple[str, str, list[str]]]:
    """(what is said, the true phrase, decoys): numbers, prices and colours, drawn from a seed."""
    rng, out = random.Random(4), []
    numbers, colours = list(range(2, 20)), ["red", "green", "blue", "yellow"]
    for i in range(count):
        if i % 3 == 0:
            true, *others = rng.sample(numbers, 7)
            said = f"Platform {true}. Leeds. 14:{rng.randint(11, 58)}."
            phrases = [f"platform {n}" for n in (true, *others)]
        elif i % 3 == 1:
            true, *others = rng.sample(range(15, 96, 5), 7)
            euros = rng.randint(2, 9)
            said = f"The label says: Oat biscuits, 400 grams, {euros} euros {true}."
            phrases = [f"{euros} euros {n}" for n in (true, *others)]
        else:
            true_colour, *rest = rng.sample(colours, 4)
            said = f"I had a look. The door is {true_colour}, I think."
            phrases = [f"the door is {c}" for c in (true_colour, *rest)]
        out.append((said, phrases[0], phrases[1:]))
    return out


def test_the_ear_tells_numbers_prices_and_colours_apart() -> None:
    """Answers in voices, at rates and in noise that the judge's own voices do not have, after an Opus round trip."""
    pytest.importorskip("espeakng_loader")
    rng, noise = random.Random(5), np.random.default_rng(5)
    voices = ("en-us+m1", "en-us+f2", "en-gb-x-rp", "en+f4", "en-gb-scotland")
    right = fooled = 0
    cases = questions(36)
    for said, true, decoys in cases:
        pcm = spoken(said, Accent(rng.choice(voices), rng.randint(150, 235))).astype(float)
        pcm += noise.normal(0, pcm.std() * 10 ** (-rng.choice([15, 25, 40]) / 20), len(pcm))
        ear = heard(np.concatenate([np.zeros(24000), pcm, np.zeros(24000)]).astype(np.int16))
        got = ear.cut(0, round(len(pcm) / RATE_HZ * SECOND_NS) + SECOND_NS)
        right += byear.choose(got, RATE_HZ, true, decoys).passes(true)
        fooled += byear.choose(got, RATE_HZ, decoys[0], [true, *decoys[1:]]).passes(decoys[0])
    print(f"by ear: {right} of {len(cases)} true phrases pass, {fooled} wrong ones do")
    assert right >= 0.95 * len(cases)
    assert fooled <= 0.05 * len(cases)


def test_silence_is_no_answer() -> None:
    choice = byear.choose(np.zeros(RATE_HZ, np.int16), RATE_HZ, "platform two", ["platform nine"])
    assert choice.best == "" and not choice.passes("platform two")


# ------------------------------------------------------------------------------------------------------ the whole of it

QUESTION = """\
  - see: room
  - wait: answer
  - wait: quiet
  - say: what was the platform
  - wait: answer
    within_s: 6
  - wait: quiet
  - expect: {hears: "platform {n}", decoys_from: n, speaks: true, caption: "line 2", answers_within_ms: 5000}
"""
HEAD = "draw: {n: [4, 7, 9, 12]}"


@live
async def test_a_scene_plays_and_the_right_answer_passes(tmp_path: Path) -> None:
    small = small_scene(tmp_path, QUESTION, HEAD, seed=3)
    parrot = Parrot(["Hello there.", f"It was platform {small.drawn['n']}."])
    async with listening(parrot) as url:
        verdict = await cli.perform(small, Address.parse(url), tmp_path)
    assert verdict.outcome == "pass" and verdict.passed == 4, verdict.findings
    turn = verdict.turns[1]
    assert turn.mouth_to_ear_ms is not None and 0 < turn.mouth_to_ear_ms < 5000
    told = json.loads((tmp_path / "verdict.json").read_text())
    assert told["turns"][1]["words"] == "what was the platform" and told["drawn"] == small.drawn
    with av.open(str(tmp_path / "heard.wav")) as wav:
        assert wav.duration / 1e6 == pytest.approx(verdict.seconds, abs=0.1)
    kinds = [m.get("mark", m["type"]) for m in parrot.messages]
    assert "pong" in kinds and kinds.count("first") == 2 and kinds.count("last") == 2
    assert {m["media"] for m in parrot.messages if m["type"] == "capture"} == {"audio", "video"}
    firsts = [m for m in parrot.messages if m.get("mark") == "first"]
    assert all(isinstance(m["device_ns"], int) and 0 <= m["rtp"] < 2**32 for m in firsts)
    assert parrot.video_units > 10


@live
async def test_the_wrong_answer_fails_though_the_caption_is_right(tmp_path: Path) -> None:
    small = small_scene(tmp_path, QUESTION, HEAD, seed=3)
    wrong = next(n for n in ("4", "7", "9", "12") if n != small.drawn["n"])
    async with listening(Parrot(["Hello there.", f"It was platform {wrong}."])) as url:
        verdict = await cli.perform(small, Address.parse(url))
    failed = [f for f in verdict.findings if f.outcome == "fail"]
    assert verdict.outcome == "fail" and len(failed) == 1 and f"platform {wrong}" in failed[0].why


@live
async def test_talking_over_an_answer_is_timed(tmp_path: Path) -> None:
    steps = "  - wait: answer\n  - wait: 0.5\n  - say: stop\n  - wait: 3\n  - expect: {silence_within_ms: 2000}\n"
    small = small_scene(tmp_path, steps)
    async with listening(Parrot(["Once upon a time there was a lamp on a hill. " * 3])) as url:
        verdict = await cli.perform(small, Address.parse(url))
    assert verdict.outcome == "pass", verdict.findings
    assert verdict.turns[1].barge_in_ms is not None


@live
async def test_without_a_reference_voice_only_the_ear_is_unjudged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parrot = Parrot(["Hello there, wearer."])

    def no_voice(*args: object) -> None:
        raise NoVoiceError("espeak-ng is not installed")

    monkeypatch.setattr(byear, "choose", no_voice)
    expect = "  - wait: answer\n  - wait: quiet\n  - expect: {hears: hello there, decoys: [good bye], speaks: true}\n"
    async with listening(parrot) as url:
        verdict = await cli.perform(small_scene(tmp_path, expect), Address.parse(url))
    assert (verdict.outcome, verdict.passed, verdict.unjudged) == ("pass", 1, 1)
    assert "only timing and captions were judged" in verdict.notes[0]


@live
async def test_a_companion_that_leaves_ends_the_scene_and_fails_it(tmp_path: Path) -> None:
    steps = "  - wait: answer\n  - wait: 60\n  - expect: {speaks: true}\n"
    async with listening(Parrot(["Good bye."], leaves=True)) as url:
        verdict = await cli.perform(small_scene(tmp_path, steps), Address.parse(url))
    assert verdict.outcome == "fail" and verdict.seconds < 30
    assert "said goodbye: tired; 1 expectations were not reached" in verdict.findings[0].why


@pytest.mark.parametrize("device", ["microphone: none", "camera: none"])
@live
async def test_half_a_device_connects_and_hears(device: str, tmp_path: Path) -> None:
    path = tmp_path / "half.yaml"
    path.write_text(f"device: {{{device}}}\nsteps:\n  - wait: answer\n  - expect: {{speaks: true}}\n")
    async with listening(Parrot(["Hello there, wearer."])) as url:
        verdict = await cli.perform(scene.load(path), Address.parse(url))
    assert verdict.outcome == "pass"


REFUSALS = {
    "wrong token": (Parrot, {"token": "secret"}, "?token=other", "401"),
    "no token": (Parrot, {"token": "secret"}, "", "no token was given"),
    "bad offer": (Parrot, {"status": 400}, None, "an offer without sound"),
}


@pytest.mark.parametrize("case", REFUSALS)
@live
async def test_a_refusal_is_one_line_with_a_way_out(case: str, tmp_path: Path) -> None:
    make, options, query, fragment = REFUSALS[case]
    async with listening(make([], **options)) as url:
        address = url if query is None else url.partition("?")[0] + query
        with pytest.raises(WireError) as caught:
            await cli.perform(small_scene(tmp_path, "  - wait: 1\n"), Address.parse(address))
    assert fragment in str(caught.value) and "\n" not in str(caught.value)


def test_a_machine_without_a_player_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    told: list[str] = []
    speaker = Loudspeaker(told.append)
    speaker.play(np.zeros(960, np.int16), 0)
    speaker.close()
    assert len(told) == 1 and "heard.wav" in told[0]


def test_help_and_lists_teach(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["scenes"]) == cli.main(["phrases"]) == cli.main(["check", "demo", "--seed", "4"]) == cli.PASSED
    shown = capsys.readouterr().out
    assert all(name in shown for name in scene.bundled()) and "what does this sign say" in shown
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    assert "device-sim run demo --to" in capsys.readouterr().out


def test_nobody_there_is_exit_code_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = small_scene(tmp_path, "  - wait: 1\n").file
    assert cli.main(["run", str(path), "--to", "http://127.0.0.1:9/"]) == cli.COULD_NOT_RUN
    assert "nobody answers" in capsys.readouterr().err
    assert cli.main(["run", str(path), "--to", "ftp://example.org"]) == cli.COULD_NOT_RUN
    assert "not an http address" in capsys.readouterr().err
    assert cli.main(["run", "no_such_scene", "--to", "http://127.0.0.1:9/"]) == cli.COULD_NOT_RUN
    assert "bundled" in capsys.readouterr().err
