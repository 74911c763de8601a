"""Rerun's viewer for one file, in a browser of this machine, reachable from nowhere else and reaching nothing else.

Left to itself the viewer listens on every interface and reports its use, and its page reports too, loads fonts and asks
for news from the Internet. So its server is bound to 127.0.0.1 and told to report nothing (it takes `CI` for that), and
its page is handed on by a small server of ours under a policy that lets the browser talk to these two and to nobody
else.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO
from urllib.parse import quote

from recordings.session import RecordingError

LOOPBACK = "127.0.0.1"
START_S = 30  # a cold disk reads 300 MB of viewer first
PASSED_ON = ("Content-Type", "Content-Encoding", "Content-Length")
OUTWARD = re.compile(rb"<link\b[^>]*https?://[^>]*>", re.I)  # fonts; a browser looks their host up whatever the policy


def command(rrd: Path, page_port: int, data_port: int) -> list[str]:
    """What is run: the viewer's own server, on the loopback interface, with this file."""
    ports = ["--web-viewer-port", str(page_port), "--port", str(data_port)]
    return [sys.executable, "-m", "rerun_cli", "--serve-web", "--bind", LOOPBACK, *ports, str(rrd.resolve())]


def environment(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """Its environment: ours, without usage reports, and quiet."""
    known = dict(os.environ if env is None else env)
    known.pop("FORCE_RERUN_ANALYTICS", None)
    return {**known, "CI": "1", "RUST_LOG": "warn"}


def policy(data_port: int) -> str:
    """What the page may reach: its own origin and the data. https://www.w3.org/TR/CSP3/"""
    return (
        "default-src 'self' data: blob: 'unsafe-inline' 'wasm-unsafe-eval'; "
        f"connect-src 'self' data: blob: http://{LOOPBACK}:{data_port}; base-uri 'none'; form-action 'none'"
    )


def serve(rrd: Path) -> int:
    """Serve until interrupted; the exit code. Raises RecordingError if the viewer does not start."""
    page_port, data_port = _free_port(), _free_port()
    # A session of its own: the command is a small program that starts the real one, and both must end.
    viewer = subprocess.Popen(command(rrd, page_port, data_port), env=environment(), start_new_session=True)
    try:
        _wait(viewer, page_port)
        page = page_server(page_port, data_port)
        threading.Thread(target=page.serve_forever, name="rerun-page", daemon=True).start()
        data = quote(f"rerun+http://{LOOPBACK}:{data_port}/proxy", safe="")
        print(f"Rerun shows it on http://{LOOPBACK}:{page.server_port}/?url={data}\nCtrl-C ends it.", flush=True)
        return viewer.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(viewer.pid, signal.SIGTERM)
        viewer.wait()


def page_server(page_port: int, data_port: int) -> ThreadingHTTPServer:
    """Hands on what the viewer's page server at `page_port` gives, under our policy; on a free port of 127.0.0.1."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers.get("Host") not in (f"{LOOPBACK}:{server.server_port}", f"localhost:{server.server_port}"):
                self.send_error(403)  # another site that has a name of its own point here
                return
            source = http.client.HTTPConnection(LOOPBACK, page_port, timeout=START_S)
            try:
                source.request("GET", self.path)
                self._hand_on(source.getresponse())
            finally:
                source.close()

        def _hand_on(self, answer: http.client.HTTPResponse) -> None:
            headers = {name: value for name in PASSED_ON if (value := answer.getheader(name)) is not None}
            body: IO[bytes] = answer
            if headers.get("Content-Type", "").startswith("text/html"):
                html = OUTWARD.sub(b"", answer.read())
                headers["Content-Length"], body = str(len(html)), io.BytesIO(html)
            self.send_response(answer.status)
            for name, value in {**headers, "Content-Security-Policy": policy(data_port)}.items():
                self.send_header(name, value)
            self.end_headers()
            shutil.copyfileobj(body, self.wfile)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer((LOOPBACK, 0), Page)  # the port is known from here on, and Page asks for it later
    return server


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _wait(viewer: subprocess.Popen[bytes], port: int) -> None:
    """Until the viewer listens."""
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if viewer.poll() is not None:
            raise RecordingError(f"Rerun's viewer ended with code {viewer.returncode}; `rerun` on the .rrd tells more.")
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        time.sleep(0.05)
    raise RecordingError(f"Rerun's viewer did not start within {START_S} s; `rerun` on the .rrd tells more.")
