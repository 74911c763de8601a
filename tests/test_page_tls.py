"""The page as a phone of the local network gets it: over TLS, paired by a code, its token out of scripts' reach."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.lan_house import House, house
from tests.test_page_browser import CHROMIUM, FAKE_DEVICES, Tab, browser, run
from tests.test_page_phone import click, connected, typed

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium on the path: install the package `chromium` to run this"),
]


def believing(it: House) -> str:
    """Chromium believes this one key, and no other."""
    key = x509.load_pem_x509_certificate(it.front.certificate.file.read_bytes()).public_key()
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return "--ignore-certificate-errors-spki-list=" + base64.b64encode(hashlib.sha256(der).digest()).decode()


async def been(tab: Tab) -> str:
    """Every address in the history of this tab, and what scripts can read."""
    entries = (await tab.call("Page.getNavigationHistory"))["entries"]
    kept = await tab.run(
        "document.cookie + JSON.stringify(sessionStorage) + JSON.stringify(localStorage) + location.href"
    )
    return " ".join(entry["url"] for entry in entries) + kept


def test_a_phone_is_paired_by_a_code_talks_over_tls_and_keeps_its_token_to_itself(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as it, browser(tmp_path / "profile", *FAKE_DEVICES, believing(it)) as tab:
            code = it.book.invite("my phone", 10)
            await tab.open(it.at(f"/pair?code={code}"))
            await tab.until("document.readyState === 'complete' && window.earshot")
            assert await tab.run("location.href") == it.at("/")
            assert await tab.run("isSecureContext")
            manifest = await tab.call("Page.getAppManifest")
            assert "Earshot" in manifest["data"] and not manifest["errors"], "the cookie goes along"

            await tab.run(click("start"))
            await connected(tab)
            session = it.sessions[0]
            await session.until(lambda: len(session.sounds) > 10)
            await tab.run("document.getElementById('question').value = 'what is this'")
            await tab.run("document.getElementById('ask').requestSubmit()")
            await session.until(lambda: typed(session) == ["what is this"])
            await tab.run("window.old = true")
            await tab.call("Page.reload")
            await tab.until("!window.old && document.readyState === 'complete'")
            await connected(tab)
            sounds = len(session.sounds)
            await session.until(lambda: len(session.sounds) > sounds + 10)
            assert len(it.sessions) == 1
            seen = await been(tab)
            assert code not in seen and "token" not in seen

            it.book.revoke("my phone")
            await tab.until("!document.getElementById('start').hidden")  # the companion ended it
            await tab.run(click("start"))
            await tab.until("document.getElementById('problem').textContent.includes('companion pair')")

    run(story)
