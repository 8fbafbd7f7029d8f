"""The AgentCore layer by itself under Pulumi's mocks, and the decisions that it declares."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws
import pytest

from components.agent_alarms import agent_alarms
from components.agentcore import AgentCore, AgentCoreArgs
from components.environment import Owner, Region
from components.guardrail import content_digest
from components.guardrail_tier import PROFILE_REGIONS, Tier, tier
from components.iam_agentcore import MODEL_REGIONS
from components.naming import Names
from components.zones import ZONE_IDS, agent_zones
from tests.components.cloud import ACCOUNT, REGION, RegisteredLayer, build
from tests.components.tables import env_of

KEY = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-4333-8444-555555555555"
TOPIC = "arn:aws:sns:us-east-1:000000000000:evolution-system-alerts"
QUEUE = "arn:aws:sqs:us-east-1:000000000000:evolution-dead-letters"
ACL = "arn:aws:wafv2:us-east-1:000000000000:regional/webacl/evolution/11111111-2222-4333-8444-555555555555"
DIGEST = "sha256:" + "0" * 64
STANDARD = Tier(name="STANDARD", profile="us.guardrail.v1:0")
ZONES = ("use1-az1", "use1-az3", "use1-az4")


def agentcore(stack: str, digest: str | None = DIGEST, owner: Owner = "stack") -> RegisteredLayer:
    env = env_of(stack)

    def declare() -> pulumi.Output[str]:
        args = AgentCoreArgs(
            names=Names(stack=stack, region=REGION, account=ACCOUNT),
            limits=env,
            model_id=env.model_id,
            model_invocation_logging=owner,
            boundary_arn=f"arn:aws:iam::{ACCOUNT}:policy/boundary",
            image_digest=digest,
            network_mode=env.agent_network_mode,
            vpc_id="vpc-0123456789abcdef0",
            subnet_ids=[f"subnet-0123456789abcdef{index}" for index in range(3)],
            zone_ids=ZONES,
            retention=env.retention,
            reserved={"agentcore_handler": 10},
            key_arn=KEY,
            web_acl_arn=ACL,
            alarms=agent_alarms(env.alerts, agents_run=digest is not None),
            topic_arn=TOPIC,
            dead_letters_arn=QUEUE,
            after=[aws.ssm.Parameter("mode", name="/mode", type="String", value="running")],
        )
        return AgentCore("agentcore", args).gateway_url

    return build(declare, stack)


def test_every_resource_of_the_layer_is_its_child() -> None:
    children = [one for one in agentcore("prod").resources if one.name not in ("agentcore", "mode")]
    assert len(children) > 25
    assert {one.parent for one in children} == {"agentcore"}
    assert all(one.name.startswith("agentcore-") for one in children)


def test_the_runtime_runs_the_stacks_image_with_the_tables_limits() -> None:
    runtime = agentcore("prod").only("AgentcoreAgentRuntime")
    [container] = runtime.inputs["agentRuntimeArtifact"].values()
    assert container == {"containerUri": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/evolution-engine-prod@{DIGEST}"}
    variables = runtime.inputs["environmentVariables"]
    env = env_of("prod")
    assert (variables["AGENT_MEMORY_LIMIT"], variables["AUTONOMY_LEVEL"]) == (str(env.agent_memory_bytes), str(env.autonomy_percent))
    assert "AGENTCORE_GATEWAY_URL" not in variables, "an agent asks the model, and no other agent"
    assert {"mode", "agentcore-runtime-role-grants"} <= runtime.depends_on


def test_agents_stand_in_the_private_subnets_of_the_zones_that_agentcore_takes() -> None:
    layer = agentcore("prod")
    network = layer.only("AgentcoreAgentRuntime").inputs["networkConfiguration"]
    assert network["networkMode"] == "VPC"
    assert network["networkModeConfig"]["subnets"] == ["subnet-0123456789abcdef0", "subnet-0123456789abcdef2"]
    assert not layer.of("SecurityGroupIngressRule"), "nobody calls an agent"


def test_dev_needs_no_interface_that_outlives_it() -> None:
    layer = agentcore("dev")
    assert layer.only("AgentcoreAgentRuntime").inputs["networkConfiguration"] == {"networkMode": "PUBLIC"}
    assert not layer.of("SecurityGroup")


def test_the_runtime_and_each_of_its_endpoints_turn_everybody_else_away() -> None:
    layer = agentcore("prod")
    policies = [one for one in layer.of("AgentcoreResourcePolicy").values() if ":runtime/" in one.inputs["resourceArn"]]
    guarded = {policy.inputs["resourceArn"].partition("/runtime-endpoint/")[2] for policy in policies}
    assert guarded == {"", "evolution", "DEFAULT"}
    for policy in policies:
        statements = json.loads(policy.inputs["policy"])["Statement"]
        assert {statement["Resource"] for statement in statements} == {policy.inputs["resourceArn"]}, "AgentCore takes nothing else"
        assert "agentcore-gateway-role" in policy.depends_on, "AWS refuses a policy that names a role which isn't there"
    target = layer.only("AgentcoreGatewayTarget")
    assert {policy.name for policy in policies} <= target.depends_on, "nothing leads to the runtime before its policies are there"


@pytest.mark.parametrize("digest", [DIGEST, None])
def test_the_gateway_turns_everybody_but_the_handler_away(digest: str | None) -> None:
    """With a grant in a role's own policy alone, an administrator would ask the agents past the handler and its checks."""
    layer = agentcore("prod", digest)
    [policy] = [one for one in layer.of("AgentcoreResourcePolicy").values() if ":gateway/" in one.inputs["resourceArn"]]
    admitted, denied = json.loads(policy.inputs["policy"])["Statement"]
    handler = f"arn:aws:iam::{ACCOUNT}:role/evolution-agentcore-handler-prod-us-east-1"
    assert admitted["Principal"] == {"AWS": handler}
    assert (denied["Effect"], denied["Principal"]) == ("Deny", "*")
    by_hand = {"Bool": {"aws:ViaAWSService": "false"}}
    assert denied["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": handler}, **by_hand}, "AgentCore itself looks what can be asked"
    assert admitted["Action"] == denied["Action"] == ["bedrock-agentcore:InvokeGateway"]
    assert admitted["Resource"] == denied["Resource"] == policy.inputs["resourceArn"]
    assert "agentcore-handler-role" in policy.depends_on, "AWS refuses a policy that names a role which isn't there"


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_the_gateway_lets_pass_what_its_one_policy_permits_and_nothing_before_there_is_one(stack: str) -> None:
    layer, env = agentcore(stack), env_of(stack)
    for either in (layer, agentcore(stack, None)):
        enforced = either.only("AgentcoreGateway").inputs["policyEngineConfiguration"]
        assert enforced["mode"] == "ENFORCE"
        assert either.only("AgentcorePolicyEngine").inputs["encryptionKeyArn"] == KEY
    assert not agentcore(stack, None).of("AgentcorePolicy"), "no policy: nothing is permitted"
    policy, target = layer.only("AgentcorePolicy"), layer.only("AgentcoreGatewayTarget")
    statement = policy.inputs["definition"]["cedar"]["statement"]
    gateway = layer.of("AgentcoreResourcePolicy")["agentcore-gateway-policy"].inputs["resourceArn"]
    for part in (f'"{gateway}"', f"<= {env.autonomy_percent}", f"<= {env.agent_memory_bytes}", "assumed-role/evolution-agentcore-handler"):
        assert part in statement
    assert target.name in policy.depends_on, "AgentCore refuses a policy on what can't be asked yet"
    schema = json.loads(target.inputs["targetConfiguration"]["http"]["agentcoreRuntime"]["schema"]["source"]["inlinePayload"]["payload"])
    [(path, methods)] = schema["paths"].items()
    assert f'"runtime___POST:{path}"' in statement
    body = methods["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert {name for name, kind in body.items() if kind["type"] == "integer" and f"context.input.{name}" in statement} == {
        "autonomy_percent",
        "agent_memory_bytes",
    }


def test_the_gateway_takes_signed_requests_past_the_web_acl_and_keeps_its_logs() -> None:
    layer = agentcore("prod")
    gateway = layer.only("AgentcoreGateway")
    assert (gateway.inputs["authorizerType"], gateway.inputs["kmsKeyArn"]) == ("AWS_IAM", KEY)
    assert layer.only("WebAclAssociation").inputs["webAclArn"] == ACL
    groups = {one.inputs["name"]: one.inputs for one in layer.of("LogGroup").values()}
    assert groups["/evolution/prod/gateway"]["kmsKeyId"] == KEY
    ends = layer.of("LogDeliveryDestination")
    to_group = ends["agentcore-gateway-logs-destination"].inputs["deliveryDestinationConfiguration"]["destinationResourceArn"]
    assert to_group.endswith(":log-group:/evolution/prod/gateway")
    assert "deliveryDestinationConfiguration" not in ends["agentcore-gateway-traces-destination"].inputs, "AWS knows where X-Ray is"
    for kind in ("logs", "traces"):
        delivery = layer.of("LogDelivery")[f"agentcore-gateway-{kind}-delivery"]
        assert f"agentcore-gateway-{kind}-policy" in delivery.depends_on


def test_the_agents_log_group_is_made_before_agentcore_would_make_one_without_a_key() -> None:
    layer = agentcore("prod")
    logs = layer.of("LogGroup")["agentcore-runtime-logs"]
    assert logs.inputs["name"].startswith("/aws/bedrock-agentcore/runtimes/evolution_prod-")
    assert logs.inputs["name"].endswith("-evolution")
    assert (logs.inputs["kmsKeyId"], logs.inputs["retentionInDays"]) == (KEY, env_of("prod").retention.log_retention_days)
    assert "agentcore-runtime-logs-masks" in layer.only("AgentcoreAgentRuntimeEndpoint").depends_on


@pytest.mark.parametrize("digest", [DIGEST, None])
def test_every_prompt_and_answer_is_recorded_and_masked_before_a_model_is_asked(digest: str | None) -> None:
    layer = agentcore("prod", digest)
    record = layer.only("InvocationLoggingConfiguration")
    config = record.inputs["loggingConfig"]
    group = layer.of("LogGroup")["agentcore-prompts-logs"].inputs
    assert config["textDataDeliveryEnabled"] is True
    assert config["cloudwatchConfig"]["logGroupName"] == group["name"] == "/evolution/prod/prompts"
    assert (group["kmsKeyId"], group["deletionProtectionEnabled"]) == (KEY, True)
    masks = layer.of("LogDataProtectionPolicy")
    audit, mask = json.loads(masks["agentcore-prompts-logs-masks"].inputs["policyDocument"])["Statement"]
    assert audit["DataIdentifier"] == mask["DataIdentifier"], "CloudWatch Logs refuses a mask of what isn't audited"
    assert mask["Operation"] == {"Deidentify": {"MaskConfig": {}}}
    assert {"agentcore-prompts-logs-masks", "agentcore-prompts-role-grants"} <= record.depends_on
    asking = {"agentcore-handler", *(["agentcore-runtime"] if digest else [])}
    assert all(record.name in one.depends_on for one in layer.resources if one.name in asking)


def test_where_the_account_records_prompts_the_stack_leaves_its_setting_alone() -> None:
    layer = agentcore("prod", owner="account")
    assert not layer.of("InvocationLoggingConfiguration")
    assert "agentcore-prompts-logs" not in layer.of("LogGroup")


def test_the_handler_asks_the_agents_once_there_are_any_and_the_model_until_then() -> None:
    def asks(layer: RegisteredLayer) -> tuple[bool, set[str]]:
        grants = json.loads(layer.of("RolePolicy")["agentcore-handler-role-grants"].inputs["policy"])["Statement"]
        actions = {action for statement in grants for action in statement["Action"] if action.startswith("bedrock")}
        return "AGENTCORE_GATEWAY_URL" in layer.only("Function").inputs["environment"]["variables"], actions

    assert asks(agentcore("prod")) == (True, {"bedrock-agentcore:InvokeGateway"})
    assert asks(agentcore("prod", None)) == (False, {"bedrock:InvokeModel", "bedrock:ApplyGuardrail"})


def test_before_the_first_image_only_the_agents_and_the_way_to_them_are_absent() -> None:
    def names(layer: RegisteredLayer) -> set[str]:
        return {one.name for one in layer.resources}

    missing = names(agentcore("prod")) - names(agentcore("prod", None))
    assert {name.removeprefix("agentcore-").partition("-")[0] for name in missing} == {"runtime", "gateway", "agents"}
    assert {name for name in missing if name.startswith("agentcore-gateway")} == {"agentcore-gateway-permit", "agentcore-gateway-target"}


def test_whatever_asks_names_a_version_of_just_this_guardrail() -> None:
    layer = agentcore("prod")
    version = layer.only("GuardrailVersion")
    assert version.inputs["description"] == f"content {content_digest(STANDARD)}", "a changed guardrail is a new version"
    for variables in (
        layer.only("AgentcoreAgentRuntime").inputs["environmentVariables"],
        layer.only("Function").inputs["environment"]["variables"],
    ):
        assert variables["BEDROCK_GUARDRAIL_VERSION"].isdigit()
        assert variables["BEDROCK_GUARDRAIL_ID"]


def test_the_guardrail_treats_personal_data_in_prompts_as_in_answers() -> None:
    """`action` alone has been seen to leave prompts alone."""
    kinds = agentcore("prod").only("Guardrail").inputs["sensitiveInformationPolicyConfig"]["piiEntitiesConfigs"]
    assert {kind["action"] for kind in kinds} == {"BLOCK", "ANONYMIZE"}
    for kind in kinds:
        assert kind["inputAction"] == kind["outputAction"] == kind["action"]
        assert kind["inputEnabled"] is kind["outputEnabled"] is True


def test_an_idle_agent_is_paid_for_a_minute_or_two() -> None:
    [lifecycle] = agentcore("prod").only("AgentcoreAgentRuntime").inputs["lifecycleConfigurations"]
    assert 60 <= lifecycle["idleRuntimeSessionTimeout"] <= 120


def test_the_guardrail_changes_its_version_with_its_content(monkeypatch: pytest.MonkeyPatch) -> None:
    before = content_digest(STANDARD)
    assert content_digest(Tier(name="CLASSIC", profile=None)) != before
    monkeypatch.setattr("components.guardrail.GROUNDED", 0.8)
    assert content_digest(STANDARD) != before


@pytest.mark.parametrize(
    ("model", "region", "profile"),
    [
        ("us", "us-east-1", "us.guardrail.v1:0"),
        ("eu", "eu-west-1", "eu.guardrail.v1:0"),
        ("apac", "ap-southeast-2", "apac.guardrail.v1:0"),
        ("au", "ap-southeast-2", "au.guardrail.v1:0"),
        ("global", "ap-southeast-2", "au.guardrail.v1:0"),
        ("global", "ap-south-1", "apac.guardrail.v1:0"),
        ("jp", "ap-northeast-1", None),
    ],
)
def test_a_guardrail_judges_nowhere_but_where_the_model_is_asked(model: str, region: str, profile: str | None) -> None:
    judged = tier(f"{model}.anthropic.claude-sonnet-4-6", region)
    assert judged == Tier(name="STANDARD" if profile else "CLASSIC", profile=profile)
    there = PROFILE_REGIONS[profile.partition(".")[0]] if profile else (region,)
    assert set(there) <= set(MODEL_REGIONS.get(model, there))


@pytest.mark.parametrize("region", Region.__args__)
def test_each_region_has_a_profile_of_guardrails(region: str) -> None:
    assert tier("global.anthropic.claude-sonnet-4-6", region).name == "STANDARD"


@pytest.mark.parametrize("region", Region.__args__)
def test_each_region_has_zones_for_agents(region: str) -> None:
    zones = sorted(ZONE_IDS[region])
    assert agent_zones(zones, region) == set(zones)


def test_zones_that_agentcore_does_not_take_are_refused_by_id() -> None:
    says = (
        r"in only 1 of the zones .* \(use1-az3, use1-az4, use1-az5\); in us-east-1 it takes use1-az1, use1-az2, use1-az4, and 2 are needed"
    )
    with pytest.raises(pulumi.RunError, match=says):
        agent_zones(["use1-az3", "use1-az4", "use1-az5"], "us-east-1")
