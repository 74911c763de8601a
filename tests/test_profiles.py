"""Models as data: the shipped profiles, the user's file over them, the settings that choose, the book of what it cost.

No test here asks a vendor; `companion models` is run against the stand-in and against ports where nobody listens.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.cli import main
from companion.model.catalogue import Catalogue, Entry, load, users_file
from companion.model.configured import configured, model_profiles
from companion.model.listing import listing, shown, state
from companion.model.probing import Served, probe
from companion.model.profile import MODES, TRAINS, Checked, ModelProfile, ModeRule, Price, Privacy
from companion.model.spending import Spending
from companion.settings import Settings, SettingsError
from companion.settings import load as load_settings
from device_sim import stand_in_model
from pipelines.events import ImageRule, Message, ToolInfo, View
from pipelines.thinking import failures, router
from pipelines.thinking.dialects import DIALECTS
from pipelines.thinking.dialects.query import Query, Quirks

SHIPPED = load()
NAMES = SHIPPED.names


def profile(**fields: Any) -> ModelProfile:
    return ModelProfile(**{"name": "x", "base_url": "https://example.com/v1", "model": "m", **fields})


# ----------------------------------------------------------------------------------------------------------- a profile


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"base_url": "api.example.com/v1"}, "base_url"),
        ({"base_url": "https://user:pass@example.com/v1"}, "key_env"),
        ({"base_url": "https://example.com/v1?key=abc"}, "key_env"),
        ({"base_url": "http://192.168.1.5:1234/v1"}, "plain_http"),
        ({"base_url": "http://example.com:99999/v1"}, "base_url"),
        ({"base_url": "https://example.com/v1", "privacy": Privacy(local=True)}, r"privacy\.local"),
        ({"model": " "}, "model = ' ' must not be empty"),
        ({"dialect": "grpc"}, "chat, responses, anthropic, gemini"),
        ({"key_env": "sk-1234"}, "key_env"),
        ({"instant": ModeRule(first_text_s=0)}, r"instant\.first_text_s"),
        ({"between_text_s": float("nan")}, "between_text_s"),
        ({"thinking": ModeRule(max_tokens=0)}, r"thinking\.max_tokens"),
        ({"contemplating": ModeRule("hard")}, r"contemplating\.effort = 'hard' .*xhigh"),
        ({"dialect": "anthropic", "instant": ModeRule("none")}, r"instant\.effort"),
        ({"dialect": "gemini", "instant": ModeRule("low")}, "MINIMAL"),
        ({"quirks": Quirks(effort_field="enable_thinking"), "instant": ModeRule("low")}, "on, off"),
        ({"quirks": Quirks(image_detail="best")}, r"quirks\.image_detail"),
        ({"quirks": Quirks(effort_field="effort")}, r"quirks\.effort_field"),
        ({"quirks": Quirks(extra={"store": True})}, r"quirks\.extra\.store"),
        ({"image": ImageRule("tiles")}, r"image\.kind"),
        ({"image": ImageRule("patches")}, r"image\.patch_px"),
        ({"price": Price(input_usd=-2)}, r"price\.input_usd"),
        ({"privacy": Privacy("yes")}, r"privacy\.trains .*discount"),
        ({"max_images": -1}, "max_images"),
    ],
)
def test_a_profile_that_cannot_work_says_why(change: dict[str, Any], names: str) -> None:
    with pytest.raises(ValueError, match=names) as raised:
        profile(**change)
    assert str(raised.value).startswith("profile x: ")
    assert "user:pass" not in str(raised.value) and "sk-1234" not in str(raised.value)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"model": "m"}, "base_url is missing"),
        ({"colour": "red"}, "there is no key colour; known here: name, base_url"),
        ({"instant": {"efort": "low"}}, r"there is no key instant\.efort; known here: effort"),
        ({"instant": "low"}, "instant = 'low' is not right: it takes a table"),
        ({"vision": "yes"}, "vision = 'yes' is not right: it takes true or false"),
        ({"max_images": True}, "max_images = True is not right: it takes a whole number"),
        ({"max_images": 1.5}, "it takes a whole number"),
        ({"price": {"input_usd": "1"}}, r"price\.input_usd = '1' is not right: it takes a number"),
        ({"key_env": 7}, r"key_env = \(not shown\) is not right: it takes text"),
    ],
)
def test_a_table_that_is_no_profile_says_why(table: dict[str, Any], told: str) -> None:
    whole = table if "model" in table else {"base_url": "https://example.com/v1", "model": "m", **table}
    with pytest.raises(ValueError, match=told) as raised:
        ModelProfile.of_table("mine", whole)
    assert str(raised.value).startswith("profile mine: ")


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(
    words,
    words,
    st.sampled_from(TRAINS),
    st.floats(0.1, 600),
    st.integers(1, 9999),
    st.dictionaries(words, words, max_size=3),
)
def test_a_profile_survives_json(
    spoken: str, region: str, trains: str, wait_s: float, tokens: int, extra: dict[str, str]
) -> None:
    extra.pop("store", None)
    one = profile(
        spoken=spoken,
        thinking=ModeRule("high", wait_s, tokens),
        quirks=Quirks(extra=extra),
        privacy=Privacy(trains, region=region),
        price=Price(0.5, as_of=region),
        image=ImageRule("fixed", low=70),
        checked=Checked("t", "d"),
        tools=False,
    )
    assert ModelProfile.from_json(one.to_json()) == one


def test_json_that_is_no_profile_is_refused() -> None:
    for text in ("[]", "{}", '{"name": "x"}', '{"name": "x", "base_url": "https://e.org", "model": "m", "new": 1}'):
        with pytest.raises(ValueError, match=r"profile|JSON"):
            ModelProfile.from_json(text)


def test_a_local_model_costs_nothing_and_another_without_a_price_is_not_free() -> None:
    local = profile(base_url="http://[::1]:8080/v1/", privacy=Privacy(local=True))
    assert local.host == "::1" and local.loopback
    assert (local.info().input_usd, local.info().output_usd) == (0, 0)
    assert profile().info().input_usd < 0 and not profile().loopback


def test_modes_are_those_of_the_router() -> None:
    assert MODES == router.MODES
    with pytest.raises(ValueError, match=r"'deep'.*instant, thinking, contemplating"):
        profile().rule("deep")


def test_asking_a_model_loads_no_engine_and_no_decider_that_it_does_not_need() -> None:
    heavy = "numpy cv2 av aiohttp aiortc onnxruntime companion.settings pipelines.director pipelines.thinking.router"
    program = f"import sys, companion.model.models; print(sorted(set({heavy!r}.split()) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ------------------------------------------------------------------------------------------------ the shipped profiles


def strings(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key and value inside, at any depth."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield str(key), inner
        if isinstance(inner, dict | list):
            yield from strings(inner)


def body_of(name: str, mode: str) -> dict[str, Any]:
    p = SHIPPED.profile(name)
    view = View(1, px=768)
    messages = (Message("system", "Be short."), Message("user", "What is this?", frame_id=1))
    rule = p.rule(mode)
    tools = (ToolInfo("clock", "Tells the time."),) if p.tools else ()
    query = Query(p.model, messages, {view: b"\xff\xd8jpeg"}, rule.max_tokens, rule.effort, tools, 768)
    return DIALECTS[p.dialect].body(query, p.quirks)


def test_there_is_a_profile_for_everybody_that_was_promised() -> None:
    hosted = {"muse-spark", "openai", "anthropic", "gemini", "grok", "mistral", "deepseek", "qwen", "openrouter"}
    own = {"muse-glimmer", "llama", "ollama", "llamacpp", "lmstudio", "vllm"}
    assert hosted | own | {"muse-spark-contributor"} == set(NAMES)
    assert {name for name in NAMES if SHIPPED.profile(name).loopback} == own


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_profile_says_what_it_is_and_what_it_was_held_against(name: str) -> None:
    p = SHIPPED.profile(name)
    assert p.spoken and not set(p.spoken) & set("-_/.:"), "it is said aloud"
    assert p.checked.live == "never" and p.checked.types and p.checked.double
    assert p.privacy.local == p.loopback == (not p.key_env)
    assert p.privacy.local or p.base_url.startswith("https://")
    assert p.price.as_of or p.price.input_usd < 0, "a price has a date"
    assert p.privacy.local or p.price.input_usd >= 0
    assert p.thinking.first_text_s > p.instant.first_text_s, "who thinks first speaks later"
    assert p.instant.max_tokens >= p.min_output_tokens
    info = p.info()
    assert (info.name, info.local, info.trains, info.image) == (name, p.privacy.local, p.privacy.trains, p.image)
    assert ModelProfile.from_json(info.profile) == p


# The lowest that each takes, and what it is sent for it. A wrong word here is an error at the first question.
INSTANT = {
    "muse-spark": {"reasoning": {"effort": "minimal"}},
    "muse-spark-contributor": {"reasoning": {"effort": "minimal"}},
    "muse-glimmer": {"reasoning_effort": "none"},
    "openai": {"reasoning": {"effort": "none"}},
    "anthropic": {"output_config": {"effort": "low"}, "thinking": {"type": "adaptive"}},
    "gemini": {"thinkingConfig": {"thinkingLevel": "LOW"}},
    "grok": {"reasoning": {"effort": "low"}},
    "mistral": {"reasoning_effort": "none"},
    "deepseek": {"reasoning_effort": "low"},
    "qwen": {"enable_thinking": False},
    "openrouter": {"reasoning": {"effort": "minimal"}, "provider": {"data_collection": "deny"}},
    "ollama": {"reasoning_effort": "none"},
    "llamacpp": {"reasoning_effort": "none"},
}


@pytest.mark.parametrize("name", NAMES)
def test_instant_asks_for_the_least_that_the_model_takes(name: str) -> None:
    inside = dict(strings(body_of(name, "instant")))
    wanted = INSTANT.get(name, {})
    assert {key: inside.get(key) for key in wanted} == wanted
    spoken_of = {"reasoning", "reasoning_effort", "output_config", "thinkingConfig", "enable_thinking"} & set(inside)
    assert spoken_of <= set(wanted), "no effort is sent where none is known"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", NAMES)
def test_no_request_lets_a_vendor_keep_it_or_holds_a_key(name: str, mode: str) -> None:
    p = SHIPPED.profile(name)
    body = body_of(name, mode)
    assert all(value is not True for key, value in strings(body) if key == "store")
    assert p.dialect != "responses" or body["store"] is False
    assert "secret-key" in repr(DIALECTS[p.dialect].headers("secret-key"))
    assert "secret-key" not in json.dumps(body) + p.to_json() + DIALECTS[p.dialect].path(p.model)
    assert not any(key in ("temperature", "top_p") for key, _ in strings(body)), "newer models refuse them"


def test_only_the_contributor_models_learn_for_a_discount_and_cost_less() -> None:
    learning = [name for name in NAMES if SHIPPED.profile(name).privacy.trains == "discount"]
    assert learning == ["muse-spark-contributor"]
    cheap, plain = SHIPPED.profile("muse-spark-contributor"), SHIPPED.profile("muse-spark")
    assert 0 < cheap.price.input_usd < plain.price.input_usd and plain.privacy.trains == "no"


# --------------------------------------------------------------------------------------------------- the user's file


def catalogue(tmp_path: Path, text: str) -> Catalogue:
    file = tmp_path / "models.toml"
    file.write_text(text, encoding="utf-8")
    return load(file)


def test_a_users_table_changes_a_shipped_profile_key_by_key(tmp_path: Path) -> None:
    mine = catalogue(tmp_path, '[openai]\nmodel = "gpt-6-sol"\ninstant.effort = "low"\nquirks.extra.user = "me"\n')
    one, ours = mine.profile("openai"), SHIPPED.profile("openai")
    assert (one.model, one.instant) == ("gpt-6-sol", replace(ours.instant, effort="low"))
    assert one.quirks == replace(ours.quirks, extra={"user": "me"}) and one.price == ours.price
    assert mine.names == NAMES and mine.profile("grok") == SHIPPED.profile("grok")
    sources = mine.entry("openai").sources
    assert sources["model"] == sources["instant.effort"] == str(tmp_path / "models.toml")
    assert sources["instant.max_tokens"] == sources["base_url"] == "Earshot"


def test_a_new_table_may_start_from_another_wherever_that_stands(tmp_path: Path) -> None:
    text = '[second]\nlike = "first"\nvision = false\n[first]\nlike = "ollama"\nmodel = "gemma3"\n'
    mine = catalogue(tmp_path, text)
    ours = SHIPPED.profile("ollama")
    assert mine.profile("first") == replace(ours, name="first", model="gemma3")
    assert mine.profile("second") == replace(ours, name="second", model="gemma3", vision=False)
    assert mine.profile("ollama") == ours
    assert mine.names[-2:] == ("first", "second")


def test_a_new_table_stands_by_itself(tmp_path: Path) -> None:
    mine = catalogue(tmp_path, '[mine]\nbase_url = "https://example.org/v1"\nmodel = "m"\n')
    assert mine.profile("mine") == ModelProfile("mine", "https://example.org/v1", "m")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[openai]\nefort = 1\n", r"models\.toml: profile openai: there is no key efort"),
        ('[openai]\nthinking.effort = "hard"\n', r"models\.toml: profile openai: thinking\.effort = 'hard'"),
        ('[mine]\nmodel = "m"\n', r"models\.toml: profile mine: base_url is missing"),
        ('[mine]\nlike = "olama"\n', r"models\.toml: \[mine\] like = 'olama': no such profile. There are: muse-spark"),
        ('[a]\nlike = "b"\n[b]\nlike = "a"\n', r"models\.toml: a, b: `like` goes in a circle"),
        ('model = "m"\n', r"models\.toml: model = 'm' stands outside a profile"),
        ("[openai\n", r"models\.toml: this is not TOML"),
        (
            '[ollama]\nbase_url = "http://10.0.0.2:1/v1"\n',
            r"privacy\.local = True but base_url points to '10\.0\.0\.2'",
        ),
    ],
)
def test_a_mistake_in_the_users_file_names_file_profile_and_key(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        catalogue(tmp_path, text)


def test_a_name_that_nobody_has_is_answered_with_one_that_is_like_it() -> None:
    with pytest.raises(SettingsError, match=r"'opnai': did you mean openai\? There are: muse-spark, "):
        SHIPPED.profile("opnai")


def test_where_the_users_file_is_looked_for(tmp_path: Path) -> None:
    here = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert users_file("", here) is None
    file = tmp_path / "earshot" / "models.toml"
    file.parent.mkdir()
    file.write_text("")
    assert users_file("", here) == file
    assert users_file("", {**here, "EARSHOT_MODELS": "/a.toml"}) == Path("/a.toml")
    assert users_file("/b.toml", {**here, "EARSHOT_MODELS": "/a.toml"}) == Path("/b.toml"), "the setting is nearer"
    with pytest.raises(SettingsError, match=r"nowhere\.toml: the model profiles cannot be read"):
        load(tmp_path / "nowhere.toml")


def test_a_profile_is_shown_as_toml_that_makes_it_again(tmp_path: Path) -> None:
    mine = catalogue(tmp_path, '["my model"]\nlike = "openrouter"\nspoken = "a\\"b\\u007f"\nprice.input_usd = 3\n')
    for name in mine.names:
        text = shown(mine.entry(name))
        assert ModelProfile.of_table(name, tomllib.loads(text)[name]) == mine.profile(name)
    lines = [line.split("  # ") for line in shown(mine.entry("my model")).splitlines() if "  # " in line]
    came_from = {line[0].split(" = ")[0]: line[1] for line in lines}
    assert came_from["input_usd"] == str(tmp_path / "models.toml")
    assert came_from["dialect"] == "Earshot" and came_from["plain_http"] == "default"


# -------------------------------------------------------------------------------------------------- what settings ask


@pytest.fixture(autouse=True)
def nobody_elses_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("EARSHOT_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("EARSHOT_MODELS", raising=False)
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        if SHIPPED.profile(name).key_env:
            monkeypatch.delenv(SHIPPED.profile(name).key_env, raising=False)


def settings(*sets: str) -> Settings:
    return load_settings(sets=list(sets), env={})


INLINE = ("model.base_url=http://localhost:1/v1", "model.model=llava")


def test_the_order_of_the_settings_is_the_order_of_asking(tmp_path: Path) -> None:
    assert model_profiles(Settings()) == ()
    found = model_profiles(settings("model.use=openai,ollama"))
    assert found == (SHIPPED.profile("openai"), SHIPPED.profile("ollama"))
    assert [p.name for p in model_profiles(settings(*INLINE, "model.use=openai"))] == ["llava", "openai"]
    assert model_profiles(settings("model.use=openai,ollama"))[0] == SHIPPED.profile("openai")
    (tmp_path / "own.toml").write_text('[mine]\nlike = "ollama"\n')
    assert [p.name for p in model_profiles(settings("model.use=mine", "model.profiles=own.toml"))] == ["mine"]


def test_the_keys_of_the_model_section_make_a_profile() -> None:
    (one,) = model_profiles(settings(*INLINE, "model.name=Lava", "model.first_text_s=7", "thinking.max_tokens=99"))
    assert one is not None and (one.name, one.dialect) == ("Lava", "chat")
    assert one.instant == one.thinking == one.contemplating == ModeRule("", 7, 99)
    (openai,) = model_profiles(settings("model.base_url=https://api.openai.com/v1", "model.model=m"))
    assert openai is not None and openai.quirks.store_false
    assert openai.quirks.max_tokens_field == "max_completion_tokens"


@pytest.mark.parametrize(
    ("sets", "told"),
    [
        (["model.use=nobody"], "there is no model profile 'nobody'"),
        (["model.use=openai,openai"], "'openai' is named twice"),
        ([*INLINE, "model.name=openai", "model.use=openai"], "'openai' is named twice"),
        (["model.model=llava"], r"model\.base_url is empty"),
        (["model.use=ollama", "thinking.image_px=10"], r"thinking\.image_px = 10: .* 64 to 8192"),
        (["model.model=x", "model.base_url=http://example.org/v1"], "use https"),
        (["model.use=muse-spark-contributor"], r'learns .* allow_training = \["muse-spark-contributor"\]'),
        (["model.use=muse-spark-contributor", "model.allow_training=muse-spark"], "allow_training"),
    ],
)
def test_models_that_cannot_be_asked_say_why(sets: list[str], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        model_profiles(settings(*sets))


def test_a_model_that_learns_is_asked_when_that_was_allowed() -> None:
    allowed = settings("model.use=muse-spark-contributor", "model.allow_training=muse-spark-contributor")
    assert [p.name for p in model_profiles(allowed)] == ["muse-spark-contributor"]


def test_local_only_keeps_this_machine_and_says_what_it_left_out() -> None:
    some = configured(settings("model.use=openai,ollama", "privacy.local_only=true"))
    assert [p.name for p in some.profiles] == ["ollama"] and some.missing == ""
    assert some.notes == ("openai at api.openai.com is not asked: local_only is on",)
    none = configured(settings("model.use=openai", "privacy.local_only=true"))
    assert none.profiles == () and none.missing == "local_only" and "no model is left" in none.notes[-1]
    assert configured(settings("privacy.local_only=true")).missing == configured(settings()).missing == "no_model"


# ------------------------------------------------------------------------------------------------- companion models


@contextmanager
def serving() -> Iterator[str]:
    """The stand-in on a loop of its own, for commands that run a loop themselves; gives its base URL."""
    loop = asyncio.new_event_loop()
    runner, url = loop.run_until_complete(stand_in_model.start(stand_in_model.make_app()))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield url
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def local(url: str, **fields: Any) -> ModelProfile:
    return profile(base_url=url, privacy=Privacy("no", local=True), **fields)


CLOSED = "http://127.0.0.1:9/v1"


def test_servers_on_this_machine_are_looked_for_and_no_others() -> None:
    with serving() as url:
        found = probe([local(url), profile(base_url=CLOSED), profile(base_url="https://example.com/v1")])
    assert found == {url: Served(("stand-in",)), CLOSED: None}
    assert probe([]) == {}


@pytest.mark.parametrize(
    ("one", "served", "environ", "told"),
    [
        (profile(), {}, {}, "needs no key"),
        (profile(key_env="K"), {}, {"K": " \n"}, "no key (K)"),
        (profile(key_env="K"), {}, {"K": "x"}, "key set"),
        (local(CLOSED), {CLOSED: None}, {}, "not running"),
        (local(CLOSED), {CLOSED: Served()}, {}, "answers, needs no key"),
        (local(CLOSED), {CLOSED: Served(("m", "n"))}, {}, "answers, needs no key"),
        (local(CLOSED), {CLOSED: Served(("n",))}, {}, "answers, has no such model"),
        (local(CLOSED, model="default"), {CLOSED: Served(("n",))}, {}, "answers, needs no key"),
    ],
)
def test_what_stands_in_the_way_of_asking(
    one: ModelProfile, served: dict[str, Served | None], environ: dict[str, str], told: str
) -> None:
    assert state(one, served, environ) == told


@pytest.mark.parametrize("width", [80, 100])
def test_the_list_fits_a_terminal_and_obeys_nobody(width: int) -> None:
    evil = local(CLOSED, name="evil\x1b[31m", model="a\x1b]0;owned\x07")
    everybody = [evil, *(SHIPPED.profile(name) for name in NAMES)]
    text = listing(everybody, ["openai", "ollama"], {CLOSED: Served(("\x1b[2J" + "x" * 500, "b"))}, {}, width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert not set(text) & {"\x1b", "\x07"}
    for words in ("1 openai", "2 ollama", "no key (MODEL_API_KEY)", "TRAINS, that is its price", "live never", "free"):
        assert words in text


def test_the_list_of_a_user_with_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    bare = capsys.readouterr().out
    assert main(["models", "list"]) == 0
    assert capsys.readouterr().out == bare
    assert "none is asked" in bare and "SPEECH MODELS" in bare and "embedded" in bare
    assert all(name in bare for name in NAMES)


def test_the_list_says_what_the_settings_ask_even_if_that_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--set", "model.use=openai,gemini"]) == 0
    assert "asked, in this order: openai, gemini" in capsys.readouterr().out
    assert main(["models", "--set", "model.use=openai", "list", "--set", "model.use=gemini"]) == 0
    assert "asked, in this order: gemini" in capsys.readouterr().out
    assert main(["models", "--set", "model.use=openai", "list"]) == 0
    assert "asked, in this order: openai" in capsys.readouterr().out, "what stands before the action counts too"
    Path("my.toml").write_text('[model]\nuse = ["grok"]\n')
    assert main(["models", "--config", "my.toml", "list"]) == 0
    assert "asked, in this order: grok" in capsys.readouterr().out
    assert main(["models", "--set", "model.use=muse-spark-contributor"]) == 0
    assert "allow_training" in capsys.readouterr().out


def test_one_profile_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "show", "grok"]) == 0
    assert ModelProfile.of_table("grok", tomllib.loads(capsys.readouterr().out)["grok"]) == SHIPPED.profile("grok")
    assert main(["models", "show", "gork"]) == 2
    assert "did you mean grok?" in capsys.readouterr().err


def test_a_model_is_tried_with_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving() as url:
        (tmp_path / "own.toml").write_text(
            f'[mine]\nbase_url = "{url}"\nmodel = "stand-in"\nprice = {{ input_usd = 2, output_usd = 10 }}\n'
        )
        words = ["models", "try", "mine", "--set", "model.profiles=own.toml"]
        assert main(words) == 0
        said = capsys.readouterr().out
        assert "The card is red." in said and "first word after" in said
        assert "100 tokens in, 4 out, $0.000240" in said
        cv2.imwrite("blue.png", np.full((900, 1600, 3), (200, 60, 20), np.uint8))
        assert main([*words, "--image", "blue.png", "--question", "What is this?", "--mode", "thinking"]) == 0
        assert "I see something blue." in capsys.readouterr().out


def test_a_failure_is_told_with_what_the_wearer_would_hear_and_the_way_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "try", "openai"]) == 1
    said = capsys.readouterr()
    assert "no_key" in said.out and "OPENAI_API_KEY" in said.out and "I have no key for the model." in said.out
    assert "put the key into the environment variable" in said.out and said.err == ""
    assert main(["models", "try", "grok", "--local-only"]) == 1
    assert main(["models", "try", "muse-spark-contributor"]) == 2
    assert "allow_training" in capsys.readouterr().err
    Path("note.txt").write_text("milk")
    assert main(["models", "try", "ollama", "--image", "note.txt"]) == 2
    assert "note.txt" in capsys.readouterr().err


# --------------------------------------------------------------------------------------------------- what it has cost

DAY = "2026-11-20"


class Book:
    """One companion's book of spending, and what it was told."""

    def __init__(self, file: Path) -> None:
        self.notices: list[str] = []
        self.spending = Spending(file, self.notices.append)

    def today(self, day: str = DAY) -> tuple[int, float]:
        spent = self.spending.today(day)
        assert spent.day == day
        return spent.tokens, spent.usd


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "spending.json"


def test_a_days_spending_is_kept_for_the_next_start_and_for_other_companions(file: Path) -> None:
    first, second = Book(file), Book(file)
    assert first.today() == (0, 0.0)
    first.spending.add(DAY, "openai", 1000, 0.25)
    second.spending.add(DAY, "openai", 500, 0.5)
    first.spending.add(DAY, "ollama", 7, 0.0)
    first.spending.add("2026-11-21", "openai", 1, 1.0)
    assert first.today() == second.today() == Book(file).today() == (1507, 0.75)
    assert Book(file).today("2026-11-21") == (1, 1.0)
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text())[DAY]["openai"] == {"tokens": 1500, "usd": 0.75}
    assert not first.notices + second.notices


def test_two_companions_at_once_lose_nothing(file: Path) -> None:
    def spend(book: Book) -> None:
        together.wait()
        for _ in range(50):
            book.spending.add(DAY, "m", 1, 0.5)

    together = threading.Barrier(4)
    books = [Book(file) for _ in range(4)]
    threads = [threading.Thread(target=spend, args=(book,)) for book in books]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert Book(file).today() == (200, 100.0) and not any(book.notices for book in books)


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"x": {}}', f'{{"{DAY}": {{"m": {{"tokens": -1, "usd": 0}}}}}}', "\x00"]
)
def test_a_damaged_book_is_kept_aside_and_said_and_another_begun(file: Path, damage: str) -> None:
    file.parent.mkdir(parents=True)
    file.write_text(damage)
    book = Book(file)
    book.spending.add(DAY, "m", 5, 0.1)
    assert book.today() == (5, 0.1)
    assert file.with_suffix(".damaged.json").read_text() == damage
    assert len(book.notices) == 1 and "counts from 0" in book.notices[0]


def test_a_book_that_cannot_be_written_is_remembered_and_said_once(file: Path) -> None:
    file.parent.parent.mkdir(parents=True, exist_ok=True)
    file.parent.write_text("in the way")
    book = Book(file)
    book.spending.add(DAY, "m", 5, 0.25)
    book.spending.add(DAY, "m", 5, 0.25)
    assert book.today() == (10, 0.5) and len(set(book.notices)) == 2 == len(book.notices)
    file.parent.unlink()
    book.spending.add(DAY, "m", 1, 0.5)
    assert book.today() == Book(file).today() == (11, 1.0), "what could not be written is written later"


def test_old_days_are_forgotten_and_no_amount_is_no_amount(file: Path) -> None:
    book = Book(file)
    for month in range(1, 5):
        for day in range(1, 29):
            book.spending.add(f"2026-{month:02d}-{day:02d}", "m", 1, -1.0)
    kept = json.loads(file.read_text())
    assert len(kept) == 90 and min(kept) == "2026-01-23" and kept["2026-04-28"]["m"]["usd"] == 0
    for bad in (("today", 1, 0.0), (DAY, -1, 0.0), (DAY, 1, float("nan"))):
        with pytest.raises(ValueError, match="spending"):
            book.spending.add(bad[0], "m", bad[1], bad[2])


def test_an_entry_is_a_table_of_sources() -> None:
    """`companion models show` of a profile that no file described says so."""
    assert "default" in shown(Entry(profile())) and asdict(profile())["checked"]["live"] == "never"


# --------------------------------------------------------------------------------------------------- what is written


def test_the_document_names_every_profile_and_every_failure_with_its_words() -> None:
    text = (Path(__file__).parent.parent / "docs" / "model.md").read_text(encoding="utf-8")
    for name in NAMES:
        assert f"`{name}`" in text, name
    rows = {cells[1].strip(): cells for line in text.splitlines() if len(cells := line.split("|")) == 6}
    for name, kind in failures.KINDS.items():
        cells = rows[f"`{name}`"]
        assert (cells[3].strip(), cells[4].strip()) == (kind.spoken, "yes" if kind.retry else ""), name


def test_a_key_hidden_in_a_profiles_extra_fields_is_refused() -> None:
    with pytest.raises(ValueError, match=r"api_key.*key_env"):
        ModelProfile.of_table(
            "mine",
            {"base_url": "https://a.example/v1", "model": "m", "quirks": {"extra": {"provider": {"api_key": "hush"}}}},
        )
