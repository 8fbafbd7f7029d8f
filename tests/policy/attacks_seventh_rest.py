"""The seventh set, its other half: entries that change places, ways, what is paid for, and what is kept."""

from __future__ import annotations

import copy
import json
from typing import Any

from tests.policy.attacks import ACCOUNT, ARN, at, attack
from tests.policy.attacks_seventh import UNTIL_DECEMBER, narrowed, planned
from tests.policy.attacks_sixth import more
from tests.policy.builders import TAGS, UNKNOWN, document
from tests.policy.planned import Edit

ARRIVALS = ARN.format("sqs", "evolution-arrivals-prod")
ENDS = ".us-east-1.amazonaws.com"
ONLY_HERE = {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}
PRIVATE = [f"network-private-{index}" for index in range(3)]
RULES = json.loads(planned("prod")["compute-repository-lifecycle"].props["policy"])["rules"]
QUERIES = copy.deepcopy(planned("prod")["agentcore-gateway-errors"].props["metricQueries"])
SCORE = json.loads(planned("prod")["monitoring-dashboard"].props["dashboardBody"])["widgets"][0]

ENTRIES = (
    attack(
        "whatever image is older than two weeks goes",
        "The two rules change how they count: the image that runs, and those that bred champions, expire by their age.",
        at(
            "compute-repository-lifecycle",
            "policy.rules",
            [
                {**RULES[0], "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 30}},
                {**RULES[1], "selection": {"tagStatus": "any", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14}},
            ],
        ),
        "workload/images-kept",
    ),
    attack(
        "the gateway's alarm compares one of three",
        "Not the sum, but what is called m0 is returned: who is refused at the gateway is counted and never compared.",
        at(
            "agentcore-gateway-errors",
            "metricQueries",
            [{**one, "returnData": one["id"] == "m0"} for one in QUERIES],
        ),
        "alarms/gateway-errors",
        "approved/presence",
    ),
    attack(
        "the gateway's alarm for another protocol",
        "No request is counted as MCP: the alarm never fires.",
        tuple(
            at("agentcore-gateway-errors", f"metricQueries.{index}.metric.dimensions.Protocol", "MCP")
            for index, one in enumerate(QUERIES)
            if "metric" in one
        ),
        "alarms/gateway-errors",
    ),
    attack(
        "the score's bound is drawn somewhere else",
        "Beside the score stands a bound of 0.1, and the table's on a panel below: who looks sees a score that is well.",
        (
            at("monitoring-dashboard", "dashboardBody.widgets.0.properties.annotations.horizontal.0.value", 0.1),
            at(
                "monitoring-dashboard",
                "dashboardBody.widgets.+",
                {
                    **SCORE,
                    "y": 120,
                    "properties": {**SCORE["properties"], "title": "Notes", "metrics": [["EvolutionSystem/Engine", "Notes"]]},
                },
            ),
        ),
        "alarms/dashboard",
    ),
)
"""Entries of a list that hold what they must together, and not each."""


def blocked(called: str, group: str, name: str, *names: str) -> tuple[Edit, ...]:
    """Names that don't resolve in a group, before all others."""
    return (
        more(
            f"network-dns-{called}",
            "route53/resolverFirewallDomainList:ResolverFirewallDomainList",
            {},
            name=f"evolution-{called}-prod",
            domains=[*names],
        ),
        more(
            f"network-dns-block-{called}",
            "route53/resolverFirewallRule:ResolverFirewallRule",
            {"firewallRuleGroupId": [group], "firewallDomainListId": [f"network-dns-{called}"]},
            name=name,
            action="BLOCK",
            blockResponse="NXDOMAIN",
            priority=0,
            firewallRuleGroupId=UNKNOWN,
            firewallDomainListId=UNKNOWN,
        ),
    )


def served(service: str, *statements: dict[str, Any]) -> Edit:
    """An interface endpoint more."""
    return more(
        f"network-{service}-endpoint",
        "ec2/vpcEndpoint:VpcEndpoint",
        {"vpcId": ["network-vpc"], "subnetIds": PRIVATE, "securityGroupIds": ["network-endpoints-group"]},
        vpcId=UNKNOWN,
        vpcEndpointType="Interface",
        serviceName=f"com.amazonaws.us-east-1.{service}",
        subnetIds=[UNKNOWN, UNKNOWN, UNKNOWN],
        securityGroupIds=[UNKNOWN],
        privateDnsEnabled=True,
        policy=document(*({**one, "Effect": "Allow", "Principal": "*", "Condition": ONLY_HERE} for one in statements)),
    )


SAMPLES = {"Action": ["xray:GetSamplingRules", "xray:GetSamplingTargets"], "Resource": "*"}
SERVICES = ("ec2", "ecs", "ecs-agent", "ecs-telemetry", "events", "kms", "lambda", "rds", "sns", "sqs", "states", "sts")

WAYS = (
    attack(
        "the name of CloudWatch Logs isn't found",
        "A rule before the list's blocks one of AWS's names: what tasks say is thrown away once their buffer is full.",
        blocked("noisy", "network-dns-firewall", "noisy", f"logs{ENDS}"),
        "network/names-kept",
    ),
    attack(
        "an endpoint that takes no traces",
        "X-Ray's private name leads to an endpoint that lets nobody write: traces of agents are refused.",
        served("xray", SAMPLES),
        "network/endpoints",
    ),
    attack(
        "a dozen endpoints that nobody asks",
        "Each has an interface in each zone, paid by the hour: the table names six.",
        tuple(served(one, SAMPLES) for one in SERVICES),
        "network/endpoints",
    ),
    attack(
        "three NAT gateways in a subnet of their own",
        "None of them is called as those are that the table counts; all are paid by the hour.",
        (
            more(
                "network-spare",
                "ec2/subnet:Subnet",
                {"vpcId": ["network-vpc"]},
                vpcId=UNKNOWN,
                availabilityZone="us-east-1a",
                cidrBlock="10.30.250.0/24",
                mapPublicIpOnLaunch=False,
            ),
            *(
                edit
                for letter in "xyz"
                for edit in (
                    more(f"network-spare-{letter}-address", "ec2/eip:Eip", {}, domain="vpc"),
                    more(
                        f"network-spare-{letter}",
                        "ec2/natGateway:NatGateway",
                        {"subnetId": ["network-spare"], "allocationId": [f"network-spare-{letter}-address"]},
                        subnetId=UNKNOWN,
                        allocationId=UNKNOWN,
                        connectivityType="public",
                    ),
                )
            ),
        ),
        "environment/table-figures",
    ),
)
"""Where traffic goes, and at what price."""


def started(called: str, expression: str) -> Edit:
    """A schedule more that starts evolutions."""
    return more(
        f"evolution-trigger-{called}",
        "scheduler/schedule:Schedule",
        {"groupName": ["evolution-schedules"], "target": ["evolution-trigger", "evolution-scheduler-role", "evolution-dead-letters"]},
        name=f"evolution-{called}-prod",
        groupName="evolution-prod",
        scheduleExpression=expression,
        scheduleExpressionTimezone="UTC",
        state="ENABLED",
        flexibleTimeWindow={"mode": "OFF"},
        target={
            "arn": UNKNOWN,
            "roleArn": UNKNOWN,
            "input": '{"scheduled_time": "<aws.scheduler.scheduled-time>"}',
            "deadLetterConfig": {"arn": UNKNOWN},
            "retryPolicy": {"maximumEventAgeInSeconds": 900, "maximumRetryAttempts": 2},
        },
    )


PAID = (
    attack(
        "fourteen more schedules of the table's pace",
        "None is faster than the table's, which starts four evolutions an hour; all of them together start sixty.",
        tuple(started(f"too-{letter}", "rate(15 minutes)") for letter in "ghijklmnopqrst"),
        "approved/newcomers",
        "environment/table-figures",
    ),
    attack(
        "each minute of a quarter of an hour",
        "A schedule that rests for most of the hour starts fifteen evolutions in a row.",
        started("early", "cron(0-14 * * * ? *)"),
        "environment/table-figures",
    ),
    attack(
        "a hundred engines at least",
        "Every five minutes the bounds are set again: there are as many engines as there may be, whatever there is to do.",
        at("compute-engine-bounds", "scalableTargetAction.minCapacity", 100),
        "alarms/running-tasks",
        "environment/scale-bounds",
    ),
    attack(
        "all addresses of the account",
        "A region gives an account five addresses by default: other programs get none.",
        tuple(more(f"network-kept-{letter}", "ec2/eip:Eip", {}, domain="vpc") for letter in "xyz"),
        "environment/table-figures",
    ),
    attack(
        "all policies for logs of the account",
        "A region gives an account ten: no other program's service can be let write its logs.",
        tuple(
            more(
                f"security-log-delivery-{letter}",
                "cloudwatch/logResourcePolicy:LogResourcePolicy",
                {},
                policyName=f"evolution-more-{letter}-prod",
                policyDocument=planned("prod")["security-web-acl-log-delivery"].props["policyDocument"],
            )
            for letter in "stuvwxyz"
        ),
        "approved/types",
    ),
    attack(
        "all policies for traces of the account",
        "A region gives an account five: no other program's traces can be delivered.",
        tuple(
            more(
                f"agentcore-traces-policy-{letter}",
                "xray/resourcePolicy:ResourcePolicy",
                {},
                policyName=f"evolution-more-{letter}-prod",
                policyDocument=planned("prod")["agentcore-gateway-traces-policy"].props["policyDocument"],
            )
            for letter in "wxyz"
        ),
        "approved/types",
    ),
)
"""What is paid for, or used up."""

KEPT = (
    attack(
        "a record that fails holds up all behind it",
        "It is tried for as long as the stream keeps it, a day: finished evolutions behind it are gone before they are archived.",
        (
            at("evolution-archiver-reads-stream", "maximumRetryAttempts", 10_000),
            at("evolution-archiver-reads-stream", "maximumRecordAgeInSeconds", 604_800),
        ),
        "workload/stream-mapping",
    ),
    attack(
        "the key goes within a week",
        "Who notices after eight days that it was to be deleted has lost all that was stored.",
        at("security-key", "deletionWindowInDays", 7),
        "data-protection/key-window",
    ),
    attack(
        "the settings go at once",
        "A secret without a recovery window can't be had back.",
        at("security-safety-settings", "recoveryWindowInDays", 0),
        "data-protection/secret-window",
    ),
    attack(
        "the bucket itself may be asked in plain text",
        "The denial is about objects alone: lists of them, and the bucket's settings, go unencrypted.",
        at("data-artifacts-policy", "policy.Statement.0.Resource", f"arn:aws:s3:::evolution-artifacts-prod-{ACCOUNT}-us-east-1/*"),
        "identity/tls-only",
    ),
    attack(
        "the gateway's traces until December",
        "X-Ray takes no more of them from a day on.",
        narrowed("agentcore-gateway-traces-policy", "policyDocument", UNTIL_DECEMBER),
        "approved/guards",
    ),
    attack(
        "an evolution that starts a day late",
        "What the scheduler couldn't hand over at once is tried 185 times within a day: it starts when nobody expects it.",
        at("evolution-trigger-schedule", "target.retryPolicy", {"maximumEventAgeInSeconds": 86_400, "maximumRetryAttempts": 185}),
        "approved/choices",
    ),
)
"""What is kept, and for how long something is tried."""

TOLD = (
    attack(
        "an alarm for one engine of two",
        "That half of the engines are gone tells nobody.",
        at("monitoring-engine-tasks", "threshold", 1),
        "alarms/running-tasks",
    ),
    attack(
        "the settings are billing's by their purpose",
        "Roles whose grants hold for what has their purpose may read the key, and write another threshold.",
        (
            at("security-safety-settings", "tags", {"Purpose": "billing"}),
            at("security-safety-settings", "tagsAll", {**TAGS, "Purpose": "billing"}),
        ),
        "governance/tags",
    ),
    attack(
        "an address that is known by the deployment only",
        "Who is told by e-mail when it is unsafe is computed while it is deployed.",
        more(
            "monitoring-alerts-to-0",
            "sns/topicSubscription:TopicSubscription",
            {"topic": ["monitoring-alerts"]},
            "monitoring-alerts-policy",
            topic=UNKNOWN,
            protocol="email",
            endpoint=UNKNOWN,
        ),
        "containment/subscriptions",
    ),
    attack(
        "a queue that anybody's buckets fill",
        "S3 may send to it on behalf of any account: strangers' messages are kept under the stack's key, and paid for.",
        (
            more(
                "evolution-arrivals",
                "sqs/queue:Queue",
                {"kmsMasterKeyId": ["security-key"]},
                name="evolution-arrivals-prod",
                kmsMasterKeyId=UNKNOWN,
                maxMessageSize=1048576,
                messageRetentionSeconds=1209600,
            ),
            more(
                "evolution-arrivals-policy",
                "sqs/queuePolicy:QueuePolicy",
                {"queueUrl": ["evolution-arrivals"]},
                queueUrl=UNKNOWN,
                policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "s3.amazonaws.com"},
                        "Action": "sqs:SendMessage",
                        "Resource": ARRIVALS,
                        "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}},
                    },
                    {
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "sqs:*",
                        "Resource": ARRIVALS,
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    },
                ),
            ),
        ),
        "identity/confused-deputy",
        "alarms/dead-letters",
        "containment/resource-policies",
    ),
    attack(
        "a button on the dashboard",
        "Beside the score stands a link that looks like the way to resume, and leads to somebody's page.",
        at(
            "monitoring-dashboard",
            "dashboardBody.widgets.+",
            {
                "type": "text",
                "x": 12,
                "y": 0,
                "width": 6,
                "height": 2,
                "properties": {"markdown": "[button:primary:Sign in to resume evolution](https://signin-aws.example.org/resume)"},
            },
        ),
        "alarms/dashboard-shows",
    ),
)
"""Who is told what."""
