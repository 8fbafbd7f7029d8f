"""The policy pack's process: `python local/pack.py ENGINE_ADDRESS`. Pulumi starts it through the executable that local/plugins.py writes.

It must end when Pulumi ends: a CLI that was killed can't stop it.
"""

import gc
import os
import runpy
import signal
import sys
import threading
import time


def _end_at_once(*_: object) -> None:
    """Skip Python's own shutdown, which takes 0.1 s: Pulumi waits for its plugins to end."""
    os._exit(0)


def _end_with_the_cli() -> None:
    cli = os.getppid()
    while os.getppid() == cli:
        time.sleep(1)
    os._exit(1)


if __name__ == "__main__":
    gc.set_threshold(100_000)  # importing leaves no garbage, and the rules little
    signal.signal(signal.SIGINT, _end_at_once)
    threading.Thread(target=_end_with_the_cli, daemon=True).start()
    sys.path.pop(0)  # this folder: its modules must not shadow the pack's
    sys.argv.append(".")
    runpy.run_module("pulumi.policy", run_name="__main__", alter_sys=True)
