"""Replay: what happened is run again on the tape's time, by the same code, and compared with what was decided live."""

from companion.replay.exact import Replayed, replay
from companion.replay.whatif import Changes, what_if

__all__ = ["Changes", "Replayed", "replay", "what_if"]
