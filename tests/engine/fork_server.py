"""Workers on demand: imports the engine once and forks, so that a killed worker is replaced in a moment. One line on stdin, one worker."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from engine.__main__ import main


def serve(log: Path) -> None:
    """Fork a worker for each line, and answer with its process id."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(output, 1)
            os.dup2(output, 2)
            os._exit(main(["engine"]))
        print(pid, flush=True)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
