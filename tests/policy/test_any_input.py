"""Whatever a program passes: no rule raises, and none takes seconds. Through CrossGuard's own proxies, with unknowns anywhere."""

from __future__ import annotations

import ast
import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pulumi_policy.proxy import (
    UNKNOWN_ARRAY_VALUE,
    UNKNOWN_NUMBER_VALUE,
    UNKNOWN_OBJECT_VALUE,
    UNKNOWN_STRING_VALUE,
    unknown_checking_proxy,
)

import documents
from adapter import to_properties
from limits import configured
from rule import Finding, Reference, Resource, ResourceRule, Stack, StackRule, judge_resource, judge_stack
from rules import FAMILIES
from tests.policy.samples import TABLE, compliant

POLICY = Path(__file__).parents[2] / "policy"
LONGEST_SECONDS = 5
"""Of the processor's time. A rule takes some milliseconds, and the first that reads what is approved half a second; what runs away with
some input takes longer than this. `make bench` says what long documents take (tests/bench_pack.py)."""

GUARD = "the rule could not read it"

RESOURCE_RULES = [rule for family in FAMILIES for rule in family.resource_rules]
STACK_RULES = [rule for family in FAMILIES for rule in family.stack_rules]


def vocabulary() -> list[str]:
    """Every text in the pack's own source: the keys that rules look for and the values that they compare with."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in POLICY.rglob("*.py") if ".venv" not in path.parts]
    found = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return sorted(text for text in found if 0 < len(text) <= 60)


WORDS = vocabulary()
TYPES = sorted(
    {kind for rule in RESOURCE_RULES for kind in rule.types}
    | {node.type for node in compliant().values()}
    | {w for w in WORDS if w.startswith("aws:") and w.count(":") == 2 and "/" in w}
)

unknowns: st.SearchStrategy[Any] = st.sampled_from([UNKNOWN_STRING_VALUE, UNKNOWN_NUMBER_VALUE, UNKNOWN_OBJECT_VALUE, UNKNOWN_ARRAY_VALUE])
words = st.sampled_from(WORDS)
arns = st.builds(
    "arn:{}:{}:{}:{}:{}".format,
    st.sampled_from(["aws", "*", ""]),
    st.sampled_from(["s3", "iam", "kms", "dynamodb", "bedrock", "logs", "*", "?"]),
    st.sampled_from(["us-east-1", "*", ""]),
    st.sampled_from(["123456789012", "999999999999", "*", "", "aws"]),
    st.text(alphabet="ab*?:/${}-", max_size=12),
)
actions = st.builds(
    "{}:{}".format,
    st.sampled_from(["s3", "iam", "KMS", "dynamodb", "bedrock", "ec2", "*", "none", ""]),
    st.one_of(
        st.sampled_from(["GetObject", "PassRole", "Decrypt", "*", "Get*", "G?t*b*", "InvokeModel", "CreateGrant"]), st.text(max_size=8)
    ),
)
scalars: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(2**70), max_value=2**70),
    st.floats(),
    st.text(max_size=12),
    words,
    arns,
    actions,
    unknowns,
)
keys = st.one_of(words, st.text(max_size=6))
values: st.SearchStrategy[Any] = st.recursive(
    scalars, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=5)), max_leaves=12
)
one_or_many: st.SearchStrategy[Any] = st.one_of(values, st.lists(st.one_of(actions, arns), min_size=1, max_size=5), actions, arns)
conditions: st.SearchStrategy[Any] = st.one_of(
    values,
    st.dictionaries(
        st.sampled_from(["StringEquals", "ArnLike", "ForAnyValue:StringLike", "Bool", "StringEqualsIfExists", "Null"]),
        st.one_of(
            values, st.dictionaries(st.sampled_from([word for word in WORDS if word.startswith(("aws:", "kms:"))]), one_or_many, max_size=3)
        ),
        max_size=3,
    ),
)
principals: st.SearchStrategy[Any] = st.one_of(
    values, st.just("*"), st.dictionaries(st.sampled_from(["AWS", "Service", "Federated", "CanonicalUser"]), one_or_many, max_size=3)
)
statements: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Allow", "Deny"]), "Action": one_or_many},
    optional={
        "Resource": one_or_many,
        "NotResource": one_or_many,
        "NotAction": one_or_many,
        "Principal": principals,
        "Condition": conditions,
        "Sid": values,
    },
)


def texts_of(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[str]:
    return strategy.map(json.dumps)


policy_documents: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {"Statement": st.one_of(statements, st.lists(st.one_of(statements, values), max_size=4))}
)
containers: st.SearchStrategy[Any] = st.lists(
    st.one_of(
        values,
        st.fixed_dictionaries(
            {"name": values},
            optional={"image": values, "environment": st.lists(st.fixed_dictionaries({"name": words, "value": values}), max_size=4)},
        ),
    ),
    max_size=3,
)
anything: st.SearchStrategy[Any] = st.one_of(values, texts_of(policy_documents), policy_documents, texts_of(containers), texts_of(values))


def spoilt(draw: st.DrawFn, value: Any, *, inside: bool) -> Any:
    """A value with something in it, at any depth, replaced by anything. With `inside`, not the value itself."""
    if value and isinstance(value, dict) and (inside or draw(st.booleans())):
        members = cast("dict[str, Any]", value)
        key = draw(st.sampled_from(sorted(members)))
        return {**members, key: spoilt(draw, members[key], inside=False)}
    if value and isinstance(value, list) and (inside or draw(st.booleans())):
        entries = cast("list[Any]", value)
        index = draw(st.integers(0, len(entries) - 1))
        return [*entries[:index], spoilt(draw, entries[index], inside=False), *entries[index + 1 :]]
    return draw(anything)


@st.composite
def properties(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """The inputs of a resource: arbitrary ones, or a compliant one's with some values at any depth replaced."""
    samples = [node.props for node in compliant().values() if node.type == kind and node.props]
    if not samples or draw(st.integers(0, 3)) == 0:
        return draw(st.dictionaries(keys, anything, max_size=6))
    props = draw(st.sampled_from(samples))
    for _ in range(draw(st.integers(1, 3))):
        props = spoilt(draw, props, inside=True)
    return {**props, **draw(st.dictionaries(keys, anything, max_size=2))}


def resource_of(kind: str, props: Any, name: str = "one", references: dict[str, tuple[Reference, ...]] | None = None) -> Resource:
    return Resource(
        urn=f"urn:pulumi:prod::evolution-system::{kind}::{name}",
        type=kind,
        name=name,
        props=to_properties(unknown_checking_proxy(props)),
        limits=configured({}).of("prod"),
        references=references or {},
    )


def judge(rule: ResourceRule | StackRule, judged: Callable[[], list[Finding]]) -> float:
    """Judge once, and give the seconds of the processor that it took."""
    started = time.thread_time()
    findings = judged()
    seconds = time.thread_time() - started
    assert seconds < LONGEST_SECONDS, f"{rule.id} takes too long"
    for finding in findings:
        assert not finding.message.startswith(GUARD), f"{rule.id} raised: {finding.message}"
        assert str(finding)
    return seconds


EXAMPLES = settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


@pytest.mark.slow
@EXAMPLES
@given(st.data())
def test_no_rule_of_a_resource_raises_or_takes_seconds(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(TYPES))
    resource = resource_of(kind, data.draw(properties(kind)))
    for rule in RESOURCE_RULES:
        if kind in rule.types:
            judge(rule, lambda rule=rule: judge_resource(rule, resource))


def whole() -> dict[str, Resource]:
    """The compliant stack, with what each property comes from."""
    nodes = compliant()

    def refer(name: str) -> Reference:
        return Reference(urn=resource_of(nodes[name].type, {}, name).urn, type=nodes[name].type)

    return {
        name: resource_of(node.type, node.props, name, {key: tuple(map(refer, sources)) for key, sources in node.references.items()})
        for name, node in nodes.items()
    }


WHOLE = whole()


@pytest.mark.slow
@EXAMPLES
@given(st.data())
def test_no_rule_across_resources_raises_or_takes_seconds(data: st.DataObject) -> None:
    """The compliant stack with some of its resources spoilt and rewired, and some added."""
    resources = dict(WHOLE)
    spoil = data.draw(st.lists(st.sampled_from(sorted(WHOLE)), max_size=5, unique=True))
    added = data.draw(st.lists(st.sampled_from(TYPES), max_size=3))
    for name, kind in [*((name, WHOLE[name].type) for name in spoil), *((f"added-{index}", kind) for index, kind in enumerate(added))]:
        props = data.draw(properties(kind))
        names = st.one_of(st.sampled_from(sorted(props)), words) if props else words
        targets = st.lists(st.sampled_from(sorted(WHOLE)), max_size=2)
        drawn = data.draw(st.dictionaries(names, targets, max_size=2))
        wired = {key: tuple(Reference(urn=WHOLE[one].urn, type=WHOLE[one].type) for one in found) for key, found in drawn.items()}
        if name in WHOLE and data.draw(st.booleans()):
            wired = {**WHOLE[name].references, **wired}
        resources[name] = resource_of(kind, props, name, wired)
    for name in data.draw(st.lists(st.sampled_from(sorted(WHOLE)), max_size=2)):
        resources.pop(name, None)
    table = data.draw(st.one_of(st.just(TABLE), st.dictionaries(st.sampled_from(sorted(TABLE)), values)))
    stack = Stack(
        name="prod",
        project="evolution-system",
        resources=tuple(resources.values()),
        limits=configured({}).of("prod"),
        table=to_properties(unknown_checking_proxy(table)),
    )
    for rule in STACK_RULES:
        judge(rule, lambda rule=rule: judge_stack(rule, stack))


LONG = {
    "a thousand actions": {"Action": ["s3:GetObject"] * 1000, "Resource": "*"},
    "a hundred misspelt actions": {"Action": [f"ec2:Descr{index}ibeVpcs" for index in range(100)], "Resource": "*"},
    "a hundred services": {"Action": [f"{prefix}*:Get*" for prefix in "abcdefghij" * 10], "Resource": "*"},
    "wildcards": {"Action": "ec2:" + "*e" * 40, "Resource": "arn:aws:s3:::" + "*a" * 500},
    "five hundred resources": {"Action": ["s3:GetObject", "ec2:*"], "Resource": [f"arn:aws:s3:::bucket-{index}/*" for index in range(500)]},
    "every number": {"Action": "s3:GetObject", "Resource": [f"{math.pi * index}" for index in range(1500)]},
}


def judge_long(name: str) -> dict[str, float]:
    """The seconds that each rule takes for a role's policy with one of these statements, which it is the first to read."""
    text = json.dumps({"Statement": [{"Effect": "Allow", **LONG[name]}]})
    resource = resource_of("aws:iam/rolePolicy:RolePolicy", {"policy": text})
    taken: dict[str, float] = {}
    for rule in RESOURCE_RULES:
        if resource.type in rule.types:
            documents.forget()
            taken[rule.id] = judge(rule, lambda rule=rule: judge_resource(rule, resource))
    return taken


@pytest.mark.parametrize("name", LONG)
def test_a_document_of_any_length_is_judged(name: str) -> None:
    assert judge_long(name)


def test_the_types_that_are_tried_are_all_that_rules_read() -> None:
    assert len(TYPES) > 50
    assert {kind for rule in RESOURCE_RULES for kind in rule.types} <= set(TYPES)
