"""Tags: the program's own (`tags`), and those together with the provider's default tags (`tagsAll`), which AWS is sent.

Check adds `tagsAll` to the inputs of most types; types of Terraform's plugin framework have it in the state only. Source: pulumi-aws 7,
provider/tags.go.
"""

from collections.abc import Mapping
from typing import Any, cast

from google.protobuf.struct_pb2 import Struct, Value

from local.provider.resource_type import ResourceType
from local.provider.wire import UNKNOWN, decode, encode, inside


def sent(resource: ResourceType, properties: Struct, defaults: Mapping[str, str]) -> Struct:
    """The properties as AWS is sent them, with all tags. Explicit tags win; tags that are unknown as a whole stay so."""
    made = _without_all(properties)
    if resource.tags and defaults:
        if "tags" not in made.fields or made.fields["tags"].WhichOneof("kind") == "null_value":
            made.fields["tags"].CopyFrom(Value(struct_value=Struct()))
        tags = inside(made.fields["tags"])
        if tags.WhichOneof("kind") == "struct_value":
            for key, value in defaults.items():
                if key not in tags.struct_value.fields:
                    tags.struct_value.fields[key].CopyFrom(encode(value))
    return made


def recorded(resource: ResourceType, properties: Struct, state: Struct) -> Struct:
    """Properties as AWS was sent them, with all tags from the recorded state."""
    made = _without_all(properties)
    if resource.tags and "tagsAll" in state.fields:
        made.fields["tags"].CopyFrom(state.fields["tagsAll"])
    return made


def all_tags(asked: Struct) -> Value:
    """The value of `tagsAll`: unknown if one of the tags is."""
    if "tags" not in asked.fields:
        return encode({})
    tags = decode(Struct(fields={"tags": asked.fields["tags"]}))["tags"]
    known = tags is not UNKNOWN and not (isinstance(tags, dict) and UNKNOWN in cast("dict[str, Any]", tags).values())
    return asked.fields["tags"] if known else encode(UNKNOWN)


def own(tags: Mapping[str, str], given: Mapping[str, str], defaults: Mapping[str, str]) -> dict[str, str]:
    """The program's own tags among those that AWS returns: all but default tags that the program doesn't give itself."""
    return {key: value for key, value in tags.items() if key in given or defaults.get(key) != value}


def _without_all(properties: Struct) -> Struct:
    made = Struct()
    made.CopyFrom(properties)
    made.fields.pop("tagsAll", None)
    return made
