"""Values that the AWS provider takes for the same though they aren't equal: its DiffSuppressFuncs. And what it reads back of them.

An equivalence gets the recorded value and the program's, neither of them None; what isn't known yet is never equivalent.
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any, Final, cast

Container = dict[str, Any]

_EMPTY_IS_NONE: Final = frozenset(
    {
        "command",
        "credentialSpecs",
        "dependsOn",
        "dnsSearchDomains",
        "dnsServers",
        "dockerSecurityOptions",
        "entryPoint",
        "environment",
        "environmentFiles",
        "extraHosts",
        "links",
        "mountPoints",
        "portMappings",
        "resourceRequirements",
        "secrets",
        "systemControls",
        "ulimits",
        "volumesFrom",
    }
)
"""A container's lists that may as well be left out. Those inside `linuxParameters` are none of them.
Source: terraform-provider-aws, internal/service/ecs, containerDefinitions.reduce."""

_HEALTH_DEFAULTS: Final = {"interval": 30, "retries": 3, "timeout": 5}
"""Source: the same."""


def containers(was: Any, now: Any) -> bool:
    """Whether two texts of container definitions mean the same, both in a task whose network mode is awsvpc.

    Source: terraform-provider-aws, internal/service/ecs, containerDefinitionsAreEquivalent.
    """
    one, other = _containers(was), _containers(now)
    return one is not None and other is not None and _reduced(one) == _reduced(other)


def containers_read_back(sent: Any) -> Any:
    """Container definitions as AWS describes what it was sent.

    Of the kernel's capabilities, AWS answers both lists, the one that wasn't sent as an empty one; the provider doesn't take that for
    the same. Source: "linuxParameters" in the answers of DescribeTaskDefinition. Everything else that AWS adds means nothing to the
    provider, and is left out here.
    """
    given = _containers(sent)
    if given is None:
        return sent
    for one in given:
        parameters: dict[str, Any] = one.get("linuxParameters") or {}
        capabilities: dict[str, Any] | None = parameters.get("capabilities")
        if capabilities is not None:
            parameters["capabilities"] = {kind: capabilities.get(kind) or [] for kind in ("add", "drop")}
    return json.dumps(given)


def _containers(text: Any) -> list[Container] | None:
    given = document(text)
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in cast("list[Any]", given)):
        return None
    return cast("list[Container]", given)


def _reduced(given: list[Container]) -> list[Container]:
    made: list[Container] = []
    for one in given:
        reduced: dict[str, Any] = {"cpu": 0, "essential": True, **_without_nulls(one)}
        for name in _EMPTY_IS_NONE & {name for name, value in reduced.items() if value == []}:
            del reduced[name]
        for name in {"environment", "secrets"} & reduced.keys():
            reduced[name] = sorted(reduced[name], key=lambda pair: str(pair.get("name")))
        if "healthCheck" in reduced:
            reduced["healthCheck"] = {**_HEALTH_DEFAULTS, **reduced["healthCheck"]}
        for port in reduced.get("portMappings", ()):
            port["hostPort"] = port.get("hostPort") or port.get("containerPort")
            if port.get("protocol") == "tcp":
                del port["protocol"]
        made.append(reduced)
    return sorted(made, key=lambda one: str(one.get("name")))


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in cast("dict[str, Any]", value).items() if item is not None}
    return [_without_nulls(item) for item in cast("list[Any]", value)] if isinstance(value, list) else value


def numbers(was: Any, now: Any) -> bool:
    """Whether two texts are the same number: "500" and "500.0".

    Source: terraform-provider-aws, internal/service/budgets, suppressEquivalentBudgetLimitAmount.
    """
    try:
        return Decimal(str(was)) == Decimal(str(now))
    except InvalidOperation:
        return False


def document(text: Any) -> Any:
    """What JSON text holds; None where it is no JSON."""
    try:
        return json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None
