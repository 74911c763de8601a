"""One wearer's session: what the link brings goes to the director, what the director decides is carried out.

The shell stamps each happening with the session clock, writes it down, feeds it, writes the decisions down and acts on
them. It decides nothing itself. Things that an action causes at once (sound that begins, sound that stops) queue up
behind it, so the order of happenings is one line, the same in the recording as it was here.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from companion.clock import SessionClock
from companion.compute import Door
from companion.engines import Engines
from companion.hands import Hands
from companion.left_out import LeftOut
from companion.link.handler import DeviceLink, Message
from companion.link.opus_send import FRAME_SAMPLES, SILENCE, OpusEncoder
from companion.memory.meaning.purpose import purpose
from companion.memory.shape import MemoryStore
from companion.model.models import Models
from companion.model.profile import ModelProfile
from companion.net import Observer
from companion.own_sound import OwnSound, own_sound
from companion.settings import Settings
from companion.status import status_message
from companion.tools.runner import ToolRunner
from pipelines.director import RECORDING_STOPPED, Director
from pipelines.events import (
    UNKNOWN_DEVICE,
    ClockMapped,
    Decision,
    DeviceEvent,
    Happening,
    HeardMark,
    KeepStill,
    LinkChanged,
    MediaFlow,
    Memory,
    PhotoCame,
    PlayMark,
    Preferences,
    SessionEnded,
    SessionStarted,
    Spent,
    ToolInfo,
    ToolsChanged,
    Typed,
    VoiceWindow,
    WakeHeard,
)
from pipelines.hearing.echo import available as can_cancel_echo
from pipelines.hearing.sound import SoundRing
from pipelines.hearing.voice_activity import VoiceActivity
from pipelines.hearing.wake import WakeStream
from pipelines.seeing.ring import AccessUnit, FrameRing
from pipelines.speaking.chimes import Chimes
from pipelines.speaking.playout import Playout, Tick
from pipelines.thinking.dialects.answer import Finished
from pipelines.thinking.tools.built_in import BUILT_IN, MEMORY, OWN
from recordings.stored import Woken
from recordings.writer import Recorder

logger = logging.getLogger(__name__)
Watcher = Callable[[Happening | Decision], None]
SAMPLE_NS = 1_000_000_000 // 16_000
TAIL_TICKS = 2  # the encoder holds back a few milliseconds of sound; silence pushes them out


@dataclass(slots=True)
class Parts:
    """What one session works with; the app puts it together."""

    clock: SessionClock
    engines: Engines
    settings: Settings
    door: Door
    recorder: Recorder | None = None
    models: Models | None = None
    tools: ToolRunner | None = None
    observer: Observer | None = None  # is shown what tools exchange over the network
    spent: Callable[[ModelProfile, Finished], None] = lambda profile, finished: None
    watch: Watcher = lambda event: None
    ended: Callable[[Session], None] = lambda session: None
    wall_clock: str = ""
    spent_before: Spent = field(default_factory=lambda: Spent(0, ""))  # on models, today, before this session
    missing: str = ""  # why there is no model
    started: SessionStarted | None = None  # a replay's first happening is the recorded one
    preferences: Preferences = field(default_factory=Preferences)  # what the wearer asked for in earlier sessions
    prefer: Callable[[Preferences], None] = lambda preferences: None  # remembers it; a replay remembers nothing
    memory: MemoryStore | None = None  # what is remembered beyond sessions
    memory_closed: bool = False  # it is wanted, and could not be opened: then that is said where it is missed
    reminders: tuple[Memory, ...] = ()  # of earlier sessions


class Session:
    """Implements the link's `LinkHandler`; every method runs on the event loop and returns at once."""

    def __init__(self, link: DeviceLink, parts: Parts) -> None:
        self.link = link
        self.parts = parts
        self.clock = parts.clock
        self.sound = SoundRing()
        self.frames = FrameRing()
        self.playout = Playout()
        self.chimes = Chimes()
        self.director = Director(parts.settings.director())
        self._voice_activity = VoiceActivity(parts.engines.voice_activity)
        self._wake_word: WakeStream | None = None  # made when sound comes
        self._encoder: OpusEncoder | None = None  # made when a device first takes packets
        self._own_sound: OwnSound | None = None  # of a device with an open loudspeaker
        self.left_out = LeftOut()
        self.speaker = False  # the device has one
        self._here = False  # a device is connected
        self._shown: Message = {}  # the last status that it was told
        self._device = UNKNOWN_DEVICE
        self._photo_due = False  # one was asked for of a camera that rests until then
        self._hands = Hands(self)
        self._queue: deque[Happening] = deque()
        self._delivering = False
        self._timer: asyncio.TimerHandle | None = None
        self._due_ns: int | None = None  # the deadline that the timer is set for
        self._ended = False
        self._tail = 0
        self._begin()

    @property
    def asking(self) -> bool:
        """Whether a model is being asked."""
        return self._hands.asking

    def _begin(self) -> None:
        parts = self.parts
        self.deliver(
            parts.started
            or SessionStarted(
                self.clock.now_ns(),
                recogniser=parts.engines.transcriber.name,
                closed_vocabulary=parts.engines.transcriber.closed_vocabulary,
                model=parts.models.profiles[0].name if parts.models else "",
                voices=tuple(parts.engines.voices),
                recording=bool(parts.recorder and parts.recorder.writing),
                wall_clock=parts.wall_clock,
                models=parts.models.infos() if parts.models else (),
                tools=self._tools(),
                spent_tokens=parts.spent_before.tokens,
                spent_usd=parts.spent_before.usd,
                missing=parts.missing,
                preferences=parts.preferences,
                wake_word=parts.settings.attention.wake_word,
                turn_model=parts.settings.turn.audio_model,
                cancels_echo=can_cancel_echo(),
                memory=parts.memory is not None or parts.memory_closed,
                reminders=parts.reminders,
                offers=parts.memory is not None and parts.settings.memory.offers,
            )
        )

    def _tools(self) -> tuple[ToolInfo, ...]:
        """What models may use: what the deciders do themselves, and what the runner can."""
        parts = self.parts
        if not parts.settings.tools.on:
            return ()
        here = (*OWN, *MEMORY) if parts.memory is not None else OWN
        own = tuple(tool for tool in BUILT_IN if tool.name in here)
        return (*own, *(parts.tools.infos() if parts.tools is not None else ()))

    # ----------------------------------------------------------------------------------------- happenings, decisions

    def deliver(self, event: Happening) -> None:
        """Take one happening; what follows is done when this returns, or queued behind what is under way."""
        if self._ended:
            return
        self._queue.append(event)
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._queue:
                self._take(self._queue.popleft())
        finally:
            self._delivering = False
        self._set_timer()

    def _take(self, event: Happening) -> None:
        recorder = self.parts.recorder
        if recorder:
            due_ns = self.director.next_deadline_ns()
            if due_ns is not None and due_ns <= event.t_ns:
                recorder.woken(Woken(event.t_ns, due_ns, by_timer=False))
            recorder.happening(event)
        self.parts.watch(event)
        decisions = self.director.feed(event)
        if decisions or not isinstance(event, VoiceWindow):  # 31 a second, which by themselves change nothing to show
            self._carry_out(decisions)

    def _carry_out(self, decisions: list[Decision]) -> None:
        for decision in decisions:
            if self.parts.recorder:
                self.parts.recorder.decision(decision)
            self.parts.watch(decision)
        for decision in sorted(decisions, key=lambda d: isinstance(d, KeepStill)):  # nobody waits for what is only kept
            self._hands.carry_out(decision)
        self._show()

    def _show(self) -> None:
        """Tell the device how things stand, if that has changed."""
        if not self._here:
            return
        recorder = self.parts.recorder
        status = status_message(self.director, bool(recorder and recorder.writing))
        if status != self._shown:
            self._shown = status
            self.link.send_message(status)

    def _set_timer(self) -> None:
        due_ns = None if self._ended else self.director.next_deadline_ns()
        if due_ns == self._due_ns:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._due_ns = due_ns
        if due_ns is not None:
            self._timer = self.clock.wake_at(due_ns, self._wake)

    def _wake(self) -> None:
        now_ns, due_ns = self.clock.now_ns(), self._due_ns
        self._timer = self._due_ns = None
        if self.parts.recorder and due_ns is not None and due_ns <= now_ns:
            self.parts.recorder.woken(Woken(now_ns, due_ns))
        self._delivering = True
        try:
            self._carry_out(self.director.wake(now_ns))
            while self._queue:
                self._take(self._queue.popleft())
        finally:
            self._delivering = False
        self._set_timer()

    def tools_changed(self, source: str, tools: tuple[ToolInfo, ...], detail: str) -> None:
        """A source of tools came, went or offers others."""
        self.deliver(ToolsChanged(self.clock.now_ns(), source, tools, detail[:500]))

    def spent_elsewhere(self, day: str, tokens: int, usd: float) -> None:
        """Other sessions have spent: this is the day's sum of all."""
        self.deliver(Spent(self.clock.now_ns(), day, tokens, usd))

    def recording_stopped(self, why: str) -> None:
        """The recorder gave up; the wearer hears of it, the session goes on."""
        self.deliver(DeviceEvent(self.clock.now_ns(), RECORDING_STOPPED, why[:500]))

    def log(self, level: str, text: str) -> None:
        """A line for the log and the recording; nothing here is ever spoken."""
        logger.log(getattr(logging, level, logging.INFO), "%s", text)
        if self.parts.recorder:
            self.parts.recorder.log(self.clock.now_ns(), level, "session", text)

    # ------------------------------------------------------------------------------------------------- from the link

    def on_microphone(
        self, packet: bytes, pcm: npt.NDArray[np.int16], rtp: int, arrival_ns: int, media_ns: int, concealed: bool
    ) -> None:
        if self.parts.recorder:
            self.parts.recorder.microphone(arrival_ns, media_ns, rtp, packet)
        if self._own_sound is not None:
            pcm, media_ns = self._own_sound.taken_out(pcm, media_ns)
        self.sound.add(pcm, media_ns)
        self._listen_for_word(pcm, media_ns + len(pcm) * SAMPLE_NS)
        for window in self._voice_activity.feed(pcm, media_ns + len(pcm) * SAMPLE_NS):
            now_ns = self.clock.now_ns()
            media_ns, loud_ns = min(window.media_ns, now_ns), min(window.loud_ns, now_ns)
            self.deliver(VoiceWindow(now_ns, media_ns, window.probability, window.level_dbfs, loud_ns))

    def _listen_for_word(self, pcm: npt.NDArray[np.int16], end_ns: int) -> None:
        """The wake word engine, if there is one. 20 ms of sound cost it 0.05 ms, so it needs no lane."""
        word = self.parts.engines.wake
        if word is None:
            return
        if self._wake_word is None:
            self._wake_word = word.stream()
        if (woke := self._wake_word.feed(pcm, end_ns)) is not None:
            now_ns = self.clock.now_ns()
            self.deliver(WakeHeard(now_ns, min(woke.media_ns, now_ns), woke.phrase, woke.score))

    def on_camera(self, unit: AccessUnit, rtp: int, arrival_ns: int) -> None:
        if self.parts.recorder and self.left_out.records(unit.key):
            self.parts.recorder.camera(arrival_ns, unit.media_ns, unit.frame_id, rtp, unit.key, unit.codec, unit.data)
        self.frames.add(unit)
        self._hands.saw()
        if self._photo_due:
            self._photo_due = False
            self.deliver(PhotoCame(self.clock.now_ns(), unit.frame_id, unit.media_ns))

    def purpose(self, text: str) -> tuple[str, float]:
        """What these words are for, and how likely that is, if anything is remembered here."""
        return purpose(text) if self.parts.memory is not None else ("", 0.0)

    def ask_picture(self) -> None:
        """A key frame, or a photo."""
        self._photo_due = self._device.photo_only or self._device.deaf_while_looking
        self.link.ask_key_frame()

    def on_message(self, message: Message) -> None:
        kind, now_ns = message.get("type"), self.clock.now_ns()
        if kind == "typed" and isinstance(text := message.get("text"), str) and any(c.isalnum() for c in text):
            text = text.strip()[:2000]
            self.deliver(Typed(now_ns, text, *self.purpose(text)))
        elif kind == "event" and isinstance(name := message.get("kind"), str) and name != RECORDING_STOPPED:
            self.deliver(DeviceEvent(now_ns, name[:80], str(message.get("value", ""))[:200]))

    def on_state(
        self, state: str, microphone: bool, camera: bool, speaker: bool, detail: str, resumed: bool = False
    ) -> None:
        self.speaker = speaker
        came, self._here = state == "connected" and not self._here, state == "connected"
        if self._here:
            self._shown = {}  # a page that was loaded anew, or listens now, knows nothing
        if came:
            self._voice_activity.reset()  # what was heard before a gap says nothing about what comes after it
            self._wake_word = None
        if resumed:  # another decoder, another encoder: neither knows of what was sent before
            self._encoder, self._tail = None, 0
            self.frames.interrupted()
        now_ns, echo = self.clock.now_ns(), self.link.echo
        if state == "connected" and (resumed or self._own_sound is None):
            half_duplex = speaker and self.link.record.rests_for_speaker
            self._own_sound = own_sound(self.parts.settings.echo, echo, half_duplex)
        if state == "connected":
            self._device = self.link.record.deciding
        self.deliver(LinkChanged(now_ns, state, microphone, camera, speaker, detail, echo, resumed, self._device))
        if state == "closed":
            self.end(detail or "the device left")

    def on_flow(self, track: str, flows: bool, detail: str) -> None:
        self.deliver(MediaFlow(self.clock.now_ns(), track, flows, detail))

    def on_heard(self, utterance: int, mark: str, media_ns: int, position_ns: int) -> None:
        self.deliver(HeardMark(self.clock.now_ns(), utterance, mark, media_ns, position_ns))

    def on_clock(self, offset_ns: int, round_trip_ns: int) -> None:
        self.deliver(ClockMapped(self.clock.now_ns(), offset_ns, round_trip_ns))
        if self.parts.recorder:
            self.parts.recorder.clock_sample(self.clock.now_ns(), offset_ns, round_trip_ns)

    def on_sender_report(self, track: str, ntp: int, rtp: int, arrival_ns: int) -> None:
        if self.parts.recorder:
            self.parts.recorder.sender_report(arrival_ns, track, ntp, rtp)

    def next_answer(self, stamp: int | None = None) -> tuple[bytes, int]:
        """20 ms of the answer as an Opus packet, for the link to send now. `stamp`: of the slot that it is for."""
        now_ns, tick = self._taken(stamp)
        if self._encoder is None:
            self._encoder = OpusEncoder()
        if tick.pcm is not None:
            packet = self._encoder.encode(tick.pcm)
            self._tail = TAIL_TICKS
            if self.parts.recorder:
                self.parts.recorder.answer(now_ns, tick.utterance, packet)
        elif self._tail > 0:
            self._tail -= 1
            packet = self._encoder.encode(np.zeros(FRAME_SAMPLES, np.int16))
        else:
            packet = SILENCE
        self._mark(now_ns, tick)
        if tick.pcm is None and tick.utterance:
            packet = b""  # held inside an utterance: the link sends silence that does not count in its position
        return packet, max(tick.utterance, 0)

    def pull(self) -> npt.NDArray[np.int16] | None:
        """20 ms of the answer as (960,) samples, 48 kHz mono, for a device without packets; None: nothing waits."""
        now_ns, tick = self._taken()
        self._mark(now_ns, tick)
        return tick.pcm

    def _taken(self, stamp: int | None = None) -> tuple[int, Tick]:
        """The next 20 ms and its moment: the marks are stamped with it, and a replay takes at the same moments."""
        now_ns, waiting = self.clock.now_ns(), not (self.playout.idle and self.chimes.idle)
        tick = self.chimes.over(self.playout.take(), self.playout.gain_db)
        if self._own_sound is not None:
            self._own_sound.played(tick.pcm, now_ns, stamp)
        if self.parts.recorder and (waiting or tick.marks):
            self.parts.recorder.pull(now_ns)
        return now_ns, tick

    def _mark(self, now_ns: int, tick: Tick) -> None:
        for mark in tick.marks:
            if mark.mark == "resumed":
                self.link.answer_at(mark.utterance, mark.position_ns)
            if mark.utterance > 0:
                self.deliver(PlayMark(now_ns, mark.utterance, mark.chunk, mark.mark, mark.position_ns))

    # ---------------------------------------------------------------------------------------------------------- the end

    def end(self, reason: str) -> None:
        """The last happening; closes nothing but this session's own work."""
        if self._ended:
            return
        self.deliver(SessionEnded(self.clock.now_ns(), reason))
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()
        self._hands.close()
        self.parts.ended(self)
