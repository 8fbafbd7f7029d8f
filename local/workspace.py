"""Where the Pulumi CLI runs: with its own home and state under `.local/`, on a copy of the project, and in a clean environment."""

import contextlib
import fcntl
import json
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

from local import LocalError, internals, plugins, stackfile
from local.cli import Cli
from local.imports import PreloadedProgram
from local.projects import SYSTEM, Project, folder_of

PASSED_VARIABLES = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TERM", "TMPDIR", "TZ", "USER", "LOGNAME")
"""The only variables of the user's that the CLI, the program, the pack and the provider get: no AWS_*, no PULUMI_*, no proxy."""

internals.report_errors_once()
internals.silence_debug_messages()
internals.omit_stack_traces()

STOP_SECONDS = 20
"""How long an interrupted CLI may take to end: it finishes and records the operations in progress. 1 s on an idle machine."""

_locks: list[int] = []
"""The file descriptors of this process's locks. The CLI inherits them: if it outlives a killed run, it still holds the lock."""


@contextlib.contextmanager
def open_place(place: Path, repo: Path, stack: str, content: Mapping[str, Any], project: Project = SYSTEM) -> Generator[Path]:
    """Prepare the folder that the CLI runs in, with the content of the stack file. It is deleted at the end; the home and state stay.

    Raises:
        LocalError: another run is using the place.
    """
    with _only_run(place):
        # A killed run leaves Pulumi's own lock behind. Ours ends with its process, so here nobody holds the other either.
        locks = place / "state/.pulumi/locks"
        shutil.rmtree(locks, ignore_errors=True)
        shutil.rmtree(place / "home/logs", ignore_errors=True)
        # It may also leave an empty .attrs file next to the state, on which the CLI fails with nothing but `EOF`.
        for attributes in (place / "state/.pulumi/stacks").rglob("*.attrs"):
            if not attributes.stat().st_size:
                attributes.unlink()
        work = place / "work"
        shutil.rmtree(work, ignore_errors=True)
        try:
            (place / "home").mkdir(exist_ok=True)
            (place / "state").mkdir(exist_ok=True)
            plugins.write_pack(work, repo, _copy_project(work, folder_of(project, repo), stack, content))
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)
            shutil.rmtree(locks, ignore_errors=True)


def environment(place: Path, state: Path | None = None) -> dict[str, str]:
    """The whole environment of the CLI and its children. `state`: another folder for the state than the one in `place`."""
    return {
        **{name: os.environ[name] for name in PASSED_VARIABLES if name in os.environ},
        "HOME": str(place / "home"),
        "PULUMI_HOME": str(place / "home"),
        "PULUMI_BACKEND_URL": (state or place / "state").resolve().as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # The state is written once, at the end, not twice for each resource: that is most of what an `up` costs the CLI (docs/speed.md).
        # It protects what a killed run has made, and here that is discarded (lifecycle.py).
        "PULUMI_SKIP_CHECKPOINTS": "true",
        # The CLI's heap of some 30 MB may grow by 400 % between two garbage collections, not by 100 %.
        "GOGC": "400",
        # Never use a real AWS provider from PATH, nor download one.
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


@contextlib.contextmanager
def environment_of_this_process(variables: Mapping[str, str]) -> Generator[None]:
    """Give this process, which runs the program, the clean environment, and restore the old one afterwards."""
    before = dict(os.environ)
    _set_environment(variables)
    try:
        yield
    finally:
        _set_environment(before)


def _set_environment(variables: Mapping[str, str]) -> None:
    """Only what differs is touched: gRPC's threads read variables at any time, and C gives no protection against a change meanwhile."""
    for name in os.environ.keys() - variables.keys():
        del os.environ[name]
    for name, value in variables.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


UNREAD_HISTORY = json.dumps(
    [{"kind": "update", "startTime": "2026-01-01T00:00:00.0Z", "message": "", "environment": {}, "config": {}, "result": "succeeded"}]
)
"""What the Automation API is told of the last command, which it asks the CLI for after each, 0.2 s a time. Nobody reads it."""


class Workspace(automation.LocalWorkspace):
    """An Automation API workspace that reads the state folder instead of calling the CLI, which takes about 0.2 s a call."""

    def __init__(
        self,
        work: Path,
        place: Path,
        cli: Cli,
        program: Callable[[], None],
        variables: Mapping[str, str] | None = None,
        project: Project = SYSTEM,
    ) -> None:
        self._place = place
        self._project = project
        on_start = program.start if isinstance(program, PreloadedProgram) else lambda: None
        super().__init__(
            work_dir=str(work), program=program, pulumi_command=InterruptibleCli(cli, variables or environment(place), on_start)
        )

    def select_stack(self, stack_name: str) -> None:
        """Create the stack if it doesn't exist. Nothing needs to be selected: every command names its stack."""
        if not (self._place / f"state/.pulumi/stacks/{self._project.name}/{stack_name}.json").exists():
            self.create_stack(stack_name)

    def stack_outputs(self, stack_name: str) -> automation.OutputMap:  # noqa: ARG002 (the base class's)
        """Nothing: after an `up` the Automation API starts the CLI for them, twice, and they are in the state."""
        return {}


class InterruptibleCli(automation.PulumiCommand):
    """The CLI, started with exactly the given environment, and stopped when this process is interrupted.

    `on_start` is called as soon as it runs. Called earlier, it would delay the CLI's start.
    """

    # The base class would run the CLI to ask for its version.
    def __init__(self, cli: Cli, variables: Mapping[str, str], on_start: Callable[[], object] = lambda: None) -> None:
        self.command = str(cli.path)
        self.version = VersionInfo.parse(cli.version)
        self._variables = variables
        self._on_start = on_start
        self.killed = False
        """Whether the last command was killed."""

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: automation.OnOutput | None = None,
        on_error: automation.OnOutput | None = None,
    ) -> automation.CommandResult:
        if args[:2] == ["stack", "history"]:
            return automation.CommandResult(UNREAD_HISTORY, "", 0)
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
            start_new_session=True,  # so that Ctrl-C reaches this process only, which then stops the CLI once
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
            self._on_start()
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
            raise LocalError(f"Pulumi was killed ({signal.Signals(-code).name}). Run the same command again.")
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
    """Interrupt the CLI, which stops its plugins; if it doesn't end, or after a second interrupt, kill its whole session."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except BaseException:
        # Pulumi gives each plugin its own process group, so killing the CLI's group would leave them running.
        for pid in _processes():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if os.getsid(pid) == process.pid:
                    os.kill(pid, signal.SIGKILL)
        process.wait()


def _processes() -> list[int]:
    """The ids of all processes. A slim Linux image has no `ps`, and macOS has no /proc."""
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
        raise LocalError(f"{place} can't be written ({error.strerror}), and Pulumi's state is kept there. Make it writable.") from None
    with lock:
        deadline = time.monotonic() + STOP_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                lock.seek(0)
                holder = lock.read().strip()
            if time.monotonic() > deadline or holder in map(str, _processes()):  # otherwise its CLI is still ending
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


def _copy_project(work: Path, folder: Path, stack: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Copy the files that Pulumi writes to, and return the stack's configuration. The program and the rules aren't copied."""
    work.mkdir()
    project = stackfile.parse(folder / "Pulumi.yaml")
    _write_yaml(work / "Pulumi.yaml", {**project, "main": str(folder)})
    # Plain configuration only: a secrets provider, a salt and encrypted values belong to the real backend, and Pulumi would call a real
    # cloud for their key.
    config = {key: value for key, value in content["config"].items() if not _is_encrypted(value)}
    _write_yaml(work / f"Pulumi.{stack}.yaml", {"config": config})
    return config


def _is_encrypted(value: Any) -> bool:
    """Whether a configuration value is, or contains, a secret: `{secure: …}`."""
    if isinstance(value, dict):
        return "secure" in value or any(_is_encrypted(item) for item in cast("dict[str, Any]", value).values())
    return isinstance(value, list) and any(_is_encrypted(item) for item in cast("list[Any]", value))


def _write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(yaml.safe_dump(dict(content), sort_keys=False), encoding="utf-8")
