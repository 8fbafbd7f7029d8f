"""The AWS emulator's process: one a stack, on loopback, in the background, until `make down`.

`serve.py` is what runs: ministack, and at the same address what ministack lacks and the safety switch can't do without. It has a virtual
environment of its own and a cleaned environment, because it executes the functions that are deployed to it.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from local import LocalError
from local.emulator import kept

VENV = Path("emulator/venv")
"""Below `.local`; local/setup.py --emulator makes it."""

START_SECONDS = 30
"""It is up in 2 s on an idle machine."""

START_ATTEMPTS = 3
"""Whatever asks somebody for something on this machine may be given the port that was free a moment ago."""

STOP_SECONDS = 20
"""It saves everything before it ends."""

SAVE_ATTEMPTS = 3
"""What a function or a schedule changes while it is being saved fails to be saved, once."""

_STATE = "state"

_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TZ")

_started: list[subprocess.Popen[bytes]] = []
"""Children that are meant to outlive this process; Python complains of those that nobody holds."""


@dataclass(frozen=True)
class Emulator:
    """An emulator that runs."""

    pid: int
    port: int
    token: str

    @property
    def endpoint(self) -> str:
        """Its address for every AWS service."""
        return f"http://127.0.0.1:{self.port}"


def folder(place: Path, stack: str) -> Path:
    """Where one stack's emulator keeps its data and its log."""
    return place / "emulator" / stack


def start(place: Path, stack: str, venv: Path) -> Emulator:
    """The stack's emulator, started if it isn't running.

    Args:
        place: the folder that keeps the local cloud's things.
        stack: the stack's name.
        venv: the emulator's virtual environment.

    Raises:
        LocalError: it isn't installed, or it doesn't come up.
    """
    running = find(place, stack)
    if running:
        return running
    python = venv / "bin/python"
    if not python.exists():
        raise LocalError(f"the AWS emulator isn't installed in {venv}. Run `make up`, which installs it.")
    home = folder(place, stack)
    home.mkdir(parents=True, exist_ok=True)
    before = _recorded(place, stack)
    for _ in range(START_ATTEMPTS - 1):
        with contextlib.suppress(_PortTakenError):
            return _started_at(home, python, _free_port(before))
        before = None
    return _started_at(home, python, _free_port(before))


class _PortTakenError(LocalError):
    """Somebody took the port between the look and the start."""


def _started_at(home: Path, python: Path, port: int) -> Emulator:
    token = uuid.uuid4().hex
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            [str(python), str(Path(__file__).parent / "serve.py")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=home,
            env=_environment(home, port, token),
            start_new_session=True,  # it outlives the command that started it, and its Ctrl-C
        )
    emulator = Emulator(process.pid, port, token)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(emulator):
            if process.poll() is not None or time.monotonic() > deadline:
                kind = _PortTakenError if "GATEWAY_PORT" in _last_line(home / "log") else LocalError
                raise kind(f"the AWS emulator doesn't come up; {home / 'log'} says why{_last_line(home / 'log')}.")
            time.sleep(0.05)
        kept.save(home / "process.json", asdict(emulator))
        (home / _STATE / kept.SAVED).unlink(missing_ok=True)  # from now on it may hold more
    except BaseException:
        process.kill()
        process.wait()
        raise
    _started.append(process)
    return emulator


def find(place: Path, stack: str) -> Emulator | None:
    """The stack's emulator, if it runs."""
    emulator = _recorded(place, stack)
    return emulator if emulator and _answers(emulator) else None


def holds_all(place: Path, stack: str) -> bool:
    """Whether the stack's emulator runs, or saved what it held when it ended: it saves nothing when it is killed."""
    return find(place, stack) is not None or (folder(place, stack) / _STATE / kept.SAVED).exists()


def discard(place: Path, stack: str) -> None:
    """End the stack's emulator, if it runs, and remove all that it holds or has kept."""
    stop(place, stack, save=False)
    shutil.rmtree(folder(place, stack), ignore_errors=True)


def stop(place: Path, stack: str, *, save: bool = True) -> bool:
    """End the stack's emulator, which saves what it holds; whether there was one.

    Args:
        place: the folder that keeps the local cloud's things.
        stack: the stack's name.
        save: have it save what it holds. Otherwise that is gone.

    Raises:
        LocalError: it can't save what it holds, and so goes on, or it doesn't end.
    """
    emulator = find(place, stack)
    if emulator is None:
        return False
    attempts = (_ask(emulator, kept.SAVE_PATH)["failures"] for _ in range(SAVE_ATTEMPTS if save else 0))
    failures = list(itertools.takewhile(bool, attempts))
    if len(failures) == SAVE_ATTEMPTS:
        raise LocalError(
            f"the AWS emulator of {stack} could not save what it holds: {failures[-1][0]}. It goes on running, so nothing is lost yet. "
            f"Make room in {folder(place, stack)}, and run `make down` again."
        )
    os.kill(emulator.pid, signal.SIGTERM if save else signal.SIGKILL)  # it saves once more on SIGTERM, and only then
    deadline = time.monotonic() + STOP_SECONDS
    while _runs(emulator.pid):
        if time.monotonic() > deadline:
            raise LocalError(f"the AWS emulator of {stack} (process {emulator.pid}) is still saving after {STOP_SECONDS} s. Wait for it.")
        time.sleep(0.05)
    return True


def stacks(place: Path) -> list[str]:
    """The stacks that have, or had, an emulator."""
    return sorted(path.parent.name for path in place.glob("emulator/*/process.json"))


def _environment(home: Path, port: int, token: str) -> dict[str, str]:
    """All that it sees, and so all that the functions see which it executes."""
    temporary = home / "tmp"
    temporary.mkdir(exist_ok=True)
    return {
        **{name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ},
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "BIND_HOST": "127.0.0.1",  # its own default is every interface
        "GATEWAY_PORT": str(port),
        "PERSIST_STATE": "1",
        "STATE_DIR": str(home / _STATE),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(home / "s3"),
        "LOG_LEVEL": "WARNING",
        "MINISTACK_EDITION": token,  # its health answer repeats this: nothing else on this port does
    }


def _recorded(place: Path, stack: str) -> Emulator | None:
    try:
        return Emulator(**json.loads((folder(place, stack) / "process.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _answers(emulator: Emulator) -> bool:
    try:
        return _ask(emulator, "/_ministack/health", 5).get("edition") == emulator.token
    except (OSError, ValueError):
        return False


def _ask(emulator: Emulator, path: str, seconds: float = STOP_SECONDS) -> dict[str, Any]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{emulator.endpoint}{path}", timeout=seconds) as answer:
        return json.load(answer)


def _runs(pid: int) -> bool:
    """Whether the process is there; the child of this one is cleared away when it has ended."""
    with contextlib.suppress(ChildProcessError):
        return os.waitpid(pid, os.WNOHANG) == (0, 0)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _free_port(before: Emulator | None) -> int:
    """The port that it had, so that addresses stay as they were; else one that nobody uses."""
    for port in (before.port if before else 0, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return probe.getsockname()[1]
    raise LocalError("no port is free on 127.0.0.1 for the AWS emulator. Close what uses them, and run this again.")


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f": {lines[-1]}" if lines else ""
