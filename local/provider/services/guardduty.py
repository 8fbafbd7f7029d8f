"""GuardDuty."""

from local.provider.resource_type import Call, ResourceType, tagging

RESOURCES = (
    ResourceType(
        token="aws:guardduty/detector:Detector",
        create=Call("guardduty:CreateDetector"),
        id="{hex32}",
        outputs={"accountId": "{account}", "arn": "arn:aws:guardduty:{region}:{account}:detector/{id}"},
        not_emulated="ministack has no GuardDuty",
        unsupported={"datasources": "use aws.guardduty.DetectorFeature"},
        tags=tagging("guardduty", "ResourceArn", "Tags", "TagKeys"),
    ),
)
