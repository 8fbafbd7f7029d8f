"""Image repositories."""

from local.provider import equivalence
from local.provider.members import FLAG, json_text, named
from local.provider.reading import fields
from local.provider.resource_type import Call, Read, Request, ResourceType, tagging

_REPOSITORY = {"repositoryName": "{id}"}
_ARN = "arn:aws:ecr:{region}:{account}:repository/{name}"

RESOURCES = (
    ResourceType(
        token="aws:ecr/repository:Repository",
        create=Call("ecr:CreateRepository", {"name": "repositoryName", "forceDelete": FLAG}),
        outputs={
            "arn": _ARN,
            "registryId": "{account}",
            "repositoryUrl": "{account}.dkr.ecr.{region}.amazonaws.com/{name}",
        },
        read=Read(
            Request("ecr:DescribeRepositories", {"repositoryNames": ["{name}"]}),
            "repositories[0]",
            {**fields("imageTagMutability", "imageScanningConfiguration"), "encryptionConfigurations": "[encryptionConfiguration]"},
            {"arn": "repositoryArn", "registryId": "registryId"},
        ),
        update=(
            Call("ecr:PutImageTagMutability", named("imageTagMutability"), _REPOSITORY),
            Call("ecr:PutImageScanningConfiguration", named("imageScanningConfiguration"), _REPOSITORY),
        ),
        delete=Request("ecr:DeleteRepository", {**_REPOSITORY, "force": "{forceDelete}"}),
        references={"encryptionConfigurations[].kmsKey": "aws:kms/key:Key"},
        referred_to_as=(_ARN, "{name}"),
        tags=tagging("ecr", "resourceArn", "tags", "tagKeys", read="ListTagsForResource"),
    ),
    ResourceType(
        token="aws:ecr/lifecyclePolicy:LifecyclePolicy",
        create=Call("ecr:PutLifecyclePolicy", {"repository": "repositoryName", "policy": json_text("lifecyclePolicyText")}),
        id="{repository}",
        outputs={"registryId": "{account}"},
        read=Read(Request("ecr:GetLifecyclePolicy", _REPOSITORY), properties={"policy": "lifecyclePolicyText"}),
        delete=Request("ecr:DeleteLifecyclePolicy", _REPOSITORY),
        diff_suppress={"policy": equivalence.documents},
        references={"repository": "aws:ecr/repository:Repository"},
    ),
)
