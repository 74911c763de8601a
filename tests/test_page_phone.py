"""The page in the hand of somebody who sees little or nothing: every control, what is announced, what is lost and found
again, what is refused; in a real Chromium."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from companion.link.server import LinkServer
from device_sim.roaming import cut
from tests.accessible import faults, tree
from tests.test_page_browser import CHROMIUM, FAKE_DEVICES, Session, Tab, browser, run, server

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium on the path: install the package `chromium` to run this"),
]

STATUS = {
    "type": "status", "model": "Ollama", "local": True, "private": False, "mode": "instant", "attention": "open",
    "voice": True, "recording": True,
}  # fmt: skip
ASKED = """
    window.asked = [];
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = (wanted) => { asked.push(wanted); return real(wanted); };
"""
HEARD_BY_SCREEN_READERS = """
    window.announced = [];
    addEventListener('DOMContentLoaded', () => new MutationObserver(() => {
        const text = document.getElementById('said').textContent;
        if (text) announced.push(text);
    }).observe(document.getElementById('said'), { childList: true }));
"""


def click(name: str) -> str:
    return f"document.getElementById('{name}').click()"


def choose(group: str, value: str) -> str:
    return f"document.querySelector('#{group} input[value={value}]').click()"


def word(name: str) -> str:
    return f"document.querySelector('#live-{name} span').textContent"


@asynccontextmanager
async def talking(
    folder: Path, *before: str, flags: tuple[str, ...] = ()
) -> AsyncIterator[tuple[Tab, LinkServer, list[Session]]]:
    """A page that is connected. `before`: scripts that run in it before its own."""
    async with server() as (here, sessions), browser(folder, *FAKE_DEVICES, *flags) as tab:
        await tab.call("Page.enable")
        for script in before:
            await tab.call("Page.addScriptToEvaluateOnNewDocument", source=script)
        await tab.open(here.url)
        await tab.run(click("start"))
        await connected(tab)
        await sessions[0].until(lambda: sessions[0].sounds > 10)
        yield tab, here, sessions


async def connected(tab: Tab) -> None:
    await tab.until(f"window.earshot && earshot.connection && {word('connection')} === 'on'")
    await tab.until("earshot.connection.channel.readyState === 'open' && !document.getElementById('talk').hidden")


def typed(session: Session) -> list[str]:
    return [m["text"] for m in session.messages if m["type"] == "typed"]


def done(session: Session) -> list[tuple[str, Any]]:
    return [(m["kind"], m.get("value")) for m in session.messages if m["type"] == "event"]


def test_every_control_does_what_its_word_says(tmp_path: Path) -> None:
    wishes = {
        click("again"): "again", click("hush"): "stop", choose("mode", "thinking"): "thinking mode",
        choose("mode", "contemplating"): "contemplating mode", choose("mode", "instant"): "quick mode",
        click("private"): "private mode", click("voice"): "captions only",
    }  # fmt: skip

    async def story() -> None:
        async with talking(tmp_path, ASKED) as (tab, _, sessions):
            session = sessions[0]
            await tab.run(click("more"))
            assert await tab.run("document.getElementById('sheet').open")
            for press, said in wishes.items():
                await tab.run(press)
                await session.until(lambda said=said: typed(session)[-1:] == [said])  # type: ignore[misc]
            await tab.run(click("close"))
            assert not await tab.run("document.getElementById('sheet').open")
            await tab.run(click("end"))
            await session.until(lambda: session.states[-1] == "closed")
            assert await tab.run("document.getElementById('status').textContent") == "Ended."
            assert await tab.run("document.activeElement.id") == "start"
            assert await tab.run("sessionStorage.earshot.includes(':\"\"')"), "there is nothing to come back to"

    run(story)


def test_a_muted_microphone_is_silent_except_while_the_button_is_held(tmp_path: Path) -> None:
    async def loudest(session: Session) -> int:
        """Of the half second after the next quarter: what was on its way is let by."""
        for packets in (12, 25):
            session.loudest, sounds = 0, session.sounds
            await session.until(lambda n=sounds + packets: session.sounds > n)  # type: ignore[misc]
        return session.loudest

    async def story() -> None:
        async with talking(tmp_path) as (tab, _, sessions):
            session = sessions[0]
            await session.until(lambda: session.loudest > 500)
            await tab.run(click("mute"))
            await session.until(lambda: done(session) == [("microphone", "off")])
            assert await tab.run(word("microphone")) == "muted"
            assert await tab.run("document.getElementById('mute').getAttribute('aria-pressed')") == "true"
            assert await loudest(session) < 50

            space = {"code": "Space", "key": " ", "windowsVirtualKeyCode": 32}
            await tab.run("document.body.focus(); document.activeElement.blur()")
            await tab.call("Input.dispatchKeyEvent", type="keyDown", **space)
            await tab.until(f"{word('microphone')} === 'on while held'")
            session.loudest = 0
            await session.until(lambda: session.loudest > 500)  # the fake microphone beeps once a second
            await tab.call("Input.dispatchKeyEvent", type="keyUp", **space)
            assert await loudest(session) < 50

            await tab.run(click("mute"))
            await session.until(lambda: done(session)[-1] == ("microphone", "on"))
            await session.until(lambda: session.loudest > 500)

    run(story)


def test_one_question_asks_for_both_and_one_that_is_refused_leaves_the_other(tmp_path: Path) -> None:
    no_camera = """
        const given = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = (wanted) =>
            wanted.video ? Promise.reject(new DOMException('', 'NotFoundError')) : given(wanted);
    """

    async def story() -> None:
        async with talking(tmp_path / "both", ASKED) as (tab, _, _sessions):
            assert [sorted(w) for w in await tab.run("asked")] == [["audio", "video"]]
        async with talking(tmp_path / "one", no_camera) as (tab, _, _sessions):
            assert "without a camera" in await tab.run("document.getElementById('problem').textContent")
            assert [await tab.run(word(name)) for name in ("microphone", "camera")] == ["on", "none"]

    run(story)


def test_the_picture_goes_on_unbroken_while_the_button_is_held(tmp_path: Path) -> None:
    async def story() -> None:
        async with talking(tmp_path) as (tab, _, _sessions):
            await tab.run("window.shown = document.getElementById('preview').srcObject")
            await tab.run(click("mute"))
            await tab.until(f"{word('microphone')} === 'muted'")
            assert await tab.run("shown && shown === document.getElementById('preview').srcObject")

    run(story)


def test_a_call_that_paused_the_answer_does_not_leave_it_paused(tmp_path: Path) -> None:
    async def story() -> None:
        async with talking(tmp_path) as (tab, _, _sessions):
            await tab.until("!document.getElementById('answer').paused")
            await tab.run("document.getElementById('answer').pause()")
            await tab.run("document.dispatchEvent(new Event('visibilitychange'))")
            await tab.until("!document.getElementById('answer').paused")

    run(story)


def test_the_camera_looks_back_first_then_where_it_is_told_and_off_is_off(tmp_path: Path) -> None:
    async def story() -> None:
        async with talking(tmp_path, ASKED) as (tab, here, sessions):
            session = sessions[0]
            assert [w["video"]["facingMode"] for w in await tab.run("asked") if "video" in w] == [
                {"ideal": "environment"}
            ]
            await tab.run(choose("camera", "user"))
            await session.until(lambda: ("camera", "front") in done(session))
            assert (await tab.run("asked"))[-1]["video"]["facingMode"] == {"ideal": "user"}
            pictures = session.pictures
            await session.until(lambda: session.pictures > pictures + 10)

            await tab.run(choose("camera", "off"))
            await session.until(lambda: ("camera", "off") in done(session))
            assert await tab.run(word("camera")) == "off" and await tab.run("earshot.media.camera === null")
            assert await tab.run("document.getElementById('preview').hidden")
            sounds = session.sounds
            await session.until(lambda: session.sounds > sounds + 25)
            pictures = session.pictures
            await session.until(lambda: session.sounds > sounds + 225)  # longer than a camera may be silent
            assert session.pictures == pictures, "no picture leaves a camera that is off"
            assert not session.flows, "what the wearer has switched off is not missed"

            await tab.run(choose("camera", "environment"))
            await session.until(lambda: session.pictures > pictures + 10)
            assert len(sessions) == 1 and here.sessions == 1

    run(story)


def test_what_is_live_is_told_in_words_and_captions_are_read_out_only_while_nothing_is_spoken(tmp_path: Path) -> None:
    async def story() -> None:
        async with talking(tmp_path, HEARD_BY_SCREEN_READERS) as (tab, _, sessions):
            send = sessions[0].link.send_message
            send(STATUS)
            await tab.until(f"{word('model')} === 'Ollama, local'")
            assert await tab.run("document.getElementById('captions').ariaLive") == "off"
            send({**STATUS, "model": "Openai", "local": False, "mode": "thinking"})
            await tab.until(f"{word('model')} === 'Openai, questions leave'")
            assert await tab.run("document.querySelector('#mode :checked').value") == "thinking"
            send({**STATUS, "model": "", "local": False, "private": True, "voice": False, "recording": False})
            await tab.until(f"{word('private')} === 'on'")
            words = [await tab.run(word(name)) for name in ("model", "speaker", "recording")]
            assert words == ["none that is local", "captions only", "off"]
            assert await tab.run("document.getElementById('captions').ariaLive") == "polite"
            await tab.until(
                "announced.includes('Private mode is on.') || announced.includes('This is not recorded any more.')"
            )
            send({"type": "state", "state": "listening"})
            send({**STATUS, "attention": "asleep"})
            await tab.until("document.getElementById('status').textContent.startsWith('Asleep.')")
            for _ in range(3):
                for state in ("hearing", "thinking", "speaking", "listening"):
                    send({"type": "state", "state": state})
            send({"type": "caption", "who": "companion", "text": "All of that."})
            await tab.until("document.getElementById('captions').textContent.includes('All of that.')")
            assert not [a for a in await tab.run("announced") if "hear you" in a or "All of that" in a]

    run(story)


def test_a_page_that_is_loaded_anew_goes_on_with_its_session_and_stays_muted(tmp_path: Path) -> None:
    async def story() -> None:
        async with talking(tmp_path) as (tab, here, sessions):
            session = sessions[0]
            await tab.run(click("mute"))
            await session.until(lambda: done(session) == [("microphone", "off")])
            await tab.run("window.old = true")
            await tab.call("Page.reload")
            await tab.until("!window.old && document.readyState === 'complete'")
            await connected(tab)
            await session.until(lambda: session.states[-2:] == ["lost", "connected"])
            sounds = session.sounds
            await session.until(lambda: session.sounds > sounds + 200)  # longer than a microphone may be silent
            assert len(sessions) == 1 and here.sessions == 1
            assert await tab.run(word("microphone")) == "muted" and not session.flows
            assert done(session) == [("microphone", "off")] * 2
            session.link.send_message({"type": "caption", "who": "companion", "text": "Still me."})
            session.say_a_tone()
            await session.until(lambda: any(h[1] == "last" for h in session.heard))
            await tab.until("document.getElementById('captions').textContent.includes('Still me.')")

            await tab.call("Page.navigate", url="about:blank")
            await session.until(lambda: session.states[-1] == "lost")
            await session.link.close("away for too long")
            await tab.open(here.url)
            await connected(tab)
            await sessions[-1].until(lambda: sessions[-1].sounds > 10)
            assert len(sessions) == 2, "the old one is over: a new one"

    run(story)


def test_a_lost_connection_is_told_once_and_so_is_its_return(tmp_path: Path) -> None:
    async def story() -> None:
        async with talking(tmp_path, HEARD_BY_SCREEN_READERS) as (tab, _, sessions):
            session = sessions[0]
            await tab.until("announced.length === 1")
            cut(session.link._now._pc)
            await tab.until("earshot.connection.away")
            await tab.run(click("again"))
            await session.until(lambda: session.states[-2:] == ["lost", "connected"])
            await connected(tab)
            await session.until(lambda: typed(session) == ["again"])  # asked for meanwhile
            await tab.until("announced.length === 3")
            assert await tab.run("announced") == [
                "Connected. Just talk.", "The connection is lost. I am trying to get it back.", "Connected again.",
            ]  # fmt: skip
            told = "[...document.querySelectorAll('#captions li[data-who=page]')].length"
            assert await tab.run(told) == 1
            await tab.run("dispatchEvent(new Event('online'))")  # another network, and nobody had missed anything
            first = session.states.count("connected")
            await session.until(lambda: session.states.count("connected") > first)
            await connected(tab)
            assert await tab.run(told) == 1 and len(await tab.run("announced")) <= 4 and len(sessions) == 1

    run(story)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("Object.defineProperty(window, 'isSecureContext', { value: false })", "companion run --lan"),
        ("delete window.RTCPeerConnection", "WebRTC"),
        ("Object.defineProperty(Navigator.prototype, 'mediaDevices', { value: undefined })", "gives no camera"),
        (
            "MediaDevices.prototype.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))",
            "allow it",
        ),
        (
            "MediaDevices.prototype.getUserMedia = () => Promise.reject(new DOMException('', 'NotReadableError'))",
            "Another",
        ),
    ],
    ids=["plain http", "no WebRTC", "no devices", "not allowed", "taken"],
)
def test_what_cannot_be_is_told_with_the_way_out(tmp_path: Path, broken: str, words: str) -> None:
    async def story() -> None:
        async with server() as (here, sessions), browser(tmp_path, *FAKE_DEVICES) as tab:
            await tab.call("Page.enable")
            await tab.call("Page.addScriptToEvaluateOnNewDocument", source=broken)
            await tab.open(here.url)
            await tab.run(click("start"))
            await tab.until("!document.getElementById('problem').hidden")
            assert words in await tab.run("document.getElementById('problem').textContent")
            assert ("alert", "") in [(role, name) for role, name, _ in await tree(tab)] and not sessions
            assert not await tab.run("document.getElementById('start').disabled"), "one can try again"

    run(story)


def test_the_screen_stays_on_also_after_the_page_was_out_of_sight(tmp_path: Path) -> None:
    stub = """
        window.locks = [];
        Object.defineProperty(navigator, 'wakeLock', { value: { request: async (kind) => {
            const lock = { kind, released: false, release: async () => { lock.released = true; } };
            locks.push(lock);
            return lock;
        } } });
        let seen = 'visible';
        Object.defineProperty(document, 'visibilityState', { get: () => seen });
        window.hidePage = (hide) => {
            seen = hide ? 'hidden' : 'visible';
            document.dispatchEvent(new Event('visibilitychange'));
        };
    """

    async def story() -> None:
        async with talking(tmp_path, stub) as (tab, _, sessions):
            await tab.until("locks.length === 1")
            await tab.run("hidePage(true)")
            await tab.run("earshot.media.microphone.stop(); hidePage(false)")
            await tab.until("locks.length === 2")
            assert await tab.run("locks[1].kind") == "screen"
            await tab.run("earshot.media.microphone.dispatchEvent(new Event('ended'))")
            await tab.until("earshot.media.microphone.readyState === 'live'")  # taken back
            sounds = sessions[0].sounds
            await sessions[0].until(lambda: sessions[0].sounds > sounds + 20)
            await tab.run(click("end"))
            await tab.until("locks[1].released")

    run(story)


def test_sound_that_the_browser_holds_back_comes_with_the_next_tap(tmp_path: Path) -> None:
    shy = """
        const play = HTMLMediaElement.prototype.play;
        let taps = 0;
        addEventListener('pointerup', () => { taps += 1; }, true);
        HTMLMediaElement.prototype.play = function () {
            if (this.id !== 'answer' || taps) return play.call(this);
            return Promise.reject(new DOMException('', 'NotAllowedError'));
        };
    """

    async def story() -> None:
        async with talking(tmp_path, shy) as (tab, _, _sessions):
            await tab.until(f"{word('speaker')} === 'waits for a tap'")
            assert "tap anywhere" in await tab.run("document.getElementById('problem').textContent")
            await tab.call("Input.dispatchMouseEvent", type="mousePressed", x=5, y=5, button="left", clickCount=1)
            await tab.call("Input.dispatchMouseEvent", type="mouseReleased", x=5, y=5, button="left", clickCount=1)
            await tab.until(f"{word('speaker')} === 'on' && document.getElementById('problem').hidden")

    run(story)


SIZES = ((360, 740), (740, 360), (1280, 800), (320, 568))


async def looks(tab: Tab, name: str, keep: str) -> list[Any]:
    """Every size in light and dark, and twice as large text; what is wrong with each."""
    wrong: list[Any] = []
    for wide, high in SIZES:
        size = {"width": wide, "height": high, "deviceScaleFactor": 1, "mobile": wide < 1000}
        await tab.call("Emulation.setDeviceMetricsOverride", **size)
        for scheme, text in (("light", "100%"), ("dark", "100%"), ("light", "200%")):
            await tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            await tab.run(f"document.documentElement.style.fontSize = '{text}'")
            await tab.run("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
            await tab.run("Promise.all(document.getAnimations().map(a => a.finished))")
            wrong += [(name, wide, high, scheme, text, *fault) for fault in await faults(tab)]
            if keep:
                await tab.picture(Path(keep) / f"{name}-{wide}x{high}-{scheme}-{text[:3]}.png")
    await tab.run("document.documentElement.style.fontSize = ''")
    return wrong


def test_it_can_be_read_and_hit_on_every_screen_in_light_and_dark_with_text_twice_as_large(tmp_path: Path) -> None:
    keep = os.environ.get("EARSHOT_SCREENSHOTS", "")

    async def story() -> None:
        async with server() as (here, sessions), browser(tmp_path, *FAKE_DEVICES) as tab:
            await tab.open(here.url)
            wrong = await looks(tab, "before", keep)
            await tab.run(click("start"))
            await connected(tab)
            send = sessions[0].link.send_message
            send(STATUS)
            send({"type": "caption", "who": "wearer", "text": "What does this sign say?"})
            send({"type": "caption", "who": "companion", "text": "It says: platform nine, Oxford, 10:42."})
            send({"type": "aside", "turn": 1, "kind": "source", "text": "https://zoo.example/prices"})
            await tab.until("document.querySelector('#asides a')")
            wrong += await looks(tab, "talking", keep)
            await tab.run(click("mute"))
            send({**STATUS, "private": True, "voice": False, "model": "", "local": False})
            await tab.until(f"{word('private')} === 'on'")
            both = "v.problem('Going on', 'Camera: none.'); v.caption('page', 'Lost.');"
            await tab.run(f"import('/page/view.js').then(v => {{ {both} }})")
            await tab.run("document.getElementById('talk').dataset.held = 'true'")
            wrong += await looks(tab, "muted", keep)
            await tab.run(click("more"))
            wrong += await looks(tab, "more", keep)
            assert not wrong, "\n".join(map(str, wrong))

    run(story)


def test_a_screen_reader_finds_everything_by_role_and_name_in_an_order_that_makes_sense(tmp_path: Path) -> None:
    controls = {"button", "textbox", "radio", "switch", "checkbox", "link", "Video"}

    async def tabbed(tab: Tab, times: int) -> list[str]:
        """Where the Tab key leads, one after the other."""
        order = []
        for _ in range(times):
            for kind in ("keyDown", "keyUp"):
                await tab.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
            order.append(
                await tab.run(
                    "document.activeElement.id || document.activeElement.value || document.activeElement.type"
                )
            )
        return order

    async def story() -> None:
        async with talking(tmp_path) as (tab, _, sessions):
            sessions[0].link.send_message(STATUS)
            await tab.until(f"{word('model')} === 'Ollama, local'")
            nodes = await tree(tab)
            assert not [node for node in nodes if node[0] in controls and not node[1].strip()], "each has a name"
            named = {(role, name) for role, name, _ in nodes}
            for wanted in (
                ("heading", "Earshot"), ("list", "What is live"), ("log", "Captions"), ("textbox", "Type a question"),
                ("button", "Hold to talk or tap to stop the answer"), ("button", "Mute"), ("button", "Again"),
                ("button", "Stop"), ("button", "More"), ("button", "Ask"), ("region", "Controls"),
            ):  # fmt: skip
                assert wanted in named, (wanted, named)
            texts = [name for role, name, _ in nodes if role == "StaticText"]
            assert " ".join(texts).find("Mic on") >= 0 or ("Mic" in texts and "on" in texts)
            live = {role: properties.get("live") for role, _, properties in nodes if "live" in properties}
            assert live.get("log", "off") == "off"
            assert await tab.run("document.activeElement.id") == "talk", "where the thumb is"
            assert await tabbed(tab, 6) == ["mute", "again", "hush", "more", "question", "submit"]

            await tab.run("document.getElementById('more').focus(); document.activeElement.click()")
            nodes = await tree(tab)
            assert ("dialog", "More") in {(role, name) for role, name, _ in nodes}
            groups = [name for role, name, _ in nodes if role in ("group", "radiogroup")]
            assert groups == ["Camera", "Thinking", "Captions"]
            switches = [(name, properties.get("checked")) for role, name, properties in nodes if role == "switch"]
            assert [name.split(" mode")[0].split(" answers")[0] for name, _ in switches] == ["Private", "Spoken"]
            await tab.call(
                "Input.dispatchKeyEvent", type="keyDown", key="Escape", code="Escape", windowsVirtualKeyCode=27
            )
            await tab.until("!document.getElementById('sheet').open && document.activeElement.id === 'more'")

    run(story)


def test_it_can_be_put_on_the_home_screen(tmp_path: Path) -> None:
    async def story() -> None:
        async with server() as (here, _), browser(tmp_path) as tab:
            await tab.open(here.url)
            manifest = await tab.call("Page.getAppManifest")
            assert manifest["url"].endswith("/page/manifest.webmanifest") and not manifest["errors"]
            problems = (await tab.call("Page.getInstallabilityErrors"))["installabilityErrors"]
            assert not [p for p in problems if p["errorId"] not in ("in-incognito", "no-matching-service-worker")], (
                problems
            )

    run(story)
