"""`companion conform`: what its words mean, and its exit status."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys

from yarl import URL

from companion.bridge.conform.ask import Asked
from companion.bridge.conform.listen import Listening
from companion.bridge.conform.report import Report
from companion.bridge.door import PATH
from companion.link.handler import DeviceLink, LinkHandler
from companion.link.server import LinkServer
from companion.link.settings import LinkSettings
from companion.net import NetError

CONFORMS, DOES_NOT, COULD_NOT = 0, 1, 2


def run(args: argparse.Namespace, local_only: bool) -> int:
    report = Report((lambda line: None) if args.json else lambda line: print(line, flush=True))
    try:
        if args.listen:
            came = asyncio.run(
                _listen(report, args.host, args.port, args.token or secrets.token_urlsafe(18), args.wait)
            )
            if not came:
                print(f"companion: no device came within {args.wait:g} s", file=sys.stderr)
                return COULD_NOT
        else:
            asyncio.run(Asked(_address(args.url), report, local_only, args.question).run())
    except NetError as error:
        print(f"companion: {error}; start it, and give the address that it prints", file=sys.stderr)
        return COULD_NOT
    print(report.plain() if args.json else report.summary())
    return DOES_NOT if report.failed else CONFORMS


async def _listen(report: Report, host: str, port: int, token: str, wait_s: float) -> bool:
    listening = Listening(report)
    server = LinkServer(LinkSettings(host=host, port=port, token=token), _nobody, [listening.door])
    url = URL(await server.start())
    print(f"waiting for your device at {url.with_scheme('ws').with_path(PATH).with_query(url.query)}", file=sys.stderr)
    try:
        return await listening.run(wait_s)
    finally:
        await server.stop()


def _nobody(link: DeviceLink, clock: object) -> LinkHandler:
    raise RuntimeError("only the bridge is checked here")


def _address(url: str) -> URL:
    """ws://…/device?token=…, or the address that `companion run` prints."""
    try:
        given = URL(url if "://" in url else f"ws://{url}")
        scheme = {"http": "ws", "https": "wss"}.get(given.scheme, given.scheme)
        if scheme not in ("ws", "wss") or not given.host:
            raise ValueError("it has no host, or is neither ws nor http")
    except ValueError as why:
        raise NetError("network", f"{url!r} is no address of a WebSocket: {why}") from why
    path = given.path if given.path not in ("", "/") else PATH
    return given.with_scheme(scheme).with_path(path).with_query(given.query)
