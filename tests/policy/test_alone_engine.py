"""The pack by itself over somebody else's program, through the real engine: the same in Python and in YAML."""

# ruff: noqa: ARG002, N802  # the protocol's names and parameters

from __future__ import annotations

import datetime
import json
import re
import runpy
import shutil
import subprocess
from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi import automation

from local import cli, plugins, workspace
from local.provider.server import Context, Provider
from local.provider.wire import provider_pb2, provider_pb2_grpc, sdk_version
from tests import apart
from tests.policy.provider_types import annotations_of

PROGRAMS = Path(__file__).parent / "foreign"
STACK = "production"
HOST = "pulumi-language-yaml"
BUILT_HOST = plugins.ROOT / ".local/yaml" / HOST
"""Where `make yaml-host` builds it. An official installation of Pulumi has it beside the CLI."""

TYPES = (
    "aws:dynamodb/table:Table",
    "aws:iam/role:Role",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:kms/key:Key",
    "aws:sns/topic:Topic",
)
"""What the programs declare."""

FOUND = {
    ("data-protection/protect", "key"),
    ("data-protection/protect", "orders"),
    ("data-protection/table-deletion", "orders"),
    ("data-protection/table-recovery", "orders"),
    ("encryption/topic-cmk", "news"),
    ("identity/no-wildcard-action", "worker-grants"),
    ("identity/no-wildcard-resource", "worker-grants"),
    ("identity/tls-only", "news"),
}
"""What is wrong with them: the rule, and the resource."""

pytestmark = pytest.mark.slow


class Described(Provider):
    """The stand-in with a schema of the types above, by which the YAML host reads a program. A value may be anything."""

    def GetSchema(self, request: provider_pb2.GetSchemaRequest, context: Context) -> provider_pb2.GetSchemaResponse:
        anything = {"$ref": "pulumi.json#/Any"}
        resources = {
            kind: {
                "inputProperties": dict.fromkeys(annotations_of(kind), anything),
                "properties": dict.fromkeys([*annotations_of(kind), "arn"], anything),
            }
            for kind in TYPES
        }
        schema = {"name": "aws", "version": sdk_version(), "meta": {"moduleFormat": "(.*)(?:/[^/]*)"}, "resources": resources}
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))


@contextmanager
def provider() -> Generator[dict[str, str]]:
    """The variables by which the engine finds the stand-in."""
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Described(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield {plugins.ATTACH: f"aws:{port}"}
    finally:
        server.stop(grace=None)


def yaml_host() -> Path:
    found = shutil.which(HOST)
    path = Path(found) if found else BUILT_HOST
    if not path.exists():
        pytest.skip(f"there is no {HOST}: `make yaml-host` builds it")
    return path


def prepare(place: Path, language: str, config: Mapping[str, Any]) -> Path:
    """The folder that the CLI runs in: the program, the pack beside it, and the pack's configuration."""
    for folder in ("home", "state"):
        (place / folder).mkdir()
    work = place / "work"
    shutil.copytree(PROGRAMS / language, work)
    plugins.write_pack(work, plugins.ROOT, {})
    (work / "policy-config.json").write_text(json.dumps(config), encoding="utf-8")
    return work


def run_program(work: Path) -> None:
    runpy.run_path(str(work / "__main__.py"), run_name="__main__")


def in_python(place: Path, config: Mapping[str, Any]) -> tuple[bool, str]:
    """The language host is in no registry: the SDK serves the language runtime itself, and the program is what the host would run."""
    work = prepare(place, "python", config)
    command = cli.find()
    said: list[str] = []
    with provider() as variables:
        clean = {**workspace.environment(place), **variables}
        with workspace.environment_of_this_process(clean):
            program = automation.LocalWorkspace(
                work_dir=str(work),
                program=partial(run_program, work),
                pulumi_command=workspace.InterruptibleCli(command, clean),
            )
            stack = automation.Stack.create(STACK, program)
            try:
                stack.preview(
                    policy_packs=[str(work / plugins.PACK)],
                    policy_pack_configs=[str(work / "policy-config.json")],
                    on_output=said.append,
                    color="never",
                )
                succeeded = True
            except automation.CommandError:
                succeeded = False
    return succeeded, "\n".join(said)


def in_yaml(place: Path, config: Mapping[str, Any]) -> tuple[bool, str]:
    host = yaml_host()
    work = prepare(place, "yaml", config)
    installed = place / "home/plugins/language-yaml-v1.0.0"
    installed.mkdir(parents=True)
    (installed / HOST).symlink_to(host)
    with provider() as variables:
        environment = {**workspace.environment(place), **variables}
        command = [str(cli.find().path), "--non-interactive", "--color=never"]
        subprocess.run([*command, "stack", "init", STACK], cwd=work, env=environment, check=True, capture_output=True)
        pack = ["--policy-pack", str(work / plugins.PACK), "--policy-pack-config", str(work / "policy-config.json")]
        run = subprocess.run([*command, "preview", *pack], cwd=work, env=environment, capture_output=True, text=True)
    return run.returncode == 0, run.stdout + run.stderr


RUNS = {"python": in_python, "yaml": in_yaml}


def previewed(language: str, place: Path, config: Mapping[str, Any]) -> tuple[bool, str]:
    if language == "yaml":
        return in_yaml(place, config)
    return apart.call(in_python, place, config)


def found_in(text: str) -> set[tuple[str, str]]:
    return {(rule, name) for rule, name in re.findall(r"\[([a-z-]+/[a-z-]+)\] (?:`([^`]+)`|The stack)", text)}


@pytest.mark.parametrize("language", RUNS)
def test_a_program_of_somebody_else_is_refused_with_what_is_wrong(language: str, tmp_path: Path) -> None:
    succeeded, text = previewed(language, tmp_path, {})
    assert found_in(text) == FOUND, text
    assert not succeeded


@pytest.mark.parametrize("language", RUNS)
def test_it_passes_once_each_finding_is_exempted(language: str, tmp_path: Path) -> None:
    kinds: dict[str, str] = dict(zip(("orders", "worker", "worker-grants", "key", "news"), TYPES, strict=True))
    until = str(datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=30))
    exemptions = [
        {"rule": rule, "type": kinds[name], "name": name, "reason": "It is somebody else's program.", "expires": until}
        for rule, name in sorted(FOUND)
    ]
    succeeded, text = previewed(language, tmp_path, {"environment": {"exemptions": exemptions}})
    assert found_in(text) == set(), text
    assert succeeded, text
