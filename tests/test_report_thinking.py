"""How a question was asked, as the page tells it: modes, failover, pictures, crops, tools, workers, plans, cost, links.

The recordings are scripted conversations with scripted models; their pictures are put in as the hands would have.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from companion.report.film import FilmOptions, film_of
from companion.report.gather import gather
from companion.report.page import write_page
from companion.report.ticks import in_words
from companion.turn_thinking import Thoughts, spending
from pipelines import events as ev
from pipelines.director import DirectorOptions
from pipelines.seeing.encode import jpeg_view
from pipelines.thinking.dialects.query import pictures_of
from pipelines.thinking.options import Options
from recordings.reader import Recording
from recordings.run import run_of
from recordings.writer import Recorder
from tests.scripted import Reply, World
from tests.test_page_browser import CHROMIUM
from tests.test_report import HOSTILE, Reader, Told, recorded
from tests.test_report_browser import FAINT, STILL, keep, shown
from tests.test_tool_turns import LAMP, TOOLS, call

MS, NS = ev.MS, ev.NS
PATCHES = ev.ImageRule("patches", 28, 4784, 2576)
PRICED = ev.ModelInfo(
    "first-model", trains="no", input_usd=1.0, output_usd=4.0, cached_usd=0.1, image=PATCHES, profile="{}"
)
UNPRICED = ev.ModelInfo("second-model", trains="no", image=PATCHES, profile="{}")
SAMPLES = Path(__file__).parent.parent / "recordings" / "samples"
LOOK_CLOSER = call("look_closer", frame=1, box=[300, 350, 300, 250])
LONG = "on\n" * 900
MAIL = call("mail__send", to="Anna", text="running late")


def conversation() -> list[ev.Happening | ev.Decision]:
    """Turn 1 fails over to another model, which looks closer and uses two tools; turn 2 wants to send something, turn 3
    allows it; turn 4 is contemplated by several, of whom one fails."""
    script: Iterator[Reply] = iter(
        [
            Reply(failure="overloaded"),
            Reply(calls=(LOOK_CLOSER, call("calculate", 2, expression="15% of 80"), call("lamp__state", 3))),
            Reply("It says: keep dry. See https://shop.example/box."),
            Reply(calls=(MAIL,)),
            Reply("It is sent."),
        ]
    )

    def reply(ask: ev.AskModel) -> Reply:
        if ask.worker == "knower":
            return Reply(failure="overloaded")
        if ask.worker:
            return Reply(f"I, the {ask.worker}, see oak.", first_ms=900)
        return next(script)

    lamp = ev.ToolDone(0, 0, LONG, sources=("https://lamp.example/state",))
    world = World(
        models=(PRICED, UNPRICED), tools=TOOLS, reply=reply, used=lambda run: replace(lamp, request=run.request)
    )
    s = Told(world, DirectorOptions(Options()))
    s.say("think about it what does the small print on this box say", 1000)
    s.say("think about it tell Anna that I am running late", 20_000)
    s.run_until(34_000)
    s.say(s.all(ev.ConfirmAsked)[0].phrase, 35_000)
    s.say("contemplate what wood is this table made of", 50_000)
    s.run_until(80_000)
    used = {"input_tokens": 2203, "cached_tokens": 1800, "output_tokens": 97, "reasoning_tokens": 40}
    story = [replace(e, **used) if isinstance(e, ev.ModelDone) else e for e in s.with_heard_marks()]  # type: ignore[arg-type]
    return [*story, ev.SessionEnded(80 * NS, "the device left")]


def box_picture() -> np.ndarray:
    picture = np.full((720, 1280, 3), (120, 110, 90), np.uint8)
    cv2.rectangle(picture, (380, 250), (780, 440), (235, 240, 240), -1)
    return picture


def kept(recorder: Recorder, story: list[ev.Happening | ev.Decision]) -> None:
    """The pictures that the hands keep and send for these decisions."""
    picture = box_picture()
    for e in story:
        if isinstance(e, ev.KeepStill):
            view = ev.View(e.frame_id, e.box, 1280, 88)
            recorder.still(e.t_ns, view, jpeg_view(picture, view))
        elif isinstance(e, ev.AskModel):
            for view in [v for m in e.messages for v in pictures_of(m, e.image_px, e.image_quality)]:
                recorder.still(e.t_ns, view, jpeg_view(picture, view), e.model, e.request)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    story = conversation()
    return recorded(tmp_path_factory.mktemp("thinking"), story, lambda recorder: kept(recorder, story))


@pytest.fixture(scope="module")
def page(session: Path) -> str:
    return write_page(session, session.with_suffix(".html")).read_text("utf-8")


def card(page: str, turn: int) -> str:
    """How turn's question was asked, as HTML."""
    return page.split(f'id="turn-{turn}"')[1].split('class="thinking"')[1].split("</section>")[0]


def words(page: str, turn: int) -> str:
    return Reader(page).text(f"turn-{turn}").split("How it was asked")[1]


# --------------------------------------------------------------------------------------------------------- the models


def test_the_mode_says_whether_the_wearer_asked_for_it(page: str, tmp_path: Path) -> None:
    assert "thinking as the wearer asked" in words(page, 1) and "contemplating as the wearer asked" in words(page, 4)
    s = Told(World(models=(PRICED,)))
    s.say("what wood is this door", 1000)
    s.run_until(9000)
    told = words(write_page(recorded(tmp_path, s.story), tmp_path / "page.html").read_text("utf-8"), 1)
    assert "instant as the companion chose. first-model answered in" in told


def test_failover_is_seen_as_the_models_in_the_order_in_which_they_were_asked(page: str) -> None:
    told = words(page, 1)
    first, second = told.index("first-model (thinking) failed after"), told.index("second-model (thinking) wanted")
    assert first < second < told.index("second-model (thinking) answered")
    assert "overloaded" in told[first:second] and "2 models asked 3 times" in told


def test_tokens_and_dollars_are_those_of_the_questions_and_an_unknown_price_is_said_so(page: str) -> None:
    # 403 fresh at 1 dollar a million, 1800 cached at 0.1, 97 out at 4
    assert "2,203 tokens in (1,800 cached), 97 out (40 of them reasoning); $0.0010" in words(page, 2)
    assert "4,406 tokens in (3,600 cached), 194 out" in words(page, 1)
    assert "no price is known for second-model" in words(page, 1)
    assert "first-model, else second-model" in Reader(page).text() and "Spent on models" in Reader(page).text()


def test_workers_are_told_with_their_states_models_and_notes(page: str) -> None:
    told = words(page, 4)
    assert re.search(r"reader first-model \d:\d\d\.\d\d asked \d:\d\d\.\d\d done", told)
    assert "second-model → first-model" in told and "failed (overloaded)" in told
    assert "I, the reader, see oak." in told and "I, the synthesiser, see oak." in told


# ------------------------------------------------------------------------------------------------------- the pictures


def test_pictures_are_shown_in_the_order_of_sending_and_a_crop_is_marked_on_its_frame(page: str, session: Path) -> None:
    crop = next(e.box for e in Recording(session).decisions() if isinstance(e, ev.KeepStill) and any(e.box))
    x, y, w, h = crop
    html, told = card(page, 1), words(page, 1)
    assert told.index("frame 7, whole") < told.index(f"part of frame 7 at {x}, {y}, {w}×{h} px of 1280×720")
    assert html.count("<img") == 2
    mark = f'x="{x}" y="{y}" width="{w}" height="{h}"'
    whole = page.split('id="turn-1"')[1].split('id="turn-2"')[0]
    assert whole.count(mark) == 4, "on the chosen frame and on the small one, each a line with an edge"
    assert 'viewBox="0 0 1280 720"' in whole
    assert (
        "with picture 1, 2" in told
        and "Left the device: words and frame 7 and 1 part of a frame" in Reader(page).text()
    )


def test_a_question_with_the_chosen_frame_only_shows_it_once(page: str) -> None:
    assert "<img" not in card(page, 2)


def test_a_part_as_it_was_sent_goes_before_one_that_was_only_kept(tmp_path: Path) -> None:
    view = ev.View(7, (1, 2, 30, 40))
    data = jpeg_view(box_picture(), view)

    def media(recorder: Recorder) -> None:
        for t_ns, sent_to in ((NS, ""), (2 * NS, "first-model"), (3 * NS, "")):
            recorder.still(t_ns, view, data, sent_to)

    film = film_of(Recording(recorded(tmp_path, [ev.SessionStarted(0)], media)), NS, set())
    assert film.parts[7, (1, 2, 30, 40)].sent_to == "first-model" and not film.frames


def test_a_second_run_that_asked_another_model_says_how_it_asked(session: Path, tmp_path: Path) -> None:
    story = [
        replace(e, model="third-model") if isinstance(e, ev.AskModel) and e.turn == 2 else e
        for e in Recording(session).events()
    ]
    out = write_page(session, tmp_path / "two.html", run_of("another model", story))
    read = Reader(out.read_text("utf-8"))
    assert read.text("turn-2").count("How it was asked") == 2 and "third-model" in read.text("turn-2")
    assert read.text("turn-3").count("How it was asked") == 1


def test_crops_have_a_budget_and_what_is_left_out_is_said(session: Path) -> None:
    recording = Recording(session)
    film = film_of(recording, 80 * NS, {7}, sent={7})
    assert [part.sent_to for part in film.parts.values()] == ["second-model"] and len(film.where[7]) < 20_000
    tight = film_of(recording, 80 * NS, {7}, FilmOptions(parts_bytes=-1), sent={7})
    assert not tight.parts and not tight.where and "looked at closer are left out" in " ".join(tight.notes)


# ---------------------------------------------------------------------------------------------------- tools and plans


def test_tools_are_told_with_arguments_and_results_shortened_with_the_count_of_the_rest(
    page: str, session: Path
) -> None:
    told = words(page, 1)
    assert 'calculate gave a result {"expression": "15% of 80"}' in told and "15% of 80 = 12" in told
    assert "lamp, local read" in told and "gave a result after 100 ms" in told
    more = int(re.search(r"… \(([\d,]+) more letters\)", told)[1].replace(",", ""))  # type: ignore[index]
    given = next(e.text for e in Recording(session).decisions() if isinstance(e, ev.ToolUsed) and "lamp" in e.name)
    assert more == len(given) - 1500


def test_a_tool_that_failed_or_never_came_back_says_so() -> None:
    thoughts = Thoughts()
    for e in (
        ev.SessionStarted(0, tools=(LAMP,)),
        ev.RunTool(1 * NS, "", 1, 5, "lamp__state", "{}"),
        ev.RunTool(1 * NS, "", 2, 5, "lamp__state", '{"n": 2}'),
        ev.ToolDone(3 * NS, 2, "off"),
        ev.ToolUsed(3 * NS, "", 5, "lamp__state", '{"n": 2}', "off"),
        ev.Cancel(4 * NS, "the wearer said stop", 1, "answer"),
        ev.ToolUsed(4 * NS, "", 5, "rm_rf", "{}", "There is no tool.", "unknown tool"),
    ):
        thoughts.feed(e)
    first, second, third = thoughts.of(5).used
    assert (first.failed, second.text, second.took_ns) == ("dropped: the wearer said stop", "off", 2 * NS)
    assert third.failed == "unknown tool" and first.source == "lamp, local read"


def test_a_plan_is_told_as_it_was_read_back_with_what_the_wearer_said_to_it(page: str, session: Path) -> None:
    asked = next(e for e in Recording(session).decisions() if isinstance(e, ev.ConfirmAsked))
    told = words(page, 2)
    assert "plan mail__send allowed" in told and asked.text in told and asked.phrase in told
    assert "waits for the wearer’s word" in Reader(page).text("turn-2")
    assert "mail__send gave a result" in words(page, 3)


def test_a_question_that_goes_on_tells_only_what_it_adds(page: str) -> None:
    left = Reader(page).text("turn-1").split("Left the device: ")[1]
    assert left.count("what does the small print") == 1, "three questions share it"
    assert "begins with the" in left and "of a question before it" in left
    assert "wants look_closer" in left and "tool (calculate)" in left


# -------------------------------------------------------------------------------------------------------------- links


def test_addresses_set_aside_are_links_that_tell_nobody_where_from(page: str) -> None:
    links = [a for a in Reader(page).all("a") if not a["href"].startswith("#")]
    assert {a["href"] for a in links} == {"https://shop.example/box", "https://lamp.example/state"}
    assert all(a["rel"] == "noreferrer noopener" and a["target"] == "_blank" for a in links)
    assert "Set aside, not spoken" in words(page, 1)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,<b>x</b>",
        "ftp://x.example/",
        "http://[::1",
        "https://a.example/ b",
        "java\nscript:alert(1)",
        "www.zoo.example",
        "https://a.example/" + "x" * 3000,
        HOSTILE,
    ],
)
def test_whatever_is_no_plain_web_address_is_only_words(tmp_path: Path, address: str) -> None:
    story = [ev.TurnOpened(NS, "", 1, "what"), ev.Aside(2 * NS, "", 1, "link", address), ev.SessionEnded(3 * NS)]
    read = Reader(write_page(recorded(tmp_path, story), tmp_path / "page.html").read_text("utf-8"))
    assert not [a for a in read.all("a") if not a["href"].startswith("#")]
    assert address[:30].split()[0] in read.text("turn-1")


def test_the_host_of_an_address_stands_before_it(tmp_path: Path) -> None:
    story = [ev.TurnOpened(NS, "", 1, "what"), ev.Aside(2 * NS, "", 1, "link", "https://bank.example@evil.example/")]
    text = write_page(recorded(tmp_path, story), tmp_path / "page.html").read_text("utf-8")
    assert ">evil.example</a>" in text


# ----------------------------------------------------------------------------------------- older files, hostile files


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.mcap")), ids=lambda path: path.stem)
def test_recordings_of_before_are_told_as_they_were(sample: Path, tmp_path: Path) -> None:
    text = write_page(sample, tmp_path / "page.html").read_text("utf-8")
    for turn in gather(Recording(sample))["turns"]:
        asked = "How it was asked" in Reader(text).text(f"turn-{turn['turn']}")
        assert asked == bool(turn["asked"] or turn["thinking"].mode)


def test_every_new_decision_has_a_mark_in_words(session: Path) -> None:
    kinds = {tick["kind"]: tick["text"] for tick in gather(Recording(session))["ticks"]}
    new = {"ModeChosen", "RunTool", "ToolUsed", "WorkerChanged", "ConfirmAsked", "ConfirmEnded", "Aside"}
    assert new <= kinds.keys() and not [text for kind, text in kinds.items() if text == kind]
    assert in_words(ev.AskModel(0, "", model="a-model", mode="thinking")) == "ask a-model (thinking)"
    assert in_words(ev.AskModel(0)) == "ask the model"
    assert (
        in_words(ev.KeepStill(0, "", 1, 7, (1, 2, 3, 4)))
        == "keep the part at 1, 2 of 3×4 pixels of frame 7 as a picture"
    )


def hostile() -> list[ev.Happening | ev.Decision]:
    tool = ev.ToolInfo(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    info = ev.ModelInfo(HOSTILE, input_usd=1.0, output_usd=1.0)
    odd = (ev.View(7, (-5, 10**12, 0, -3), 9, 9, HOSTILE), ev.View(8, (1, 1, 5, 5), 9, 9, HOSTILE))
    ask = ev.AskModel(
        NS,
        HOSTILE,
        3,
        1,
        (ev.Message("user", HOSTILE, 7, odd), ev.Message("tool", "", 7)),
        9,
        9,
        HOSTILE,
        HOSTILE,
        HOSTILE,
    )
    wants = ev.ToolCall("c", HOSTILE, HOSTILE)
    back = ev.Message("assistant", "", calls=(wants,))
    return [
        ev.SessionStarted(0, model=HOSTILE, models=(info, replace(info, name="b")), tools=(tool,)),
        ev.TurnOpened(NS, HOSTILE, 1, HOSTILE, HOSTILE),
        ev.FrameChosen(NS, HOSTILE, 1, ev.FrameScore(7, 0, 1280, 720)),
        ev.ModeChosen(NS, HOSTILE, 1, HOSTILE, True, HOSTILE),
        ask,
        ev.ModelText(NS, 3, HOSTILE),
        ev.ModelDone(2 * NS, 3, HOSTILE, 10, 10, calls=(wants,)),
        ev.RunTool(2 * NS, HOSTILE, 4, 1, HOSTILE, HOSTILE),
        ev.ToolUsed(2 * NS, HOSTILE, 1, HOSTILE, HOSTILE[:20], HOSTILE * 30, HOSTILE, odd),
        replace(ask, request=5, messages=(*ask.messages, back)),
        ev.ModelFailed(3 * NS, 5, HOSTILE, HOSTILE),
        ev.WorkerChanged(3 * NS, HOSTILE, 1, HOSTILE, "failed", HOSTILE),
        ev.ConfirmAsked(3 * NS, HOSTILE, 6, 1, HOSTILE, HOSTILE, HOSTILE, HOSTILE),
        ev.ConfirmEnded(3 * NS, HOSTILE, 6, 1, HOSTILE),
        ev.Aside(3 * NS, HOSTILE, 1, HOSTILE, HOSTILE),
        ev.Spent(3 * NS, HOSTILE, 10, 1.0),
        ev.SessionEnded(4 * NS),
    ]


def test_hostile_models_and_tools_are_shown_as_words(tmp_path: Path) -> None:
    text = write_page(recorded(tmp_path, hostile()), tmp_path / "page.html").read_text("utf-8")
    read = Reader(text)
    assert [a.get("type", "") for a in read.all("script")] == ["application/json", ""]
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on")]
    assert not [a for a in read.all("img") if not a.get("src", "data:").startswith("data:")]
    assert read.text("turn-1").count("alert(1)") > 15
    assert not re.search(r'(width|height)="-', text)


def test_endless_steps_and_texts_are_bounded_and_counted(tmp_path: Path) -> None:
    flood = HOSTILE * 300
    story: list[ev.Happening | ev.Decision] = [ev.SessionStarted(0)]
    for turn in range(1, 61):
        story.append(ev.TurnOpened(turn * NS, "", turn, "what"))
        story += [ev.ToolUsed(turn * NS, flood, turn, flood, flood, flood) for _ in range(100)]
        story += [ev.Aside(turn * NS, "", turn, "link", flood) for _ in range(100)]
    data = gather(Recording(recorded(tmp_path, story)))
    thinking = [turn["thinking"] for turn in data["turns"]]
    assert [len(t.steps) for t in thinking[:2]] == [60, 60] and thinking[0].left_out == 40
    assert sum(len(t.steps) for t in thinking) == 3000
    assert max(len(step.text) for step in thinking[0].used) < 1600
    out = write_page(recorded(tmp_path / "again", story), tmp_path / "page.html")
    assert out.stat().st_size < 25_000_000
    assert "40 more steps in the recording" in Reader(out.read_text("utf-8")).text("turn-1")


def test_what_was_spent_adds_up_over_turns(session: Path) -> None:
    turns = [turn["thinking"] for turn in gather(Recording(session))["turns"]]
    each = [spending([t]) for t in turns]
    whole = spending(turns)
    assert whole.tokens == sum(s.tokens for s in each) > 0
    assert whole.usd == pytest.approx(sum(s.usd for s in each)) and whole.unpriced == ("second-model",)


# -------------------------------------------------------------------------------------------------------- in a browser


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="no chromium on the path: install the package `chromium` to run this")
@pytest.mark.parametrize("made", ["session", "hostile"])
def test_it_fits_wide_and_narrow_and_can_be_read_in_light_and_dark(made: str, session: Path, tmp_path: Path) -> None:
    out = write_page(session if made == "session" else recorded(tmp_path, hostile()), tmp_path / "page.html")

    async def story() -> None:
        async with shown(out, tmp_path, "#turn=1") as tab:
            await tab.run("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
            for wide in (1280, 390):
                size = {"width": wide, "height": 900, "deviceScaleFactor": 1, "mobile": wide < 600}
                await tab.call("Emulation.setDeviceMetricsOverride", **size)
                for scheme in ("light", "dark"):
                    feature = [STILL, {"name": "prefers-color-scheme", "value": scheme}]
                    await tab.call("Emulation.setEmulatedMedia", features=feature)
                    assert await tab.run("document.documentElement.scrollWidth <= innerWidth")
                    assert await tab.run(FAINT) == [], f"too faint in {scheme}"
                    await keep(tab, f"thinking-{made}-{wide}-{scheme}.png")
            if made == "session":
                over = "document.querySelector('#turn-1 figure .framed .over').getBoundingClientRect()"
                image = "document.querySelector('#turn-1 figure .framed img').getBoundingClientRect()"
                share = await tab.run(f"({over}.x - {image}.x) / {image}.width")
                assert share == pytest.approx(0.3, abs=0.01), "the rectangle lies where the model looked"

    asyncio.run(asyncio.wait_for(story(), 180))
