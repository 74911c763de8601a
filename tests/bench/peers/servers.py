"""Who is measured, and how it is started: a table. `{port}` and `{llm}` are filled in by the client's `run.py`."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from tests.bench.peers.places import Places

TOKEN = "bench"

# The first sound that counts must be the answer: no greeting, no earcon, no "one moment". Everything else is default.
ONLY_ANSWERS = ("speaking.greet=false", "speaking.earcons=false", "modes.acknowledge_ms=20000", "modes.offer=false")


@dataclass(frozen=True, slots=True)
class Server:
    """`environment` "" = the one that runs the bench. `path`: where offers go; `client`: more words for the client."""

    name: str
    about: str
    environment: str
    packages: tuple[str, ...]
    imports: str
    path: str
    health: str
    command: str
    client: tuple[str, ...] = ()
    published_ms: int = 0  # what the same client measured of it before, raw, 200 ms to the first token


EARSHOT = Server(
    name="earshot",
    about="companion run, default settings, recording on",
    environment="",
    packages=(),
    imports="companion",
    path=f"/api/offer?token={TOKEN}",
    health="/health",
    command="{python} -m companion.cli run --quiet --port {{port}} --token " + TOKEN + " --set server.max_sessions=16 "
    "--set hearing.model=embedded --set recording.folder={results}/recordings --set model.base_url={{llm}} "
    "--set model.model=stand-in " + " ".join(f"--set {item}" for item in ONLY_ANSWERS),
)
PEERS = (
    Server(
        name="pipecat",
        about="pipecat 1.14, defaults: Silero, smart-turn, sentences",
        environment="pipecat",
        packages=("pipecat-ai[webrtc,silero,runner,openai]==1.14.0",),
        imports="pipecat, aiortc, openai",
        path="/api/offer",
        health="/healthz",
        command="{python} {bench}/peers/pipecat_bot.py --port {{port}} --llm {{llm}}",
        client=("--datachannel", "chat", "--ping"),
        published_ms=1019,
    ),
    Server(
        name="livekit",
        about="livekit-agents 1.8, defaults, behind a bare WebRTC endpoint",
        environment="livekit",
        packages=(
            "livekit-agents==1.8.9",
            "livekit-plugins-silero==1.8.9",
            "livekit-plugins-openai==1.8.9",
            "aiortc==1.16.0",
        ),
        imports="livekit.agents, livekit.plugins.openai, livekit.plugins.silero, aiortc",
        path="/api/offer",
        health="/healthz",
        command="{python} {bench}/peers/livekit_bot.py --port {{port}} --llm {{llm}}",
        published_ms=1021,
    ),
    Server(
        name="fastrtc",
        about="FastRTC 0.0.34, ReplyOnPause, defaults",
        environment="fastrtc",
        packages=("fastrtc[vad]==0.0.34", "faster-whisper==1.2.1", "onnxruntime", "openai"),
        imports="fastrtc, openai, faster_whisper",
        path="/webrtc/offer",
        health="/healthz",
        command="{python} {bench}/peers/fastrtc_bot.py --port {{port}} --llm {{llm}} --vad-model {vad}",
        client=("--signalling", "fastrtc", "--datachannel", "text", "--video", "none"),
        published_ms=1493,
    ),
)
SERVERS = (EARSHOT, *PEERS)


def command(server: Server, places: Places) -> str:
    """The command line for `run.py`, with its own two holes left open."""
    python = places.python(server.environment) if server.environment else sys.executable
    vad = next(
        iter(places.venvs.glob("fastrtc/lib/python*/site-packages/faster_whisper/assets/silero_vad_v6.onnx")), ""
    )
    return server.command.format(python=python, bench=places.bench, results=places.results, vad=vad)
