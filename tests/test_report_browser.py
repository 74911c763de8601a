"""The page of one and of two runs in a real browser: what a person clicks, hears and sees.

Needs a `chromium` on the path. `EARSHOT_SCREENSHOTS=FOLDER` keeps pictures of both pages, wide and narrow, light, dark.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from companion.report.page import write_page
from recordings.run import run_of
from tests.test_page_browser import CHROMIUM, Tab, browser
from tests.test_report import HOSTILE, a_session, recorded, with_media
from tests.test_report_beside import NAME, settings, story

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium on the path: install the package `chromium` to run this"),
]

WATCH = """
window.faults = [];
addEventListener('error', e => faults.push(e.message));
addEventListener('unhandledrejection', e => faults.push(String(e.reason)));
addEventListener('securitypolicyviolation', e => faults.push(e.violatedDirective + ' ' + e.blockedURI));
console.error = console.warn = (...words) => faults.push(words.join(' '));
"""
STILL = {"name": "prefers-reduced-motion", "value": "reduce"}  # so that nothing moves away under the mouse
KEY = "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: '%s', shiftKey: %s, bubbles: true}))"
# How loud each voice is right now, of what the page really plays.
EARS = """(() => {
  const context = new AudioContext(), split = context.createChannelSplitter(2);
  const from = context.createMediaElementSource(sound);
  from.connect(split); from.connect(context.destination);
  window.ears = [0, 1].map((side) => { const ear = context.createAnalyser(); split.connect(ear, side); return ear; });
  window.loud = (side) => { const buffer = new Float32Array(2048); ears[side].getFloatTimeDomainData(buffer);
                            return Math.max(...buffer.map(Math.abs)); };
  return context.resume();
})()"""


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("session"), a_session(), with_media)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a recording beside a slower replay whose second turn nobody ever heard."""
    folder = tmp_path_factory.mktemp("two")
    made = recorded(folder, story(), with_media, settings(300))
    run = run_of(NAME, story(700), settings(700))
    run = replace(run, steps=tuple(replace(step, counterfactual=step.turn == 2) for step in run.steps))
    return write_page(made, folder / "two.html", run)


@asynccontextmanager
async def shown(page: Path, folder: Path, at: str = "") -> AsyncIterator[Tab]:
    """The page in a browser that notes everything it complains of; nothing may be left of that at the end."""
    async with browser(folder / "profile") as tab:
        await tab.call("Page.enable")
        await tab.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        await tab.call("Emulation.setFocusEmulationEnabled", enabled=True)
        await tab.call("Emulation.setEmulatedMedia", features=[STILL])
        await tab.open(page.as_uri() + at)
        await tab.until("typeof at === 'number' && !$('play').disabled")
        yield tab
        assert await tab.run("faults") == []
        asked = "performance.getEntriesByType('resource').map(e => e.name).filter(name => !name.startsWith('data:'))"
        assert await tab.run(asked) == [], "the page asked for something outside itself"


def told(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(_run(story), 180))


async def _run(story: Callable[[], Awaitable[None]]) -> None:
    await story()


async def click(tab: Tab, element: str, share: float = 0.5) -> None:
    """A real press of the mouse on an element, at this share of its width."""
    box = await tab.run(
        f"(() => {{ const e = {element}; e.scrollIntoView({{block: 'center', behavior: 'instant'}});"
        "const b = e.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; })()"
    )
    place = {"x": box[0] + box[2] * share, "y": box[1] + box[3] / 2, "button": "left", "clickCount": 1}
    await tab.call("Input.dispatchMouseEvent", type="mousePressed", **place)
    await tab.call("Input.dispatchMouseEvent", type="mouseReleased", **place)


# --------------------------------------------------------------------------------------------------------- one session


def test_it_plays_from_a_turn_and_stops(session: Path, tmp_path: Path) -> None:
    out = write_page(session, tmp_path / "page.html")

    async def story() -> None:
        async with shown(out, tmp_path) as tab:
            await tab.until("sound.readyState >= 2")
            assert abs(await tab.run("sound.duration") - 20) < 0.1
            await tab.run("document.querySelector('#turn-2 [data-play]').click()")
            await tab.until("playing && at > 8.2")
            assert await tab.run("$('turn-2').classList.contains('live')")
            await tab.until("document.querySelector('#lines .sounding')?.textContent.includes('what do you think')")
            await tab.run(KEY % (" ", "false"))
            assert not await tab.run("playing") and await tab.run("sound.paused")

    told(story)


def test_both_voices_sound_in_step_with_the_cursor_each_on_its_side(session: Path, tmp_path: Path) -> None:
    """The wearer beeps at 1.0 s, the companion at 5.0 s; what the page plays is listened to, side by side."""
    out = write_page(session, tmp_path / "page.html")

    async def story() -> None:
        async with shown(out, tmp_path) as tab:
            await tab.until("sound.readyState >= 2")
            await tab.run(EARS)
            for side, beep_s in ((0, 1.0), (1, 5.0)):
                await tab.run(f"seek({beep_s} - 0.4)")
                await tab.run("play()")
                await tab.until(f"loud({side}) > 0.1 || at > {beep_s} + 0.6")
                heard_at, other = await tab.run(f"[at, loud(1 - {side})]")
                await tab.run("pause()")
                assert beep_s - 0.15 < heard_at < beep_s + 0.45, "the beep is heard where the cursor says"
                assert other < 0.05, "and only on its own side"

    told(story)


def test_it_seeks_by_slider_click_and_key_and_the_picture_follows(session: Path, tmp_path: Path) -> None:
    out = write_page(session, tmp_path / "page.html")

    async def story() -> None:
        async with shown(out, tmp_path) as tab:
            await tab.until("sound.readyState >= 2")
            await tab.run("$('seek').value = 10.05; $('seek').dispatchEvent(new Event('input'))")
            await tab.until("!sound.seeking")
            assert await tab.run("[$('time').textContent, sound.currentTime.toFixed(2)].join()") == "0:10.05,10.05"
            assert "0:10.00" in await tab.run("$('picture-note').textContent")
            await tab.until("$('picture').complete && $('picture').naturalWidth === 320")
            before = await tab.run("$('picture').src")
            left = await tab.run("$('cursor').getBoundingClientRect().x - $('inner').getBoundingClientRect().x")
            wide = await tab.run("$('inner').getBoundingClientRect().width")
            assert left / wide == pytest.approx(10.05 / 20, abs=0.01)

            await click(tab, "$('ruler')", 0.75)
            assert await tab.run("at") == pytest.approx(15, abs=0.1)
            assert await tab.run("$('picture').src") != before, "another moment, another picture"
            for key, shift, then in (("ArrowLeft", "false", -1), ("ArrowRight", "true", 5), (",", "false", -0.01)):
                at = await tab.run("at")
                await tab.run(KEY % (key, shift))
                assert await tab.run("at") == pytest.approx(min(20, at + then), abs=0.001)
            await tab.run("seek(0)")
            await tab.run(KEY % ("n", "false"))
            first = await tab.run("at")
            await tab.run(KEY % ("n", "false"))
            assert 0.5 < first < 2 and await tab.run("at") == pytest.approx(8, abs=0.5)

            await click(tab, "document.querySelectorAll('#lines td.line')[0]")
            assert await tab.run("at") == pytest.approx(first, abs=0.01), "a line of the transcript seeks"

    told(story)


def test_a_place_in_the_address_is_gone_to(session: Path, tmp_path: Path) -> None:
    out = write_page(session, tmp_path / "page.html")

    async def story() -> None:
        async with shown(out, tmp_path, "#turn=2") as tab:
            assert await tab.run("at") == pytest.approx(8, abs=0.5)
            assert await tab.run("$('turn-2').classList.contains('live')")
            top = "$('turn-2').getBoundingClientRect().top"
            await tab.until(f"{top} >= -2 && {top} < innerHeight")
            await tab.run("location.hash = '#t=3.25'")
            await tab.until("at === 3.25")
            await click(tab, "document.querySelector('#turn-1 h3 a')")
            await tab.until("location.hash === '#turn=1' && at < 2")
            await tab.run("location.hash = '#turn=77'")
            await tab.until("$('picture-note').textContent === 'There is no turn 77 in this session.'")
            await tab.run("location.hash = '#t=<img src=x>'")
            await tab.run("location.hash = '#t=1e999'")
            assert await tab.run("at") < 2

    told(story)


def test_marks_have_tips_arrows_and_the_log_is_searched(session: Path, tmp_path: Path) -> None:
    out = write_page(session, tmp_path / "page.html")

    async def story() -> None:
        async with shown(out, tmp_path) as tab:
            await tab.run("document.querySelector('[data-tick]').focus()")
            assert not await tab.run("$('tip').hidden") and await tab.run("$('tip').textContent.length") > 10
            arrow = (
                "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}))"
            )
            await tab.run(arrow)
            assert await tab.run("document.activeElement.dataset.tick") == "1"
            assert await tab.run("at === data.ticks[1][0]")
            await tab.run("$('find').value = 'platform 7'; $('find').dispatchEvent(new Event('input'))")
            rows = await tab.run("[...$('decisions').rows].filter(row => !row.hidden).length")
            assert 0 < rows < await tab.run("$('decisions').rows.length")
            await tab.run("for (let i = 0; i < 12; i++) $('zoom-in').click()")
            assert await tab.run("$('inner').clientWidth / data.seconds") == pytest.approx(1000, rel=0.02)
            await tab.run("$('zoom-fit').click()")
            assert await tab.run("document.documentElement.scrollWidth <= innerWidth")

    told(story)


def test_endless_and_hostile_words_break_neither_page_nor_layout(tmp_path: Path) -> None:
    from pipelines import events as ev

    endless = HOSTILE + "w" * 3000 + "\u202e dlrow \u2066" + "日本語" * 500
    opened = ev.TurnOpened(2 * ev.NS, endless, 1, endless, endless, ev.NS, 2 * ev.NS)
    spoken = [ev.Speak(2 * ev.NS, endless, 5, 0, 1, endless, endless), ev.PlayMark(2 * ev.NS, 5, 0, "started")]
    closed = ev.TurnClosed(4 * ev.NS, endless, 1, "failed", endless, "")
    made = recorded(tmp_path, [ev.SessionStarted(0), opened, *spoken, closed, ev.SessionEnded(5 * ev.NS, endless)])
    out = write_page(made, tmp_path / "page.html", run_of(endless, [ev.Noted(ev.NS, endless, endless)]))

    async def story() -> None:
        async with shown(out, tmp_path, "#turn=1") as tab:
            await tab.run("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
            for wide in (1280, 390):
                await tab.call(
                    "Emulation.setDeviceMetricsOverride", width=wide, height=844, deviceScaleFactor=1, mobile=False
                )
                assert await tab.run("document.documentElement.scrollWidth") <= wide
            assert await tab.run("document.querySelectorAll('script').length") == 2

    told(story)


# ------------------------------------------------------------------------------------------------------------ two runs


def test_two_runs_are_shown_side_by_side_and_the_first_difference_is_gone_to(two: Path, tmp_path: Path) -> None:
    async def story() -> None:
        async with shown(two, tmp_path) as tab:
            first = await tab.run("$('first-difference').innerText")
            assert "400\xa0ms later" in first and "turn.complete_silence_ms" in first
            await click(tab, "document.querySelector('#first-difference .jump')")
            moment = await tab.run("at")
            line = await tab.run("document.querySelector('#first-line line').getBoundingClientRect().x")
            cursor = await tab.run("$('cursor').getBoundingClientRect().x")
            assert moment > 1 and cursor == pytest.approx(line, abs=3), "the line through both runs is there"

            mark = "document.querySelector('.marks .tick')"
            await tab.run(f"{mark}.focus()")
            assert "later" in await tab.run("$('tip').textContent")
            seen = await tab.run(
                f"(() => {{ const b = {mark}.getBoundingClientRect(); return [b.width, b.height]; }})()"
            )
            assert min(seen) > 5, "the mark is not cut off"

            fold = "$('differs-2')"
            await tab.run(f"{fold}.open = false")
            await click(tab, "document.querySelector('#turn-2 .beside a')")
            await tab.until(f"{fold}.open")

    told(story)


def test_the_lanes_of_both_runs_lie_on_one_line_of_time(two: Path, tmp_path: Path) -> None:
    async def story() -> None:
        async with shown(two, tmp_path) as tab:
            boxes = await tab.run(
                "[...document.querySelectorAll('[data-turn=\"2\"]')].map(e => e.getBoundingClientRect())"
                ".map(box => [box.x, box.y])"
            )
            assert (
                len(boxes) == 2 and boxes[0][0] == pytest.approx(boxes[1][0], abs=1) and boxes[1][1] > boxes[0][1] + 50
            )
            names = await tab.run("[...document.querySelectorAll('.names > *')].map(n => n.getBoundingClientRect().y)")
            lanes = await tab.run(
                "[...document.querySelectorAll('#inner > .lane')].map(n => n.getBoundingClientRect().y)"
            )
            assert names == pytest.approx(lanes, abs=1), "every name stands beside its lane"
            hatched = await tab.run(
                "[...document.querySelectorAll('.hatch')]"
                ".map(e => [getComputedStyle(e).fill, e.getBoundingClientRect().width])"
            )
            assert len(hatched) == 5 and all("#hatch" in fill and width > 20 for fill, width in hatched)
            for voice in ("wearer", "companion"):
                fill = "getComputedStyle(document.querySelector('.lane.{} {}')).fill"
                heard, said = f"words.{voice}", f"wave.{voice}"
                colours = [await tab.run(fill.format(heard, "rect")), await tab.run(fill.format(said, ".span"))]
                assert colours[0] == colours[1], "a voice has one colour in both runs"
            shades = await tab.run("getComputedStyle(document.querySelector('.beside.cf')).backgroundImage")
            assert "repeating-linear-gradient" in shades

    told(story)


@pytest.mark.parametrize(("wide", "high"), [(1280, 900), (390, 844)])
def test_nothing_sticks_out_and_words_can_be_read_in_light_and_dark(
    session: Path, two: Path, tmp_path: Path, wide: int, high: int
) -> None:
    one = write_page(session, tmp_path / "one.html")

    async def story() -> None:
        for page in (one, two):
            async with shown(page, tmp_path / page.stem, "#turn=2") as tab:
                size = {"width": wide, "height": high, "deviceScaleFactor": 1, "mobile": wide < 600}
                await tab.call("Emulation.setDeviceMetricsOverride", **size)
                for scheme in ("light", "dark"):
                    feature = [STILL, {"name": "prefers-color-scheme", "value": scheme}]
                    await tab.call("Emulation.setEmulatedMedia", features=feature)
                    assert await tab.run("document.documentElement.scrollWidth <= innerWidth")
                    assert await tab.run(FAINT) == [], f"too faint in {scheme}"
                    await keep(tab, f"{page.stem}-{wide}-{scheme}.png")

    told(story)


# Words whose colour is too near to what they stand on (WCAG 2.2: 4.5 to 1).
FAINT = """(() => {
  const rgb = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ground = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
  return [...document.querySelectorAll('body :not(script):not(svg *)')].filter(e => e.checkVisibility() &&
    [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())).flatMap(e => {
      const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
      const ratio = (a + .05) / (b + .05);
      return ratio < 4.5 ? [`${e.className || e.tagName}: ${e.textContent.slice(0, 30)} ${ratio.toFixed(2)}`] : []; });
})()"""


async def keep(tab: Tab, name: str) -> None:
    if folder := os.environ.get("EARSHOT_SCREENSHOTS"):
        await tab.picture(Path(folder) / name)
