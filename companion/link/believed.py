"""Whose datagrams a media socket takes: the device's own, and connectivity checks, which carry their own proof.

aioice hands on whatever comes to its port, from anybody; an empty datagram is enough to end a session in aiortc 1.16,
and a STUN attribute that is too short makes an error with its trace in the log. So nothing of a stranger gets that far.
"""

from __future__ import annotations

import logging
from typing import Any

log = logging.getLogger(__name__)

STUN_BELOW = 4  # the first byte of a STUN message (RFC 7983)


def only_believed(protocol: Any, connection: Any) -> None:
    """From now on this asyncio protocol of an aioice connection takes only what may be the device's: checks (aioice
    asks them for the session's password) and what comes from an address that passed one or that the offer named."""
    take = protocol.datagram_received

    def received(data: bytes, address: Any) -> None:
        if not data:
            return
        if data[0] >= STUN_BELOW:
            if any(pair.remote_addr == address[:2] for pair in connection._check_list):
                take(data, address)
            return
        try:
            take(data, address)
        except Exception as why:  # a check that cannot be parsed; who sent it is not known
            log.debug("a connectivity check of %s is none: %r", address[0], why)

    protocol.datagram_received = received
