"""`pulumi` for test_real_provider.py: the real CLI, with the program served to it and the stand-in as its provider."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import yaml
from pulumi import automation
from semver import VersionInfo

from local import cli, plugins, previews, workspace
from tests.local.system import boto3

EVENTS_IN_A_FILE = VersionInfo(3, 205, 0)
"""The last CLI to which the Automation API gives a file for the events, as the script does."""

REAL, VERSION, *ARGUMENTS = sys.argv[1:]
"""The real CLI, its version, and what the script wrote behind `pulumi`."""


def told(option: str) -> str:
    return ARGUMENTS[ARGUMENTS.index(option) + 1]


class Recording(workspace.InterruptibleCli):
    """Keeps the engine's events where the script wants them."""

    def __init__(self, command: cli.Cli, variables: dict[str, str]) -> None:
        super().__init__(command, variables)
        self.version = EVENTS_IN_A_FILE

    def run(self, args: list[str], *rest: Any, **options: Any) -> automation.CommandResult:
        try:
            return super().run(args, *rest, **options)
        finally:
            if "--event-log" in args:
                text = Path(args[args.index("--event-log") + 1]).read_text(encoding="utf-8")
                Path(told("--event-log")).write_text(text.replace(*json.loads(os.environ["TAMPER"])), encoding="utf-8")


def seen() -> dict[str, Any]:
    """What the real provider would see and ask."""

    def client(service: str) -> Any:
        return boto3.client(service, region_name="us-east-1")

    zones = client("ec2").describe_availability_zones()["AvailabilityZones"]
    return {
        "variables": {name: value for name, value in os.environ.items() if name.startswith("AWS_")},
        "account": client("sts").get_caller_identity()["Account"],
        "password": len(client("secretsmanager").get_random_password(PasswordLength=40)["RandomPassword"]),
        "zones": {one["ZoneName"]: one["ZoneId"] for one in zones},
        "pack": told("--policy-pack"),
    }


def preview(command: cli.Cli, place: Path) -> int:
    """As the official CLI does with its language host: the program and the pack of this checkout, the stack file that was named."""
    work, file = place / "served", Path(told("--config-file"))
    work.mkdir()
    project = yaml.safe_load((previews.ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
    (work / "Pulumi.yaml").write_text(yaml.safe_dump({**project, "main": str(previews.ROOT)}), encoding="utf-8")
    shutil.copy(file, work)
    plugins.write_pack(work, previews.ROOT, yaml.safe_load(file.read_text(encoding="utf-8"))["config"])
    with plugins.ProviderProcess(previews.ROOT) as provider:
        variables = {**os.environ, **workspace.environment(place, place / "state"), **provider.variables}
        with workspace.environment_of_this_process(variables):
            space = automation.LocalWorkspace(
                work_dir=str(work), program=previews.preloaded_main(previews.ROOT), pulumi_command=Recording(command, variables)
            )
            try:
                automation.Stack.select(told("--stack"), space).preview(
                    policy_packs=[str(work / plugins.PACK)], on_output=print, color="never", suppress_progress=True
                )
            except automation.CommandError as error:
                print(error, file=sys.stderr)
                return 255
    return 0


if __name__ == "__main__":
    Path(os.environ["SEEN"]).write_text(json.dumps(seen()), encoding="utf-8")
    status = preview(cli.Cli(path=Path(REAL), version=VERSION), Path(told("--config-file")).parent)
    sys.stdout.flush()
    os._exit(status)  # see local/__main__.py
