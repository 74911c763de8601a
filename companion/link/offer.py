"""A device's SDP offer: checked before aiortc sees it, and put into the words that aiortc understands.

aiortc takes `v=0 / hello` for an offer, and meets a codec it does not know with an exception that names none. So what
is needed is checked here, and what is missing is named. Pure: text in, text out.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from aiortc.sdp import H264Profile, SessionDescription, parse_h264_profile_level_id

from companion.link.errors import Refused

WORKING_CODECS = {"audio": "Opus (48 kHz)", "video": "H.264 (packetization-mode 1) or VP8"}
DECODABLE = "42e01f"  # constrained baseline 3.1: aiortc compares profiles by name only, decoders read the stream itself
KNOWN_PROFILES = (H264Profile.PROFILE_BASELINE, H264Profile.PROFILE_CONSTRAINED_BASELINE)
SHOW = 60  # characters of a bad value that go into an error

TRANSPORT = {
    "a=ice-ufrag:": "ICE user name",
    "a=ice-pwd:": "ICE password",
    "a=fingerprint:": "DTLS fingerprint",
    "a=setup:": "DTLS role",
}

_RTPMAP = re.compile(r"a=rtpmap:(\d+) ([^/\s]+)/(\d+)(?:/(\d+))?\s*$", re.IGNORECASE)
_FMTP = re.compile(r"a=fmtp:(\d+) (.*)$")
_DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")


@dataclass(slots=True)
class Section:
    """One m= section. `codecs`: payload type to lower-case name, for those of its formats that are described."""

    kind: str
    port: int
    formats: list[str]
    lines: list[str]
    codecs: dict[str, str] = field(default_factory=dict)
    direction: str = "sendrecv"

    @property
    def mid(self) -> str:
        """Its name, "" if it has none; of two the last, as aiortc takes it."""
        return next((line[len("a=mid:") :] for line in reversed(self.lines) if line.startswith("a=mid:")), "")

    def sends(self) -> bool:
        return self.direction in ("sendrecv", "sendonly")

    def receives(self) -> bool:
        return self.direction in ("sendrecv", "recvonly")


@dataclass(frozen=True, slots=True)
class Offer:
    """A checked offer. `profiles`: H.264 parameters of the offer by payload type, where aiortc gets others to read."""

    sdp: str
    audio: Section | None
    video: Section | None
    messages: bool
    profiles: dict[str, str]

    @property
    def microphone(self) -> bool:
        return self.audio is not None and self.audio.sends()

    @property
    def speaker(self) -> bool:
        return self.audio is not None and self.audio.receives()

    @property
    def camera(self) -> bool:
        return self.video is not None and self.video.sends()

    def answer(self, sdp: str) -> str:
        """Our answer with the H.264 parameters that were offered: a strict peer looks for its own words in it."""
        lines = sdp.split("\r\n")
        for i, line in enumerate(lines):
            found = _FMTP.match(line)
            if found and found[1] in self.profiles:
                lines[i] = f"a=fmtp:{found[1]} {self.profiles[found[1]]}"
        return "\r\n".join(lines)


def read_offer(sdp: str, loopback_only: bool = False) -> Offer:
    """Check an offer and make it fit. Raises `Refused`: 400 for what is no usable SDP, 422 for no usable codec.

    `loopback_only`: the peer's own addresses are left out. It reaches us on loopback and is answered where it came
    from; looking up its mDNS names or knocking at its LAN addresses would be traffic beyond loopback for nothing.
    Otherwise those of the local network stay: knocking there opens our own firewall for it. No others do, since we
    would knock at whatever address an offer names.
    """
    lines = sdp.splitlines() or [""]  # as aiortc parts them, at more than CR LF: it must see no line that we have not
    if lines[0].strip() != "v=0":
        raise _bad(f"the first line is {lines[0][:SHOW]!r}", 'an SDP begins with "v=0"; send what createOffer() gave')
    head, sections = _sections(lines)
    by_kind = {kind: [s for s in sections if s.kind == kind] for kind in ("audio", "video", "application")}
    if not by_kind["audio"] and not by_kind["video"]:
        raise _bad("it has no audio and no video section", "add a microphone, a camera, or both to the offer")
    for kind, found in by_kind.items():
        if len(found) > 1:
            raise _bad(f"it has {len(found)} {kind} sections", f"offer one {kind} section; the others would be ignored")
    bundled = _bundled(head, [section for found in by_kind.values() for section in found])
    for section in by_kind["application"]:
        if section.mid not in bundled:
            _check_transport(head, section)
    profiles: dict[str, str] = {}
    for section in by_kind["audio"] + by_kind["video"]:
        _check_transport(head, section)
        _check_codecs(section)
        profiles |= _fit_h264(section)
    allowed = _nowhere if loopback_only else is_local
    out = head + [line for s in sections for line in s.lines if _may_stay(line, allowed)]
    fitting = "\r\n".join(line for line in out if line) + "\r\n"
    _check_readable(fitting)
    return Offer(
        sdp=fitting,
        audio=next(iter(by_kind["audio"]), None),
        video=next(iter(by_kind["video"]), None),
        messages=bool(by_kind["application"]),
        profiles=profiles,
    )


def _bad(detail: str, hint: str) -> Refused:
    return Refused(400, "bad_sdp", f"this offer cannot be used: {detail}", hint)


def _sections(lines: list[str]) -> tuple[list[str], list[Section]]:
    head: list[str] = []
    sections: list[Section] = []
    for line in lines:
        if line.startswith("m="):
            sections.append(_section(line))
        elif not sections:
            head.append(line)
        else:
            _describe(sections[-1], line)
    direction = next((line[2:] for line in head if line[2:] in _DIRECTIONS), "")
    for section in sections:
        own = [line[2:] for line in section.lines if line.startswith("a=") and line[2:] in _DIRECTIONS]
        section.direction = own[-1] if own else direction or "sendrecv"
    return head, sections


def _section(line: str) -> Section:
    parts = line[2:].split()
    if len(parts) < 4 or not parts[1].split("/")[0].isdigit():
        raise _bad(f"it has the line {line[:SHOW]!r}", 'a media line reads "m=audio 9 UDP/TLS/RTP/SAVPF 111"')
    return Section(kind=parts[0], port=int(parts[1].split("/")[0]), formats=parts[3:], lines=[line])


def _describe(section: Section, line: str) -> None:
    section.lines.append(line)
    found = _RTPMAP.match(line)
    if found and found[1] in section.formats:
        section.codecs[found[1]] = found[2].lower()


def _check_transport(head: list[str], section: Section) -> None:
    everything = head + section.lines
    for prefix, name in TRANSPORT.items():
        if not any(line.startswith(prefix) for line in everything):
            raise _bad(
                f"its {section.kind} section has no {name} line ({prefix}…)",
                "send a WebRTC offer; media without ICE and DTLS is not accepted",
            )
    if section.kind != "application" and "a=rtcp-mux" not in section.lines:
        raise _bad(f"its {section.kind} section has no a=rtcp-mux", "offer RTP and RTCP on one port (rtcpMuxPolicy)")


def _check_readable(sdp: str) -> None:
    """aiortc's parser meets a line that it cannot read with whatever Python raises there."""
    unchanged = "send what createOffer() gave, unchanged"
    try:
        read = SessionDescription.parse(sdp)
    except Exception as why:
        what = f"{type(why).__name__}: {str(why)[:SHOW]}".rstrip(": ")
        raise _bad(f"a line of it cannot be read ({what})", unchanged) from why
    for media in read.media:
        if media.dtls is None or not media.dtls.fingerprints:
            raise _bad(f"its {media.kind[:SHOW]} section has no fingerprint or no a=setup that can be used", unchanged)
    mids = [media.rtp.muxId for media in read.media]
    if len(set(mids)) < len(mids):
        raise _bad("two of its sections have the same a=mid", unchanged)
    for group in read.group:
        if group.semantic == "BUNDLE" and not set(group.items) <= set(mids):
            raise _bad(
                f"a=group:BUNDLE names {' '.join(group.items)[:SHOW]!r}, which are not its a=mid lines", unchanged
            )


def _bundled(head: list[str], sections: list[Section]) -> set[str]:
    """Names of the sections that go over another one's transport. aiortc would put what is bundled with a section that
    is not there on no transport at all."""
    there = [section.mid for section in sections if section.mid]
    if len(set(there)) < len(there):
        raise _bad(f"two of its sections have the a=mid {there[0][:SHOW]!r}", "give each section one of its own")
    bundled: set[str] = set()
    for line in head:
        if line.startswith("a=group:BUNDLE"):
            names = line.split()[1:]
            if gone := set(names) - set(there):
                raise _bad(
                    f"it bundles a section {sorted(gone)[0][:SHOW]!r} that it does not have",
                    "name each section of a=group:BUNDLE in an a=mid line",
                )
            bundled |= set(names[1:])
    return bundled


def _check_codecs(section: Section) -> None:
    usable = {"opus"} if section.kind == "audio" else {"vp8", "h264"}
    if not usable & set(section.codecs.values()):
        offered = ", ".join(sorted(set(section.codecs.values()))) or "none"
        raise Refused(
            422,
            "no_usable_codec",
            f"no {section.kind} codec of this offer can be used: {offered[:SHOW]}",
            f"what works for {section.kind}: {WORKING_CODECS[section.kind]}",
        )


def _fit_h264(section: Section) -> dict[str, str]:
    """Let every H.264 profile pass: decoders take the profile from the stream, aiortc takes it from the offer and knows
    only baseline with packetization-mode 1. Rewrites the lines of the section; returns what stood there before.

    Only where none of the offered variants is known, so that a browser's own list of profiles stays as it is.
    """
    wanted = [pt for pt, codec in section.codecs.items() if codec == "h264"]
    before = {found[1]: found[2] for line in section.lines if (found := _FMTP.match(line)) and found[1] in wanted}
    if any(_known(before.get(pt, "")) for pt in wanted):
        return {}
    section.lines[:] = [line for line in section.lines if not ((f := _FMTP.match(line)) and f[1] in wanted)]
    known = f"level-asymmetry-allowed=1;packetization-mode=1;profile-level-id={DECODABLE}"
    section.lines.extend(f"a=fmtp:{pt} {known}" for pt in wanted)
    return before


def _known(parameters: str) -> bool:
    fields = dict(part.strip().partition("=")[::2] for part in parameters.lower().split(";"))
    try:
        profile, _ = parse_h264_profile_level_id(fields.get("profile-level-id", DECODABLE))
    except ValueError:
        return False
    return fields.get("packetization-mode") == "1" and profile in KNOWN_PROFILES


def is_local(address: str) -> bool:
    """Whether it is an address of this machine or of its local networks; a name is none."""
    try:
        return not ipaddress.ip_address(address).is_global
    except ValueError:
        return False


def _nowhere(address: str) -> bool:
    return False


def _may_stay(line: str, allowed: Callable[[str], bool]) -> bool:
    """Candidates only as they are wanted: `a=candidate:ID COMPONENT PROTOCOL PRIORITY ADDRESS PORT typ KIND …`."""
    if line.startswith("a=end-of-candidates"):
        return False
    if not line.startswith("a=candidate:"):
        return True
    parts = line.split()
    return len(parts) >= 8 and parts[6:8] == ["typ", "host"] and allowed(parts[4])
