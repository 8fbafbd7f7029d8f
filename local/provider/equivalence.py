"""The AWS provider's DiffSuppressFuncs: when it takes two values for equal. And how it reads some of them back.

Each gets the recorded value and the program's, neither of which is None. What isn't known yet is never equal.
"""

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any, Final, cast

_Object = dict[str, Any]

_HEALTH_DEFAULTS: Final = {"interval": 30, "retries": 3, "timeout": 5}
"""Source: terraform-provider-aws, internal/service/ecs, containerDefinitions.reduce."""


def containers(was: Any, now: Any) -> bool:
    """Whether two JSON texts of container definitions mean the same in a task with the network mode awsvpc.

    Source: terraform-provider-aws, internal/service/ecs, containerDefinitionsAreEquivalent.
    """
    one, other = _containers(was), _containers(now)
    return one is not None and other is not None and _reduced(one) == _reduced(other)


def containers_read_back(sent: Any) -> Any:
    """Container definitions as AWS returns them after they were sent.

    Of the kernel's capabilities, AWS returns both lists, one of them empty if it wasn't sent, and the provider sees a difference. Source:
    github.com/braintrustdata/terraform-aws-braintrust-data-plane, pull request 335. The provider ignores all else that AWS adds.
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


def _containers(text: Any) -> list[dict[str, Any]] | None:
    given = document(text)
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in cast("list[Any]", given)):
        return None
    return cast("list[dict[str, Any]]", given)


def _reduced(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The containers in one form. An empty list of a container equals no list, but not one inside `linuxParameters`.

    Source: the same.
    """
    made: list[dict[str, Any]] = []
    for one in given:
        given_values = {name: value for name, value in _without_nulls(one).items() if value != []}
        reduced: dict[str, Any] = {"cpu": 0, "essential": True, **given_values}
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


def policies(was: Any, now: Any) -> bool:
    """Whether two IAM policies mean the same: in any order, with a list of one item or the item, an account's number or its root ARN.

    Source: github.com/hashicorp/awspolicyequivalence, which verify.SuppressEquivalentPolicyDiffs calls.
    """
    one, other = document(was), document(now)
    return isinstance(one, dict) and isinstance(other, dict) and _policy(cast("_Object", one)) == _policy(cast("_Object", other))


def documents(was: Any, now: Any) -> bool:
    """Whether two texts are the same JSON. Source: terraform-provider-aws, internal/verify, SuppressEquivalentJSONDiffs."""
    return document(was) is not None and document(was) == document(now)


def arn_or_name(was: Any, now: Any) -> bool:
    """Whether one is the ARN and the other the name of the same resource.

    Source: terraform-provider-aws, suppressEquivalentFunctionNameOrARN of Lambda and suppressEquivalentKeyARNOrID of KMS.
    """
    arns = [str(one).startswith("arn:") for one in (was, now)]
    return arns[0] != arns[1] and len({re.split("[:/]", str(one))[-1] for one in (was, now)}) == 1


def _policy(given: _Object) -> _Object:
    statements = [_statement(one) for one in _items(given.get("Statement"))]
    return {**given, "Statement": sorted(statements, key=lambda one: json.dumps(one, sort_keys=True))}


def _statement(given: Any) -> Any:
    if not isinstance(given, dict):
        return given
    made: _Object = {}
    for key, value in cast("_Object", given).items():
        if key in {"Principal", "NotPrincipal"}:
            named = cast("_Object", value) if isinstance(value, dict) else {"AWS": value}
            made[key] = {kind: sorted(_account(kind, one) for one in _items(names)) for kind, names in named.items()}
        elif key == "Condition" and isinstance(value, dict):
            tests = cast("dict[str, _Object]", value).items()
            made[key] = {test: {name: sorted(map(_text, _items(items))) for name, items in operands.items()} for test, operands in tests}
        else:
            made[key] = sorted(map(_text, _items(value)))
    return made


def _account(kind: str, name: Any) -> str:
    return f"arn:aws:iam::{name}:root" if kind == "AWS" and re.fullmatch("[0-9]{12}", str(name)) else str(name)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _items(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else [value]


def numbers(was: Any, now: Any) -> bool:
    """Whether two texts are the same number: "500" and "500.0".

    Source: terraform-provider-aws, internal/service/budgets, suppressEquivalentBudgetLimitAmount.
    """
    try:
        return Decimal(str(was)) == Decimal(str(now))
    except InvalidOperation:
        return False


def document(text: Any) -> Any:
    """The content of a JSON text; None if it isn't JSON."""
    try:
        return json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None
