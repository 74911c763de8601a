"""What a WHIP client tells after its offer: a fragment of SDP with more ICE candidates (RFC 8840). Pure."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from aiortc import RTCIceCandidate
from aiortc.sdp import candidate_from_sdp

from companion.link.errors import Refused

MOST = 32  # candidates of one fragment: a machine with many networks has a dozen
SHOW = 60


@dataclass(frozen=True, slots=True)
class Fragment:
    """`ufrag`, `pwd`: whose ICE session it belongs to, "" if it does not say. `candidates`: those that can be used;
    names (mDNS) are left out, since to look them up would tell the network of them."""

    ufrag: str
    pwd: str
    candidates: tuple[RTCIceCandidate, ...]

    def of(self, sdp: str) -> bool:
        """Whether it belongs to the ICE session of this offer, and does not begin another."""
        said = {line.strip() for line in sdp.splitlines()}
        return all(
            not value or f"a={name}:{value}" in said
            for name, value in (("ice-ufrag", self.ufrag), ("ice-pwd", self.pwd))
        )


def read_fragment(text: str) -> Fragment:
    """Raises `Refused` (400) for what is no such fragment."""
    ufrag = pwd = mid = ""
    candidates = []
    for line in (line.strip() for line in text.splitlines()):
        name, _, value = line.partition(":")
        if name == "a=ice-ufrag":
            ufrag = ufrag or value
        elif name == "a=ice-pwd":
            pwd = pwd or value
        elif name == "a=mid":
            mid = value
        elif name == "a=candidate":
            candidates.append((mid, value))
        elif line and line[:2] not in ("a=", "m="):
            raise _bad(f"it has the line {line[:SHOW]!r}")
    if not (ufrag or candidates or "a=end-of-candidates" in text):
        raise _bad("it has no ice-ufrag, no candidate and no end-of-candidates")
    if len(candidates) > MOST:
        raise _bad(f"it has {len(candidates)} candidates, and {MOST} are read")
    usable = (_candidate(mid, value) for mid, value in candidates)
    return Fragment(ufrag, pwd, tuple(c for c in usable if c is not None))


def _candidate(mid: str, value: str) -> RTCIceCandidate | None:
    try:
        found = candidate_from_sdp(value)
    except (ValueError, AssertionError, IndexError) as why:
        raise _bad(f"this is no candidate: {value[:SHOW]!r}") from why
    try:
        ipaddress.ip_address(found.ip)
    except ValueError:
        return None
    found.sdpMid = mid or "0"
    return found if found.protocol.lower() == "udp" else None


def _bad(detail: str) -> Refused:
    return Refused(
        400, "bad_fragment", f"this fragment cannot be used: {detail}", "a=ice-ufrag, a=ice-pwd, a=mid, a=candidate"
    )
