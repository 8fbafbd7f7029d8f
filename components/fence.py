"""The fence in front of the agents: which requests the gateway lets through, whatever the container does. Pure functions.

AgentCore evaluates a Cedar policy on each request before it reaches the runtime, and denies what no policy permits: a request of another
caller or beyond the table's limits, one that can't be read, and everything while the policies can't be read.
Source: AgentCore developer guide, "Policy in Amazon Bedrock AgentCore", "Resource configuration for examples".
"""

from __future__ import annotations

import json

from components.environment import Limits
from components.naming import GATEWAY_TARGET, PARTITION, Names

INVOCATIONS_PATH = "/invocations"
"""The path of an HTTP runtime. Source: AgentCore developer guide, "Amazon Bedrock AgentCore Runtime targets"."""

ACTION = f"{GATEWAY_TARGET}___POST:{INVOCATIONS_PATH}"
"""The only thing that can be asked of the agents. Source: AgentCore developer guide, "Policy scope", Action names by target type."""

LEAST_AUTONOMY, LEAST_MEMORY = 0, 1
"""Percent and bytes: as little as a request may ask for (functions/agentcore_handler/agent_request.py)."""


def invocation_policy(names: Names, limits: Limits, gateway_arn: str) -> str:
    """The Cedar policy that lets the handler invoke the agents within the table's limits. There is no other, so all else is denied.

    Args:
        gateway_arn: the very gateway: Cedar has no patterns here.
    """
    return f"""permit(
  principal == AgentCore::IamEntity::"{_caller(names, names.handler_role)}",
  action == AgentCore::Action::"{ACTION}",
  resource == AgentCore::Gateway::"{gateway_arn}"
) when {{
  {_within("autonomy_percent", LEAST_AUTONOMY, limits.autonomy_percent)} &&
  {_within("agent_memory_bytes", LEAST_MEMORY, limits.agent_memory_bytes)}
}};
"""


def _caller(names: Names, role: str) -> str:
    """A role as AgentCore names whoever has taken it on: without the session.

    Source: AgentCore developer guide, "Resource configuration for examples", Principals.
    """
    return f"arn:{PARTITION}:sts::{names.account}:assumed-role/{role}"


def _within(name: str, least: int, most: int) -> str:
    value = f"context.input.{name}"
    return f"context.input has {name} && {value} >= {least} && {value} <= {most}"


def runtime_schema() -> str:
    """The agents' API, in OpenAPI: what it doesn't declare, no policy can read.

    Source: AgentCore developer guide, "Resource configuration for examples", Request body on the runtime target.
    """
    text, number = {"type": "string"}, {"type": "integer"}
    request = {"prompt": text, "source": text, "agent_memory_bytes": number, "autonomy_percent": number}
    answer = {"output": text, "stop_reason": text, "error": text, "kind": text}
    operation = {
        "operationId": "invoke",
        "requestBody": {"required": True, **_body(request, required=["prompt", "agent_memory_bytes", "autonomy_percent"])},
        "responses": {"200": {"description": "The agent's answer, or its refusal.", **_body(answer, required=[])}},
    }
    return json.dumps(
        {"openapi": "3.0.3", "info": {"title": "Agents", "version": "1.0.0"}, "paths": {INVOCATIONS_PATH: {"post": operation}}}
    )


def _body(properties: dict[str, dict[str, str]], *, required: list[str]) -> dict[str, object]:
    schema = {"type": "object", "properties": properties} | ({"required": required} if required else {})
    return {"content": {"application/json": {"schema": schema}}}
