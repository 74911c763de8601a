"""The page as the ear of a camera app: a real Chromium plays the answers to what another program pushes."""

from __future__ import annotations

from pathlib import Path

from companion.link.server import LinkServer
from companion.link.settings import LinkSettings
from companion.push.whip import Whip
from tests.test_page_browser import Session, browser, pytestmark, run
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
