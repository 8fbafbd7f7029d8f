"""Parameters."""

from __future__ import annotations

from local.provider.table import Call, Local, ResourceType

RESOURCES = (
    ResourceType(
        token="aws:ssm/parameter:Parameter",
        calls=(Call("ssm:PutParameter", {"insecureValue": "Value", "valueWo": "Value", "valueWoVersion": Local(int)}),),
        instead={"arn": "leave it out: AWS gives it"},
        id="{name}",
        outputs={
            "arn": "arn:aws:ssm:{region}:{account}:parameter{name}",
            "dataType": "text",
            "hasValueWo": False,
            "tier": "Standard",
            "version": 1,
        },
        replaces=frozenset({"dataType", "name"}),
        computed=frozenset({"dataType", "insecureValue", "keyId", "tier", "value"}),
        name="name",
        tags=True,
        write_only=frozenset({"valueWo"}),
    ),
)
