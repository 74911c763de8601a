"""The page as the ear of a camera app: a real Chromium plays the answers to what another program pushes."""

from __future__ import annotations

from pathlib import Path

from companion.link.server import LinkServer
from companion.link.settings import LinkSettings
from companion.push.whip import Whip
from tests.test_page_browser import Session, Tab, browser, pytestmark, run
from tests.test_whip import App, Door

__all__ = ["pytestmark"]


class PageDoor(Door):
    """A WHIP door whose sessions say a tone when asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.met: list[Session] = []
        self.server = LinkServer(LinkSettings(port=0, token="open-sesame"), self._meet, doors=[Whip().routes])

    def _meet(self, link, clock):  # type: ignore[no-untyped-def]
        self.met.append(Session(link, clock))
        return self.met[-1]


def test_the_page_plays_the_answers_to_what_a_camera_app_sends(tmp_path: Path) -> None:
    async def story() -> None:
        here, app = PageDoor(), App()
        await here.server.start()
        try:
            async with browser(tmp_path) as tab:
                await app.push(here, "/whip/at/me")
                session = here.met[0]
                await session.until(lambda: session.pictures > 3)
                await tab.open(here.server.url + "&listen=me")
                await tab.run("document.getElementById('start').click()")
                await tab.until("document.getElementById('status').textContent.includes('Answers are played here')")
                await session.until(lambda: session.offers[-1] == (True, True, True))
                session.link.send_message({"type": "caption", "who": "companion", "text": "It says: platform nine."})
                session.say_a_tone()
                await session.until(lambda: any(h[1] == "last" for h in session.heard))
                assert session.heard[-1][3] == 1_000_000_000, "the browser's own word: all of it was heard"
                await tab.until("document.getElementById('captions').textContent.includes('platform nine')")
                await tab.run("document.getElementById('end').click()")
                await session.until(lambda: session.offers[-1] == (True, True, False))
                assert session.states[-1] == "connected", "who stops listening ends nothing"
        finally:
            await app.stop()
            await here.server.stop()

    run(story)


SHY = "--autoplay-policy=document-user-activation-required"  # as phones are


async def tap(tab: Tab) -> None:
    """A finger, beside every button."""
    await tab.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": 3, "y": 3}])
    await tab.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])


def test_a_listening_page_that_is_loaded_anew_sounds_again_with_the_first_tap(tmp_path: Path) -> None:
    """Without a microphone a phone's browser holds the sound back until a finger was lifted from the new page."""

    async def story() -> None:
        here, app = PageDoor(), App()
        await here.server.start()
        try:
            async with browser(tmp_path, SHY) as tab:
                await tab.call("Emulation.setTouchEmulationEnabled", enabled=True)
                await app.push(here, "/whip/at/me")
                await here.met[0].until(lambda: here.met[0].pictures > 3)
                await tab.open(here.server.url + "&listen=me")
                await tab.run("document.getElementById('start').click()")
                await tab.until("document.getElementById('status').textContent.includes('Answers are played here')")
                await tab.run("window.old = true")
                await tab.call("Page.reload")
                await tab.until("!window.old && document.readyState === 'complete'")
                live = "document.querySelector('#live-speaker span').textContent"
                await tab.until(f"{live} === 'waits for a tap'")
                await tap(tab)
                await tab.until(f"{live} === 'on' && document.getElementById('problem').hidden")
                assert not await tab.run("document.getElementById('answer').paused")
        finally:
            await app.stop()
            await here.server.stop()

    run(story)
