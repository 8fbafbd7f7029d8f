"""Guardrails, AgentCore's runtimes and the deliveries of logs in a real emulator: made, looked at, changed by a hand, mended, removed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local import emulator
from local.provider import models
from local.provider.cloud import Cloud, CloudError
from local.provider.models import pattern
from tests.local.conftest import VENV, clients
from tests.local.world import World, a_world

CONTROL = "bedrock-agentcore-control"

GUARDRAIL = "aws:bedrock/guardrail:Guardrail"
VERSION = "aws:bedrock/guardrailVersion:GuardrailVersion"
RUNTIME = "aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime"
ENDPOINT = "aws:bedrock/agentcoreAgentRuntimeEndpoint:AgentcoreAgentRuntimeEndpoint"
POLICY = "aws:bedrock/agentcoreResourcePolicy:AgentcoreResourcePolicy"
WEB_ACL = "aws:wafv2/webAcl:WebAcl"
ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"
SOURCE = "aws:cloudwatch/logDeliverySource:LogDeliverySource"
DESTINATION = "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination"
DELIVERY = "aws:cloudwatch/logDelivery:LogDelivery"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, _processes: None) -> Iterator[World]:
    place = tmp_path_factory.mktemp("agents")
    with a_world(place) as made:
        yield made


def test_a_guardrail_is_what_was_asked_for_and_what_a_hand_weakens_is_seen(world: World) -> None:
    with world.made(GUARDRAIL) as guardrail:
        assert guardrail.outputs.keys() == {"guardrailId", "guardrailArn", "status", "version"}
        weaker = {"filtersConfig": [{"type": "PROMPT_ATTACK", "inputStrength": "LOW", "outputStrength": "NONE"}]}
        world.client("bedrock").update_guardrail(
            guardrailIdentifier=guardrail.id,
            **{name: guardrail.inputs[name] for name in ("name", "blockedInputMessaging", "blockedOutputsMessaging")},
            contentPolicyConfig=weaker,
        )
        drift = guardrail.drift()
        assert drift is not None
        assert drift.keys() == {"contentPolicyConfig"}
        assert drift["contentPolicyConfig"]["filtersConfigs"] == weaker["filtersConfig"]
        again = guardrail.changed(description="Another.", tags={"A": "b"})
        assert again.drift() == {}
        assert world.client("bedrock").list_tags_for_resource(resourceARN=again.outputs["guardrailArn"])["tags"] == [
            {"key": "A", "value": "b"}
        ]


def test_a_guardrails_id_is_one_that_aws_takes(world: World) -> None:
    """Otherwise whatever names the guardrail is refused where the emulator is and nowhere else."""
    with world.made(GUARDRAIL) as guardrail:
        for output in ("guardrailId", "guardrailArn"):
            shape = models.load("bedrock").shape(output[0].upper() + output[1:])
            assert pattern(shape["pattern"]).fullmatch(guardrail.outputs[output])


def test_versions_of_a_guardrail_come_and_go_one_by_one(world: World) -> None:
    with world.made(GUARDRAIL) as guardrail:
        arn = guardrail.outputs["guardrailArn"]
        with world.made(VERSION, guardrailArn=arn) as first:
            with world.made(VERSION, guardrailArn=arn) as second:
                assert (first.outputs["version"], second.outputs["version"]) == ("1", "2")
                assert second.changed(skipDestroy=True).outputs == second.outputs
            assert not first.gone
        assert not guardrail.gone
        kept = world.make(VERSION, guardrailArn=arn, skipDestroy=True)
        kept.delete()
        assert not kept.gone


def test_a_runtime_is_what_was_asked_for_and_every_change_is_a_new_version(world: World) -> None:
    with world.made(RUNTIME) as runtime:
        assert runtime.outputs["agentRuntimeVersion"] == "1"
        assert runtime.outputs["workloadIdentityDetails"][0]["workloadIdentityArn"].startswith("arn:aws:bedrock-agentcore:")
        held = world.client(CONTROL).get_agent_runtime(agentRuntimeId=runtime.id)
        world.client(CONTROL).update_agent_runtime(
            agentRuntimeId=runtime.id,
            **{name: held[name] for name in ("agentRuntimeArtifact", "roleArn")},
            networkConfiguration={"networkMode": "PUBLIC"},
            environmentVariables={"ANOTHER": "1"},
        )
        assert runtime.drift() == {
            "networkConfiguration": {"networkMode": "PUBLIC"},
            "environmentVariables": {"ANOTHER": "1"},
        }, "what was taken away is seen like what was put there"
        again = runtime.changed(description="Others.", tags={"A": "b"}, timeouts={})
        assert again.drift() == {}
        assert again.outputs["agentRuntimeVersion"] == "3"


def test_a_runtimes_image_and_authorizer_are_seen_to_change(world: World) -> None:
    with world.made(RUNTIME) as runtime:
        held = world.client(CONTROL).get_agent_runtime(agentRuntimeId=runtime.id)
        image = {"containerConfiguration": {"containerUri": f"{'1' * 12}.dkr.ecr.us-east-1.amazonaws.com/another:latest"}}
        world.client(CONTROL).update_agent_runtime(
            agentRuntimeId=runtime.id,
            agentRuntimeArtifact=image,
            **{name: held[name] for name in ("networkConfiguration", "roleArn")},
            authorizerConfiguration={"customJWTAuthorizer": {"discoveryUrl": "https://example.org/.well-known/openid-configuration"}},
        )
        drift = runtime.drift()
        assert drift is not None
        assert drift.keys() == {"agentRuntimeArtifact", "authorizerConfiguration"}
        assert drift["agentRuntimeArtifact"] == image


def test_an_endpoint_follows_the_version_that_it_is_given(world: World) -> None:
    with world.made(RUNTIME) as runtime, world.made(ENDPOINT, agentRuntimeId=runtime.id) as endpoint:
        assert endpoint.id == f"{runtime.id},evolution"
        assert endpoint.outputs["agentRuntimeEndpointArn"] == f"{runtime.outputs['agentRuntimeArn']}/runtime-endpoint/evolution"
        runtime.changed(description="Others.")
        assert endpoint.drift() == {}
        where = {"agentRuntimeId": runtime.id, "endpointName": "evolution"}
        world.client(CONTROL).update_agent_runtime_endpoint(**where, agentRuntimeVersion="2")
        assert endpoint.drift() == {"agentRuntimeVersion": "2"}
        assert endpoint.changed(description="Another.", tags={"A": "b"}).drift() == {}


def policy_for(arn: str, **more: Any) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "bedrock-agentcore:InvokeAgentRuntime", "Resource": arn, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_resource_policy_is_what_was_asked_for_and_another_is_seen(world: World) -> None:
    with world.made(RUNTIME) as runtime:
        arn = runtime.outputs["agentRuntimeArn"]
        with world.made(POLICY, resourceArn=arn, policy=policy_for(arn)) as policy:
            wider = policy_for(arn, Action="bedrock-agentcore:*")
            world.client(CONTROL).put_resource_policy(resourceArn=arn, policy=wider)
            drift = policy.drift()
            assert drift is not None
            assert json.loads(drift["policy"]) == json.loads(wider)
            assert policy.changed().drift() == {}
        with pytest.raises(CloudError, match="must contain exactly"):
            world.make(POLICY, resourceArn=arn, policy=policy_for("*"))


def test_an_association_is_gone_when_another_acl_has_taken_its_place(world: World) -> None:
    with world.made(WEB_ACL) as acl, world.made(WEB_ACL, name="another") as other:
        with world.made(ASSOCIATION, webAclArn=acl.outputs["arn"]) as association:
            world.client("wafv2").associate_web_acl(ResourceArn=association.inputs["resourceArn"], WebACLArn=other.outputs["arn"])
            assert association.drift() is None
        assert world.client("wafv2").list_resources_for_web_acl(WebACLArn=other.outputs["arn"])["ResourceArns"] == []


def test_an_acls_defaults_are_no_drift_once_they_were_sent(world: World) -> None:
    with world.made(WEB_ACL) as acl:
        common, floods, bodies = acl.inputs["rules"]
        fewer = {**floods, "statement": {"rateBasedStatement": {**floods["statement"]["rateBasedStatement"], "limit": 1000}}}
        changed = acl.changed(rules=[common, fewer, bodies])
        asked = world.client("wafv2").get_web_acl(Name=acl.inputs["name"], Scope="REGIONAL", Id=acl.id)["WebACL"]["Rules"]
        assert asked[1]["Statement"]["RateBasedStatement"]["EvaluationWindowSec"] == 300
        assert changed.drift() == {}


def test_a_delivery_leads_from_its_source_to_its_destination(world: World) -> None:
    with world.made(SOURCE) as source, world.made(DESTINATION) as destination:
        assert source.outputs["service"] == "bedrock-agentcore"
        with world.made(DELIVERY, deliveryDestinationArn=destination.outputs["arn"]) as delivery:
            assert delivery.changed(tags={"A": "b"}).drift() == {}
            logs = world.client("logs")
            assert logs.list_tags_for_resource(resourceArn=delivery.outputs["arn"])["tags"] == {"A": "b"}
        elsewhere = {"destinationResourceArn": "arn:aws:logs:us-east-1:000000000000:log-group:/somewhere/else"}
        logs.put_delivery_destination(name=destination.id, outputFormat="json", deliveryDestinationConfiguration=elsewhere)
        assert destination.drift() == {"deliveryDestinationConfiguration": elsewhere}
        assert destination.changed(tags={"A": "b"}).drift() == {}
        logs.put_delivery_source(name=source.id, logType="USAGE_LOGS", resourceArn=source.inputs["resourceArn"])
        assert source.drift() == {"logType": "USAGE_LOGS"}


def test_traces_go_to_x_ray_which_has_no_address(world: World) -> None:
    to_xray = {"deliveryDestinationType": "XRAY", "deliveryDestinationConfiguration": None}
    with (
        world.made(SOURCE, logType="TRACES"),
        world.made(DESTINATION, **to_xray) as destination,
        world.made(DELIVERY, deliveryDestinationArn=destination.outputs["arn"]),
    ):
        assert destination.changed(tags={"A": "b"}).drift() == {}


@pytest.mark.slow
def test_a_guardrail_outlives_the_emulators_process(tmp_path: Path) -> None:
    first = emulator.start(tmp_path, "dev", VENV)
    try:
        guardrail = World(Cloud(first.endpoint), clients(tmp_path)).make(GUARDRAIL)
        emulator.stop(tmp_path, "dev")
        second = emulator.start(tmp_path, "dev", VENV)
        assert (
            World(Cloud(second.endpoint), clients(tmp_path))
            .crud(GUARDRAIL)
            .outputs(guardrail.id, {**guardrail.inputs, **guardrail.outputs})
        )
    finally:
        emulator.stop(tmp_path, "dev")
