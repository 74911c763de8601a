"""The files of the page, and what they are."""

from __future__ import annotations

from importlib import resources

from aiohttp import web

TEXT = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml", "webmanifest": "application/manifest+json"}
FILES = (
    "earshot.js",
    "connection.js",
    "ear.js",
    "media.js",
    "signs.js",
    "talk.js",
    "view.js",
    "earshot.css",
    "icon.svg",
    "icon.png",
    "manifest.webmanifest",
)
PAGE = {"/": "index.html"} | {f"/page/{name}": name for name in FILES}
OPEN_FILES = tuple(path for path in PAGE if path != "/")  # they say nothing of anybody


def page_file(path: str) -> web.Response:
    """One of `PAGE`."""
    name = PAGE[path]
    data = resources.files("companion").joinpath("page", name).read_bytes()
    ending = name.rpartition(".")[2]
    if ending == "png":
        return web.Response(body=data, content_type="image/png")
    return web.Response(body=data, content_type=TEXT.get(ending, "text/html"), charset="utf-8")
