"""Names and policy documents: pure functions, judged by table."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import pytest

from components import iam, iam_agentcore, iam_functions, resource_policies
from components.boundary import agent_grants, boundary, system_grants
from components.environment import Region
from components.naming import Names
from tests.functions.requests import IamRequest, permitted

NAMES = Names(stack="prod", region="us-east-1", account="123456789012")

KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-4333-8444-555555555555"

MANAGED_POLICY_CHARACTERS = 6144
"""Source: "IAM and AWS STS quotas"; white space is not counted."""

MODEL = "us.anthropic.claude-sonnet-4-6"

HANDLER_GRANTS = {
    f"{state} handler": (
        *iam_agentcore.asking_grants(NAMES, MODEL, through_gateway=state == "gateway"),
        *iam_functions.base_grants(NAMES, NAMES.handler_function),
    )
    for state in ("gateway", "model")
}

FUNCTION_GRANTS = iam_functions.function_grants(NAMES)

DOCUMENTS = {
    "boundary": boundary(system_grants(NAMES)),
    "agents boundary": boundary(agent_grants(NAMES, MODEL)),
    "flow logs grants": iam.document(*iam.flow_logs_grants(NAMES)),
    "execution grants": iam.document(*iam.execution_grants(NAMES)),
    "engine grants": iam.document(*iam.engine_grants(NAMES)),
    "monitor grants": iam.document(*iam.monitor_grants(NAMES)),
    "scheduler grants": iam.document(*iam_functions.scheduler_grants(NAMES)),
    **{f"{function} grants": iam.document(*grants) for function, grants in FUNCTION_GRANTS.items()},
    "gateway grants": iam.document(*iam_agentcore.gateway_grants(NAMES)),
    "runtime grants": iam.document(*iam_agentcore.runtime_grants(NAMES), *iam_agentcore.model_grants(NAMES, MODEL)),
    **{f"{name} grants": iam.document(*grants) for name, grants in HANDLER_GRANTS.items()},
    "gateway trust": iam_agentcore.gateway_trust(NAMES),
    "runtime trust": iam_agentcore.runtime_trust(NAMES),
    "runtime policy": iam_agentcore.only_gateway(NAMES, NAMES.agent_runtime_arn),
    "function trust": iam_functions.lambda_trust(NAMES),
    "schedule trust": iam_functions.scheduler_trust(NAMES),
    "task trust": iam.ecs_task_trust(NAMES),
    "flow logs trust": iam.flow_logs_trust(NAMES),
    "key": resource_policies.key_policy(NAMES),
    "topic": resource_policies.topic_policy(NAMES),
    "dead letters": resource_policies.dead_letters_policy(NAMES),
    "artifacts bucket": resource_policies.artifacts_bucket_policy(NAMES),
    "access logs bucket": resource_policies.access_logs_bucket_policy(NAMES),
    "prompts trust": iam_agentcore.prompt_log_trust(NAMES),
    "prompts grants": iam.document(*iam_agentcore.prompt_log_grants(NAMES)),
    "gateway's policy": iam_agentcore.only_handler(NAMES, f"{NAMES.gateway_arn.removesuffix('?' * 10)}0123456789"),
    "trace delivery": resource_policies.trace_delivery(NAMES),
    "log delivery": resource_policies.log_delivery(NAMES, NAMES.gateway_log_group),
} | {f"{service} endpoint": resource_policies.endpoint_policy(NAMES, service, MODEL) for service in resource_policies.ENDPOINT_ACTIONS}


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
    boundaries = (DOCUMENTS["boundary"], DOCUMENTS["agents boundary"])
    assert sids or document in boundaries, "a boundary is short of characters; every other statement has a name"
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
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
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
    writes = {"dynamodb:PutItem", "dynamodb:UpdateItem", "s3:PutObject"}
    able = {action for action in actions(DOCUMENTS["monitor grants"]) if action.startswith(("dynamodb:", "s3:"))}
    assert able == {"dynamodb:GetItem", "dynamodb:Query", "s3:GetObject", "s3:ListBucket"}
    assert writes <= actions(DOCUMENTS["engine grants"])


def test_before_it_is_made_the_key_is_named_by_its_alias_and_then_by_its_arn() -> None:
    """A new alias takes up to five minutes to count: a gateway or a task that is made right after it would be refused."""
    before, after = ([one for one in grants(names) if str(one["Action"]).count("kms:")] for names in (NAMES, NAMES.with_key(KEY)))
    assert len(before) == len(after) > 10
    for by_alias, by_arn in zip(before, after, strict=True):
        condition: Any = dict(by_alias["Condition"])
        assert by_alias["Resource"] == "arn:aws:kms:us-east-1:123456789012:key/*"
        assert condition.pop("ForAnyValue:StringEquals") == {"kms:ResourceAliases": "alias/evolution-prod"}
        assert by_arn == {name: value for name, value in {**by_alias, "Resource": KEY, "Condition": condition}.items() if value}


def grants(names: Names) -> list[dict[str, Any]]:
    """Of all roles and boundaries."""
    of_functions = [statement for granted in iam_functions.function_grants(names).values() for statement in granted]
    roles = (iam.flow_logs_grants, iam.execution_grants, iam.engine_grants, iam.monitor_grants, iam_functions.scheduler_grants)
    agents = (iam_agentcore.gateway_grants(names), iam_agentcore.runtime_grants(names))
    limits = [statements(boundary(granted)) for granted in (system_grants(names), agent_grants(names, MODEL))]
    return [*of_functions, *(one for granted in (*(role(names) for role in roles), *agents, *limits) for one in granted)]


def test_whoever_writes_encrypted_logs_may_use_the_key_through_cloudwatch_logs() -> None:
    """It calls KMS as whoever calls it."""
    writers = {name: allowed(DOCUMENTS[name]) for name in IDENTITY_GRANTS if "logs:PutLogEvents" in actions(DOCUMENTS[name])}
    assert writers.keys() >= {"flow logs grants", "execution grants", "runtime grants", *(f"{one} grants" for one in FUNCTION_GRANTS)}
    for name, granted in writers.items():
        for statement in granted:
            if "logs:PutLogEvents" in statement["Action"]:
                groups = [statement["Resource"]] if isinstance(statement["Resource"], str) else statement["Resource"]
                for group in groups:
                    context = {
                        "kms:ResourceAliases": ["alias/evolution-prod"],
                        "kms:ViaService": ["logs.us-east-1.amazonaws.com"],
                        "kms:EncryptionContext:aws:logs:arn": [group.partition(":log-stream:")[0].removesuffix(":*")],
                    }
                    for action in ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"):
                        assert permitted(granted, IamRequest(action=action, resource=KEY, context=context)), f"{name}: {action} for {group}"


def test_the_key_lets_the_account_use_its_log_groups_through_cloudwatch_logs_alone() -> None:
    """CreateLogGroup with a key, and `aws logs tail`, call KMS as the caller."""
    [use] = [one for one in statements(DOCUMENTS["key"]) if one["Sid"] == "AccountUsesLogGroupsOfThisStack"]
    [service] = [one for one in statements(DOCUMENTS["key"]) if one["Sid"] == "LogGroupsOfThisStack"]
    assert use["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    assert {*use["Action"], "kms:DescribeKey"} == set(service["Action"])
    assert use["Condition"]["StringEquals"] == {
        "kms:CallerAccount": "123456789012",
        "kms:ViaService": ["logs.us-east-1.amazonaws.com"],
    }
    assert use["Condition"]["ArnLike"] == service["Condition"]["ArnLike"]


AGENTS = {"gateway grants", "runtime grants", *(f"{name} grants" for name in HANDLER_GRANTS)}


@pytest.mark.parametrize(("document", "roles"), [("boundary", IDENTITY_GRANTS.keys() - AGENTS), ("agents boundary", AGENTS)])
def test_a_boundary_holds_every_grant_of_its_roles_and_nothing_else(document: str, roles: set[str]) -> None:
    granted = {one for role in roles for one in triples(IDENTITY_GRANTS[role])}
    assert triples(statements(DOCUMENTS[document])) == granted


def test_nobody_but_agents_can_ask_a_model() -> None:
    ask = {"bedrock:InvokeModel", "bedrock-agentcore:InvokeAgentRuntime"}
    asking = {name for name in IDENTITY_GRANTS if actions(DOCUMENTS[name]) & ask}
    assert asking == {"runtime grants", "gateway grants", "model handler grants"}
    assert "bedrock:InvokeModel" not in actions(DOCUMENTS["boundary"])


def test_the_model_is_asked_through_its_profile_alone() -> None:
    asking = [one for one in statements(DOCUMENTS["runtime grants"]) if one["Action"] == ["bedrock:InvokeModel"]]
    assert len(asking) == 2
    for statement in asking:
        if "foundation-model" in str(statement["Resource"]):
            profile = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-6"
            assert statement["Condition"]["StringEquals"] == {"bedrock:InferenceProfileArn": profile}
        pinned = {"bedrock:GuardrailIdentifier": "arn:aws:bedrock:us-east-1:123456789012:guardrail/*:*"}
        assert statement["Condition"]["StringLike"] == pinned, "no call without a guardrail, and none with a draft"
    assert iam_agentcore.model_arns(NAMES, "global.anthropic.claude-sonnet-4-6") == [
        "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-6",
        "arn:aws:bedrock:::foundation-model/anthropic.claude-sonnet-4-6",
    ]


def test_a_runtime_turns_away_all_but_the_gateways_role() -> None:
    admits, denies = statements(DOCUMENTS["runtime policy"])
    gateway = "arn:aws:iam::123456789012:role/evolution-gateway-prod-us-east-1"
    assert (admits["Effect"], admits["Principal"]) == ("Allow", {"AWS": gateway})
    assert (denies["Effect"], denies["Principal"]) == ("Deny", "*")
    assert denies["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": gateway}}
    assert denies["Action"] == list(iam_agentcore.INVOCATIONS)
    assert admits["Resource"] == denies["Resource"] == NAMES.agent_runtime_arn


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
    for names in (longest, longest.with_key(longest.arn("kms", KEY.rpartition(":")[2]))):
        for granted in (system_grants(names), agent_grants(names, "apac.anthropic.claude-sonnet-4-6")):
            assert len("".join(boundary(granted).split())) <= MANAGED_POLICY_CHARACTERS


def test_a_statement_keeps_to_one_service() -> None:
    for statement in (*system_grants(NAMES), *agent_grants(NAMES, MODEL)):
        listed: Any = statement["Action"]
        assert len({action.partition(":")[0] for action in listed}) == 1, "endpoint policies are cut along services"


@pytest.mark.parametrize(
    ("document", "service", "source"),
    [
        ("task trust", "ecs-tasks.amazonaws.com", "arn:aws:ecs:us-east-1:123456789012:*"),
        ("flow logs trust", "vpc-flow-logs.amazonaws.com", "arn:aws:ec2:us-east-1:123456789012:vpc-flow-log/*"),
        ("gateway trust", iam_agentcore.AGENTCORE, "arn:aws:bedrock-agentcore:us-east-1:123456789012:gateway/evolution-prod-??????????"),
        ("runtime trust", iam_agentcore.AGENTCORE, "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/evolution_prod-*"),
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
    workloads = {action for role in ("execution", "engine", "monitor", "runtime") for action in actions(DOCUMENTS[f"{role} grants"])}
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
    return {
        key: value
        for key, value in own.items()
        if isinstance(value, str) and key not in ("any_guardrail_arn", "any_key_arn", "scalable_target_arn")
    }


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
    in_account = (
        *("engine_role", "monitor_role", "execution_role", "flow_logs_role", "gateway_role", "agent_runtime_role"),
        *("permissions_boundary", "agents_boundary", "dashboard"),
    )
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
    roles = (longest.flow_logs_role, longest.execution_role, longest.engine_role, longest.monitor_role)
    for role in (*roles, longest.gateway_role, longest.agent_runtime_role):
        assert len(role) <= 64, role
