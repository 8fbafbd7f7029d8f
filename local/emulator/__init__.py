"""The AWS emulator's process: one for each stack, on loopback, in the background, until `make down`.

It runs `serve.py`: ministack, and at the same address Application Auto Scaling, which ministack lacks and the safety switch needs. Because
it executes deployed functions, it has its own virtual environment and a cleaned environment."""

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
"""Relative to `.local`; `local/setup.py --emulator` makes it."""

START_SECONDS = 60
"""It starts in 2 s on an idle machine, and in 20 s on a busy one."""

START_ATTEMPTS = 3
"""Another process may be given the port that was free a moment ago."""

STOP_SECONDS = 20
"""It saves all data before it ends."""

SAVE_ATTEMPTS = 3
"""Saving fails once if a function or a schedule changes data meanwhile."""

_STATE = "state"

_PASSED_VARIABLES = ("PATH", "LANG", "LC_ALL", "TZ")


@dataclass(frozen=True)
class Emulator:
    """A running emulator."""

    pid: int
    port: int
    token: str

    @property
    def endpoint(self) -> str:
        """Its address for every AWS service."""
        return f"http://127.0.0.1:{self.port}"


def folder(place: Path, stack: str) -> Path:
    """The folder of one stack's emulator: its data and its log."""
    return place / "emulator" / stack


def start(place: Path, stack: str, venv: Path) -> Emulator:
    """The stack's emulator, started if it isn't running.

    Args:
        place: the folder of the local cloud's data.
        venv: the emulator's virtual environment.

    Raises:
        LocalError: it isn't installed, or it doesn't start.
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
    """Another process took the port after it was checked."""


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
            start_new_session=True,  # it outlives the command that started it, and a Ctrl-C there
        )
    emulator = Emulator(process.pid, port, token)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(emulator):
            if process.poll() is not None or time.monotonic() > deadline:
                kind = _PortTakenError if "GATEWAY_PORT" in _last_line(home / "log") else LocalError
                raise kind(f"the AWS emulator doesn't start; {home / 'log'} says why{_last_line(home / 'log')}.")
            time.sleep(0.05)
        kept.save(home / "process.json", asdict(emulator))
        (home / _STATE / kept.SAVED).unlink(missing_ok=True)  # from now on there may be unsaved data
    except BaseException:
        process.kill()
        process.wait()
        raise
    process.returncode = 0  # it outlives this process, which Python would warn of
    return emulator


def find(place: Path, stack: str) -> Emulator | None:
    """The stack's emulator, if it is running."""
    emulator = _recorded(place, stack)
    return emulator if emulator and _answers(emulator) else None


def holds_all(place: Path, stack: str) -> bool:
    """Whether no data is lost: the stack's emulator is running, or saved its data before it ended. When killed, it saves nothing."""
    return find(place, stack) is not None or (folder(place, stack) / _STATE / kept.SAVED).exists()


def discard(place: Path, stack: str) -> None:
    """Stop the stack's emulator, if it is running, and delete all its data."""
    stop(place, stack, save=False)
    shutil.rmtree(folder(place, stack), ignore_errors=True)


def stop(place: Path, stack: str, *, save: bool = True) -> bool:
    """Stop the stack's emulator, after it has saved its data if `save` is True, and return whether there was one.

    Raises:
        LocalError: it can't save its data and so keeps running, or it doesn't end.
    """
    emulator = find(place, stack)
    if emulator is None:
        return False
    attempts = (_ask(emulator, kept.SAVE_PATH)["failures"] for _ in range(SAVE_ATTEMPTS if save else 0))
    failures = list(itertools.takewhile(bool, attempts))
    if len(failures) == SAVE_ATTEMPTS:
        raise LocalError(
            f"the AWS emulator of {stack} could not save its data: {failures[-1][0]}. It keeps running, so nothing is lost yet. "
            f"Make room in {folder(place, stack)}, and run `make down` again."
        )
    os.kill(emulator.pid, signal.SIGTERM if save else signal.SIGKILL)  # on SIGTERM it saves once more
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
        **{name: os.environ[name] for name in _PASSED_VARIABLES if name in os.environ},
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "BIND_HOST": "127.0.0.1",  # its own default is every interface
        "GATEWAY_PORT": str(port),
        "PERSIST_STATE": "1",
        "STATE_DIR": str(home / _STATE),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(home / "s3"),
        "LOG_LEVEL": "WARNING",
        "MINISTACK_EDITION": token,  # its health check repeats this, which tells it from any other process on the port
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
    """Whether the process exists. A child that has ended is reaped."""
    with contextlib.suppress(ChildProcessError):
        return os.waitpid(pid, os.WNOHANG) == (0, 0)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _free_port(before: Emulator | None) -> int:
    """The port of its last run, so that its address stays the same; otherwise a free one."""
    for port in (before.port if before else 0, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return probe.getsockname()[1]
    raise LocalError("no port is free on 127.0.0.1 for the AWS emulator. Close what uses them, and run this again.")


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f": {lines[-1]}" if lines else ""
