"""What is remembered of what was seen, if the wearer wants that: at scene changes, what the device itself can tell.

While nothing else goes on, one frame is decoded every few seconds. If the view rests, is another than the one that was
stored, and the last was stored long enough ago, its text, codes and colours are read, and kept with a small picture and
the place that the wearer named lately. No model is asked, and nothing leaves. Whoever speaks ends it.

The device knows no things by sight: it knows letters, codes, colours, and what it was told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipelines.events import (
    MS,
    NOWHERE,
    NS,
    Cancel,
    Code,
    CodesRead,
    Colour,
    Happening,
    Look,
    Looked,
    Measure,
    Measured,
    Memorise,
    Memory,
    ReadCodes,
    ReadText,
    Resumed,
    TextLine,
    TextRead,
    TurnOpened,
    Whereabouts,
    WorkFailed,
)
from pipelines.memory.place_words import place_told
from pipelines.scribe import Scribe
from pipelines.seeing.quality import QualityOptions, problem_of
from pipelines.thinking.options import PlaceOptions
from pipelines.thinking.tools.clock import Now, utc_s

LOOK_BACK_NS = 4 * NS  # a key frame is asked for after 2 s without one
MAX_CHARS = 600  # of one caption
MAX_LINES = 20


class Places:
    """Give it every happening (`take`) and decision (`said`); `tick` when its time has come."""

    def __init__(self, options: PlaceOptions, scribe: Scribe) -> None:
        self._options, self._scribe = options, scribe
        self._wall_clock = ""
        self.on = False
        self._known = NOWHERE
        self._glimpse = 0  # request under way
        self._reads: tuple[int, ...] = ()  # requests under way for one frame
        self._frame = 0
        self._scene: tuple[int, ...] = ()
        self._read: list[TextRead | CodesRead | Measured] = []

    # ------------------------------------------------------------------------------------------------- begin and rest

    def begin(self, memory: bool, wall_clock: str) -> None:
        self.on, self._wall_clock = memory and self._options.on, wall_clock

    @property
    def at_rest(self) -> bool:
        return not self._glimpse and not self._reads

    def rest(self, resumed: Resumed) -> Resumed:
        """The same with this part's state written in."""
        return replace(resumed, whereabouts=self._known)

    def stand(self, resumed: Resumed) -> None:
        self._known = resumed.whereabouts

    # ----------------------------------------------------------------------------------------------------- when to look

    def deadline_ns(self, idle: bool) -> int | None:
        """When the next glimpse is due; `idle`: the camera is on and nothing else goes on. What is under way when it
        ends is let go."""
        if not self.on:
            return None
        if not idle:
            self._let_go()
            self._known = replace(self._known, look_ns=0, last=())
        elif not self._known.look_ns:
            self._next_look()
        return self._known.look_ns if idle and self.at_rest else None

    def tick(self) -> None:
        """Its time has come: one frame."""
        now_ns = self._scribe.now_ns
        self._next_look()
        self._glimpse = self._scribe.number()
        start_ns = max(0, now_ns - LOOK_BACK_NS)
        self._scribe.emit(
            Look, "is this another place?", request=self._glimpse, start_ns=start_ns, end_ns=now_ns + 1, glimpse=True
        )

    def _next_look(self) -> None:
        self._known = replace(self._known, look_ns=self._scribe.now_ns + self._options.look_every_ms * MS)

    def _let_go(self) -> None:
        for request, kind in ((self._glimpse, "look"), *((request, "places") for request in self._reads)):
            if request:
                self._scribe.emit(Cancel, "the wearer comes first", request=request, kind=kind)
        self._glimpse, self._reads, self._read = 0, (), []

    # -------------------------------------------------------------------------------------------------------- what came

    def said(self, decision: object) -> None:
        """Where the wearer says that they are."""
        if self.on and isinstance(decision, TurnOpened) and (place := place_told(decision.text)):
            self._known = replace(self._known, told=place, told_ns=decision.t_ns)

    @property
    def place(self) -> str:
        """Where the wearer said that they are, if that was lately."""
        known = self._known
        lately = self._scribe.now_ns - known.told_ns <= self._options.told_for_ms * MS
        return known.told if lately else ""

    def take(self, event: Happening) -> bool:
        """Whether it came of a request of ours."""
        request = getattr(event, "request", 0)
        if request and request == self._glimpse:
            self._glimpse = 0
            if isinstance(event, Looked) and event.frames:
                self._looked(event)
            return True
        if request not in self._reads:
            return False
        if isinstance(event, TextRead) and event.more:
            return True
        self._reads = tuple(other for other in self._reads if other != request)
        if not isinstance(event, WorkFailed):
            self._read.append(event)  # type: ignore[arg-type]
        if not self._reads:
            self._store()
        return True

    def _looked(self, event: Looked) -> None:
        options, known, frame = self._options, self._known, event.frames[-1]
        rests = changed(known.last, frame.scene) <= options.rests
        another = changed(known.stored, frame.scene) >= options.another
        since_ns = self._scribe.now_ns - known.stored_ns
        due = not known.stored_ns or since_ns >= options.store_every_ms * MS
        self._known = replace(known, last=frame.scene)
        if not (rests and another and due) or problem_of(frame, QualityOptions()):
            return
        self._frame, self._scene, self._read = frame.frame_id, frame.scene, []
        self._reads = tuple(self._scribe.number() for _ in range(3))
        for request, kind in zip(self._reads, (ReadText, ReadCodes, Measure), strict=True):
            self._scribe.emit(kind, "what is there to be remembered here?", request=request, frame_id=self._frame)

    def _store(self) -> None:
        """Keep it, if there is anything to tell it by."""
        lines = next((event.lines for event in self._read if isinstance(event, TextRead)), ())
        codes = next((event.codes for event in self._read if isinstance(event, CodesRead)), ())
        colours = next((event.colours for event in self._read if isinstance(event, Measured)), ())
        self._read = []
        now_ns, place = self._scribe.now_ns, self.place
        at_s = utc_s(Now(now_ns, self._wall_clock))
        self._known = replace(self._known, stored=self._scene, stored_ns=now_ns)
        if at_s is None or not (lines or codes or place):
            return
        memory = Memory(what="place", how="seen", text=caption(lines, codes, colours), at_s=round(at_s, 3), place=place)
        self._scribe.emit(Memorise, "another place", request=self._scribe.number(), memory=memory, frame_id=self._frame)


def changed(before: Sequence[int], now: Sequence[int]) -> float:
    """How much two scenes differ, as a share of their contrast; brighter or darker all over is no difference. What was
    not seen differs from everything."""
    if not before or len(before) != len(now):
        return 9.0
    mean_b, mean_n = sum(before) / len(before), sum(now) / len(now)
    parts = [(b - mean_b, n - mean_n) for b, n in zip(before, now, strict=True)]
    contrast = sum(max(abs(b), abs(n)) for b, n in parts)
    return sum(abs(b - n) for b, n in parts) / contrast if contrast > len(parts) else 0.0


def caption(lines: Sequence[TextLine], codes: Sequence[Code], colours: Sequence[Colour]) -> str:
    """What the device can tell of a picture, in words: "PLATFORM 7, BASEL. QR code: example.org. Mostly orange." """
    parts = []
    if lines:
        parts.append(", ".join(line.text.strip() for line in lines[:MAX_LINES]))
    parts += [f"{_kind(code)}: {code.article or code.payload}" for code in codes[:3]]
    if colours and colours[0].share >= 0.4:
        parts.append(f"Mostly {colours[0].name}")
    return ". ".join(part.rstrip(".") for part in parts)[:MAX_CHARS]


def _kind(code: Code) -> str:
    return "QR code" if code.kind == "qr" else "Bar code"


__all__ = ["Places", "Whereabouts", "caption", "changed"]
