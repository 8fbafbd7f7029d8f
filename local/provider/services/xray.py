"""X-Ray."""

from local.provider import equivalence
from local.provider.members import json_text
from local.provider.resource_type import Call, Request, ResourceType

RESOURCES = (
    ResourceType(
        token="aws:xray/resourcePolicy:ResourcePolicy",
        create=Call("xray:PutResourcePolicy", {"policyDocument": json_text("PolicyDocument")}),
        id="{policyName}",
        outputs={"lastUpdatedTime": "{now}Z", "policyRevisionId": "1"},
        delete=Request("xray:DeleteResourcePolicy", {"PolicyName": "{policyName}"}),
        not_emulated="ministack has no X-Ray",
        unknown_on_update={"lastUpdatedTime", "policyRevisionId"},
        diff_suppress={"policyDocument": equivalence.documents},
    ),
)
