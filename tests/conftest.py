"""What the tests share: previews by the real engine, and checkouts to edit."""

from __future__ import annotations

import fcntl
import gc
import os
import pickle
import shutil
import subprocess
from collections.abc import Callable, Generator
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest

from local import lifecycle, previews
from tests import apart

ROOT = previews.ROOT

for told in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):  # `make test` runs these tests, and a make that they run is nobody's child
    os.environ.pop(told, None)


@pytest.fixture(scope="session", name="_processes")
def processes() -> None:
    """For fixtures that start a process, such as the Pulumi CLI, an emulator or the pack: a test that uses one is slow."""


LONGEST_FIRST = (
    "tests/local/test_switch.py",
    "tests/policy/test_edits.py",
    "tests/local/test_faults.py",
    "tests/test_rows.py",
    "tests/local/test_up.py",
    "tests/engine/test_wall.py",
    "tests/local/test_handler.py",
    "tests/policy/test_defaults.py",
    "tests/engine/test_kills.py",
    "tests/policy/test_attacks_by_rule.py",
    "tests/local/test_engine_in_emulator.py",
    "tests/policy/test_approved.py",
    "tests/operations/test_drill_emulated.py",
    "tests/policy/test_any_input.py",
    "tests/local/test_audit.py",
    "tests/policy/test_attacks_engine.py",
    "tests/engine/test_distributed.py",
    "tests/engine/test_image.py",
    "tests/local/test_previews.py",
    "tests/policy/test_reads.py",
    "tests/browser/test_page.py",
    "tests/account/test_approved_documents.py",
    "tests/local/test_functions.py",
    "tests/local/test_setup.py",
    "tests/local/test_walkthrough.py",
    "tests/engine/test_islands.py",
    "tests/engine/test_changes.py",
    "tests/engine/test_worker.py",
)
"""The files that take 15 s or more (`pytest --durations=50`): `make test` begins with them, so that no process has one left when the others
have ended. What waits for an emulator's minutes is beside what keeps a core busy."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "_processes" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    places = {ROOT / file: place for place, file in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.path, len(places) if item.path in slow else len(places) + 1))


def pytest_collection_finish() -> None:
    """Have the garbage collector look rarely, and never at what is imported: it took more than half of an in-process plan's time."""
    gc.freeze()
    gc.set_threshold(500_000)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let no test but a slow one start a process, nor its fixtures: `make quick` runs the others."""
    with pytest.MonkeyPatch.context() as patch:
        if not item.get_closest_marker("slow"):
            patch.setattr(subprocess.Popen, "__init__", _only_git)
            patch.setattr(ForkServerProcess, "start", _start_nothing)
        return (yield)


_start = subprocess.Popen.__init__


def _only_git(popen: Any, arguments: Any, *rest: Any, **options: Any) -> None:
    if arguments[0] != "git":
        _start_nothing(arguments)
    _start(popen, arguments, *rest, **options)


def _start_nothing(started: object) -> None:
    pytest.fail(f"a quick test starts a process, {started}: its fixture must use the fixture _processes, or it pytest.mark.slow")


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The engine's home and state of this test process; previews in it run one after the other."""
    return tmp_path_factory.mktemp("place")


@pytest.fixture(scope="session")
def preview(place: Path, _processes: None) -> Callable[..., previews.Plan]:
    """`previews.preview` in a process of its own."""

    def run(stack: str, **options: Any) -> previews.Plan:
        return apart.call(previews.preview, stack, **{"place": place, **options})

    return run


@pytest.fixture(scope="session")
def plan(preview: Callable[..., previews.Plan], tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Callable[..., previews.Plan]:
    """`plan(stack, image=None)`: what the real engine plans for a committed stack, with dependencies; once per test session."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent  # pytest-xdist's workers have one parent folder
    known: dict[tuple[str, str | None], previews.Plan] = {}

    def get(stack: str, image: str | None = None) -> previews.Plan:
        if (stack, image) not in known:
            file = shared / f"plan-{stack}-{image}.pickle".replace(":", "-")
            with file.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not file.exists():
                    file.write_bytes(pickle.dumps(preview(stack, image=image, with_dependencies=True)))
            known[stack, image] = pickle.loads(file.read_bytes())
        return known[stack, image]

    return get


@pytest.fixture
def linked_checkout(tmp_path: Path, _processes: None) -> Path:
    """The checkout by links, with room for more files: what a test changes, it must copy before."""
    for path in ROOT.iterdir():
        if path.name not in {".git", ".local", ".venv"}:
            (tmp_path / path.name).symlink_to(path)
    return tmp_path


@pytest.fixture
def small_checkout(tmp_path: Path, _processes: None) -> Path:
    """A checkout whose program makes nothing: `__main__.py` is to be written.

    It lacks the layers, for a run imports every AWS service that they use.
    """
    checkout = tmp_path / "checkout"
    modules = [path for folder in ("account", "components") for path in (ROOT / folder).glob("*.py")]
    layers = [path.name for path in modules if "pulumi_aws" in path.read_text(encoding="utf-8")]
    for folder, left in (("account", layers), ("components", layers), ("local", ()), ("policy", ()), ("report", ())):
        shutil.copytree(ROOT / folder, checkout / folder, ignore=shutil.ignore_patterns("__pycache__", ".venv", *left))
    for file in ("Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml", "requirements.txt"):
        shutil.copy(ROOT / file, checkout / file)
    (checkout / "__main__.py").write_text("", encoding="utf-8")
    return checkout


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End the emulators that the session's processes shared: the last to finish is the one that started them."""
    factory: Any = getattr(session.config, "_tmp_path_factory", None)
    if not hasattr(session.config, "workerinput") and factory is not None:
        for place in ("brought-up", "exercised", "without-an-image", "drilled"):
            lifecycle.down(factory.getbasetemp() / place)
