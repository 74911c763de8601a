"""The child process in which pyttsx3 lives: one line of JSON in, one file of sound and one line of JSON out.

Run by path, by `system_voice.py`, and knows nothing of this package. It ends when its input does, so it cannot outlive
its parent. The real standard output is kept for answers; what pyttsx3 prints ("Audio saved to …") goes to standard
error, which the parent keeps in a file for its error messages.

In:  {"id": 1, "text": "…", "rate_wpm": 175, "path": "/…/1.wav"}
Out: {"ready": true, "engine": "espeak"}, then {"id": 1, "ok": true} or {"id": 1, "error": "…"}
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from typing import Any

_EMPTY_FILE_BYTES = 128  # the header of a WAV or AIFF file without sound is shorter


def _make_libespeak_known() -> None:
    """On Linux pyttsx3 loads "libespeak-ng.so.1" by name; a library of that name already loaded satisfies it, so the
    one inside espeakng-loader saves the system package."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    with contextlib.suppress(ImportError, OSError):
        import espeakng_loader

        os.environ["ESPEAK_DATA_PATH"] = str(espeakng_loader.get_data_path())
        ctypes.CDLL(espeakng_loader.get_library_path(), mode=ctypes.RTLD_GLOBAL)


def _settle(engine: Any) -> None:
    """Wait until the engine has done what it was told. espeak takes settings in a queue of its own, and pyttsx3's next
    `runAndWait` begins by cancelling whatever is in there: a rate set just before it is lost, or the text is (2.99)."""
    if str(engine) == "espeak":
        from pyttsx3.drivers import _espeak

        time.sleep(0.005)  # its thread picks up the order
        _espeak.Synchronize()


def _set_rate(engine: Any, rate_wpm: int) -> None:
    """Set the rate and see it set. Its thread may start late on a busy machine, so waiting is not enough."""
    engine.setProperty("rate", rate_wpm)
    if str(engine) != "espeak":
        return
    from pyttsx3.drivers import _espeak

    for _ in range(200):
        _settle(engine)
        if _espeak.dll.espeak_GetParameter(_espeak.RATE, 1) == rate_wpm:  # 1: as set; pyttsx3 asks for the default
            return
    raise RuntimeError(f"the rate {rate_wpm} words per minute was not taken")


class _Speaker:
    """pyttsx3, one utterance for one file and one run of its loop: with more it keeps only the last."""

    def __init__(self, voice: str) -> None:
        import pyttsx3

        self.engine = pyttsx3.init()
        self._rate_wpm = 0
        self._whole = True
        if str(self.engine) == "espeak":
            self.engine.proxy.setBusy(False)  # else the first settings wait for the first run of the loop, see _settle
        self.engine.connect("finished-utterance", self._finished)
        if voice:
            self.engine.setProperty("voice", voice)
        _settle(self.engine)

    def _finished(self, name: str | None = None, completed: bool = True) -> None:
        self._whole = self._whole and completed

    def say(self, text: str, rate_wpm: int, path: str) -> None:
        if rate_wpm != self._rate_wpm:
            _set_rate(self.engine, rate_wpm)
            self._rate_wpm = rate_wpm
        for _ in range(3):
            self._whole = True
            self.engine.save_to_file(text, path)
            self.engine.runAndWait()
            if self._whole and os.path.exists(path) and os.path.getsize(path) > _EMPTY_FILE_BYTES:  # noqa: PTH110, PTH202
                return
            _settle(self.engine)


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def answer(**fields: Any) -> None:
        print(json.dumps(fields), file=answers, flush=True)

    try:
        _make_libespeak_known()
        speaker = _Speaker(sys.argv[1] if len(sys.argv) > 1 else "")
        answer(ready=True, engine=str(speaker.engine))
    except Exception as error:
        answer(ready=False, error=f"{type(error).__name__}: {error}")
        return
    for line in sys.stdin:
        request = json.loads(line)
        try:
            speaker.say(request["text"], request["rate_wpm"], request["path"])
            answer(id=request["id"], ok=True)
        except Exception as error:
            answer(id=request["id"], error=f"{type(error).__name__}: {error}")
    sys.stdout.flush()
    os._exit(0)  # espeak's own thread would otherwise be torn down in an order that can abort


if __name__ == "__main__":
    main()
