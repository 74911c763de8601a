"""Both voices on one line of time: left the wearer, right the companion, as one small MP3 and as peaks to draw.

Packets are laid where their times say and counted sample by sample from there, so that the jitter of a live link makes
no clicks; a stamp more than REANCHOR_S off starts anew, and what was never received is silence. A track is a stream of
one-second blocks, so an hour costs no more memory than a minute. MP3, because it plays in every browser (Ogg Opus does
not in Safari), at a constant rate, because that makes a seek land where it should.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from recordings.reader import Recording

NS = 1_000_000_000
OPUS_HZ = 48_000
REANCHOR_S = 0.06  # three packets: a jitter this large is a loss

Samples = NDArray[np.int16]
Packet = tuple[int, bytes]  # session time in ns of its first sample, Opus


@dataclass(frozen=True)
class SoundOptions:
    """How much of a page the sound may take."""

    play: bool = True  # False: peaks to draw, and nothing to hear
    fine_hz: int = 24_000  # speech in full; an MPEG-2 rate, and half of what Opus gives
    fine_bit_s: int = 56_000  # both channels; 0.56 MB a minute as base64
    coarse_hz: int = 16_000  # long sessions: all that the recogniser hears
    coarse_bit_s: int = 32_000  # 19 MB an hour as base64
    coarse_from_s: int = 900  # a quarter of an hour in full is 8 MB
    limit_s: int = 4 * 3600  # what lies behind it is not played: no browser opens a larger page gladly
    silence_s: float = 60.0  # behind the last packet; a stray stamp shall not make hours of it
    peaks_per_s: int = 50  # one for each packet
    peaks_limit: int = 24_000  # seven a second of an hour; 300 kB a track


@dataclass
class Sound:
    """The session's sound. `peaks`: for each track the loudest sample of each stretch, 0..1; `mp3` b"" if silent."""

    mp3: bytes = b""
    seconds: float = 0.0
    left_out_s: float = 0.0
    peaks: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    broken: dict[str, int] = field(default_factory=dict)  # packets that did not decode, by track


def sound_of(recording: Recording, duration_ns: int, options: SoundOptions | None = None) -> Sound:
    """The sound of a recording, exactly `duration_ns` long (or as long as the options allow)."""
    o = options or SoundOptions()
    wanted_s = duration_ns / NS
    seconds = min(wanted_s, float(o.limit_s))
    last_ns = max((p.t_ns for track in (recording.microphone(), recording.answers()) for p in track), default=None)
    if last_ns is None:
        return Sound(seconds=seconds)
    seconds = max(0.0, min(seconds, last_ns / NS + o.silence_s))
    coarse = seconds > o.coarse_from_s
    rate_hz, bit_s = (o.coarse_hz, o.coarse_bit_s) if coarse else (o.fine_hz, o.fine_bit_s)
    tracks = {
        "wearer": Track(((p.media_ns, p.packet) for p in recording.microphone()), rate_hz),
        "companion": Track(((p.t_ns, p.packet) for p in recording.answers()), rate_hz),
    }
    bin_samples = max(rate_hz // o.peaks_per_s, int(np.ceil(seconds * rate_hz / o.peaks_limit)))
    meters = {name: Peaks(bin_samples) for name in tracks}
    count = int(np.ceil(seconds))
    encoder = Mp3(rate_hz, bit_s) if o.play else None
    for left, right in zip(*(track.blocks(count) for track in tracks.values()), strict=True):
        meters["wearer"].add(left)
        meters["companion"].add(right)
        if encoder:
            encoder.add(np.stack([left, right]))
    sound = Sound(seconds=seconds, left_out_s=wanted_s - seconds)
    sound.peaks = {
        name: meter.done()[: int(np.ceil(seconds * rate_hz / bin_samples))] for name, meter in meters.items()
    }
    sound.broken = {name: track.broken for name, track in tracks.items()}
    if encoder and any(track.heard for track in tracks.values()):
        sound.mp3 = encoder.done()
    return sound


class Track:
    """One voice's packets as blocks of one second, from time zero on."""

    def __init__(self, packets: Iterable[Packet], rate_hz: int) -> None:
        self._packets = iter(packets)
        self._rate_hz = rate_hz
        self.broken = 0
        self.heard = False

    def blocks(self, count: int) -> Iterator[Samples]:
        """`count` blocks of (rate_hz,) int16."""
        waiting: list[tuple[int, Samples]] = []
        laid = self._laid(count * self._rate_hz)
        ahead: tuple[int, Samples] | None = next(laid, None)
        for second in range(count):
            start, end = second * self._rate_hz, (second + 1) * self._rate_hz
            while ahead is not None and ahead[0] < end:
                waiting.append(ahead)
                ahead = next(laid, None)
            block: Samples = np.zeros(self._rate_hz, np.int16)
            for at, pcm in waiting:
                first, last = max(at, start), min(at + len(pcm), end)
                if first < last:
                    block[first - start : last - start] = pcm[first - at : last - at]
            waiting = [(at, pcm) for at, pcm in waiting if at + len(pcm) > end]
            yield block

    def _laid(self, end: int) -> Iterator[tuple[int, Samples]]:
        """Each packet's sound with the place of its first sample; places never run backwards."""
        codec, thinner, place = _decoder(), Thinner(OPUS_HZ // self._rate_hz), 0
        for t_ns, packet in self._packets:
            if not packet:
                continue
            try:
                frames = codec.decode(av.Packet(packet))
            except (av.FFmpegError, ValueError, EOFError):
                self.broken += 1
                codec = _decoder()
                continue
            pcm = thinner.feed(np.concatenate([f.to_ndarray()[0] for f in frames])) if frames else _NOTHING
            stamped = max(0, t_ns) * self._rate_hz // NS
            if abs(stamped - place) > REANCHOR_S * self._rate_hz:
                if stamped < place:
                    continue  # older than what lies there already
                place = stamped
            if place >= end:
                return
            self.heard = True
            yield place, pcm
            place += len(pcm)


_NOTHING: Samples = np.zeros(0, np.int16)


def _decoder() -> Any:
    codec: Any = av.CodecContext.create("libopus", "r")
    codec.format, codec.layout, codec.sample_rate = "s16", "mono", OPUS_HZ
    return codec


class Thinner:
    """48 kHz to a whole fraction of it: a windowed sinc that keeps its state from block to block."""

    def __init__(self, factor: int) -> None:
        self._factor = factor
        half = 12 * factor
        n = np.arange(-half, half + 1)
        taps = np.sinc(n / factor * 0.92) * np.hamming(len(n))
        self._taps = (taps / taps.sum()).astype(np.float32)
        self._tail = np.zeros(len(self._taps) - 1, np.float32)
        self._phase = 0

    def feed(self, pcm: Samples) -> Samples:
        """(n,) int16 -> about n / factor samples."""
        line = np.concatenate([self._tail, pcm.astype(np.float32)])
        self._tail = line[-(len(self._taps) - 1) :]
        low = np.convolve(line, self._taps, "valid")[self._phase :: self._factor]
        self._phase = (self._phase - len(pcm)) % self._factor
        return np.clip(np.round(low), -32768, 32767).astype(np.int16)


class Peaks:
    """The loudest sample of each stretch of `bin_samples`."""

    def __init__(self, bin_samples: int) -> None:
        self._bin = bin_samples
        self._rest = _NOTHING
        self._found: list[NDArray[np.float32]] = []

    def add(self, pcm: Samples) -> None:
        line = np.concatenate([self._rest, pcm])
        whole = len(line) // self._bin * self._bin
        self._rest = line[whole:]
        self._keep(line[:whole].reshape(-1, self._bin))

    def done(self) -> NDArray[np.float32]:
        if len(self._rest):
            self._keep(self._rest[None, :])
        return np.concatenate(self._found) if self._found else np.zeros(0, np.float32)

    def _keep(self, rows: Samples) -> None:
        if len(rows):
            self._found.append(np.abs(rows.astype(np.float32)).max(axis=1) / 32768)


class Mp3:
    """Stereo blocks to one MP3 file in memory."""

    def __init__(self, rate_hz: int, bit_s: int) -> None:
        self._file = io.BytesIO()
        self._rate_hz, self._at = rate_hz, 0
        self._container: Any = av.open(self._file, "w", format="mp3")
        self._stream: Any = self._container.add_stream("libmp3lame", rate=rate_hz)
        self._stream.layout = "stereo"
        self._stream.format = "s16p"
        self._stream.bit_rate = bit_s
        # The two voices have nothing in common; without the reservoir a seek needs no earlier frame.
        # Level 7 of LAME takes half the time of its default, and the difference is not heard in speech.
        self._stream.options = {"joint_stereo": "0", "reservoir": "0", "compression_level": "7"}

    def add(self, pcm: Samples) -> None:
        """`pcm`: (2, n) int16."""
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm), format="s16p", layout="stereo")
        frame.sample_rate, frame.time_base, frame.pts = self._rate_hz, Fraction(1, self._rate_hz), self._at
        self._at += pcm.shape[1]
        self._container.mux(self._stream.encode(frame))

    def done(self) -> bytes:
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._file.getvalue()
