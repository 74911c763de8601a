"""Everything that waits in a connection's socket is taken at once, not one datagram for each round of the event loop.

asyncio reads one datagram for each socket and round. A device with a camera sends some 200 a second, so a loop that
takes 10 ms a round, as a busy machine's does, falls behind by half of them: they pile up in the socket, the
microphone's sound behind the camera's pictures, until the system drops what no longer fits. That was measured as 1.4 s
of lateness with eight wearers, and 9 s with other work on the machine. Taken all at once, sound is as late as the loop
is, and what was late once is late no more.
"""

from __future__ import annotations

import os
import socket
from typing import Any

ROUND = 256  # datagrams: half a second of a camera; then the others have their turn
LONGEST = 65_536  # bytes: no UDP datagram is longer


def take_all_at_once(protocol: Any) -> None:
    """From now on a datagram that this asyncio protocol receives brings all that wait behind it along.

    The socket is read through a second handle of our own, which goes when the connection does."""
    handle = socket.socket(fileno=os.dup(protocol.transport.get_extra_info("socket").fileno()))
    handle.setblocking(False)
    take, lost = protocol.datagram_received, protocol.connection_lost

    def received(data: bytes, address: Any) -> None:
        take(data, address)
        for _ in range(ROUND):
            try:
                data, address = handle.recvfrom(LONGEST)
            except OSError:  # nothing more waits; what else it may be, asyncio meets and handles at its next read
                return
            take(data, address)

    def ended(why: Exception | None) -> None:
        handle.close()
        lost(why)

    protocol.datagram_received, protocol.connection_lost = received, ended
