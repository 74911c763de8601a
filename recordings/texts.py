"""Takes what was said, read and answered out of events, and leaves the rest: who, when, which kind, how long it took.

A whole text becomes a mark, `[text 3f2a9c41d0]`: the same text has the same mark within one file, and without the key,
which is thrown away, nobody can try out texts on it. Pieces of texts (single words, a model's text as it streams) all
become `[text]`: marks of single words could be counted and guessed like a cipher.

Every text field of every class is in one of three tables here, or is hidden: what a later version adds is not shown by
mistake.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import deque
from dataclasses import fields, is_dataclass, replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

PIECE = "[text]"
_MARK_LETTERS = 10  # 40 bits: two texts of a long session do not share a mark by chance
_REMEMBERED = 256  # hidden texts that reasons are searched for: those of some twenty turns
_WORTH_LETTERS = 6  # shorter ones ("stop") are found in any sentence
_LONGEST_LETTERS = 4000  # longer ones (a system prompt, a schema, sealed reasoning) are in no reason

# Words of our own, from a closed list: names of states, kinds, modes, engines, outcomes; names of models, tools and
# their servers; hashes and days. A model's profile says what the settings say, and those stay in a copy as well. What a
# server says of its tools is not here: it is a stranger's text.
KEPT = frozenset(
    f"{name}.{field}"
    for name, kept in {
        "SessionStarted": ("recogniser", "model", "voices", "wall_clock", "missing", "wake_word", "turn_model"),
        "Preferences": ("verbosity",),
        "LinkChanged": ("state", "echo"),
        "MediaFlow": ("track",),
        "WakeHeard": ("phrase",),
        "ModelDone": ("finish",),
        "ModelFailed": ("kind",),
        "ToolDone": ("failed",),
        "ToolsChanged": ("source",),
        "Spent": ("day",),
        "Transcribed": ("purpose",),
        "Typed": ("purpose",),
        "WorkFailed": ("kind",),
        "PlayMark": ("mark",),
        "HeardMark": ("mark",),
        "DeviceEvent": ("kind",),
        "Resumed": ("last_said_kind", "mode", "spent_day", "attention", "pictures"),
        "Remembered": ("kind", "mode", "asked", "used"),
        "Code": ("kind",),
        "View": ("name",),
        "Colour": ("name",),
        "Measured": ("light",),
        "TextRead": ("cut", "hampered"),
        "Sent": ("model", "end"),
        "Trace": ("problem", "policy"),
        "ToolCall": ("name",),
        "ToolInfo": ("name", "permission", "source"),
        "ImageRule": ("kind",),
        "ModelInfo": ("name", "trains", "profile", "spoken"),
        "Alarm": ("kind",),
        "Trip": ("model", "kind"),
        "StateChanged": ("old", "new", "signal"),
        "TurnOpened": ("intent",),
        "TurnJudged": ("policy", "rule"),
        "Speculation": ("outcome",),
        "AttentionChanged": ("old", "new"),
        "Shed": ("what",),
        "TurnClosed": ("outcome",),
        "FrameChosen": ("problem", "policy"),
        "Message": ("role", "name"),
        "AskModel": ("model", "mode", "worker", "tools"),
        "RunTool": ("name",),
        "Memory": ("what", "how", "sensitivity"),
        "Recall": ("what",),
        "Memorised": ("trouble",),
        "Recalled": ("trouble",),
        "Forgotten": ("trouble",),
        "ToolUsed": ("name", "failed"),
        "ModeChosen": ("mode", "frame"),
        "WorkerChanged": ("worker", "state", "model"),
        "ConfirmAsked": ("tool",),
        "ConfirmEnded": ("outcome",),
        "Aside": ("kind",),
        "Cancel": ("kind",),
        "Speak": ("kind", "voice"),
        "Earcon": ("name",),
        "Caption": ("who",),
        "Noted": ("what",),
        "MediaIndex": ("track",),
        "StillIndex": ("sha256", "sent_to"),
        "ClockSample": ("source", "track"),
        "Read": ("site",),
        "HttpBegin": ("method", "headers"),
        "HttpHead": ("headers",),
    }.items()
    for field in kept
)
# Sentences of our own that may quote: what stands in quotes goes, and all of it if it holds a hidden text.
QUOTING = frozenset(
    {
        "LinkChanged.detail",
        "MediaFlow.detail",
        "SessionEnded.reason",
        "Transcribed.why",
        "PictureCovered.withheld",
        "Trace.kept_back",
        "*.reason",
    }
)
# Parts of texts.
PIECES = frozenset({"Word.text", "ModelText.text"})

_QUOTED = re.compile(r"(?s)['\"“‘«].*['\"”’»]")


class TextHider:
    """Hides texts in the events of one file, in their order. `key`: 16 random bytes or more, for this file only."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._hidden: deque[str] = deque(maxlen=_REMEMBERED)  # casefolded

    def mark(self, text: str) -> str:
        """What stands for this text; "" for none."""
        if not text:
            return ""
        self._remember(text)
        digest = hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
        return f"[text {digest[:_MARK_LETTERS]}]"

    def hide(self, thing: Any) -> Any:
        """The same event, or part of one, without texts; the same object if there are none in it."""
        changes: dict[str, Any] = {}
        for f in fields(thing):
            before = getattr(thing, f.name)
            after = self._value(f"{type(thing).__name__}.{f.name}", before)
            if after is not before:
                changes[f.name] = after
        return replace(thing, **changes) if changes else thing

    def sentence(self, text: str) -> str:
        """A reason or a line of ours without what it quotes."""
        clean = _QUOTED.sub(PIECE, text)
        folded = clean.casefold()
        return self.mark(text) if any(hidden in folded for hidden in self._hidden) else clean

    def _remember(self, text: str) -> None:
        if len(text) > _LONGEST_LETTERS:
            return
        folded = text.strip().casefold()
        if len(folded) >= _WORTH_LETTERS and folded not in self._hidden:
            self._hidden.append(folded)

    def _value(self, name: str, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(name, value) if value else value
        if isinstance(value, bytes):
            return b"" if value else value
        if isinstance(value, tuple):
            after = tuple([self._value(name, item) for item in value])
            return value if all(a is b for a, b in zip(after, value, strict=True)) else after
        if is_dataclass(value) and not isinstance(value, type):
            return self.hide(value)
        return value

    def _text(self, name: str, text: str) -> str:
        if name in KEPT:
            return text
        if name == "HttpBegin.url":
            return without_query(text)
        if name in PIECES:
            return PIECE
        if name in QUOTING or f"*.{name.partition('.')[2]}" in QUOTING:
            return self.sentence(text)
        return self.mark(text)


def without_query(url: str) -> str:
    """Where a request went, without what it asked for."""
    try:
        scheme, host, path, _, _ = urlsplit(url)
    except ValueError:
        return PIECE
    return urlunsplit((scheme, host, path, "", ""))
