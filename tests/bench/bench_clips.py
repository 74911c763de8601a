"""Real pictures and real speech, made by nobody here, as phone videos through `companion ask`: is what it says true?

    python -m tests.bench.bench_clips [--keep FOLDER]

Photographs are panned over by a hand that trembles and written as phones and browsers write video. The question is a
rendered phrase in the clip's sound, or typed. In three clips people speak (LJ Speech, Kennedy's inaugural address), who
ask nothing that the built-in recogniser knows: whatever is said to that must be no claim. Judged as in the quiz
(`tests.bench.truth`): what is read out must stand there, and what cannot be read must be said to be so. Each session
must replay. The photographs and the speech are not shipped; without them nothing is asked. The last line is JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import cv2
import numpy as np

from companion.ask import Request, ask
from companion.clip.questions import asked
from companion.replay import replay
from companion.settings import load
from pipelines import events as ev
from recordings.reader import Recording
from tests.bench.pictures.photographs import FOLDER as PHOTOS
from tests.bench.pictures.photographs import PHOTOGRAPHS
from tests.bench.truth.about_photographs import NOTHING
from tests.bench.truth.judge import RIGHT, WRONG, judged
from tests.bench.truth.question import Question
from tests.films import RATE_HZ, Pcm, Picture, film, held_at, said, spoken

SPEECH = PHOTOS.parent / "speech"
LONG_PX = 1600
FPS = 24
SECONDS = 4.0
AVOCADO = ("即食牛油果", "RIPE AVOCADO")


@dataclass(frozen=True, slots=True)
class Clip:
    """`phrase`: of the rendered ones, in its sound; `typed`: at its end; `speaker`: a file in which a person speaks;
    `held`: how the phone was held, degrees."""

    photo: str
    form: str = "mp4"
    phrase: str = ""
    typed: str = ""
    speaker: str = ""
    held: int = 0

    @property
    def name(self) -> str:
        return f"{self.photo}{'-' + Path(self.speaker).stem if self.speaker else ''}.{self.form}"


CLIPS = (
    Clip("book_atomic_habits", phrase="what_does_this_say"),
    Clip("en_page", "webm", typed="read this page"),
    Clip("motivational_sign", "mov", phrase="what_does_this_sign_say"),
    Clip("parking_sign", phrase="what_does_this_sign_say", held=90),
    Clip("img_exif_orientation", "mkv", typed="what does this say"),
    Clip("eggs_banana_avocado", "webm", phrase="what_does_this_say"),
    Clip("sample_rotated", typed="what does this say", held=180),
    Clip("staircase", "avi", phrase="what_does_this_say"),
    Clip("Shelves_Blurry_1", phrase="what_does_this_label_say"),
    Clip("Window_Overexposed", "mov", typed="what does this say"),
    Clip("Fingers_Overexposed_1", "webm", phrase="what_does_this_say"),
    Clip("Laptop_Discord_1", phrase="what_does_this_say", held=270),
    Clip("motivational_sign", "mkv", typed="what does this sign say", speaker="LJ001-0002.wav"),
    Clip("book_atomic_habits", "mp4", typed="read this book", speaker="LJ001-0006.wav"),
    Clip("staircase", "webm", typed="what does this say", speaker="jfk.flac"),
)
CODECS = {
    "mp4": ("libx264", "aac"),
    "mov": ("libx265", "aac"),
    "webm": ("libvpx-vp9", "libopus"),
    "mkv": ("libx264", "libopus"),
    "avi": ("mjpeg", "pcm_s16le"),
}


def panned(picture: Picture, seconds: float, seed: int) -> Iterator[tuple[float, Picture]]:
    """From a part of it, left, over to all of it, with the tremble of a hand."""
    random, height, width = np.random.default_rng(seed), *picture.shape[:2]
    ratio = min(1.0, LONG_PX / max(height, width))
    size = max(32, round(width * ratio) // 2 * 2), max(32, round(height * ratio) // 2 * 2)
    tremble = np.cumsum(random.normal(0, 0.4, (round(seconds * FPS), 2)), axis=0)
    tremble -= tremble.mean(axis=0)
    for i in range(round(seconds * FPS)):
        come = min(1.0, i / (FPS * 1.2))
        come = come * come * (3 - 2 * come)
        zoom = ratio * (1.25 - 0.25 * come)
        shift = (1 - come) * -0.2 * size[0]
        move = np.array([[zoom, 0, shift + tremble[i, 0]], [0, zoom, tremble[i, 1]]], np.float32)
        flags = cv2.INTER_AREA if ratio < 1 else cv2.INTER_LINEAR
        yield (
            i / FPS,
            np.asarray(cv2.warpAffine(picture, move, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8),
        )


def made(clip: Clip, folder: Path, seed: int) -> Path:
    picture = cv2.imread(str(PHOTOS / f"{clip.photo}.jpg"))
    assert picture is not None
    sound: Pcm | None = None
    if clip.phrase:
        sound = said(1.6, clip.phrase, 1.0)
    elif clip.speaker:
        sound = np.concatenate([said(0.5), spoken(SPEECH / clip.speaker), said(1.0)])
    seconds = max(SECONDS, len(sound) / RATE_HZ if sound is not None else 0)
    lying = np.ascontiguousarray(np.rot90(picture, clip.held // 90))
    video, audio = CODECS[clip.form]
    shown = list(panned(np.asarray(lying, np.uint8), seconds, seed))
    path = film(folder / clip.name, shown, sound, video, audio, fps=FPS, good=True)
    return held_at(path, clip.held) if clip.held else path


def truth(clip: Clip) -> Question:
    lines, also, _ = PHOTOGRAPHS[clip.photo]
    nothing = clip.photo in NOTHING or clip.photo == "eggs_banana_avocado"
    return Question(
        "clip",
        clip.name,
        (),
        lines=lines,
        also=AVOCADO if clip.photo == "eggs_banana_avocado" else also or (("",) if nothing else ()),
        open=nothing,
        or_else="ripe avocado|即食牛油果" if clip.photo == "eggs_banana_avocado" else "",
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """`claims`: what was said to people who had asked nothing, as far as it was read out of the picture."""

    said: str
    printed: list[str]
    claims: list[str]
    same: bool
    session_s: float
    took_s: float


def answered(path: Path, clip: Clip, folder: Path) -> Answer:
    recordings = folder / f"rec-{path.name}"
    sets = [
        f"recording.folder={recordings}",
        "hearing.model=embedded",
        "speaking.voice=espeak",
        "speaking.remember=false",
    ]
    began = perf_counter()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        words = [clip.typed] if clip.typed else []
        ask(load(sets=sets, env={}), Request(tuple(asked(words, [])), video=path))
    took_s = perf_counter() - began
    (file,) = recordings.glob("*.mcap")
    events = list(Recording(file).decisions())
    opened = [d for d in events if isinstance(d, ev.TurnOpened)]
    turn = next((d.turn for d in reversed(opened) if d.text), 0)
    speaks = [d for d in events if isinstance(d, ev.Speak) and d.text]
    mine = [d for d in speaks if d.turn == turn and turn]
    claims = [d.text for d in speaks if d.turn != turn and d.kind == "reading"]
    printed = [d.text for d in mine if d.kind == "reading"]
    said_all = " ".join(d.text for d in mine)
    if not mine and turn:  # somebody in the clip has said "be quiet": answers are shown
        printed = [d.text for d in events[events.index(_opening(opened, turn)) :] if _shown(d)]  # type: ignore[attr-defined]
        said_all = " ".join(printed)
    return Answer(said_all, printed, claims, replay(file).same, events[-1].t_ns / ev.NS, took_s)


def _opening(opened: list[ev.TurnOpened], turn: int) -> ev.TurnOpened:
    return next(d for d in opened if d.turn == turn)


def _shown(decision: object) -> bool:
    return isinstance(decision, ev.Caption) and decision.who == "companion"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave the clips and recordings there")
    given = parser.parse_args()
    if not PHOTOS.is_dir() or not SPEECH.is_dir():
        print(f"The photographs and the speech are not at {PHOTOS.parent}, so nothing was asked.")
        print("EARSHOT_PHOTOS names the folder of the photographs; the speech is beside it.")
        print(json.dumps({"bench": "clips", "asked": 0}))
        return
    print(f"{'clip':34s} {'asked by':9s} verdict    same  session  took   said")
    verdicts, untrue, same = [], 0, 0
    with TemporaryDirectory() as scratch:
        folder = given.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for seed, clip in enumerate(CLIPS):
            got = answered(made(clip, folder, seed), clip, folder)
            verdict, why = judged(truth(clip), got.said, got.printed)
            if got.claims:
                verdict, why = WRONG, f"claims {got.claims}"
            verdicts.append(verdict)
            untrue += verdict == WRONG
            same += got.same
            by = "a voice" if clip.phrase else "typed"
            row = f"{clip.name:34s} {by:9s} {verdict:10s} {'yes' if got.same else 'NO':4s} {got.session_s:6.1f} s"
            print(
                f"{row} {got.took_s:5.1f} s  {got.said[:90]}" + ("" if verdict == RIGHT else f"\n{'':45s}{why[:160]}")
            )
    counts = {name: verdicts.count(name) for name in ("right", "abstained", "wrong")}
    print(f"\n{len(CLIPS)} clips: {counts}; {same} replay the same")
    print(json.dumps({"bench": "clips", "asked": len(CLIPS), **counts, "replay_same": same}))


if __name__ == "__main__":
    main()
