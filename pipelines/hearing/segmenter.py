"""When the wearer starts and stops speaking, from voice activity windows alone. A decider: no clock, no sound.

Two states, and every way between them:

    silent   -- `start_windows` voiced windows in a row (64 ms) -->  speaking   SpeechStarted(first voiced sample)
    speaking -- no voiced window for `pause_ms` (32 ms)         -->  silent     SpeechPaused(last voiced sample)
    speaking -- sound missing for longer than 96 ms             -->  silent     SpeechPaused(last voiced sample)

So decisions alternate, and their media times never go back. A window is voiced at `on` or above; while speaking,
already at `off` or above (hysteresis: words fade). Over an answer less is enough (`over`). A pause here is a short one,
long before a turn's end: it is the moment to recognise what was said so far. Whoever cuts the sound adds pre-roll;
`media_ns` never contains it.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.events import MS, Decision, SpeechPaused, SpeechStarted, VoiceWindow

WINDOW_NS = 32 * MS
HOLE_NS = 96 * MS  # sound that never came; shorter holes are filled by the link


@dataclass(frozen=True, slots=True)
class SegmenterOptions:
    on: float = 0.5  # Silero's own threshold
    off: float = 0.5  # words fade, but noise behind them would hold the turn for another 100 ms
    start_windows: int = 2  # 64 ms: one window alone is often a click
    pause_ms: int = 32  # voice activity is some 60 ms late: about 100 ms after the last sound
    # Over an answer both thresholds are this one: it falls silent sooner, and goes on if it was nothing. Our own voice
    # behind the canceller hardly ever reaches 0.2.
    over_answer: float = 0.25

    def __post_init__(self) -> None:
        if not 0 <= self.off <= self.on <= 1:
            raise ValueError(f"segmenter: need 0 <= off <= on <= 1, got off={self.off}, on={self.on}")
        if not 0 < self.over_answer <= self.on:
            raise ValueError(f"segmenter: need 0 < over_answer <= on, got over_answer={self.over_answer}, on={self.on}")
        if self.start_windows < 1 or self.pause_ms < 1:
            raise ValueError(f"segmenter: need start_windows >= 1, pause_ms >= 1, got {self}")


class Segmenter:
    """Feed it every `VoiceWindow` of one microphone, in order."""

    def __init__(self, options: SegmenterOptions | None = None) -> None:
        self.options = options or SegmenterOptions()
        self.speaking = False
        self.speech_start_ns = 0  # first voiced sample of this run of speech, or of the last one
        self.last_voice_ns = 0  # last voiced sample of this run of speech, or of the last one
        self._on, self._off = self.options.on, self.options.off
        self._loud_ns = 0  # last loud sample
        self._voiced_ns = 0  # voiced sound in that run
        self._drones = False
        self._candidates: list[int] = []  # ends of voiced windows in a row that are not yet a start
        self._last_media_ns = 0

    @property
    def voiced_run_ns(self) -> int:
        """Voiced sound since the wearer began to speak, short gaps not counted; 0 in silence. For barge-in."""
        return self._voiced_ns if self.speaking else 0

    @property
    def silent(self) -> bool:
        """Nobody speaks, and no window hints at it."""
        return not self.speaking and not self._candidates and not self._drones

    def over(self, sounding: bool) -> None:
        """Whether an answer sounds now."""
        least = self.options.over_answer
        self._on = least if sounding else self.options.on
        self._off = min(least, self.options.off) if sounding else self.options.off

    def drones(self) -> None:
        """This is no speech, however much it looks like it: nothing more is said until it pauses."""
        self.speaking, self._drones = False, True
        self._candidates.clear()

    @property
    def last_window_ns(self) -> int:
        return self._last_media_ns

    def resume(self, last_voice_ns: int, last_window_ns: int) -> None:
        """Go on in silence from there."""
        self.last_voice_ns, self._last_media_ns = last_voice_ns, last_window_ns

    def feed(self, window: VoiceWindow) -> list[Decision]:
        """SpeechStarted, SpeechPaused, both (after a hole), or nothing. All carry the window's own `t_ns`."""
        media_ns = max(window.media_ns, self._last_media_ns)
        missing_ns = media_ns - self._last_media_ns - WINDOW_NS
        self._last_media_ns = media_ns
        decisions: list[Decision] = []
        if missing_ns > HOLE_NS:
            self._candidates.clear()
            decisions += self.close(window.t_ns, f"no sound for {missing_ns // MS} ms")
        self._loud_ns = max(self._loud_ns, min(window.loud_ns, media_ns))
        if self.speaking:
            decisions += self._while_speaking(window, media_ns)
        else:
            decisions += self._while_silent(window, media_ns)
        return decisions

    def close(self, t_ns: int, reason: str) -> list[Decision]:
        """End the run of speech now, if there is one: the microphone is gone."""
        if not self.speaking:
            return []
        self.speaking = False
        loud_ns = self._loud_ns if self._loud_ns > self.speech_start_ns else 0
        return [SpeechPaused(t_ns, reason, self.last_voice_ns, loud_ns)]

    def _while_silent(self, window: VoiceWindow, media_ns: int) -> list[Decision]:
        if not window.probability >= self._on:  # written so that NaN counts as silence
            self._candidates.clear()
            self._drones = self._drones and media_ns - self.last_voice_ns < self.options.pause_ms * MS
            return []
        if self._drones:
            self.last_voice_ns = media_ns
            return []
        self._candidates.append(media_ns)
        if len(self._candidates) < self.options.start_windows:
            return []
        self.speaking = True
        self.speech_start_ns = max(self._candidates[0] - WINDOW_NS, self.last_voice_ns)
        self.last_voice_ns = media_ns
        self._voiced_ns = len(self._candidates) * WINDOW_NS
        self._candidates.clear()
        reason = f"voice for {self._voiced_ns // MS} ms, {window.probability:.2f} now"
        return [SpeechStarted(window.t_ns, reason, self.speech_start_ns)]

    def _while_speaking(self, window: VoiceWindow, media_ns: int) -> list[Decision]:
        if window.probability >= self._off:
            self.last_voice_ns = media_ns
            self._voiced_ns += WINDOW_NS
            return []
        silent_ns = media_ns - self.last_voice_ns
        if silent_ns < self.options.pause_ms * MS:
            return []
        return self.close(window.t_ns, f"silent for {silent_ns // MS} ms after {self._voiced_ns // MS} ms of voice")
