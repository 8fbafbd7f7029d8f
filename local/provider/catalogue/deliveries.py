"""CloudWatch's deliveries of the logs that AWS's services write themselves: from a source to a destination."""

from __future__ import annotations

from local.provider.table import Call, ResourceType

RESOURCES = (
    ResourceType(
        token="aws:cloudwatch/logDeliverySource:LogDeliverySource",
        calls=(Call("logs:PutDeliverySource"),),
        id="{name}",
        outputs={"arn": "arn:aws:logs:{region}:{account}:delivery-source:{name}", "service": "{resourceArn:service}"},
        replaces=frozenset({"logType", "name", "resourceArn"}),
        framework=True,
        tags=True,
    ),
    ResourceType(
        token="aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination",
        calls=(Call("logs:PutDeliveryDestination"),),
        id="{name}",
        outputs={"arn": "arn:aws:logs:{region}:{account}:delivery-destination:{name}"},
        replaces=frozenset({"name", "outputFormat"}),
        computed=frozenset({"deliveryDestinationType"}),
        framework=True,
        tags=True,
    ),
    ResourceType(
        token="aws:cloudwatch/logDelivery:LogDelivery",
        calls=(Call("logs:CreateDelivery"),),
        id="{letters16}",
        outputs={"arn": "arn:aws:logs:{region}:{account}:delivery:{id}"},
        replaces=frozenset({"deliveryDestinationArn", "deliverySourceName"}),
        computed=frozenset({"fieldDelimiter", "recordFields", "s3DeliveryConfigurations"}),
        framework=True,
        tags=True,
    ),
)
