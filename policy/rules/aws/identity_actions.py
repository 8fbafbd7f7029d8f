"""Which actions a statement allows: each exists, is named in full, and gives nobody more rights. Family identity."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from actions import meaning, nearest, services
from conditions import Test, is_specific, is_true, narrows
from documents import PLACES, DocumentKind, allows_of, statements_of
from globs import WILDCARD, glob
from plain import shown
from rule import Finding, Resource, Severity, rule
from rules.aws.identity_holders import HOLDERS, LEAST

TYPES = frozenset(PLACES)

MOST_FINDINGS = 3
"""How many findings of one kind are said of a statement: nobody reads more, and a document may hold thousands."""

DOCUMENTED_WILDCARDS = frozenset({"kms:generatedatakey*", "kms:reencrypt*"})
"""Wildcards that AWS itself documents, each for one operation in its variants. Source: KMS developer guide, "Key policies"."""

PASS_ROLE = "iam:passrole"

CONDITIONAL: dict[str, dict[str, Test]] = {
    "iam:createservicelinkedrole": {"iam:awsservicename": is_specific},
    "kms:creategrant": {"kms:grantisforawsresource": is_true, "kms:viaservice": is_specific},
}
"""Actions that give rights, and the condition under which they give none that matter."""

CODE = frozenset(
    {
        "apprunner:updateservice",
        "bedrock-agentcore:invokecodeinterpreter",
        "bedrock-agentcore:startcodeinterpretersession",
        "cloudformation:createchangeset",
        "cloudformation:executechangeset",
        "cloudformation:updatestack",
        "cloudformation:updatestackset",
        "codebuild:startbuild",
        "codebuild:startbuildbatch",
        "codebuild:updateproject",
        "datapipeline:putpipelinedefinition",
        "ec2-instance-connect:sendsshpublickey",
        "ec2:modifyinstanceattribute",
        "ecs:executecommand",
        "glue:updatedevendpoint",
        "glue:updatejob",
        "lambda:createfunctionurlconfig",
        "lambda:updateeventsourcemapping",
        "lambda:updatefunctioncode",
        "lambda:updatefunctionconfiguration",
        "lambda:updatefunctionurlconfig",
        "sagemaker:createpresigneddomainurl",
        "sagemaker:createpresignednotebookinstanceurl",
        "sagemaker:updatenotebookinstancelifecycleconfig",
        "ssm:sendcommand",
        "ssm:startautomationexecution",
        "ssm:startsession",
        "states:updatestatemachine",
    }
)
"""Actions that AWS doesn't class as permissions management, but that run the caller's code with a role that exists already. Source:
pathfinding.cloud, the public list of IAM privilege escalation paths, its paths through existing resources."""

GUARDS = frozenset(
    {
        "bedrock-agentcore:deleteresourcepolicy",
        "bedrock-agentcore:gatewayassociatewebacl",
        "bedrock-agentcore:gatewaydisassociatewebacl",
        "bedrock-agentcore:putresourcepolicy",
        "bedrock-agentcore:updateagentruntime",
        "bedrock-agentcore:updategateway",
        "bedrock-agentcore:updategatewaytarget",
        "bedrock:deleteguardrail",
        "bedrock:updateguardrail",
        "wafv2:associatewebacl",
        "wafv2:disassociatewebacl",
        "wafv2:updatewebacl",
    }
)
"""Actions that AWS doesn't class as permissions management either, but that remove what protects the agents."""

CALLS = frozenset(
    {
        "bedrock-agentcore:authorizeaction",
        "bedrock-agentcore:invokegateway",
        "bedrock-agentcore:partiallyauthorizeactions",
        "bedrock-agentcore:synchronizegatewaytargets",
        "elasticache:connect",
        "memorydb:connect",
        "rds-db:connect",
    }
)
"""Actions that AWS classes as permissions management, but that change no permission."""


def is_wildcard_action(action: str) -> bool:
    """Whether an action stands for all of a service's, or of every service's."""
    service, colon, name = action.partition(":")
    return not colon or bool(WILDCARD.search(service)) or (bool(name) and not name.strip("*?"))


@rule(
    id="identity/known-action",
    types=TYPES,
    severity=Severity.HIGH,
    protects="The documents from saying something else than was meant.",
    why="A misspelt action grants nothing, and in a Deny it forbids nothing: nobody notices until it matters.",
    fix="Correct the action; one that is newer than the pack's table needs `make actions`, or a line in newer_actions.py.",
)
def known_action(resource: Resource) -> Iterator[Finding]:
    for statement in statements_of(resource):
        unknown = [
            action
            for action in dict.fromkeys((*statement.actions, *statement.excepted_actions))
            if not meaning(action).actions and not (is_wildcard_action(action) and _is_known_service(action))
        ]
        for action in unknown[:MOST_FINDINGS]:
            near = nearest(action)
            yield Finding(
                f"{statement.where} names the action {shown(action)}, which AWS doesn't have; it must name a real one"
                + (f", such as {near}." if near else ".")
            )


@lru_cache(maxsize=1024)
def _is_known_service(action: str) -> bool:
    service, colon, _ = action.lower().partition(":")
    return service == "*" or (bool(colon) and any(glob(service, known) for known in services()))


@rule(
    id="identity/no-wildcard-action",
    types=TYPES,
    severity=Severity.CRITICAL,
    protects=LEAST,
    why="A wildcard grants every action that it matches, and those that the service will have.",
    fix="Name each action that is called, such as dynamodb:GetItem. A wildcard may stand for reading only (s3:Get*).",
    controls=("Security Hub IAM.1", "Security Hub IAM.21"),
)
def no_wildcard_action(resource: Resource) -> Iterator[Finding]:
    for statement in allows_of(resource):
        for action in statement.actions:
            if is_wildcard_action(action):
                yield Finding(f"{statement.where} allows the action {shown(action)}; it must name each action.")
            elif WILDCARD.search(action) and not meaning(action).only_reads and action.lower() not in DOCUMENTED_WILDCARDS:
                writes = [one.name for one in meaning(action).actions if one.level not in "RL"]
                yield Finding(
                    f"{statement.where} allows the action {shown(action)}, which stands for {len(writes)} that change something, "
                    f"such as {writes[0]}; it must name each action."
                )


@rule(
    id="identity/no-not-action",
    types=TYPES,
    severity=Severity.CRITICAL,
    protects=LEAST,
    why="An Allow with NotAction grants all actions of all services but a few.",
    fix="Write Action, with each action that is called.",
    controls=("Security Hub IAM.21",),
)
def no_not_action(resource: Resource) -> Iterator[Finding]:
    for statement in allows_of(resource):
        if statement.excepted_actions:
            yield Finding(f"{statement.where} allows everything but a NotAction; it must name what it allows.")


@rule(
    id="identity/no-escalation",
    types=HOLDERS,
    severity=Severity.CRITICAL,
    protects="All other rules about identity: who can change grants is bound by none.",
    why="With it, code that was taken over gives itself any right, or runs with another's role.",
    fix="Leave the change of grants and of code to whoever deploys, outside the stack.",
)
def no_escalation(resource: Resource) -> Iterator[Finding]:
    for statement in allows_of(resource):
        if statement.kind is not DocumentKind.IDENTITY:
            continue
        for action in statement.actions:
            name = action.lower()
            for one in () if WILDCARD.search(name) else meaning(action).actions:
                if name in CONDITIONAL:
                    if not narrows(statement.conditions, CONDITIONAL[name]):
                        keys = " or ".join(CONDITIONAL[name])
                        yield Finding(f"{statement.where} allows {one.name} without a condition on {keys}; it must have one.")
                elif name in CODE | GUARDS or (one.level == "P" and name not in CALLS and name != PASS_ROLE):
                    yield Finding(
                        f"{statement.where} allows {one.name}, with which its holder can give itself more; "
                        "it must be left to whoever deploys."
                    )
