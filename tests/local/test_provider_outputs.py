"""What the provider computes has AWS's form."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from local.provider import models
from local.provider.models import pattern
from local.provider.outputs import compute
from local.provider.services import RESOURCES
from tests.local.provider.samples import ACCOUNT, VALID
from tests.local.provider.talk import REGION, create

HEX = "[0-9a-f]{17}"
UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
RUNTIME = "aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime"
ENDPOINT = "aws:bedrock/agentcoreAgentRuntimeEndpoint:AgentcoreAgentRuntimeEndpoint"
GATEWAY = "aws:bedrock/agentcoreGateway:AgentcoreGateway"
FORMS: list[tuple[str, str, str]] = [
    ("aws:ec2/vpc:Vpc", "id", f"vpc-{HEX}"),
    ("aws:ec2/vpc:Vpc", "arn", f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/vpc-{HEX}"),
    ("aws:ec2/subnet:Subnet", "id", f"subnet-{HEX}"),
    ("aws:ec2/eip:Eip", "allocationId", f"eipalloc-{HEX}"),
    ("aws:ec2/eip:Eip", "publicIp", r"203\.0\.113\.\d+"),
    ("aws:ec2/vpcEndpoint:VpcEndpoint", "prefixListId", "pl-[0-9a-f]{8}"),
    ("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "securityGroupRuleId", f"sgr-{HEX}"),
    ("aws:kms/key:Key", "keyId", UUID),
    ("aws:kms/alias:Alias", "targetKeyArn", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/<targetKeyId>"),
    (
        "aws:secretsmanager/secret:Secret",
        "arn",
        f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:<name>-[A-Za-z0-9]{{6}}",
    ),
    ("aws:secretsmanager/secretVersion:SecretVersion", "id", rf"arn:.*\|terraform-{UUID}"),
    ("aws:iam/role:Role", "uniqueId", "AROA[A-Z2-7]{17}"),
    ("aws:iam/policy:Policy", "arn", f"arn:aws:iam::{ACCOUNT}:policy/evolution/<name>"),
    ("aws:dynamodb/table:Table", "streamArn", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/<name>/stream/[-0-9T:.]+"),
    ("aws:ecr/repository:Repository", "repositoryUrl", rf"{ACCOUNT}\.dkr\.ecr\.{REGION}\.amazonaws\.com/<name>"),
    ("aws:ecs/taskDefinition:TaskDefinition", "arn", f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/<family>:[0-9]+"),
    ("aws:ecs/service:Service", "id", f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/[^/]+/<name>"),
    ("aws:s3/bucket:Bucket", "bucketRegionalDomainName", rf"<bucket>\.s3\.{REGION}\.amazonaws\.com"),
    ("aws:cloudwatch/dashboard:Dashboard", "dashboardArn", f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/<dashboardName>"),
    ("aws:wafv2/webAcl:WebAcl", "arn", f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/<name>/{UUID}"),
    ("aws:sns/topicSubscription:TopicSubscription", "arn", f"arn:aws:sns:.*:{UUID}"),
    ("aws:appautoscaling/policy:Policy", "arn", f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:scalingPolicy:{UUID}:resource/ecs/service/.*"),
    ("aws:bedrock/guardrailVersion:GuardrailVersion", "id", r"arn:aws:bedrock:.*:guardrail/[a-z0-9]{12},1"),
    (RUNTIME, "id", "<agentRuntimeName>-[a-zA-Z0-9]{10}"),
    (GATEWAY, "id", "<name>-[a-z0-9]{10}"),
    (GATEWAY, "gatewayUrl", rf"https://<name>-[a-z0-9]{{10}}\.gateway\.bedrock-agentcore\.{REGION}\.amazonaws\.com"),
    ("aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget", "id", "<gatewayIdentifier>,[0-9A-Z]{10}"),
    ("aws:cloudwatch/logDeliverySource:LogDeliverySource", "service", "bedrock-agentcore"),
]
"""By type and output, what it looks like; `<name>` is the sample's property."""


@pytest.mark.parametrize(("token", "output", "form"), FORMS, ids=[f"{one[0].rpartition(':')[2]}-{one[1]}" for one in FORMS])
def test_what_is_computed_has_awss_form(provider: Any, token: str, output: str, form: str) -> None:
    identity, outputs = create(provider, token, VALID[token])
    value = identity if output == "id" else outputs[output]
    assert re.fullmatch(re.sub("<(.*?)>", lambda name: re.escape(VALID[token][name[1]]), form), value), f"{output} is {value}"


MODEL_FORMS: list[tuple[str, str, str, str]] = [
    ("aws:iam/role:Role", "arn", "lambda", "RoleArn"),
    ("aws:kms/key:Key", "arn", "lambda", "KMSKeyArn"),
    ("aws:cloudwatch/logGroup:LogGroup", "name", "logs", "LogGroupName"),
    ("aws:wafv2/webAcl:WebAcl", "arn", "wafv2", "ResourceArn"),
    ("aws:wafv2/webAcl:WebAcl", "id", "wafv2", "EntityId"),
    ("aws:ecr/repository:Repository", "registryId", "ecr", "RegistryId"),
    ("aws:sns/topic:Topic", "arn", "budgets", "SubscriberAddress"),
    ("aws:bedrock/guardrail:Guardrail", "guardrailId", "bedrock", "GuardrailId"),
    ("aws:bedrock/guardrail:Guardrail", "guardrailArn", "bedrock", "GuardrailArn"),
    (RUNTIME, "agentRuntimeId", "bedrock-agentcore-control", "AgentRuntimeId"),
    (RUNTIME, "agentRuntimeArn", "bedrock-agentcore-control", "AgentRuntimeArn"),
    (ENDPOINT, "agentRuntimeEndpointArn", "bedrock-agentcore-control", "AgentRuntimeEndpointArn"),
    (GATEWAY, "gatewayId", "bedrock-agentcore-control", "GatewayId"),
    (GATEWAY, "gatewayArn", "bedrock-agentcore-control", "GatewayArn"),
    ("aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget", "targetId", "bedrock-agentcore-control", "TargetId"),
    ("aws:cloudwatch/logDelivery:LogDelivery", "id", "logs", "DeliveryId"),
]


@pytest.mark.parametrize(("token", "output", "service", "shape"), MODEL_FORMS)
def test_what_is_computed_matches_the_model_that_takes_it(provider: Any, token: str, output: str, service: str, shape: str) -> None:
    identity, outputs = create(provider, token, VALID[token])
    assert pattern(models.load(service).shape(shape)["pattern"]).fullmatch(identity if output == "id" else outputs[output])


def test_two_creations_get_two_ids(provider: Any) -> None:
    token = "aws:ec2/vpc:Vpc"
    assert create(provider, token, VALID[token])[0] != create(provider, token, VALID[token])[0]


def test_a_task_definition_that_is_registered_again_has_a_higher_revision(provider: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a service would not notice that its task definition was replaced."""
    token = "aws:ecs/taskDefinition:TaskDefinition"
    _, made = create(provider, token, VALID[token])
    monkeypatch.setattr("time.time", lambda: time.time_ns() / 1e9 + 1)
    later = compute(RESOURCES[token], VALID[token], REGION)[1]
    assert isinstance(made["revision"], int)
    assert later["revision"] > made["revision"]
    assert later["arn"].endswith(f":{later['revision']}")


def test_a_resource_in_another_region_has_that_regions_arn(provider: Any) -> None:
    _, outputs = create(provider, "aws:sns/topic:Topic", {"name": "a", "region": "us-west-2"})
    assert outputs["arn"] == f"arn:aws:sns:us-west-2:{ACCOUNT}:a"
