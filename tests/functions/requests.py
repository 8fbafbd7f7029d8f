"""What IAM is asked when a function calls AWS, and what it says: an evaluator for this system's documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from components.environment import PROJECT
from components.naming import Names
from globs import glob

Document = Mapping[str, Any]

KEY_ID = "key/11111111-2222-3333-4444-555555555555"
STREAM_LABEL = "2026-11-24T06:00:00.000"
TARGET_ID = "scalable-target/0ec51234567890abcdef"

NOTHING: Mapping[str, Sequence[str]] = {}


@dataclass(frozen=True, kw_only=True)
class IamRequest:
    """One question to IAM: may this be done to that? `context` holds the condition keys of the request, several values each."""

    action: str
    resource: str
    context: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]], compare=False)


def listed(value: object) -> list[str]:
    """A text, or an array of texts, as a list."""
    return [value] if isinstance(value, str) else [str(one) for one in cast("list[object]", value)]


def allows(statement: Document, request: IamRequest) -> bool:
    """Whether a role's statement allows it."""
    assert statement["Effect"] == "Allow", "a role's document has nothing but grants"
    return matches(statement, request)


BY_HAND: Mapping[str, Sequence[str]] = {"aws:ViaAWSService": ["false"]}
"""In every request that no service sends on the caller's behalf. Source: IAM user guide, "AWS global condition context keys"."""


def matches(statement: Document, request: IamRequest) -> bool:
    """Whether a statement, of either effect, is about a request. Operators that this system doesn't use are not known, and never hold."""
    named = any(glob(action.lower(), request.action.lower()) for action in listed(statement.get("Action") or statement["NotAction"]))
    return (
        named == ("Action" in statement)
        and any(glob(resource, request.resource) for resource in listed(statement["Resource"]))
        and all(
            _holds(operator, listed(values), {**BY_HAND, **request.context}.get(key, ()))
            for operator, tests in statement.get("Condition", {}).items()
            for key, values in tests.items()
        )
    )


def _holds(operator: str, values: Sequence[str], given: Sequence[str]) -> bool:
    match operator.removeprefix("ForAnyValue:"):
        case "StringEquals" | "Bool":
            return any(one in values for one in given)
        case "StringNotEquals":
            return not any(one in values for one in given)
        case "ArnNotEquals" | "ArnNotLike":
            return not any(glob(value, one) for value in values for one in given)
        case "Null":
            return values == ["false" if given else "true"]
        case "StringLike" | "ArnLike" | "ArnEquals":
            return any(glob(value, one) for value in values for one in given)
        case _:
            return False


def permitted(statements: Iterable[Document], request: IamRequest) -> bool:
    return any(allows(statement, request) for statement in statements)


def within(policies: Iterable[Document], boundary: Sequence[Document], request: IamRequest) -> bool:
    """Whether policies of grants allow it to a role under a boundary, which may deny as well."""
    granted = [one for one in boundary if one["Effect"] == "Allow"]
    denied = [one for one in boundary if one["Effect"] == "Deny"]
    return permitted(policies, request) and permitted(granted, request) and not any(matches(one, request) for one in denied)


def unused(statements: Iterable[Document], questions: Sequence[IamRequest]) -> list[str]:
    """The grants that no question needs: an action that is never asked for, or a resource that none of them is about."""
    found: list[str] = []
    for statement in statements:
        needed = [request for request in questions if allows(statement, request)]
        for action in listed(statement["Action"]):
            if not any(glob(action.lower(), request.action.lower()) for request in needed):
                found.append(f"{statement.get('Sid')}: {action}")
        for resource in listed(statement["Resource"]):
            if not any(glob(resource, request.resource) for request in needed):
                found.append(f"{statement.get('Sid')}: {resource}")
    return found


def of_call(names: Names, operation: str, given: Mapping[str, Any]) -> Iterator[IamRequest]:
    """What IAM is asked for one call of botocore's. Source: service authorization reference."""
    match operation:
        case "ssm:GetParameter" | "ssm:PutParameter":
            yield _ours(names, operation, names.arn("ssm", f"parameter{given['Name']}"))
        case "cloudwatch:DescribeAlarms" | "application-autoscaling:DescribeScalableTargets":
            yield IamRequest(action=operation, resource="*")
        case "application-autoscaling:RegisterScalableTarget":
            yield _ours(names, operation, names.arn("application-autoscaling", TARGET_ID))
            service = names.arn("ecs", given["ResourceId"])
            # Of whoever registers a service. Source: Application Auto Scaling user guide, "Identity-based policy examples".
            yield from (_ours(names, action, service) for action in ("ecs:DescribeServices", "ecs:UpdateService"))
        case "ecs:DescribeServices" | "ecs:UpdateService":
            (service,) = given.get("services", [given.get("service")])
            yield _ours(names, operation, names.arn("ecs", f"service/{given['cluster']}/{service}"))
        case "dynamodb:TransactWriteItems":
            for one in given["TransactItems"]:
                yield _ours(names, "dynamodb:PutItem", names.table_arn(one["Put"]["TableName"]))
        case "s3:PutObject":
            yield _ours(names, operation, f"{names.bucket_arn(given['Bucket'])}/{given['Key']}")
            yield _key(names, "kms:GenerateDataKey")
        case "sqs:SendMessage":
            yield from _message(names, given["QueueUrl"].rpartition("/")[2])
        case "bedrock-runtime:Converse":
            profile = names.arn("bedrock", f"inference-profile/{given['modelId']}")
            named = names.arn("bedrock", "guardrail/{guardrailIdentifier}:{guardrailVersion}".format(**given["guardrailConfig"]))
            guarded = {"bedrock:GuardrailIdentifier": [named]}
            yield IamRequest(action="bedrock:InvokeModel", resource=profile, context=guarded)
            for region in ("us-east-1", "us-east-2", "us-west-2"):  # the destinations of a profile that starts with `us.`
                model = f"arn:aws:bedrock:{region}::foundation-model/{given['modelId'].partition('.')[2]}"
                yield IamRequest(
                    action="bedrock:InvokeModel", resource=model, context={**guarded, "bedrock:InferenceProfileArn": [profile]}
                )
                there = f"arn:aws:bedrock:{region}:{names.account}:guardrail-profile/us.guardrail.v1:0"  # and those of a guardrail's
                yield IamRequest(action="bedrock:ApplyGuardrail", resource=there)
            guardrail = given["guardrailConfig"]["guardrailIdentifier"]
            yield _ours(names, "bedrock:ApplyGuardrail", names.arn("bedrock", f"guardrail/{guardrail}"))
            yield _key(names, "kms:Decrypt")  # of whoever uses an encrypted guardrail. Source: Bedrock user guide, "Guardrails permissions"
        case "bedrock-agentcore:InvokeGateway":
            gateway = given["url"].removeprefix("https://").partition(".")[0]
            yield _ours(names, operation, names.arn("bedrock-agentcore", f"gateway/{gateway}"))
        case _:
            raise AssertionError(f"what does {operation} ask IAM? Say so here.")


def of_lambda(names: Names, function: str) -> Iterator[IamRequest]:
    """What Lambda itself does in a function's name. Source: Lambda developer guide, on logs, tracing, encrypted variables, destinations
    of failed events, and DynamoDB streams."""
    group = names.log_group_arn(names.function_log_group(function))
    stream = f"{group}:log-stream:2026/11/24/[$LATEST]0123"
    yield from (IamRequest(action=action, resource=stream) for action in ("logs:CreateLogStream", "logs:PutLogEvents"))
    # CloudWatch Logs calls KMS as its caller. Source: the managed policy CloudWatchLogsAPIKeyAccess.
    through = {"kms:ViaService": [f"logs.{names.region}.amazonaws.com"]}
    yield _key(names, "kms:DescribeKey", through)
    context = {**through, "kms:EncryptionContext:aws:logs:arn": [group]}
    yield from (_key(names, action, context) for action in ("kms:GenerateDataKey", "kms:Decrypt"))
    yield from (IamRequest(action=action, resource="*") for action in ("xray:PutTraceSegments", "xray:PutTelemetryRecords"))
    yield _key(names, "kms:Decrypt")
    yield from _message(names, names.dead_letters)
    if function == names.archiver_function:
        stream = f"{names.table_arn(names.state_table)}/stream/{STREAM_LABEL}"
        yield from (IamRequest(action=f"dynamodb:{one}", resource=stream) for one in ("DescribeStream", "GetRecords", "GetShardIterator"))
        yield IamRequest(action="dynamodb:ListStreams", resource="*")


def _message(names: Names, queue: str) -> Iterator[IamRequest]:
    yield _ours(names, "sqs:SendMessage", names.arn("sqs", queue))
    yield from (_key(names, action) for action in ("kms:GenerateDataKey", "kms:Decrypt"))


def _key(names: Names, action: str, context: Mapping[str, Sequence[str]] = NOTHING) -> IamRequest:
    return IamRequest(action=action, resource=names.arn("kms", KEY_ID), context={"kms:ResourceAliases": [names.key_alias], **context})


def _ours(names: Names, action: str, resource: str) -> IamRequest:
    """About something that carries the stack's tags."""
    tags = {"aws:ResourceTag/Project": [PROJECT], "aws:ResourceTag/Environment": [names.stack]}
    return IamRequest(action=action, resource=resource, context=tags)
