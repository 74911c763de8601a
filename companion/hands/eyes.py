"""Pictures: looked through, read, measured, decoded along while somebody speaks, and kept for the page."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from companion.compute import Asked, Stream
from companion.hands.work import Work
from pipelines import events as ev
from pipelines.seeing.choice import choose
from pipelines.seeing.decode import Pictures
from pipelines.seeing.encode import jpeg_view
from pipelines.seeing.kept import KeptPictures
from pipelines.seeing.look import glimpse, look, seldom
from pipelines.seeing.measure import measure

if TYPE_CHECKING:
    from companion.session import Session

STILL_PX = 1280  # longest side of a picture kept for the page
STILL_QUALITY = 80
FOLLOW_NS = 150 * ev.MS  # while the wearer speaks, what the camera sent is decoded this often
AT_ONCE = 6  # pictures, 3 to 12 ms at 720p: so long another wearer's question waits for it
REST_NS = 2 * ev.NS  # so long after that, what was decoded is let go
PREPARED = 2  # pictures made before anybody asked: of a sentence with a pause in it


class Eyes:
    """What is done with pictures on this machine; `picture` gives one to whoever sends it."""

    def __init__(self, session: Session, work: Work) -> None:
        self._session = session
        self._work = work
        self._pictures = Pictures(session.frames)
        self._kept = KeptPictures(lambda frame_id: self._pictures.pictures([frame_id]).get(frame_id))
        self._decoding = threading.Lock()  # several lanes want pictures, one may decode at a time
        self._follows, self._followed_ns = False, 0
        self._onset_ns = 0  # when who speaks now was noticed
        self._shown_as: tuple[int, int] | None = None  # (longest side, quality) of the last picture that was sent
        self._prepared: dict[ev.View, bytes] = {}

    def look(self, d: ev.Look) -> None:
        def work() -> ev.Looked:
            if d.glimpse:
                return ev.Looked(0, d.request, self._glimpse(d.start_ns, d.end_ns))
            scores = self._scores(d.start_ns, d.end_ns)
            around_ns = d.start_ns + self._session.director.options.general.look.before_ms * ev.MS
            self._session.parts.door.ahead("still", partial(self._prepare, scores, around_ns))
            return ev.Looked(0, d.request, scores, seldom=seldom(self._session.frames))

        self._work.run("look", d, work)

    def prepared(self, view: ev.View) -> bytes | None:
        """This picture for a model, if it was made while the words were being recognised. `view` is how the next one
        is likely to be wanted, too."""
        if not any(view.box):
            self._shown_as = view.px, view.quality
        return self._prepared.get(replace(view, name=""))

    def _prepare(self, scores: Sequence[ev.FrameScore], around_ns: int) -> bool:
        """Make the picture that a question without a pointing word would send. What the wearer's rules may keep back
        is made when it is asked for."""
        if self._shown_as is None or not scores or not self._session.parts.settings.privacy.rules.none:
            return False
        choice = choose(scores, around_ns, scores[-1].media_ns, "describe", self._session.director.options.choice)
        if choice.frame is not None:
            view = ev.View(choice.frame.frame_id, px=self._shown_as[0], quality=self._shown_as[1])
            if view not in self._prepared:
                made = jpeg_view(self.picture(view.frame_id), view)
                self._prepared = {**dict([*self._prepared.items()][1 - PREPARED :]), view: made}
        return False

    def _scores(self, start_ns: int, end_ns: int) -> tuple[ev.FrameScore, ...]:
        with self._decoding:
            return look(self._session.frames, self._pictures, start_ns, end_ns)

    def _glimpse(self, start_ns: int, end_ns: int) -> tuple[ev.FrameScore, ...]:
        """One frame, and nothing is kept of it if nobody asked for anything else."""
        with self._decoding:
            found = glimpse(self._session.frames, self._pictures, start_ns, end_ns)
            if not self._follows and not self._followed_ns:
                self._pictures.rest()
            return found

    def picture(self, frame_id: int) -> Any:
        with self._decoding:
            picture = self._kept.get(frame_id)
        if picture is None:
            raise LookupError(f"frame {frame_id} is no longer in the ring or cannot be decoded")
        return picture

    def read_text(self, d: ev.ReadText) -> None:
        """Lines as they are recognised, and at the end all of them."""
        session = self._session
        whole: list[ev.TextRead] = []

        def items() -> Iterator[ev.TextRead]:
            lines: tuple[ev.TextLine, ...] = ()
            for part in session.parts.engines.reader.parts(self.picture(d.frame_id)):
                lines += part.lines
                if part.more:
                    yield ev.TextRead(0, d.request, d.frame_id, part.lines, more=True)
                else:
                    unread = tuple(line for line, _ in part.doubtful)
                    found = ev.TextRead(0, d.request, d.frame_id, lines, unread=unread, cut=part.cut)
                    yield replace(found, hampered=part.hampered)

        def each(found: ev.TextRead) -> None:
            if found.more:
                session.deliver(replace(found, t_ns=session.clock.now_ns()))
            else:
                whole.append(found)

        def done(cost_ns: int) -> None:
            self._work.jobs.pop(d.request, None)
            session.deliver(replace(whole[-1], t_ns=session.clock.now_ns(), cost_ns=cost_ns))

        def failed(error: Exception) -> None:
            self._work.failed("read_text", d.request, error)

        self._work.jobs[d.request] = session.parts.door.stream(Stream("read_text", items), each, done, failed, Asked(d))

    def measure(self, d: ev.Measure) -> None:
        def work() -> ev.Measured:
            before = self.picture(d.before_id) if d.before_id else None
            return replace(measure(self.picture(d.frame_id), before), request=d.request, frame_id=d.frame_id)

        self._work.run("measure", d, work)

    def follow(self, d: ev.Follow) -> None:
        self._follows, self._followed_ns = d.on, self._session.clock.now_ns() if not d.on else 0
        if d.on:
            self._onset_ns = d.t_ns

    def saw(self) -> None:
        """A picture has come from the camera: decode along, if somebody speaks; else let go of what was decoded, once
        an answer has what it needs of it."""
        since_ns = self._session.clock.now_ns() - self._followed_ns
        if self._follows and since_ns >= FOLLOW_NS:
            self._followed_ns += since_ns
            self._session.parts.door.ahead("look", self._decode_along)
        elif not self._follows and self._followed_ns and since_ns >= REST_NS:
            self._followed_ns = 0
            self._session.parts.door.ahead("look", self._rest)

    def _decode_along(self) -> bool:
        with self._decoding:
            return self._pictures.follow(self._onset_ns, AT_ONCE) == AT_ONCE

    def _rest(self) -> bool:
        with self._decoding:
            self._pictures.rest()
        self._prepared = {}
        return False

    def read_codes(self, d: ev.ReadCodes) -> None:
        engines = self._session.parts.engines

        def named(code: ev.Code) -> ev.Code:
            found = engines.articles.find(code.payload, code.kind) if engines.articles is not None else None
            return replace(code, article=found.name, note=found.note) if found is not None else code

        def work() -> ev.CodesRead:
            found = engines.codes.read_all(self.picture(d.frame_id))
            codes, table = tuple(map(named, found.codes)), engines.articles is not None
            return ev.CodesRead(0, d.request, d.frame_id, codes, table=table, unread=found.unread)

        self._work.run("read_codes", d, work)

    def keep_still(self, d: ev.KeepStill) -> None:
        session = self._session
        recorder = session.parts.recorder
        if recorder is None:
            return

        view = ev.View(d.frame_id, d.box, STILL_PX, STILL_QUALITY)

        def keep(data: bytes, _cost_ns: int) -> None:
            recorder.still(session.clock.now_ns(), view, data)

        session.parts.door.compute(
            "still",
            lambda: jpeg_view(self.picture(d.frame_id), view),
            keep,
            lambda error: session.log("WARNING", f"picture {d.frame_id} could not be kept: {error}"),
            Asked(d, view),
        )
