"""Who deploys the account's stacks: GitHub's identity provider, and a stack's roles with their policies under one boundary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from account import boundary, documents, policies
from account.names import AUDIENCE, ISSUER, AccountNames
from account.table import Account
from components.component import IN_USE
from components.naming import Names

DRILLED = "staging"
"""The stack whose halt the workflow `drill` tries."""


@dataclass(frozen=True, kw_only=True)
class AccessArgs:
    """The arguments of the access to an account."""

    names: AccountNames
    account: Account


class Access(pulumi.ComponentResource):
    """The identity provider and the roles."""

    roles: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: AccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("account:access:Access", name, opts=opts)
        child = pulumi.ResourceOptions(parent=self)
        names, account = args.names, args.account
        made: list[pulumi.Resource] = []
        if account.github.provider_arn is None:
            # Without thumbprints: AWS trusts GitHub's certificate by its own library of authorities.
            made.append(aws.iam.OpenIdConnectProvider(f"{name}-github", url=f"https://{ISSUER}", client_id_lists=[AUDIENCE], opts=child))

        roles: dict[str, pulumi.Output[str]] = {}
        for stack in account.stacks:
            held = policies.read(stack, account.number)
            limit = aws.iam.Policy(
                f"{name}-{stack}-boundary",
                name=names.boundary(stack),
                description=f"The most that any role which deploys {stack} may do.",
                policy=policies.text(policies.document(boundary.statements(names, held))),
                opts=pulumi.ResourceOptions(parent=self, ignore_changes=IN_USE),
            )
            for role, statements in granted(names, held).items():
                roles[f"{role}-{stack}"] = self._role(
                    f"{name}-{stack}-{role}",
                    names.role(role, stack),
                    trust=documents.trust(account, names.provider_arn, documents.environment_of(stack, role)),
                    statements=statements,
                    limit=limit,
                    after=made,
                )
        self.roles = roles
        self.register_outputs({"roles": roles})

    def _role(
        self,
        name: str,
        physical_name: str,
        *,
        trust: str,
        statements: Sequence[policies.Document],
        limit: aws.iam.Policy,
        after: Sequence[pulumi.Resource],
    ) -> pulumi.Output[str]:
        """A role, and as many managed policies as its statements take."""
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            name,
            name=physical_name,
            description="Taken by a workflow of the repository, in one environment.",
            assume_role_policy=trust,
            permissions_boundary=limit.arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )
        for number, one in enumerate(policies.split(statements), 1):
            policy = aws.iam.Policy(
                f"{name}-{number}",
                name=f"{physical_name}-{number}",
                description=f"Part {number} of what {physical_name} may do.",
                policy=policies.text(one),
                opts=child,
            )
            aws.iam.RolePolicyAttachment(f"{name}-{number}-attached", role=role.name, policy_arn=policy.arn, opts=child)
        return role.arn


def granted(names: AccountNames, held: policies.StackPolicies) -> Mapping[str, Sequence[policies.Document]]:
    """By role of a stack, what it may do."""
    ours = Names(stack=held.stack, region=held.region, account=names.number)
    return {
        "deploy": [*held.deploy, *documents.state_grants(names, held.stack, writes=True)],
        "drift": [*held.drift, *documents.state_grants(names, held.stack, writes=False)],
        "image": held.image,
        **({"drill": documents.drill_grants(ours)} if held.stack == DRILLED else {}),
    }
