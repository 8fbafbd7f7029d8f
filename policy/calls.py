"""Whether policy documents allow a call of AWS: for rules that check that enough is granted, and not only that too much isn't.

The answer must be certain: an Allow counts only if all of its conditions are known to be met, and a Deny counts if it might be met. Source:
IAM user guide, "Policy evaluation logic".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from conditions import tests_of
from documents import Statement
from globs import POLICY_VARIABLE, glob
from plain import Plain


@dataclass(frozen=True, kw_only=True, slots=True)
class AwsCall:
    """One call of AWS.

    Attributes:
        resource: its ARN; `*` where the caller asks for all of them.
        service: the service that calls, such as sns.amazonaws.com; empty where a role does, whose own documents are asked.
        context: by condition key in lower case, what is known of the request.
    """

    action: str
    resource: str
    service: str = ""
    context: Mapping[str, str] = field(default_factory=dict[str, str])


def allowed(request: AwsCall, statements: Iterable[Statement]) -> bool:
    """Whether some statement certainly allows the call, and none might deny it."""
    relevant = [one for one in statements if _is_about(one, request)]
    return any(one.allows and _holds(one, request, unknown=False) for one in relevant) and not any(
        not one.allows and _holds(one, request, unknown=True) for one in relevant
    )


def _is_about(statement: Statement, request: AwsCall) -> bool:
    action = request.action.lower()
    return _names(statement.actions, action) if statement.actions else not _names(statement.excepted_actions, action)


@lru_cache(maxsize=8192)  # a stack has some 200 statements, and is asked some 100 calls
def _names(patterns: tuple[str, ...], action: str) -> bool:
    return any(glob(one.lower(), action) for one in patterns)


def _holds(statement: Statement, request: AwsCall, *, unknown: bool) -> bool:
    """Whether the rest of a statement applies: its resources, principals and conditions. `unknown`: the answer where that can't be told."""
    return (
        _is_on(statement, request, unknown)
        and _is_by(statement, request, unknown)
        and all(_test(operator, key, values, request.context, unknown) for operator, key, values in tests_of(statement.conditions))
    )


def _is_on(statement: Statement, request: AwsCall, unknown: bool) -> bool:
    if statement.excepted_resources:
        return unknown
    patterns = [POLICY_VARIABLE.sub("*", one) for one in statement.resources if unknown or not POLICY_VARIABLE.search(one)]
    return not statement.resources or any(glob(one, request.resource) for one in patterns)


def _is_by(statement: Statement, request: AwsCall, unknown: bool) -> bool:
    if statement.excepted_principals:
        return unknown
    if not statement.principals:
        return not request.service
    return any(one.name == "*" or (one.kind == "Service" and one.name == request.service) for one in statement.principals)


def _test(operator: str, key: str, values: list[Plain], context: Mapping[str, str], unknown: bool) -> bool:
    """Whether one test of a condition is met. The answer is `unknown` where the request's value for the key, or the operator, isn't known
    here."""
    plain = operator.removeprefix("forallvalues:").removesuffix("ifexists")
    positive, negated = plain.replace("not", ""), "not" in plain
    found = context.get(key)
    if found is None or positive not in SAME or not all(isinstance(value, str | bool) for value in values):
        return unknown
    return any(SAME[positive](str(value), found) for value in values) is not negated


def _same(value: str, found: str) -> bool:
    return value == found


def _same_in_any_case(value: str, found: str) -> bool:
    return value.lower() == found.lower()


SAME = {
    "stringequals": _same,
    "stringequalsignorecase": _same_in_any_case,
    "stringlike": glob,
    "arnequals": glob,
    "arnlike": glob,
    "bool": _same_in_any_case,
}
"""By operator, whether a value is met. ArnEquals and ArnLike are the same to IAM."""
