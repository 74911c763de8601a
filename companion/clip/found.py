"""What is in a file: whether it is a video, what of it can be heard and seen, and how it must be held."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av

from companion.clip.heic import is_heic
from companion.settings import SettingsError

log = logging.getLogger(__name__)

FORMATS = (  # containers that hold their media themselves: a play list would have others opened, or the network
    "mov,matroska,avi,flv,mpegts,mpeg,asf,ogg,wav,mp3,flac,aac,aiff,amr,caf,ivf,h264,hevc,mjpeg,gif,obu"
)
LARGEST_PX = 8192  # one side; a file may claim any
USUAL_FPS, SLOWEST_FPS, FASTEST_FPS = 30.0, 0.1, 240.0
PICTURES = {b"\xff\xd8\xff": "JPEG", b"\x89PNG": "PNG", b"RIFF????WEBP": "WebP"}


class ClipError(SettingsError):
    """A file that cannot be asked about: which, what was found in it, and the way out."""


@dataclass(frozen=True, slots=True)
class Found:
    """`duration_s`: 0 if the file does not say. `start_s`: the file's own time of its first moment. `picture`, `sound`:
    indices of the streams that are used, -1 for none. `what`: all of it in a line. `fps`: of its pictures, as far as
    the file says; FFmpeg takes raw streams, which tell no time, for 25."""

    path: Path
    duration_s: float
    start_s: float
    picture: int
    sound: int
    what: str
    fps: float = USUAL_FPS


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """The file, opened so that it can lead nowhere else. Raises ClipError."""
    try:
        container = av.open(
            str(path.resolve()),
            options={"protocol_whitelist": "file", "format_whitelist": FORMATS},
            metadata_errors="replace",
        )
    except (av.FFmpegError, OSError, ValueError) as why:
        raise ClipError(_unopened(path, why)) from why
    try:
        yield container
    finally:
        container.close()


def examine(path: Path, longest_s: float, from_s: float = 0.0, to_s: float = 0.0) -> Found:
    """What is in the file. `to_s` 0: to its end.

    Raises:
        ClipError: it is no video that can be asked about, or longer than `longest_s`.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        raise ClipError(
            f"--video {path}: this is a pipe or a device; it is read more than once: save it as a file first"
        )
    _refuse_heic(path)  # FFmpeg would take each tile of it for a film
    with opened(path) as container:
        picture = next((s for s in container.streams.video if s.codec_context is not None and not _is_cover(s)), None)
        sound = next((s for s in container.streams.audio if s.codec_context is not None), None)
        what = _described(container)
        if picture is None and sound is None:
            raise ClipError(_nothing(path, what))
        for used, there, name in (
            (picture, container.streams.video, "pictures"),
            (sound, container.streams.audio, "sound"),
        ):
            if used is None and any(stream.codec_context is None for stream in there):
                log.warning("%s: its %s cannot be used: a codec that is not known (%s)", path.name, name, what)
        if picture is not None and max(picture.width, picture.height) > LARGEST_PX:
            raise ClipError(
                f"--video {path}: its pictures are {picture.width}x{picture.height}, and {LARGEST_PX} a side is the "
                f"most; make them smaller, e.g.: ffmpeg -i {path.name} -vf scale=1920:-2 smaller.mp4"
            )
        duration_s = max(0.0, (container.duration or 0) / av.time_base)
        found = Found(
            path,
            duration_s,
            (container.start_time or 0) / av.time_base,
            picture.index if picture is not None else -1,
            sound.index if sound is not None else -1,
            what,
            _fps(picture),
        )
    if to_s and to_s <= from_s:
        raise ClipError(f"--from {from_s:g} --to {to_s:g}: the part ends before it begins; exchange the two")
    length_s = (min(to_s, duration_s) if to_s and duration_s else to_s or duration_s) - from_s
    if duration_s and from_s >= duration_s:
        raise ClipError(f"--from {from_s:g}: {path} ends at {duration_s:.1f} s")
    if length_s > longest_s:
        raise ClipError(
            f"--video {path}: {length_s:.0f} s long, and {longest_s:.0f} s is the most; ask about a part of it "
            f"(--from SECONDS --to SECONDS), or raise clip.longest_s"
        )
    return found


def _nothing(path: Path, what: str) -> str:
    if not what:
        return f"--video {path}: there is nothing in it, neither picture nor sound; it may not have been recorded"
    if "(unknown" in what:
        return (
            f"--video {path}: its codec is not known here ({what}); make one of it that is, where it can be played: "
            f"ffmpeg -i {path.name} -c:v libx264 -c:a aac other.mp4"
        )
    return f"--video {path}: there is neither picture nor sound in it, only {what}"


def _fps(stream: Any) -> float:
    if stream is None:
        return USUAL_FPS
    rate = float(stream.average_rate or USUAL_FPS)
    return rate if SLOWEST_FPS <= rate <= FASTEST_FPS else USUAL_FPS


def _is_cover(stream: Any) -> bool:
    """A picture that came with a song."""
    return bool(int(stream.disposition) & int(av.stream.Disposition.attached_pic))


def _described(container: Any) -> str:
    parts = []
    for stream in container.streams:
        codec = stream.codec_context
        if codec is None:  # then it knows nothing else of itself either
            parts.append(f"{stream.type} (unknown)")
            continue
        size = f" {stream.width}x{stream.height}" if stream.type == "video" else ""
        rate = f" {stream.rate} Hz" if stream.type == "audio" else ""
        parts.append(f"{stream.type} ({getattr(codec, 'name', '')}{size}{rate})")
    return ", ".join(parts)


def _unopened(path: Path, why: Exception) -> str:
    if not path.exists():
        return f"--video {path}: there is no such file"
    if path.is_dir():
        return f"--video {path}: this is a folder; name a file"
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        return f"--video {path}: cannot be read: {error.strerror or error}"
    if not head:
        return f"--video {path}: the file is empty; it may not have been copied to its end"
    if kind := picture_kind(head):
        return _a_picture(path, kind)
    detail = str(getattr(why, "strerror", "") or why)
    if head[4:8] in (b"ftyp", b"moov", b"mdat"):
        return (
            f"--video {path}: an MP4 or MOV file that is not whole ({detail}): the recording was not finished, or the "
            "copy was cut off; copy it again, or mend it with the program that made it"
        )
    if head.startswith(b"#EXTM3U"):
        return f"--video {path}: this is a play list, which leads to other files: name one of those"
    return (
        f"--video {path}: this is no video that can be opened ({detail}); MP4, MOV, WebM, MKV and AVI work, and what "
        f"ffmpeg makes of anything else: ffmpeg -i {path.name} clip.mp4"
    )


def _refuse_heic(path: Path) -> None:
    with suppress(OSError), path.open("rb") as file:
        if is_heic(file.read(64)):
            raise ClipError(_a_picture(path, "HEIC"))


def _a_picture(path: Path, kind: str) -> str:
    return f"--video {path}: this is a picture ({kind}): --image {path}"


def picture_kind(head: bytes) -> str:
    """What kind of picture a file with this head (64 bytes) is, "" for none."""
    if is_heic(head):
        return "HEIC"
    for mark, kind in PICTURES.items():
        if len(head) >= len(mark) and all(m in (ord("?"), h) for m, h in zip(mark, head, strict=False)):
            return kind
    return ""
