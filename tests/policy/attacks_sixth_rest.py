"""The sixth set, its other half: what runs and when, agents, what is watched, references, the account, and kinds that are new here."""

from __future__ import annotations

import json

from tests.policy.attacks import ACCOUNT, ARN, ARTIFACTS, at, attack, new
from tests.policy.attacks_fifth import CEDAR
from tests.policy.attacks_sixth import more
from tests.policy.builders import UNKNOWN, document
from tests.policy.planned import Refer

SCHEDULED = {
    "groupName": UNKNOWN,
    "scheduleExpression": "rate(1 minute)",
    "scheduleExpressionTimezone": "UTC",
    "state": "ENABLED",
    "flexibleTimeWindow": {"mode": "OFF"},
}

SCHEMA = json.dumps(
    {"openapi": "3.0.3", "info": {"title": "Agents", "version": "1.0.0"}, "paths": {"/invocations": {"post": {"operationId": "invoke"}}}}
)

COPIED = ARN.format("sns", "evolution-copies-prod")
COPIES = document(
    {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": COPIED,
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": ARN.format("cloudwatch", "alarm:*")}},
    },
    {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sns:Publish",
        "Resource": COPIED,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    },
)

RUNS = (
    attack(
        "a schedule that fills the dead letters",
        "A message a minute keeps the queue's alarm on for good: that a halt was lost is never told again.",
        more(
            "evolution-letters-often",
            "scheduler/schedule:Schedule",
            {"groupName": ["evolution-schedules"], "target": ["evolution-scheduler-role", "evolution-dead-letters"]},
            **SCHEDULED,
            name="evolution-letters-prod",
            target={
                "arn": UNKNOWN,
                "roleArn": UNKNOWN,
                "input": "{}",
                "deadLetterConfig": {"arn": UNKNOWN},
                "retryPolicy": {"maximumEventAgeInSeconds": 60, "maximumRetryAttempts": 0},
            },
        ),
        "approved/choices",
    ),
    attack(
        "the two services change their tasks",
        "What the switch scales to nothing is the monitor; the engine runs on under the monitor's name.",
        (
            at("compute-engine-service", "taskDefinition", Refer("compute-monitor-task")),
            at("compute-monitor-service", "taskDefinition", Refer("compute-engine-task")),
        ),
        "alarms/score-writers",
        "approved/choices",
    ),
    attack(
        "the engine writes into the monitor's log",
        "What the engine says stands among what the monitor says of it.",
        at("compute-engine-task", "containerDefinitions.0.logConfiguration.options.awslogs-group", "/evolution/prod/safety-monitor"),
        "approved/choices",
    ),
    attack(
        "what the engine writes on its disk is read by the host",
        "Beside the scratch volume the container mounts another one.",
        (
            at("compute-engine-task", "volumes.+", {"name": "host", "hostPath": "/"}),
            at(
                "compute-engine-task",
                "containerDefinitions.0.mountPoints.+",
                {"sourceVolume": "host", "containerPath": "/host", "readOnly": False},
            ),
        ),
        "workload/isolated",
    ),
)
RUNS_DEV = (
    attack(
        "a second schedule, of each minute",
        "Beside the table's schedule another one starts an evolution whenever none runs: many times as many are paid for.",
        more(
            "evolution-trigger-often",
            "scheduler/schedule:Schedule",
            {"groupName": ["evolution-schedules"], "target": ["evolution-trigger", "evolution-scheduler-role", "evolution-dead-letters"]},
            **SCHEDULED,
            name="evolution-often-dev",
            target={
                "arn": UNKNOWN,
                "roleArn": UNKNOWN,
                "input": '{"scheduled_time": "<aws.scheduler.scheduled-time>"}',
                "deadLetterConfig": {"arn": UNKNOWN},
                "retryPolicy": {"maximumEventAgeInSeconds": 900, "maximumRetryAttempts": 2},
            },
        ),
        "environment/table-figures",
    ),
)
RUNS_UNBUILT = (
    attack(
        "a gateway before there is one",
        "Until the first image the handler sends what it is asked to an address of somebody's.",
        at(
            "agentcore-handler",
            "environment.variables.AGENTCORE_GATEWAY_URL",
            "https://theirs-0123456789.gateway.bedrock-agentcore.us-east-1.amazonaws.com",
        ),
        "agentcore/gateway-callers",
    ),
)
"""What runs, and when."""

AGENTS = (
    attack(
        "the fence is open or closed",
        "An `or` behind the bounds lets every request of the handler through.",
        at("agentcore-gateway-permit", "definition.cedar.statement", CEDAR.replace("&& //", "||").replace("// &&", "||")),
        "agentcore/policies",
    ),
    attack(
        "a second policy that permits all",
        "Cedar lets through what any of an engine's policies permits.",
        more(
            "agentcore-gateway-permit-all",
            "bedrock/agentcorePolicy:AgentcorePolicy",
            {"policyEngineId": ["agentcore-policy-engine"], "definition": ["agentcore-gateway"]},
            name="evolution_prod_all",
            policyEngineId=UNKNOWN,
            validationMode="FAIL_ON_ANY_FINDINGS",
            definition={"cedar": {"statement": "permit(principal, action, resource);"}},
        ),
        "agentcore/policies",
    ),
    attack(
        "sessions of agents that answer for eight hours",
        "An agent that has been idle keeps its memory of what it was asked, from one caller to the next.",
        at("agentcore-runtime", "lifecycleConfigurations.0.idleRuntimeSessionTimeout", 28800),
        "agentcore/runtime-lifecycle",
    ),
    attack(
        "the count of a hundred rules",
        "One managed rule that blocks attacks is turned to count, under a name that another group's rule may have.",
        at(
            "security-web-acl",
            "rules.0.statement.managedRuleGroupStatement.ruleActionOverrides.+",
            {"name": "JavaDeserializationRCE_BODY", "actionToUse": {"count": {}}},
        ),
        "agentcore/web-acl-groups",
    ),
)
AGENTS_STAGING = (
    attack(
        "a target whose schema says less",
        "The gateway passes requests on without the fields that the fence compares, so none of its bounds is asked.",
        at("agentcore-gateway-target", "targetConfiguration.http.agentcoreRuntime.schema.source.inlinePayload.payload", SCHEMA),
        "approved/choices",
    ),
)
"""Agents, the guardrail and the fence."""

WATCHED = (
    attack(
        "a second topic for the score",
        "A new alarm on the same score tells a new topic, and that mails somebody outside when evolution is unsafe.",
        (
            more(
                "monitoring-copies",
                "sns/topic:Topic",
                {"kmsMasterKeyId": ["security-key"]},
                name="evolution-copies-prod",
                kmsMasterKeyId=UNKNOWN,
            ),
            more(
                "monitoring-copies-to-somebody",
                "sns/topicSubscription:TopicSubscription",
                {"topic": ["monitoring-copies"]},
                topic=UNKNOWN,
                protocol="email",
                endpoint="someone@example.org",
            ),
            more("monitoring-copies-policy", "sns/topicPolicy:TopicPolicy", {"arn": ["monitoring-copies"]}, arn=UNKNOWN, policy=COPIES),
            more(
                "monitoring-copied-score",
                "cloudwatch/metricAlarm:MetricAlarm",
                {"alarmActions": ["monitoring-alerts", "monitoring-copies"], "okActions": ["monitoring-alerts", "monitoring-copies"]},
                name="evolution-copied-score-prod",
                namespace="EvolutionSystem",
                metricName="SafetyScore",
                dimensions={"Environment": "prod"},
                statistic="Average",
                comparisonOperator="LessThanThreshold",
                threshold=0.8,
                period=60,
                evaluationPeriods=2,
                datapointsToAlarm=2,
                treatMissingData="notBreaching",
                alarmActions=[UNKNOWN, UNKNOWN],
                okActions=[UNKNOWN, UNKNOWN],
            ),
        ),
        "containment/subscriptions",
    ),
    attack(
        "a composite by a metric alarm's name",
        "CloudWatch has one namespace for both: the score's own alarm is gone, and what the halt asks is an alarm that never fires.",
        more(
            "monitoring-score-again",
            "cloudwatch/compositeAlarm:CompositeAlarm",
            {"alarmActions": ["monitoring-alerts"], "okActions": ["monitoring-alerts"]},
            alarmName="evolution-safety-score-prod",
            alarmRule='ALARM("evolution-resume-errors-prod")',
            alarmActions=[UNKNOWN],
            okActions=[UNKNOWN],
        ),
        "alarms/evolution-unsafe",
        "alarms/unique-name",
    ),
    attack(
        "the score's alarm compares another unit",
        "Data without the unit are none: the alarm has nothing to compare.",
        at("monitoring-safety-score-worst", "unit", "Percent"),
        "alarms/safety-score-minimum",
    ),
)
"""What is watched."""


REFERENCES = (
    attack(
        "the endpoint of another version of the agents",
        "The gateway asks a runtime whose ARN was written by hand; the one of this stack stands beside it.",
        at(
            "agentcore-gateway-target",
            "targetConfiguration.http.agentcoreRuntime.arn",
            ARN.format("bedrock-agentcore", "runtime/other-0123456789"),
        ),
        "agentcore/gateway-leads-to-runtime",
    ),
)
"""Values that come from the right resource and are something else."""

NEW = (
    attack(
        "a model of one's own by the hour",
        "A provisioned model unit is paid for by the hour, for half a year, whether it is asked or not.",
        new(
            "provisioned",
            "bedrock/provisionedModelThroughput:ProvisionedModelThroughput",
            modelArn="arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-v2",
            modelUnits=10,
            commitmentDuration="SixMonths",
            provisionedModelName="evolution-prod",
        ),
        "containment/known-types",
    ),
    attack(
        "the state as it was, in somebody's bucket",
        "An export of the table needs no capacity, and goes to a bucket of any account.",
        new(
            "exported",
            "dynamodb/tableExport:TableExport",
            tableArn=ARN.format("dynamodb", "table/evolution-state-prod"),
            s3Bucket="somebodys",
        ),
        "containment/known-types",
    ),
    attack(
        "metrics and logs for a second account",
        "A sink's account reads every metric, log and trace of this one.",
        new("linked", "oam/link:Link", labelTemplate="$AccountName", resourceTypes=["AWS::Logs::LogGroup"], sinkIdentifier="arn:aws:oam:x"),
        "containment/known-types",
    ),
    attack(
        "artifacts by another door",
        "An access point has a policy and a name of its own, and is reached from wherever it says.",
        new("door", "s3/accessPoint:AccessPoint", bucket=ARTIFACTS, name="artifacts"),
        "containment/known-types",
    ),
    attack(
        "the runtime of two years ago",
        "Lambda stays at the patch level that is named, with each of its known holes.",
        new(
            "pinned",
            "lambda/runtimeManagementConfig:RuntimeManagementConfig",
            functionName="evolution-agentcore-handler-prod",
            updateRuntimeOn="Manual",
            runtimeVersionArn="arn:aws:lambda:us-east-1::runtime:0",
        ),
        "containment/known-types",
    ),
    attack(
        "a policy of the table",
        "Another account's role writes the state, and the champion's approval with it.",
        new(
            "table-policy",
            "dynamodb/resourcePolicy:ResourcePolicy",
            resourceArn=ARN.format("dynamodb", "table/evolution-state-prod"),
            policy='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "999999999999"}, '
            '"Action": "dynamodb:PutItem", "Resource": "*"}]}',
        ),
        "containment/resource-policies",
        "identity/one-account",
    ),
    attack(
        "machines that are kept free",
        "Capacity is reserved and paid for, whether anything runs on it.",
        new(
            "reserved",
            "ec2/capacityReservation:CapacityReservation",
            instanceType="p5.48xlarge",
            instancePlatform="Linux/UNIX",
            availabilityZone="us-east-1a",
            instanceCount=8,
        ),
        "containment/known-types",
    ),
)
"""Kinds of resources that are new here."""

ACCOUNTS_ACCOUNT = (
    attack(
        "calls of models that are passed over",
        "The trail's selector for models leaves out those of one role.",
        at(
            "watch-trail",
            "advancedEventSelectors.2.fieldSelectors.+",
            {"field": "userIdentity.arn", "notStartsWiths": [f"arn:aws:sts::{ACCOUNT}:assumed-role/evolution-agent-runtime"]},
        ),
        "account/trail-events",
    ),
    attack(
        "half a day for whoever has stolen a deployment's token",
        "The role that deploys prod may be held for twelve hours after one workflow.",
        at("access-prod-deploy", "maxSessionDuration", 43200),
        "account/sessions",
    ),
    attack(
        "records that were deleted are gone in a day",
        "Who deletes the trail's files leaves versions that could be brought back; they expire the next day.",
        at("watch-records-lifecycle", "rules.0.noncurrentVersionExpiration.noncurrentDays", 1),
        "account/trail-events",
    ),
)
"""The account's own project."""
