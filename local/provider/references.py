"""What must be there before a resource that refers to it: `make up` refuses a reference to something of this stack that isn't made yet.

Names are explicit, so a program can write down the ARN of a role before the role exists, and nothing tells the engine to wait for it. The
emulator would take such a reference; AWS refuses it, some of the time, for the engine makes what it can at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from local.provider.cloud import Cloud, CloudError
from local.provider.life import Ask
from local.provider.outputs import ACCOUNT, fill
from local.provider.reading import search


class NotMadeError(Exception):
    """A resource refers to something that isn't there; the message names it and says what to do."""


@dataclass(frozen=True)
class Kind:
    """Something that is referred to by its ARN or its name."""

    forms: tuple[str, ...]
    """How a reference is written: the ARN first, then a name. `{name}` stands for anything, any other `{…}` for what has no slash."""

    look: Ask
    """Asks for it; its templates have the names in the form, and `{given}` for the whole reference."""

    at: str = "@"
    """Where in the answer it is: JMESPath, a template. Nothing there, or an error that says so: it isn't made."""


ROLE = Kind(("arn:aws:iam::{account}:role/{name}", "{name}"), Ask("iam:GetRole", {"RoleName": "{name:last}"}))
POLICY = Kind(("arn:aws:iam::{account}:policy/{name}",), Ask("iam:GetPolicy", {"PolicyArn": "{given}"}))
KEY = Kind(
    ("arn:aws:kms:{region}:{account}:{name}", "{name}"),
    Ask("kms:DescribeKey", {"KeyId": "{given}"}),
    "KeyMetadata | [@] | [?KeyState!='PendingDeletion'] | [0]",
)
FUNCTION = Kind(("arn:aws:lambda:{region}:{account}:function:{name}", "{name}"), Ask("lambda:GetFunction", {"FunctionName": "{name}"}))
STREAM = Kind(
    ("arn:aws:dynamodb:{region}:{account}:table/{name}/stream/{label}",),
    Ask("dynamodb:DescribeTable", {"TableName": "{name}"}),
    "Table.LatestStreamArn",
)
QUEUE = Kind(("arn:aws:sqs:{region}:{account}:{name}",), Ask("sqs:GetQueueUrl", {"QueueName": "{name}"}))
TOPIC = Kind(("arn:aws:sns:{region}:{account}:{name}",), Ask("sns:GetTopicAttributes", {"TopicArn": "{given}"}))
BUCKET = Kind(("arn:aws:s3:::{name}", "{name}"), Ask("s3:HeadBucket", {"Bucket": "{name}"}))
LOG_GROUP = Kind(
    ("arn:aws:logs:{region}:{account}:log-group:{name}", "{name}"),
    Ask("logs:DescribeLogGroups", {"logGroupNamePrefix": "{name}"}),
    "logGroups[?logGroupName=='{name}'] | [0]",
)
REPOSITORY = Kind(
    ("arn:aws:ecr:{region}:{account}:repository/{name}", "{name}"), Ask("ecr:DescribeRepositories", {"repositoryNames": ["{name}"]})
)
SECRET = Kind(
    ("arn:aws:secretsmanager:{region}:{account}:secret:{name}", "{name}"),
    Ask("secretsmanager:DescribeSecret", {"SecretId": "{given}"}),
    "[@] | [?!DeletedDate] | [0]",
)
CLUSTER = Kind(
    ("arn:aws:ecs:{region}:{account}:cluster/{name}", "{name}"),
    Ask("ecs:DescribeClusters", {"clusters": ["{name}"]}),
    "clusters[?status=='ACTIVE'] | [0]",
)
TASK_DEFINITION = Kind(
    ("arn:aws:ecs:{region}:{account}:task-definition/{name}", "{name}"),
    Ask("ecs:DescribeTaskDefinition", {"taskDefinition": "{given}"}),
    "taskDefinition | [@] | [?status=='ACTIVE'] | [0]",
)
SERVICE = Kind(
    ("arn:aws:ecs:{region}:{account}:service/{cluster}/{name}", "service/{cluster}/{name}"),
    Ask("ecs:DescribeServices", {"cluster": "{cluster}", "services": ["{name}"]}),
    "services[?status=='ACTIVE'] | [0]",
)
ALARM = Kind(
    ("arn:aws:cloudwatch:{region}:{account}:alarm:{name}", "{name}"),
    Ask("cloudwatch:DescribeAlarms", {"AlarmNames": ["{name}"], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}),
    "[MetricAlarms, CompositeAlarms][] | [0]",
)
DELIVERY_SOURCE = Kind(
    ("arn:aws:logs:{region}:{account}:delivery-source:{name}", "{name}"), Ask("logs:GetDeliverySource", {"name": "{name}"})
)
DELIVERY_DESTINATION = Kind(
    ("arn:aws:logs:{region}:{account}:delivery-destination:{name}",), Ask("logs:GetDeliveryDestination", {"name": "{name}"})
)
RUNTIME = Kind(
    ("arn:aws:bedrock-agentcore:{region}:{account}:runtime/{id}", "{id}"),
    Ask("bedrock-agentcore-control:GetAgentRuntime", {"agentRuntimeId": "{id}"}),
)
ENDPOINT = Kind(
    ("arn:aws:bedrock-agentcore:{region}:{account}:runtime/{id}/runtime-endpoint/{name}",),
    Ask("bedrock-agentcore-control:GetAgentRuntimeEndpoint", {"agentRuntimeId": "{id}", "endpointName": "{name}"}),
)
SCHEDULE_GROUP = Kind(
    ("arn:aws:scheduler:{region}:{account}:schedule-group/{name}", "{name}"), Ask("scheduler:GetScheduleGroup", {"Name": "{name}"})
)
WEB_ACL = Kind(
    ("arn:aws:wafv2:{region}:{account}:regional/webacl/{name}/{id}",),
    Ask("wafv2:GetWebACL", {"Name": "{name}", "Scope": "REGIONAL", "Id": "{id}"}),
)


def _principals(document: str) -> list[str]:
    """The AWS principals of a policy. What else a policy names, its resources and its conditions, AWS doesn't look for."""
    found = search("Statement[].Principal.AWS[] || Statement[].Principal.AWS", json.loads(document))
    return cast("list[str]", found or [])


def _alarms(rule: str) -> list[str]:
    return re.findall(r"""\b(?:ALARM|OK|INSUFFICIENT_DATA)\(\s*["']?([^"')]+)""", rule)


def _redrive(text: str) -> list[str]:
    return [json.loads(text)["deadLetterTargetArn"]]


@dataclass(frozen=True)
class Reference:
    """A property that refers to something."""

    path: str
    """JMESPath, below the resource's inputs; what it finds is text, or a list of texts."""

    kinds: tuple[Kind, ...]
    inside: Callable[[str], list[str]] | None = None
    """Takes the references out of the text."""


def _to(kind: Kind, *paths: str) -> tuple[Reference, ...]:
    return tuple(Reference(path, (kind,)) for path in paths)


_TRUST = (Reference("assumeRolePolicy", (ROLE,), _principals),)
_POLICY = (Reference("policy", (ROLE,), _principals),)
_OUTCOMES = (
    Reference("destinationConfig.onFailure.[destination, destinationArn][]", (QUEUE, TOPIC, FUNCTION, BUCKET)),
    Reference("destinationConfig.onSuccess.destination", (QUEUE, TOPIC, FUNCTION)),
)
_OF_BUCKET = _to(BUCKET, "bucket")

REFERENCES: Final[Mapping[str, tuple[Reference, ...]]] = {
    "aws:appautoscaling/policy:Policy": _to(SERVICE, "resourceId"),
    "aws:appautoscaling/scheduledAction:ScheduledAction": _to(SERVICE, "resourceId"),
    "aws:appautoscaling/target:Target": _to(SERVICE, "resourceId"),
    "aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime": _to(ROLE, "roleArn"),
    "aws:bedrock/agentcoreAgentRuntimeEndpoint:AgentcoreAgentRuntimeEndpoint": _to(RUNTIME, "agentRuntimeId"),
    "aws:bedrock/agentcoreGateway:AgentcoreGateway": (
        *_to(ROLE, "roleArn"),
        *_to(KEY, "kmsKeyArn"),
        *_to(FUNCTION, "interceptorConfigurations[].interceptor.lambda.arn"),
    ),
    "aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget": _to(RUNTIME, "targetConfiguration.http.agentcoreRuntime.arn"),
    "aws:bedrock/agentcoreResourcePolicy:AgentcoreResourcePolicy": (Reference("resourceArn", (RUNTIME, ENDPOINT)), *_POLICY),
    "aws:bedrock/guardrail:Guardrail": _to(KEY, "kmsKeyArn"),
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": (Reference("alarmRule", (ALARM,), _alarms),),
    "aws:cloudwatch/logDelivery:LogDelivery": (
        *_to(DELIVERY_SOURCE, "deliverySourceName"),
        *_to(DELIVERY_DESTINATION, "deliveryDestinationArn"),
    ),
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": (
        Reference("deliveryDestinationConfiguration.destinationResourceArn", (LOG_GROUP, BUCKET)),
    ),
    "aws:cloudwatch/logDeliverySource:LogDeliverySource": _to(RUNTIME, "resourceArn"),
    "aws:cloudwatch/logGroup:LogGroup": _to(KEY, "kmsKeyId"),
    "aws:dynamodb/table:Table": _to(KEY, "serverSideEncryption.kmsKeyArn"),
    # AWS itself makes a log group that isn't there, without a key and for ever.
    "aws:ec2/flowLog:FlowLog": (*_to(ROLE, "iamRoleArn"), Reference("logDestination", (LOG_GROUP, BUCKET))),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": _to(REPOSITORY, "repository"),
    "aws:ecr/repository:Repository": _to(KEY, "encryptionConfigurations[].kmsKey"),
    "aws:ecs/service:Service": (
        *_to(CLUSTER, "cluster"),
        *_to(ROLE, "iamRole"),
        *_to(TASK_DEFINITION, "taskDefinition"),
    ),
    "aws:ecs/taskDefinition:TaskDefinition": _to(ROLE, "executionRoleArn", "taskRoleArn"),
    "aws:iam/role:Role": (*_TRUST, *_to(POLICY, "permissionsBoundary")),
    "aws:iam/rolePolicy:RolePolicy": _to(ROLE, "role"),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": (*_to(ROLE, "role"), *_to(POLICY, "policyArn")),
    "aws:kms/key:Key": _POLICY,
    "aws:lambda/eventSourceMapping:EventSourceMapping": (
        *_to(FUNCTION, "functionName"),
        Reference("eventSourceArn", (STREAM, QUEUE)),
        *_OUTCOMES,
    ),
    "aws:lambda/function:Function": (
        *_to(ROLE, "role"),
        *_to(KEY, "kmsKeyArn"),
        *_to(LOG_GROUP, "loggingConfig.logGroup"),
        Reference("deadLetterConfig.targetArn", (QUEUE, TOPIC)),
    ),
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": (*_to(FUNCTION, "functionName"), *_OUTCOMES),
    "aws:lambda/permission:Permission": (*_to(FUNCTION, "function"), *_to(ROLE, "principal")),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _OF_BUCKET,
    "aws:s3/bucketLogging:BucketLogging": _to(BUCKET, "bucket", "targetBucket"),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _OF_BUCKET,
    "aws:s3/bucketPolicy:BucketPolicy": (*_OF_BUCKET, *_POLICY),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _OF_BUCKET,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _OF_BUCKET,
    "aws:s3/bucketVersioning:BucketVersioning": _OF_BUCKET,
    "aws:scheduler/schedule:Schedule": (
        *_to(SCHEDULE_GROUP, "groupName"),
        *_to(ROLE, "target.roleArn"),
        *_to(QUEUE, "target.deadLetterConfig.arn"),
        Reference("target.arn", (FUNCTION, QUEUE, TOPIC)),
    ),
    "aws:secretsmanager/secret:Secret": _to(KEY, "kmsKeyId"),
    "aws:secretsmanager/secretVersion:SecretVersion": _to(SECRET, "secretId"),
    "aws:sns/topicPolicy:TopicPolicy": (*_to(TOPIC, "arn"), *_POLICY),
    "aws:sns/topicSubscription:TopicSubscription": (
        *_to(TOPIC, "topic"),
        *_to(ROLE, "subscriptionRoleArn"),
        Reference("endpoint", (FUNCTION, QUEUE)),
        Reference("redrivePolicy", (QUEUE,), _redrive),
    ),
    "aws:sqs/queue:Queue": (Reference("redrivePolicy", (QUEUE,), _redrive),),
    "aws:sqs/queuePolicy:QueuePolicy": _POLICY,
    "aws:wafv2/webAclAssociation:WebAclAssociation": _to(WEB_ACL, "webAclArn"),
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": (
        *_to(WEB_ACL, "resourceArn"),
        Reference("logDestinationConfigs", (LOG_GROUP, BUCKET)),
    ),
}
"""By type, the properties that are looked at: those whose ARN or name AWS looks for when it makes the resource."""

IGNORED: Final[Mapping[str, str]] = {
    "alarmActions": "CloudWatch looks for an action's target only when the alarm fires",
    "okActions": "as alarmActions",
    "configuration": "ECS looks for the key of the ephemeral storage when a task starts",
    "guardrailArn": "AWS makes a guardrail's id, so nobody can name one beforehand",
    "kmsMasterKeyId": "SNS and SQS look for a key when they use it",
    "notifications": "Budgets looks for a topic when it writes to it",
    "resourceArn": "of a web ACL's association and a log's source: a gateway, which the emulator lacks",
    "rules": "S3 looks for a bucket's key when it uses it",
    "sourceArn": "a condition of a permission: what it names need not be there",
}
"""Properties that hold an ARN and are not looked at, with the reason. A test holds that a deployed stack has no others."""


def refuse_unmade(cloud: Cloud, token: str, inputs: Mapping[str, Any], stack: str, region: str) -> None:
    """Look for everything of this stack that the resource refers to.

    Args:
        cloud: the emulator.
        token: the resource's type.
        inputs: its properties.
        stack: the stack's name. What doesn't bear it may be there already, in an account: only this stack's own is missed here.
        region: where the resource is.

    Raises:
        NotMadeError: something isn't there.
        CloudError: the emulator refused to say.
    """
    for reference in REFERENCES.get(token, ()):
        for given in given_by(reference, inputs):
            asks = list(_asks(reference, given, region))
            if asks and _bears(given, stack) and not any(_is_there(cloud, kind, values, region) for kind, values in asks):
                raise NotMadeError(
                    f"{reference.path.partition('.[')[0]} refers to {given}, which isn't made yet. Take it from an output of the resource "
                    "that makes it, or name that resource in depends_on, so that it is made first"
                )


def given_by(reference: Reference, inputs: Mapping[str, Any]) -> Iterator[str]:
    """The references that a property holds."""
    found = search(reference.path, inputs)
    for text in cast("list[Any]", found if isinstance(found, list) else [found]):
        if isinstance(text, str):
            yield from reference.inside(text) if reference.inside else [text]


def _bears(given: str, stack: str) -> bool:
    """Whether the stack's name is one of the words of a name."""
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(stack)}(?![A-Za-z0-9])", given) is not None


def _asks(reference: Reference, given: str, region: str) -> Iterator[tuple[Kind, dict[str, str]]]:
    """What the reference may mean, and the names in it. Nothing: it is of another account or region, or of no kind that is known here."""
    for kind in reference.kinds:
        for form in kind.forms:
            pattern = re.escape(form).replace(r"\{account\}", ACCOUNT).replace(r"\{region\}", re.escape(region))
            pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+?)", pattern.replace(r"\{name\}", "(?P<name>.+?)"))
            matched = re.fullmatch(pattern + r"(?::\*)?", given)
            if matched and given.startswith("arn:") == form.startswith("arn:"):
                yield kind, {**matched.groupdict(), "given": given}


def _is_there(cloud: Cloud, kind: Kind, values: Mapping[str, str], region: str) -> bool:
    try:
        answer = cloud.send(kind.look.operation, fill(dict(kind.look.parameters), values.get), region)
    except CloudError as error:
        if error.gone:
            return False
        raise
    return bool(search(fill(kind.at, values.get), answer))
