"""When there is not time for everything: what is left out, in which order, that it comes back, and what never goes."""

from __future__ import annotations

import asyncio
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.clock import SessionClock
from companion.compute import Asked, ComputeDoor, Stream
from companion.left_out import LeftOut
from companion.link.drain import take_all_at_once
from companion.replay import replay
from pipelines import events as ev
from pipelines.director import Director
from pipelines.events import MS, NS
from pipelines.load import SHEDS, Load
from pipelines.room import DirectorOptions
from pipelines.scribe import Scribe
from pipelines.seeing.ring import AccessUnit
from pipelines.thinking.options import LoadOptions, Options
from recordings.reader import Recording
from tests.desk import PATIENCE_S, DeskSession, desk
from tests.scripted import WINDOW_NS, ScriptedSession, World
from tests.studio import Studio

Late = Callable[[int], int]  # ms of the session -> how late sound is then, in ms


@dataclass
class Wearer:
    """Windows of a session in order, each as late as is said, into a `Load` of their own."""

    options: LoadOptions = field(default_factory=LoadOptions)
    at_ms: int = 0

    def __post_init__(self) -> None:
        self.scribe = Scribe()
        self.load = Load(self.options, self.scribe)
        self.shed: list[ev.Shed] = []

    def hear(self, ms: int, late_ms: int) -> list[int]:
        """Sound for so long; the levels that were decided meanwhile."""
        levels = []
        for _ in range(ms // 32):
            self.at_ms += 32
            self.window(self.at_ms * MS, (self.at_ms - late_ms) * MS)
            decided = self.scribe.take()
            self.shed += [d for d in decided if isinstance(d, ev.Shed)]
            levels += [d.level for d in decided if isinstance(d, ev.Shed)]
        return levels

    def window(self, t_ns: int, media_ns: int) -> None:
        self.scribe.now_ns = t_ns
        self.load.feed(ev.VoiceWindow(t_ns, media_ns, 0.1))

    def blocked(self, ms: int) -> list[int]:
        """Nothing is looked at for so long, then all of it at once."""
        began_ms, self.at_ms = self.at_ms, self.at_ms + ms
        for end_ms in range(began_ms + 32, self.at_ms + 1, 32):
            self.window(self.at_ms * MS, end_ms * MS)
        decided = [d for d in self.scribe.take() if isinstance(d, ev.Shed)]
        self.shed += decided
        return [d.level for d in decided]


def test_one_thing_after_the_other_is_left_out_and_the_last_comes_back_first() -> None:
    w = Wearer()
    assert w.hear(10_000, 30) == []
    assert w.hear(3_000, 400) == [1, 2, 3]
    assert [s.what for s in w.shed] == [("video",), ("video", "captions"), ("video", "captions", "speculation")]
    assert all(w.load.sheds(what) for what in SHEDS)
    assert 365 <= w.shed[0].late_ms <= 370, "beside the usual 30"
    assert w.hear(20_000, 30) == [2, 1, 0]
    assert w.shed[-1].what == () and "video again" in w.shed[-1].reason
    assert not any(w.load.sheds(what) for what in SHEDS)


def test_the_first_goes_half_a_second_after_it_began_and_returns_after_three_in_time() -> None:
    w = Wearer()
    w.hear(5_000, 30)
    w.hear(1_000, 200)
    assert 500 <= w.shed[0].t_ns // MS - 5_000 <= 564
    w.hear(4_000, 30)
    assert 3_000 <= w.shed[1].t_ns // MS - 6_000 <= 3_064


def test_one_long_pause_of_the_machine_leaves_nothing_out() -> None:
    w = Wearer()
    w.hear(5_000, 30)
    assert w.blocked(2_400) == [] and w.hear(3_000, 30) == []


def test_a_loop_that_is_blocked_again_and_again_is_overloaded_though_it_catches_up_each_time() -> None:
    w = Wearer()
    w.hear(5_000, 30)
    levels = [level for _ in range(8) for level in w.blocked(320) + w.hear(64, 0)]
    assert levels[:2] == [1, 2]


def test_a_slow_network_is_not_our_lack_of_time() -> None:
    assert Wearer().hear(60_000, 600) == [], "it always was so"
    w = Wearer()
    w.hear(5_000, 30)
    assert w.hear(600_000, 90) == [], "a little worse"
    w.hear(30_000, 400)
    assert w.load.level == 3, "much worse from one moment to the next looks like overload …"
    w.hear(300_000, 400)
    assert w.load.level == 0, "… until it has become usual"


def test_after_a_gap_it_begins_anew() -> None:
    w = Wearer()
    w.hear(5_000, 30)
    w.at_ms += 20_000  # the device was away, and came back by another way
    assert w.hear(5_000, 300) == []


def test_what_came_back_too_early_waits_longer_the_next_time() -> None:
    w = Wearer()
    w.hear(2_000, 10)
    waited = []
    for _ in range(4):
        while not w.hear(32, 300):  # video goes
            pass
        gone_ms = w.at_ms
        while not w.hear(32, 10):  # and comes back
            pass
        waited.append(w.at_ms - gone_ms)
    assert [round(ms / 3_000) for ms in waited] == [1, 2, 4, 8]
    w.hear(60_000, 10)
    w.hear(600, 300)
    gone_ms = w.at_ms
    assert w.hear(3_200, 10) == [0] and w.at_ms - gone_ms < 3_300, "long ago is forgotten"


def test_never_is_a_choice() -> None:
    assert Wearer(LoadOptions(late_ms=0)).hear(1_000, 10) == []
    w = Wearer(LoadOptions(late_ms=0))
    w.hear(5_000, 10)
    assert w.hear(60_000, 5_000) == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 900)), min_size=1, max_size=14), st.integers(0, 400))
def test_levels_move_by_one_and_a_session_cut_anywhere_goes_on_alike(parts: list[tuple[int, int]], cut: int) -> None:
    whole, other = Wearer(), Wearer()
    windows = [late for count, late in parts for _ in range(count)]
    for i, late in enumerate(windows):
        if i == cut:
            resumed = other.load.rest(ev.Resumed(0))
            other.load = Load(other.options, other.scribe)
            other.load.stand(resumed)
        assert whole.hear(32, late) == other.hear(32, late)
    levels = [0, *(s.level for s in whole.shed)]
    assert all(abs(a - b) == 1 for a, b in itertools.pairwise(levels))
    assert all(s.what == SHEDS[: s.level] for s in whole.shed)


# --------------------------------------------------------------------------------------------------- in a conversation


class Overloaded(ScriptedSession):
    """The wearer's sound is looked at late."""

    late: Late = staticmethod(lambda at_ms: 0)

    def _window(self) -> None:
        media_ns = max(0, self.now_ns - self.late(self.now_ns // MS) * MS)
        middle = media_ns - WINDOW_NS // 2
        voiced = any(start <= middle < end for start, end, _ in self._speech)
        level = -25.0 if voiced else -60.0
        self.feed(ev.VoiceWindow(self.now_ns, media_ns, 0.9 if voiced else 0.02, level))
        self._at(self.now_ns + WINDOW_NS, self._window)


def overloaded() -> Overloaded:
    """In time, late for six seconds in which a question is asked, in time again, another question."""
    s = Overloaded(World(models=()), DirectorOptions(Options(load=LoadOptions())))
    s.late = lambda at_ms: 300 if 3_000 <= at_ms < 9_000 else 20  # type: ignore[method-assign]
    s.say("what colour is the door", at_ms=6_000)
    s.say("what colour is the door", at_ms=30_000)
    return s.run_until(50_000)  # type: ignore[return-value]


def test_sound_is_never_left_out() -> None:
    s = overloaded()
    assert max(d.level for d in s.all(ev.Shed)) == 3 and s.all(ev.Shed)[-1].level == 0
    opened = s.all(ev.TurnOpened)
    assert [t.text for t in opened] == ["what colour is the door"] * 2, "heard to the last word, at every level"
    assert [t.outcome for t in s.all(ev.TurnClosed)] == ["answered"] * 2
    during, after = opened
    assert during.t_ns < s.all(ev.Shed)[-1].t_ns < after.t_ns


def test_nothing_leaves_early_while_there_is_no_time_for_it() -> None:
    s = overloaded()
    first, second = s.all(ev.TurnOpened)
    asked = [d for d in s.all(ev.AskModel) if d.t_ns < first.t_ns + NS]
    assert asked and not any(d.speculative for d in asked)
    assert any(d.speculative for d in s.all(ev.AskModel) if d.t_ns > second.speech_start_ns), "later it may again"


def test_fed_again_it_decides_alike() -> None:
    s = overloaded()
    again = Director(s.options)
    decided: list[ev.Decision] = []
    for event in s.tape:
        decided += again.feed(event)
    assert [d for d in decided if isinstance(d, ev.Shed)] == s.all(ev.Shed)


# -------------------------------------------------------------------------------------------------------- in the shell


def test_a_recording_of_an_overload_replays_to_the_same_decisions(tmp_path: Path) -> None:
    class Slow(Studio):
        def _window(self) -> None:
            now_ns = self.clock.now_ns()
            late_ns = 500 * MS if 4 * NS <= now_ns < 9 * NS else 0
            voiced = any(start <= now_ns - late_ns < end for start, end, _ in self._speech)
            window = ev.VoiceWindow(now_ns, max(0, now_ns - 45 * MS - late_ns), 0.9 if voiced else 0.02, -25.0)
            self.session.deliver(window)

    studio = Slow(tmp_path, seed=3)
    studio.say("what does this sign say", at_ms=6_000)
    path = studio.record(30)
    shed = [d for d in Recording(path).decisions() if isinstance(d, ev.Shed)]
    assert [d.level for d in shed] == [1, 2, 3, 2, 1, 0]
    assert replay(path).same


def test_after_a_gap_pictures_are_recorded_from_a_key_frame_on() -> None:
    left_out = LeftOut()
    assert left_out.records(key=False)
    assert not left_out.now(("video",))
    assert not left_out.records(key=True)
    assert not left_out.now(("video", "captions"))
    assert not left_out.now(("video",))
    assert left_out.now(()), "ask for one"
    assert [left_out.records(key) for key in (False, False, True, False)] == [False, False, True, True]


def test_words_that_are_nowhere_else_are_shown_even_so() -> None:
    left_out = LeftOut()
    left_out.now(SHEDS)
    assert left_out.shows(known_otherwise=False) and not left_out.shows(known_otherwise=True)
    left_out.now(SHEDS[:1])
    assert left_out.shows(known_otherwise=True)


class Microphone(threading.Thread):
    """20 ms of sound every 20 ms whatever the event loop does, as a socket would bring it, and a picture every 60."""

    def __init__(self, d: DeskSession) -> None:
        super().__init__(daemon=True)
        self._d, self._loop, self._over = d, asyncio.get_running_loop(), threading.Event()
        self.sent = 0

    def run(self) -> None:
        clock: SessionClock = self._d.session.clock
        while not self._over.wait(0.02):
            self.sent += 1
            self._loop.call_soon_threadsafe(self._arrives, self.sent, clock.now_ns())

    def _arrives(self, number: int, media_ns: int) -> None:
        pcm, session = np.zeros(320, np.int16), self._d.session
        media_ns = max(0, media_ns - 20 * MS)
        session.on_microphone(b"\x01sound", pcm, number * 960, session.clock.now_ns(), media_ns, concealed=False)
        if number % 3 == 0:
            unit = AccessUnit(number, media_ns, number % 30 == 0, "h264", b"\0\0\0\1picture")
            session.on_camera(unit, 0, session.clock.now_ns())

    def end(self) -> None:
        self._over.set()
        self.join()


def test_a_blocked_loop_leaves_video_out_keeps_every_packet_of_sound_and_recovers(tmp_path: Path) -> None:
    """With a real loop that somebody blocks for real."""

    async def talk() -> Microphone:
        async with asyncio.timeout(PATIENCE_S), desk(tmp_path, "load.calm_ms=300") as d:
            microphone = Microphone(d)
            microphone.start()
            while len(d.all(ev.VoiceWindow)) < 20:
                await asyncio.sleep(0.02)
            while not d.all(ev.Shed) or max(s.level for s in d.all(ev.Shed)) < 2:
                time.sleep(0.3)  # the fault
                await asyncio.sleep(0)
            while d.all(ev.Shed)[-1].level:
                await asyncio.sleep(0.02)
            count = len(d.all(ev.VoiceWindow))
            while len(d.all(ev.VoiceWindow)) < count + 40:
                await asyncio.sleep(0.02)
            microphone.end()
            await asyncio.sleep(0.05)
            return microphone

    microphone = asyncio.run(talk())
    (path,) = tmp_path.glob("*.mcap")
    recording = Recording(path)
    assert sum(1 for _ in recording.microphone()) == microphone.sent
    shed = [d for d in recording.decisions() if isinstance(d, ev.Shed)]
    away = [(a.t_ns, b.t_ns) for a, b in itertools.pairwise(shed) if a.what]
    kept = list(recording.camera())
    assert kept and kept[-1].t_ns > shed[-1].t_ns, "pictures come back"
    assert not any(start < unit.t_ns < end for unit in kept for start, end in away)
    first_back = next(unit for unit in kept if unit.t_ns > shed[-1].t_ns)
    assert first_back.key, "and begin with a whole one"
    assert replay(path).same


# ------------------------------------------------------------------------------------- many wearers and one computer


def test_what_waits_in_a_socket_is_taken_at_once_and_in_order() -> None:
    """asyncio alone takes one datagram a round, so a slow loop would never catch up."""

    class Received(asyncio.DatagramProtocol):
        def __init__(self) -> None:
            self.transport: asyncio.BaseTransport | None = None
            self.got: list[tuple[int, bytes]] = []
            self.round = 0
            self.gone = asyncio.Event()

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: object) -> None:
            self.got.append((self.round, data))

        def connection_lost(self, exc: Exception | None) -> None:
            self.gone.set()

    async def talk() -> None:
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.create_datagram_endpoint(Received, local_addr=("127.0.0.1", 0))
        take_all_at_once(protocol)
        address = transport.get_extra_info("sockname")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sent = [b"packet %d" % i for i in range(60)]
            for data in sent:
                sender.sendto(data, address)
            while len(protocol.got) < len(sent):
                protocol.round += 1
                await asyncio.sleep(0)
            assert [data for _, data in protocol.got] == sent
            assert len({number for number, _ in protocol.got}) == 1
        transport.close()
        await asyncio.wait_for(protocol.gone.wait(), 10)

    asyncio.run(talk())


def test_a_wearer_who_listens_for_long_keeps_nobody_elses_voice_waiting() -> None:
    """A lane that waits for room in one wearer's playout is that wearer's own."""

    async def talk() -> None:
        shared = ComputeDoor()
        a, b = shared.own(), shared.own()
        room = threading.Event()
        said: asyncio.Queue[str] = asyncio.Queue()

        def voice(door: ComputeDoor, words: str, has_room: Callable[[], bool]) -> None:
            def pieces() -> Iterator[str]:
                yield words

            door.stream(
                Stream("voice", pieces, has_room), said.put_nowait, lambda cost: None, _fails, Asked(ev.Speak(0))
            )

        voice(a, "a long story", room.is_set)
        voice(b, "platform twelve", lambda: True)
        assert await asyncio.wait_for(said.get(), 10) == "platform twelve"
        room.set()
        assert await asyncio.wait_for(said.get(), 10) == "a long story"
        await asyncio.to_thread(shared.close)

    asyncio.run(talk())


def test_voices_of_two_wearers_never_meet_in_the_engine() -> None:
    async def talk() -> None:
        shared = ComputeDoor()
        doors = [shared.own() for _ in range(3)]
        inside, most, done = [0], [0], asyncio.Event()
        left = [len(doors)]

        def pieces() -> Iterator[int]:
            for i in range(20):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0.0005)
                inside[0] -= 1
                yield i

        def ended(cost_ns: int) -> None:
            left[0] -= 1
            if not left[0]:
                done.set()

        for door in doors:
            door.stream(Stream("voice", pieces), lambda piece: None, ended, _fails, Asked(ev.Speak(0)))
        await asyncio.wait_for(done.wait(), 20)
        await asyncio.to_thread(shared.close)
        assert most[0] == 1

    asyncio.run(talk())


def test_a_session_that_ends_takes_its_lanes_with_it() -> None:
    async def talk() -> None:
        shared = ComputeDoor()
        own = shared.own()
        ran = asyncio.Event()
        own.compute("voice", lambda: 1, lambda result, cost: ran.set(), _fails, Asked(ev.Speak(0)))
        await asyncio.wait_for(ran.wait(), 10)
        assert any(t.name.startswith("earshot-voice") for t in threading.enumerate())
        await asyncio.to_thread(own.close)
        assert not any(t.name.startswith("earshot-voice") for t in threading.enumerate())
        assert own.compute("voice", lambda: 1, _fails, _fails, Asked(ev.Speak(0))).cancelled()  # type: ignore[arg-type]
        await asyncio.to_thread(shared.close)

    asyncio.run(talk())


def _fails(error: Exception) -> None:
    raise AssertionError(error)


def test_work_ahead_lets_what_comes_meanwhile_go_first() -> None:
    """Another wearer's question waits for a little of it, not for all."""

    async def main() -> list[str]:
        shared = ComputeDoor()
        one, other = shared.own(), shared.own()
        order: list[str] = []
        begun, asked, over = threading.Event(), threading.Event(), asyncio.Event()
        left = iter(range(5))

        def a_little() -> bool:
            order.append("ahead")
            begun.set()
            assert asked.wait(PATIENCE_S)
            return next(left, None) is not None

        one.ahead("look", a_little)
        await asyncio.to_thread(begun.wait, PATIENCE_S)
        question = Asked(ev.Look(0, request=1))
        other.compute(
            "look", lambda: order.append("question"), lambda _, cost_ns: over.set(), lambda error: None, question
        )
        asked.set()
        async with asyncio.timeout(PATIENCE_S):
            await over.wait()
        await asyncio.to_thread(shared.close)
        return order

    order = asyncio.run(main())
    assert order[:2] == ["ahead", "question"]
