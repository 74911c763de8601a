"""What somebody might send to the bridge's door: handshakes and WebSocket frames that are nearly right (RFC 6455).

Each takes a die, so that the same seed gives the same bytes. Written from the RFC, not from the code under test.
"""

from __future__ import annotations

import base64
import json
import struct
from random import Random

from tests.fuzz.door_bytes import message

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
FIN = 0x80
LENGTHS = (126, 65_535, 65_536, 1 << 23, (1 << 23) + 1, 1 << 31, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
NO_UTF8 = (b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b'"\x80"')
HELLO = {"type": "hello", "protocol": 1, "microphone": {"codec": "opus"}, "camera": {"codec": "h264"}}
SPEAKING = {**HELLO, "speaker": {"codec": "opus", "silence": True}}


def upgrade(die: Random, host: str, token: str) -> bytes:
    """A handshake; hostile in one way or another about half of the time. `token`: shown, if not empty."""
    key = base64.b64encode(die.randbytes(16)).decode()
    path = _path(die, token)
    lines = [f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}"]
    lines.append("Sec-WebSocket-Version: 13")
    if token and "token=" not in path:
        lines.append(f"Authorization: Bearer {token}")
    for _ in range(die.choice((0, 0, 1, 1, 3))):
        _spoil(die, lines)
    method = "GET" if die.random() < 0.95 else die.choice(("POST", "HEAD", "OPTIONS", "CONNECT", "get", "PRI"))
    version = "HTTP/1.1" if die.random() < 0.97 else die.choice(("HTTP/1.0", "HTTP/2.0", ""))
    data = "\r\n".join([f"{method} {path} {version}", *lines, "", ""]).encode("utf-8", "surrogateescape")
    if die.random() < 0.05:
        data = data[: die.randrange(len(data))]
    if die.random() < 0.05:
        at = die.randrange(len(data))
        data = data[:at] + die.randbytes(die.choice((1, 4))) + data[at + 1 :]
    return data


def _path(die: Random, token: str) -> str:
    if token and die.random() < 0.5:
        return f"/device?token={token}"
    odd = ("/", "/device/", "//device", "/device?", "/device?x=%00", "/DEVICE", "/device#x", "/health", "/whip", "*")
    return die.choice(odd) if die.random() < 0.08 else "/device"


def _spoil(die: Random, lines: list[str]) -> None:
    if die.random() < 0.3 and lines:
        del lines[die.randrange(len(lines))]
        return
    lines.insert(die.randrange(len(lines) + 1), die.choice(_ODD_HEADERS))


_ODD_HEADERS = (
    "Sec-WebSocket-Key: ",
    "Sec-WebSocket-Key: x",
    "Sec-WebSocket-Key: " + "A" * 3000,
    "Sec-WebSocket-Key: " + base64.b64encode(bytes(15)).decode(),
    "Sec-WebSocket-Key: é\u2028",
    "Sec-WebSocket-Version: 0",
    "Sec-WebSocket-Version: 8",
    "Sec-WebSocket-Version: 99999999999999999999",
    "Sec-WebSocket-Version: 13, 8, 7",
    "Sec-WebSocket-Version:",
    "Sec-WebSocket-Protocol: earshot, chat, \x01",
    "Sec-WebSocket-Protocol: " + ",".join(["a"] * 500),
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=99; server_max_window_bits=-1",
    "Sec-WebSocket-Extensions: permessage-deflate",
    "Sec-WebSocket-Extensions: " + "x;" * 900,
    "Upgrade: h2c",
    "Upgrade: websocket, websocket",
    "Upgrade: WebSocket/13",
    "Connection: close",
    "Connection: keep-alive, Upgrade",
    "Connection: Upgrade, Upgrade, " * 40,
    "Origin: https://evil.example",
    "Origin: null",
    "Origin: file://",
    "Host: evil.example",
    "Content-Length: 5",
    "Content-Length: -1",
    "Transfer-Encoding: chunked",
    "Expect: 100-continue",
    "Cookie: __Host-earshot=guess",
    "Authorization: Bearer guess",
    "Accept: text/html",
    "X: " + "y" * 9000,
    " folded",
)


def guess(die: Random, good: str, gone: str) -> str:
    """A token that lets nobody in: made up, nearly a good one, or one that was good (`gone`). "" is none at all."""
    near = (good[:-1], good + "A", good[::-1], good.swapcase(), good[:-1] + chr(ord(good[-1]) ^ 1), f"{good},{good}")
    at = die.randrange(8)
    if at == 0:
        return ""
    if at < 3:
        return gone
    if at < 5:
        return die.choice([word for word in near if word != good])
    return die.choice(
        ("0", "null", "guess", "../" * 20, "%00", "t" * 3000, "\udcff", base64.b64encode(die.randbytes(18)).decode())
    )


def frames(die: Random) -> list[bytes]:
    """What comes behind a handshake: most begin with a hello, and all have something wrong sooner or later."""
    out = []
    if die.random() < 0.75:
        out.append(frame(die, TEXT, json.dumps(die.choice((HELLO, SPEAKING))).encode()))
    for _ in range(die.choice((1, 1, 2, 4, 12))):
        out.append(_odd(die))
    if die.random() < 0.3:
        out[-1] = out[-1][: die.randrange(len(out[-1]) + 1)]
    return out


def frame(
    die: Random, opcode: int, payload: bytes, first: int = FIN, masked: bool = True, claims: int = -1, wide: int = 0
) -> bytes:
    """One frame. `first`: FIN and the reserved bits. `claims`: a length other than the true one; `wide`: written in 2
    or 8 bytes though it would fit in fewer."""
    length = len(payload) if claims < 0 else claims
    mask = die.randbytes(4) if masked else b""
    if length < 126 and not wide:
        head = struct.pack("!BB", first | opcode, length | (FIN if masked else 0))
    elif (length < 1 << 16 and wide != 8) or wide == 2:
        head = struct.pack("!BBH", first | opcode, 126 | (FIN if masked else 0), length)
    else:
        head = struct.pack("!BBQ", first | opcode, 127 | (FIN if masked else 0), length)
    return head + mask + (_masked(payload, mask) if masked else payload)


def _masked(payload: bytes, mask: bytes) -> bytes:
    whole = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(whole, "big")).to_bytes(len(payload), "big")


def _odd(die: Random) -> bytes:
    some = die.randbytes(die.choice((0, 1, 17, 100, 125)))
    how = die.randrange(20)
    if how == 0:  # not masked, though a client has to
        return frame(die, die.choice((TEXT, BINARY, PING, CLOSE)), some, masked=False)
    if how == 1:  # masked with another mask than it says: noise
        text = bytearray(frame(die, TEXT, json.dumps(HELLO).encode()))
        text[4:8] = die.randbytes(4)
        return bytes(text)
    if how == 2:
        return frame(die, die.choice((TEXT, BINARY, PING)), some, first=FIN | die.choice((0x40, 0x20, 0x10, 0x70)))
    if how == 3:
        return frame(die, die.choice((3, 4, 5, 6, 7, 11, 12, 13, 14, 15)), some)
    if how == 4:  # a control frame in pieces
        return frame(die, die.choice((PING, PONG, CLOSE)), some, first=0) + frame(die, 0, some)
    if how == 5:  # a control frame that is too long
        return frame(die, die.choice((PING, PONG, CLOSE)), die.randbytes(die.choice((126, 127, 5000, 70_000))))
    if how == 6:  # it says that more comes than ever will
        claims = die.choice(
            (126, 65_535, 65_536, 1 << 23, (1 << 23) + 1, 1 << 31, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
        )
        return frame(die, die.choice((TEXT, BINARY, 0)), some, claims=claims)
    if how == 7:  # a length in more bytes than it needs
        return frame(die, TEXT, b'{"type":"x"}', wide=die.choice((2, 8)))
    if how == 8:  # goes on with what was never begun
        return frame(die, 0, some)
    if how == 9:  # another message in the middle of one
        return frame(die, TEXT, b'{"ty', first=0) + frame(die, die.choice((TEXT, BINARY)), some)
    if how == 10:  # no UTF-8
        return frame(
            die, TEXT, die.choice((b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b'"\x80"'))
        )
    if how == 11:  # UTF-8 that a piece cuts, and never ends well
        return frame(die, TEXT, b'{"type":"\xe2\x82', first=0) + frame(die, 0, die.choice((b'\xac"}', b"\xff", b"")))
    if how == 12:  # in hundreds of empty pieces
        pieces = [frame(die, 0, b"", first=0) for _ in range(die.choice((3, 300)))]
        return frame(die, TEXT, b"", first=0) + b"".join(pieces) + frame(die, 0, b'{"type":"x"}')
    if how == 13:
        return frame(die, PING, some) * die.choice((1, 300))
    if how == 14:  # a close with a code that none may send, half a code, or a reason that is no text
        code = struct.pack("!H", die.choice((0, 999, 1000, 1004, 1005, 1006, 1015, 2999, 4400, 65_535)))
        return frame(die, CLOSE, die.choice((b"\x03", code, code + b"bye", code + b"\xff\xff"))) + frame(
            die, TEXT, some
        )
    if how == 15:
        text = message(die)
        return frame(die, TEXT, text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
    if how == 16:
        size = die.choice((65_537, 70_000, 300_000)) if die.random() < 0.9 else (4 << 20) + 17
        return frame(die, die.choice((TEXT, BINARY)), bytes(size))
    if how == 17:
        return die.randbytes(die.choice((1, 10, 300)))
    if how == 18:  # HTTP, as if nothing had been upgraded
        return b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    head = struct.pack(
        "<BBHIQ", die.choice((0, 1, 1, 3, 9)), die.choice((0, 1, 255)), 0, die.getrandbits(32), die.getrandbits(64)
    )
    return frame(die, BINARY, head[: die.choice((3, 16))] + die.choice((some, b"\xf8\xff\xfe", b"\0\0\0\1\x65")))
