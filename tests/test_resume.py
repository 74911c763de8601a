"""Finding a session again over another connection: the door, the link, and a whole scene by ear.

What the deciders make of it is in `test_reconnect.py`.
"""

from __future__ import annotations

import asyncio
import subprocess
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from companion.replay import replay
from device_sim.roaming import cut
from pipelines import events as ev
from pipelines.events import MS
from pipelines.speaking.voice import load_voices
from recordings.reader import Recording
from tests import earwords
from tests.companions import companion as running
from tests.companions import simulator
from tests.live import Part, record
from tests.test_link import Companion, Device, Session, companion, run, tone_packets

NOTICE = "I lost the connection. Going on."

# ------------------------------------------------------------------------------------------ real connections, one door


async def met(here: Companion, **device: Any) -> tuple[Device, Session, str]:
    """A device that is connected, its session and its name."""
    first = Device(camera="", **device)
    session = await here.meet(first)
    await session.until(lambda: session.states)
    return first, session, session.link.session


async def resume(here: Companion, name: str, camera: str = "") -> Device:
    device = Device(camera=camera)
    status, answer, _ = await here.post(await device.offer(), resume=name)
    assert (status, answer.get("session")) == (200, name), answer
    await device.take(answer)
    return device


def words(session: Session) -> list[str]:
    return [state[0] for state in session.states]


def test_a_device_that_went_silent_finds_its_session_again() -> None:
    async def story() -> None:
        async with companion(lost_after_s=0.3) as here:
            first = Device(camera="vp8")
            session = await here.meet(first)
            name = session.link.session
            await session.until(lambda: len(session.units) > 3 and len(session.sounds) > 5)
            cut(first.pc)
            await session.until(lambda: words(session)[-1] == "lost")
            session.link.send_message({"type": "caption", "who": "companion", "text": "kept"})
            sounds, units = len(session.sounds), len(session.units)
            again = await resume(here, name, camera="vp8")
            await session.until(lambda: len(session.units) > units + 3 and len(session.sounds) > sounds + 5)
            assert words(session) == ["connected", "lost", "connected"] and session.resumed == [False, False, True]
            assert here.server.sessions == 1 and len(here.sessions) == 1
            numbers = [unit.frame_id for unit in session.units]
            assert numbers == list(range(1, len(numbers) + 1)), "no picture's number comes twice"
            assert session.units[units].key, "another stream begins with a key frame"
            for times in ([s["media_ns"] for s in session.sounds], [u.media_ns for u in session.units]):
                assert times == sorted(times), "capture times never run backwards"
            (hello,) = await again.until(lambda: again.got("hello"))
            assert hello["resumed"] and hello["session"] == name
            await again.until(lambda: again.got("caption"))
            await again.pc.close()
            await first.pc.close()

    run(story)


def test_a_device_that_changes_over_before_it_is_missed_takes_over() -> None:
    async def story() -> None:
        async with companion() as here:
            first, session, name = await met(here)
            again = await resume(here, name)
            await session.until(lambda: len(words(session)) == 3)
            assert words(session) == ["connected", "lost", "connected"]
            assert "another connection" in session.states[1][4]
            (bye,) = await first.until(lambda: first.got("bye"))
            assert "took this session over" in bye["reason"]
            sounds = len(session.sounds)
            await session.until(lambda: len(session.sounds) > sounds + 10)
            assert words(session)[-1] == "connected" and here.server.sessions == 1
            await again.pc.close()
            await session.until(lambda: words(session)[-1] == "closed")
            await first.pc.close()

    run(story)


def test_an_old_connection_that_is_closed_a_little_early_does_not_end_the_session() -> None:
    async def story() -> None:
        async with companion() as here:
            first, session, name = await met(here)
            again = Device(camera="")
            _, answer, _ = await here.post(await again.offer(), resume=name)
            await first.pc.close()
            await again.take(answer)
            await session.until(lambda: session.resumed[-1])
            assert "closed" not in words(session)
            await again.pc.close()

    run(story)


@pytest.mark.parametrize("how", ["bye", "close"])
def test_goodbye_is_not_waited_for(how: str) -> None:
    async def story() -> None:
        async with companion() as here:
            device, session, name = await met(here)
            await device.until(lambda: device.got("hello"))
            if how == "bye":
                device.say(type="bye")
            else:
                await device.pc.close()
            await session.until(lambda: words(session)[-1] == "closed")
            assert here.server.sessions == 0 and "lost" not in words(session)
            await device.pc.close()
            status, body, _ = await here.post(await Device(camera="").offer(), resume=name)
            assert (status, body["error"]) == (404, "no_such_session")

    run(story)


def test_a_device_that_says_it_returns_is_waited_for_until_it_says_bye() -> None:
    async def story() -> None:
        async with companion() as here:
            device, session, name = await met(here)
            await device.until(lambda: device.got("hello"))
            device.say(type="returns")
            device.say(type="typed", text="is that in order")  # behind it, so that it has come
            await session.until(lambda: session.messages)
            await device.pc.close()  # as a browser does when its page is loaded anew
            await session.until(lambda: words(session)[-1] == "lost")
            again = await resume(here, name)
            await session.until(lambda: words(session)[-1] == "connected")
            await again.until(lambda: again.got("hello"))
            again.say(type="returns")
            again.say(type="bye")
            await session.until(lambda: words(session)[-1] == "closed")
            await again.pc.close()

    run(story)


def test_who_comes_too_late_is_told_so_and_gets_a_new_session() -> None:
    async def story() -> None:
        async with companion(lost_after_s=0.2, resume_within_s=0.3) as here:
            first, session, name = await met(here)
            cut(first.pc)
            await session.until(lambda: words(session)[-1] == "closed")
            assert words(session) == ["connected", "lost", "closed"]
            assert "did not come back within 0.3 s" in session.states[-1][4] and here.server.sessions == 0
            device = Device(camera="")
            offer = await device.offer()
            status, body, _ = await here.post(offer, resume=name)
            assert (status, body["error"]) == (404, "no_such_session")
            assert "resume" in body["hint"] and name in body["detail"]
            status, answer, _ = await here.post(offer)
            assert status == 200 and answer["session"] != name
            await device.take(answer)
            await device.pc.close()
            await first.pc.close()

    run(story)


@pytest.mark.parametrize("name", ["nobody", 7, ["x"], {"a": 1}, "x" * 5000])
def test_no_name_that_is_none_opens_anything(name: object) -> None:
    async def story() -> None:
        async with companion() as here:
            device = Device(camera="")
            status, body, _ = await here.post(await device.offer(), resume=name)
            assert (status, body["error"]) == (404, "no_such_session") and not here.sessions
            await device.pc.close()

    run(story)


def test_a_name_is_no_token() -> None:
    async def story() -> None:
        async with companion() as here:
            first, session, name = await met(here)
            stranger = Device(camera="")
            body = {"sdp": await stranger.offer(), "type": "offer", "resume": name}
            async with aiohttp.ClientSession() as http:
                for token in ("", "guess"):
                    async with http.post(here.at("/api/offer", token), json=body) as response:
                        assert response.status == 401
            assert words(session) == ["connected"]
            await stranger.pc.close()
            await first.pc.close()

    run(story)


def test_a_session_that_waits_keeps_its_place() -> None:
    async def story() -> None:
        async with companion(max_sessions=1, lost_after_s=0.2) as here:
            first, session, name = await met(here)
            cut(first.pc)
            await session.until(lambda: words(session)[-1] == "lost")
            other = Device(camera="")
            status, body, _ = await here.post(await other.offer())
            assert (status, body["error"]) == (503, "too_many_sessions")
            again = await resume(here, name)
            for device in (again, other, first):
                await device.pc.close()

    run(story)


def test_an_offer_to_resume_that_never_connects_leaves_the_old_connection_alone() -> None:
    async def story() -> None:
        async with companion(connect_timeout_s=0.5) as here:
            first, session, name = await met(here)
            ghost = Device(camera="")
            status, _, _ = await here.post(await ghost.offer(), resume=name)
            assert status == 200
            await asyncio.sleep(0.8)
            sounds = len(session.sounds)
            await session.until(lambda: len(session.sounds) > sounds + 5)
            assert words(session) == ["connected"]
            await ghost.pc.close()
            await first.pc.close()

    run(story)


def test_what_is_heard_over_the_new_connection_has_its_place_in_the_utterance() -> None:
    async def story() -> None:
        async with companion(lost_after_s=0.3) as here:
            first, session, name = await met(here)
            cut(first.pc)
            await session.until(lambda: words(session)[-1] == "lost")
            again = await resume(here, name)
            await session.until(lambda: session.resumed[-1])
            session.link.answer_at(4, 3_000 * MS)
            session.to_say += [(packet, 4) for packet in tone_packets()[:25]]
            (speaking,) = await again.until(lambda: again.got("speaking"))
            (spoken,) = await again.until(lambda: again.got("spoken"))
            now_ns = round(asyncio.get_running_loop().time() * 1e9)
            for mark, rtp in (("first", speaking["rtp"]), ("last", spoken["rtp"])):
                again.say(type="heard", utterance=4, mark=mark, rtp=rtp, device_ns=now_ns)
            await session.until(lambda: len(session.heard) == 2)
            assert [heard[3] // MS for heard in session.heard] == [3_000, 3_500]
            await again.pc.close()
            await first.pc.close()

    run(story)


# ------------------------------------------------------------------------------------------------- processes, by ear


def test_a_device_that_is_killed_leaves_a_whole_recording(tmp_path: Path) -> None:
    with running(tmp_path / "recordings", "--quiet", "--set", "server.resume_within_s=2") as here:
        glasses = subprocess.Popen(
            simulator("roaming", here.url, tmp_path / "glasses"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert glasses.stdout is not None
        while "the companion speaks first" not in (line := glasses.stdout.readline()) and line:
            continue
        glasses.kill()
        glasses.wait()
        glasses.stdout.close()
        ends_by = time.monotonic() + 30
        while not (done := list((tmp_path / "recordings").glob("*.mcap"))):
            assert time.monotonic() < ends_by, "the session did not end"
            time.sleep(0.2)
        (path,) = done
        recording = Recording(path)
        links = [e.state for e in recording.happenings() if isinstance(e, ev.LinkChanged)]
        assert links == ["connected", "lost", "closed"] and not recording.torn
        (ended,) = (e for e in recording.happenings() if isinstance(e, ev.SessionEnded))
        assert "did not come back within 2 s" in ended.reason
        assert replay(path).same


def test_an_answer_goes_on_over_three_losses_and_no_word_is_missing(tmp_path: Path) -> None:
    """Judged by the sound that arrived. Each loss ends with one notice; the recording replays."""
    (take,) = record(tmp_path, Part("roaming"))
    assert take.passed, take.printed
    said = [d for d in Recording(take.recording).decisions() if isinstance(d, ev.Speak) and d.text]
    heard = earwords.read(next(tmp_path.glob("glasses-*/heard.wav")))
    voice = load_voices(["espeak"])["espeak"]
    story = earwords.spoken(voice, [(d.text, d.rate_wpm) for d in said if d.turn == 1])
    said_and_heard = earwords.followed(story, heard, from_s=take.verdict["turns"][1]["at_s"])
    found = [word for word, at_s in said_and_heard if at_s is not None]
    assert len(found) > 0.85 * len(said_and_heard) and earwords.longest_hole(said_and_heard) <= 2, said_and_heard
    notices = earwords.phrase_at(earwords.spoken(voice, [(NOTICE, said[0].rate_wpm)])[1:4], heard)
    assert len(notices) == 3, f"one notice for each of three losses, heard at {notices}"
    events = list(Recording(take.recording).events())
    assert sum(isinstance(e, ev.LinkChanged) and e.resumed for e in events) == 3
    assert [e.outcome for e in events if isinstance(e, ev.TurnClosed)] == ["answered", "answered"]
    assert replay(take.recording).same
