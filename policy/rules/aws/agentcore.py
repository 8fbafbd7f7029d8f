"""AgentCore: who may ask a gateway, and what a web ACL in front of it must be."""

from __future__ import annotations

from collections.abc import Iterator

from checks import absent, literal, present
from graph import Linked
from rule import Finding, Resource, Severity, Stack, about, rule
from tokens import AGENT_GATEWAY, WEB_ACL, WEB_ACL_LOGGING


@rule(
    id="agentcore/gateway-authorizer",
    types={AGENT_GATEWAY},
    severity=Severity.CRITICAL,
    protects="The agents from being asked by strangers.",
    why="A gateway without an authorizer serves whoever finds its address.",
    fix="Write authorizer_type='AWS_IAM', and leave out exception_level.",
    controls=("Security Hub BedrockAgentCore.2", "prowler AG-24", "prowler AG-26"),
)
def gateway_authorizer(gateway: Resource) -> Iterator[Finding]:
    yield from literal("authorizerType", gateway.at("authorizerType"), "AWS_IAM", "CUSTOM_JWT")
    # DEBUG answers callers with the inner error.
    yield from absent("exceptionLevel", gateway.at("exceptionLevel"), "callers must not see inner errors")


def _not_empty(acl: Resource) -> Iterator[Finding]:
    yield from present("rules", acl.at("rules"), "at least one rule")


@rule(
    id="agentcore/web-acl-not-empty",
    severity=Severity.HIGH,
    protects="What is behind the ACL.",
    why="An ACL without rules lets everything through.",
    fix="Write at least one rule.",
    controls=("Security Hub WAF.10",),
)
def web_acl_not_empty(stack: Stack) -> Iterator[Finding]:
    for acl in stack.of_type(WEB_ACL):
        yield from about(acl, _not_empty(acl))


@rule(
    id="agentcore/web-acl-logged",
    severity=Severity.MEDIUM,
    protects="The record of what was let through and what was blocked.",
    why="Without it nobody can tell afterwards how an attacker got in.",
    fix="Declare an aws.wafv2.WebAclLoggingConfiguration for the ACL.",
    controls=("Security Hub WAF.11",),
)
def web_acl_logged(stack: Stack) -> Iterator[Finding]:
    acls = Linked(stack, WEB_ACL)
    logged = acls.by_all(stack.of_type(WEB_ACL_LOGGING), "resourceArn")
    for urn, acl in acls.all.items():
        if urn not in logged:
            yield Finding("nobody logs what it decides; an aws.wafv2.WebAclLoggingConfiguration must.", acl)
