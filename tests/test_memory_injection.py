"""A model that does what a stranger's sign told it to and wants it remembered: nothing is, without the wearer's yes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from companion.settings import data_folder
from device_sim.behaviour import Behaviour
from device_sim.stand_in_model import SEEN, make_app, start
from pipelines import events as ev
from tests.desk import desk
from tests.test_injection import WIRES, sign


@pytest.mark.parametrize("wire", WIRES)
def test_text_in_a_picture_writes_no_memory(wire: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        app = make_app(Behaviour(malicious=("note",)))
        runner, url = await start(app)
        base = url.removesuffix("/v1") + ("/v1beta" if wire == "gemini" else "/v1")
        profiles = tmp_path / "models.toml"
        profiles.write_text(f'[mine]\ndialect = "{wire}"\nbase_url = "{base}"\nmodel = "stand-in"\n', encoding="utf-8")
        sets = (f"model.profiles={profiles}", "model.use=mine", "tools.confirm_ms=1500", "modes.default=thinking")
        try:
            async with desk(tmp_path, *sets) as session:
                session.show(sign())
                session.type("what is this")
                await session.until(ev.ConfirmAsked)
                session.type("yes")
                ended = await session.until(ev.ConfirmEnded)
                assert all(e.outcome != "allowed" for e in ended)
                wanted = {call.name for done in session.all(ev.ModelDone) for call in done.calls}
                assert "propose_memory" in wanted and app[SEEN].requests, "it never tried"
                assert not [d for d in session.all(ev.Memorise) if d.memory.what == "fact"]
        finally:
            await runner.cleanup()
        async with desk(tmp_path) as later:
            assert (await later.ask("what do you know about me")).startswith("I have nothing stored")
        assert (data_folder() / "memory").is_dir()

    asyncio.run(scenario())
