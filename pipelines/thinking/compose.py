"""What a question to a model holds: the words, the pictures in their sizes, what was read, and what else it must know.

The standing words come first and what is of this turn last, so that the beginning of most queries is the beginning of
the one before, and a vendor's cache pays for it. Everything that the wearer did not say is marked as material.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipelines.events import MS, FrameScore, Guide, Memory, Message, TextLine, ToolInfo, View
from pipelines.memory import prompt, sentences
from pipelines.seeing import views
from pipelines.thinking import guide, privacy, rules, wording
from pipelines.thinking.chain import keeps_private
from pipelines.thinking.leaving import leaving
from pipelines.thinking.router import Route
from pipelines.thinking.talk import Ask
from pipelines.thinking.tools import spotlight, toolbox
from pipelines.thinking.tools.taint import Taint
from pipelines.thinking.world import World

APART_NS = 400 * MS  # two pictures of one question show something different if they are this far apart
CROP_SHARE = 0.8  # text that fills more of the frame than this needs no crop of its own
UNSEEN_QUALITY = 85  # where there is no picture, and the number means nothing


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen for a question. `frames`: the one that was meant first; `problem`: what is wrong with that one;
    `lines`: text that the device read in it."""

    frames: tuple[FrameScore, ...] = ()
    problem: str = ""
    lines: tuple[TextLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Composed:
    """`shot`: (px, quality) of the first picture; `crops`: parts of frames, `recalled`: memories that go along."""

    ask: Ask
    shot: tuple[int, int]
    crops: tuple[View, ...] = ()
    recalled: tuple[Memory, ...] = ()


def compose(
    world: World,
    turn: int,
    said: str,
    chosen: Route,
    sight: Sight,
    task: tuple[Guide, str] | None,
    memories: tuple[Memory, ...] = (),
) -> Composed:
    """The question of a turn. `said`: the wearer's words; `task`: what they are led through, and their word in it;
    `memories`: what is remembered of it, of which goes along what may."""
    sight = replace(sight, lines=leaving(world, sight.frames[0] if sight.frames else None, sight.lines))
    shown = _shown(world, chosen, sight)
    models = world.askable
    chars, now = world.options.memory.prompt_chars, (world.scribe.now_ns, world.wall_clock)
    share = prompt.share(chosen.text, memories, models, chars, *now)
    private = privacy.private_reason(chosen.text, sight.lines) or share.private
    discreet = bool(private) or all(keeps_private(model) for model in models)
    thinking, options = world.options.thinking, world.options.modes
    notes = _notes(chosen, sight, [view for _, view in shown], task)
    notes += [share.text] if share.text else []
    if world.mind.on and not share.memories and sentences.of_wearer(said):
        notes.append(prompt.NOTHING_FITS)
    frame_id = shown[0][1].frame_id if shown else 0
    messages = (
        Message("system", " ".join(filter(None, (thinking.system_prompt, wording.VERBOSITY.get(world.verbosity))))),
        *world.history.messages(thinking.history_turns, thinking.history_tokens, discreet, world.private),
        Message(
            "user",
            " ".join([chosen.text, *notes]),
            frame_id,
            views=tuple(view for _, view in shown[1:]),
            memories=len(share.memories),
        ),
    )
    ask = Ask(
        turn,
        chosen.mode,
        messages,
        (said,),
        tuple(shown),
        toolbox.offered(_usable(world), chosen.mode, bool(shown)),
        private,
        tainted=_tainted(world) + (("memory",) if share.tainted else ()),
        max_tokens=thinking.max_tokens if chosen.mode == "instant" else options.thinking_tokens,
    )
    shot = (shown[0][1].px, shown[0][1].quality) if shown else (thinking.image_px, UNSEEN_QUALITY)
    return Composed(ask, shot, tuple(view for _, view in shown if view.box != views.WHOLE), share.memories)


def others(frames: Sequence[FrameScore], main: FrameScore, count: int) -> list[FrameScore]:
    """Up to `count` more frames, the sharpest that are apart from the main one and from each other, oldest first."""
    found: list[FrameScore] = []
    for frame in sorted(frames, key=lambda f: (-round(f.sharpness, 6), -f.media_ns)):
        near = any(abs(frame.media_ns - other.media_ns) < APART_NS for other in (main, *found))
        if len(found) < count and not near and frame.sharpness >= main.sharpness / 2:
            found.append(frame)
    return sorted(found, key=lambda f: f.media_ns)


def _usable(world: World) -> tuple[ToolInfo, ...]:
    """In private mode only tools that read, on this machine."""
    if not world.private:
        return world.tools
    return tuple(t for t in world.tools if t.permission == "local read" and t.source in {"built in", "sandbox"})


def _tainted(world: World) -> tuple[str, ...]:
    """What earlier turns, whose words go along, had seen."""
    taint = Taint()
    for turn in world.history.entries:
        taint.add_turn(turn)
    return taint.sources


def _shown(world: World, chosen: Route, sight: Sight) -> list[tuple[FrameScore, View]]:
    """The pictures in order, each with its frame: the one that was meant, others of the question, the text enlarged."""
    if not sight.frames:
        return []
    rule, kind = world.askable[0].image, chosen.frame or "glance"
    first = sight.frames[0]
    px, quality = views.sized(kind, rule, first.width, first.height)
    if kind == "glance":
        px = min(px, world.options.thinking.image_px)
    shown = [(first, View(first.frame_id, views.WHOLE, px, quality, "picture 1"))]
    for frame in sight.frames[1:]:
        size = views.sized("glance", rule, frame.width, frame.height)
        shown.append((frame, View(frame.frame_id, views.WHOLE, *size, f"picture {len(shown) + 1}")))
    box = views.text_region(sight.lines, first.width, first.height) if kind == "read" else views.WHOLE
    if box != views.WHOLE and box[2] * box[3] < CROP_SHARE * first.width * first.height:
        name = f"picture {len(shown) + 1}"
        shown.append((first, views.crop(first.frame_id, first.width, first.height, box, px, rule, name)))
    return shown


def _notes(chosen: Route, sight: Sight, shown: Sequence[View], task: tuple[Guide, str] | None) -> list[str]:
    """What the model is told beside the wearer's words."""
    out = []
    if sight.frames and sight.problem:
        out.append(f"(My picture is {sight.problem}.)")
    if len(shown) > 1:
        out.append(f"({wording.pictures(shown)})")
    if sight.lines:
        text = "\n".join(line.text for line in sight.lines)
        out.append(spotlight.untrusted("text that the device read in picture 1", text))
    if said := rules.instruction(rules.topics(chosen.text, sight.lines)):
        out.append(f"({said})")
    if task is not None:
        out.append(f"({guide.brief(*task)})")
    return out
