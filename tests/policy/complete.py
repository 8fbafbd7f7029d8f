"""A complete stack in short: Lambda functions, the safety switch, AgentCore with its gateway and guardrail, and what could come with it.

Property names are those of pulumi_aws's classes; a test holds them against it.
"""

from __future__ import annotations

from typing import Any

from tests.policy.builders import UNKNOWN, Node, Nodes, document, physical, tagged, watch
from tests.policy.complete_agents import GUARDED, HANDLER, agent_alarms, agentcore, guardrail, recorded, role, with_agents_drawn
from tests.policy.samples import ACCOUNT, CALLS, KEEPS, compliant, deny_plain_transport

TO_QUEUE = {
    "Effect": "Allow",
    "Principal": {"Service": "sns.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Resource": "*",
    "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
}
"""What the topic couldn't deliver."""


def function(name: str, variables: dict[str, Any] | None = None, **more: Any) -> Node:
    return Node(
        "aws:lambda/function:Function",
        {
            "name": f"evolution-{name}-prod",
            "runtime": "python3.14",
            "handler": "handler.handler",
            "architectures": ["arm64"],
            "timeout": 300.0,
            "memorySize": 1024.0,
            "reservedConcurrentExecutions": 10.0,
            "tracingConfig": {"mode": "Active"},
            "loggingConfig": {"logFormat": "JSON", "logGroup": f"/aws/lambda/evolution-{name}-prod"},
            "kmsKeyArn": UNKNOWN,
            "deadLetterConfig": {"targetArn": UNKNOWN},
            "environment": {"variables": dict(variables or {})},
            **more,
        },
        {"kmsKeyArn": ["key"], "deadLetterConfig": ["dead-letters"]},
    )


def _functions() -> Nodes:
    handler = function("agentcore-handler", HANDLER, role=UNKNOWN)
    handler.references |= {"environment": GUARDED, "role": ["handler-role"]}
    mode = {"EVOLUTION_ENVIRONMENT": "prod", "EVOLUTION_MODE_PARAMETER": "/evolution/prod/mode"}
    guarded = {
        **mode,
        "UNSAFE_ALARM_NAME": "evolution-unsafe-prod",
        "ENGINE_CLUSTER": "evolution-system-prod",
        "ENGINE_SERVICE": "evolution-engine-prod",
    }
    archiver = function(
        "archiver",
        {"EVOLUTION_ENVIRONMENT": "prod", "EVOLUTION_ARTIFACTS_BUCKET": physical("artifacts"), "EVOLUTION_DEAD_LETTERS_URL": UNKNOWN},
    )
    del archiver.props["deadLetterConfig"]
    bounds = {"EVOLUTION_GENERATIONS": "50", "EVOLUTION_ISLANDS": "16", "MAX_CONCURRENT_AGENTS": "10000", "AGENT_MEMORY_LIMIT": "6656"}
    trigger = function("trigger", {**mode, "EVOLUTION_STATE_TABLE": "evolution-state-prod", **bounds})
    del trigger.props["deadLetterConfig"]
    functions = {
        "handler": handler,
        "archiver": archiver,
        "trigger": trigger,
        "switch": function("safety-switch", guarded),
        "resume": function("resume", {**guarded, "ENGINE_MINIMUM": "2", "ENGINE_MAXIMUM": "100"}),
    }
    errors = {
        f"{key}-errors": watch(f"{key}-errors", "AWS/Lambda", ["Errors"], {"FunctionName": node.props["name"]})
        for key, node in functions.items()
    }
    logs = {
        f"{key}-logs": Node(
            "aws:cloudwatch/logGroup:LogGroup",
            {"name": node.props["loggingConfig"]["logGroup"], "kmsKeyId": UNKNOWN, "retentionInDays": 365.0},
            {"kmsKeyId": ["key"]},
        )
        for key, node in functions.items()
    }
    return {
        **functions,
        **errors,
        **logs,
        "dead-letters": Node(
            "aws:sqs/queue:Queue",
            {"name": "evolution-dead-letters-prod", "kmsMasterKeyId": UNKNOWN, "messageRetentionSeconds": 1209600.0},
            {"kmsMasterKeyId": ["key"]},
        ),
        "dead-letters-policy": Node(
            "aws:sqs/queuePolicy:QueuePolicy",
            {"queueUrl": UNKNOWN, "policy": document(deny_plain_transport("sqs:*", "*"), TO_QUEUE)},
            {"queueUrl": ["dead-letters"]},
        ),
        "scheduler-role": role("evolution-scheduler", "scheduler"),
        "scheduler-role-grants": Node(
            "aws:iam/rolePolicy:RolePolicy",
            {
                "role": UNKNOWN,
                "policy": document(CALLS, KEEPS),
            },
            {"role": ["scheduler-role"]},
        ),
        "dead-letters-alarm": watch(
            "dead-letters", "AWS/SQS", ["ApproximateNumberOfMessagesVisible"], {"QueueName": "evolution-dead-letters-prod"}
        ),
        "archive-stream": Node(
            "aws:lambda/eventSourceMapping:EventSourceMapping",
            {
                "functionName": "evolution-archiver-prod",
                "eventSourceArn": UNKNOWN,
                "startingPosition": "TRIM_HORIZON",
                "bisectBatchOnFunctionError": True,
                "maximumRetryAttempts": 5.0,
                "maximumRecordAgeInSeconds": 3600.0,
                "functionResponseTypes": ["ReportBatchItemFailures"],
                "destinationConfig": {"onFailure": {"destinationArn": UNKNOWN}},
            },
            {"eventSourceArn": ["state"], "destinationConfig": ["dead-letters"], "functionName": ["archiver"]},
        ),
        "trigger-invocations": Node(
            "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
            {"functionName": UNKNOWN, "maximumRetryAttempts": 1.0, "destinationConfig": {"onFailure": {"destination": UNKNOWN}}},
            {"functionName": ["trigger"], "destinationConfig": ["dead-letters"]},
        ),
        "switch-by-topic": Node(
            "aws:sns/topicSubscription:TopicSubscription",
            {"topic": UNKNOWN, "protocol": "lambda", "endpoint": UNKNOWN, "redrivePolicy": UNKNOWN},
            {"topic": ["topic"], "endpoint": ["switch"], "redrivePolicy": ["dead-letters"]},
        ),
        "switch-permission": Node(
            "aws:lambda/permission:Permission",
            {
                "action": "lambda:InvokeFunction",
                "function": UNKNOWN,
                "principal": "sns.amazonaws.com",
                "sourceArn": UNKNOWN,
            },
            {"function": ["switch"], "sourceArn": ["topic"]},
        ),
        **{
            f"{name}-schedule": Node(
                "aws:scheduler/schedule:Schedule",
                {
                    "name": f"evolution-{name}-prod",
                    "scheduleExpression": rate,
                    "flexibleTimeWindow": {"mode": "OFF"},
                    "state": "ENABLED",
                    "target": {"arn": UNKNOWN, "roleArn": UNKNOWN, "deadLetterConfig": {"arn": UNKNOWN}},
                },
                {"target": [name, "scheduler-role", "dead-letters"]},
            )
            for name, rate in (("switch", "rate(1 minute)"), ("trigger", "rate(1 hour)"))
        },
        "mode": Node(
            "aws:ssm/parameter:Parameter",
            {"name": "/evolution/prod/mode", "type": "String", "value": "running"},
            protect=True,
            ignore_changes=("*",),
        ),
    }


def complete() -> Nodes:
    """The compliant stack with all of it."""
    nodes = compliant() | tagged(_functions() | guardrail() | agentcore() | recorded() | agent_alarms())
    return nodes | {"dashboard": with_agents_drawn(nodes["dashboard"])}
