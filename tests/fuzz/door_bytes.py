"""What somebody might send to the front door: offers, requests, messages and datagrams that are nearly right.

Each takes a die, so that the same seed gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

HEAD = "v=0\no=- 4611731400430051336 2 IN IP4 127.0.0.1\ns=-\nt=0 0\na=group:BUNDLE {mids}\na=msid-semantic: WMS *"
SECURITY = (
    "a=ice-ufrag:Xk2f\na=ice-pwd:vQ0nP3b4sZ8cQx7y2LkJr5Tm\na=ice-options:trickle\na=setup:actpass\na=rtcp-mux\n"
    "a=fingerprint:sha-256 " + ":".join(f"{7 * i % 256:02X}" for i in range(32))
)
AUDIO = (
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\nc=IN IP4 0.0.0.0\na=rtcp:9 IN IP4 0.0.0.0\n"
    "a=candidate:1 1 udp 2130706431 192.168.1.7 51000 typ host generation 0\na=mid:0\n"
    "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\na=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\n"
    "a=sendrecv\na=rtpmap:111 opus/48000/2\na=rtcp-fb:111 transport-cc\na=fmtp:111 minptime=10;useinbandfec=1\n"
    "a=rtpmap:63 red/48000/2\na=fmtp:63 111/111\na=rtpmap:9 G722/8000\na=rtpmap:0 PCMU/8000\na=rtpmap:126 "
    "telephone-event/8000\na=ssrc:1234567 cname:abc\na=ssrc:1234567 msid:- track"
)
VIDEO = (
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 45\nc=IN IP4 0.0.0.0\na=mid:1\na=sendonly\n"
    "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\na=rtpmap:96 VP8/90000\n"
    "a=rtcp-fb:96 nack pli\na=rtcp-fb:96 goog-remb\na=rtpmap:97 rtx/90000\na=fmtp:97 apt=96\na=rtpmap:102 H264/90000\n"
    "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\na=rtpmap:103 rtx/90000\n"
    "a=fmtp:103 apt=102\na=rtpmap:45 AV1/90000\na=rid:h send\na=simulcast:send h\na=ssrc-group:FID 22 23\n"
    "a=ssrc:22 cname:a"
)
DATA = (
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\nc=IN IP4 0.0.0.0\na=mid:2\na=sctp-port:5000\n"
    "a=max-message-size:262144"
)
GOOD_OFFERS = tuple(
    "\r\n".join("\n".join([HEAD.format(mids=mids), *(f"{part}\n{SECURITY}" for part in parts)]).split("\n")) + "\r\n"
    for mids, parts in (
        ("0 1 2", (AUDIO, VIDEO, DATA)),
        ("0", (AUDIO,)),
        ("1 2", (VIDEO, DATA)),
        ("0 2", (AUDIO, DATA)),
    )
)
ODD = (
    "",
    " ",
    "0",
    "-1",
    "65536",
    "4294967296",
    "9" * 400,
    "a" * 5000,
    "é\u2028\udcff🙂",
    "\x00",
    "\r\n",
    "%s%n",
    "../../etc/passwd",
    "*",
    "=",
    ":",
    "m=audio",
    "a=candidate:1 1 udp 1 127.0.0.1 1 typ host",
    "a=candidate:1 1 tcp 1 fe80::1%eth0 9 typ host tcptype active",
    "a=rtpmap:111 opus/0/0",
    "a=fmtp:102 profile-level-id=zzzzzz;packetization-mode=1",
    "a=extmap:99999 x",
    "a=ssrc:-1 cname:",
    "a=ssrc-group:FID",
    "a=group:BUNDLE 0 0 0 9",
    "a=mid:" + "x" * 300,
    "a=sctp-port:99999999",
    "a=setup:holdconn",
    "a=fingerprint:md5 00",
    "a=rtcp:9 IN IP6 ::",
    "c=IN IP6 zzz",
    "a=inactive",
    "a=ice-lite",
    "a=rtcp-fb:* nack",
    "a=msid:a b c d",
    "a=sendrecv",
    "m=video 0 UDP/TLS/RTP/SAVPF 96",
    "m=application 9 DTLS/SCTP 5000",
)
WORDS = (
    "first",
    "progress",
    "last",
    "audio",
    "video",
    "tap",
    "press",
    "release",
    "worn",
    "recording_stopped",
    "\ud800",
)
NUMBERS = (0, 1, -1, 2**31, 2**32, 2**53, 2**63, 2**64, 10**30, -(2**63), 0.5, 1e308, -1e308)


def offer(die: Random) -> str:
    """An SDP with a few things wrong."""
    lines = die.choice(GOOD_OFFERS).split("\r\n")
    for _ in range(die.choice((1, 1, 1, 2, 4, 12))):
        _spoil(die, lines)
    text = die.choice(("\r\n", "\r\n", "\r\n", "\n", "\r")).join(lines)
    if die.random() < 0.1:
        at = die.randrange(len(text) + 1)
        text = text[:at]
    if die.random() < 0.02:
        text *= die.randrange(2, 20)
    return text


def _spoil(die: Random, lines: list[str]) -> None:
    at = die.randrange(len(lines)) if lines else 0
    if not lines:
        lines.append(die.choice(ODD))
        return
    how = die.randrange(8)
    line = lines[at]
    if how == 0:
        del lines[at]
    elif how == 1:
        lines.insert(die.randrange(len(lines) + 1), line)
    elif how == 2:
        lines.insert(at, die.choice(ODD))
    elif how == 3:
        lines[at] = line[: die.randrange(len(line) + 1)]
    elif how == 4 and line:
        cut = die.randrange(len(line))
        lines[at] = line[:cut] + die.choice(ODD) + line[cut + 1 :]
    elif how == 5:
        words = line.split(" ")
        words[die.randrange(len(words))] = die.choice(ODD)
        lines[at] = " ".join(words)
    elif how == 6:
        other = die.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    else:
        digits = [i for i, sign in enumerate(line) if sign.isdigit()]
        if digits:
            i = die.choice(digits)
            lines[at] = line[:i] + die.choice(("", "9", "-", "999999999999", ".", "x")) + line[i + 1 :]


def request(die: Random, host: str, token: str) -> bytes:
    """Bytes for a connection: a request or several, more or less HTTP."""

    def mostly(usual: tuple[str, ...], odd: tuple[str, ...]) -> str:
        return die.choice(odd if die.random() < 0.07 else usual)

    method = mostly(
        ("GET", "POST", "POST"), ("PUT", "HEAD", "OPTIONS", "DELETE", "PATCH", "CONNECT", "BREW", "get", "")
    )
    path = mostly(
        ("/", "/health", "/api/offer", "/api/offer", "/api/offer", "/pair?code=x", "/page/earshot.js"),
        _ODD_PATHS,
    )
    version = mostly(("HTTP/1.1",), ("HTTP/1.0", "HTTP/2.0", "HTTP/9", "http/1.1", ""))
    body = _body(die)
    headers = [f"Host: {host}"]
    if token:
        headers.append(die.choice((f"Authorization: Bearer {token}", f"Cookie: __Host-earshot={token}")))
    headers += [die.choice(_HEADERS).format(n=len(body)) for _ in range(die.choice((0, 0, 0, 0, 0, 1, 1, 3)))]
    if die.random() < 0.95 and body:
        headers += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    if die.random() < 0.3:
        die.shuffle(headers)
    if die.random() < 0.05 and not token:
        del headers[die.randrange(len(headers))]
    end = mostly(("\r\n",), ("\n", "\r"))
    before = die.choice((0, 0, 0, 0, 1, 39))  # the same again and again over one connection
    data = b"".join(
        end.join([f"{method} {path} {version}", *headers, *close, "", ""]).encode("utf-8", "surrogateescape") + body
        for close in ([[]] * before + [["Connection: close"]])
    )
    if die.random() < 0.08:
        data = data[: die.randrange(len(data) + 1)]
    if die.random() < 0.12:
        flipped = bytearray(data)
        for _ in range(die.choice((1, 3, 20))):
            if flipped:
                flipped[die.randrange(len(flipped))] = die.randrange(256)
        data = bytes(flipped)
    if die.random() < 0.03:
        data = die.randbytes(die.randrange(1, 600))
    return data


_ODD_PATHS = (
    "",
    "*",
    "//",
    "/page/../../x",
    "http://evil.example/",
    "/%00%ff%2e%2e",
    "/\udcff",
    "/?token=t",
    "/?token=" + "t" * 3000,
    "/x?" * 50,
    "/api/offer?token=%ff%fe",
    "/pair?code=" + "%00" * 40,
)
_HEADERS = (
    "Content-Length: {n}",
    "Content-Length: -1",
    "Content-Length: 99999999999999999999",
    "Content-Length: 1, 2",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: identity",
    "Content-Encoding: gzip",
    "Content-Encoding: deflate",
    "Content-Type: application/json; charset=nonsense",
    "Content-Type: multipart/form-data; boundary=x",
    "Content-Type: " + "x/" * 100,
    "Expect: 100-continue",
    "Expect: tea",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Key: x",
    "Sec-WebSocket-Version: 13",
    "Upgrade: h2c",
    "Origin: null",
    "Origin: https://evil.example",
    "Sec-Fetch-Site: cross-site",
    "Host: evil.example",
    "Host: [::1",
    "Host: [fe80::1%25x]:1",
    "Authorization: Bearer",
    "Authorization: Basic eDp4",
    "Authorization: Bearer \xff\xfe",
    "Cookie: " + "a=b; " * 200,
    'Cookie: __Host-earshot="\\012\\777"',
    "Cookie: =;=;;;",
    "Accept: text/html",
    "Accept-Encoding: gzip, br, zstd",
    "Range: bytes=0-1",
    "If-Modified-Since: never",
    "X: " + "y" * 9000,
    "X\x00: y",
    " folded: yes",
    "no colon here",
    ": no name",
)


def _body(die: Random) -> bytes:
    kind = die.randrange(6)
    if kind == 0:
        return b""
    if kind == 1:
        return json.dumps({"sdp": offer(die), "type": die.choice(("offer", "offer", "answer", 7, None))}).encode()
    if kind == 2:
        return json.dumps(_value(die, 0)).encode("utf-8", "surrogatepass")
    if kind == 3:
        return die.choice(
            (b"[" * 50_000, b'{"sdp":' * 3000, b"\xff\xfe", b"NaN", b'"' + b"x" * 300_000, b"5\r\nhello\r\n0\r\n\r\n")
        )
    if kind == 4:
        odd = die.choice(ODD)
        return json.dumps({"sdp": "v=0\r\n", "type": "offer", "echo": odd, "resume": _value(die, 1)}).encode()
    return die.randbytes(die.randrange(200))


def message(die: Random) -> str | bytes:
    """What a device might send on its data channel."""
    kind = die.choice(
        ("pong", "heard", "heard", "capture", "capture", "event", "event", "event", "typed", "nonsense", "hello")
    )
    made: dict[str, Any] = {"type": kind}
    for name in ("id", "device_ns", "utterance", "rtp", "mark", "media", "kind", "value", "text", "reason"):
        if die.random() < 0.6:
            made[name] = die.choice((die.choice(WORDS), die.choice(NUMBERS), die.randrange(10), _value(die, 1)))
    if kind == "typed" and die.random() < 0.9:
        made["text"] = die.choice(
            ("", " ", "stop", "wait", "\ud800", "go on", "mute", "unmute", "yes", "stop \ud800", "?!")
        )
    if die.random() < 0.05:
        made["type"] = _value(die, 1)
    text = json.dumps(made, ensure_ascii=die.random() < 0.7)
    if die.random() < 0.15:
        at = die.randrange(len(text))
        text = text[:at] + die.choice(("", "\x00", "{", '"', "\u2028", "9" * 50, "NaN", "Infinity")) + text[at + 1 :]
    if die.random() < 0.01:
        text = die.choice(("[" * 60_000, "1" * 65_000, '{"type":"event","kind":"' + "k" * 64_000 + '"}', text * 400))
    return text.encode("utf-8", "surrogatepass") if die.random() < 0.05 else text


def _value(die: Random, depth: int) -> Any:
    makers: tuple[Callable[[], Any], ...] = (
        lambda: None,
        lambda: die.random() < 0.5,
        lambda: die.choice(NUMBERS),
        lambda: die.choice(WORDS),
        lambda: die.choice(ODD),
        lambda: [_value(die, depth + 1) for _ in range(die.randrange(3))] if depth < 3 else [],
        lambda: {die.choice(WORDS): _value(die, depth + 1) for _ in range(die.randrange(3))} if depth < 3 else {},
    )
    return die.choice(makers)()


def datagram(die: Random) -> bytes:
    """What anybody can send to a port for media: STUN, DTLS, RTP and RTCP of a stranger, and noise."""
    kind = die.randrange(5)
    rest = die.randbytes(die.choice((0, 4, 20, 60, 200, 1200)))
    if kind == 0:  # STUN: binding request, response, with attributes of any length
        length = die.choice((0, len(rest), 65535, 4))
        return (
            die.choice((b"\x00\x01", b"\x01\x01", b"\x01\x11")) + length.to_bytes(2, "big") + b"\x21\x12\xa4\x42" + rest
        )
    if kind == 1:  # DTLS: any content type, any version, any epoch
        body = len(rest).to_bytes(2, "big") if die.random() < 0.7 else die.randbytes(2)
        return bytes([die.randrange(20, 64)]) + die.choice((b"\xfe\xfd", b"\xfe\xff")) + die.randbytes(8) + body + rest
    if kind == 2:  # RTP and RTCP
        return (
            bytes([die.randrange(128, 192), die.choice((111, 96, 102, 200, 201, 205, 206))]) + die.randbytes(10) + rest
        )
    if kind == 3:
        return rest
    return die.randbytes(die.randrange(1, 1400))
