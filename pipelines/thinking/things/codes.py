"""What a QR code or bar code holds, told so that a wearer can decide, before anything is opened. Nothing ever is.

The payloads are the usual ones: web address, WIFI: and BEGIN:VCARD / MECARD: (https://github.com/zxing/zxing/wiki/
Barcode-Contents), tel:, sms:, mailto:, geo: (RFC 3966, 5724, 6068, 5870), iCalendar (RFC 5545), the SEPA credit
transfer "BCD" (EPC069-12), and otpauth:, whose secret is never said. Who made the code chose every word in it, so an
address that tries to look like another is called that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from pipelines.events import Code
from pipelines.seeing.codes_gtin import gtin
from pipelines.speaking.speakable import speakable, spoken_address

NOT_OPENED: Final = "I have not opened it."
NOT_USED: Final = "I have not used it."
FIELD_CHARS: Final = 60  # of a name or a number out of a code; the rest is left out
TEXT_CHARS: Final = 300
LONG_ADDRESS: Final = 150
SPOKEN_ADDRESS_CHARS: Final = 80
_TWO_PARTS: Final = frozenset({"co", "com", "org", "net", "ac", "gov", "edu", "or", "ne"})  # as in example.co.uk


@dataclass(frozen=True, slots=True)
class Article:
    """A line of the wearer's own table. `number`: as they wrote it, its check digit right."""

    number: str
    name: str
    note: str = ""


def described(code: Code, article: Article | None = None) -> str:
    """A code in a few sentences; `article`: what the wearer's own table says of its number."""
    if code.kind != "qr":
        return _bar_code(code, article)
    payload = code.payload.strip()
    if not payload:
        return "A QR code that holds nothing."
    for pattern, tell in _KINDS:
        if pattern.match(payload):
            return tell(payload)
    rest = " ".join(payload[:TEXT_CHARS].split())
    more = f" And {len(payload) - TEXT_CHARS} more characters." if len(payload) > TEXT_CHARS else ""
    return f"A QR code with the text: {_stopped(speakable(rest, verbatim=True))}{more}"


def all_described(codes: Sequence[Code], articles: Sequence[Article | None] = (), unread: int = 0) -> str:
    """All codes of a picture; `articles` beside them, as far as they go. `unread`: so many more cannot be read."""
    known = [*articles, *[None] * len(codes)]
    told = " ".join(described(code, article) for code, article in zip(codes, known, strict=False))
    if unread and not codes:
        what, them = ("a QR code", "it") if unread == 1 else (f"{unread} QR codes", "them")
        return f"I see {what}, but I cannot read {them}. Come closer, or hold it flat and still."
    if unread:
        return f"I see {len(codes) + unread} codes, and can read {len(codes)} of them. {told}"
    return told if len(codes) == 1 else f"I see {len(codes)} codes. {told}"


def in_table(article: Article) -> str:
    """What the wearer's own table says, in their words."""
    told = (article.name, article.note)
    return "In your table: " + " ".join(_stopped(speakable(t, verbatim=True)) for t in told if t)


def _bar_code(code: Code, article: Article | None) -> str:
    digits = " ".join(code.payload[:FIELD_CHARS])
    if article is not None:
        return in_table(article)
    sort = {"ean13": "EAN", "ean8": "EAN", "upca": "UPC", "upce": "UPC"}.get(code.kind, "")
    if sort and not gtin(code.payload, code.kind):
        return "A bar code whose check digit is wrong. Hold it flat, and ask again."
    if code.payload.startswith(("978", "979")) and len(code.payload) == 13:
        return f"A bar code of a book, ISBN {digits}."
    return f"A bar code, {sort + ' ' if sort else ''}number {digits}."


# ------------------------------------------------------------------------------------------------------------ addresses


def _address(payload: str) -> str:
    """A web address: the host, what is odd about it, all of it."""
    address = payload.replace("\\", "/")  # as browsers read it (WHATWG URL, "special" schemes)
    try:
        parts = urlsplit(address if re.match("https?:", address, re.IGNORECASE) else f"http://{address}")
        host, port, user = (parts.hostname or "").rstrip("."), parts.port, parts.username
    except ValueError:
        return f"A QR code with a broken web address: {spoken_address(payload, FIELD_CHARS)}. {NOT_OPENED}"
    odd = []
    if user is not None:
        odd.append(f"what stands before the at sign is not where it leads, it leads to {_spoken_host(host)}")
    if re.fullmatch(r"[0-9.]+|0x[0-9a-f.x]+|[0-9a-f]*:[0-9a-f:.]*", host):
        odd.append("it leads to a bare number instead of a name")
    elif (end := _end_that_counts(host)) != host:
        odd.append(f"its name is long, and what counts is the end, {_spoken_host(end)}")
    if "xn--" in host or not host.isascii():
        odd.append("its name has letters that can look like others")
    if port is not None and port not in {80, 443}:
        odd.append(f"it uses the unusual port {port}")
    if len(payload) > LONG_ADDRESS:
        odd.append(f"it is {len(payload)} characters long")
    warning = f" Careful: {'; '.join(odd)}." if odd else ""
    shown = spoken_address(payload, SPOKEN_ADDRESS_CHARS)
    return f"A QR code with a web address: {shown}.{warning} {NOT_OPENED}"


def _end_that_counts(host: str) -> str:
    """The end of a name that hides it behind two or more parts; else the name itself."""
    labels = host.removeprefix("www.").split(".")
    keep = 3 if len(labels) > 2 and labels[-2] in _TWO_PARTS else 2
    return ".".join(labels[-keep:]) if len(labels) >= keep + 2 else host


def _spoken_host(host: str) -> str:
    return spoken_address(host, FIELD_CHARS)


def _script(payload: str) -> str:
    scheme = payload.partition(":")[0].lower()
    return f"A QR code that would run something, of the kind {scheme}. {NOT_OPENED}"


# ---------------------------------------------------------------------------------------------------------- other kinds


def _wifi(payload: str) -> str:
    fields = _semicolons(payload[5:])
    name = _field(fields.get("S", ""))
    how = fields.get("T", "").upper()
    open_one = how in {"", "NOPASS"} and not fields.get("P")
    secret = ", without a password" if open_one else ", with its password"
    return f"A QR code for the wireless network {name or 'with no name'}{secret}. {NOT_USED}"


def _contact(payload: str) -> str:
    if payload.upper().startswith("MECARD:"):
        found = _semicolons(payload[7:])
        name = " ".join(part.strip() for part in reversed(found.get("N", "").split(",")) if part.strip())
        phone, mail = found.get("TEL", ""), found.get("EMAIL", "")
    else:
        name, phone, mail = _line(payload, "FN"), _line(payload, "TEL"), _line(payload, "EMAIL")
        name = name or " ".join(part for part in reversed(_line(payload, "N").split(";")[:2]) if part)
    held = [what for what, value in (("a telephone number", phone), ("a mail address", mail)) if value]
    extra = f", with {' and '.join(held)}" if held else ""
    return f"A QR code with a contact: {_field(name) or 'no name'}{extra}. I have not saved it."


def _phone(payload: str) -> str:
    return f"A QR code with a telephone number: {_digits(payload.partition(':')[2])}. I have not called it."


def _sms(payload: str) -> str:
    to, _, text = re.sub(r"^(?:smsto|sms|mmsto|mms):", "", payload, flags=re.IGNORECASE).partition(":")
    if "?" in to:
        to, _, query = to.partition("?")
        text = text or _query(query, "body")
    said = f", with the text: {_stopped(_field(unquote(text)))}" if text else "."
    return f"A QR code that writes a text message to {_digits(to)}{said} I have not sent it."


def _mail(payload: str) -> str:
    if payload.upper().startswith("MATMSG:"):
        fields = _semicolons(payload[7:])
        to, subject = fields.get("TO", ""), fields.get("SUB", "")
    else:
        to, _, query = payload.partition(":")[2].partition("?")
        subject = _query(query, "subject")
    about = f", about {_field(subject)}" if subject else ""
    return f"A QR code that writes a mail to {spoken_address(unquote(to), FIELD_CHARS)}{about}. I have not sent it."


def _place(payload: str) -> str:
    match = re.match(r"geo:(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)", payload, re.IGNORECASE)
    if match is None:
        return f"A QR code with a place that I can't read. {NOT_OPENED}"
    north, east = float(match[1]), float(match[2])
    where = f"{abs(north):.3f} degrees {'north' if north >= 0 else 'south'}, "
    where += f"{abs(east):.3f} degrees {'east' if east >= 0 else 'west'}"
    return f"A QR code with a place on the map: {where}. {NOT_OPENED}"


def _event(payload: str) -> str:
    name, start = _field(_line(payload, "SUMMARY")), _line(payload, "DTSTART")
    when = re.match(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2}))?", start)
    told = f", on {speakable(f'{int(when[3])}.{int(when[2])}.{when[1]}', verbatim=True)}" if when else ""
    told += f" at {when[4]}:{when[5]}" if when and when[4] else ""
    return f"A QR code with a calendar entry: {name or 'no title'}{told}. I have not saved it."


def _payment(payload: str) -> str:
    """EPC069-12: BCD, version, character set, SCT, BIC, name, IBAN, amount, purpose, reference, text."""
    lines = [line.strip() for line in payload.splitlines()] + [""] * 12
    name, iban, amount = _field(lines[5]), lines[6].replace(" ", ""), lines[7]
    paid = re.fullmatch(r"EUR(\d{1,9}(?:\.\d{1,2})?)", amount)
    figure = speakable(f"{paid[1]}{'0' if re.search(r'[.][0-9]$', paid[1]) else ''} €", verbatim=True) if paid else ""
    ends = f", account ending in {' '.join(iban[-4:])}" if len(iban) >= 15 and iban.isalnum() else ""
    to = f"{figure or 'an open amount'} to {name or 'nobody named'}{ends}"
    return f"A QR code for a payment of {to}. I have not paid it."


def _other_payment(payload: str) -> str:
    return f"A QR code for a payment, of the kind {payload.partition(':')[0].lower()}. I have not paid it."


def _secret(payload: str) -> str:
    match = re.match(r"otpauth://\w+/([^?#&=]+)\?", payload, re.IGNORECASE)
    label = _field(unquote(match[1])) if match and "secret" not in unquote(match[1]).lower() else ""
    whose = f", for {label}" if label else ""
    return f"A QR code with a secret for signing in{whose}. I don't say it. Keep it covered."


_KINDS: Final[tuple[tuple[re.Pattern[str], Callable[[str], str]], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), tell)
    for pattern, tell in (
        (r"https?://", _address),
        (r"www\.\S+\Z", _address),
        (r"WIFI:", _wifi),
        (r"BEGIN:VCARD|MECARD:", _contact),
        (r"BEGIN:(?:VEVENT|VCALENDAR)", _event),
        (r"otpauth(?:-migration)?:", _secret),
        (r"tel:", _phone),
        (r"(?:sms|smsto|mms|mmsto):", _sms),
        (r"mailto:|MATMSG:", _mail),
        (r"geo:", _place),
        (r"BCD\s*\r?\n", _payment),
        (r"(?:bitcoin|ethereum|litecoin|upi|lightning):|SPC\s*\r?\n", _other_payment),
        (r"(?:javascript|data|file|intent|vbscript):", _script),
    )
)

# --------------------------------------------------------------------------------------------------------------- fields


def _semicolons(text: str) -> dict[str, str]:
    """ "S:My net;T:WPA;P:x\\;y;;" -> its fields; a backslash keeps the next character."""
    fields: dict[str, str] = {}
    for part in re.findall(r"(?:\\.|[^;\\])+", text[:4096]):
        key, colon, value = part.partition(":")
        if colon:
            fields.setdefault(key.upper(), re.sub(r"\\(.)", r"\1", value))
    return fields


def _line(payload: str, name: str) -> str:
    match = re.search(rf"^{name}(?:;[^:\r\n]*)?:(.*)$", payload, re.IGNORECASE | re.MULTILINE)
    return re.sub(r"\\([,;\\])", r"\1", match[1]).strip() if match else ""


def _query(query: str, name: str) -> str:
    found = re.search(rf"(?:^|&){name}=([^&]*)", query, re.IGNORECASE)
    return unquote(found[1].replace("+", " ")) if found else ""


def _field(text: str) -> str:
    """Words out of a code, on one line, speakable, with nothing that could look like the companion's own next line."""
    return speakable(" ".join(text.split())[:FIELD_CHARS], verbatim=True).strip()


def _digits(text: str) -> str:
    digits = re.sub(r"[^0-9+]", "", unquote(text))[:FIELD_CHARS]
    return " ".join(digits).replace("+", "plus") if digits else "no number"


def _stopped(text: str) -> str:
    return text if text[-1:] in {".", "!", "?"} else f"{text}."
