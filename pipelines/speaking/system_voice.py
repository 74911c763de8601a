"""The system's own voice through pyttsx3, kept in a child process that owns its engine.

Why a child: pyttsx3 and `espeak.py` would share one libespeak-ng, which is one big global; taking turns under a lock
made pyttsx3 wait for ever here as soon as the other had been used, and a thread that waits for ever cannot be ended, a
process can. It also gives pyttsx3 a main thread (macOS wants one) and keeps its prints off our standard output.

How: each text is one `save_to_file` + `runAndWait` to its own file (pyttsx3's `say` cannot be stopped and never works
again after a save), read back whatever its format (WAV on Linux, AIFF on macOS). A chunk is therefore one block, ready
after 20-35 ms on Linux. pyttsx3 does not say where in the file a word is, so the words are found in the sound
(`align`).

Tried on Linux. macOS should work by the same code and was not tried.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NoReturn

import av
import numpy as np

from pipelines.speaking.align import aligned_words
from pipelines.speaking.resample import OUT_HZ, Pcm
from pipelines.speaking.voice import (
    Rendered,
    VoiceError,
    for_engine,
    pause_after_ms,
    rate_within_limits,
    trim,
)

_POLL_MS = 10
_WAY_OUT = "choose the voice 'espeak' instead (pip install 'earshot-companion[espeak]') or reinstall pyttsx3"


@dataclass(frozen=True, slots=True)
class SystemVoiceOptions:
    voice: str = ""  # an id from pyttsx3's "voices"; "" = the system's default
    start_timeout_ms: int = 20_000  # a cold disk and a busy machine; normally 0.2 s
    timeout_ms: int = 10_000  # for one text, plus 20 ms for each character; normally 15-25 ms in all


class SystemVoice:
    """The voice "pyttsx3". Starts its child on construction (raises VoiceError if that fails) and again after a hang.

    `close()` ends the child and removes its files; afterwards it renders no more. One thread at a time.
    """

    name = "pyttsx3"

    def __init__(
        self,
        options: SystemVoiceOptions = SystemVoiceOptions(),
        worker: Path | None = None,
    ) -> None:
        self._options = options
        self._worker = worker or Path(__file__).with_name("system_voice_worker.py")
        self._folder = tempfile.TemporaryDirectory(prefix="earshot-voice-")
        self._errors: IO[bytes] = (Path(self._folder.name) / "errors.txt").open("w+b")
        self._child: subprocess.Popen[bytes] | None = None
        self._buffer = b""
        self._requests = 0
        self._closed = False
        self.engine = ""
        try:
            self._start()
        except VoiceError:
            self.close()
            raise

    def render(self, text: str, rate_wpm: int, cancelled: Callable[[], bool]) -> Iterator[Rendered]:
        """See `Voice.render`. One block, with word times measured in it."""
        safe = for_engine(text)
        if not any(map(str.isalnum, safe)) or cancelled():
            return
        if self._closed:
            raise VoiceError("the voice 'pyttsx3' was closed: make a new one")
        if self._child is None or self._child.poll() is not None:
            self._end_child()
            self._start()
        self._requests += 1
        number, path = self._requests, self._sound_file(self._requests)
        self._errors.seek(0)
        self._errors.truncate()
        request = {"id": number, "text": safe, "rate_wpm": rate_within_limits(rate_wpm), "path": str(path)}
        self._send(request)
        timeout_ms = self._options.timeout_ms + 20 * len(safe)
        reply = self._answer(timeout_ms, cancelled, number)
        if reply is None:  # cancelled; the late answer is skipped by its number, the late file goes with the folder
            return
        if "error" in reply:
            raise VoiceError(f"the voice 'pyttsx3' could not say {safe[:60]!r}: {reply['error']}; {_WAY_OUT}")
        pcm, _, voiced = trim(_read(path), OUT_HZ, pause_after_ms(safe))
        path.unlink(missing_ok=True)
        if len(pcm):
            yield Rendered(pcm, aligned_words(safe, pcm, voiced))

    def close(self) -> None:
        """End the child and remove its files. Safe to call twice."""
        self._closed = True
        self._end_child()
        self._errors.close()
        self._folder.cleanup()

    # --------------------------------------------------------------------------------------------------- the child

    def _sound_file(self, number: int) -> Path:
        return Path(self._folder.name) / f"{number}.wav"

    def _start(self) -> None:
        self._buffer = b""
        self._child = subprocess.Popen(
            [sys.executable, "-P", str(self._worker), self._options.voice],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            bufsize=0,
            start_new_session=True,  # Ctrl-C is for the parent; the child ends when its input does
        )
        hello = self._answer(self._options.start_timeout_ms, bool, None) or {}
        if not hello.get("ready"):
            self._end_child()
            raise VoiceError(
                f"the voice 'pyttsx3' does not start here: {hello.get('error', 'no reason given')}; on Linux it needs "
                "libespeak-ng: pip install 'earshot-companion[espeak]', or your system's espeak-ng package"
            )
        self.engine = str(hello.get("engine", ""))

    def _send(self, request: dict[str, Any]) -> None:
        assert self._child is not None and self._child.stdin is not None
        try:
            self._child.stdin.write(json.dumps(request).encode() + b"\n")
        except OSError as error:
            self._fail(f"went away ({error})")

    def _answer(self, timeout_ms: int, cancelled: Callable[[], bool], number: int | None) -> dict[str, Any] | None:
        """The child's answer to request `number` (None: its first line). None = cancelled. A hang or a death raises."""
        assert self._child is not None and self._child.stdout is not None
        pipe = self._child.stdout.fileno()
        waited_ms = 0
        while True:
            line, found, rest = self._buffer.partition(b"\n")
            if found:
                self._buffer = rest
                reply: dict[str, Any] = json.loads(line)
                if number is None or reply.get("id") == number:
                    return reply
                self._sound_file(reply.get("id", 0)).unlink(missing_ok=True)  # of a cancelled text
                continue
            if cancelled():
                return None
            if not select.select([pipe], [], [], _POLL_MS / 1000)[0]:
                waited_ms += _POLL_MS
                if waited_ms > timeout_ms:
                    self._fail(f"gave no answer in {timeout_ms / 1000:.0f} s and was ended")
                continue
            piece = os.read(pipe, 65_536)
            if not piece:
                self._fail("ended by itself")
            self._buffer += piece

    def _fail(self, what: str) -> NoReturn:
        self._end_child()
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        said = f" (its last words: {lines[-1][:200]!r})" if lines else ""
        raise VoiceError(f"the voice 'pyttsx3' {what}{said}; the next text starts it anew; or {_WAY_OUT}")

    def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        assert child.stdin is not None and child.stdout is not None
        child.kill()  # nothing of its own to save; it may hang
        child.wait()
        child.stdin.close()
        child.stdout.close()


def _read(path: Path) -> Pcm:
    """The sound of any file that the library reads, (n,) int16, 48 kHz mono."""
    try:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=OUT_HZ)
        with av.open(str(path)) as container:
            frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
        frames += resampler.resample(None)
    except (OSError, ValueError, av.FFmpegError) as error:
        raise VoiceError(f"the voice 'pyttsx3' wrote no sound that can be read ({error}); {_WAY_OUT}") from error
    parts = [np.asarray(frame.to_ndarray(), dtype=np.int16)[0] for frame in frames]
    return np.concatenate(parts) if parts else np.zeros(0, np.int16)
