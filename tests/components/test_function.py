"""What every Lambda function is deployed with, and what goes into its archive."""

from __future__ import annotations

from pathlib import Path

import pulumi
import pytest

from components.function import sources
from components.naming import Names
from tests.components.cloud import ACCOUNT, REGION

NAMES = Names(stack="prod", region=REGION, account=ACCOUNT)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for file in (
        "trigger/handler.py",
        "trigger/parts/one.py",
        "trigger/notes.md",
        "common/__init__.py",
        "common/clients.py",
        "other/handler.py",
    ):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {file}\n", encoding="utf-8")
    (tmp_path / "common/__pycache__").mkdir()
    (tmp_path / "common/__pycache__/clients.cpython-311.pyc").write_bytes(b"compiled")
    return tmp_path


def test_an_archive_holds_the_functions_own_files_and_the_shared_package(folder: Path) -> None:
    files = sources("trigger", folder)
    assert list(files) == ["common/__init__.py", "common/clients.py", "handler.py", "parts/one.py"]
    handler = files["handler.py"]
    assert isinstance(handler, pulumi.FileAsset)
    assert handler.path == str(folder / "trigger/handler.py")


def test_a_function_without_a_handler_is_refused(folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"functions/absent/handler.py isn't there; handler.handler must be in it"):
        sources("absent", folder)
