"""May we listen while we speak? A decider: it picks one of three ways, and in the last says when we are deaf.

==============  =====================================================================================================
"off"           the device takes our sound out of its microphone's (browsers do), or its loudspeaker is in the ear
"cancel"        its loudspeaker is open: the companion takes it out (`pipelines.hearing.echo`, the extra companion[aec])
"half_duplex"   neither is possible, or it did not work, or the device says that its microphone rests while it speaks:
                deaf while our sound plays; a tap, and talking while the button is held, go on working
==============  =====================================================================================================
"""

from __future__ import annotations

from dataclasses import replace

from pipelines.events import MS, LinkChanged, Resumed, SessionStarted
from pipelines.hearing.played import Played
from pipelines.thinking.options import EchoOptions

OFF, CANCEL, HALF_DUPLEX = "off", "cancel", "half_duplex"
ECHOES = 2  # so often our own words were taken for the wearer's: then the device is wrong about itself
CANCELLED_ECHOES = 3  # a canceller lets some through beside another sound: a cough over the answer
ECHO_NS = 3000 * MS  # what is heard of us within this time is one echo, in several pieces
FORGET_NS = 60_000 * MS  # and this much later it says nothing any more
UNKNOWN_DELAY_NS = 200 * MS  # from here to the ear, where the device does not say


def way(wanted: str, echo: str, cancels_echo: bool, half_duplex: bool = False) -> str:
    """What is done: `wanted` is the setting echo.mode, `echo` what the device says, `cancels_echo`: we could;
    `half_duplex`: the device cannot listen while it speaks."""
    if wanted in {OFF, HALF_DUPLEX}:
        return wanted
    if half_duplex:
        return HALF_DUPLEX
    if wanted == "auto" and echo != "open":
        return OFF
    return CANCEL if cancels_echo else HALF_DUPLEX


class Duplex:
    """Told of devices; asked with every voice window."""

    def __init__(self, options: EchoOptions, played: Played) -> None:
        """`played`: what is known of our own sound, kept up to date by whoever owns it."""
        self._options = options
        self._cancels_echo = False
        self._echo = ""
        self._half_duplex = False  # the device says so
        self._echoes = 0
        self._echoed_ns = -FORGET_NS  # when the last of them was heard
        self._failed = False
        self.played = played

    @property
    def mode(self) -> str:
        if self._failed:
            return HALF_DUPLEX
        return way(self._options.mode, self._echo, self._cancels_echo, self._half_duplex)

    @property
    def reason(self) -> str:
        """Why the device makes us deaf while we speak; "" if it does not."""
        if not self._half_duplex or self.mode != HALF_DUPLEX:
            return ""
        return "the device's microphone rests while it speaks: deaf while we speak, a tap interrupts"

    def on_started(self, event: SessionStarted) -> None:
        self._cancels_echo = event.cancels_echo

    def on_link(self, event: LinkChanged) -> None:
        """Another device, or the same with a headset now: what was found out about the one before is forgotten."""
        if event.state == "connected":
            self._half_duplex = event.device.deaf_while_speaking and event.speaker
        if event.state == "connected" and event.echo != self._echo:
            self._echo, self._echoes, self._failed = event.echo, 0, False

    def guarded(self, now_ns: int) -> bool:
        """Our own words were heard, and known as ours. True: once too often, from now on it is half duplex."""
        since_ns, self._echoed_ns = now_ns - self._echoed_ns, now_ns
        if self._options.mode == OFF or self.mode == HALF_DUPLEX or since_ns < ECHO_NS:
            return False
        self._echoes = self._echoes + 1 if since_ns < FORGET_NS else 1
        if self._echoes < (CANCELLED_ECHOES if self.mode == CANCEL else ECHOES):
            return False
        self._failed = True
        return True

    def deaf(self, at_ns: int) -> bool:
        """Whether what was captured at this moment (`VoiceWindow.media_ns`) is not listened to."""
        return self.mode == HALF_DUPLEX and self.played.sounds_ns(at_ns, self._after_ns)

    def settled(self, now_ns: int) -> bool:
        """Our sound is over for the microphone too."""
        return not self.played.sounds_ns(now_ns, self._after_ns)

    @property
    def _after_ns(self) -> int:
        delay_ns = self.played.delay_ns
        return (UNKNOWN_DELAY_NS if delay_ns is None else delay_ns) + self._options.tail_ms * MS

    # --------------------------------------------------------------------------------------------------------- at rest

    def rest(self, resumed: Resumed) -> Resumed:
        """The same with what was found out about the device written in."""
        return replace(resumed, half_duplex=self._failed, echoes=self._echoes, echoed_ns=self._echoed_ns)

    def stand(self, resumed: Resumed) -> None:
        """Stand where that was written; `on_started` came before."""
        if resumed.link is not None:
            self._echo = resumed.link.echo
            self._half_duplex = resumed.link.device.deaf_while_speaking and resumed.link.speaker
        self._failed, self._echoes, self._echoed_ns = resumed.half_duplex, resumed.echoes, resumed.echoed_ns
