"""An ARN or a name of this stack that isn't made yet is refused, as AWS does, so that a missing edge of the program shows on a laptop."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast
from unittest.mock import Mock

import pytest

from local import lifecycle, state
from local.provider.cloud import Cloud
from local.provider.references import NotMadeError, references_in, refuse_unmade
from local.provider.resource_type import InText, ResourceType
from local.provider.server import Provider
from local.provider.services import RESOURCES
from local.provider.wire import encode, provider_pb2
from tests.local.conftest import BroughtUp, Run, clients
from tests.local.provider.samples import VALID

ACCOUNT, REGION = "000000000000", "us-east-1"

MISSING: dict[str, tuple[str, ...]] = {
    "aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime": (
        f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:runtime/missing_dev-AbCdEfGh12",
        "missing_dev-AbCdEfGh12",
    ),
    "aws:bedrock/agentcoreAgentRuntimeEndpoint:AgentcoreAgentRuntimeEndpoint": (
        f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:runtime/missing_dev-AbCdEfGh12/runtime-endpoint/own",
    ),
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": ("missing-dev",),
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": (f"arn:aws:logs:{REGION}:{ACCOUNT}:delivery-destination:missing-dev",),
    "aws:cloudwatch/logDeliverySource:LogDeliverySource": ("missing-dev",),
    "aws:cloudwatch/logGroup:LogGroup": (
        f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/missing/dev",
        f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/missing/dev:*",
        "/missing/dev",
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": ("missing-dev",),
    "aws:dynamodb/table:Table": (f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/missing-dev/stream/2026-01-31T00:00:00.000",),
    "aws:ecr/repository:Repository": ("missing-dev",),
    "aws:ecs/cluster:Cluster": (f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/missing-dev", "missing-dev"),
    "aws:ecs/service:Service": ("service/evolution-system-dev/missing-dev",),
    "aws:ecs/taskDefinition:TaskDefinition": (f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/missing-dev:1",),
    "aws:iam/policy:Policy": (f"arn:aws:iam::{ACCOUNT}:policy/missing-dev-us-east-1",),
    "aws:iam/role:Role": (
        f"arn:aws:iam::{ACCOUNT}:role/missing-dev-us-east-1",
        f"arn:aws:iam::{ACCOUNT}:role/a/path/missing-dev-us-east-1",
        "missing-dev-us-east-1",
    ),
    "aws:kms/key:Key": ("alias/missing-dev", f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/missing-dev"),
    "aws:lambda/function:Function": (f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:missing-dev", "missing-dev"),
    "aws:s3/bucket:Bucket": (f"missing-dev-{ACCOUNT}-{REGION}", f"arn:aws:s3:::missing-dev-{ACCOUNT}-{REGION}"),
    "aws:scheduler/scheduleGroup:ScheduleGroup": ("missing-dev",),
    "aws:secretsmanager/secret:Secret": (f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:missing-dev-AbCdEf", "missing-dev"),
    "aws:sns/topic:Topic": (f"arn:aws:sns:{REGION}:{ACCOUNT}:missing-dev",),
    "aws:sqs/queue:Queue": (f"arn:aws:sqs:{REGION}:{ACCOUNT}:missing-dev",),
    "aws:wafv2/webAcl:WebAcl": (f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/missing-dev/1234abcd-12ab-34cd-56ef-1234567890ab",),
}
"""References to what nobody made, by the type that they refer to."""

ROLE = MISSING["aws:iam/role:Role"][0]


def admits(principal: str) -> str:
    """A policy; what it says of resources and in conditions need not be there."""
    queue, function = MISSING["aws:sqs/queue:Queue"][0], MISSING["aws:lambda/function:Function"][0]
    elsewhere = {"ArnLike": {"aws:SourceArn": queue}}
    statement = {"Effect": "Allow", "Principal": {"AWS": [principal]}, "Action": "*", "Resource": function, "Condition": elsewhere}
    return json.dumps({"Statement": [statement]})


INSIDE: dict[str, Callable[[str], str]] = {
    "assumeRolePolicy": admits,
    "policy": admits,
    "redrivePolicy": lambda queue: json.dumps({"deadLetterTargetArn": queue}),
    "alarmRule": lambda alarm: f'ALARM("evolution-autonomy-dev") OR ALARM({alarm})',
}
"""By property, a text that holds a reference."""

UNJUDGED: dict[str, str] = {
    "alarmActions": "CloudWatch looks for an action's target only when the alarm fires",
    "okActions": "as alarmActions",
    "configuration": "ECS looks for the key of the ephemeral storage when a task starts",
    "crossRegionConfig": "a guardrail profile is AWS's own, and there in every account",
    "dimensions": "an alarm may name a metric that nobody publishes",
    "metricQueries": "as dimensions",
    "guardrailArn": "AWS makes a guardrail's id, so nobody can name one beforehand",
    "kmsMasterKeyId": "SNS and SQS look for a key when they use it",
    "notifications": "Budgets looks for a topic when it writes to it",
    "policyEngineConfiguration": "a gateway's policies: the emulator lacks both",
    "resourceArn": "of a web ACL's association and a log's source: a gateway, which the emulator lacks",
    "rules": "S3 looks for a bucket's key when it uses it",
    "sourceArn": "a condition of a permission: what it names need not be there",
}
"""Properties that hold an ARN and refer to nothing that AWS looks for, with the reason."""


def inputs_with(path: str, value: Any) -> Iterator[dict[str, Any]]:
    """Inputs in which a reference's path leads to a value: one for each place that it names."""
    name, _, rest = path.partition(".")
    if name.startswith("["):
        for inner in path[1 : path.index("]")].split(", "):
            yield {inner: value}
    else:
        for inner in inputs_with(rest, value) if rest else [value]:
            yield {name.removesuffix("[]"): [inner] if name.endswith("[]") else inner}


def broken(resource: ResourceType) -> Iterator[tuple[dict[str, Any], str]]:
    """Inputs that refer to what nobody made, for every reference of a type and everything that it may be of, and what isn't there."""
    for path, to in resource.references.items():
        types = to.types if isinstance(to, InText) else (to,) if isinstance(to, str) else to
        for missing in (one for token in types for one in MISSING[token]):
            if not isinstance(to, InText) or (missing.startswith("arn:") or "alarm" in path):
                for inputs in inputs_with(path, INSIDE[path](missing) if isinstance(to, InText) else missing):
                    yield inputs, missing.removesuffix(":*")


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
    return state.resources_in(brought_up.place / "state", "dev")


@pytest.mark.parametrize("token", sorted(token for token, resource in RESOURCES.items() if resource.references))
def test_what_is_not_made_yet_is_refused_by_name(cloud: Cloud, token: str) -> None:
    resource = RESOURCES[token]
    for inputs, named in broken(resource):
        with pytest.raises(NotMadeError) as refused:
            refuse_unmade(cloud, resource, inputs, "dev", REGION)
        message = str(refused.value)
        assert message.startswith(f"{next(iter(inputs))}"), inputs
        assert f"refers to {named}" in message
        assert "isn't made yet" in message
        assert "depends_on" in message
        refuse_unmade(cloud, resource, inputs, "prod", REGION)  # another stack's may be there already
        refuse_unmade(cloud, resource, json.loads(json.dumps(inputs).replace(ACCOUNT, "111122223333")), "elsewhere", REGION)


def test_whatever_is_referred_to_can_be_looked_for() -> None:
    referred_to = {one for resource in RESOURCES.values() for _, _, types in _all_references(resource) for one in types}
    assert referred_to == {token for token, resource in RESOURCES.items() if resource.referred_to_as} == MISSING.keys()
    assert all(RESOURCES[token].read or RESOURCES[token].lookup for token in referred_to)


def _all_references(resource: ResourceType) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for inputs, _ in broken(resource):
        yield from references_in(resource, inputs)


def test_all_that_dev_refers_to_is_looked_for_and_found(cloud: Cloud, made: dict[str, dict[str, Any]]) -> None:
    asked: set[str] = set()

    class Recorder(Cloud):
        def send(self, operation: str, parameters: Mapping[str, Any], region: str) -> dict[str, Any]:
            asked.add(operation)
            return cloud.send(operation, parameters, region)

    for one in made.values():
        if one["type"] in RESOURCES:
            refuse_unmade(Recorder(""), RESOURCES[one["type"]], one.get("inputs", {}), "dev", REGION)
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
        f"{one['urn'].rpartition('::')[2]} refers to {given} by {path}"
        for one in made.values()
        if one["type"] in RESOURCES
        for path, given, _ in references_in(RESOURCES[one["type"]], one.get("inputs", {}))
        if "dev" in given and not any(_maker(given) in _names(made[urn]) for urn in _before(made, one["urn"]))
    ]
    assert missed == [], missed


def test_every_arn_of_dev_is_looked_for_or_has_a_reason_not_to_be(made: dict[str, dict[str, Any]]) -> None:
    unjudged = {
        f"{one['type']}.{name}"
        for one in made.values()
        for name, value in one.get("inputs", {}).items()
        if one["type"] in RESOURCES
        and any(f":{ACCOUNT}:" in arn for arn in _arns(value))
        and name not in UNJUDGED
        and not any(path.startswith(name) for path in RESOURCES[one["type"]].references)
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


def _up_without_pack(where: lifecycle.Target) -> lifecycle.Outcome:
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
