"""Where the engine runs: its own home and state under `.local/`, a copy of the project to work on, and a clean environment."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, cast

import pulumi
import yaml
from pulumi import automation
from pulumi.automation import _stack as automation_stack  # pyright: ignore[reportPrivateUsage] (see LanguageServer)
from pulumi.automation._server import LanguageServer as SdkLanguageServer
from pulumi.automation.errors import create_command_error
from semver import VersionInfo

from components.environment import PROJECT
from local import LocalError, stackfile, standby
from local.cli import Cli
from local.imports import Ahead
from local.provider.cloud import ENDPOINT_VARIABLE

KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TERM", "TMPDIR", "TZ", "USER", "LOGNAME")
"""All that the engine, the program, the pack and the provider see of the user's environment: no AWS_*, no PULUMI_*, no proxy."""

STOP_SECONDS = 20
"""How long an interrupted engine gets to end by itself: it waits for what it has begun, and records it. 1 s on an idle machine."""

ANALYZER = "analyzer-policy-python-v1.0.0"
"""The plugin that starts a Python pack where the CLI comes without its language host. The engine asks for no particular version."""


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
            _install_plugins(place / "home/plugins", repo)
            (place / "state").mkdir(exist_ok=True)
            _copy_project(work, repo, stack, content)
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)
            shutil.rmtree(locks, ignore_errors=True)


def environment(place: Path, endpoint: str | None = None, state: Path | None = None) -> dict[str, str]:
    """The whole environment of the engine and of all that it starts.

    Args:
        place: the folder that keeps the engine's home and state.
        endpoint: the emulator that the provider makes things in. Default: it makes nothing.
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
        **({ENDPOINT_VARIABLE: endpoint} if endpoint else {}),
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
        super().__init__(work_dir=str(work), program=program, pulumi_command=Command(cli, variables or environment(place), beside))

    def select_stack(self, stack_name: str) -> None:
        """Make the stack if it isn't there. Selecting is for people: every command names its stack."""
        if not (self._place / f"state/.pulumi/stacks/{PROJECT}/{stack_name}.json").exists():
            self.create_stack(stack_name)


class Command(automation.PulumiCommand):
    """The CLI, started with the given environment alone, and stopped when this process is interrupted.

    `beside` is called when it runs, and not before: what it begins would keep this process from starting the CLI.
    """

    # The parent's would run the CLI to learn its version.
    def __init__(self, cli: Cli, variables: Mapping[str, str], beside: Callable[[], object] = lambda: None) -> None:
        self.command = str(cli.path)
        self.version = VersionInfo.parse(cli.version)
        self._variables = variables
        self._beside = beside

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
            for reader in readers:
                reader.join()
        result = automation.CommandResult("\n".join(lines[0]), "\n".join(lines[1]), code)
        if code < 0:
            raise LocalError(f"the engine was killed ({signal.Signals(-code).name}). What it recorded is kept; run the same command again.")
        if code:
            raise create_command_error(result)
        return result


class LanguageServer(SdkLanguageServer):
    """Tells the engine that a failed program has already said why, as the language host does; the SDK's server has it said twice."""

    def Run(self, request: Any, context: Any) -> Any:  # noqa: N802 (the protocol's name)
        result = super().Run(request, context)  # pyright: ignore[reportUnknownMemberType] (the SDK leaves it untyped)
        if result.error:
            result.error = ""
            result.bail = True
        return result


# The Automation API takes no server of one's own. tests/local/test_engine.py holds that an error is shown once.
automation_stack.LanguageServer = LanguageServer  # pyright: ignore[reportPrivateImportUsage]


def _unheard(*_: object, **__: object) -> None:
    """In the place of `pulumi.log.debug`: the SDK tells the engine some five things a resource, and waits for it to hear each one out."""


# Only `--debug` shows them, which nothing here asks for. tests/local/test_engine.py holds that everything else is still heard.
pulumi.log.debug = _unheard


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


def _install_plugins(plugins: Path, repo: Path) -> None:
    """Put the stand-in provider and the pack's starter where the engine looks for installed plugins."""
    python, root = shlex.quote(sys.executable), shlex.quote(str(repo))
    start = f'exec {python} -IS {root}/local/handover.py "${standby.VARIABLE}"/'
    _write_executable(
        plugins / f"resource-aws-v{version('pulumi-aws')}" / "pulumi-resource-aws",
        f'#!/bin/sh\nPYTHONPATH={root} {start}provider {python} -u -m local.provider -- "$@"\n',
    )
    # The engine appends options of PulumiPolicy.yaml that the starter doesn't take.
    _write_executable(
        plugins / ANALYZER / "pulumi-analyzer-policy-python",
        f'#!/bin/sh\n{start}pack {python} -u {root}/local/pack.py -- "$1" "$2"\n',
    )


def _write_executable(path: Path, text: str) -> None:
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def _copy_project(work: Path, repo: Path, stack: str, content: Mapping[str, Any]) -> None:
    """Copy what the engine and a language host write to or read options from; the program and the rules stay where they are."""
    work.mkdir()
    project = stackfile.parse(repo / "Pulumi.yaml")
    _write_yaml(work / "Pulumi.yaml", {**project, "main": str(repo)})
    # Only plain configuration: the rest (a secrets provider, a salt, encrypted values) belongs to the backend where the stack is deployed,
    # and would have the engine ask a real cloud for a key.
    config = {key: value for key, value in content["config"].items() if not _is_encrypted(value)}
    _write_yaml(work / f"Pulumi.{stack}.yaml", {"config": config})
    pack = work / "policy"
    pack.mkdir()
    for path in (repo / "policy").iterdir():
        if path.name not in {"PulumiPolicy.yaml", ".venv", "__pycache__"}:
            (pack / path.name).symlink_to(path)
    # Python keeps the bytecode of the pack's modules here, as beside any source: in a folder that goes, all are compiled each time.
    bytecode = work.parent / "home/pack-bytecode"
    bytecode.mkdir(parents=True, exist_ok=True)
    (pack / "__pycache__").symlink_to(bytecode)
    policy = stackfile.parse(repo / "policy/PulumiPolicy.yaml")
    # An installed language host runs the pack from the virtual environment named here; the set-up made only this one.
    options = {"toolchain": "pip", "virtualenv": sys.prefix}
    _write_yaml(pack / "PulumiPolicy.yaml", {**policy, "runtime": {"name": "python", "options": options}})


def _is_encrypted(value: Any) -> bool:
    """Whether a configuration value is, or holds, a secret: `{secure: …}`."""
    if isinstance(value, dict):
        return "secure" in value or any(_is_encrypted(item) for item in cast("dict[str, Any]", value).values())
    return isinstance(value, list) and any(_is_encrypted(item) for item in cast("list[Any]", value))


def _write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(yaml.safe_dump(dict(content), sort_keys=False), encoding="utf-8")
