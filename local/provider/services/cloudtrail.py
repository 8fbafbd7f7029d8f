"""CloudTrail."""

from local.provider.members import FLAG, named
from local.provider.reading import Field, fields
from local.provider.resource_type import Call, Read, Request, ResourceType, Tagging

_NAME = {"Name": "{name}"}
_TRAIL = {"TrailName": "{name}"}
_FIELDS = (
    "{field: Field, equals: Equals, startsWiths: StartsWith, endsWiths: EndsWith, "
    "notEquals: NotEquals, notStartsWiths: NotStartsWith, notEndsWiths: NotEndsWith}"
)

RESOURCES = (
    ResourceType(
        token="aws:cloudtrail/trail:Trail",
        create=(
            Call(
                "cloudtrail:CreateTrail",
                {"cloudWatchLogsGroupArn": "CloudWatchLogsLogGroupArn", "tags": "TagsList", "enableLogging": FLAG},
            ),
            Call("cloudtrail:PutEventSelectors", named("advancedEventSelectors", "eventSelectors"), _TRAIL),
            Call("cloudtrail:PutInsightSelectors", named("insightSelectors"), _TRAIL),
        ),
        id="{arn}",
        outputs={"arn": "arn:aws:cloudtrail:{region}:{account}:trail/{name}", "homeRegion": "{region}"},
        # A trail that was just made doesn't log yet.
        after_create=(Request("cloudtrail:StartLogging", _NAME, unless=("enableLogging", False)),),
        read=Read(
            Request("cloudtrail:DescribeTrails", {"trailNameList": ["{name}"]}),
            "trailList[0]",
            {
                "enableLogFileValidation": Field("LogFileValidationEnabled", default=False),
                "enableLogging": Field("status.IsLogging", default=True),
                "advancedEventSelectors": f"selectors.AdvancedEventSelectors[].{{name: Name, fieldSelectors: FieldSelectors[].{_FIELDS}}}",
                **fields("S3BucketName", "S3KeyPrefix", "IncludeGlobalServiceEvents", "IsMultiRegionTrail", "KmsKeyId"),
            },
            {"arn": "TrailARN", "homeRegion": "HomeRegion"},
            {
                "status": Request("cloudtrail:GetTrailStatus", _NAME),
                "selectors": Request("cloudtrail:GetEventSelectors", _TRAIL),
            },
        ),
        update=(
            Call("cloudtrail:UpdateTrail", {"cloudWatchLogsGroupArn": "CloudWatchLogsLogGroupArn"}, _NAME, rest=True),
            Call("cloudtrail:StopLogging", {"enableLogging": FLAG}, _NAME, when=("enableLogging", False)),
            Call("cloudtrail:StartLogging", {"enableLogging": FLAG}, _NAME, when=("enableLogging", True)),
        ),
        delete=Request("cloudtrail:DeleteTrail", _NAME),
        references={"s3BucketName": "aws:s3/bucket:Bucket", "kmsKeyId": "aws:kms/key:Key"},
        # ministack forgets the tags that a trail is made with, so they aren't compared.
        tags=Tagging(
            tag=Call("cloudtrail:AddTags", {"tags": "TagsList"}, {"ResourceId": "{arn}"}),
            untag=Request("cloudtrail:RemoveTags", {"ResourceId": "{arn}", "TagsList": "{gonePairs}"}),
        ),
    ),
)
