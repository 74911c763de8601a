"""Carries decisions out: each kind of decision has one method, which does nothing else than it says.

Slow work goes through the compute door and comes back as a happening; a question to the model is a task whose
cancellation closes its socket. What is done with pictures, models and voices stands in files of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from companion.hands.asking import Asking
from companion.hands.eyes import Eyes
from companion.hands.memory import Remembering
from companion.hands.speaking import Speaking
from companion.hands.work import Work
from pipelines import events as ev
from pipelines.speaking import earcons
from pipelines.turns.audio import score

if TYPE_CHECKING:
    from companion.session import Session


class Hands:
    """The doing half of a session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._work = Work(session)
        self._eyes = Eyes(session, self._work)
        self._asking = Asking(session, self._work, self._eyes)
        self._speaking = Speaking(session)
        self._remembering = Remembering(session, self._work, self._eyes)
        self._muted = session.parts.preferences.muted
        self._acts = self._table()

    @property
    def asking(self) -> bool:
        """Whether a model is being asked."""
        return self._asking.under_way

    def carry_out(self, decision: ev.Decision) -> None:
        act = self._acts.get(type(decision))
        if act is not None:
            act(decision)

    def saw(self) -> None:
        """A picture has come from the camera."""
        self._eyes.saw()

    def close(self) -> None:
        self._work.close()
        self._speaking.close()
        self._asking.close()

    def _cancel(self, d: ev.Cancel) -> None:
        self._work.cancel(d.request)
        self._asking.cancel(d.request)

    # ------------------------------------------------------------------------------------------------------- hearing

    def _transcribe(self, d: ev.Transcribe) -> None:
        session = self._session
        sound = session.parts.door.held(lambda: session.sound.cut(d.start_ns, d.end_ns))

        def work() -> ev.Transcribed:
            hearing = session.parts.engines.transcriber.transcribe(sound().astype(np.float32) / 32768.0)
            words = tuple(
                replace(w, start_ns=d.start_ns + w.start_ns, end_ns=d.start_ns + w.end_ns) for w in hearing.words
            )
            scores = float(hearing.avg_logprob), float(hearing.no_speech)
            meant, surely = session.purpose(hearing.text) if hearing.accepted else ("", 0.0)
            said = d.request, hearing.text, hearing.accepted, hearing.why, words
            return ev.Transcribed(0, *said, *scores, purpose=meant, purposeful=surely)

        self._work.run("transcribe", d, work)

    def _score_turn(self, d: ev.ScoreTurn) -> None:
        session = self._session
        sound = session.parts.door.held(lambda: session.sound.cut(d.start_ns, d.end_ns))

        def work() -> ev.TurnScored:
            model = session.parts.engines.turn_model
            if model is None:
                raise LookupError("no audio turn model is loaded: name one in turn.audio_model")
            return ev.TurnScored(0, d.request, score(model, sound().astype(np.float32) / 32768.0))

        self._work.run("turn", d, work)

    # ------------------------------------------------------------------------------------------ to the wearer's ear

    def _earcon(self, d: ev.Earcon) -> None:
        self._session.chimes.add(earcons.earcon(d.name))

    def _prefer(self, d: ev.Prefer) -> None:
        self._muted = d.preferences.muted
        self._session.parts.prefer(d.preferences)

    # ------------------------------------------------------------------------------------------------- to the device

    def _key_frame(self, d: ev.AskKeyFrame) -> None:
        self._session.ask_picture()

    def _frame_rate(self, d: ev.AskFrameRate) -> None:
        self._session.link.send_message({"type": "camera", "do": "rate", "fps": d.fps})

    def _shed(self, d: ev.Shed) -> None:
        self._session.log("WARNING" if d.what else "INFO", d.reason)
        if self._session.left_out.now(d.what) and not self._session.link.record.photo_only:
            self._session.link.ask_key_frame()

    def _caption(self, d: ev.Caption) -> None:
        heard = d.who == "wearer" or (self._session.speaker and not self._muted)
        if self._session.left_out.shows(known_otherwise=heard):
            self._session.link.send_message({"type": "caption", "who": d.who, "text": d.text})

    def _state(self, d: ev.StateChanged) -> None:
        self._session.link.send_message({"type": "state", "state": d.new})

    def _aside(self, d: ev.Aside) -> None:
        self._session.link.send_message({"type": "aside", "turn": d.turn, "kind": d.kind, "text": d.text})

    def _frame(self, d: ev.FrameChosen) -> None:
        if self._session.left_out.shows(known_otherwise=True):
            self._session.link.send_message({"type": "frame", "turn": d.turn, "why": d.reason})

    # ---------------------------------------------------------------------------------------- which hand does what

    def _table(self) -> dict[type[ev.Decision], Callable[[Any], None]]:
        eyes, asking, speaking, remembering = self._eyes, self._asking, self._speaking, self._remembering
        return {
            ev.Transcribe: self._transcribe,
            ev.ScoreTurn: self._score_turn,
            ev.Look: eyes.look,
            ev.ReadText: eyes.read_text,
            ev.ReadCodes: eyes.read_codes,
            ev.Measure: eyes.measure,
            ev.Follow: eyes.follow,
            ev.KeepStill: eyes.keep_still,
            ev.AskModel: asking.ask_model,
            ev.RunTool: asking.run_tool,
            ev.Memorise: remembering.memorise,
            ev.Recall: remembering.recall,
            ev.Forget: remembering.forget,
            ev.Aside: self._aside,
            ev.Cancel: self._cancel,
            ev.Speak: speaking.speak,
            ev.StopPlay: speaking.stop_play,
            ev.Duck: speaking.duck,
            ev.PausePlay: speaking.pause,
            ev.RewindPlay: speaking.rewind,
            ev.SetVolume: speaking.volume,
            ev.Earcon: self._earcon,
            ev.Prefer: self._prefer,
            ev.AskKeyFrame: self._key_frame,
            ev.AskFrameRate: self._frame_rate,
            ev.Shed: self._shed,
            ev.Caption: self._caption,
            ev.StateChanged: self._state,
            ev.FrameChosen: self._frame,
        }
