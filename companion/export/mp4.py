"""A recording as a film that any player shows: the camera's own pictures, both voices in step, and subtitles.

The pictures are not encoded again: each access unit goes into the file as it was received, at the moment at which it
was captured, so the frame rate varies as it did. Time zero of the film is time zero of the session; of a slice, the
second in which it begins. Sound has to be encoded (players do not agree on Opus in MP4), which is what it costs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from companion.export.answers import answers_of
from companion.export.picture import CODECS, Found, most, survey, units_of
from companion.export.subtitles import lines_of, one_at_a_time, web_vtt
from companion.export.voices import RATE_HZ, SoundTrack, VoiceOptions, Voices, mixed, samples_until, voices_of
from companion.sessions import Outcome
from pipelines.events import NS, Decision, Happening, Resumed
from recordings.overview import overview
from recordings.reader import Recording
from recordings.session import DAMAGED_SUFFIX, DONE_SUFFIX, OPEN_SUFFIX, RecordingError
from recordings.stored import CameraUnit


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: FFmpeg's name for it, what may be in it, and how fine its clock is."""

    muxer: str
    pictures: tuple[str, ...]
    sound: str
    subtitles: str
    tick_hz: int
    options: dict[str, str] = field(default_factory=dict)


# MP4 plays everywhere but has no VP8 that players agree on; WebM has nothing but VP8 (of ours); Matroska has it all.
KINDS = {
    ".mp4": Kind("mp4", ("h264",), "aac", "mov_text", 90_000, {"movflags": "faststart"}),
    ".webm": Kind("webm", ("vp8",), "libopus", "webvtt", 1000),
    ".mkv": Kind("matroska", ("h264", "vp8", "jpeg"), "aac", "subrip", 1000),
}
KIND_OF = {"h264": ".mp4", "vp8": ".webm", "jpeg": ".mkv"}


@dataclass(frozen=True, slots=True)
class FilmOptions:
    """What bounds a film."""

    voices: VoiceOptions = field(default_factory=VoiceOptions)
    limit_s: int = 24 * 3600  # a recording is split long before; a file that claims more lies
    last_picture_ns: int = NS // 10  # how long the last picture stands: nothing says when it went


@dataclass
class Film:
    """What goes into the file, and what is to be said of it."""

    recording: Recording
    end_ns: int
    kind: Kind
    picture: Found | None
    voices: Voices
    cues: list[tuple[int, int, str]]
    options: FilmOptions
    notes: list[str] = field(default_factory=list)
    begin_ns: int = 0  # whole seconds; more than 0 for a slice, whose film begins where the slice does


def export_mp4(path: Path, out: Path | None = None, options: FilmOptions | None = None) -> Outcome:
    """Write the film of a recording to `out` (default: beside it) and its subtitles beside that.

    Code 1 with the reason and a way out if it cannot be done; nothing is left behind then.
    """
    o = options or FilmOptions()
    try:
        recording, end_ns = Recording(path), _length_ns(path, o)
        found = survey(recording)
        out = out or _beside(path, most(found, KIND_OF))
        kind = _kind(out, found)
        picture = most(found, kind.pictures)
        events = list(recording.events())
        voices, lines = voices_of(recording, answers_of(events)), lines_of(events, end_ns)
        if not (picture or voices):
            raise RecordingError(
                f"{path.name} holds neither sound nor pictures, so there is no film in it. "
                f"`companion sessions show` tells what was said."
            )
        begin_ns = _begin_ns(events, picture)
        lines = [replace(x, start_ns=x.start_ns - begin_ns, end_ns=x.end_ns - begin_ns) for x in lines]
        film = Film(recording, end_ns, kind, picture, voices, one_at_a_time(lines), o, begin_ns=begin_ns)
        film.notes += _notes(found, picture, voices, recording, out)
        if begin_ns:
            film.notes.append(f"a slice: its first second is second {begin_ns // NS} of the session")
        size_bytes = _write(film, out)
        captions = out.with_suffix(".vtt")
        _private(captions).write_text(web_vtt(lines), encoding="utf-8")
    except (RecordingError, OSError, av.FFmpegError) as why:
        return Outcome(str(why) if isinstance(why, RecordingError) else f"{out} was not written: {why}", 1)
    return Outcome(_told(film, out, captions, len(lines), size_bytes))


def _begin_ns(events: Sequence[Happening | Decision], picture: Found | None) -> int:
    """Where the film begins: a slice with its first sound or picture, to the second; a session at its start."""
    resumed = next((e for e in events[:3] if isinstance(e, Resumed)), None)
    if resumed is None:
        return 0
    first_ns = next((e.t_ns for e in events if e.t_ns > resumed.t_ns), resumed.t_ns)
    first_ns = min(first_ns, picture.first_ns) if picture else first_ns
    return max(0, first_ns) // NS * NS


def _length_ns(path: Path, o: FilmOptions) -> int:
    length_ns = overview(path).duration_ns
    if length_ns > o.limit_s * NS:
        raise RecordingError(
            f"{path.name} claims to last {length_ns / 3600 / NS:,.0f} hours, and a film may have {o.limit_s // 3600}: "
            f"its times are wrong. `companion sessions verify` says where."
        )
    return length_ns


def _beside(path: Path, picture: Found | None) -> Path:
    name = path.name
    for suffix in (DAMAGED_SUFFIX, OPEN_SUFFIX, DONE_SUFFIX):
        name = name.removesuffix(suffix)
    return path.with_name(name + (KIND_OF[picture.codec] if picture else ".mp4"))


def _kind(out: Path, found: dict[str, Found]) -> Kind:
    """The kind of file that `out` names. Raises RecordingError if it is none, or cannot hold these pictures."""
    kind = KINDS.get(out.suffix.lower())
    if kind is None:
        raise RecordingError(
            f"{out.name}: {out.suffix or 'a name without a suffix'!r} is no kind of film; name it .mp4, .webm or .mkv."
        )
    best = most(found, KIND_OF)
    if best is not None and most(found, kind.pictures) is None:
        fits = " or ".join(suffix for suffix, one in KINDS.items() if best.codec in one.pictures)
        raise RecordingError(
            f"{out.name}: the camera sent {best.codec}, which a {out.suffix} file does not hold, and pictures are not "
            f"encoded again. Name the file {fits}."
        )
    return kind


# ------------------------------------------------------------------------------------------------------------- writing


def _write(film: Film, out: Path) -> int:
    """Write the file under another name and put it in place once it is whole; its size in bytes."""
    out.parent.mkdir(parents=True, exist_ok=True)
    part = _private(out.with_name(f"{out.name}.part"))
    try:
        with av.open(str(part), "w", format=film.kind.muxer, options=film.kind.options) as container:
            _fill(film, container)
        part.replace(out)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return out.stat().st_size


def _private(path: Path) -> Path:
    """An empty file that only its owner reads: a film shows as much as its recording."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    path.chmod(0o600)
    return path


def _fill(film: Film, container: Any) -> None:
    """All tracks, second by second, so that no more than a second of any of them is in memory."""
    started = datetime.fromtimestamp(film.recording.info.t0_unix_ns // NS, UTC)
    container.metadata["title"] = f"Earshot session of {started:%Y-%m-%d %H:%M:%S} UTC"
    container.metadata["creation_time"] = f"{started:%Y-%m-%dT%H:%M:%S}Z"
    pictures = _picture_track(film, container)
    both, alone = _sound_tracks(film, container)
    subtitles = _subtitle_track(film, container)
    count = -(-film.end_ns // NS)
    for second, (wearer, companion) in enumerate(film.voices.seconds(count)):
        reached_ns = (second + 1) * NS - film.begin_ns
        if reached_ns <= 0:
            continue
        pictures.until(reached_ns)
        subtitles.until(reached_ns)
        length = samples_until(film.end_ns, second)
        if both is not None and length:
            both.add(mixed(wearer[:length], companion[:length], film.options.voices.pan))
        for track, pcm in zip(alone, (wearer, companion), strict=False):
            if length:
                track.add(pcm[None, :length])
    pictures.until(None)
    subtitles.until(None)
    for track in ([] if both is None else [both]) + alone:
        track.close()


class _PacketTrack:
    """A track of ready packets: (start in ns, length in ns, key, data), muxed as far as time has come."""

    def __init__(self, container: Any, stream: Any, tick_hz: int, packets: Iterator[tuple[int, int, bool, bytes]]):
        self._container, self._stream, self._tick_hz = container, stream, tick_hz
        self._packets, self._last = packets, -1
        self._next = next(packets, None)

    def until(self, t_ns: int | None) -> None:
        while self._next is not None and (t_ns is None or self._next[0] < t_ns):
            start_ns, length_ns, key, data = self._next
            packet = av.Packet(data)
            packet.stream, packet.time_base = self._stream, Fraction(1, self._tick_hz)
            packet.pts = packet.dts = self._last = max(self._last + 1, self._ticks(start_ns))
            packet.duration = max(1, self._ticks(start_ns + length_ns) - packet.pts)
            packet.is_keyframe = key
            self._container.mux(packet)
            self._next = next(self._packets, None)

    def _ticks(self, t_ns: int) -> int:
        return round(max(0, t_ns) * self._tick_hz / NS)


class _NoTrack:
    def until(self, t_ns: int | None) -> None:
        pass


def _picture_track(film: Film, container: Any) -> _PacketTrack | _NoTrack:
    found = film.picture
    if found is None:
        return _NoTrack()
    _, width, height = found.sizes[0]
    stream = container.add_mux_stream(CODECS[found.codec], width=width, height=height)
    stream.time_base = Fraction(1, film.kind.tick_hz)
    stream.metadata.update({"title": "Camera", "handler_name": "Camera"})
    packets = _timed(units_of(film.recording, found.codec), film.end_ns, film.options.last_picture_ns)
    shifted = ((start_ns - film.begin_ns, *rest) for start_ns, *rest in packets)
    return _PacketTrack(container, stream, film.kind.tick_hz, shifted)  # type: ignore[arg-type]


def _timed(units: Iterator[CameraUnit], end_ns: int, last_ns: int) -> Iterator[tuple[int, int, bool, bytes]]:
    """Each unit with the time until the next one; the last stands for `last_ns`, but not beyond the session's end."""
    before = next(units, None)
    for unit in units:
        assert before is not None
        yield before.media_ns, max(0, unit.media_ns - before.media_ns), before.key, before.data
        before = unit
    if before is not None:
        yield before.media_ns, max(0, min(last_ns, end_ns - before.media_ns)), before.key, before.data


def _sound_tracks(film: Film, container: Any) -> tuple[SoundTrack | None, list[SoundTrack]]:
    """The mix, which players take by itself, and each voice alone if there are two."""
    if not film.voices:
        return None, []
    codec, o = film.kind.sound, film.options.voices
    both = SoundTrack(container, codec, "Both voices", 2, o.both_bit_s, True)
    if not (film.voices.wearer and film.voices.companion):
        return both, []
    return both, [SoundTrack(container, codec, name, 1, o.alone_bit_s, False) for name in ("Wearer", "Companion")]


def _subtitle_track(film: Film, container: Any) -> _PacketTrack | _NoTrack:
    if not film.cues:
        return _NoTrack()
    stream = container.add_mux_stream(film.kind.subtitles)
    stream.time_base = Fraction(1, 1000)
    stream.disposition = av.stream.Disposition.default
    stream.metadata.update({"title": "What was said", "handler_name": "What was said"})
    packets = ((start, end - start, True, _subtitle(film.kind, text)) for start, end, text in film.cues)
    return _PacketTrack(container, stream, 1000, packets)


def _subtitle(kind: Kind, text: str) -> bytes:
    """One subtitle as the format stores it. 3GPP TS 26.245, 5.17: a text sample begins with its length."""
    data = text.encode("utf-8", "replace")
    return len(data).to_bytes(2, "big") + data if kind.subtitles == "mov_text" else data


# -------------------------------------------------------------------------------------------------------------- telling


def _notes(
    found: dict[str, Found], picture: Found | None, voices: Voices, recording: Recording, out: Path
) -> Iterator[str]:
    if recording.torn:
        yield f"the recording is torn ({recording.torn}); this is what can be read"
    if picture is None:
        lost = sum(one.without_key for one in found.values())
        yield (
            "no picture: " + (f"{lost} came without a key frame" if lost else "the recording has none") + "; sound only"
        )
    elif picture.without_key:
        yield f"{picture.without_key} pictures before a key frame are left out: nothing could show them"
    for codec, other in found.items():
        if picture is not None and codec != picture.codec and other.count:
            fits = next(suffix for suffix, one in KINDS.items() if codec in one.pictures)
            way = f"; --out NAME{fits} takes those" if fits != out.suffix and fits != ".mkv" else ""
            yield f"{other.count} pictures are in {codec} and left out: a file holds one codec{way}"
    if picture is not None and len(picture.sizes) > 1:
        yield (
            f"the picture changes its size {len(picture.sizes) - 1} times, inside the stream: VLC, mpv, FFmpeg and "
            f"browsers follow; a player that does not shows only the first size well"
        )
    if not voices:
        yield "no sound was recorded"
    elif not (voices.wearer and voices.companion):
        yield "only the " + ("wearer" if voices.wearer else "companion") + " is to be heard"


def _told(film: Film, out: Path, captions: Path, lines: int, size_bytes: int) -> str:
    rows: Sequence[tuple[str, str]] = [
        (f"{out}", f"{(film.end_ns - film.begin_ns) / NS:.1f} s, {size_bytes / 1e6:.1f} MB"),
        ("  picture", _picture_told(film)),
        ("  sound", _sound_told(film)),
        ("  subtitles", f"{lines} lines, in it and in {captions.name}" if lines else "none: nothing was said"),
    ]
    broken = film.voices.broken
    notes = [*film.notes, *([f"{broken} packets of sound did not decode"] if broken else [])]
    return "\n".join([*(f"{name:<12} {text}" for name, text in rows), *(f"  note: {note}" for note in notes)])


def _picture_told(film: Film) -> str:
    if film.picture is None:
        return "none"
    p = film.picture
    return (
        f"{p.count} pictures, {p.codec} {p.sizes[0][1]}x{p.sizes[0][2]}, from {p.first_ns / NS:.2f} to "
        f"{p.last_ns / NS:.2f} s, not encoded again"
    )


def _sound_told(film: Film) -> str:
    if not film.voices:
        return "none"
    three = film.voices.wearer and film.voices.companion
    tracks = "both voices (the wearer left, the companion right)"
    return f"{tracks}, then each alone, {film.kind.sound}" if three else f"one voice, {film.kind.sound} at {RATE_HZ} Hz"
