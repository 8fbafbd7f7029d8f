"""Samples and refused edits for functions and what invokes them: part of `samples.py`."""

from __future__ import annotations

from typing import Any

from local.provider.assets import ARCHIVE, ASSET, SIGNATURE
from tests.local.provider.common import ACCOUNT, KEY, POLICY, TAGS, TOPIC, Edit

_REGIONAL = f"us-east-1:{ACCOUNT}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/evolution-safety-switch-dev-us-east-1"
QUEUE = f"arn:aws:sqs:{_REGIONAL}:evolution-dead-letters-dev"
FUNCTION = f"arn:aws:lambda:{_REGIONAL}:function:evolution-safety-switch-dev"
STREAM = f"arn:aws:dynamodb:{_REGIONAL}:table/evolution-state-dev/stream/2026-01-31T00:00:00.000"


def archive(**files: str) -> dict[str, Any]:
    """A code archive as the engine sends it; the files' names without `.py`."""
    assets = {f"{name}.py": {SIGNATURE: ASSET, "hash": f"of {text}", "text": text} for name, text in files.items()}
    return {SIGNATURE: ARCHIVE, "hash": f"of {sorted(files.items())}", "assets": assets}


VALID: dict[str, dict[str, Any]] = {
    "aws:lambda/function:Function": {
        "name": "evolution-safety-switch-dev",
        "description": "Halts evolution.",
        "role": ROLE,
        "runtime": "python3.14",
        "handler": "handler.handler",
        "architectures": ["arm64"],
        "code": archive(handler="def handler(event, context): ..."),
        "timeout": 60,
        "memorySize": 256,
        "reservedConcurrentExecutions": 2,
        "environment": {"variables": {"EVOLUTION_ENVIRONMENT": "dev"}},
        "kmsKeyArn": KEY,
        "tracingConfig": {"mode": "Active"},
        "loggingConfig": {"logFormat": "JSON", "logGroup": "/aws/lambda/evolution-safety-switch-dev", "systemLogLevel": "WARN"},
        "tags": TAGS,
    },
    "aws:lambda/permission:Permission": {
        "statementId": "AlertTopic",
        "action": "lambda:InvokeFunction",
        "function": "evolution-safety-switch-dev",
        "principal": "sns.amazonaws.com",
        "sourceArn": TOPIC,
    },
    "aws:lambda/eventSourceMapping:EventSourceMapping": {
        "functionName": "evolution-archiver-dev",
        "eventSourceArn": STREAM,
        "startingPosition": "TRIM_HORIZON",
        "batchSize": 10,
        "maximumBatchingWindowInSeconds": 5,
        "bisectBatchOnFunctionError": True,
        "maximumRetryAttempts": 5,
        "maximumRecordAgeInSeconds": 3600,
        "functionResponseTypes": ["ReportBatchItemFailures"],
        "destinationConfig": {"onFailure": {"destinationArn": QUEUE}},
        "tags": TAGS,
    },
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": {
        "functionName": "evolution-safety-switch-dev",
        "maximumRetryAttempts": 2,
        "maximumEventAgeInSeconds": 300,
        "destinationConfig": {"onFailure": {"destination": QUEUE}},
    },
    "aws:sqs/queue:Queue": {
        "name": "evolution-dead-letters-dev",
        "kmsMasterKeyId": KEY,
        "kmsDataKeyReusePeriodSeconds": 300,
        "messageRetentionSeconds": 1209600,
        "tags": TAGS,
    },
    "aws:sqs/queuePolicy:QueuePolicy": {
        "queueUrl": f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/evolution-dead-letters-dev",
        "policy": POLICY,
    },
    "aws:ssm/parameter:Parameter": {
        "name": "/evolution/dev/mode",
        "description": "running or halted.",
        "type": "String",
        "value": "running",
        "allowedPattern": "^(running|halted)$",
        "tags": TAGS,
    },
    "aws:scheduler/scheduleGroup:ScheduleGroup": {"name": "evolution-dev", "tags": TAGS},
    "aws:scheduler/schedule:Schedule": {
        "name": "evolution-safety-switch-dev",
        "groupName": "evolution-dev",
        "description": "Each minute.",
        "scheduleExpression": "rate(1 minute)",
        "flexibleTimeWindow": {"mode": "OFF"},
        "state": "ENABLED",
        "target": {
            "arn": FUNCTION,
            "roleArn": ROLE,
            "input": '{"source": "schedule"}',
            "deadLetterConfig": {"arn": QUEUE},
            "retryPolicy": {"maximumEventAgeInSeconds": 60, "maximumRetryAttempts": 2},
        },
    },
}

REFUSED: list[Edit] = [
    ("aws:lambda/function:Function", "runtime", "python4.0", "runtime", "is one of"),
    ("aws:lambda/function:Function", "timeout", 0, "timeout", "at least 1"),
    ("aws:lambda/function:Function", "memorySize", 64, "memorySize", "at least 128"),
    ("aws:lambda/function:Function", "role", "evolution-switch", "role", "must match"),
    ("aws:lambda/function:Function", "code", archive(), "code", "must be an archive with a file in it"),
    ("aws:lambda/function:Function", "code", "handler.zip", "code", "must be an archive of files or texts"),
    (
        "aws:lambda/function:Function",
        "code",
        {SIGNATURE: ARCHIVE, "assets": {"handler.py": {SIGNATURE: ASSET, "uri": "https://example.com/handler.py"}}},
        "code",
        "reads no addresses",
    ),
    ("aws:lambda/function:Function", "tracingConfig.mode", "On", "tracingConfig.mode", "is one of Active, PassThrough"),
    ("aws:lambda/function:Function", "loggingConfig.logFormat", "json", "loggingConfig.logFormat", "is one of JSON, Text"),
    ("aws:lambda/function:Function", "reservedConcurrentExecutions", -1, "reservedConcurrentExecutions", "at least 0"),
    ("aws:lambda/permission:Permission", "action", "sns:Publish", "action", "must match"),
    ("aws:lambda/permission:Permission", "sourceArn", "topic", "sourceArn", "must match"),
    ("aws:lambda/eventSourceMapping:EventSourceMapping", "startingPosition", "FIRST", "startingPosition", "is one of"),
    ("aws:lambda/eventSourceMapping:EventSourceMapping", "maximumRecordAgeInSeconds", 700000, "maximumRecordAgeInSeconds", "at most"),
    ("aws:lambda/eventSourceMapping:EventSourceMapping", "batchSize", 0, "batchSize", "at least 1"),
    (
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
        "maximumRetryAttempts",
        3,
        "maximumRetryAttempts",
        "at most 2",
    ),
    (
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
        "maximumEventAgeInSeconds",
        30,
        "maximumEventAgeInSeconds",
        "at least 60",
    ),
    ("aws:sqs/queue:Queue", "tags", "none", "tags", "is a map"),
    ("aws:sqs/queuePolicy:QueuePolicy", "policy", "open", "policy", "must be JSON"),
    ("aws:ssm/parameter:Parameter", "type", "Text", "type", "is one of String, StringList, SecureString"),
    ("aws:ssm/parameter:Parameter", "tier", "Free", "tier", "is one of"),
    ("aws:scheduler/scheduleGroup:ScheduleGroup", "name", "evolution dev", "name", "must match"),
    ("aws:scheduler/schedule:Schedule", "state", "ON", "state", "is one of ENABLED, DISABLED"),
    ("aws:scheduler/schedule:Schedule", "flexibleTimeWindow.mode", "NONE", "flexibleTimeWindow.mode", "is one of OFF, FLEXIBLE"),
    (
        "aws:scheduler/schedule:Schedule",
        "target.retryPolicy.maximumEventAgeInSeconds",
        10,
        "target.retryPolicy.maximumEventAgeInSeconds",
        "at least 60",
    ),
]
