"""What whoever deploys or previews a plan needs of IAM: an action, on what, under which conditions, and why.

operations/calls/ has, by planned type, the IAM actions of the calls that the AWS provider makes. They were read off the public code of
terraform-provider-aws 6.58, resource by resource (Create, Read, Update, Delete, and the tagging that all share), and are restricted to
what this system has. A call's action mostly has its name; where it hasn't, and what it can be narrowed to, is in AWS's Service
Authorization Reference.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from account.boundary import INVITES, LETS_IN, REWRITES
from components.environment import DISPOSABLE_STACK, PROJECT
from components.naming import Names
from local.previews import UNKNOWN
from operations import OperationError
from operations.planned import Planned, Resource
from operations.ready import NETWORK_ROLE, SERVICE_ROLES

TABLES = Path(__file__).with_name("calls")
BEYOND = "beyond.toml"

Condition = Mapping[str, Mapping[str, Any]]
NONE: Condition = {}


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What the provider needs for a type. Actions are words in one text, without their service.

    Attributes:
        service: IAM's prefix of the actions. Empty: the type's own, before its slash.
        arns: what it is, by its inputs; several where requests name it in several ways.
        of: the types by whose ARNs it is named, where it has none of its own.
        uses: what else the requests in `joint` name.
        tagged: AWS numbers it, so that only the stack's tags tell it from what is another's.
        lists, anywhere, anywhere_delete: reads, writes and deletions that no resource narrows.
        makes: creations that only the tags of what is made narrow.
        adopt: what tags a thing that was just made, and has none. EC2 alone says with which request that is made.
        under: a further condition of its creation.
    """

    service: str = ""
    arns: Sequence[str] = ()
    of: str | Sequence[str] = ()
    uses: Sequence[str] = ()
    joint: str = ""
    tagged: bool = False
    lists: str = ""
    anywhere: str = ""
    anywhere_delete: str = ""
    makes: str = ""
    adopt: str = ""
    read: str = ""
    create: str = ""
    update: str = ""
    delete: str = ""
    under: Condition = field(default_factory=dict[str, Mapping[str, Any]])


@dataclass(frozen=True, kw_only=True)
class Further:
    """What calls need beyond the action of their own name.

    Attributes:
        of: the planned types that need it.
        actions: with their services.
        arns: by the inputs of those types.
        given: an input without which one of them doesn't need it.
        at: a type whose ARNs are meant instead.
        tagged: only the stack's tags tell the resource from another's.
        via: the service through which KMS is asked; any other action, through any service and never by hand.
        reads: whether a preview needs it as well.
        deletes: whether it only removes.
        source: where AWS says so.
    """

    of: Sequence[str]
    actions: str
    source: str
    arns: Sequence[str] = ()
    given: str = ""
    at: str = ""
    tagged: bool = False
    via: str = ""
    reads: bool = False
    deletes: bool = False


@dataclass(frozen=True, kw_only=True)
class Grant:
    """One action that is needed.

    Attributes:
        condition: as a policy writes it, in JSON.
        reads: whether a preview needs it, too.
        why: the planned type, or the row beyond, that needs it.
    """

    action: str
    resources: tuple[str, ...]
    condition: str
    reads: bool
    why: str


GUARDS = frozenset(
    {
        "bedrock/agentcorePolicy",
        "bedrock/agentcorePolicyEngine",
        "bedrock/agentcoreResourcePolicy",
        "bedrockmodel/invocationLoggingConfiguration",
        "cloudwatch/compositeAlarm",
        "cloudwatch/logDataProtectionPolicy",
        "cloudwatch/logGroup",
        "cloudwatch/logResourcePolicy",
        "ec2/flowLog",
        "iam/policy",
        "lambda/permission",
        "route53/resolverFirewallConfig",
        "route53/resolverFirewallDomainList",
        "route53/resolverFirewallRule",
        "route53/resolverFirewallRuleGroup",
        "route53/resolverFirewallRuleGroupAssociation",
        "scheduler/scheduleGroup",
        "sns/topic",
        "sqs/queue",
        "wafv2/webAcl",
        "wafv2/webAclAssociation",
        "wafv2/webAclLoggingConfiguration",
        "xray/resourcePolicy",
    }
)
"""Types that watch, halt or bound, and no longer do once they are gone. Where data is protected, nobody who deploys may remove them, nor
whatever the plan protects or retains: an administrator does."""


@cache
def by_type() -> Mapping[str, Needs]:
    """By planned type."""
    tables = [tomllib.loads(file.read_text(encoding="utf-8")) for file in sorted(TABLES.glob("*.toml")) if file.name != BEYOND]
    return {kind: Needs(**row) for table in tables for kind, row in table.items()}


@cache
def further() -> Sequence[Further]:
    """All rows beyond the calls."""
    return tuple(Further(**row) for row in tomllib.loads((TABLES / BEYOND).read_text(encoding="utf-8"))["row"])


def grants(planned: Planned, names: Names) -> list[Grant]:
    """All that a deployment of a plan needs, with what a preview reads marked.

    Raises:
        OperationError: it has a type whose calls nobody has written down.
    """
    kinds = sorted({one.type for one in planned.resources})
    unknown = [kind for kind in kinds if kind not in by_type()]
    if unknown:
        raise OperationError(f"{', '.join(unknown)}: write down in operations/calls/ what the provider calls for it.")
    of_plan = _OfPlan(planned, names)
    found = [one for kind in kinds for one in of_plan.of_type(kind)]
    found += [one for row in further() for one in of_plan.beyond(row)]
    return [*found, *of_plan.passed_roles(), *of_plan.service_roles()]


def arns(kind: str, planned: Planned, names: Names) -> list[str]:
    """What a type's planned resources are named by."""
    return _OfPlan(planned, names).arns(kind)


@dataclass(frozen=True)
class _OfPlan:
    planned: Planned
    names: Names

    def of_type(self, kind: str) -> Iterator[Grant]:
        row = by_type()[kind]
        service = row.service or kind.partition("/")[0]
        arns, removable = self.arns(kind), self.arns(kind, self._removable(kind))
        uses = [_filled(arn, {}, self.names) for arn in row.uses]
        ours = self._tags("Resource") if row.tagged else NONE
        asked = self._tags("Request")
        under: Condition = json.loads(json.dumps(row.under).replace('"{boundaries}"', json.dumps(self.arns("iam/policy"))))
        as_new: Condition = {**asked, "Null": {"aws:ResourceTag/Environment": "true"}}
        if service == "ec2" and row.create:
            as_new = {"StringEquals": {**asked["StringEquals"], "ec2:CreateAction": row.create}}
        for actions, resources, condition, reads in (
            (row.lists, ["*"], NONE, True),
            (row.read, arns, ours, True),
            (row.makes, ["*"], asked, False),
            (row.anywhere, ["*"], NONE, False),
            (row.adopt, arns, as_new, False),
            (row.create, arns, asked if row.tagged else under, False),
            (_of(f"{row.create} {row.update}", row.joint), uses, ours, False),
            (row.update, arns, ours, False),
            (row.delete, removable, ours, False),
            (_of(row.delete, row.joint), uses if removable else [], ours, False),
            (row.anywhere_delete, ["*"] if self._removable(kind) else [], NONE, False),
        ):
            yield from _each(actions, resources, condition, reads=reads, why=kind, service=service)

    def beyond(self, row: Further) -> Iterator[Grant]:
        for kind in row.of:
            made = self._removable(kind) if row.deletes else self.planned.of(kind)
            made = [one for one in made if not row.given or row.given in one.inputs]
            if not made:
                continue
            arns = self.arns(row.at) if row.at else sorted({_filled(arn, one.inputs, self.names) for arn in row.arns for one in made})
            condition: dict[str, dict[str, Any]] = (
                {name: dict(tests) for name, tests in self._tags("Resource").items()} if row.tagged else {}
            )
            if row.via and row.actions.startswith("kms:"):
                condition.setdefault("StringEquals", {})["kms:ViaService"] = f"{row.via}.{self.names.region}.amazonaws.com"
            elif row.via:
                condition["Bool"] = {"aws:ViaAWSService": "true"}
            for action in row.actions.split():
                # A grant is for the service that asks, and for nobody else.
                own = {**condition, "Bool": {"kms:GrantIsForAWSResource": "true"}} if action == "kms:CreateGrant" else condition
                yield from _each(action, arns, own, reads=row.reads, why=f"{kind}: {row.source}")

    def passed_roles(self) -> Iterator[Grant]:
        """Each role to the services that it trusts, and to no other."""
        passed: dict[str, list[str]] = {}
        for role in self.planned.of("iam/role"):
            for statement in json.loads(role.inputs["assumeRolePolicy"])["Statement"]:
                passed.setdefault(statement["Principal"]["Service"], []).append(self.names.role_arn(role.inputs["name"]))
        for service, roles in sorted(passed.items()):
            condition = {"StringEquals": {"iam:PassedToService": service}}
            yield from _each("iam:PassRole", sorted(roles), condition, reads=False, why="iam/role: what takes one on is given it by name")

    def service_roles(self) -> Iterator[Grant]:
        wanted = [(kind, *role) for kind, role in SERVICE_ROLES.items() if self.planned.of(kind)]
        if self.planned.of("bedrock/agentcoreAgentRuntime") and self.planned.env.agent_network_mode == "VPC":
            wanted.append(("bedrock/agentcoreAgentRuntime", *NETWORK_ROLE))
        for kind, role, service in wanted:
            arn = self.names.role_arn(f"aws-service-role/{service}/{role}")
            condition = {"StringEquals": {"iam:AWSServiceName": service}}
            yield from _each("iam:CreateServiceLinkedRole", [arn], condition, reads=False, why=f"{kind}: its service's own role")

    def arns(self, kind: str, made: Sequence[Resource] | None = None) -> list[str]:
        """What a type's resources are named by, or those of some of them."""
        row = by_type()[kind]
        made = self.planned.of(kind) if made is None else made
        owners = [row.of] if isinstance(row.of, str) else row.of
        if owners:
            return sorted({arn for owner in owners for arn in self.arns(owner)}) if made else []
        return sorted({_filled(arn, one.inputs, self.names) for arn in row.arns for one in made})

    def _removable(self, kind: str) -> list[Resource]:
        """What may be deleted: nothing that is protected or retained and, where anything is, no guard."""
        protects = any(one.kept for one in self.planned.resources)
        return [one for one in self.planned.of(kind) if not one.kept and not (protects and self._guards(one))]

    def _guards(self, one: Resource) -> bool:
        """Of a guard's type, an alarm that can halt, or the switch and resume with all that they stand on."""
        functions = (self.names.switch_function, self.names.resume_function)
        halts = {*functions, *(self.names.function_role(function) for function in functions)}
        rules = "".join(alarm.inputs["alarmRule"] for alarm in self.planned.of("cloudwatch/compositeAlarm"))
        named = {one.inputs.get(name) for name in ("name", "functionName", "role")}
        return one.type in GUARDS or bool(named & halts) or f'"{one.inputs.get("name")}"' in rules

    def _tags(self, whose: str) -> Condition:
        return {"StringEquals": {f"aws:{whose}Tag/Project": PROJECT, f"aws:{whose}Tag/Environment": self.planned.stack}}


def _of(actions: str, joint: str) -> str:
    """Those that are among the others."""
    return " ".join(one for one in actions.split() if one in joint.split())


def _each(actions: str, resources: Iterable[str], condition: Condition, *, reads: bool, why: str, service: str = "") -> Iterator[Grant]:
    named = tuple(resources)
    for action in actions.split() if named else ():
        full = f"{service}:{action}" if service else action
        yield Grant(action=full, resources=named, condition=json.dumps(condition, sort_keys=True), reads=reads, why=why)


def _filled(template: str, inputs: Mapping[str, Any], names: Names) -> str:
    """An ARN. What isn't known before AWS has made something is `*`, but for the one name that has a form."""
    known = {name: "*" if value == UNKNOWN else value for name, value in inputs.items()}
    if ":log-group:" in template and known.get("name") == "*":
        known["name"] = names.any_agent_log_group
    return template.format(**{**known, "region": names.region, "account": names.account})


OF_IAM = frozenset({"iam:CreateServiceLinkedRole", "iam:PassRole"})
"""What a pipeline does in IAM in every stack."""


RECORDS = "bedrock:PutModelInvocationLoggingConfiguration"
"""Whoever may write it may turn off the record of what the agents ask, or have it written elsewhere."""


ADOPTS = "ec2:CreateTags"
"""On what has no tags, it takes over what is another's. A VPC comes with a group that has none: with the first `up`, and never again."""


def of_pipeline(found: Iterable[Grant], planned: Planned, names: Names) -> Iterator[Grant]:
    """All but what an administrator does where data is kept: in IAM, to the mode and what may write it, to policies of guards, to the
    record of prompts, and to what came with the VPC.

    Whoever writes a role's grants, gives such a function's role to another function, or says with which handler and variables that
    function starts, writes the mode: Python runs what its variables say. Whom the policy of a key, bucket or topic names, or a permission
    of a function, may end or change it, also from another account.
    """
    functions = (names.switch_function, names.resume_function)
    writers = {*map(names.function_arn, functions), *(names.role_arn(names.function_role(one)) for one in functions)}
    for one in found:
        if planned.stack == DISPOSABLE_STACK or one.reads:
            yield one
        elif one.action in ("iam:PassRole", *INVITES, *REWRITES):
            if others := tuple(arn for arn in one.resources if arn not in writers):
                yield replace(one, resources=others)
        elif one.action == ADOPTS and "Null" in json.loads(one.condition):
            continue
        elif one.action in OF_IAM or not one.action.startswith(("iam:", "ssm:PutParameter", RECORDS, *LETS_IN)):
            yield one


def only_reads(found: Iterable[Grant]) -> list[Grant]:
    """What a preview needs of all that a deployment does."""
    return [replace(one) for one in found if one.reads]
