"""The policies of resources: key, topic, queue, buckets, endpoints, log delivery. Pure functions of the names, fully known at preview.

Where a role must be named, the account is the principal and `aws:PrincipalArn` the condition: AWS refuses a policy that names a role
not yet made, and a string gives Pulumi no edge to order by.
"""

from __future__ import annotations

import json
from typing import cast

from components.boundary import workload_grants
from components.iam import Condition, Statement, account_root, allow, deny_plain_transport, document
from components.iam_agentcore import gateway_key_grants
from components.naming import PARTITION, Names

LOG_DELIVERY = "delivery.logs.amazonaws.com"
"""The principal that delivers the logs of WAF and of AgentCore's gateway."""

ENCRYPTS_LOGS = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")
"""Source: CloudWatch Logs user guide, "Encrypt log data in CloudWatch Logs using AWS Key Management Service"."""

KEY_ITSELF = "*"
"""In a key's own policy, the resource `*` means this key."""

ADMINISTERS_KEY = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
"""What whoever administers a key does with it, and not with what it encrypts."""

ENDPOINT_ACTIONS = {
    "bedrock-runtime": "bedrock",
    "dynamodb": "dynamodb",
    "ecr.api": "ecr",
    "ecr.dkr": "ecr",
    "logs": "logs",
    "monitoring": "cloudwatch",
    "s3": "s3",
    "secretsmanager": "secretsmanager",
}
"""By a VPC endpoint's service, the prefix of its actions."""


def key_policy(names: Names) -> str:
    """The key's policy: who administers it, who creates resources with it, and which roles and services use it."""
    root = account_root(names)

    def via(*services: str) -> list[str]:
        return [f"{service}.{names.region}.amazonaws.com" for service in services]

    return document(
        allow(
            "AccountAdministersKey",
            ADMINISTERS_KEY,
            KEY_ITSELF,
            principal=root,
        ),
        allow(
            "AccountCreatesEncryptedResources",
            [
                "kms:CreateGrant",
                "kms:Decrypt",
                "kms:DescribeKey",
                "kms:Encrypt",
                "kms:GenerateDataKey*",
                "kms:ReEncrypt*",
                "kms:RetireGrant",
            ],
            KEY_ITSELF,
            principal=root,
            condition={
                "StringEquals": {
                    "kms:CallerAccount": names.account,
                    "kms:ViaService": via("bedrock", "bedrock-agentcore", "dynamodb", "ecr", "lambda", "secretsmanager", "sqs"),
                }
            },
        ),
        allow(
            "StackRolesUseData",
            ["kms:Decrypt", "kms:GenerateDataKey"],
            KEY_ITSELF,
            principal=root,
            condition={
                "StringEquals": {"kms:ViaService": via("dynamodb", "lambda", "s3", "secretsmanager", "sqs")},
                "ArnEquals": {"aws:PrincipalArn": [names.role_arn(role) for role in _data_roles(names)]},
            },
        ),
        # CloudWatch Logs calls KMS as its caller, who creates, writes or reads an encrypted group, and as itself.
        allow(
            "AccountUsesLogGroupsOfThisStack",
            ENCRYPTS_LOGS,
            KEY_ITSELF,
            principal=root,
            condition={
                "StringEquals": {"kms:CallerAccount": names.account, "kms:ViaService": via("logs")},
                "ArnLike": _log_groups(names),
            },
        ),
        allow(
            "LogGroupsOfThisStack",
            ["kms:DescribeKey", *ENCRYPTS_LOGS],
            KEY_ITSELF,
            principal={"Service": f"logs.{names.region}.amazonaws.com"},
            condition={"ArnLike": _log_groups(names)},
        ),
        allow(
            "AlarmsPublishToTopic",
            ["kms:Decrypt", "kms:GenerateDataKey*"],
            KEY_ITSELF,
            principal={"Service": "cloudwatch.amazonaws.com"},
            condition=_from_this_account(names, names.alarm_arn("*")),
        ),
        allow(
            "BudgetPublishesToTopic",
            ["kms:Decrypt", "kms:GenerateDataKey*"],
            KEY_ITSELF,
            principal={"Service": "budgets.amazonaws.com"},
            condition=_from_this_account(names, _any_budget(names)),
        ),
        allow(
            "TopicSendsDeadLetters",
            ["kms:Decrypt", "kms:GenerateDataKey*"],
            KEY_ITSELF,
            principal={"Service": "sns.amazonaws.com"},
            condition=_from_this_account(names, names.alert_topic_arn),
        ),
        *_fargate_storage(names),
        *_agents(names),
    )


def _log_groups(names: Names) -> dict[str, list[str]]:
    """By the encryption context, the stack's log groups."""
    return {
        "kms:EncryptionContext:aws:logs:arn": [
            names.log_group_arn(f"/evolution/{names.stack}/*"),
            *(names.log_group_arn(names.function_log_group(function)) for function in names.functions),
            names.log_group_arn(names.any_agent_log_group),
            names.log_group_arn(names.web_acl_log_group),
            names.log_group_arn(names.insights_log_group),
        ]
    }


def _data_roles(names: Names) -> list[str]:
    """The roles that read or write what the key encrypts: tables, artifacts, settings, functions' variables, dead letters."""
    return [
        names.engine_role,
        names.monitor_role,
        names.scheduler_role,
        *(names.function_role(function) for function in names.functions),
    ]


def _fargate_storage(names: Names) -> tuple[Statement, Statement]:
    """Fargate encrypts a task's ephemeral storage with the key.

    Source: ECS guide, "Customer managed keys for AWS Fargate ephemeral storage".
    """
    context = {"kms:EncryptionContext:aws:ecs:clusterAccount": names.account, "kms:EncryptionContext:aws:ecs:clusterName": names.cluster}
    fargate = {"Service": "fargate.amazonaws.com"}
    return (
        allow(
            "FargateMakesDataKeys",
            ["kms:GenerateDataKeyWithoutPlaintext"],
            KEY_ITSELF,
            principal=fargate,
            condition={"StringEquals": context},
        ),
        allow(
            "FargateGrantsDecryption",
            ["kms:CreateGrant"],
            KEY_ITSELF,
            principal=fargate,
            condition={"StringEquals": context, "ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt"]}},
        ),
    )


def _agents(names: Names) -> tuple[Statement, ...]:
    """The guardrail and the gateway are encrypted with the key. Whoever asks through the guardrail reads it, and the gateway's role reads
    what the gateway is told of its target: both call KMS themselves, through no service.

    Sources: Bedrock user guide, "Permissions for guardrails"; AgentCore developer guide, "Encrypt your AgentCore gateway with a
    customer-managed KMS key".
    """
    root = account_root(names)
    handler = names.function_role(names.handler_function)
    gateway: Condition = {"ArnEquals": {"aws:PrincipalArn": names.role_arn(names.gateway_role)}}
    return (
        allow(
            "AgentsReadGuardrail",
            ["kms:Decrypt"],
            KEY_ITSELF,
            principal=root,
            condition={"ArnEquals": {"aws:PrincipalArn": [names.role_arn(role) for role in (names.agent_runtime_role, handler)]}},
        ),
        allow(
            "GatewayUsesKey",
            ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
            KEY_ITSELF,
            principal=root,
            condition=gateway,
        ),
        allow(
            "GatewayGrantsUseOfKey",
            ["kms:CreateGrant"],
            KEY_ITSELF,
            principal=root,
            condition={**gateway, **gateway_key_grants(names)},
        ),
        allow(
            "GatewayLogsAreDelivered",
            ["kms:Decrypt", "kms:GenerateDataKey"],
            KEY_ITSELF,
            principal={"Service": LOG_DELIVERY},
            condition={
                "StringEquals": {"aws:SourceAccount": names.account},
                "ArnLike": {"kms:EncryptionContext:SourceArn": names.arn("logs", "*")},
            },
        ),
    )


def topic_policy(names: Names) -> str:
    """Alarms and the budget of this account may publish; only over TLS."""
    topic = names.alert_topic_arn
    return document(
        allow(
            "AlarmsPublish",
            ["sns:Publish"],
            topic,
            principal={"Service": "cloudwatch.amazonaws.com"},
            condition=_from_this_account(names, names.alarm_arn("*")),
        ),
        allow(
            "BudgetPublishes",
            ["sns:Publish"],
            topic,
            principal={"Service": "budgets.amazonaws.com"},
            condition=_from_this_account(names, _any_budget(names)),
        ),
        deny_plain_transport(topic, "sns:Publish"),
    )


def dead_letters_policy(names: Names) -> str:
    """The alert topic may send what it couldn't deliver to the switch; other senders have grants in their roles. Only over TLS."""
    queue = names.dead_letters_arn
    return document(
        allow(
            "TopicSendsDeadLetters",
            ["sqs:SendMessage"],
            queue,
            principal={"Service": "sns.amazonaws.com"},
            condition=_from_this_account(names, names.alert_topic_arn),
        ),
        deny_plain_transport(queue, "sqs:*"),
    )


def artifacts_bucket_policy(names: Names) -> str:
    bucket = names.bucket_arn(names.artifacts_bucket)
    return document(deny_plain_transport([bucket, f"{bucket}/*"], "s3:*"))


def access_logs_bucket_policy(names: Names) -> str:
    """S3 may deliver the access logs of the artifacts bucket, and of no other."""
    bucket = names.bucket_arn(names.access_logs_bucket)
    return document(
        allow(
            "S3DeliversAccessLogs",
            ["s3:PutObject"],
            f"{bucket}/*",
            principal={"Service": "logging.s3.amazonaws.com"},
            condition=_from_this_account(names, names.bucket_arn(names.artifacts_bucket)),
        ),
        deny_plain_transport([bucket, f"{bucket}/*"], "s3:*"),
    )


MASKED = (
    "Address",
    "AwsSecretKey",
    *(f"BankAccountNumber-{country}" for country in ("DE", "ES", "FR", "GB", "IT", "US")),
    "CreditCardExpiration",
    "CreditCardNumber",
    "CreditCardSecurityCode",
    "EmailAddress",
    "OpenSshPrivateKey",
    "PgpPrivateKey",
    *(f"PhoneNumber-{country}" for country in ("DE", "ES", "FR", "GB", "IT", "US")),
    "PkcsPrivateKey",
    "PuttyPrivateKey",
    "Ssn-US",
)
"""What is masked in logs where prompts may be: what the guardrail stops or masks, as far as CloudWatch Logs knows it.
Source: CloudWatch Logs user guide, "Types of data that you can protect"."""


def log_masks() -> str:
    """The data-protection policy of a log group where prompts may be. Masking wants an audit of the same data before it.

    Source: CloudWatch Logs user guide, "Understanding data protection policies".
    """
    data = [f"arn:{PARTITION}:dataprotection::aws:data-identifier/{kind}" for kind in MASKED]
    audit: dict[str, object] = {"Sid": "Audit", "DataIdentifier": data, "Operation": {"Audit": {"FindingsDestination": {}}}}
    mask: dict[str, object] = {"Sid": "Mask", "DataIdentifier": data, "Operation": {"Deidentify": {"MaskConfig": {}}}}
    return json.dumps({"Name": "prompts", "Version": "2021-06-01", "Statement": [audit, mask]})


def log_delivery(names: Names, log_group: str) -> str:
    """AWS's log delivery may write to the one group. Without this policy, AWS adds a wider one itself."""
    return document(
        allow(
            "ServiceDeliversLogs",
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            f"{names.log_group_arn(log_group)}:*",
            principal={"Service": LOG_DELIVERY},
            condition=_from_this_account(names, names.arn("logs", "*")),
        )
    )


def trace_delivery(names: Names) -> str:
    """AWS's log delivery may send the gateway's traces to X-Ray. Without this policy, AWS adds a wider one itself.

    Source: CloudWatch Logs user guide, "Traces sent to X-Ray".
    """
    from_gateway: Condition = {"ForAllValues:ArnLike": {"logs:LogGeneratingResourceArns": names.gateway_arn}}
    return document(
        allow(
            "ServiceDeliversTraces",
            ["xray:PutTraceSegments"],
            "*",
            principal={"Service": LOG_DELIVERY},
            condition=_from_this_account(names, names.arn("logs", f"delivery-source:{names.gateway_traces}")) | from_gateway,
        )
    )


def endpoint_policy(names: Names, service: str, model_id: str) -> str:
    """Through a VPC endpoint: what the workloads' roles are granted there, to principals of this account; nothing else. Of models, the
    one, and only with a guardrail.

    Args:
        service: the endpoint's service, a key of `ENDPOINT_ACTIONS`.
    """
    prefix = ENDPOINT_ACTIONS[service]
    statements = [
        statement | {"Principal": "*", "Condition": _also_by_this_account(names, statement)}
        for statement in workload_grants(names, model_id)
        if _service_of(statement) == prefix
    ]
    if service == "s3":
        # ECR keeps image layers in a bucket of AWS's own and signs the requests itself, so no condition on our account holds.
        # Source: ECR guide, "Amazon ECR interface VPC endpoints".
        layers = names.bucket_arn(f"prod-{names.region}-starport-layer-bucket/*")
        statements.append(allow("ImageLayers", ["s3:GetObject"], layers, principal="*"))
    return document(*statements)


def _service_of(statement: Statement) -> str:
    actions = cast("list[str]", statement["Action"])
    return actions[0].partition(":")[0]


def _also_by_this_account(names: Names, statement: Statement) -> Condition:
    condition = cast("Condition", statement.get("Condition", {}))
    return {**condition, "StringEquals": {**condition.get("StringEquals", {}), "aws:PrincipalAccount": names.account}}


def _from_this_account(names: Names, source_arn: str) -> dict[str, dict[str, str]]:
    return {"StringEquals": {"aws:SourceAccount": names.account}, "ArnLike": {"aws:SourceArn": source_arn}}


def _any_budget(names: Names) -> str:
    """Budgets belong to no region."""
    return f"arn:{PARTITION}:budgets::{names.account}:*"
