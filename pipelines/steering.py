"""Words that steer: stop, wait, go on, again, louder, slower, shorter, mute, sleep, how hard to think. They act at
once, without a model.

The listener decides that words are such; what they do to the answer that is being made or said is in this file. What
they change for good is a `Preferences` in the room, which the shell remembers (`Prefer`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

from pipelines import conversation as floor
from pipelines.background import Background
from pipelines.events import Noted, PausePlay, Prefer, Preferences, Resumed, SetVolume
from pipelines.room import Room
from pipelines.sounding import Earcons
from pipelines.speaking.mouth import Mouth
from pipelines.thinking import wording
from pipelines.thinking.answer import Answer
from pipelines.thinking.intent import Intent
from pipelines.thinking.private_words import private_said
from pipelines.thinking.rules.topics import EMERGENCY

GAIN_RANGE_DB = (-24.0, 12.0)  # from barely audible to where only distortion is added
RATE_RANGE_WPM = (80, 400)  # what the voices can say understandably
ALOUD = frozenset({"confirm", "notice"})  # kinds of words that are spoken even while muted
PASSING = frozenset({"steered", "notice"})  # kinds that "again" does not mean: it means the answer before them
_VERBOSITY = {"short": "short", "long": "long", "normal_length": ""}
_VOLUME = frozenset({"louder", "quieter", "normal_volume"})
_PACE = frozenset({"slower", "faster", "normal_speed"})
# They leave an answer under way alone, or change how it goes on; none of them ends it.
ADJUSTMENTS = frozenset(
    {*_VOLUME, *_PACE, *_VERBOSITY, "mute", "unmute", "sounds_on", "sounds_off", "again", "again_slower", "go_on"}
)
_MANNERS = frozenset(
    {"answer_now", "progress", "guide_end", "normal_mode", "instant_mode", "thinking_mode", "contemplating_mode"}
)


class Steered(Protocol):
    """What is steered: the answerer."""

    answer: Answer | None
    background: Background
    mouth: Mouth
    earcons: Earcons
    last_said: tuple[str, str]  # words and their kind

    @property
    def busy(self) -> bool: ...
    @property
    def sounds(self) -> bool: ...
    def stop(self, reason: str) -> None: ...
    def nothing_said(self, reason: str) -> None: ...
    def small_turn(self, intent: Intent, text: str, kind: str) -> None: ...
    def say_answer(self, text: str, kind: str, last: bool) -> None: ...


class Steering:
    """Owns `held` (by the wearer's "wait"); the only one who changes `room.preferences`."""

    def __init__(self, room: Room, steered: Steered) -> None:
        self._room = room
        self._steered = steered
        self.held = False

    # --------------------------------------------------------------------------------------------- what is remembered

    def begin(self, preferences: Preferences) -> None:
        """What the wearer asked for in earlier sessions holds from the first word on."""
        self._take(preferences)
        if preferences.gain_db:
            self._room.scribe.emit(SetVolume, "as the wearer had it last", gain_db=self._room.preferences.gain_db)

    def rest(self, resumed: Resumed) -> Resumed:
        """The same with this part's state written in."""
        mine = self._room.preferences
        return replace(resumed, gain_db=mine.gain_db, rate_change_wpm=mine.rate_change_wpm, preferences=mine)

    def stand(self, resumed: Resumed) -> None:
        """Stand where that was written; a file from before there were preferences has only loudness and pace."""
        heard = resumed.gain_db, resumed.rate_change_wpm
        self._take(replace(resumed.preferences, gain_db=heard[0], rate_change_wpm=heard[1]))

    def _take(self, preferences: Preferences) -> None:
        low, high = GAIN_RANGE_DB
        gain_db = max(low, min(high, preferences.gain_db))
        rate_wpm = self._room.options.general.speaking.rate_wpm
        change_wpm = _within(RATE_RANGE_WPM, rate_wpm + preferences.rate_change_wpm) - rate_wpm
        self._room.preferences = replace(preferences, gain_db=gain_db, rate_change_wpm=change_wpm)
        self._steered.mouth.rate_change_wpm = change_wpm

    def _prefer(self, reason: str, **changes: Any) -> bool:
        """Change it from now on. False if it was so already."""
        room = self._room
        old, room.preferences = room.preferences, replace(room.preferences, **changes)
        if room.preferences == old:
            return False
        if room.options.general.speaking.remember:
            room.scribe.emit(Prefer, reason, preferences=room.preferences)
        return True

    def silent(self, kind: str, text: str) -> bool:
        """Words of this kind are shown and not spoken now."""
        return self._room.preferences.muted and kind not in ALOUD and text != EMERGENCY

    # ------------------------------------------------------------------------------------------------------- commands

    def control(self, intent: Intent) -> None:
        """Words that are a turn of their own; words of agreement do nothing."""
        steered, name = self._steered, intent.name
        if name == "stop" or (name == "wait" and not steered.busy):
            steered.stop("the wearer said stop")
        elif name == "wait":
            self._hold()
        elif name == "go_on" and self.held:
            self._go_on("the wearer said go on")
        elif name in {"sleep", "wake_up"}:
            self._rest(intent)
        elif name.startswith("private_"):
            self._private(intent)
        elif name in _MANNERS:
            self._manner(intent)
        elif name in {"again", "again_slower", "go_on"} and steered.mouth.current is None:
            if name == "again_slower":
                self._pace("slower")
            text, kind = steered.last_said
            steered.small_turn(intent, text or wording.NOTHING_TO_REPEAT, kind or "status")
        elif name in ADJUSTMENTS:
            self._adjusted(intent)
        else:
            self._leave("nothing to do")

    def _private(self, intent: Intent) -> None:
        """Nothing leaves from now on, or it may again; what was under way is dropped."""
        room, meant = self._room, intent.name.removeprefix("private_")
        said = private_said(meant, room.private, room.chain.models, room.chain.called)
        if meant != "ask" and room.private != (meant == "on"):
            reason = f"the wearer said private mode {meant}"
            self._steered.stop(reason)
            room.private = meant == "on"
            room.guide = room.guide if room.private else None  # what was said of it stays here
            room.scribe.emit(Noted, reason, what=f"private mode {meant}")
            if room.private:
                self._steered.earcons.make("private", reason)
        self._steered.small_turn(intent, said, "notice")

    def _hold(self) -> None:
        room, reason = self._room, "the wearer said wait"
        self.held = True
        room.scribe.emit(PausePlay, reason, on=True)
        if room.floor.can("dropped"):
            room.signal("dropped", reason)
        else:  # it is held already
            self._steered.nothing_said(reason)

    def _go_on(self, reason: str) -> None:
        self.held = False
        self._steered.nothing_said(reason)
        self._room.signal("answer_sounds", reason)
        self._room.loud_again(reason)

    def _adjusted(self, intent: Intent) -> None:
        """Held by "wait" it stays held, and goes on differently; but "again" lets it go."""
        steered = self._steered
        said = self.adjust(intent.name)
        if not steered.busy:
            steered.small_turn(intent, said, "notice" if intent.name == "mute" else "steered")
        elif self.held and intent.name.startswith("again"):
            self._go_on(said)
        else:
            self._leave(said)

    def _leave(self, reason: str) -> None:
        """The words are no turn, and what was under way goes on."""
        room, steered = self._room, self._steered
        if room.floor.state == floor.WEIGHING:
            room.signal("resume_speaking" if steered.sounds else "resume_thinking", reason)
            room.loud_again(reason)
        else:
            steered.nothing_said(reason)

    def adjust(self, name: str) -> str:
        """From now on, and for the answer that is being said, which goes on; what to say of it."""
        if name in _VOLUME:
            return self._volume(name)
        if name in _PACE:
            return self._pace(name)
        if name in _VERBOSITY:
            return self._verbosity(name)
        if name in {"again", "again_slower"}:
            return self._again(name)
        if name in {"mute", "unmute"}:
            return self._mute(name)
        if name in {"sounds_on", "sounds_off"}:
            self._prefer(f"the wearer said {name.replace('_', ' ')}", quiet=name == "sounds_off")
            self._done_without_words("sounds are on")  # nothing, if they are off
        return wording.STEERED[name]  # "go on" to what goes on anyway

    # ------------------------------------------------------------------------------------------- what each of them does

    def _volume(self, name: str) -> str:
        step_db = self._room.options.general.speaking.volume_step_db
        old_db = self._room.preferences.gain_db
        wanted_db = 0.0 if name == "normal_volume" else old_db + (step_db if name == "louder" else -step_db)
        low, high = GAIN_RANGE_DB
        gain_db = max(low, min(high, wanted_db))
        if self._prefer(f"the wearer said {name}", gain_db=gain_db):
            self._room.scribe.emit(SetVolume, f"the wearer said {name}", gain_db=gain_db)
        return wording.AT_THE_END[name] if gain_db == old_db and name in wording.AT_THE_END else wording.STEERED[name]

    def _pace(self, name: str, anew: bool = True) -> str:
        """`anew`: what is being said goes on at the new pace."""
        speaking, mouth = self._room.options.general.speaking, self._steered.mouth
        step_wpm = {"faster": speaking.rate_step_wpm, "slower": -speaking.rate_step_wpm}.get(name, 0)
        wanted_wpm = _within(RATE_RANGE_WPM, mouth.rate_wpm + step_wpm) if step_wpm else speaking.rate_wpm
        change_wpm = wanted_wpm - speaking.rate_wpm
        if not self._prefer(f"the wearer said {name}", rate_change_wpm=change_wpm):
            return wording.AT_THE_END.get(name, wording.STEERED[name])
        mouth.rate_change_wpm = change_wpm
        if anew and mouth.current is not None and not mouth.current.shown:
            self._changed_over(mouth.go_on_anew(f"the wearer said {name}"))
        return wording.STEERED[name]

    def _verbosity(self, name: str) -> str:
        self._prefer(f"the wearer asked for {wording.LENGTHS[name]}", verbosity=_VERBOSITY[name])
        if not self._room.chain.models:
            return wording.NO_MODEL_TO_SHORTEN
        self._done_without_words(wording.LENGTHS[name])
        return wording.STEERED[name]

    def _again(self, name: str) -> str:
        """The answer that is being said, from its first word."""
        mouth = self._steered.mouth
        if name == "again_slower":
            self._pace("slower", anew=False)
        if mouth.current is None or not (mouth.current.started or mouth.current.shown):
            return "nothing was said yet that could be said again"
        self._changed_over(mouth.begin_again("the wearer said again"))
        return "from the beginning"

    def _mute(self, name: str) -> str:
        muted, mouth = name == "mute", self._steered.mouth
        if self._prefer(f"the wearer said {name}", muted=muted) and (utterance := mouth.current) is not None:
            if muted and utterance.kind not in ALOUD:
                self._changed_over(mouth.go_on_anew("muted: the rest is shown", silent=True))
            elif not muted and utterance.shown:
                self._changed_over(mouth.begin_again("no longer muted"))
        return wording.STEERED[name]

    def _changed_over(self, done: bool) -> None:
        """The answer goes on as another utterance; what was held is still held."""
        if done and self.held:
            self._room.scribe.emit(PausePlay, "still held", on=True)

    def _done_without_words(self, reason: str) -> None:
        """Over an answer nothing is said of it; a sound tells that it was heard."""
        if self._steered.busy:
            self._steered.earcons.make("heard", reason, wait=True)

    def _rest(self, intent: Intent) -> None:
        attention = self._room.attention
        if intent.name == "sleep":
            self._steered.small_turn(intent, wording.STEERED["sleep"], "notice")
            attention.sleep()
            self._steered.earcons.make("asleep", "the wearer said go to sleep")
        else:
            attention.wake_up()
            self._steered.small_turn(intent, wording.STEERED["wake_up"], "notice")

    # ------------------------------------------------------------------------------------------- how hard to think

    def _manner(self, intent: Intent) -> None:
        """How hard to think, from now on or just now; how far it is."""
        room, steered = self._room, self._steered
        if intent.name == "answer_now":
            self.answer_now()
        elif intent.name == "progress" and not self.tell_progress():
            steered.small_turn(intent, steered.background.progress(), "status")
        elif intent.name == "progress":
            self._leave("told how far it is")
        elif intent.name == "guide_end":
            room.guide = None
            steered.small_turn(intent, wording.GUIDE_ENDED, "status")
        else:
            mode = intent.name.removesuffix("_mode")
            room.standing = "" if mode == "normal" else mode
            steered.small_turn(intent, wording.MODES[mode], "status")

    def tell_progress(self) -> bool:
        """How far the answer is that is being made; it goes on. False if none is being thought about."""
        answer = self._steered.answer
        if answer is None or not (text := answer.progress()):
            return False
        self._steered.say_answer(text, "status", False)
        return True

    def answer_now(self) -> None:
        """Whatever is being thought about is answered from what is known by now."""
        room, steered = self._room, self._steered
        if steered.answer is not None and steered.answer.answer_now():
            if room.floor.state in floor.OVERLAP:
                room.signal("resume_speaking" if steered.sounds else "resume_thinking", "answer now")
                room.loud_again("answer now")
        elif steered.background.answer_now():
            steered.small_turn(Intent("control", "answer_now"), wording.ANSWERING, "status")
        else:
            steered.small_turn(Intent("control", "answer_now"), wording.NOT_THINKING, "status")


def _within(bounds: tuple[int, int], value: int) -> int:
    return max(bounds[0], min(bounds[1], value))
