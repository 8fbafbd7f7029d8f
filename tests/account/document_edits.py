"""Every single edit of a policy statement: what says more than it did, what says less, and what says the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.functions.requests import listed

Statement = dict[str, Any]
Edits = Iterator[tuple[str, list[Statement]]]
"""What an edit does, and what stands in the statement's place after it."""

STRANGER = "arn:aws:iam::999999999999:role/stranger"
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def wider(one: Statement) -> Edits:
    """It says more: for an Allow that is access, for a Deny it is less."""
    yield "every action", [{**_without(one, "Action"), "Action": "*"}]
    yield "all actions but one", [{**_without(one, "Action"), "NotAction": "sts:GetCallerIdentity"}]
    if "Action" in one:
        yield "an action more", [{**one, "Action": [*listed(one["Action"]), "iam:CreateUser"]}]
    for action in listed(one.get("NotAction", [])) if len(listed(one.get("NotAction", []))) > 1 else ():
        yield f"not all but {action}", [{**one, "NotAction": [it for it in one["NotAction"] if it != action]}]
    if "*" not in listed(one.get("Resource", "*")):
        yield "a resource more", [{**one, "Resource": [*listed(one["Resource"]), "arn:aws:sqs:us-east-1:000000000000:more"]}]
        yield "every resource", [{**one, "Resource": "*"}]
        yield "all resources but one", [{**_without(one, "Resource"), "NotResource": "arn:aws:sqs:us-east-1:000000000000:more"}]
    if "Principal" in one and one["Principal"] not in ("*", {"AWS": "*"}):
        (kind, names), *_ = one["Principal"].items()
        yield "everybody", [{**one, "Principal": "*"}]
        yield "a stranger more", [{**one, "Principal": {**one["Principal"], "AWS": [*listed(one["Principal"].get("AWS", [])), STRANGER]}}]
        yield f"a {kind} more", [{**one, "Principal": {**one["Principal"], kind: [*listed(names), "ec2.amazonaws.com"]}}]
        yield "all but a stranger", [{**_without(one, "Principal"), "NotPrincipal": {"AWS": STRANGER}}]
    for operator, key, values in _tests(one):
        at = f"{operator} {key}"
        yield f"without {at}", [_testing(one, operator, key, None)]
        yield f"{at} if it exists", [_testing(_testing(one, operator, key, None), f"{operator}IfExists", key, values)]
        if not _negated(operator):
            yield (
                f"{at} of all values",
                [_testing(_testing(one, operator, key, None), f"ForAllValues:{operator.rpartition(':')[2]}", key, values)],
            )
            yield f"{at} of one value more", [_testing(one, operator, key, [*values, "arn:aws:sqs:us-east-1:000000000000:more"])]
            if operator.endswith(("Equals", "Like")):
                like = f"{operator.removesuffix('Equals').removesuffix('Like')}Like"
                yield f"{at} like anything", [_testing(_testing(one, operator, key, None), like, key, ["*"])]
        for value in values if _negated(operator) and len(values) > 1 else ():
            yield f"{at} not unless {value}", [_testing(one, operator, key, [it for it in values if it != value])]


def narrower(one: Statement) -> Edits:
    """It says less: for an Allow somebody is kept from what they must do, for a Deny it is access."""
    yield "gone", []
    yield (
        "for the daytime",
        [{**one, "Condition": {**one.get("Condition", {}), "DateLessThan": {"aws:CurrentTime": "2026-12-01T00:00:00Z"}}}],
    )
    if "Bool" not in one.get("Condition", {}):
        yield "with a token", [{**one, "Condition": {**one.get("Condition", {}), **MFA}}]
    for key in ("Action", "Resource"):
        for value in listed(one.get(key, [])) if len(listed(one.get(key, []))) > 1 else ():
            yield f"without {value}", [{**one, key: [it for it in one[key] if it != value]}]
        for value in listed(one.get(key, [])):
            if value.endswith("*") and (value != "*" or key == "Resource"):
                less = "arn:aws:sqs:us-east-1:000000000000:less" if value == "*" else f"{value[:-1]}less"
                yield f"less than {value}", [{**one, key: [less if it == value else it for it in listed(one[key])]}]
    if "NotAction" in one:
        yield "but one action more", [{**one, "NotAction": [*listed(one["NotAction"]), "s3:PutBucketPolicy", "kms:PutKeyPolicy"]}]
        yield "one action", [{**_without(one, "Action"), "Action": "s3:GetObject"}]
    if one.get("Principal") in ("*", {"AWS": "*"}):
        yield "for a stranger", [{**one, "Principal": {"AWS": STRANGER}}]
        yield "but for a stranger", [{**_without(one, "Principal"), "NotPrincipal": {"AWS": STRANGER}}]
    for operator, key, values in _tests(one):
        if _negated(operator):
            yield f"{operator} {key} nor another", [_testing(one, operator, key, [*values, STRANGER])]
        for value in values if not _negated(operator) and len(values) > 1 else ():
            yield f"{operator} {key} not {value}", [_testing(one, operator, key, [it for it in values if it != value])]


def alike(one: Statement) -> Edits:
    """It says the same."""
    for key in ("Action", "NotAction", "Resource"):
        if len(listed(one.get(key, []))) > 1:
            yield f"{key} in another order", [{**one, key: listed(one[key])[::-1]}]
            if key != "NotAction":
                yield f"{key} each by itself", [{**one, key: value} for value in listed(one[key])]
    for operator, key, values in _tests(one):
        if len(values) > 1:
            yield f"{operator} {key} in another order", [_testing(one, operator, key, values[::-1])]
            if not _negated(operator):
                yield f"{operator} {key} each by itself", [_testing(one, operator, key, value) for value in values]
    yield "twice", [one, one]
    yield "under another name", [{**one, "Sid": "Another"}]


def _without(one: Statement, element: str) -> Statement:
    return {key: value for key, value in one.items() if key.removeprefix("Not") != element}


def _tests(one: Statement) -> Iterator[tuple[str, str, list[Any]]]:
    for operator, tests in one.get("Condition", {}).items():
        yield from ((operator, key, listed(values)) for key, values in tests.items())


def _negated(operator: str) -> bool:
    return "Not" in operator


def _testing(one: Statement, operator: str, key: str, values: Any) -> Statement:
    """With another test on a key; None: with none."""
    conditions = {
        name: {its: value for its, value in tests.items() if (name, its) != (operator, key)}
        for name, tests in one.get("Condition", {}).items()
    }
    if values is not None:
        conditions.setdefault(operator, {})[key] = values
    kept = {name: tests for name, tests in conditions.items() if tests}
    return {**one, "Condition": kept} if kept else {name: value for name, value in one.items() if name != "Condition"}
