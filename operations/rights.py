"""Whether the role that deploys may do what the plan needs, by IAM's own simulation, which sends no request to the services."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from operations import OperationError
from operations.account import Account
from operations.needs import Grant, grants, of_pipeline
from operations.outcome import Outcome
from operations.planned import Planned

MADE_UP = "0a1b2c3d4e"
"""In the place of what AWS numbers. Ten characters, as AgentCore appends."""

CALLS = frozenset({"iam:SimulatePrincipalPolicy", "iam:GetRole", "sts:GetCallerIdentity"})


@dataclass(frozen=True, kw_only=True)
class Right:
    """An action.

    Attributes:
        resources: the ARNs of what it is for.
        context: condition keys that its requests bring, with their values.
    """

    action: str
    resources: tuple[str, ...]
    context: Mapping[str, str] = field(default_factory=dict[str, str])


SHOWN = 8
"""Of what is lacking, so many are named: more is a policy that isn't there, and not read."""


def needed(account: Account, planned: Planned, *, pipeline: bool = False) -> list[Right]:
    """What a deployment needs, with a made-up id for what AWS has yet to number: what `make permissions` derives for the role that deploys
    or, where roles are still to be made, all of it.

    Args:
        pipeline: only the former. A pipeline's role may be asked about before an administrator has done the first `up`.
    """
    names = account.names(planned.stack)
    found = grants(planned, names)
    return [_right(one) for one in (of_pipeline(found, planned, names) if pipeline or not planned.new("iam/role") else found)]


def _right(grant: Grant) -> Right:
    """The request that a grant is for: it brings one value of each key that is tested for equality."""
    tests: Mapping[str, Mapping[str, Any]] = json.loads(grant.condition)
    pairs = [pair for operator in ("StringEquals", "Bool") for pair in tests.get(operator, {}).items()]
    context = {key: value if isinstance(value, str) else str(value[0]) for key, value in pairs}
    resources = () if grant.resources == ("*",) else tuple(one.replace("?", "a").replace("*", MADE_UP) for one in grant.resources)
    return Right(action=grant.action, resources=resources, context=context)


def rights(account: Account, planned: Planned, role: str = "", wanted: Sequence[Right] | None = None) -> Iterator[Outcome]:
    """What the role may not do.

    Args:
        role: the name of a pipeline's; empty for the caller's own, who also does a first `up`.
        wanted: what it must be able to do. Default: what a deployment of the plan needs.
    """
    check = "rights"
    source = _source(account, role)
    if not source:
        yield Outcome(
            check=check, kind="unknown", text="IAM simulates no root user: use a role, or name the one that deploys by DEPLOY_ROLE=…"
        )
        return
    try:
        asked = needed(account, planned, pipeline=bool(role)) if wanted is None else wanted
    except OperationError as error:
        yield Outcome(check=check, kind="unknown", text=str(error))
        return
    context = _context(account, planned)
    lacking: dict[str, None] = {}
    unclear: dict[str, None] = {}
    for (resources, own), actions in _together(asked).items():
        for result in _simulate(account, source, sorted(actions), resources, {**context, **dict(own)}):
            if result["EvalDecision"] == "allowed":
                continue
            name = f"{result['EvalActionName']} on {result.get('EvalResourceName', '*')}"
            missing: list[str] = result.get("MissingContextValues", [])
            if missing and result["EvalDecision"] == "implicitDeny":
                unclear[f"{name} (it depends on {', '.join(missing)})"] = None
            else:
                lacking[name] = None
    if lacking:
        yield Outcome(check=check, kind="fail", text=f"{source} may not: {_shown(list(lacking))}. {_advice(planned, role)}")
    if unclear:
        yield Outcome(check=check, kind="unknown", text=f"{source} perhaps may not: {_shown(list(unclear))}")
    if not lacking and not unclear:
        number = len({one.action for one in asked})
        yield Outcome(check=check, kind="pass", text=f"{source} may do the {number} actions that a deployment needs")


def _together(asked: Sequence[Right]) -> dict[tuple[tuple[str, ...], tuple[tuple[str, str], ...]], set[str]]:
    """The actions of the same resources and keys: one question, where each by itself would be several hundred."""
    found: dict[tuple[tuple[str, ...], tuple[tuple[str, str], ...]], set[str]] = {}
    for one in asked:
        found.setdefault((one.resources, tuple(sorted(one.context.items()))), set()).add(one.action)
    return found


def _shown(names: Sequence[str]) -> str:
    more = f"; and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return "; ".join(names[:SHOWN]) + more


def _advice(planned: Planned, role: str) -> str:
    if planned.new("iam/role") and not role:
        return "This `up` makes roles: log in as an administrator, and ask again"
    return (
        f"Run `make permissions STACK={planned.stack}`, commit what it writes, and run `up` in account/; "
        "or attach to a role of your own what it writes with ACCOUNT=<12 digits>"
    )


def _source(account: Account, role: str) -> str:
    """The ARN of a role or user; empty for the root user."""
    caller = str(account.call("sts:GetCallerIdentity")["Arn"])
    kind, _, name = caller.partition(":")[2].rpartition(":")[2].partition("/")
    if role or kind == "assumed-role":
        # An assumed role's ARN lacks the path.
        return str(account.call("iam:GetRole", RoleName=role or name.partition("/")[0])["Role"]["Arn"])
    return "" if kind == "root" else caller


def _context(account: Account, planned: Planned) -> Mapping[str, str]:
    """What every request brings: the region, the tags that everything has, and the boundary that every role is under."""
    names = account.names(planned.stack)
    tables = planned.of("dynamodb/table")
    tags: Mapping[str, str] = tables[0].inputs["tagsAll"] if tables else {}
    boundary = f"arn:aws:iam::{account.number}:policy/{names.permissions_boundary}"
    return {
        "aws:RequestedRegion": account.region,
        "iam:PermissionsBoundary": boundary,
        **{f"aws:RequestTag/{key}": value for key, value in tags.items()},
    }


def _simulate(
    account: Account, source: str, actions: Sequence[str], resources: Sequence[str], context: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    entries = [{"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"} for key, value in context.items()]
    asked: dict[str, Any] = {"PolicySourceArn": source, "ActionNames": list(actions), "ContextEntries": entries}
    if resources:
        asked["ResourceArns"] = list(resources)
    while True:
        answer = account.call("iam:SimulatePrincipalPolicy", **asked)
        for result in answer["EvaluationResults"]:
            # One result an action; by resource below it.
            for one in result.get("ResourceSpecificResults") or [result]:
                yield {**result, **one, "EvalDecision": one.get("EvalResourceDecision", result["EvalDecision"])}
        if not answer.get("IsTruncated"):
            return
        asked["Marker"] = answer["Marker"]
