"""Sound and pictures that do not come as RTP, brought into the form that they have when they do."""

from companion.ingest.pictures import Pictures
from companion.ingest.sound import Sounds

__all__ = ["Pictures", "Sounds"]
