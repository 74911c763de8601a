"""Every private name of aiortc and aioice that the link leans on, in one place (`tests/test_link.py` holds them).

aiortc 1.16 has no setting for any of this, and no event for encoded media:

* `RTCRtpReceiver.__jitter_buffer` is the one object that every received packet is handed to after RTCP statistics,
  retransmission and loss reports have been dealt with. Ours stands in its place, takes the packet and gives nothing
  back, so nothing is ever queued for aiortc's decoder, and all the rest of the receiver goes on as it was.
* `RTCRtpReceiver._handle_rtcp_packet` sees the sender reports, `_send_rtcp_pli` asks for a key frame.
* `RTCRtpSender.__rtp_timestamp` and `__packet_count` tell the timestamp of the last packet sent; its random origin is
  a local variable of a coroutine.
* `Connection.get_component_candidates` is given the addresses to offer; `Connection._protocols` are its sockets,
  `_check_list` the ways between it and a device (`companion.link.believed`).
* `RTCIceTransport._send` sends a datagram; `RTCDtlsTransport.__rx_packets` counts those that came.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

from aiortc import RTCPeerConnection, RTCRtpReceiver, RTCRtpSender
from aiortc.rtp import RtcpSrPacket, RtpPacket

from companion.link.believed import only_believed
from companion.link.drain import take_all_at_once
from companion.link.errors import surviving
from companion.link.offer import is_local

LOOPBACK = "127.0.0.1"
HELLO_AGAIN_S = (0.03, 0.05, 0.1, 0.2, 0.3)  # each after the one before; then DTLS's own second is over
PacketSink = Callable[[RtpPacket, str], None]


class PacketTap:
    """Stands in for an aiortc jitter buffer: hands each packet and its codec's name on, and keeps nothing."""

    def __init__(self, receiver: RTCRtpReceiver, sink: PacketSink) -> None:
        self._receiver = receiver
        self._sink = sink

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        codec = self._receiver._RTCRtpReceiver__codecs.get(packet.payload_type)
        if codec is not None:
            with surviving("a packet could not be handled"):
                self._sink(packet, codec.name.lower())
        return False, None


def tap_packets(receiver: RTCRtpReceiver, sink: PacketSink) -> None:
    """From now on every RTP packet of this receiver goes to `sink(packet, codec)` and to nobody else."""
    receiver._RTCRtpReceiver__jitter_buffer = PacketTap(receiver, sink)


def tap_reports(receiver: RTCRtpReceiver, sink: Callable[[int, int], None]) -> None:
    """`sink(ntp_timestamp, rtp_timestamp)` for each RTCP sender report."""
    handle = receiver._handle_rtcp_packet

    async def handle_and_tell(packet: Any) -> None:
        await handle(packet)
        if isinstance(packet, RtcpSrPacket):
            with surviving("a sender report could not be handled"):
                sink(packet.sender_info.ntp_timestamp, packet.sender_info.rtp_timestamp)

    receiver._handle_rtcp_packet = handle_and_tell


async def send_picture_loss(receiver: RTCRtpReceiver, ssrc: int) -> None:
    """RTCP PLI: please send a key frame."""
    await receiver._send_rtcp_pli(ssrc)


def last_sent_rtp(sender: RTCRtpSender) -> int | None:
    """RTP timestamp of the last packet sent, None before the first."""
    if not sender._RTCRtpSender__packet_count:
        return None
    stamp: int = sender._RTCRtpSender__rtp_timestamp
    return stamp


def hello_again(pc: RTCPeerConnection) -> None:
    """Repeat the first datagram of DTLS soon if nothing comes back; call it before the connection is made.

    DTLS itself waits for a second. A peer that is still busy with ICE when it comes drops it: FFmpeg's WHIP muxer does,
    nearly always, and was seen 1.2 s after its offer; with this, 0.3 s.
    """
    for dtls in {transceiver.receiver.transport for transceiver in pc.getTransceivers()}:
        ice = dtls.transport

        async def first(data: bytes, dtls: Any = dtls, ice: Any = ice, send: Any = ice._send) -> None:
            ice._send = send
            await send(data)
            again = asyncio.ensure_future(_repeat(data, dtls, send))
            again.add_done_callback(lambda done: done.cancelled() or done.exception())

        ice._send = first


async def _repeat(data: bytes, dtls: Any, send: Any) -> None:
    for wait_s in HELLO_AGAIN_S:
        await asyncio.sleep(wait_s)
        if dtls.state != "connecting" or dtls._RTCDtlsTransport__rx_packets:
            return
        await send(data)


def offer_addresses(pc: RTCPeerConnection, loopback_only: bool, only: str = "") -> None:
    """Choose the addresses that we offer for media; call it before candidates are gathered.

    `loopback_only`: nothing but 127.0.0.1, so that a companion that listens on loopback is not reachable by UDP either.
    On Linux a peer that offers only its other addresses reaches it all the same; other systems are not sure to carry
    packets between a LAN address and 127.0.0.1, so there both are offered. Otherwise this machine's addresses in local
    networks (just `only`, if it is one of them), and 127.0.0.1 where it has none: aioice never offers it, and without
    an address a connection stays "new" for ever.
    """
    parts = [t.receiver for t in pc.getTransceivers()] + ([pc.sctp] if pc.sctp else [])
    if any(part.transport is None for part in parts):
        raise ValueError("a part of the offer is left without a transport")
    for connection in {part.transport.transport.iceGatherer._connection for part in parts}:
        gather, sockets = connection.get_component_candidates, connection._protocols

        async def chosen(
            component: int,
            addresses: list[str],
            timeout: int = 5,
            connection: Any = connection,
            gather: Any = gather,
            sockets: Any = sockets,
        ) -> Any:
            before = len(sockets)
            if loopback_only:
                addresses = [LOOPBACK] if sys.platform == "linux" else [LOOPBACK, *addresses]
            else:
                addresses = [only] if only in addresses else [a for a in addresses if is_local(a)]
            found = await gather(component=component, addresses=addresses or [LOOPBACK], timeout=timeout)
            for protocol in sockets[before:]:
                only_believed(protocol, connection)
                take_all_at_once(protocol)
            return found

        connection.get_component_candidates = chosen
