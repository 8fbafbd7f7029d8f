"""Who may invoke the agents: what IAM says when a caller's own policies, its boundary and the resources' policies are all asked.

For callers and resources of one account. Source: IAM user guide, "Policy evaluation logic".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from components.iam_agentcore import INVOCATIONS
from components.naming import AGENT_ENDPOINT, Names
from tests.functions.requests import Document, IamRequest, listed, matches
from tests.plans import Plan, PlannedResource

ID = "0a1b2c3d4e"
"""In the place of the ten characters that AgentCore makes."""

ROLE, ROLE_POLICY, POLICY = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy"
RESOURCE_POLICY = "aws:bedrock/agentcoreResourcePolicy:AgentcoreResourcePolicy"
ATTACHMENTS = ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws:iam/policyAttachment:PolicyAttachment")

GATEWAY = "bedrock-agentcore:InvokeGateway"

BY_HAND: Mapping[str, Sequence[str]] = {"aws:ViaAWSService": ["false"]}
"""What every request brings that no service makes on somebody's behalf."""

EVERYTHING: Document = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A role: what it is granted, and within what. Without a boundary, `boundary` is None."""

    arn: str
    identity: Sequence[Document]
    boundary: Sequence[Document] | None = None

    def may(self, request: IamRequest, policies: Sequence[Document]) -> bool:
        """Whether IAM lets it.

        Args:
            policies: the statements of the resources' own policies.
        """
        asked = replace(request, context={**BY_HAND, **request.context, "aws:PrincipalArn": [self.arn]})
        about = [one for one in policies if _names(one, self.arn)]
        denied = any(one["Effect"] == "Deny" and matches(one, asked) for one in (*self.identity, *(self.boundary or ()), *about))
        # A role that a resource's policy names needs no grant of its own; its boundary holds all the same. The account's root is no role.
        granted = any(_allows(one, asked) for one in (*self.identity, *about))
        return granted and not denied and (self.boundary is None or any(_allows(one, asked) for one in self.boundary))


def _allows(statement: Document, asked: IamRequest) -> bool:
    return statement["Effect"] == "Allow" and matches(statement, asked)


def _names(statement: Document, arn: str) -> bool:
    """Whether a resource's policy speaks of a caller."""
    principal: str | Mapping[str, object] = statement["Principal"]
    named = [principal] if isinstance(principal, str) else listed(principal.get("AWS", []))
    return "*" in named or arn in named


def callers(plan: Plan, names: Names, others: Mapping[str, Sequence[Document]]) -> Iterator[Caller]:
    """Every role of a plan, the roles that an operator uses, and an administrator.

    Args:
        others: by name, what those are granted.
    """
    assert not [one for one in plan.resources if one.type in ATTACHMENTS], "managed policies grant as well: read them here"
    by_urn = {one.urn: one for one in plan.resources}
    for role in plan.resources:
        if role.type == ROLE:
            name = role.inputs["name"]
            identity = [one for held in plan.resources if held.type == ROLE_POLICY and held.inputs["role"] == name for one in _of(held)]
            limits = [by_urn[urn] for urn in role.property_dependencies["permissionsBoundary"] if by_urn[urn].type == POLICY]
            assert len(limits) == 1, name
            yield Caller(arn=names.role_arn(name), identity=identity, boundary=_of(limits[0]))
    for name, identity in {**others, "administrator": [EVERYTHING]}.items():
        yield Caller(arn=names.role_arn(name), identity=identity)


def resource_policies(plan: Plan) -> list[Document]:
    """The statements of the gateway's policy, the runtime's and its endpoints'."""
    return [one for held in plan.resources if held.type == RESOURCE_POLICY for one in _of(held)]


def _of(resource: PlannedResource) -> list[Document]:
    return json.loads(resource.inputs["policy"])["Statement"]


def invocations(names: Names) -> dict[str, list[list[IamRequest]]]:
    """By what they reach, the ways to: of each, all the questions that IAM must say yes to. An endpoint is asked about beside its runtime.

    Source: AgentCore developer guide, "Resource-based policies for Amazon Bedrock AgentCore", "Hierarchical authorization".
    """
    gateway, runtime = (arn.replace("?" * len(ID), ID) for arn in (names.gateway_arn, names.agent_runtime_arn))
    endpoints = [f"{runtime}/runtime-endpoint/{name}" for name in (AGENT_ENDPOINT, "DEFAULT")]
    return {
        "gateway": [[IamRequest(action=GATEWAY, resource=gateway)]],
        "runtime": [
            [IamRequest(action=action, resource=runtime), IamRequest(action=action, resource=endpoint)]
            for action in INVOCATIONS
            for endpoint in endpoints
        ],
    }


def reaching(found: Sequence[Caller], ways: Sequence[Sequence[IamRequest]], policies: Sequence[Document]) -> set[tuple[str, str]]:
    """Who may go any of these ways, and by which action."""
    return {
        (caller.arn.rpartition("/")[2], way[0].action)
        for caller in found
        for way in ways
        if all(caller.may(request, policies) for request in way)
    }
