"""Web ACLs, what they guard and where they log."""

from __future__ import annotations

from local.provider import equivalence
from local.provider.table import EXPLICIT, Call, Json, ResourceType, keyed

RESOURCES = (
    ResourceType(
        token="aws:wafv2/webAcl:WebAcl",
        calls=(
            Call(
                "wafv2:CreateWebACL",
                {"customResponseBodies": keyed("CustomResponseBodies", "key"), "ruleJson": Json("Rules")},
            ),
        ),
        instead=EXPLICIT,
        id="{uuid}",
        outputs={
            "arn": "arn:aws:wafv2:{region}:{account}:regional/webacl/{name}/{id}",
            "capacity": 0,
            "lockToken": "{uuid}",
        },
        replaces=frozenset({"name", "scope"}),
        defaults={
            "rules.statement.rateBasedStatement.aggregateKeyType": "IP",
            "rules.statement.rateBasedStatement.evaluationWindowSec": 300,
        },
        computed=frozenset({"name"}),
        sets=frozenset({"rules", "tokenDomains"}),
        name="name",
        tags=True,
        equivalent={"ruleJson": equivalence.documents},
    ),
    ResourceType(
        token="aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
        calls=(
            Call(
                "wafv2:PutLoggingConfiguration",
                {
                    "resourceArn": "LoggingConfiguration.ResourceArn",
                    "logDestinationConfigs": "LoggingConfiguration.LogDestinationConfigs",
                    "redactedFields": "LoggingConfiguration.RedactedFields",
                    "loggingFilter": "LoggingConfiguration.LoggingFilter",
                },
            ),
        ),
        id="{resourceArn}",
        replaces=frozenset({"logDestinationConfigs", "resourceArn"}),
        sets=frozenset({"logDestinationConfigs"}),
    ),
    ResourceType(
        token="aws:wafv2/webAclAssociation:WebAclAssociation",
        calls=(Call("wafv2:AssociateWebACL"),),
        id="{webAclArn},{resourceArn}",
        replaces=frozenset({"resourceArn", "webAclArn"}),
    ),
)
