"""The layers under Pulumi's mocks: what is true of each, and what security, network and data declare."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from engine.store import WORKING_SECONDS
from local.provider.data_sources import SOURCES
from tests.components.layers import KEY, LAYERS, STACKS, data, network, security
from tests.components.tables import env_of
from tests.functions.requests import listed

PASSWORD = "aws:secretsmanager/getRandomPassword:getRandomPassword"


@pytest.mark.parametrize("name", LAYERS)
def test_every_resource_of_a_layer_is_its_child(name: str) -> None:
    given = {"monitor", "monitor-grants", "stored"}
    component, *children = [resource for resource in LAYERS[name]("prod").resources if resource.name not in given]
    assert component.type == f"evolution:{name}:{name.capitalize()}"
    assert {child.parent for child in children} == {name}
    assert all(child.name.startswith(f"{name}-") for child in children)


# Security.


@pytest.mark.parametrize(("stack", "key_days", "secret_days"), [("dev", 7, 0), ("staging", 30, 30), ("prod", 30, 30)])
def test_what_is_deleted_by_mistake_can_be_brought_back_outside_dev(stack: str, key_days: int, secret_days: int) -> None:
    layer = security(stack)
    assert layer.only("Key").inputs["deletionWindowInDays"] == key_days
    assert layer.only("Secret").inputs["recoveryWindowInDays"] == secret_days
    assert layer.only("Key").protect is (stack != "dev")


def test_the_key_rotates_and_bears_the_alias_that_grants_name() -> None:
    layer = security("prod")
    assert layer.only("Key").inputs["enableKeyRotation"] is True
    assert layer.only("Alias").inputs["name"] == "alias/evolution-prod"


def test_the_safety_settings_are_write_only_and_secret() -> None:
    value = security("prod").only("SecretVersion").inputs
    assert "secretString" not in value
    wrapped = value["secretStringWo"]
    assert wrapped["4dabf18193072939515e22adb298388d"] == "1b47061264138c4ac30d75fd1eb44270", "it must be marked as a secret"
    settings = json.loads(wrapped["value"])
    threshold = env_of("prod").safety_score_minimum
    assert settings["safety_threshold"] == str(threshold)
    assert len(settings["safety_validation_key"]) == 32
    assert not set('"@/\\') & set(settings["safety_validation_key"])
    assert value["secretStringWoVersion"] == round(10_000 * threshold)


def test_the_key_that_champions_are_signed_with_is_what_aws_draws_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """No policy pack is told where it comes from; a constant that looks like it would pass there."""

    def drawn(_given: Mapping[str, object], region: str) -> dict[str, object]:
        return {"id": region, "randomPassword": "what AWS has drawn"}

    monkeypatch.setitem(SOURCES, PASSWORD, replace(SOURCES[PASSWORD], answer=drawn))
    settings = json.loads(security("prod").only("SecretVersion").inputs["secretStringWo"]["value"])
    assert settings["safety_validation_key"] == "what AWS has drawn"


@pytest.mark.parametrize("stack", STACKS)
def test_the_secret_is_protected_and_a_new_threshold_can_still_replace_its_version(stack: str) -> None:
    """The provider makes another version of a write-only value, and Pulumi replaces nothing that is protected."""
    layer = security(stack)
    assert layer.only("Secret").protect is layer.only("Secret").retain_on_delete is (stack != "dev")
    assert layer.only("SecretVersion").protect is False
    assert layer.only("SecretVersion").retain_on_delete is (stack != "dev"), "the version before is there to go back to"


def test_the_web_acl_blocks_known_attacks_floods_and_large_bodies_and_no_honest_prompt() -> None:
    layer = security("prod")
    rules = {rule["name"]: rule for rule in layer.only("WebAcl").inputs["rules"]}
    assert list(rules) == [
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesAmazonIpReputationList",
        "RateLimit",
        "LargestBody",
    ]
    assert [rule["priority"] for rule in rules.values()] == [0, 1, 2, 3, 4]
    groups = {name: rule["statement"].get("managedRuleGroupStatement", {}) for name, rule in rules.items()}
    counted = {name: [one["name"] for one in group.get("ruleActionOverrides", [])] for name, group in groups.items()}
    # Source: WAF developer guide, "Baseline rule groups": their rules on bodies.
    assert counted["AWSManagedRulesCommonRuleSet"] == [
        "CrossSiteScripting_BODY",
        "EC2MetaDataSSRF_BODY",
        "GenericLFI_BODY",
        "GenericRFI_BODY",
        "SizeRestrictions_BODY",
    ], "a prompt may hold HTML, a path and a URL"
    assert counted["AWSManagedRulesKnownBadInputsRuleSet"] == ["JavaDeserializationRCE_BODY", "Log4JRCE_BODY", "ReactJSRCE_BODY"]
    overrides = [one for group in groups.values() for one in group.get("ruleActionOverrides", [])]
    assert all(one["actionToUse"] == {"count": {}} for one in overrides)
    bound = rules["LargestBody"]["statement"]["sizeConstraintStatement"]
    assert rules["LargestBody"]["action"] == {"block": {}}
    assert (bound["comparisonOperator"], bound["size"]) == ("GT", 16 * 1024)
    assert bound["fieldToMatch"] == {"body": {"oversizeHandling": "MATCH"}}, "WAF is shown only the beginning of a larger one"
    assert all("overrideAction" not in rule or rule["overrideAction"] == {"none": {}} for rule in rules.values())
    assert rules["RateLimit"]["action"] == {"block": {}}


def test_web_acl_logs_go_to_an_encrypted_group_once_waf_may_write_there() -> None:
    layer = security("prod")
    group = layer.only("LogGroup")
    assert group.inputs["name"] == "aws-waf-logs-evolution-prod"
    assert "kmsKeyId" in group.inputs
    logging = layer.only("WebAclLoggingConfiguration")
    assert "security-web-acl-log-delivery" in logging.depends_on
    assert logging.inputs["redactedFields"] == [{"singleHeader": {"name": "authorization"}}]


# Network.


@pytest.mark.parametrize(("stack", "gateways"), [("dev", 1), ("staging", 2), ("prod", 2)])
def test_each_private_subnet_leaves_through_a_nat_gateway(stack: str, gateways: int) -> None:
    layer = network(stack)
    assert len(layer.of("NatGateway")) == gateways
    for index in range(3):
        route = layer.of("Route")[f"network-private-{index}-to-nat"]
        assert f"network-nat-{index % gateways}" in route.depends_on
        assert route.inputs["natGatewayId"].startswith("nat-")


def test_no_subnet_gives_a_public_address_and_nothing_comes_in() -> None:
    layer = network("prod")
    assert len(layer.of("Subnet")) == 6
    assert not [subnet for subnet in layer.of("Subnet").values() if subnet.inputs["mapPublicIpOnLaunch"]]
    assert (layer.only("DefaultSecurityGroup").inputs["ingress"], layer.only("DefaultSecurityGroup").inputs["egress"]) == ([], [])
    assert layer.only("SecurityGroupIngressRule").inputs["cidrIpv4"] == "10.30.0.0/16"


@pytest.mark.parametrize("stack", STACKS)
def test_the_tables_endpoints_are_made_each_with_a_policy(stack: str) -> None:
    endpoints = network(stack).of("VpcEndpoint").values()
    kinds = {
        endpoint.inputs["serviceName"].removeprefix("com.amazonaws.us-east-1."): endpoint.inputs["vpcEndpointType"]
        for endpoint in endpoints
    }
    wanted = dict.fromkeys(env_of(stack).network.interface_endpoints, "Interface")
    assert kinds == {"s3": "Gateway", "dynamodb": "Gateway"} | wanted
    assert all(json.loads(endpoint.inputs["policy"])["Statement"] for endpoint in endpoints)


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_models_are_asked_through_their_endpoint_only_the_tables_one_and_only_with_a_guardrail(stack: str) -> None:
    endpoint = network(stack).of("VpcEndpoint")["network-bedrock-runtime-endpoint"]
    statements = json.loads(endpoint.inputs["policy"])["Statement"]
    asks = [one for one in statements if "bedrock:InvokeModel" in one["Action"]]
    model = env_of(stack).model_id.partition(".")[2]
    assert {arn.rpartition("/")[2].removeprefix("us.") for one in asks for arn in listed(one["Resource"])} == {model}
    assert all("bedrock:GuardrailIdentifier" in one["Condition"]["StringLike"] for one in asks)
    assert {action for one in statements for action in one["Action"]} == {"bedrock:InvokeModel", "bedrock:ApplyGuardrail"}


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_no_name_is_looked_up_but_those_that_the_workloads_call(stack: str) -> None:
    layer = network(stack)
    rules = {one.inputs["action"]: one.inputs for one in layer.of("ResolverFirewallRule").values()}
    lists = {one.inputs["name"]: one.inputs["domains"] for one in layer.of("ResolverFirewallDomainList").values()}
    allowed, everything = lists[f"evolution-allowed-{stack}"], lists[f"evolution-everything-{stack}"]
    assert rules["ALLOW"]["priority"] < rules["BLOCK"]["priority"]
    assert everything == ["*"]
    services = set(env_of(stack).network.interface_endpoints) - {"ecr.api", "ecr.dkr"}
    assert {f"{one}.us-east-1.amazonaws.com" for one in services} <= set(allowed)
    assert not [one for one in allowed if one.startswith("*")], "under a wildcard anybody has names of their own"
    assert layer.only("ResolverFirewallConfig").inputs["firewallFailOpen"] == "DISABLED"
    association = layer.only("ResolverFirewallRuleGroupAssociation")
    assert {"network-dns-allow", "network-dns-block"} <= association.depends_on


def test_dev_looks_up_what_it_likes() -> None:
    assert not [one for one in network("dev").resources if "ResolverFirewall" in one.type]


def test_flow_logs_wait_for_the_right_to_write() -> None:
    layer = network("prod")
    flow = layer.only("FlowLog")
    assert flow.inputs["trafficType"] == "ALL"
    assert "network-flow-logs-role-grants" in flow.depends_on
    assert layer.only("LogGroup").inputs["kmsKeyId"] == KEY


# Data.


def test_the_tables_have_their_keys_stream_and_time_to_live() -> None:
    tables = data("prod").of("Table")
    keys = {
        table.inputs["name"]: (
            table.inputs["hashKey"],
            table.inputs.get("rangeKey"),
            {attribute["name"]: attribute["type"] for attribute in table.inputs["attributes"]},
        )
        for table in tables.values()
    }
    assert keys == {
        "evolution-state-prod": ("evolution_id", "generation", {"evolution_id": "S", "generation": "N"}),
        "agent-population-prod": ("population_id", "agent_id", {"population_id": "S", "agent_id": "S"}),
        "evolution-checkpoints-prod": ("checkpoint_id", None, {"checkpoint_id": "S"}),
    }
    assert tables["data-state"].inputs["streamViewType"] == "NEW_AND_OLD_IMAGES"
    assert all(table.inputs["ttl"] == {"attributeName": "ttl", "enabled": True} for table in tables.values())


@pytest.mark.parametrize("stack", STACKS)
def test_data_is_encrypted_and_recoverable_everywhere_and_kept_outside_dev(stack: str) -> None:
    layer = data(stack)
    kept = stack != "dev"
    for table in layer.of("Table").values():
        assert table.inputs["billingMode"] == "PAY_PER_REQUEST"
        assert table.inputs["pointInTimeRecovery"] == {"enabled": True}
        assert table.inputs["serverSideEncryption"] == {"enabled": True, "kmsKeyArn": KEY}
        assert (table.inputs["deletionProtectionEnabled"], table.protect, table.retain_on_delete) == (kept, kept, kept)
    for bucket in layer.of("Bucket").values():
        assert (bucket.inputs["forceDestroy"], bucket.protect, bucket.retain_on_delete) == (not kept, kept, kept)


def test_the_artifacts_are_private_versioned_logged_and_expire() -> None:
    layer = data("prod")
    for bucket in ("data-artifacts", "data-access-logs"):
        block = layer.of("BucketPublicAccessBlock")[f"{bucket}-public-access-block"].inputs
        assert {block[key] for key in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")} == {True}
        assert layer.of("BucketOwnershipControls")[f"{bucket}-ownership"].inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
        assert layer.of("BucketVersioning")[f"{bucket}-versioning"].inputs["versioningConfiguration"] == {"status": "Enabled"}
        assert f"{bucket}-public-access-block" in layer.of("BucketPolicy")[f"{bucket}-policy"].depends_on
    [encryption] = layer.of("BucketServerSideEncryptionConfiguration")["data-artifacts-encryption"].inputs["rules"]
    assert encryption == {
        "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY},
        "bucketKeyEnabled": True,
    }
    rule, populations = layer.of("BucketLifecycleConfiguration")["data-artifacts-lifecycle"].inputs["rules"]
    kept = env_of("prod").retention
    assert rule["expiration"] == {"days": kept.artifact_retention_days}
    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": kept.noncurrent_retention_days}
    assert rule["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}
    assert (populations["filter"], populations["expiration"]) == ({"prefix": "populations/"}, {"days": WORKING_SECONDS // 86400})
    assert populations["noncurrentVersionExpiration"] == {"noncurrentDays": 1}
    assert "transitions" not in rule, "objects of this size never move to a colder class"
    assert layer.only("BucketLogging").inputs["targetPrefix"] == "artifacts/"
