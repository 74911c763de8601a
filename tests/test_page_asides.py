"""Links beside the captions, in a real browser: plain web addresses are links, everything else is words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.test_page_browser import CHROMIUM, FAKE_DEVICES, browser, run, server

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium on the path: install the package `chromium` to run this"),
]

NO_LINK = ("javascript:alert(1)", "java\nscript:alert(1)", "www.zoo.example", "http://[::1", "<img src=x onerror=1>")
LINKS = "[...document.querySelectorAll('#asides a')].map(a => [a.textContent, a.href, a.rel, a.target])"


def test_addresses_that_are_not_spoken_are_links_that_tell_nobody_where_from(tmp_path: Path) -> None:
    async def story() -> None:
        async with server() as (here, sessions), browser(tmp_path, *FAKE_DEVICES) as tab:
            await tab.open(here.url)
            assert await tab.run("document.getElementById('asides').hidden")
            await tab.run("document.getElementById('start').click()")
            await tab.until("document.getElementById('live-microphone').dataset.on === 'true'")

            def aside(text: object, kind: str = "link") -> None:
                sessions[0].link.send_message({"type": "aside", "turn": 1, "kind": kind, "text": text})

            await sessions[0].until(lambda: sessions[0].sounds)
            for text in (*NO_LINK, "", 7, None, "x" * 5000):
                aside(text)
            for _ in range(2):
                aside("https://bank.example@evil.example/a?b=1", "source")
            await tab.until("document.querySelector('#asides a')")
            where = "https://bank.example@evil.example/a?b=1"
            assert await tab.run(LINKS) == [["evil.example", where, "noreferrer noopener", "_blank"]]
            words = await tab.run("document.getElementById('asides').innerText")
            assert "Source" in words and all(text.split()[-1] in words for text in NO_LINK)
            assert await tab.run("document.querySelectorAll('#asides img').length") == 0

            for i in range(20):
                aside(f"https://zoo.example/{i}" + "long" * 100)
            await tab.until("document.querySelector('#asides li:last-child').innerText.includes('zoo.example/19')")
            assert await tab.run("document.querySelectorAll('#asides li').length") == 6
            for wide in (1280, 390):
                size = {"width": wide, "height": 844, "deviceScaleFactor": 1, "mobile": False}
                await tab.call("Emulation.setDeviceMetricsOverride", **size)
                assert await tab.run("document.documentElement.scrollWidth <= innerWidth")
                for scheme in ("light", "dark"):
                    feature = [{"name": "prefers-color-scheme", "value": scheme}]
                    await tab.call("Emulation.setEmulatedMedia", features=feature)
                    await tab.picture(tmp_path / f"asides-{wide}-{scheme}.png")

    run(story)
