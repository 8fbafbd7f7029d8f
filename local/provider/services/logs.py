"""CloudWatch Logs: log groups, and the delivery of AWS services' own logs from a source to a destination."""

from collections.abc import Iterator, Mapping
from typing import Any

from local.provider import equivalence
from local.provider.members import FLAG, Path, json_text, named
from local.provider.reading import Field, fields
from local.provider.resource_type import Call, Read, Request, ResourceType, tagging

_ARN = "arn:aws:logs:{region}:{account}"
_TAGS = tagging("logs", "resourceArn", "tags", "tagKeys", read="ListTagsForResource")


def _destination(properties: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """What the provider refuses."""
    given, is_xray = properties.get("deliveryDestinationConfiguration"), properties.get("deliveryDestinationType") == "XRAY"
    if is_xray and given is not None:
        yield ("deliveryDestinationConfiguration",), "must be left out: traces go to the account's own X-Ray"
    if not is_xray and given is None:
        yield ("deliveryDestinationConfiguration",), 'is missing: the provider requires it for logs; write {"destinationResourceArn": …}'


RESOURCES = (
    ResourceType(
        token="aws:cloudwatch/logGroup:LogGroup",
        create=(
            Call("logs:CreateLogGroup", {"name": "logGroupName", "skipDestroy": FLAG}),
            Call("logs:PutRetentionPolicy", {"name": "logGroupName", "retentionInDays": "retentionInDays"}),
        ),
        outputs={"arn": f"{_ARN}:log-group:{{name}}", "logGroupClass": "STANDARD"},
        read=Read(
            Request("logs:DescribeLogGroups", {"logGroupNamePrefix": "{name}"}),
            "logGroups[?logGroupName=='{name}'] | [0]",
            fields("kmsKeyId", "retentionInDays"),
            {"logGroupClass": "logGroupClass"},
        ),
        update=Call("logs:AssociateKmsKey", named("kmsKeyId"), {"logGroupName": "{name}"}),
        # AWS changes it by PutLogGroupDeletionProtection, which the emulator doesn't have.
        provider_only={"deletionProtectionEnabled"},
        delete=Request("logs:DeleteLogGroup", {"logGroupName": "{name}"}, unless=("skipDestroy", True)),
        references={"kmsKeyId": "aws:kms/key:Key"},
        referred_to_as=(f"{_ARN}:log-group:{{name}}", "{name}"),
        tags=_TAGS,
    ),
    ResourceType(
        token="aws:cloudwatch/logDataProtectionPolicy:LogDataProtectionPolicy",
        create=Call("logs:PutDataProtectionPolicy", {"logGroupName": "logGroupIdentifier", "policyDocument": json_text("policyDocument")}),
        id="{logGroupName}",
        not_emulated="ministack's logs have no data-protection policies",
        diff_suppress={"policyDocument": equivalence.documents},
        references={"logGroupName": "aws:cloudwatch/logGroup:LogGroup"},
    ),
    ResourceType(
        token="aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
        create=Call("logs:PutResourcePolicy", {"policyDocument": json_text("policyDocument")}),
        id="{policyName}",
        outputs={"policyScope": "ACCOUNT"},
        read=Read(Request("logs:DescribeResourcePolicies"), "resourcePolicies[?policyName=='{id}'] | [0]", fields("policyDocument")),
        delete=Request("logs:DeleteResourcePolicy", {"policyName": "{id}"}),
        diff_suppress={"policyDocument": equivalence.policies},
    ),
    ResourceType(
        token="aws:cloudwatch/logDeliverySource:LogDeliverySource",
        create=Call("logs:PutDeliverySource"),
        outputs={"arn": f"{_ARN}:delivery-source:{{name}}", "service": "{resourceArn:service}"},
        read=Read(
            Request("logs:GetDeliverySource", {"name": "{id}"}),
            "deliverySource",
            {**fields("logType"), "resourceArn": "resourceArns[0]"},
            {"arn": "arn", "service": "service"},
        ),
        delete=Request("logs:DeleteDeliverySource", {"name": "{id}"}),
        references={"resourceArn": "aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime"},
        referred_to_as=(f"{_ARN}:delivery-source:{{id}}", "{id}"),
        tags=_TAGS,
    ),
    ResourceType(
        token="aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination",
        create=Call("logs:PutDeliveryDestination"),
        outputs={"arn": f"{_ARN}:delivery-destination:{{name}}"},
        read=Read(
            Request("logs:GetDeliveryDestination", {"name": "{id}"}),
            "deliveryDestination",
            {
                # X-Ray's is empty.
                "deliveryDestinationConfiguration": Field("deliveryDestinationConfiguration", lambda found: found or None),
                **fields("deliveryDestinationType", "outputFormat"),
            },
            {"arn": "arn"},
        ),
        delete=Request("logs:DeleteDeliveryDestination", {"name": "{id}"}),
        validate=_destination,
        references={
            "deliveryDestinationConfiguration.destinationResourceArn": ("aws:cloudwatch/logGroup:LogGroup", "aws:s3/bucket:Bucket")
        },
        referred_to_as=(f"{_ARN}:delivery-destination:{{id}}",),
        tags=_TAGS,
    ),
    ResourceType(
        token="aws:cloudwatch/logDelivery:LogDelivery",
        create=Call("logs:CreateDelivery"),
        id="{letters16}",
        outputs={"arn": f"{_ARN}:delivery:{{id}}"},
        created={"id": "delivery.id"},
        read=Read(
            Request("logs:GetDelivery", {"id": "{id}"}),
            "delivery",
            {
                **fields("deliveryDestinationArn", "deliverySourceName", "fieldDelimiter", "recordFields"),
                "s3DeliveryConfigurations": "[s3DeliveryConfiguration]",
            },
            {"arn": "arn"},
        ),
        # The emulator doesn't have this operation.
        update=Call("logs:UpdateDeliveryConfiguration", {}, {"id": "{id}"}, rest=True),
        delete=Request("logs:DeleteDelivery", {"id": "{id}"}),
        references={
            "deliverySourceName": "aws:cloudwatch/logDeliverySource:LogDeliverySource",
            "deliveryDestinationArn": "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination",
        },
        tags=_TAGS,
    ),
)
