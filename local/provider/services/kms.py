"""Keys and their aliases."""

from local.provider import equivalence
from local.provider.members import FLAG, json_text, named
from local.provider.reading import Field, fields
from local.provider.resource_type import Call, Read, Request, ResourceType, tagging
from local.provider.services.iam import PRINCIPALS

_KEY = {"KeyId": "{id}"}
_POLICY = {**_KEY, "PolicyName": "default"}

RESOURCES = (
    ResourceType(
        token="aws:kms/key:Key",
        create=(
            Call("kms:CreateKey", {"policy": json_text("Policy")}),
            Call(
                "kms:EnableKeyRotation",
                {"enableKeyRotation": FLAG, "rotationPeriodInDays": "RotationPeriodInDays"},
                _KEY,
                when=("enableKeyRotation", True),
            ),
            Call("kms:DisableKey", {"isEnabled": FLAG}, _KEY, when=("isEnabled", False)),
        ),
        id="{uuid}",
        outputs={"arn": "arn:aws:kms:{region}:{account}:key/{id}", "keyId": "{id}"},
        created={"id": "KeyMetadata.KeyId"},
        # A key is only scheduled for deletion. From then on, it doesn't exist for Pulumi.
        read=Read(
            Request("kms:DescribeKey", _KEY),
            "KeyMetadata | [@] | [?KeyState!='PendingDeletion'] | [0]",
            {
                "policy": "document.Policy",
                "enableKeyRotation": Field("rotation.KeyRotationEnabled", default=False),
                "isEnabled": Field("Enabled", default=True),
                **fields("Description"),
            },
            {"arn": "Arn", "keyId": "KeyId", "keyUsage": "KeyUsage", "customerMasterKeySpec": "KeySpec"},
            {"document": Request("kms:GetKeyPolicy", _POLICY), "rotation": Request("kms:GetKeyRotationStatus", _KEY)},
        ),
        update=(
            Call("kms:PutKeyPolicy", {"policy": json_text("Policy")}, _POLICY),
            Call("kms:UpdateKeyDescription", named("description"), _KEY),
            Call("kms:DisableKeyRotation", {"enableKeyRotation": FLAG}, _KEY, when=("enableKeyRotation", False)),
            Call("kms:EnableKey", {"isEnabled": FLAG}, _KEY, when=("isEnabled", True)),
        ),
        delete=Call("kms:ScheduleKeyDeletion", {"deletionWindowInDays": "PendingWindowInDays"}, _KEY),
        diff_suppress={"policy": equivalence.policies},
        references={"policy": PRINCIPALS},
        referred_to_as=("arn:aws:kms:{region}:{account}:{name}", "{name}"),
        tags=tagging("kms", "KeyId", whose="{id}", read="ListResourceTags"),
    ),
    ResourceType(
        token="aws:kms/alias:Alias",
        create=Call("kms:CreateAlias", {"name": "AliasName"}),
        outputs={"arn": "arn:aws:kms:{region}:{account}:{name}", "targetKeyArn": "arn:aws:kms:{region}:{account}:key/{targetKeyId:last}"},
        read=Read(Request("kms:ListAliases"), "Aliases[?AliasName=='{name}'] | [0]", {"targetKeyId": "TargetKeyId"}, {"arn": "AliasArn"}),
        update=Call("kms:UpdateAlias", {"name": "AliasName", "targetKeyId": "TargetKeyId"}),
        delete=Request("kms:DeleteAlias", {"AliasName": "{name}"}),
        diff_suppress={"targetKeyId": equivalence.arn_or_name},
    ),
)
