"""Between a server's text and ours: no half characters, no thinking aloud, no tool calls written as text."""

from __future__ import annotations

import re

_OPEN, _CLOSE = "<think>", "</think>"
_CALL, _CALL_END = "<tool_call>", "</tool_call>"
_CALL_HERE = re.compile(r"[^\S\n]*" + _CALL)
_CALL_AT_LINE = re.compile(r"\n[^\S\n]*" + _CALL)

_MAX_BLANKS = 4096  # an answer that begins with more is not waited for


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
        return mended(text)

    def finish(self) -> str:
        rest, self._half = self._half, ""
        return mended(rest)


def mended(text: str) -> str:
    """The text with surrogate pairs joined and half ones replaced, so that it can be written as UTF-8."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


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
                return "" if len(self._held) < _MAX_BLANKS else self._let_go()  # may still become the tag
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


class CallTextFilter:
    """Takes out each `<tool_call>…</tool_call>` that begins a line, as weak local models write one when their server
    does not read it. It is not carried out, and it must not be spoken; one that never closes goes to the end.

    In the middle of a line the tag passes: an answer may speak about it. `dropped_chars`: how much was taken out.
    """

    def __init__(self) -> None:
        self.dropped_chars = 0
        self._held = ""  # the end of the text, which may be the beginning of a tag
        self._inside = False
        self._blank = True  # the line so far holds nothing but blanks

    def feed(self, text: str) -> str:
        if not self._held and not self._inside and "<" not in text:
            return self._passed(text)
        text, self._held = self._held + text, ""
        out: list[str] = []
        at = 0
        while at < len(text):
            at = self._skip(text, at) if self._inside else self._pass(text, at, out)
        return "".join(out)

    def finish(self) -> str:
        """The answer ended: what was held only because it might have become a tag."""
        rest, self._held = self._held, ""
        if self._inside:
            self.dropped_chars += len(rest)
            return ""
        return rest

    def _pass(self, text: str, at: int, out: list[str]) -> int:
        """Lets text through up to the next call, or to what may become one; gives where to go on."""
        found = _CALL_HERE.match(text, at) if self._blank else None
        found = found or _CALL_AT_LINE.search(text, at)
        if found:
            self._inside = True
            out.append(self._passed(text[at : found.end() - len(_CALL)]))
            return found.end()
        line = text.rfind("\n", at) + 1
        last = text[max(line, at) :].lstrip()
        if last and (line or self._blank) and _CALL.startswith(last):
            self._held = last
        out.append(self._passed(text[at : len(text) - len(self._held)]))
        return len(text)

    def _skip(self, text: str, at: int) -> int:
        """Drops text up to the end of the call; gives where to go on."""
        end = text.find(_CALL_END, at)
        if end < 0:
            self._held = text[max(at, len(text) - len(_CALL_END) + 1) :]
            self.dropped_chars += len(text) - at - len(self._held)
            return len(text)
        self.dropped_chars += end - at
        self._inside, self._blank = False, True
        return end + len(_CALL_END)

    def _passed(self, text: str) -> str:
        """Notes how the line stands after this text."""
        line = text.rfind("\n") + 1
        if text:
            self._blank = (bool(line) or self._blank) and not text[line:].strip()
        return text


class SpokenText:
    """All of the above in a row: what of an answer's text may be spoken. `dropped_chars`: what was taken out."""

    def __init__(self) -> None:
        self._whole = WholeCharacters()
        self._think = ThinkFilter()
        self._calls = CallTextFilter()

    @property
    def dropped_chars(self) -> int:
        return self._think.dropped_chars + self._calls.dropped_chars

    def feed(self, text: str) -> str:
        return self._calls.feed(self._think.feed(self._whole.feed(text)))

    def finish(self) -> str:
        """The answer ended: what was held back, as far as it may be spoken."""
        rest = self._think.feed(self._whole.finish()) + self._think.finish()
        return self._calls.feed(rest) + self._calls.finish()
