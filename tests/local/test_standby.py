"""Plugins that stand by: they become what the engine starts, and never outlive what they are for."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local import engine, standby

PLUGIN = """
import json, os, sys
sys.path.insert(0, sys.argv.pop(1))
import handover
handover.take(int(sys.argv[1]))
print(json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]), flush=True)
print("said", file=sys.stderr, flush=True)
sys.stdin.read()
"""
"""Tells what it was started with, and stays until its standard input ends."""

LOCAL = engine.ROOT / "local"


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A plugin that stands by at `tmp_path / "plugin"`, with nothing in its environment."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "plugin"))
        listener.listen(1)
        command = [sys.executable, "-c", PLUGIN, str(LOCAL), str(listener.fileno())]
        process = subprocess.Popen(command, env={}, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, pass_fds=[listener.fileno()])
    yield process
    process.kill()
    process.communicate()


def starter(path: Path, *command: str) -> subprocess.Popen[str]:
    """What the engine starts."""
    pipe = subprocess.PIPE
    arguments = [sys.executable, "-IS", str(LOCAL / "handover.py"), str(path), *command, "--", "127.0.0.1:1", "two words"]
    return subprocess.Popen(arguments, cwd=path.parent, env={"GIVEN": "ä"}, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def test_one_that_stands_by_takes_on_all_that_the_engine_gave(waiting: subprocess.Popen[bytes], tmp_path: Path) -> None:
    with starter(tmp_path / "plugin", "/never/run") as started:
        said, errors = started.communicate(timeout=30)
    arguments, folder, environment = json.loads(said)
    assert arguments == ["127.0.0.1:1", "two words"]
    assert Path(folder) == tmp_path.resolve()
    assert {name: value for name, value in environment.items() if name != "LC_CTYPE"} == {"GIVEN": "ä"}, "LC_CTYPE is Python's own"
    assert errors == "said\n"
    assert waiting.wait(10) == 0


def test_it_ends_with_the_one_that_handed_over(waiting: subprocess.Popen[bytes], tmp_path: Path) -> None:
    with starter(tmp_path / "plugin", "/never/run") as started:
        assert started.stdout
        assert started.stdout.readline()
        started.kill()
        assert waiting.wait(10) == 1


def test_one_that_hands_over_ends_with_the_plugin(waiting: subprocess.Popen[bytes], tmp_path: Path) -> None:
    with starter(tmp_path / "plugin", "/never/run") as started:
        assert started.stdout
        assert started.stdout.readline()
        waiting.kill()
        started.wait(10)


def test_it_ends_unasked_when_nobody_needs_it_any_more(waiting: subprocess.Popen[bytes]) -> None:
    assert waiting.stdin
    waiting.stdin.close()
    assert waiting.wait(30) == 0
    waiting.stdin = None


def test_where_nobody_stands_by_the_plugin_is_started(tmp_path: Path) -> None:
    with starter(tmp_path / "plugin", sys.executable, "-c", "import sys; print(sys.argv[1:])") as started:
        assert started.communicate(timeout=30)[0] == "['127.0.0.1:1', 'two words']\n"


def test_where_no_socket_can_be_nobody_stands_by(tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 30)
    deep.mkdir()
    standby.Standby(deep).start("pack")
    assert not any(deep.iterdir())


def test_the_engine_takes_the_plugins_that_stand_by_and_plans_the_same(preview: Callable[..., engine.Plan]) -> None:
    with standby.plugins() as ready:
        ready.start("pack")
        ready.start("provider")
        warm = preview("dev", ready=ready.variables)
        assert not any(Path(ready.variables[standby.VARIABLE]).iterdir()), "each takes its socket away when it is asked for"
    cold = preview("dev")
    assert warm.succeeded, warm.text
    assert warm.policy_packs == cold.policy_packs != {}
    assert {one.urn: one.inputs for one in warm.resources} == {one.urn: one.inputs for one in cold.resources}
