"""A camera whose device offers it gives fewer pictures while nobody needs more: scripts in virtual time, then one night
over both wires."""

from __future__ import annotations

from pathlib import Path

import pytest

from companion.link.flow import watch
from companion.link.record import DeviceRecord
from companion.replay import replay
from pipelines import events as ev
from pipelines.director import Director, DirectorOptions
from pipelines.events import MS
from pipelines.frame_rate import ALL_FPS, LULL_NS
from pipelines.thinking.options import LoadOptions, Options, SpeakingOptions
from tests.scripted import ScriptedSession, World
from tests.test_bridge_companion import over_both
from tests.test_devices import connected
from tests.test_load import Overloaded

OFFERS = ev.Device("Acme One", idle_fps=2.0)
QUIET = DirectorOptions(Options(speaking=SpeakingOptions(greet=False)))
LULL_MS = LULL_NS // MS


def session(device: ev.Device = OFFERS) -> ScriptedSession:
    s = ScriptedSession(World(), QUIET)
    connected(s, device)
    return s


def rates(s: ScriptedSession) -> list[float]:
    return [d.fps for d in s.all(ev.AskFrameRate)]


def test_after_a_lull_few_are_enough_and_all_come_again_as_soon_as_somebody_speaks() -> None:
    s = session()
    end = s.say("what does this sign say", at_ms=500)
    s.say("what does this sign say", at_ms=60_000)
    s.run_until(70_000)
    slow, full = s.all(ev.AskFrameRate)
    assert (slow.fps, full.fps) == (2.0, ALL_FPS)
    assert slow.t_ns // MS >= end + LULL_MS and "nobody" in slow.reason
    began = next(e for e in s.all(ev.SpeechStarted) if e.t_ns > slow.t_ns)
    assert 60_000 * MS < full.t_ns <= began.t_ns, "with the first sound of a voice, not with its words"
    assert [c.outcome for c in s.all(ev.TurnClosed)] == ["answered", "answered"]
    s.run_until(120_000)
    assert rates(s) == [2.0, ALL_FPS, 2.0]


def test_while_asleep_few_are_enough_at_once() -> None:
    s = session()
    s.say("go to sleep", at_ms=500)
    s.say("wake up", at_ms=15_000)
    s.run_until(20_000)
    (asleep,) = [a for a in s.all(ev.AttentionChanged) if a.new == "asleep"]
    slow, full = s.all(ev.AskFrameRate)
    assert slow.t_ns - asleep.t_ns < 1_000 * MS and full.t_ns >= 15_000 * MS and full.fps == ALL_FPS


def test_pictures_are_the_first_to_be_fewer_where_there_is_not_time_for_everything() -> None:
    s = Overloaded(
        World(models=()), DirectorOptions(Options(load=LoadOptions(), speaking=SpeakingOptions(greet=False)))
    )
    s.late = lambda at_ms: 300 if 3_000 <= at_ms < 9_000 else 20  # type: ignore[method-assign]
    connected(s, OFFERS)
    s.say("what colour is the door", at_ms=6_000)
    s.run_until(8_000)
    first = s.all(ev.Shed)[0]
    assert [(d.t_ns, d.fps) for d in s.all(ev.AskFrameRate)] == [(first.t_ns, 2.0)], "though somebody speaks"
    s.say("what colour is the door", at_ms=40_000)
    s.run_until(45_000)
    assert rates(s)[-1] == ALL_FPS and not s.all(ev.Shed)[-1].level


@pytest.mark.parametrize("device", [ev.Device(), ev.Device(photo_only=True, idle_fps=2.0)])
def test_nothing_is_asked_of_a_device_that_does_not_offer_it(device: ev.Device) -> None:
    s = session(device)
    s.say("what does this sign say", at_ms=500)
    s.say("go to sleep", at_ms=50_000)
    s.run_until(90_000)
    assert not s.all(ev.AskFrameRate)


def test_another_connection_begins_with_all_that_the_camera_has() -> None:
    s = session()
    s.run_until(LULL_MS + 5_000)
    assert rates(s) == [2.0]
    s.feed(ev.LinkChanged(s.now_ns, "lost", True, True, True, "silent", "", False, OFFERS))
    s.run_until(LULL_MS + 6_000)
    connected(s, OFFERS, resumed=True)
    s.run_until(3 * LULL_MS)
    assert rates(s) == [2.0, 2.0], "asked anew, after a lull of its own"


@pytest.mark.parametrize("rest_ms", [5_000, LULL_MS + 5_000])
def test_a_rest_changes_nothing(rest_ms: int) -> None:
    """Cut in two, a session asks for what it would have asked for."""

    def script(s: ScriptedSession) -> None:
        s.say("what does this sign say", at_ms=LULL_MS + 20_000)

    whole = session()
    script(whole)
    whole.run_until(LULL_MS + 30_000)
    s = session()
    script(s)
    s.run_until(rest_ms)
    resumed = s.director.rest(s.now_ns)
    after = Director(QUIET)
    after.feed(s.all(ev.SessionStarted)[0])
    after.feed(resumed)
    s.director = after
    s.run_until(LULL_MS + 30_000)
    assert [(d.t_ns, d.fps) for d in s.all(ev.AskFrameRate)] == [(d.t_ns, d.fps) for d in whole.all(ev.AskFrameRate)]


def test_a_camera_that_idles_is_not_missed() -> None:
    flow = watch(DeviceRecord(camera="h264", fps=15, idle_fps=0.2), True, True, 0)
    assert "camera" not in [change.track for ms in range(0, 9_900, 250) for change in flow.look(ms * MS)]
    assert "camera" in [change.track for change in flow.look(10_250 * MS)]


NIGHT = """\
name: night
about: The companion sleeps, and its glasses need not show it much.
device: {camera: {width: 320, height: 240, fps: 10, kbps: 150, idle_fps: 1}}
steps:
  - see: {card: sign, platform: "7", destination: Leeds, time: "14:05"}
  - wait: 2
  - say: go to sleep
  - wait: 6
  - say: wake up
  - wait: 3
"""


def test_a_night_over_both_wires(tmp_path: Path) -> None:
    path = tmp_path / "night.yaml"
    path.write_text(NIGHT, "utf-8")
    for recording in over_both(str(path), 1, tmp_path, "--set", "speaking.greet=false").values():
        events = list(recording.events())
        slow, full = (e for e in events if isinstance(e, ev.AskFrameRate))
        assert (slow.fps, full.fps) == (1.0, ALL_FPS)
        pictures = [unit.media_ns for unit in recording.camera()]
        asleep = [at for at in pictures if slow.t_ns + 500 * MS < at < full.t_ns]
        assert 2 <= len(asleep) <= (full.t_ns - slow.t_ns) / 1e9 + 1
        awake = [at for at in pictures if full.t_ns + 500 * MS < at < full.t_ns + 2_500 * MS]
        assert len(awake) >= 10, "ten a second, and a busy machine may lose some"
        assert not [e for e in events if isinstance(e, ev.MediaFlow)]
        assert replay(recording.path).same
