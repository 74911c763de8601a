"""A recording for Rerun's viewer: the camera's own pictures, both waveforms, states, spans and words on one time line.

Rerun opens our recordings as they are; this file adds what it cannot make of them: sound that plays, lanes of turn
states, latencies as curves, and who said what. A .rrd is a view and never the archive: its format may change with every
version. The SDK is an optional extra (a 170 MB download) and is imported here only when it is asked for.
"""

from __future__ import annotations

import importlib
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from companion.export.answers import answers_of
from companion.export.picture import Found, most, survey, units_of
from companion.export.subtitles import NAMES, lines_of, plain
from companion.export.viewer import serve
from companion.export.voices import Voices, mixed, samples_until, voices_of
from companion.report.audio import Peaks
from companion.report.ticks import TICKS, in_words
from companion.sessions import Outcome
from pipelines import events as ev
from pipelines.events import NS
from pipelines.spans import spans_of
from recordings.overview import overview
from recordings.reader import Recording
from recordings.session import DONE_SUFFIX, OPEN_SUFFIX, RecordingError

EXTRA = "earshot-companion[rerun]"
TIMELINE = "session"
LEVELS = {"FATAL": "CRITICAL", "WARNING": "WARN"}  # ours -> Rerun's


@dataclass(frozen=True, slots=True)
class RerunOptions:
    """What bounds the file."""

    sound_hz: int = 16_000  # what the recogniser hears; FLAC of both voices takes about 20 MB an hour
    peaks_per_s: int = 50  # one for each packet
    pan: float = 1.0  # the wearer left, the companion right, as their curves stand apart
    batch: int = 256  # pictures sent at once
    limit_s: int = 4 * 3600  # beyond it the sound no longer fits a viewer's memory


def export_rerun(
    path: Path, out: Path | None = None, view: bool = False, options: RerunOptions | None = None
) -> Outcome:
    """Write the .rrd of a recording to `out` (default: beside it). `view`: then serve the viewer, on 127.0.0.1 only,
    until it is interrupted. Code 1 with the reason and a way out if it cannot be done."""
    o = options or RerunOptions()
    try:
        rr = _sdk()
        recording, end_ns = Recording(path), overview(path).duration_ns
        if end_ns > o.limit_s * NS:
            raise RecordingError(
                f"{path.name} lasts {end_ns / 3600 / NS:,.1f} hours; Rerun is given at most 4 of them."
            )
        name = path.name.removesuffix(OPEN_SUFFIX).removesuffix(DONE_SUFFIX)
        out = out or path.with_name(f"{name}.rrd")
        if out.suffix != ".rrd":
            raise RecordingError(f"{out.name}: a Rerun file is named .rrd; name it so.")
        _write(rr, recording, end_ns, out, o)
        text = f"{out}  {end_ns / NS:.1f} s, {out.stat().st_size / 1e6:.1f} MB"
        text += f"\n  note: torn: {recording.torn}" if recording.torn else ""
        if view:
            print(text, flush=True)
            return Outcome("", serve(out))
    except (RecordingError, OSError) as why:
        return Outcome(str(why) if isinstance(why, RecordingError) else f"{out} was not written: {why}", 1)
    return Outcome(f"{text}\n  look at it: --view, on this machine only; plain `rerun` listens on every interface")


def _sdk() -> Any:
    """The SDK. Raises RecordingError that names the extra if it is not installed or too old."""
    try:
        rr = importlib.import_module("rerun")
        importlib.import_module("rerun.blueprint")
    except ImportError as why:
        raise RecordingError(f"Rerun's SDK is not installed. It is an extra: pip install '{EXTRA}'") from why
    missing = [name for name in ("VideoStream", "AssetAudio", "StateChange") if not hasattr(rr, name)]
    if missing:
        version = getattr(rr, "__version__", "an unknown version")
        raise RecordingError(
            f"rerun-sdk {version} has no {', '.join(missing)}; 0.41 is the first: pip install -U '{EXTRA}'"
        )
    return rr


def _write(rr: Any, recording: Recording, end_ns: int, out: Path, o: RerunOptions) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f"{out.name}.part")
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))  # as private as the recording
    try:
        stream = rr.RecordingStream("earshot", recording_id=recording.info.session or out.stem)
        stream.save(part, default_blueprint=_blueprint(rr))
        events = list(recording.events())
        _pictures(rr, stream, recording, o)
        _sound(rr, stream, voices_of(recording, answers_of(events), o.sound_hz), end_ns, o)
        _talk(rr, stream, events, end_ns)
        _latency(rr, stream, events)
        _decisions(rr, stream, events)
        rows = [
            (line.t_ns, f"{line.name}: {line.text}", LEVELS.get(line.level, line.level)) for line in recording.logs()
        ]
        _text(rr, stream, "log", rows)
        stream.flush()
        stream.disconnect()
        part.replace(out)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _blueprint(rr: Any) -> Any:
    """Camera and words above; states, voices and latency below."""
    b = rr.blueprint
    return b.Blueprint(
        b.Vertical(
            b.Horizontal(
                b.Spatial2DView(origin="camera/video", name="Camera"),
                b.Spatial2DView(origin="camera/still", name="Pictures that were kept or sent"),
                b.TextLogView(origin="talk", name="What was said"),
            ),
            b.StateTimelineView(origin="conversation", name="Who has the floor"),
            b.Horizontal(b.TimeSeriesView(origin="voices", name="Voices"), b.AudioView(origin="sound", name="Sound")),
            b.Horizontal(
                b.TimeSeriesView(origin="latency", name="From the last word to the ear, ms"),
                b.TextLogView(origin="decisions", name="Decisions and why"),
            ),
            row_shares=[4, 2, 2, 2],
        ),
        b.TimePanel(timeline=TIMELINE, state="collapsed"),
        collapse_panels=True,
    )


def _at(rr: Any, times_ns: Iterable[int]) -> Any:
    return rr.TimeColumn(TIMELINE, duration=np.array(list(times_ns), dtype="timedelta64[ns]"))


# --------------------------------------------------------------------------------------------------- pictures and sound


def _pictures(rr: Any, stream: Any, recording: Recording, o: RerunOptions) -> None:
    """Access units as they came; stills as they were kept."""
    found = most(survey(recording), ("h264", "vp8", "jpeg"))
    if found is not None:
        _video(rr, stream, recording, found, o)
    stills = list(recording.stills())
    if stills:
        columns = rr.EncodedImage.columns(blob=[s.jpeg for s in stills], media_type=["image/jpeg"] * len(stills))
        stream.send_columns("camera/still", [_at(rr, (s.t_ns for s in stills))], columns)
        rows = [
            (s.t_ns, f"frame {s.frame_id}: " + (f"sent to {s.sent_to}" if s.sent_to else "kept"), "INFO")
            for s in stills
        ]
        _text(rr, stream, "camera/still/note", rows)


def _video(rr: Any, stream: Any, recording: Recording, found: Found, o: RerunOptions) -> None:
    units, before = units_of(recording, found.codec), -1
    codec = {"h264": "H264", "vp8": "VP8"}.get(found.codec)
    if codec is not None:
        stream.log("camera/video", rr.VideoStream(codec=getattr(rr.VideoCodec, codec)), static=True)
    while batch := list(islice(units, o.batch)):
        times = []
        for unit in batch:
            before = max(before + 1, unit.media_ns)  # a device's stamps may stand still; a video's may not
            times.append(before)
        data = [unit.data for unit in batch]
        if codec is None:
            columns = rr.EncodedImage.columns(blob=data, media_type=["image/jpeg"] * len(data))
        else:
            columns = rr.VideoStream.columns(sample=data, is_keyframe=[unit.key for unit in batch])
        stream.send_columns("camera/video", [_at(rr, times)], columns)


def _sound(rr: Any, stream: Any, voices: Voices, end_ns: int, o: RerunOptions) -> None:
    """Both voices as one FLAC that plays, and as curves to see."""
    if not voices:
        return
    meters = {name: Peaks(o.sound_hz // o.peaks_per_s) for name in NAMES}
    stream.set_time(TIMELINE, duration=0.0)
    flac = _flac(voices, end_ns, meters, o)
    stream.log("sound", rr.AssetAudio(contents=flac, media_type="audio/flac"))
    for name, meter in meters.items():
        peaks = meter.done()
        times = (i * NS // o.peaks_per_s for i in range(len(peaks)))
        stream.log(f"voices/{name}", rr.SeriesLines(names=NAMES[name]), static=True)
        signed = peaks if name == "wearer" else -peaks  # one above the line, one below it
        stream.send_columns(f"voices/{name}", [_at(rr, times)], rr.Scalars.columns(scalars=signed.astype(np.float64)))


def _flac(voices: Voices, end_ns: int, meters: dict[str, Peaks], o: RerunOptions) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="flac") as container:
        track: Any = container.add_stream("flac", rate=o.sound_hz, layout="stereo")
        at = 0
        for second, (wearer, companion) in enumerate(voices.seconds(-(-end_ns // NS))):
            length = samples_until(end_ns, second, o.sound_hz)
            meters["wearer"].add(wearer[:length])
            meters["companion"].add(companion[:length])
            if length:
                container.mux(track.encode(_frame(mixed(wearer[:length], companion[:length], o.pan), o.sound_hz, at)))
            at += length
        container.mux(track.encode(None))
    return file.getvalue()


def _frame(pcm: NDArray[np.int16], rate_hz: int, at: int) -> Any:
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm.T).reshape(1, -1), format="s16", layout="stereo")
    frame.sample_rate, frame.time_base, frame.pts = rate_hz, Fraction(1, rate_hz), at
    return frame


# -------------------------------------------------------------------------------------------------------- what happened


def _talk(rr: Any, stream: Any, events: Sequence[ev.Happening | ev.Decision], end_ns: int) -> None:
    rows = [(line.start_ns, f"{NAMES[line.who]}: {line.text}", "INFO") for line in lines_of(events, end_ns)]
    _text(rr, stream, "talk", rows)
    states = [event for event in events if isinstance(event, ev.StateChanged)]
    if states:
        columns = rr.StateChange.columns(state=[plain(event.new) for event in states])
        stream.send_columns("conversation", [_at(rr, (event.t_ns for event in states))], columns)


def _latency(rr: Any, stream: Any, events: Sequence[ev.Happening | ev.Decision]) -> None:
    """Each turn's spans, at the end of its last word: a curve for each span, and one for the whole."""
    curves: dict[str, list[tuple[int, float]]] = {}
    for turn in spans_of(events):
        for span in turn.spans:
            curves.setdefault(span.name, []).append((turn.spans[0].start_ns, span.ms))
        curves.setdefault("whole", []).append((turn.spans[0].start_ns, turn.total_ms))
    for name, points in curves.items():
        points.sort()
        entity = f"latency/{name.replace(' ', '_')}"
        stream.log(entity, rr.SeriesLines(names=name), static=True)
        values = np.array([ms for _, ms in points])
        stream.send_columns(entity, [_at(rr, (t for t, _ in points))], rr.Scalars.columns(scalars=values))


def _decisions(rr: Any, stream: Any, events: Sequence[ev.Happening | ev.Decision]) -> None:
    rows = [
        (event.t_ns, f"{in_words(event)}: {event.reason}", "INFO")
        for event in events
        if isinstance(event, ev.Decision) and type(event).__name__ in TICKS
    ]
    _text(rr, stream, "decisions", rows)


def _text(rr: Any, stream: Any, entity: str, rows: Sequence[tuple[int, str, str]]) -> None:
    rows_left: Iterator[tuple[int, str, str]] = iter(rows)
    while batch := list(islice(rows_left, 4096)):
        columns = rr.TextLog.columns(text=[plain(text) for _, text, _ in batch], level=[level for *_, level in batch])
        stream.send_columns(entity, [_at(rr, (max(0, t_ns) for t_ns, _, _ in batch))], columns)
