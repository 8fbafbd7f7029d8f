"""Starts a Python policy pack where the CLI comes without its language host: `python local/pack.py ENGINE_ADDRESS FOLDER`, or
`python local/pack.py --standby SOCKET` to be started later (local/standby.py).

A process of its own: an engine that was killed takes the provider with it, and must take the pack too.
"""

import gc
import os
import runpy
import signal
import sys
import threading
import time


def _end_with_the_engine() -> None:
    engine = os.getppid()
    while os.getppid() == engine:
        time.sleep(1)
    os._exit(1)


if __name__ == "__main__":
    gc.set_threshold(100_000)  # importing leaves no garbage, and judging little
    import handover

    signal.signal(signal.SIGINT, handover.end_at_once)
    sys.path.pop(0)  # this folder: none of its modules may pass for the pack's
    if sys.argv[1:2] == ["--standby"]:
        import pulumi_policy  # noqa: F401  # pyright: ignore[reportUnusedImport] (most of a pack's start)

        handover.take(int(sys.argv[2]))
    threading.Thread(target=_end_with_the_engine, daemon=True).start()
    runpy.run_module("pulumi.policy", run_name="__main__", alter_sys=True)
