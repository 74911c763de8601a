"""Cameras that give a picture when asked: what was asked for, and how long it is waited for."""

from __future__ import annotations

from pipelines.events import Device

DELAY_MS = 3000  # from being asked to the picture's arrival, where the device does not say
MARGIN_MS = 1000  # so much later it will not come any more


def delay_ms(device: Device) -> int:
    """How long this device takes for a photo."""
    return device.photo_delay_ms or DELAY_MS
