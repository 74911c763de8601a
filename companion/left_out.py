"""What the shell leaves out when there is not time for everything: the deciders say what (`Shed`), here it is done."""

from __future__ import annotations


class LeftOut:
    """Of one session. Answers get their pictures whatever is left out; this is about what is done besides."""

    def __init__(self) -> None:
        self._what: tuple[str, ...] = ()
        self._gap = False  # pictures are missing in the recording up to here

    def now(self, what: tuple[str, ...]) -> bool:
        """This is left out from now on, and nothing else. True if a key frame is wanted, to begin to record at."""
        back = "video" in self._what and "video" not in what
        self._gap = self._gap or "video" in what
        self._what = what
        return back

    def records(self, key: bool) -> bool:
        """Whether a picture of the camera is kept. After a gap only from a key frame on: what leans on a picture that
        is missing shows nothing."""
        if "video" in self._what or (self._gap and not key):
            return False
        self._gap = False
        return True

    def shows(self, known_otherwise: bool) -> bool:
        """Whether something goes to the device's screen. What the wearer does not hear or know anyway always does."""
        return not ("captions" in self._what and known_otherwise)
