"""Parameters."""

from local.provider.members import Local, named
from local.provider.resource_type import Call, Read, Request, ResourceType, Tagging

_PARAMETER = {"ResourceType": "Parameter", "ResourceId": "{id}"}

RESOURCES = (
    ResourceType(
        token="aws:ssm/parameter:Parameter",
        create=Call("ssm:PutParameter", {"insecureValue": "Value", "valueWo": "Value", "valueWoVersion": Local(int)}),
        outputs={
            "arn": "arn:aws:ssm:{region}:{account}:parameter{name}",
            "dataType": "text",
            "hasValueWo": False,
            "tier": "Standard",
            "version": 1,
        },
        read=Read(Request("ssm:GetParameter", {"Name": "{id}"}), "Parameter", outputs={"arn": "ARN", "version": "Version"}),
        # Every update also sends the value, which replaces AWS's, as by the real provider.
        # Source: terraform-provider-aws, internal/service/ssm/parameter.go.
        update=Call("ssm:PutParameter", {"insecureValue": "Value"}, {"Overwrite": True}, rest=True),
        provider_only={"overwrite"},
        delete=Request("ssm:DeleteParameter", {"Name": "{id}"}),
        write_only={"valueWo"},
        unsupported={"arn": "leave it out: AWS gives it"},
        tags=Tagging(
            tag=Call("ssm:AddTagsToResource", named("tags"), _PARAMETER),
            untag=Request("ssm:RemoveTagsFromResource", {**_PARAMETER, "TagKeys": "{goneTags}"}),
        ),
    ),
)
