"""The shell with real engines: what a wearer hears when things go right, and when the world is broken."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from companion.replay import replay
from companion.session import Session
from device_sim.stand_in_model import Behaviour, make_app, start
from pipelines import events as ev
from pipelines.thinking.chain import Chain
from recordings.reader import Recording
from tests.desk import desk


def sign(*lines: str) -> NDArray[np.uint8]:
    picture = np.full((720, 1280, 3), 230, np.uint8)
    for i, line in enumerate(lines):
        cv2.putText(picture, line, (120, 200 + 170 * i), cv2.FONT_HERSHEY_SIMPLEX, 3.2, (30, 20, 20), 8, cv2.LINE_AA)
    return picture


def code(payload: str) -> NDArray[np.uint8]:
    picture = np.full((720, 1280, 3), 255, np.uint8)
    qr = cv2.resize(cv2.QRCodeEncoder.create().encode(payload), (400, 400), interpolation=cv2.INTER_NEAREST)
    picture[160:560, 440:840] = cv2.cvtColor(qr, cv2.COLOR_GRAY2BGR)
    return picture


BLACK = np.zeros((720, 1280, 3), np.uint8)


def run(test: object) -> None:
    asyncio.run(test)  # type: ignore[arg-type]


def test_a_day_at_the_desk(tmp_path: Path) -> None:
    """Sign, code, memory: all on the device, recorded, and decided again alike."""

    async def talk() -> None:
        async with desk(tmp_path) as d:
            d.show(sign("PLATFORM 12", "Oxford"))
            said = await d.ask("what does this sign say")
            assert "platform 12" in said.lower() and "oxford" in said.lower()
            d.show(code("https://example.org/menu/4711"))
            said = await d.ask("what is this code")
            assert "example dot org slash menu slash 4711" in said and "not opened" in said
            assert (await d.ask("what was the platform")).startswith("Platform 12.")
            assert not d.all(ev.AskModel)
            assert np.abs(np.concatenate(d.sound)).max() > 3000, "the answers can be heard"

    run(talk())
    (file,) = tmp_path.glob("*.mcap")
    recording = Recording(file)
    assert [t.outcome for t in recording.decisions() if isinstance(t, ev.TurnClosed)] == ["answered"] * 3
    prompt = recording.settings["thinking"]["system_prompt"]
    assert recording.attachment("prompts/system.txt") == prompt.encode()
    (clock,) = recording.reads()
    started = next(recording.happenings())
    assert isinstance(started, ev.SessionStarted) and (clock.site, clock.value) == ("wall clock", started.wall_clock)
    assert recording.info.environment["models"]["speech"] and recording.info.environment["code"]
    assert len(list(recording.stills())) == 2
    assert replay(file).same


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (None, "no picture"),
        (BLACK, "black or blank"),
        (np.full((720, 1280, 3), 128, np.uint8), "black or blank"),
        (cv2.GaussianBlur(sign("PLATFORM 12") // 2, (0, 0), 16), "blurred"),
        (sign() // 230 * 255, "too bright"),
    ],
    ids=["no camera", "black", "grey", "blurred", "white"],
)
def test_a_bad_picture_is_said_and_the_conversation_goes_on(
    tmp_path: Path, picture: NDArray[np.uint8] | None, words: str
) -> None:
    async def talk() -> None:
        async with desk(tmp_path) as d:
            if picture is not None:
                d.show(picture)
            assert words in (await d.ask("what does this sign say")).lower()
            d.show(sign("PLATFORM 12"))
            assert "platform 12" in (await d.ask("what does this sign say")).lower()

    run(talk())
    assert replay(next(tmp_path.glob("*.mcap"))).same


def test_a_broken_picture_is_no_picture(tmp_path: Path) -> None:
    from pipelines.seeing.ring import AccessUnit

    async def talk() -> None:
        async with desk(tmp_path) as d:
            now_ns = d.session.clock.now_ns()
            d.session.on_camera(AccessUnit(1, now_ns, True, "jpeg", b"\xff\xd8 this is no picture"), 0, now_ns)
            assert "no picture" in (await d.ask("what does this sign say")).lower()

    run(talk())


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (Behaviour(), "red"),
        (Behaviour(status=401), "refused my key"),
        (Behaviour(status=503), "busy"),
        (Behaviour(garbage=True), "don't understand what the model sent"),
        (Behaviour(hang="headers"), "stopped answering"),
    ],
    ids=["works", "refuses", "busy", "garbage", "hangs"],
)
def test_whatever_the_model_does_the_wearer_hears_of_it(tmp_path: Path, behaviour: Behaviour, words: str) -> None:
    async def talk() -> None:
        runner, url = await start(make_app(behaviour), "127.0.0.1", 0)
        sets = [f"model.base_url={url}", "model.model=stand-in", "model.first_text_s=0.5", "model.between_text_s=0.5"]
        try:
            async with desk(tmp_path, *sets) as d:
                door = np.full((720, 1280, 3), 160, np.uint8)
                cv2.rectangle(door, (440, 60), (840, 700), (20, 20, 200), -1)
                d.show(door)
                assert words in (await d.ask("what colour is the door")).lower()
                d.show(sign("PLATFORM 12"))
                assert "platform 12" in (await d.ask("what does this sign say")).lower()
        finally:
            await runner.cleanup()

    run(talk())
    (file,) = tmp_path.glob("*.mcap")
    assert replay(file).same
    begun = [part for part in Recording(file).http() if type(part).__name__ == "HttpBegin"]
    assert begun, "what was sent is in the recording"


@pytest.mark.parametrize("do", ["black", "drop"])
def test_what_a_rule_covers_or_keeps_back_does_not_leave(tmp_path: Path, do: str) -> None:
    async def talk() -> None:
        runner, url = await start(make_app(Behaviour()), "127.0.0.1", 0)
        sets = [f"model.base_url={url}", "model.model=stand-in"]
        sets += ['privacy.regions=[{box = [0, 0, 1000, 1000], do = "' + do + '"}]']
        try:
            async with desk(tmp_path, *sets) as d:
                door = np.full((720, 1280, 3), 160, np.uint8)
                cv2.rectangle(door, (440, 60), (840, 700), (20, 20, 200), -1)
                d.show(door)
                said = (await d.ask("what do you see")).lower()
                assert ("keep this picture back" in said) == (do == "drop") and "red" not in said
        finally:
            await runner.cleanup()

    run(talk())
    (file,) = tmp_path.glob("*.mcap")
    assert replay(file).same
    sent = [part for part in Recording(file).http() if type(part).__name__ == "HttpBegin"]
    assert bool(sent) == (do == "black")


def test_in_private_mode_nothing_is_sent_even_if_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shell holds a lock of its own, for the day on which the deciders pick a model that is elsewhere."""
    pick = Chain.pick
    monkeypatch.setattr(
        Chain, "pick", lambda chain, now, private, vision, skip, here: pick(chain, now, private, vision, skip)
    )

    async def talk() -> None:
        sets = ["model.base_url=https://example.org/v1", "model.model=far"]
        async with desk(tmp_path, *sets) as d:
            d.show(sign("PLATFORM 12"))
            await d.ask("private mode")
            assert "private mode is on" in await d.ask("what do you see")
            assert d.all(ev.AskModel), "it was asked for"

    run(talk())
    (file,) = tmp_path.glob("*.mcap")
    assert not [part for part in Recording(file).http() if type(part).__name__ == "HttpBegin"]


def test_nobody_there_at_the_models_address(tmp_path: Path) -> None:
    async def talk() -> None:
        sets = ["model.base_url=http://127.0.0.1:9/v1", "model.model=nobody"]
        async with desk(tmp_path, *sets) as d:
            d.show(sign("PLATFORM 12"))
            assert "can't reach the model" in (await d.ask("what do you see")).lower()

    run(talk())


def test_local_only_makes_no_connection_even_if_a_model_is_set(tmp_path: Path) -> None:
    async def talk() -> None:
        sets = ["model.base_url=https://example.org/v1", "model.model=far", "privacy.local_only=true"]
        async with desk(tmp_path, *sets) as d:
            d.show(sign("PLATFORM 12"))
            assert "send nothing out" in await d.ask("what do you see")

    run(talk())


def test_a_voice_that_fails_is_replaced_and_none_at_all_ends_the_turn(tmp_path: Path) -> None:
    from pipelines.speaking.voice import VoiceError

    class Mute:
        name = "mute"

        def render(self, text: str, rate_wpm: int, cancelled: object) -> object:
            raise VoiceError("mute: has no voice")

    async def talk() -> None:
        async with desk(tmp_path, "speaking.voice=auto") as d:
            voices = d.session.parts.engines.voices
            good = dict(voices)
            voices.clear()
            voices.update({"mute": Mute(), **good})  # type: ignore[dict-item]
            d.show(sign("PLATFORM 12"))
            assert "platform 12" in (await d.ask("what does this sign say")).lower()
            assert d.sound, "another voice spoke"
            for name in good:
                del voices[name]
            await d.ask("what does this sign say")
            assert d.all(ev.TurnClosed)[-1].outcome == "failed"
            voices.update(good)
            assert "platform 12" in (await d.ask("what does this sign say")).lower()

    run(talk())


def test_an_engine_that_raises_is_heard_of(tmp_path: Path) -> None:
    async def talk() -> None:
        async with desk(tmp_path) as d:
            reader = d.session.parts.engines.reader

            def broken(picture: object) -> object:
                raise RuntimeError("out of ink")

            d.show(sign("PLATFORM 12"))
            d.session.parts.engines.reader = type("Broken", (), {"parts": staticmethod(broken)})()
            assert "reading stumbled" in await d.ask("what does this sign say")
            d.session.parts.engines.reader = reader
            assert "platform 12" in (await d.ask("what does this sign say")).lower()
        assert any("out of ink" in e.detail for e in d.all(ev.WorkFailed))

    run(talk())


def test_nothing_is_left_running_after_stop(tmp_path: Path) -> None:
    async def talk() -> None:
        async with desk(tmp_path) as d:
            d.show(sign("PLATFORM 12"))
            d.type("what does this sign say")
            await d.until(ev.ReadText)  # stop in the middle of the work
        assert [t for t in asyncio.all_tasks() if t is not asyncio.current_task()] == []

    before = set(threading.enumerate())
    run(talk())
    left = [t.name for t in threading.enumerate() if t not in before and not t.name.startswith("asyncio_")]
    assert left == []


def test_a_full_disk_is_said_and_the_conversation_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from recordings.partfile import PartFile

    async def talk() -> None:
        async with desk(tmp_path) as d:
            d.show(sign("PLATFORM 12"))
            assert "platform 12" in (await d.ask("what does this sign say")).lower()

            def full(*args: object) -> None:
                raise OSError(28, "No space left on device")

            monkeypatch.setattr(PartFile, "write", full)
            await d.until(ev.DeviceEvent)
            assert "platform 12" in (await d.ask("what does this sign say")).lower()
            monkeypatch.undo()
        assert "no longer record" in " ".join(s.text for s in d.all(ev.Speak))

    run(talk())


def test_garbage_from_the_device_is_ignored(tmp_path: Path) -> None:
    async def talk() -> None:
        async with desk(tmp_path) as d:
            for message in ({}, {"type": 7}, {"type": "typed"}, {"type": "typed", "text": " "}, {"type": "event"}):
                d.session.on_message(message)
            d.show(sign("PLATFORM 12"))
            assert "platform 12" in (await d.ask("what does this sign say")).lower()
            assert len(d.all(ev.TurnOpened)) == 1

    run(talk())


def test_the_picture_that_a_model_waits_for_is_made_before_the_one_that_is_only_kept() -> None:
    done: list[ev.Decision] = []
    parts = SimpleNamespace(recorder=None, watch=lambda event: None)
    hands = SimpleNamespace(carry_out=done.append)
    session = cast(Session, SimpleNamespace(parts=parts, _hands=hands, _show=lambda: None))
    keep, ask, speak = ev.KeepStill(0), ev.AskModel(0), ev.Speak(0)
    Session._carry_out(session, [keep, ask, speak])
    assert done == [ask, speak, keep], "all else in its order"
