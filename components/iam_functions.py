"""Identity policy documents of the Lambda functions and of what invokes them: pure functions of the names, like `iam.py`."""

from __future__ import annotations

from collections.abc import Mapping

from components.iam import Statement, allow, document, our_tags, read_mode, see_key_of_logs, trust, use_key
from components.naming import Names

LAMBDA = "lambda.amazonaws.com"
SCHEDULER = "scheduler.amazonaws.com"


def lambda_trust(names: Names) -> str:
    """Of any of this account's functions: for a stream, for traces and for the code Lambda takes the role on behalf of different
    resources, and AWS documents only the account for all of them."""
    statement: Statement = {
        "Sid": "ServiceTakesRole",
        "Effect": "Allow",
        "Principal": {"Service": LAMBDA},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": names.account}},
    }
    return document(statement)


def scheduler_trust(names: Names) -> str:
    """Of the stack's schedules. Source: EventBridge Scheduler user guide, "Confused deputy prevention": the group, not the schedule."""
    return trust(SCHEDULER, account=names.account, source_arn=names.schedule_group_arn)


def base_grants(names: Names, function: str) -> tuple[Statement, ...]:
    """What every function needs: its log, its traces, its variables' key, and the queue for what it could not handle."""
    return (
        allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], f"{names.log_group_arn(names.function_log_group(function))}:*"),
        allow("Trace", ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*"),
        use_key(names),
        see_key_of_logs(names),
        allow("SendDeadLetters", ["sqs:SendMessage"], names.dead_letters_arn),
    )


def trigger_grants(names: Names) -> tuple[Statement, ...]:
    """To start an evolution if none runs and evolution is not halted."""
    return (read_mode(names), allow("StartEvolution", ["dynamodb:PutItem"], names.table_arn(names.state_table)))


def halting_grants(names: Names) -> tuple[Statement, ...]:
    """What the switch needs to halt, and resume to undo it: to look at the alarm, and to set mode, bounds and count.

    Both are granted the same, because IAM can't tell a mode or a count from another; what parts them is that nothing but a person invokes
    resume, and that each has a role of its own.
    """
    return (
        # Source: CloudWatch API reference, DescribeAlarms: it shows composite alarms only to who may describe all alarms.
        allow("SeeAlarms", ["cloudwatch:DescribeAlarms"], "*"),
        allow("SetMode", ["ssm:GetParameter", "ssm:PutParameter"], names.mode_parameter_arn),
        allow("SeeBounds", ["application-autoscaling:DescribeScalableTargets"], "*"),
        allow("SetBounds", ["application-autoscaling:RegisterScalableTarget"], names.scalable_target_arn, condition=our_tags(names)),
        # Who registers a service's bounds must be allowed to change the service.
        # Source: Application Auto Scaling user guide, "Identity-based policy examples".
        allow("SetCount", ["ecs:DescribeServices", "ecs:UpdateService"], names.service_arn(names.engine_service)),
    )


def archiver_grants(names: Names) -> tuple[Statement, ...]:
    """To read the state table's stream, and to write finished evolutions."""
    bucket = names.bucket_arn(names.artifacts_bucket)
    return (
        allow(
            "ReadStream",
            ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
            names.stream_arn(names.state_table),
        ),
        # Lambda asks for it; it shows names only. Source: AWSLambdaDynamoDBExecutionRole.
        allow("FindStream", ["dynamodb:ListStreams"], "*"),
        allow("Archive", ["s3:PutObject"], f"{bucket}/evolutions/*"),
    )


def scheduler_grants(names: Names) -> tuple[Statement, ...]:
    """What a schedule does: invoke its function, or leave a message if it couldn't."""
    return (
        allow(
            "InvokeFunctions",
            ["lambda:InvokeFunction"],
            [names.function_arn(one) for one in (names.trigger_function, names.switch_function)],
        ),
        use_key(names),
        allow("SendDeadLetters", ["sqs:SendMessage"], names.dead_letters_arn),
    )


def function_grants(names: Names) -> Mapping[str, tuple[Statement, ...]]:
    """By function, all that its role is granted."""
    own = {
        names.trigger_function: trigger_grants(names),
        names.switch_function: halting_grants(names),
        names.resume_function: halting_grants(names),
        names.archiver_function: archiver_grants(names),
    }
    return {function: (*grants, *base_grants(names, function)) for function, grants in own.items()}
