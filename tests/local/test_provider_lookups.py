"""What the provider answers to lookups."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest

from components.environment import Region
from local.provider.wire import Secrets, decode, provider_pb2
from local.provider.zones import ZONES
from tests.local.provider.talk import REGION, struct


def invoke(provider: Any, token: str, arguments: dict[str, Any]) -> tuple[dict[str, Any], list[str], set[tuple[str | int, ...]]]:
    answer = provider.Invoke(provider_pb2.InvokeRequest(tok=token, args=struct(arguments)))
    marks = Secrets()
    return decode(getattr(answer, "return"), marks), [failure.reason for failure in answer.failures], marks.paths


ZONE_SOURCE = "aws:index/getAvailabilityZones:getAvailabilityZones"
PASSWORD = "aws:secretsmanager/getRandomPassword:getRandomPassword"


def test_the_account_is_no_real_one(provider: Any) -> None:
    assert invoke(provider, "aws:index/getCallerIdentity:getCallerIdentity", {})[0]["accountId"] == "000000000000"


def test_the_region_is_the_providers(provider: Any) -> None:
    assert invoke(provider, ZONE_SOURCE, {})[0]["region"] == REGION


@pytest.mark.parametrize("region", sorted(ZONES))
def test_every_region_has_its_zones(provider: Any, region: str) -> None:
    found = invoke(provider, ZONE_SOURCE, {"state": "available", "region": region})[0]
    assert len(found["names"]) == len(set(found["zoneIds"])) == len(ZONES[region]) >= 3
    assert all(re.fullmatch(region + "[a-f]", name) for name in found["names"])


def test_every_region_of_the_environment_table_has_zones() -> None:
    assert set(get_args(Region)) == ZONES.keys()


def test_us_east_1_has_six_zones(provider: Any) -> None:
    assert len(invoke(provider, ZONE_SOURCE, {"region": "us-east-1"})[0]["names"]) == 6


def test_zones_can_be_filtered(provider: Any) -> None:
    arguments = {
        "region": "us-east-1",
        "excludeZoneIds": ["use1-az3"],
        "filters": [{"name": "zone-id", "values": ["use1-az1", "use1-az3"]}],
    }
    assert invoke(provider, ZONE_SOURCE, arguments)[0]["zoneIds"] == ["use1-az1"]


def test_a_password_is_secret_and_as_ordered(provider: Any) -> None:
    excluded = '"@/\\`'
    found, _, secrets = invoke(provider, PASSWORD, {"passwordLength": 64, "excludeCharacters": excluded, "requireEachIncludedType": True})
    password = found["randomPassword"]
    assert secrets == {("randomPassword",)}
    assert len(password) == 64
    assert not set(password) & set(excluded)
    assert all(re.search(kind, password) for kind in ("[a-z]", "[A-Z]", "[0-9]", "[^a-zA-Z0-9]"))
    assert password != invoke(provider, PASSWORD, {"passwordLength": 64})[0]["randomPassword"]


@pytest.mark.parametrize(
    ("token", "arguments", "says"),
    [
        ("aws:ec2/getAmi:getAmi", {}, "doesn't know the data source aws:ec2/getAmi:getAmi"),
        (ZONE_SOURCE, {"colour": "blue"}, "colour: the local cloud doesn't know where"),
        (ZONE_SOURCE, {"region": "eu-south-2"}, "no zones for eu-south-2"),
        (ZONE_SOURCE, {"filters": [{"name": "colour", "values": ["blue"]}]}, "doesn't filter by 'colour'"),
        (PASSWORD, {"passwordLength": 5000}, "at most 4096"),
        (PASSWORD, {"passwordLength": 2}, "write 4 or more"),
        (PASSWORD, {"excludeNumbers": "yes"}, "true or false"),
    ],
)
def test_a_lookup_that_cannot_be_answered_is_refused(provider: Any, token: str, arguments: dict[str, Any], says: str) -> None:
    _, failures, _ = invoke(provider, token, arguments)
    assert len(failures) == 1
    assert says in failures[0]
