"""No role of the account gets more than was approved of it: an approved action on more, or when it isn't tested for any more."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

from account.policies import PLACEHOLDER
from covering import arn_within
from documents import Statement
from duties import beyond
from plain import Plain
from rules import FAMILIES
from rules.account.approved import held
from tests.account.tables import ALL_ON
from tests.policy.builders import Nodes
from tests.policy.edits import each_fires
from tests.policy.in_memory import account_of, configure, judged, nodes_of
from tests.policy.samples import findings, rules_that_fire

pytestmark = pytest.mark.slow  # whole plans, each half a second of the processor

Change = Callable[[dict[str, Any]], object]
"""Changes a statement where it is."""

DUTIES = frozenset({"approved/duties"})
WILD = frozenset({"identity/no-wildcard-resource"})


def of(service: str, resource: str, region: str = "us-east-1") -> str:
    return f"arn:aws:{service}:{region}:{PLACEHOLDER}:{resource}"


def iam(resource: str) -> str:
    return of("iam", resource, "")


def on(*resources: str) -> Change:
    return lambda one: one.update(Resource=[*resources])


def without(key: str) -> Change:
    """Without the test of a key."""

    def change(one: dict[str, Any]) -> None:
        one["Condition"] = {
            operator: left
            for operator, tests in one["Condition"].items()
            if (left := {it: value for it, value in tests.items() if it != key})
        }

    return change


def under(key: str, operator: str, value: Plain = None, by: str = "") -> Change:
    """With another test in the place of one."""

    def change(one: dict[str, Any]) -> None:
        [known] = [tests[key] for tests in one["Condition"].values() if key in tests]
        without(key)(one)
        one["Condition"].setdefault(operator, {})[by or key] = known if value is None else value

    return change


def changing(role: str, action: str, among: str, change: Change) -> Callable[[Nodes], Nodes]:
    """The account in which a role's statement of an action on something is another one."""

    def edit(nodes: Nodes) -> Nodes:
        for name in (one for one in nodes if re.fullmatch(rf"access-{role}-\d+", one)):
            document = json.loads(nodes[name].props["policy"])
            for one in document["Statement"]:
                if action in one["Action"] and among in json.dumps(one):
                    change(one)
                    props, outputs = {**nodes[name].props, "policy": json.dumps(document)}, dict(nodes[name].outputs)
                    outputs.pop("policy", None)
                    return {**nodes, name: replace(nodes[name], props=props, outputs=outputs)}
        raise AssertionError(f"account-{role} has no {action} on {among}")

    return edit


def allowing(role: str, action: Any, resource: Any, condition: Any = None) -> Callable[[Nodes], Nodes]:
    """The account in which a role has a statement more."""
    said = {"Effect": "Allow", "Action": action, "Resource": resource, **({"Condition": condition} if condition else {})}

    def edit(nodes: Nodes) -> Nodes:
        name = f"access-{role}-1"
        document = json.loads(nodes[name].props["policy"])
        props = {**nodes[name].props, "policy": json.dumps({**document, "Statement": [*document["Statement"], said]})}
        outputs = {key: value for key, value in nodes[name].outputs.items() if key != "policy"}
        return {**nodes, name: replace(nodes[name], props=props, outputs=outputs)}

    return edit


ENVIRONMENT, VIA, PASSED, BOUNDARY = "aws:ResourceTag/Environment", "kms:ViaService", "iam:PassedToService", "iam:PermissionsBoundary"
STATE = f"arn:aws:s3:::account-state-{PLACEHOLDER}-us-east-1"
STATES = f"{STATE}/.pulumi/stacks/evolution-system"
ARTIFACTS = f"arn:aws:s3:::evolution-artifacts-prod-{PLACEHOLDER}-us-east-1"
SWITCH, TRIGGER, HANDLER = (of("lambda", f"function:evolution-{name}-{{}}") for name in ("safety-switch", "trigger", "agentcore-handler"))
SECRET = of("secretsmanager", "secret:EvolutionSafetyConfig-prod-??????")
ENGINE, SCHEDULER, OF_SWITCH = (iam(f"role/evolution-{name}-{{}}-us-east-1") for name in ("engine", "scheduler", "safety-switch"))
KEYS = of("kms", "key/*")
TAGGED = {"StringEquals": {ENVIRONMENT: "prod", "aws:ResourceTag/Project": "evolution-system"}}
BOUNDED = {"StringEquals": {BOUNDARY: [iam(f"policy/evolution{which}-boundary-prod-us-east-1") for which in ("-agents", "")]}}

REFUSED: dict[str, tuple[Callable[[Nodes], Nodes], frozenset[str]]] = {
    # An approved action, on more.
    "buckets of all that end so": (changing("prod-deploy", "s3:PutBucketTagging", "prod", on("arn:aws:s3:::*-prod-*")), DUTIES),
    "buckets that have the stack in their name": (
        changing("prod-deploy", "s3:PutBucketTagging", "prod", on("arn:aws:s3:::*prod*")),
        DUTIES,
    ),
    "every bucket of the program": (changing("prod-drift", "s3:GetBucketPolicy", "prod", on("arn:aws:s3:::evolution-*")), DUTIES),
    "parameters with the stack in their name": (
        changing("prod-drift", "ssm:GetParameter", "mode", on(of("ssm", "parameter/*prod*"))),
        DUTIES,
    ),
    "all parameters of the stack": (
        changing("prod-drift", "ssm:GetParameter", "mode", on(of("ssm", "parameter/evolution/prod/*"))),
        DUTIES,
    ),
    "another program's function": (allowing("prod-deploy", "lambda:UpdateFunctionCode", of("lambda", "function:billing-prod")), DUTIES),
    "one that is named like the stack": (
        allowing("prod-deploy", "lambda:GetFunction", of("lambda", "function:evolution-prod-tools")),
        DUTIES,
    ),
    "all functions of the stack": (allowing("prod-deploy", "lambda:UpdateFunctionCode", of("lambda", "function:evolution-*-prod")), DUTIES),
    "another stack's function": (allowing("dev-deploy", "lambda:UpdateFunctionCode", SWITCH.format("prod")), DUTIES),
    "tables of every region": (allowing("prod-deploy", "dynamodb:UpdateTable", of("dynamodb", "table/evolution-state-prod", "*")), DUTIES),
    "another account's table": (
        allowing("prod-deploy", "dynamodb:UpdateTable", "arn:aws:dynamodb:us-east-1:999999999999:table/evolution-state-prod"),
        DUTIES,
    ),
    "another program's table": (allowing("dev-deploy", "dynamodb:DeleteTable", of("dynamodb", "table/orders-dev")), DUTIES),
    "every log group": (changing("prod-deploy", "logs:PutRetentionPolicy", "log-group", on(of("logs", "log-group:*"))), WILD),
    "log groups that end so": (
        changing("prod-deploy", "logs:PutRetentionPolicy", "log-group", on(of("logs", "log-group:/*-prod"))),
        DUTIES,
    ),
    "all tables": (changing("prod-drift", "dynamodb:DescribeTable", "table", on("*")), WILD),
    "all but a table": (
        changing("prod-drift", "dynamodb:DescribeTable", "table", lambda one: one.update(NotResource=one.pop("Resource"))),
        WILD,
    ),
    # What only dev may.
    "the switch's code": (allowing("prod-deploy", "lambda:UpdateFunctionCode", SWITCH.format("prod")), DUTIES),
    "who invokes the switch": (allowing("prod-deploy", "lambda:AddPermission", SWITCH.format("prod")), DUTIES),
    "roles in prod": (allowing("prod-deploy", "iam:CreateRole", ENGINE.format("prod"), BOUNDED), DUTIES),
    "the mode": (allowing("prod-deploy", "ssm:PutParameter", of("ssm", "parameter/evolution/prod/mode")), DUTIES),
    "an alarm that halts": (allowing("prod-deploy", "cloudwatch:DeleteAlarms", of("cloudwatch", "alarm:evolution-unsafe-prod")), DUTIES),
    "objects of buckets": (allowing("prod-deploy", "s3:DeleteObjectVersion", f"{ARTIFACTS}/*"), DUTIES),
    # Data.
    "artifacts": (allowing("prod-drift", "s3:GetObject", f"{ARTIFACTS}/*"), DUTIES),
    "another stack's state": (allowing("dev-deploy", "s3:GetObject", f"{STATES}/prod.json"), DUTIES),
    "every stack's state": (changing("dev-drift", "s3:GetObject", "meta.yaml", on(f"{STATES}/*.json")), DUTIES),
    "older states": (allowing("dev-deploy", "s3:DeleteObjectVersion", f"{STATE}/*"), DUTIES),
    "every secret": (
        changing("prod-deploy", "secretsmanager:GetSecretValue", "secret", on(of("secretsmanager", "secret:*-prod-*"))),
        DUTIES,
    ),
    "another program's secret": (
        allowing("prod-deploy", "secretsmanager:GetSecretValue", of("secretsmanager", "secret:billing-prod-AbCdEf")),
        DUTIES,
    ),
    "the secret, to who compares": (allowing("prod-drift", "secretsmanager:GetSecretValue", SECRET), DUTIES),
    "items": (allowing("prod-deploy", "dynamodb:GetItem", of("dynamodb", "table/evolution-state-prod")), DUTIES),
    # Who drills, and who pushes images.
    "a drill of another function": (changing("staging-drill", "lambda:InvokeFunction", "resume", on(HANDLER.format("staging"))), DUTIES),
    "a drill of all functions": (
        changing("staging-drill", "lambda:InvokeFunction", "resume", on(of("lambda", "function:evolution-*-staging"))),
        DUTIES,
    ),
    "a drill that reads prompts": (
        changing("staging-drill", "logs:FilterLogEvents", "switch", on(of("logs", "log-group:/evolution/staging/prompts:*"))),
        DUTIES,
    ),
    "a drill that writes": (allowing("staging-drill", "ssm:PutParameter", of("ssm", "parameter/evolution/staging/mode")), DUTIES),
    "scores of every namespace": (changing("staging-drill", "cloudwatch:PutMetricData", "*", without("cloudwatch:namespace")), DUTIES),
    "another namespace": (
        changing("staging-drill", "cloudwatch:PutMetricData", "*", under("cloudwatch:namespace", "StringEquals", "AWS/Lambda")),
        DUTIES,
    ),
    "images of another repository": (
        changing("prod-image", "ecr:PutImage", "engine", on(of("ecr", "repository/evolution-monitor-prod"))),
        DUTIES,
    ),
    "images that are deleted": (allowing("prod-image", "ecr:BatchDeleteImage", of("ecr", "repository/evolution-engine-prod")), DUTIES),
    "drift that writes": (allowing("dev-drift", "iam:TagRole", ENGINE.format("dev")), DUTIES),
    # Roles.
    "a role to any service": (changing("prod-deploy", "iam:PassRole", "scheduler.", without(PASSED)), frozenset({"identity/pass-role"})),
    "a role to any service, if it is said": (
        changing("prod-deploy", "iam:PassRole", "scheduler.", under(PASSED, "StringEqualsIfExists")),
        frozenset({"identity/pass-role"}),
    ),
    "a role to another service": (
        changing("prod-deploy", "iam:PassRole", "scheduler.", under(PASSED, "StringEquals", "lambda.amazonaws.com")),
        DUTIES,
    ),
    "the switch's role": (changing("prod-deploy", "iam:PassRole", "lambda.", on(OF_SWITCH.format("prod"))), DUTIES),
    "another stack's role": (changing("dev-deploy", "iam:PassRole", "lambda.", on(OF_SWITCH.format("prod"))), DUTIES),
    "another stack's trust": (allowing("dev-deploy", "iam:UpdateAssumeRolePolicy", ENGINE.format("prod")), DUTIES),
    "itself": (
        changing("dev-deploy", "iam:PutRolePolicy", "evolution-engine", on(iam("role/account-deploy-dev"))),
        DUTIES,
    ),
    "roles within another stack's boundary": (
        changing(
            "dev-deploy",
            "iam:CreateRole",
            "evolution-engine",
            under(BOUNDARY, "StringEquals", iam("policy/evolution-boundary-prod-us-east-1")),
        ),
        DUTIES,
    ),
    "roles within its own boundary": (
        changing("dev-deploy", "iam:CreateRole", "evolution-engine", under(BOUNDARY, "StringEquals", iam("policy/account-boundary-dev"))),
        DUTIES,
    ),
    # Tests.
    "a key, through any service": (changing("prod-drift", "kms:Decrypt", "lambda.", without(VIA)), DUTIES),
    "a key, through a service if through one": (
        changing("prod-drift", "kms:Decrypt", "lambda.", under(VIA, "StringEqualsIfExists")),
        DUTIES,
    ),
    "a key, through another service": (
        changing("prod-drift", "kms:Decrypt", "lambda.", under(VIA, "StringEquals", "s3.us-east-1.amazonaws.com")),
        DUTIES,
    ),
    "a key, through all services": (changing("prod-drift", "kms:Decrypt", "lambda.", under(VIA, "StringLike", "*")), DUTIES),
    "a key of any alias": (
        changing("prod-drift", "kms:Decrypt", "account-state", under("kms:ResourceAliases", "ForAllValues:StringEquals")),
        WILD,
    ),
    "another key": (allowing("prod-drift", "kms:Decrypt", KEYS, TAGGED), DUTIES),
    "grants for everybody": (changing("prod-deploy", "kms:CreateGrant", "lambda.", without("kms:GrantIsForAWSResource")), DUTIES),
    "another stack's network": (
        changing("dev-deploy", "ec2:DeleteSubnet", "subnet", under(ENVIRONMENT, "StringEquals", "prod")),
        DUTIES,
    ),
    "two stacks' networks": (
        changing("dev-deploy", "ec2:DeleteSubnet", "subnet", under(ENVIRONMENT, "StringEquals", ["dev", "prod"])),
        DUTIES,
    ),
    "networks of the stack, or without a tag": (
        changing("dev-deploy", "ec2:DeleteSubnet", "subnet", under(ENVIRONMENT, "StringEqualsIfExists")),
        DUTIES,
    ),
    "networks whose tag the request says": (
        changing("prod-deploy", "ec2:DeleteSubnet", "subnet", under(ENVIRONMENT, "StringEquals", by="aws:RequestTag/Environment")),
        DUTIES,
    ),
    "tags on whatever is there": (changing("prod-deploy", "ec2:CreateTags", '"CreateSubnet"}', without("ec2:CreateAction")), WILD),
    "another way to make what is tagged": (
        changing("prod-deploy", "ec2:CreateTags", '"CreateSubnet"}', under("ec2:CreateAction", "StringEquals", "CreateVpc")),
        DUTIES,
    ),
    # Other elements.
    "all actions but one": (
        changing("prod-deploy", "dynamodb:UpdateTable", "table", lambda one: one.update(NotAction=one.pop("Action"))),
        frozenset({"identity/no-not-action"}),
    ),
    "all reads of a table": (
        allowing("prod-deploy", "dynamodb:Describe*", of("dynamodb", "table/evolution-state-prod")),
        DUTIES,
    ),
}
"""Edits of the account with all that it can have, and the rules that fire for each: others than the approval where they see it, too."""


def test_each_wider_grant_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = account_of(**ALL_ON)
    configure(stack, monkeypatch)
    nodes = nodes_of(stack)

    def fired(edit: Callable[[Nodes], Nodes]) -> set[str]:
        return rules_that_fire(edit(nodes), judged=nodes, families=FAMILIES, project=stack.project, stack=stack.name)

    each_fires([(name, edit, rules) for name, (edit, rules) in REFUSED.items()], fired)


AS_WIDE: Mapping[tuple[str, str], str] = {
    ("kms:DescribeKey", VIA): "the stack's own key is described by its tags as well, to compare it: through no service",
}
"""Tests without which an action is approved, too, and why: by the action and the key."""


def on_more(one: Statement, stack: str) -> Iterator[Statement]:
    """A statement on each text that its resource begins with, and on others that have it in them."""
    [resource] = one.resources
    ends = [index + 1 for index, piece in enumerate(resource) if piece in ":/-_." and index >= len("arn:aws:")]
    others = ("*", f"{resource}*", *(resource.replace(part, "*", 1) for part in ("evolution-", "us-east-1", stack, PLACEHOLDER)))
    for wider in (*others, resource.replace(stack, "another"), *(f"{resource[:end]}*" for end in ends)):
        if not arn_within(wider, resource):
            yield replace(one, resources=(wider,))


def with_less_tested(one: Statement) -> Iterator[tuple[str, Statement]]:
    """A statement without each of its tests, or with a weaker one; by the key."""
    conditions = cast("dict[str, dict[str, Plain]]", one.conditions)
    for operator, key, value in [(operator, key, value) for operator, tests in conditions.items() for key, value in tests.items()]:
        left = {its: {name: given for name, given in tests.items() if (its, name) != (operator, key)} for its, tests in conditions.items()}
        every = f"ForAllValues:{operator.removeprefix('ForAnyValue:')}"
        yield key, replace(one, conditions=dict(left))
        for other, name in ((f"{operator}IfExists", key), (every, key), (operator, key.replace("ResourceTag", "RequestTag"))):
            if (other, name) != (operator, key):
                yield key, replace(one, conditions={**left, other: {**left.get(other, {}), name: value}})


def test_no_statement_can_be_widened() -> None:
    """Each action of each role by itself, on each of its resources: some ten thousand statements."""
    passed: set[tuple[str, str]] = set()
    tried = 0
    for _, statement, duty in held(account_of(**ALL_ON)):
        for action in statement.actions:
            for resource in statement.resources:
                one = replace(statement, actions=(action,), resources=(resource,))
                assert not [*beyond(one, duty)], "a statement may be split"
                wider = [("", other) for other in on_more(one, duty.stack)] + [*with_less_tested(one)]
                passed |= {(action, key or other.resources[0]) for key, other in wider if not [*beyond(other, duty)]}
                tried += len(wider)
    assert passed == AS_WIDE.keys()
    assert tried > 10_000


def one_more(nodes: Nodes) -> Nodes:
    """prod and dev have an alarm, a queue, a function, a bucket and a table more, as their roles' policies would say it."""
    for stack in ("prod", "dev"):
        function, queue = of("lambda", f"function:evolution-more-{stack}"), of("sqs", f"evolution-more-{stack}")
        bucket, table = f"arn:aws:s3:::evolution-more-{stack}-{PLACEHOLDER}-us-east-1", of("dynamodb", f"table/evolution-more-{stack}")
        logs = of("logs", f"log-group:/aws/lambda/evolution-more-{stack}")
        for action, *resources in (
            ("lambda:CreateFunction", function),
            ("lambda:UpdateFunctionCode", function),
            ("lambda:DeleteFunctionEventInvokeConfig", function),
            ("sqs:CreateQueue", queue),
            ("s3:CreateBucket", bucket),
            ("dynamodb:CreateTable", table),
            ("cloudwatch:PutMetricAlarm", of("cloudwatch", f"alarm:evolution-more-errors-{stack}")),
            ("logs:CreateLogGroup", logs, f"{logs}:*"),
        ):
            nodes = allowing(f"{stack}-deploy", action, resources)(nodes)
        for action, resource in (
            ("lambda:GetFunction", function),
            ("sqs:GetQueueAttributes", queue),
            ("s3:GetBucketPolicy", bucket),
            ("dynamodb:DescribeTable", table),
        ):
            nodes = allowing(f"{stack}-drift", action, resource)(nodes)
    return nodes


FREE: Mapping[str, Callable[[Nodes], Nodes]] = {
    "one more of what there is": one_more,
    "one table in the place of all": changing(
        "prod-drift", "dynamodb:DescribeTable", "table", on(of("dynamodb", "table/evolution-state-prod"))
    ),
    "one subnet": changing("prod-deploy", "ec2:DeleteSubnet", "subnet", on(of("ec2", "subnet/subnet-0a1b2c3d"))),
    "a statement twice": allowing("prod-drift", "dynamodb:DescribeTable", of("dynamodb", "table/evolution-state-prod")),
    "a test more": changing(
        "prod-drift", "dynamodb:DescribeTable", "table", lambda one: one.update(Condition={"Bool": {"aws:SecureTransport": "true"}})
    ),
    "an action less": changing("prod-drift", "dynamodb:DescribeTable", "table", lambda one: one["Action"].pop()),
    "another model": allowing(
        "prod-deploy", "bedrock:GetInferenceProfile", of("bedrock", "inference-profile/eu.anthropic.claude-opus-4-6-v1")
    ),
}
"""What needs no approval."""


@pytest.mark.parametrize("name", FREE)
def test_what_is_narrower_or_one_more_needs_no_approval(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = account_of(**ALL_ON)
    assert judged(stack, FREE[name](nodes_of(stack)), monkeypatch) == []


def test_a_finding_says_what_an_approved_grant_is_tested_for(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = account_of(**ALL_ON)
    configure(stack, monkeypatch)
    edited = changing("prod-drift", "kms:Decrypt", "lambda.", without(VIA))(nodes_of(stack))
    [found] = findings(edited, families=FAMILIES, project=stack.project, stack=stack.name)
    assert 'kms:Decrypt on "arn:aws:kms:us-east-1:000000000000:key/*" without {' in found.message
    assert '"kms:ViaService": ["bedrock-agentcore.us-east-1.amazonaws.com", ' in found.message
    assert "nobody has approved that of account-drift-prod" in found.message
