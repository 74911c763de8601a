"""The doing half of a session: each kind of decision is carried out by one method.

hands.py      which hand does what; hearing, and what goes to the device
eyes.py       pictures: looked through, read, measured, kept
asking.py     questions to a model, and its tools
speaking.py   words rendered and played
work.py       slow work under way, by request
"""

from __future__ import annotations

from companion.hands.hands import Hands

__all__ = ["Hands"]
