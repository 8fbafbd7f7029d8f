"""`python -m report`: one stack's preview, written down for a reviewer (make report)."""

from __future__ import annotations

import os
import sys
import time

from local.terminal import Parser, exit_status, note, show


def main(arguments: list[str]) -> int:
    """Write the report and give the exit status: 0, 1 for bad input or a refused plan, 130 when interrupted."""
    return exit_status(lambda: _report(arguments), lambda: "nothing was left running")


def _report(arguments: list[str]) -> int:
    start = time.monotonic()
    parser = Parser(prog="python -m report", description="A preview as a page for a reviewer and a summary for a pull request.")
    parser.add_argument("--stack", default="dev", help="which Pulumi.<stack>.yaml is meant (default: dev)")
    parser.add_argument("--image", help="the engine image's digest, sha256:…, or `none` for a first deployment")
    parser.add_argument("--base", help="a commit or branch whose own preview the changes are counted from")
    options = parser.parse_args(arguments)
    from report.write import write  # 0.4 s to import, which a wrong argument needn't cost

    written = write(options.stack, image=options.image or None, base=options.base or None, on_note=note)
    show(f"{options.stack}: {written.verdict} {time.monotonic() - start:.1f} s")
    show(f"  for a browser: {written.page}")
    show(f"  for a pull request: {written.summary}")
    return 0 if written.succeeded else 1


if __name__ == "__main__":
    status = main(sys.argv[1:])
    os._exit(status)  # see local/__main__.py
