"""What an RTMP message of sound or pictures holds: the bodies of FLV tags, with the newer four-letter codecs. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from companion.link.h264 import START

WORKS = "H.264 (AVC) pictures and AAC sound work"
AVC, AAC = 7, 10
VIDEO_NAMES = {2: "Sorenson H.263", 3: "Screen video", 4: "VP6", 12: "HEVC", 13: "AV1"}
AUDIO_NAMES = {0: "PCM", 1: "ADPCM", 2: "MP3", 7: "G.711", 8: "G.711", 9: "a newer codec", 11: "Speex"}
NEWER, FOUR = 0x80, 0x0F  # the first byte of a tag with a four-letter codec (Enhanced RTMP)


class NotTakenError(ValueError):
    """A codec that we do not take. The message names it and what works."""


@dataclass(frozen=True, slots=True)
class Tag:
    """`setup`: the configuration of the decoder, else one unit. `later_ms`: shown so much after its time, which
    is so with B frames alone."""

    setup: bool
    data: bytes
    later_ms: int = 0


def video(body: bytes) -> Tag | None:
    """One message of pictures; None for what says nothing (an end). Raises NotTakenError."""
    if len(body) < 5:
        return None
    if body[0] & NEWER:
        name = body[1:5].decode("latin-1")
        if name != "avc1":
            raise NotTakenError(f"the pictures are {name!r}; {WORKS}")
        kind, at = {0: 0, 1: 1, 3: 3}.get(body[0] & FOUR, 2), 5
    else:
        if body[0] & FOUR != AVC:
            raise NotTakenError(f"the pictures are {VIDEO_NAMES.get(body[0] & FOUR, 'unknown')}; {WORKS}")
        kind, at = body[1], 2
    if kind == 2:
        return None
    if kind == 3 or (kind == 0 and body[0] & NEWER):
        return Tag(kind == 0, body[at:])
    later_ms = int.from_bytes(body[at : at + 3], "big", signed=True)
    return Tag(kind == 0, body[at + 3 :], later_ms)


def audio(body: bytes) -> Tag | None:
    """One message of sound. Raises NotTakenError."""
    if len(body) < 2:
        return None
    kind = body[0] >> 4
    if kind != AAC:
        raise NotTakenError(f"the sound is {AUDIO_NAMES.get(kind, 'unknown')}; {WORKS}")
    return Tag(body[1] == 0, body[2:])


class AnnexB:
    """H.264 as MP4 and FLV have it (each NAL unit behind its length) to H.264 as decoders read it."""

    def __init__(self, setup: bytes) -> None:
        """`setup`: an AVCDecoderConfigurationRecord (ISO 14496-15); raises ValueError if it is none."""
        if len(setup) < 7 or setup[0] != 1:
            raise ValueError("the set-up of the pictures is no AVC configuration")
        self._size = (setup[4] & 3) + 1
        at, found = 6, []
        for count in (setup[5] & 0x1F, None):
            if count is None:
                count, at = (setup[at] if at < len(setup) else 0), at + 1
            for _ in range(count):
                length = int.from_bytes(setup[at : at + 2], "big")
                found.append(setup[at + 2 : at + 2 + length])
                at += 2 + length
        self.parameters = b"".join(START + unit for unit in found if unit)

    def unit(self, data: bytes) -> bytes:
        """One access unit; what does not end in its data is left out."""
        out, at = [], 0
        while at + self._size < len(data):
            length = int.from_bytes(data[at : at + self._size], "big")
            at += self._size
            if length and at + length <= len(data):
                out.append(START + data[at : at + length])
            at += length
        return b"".join(out)
