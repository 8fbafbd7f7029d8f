"""Names and policy documents: pure functions, judged by table."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import pytest

from components import iam, iam_functions, resource_policies
from components.boundary import all_grants, boundary
from components.environment import Region
from components.naming import Names

NAMES = Names(stack="prod", region="us-east-1", account="123456789012")

MANAGED_POLICY_CHARACTERS = 6144
"""Source: "IAM and AWS STS quotas"; white space is not counted."""

FUNCTION_GRANTS = iam_functions.function_grants(NAMES)

DOCUMENTS = {
    "boundary": boundary(NAMES),
    "flow logs grants": iam.document(*iam.flow_logs_grants(NAMES)),
    "execution grants": iam.document(*iam.execution_grants(NAMES)),
    "engine grants": iam.document(*iam.engine_grants(NAMES)),
    "monitor grants": iam.document(*iam.monitor_grants(NAMES)),
    "scheduler grants": iam.document(*iam_functions.scheduler_grants(NAMES)),
    **{f"{function} grants": iam.document(*grants) for function, grants in FUNCTION_GRANTS.items()},
    "function trust": iam_functions.lambda_trust(NAMES),
    "schedule trust": iam_functions.scheduler_trust(NAMES),
    "task trust": iam.ecs_task_trust(NAMES),
    "flow logs trust": iam.flow_logs_trust(NAMES),
    "key": resource_policies.key_policy(NAMES),
    "topic": resource_policies.topic_policy(NAMES),
    "dead letters": resource_policies.dead_letters_policy(NAMES),
    "artifacts bucket": resource_policies.artifacts_bucket_policy(NAMES),
    "access logs bucket": resource_policies.access_logs_bucket_policy(NAMES),
    "web ACL log delivery": resource_policies.web_acl_log_delivery(NAMES),
} | {f"{service} endpoint": resource_policies.endpoint_policy(NAMES, service) for service in resource_policies.ENDPOINT_ACTIONS}


def statements(document: str) -> list[dict[str, Any]]:
    return json.loads(document)["Statement"]


def allowed(document: str) -> list[dict[str, Any]]:
    return [statement for statement in statements(document) if statement["Effect"] == "Allow"]


def actions(document: str) -> set[str]:
    return {action for action, _, _ in triples(allowed(document))}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_document_is_valid_and_its_statements_have_distinct_names(document: str) -> None:
    assert json.loads(document)["Version"] == "2012-10-17"
    sids = [statement["Sid"] for statement in statements(document) if "Sid" in statement]
    assert sids or document == DOCUMENTS["boundary"], "the boundary is short of characters; every other statement has a name"
    assert len(sids) == len(set(sids))
    assert all(sid.isalnum() for sid in sids), "IAM takes only letters and digits in a Sid"


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_nothing_is_allowed_by_a_whole_service(document: str) -> None:
    for statement in allowed(document):
        listed = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        assert not [action for action in listed if action == "*" or action.endswith(":*")]


IDENTITY_GRANTS = {name: allowed(document) for name, document in DOCUMENTS.items() if name.endswith(" grants")}


@pytest.mark.parametrize("grants", IDENTITY_GRANTS.values(), ids=IDENTITY_GRANTS)
def test_a_role_names_resources_wherever_aws_lets_it(grants: list[dict[str, Any]]) -> None:
    unscoped = {action for statement in grants if statement["Resource"] == "*" for action in statement["Action"]}
    assert unscoped <= {
        "application-autoscaling:DescribeScalableTargets",
        "ecr:GetAuthorizationToken",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:PutMetricData",
        "dynamodb:ListStreams",
        "logs:DescribeLogGroups",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }


def test_only_the_switch_and_resume_can_touch_what_halts_evolution() -> None:
    halting = {"application-autoscaling:RegisterScalableTarget", "ssm:PutParameter", "ecs:UpdateService"}
    able = {name: actions(document) & halting for name, document in DOCUMENTS.items() if name in IDENTITY_GRANTS}
    assert {name: found for name, found in able.items() if found} == {
        "evolution-safety-switch-prod grants": halting,
        "evolution-resume-prod grants": halting,
    }


def test_the_monitor_cannot_change_what_it_grades() -> None:
    writes = {
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
        "dynamodb:BatchWriteItem",
        "s3:PutObject",
        "s3:DeleteObject",
    }
    assert not actions(DOCUMENTS["monitor grants"]) & writes
    assert writes - {"s3:DeleteObject"} <= actions(DOCUMENTS["engine grants"])


def test_the_key_is_used_only_by_its_alias() -> None:
    for name in ("engine grants", "monitor grants"):
        [use] = [statement for statement in statements(DOCUMENTS[name]) if statement["Sid"] == "UseKey"]
        assert use["Resource"] == "arn:aws:kms:us-east-1:123456789012:key/*"
        assert use["Condition"] == {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/evolution-prod"}}


def test_the_boundary_holds_every_grant_and_nothing_else() -> None:
    granted = {one for grants in IDENTITY_GRANTS.values() for one in triples(grants)}
    assert triples(statements(DOCUMENTS["boundary"])) == granted


def triples(statements: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    """Each action on each resource under its condition."""

    def listed(value: Any) -> list[str]:
        return [value] if isinstance(value, str) else value

    return {
        (action, resource, json.dumps(statement.get("Condition"), sort_keys=True))
        for statement in statements
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


@pytest.mark.parametrize("region", Region.__args__)
def test_the_boundary_fits_into_a_managed_policy_for_the_longest_names(region: str) -> None:
    longest = Names(stack="x" * 12, region=region, account="123456789012")
    assert len("".join(boundary(longest).split())) <= MANAGED_POLICY_CHARACTERS


def test_a_statement_keeps_to_one_service() -> None:
    for statement in all_grants(NAMES):
        listed: Any = statement["Action"]
        assert len({action.partition(":")[0] for action in listed}) == 1, "endpoint policies are cut along services"


@pytest.mark.parametrize(
    ("document", "service", "source"),
    [
        ("task trust", "ecs-tasks.amazonaws.com", "arn:aws:ecs:us-east-1:123456789012:*"),
        ("flow logs trust", "vpc-flow-logs.amazonaws.com", "arn:aws:ec2:us-east-1:123456789012:vpc-flow-log/*"),
        ("schedule trust", "scheduler.amazonaws.com", "arn:aws:scheduler:us-east-1:123456789012:schedule-group/evolution-prod"),
    ],
)
def test_only_one_service_takes_a_role_and_only_for_this_account(document: str, service: str, source: str) -> None:
    [statement] = statements(DOCUMENTS[document])
    assert statement["Principal"] == {"Service": service}
    assert statement["Action"] == "sts:AssumeRole"
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}, "ArnLike": {"aws:SourceArn": source}}


def test_the_key_policy_names_no_wildcard_principal_and_no_role() -> None:
    for statement in statements(DOCUMENTS["key"]):
        principal = statement["Principal"]
        assert principal == {"AWS": "arn:aws:iam::123456789012:root"} or principal["Service"].endswith(".amazonaws.com")
        if "Service" in principal:
            assert statement["Condition"], f"{statement['Sid']} must be narrowed to this account or stack"


def test_the_stacks_roles_use_the_key_only_through_services() -> None:
    [use] = [statement for statement in statements(DOCUMENTS["key"]) if statement["Sid"] == "StackRolesUseData"]
    assert {arn.rpartition("/")[2] for arn in use["Condition"]["ArnEquals"]["aws:PrincipalArn"]} >= {
        "evolution-engine-prod-us-east-1",
        "evolution-safety-monitor-prod-us-east-1",
        "evolution-scheduler-prod-us-east-1",
        *(NAMES.function_role(function) for function in NAMES.functions),
    }
    assert use["Condition"]["StringEquals"]["kms:ViaService"] == [
        "dynamodb.us-east-1.amazonaws.com",
        "lambda.us-east-1.amazonaws.com",
        "s3.us-east-1.amazonaws.com",
        "secretsmanager.us-east-1.amazonaws.com",
        "sqs.us-east-1.amazonaws.com",
    ]


@pytest.mark.parametrize("name", ["topic", "dead letters", "artifacts bucket", "access logs bucket"])
def test_plain_transport_is_refused(name: str) -> None:
    [deny] = [statement for statement in statements(DOCUMENTS[name]) if statement["Effect"] == "Deny"]
    assert deny["Principal"] == "*"
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize("service", resource_policies.ENDPOINT_ACTIONS)
def test_an_endpoint_lets_through_what_the_workloads_roles_are_granted_there(service: str) -> None:
    prefix = resource_policies.ENDPOINT_ACTIONS[service]
    workloads = {action for role in ("execution", "engine", "monitor") for action in actions(DOCUMENTS[f"{role} grants"])}
    granted = {action for action in workloads if action.startswith(f"{prefix}:")}
    document = DOCUMENTS[f"{service} endpoint"]
    assert granted
    assert actions(document) == granted
    for statement in statements(document):
        if statement["Sid"] != "ImageLayers":
            assert statement["Condition"]["StringEquals"]["aws:PrincipalAccount"] == "123456789012"


def test_the_s3_endpoint_lets_image_layers_through() -> None:
    [layers] = [statement for statement in statements(DOCUMENTS["s3 endpoint"]) if statement["Sid"] == "ImageLayers"]
    assert layers["Resource"] == "arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*"


def _all_names(names: Names) -> dict[str, str]:
    own = {key: getattr(names, key) for key, value in vars(Names).items() if isinstance(value, property)}
    return {key: value for key, value in own.items() if isinstance(value, str) and key not in ("any_key_arn", "scalable_target_arn")}


def test_names_of_two_stacks_regions_or_accounts_never_collide() -> None:
    places = [
        Names(stack=stack, region=region, account=account)
        for stack in ("dev", "prod")
        for region in ("us-east-1", "eu-west-1")
        for account in ("123456789012", "210987654321")
    ]
    for one, other in combinations(places, 2):
        for key, value in _all_names(one).items():
            if one.stack != other.stack:
                assert value != _all_names(other)[key], f"{key} is the same in two stacks"
    in_account = ("engine_role", "monitor_role", "execution_role", "flow_logs_role", "permissions_boundary", "dashboard")
    in_world = ("artifacts_bucket", "access_logs_bucket")
    for one, other in combinations(places, 2):
        if one.region != other.region:
            assert not [key for key in (*in_account, *in_world) if getattr(one, key) == getattr(other, key)]
        if one.account != other.account:
            assert not [key for key in in_world if getattr(one, key) == getattr(other, key)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state_table", "evolution-state-prod"),
        ("population_table", "agent-population-prod"),
        ("checkpoint_table", "evolution-checkpoints-prod"),
        ("artifacts_bucket", "evolution-artifacts-prod-123456789012-us-east-1"),
        ("safety_secret", "EvolutionSafetyConfig-prod"),
        ("safety_secret_arn", "arn:aws:secretsmanager:us-east-1:123456789012:secret:EvolutionSafetyConfig-prod-??????"),
        ("alert_topic", "evolution-system-alerts-prod"),
        ("dashboard", "Evolution-System-Monitoring-prod-us-east-1"),
        ("cluster", "evolution-system-prod"),
        ("engine_service", "evolution-engine-prod"),
        ("repository_url", "123456789012.dkr.ecr.us-east-1.amazonaws.com/evolution-engine-prod"),
        ("engine_role", "evolution-engine-prod-us-east-1"),
    ],
)
def test_a_name_is_its_stem_with_the_stack(name: str, value: str) -> None:
    assert getattr(NAMES, name) == value


@pytest.mark.parametrize("region", Region.__args__)
def test_the_longest_names_stay_within_what_aws_takes(region: str) -> None:
    longest = Names(stack="x" * 12, region=region, account="123456789012")
    for bucket in (longest.artifacts_bucket, longest.access_logs_bucket):
        assert len(bucket) <= 63, bucket
    for role in (longest.flow_logs_role, longest.execution_role, longest.engine_role, longest.monitor_role):
        assert len(role) <= 64, role
