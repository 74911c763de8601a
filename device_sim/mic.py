"""The microphone: 20 ms Opus packets of a noise bed with speech laid in at exact sample times.

Everything is encoded before the scene starts. The bed is a loop, with a radio in it if the scene has one; each phrase
is mixed into the room's noise, with a few packets of that encoded in front to warm the coder up. Opus looks 6.5 ms
ahead: the encoder is fed that much early, so sample k of a clip comes out as sample k of the decoded packets and
timestamps mean what they say.

    packets  …bed bed bed│clip clip clip clip│bed bed…      a splice is always on a 20 ms border
    speech             ──┼──▁▂▅▇▅▂▁▂▅▇▂▁─────┼──            first/last speech sample: known offsets in the clip

With an open loudspeaker nobody knows beforehand what the microphone will get: then the same sound is encoded as it is
captured, with what leaked into it, and comes out those 6.5 ms later.
"""

from __future__ import annotations

import asyncio
import fractions
import hashlib
import time
import wave
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from numpy.typing import NDArray

from device_sim.errors import SceneError
from device_sim.open_speaker import Leak
from device_sim.radio import talk
from device_sim.scene import SPEECH, Microphone, Pause, Say, Scene

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


class Voices:
    """Every sound of a scene, encoded once: the bed, and each `say` laid into it."""

    def __init__(self, scene: Scene) -> None:
        rng = np.random.default_rng([scene.seed, 0xB3D])
        microphone = scene.microphone or Microphone()
        self._room = _room_noise(BED_PACKETS * PACKET, microphone, rng)
        loop = self._room
        if microphone.radio_dbfs is not None:
            phrases = (read_wav(path) for path in sorted(SPEECH.glob("*.wav")))
            loop = talk(self._room, RATE_HZ, microphone.radio_dbfs, list(phrases), rng)
        self.bed, self.bed_pcm = opus(loop, warm=loop), loop
        self.leak = Leak(scene.open_speaker, scene.seed) if scene.open_speaker else None
        self._late = LOOKAHEAD * RTP_HZ // RATE_HZ if scene.open_speaker else 0
        self._clips: dict[tuple[object, ...], Clip] = {}
        for step in scene.steps:
            if isinstance(step, Say) and _key(step) not in self._clips:
                self._clips[_key(step)] = self._clip(step)

    def of(self, say: Say) -> Clip:
        return self._clips[_key(say)]

    def fingerprint(self) -> str:
        every = [*self.bed, *(packet for clip in self._clips.values() for packet in clip.packets)]
        return hashlib.sha256(b"|".join(every)).hexdigest()

    def _clip(self, say: Say) -> Clip:
        speech = read_wav(say.wav)
        if say.pause is not None:
            speech = with_pause(speech, say.pause)
        first, last = speech_bounds(speech)
        count = -(-len(speech) // PACKET)
        mix = np.resize(self._room, count * PACKET).astype(np.float64)
        mix[: len(speech)] += speech * 10 ** (say.level_db / 20)
        pcm = np.clip(mix, -32768, 32767).astype(np.int16)
        at = (first * RTP_HZ // RATE_HZ + self._late, last * RTP_HZ // RATE_HZ + self._late)
        return Clip(opus(pcm, warm=self._room), *at, pcm, coded_end(speech))


def _key(say: Say) -> tuple[object, ...]:
    return say.wav, say.level_db, say.pause


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


def _room_noise(count: int, microphone: Microphone, rng: np.random.Generator) -> Pcm:
    """A quiet room: noise that falls off with frequency, at `noise_dbfs` RMS."""
    spectrum = np.fft.rfft(rng.normal(0, 1, count))
    hz = np.fft.rfftfreq(count, 1 / RATE_HZ)
    shaped = np.fft.irfft(spectrum / np.sqrt(1 + (hz / 300) ** 2) * (hz > 40), count)
    return np.asarray(shaped / shaped.std() * 32768 * 10 ** (microphone.noise_dbfs / 20)).round().astype(np.int16)


class MicTrack(MediaStreamTrack):  # type: ignore[misc]  # aiortc is untyped
    """Hands out a packet when its last sample exists, as a real microphone does: packet k leaves at (k + 1) * 20 ms."""

    kind = "audio"

    def __init__(self, voices: Voices) -> None:
        super().__init__()
        self._voices = voices
        self._packet, self._start_ns = 0, 0
        self._clip: Clip | None = None
        self._at, self._spoken = 0, Spoken("")
        self._codec = _encoder() if voices.leak is not None else None
        self.last_pts, self.last_ns = 0, 0  # of the packet handed out last: timestamp and capture time of sample one

    def say(self, say: Say) -> Spoken:
        """Start the phrase with the next packet. Its times are filled in as it leaves."""
        self._clip, self._at, self._spoken = self._voices.of(say), 0, Spoken(say.words)
        return self._spoken

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
        packet = av.Packet(self._next_packet())
        packet.pts = self._packet * RTP_PACKET
        packet.time_base = fractions.Fraction(1, RTP_HZ)
        self.last_pts, self.last_ns = packet.pts, due_ns - PACKET_NS
        self._packet += 1
        return packet

    def _next_packet(self) -> bytes:
        clip, spoken = self._clip, self._spoken
        if clip is None:
            at = self._packet % BED_PACKETS
            return self._leaked(self._voices.bed_pcm[at * PACKET : (at + 1) * PACKET], self._voices.bed[at])
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
