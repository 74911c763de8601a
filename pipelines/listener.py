"""The listening half of a conversation: from voice activity to words, and whether they are over.

Recognition starts in the pause, long before the turn is certain; so does looking, and as soon as the words are known
the answer is prepared, and may even ask a model. When the silence was long enough the words go to the answerer. If the
wearer goes on instead, all of that is forgotten, and the whole utterance is recognised again at the next pause; that
holds for a moment after the turn seemed over as well, as long as nothing has sounded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipelines import conversation as floor
from pipelines.answerer import Answerer
from pipelines.ear import NOT_FOR_US, Ear, meant, tail
from pipelines.events import (
    MS,
    AskKeyFrame,
    Cancel,
    Duck,
    Look,
    Looked,
    Noted,
    PausePlay,
    Resumed,
    ScoreTurn,
    SpeechPaused,
    SpeechStarted,
    Transcribe,
    Transcribed,
    TurnJudged,
    TurnScored,
    VoiceWindow,
    WorkFailed,
)
from pipelines.hearing import duplex
from pipelines.hearing.segmenter import Segmenter
from pipelines.room import Room
from pipelines.thinking.intent import Intent, understand
from pipelines.turns.policy import Said, Verdict, policy
from pipelines.weighing import weighed

PRE_ROLL_NS = 300 * MS  # the first consonant begins before voice activity sees it
OVER_ANSWER_NS = 500 * MS  # a canceller weakens the beginning, so voice activity sees it later still
SCORED_NS = 8_000 * MS  # of sound that an audio turn model is given
NOT_UNDERSTOOD_EVERY_NS = 8_000 * MS  # say "I did not understand" at most this often: a radio must not start a chat
HEARING_FAILED = "the recogniser"  # how the reason begins if it is not the wearer's words that were at fault
WHOLE_SENTENCE_NS = 400 * MS  # shorter sounds that are no words are coughs, and get no answer


@dataclass(frozen=True, slots=True)
class _Ended:
    """The last turn that was spoken: it may turn out not to have been over."""

    turn: int
    text: str
    start_ns: int
    end_ns: int


class Listener:
    """Owns the segmenter, the ear, and the timers `utterance_max`, `transcript`, `turn_over` and `weigh`."""

    def __init__(self, room: Room, answerer: Answerer) -> None:
        self._room = room
        self._answerer = answerer
        self._segmenter = Segmenter(room.options.segmenter)
        self._policy = policy(room.options.general.turn)
        self._last_refusal_ns = -NOT_UNDERSTOOD_EVERY_NS
        self._ended: _Ended | None = None
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
        room.load.feed(event)
        if room.duplex.deaf(event.media_ns):
            event = replace(event, probability=0.0)
        cancelled = room.duplex.mode == duplex.CANCEL
        near = room.nearness.feed(event)
        if (
            cancelled and self._answerer.sounds
        ):  # the canceller weakens the wearer's voice: how near it is, is not known
            event = room.double_talk.feed(event)
        else:
            room.double_talk.quiet()
            event = near
        self._segmenter.over(self._answerer.sounds and not cancelled)
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
            if self.ear.end_ns:
                room.pauses.inside((change.media_ns - self.ear.end_ns) // MS)
            self._unprepare("the wearer goes on speaking")
        elif room.floor.state == floor.THINKING and self._goes_on(change):
            assert self._ended is not None
            self.ear = Ear(self._ended.start_ns, earlier=self._ended.text, tail_ns=change.media_ns)
        else:
            self.ear = Ear(start_ns=change.media_ns)
            if room.photos.on:
                room.photos.at_onset()
            elif general.look.key_frame_ask:
                room.scribe.emit(AskKeyFrame, "speech began: the frames from here on may be asked for")
        if room.floor.state == floor.SPEAKING:
            room.scribe.emit(Duck, "a voice over the answer", on=True)
        elif room.floor.state == floor.THINKING:
            room.scribe.emit(PausePlay, "the wearer speaks before the answer", on=True)
        room.signal("speech_started", "voice activity")
        since_ns = min(self.ear.start_ns, room.now_ns)  # a device may claim any time
        room.deadlines.set("utterance_max", max(room.now_ns, since_ns + general.turn.utterance_max_ms * MS))

    def _goes_on(self, change: SpeechStarted) -> bool:
        """So soon after the turn that the wearer had not finished, and nothing has come of it that could be heard."""
        ended, limit_ns = self._ended, self._room.options.general.turn.continue_ms * MS
        if ended is None or not self._answerer.retractable(ended.turn):
            return False
        return 0 <= change.media_ns - ended.end_ns <= limit_ns

    def _paused(self, change: SpeechPaused) -> None:
        room = self._room
        room.deadlines.clear("utterance_max")
        if room.floor.state == floor.DOUBTING:
            room.scribe.emit(PausePlay, "a short sound: a cough, or a short word?", on=True)
        self.ear.end_ns = change.media_ns
        self.ear.quiet_ns = min(change.loud_ns or change.media_ns, room.now_ns)
        if (near := room.nearness.stood_out()) is not None:
            self._out_of_the_crowd(*near)
        self._hear_out("a pause")
        room.signal("speech_paused", "the wearer paused; are the words finished?")
        if room.floor.state == floor.WEIGHING:
            room.deadlines.set("weigh", room.now_ns + room.options.general.turn.weigh_timeout_ms * MS)
        elif not room.load.sheds("video"):
            self._look_along()

    def _out_of_the_crowd(self, began_ns: int, ended_ns: int) -> None:
        """Others go on talking, and talked before: the wearer's words are those of the voice that stood out."""
        ear = self.ear
        self._room.scribe.emit(Noted, "a voice stood out of others, and they go on without it", what="crowd")
        ear.start_ns = max(ear.start_ns, began_ns)
        ear.quiet_ns = max(ear.start_ns, min(ear.quiet_ns, ended_ns))

    def anew(self) -> None:
        """The wearer has just tapped, or pressed the button: what was being heard before was not for us."""
        room = self._room
        if room.floor.state == floor.HEARING:
            self.ear = Ear(start_ns=max(self.ear.start_ns, room.now_ns - PRE_ROLL_NS))
        elif room.floor.state == floor.SETTLING:
            self._nothing("the wearer begins anew")

    def hurry(self) -> None:
        """The wearer let go of the button: what was said is all."""
        room = self._room
        if room.floor.state in {floor.HEARING, floor.DOUBTING, floor.YIELDING}:
            self.ear.whole = True
            for change in self._segmenter.close(room.now_ns, "the wearer let go of the button"):
                room.scribe.adopt([change])
                if isinstance(change, SpeechPaused):
                    self._paused(change)
        elif room.floor.state in {floor.SETTLING, floor.WEIGHING}:
            self.ear.whole = True
            if self.ear.heard is not None:
                room.deadlines.set("turn_over", room.now_ns)

    def too_long(self) -> None:
        """The utterance is at its longest: what was understood of it counts. A fan, a radio: no turn comes of it."""
        room, reason = self._room, "utterance too long"
        said_ns, worded = self._segmenter.last_voice_ns, self.ear.worded
        self._segmenter.drones()
        room.nearness.all_others()
        if room.floor.state == floor.HEARING and worded:
            room.scribe.emit(Noted, "the wearer has spoken for too long: what was said so far counts", what=reason)
            self.ear.end_ns, self.ear.whole = said_ns, True
            self._hear_out(reason)
            room.signal("speech_paused", reason)
            return
        room.scribe.emit(Noted, "sound without a pause for too long: no turn", what=reason)
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
        over = room.floor.state in {floor.DOUBTING, floor.YIELDING, floor.WEIGHING}
        start_ns = max(0, ear.start_ns - (OVER_ANSWER_NS if over else PRE_ROLL_NS))
        end_ns = max(ear.end_ns, room.now_ns)
        room.scribe.emit(Transcribe, reason, request=ear.request, start_ns=start_ns, end_ns=end_ns)
        room.deadlines.set("transcript", room.now_ns + room.options.general.turn.transcript_timeout_ms * MS)
        if room.started.turn_model:
            ear.finished, ear.score_request = -1.0, room.scribe.number()
            scored_ns = max(start_ns, end_ns - SCORED_NS)
            room.scribe.emit(ScoreTurn, reason, request=ear.score_request, start_ns=scored_ns, end_ns=end_ns)

    def _look_along(self) -> None:
        """Score the frames of this utterance while its words are being recognised; most questions need one."""
        room, ear = self._room, self.ear
        if not room.has_camera or room.photos.on:  # a photo has not come yet: whoever answers waits for it
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
        room, ear = self._room, self.ear
        if event.request != ear.request:
            return
        room.deadlines.clear("transcript")
        if room.floor.state not in {floor.SETTLING, floor.WEIGHING}:
            return
        weighing = room.floor.state == floor.WEIGHING
        if ear.earlier and not self._still_whole(event):
            return
        event = meant(room, event, ear, self._answerer.busy)
        if event.accepted and not event.text and weighing:
            room.deadlines.set("weigh", room.now_ns + room.options.general.turn.weigh_timeout_ms * MS)
            return  # only the wake phrase: what follows it?
        if event.accepted and not event.text:
            self._nothing("the wake phrase: what follows it?")
            self._answerer.earcons.make("heard", "the wake phrase: listening")
            return
        ear.heard, ear.worded = event, ear.worded or event.accepted
        intent = self._answerer.understand(event.text) if event.accepted else Intent("none", "unknown")
        if weighing and not ear.earlier and weighed(room, self._answerer, self, intent):
            return
        verdict = self._judge(intent)
        room.deadlines.clear("weigh")
        steers = intent.kind in {"control", "backchannel", "none"} or not self._answerer.permission.at_rest
        if event.accepted and not steers:
            self._prepare(intent, event.text, verdict)
        else:
            self._look_no_more("nothing was asked")

    def _still_whole(self, event: Transcribed) -> bool:
        """The words of a turn that seemed over, and what came after them. False if it is dealt with: nothing came, or
        what came is to be heard by itself."""
        ear = self.ear
        after = tail(ear.earlier, event.text) if event.accepted else ""
        if event.accepted and after == "":
            self.resume("no more words")
            return False
        steers = after and understand(after).kind in {"control", "backchannel"}
        if steers or not event.accepted:
            ear.start_ns, ear.earlier = ear.tail_ns, ""
            self._hear_out("what was said after the turn, by itself")
            return False
        return True

    def _judge(self, intent: Intent) -> Verdict:
        """How much silence ends the turn; sets the timer."""
        room, ear = self._room, self.ear
        heard = ear.heard
        assert heard is not None
        planned = not self._answerer.permission.at_rest and intent.kind != "control"
        said = Said(
            heard.text, intent, heard.accepted, heard.why, planned, audio=ear.finished, pauses_ms=room.pauses.kept
        )
        verdict = self._policy.judge(said)
        wait_ms = 0 if ear.whole else verdict.wait_ms
        room.scribe.emit(
            TurnJudged,
            f"{verdict.reason}; the turn ends after {wait_ms} ms of silence",
            policy=self._policy.name,
            rule="let go" if ear.whole else verdict.rule,
            wait_ms=wait_ms,
            learned=verdict.learned,
            finished=ear.finished,
        )
        if room.attention.held and not ear.whole:  # letting go ends it; this is for a release that was lost
            wait_ms = room.options.general.turn.utterance_max_ms
        room.deadlines.set("turn_over", max(room.now_ns, (ear.quiet_ns or ear.end_ns) + wait_ms * MS))
        return verdict

    def on_scored(self, event: TurnScored) -> None:
        """The audio turn model's word; if the recogniser was faster, the end is judged anew."""
        if event.request != self.ear.score_request:
            return
        self.ear.finished = event.probability
        if self.ear.heard is not None and "turn_over" in self._room.deadlines:
            heard = self.ear.heard
            self._judge(self._answerer.understand(heard.text) if heard.accepted else Intent("none", "unknown"))

    def on_work_failed(self, event: WorkFailed) -> bool:
        """True if the failed work was ours."""
        if event.kind == "transcribe":
            self.on_transcribed(Transcribed(event.t_ns, event.request, "", False, f"{HEARING_FAILED} failed"))
            return True
        if event.kind == "turn":
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
        if self._room.floor.state not in {floor.SETTLING, floor.WEIGHING}:
            return
        heard = Transcribed(self._room.now_ns, self.ear.request, "", False, f"{HEARING_FAILED} took too long")
        self.ear.heard = heard
        self.turn_over()

    # --------------------------------------------------------------------------------------------- prepared, forgotten

    def resume(self, reason: str) -> None:
        """Go on with the answer from the word that was reached."""
        room = self._room
        room.deadlines.clear("weigh", "transcript", "turn_over")
        self.ear = Ear()
        if room.floor.state != floor.WEIGHING:  # a tap has ended it in the meantime
            return
        room.signal("resume_speaking" if self._answerer.sounds else "resume_thinking", reason)
        room.loud_again(reason)

    def _prepare(self, intent: Intent, text: str, verdict: Verdict) -> None:
        """Begin the answer while the turn is not yet certain: nothing is said, and nothing sent unless it may ask
        early."""
        ear = self.ear
        question = self._answerer.question(text, intent, ear.start_ns, ear.end_ns, ear.words)
        ear.answer = self._answerer.make(question, self._may_ask_early(verdict))
        ear.answer.begin(ear.looked, ear.look_request)
        if not ear.answer.waits_for(ear.look_request):
            self._look_no_more("these words need no picture")

    def _may_ask_early(self, verdict: Verdict) -> bool:
        """The question sounds whole, no other answer is heard that belongs before it, and not too many were in vain."""
        room, turn = self._room, self._room.options.general.turn
        alone = not self._answerer.busy or bool(self.ear.earlier)
        whole = verdict.rule not in {"unfinished", "sounds unfinished"}
        wanted = turn.speculate and not room.load.sheds("speculation")
        return wanted and alone and whole and room.early.may(room.now_ns)

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
        if ear.score_request and ear.finished < 0:
            room.scribe.emit(Cancel, reason, request=ear.score_request, kind="turn")
        if ear.answer is not None:
            self._answerer.forget_prepared(ear.answer, reason)
        elif ear.look_request and ear.looked is None:
            room.scribe.emit(Cancel, reason, request=ear.look_request, kind="look")
        self.ear = ear.going_on()

    def forget(self, reason: str) -> None:
        """Nothing that was being heard counts any more."""
        self._unprepare(reason)
        self._room.deadlines.clear("utterance_max")
        self._segmenter = Segmenter(self._room.options.segmenter)
        self.ear = Ear()

    # ------------------------------------------------------------------------------------------------ the turn is over

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
        if intent.kind not in {"control", "memory"} and self._answerer.consent.decide(
            text, ear.start_ns, 0 if typed else ear.end_ns
        ):
            self._room.deadlines.clear("turn_over", "transcript", "weigh")
            self.ear = Ear()
        elif intent.kind in {"control", "backchannel"}:
            self.control(intent)
        else:
            self.open_turn(text, intent, reason)

    def _nothing(self, reason: str) -> None:
        """Nobody asked anything."""
        self._room.scribe.emit(Noted, reason, what="nothing said")
        self._unprepare(reason)
        self.ear = Ear()
        if self._room.floor.can("nothing_said"):
            self._room.signal("nothing_said", reason)

    def _not_understood(self, heard: Transcribed) -> None:
        room, ear = self._room, self.ear
        meant_us = not heard.why.startswith(NOT_FOR_US)
        reason = f"not understood: {heard.why or 'no words'}" if meant_us else heard.why
        if room.floor.state == floor.WEIGHING:
            self.resume(reason)
            return
        if heard.why.startswith(HEARING_FAILED):
            self.open_turn("", Intent("status", "hearing_failed"), reason)
            return
        recent = room.now_ns - self._last_refusal_ns < NOT_UNDERSTOOD_EVERY_NS
        short = heard.why.startswith("no speech") or ear.end_ns - ear.start_ns < WHOLE_SENTENCE_NS
        if not meant_us or short or recent or room.attention.state not in {"open", "follow-up"}:
            self._nothing(reason)
            if meant_us and recent:
                self._answerer.earcons.make("failed", reason)
            return
        self._last_refusal_ns = room.now_ns
        self.open_turn("", Intent("status", "not_understood"), reason)

    def open_turn(self, text: str, intent: Intent, reason: str = "") -> None:
        """Hand the words to the answerer, with the answer as far as it is prepared."""
        room = self._room
        room.deadlines.clear("turn_over", "transcript", "weigh")
        ear, self.ear = self.ear, Ear()
        if ear.earlier:
            self._answerer.retract("the wearer had not finished")
        question = self._answerer.question(text, intent, ear.start_ns, ear.end_ns, ear.words)
        why = reason or "the words are whole and the pause is long enough"
        spoken = text and reason != "typed"
        self._ended = _Ended(question.turn, text, ear.start_ns, ear.end_ns) if spoken else None
        if spoken:
            room.nearness.learn(ear.start_ns, ear.end_ns)
        self._answerer.open(question, ear.answer, ear.looked, ear.look_request, why)

    def control(self, intent: Intent) -> None:
        """Words that steer: they act now, without a model."""
        self._room.deadlines.clear("turn_over", "transcript", "weigh")
        self.ear = Ear()
        self._answerer.steering.control(intent)

    def typed(self, text: str) -> None:
        """A typed question is whole as it comes."""
        self._unprepare("a typed question")
        self._room.deadlines.clear("utterance_max")
        if self._segmenter.speaking:
            self._segmenter.drones()
        self.ear = Ear(start_ns=self._room.now_ns, end_ns=self._room.now_ns)
        self._act(text, "typed")
        room, reason = self._room, "the typed words count, and not the voice"
        if self._segmenter.speaking:
            return
        if room.floor.state == floor.HEARING:
            room.signal("speech_paused", reason)
            room.signal("nothing_said", reason)
        elif room.floor.state in {floor.DOUBTING, floor.YIELDING}:
            room.signal("speech_paused", reason)
            self.resume(reason)
