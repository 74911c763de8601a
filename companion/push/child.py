"""A process of ours that brings media: started, listened to, told things, ended."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping

from companion.push.pipe import HEAD, LONGEST, Piece, read_piece

GONE_S = 2.0  # how long it may take to end by itself


class Child:
    """One run of one module. `start`, then `piece` until it gives None, then `stop`; `stop` may come at any time."""

    def __init__(self, module: str, told: Mapping[str, object]) -> None:
        """`told`: the first line of its input. Secrets go that way: the command line is everybody's to read."""
        self._module, self._told = module, told
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", self._module, stdin=pipe, stdout=pipe, limit=LONGEST + HEAD.size
        )
        self.tell(self._told)

    async def piece(self) -> Piece | None:
        """What it brings next; None when it has ended."""
        assert self._process is not None and self._process.stdout is not None
        return await read_piece(self._process.stdout)

    def tell(self, said: Mapping[str, object]) -> None:
        assert self._process is not None and self._process.stdin is not None
        if not self._process.stdin.is_closing():
            self._process.stdin.write(json.dumps(said).encode() + b"\n")

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            async with asyncio.timeout(GONE_S):
                await process.communicate(b"")  # its input ends, and with that it does
        except TimeoutError:
            process.kill()
            await process.communicate()
