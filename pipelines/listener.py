"""The listening half of a conversation: from voice activity to words, and whether they are over.

Recognition starts in the pause, long before the turn is certain; so does looking, and as soon as the words are known
the answer is prepared. When the silence was long enough the words go to the answerer. If the wearer goes on instead,
all of that is forgotten, and the whole utterance is recognised again at the next pause.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipelines import conversation as floor
from pipelines.answerer import ADJUSTMENTS, Answerer
from pipelines.events import (
    MS,
    AskKeyFrame,
    Cancel,
    Duck,
    Earcon,
    Look,
    Looked,
    Noted,
    PausePlay,
    Resumed,
    SpeechPaused,
    SpeechStarted,
    Transcribe,
    Transcribed,
    VoiceWindow,
    WorkFailed,
)
from pipelines.hearing.segmenter import Segmenter
from pipelines.room import Room
from pipelines.thinking.answer import Answer
from pipelines.thinking.intent import Intent, complete, normal

PRE_ROLL_NS = 300 * MS  # the first consonant begins before voice activity sees it
NOT_UNDERSTOOD_EVERY_NS = 8_000 * MS  # say "I did not understand" at most this often: a radio must not start a chat
HEARING_FAILED = "the recogniser"  # how the reason begins if it is not the wearer's words that were at fault
NO = frozenset({"no", "no no", "nope", "no thanks", "no thank you", "don't", "please don't"})  # to a plan being read
WHOLE_SENTENCE_NS = 400 * MS  # shorter sounds that are no words are coughs, and get no answer


@dataclass(slots=True)
class Ear:
    """What is known of the utterance being heard. `answer`: prepared, not yet certain."""

    start_ns: int = 0
    end_ns: int = 0
    request: int = 0
    heard: Transcribed | None = None
    look_request: int = 0
    looked: Looked | None = None
    answer: Answer | None = None


class Listener:
    """Owns the segmenter, the ear, and the timers `utterance_max`, `transcript`, `turn_over` and `weigh`."""

    def __init__(self, room: Room, answerer: Answerer) -> None:
        self._room = room
        self._answerer = answerer
        self._segmenter = Segmenter(room.options.segmenter)
        self._last_refusal_ns = -NOT_UNDERSTOOD_EVERY_NS
        self.ear = Ear()

    # --------------------------------------------------------------------------------------------------------- at rest

    @property
    def at_rest(self) -> bool:
        return self._segmenter.silent

    def rest(self, resumed: Resumed) -> Resumed:
        """The same with this part's state written in."""
        segmenter = self._segmenter
        return replace(
            resumed,
            refused_ns=self._last_refusal_ns,
            voice_ns=segmenter.last_voice_ns,
            window_ns=segmenter.last_window_ns,
        )

    def stand(self, resumed: Resumed) -> None:
        """Stand where that was written."""
        self._last_refusal_ns = resumed.refused_ns
        self._segmenter.resume(resumed.voice_ns, resumed.window_ns)

    # --------------------------------------------------------------------------------------------------------- voice

    def on_voice(self, event: VoiceWindow) -> None:
        room = self._room
        changes = self._segmenter.feed(event)
        room.scribe.adopt(changes)
        for change in changes:
            if isinstance(change, SpeechStarted):
                self._began(change)
            elif isinstance(change, SpeechPaused):
                self._paused(change)
        certain_ns = room.options.general.turn.barge_certain_ms * MS
        if room.floor.state == floor.DOUBTING and self._segmenter.voiced_run_ns >= certain_ns:
            room.signal("voice_certain", f"{certain_ns // MS} ms of voice over the answer is no cough")
            room.scribe.emit(PausePlay, "the wearer is speaking", on=True)

    def _began(self, change: SpeechStarted) -> None:
        room = self._room
        general = room.options.general
        if room.floor.state in {floor.SETTLING, floor.WEIGHING}:
            self._unprepare("the wearer goes on speaking")
        else:
            self.ear = Ear(start_ns=change.media_ns)
            if general.look.key_frame_ask:
                room.scribe.emit(AskKeyFrame, "speech began: the frames from here on may be asked for")
        if room.floor.state == floor.SPEAKING:
            room.scribe.emit(Duck, "a voice over the answer", on=True)
        elif room.floor.state == floor.THINKING:
            room.scribe.emit(PausePlay, "the wearer speaks before the answer", on=True)
        room.signal("speech_started", "voice activity")
        since_ns = min(self.ear.start_ns, room.now_ns)  # a device may claim any time
        room.deadlines.set("utterance_max", since_ns + general.turn.utterance_max_ms * MS)

    def _paused(self, change: SpeechPaused) -> None:
        room = self._room
        room.deadlines.clear("utterance_max")
        if room.floor.state == floor.DOUBTING:
            room.scribe.emit(PausePlay, "a short sound: a cough, or a short word?", on=True)
        self.ear.end_ns = change.media_ns
        self._hear_out("a pause")
        room.signal("speech_paused", "the wearer paused; are the words finished?")
        if room.floor.state == floor.WEIGHING:
            room.deadlines.set("weigh", room.now_ns + room.options.general.turn.weigh_timeout_ms * MS)
        else:
            self._look_along()

    def too_long(self) -> None:
        """Sound without a pause: a fan, a radio. No turn comes of it."""
        room, reason = self._room, "utterance too long"
        room.scribe.emit(Noted, "sound without a pause for too long: no turn", what=reason)
        self._segmenter = Segmenter(room.options.segmenter)
        if room.floor.state == floor.HEARING:
            room.signal("speech_paused", reason)
            room.signal("nothing_said", reason)
        elif room.floor.state in {floor.DOUBTING, floor.YIELDING}:
            room.signal("speech_paused", reason)
            self.resume(reason)

    # --------------------------------------------------------------------------------------------------------- words

    def _hear_out(self, reason: str) -> None:
        """Recognise what was said so far, in the pause: if it was the end, the words are ready in time."""
        room, ear = self._room, self.ear
        ear.heard = None
        ear.request = room.scribe.number()
        start_ns = max(0, ear.start_ns - PRE_ROLL_NS)
        end_ns = max(ear.end_ns, room.now_ns)
        room.scribe.emit(Transcribe, reason, request=ear.request, start_ns=start_ns, end_ns=end_ns)
        room.deadlines.set("transcript", room.now_ns + room.options.general.turn.transcript_timeout_ms * MS)

    def _look_along(self) -> None:
        """Score the frames of this utterance while its words are being recognised; most questions need one."""
        room, ear = self._room, self.ear
        if not room.has_camera:
            return
        options = room.options.general.look
        ear.looked = None
        ear.look_request = room.scribe.number()
        room.scribe.emit(
            Look,
            "the frames around these words, in case they are meant",
            request=ear.look_request,
            turn=self._answerer.next_turn,
            start_ns=max(0, ear.start_ns - options.before_ms * MS),
            end_ns=ear.end_ns + options.after_ms * MS,
        )

    def on_transcribed(self, event: Transcribed) -> None:
        room = self._room
        if event.request != self.ear.request or room.floor.state not in {floor.SETTLING, floor.WEIGHING}:
            return
        room.deadlines.clear("transcript")
        self.ear.heard = event
        intent = self._answerer.understand(event.text) if event.accepted else Intent("none", "unknown")
        if room.floor.state == floor.WEIGHING and self._weighed(intent):
            return
        turn = room.options.general.turn
        if not event.accepted:
            wait_ms, why = turn.unknown_silence_ms, f"not understood: {event.why or 'no words'}"
        elif complete(intent):
            wait_ms, why = turn.complete_silence_ms, f"a whole command: {intent.label}"
        else:
            wait_ms, why = turn.open_silence_ms, f"an open question: {intent.label}"
        if event.accepted and not self._answerer.permission.at_rest and intent.kind != "control":
            wait_ms, why = turn.open_silence_ms, "words that may be about the plan"
        wait_ms = turn.end_silence_ms or wait_ms
        room.scribe.emit(Noted, f"{why}; the turn ends after {wait_ms} ms of silence", what="end of turn")
        steers = intent.kind in {"control", "backchannel", "none"} or not self._answerer.permission.at_rest
        if event.accepted and not steers:
            self._prepare(intent, event.text)
        else:
            self._look_no_more("nothing was asked")
        room.deadlines.set("turn_over", max(room.now_ns, self.ear.end_ns + wait_ms * MS))

    def on_work_failed(self, event: WorkFailed) -> bool:
        """True if the failed work was ours."""
        if event.kind == "transcribe":
            self.on_transcribed(Transcribed(event.t_ns, event.request, "", False, f"{HEARING_FAILED} failed"))
            return True
        if event.request == self.ear.look_request and self.ear.answer is None:
            self.ear.look_request = 0
            return True
        return False

    def on_looked(self, event: Looked) -> bool:
        """True if it is the look that goes along with the words being heard, and no answer waits for it yet."""
        if event.request == self.ear.look_request and self.ear.answer is None:
            self.ear.looked = event
            return True
        return False

    def transcript_late(self) -> None:
        heard = Transcribed(self._room.now_ns, self.ear.request, "", False, f"{HEARING_FAILED} took too long")
        self.ear.heard = heard
        self.turn_over()

    # ------------------------------------------------------------------------------------------- is the turn over?

    def _weighed(self, intent: Intent) -> bool:
        """What was said over an answer: words that act at once, or words that leave it alone. True if dealt with."""
        if intent.kind == "control" and intent.name in {"stop", "wait"}:
            self._room.deadlines.clear("weigh")
            self.control(intent)
            return True
        if intent.name == "answer_now":
            room_was = self._room.floor.state
            self._room.deadlines.clear("weigh")
            self.control(intent)
            if self._room.floor.state == room_was:
                self.resume("nothing is being thought about")
            return True
        if intent.name == "progress" and self._answerer.tell_progress():
            self.resume("asked how far it is")
            return True
        if not self._answerer.permission.at_rest and self.ear.heard and normal(self.ear.heard.text) in NO:
            self._room.deadlines.clear("weigh")
            self.control(Intent("control", "stop"))
            return True
        if not self._answerer.permission.at_rest and intent.kind not in {"none", "backchannel"}:
            self.resume("the plan has not been read to its end: too early to decide")
            return True
        if intent.name in ADJUSTMENTS:
            self.resume(self._answerer.adjust(intent.name))
            return True
        if intent.kind in {"backchannel", "none"}:
            self.resume("those words do not interrupt" if intent.kind == "backchannel" else "no words I know")
            return True
        self._room.deadlines.clear("weigh")
        return False

    def resume(self, reason: str) -> None:
        """Go on with the answer from the word that was reached."""
        room = self._room
        room.deadlines.clear("weigh", "transcript", "turn_over")
        self.ear = Ear()
        room.signal("resume_speaking" if self._answerer.sounds else "resume_thinking", reason)
        room.loud_again(reason)

    def _prepare(self, intent: Intent, text: str) -> None:
        """Begin the answer while the turn is not yet certain: on the device only, nothing said, nothing sent."""
        ear = self.ear
        question = self._answerer.question(text, intent, ear.start_ns, ear.end_ns)
        ear.answer = self._answerer.make(question)
        ear.answer.begin(ear.looked, ear.look_request)
        if not ear.answer.waits_for(ear.look_request):
            self._look_no_more("these words need no picture")

    def _look_no_more(self, reason: str) -> None:
        """The look that went along is not needed: whoever needs the lane next shall not wait for it."""
        if self.ear.look_request and self.ear.looked is None:
            self._room.scribe.emit(Cancel, reason, request=self.ear.look_request, kind="look")
            self.ear.look_request = 0

    def _unprepare(self, reason: str) -> None:
        room, ear = self._room, self.ear
        room.deadlines.clear("turn_over", "transcript", "weigh")
        if ear.request and ear.heard is None:
            room.scribe.emit(Cancel, reason, request=ear.request, kind="transcribe")
        if ear.answer is not None:
            ear.answer.cancel(reason)
        elif ear.look_request and ear.looked is None:
            room.scribe.emit(Cancel, reason, request=ear.look_request, kind="look")
        self.ear = Ear(start_ns=ear.start_ns, end_ns=ear.end_ns)

    def forget(self, reason: str) -> None:
        """Nothing that was being heard counts any more."""
        self._unprepare(reason)
        self._room.deadlines.clear("utterance_max")
        self._segmenter = Segmenter(self._room.options.segmenter)
        self.ear = Ear()

    def turn_over(self) -> None:
        """The silence was long enough: act on the words."""
        heard = self.ear.heard
        if heard is None:
            return
        if not heard.accepted:
            self._not_understood(heard)
            return
        self._act(heard.text, "")

    def _act(self, text: str, reason: str) -> None:
        """Words that are certain: do what they say."""
        ear, typed = self.ear, reason == "typed"
        intent = self._answerer.understand(text)
        if intent.kind != "control" and self._answerer.decide(text, ear.start_ns, 0 if typed else ear.end_ns):
            self._room.deadlines.clear("turn_over", "transcript", "weigh")
            self.ear = Ear()
        elif intent.kind in {"control", "backchannel"}:
            self.control(intent)
        else:
            self.open_turn(text, intent, reason)

    def _not_understood(self, heard: Transcribed) -> None:
        room, ear = self._room, self.ear
        reason = f"not understood: {heard.why or 'no words'}"
        if room.floor.state == floor.WEIGHING:
            self.resume(reason)
            return
        recent = room.now_ns - self._last_refusal_ns < NOT_UNDERSTOOD_EVERY_NS
        if heard.why.startswith(HEARING_FAILED):
            self.open_turn("", Intent("status", "hearing_failed"), reason)
            return
        if heard.why.startswith("no speech") or ear.end_ns - ear.start_ns < WHOLE_SENTENCE_NS or recent:
            room.scribe.emit(Noted, reason, what="nothing said")
            self._unprepare(reason)
            room.signal("nothing_said", reason)
            if recent and room.options.general.speaking.earcons:
                room.scribe.emit(Earcon, reason, name="failed")
            return
        self._last_refusal_ns = room.now_ns
        self.open_turn("", Intent("status", "not_understood"), reason)

    def open_turn(self, text: str, intent: Intent, reason: str = "") -> None:
        """Hand the words to the answerer, with the answer as far as it is prepared."""
        self._room.deadlines.clear("turn_over", "transcript", "weigh")
        ear, self.ear = self.ear, Ear()
        question = self._answerer.question(text, intent, ear.start_ns, ear.end_ns)
        why = reason or "the words are whole and the pause is long enough"
        self._answerer.open(question, ear.answer, ear.looked, ear.look_request, why)

    def control(self, intent: Intent) -> None:
        """Words that steer: they act now, without a model."""
        self._room.deadlines.clear("turn_over", "transcript", "weigh")
        self.ear = Ear()
        self._answerer.control(intent)

    def typed(self, text: str) -> None:
        """A typed question is whole as it comes."""
        self._unprepare("a typed question")
        self.ear = Ear(start_ns=self._room.now_ns, end_ns=self._room.now_ns)
        self._act(text, "typed")
