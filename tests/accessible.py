"""Whether a page can be used by who sees little or nothing: names, roles, contrast and sizes as the browser computes
them. In the manner of WCAG 2.2 AA; not a replacement for a person with a screen reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.test_page_browser import Tab

PROBES = Path(__file__).with_suffix(".js").read_text("utf-8")


async def faults(tab: Tab) -> list[Any]:
    """What stands in somebody's way, as the page is now."""
    await tab.run(PROBES)
    contrast = await tab.run("accessible.faint()")
    assert contrast["seen"] > 3, "nothing was looked at"
    wide = await tab.run("document.documentElement.scrollWidth - innerWidth")
    found = [("faint", *words) for words in contrast["faint"]]
    found += [("small", *one) for one in await tab.run("accessible.small()")]
    found += [("out of the window", one) for one in await tab.run("accessible.out()")]
    found += [("one over the other", *pair) for pair in await tab.run("accessible.over()")]
    return found + ([("wider than the window", wide)] if wide > 0 else [])


async def tree(tab: Tab) -> list[tuple[str, str, dict[str, Any]]]:
    """What a screen reader is given, in order: (role, name, properties)."""
    await tab.call("Accessibility.enable")
    nodes = (await tab.call("Accessibility.getFullAXTree"))["nodes"]
    return [
        (
            node["role"]["value"],
            node.get("name", {}).get("value", ""),
            {p["name"]: p["value"].get("value") for p in node.get("properties", ())},
        )
        for node in nodes
        if not node.get("ignored")
    ]
