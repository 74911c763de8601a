"""The listening half of a conversation: from voice activity to words, and whether they are over.

Recognition starts in the pause, long before the turn is certain; so does looking, and as soon as the words are known
the answer is prepared, and may even ask a model. When the silence was long enough the words go to the answerer. If the
wearer goes on instead, all of that is forgotten, and the whole utterance is recognised again at the next pause; that
holds for a moment after the turn seemed over as well, as long as nothing has sounded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipelines import conversation as floor
from pipelines import readying
from pipelines.activity import Activity
from pipelines.answerer import Answerer
from pipelines.ear import NOT_FOR_US, Ear, meant, tail
from pipelines.events import (
    MS,
    AskKeyFrame,
    Duck,
    Looked,
    Noted,
    PausePlay,
    Resumed,
    SpeechPaused,
    SpeechStarted,
    Transcribed,
    TurnScored,
    VoiceWindow,
    WorkFailed,
)
from pipelines.readying import PRE_ROLL_NS
from pipelines.room import Room
from pipelines.thinking.intent import Intent, understand
from pipelines.turns.policy import Verdict, policy
from pipelines.weighing import weighed

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
    """Owns the ear, and the timers `utterance_max`, `transcript`, `turn_over` and `weigh`."""

    def __init__(self, room: Room, answerer: Answerer) -> None:
        self._room = room
        self._answerer = answerer
        self._activity = Activity(room)
        self._policy = policy(room.options.general.turn)
        self._last_refusal_ns = -NOT_UNDERSTOOD_EVERY_NS
        self._ended: _Ended | None = None
        self.ear = Ear()

    # --------------------------------------------------------------------------------------------------------- at rest

    @property
    def at_rest(self) -> bool:
        return self._activity.segmenter.silent

    def rest(self, resumed: Resumed) -> Resumed:
        """The same with this part's state written in."""
        return self._activity.rest(replace(resumed, refused_ns=self._last_refusal_ns))

    def stand(self, resumed: Resumed) -> None:
        """Stand where that was written."""
        self._last_refusal_ns = resumed.refused_ns
        self._activity.stand(resumed)

    # --------------------------------------------------------------------------------------------------------- voice

    def on_voice(self, event: VoiceWindow) -> None:
        room = self._room
        changes = self._activity.feed(event, self._answerer.sounds)
        for change in changes:
            if isinstance(change, SpeechStarted):
                self._began(change)
            elif isinstance(change, SpeechPaused):
                self._paused(change)
        certain_ns = room.options.general.turn.barge_certain_ms * MS
        if room.floor.state == floor.DOUBTING and self._activity.segmenter.voiced_run_ns >= certain_ns:
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
        readying.hear_out(room, self.ear, "a pause")
        room.signal("speech_paused", "the wearer paused; are the words finished?")
        if room.floor.state == floor.WEIGHING:
            room.deadlines.set("weigh", room.now_ns + room.options.general.turn.weigh_timeout_ms * MS)
        elif not room.load.sheds("video"):
            readying.look_along(room, self.ear, self._answerer.next_turn)

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
            for change in self._activity.segmenter.close(room.now_ns, "the wearer let go of the button"):
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
        said_ns, worded = self._activity.segmenter.last_voice_ns, self.ear.worded
        self._activity.segmenter.drones()
        room.nearness.all_others()
        if room.floor.state == floor.HEARING and worded:
            room.scribe.emit(Noted, "the wearer has spoken for too long: what was said so far counts", what=reason)
            self.ear.end_ns, self.ear.whole = said_ns, True
            readying.hear_out(room, self.ear, reason)
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
        room.mind.heard(event.text, event.purpose, event.purposeful)
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
            readying.prepare(room, self._answerer, self.ear, intent, event.text, verdict)
        else:
            readying.look_no_more(room, self.ear, "nothing was asked")

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
            readying.hear_out(self._room, ear, "what was said after the turn, by itself")
            return False
        return True

    def _judge(self, intent: Intent) -> Verdict:
        return readying.judge(self._room, self.ear, self._policy, intent, not self._answerer.permission.at_rest)

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

    def _unprepare(self, reason: str) -> None:
        readying.let_go(self._room, self._answerer, self.ear, reason)
        self.ear = self.ear.going_on()

    def forget(self, reason: str) -> None:
        """Nothing that was being heard counts any more."""
        self._unprepare(reason)
        self._room.deadlines.clear("utterance_max")
        self._activity.forget()
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
        certain = intent.kind in {"control", "memory"} and intent.name != "forget_meant"  # "yes, forget everything"
        if not certain and self._answerer.consent.decide(text, ear.start_ns, 0 if typed else ear.end_ns):
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
        if self._activity.segmenter.speaking:
            self._activity.segmenter.drones()
        self.ear = Ear(start_ns=self._room.now_ns, end_ns=self._room.now_ns)
        self._act(text, "typed")
        room, reason = self._room, "the typed words count, and not the voice"
        if self._activity.segmenter.speaking:
            return
        if room.floor.state == floor.HEARING:
            room.signal("speech_paused", reason)
            room.signal("nothing_said", reason)
        elif room.floor.state in {floor.DOUBTING, floor.YIELDING}:
            room.signal("speech_paused", reason)
            self.resume(reason)
