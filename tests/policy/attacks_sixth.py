"""A sixth set of unsafe edits: the way to the halt, access, networks, what is stored, who is told, tags, and other programs."""

from __future__ import annotations

from typing import Any

from tests.policy.attacks import ACCOUNT, ARN, FUNCTION, at, attack
from tests.policy.builders import TAGS, UNKNOWN, Node, document
from tests.policy.planned import Edit

DELIVERS = document(
    {
        "Effect": "Allow",
        "Principal": {"Service": "delivery.logs.amazonaws.com"},
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": ARN.format("logs", "log-group:/evolution/prod/gateway:*"),
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": ARN.format("logs", "*")}},
    }
)


def more(called: str, kind: str, comes_from: dict[str, list[str]], /, *waits: str, **props: Any) -> Edit:
    """A resource appears, with the stack's tags, whose values come from others, and which waits for some."""
    return Edit(called, "", Node(f"aws:{kind}", {**props, "tagsAll": TAGS}, comes_from, depends_on=waits), frozenset())


def kept(node: Node, ignoring: tuple[str, ...]) -> Node:
    """A node whose properties are left alone."""
    node.ignore_changes = ignoring
    return node


SCALED = "service/evolution-system-prod/evolution-second-prod"
OF_SCALED = {"resourceId": SCALED, "serviceNamespace": "ecs", "scalableDimension": "ecs:service:DesiredCount"}
FROM_SCALED = {key: ["second-scaling"] for key in OF_SCALED}
LIMITS = {"Autonomy": "85", "AgentMemoryLimit": "6.5KB"}


def following(metric: str, target: int) -> dict[str, Any]:
    return {
        "predefinedMetricSpecification": {"predefinedMetricType": metric},
        "targetValue": target,
        "scaleInCooldown": 300,
        "scaleOutCooldown": 120,
    }


SECOND_ENGINE = (
    more(
        "second-service",
        "ecs/service:Service",
        {
            "cluster": ["compute-cluster"],
            "taskDefinition": ["compute-engine-task"],
            "networkConfiguration": ["network-private-0", "network-private-1", "network-private-2", "compute-workload-group"],
        },
        name="evolution-second-prod",
        cluster=UNKNOWN,
        taskDefinition=UNKNOWN,
        desiredCount=2,
        launchType="FARGATE",
        propagateTags="SERVICE",
        enableEcsManagedTags=True,
        waitForSteadyState=True,
        availabilityZoneRebalancing="ENABLED",
        deploymentMinimumHealthyPercent=50,
        deploymentCircuitBreaker={"enable": True, "rollback": True},
        networkConfiguration={"subnets": [UNKNOWN], "securityGroups": [UNKNOWN], "assignPublicIp": False},
        tags=LIMITS,
    ),
    Edit(
        "second-scaling",
        "",
        kept(
            Node("aws:appautoscaling/target:Target", {**OF_SCALED, "minCapacity": 2, "maxCapacity": 100, "tagsAll": TAGS}),
            ("minCapacity", "maxCapacity", "suspendedState"),
        ),
        frozenset(),
    ),
    more(
        "second-bounds",
        "appautoscaling/scheduledAction:ScheduledAction",
        FROM_SCALED,
        **OF_SCALED,
        name="evolution-second-bounds-prod",
        schedule="rate(5 minutes)",
        scalableTargetAction={"minCapacity": 2, "maxCapacity": 100},
    ),
    *(
        more(
            f"second-scaling-by-{what.lower()}",
            "appautoscaling/policy:Policy",
            FROM_SCALED,
            **OF_SCALED,
            name=f"evolution-second-{what.lower()}-prod",
            policyType="TargetTrackingScaling",
            targetTrackingScalingPolicyConfiguration=following(f"ECSServiceAverage{what}Utilization", target),
        )
        for what, target in (("CPU", 70), ("Memory", 80))
    ),
    more(
        "second-tasks",
        "cloudwatch/metricAlarm:MetricAlarm",
        {"alarmActions": ["monitoring-alerts"], "okActions": ["monitoring-alerts"]},
        name="evolution-second-tasks-prod",
        namespace="ECS/ContainerInsights",
        metricName="RunningTaskCount",
        dimensions={"ServiceName": "evolution-second-prod", "ClusterName": "evolution-system-prod"},
        statistic="Minimum",
        comparisonOperator="LessThanThreshold",
        threshold=2,
        period=60,
        evaluationPeriods=10,
        datapointsToAlarm=10,
        treatMissingData="breaching",
        alarmActions=[UNKNOWN],
        okActions=[UNKNOWN],
    ),
    at("second-service", "tagsAll", {**TAGS, **LIMITS}),
    at("second-service", "ignoreChanges", ("desiredCount",)),
)

HALTED = (
    attack(
        "a second engine, with all that an engine has",
        "The switch stops one service by its name; the second one's tasks and bounds stay as they are in each halt.",
        SECOND_ENGINE,
        "approved/second",
    ),
    attack(
        "the dashboard resumes",
        "A panel that calls a function is run whenever the dashboard is opened, by whoever looks: the halt ends without a decision.",
        at(
            "monitoring-dashboard",
            "dashboardBody.widgets.+",
            {
                "type": "custom",
                "x": 0,
                "y": 90,
                "width": 6,
                "height": 3,
                "properties": {
                    "endpoint": FUNCTION.format("evolution-resume-prod"),
                    "updateOn": {"refresh": True, "resize": True, "timeRange": True},
                    "title": "State",
                },
            },
        ),
        "alarms/dashboard-calls",
        "alarms/dashboard-shows",
        "containment/switch-and-resume",
    ),
    attack(
        "a threshold that nobody can read",
        "What the secret is filled with is computed while it is deployed: any threshold, and any key.",
        at("security-safety-settings-value", "secretStringWo", UNKNOWN),
        "approved/floors",
    ),
    attack(
        "a request that runs again when all is over",
        "An agent's request that failed is asked once more within six hours: also after a halt, when nobody waits for it.",
        (
            at("agentcore-handler-invocations", "maximumRetryAttempts", 1),
            at("agentcore-handler-invocations", "maximumEventAgeInSeconds", 21600),
        ),
        "approved/choices",
    ),
)
"""The way from a score to the halt."""


ACCESS = (
    attack(
        "a way back for the engine's role",
        "The engine passes for what any service of AWS does on the account's behalf.",
        at("compute-engine-role", "assumeRolePolicy.Statement.0.Condition", {"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
        "approved/new-access",
    ),
)
"""Who may do what, and who stands beside whom."""

NETWORK = (
    attack(
        "a list of names beside the list",
        "Whoever owns the domain reads what is asked for below it; the reviewed list is as it was.",
        (
            more(
                "network-dns-telemetry",
                "route53/resolverFirewallDomainList:ResolverFirewallDomainList",
                {},
                name="evolution-telemetry-prod",
                domains=["*.telemetry.example.org"],
            ),
            more(
                "network-dns-allow-telemetry",
                "route53/resolverFirewallRule:ResolverFirewallRule",
                {"firewallRuleGroupId": ["network-dns-firewall"], "firewallDomainListId": ["network-dns-telemetry"]},
                name="telemetry",
                action="ALLOW",
                firewallDomainRedirectionAction="TRUST_REDIRECTION_DOMAIN",
                priority=0,
                firewallRuleGroupId=UNKNOWN,
                firewallDomainListId=UNKNOWN,
            ),
        ),
        "network/name-list",
    ),
    attack(
        "names that are known by the deployment only",
        "Which names pass is computed while it is deployed.",
        at("network-dns-allowed", "domains", UNKNOWN),
        "approved/choices",
        "network/name-list",
    ),
    attack(
        "the model's name leads past its endpoint",
        "Prompts go over the internet, and no endpoint's policy asks for the guardrail.",
        at("network-bedrock-runtime-endpoint", "privateDnsEnabled", False),
        "network/endpoint",
    ),
    attack(
        "whoever it is may ask the endpoints",
        "Who is let in is known by the deployment only.",
        at("network-endpoints-from-vpc", "cidrIpv4", UNKNOWN),
        "network/no-public-ingress",
    ),
    attack(
        "agents in AgentCore's own network",
        "Prod's agents reach the internet past the endpoints, the DNS firewall and the flow logs, as dev's do.",
        at("agentcore-runtime", "networkConfiguration", {"networkMode": "PUBLIC"}),
        "agentcore/private-network",
    ),
)
"""Where traffic goes."""

STORED = (
    attack(
        "finished evolutions for a month",
        "One folder of the artifacts expires sooner than the table says: the record of a year is gone after thirty days.",
        at(
            "data-artifacts-lifecycle",
            "rules.+",
            {
                "id": "expire",
                "status": "Enabled",
                "filter": {"prefix": "evolutions/"},
                "expiration": {"days": 30},
                "noncurrentVersionExpiration": {"noncurrentDays": 7},
            },
        ),
        "approved/floors",
    ),
    attack(
        "a record that is written under another key",
        "Who administers the other key reads finished evolutions, or loses them.",
        at("data-artifacts-encryption", "rules.0.applyServerSideEncryptionByDefault.kmsMasterKeyId", ARN.format("kms", "key/of-billing")),
        "encryption/bucket-cmk",
    ),
    attack(
        "bodies of the web ACL's log",
        "Who asked what is struck out of the log: the address, and not the signature alone.",
        at("security-web-acl-logging", "redactedFields.+", {"singleHeader": {"name": "x-forwarded-for"}}),
        "agentcore/web-acl-log-form",
    ),
)
"""What is stored, and its record."""

TOLD = (
    attack(
        "ten lost events are none",
        "A halt that couldn't be delivered waits in the queue unread, and expires.",
        at("monitoring-dead-letters-depth", "threshold", 10),
        "alarms/dead-letters",
    ),
)
"""Who is told."""

TOLD_STAGING = (
    attack(
        "a dashboard of another region",
        "The panel of the safety score shows a region in which nothing runs: no line, and no breach.",
        at("monitoring-dashboard", "dashboardBody.widgets.0.properties.region", "eu-west-1"),
        "alarms/dashboard",
        "alarms/dashboard-shows",
    ),
)
"""Who is told."""

OTHERS = (
    attack(
        "a new alarm by billing's name",
        "CloudWatch keeps one alarm a name: billing's failures tell nobody any more.",
        more(
            "more-errors",
            "cloudwatch/metricAlarm:MetricAlarm",
            {"alarmActions": ["monitoring-alerts"], "okActions": ["monitoring-alerts"]},
            name="billing-api-errors-prod",
            namespace="EvolutionSystem/Engine",
            metricName="AgentsBorn",
            dimensions={"Environment": "prod"},
            statistic="Maximum",
            comparisonOperator="GreaterThanThreshold",
            threshold=1000000,
            period=60,
            evaluationPeriods=1,
            datapointsToAlarm=1,
            treatMissingData="notBreaching",
            alarmActions=[UNKNOWN],
            okActions=[UNKNOWN],
        ),
        "approved/choices",
    ),
    attack(
        "billing's logs are delivered no more",
        "CloudWatch Logs keeps one policy a name: billing's is replaced by one that is about our log group.",
        more(
            "more-delivery", "cloudwatch/logResourcePolicy:LogResourcePolicy", {}, policyName="billing-logs-prod", policyDocument=DELIVERS
        ),
        "approved/types",
    ),
    attack(
        "the account's executions for the archiver",
        "Lambda keeps 880 of the account's thousand back for one function, so other programs' wait.",
        at("evolution-archiver", "reservedConcurrentExecutions", 880),
        "approved/choices",
    ),
)
"""Parts of other programs."""

TAGGED = (
    attack(
        "a role's tag opens other doors",
        "A role's tags are its sessions': whatever other programs let in by aws:PrincipalTag/team lets the engine in.",
        (
            at("compute-engine-role", "tags", {"team": "billing-administrators"}),
            at("compute-engine-role", "tagsAll", {**TAGS, "team": "billing-administrators"}),
        ),
        "approved/tags",
    ),
    attack(
        "the settings belong to another team by their tag",
        "Roles whose grants hold for what is tagged with their team may read the validation key, and write another threshold.",
        (
            at("security-safety-settings", "tags", {"team": "billing"}),
            at("security-safety-settings", "tagsAll", {**TAGS, "team": "billing"}),
        ),
        "approved/tags",
    ),
    attack(
        "everything is for an experiment",
        "The provider's tags put each task, table and topic within reach of whoever stops, or backs up elsewhere, what has the tag.",
        at(
            "aws",
            "defaultTags",
            '{"tags": {"Project": "evolution-system", "Environment": "prod", "ManagedBy": "pulumi", "Purpose": "AI Evolution System", '
            '"chaos": "enabled"}}',
        ),
        "approved/tags",
    ),
)
"""What tags open."""

OPTIONS = (
    attack(
        "certificates of somebody's own",
        "The deployment believes whoever has a certificate of that authority to be AWS, and sends it secrets and documents.",
        at("aws", "customCaBundle", "./theirs.pem"),
        "approved/properties",
    ),
)
"""What Pulumi and its provider are told."""
