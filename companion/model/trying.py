"""`companion models try`: really asks one model about a picture, and says how that went."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from companion.model.client import ModelClient
from companion.model.profile import ModelProfile
from companion.net import Net, NetOptions
from companion.picture_file import read_picture
from companion.terminal import wrapped
from pipelines.events import AskModel, Message, View
from pipelines.seeing.encode import jpeg
from pipelines.thinking import failures
from pipelines.thinking.budget import cost_usd
from pipelines.thinking.dialects.answer import Failed, Finished, ModelEvent, TextDelta
from pipelines.thinking.options import SYSTEM_PROMPT

QUESTION = "What word is on the card, and what colour is the card?"
PICTURE_PX = 768
QUALITY = 85
ANSWER_LINES = 20


@dataclass(frozen=True, slots=True)
class Tried:
    """How it went. `first_s`: from asking to the first word, 0 if none came."""

    profile: ModelProfile
    ending: Finished | Failed
    text: str
    first_s: float
    whole_s: float
    picture_bytes: int

    def told(self, width: int = 96) -> str:
        """In words, for a terminal."""
        profile = self.profile
        where = f"{profile.model} at {profile.host}, {profile.dialect}"
        lines = [f"{profile.name}: {where}; the picture is {self.picture_bytes / 1000:.0f} kB"]
        if self.text:
            lines.append(f"first word after {self.first_s:.2f} s:")
            lines += [f"  {line}" for line in wrapped(self.text, width - 2, ANSWER_LINES)]
        lines += self._failed(self.ending, width) if isinstance(self.ending, Failed) else [self._whole(self.ending)]
        return "\n".join(lines)

    def _whole(self, ending: Finished) -> str:
        usd = cost_usd(self.profile.info(), ending.input_tokens, ending.output_tokens, ending.cached_tokens)
        cost = f"${usd:.6f}" if self.profile.info().input_usd >= 0 else "price not known"
        cached = f" ({ending.cached_tokens} cached)" if ending.cached_tokens else ""
        thought = f" ({ending.reasoning_tokens} reasoning)" if ending.reasoning_tokens else ""
        tokens = f"{ending.input_tokens} tokens in{cached}, {ending.output_tokens} out{thought}"
        if not ending.input_tokens and not ending.output_tokens:
            tokens = cost = "the server counted no tokens"
        return f"whole after {self.whole_s:.2f} s: {tokens}" + (f", {cost}" if cost != tokens else "")

    def _failed(self, ending: Failed, width: int) -> list[str]:
        kind = failures.KINDS[ending.kind]
        return [
            f"no {'whole ' if self.text else ''}answer after {self.whole_s:.2f} s: {ending.kind}",
            *(f"  {line}" for line in wrapped(ending.detail, width - 2, 4)),
            f"  the wearer hears: {kind.spoken}",
            f"  {kind.hint}",
        ]


async def try_model(
    profile: ModelProfile,
    question: str,
    picture: bytes,
    mode: str = "instant",
    local_only: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> Tried:
    """Asks once. picture: JPEG."""
    view = View(1, px=PICTURE_PX, quality=QUALITY)
    messages = (Message("system", SYSTEM_PROMPT), Message("user", question, frame_id=1))
    asked = AskModel(0, messages=messages, image_px=view.px, image_quality=view.quality, mode=mode)
    now_s = asyncio.get_running_loop().time
    words: list[str] = []
    first: list[float] = []

    def take(event: ModelEvent) -> None:
        if isinstance(event, TextDelta):
            first.append(now_s() - began_s)
            words.append(event.text)

    net = Net(NetOptions(local_only=local_only))
    try:
        began_s = now_s()
        ending = await ModelClient(net, profile, environ=environ).ask(asked, (), {view: picture}, take, "try")
        whole_s = now_s() - began_s
    finally:
        await net.aclose()
    return Tried(profile, ending, "".join(words), first[0] if first else 0.0, whole_s, len(picture))


def picture_of(path: Path) -> bytes:
    """A picture file as it is sent: JPEG, at most PICTURE_PX long. Raises SettingsError."""
    return jpeg(read_picture(path)[0], PICTURE_PX, QUALITY)


def card() -> bytes:
    """A picture with something to read and something to see: a red card with a word, on a grey table. JPEG."""
    image = np.full((480, 640, 3), 128, np.uint8)
    cv2.rectangle(image, (120, 110), (520, 370), (40, 30, 200), -1)
    cv2.putText(image, "TRAM", (175, 270), cv2.FONT_HERSHEY_SIMPLEX, 3.2, (255, 255, 255), 9, cv2.LINE_AA)
    return jpeg(image, PICTURE_PX, QUALITY)
