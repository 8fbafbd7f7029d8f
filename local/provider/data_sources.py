"""Invoke: the program's data sources, answered as AWS answers an account without special settings.

Arguments are validated like a resource's inputs, by AWS's model of the request behind the data source.
"""

import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.struct_pb2 import Struct, Value

from local.provider.check import refusals
from local.provider.members import Local, Wrap
from local.provider.outputs import ACCOUNT
from local.provider.resource_type import Call
from local.provider.wire import Secrets, decode, encode, secret
from local.provider.zones import ZONES


class InvokeError(ValueError):
    """AWS, or the local cloud, would refuse the data source; the message says why and what to do."""


@dataclass(frozen=True)
class _Source:
    """One data source: the request behind it, its answer, and which properties of the answer are secret."""

    call: Call
    answer: Callable[[Mapping[str, Any], str], dict[str, Any]]
    secret: frozenset[str] = frozenset()


def invoke(token: str, arguments: Struct, region: str) -> Struct:
    """The answer of a data source.

    Raises:
        InvokeError: the data source isn't known here, or AWS's model refuses its arguments.
    """
    source = SOURCES.get(token)
    if source is None:
        raise InvokeError(
            f"the local cloud doesn't know the data source {token}; it answers {', '.join(sorted(SOURCES))}. "
            "Pass the value in instead, or add the data source to local/provider/data_sources.py."
        )
    hidden = Secrets()
    given = {key: value for key, value in decode(arguments, hidden).items() if value is not None}
    region = given.pop("region", region)
    if reasons := refusals((source.call,), given, hidden):
        raise InvokeError(f"{token}: " + "; ".join(reasons))
    answer = {"id": region, "region": region, **given, **source.answer(given, region)}
    fields: dict[str, Value] = {name: secret(encode(value)) if name in source.secret else encode(value) for name, value in answer.items()}
    return Struct(fields=fields)


def _zones(given: Mapping[str, Any], region: str) -> dict[str, Any]:
    if region not in ZONES:
        raise InvokeError(
            f"the local cloud has no zones for {region}; choose one of {', '.join(ZONES)} or add it to local/provider/zones.py"
        )
    rows = [
        {
            "zone-name": region + letter,
            "zone-id": zone,
            "state": "available",
            "region-name": region,
            "zone-type": "availability-zone",
            "opt-in-status": "opt-in-not-required",
            "group-name": region + "-zg-1",
        }
        for letter, zone in ZONES[region].items()
    ]
    for one in given.get("filters", []):
        if one["name"] not in rows[0]:
            raise InvokeError(
                f"getAvailabilityZones: filters: the local cloud doesn't filter by {one['name']!r}; it does by {', '.join(rows[0])}"
            )
        rows = [row for row in rows if row[one["name"]] in one["values"]]
    rows = [
        row
        for row in rows
        if row["state"] == given.get("state", "available")
        and row["zone-name"] not in given.get("excludeNames", ())
        and row["zone-id"] not in given.get("excludeZoneIds", ())
    ]
    return {
        "names": [row["zone-name"] for row in rows],
        "zoneIds": [row["zone-id"] for row in rows],
        "groupNames": sorted({row["group-name"] for row in rows}),
    }


def _password(given: Mapping[str, Any], region: str) -> dict[str, Any]:
    kinds = {
        "excludeUppercase": string.ascii_uppercase,
        "excludeLowercase": string.ascii_lowercase,
        "excludeNumbers": string.digits,
        "excludePunctuation": string.punctuation,
    }
    excluded = given.get("excludeCharacters", "")
    wanted = [characters for flag, characters in kinds.items() if not given.get(flag)] + ([" "] if given.get("includeSpace") else [])
    alphabets = [left for characters in wanted if (left := "".join(c for c in characters if c not in excluded))]
    length = given.get("passwordLength", 32)
    if not alphabets:
        raise InvokeError("getRandomPassword: every character is excluded; exclude fewer")
    required = alphabets if given.get("requireEachIncludedType", True) else []
    if length < len(required):
        raise InvokeError(
            f"getRandomPassword: passwordLength: {length} can't hold one of each of {len(required)} kinds; write {len(required)} or more"
        )
    characters = [secrets.choice(alphabet) for alphabet in required]
    characters += [secrets.choice("".join(alphabets)) for _ in range(length - len(characters))]
    secrets.SystemRandom().shuffle(characters)
    return {"id": region, "randomPassword": "".join(characters)}


SOURCES: dict[str, _Source] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _Source(
        Call("sts:GetCallerIdentity"),
        lambda _, __: {"id": ACCOUNT, "accountId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:user/local", "userId": "AIDALOCALCLOUDXXXXXXX"},
    ),
    "aws:index/getAvailabilityZones:getAvailabilityZones": _Source(
        Call(
            "ec2:DescribeAvailabilityZones",
            {
                "allAvailabilityZones": "AllAvailabilityZones",
                "state": Wrap("Filters", lambda value: [{"Name": "state", "Values": [value]}]),
                "excludeNames": Local(list),
                "excludeZoneIds": Local(list),
            },
        ),
        _zones,
    ),
    "aws:secretsmanager/getRandomPassword:getRandomPassword": _Source(
        Call("secretsmanager:GetRandomPassword"), _password, frozenset({"randomPassword"})
    ),
}
"""The data sources, by token."""
