"""Things that go wrong on purpose: requests that are refused, and processes that are killed in the middle of one."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil

from local.previews import ROOT
from tests.local.conftest import VENV

Fault = str | Callable[[], object]
"""The code with which a request is refused, or what happens after the emulator has done it and before anybody hears of that."""


class Faults:
    """What happens on the way to the emulator: by a part of a request's target or body, how often and what."""

    def __init__(self, *faults: tuple[str, int, Fault]) -> None:
        self._left = {part: times for part, times, _ in faults}
        self._faults = {part: fault for part, _, fault in faults}
        self._lock = threading.Lock()

    def take(self, request: str) -> Fault | None:
        """The fault of one request, which is used up."""
        with self._lock:
            for part, left in self._left.items():
                if part in request and left:
                    self._left[part] -= 1
                    return self._faults[part]
        return None

    @property
    def unused(self) -> list[str]:
        """The parts that too few requests had."""
        return [part for part, left in self._left.items() if left]


@contextmanager
def way_with(faults: Faults, port: int) -> Generator[str]:
    """The endpoint of a proxy before the emulator."""

    class Handler(BaseHTTPRequestHandler):
        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fault = faults.take(f"{self.headers.get('X-Amz-Target')} {body[:200]!r}")
            if isinstance(fault, str):
                status, headers, answer = 400, {"Content-Type": "application/x-amz-json-1.1"}, f'{{"__type": "{fault}"}}'.encode()
            else:
                sent = {name: value for name, value in self.headers.items() if name.lower() not in {"connection", "expect"}}
                url = f"http://127.0.0.1:{port}{self.path}"
                request = urllib.request.Request(url, data=body or None, headers=sent, method=self.command)
                try:
                    with urllib.request.urlopen(request, timeout=60) as there:
                        status, headers, answer = there.status, dict(there.headers), there.read()
                except urllib.error.HTTPError as error:
                    with error:
                        status, headers, answer = error.code, dict(error.headers), error.read()
            if callable(fault):
                fault()
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in {"transfer-encoding", "content-length", "connection", "date", "server"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            with contextlib.suppress(OSError):  # whoever asked may be gone
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _pass  # noqa: N815 (the base class's names)

        def log_message(self, format: str, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


_START = """
import sys
from pathlib import Path
from local import emulator
emulator.start(Path(sys.argv[1]), "dev", Path(sys.argv[2]))
"""


def start_emulator(place: Path) -> None:
    """Start dev's emulator in a process that ends, as for a person: a child that was killed stays a process until its parent has looked."""
    subprocess.run([sys.executable, "-c", _START, str(place), str(VENV)], cwd=ROOT, check=True, timeout=120)


_COMMAND = """
import functools, os, sys
from pathlib import Path
from local import __main__, lifecycle
place, venv, endpoint, repo, *arguments = sys.argv[1:]
lifecycle.Target = functools.partial(lifecycle.Target, place=Path(place), venv=Path(venv), endpoint=endpoint or None, repo=Path(repo))
lifecycle.up = functools.partial(lifecycle.up, pack=False)
os._exit(__main__.main(arguments))
"""


class Command:
    """`python -m local …` for a place and a checkout of a test's, without the policy pack, as a terminal's foreground job that can be
    interrupted and killed."""

    def __init__(self, place: Path, repo: Path, *arguments: str, endpoint: str = "") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _COMMAND, str(place), str(VENV), endpoint, str(repo), *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.started: list[psutil.Process] = []

    def end(self) -> tuple[int, str]:
        """Wait for its end: the exit status, and what it said."""
        said, _ = self._process.communicate(timeout=300)
        return self._process.returncode, said

    def interrupt(self) -> None:
        """Ctrl-C."""
        self._look()
        os.killpg(self._process.pid, signal.SIGINT)

    def kill(self) -> None:
        """Kill this process alone."""
        self._look()
        self._process.kill()

    def kill_started(self, words: str) -> None:
        """Kill what it started, directly or not, by words of the command line."""
        self._look()
        found = [process for process in self.started if words in _command(process)]
        assert found, f"nothing runs that was started with {words}"
        for process in found:
            process.kill()

    @property
    def left(self) -> list[str]:
        """What it started and left behind, but for the emulator."""
        _, alive = psutil.wait_procs(self.started, timeout=60)
        return [command for process in alive if (command := _command(process))]

    def _look(self) -> None:
        found = psutil.Process(self._process.pid).children(recursive=True)
        self.started = [process for process in found if "serve.py" not in _command(process)]


def _command(process: psutil.Process) -> str:
    """Its command line; nothing if it has ended."""
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""
