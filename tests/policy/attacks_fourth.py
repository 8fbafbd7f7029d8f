"""A fourth set of unsafe edits: the way to the halt, access, networks, what is stored, and who is told."""

from __future__ import annotations

from tests.policy.attacks import ACCOUNT, ARN, ARTIFACTS, TOPIC, at, attack, new
from tests.policy.builders import TAGS, UNKNOWN, Node, document
from tests.policy.planned import Edit, Refer

LETTERS = ARN.format("sqs", "evolution-dead-letters-prod")
SCORE = "dashboardBody.widgets.0.properties.metrics"
FROM = "Condition.ArnLike.aws:SourceArn"


def twin(called: str, kind: str, sources: dict[str, list[str]], /, **props: object) -> Edit:
    """A resource that sets what another one sets, so that whichever is deployed last is what holds."""
    return Edit(called, "", Node(f"aws:{kind}", props, sources, outputs={"tagsAll": TAGS}), frozenset())


def publishes(service: str, source: str) -> dict[str, object]:
    """A statement by which a service publishes to the topic."""
    condition = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": source}}
    return {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sns:Publish", "Resource": TOPIC, "Condition": condition}


HALT = (
    attack(
        "a score that isn't looked at for a day",
        "After each deployment, which whoever deploys may repeat each day, no score halts anything.",
        at("monitoring-safety-score", "warmUpConfiguration.warmUpPeriodDurationInMinutes", 1440),
        "alarms/safety-score-average",
    ),
    attack(
        "a second policy of the alert topic",
        "Whichever of the two is written last holds: no alarm may publish, so none is heard and none halts.",
        twin(
            "topic-policy",
            "sns/topicPolicy:TopicPolicy",
            {"arn": ["monitoring-alerts"]},
            arn=UNKNOWN,
            policy=document(publishes("budgets.amazonaws.com", f"arn:aws:budgets::{ACCOUNT}:*")),
        ),
        "approved/new-access",
    ),
    attack(
        "the scheduler may start the trigger only",
        "The switch isn't asked each minute any more: a halt that failed once is never tried again.",
        at("evolution-scheduler-role-grants", "policy.Statement.0.Resource", ARN.format("lambda", "function:evolution-trigger-prod")),
        "alarms/switch-is-called",
        "approved/guards",
    ),
    attack(
        "the monitor's count is whatever it is",
        "Somebody sets the monitor to no task by hand, and no deployment sets it back.",
        at("compute-monitor-service", "ignoreChanges", ("desiredCount",)),
        "approved/options",
    ),
    attack(
        "the halting alarm goes when it is replaced",
        "Whoever has disabled its actions has it replaced: the new one has the old one's name, and is deleted as the old one.",
        at("monitoring-unsafe", "deleteBeforeReplace", False),
        "approved/replaced",
    ),
)
"""The way from a score to the halt."""

ACCESS = (
    attack(
        "the archiver archives in one folder of none",
        "Each finished evolution is refused by S3, and gone when its dead letter is.",
        at("evolution-archiver-role-grants", "policy.Statement.2.Resource", f"arn:aws:s3:::{ARTIFACTS}/evolutions/none/*"),
        "approved/guards",
    ),
    attack(
        "second grants of the flow logs' role, by the same name",
        "An inline policy is known by its name: the one that is written last holds, and it writes no log.",
        twin(
            "flow-logs-grants",
            "iam/rolePolicy:RolePolicy",
            {"role": ["network-flow-logs-role"]},
            name="grants",
            role="evolution-flow-logs-prod-us-east-1",
            policy=document({"Effect": "Allow", "Action": "logs:DescribeLogGroups", "Resource": "*"}),
        ),
        "approved/presence",
    ),
    attack(
        "another program's role with the engine's grants",
        "What another program runs writes into the population.",
        twin(
            "billing-grants",
            "iam/rolePolicy:RolePolicy",
            {},
            name="grants",
            role="billing-worker",
            policy=document(
                {"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": ARN.format("dynamodb", "table/agent-population-prod")}
            ),
        ),
        "approved/new-access",
    ),
    attack(
        "anybody's credentials at the metrics' endpoint",
        "With keys of another account, an engine that was taken over sends what it likes out of the private network.",
        at(
            "network-monitoring-endpoint",
            "policy.Statement.0.Condition",
            {"StringEquals": {"cloudwatch:namespace": "EvolutionSystem/Engine"}},
        ),
        "identity/no-public-access",
    ),
    attack(
        "a second policy of the gateway, without the denial",
        "Whichever is written last holds: whoever is granted to ask gateways by IAM asks this one, past the handler.",
        twin(
            "gateway-policy",
            "bedrock/agentcoreResourcePolicy:AgentcoreResourcePolicy",
            {"resourceArn": ["agentcore-gateway"]},
            resourceArn=UNKNOWN,
            policy=document(
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/evolution-agentcore-handler-prod-us-east-1"},
                    "Action": ["bedrock-agentcore:InvokeGateway"],
                    "Resource": ARN.format("bedrock-agentcore", "gateway/evolution-prod-??????????"),
                }
            ),
        ),
        "agentcore/only-handler",
    ),
)
"""Who may do what."""

NETWORK = (
    attack(
        "S3 past its endpoint",
        "Two of three private subnets reach S3 through the NAT gateway, where no endpoint policy keeps data in.",
        at("network-s3-endpoint", "routeTableIds", Refer("network-private-0-routes")),
        "network/endpoints",
    ),
    attack(
        "a private way to somebody else's service",
        "An endpoint of PrivateLink leads out of the private network into another account.",
        Edit(
            "way-out",
            "",
            Node(
                "aws:ec2/vpcEndpoint:VpcEndpoint",
                {
                    "vpcId": UNKNOWN,
                    "vpcEndpointType": "Interface",
                    "serviceName": "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0",
                    "subnetIds": [UNKNOWN],
                    "securityGroupIds": [UNKNOWN],
                    "privateDnsEnabled": True,
                    "policy": document(
                        {
                            "Effect": "Allow",
                            "Principal": "*",
                            "Action": "s3:PutObject",
                            "Resource": f"arn:aws:s3:::{ARTIFACTS}/*",
                            "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
                        }
                    ),
                },
                {"vpcId": ["network-vpc"], "subnetIds": ["network-private-0"], "securityGroupIds": ["network-endpoints-group"]},
                outputs={"tagsAll": TAGS},
            ),
            frozenset(),
        ),
        "network/endpoints",
    ),
    attack(
        "agents' logs don't pass the endpoint",
        "The agents in the network may not write their logs through the only way that there is.",
        at("network-logs-endpoint", "policy.Statement.2.Resource", ARN.format("logs", "log-group:/evolution/prod/engine:*")),
        "approved/new-access",
    ),
    attack(
        "a second route table for a private subnet",
        "The subnet's table is the one that was associated last: the one that leads to the internet gateway.",
        twin(
            "associated",
            "ec2/routeTableAssociation:RouteTableAssociation",
            {"subnetId": ["network-private-0"], "routeTableId": ["network-public-routes"]},
            subnetId=UNKNOWN,
            routeTableId=UNKNOWN,
        ),
        "approved/second",
        "network/private-placement",
    ),
)
"""Where traffic goes."""

DATA = (
    attack(
        "prod's artifacts for as long as dev's",
        "A year's record of what was bred is cut down to a month, at once.",
        at("data-artifacts-lifecycle", "rules.0.expiration.days", 30),
        "environment/table-figures",
    ),
    attack(
        "a second for the archiver",
        "No batch is ever finished, so every finished evolution ends as a dead letter.",
        at("evolution-archiver", "timeout", 1),
        "approved/choices",
    ),
    attack(
        "an archiver that never runs",
        "The stream isn't read, and DynamoDB throws its records away after a day.",
        at("evolution-archiver", "reservedConcurrentExecutions", 0),
        "workload/function-form",
    ),
    attack(
        "what is older than a minute isn't archived",
        "Whatever waits while the archiver is slow is thrown away; its dead letter has the place of the record, not the record.",
        at("evolution-archiver-reads-stream", "maximumRecordAgeInSeconds", 60),
        "approved/choices",
    ),
)
"""What is stored, and for how long."""

TOLD = (
    attack(
        "an engine that is gone for a day",
        "That there are too few engines is said after a day of it.",
        (at("monitoring-engine-tasks", "evaluationPeriods", 1440), at("monitoring-engine-tasks", "datapointsToAlarm", 1440)),
        "alarms/running-tasks",
    ),
    attack(
        "a million blocked requests are few",
        "Whoever floods the gateway or tries out what it refuses is never noticed.",
        at("monitoring-web-acl-blocked", "threshold", 1_000_000),
        "alarms/blocked-requests",
    ),
    attack(
        "a dashboard that says that all is well",
        "The panel of the safety score shows a line at 1, whatever the score is.",
        at("monitoring-dashboard", SCORE, [[{"expression": "FILL(METRICS(), 1) * 0 + 1", "label": "SafetyScore"}]]),
        "alarms/dashboard",
    ),
    attack(
        "the alerts to somebody's mailbox",
        "Whoever reads that mailbox learns when the system is unsafe, halted or without its monitor.",
        Edit(
            "mailbox",
            "",
            Node(
                "aws:sns/topicSubscription:TopicSubscription",
                {"topic": UNKNOWN, "protocol": "email", "endpoint": "someone@example.org"},
                {"topic": ["monitoring-alerts"]},
            ),
            frozenset(),
        ),
        "containment/subscriptions",
    ),
)
"""Who is told."""

OTHERS = (
    attack(
        "another program's bucket is emptied",
        "The deployment sets a lifecycle for a bucket that isn't this system's: all that is in it goes within a month.",
        new(
            "cleaning",
            "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
            bucket="billing-invoices",
            rules=[
                {
                    "id": "expire",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "expiration": {"days": 30},
                    "noncurrentVersionExpiration": {"noncurrentDays": 7},
                    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
                }
            ],
        ),
        "approved/presence",
    ),
    attack(
        "another program's bucket loses its denials",
        "A bucket has one policy: what kept others out of that bucket is written over.",
        new(
            "policy-elsewhere",
            "s3/bucketPolicy:BucketPolicy",
            bucket="billing-invoices",
            policy=document(
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": ["arn:aws:s3:::billing-invoices", "arn:aws:s3:::billing-invoices/*"],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ),
        ),
        "approved/presence",
    ),
    attack(
        "another program's images go",
        "Its service can't start a task any more once its image has expired.",
        new(
            "images-elsewhere",
            "ecr/lifecyclePolicy:LifecyclePolicy",
            repository="billing-api",
            policy='{"rules": [{"rulePriority": 1, "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", '
            '"countNumber": 30}, "action": {"type": "expire"}}]}',
        ),
        "approved/presence",
    ),
    attack(
        "another program's service is scaled to nothing",
        "Every five minutes the other service is set to no task.",
        new(
            "capacity-elsewhere",
            "appautoscaling/scheduledAction:ScheduledAction",
            name="billing",
            resourceId="service/billing/api",
            serviceNamespace="ecs",
            scalableDimension="ecs:service:DesiredCount",
            schedule="rate(5 minutes)",
            scalableTargetAction={"minCapacity": 0, "maxCapacity": 0},
        ),
        "environment/scale-bounds",
    ),
)
"""Parts of other programs."""
