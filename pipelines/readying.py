"""What is begun in a pause, before the turn is certain: recognising, looking, judging the end, and the answer itself.

All of it belongs to one `Ear`. If the wearer goes on, `let_go` leaves nothing of it behind.
"""

from __future__ import annotations

from pipelines import conversation as floor
from pipelines.answerer import Answerer
from pipelines.ear import Ear
from pipelines.events import MS, Cancel, Look, ScoreTurn, Transcribe, TurnJudged
from pipelines.room import Room
from pipelines.thinking.intent import Intent
from pipelines.turns.policy import Said, TurnPolicy, Verdict

PRE_ROLL_NS = 300 * MS  # the first consonant begins before voice activity sees it
OVER_ANSWER_NS = 500 * MS  # a canceller weakens the beginning, so voice activity sees it later still
SCORED_NS = 8_000 * MS  # of sound that an audio turn model is given


def hear_out(room: Room, ear: Ear, reason: str) -> None:
    """Recognise what was said so far, in the pause: if it was the end, the words are ready in time."""
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


def look_along(room: Room, ear: Ear, turn: int) -> None:
    """Score the frames of this utterance while its words are being recognised; most questions need one."""
    if not room.has_camera or room.photos.on:  # a photo has not come yet: whoever answers waits for it
        return
    options = room.options.general.look
    ear.looked = None
    ear.look_request = room.scribe.number()
    room.scribe.emit(
        Look,
        "the frames around these words, in case they are meant",
        request=ear.look_request,
        turn=turn,
        start_ns=max(0, ear.start_ns - options.before_ms * MS),
        end_ns=ear.end_ns + options.after_ms * MS,
    )


def look_no_more(room: Room, ear: Ear, reason: str) -> None:
    """The look that went along is not needed: whoever needs the lane next shall not wait for it."""
    if ear.look_request and ear.looked is None:
        room.scribe.emit(Cancel, reason, request=ear.look_request, kind="look")
        ear.look_request = 0


def judge(room: Room, ear: Ear, policy: TurnPolicy, intent: Intent, planned: bool) -> Verdict:
    """How much silence ends the turn; sets the timer `turn_over`. `planned`: a plan waits for the wearer's word."""
    heard = ear.heard
    assert heard is not None
    planned = planned and intent.kind != "control"
    said = Said(heard.text, intent, heard.accepted, heard.why, planned, audio=ear.finished, pauses_ms=room.pauses.kept)
    verdict = policy.judge(said)
    wait_ms = 0 if ear.whole else verdict.wait_ms
    room.scribe.emit(
        TurnJudged,
        f"{verdict.reason}; the turn ends after {wait_ms} ms of silence",
        policy=policy.name,
        rule="let go" if ear.whole else verdict.rule,
        wait_ms=wait_ms,
        learned=verdict.learned,
        finished=ear.finished,
    )
    if room.attention.held and not ear.whole:  # letting go ends it; this is for a release that was lost
        wait_ms = room.options.general.turn.utterance_max_ms
    room.deadlines.set("turn_over", max(room.now_ns, (ear.quiet_ns or ear.end_ns) + wait_ms * MS))
    return verdict


def prepare(room: Room, answerer: Answerer, ear: Ear, intent: Intent, text: str, verdict: Verdict) -> None:
    """Begin the answer while the turn is not yet certain: nothing is said, and nothing sent unless it may ask early."""
    question = answerer.question(text, intent, ear.start_ns, ear.end_ns, ear.words)
    ear.answer = answerer.make(question, _may_ask_early(room, answerer, ear, verdict))
    ear.answer.begin(ear.looked, ear.look_request)
    if not ear.answer.waits_for(ear.look_request):
        look_no_more(room, ear, "these words need no picture")


def _may_ask_early(room: Room, answerer: Answerer, ear: Ear, verdict: Verdict) -> bool:
    """The question sounds whole, no other answer is heard that belongs before it, and not too many were in vain."""
    alone = not answerer.busy or bool(ear.earlier)
    whole = verdict.rule not in {"unfinished", "sounds unfinished"}
    wanted = room.options.general.turn.speculate and not room.load.sheds("speculation")
    return wanted and alone and whole and room.early.may(room.now_ns)


def let_go(room: Room, answerer: Answerer, ear: Ear, reason: str) -> None:
    """Nothing of it is wanted any more."""
    room.deadlines.clear("turn_over", "transcript", "weigh")
    if ear.request and ear.heard is None:
        room.scribe.emit(Cancel, reason, request=ear.request, kind="transcribe")
    if ear.score_request and ear.finished < 0:
        room.scribe.emit(Cancel, reason, request=ear.score_request, kind="turn")
    if ear.answer is not None:
        answerer.forget_prepared(ear.answer, reason)
    elif ear.look_request and ear.looked is None:
        room.scribe.emit(Cancel, reason, request=ear.look_request, kind="look")
