"""Whether the account itself is ready: zones, service-linked roles, the model, and what an account has once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.zones import agent_zones, choose_zones
from operations.account import Account, AwsError
from operations.halt import MISSING
from operations.outcome import Outcome
from operations.planned import Planned

CALLS = frozenset(
    {
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeVpcEndpointServices",
        "iam:GetRole",
        "bedrock:GetInferenceProfile",
        "bedrock:GetFoundationModelAvailability",
        "bedrock:GetUseCaseForModelAccess",
        "bedrock:GetModelInvocationLoggingConfiguration",
        "iam:GetOpenIDConnectProvider",
        "guardduty:ListDetectors",
        "accessanalyzer:ListAnalyzers",
    }
)

GONE = MISSING | {"NoSuchEntity", "NoSuchEntityException"}

GITHUB = "token.actions.githubusercontent.com"

SERVICE_ROLES: Mapping[str, tuple[str, str]] = {
    "ecs/cluster": ("AWSServiceRoleForECS", "ecs.amazonaws.com"),
    "appautoscaling/target": ("AWSServiceRoleForApplicationAutoScaling_ECSService", "ecs.application-autoscaling.amazonaws.com"),
    "bedrock/agentcoreAgentRuntime": (
        "AWSServiceRoleForBedrockAgentCoreRuntimeIdentity",
        "runtime-identity.bedrock-agentcore.amazonaws.com",
    ),
    "wafv2/webAclLoggingConfiguration": ("AWSServiceRoleForWAFV2Logging", "wafv2.amazonaws.com"),
}
"""By planned type: the role that its service takes on, and the service. Sources: Amazon ECS developer guide, "Using service-linked roles";
Application Auto Scaling user guide and AgentCore developer guide, the same; WAF developer guide, the same."""

NETWORK_ROLE = ("AWSServiceRoleForBedrockAgentCoreNetwork", "network.bedrock-agentcore.amazonaws.com")
"""Of a runtime in a VPC."""


def zones(account: Account, planned: Planned) -> Iterator[Outcome]:
    """The zones that the account offers by id, where agents run, and where the interface endpoints' services are."""
    filters = [{"Name": "zone-type", "Values": ["availability-zone"]}, {"Name": "state", "Values": ["available"]}]
    listed = account.call("ec2:DescribeAvailabilityZones", Filters=filters)["AvailabilityZones"]
    offered = {one["ZoneName"]: one["ZoneId"] for one in listed}
    env = planned.env
    try:
        chosen = choose_zones(offered, env.network.availability_zones, account.region)
        if env.agent_network_mode == "VPC":
            agent_zones([offered[name] for name in chosen], account.region)
    except pulumi.RunError as error:
        yield Outcome(check="zones", kind="fail", text=str(error))
        return
    yield Outcome(check="zones", kind="pass", text=", ".join(f"{name} is {offered[name]}" for name in chosen))
    services = sorted(
        one.inputs["serviceName"] for one in planned.of("ec2/vpcEndpoint") if one.inputs.get("vpcEndpointType") == "Interface"
    )
    if services:
        yield from _endpoints(account, services, chosen)


def _endpoints(account: Account, services: list[str], chosen: tuple[str, ...]) -> Iterator[Outcome]:
    try:
        details = account.call("ec2:DescribeVpcEndpointServices", ServiceNames=services)["ServiceDetails"]
    except AwsError as error:
        if error.code != "InvalidServiceName":
            raise
        text = f"{account.region} has not all of them: {error.said}. Take it out of the table's `interface_endpoints`"
        yield Outcome(check="endpoints", kind="fail", text=text)
        return
    zones = {one["ServiceName"]: set(one["AvailabilityZones"]) for one in details}
    lacking = [
        f"{name} isn't in {', '.join(missing)}" for name in services if (missing := sorted(set(chosen) - zones.get(name, set[str]())))
    ]
    if lacking:
        yield Outcome(check="endpoints", kind="fail", text=f"{'; '.join(lacking)}. Write other `interface_endpoints`")
    else:
        yield Outcome(check="endpoints", kind="pass", text=f"all {len(services)} services are in the chosen zones")


def service_roles(account: Account, planned: Planned) -> Iterator[Outcome]:
    """Roles that services take on. AWS makes one with the first request, if whoever sends it may, and the request may fail once."""
    wanted = [SERVICE_ROLES[kind] for kind in SERVICE_ROLES if planned.of(kind)]
    if planned.of("bedrock/agentcoreAgentRuntime") and planned.env.agent_network_mode == "VPC":
        wanted.append(NETWORK_ROLE)
    there = 0
    for role, service in wanted:
        if _is_there(lambda role=role: account.call("iam:GetRole", RoleName=role)):
            there += 1
        else:
            yield Outcome(
                check="service roles",
                kind="person",
                text=f"make {role}, once an account",
                command=f"aws iam create-service-linked-role --aws-service-name {service}",
            )
    if there == len(wanted):
        yield Outcome(check="service roles", kind="pass", text=f"all {there} are there")


def model(account: Account, planned: Planned) -> Iterator[Outcome]:
    """Whether Bedrock has the table's model, and the account may ask it."""
    profile = planned.env.model_id
    try:
        status = account.call("bedrock:GetInferenceProfile", inferenceProfileIdentifier=profile)["status"]
    except AwsError as error:
        if error.code not in GONE | {"ValidationException"}:
            raise
        status = "not there"
    if status != "ACTIVE":
        yield Outcome(check="model", kind="fail", text=f"the inference profile {profile} is {status}: write another `model_id`")
        return
    base = profile.partition(".")[2]
    answer = account.call("bedrock:GetFoundationModelAvailability", modelId=base)
    agreement = answer["agreementAvailability"]["status"]
    if answer["regionAvailability"] != "AVAILABLE":
        yield Outcome(check="model", kind="fail", text=f"{base} isn't in {account.region}: write another `model_id` or `region`")
        return
    form = not base.startswith("anthropic.") or _is_there(lambda: account.call("bedrock:GetUseCaseForModelAccess"))
    if not form:
        yield Outcome(
            check="model",
            kind="person",
            text="tell Anthropic what its models are for, once an account or organization: docs/deploying.md, Model access",
            command="aws bedrock put-use-case-for-model-access --form-data fileb://form.json",
        )
    if agreement == "AVAILABLE" and answer["authorizationStatus"] == "AUTHORIZED" and answer["entitlementAvailability"] == "AVAILABLE":
        if form:
            yield Outcome(check="model", kind="pass", text=f"{base} is subscribed to, and this account may ask it")
        return
    yield Outcome(
        check="model",
        kind="person",
        text=f"call {base} once, as an administrator with rights at AWS Marketplace: the first call subscribes (agreement {agreement}, "
        f"authorization {answer['authorizationStatus']}, entitlement {answer['entitlementAvailability']})",
        command=f"aws bedrock-runtime converse --model-id {profile} --region {account.region} "
        """--messages '[{"role": "user", "content": [{"text": "Say OK."}]}]'""",
    )


@dataclass(frozen=True, kw_only=True)
class Single:
    """What an account has once, and `account/` would make.

    Attributes:
        row: what the account's table says where it is there already.
        tags: those that it has; None where it isn't there.
    """

    what: str
    row: str
    tags: Callable[[Account], Mapping[str, str] | None]


def _provider(account: Account) -> Mapping[str, str] | None:
    arn = f"arn:aws:iam::{account.number}:oidc-provider/{GITHUB}"
    found: list[Mapping[str, Any]] = []
    if not _is_there(lambda: found.append(account.call("iam:GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn))):
        return None
    return {one["Key"]: one["Value"] for one in found[0].get("Tags", [])}


def _detector(account: Account) -> Mapping[str, str] | None:
    return {} if account.call("guardduty:ListDetectors").get("DetectorIds") else None


def _analyzer(account: Account) -> Mapping[str, str] | None:
    listed = account.call("accessanalyzer:ListAnalyzers", type="ACCOUNT")["analyzers"]
    return listed[0].get("tags", {}) if listed else None


def _invocations(account: Account) -> Mapping[str, str] | None:
    return {} if account.call("bedrock:GetModelInvocationLoggingConfiguration").get("loggingConfig") else None


SINGLES = (
    Single(what="GitHub's OIDC provider", row="github.provider_arn: <its ARN>", tags=_provider),
    Single(what="GuardDuty's detector", row="guardduty: false", tags=_detector),
    Single(what="an analyzer of external access", row="analyzer_arn: <its ARN>", tags=_analyzer),
    Single(what="Bedrock's record of model calls", row="model_invocation_logging: false", tags=_invocations),
)


def singles(account: Account, _: Planned) -> Iterator[Outcome]:
    """What may be made only once in an account: who has one already can't make it by a program, and must know."""
    none: list[str] = []
    for one in SINGLES:
        try:
            tags = one.tags(account)
        except AwsError as error:
            yield Outcome(check="once an account", kind="unknown", text=f"AWS doesn't say whether {one.what} is there: {error}")
            continue
        if tags is None:
            none.append(one.what)
        elif tags.get("ManagedBy") == "pulumi":
            yield Outcome(check="once an account", kind="pass", text=f"{one.what} is there, and a Pulumi program's")
        else:
            text = f"write `{one.row}` in the account's table (account/): {one.what} exists already, and AWS makes no second one"
            yield Outcome(check="once an account", kind="person", text=text)
    if none:
        yield Outcome(check="once an account", kind="pass", text=f"{', '.join(none)}: not there, so a program can make it")


def _is_there(call: Callable[[], object]) -> bool:
    try:
        call()
    except AwsError as error:
        if error.code in GONE:
            return False
        raise
    return True
