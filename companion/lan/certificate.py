"""The certificate that this machine shows to devices: made here, for its names and addresses, signed by itself.

Nobody vouches for it, so a device asks its wearer once; the fingerprint is what to compare. The key is P-256 (RFC 8827:
what every WebRTC stack knows) and stays when the certificate is made anew: because an address is new, or its end is
near. Addresses that it once had stay in it, so that a laptop between two networks does not change it at each way home.
"""

from __future__ import annotations

import hashlib
import ipaddress
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from companion.lan.files import write_private

LIVES = timedelta(days=397)  # browsers refuse longer ones
RENEWED_BEFORE = timedelta(days=30)
BACKDATED = timedelta(days=1)  # a phone whose clock is a little slow believes it too
SUBJECTS_KEPT = 24
ALWAYS = ("localhost", "127.0.0.1", "::1")


class CertificateError(ValueError):
    """A certificate or its key cannot be used. The message names the file and the way out."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Two PEM files, and what the first says. `subjects`: the names and addresses that it is for."""

    file: Path
    key: Path
    fingerprint: str
    subjects: tuple[str, ...]
    until: datetime

    def context(self) -> ssl.SSLContext:
        """TLS 1.2 or newer, for a server. Raises CertificateError if file and key do not fit."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
        context.set_alpn_protocols(["http/1.1"])
        self.load_into(context)
        return context

    def load_into(self, context: ssl.SSLContext) -> None:
        """Connections from now on see this one."""
        try:
            context.load_cert_chain(self.file, self.key)
        except (OSError, ssl.SSLError) as why:
            raise CertificateError(f"{self.file} and {self.key}: not a certificate and its key ({why})") from why


def own(file: Path, key: Path) -> Certificate:
    """A certificate that the user brought. Raises CertificateError."""
    found = _read(file, key)
    if found is None:
        raise CertificateError(f"{file}: no certificate in PEM form that can be read (lan.certificate)")
    found.context()
    return found


def ensure(folder: Path, subjects: Sequence[str], now: datetime | None = None) -> Certificate:
    """The certificate in `folder` if it is good for these names and addresses; else a new one. Raises OSError."""
    now = now or datetime.now(UTC)
    wanted = tuple(dict.fromkeys((*subjects, *ALWAYS)))
    file, key = folder / "certificate.pem", folder / "key.pem"
    before = _read(file, key)
    if before is not None and _good(before, wanted, now):
        key.chmod(0o600)
        return before
    private = _key(key)
    kept = [s for s in (before.subjects if before else ()) if s not in wanted]
    names = (*wanted, *kept[: max(0, SUBJECTS_KEPT - len(wanted))])
    write_private(key, private.private_bytes(*_PEM_KEY))
    write_private(file, _made(private, names, now).public_bytes(serialization.Encoding.PEM))
    made = _read(file, key)
    assert made is not None
    return made


def fingerprint(der: bytes) -> str:
    """SHA-256 in groups of four, as one reads it out: "3AF0 91BC …"."""
    digits = hashlib.sha256(der).hexdigest().upper()
    return " ".join(digits[i : i + 4] for i in range(0, len(digits), 4))


_PEM_KEY = (
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
)


def _good(certificate: Certificate, wanted: Iterable[str], now: datetime) -> bool:
    try:
        certificate.context()
    except CertificateError:
        return False
    x = x509.load_pem_x509_certificate(certificate.file.read_bytes())
    in_time = x.not_valid_before_utc <= now <= certificate.until - RENEWED_BEFORE
    return in_time and set(wanted) <= set(certificate.subjects) and _is_p256(x.public_key())


def _is_p256(key: object) -> bool:
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)


def _key(file: Path) -> ec.EllipticCurvePrivateKey:
    """The key that is there, if it is a sound one; else a new one."""
    try:
        found = serialization.load_pem_private_key(file.read_bytes(), None)
    except (OSError, ValueError, TypeError):
        return ec.generate_private_key(ec.SECP256R1())
    if isinstance(found, ec.EllipticCurvePrivateKey) and _is_p256(found.public_key()):
        return found
    return ec.generate_private_key(ec.SECP256R1())


def _made(key: ec.EllipticCurvePrivateKey, subjects: Sequence[str], now: datetime) -> x509.Certificate:
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Earshot on {subjects[0]}"[:64])])
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (
        (x509.SubjectAlternativeName([_general(s) for s in subjects]), False),
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (usage, True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now - BACKDATED + LIVES)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(key, hashes.SHA256())


def _general(subject: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(subject))
    except ValueError:
        return x509.DNSName(subject)


def _read(file: Path, key: Path) -> Certificate | None:
    try:
        found = x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError):
        return None
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        subjects = (*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress)))
    except (x509.ExtensionNotFound, ValueError):
        subjects = ()
    der = found.public_bytes(serialization.Encoding.DER)
    return Certificate(file, key, fingerprint(der), subjects, found.not_valid_after_utc)
