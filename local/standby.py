"""Starts the provider and the policy pack before the engine asks for them: by then they have imported what they need.

The engine starts the pack when it has read the stack, and the provider when the program asks for it, and waits each time for a Python
process to import its modules. Here they do so beside this process's own imports and the engine's start. The engine starts them as ever:
their starters (local/workspace.py) find in the environment who stands by, and hand over (local/handover.py).

For previews only: a provider that makes things must not end before they are made.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping
from pathlib import Path

VARIABLE = "EVOLUTION_STANDBY"
"""Names, to the starters, the folder of the sockets: one a plugin, `provider` and `pack`."""

ROOT = Path(__file__).resolve().parent.parent

COMMANDS = {"provider": ["-m", "local.provider"], "pack": [str(ROOT / "local/pack.py")]}


class Standby:
    """Plugins that stand by in processes of their own, at sockets in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def variables(self) -> Mapping[str, str]:
        """What the engine's environment needs for its plugins to be found here."""
        return {VARIABLE: str(self._folder)}

    def start(self, name: str) -> None:
        """Start the `provider` or the `pack`."""
        with socket.socket(socket.AF_UNIX) as listener:
            try:
                listener.bind(str(self._folder / name))
            except OSError:  # too long a path, about 100 characters: the engine will start the plugin
                return
            listener.listen(1)
            process = subprocess.Popen(
                [sys.executable, "-u", *COMMANDS[name], "--standby", str(listener.fileno())],
                cwd=ROOT,
                env={},  # the engine will give it its own
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[listener.fileno()],
                start_new_session=True,  # so that Ctrl-C reaches the engine, which ends its plugins
            )
        self._processes.append(process)

    def end(self) -> None:
        """End them all: the engine has gone, or never came."""
        for process in self._processes:
            process.kill()
            process.communicate()


@contextlib.contextmanager
def plugins() -> Generator[Standby]:
    """A place for plugins to stand by in; at the end there is none of them any more."""
    folder = Path(tempfile.mkdtemp(prefix="standby-"))
    ready = Standby(folder)
    try:
        yield ready
    finally:
        ready.end()
        shutil.rmtree(folder, ignore_errors=True)
