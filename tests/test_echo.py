"""Our own voice in the microphone: taken out where that is possible, known as ours by its words, not listened to where
nothing else is left.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aiohttp
import numpy as np
import pytest

from companion.own_sound import NO_CANCELLER, own_sound
from companion.replay import replay
from companion.replay.media import RecordedMedia
from companion.replay.unecho import slots_ns
from companion.settings import Settings, SettingsError, load
from pipelines import events as ev
from pipelines.events import MS, NS
from pipelines.hearing import echo
from pipelines.hearing.double_talk import DoubleTalk
from pipelines.hearing.duplex import CANCEL, HALF_DUPLEX, OFF, Duplex, way
from pipelines.hearing.echo import DELAY_SAMPLES, RATE_HZ, TICK, EchoCanceller, EchoError
from pipelines.hearing.own_voice import OwnVoice, plain_words
from pipelines.hearing.played import Played
from pipelines.hearing.sound import SoundRing
from pipelines.speaking.voice import close_voices, load_voices
from pipelines.thinking.options import EchoOptions
from recordings.reader import Recording
from tests.echo_room import STORY, Room, Sound, cancelled, pcm16, phrase, quiet_room, spoken, starts_ns, windows
from tests.live import TRIES, Part, Take, record
from tests.test_link import companion, run

TICK_NS = 20 * MS

# ------------------------------------------------------------------------------------------------------ the canceller


@pytest.fixture(scope="module")
def far() -> Sound:
    """A second of silence, and a story of half a minute."""
    voices = load_voices(["espeak"])
    story = spoken(voices["espeak"], STORY)
    close_voices(voices)
    return np.concatenate([np.zeros(RATE_HZ), story])


@pytest.mark.parametrize("delay_ms", [40, 120, 250, 450])
def test_a_story_through_an_open_loudspeaker_is_no_voice(far: Sound, delay_ms: int) -> None:
    near = Room(delay_ms, -10).echo(far) + quiet_room(len(far))
    assert len(starts_ns(windows(pcm16(near)), taken_out=False)) > 5, "without the canceller it talks to itself"
    assert starts_ns(windows(cancelled(near, far))) == []


@pytest.mark.parametrize("name", ["stop", "what_does_this_sign_say", "tell_me_more"])
def test_a_wearer_over_the_story_is_heard_in_time(far: Sound, name: str) -> None:
    near = Room(120, -10).echo(far) + quiet_room(len(far))
    at, words = 9 * RATE_HZ, phrase(name)
    near[at : at + len(words)] += words
    starts = starts_ns(windows(cancelled(near, far)))
    assert starts and 0 < starts[0] - at * NS // RATE_HZ <= 250 * MS


@pytest.mark.parametrize("lost", [range(400, 412), range(400, 480)], ids=["a quarter of a second", "1.6 s"])
def test_a_hole_in_the_microphone_breaks_nothing(far: Sound, lost: range) -> None:
    near = Room(250, -10).echo(far) + quiet_room(len(far))
    assert starts_ns(windows(cancelled(near, far, lost=lost))) == []


def test_packets_that_leave_late_are_still_meant_for_their_slots(far: Sound) -> None:
    """A busy machine: packets up to 38 ms late, either way."""
    near = Room(120, -10).echo(far) + quiet_room(len(far))
    assert starts_ns(windows(cancelled(near, far, jitter_ms=38))) == []


def test_slots_that_the_link_left_out_are_left_out(far: Sound) -> None:
    """The loop stands still for half a second: the link's pace leaves 23 slots out, and what follows is not shifted."""
    stands, stands_ms, left_out = 300, 507, 23
    played = np.zeros(len(far) + left_out * TICK)
    played[: (stands + 1) * TICK] = far[: (stands + 1) * TICK]
    played[(stands + 1 + left_out) * TICK :] = far[(stands + 1) * TICK :]
    near = pcm16(Room(120, -10).echo(played) + quiet_room(len(played)))
    canceller, out = EchoCanceller(), []
    goes_on_ns = stands * TICK_NS + stands_ms * MS
    events = [(k * TICK_NS, 0, k) for k in range(len(played) // TICK) if not stands < k <= stands + left_out]
    events += [((k + 1) * TICK_NS + 5 * MS, 1, k) for k in range(len(near) // TICK)]
    late = [(max(at, goes_on_ns) if at >= stands * TICK_NS else at, kind, k) for at, kind, k in events]
    for at_ns, kind, k in sorted(late):
        part = slice(k * TICK, (k + 1) * TICK)
        if kind == 0:
            canceller.played(pcm16(played[part]), at_ns)
        else:
            out.append(canceller.clean(near[part], k * TICK_NS)[0])
    assert starts_ns(windows(np.concatenate(out))) == []


# A loop that stood still in pieces: the slots that were sent, and by how many ms each was late; three are left out.
IN_PIECES = ((0, 4), (2, 18), (5, 39), (6, 34), (7, 15), (8, 39), (9, 22), (10, 3), (11, 5))


@pytest.mark.parametrize("lands", [(230, 330, 430, 530, 630, 730), (280, 380, 480, 580, 680, 780)])
def test_by_the_slots_numbers_it_is_known_which_were_left_out(far: Sound, lands: tuple[int, ...]) -> None:
    sent = dict.fromkeys(range(len(far) // TICK), 0)
    for at in lands:
        for slot in range(at, at + 12):
            sent.pop(slot)
        sent |= {at + slot: late_ms for slot, late_ms in IN_PIECES}
    played, rest = np.zeros(len(far)), iter(range(len(far) // TICK))
    for slot in sorted(sent):
        part = next(rest)
        played[slot * TICK : (slot + 1) * TICK] = far[part * TICK : (part + 1) * TICK]
    near = pcm16(Room(120, -10).echo(played) + quiet_room(len(played)))
    events = [(slot * TICK_NS + late_ms * MS, 0, slot) for slot, late_ms in sent.items()]
    events += [((k + 1) * TICK_NS + 5 * MS, 1, k) for k in range(len(near) // TICK)]
    canceller, out = EchoCanceller(), []
    for at_ns, kind, k in sorted(events):
        part_of = slice(k * TICK, (k + 1) * TICK)
        if kind == 0:
            canceller.played(pcm16(played[part_of]), at_ns, k)
        else:
            out.append(canceller.clean(near[part_of], k * TICK_NS)[0])
    assert starts_ns(windows(np.concatenate(out))) == []


def test_without_our_voice_the_wearers_comes_through_as_it_was() -> None:
    words = phrase("what_does_this_sign_say")
    near = pcm16(np.concatenate([quiet_room(RATE_HZ), words, quiet_room(RATE_HZ)]))
    clean = cancelled(near.astype(float), np.zeros(len(near)))
    same = np.correlate(clean[RATE_HZ : RATE_HZ + 8000].astype(float), near[RATE_HZ : RATE_HZ + 8000].astype(float))
    power = np.sqrt(np.sum(clean[RATE_HZ : RATE_HZ + 8000].astype(float) ** 2) * np.sum(words[:8000] ** 2))
    assert same[0] / power > 0.95


def test_what_comes_out_lies_behind_what_went_in() -> None:
    click = np.zeros(RATE_HZ)
    click[8000:8400] = np.random.default_rng(1).normal(0, 3000, 400)
    canceller, out = EchoCanceller(), []
    for k in range(len(click) // TICK):
        clean, media_ns = canceller.clean(pcm16(click[k * TICK : (k + 1) * TICK]), NS + k * TICK_NS)
        assert media_ns == NS + k * TICK_NS - DELAY_SAMPLES * NS // RATE_HZ
        out.append(clean)
    shift = np.correlate(np.concatenate(out).astype(float), click, "full").argmax() - (len(click) - 1)
    assert shift == DELAY_SAMPLES


def test_a_block_of_an_odd_length_is_refused() -> None:
    with pytest.raises(ValueError, match=r"n x 160.*got \(100,\) int16"):
        EchoCanceller().clean(np.zeros(100, np.int16), 0)


def test_without_the_extra_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pywebrtc_audio", None)
    with pytest.raises(EchoError, match=r"pip install 'earshot-companion\[aec\]'"):
        EchoCanceller()


def test_without_the_extra_an_open_loudspeaker_is_half_duplex_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("companion.own_sound.available", lambda: False)
    assert own_sound(EchoOptions(), "open") is None
    assert caplog.messages == [NO_CANCELLER]
    monkeypatch.undo()
    assert own_sound(EchoOptions(), "cancelled") is None and own_sound(EchoOptions(), "") is None
    assert own_sound(EchoOptions(), "open") is not None


# ------------------------------------------------------------------------------------------------------ our own words


class Speaking:
    """We say something at 2.5 words a second, a device plays it `delay_ms` later; then words are heard."""

    def __init__(self, said: str, delay_ms: int | None = 80, at_ms: int = 10_000) -> None:
        self.guard = OwnVoice(EchoOptions(), Played())
        self.words = said.split()
        self.begin_ns, self.delay_ns = at_ms * MS, 0
        self.guard.played.on_speak(ev.Speak(0, "", utterance=1, chunk=0, text=said))
        words = tuple(ev.Word(w, i * 400 * MS, (i * 400 + 380) * MS) for i, w in enumerate(self.words))
        self.guard.played.on_voiced(ev.ChunkVoiced(self.begin_ns, 1, 0, len(words) * 400 * MS, words))
        self.guard.played.on_play(ev.PlayMark(self.begin_ns, 1, 0, "started", 0))
        if delay_ms is not None:
            self.delay_ns = delay_ms * MS
            self.guard.played.on_heard(
                ev.HeardMark(self.begin_ns + 200 * MS, 1, "first", self.begin_ns + delay_ms * MS)
            )
        self.end_ns = self.begin_ns + len(words) * 400 * MS
        self.guard.played.on_play(ev.PlayMark(self.end_ns, 1, 0, "finished", len(words) * 400 * MS))

    def echo(self, first: int, last: int, late_ms: int | None = None, heard: str = "") -> bool:
        """Words `first` to `last` of ours come back; as the recogniser has them, or as they were said."""
        late_ns = self.delay_ns if late_ms is None else late_ms * MS
        start_ns = self.begin_ns + first * 400 * MS + late_ns
        return self.guard.ours(
            heard or " ".join(self.words[first : last + 1]), start_ns, start_ns + 400 * MS * (last - first + 1)
        )

    def wearer(self, text: str, after_end_ms: int) -> bool:
        """The wearer begins so long after the ear had our last word."""
        start_ns = self.end_ns + self.delay_ns + after_end_ms * MS
        return self.guard.ours(text, start_ns, start_ns + 400 * MS * len(text.split()))


SIGN = "It says Platform 7 Leeds 14 oh 5"


def test_our_own_words_are_known_as_ours() -> None:
    for first in range(6):
        for last in range(first, 8):
            assert Speaking(SIGN).echo(first, last), f"words {first} to {last}"


@pytest.mark.parametrize("delay_ms", [20, 80, 250, 450, 900])
def test_however_late_the_device_plays(delay_ms: int) -> None:
    assert Speaking(SIGN, delay_ms).echo(1, 4)


@pytest.mark.parametrize("late_ms", [0, 80, 250, 450])
def test_a_device_that_does_not_say_how_late_it_plays(late_ms: int) -> None:
    assert Speaking(SIGN, None).echo(1, 4, late_ms)
    assert not Speaking(SIGN, None).wearer("platform seven", 1000)


@pytest.mark.parametrize(
    "heard", ["it says platform seven", "says platform 7", "it said platform seven", "platforms seven"]
)
def test_a_recogniser_may_get_some_of_it_wrong(heard: str) -> None:
    assert Speaking(SIGN).echo(0, 3, heard=heard)


def test_stop_in_our_own_answer_stops_nothing() -> None:
    assert Speaking("Get off at the next stop and wait").echo(5, 5, heard="stop")
    assert Speaking("Get off at the next stop and wait").echo(7, 7, heard="wait")


@pytest.mark.parametrize("said", ["platform seven", "platform 7?", "Leeds", "fourteen oh five"])
@pytest.mark.parametrize("after_ms", [300, 500, 1500])
def test_a_wearer_who_repeats_a_word_once_it_is_over_is_heard(said: str, after_ms: int) -> None:
    assert not Speaking(SIGN).wearer(said, after_ms)


def test_a_wearer_who_repeats_a_word_while_we_go_on_is_heard() -> None:
    speaking = Speaking(SIGN + " it leaves in nine minutes from the other side of the hall")
    begin_ns = speaking.begin_ns + 4 * 400 * MS + speaking.delay_ns + 500 * MS  # half a second after "platform 7"
    assert not speaking.guard.ours("platform seven", begin_ns, begin_ns + 800 * MS)


@pytest.mark.parametrize("said", ["stop", "what does this sign say", "no", "is it late", "what is the time"])
def test_other_words_over_our_answer_are_the_wearers(said: str) -> None:
    assert not Speaking(SIGN).echo(1, 4, heard=said)


def test_what_was_stopped_was_not_said() -> None:
    guard = OwnVoice(EchoOptions(), Played())
    guard.played.on_speak(ev.Speak(0, "", utterance=1, chunk=0, text="one two three four"))
    words = tuple(ev.Word(w, i * NS, (i + 1) * NS) for i, w in enumerate(("one", "two", "three", "four")))
    guard.played.on_voiced(ev.ChunkVoiced(0, 1, 0, 4 * NS, words))
    guard.played.on_play(ev.PlayMark(10 * NS, 1, 0, "started"))
    guard.played.on_play(ev.PlayMark(11 * NS + 500 * MS, 1, 0, "stopped", 1500 * MS))
    assert guard.share("two", 11 * NS, 12 * NS) == 1.0
    assert guard.share("three four", 12 * NS, 14 * NS) == 0.0


def test_numbers_are_compared_as_they_are_said() -> None:
    assert plain_words("Platform 17, 14:05.") == ["platform", "seventeen", "fourteen", "zero", "five"]
    assert plain_words("It’s 42 !") == ["it's", "forty", "two"]
    assert plain_words("20 007") == ["twenty", "zero", "zero", "seven"]


def test_a_short_word_beside_ours_is_what_the_wearer_said() -> None:
    said = Speaking(SIGN, delay_ms=200)
    start_ns = said.begin_ns + 200 * MS
    for heard, theirs in (
        ("platform yeah", "yeah"),
        ("stop it says", "stop"),
        ("it mm-hm platform", "mm-hm"),
        ("platform seven", ""),
        ("is it far", "is it far"),
    ):
        assert said.guard.beside_ours(heard, start_ns, start_ns + 1600 * MS) == theirs


# -------------------------------------------------------------------------------------------------------- double talk


def voiced(levels: list[float], probability: float = 0.03, rises_db: float = 15.0) -> list[bool]:
    """For each window what was made of it, after two seconds of what the canceller usually leaves."""
    found = DoubleTalk(EchoOptions(double_talk_db=rises_db))
    for level in [-60.0, -64.0, -57.0] * 20:
        assert found.feed(ev.VoiceWindow(0, 0, 0.0, level)).probability == 0.0
    return [found.feed(ev.VoiceWindow(0, 0, probability, level)).probability == 1.0 for level in levels]


def test_what_rises_out_of_a_cancelled_answer_and_looks_like_a_voice_is_one() -> None:
    assert voiced([-30.0, -59.0, -40.0, -44.0]) == [True, False, True, True]


def test_a_short_word_that_the_canceller_cut_down_is_one_from_its_third_window_on() -> None:
    assert voiced([-50.0, -47.0, -49.0, -48.0, -58.0]) == [False, False, True, True, False]
    assert not any(voiced([-50.0, -47.0, -58.0, -49.0, -48.0])), "not in a row"


def test_a_slamming_door_is_no_voice() -> None:
    assert voiced([-20.0] * 4, probability=0.01) == [False] * 4
    assert not any(voiced([-48.0] * 6, probability=0.01))


def test_what_is_usually_left_of_our_own_voice_is_none() -> None:
    assert not any(voiced([-52.0, -48.0, -57.0, -50.0]))


def test_a_fan_that_begins_to_hum_is_taken_for_a_voice_for_two_seconds_at_most() -> None:
    taken = voiced([-40.0] * 100)
    assert all(taken[:5]) and not any(taken[60:])


def test_double_talk_can_be_turned_off() -> None:
    assert not any(voiced([-20.0] * 4, rises_db=0.0))


def test_before_the_canceller_knows_the_room_silence_teaches_nothing() -> None:
    found = DoubleTalk(EchoOptions())
    for _ in range(60):
        found.feed(ev.VoiceWindow(0, 0, 0.0, -120.0))
    assert found.feed(ev.VoiceWindow(0, 0, 0.1, -57.0)).probability == 0.1


# -------------------------------------------------------------------------------------------------------- half duplex

WAYS = [
    ("auto", "", True, OFF),
    ("auto", "none", True, OFF),
    ("auto", "cancelled", True, OFF),
    ("auto", "open", True, CANCEL),
    ("auto", "open", False, HALF_DUPLEX),
    ("cancel", "", True, CANCEL),
    ("cancel", "cancelled", False, HALF_DUPLEX),
    ("half_duplex", "none", True, HALF_DUPLEX),
    ("off", "open", True, OFF),
]


@pytest.mark.parametrize(("wanted", "says", "can", "done"), WAYS)
def test_what_is_done_for_a_device(wanted: str, says: str, can: bool, done: str) -> None:
    assert way(wanted, says, can) == done


def test_a_mode_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"echo.mode = 'aec'.*auto, cancel, half_duplex, off"):
        load(sets=["echo.mode=aec"], env={})


def duplex(mode: str = "half_duplex", says: str = "open", can: bool = True) -> Duplex:
    made = Duplex(EchoOptions(mode=mode), Played())
    made.on_started(ev.SessionStarted(0, cancels_echo=can))
    made.on_link(ev.LinkChanged(0, "connected", True, True, True, echo=says))
    return made


def test_deaf_while_we_speak_and_as_long_as_the_room_answers() -> None:
    half = duplex()
    half.played.on_speak(ev.Speak(0, "", utterance=1, chunk=0, text="Platform seven."))
    half.played.on_voiced(ev.ChunkVoiced(0, 1, 0, NS))
    assert not half.deaf(9 * NS)
    half.played.on_play(ev.PlayMark(10 * NS, 1, 0, "started"))
    half.played.on_heard(ev.HeardMark(10 * NS + 150 * MS, 1, "first", 10 * NS + 100 * MS))
    assert half.deaf(10 * NS + 500 * MS)
    half.played.on_play(ev.PlayMark(11 * NS, 1, 0, "finished", NS))
    assert half.deaf(11 * NS + 390 * MS), "100 ms until the ear has it, 300 ms of room"
    assert not half.deaf(11 * NS + 410 * MS) and half.settled(11 * NS + 410 * MS)


def test_not_deaf_while_an_answer_waits_for_more_to_say() -> None:
    """A slow model: its first clause was spoken, and the next is not there yet."""
    half = duplex()
    half.played.on_speak(ev.Speak(0, "", utterance=1, chunk=0, text="Let me see,"))
    half.played.on_play(ev.PlayMark(10 * NS, 1, 0, "started"))
    half.played.on_voiced(ev.ChunkVoiced(10 * NS, 1, 0, NS))
    assert half.deaf(10 * NS + 900 * MS) and not half.deaf(12 * NS)
    half.played.on_speak(ev.Speak(12 * NS, "", utterance=1, chunk=1, text="it is a door."))
    half.played.on_voiced(ev.ChunkVoiced(12 * NS, 1, 1, NS))
    half.played.on_play(ev.PlayMark(12 * NS, 1, 1, "started", NS))
    assert half.deaf(12 * NS + 500 * MS)


def test_never_deaf_where_our_sound_is_taken_out_or_not_heard() -> None:
    for made in (duplex("auto", "open"), duplex("auto", "cancelled"), duplex("off", "open")):
        made.played.on_speak(ev.Speak(0, "", utterance=1, chunk=0, text="Platform seven."))
        made.played.on_play(ev.PlayMark(10 * NS, 1, 0, "started"))
        assert not made.deaf(10 * NS + 100 * MS)


def test_a_device_that_was_wrong_about_itself_twice_is_listened_to_in_turns() -> None:
    made = duplex("auto", "cancelled")
    assert not made.guarded(10 * NS) and made.mode == OFF
    assert made.guarded(20 * NS) and made.mode == HALF_DUPLEX
    assert not made.guarded(30 * NS), "said once"
    again = duplex("auto", "cancelled")
    again.stand(made.rest(ev.Resumed(40 * NS, link=ev.LinkChanged(0, "connected", echo="cancelled"))))
    assert again.mode == HALF_DUPLEX
    made.on_link(ev.LinkChanged(50 * NS, "connected", True, True, True, echo="none"))
    assert made.mode == OFF, "a headset now"


def test_one_echo_in_several_pieces_is_one() -> None:
    made = duplex("auto", "cancelled")
    assert not any(made.guarded(10 * NS + k * 800 * MS) for k in range(5)) and made.mode == OFF


def test_an_echo_long_ago_says_nothing_any_more() -> None:
    made = duplex("auto", "cancelled")
    assert not any(made.guarded(k * 61 * NS) for k in range(1, 9)) and made.mode == OFF


def test_a_canceller_may_let_some_through_twice_a_minute() -> None:
    made = duplex("auto", "open")
    assert not made.guarded(10 * NS) and not made.guarded(20 * NS) and made.mode == CANCEL
    assert made.guarded(30 * NS) and made.mode == HALF_DUPLEX


def test_who_turned_it_off_wants_it_off() -> None:
    made = duplex("off", "open")
    assert not made.guarded(1) and not made.guarded(2) and made.mode == OFF


# ---------------------------------------------------------------------------------------------------- heard once more


def test_packets_are_put_into_the_slots_that_they_were_for() -> None:
    due = [7 * MS + k * TICK_NS for k in (*range(0, 60), *range(70, 130))]
    rng = np.random.default_rng(4)
    late = [round(rng.exponential(2 if rng.random() < 0.8 else 20)) * MS for _ in due]
    taken = [max(t + min(by, 39 * MS), 0) for t, by in zip(due, late, strict=True)]
    found = slots_ns(taken)
    assert {slot - t for slot, t in zip(found, due, strict=True)} == {found[0] - due[0]}
    assert abs(found[0] - due[0]) <= 2 * MS
    assert slots_ns([]) == []


# ------------------------------------------------------------------------------------------------------ over the wire

IN_TURNS = """
device:
  camera: {width: 640, height: 360, fps: 10, kbps: 150}
  open_speaker: {delay_ms: 120, level_db: -6, room_ms: 250}
companion: {echo.mode: half_duplex}
steps:
  - see: {card: sign, platform: "14", destination: Leeds, time: "14:05"}
  - wait: answer
    within_s: 20
  - wait: quiet
  - wait: 1
  - say: what does this sign say
  - wait: answer
  - wait: quiet
  - wait: 2
  - say: tell me a story
  - wait: answer
  - wait: 4
  - tap: tap
  - wait: 2
"""


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Take]:
    """Two devices with open loudspeakers at the same time, each at its own companion."""
    folder = tmp_path_factory.mktemp("echo")
    in_turns = folder / "in_turns.yaml"
    in_turns.write_text(IN_TURNS)
    with ThreadPoolExecutor(2) as pool:
        cancelled = pool.submit(in_time, folder / "cancel", Part("open_speaker", 5))
        half = pool.submit(in_time, folder / "half", Part(str(in_turns), 5))
        return {"cancel": cancelled.result(), "half": half.result()}


def in_time(folder: Path, part: Part) -> Take:
    """Played again if the machine had no time for it: sound that comes a second late says nothing of echo."""
    for attempt in range(TRIES):
        (take,) = record(folder / str(attempt), part)
        late = [e.t_ns - e.media_ns for e in of(take, ev.VoiceWindow) if isinstance(e, ev.VoiceWindow)]
        if max(late) < NS:
            break
    return take


def of(take: Take, *kinds: type) -> list[ev.Happening | ev.Decision]:
    return [event for event in Recording(take.recording).events() if isinstance(event, kinds)]


def test_an_answer_over_an_open_loudspeaker_is_spoken_to_its_end_and_can_be_interrupted(takes: dict[str, Take]) -> None:
    take = takes["cancel"]
    assert take.passed, take.printed
    (started,) = of(take, ev.SessionStarted)
    assert isinstance(started, ev.SessionStarted) and started.cancels_echo
    assert {event.echo for event in of(take, ev.LinkChanged) if event.state == "connected"} == {"open"}  # type: ignore[union-attr]
    closed = [event for event in of(take, ev.TurnClosed) if isinstance(event, ev.TurnClosed)]
    assert [turn.outcome for turn in closed[:2]] == ["answered", "answered"]
    assert closed[1].heard.endswith("a rope for the bell.")
    ducks = [event.t_ns for event in of(take, ev.Duck) if isinstance(event, ev.Duck) and event.on]
    assert not [t_ns for t_ns in ducks if t_ns < closed[1].t_ns], "a minute of our own voice stopped nothing"
    assert ducks and {"interrupted", "stopped"} & {turn.outcome for turn in closed[2:]}
    barge_ins = [turn["barge_in_ms"] for turn in take.verdict["turns"] if turn["barge_in_ms"] is not None]
    assert barge_ins and min(barge_ins) <= 400


def test_what_was_heard_over_an_open_loudspeaker_is_decided_again_alike(takes: dict[str, Take]) -> None:
    assert replay(takes["cancel"].recording).same


def test_the_recorded_sound_is_cleaned_again_for_who_recognises_anew(takes: dict[str, Take]) -> None:
    take = takes["cancel"]
    (opened, *_) = (e.t_ns for e in of(take, ev.TurnOpened) if isinstance(e, ev.TurnOpened) and e.turn == 2)
    levels = {}
    for mode in ("auto", "off"):
        session = _Session(Settings(echo=EchoOptions(mode=mode)))
        RecordedMedia(take.recording).prepare(session, opened + 12 * NS)  # type: ignore[arg-type]
        sound = session.sound.cut(opened + 4 * NS, opened + 11 * NS).astype(float)
        levels[mode] = 10 * np.log10(np.mean(sound**2))
    assert levels["auto"] < levels["off"] - 6, "a story, and nobody else; a machine that is late cleans it less well"


def test_in_turns_nothing_is_answered_to_ourselves_and_a_tap_stops(takes: dict[str, Take]) -> None:
    take = takes["half"]
    assert take.passed, take.printed
    closed = [event for event in of(take, ev.TurnClosed) if isinstance(event, ev.TurnClosed)]
    assert [turn.outcome for turn in closed] == ["answered", "stopped"]
    assert not [event for event in of(take, ev.Duck) if isinstance(event, ev.Duck) and event.on]
    assert len(of(take, ev.SpeechStarted)) <= 4, "two questions; each may have been said in two breaths"


@pytest.mark.parametrize("says", ["loud", 7, ["open"], {"open": True}])
def test_an_echo_that_does_not_exist_is_refused(says: object) -> None:
    async def story() -> None:
        async with companion() as here, aiohttp.ClientSession() as http:
            body = {"sdp": "v=0", "type": "offer", "echo": says}
            async with http.post(here.at("/api/offer"), json=body) as response:
                refused = await response.json()
            assert (response.status, refused["error"]) == (400, "bad_echo")
            assert "none, cancelled, open" in refused["hint"]

    run(story)


class _Session:
    """As much of a session as recorded media are put into."""

    def __init__(self, settings: Settings) -> None:
        self.sound, self.parts = SoundRing(), _Parts(settings)
        self.frames = _Frames()


class _Parts:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings


class _Frames:
    def add(self, unit: object) -> None: ...


def test_looking_for_the_canceller_costs_nothing() -> None:
    assert echo.available()
