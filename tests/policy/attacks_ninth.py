"""A ninth set of unsafe edits: access, the way to the halt, the network, what is stored."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from tests.policy.attacks import ARTIFACTS, ENGINE, ROLE, at, attack
from tests.policy.attacks_seventh import planned, said, without
from tests.policy.attacks_sixth import more
from tests.policy.builders import TAGS, UNKNOWN, Node
from tests.policy.planned import Edit, Refer

Statement = dict[str, Any]


def changed(resource: str, comes_from: Mapping[str, list[str]], /, stack: str = "prod", **props: Any) -> Edit:
    """A resource with other properties, whose values are those of others."""
    node = copy.deepcopy(planned(stack)[resource])
    outputs = {key: value for key, value in node.outputs.items() if key not in props}
    waits = (*node.depends_on, *(name for names in comes_from.values() for name in names if name not in node.depends_on))
    kept = {key: names for key, names in node.references.items() if key not in props}
    return Edit(
        resource,
        "",
        Node(
            node.type,
            {**node.props, **props},
            {**kept, **comes_from},
            protect=node.protect,
            ignore_changes=node.ignore_changes,
            delete_before_replace=node.delete_before_replace,
            depends_on=waits,
            outputs=outputs,
        ),
        frozenset(),
    )


def untagged(called: str, kind: str, comes_from: dict[str, list[str]], /, *waits: str, **props: Any) -> Edit:
    """A resource of a type without tags appears."""
    return Edit(called, "", Node(f"aws:{kind}", props, comes_from, depends_on=waits), frozenset())


def restated(resource: str, which: Callable[[Statement], bool], change: Callable[[Statement], Statement], key: str = "policy") -> Edit:
    """A document some of whose statements say something else."""
    statements = said(resource, key)
    assert any(map(which, statements)), f"{resource} has no such statement"
    return at(resource, f"{key}.Statement", [change(one) if which(one) else one for one in statements])


def called(sid: str) -> Callable[[Statement], bool]:
    return lambda one: one.get("Sid") == sid


def makes_grants(one: Statement) -> bool:
    return "ForAllValues:StringEquals" in one.get("Condition", {}) and "kms:GrantConstraintType" in str(one["Condition"])


def for_any(one: Statement) -> Statement:
    condition = dict(one["Condition"])
    operations = condition.pop("ForAllValues:StringEquals")
    return {**one, "Condition": {**condition, "ForAnyValue:StringEquals": {**condition.get("ForAnyValue:StringEquals", {}), **operations}}}


def spared(one: Statement) -> Statement:
    return {**one, "Condition": {**one["Condition"], "Bool": {"aws:ViaAWSService": "false"}}}


GRANTS = (
    attack(
        "image layers from a bucket that anybody may make",
        "Whoever makes the bucket prod-us-east-1-x serves code to the workloads, and reads in its access log what they ask it for.",
        restated("network-s3-endpoint", called("ImageLayers"), lambda one: {**one, "Resource": "arn:aws:s3:::prod-us-east-1-*/*"}),
        "identity/no-public-access",
    ),
    attack(
        "the trigger's grants on the switch's role",
        "Both documents are called `grants`: PutRolePolicy writes one over the other, and where the trigger's is last, nothing can halt.",
        changed("evolution-trigger-role-grants", {"role": ["evolution-safety-switch-role"]}, role="evolution-safety-switch-prod-us-east-1"),
        "approved/guards",
        "approved/new-access",
        "workload/failures-granted",
    ),
    attack(
        "one of the operations instead of all",
        "ForAnyValue holds if one operation is in the list: a grant of Decrypt and CreateGrant hands the key on to anybody.",
        (
            restated("agentcore-gateway-role-grants", makes_grants, for_any),
            restated("agentcore-boundary", makes_grants, for_any),
            restated("security-key", makes_grants, for_any),
        ),
        "approved/new-access",
    ),
    attack(
        "a condition that compares a key with itself",
        "A policy variable stands for what is asked: each account that Bedrock works for has its own number, and the role is taken on.",
        at(
            "agentcore-prompts-role",
            "assumeRolePolicy.Statement.0.Condition",
            {"StringEquals": {"aws:SourceAccount": "${aws:SourceAccount}"}, "ArnLike": {"aws:SourceArn": "${aws:SourceArn}"}},
        ),
        "identity/trust-source",
    ),
    attack(
        "the agents' denials spare what AWS's services do for others",
        "Whoever may invoke a runtime asks the agents by a service that calls on their behalf, past gateway, web ACL and policies.",
        tuple(restated(f"agentcore-runtime{part}-policy", called("NobodyElseAsks"), spared) for part in ("", "-endpoint", "-default")),
        "agentcore/only-gateway",
    ),
)

TIMERS = "evolution-timers-prod"
UNSAFE = ("evolution-safety-score-prod", "evolution-safety-score-worst-prod", "evolution-agent-memory-prod")
TWO_DAYS = {"warmUpPeriodDurationInMinutes": 2880, "onlyStartEvaluatingAfterWarmUpPeriodEnds": True}

HALT = (
    attack(
        "the schedules' group by another name",
        "The scheduler's role trusts schedule-group/evolution-prod: no schedule takes it on any more, and a lost message is a lost halt.",
        (
            at("evolution-schedules", "name", TIMERS),
            changed("evolution-safety-switch-schedule", {"groupName": ["evolution-schedules"]}, groupName=TIMERS),
            changed("evolution-trigger-schedule", {"groupName": ["evolution-schedules"]}, groupName=TIMERS),
        ),
        "approved/choices",
        "approved/switch-settings",
    ),
    attack(
        "two of three",
        "One island far below the threshold fires one alarm, and an agent that is too large another one: neither halts by itself.",
        at("monitoring-unsafe", "alarmRule", "AT_LEAST(2, ALARM, ({}))".format(", ".join(f'"{name}"' for name in UNSAFE))),
        "alarms/evolution-unsafe",
    ),
    attack(
        "scores that nobody looks at for two days",
        "A new stack evolves for 48 hours while its score alarms warm up: they fire for no score and for no missing one.",
        (
            at("monitoring-safety-score", "warmUpConfiguration", TWO_DAYS),
            at("monitoring-safety-score-worst", "warmUpConfiguration", TWO_DAYS),
        ),
        "alarms/safety-score-average",
        "alarms/safety-score-minimum",
    ),
    attack(
        "the engine's bounds, registered once more",
        "This one ignores no change: a deployment that refreshes sees the switch's minimum of 0 as drift, and starts the halted engine.",
        more(
            "compute-engine-floor",
            "appautoscaling/target:Target",
            {},
            "compute-engine-service",
            resourceId=ENGINE,
            serviceNamespace="ecs",
            scalableDimension="ecs:service:DesiredCount",
            minCapacity=2,
            maxCapacity=100,
        ),
        "workload/untouched-bounds",
    ),
    attack(
        "the safety alarms are muted around the clock",
        "A mute rule of a day starts each midnight: the alarms change their state and tell neither the topic nor anybody on call.",
        more(
            "monitoring-quiet",
            "cloudwatch/alarmMuteRule:AlarmMuteRule",
            {"muteTargets": ["monitoring-unsafe", "monitoring-safety-score", "monitoring-safety-score-worst"]},
            name="evolution-quiet-prod",
            rule={"schedule": {"expression": "cron(0 0 * * *)", "duration": "PT24H", "timezone": "UTC"}},
            muteTargets={"alarmNames": ["evolution-unsafe-prod", *UNSAFE[:2]]},
        ),
        "containment/known-types",
    ),
)

HALT_UNBUILT = (
    attack(
        "a mode that can't be halted",
        "Parameter Store refuses `halted` by the pattern that the parameter was made with: the switch's first step fails for good.",
        at("evolution-mode", "allowedPattern", "^running$"),
        "approved/choices",
    ),
)

OF_TARGET = {"resourceId": ["compute-engine-scaling"]}
SCALED = ("scaling-cpu", "scaling-memory", "bounds")

HALT_DEV = (
    attack(
        "dev registers prod's engine",
        "Registering a scalable target moves its count into the bounds: a deployment of dev starts prod's engine in the midst of a halt.",
        (
            at("compute-engine-scaling", "resourceId", ENGINE),
            *(changed(f"compute-engine-{name}", OF_TARGET, stack="dev", resourceId=ENGINE) for name in SCALED),
        ),
        "alarms/running-tasks",
        "approved/choices",
    ),
)

PRIVATE = ["network-private-0", "network-private-1", "network-private-2"]

NETWORK = (
    attack(
        "only addresses of IPv4 are blocked",
        "A rule with a query type is for that type: questions for TXT and AAAA carry data out, and answers carry orders in.",
        at("network-dns-block", "qType", "A"),
        "network/name-list",
    ),
    attack(
        "S3's accelerated names resolve",
        "They lead to CloudFront's addresses, not to those of the endpoint for S3: objects go to anybody's bucket, past its policy.",
        at("network-dns-allowed", "domains.+", "*.s3-accelerate.amazonaws.com"),
        "approved/choices",
    ),
    attack(
        "the endpoint for S3 in one zone of three",
        "From the two other subnets requests to S3 go by the NAT gateway, where no endpoint's policy says whose buckets may be written.",
        changed("network-s3-endpoint", {"routeTableIds": ["network-private-0-routes"]}, routeTableIds=[UNKNOWN]),
        "network/endpoints",
    ),
    attack(
        "a private way to somebody's service",
        "The traffic leaves for another account by PrivateLink, under its owner's name, and meets no firewall of the internet's.",
        (
            more(
                "network-partner-endpoint",
                "ec2/vpcEndpoint:VpcEndpoint",
                {"vpcId": ["network-vpc"], "subnetIds": PRIVATE, "securityGroupIds": ["network-endpoints-group"]},
                vpcId=UNKNOWN,
                vpcEndpointType="Interface",
                serviceName="com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0",
                subnetIds=[UNKNOWN, UNKNOWN, UNKNOWN],
                securityGroupIds=[UNKNOWN],
                privateDnsEnabled=True,
                tags={"Name": "evolution-partner-prod"},
            ),
            at("network-partner-endpoint", "tagsAll", {**TAGS, "Name": "evolution-partner-prod"}),
        ),
        "identity/own-policy",
        "network/endpoints",
    ),
    attack(
        "the endpoint for logs behind a group that admits nobody",
        "Its private name still leads there: what tasks and agents log is thrown away once their buffer is full.",
        at("network-logs-endpoint", "securityGroupIds.0", Refer("agentcore-runtime-group")),
        "approved/choices",
    ),
    attack(
        "a firewall that is there before its rules",
        "The VPC gets the group while it is empty: every name resolves, and where a rule's creation fails it stays so.",
        at("network-dns-association", "dependsOn", ("network-dns-firewall", "network-vpc")),
        "approved/order",
    ),
    attack(
        "agents reach the engine",
        "An agent that was taken over asks the engine's port, which was made for its own task only, and goes on from there.",
        (
            more(
                "compute-workload-from-vpc",
                "vpc/securityGroupIngressRule:SecurityGroupIngressRule",
                {"securityGroupId": ["compute-workload-group"]},
                securityGroupId=UNKNOWN,
                description="Status from inside the VPC",
                cidrIpv4="10.30.0.0/16",
                ipProtocol="tcp",
                fromPort=8000,
                toPort=8000,
            ),
            more(
                "agentcore-runtime-to-engine",
                "vpc/securityGroupEgressRule:SecurityGroupEgressRule",
                {"securityGroupId": ["agentcore-runtime-group"], "referencedSecurityGroupId": ["compute-workload-group"]},
                securityGroupId=UNKNOWN,
                referencedSecurityGroupId=UNKNOWN,
                description="The engine's status",
                ipProtocol="tcp",
                fromPort=8000,
                toPort=8000,
            ),
        ),
        "network/narrow-egress",
        "network/own-callers",
    ),
)

DATA = (
    attack(
        "a table that can be brought back for a day",
        "Point-in-time recovery is on, and reaches back one day instead of 35: a bad write of Friday is for good on Monday.",
        at("data-state", "pointInTimeRecovery.recoveryPeriodInDays", 1),
        "data-protection/table-recovery",
    ),
    attack(
        "a key that nobody may bring back",
        "Its administrators may still disable it and schedule its deletion, and no longer enable it or cancel that: data are gone with it.",
        without("security-key", "kms:CancelKeyDeletion", "kms:EnableKey"),
        "approved/guards",
    ),
    attack(
        "champions that can't be restored",
        "Of two rules for one object the shorter time counts: a champion that is overwritten or deleted is gone for good a day later.",
        at(
            "data-artifacts-lifecycle",
            "rules.+",
            {
                "id": "expire-replaced-champions",
                "status": "Enabled",
                "filter": {"prefix": "champions/"},
                "noncurrentVersionExpiration": {"noncurrentDays": 1},
            },
        ),
        "approved/floors",
    ),
    attack(
        "TLS for everything but reading",
        "The denial names what it isn't for: an object that is fetched by plain HTTP is served, and read by whoever is in between.",
        restated(
            "data-artifacts-policy",
            called("DenyPlainTransport"),
            lambda one: {**{key: value for key, value in one.items() if key != "Action"}, "NotAction": ["s3:GetObject"]},
        ),
        "approved/new-access",
        "identity/tls-only",
    ),
    attack(
        "an archive that nobody may read",
        "A denial grants nothing: whoever investigates, an administrator too, is refused each finished evolution that was archived.",
        at(
            "data-artifacts-policy",
            "policy.Statement.+",
            {
                "Sid": "ArchiveIsSealed",
                "Effect": "Deny",
                "Principal": "*",
                "Action": ["s3:GetObject", "s3:GetObjectVersion"],
                "Resource": f"arn:aws:s3:::{ARTIFACTS}/evolutions/*",
                "Condition": {"ArnNotEquals": {"aws:PrincipalArn": ROLE.format("evolution-engine")}},
            },
        ),
        "approved/guards",
    ),
)

DATA_UNBUILT = (
    attack(
        "a threshold that no score is below",
        "Every comparison with `nan` is false: the safety monitor writes `safe` into its log, whatever it has scored.",
        at("security-safety-settings-value", "secretStringWo.safety_threshold", "nan"),
        "approved/floors",
    ),
)
