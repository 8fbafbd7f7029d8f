"""Who may give itself more: whoever changes grants, or code that runs with another's role. The rule belongs to the family identity.

A role that only workflows take on deploys, and must be able to. It may change what the stack's own resources may do, by their names, and
make roles under a permissions boundary. Its statements are judged one by one: nothing exempts a policy as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator

from actions import Action, meaning
from conditions import Test, is_specific, is_true, narrows
from documents import DocumentKind, Statement, allows_of
from fences import is_fence
from globs import WILDCARD
from plain import shown
from rule import Finding, Severity, Stack, rule
from rules.aws.holdings import deployers, holdings
from rules.aws.identity_actions import PASS_ROLE
from rules.aws.identity_holders import CUSTOMER_POLICY

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

BOUNDED: dict[str, Test] = {"iam:permissionsboundary": lambda value: bool(CUSTOMER_POLICY.fullmatch(value))}
"""Under which condition who deploys may give rights to roles: they are within one boundary of the account's own, named in full. A wildcard
would take in a policy that gives everything. Source: IAM user guide, "Delegating responsibility to others using permissions boundaries"."""

WITHIN_A_BOUNDARY = frozenset({"iam:attachrolepolicy", "iam:createrole", "iam:putrolepolicy"})
"""What gives a role its rights. All take the condition. Source: Service Authorization Reference, IAM."""

OF_ROLES = frozenset(
    {
        "iam:createpolicy",
        "iam:deletepolicy",
        "iam:deletepolicyversion",
        "iam:deleterole",
        "iam:deleterolepolicy",
        "iam:detachrolepolicy",
        "iam:updateassumerolepolicy",
        "iam:updaterole",
        "iam:updateroledescription",
    }
)
"""What else a deployment does to roles and policies that are named: it gives them no more than their boundary holds."""

OF_ACCOUNT = ("account:", "iam:", "identitystore:", "organizations:", "ram:", "sso-directory:", "sso:", "sts:")
"""The services whose other changes of permissions are the account's owner's, and no deployment's: users, keys, identity providers,
boundaries and their versions."""


@rule(
    id="identity/no-escalation",
    severity=Severity.CRITICAL,
    protects="All other rules about identity: who can change grants is bound by none.",
    why="With it, code that was taken over gives itself any right, or runs with another's role.",
    fix="Leave the change of grants and of code to a role that only a workflow takes on. That one makes roles under a condition "
    "StringEquals on iam:PermissionsBoundary, which names the boundary in full, and names each role and policy.",
)
def no_escalation(stack: Stack) -> Iterator[Finding]:
    deploying = deployers(stack)
    for holder, roles in holdings(stack):
        # A boundary of those who deploy gives nothing: that nothing leads out of it is what other rules judge.
        spared = roles is None and holder.urn in deploying
        for statement in () if spared else allows_of(holder):
            for action in statement.actions if statement.kind is DocumentKind.IDENTITY else ():
                for one in () if WILDCARD.search(action) else meaning(action).actions:
                    if text := _beyond(one, statement, deploys=holder.urn in deploying):
                        yield Finding(f"{statement.where} allows {one.name}{text}", holder)


def _beyond(action: Action, statement: Statement, *, deploys: bool) -> str:
    """What is wrong with granting an action, as the end of a sentence; empty where nothing is."""
    name = action.name.lower()
    if name in CONDITIONAL:
        keys = " or ".join(CONDITIONAL[name])
        return "" if narrows(statement.conditions, CONDITIONAL[name]) else f" without a condition on {keys}; it must have one."
    if name not in CODE | GUARDS and (action.level != "P" or name in CALLS or name == PASS_ROLE):
        return ""
    if not deploys or (name.startswith(OF_ACCOUNT) and name not in WITHIN_A_BOUNDARY | OF_ROLES):
        return ", with which its holder can give itself more; it must be left to whoever deploys."
    if name in WITHIN_A_BOUNDARY and not narrows(statement.conditions, BOUNDED):
        return " to roles of any boundary; it must have a condition StringEquals on iam:PermissionsBoundary that names one in full."
    if name.startswith("iam:") and (wide := next((one for one in statement.resources if WILDCARD.search(one)), None)):
        return f" on {shown(wide)}; it must name each role or policy."
    return ""


@rule(
    id="identity/fence",
    severity=Severity.CRITICAL,
    protects="Every role from a policy that allows by wildcards, because it is meant to be a boundary.",
    why="As a boundary it gives nothing and holds back what leads out of it; attached to a role, it gives all that it allows.",
    fix="Pass its arn as permissions_boundary of the roles, and attach to them what they need.",
)
def fence(stack: Stack) -> Iterator[Finding]:
    for holder, roles in holdings(stack):
        if roles is not None and is_fence(holder):
            yield Finding(
                "it allows much and denies the ways out, as a boundary does, but bounds no role, or is attached; it must only bound roles.",
                holder,
            )
