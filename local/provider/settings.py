"""The provider's configuration: a region and default tags, and nothing by which a real account could be reached."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from google.protobuf.struct_pb2 import Struct

from local.provider.outputs import ACCOUNT
from local.provider.wire import UNKNOWN, decode

_ACCEPTED = frozenset({"region", "defaultTags", "allowedAccountIds"})

_BUILT_IN = {"skipCredentialsValidation", "skipRegionValidation", "skipMetadataApiCheck", "skipRequestingAccountId", "version"}
"""What the SDK or Pulumi adds to every configuration. It is ignored."""


@dataclass(frozen=True)
class Settings:
    """The configuration of a provider."""

    region: str
    default_tags: Mapping[str, str] = field(default_factory=dict[str, str])


class SettingsError(ValueError):
    """The configuration is wrong; each of `faults` names a key and says what to do."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def read(arguments: Struct) -> Settings:
    """Read the provider's configuration, in which the SDK sends objects as JSON text.

    Raises:
        SettingsError: a key isn't accepted (credentials never are), or a value has the wrong type.
    """
    given = {key: value for key, value in decode(arguments).items() if value is not None}
    faults = [
        f"{key}: the local cloud takes only {', '.join(sorted(_ACCEPTED))} and never credentials or endpoints; leave it out here"
        for key in sorted(given.keys() - _ACCEPTED - _BUILT_IN)
    ]
    region = given.get("region")
    if not isinstance(region, str) and region is not UNKNOWN:
        faults.append('region: must be given: which region\'s ARNs and zones are meant? Write region="us-east-1"')
    tags: dict[str, str] = {}
    try:
        tags = _tags(given.get("defaultTags"))
    except ValueError as error:
        faults.append(f"defaultTags: {error}")
    allowed = _list(given.get("allowedAccountIds"))
    if allowed and ACCOUNT not in allowed:
        faults.append(f"allowedAccountIds: AWS account ID not allowed: {ACCOUNT}, the local cloud's own, isn't in it")
    if faults:
        raise SettingsError(faults)
    return Settings(str(region), tags)


def _list(value: Any) -> list[Any]:
    found: Any = json.loads(value) if isinstance(value, str) else value
    return cast("list[Any]", found) if isinstance(found, list) else []


def _tags(value: Any) -> dict[str, str]:
    if isinstance(value, str):
        value = json.loads(value)
    if value is None or value is UNKNOWN:
        return {}
    holder = cast(dict[str, Any], value) if isinstance(value, dict) else {}
    tags = holder.get("tags")
    if len(holder) == 1 and isinstance(tags, dict):
        given = cast(dict[str, Any], tags)
        if all(isinstance(one, str) for one in given.values()):
            return given
    raise ValueError('must be {"tags": {…}} with text values; write default_tags={"tags": {"Project": "x"}}')
