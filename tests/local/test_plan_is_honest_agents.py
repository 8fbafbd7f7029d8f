"""The agents, and what stands between them and everybody else, as they were planned: see `test_plan_is_honest.py`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

from local.provider.services import RESOURCES
from tests.local.recorded import Resources, held, ids, of, pairs, without

Client = Callable[[str], Any]

GUARDRAIL = "aws:bedrock/guardrail:Guardrail"
RUNTIME = "aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime"


def test_the_web_acl(made: Resources, client: Client) -> None:
    (acl,) = of(made, "aws:wafv2/webAcl:WebAcl")
    (identity,) = ids(made, "aws:wafv2/webAcl:WebAcl")
    waf = client("wafv2")
    there = waf.get_web_acl(Name=acl["name"], Id=identity, Scope=acl["scope"])["WebACL"]
    tags = waf.list_tags_for_resource(ResourceARN=there["ARN"])["TagInfoForResource"]["TagList"]
    answer = json.loads(json.dumps(there).replace("CloudWatch", "Cloudwatch"))  # as the SDK spells it
    assert held(acl, answer, scope="REGIONAL", tags=pairs(tags)) == acl
    (association,) = of(made, "aws:wafv2/webAclAssociation:WebAclAssociation")
    assert waf.get_web_acl_for_resource(ResourceArn=association["resourceArn"])["WebACL"]["ARN"] == association["webAclArn"] == there["ARN"]


def answered(value: Any) -> Any:
    """A guardrail's policy in the words of AWS's answers: `filters` for the SDK's `filtersConfigs`, and one tier for a list of it."""
    if isinstance(value, dict):
        given = cast("dict[str, Any]", value)
        given = {name: one[0] if name == "tierConfigs" else one for name, one in given.items()}
        return {name.removesuffix("s").removesuffix("Config") if "Config" in name else name: answered(one) for name, one in given.items()}
    return [answered(one) for one in cast("list[Any]", value)] if isinstance(value, list) else value


def test_the_guardrail_and_the_version_that_is_asked(made: Resources, client: Client) -> None:
    (guardrail,) = of(made, GUARDRAIL)
    (identity,) = ids(made, GUARDRAIL)
    (version,) = of(made, "aws:bedrock/guardrailVersion:GuardrailVersion")
    bedrock = client("bedrock")
    planned = answered(without(guardrail, "tags", "crossRegionConfig"))  # the emulator keeps no crossRegionConfig
    assert {"contentPolicy", "contextualGroundingPolicy", "sensitiveInformationPolicy", "topicPolicy", "kmsKeyArn"} <= planned.keys()
    for asked in ("DRAFT", "1"):
        there = bedrock.get_guardrail(guardrailIdentifier=identity, guardrailVersion=asked)
        assert held(planned, there) == planned
        assert there["guardrailArn"] == version["guardrailArn"]
    tags = bedrock.list_tags_for_resource(resourceARN=version["guardrailArn"])["tags"]
    assert pairs(tags, "key", "value") == guardrail["tags"]


def test_the_runtime_and_its_endpoint(made: Resources, client: Client) -> None:
    (runtime,) = of(made, RUNTIME)
    (identity,) = ids(made, RUNTIME)
    agents = client("bedrock-agentcore-control")
    assert [one["agentRuntimeId"] for one in agents.list_agent_runtimes()["agentRuntimes"]] == [identity]
    there = agents.get_agent_runtime(agentRuntimeId=identity)
    planned = without(runtime, "tags")  # the emulator keeps none of AgentCore's
    assert planned == held(
        planned,
        there,
        environmentVariables=there["environmentVariables"],
        lifecycleConfigurations=[there["lifecycleConfiguration"]],
    )
    (endpoint,) = of(made, "aws:bedrock/agentcoreAgentRuntimeEndpoint:AgentcoreAgentRuntimeEndpoint")
    answer = agents.get_agent_runtime_endpoint(agentRuntimeId=endpoint["agentRuntimeId"], endpointName=endpoint["name"])
    assert (answer["agentRuntimeArn"], answer["description"]) == (there["agentRuntimeArn"], endpoint["description"])
    assert answer["targetVersion"] == answer["liveVersion"] == endpoint["agentRuntimeVersion"] == there["agentRuntimeVersion"]


def test_every_way_to_the_agents_has_its_policy(made: Resources, client: Client) -> None:
    agents = client("bedrock-agentcore-control")
    (identity,) = ids(made, RUNTIME)
    ways = {agents.get_agent_runtime(agentRuntimeId=identity)["agentRuntimeArn"]} | {
        one["agentRuntimeEndpointArn"] for one in agents.list_agent_runtime_endpoints(agentRuntimeId=identity)["runtimeEndpoints"]
    }
    kind = "aws:bedrock/agentcoreResourcePolicy:AgentcoreResourcePolicy"
    policies = [policy for policy in of(made, kind) if RESOURCES[kind].is_emulated(policy)]
    assert len(of(made, kind)) == len(policies) + 1, "the gateway's own is in the state alone"
    assert {policy["resourceArn"] for policy in policies} == ways, "AgentCore's own default endpoint is a way, too"
    for policy in policies:
        there = json.loads(agents.get_resource_policy(resourceArn=policy["resourceArn"])["policy"])
        assert there == json.loads(policy["policy"])
        assert {statement["Resource"] for statement in there["Statement"]} == {policy["resourceArn"]}


def test_the_gateways_log_and_traces_are_delivered(made: Resources, client: Client) -> None:
    logs = client("logs")
    sources, destinations = (
        {one["name"]: one for one in found}
        for found in (logs.describe_delivery_sources()["deliverySources"], logs.describe_delivery_destinations()["deliveryDestinations"])
    )
    ways = {one["deliverySourceName"]: one for one in logs.describe_deliveries()["deliveries"]}
    assert {source["logType"] for source in sources.values()} == {"APPLICATION_LOGS", "TRACES"}
    assert sources.keys() == destinations.keys() == ways.keys()
    for source in of(made, "aws:cloudwatch/logDeliverySource:LogDeliverySource"):
        there = sources[source["name"]]
        assert held(source, there, resourceArn=there["resourceArns"][0], tags=there["tags"]) == source
    for destination in of(made, "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination"):
        there = destinations[destination["name"]]
        assert held(destination, there, tags=there["tags"]) == destination
    for delivery in of(made, "aws:cloudwatch/logDelivery:LogDelivery"):
        there = ways[delivery["deliverySourceName"]]
        assert held(delivery, there, tags=there["tags"]) == delivery
        assert there["deliveryDestinationArn"] == destinations[delivery["deliverySourceName"]]["arn"]
