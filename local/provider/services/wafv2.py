"""Web ACLs, what they guard and where they log."""

from local.provider import equivalence
from local.provider.members import Json, Members, keyed, under
from local.provider.reading import AsSent
from local.provider.resource_type import Call, Read, Request, ResourceType, tagging

_ARN = "arn:aws:wafv2:{region}:{account}"
_WEB_ACL = {"Name": "{name}", "Scope": "{scope:upper}", "Id": "{id}"}
"""ARNs have the scope in lower case."""

_MEMBERS: Members = {"customResponseBodies": keyed("CustomResponseBodies", "key"), "ruleJson": Json("Rules")}

RESOURCES = (
    ResourceType(
        token="aws:wafv2/webAcl:WebAcl",
        create=Call("wafv2:CreateWebACL", _MEMBERS),
        id="{uuid}",
        outputs={"arn": f"{_ARN}:regional/webacl/{{name}}/{{id}}", "capacity": 0, "lockToken": "{uuid}"},
        created={"id": "Summary.Id"},
        read=Read(
            Request("wafv2:GetWebACL", _WEB_ACL),
            (
                "{{ARN: WebACL.ARN, Capacity: WebACL.Capacity, Rules: WebACL.Rules, DefaultAction: WebACL.DefaultAction, "
                "LockToken: LockToken}}"
            ),
            {"rules": AsSent("Rules"), "defaultAction": AsSent("DefaultAction")},
            {"arn": "ARN", "capacity": "Capacity", "lockToken": "LockToken"},
        ),
        update=Call("wafv2:UpdateWebACL", _MEMBERS, {"Id": "{id}", "LockToken": "{lockToken}"}, rest=True),
        delete=Request(
            "wafv2:DeleteWebACL",
            {**_WEB_ACL, "LockToken": "{each}"},
            each=(Request("wafv2:GetWebACL", _WEB_ACL), "LockToken && [LockToken]"),
        ),
        diff_suppress={"ruleJson": equivalence.documents},
        referred_to_as=(f"{_ARN}:{{scope}}/webacl/{{name}}/{{id}}",),
        tags=tagging("wafv2", "ResourceARN", read="ListTagsForResource", path="TagInfoForResource.TagList"),
    ),
    ResourceType(
        token="aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
        create=Call(
            "wafv2:PutLoggingConfiguration",
            under("LoggingConfiguration", "resourceArn", "logDestinationConfigs", "redactedFields", "loggingFilter"),
        ),
        id="{resourceArn}",
        not_emulated="ministack's WAF has no logging",
        references={
            "resourceArn": "aws:wafv2/webAcl:WebAcl",
            "logDestinationConfigs": ("aws:cloudwatch/logGroup:LogGroup", "aws:s3/bucket:Bucket"),
        },
    ),
    ResourceType(
        token="aws:wafv2/webAclAssociation:WebAclAssociation",
        create=Call("wafv2:AssociateWebACL"),
        id="{webAclArn},{resourceArn}",
        # An association with another ACL is a different one.
        read=Read(Request("wafv2:GetWebACLForResource", {"ResourceArn": "{resourceArn}"}), "[WebACL] | [?ARN=='{webAclArn}'] | [0]"),
        delete=Request("wafv2:DisassociateWebACL", {"ResourceArn": "{resourceArn}"}),
        references={"webAclArn": "aws:wafv2/webAcl:WebAcl"},
    ),
)
