"""Kinds of faults that public reports and published attacks show: what must be caught, and what is right and must be left alone."""

from __future__ import annotations

import json
import re
from importlib import util
from pathlib import Path
from typing import Any

import pytest

import documents
import other_types
from tests.policy.builders import UNKNOWN, Node, Nodes, document
from tests.policy.identity_builders import granting
from tests.policy.provider_types import annotations_of
from tests.policy.samples import ACCOUNT, compliant, configure, findings

TRUST, PERMISSION, SECRET = "identity/trust-closed", "workload/function-permission", "environment/no-secret"
GITHUB, GITLAB = "token.actions.githubusercontent.com", "gitlab.com"
EKS = "oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF"


def alone(nodes: Nodes) -> set[str]:
    """What fires in another project's stack."""
    around = {"stack": Node("pulumi:pulumi:Stack", {}), "default": Node("pulumi:providers:aws", {"region": "us-east-1"})}
    return {found.rule for found in findings({**around, **nodes}, project="webshop", stack="prod")}


def taken_by(issuer: str, **condition: dict[str, Any]) -> Nodes:
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {operator: {f"{issuer}:{claim}": value for claim, value in tests.items()} for operator, tests in condition.items()},
    }
    limits = f"arn:aws:iam::{ACCOUNT}:policy/limits"
    return {"ci": Node("aws:iam/role:Role", {"name": "ci", "permissionsBoundary": limits, "assumeRolePolicy": document(statement)})}


@pytest.mark.parametrize(
    ("nodes", "closed"),
    [
        (taken_by(GITHUB, StringLike={"sub": "repo:*"}), False),
        (taken_by(GITHUB, StringLike={"sub": "repo:a*"}), False),
        (taken_by(GITHUB, StringLike={"sub": "*:ref:refs/heads/main"}), False),
        (taken_by(GITHUB, StringEquals={"aud": "sts.amazonaws.com", "environment": "prod"}), False),
        (taken_by(GITHUB, StringNotEquals={"sub": "repo:acme/shop:pull_request"}), False),
        (taken_by(GITHUB, StringEquals={"aud": "sts.amazonaws.com"}, **{"ForAllValues:StringLike": {"sub": "repo:acme/shop:*"}}), False),
        (taken_by(GITHUB, StringLike={"repository_id": "12*"}), False),
        (taken_by(GITHUB, StringLike={"sub": "repo:acme/shop:*"}), True),
        (taken_by(GITHUB, StringLike={"sub": "repo:acme/*"}), True),
        (taken_by(GITHUB, StringEquals={"repository_id": "123", "environment": "prod"}), True),
        (taken_by(GITHUB, StringLike={"job_workflow_ref": "acme/shop/.github/workflows/deploy.yml@*"}), True),
        (taken_by(GITLAB, StringLike={"sub": "project_path:*"}), False),
        (taken_by(GITLAB, StringLike={"sub": "project_path:acme/shop:*"}), True),
        (taken_by(EKS, StringLike={"sub": "system:serviceaccount:*"}), False),
        (taken_by(EKS, StringLike={"sub": "system:serviceaccount:shop:*"}), True),
        (taken_by(EKS, StringEquals={"aud": "sts.amazonaws.com"}), False),
    ],
)
def test_a_condition_narrows_who_takes_a_role_by_its_issuers_claims(nodes: Nodes, closed: bool) -> None:
    assert (TRUST not in alone(nodes)) is closed


@pytest.mark.parametrize(
    ("resource", "wide"), [("*a*", True), ("a*", True), ("*-*", True), ("*app*", False), ("logs-*", False), ("*-prod", False)]
)
def test_a_letter_beside_a_wildcard_names_nothing(resource: str, wide: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch)
    nodes = compliant()
    granting(Action="s3:ListBucket", Resource=f"arn:aws:s3:::{resource}")(nodes)
    assert ("identity/no-wildcard-resource" in {found.rule for found in findings(nodes)}) is wide


@pytest.mark.parametrize(
    ("action", "fires"),
    [
        *(
            (action, True)
            for action in ("cloudformation:UpdateStack", "codebuild:StartBuild", "ssm:StartAutomationExecution", "glue:UpdateJob")
        ),
        *((action, True) for action in ("bedrock-agentcore:InvokeCodeInterpreter", "ec2-instance-connect:SendSSHPublicKey")),
        *(
            (action, False)
            for action in ("rds-db:connect", "elasticache:Connect", "cloudformation:DescribeStacks", "codebuild:BatchGetBuilds")
        ),
    ],
)
def test_code_with_another_role_is_an_escalation_and_signing_in_is_none(action: str, fires: bool) -> None:
    grants = Node("aws:iam/rolePolicy:RolePolicy", {"policy": document({"Effect": "Allow", "Action": action, "Resource": "arn:aws:x:::y"})})
    assert ("identity/no-escalation" in alone({"g": grants})) is fires


@pytest.mark.parametrize(
    ("resource", "fits"),
    [("bucket/app--use1-az4--x-s3", True), ("bucket/app/object", False), ("accesspoint/app", False)],
)
def test_a_directory_bucket_is_named_by_one_part(resource: str, fits: bool) -> None:
    statement = {"Effect": "Allow", "Action": "s3express:CreateSession", "Resource": f"arn:aws:s3express:us-east-1:{ACCOUNT}:{resource}"}
    fired = alone({"g": Node("aws:iam/rolePolicy:RolePolicy", {"policy": document(statement)})})
    assert ("identity/resource-fits" not in fired) is fits or resource.startswith("accesspoint")


@pytest.mark.parametrize(
    ("resource", "fits"),
    [("/domainnames/api.example.com+abc123", True), ("/domainnames/*", True), ("/domainnames/api.example.com", False)],
)
def test_a_plus_of_awss_own_is_a_plus(resource: str, fits: bool) -> None:
    """A private domain's ARN has its name and its id."""
    arn = f"arn:aws:apigateway:us-east-1:{ACCOUNT}:{resource}"
    statement = {"Effect": "Allow", "Action": "apigateway:RejectAccessAssociation", "Resource": arn}
    fired = alone({"g": Node("aws:iam/rolePolicy:RolePolicy", {"policy": document(statement)})})
    assert ("identity/resource-fits" not in fired) is fits


@pytest.mark.parametrize(
    ("props", "fires"),
    [
        ({"principal": "s3.amazonaws.com", "sourceArn": "arn:aws:s3:::uploads"}, True),
        ({"principal": "s3.amazonaws.com", "sourceArn": "arn:aws:s3:::uploads", "sourceAccount": ACCOUNT}, False),
        ({"principal": "sns.amazonaws.com", "sourceArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:t"}, False),
        ({"action": "lambda:InvokeFunctionUrl", "principal": ACCOUNT, "functionUrlAuthType": "AWS_IAM"}, False),
        ({"action": "lambda:InvokeFunctionUrl", "principal": ACCOUNT, "functionUrlAuthType": "NONE"}, True),
        ({"action": "lambda:InvokeFunctionUrl", "principal": ACCOUNT}, True),
    ],
)
def test_who_invokes_a_function_is_of_one_account(props: dict[str, Any], fires: bool) -> None:
    node = Node("aws:lambda/permission:Permission", {"action": "lambda:InvokeFunction", "function": "f", **props})
    assert (PERMISSION in alone({"p": node})) is fires


@pytest.mark.parametrize(
    ("name", "value", "fires"),
    [
        ("dbPassword", "hunter2hunter2", True),
        ("PGPASSWORD", "hunter2hunter2", True),
        ("MYSQL_PWD", "hunter2hunter2", True),
        ("apiKey", "hunter2hunter2", True),
        ("REDIS_URL", "redis://:hunter2hunter2@cache.example.com:6379/0", True),
        ("DB_PASSWORD", UNKNOWN, True),
        ("ENCRYPTION_KEY", "alias/app", False),
        ("DB_PASSWORD", "/shop/prod/password", False),
        ("CSRF_TOKEN", "X-CSRF-Token", False),
        ("MAX_TOKEN", "4096", False),
        ("TABLE_NAME", UNKNOWN, False),
        ("DB_SECRET", UNKNOWN, False),
        ("REDIS_URL", "redis://cache.example.com:6379/0", False),
        ("keyboard", "qwertyuiop", False),
    ],
)
def test_a_secret_is_known_by_its_name_and_its_form(name: str, value: str, fires: bool) -> None:
    function = Node("aws:lambda/function:Function", {"name": "f", "environment": {"variables": {name: value}}})
    assert (SECRET in alone({"f": function})) is fires


@pytest.mark.parametrize(
    ("kind", "props"),
    [
        ("lambda/permission:Permission", {"action": "lambda:InvokeFunction", "principal": "999999999999"}),
        ("kms/grant:Grant", {"granteePrincipal": "arn:aws:iam::999999999999:role/x", "operations": ["Decrypt"]}),
        ("cloudwatch/logSubscriptionFilter:LogSubscriptionFilter", {"destinationArn": "arn:aws:logs:us-east-1:999999999999:destination:x"}),
        ("s3/bucketReplicationConfig:BucketReplicationConfig", {"rules": [{"destination": {"account": "999999999999"}}]}),
        ("cloudwatch/eventTarget:EventTarget", {"arn": "arn:aws:events:us-east-1:999999999999:event-bus/x"}),
    ],
)
def test_another_account_is_seen_without_a_document(kind: str, props: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch)
    ours = json.loads(json.dumps(props).replace("999999999999", ACCOUNT))
    fired = [{one.rule for one in findings({**compliant(), "x": Node(f"aws:{kind}", given)})} for given in (props, ours)]
    assert ["identity/one-account" in rules for rules in fired] == [True, False]


@pytest.mark.parametrize("kind", [*other_types.DOCUMENTS, *other_types.OPTIONAL_DOCUMENTS])
def test_every_policy_of_a_resource_is_read(kind: str) -> None:
    name = documents.PLACES[kind].property_name
    open_to_all = document({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"})
    assert "identity/no-public-access" in alone({"x": Node(kind, {name: open_to_all})})
    assert ("identity/document" in alone({"x": Node(kind, {})})) is (kind in other_types.DOCUMENTS)


def test_the_policies_are_properties_of_the_provider() -> None:
    found = util.find_spec("pulumi_aws")
    assert found
    assert found.origin
    for kind, name in (other_types.DOCUMENTS | other_types.OPTIONAL_DOCUMENTS).items():
        service, _, file = kind.split(":")[1].partition("/")
        snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", file).lower()
        text = (Path(found.origin).parent / service / f"{snake}.py").read_text(encoding="utf-8")
        assert kind in text
        assert f'"{name}"' in text or f"def {name}(" in text, f"{kind} has no {name}"


@pytest.mark.parametrize(
    ("trusted", "right"),
    [("states", True), ("states.eu-central-1", True), ("states.us-gov-west-1", True), ("lambda", False), ("states.everywhere", False)],
)
def test_a_service_in_one_region_is_the_same_service(trusted: str, right: bool) -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": f"{trusted}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = Node("aws:iam/role:Role", {"assumeRolePolicy": document(statement)})
    machine = Node("aws:sfn/stateMachine:StateMachine", {"roleArn": UNKNOWN}, {"roleArn": ["role"]})
    assert ("identity/trust-service" not in alone({"role": role, "machine": machine})) is right


def service(**launched: str) -> Node:
    return Node("aws:ecs/service:Service", {"cluster": UNKNOWN, **launched}, {"cluster": ["cluster"]})


@pytest.mark.parametrize(
    ("services", "fires"),
    [
        ([], True),
        ([service(launchType="EXTERNAL")], False),
        ([service(launchType="EC2")], False),
        ([service(launchType="EC2"), service(launchType="FARGATE")], True),
        ([service()], True),
        ([service(launchType=UNKNOWN)], True),
    ],
)
def test_a_cluster_without_fargate_needs_no_key_for_fargates_disk(services: list[Node], fires: bool) -> None:
    nodes = {"cluster": Node("aws:ecs/cluster:Cluster", {"name": "c"}), **{f"s{index}": one for index, one in enumerate(services)}}
    assert ("encryption/cluster-cmk" in alone(nodes)) is fires


@pytest.mark.parametrize(
    ("sources", "fires"),
    [
        (["secret"], False),
        (["secret", "table"], False),
        (["secret", "password"], True),
        (["value"], True),
        ([], True),
    ],
)
def test_an_unknown_value_is_a_name_where_it_comes_from_what_only_has_one(sources: list[str], fires: bool) -> None:
    nodes = {
        "secret": Node("aws:secretsmanager/secret:Secret", {"name": "s"}),
        "value": Node("aws:secretsmanager/secretVersion:SecretVersion", {"secretId": UNKNOWN}),
        "table": Node("aws:dynamodb/table:Table", {"name": "t"}),
        "password": Node("random:index/randomPassword:RandomPassword", {"length": 16.0}),
        "function": Node("aws:lambda/function:Function", {"environment": {"variables": {"API_KEY": UNKNOWN}}}, {"environment": sources}),
    }
    assert (SECRET in alone(nodes)) is fires


@pytest.mark.parametrize(
    ("body", "calls"),
    [
        (json.dumps({"widgets": [{"type": "custom", "properties": {"endpoint": "arn:aws:lambda:us-east-1:1:function:x"}}]}), True),
        (json.dumps({"widgets": [{"type": "metric", "properties": {"metrics": [["AWS/Lambda", "Errors", "FunctionName", "x"]]}}]}), False),
        (json.dumps({"widgets": []}), False),
        (UNKNOWN, False),
    ],
)
def test_a_dashboard_that_calls_a_function_is_told(body: str, calls: bool) -> None:
    found = alone({"x": Node("aws:cloudwatch/dashboard:Dashboard", {"dashboardName": "x", "dashboardBody": body})})
    assert found == ({"alarms/dashboard-calls"} if calls else set())


@pytest.mark.parametrize(
    "kind", ["aws-native:s3:Bucket", "awscc:index/bucket:Bucket", "terraform:index:Module", *sorted(other_types.TEMPLATES)]
)
def test_what_makes_others_is_said_to_be_judged_by_nobody(kind: str) -> None:
    assert alone({"x": Node(kind, {})}) == {"governance/judged"}


def test_what_makes_others_is_refused_once_in_the_systems_own_stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch)
    found = findings({**compliant(), "x": Node("aws:cloudformation/stack:Stack", {"templateBody": "{}"})})
    assert [one.rule for one in found if one.resource == "x"] == ["containment/known-types"]


@pytest.mark.parametrize(
    "kind", ["awsx:ecs:FargateService", "eks:index:Cluster", "kubernetes:core/v1:Pod", "random:index/randomPet:RandomPet"]
)
def test_what_makes_nothing_of_aws_by_itself_is_left_alone(kind: str) -> None:
    assert alone({"x": Node(kind, {})}) == set()


def test_the_types_that_make_others_are_the_providers() -> None:
    assert [annotations_of(kind) for kind in other_types.TEMPLATES]
