"""local/real-provider.sh with the stand-in in the real provider's place, and the two plans side by side.

Neither the provider nor Pulumi's language host is in a package registry, so neither can be had here: a `pulumi` of the test's own serves
the program to the real CLI, and looks at what the script has prepared for the provider.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local import cli
from local.previews import ROOT, UNKNOWN, Plan
from local.provider.zones import ZONES
from local.real_provider import differing, main

PULUMI = Path(__file__).with_name("real_provider_pulumi.py")

SHIM = """#!/bin/sh
case "$*" in
    *--config-file*) PYTHONPATH={root} exec {python} {program} {real} {version} "$@" ;;
    *) exec {real} "$@" ;;
esac
"""
"""Only what the script previews is served here."""


@pytest.fixture
def ran(tmp_path: Path, _processes: None) -> Callable[..., tuple[int, str, dict[str, Any]]]:
    """`ran("dev")`: the script's exit status, what it printed, and what the provider would have seen."""
    (tmp_path / "bin").mkdir()
    shim = tmp_path / "bin/pulumi"
    found = cli.find()
    shim.write_text(SHIM.format(root=ROOT, python=sys.executable, program=PULUMI, real=found.path, version=found.version), encoding="utf-8")
    shim.chmod(0o755)

    def run(*stacks: str, **variables: str) -> tuple[int, str, dict[str, Any]]:
        surroundings = {
            **os.environ,
            "PATH": f"{shim.parent}:{os.environ['PATH']}",
            "TMPDIR": str(tmp_path),
            "AWS_PROFILE": "mine",
            "AWS_SESSION_TOKEN": "mine",
            "PULUMI_ACCESS_TOKEN": "mine",
            "SEEN": str(tmp_path / "seen.json"),
            **variables,
        }
        done = subprocess.run(
            ["sh", str(ROOT / "local/real-provider.sh"), *stacks],
            env=surroundings,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        seen = tmp_path / "seen.json"
        return done.returncode, done.stdout + done.stderr, json.loads(seen.read_text(encoding="utf-8")) if seen.exists() else {}

    return run


def test_the_script_prepares_a_preview_that_asks_the_emulator_and_compares_it(ran: Callable[..., Any], tmp_path: Path) -> None:
    before = (ROOT / "Pulumi.dev.yaml").read_bytes()
    subnet = ['"10.10.0.0/19"', '"10.99.0.0/19"']
    status, printed, seen = ran("dev", TAMPER=json.dumps(subnet))
    assert status == 0, printed
    assert "Policies:" in printed, "the pack has judged it"
    lines = [line for line in printed.splitlines() if line.startswith("dev: ")]
    assert lines == [
        "dev: aws:ec2/subnet:Subnet network-private-0: cidrBlock: 10.10.0.0/19 with the stand-in, 10.99.0.0/19 with the real provider"
    ]
    assert (seen["account"], seen["password"], seen["pack"]) == ("000000000000", 40, "policy")
    assert seen["zones"] == {f"us-east-1{letter}": zone for letter, zone in ZONES["us-east-1"].items()}
    endpoint = seen["variables"].pop("AWS_ENDPOINT_URL")
    assert endpoint.startswith("http://127.0.0.1:")
    assert seen["variables"] == {
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }, "nothing of whoever runs it"
    assert (ROOT / "Pulumi.dev.yaml").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "seen.json"], "it takes away what it made"
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(endpoint, timeout=5)


def test_a_preview_that_fails_fails_the_script(ran: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "bin/pulumi").write_text("#!/bin/sh\nexit 255\n", encoding="utf-8")
    status, printed, _ = ran("dev")
    assert status != 0
    assert "Traceback" not in printed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin"]


def test_what_differs_is_said_input_by_input(plan: Callable[..., Plan]) -> None:
    own = {one.urn: one for one in plan("dev").resources}
    assert list(differing(own, own)) == []
    topic = next(one for one in own.values() if one.name == "monitoring-alerts")
    gone = next(one for one in own.values() if one.name == "network-vpc")
    noted = {**topic.inputs, "__defaults": ["name"], "displayName": "alerts", "name": UNKNOWN}
    real = {urn: one for urn, one in own.items() if one is not gone}
    real |= {topic.urn: replace(topic, inputs=noted), "urn:x::more": replace(topic, urn="urn:x::more")}
    assert list(differing(own, real)) == [
        f"{topic.type} {topic.name}: name: evolution-system-alerts-dev with the stand-in, (known after deployment) with the real provider",
        f"{topic.type} {topic.name}: displayName: nothing with the stand-in, alerts with the real provider",
        f"{gone.type} {gone.name}: only the stand-in plans it",
        f"{topic.type} more: only the real provider plans it",
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["prepare", "nobody"], "there is no stack 'nobody'"),
        (["compare", "dev"], "dev: the preview with the real provider has said nothing"),
    ],
)
def test_what_cant_be_done_is_one_line(arguments: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    step, stack = arguments
    assert main([step, str(tmp_path), stack]) == 1
    assert capsys.readouterr().err.startswith(f"error: {says}")
