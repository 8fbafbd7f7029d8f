"""Whether the next deployment changes what no pipeline may where data is kept, so that an administrator does it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Set
from fnmatch import fnmatchcase
from typing import Any, cast

from account.names import AccountNames
from components.environment import DISPOSABLE_STACK
from local.previews import UNKNOWN
from local.provider.assets import SIGNATURE
from operations.account import Account
from operations.outcome import Outcome
from operations.planned import Planned, Resource

CALLS = frozenset({"sts:GetCallerIdentity"})

WHEN_NEW = frozenset({"ec2/defaultSecurityGroup", "ssm/parameter"})
"""What came with the VPC is taken over once; changes of the mode's parameter are left to the switch."""

WHEN_CHANGED: Mapping[str, frozenset[str]] = {"kms/key": frozenset({"policy"})}
"""By type, the only properties whose change wants an administrator."""

ALWAYS = frozenset(
    {
        "bedrockmodel/invocationLoggingConfiguration",
        "iam/policy",
        "iam/role",
        "iam/rolePolicy",
        "s3/bucketPolicy",
        "sns/topic",
        "sns/topicPolicy",
    }
)
"""Types that only an administrator makes or changes."""

OF_WRITERS = frozenset({"lambda/function", "lambda/permission"})
"""The same, where they are the switch's and resume's, which may write the mode."""

BESIDE: Mapping[str, frozenset[str]] = {
    "iam/policy": frozenset({"description"}),
    "lambda/function": frozenset({"reservedConcurrentExecutions", "tags", "tagsAll"}),
    "sns/topic": frozenset({"tags", "tagsAll"}),
}
"""By type, properties that a pipeline may change, or that a deployment leaves as they are."""

DEFAULTS = "__defaults"
"""Where a state lists what the provider has filled in. Source: pulumi-terraform-bridge, pkg/reservedkeys."""

UNTIL_MADE = "kms:ResourceAliases"
"""The condition that a grant has until the key's own ARN is known (components/component.py)."""

SHOWN = 4
"""So many are named: a first `up` makes some hundred."""


def administrator(account: Account, planned: Planned) -> Iterator[Outcome]:
    """What only an administrator may make or change."""
    check = "administrator"
    wanted = [] if planned.stack == DISPOSABLE_STACK else withheld(account, planned)
    if not wanted:
        yield Outcome(check=check, kind="pass", text="the pipeline may do all of the next `up`")
        return
    more = f" and {len(wanted) - SHOWN} more" if len(wanted) > SHOWN else ""
    text = f"do the next `up` as an administrator: no pipeline may make or change {', '.join(wanted[:SHOWN])}{more}"
    pipeline = AccountNames(number=account.number, region=account.region).role("deploy", planned.stack)
    caller = str(account.call("sts:GetCallerIdentity")["Arn"])
    yield Outcome(
        check=check,
        # A pipeline that went on would change half, and be refused the rest.
        kind="fail" if f":assumed-role/{pipeline}/" in caller else "person",
        text=text,
        command=f"pulumi up -s {planned.stack} --refresh --policy-pack policy --policy-pack-config policy-config.json",
    )


def withheld(account: Account, planned: Planned) -> list[str]:
    """What is made or changed, and by no pipeline where data is kept."""
    names = account.names(planned.stack)
    writers = {names.switch_function, names.resume_function}
    return [one.name for one in planned.resources if _is_withheld(one, writers)]


def _is_withheld(one: Resource, writers: Set[str]) -> bool:
    if one.type in ALWAYS or (one.type in OF_WRITERS and not writers.isdisjoint({one.inputs.get("name"), one.inputs.get("function")})):
        beside = BESIDE.get(one.type, frozenset[str]()) | {"region"}
        return one.before is None or any(_changed(one, name) for name in one.inputs.keys() - beside)
    if one.before is None:
        return one.type in WHEN_NEW
    return any(_changed(one, name) for name in WHEN_CHANGED.get(one.type, ()))


def _changed(one: Resource, name: str) -> bool:
    return one.before is not None and not _same(_bare(one.inputs.get(name)), _bare(one.before.get(name)))


def _bare(value: Any) -> Any:
    """What there is to compare: of files, their hash, for their paths are those of a checkout; of JSON text, what it says."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        with contextlib.suppress(ValueError):
            return _bare(json.loads(value))
    if isinstance(value, list):
        return [_bare(item) for item in cast("list[Any]", value)]
    if not isinstance(value, Mapping):
        return value
    members = cast("Mapping[str, Any]", value)
    if SIGNATURE in members:  # a file, which has a hash, or a secret
        return members.get("hash", UNKNOWN)
    filled_in: list[str] = members.get(DEFAULTS) or []
    found = {key: _bare(item) for key, item in members.items() if key not in {DEFAULTS, UNTIL_MADE, *filled_in}}
    return {key: item for key, item in found.items() if item != {}}


def _same(planned: Any, there: Any) -> bool:
    """Whether what is recorded may be what is planned. The plan is of a stack that isn't made yet: what AWS makes isn't known in it, and
    in texts there is `*`."""
    if UNKNOWN in (planned, there):
        return True
    if isinstance(planned, str) and isinstance(there, str):
        return fnmatchcase(there, planned.replace("[", "[[]"))
    if isinstance(planned, list) and isinstance(there, list):
        items, others = cast("list[Any]", planned), cast("list[Any]", there)
        return len(items) == len(others) and all(map(_same, items, others))
    if isinstance(planned, dict) and isinstance(there, dict):
        has, had = cast("dict[str, Any]", planned), cast("dict[str, Any]", there)
        return has.keys() == had.keys() and all(_same(value, had[key]) for key, value in has.items())
    return planned == there
