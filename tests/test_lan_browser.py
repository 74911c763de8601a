"""A phone's browser at the front door: headless Chromium opens the pairing link over TLS, presses Start, and is heard.

The certificate is believed by its key alone, as a person does who compared the fingerprint.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.lan_house import house
from tests.test_page_browser import FAKE_DEVICES, browser, pytestmark, run

__all__ = ["pytestmark"]


def test_scan_start_talk(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, recording=True) as here:
            certificate = x509.load_pem_x509_certificate(here.front.certificate.file.read_bytes())
            key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            believed = base64.b64encode(hashlib.sha256(key).digest()).decode()
            flags = [*FAKE_DEVICES, f"--ignore-certificate-errors-spki-list={believed}"]
            code = here.book.invite("phone", 10)
            async with browser(tmp_path / "profile", *flags) as tab:
                begun = asyncio.get_running_loop().time()
                await tab.open(here.at(f"/pair?code={code}"))
                assert await tab.run("location.href") == here.at("/")
                assert await tab.run("isSecureContext") is True, "else there is no microphone"
                assert await tab.run("document.cookie") == "", "no script reads the token"
                await tab.run("document.getElementById('start').click()")
                await tab.until("document.getElementById('live-camera').dataset.on === 'true'")
                session = here.sessions[0]
                await session.until(lambda: session.sounds and session.units)
                print(f"from the link to sound and picture: {asyncio.get_running_loop().time() - begun:.1f} s")
                assert here.book.page().active[0].name == "phone"
                await tab.open(here.at("/"))
                assert "Earshot" in await tab.run("document.title"), "the token stays"
                here.book.revoke("phone")
                await tab.open(here.at("/"))
                assert "not paired" in await tab.run("document.body.textContent")

    run(story)
