"""How a command takes its arguments, prints and ends."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import warnings
from collections.abc import Callable
from typing import NoReturn

from local import LocalError


class Parser(argparse.ArgumentParser):
    """Wrong arguments are one error line and exit code 1, as all bad input."""

    def error(self, message: str) -> NoReturn:
        raise LocalError(f"{message}. Run `{self.prog} --help`.")


def exit_status(run: Callable[[], int | None], when_interrupted: Callable[[], str]) -> int:
    """Run a command and give the exit status: its own or 0, 1 for bad input, 130 when interrupted, of which `when_interrupted` tells."""
    for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # so that every process that was started is stopped
        signal.signal(stop, signal.default_int_handler)
    warnings.filterwarnings("ignore", "Error in event stream")  # after the CLI was killed, which is reported in one line
    try:
        return run() or 0
    except (LocalError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"interrupted: {when_interrupted()}", file=sys.stderr)
        return 130


def note(line: str) -> None:
    """Print a line of the run itself, beside what it is asked for."""
    print(line, file=sys.stderr, flush=True)


def show(line: str) -> None:
    """Print a line of what the command is asked for."""
    with contextlib.suppress(BrokenPipeError):  # the reader, such as `head`, has ended
        print(line, flush=True)
