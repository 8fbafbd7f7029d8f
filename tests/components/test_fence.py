"""The Cedar policy in front of the agents, as Cedar evaluates it: the handler's requests within the table's limits, no others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from cedarpy import Decision, is_authorized, validate_policies  # pyright: ignore[reportUnknownVariableType] (it takes any dict)

from components import fence
from components.environment import Limits
from components.naming import Names
from tests.components.tables import env_of

STACKS = ("dev", "staging", "prod")
ACCOUNT = "123456789012"
TYPES = {"string": "String", "integer": "Long", "boolean": "Bool"}
"""Cedar's types, by OpenAPI's. Source: AgentCore developer guide, "Policy schema constraints"."""


def names_of(stack: str) -> Names:
    return Names(stack=stack, region=env_of(stack).region, account=ACCOUNT)


def gateway_of(names: Names) -> str:
    return names.gateway_arn.replace("?" * 10, "0a1b2c3d4e")


def policy_of(stack: str) -> str:
    names = names_of(stack)
    return fence.invocation_policy(names, env_of(stack), gateway_of(names))


def schema() -> str:
    """What AgentCore makes of the target's own document: what may be asked, by whom, with which input. Callers: all that a gateway knows.

    Source: AgentCore developer guide, "Resource configuration for examples".
    """
    document = json.loads(fence.runtime_schema())
    ((path, methods),) = document["paths"].items()
    ((method, operation),) = methods.items()
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    fields = [f'"{name}"{"" if name in body["required"] else "?"}: {TYPES[one["type"]]}' for name, one in body["properties"].items()]
    return f"""namespace AgentCore {{
        entity IamEntity {{ id: String }};
        entity OAuthUser {{ id: String }} tags String;
        entity UnauthenticatedUser;
        entity Gateway;
        action "runtime___{method.upper()}:{path}" appliesTo {{
            principal: [IamEntity, OAuthUser, UnauthenticatedUser], resource: [Gateway], context: {{ input: {{ {", ".join(fields)} }} }}
        }};
    }}"""


def caller(names: Names, role: str) -> str:
    return f'AgentCore::IamEntity::"arn:aws:sts::{names.account}:assumed-role/{role}"'


def decision(stack: str, policies: str | None = None, **changed: Any) -> Decision:
    """What Cedar says of a right request, but for what is changed in it."""
    names = names_of(stack)
    request = {
        "principal": caller(names, names.handler_role),
        "action": 'AgentCore::Action::"runtime___POST:/invocations"',
        "resource": f'AgentCore::Gateway::"{gateway_of(names)}"',
        "context": {"input": asked(env_of(stack))},
        **changed,
    }
    return is_authorized(request, policy_of(stack) if policies is None else policies, []).decision


def asked(limits: Limits, **changed: Any) -> Mapping[str, Any]:
    """A request's body that asks for all that the table allows."""
    most = {"agent_memory_bytes": limits.agent_memory_bytes, "autonomy_percent": limits.autonomy_percent}
    return {name: value for name, value in ({"prompt": "Grow.", **most} | changed).items() if value is not None}


@pytest.mark.parametrize("stack", STACKS)
def test_the_handler_may_ask_for_all_that_the_table_allows_and_for_less(stack: str) -> None:
    limits = env_of(stack)
    assert decision(stack) is Decision.Allow
    for less in ({"autonomy_percent": 0}, {"agent_memory_bytes": 1}, {"source": "A text."}):
        assert decision(stack, context={"input": asked(limits, **less)}) is Decision.Allow, less


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("name", ["autonomy_percent", "agent_memory_bytes"])
def test_a_request_beyond_a_limit_is_denied(stack: str, name: str) -> None:
    limits = env_of(stack)
    for beyond in (getattr(limits, name) + 1, 2**63 - 1, -1, -(2**63)):
        assert decision(stack, context={"input": asked(limits, **{name: beyond})}) is Decision.Deny, beyond


@pytest.mark.parametrize("stack", STACKS)
def test_another_caller_or_another_thing_is_denied(stack: str) -> None:
    names = names_of(stack)
    handler, elsewhere = names.handler_role, replace(names, account="999999999999")
    others = [
        *(caller(names, role) for role in (names.engine_role, names.monitor_role, names.gateway_role, names.agent_runtime_role)),
        *(caller(names, f"{handler}{more}") for more in ("/session", "-2")),
        caller(names, handler.replace(f"-{stack}-", "-other-")),
        caller(elsewhere, handler),
        f'AgentCore::IamEntity::"{names.role_arn(handler)}"',
        f'AgentCore::OAuthUser::"{handler}"',
        'AgentCore::UnauthenticatedUser::""',
    ]
    for other in others:
        assert decision(stack, principal=other) is Decision.Deny, other
    for action in ("runtime___GET:/invocations", "runtime___POST:/commands", "other___POST:/invocations", "runtime"):
        assert decision(stack, action=f'AgentCore::Action::"{action}"') is Decision.Deny, action
    assert decision(stack, resource=f'AgentCore::Gateway::"{gateway_of(elsewhere)}"') is Decision.Deny


MALFORMED: Mapping[str, Any] = {
    "nothing": {},
    "no object": {"input": "text"},
    "a list": {"input": [{"autonomy_percent": 0, "agent_memory_bytes": 1}]},
    **{f"no {name}": {"input": asked(env_of("dev"), **{name: None})} for name in ("autonomy_percent", "agent_memory_bytes")},
    **{
        f"{value!r} as {name}": {"input": asked(env_of("dev"), **{name: value})}
        for name in ("autonomy_percent", "agent_memory_bytes")
        for value in ("10", True, [10], {"value": 10}, 10.5, 1e3, 2**63)
    },
}


@pytest.mark.parametrize("what", MALFORMED)
def test_a_request_that_is_malformed_is_never_allowed(what: str) -> None:
    """Cedar denies it, or can't take it for a request at all, where AgentCore's gateway denies, too."""
    assert decision("dev", context=MALFORMED[what]) in (Decision.Deny, Decision.NoDecision)


@pytest.mark.parametrize("stack", STACKS)
def test_without_a_policy_or_with_one_that_cannot_be_read_nothing_is_allowed(stack: str) -> None:
    assert decision(stack, "") is Decision.Deny
    assert decision(stack, policy_of(stack).replace("when", "whenever")) is Decision.NoDecision


@pytest.mark.parametrize("stack", STACKS)
def test_the_policy_reads_only_what_the_target_declares(stack: str) -> None:
    policy = policy_of(stack)
    assert validate_policies(policy, schema()).validation_passed
    for right, wrong in (
        ("context.input.autonomy_percent <= ", "context.input.autonomy <= "),
        ("POST:/invocations", "POST:/other"),
        ("context.input.agent_memory_bytes <= ", "context.input.prompt <= "),
        ("AgentCore::Gateway", "AgentCore::Gate"),
    ):
        assert right in policy
        assert not validate_policies(policy.replace(right, wrong), schema()).validation_passed, wrong


def test_a_change_of_a_row_changes_the_policy() -> None:
    """The figures are the table's, and nobody else's."""
    names, limits = names_of("prod"), env_of("prod")
    for name in ("autonomy_percent", "agent_memory_bytes"):
        less = getattr(limits, name) - 1
        stricter = fence.invocation_policy(names, limits.model_copy(update={name: less}), gateway_of(names))
        assert decision("prod", stricter) is Decision.Deny
        assert decision("prod", stricter, context={"input": asked(limits, **{name: less})}) is Decision.Allow
