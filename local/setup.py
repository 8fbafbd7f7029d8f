"""Makes the checkout's virtual environments, once: `python3 local/setup.py [--dev] [--emulator] [--engine] [--go] [--cdk]`.

Standard library only, and written so that an old Python 3 reads it far enough to say what it lacks.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

MINIMUM_PYTHON = (3, 11)
"""pyproject.toml's requires-python."""

ENVIRONMENTS = {
    "": (".venv", ("requirements.txt",), "a minute"),
    # A superset of the other file, pinned to the same versions (`make lock`): it holds that one too.
    "--dev": (".venv", ("requirements.txt", "requirements-dev.txt"), "a minute"),
    # What the engine's image holds, and nothing else.
    "--engine": (".local/engine/venv", ("engine/requirements.txt",), "20 s"),
    # Apart from the others: the emulator executes code, and its pins are its own.
    "--emulator": (".local/emulator/venv", ("local/emulator/requirements.txt",), "20 s"),
    # For `make check` on a machine that has no Go of its own.
    "--go": (".local/go/venv", ("local/pulumi-cli/go-requirements.txt",), "20 s"),
    # What `make bench-cdk` compares a preview with.
    "--cdk": (".local/cdk/venv", ("tests/cdk/requirements.txt",), "a minute"),
}
"""What can be set up, by argument: the virtual environment, the requirements of which the last holds them all, and how long it takes."""

MISLEADING_VARIABLES = ("PIP_PREFIX", "PIP_TARGET", "PIP_USER", "PYTHONHOME", "PYTHONPATH")
"""Would make pip install elsewhere, or take for installed what is elsewhere."""


class SetupError(Exception):
    """The environment can't be made; the message says what to do."""


def set_up(root: Path, what: str) -> None:
    """Make one virtual environment of `root`, or bring it up to date; at once if there is nothing to do.

    Raises:
        SetupError: it can't be made. What was begun is removed.
    """
    if sys.version_info < MINIMUM_PYTHON:
        raise SetupError(
            "Python {}.{} or newer is needed, and {} is {}. Run make with PYTHON=<a newer python3>.".format(
                *MINIMUM_PYTHON, sys.executable, sys.version.split()[0]
            )
        )
    name, requirements, duration = ENVIRONMENTS[what]
    venv = root / name
    if is_ready(root, what):
        return
    venv.parent.mkdir(parents=True, exist_ok=True)
    with alone(Path(str(venv) + ".lock")):
        if is_ready(root, what):  # another set-up has made it while this one waited
            return
        unfinished = venv / ".unfinished"
        if unfinished.exists() or not (venv / "bin/python").exists():  # of a killed set-up, or the Python it was made with is gone
            shutil.rmtree(str(venv), ignore_errors=True)
        new = not venv.exists()
        start = time.time()
        say(f"setting up {name}: about {duration}, once")
        try:
            if new:
                python = [sys.executable, "-m", "venv", str(venv)]
                run(python, "the virtual environment can't be made", "Install your system's python3-venv")
            unfinished.touch()
            # pip compiles to bytecode: without it every preview would spend 4 s more on imports.
            pip = [str(venv / "bin/python"), "-m", "pip", "install", "--quiet", "--no-input", "--compile", "--disable-pip-version-check"]
            run(
                [*pip, "--require-hashes", "-r", str(root / requirements[-1])],
                requirements[-1] + " can't be installed",
                "Check that the Python package index can be reached",
            )
            (venv / ".stamp").write_text("\n".join(stamps(root, what)), encoding="utf-8")
            unfinished.unlink()
        except BaseException:
            if new:
                shutil.rmtree(str(venv), ignore_errors=True)
            raise
        say(f"set up in {time.time() - start:.0f} s")


def is_ready(root: Path, what: str) -> bool:
    """Whether the virtual environment was made from the requirements as they are now."""
    venv = root / ENVIRONMENTS[what][0]
    try:
        made_from = (venv / ".stamp").read_text(encoding="utf-8").split("\n")
    except OSError:
        return False
    return (venv / "bin/python").exists() and set(stamps(root, what)) <= set(made_from)


def stamps(root: Path, what: str) -> "list[str]":
    """The hashes of the requirements that a set-up installs."""
    return [name + " " + hashlib.sha256((root / name).read_bytes()).hexdigest() for name in ENVIRONMENTS[what][1]]


@contextlib.contextmanager
def alone(path: Path) -> "Generator[None]":
    """Hold the lock file, waiting for another set-up to finish."""
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up is running: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(command: "list[str]", what: str, remedy: str) -> None:
    """Run one command to its end; raise SetupError with the last line that it wrote if it fails."""
    environment = {name: value for name, value in os.environ.items() if name not in MISLEADING_VARIABLES}
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        output = process.communicate()[0].decode("utf-8", "replace")
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    if process.returncode:
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("ERROR")] or lines or ["exit status " + str(process.returncode)]
        raise SetupError(f"{what}: {errors[-1]} {remedy}, and run this again.")


def say(line: str) -> None:
    """Tell the person who waits."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def main(arguments: "list[str]") -> int:
    """Set up and give the exit status."""
    for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # so that whatever was started is ended and cleaned up
        signal.signal(stop, signal.default_int_handler)
    if any(argument not in ENVIRONMENTS for argument in arguments):
        say("error: the only arguments are " + ", ".join(filter(None, ENVIRONMENTS)) + ".")
        return 1
    try:
        for what in arguments or [""]:
            set_up(ROOT, what)
    except SetupError as error:
        say("error: " + str(error))
        return 1
    except OSError as error:
        say(f"error: {error}. The checkout must be writable to hold its .venv.")
        return 1
    except KeyboardInterrupt:
        say("interrupted: what was begun has been removed")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
