"""The policy pack's process, which the engine starts by the executable that local/plugins.py writes: `python local/pack.py ENGINE_ADDRESS`.

It must end with its engine: one that was killed can't end it.
"""

import gc
import os
import runpy
import signal
import sys
import threading
import time


def _end_at_once(*_: object) -> None:
    """The engine waits for its plugins to end, and Python takes 0.1 s to put away what needs no putting away."""
    os._exit(0)


def _end_with_the_engine() -> None:
    engine = os.getppid()
    while os.getppid() == engine:
        time.sleep(1)
    os._exit(1)


if __name__ == "__main__":
    gc.set_threshold(100_000)  # importing leaves no garbage, and judging little
    signal.signal(signal.SIGINT, _end_at_once)
    threading.Thread(target=_end_with_the_engine, daemon=True).start()
    sys.path.pop(0)  # this folder: none of its modules may pass for the pack's
    sys.argv.append(".")
    runpy.run_module("pulumi.policy", run_name="__main__", alter_sys=True)
