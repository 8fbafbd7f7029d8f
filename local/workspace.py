"""Where the engine runs: its own home and state under `.local/`, a copy of the project to work on, and a clean environment."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import IO, Any, cast

import yaml
from pulumi import automation
from pulumi.automation.errors import create_command_error
from semver import VersionInfo

from components.environment import PROJECT
from local import LocalError, internals, plugins, stackfile
from local.cli import Cli
from local.imports import Ahead

KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TERM", "TMPDIR", "TZ", "USER", "LOGNAME")
"""All that the engine, the program, the pack and the provider see of the user's environment: no AWS_*, no PULUMI_*, no proxy."""

internals.say_errors_once()
internals.silence_debug_messages()

STOP_SECONDS = 20
"""How long an interrupted engine gets to end by itself: it waits for what it has begun, and records it. 1 s on an idle machine."""

_locks: list[int] = []
"""What holds this process's places. The engine inherits it: one that outlives a killed run still keeps others out until it ends."""


@contextlib.contextmanager
def open_place(place: Path, repo: Path, stack: str, content: Mapping[str, Any]) -> Generator[Path]:
    """Lay out what the engine needs and give the folder to run it in, which is removed at the end.

    Args:
        place: the folder that keeps the engine's home and state from run to run.
        repo: the checkout.
        stack: the stack's name.
        content: the stack file's content.

    Raises:
        LocalError: another run is using the place.
    """
    with _only_run(place):
        # A killed run leaves the engine's own lock; ours, which the system drops with the process, shows that nobody holds it.
        locks = place / "state/.pulumi/locks"
        shutil.rmtree(locks, ignore_errors=True)
        shutil.rmtree(place / "home/logs", ignore_errors=True)
        # It may also leave the description beside its record empty, which is then read, and all that is said is EOF.
        for described in (place / "state/.pulumi/stacks").rglob("*.attrs"):
            if not described.stat().st_size:
                described.unlink()
        work = place / "work"
        shutil.rmtree(work, ignore_errors=True)
        try:
            (place / "home").mkdir(exist_ok=True)
            (place / "state").mkdir(exist_ok=True)
            plugins.write_pack(work, repo, _copy_project(work, repo, stack, content))
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)
            shutil.rmtree(locks, ignore_errors=True)


def environment(place: Path, state: Path | None = None) -> dict[str, str]:
    """The whole environment of the engine and of all that it starts.

    Args:
        place: the folder that keeps the engine's home and state.
        state: stands for the place's state.
    """
    return {
        **{name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ},
        "HOME": str(place / "home"),
        "PULUMI_HOME": str(place / "home"),
        "PULUMI_BACKEND_URL": (state or place / "state").resolve().as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # The engine's collector may let its heap of some 30 MB grow fourfold, not twofold, between two looks at it.
        "GOGC": "400",
        # A real AWS provider on PATH, or one that the engine would download, must never stand in for the stand-in.
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


@contextlib.contextmanager
def environment_of_this_process(variables: Mapping[str, str]) -> Generator[None]:
    """The program runs in this process: give it the clean environment, and put the old one back afterwards."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class Workspace(automation.LocalWorkspace):
    """An Automation API workspace that doesn't ask the CLI what a look at the state folder answers (about 0.2 s a question)."""

    def __init__(self, work: Path, place: Path, cli: Cli, program: Callable[[], None], variables: Mapping[str, str] | None = None) -> None:
        self._place = place
        beside = program.start if isinstance(program, Ahead) else lambda: None
        super().__init__(work_dir=str(work), program=program, pulumi_command=InterruptibleCli(cli, variables or environment(place), beside))

    def select_stack(self, stack_name: str) -> None:
        """Make the stack if it isn't there. Selecting is for people: every command names its stack."""
        if not (self._place / f"state/.pulumi/stacks/{PROJECT}/{stack_name}.json").exists():
            self.create_stack(stack_name)


class InterruptibleCli(automation.PulumiCommand):
    """The CLI, started with the given environment alone, and stopped when this process is interrupted.

    `beside` is called when it runs, and not before: what it begins would keep this process from starting the CLI.
    """

    # The parent's would run the CLI to learn its version.
    def __init__(self, cli: Cli, variables: Mapping[str, str], beside: Callable[[], object] = lambda: None) -> None:
        self.command = str(cli.path)
        self.version = VersionInfo.parse(cli.version)
        self._variables = variables
        self._beside = beside
        self.killed = False
        """Whether the last command didn't end by itself."""

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: automation.OnOutput | None = None,
        on_error: automation.OnOutput | None = None,
    ) -> automation.CommandResult:
        process = subprocess.Popen(
            [self.command, "--non-interactive", *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env={**self._variables, **additional_env, "PULUMI_AUTOMATION_API": "true"},
            encoding="utf-8",
            errors="replace",
            pass_fds=_locks,
            start_new_session=True,  # so that Ctrl-C reaches this process alone, which then stops the engine once
        )
        assert process.stdout
        assert process.stderr
        lines: tuple[list[str], list[str]] = ([], [])
        readers = [
            threading.Thread(target=_read, args=(process.stdout, lines[0], on_output)),
            threading.Thread(target=_read, args=(process.stderr, lines[1], on_error)),
        ]
        for reader in readers:
            reader.start()
        try:
            self._beside()
            code = process.wait()
        except BaseException:
            _stop(process)
            raise
        finally:
            self.killed = (process.returncode or 0) < 0
            for reader in readers:
                reader.join()
        result = automation.CommandResult("\n".join(lines[0]), "\n".join(lines[1]), code)
        if code < 0:
            raise LocalError(f"the engine was killed ({signal.Signals(-code).name}). Run the same command again.")
        if code:
            raise create_command_error(result)
        return result


def _read(stream: IO[str], lines: list[str], callback: automation.OnOutput | None) -> None:
    with stream:
        for line in stream:
            lines.append(line.rstrip())
            if callback:
                callback(lines[-1])


def _stop(process: subprocess.Popen[str]) -> None:
    """Ask the engine to end, which ends its plugins; if it doesn't, or when interrupted once more, end its whole session."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except BaseException:
        # The engine gives each plugin a process group, so that killing its own would leave them.
        for pid in _processes():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if os.getsid(pid) == process.pid:
                    os.kill(pid, signal.SIGKILL)
        process.wait()


def _processes() -> list[int]:
    """Every process of the machine. A slim Linux image has no `ps`, and macOS no /proc."""
    if Path("/proc/self").exists():
        return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    listed = subprocess.run(["ps", "-axo", "pid="], capture_output=True, text=True, check=True)
    return [int(pid) for pid in listed.stdout.split()]


@contextlib.contextmanager
def _only_run(place: Path) -> Generator[None]:
    try:
        place.mkdir(parents=True, exist_ok=True)
        lock = (place / "lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise LocalError(f"{place} can't be written ({error.strerror}), and the engine keeps its state there. Make it writable.") from None
    with lock:
        deadline = time.monotonic() + STOP_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                lock.seek(0)
                holder = lock.read().strip()
            if time.monotonic() > deadline or holder in map(str, _processes()):  # else its engine is still ending
                raise LocalError(
                    f"another local run (process {holder or 'unknown'}) is using {place}. Wait until it has finished, or stop it."
                )
            time.sleep(0.1)
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        _locks.append(lock.fileno())
        try:
            yield
        finally:
            _locks.remove(lock.fileno())


def _copy_project(work: Path, repo: Path, stack: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Copy what the engine writes to, and give the stack's configuration; the program and the rules stay where they are."""
    work.mkdir()
    project = stackfile.parse(repo / "Pulumi.yaml")
    _write_yaml(work / "Pulumi.yaml", {**project, "main": str(repo)})
    # Only plain configuration: the rest (a secrets provider, a salt, encrypted values) belongs to the backend where the stack is deployed,
    # and would have the engine ask a real cloud for a key.
    config = {key: value for key, value in content["config"].items() if not _is_encrypted(value)}
    _write_yaml(work / f"Pulumi.{stack}.yaml", {"config": config})
    return config


def _is_encrypted(value: Any) -> bool:
    """Whether a configuration value is, or holds, a secret: `{secure: …}`."""
    if isinstance(value, dict):
        return "secure" in value or any(_is_encrypted(item) for item in cast("dict[str, Any]", value).values())
    return isinstance(value, list) and any(_is_encrypted(item) for item in cast("list[Any]", value))


def _write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(yaml.safe_dump(dict(content), sort_keys=False), encoding="utf-8")
