"""dev against what a fresh account has, and every stack's needs, counted from what real Pulumi plans."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from components.capacity import ELASTIC_IPS, FARGATE_VCPUS, LAMBDA_EXECUTIONS, UNRESERVED_EXECUTIONS, VPCS, needs
from local import quotas
from operations.room import LOG_POLICIES
from operations.traces import TRACE_POLICIES
from tests.components.tables import env_of
from tests.plans import UNKNOWN, Plan, PlannedResource

STACKS = ("dev", "staging", "prod")

Count = Callable[[Plan], float]


def of(plan: Plan, kind: str) -> list[PlannedResource]:
    """The resources of a type, such as `ecs/service`."""
    return [resource for resource in plan.resources if resource.type.startswith(f"aws:{kind}:")]


def number(kind: str, **inputs: Any) -> Count:
    """How many of a type there are, with these inputs."""
    return lambda plan: sum(all(one.inputs.get(name) == value for name, value in inputs.items()) for one in of(plan, kind))


def longest(kind: str, *properties: str) -> Count:
    """The characters of the longest document of a type, without the white space that IAM doesn't count."""
    return lambda plan: max(
        len(json.dumps(json.loads(one.inputs[name]), separators=(",", ":"))) for one in of(plan, kind) for name in properties
    )


def largest(kind: str, name: str) -> Count:
    """The largest value of a property."""
    return lambda plan: max(one.inputs[name] for one in of(plan, kind))


def in_one_zone(plan: Plan) -> int:
    """NAT gateways of the zone that has most: each stands in a public subnet of its own."""
    subnets = Counter(one.property_dependencies["subnetId"][0] for one in of(plan, "ec2/natGateway"))
    return max(subnets.values())


def variables(plan: Plan) -> int:
    """The characters of the largest environment of a function."""
    return max(
        sum(len(name) + len(str(value)) for name, value in one.inputs["environment"]["variables"].items()) for one in functions(plan)
    )


def functions(plan: Plan) -> list[PlannedResource]:
    return of(plan, "lambda/function")


def capacity_units(plan: Plan) -> int:
    """Of the web ACL. A managed group has the units that its owner says; a rate limit takes 2, and 1 for each text transformation."""
    units = {
        "AWSManagedRulesCommonRuleSet": 700,
        "AWSManagedRulesKnownBadInputsRuleSet": 200,
        "AWSManagedRulesAmazonIpReputationList": 25,
    }
    (acl,) = of(plan, "wafv2/webAcl")
    statements = [rule["statement"] for rule in acl.inputs["rules"]]
    groups = [one["managedRuleGroupStatement"]["name"] for one in statements if "managedRuleGroupStatement" in one]
    return sum(units[name] for name in groups) + 10 * (len(statements) - len(groups))


def reserved(plan: Plan) -> int:
    return sum(int(one.inputs.get("reservedConcurrentExecutions") or 0) for one in functions(plan))


def executions(plan: Plan) -> int:
    """Each function once; and what AWS keeps back, where something is reserved."""
    return reserved(plan) + UNRESERVED_EXECUTIONS if reserved(plan) else len(functions(plan))


def tasks(plan: Plan) -> dict[str, tuple[float, int, int]]:
    """By service: a task's vCPUs, the tasks of the first start, and the most that the autoscaler starts."""
    definitions = {one.urn: float(one.inputs["cpu"]) / 1024 for one in of(plan, "ecs/taskDefinition")}
    scaled = {one.inputs["resourceId"].rpartition("/")[2]: int(one.inputs["maxCapacity"]) for one in of(plan, "appautoscaling/target")}
    found: dict[str, tuple[float, int, int]] = {}
    for one in of(plan, "ecs/service"):
        name, desired = one.inputs["name"], int(one.inputs["desiredCount"])
        found[name] = (definitions[one.property_dependencies["taskDefinition"][0]], desired, scaled.get(name, desired))
    assert len(found) == 2, "the engine and the monitor"
    return found


def first_start(plan: Plan) -> float:
    return sum(vcpus * desired for vcpus, desired, _ in tasks(plan).values())


def update(plan: Plan, *, at_maximum: bool) -> float:
    """vCPUs while both services are replaced."""
    percent = {one.inputs["name"]: one.inputs["deploymentMaximumPercent"] / 100 for one in of(plan, "ecs/service")}
    return sum(vcpus * (most if at_maximum else desired) * percent[name] for name, (vcpus, desired, most) in tasks(plan).items())


@dataclass(frozen=True)
class Default:
    """A quota as a fresh account has it.

    Attributes:
        had: what such an account has used up already.
    """

    name: str
    limit: float
    count: Count
    source: str
    had: int = 0

    def __str__(self) -> str:
        return self.name


DEFAULTS: Sequence[Default] = (
    Default("Lambda: concurrent executions", LAMBDA_EXECUTIONS.fresh, executions, "Lambda quotas: new accounts have reduced quotas"),
    Default("Lambda: memory, MB", 3008, largest("lambda/function", "memorySize"), "Lambda quotas: new accounts have reduced quotas"),
    Default("Lambda: variables, characters", 4096, variables, "Lambda quotas"),
    Default("Fargate: vCPU at the first start", FARGATE_VCPUS.fresh, first_start, "Amazon ECS endpoints and quotas"),
    Default(
        "Fargate: vCPU in an update", FARGATE_VCPUS.fresh, lambda plan: update(plan, at_maximum=False), "Amazon ECS endpoints and quotas"
    ),
    Default("Fargate: vCPU in an update at the maximum", 6, lambda plan: update(plan, at_maximum=True), "Amazon ECS endpoints and quotas"),
    Default("VPC: elastic IPs", ELASTIC_IPS.fresh, number("ec2/eip"), "Amazon VPC quotas"),
    Default("VPC: VPCs", VPCS.fresh, number("ec2/vpc"), "Amazon VPC quotas", had=1),
    Default("VPC: internet gateways", 5, number("ec2/internetGateway"), "Amazon VPC quotas", had=1),
    Default("VPC: NAT gateways in one zone", 5, in_one_zone, "Amazon VPC quotas"),
    Default("VPC: gateway endpoints", 20, number("ec2/vpcEndpoint", vpcEndpointType="Gateway"), "Amazon VPC quotas"),
    Default("VPC: interface endpoints", 50, number("ec2/vpcEndpoint", vpcEndpointType="Interface"), "AWS PrivateLink quotas"),
    Default("VPC: route tables", 200, number("ec2/routeTable"), "Amazon VPC quotas"),
    Default("IAM: roles", 1000, number("iam/role"), "IAM and AWS STS quotas"),
    Default("IAM: a managed policy, characters", 6144, longest("iam/policy", "policy"), "IAM and AWS STS quotas"),
    Default("IAM: a role's inline policies, characters", 10240, longest("iam/rolePolicy", "policy"), "IAM and AWS STS quotas"),
    Default("IAM: a trust policy, characters", 2048, longest("iam/role", "assumeRolePolicy"), "IAM and AWS STS quotas"),
    Default("KMS: a key's policy, bytes", 32768, longest("kms/key", "policy"), "AWS KMS resource quotas"),
    Default("S3: a bucket's policy, bytes", 20480, longest("s3/bucketPolicy", "policy"), "S3 bucket policies"),
    Default("S3: buckets", 10000, number("s3/bucket"), "Amazon S3 endpoints and quotas"),
    Default("DynamoDB: tables", 2500, number("dynamodb/table"), "DynamoDB quotas"),
    Default("CloudWatch Logs: resource policies", LOG_POLICIES, number("cloudwatch/logResourcePolicy"), "CloudWatch Logs quotas"),
    Default(
        "CloudWatch Logs: one of them, characters", 5120, longest("cloudwatch/logResourcePolicy", "policyDocument"), "PutResourcePolicy"
    ),
    Default("X-Ray: resource policies", TRACE_POLICIES, number("xray/resourcePolicy"), "X-Ray API reference, PutResourcePolicy"),
    Default("CloudWatch: metric alarms", 5000, number("cloudwatch/metricAlarm"), "CloudWatch quotas"),
    Default("WAF: web ACLs", 100, number("wafv2/webAcl"), "AWS WAF quotas"),
    Default("WAF: units of a web ACL before each costs extra", 1500, capacity_units, "AWS WAF: web ACL capacity units"),
    Default("EventBridge Scheduler: schedule groups", 500, number("scheduler/scheduleGroup"), "EventBridge Scheduler quotas", had=1),
    Default(
        "ECS: a task definition, bytes", 65536, longest("ecs/taskDefinition", "containerDefinitions"), "Amazon ECS endpoints and quotas"
    ),
    Default("Bedrock: guardrails", 100, number("bedrock/guardrail"), "Amazon Bedrock endpoints and quotas"),
    Default("AgentCore: runtimes", 1000, number("bedrock/agentcoreAgentRuntime"), "Quotas for Amazon Bedrock AgentCore"),
    Default(
        "AgentCore: endpoints of a runtime", 10, number("bedrock/agentcoreAgentRuntimeEndpoint"), "Quotas for Amazon Bedrock AgentCore"
    ),
)
"""What can bind. Quotas that are far beyond any stack's size (keys, secrets, queues, topics, log groups) are not in it."""


@pytest.mark.parametrize("default", DEFAULTS, ids=str)
def test_dev_fits_a_fresh_account(default: Default, plan: Callable[..., Plan]) -> None:
    used = default.count(plan("dev")) + default.had
    print(f"{default.name}: {used:g} of {default.limit:g} ({default.source})")
    assert used > 0 or default.name.endswith("interface endpoints"), "the test has lost sight of it"
    assert used <= default.limit


@pytest.mark.parametrize("stack", STACKS)
def test_no_first_deployment_reserves_executions_or_starts_tasks(stack: str, plan: Callable[..., Plan]) -> None:
    first = plan(stack, image="none")
    assert reserved(first) == 0, "a fresh account can't give any"
    assert of(first, "ecs/service") == []


@pytest.mark.parametrize("stack", STACKS)
def test_the_needs_that_a_person_is_told_are_the_plans(stack: str, plan: Callable[..., Plan]) -> None:
    planned = plan(stack)
    told = {need.quota: (need.start, need.least, need.most) for need in needs(env_of(stack))}
    addresses = len(of(planned, "ec2/eip"))
    counted = {
        FARGATE_VCPUS: tuple(
            math.ceil(figure) for figure in (first_start(planned), update(planned, at_maximum=False), update(planned, at_maximum=True))
        ),
        ELASTIC_IPS: (addresses,) * 3,
        VPCS: (len(of(planned, "ec2/vpc")),) * 3,
    }
    if reserved(planned):
        counted[LAMBDA_EXECUTIONS] = (executions(planned),) * 3
    assert told == counted


def test_what_is_missing_is_said_before_an_image_is_asked_for(plan: Callable[..., Plan]) -> None:
    for stack in STACKS:
        said = plan(stack, image="none").outputs["next_step"]
        lacking = [need.quota.code for need in needs(env_of(stack)) if need.lacks]
        assert [code for code in ("L-B99A9384", "L-3032A538", "L-0263D0A3") if code in said] == lacking
        assert not lacking or said.index(lacking[0]) < said.index("Push an arm64 image")


@pytest.mark.parametrize("stack", STACKS)
def test_make_quotas_says_the_same_with_the_commands_that_ask_for_more(stack: str) -> None:
    said = quotas.report(quotas.ROOT, stack)
    for need in needs(env_of(stack)):
        assert f"{need.quota.code}  {need.quota.name}: {need.least}, {need.most}, {need.quota.fresh}" in said
        assert (need.request in said) == need.lacks
    assert ("A fresh account has it all." in said) == (stack == "dev")


def test_with_an_image_nothing_is_said_before_both_services_are_steady(plan: Callable[..., Plan]) -> None:
    assert plan("prod").outputs["next_step"] == UNKNOWN, "it comes from the services, so a deployment that fails has none"
