"""The stand-in model of the simulator at a given pace, for every server alike: first token, then tokens a second.

python -m tests.bench.peers.stand_in --port 9801 --first-ms 200 --tokens-per-s 50
"""

from __future__ import annotations

import argparse
import asyncio
import signal

from device_sim.stand_in_model import Behaviour, make_app, start

# 25 words: long enough to be interrupted, as long as an answer should be
ANSWER = (
    "I can see a wide street with a red bus coming toward you. "
    "There is a crossing on the right, and the light is green now."
)


async def serve(port: int, behaviour: Behaviour) -> None:
    runner, url = await start(make_app(behaviour), port=port)
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    print(url, flush=True)
    await stop.wait()
    await runner.cleanup()


def main() -> None:
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--port", type=int, default=0)
    args.add_argument("--first-ms", type=float, default=200)
    args.add_argument("--tokens-per-s", type=float, default=50)
    given = args.parse_args()
    pace = Behaviour(
        first_text_s=given.first_ms / 1000,
        words_per_s=given.tokens_per_s,
        story_words_per_s=given.tokens_per_s,
        then=ANSWER,
    )
    asyncio.run(serve(given.port, pace))


if __name__ == "__main__":
    main()
