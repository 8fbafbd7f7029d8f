"""An ARN or a name of this stack that isn't made yet is refused, as AWS does, so that a missing edge of the program shows on a laptop."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast
from unittest.mock import Mock

import pytest

from local import lifecycle, state
from local.provider.catalogue import RESOURCES
from local.provider.cloud import Cloud
from local.provider.references import IGNORED, REFERENCES, NotMadeError, given_by, refuse_unmade
from local.provider.server import Provider
from local.provider.wire import encode, provider_pb2
from tests.local.conftest import BroughtUp, Run, clients
from tests.local.provider.samples import VALID

ACCOUNT, REGION = "000000000000", "us-east-1"

ROLE = f"arn:aws:iam::{ACCOUNT}:role/missing-dev-us-east-1"
POLICY = f"arn:aws:iam::{ACCOUNT}:policy/missing-dev-us-east-1"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:missing-dev"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:missing-dev"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:missing-dev"
STREAM = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/missing-dev/stream/2026-01-31T00:00:00.000"
GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/missing/dev"
CLUSTER = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/missing-dev"
TASK = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/missing-dev:1"
WEB_ACL = f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/missing-dev/1234abcd-12ab-34cd-56ef-1234567890ab"
RUNTIME = f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:runtime/missing_dev-AbCdEfGh12"
DESTINATION = f"arn:aws:logs:{REGION}:{ACCOUNT}:delivery-destination:missing-dev"
ALIAS = "alias/missing-dev"
NAME = "missing-dev"
BUCKET = f"missing-dev-{ACCOUNT}-{REGION}"
SERVICE = "service/evolution-system-dev/missing-dev"


def admits(principal: str) -> str:
    """A policy; what it says of resources and in conditions need not be there."""
    elsewhere = {"ArnLike": {"aws:SourceArn": QUEUE}}
    statement = {"Effect": "Allow", "Principal": {"AWS": [principal]}, "Action": "*", "Resource": FUNCTION, "Condition": elsewhere}
    return json.dumps({"Statement": [statement]})


REDRIVE = json.dumps({"deadLetterTargetArn": QUEUE})

BROKEN: list[tuple[str, dict[str, Any], str]] = [
    ("aws:appautoscaling/policy:Policy", {"resourceId": SERVICE}, SERVICE),
    ("aws:appautoscaling/scheduledAction:ScheduledAction", {"resourceId": SERVICE}, SERVICE),
    ("aws:appautoscaling/target:Target", {"resourceId": SERVICE}, SERVICE),
    ("aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime", {"roleArn": ROLE}, ROLE),
    ("aws:bedrock/agentcoreAgentRuntimeEndpoint:AgentcoreAgentRuntimeEndpoint", {"agentRuntimeId": NAME}, NAME),
    ("aws:bedrock/agentcoreGateway:AgentcoreGateway", {"roleArn": ROLE}, ROLE),
    ("aws:bedrock/agentcoreGateway:AgentcoreGateway", {"kmsKeyArn": ALIAS}, ALIAS),
    (
        "aws:bedrock/agentcoreGateway:AgentcoreGateway",
        {"interceptorConfigurations": [{"interceptor": {"lambda": {"arn": FUNCTION}}}]},
        FUNCTION,
    ),
    (
        "aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget",
        {"targetConfiguration": {"http": {"agentcoreRuntime": {"arn": RUNTIME}}}},
        RUNTIME,
    ),
    ("aws:bedrock/agentcoreResourcePolicy:AgentcoreResourcePolicy", {"resourceArn": RUNTIME}, RUNTIME),
    ("aws:bedrock/agentcoreResourcePolicy:AgentcoreResourcePolicy", {"resourceArn": f"{RUNTIME}/runtime-endpoint/own"}, RUNTIME),
    ("aws:bedrock/agentcoreResourcePolicy:AgentcoreResourcePolicy", {"policy": admits(ROLE)}, ROLE),
    ("aws:bedrock/guardrail:Guardrail", {"kmsKeyArn": ALIAS}, ALIAS),
    ("aws:cloudwatch/compositeAlarm:CompositeAlarm", {"alarmRule": f'ALARM("evolution-autonomy-dev") OR ALARM({NAME})'}, NAME),
    ("aws:cloudwatch/logDelivery:LogDelivery", {"deliverySourceName": NAME}, NAME),
    ("aws:cloudwatch/logDelivery:LogDelivery", {"deliveryDestinationArn": DESTINATION}, DESTINATION),
    (
        "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination",
        {"deliveryDestinationConfiguration": {"destinationResourceArn": GROUP}},
        GROUP,
    ),
    ("aws:cloudwatch/logDeliverySource:LogDeliverySource", {"resourceArn": RUNTIME}, RUNTIME),
    ("aws:cloudwatch/logGroup:LogGroup", {"kmsKeyId": ALIAS}, ALIAS),
    ("aws:dynamodb/table:Table", {"serverSideEncryption": {"kmsKeyArn": ALIAS}}, ALIAS),
    ("aws:ec2/flowLog:FlowLog", {"iamRoleArn": ROLE}, ROLE),
    ("aws:ec2/flowLog:FlowLog", {"logDestination": f"{GROUP}:*"}, GROUP),
    ("aws:ecr/lifecyclePolicy:LifecyclePolicy", {"repository": NAME}, NAME),
    ("aws:ecr/repository:Repository", {"encryptionConfigurations": [{"kmsKey": ALIAS}]}, ALIAS),
    ("aws:ecs/service:Service", {"cluster": CLUSTER}, CLUSTER),
    ("aws:ecs/service:Service", {"iamRole": NAME}, NAME),
    ("aws:ecs/service:Service", {"taskDefinition": TASK}, TASK),
    ("aws:ecs/taskDefinition:TaskDefinition", {"executionRoleArn": ROLE}, ROLE),
    ("aws:ecs/taskDefinition:TaskDefinition", {"taskRoleArn": ROLE}, ROLE),
    ("aws:iam/role:Role", {"assumeRolePolicy": admits(ROLE)}, ROLE),
    ("aws:iam/role:Role", {"permissionsBoundary": POLICY}, POLICY),
    ("aws:iam/rolePolicy:RolePolicy", {"role": NAME}, NAME),
    ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {"role": NAME}, NAME),
    ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {"policyArn": POLICY}, POLICY),
    ("aws:kms/key:Key", {"policy": admits(ROLE)}, ROLE),
    ("aws:lambda/eventSourceMapping:EventSourceMapping", {"functionName": NAME}, NAME),
    ("aws:lambda/eventSourceMapping:EventSourceMapping", {"eventSourceArn": STREAM}, STREAM),
    ("aws:lambda/eventSourceMapping:EventSourceMapping", {"destinationConfig": {"onFailure": {"destinationArn": QUEUE}}}, QUEUE),
    ("aws:lambda/eventSourceMapping:EventSourceMapping", {"destinationConfig": {"onSuccess": {"destination": TOPIC}}}, TOPIC),
    ("aws:lambda/function:Function", {"role": ROLE}, ROLE),
    ("aws:lambda/function:Function", {"kmsKeyArn": ALIAS}, ALIAS),
    ("aws:lambda/function:Function", {"loggingConfig": {"logGroup": "/missing/dev"}}, "/missing/dev"),
    ("aws:lambda/function:Function", {"deadLetterConfig": {"targetArn": QUEUE}}, QUEUE),
    ("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig", {"functionName": NAME}, NAME),
    (
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
        {"destinationConfig": {"onFailure": {"destination": QUEUE}}},
        QUEUE,
    ),
    (
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
        {"destinationConfig": {"onSuccess": {"destination": FUNCTION}}},
        FUNCTION,
    ),
    ("aws:lambda/permission:Permission", {"function": NAME}, NAME),
    ("aws:lambda/permission:Permission", {"principal": ROLE}, ROLE),
    ("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", {"bucket": BUCKET}, BUCKET),
    ("aws:s3/bucketLogging:BucketLogging", {"bucket": BUCKET}, BUCKET),
    ("aws:s3/bucketLogging:BucketLogging", {"targetBucket": BUCKET}, BUCKET),
    ("aws:s3/bucketOwnershipControls:BucketOwnershipControls", {"bucket": BUCKET}, BUCKET),
    ("aws:s3/bucketPolicy:BucketPolicy", {"bucket": BUCKET}, BUCKET),
    ("aws:s3/bucketPolicy:BucketPolicy", {"policy": admits(ROLE)}, ROLE),
    ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", {"bucket": BUCKET}, BUCKET),
    ("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration", {"bucket": BUCKET}, BUCKET),
    ("aws:s3/bucketVersioning:BucketVersioning", {"bucket": BUCKET}, BUCKET),
    ("aws:scheduler/schedule:Schedule", {"groupName": NAME}, NAME),
    ("aws:scheduler/schedule:Schedule", {"target": {"roleArn": ROLE}}, ROLE),
    ("aws:scheduler/schedule:Schedule", {"target": {"deadLetterConfig": {"arn": QUEUE}}}, QUEUE),
    ("aws:scheduler/schedule:Schedule", {"target": {"arn": FUNCTION}}, FUNCTION),
    ("aws:secretsmanager/secret:Secret", {"kmsKeyId": ALIAS}, ALIAS),
    ("aws:secretsmanager/secretVersion:SecretVersion", {"secretId": NAME}, NAME),
    ("aws:sns/topicPolicy:TopicPolicy", {"arn": TOPIC}, TOPIC),
    ("aws:sns/topicPolicy:TopicPolicy", {"policy": admits(ROLE)}, ROLE),
    ("aws:sns/topicSubscription:TopicSubscription", {"topic": TOPIC}, TOPIC),
    ("aws:sns/topicSubscription:TopicSubscription", {"subscriptionRoleArn": ROLE}, ROLE),
    ("aws:sns/topicSubscription:TopicSubscription", {"endpoint": FUNCTION}, FUNCTION),
    ("aws:sns/topicSubscription:TopicSubscription", {"redrivePolicy": REDRIVE}, QUEUE),
    ("aws:sqs/queue:Queue", {"redrivePolicy": REDRIVE}, QUEUE),
    ("aws:sqs/queuePolicy:QueuePolicy", {"policy": admits(ROLE)}, ROLE),
    ("aws:wafv2/webAclAssociation:WebAclAssociation", {"webAclArn": WEB_ACL}, WEB_ACL),
    ("aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration", {"resourceArn": WEB_ACL}, WEB_ACL),
    ("aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration", {"logDestinationConfigs": [GROUP]}, GROUP),
]
"""For each reference of the table, a property that breaks it, and what the message must name."""

REVERSED = """
import pulumi, pulumi_aws as aws

provider = aws.Provider("aws", region="us-east-1")
on_aws = pulumi.ResourceOptions(provider=provider)
trust = '{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs.amazonaws.com"}}]}'
logs = aws.ec2.FlowLog(
    "logs", vpc_id=aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=on_aws).id, traffic_type="ALL",
    iam_role_arn="arn:aws:iam::000000000000:role/late-dev", log_destination="arn:aws:logs:us-east-1:000000000000:log-group:/aws/flow",
    opts=on_aws,
)
aws.iam.Role("late", name="late-dev", assume_role_policy=trust, opts=pulumi.ResourceOptions(provider=provider, depends_on=[logs]))
"""
"""The role waits for what refers to it."""


@pytest.fixture(scope="module")
def cloud(brought_up: BroughtUp) -> Cloud:
    return Cloud(clients(brought_up.place)("iam").meta.endpoint_url)


@pytest.fixture(scope="module")
def made(brought_up: BroughtUp) -> dict[str, dict[str, Any]]:
    return state.held(brought_up.place / "state", "dev")


@pytest.mark.parametrize(("token", "inputs", "named"), [pytest.param(*one, id=f"{one[0]}-{'-'.join(one[1])}") for one in BROKEN])
def test_what_is_not_made_yet_is_refused_by_name(cloud: Cloud, token: str, inputs: dict[str, Any], named: str) -> None:
    with pytest.raises(NotMadeError) as refused:
        refuse_unmade(cloud, token, inputs, "dev", REGION)
    message = str(refused.value)
    assert f"refers to {named}" in message
    assert "isn't made yet" in message
    assert "depends_on" in message
    refuse_unmade(cloud, token, inputs, "prod", REGION)  # another stack's may be there already
    refuse_unmade(cloud, token, json.loads(json.dumps(inputs).replace(ACCOUNT, "111122223333")), "elsewhere", REGION)


def test_every_reference_of_the_table_has_a_case() -> None:
    assert {(token, next(iter(inputs))) for token, inputs, _ in BROKEN} == {
        (token, reference.path.partition(".")[0].partition("[")[0]) for token, references in REFERENCES.items() for reference in references
    }
    assert REFERENCES.keys() <= RESOURCES.keys()


def test_all_that_dev_refers_to_is_looked_for_and_found(cloud: Cloud, made: dict[str, dict[str, Any]]) -> None:
    asked: set[str] = set()

    class Recorder(Cloud):
        def send(self, operation: str, parameters: Mapping[str, Any], region: str) -> dict[str, Any]:
            asked.add(operation)
            return cloud.send(operation, parameters, region)

    for one in made.values():
        refuse_unmade(Recorder(""), one["type"], one.get("inputs", {}), "dev", REGION)
    assert asked >= {
        "cloudwatch:DescribeAlarms",
        "dynamodb:DescribeTable",
        "ecr:DescribeRepositories",
        "ecs:DescribeClusters",
        "ecs:DescribeServices",
        "ecs:DescribeTaskDefinition",
        "iam:GetPolicy",
        "iam:GetRole",
        "lambda:GetFunction",
        "logs:DescribeLogGroups",
        "s3:HeadBucket",
        "scheduler:GetScheduleGroup",
        "secretsmanager:DescribeSecret",
        "sns:GetTopicAttributes",
        "sqs:GetQueueUrl",
        "wafv2:GetWebACL",
    }


def test_every_reference_of_dev_is_an_edge_of_the_program(made: dict[str, dict[str, Any]]) -> None:
    """So that what is made first doesn't rest on chance."""
    missed = [
        f"{one['urn'].rpartition('::')[2]} refers to {given} by {reference.path}"
        for one in made.values()
        for reference in REFERENCES.get(one["type"], ())
        for given in given_by(reference, one.get("inputs", {}))
        if "dev" in given and not any(_maker(given) in _names(made[urn]) for urn in _before(made, one["urn"]))
    ]
    assert missed == [], missed


def test_every_arn_of_dev_is_looked_for_or_has_a_reason_not_to_be(made: dict[str, dict[str, Any]]) -> None:
    unjudged = {
        f"{one['type']}.{name}"
        for one in made.values()
        for name, value in one.get("inputs", {}).items()
        if any(f":{ACCOUNT}:" in arn for arn in _arns(value))
        and name not in IGNORED
        and not any(reference.path.startswith(name) for reference in REFERENCES.get(one["type"], ()))
    }
    assert unjudged == set(), sorted(unjudged)


def test_the_engine_is_told_and_nothing_is_made(cloud: Cloud, brought_up: BroughtUp) -> None:
    context = Mock(abort=Mock(side_effect=RuntimeError))
    provider = Provider(cloud)
    provider.Configure(provider_pb2.ConfigureRequest(args=encode({"region": REGION}).struct_value), context)
    token = "aws:lambda/function:Function"
    inputs = {**VALID[token], "name": "early-dev", "role": ROLE, "kmsKeyArn": None}
    asked = provider_pb2.CreateRequest(urn=f"urn:pulumi:dev::evolution-system::{token}::early", properties=encode(inputs).struct_value)
    with pytest.raises(RuntimeError):
        provider.Create(asked, context)
    assert f"role refers to {ROLE}, which isn't made yet" in context.abort.call_args.args[1]
    there = clients(brought_up.place)("lambda").list_functions()["Functions"]
    assert "early-dev" not in {function["FunctionName"] for function in there}
    asked.preview = True
    provider.Create(asked, context)


def test_a_program_whose_order_is_wrong_is_refused_by_up(act: Run, own_place: Path, small_checkout: Path) -> None:
    (small_checkout / "__main__.py").write_text(REVERSED, encoding="utf-8")
    failed = act(_up_without_pack, own_place, repo=small_checkout)
    assert not failed.succeeded
    assert "iamRoleArn refers to arn:aws:iam::000000000000:role/late-dev, which isn't made yet" in failed.text
    assert "depends_on" in failed.text


def _up_without_pack(where: lifecycle.Where) -> lifecycle.Outcome:
    return lifecycle.up(where, pack=False)


def _names(one: dict[str, Any]) -> set[str]:
    """What a resource is referred to by. That others bear the name as well does no harm: they must come after it, too."""
    known = {**one.get("outputs", {}), "id": one.get("id")}
    service = f"service/{str(known.get('cluster')).rpartition('/')[2]}/{known.get('name')}"
    return {service, *(value for value in known.values() if isinstance(value, str))}


def _maker(given: str) -> str:
    """The name of what makes it: the default endpoint comes with its runtime."""
    return given.removesuffix(":*").removesuffix("/runtime-endpoint/DEFAULT")


def _before(made: dict[str, dict[str, Any]], urn: str) -> set[str]:
    """All that is made before a resource."""
    found: set[str] = set()
    ahead = [urn]
    while ahead:
        new = set(made[ahead.pop()].get("dependencies", ())) - found
        found |= new
        ahead += new
    return found


def _arns(value: Any) -> Iterator[str]:
    """The texts in a value that are ARNs."""
    if isinstance(value, str):
        yield from [value] if value.startswith("arn:") else []
    elif isinstance(value, dict):
        for item in cast("dict[str, Any]", value).values():
            yield from _arns(item)
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _arns(item)
