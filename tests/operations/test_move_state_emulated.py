"""A state moves from a folder into a bucket of the emulator by the real CLI: whole, once, never in plain text, or not at all."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from local import cli, emulator
from operations import OperationError
from operations.move_state import Move
from operations.states import locked
from tests.local.conftest import VENV
from tests.local.system import clients

SECRET, SETTING = "hunter2-of-the-state", "swordfish-of-the-file"

FILE = """# What only this checkout knows.
config:
  evolution-account:account:   # the table
    number: "000000000000"
"""

SHIM = """#!/bin/sh
echo "$@" >> "$WATCHED/calls"
case "$PULUMI_BACKEND_URL $1 $2" in $FAILS) echo "error: the network is down" >&2; exit 255;; esac
"$PULUMI" "$@"
status=$?
grep -rl -e {secret} -e {setting} "$TMPDIR" "$WATCHED/state" >> "$WATCHED/leaked"
exit $status
"""
"""The CLI, but that its calls are written down, that one may fail, and that it is seen what each leaves on the disk."""

URN = "urn:pulumi:sandbox::evolution-account::pulumi:pulumi:Stack::it"

STACK = {"urn": URN, "custom": False, "type": "pulumi:pulumi:Stack"}


@dataclass(frozen=True)
class World:
    """A checkout with a state beside it, and a bucket and a key in the emulator."""

    place: Path
    clients: Callable[[str], Any]
    bucket: str
    move: Move

    @property
    def file(self) -> str:
        return self.move.file.read_text(encoding="utf-8")

    @property
    def versions(self) -> list[str]:
        """Every version of every object in the bucket, as text."""
        s3 = self.clients("s3")
        listed = s3.list_object_versions(Bucket=self.bucket).get("Versions", [])
        return [
            s3.get_object(Bucket=self.bucket, Key=one["Key"], VersionId=one["VersionId"])["Body"].read().decode()
            for one in listed
            if one["Key"].startswith(".pulumi/stacks") and not one["Key"].endswith(".attrs")
        ]

    @property
    def stacks(self) -> list[str]:
        """The stacks in the bucket."""
        listed = self.clients("s3").list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return [one["Key"] for one in listed if re.fullmatch(r"\.pulumi/stacks/.*\.json", one["Key"])]

    def pulumi(self, *arguments: str, backend: str, given: str = "") -> str:
        ran = subprocess.run(
            [os.environ["PULUMI"], *arguments, "--stack", "sandbox", "--non-interactive"],
            cwd=self.move.folder,
            env={**os.environ, "PULUMI_BACKEND_URL": backend},
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def add(self, backend: str, time: str = "2126-01-01T00:00:00Z") -> None:
        """One resource more, and a later time, as after an update."""
        state = json.loads(self.pulumi("stack", "export", backend=backend))
        state["deployment"]["resources"].append(
            {"urn": URN.replace("pulumi:pulumi:Stack::it", f"my:own:Thing::of-{time}"), "custom": False, "type": "my:own:Thing"}
        )
        state["deployment"]["manifest"]["time"] = time
        self.pulumi("stack", "import", "--force", backend=backend, given=json.dumps(state))


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory, _processes: None) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("place")
    emulator.start(place, "state", VENV)
    yield place
    emulator.stop(place, "state", save=False)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, _processes: None) -> Path:
    """A checkout's project, with a state that holds a secret."""
    place = tmp_path_factory.mktemp("recorded")
    (place / "project").mkdir()
    (place / "state").mkdir()
    (place / "project/Pulumi.yaml").write_text("name: evolution-account\nruntime: python\n", encoding="utf-8")
    (place / "project/Pulumi.sandbox.yaml").write_text(FILE, encoding="utf-8")
    surroundings = {
        **os.environ,
        "PULUMI_HOME": str(place / "home"),
        "PULUMI_BACKEND_URL": (place / "state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "",
    }

    def pulumi(*arguments: str, given: str = "") -> str:
        command = [str(cli.find().path), *arguments, "--non-interactive", "--stack", "sandbox"]
        return subprocess.run(
            command, cwd=place / "project", env=surroundings, input=given, capture_output=True, text=True, check=True
        ).stdout

    pulumi("stack", "init", "--no-select")
    pulumi("config", "set", "--secret", "evolution-account:key", SETTING)
    file = place / "project/Pulumi.sandbox.yaml"  # in whose comments the CLI moves blanks
    file.write_text(file.read_text(encoding="utf-8").replace(": # the", ":   # the"), encoding="utf-8")
    state = json.loads(pulumi("stack", "export"))
    marked = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": json.dumps(SECRET)}
    state["deployment"]["resources"] = [{**STACK, "outputs": {"secret": marked, "plain": 1.5}}]
    pulumi("stack", "import", given=json.dumps(state))
    return place


@pytest.fixture
def world(emulated: Path, recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    place, client = tmp_path / "world", clients(emulated, "state")
    shutil.copytree(recorded, place)
    bucket = f"account-state-{tmp_path.name.replace('_', '-')}"[:63].rstrip("-").lower()
    shim = place / "pulumi"
    shim.write_text(SHIM.format(secret=SECRET, setting=SETTING), encoding="utf-8")
    shim.chmod(0o755)
    (place / "tmp").mkdir()
    for name in [one for one in os.environ if one.startswith(("AWS_", "PULUMI_"))]:
        monkeypatch.delenv(name)
    for name, value in {
        "AWS_ENDPOINT_URL": client("s3").meta.endpoint_url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "PULUMI": str(cli.find().path),
        "PULUMI_HOME": str(place / "home"),
        "PULUMI_BACKEND_URL": (place / "state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "",
        "TMPDIR": str(place / "tmp"),
        "WATCHED": str(place),
        "FAILS": "nothing",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("tempfile.tempdir", str(place / "tmp"))

    client("s3").create_bucket(Bucket=bucket)
    client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    kms = client("kms")
    kms.create_alias(AliasName=f"alias/{bucket}", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    move = Move(
        stack="sandbox",
        folder=place / "project",
        to=f"s3://{bucket}?region=us-east-1",
        key=f"awskms://alias/{bucket}?region=us-east-1",
        command=shim,
    )
    return World(place, client, bucket, move)


def unmoved(world: World, before: str) -> bool:
    """Whether nothing was changed, and nothing is left."""
    return world.file == before and world.stacks == [] and not list((world.place / "tmp").iterdir())


def test_a_state_moves_whole_and_a_second_run_changes_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before, source = world.file, sorted((world.place / "state").rglob("*.json*"))
    assert "1 resources moved" in world.move.run()
    assert len(world.stacks) == 1
    after = world.file
    changed = [line for line in after.splitlines() if line not in before.splitlines()]
    gone = [line for line in before.splitlines() if line not in after.splitlines()]
    assert [line.split(":")[0].strip() for line in changed] == ["secure", "secretsprovider", "encryptedkey"]
    assert [line.split(":")[0].strip() for line in gone] == ["secure", "encryptionsalt"]
    assert f"secretsprovider: {world.move.key}\n" in after
    assert after.startswith(FILE)

    calls = (world.place / "calls").read_text(encoding="utf-8")
    assert "--show-secrets" not in calls
    assert not (world.place / "leaked").read_text(encoding="utf-8"), "a secret was in plain text on the disk"
    assert not list((world.place / "tmp").iterdir())
    assert world.versions
    assert not [text for text in world.versions if SECRET in text or "passphrase" in text], "a bucket keeps its older versions"
    assert sorted((world.place / "state").rglob("*.json*")) == source

    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")  # the key alone reads them
    outputs = json.loads(world.pulumi("stack", "output", "--json", "--show-secrets", backend=world.move.to))
    assert outputs == {"plain": 1.5, "secret": SECRET}
    assert world.pulumi("config", "get", "evolution-account:key", backend=world.move.to).strip() == SETTING

    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "")
    kept = world.versions
    assert world.move.run() == f"sandbox: nothing changed, its state is in {world.move.to}."
    assert (world.file, world.versions) == (after, kept)

    with pytest.raises(OperationError, match=r"its secrets under awskms://.*change-secrets-provider.* Nothing was changed"):
        replace(world.move, key="awskms://alias/another?region=us-east-1").run()
    world.add(world.move.to)
    with pytest.raises(OperationError, match=r"holds a state of sandbox already, and not this one\. It is the newer one"):
        world.move.run()
    world.add(os.environ["PULUMI_BACKEND_URL"], time="2127-01-01T00:00:00Z")
    with pytest.raises(OperationError, match="It is another one, or an older"):
        world.move.run()
    assert world.file == after


def test_a_lock_is_looked_for_where_the_cli_has_it(world: World) -> None:
    world.move.run()
    exported = world.pulumi("stack", "export", backend=world.move.to)
    locked(world.move.to, "evolution-account", "sandbox")
    held = {"username": "me", "hostname": "there", "pid": 7, "timestamp": "2026-01-01T00:00:00Z"}
    key = ".pulumi/locks/organization/evolution-account/sandbox/one.json"
    world.clients("s3").put_object(Bucket=world.bucket, Key=key, Body=json.dumps(held))
    with pytest.raises(OperationError, match=r"sandbox is locked in s3://.*me@there \(process 7"):
        locked(world.move.to, "evolution-account", "sandbox")
    with pytest.raises(AssertionError, match="me@there"):
        world.pulumi("stack", "import", backend=world.move.to, given=exported)


def test_an_import_that_fails_leaves_nothing_behind(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before = world.file
    monkeypatch.setenv("FAILS", "s3:* stack import")
    with pytest.raises(OperationError, match="error: the network is down"):
        world.move.run()
    assert unmoved(world, before)


def test_what_the_cli_refuses_is_said_in_one_line(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before = world.file
    wrong = {
        "a copy of the state: error:.*NotFound": replace(world.move, key="awskms://alias/nothing?region=us-east-1"),
        "s3://no-such-bucket.*: error:.*": replace(world.move, to="s3://no-such-bucket-of-ours?region=us-east-1"),
    }
    for says, move in wrong.items():
        with pytest.raises(OperationError, match=says) as raised:
            move.run()
        assert "\n" not in str(raised.value)
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    with pytest.raises(OperationError, match=r"a copy of the state: error:.*passphrase must be set"):
        world.move.run()
    monkeypatch.setenv("PULUMI_BACKEND_URL", (world.place / "tmp").as_uri())
    with pytest.raises(OperationError, match="no stack sandbox is in the backend"):
        world.move.run()
    shutil.rmtree(world.place / "tmp/.pulumi", ignore_errors=True)
    assert unmoved(world, before)
