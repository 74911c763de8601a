"""Two small filters between a server's text and ours: no half characters, and no thinking aloud."""

from __future__ import annotations

_OPEN, _CLOSE = "<think>", "</think>"


class WholeCharacters:
    """Joins a character that was cut in two JSON strings (a surrogate pair); half a one becomes U+FFFD.

    Without it a lone surrogate reaches the recording, which cannot be written as UTF-8.
    """

    def __init__(self) -> None:
        self._half = ""

    def feed(self, text: str) -> str:
        if text.isascii() and not self._half:
            return text
        text, self._half = self._half + text, ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return _mended(text)

    def finish(self) -> str:
        rest, self._half = self._half, ""
        return _mended(rest)


def _mended(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class ThinkFilter:
    """Takes out a `<think>…</think>` at the very start of an answer, as servers without a reasoning parser send it.

    Only there: an answer may well speak *about* such a tag later on. `dropped_chars`: how much thinking was taken out.
    """

    def __init__(self) -> None:
        self.dropped_chars = 0
        self._held = ""
        self._state = "start"  # "start": not clear yet; "inside"; "after": blanks before the answer; "open": all passes

    def feed(self, text: str) -> str:
        if self._state == "open":
            return text
        self._held += text
        if self._state == "start":
            begin = self._held.lstrip()
            if _OPEN.startswith(begin[: len(_OPEN)]) and len(begin) < len(_OPEN):
                return ""  # may still become the tag
            if not begin.startswith(_OPEN):
                return self._let_go()
            self._held, self._state = begin[len(_OPEN) :], "inside"
        if self._state == "inside":
            thought, found, rest = self._held.partition(_CLOSE)
            if not found:
                keep = len(_CLOSE) - 1  # the end of what is held may be the beginning of the tag
                self.dropped_chars += max(0, len(self._held) - keep)
                self._held = self._held[-keep:]
                return ""
            self.dropped_chars += len(thought)
            self._held, self._state = rest, "after"
        self._held = self._held.lstrip()
        return self._let_go() if self._held else ""

    def finish(self) -> str:
        """The answer ended: what was held only because it might have become a tag."""
        if self._state == "inside":
            self.dropped_chars += len(self._held)
            self._held = ""
        return self._let_go()

    def _let_go(self) -> str:
        rest, self._held, self._state = self._held, "", "open"
        return rest
