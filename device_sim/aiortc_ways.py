"""Where aiortc does not let a device be one: its own H.264, its own address, its own time stamps."""

from __future__ import annotations

import aioice.ice
from aiortc import RTCRtpSender, RTCRtpTransceiver


def rtp_origin(sender: RTCRtpSender, last_pts: int) -> int | None:
    """aiortc adds a random origin to our timestamps; between packets the last one sent gives it away."""
    sent = sender._RTCRtpSender__rtp_timestamp
    return (sent - last_pts) % 2**32 if sent else None


def only_h264(transceiver: RTCRtpTransceiver) -> None:
    codecs = RTCRtpSender.getCapabilities("video").codecs
    transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType in ("video/H264", "video/rtx")])


def offer_loopback() -> None:
    """aioice never offers 127.0.0.1, so two processes on a machine without a network would never meet."""
    found = aioice.ice.get_host_addresses
    if getattr(found, "with_loopback", False):
        return

    def with_loopback(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        return (["127.0.0.1"] if use_ipv4 else []) + list(found(use_ipv4, use_ipv6))

    with_loopback.with_loopback = True  # type: ignore[attr-defined]
    aioice.ice.get_host_addresses = with_loopback
