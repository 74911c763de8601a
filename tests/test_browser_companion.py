"""A wearer with nothing but a browser: headless Chromium holds up a sign, asks aloud, reads and hears the answers.

The companion is the real one, in a process of its own. Chromium's fake microphone plays a sound file again and again:
quiet for as long as the greeting takes, then a question; its fake camera shows one picture. So a question that was not
understood comes again, and the test waits for what should happen, never for a time; what is shown for a
moment only is kept for it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import wave
from pathlib import Path

import cv2
import numpy as np
import pytest

from companion.replay import replay
from pipelines import events as ev
from pipelines.spans import spans_of
from recordings.reader import Recording
from tests.companions import Companion, companion
from tests.test_page_browser import CHROMIUM, FAKE_DEVICES, Tab, browser

SPEECH = Path(__file__).parents[1] / "device_sim" / "speech"
RATE_HZ = 48_000
GREETING_S = 15.0  # the longest greeting, and how long it takes to begin
BETWEEN_S = 14.0  # an answer, and quiet after it
PATIENCE_S = 480.0  # before it gives up: the question is asked aloud some twenty times until then
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium on the path: install the package `chromium` to run this"),
]


def microphone(path: Path, *phrases: str) -> Path:
    """A 48 kHz stereo file: quiet, then each phrase followed by quiet. Quiet is faint noise: zeros are no room."""
    random = np.random.default_rng(1)
    parts = [np.zeros(int(GREETING_S * RATE_HZ))]
    for phrase in phrases:
        with wave.open(str(SPEECH / f"{phrase.replace(' ', '_')}.wav")) as file:
            said = np.frombuffer(file.readframes(file.getnframes()), np.int16)
            at = np.arange(len(said) * RATE_HZ // file.getframerate()) * file.getframerate() / RATE_HZ
        parts += [np.interp(at, np.arange(len(said)), said), np.zeros(int(BETWEEN_S * RATE_HZ))]
    sound = np.concatenate(parts)
    sound = np.clip(sound + random.normal(0, 12, len(sound)), -32768, 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.repeat(sound, 2).tobytes())
    return path


def camera(path: Path, *lines: str) -> Path:
    """A film of one picture, a sign, which Chromium shows again and again."""
    picture = np.full((720, 1280, 3), 230, np.uint8)
    for i, line in enumerate(lines):
        cv2.putText(picture, line, (120, 200 + 170 * i), cv2.FONT_HERSHEY_SIMPLEX, 3.2, (30, 20, 20), 8, cv2.LINE_AA)
    cv2.imwrite(str(path.with_suffix(".jpg")), picture)
    return path.with_suffix(".jpg").rename(path)


# Everything that the page shows, in order: what was shown for a moment only is found all the same.
KEEP_ALL = """
    window.shown = [];
    const line = document.getElementById('status'), captions = document.getElementById('captions');
    new MutationObserver(() => shown.push(['status', line.textContent])).observe(line, { childList: true });
    new MutationObserver((changes) => {
        for (const change of changes) {
            const caption = change.target === captions ? captions.lastElementChild : change.target.closest('li');
            if (caption) shown.push([caption.dataset.who, caption.textContent]);
        }
    }).observe(captions, { childList: true, subtree: true });
"""


def said(who: str, words: str, since: int = 0) -> str:
    """A condition of the page: `who` ("wearer", "companion", "status") was shown with the words, from that one on."""
    return f"shown.slice({since}).some(([who, text]) => who === '{who}' && text.toLowerCase().includes('{words}'))"


ALL_HEARD = (
    "document.getElementById('status').textContent.startsWith('Listening') && !earshot.connection.ear.runs.length"
)


async def talk(tab: Tab, c: Companion, screenshot: Path) -> None:
    """Ask aloud what the sign says, then type what the platform was; wait for both answers on the page. The question
    comes again and again until it was understood; then the microphone is muted, so that none breaks off an answer."""
    await tab.call("Emulation.setDeviceMetricsOverride", **PHONE)
    await tab.open(c.url)
    await tab.run(KEEP_ALL)
    await tab.run("document.getElementById('start').click()")
    await tab.until("document.getElementById('live-camera').dataset.on === 'true'")
    await tab.until("document.querySelector('#live-recording span').textContent === 'on'")
    await tab.until(said("wearer", "sign say"))
    await tab.run("document.getElementById('mute').click()")
    await tab.until(f"{said('companion', 'platform 12')} && {said('status', 'answering')}")
    await tab.picture(screenshot)
    await tab.until(ALL_HEARD)
    since = await tab.run("shown.length")
    await tab.run(
        "document.getElementById('question').value = 'what was the platform';"
        "document.getElementById('ask').requestSubmit()"
    )
    await tab.until(said("wearer", "what was the platform", since))
    await tab.until(f"{said('companion', 'platform 12', since)} && {said('status', 'answering', since)}")
    await tab.until(ALL_HEARD)
    await tab.run("document.getElementById('end').click()")
    await tab.until(said("status", "ended."))
    lines = await tab.run("shown.filter(([who]) => who === 'status').map(([, text]) => text)")
    assert all(line[-1] in ".…?" for line in lines), f"no name of a state may be shown for a sentence: {lines}"


def test_a_browser_asks_about_a_sign_and_hears_what_it_says(tmp_path: Path) -> None:
    sound = microphone(tmp_path / "asks.wav", *["what does this sign say"] * 2)  # in case the first is not understood
    film = camera(tmp_path / "sign.mjpeg", "PLATFORM 12", "Oxford")
    flags = [
        *FAKE_DEVICES,
        f"--use-file-for-fake-audio-capture={sound}",
        f"--use-file-for-fake-video-capture={film}",
    ]
    screenshot = tmp_path / "phone.png"

    async def story(c: Companion) -> None:
        async with browser(tmp_path / "profile", *flags, patience_s=PATIENCE_S) as tab:
            await talk(tab, c, screenshot)

    with companion(tmp_path / "rec") as c:
        asyncio.run(asyncio.wait_for(story(c), PATIENCE_S))
        c.stop()
    if keep := os.environ.get("EARSHOT_SCREENSHOTS"):
        shutil.copy(screenshot, Path(keep) / "phone.png")
    (recording,) = (tmp_path / "rec").glob("*.mcap")
    judge(recording)


def judge(recording: Path) -> None:
    """The recording tells the same story: asked, answered, timed to the ear by the browser, decided again alike."""
    events = list(Recording(recording).events())
    link = next(e for e in events if isinstance(e, ev.LinkChanged) and e.state == "connected")
    assert link.microphone and link.camera and link.speaker
    turns = {turn.text: turn for turn in reversed(spans_of(events))}  # the first of each
    spoken = next(turn for text, turn in turns.items() if text.endswith("sign say"))
    assert spoken.heard_by_device and spoken.spans[-1].name == "link down"
    opened = {e.text: e.turn for e in reversed(events) if isinstance(e, ev.TurnOpened)}
    answers = {e.turn: e.utterance for e in events if isinstance(e, ev.Speak)}
    for text in (spoken.text, "what was the platform"):
        marks = [e for e in events if isinstance(e, ev.HeardMark) and e.utterance == answers[opened[text]]]
        assert [m.mark for m in marks][:: max(1, len(marks) - 1)] == ["first", "last"], (text, marks)
        assert [m.media_ns for m in marks] == sorted(m.media_ns for m in marks)
    closed = {e.turn: e for e in events if isinstance(e, ev.TurnClosed)}
    assert all("platform 12" in closed[opened[text]].heard.lower() for text in (spoken.text, "what was the platform"))
    assert any(isinstance(e, ev.ClockMapped) for e in events)
    assert replay(recording).same
