"""The microphone: 20 ms Opus packets of a noise bed with speech laid in at exact sample times.

Everything is encoded before the scene starts. The bed is a loop, with a radio in it if the scene has one; each phrase
is mixed into the room's noise, with a few packets of that encoded in front to warm the coder up. Opus looks 6.5 ms
ahead: the encoder is fed that much early, so sample k of a clip comes out as sample k of the decoded packets and
timestamps mean what they say.

    packets  …bed bed bed│clip clip clip clip│bed bed…      a splice is always on a 20 ms border
    speech             ──┼──▁▂▅▇▅▂▁▂▅▇▂▁─────┼──            first/last speech sample: known offsets in the clip

What is wrong with the sound (sounds.py) is in all of it before it is encoded; the microphone may change in the middle
of a scene. One that is switched off, or deaf for a while, sends silence, and what is said then is lost.

With an open loudspeaker nobody knows beforehand what the microphone will get: then the same sound is encoded as it is
captured, with what leaked into it, and comes out those 6.5 ms later.
"""

from __future__ import annotations

import asyncio
import fractions
import hashlib
import time
import wave
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from numpy.typing import NDArray

from device_sim.device import Microphone
from device_sim.errors import SceneError
from device_sim.now import Now
from device_sim.open_speaker import Leak
from device_sim.radio import talk
from device_sim.scene import Scene
from device_sim.sounds import captured, farther, noise_bed
from device_sim.steps import SPEECH, Change, Pause, Say

RATE_HZ = 16_000  # wideband: what a headset's microphone gives, and what the recogniser wants
PACKET = 320  # samples at RATE_HZ: 20 ms
PACKET_NS = 20_000_000
RTP_HZ = 48_000
RTP_PACKET = 960
LOOKAHEAD = 104  # samples at RATE_HZ: Opus' 6.5 ms
WARM_PACKETS = 5
BED_PACKETS = 500  # 10 s, too long to be heard as a loop
BITS_PER_S = 32_000
SPEECH_FLOOR_DB = -24.0  # against the 95th percentile level; bundled phrases carry room noise 30 dB down

Pcm = NDArray[np.int16]  # (n,) 16 kHz mono


@dataclass(frozen=True)
class Clip:
    """One spoken phrase as packets; `first`/`last`: offsets of the first and last speech sample, at RTP_HZ. `pcm`: the
    same as sound. `ended`: where speech ends in what the packets sound like, which is all that a listener has."""

    packets: tuple[bytes, ...]
    first: int
    last: int
    pcm: Pcm
    ended: int


@dataclass
class Spoken:
    """When a phrase really left. RTP timestamps count from the track's start; `*_ns`: monotonic send time, but
    `mouth_ns`: when the wearer made the last sound of it; it left when its packet was full."""

    words: str
    first_rtp: int = 0
    last_rtp: int = 0
    first_ns: int = 0
    last_ns: int = 0
    mouth_ns: int = 0
    started: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True)
class Bed:
    """What one microphone hears where nobody says anything to it: a loop, as packets and as sound."""

    packets: tuple[bytes, ...]
    pcm: Pcm


class Voices:
    """Every sound of a scene, encoded once: for each microphone its bed, and each `say` laid into its room."""

    def __init__(self, scene: Scene) -> None:
        self._seed = scene.seed
        self._rooms: dict[Microphone, Pcm] = {}
        self._beds: dict[Microphone, Bed] = {}
        self._clips: dict[tuple[object, ...], Clip] = {}
        self.leak = Leak(scene.open_speaker, scene.seed) if scene.open_speaker else None
        self._late = LOOKAHEAD * RTP_HZ // RATE_HZ if scene.open_speaker else 0
        self.silence = opus(np.zeros(PACKET, np.int16), np.zeros(WARM_PACKETS * PACKET, np.int16))[0]
        now = Now(scene)
        self.first = scene.microphone or Microphone()
        self._add_bed(self.first)
        for step in scene.moments():
            now.take(step)
            if isinstance(step, Change):
                self._add_bed(now.microphone)
            elif isinstance(step, Say) and _key(step, now.microphone) not in self._clips:
                self._clips[_key(step, now.microphone)] = self._clip(step, now.microphone)

    @property
    def bed(self) -> Bed:
        """Of the microphone as the device has it."""
        return self._beds[self.first]

    def bed_of(self, microphone: Microphone) -> Bed:
        return self._beds[microphone]

    def of(self, say: Say, microphone: Microphone | None = None) -> Clip:
        return self._clips[_key(say, microphone or self.first)]

    def fingerprint(self) -> str:
        beds = [packet for bed in self._beds.values() for packet in bed.packets]
        every = [*beds, *(packet for clip in self._clips.values() for packet in clip.packets)]
        return hashlib.sha256(b"|".join(every)).hexdigest()

    def _add_bed(self, microphone: Microphone) -> None:
        if microphone in self._beds:
            return
        rng = np.random.default_rng([self._seed, 0xB3D])
        room = loop = noise_bed(microphone, BED_PACKETS * PACKET, _phrases, rng)
        if microphone.radio_dbfs is not None:
            loop = talk(room, RATE_HZ, microphone.radio_dbfs, _phrases(), rng)
        self._rooms[microphone] = room
        loop = captured(loop.astype(np.float64), microphone)
        self._beds[microphone] = Bed(opus(loop, warm=loop), loop)

    def _clip(self, say: Say, microphone: Microphone) -> Clip:
        self._add_bed(microphone)
        speech = read_wav(say.wav)
        if say.other:
            speech = farther(speech)
        if say.pause is not None:
            speech = with_pause(speech, say.pause)
        first, last = speech_bounds(speech)
        room, length = self._rooms[microphone], len(speech)
        over = np.zeros(0)
        if say.over is not None:
            wait = np.zeros(say.over.at_ms * RATE_HZ // 1000)
            over = np.concatenate([wait, farther(read_wav(say.over.wav)) * 10 ** (say.over.level_db / 20)])
        count = -(-max(length, len(over)) // PACKET)
        mix = np.resize(room, count * PACKET).astype(np.float64)
        mix[:length] += speech * 10 ** (say.level_db / 20)
        mix[: len(over)] += over
        pcm, lead = captured(mix, microphone), captured(room.astype(np.float64), microphone)
        at = (first * RTP_HZ // RATE_HZ + self._late, last * RTP_HZ // RATE_HZ + self._late)
        return Clip(opus(pcm, warm=lead), *at, pcm, coded_end(speech))


def _key(say: Say, microphone: Microphone) -> tuple[object, ...]:
    return say.wav, say.level_db, say.pause, say.over, say.other, microphone


def _phrases() -> list[Pcm]:
    return [read_wav(path) for path in sorted(SPEECH.glob("*.wav"))]


def with_pause(speech: Pcm, pause: Pause) -> Pcm:
    """The phrase with a silence in it; the room goes on in the silence, because speech is laid into it."""
    at = pause.at_ms * RATE_HZ // 1000
    if at >= len(speech):
        raise SceneError(
            f"pause at {pause.at_ms} ms: the phrase is only {len(speech) * 1000 // RATE_HZ} ms long; pause earlier"
        )
    return np.concatenate([speech[:at], np.zeros(pause.ms * RATE_HZ // 1000, np.int16), speech[at:]])


def read_wav(path: Path) -> Pcm:
    try:
        with wave.open(str(path)) as file:
            found = file.getframerate(), file.getnchannels(), file.getsampwidth() * 8
            data = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise SceneError(f"{path}: not a wav file: {error}; give 16 kHz mono PCM16") from error
    if found != (RATE_HZ, 1, 16):
        is_now = "{} Hz, {} channels, {} bits".format(*found)
        raise SceneError(f"{path}: {is_now}; convert it to 16000 Hz, 1 channel, 16 bits")
    return np.frombuffer(data, np.int16)


def speech_bounds(pcm: Pcm) -> tuple[int, int]:
    """Offsets of the first and last speech sample: first and last 10 ms that stand out of the room noise."""
    window = RATE_HZ // 100
    count = len(pcm) // window
    if count == 0:
        return 0, max(0, len(pcm) - 1)
    rms = np.sqrt(np.mean(pcm[: count * window].reshape(count, window).astype(np.float64) ** 2, axis=1)) + 1e-9
    loud = np.nonzero(rms >= np.percentile(rms, 95) * 10 ** (SPEECH_FLOOR_DB / 20))[0]
    return int(loud[0]) * window, (int(loud[-1]) + 1) * window - 1


def coded_end(speech: Pcm) -> int:
    """Where speech ends once it has been through the coder, at RTP_HZ: the end of the last 10 ms that stand out as in
    `speech_bounds`, looked for every 4 ms. A voice dies away slowly, and the coder takes a decibel of that: 10 ms in
    the middle, 60 at times."""
    if len(speech) < PACKET:
        return 0
    silence = np.zeros(PACKET, np.int16)
    padded = np.concatenate([speech, np.zeros(-len(speech) % PACKET, np.int16)])
    decoder = av.CodecContext.create("libopus", "r")
    decoder.sample_rate, decoder.layout, decoder.format = RTP_HZ, "mono", "s16"
    packets = opus(padded, warm=np.resize(silence, WARM_PACKETS * PACKET))
    frames = [frame.to_ndarray().reshape(-1) for packet in packets for frame in decoder.decode(av.Packet(packet))]
    energy = np.concatenate([[0.0], np.cumsum(np.concatenate(frames).astype(np.float64) ** 2)])
    window, hop = RTP_HZ // 100, RTP_HZ // 250
    ends = np.arange(window, len(energy), hop)
    rms = np.sqrt((energy[ends] - energy[ends - window]) / window) + 1e-9
    loud = np.nonzero(rms >= np.percentile(rms, 95) * 10 ** (SPEECH_FLOOR_DB / 20))[0]
    return min(int(ends[loud[-1]]), len(packets) * RTP_PACKET - 1)


def opus(pcm: Pcm, warm: Pcm) -> tuple[bytes, ...]:
    """One packet for each 20 ms of `pcm`, as if the end of `warm` had come before it."""
    codec = _encoder()
    lead = warm[-(WARM_PACKETS * PACKET - LOOKAHEAD) :]
    stream = np.concatenate([lead, pcm, np.zeros(LOOKAHEAD + PACKET, np.int16)])
    packets: list[bytes] = []
    for i in range(0, len(stream) - PACKET + 1, PACKET):
        packets += _encoded(codec, stream[i : i + PACKET], i)
    packets += [bytes(packet) for packet in codec.encode(None)]
    return tuple(packets[WARM_PACKETS : WARM_PACKETS + len(pcm) // PACKET])


def _encoder() -> av.CodecContext:
    codec = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format, codec.bit_rate = RATE_HZ, "mono", "s16", BITS_PER_S
    codec.options = {"application": "voip", "frame_duration": "20", "vbr": "constrained"}
    return codec


def _encoded(codec: av.CodecContext, pcm: Pcm, pts: int) -> list[bytes]:
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm)[None, :], format="s16", layout="mono")
    frame.sample_rate, frame.pts = RATE_HZ, pts
    return [bytes(packet) for packet in codec.encode(frame)]


class MicTrack(MediaStreamTrack):  # type: ignore[misc]  # aiortc is untyped
    """Hands out a packet when its last sample exists, as a real microphone does: packet k leaves at (k + 1) * 20 ms."""

    kind = "audio"

    def __init__(self, voices: Voices) -> None:
        super().__init__()
        self._voices = voices
        self._microphone, self._bed = voices.first, voices.bed
        self._open_ns = 0  # a headset's radio link is there from then on
        self.deaf: Callable[[], bool] = lambda: False
        self._packet, self._start_ns = 0, 0
        self._clip: Clip | None = None
        self._at, self._spoken = 0, Spoken("")
        self._codec = _encoder() if voices.leak is not None else None
        self.last_pts, self.last_ns = 0, 0  # of the packet handed out last: timestamp and capture time of sample one

    def say(self, say: Say) -> Spoken:
        """Start the phrase with the next packet. Its times are filled in as it leaves."""
        self._clip, self._at, self._spoken = self._voices.of(say, self._microphone), 0, Spoken(say.words)
        return self._spoken

    def be(self, microphone: Microphone) -> None:
        """From now on it is this one; what is being said goes on as it began, unless it is off."""
        if self._microphone.off and not microphone.off:
            self._open_ns = time.monotonic_ns() + microphone.opens_after_ms * 1_000_000
        self._microphone, self._bed = microphone, self._voices.bed_of(microphone)

    def _shut(self) -> bool:
        return self._microphone.off or time.monotonic_ns() < self._open_ns or self.deaf()

    def go_on(self) -> None:
        """What was captured while nobody took it is gone, as on a real device."""
        if self._start_ns:
            self._packet = max(self._packet, (time.monotonic_ns() - self._start_ns) // PACKET_NS)

    async def recv(self) -> av.Packet:
        if self.readyState != "live":
            raise MediaStreamError
        now_ns = time.monotonic_ns()
        if not self._start_ns:
            self._start_ns = now_ns
            if self._voices.leak is not None:
                self._voices.leak.begin_ns = now_ns
        due_ns = self._start_ns + (self._packet + 1) * PACKET_NS
        if due_ns > now_ns:
            await asyncio.sleep((due_ns - now_ns) / 1e9)
        sound = self._next_packet()
        packet = av.Packet(self._voices.silence if self._shut() else sound)
        packet.pts = self._packet * RTP_PACKET
        packet.time_base = fractions.Fraction(1, RTP_HZ)
        self.last_pts, self.last_ns = packet.pts, due_ns - PACKET_NS
        self._packet += 1
        return packet

    def _next_packet(self) -> bytes:
        clip, spoken = self._clip, self._spoken
        if clip is None:
            at = self._packet % BED_PACKETS
            return self._leaked(self._bed.pcm[at * PACKET : (at + 1) * PACKET], self._bed.packets[at])
        now_ns, begin = time.monotonic_ns(), self._at * RTP_PACKET
        if begin <= clip.first < begin + RTP_PACKET:
            spoken.first_rtp, spoken.first_ns = self._packet * RTP_PACKET + clip.first - begin, now_ns
            spoken.started.set()
        if begin <= clip.last < begin + RTP_PACKET:
            spoken.last_rtp, spoken.last_ns = self._packet * RTP_PACKET + clip.last - begin, now_ns
        if begin <= clip.ended < begin + RTP_PACKET:
            # Ordinary packets sound 6.5 ms sooner than a device's that must wait for what comes: see the file's head.
            ahead = 0 if self._voices.leak is not None else LOOKAHEAD * RTP_HZ // RATE_HZ
            samples = self._packet * RTP_PACKET + clip.ended - begin - ahead
            spoken.mouth_ns = self._start_ns + samples * 1_000_000_000 // RTP_HZ
        if spoken.last_ns and spoken.mouth_ns:
            spoken.done.set()
        packet = self._leaked(clip.pcm[self._at * PACKET : (self._at + 1) * PACKET], clip.packets[self._at])
        self._at += 1
        if self._at == len(clip.packets):
            self._clip = None
        return packet

    def _leaked(self, pcm: Pcm, packet: bytes) -> bytes:
        """The packet, or with an open loudspeaker the same sound with what it adds, encoded now."""
        leak, codec = self._voices.leak, self._codec
        if leak is None or codec is None:
            return packet
        mix = pcm + leak.take(self._packet * PACKET, PACKET)
        encoded = _encoded(codec, np.clip(np.rint(mix), -32768, 32767).astype(np.int16), self._packet * PACKET)
        return encoded[0] if encoded else packet  # the encoder may keep its first
