"""The policy documents of the account: of its key and buckets, of who takes the roles, and of what they may do to the state."""

from __future__ import annotations

from collections.abc import Sequence

from account.names import AUDIENCE, ISSUER, STATE_ALIAS, AccountNames
from account.table import Account
from components.environment import PROJECT as SYSTEM
from components.iam import Statement, allow, deny_plain_transport, document
from components.naming import METRIC_NAMESPACE, PARTITION, Names
from components.resource_policies import ADMINISTERS_KEY, KEY_ITSELF

ADMINISTERS = tuple(sorted({*ADMINISTERS_KEY, "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"}))
"""What an administrator does with the key: all that this project does, and to set up and move a state."""

GUARDED = (
    "s3:DeleteBucket",
    "s3:DeleteBucketPolicy",
    "s3:DeleteObjectVersion",
    "s3:PutBucketPolicy",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
)
"""What would lose the state for good, or open it."""


def environment_of(stack: str, role: str) -> str:
    """GitHub's environment in which a role is taken (docs/deploying.md)."""
    return stack if role == "deploy" else f"{stack}-{role}"


def trust(account: Account, provider_arn: str, environment: str) -> str:
    """Trust in the workflows of one repository, in one environment of it: the whole subject, and no pattern."""
    claims = {f"{ISSUER}:aud": AUDIENCE, f"{ISSUER}:sub": f"{account.github.subject_prefix}:environment:{environment}"}
    statement: Statement = {
        "Sid": "WorkflowsTakeRole",
        "Effect": "Allow",
        "Principal": {"Federated": provider_arn},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": claims},
    }
    return document(statement)


def key_policy(names: AccountNames, account: Account) -> str:
    """The state's key: the administrators administer it, and the roles use it for the state. Source of what CloudTrail needs: its user
    guide, "Configure AWS KMS key policies for CloudTrail"; of Bedrock: as of the bucket."""
    root = _root(names)
    statements = [
        allow(
            "AdministratorsAdministerKey",
            ADMINISTERS,
            KEY_ITSELF,
            principal={"AWS": root},
            # The root user, too: nobody else could mend a policy whose roles are all gone.
            condition={"ArnEquals": {"aws:PrincipalArn": [*account.administrators, root]}},
        ),
        allow(
            "RolesUseState",
            ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
            KEY_ITSELF,
            principal={"AWS": root},
            condition=_taken_by(names, [names.role("deploy", stack) for stack in account.stacks]),
        ),
        allow(
            "RolesReadState",
            ["kms:Decrypt", "kms:DescribeKey"],
            KEY_ITSELF,
            principal={"AWS": root},
            condition=_taken_by(names, [names.role("drift", stack) for stack in account.stacks]),
        ),
    ]
    if account.trail:
        cloudtrail, by_trail = _trail(names)
        context = {"kms:EncryptionContext:aws:cloudtrail:arn": f"arn:{PARTITION}:cloudtrail:*:{names.number}:trail/*"}
        encrypts = {**by_trail, "StringLike": context}
        statements += [
            allow("TrailEncrypts", ["kms:GenerateDataKey*"], KEY_ITSELF, principal=cloudtrail, condition=encrypts),
            allow("TrailFindsKey", ["kms:DescribeKey"], KEY_ITSELF, principal=cloudtrail, condition=by_trail),
        ]
    if account.model_invocation_logging:
        statements.append(
            allow(
                "BedrockEncrypts",
                ["kms:GenerateDataKey"],
                KEY_ITSELF,
                principal={"Service": "bedrock.amazonaws.com"},
                condition=_bedrock(names),
            )
        )
    return document(*statements)


def state_bucket_policy(names: AccountNames, account: Account) -> str:
    """Nobody loses or opens the state but an administrator, and nobody reads it without TLS."""
    bucket = names.bucket_arn(names.state_bucket)
    guard: Statement = {
        "Sid": "OnlyAdministrators",
        "Effect": "Deny",
        "Principal": "*",
        "Action": list(GUARDED),
        "Resource": [bucket, f"{bucket}/*"],
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": [*account.administrators, _root(names)]}},
    }
    return document(guard, deny_plain_transport([bucket, f"{bucket}/*"], "s3:*"))


def access_logs_bucket_policy(names: AccountNames, sources: Sequence[str]) -> str:
    """S3 may deliver the access logs of these buckets, and of no other."""
    bucket = names.bucket_arn(names.access_logs_bucket)
    return document(
        allow(
            "S3DeliversAccessLogs",
            ["s3:PutObject"],
            f"{bucket}/*",
            principal={"Service": "logging.s3.amazonaws.com"},
            condition={
                "StringEquals": {"aws:SourceAccount": names.number},
                "ArnLike": {"aws:SourceArn": [names.bucket_arn(one) for one in sources]},
            },
        ),
        deny_plain_transport([bucket, f"{bucket}/*"], "s3:*"),
    )


def records_bucket_policy(names: AccountNames, account: Account) -> str:
    """CloudTrail and Bedrock may write, each for what it is set up for here. Source: CloudTrail user guide, "Amazon S3 bucket policy for
    CloudTrail"; Bedrock user guide, "Monitor model invocation using CloudWatch Logs and Amazon S3"."""
    bucket = names.bucket_arn(names.records_bucket)
    statements: list[Statement] = []
    if account.trail:
        cloudtrail, by_trail = _trail(names)
        written = [f"{bucket}/AWSLogs/{names.number}/{kind}/*" for kind in ("CloudTrail", "CloudTrail-Digest")]
        statements += [
            allow("TrailFindsBucket", ["s3:GetBucketAcl"], bucket, principal=cloudtrail, condition=by_trail),
            allow("TrailWrites", ["s3:PutObject"], written, principal=cloudtrail, condition=by_trail),
        ]
    if account.model_invocation_logging:
        written = f"{bucket}/AWSLogs/{names.number}/BedrockModelInvocationLogs/*"
        bedrock = {"Service": "bedrock.amazonaws.com"}
        statements.append(allow("BedrockWrites", ["s3:PutObject"], written, principal=bedrock, condition=_bedrock(names)))
    return document(*statements, deny_plain_transport([bucket, f"{bucket}/*"], "s3:*"))


def state_grants(names: AccountNames, stack: str, *, writes: bool) -> list[Statement]:
    """What a role may do to the state of its stack, and to no other's: read it or, with `writes`, change and lock it.

    Source of the paths: pulumi, pkg/backend/diy. A preview takes no lock; the file that says the backend's version is nobody's stack.
    """
    bucket = names.bucket_arn(names.state_bucket)
    own = [
        *(f"{bucket}/.pulumi/{kind}/{SYSTEM}/{stack}/*" for kind in ("backups", "history", "journal")),
        f"{bucket}/.pulumi/stacks/{SYSTEM}/{stack}.json*",
        f"{bucket}/.pulumi/locks/organization/{SYSTEM}/{stack}/*",
    ]
    use_key = ["kms:Decrypt", "kms:DescribeKey", *(["kms:GenerateDataKey"] if writes else [])]
    by_alias = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": STATE_ALIAS}}
    return [
        allow("FindState", ["s3:ListBucket"], bucket),
        allow("ReadState", ["s3:GetObject"], [f"{bucket}/.pulumi/meta.yaml", *own]),
        *([allow("WriteState", ["s3:DeleteObject", "s3:PutObject"], own)] if writes else []),
        allow("UseStateKey", use_key, names.any_key_arn, condition=by_alias),
    ]


def drill_grants(ours: Names) -> list[Statement]:
    """What a drill does (operations/drill.py): put a score as the monitor would, try the trigger, resume; and look."""
    switch_logs = ours.log_group_arn(ours.function_log_group(ours.switch_function))
    through_logs = {"kms:ViaService": f"logs.{ours.region}.amazonaws.com"}
    topic, switch = ours.alert_topic_arn, ours.function_arn(ours.switch_function)
    return [
        allow("PutScore", ["cloudwatch:PutMetricData"], "*", condition={"StringEquals": {"cloudwatch:namespace": METRIC_NAMESPACE}}),
        allow(
            "TryTriggerAndResume",
            ["lambda:InvokeFunction"],
            [ours.function_arn(ours.trigger_function), ours.function_arn(ours.resume_function)],
        ),
        allow("SeeAlarmsAndBounds", ["application-autoscaling:DescribeScalableTargets", "cloudwatch:DescribeAlarms"], "*"),
        allow("SeeMode", ["ssm:GetParameter"], ours.mode_parameter_arn),
        allow("SeeServices", ["ecs:DescribeServices"], [ours.service_arn(one) for one in (ours.engine_service, ours.monitor_service)]),
        allow("SeeTopic", ["sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic"], topic),
        allow("SeeSwitch", ["lambda:GetFunctionConcurrency", "lambda:GetPolicy"], switch),
        allow("SeeSchedules", ["scheduler:GetSchedule"], ours.arn("scheduler", f"schedule/{ours.schedule_group}/*")),
        allow("SeeWhatTheSwitchSays", ["logs:FilterLogEvents"], [switch_logs, f"{switch_logs}:*"]),
        allow(
            "ReadEncryptedLogs",
            ["kms:Decrypt"],
            ours.any_key_arn,
            condition={"StringEquals": through_logs, "ForAnyValue:StringEquals": {"kms:ResourceAliases": ours.key_alias}},
        ),
    ]


def _root(names: AccountNames) -> str:
    return f"arn:{PARTITION}:iam::{names.number}:root"


def _taken_by(names: AccountNames, roles: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    return {"ArnEquals": {"aws:PrincipalArn": [names.role_arn(role) for role in roles]}}


def _trail(names: AccountNames) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """CloudTrail as a principal, and the condition that it acts for the account's trail."""
    return {"Service": "cloudtrail.amazonaws.com"}, {"StringEquals": {"aws:SourceArn": names.trail_arn}}


def _bedrock(names: AccountNames) -> dict[str, dict[str, str]]:
    source = f"arn:{PARTITION}:bedrock:{names.region}:{names.number}:*"
    return {"StringEquals": {"aws:SourceAccount": names.number}, "ArnLike": {"aws:SourceArn": source}}
