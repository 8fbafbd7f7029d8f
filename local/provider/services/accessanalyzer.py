"""IAM Access Analyzer."""

from local.provider.resource_type import Call, ResourceType, tagging

RESOURCES = (
    ResourceType(
        token="aws:accessanalyzer/analyzer:Analyzer",
        create=Call("accessanalyzer:CreateAnalyzer"),
        id="{analyzerName}",
        outputs={"arn": "arn:aws:access-analyzer:{region}:{account}:analyzer/{analyzerName}"},
        not_emulated="ministack has no Access Analyzer",
        tags=tagging("accessanalyzer", "resourceArn", "tags", "tagKeys"),
    ),
)
