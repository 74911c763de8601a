"""Pictures in step with the sound: a light strip of the whole session, and the chosen frame of every turn, large.

Decoding is what costs, so it is asked for as little as the strip needs: in each stretch of time the key frame is taken
if there is one (it decodes alone), and a stretch that shows what the one before it showed is left out. Pictures that
were kept as stills are shown as they are; a chosen frame that was not kept is decoded from the video. Parts of frames
that a model looked at are shown small, and their frames smaller still, to say where on them they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pipelines.seeing.decode import Pictures, from_jpeg
from pipelines.seeing.encode import jpeg
from pipelines.seeing.ring import AccessUnit, Codec, FrameRing
from recordings.reader import Recording
from recordings.stored import CameraUnit, Still

NS = 1_000_000_000
MIB = 1 << 20
CODECS = ("h264", "vp8", "jpeg")


@dataclass(frozen=True)
class FilmOptions:
    """How much of a page the pictures may take."""

    every_s: float = 1.0  # a picture a second follows a turning head
    limit: int = 400  # longer sessions get a picture every few seconds instead; about 4 MB
    longest_px: int = 320
    quality: int = 55
    still_px: int = 960  # the size at which a sign in it can still be read
    still_quality: int = 78
    strip_bytes: int = 7 * MIB // 2  # then fewer pictures are shown; every byte is 1.33 on the page
    stills_bytes: int = 5 * MIB  # then smaller ones are made
    small_px: int = 400
    small_bytes: int = 3 * MIB  # of those; then turns have none
    part_px: int = 480  # of a part of a frame; what is written there can be read
    where_px: int = 280  # of a frame that only shows where a part is
    parts_bytes: int = 3 * MIB // 2  # of both together; then they are told in words
    decode_units: int = 4000  # two minutes of 30 pictures a second, about ten seconds of work; then key frames only
    same: float = 2.5  # mean difference of luma under which a picture shows nothing new


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture for the page. `exact`: these are the bytes that were kept; `sha256`, `size_bytes`: of those."""

    frame_id: int
    media_ns: int
    jpeg: bytes
    sent_to: str = ""
    sha256: str = ""
    size_bytes: int = 0
    exact: bool = False


@dataclass
class Film:
    """`strip`: oldest first; `frames`: by frame id, those that turns chose or sent; `parts`: by frame id and box, the
    parts of frames that were kept; `where`: by frame id, small copies of frames; `notes`: what is left out, why."""

    strip: list[Picture] = field(default_factory=list)
    frames: dict[int, Picture] = field(default_factory=dict)
    parts: dict[tuple[int, tuple[int, ...]], Picture] = field(default_factory=dict)
    where: dict[int, bytes] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def film_of(
    recording: Recording,
    duration_ns: int,
    chosen: Collection[int],
    options: FilmOptions | None = None,
    sent: Collection[int] = (),
) -> Film:
    """Strip and frames of a recording; `chosen`: the frame ids that turns speak of; `sent`: those of them that were
    sent beside others, of which a small copy is made."""
    o = options or FilmOptions()
    film = Film()
    _add_stills(film, recording, o)
    missing = set(chosen) - film.frames.keys()
    step_ns = max(int(o.every_s * NS), duration_ns // o.limit + 1)
    plan = _plan(recording, step_ns, missing, o.decode_units)
    if plan.skipped:
        film.notes.append(
            f"{plan.skipped} pictures are left out: the camera gave few key frames, and decoding its video as a whole "
            f"would take too long."
        )
    _add_decoded(film, recording, plan, missing, o)
    for frame_id, picture in film.frames.items():
        if not picture.media_ns and frame_id in plan.captured:
            film.frames[frame_id] = replace(picture, media_ns=plan.captured[frame_id])
    _add_parts(film, recording, sent, o)
    return film


def _add_parts(film: Film, recording: Recording, sent: Collection[int], o: FilmOptions) -> None:
    """Parts of frames, as sent if they were, and small copies of the frames that were sent beside others."""
    spent, unshown, unseen = 0, 0, 0
    for frame_id in sorted(set(sent) & film.frames.keys()):
        bgr = from_jpeg(film.frames[frame_id].jpeg)
        if bgr is None or spent > o.parts_bytes:
            unshown += bgr is not None
            continue
        film.where[frame_id] = jpeg(bgr, o.where_px, o.quality)
        spent += len(film.where[frame_id])
    for still in recording.stills():
        key = (still.frame_id, still.box)
        known = film.parts.get(key)
        if not still.box or (known is not None and (known.sent_to or not still.sent_to)):
            continue
        if spent > o.parts_bytes:
            unshown += 1
            continue
        data = _shown(still, o.part_px, o.still_quality)
        if data is None:
            unseen += 1
            continue
        spent += len(data)
        sha256 = still.sha256 or hashlib.sha256(still.jpeg).hexdigest()
        film.parts[key] = Picture(still.frame_id, 0, data, still.sent_to, sha256, len(still.jpeg), data is still.jpeg)
    _note(film, unshown, "pictures of what a model looked at closer are left out, to keep this page small.")
    _note(film, unseen, "kept parts of pictures could not be decoded and are not shown.")


def _add_decoded(film: Film, recording: Recording, plan: _Plan, missing: Collection[int], o: FilmOptions) -> None:
    spent, unshown = sum(len(picture.jpeg) for picture in film.frames.values()), 0
    before: NDArray[np.float32] | None = None
    for unit, bgr in _decoded(recording, plan.wanted):
        if unit.frame_id in missing and spent > o.stills_bytes + o.small_bytes:
            unshown += 1
        elif unit.frame_id in missing:
            data = jpeg(bgr, o.still_px if spent < o.stills_bytes else o.small_px, o.still_quality)
            spent += len(data)
            film.frames[unit.frame_id] = Picture(unit.frame_id, unit.media_ns, data)
        now = _luma(bgr)
        if before is None or before.shape != now.shape or float(np.abs(now - before).mean()) >= o.same:
            film.strip.append(Picture(unit.frame_id, unit.media_ns, jpeg(bgr, o.longest_px, o.quality)))
            before = now
    film.strip.sort(key=lambda picture: picture.media_ns)
    _fit_strip(film, o)
    _note(film, unshown, "chosen pictures are left out, to keep this page small.")


def _fit_strip(film: Film, o: FilmOptions) -> None:
    """Every n-th picture of the strip, with the least n that fits."""
    for n in range(1, len(film.strip) + 1):
        kept = film.strip[::n]
        if sum(len(picture.jpeg) for picture in kept) <= o.strip_bytes:
            _note(film, len(film.strip) - len(kept), "pictures of the strip are left out, to keep this page small.")
            film.strip = kept
            return
    film.strip = []


def _note(film: Film, count: int, what: str) -> None:
    if count:
        film.notes.append(f"{count:,} {what}")


def _add_stills(film: Film, recording: Recording, o: FilmOptions) -> None:
    spent, smaller, unseen, unshown = 0, 0, 0, 0
    for still in recording.stills():
        if still.box:
            continue  # a part of a frame is not the frame
        known = film.frames.get(still.frame_id)
        sent_to = still.sent_to or (known.sent_to if known else "")
        if known is not None and not still.sent_to:
            continue  # what was sent is what counts
        if spent > o.stills_bytes + o.small_bytes:
            unshown += 1
            continue
        small = spent > o.stills_bytes
        data = _shown(still, o.small_px if small else o.still_px, o.still_quality)
        if data is None:
            unseen += 1
            continue
        smaller += small
        spent += len(data)
        sha256 = still.sha256 or hashlib.sha256(still.jpeg).hexdigest()
        exact = data is still.jpeg
        film.frames[still.frame_id] = Picture(still.frame_id, 0, data, sent_to, sha256, len(still.jpeg), exact)
    _note(film, smaller, f"kept pictures are shown {o.small_px} px wide, to keep this page small.")
    _note(film, unshown, "kept pictures are left out, to keep this page small.")
    _note(film, unseen, "kept pictures could not be decoded and are not shown.")


def _shown(still: Still, longest_px: int, quality: int) -> bytes | None:
    """The still's own bytes if they are small enough, else a smaller copy; None if it is not a picture."""
    bgr = from_jpeg(still.jpeg)
    if bgr is None:
        return None
    if max(bgr.shape[:2]) <= longest_px and still.jpeg[:2] == b"\xff\xd8":
        return still.jpeg
    return jpeg(bgr, longest_px, quality)


@dataclass
class _Plan:
    wanted: set[int] = field(default_factory=set)  # places in the row of camera units
    captured: dict[int, int] = field(default_factory=dict)  # frame id -> capture time
    skipped: int = 0


def _plan(recording: Recording, step_ns: int, missing: Collection[int], budget: int) -> _Plan:
    """Which units to look at: the missing ones, and of each stretch of time the one that is decoded soonest."""
    plan = _Plan()
    must: list[tuple[int, int]] = []  # (units to decode before it, place)
    best: dict[int, tuple[int, int]] = {}  # the same, by stretch of time
    depth = 0
    for place, unit in enumerate(recording.camera()):
        depth = 0 if unit.key or unit.codec == "jpeg" else depth + 1
        plan.captured[unit.frame_id] = unit.media_ns
        if unit.frame_id in missing:
            must.append((depth, place))
        stretch = unit.media_ns // step_ns
        if stretch not in best or depth < best[stretch][0]:
            best[stretch] = (depth, place)
    reached: dict[int, int] = {}  # place of a key frame -> how far into its chain is decoded anyway
    for depth, place in [*sorted(must), *sorted(best.values())]:
        key = place - depth
        cost = max(0, depth - reached.get(key, 0))
        if cost > budget:
            plan.skipped += 1
            continue
        budget -= cost
        reached[key] = max(depth, reached.get(key, 0))
        plan.wanted.add(place)
    return plan


def _decoded(recording: Recording, wanted: Collection[int]) -> Iterator[tuple[CameraUnit, NDArray[np.uint8]]]:
    ring = FrameRing(seconds=1, max_bytes=64 * MIB)
    pictures = Pictures(ring)
    for place, unit in enumerate(recording.camera()):
        if unit.codec not in CODECS:
            continue
        ring.add(AccessUnit(place + 1, unit.media_ns, unit.key, cast(Codec, unit.codec), unit.data))
        if place in wanted and (found := pictures.pictures([place + 1]).get(place + 1)) is not None:
            yield unit, found


def _luma(bgr: NDArray[np.uint8]) -> NDArray[np.float32]:
    import cv2

    small: Any = cv2.resize(bgr, (64, max(1, 64 * bgr.shape[0] // bgr.shape[1])), interpolation=cv2.INTER_AREA)
    return cast("NDArray[np.float32]", small.mean(axis=2).astype(np.float32))
