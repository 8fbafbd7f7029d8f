"""Identity policy documents: who may do what, as pure functions of the names.

A document is plain JSON text, fully known at preview. A statement grants named actions on named resources; where an action can't be
scoped to a resource, a condition narrows it as far as AWS lets it. What Lambda functions may do is in `iam_functions.py`, and the most
that any role may do in `boundary.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from components.environment import PROJECT
from components.naming import ENGINE_NAMESPACE, METRIC_NAMESPACE, PARTITION, Names

Condition = Mapping[str, Mapping[str, str | Sequence[str]]]
Statement = dict[str, object]

ECS_TASKS = "ecs-tasks.amazonaws.com"
FLOW_LOGS = "vpc-flow-logs.amazonaws.com"


def document(*statements: Statement) -> str:
    """A policy document as the JSON text that AWS takes."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(
    sid: str,
    actions: Sequence[str],
    resources: str | Sequence[str],
    *,
    condition: Condition | None = None,
    principal: Mapping[str, str] | str | None = None,
) -> Statement:
    """One Allow statement; `principal` only in a resource's own policy."""
    statement: Statement = {"Sid": sid, "Effect": "Allow"}
    if principal is not None:
        statement["Principal"] = principal
    statement |= {"Action": list(actions), "Resource": resources if isinstance(resources, str) else list(resources)}
    if condition:
        statement["Condition"] = condition
    return statement


def deny_plain_transport(resources: str | Sequence[str], action: str) -> Statement:
    """Refuse requests without TLS. A Deny on everything is the point here."""
    return {
        "Sid": "DenyPlainTransport",
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resources if isinstance(resources, str) else list(resources),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def trust(service: str, *, account: str, source_arn: str) -> str:
    """The trust policy of a role that one AWS service takes on, and only for this account's resources (the confused deputy)."""
    statement: Statement = {
        "Sid": "ServiceTakesRole",
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": account}, "ArnLike": {"aws:SourceArn": source_arn}},
    }
    return document(statement)


def ecs_task_trust(names: Names) -> str:
    return trust(ECS_TASKS, account=names.account, source_arn=names.arn("ecs", "*"))


def flow_logs_trust(names: Names) -> str:
    return trust(FLOW_LOGS, account=names.account, source_arn=names.arn("ec2", "vpc-flow-log/*"))


def flow_logs_grants(names: Names) -> tuple[Statement, ...]:
    """What VPC flow logs need to write to their one group."""
    return (
        allow(
            "WriteFlowLogs",
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            f"{names.log_group_arn(names.flow_log_group)}:*",
        ),
        allow("FindLogGroup", ["logs:DescribeLogGroups"], "*"),
        *encrypt_logs(names, names.flow_log_group),
    )


def execution_grants(names: Names) -> tuple[Statement, ...]:
    """What ECS needs to start a task: pull from the stack's own repository, write to its log groups."""
    return (
        allow("FindRegistry", ["ecr:GetAuthorizationToken"], "*"),
        allow(
            "PullImage",
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            names.arn("ecr", f"repository/{names.repository}"),
        ),
        allow(
            "WriteTaskLogs",
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            [f"{names.log_group_arn(group)}:*" for group in (names.engine_log_group, names.monitor_log_group)],
        ),
        *encrypt_logs(names, names.engine_log_group, names.monitor_log_group),
    )


def engine_grants(names: Names) -> tuple[Statement, ...]:
    """What the engine needs: its tables, its bucket, its safety settings, its metrics."""
    bucket = names.bucket_arn(names.artifacts_bucket)
    return (
        allow(
            "EvolvePopulation",
            [
                "dynamodb:BatchGetItem",
                "dynamodb:ConditionCheckItem",
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:Query",
                "dynamodb:UpdateItem",
            ],
            [names.table_arn(table) for table in names.tables],
        ),
        allow("KeepArtifacts", ["s3:GetObject", "s3:PutObject"], f"{bucket}/*"),
        *_shared_grants(names, publish("PublishMetrics", ENGINE_NAMESPACE)),
        read_mode(names),
    )


def monitor_grants(names: Names) -> tuple[Statement, ...]:
    """What the safety monitor needs: to read what the engine made, and to publish its verdict. It can't change what it grades."""
    bucket = names.bucket_arn(names.artifacts_bucket)
    return (
        allow(
            "ReadPopulation",
            ["dynamodb:GetItem", "dynamodb:Query"],
            [names.table_arn(table) for table in names.tables],
        ),
        allow("ReadArtifacts", ["s3:GetObject"], f"{bucket}/*"),
        *_shared_grants(names, publish("PublishScore", METRIC_NAMESPACE)),
    )


def _shared_grants(names: Names, publishes: Statement) -> tuple[Statement, ...]:
    return (
        allow("ListArtifacts", ["s3:ListBucket"], names.bucket_arn(names.artifacts_bucket)),
        allow("ReadSafetySettings", ["secretsmanager:GetSecretValue"], names.safety_secret_arn),
        use_key(names),
        publishes,
    )


def allow_key(names: Names, sid: str, actions: Sequence[str], condition: Condition | None = None) -> Statement:
    """A grant on the stack's key: on its own ARN or, before it is made, on whichever key bears the stack's alias.

    What is deployed names the ARN. By the alias alone, whatever is made right after the key would be refused, for a new alias takes up to
    five minutes to count. Source: KMS developer guide, "ABAC for AWS KMS".
    """
    if names.key_arn is not None:
        return allow(sid, actions, names.key_arn, condition=condition)
    by_alias = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": names.key_alias}}
    return allow(sid, actions, names.any_key_arn, condition={**by_alias, **(condition or {})})


def publish(sid: str, namespace: str) -> Statement:
    """To publish metrics in one namespace. The action takes no resource, and no condition tells one metric from another."""
    return allow(sid, ["cloudwatch:PutMetricData"], "*", condition={"StringEquals": {"cloudwatch:namespace": namespace}})


def use_key(names: Names) -> Statement:
    """To read and write what the stack's key encrypts."""
    return allow_key(names, "UseKey", ["kms:Decrypt", "kms:GenerateDataKey"])


def encrypt_logs(names: Names, *log_groups: str) -> tuple[Statement, Statement]:
    """To write to encrypted log groups, for a role that has no other use of the key: CloudWatch Logs calls KMS as whoever calls it.

    Source: CloudWatch Logs user guide, "Encrypt log data in CloudWatch Logs using AWS Key Management Service".
    """
    context = {"kms:EncryptionContext:aws:logs:arn": [names.log_group_arn(group) for group in log_groups]}
    return (
        allow_key(names, "EncryptLogs", ["kms:Decrypt", "kms:GenerateDataKey"], {**_through_logs(names), "ArnLike": context}),
        see_key_of_logs(names),
    )


def see_key_of_logs(names: Names) -> Statement:
    """What a writer of encrypted logs needs beside the use of the key. Source: the managed policy CloudWatchLogsAPIKeyAccess, which holds
    what PutLogEvents needs."""
    return allow_key(names, "SeeKeyOfLogs", ["kms:DescribeKey"], _through_logs(names))


def _through_logs(names: Names) -> Condition:
    return {"StringEquals": {"kms:ViaService": f"logs.{names.region}.amazonaws.com"}}


def our_tags(names: Names) -> Condition:
    """What AWS names itself is ours by its tags."""
    return {"StringEquals": {"aws:ResourceTag/Project": PROJECT, "aws:ResourceTag/Environment": names.stack}}


def read_mode(names: Names) -> Statement:
    """To see whether evolution is halted."""
    return allow("ReadMode", ["ssm:GetParameter"], names.mode_parameter_arn)


def account_root(names: Names) -> Mapping[str, str]:
    """The account as a principal: it delegates to the account's IAM policies, and names no role that might not exist yet."""
    return {"AWS": f"arn:{PARTITION}:iam::{names.account}:root"}
