"""The provider as the engine meets it: a process that prints a port and answers gRPC."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct

from components.environment import Region
from local.provider import models
from local.provider.catalogue import RESOURCES
from local.provider.data_sources import SOURCES
from local.provider.models import pattern
from local.provider.outputs import compute
from local.provider.wire import Secrets, decode, encode, provider_pb2, provider_pb2_grpc
from local.provider.zones import ZONES
from tests.local.provider.common import ACCOUNT, KEY
from tests.local.provider.samples import VALID

ROOT = Path(__file__).resolve().parents[2]
REGION = "eu-west-1"
UNKNOWN_MARK = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
TAGS = {"Project": "evolution-system"}


def struct(properties: dict[str, Any]) -> Struct:
    return encode(properties).struct_value


def urn(token: str) -> str:
    return f"urn:pulumi:dev::evolution-system::evolution:data:Data${token}::a::name"


@pytest.fixture(scope="module")
def bare() -> Iterator[Any]:
    """A provider that isn't configured yet, started with an environment that tempts it."""
    temptation = {"AWS_PROFILE": "production", "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_REGION": "ap-south-1", "HOME": "/nowhere"}
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "local.provider", "127.0.0.1:1"],
        cwd=ROOT,
        env={**os.environ, **temptation},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    port = process.stdout.readline().strip()
    assert port.isdecimal(), f"the first line must be the port and nothing else: {port!r}"
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)
    process.terminate()
    _, errors = process.communicate(timeout=10)
    assert errors == "", "what a provider prints is shown to the user: nothing may come of normal use"


@pytest.fixture(scope="module")
def provider(bare: Any) -> Any:
    bare.Configure(provider_pb2.ConfigureRequest(args=struct({"region": REGION, "defaultTags": json.dumps({"tags": TAGS})})))
    return bare


def create(provider: Any, token: str, properties: dict[str, Any], *, preview: bool = False) -> tuple[str, dict[str, Any]]:
    made = provider.Create(provider_pb2.CreateRequest(urn=urn(token), properties=struct(properties), preview=preview))
    return made.id, decode(made.properties)


def test_nothing_is_answered_before_the_configuration(bare: Any) -> None:
    with pytest.raises(grpc.RpcError) as error:
        bare.Check(provider_pb2.CheckRequest(urn=urn("aws:ec2/vpc:Vpc")))
    assert "must call Configure first" in str(error.value)


def test_it_introduces_itself_with_the_sdks_version(provider: Any) -> None:
    assert provider.Handshake(provider_pb2.ProviderHandshakeRequest()).accept_secrets
    expected = next(line for line in (ROOT / "pyproject.toml").read_text().splitlines() if "pulumi-aws==" in line)
    assert f"=={provider.GetPluginInfo(Empty()).version}" in expected


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "region: must be given"),
        (
            {"region": "us-east-1", "accessKey": "AKIA"},
            "accessKey: the local cloud takes only defaultTags and region and never credentials",
        ),
        ({"region": "us-east-1", "profile": "production"}, "profile: "),
        ({"region": "us-east-1", "endpoints": "[]"}, "endpoints: "),
        ({"region": "us-east-1", "defaultTags": "tags"}, "defaultTags: "),
        ({"region": "us-east-1", "defaultTags": '{"tags": {"a": 1}}'}, "defaultTags: must be"),
    ],
)
def test_a_configuration_that_could_reach_an_account_is_refused(provider: Any, arguments: dict[str, Any], says: str) -> None:
    failures = provider.CheckConfig(provider_pb2.CheckRequest(news=struct(arguments))).failures
    assert len(failures) == 1
    assert failures[0].reason.startswith(says)
    assert "AKIA" not in failures[0].reason


def test_the_sdks_own_configuration_is_taken(provider: Any) -> None:
    arguments = {"region": REGION, "skipCredentialsValidation": "false", "skipRegionValidation": "true", "version": "7.51.1"}
    assert not provider.CheckConfig(provider_pb2.CheckRequest(news=struct(arguments))).failures


def test_another_region_replaces_the_provider(provider: Any) -> None:
    answer = provider.DiffConfig(
        provider_pb2.DiffRequest(old_inputs=struct({"region": REGION}), news=struct({"region": "us-east-1"}), urn=urn("x"))
    )
    assert list(answer.replaces) == ["region"]


def test_check_merges_tags_and_reports_failures_without_a_property(provider: Any) -> None:
    """The engine prints the whole value of a property that a failure names, and `<nil>` for a nested one."""
    answer = provider.Check(
        provider_pb2.CheckRequest(urn=urn("aws:sns/topic:Topic"), news=struct({"name": "a", "tags": {"A": "b"}, "colour": "blue"}))
    )
    assert decode(answer.inputs)["tags"] == {"A": "b", **TAGS}
    assert [failure.property for failure in answer.failures] == [""]
    assert answer.failures[0].reason.startswith("colour: ")


def test_an_unknown_type_is_refused_by_name(provider: Any) -> None:
    answer = provider.Check(provider_pb2.CheckRequest(urn=urn("aws:glue/job:Job"), news=struct({})))
    assert "doesn't know aws:glue/job:Job" in answer.failures[0].reason


@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_a_preview_returns_the_inputs_and_nothing_else(provider: Any, token: str) -> None:
    """What is left out is unknown to the program, as with AWS."""
    identity, outputs = create(provider, token, VALID[token], preview=True)
    assert identity == ""
    assert outputs == {name: value for name, value in VALID[token].items() if name not in RESOURCES[token].write_only}


@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_a_creation_adds_outputs_and_keeps_the_inputs(provider: Any, token: str) -> None:
    identity, outputs = create(provider, token, VALID[token])
    resource = RESOURCES[token]
    assert identity
    assert {name: outputs.get(name) for name in VALID[token] if name not in resource.write_only}.items() <= VALID[token].items()
    assert not resource.write_only & outputs.keys()
    assert ("tagsAll" in outputs) == resource.tags
    assert "{" not in identity
    assert outputs.get("region", REGION) == REGION


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
    ("aws:kms/alias:Alias", "targetKeyArn", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY.rpartition('/')[2]}"),
    (
        "aws:secretsmanager/secret:Secret",
        "arn",
        f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:EvolutionSafetyConfig-dev-[A-Za-z0-9]{{6}}",
    ),
    ("aws:secretsmanager/secretVersion:SecretVersion", "id", rf"arn:.*\|terraform-{UUID}"),
    ("aws:iam/role:Role", "uniqueId", "AROA[A-Z2-7]{17}"),
    ("aws:iam/policy:Policy", "arn", f"arn:aws:iam::{ACCOUNT}:policy/evolution/evolution-boundary-dev"),
    ("aws:dynamodb/table:Table", "streamArn", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/evolution-state-dev/stream/[-0-9T:.]+"),
    ("aws:ecr/repository:Repository", "repositoryUrl", rf"{ACCOUNT}\.dkr\.ecr\.{REGION}\.amazonaws\.com/evolution-engine-dev"),
    ("aws:ecs/taskDefinition:TaskDefinition", "arn", f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/evolution-engine-dev:[0-9]+"),
    ("aws:ecs/service:Service", "id", f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/evolution-system-dev/evolution-engine-dev"),
    ("aws:s3/bucket:Bucket", "bucketRegionalDomainName", rf"evolution-artifacts-dev-{ACCOUNT}-us-east-1\.s3\.{REGION}\.amazonaws\.com"),
    ("aws:cloudwatch/dashboard:Dashboard", "dashboardArn", f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/Evolution-System-Monitoring-dev"),
    ("aws:wafv2/webAcl:WebAcl", "arn", f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/evolution-dev/{UUID}"),
    ("aws:sns/topicSubscription:TopicSubscription", "arn", f"arn:aws:sns:.*:{UUID}"),
    ("aws:appautoscaling/policy:Policy", "arn", f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:scalingPolicy:{UUID}:resource/ecs/service/.*"),
    ("aws:bedrock/guardrailVersion:GuardrailVersion", "id", r"arn:aws:bedrock:.*:guardrail/[a-z0-9]{12},1"),
    (RUNTIME, "id", "evolution_dev-[a-zA-Z0-9]{10}"),
    (GATEWAY, "id", "evolution-dev-[a-z0-9]{10}"),
    (GATEWAY, "gatewayUrl", rf"https://evolution-dev-[a-z0-9]{{10}}\.gateway\.bedrock-agentcore\.{REGION}\.amazonaws\.com"),
    ("aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget", "id", "evolution-dev-abcdefgh12,[0-9A-Z]{10}"),
    ("aws:cloudwatch/logDeliverySource:LogDeliverySource", "service", "bedrock-agentcore"),
]


@pytest.mark.parametrize(("token", "output", "form"), FORMS, ids=[f"{one[0].rpartition(':')[2]}-{one[1]}" for one in FORMS])
def test_what_is_computed_has_awss_form(provider: Any, token: str, output: str, form: str) -> None:
    identity, outputs = create(provider, token, VALID[token])
    value = identity if output == "id" else outputs[output]
    assert re.fullmatch(form, value), f"{output} is {value}"


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


def diff(provider: Any, token: str, old: dict[str, Any], new: dict[str, Any]) -> Any:
    return provider.Diff(provider_pb2.DiffRequest(urn=urn(token), id="x", old_inputs=struct(old), news=struct(new)))


def test_the_same_inputs_are_no_difference(provider: Any) -> None:
    for token, properties in VALID.items():
        assert diff(provider, token, properties, properties).changes == provider_pb2.DiffResponse.DIFF_NONE


def test_a_difference_that_aws_takes_in_place_is_an_update(provider: Any) -> None:
    token = "aws:cloudwatch/metricAlarm:MetricAlarm"
    answer = diff(provider, token, VALID[token], VALID[token] | {"threshold": 0.9})
    assert (list(answer.diffs), list(answer.replaces), answer.deleteBeforeReplace) == (["threshold"], [], False)


def test_a_renamed_resource_is_replaced_beside_the_old_one(provider: Any) -> None:
    token = "aws:dynamodb/table:Table"
    answer = diff(provider, token, VALID[token], VALID[token] | {"name": "another"})
    assert (list(answer.replaces), answer.deleteBeforeReplace) == (["name"], False)


def test_a_replacement_that_keeps_its_name_waits_until_the_old_one_is_gone(provider: Any) -> None:
    token = "aws:dynamodb/table:Table"
    answer = diff(provider, token, VALID[token], VALID[token] | {"hashKey": "generation"})
    assert (list(answer.replaces), answer.deleteBeforeReplace) == (["hashKey"], True)


def test_only_the_version_of_a_write_only_secret_counts(provider: Any) -> None:
    """The password is drawn anew at every preview."""
    token = "aws:secretsmanager/secretVersion:SecretVersion"
    again = VALID[token] | {"secretStringWo": "another"}
    assert diff(provider, token, VALID[token], again).changes == provider_pb2.DiffResponse.DIFF_NONE
    assert list(diff(provider, token, VALID[token], again | {"secretStringWoVersion": 2}).replaces) == ["secretStringWoVersion"]


def update(
    provider: Any, token: str, old: dict[str, Any], new: dict[str, Any], *, preview: bool = False
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The outputs before and after."""
    identity, made = create(provider, token, old)
    answer = provider.Update(provider_pb2.UpdateRequest(urn=urn(token), id=identity, olds=struct(made), news=struct(new), preview=preview))
    return made, decode(answer.properties)


@pytest.mark.parametrize("preview", [False, True])
@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_an_update_keeps_what_aws_computed(provider: Any, token: str, preview: bool) -> None:
    """In a preview too: an ARN that seemed unknown would make everything that refers to it seem to change."""
    made, updated = update(provider, token, VALID[token], VALID[token], preview=preview)
    moving = RESOURCES[token].moving - VALID[token].keys() if preview else frozenset[str]()
    assert updated == {name: value for name, value in made.items() if name not in moving}


def test_what_any_update_may_change_is_not_known_at_its_preview(provider: Any) -> None:
    """An endpoint that is pinned to a runtime's version follows it in the same run, and the plan says so."""
    made, updated = update(provider, RUNTIME, VALID[RUNTIME], VALID[RUNTIME] | {"description": "Others."}, preview=True)
    assert made.keys() - updated.keys() == {"agentRuntimeVersion"}


def test_what_follows_from_an_input_follows_it(provider: Any) -> None:
    token = "aws:kms/alias:Alias"
    other = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/another"
    assert update(provider, token, VALID[token], VALID[token] | {"targetKeyId": other})[1]["targetKeyArn"] == other
    unknown = VALID[token] | {"targetKeyId": UNKNOWN_MARK}
    assert "targetKeyArn" not in update(provider, token, VALID[token], unknown, preview=True)[1]


def test_a_stream_that_is_switched_on_later_gets_its_arn(provider: Any) -> None:
    token = "aws:dynamodb/table:Table"
    plain = {name: value for name, value in VALID[token].items() if not name.startswith("stream")}
    made, updated = update(provider, token, plain, VALID[token])
    assert "streamArn" not in made
    assert updated["streamArn"].startswith(made["arn"] + "/stream/")
    assert "streamArn" not in update(provider, token, plain, VALID[token], preview=True)[1], "only AWS can say"


def test_a_read_returns_the_state_and_an_import_is_refused(provider: Any) -> None:
    token = "aws:sns/topic:Topic"
    _, made = create(provider, token, VALID[token])
    answer = provider.Read(provider_pb2.ReadRequest(urn=urn(token), id="x", properties=struct(made), inputs=struct(VALID[token])))
    assert (answer.id, decode(answer.properties), decode(answer.inputs)) == ("x", made, VALID[token])
    with pytest.raises(grpc.RpcError, match="nothing to import"):
        provider.Read(provider_pb2.ReadRequest(urn=urn(token), id="x"))


def test_a_delete_and_a_cancel_are_answered(provider: Any) -> None:
    assert provider.Delete(provider_pb2.DeleteRequest(urn=urn("aws:sns/topic:Topic"), id="x")) == Empty()
    assert provider.Cancel(Empty()) == Empty()


def invoke(provider: Any, token: str, arguments: dict[str, Any]) -> tuple[dict[str, Any], list[str], set[tuple[str | int, ...]]]:
    answer = provider.Invoke(provider_pb2.InvokeRequest(tok=token, args=struct(arguments)))
    marks = Secrets()
    return decode(getattr(answer, "return"), marks), [failure.reason for failure in answer.failures], marks.paths


ZONE_SOURCE = "aws:index/getAvailabilityZones:getAvailabilityZones"
PASSWORD = "aws:secretsmanager/getRandomPassword:getRandomPassword"


def test_the_account_is_no_real_one(provider: Any) -> None:
    assert invoke(provider, "aws:index/getCallerIdentity:getCallerIdentity", {})[0]["accountId"] == "000000000000"


def test_the_region_is_the_providers(provider: Any) -> None:
    assert invoke(provider, "aws:index/getRegion:getRegion", {})[0]["region"] == REGION


@pytest.mark.parametrize("region", sorted(ZONES))
def test_every_region_has_its_zones(provider: Any, region: str) -> None:
    found = invoke(provider, ZONE_SOURCE, {"state": "available", "region": region})[0]
    assert len(found["names"]) == len(set(found["zoneIds"])) == len(ZONES[region]) >= 3
    assert all(re.fullmatch(region + "[a-f]", name) for name in found["names"])


def test_every_region_of_the_environment_table_has_zones() -> None:
    assert set(get_args(Region)) == ZONES.keys()


def test_us_east_1_has_six_zones(provider: Any) -> None:
    assert len(invoke(provider, ZONE_SOURCE, {"region": "us-east-1"})[0]["names"]) == 6


def test_zones_can_be_filtered(provider: Any) -> None:
    arguments = {
        "region": "us-east-1",
        "excludeZoneIds": ["use1-az3"],
        "filters": [{"name": "zone-id", "values": ["use1-az1", "use1-az3"]}],
    }
    assert invoke(provider, ZONE_SOURCE, arguments)[0]["zoneIds"] == ["use1-az1"]


def test_a_password_is_secret_and_as_ordered(provider: Any) -> None:
    excluded = '"@/\\`'
    found, _, secrets = invoke(provider, PASSWORD, {"passwordLength": 64, "excludeCharacters": excluded, "requireEachIncludedType": True})
    password = found["randomPassword"]
    assert secrets == {("randomPassword",)}
    assert len(password) == 64
    assert not set(password) & set(excluded)
    assert all(re.search(kind, password) for kind in ("[a-z]", "[A-Z]", "[0-9]", "[^a-zA-Z0-9]"))
    assert password != invoke(provider, PASSWORD, {"passwordLength": 64})[0]["randomPassword"]


@pytest.mark.parametrize(
    ("token", "arguments", "says"),
    [
        ("aws:ec2/getAmi:getAmi", {}, "doesn't know the data source aws:ec2/getAmi:getAmi"),
        (ZONE_SOURCE, {"colour": "blue"}, "colour: the local cloud doesn't know where"),
        (ZONE_SOURCE, {"region": "eu-south-2"}, "no zones for eu-south-2"),
        (ZONE_SOURCE, {"filters": [{"name": "colour", "values": ["blue"]}]}, "doesn't filter by 'colour'"),
        (PASSWORD, {"passwordLength": 5000}, "at most 4096"),
        (PASSWORD, {"passwordLength": 2}, "write 4 or more"),
        (PASSWORD, {"excludeNumbers": "yes"}, "true or false"),
        ("aws:ec2/getPrefixList:getPrefixList", {}, "name is missing"),
    ],
)
def test_a_lookup_that_cannot_be_answered_is_refused(provider: Any, token: str, arguments: dict[str, Any], says: str) -> None:
    _, failures, _ = invoke(provider, token, arguments)
    assert len(failures) == 1
    assert says in failures[0]


@pytest.mark.parametrize("token", sorted(token for token in SOURCES if "PrefixList" in token))
def test_a_prefix_list_has_the_same_id_each_time(provider: Any, token: str) -> None:
    arguments = {"name": f"com.amazonaws.{REGION}.s3"}
    found = invoke(provider, token, arguments)[0]
    assert re.fullmatch("pl-[0-9a-f]{8}", found["id"])
    assert found == invoke(provider, token, arguments)[0]


def test_it_ends_when_the_engine_is_gone() -> None:
    """An engine that is killed can't stop its providers."""
    script = (
        "import os, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-u', '-m', 'local.provider'], stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
        "print(child.pid, flush=True)\n"
        "os._exit(1)\n"
    )
    pid = int(subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=False).stdout)
    for _ in range(50):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        subprocess.run(["sleep", "0.1"], check=True)
    pytest.fail(f"process {pid} outlived its engine by 5 s")
