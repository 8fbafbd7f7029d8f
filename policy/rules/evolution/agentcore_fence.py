"""AgentCore, the fence: Cedar policies in front of the agents hold requests to the table's limits, whatever the container does."""

from __future__ import annotations

import re
from collections.abc import Iterator

from accounts import own_account
from checks import literal
from graph import Linked, names_of
from plain import number, shown
from rule import Finding, Resource, Severity, Stack, about
from rules.evolution.agentcore_way import handler_roles
from system import evolution_rule
from tokens import AGENT_GATEWAY, AGENT_GATEWAY_TARGET, AGENT_POLICY, AGENT_POLICY_ENGINE

OUTSIDE_DEV = frozenset({"staging", "prod"})
"""In dev an engine may only log, while its policies are tried."""

BOUNDED = ("autonomy_percent", "agent_memory_bytes")
"""What a request says that the table bounds, by the same names."""

PERMIT = re.compile(
    r"\s*permit\s*\("
    r'\s*principal\s*==\s*AgentCore::IamEntity::"(?P<caller>[^"]*)"\s*,'
    r'\s*action\s*==\s*AgentCore::Action::"(?P<action>[^"]*)"\s*,'
    r'\s*resource\s*==\s*AgentCore::Gateway::"(?P<gateway>[^"]*)"\s*\)'
    r"\s*when\s*\{(?P<when>[^{}/]*)\}\s*;\s*"
)
FORBID = re.compile(r"\s*forbid\s*\([^;]*;\s*")
"""One policy that takes away, and can't let anything through."""

PRESENCE = re.compile(r"context\.input has \w+")
COMPARISON = re.compile(r"context\.input\.(?P<name>\w+)\s*(?P<operator><=|<|>=|>|==)\s*(?P<value>-?\d+)")


@evolution_rule(
    id="agentcore/policy-engine",
    severity=Severity.CRITICAL,
    protects="The agents from requests beyond the table's limits, even where the container doesn't look.",
    why="Without an engine that enforces, only code that evolves beside the agents holds a request to the limits.",
    fix="Write policy_engine_configuration={'arn': <the stack's engine>.policy_engine_arn, 'mode': 'ENFORCE'}.",
    controls=("prowler AG-25",),
    tiers=OUTSIDE_DEV,
)
def policy_engine(stack: Stack) -> Iterator[Finding]:
    engines = Linked(stack, AGENT_POLICY_ENGINE, ("policyEngineArn", "arn", "id"))
    for gateway in stack.of_type(AGENT_GATEWAY):
        mode = gateway.at("policyEngineConfiguration", "mode")
        yield from about(gateway, literal("policyEngineConfiguration.mode", mode, "ENFORCE"))
        if not engines.by(gateway, "policyEngineConfiguration"):
            yield Finding("policyEngineConfiguration leads to no policy engine of this stack; it must.", gateway)


@evolution_rule(
    id="agentcore/policies",
    severity=Severity.CRITICAL,
    protects="The fence in front of the agents from a gap: a caller or a request that a policy lets through.",
    why="What a Cedar policy permits reaches the agents; what none permits doesn't.",
    fix="Permit the handler's role alone, on this gateway, with autonomy_percent and agent_memory_bytes at most the table's, joined by &&.",
)
def policies(stack: Stack) -> Iterator[Finding]:
    """A policy is one that takes away, or one that permits in a form that can be read without Cedar: what is compared, and by whom."""
    engines = Linked(stack, AGENT_POLICY_ENGINE, ("policyEngineId", "id"))
    for policy in stack.of_type(AGENT_POLICY):
        validated = policy.at("validationMode")
        yield from about(policy, literal("validationMode", validated, "FAIL_ON_ANY_FINDINGS", or_missing=True))
        if not engines.by(policy, "policyEngineId"):
            yield Finding("policyEngineId leads to no policy engine of this stack; it must.", policy)
        yield from about(policy, _statement(stack, policy))


def _statement(stack: Stack, policy: Resource) -> Iterator[Finding]:
    statement = policy.at("definition", "cedar", "statement")
    if not isinstance(statement, str):
        yield Finding("definition.cedar.statement is not known at preview; it must be a literal Cedar policy.")
    elif match := PERMIT.fullmatch(statement):
        yield from _scope(stack, match)
        yield from _bounds(stack, match["when"])
    elif not FORBID.fullmatch(statement):
        yield Finding(
            "its statement permits more than one can tell; it must be one permit of a literal principal, action and resource, and when "
            "{…} only comparisons with numbers, joined by &&."
        )


def _scope(stack: Stack, permit: re.Match[str]) -> Iterator[Finding]:
    """Whom, where and what. Where there is no handler, `agentcore/only-handler` says it."""
    account = own_account(stack)
    callers = {f":sts::{account}:assumed-role/{name}" for name in handler_roles(stack)}
    if callers and not any(permit["caller"].endswith(caller) for caller in callers):
        yield Finding(f"it permits {shown(permit['caller'])}; it must permit the handler's role alone.")
    gateways = [f":{account}:gateway/{name}-" for name in names_of(stack.of_type(AGENT_GATEWAY))]
    if not any(gateway in permit["gateway"] for gateway in gateways):
        yield Finding(f"it is about {shown(permit['gateway'])}; it must be about this stack's gateway.")
    if permit["action"].partition("___")[0] not in names_of(stack.of_type(AGENT_GATEWAY_TARGET)):
        yield Finding(f"it permits {shown(permit['action'])}; it must be an action of this stack's target.")


def _bounds(stack: Stack, when: str) -> Iterator[Finding]:
    """Each bound once at least, and none above the table."""
    most: dict[str, list[int]] = {name: [] for name in BOUNDED}
    for part in (one.strip() for one in when.split("&&")):
        match = COMPARISON.fullmatch(part)
        if match and match["operator"] in ("<=", "<", "==") and match["name"] in most:
            most[match["name"]].append(int(match["value"]) - (match["operator"] == "<"))
        elif not match and not PRESENCE.fullmatch(part):
            yield Finding(f"its condition has {shown(part)}; it must have only comparisons with numbers, joined by &&.")
    for name, bounds in most.items():
        allowed = number((stack.table or {}).get(name))
        if not bounds:
            yield Finding(f"its condition bounds no {name}; it must be at most the table's ({shown(allowed)}).")
        elif allowed is None or min(bounds) > allowed:
            yield Finding(f"its condition lets {name} be {min(bounds)}; it must be at most the table's ({shown(allowed)}).")
