"""Each check before a deployment: passes, asks a person, says what will fail, and never takes silence for a pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from components.capacity import FARGATE_VCPUS, needs
from operations import preflight
from operations.outcome import GOOD, WORDS, Kind
from operations.planned import Planned, Resource
from operations.rights import SHOWN, Right, rights
from tests.components.tables import env_of
from tests.operations.stubs import NUMBER, Answer, planned, stubbed

VCPUS = next(one for one in needs(env_of("prod")) if one.quota == FARGATE_VCPUS)
USAGE = {"MetricNamespace": "AWS/Usage", "MetricName": "ResourceCount", "MetricDimensions": {"Service": "Fargate"}}
MODEL = env_of("prod").model_id
ZONES = [{"ZoneName": f"us-east-1{letter}", "ZoneId": f"use1-az{number}"} for letter, number in zip("abc", (1, 2, 4), strict=True)]
PROFILE: dict[str, Any] = {
    "inferenceProfileName": "one",
    "inferenceProfileArn": f"arn:aws:bedrock:us-east-1:{NUMBER}:inference-profile/{MODEL}",
    "models": [{}],
    "inferenceProfileId": MODEL,
    "status": "ACTIVE",
    "type": "SYSTEM_DEFINED",
}
NO_RECORD: tuple[str, Answer] = ("bedrock:GetModelInvocationLoggingConfiguration", {})
ANALYZER = {"arn": "arn", "name": "one", "type": "ACCOUNT", "createdAt": 0, "status": "ACTIVE"}
ROLE = {"Path": "/", "RoleName": "deployer", "RoleId": "AROAEXAMPLEEXAMPLE", "Arn": "arn:aws:iam::1:role/path/deployer", "CreateDate": 0}


def available(**differently: str) -> dict[str, Any]:
    said = {"agreement": "AVAILABLE", "authorizationStatus": "AUTHORIZED", "entitlementAvailability": "AVAILABLE"}
    said = {**said, "regionAvailability": "AVAILABLE", **differently}
    return {"modelId": MODEL, "agreementAvailability": {"status": said.pop("agreement")}, **said}


def endpoint(*zones: str) -> dict[str, Any]:
    return {"ServiceDetails": [{"ServiceName": "com.amazonaws.us-east-1.logs", "AvailabilityZones": list(zones)}]}


def vcpus(value: float, used: float = 0) -> list[tuple[str, Answer]]:
    return [
        ("service-quotas:GetServiceQuota", {"Quota": {"Value": value, "UsageMetric": USAGE}}),
        ("cloudwatch:GetMetricStatistics", {"Datapoints": [{"Maximum": used}, {"Maximum": 0.0}]}),
    ]


def simulated(decision: str, *missing: str) -> dict[str, Any]:
    resource = {"EvalResourceName": "arn:one", "EvalResourceDecision": decision, "MissingContextValues": list(missing)}
    return {
        "EvaluationResults": [{"EvalActionName": "s3:GetObject", "EvalDecision": "implicitDeny", "ResourceSpecificResults": [resource]}]
    }


@dataclass(frozen=True)
class Case:
    """What AWS answers a check, and the outcomes, each with words of its text."""

    check: str
    answers: list[tuple[str, Answer]]
    outcomes: list[tuple[Kind, str]]
    plan: Planned = planned()  # noqa: RUF009 (it is frozen)

    def __str__(self) -> str:
        return f"{self.check}-{'-'.join(kind for kind, _ in self.outcomes)}"


IDENTITY = {"Account": NUMBER, "UserId": "AIDA", "Arn": f"arn:aws:sts::{NUMBER}:assumed-role/deployer/session"}
PIPELINE = {**IDENTITY, "Arn": f"arn:aws:sts::{NUMBER}:assumed-role/account-deploy-prod/GitHubActions"}
NEW_ROLE = planned(iam__role={"name": "one"})
SECRET = planned(secretsmanager__secret={"name": "config"})
OF_SECRET = 2
"""Questions to IAM for it: about itself, and about its key by its service."""
BUCKET = planned(s3__bucket={"bucket": "one"})
POLICY = planned(cloudwatch__logResourcePolicy={"policyName": "ours"})
TRACED = planned(cloudwatch__logDeliverySource={"logType": "TRACES"}, xray__resourcePolicy={"policyName": "ours"})
RUNTIME = planned(bedrock__agentcoreAgentRuntime={"agentRuntimeName": "one"})
ENDPOINT = planned(ec2__vpcEndpoint={"vpcEndpointType": "Interface", "serviceName": "com.amazonaws.us-east-1.logs"})
UNRESERVED: list[tuple[str, Answer]] = [("lambda:GetFunctionConcurrency", "ResourceNotFoundException")] * 3


def executions(limit: int, free: int) -> list[tuple[str, Answer]]:
    limits = {"ConcurrentExecutions": limit, "UnreservedConcurrentExecutions": free}
    return [("lambda:GetAccountSettings", {"AccountLimit": limits}), *UNRESERVED]


def policies(count: int) -> tuple[str, Answer]:
    return ("logs:DescribeResourcePolicies", {"resourcePolicies": [{"policyName": f"p{number}"} for number in range(count)]})


def traces(destination: str, status: str, *names: str) -> list[tuple[str, Answer]]:
    return [
        ("xray:GetTraceSegmentDestination", {"Destination": destination, "Status": status}),
        ("xray:ListResourcePolicies", {"ResourcePolicies": [{"PolicyName": name} for name in names]}),
    ]


def addresses(value: float, used: int) -> list[tuple[str, Answer]]:
    return [
        ("ec2:DescribeAddresses", {"Addresses": [{}] * used}),
        ("service-quotas:GetServiceQuota", "NoSuchResourceException"),
        ("service-quotas:GetAWSDefaultServiceQuota", {"Quota": {"Value": value}}),
    ]


EIPS = planned(ec2__eip=[{}, {}])
USED_VCPUS = 3.0

CASES = [
    Case("traces", [], [], planned("dev", cloudwatch__logDeliverySource={"logType": "APPLICATION_LOGS"})),
    Case(
        "traces", traces("CloudWatchLogs", "ACTIVE", "ours", *"abcd"), [("pass", "5 of 5 policies of X-Ray are there, 0 are new")], TRACED
    ),
    Case("traces", traces("CloudWatchLogs", "ACTIVE", *"abcde"), [("fail", "delete what isn't needed of a, b, c, d, e")], TRACED),
    Case("traces", [("xray:GetTraceSegmentDestination", "AccessDeniedException")], [("unknown", "AWS doesn't say")], TRACED),
    Case("traces", traces("XRay", "ACTIVE"), [("fail", "Turn Transaction Search on")], TRACED),
    Case("traces", traces("CloudWatchLogs", "PENDING"), [("fail", "PENDING: ask again")], TRACED),
    Case("Lambda executions", executions(1000, 900), [("pass", "1000 in all, 900 of them free")]),
    Case("Lambda executions", executions(10, 10), [("fail", "13 are reserved, and 100 must stay free")]),
    Case("Lambda executions", executions(113, 113), [("pass", "113 in all")]),
    Case("Lambda executions", executions(112, 112), [("fail", "reserve_concurrency: false")]),
    Case("Lambda executions", executions(10, 10)[:1], [("pass", "the table reserves none")], planned("dev")),
    Case("Lambda executions", [("lambda:GetAccountSettings", "AccessDeniedException")], [("unknown", "AWS doesn't say")]),
    Case("Fargate vCPUs", vcpus(VCPUS.most), [("pass", f"the first start needs {VCPUS.start}")]),
    Case("Fargate vCPUs", vcpus(VCPUS.most, USED_VCPUS), [("person", "before the engine grows")]),
    Case("Fargate vCPUs", vcpus(VCPUS.least - 1), [("person", "an update waits")]),
    Case("Fargate vCPUs", vcpus(VCPUS.start + USED_VCPUS - 1, USED_VCPUS), [("fail", "No image can be deployed")]),
    Case("Fargate vCPUs", vcpus(VCPUS.most)[:1], [("pass", "this stack's own")], planned(ecs__service={"made": True})),
    Case("Fargate vCPUs", [("service-quotas:GetServiceQuota", {"Quota": {"Value": 6.0}})], [("unknown", "how much of it is used")]),
    Case("elastic IPs", addresses(5, 3), [("pass", "5 in all, 3 used, 2 are new")], EIPS),
    Case("elastic IPs", addresses(5, 4), [("fail", "5 in all, 4 used, 2 are new")], EIPS),
    Case("elastic IPs", [("ec2:DescribeAddresses", "UnauthorizedOperation")], [("unknown", "UnauthorizedOperation")], EIPS),
    Case(
        "VPCs",
        [("ec2:DescribeVpcs", {"Vpcs": [{}] * 5}), ("service-quotas:GetServiceQuota", {"Quota": {"Value": 5.0}})],
        [("fail", "5 in all, 5 used, 1 are new")],
        planned(ec2__vpc={}),
    ),
    Case(
        "VPCs",
        [("ec2:DescribeVpcs", {"Vpcs": [{}] * 4}), ("service-quotas:GetServiceQuota", {"Quota": {"Value": 5.0}})],
        [("pass", "5 in all, 4 used, 1 are new")],
        planned(ec2__vpc={}),
    ),
    Case("VPCs", [("ec2:DescribeVpcs", "UnauthorizedOperation")], [("unknown", "UnauthorizedOperation")]),
    Case(
        "VPCs",
        [("ec2:DescribeVpcs", {"Vpcs": []}), ("service-quotas:GetServiceQuota", "AccessDeniedException")],
        [("unknown", "AccessDeniedException")],
    ),
    Case("log policies", [policies(9)], [("pass", "9 of 10")], POLICY),
    Case("log policies", [policies(10)], [("fail", "delete what isn't needed of p0, p1")], POLICY),
    Case("log policies", [("logs:DescribeResourcePolicies", "AccessDeniedException")], [("unknown", "AccessDenied")], POLICY),
    Case("zones", [("ec2:DescribeAvailabilityZones", {"AvailabilityZones": ZONES})], [("pass", "us-east-1c is use1-az4")]),
    Case("zones", [("ec2:DescribeAvailabilityZones", {"AvailabilityZones": ZONES[:1]})], [("fail", "availability_zones is 3")]),
    Case("zones", [("ec2:DescribeAvailabilityZones", "RequestLimitExceeded")], [("unknown", "RequestLimitExceeded")]),
    Case(
        "zones",
        [
            ("ec2:DescribeAvailabilityZones", {"AvailabilityZones": ZONES}),
            ("ec2:DescribeVpcEndpointServices", endpoint("us-east-1a", "us-east-1b")),
        ],
        [("pass", ""), ("fail", "com.amazonaws.us-east-1.logs isn't in us-east-1c")],
        ENDPOINT,
    ),
    Case(
        "zones",
        [
            ("ec2:DescribeAvailabilityZones", {"AvailabilityZones": ZONES}),
            ("ec2:DescribeVpcEndpointServices", "InvalidServiceName"),
        ],
        [("pass", ""), ("fail", "Take it out of the table's")],
        ENDPOINT,
    ),
    Case(
        "zones",
        [
            ("ec2:DescribeAvailabilityZones", {"AvailabilityZones": ZONES}),
            ("ec2:DescribeVpcEndpointServices", "UnauthorizedOperation"),
        ],
        [("pass", ""), ("unknown", "UnauthorizedOperation")],
        ENDPOINT,
    ),
    Case(
        "zones",
        [
            ("ec2:DescribeAvailabilityZones", {"AvailabilityZones": ZONES}),
            ("ec2:DescribeVpcEndpointServices", endpoint("us-east-1a", "us-east-1b", "us-east-1c")),
        ],
        [("pass", ""), ("pass", "all 1 services are in the chosen zones")],
        ENDPOINT,
    ),
    Case("names", [("secretsmanager:DescribeSecret", "ResourceNotFoundException")], [("pass", "1 are free")], SECRET),
    Case("names", [("secretsmanager:DescribeSecret", {"Name": "config"})], [("fail", "config is there already")], SECRET),
    Case("names", [("secretsmanager:DescribeSecret", "AccessDeniedException")], [("unknown", "whether config is free")], SECRET),
    Case("names", [], [("pass", "0 are free, 1 are this stack's already")], planned(secretsmanager__secret={"made": True})),
    Case("names", [("s3:HeadBucket", "403")], [("fail", "unique in the world")], BUCKET),
    Case("names", [("s3:HeadBucket", "404")], [("pass", "1 are free")], BUCKET),
    Case(
        "names",
        [
            ("bedrock-agentcore-control:ListAgentRuntimes", {"agentRuntimes": [], "nextToken": "more"}),
            ("bedrock-agentcore-control:ListAgentRuntimes", {"agentRuntimes": []}),
        ],
        [("pass", "1 are free")],
        RUNTIME,
    ),
    Case("service roles", [("iam:GetRole", {"Role": ROLE})] * 2, [("pass", "all 2 are there")], RUNTIME),
    Case(
        "service roles",
        [("iam:GetRole", "NoSuchEntity"), ("iam:GetRole", {"Role": ROLE})],
        [("person", "make AWSServiceRoleForBedrockAgentCoreRuntimeIdentity")],
        RUNTIME,
    ),
    Case("service roles", [("iam:GetRole", "AccessDenied")], [("unknown", "AccessDenied")], RUNTIME),
    Case("model", [("bedrock:GetInferenceProfile", "ResourceNotFoundException")], [("fail", "is not there")]),
    Case(
        "model",
        [
            ("bedrock:GetInferenceProfile", PROFILE),
            ("bedrock:GetFoundationModelAvailability", available(regionAvailability="NOT_AVAILABLE")),
        ],
        [("fail", "isn't in us-east-1")],
    ),
    Case(
        "model",
        [
            ("bedrock:GetInferenceProfile", PROFILE),
            ("bedrock:GetFoundationModelAvailability", available()),
            ("bedrock:GetUseCaseForModelAccess", {"formData": b"{}"}),
        ],
        [("pass", "is subscribed to")],
    ),
    Case(
        "model",
        [
            ("bedrock:GetInferenceProfile", PROFILE),
            ("bedrock:GetFoundationModelAvailability", available(agreement="NOT_AVAILABLE")),
            ("bedrock:GetUseCaseForModelAccess", "ResourceNotFoundException"),
        ],
        [("person", "tell Anthropic"), ("person", "the first call subscribes (agreement NOT_AVAILABLE")],
    ),
    Case("model", [("bedrock:GetInferenceProfile", "AccessDeniedException")], [("unknown", "AccessDenied")]),
    Case(
        "once an account",
        [
            ("iam:GetOpenIDConnectProvider", "NoSuchEntity"),
            ("guardduty:ListDetectors", {"DetectorIds": []}),
            ("accessanalyzer:ListAnalyzers", {"analyzers": []}),
            NO_RECORD,
        ],
        [("pass", "not there, so a program can make it")],
    ),
    Case(
        "once an account",
        [
            ("iam:GetOpenIDConnectProvider", {"Tags": [{"Key": "ManagedBy", "Value": "pulumi"}]}),
            ("guardduty:ListDetectors", {"DetectorIds": ["one"]}),
            ("accessanalyzer:ListAnalyzers", "AccessDeniedException"),
            ("bedrock:GetModelInvocationLoggingConfiguration", {"loggingConfig": {}}),
        ],
        [
            ("pass", "a Pulumi program's"),
            ("person", "write `guardduty: false`"),
            ("unknown", "whether an analyzer of external access"),
            ("pass", "Bedrock's record of model calls: not there"),
        ],
    ),
    Case(
        "once an account",
        [
            ("iam:GetOpenIDConnectProvider", {}),
            ("guardduty:ListDetectors", {"DetectorIds": []}),
            ("accessanalyzer:ListAnalyzers", {"analyzers": [ANALYZER]}),
            ("bedrock:GetModelInvocationLoggingConfiguration", {"loggingConfig": {"textDataDeliveryEnabled": True}}),
        ],
        [
            ("person", "write `github.provider_arn: "),
            ("person", "write `analyzer_arn: "),
            ("person", "write `model_invocation_logging: false`"),
            ("pass", "GuardDuty's detector: not there"),
        ],
    ),
    Case(
        "rights",
        [
            ("sts:GetCallerIdentity", IDENTITY),
            ("iam:GetRole", {"Role": ROLE}),
            *[("iam:SimulatePrincipalPolicy", simulated("allowed"))] * OF_SECRET,
        ],
        [("pass", "arn:aws:iam::1:role/path/deployer may do the 9 actions that a deployment needs")],
        SECRET,
    ),
    Case(
        "rights",
        [
            ("sts:GetCallerIdentity", IDENTITY),
            ("iam:GetRole", {"Role": ROLE}),
            *[("iam:SimulatePrincipalPolicy", simulated("explicitDeny", "aws:SourceIp"))] * OF_SECRET,
        ],
        [("fail", "may not: s3:GetObject on arn:one. Run `make permissions STACK=prod`, commit")],
        SECRET,
    ),
    Case(
        "rights",
        [
            ("sts:GetCallerIdentity", IDENTITY),
            ("iam:GetRole", {"Role": ROLE}),
            *[("iam:SimulatePrincipalPolicy", simulated("implicitDeny", "aws:SourceIp"))] * OF_SECRET,
        ],
        [("unknown", "it depends on aws:SourceIp")],
        SECRET,
    ),
    Case("rights", [("sts:GetCallerIdentity", {**IDENTITY, "Arn": f"arn:aws:iam::{NUMBER}:root"})], [("unknown", "no root user")]),
    Case(
        "rights",
        [("sts:GetCallerIdentity", IDENTITY), ("iam:GetRole", {"Role": ROLE})],
        [("unknown", "rds/cluster: write down")],
        planned(rds__cluster={}),
    ),
    Case("rights", [("sts:GetCallerIdentity", "ServiceUnavailable")], [("unknown", "AWS doesn't say")]),
    Case("administrator", [], [("pass", "the pipeline may do all")]),
    Case("administrator", [("sts:GetCallerIdentity", IDENTITY)], [("person", "do the next `up` as an administrator")], NEW_ROLE),
    Case("administrator", [("sts:GetCallerIdentity", PIPELINE)], [("fail", "no pipeline may make or change")], NEW_ROLE),
    Case("administrator", [("sts:GetCallerIdentity", "ServiceUnavailable")], [("unknown", "AWS doesn't say")], NEW_ROLE),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_check_says_what_it_found(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "CHECKS", {case.check: preflight.CHECKS[case.check]})
    found = preflight.run(stubbed(*case.answers), case.plan)
    assert [one.kind for one in found] == [kind for kind, _ in case.outcomes], found
    for outcome, (_, words) in zip(found, case.outcomes, strict=True):
        assert words in outcome.text
        assert "\n" not in outcome.text
    assert preflight.status(found) == (0 if {kind for kind, _ in case.outcomes} <= GOOD else 1)


NEVER: Mapping[tuple[str, Kind], str] = {
    ("Lambda executions", "person"): "AWS refuses the reservations, or doesn't",
    ("elastic IPs", "person"): "AWS gives the addresses, or doesn't",
    ("VPCs", "person"): "AWS makes the VPC, or doesn't",
    ("log policies", "person"): "AWS takes the policy, or doesn't",
    ("traces", "person"): "AWS takes the delivery, or doesn't",
    ("zones", "person"): "the table names other zones; nobody has anything to do in the account",
    ("names", "person"): "the deployment makes what is there again, which AWS refuses",
    ("service roles", "fail"): "AWS makes a role of its own with the first request that wants it",
    ("rights", "person"): "the deployment is refused; whoever gives rights isn't who deploys",
    ("once an account", "fail"): "no stack makes any of them: account/ does",
}
"""What a check never says, and why. It says everything else, in some case."""


def test_every_check_is_seen_to_say_all_that_it_can() -> None:
    seen = {(case.check, kind) for case in CASES for kind, _ in case.outcomes}
    assert {check for check, _ in NEVER} <= preflight.CHECKS.keys()
    assert {(check, kind) for check in preflight.CHECKS for kind in WORDS} - seen == NEVER.keys()


def test_a_role_may_be_named_and_its_rights_given() -> None:
    answers: list[tuple[str, Answer]] = [
        ("sts:GetCallerIdentity", {**IDENTITY, "Arn": f"arn:aws:iam::{NUMBER}:user/me"}),
        ("iam:GetRole", {"Role": ROLE}),
        ("iam:SimulatePrincipalPolicy", {**simulated("allowed"), "IsTruncated": True, "Marker": "more"}),
        ("iam:SimulatePrincipalPolicy", simulated("implicitDeny")),
    ]
    wanted = [Right(action="s3:GetObject", resources=("arn:aws:s3:::one/*",))]
    (found,) = rights(stubbed(*answers), planned(), role="deployer", wanted=wanted)
    assert found.kind == "fail"
    assert found.text.startswith("arn:aws:iam::1:role/path/deployer may not: s3:GetObject on arn:one. Run `make permissions STACK=prod`")


def test_who_may_nothing_yet_is_shown_a_few_actions_and_who_may_all() -> None:
    denied = [{"EvalActionName": f"s3:Get{number}", "EvalDecision": "implicitDeny"} for number in range(SHOWN + 3)]
    answers: list[tuple[str, Answer]] = [
        ("sts:GetCallerIdentity", {**IDENTITY, "Arn": f"arn:aws:iam::{NUMBER}:user/me"}),
        ("iam:SimulatePrincipalPolicy", {"EvaluationResults": denied}),
    ]
    (found,) = rights(stubbed(*answers), NEW_ROLE, wanted=[Right(action="s3:GetObject", resources=())])
    assert found.text.endswith("on *; and 3 more. This `up` makes roles: log in as an administrator, and ask again")


def test_no_call_changes_anything() -> None:
    reads = ("Get", "List", "Describe", "Head", "Simulate")
    assert {call for call in preflight.CALLS if not call.partition(":")[2].startswith(reads)} == set()


def test_a_resource_of_the_state_is_not_new() -> None:
    plan = Planned(stack="dev", env=env_of("dev"), resources=(Resource(type="ec2/eip", inputs={}, before={}),))
    assert (len(plan.of("ec2/eip")), plan.new("ec2/eip")) == (1, [])
