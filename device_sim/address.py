"""Where a companion is, the token it wants, and what it is known by: its certificate's fingerprint, over TLS."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from dataclasses import dataclass

import aiohttp
from yarl import URL

from device_sim.errors import WireError

PRINTED = "the SHA-256 fingerprint that `companion run --lan` and `companion pair` print"
DIGEST_BYTES = hashlib.sha256().digest_size


@dataclass(frozen=True)
class Address:
    """Where the companion answers offers. `fingerprint`: SHA-256 of the only certificate that is believed; empty: any
    that this machine's own authorities vouch for."""

    offer: URL
    token: str
    fingerprint: bytes = b""

    @classmethod
    def parse(cls, text: str, token: str = "", fingerprint: str = "") -> Address:
        """Raises WireError for what is no address, or no fingerprint."""
        try:
            url = URL(text if "://" in text else f"http://{text}")
        except ValueError as error:
            raise WireError(f"{text}: not an address: {error}; give one like http://127.0.0.1:8484/?token=…") from error
        if url.scheme not in ("http", "https") or not url.host:
            raise WireError(f"{text}: not an http address; give the one that `companion run` prints")
        if fingerprint and url.scheme != "https":
            raise WireError(f"{url.origin()}: nothing has a fingerprint without TLS; give the https address")
        token = token or url.query.get("token", "")
        path = url.path if url.path.endswith("/offer") else "/api/offer"
        return cls(url.with_path(path).with_query(None), token, _digest(fingerprint))

    @property
    def device(self) -> URL:
        """Where it takes WebSockets."""
        return self.offer.with_path("/device").with_scheme("wss" if self.offer.scheme == "https" else "ws")

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    @property
    def believed(self) -> aiohttp.Fingerprint | bool:
        """For aiohttp's `ssl`: it is compared before anything is sent, the token first of all."""
        return aiohttp.Fingerprint(self.fingerprint) if self.fingerprint else True

    @property
    def loopback(self) -> bool:
        host = self.offer.host or ""
        try:
            return host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    def not_believed(self, why: Exception) -> WireError | None:
        """What to say if it was the certificate that went wrong."""
        if isinstance(why, aiohttp.ServerFingerprintMismatch):
            return WireError(
                f"{self.offer.origin()}: another certificate answers: its fingerprint is {_shown(why.got)}, and "
                f"--fingerprint says {_shown(why.expected)}; was it renewed (`companion pair` shows it), or is it "
                "somebody else?"
            )
        if isinstance(why, aiohttp.ClientConnectorCertificateError):
            return WireError(
                f"{self.offer.origin()}: nobody that this machine knows vouches for its certificate "
                f"({getattr(why.certificate_error, 'verify_message', why.certificate_error)}); a companion makes its "
                f"own: give --fingerprint with {PRINTED}"
            )
        if isinstance(why, aiohttp.ClientConnectorSSLError):
            return WireError(f"{self.offer.origin()}: does not speak TLS; is it an http address? ({why})")
        return None


def _digest(fingerprint: str) -> bytes:
    """With spaces or colons between, or without."""
    digits = re.sub(r"[\s:]", "", fingerprint)
    try:
        digest = bytes.fromhex(digits)
    except ValueError:
        digest = b"?"
    if fingerprint and len(digest) != DIGEST_BYTES:
        raise WireError(f"--fingerprint {fingerprint!r}: not {2 * DIGEST_BYTES} hexadecimal digits; give {PRINTED}")
    return digest


def _shown(digest: bytes) -> str:
    """As the companion prints it."""
    digits = digest.hex().upper()
    return " ".join(digits[i : i + 4] for i in range(0, len(digits), 4))
