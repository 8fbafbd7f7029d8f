"""Whether policy documents allow a call of AWS: for certain, for rules that check that enough is granted; and whether they might.

For certain: an Allow counts only if all of its conditions are known to be met, and a Deny counts if it might be met. Whether they might is
the other way round. Source: IAM user guide, "Policy evaluation logic".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from conditions import tests_of
from documents import Statement
from globs import POLICY_VARIABLE, glob
from plain import Plain

ABSENT = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AwsCall:
    """One call of AWS.

    Attributes:
        resource: its ARN; `*` where the caller asks for all of them.
        service: the service that calls, such as sns.amazonaws.com; empty where a role does, whose own documents are asked.
        context: by condition key in lower case, what is known of the request; ABSENT for a key that it lacks.
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


def might_be_allowed(request: AwsCall, statements: Iterable[Statement]) -> bool:
    """Whether some statement might allow the call, and none certainly denies it."""
    asked = list(statements)
    return any(one.allows and _is_about(one, request) and _holds(one, request, unknown=True) for one in asked) and not any(
        certainly_denies(one, request) for one in asked
    )


def certainly_denies(statement: Statement, request: AwsCall) -> bool:
    """Whether a statement denies the call, whatever isn't known of it."""
    return not statement.allows and _is_about(statement, request) and _holds(statement, request, unknown=False)


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
        if request.resource == "*" or any(map(POLICY_VARIABLE.search, statement.excepted_resources)):
            return unknown
        return not any(glob(one, request.resource) for one in statement.excepted_resources)
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
    if found is not None and operator == "null":
        return all(str(value).lower() == str(found == ABSENT).lower() for value in values)
    if found == ABSENT and positive in SAME:
        return negated or plain != operator
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
