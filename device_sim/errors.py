"""What can go wrong before a scene can be judged. Each message names the thing, the value and the way out.

SimulatorError        one line for a person; the command ends with exit code 2
├── SceneError        the scene file is not one we can play
└── WireError         no companion at the other end, or it would not have us
    ├── NoMediaError          the offer was answered, and then nothing came through
    └── NoSuchSessionError    the session that was to go on is over
"""

from __future__ import annotations


class SimulatorError(Exception):
    """Base of the errors that end a run before there is a verdict."""


class SceneError(SimulatorError):
    """`file:line: key: what is wrong; what to write instead`."""


class WireError(SimulatorError):
    """The companion could not be reached, refused, or went away."""


class NoMediaError(WireError):
    """The offer was answered, and then nothing came through."""


class NoSuchSessionError(WireError):
    """The session that was to go on is over."""
