"""Secrets in the emulator, through boto3: an earlier version is there as long as AWS keeps it."""

from __future__ import annotations

from pathlib import Path

from local import emulator
from tests.local.conftest import VENV, clients


def test_a_version_outlives_two_newer_ones(own_place: Path) -> None:
    emulator.start(own_place, "dev", VENV)
    secrets = clients(own_place)("secretsmanager")
    made = [secrets.create_secret(Name="key", SecretString="0")["VersionId"]]
    made += [secrets.put_secret_value(SecretId="key", SecretString=str(number))["VersionId"] for number in range(1, 4)]
    assert [secrets.get_secret_value(SecretId="key", VersionId=version)["SecretString"] for version in made] == ["0", "1", "2", "3"]
    current, previous = (secrets.get_secret_value(SecretId="key", VersionStage=f"AWS{stage}") for stage in ("CURRENT", "PREVIOUS"))
    assert (current["SecretString"], previous["SecretString"]) == ("3", "2")
