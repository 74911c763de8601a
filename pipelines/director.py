"""The director: routes each happening to the deciders, keeps their timers, and hands out what they decide.

Feed it happenings in order of `t_ns`; it returns decisions. A timer that is due at or before the next happening is
delivered first, stamped with its *deadline*, so a late callback changes nothing and a replay decides as the live
session did. The same object runs live, in `companion ask` and in replay; it reads no clock and touches nothing outside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pipelines import conversation as floor
from pipelines.conversation import Conversation
from pipelines.events import (
    MS,
    AskKeyFrame,
    Cancel,
    Caption,
    ChunkVoiced,
    CodesRead,
    Decision,
    DeviceEvent,
    Duck,
    Earcon,
    Happening,
    HeardMark,
    LinkChanged,
    Look,
    Looked,
    ModelDone,
    ModelFailed,
    ModelText,
    Noted,
    PausePlay,
    PlayMark,
    SessionEnded,
    SessionStarted,
    SetVolume,
    SpeechPaused,
    SpeechStarted,
    StateChanged,
    TextRead,
    Transcribe,
    Transcribed,
    TurnClosed,
    TurnOpened,
    Typed,
    VoiceWindow,
    WorkFailed,
)
from pipelines.hearing.segmenter import Segmenter, SegmenterOptions
from pipelines.scribe import Deadlines, Scribe
from pipelines.seeing.choice import ChoiceOptions
from pipelines.speaking.mouth import Mouth, Utterance
from pipelines.thinking import wording
from pipelines.thinking.answer import Answer, Question, World
from pipelines.thinking.greeting import Greeting
from pipelines.thinking.history import Entry, History
from pipelines.thinking.intent import Intent, complete, understand
from pipelines.thinking.options import Options

PRE_ROLL_NS = 300 * MS  # the first consonant begins before voice activity sees it
NOT_UNDERSTOOD_EVERY_NS = 8_000 * MS  # say "I did not understand" at most this often: a radio must not start a chat
WHOLE_SENTENCE_NS = 400 * MS  # shorter sounds that are no words are coughs, and get no answer


@dataclass(slots=True)
class _Ear:
    """What is known of the utterance being heard."""

    start_ns: int = 0
    end_ns: int = 0
    request: int = 0
    heard: Transcribed | None = None
    look_request: int = 0
    looked: Looked | None = None
    answer: Answer | None = None  # prepared, not yet certain


@dataclass(slots=True)
class _Setup:
    """What the session said of itself at the start."""

    model: str = ""
    closed_vocabulary: bool = False
    recording: bool = True
    link: LinkChanged | None = None


@dataclass(slots=True)
class _Loudness:
    gain_db: float = 0.0


@dataclass(frozen=True, slots=True)
class DirectorOptions:
    """The options of every decider, together."""

    general: Options = field(default_factory=Options)
    segmenter: SegmenterOptions = field(default_factory=SegmenterOptions)
    choice: ChoiceOptions = field(default_factory=ChoiceOptions)


class Director:
    """`feed(happening) -> decisions`; `next_deadline_ns()` says when to call `wake` if nothing happens before."""

    def __init__(self, options: DirectorOptions | None = None) -> None:
        self.options = options or DirectorOptions()
        general = self.options.general
        self._scribe = Scribe()
        self._deadlines = Deadlines()
        self._floor = Conversation()
        self._segmenter = Segmenter(self.options.segmenter)
        self._mouth = Mouth(self._scribe, general.speaking)
        self._history = History()
        self._setup = _Setup()
        self._ear = _Ear()
        self._answer: Answer | None = None
        self._greeting: Greeting | None = None
        self._turn = 0
        self._held_by_wearer = False
        self._loudness = _Loudness()
        self._last_refusal_ns = -NOT_UNDERSTOOD_EVERY_NS
        self._last_said: tuple[str, str] = ("", "")

    # ------------------------------------------------------------------------------------------------------- the door

    @property
    def state(self) -> str:
        return self._floor.state

    @property
    def history(self) -> History:
        return self._history

    def next_deadline_ns(self) -> int | None:
        return self._deadlines.next_ns()

    def wake(self, now_ns: int) -> list[Decision]:
        """Deliver every deadline up to now."""
        self._run_deadlines(now_ns)
        return self._scribe.take()

    def feed(self, event: Happening) -> list[Decision]:
        """One happening in, decisions out. Deadlines up to `event.t_ns` come first."""
        self._run_deadlines(event.t_ns)
        self._scribe.now_ns = event.t_ns
        handler = self._HANDLERS.get(type(event))
        if handler is not None:
            handler(self, event)
        return self._scribe.take()

    def _run_deadlines(self, until_ns: int) -> None:
        while (due := self._deadlines.pop(until_ns)) is not None:
            name, self._scribe.now_ns = due
            self._TIMERS[name](self)

    def _signal(self, name: str, reason: str) -> None:
        old, new = self._floor.signal(name)
        if old != new:
            self._scribe.emit(StateChanged, reason, old=old, new=new, signal=name)

    def _world(self) -> World:
        link = self._setup.link
        return World(
            self._scribe,
            self.options.general,
            self.options.choice,
            self._history,
            self._setup.model,
            self._setup.closed_vocabulary,
            bool(link and link.camera),
        )

    # ------------------------------------------------------------------------------------------- session, link, device

    def _on_started(self, event: SessionStarted) -> None:
        self._setup = _Setup(event.model, event.closed_vocabulary, event.recording)

    def _on_link(self, event: LinkChanged) -> None:
        self._setup.link = event
        if event.state == "connected":
            self._signal("connected", "a device is here")
            speaking = self.options.general.speaking
            if speaking.greet and self._greeting is None and event.speaker:
                self._greeting = Greeting(self._world(), self._setup.recording)
                self._deadlines.set("greet", event.t_ns + speaking.greet_after_ms * MS)
        elif self._floor.can("link_lost"):
            self._drop_answer("the device is gone", "interrupted")
            self._forget_ear("the device is gone")
            self._signal("link_lost", event.detail or f"link {event.state}")

    def _on_ended(self, event: SessionEnded) -> None:
        self._drop_answer("the session ends", "interrupted")
        self._forget_ear("the session ends")
        self._deadlines = Deadlines()
        self._signal("ended", event.reason or "the session ends")

    def _on_device(self, event: DeviceEvent) -> None:
        if event.kind == "tap" and self._floor.state in floor.ANSWERING:
            self._drop_answer("the wearer tapped", "stopped")
            self._signal("dropped", "the wearer tapped")

    def _greet_look(self) -> None:
        if self._greeting is not None and self._floor.state == floor.LISTENING:
            self._greeting.look(self._setup.link)
            self._greet_if_ready()

    def _greet_if_ready(self) -> None:
        greeting = self._greeting
        if greeting is None or greeting.said or not greeting.ready:
            return
        greeting.said = True
        if self._floor.state != floor.LISTENING:
            self._scribe.emit(Noted, "the wearer spoke before the greeting", what="greeting skipped")
            return
        self._say_now(greeting.text(), "status", True, turn=0)

    # -------------------------------------------------------------------------------------------------------- hearing

    def _on_voice(self, event: VoiceWindow) -> None:
        if self._greeting is not None:
            self._greeting.hears = True
        changes = self._segmenter.feed(event)
        self._scribe.adopt(changes)
        for change in changes:
            if isinstance(change, SpeechStarted):
                self._voice_began(change)
            elif isinstance(change, SpeechPaused):
                self._voice_paused(change)
        certain_ns = self.options.general.turn.barge_certain_ms * MS
        if self._floor.state == floor.DOUBTING and self._segmenter.voiced_run_ns >= certain_ns:
            self._signal("voice_certain", f"{certain_ns // MS} ms of voice over the answer is no cough")
            self._scribe.emit(PausePlay, "the wearer is speaking", on=True)

    def _voice_began(self, change: SpeechStarted) -> None:
        goes_on = self._floor.state in {floor.SETTLING, floor.WEIGHING}
        if goes_on:
            self._unprepare("the wearer goes on speaking")
        else:
            self._ear = _Ear(start_ns=change.media_ns)
            if self.options.general.look.key_frame_ask:
                self._scribe.emit(AskKeyFrame, "speech began: the frames from here on may be asked for")
        if self._floor.state == floor.SPEAKING:
            self._scribe.emit(Duck, "a voice over the answer", on=True)
        elif self._floor.state == floor.THINKING:
            self._scribe.emit(PausePlay, "the wearer speaks before the answer", on=True)
        self._signal("speech_started", "voice activity")
        limit = self.options.general.turn.utterance_max_ms
        self._deadlines.set("utterance_max", self._ear.start_ns + limit * MS)

    def _voice_paused(self, change: SpeechPaused) -> None:
        self._deadlines.clear("utterance_max")
        if self._floor.state == floor.DOUBTING:
            self._scribe.emit(PausePlay, "a short sound: a cough, or a short word?", on=True)
        self._ear.end_ns = change.media_ns
        self._hear_out("a pause")
        self._signal("speech_paused", "the wearer paused; are the words finished?")
        if self._floor.state == floor.WEIGHING:
            self._deadlines.set("weigh", self._scribe.now_ns + self.options.general.turn.weigh_timeout_ms * MS)
        else:
            self._look_along()

    def _hear_out(self, reason: str) -> None:
        """Recognise what was said so far, in the pause: if it was the end, the words are ready in time."""
        ear = self._ear
        ear.heard = None
        ear.request = self._scribe.number()
        start_ns = max(0, ear.start_ns - PRE_ROLL_NS)
        end_ns = max(ear.end_ns, self._scribe.now_ns)
        self._scribe.emit(Transcribe, reason, request=ear.request, start_ns=start_ns, end_ns=end_ns)
        timeout = self.options.general.turn.transcript_timeout_ms
        self._deadlines.set("transcript", self._scribe.now_ns + timeout * MS)

    def _look_along(self) -> None:
        """Score the frames of this utterance while its words are being recognised; most questions need one."""
        if not (self._setup.link and self._setup.link.camera):
            return
        options, ear = self.options.general.look, self._ear
        ear.looked = None
        ear.look_request = self._scribe.number()
        self._scribe.emit(
            Look,
            "the frames around these words, in case they are meant",
            request=ear.look_request,
            turn=self._turn + 1,
            start_ns=max(0, ear.start_ns - options.before_ms * MS),
            end_ns=ear.end_ns + options.after_ms * MS,
        )

    def _too_long(self) -> None:
        self._scribe.emit(Noted, "sound without a pause for too long: no turn", what="utterance too long")
        self._segmenter = Segmenter(self.options.segmenter)
        if self._floor.state == floor.HEARING:
            self._signal("speech_paused", "utterance too long")
            self._signal("nothing_said", "utterance too long")
        elif self._floor.state in {floor.DOUBTING, floor.YIELDING}:
            self._resume("utterance too long")

    def _on_transcribed(self, event: Transcribed) -> None:
        if event.request != self._ear.request or self._floor.state not in {floor.SETTLING, floor.WEIGHING}:
            return
        self._deadlines.clear("transcript")
        self._ear.heard = event
        intent = understand(event.text) if event.accepted else Intent("none", "unknown")
        if self._floor.state == floor.WEIGHING and self._weighed(intent):
            return
        turn = self.options.general.turn
        if not event.accepted:
            wait_ms, why = turn.unknown_silence_ms, f"not understood: {event.why or 'no words'}"
        elif complete(intent):
            wait_ms, why = turn.complete_silence_ms, f"a whole command: {intent.label}"
        else:
            wait_ms, why = turn.open_silence_ms, f"an open question: {intent.label}"
        self._scribe.emit(Noted, f"{why}; the turn ends after {wait_ms} ms of silence", what="end of turn")
        if event.accepted and intent.kind not in {"control", "backchannel", "none"}:
            self._prepare(intent, event.text)
        self._deadlines.set("turn_over", max(self._scribe.now_ns, self._ear.end_ns + wait_ms * MS))

    def _weighed(self, intent: Intent) -> bool:
        """What was said over an answer: words that act at once, or words that leave it alone. True if dealt with."""
        if intent.kind == "control" and intent.name in {"stop", "wait"}:
            self._deadlines.clear("weigh")
            self._control(intent)
            return True
        if intent.kind in {"backchannel", "none"}:
            self._resume("those words do not interrupt" if intent.kind == "backchannel" else "no words I know")
            return True
        self._deadlines.clear("weigh")
        return False

    def _resume(self, reason: str) -> None:
        """Go on with the answer from the word that was reached."""
        self._deadlines.clear("weigh", "transcript", "turn_over")
        self._ear = _Ear()
        current = self._mouth.current
        if self._floor.state in {floor.DOUBTING, floor.YIELDING}:
            if self._floor.state == floor.DOUBTING:
                self._signal("voice_certain", reason)
            self._signal("speech_paused", reason)
        self._signal("resume_speaking" if current is not None and current.started else "resume_thinking", reason)
        self._loud_again(reason)

    # ------------------------------------------------------------------------------------------------------ the turn

    def _prepare(self, intent: Intent, text: str) -> None:
        """Begin the answer while the turn is not yet certain: on the device only, nothing said, nothing sent."""
        ear = self._ear
        question = Question(self._turn + 1, text, intent, ear.start_ns, ear.end_ns)
        ear.answer = Answer(self._world(), question, self._say_answer)
        ear.answer.begin(ear.looked, ear.look_request)

    def _unprepare(self, reason: str) -> None:
        self._deadlines.clear("turn_over", "transcript", "weigh")
        if self._ear.request and self._ear.heard is None:
            self._scribe.emit(Cancel, reason, request=self._ear.request, kind="transcribe")
        if self._ear.answer is not None:
            self._ear.answer.cancel(reason)
        elif self._ear.look_request and self._ear.looked is None:
            self._scribe.emit(Cancel, reason, request=self._ear.look_request, kind="look")
        self._ear.answer, self._ear.heard, self._ear.request = None, None, 0
        self._ear.looked, self._ear.look_request = None, 0

    def _forget_ear(self, reason: str) -> None:
        self._unprepare(reason)
        self._deadlines.clear("utterance_max")
        self._segmenter = Segmenter(self.options.segmenter)
        self._ear = _Ear()

    def _transcript_late(self) -> None:
        self._ear.heard = Transcribed(self._scribe.now_ns, self._ear.request, "", False, "the recogniser took too long")
        self._turn_over()

    def _turn_over(self) -> None:
        """The silence was long enough: act on the words."""
        ear, heard = self._ear, self._ear.heard
        if heard is None:
            return
        if not heard.accepted:
            self._not_understood(heard)
            return
        intent = understand(heard.text)
        if intent.kind in {"control", "backchannel"}:
            self._control(intent)
            return
        self._open_turn(heard.text, intent, ear.answer)

    def _not_understood(self, heard: Transcribed) -> None:
        ear, now_ns = self._ear, self._scribe.now_ns
        reason = f"not understood: {heard.why or 'no words'}"
        if self._floor.state == floor.WEIGHING:
            self._resume(reason)
            return
        recent = now_ns - self._last_refusal_ns < NOT_UNDERSTOOD_EVERY_NS
        if heard.why.startswith("no speech") or ear.end_ns - ear.start_ns < WHOLE_SENTENCE_NS or recent:
            self._scribe.emit(Noted, reason, what="nothing said")
            self._unprepare(reason)
            self._signal("nothing_said", reason)
            if recent and self.options.general.speaking.earcons:
                self._scribe.emit(Earcon, reason, name="failed")
            return
        self._last_refusal_ns = now_ns
        self._open_turn("", Intent("status", "not_understood"), None, reason)

    def _open_turn(self, text: str, intent: Intent, prepared: Answer | None, reason: str = "") -> None:
        self._deadlines.clear("turn_over", "transcript", "weigh")
        if self._answer is not None or self._mouth.current is not None:
            self._drop_answer("the wearer asked something else", "interrupted")
        self._turn += 1
        ear = self._ear
        self._scribe.emit(
            TurnOpened,
            reason or "the words are whole and the pause is long enough",
            turn=self._turn,
            text=text,
            intent=intent.label,
            speech_start_ns=ear.start_ns,
            speech_end_ns=ear.end_ns,
        )
        if text:
            self._scribe.emit(Caption, "what was understood", who="wearer", text=text)
        self._signal("turn_over", intent.label)
        limit = self.options.general.turn.answer_timeout_ms
        self._deadlines.set("answer_timeout", self._scribe.now_ns + limit * MS)
        if prepared is None:
            question = Question(self._turn, text, intent, ear.start_ns, ear.end_ns)
            prepared = Answer(self._world(), question, self._say_answer)
            prepared.begin(ear.looked, ear.look_request)
        self._answer = prepared
        self._ear = _Ear()
        prepared.confirm()

    def _on_typed(self, event: Typed) -> None:
        self._unprepare("a typed question")
        now = event.t_ns
        self._ear = _Ear(start_ns=now, end_ns=now)
        intent = understand(event.text)
        if intent.kind in {"control", "backchannel"}:
            self._control(intent)
        else:
            self._open_turn(event.text, intent, None, "typed")

    def _control(self, intent: Intent) -> None:
        """Words that steer: they act now, without a model."""
        self._deadlines.clear("turn_over", "transcript", "weigh")
        self._ear = _Ear()
        answering = self._answer is not None or self._mouth.current is not None
        if intent.name == "stop" or (intent.name == "wait" and not answering):
            self._stop("the wearer said stop")
        elif intent.name == "wait":
            self._held_by_wearer = True
            self._scribe.emit(PausePlay, "the wearer said wait", on=True)
            self._signal("dropped" if self._floor.can("dropped") else "nothing_said", "the wearer said wait")
        elif intent.name == "go_on" and self._held_by_wearer:
            self._held_by_wearer = False
            self._leave_settling("go on")
            self._signal("answer_sounds", "the wearer said go on")
            self._loud_again("the wearer said go on")
        elif intent.name in {"again", "go_on"}:
            text, kind = self._last_said
            self._small_turn(intent, text or wording.NOTHING_TO_REPEAT, kind or "status")
        elif intent.kind == "control":
            self._small_turn(intent, self._adjust(intent.name), "status")
        else:
            self._leave_settling("nothing to do")

    def _leave_settling(self, reason: str) -> None:
        if self._floor.state == floor.SETTLING:
            self._signal("nothing_said", reason)

    def _stop(self, reason: str) -> None:
        dropped = self._drop_answer(reason, "stopped")
        if self._floor.can("dropped"):
            self._signal("dropped", reason)
        else:
            self._leave_settling(reason)
        if not dropped:
            self._scribe.emit(Noted, reason, what="nothing to stop")

    def _small_turn(self, intent: Intent, text: str, kind: str) -> None:
        """A turn whose whole answer is known already."""
        if self._answer is not None or self._mouth.current is not None:
            self._drop_answer("the wearer asked something else", "interrupted")
        self._turn += 1
        self._scribe.emit(TurnOpened, "a command", turn=self._turn, text=intent.name, intent=intent.label)
        self._signal("turn_over", intent.label)
        self._history.add(Entry(self._turn, self._scribe.now_ns, intent.name, kind=kind))
        self._say_now(text, kind, True, turn=self._turn)

    def _adjust(self, name: str) -> str:
        speaking = self.options.general.speaking
        if name in {"louder", "quieter"}:
            step = speaking.volume_step_db if name == "louder" else -speaking.volume_step_db
            self._loudness.gain_db = max(-24.0, min(12.0, self._loudness.gain_db + step))
            self._scribe.emit(SetVolume, f"the wearer said {name}", gain_db=self._loudness.gain_db)
        else:
            step_wpm = speaking.rate_step_wpm if name == "faster" else -speaking.rate_step_wpm
            self._mouth.rate_wpm = max(80, min(400, self._mouth.rate_wpm + step_wpm))
        return name.capitalize() + "."

    def _answer_late(self) -> None:
        answer = self._answer
        if answer is not None and (self._mouth.current is None or not self._mouth.current.started):
            answer.cancel("took too long")
            self._say_answer(wording.TOO_SLOW, "failure", True)

    # ------------------------------------------------------------------------------------------------------ answering

    def _say_answer(self, text: str, kind: str, last: bool) -> None:
        turn = self._answer.question.turn if self._answer is not None else self._turn
        self._say_now(text, kind, last, turn)

    def _say_now(self, text: str, kind: str, last: bool, turn: int) -> None:
        utterance = self._mouth.current
        if utterance is None or utterance.turn != turn or utterance.complete:
            utterance = self._mouth.begin(turn, kind)
        self._mouth.say(utterance, text, f"{kind} for turn {turn}" if turn else kind, last)
        if text:
            self._scribe.emit(Caption, "spoken", who="companion", text=text)

    def _on_looked(self, event: Looked) -> None:
        if self._greeting is not None and self._greeting.waits_for(event.request):
            self._greeting.on_looked(event)
            self._greet_if_ready()
        elif event.request == self._ear.look_request and self._ear.answer is None:
            self._ear.looked = event
        elif (answer := self._owner(event.request)) is not None:
            answer.on_looked(event)

    def _on_text(self, event: TextRead) -> None:
        if self._greeting is not None and self._greeting.waits_for(event.request):
            self._greeting.on_text(event)
            self._greet_if_ready()
        elif (answer := self._owner(event.request)) is not None:
            answer.on_text(event)

    def _on_codes(self, event: CodesRead) -> None:
        if (answer := self._owner(event.request)) is not None:
            answer.on_codes(event)

    def _on_model_text(self, event: ModelText) -> None:
        if (answer := self._owner(event.request)) is not None:
            answer.on_model_text(event)

    def _on_model_done(self, event: ModelDone) -> None:
        if (answer := self._owner(event.request)) is not None:
            answer.on_model_done(event)

    def _on_model_failed(self, event: ModelFailed) -> None:
        if (answer := self._owner(event.request)) is not None:
            answer.on_model_failed(event)

    def _on_work_failed(self, event: WorkFailed) -> None:
        if self._greeting is not None and self._greeting.waits_for(event.request):
            self._greeting.on_failed(event)
            self._greet_if_ready()
        elif event.kind == "transcribe":
            failed = Transcribed(event.t_ns, event.request, "", False, "the recogniser failed")
            self._on_transcribed(failed)
        elif event.kind == "voice" and (utterance := self._mouth.find(event.request)) is not None:
            self._voice_failed(utterance)
        elif event.request == self._ear.look_request and self._ear.answer is None:
            self._ear.look_request = 0
        elif (answer := self._owner(event.request)) is not None:
            answer.on_work_failed(event)

    def _voice_failed(self, utterance: Utterance) -> None:
        """No voice works: the words stay on the caption, and the turn ends."""
        if self._mouth.current is utterance:
            self._drop_answer("no voice could say it", "failed")
            if self._floor.can("dropped"):
                self._signal("dropped", "no voice could say it")

    def _owner(self, request: int) -> Answer | None:
        for answer in (self._answer, self._ear.answer):
            if answer is not None and answer.waits_for(request):
                return answer
        return None

    def _drop_answer(self, reason: str, outcome: str) -> bool:
        """End what is being said or made. History keeps what the ear got of it. True if there was something."""
        answer, self._answer = self._answer, None
        utterance = self._mouth.drop(reason)
        self._held_by_wearer = False
        self._deadlines.clear("answer_timeout")
        if answer is not None:
            answer.cancel(reason)
            self._remember(answer, utterance.heard() if utterance else "")
        if utterance is not None or self._floor.state in floor.OVERLAP:
            self._loud_again(reason)
        turn = answer.question.turn if answer else utterance.turn if utterance else 0
        if turn:
            said, heard = (utterance.said, utterance.heard()) if utterance else ("", "")
            self._scribe.emit(TurnClosed, reason, turn=turn, outcome=outcome, said=said, heard=heard)
        return answer is not None or utterance is not None

    def _remember(self, answer: Answer, heard: str) -> None:
        q = answer.question
        kind = "model" if answer.sent_to else q.intent.kind
        self._history.add(Entry(q.turn, self._scribe.now_ns, q.text, heard, kind, answer.lines, answer.codes))

    def _on_voiced(self, event: ChunkVoiced) -> None:
        self._mouth.voiced(event)

    def _on_play(self, event: PlayMark) -> None:
        utterance = self._mouth.find(event.utterance)
        if utterance is None:
            return
        utterance.position_ns = max(utterance.position_ns, event.position_ns)
        if event.mark == "started" and not utterance.started:
            utterance.started = True
            if self._mouth.current is utterance:
                self._deadlines.clear("answer_timeout")
                if self._floor.can("answer_sounds"):
                    self._signal("answer_sounds", "the answer is on its way to the ear")
        elif event.mark == "stopped":
            self._history.cut(utterance.turn, utterance.heard())
        elif event.mark == "finished" and self._mouth.current is utterance and utterance.complete:
            self._answer_done(utterance)

    def _answer_done(self, utterance: Utterance) -> None:
        answer, self._answer = self._answer, None
        self._mouth.done(utterance)
        if answer is not None:
            self._remember(answer, utterance.said)
        else:
            self._history.cut(utterance.turn, utterance.said)
        if utterance.turn:
            self._last_said = (utterance.said, utterance.kind)
            outcome = "failed" if utterance.kind == "failure" else "answered"
            self._scribe.emit(
                TurnClosed,
                "said to the end",
                turn=utterance.turn,
                outcome=outcome,
                said=utterance.said,
                heard=utterance.said,
            )
        if self._floor.state in floor.OVERLAP:
            self._loud_again("said to the end")
        if self._floor.can("answer_done"):
            self._signal("answer_done", "said to the end")

    def _loud_again(self, reason: str) -> None:
        """Whatever is said next is said aloud and not held."""
        self._scribe.emit(Duck, reason, on=False)
        self._scribe.emit(PausePlay, reason, on=False)

    def _on_heard(self, event: HeardMark) -> None:
        """The device's own word on what reached the ear: where it got less than we sent, history is cut to that."""
        utterance = self._mouth.find(event.utterance)
        if utterance is None or event.mark != "last" or self._mouth.current is utterance:
            return
        heard = utterance.heard(event.position_ns)
        if utterance.turn and len(heard.split()) < len(utterance.heard().split()):
            self._history.cut(utterance.turn, heard)
            self._scribe.emit(Noted, f"the ear got: {heard!r}", what="heard less")

    _HANDLERS: ClassVar[dict[type[Happening], Callable[[Director, Any], None]]] = {
        SessionStarted: _on_started,
        LinkChanged: _on_link,
        SessionEnded: _on_ended,
        DeviceEvent: _on_device,
        VoiceWindow: _on_voice,
        Transcribed: _on_transcribed,
        Looked: _on_looked,
        TextRead: _on_text,
        CodesRead: _on_codes,
        ModelText: _on_model_text,
        ModelDone: _on_model_done,
        ModelFailed: _on_model_failed,
        WorkFailed: _on_work_failed,
        ChunkVoiced: _on_voiced,
        PlayMark: _on_play,
        HeardMark: _on_heard,
        Typed: _on_typed,
    }
    _TIMERS: ClassVar[dict[str, Callable[[Director], None]]] = {
        "greet": _greet_look,
        "utterance_max": _too_long,
        "turn_over": _turn_over,
        "transcript": _transcript_late,
        "weigh": lambda self: self._resume("no words within the time"),
        "answer_timeout": _answer_late,
    }
