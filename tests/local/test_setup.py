"""The set-up of the virtual environment, on checkouts with requirements of their own."""

from __future__ import annotations

import ast
import fcntl
import hashlib
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from local import setup
from local.previews import ROOT

MISSING = "no-such-package==1.0 --hash=sha256:" + "0" * 64 + "\n"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _processes: None) -> Path:
    """A checkout that needs no packages, with no way to an index."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    (tmp_path / "local").mkdir()
    shutil.copy(ROOT / "local/setup.py", tmp_path / "local/setup.py")
    (tmp_path / "requirements.txt").write_text("# none\n", encoding="utf-8")
    (tmp_path / "requirements-dev.txt").write_text("# none either\n", encoding="utf-8")
    return tmp_path


def run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(checkout / "local/setup.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_first_run_makes_the_environment_and_the_next_has_nothing_to_do(checkout: Path) -> None:
    first = run(checkout, "--dev")
    assert first.returncode == 0, first.stderr
    assert "setting up .venv: about a minute, once" in first.stderr
    assert (checkout / ".venv/bin/python").exists()
    second = run(checkout)
    assert (second.returncode, second.stderr) == (0, ""), "the development set holds the other one too"
    (checkout / "requirements.txt").write_text("# changed\n", encoding="utf-8")
    assert "setting up .venv" in run(checkout).stderr, "changed requirements must be installed"


def test_the_emulator_has_an_environment_of_its_own(checkout: Path) -> None:
    (checkout / "local/emulator").mkdir()
    (checkout / "local/emulator/requirements.txt").write_text("# none\n", encoding="utf-8")
    first = run(checkout, "--emulator")
    assert first.returncode == 0, first.stderr
    assert "setting up .local/emulator/venv" in first.stderr
    assert (checkout / ".local/emulator/venv/bin/python").exists()
    assert not (checkout / ".venv").exists()
    assert run(checkout, "--emulator").stderr == "", "the second run has nothing to do"
    assert "only arguments" in run(checkout, "--emulater").stderr


def test_a_failure_is_one_error_and_the_half_made_environment_is_removed(checkout: Path) -> None:
    (checkout / "requirements.txt").write_text(MISSING, encoding="utf-8")
    failed = run(checkout)
    assert failed.returncode == 1
    errors = [line for line in failed.stderr.splitlines() if "rror" in line]
    assert len(errors) == 1, failed.stderr
    assert "no-such-package" in errors[0]
    assert "index can be reached" in errors[0]
    assert not (checkout / ".venv").exists()


def test_a_failed_update_keeps_the_environment_but_does_not_pass_for_done(checkout: Path) -> None:
    assert run(checkout).returncode == 0
    (checkout / "requirements.txt").write_text(MISSING, encoding="utf-8")
    assert run(checkout).returncode == 1
    assert (checkout / ".venv/bin/python").exists()
    assert run(checkout).returncode == 1


def test_what_a_killed_set_up_left_is_made_anew(checkout: Path) -> None:
    (checkout / ".venv/bin").mkdir(parents=True)
    (checkout / ".venv/bin/python").write_text("half", encoding="utf-8")
    (checkout / ".venv/.unfinished").touch()
    assert run(checkout).returncode == 0
    assert run(checkout).stderr == ""
    subprocess.run([checkout / ".venv/bin/python", "-c", ""], check=True)


def test_an_interrupted_set_up_leaves_nothing(checkout: Path) -> None:
    command = [sys.executable, str(checkout / "local/setup.py")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while not (checkout / ".venv").exists():
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert not (checkout / ".venv").exists()


def test_a_second_set_up_waits_for_the_first(checkout: Path) -> None:
    with (checkout / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = [sys.executable, str(checkout / "local/setup.py")]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr
            assert process.stderr.readline() == "another set-up is running: waiting for it\n"
            assert not (checkout / ".venv").exists()
            fcntl.flock(lock, fcntl.LOCK_UN)
            process.communicate(timeout=60)
    assert process.returncode == 0


def test_packages_are_compiled_even_where_python_is_told_not_to(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = checkout / "tiny-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny.py", "")
        archive.writestr("tiny-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1\n")
        archive.writestr("tiny-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("tiny-1.dist-info/RECORD", "")
    pin = f"tiny==1 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"
    (checkout / "requirements.txt").write_text(pin, encoding="utf-8")
    monkeypatch.setenv("PIP_FIND_LINKS", str(checkout))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    made = run(checkout)
    assert made.returncode == 0, made.stderr
    assert list((checkout / ".venv").rglob("site-packages/__pycache__/tiny.*.pyc")), "every preview would spend seconds on imports"


def test_a_python_that_is_too_old_can_read_far_enough_to_say_so(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ast.parse((ROOT / "local/setup.py").read_text(encoding="utf-8"), feature_version=(3, 6))
    monkeypatch.setattr(sys, "version_info", (3, 9, 0))
    with pytest.raises(setup.SetupError, match=r"Python 3\.11 or newer is needed"):
        setup.set_up(checkout, "")
    assert not (checkout / ".venv").exists()


def test_a_wrong_argument_is_refused(checkout: Path) -> None:
    refused = run(checkout, "--development")
    assert refused.returncode == 1
    assert refused.stderr == "error: the only arguments are --dev, --engine, --emulator, --go, --cdk.\n"
