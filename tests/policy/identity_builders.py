"""What the edits about identity are made with: grants, roles that somebody takes on, policies that let somebody in."""

from __future__ import annotations

from typing import Any

from tests.policy.builders import physical
from tests.policy.edits import Edit, adding, setting
from tests.policy.samples import ACCOUNT, GRANTS, TOPIC_ARN, UNKNOWN, Node, deny_plain_transport, document

FOREIGN = "999999999999"
ON_KEYS = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/*"
TABLE_ARN = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/evolution-state-prod"
BUCKET_OBJECTS = f"arn:aws:s3:::{physical('artifacts')}/*"
OBJECTS = "arn:aws:s3:::evolution-artifacts-prod/*"
MODEL = "anthropic.claude-sonnet-4-6"
PROFILE_ARN = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/us.{MODEL}"
MODEL_ARN = f"arn:aws:bedrock:us-west-2::foundation-model/{MODEL}"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/evolution-engine-prod"
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
OURS = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def granting(*statements: dict[str, Any], **statement: Any) -> Edit:
    """Add one Allow, or statements, to the role."""
    added = statements or ({"Effect": "Allow", **statement},)
    return setting("role-grants", "policy", document(*GRANTS, *added))


def trusted(policy: str) -> Edit:
    """Add a role that nothing takes on yet."""
    props = {"name": "guest-prod", "assumeRolePolicy": policy, "permissionsBoundary": UNKNOWN}
    return adding("guest", Node("aws:iam/role:Role", props, {"permissionsBoundary": ["boundary"]}))


def trusting(principal: Any, condition: Any = None, action: Any = "sts:AssumeRole", **other: Any) -> Edit:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, **other}
    return trusted(document({**statement, "Condition": condition} if condition else statement))


def admitting(name: str, action: Any, principal: Any, condition: Any = None, resource: str = "*") -> Edit:
    """Replace a resource's own policy by one Allow beside the denial of plain transport."""
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource}
    if condition:
        statement["Condition"] = condition
    if name == "key":
        return setting(name, "policy", document(statement))
    if name == "topic-policy":
        return setting(name, "policy", document(statement, deny_plain_transport("sns:Publish", TOPIC_ARN)))
    arn = f"arn:aws:s3:::{physical('artifacts')}"
    return setting(name, "policy", document(statement, deny_plain_transport("s3:*", arn, f"{arn}/*")))


def denying(name: str, **changes: Any) -> Edit:
    """Replace the bucket's denial of plain transport by another."""
    arn = f"arn:aws:s3:::{physical('artifacts')}"
    return setting(name, "policy", document({**deny_plain_transport("s3:*", arn, f"{arn}/*"), **changes}))


def endpoint(policy: Any) -> Edit:
    return adding("endpoint", Node("aws:ec2/vpcEndpoint:VpcEndpoint", {"serviceName": "com.amazonaws.us-east-1.s3", "policy": policy}))


def through(**statement: Any) -> Edit:
    """An endpoint that lets through one thing."""
    return endpoint(document({"Effect": "Allow", "Principal": "*", **statement}))


def attaching(value: Any, *sources: str) -> Edit:
    node = Node("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {"role": "r", "policyArn": value}, {"policyArn": list(sources)})
    return adding("attachment", node)


def function(role: Any, *sources: str) -> Edit:
    return adding("function", Node("aws:lambda/function:Function", {"role": role}, {"role": list(sources)}))
