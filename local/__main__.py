"""`python -m local preview`: the engine's plan for one stack, on the embedded cloud."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import time
from typing import NoReturn

from local import LocalError


class _Parser(argparse.ArgumentParser):
    """Wrong arguments are one error line and exit 1, as every other bad input is."""

    def error(self, message: str) -> NoReturn:
        raise LocalError(f"{message}. Run `python -m local --help`.")


def main(arguments: list[str]) -> int:
    """Run one command and give the exit status: 0, 1 for bad input or a refused plan, 130 when interrupted."""
    start = time.monotonic()
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))  # so that whatever was started is ended and cleaned up
    try:
        options = _parse(arguments)
        from local import engine  # 0.4 s to import: not for a wrong argument

        plan = engine.preview(
            options.stack,
            image=options.image or None,
            pack=options.pack,
            color=sys.stdout.isatty(),
            on_output=_show,
            on_note=lambda line: print(line, file=sys.stderr, flush=True),
        )
    except (LocalError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: nothing was left running", file=sys.stderr)
        return 130
    verdict = f"{len(plan.resources)} resources planned" if plan.succeeded else "refused"
    packs = "no policy pack" if not options.pack else f"{len(plan.violations)} violations of the policy pack"
    _show(f"{options.stack}: {verdict}, {packs}, {time.monotonic() - start:.1f} s")
    return 0 if plan.succeeded else 1


def _show(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # the reader, such as `head`, has seen enough
        print(line, flush=True)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = _Parser(prog="python -m local", description="The real Pulumi engine on an embedded cloud: no account, no credentials.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="preview")
    preview = commands.add_parser("preview", help="show what a deployment would make, checked by the policy pack")
    preview.add_argument("--stack", default="dev", help="which Pulumi.<stack>.yaml to preview (default: dev)")
    preview.add_argument("--image", help="the engine image's digest, sha256:…, or `none` for a first deployment")
    preview.add_argument("--no-pack", dest="pack", action="store_false", help="without the policy pack")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    status = main(sys.argv[1:])
    # Not sys.exit: a program that was waiting for the engine when that failed waits on, and would keep the process alive.
    os._exit(status)
