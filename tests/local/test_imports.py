"""The SDK's modules, imported sooner and with their annotations deferred: the same plan, from bytecode that follows its source."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.imports import aws_classes
from local.projects import PROJECTS
from tests import apart

ROOT = Path(__file__).resolve().parents[2]

PLAN = """
import json, os, pathlib, sys
from local import previews, imports
if "plainly" in sys.argv:
    imports.defer_annotations = lambda: None
plan = previews.preview("prod", pack=False, with_dependencies=True, place=pathlib.Path(sys.argv[1]))
assert plan.succeeded, plan.text
ours = isinstance(sys.meta_path[0], type) and sys.meta_path[0].__module__ == "local.internals"
assert ours == ("plainly" not in sys.argv), "both were to be tried"
rows = [
    [one.urn, one.inputs, sorted(one.dependencies), {key: sorted(urns) for key, urns in one.property_dependencies.items()}, one.protect]
    for one in plan.resources
]
print(json.dumps(sorted(rows), default=dict), flush=True)
os._exit(0)  # see local/__main__.py
"""

MODULE = """
import sys
from local import internals
sys.path.insert(0, sys.argv[1])
sys.modules.pop("pulumi_aws", None)
internals.defer_annotations()
from pulumi_aws import part
print(part.VALUE, part.Kept.__annotations__)
"""


def run(code: str, *arguments: str) -> str:
    return subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.mark.slow
@pytest.mark.skipif(sys.version_info >= (3, 14), reason="this Python defers annotations by itself")
def test_the_plan_is_the_same_as_with_plain_imports(tmp_path: Path) -> None:
    assert run(PLAN, str(tmp_path)) == run(PLAN, str(tmp_path), "plainly")


@pytest.mark.slow
@pytest.mark.skipif(sys.version_info >= (3, 14), reason="this Python defers annotations by itself")
def test_a_changed_module_is_compiled_again(tmp_path: Path) -> None:
    package = tmp_path / "pulumi_aws"
    (package / "__pycache__").mkdir(parents=True)
    (package / "__init__.py").touch()
    part = package / "part.py"
    part.write_text("VALUE = 1\nclass Kept:\n    name: undefined_here\n", encoding="utf-8")
    for _ in range(2):  # compiled, then from the bytecode
        assert run(MODULE, str(tmp_path)) == "1 {'name': 'undefined_here'}\n"
    assert [path.name for path in (package / "__pycache__").glob("part.*")] == [f"part.{sys.implementation.cache_tag}.opt-annotations.pyc"]
    before = part.stat().st_mtime_ns
    part.write_text("VALUE = 2\nclass Kept:\n    name: undefined_here\n", encoding="utf-8")
    os.utime(part, ns=(before + 2_000_000_000, before + 2_000_000_000))
    assert run(MODULE, str(tmp_path)).startswith("2 ")
    (package / "__pycache__" / f"part.{sys.implementation.cache_tag}.opt-annotations.pyc").write_bytes(b"broken")
    assert run(MODULE, str(tmp_path)).startswith("2 ")


def test_a_class_of_every_service_of_the_layers_is_found() -> None:
    assert {"ec2", "iam", "wafv2", "lambda_"} <= aws_classes(ROOT / "components").keys()


def modules() -> set[str]:
    return set(sys.modules)


@pytest.mark.slow
def test_what_tests_fork_has_imported_every_service_and_no_layer() -> None:
    loaded = apart.call(modules)
    folders = [ROOT / project.modules for project in PROJECTS.values()]
    services = {service for folder in folders for service in aws_classes(folder)}
    assert services >= {"ec2", "iam", "wafv2", "lambda_", "cloudtrail"}
    missing = {service for service in services if not any(name.startswith(f"pulumi_aws.{service}.") for name in loaded)}
    assert not missing, "tests/preloaded.py wasn't found (run pytest from the checkout), or it looks for them elsewhere"
    layers = {f"{path.parent.name}.{path.stem}" for folder in folders for path in folder.glob("*.py") if "pulumi_aws" in path.read_text()}
    assert not layers & loaded, "a test may run another checkout's"
